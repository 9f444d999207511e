"""Two gateways that crash, over a network that drops, repeats, delays and loses answers, come to the same case.

The stores live on, as disks do; everything under way is thrown away with the process. Once the faults are over and the
outboxes are empty, both sides hold the same events and both logs can prove it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from tongban.case.v1 import case_service_pb2, event_pb2
from tongban.exchange.v1 import exchange_service_pb2

from gateway.dispatch import Dispatcher
from gateway.domain.case import Case, EventKind, History, Side, fold, illegal
from gateway.domain.catalogue import Catalogue
from gateway.domain.platform import NoticePage, PlatformMessage, PlatformReceipt
from gateway.ports import CaseRecord, Heads, SignedAnswer
from gateway.wire import routes
from gateway.wire.cases import read_receipt
from tests.gateway.domain.journal import body_of
from tests.gateway.exchange.world import (
    ACCEPTED,
    DECIDED,
    JINGZHOU,
    SUPPLEMENT,
    YUEYANG,
    Answer,
    City,
    Federation,
    application,
    build,
    parcel,
    progress,
    shown,
)
from trust.errors import Reason, Unavailable, WrongState
from trust.leaf import LeafKind
from trust.merkle import leaf_hash
from trust.signed_call import ReceivedCall

REGIONS = (YUEYANG, JINGZHOU)
CRASHES = (
    "exchange.before_record",
    "exchange.after_record",
    "dispatch.before_send",
    "dispatch.after_send",
    "dispatch.before_platform",
    "dispatch.after_platform",
    "dispatch.before_settle",
    "dispatch.after_settle",
)
FAULTS = ("none", "drop", "lose the answer", "twice", "delay")
ROUNDS_TO_REST = 60
"""More than any scenario needs once the faults are over; beyond it, something is stuck."""


class Crash(BaseException):
    """The process is gone in the middle of what it did."""


@dataclass
class Platform:
    """A local platform that takes each message once, by its key."""

    region: str
    told: list[PlatformMessage] = field(default_factory=list)

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        if message.key not in {known.key for known in self.told}:
            self.told.append(message)
        return PlatformReceipt(f"{self.region}-1")

    async def catalogue(self) -> Catalogue:
        raise NotImplementedError

    async def notices(self, bookmark: str) -> NoticePage:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


@dataclass
class Network:
    """``Peer`` by hand: every call suffers the next fault."""

    world: World
    sender: str
    faults: Iterator[str]
    delayed: list[tuple[ReceivedCall, str]] = field(default_factory=list)

    async def deliver(self, member: str, case_id: str, events: Sequence[bytes], heads: Heads) -> SignedAnswer:
        region = member.partition(".")[0]
        federation, sender = self.world.federation, self.world.city(self.sender)
        message = exchange_service_pb2.DeliverEventsRequest(
            case_id=case_id, events=events, own_checkpoint=heads.own, your_checkpoint=heads.yours
        )
        call = federation.signed(sender.gateway, self.world.city(region), routes.DELIVER_EVENTS, message)
        fault = next(self.faults, "none")
        if fault == "delay":
            self.delayed.append((call, region))
        if fault in {"delay", "drop"}:
            raise _nobody_answered()
        answer = await self._arrive(call, region)
        if fault == "twice":
            again = await self._arrive(call, region)
            assert again.error.reason is Reason.CALL_REPLAYED
        if fault == "lose the answer":
            raise _nobody_answered()
        if answer.reply.status:
            raise answer.error
        receipt = read_receipt(answer.body)
        return SignedAnswer(
            call.signature or "",
            call.body,
            answer.reply.signature,
            answer.body,
            receipt.accepted_through,
            receipt.leaf_hashes,
        )

    async def _arrive(self, call: ReceivedCall, region: str) -> Answer:
        world = self.world
        try:
            return await world.federation.send(call, world.city(region), world.city(self.sender).gateway)
        except Crash:
            await world.restart(region)
            raise _nobody_answered() from None

    async def late_arrival(self, choice: int) -> None:
        """A call that everybody had given up arrives after all."""
        if self.delayed:
            call, region = self.delayed.pop(choice % len(self.delayed))
            try:
                await self._arrive(call, region)
            except Unavailable:
                return

    async def status_list(self, member: str, uri: str) -> str:
        raise NotImplementedError


def _nobody_answered() -> Unavailable:
    return Unavailable(Reason.PEER_UNAVAILABLE, "nobody answered")


class World:
    """Two gateways with their platforms, and one case between them."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.federation: Federation = build()
        self.armed: dict[str, str] = {}
        self.platforms = {region: Platform(region) for region in REGIONS}
        self.networks = {
            region: Network(self, region, iter(faults[number::2])) for number, region in enumerate(REGIONS)
        }
        self.dispatchers: dict[str, Dispatcher] = {}
        self.unanswered: list[tuple[str, str, Message]] = []
        self.keys = itertools.count(1)
        self.case_id = ""

    def city(self, region: str) -> City:
        return self.federation.cities[region]

    async def start(self) -> None:
        for region in REGIONS:
            city = self.city(region)
            house = replace(city.house, failpoint=self._failpoint(region))
            self.federation.cities[region] = replace(city, house=house)
            await self.restart(region)
        yueyang = self.city(YUEYANG)
        answer = await self.federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
        self.case_id = shown(answer).case_id

    def _failpoint(self, region: str) -> Callable[[str], None]:
        def reach(place: str) -> None:
            if self.armed.get(region) == place:
                del self.armed[region]
                raise Crash

        return reach

    async def restart(self, region: str) -> None:
        """A new process over the same store."""
        house = self.city(region).house
        await house.store.boot(house.clock.now())
        self.dispatchers[region] = Dispatcher(
            house, self.networks[region], self.platforms[region], asyncio.Event(), jitter=lambda: 0.0
        )

    async def record(self, region: str) -> CaseRecord | None:
        return await self.city(region).store.case(case_id=self.case_id)

    async def dispatch(self, region: str) -> None:
        """One round of the outbox; a crash takes everything under way with it."""
        try:
            await self.dispatchers[region].drain()
        except Crash:
            await self.restart(region)
            under_way = asyncio.all_tasks() - {asyncio.current_task()}
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def act(self, region: str, choice: int) -> None:
        """The local side does something that the case allows as it sees it."""
        record = await self.record(region)
        if record is None:
            return
        case = fold(History.of(record.events))
        messages = possible(case, record.row.side, self.case_id, f"key-{next(self.keys):08d}")
        if messages:
            await self.ask(region, *messages[choice % len(messages)])

    async def ask(self, region: str, method: str, message: Message) -> None:
        city = self.city(region)
        try:
            answer = await self.federation.call(city.platform, city, method, message)
        except Crash:
            await self.restart(region)
            self.unanswered.append((region, method, message))
            return
        if answer.reply.status:  # only for one that was tried again, after the case went on
            assert isinstance(answer.error, WrongState)

    async def come_to_rest(self) -> None:
        """The faults are over: whoever got no answer asks again, and the outboxes empty themselves."""
        self.armed.clear()
        for network in self.networks.values():
            network.faults = iter(())
        for region, method, message in self.unanswered:
            await self.ask(region, method, message)
        for _ in range(ROUNDS_TO_REST):
            self.federation.clock.advance(minutes=10)
            for region in REGIONS:
                await self.dispatch(region)
            if not [each for region in REGIONS for each in await self.city(region).store.deliveries()]:
                return
        left = [each for region in REGIONS for each in await self.city(region).store.deliveries()]
        raise AssertionError(left)


