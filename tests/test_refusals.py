"""What is refused: every code, in every form, with its place, all errors of a candidate at once, and nobody else.

A case is the part of a file that is wrong; two sound candidates stand beside it wherever the file can be split.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from itss_logic import Answer, Evidence, Policy, Refusal, Refused, limits

POLICY = Policy.load()

CODES = {
    *("syntax", "not_a_fact", "unknown_predicate", "wrong_arity", "derived_predicate", "unknown_value", "bad_number"),
    *("wrong_type", "unknown_key", "missing_key", "unknown_candidate", "unknown_project", "conflict"),
    *("duplicate_candidate", "too_large"),
}

GOOD = '{"candidate": "good", "exams": ["ap"], "leads_others": true}'
FINE = '{"candidate": "fine", "fields": {"hardware": {"projects": [{"id": "p", "role": "member"}]}}}'
GOOD_FACTS = "candidate(good). passed_exam(good,ap). leads_others(good)."
FINE_FACTS = 'candidate("fine"). project("fine",p,hardware). role("fine","p",member).'

LONG = "x" * (limits.TEXT_CHARACTERS + 1)
MANY = limits.FACTS + 1
AP = '"ap"'
LISTS = {"exams": AP, "develops_subordinates": '"other"'}

Found = tuple[str, str | None, str]
"""Code, candidate and place of a refusal; the place as its path, or as LINE:COLUMN."""


def in_order(refusals: Iterable[Found]) -> list[Found]:
    return sorted(refusals, key=repr)


class Case(NamedTuple):
    """Text that is refused, with what is expected: each a code and a place, apart by a space."""

    text: str
    refusals: tuple[str, ...]
    candidate: str | None = "bad"

    def found(self) -> list[Found]:
        return in_order((code, self.candidate, place) for code, place in (r.split(" ") for r in self.refusals))


def case(text: str, *refusals: str, candidate: str | None = "bad") -> Case:
    return Case(text, refusals, candidate)


def bad(members: str) -> str:
    return f'{{"candidate": "bad", {members}}}'


def in_field(field: str, members: str) -> str:
    return bad(f'"fields": {{"{field}": {{{members}}}}}')


def project(field: str, members: str) -> str:
    return in_field(field, f'"projects": [{{"id": "p", {members}}}]')


def number(text: str) -> str:
    return project("facility_management", f'"sites": {text}')


HARDWARE = "$.fields.hardware"
FACILITY = "$.fields.facility_management"
PROJECT = f"{HARDWARE}.projects[0]"
ROOM = f"{FACILITY}.projects[0]"

OBJECTS = {
    # syntax: a key twice, half a character
    "key-twice": case(bad('"exams": [], "exams": []'), "syntax $.exams"),
    "candidate-twice": case('{"candidate": "bad", "candidate": "bad"}', "syntax $.candidate", candidate=None),
    "key-twice-in-fields": case(bad('"fields": {"hardware": {}, "hardware": {}}'), "syntax $.fields.hardware"),
    "key-twice-in-field": case(in_field("hardware", '"handles": [], "handles": []'), f"syntax {HARDWARE}.handles"),
    "key-twice-in-item": case(bad('"exams": [{"exam": "ap", "exam": "ap"}]'), "syntax $.exams[0].exam"),
    "key-twice-in-project": case(project("hardware", '"role": "member", "role": "member"'), f"syntax {PROJECT}.role"),
    "key-twice-in-attribute": case(
        project("hardware", '"assignments": [{"to": "users", "to": "users", "coverage": "wide_area"}]'),
        f"syntax {PROJECT}.assignments[0].to",
    ),
    # unknown_value
    "exam": case(bad('"exams": ["bar"]'), "unknown_value $.exams[0]"),
    "exam-in-capitals": case(bad('"exams": ["AP"]'), "unknown_value $.exams[0]"),
    "exam-empty": case(bad('"exams": [""]'), "unknown_value $.exams[0]"),
    "exam-in-an-object": case(bad('"exams": ["ip", {"exam": "bar"}]'), "unknown_value $.exams[1].exam"),
    "means": case(bad('"develops_subordinates": ["shouting"]'), "unknown_value $.develops_subordinates[0]"),
    "status": case(bad('"exams": [{"exam": "ap", "status": "Claimed"}]'), "unknown_value $.exams[0].status"),
    "role": case(project("hardware", '"role": "leader"'), f"unknown_value {PROJECT}.role"),
    "component-of-another-field": case(
        in_field("hardware", '"handles": ["database"]'), f"unknown_value {HARDWARE}.handles[0]"
    ),
    "component-of-another-field-in-a-project": case(
        project("hardware", '"components": ["storage", "database"]'), f"unknown_value {PROJECT}.components[1]"
    ),
    "area-of-another-field": case(
        in_field("hardware", '"specialties": [{"area": "failure_diagnosis", "depth": "practice"}]'),
        f"unknown_value {HARDWARE}.specialties[0].area",
    ),
    "activity-of-another-field": case(
        project("hardware", '"activities": ["design"]'), f"unknown_value {PROJECT}.activities[0]"
    ),
    "complexity-of-another-field": case(
        project("hardware", '"complexity": ["many_sites"]'), f"unknown_value {PROJECT}.complexity[0]"
    ),
    "sites-on-hardware": case(project("hardware", '"sites": 3'), f"unknown_value {PROJECT}.sites"),
    "partial-on-hardware": case(project("hardware", '"partial": false'), f"unknown_value {PROJECT}.partial"),
    "handles-in-facilities": case(
        in_field("facility_management", '"handles": []'), f"unknown_value {FACILITY}.handles"
    ),
    "components-in-facilities": case(
        project("facility_management", '"components": ["pc"]'), f"unknown_value {ROOM}.components"
    ),
    "combination": case(
        project("hardware", '"assignments": [{"to": "users", "coverage": "specific_users"}]'),
        f"unknown_value {PROJECT}.assignments[0]",
    ),
    "combination-of-unknown-values": case(
        project("hardware", '"assignments": [{"to": "us", "coverage": "them"}]'),
        f"unknown_value {PROJECT}.assignments[0].to",
        f"unknown_value {PROJECT}.assignments[0].coverage",
    ),
    # bad_number
    "nought": case(number("0"), f"bad_number {ROOM}.sites"),
    "negative-nought": case(number("-0"), f"bad_number {ROOM}.sites"),
    "negative": case(number("-3"), f"bad_number {ROOM}.sites"),
    "fraction": case(number("3.5"), f"bad_number {ROOM}.sites"),
    "above-the-range": case(number("1000000001"), f"bad_number {ROOM}.sites"),
    "2**31": case(number(str(2**31)), f"bad_number {ROOM}.sites"),
    "2**64": case(number(str(2**64 + 1)), f"bad_number {ROOM}.sites"),
    "1e10": case(number("1.0e10"), f"bad_number {ROOM}.sites"),
    "1e300": case(number("1.0e300"), f"bad_number {ROOM}.sites"),
    "infinite": case(number("1.0e999"), f"bad_number {ROOM}.sites"),
    "minus-infinite": case(number("-1.0e999"), f"bad_number {ROOM}.sites"),
    "tiny": case(number("1.0e-999"), f"bad_number {ROOM}.sites"),
    "100000-digits": case(number("9" * 100_000), f"bad_number {ROOM}.sites"),
    "100000-digits-negative": case(number("-" + "9" * 100_000), f"bad_number {ROOM}.sites"),
    # wrong_type
    "list-for-a-candidate": case("[]", "wrong_type $", candidate=None),
    "string-for-a-candidate": case('"bad"', "wrong_type $", candidate=None),
    "null-for-a-candidate": case("null", "wrong_type $", candidate=None),
    "id-null": case('{"candidate": null}', "wrong_type $.candidate", candidate=None),
    "id-number": case('{"candidate": 1001}', "wrong_type $.candidate", candidate=None),
    "id-list": case('{"candidate": ["bad"]}', "wrong_type $.candidate", candidate=None),
    "id-empty": case('{"candidate": ""}', "wrong_type $.candidate", candidate=None),
    "project-id-empty": case(in_field("hardware", '"projects": [{"id": ""}]'), f"wrong_type {PROJECT}.id"),
    "project-id-number": case(in_field("hardware", '"projects": [{"id": 7}]'), f"wrong_type {PROJECT}.id"),
    "number-as-text": case(number('"3"'), f"wrong_type {ROOM}.sites"),
    "number-as-truth": case(number("true"), f"wrong_type {ROOM}.sites"),
    "number-null": case(number("null"), f"wrong_type {ROOM}.sites"),
    "number-list": case(number("[3]"), f"wrong_type {ROOM}.sites"),
    "truth-as-number": case(project("hardware", '"success": 1'), f"wrong_type {PROJECT}.success"),
    "truth-as-text": case(project("hardware", '"success": "true"'), f"wrong_type {PROJECT}.success"),
    "flag-as-text": case(bad('"leads_others": "yes"'), "wrong_type $.leads_others"),
    "flag-null": case(bad('"leads_others": null'), "wrong_type $.leads_others"),
    "attribute-as-object": case(project("hardware", '"role": {"role": "member"}'), f"wrong_type {PROJECT}.role"),
    "exams-one": case(bad('"exams": "ap"'), "wrong_type $.exams"),
    "exams-null": case(bad('"exams": null'), "wrong_type $.exams"),
    "exams-object": case(bad('"exams": {"exam": "ap"}'), "wrong_type $.exams"),
    "exam-null": case(bad('"exams": [null]'), "wrong_type $.exams[0]"),
    "exam-list": case(bad('"exams": [["ap"]]'), "wrong_type $.exams[0]"),
    "fields-list": case(bad('"fields": []'), "wrong_type $.fields"),
    "fields-null": case(bad('"fields": null'), "wrong_type $.fields"),
    "field-null": case(bad('"fields": {"hardware": null}'), "wrong_type $.fields.hardware"),
    "projects-object": case(in_field("hardware", '"projects": {"id": "p"}'), f"wrong_type {HARDWARE}.projects"),
    "project-as-text": case(in_field("hardware", '"projects": ["p"]'), f"wrong_type {PROJECT}"),
    "achievement-as-text": case(
        in_field("hardware", '"achievements": ["book"]'), f"wrong_type {HARDWARE}.achievements[0]"
    ),
    "status-null": case(bad('"exams": [{"exam": "ap", "status": null}]'), "wrong_type $.exams[0].status"),
    "status-truth": case(bad('"leads_others": {"status": true}'), "wrong_type $.leads_others.status"),
    "source-number": case(bad('"exams": [{"exam": "ap", "source": 17}]'), "wrong_type $.exams[0].source"),
    "source-null": case(bad('"leads_others": {"source": null}'), "wrong_type $.leads_others.source"),
    # unknown_key, missing_key
    "key": case(bad('"exam": []'), "unknown_key $.exam"),
    "key-empty": case(bad('"": 0'), 'unknown_key $[""]'),
    "key-of-a-prototype": case(bad('"__proto__": {"exams": ["ap"]}'), "unknown_key $.__proto__"),
    "key-of-a-merge": case(bad('"<<": {"exams": ["ap"]}'), 'unknown_key $["<<"]'),
    "field": case(bad('"fields": {"sales": {}}'), "unknown_key $.fields.sales"),
    "key-in-a-field": case(in_field("hardware", '"exams": []'), f"unknown_key {HARDWARE}.exams"),
    "key-in-a-project": case(project("hardware", '"field": "software"'), f"unknown_key {PROJECT}.field"),
    "key-in-an-item": case(bad('"exams": [{"exam": "ap", "field": 1}]'), "unknown_key $.exams[0].field"),
    "claim-of-an-attribute": case(
        project("hardware", '"assignments": [{"to": "users", "coverage": "wide_area", "status": "claimed"}]'),
        f"unknown_key {PROJECT}.assignments[0].status",
    ),
    "nothing": case("{}", "missing_key $", candidate=None),
    "no-candidate": case('{"exams": []}', "missing_key $", candidate=None),
    "no-project-id": case(in_field("hardware", '"projects": [{"role": "member"}]'), f"missing_key {PROJECT}"),
    "no-achievement-id": case(
        in_field("hardware", '"achievements": [{"item": "book"}]'), f"missing_key {HARDWARE}.achievements[0]"
    ),
    "no-exam": case(bad('"exams": [{"status": "claimed"}]'), "missing_key $.exams[0]"),
    "no-coverage": case(
        project("hardware", '"assignments": [{"to": "users"}]'), f"missing_key {PROJECT}.assignments[0]"
    ),
    "no-item-nor-id": case(
        in_field("hardware", '"achievements": [{}]'),
        f"missing_key {HARDWARE}.achievements[0]",
        f"missing_key {HARDWARE}.achievements[0]",
    ),
    # conflict
    "verified-and-claimed": case(bad('"exams": ["ap", {"exam": "ap", "status": "claimed"}]'), "conflict $.exams[1]"),
    "claimed-and-verified": case(
        in_field("hardware", '"handles": [{"component": "pc", "status": "claimed"}, "storage", "pc"]'),
        f"conflict {HARDWARE}.handles[2]",
    ),
    "project-twice": case(
        in_field("hardware", '"projects": [{"id": "p"}, {"id": "p"}]'), f"conflict {HARDWARE}.projects[1]"
    ),
    "project-verified-and-claimed": case(
        in_field("hardware", '"projects": [{"id": "p"}, {"id": "p", "status": "claimed"}]'),
        f"conflict {HARDWARE}.projects[1]",
    ),
    "project-in-two-fields": case(
        bad('"fields": {"hardware": {"projects": [{"id": "p"}]}, "software": {"projects": [{"id": "p"}]}}'),
        "conflict $.fields.software.projects[0]",
    ),
    # duplicate_candidate
    "duplicate": case('{"candidate": "good"}', "duplicate_candidate $", candidate="good"),
    "duplicate-and-more": case(
        '{"candidate": "good", "exams": ["bar"]}',
        "duplicate_candidate $",
        "unknown_value $.exams[0]",
        candidate="good",
    ),
    # too_large
    "id-long": case(f'{{"candidate": "{LONG}"}}', "too_large $.candidate", candidate=None),
    "project-id-long": case(in_field("hardware", f'"projects": [{{"id": "{LONG}"}}]'), f"too_large {PROJECT}.id"),
    "source-long": case(bad(f'"exams": [{{"exam": "ap", "source": "{LONG}"}}]'), "too_large $.exams[0].source"),
    "list": case(bad(f'"exams": [{", ".join(AP for _ in range(MANY))}]'), "too_large $.exams"),
    "facts": case(
        bad(", ".join(f'"{key}": [{", ".join(word for _ in range(MANY // 2 + 1))}]' for key, word in LISTS.items())),
        "too_large $",
    ),
    # all at once
    "several": case(
        bad(
            '"exams": ["bar", 3, "ap", {"exam": "ap", "status": "claimed"}], "leads": true, "leads_others": 1, '
            '"fields": {"sales": {}, "hardware": {"handles": ["database"], "projects": [{"role": "boss"}, '
            '{"id": "q", "sites": 1, "assignments": [{"to": "users", "coverage": "specific_users"}]}]}, '
            '"facility_management": {"projects": [{"id": "r", "sites": 0, "floor_area_m2": "9", '
            '"network_sites": 1.5, "partial": null, "activities": ["nap"]}]}}'
        ),
        "unknown_value $.exams[0]",
        "wrong_type $.exams[1]",
        "conflict $.exams[3]",
        "unknown_key $.leads",
        "wrong_type $.leads_others",
        "unknown_key $.fields.sales",
        f"unknown_value {HARDWARE}.handles[0]",
        f"missing_key {PROJECT}",
        f"unknown_value {PROJECT}.role",
        f"unknown_value {HARDWARE}.projects[1].sites",
        f"unknown_value {HARDWARE}.projects[1].assignments[0]",
        f"bad_number {ROOM}.sites",
        f"wrong_type {ROOM}.floor_area_m2",
        f"bad_number {ROOM}.network_sites",
        f"wrong_type {ROOM}.partial",
        f"unknown_value {ROOM}.activities[0]",
    ),
    "missing-key-and-unknown-value": case(
        in_field("hardware", '"specialties": [{"area": "gardening"}]'),
        f"missing_key {HARDWARE}.specialties[0]",
        f"unknown_value {HARDWARE}.specialties[0].area",
    ),
    "missing-key-and-bad-marks": case(
        bad('"exams": [{"status": "maybe", "source": 1}]'),
        "missing_key $.exams[0]",
        "unknown_value $.exams[0].status",
        "wrong_type $.exams[0].source",
    ),
    "wrong-type-and-unknown-value": case(
        project("hardware", '"assignments": [{"to": "us", "coverage": 3}]'),
        f"unknown_value {PROJECT}.assignments[0].to",
        f"wrong_type {PROJECT}.assignments[0].coverage",
    ),
    "no-candidate-and-more": case(
        '{"exams": ["bar"], "leads_others": 1, "fields": {"hardware": {"projects": [{"id": "p"}, {"id": "p"}]}}}',
        "missing_key $",
        "unknown_value $.exams[0]",
        "wrong_type $.leads_others",
        f"conflict {HARDWARE}.projects[1]",
        candidate=None,
    ),
}
"""One candidate's object, in JSON that is YAML as well; the same is refused in every form, at the same path."""

