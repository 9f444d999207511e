"""Deciding about events that a peer delivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.case import CaseState, History, RecordedEvent, Side, Submitted, fold, receive
from gateway.domain.case_number import CaseNumber
from gateway.exchange import heads, records, trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CaseRow, Evidence, Heads, Recording
from trust.directory import Action, Role
from trust.errors import Forbidden, Malformed, Reason, WrongState
from trust.leaf import commit_case


async def receive_events(house: House, caller: Caller, asked: commands.ReceiveEvents) -> Decided:
    """Take a peer's events of one case.

    1. The caller is a gateway, and every event is its own and of this case.
    2. The case is one that it shares with this gateway, for an item that it may deliver.
    3. The events follow what is held (``gateway.domain.case.receive``).
    4. What is new is recorded, with the signed call as evidence, and passed on to the local platform.
    5. So is a new head of the caller's log; the receipt tells ours.
    """
    # 1
    _require_own_events(caller, asked)
    record = await house.store.case(case_id=asked.case_id)
    # 2
    if record is None:
        row, history = _new_case(house, caller, asked), History()
    else:
        row, history = record.row, History.of(record.events)
        _require_shared(caller, row)
        records.require_kept(row)
    # 3
    new = receive(history, row.side.other, asked.events)
    if not new:
        return await _with_heads(house, caller, asked, _receipt(asked, history, row.side.other), Recording())
    # 4
    holder = trails.applicant_term(house, (*history.of_side(Side.ACCEPTING), *new))
    traces: list[trails.Trace] = []
    fresh: list[RecordedEvent] = []
    for recorded in new:
        row, with_leaf, trace = records.follow_event(caller, row, recorded, holder)
        history = history.with_event(with_leaf)
        fresh.append(with_leaf)
        traces.append(trace)
    case = fold(history)
    row = records.row_after(row, case, caller.now)
    moot = {step.recorded.digest for step in case.steps if step.moot}
    recording = Recording(
        case=row,
        events=tuple(fresh),
        deliveries=tuple(
            delivery
            for recorded in fresh
            if recorded.digest not in moot
            for delivery in records.to_platform(house, row, recorded.event)
        ),
        evidence=_evidence(caller, row),
    )
    receipt = _receipt(asked, history, row.side.other)
    return await _with_heads(house, caller, asked, receipt, trails.traced(recording, traces))


async def _with_heads(
    house: House, caller: Caller, asked: commands.ReceiveEvents, receipt: commands.Receipt, recording: Recording
) -> Decided:
    # 5
    told = Heads(asked.own_checkpoint, asked.your_checkpoint)
    heard = await heads.heard(house, caller.member.id, told, caller.call_digest.hex())
    ours = await heads.told_to(house, caller.member.id)
    receipt = replace(receipt, own_checkpoint=ours.own, your_checkpoint=ours.yours)
    return Decided(receipt, heard.with_it(recording))


def _require_own_events(caller: Caller, asked: commands.ReceiveEvents) -> None:
    if caller.member.role is not Role.GATEWAY:
        raise Forbidden(Reason.RIGHT_MISSING, "only gateways deliver events", got=f"a {caller.member.role}")
    for recorded in asked.events:
        if recorded.event.emitter != caller.member.id or recorded.event.case_id != asked.case_id:
            raise Malformed(
                Reason.EVENT_CHAIN_BROKEN,
                f"event {recorded.event.seq} is not the caller's own event of this case",
                got="another emitter or another case",
                expected=f"events of {caller.member.id} of the case that the request names",
            )


def _new_case(house: House, caller: Caller, asked: commands.ReceiveEvents) -> CaseRow:
    """The row of a case that begins here: the caller's first event must be its submission to this region."""
    first = asked.events[0].event
    body = first.body
    if first.seq != 1 or not isinstance(body, Submitted):
        raise WrongState(
            Reason.EVENT_GAP,
            "the case is not known here",
            got=f"seq {first.seq}",
            expected="seq 1",
            mend="send from the first event",
            details={"wanted_seq": "1"},
        )
    if body.processing_region != house.region or body.accepting_region != caller.member.region:
        raise Forbidden(
            Reason.NOT_YOUR_CASE,
            "the case is not between these two regions",
            got=f"{body.accepting_region} to {body.processing_region}",
            expected=f"{caller.member.region} to {house.region}",
        )
    number = CaseNumber.parse(body.case_number)
    # In the one form that people's spellings are read into, or nobody here could look it up.
    if number.region != caller.member.region or str(number) != body.case_number:
        raise Malformed(
            Reason.FIELD_INVALID,
            "field submitted.case_number is not valid",
            got="a number of another region, or in another form",
            expected=f"a number of region {caller.member.region} in its canonical form",
            details={"field": "submitted.case_number"},
        )
    caller.require(Action.EXCHANGE_DELIVER, item=body.target_item.code)
    item = house.knowledge.catalogue(house.region).item_in_force(body.target_item.code, beijing_date(caller.now))
    return CaseRow(
        case_id=asked.case_id,
        number=body.case_number,
        side=Side.PROCESSING,
        peer=caller.member.id,
        accepting_region=body.accepting_region,
        processing_region=body.processing_region,
        source_code=body.source_item.code,
        target_code=item.code,
        item_name=item.name,
        state=CaseState.SUBMITTED,
        opened_at=caller.now,
        updated_at=caller.now,
        commitment=commit_case(body.case_salt, asked.case_id),
    )


def _require_shared(caller: Caller, row: CaseRow) -> None:
    if row.peer != caller.member.id:
        raise Forbidden(
            Reason.NOT_YOUR_CASE, "the case is not shared with the caller", got=f"a call of {caller.member.id}"
        )
    caller.require(Action.EXCHANGE_DELIVER, item=records.own_item(row))


def _receipt(asked: commands.ReceiveEvents, history: History, sender: Side) -> commands.Receipt:
    held = history.of_side(sender)
    return commands.Receipt(
        case_id=asked.case_id,
        accepted_through=len(held),
        leaf_hashes=_leaf_hashes(held, asked.events),
    )


def _leaf_hashes(held: Sequence[RecordedEvent], asked: Sequence[RecordedEvent]) -> tuple[bytes, ...]:
    return tuple(held[recorded.event.seq - 1].leaf for recorded in asked)


def _evidence(caller: Caller, row: CaseRow) -> tuple[Evidence, ...]:
    if caller.call is None:
        return ()
    return (
        Evidence(
            call_digest=caller.call_digest,
            case_id=row.case_id,
            method=caller.call.method,
            request=caller.call.signature,
            request_body=caller.call.body,
        ),
    )
