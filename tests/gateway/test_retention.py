"""Erasing what is over and older than it may be: which cases, when, and what stands in its way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import retention
from gateway.domain.case import CaseState, Side
from gateway.ports import CaseRow, DeliveryKind, NewDelivery, Recording, StaleCase
from gateway.retention import Retention, Terms, months_before
from tests.gateway.exchange.world import Federation, build
from trust.errors import Unavailable
from trust.leaf import Leaf, LeafKind

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def federation() -> Federation:
    return build()


async def case(federation: Federation, name: str, months: int, **changes: Any) -> None:
    """A case of 岳阳 that last changed so many months ago, less a day."""
    fields: dict[str, Any] = {
        "case_id": name,
        "number": f"number-{name}",
        "side": Side.ACCEPTING,
        "peer": "421000.gateway",
        "accepting_region": "430600",
        "processing_region": "421000",
        "source_code": "S-1",
        "target_code": "T-1",
        "item_name": "事项",
        "state": CaseState.DECIDED,
        "opened_at": NOW - timedelta(days=4000),
        "updated_at": months_before(NOW, months) - timedelta(days=1),
        "commitment": name.encode().ljust(32),
        **changes,
    }
    await federation.yueyang.store.record(Recording(case=CaseRow(**fields)))


async def erased(federation: Federation) -> list[str]:
    rows = await federation.yueyang.store.cases(states=tuple(CaseState), limit=1000)
    return sorted(row.case_id for row in rows if row.erased_at is not None)


async def test_what_is_over_for_longer_than_its_term_is_erased(federation: Federation) -> None:
    await case(federation, "old", 12)
    await case(federation, "too young", 11)
    await case(federation, "goes on", 50, state=CaseState.ACCEPTED)
    await case(federation, "refused", 13, state=CaseState.REFUSED)
    with capture_logs() as logs:
        await Retention(federation.yueyang.house, Terms(months=12)).turn()
    assert await erased(federation) == ["old", "refused"]
    assert [(log["event"], log["erased"], log["left_for_tomorrow"]) for log in logs] == [
        ("cases erased after their time", 2, 0)
    ]
    leaves = [Leaf.from_bytes(leaf.data) for leaf in await federation.yueyang.store.waiting_leaves(10)]
    assert {(leaf.kind, leaf.member, leaf.subject) for leaf in leaves} == {
        (LeafKind.ERASED, "430600.gateway", "retention")
    }


@pytest.mark.parametrize(
    ("terms", "gone"),
    [
        (Terms(), []),
        (Terms(months=0, regions={"421000": 24}), ["jingzhou 30"]),
        (Terms(months=24, regions={"421000": 0}), ["chongqing 30"]),
        (Terms(months=24, regions={"421000": 120}), ["chongqing 30"]),
        (Terms(months=6, regions={"421000": 24}), ["chongqing 30", "chongqing 7", "jingzhou 30"]),
        (Terms(months=120, regions={"421000": 6}), ["jingzhou 30", "jingzhou 7"]),
    ],
)
async def test_each_agreement_has_its_own_term(federation: Federation, terms: Terms, gone: list[str]) -> None:
    for months in (7, 30):
        await case(federation, f"jingzhou {months}", months)
        there = {"accepting_region": "500000", "processing_region": "430600", "side": Side.PROCESSING}
        await case(federation, f"chongqing {months}", months, **there)
    await Retention(federation.yueyang.house, terms).turn()
    assert await erased(federation) == gone


async def test_what_waits_is_left_and_holds_nobody_up(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(7):
        await case(federation, f"case {number}", 20 - number)
    for number in (0, 1):
        waiting = NewDelivery(f"d-{number}", DeliveryKind.PEER_EVENT, "421000.gateway", f"case {number}", "1")
        await federation.yueyang.store.record(Recording(deliveries=(waiting,)))
    with capture_logs() as logs:
        await Retention(federation.yueyang.house, Terms(months=12)).turn()
    assert await erased(federation) == [f"case {number}" for number in range(2, 7)]
    assert (logs[0]["erased"], logs[0]["left_for_tomorrow"]) == (5, 2)
    assert await federation.yueyang.store.deliveries() != []


async def test_a_case_that_somebody_writes_at_this_moment_is_left(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await case(federation, "moving", 20)
    store = federation.yueyang.store

    async def taken(_: Recording) -> None:
        raise StaleCase

    with monkeypatch.context() as patched:
        patched.setattr(store, "record", taken)
        await Retention(federation.yueyang.house, Terms(months=12)).turn()
    assert await erased(federation) == []
    await Retention(federation.yueyang.house, Terms(months=12)).turn()
    assert await erased(federation) == ["moving"]


async def test_a_store_that_fails_ends_the_turn_and_not_the_work(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await case(federation, "old", 20)
    monkeypatch.setattr(retention, "EVERY_SECONDS", 0.0)
    store = federation.yueyang.store
    listed, failures = store.cases_over, [Unavailable("STORE_UNAVAILABLE", "a test")]  # type: ignore[arg-type]

    async def failing(*args: Any) -> list[CaseRow]:
        if failures:
            raise failures.pop()
        return await listed(*args)

    monkeypatch.setattr(store, "cases_over", failing)
    with capture_logs() as logs:
        work = asyncio.create_task(Retention(federation.yueyang.house, Terms(months=12)).run())
        for _ in range(50):
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert await erased(federation) == ["old"]
    assert logs[0]["event"] == "erasing by retention failed; the next turn goes on"


@pytest.mark.parametrize(
    ("now", "months", "wanted"),
    [
        ("2026-11-23", 1, "2026-10-23"),
        ("2026-11-23", 11, "2025-12-23"),
        ("2026-12-31", 6, "2026-06-30"),
        ("2028-03-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2027-02-28"),
        ("2026-01-01", 1200, "1926-01-01"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, wanted: str) -> None:
    assert months_before(datetime.fromisoformat(now), months) == datetime.fromisoformat(wanted)
