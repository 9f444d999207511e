"""What recording a case event means, wherever the event came from: row, leaf, deliveries, and how a case is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.case import (
    Accepted,
    AcceptingBody,
    Case,
    CaseEvent,
    EventBody,
    History,
    RecordedEvent,
    Side,
    emit,
    fold,
)
from gateway.domain.deadline import Deadline, Pause, due
from gateway.exchange import trails
from gateway.exchange.caller import Caller
from gateway.exchange.house import House
from gateway.ports import CaseRow, DeliveryKind, NewDelivery
from trust.errors import Reason, WrongState
from trust.leaf import LeafKind

EVENT_SALT_BYTES = 16


def make_event(
    house: House, caller: Caller, history: History, case_id: str, body: EventBody, occurred_at: datetime
) -> CaseEvent:
    """The next event of this gateway's side. CASE_STATE_WRONG when it can't follow."""
    return emit(
        history,
        case_id,
        body,
        emitter=house.member_id,
        occurred_at=occurred_at,
        actor=caller.actor,
        salt=house.random(EVENT_SALT_BYTES),
    )


def follow_event(
    caller: Caller, row: CaseRow, recorded: RecordedEvent, holder: bytes
) -> tuple[CaseRow, RecordedEvent, trails.Trace]:
    """The trace that says this gateway has the event, the event with its leaf's hash, and the row behind them."""
    act = caller.act(LeafKind.CASE_EVENT, recorded.digest.hex(), emitter=recorded.event.emitter, seq=recorded.event.seq)
    row, trace = trails.follow(row, act, caller, holder=holder)
    return row, replace(recorded, leaf=trace.leaf_hash), trace


def require_kept(row: CaseRow) -> None:
    """The personal data of the case are still here. WrongState(CASE_ERASED) names the day on which they were erased."""
    if row.erased_at is not None:
        day = beijing_date(row.erased_at).isoformat()
        raise WrongState(
            Reason.CASE_ERASED,
            "the personal data of the case were erased here",
            got=f"erased on {day}",
            expected="a case that is still kept",
            mend="ask the other place, or look into an evidence bundle made before",
            details={"erased_on": day},
        )


def own_item(row: CaseRow) -> str:
    """The item's code in this gateway's own catalogue, which its members' rights name."""
    return row.source_code if row.side is Side.ACCEPTING else row.target_code


def row_after(row: CaseRow, case: Case, now: datetime) -> CaseRow:
    """The case row once the case stands there."""
    peer_number = row.peer_local_number
    if row.side is Side.ACCEPTING and case.accepted is not None:
        peer_number = case.accepted.local_number
    return replace(row, state=case.state, updated_at=now, peer_local_number=peer_number)


def to_peer(house: House, row: CaseRow, event: CaseEvent) -> NewDelivery:
    """Our event, for the other gateway."""
    return NewDelivery(house.new_id(), DeliveryKind.PEER_EVENT, row.peer, row.case_id, str(event.seq))


def to_platform(house: House, row: CaseRow, event: CaseEvent) -> tuple[NewDelivery, ...]:
    """The event, for the local platform, when it has to be told.

    The accepting place's platform is told everything; the processing place's is told what the applicant does, since
    the rest it did itself.
    """
    told = row.side is Side.ACCEPTING or isinstance(event.body, AcceptingBody)
    if not told or not house.platform:
        return ()
    subject = f"{event.side}:{event.seq}"
    return (NewDelivery(house.new_id(), DeliveryKind.PLATFORM_MESSAGE, house.platform, row.case_id, subject),)


async def view(house: House, row: CaseRow, history: History, now: datetime) -> commands.CaseView:
    """A case as its caller sees it, with what still waits."""
    case = fold(history)
    waiting = await house.store.deliveries(stream=row.case_id) if row.version else []
    return commands.CaseView(
        case=case,
        side=row.side,
        local_number=_local_number(row, case),
        peer_local_number=row.peer_local_number,
        deadline=deadline_of(house, case, now),
        waiting=tuple(
            commands.Waiting(
                delivery_id=delivery.delivery_id,
                destination=delivery.destination,
                attempts=delivery.attempts,
                next_attempt_at=None if delivery.dead else delivery.run_at,
                last_error=delivery.last_error,
            )
            for delivery in waiting
        ),
    )


def _local_number(row: CaseRow, case: Case) -> str:
    """Our platform's number: told when the case was passed on, at the latest when it was accepted."""
    if not row.local_number and row.side is Side.PROCESSING and isinstance(case.accepted, Accepted):
        return case.accepted.local_number
    return row.local_number


def deadline_of(house: House, case: Case, now: datetime) -> Deadline | None:
    """承诺办结日; None before acceptance."""
    if case.accepted is None or case.accepted_at is None:
        return None
    pauses = [
        Pause(beijing_date(pause.since), beijing_date(pause.until or max(pause.since, now))) for pause in case.pauses
    ]
    return due(beijing_date(case.accepted_at), case.accepted.promised_days, pauses, house.knowledge.calendar)
