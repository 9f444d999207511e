from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from gateway.domain.crosswalk import (
    COMPOSITIONS,
    Crosswalk,
    Relationship,
    ReviewState,
    Standing,
    cells_of,
    contradictions,
    may_coincide,
    record_of,
)
from tests.gateway.domain.made import BOTH, TODAY, make_row

EQUIVALENT, BROADER, NARROWER, RELATED, NONE = Relationship


def test_the_hash_is_that_of_the_content_and_not_of_the_standing() -> None:
    row = make_row("1", "A", "B", conditions={"house": {"used", "new"}}, products={"b": "2", "a": "1"})
    record = json.loads(record_of(row))
    assert record["conditions"] == "house=new|used"
    assert record["products"] == "a=1;b=2"
    assert record == cells_of(row)
    assert row.hash == hashlib.sha256(record_of(row)).digest()
    assert row.with_standing(Standing()).hash == row.hash
    assert replace(row, confidence=91).hash != row.hash
    assert replace(row, conditions={"house": frozenset({"new", "used"})}).hash == row.hash


def test_an_inverse_turns_broader_and_narrower_only() -> None:
    assert [each.inverse for each in Relationship] == [EQUIVALENT, NARROWER, BROADER, RELATED, NONE]


def meets(relationship: Relationship, source: frozenset[int], target: frozenset[int]) -> bool:
    """What a relationship says, with items as the sets of cases that they handle."""
    return {
        EQUIVALENT: target == source,
        BROADER: target > source,
        NARROWER: target < source,
        RELATED: not (target <= source or target >= source),
    }[relationship]


def test_steps_compose_to_what_holds_of_all_sets_and_else_to_nothing() -> None:
    sets = [frozenset(each for each in range(4) if bits >> each & 1) for bits in range(1, 16)]
    for first, second in product((EQUIVALENT, BROADER, NARROWER, RELATED), repeat=2):
        always = {
            relationship
            for relationship in (EQUIVALENT, BROADER, NARROWER, RELATED)
            if all(
                meets(relationship, one, other)
                for one, between, other in product(sets, repeat=3)
                if meets(first, one, between) and meets(second, between, other)
            )
        }
        assert COMPOSITIONS.get((first, second)) == next(iter(always), None)


def test_nothing_composes_with_an_asserted_none_but_an_equal() -> None:
    assert {pair for pair in COMPOSITIONS if NONE in pair} == {(EQUIVALENT, NONE)}


@pytest.mark.parametrize(
    ("changes", "coincide"),
    [
        ({}, True),
        ({"valid_from": date(2027, 1, 1), "valid_until": None}, False),
        ({"valid_from": date(2026, 12, 31), "valid_until": None}, True),
        ({"conditions": {"house": {"used"}}}, False),
        ({"conditions": {"house": {"used", "new"}}}, True),
        ({"conditions": {"spouse": {"yes"}}}, True),
    ],
)
def test_rows_exclude_one_another_by_their_days_or_by_a_question(changes: dict[str, object], coincide: bool) -> None:
    one = make_row("1", "A", "B", conditions={"house": {"new"}})
    other = make_row("2", "A", "C", **changes)
    assert may_coincide(one, other) is coincide
    assert may_coincide(other, one) is coincide


def test_contradictions_are_between_deciding_rows_of_one_route() -> None:
    first = make_row("1", "A", "B")
    clash = make_row("2", "A")
    rows = (
        first,
        make_row("3", "A", "D", relationship=RELATED),
        make_row("4", "A", "E", relationship=NARROWER),
        make_row("5", "C", "B"),
        make_row("6", "A", "B", target_catalogue="440300"),
        make_row("1", "A", "C", version=2),
    )
    assert contradictions(rows) == []
    assert [{one.id, other.id} for one, other in contradictions((*rows, clash))] == [{"1", "2"}, {"1", "2"}]