JSON_OBJECTS = {
    "id-with-null": case('{"candidate": "b\\u0000d"}', "unknown_value $.candidate", candidate=None),
    "project-id-with-null": case(
        in_field("hardware", '"projects": [{"id": "\\u0000"}]'), f"unknown_value {PROJECT}.id"
    ),
    "source-with-null": case(bad('"leads_others": {"source": "\\u0000"}'), "unknown_value $.leads_others.source"),
    "half-an-id": case('{"candidate": "\\ud800"}', "syntax $.candidate", candidate=None),
    "half-a-project-id": case(in_field("hardware", '"projects": [{"id": "\\udfff"}]'), f"syntax {PROJECT}.id"),
    "half-a-key": case(bad('"\\ud83d": 1'), 'unknown_key $["\\ud83d"]'),
    "half-a-value": case(bad('"exams": ["\\ud83d"]'), "unknown_value $.exams[0]"),
}
"""Objects that only JSON can write."""

YAML_OBJECTS = {
    "yes": case("candidate: bad\nleads_others: yes\n", "wrong_type $.leads_others"),
    "on": case("candidate: bad\nleads_others: on\n", "wrong_type $.leads_others"),
    "null-tilde": case("candidate: bad\nleads_others: ~\n", "wrong_type $.leads_others"),
    "null-absent": case("candidate: bad\nexams:\n", "wrong_type $.exams"),
    "id-number": case("candidate: 1001\n", "wrong_type $.candidate", candidate=None),
    "id-true": case("candidate: true\n", "wrong_type $.candidate", candidate=None),
    "id-null": case("candidate:\n", "wrong_type $.candidate", candidate=None),
    "merge": case("candidate: bad\n<<: {exams: [ap]}\n", 'unknown_key $["<<"]'),
    "merge-of-a-list": case("candidate: bad\n<<: [{exams: [ap]}, {leads_others: true}]\n", 'unknown_key $["<<"]'),
    "key-twice": case("candidate: bad\nexams: []\n'exams': []\n", "syntax $.exams"),
    "hexadecimal": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: 0x10}]}}\n",
        f"wrong_type {ROOM}.sites",
    ),
    "underscores": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: 1_000}]}}\n",
        f"wrong_type {ROOM}.sites",
    ),
    "sexagesimal": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: 1:30}]}}\n",
        f"wrong_type {ROOM}.sites",
    ),
    "date": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: 2024-04-01}]}}\n",
        f"wrong_type {ROOM}.sites",
    ),
    "other-digits": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: ３}]}}\n", f"wrong_type {ROOM}.sites"
    ),
    "infinite": case(
        "candidate: bad\nfields: {facility_management: {projects: [{id: p, sites: 1e999}]}}\n",
        f"bad_number {ROOM}.sites",
    ),
    "null-character": case('candidate: "b\\0d"\n', "unknown_value $.candidate", candidate=None),
}
"""Objects as only YAML writes them: plain scalars are what the core schema of YAML 1.2 makes of them."""