def possible(case: Case, side: Side, case_id: str, key: str) -> list[tuple[str, Message]]:
    """What this side can ask of its gateway now."""

    def legal(kind: EventKind) -> bool:
        body = body_of(kind, case.requests + (kind is EventKind.SUPPLEMENT_REQUESTED))
        return kind.side is side and illegal(case, body) is None

    reports: dict[EventKind, Message] = {
        EventKind.ACCEPTED: ACCEPTED,
        EventKind.REFUSED: event_pb2.Refused(reason="不属于本机关职权范围"),
        EventKind.SUPPLEMENT_REQUESTED: SUPPLEMENT,
        EventKind.SUSPENDED: event_pb2.Suspended(procedure="听证", reason="需要听证"),
        EventKind.RESUMED: event_pb2.Resumed(),
        EventKind.DECIDED: DECIDED,
        EventKind.WITHDRAWN: event_pb2.Withdrawn(),
        EventKind.WITHDRAWAL_REFUSED: event_pb2.WithdrawalRefused(reason="已经制证"),
    }
    told = [
        (routes.REPORT_PROGRESS, progress(case_id, key, **{kind.value: body}))
        for kind, body in reports.items()
        if legal(kind)
    ]
    asked: list[tuple[EventKind, str, Message]] = [
        (
            EventKind.SUPPLEMENTED,
            routes.SUPPLEMENT_CASE,
            case_service_pb2.SupplementCaseRequest(
                idempotency_key=key, case=case_id, materials=[parcel("application")]
            ),
        ),
        (
            EventKind.WITHDRAWAL_REQUESTED,
            routes.WITHDRAW_CASE,
            case_service_pb2.WithdrawCaseRequest(idempotency_key=key, case=case_id, reason="搬家了"),
        ),
        (
            EventKind.RATED,
            routes.RATE_CASE,
            case_service_pb2.RateCaseRequest(idempotency_key=key, case=case_id, score=5),
        ),
    ]
    return [*told, *((method, message) for kind, method, message in asked if legal(kind))]


async def play(steps: list[tuple[str, str, int]], faults: list[str]) -> World:
    world = World(faults)
    await world.start()
    for step, region, choice in steps:
        match step:
            case "act":
                await world.act(region, choice)
            case "dispatch":
                await world.dispatch(region)
            case "crash":
                world.armed[region] = CRASHES[choice % len(CRASHES)]
            case "late arrival":
                await world.networks[region].late_arrival(choice)
            case "wait":
                world.federation.clock.advance(seconds=1 + choice % 60)
    await world.come_to_rest()
    return world


