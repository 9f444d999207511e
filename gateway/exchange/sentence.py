"""The sentence that the program is, as one function.

    received → verify → understand → decide → record → answer

Each arrow makes a distinct frozen type, so that skipping a step is a type error. A call from a peer, from the local
platform's own client and from an operator comes in through ``exchange``; what an adapter noticed comes in through
``exchange_notice`` and differs in the first arrow only: the adapter vouches for the platform, nobody signed. From
there on it is one door: the same rights, the same decisions, the same record.

Refusals are answers too: signed, and in the audit log when the member is known. *Known* means that the TLS certificate
on the line belongs to a member of the directory; whoever is not known learns nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from gateway.domain import commands, trail_commands
from gateway.exchange import (
    alarms,
    audit,
    case_trails,
    cases,
    catalogues,
    crosswalks,
    erasing,
    guides,
    licences,
    publishing,
    receiving,
    searching,
    trails,
    witnessing,
)
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House, Route
from gateway.ports import AlreadyRecorded, Recording, SeenCall, StaleCase, StaleWitness, StoredReply
from trust.directory import Action, Member
from trust.errors import Conflict, Forbidden, InFlight, Internal, Malformed, Reason, TongbanError, Unavailable
from trust.leaf import Leaf, LeafKind
from trust.signed_call import (
    TLS_VERSION,
    ReceivedCall,
    VerifiedCall,
    authenticate_request,
    sign_response,
    verify_request,
)

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Largest request that is taken, stated in docs/protocol.md."""

_NOTICE: Final = "notice"
"""Stands for the method of what a platform told its adapter."""

ATTEMPTS_AT_A_MOVING_CASE: Final = 8
"""How often a decision is made because somebody else wrote the case in between, the later ones in turn."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A command, who gives it, and how it will be answered."""

    caller: Caller
    command: commands.Command
    express: Callable[[Any], bytes]
    seen: SeenCall | None
    """The signed call's number, consumed by the record; None when nobody signed."""
    key: StoredReply | None
    """Idempotency key and request digest, its body still empty; None for commands that have no key."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The effect is durable, and these are the response bytes."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: response bytes, or a serialised google.rpc.Status, with the signature over it."""

    status: int
    """gRPC status code; 0 is OK."""
    body: bytes = field(repr=False)
    signature: str = field(repr=False)
    """Response JWS; empty for a caller who is not known."""
    reason: Reason | None = None
    """Why it was refused; None for an answer."""


async def exchange(house: House, received: ReceivedCall) -> Reply:
    """Carry one signed call from its bytes to its signed answer. Every failure becomes an answer."""
    now = house.clock.now()
    verified: VerifiedCall | None = None
    try:
        verified = verify(house, received, now)
        understood = understand(house, verified, now)
        recorded = await settle(house, understood)
        return answer(house, verified, recorded, now)
    except TongbanError as error:
        return await refuse(house, received, verified, error, now)
    except Exception as defect:  # noqa: BLE001 - a defect of ours is answered too, and its text stays at home
        house.report_defect(defect)
        return await refuse(house, received, verified, Internal(Reason.INTERNAL, "our own defect"), now)


async def exchange_notice(house: House, command: commands.AdvanceCase, told: bytes, settled: Recording) -> None:
    """Carry what the local platform told its adapter into the record, in one transaction with ``settled``.

    ``told`` are the notice's bytes as kept: the same notice id with other bytes is KEY_REUSED.

    Raises the TongbanError that decides against it: the platform is not on the line, so whoever calls keeps the notice
    as a dead letter.
    """
    now = house.clock.now()
    directory = house.knowledge.directory
    directory.require_in_force(now)
    member = directory.member(house.platform)
    member.require_active(now)
    member.require(Action.CASE_PROGRESS)
    understood = Understood(
        caller=Caller(member=member, officer=None, purpose="", call=None, now=now),
        command=command,
        express=lambda _: b"",
        seen=None,
        key=StoredReply(member.id, command.idempotency_key, _content(_NOTICE, hashlib.sha256(told).digest()), b""),
    )
    await settle(house, understood, settled)


# received → verified ------------------------------------------------------------------------------------------------


def verify(house: House, received: ReceivedCall, now: datetime) -> VerifiedCall:
    """Who says this to us, about which method, over which bytes, and when."""
    directory = house.knowledge.directory
    directory.require_in_force(now)
    authentic = authenticate_request(received, directory, now=now)
    return verify_request(authentic, audience=house.member_id, now=now, boot=house.boot)


# verified → understood ----------------------------------------------------------------------------------------------