FACTS = {
    # unknown_predicate, wrong_arity, derived_predicate
    "predicate": case("candidate(bad).\nfriend(bad,good).", "unknown_predicate 2:1"),
    "predicate-in-a-line": case("candidate(bad).\n friend(bad,good).", "unknown_predicate 2:2"),
    "claimed-predicate": case("candidate(bad). claimed(friend(bad,good)).", "unknown_predicate 1:17"),
    "arity-less": case("candidate(bad). passed_exam(bad).", "wrong_arity 1:17"),
    "arity-more": case("candidate(bad). leads_others(bad,ap).", "wrong_arity 1:17"),
    "arity-of-candidate": case("candidate(bad). candidate(bad,x).", "wrong_arity 1:17"),
    "arity-of-claimed": case("candidate(bad). claimed(passed_exam(bad,ap),x).", "wrong_arity 1:17"),
    "arity-of-what-is-claimed": case("candidate(bad). claimed(passed_exam(bad)).", "wrong_arity 1:17"),
    "arity-of-source": case("candidate(bad). passed_exam(bad,ap). source(passed_exam(bad,ap)).", "wrong_arity 1:38"),
    "attained": case("candidate(bad). attained(bad,hardware,3).", "derived_predicate 1:17"),
    "met": case("candidate(bad). met(bad,hardware,3,projects).", "derived_predicate 1:17"),
    "verdict": case("candidate(bad). verdict(bad,hardware,3,attained).", "derived_predicate 1:17"),
    "holds": case("candidate(bad). holds(bad,bad,leads_others).", "derived_predicate 1:17"),
    "claimed-verdict": case("candidate(bad). claimed(verdict(bad,hardware,3,attained)).", "derived_predicate 1:17"),
    # unknown_value
    "exam": case("candidate(bad). passed_exam(bad,bar).", "unknown_value 1:17"),
    "exam-as-string": case('candidate(bad). passed_exam(bad,"ap").', "unknown_value 1:17"),
    "exam-as-number": case("candidate(bad). passed_exam(bad,1).", "unknown_value 1:17"),
    "exam-as-term": case("candidate(bad). passed_exam(bad,ap(ap)).", "unknown_value 1:17"),
    "field": case("candidate(bad). project(bad,p,sales).", "unknown_value 1:17"),
    "field-as-string": case('candidate(bad). project(bad,p,"hardware").', "unknown_value 1:17"),
    "component-of-another-field": case("candidate(bad). handles(bad,hardware,database).", "unknown_value 1:17"),
    "handles-in-facilities": case("candidate(bad). handles(bad,facility_management,pc).", "unknown_value 1:17"),
    "component-of-another-field-in-a-project": case(
        "candidate(bad). project(bad,p,hardware).\ncomponent(bad,p,database).", "unknown_value 2:1"
    ),
    "sites-on-hardware": case("candidate(bad). project(bad,p,hardware).\nsites(bad,p,3).", "unknown_value 2:1"),
    "combination": case(
        "candidate(bad). project(bad,p,hardware).\nassignment(bad,p,users,specific_users).", "unknown_value 2:1"
    ),
    "claimed-role": case("candidate(bad). project(bad,p,hardware).\nclaimed(role(bad,p,member)).", "unknown_value 2:1"),
    "claimed-candidate": case("candidate(bad). claimed(candidate(bad)).", "unknown_value 1:17"),
    "claimed-claim": case("candidate(bad). claimed(claimed(passed_exam(bad,ap))).", "unknown_value 1:17"),
    "claimed-source": case('candidate(bad). claimed(source(passed_exam(bad,ap),"r")).', "unknown_value 1:17"),
    "source-of-a-role": case(
        'candidate(bad). project(bad,p,hardware).\nsource(role(bad,p,member),"r").', "unknown_value 2:1"
    ),
    "source-of-a-claim": case('candidate(bad). source(claimed(passed_exam(bad,ap)),"r").', "unknown_value 1:17"),
    "source-of-no-fact": case('candidate(bad). source(bad,"r").', "unknown_value 1:17"),
    "null-character": case('candidate("b\0d").', "unknown_value 1:1", candidate=None),
    # bad_number
    "nought": case("candidate(bad). project(bad,p,facility_management).\nsites(bad,p,0).", "bad_number 2:1"),
    "negative": case("candidate(bad). project(bad,p,facility_management).\nsites(bad,p,-3).", "bad_number 2:1"),
    "2**31": case(f"candidate(bad). project(bad,p,facility_management).\nsites(bad,p,{2**31}).", "bad_number 2:1"),
    "hexadecimal": case(
        "candidate(bad). project(bad,p,facility_management).\nsites(bad,p,0x3B9ACA01).", "bad_number 2:1"
    ),
    "hexadecimal-with-noughts": case(
        f"candidate(bad). project(bad,p,facility_management).\nsites(bad,p,0x{'0' * 37}5ffffffff).", "bad_number 2:1"
    ),
    "100000-digits": case(
        f"candidate(bad). project(bad,p,facility_management).\nsites(bad,p,{'9' * 100_000}).", "bad_number 2:1"
    ),
    "number-as-string": case(
        'candidate(bad). project(bad,p,facility_management).\nsites(bad,p,"3").', "bad_number 2:1"
    ),
    "number-as-term": case("candidate(bad). project(bad,p,facility_management).\nsites(bad,p,n(3)).", "bad_number 2:1"),
    # wrong_type
    "id-number": case("candidate(1001).", "wrong_type 1:1", candidate=None),
    "id-empty": case('candidate("").', "wrong_type 1:1", candidate=None),
    "id-term": case("candidate(bad(1)).", "wrong_type 1:1", candidate=None),
    "id-tuple": case("candidate((bad,1)).", "wrong_type 1:1", candidate=None),
    "project-id-number": case("candidate(bad). project(bad,1,hardware).", "wrong_type 1:17"),
    "project-id-empty": case('candidate(bad). project(bad,"",hardware).', "wrong_type 1:17"),
    "project-of-a-number": case(
        'candidate(bad). project(bad,"0",hardware). project(bad,"1",software).\nrole(bad,1,member).', "wrong_type 2:1"
    ),
    "project-of-a-great-number": case(
        f'candidate(bad). project(bad,"{"9" * 20}",hardware).\nrole(bad,{"9" * 20},member).', "wrong_type 2:1"
    ),
    "project-of-a-term": case(
        'candidate(bad). project(bad,"p(x,\\"y\\")",hardware).\nrole(bad,p(x,"y"),member).', "wrong_type 2:1"
    ),
    "source-constant": case("candidate(bad). passed_exam(bad,ap).\nsource(passed_exam(bad,ap),r).", "wrong_type 2:1"),
    "source-number": case("candidate(bad). passed_exam(bad,ap).\nsource(passed_exam(bad,ap),7).", "wrong_type 2:1"),
    # unknown_candidate, unknown_project
    "candidate": case("passed_exam(bad,ap).", "unknown_candidate 1:1"),
    "candidate-as-string": case('leads_others("bad").', "unknown_candidate 1:1"),
    "project": case("candidate(bad). role(bad,p,member).", "unknown_project 1:17"),
    "project-of-another-candidate": case("candidate(bad). role(bad,fine,member).", "unknown_project 1:17"),
    "source-of-no-project": case('candidate(bad). source(project(bad,p,hardware),"r").', "unknown_project 1:17"),
    # conflict
    "second-role": case(
        "candidate(bad). project(bad,p,hardware).\nrole(bad,p,member). role(bad,p,responsible).", "conflict 2:21"
    ),
    "second-outcome": case(
        'candidate(bad). project(bad,p,hardware).\noutcome(bad,p,success). outcome(bad,"p",failure).', "conflict 2:25"
    ),
    "second-number": case(
        "candidate(bad). project(bad,p,facility_management).\nsites(bad,p,2). sites(bad,p,3).", "conflict 2:17"
    ),
    "project-in-two-fields": case(
        'candidate(bad). project(bad,p,hardware).\nproject(bad,"p",software).', "conflict 2:1"
    ),
    "project-twice": case("candidate(bad). project(bad,p,hardware).\nproject(bad,p,hardware).", "conflict 2:1"),
    "verified-and-claimed": case("candidate(bad). passed_exam(bad,ap).\nclaimed(passed_exam(bad,ap)).", "conflict 2:1"),
    "claimed-and-verified": case(
        'candidate(bad). claimed(achievement(bad,hardware,book,b)).\nachievement(bad,hardware,book,"b").',
        "conflict 2:1",
    ),
    # too_large
    "id-long": case(f"candidate({LONG}).", "too_large 1:1", candidate=None),
    "project-id-long": case(f'candidate(bad).\nproject(bad,"{LONG}",hardware).', "too_large 2:1"),
    "source-long": case(f'candidate(bad). leads_others(bad).\nsource(leads_others(bad),"{LONG}").', "too_large 2:1"),
    "facts": case("candidate(bad).\n" + "passed_exam(bad,ap).\n" * MANY, "too_large 1:1"),
    # all at once
    "several": case(
        "passed_exam(bad,bar).\nverdict(bad,hardware,3,attained).\nfriend(bad).\nleads_others(bad,1).\n"
        "role(bad,p,member).\nproject(bad,q,facility_management). sites(bad,q,0). role(bad,q,boss).\n"
        "passed_exam(bad,ap). claimed(passed_exam(bad,ap)).\nproject(bad,7,hardware).",
        "unknown_candidate 1:1",
        "unknown_value 1:1",
        "derived_predicate 2:1",
        "unknown_predicate 3:1",
        "wrong_arity 4:1",
        "unknown_project 5:1",
        "bad_number 6:37",
        "unknown_value 6:53",
        "conflict 7:22",
        "wrong_type 8:1",
    ),
}
"""Facts about one candidate. The sound facts of others stand in the same file, and between these."""

