"""Collecting the evidence of a case from this gateway's store and from the gateway on the other side.

Order: the leaf that says evidence was taken comes first, so that the bundle ends with it; then both logs' proofs, with
patience until they are placed and cosigned; then what this gateway keeps of the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from tongban.audit.v1 import audit_service_pb2

from gateway.domain.case import Submitted
from gateway.domain.case_number import CaseNumber
from gateway.exchange import trails
from gateway.exchange.audit import prove
from gateway.exchange.case_trails import size_of, trail_of
from gateway.ports import CaseRecord, CaseRow, Clock, Evidence, Recording, StaleCase, Store
from gateway.wire import routes
from trust.directory import Directory
from trust.errors import Fault, NotFound, Reason, TongbanError, Unavailable
from trust.evidence import TRUSTEES, CarriedCall, Manifest, StampedCheckpoint, Trail
from trust.evidence_keys import KeyHistory, Trustees, open_then
from trust.evidence_logs import CLOSING
from trust.evidence_wire import read_trail
from trust.leaf import Leaf, LeafKind
from trust.merkle import make_consistency
from trust.witness import enough_witnesses

PATIENCE_SECONDS: Final = 10.0
"""How long to wait for leaves to be placed and cosigned; gateways that run need about two."""

LOOK_SECONDS: Final = 0.25
"""How often to look meanwhile."""

KEPT_DIRECTORY: Final = "directory:"
"""Snapshot, with the version behind it: a directory that this gateway went by, as its trustees signed it."""

_MANY_VERSIONS: Final = 1_000
"""Most directory versions that are looked through for those in force over a case's life."""

_UUID_CHARACTERS: Final = 36

AskPeer = Callable[[str, str, bytes], Awaitable[CarriedCall]]
"""Member, method and body → the signed call with its verified answer. Raises as ``SignedClient.call``."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where evidence is collected: beside a gateway, in its name."""

    member_id: str
    store: Store
    directory: Directory
    envelope: bytes
    """The directory as its trustees signed it."""
    trustees: Trustees
    clock: Clock
    ask: AskPeer
    patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Collected:
    """What goes into a bundle."""

    manifest: Manifest
    """Its list of files still empty."""
    files: dict[str, bytes]
    record: CaseRecord
    """The case, for the summary."""
    remarks: tuple[str, ...]
    """What the bundle can't prove for want of something, for the operator."""


async def collect(desk: Desk, reference: str, *, redacted: bool = False, without_peer: bool = False) -> Collected:
    """Collect the evidence of a case, by its number or UUID.

    1. Record that evidence is taken, with the number of leaves that the case has by that.
    2. Have the other gateway's leaves, under its signature; not with ``without_peer``.
    3. Wait until this gateway's log has placed all of its own, and others cosigned it.
    4. Take the signed calls that the leaves speak of, the directories of the case's time, and a timestamp.

    Raises NotFound(CASE_UNKNOWN); Unavailable(PEER_UNAVAILABLE), or the peer's refusal, at 2;
    Unavailable(LOG_UNWITNESSED) at 3, when nothing places leaves.
    """
    remarks: list[str] = []
    # 1
    record = await _close(desk, reference)
    row = record.row
    files: dict[str, bytes] = {}
    # 2
    if without_peer:
        remarks.append(f"the log of {row.peer} is left out")
    else:
        answer, given = await _peer_trail(desk, row)
        files[f"logs/{row.peer}/trail.json"] = given.to_bytes()
        files |= answer.to_files(f"logs/{row.peer}/answer")
        if not _is_whole(given) or not _is_cosigned(desk, given):
            remarks.append(f"the log of {row.peer} is not placed or cosigned yet as far as all its leaves")
    # 3
    own = await _own_trail(desk, row)
    files[f"logs/{desk.member_id}/trail.json"] = own.to_bytes()
    if not _is_cosigned(desk, own):
        remarks.append("this gateway's log is not cosigned yet as far as these leaves")
    # 4
    named = {Leaf.from_bytes(each.leaf).call for each in own.leaves}
    kept = [each for each in map(_carried, await desk.store.evidence(row.case_id)) if each.digest in named]
    for place, call in enumerate(kept, start=1):
        shown = replace(call, request_body=None, response_body=None) if redacted else call
        files |= shown.to_files(f"calls/{place:03d}")
    files |= await _directories(desk, row)
    files |= await _stamp(desk, own)
    accepting, processing = row.accepting_region, row.processing_region
    ids = {member.partition(".")[0]: member for member in (desk.member_id, row.peer)}
    manifest = Manifest(
        case_id=row.case_id,
        number=row.number,
        commitment=row.commitment,
        salt=b"" if redacted else _salt(record),
        accepting=ids[accepting],
        processing=ids[processing],
        made_by=desk.member_id,
        made_at=Leaf.from_bytes(own.leaves[-1].leaf).at.replace(microsecond=0),
        redacted=redacted,
        erased_at=row.erased_at,
        without=(row.peer,) if without_peer else (),
        files={},
    )
    return Collected(manifest, files, record, tuple(remarks))


