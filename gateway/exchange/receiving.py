"""Deciding about events that a peer delivers.

A case is judged by the day on which it was submitted, not by the one on which it arrives: who applied in time applied
in time, though the line was down for a week. It keeps the versions of its items that it started on. What this place
changed meanwhile, a newer version of the item or a mapping that it withdrew, may have crossed with the case: what stood
on the day before still serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from gateway.domain import commands
from gateway.domain.calendar import beijing_date
from gateway.domain.case import CaseState, History, RecordedEvent, Side, Submitted, fold, receive
from gateway.domain.case_number import CaseNumber
from gateway.domain.catalogue import Item
from gateway.exchange import heads, records, trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CaseRow, Evidence, Heads, Recording
from trust.directory import Action, Role
from trust.errors import Forbidden, Malformed, NotFound, Reason, WrongState
from trust.leaf import commit_case
from trust.signed_call import CLOCK_SKEW

NEWS_CROSSES: Final = timedelta(days=1)
"""How long what this place changed may not have been heard of by the place that accepts cases."""


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
    """The row of a case that begins here: the caller's first event must be its submission to this region.

    It is for an item that could be applied for here on the day of submission, in a version that this place has
    published, with facts that the item's questions offer, and it comes by a row of the crosswalk that this place
    signed for. That the other place signed for it too is its own to know.
    """
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
    ends = {
        (body.accepting_region, body.processing_region),
        (body.source_item.catalogue, body.target_item.catalogue),
    }
    if ends != {(caller.member.region, house.region)}:
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
    # Nobody submits tomorrow by a row that begins then.
    submitted_on = beijing_date(min(first.occurred_at, caller.now + CLOCK_SKEW))
    item = _item_of(house, body, submitted_on)
    _require_signed_row(house, body, submitted_on)
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


def _item_of(house: House, body: Submitted, submitted_on: date) -> Item:
    """The item that a case is for, in the version that the case started on.

    An earlier version that isn't kept, as of a catalogue that comes from a file, leaves the one of the day to go by.
    Raises NotFound(ITEM_UNKNOWN), WrongState(ITEM_NOT_IN_FORCE), and Malformed for facts that the item doesn't offer.
    """
    catalogue = house.knowledge.catalogue(house.region)
    code, version = body.target_item.code, body.target_item.version
    number = int(version) if version.isascii() and version.isdecimal() else 0
    named, newest = catalogue.find(code, number), catalogue.find(code)
    if newest is not None and not 1 <= number <= newest.version:
        raise NotFound(
            Reason.ITEM_UNKNOWN,
            f"item {code!r} has no such version here",
            got=f"version {number}" if number else "what is no version's number",
            expected=f"version {newest.version}, or an earlier one",
            mend="pull the catalogue again, and open the case anew",
        )
    if named is None:
        return catalogue.item_in_force(code, submitted_on)
    speaking = [catalogue.find_on(code, day) or named for day in (submitted_on - NEWS_CROSSES, submitted_on)]
    begun, replaced = speaking[1].version >= number, speaking[0].version > number
    if named.why_not_in_force(submitted_on) or replaced or not begun:
        raise WrongState(
            Reason.ITEM_NOT_IN_FORCE,
            f"take a case for version {named.version} of item {code!r} that was submitted on {submitted_on}",
            got=catalogue.why_not_applicable(named, submitted_on),
            expected="a version that could be applied for on that day, or on the day before",
            mend="pull the catalogue again, and open the case anew",
        )
    named.check_answers(body.products)
    return named


def _require_signed_row(house: House, body: Submitted, submitted_on: date) -> None:
    """The case comes by a row that this place signed for: NotFound(ROW_UNKNOWN), WrongState(ROW_WITHDRAWN).

    This place's own word only, since it can't have failed to hear that. Of a row's versions any serves that did so.
    """
    crosswalk = house.knowledge.atlas.crosswalk
    ends = body.accepting_region, house.region
    signed = [
        row
        for row in crosswalk.rows_from(body.accepting_region, body.source_item.code, house.region)
        if (row.id, row.target_code) == (body.crosswalk_row, body.target_item.code)
        and row.decides
        and row.begun_by(submitted_on)
        and not row.over_by(submitted_on)
        and row.standing.signed_by(house.region)
    ]
    if not signed:
        raise NotFound(
            Reason.ROW_UNKNOWN,
            "this place has not signed for the mapping by which the case comes",
            got=f"a row from item {body.source_item.code!r} to item {body.target_item.code!r}, on {submitted_on}",
            expected="a row between the two items that this place signed for and that holds on the day",
            mend="translate the item again, and open the case anew by a row that both places have signed for",
        )
    before = submitted_on - NEWS_CROSSES
    if all(row.withdrawn_between(*ends, before) or crosswalk.superseded_by(row, *ends, before) for row in signed):
        raise WrongState(
            Reason.ROW_WITHDRAWN,
            "the mapping by which the case comes was withdrawn, or another version took its place",
            got=f"a case submitted on {submitted_on}",
            expected="a row that counted on that day, or on the day before",
            mend="read the journal again, and open the case anew by a row that both places stand by",
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
