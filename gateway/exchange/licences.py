"""Deciding about electronic licences: issuing, changing their status, verifying presentations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from gateway.domain import commands
from gateway.domain.application import Material, MaterialCarrier, Party
from gateway.domain.calendar import BEIJING, beijing_date
from gateway.domain.case import Case
from gateway.domain.case import Decided as DecidedBody
from gateway.domain.catalogue import Item
from gateway.exchange import trails
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.exchange.status_lists import list_uri
from gateway.ports import LicenceEntry, Recording
from trust.directory import Action
from trust.errors import NotFound, Reason, Unavailable, WrongState
from trust.leaf import LeafKind
from trust.licence import HOLDER_CODE, Licence, LicenceVerdict, Status, issue, peek, verify_presentation
from trust.licence_id import LicenceId

LICENCE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class _Face:
    """What is printed on a licence, and whose it is."""

    licence_type: str
    name: str
    issuer_name: str
    holder_name: str
    holder_code: str
    surface: Mapping[str, str]
    valid_from: date
    valid_until: date | None
    holder_key: Mapping[str, str] | None


async def issue_licence(house: House, caller: Caller, asked: commands.IssueLicence) -> Decided:
    """Issue a licence for the local platform."""
    caller.require(Action.LICENCE_ISSUE, licence_type=asked.licence_type)
    face = _Face(
        licence_type=asked.licence_type,
        name=asked.name,
        issuer_name=asked.issuer_name,
        holder_name=asked.holder_name,
        holder_code=asked.holder_id_number,
        surface=asked.surface,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        holder_key=asked.holder_jwk,
    )
    text, entry = await _issue(house, caller.now, face)
    act = caller.act(LeafKind.ADMIN, f"licence.issue:{entry.index}")
    trace = trails.trace(act, caller, holder=trails.person_term(house, asked.holder_id_number))
    recording = trails.traced(Recording(licences=(entry,)), (trace,))
    return Decided(commands.IssuedLicence(text, entry.licence_id), recording)


async def issue_result(
    house: House, caller: Caller, case: Case, decided: DecidedBody, item: Item
) -> tuple[str, LicenceEntry]:
    """The result of a case as an electronic licence, and its entry to be recorded with the decision."""
    applicant = case.submitted.applicant
    surface = {"办件编号": case.submitted.case_number, "事项名称": item.name, "办理结果": decided.explanation}
    if decided.result_number:
        surface["文号"] = decided.result_number
    face = _Face(
        licence_type=item.result_licence_type,
        name=item.result_name or item.name,
        issuer_name=item.department,
        holder_name=applicant.name,
        holder_code=applicant.id_number,
        surface=surface,
        valid_from=beijing_date(caller.now),
        valid_until=None,
        holder_key=None,
    )
    return await _issue(house, caller.now, face)


async def _issue(house: House, now: datetime, face: _Face) -> tuple[str, LicenceEntry]:
    """Sign a licence. Its serial is durable before it is used, so a number may be lost and is never given twice."""
    serial = await house.store.next_serial("licence")
    uri, index = list_uri(house.member_id, serial)
    licence_id = LicenceId.make(face.licence_type, house.region, f"{serial:09d}", LICENCE_VERSION)
    licence = Licence(
        issuer=house.member_id,
        licence_id=licence_id,
        name=face.name,
        region=house.region,
        issuer_name=face.issuer_name,
        issued_at=now,
        # A licence that starts today is good from the moment it is signed, whatever the verifier's clock says.
        valid_from=min(_midnight(face.valid_from), now)
        if face.valid_from == beijing_date(now)
        else _midnight(face.valid_from),
        valid_until=_midnight(face.valid_until + timedelta(days=1)) if face.valid_until else None,
        status_uri=uri,
        status_index=index,
        holder_name=face.holder_name,
        holder_code=face.holder_code,
        surface=face.surface,
        holder_key=face.holder_key,
    )
    text = issue(licence, house.signers.licence, random_bytes=house.random)
    return text, LicenceEntry(licence_id.text, face.licence_type, uri, index, status=0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)


async def set_status(house: House, caller: Caller, asked: commands.SetLicenceStatus) -> Decided:
    """Revoke, suspend or restore. A revoked licence never comes back."""
    entry = await house.store.licence(asked.licence_id)
    if entry is None:
        raise NotFound(Reason.LICENCE_UNKNOWN, "no licence with this identifier was issued here")
    caller.require(Action.LICENCE_ISSUE, licence_type=entry.licence_type)
    if entry.status == 1 and asked.status != 1:
        raise WrongState(
            Reason.LICENCE_REFUSED,
            "a revoked licence stays revoked",
            mend="issue a new licence",
        )
    act = caller.act(LeafKind.ADMIN, f"licence.status:{entry.index}:{asked.status}")
    recording = Recording(licences=(replace(entry, status=asked.status),))
    return Decided(commands.Done(), trails.traced(recording, (trails.trace(act, caller),)))


async def verify_licence(house: House, caller: Caller, asked: commands.VerifyLicence) -> Decided:
    """All verdicts on a presentation. Somebody looked at personal data, and that goes into the log."""
    caller.require(Action.LICENCE_VERIFY, licence_type=peek(asked.presentation).type_code)
    verdict = await _judge(house, caller, asked.presentation, asked.nonce)
    holder = verdict.claims.get(HOLDER_CODE)
    term = trails.person_term(house, holder) if isinstance(holder, str) else b""
    trace = trails.trace(caller.act(LeafKind.PERSONAL_DATA_READ, "licence"), caller, holder=term)
    return Decided(verdict, trails.traced(Recording(), (trace,)))


async def show_status_list(house: House, caller: Caller, asked: commands.GetStatusList) -> Decided:
    """The issuer's own list."""
    return Decided(commands.Token(await house.status_lists.own_token(asked.uri, caller.now)))


