"""Manners of rule files, each a function that yields `file:line: what is wrong; mend`: from clingo's syntax tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from clingo import SymbolType
from clingo.ast import AST, ASTType, Sign, Transformer, parse_string

Signature: TypeAlias = "tuple[str, int]"

COLUMNS = 120
INDENT = 4

STATEMENTS = {ASTType.Rule, ASTType.Defined, ASTType.Minimize, ASTType.ShowSignature, ASTType.ShowTerm}
"""What stands in rule files: no scripts, external atoms, constants, theories."""

SHOWS = {ASTType.ShowSignature, ASTType.ShowTerm}

KINDS = {
    "candidate": r"candidate( id)?",
    "field": r"(its )?field",
    "project": r"project( id)?",
    "view": r"view|`verified`, what stands verified.*",
    "level": r"(a lower )?level( of the other clause|, a whole number)?|grade",
    "criterion": r"criterion(, or (a route|another part of (the|a) level))?|its criterion, .*",
    "reading": r"reading",
    "option": r"option",
    "term": r"an evidence term|the item on file",
    "language": r"language|its code, .*",
    "text": r"a string",
}
"""How documentation says of what kind an argument is."""

LETTERS = {
    "candidate": {"C"},
    "field": {"F"},
    "project": {"P"},
    "view": {"V", "W"},
    "level": {"L", "M"},
    "criterion": {"K", "J"},
    "reading": {"R"},
    "option": {"O", "Before", "After"},
    "term": {"E"},
    "language": {"Lang"},
    "text": {"Text", "What", "Reference"},
}
"""The variables that an argument of a kind is documented with."""

EXCLUSIVE = ("candidate", "field", "language")
"""Kinds whose variables stand for nothing else, in documentation and in rules."""


class Documentation(NamedTuple):
    """A block of documentation: its line, the predicate, and the kind of each argument in words."""

    line: int
    name: str
    signature: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    text: str

    @property
    def predicate(self) -> Signature:
        return self.name, len(self.signature)


class RuleFile:
    """A rule file: its name, its text, and what clingo makes of it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def nodes(self) -> list[AST]:
        """All that stands in it, comments included; what it includes is left out."""
        found: list[AST] = []
        parse_string(re.sub(r"(?m)^#include .*$", "", self.text), found.append)
        return [node for node in found if node.ast_type != ASTType.Program]

    @cached_property
    def statements(self) -> list[AST]:
        return [node for node in self.nodes if node.ast_type != ASTType.Comment]

    @cached_property
    def rules(self) -> list[AST]:
        return [node for node in self.statements if node.ast_type == ASTType.Rule]

    @cached_property
    def code(self) -> list[str]:
        """The lines without comments, and with nothing in strings."""
        text = re.sub(r"(?s)%\*.*?\*%", lambda block: "\n" * block[0].count("\n"), self.text)
        lines = (re.sub(r'"(\\.|[^"\\])*"', '""', line) for line in text.split("\n"))
        return [re.sub(r"\s*%.*", "", line) for line in lines]

    @cached_property
    def documentation(self) -> list[Documentation]:
        return [
            _documentation(node.location.begin.line, node.value)
            for node in self.nodes
            if node.ast_type == ASTType.Comment and node.value.startswith("%*!")
        ]

    @cached_property
    def derived(self) -> set[Signature]:
        """What its rules derive or choose, and what it says may be undefined."""
        defined = {(node.name, node.arity) for node in self.statements if node.ast_type == ASTType.Defined}
        return defined.union(*(Atoms(rule).heads for rule in self.rules))

    @cached_property
    def used(self) -> dict[Signature, int]:
        """What stands in its bodies and shows, with the line."""
        found: dict[Signature, int] = {}
        for node in self.statements:
            line = node.location.begin.line
            if node.ast_type == ASTType.ShowSignature and node.name:
                found.setdefault((node.name, node.arity), line)
            for atom, _ in Atoms(node).bodies:
                found.setdefault(atom, line)
        return found

    def at(self, line: int, wrong: str, mend: str) -> str:
        return f"{self.name}:{line}: {wrong}; {mend}"


