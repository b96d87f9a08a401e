"""A workbook's file: a zip archive of XML parts that name each other. It is not trusted."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from struct import error as StructError  # noqa: N812
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, NamedTuple
from xml.parsers import expat

from itss_logic import limits
from itss_logic.documents import DocumentError

CHUNK = 2**16
"""How many bytes are unpacked at a time."""

TOKEN = 2**20
"""The longest tag, in bytes; the parser keeps all of it."""

SMALL = 2**20
"""Size up to which parts may be packed however small: white space and styles that repeat."""

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
END, END_SIZE = b"PK\5\6", 22
"""How the end of a zip file begins, and its size without a comment."""

SAVE = "open it in a spreadsheet program and save it as .xlsx"

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    StructError,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    ValueError,
)
"""What reading a damaged archive or part raises."""

NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
    "http://schemas.openxmlformats.org/markup-compatibility/2006",
)
"""Those of the elements that are read, and of choices between elements."""

KNOWN = tuple(f"{space} " for space in NAMESPACES)

CHOICE = "AlternateContent"
"""The element that holds the same in several ways, of which a program reads one."""

Handler = Callable[[dict[str, str]], None]


@contextmanager
def damaged(what: str) -> Iterator[None]:
    """Tell as an error of the document what goes wrong in reading."""
    try:
        yield
    except BROKEN as error:
        told = str(error) or type(error).__name__
        raise DocumentError("syntax", f"{what} is damaged: {told}", SAVE) from None


class Relation(NamedTuple):
    """How a part names another: the end of the `kind`'s URL, the part, and whether it is outside of the file."""

    kind: str
    target: str
    is_external: bool


class Package:
    """The parts of a workbook's file.

    Args:
        stream: the file; it is copied where it cannot be read from any place.

    Raises:
        DocumentError: where it is no workbook, or one that is not read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.file = _seekable(stream)
        _check_start(self.file)
        with damaged("the workbook"):
            self.zip = zipfile.ZipFile(self.file)
            parts = self.zip.infolist()
        _check_parts(parts)
        self.parts = {part.filename.lower().lstrip("/"): part for part in parts}
        self._check_names(len(parts))
        self.unpacked = 0
        self._check_relations()

    def _check_names(self, number: int) -> None:
        if len(self.parts) < number:
            raise DocumentError("syntax", "a part of the workbook comes twice", SAVE)
        types = self.read("[content_types].xml").lower() if "[content_types].xml" in self.parts else b""
        if any(name.endswith("vbaproject.bin") for name in self.parts) or b"macroenabled" in types:
            raise DocumentError("syntax", "the workbook has macros, which are not read", f"{SAVE}, without macros")
        if "mimetype" in self.parts or "xl/workbook.bin" in self.parts or not types:
            raise DocumentError("syntax", "the file is no .xlsx workbook", SAVE)
        outside = [name for name in self.parts if name.startswith(("xl/externallinks/", "xl/connections"))]
        if outside:
            _refuse_links(outside[0])

    def _check_relations(self) -> None:
        for name in self.parts:
            if name.endswith(".rels"):
                folder, _, base = name.rpartition("_rels/")
                for relation in self.relations(folder + base.removesuffix(".rels")).values():
                    if relation.is_external and relation.kind != "hyperlink":
                        _refuse_links(relation.target)

    def read(self, name: str) -> bytes:
        """The whole of a part that is no sheet."""
        with self.open(name) as part, damaged(name):
            data = part.read(limits.SHARED_BYTES + 1)
        if len(data) > limits.SHARED_BYTES:
            raise DocumentError("too_large", f"{name} is larger than {limits.SHARED_BYTES} bytes", SAVE)
        return data

    def open(self, name: str) -> IO[bytes]:
        """A part to be read."""
        if name.lower() not in self.parts:
            raise DocumentError("syntax", f"the workbook has no part {name}", SAVE)
        with damaged(name):
            return self.zip.open(self.parts[name.lower()])

    def relations(self, name: str) -> dict[str, Relation]:
        """What a part names, by the ids that it uses; the whole file has the empty name."""
        folder, base = posixpath.split(name)
        rels = posixpath.join(folder, "_rels", f"{base}.rels").lower()
        found: dict[str, Relation] = {}
        if rels not in self.parts:
            return found

        def relation(attributes: dict[str, str]) -> None:
            is_external = attributes.get("TargetMode", "").lower() == "external"
            target = attributes.get("Target", "")
            if not is_external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = Relation(kind, target, is_external)

        for _ in self.parsed(rels, {"Relationship": relation}, root="Relationships"):
            pass
        return found

    def parsed(
        self,
        name: str,
        starts: Mapping[str, Handler],
        ends: Mapping[str, Callable[[], None]] | None = None,
        text: Callable[[str], None] | None = None,
        root: str | None = None,
        foreign: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Parse a part, and yield after each piece of it.

        Args:
            name: the part.
            starts: is told of the attributes of elements that begin, by their names.
            ends: is told of elements that end, by their names.
            text: is told of text.
            root: the element that it has to be.
            foreign: is told the names of elements of other namespaces, or of none.

        Raises:
            DocumentError: where it is no XML, another element, or larger than a stated limit.
        """
        parser = _parser(starts, ends or {}, text, foreign, None if root is None else (root, name))
        fed = 0
        with self.open(name) as part:
            while True:
                with damaged(name):
                    data = part.read(CHUNK)
                    parser.Parse(data, not data)
                fed += len(data)
                self.unpacked += len(data)
                if fed - max(parser.CurrentByteIndex, 0) > TOKEN + CHUNK and data:
                    raise DocumentError("too_large", f"a tag in {name} is longer than {TOKEN} bytes", SAVE)
                # What the directory says was looked at before; this is what there is.
                if self.unpacked > 3 * limits.WORKBOOK_UNPACKED:
                    raise DocumentError("too_large", "the workbook is too large unpacked", "split it")
                yield
                if not data:
                    return


