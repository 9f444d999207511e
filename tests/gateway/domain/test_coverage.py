from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from gateway.domain.atlas import Query
from gateway.domain.catalogue import Item, ItemState
from gateway.domain.coverage import Count, coverage
from gateway.domain.crosswalk import CrosswalkRow, Relationship, Standing
from gateway.domain.translation import (
    MapExpired,
    Matched,
    NoEquivalent,
    NotInForce,
    SetAside,
    Translation,
    UnknownCode,
    Unmapped,
    translate,
)
from tests.gateway.domain.made import BOTH, TODAY, make_atlas, make_catalogue, make_item, make_row
from tests.gateway.domain.random_atlas import HERE, THERE, Drawn, draw, situations
from trust.errors import NotFound

HALF = Standing(("430600.gateway",))
WITHDRAWN = Standing(BOTH.approved_by, (("421000.gateway", date(2026, 10, 1)),))
OVER = date(2026, 6, 30)
NEW, USED, OTHER = ({"conditions": {"house": {answer}}} for answer in ("new", "used", "other"))
NARROWER = {"relationship": Relationship.NARROWER}


def row(row_id: str, target: str = "", **changes: Any) -> CrosswalkRow:
    return make_row(row_id, "A", target, **changes)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([row("1", "B")], Count.MAPPED),
        ([row("1", "B", relationship=Relationship.BROADER)], Count.MAPPED),
        ([row("1", "B"), row("2", "C", standing=HALF)], Count.MAPPED),
        ([row("1", "B"), row("2", "C", valid_until=OVER)], Count.MAPPED),
        ([row("1")], Count.ASSERTED_NONE),
        ([row("1", **NEW), row("2", conditions={"house": {"used", "other"}})], Count.ASSERTED_NONE),
        ([row("1", "B", **NEW), row("2", "C", **USED), row("3", **OTHER)], Count.BY_SITUATION),
        ([row("1", "B", **NEW), row("2", "C", conditions={"house": {"used", "other"}})], Count.BY_SITUATION),
        ([row("1", "B", conditions={"house": {"new", "used", "other"}})], Count.BY_SITUATION),
        ([row("1", "B", conditions={"rooms": {"few"}}), row("2", "C", conditions={"house": {"used", "other"}}),
          row("3", conditions={"rooms": {"many"}})], Count.BY_SITUATION),
        ([row("1", "B", conditions={"rooms": {"few"}}), row("2", conditions={"rooms": {"many"}})], Count.AMBIGUOUS),
        ([row("1", "B", **NEW), row("2", "C", **USED)], Count.AMBIGUOUS),
        ([row("1", "B", **NEW), row("2", "C", **USED), row("3", "B", valid_until=OVER, **OTHER)], Count.AMBIGUOUS),
        ([row("1", "B", **NEW), row("2", "S", **USED), row("3", **OTHER)], Count.AMBIGUOUS),
        ([row("1", "B"), row("2", "C")], Count.AMBIGUOUS),
        ([row("1", "B"), row("2", "C", **NEW)], Count.AMBIGUOUS),
        ([row("1", "B", conditions={"house": {"castle"}})], Count.UNMAPPED),
        ([row("1", "B", standing=HALF)], Count.AWAITING_REVIEW),
        ([row("1", "B", standing=Standing())], Count.AWAITING_REVIEW),
        ([row("1", "B", standing=WITHDRAWN)], Count.AWAITING_REVIEW),
        ([row("1", "B", relationship=Relationship.RELATED, standing=HALF)], Count.UNMAPPED),
        ([row("1", "B", valid_until=OVER)], Count.EXPIRED),
        ([row("1", "B", valid_until=OVER), row("2", "C", standing=HALF)], Count.EXPIRED),
        ([row("1", "S")], Count.TARGET_NOT_IN_FORCE),
        ([row("1", "gone")], Count.TARGET_NOT_IN_FORCE),
        ([row("1", "S", **NEW), row("2", "gone", **USED)], Count.TARGET_NOT_IN_FORCE),
        ([row("1", "B", relationship=Relationship.RELATED)], Count.UNMAPPED),
        ([row("1", "B", **NARROWER)], Count.UNMAPPED),
        ([row("1", "B", valid_from=date(2026, 12, 1))], Count.UNMAPPED),
        ([row("1", "B"), row("1", "C", version=2, relationship=Relationship.RELATED)], Count.UNMAPPED),
        ([], Count.UNMAPPED),
    ],
)  # fmt: skip
def test_an_item_is_in_exactly_one_count(rows: list[CrosswalkRow], count: Count) -> None:
    questions = {"house": ("new", "used", "other"), "rooms": ("few", "many")}
    item = make_item(HERE, "A", questions, {"rooms": {"house": ("new",)}})
    there = [make_item(THERE, code) for code in ("B", "C")]
    suspended = make_item(THERE, "S", state=ItemState.SUSPENDED)
    found = coverage(
        make_atlas(make_catalogue(HERE, item), make_catalogue(THERE, *there, suspended), rows=rows), HERE, THERE, TODAY
    )
    assert found.counts == {**dict.fromkeys(Count, 0), count: 1}
    assert found.in_force == 1
    whole = count in {Count.MAPPED, Count.BY_SITUATION, Count.ASSERTED_NONE}
    assert [(gap.item, gap.count, gap.rows) for gap in found.gaps] == (
        [] if whole else [(item, count, tuple(sorted({row.id for row in rows})))]
    )