class Atoms(Transformer):
    """The predicates of a statement: in its head; in its body, with whether these are denied, counted or conditions."""

    def __init__(self, node: AST) -> None:
        self.heads: set[Signature] = set()
        self.bodies: list[tuple[Signature, bool]] = []
        self.is_head = self.is_loose = False
        if node.ast_type == ASTType.Rule:
            self.is_head = True
            self.visit(node.head)
            self.is_head = False
        if node.ast_type in (ASTType.Rule, ASTType.Minimize, ASTType.ShowTerm):
            self.visit_sequence(node.body)

    def visit_SymbolicAtom(self, atom: AST) -> AST:  # noqa: N802
        symbol = atom.symbol.argument if atom.symbol.ast_type == ASTType.UnaryOperation else atom.symbol
        for function in symbol.arguments if symbol.ast_type == ASTType.Pool else [symbol]:
            predicate = (function.name, len(function.arguments))
            if self.is_head:
                self.heads.add(predicate)
            else:
                self.bodies.append((predicate, self.is_loose))
        return atom

    def visit_Literal(self, literal: AST) -> AST:  # noqa: N802
        return self._loosely([literal.atom], [], is_loose=literal.sign != Sign.NoSign, node=literal)

    def visit_ConditionalLiteral(self, node: AST) -> AST:  # noqa: N802
        return self._loosely([node.literal], node.condition, node=node)

    def visit_BodyAggregate(self, node: AST) -> AST:  # noqa: N802
        return self._loosely([], [part for element in node.elements for part in element.condition], node=node)

    def visit_Aggregate(self, node: AST) -> AST:  # noqa: N802
        return self._loosely(node.elements, [], is_loose=not self.is_head, node=node)

    def _loosely(self, parts: Iterable[AST], conditions: Iterable[AST], *, node: AST, is_loose: bool = False) -> AST:
        was_head, was_loose = self.is_head, self.is_loose
        self.is_loose = was_loose or is_loose
        for part in parts:
            self.visit(part)
        self.is_head, self.is_loose = False, True
        for part in conditions:
            self.visit(part)
        self.is_head, self.is_loose = was_head, was_loose
        return node


class Collected(Transformer):
    """The numbers, names and variables in a part of a statement, each with its line."""

    def __init__(self, *parts: AST) -> None:
        self.numbers: list[tuple[int, str]] = []
        self.names: list[tuple[int, str]] = []
        self.variables: list[tuple[int, str]] = []
        self.atoms: list[AST] = []
        for part in parts:
            self.visit(part)

    def visit_SymbolicAtom(self, atom: AST) -> AST:  # noqa: N802
        self.atoms.append(atom)
        self.visit_children(atom)
        return atom

    def visit_SymbolicTerm(self, term: AST) -> AST:  # noqa: N802
        line, symbol = term.location.begin.line, term.symbol
        if symbol.type == SymbolType.Number:
            self.numbers.append((line, str(symbol)))
        elif symbol.type == SymbolType.Function:
            self.names.append((line, symbol.name))
        return term

    def visit_Function(self, term: AST) -> AST:  # noqa: N802
        if term.name:
            self.names.append((term.location.begin.line, term.name))
        self.visit_children(term)
        return term

    def visit_Variable(self, variable: AST) -> AST:  # noqa: N802
        self.variables.append((variable.location.begin.line, variable.name))
        return variable


def _documentation(line: int, comment: str) -> Documentation:
    first, _, rest = comment.removeprefix("%*!").removesuffix("*%").strip().partition("\n")
    name, _, arguments = first.partition("(")
    text, _, listed = rest.partition("Args:\n")
    return Documentation(
        line,
        name,
        tuple(part.strip() for part in arguments.removesuffix(")").split(",") if part),
        tuple(re.findall(r"(?m)^    - (\w+): (\S.*)$", listed)),
        text.strip(),
    )


# The text


