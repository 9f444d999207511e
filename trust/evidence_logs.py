"""Checking what each log says of a case: every leaf in its place, under a checkpoint that others stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from trust.checkpoint import Checkpoint
from trust.errors import Conflict, Malformed, TongbanError
from trust.evidence import CarriedCall, Manifest, Trail
from trust.evidence_calls import check_call
from trust.evidence_keys import KeyHistory
from trust.evidence_wire import read_trail, read_trail_request
from trust.evidence_words import Findings, Outcome
from trust.leaf import Leaf, LeafKind
from trust.merkle import leaf_hash, verify_inclusion
from trust.witness import enough_witnesses

GET_CASE_TRAIL: Final = "/tongban.audit.v1.AuditService/GetCaseTrail"
CLOSING: Final = "export:"
"""Beginning of the subject of the leaf that closes the maker's trail; the number of leaves follows, it included."""

TIMELY: Final = timedelta(minutes=10)
"""How far two clocks may be apart that speak of one moment: a signed call lives for less, between gateways whose clocks
are right. What is further apart was dated back, or ahead."""


@dataclass(frozen=True, slots=True)
class PlacedLeaf:
    """A leaf that reads as one, whether or not all else about it holds."""

    place: int
    """Its place in the file, from 1."""
    leaf: Leaf
    hash: bytes
    """Its RFC 6962 hash."""


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """What one log says of the case."""

    member: str
    where: str
    leaves: tuple[PlacedLeaf, ...]
    checkpoint: Checkpoint | None
    """What they were proved under; None when it does not hold."""
    size_needed: int
    """Smallest size of a tree that has all of them."""
    hashes: Mapping[bytes, PlacedLeaf] = field(init=False)
    """The leaves by their hash."""
    events: Mapping[tuple[str, int], PlacedLeaf] = field(init=False)
    """(emitter, seq) → the leaf that says this log's gateway has the event, in their order."""
    receipted: frozenset[tuple[str, int]] = field(init=False)
    """(emitter, seq) of this log's gateway's own events for which it got a receipt."""

    def __post_init__(self) -> None:
        named = [((each.leaf.emitter, each.leaf.seq), each) for each in self.leaves]
        events = {key: each for key, each in named if each.leaf.kind is LeafKind.CASE_EVENT}
        receipted = frozenset(key for key, each in named if each.leaf.kind is LeafKind.RECEIPT)
        object.__setattr__(self, "hashes", {each.hash: each for each in self.leaves})
        object.__setattr__(self, "events", events)
        object.__setattr__(self, "receipted", receipted)


def check_logs(
    files: Mapping[str, bytes], manifest: Manifest, keys: KeyHistory, findings: Findings
) -> dict[str, CheckedLog]:
    """Check the trail of each of the two gateways; those that are there, by member."""
    logs = {}
    for member in manifest.parties:
        where = f"logs/{member}/trail.json"
        if where not in files:
            said = member in manifest.without and member != manifest.made_by
            findings.add("log_unobtained" if said else "log_absent", where, member=member)
            continue
        try:
            trail = Trail.from_bytes(files[where], where)
        except Malformed:
            findings.add("file_unreadable", where)
            continue
        logs[member] = _check_log(trail, member, where, files, manifest, keys, findings)
    return logs


def _check_log(
    trail: Trail,
    member: str,
    where: str,
    files: Mapping[str, bytes],
    manifest: Manifest,
    keys: KeyHistory,
    findings: Findings,
) -> CheckedLog:
    before = findings.count(Outcome.FAILED)
    checkpoint, witnesses, cosigned_at = _check_checkpoint(trail, member, where, manifest, keys, findings)
    leaves = _check_leaves(trail, where, checkpoint, manifest, findings)
    _check_times(leaves, where, cosigned_at, findings)
    if member == manifest.made_by:
        _check_closing(trail, leaves, where, manifest, findings)
    else:
        _check_answer(trail, files, manifest, keys, findings)
    if findings.count(Outcome.FAILED) == before and checkpoint is not None:
        findings.add(
            "log_proved", where, member=member, count=len(leaves), size=checkpoint.size, witnesses=len(witnesses)
        )
    return CheckedLog(
        member,
        where,
        leaves,
        checkpoint,
        max((each.index for each in trail.leaves), default=-1) + 1,
    )