def test_only_the_version_in_force_of_each_code_is_counted() -> None:
    here = make_catalogue(
        HERE,
        make_item(HERE, "retired", state=ItemState.RETIRED),
        make_item(HERE, "future", valid_from=date(2027, 1, 1)),
        make_item(HERE, "b"),
        make_item(HERE, "b", version=2, listed_from=date(2026, 6, 1)),
        make_item(HERE, "closed"),
        make_item(HERE, "closed", version=2, state=ItemState.SUSPENDED),
        make_item(HERE, "a"),
    )
    found = coverage(make_atlas(here, make_catalogue(THERE)), HERE, THERE, TODAY)
    assert found.in_force == 2
    assert [(gap.item.code, gap.item.version) for gap in found.gaps] == [("a", 1), ("b", 2)]
    earlier = coverage(make_atlas(here, make_catalogue(THERE)), HERE, THERE, date(2026, 5, 31))
    assert [(gap.item.code, gap.item.version) for gap in earlier.gaps] == [("a", 1), ("b", 1)]
    assert (found.source, found.source_edition, found.target, found.target_edition) == (HERE, 1, THERE, 1)


def test_a_catalogue_that_is_not_here_can_not_be_counted() -> None:
    with pytest.raises(NotFound):
        coverage(make_atlas(make_catalogue(HERE)), HERE, THERE, TODAY)


def test_many_questions_are_counted_without_walking_through_the_situations() -> None:
    keys = [f"q{number}" for number in range(80)]
    item = make_item(HERE, "A", dict.fromkeys(keys, ("no", "yes")))
    ladder = [
        row(key, "B", conditions={**{before: {"no"} for before in keys[:place]}, key: {"yes"}})
        for place, key in enumerate(keys)
    ]
    rest = row("rest", conditions={key: {"no"} for key in keys})
    places = make_catalogue(HERE, item), make_catalogue(THERE, make_item(THERE, "B"))
    assert coverage(make_atlas(*places, rows=[*ladder, rest]), HERE, THERE, TODAY).counts[Count.BY_SITUATION] == 1
    assert coverage(make_atlas(*places, rows=ladder), HERE, THERE, TODAY).counts[Count.AMBIGUOUS] == 1


def test_the_count_is_what_translation_says_in_all_situations() -> None:
    tried: Counter[Count] = Counter()
    for number in range(600):
        drawn = draw(number)
        found = coverage(drawn.atlas, HERE, THERE, TODAY)
        gaps = {gap.item.code: gap.count for gap in found.gaps}
        whole: Counter[Count] = Counter()
        for item in drawn.atlas.catalogue(HERE).items:
            if item.state is not ItemState.PUBLISHED:
                assert item.code not in gaps
                continue
            outcomes = [outcome_in(drawn, item, answers) for answers in situations(item)]
            if item.code in gaps:
                assert fits_gap(gaps[item.code], outcomes), number
                tried[gaps[item.code]] += 1
            elif all(isinstance(outcome, NoEquivalent) for outcome in outcomes):
                whole[Count.ASSERTED_NONE] += 1
            else:
                assert all(isinstance(outcome, Matched | NoEquivalent) for outcome in outcomes), number
                needless = isinstance(outcome_in(drawn, item, {}), Matched)
                whole[Count.MAPPED if needless else Count.BY_SITUATION] += 1
        assert Counter({count: found.counts[count] for count in whole}) == whole
        tried += whole
    assert tried.keys() == set(Count)


def outcome_in(drawn: Drawn, item: Item, answers: dict[str, str]) -> Translation:
    return translate(drawn.atlas, Query(HERE, THERE, item.code, TODAY, answers))


def fits_gap(count: Count, outcomes: list[Translation]) -> bool:
    nowhere = [outcome for outcome in outcomes if not isinstance(outcome, Matched | NoEquivalent)]
    contradicted = [
        outcome
        for outcome in nowhere
        if isinstance(outcome, Unmapped) and SetAside.CONTRADICTED in {reason for _, reason in outcome.set_aside}
    ]
    match count:
        case Count.AMBIGUOUS:
            return bool(contradicted) or 0 < len(nowhere) < len(outcomes)
        case Count.TARGET_NOT_IN_FORCE:
            return nowhere == outcomes and any(isinstance(outcome, NotInForce | UnknownCode) for outcome in outcomes)
        case Count.EXPIRED:
            return nowhere == outcomes and any(isinstance(outcome, MapExpired) for outcome in outcomes)
        case _:
            return all(isinstance(outcome, Unmapped) for outcome in outcomes) and not contradicted