FACT_FILES = {
    # syntax
    "no-full-stop": case("candidate(bad)", "syntax 1:15"),
    "no-parenthesis": case("candidate(bad", "syntax 1:14"),
    "no-argument": case("candidate().", "syntax 1:11"),
    "open-string": case('candidate("bad).\ncandidate(x).', "syntax 1:11"),
    "string-over-lines": case('candidate("b\nd").', "syntax 1:11"),
    "unknown-escape": case('candidate("b\\d").', "syntax 1:11"),
    "open-comment": case("candidate(bad). %* for ever", "syntax 1:17"),
    "number-and-name": case("candidate(1a).", "syntax 1:12"),
    "nought-in-front": case("candidate(007).", "syntax 1:12"),
    "no-ascii": case("candidate(花子).", "syntax 1:11"),
    "null-character": case("candidate(bad).\0", "syntax 1:16"),
    "form-feed": case("candidate(bad).\fcandidate(x).", "syntax 1:16"),
    # not_a_fact
    "script": case("#script (python)\nimport os\nos.abort()\n#end.\ncandidate(bad).", "not_a_fact 1:1"),
    "script-without-end": case("candidate(bad).\n#script (lua)\nos.exit(1)", "not_a_fact 2:1"),
    "include": case('#include "/etc/passwd".', "not_a_fact 1:1"),
    "include-of-a-library": case("#include <incmode>.", "not_a_fact 1:1"),
    "external": case("#external candidate(bad).", "not_a_fact 1:1"),
    "const": case("#const good = bad.", "not_a_fact 1:1"),
    "show": case("#show.", "not_a_fact 1:1"),
    "program": case("#program other.", "not_a_fact 1:1"),
    "defined": case("#defined candidate/1.", "not_a_fact 1:1"),
    "minimize": case("#minimize { 1 : candidate(bad) }.", "not_a_fact 1:1"),
    "rule": case("passed_exam(C,ap) :- candidate(C).", "not_a_fact 1:13"),
    "ground-rule": case("passed_exam(bad,ap) :- candidate(bad).", "not_a_fact 1:21"),
    "constraint": case(":- candidate(good).", "not_a_fact 1:1"),
    "weak-constraint": case(":~ candidate(good).", "not_a_fact 1:1"),
    "choice": case("{ candidate(bad) }.", "not_a_fact 1:1"),
    "choice-with-bounds": case("1 { candidate(bad) } 1.", "not_a_fact 1:1"),
    "disjunction": case("candidate(bad) | candidate(x).", "not_a_fact 1:16"),
    "disjunction-by-semicolon": case("candidate(bad) ; candidate(x).", "not_a_fact 1:16"),
    "condition": case("candidate(bad) : candidate(good).", "not_a_fact 1:16"),
    "negation": case("not candidate(good).", "not_a_fact 1:1"),
    "classical-negation": case("-candidate(good).", "not_a_fact 1:1"),
    "classical-negation-inside": case("candidate(-bad).", "not_a_fact 1:11"),
    "variable": case("candidate(Bad).", "not_a_fact 1:11"),
    "anonymous-variable": case("candidate(_).", "not_a_fact 1:11"),
    "interval": case("candidate(bad). sites(bad,p,1..1000000000).", "not_a_fact 1:30"),
    "pool": case("candidate(bad;x).", "not_a_fact 1:14"),
    "call": case("candidate(@bad()).", "not_a_fact 1:11"),
    "sum": case("candidate(bad). sites(bad,p,1+1).", "not_a_fact 1:30"),
    "power": case("candidate(bad). sites(bad,p,10**9).", "not_a_fact 1:31"),
    "absolute": case("candidate(bad). sites(bad,p,|1|).", "not_a_fact 1:29"),
    "complement": case("candidate(bad). sites(bad,p,~1).", "not_a_fact 1:29"),
    "infimum": case("candidate(#inf).", "not_a_fact 1:11"),
    "comparison": case("1 < 2.", "not_a_fact 1:1"),
    "theory-atom": case("&sum { 1 } >= 0.", "not_a_fact 1:1"),
    # all at once
    "several": case(
        'candidate(bad).\n#include "x".\npassed_exam(X,ap).\nrole(bad p,member).\n{ candidate(bad) }.\n'
        'sites(bad,p,1..2).\nrole(bad,"p,member).',
        "not_a_fact 2:1",
        "not_a_fact 3:13",
        "syntax 4:10",
        "not_a_fact 5:1",
        "not_a_fact 6:14",
        "syntax 7:10",
    ),
    # too_large
    "nested": case(f"candidate({'f(' * 100_000}x{')' * 100_000}).", "too_large 1:42"),
    "nested-tuples": case(f"candidate({'(' * 100_000}x{')' * 100_000}).", "too_large 1:26"),
}
"""Facts of a whole file: one statement that is no fact, and nothing of the file is read."""

