"""The rules of a policy that decide something, each with the comment that names the clauses it formalises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from clingo.ast import AST, ASTType, Transformer

from itss_logic.engine import Source, statements
from itss_logic.specialise import Signature, signatures_in

if TYPE_CHECKING:
    from itss_logic.policy import Policy


class Tag(NamedTuple):
    """A pattern of clause ids in a comment, and where that stands."""

    pattern: str
    place: str


class Rule(NamedTuple):
    """A rule: where it stands, and the tags in whose reach that is."""

    place: str
    tags: tuple[Tag, ...]

    def formalises(self, clause: str) -> bool:
        """Whether one of its tags names the clause of this id."""
        return any(fnmatchcase(clause, tag.pattern) for tag in self.tags)


def rules_of(policy: Policy) -> list[Rule]:
    """The rules of a category that decide its verdicts, in the order of its files.

    These are all statements of the category's policy files but those that derive nothing but words of `core`, in which
    a category declares what it has.
    """
    words = _words(policy)
    return [
        Rule(f"{source.name}:{rule.location.begin.line}", tags[rule.location.begin.line - 1])
        for source in own_sources(policy, policy.unchanged.program.sources)
        for tags in [reaches(source)]
        for rule in rules_in(source)
        if not derived(rule) or derived(rule) - words
    ]


def own_sources(policy: Policy, sources: Iterable[Source]) -> Iterator[Source]:
    """Those of some files that are the category's own."""
    core = set(policy.core.values())
    return (source for source in dict.fromkeys(sources) if source not in core)


def tags_of(policy: Policy) -> list[Tag]:
    """The tags in all files of a category, also where no verdict rests on the rules below them."""
    base = policy.unchanged
    sources = [*base.program.sources, *base.declarations.sources, *base.choosing]
    found = (tag for source in own_sources(policy, sources) for tags in reaches(source) for tag in tags)
    return list(dict.fromkeys(found))


def reaches(source: Source) -> list[tuple[Tag, ...]]:
    """For each line of a file the tags that reach it.

    The tags of a comment, which may have several lines, reach from there until the next comment that has tags, or the
    next block of documentation.
    """
    found: list[tuple[Tag, ...]] = []
    tags: tuple[Tag, ...] = ()
    is_block = is_comment = False
    for number, line in enumerate(source.text.splitlines(), start=1):
        text = line.strip()
        if is_block or text.startswith("%*"):
            tags = () if text.startswith("%*!") else tags
            is_block, is_comment = "*%" not in text, False
        else:
            here = tuple(Tag(pattern, f"{source.name}:{number}") for pattern in _patterns(text))
            if here:
                tags = (*tags, *here) if is_comment else here
            # Lines of one comment belong together from its first tag on.
            is_comment = text.startswith("%") and (is_comment or bool(here))
        found.append(tags)
    return found


def rules_in(source: Source) -> list[AST]:
    """The rules and facts of a file, as clingo has them."""
    return [node for node in statements(source) if node.ast_type == ASTType.Rule]


def derived(rule: AST) -> set[Signature]:
    """The predicates that a rule derives or chooses; none, where it is a constraint."""
    heads = _Heads()
    heads.visit(rule.head)
    return heads.found


class _Heads(Transformer):
    """Collects the predicates in a head."""

    def __init__(self) -> None:
        self.found: set[Signature] = set()

    def visit_SymbolicAtom(self, atom: AST) -> AST:  # noqa: N802
        self.found |= signatures_in(atom)
        return atom

    def visit_ConditionalLiteral(self, node: AST) -> AST:  # noqa: N802
        self.visit(node.literal)
        return node


def _words(policy: Policy) -> set[Signature]:
    """The words in which a category declares what it has.

    These are documented in the files of `core` that declarations and policy share, and no rule there derives them.
    """
    base = policy.unchanged
    shared = set(base.declarations.sources) & set(base.program.sources) & set(base.core.values())
    documented = {signature for source in shared for signature in _documented(source.text)}
    return documented - {signature for source in shared for rule in rules_in(source) for signature in derived(rule)}


def _documented(text: str) -> Iterator[Signature]:
    """The predicates that a file documents."""
    for name, arguments in re.findall(r"(?m)^%\*!\s*(\w+)(?:\(([^)]*)\))?", text):
        yield name, len(arguments.split(",")) if arguments else 0


def _patterns(comment: str) -> Iterator[str]:
    """The patterns in brackets in a comment."""
    if comment.startswith("%"):
        for tag in re.findall(r"\[([^]]+)\]", comment):
            yield from (pattern.strip() for pattern in tag.split(","))