def _check_checkpoint(
    trail: Trail, member: str, where: str, manifest: Manifest, keys: KeyHistory, findings: Findings
) -> tuple[Checkpoint | None, tuple[str, ...], datetime | None]:
    try:
        opened = keys.open_log(trail.checkpoint, member, manifest.made_at)
    except TongbanError as error:
        findings.add_reason("log_unproved", where, error)
        return None, (), None
    for other in opened.wrong:
        findings.add("cosignature_wrong", where, member=other)
    wanted = enough_witnesses(len(keys.gateways(opened.at or manifest.made_at)))
    if len(opened.witnesses) < wanted:
        findings.add("log_uncosigned", where, count=len(opened.witnesses), wanted=wanted)
    return opened.checkpoint, opened.witnesses, opened.at


def _check_leaves(
    trail: Trail, where: str, checkpoint: Checkpoint | None, manifest: Manifest, findings: Findings
) -> tuple[PlacedLeaf, ...]:
    """1. It reads as a leaf. 2. It is in the log. 3. It is of this case. 4. It follows the leaf before."""
    placed: list[PlacedLeaf] = []
    previous, last_index = b"", -1
    for place, proved in enumerate(trail.leaves, start=1):
        hashed = leaf_hash(proved.leaf)
        # 1
        try:
            leaf = Leaf.from_bytes(proved.leaf)
        except Malformed:
            findings.add("leaf_unreadable", where, place=place)
            previous = hashed
            continue
        # 2
        if checkpoint is not None:
            try:
                verify_inclusion(hashed, proved.index, checkpoint.size, proved.path, checkpoint.root)
            except (Conflict, Malformed):
                findings.add("leaf_unproved", where, place=place, kind=leaf.kind)
        # 3
        if leaf.case != manifest.commitment:
            findings.add("leaf_of_another_case", where, place=place)
        # 4
        if leaf.place != place or leaf.previous != previous or proved.index <= last_index:
            findings.add("leaf_out_of_place", where, place=place)
        previous, last_index = hashed, proved.index
        placed.append(PlacedLeaf(place, leaf, hashed))
    if len(trail.leaves) != trail.count:
        waiting = trail.member != manifest.made_by and len(trail.leaves) < trail.count
        code = "leaves_waiting" if waiting else "leaves_cut"
        findings.add(code, where, count=trail.count, found=len(trail.leaves))
    return tuple(placed)


def _check_times(leaves: tuple[PlacedLeaf, ...], where: str, cosigned_at: datetime | None, findings: Findings) -> None:
    """No leaf is dated before one that it follows, or after others had already cosigned it."""
    latest: datetime | None = None
    for each in leaves:
        at = each.leaf.at
        if (latest and at < latest - TIMELY) or (cosigned_at and at > cosigned_at + TIMELY):
            findings.add("leaf_untimely", where, place=each.place)
        latest = max(at, latest or at)


def _check_closing(
    trail: Trail, leaves: tuple[PlacedLeaf, ...], where: str, manifest: Manifest, findings: Findings
) -> None:
    """The maker's last leaf says that this evidence was taken, and how many leaves there were."""
    last = leaves[-1].leaf if leaves else None
    if (
        last is None
        or last.kind is not LeafKind.TRAIL_READ
        or last.subject != f"{CLOSING}{trail.count}"
        or last.at.replace(microsecond=0) != manifest.made_at
    ):
        findings.add("closing_absent", where)


def _check_answer(
    trail: Trail, files: Mapping[str, bytes], manifest: Manifest, keys: KeyHistory, findings: Findings
) -> None:
    """The other gateway signed for these leaves, and for how many there were."""
    name = f"logs/{trail.member}/answer"
    where = f"{name}.json"
    try:
        call = CarriedCall.from_files(files, name)
    except (Malformed, KeyError):
        findings.add("file_unreadable", where)
        return
    fit = check_call(call, where, manifest, keys, findings, method=GET_CASE_TRAIL)
    if fit is None or fit.answered_at is None:
        return
    # An older answer would leave out what the other gateway has recorded since.
    if abs(fit.answered_at - manifest.made_at) > TIMELY:
        findings.add("answer_untimely", where, member=trail.member)
    if call.request_body is None or call.response_body is None:
        return
    try:
        asked, given = read_trail_request(call.request_body), read_trail(call.response_body, trail.member)
    except Malformed:
        findings.add("file_unreadable", where)
        return
    if fit.sender != manifest.made_by or asked != manifest.case_id or given != trail:
        findings.add("trail_altered", where, member=trail.member)
