"""Whether a case is taken where it is to be handled: by its day of submission, its item's version, and its row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.case.v1 import event_pb2
from tongban.exchange.v1 import exchange_service_pb2

from gateway.domain.catalogue import Item, ItemState
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Standing
from gateway.wire import routes
from tests.gateway.exchange.world import (
    BOTH_SIGNED,
    CHONGQING,
    CROSSWALK,
    DAY,
    JINGZHOU,
    KIND,
    SOURCE,
    TARGET,
    YUEYANG,
    Answer,
    Federation,
    application,
    item,
    shown,
)
from trust.errors import Fault

TODAY = date(2026, 11, 23)
EARLIER = TODAY - timedelta(days=30)
(ROW,) = (each for each in CROSSWALK.rows if each.source_code == "S-1")
(FIRST,) = TARGET.versions("T-1")


def offers(federation: Federation, *versions: Item) -> None:
    """What 荆州 itself has of T-1; 岳阳 goes by the first version still."""
    items = (*(each for each in TARGET.items if each.code != "T-1"), *versions)
    federation.jingzhou.known.catalogues = {YUEYANG: SOURCE, JINGZHOU: replace(TARGET, version=9, items=items)}


def rows(federation: Federation, *others: CrosswalkRow) -> None:
    """What 荆州 itself has from S-1."""
    federation.jingzhou.known.crosswalk = Crosswalk((*(each for each in CROSSWALK.rows if each != ROW), *others))


def version(number: int, since: date = TODAY, **changes: Any) -> Item:
    return replace(FIRST, version=number, listed_from=since, **changes)


async def opened(federation: Federation) -> str:
    """A case at 岳阳 of which 荆州 has not heard."""
    yueyang = federation.yueyang
    return shown(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())).case_id


def at(moment: datetime) -> Timestamp:
    written = Timestamp()
    written.FromDatetime(moment)
    return written


async def arrives(
    federation: Federation, occurred_at: datetime | None = None, /, **told: Message | str | dict[str, str]
) -> Answer:
    """A case that 岳阳 opened reaches 荆州, its submission changed in fields."""
    case_id = await opened(federation)
    (raw,) = await federation.yueyang.own_events(case_id)
    event = event_pb2.CaseEvent.FromString(raw)
    if occurred_at is not None:
        event.occurred_at.CopyFrom(at(occurred_at))
    for name, value in told.items():
        if isinstance(value, dict):
            getattr(event.submitted, name).clear()
            getattr(event.submitted, name).update(value)
        elif isinstance(value, str):
            setattr(event.submitted, name, value)
        else:
            getattr(event.submitted, name).MergeFrom(value)
    request = exchange_service_pb2.DeliverEventsRequest(case_id=case_id, events=[event.SerializeToString()])
    return await federation.call(federation.yueyang.gateway, federation.jingzhou, routes.DELIVER_EVENTS, request)


def target(**fields: str) -> event_pb2.ItemReference:
    return event_pb2.ItemReference(**fields)


async def test_who_applied_in_time_is_taken_however_long_the_line_was_down(federation: Federation) -> None:
    offers(federation, replace(FIRST, valid_until=TODAY))
    case_id = await opened(federation)
    federation.clock.time += 9 * DAY
    assert (await federation.deliver(case_id, federation.yueyang, federation.jingzhou)).reply.status == 0


async def test_a_case_submitted_after_the_items_days_is_not_taken(federation: Federation) -> None:
    offers(federation, replace(FIRST, valid_until=TODAY - DAY))
    assert (await arrives(federation)).error.reason == "ITEM_NOT_IN_FORCE"


@pytest.mark.parametrize(
    "versions",
    [
        [FIRST, version(2, name="改名")],
        [FIRST, version(2, state=ItemState.SUSPENDED)],
        [version(2)],
        [version(7)],
    ],
    ids=["replaced today", "suspended today", "not kept", "none between kept"],
)
async def test_a_version_that_was_replaced_while_the_case_was_on_its_way_serves(
    federation: Federation, versions: list[Item]
) -> None:
    offers(federation, *versions)
    if versions[0].version != 1:
        assert federation.jingzhou.known.catalogue(JINGZHOU).find("T-1", 1) is None
    answer = await arrives(federation)
    assert answer.reply.status == 0, answer.error


async def test_a_version_that_spoke_for_some_hours_only_serves(federation: Federation) -> None:
    offers(federation, FIRST, version(2), version(3))
    assert (await arrives(federation, target_item=target(version="2"))).reply.status == 0


async def test_the_case_goes_by_the_version_that_it_started_on(federation: Federation) -> None:
    offers(federation, FIRST, version(2, name="改名"))
    case_id = await opened(federation)
    await federation.deliver(case_id, federation.yueyang, federation.jingzhou)
    record = await federation.jingzhou.store.case(case_id=case_id)
    assert record is not None
    assert record.row.item_name == FIRST.name


@pytest.mark.parametrize(
    ("versions", "reason"),
    [
        ([FIRST, version(2, EARLIER)], "ITEM_NOT_IN_FORCE"),
        ([FIRST, version(2, EARLIER, state=ItemState.RETIRED)], "ITEM_NOT_IN_FORCE"),
        ([replace(FIRST, state=ItemState.SUSPENDED)], "ITEM_NOT_IN_FORCE"),
        ([item(JINGZHOU, "T-9")], "ITEM_UNKNOWN"),
    ],
    ids=["replaced long ago", "retired long ago", "suspended", "gone"],
)
async def test_a_version_that_was_over_is_refused(federation: Federation, versions: list[Item], reason: str) -> None:
    offers(federation, *versions)
    answer = await arrives(federation)
    assert answer.error.reason == reason
    assert await federation.jingzhou.store.cases(states=(), limit=9, before="") == []


@pytest.mark.parametrize("named", ["2", "0", "-1", "1.0", "latest", "١", "9" * 20])
async def test_a_version_that_this_place_never_had_is_refused(federation: Federation, named: str) -> None:
    assert (await arrives(federation, target_item=target(version=named))).error.reason == "ITEM_UNKNOWN"


async def test_facts_that_the_item_does_not_offer_are_refused_and_not_repeated(federation: Federation) -> None:
    offers(federation, replace(FIRST, situations=(KIND,)))
    error = (await arrives(federation, products={"kind": "someones-secret"})).error
    assert (error.reason, error.fault) == ("FIELD_INVALID", Fault.CALLER)
    assert "someones-secret" not in str(error)
    assert (await arrives(federation, products={"kind": "new"})).reply.status == 0


@pytest.mark.parametrize("field", ["source_item", "target_item"])
async def test_an_item_of_a_third_place_is_refused(federation: Federation, field: str) -> None:
    assert (await arrives(federation, **{field: target(catalogue=CHONGQING)})).error.reason == "NOT_YOUR_CASE"


ONLY_THEM = Standing((f"{YUEYANG}.gateway",))
ONLY_US = Standing((f"{JINGZHOU}.gateway",))
THIRD = Standing((f"{CHONGQING}.gateway", f"{YUEYANG}.gateway"))


def withdrawn(day: date, by: str) -> Standing:
    return Standing(BOTH_SIGNED.approved_by, ((f"{by}.gateway", day),))


@pytest.mark.parametrize(
    "there",
    [
        [],
        [ROW.with_standing(Standing())],
        [ROW.with_standing(ONLY_THEM)],
        [ROW.with_standing(THIRD)],
        [replace(ROW, id="another")],
        [replace(ROW, source_code="S-MORE")],
        [replace(ROW, target_code="T-MORE")],
        [replace(ROW, valid_from=TODAY + DAY)],
        [replace(ROW, valid_until=TODAY - DAY)],
    ],
    ids=["none", "proposed", "theirs alone", "a third's", "id", "source", "target", "not begun", "over"],
)
async def test_a_case_by_a_row_that_this_place_has_not_signed_for_is_refused(
    federation: Federation, there: list[CrosswalkRow]
) -> None:
    rows(federation, *there)
    assert (await arrives(federation)).error.reason == "ROW_UNKNOWN"


async def test_the_other_places_word_may_come_after_the_case(federation: Federation) -> None:
    rows(federation, ROW.with_standing(ONLY_US))
    assert (await arrives(federation)).reply.status == 0


@pytest.mark.parametrize(
    ("since", "taken"), [(TODAY, True), (TODAY - DAY, False)], ids=["crossed with the case", "known since yesterday"]
)
@pytest.mark.parametrize("by", [JINGZHOU, YUEYANG, "a newer version"])
async def test_a_row_that_counts_no_more_serves_for_as_long_as_news_may_cross(
    federation: Federation, since: date, taken: bool, by: str
) -> None:
    if by == "a newer version":
        rows(federation, ROW, replace(ROW, version=2, target_code="T-MORE", valid_from=since))
    else:
        rows(federation, ROW.with_standing(withdrawn(since, by)))
    answer = await arrives(federation)
    assert (answer.reply.status == 0) == taken
    assert taken or answer.error.reason == "ROW_WITHDRAWN"


MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""The 24th begins in Beijing."""


@pytest.mark.parametrize(
    ("submitted", "arrives_at", "taken"),
    [
        (MIDNIGHT, MIDNIGHT + timedelta(days=3), True),
        (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT + timedelta(days=3), False),
        (MIDNIGHT + timedelta(seconds=2), MIDNIGHT - timedelta(seconds=3), True),
        (MIDNIGHT + timedelta(days=30), MIDNIGHT - timedelta(hours=1), False),
    ],
    ids=["on its first day", "the evening before", "a clock a little ahead", "a month ahead"],
)
@pytest.mark.parametrize("what", ["row", "item"])
async def test_the_day_of_submission_is_beijings_and_never_after_today(
    federation: Federation, submitted: datetime, arrives_at: datetime, taken: bool, what: str
) -> None:
    if what == "row":
        rows(federation, replace(ROW, valid_from=TODAY + DAY))
    else:
        offers(federation, replace(FIRST, valid_from=TODAY + DAY))
    federation.clock.time = arrives_at
    answer = await arrives(federation, submitted)
    assert (answer.reply.status == 0) == taken
    assert taken or answer.error.reason == {"row": "ROW_UNKNOWN", "item": "ITEM_NOT_IN_FORCE"}[what]
