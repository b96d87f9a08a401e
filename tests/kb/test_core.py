"""The rules that are true of any job category, on small policies of the tests' own."""

from __future__ import annotations

from tests.kb.rules import derives

VIEWS = ["core/vocabulary.lp", "core/readings.lp", "core/views.lp"]
LEVELS = [*VIEWS, "core/clauses.lp", "core/levels.lp"]

LADDER = """
category(toy). title(toy, "Toy"). field(f, 1). evidence(item, item, many, items). route(kpi, 1). route(short, 2).
level(f, (1; 2; 5)). clause(f, L, k) :- level(f, L). criterion(k, 1).
sets(f, 1, k, required, 1). sets(f, 2, k, required, 2). sets(f, 5, k, required, 3). takes(required, number(n)).
witness(V, C, f, L, k, X, item(X)) :- holds(V, C, item(X)), level(f, L).
route_met(V, C, f, 1, short) :- holds(V, C, pass).
wording(f, L, k, "") :- level(f, L). section(f, L, k, "") :- level(f, L).
"""


def test_verified_view_holds_what_is_stated_and_no_claim() -> None:
    facts = "candidate(c). stated(c, a). asserted(c, b). argument(x, 2, id, id)."
    derives(
        VIEWS,
        facts,
        ["holds(verified,c,a)", "holds(confirmed,c,a)", "holds(confirmed,c,b)"],
        ["holds(verified,c,b)"],
    )


def test_confirmed_view_is_for_those_with_claims() -> None:
    derives(
        VIEWS,
        "candidate((c; d)). stated((c; d), a). asserted(d, b).",
        ["subject(confirmed,d)", "holds(confirmed,d,a)"],
        ["subject(confirmed,c)", "holds(confirmed,c,a)", "holds(confirmed,c,b)"],
    )


def test_first_option_is_in_force_unless_another_is_selected() -> None:
    options = "reading((r; s), 1). option((r; s), x, 1). option((r; s), y, 2). stated(0, 0). asserted(0, 0)."
    derives(
        VIEWS,
        options + "selected(s, y).",
        ["reads(verified,r,x)", "reads(verified,s,y)", "reads(confirmed,s,y)"],
        ["reads(verified,r,y)", "reads(verified,s,x)"],
    )


def test_a_free_view_reads_nothing_by_itself() -> None:
    options = "reading(r, 1). option(r, x, 1). stated(0, 0). asserted(0, 0). view(own). free(own)."
    derives(VIEWS, options, ["reads(verified,r,x)"], ["reads(own,r,x)"])


def test_next_lower_level_skips_gaps() -> None:
    facts = LADDER + "candidate(c). stated(c, item(1)). asserted(c, item(2))."
    derives(LEVELS, facts, ["next_lower(f,2,1)", "next_lower(f,5,2)"], ["next_lower(f,5,4)", "next_lower(f,5,1)"])


def test_the_four_verdicts() -> None:
    facts = LADDER + "candidate((c; d)). stated(c, item(1..2)). asserted(c, item(3)). stated(d, pass)."
    derives(
        LEVELS,
        facts,
        [
            "verdict(c,f,1,attained)",
            "verdict(c,f,2,attained)",
            "verdict(c,f,5,pending)",
            "highest(c,f,2)",
            "verdict(d,f,1,deemed)",
            "verdict(d,f,2,not_attained)",
            "unmet(verified,d,f,1,k)",
            "highest(d,f,1)",
        ],
        ["verdict(c,f,5,not_attained)", "verdict(d,f,1,attained)", "highest(c,f,1)", "unmet(verified,c,f,2,k)"],
    )


def test_attained_by_two_routes_is_not_deemed() -> None:
    facts = LADDER + "candidate(c). stated(c, (pass; item(1))). asserted(c, item(2))."
    derives(
        LEVELS,
        facts,
        ["route_met(verified,c,f,1,kpi)", "route_met(verified,c,f,1,short)", "verdict(c,f,1,attained)"],
        ["deemed(c,f,1)"],
    )


def test_one_witness_counts_once_whatever_supplies_it() -> None:
    twice = "witness(V, C, f, L, k, w, (E, L)) :- holds(V, C, item(E)), level(f, L)."
    rules = LADDER.replace("witness(V, C, f, L, k, X, item(X)) :- holds(V, C, item(X)), level(f, L).", twice)
    facts = rules + "candidate(c). stated(c, item(1..9)). asserted(c, item(10))."
    derives(LEVELS, facts, ["met(verified,c,f,1,k)"], ["met(verified,c,f,2,k)"])


def test_a_needed_level_must_be_reached_in_the_same_view() -> None:
    needs = "needs_level(V, f, L, M) :- view(V), next_lower(f, L, M). requirement(f, 5, none, 0)."
    facts = LADDER.replace("sets(f, 1, k, required, 1)", "sets(f, 1, k, required, 9)") + needs
    derives(
        LEVELS,
        facts + "candidate(c). stated(c, item(1..3)). asserted(c, pass).",
        [
            "unmet(verified,c,f,2,lower_level)",
            "unmet(verified,c,f,5,lower_level)",
            "verdict(c,f,1,pending)",
            "verdict(c,f,2,pending)",
            "verdict(c,f,5,pending)",
        ],
        ["unmet(verified,c,f,1,lower_level)", "unmet(confirmed,c,f,5,lower_level)"],
    )


def test_across_tells_reachable_missable_and_hinges() -> None:
    policy = LADDER + (
        "reading(r, 1). option(r, (a; b), 1). candidate(c). stated(c, item(1)). asserted(c, item(9))."
        "witness(V, C, f, L, k, free, x) :- subject(V, C), level(f, L), reads(V, r, b)."
    )
    derives(
        [*LEVELS, "core/across.lp"],
        policy + ":- not turned(r). :- not reads(one, r, b).",
        ["reachable(c,f,1)", "reachable(c,f,2)", "hinges(c,f,2,r)", "missable(c,f,5)"],
        ["hinges(c,f,1,r)", "missable(c,f,2)", "reachable(c,f,5)"],
    )
