"""Checking the story: the events that the calls carried, against themselves, against both logs and the receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trust.evidence import Manifest
from trust.evidence_calls import CheckedCall
from trust.evidence_logs import TIMELY, CheckedLog
from trust.evidence_wire import EventFact
from trust.evidence_words import Findings, Outcome
from trust.leaf import MIN_SALT_BYTES, LeafKind, commit_case

_Events = dict[str, dict[int, EventFact]]
"""Emitter → seq → event."""


@dataclass(frozen=True, slots=True)
class Told:
    """One step of the story, as far as it is known."""

    emitter: str
    """Member id of the gateway whose event it is."""
    seq: int
    kind: str
    """Name of the event's body; empty when its content is not here."""
    occurred_at: datetime | None
    """When it happened, by its emitter; likewise None."""
    logged_at: Mapping[str, datetime]
    """Member id → when its log says it had the event."""
    sent_at: datetime | None
    """When the emitter signed the call that carried it; None when no call here does."""
    receipted_at: datetime | None
    """When the other one signed a receipt for it; likewise."""
    digest: str
    """SHA-256 of the event, in hex."""


def check_events(
    calls: Sequence[CheckedCall], logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings
) -> tuple[Told, ...]:
    """Hold events, leaves and receipts against each other; the story in its order."""
    before = findings.count(Outcome.FAILED)
    erased = manifest.erased_at is not None
    events = _collect(calls, manifest, findings)
    _check_chains(events, manifest, findings)
    if not manifest.redacted and not erased:
        _check_commitment(events, manifest, findings)
    for log in logs.values():
        _check_numbering(log, findings)
        _check_against_log(events, log, findings)
        if not manifest.redacted and not erased:
            _check_content(events, log, logs, manifest, findings)
    _check_between(logs, manifest, findings)
    _check_calls_leafed(calls, logs, manifest, findings)
    _check_receipts(calls, logs, manifest, findings)
    _tell_erasure(logs, manifest, findings)
    if manifest.redacted and not erased:
        findings.add("content_redacted")
    if manifest.redacted or erased:
        findings.add("number_unproved")
    found = sum(map(len, events.values()))
    if found and findings.count(Outcome.FAILED) == before:
        findings.add("events_proved", count=found)
    return _story(events, calls, logs, manifest)


# --------------------------------------------------------------------------------------------------------------------
# Events against themselves
# --------------------------------------------------------------------------------------------------------------------


def _collect(calls: Sequence[CheckedCall], manifest: Manifest, findings: Findings) -> _Events:
    events: _Events = {member: {} for member in manifest.parties}
    for call in calls:
        if call.delivered is None:
            continue
        if call.delivered.case_id != manifest.case_id:
            findings.add("event_foreign", call.where)
        for event in call.delivered.events:
            if event.case_id != manifest.case_id or event.emitter != call.sender:
                findings.add("event_foreign", call.where)
                continue
            known = events[event.emitter].setdefault(event.seq, event)
            if known.digest != event.digest:
                findings.add("event_two_versions", call.where)
    return events


def _check_chains(events: _Events, manifest: Manifest, findings: Findings) -> None:
    """Each side counts 1, 2, 3, …, names the event before, and saw no more of the other side than there is."""
    for emitter, of_emitter in events.items():
        previous, seen = b"", 0
        others = max(events[manifest.other(emitter)], default=0)
        for seq in range(1, max(of_emitter, default=0) + 1):
            event = of_emitter.get(seq)
            if event is None:
                findings.add("event_gap", emitter, seq=seq)
                previous = b""
                continue
            if event.previous != previous and (seq == 1 or seq - 1 in of_emitter):
                findings.add("event_unchained", emitter, seq=seq)
            if not seen <= event.seen <= others:
                findings.add("event_seen", emitter, seq=seq, seen=event.seen)
            previous, seen = bytes.fromhex(event.digest), max(seen, event.seen)


def _check_commitment(events: _Events, manifest: Manifest, findings: Findings) -> None:
    first = events[manifest.accepting].get(1)
    if first is None:
        return  # a leaf without its event, or no event at all: found where leaves are held against events
    regions = (manifest.accepting.partition(".")[0], manifest.processing.partition(".")[0])
    if first.kind != "submitted" or first.case_number != manifest.number or first.regions != regions:
        findings.add("submission_wrong", manifest.accepting)
    salt = first.case_salt
    if (
        salt != manifest.salt
        or len(salt) < MIN_SALT_BYTES
        or commit_case(salt, manifest.case_id) != manifest.commitment
    ):
        findings.add("commitment_wrong", manifest.accepting)