@pytest.mark.parametrize(
    ("members", "state"),
    [
        (("421000.gateway", "430600.gateway"), ReviewState.BOTH_SIDES),
        (("421000.gateway", "430600.platform", "440300.gateway"), ReviewState.BOTH_SIDES),
        (("430600.gateway",), ReviewState.ONE_SIDE),
        (("430600.gateway", "430600.platform"), ReviewState.ONE_SIDE),
        (("430600.gateway", "440300.gateway"), ReviewState.ONE_SIDE),
        (("4306001.gateway", "440300.gateway"), ReviewState.PROPOSED),
        ((), ReviewState.PROPOSED),
    ],
)
def test_a_row_counts_when_a_member_of_each_side_has_signed(members: tuple[str, ...], state: ReviewState) -> None:
    row = make_row("1", "A", "B", standing=Standing(members))
    assert row.standing.between("430600", "421000") is row.standing.between("421000", "430600") is state
    assert row.counts("430600", "421000") is (state is ReviewState.BOTH_SIDES)


@pytest.mark.parametrize(
    ("relationship", "conditions", "decides"),
    [
        (EQUIVALENT, {}, True),
        (BROADER, {}, True),
        (NONE, {}, True),
        (NARROWER, {}, False),
        (NARROWER, {"house": {"new"}}, True),
        (RELATED, {}, False),
        (RELATED, {"house": {"new"}}, False),
    ],
)
def test_narrower_decides_only_under_conditions_and_related_never(
    relationship: Relationship, conditions: dict[str, set[str]], decides: bool
) -> None:
    assert make_row("1", "A", "B", relationship=relationship, conditions=conditions).decides is decides


def test_rows_are_found_from_either_end() -> None:
    crosswalk = Crosswalk(
        (make_row("1", "A", "B"), make_row("2", "C", "B"), make_row("3", "A"), make_row("4", "A", "D"))
    )
    assert [row.id for row in crosswalk.rows_from("430600", "A", "421000")] == ["1", "3", "4"]
    assert [row.id for row in crosswalk.rows_to("421000", "B", "430600")] == ["1", "2"]
    assert crosswalk.rows_to("421000", "", "430600") == ()
    assert crosswalk.rows_from("421000", "A", "430600") == ()
    assert crosswalk.rows_from("430600", "B", "421000") == ()


@pytest.mark.parametrize(
    ("changes", "superseded"),
    [
        ({}, True),
        ({"valid_from": TODAY}, True),
        ({"valid_from": date(2026, 11, 22)}, False),
        ({"standing": Standing(("430600.gateway",))}, False),
        ({"standing": Standing(BOTH.approved_by, (("430600.gateway", date(2026, 1, 2)),))}, True),
        ({"standing": Standing(BOTH.approved_by, (("430600.gateway", date(2026, 1, 1)),))}, False),
        ({"version": 1, "confidence": 1}, False),
        ({"id": "2"}, False),
        ({"source": "Z"}, False),
    ],
)
def test_a_higher_version_takes_a_rows_place_once_it_counts_and_has_begun(
    changes: dict[str, object], superseded: bool
) -> None:
    row = make_row("1", "A", "B")
    newer = make_row(**{"row_id": changes.pop("id", "1"), "source": "A", "target": "C", "version": 2, **changes})
    crosswalk = Crosswalk((row, newer))
    assert crosswalk.superseded_by(row, "430600", "421000", TODAY) == (newer if superseded else None)
    assert crosswalk.superseded_by(newer, "430600", "421000", TODAY) is None


@pytest.mark.parametrize(("withdrawn", "superseded"), [((), True), ((("421000.gateway", TODAY),), False)])
def test_where_proposals_are_looked_at_one_that_stands_takes_the_place(
    withdrawn: tuple[tuple[str, date], ...], superseded: bool
) -> None:
    row = make_row("1", "A", "B")
    newer = make_row("1", "A", "C", version=2, standing=Standing(("430600.gateway",), withdrawn))
    found = Crosswalk((newer, row)).superseded_by(row, "430600", "421000", TODAY, ReviewState.ONE_SIDE)
    assert found == (newer if superseded else None)
