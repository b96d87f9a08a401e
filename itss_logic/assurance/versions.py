"""Versions of a knowledge base: folders, or revisions of the git repository that holds it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile

from itss_logic.errors import PolicyError, QuestionError
from itss_logic.policy import Policy
from itss_logic.rule_files import core_of, default_kb


def load_version(text: str, category: str | None) -> Policy:
    """The policy of a version. Questions that it does not have are those that came with the program.

    Args:
        text: a folder with `core` and a folder for each category; or a git revision: `REVISION:FOLDER`, or `REVISION`
            alone for the folder of the knowledge base that came with the program.
        category: the folder of the category; may be left out where there is one only.

    Raises:
        QuestionError: where it is neither.
        PolicyError: where its rules cannot be used.
    """
    if os.path.isdir(text):
        policy = Policy.load(category, text)
    else:
        with tempfile.TemporaryDirectory() as folder:
            policy = Policy.load(category, _extracted(text, folder))
    policy.core = {os.path.basename(source.path): source for source in core_of(default_kb())} | policy.core
    return policy


def _extracted(text: str, folder: str) -> str:
    revision, colon, path = text.partition(":")
    top = _git("rev-parse", "--show-toplevel", what=text).decode().strip()
    _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", what=text)
    if not colon:
        path = os.path.relpath(os.path.realpath(default_kb()), os.path.realpath(top))
    if path.startswith(os.pardir):
        raise QuestionError(f"{default_kb()} is not in the repository {top}; write {revision}:FOLDER")
    archive = _git("-C", top, "archive", "--format=tar", revision, "--", path, what=text)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return os.path.join(folder, path)


def _git(*arguments: str, what: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise PolicyError(f"{what} is no folder, and git is not installed to look for a revision") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        reason = f": {said[-1]}" if said else ""
        raise QuestionError(f"{what} is neither a folder nor a git revision of one{reason}") from None
