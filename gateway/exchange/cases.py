"""Deciding about cases for the local side: opening one, adding an event to one, showing them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.domain import commands
from gateway.domain.application import ItemReference, Material, MaterialCarrier, Party
from gateway.domain.atlas import Query
from gateway.domain.calendar import beijing_date
from gateway.domain.case import (
    Case,
    CaseState,
    EventBody,
    History,
    RecordedEvent,
    Side,
    Submitted,
    Supplemented,
    SupplementRequested,
    fold,
)
from gateway.domain.case import (
    Decided as DecidedBody,
)
from gateway.domain.case_number import CaseNumber
from gateway.domain.catalogue import Item, MaterialRequirement
from gateway.domain.people import id_number_flaw
from gateway.domain.situations import required_materials
from gateway.domain.translation import Match, require_match, translate
from gateway.exchange import licences, records, trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CaseRecord, CaseRow, LicenceEntry, Recording
from trust.directory import Action
from trust.errors import Forbidden, Malformed, NotFound, Reason, WrongState
from trust.leaf import LeafKind, commit_case

CLOCKS_MAY_DIFFER: Final = timedelta(seconds=30)
CASE_SALT_BYTES: Final = 32
RESIDENT_IDENTITY_CARD: Final = "111"
"""National certificate code of 居民身份证."""
_UUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)


async def open_case(house: House, caller: Caller, asked: commands.OpenCase) -> Decided:
    """Take an application, translate it, check its materials, and send it on.

    1. The caller may open cases for this item, and the numbers of the people concerned can be theirs: a digit mistyped
       at the window is found there, not two cities further on.
    2. The code translates to exactly one item of the processing place.
    3. Every required material is there, in a form that the item allows; also what only the processing place requires,
       so that the applicant is told once and completely.
    4. Every licence that stands for a paper is acceptable, of the right type, and the applicant's own.
    """
    # 1
    caller.require(Action.CASE_OPEN, item=asked.item_code)
    if asked.processing_region == house.region:
        raise Malformed(
            Reason.FIELD_INVALID,
            "field processing_region is not valid",
            got="this gateway's own region",
            expected="the region that handles the item",
            mend="open cases of this region at the local platform",
            details={"field": "processing_region"},
        )
    _require_possible_number(asked.applicant, "applicant")
    if asked.agent is not None:
        _require_possible_number(asked.agent, "agent")
    # 2
    today = beijing_date(caller.now)
    item = house.knowledge.catalogue(house.region).item_in_force(asked.item_code, today)
    query = Query(house.region, asked.processing_region, asked.item_code, today, asked.answers)
    matched = require_match(translate(house.knowledge.atlas, query))
    target, match, facts = matched.target, matched.match, matched.facts(asked.answers)
    # 3
    requirements = required_materials(item, asked.answers)
    _require_materials(requirements, asked.materials)
    _require_target_materials(target, facts, match, asked.materials)
    # 4
    await licences.require_own_licences(
        house, caller, item, asked.materials, nonce=asked.presentation_nonce, applicant=asked.applicant
    )
    serial = await house.store.next_serial(f"case:{house.region}:{today:%Y%m%d}")
    number = str(CaseNumber.make(house.region, today, serial))
    submitted = Submitted(
        case_number=number,
        accepting_region=house.region,
        processing_region=asked.processing_region,
        source_item=_reference(item),
        target_item=_reference(target),
        crosswalk_row=match.path[-1].row.id,
        answers=dict(asked.answers),
        products=dict(facts),
        applicant=asked.applicant,
        agent=asked.agent,
        materials=tuple(
            replace(material, key=match.materials.get(material.key, material.key)) for material in asked.materials
        ),
        presentation_nonce=asked.presentation_nonce,
        case_salt=house.random(CASE_SALT_BYTES),
    )
    case_id = house.new_id()
    row = CaseRow(
        case_id=case_id,
        number=number,
        side=Side.ACCEPTING,
        peer=house.knowledge.directory.gateway_of(asked.processing_region).id,
        accepting_region=house.region,
        processing_region=asked.processing_region,
        source_code=item.code,
        target_code=target.code,
        item_name=item.name,
        state=CaseState.SUBMITTED,
        opened_at=caller.now,
        updated_at=caller.now,
        commitment=commit_case(submitted.case_salt, case_id),
    )
    return await _emit(house, caller, row, History(), submitted, caller.now)


async def advance(house: House, caller: Caller, asked: commands.AdvanceCase) -> Decided:
    """Add one event of this gateway's side to a case."""
    record = await find(house, asked.case)
    if asked.body.kind.side is not record.row.side:
        raise Forbidden(
            Reason.NOT_YOUR_CASE,
            f"only the {asked.body.kind.side} place can say {asked.body.kind}",
            got=f"this gateway is the {record.row.side} place of the case",
        )
    action = Action.CASE_OPEN if record.row.side is Side.ACCEPTING else Action.CASE_PROGRESS
    caller.require(action, item=records.own_item(record.row))
    occurred_at = asked.occurred_at or caller.now
    if occurred_at > caller.now + CLOCKS_MAY_DIFFER:
        raise Malformed(
            Reason.FIELD_INVALID,
            "field occurred_at is not valid",
            got="a time in the future",
            expected="a time that has come",
            mend="set the platform's clock, and check that it sends UTC",
            details={"field": "occurred_at"},
        )
    history = History.of(record.events)
    case = fold(history)
    body = _number_request(case, asked.body)
    issued: tuple[LicenceEntry, ...] = ()
    if isinstance(body, Supplemented):
        await _require_supplement_licences(house, caller, record.row, case, body, asked.presentation_nonce)
    if isinstance(body, DecidedBody) and body.approved and not body.result_licence:
        body, issued = await _with_result_licence(house, caller, record.row, case, body)
    return await _emit(house, caller, record.row, history, body, min(occurred_at, caller.now), issued)


