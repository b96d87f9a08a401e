"""The manners of the rule files, and of each that it is seen where it is not kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.kb import style
from tests.kb.rules import KB
from tests.kb.style import RuleFile
from tests.kb.test_files import CHOOSING, CORE, DECLARATIONS, ENTRIES, FILES, POLICY, PROGRAMS, QUESTIONS

Manner: TypeAlias = "Callable[[RuleFile], Iterator[str]]"
Manners: TypeAlias = "Callable[[Sequence[RuleFile]], Iterator[str]]"


@cache
def rule_file(path: Path) -> RuleFile:
    return RuleFile(str(path.relative_to(KB)), path.read_text(encoding="utf-8"))


def included(path: Path) -> list[Path]:
    """The files that an entry file includes; any other file itself."""
    names = re.findall(r'(?m)^#include "(.+)"\.', path.read_text(encoding="utf-8"))
    return [(path.parent / name).resolve() for name in names] if path in ENTRIES else [path]


def program(paths: Iterable[Path]) -> list[RuleFile]:
    return [rule_file(file) for file in dict.fromkeys(file for path in paths for file in included(path))]


DECLARING = {*included(POLICY), *included(DECLARATIONS)}
"""Files that decide verdicts and declare what there is: they choose nothing and refuse nothing."""

EVERYWHERE: list[Manner] = [
    style.header,
    style.whitespace,
    style.width,
    style.layout,
    style.spacing,
    style.kinds_of_statements,
    style.numbers,
    style.names,
    style.letters,
    style.documentation,
]
TOGETHER: list[Manners] = [style.documented_once, style.documented_and_derived, style.shared_and_documented]

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")


@each_file
@pytest.mark.parametrize("manner", EVERYWHERE, ids=lambda manner: manner.__name__)
def test_manners_of_every_file(manner: Manner, path: Path) -> None:
    assert list(manner(rule_file(path))) == []


@each_file
def test_what_stands_where(path: Path) -> None:
    file = rule_file(path)
    assert list(style.shows(file, may=path in QUESTIONS)) == []
    assert list(style.includes(file, may=path in ENTRIES)) == []
    if path in DECLARING or path in included(CHOOSING):
        assert list(style.choices(file)) == []
    if path in DECLARING:
        assert list(style.constraints(file)) == []


@pytest.mark.parametrize("path", included(POLICY), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_variable_stands_alone_in_the_policy(path: Path) -> None:
    assert list(style.lonely_variables(rule_file(path), program([POLICY]))) == []


@pytest.mark.parametrize("paths", PROGRAMS, ids=lambda paths: paths[-1].stem)
def test_manners_of_files_together(paths: list[Path]) -> None:
    files = program(paths)
    for manner in TOGETHER:
        assert list(manner(files)) == []
    for file in files:
        assert list(style.letters_in_rules(file, files)) == []


def test_the_policy_is_stratified() -> None:
    assert list(style.stratified(program([POLICY]))) == []


def test_only_files_of_core_choose() -> None:
    choosing = [path for path in FILES if list(style.choices(rule_file(path)))]
    assert choosing
    assert {path.parent for path in choosing} == {CORE}


# Each manner is seen where it is not kept.

DOCUMENTED = "%*! p(C)\nIt is so.\nArgs:\n    - C: candidate\n*%\n"


@pytest.mark.parametrize(
    ("manner", "text", "told"),
    [
        (style.header, "a.\n", ["1: there is no header"]),
        (style.header, "% short: no\n", ["1: there is no header"]),
        (style.whitespace, "a.\tb.\n", ["1: a tab"]),
        (style.whitespace, "a. \nb.\n", ["1: blanks at the end"]),
        (style.whitespace, "a.", ["1: not one end of line"]),
        (style.whitespace, "a.\n\n", ["3: not one end of line"]),
        (style.width, f"% {'x' * 119}\n% {'x' * 118}\n" + f'a("{"x" * 120}").\n', ["1: 121 columns"]),
        (style.layout, "a. b.\n", ["1: a statement within a line"]),
        (style.layout, "a :- b,\n  c,\n    d.\n", ["2: a line that goes on stands elsewhere"]),
        (style.layout, "#minimize { 1, X : a(X);\n    2, X : b(X) }.\n", ["2: a line that goes on stands elsewhere"]),
        (style.spacing, "a(X,Y) :- b(X, Y).\n", ["1: `,` in"]),
        (style.spacing, "a(X) :- b(X) , c(X).\n", ["1: `,` in"]),
        (style.spacing, "a(X) :-b(X).\n", ["1: `:-` in"]),
        (style.spacing, "a(X):- b(X).\n", ["1: `):-` in"]),
        (style.spacing, "a(X) :-  b(X).\n", ["1: `:-` in"]),
        (style.spacing, "a(X) :- b( X ).\n", ["1: `(` in", "1: `)` in"]),
        (style.spacing, "a(X) :- b(X, Y), X<Y.\n", ["1: `X<` in", "1: `<` in"]),
        (style.spacing, "a(X) :- b(X, Y), X <=Y.\n", ["1: `<=` in"]),
        (style.spacing, "a(X) :- b(X, Y), X= Y.\n", ["1: `X=` in"]),
        (style.spacing, "a(X) :- b(X, Y),  X != Y.\n", ["1: several blanks"]),
        (style.spacing, 'a("b,c :-d").  % b,c\n%* b,c *%\n', []),
        (style.spacing, "a(X)    :- b(X, Y), X <= Y, X >= Y, X != Y, X < Y, X > Y, X = Y.\na(b,   c).\n", []),
        (style.kinds_of_statements, "#const n = 3.\n#external a.\n", ["1: a statement", "2: a statement"]),
        (style.kinds_of_statements, "#script (lua)\n#end.\n", ["1: a statement"]),
        (style.choices, "{ a }.\na ; b.\n:~ a. [1]\n", ["1: a choice", "2: a choice", "3: `#minimize`"]),
        (style.constraints, "a.\n:- a.\n", ["2: a constraint"]),
        (style.numbers, "a(1..2).\nb :- a(1),\n    a(X), X < 2.\n", ["2: the number 1", "3: the number 2"]),
        (style.names, "aB(c_).\n", ["1: the name aB", "1: the name c_"]),
        (style.names, "a(X_1) :- b(X_1).\n", ["1: the variable X_1"] * 2),
        (style.letters, DOCUMENTED.replace("C", "D"), ["1: D of p is a candidate"]),
        (style.letters, DOCUMENTED.replace("candidate", "criterion"), ["1: C of p is a criterion", "1: C of p is cri"]),
        (style.letters, DOCUMENTED.replace("candidate", "a thing"), ["1: C of p is a thing"]),
        (style.documentation, DOCUMENTED.replace("p(C)", "p(C, F)"), ["1: the arguments of p are C"]),
        (style.documentation, DOCUMENTED.replace("It is so.\n", ""), ["1: the documentation of p says nothing"]),
        (style.documentation, DOCUMENTED.replace("    - C", "  - C"), ["1: the arguments of p are none"]),
    ],
)
def test_what_is_not_kept_is_seen(manner: Manner, text: str, told: list[str]) -> None:
    found = list(manner(RuleFile("x.lp", text)))
    assert len(found) == len(told), found
    for line, words in zip(found, told, strict=True):
        assert line.startswith(f"x.lp:{words}")
        assert "; " in line


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (style.shows(RuleFile("x.lp", "a.\n"), may=True), "x.lp:1: a question that shows nothing"),
        (style.shows(RuleFile("x.lp", "a.\n#show a/0.\n"), may=False), "x.lp:2: `#show` in a file that is no question"),
        (style.includes(RuleFile("x.lp", '#include "y.lp".\na.\n'), may=True), "x.lp:2: a statement in an entry file"),
        (style.includes(RuleFile("x.lp", "% a\n"), may=True), "x.lp:1: an entry file that includes nothing"),
        (
            style.includes(RuleFile("x.lp", 'a.\n#include "y.lp".\n'), may=False),
            "x.lp:2: `#include` in a file",
        ),
    ],
)
def test_what_stands_elsewhere_is_seen(found: Iterator[str], told: str) -> None:
    [line] = found
    assert line.startswith(told)


ONE = RuleFile("one.lp", f"{DOCUMENTED}p(C) :- q(C).\nr(C) :- p(C).\n#defined q/1.\n")


@pytest.mark.parametrize(
    ("manner", "text", "told"),
    [
        (style.documented_once, DOCUMENTED, ["two.lp:1: p/1 is documented at one.lp:1 too"]),
        (style.documented_and_derived, DOCUMENTED.replace("p(", "s("), ["two.lp:1: s/1 is documented, and nothing"]),
        (style.shared_and_documented, "s :- p(C).\nt :- s,\n    r(C).\n", ["two.lp:2: r/1 is of another file"]),
        (style.shared_and_documented, "#show r/1.\n", ["two.lp:1: r/1 is of another file"]),
        (style.stratified, "q(C) :- s(C), not r(C).\n", ["two.lp:1: q/1 rests on a denial or a count of r/1"]),
        (style.stratified, "q(C) :- N = #count { D : r(D) }, s(C, N).\n", ["two.lp:1: q/1 rests on a denial"]),
        (style.stratified, "q(C) :- s(C, D) : r(D).\n", ["two.lp:1: q/1 rests on a denial or a count of r/1"]),
        (style.stratified, "q(C) :- r(C).\nt(C) :- not r(C), not s(C).\nq(C) :- r(C) : s(C).\n", []),
    ],
)
def test_what_is_not_kept_together_is_seen(manner: Manners, text: str, told: list[str]) -> None:
    found = list(manner([ONE, RuleFile("two.lp", text)]))
    assert len(found) == len(told), found
    assert all(line.startswith(words) for line, words in zip(found, told, strict=True))


def test_a_variable_of_another_kind_in_a_rule_is_seen() -> None:
    two = RuleFile("two.lp", "s(_) :- p(_).\ns(X) :- p(X).\ns(a) :- p(b), p(C), t(C).\n")
    [line] = style.letters_in_rules(two, [ONE, two])
    assert line == "two.lp:2: X in p(X) is a candidate; call it C"


def test_a_variable_that_stands_once_is_seen() -> None:
    one = RuleFile("one.lp", DOCUMENTED.replace("p(C)", "p(C, D)"))
    text = "a(X) :- b(X, Y),\n    c(_, Z), holds(X, p(D)).\na :- holds(p(E)).\n"
    found = list(style.lonely_variables(RuleFile("two.lp", text), [one]))
    assert [line.partition(" stands")[0] for line in found] == [
        "two.lp:1: the variable Y",
        "two.lp:2: the variable Z",
        "two.lp:3: the variable E",
    ]