async def _close(desk: Desk, reference: str) -> CaseRecord:
    """Leave the leaf that closes the trail; the case as it stands with it."""
    while True:
        record = await _look_up(desk.store, reference)
        row = record.row
        count = row.trail + 1
        leaf = Leaf(LeafKind.TRAIL_READ, desk.member_id, f"{CLOSING}{count}", desk.clock.now())
        row, trace = trails.follow(row, leaf, holder=trails.applicant_term(desk, record.events))
        try:
            await desk.store.record(trails.traced(Recording(case=row), (trace,)))
        except StaleCase:
            continue
        return replace(record, row=row)


async def _own_trail(desk: Desk, row: CaseRow) -> Trail:
    trail = None
    for _ in _looks(desk):
        found = await trail_of(desk.store, row)
        trail = Trail(desk.member_id, found.leaves, found.checkpoint, found.count)
        if _is_whole(trail) and _is_cosigned(desk, trail):
            return trail
        await asyncio.sleep(LOOK_SECONDS)
    if trail is None or not _is_whole(trail):
        raise Unavailable(
            Reason.LOG_UNWITNESSED,
            "the log does not place the leaf that closes the evidence",
            got=f"{len(trail.leaves) if trail else 0} of {row.trail} leaves placed",
            expected="all of them within a few seconds",
            mend="start the gateway, which places what waits, and export again",
            fault=Fault.OPERATOR,
        )
    return trail


async def _peer_trail(desk: Desk, row: CaseRow) -> tuple[CarriedCall, Trail]:
    body = audit_service_pb2.GetCaseTrailRequest(case_id=row.case_id).SerializeToString()
    for _ in _looks(desk):
        call = await desk.ask(row.peer, routes.GET_CASE_TRAIL, body)
        trail = read_trail(call.response_body or b"", row.peer)
        if _is_whole(trail) and _is_cosigned(desk, trail):
            break
        await asyncio.sleep(LOOK_SECONDS)
    return call, trail


def _looks(desk: Desk) -> range:
    return range(max(1, int(desk.patience_seconds / LOOK_SECONDS)))


def _is_whole(trail: Trail) -> bool:
    return len(trail.leaves) == trail.count


def _is_cosigned(desk: Desk, trail: Trail) -> bool:
    keys, now = KeyHistory([desk.directory]), desk.clock.now()
    wanted = enough_witnesses(len(keys.gateways(now)))
    try:
        return len(keys.open_log(trail.checkpoint, trail.member, now).witnesses) >= wanted
    except TongbanError:
        return False


async def _directories(desk: Desk, row: CaseRow) -> dict[str, bytes]:
    """The directories in force over the case's life, from the present one back, and the trustees."""
    files = {TRUSTEES: desk.trustees.to_bytes(), f"directory/{desk.directory.version}.json": desk.envelope}
    issued_at, version = desk.directory.issued_at, desk.directory.version
    for earlier in range(version - 1, max(0, version - _MANY_VERSIONS), -1):
        if issued_at <= row.opened_at:
            break
        envelope = await desk.store.snapshot(f"{KEPT_DIRECTORY}{earlier}")
        if envelope is None:
            continue  # versions may be left out, and this gateway may not have been up for one
        issued_at = open_then(envelope, desk.trustees).issued_at
        files[f"directory/{earlier}.json"] = envelope
    return files


async def _stamp(desk: Desk, own: Trail) -> dict[str, bytes]:
    """The earliest timestamp over all leaves of the case, with what ties it to the trail's checkpoint."""
    stamp = await desk.store.stamp_over(max(each.index for each in own.leaves) + 1)
    if stamp is None:
        return {}
    first, second = sorted((stamp.size, size_of(own.checkpoint)))
    (path,) = await prove(desk.store, [partial(make_consistency, first, second)])
    name = f"stamps/{desk.member_id}"
    return {f"{name}.json": StampedCheckpoint(stamp.note, path).to_bytes(), f"{name}.tsr": stamp.token}


async def _look_up(store: Store, reference: str) -> CaseRecord:
    if len(reference) == _UUID_CHARACTERS:
        record = await store.case(case_id=reference)
    else:
        record = await store.case(number=str(CaseNumber.parse(reference)))
    if record is None:
        raise NotFound(
            Reason.CASE_UNKNOWN,
            "no such case at this gateway",
            expected="a case number such as 430600-20261121-000001-P, or the case's UUID",
        )
    return record


def _salt(record: CaseRecord) -> bytes:
    return next((each.event.body.case_salt for each in record.events if isinstance(each.event.body, Submitted)), b"")


def _carried(kept: Evidence) -> CarriedCall:
    return CarriedCall(
        method=kept.method,
        request=kept.request,
        response=kept.response,
        request_body=kept.request_body,
        response_body=kept.response_body if kept.response else None,
    )