# --------------------------------------------------------------------------------------------------------------------
# Events against logs
# --------------------------------------------------------------------------------------------------------------------


def _check_numbering(log: CheckedLog, findings: Findings) -> None:
    wanted: dict[str, int] = {}
    for each in log.leaves:
        if each.leaf.kind is LeafKind.CASE_EVENT:
            seq = each.leaf.seq
            if seq != wanted.get(each.leaf.emitter, 1):
                findings.add("leaf_numbering", f"{log.where}, {each.leaf.emitter}", seq=seq)
            wanted[each.leaf.emitter] = seq + 1


def _check_against_log(events: _Events, log: CheckedLog, findings: Findings) -> None:
    """Every event has its leaf in the log of both who emitted and who took it."""
    leaves = log.events
    for emitter, of_emitter in events.items():
        for seq, event in of_emitter.items():
            leaf = leaves.get((emitter, seq))
            where = f"{log.where}, {emitter}"
            if leaf is None:
                findings.add("event_unlogged", where, seq=seq, member=log.member)
            elif leaf.leaf.subject != event.digest:
                findings.add("event_unlike_leaf", where, seq=seq, member=log.member)


def _check_content(
    events: _Events, log: CheckedLog, logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings
) -> None:
    """Every event that a log names is here; but one of which its emitter has no receipt yet may have no call either."""
    ours = logs.get(manifest.made_by)
    for emitter, seq in log.events:
        if seq in events.get(emitter, {}):
            continue
        where = f"{log.where}, {emitter}"
        taken = emitter != manifest.made_by and ours is not None and (emitter, seq) in ours.events
        if taken or emitter not in logs or (emitter, seq) in logs[emitter].receipted:
            findings.add("leaf_without_event", where, seq=seq)
        elif log.member == emitter:
            findings.add("event_undelivered", where, seq=seq, member=manifest.other(emitter))