def _parser(
    starts: Mapping[str, Handler],
    ends: Mapping[str, Callable[[], None]],
    text: Callable[[str], None] | None,
    foreign: Callable[[str], None] | None,
    whole: tuple[str, str] | None,
) -> expat.XMLParserType:
    """A parser that knows elements of the workbook's own namespaces by their local names, and no entities.

    `whole` is the element that all has to be, in any other of which nothing would be found, and its part.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    begins = {f"{space} {name}": handler for name, handler in starts.items() for space in NAMESPACES}.get
    closes = {f"{space} {name}": handler for name, handler in ends.items() for space in NAMESPACES}.get

    def start(name: str, attributes: dict[str, str]) -> None:
        handler = begins(name)
        if handler is not None:
            handler(attributes)
        elif foreign is not None and not name.startswith(KNOWN):
            foreign(name.rpartition(" ")[2])

    def first(name: str, attributes: dict[str, str]) -> None:
        if whole is not None and not (name.startswith(KNOWN) and name.endswith(f" {whole[0]}")):
            raise DocumentError("syntax", f"{whole[1]} is no {whole[0]} as workbooks have it", SAVE)
        parser.StartElementHandler = start
        start(name, attributes)

    def end(name: str) -> None:
        handler = closes(name)
        if handler is not None:
            handler()

    def no_entities(*_: Any) -> None:
        raise DocumentError("syntax", "the workbook declares a document type, which no workbook needs", SAVE)

    parser.StartElementHandler = first
    if ends:
        parser.EndElementHandler = end
    if text is not None:
        parser.CharacterDataHandler = text
    # Without a document type there are no entities but those of XML itself.
    parser.StartDoctypeDeclHandler = no_entities
    parser.EntityDeclHandler = no_entities
    return parser


def no_choice(part: str) -> Handler:
    """What refuses a choice in a part: not all of it may be read, and nobody says what."""

    def refuse(attributes: dict[str, str]) -> None:
        raise DocumentError("syntax", f"{part} says the same in several ways", SAVE)

    return refuse


class Foreign:
    """Refuses elements of a part that are called like those which are read, and are of another namespace.

    What programs add is let be: it stands in elements of its own, `extLst`.
    """

    def __init__(self, part: str, names: Collection[str]) -> None:
        self.part, self.names = part, names
        self.starts: dict[str, Handler] = {"extLst": lambda _: self._set(True)}
        self.ends = {"extLst": lambda: self._set(False)}
        self.is_added = False

    def _set(self, is_added: bool) -> None:
        self.is_added = is_added

    def __call__(self, name: str) -> None:
        """Look at the name of an element."""
        if name in self.names and not self.is_added:
            raise DocumentError("syntax", f"{self.part} has an element {name} that no workbook has there", SAVE)


def _seekable(stream: BinaryIO) -> IO[bytes]:
    """The stream, or a copy of it on the disk; not more than is read at all."""
    file: IO[bytes] = stream
    if not stream.seekable():
        file = SpooledTemporaryFile(max_size=2**20)  # noqa: SIM115
        left = limits.WORKBOOK_BYTES + 1
        while left and (data := stream.read(min(left, 2**20))):
            file.write(data)
            left -= len(data)
    size = file.seek(0, 2)
    if size > limits.WORKBOOK_BYTES:
        message = f"the workbook is larger than {limits.WORKBOOK_BYTES} bytes"
        raise DocumentError("too_large", message, "split it, or use a folder of CSV files or JSON lines")
    file.seek(0)
    return file


def _check_start(file: IO[bytes]) -> None:
    """See by its first and last bytes whether a file can be a workbook."""
    start = file.read(2**16)
    if start.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in start + file.read(2**20):
            raise DocumentError("syntax", "the workbook is protected by a password", "save it without a password")
        raise DocumentError("syntax", "the file is an old .xls workbook, or none", SAVE)
    if not start.startswith(b"PK"):
        raise DocumentError("syntax", "the file is no .xlsx workbook" if start else "the file is empty", SAVE)
    # The directory is read as a whole, so its size is looked at before.
    size = file.seek(0, 2)
    file.seek(max(0, size - END_SIZE - 2**16))
    tail = file.read()
    last = tail[-END_SIZE:]
    if not (last.startswith(END) and last.endswith(b"\0\0")):
        last = tail[tail.rfind(END) :] if END in tail else b""
    number, directory = int.from_bytes(last[10:12], "little"), int.from_bytes(last[12:16], "little")
    if number > limits.WORKBOOK_PARTS or directory > limits.WORKBOOK_PARTS * 512:
        raise DocumentError("too_large", f"the workbook has more than {limits.WORKBOOK_PARTS} parts", SAVE)
    file.seek(0)


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    """Look at sizes before anything is unpacked."""
    if len(parts) > limits.WORKBOOK_PARTS:
        raise DocumentError("too_large", f"the workbook has more than {limits.WORKBOOK_PARTS} parts", SAVE)
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError("syntax", "the workbook is protected by a password", "save it without a password")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise DocumentError("syntax", "the workbook is packed as spreadsheet programs do not pack it", SAVE)
    if sum(part.file_size for part in parts) > limits.WORKBOOK_UNPACKED:
        message = f"the workbook is larger than {limits.WORKBOOK_UNPACKED} bytes unpacked"
        raise DocumentError("too_large", message, "split it, or use a folder of CSV files or JSON lines")
    for part in parts:
        if part.file_size > max(SMALL, limits.WORKBOOK_RATIO * part.compress_size):
            message = f"{part.filename} is packed more than {limits.WORKBOOK_RATIO} times smaller than it is"
            raise DocumentError("too_large", message, f"{SAVE}, without rows that are all alike")


def _refuse_links(target: str) -> None:
    message = f"the workbook takes values from elsewhere: {target}"
    raise DocumentError("syntax", message, "replace what is linked by its values, and remove the links")