async def check(world: World) -> None:
    """Every invariant of a case between two gateways at rest."""
    here, there = await world.record(YUEYANG), await world.record(JINGZHOU)
    assert here is not None
    assert there is not None
    # the same events, the same state
    assert [(each.event, each.raw) for each in here.events] == [(each.event, each.raw) for each in there.events]
    case = fold(History.of(here.events))
    assert (case.state, here.row.state) == (there.row.state, there.row.state)
    assert all(step.recorded.event.side is Side.ACCEPTING for step in case.steps if step.moot)
    # each event once in each log, under the same commitment; the leaf that the event names is the one in the log
    assert here.row.commitment == there.row.commitment
    for region, record in ((YUEYANG, here), (JINGZHOU, there)):
        city = world.city(region)
        leaves = await city.leaves()
        of_events = [leaf for leaf in leaves if leaf.kind is LeafKind.CASE_EVENT]
        assert Counter(leaf.subject for leaf in of_events) == Counter(each.digest.hex() for each in record.events)
        assert {leaf.case for leaf in of_events} == {record.row.commitment}
        named = {leaf.subject: leaf_hash(leaf.to_bytes()) for leaf in of_events}
        assert all(each.leaf == named[each.digest.hex()] for each in record.events)
        # each of our own events was receipted once
        own = [each.event.seq for each in record.events if each.event.side is record.row.side]
        assert sorted(leaf.seq for leaf in leaves if leaf.kind is LeafKind.RECEIPT) == own
        assert city.defects == []
        # the platform was told of each event that it has to know, each side's in order
        moot = {step.recorded.digest for step in case.steps if step.moot}
        by_key = {each.digest.hex()[:32]: each for each in record.events}
        told = [by_key[message.key] for message in world.platforms[region].told]
        for side in Side:
            order = [each.event.seq for each in told if each.event.side is side]
            assert order == sorted(order)
            if region == YUEYANG or side is Side.ACCEPTING:
                due = [e.event.seq for e in record.events if e.event.side is side and e.digest not in moot]
                assert set(due) <= set(order)
            else:
                assert order == []


_steps = st.lists(
    st.tuples(
        st.sampled_from(["act", "act", "dispatch", "dispatch", "dispatch", "crash", "late arrival", "wait"]),
        st.sampled_from(REGIONS),
        st.integers(0, 1 << 16),
    ),
    min_size=12,  # hypothesis would else try mostly five
    max_size=40,
)


@given(steps=_steps, faults=st.lists(st.sampled_from(FAULTS), min_size=8, max_size=40))
@settings(max_examples=120, deadline=None)
def test_both_gateways_come_to_the_same_case_whatever_happens_on_the_way(
    steps: list[tuple[str, str, int]], faults: list[str]
) -> None:
    async def scenario() -> None:
        await check(await play(steps, faults))

    asyncio.run(scenario())


async def test_a_peer_that_lost_its_newest_events_is_sent_them_again() -> None:
    """A store restored from a backup: a gap is answered with the wanted number, and the sender goes back to it."""
    world = World([])
    await world.start()
    await world.come_to_rest()
    store = world.city(YUEYANG).store
    backup = {name: value.copy() for name, value in vars(store).items() if hasattr(value, "copy")}

    async def happens(number: int, **told: Message) -> None:
        message = progress(world.case_id, f"report-{number}", **told)
        await world.ask(JINGZHOU, routes.REPORT_PROGRESS, message)
        await world.come_to_rest()

    await happens(1, accepted=ACCEPTED)
    await happens(2, suspended=event_pb2.Suspended(procedure="听证", reason="需要听证"))
    for name, value in backup.items():
        setattr(store, name, value)
    lost = await world.record(YUEYANG)
    assert lost is not None
    assert len(lost.events) == 1
    await happens(3, resumed=event_pb2.Resumed())
    await check(world)


@pytest.mark.parametrize("place", CRASHES)
async def test_every_crash_is_reached(place: str) -> None:
    world = World([])
    await world.start()
    world.armed[YUEYANG] = place
    await world.act(YUEYANG, 0)
    await world.dispatch(YUEYANG)
    assert YUEYANG not in world.armed
    await world.come_to_rest()
    await check(world)


@pytest.mark.parametrize(
    ("fault", "arrived", "settled"),
    [
        ("none", True, True),
        ("drop", False, False),
        ("lose the answer", True, False),
        ("twice", True, True),
        ("delay", False, False),
    ],
)
async def test_every_fault_is_what_it_says(fault: str, arrived: bool, settled: bool) -> None:
    world = World([fault])
    await world.start()
    await world.dispatch(YUEYANG)
    waiting = [each.destination for each in await world.city(YUEYANG).store.deliveries()]
    assert (await world.record(JINGZHOU) is not None) is arrived
    assert ("421000.gateway" not in waiting) is settled
    await world.networks[YUEYANG].late_arrival(0)
    assert (await world.record(JINGZHOU) is not None) is (arrived or fault == "delay")
    await world.come_to_rest()
    await check(world)
