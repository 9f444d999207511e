"""The store in memory: the same contract, for tests and simulations. Deterministic, without threads, gone at the end.

A recording is checked wholly before anything is changed, so it needs no rollback.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.case import CaseState, RecordedEvent, Side
from gateway.ports import (
    REVOKED,
    Alarm,
    AlreadyRecorded,
    CaseRecord,
    CaseRow,
    CatalogueRecord,
    CrosswalkEntry,
    Delivery,
    Evidence,
    Lease,
    LicenceEntry,
    LogHead,
    NewDelivery,
    PlacedBatch,
    Recording,
    StaleCase,
    StaleLease,
    StaleWitness,
    Stamp,
    StoredReply,
    TrailEntry,
    TrailSearch,
    WaitingLeaf,
    Witnessed,
)
from gateway.store import refusals
from gateway.store.rows import EPOCH, entry_values
from trust.errors import Internal, Reason
from trust.leaf import LeafKind

_EventPlace = tuple[str, Side, int]


@dataclass(slots=True)
class _Waiting:
    """A delivery and when it may be claimed: ``run_at``, or the end of the lease while ``token`` is not empty."""

    delivery: Delivery
    due_at: datetime
    token: str = ""


class MemoryStore:
    """``gateway.ports.Store`` in dictionaries. It outlives ``close``: opening it again is calling ``boot``."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], datetime] = {}
        self._replies: dict[tuple[str, str], StoredReply] = {}
        self._cases: dict[str, CaseRow] = {}
        self._events: dict[_EventPlace, RecordedEvent] = {}
        self._evidence: list[Evidence] = []
        self._deliveries: dict[str, _Waiting] = {}  # in order of insertion
        self._serials: dict[str, int] = {}
        self._bookmarks: dict[str, str] = {}
        self._snapshots: dict[str, bytes] = {}
        self._licences: dict[str, LicenceEntry] = {}
        self._catalogue_records: dict[tuple[str, str, int], CatalogueRecord] = {}
        self._journal: dict[bytes, CrosswalkEntry] = {}  # by digest, in order; its position is its place, from 1
        self._trail: dict[int, TrailEntry] = {}  # by position, in order
        self._positions = itertools.count(1)
        self._witnessed: dict[str, Witnessed] = {}
        self._alarms: dict[str, Alarm] = {}  # in order
        self._stamps: list[Stamp] = []
        self._erased: set[str] = set()
        self._reply_owners: dict[tuple[str, str], str] = {}
        self._leaves: list[bytes] = []  # leaf_id is the position, from 1
        self._placed: list[tuple[int, bytes]] = []  # (leaf_id, leaf hash) by index
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._head = LogHead(epoch=0, size=0, frontier=(), checkpoint="")
        self._tokens = itertools.count(1)
        self._running = False
        self._open = False

    # recording

    async def record(self, recording: Recording) -> None:
        """See ``gateway.ports.Store``; so below. The numbers are those of ``Recording``."""
        self._check(recording)
        self._check_places(recording)
        _by_digest(recording.crosswalk_entries)  # refused before anything is changed
        if recording.seen is not None:
            self._seen[recording.seen.issuer, recording.seen.jti] = recording.seen.until
        if recording.reply is not None:
            self._replies[recording.reply.member, recording.reply.key] = recording.reply
            if recording.case is not None and recording.case.erased_at is None:
                self._reply_owners[recording.reply.member, recording.reply.key] = recording.case.case_id
        if recording.case is not None:
            self._cases[recording.case.case_id] = replace(recording.case, version=recording.case.version + 1)
        for lease in recording.settled:
            del self._deliveries[lease.delivery_id]
        for recorded in recording.events:
            self._events[_place_of(recorded)] = recorded
        for new in recording.deliveries:
            self._add_delivery(new)
        self._leaves.extend(recording.leaves)
        self._trail.update((next(self._positions), entry) for entry in recording.trail)
        self._evidence.extend(recording.evidence)
        for entry in recording.licences:
            held = self._licences.get(entry.licence_id, entry)
            if held.status != REVOKED:
                held = replace(held, status=entry.status)
            self._licences[entry.licence_id] = held
        self._bookmarks.update(recording.bookmarks)
        self._snapshots.update(recording.snapshots)
        self._record_catalogues_and_crosswalk(recording)
        self._record_watch(recording)

    def _record_catalogues_and_crosswalk(self, recording: Recording) -> None:
        for name in recording.dropped_snapshots:
            self._snapshots.pop(name, None)
        for place in [place for place in self._catalogue_records if place[0] in recording.dropped_catalogues]:
            del self._catalogue_records[place]
        for record in recording.catalogue_records:
            self._catalogue_records[record.catalogue, record.code, record.version] = record
        for digest, added in _by_digest(recording.crosswalk_entries).items():
            self._journal.setdefault(digest, added)

    def _record_watch(self, recording: Recording) -> None:
        if recording.witnessed is not None:
            self._witnessed[recording.witnessed.origin] = replace(recording.witnessed, after_size=0)
        for alarm in recording.alarms:
            self._alarms.setdefault(alarm.alarm_id, alarm)
        for alarm_id, who in recording.acknowledged.items():
            if alarm_id in self._alarms:
                self._alarms[alarm_id] = replace(self._alarms[alarm_id], acknowledged_by=who)
        self._stamps.extend(recording.stamps)
        self._erased.update(recording.erased)
        for position, entry in list(self._trail.items()):
            if entry.case_id in recording.erased and entry.kind is not LeafKind.ERASED:
                del self._trail[position]
        for case_id in recording.erased:
            number = self._cases[case_id].number if case_id in self._cases else ""
            for delivery_id, waiting in list(self._deliveries.items()):
                stream = waiting.delivery.stream
                if stream in (case_id, number) or (number and stream.startswith(f"aside:{number}:")):
                    del self._deliveries[delivery_id]

    def _check(self, recording: Recording) -> None:
        seen, reply, case = recording.seen, recording.reply, recording.case
        # 1
        if seen is not None and (seen.issuer, seen.jti) in self._seen:
            raise refusals.call_replayed(seen)
        # 2
        stored = self._replies.get((reply.member, reply.key)) if reply is not None else None
        if reply is not None and stored is not None:
            if self._reply_is_erased(reply.member, reply.key):
                raise refusals.case_erased()
            if stored.request_digest != reply.request_digest:
                raise refusals.key_reused(reply)
            raise AlreadyRecorded(stored)
        # 3
        if case is not None:
            held = self._cases.get(case.case_id)
            if case.version != (held.version if held else 0):
                raise StaleCase
        # 4
        for lease in recording.settled:
            self._require_lease(lease)
        if len(set(recording.settled)) != len(recording.settled):
            raise StaleLease
        # 5
        witnessed = recording.witnessed
        if witnessed is not None:
            there = self._witnessed.get(witnessed.origin)
            if witnessed.after_size != (there.size if there else 0):
                raise StaleWitness

    def _reply_is_erased(self, member: str, key: str) -> bool:
        return self._reply_owners.get((member, key)) in self._erased

    def _check_places(self, recording: Recording) -> None:
        """What a database's constraints refuse."""
        case = recording.case
        if case is not None and any(
            row.number == case.number and row.case_id != case.case_id for row in self._cases.values()
        ):
            raise refusals.already_taken("cases.number")
        for recorded in recording.events:
            case_id = recorded.event.case_id
            if case_id not in self._cases and (case is None or case_id != case.case_id):
                raise Internal(Reason.INTERNAL, "the store was given events of a case that it does not hold")
        places = [_place_of(recorded) for recorded in recording.events]
        if len(set(places)) != len(places) or any(place in self._events for place in places):
            raise refusals.already_taken("events.case_id, events.side, events.seq")
        gone = {lease.delivery_id for lease in recording.settled}
        held = {key: _subject_of(one.delivery) for key, one in self._deliveries.items() if key not in gone}
        for new in recording.deliveries:
            if _subject_of(new) in held.values():
                continue  # passed over
            if held.setdefault(new.delivery_id, _subject_of(new)) != _subject_of(new):
                raise refusals.already_taken("deliveries.delivery_id")
        taken = {(entry.list_uri, entry.index): entry.licence_id for entry in self._licences.values()}
        for entry in recording.licences:
            if entry.licence_id in self._licences:
                continue  # only its status is replaced
            if taken.setdefault((entry.list_uri, entry.index), entry.licence_id) != entry.licence_id:
                raise refusals.already_taken("licences.list_uri, licences.list_index")

    # reading

    async def reply(self, member: str, key: str) -> StoredReply | None:
        """By key."""
        if self._reply_is_erased(member, key):
            raise refusals.case_erased()
        return self._replies.get((member, key))

    async def case(self, *, case_id: str = "", number: str = "") -> CaseRecord | None:
        """Events of the accepting place first, each side's in order of seq."""
        for row in self._cases.values():
            if row.case_id == case_id or (not case_id and row.number == number):
                if row.erased_at is not None:
                    return CaseRecord(row, ())
                places = sorted(place for place in self._events if place[0] == row.case_id)
                return CaseRecord(row, tuple(self._events[place] for place in places))
        return None

    async def cases(self, *, states: Sequence[CaseState], limit: int, before: str = "") -> list[CaseRow]:
        """No states, no rows; so is an unknown ``before``."""
        newest = sorted(self._cases.values(), key=_age, reverse=True)
        if before:
            last = self._cases.get(before)
            newest = [row for row in newest if last is not None and _age(row) < _age(last)]
        return [row for row in newest if row.state in states][:limit]

    async def next_serial(self, series: str) -> int:
        """Never lost here."""
        self._serials[series] = self._serials.get(series, 0) + 1
        return self._serials[series]

    async def bookmark(self, name: str) -> str:
        """By name."""
        return self._bookmarks.get(name, "")

    async def snapshot(self, name: str) -> bytes | None:
        """By name."""
        return self._snapshots.get(name)

    async def catalogue_records(
        self, catalogue: str, *, since_edition: int = 0, after: tuple[str, int] = ("", 0), limit: int
    ) -> list[CatalogueRecord]:
        """Sorted at each call."""
        held = sorted(place for place in self._catalogue_records if place[0] == catalogue and place[1:] > after)
        records = (self._catalogue_records[place] for place in held)
        return [record for record in records if record.edition > since_edition][:limit]

    async def crosswalk_journal(self, after: int, limit: int) -> list[tuple[int, CrosswalkEntry]]:
        """The slice behind it."""
        return list(enumerate(self._journal.values(), start=1))[after : after + limit]

    async def licence(self, licence_id: str) -> LicenceEntry | None:
        """By id."""
        return self._licences.get(licence_id)

    async def licence_statuses(self, list_uri: str) -> dict[int, int]:
        """Those that are not valid."""
        entries = (entry for entry in self._licences.values() if entry.list_uri == list_uri and entry.status)
        return {entry.index: entry.status for entry in entries}

    async def evidence(self, case_id: str) -> list[Evidence]:
        """In the order of recording; none of an erased case."""
        return [call for call in self._evidence if call.case_id == case_id and case_id not in self._erased]

    # deliveries

    def _add_delivery(self, new: NewDelivery) -> None:
        if any(_subject_of(waiting.delivery) == _subject_of(new) for waiting in self._deliveries.values()):
            return
        run_at = new.run_at or EPOCH
        delivery = Delivery(
            delivery_id=new.delivery_id,
            kind=new.kind,
            destination=new.destination,
            stream=new.stream,
            subject=new.subject,
            payload=new.payload,
            attempts=0,
            run_at=run_at,
            last_error=new.dead_because,
            dead=bool(new.dead_because),
        )
        self._deliveries[new.delivery_id] = _Waiting(delivery, run_at)

    def _claimable(self) -> list[_Waiting]:
        """The first of each (destination, stream), unless it is dead; in order of when they are due."""
        heads: dict[tuple[str, str], _Waiting] = {}
        for waiting in self._deliveries.values():
            heads.setdefault((waiting.delivery.destination, waiting.delivery.stream), waiting)
        return sorted((head for head in heads.values() if not head.delivery.dead), key=lambda head: head.due_at)

    def _require_lease(self, lease: Lease) -> _Waiting:
        waiting = self._deliveries.get(lease.delivery_id)
        if waiting is None or not lease.token or waiting.token != lease.token:
            raise StaleLease
        return waiting

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Oldest due first."""
        claimed = []
        for waiting in [head for head in self._claimable() if head.due_at <= now][:limit]:
            waiting.token = f"lease-{next(self._tokens)}"
            waiting.due_at = now + lease
            claimed.append(replace(waiting.delivery, lease=Lease(waiting.delivery.delivery_id, waiting.token)))
        return claimed

    async def postpone(self, lease: Lease, *, run_at: datetime, error: str, dead: bool) -> None:
        """Gives the lease back."""
        waiting = self._require_lease(lease)
        attempts = waiting.delivery.attempts + 1
        waiting.delivery = replace(waiting.delivery, attempts=attempts, run_at=run_at, last_error=error, dead=dead)
        waiting.due_at, waiting.token = run_at, ""

    async def requeue(self, delivery_id: str, *, now: datetime) -> None:
        """A delivery that is leased keeps its lease."""
        waiting = self._deliveries.get(delivery_id)
        if waiting is None:
            raise refusals.delivery_unknown(delivery_id)
        waiting.delivery = replace(waiting.delivery, run_at=now, dead=False, attempts=0)
        if not waiting.token:
            waiting.due_at = now

    async def deliveries(self, *, stream: str = "", dead_only: bool = False, limit: int = 200) -> list[Delivery]:
        """Leases stay with their holders: ``lease`` is None."""
        held = (waiting.delivery for waiting in self._deliveries.values())
        wanted = (one for one in held if (not stream or one.stream == stream) and (one.dead or not dead_only))
        return list(itertools.islice(wanted, limit))

    async def next_due(self) -> datetime | None:
        """A lease that runs out counts as due then."""
        return min((head.due_at for head in self._claimable()), default=None)

    # audit log

    async def take_log(self) -> LogHead:
        """Epochs count from 1."""
        self._head = replace(self._head, epoch=self._head.epoch + 1)
        return self._head

    async def log_head(self) -> LogHead:
        """The head."""
        return self._head

    async def waiting_leaves(self, limit: int) -> list[WaitingLeaf]:
        """In order of insertion."""
        placed = {leaf_id for leaf_id, _ in self._placed}
        waiting = (WaitingLeaf(number, data) for number, data in enumerate(self._leaves, 1) if number not in placed)
        return list(itertools.islice(waiting, limit))

    async def place(self, batch: PlacedBatch) -> None:
        """Also refuses a batch that does not start at the log's size, or a leaf that does not wait."""
        refusals.require_newest(self._head, batch)
        waiting = set(range(1, len(self._leaves) + 1)) - {leaf_id for leaf_id, _ in self._placed}
        for leaf_id, _ in batch.leaves:
            if leaf_id not in waiting:
                raise refusals.leaf_not_waiting(len(batch.leaves), 0)
            waiting.remove(leaf_id)
        nodes = {(level, index): subtree for level, index, subtree in batch.nodes}
        if len(nodes) != len(batch.nodes) or not nodes.keys().isdisjoint(self._nodes):
            raise refusals.already_taken("log_nodes.level, log_nodes.node_index")
        self._placed.extend(batch.leaves)
        self._nodes.update(nodes)
        self._head = LogHead(batch.epoch, len(self._placed), batch.frontier, batch.checkpoint)

    async def leaves(self, start: int, limit: int) -> list[bytes]:
        """Fewer than ``limit`` at the end of the log."""
        return [self._leaves[leaf_id - 1] for leaf_id, _ in self._placed[start : start + limit]]

    async def leaf_index(self, leaf_hash: bytes) -> int | None:
        """The first."""
        return next((index for index, (_, placed) in enumerate(self._placed) if placed == leaf_hash), None)

    async def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Those that are not stored are left out."""
        return {node: self._nodes[node] for node in wanted if node in self._nodes}

    # trail, witness, alarms, timestamps

    async def witnessed(self, origin: str) -> Witnessed | None:
        """By origin."""
        return self._witnessed.get(origin)

    async def alarms(self, *, open_only: bool = False, limit: int = 200) -> list[Alarm]:
        """Newest first."""
        wanted = (alarm for alarm in reversed(self._alarms.values()) if not (open_only and alarm.acknowledged_by))
        return list(itertools.islice(wanted, limit))

    async def stamp_over(self, size: int) -> Stamp | None:
        """The earliest."""
        over = (stamp for stamp in self._stamps if stamp.size >= size)
        return min(over, key=lambda stamp: (stamp.at, stamp.size), default=None)

    async def newest_stamp(self) -> Stamp | None:
        """The largest."""
        return max(self._stamps, key=lambda stamp: stamp.size, default=None)

    async def stamps(self, *, after: Stamp | None = None, limit: int) -> list[Stamp]:
        """Sorted anew."""
        behind = (after.size, after.at) if after else None
        ordered = sorted(self._stamps, key=lambda stamp: (stamp.size, stamp.at))
        return [stamp for stamp in ordered if behind is None or (stamp.size, stamp.at) > behind][:limit]

    async def trail(self, search: TrailSearch) -> list[tuple[int, TrailEntry]]:
        """Looked through."""
        wanted = (
            (position, entry)
            for position, entry in self._trail.items()
            if position > search.after and _is_found(entry, search)
        )
        return list(itertools.islice(wanted, search.limit))

    async def cases_over(self, before: datetime, limit: int, behind: CaseRow | None = None) -> list[CaseRow]:
        """Sorted at each call."""
        after = (behind.updated_at, behind.case_id) if behind is not None else (EPOCH, "")
        over = [
            row
            for row in self._cases.values()
            if row.state.is_over
            and row.updated_at < before
            and row.erased_at is None
            and (row.updated_at, row.case_id) > after
        ]
        return sorted(over, key=lambda row: (row.updated_at, row.case_id))[:limit]

    async def case_numbers(self, case_ids: Sequence[str]) -> dict[str, str]:
        """By id."""
        return {case_id: self._cases[case_id].number for case_id in case_ids if case_id in self._cases}

    def term(self, text: str) -> bytes:
        """The same for every store in memory."""
        return hashlib.sha256(b"term " + text.encode()).digest()

    # life of the process

    async def boot(self, now: datetime) -> bool:  # noqa: ARG002 - the protocol's
        """A start clears the leases of the process before it."""
        for waiting in self._deliveries.values():
            if waiting.token:
                waiting.token, waiting.due_at = "", waiting.delivery.run_at
        unclean, self._running, self._open = self._running, True, True
        return unclean

    async def prune(self, now: datetime) -> int:
        """Calls whose ``until`` is before now."""
        over = [call for call, until in self._seen.items() if until < now]
        for call in over:
            del self._seen[call]
        return len(over)

    async def close(self, *, clean: bool = True) -> None:
        """What is stored stays; closing again changes nothing."""
        if self._open:
            self._open = False
            self._running = not clean


def _by_digest(entries: Sequence[CrosswalkEntry]) -> dict[bytes, CrosswalkEntry]:
    """What a journal of theirs would hold. Internal for an entry that is no row and no review, or both."""
    try:
        return {entry_values(entry)[0]: entry for entry in entries}
    except ValueError as error:
        raise Internal(Reason.INTERNAL, "the store was given a value that it can't keep", got="ValueError") from error


def _is_found(entry: TrailEntry, search: TrailSearch) -> bool:
    return (
        all(
            not wanted or wanted == held
            for wanted, held in (
                (search.case_id, entry.case_id),
                (search.officer, entry.officer),
                (search.member, entry.member),
                (search.holder, entry.holder),
            )
        )
        and (not search.kinds or entry.kind in search.kinds)
        and (search.since is None or entry.at >= search.since)
        and (search.until is None or entry.at < search.until)
    )


def _place_of(recorded: RecordedEvent) -> _EventPlace:
    return recorded.event.case_id, recorded.event.side, recorded.event.seq


def _subject_of(delivery: NewDelivery | Delivery) -> tuple[str, str, str, str]:
    return delivery.kind, delivery.destination, delivery.stream, delivery.subject


def _age(row: CaseRow) -> tuple[datetime, str]:
    return row.opened_at, row.case_id