async def show(house: House, caller: Caller, asked: commands.GetCase) -> Decided:
    """One case. Somebody looked at personal data, and that goes into the log."""
    record = await find(house, asked.case)
    caller.require(Action.CASE_READ, item=records.own_item(record.row))
    view = await records.view(house, record.row, History.of(record.events), caller.now)
    act = caller.act(LeafKind.PERSONAL_DATA_READ, "case")
    row, trace = trails.follow(record.row, act, caller, holder=trails.applicant_term(house, record.events))
    return Decided(view, trails.traced(Recording(case=row), (trace,)))


async def list_cases(house: House, caller: Caller, asked: commands.ListCases) -> Decided:
    """Cases that the caller may read, newest first, without personal data. A page may be shorter than its limit."""
    rows = await house.store.cases(states=asked.states, limit=asked.limit + 1, before=asked.before)
    page = rows[: asked.limit]
    lines = tuple(
        commands.CaseLine(
            case_id=row.case_id,
            number=row.number,
            accepting_region=row.accepting_region,
            processing_region=row.processing_region,
            item_name=row.item_name,
            state=row.state,
            local_number=row.local_number,
            peer_local_number=row.peer_local_number,
        )
        for row in page
        if caller.may(Action.CASE_READ, item=records.own_item(row))
    )
    return Decided(commands.CaseList(lines, next_page=page[-1].case_id if len(rows) > asked.limit else ""))


async def find(house: House, reference: str) -> CaseRecord:
    """A case with its content. As ``look_up``, and WrongState(CASE_ERASED)."""
    record = await look_up(house, reference)
    records.require_kept(record.row)
    return record


async def look_up(house: House, reference: str) -> CaseRecord:
    """A case by its UUID or by its number as people write it, erased or not. NotFound(CASE_UNKNOWN)."""
    if _UUID.fullmatch(reference):
        record = await house.store.case(case_id=reference)
    else:
        record = await house.store.case(number=str(CaseNumber.parse(reference)))
    if record is None:
        raise NotFound(
            Reason.CASE_UNKNOWN,
            "no such case at this gateway",
            expected="a case number such as 430600-20261121-000001-P, or the case's UUID",
        )
    return record


async def _emit(
    house: House,
    caller: Caller,
    row: CaseRow,
    history: History,
    body: EventBody,
    occurred_at: datetime,
    issued: tuple[LicenceEntry, ...] = (),
) -> Decided:
    raw = house.codec.encode(records.make_event(house, caller, history, row.case_id, body, occurred_at))
    # Read back at once: what the other gateway could not read is refused now, and never waits for it in vain.
    event = house.codec.decode(raw)
    after = history.with_event(RecordedEvent.of(event, raw))
    holder = trails.applicant_term(house, after.of_side(Side.ACCEPTING))
    row, recorded, trace = records.follow_event(caller, row, RecordedEvent.of(event, raw), holder)
    row = records.row_after(row, fold(after), caller.now)
    return Decided(
        await records.view(house, row, after, caller.now),
        trails.traced(
            Recording(
                case=row,
                events=(recorded,),
                deliveries=(records.to_peer(house, row, event), *records.to_platform(house, row, event)),
                licences=issued,
            ),
            (trace,),
        ),
    )