def understand(house: House, verified: VerifiedCall, now: datetime) -> Understood:
    """The caller's right to this method, then the bytes as a command."""
    route = _route(house.routes, verified)
    verified.member.require(route.action, purpose=verified.purpose or None)
    if route.local and verified.member.region != house.region:
        raise Forbidden(
            Reason.RIGHT_MISSING,
            f"{verified.method} is for members of region {house.region} only",
            got=f"a member of region {verified.member.region}",
            mend="call your own gateway; it talks to this one",
        )
    command = route.understand(verified.body)
    key: str = getattr(command, "idempotency_key", "")
    return Understood(
        caller=Caller(verified.member, verified.officer, verified.purpose, verified, now),
        command=command,
        express=route.express,
        seen=SeenCall(verified.member.id, verified.jti, verified.replay_until),
        key=StoredReply(verified.member.id, key, _content(verified.method, verified.digest), b"") if key else None,
    )


def _content(method: str, digest: bytes) -> bytes:
    """What an idempotency key stands for: method and bytes, since bytes alone read as a message of several methods."""
    return hashlib.sha256(method.encode() + b"\x00" + digest).digest()


def _route(routes: Mapping[str, Route], verified: VerifiedCall) -> Route:
    route = routes.get(verified.method)
    if route is None:
        raise Malformed(
            Reason.METHOD_UNKNOWN,
            "no such method here",
            expected="a method of docs/protocol.md, in a version that this gateway's directory entry lists",
        )
    if len(verified.body) > MAX_MESSAGE_BYTES:
        raise Malformed(
            Reason.MESSAGE_TOO_LARGE,
            "the request is too large",
            got=f"{len(verified.body)} bytes",
            expected=f"at most {MAX_MESSAGE_BYTES}",
            mend="send fewer or smaller files in one call",
        )
    return route


# understood → decided → recorded ------------------------------------------------------------------------------------


async def settle(house: House, understood: Understood, settled: Recording | None = None) -> Recorded:
    """Decide, and record the decision with everything that follows from it in one transaction.

    A crash before the record leaves nothing. A crash after it leaves everything, and the next attempt with the same
    idempotency key is answered from the store.
    """
    recorded, moved = await _try_to_settle(house, understood, settled)
    if recorded is None:
        async with house.turns.at(moved):
            for _ in range(ATTEMPTS_AT_A_MOVING_CASE - 1):
                recorded, _ = await _try_to_settle(house, understood, settled)
                if recorded is not None:
                    return recorded
        raise InFlight(
            Reason.CALL_IN_FLIGHT,
            "the case is being written by others at this moment",
            mend="send the call again in a moment, signed anew, with the same idempotency key",
        )
    return recorded


async def _try_to_settle(
    house: House, understood: Understood, settled: Recording | None
) -> tuple[Recorded | None, str]:
    """Decide and record once; nothing and the id of the case, if it is one, when somebody was faster."""
    earlier = await _earlier_reply(house, understood)
    if earlier is not None:
        # This attempt's number is consumed like any other's.
        await house.store.record(_complete(Recording(), understood, None, settled))
        return Recorded(earlier.body), ""
    if isinstance(understood.command, _CHANGING_CASES):
        house.require_witnessed()
    decided = await _DECIDERS[type(understood.command)](house, understood.caller, understood.command)
    body = understood.express(decided.answer)
    reply = replace(understood.key, body=body) if understood.key else None
    house.failpoint("exchange.before_record")
    try:
        await house.store.record(_complete(decided.recording, understood, reply, settled))
    except (StaleCase, StaleWitness, AlreadyRecorded):
        case = decided.recording.case
        return None, case.case_id if case is not None else ""
    house.failpoint("exchange.after_record")
    house.wake()
    return Recorded(body), ""


async def _earlier_reply(house: House, understood: Understood) -> StoredReply | None:
    key = understood.key
    earlier = await house.store.reply(key.member, key.key) if key else None
    if key is not None and earlier is not None and earlier.request_digest != key.request_digest:
        raise Conflict(
            Reason.KEY_REUSED,
            "the idempotency key was used before with other content",
            mend="take a new key for a new effect, and the same bytes for another attempt at the same one",
        )
    return earlier


def _complete(
    recording: Recording, understood: Understood, reply: StoredReply | None, settled: Recording | None
) -> Recording:
    """The decision's recording with the call's number, its reply, and what it settles."""
    recording = replace(recording, seen=understood.seen, reply=reply)
    if settled is None:
        return recording
    return replace(
        recording,
        settled=(*recording.settled, *settled.settled),
        leaves=(*recording.leaves, *settled.leaves),
        trail=(*recording.trail, *settled.trail),
    )


_Decider = Callable[[House, Caller, Any], Awaitable[Decided]]