def header(file: RuleFile) -> Iterator[str]:
    """The first line says what the file is about."""
    if not re.match(r"% [A-Z][A-Za-z ]+: .{20,}", file.lines[0]):
        yield file.at(1, "there is no header", "begin with `% Title: what the file says`")


def whitespace(file: RuleFile) -> Iterator[str]:
    """No tabs, nothing after the end of a line, and one end of line at the end."""
    for number, line in enumerate(file.lines, start=1):
        if "\t" in line:
            yield file.at(number, "a tab", "write spaces")
        if line != line.rstrip():
            yield file.at(number, "blanks at the end of the line", "take them away")
    if not file.text.endswith("\n") or file.text.endswith("\n\n"):
        yield file.at(len(file.lines), "not one end of line at the end", "end the last line, and write none after it")


def width(file: RuleFile) -> Iterator[str]:
    """Lines without strings are no longer than the columns that all files keep to."""
    for number, line in enumerate(file.lines, start=1):
        if len(line) > COLUMNS and '"' not in line:
            yield file.at(number, f"{len(line)} columns", f"break the line before column {COLUMNS}")


def layout(file: RuleFile) -> Iterator[str]:
    """A statement begins its line, and goes on four columns further in; elements of `#minimize` below the first."""
    for node in file.statements:
        begin, end = node.location.begin, node.location.end
        edge = 0 if node.ast_type != ASTType.Minimize else len("#minimize { ")
        if node.ast_type != ASTType.Minimize and begin.column != 1:
            yield file.at(begin.line, "a statement within a line", "begin a line with it")
        for number in range(begin.line + 1, end.line + 1):
            line = file.code[number - 1]
            if line and len(line) - len(line.lstrip()) != (edge or INDENT):
                yield file.at(number, "a line that goes on stands elsewhere", f"begin it after {edge or INDENT} blanks")


SPACING = {
    r"[,;](?=[^ ])": "write a blank after it",
    r" +[,;](?= |$)": "write no blank before it",
    r":-(?=\S)": "write a blank after it",
    r":-  ": "write one blank after it",
    r"[^\s]:-": "write a blank before it",
    r"[(] | [)]": "write no blank inside parentheses",
    r"\S(?:<=|>=|!=|<|>)|\S(?<![<>!])=": "write a blank before it",
    r"(?:<=|>=|!=|(?<=[^<>!])=|<|>(?!=)|<(?!=))(?=[^\s=])": "write a blank after it",
}
"""Where blanks belong; before `:-`, and after the commas of facts, there may be several, so that lines align."""


def spacing(file: RuleFile) -> Iterator[str]:
    """One blank around `:-` and comparisons and after commas, none before commas and inside parentheses."""
    for number, line in enumerate(file.code, start=1):
        for pattern, mend in SPACING.items() if not line.startswith("#include") else ():
            for match in re.finditer(pattern, line):
                yield file.at(number, f"`{match[0].strip()}` in `{line.strip()}`", mend)
        if ":-" in line and re.search(r",  ", line.partition(":-")[2]):
            yield file.at(number, "several blanks after a comma", "write one")


# What may stand where


def kinds_of_statements(file: RuleFile) -> Iterator[str]:
    """Rules, `#defined`, `#minimize` and `#show` alone."""
    for node in file.statements:
        if node.ast_type not in STATEMENTS:
            yield file.at(node.location.begin.line, f"a statement {node.ast_type}", "write rules instead")


def shows(file: RuleFile, *, may: bool) -> Iterator[str]:
    """`#show` in every question, and in no other file."""
    lines = [node.location.begin.line for node in file.statements if node.ast_type in SHOWS]
    if may and not lines:
        yield file.at(1, "a question that shows nothing", "say with `#show` what it answers")
    elif not may:
        yield from (file.at(line, "`#show` in a file that is no question", "move it to the question") for line in lines)


