"""The outbox's patience: with those who never answer, with a full house, and at a stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from gateway import dispatch
from gateway.dispatch import Dispatcher
from gateway.domain.case import Decided
from gateway.domain.platform import Notice, PlatformReceipt
from gateway.exchange.erasing import erasure
from gateway.intake import take_notices
from gateway.ports import Delivery, DeliveryKind, Heads, NewDelivery, Recording, SignedAnswer, StaleCase
from tests.gateway.exchange.world import ACCEPTED, DECIDED, City, Federation, build, shown
from trust.errors import Reason, Unavailable
from trust.leaf import Leaf, LeafKind


@pytest.fixture
def federation() -> Iterator[Federation]:
    built = build()
    built.yueyang.house = replace(built.yueyang.house, platform="")  # deliveries to the peer alone
    yield built
    assert [defect for city in built.cities.values() for defect in city.defects] == []


class Silent:
    """A peer that takes the call and never answers."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.calls = 0
        self.broken_off = 0

    async def deliver(self, member: str, case_id: str, events: Sequence[bytes], heads: Heads) -> SignedAnswer:  # noqa: ARG002
        self.calls += 1
        self.called.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        raise AssertionError

    async def status_list(self, member: str, uri: str) -> str:
        raise NotImplementedError


def dispatcher(city: City, peer: Silent) -> Dispatcher:
    return Dispatcher(city.house, peer, None, asyncio.Event())  # type: ignore[arg-type]


async def waiting(city: City) -> Delivery:
    (only,) = await city.store.deliveries()
    return only