def _number_request(case: Case, body: EventBody) -> EventBody:
    """Number a supplement request, or the answer to one, when the caller left that to the gateway."""
    match body:
        case SupplementRequested(request=0):
            return replace(body, request=case.requests + 1)
        case Supplemented(request=0):
            return replace(body, request=case.requests)
        case _:
            return body


async def _require_supplement_licences(
    house: House, caller: Caller, row: CaseRow, case: Case, body: Supplemented, nonce: str
) -> None:
    """Licences in a supplement are held to what the processing place's item allows: its keys are those asked for."""
    item = _item_as_submitted(house, row.processing_region, case.submitted.target_item)
    if item is not None:
        applicant = case.submitted.applicant
        await licences.require_own_licences(house, caller, item, body.materials, nonce=nonce, applicant=applicant)


async def _with_result_licence(
    house: House, caller: Caller, row: CaseRow, case: Case, body: DecidedBody
) -> tuple[DecidedBody, tuple[LicenceEntry, ...]]:
    """The decision with its result as an electronic licence, when the item has one."""
    item = _item_as_submitted(house, row.processing_region, case.submitted.target_item)
    if item is None or not item.result_licence_type:
        return body, ()
    text, entry = await licences.issue_result(house, caller, case, body, item)
    return replace(body, result_licence=text), (entry,)


def _item_as_submitted(house: House, region: str, submitted: ItemReference) -> Item | None:
    """The item of a case at the version that the case started on, which it keeps.

    The newest where that version isn't here: of a catalogue that comes from a file, no earlier one is kept.
    """
    catalogue = house.knowledge.catalogue(region)
    version = int(submitted.version) if submitted.version.isdecimal() else None
    return catalogue.find(submitted.code, version) or catalogue.find(submitted.code)


def _require_possible_number(party: Party, path: str) -> None:
    """A resident's number must be one that somebody can have (GB 11643); other documents have rules of their own."""
    flaw = id_number_flaw(party.id_number) if party.id_type == RESIDENT_IDENTITY_CARD else ""
    if flaw:
        raise Malformed(
            Reason.FIELD_INVALID,
            f"field {path}.id_number is not valid",
            got=f"a number that can't be anybody's: {flaw}",
            expected="公民身份号码 as on the identity card",
            mend="read it from the card again",
            details={"field": f"{path}.id_number"},
        )


def _reference(item: Item) -> ItemReference:
    return ItemReference(item.catalogue, item.code, str(item.version), item.name)


def _must_be_handed_in(wanted: MaterialRequirement) -> bool:
    """Whether a case can't be opened without it: neither 容缺 lets it follow later, nor do shared data replace it."""
    return wanted.required and not wanted.may_be_deferred and not wanted.exempt_by_sharing


def _require_target_materials(target: Item, facts: Mapping[str, str], match: Match, given: Sequence[Material]) -> None:
    """What the processing place requires for this situation must be covered by what was given, under its own keys."""
    there = {match.materials.get(material.key, material.key) for material in given}
    missing = [
        wanted for wanted in required_materials(target, facts) if _must_be_handed_in(wanted) and wanted.key not in there
    ]
    if missing:
        raise WrongState(
            Reason.MATERIAL_MISSING,
            "the processing place requires materials that are not there",
            got=f"nothing for {', '.join(wanted.name for wanted in missing)}",
            expected=f"every required material of {target.code} in {target.catalogue}",
            mend=f"hand them in as well, under the keys {', '.join(wanted.key for wanted in missing)}",
            details={"materials": ",".join(wanted.key for wanted in missing)},
        )


def _require_materials(requirements: Sequence[MaterialRequirement], given: Sequence[Material]) -> None:
    carriers = {material.key: material.carrier for material in given}
    missing = [wanted.key for wanted in requirements if _must_be_handed_in(wanted) and wanted.key not in carriers]
    if missing:
        raise WrongState(
            Reason.MATERIAL_MISSING,
            "required materials are not there",
            got=f"nothing for {', '.join(missing)}",
            expected="every required material of the item",
            mend="ask the applicant for them, all at once",
            details={"materials": ",".join(missing)},
        )
    promised = [
        wanted.key
        for wanted in requirements
        if carriers.get(wanted.key) is MaterialCarrier.PROMISE and not wanted.by_promise
    ]
    if promised:
        raise WrongState(
            Reason.MATERIAL_MISSING,
            "a promise can't replace this material",
            got=f"告知承诺 for {', '.join(promised)}",
            expected="the material itself",
            details={"materials": ",".join(promised)},
        )