def includes(file: RuleFile, *, may: bool) -> Iterator[str]:
    """`#include` in entry files, and nothing else there."""
    lines = [n for n, line in enumerate(file.lines, start=1) if re.match(r"\s*#include", line)]
    if may:
        found = [node.location.begin.line for node in file.statements]
        yield from (file.at(line, "a statement in an entry file", "move it to a file of its own") for line in found)
        if not lines:
            yield file.at(1, "an entry file that includes nothing", "include the files that it names")
    else:
        yield from (file.at(line, "`#include` in a file of rules", "move it to an entry file") for line in lines)


def choices(file: RuleFile) -> Iterator[str]:
    """Nothing is chosen or optimised: one atom in each head, no `#minimize`."""
    for node in file.statements:
        line = node.location.begin.line
        if node.ast_type == ASTType.Minimize:
            yield file.at(line, "`#minimize`", "leave it to a question")
        elif node.ast_type == ASTType.Rule and node.head.ast_type != ASTType.Literal:
            yield file.at(line, "a choice or a disjunction", "derive one atom; leave choices to a question")


def constraints(file: RuleFile) -> Iterator[str]:
    """No answer is refused: a policy has one for whatever evidence."""
    for rule in file.rules:
        if rule.head.ast_type == ASTType.Literal and rule.head.atom.ast_type != ASTType.SymbolicAtom:
            yield file.at(rule.location.begin.line, "a constraint", "derive what is wrong instead")


def numbers(file: RuleFile) -> Iterator[str]:
    """No number in the body of a rule: all numbers are parameters of clauses."""
    for rule in file.rules:
        for line, number in Collected(*rule.body).numbers:
            yield file.at(line, f"the number {number} in a body", "read it from a parameter")


# Names


def names(file: RuleFile) -> Iterator[str]:
    """Predicates, functions and constants in snake case; variables begin with a capital and have no underscores."""
    for node in file.statements:
        found = Collected(node)
        for line, name in found.names:
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
                yield file.at(line, f"the name {name}", "write words in lower case, joined by underscores")
        for line, name in found.variables:
            if not re.fullmatch(r"_|[A-Z][A-Za-z0-9]*", name):
                yield file.at(line, f"the variable {name}", "write words with capitals, or a letter")


def lonely_variables(file: RuleFile, files: Collection[RuleFile]) -> Iterator[str]:
    """A variable that stands once in its statement is `_`, or named as evidence is documented.

    In evidence a name is better than `_`, for which clingo makes an atom more.
    """
    documented = {block.predicate: block.signature[1:] for one in [*files, file] for block in one.documentation}
    for node in file.statements:
        found = Collected(node)
        terms = [a.symbol.arguments[-1] for a in found.atoms if a.symbol.name == "holds"]
        named = {
            argument.name
            for term in terms
            if term.ast_type == ASTType.Function
            for argument, name in zip(
                term.arguments, documented.get((term.name, len(term.arguments) + 1), ()), strict=False
            )
            if argument.ast_type == ASTType.Variable and argument.name == name
        }
        times = Counter(name for _, name in found.variables)
        for line, name in found.variables:
            if times[name] == 1 and name not in named | {"_"}:
                yield file.at(line, f"the variable {name} stands once in its rule", "write `_`, or mend the name")


def kind_of(words: str) -> str | None:
    """The kind that documentation gives an argument."""
    return next((kind for kind, pattern in KINDS.items() if re.fullmatch(pattern, words)), None)


def letters(file: RuleFile) -> Iterator[str]:
    """An argument of a kind is documented with the variables of the kind, and these with no other."""
    exclusive = {letter: kind for kind in EXCLUSIVE for letter in LETTERS[kind]}
    for block in file.documentation:
        for name, words in block.arguments:
            kind = kind_of(words)
            if kind is not None and name not in LETTERS[kind]:
                mend = f"call it {' or '.join(sorted(LETTERS[kind]))}"
                yield file.at(block.line, f"{name} of {block.name} is a {kind}", mend)
            if kind != exclusive.get(name, kind):
                mend = f"call it otherwise: {name} is a {exclusive[name]}"
                yield file.at(block.line, f"{name} of {block.name} is {words}", mend)