def _check_between(logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings) -> None:
    """Both logs have the same events, but for those that an emitter has not delivered yet."""
    if len(logs) != 2:
        return
    before = findings.count(Outcome.FAILED)
    agreed = 0
    for log in logs.values():
        here, other = log.events, logs[manifest.other(log.member)]
        there = other.events
        for (emitter, seq), leaf in here.items():
            where = f"{other.where}, {emitter}"
            if (emitter, seq) in there:
                agreed += 1
                if there[emitter, seq].leaf.subject != leaf.leaf.subject and log.member == manifest.made_by:
                    findings.add("logs_differ", where, seq=seq)
            elif emitter == log.member and (emitter, seq) not in log.receipted:
                if manifest.redacted or manifest.erased_at is not None:
                    findings.add("event_undelivered", where, seq=seq, member=other.member)
            else:
                findings.add("event_unlogged", where, seq=seq, member=other.member)
    if agreed and findings.count(Outcome.FAILED) == before:
        findings.add("logs_agree", count=agreed // 2)


def _check_calls_leafed(
    calls: Sequence[CheckedCall], logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings
) -> None:
    """Leaves of the maker name the calls that carried what they speak of, and every call has such a leaf.

    A leaf in either log that names a call is of the time at which the call was signed.
    """
    by_digest = {call.digest: call for call in calls}
    for told in logs.values():
        for each in told.leaves:
            named_call = by_digest.get(each.leaf.call)
            if named_call is not None and abs(each.leaf.at - named_call.sent_at) > TIMELY:
                findings.add("leaf_untimely", told.where, place=each.place)
    log = logs.get(manifest.made_by)
    if log is None:
        return
    named = {each.leaf.call for each in log.leaves}
    for call in calls:
        if call.digest not in named:
            findings.add("call_unleafed", call.where)
    if manifest.erased_at is not None:
        return
    for each in log.leaves:
        leaf = each.leaf
        carrier = by_digest.get(leaf.call)
        where = f"{log.where}, {leaf.emitter}"
        if leaf.kind is LeafKind.CASE_EVENT and leaf.emitter != manifest.made_by:
            carried = carrier is not None and (
                carrier.delivered is None or leaf.subject in {event.digest for event in carrier.delivered.events}
            )
            if carrier is None or carrier.sender != leaf.emitter or not carried:
                findings.add("leaf_call", where, seq=leaf.seq)
        elif leaf.kind is LeafKind.RECEIPT and (
            carrier is None or carrier.sender != manifest.made_by or carrier.response_digest != leaf.subject
        ):
            findings.add("leaf_call", where, seq=leaf.seq)


# --------------------------------------------------------------------------------------------------------------------
# Receipts
# --------------------------------------------------------------------------------------------------------------------


def _check_receipts(
    calls: Sequence[CheckedCall], logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings
) -> None:
    """A receipt is for what was sent, and names leaves that the other log has; every event there has one."""
    other = logs.get(manifest.other(manifest.made_by))
    spoken_for: set[str] = set()
    for call in calls:
        if call.receipt is None or call.delivered is None:
            continue
        receipt, sent = call.receipt, call.delivered.events
        if (
            receipt.case_id != manifest.case_id
            or len(receipt.leaf_hashes) != len(sent)
            or receipt.accepted_through < max((event.seq for event in sent), default=0)
        ):
            findings.add("receipt_short", call.where)
            continue
        spoken_for |= {event.digest for event in sent}
        for event, hashed in zip(sent, receipt.leaf_hashes, strict=True):
            leaf = other.hashes.get(hashed) if other else None
            if other and (
                leaf is None or leaf.leaf.kind is not LeafKind.CASE_EVENT or leaf.leaf.subject != event.digest
            ):
                findings.add("receipt_leaf", call.where, member=other.member)
    if other is None or manifest.redacted or manifest.erased_at is not None:
        return
    ours = logs.get(manifest.made_by)
    receipted = ours.receipted if ours else set()
    for (emitter, seq), each in other.events.items():
        if (emitter, seq) in receipted and each.leaf.subject not in spoken_for and emitter == manifest.made_by:
            findings.add("receipt_absent", f"{other.where}, {emitter}", member=other.member, seq=seq)


def _tell_erasure(logs: Mapping[str, CheckedLog], manifest: Manifest, findings: Findings) -> None:
    for log in logs.values():
        erased = [each.leaf.at for each in log.leaves if each.leaf.kind is LeafKind.ERASED]
        if log.member == manifest.made_by and manifest.erased_at is not None:
            if erased:
                findings.add("content_erased", log.where, member=log.member, at=erased[0])
            else:
                findings.add("erasure_unlogged", log.where)
        elif erased:
            findings.add("erased_by", log.where, member=log.member, at=erased[0])


# --------------------------------------------------------------------------------------------------------------------
# The story
# --------------------------------------------------------------------------------------------------------------------


def _story(
    events: _Events, calls: Sequence[CheckedCall], logs: Mapping[str, CheckedLog], manifest: Manifest
) -> tuple[Told, ...]:
    """Every event that a call carried or a log names, in the order in which they happened."""
    digests: dict[tuple[str, int], str] = {}
    for log in logs.values():
        digests |= {key: each.leaf.subject for key, each in log.events.items() if key[0] in manifest.parties}
    digests |= {(emitter, seq): event.digest for emitter, found in events.items() for seq, event in found.items()}
    carried: dict[str, CheckedCall] = {}
    for call in calls:
        for event in call.delivered.events if call.delivered else ():
            carried.setdefault(event.digest, call)
    by_call = {call.digest: call for call in calls}
    told = []
    for (emitter, seq), digest in digests.items():
        content = events[emitter].get(seq)
        logged = {
            log.member: each.leaf for log in logs.values() if (each := log.events.get((emitter, seq))) is not None
        }
        named = [by_call[leaf.call] for leaf in logged.values() if leaf.call in by_call]
        carrier = carried.get(digest) or (named[0] if named else None)
        told.append(
            Told(
                emitter=emitter,
                seq=seq,
                kind=content.kind if content else "",
                occurred_at=content.occurred_at if content else None,
                logged_at={member: leaf.at for member, leaf in logged.items()},
                sent_at=carrier.sent_at if carrier else None,
                receipted_at=carrier.answered_at if carrier else None,
                digest=digest,
            )
        )
    # The processing place's log has the order that both sides agreed on (docs/protocol.md); clocks may differ.
    agreed = logs.get(manifest.processing) or logs.get(manifest.accepting)
    order = {key: place for place, key in enumerate(agreed.events)} if agreed else {}
    last = len(order)
    return tuple(sorted(told, key=lambda each: (order.get((each.emitter, each.seq), last), each.emitter, each.seq)))
