"""What came of cases in the XML of JUnit, which servers that build and test read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from itss_logic.assurance.report import page

if TYPE_CHECKING:
    from itss_logic.assurance.running import Tried

NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even escaped."""


def write_junit(path: str, files: Sequence[str], tried: Sequence[Tried]) -> None:
    """Write a suite a file and a test a case.

    Raises:
        OSError: where the file cannot be written.
    """
    root = ElementTree.Element("testsuites", _counts(tried))
    root.set("name", "policy")
    for file in files:
        of_file = [one for one in tried if one.case.file == file]
        suite = ElementTree.SubElement(root, "testsuite", _counts(of_file))
        suite.set("name", _text(file))
        for one in of_file:
            _case(suite, one)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _counts(tried: Sequence[Tried]) -> dict[str, str]:
    failed = sum(not one.passed for one in tried)
    seconds = sum(one.seconds for one in tried)
    return {"tests": str(len(tried)), "failures": str(failed), "errors": "0", "skipped": "0", "time": f"{seconds:.3f}"}


def _case(suite: ElementTree.Element, tried: Tried) -> None:
    case = tried.case
    attributes = {
        "classname": _text(os.path.splitext(os.path.basename(case.file))[0]),
        "name": _text(case.name),
        "file": _text(case.file),
        "line": str(case.line),
        "time": f"{tried.seconds:.3f}",
    }
    test = ElementTree.SubElement(suite, "testcase", attributes)
    if not tried.passed:
        wrong = [*case.faults, *tried.differences]
        kind = "fault" if case.faults else "difference"
        told = ElementTree.SubElement(test, "failure", {"message": _text(str(wrong[0])), "type": kind})
        told.text = _text("\n".join(page(tried, None)))


def _text(text: str) -> str:
    """Text that XML can hold: any other character is escaped as in Python."""
    return NO_XML.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)