_DECIDERS: Final[Mapping[type, _Decider]] = {
    commands.OpenCase: cases.open_case,
    commands.AdvanceCase: cases.advance,
    commands.GetCase: cases.show,
    commands.ListCases: cases.list_cases,
    commands.ReceiveEvents: receiving.receive_events,
    commands.Translate: catalogues.translate_code,
    commands.TranslateBatch: catalogues.translate_codes,
    commands.GetItem: catalogues.show_item,
    commands.GetCoverage: catalogues.show_coverage,
    commands.GetGuide: guides.show_guide,
    commands.ImportCrosswalk: crosswalks.import_crosswalk,
    commands.ExportCrosswalk: crosswalks.export_crosswalk,
    commands.ListRows: crosswalks.list_rows,
    commands.ReviewRows: crosswalks.review_rows,
    commands.ListChanges: crosswalks.list_changes,
    commands.SyncCatalogue: publishing.sync_catalogue,
    commands.IssueLicence: licences.issue_licence,
    commands.SetLicenceStatus: licences.set_status,
    commands.VerifyLicence: licences.verify_licence,
    commands.GetStatusList: licences.show_status_list,
    commands.GetCheckpoint: audit.show_checkpoint,
    commands.ProveInclusion: audit.prove_inclusion,
    commands.ProveConsistency: audit.prove_consistency,
    commands.ListLeaves: audit.list_leaves,
    commands.AddCheckpoint: witnessing.add_checkpoint,
    trail_commands.SearchTrail: searching.search_trail,
    trail_commands.GetCaseTrail: case_trails.show_case_trail,
    trail_commands.EraseCase: erasing.erase_case,
    commands.ListAlarms: alarms.list_alarms,
    commands.AcknowledgeAlarm: alarms.acknowledge,
    commands.GetDirectory: audit.show_directory,
}
"""Who decides what. A decider reads the store and decides; it writes nothing."""

_CHANGING_CASES: Final = (commands.OpenCase, commands.AdvanceCase, commands.ReceiveEvents)
"""What is not done while nobody witnesses our log, where the operator wants it so."""


# recorded → answered ------------------------------------------------------------------------------------------------


def answer(house: House, verified: VerifiedCall, recorded: Recorded, now: datetime) -> Reply:
    """The response bytes, signed as the answer to exactly this request."""
    return Reply(
        0, recorded.body, _signed(house, verified.signature, verified.member, verified.method, 0, recorded.body, now)
    )


async def refuse(
    house: House, received: ReceivedCall, verified: VerifiedCall | None, error: TongbanError, now: datetime
) -> Reply:
    """A refusal: signed and audited for a known member, silent for anyone else."""
    member = verified.member if verified else _on_the_line(house, received)
    if member is None:
        status, body = house.write_status(None)
        return Reply(status, body, "", error.reason)
    error = await _audit_refusal(house, received, verified, member, error, now)
    status, body = house.write_status(error)
    signature = _signed(house, received.signature or "", member, received.method, status, body, now)
    return Reply(status, body, signature, error.reason)


def _on_the_line(house: House, received: ReceivedCall) -> Member | None:
    """The member whose certificate is on the line, even when its signature fails."""
    if received.tls.version != TLS_VERSION or received.tls.spiffe_id is None:
        return None
    return house.knowledge.directory.on_the_line(received.tls.spiffe_id)


_LEAVE_NO_LEAF: Final = frozenset({Reason.CHECKPOINT_STALE, Reason.CATALOGUE_NOT_HERE})
"""Naming the size that it cosigned last is how a witness answers, and witnessing leaves no leaf. A catalogue that is
not here yet is asked for by every peer, over and over, and nobody was denied anything."""


async def _audit_refusal(
    house: House,
    received: ReceivedCall,
    verified: VerifiedCall | None,
    member: Member,
    error: TongbanError,
    now: datetime,
) -> TongbanError:
    """Put the refusal into the log and consume the call's number. What stands in the way of that is the error then."""
    call = hashlib.sha256((received.signature or "").encode()).hexdigest() if received.signature else ""
    officer = verified.officer if verified else None
    caller = Caller(member, officer, verified.purpose if verified else "", None, now)
    act = Leaf(kind=LeafKind.CALL_REFUSED, member=member.id, subject=error.reason, at=now, call=call)
    traces = () if error.reason in _LEAVE_NO_LEAF else (trails.trace(act, caller),)
    seen = SeenCall(member.id, verified.jti, verified.replay_until) if verified else None
    if error.reason is Reason.CALL_REPLAYED:
        seen = None  # it is there already
    try:
        await house.store.record(trails.traced(Recording(seen=seen), traces))
    except TongbanError as instead:
        if instead.reason is not Reason.CALL_REPLAYED:
            return instead
        # The number is consumed. Either this is a replay of a call that would be refused anyway, and that it is a
        # replay comes first; or the failure left the outcome open, and the record that did happen was this very call's.
        outcome_is_open = isinstance(error, Unavailable | Internal)
        return await _audit_refusal(house, received, None, member, error if outcome_is_open else instead, now)
    return error


def _signed(house: House, request: str, member: Member, method: str, status: int, body: bytes, now: datetime) -> str:
    return sign_response(
        house.signers.message,
        request=request,
        issuer=house.member_id,
        audience=member.id,
        method=method,
        status=status,
        body=body,
        now=now,
    )