async def test_an_attempt_without_end_is_broken_off_within_its_lease(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dispatch.LEASE.total_seconds() > dispatch.ATTEMPT_SECONDS
    monkeypatch.setattr(dispatch, "ATTEMPT_SECONDS", 0.02)
    await federation.opened()
    peer = Silent()
    async with asyncio.timeout(5):
        await dispatcher(federation.yueyang, peer).drain()
    left = await waiting(federation.yueyang)
    assert (left.attempts, left.dead) == (1, False)
    assert "broken off" in left.last_error


async def test_a_stop_does_not_wait_for_one_who_never_answers(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "STOP_SECONDS", 0.02)
    await federation.opened()
    peer = Silent()
    stopping = dispatcher(federation.yueyang, peer)
    running = asyncio.create_task(stopping.run())
    async with asyncio.timeout(5):
        await peer.called.wait()
        running.cancel()
        await stopping.close()
    assert peer.broken_off == 1
    assert (await waiting(federation.yueyang)).attempts == 0  # it is made again, as if never begun


async def test_a_full_house_waits_for_room_without_asking_the_store(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "BATCH", 1)
    monkeypatch.setattr(dispatch, "STOP_SECONDS", 0.0)
    for key in ("open-000001", "open-000002"):
        await federation.opened(idempotency_key=key)
    asked = 0
    city = federation.yueyang
    next_due = city.store.next_due

    async def counted() -> object:
        nonlocal asked
        asked += 1
        return await next_due()

    monkeypatch.setattr(city.store, "next_due", counted)
    peer = Silent()
    full = dispatcher(city, peer)
    running = asyncio.create_task(full.run())
    async with asyncio.timeout(5):
        await peer.called.wait()
        await asyncio.sleep(0.1)
    running.cancel()
    await full.close()
    assert (peer.calls, asked) == (1, 0)


class Overdue(Silent):
    """A peer that lets every call run out of time."""

    async def deliver(self, member: str, case_id: str, events: Sequence[bytes], heads: Heads) -> SignedAnswer:  # noqa: ARG002
        self.calls += 1
        await asyncio.sleep(0)
        raise Unavailable(Reason.PEER_UNAVAILABLE, "calling")


async def test_who_does_not_answer_is_tried_by_one_delivery_at_a_time(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("open-000001", "open-000002", "open-000003"):
        await federation.opened(idempotency_key=key)
    city, peer = federation.yueyang, Overdue()
    patient = dispatcher(city, peer)
    calls: list[int] = []

    async def make_all() -> int:
        """How many of the three were really tried."""
        before = peer.calls
        federation.clock.advance(minutes=5)
        await patient.drain()
        return peer.calls - before

    for silent_after in (0.0, 0.0, 60.0, 60.0):  # seconds; at last the peer fails at once, and takes nobody's place
        monkeypatch.setattr(dispatch, "SILENT_SECONDS", silent_after)
        calls.append(await make_all())
    assert calls == [3, 1, 1, 3]
    assert [each.attempts for each in await city.store.deliveries()] == [4, 4, 4]


# --- erased cases, and cases that never stand still -----------------------------------------------------------------


class Taking(Silent):
    """A platform that takes everything."""

    async def pass_on(self, message: object) -> PlatformReceipt:  # noqa: ARG002
        self.calls += 1
        return PlatformReceipt(local_number="JZ-1")


def noticed(city: City, platform: Taking) -> Dispatcher:
    return Dispatcher(city.house, platform, platform, asyncio.Event())  # type: ignore[arg-type]


async def number_of(city: City, case_id: str) -> str:
    record = await city.store.case(case_id=case_id)
    assert record is not None
    return record.row.number


async def erase(federation: Federation, case_id: str) -> None:
    jingzhou = federation.jingzhou
    shown(await federation.report(case_id, accepted=ACCEPTED))
    shown(await federation.report(case_id, decided=DECIDED))
    record = await jingzhou.store.case(case_id=case_id)
    assert record is not None
    act = Leaf(LeafKind.ERASED, jingzhou.house.member_id, "request", federation.clock.now())
    await jingzhou.store.record(erasure(record.row, act))


async def test_what_a_platform_tells_of_an_erased_case_is_not_kept(federation: Federation) -> None:
    case_id = await federation.opened()
    jingzhou = federation.jingzhou
    number = await number_of(jingzhou, case_id)
    await erase(federation, case_id)
    assert await jingzhou.store.deliveries() == []
    told = Notice("n-1", number, federation.clock.now(), Decided(approved=True, explanation="张三的申请"))
    await take_notices(jingzhou.house, [told])
    await noticed(jingzhou, Taking()).drain()
    assert await jingzhou.store.deliveries() == []
    leaf = (await jingzhou.leaves())[-1]
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.CALL_REFUSED, "421000.platform", "CASE_ERASED")


async def test_what_is_still_owed_of_an_erased_case_is_a_dead_letter(federation: Federation) -> None:
    """It can't be: erasing waits for it. Should it be all the same, nothing is made of an event that is gone."""
    case_id = await federation.opened()
    jingzhou, platform = federation.jingzhou, Taking()
    await erase(federation, case_id)
    late = NewDelivery("d-1", DeliveryKind.PLATFORM_MESSAGE, "421000.platform", case_id, "accepting:1")
    await jingzhou.store.record(Recording(deliveries=(late,)))
    await noticed(jingzhou, platform).drain()
    (left,) = await jingzhou.store.deliveries()
    assert left.dead
    assert "erased on 2026-11-23" in left.last_error
    assert platform.calls == 0


async def test_a_notice_set_aside_stays_with_its_case_however_often_it_is_tried(federation: Federation) -> None:
    case_id = await federation.opened()
    jingzhou = federation.jingzhou
    number = await number_of(jingzhou, case_id)
    told = Notice("n-1", number, federation.clock.now(), Decided(approved=True, explanation="准予"))  # not accepted yet
    await take_notices(jingzhou.house, [told])
    for _ in range(2):
        await noticed(jingzhou, Taking()).drain()
        (left,) = [one for one in await jingzhou.store.deliveries() if one.kind is DeliveryKind.PLATFORM_NOTICE]
        assert (left.dead, left.stream, left.subject) == (True, f"aside:{number}:n-1", "n-1")
        await jingzhou.store.requeue(left.delivery_id, now=federation.clock.now())


async def test_a_case_that_never_stands_still_is_tried_again_later(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await federation.opened()
    jingzhou, attempts = federation.jingzhou, 0

    async def always_late(_: Recording) -> None:
        nonlocal attempts
        attempts += 1
        raise StaleCase

    with monkeypatch.context() as patched:
        patched.setattr(jingzhou.store, "record", always_late)
        async with asyncio.timeout(5):
            await noticed(jingzhou, Taking()).drain()
    (left,) = await jingzhou.store.deliveries(stream=case_id)
    assert (left.attempts, left.dead) == (1, False)
    assert attempts == 8
    federation.clock.advance(minutes=5)
    await noticed(jingzhou, Taking()).drain()
    assert await jingzhou.store.deliveries(stream=case_id) == []
