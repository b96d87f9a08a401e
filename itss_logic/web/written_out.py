"""Evidence in tables, written out as JSON lines, which can be kept and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itss_logic.console import warn
from itss_logic.documents import DocumentError
from itss_logic.errors import ItssError, printable
from itss_logic.evidence import Refused
from itss_logic.intake.opening import source_of
from itss_logic.intake.writing import written

if TYPE_CHECKING:
    from itss_logic.vocabulary import Vocabulary


def write_out(vocabulary: Vocabulary, name: str, form: str, path: str) -> tuple[str, list[Refused]]:
    """Write the sound evidence of a folder of tables (`csv`) or a URL (`sql`) to a path.

    Returns:
        What people call it, which tells no password, and what is refused.

    Raises:
        ItssError: where it cannot be read.
    """
    source = source_of(name, form, vocabulary, warn)
    refused = []
    try:
        with written(path, "json", vocabulary) as write:
            for entry, _ in source.entries():
                if isinstance(entry, Refused):
                    refused.append(entry)
                else:
                    write(entry)
    except DocumentError as error:
        raise ItssError(f"{printable(source.places.file)}: {error.message}; {error.mend}") from None
    return source.places.file, refused