def letters_in_rules(file: RuleFile, files: Collection[RuleFile]) -> Iterator[str]:
    """Where a documented predicate has a candidate, a field, a view, a project: the variables of that kind in rules."""
    kinds = {
        block.predicate: [kind_of(words) for _, words in block.arguments]
        for one in [*files, file]
        for block in one.documentation
    }
    for atom in (atom for node in file.statements for atom in Collected(node).atoms):
        symbol = atom.symbol
        for kind, term in zip(kinds.get((symbol.name, len(symbol.arguments)), []), symbol.arguments, strict=False):
            is_bound = kind in (*EXCLUSIVE, "view", "project") and term.ast_type == ASTType.Variable
            if kind and is_bound and term.name not in LETTERS[kind] | {"_"}:
                mend = f"call it {' or '.join(sorted(LETTERS[kind]))}"
                yield file.at(term.location.begin.line, f"{term.name} in {symbol} is a {kind}", mend)


# Documentation


def documentation(file: RuleFile) -> Iterator[str]:
    """A block says what holds, and lists the arguments of the signature, each with what it is."""
    for block in file.documentation:
        if not re.fullmatch(r"[a-z_0-9]+", block.name) or not block.text:
            yield file.at(block.line, f"the documentation of {block.name} says nothing", "say what holds")
        if tuple(name for name, _ in block.arguments) != block.signature:
            told = f"the arguments of {block.name} are {', '.join(name for name, _ in block.arguments) or 'none'}"
            yield file.at(block.line, told, f"list {', '.join(block.signature) or 'none'} under `Args:`")


def documented_once(files: Sequence[RuleFile]) -> Iterator[str]:
    """No predicate of a program is documented twice."""
    seen: dict[Signature, str] = {}
    for file in files:
        for block in file.documentation:
            name, arity = block.predicate
            place = f"{file.name}:{block.line}"
            if seen.setdefault(block.predicate, place) != place:
                yield file.at(block.line, f"{name}/{arity} is documented at {seen[name, arity]} too", "keep one")


def documented_and_derived(files: Sequence[RuleFile]) -> Iterator[str]:
    """What is documented is derived or declared with `#defined` somewhere in the program."""
    derived = set[Signature]().union(*(file.derived for file in files))
    for file in files:
        for block in file.documentation:
            if block.predicate not in derived:
                name = f"{block.name}/{len(block.signature)}"
                yield file.at(block.line, f"{name} is documented, and nothing derives it", "mend the name, or drop it")


def shared_and_documented(files: Sequence[RuleFile]) -> Iterator[str]:
    """A predicate that one file of a program uses and another derives is documented."""
    documented = {block.predicate for file in files for block in file.documentation}
    for file in files:
        others = set[Signature]().union(*(other.derived for other in files if other is not file))
        for (name, arity), line in file.used.items():
            if (name, arity) in others - file.derived - documented:
                mend = "document it where it is derived"
                yield file.at(line, f"{name}/{arity} is of another file, and not documented", mend)


# Meaning


def stratified(files: Sequence[RuleFile]) -> Iterator[str]:
    """No predicate rests on its own denial, or on a count of itself."""
    reads: dict[Signature, set[Signature]] = {}
    loose: list[tuple[RuleFile, int, Signature, Signature]] = []
    for file in files:
        for rule in file.rules:
            atoms = Atoms(rule)
            for head in atoms.heads:
                reads.setdefault(head, set()).update(atom for atom, _ in atoms.bodies)
                loose += [(file, rule.location.begin.line, head, atom) for atom, is_loose in atoms.bodies if is_loose]
    for file, line, head, atom in loose:
        if head in _rests_on(atom, reads):
            told = f"{head[0]}/{head[1]} rests on a denial or a count of {atom[0]}/{atom[1]}, which rests on it"
            yield file.at(line, told, "break the circle")


def _rests_on(atom: Signature, reads: dict[Signature, set[Signature]]) -> set[Signature]:
    found, waiting = {atom}, [atom]
    while waiting:
        fresh = reads.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return found
