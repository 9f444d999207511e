"""The outbox: what was decided in a transaction is done here, outside it, until it is done.

A delivery is leased, made, and settled in a transaction of its own. A crash anywhere leaves it to be made again, which
is harmless by the receiver's rule: a peer passes over events that it holds, an adapter asks its platform before it
writes, a notice is taken once by its id. Within one stream (a case) deliveries to one destination are made in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from gateway.domain.case import Accepted, CaseEvent, History, RecordedEvent, Side, fold
from gateway.domain.platform import PlatformMessage
from gateway.exchange import heads, records, trails
from gateway.exchange.house import House
from gateway.exchange.sentence import ATTEMPTS_AT_A_MOVING_CASE, exchange_notice
from gateway.ports import (
    CaseRecord,
    Delivery,
    DeliveryKind,
    Evidence,
    Lease,
    NewDelivery,
    Peer,
    Platform,
    Recording,
    SignedAnswer,
    StaleCase,
    StaleLease,
)
from gateway.wire import routes
from gateway.wire.cases import MAX_EVENTS_PER_DELIVERY
from gateway.wire.notices import read_notice
from trust.errors import Fault, InFlight, Internal, Misconfigured, Reason, TongbanError, Unavailable, WrongState
from trust.leaf import Leaf, LeafKind

BATCH: Final = 32
"""Deliveries under way at once."""

ATTEMPT_SECONDS: Final = 90.0
"""Longest time for one attempt, whatever deadlines and repetitions the client of a peer or platform has of its own."""

SILENT_SECONDS: Final = 5.0
"""Who lets an attempt fail only after so long does not answer. One delivery at a time tries them then, so that their
deliveries don't take every place in ``BATCH`` and those to everybody else are made."""

LEASE: Final = timedelta(minutes=2)
"""Longer than any attempt with the writing of its outcome, so that no delivery is made twice at the same time."""

STOP_SECONDS: Final = 5.0
"""How long a stop waits for attempts under way. What is broken off is made again after the next start."""

FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=5)
MAX_ATTEMPTS: Final = 2_000
"""Five to seven days at the longest wait. Then a person looks at it."""

IDLE_WAIT_SECONDS: Final = 1.0
"""How long to sleep when nothing is due and nobody wakes the dispatcher: a replica may have left something."""

_PASSING: Final = frozenset(
    {
        Reason.CALL_EXPIRED,
        Reason.CALL_FROM_FUTURE,
        Reason.CALL_BEFORE_BOOT,
        Reason.CALL_REPLAYED,
        Reason.MEMBER_SUSPENDED,
        Reason.MEMBER_NOT_IN_FORCE,
    }
)
"""Refusals that a later attempt, signed anew, may not meet: clocks are set, members come back."""