DOCUMENTS: dict[tuple[str, str], Case] = {
    ("json", "empty"): case("", "syntax 1:1"),
    ("json", "open"): case('{"candidate": "bad"', "syntax 1:20"),
    ("json", "two"): case('{"candidate": "bad"}\n{"candidate": "x"}', "syntax 2:1"),
    ("json", "no-value"): case('{"candidate":\n }', "syntax 2:2"),
    ("json", "single-quotes"): case("{'candidate': 'bad'}", "syntax 1:2"),
    ("json", "nan"): case('{"candidate": "bad", "NaN": "NaN",\n "x": NaN}', "syntax 2:7"),
    ("json", "infinity"): case('{"candidate": "bad", "x": -Infinity}', "syntax 1:27"),
    ("json", "null-character"): case('{"candidate": "b\0d"}', "syntax 1:17"),
    ("json", "leading-nought"): case('{"candidate": "bad", "x": 010}', "syntax 1:28"),
    ("json", "nested-lists"): case("[" * 100_000 + "]" * 100_000, "too_large -"),
    ("json", "nested-objects"): case('{"candidate":' * 100_000 + "1" + "}" * 100_000, "too_large -"),
    ("yaml", "anchor"): case("candidate: &a bad\n", "syntax 1:12"),
    ("yaml", "alias"): case("candidate: bad\nexams: *a\n", "syntax 2:8"),
    ("yaml", "laughs"): case("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "syntax 1:4"),
    ("yaml", "itself"): case("&a [*a]\n", "syntax 1:1"),
    ("yaml", "tag"): case("candidate: !!str 1001\n", "syntax 1:12"),
    ("yaml", "tag-of-a-call"): case("candidate: !!python/object/apply:os.abort []\n", "syntax 1:12"),
    ("yaml", "tag-of-a-name"): case("!!python/name:os.abort\n", "syntax 1:1"),
    ("yaml", "tag-of-a-key"): case("!!str candidate: bad\n", "syntax 1:1"),
    ("yaml", "tag-of-none"): case("candidate: ! bad\n", "syntax 1:12"),
    ("yaml", "tag-in-words"): case("candidate: !<tag:yaml.org,2002:str> 1\n", "syntax 1:12"),
    ("yaml", "tab"): case("fields:\n\thardware: {}\n", "syntax 2:1"),
    ("yaml", "open"): case('candidate: "bad\n', "syntax 2:1"),
    ("yaml", "half-a-character"): case('candidate: "\\ud800"\n', "syntax 1:15"),
    ("yaml", "null-character"): case("candidate: b\0d\n", "syntax -"),
    ("yaml", "nested-flow"): case("[" * 100_000 + "]" * 100_000, "too_large -"),
    ("yaml", "nested-block"): case("".join(" " * depth + "a:\n" for depth in range(1000)), "too_large -"),
    ("yaml", "nested-sequence"): case("- " * 100_000 + "x\n", "too_large -"),
    ("yaml", "a-broken-document"): case("candidate: bad\n---\n[\n", "syntax 4:1"),
}
"""Whole files of JSON and YAML. A dash stands for a place that is not known."""

BYTES = {
    "no-utf-8": (b'candidate: "b\xffd"\n', "1:14"),
    "no-utf-8-further-on": ("花子\n".encode() + b'"b\xffd"', "2:3"),
    "encoded-surrogate": (b"\xed\xa0\x80", "1:1"),
    "overlong": (b"a\xc0\xaf", "1:2"),
    "utf-16": ("candidate: bad\n".encode("utf-16"), "1:1"),
    "utf-32": ("candidate: bad\n".encode("utf-32"), "1:1"),
}


def place(refusal: Refusal) -> str:
    where = refusal.place
    if where.path is not None:
        return where.path
    return f"{where.line}:{where.column}" if where.line is not None else "-"


def found(refusals: Iterable[Refusal]) -> list[Found]:
    return in_order((refusal.code, refusal.candidate, place(refusal)) for refusal in refusals)


class Outcome(NamedTuple):
    refusals: list[Refusal]
    answers: dict[str, Answer]


def outcome(*paths: Path) -> Outcome:
    """Read and evaluate files; every refusal must be whole."""
    evidence: list[Evidence] = []
    refusals: list[Refusal] = []
    for entry in POLICY.read(*map(str, paths)):
        if isinstance(entry, Evidence):
            evidence.append(entry)
        else:
            assert entry.refusals
            refusals.extend(entry.refusals)
            assert {refusal.candidate for refusal in entry.refusals} == {entry.candidate}
    for refusal in refusals:
        assert refusal.code in CODES
        assert refusal.place.file in map(str, paths)
        assert refusal.message.strip()
        assert refusal.mend.strip()
        assert list(refusal.as_json()) == ["code", "candidate", "file", "line", "column", "path", "message", "mend"]
    answers = {answer.candidate: answer for answer in POLICY.evaluate(evidence)}
    assert len(answers) == len(evidence)
    return Outcome(refusals, answers)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """The answers for the sound candidates, each read and evaluated by itself."""
    folder = tmp_path_factory.mktemp("alone")
    answers: dict[str, Answer] = {}
    for name, text in (("good", GOOD), ("fine", FINE)):
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        answers |= outcome(folder / f"{name}.json").answers
    return answers


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("name", [*OBJECTS, *JSON_OBJECTS])
def test_an_object_in_a_json_list(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = {**OBJECTS, **JSON_OBJECTS}[name]
    refusals, answers = outcome(write(tmp_path / "x.json", f"[{GOOD},\n{wrong.text},\n{FINE}]"))
    assert found(refusals) == moved(wrong, "$[1]")
    assert answers == alone
    assert {refusal.place.line for refusal in refusals} == {None}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_by_itself(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = OBJECTS[name]
    write(tmp_path / "a.json", GOOD)
    write(tmp_path / "b.json", wrong.text)
    write(tmp_path / "c.json", FINE)
    expected = wrong.found() if wrong.text != "[]" else []
    refusals, answers = outcome(*sorted(tmp_path.iterdir()))
    assert found(refusals) == expected
    assert answers == alone


@pytest.mark.parametrize("name", [*OBJECTS, *JSON_OBJECTS])
def test_an_object_in_a_line(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = {**OBJECTS, **JSON_OBJECTS}[name]
    refusals, answers = outcome(write(tmp_path / "x.jsonl", f"{GOOD}\n{wrong.text}\n{FINE}\n"))
    assert found(refusals) == wrong.found()
    assert answers == alone
    assert {refusal.place.line for refusal in refusals} == {2}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_in_a_yaml_list(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = OBJECTS[name]
    refusals, answers = outcome(write(tmp_path / "x.yaml", f"- {GOOD}\n- {wrong.text}\n- {FINE}\n"))
    assert found(refusals) == moved(wrong, "$[1]")
    assert answers == alone


@pytest.mark.parametrize("name", YAML_OBJECTS)
def test_an_object_as_yaml_writes_it(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = YAML_OBJECTS[name]
    refusals, answers = outcome(write(tmp_path / "x.yml", f"{GOOD}\n---\n{wrong.text}---\n{FINE}\n"))
    assert found(refusals) == moved(wrong, "$[1]")
    assert answers == alone


def moved(wrong: Case, root: str) -> list[Found]:
    return in_order((code, candidate, path.replace("$", root, 1)) for code, candidate, path in wrong.found())


@pytest.mark.parametrize("name", FACTS)
def test_facts_beside_those_of_others(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = FACTS[name]
    expected = in_order((code, who, below(where, 1)) for code, who, where in wrong.found())
    refusals, answers = outcome(write(tmp_path / "x.lp", f"{GOOD_FACTS}\n{wrong.text}\n{FINE_FACTS}\n"))
    assert found(refusals) == expected
    assert answers == alone


@pytest.mark.parametrize("name", FACT_FILES)
def test_a_file_of_more_than_facts(name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    wrong = FACT_FILES[name]
    write(tmp_path / "a.lp", GOOD_FACTS)
    write(tmp_path / "b.lp", wrong.text)
    write(tmp_path / "c.lp", FINE_FACTS)
    refusals, answers = outcome(*sorted(tmp_path.iterdir()))
    assert found(refusals) == [(code, None, where) for code, _, where in wrong.found()]
    assert answers == alone


@pytest.mark.parametrize("name", FACT_FILES)
def test_nothing_is_read_of_a_file_of_more_than_facts(name: str, tmp_path: Path) -> None:
    wrong = FACT_FILES[name]
    refusals, answers = outcome(write(tmp_path / "x.lp", f"{GOOD_FACTS}\n{wrong.text}"))
    assert found(refusals) == [(code, None, below(where, 1)) for code, _, where in wrong.found()]
    assert answers == {}


def below(where: str, lines: int) -> str:
    line, column = where.split(":")
    return f"{int(line) + lines}:{column}"


@pytest.mark.parametrize(("form", "name"), DOCUMENTS)
def test_a_document_that_cannot_be_split(form: str, name: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    write(tmp_path / "a.json", GOOD)
    write(tmp_path / f"b.{form}", DOCUMENTS[form, name].text)
    write(tmp_path / "c.json", FINE)
    refusals, answers = outcome(*sorted(tmp_path.iterdir()))
    assert found(refusals) == [(code, None, where) for code, _, where in DOCUMENTS[form, name].found()]
    assert answers == alone


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "lp"])
@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_not_utf_8(form: str, name: str, tmp_path: Path) -> None:
    text, where = BYTES[name]
    (tmp_path / f"x.{form}").write_bytes(text)
    refusals, answers = outcome(tmp_path / f"x.{form}")
    assert ("syntax", None, where) in found(refusals)
    assert len(refusals) == 1 or form == "jsonl"
    assert answers == {}


@pytest.mark.parametrize("nested", ["[" * 100 + "]" * 100, '{"x": ' * 100 + "0" + "}" * 100])
def test_what_is_nested_too_deep_is_refused_alone(nested: str, tmp_path: Path, alone: dict[str, Answer]) -> None:
    refusals, answers = outcome(write(tmp_path / "x.json", f'[{GOOD}, {{"candidate": "bad", "x": {nested}}}, {FINE}]'))
    assert [(refusal.code, refusal.place.path) for refusal in refusals] == [("too_large", "$[1]")]
    assert answers == alone


def test_one_bad_line_among_good_ones(tmp_path: Path, alone: dict[str, Answer]) -> None:
    lines = [
        GOOD.encode(),
        b'{"candidate" 1}',
        b"",
        b'{"candidate": "b\xffd"}',
        b'{"candidate": NaN}',
        b"  ",
        b"[]",
        FINE.encode(),
    ]
    (tmp_path / "x.jsonl").write_bytes(b"\r\n".join(lines))
    refusals, answers = outcome(tmp_path / "x.jsonl")
    assert [(r.code, r.place.line, r.place.column, r.place.path) for r in refusals] == [
        ("syntax", 2, 14, None),
        ("syntax", 4, 17, None),
        ("syntax", 5, 15, None),
        ("wrong_type", 7, None, "$"),
    ]
    assert answers == alone


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_column_of_a_line_that_breaks_off(end: str, tmp_path: Path) -> None:
    refusals = outcome(write(tmp_path / "x.jsonl", f'\n{{"candidate":{end}')).refusals
    assert [(r.code, r.place.line, r.place.column) for r in refusals] == [("syntax", 2, 14)]


CONSTANT = "candidate(twin). passed_exam(twin,ap)."
STRING = 'candidate("twin"). leads_others("twin").'
OBJECT = '{"candidate": "twin", "leads_others": true}'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a.lp", CONSTANT), ("b.lp", STRING)),
        (("a.lp", STRING), ("b.lp", CONSTANT)),
        (("a.lp", CONSTANT), ("b.json", OBJECT)),
        (("a.json", OBJECT), ("b.lp", STRING)),
        (("a.jsonl", OBJECT), ("b.yaml", "candidate: twin\n")),
        (("a.yaml", "candidate: twin\n"), ("b.jsonl", OBJECT)),
    ],
)
def test_the_first_of_two_stands(first: tuple[str, str], second: tuple[str, str], tmp_path: Path) -> None:
    by_itself = outcome(write(tmp_path / first[0], first[1]))
    refusals, answers = outcome(tmp_path / first[0], write(tmp_path / second[0], second[1]))
    assert answers == by_itself.answers
    assert list(answers) == ["twin"]
    [refusal] = refusals
    assert (refusal.code, refusal.candidate) == ("duplicate_candidate", "twin")
    assert refusal.place.file.endswith(second[0])


def test_a_constant_and_a_string_are_one_candidate(tmp_path: Path) -> None:
    both = outcome(write(tmp_path / "a.lp", f"{CONSTANT} {STRING}"))
    same = outcome(write(tmp_path / "b.lp", "candidate(twin). passed_exam(twin,ap). leads_others(twin)."))
    assert both == same


def test_facts_about_one_who_stands_elsewhere(tmp_path: Path, alone: dict[str, Answer]) -> None:
    write(tmp_path / "a.lp", "passed_exam(good,ip). passed_exam(good,nonsense).")
    write(tmp_path / "b.lp", GOOD_FACTS)
    write(tmp_path / "c.lp", f"leads_others(good). {FINE_FACTS}")
    refusals, answers = outcome(*sorted(tmp_path.iterdir()))
    assert [(r.code, r.candidate, Path(r.place.file).name) for r in refusals] == [
        ("unknown_candidate", "good", "a.lp"),
        ("unknown_value", "good", "a.lp"),
        ("unknown_candidate", "good", "c.lp"),
    ]
    assert answers == alone


def test_any_number_of_facts_about_one_who_stands_elsewhere(
    tmp_path: Path, alone: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REFUSALS", 5)
    write(tmp_path / "a.lp", "".join(f"passed_exam(good,ap,{number}).\n" for number in range(9)))
    write(tmp_path / "b.lp", f"{GOOD_FACTS} {FINE_FACTS}")
    refusals, answers = outcome(*sorted(tmp_path.iterdir()))
    assert {Path(refusal.place.file).name for refusal in refusals} == {"a.lp"}
    assert answers == alone


def test_limits_of_files_and_lines(tmp_path: Path, alone: dict[str, Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 150)
    monkeypatch.setattr(limits, "LINE_BYTES", 100)
    for form in ("json", "yaml", "lp"):
        write(tmp_path / f"a.{form}", " " * 151)
        assert found(outcome(tmp_path / f"a.{form}").refusals) == [("too_large", None, "-")]
    long = '{"candidate": "' + "x" * 1000 + '"}'
    write(tmp_path / "b.jsonl", f"{GOOD}\n{long}\n{FINE}\n{long}")
    refusals, answers = outcome(tmp_path / "b.jsonl")
    assert [(refusal.code, refusal.place.line) for refusal in refusals] == [("too_large", 2), ("too_large", 4)]
    assert answers == alone


@pytest.mark.parametrize("form", ["json", "yaml", "lp"])
def test_errors_beyond_number_are_counted(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFUSALS", 10)
    exams = [f"x{number}" for number in range(25)]
    text = json.dumps({"candidate": "bad", "exams": exams})
    if form == "lp":
        text = "candidate(bad). " + "".join(f"passed_exam(bad,{exam}). " for exam in exams)
    refusals, _ = outcome(write(tmp_path / f"x.{form}", text))
    assert [refusal.code for refusal in refusals].count("unknown_value") == 10
    [more] = [refusal for refusal in refusals if refusal.code == "too_large"]
    assert more.message.startswith("15 ")


def test_every_code_is_covered() -> None:
    def codes(cases: Iterable[Case]) -> set[str]:
        return {refusal.split(" ")[0] for wrong in cases for refusal in wrong.refusals}

    only_facts = {"not_a_fact", "unknown_predicate", "wrong_arity", "derived_predicate"}
    only_facts |= {"unknown_candidate", "unknown_project"}
    assert codes([*OBJECTS.values(), *DOCUMENTS.values()]) == CODES - only_facts
    assert codes([*FACTS.values(), *FACT_FILES.values()]) == CODES - {
        "unknown_key",
        "missing_key",
        "duplicate_candidate",  # test_the_first_of_two_stands
    }


def itss(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "itss_logic", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
    )


LINE = re.compile(r"(?P<file>[^:]+)(:(?P<line>\d+)(:(?P<column>\d+))?)?(:(?P<path>\$\S*))?: (?P<code>[a-z_]+): .+; .+")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every case, and a sound candidate."""
    folder = tmp_path_factory.mktemp("everything")
    write(folder / "0.jsonl", f"{GOOD}\n{FINE}\n")
    for number, wrong in enumerate([*OBJECTS.values(), *JSON_OBJECTS.values()]):
        write(folder / f"object{number}.json", wrong.text)
    write(folder / "objects.jsonl", "".join(f"{wrong.text}\n" for wrong in OBJECTS.values()))
    for number, wrong in enumerate(YAML_OBJECTS.values()):
        write(folder / f"object{number}.yaml", wrong.text)
    for number, wrong in enumerate([*FACTS.values(), *FACT_FILES.values()]):
        write(folder / f"facts{number}.lp", wrong.text)
    for number, ((form, _), wrong) in enumerate(DOCUMENTS.items()):
        write(folder / f"document{number}.{form}", wrong.text)
    return folder


def test_check_prints_every_refusal_in_both_forms(everything: Path) -> None:
    process = itss("check", "--format", "json", everything)
    assert process.returncode == 1
    answer = json.loads(process.stdout)
    files = sorted(everything.iterdir())
    expected = outcome(*files)
    assert answer == {"candidates": len(expected.answers), "refusals": [r.as_json() for r in expected.refusals]}
    lines = process.stderr.splitlines()
    assert len(lines) == len(answer["refusals"])
    assert lines == [str(refusal) for refusal in expected.refusals]
    for line, refusal in zip(lines, answer["refusals"], strict=True):
        match = LINE.fullmatch(line)
        assert match, line
        assert line.isprintable()
        printed: dict[str, Any] = match.groupdict()
        assert (printed["file"], printed["code"]) == (refusal["file"], refusal["code"])
        assert (printed["line"], printed["column"]) == (text(refusal["line"]), text(refusal["column"]))
        assert printed["path"] == refusal["path"]


def text(number: int | None) -> str | None:
    return None if number is None else str(number)


def test_evaluate_answers_the_others_and_prints_the_same_lines(everything: Path) -> None:
    files = sorted(everything.iterdir())
    expected = outcome(*files)
    process = itss("evaluate", "--format", "jsonl", everything)
    assert process.returncode == 1
    assert process.stderr.splitlines() == [str(refusal) for refusal in expected.refusals]
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert answers == [answer.as_json() for answer in expected.answers.values()]


@pytest.mark.parametrize("command", [["check"], ["evaluate", "--format", "jsonl"]])
@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], 0),
        ([GOOD], 0),
        ([GOOD, FINE], 0),
        ([GOOD, "{}"], 1),
        ([GOOD, GOOD], 1),
        (["{}"], 2),
        (["{}", "[", "3"], 2),
    ],
)
def test_exit_codes(command: Sequence[str], texts: Sequence[str], code: int, tmp_path: Path) -> None:
    process = itss(*command, write(tmp_path / "x.jsonl", "".join(f"{text}\n" for text in texts)))
    assert process.returncode == code
    assert (process.stderr == "") == (code == 0 and bool(texts))


def test_a_requirement_that_fails_outranks_what_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "x.jsonl", f"{GOOD}\n{{}}\n")
    assert itss("evaluate", "--require", "hardware:3", file).returncode == 1
    assert itss("evaluate", "--require", "hardware:5", file).returncode == 3
    write(file, "{}\n")
    assert itss("evaluate", "--require", "hardware:5", file).returncode == 2


@pytest.mark.parametrize("arguments", [["no-such-file.json"], ["README.md"], [], ["--input-format", "xml", "-"]])
def test_usage_errors(arguments: Sequence[str]) -> None:
    process = itss("check", *arguments)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr


def test_every_error_of_a_refused_candidate_names_it(tmp_path: Path) -> None:
    [entry] = POLICY.read(str(write(tmp_path / "x.json", OBJECTS["several"].text)))
    assert isinstance(entry, Refused)
    assert entry.candidate == "bad"
    assert {refusal.candidate for refusal in entry.refusals} == {"bad"}
