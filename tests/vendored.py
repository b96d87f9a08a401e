"""Fetches the front-end parts anew, in the versions that `versions.toml` names, and notes their digests there.

Run by `make vendor`; needs npm.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tomllib
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent.parent / "itss_logic" / "pages" / "static" / "vendor"
VERSIONS = HERE / "versions.toml"


def main() -> None:
    """Fetch every part."""
    text = VERSIONS.read_text("utf-8")
    for name, part in tomllib.loads(text).items():
        content = fetched(part["package"], part["path"])
        (HERE / name).write_bytes(content)
        section = re.compile(rf'(\["{re.escape(name)}"\].*?sha256 = ")[^"]*', re.DOTALL)
        text = section.sub(rf"\g<1>{sha256(content).hexdigest()}", text, count=1)
    VERSIONS.write_text(text, "utf-8")


def fetched(package: str, path: str) -> bytes:
    """A file of an npm package."""
    with TemporaryDirectory() as folder:
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
        with tarfile.open(Path(folder) / packed.stdout.decode().strip()) as archive:
            file = archive.extractfile(f"package/{path}")
            assert file is not None, path
            return file.read()


if __name__ == "__main__":
    main()
