"""Runs the table of ``translate_cases.json``: every key of a case is checked, and a key that nobody checks fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.catalogue import Catalogue, Item, ItemState
from gateway.domain.crosswalk import ALWAYS, CrosswalkRow, Relationship, ReviewState, Standing
from gateway.domain.translation import (
    Atlas,
    Direction,
    LedFrom,
    MapExpired,
    Match,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    Query,
    Step,
    Translation,
    UnknownCode,
    Unmapped,
    require_match,
    translate,
    translate_batch,
)
from tests.gateway.domain.made import TODAY, make_atlas, make_catalogue, make_item, make_row
from trust.errors import TongbanError

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "translate_cases.json").read_text("utf-8"))
REGIONS: dict[str, str] = TABLE["regions"]
LETTERS = {region: letter for letter, region in REGIONS.items()}
CASES: list[dict[str, Any]] = TABLE["cases"]

TELLING = {
    "MATCHED": {"path"},
    "LED_FROM": set(),  # one of several keys; each of them names every row
    "NEEDS_FACTS": {"questions", "leaves"},
    "NO_EQUIVALENT": {"path"},
    "UNMAPPED": {"set_aside"},
    "UNKNOWN_CODE": {"unknown"},
    "NOT_IN_FORCE": {"item", "why_not"},
    "MAP_EXPIRED": {"rows"},
    "ERROR": {"error"},
}
"""What a case of each outcome must say at least."""


def test_the_table_is_whole() -> None:
    assert len(CASES) >= 120
    assert [case_id for case_id, count in Counter(case["id"] for case in CASES).items() if count > 1] == []
    for case in CASES:
        assert case["why"], case["id"]
        assert TELLING[case["outcome"]] <= case.keys(), case["id"]
    assert {case["outcome"] for case in CASES} == TELLING.keys()


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
@pytest.mark.parametrize("backwards", [False, True], ids=["", "rows-in-other-order"])
def test_case(case: dict[str, Any], backwards: bool) -> None:
    found = observed(atlas(tuple(case.get("without", ())), backwards), query_of(case["query"]))
    expected = {key: value for key, value in case.items() if key not in {"id", "why", "query", "without"}}
    assert {key: found[key] for key in expected} == expected  # a key that is not observed is a KeyError


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_a_batch_says_the_same(case: dict[str, Any]) -> None:
    query = query_of(case["query"])
    if case["outcome"] == "ERROR" or not query.code:
        return
    world = atlas(tuple(case.get("without", ())))
    assert list(translate_batch(world, query, [(query.code, query.answers)])) == [translate(world, query)]


def query_of(cells: dict[str, Any]) -> Query:
    cells = {"source": "Y", "target": "J", **cells}
    fields: dict[str, Any] = {
        "source": REGIONS[cells.pop("source")],
        "target": REGIONS[cells.pop("target")],
        "on": date.fromisoformat(cells.pop("on")) if "on" in cells else TODAY,
        "direction": Direction(cells.pop("direction", "forward")),
        "minimum_review": ReviewState[cells.pop("minimum_review", "BOTH_SIDES")],
    }
    return Query(**fields, **cells)


@cache
def atlas(without: tuple[str, ...] = (), backwards: bool = False) -> Atlas:
    rows = [row_of(dict(cells)) for cells in TABLE["rows"]]
    kept = [catalogue_of(letter, items) for letter, items in TABLE["items"].items() if letter not in without]
    return make_atlas(*kept, rows=reversed(rows) if backwards else rows)


def catalogue_of(letter: str, items: Mapping[str, dict[str, Any]]) -> Catalogue:
    return make_catalogue(
        REGIONS[letter], *(item for code, cells in items.items() for item in items_of(letter, code, cells))
    )


def items_of(letter: str, code: str, cells: dict[str, Any]) -> Iterator[Item]:
    for each in cells.get("versions", [cells]):
        changes = dict(each)
        asks = {key: answers.split() for key, answers in changes.pop("asks", {}).items()}
        asked_when = {
            key: {earlier: answers.split() for earlier, answers in led.items()}
            for key, led in changes.pop("asked_when", {}).items()
        }
        for day in ("valid_from", "valid_until", "listed_from"):
            if day in changes:
                changes[day] = date.fromisoformat(changes[day])
        if "state" in changes:
            changes["state"] = ItemState(changes["state"])
        yield make_item(REGIONS[letter], code, asks, asked_when, **changes)


def row_of(cells: dict[str, Any]) -> CrosswalkRow:
    source, _, source_code = cells.pop("from").partition("/")
    target, _, target_code = cells.pop("to").partition("/")
    signed = cells.pop("signed", "J Y").split()
    changes: dict[str, Any] = {
        "source_catalogue": REGIONS[source],
        "target_catalogue": REGIONS[target],
        "relationship": Relationship(cells.pop("is", "equivalent")),
        "conditions": {key: answers.split() for key, answers in cells.pop("if", {}).items()},
        "valid_from": date.fromisoformat(cells.pop("valid_from", "2026-01-01")),
        "valid_until": date.fromisoformat(cells.pop("valid_until")) if "valid_until" in cells else None,
        "standing": Standing(
            tuple(sorted(member_of(each) for each in signed)),
            tuple(
                sorted((member_of(each), date.fromisoformat(day)) for each, day in cells.pop("withdrawn", {}).items())
            ),
        ),
    }
    return make_row(cells.pop("id"), source_code, target_code, **changes, **cells)


def member_of(name: str) -> str:
    letter, _, member = name.partition(".")
    return f"{REGIONS[letter]}.{member or 'gateway'}"


def observed(world: Atlas, query: Query) -> dict[str, Any]:  # noqa: PLR0911 - one exit for each outcome
    """Everything that a case may say about what came out."""
    try:
        outcome = translate(world, query)
    except TongbanError as error:
        return {"outcome": "ERROR", "error": error.reason.value}
    routes = routed(outcome)
    common = {"routes": routes is None, **({} if routes is None else {"refusal": routes})}
    if not isinstance(outcome, UnknownCode | NotInForce):
        common["source_version"] = outcome.source.version
        assert outcome.source.code == query.code
    match outcome:
        case Matched(match=match):
            return {"outcome": "MATCHED", **common, **observed_match(match)}
        case LedFrom(matches=matches):
            return {"outcome": "LED_FROM", **common, **observed_matches(matches)}
        case NeedsFacts(questions=questions):
            return {
                "outcome": "NEEDS_FACTS",
                **common,
                "questions": [each.question.key for each in questions],
                "leaves": {
                    each.question.key: {
                        option.key: [" ".join(map(name_of, match.path)) for match in left]
                        for option, left in each.leaves
                    }
                    for each in questions
                },
            }
        case NoEquivalent(path=path):
            return {"outcome": "NO_EQUIVALENT", **common, "path": [name_of(step) for step in path]}
        case Unmapped(set_aside=set_aside):
            reasons = [f"{name_of(Step(row))} {reason}" for row, reason in set_aside]
            return {"outcome": "UNMAPPED", **common, "set_aside": reasons}
        case UnknownCode(catalogue=catalogue, code=code, version=version):
            return {
                "outcome": "UNKNOWN_CODE",
                **common,
                "unknown": f"{LETTERS[catalogue]}/{code}",
                "unknown_version": version,
            }
        case NotInForce(item=item, why=why):
            return {"outcome": "NOT_IN_FORCE", **common, "item": item_name(item), "why_not": why}
        case MapExpired(rows=rows):
            return {"outcome": "MAP_EXPIRED", **common, "rows": [name_of(Step(row)) for row in rows]}


def routed(outcome: Translation) -> str | None:
    """Why a case can't be routed by it; None when it can."""
    try:
        require_match(outcome)
    except TongbanError as error:
        return error.reason.value if error.mend else "an error that says nothing about mending"
    return None