async def require_own_licences(
    house: House, caller: Caller, item: Item, materials: Iterable[Material], *, nonce: str, applicant: Party
) -> None:
    """Each licence that stands for a paper of the item: of the type it allows, acceptable, and the applicant's own."""
    wanted = {requirement.key: requirement.exempt_by_licence for requirement in item.materials}
    for material in materials:
        if material.carrier is MaterialCarrier.LICENCE:
            await _require_own_licence(house, caller, material, wanted.get(material.key, ""), nonce, applicant)


async def _require_own_licence(
    house: House, caller: Caller, material: Material, allowed: str, nonce: str, applicant: Party
) -> None:
    # First, so that for licences that nobody wants no issuer is asked for their status.
    shown = peek(material.licence).type_code
    if not allowed or shown != allowed:
        raise _refused(material, f"a licence of type {shown}", f"type {allowed}" if allowed else "no licence here")
    verdict = await _judge(house, caller, material.licence, nonce)
    if verdict.status.value is Status.UNKNOWN and verdict.acceptable_but_for_status:
        raise Unavailable(
            Reason.STATUS_LIST_REFUSED,
            f"the status of the licence for material {material.key} can't be verified now",
            got=verdict.status.reason,
            expected=f"the status list of {verdict.reference.issuer}",
            mend="try again in a moment, or take the paper",
            details={"material": material.key},
        )
    if not verdict.acceptable:
        raise _refused(
            material,
            f"integrity {verdict.integrity.value}, authority {verdict.authority.value}, "
            f"validity {verdict.validity.value}, status {verdict.status.value}, holder {verdict.holder.value}",
            "every verdict good",
        )
    if verdict.claims.get(HOLDER_CODE) != applicant.id_number:
        raise _refused(material, "a licence of somebody else, or one that hides whose it is", "the applicant's own")


async def _judge(house: House, caller: Caller, presentation: str, nonce: str) -> LicenceVerdict:
    reference = peek(presentation)
    directory = house.knowledge.directory
    status = await house.status_lists.of(reference.issuer, reference.status_uri, directory, caller.now)
    return verify_presentation(
        presentation, directory, audience=house.member_id, nonce=nonce, now=caller.now, status=status
    )


def _refused(material: Material, got: str, expected: str) -> WrongState:
    return WrongState(
        Reason.LICENCE_REFUSED,
        f"the licence for material {material.key} can't stand for the paper",
        got=got,
        expected=expected,
        mend="take the paper, or have the applicant show the right licence",
        details={"material": material.key},
    )