_log = structlog.get_logger("gateway.dispatch")


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at that time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It would be refused again: a dead letter, until an operator requeues it."""


def after_failure(error: TongbanError, attempts: int, now: datetime, jitter: float) -> Retry | GiveUp:
    """What a failed attempt is followed by. ``attempts`` counts this one; ``jitter`` is between 0 and 1.

    The wait doubles from ``FIRST_WAIT`` to ``LONGEST_WAIT``, and half of it is drawn by lot, so that a peer that comes
    back is not met by everyone at once.
    """
    # Misconfigured is this installation's own: its operator mends it, and what waits needs nothing more than that.
    passing = isinstance(error, Unavailable | InFlight | Internal | Misconfigured) or error.reason in _PASSING
    if not passing or attempts >= MAX_ATTEMPTS:
        return GiveUp()
    wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return Retry(now + wait * (0.5 + jitter / 2))


class Dispatcher:
    """Makes deliveries, for as long as it runs."""

    def __init__(
        self,
        house: House,
        peer: Peer,
        platform: Platform | None,
        awake: asyncio.Event,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._house = house
        self._peer = peer
        self._platform = platform
        self._jitter = jitter
        self._awake = awake
        self._under_way: set[asyncio.Task[None]] = set()
        self._silent: set[tuple[DeliveryKind, str]] = set()
        self._tried: set[tuple[DeliveryKind, str]] = set()  # of those silent: one delivery tries them now

    async def run(self) -> None:
        """Make deliveries until cancelled."""
        while True:
            self._awake.clear()
            room = BATCH - len(self._under_way)
            try:
                if not room:
                    await self._awake.wait()  # whatever is due, there is room only when an attempt ends
                    continue
                claimed = await self._house.store.claim(now=self._house.clock.now(), limit=room, lease=LEASE)
                for delivery in claimed:
                    task = asyncio.create_task(self._make(delivery))
                    self._under_way.add(task)
                    task.add_done_callback(self._made)
                if not claimed:
                    await self._sleep()
            except TongbanError as error:
                _log.warning("outbox is not reachable", error=str(error))
                await asyncio.sleep(IDLE_WAIT_SECONDS)

    def _made(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._awake.set()  # its stream's next delivery may be due

    async def _sleep(self) -> None:
        due = await self._house.store.next_due()
        wait = IDLE_WAIT_SECONDS
        if due is not None:
            wait = min(wait, max(0.01, (due - self._house.clock.now()).total_seconds()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), wait)

    async def drain(self) -> None:
        """Make everything that is due now, and what becomes due by that: ``run`` step by step, for tests."""
        while claimed := await self._house.store.claim(now=self._house.clock.now(), limit=BATCH, lease=LEASE):
            await asyncio.gather(*(self._make(delivery) for delivery in claimed))

    async def close(self) -> None:
        """Wait for attempts under way, and break off what takes longer than ``STOP_SECONDS``."""
        if not self._under_way:
            return
        _, unfinished = await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _make(self, delivery: Delivery) -> None:
        lease = delivery.lease
        if lease is None:
            return
        try:
            try:
                await self._attempt(delivery, lease)
            except TongbanError as error:
                await self._failed(delivery, lease, error)
            except (StaleLease, asyncio.CancelledError):
                raise
            except Exception as defect:  # noqa: BLE001 - one delivery's defect must not stop the others
                self._house.report_defect(defect)
                await self._failed(delivery, lease, Internal(Reason.INTERNAL, "our own defect while delivering"))
        except StaleLease:
            pass  # somebody else has it by now
        except TongbanError as error:
            _log.warning("a delivery's outcome could not be written; its lease runs out", error=str(error))

    async def _attempt(self, delivery: Delivery, lease: Lease) -> None:
        """Make it, within bounds of time; to a destination that does not answer only if nobody else does."""
        way = delivery.kind, delivery.destination
        alone = way in self._silent
        if alone:
            if way in self._tried:
                raise _unanswered(delivery, "no answer to others, and one of them is still trying")
            self._tried.add(way)
        began = asyncio.get_running_loop().time()
        silent = False
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await _MAKERS[delivery.kind](self, delivery, lease)
        except Unavailable:
            silent = asyncio.get_running_loop().time() - began >= SILENT_SECONDS
            raise
        except TimeoutError:
            silent = True
            raise _unanswered(delivery, f"an attempt that was broken off after {ATTEMPT_SECONDS:g} seconds") from None
        finally:
            if alone:
                self._tried.discard(way)
            (self._silent.add if silent else self._silent.discard)(way)

    async def _failed(self, delivery: Delivery, lease: Lease, error: TongbanError) -> None:
        now = self._house.clock.now()
        follows = after_failure(error, delivery.attempts + 1, now, self._jitter())
        dead = isinstance(follows, GiveUp)
        log = _log.error if dead else _log.warning
        log("delivery failed", delivery=delivery.delivery_id, kind=delivery.kind, reason=error.reason, dead=dead)
        if dead and delivery.kind is DeliveryKind.PLATFORM_NOTICE:
            await self._set_notice_aside(delivery, lease, error)
            return
        run_at = now if isinstance(follows, GiveUp) else follows.at
        await self._house.store.postpone(lease, run_at=run_at, error=str(error), dead=dead)

    async def _set_notice_aside(self, delivery: Delivery, lease: Lease, error: TongbanError) -> None:
        """A notice that can't be taken must not hold up what the platform told after it: it leaves its stream.

        One about an erased case is not kept: that it came is all that is left of it.
        """
        if error.reason is Reason.CASE_ERASED:
            act = Leaf(LeafKind.CALL_REFUSED, delivery.destination, error.reason, self._house.clock.now())
            await self._house.store.record(trails.traced(Recording(settled=(lease,)), (trails.trace(act),)))
            return
        # One that was requeued from there goes back to where it was.
        stream = delivery.stream
        if not stream.startswith("aside:"):
            stream = f"aside:{stream}:{delivery.subject}"
        aside = NewDelivery(
            delivery_id=self._house.new_id(),
            kind=delivery.kind,
            destination=delivery.destination,
            stream=stream,
            subject=delivery.subject,
            payload=delivery.payload,
            dead_because=str(error),
        )
        await self._house.store.record(Recording(settled=(lease,), deliveries=(aside,)))

    # to the peer ----------------------------------------------------------------------------------------------------

    async def _to_peer(self, delivery: Delivery, lease: Lease) -> None:
        record = await self._record_of(delivery)
        own = History.of(record.events).of_side(record.row.side)
        seq = int(delivery.subject)
        self._house.failpoint("dispatch.before_send")
        try:
            answer = await self._send(delivery, own[seq - 1 : seq])
        except WrongState as error:
            wanted = int(error.details.get("wanted_seq", "0")) if error.reason is Reason.EVENT_GAP else 0
            if not 1 <= wanted < seq:
                raise
            answer = await self._send_from(wanted, delivery, own[:seq])
        self._house.failpoint("dispatch.after_send")
        evidence = Evidence(
            call_digest=sha256(answer.request.encode()).digest(),
            case_id=record.row.case_id,
            method=routes.DELIVER_EVENTS,
            request=answer.request,
            request_body=answer.request_body,
            response=answer.response,
            response_body=answer.response_body,
        )
        receipt = self._act(
            LeafKind.RECEIPT,
            delivery.destination,
            sha256(answer.response_body).hexdigest(),
            own[seq - 1].event,
            answer.request,
        )
        told = await heads.heard(self._house, delivery.destination, answer.heads, evidence.call_digest.hex())
        recording = told.with_it(Recording(settled=(lease,), evidence=(evidence,)))
        await self._settle(delivery, record, receipt, recording)

    async def _send_from(self, wanted: int, delivery: Delivery, own: tuple[RecordedEvent, ...]) -> SignedAnswer:
        """Go back to the event that the peer wants: it lost its store, or was restored from an older copy."""
        answer = None
        for first in range(wanted - 1, len(own), MAX_EVENTS_PER_DELIVERY):
            answer = await self._send(delivery, own[first : first + MAX_EVENTS_PER_DELIVERY])
        if answer is None:
            raise Internal(Reason.INTERNAL, "a peer wants an event that was not made")
        return answer

    async def _send(self, delivery: Delivery, events: tuple[RecordedEvent, ...]) -> SignedAnswer:
        told = await heads.told_to(self._house, delivery.destination)
        answer = await self._peer.deliver(delivery.destination, delivery.stream, [event.raw for event in events], told)
        if answer.accepted_through < events[-1].event.seq:
            raise Unavailable(
                Reason.PEER_UNAVAILABLE,
                f"{delivery.destination} signed a receipt for less than it was sent",
                got=f"through {answer.accepted_through}",
                expected=f"through {events[-1].event.seq}",
            )
        return answer

    # to the platform ------------------------------------------------------------------------------------------------

    async def _to_platform(self, delivery: Delivery, lease: Lease) -> None:
        record = await self._record_of(delivery)
        history = History.of(record.events)
        side, _, seq = delivery.subject.partition(":")
        told = history.of_side(Side(side))[int(seq) - 1]
        self._house.failpoint("dispatch.before_platform")
        receipt = await self._reach_platform().pass_on(_message(record, history, told))
        self._house.failpoint("dispatch.after_platform")
        passed = self._act(LeafKind.PLATFORM_PASSED, delivery.destination, told.digest.hex(), told.event)
        await self._settle(delivery, record, passed, Recording(settled=(lease,)), receipt.local_number)

    def _reach_platform(self) -> Platform:
        if self._platform is None:
            raise Unavailable(
                Reason.PLATFORM_UNAVAILABLE,
                "no platform is configured for what waits for one",
                mend="configure [platform], or requeue after doing so",
                fault=Fault.OPERATOR,
            )
        return self._platform

    # from the platform ----------------------------------------------------------------------------------------------

    async def _from_platform(self, delivery: Delivery, lease: Lease) -> None:
        command = read_notice(delivery.payload)
        self._house.failpoint("dispatch.before_settle")
        await exchange_notice(self._house, command, delivery.payload, Recording(settled=(lease,)))
        self._house.failpoint("dispatch.after_settle")

    # shared ---------------------------------------------------------------------------------------------------------

    async def _record_of(self, delivery: Delivery) -> CaseRecord:
        record = await self._house.store.case(case_id=delivery.stream)
        if record is None:
            raise Internal(Reason.INTERNAL, "a delivery names a case that is not stored")
        records.require_kept(record.row)
        return record

    async def _settle(
        self, delivery: Delivery, record: CaseRecord, act: Leaf, recording: Recording, local_number: str = ""
    ) -> None:
        """Record what was done, with its leaf at the next place of the case; anew when somebody else took that."""
        holder = trails.applicant_term(self._house, record.events)
        for _ in range(ATTEMPTS_AT_A_MOVING_CASE):
            row, trace = trails.follow(record.row, act, holder=holder)
            row = replace(row, local_number=local_number or row.local_number)
            self._house.failpoint("dispatch.before_settle")
            try:
                await self._house.store.record(trails.traced(replace(recording, case=row), (trace,)))
            except StaleCase:
                record = await self._record_of(delivery)
                continue
            self._house.failpoint("dispatch.after_settle")
            self._house.wake()
            return
        raise InFlight(Reason.CALL_IN_FLIGHT, "the case is being written by others at this moment")

    def _act(self, kind: LeafKind, member: str, subject: str, event: CaseEvent, request: str = "") -> Leaf:
        return Leaf(
            kind=kind,
            member=member,
            subject=subject,
            at=self._house.clock.now(),
            seq=event.seq,
            emitter=event.emitter,
            call=sha256(request.encode()).hexdigest() if request else "",
        )


_MAKERS: Final = {
    DeliveryKind.PEER_EVENT: Dispatcher._to_peer,
    DeliveryKind.PLATFORM_MESSAGE: Dispatcher._to_platform,
    DeliveryKind.PLATFORM_NOTICE: Dispatcher._from_platform,
}


_WHO_IS_SILENT: Final = {
    DeliveryKind.PEER_EVENT: Reason.PEER_UNAVAILABLE,
    DeliveryKind.PLATFORM_MESSAGE: Reason.PLATFORM_UNAVAILABLE,
    DeliveryKind.PLATFORM_NOTICE: Reason.STORE_UNAVAILABLE,
}


def _unanswered(delivery: Delivery, got: str) -> Unavailable:
    return Unavailable(
        _WHO_IS_SILENT[delivery.kind],
        f"a delivery to {delivery.destination} came to no end",
        got=got,
        expected="an outcome",
        mend="nothing yet: it is tried again",
    )


def _message(record: CaseRecord, history: History, told: RecordedEvent) -> PlatformMessage:
    case = fold(history)
    local = record.row.local_number
    if not local and record.row.side is Side.PROCESSING and isinstance(case.accepted, Accepted):
        local = case.accepted.local_number
    return PlatformMessage(
        key=told.digest.hex()[:32],
        side=record.row.side,
        case_number=record.row.number,
        submitted=case.submitted,
        event=told.event.body,
        occurred_at=told.event.occurred_at,
        local_number=local,
        peer_local_number=record.row.peer_local_number,
    )