def observed_match(match: Match) -> dict[str, Any]:
    return {
        "target": item_name(match.item),
        "target_version": match.item.version,
        "relationship": match.relationship.value,
        "path": [name_of(step) for step in match.path],
        "conditions": sets_of(match.conditions),
        "materials": dict(match.materials),
        "products": dict(match.products),
        "review": match.review.name,
        "valid_from": match.valid_from.isoformat(),
        "valid_until": match.valid_until.isoformat() if match.valid_until else None,
        "confidence": match.confidence,
    }


def observed_matches(matches: tuple[Match, ...]) -> dict[str, Any]:
    assert all(match.materials == match.products == {} for match in matches)
    return {
        "matches": [
            f"{item_name(match.item)} {match.relationship} {' '.join(map(name_of, match.path))}" for match in matches
        ],
        "versions": [match.item.version for match in matches],
        "conditions_of": {match.path[0].row.id: sets_of(match.conditions) for match in matches},
        "rows_read": {
            step.row.id: [
                f"{LETTERS[step.row.source_catalogue]}/{step.row.source_code}",
                f"{LETTERS[step.row.target_catalogue]}/{step.row.target_code}",
                step.row.relationship.value,
            ]
            for match in matches
            for step in match.path
        },
    }


def sets_of(conditions: Mapping[str, frozenset[str]] = ALWAYS) -> dict[str, list[str]]:
    return {key: sorted(allowed) for key, allowed in conditions.items()}


def item_name(item: Item) -> str:
    return f"{LETTERS[item.catalogue]}/{item.code}"


def name_of(step: Step) -> str:
    version = f"@{step.row.version}" if step.row.version != 1 else ""
    return f"{'<' if step.inverted else ''}{step.row.id}{version}"
