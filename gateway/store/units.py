"""Units of work: what each writing method of the store does inside a transaction, on the writer's cursor.

A unit either returns, and all of it is committed, or raises, and none of it is. It never begins or commits by itself.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice

from gateway.domain.case import RecordedEvent
from gateway.ports import (
    AlreadyRecorded,
    CaseRow,
    Delivery,
    DeliveryKind,
    Evidence,
    Lease,
    LogHead,
    NewDelivery,
    PlacedBatch,
    Recording,
    SeenCall,
    StaleCase,
    StaleLease,
    StaleWitness,
    StoredReply,
    Witnessed,
)
from gateway.store import refusals
from gateway.store import statements as sql
from gateway.store.rows import (
    Row,
    alarm_values,
    case_values,
    catalogue_values,
    entry_values,
    from_micros,
    frontier_of,
    frontier_text,
    licence_values,
    pack,
    to_micros,
    trail_values,
    unpack,
)
from gateway.store.vault import SealingKey, Vault, general_owner, place
from trust.errors import Misconfigured, Reason


class Keys:
    """The data keys that one unit or read needs, each fetched once.

    It lives no longer than its unit: a key made in a unit that was rolled back must never be used again, because what
    it would seal could not be opened.
    """

    __slots__ = ("_cursor", "_held", "_vault")

    def __init__(self, cursor: sqlite3.Cursor, vault: Vault) -> None:
        self._cursor = cursor
        self._vault = vault
        self._held: dict[str, SealingKey] = {}

    def for_sealing(self, owner: str) -> SealingKey:
        """The owner's key; made and stored now when it has none."""
        held = self._held.get(owner)
        if held is not None:
            return held
        row = self._cursor.execute(sql.DATA_KEY, (owner,)).fetchone()
        if row is not None:
            key = self._vault.data_key(owner, row[0])
        else:
            wrapped, key = self._vault.new_key(owner)
            self._cursor.execute(sql.ADD_DATA_KEY, (owner, wrapped))
        self._held[owner] = key
        return key

    def hold(self, owners: Collection[str]) -> None:
        """Fetch the keys of many owners at once, and make those that are missing."""
        wanted = tuple(dict.fromkeys(owners))
        if not wanted:
            return
        for owner, wrapped in self._cursor.execute(sql.data_keys(len(wanted)), wanted).fetchall():
            self._held[owner] = self._vault.data_key(owner, wrapped)
        made: list[str | bytes] = []
        for owner in wanted:
            if owner not in self._held:
                wrapped, self._held[owner] = self._vault.new_key(owner)
                made += (owner, wrapped)
        if made:
            self._cursor.execute(sql.add_data_keys(len(made) // 2), made)

    def for_opening(self, owner: str) -> SealingKey:
        """The owner's key. Misconfigured(STORE_CORRUPT) when it is gone."""
        held = self._held.get(owner)
        if held is None:
            row = self._cursor.execute(sql.DATA_KEY, (owner,)).fetchone()
            if row is None:
                raise Misconfigured(
                    Reason.STORE_CORRUPT,
                    "a data key is missing from the store",
                    got="sealed values whose key was erased",
                    expected="the key beside the values",
                    mend="if they were not erased on purpose, restore the store from a backup",
                )
            held = self._held[owner] = self._vault.data_key(owner, row[0])
        return held


# --------------------------------------------------------------------------------------------------------------------
# Recording
# --------------------------------------------------------------------------------------------------------------------


def record(cursor: sqlite3.Cursor, vault: Vault, recording: Recording) -> None:
    """Write a recording; the numbers are those of ``Recording``."""
    keys = Keys(cursor, vault)
    # 1
    if recording.seen is not None:
        _take_call(cursor, recording.seen)
    # 2
    if recording.reply is not None:
        _take_key(cursor, keys, recording.reply, recording.case)
    # 3
    if recording.case is not None:
        _write_case(cursor, recording.case)
    # 4
    for lease in recording.settled:
        _settle(cursor, lease)
    # 5
    if recording.witnessed is not None:
        _witness(cursor, recording.witnessed)
    # 6
    _write_effects(cursor, keys, recording)
    _write_catalogues_and_crosswalk(cursor, recording)
    _write_watch(cursor, recording)


def _write_effects(cursor: sqlite3.Cursor, keys: Keys, recording: Recording) -> None:
    for recorded in recording.events:
        cursor.execute(sql.ADD_EVENT, event_values(keys, recorded))
    for delivery in recording.deliveries:
        cursor.execute(sql.ADD_DELIVERY, delivery_values(keys, delivery))
    for leaf in recording.leaves:
        cursor.execute(sql.ADD_LEAF, (leaf,))
    insert(cursor, sql.add_trail, map(trail_values, recording.trail))
    for call in recording.evidence:
        cursor.execute(sql.ADD_EVIDENCE, evidence_values(keys, call))
    for entry in recording.licences:
        cursor.execute(sql.SET_LICENCE, licence_values(entry))
    for bookmark in recording.bookmarks.items():
        cursor.execute(sql.SET_BOOKMARK, bookmark)
    for snapshot in recording.snapshots.items():
        cursor.execute(sql.SET_SNAPSHOT, snapshot)


def _write_watch(cursor: sqlite3.Cursor, recording: Recording) -> None:
    for alarm in recording.alarms:
        cursor.execute(sql.ADD_ALARM, alarm_values(alarm))
    for alarm_id, who in recording.acknowledged.items():
        cursor.execute(sql.ACKNOWLEDGE, (who, alarm_id))
    for stamp in recording.stamps:
        cursor.execute(sql.ADD_STAMP, (stamp.size, to_micros(stamp.at), stamp.note, stamp.token))
    for case_id in recording.erased:
        cursor.execute(sql.DROP_DATA_KEY, (case_id,))
        cursor.execute(sql.DROP_TRAIL, (case_id,))
        cursor.execute(sql.DROP_DELIVERIES, (case_id,))


def _witness(cursor: sqlite3.Cursor, witnessed: Witnessed) -> None:
    values = (witnessed.origin, witnessed.size, witnessed.root, witnessed.note, witnessed.after_size)
    cursor.execute(sql.WITNESS, values)
    if cursor.rowcount == 0:
        raise StaleWitness


def _write_catalogues_and_crosswalk(cursor: sqlite3.Cursor, recording: Recording) -> None:
    for name in recording.dropped_snapshots:
        cursor.execute(sql.DROP_SNAPSHOT, (name,))
    for catalogue in recording.dropped_catalogues:
        cursor.execute(sql.DROP_CATALOGUE, (catalogue,))
    insert(cursor, sql.put_catalogue_records, map(catalogue_values, recording.catalogue_records))
    insert(cursor, sql.add_crosswalk_entries, map(entry_values, recording.crosswalk_entries))


def insert(cursor: sqlite3.Cursor, statement: Callable[[int], str], rows: Iterable[Row]) -> int:
    """Write rows, as many to a statement as it takes; how many were written."""
    written, rest = 0, iter(rows)
    while some := tuple(islice(rest, sql.MAX_ROWS)):
        cursor.execute(statement(len(some)), tuple(chain.from_iterable(some)))
        written += cursor.rowcount
    return written


def _take_call(cursor: sqlite3.Cursor, seen: SeenCall) -> None:
    cursor.execute(sql.ADD_SEEN, seen_values(seen))
    if cursor.rowcount == 0:
        raise refusals.call_replayed(seen)


def _take_key(cursor: sqlite3.Cursor, keys: Keys, reply: StoredReply, case: CaseRow | None) -> None:
    cursor.execute(sql.ADD_REPLY, reply_values(keys, reply, case))
    if cursor.rowcount == 0:
        stored = read_reply(cursor, keys, reply.member, reply.key)
        if stored is None or stored.request_digest != reply.request_digest:
            raise refusals.key_reused(reply)
        raise AlreadyRecorded(stored)


def read_reply(cursor: sqlite3.Cursor, keys: Keys, member: str, key: str) -> StoredReply | None:
    """The stored answer to an idempotency key."""
    row = cursor.execute(sql.REPLY, (member, key)).fetchone()
    if row is None:
        return None
    digest, owner, sealed = row
    if cursor.execute(sql.ERASED, (owner,)).fetchone():
        raise refusals.case_erased()
    body = keys.for_opening(owner).open(sealed, place("replies.body", member, key))
    return StoredReply(member, key, digest, body)


def _write_case(cursor: sqlite3.Cursor, row: CaseRow) -> None:
    if row.version == 0:
        cursor.execute(sql.ADD_CASE, (row.case_id, *case_values(row)))
    else:
        cursor.execute(sql.UPDATE_CASE, (*case_values(row), row.case_id, row.version))
    if cursor.rowcount == 0:
        raise StaleCase


def _settle(cursor: sqlite3.Cursor, lease: Lease) -> None:
    # An empty token is no lease; it is what a delivery that nobody holds has in its column.
    stream = cursor.execute(sql.SETTLE, (lease.delivery_id, lease.token)).fetchone() if lease.token else None
    if stream is None:
        raise StaleLease
    cursor.execute(sql.PROMOTE_NEXT, stream)


def seen_values(seen: SeenCall) -> Row:
    """The columns of ``seen_calls``."""
    return seen.issuer, seen.jti, to_micros(seen.until)


def reply_owner(reply: StoredReply, case: CaseRow | None) -> str:
    """Whose key seals a reply: one to a call about a case is forgotten with the case, but the one that erases it."""
    return case.case_id if case is not None and case.erased_at is None else general_owner(reply.key)


def reply_values(keys: Keys, reply: StoredReply, case: CaseRow | None) -> Row:
    """The columns of ``replies``."""
    owner = reply_owner(reply, case)
    body = keys.for_sealing(owner).seal(reply.body, place("replies.body", reply.member, reply.key))
    return reply.member, reply.key, reply.request_digest, owner, body


def event_values(keys: Keys, recorded: RecordedEvent) -> Row:
    """The columns of ``events``."""
    event = recorded.event
    where = place("events.raw", event.case_id, event.side, str(event.seq))
    raw = keys.for_sealing(event.case_id).seal(recorded.raw, where)
    return event.case_id, event.side, event.seq, recorded.digest, recorded.leaf, raw


def delivery_values(keys: Keys, new: NewDelivery) -> Row:
    """The parameters of ``statements.ADD_DELIVERY``."""
    payload = b""
    if new.payload:
        key = keys.for_sealing(general_owner(new.delivery_id))
        payload = key.seal(new.payload, place("deliveries.payload", new.delivery_id))
    run_at = 0 if new.run_at is None else to_micros(new.run_at)
    return (
        new.delivery_id,
        new.kind,
        new.destination,
        new.stream,
        new.subject,
        payload,
        run_at,
        new.dead_because,
        1 if new.dead_because else 0,
    )


def evidence_values(keys: Keys, call: Evidence) -> Row:
    """The columns of ``evidence``."""
    case_id, digest = call.case_id, call.call_digest
    content = pack((call.request.encode(), call.request_body, call.response.encode(), call.response_body))
    sealed = keys.for_sealing(evidence_owner(case_id, digest)).seal(content, _evidence_place(case_id, digest))
    return digest, case_id, call.method, sealed


def evidence_of(keys: Keys, case_id: str, row: Row) -> Evidence:
    """A piece of evidence from its row."""
    digest, method, sealed = row
    content = keys.for_opening(evidence_owner(case_id, digest)).open(sealed, _evidence_place(case_id, digest))
    request, request_body, response, response_body = unpack(content)
    return Evidence(digest, case_id, method, request.decode(), request_body, response.decode(), response_body)


def evidence_owner(case_id: str, call_digest: bytes) -> str:
    """Whose key seals a piece of evidence."""
    return case_id or general_owner(call_digest.hex())


def _evidence_place(case_id: str, call_digest: bytes) -> bytes:
    return place("evidence.content", case_id, call_digest.hex())


# --------------------------------------------------------------------------------------------------------------------
# Deliveries
# --------------------------------------------------------------------------------------------------------------------


def delivery_of(keys: Keys, row: Row, lease: Lease | None = None) -> Delivery:
    """A delivery from the columns ``statements.DELIVERY_COLUMNS``."""
    delivery_id, kind, destination, stream, subject, payload, attempts, run_at, last_error, dead = row
    if payload:
        key = keys.for_opening(general_owner(delivery_id))
        payload = key.open(payload, place("deliveries.payload", delivery_id))
    return Delivery(
        delivery_id=delivery_id,
        kind=DeliveryKind(kind),
        destination=destination,
        stream=stream,
        subject=subject,
        payload=payload,
        attempts=attempts,
        run_at=from_micros(run_at),
        last_error=last_error,
        dead=bool(dead),
        lease=lease,
    )


def claim(cursor: sqlite3.Cursor, vault: Vault, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
    """Lease what is due. A crash after the commit leaves leases that the next start clears.

    One whose content does not open becomes a dead letter: it must not stop all the others.
    """
    keys = Keys(cursor, vault)
    until = to_micros(now + lease)
    claimed: list[Delivery] = []
    for row in cursor.execute(sql.DUE, (to_micros(now), limit)).fetchall():
        held = Lease(delivery_id=row[0], token=secrets.token_hex(16))
        cursor.execute(sql.LEASE, (held.token, until, held.delivery_id))
        try:
            claimed.append(delivery_of(keys, row, held))
        except Misconfigured as error:
            postpone(cursor, held, now, str(error), dead=True)
    return claimed


def postpone(cursor: sqlite3.Cursor, lease: Lease, run_at: datetime, error: str, *, dead: bool) -> None:
    """Give a lease back after a failed attempt."""
    if lease.token:
        cursor.execute(sql.POSTPONE, (to_micros(run_at), error, int(dead), lease.delivery_id, lease.token))
    if not lease.token or cursor.rowcount == 0:
        raise StaleLease


def requeue(cursor: sqlite3.Cursor, delivery_id: str, now: datetime) -> None:
    """Make a delivery due."""
    cursor.execute(sql.REQUEUE, (to_micros(now), delivery_id))
    if cursor.rowcount == 0:
        raise refusals.delivery_unknown(delivery_id)


# --------------------------------------------------------------------------------------------------------------------
# Numbers, audit log, life of the process
# --------------------------------------------------------------------------------------------------------------------


def next_serial(cursor: sqlite3.Cursor, series: str) -> int:
    """The next number of a series. A crash after the commit loses the number."""
    return int(cursor.execute(sql.NEXT_SERIAL, (series,)).fetchone()[0])


def log_head_of(row: Row | None) -> LogHead:
    """The head from its row; the empty log when there is none."""
    if row is None:
        return LogHead(epoch=0, size=0, frontier=(), checkpoint="")
    epoch, size, frontier, checkpoint = row
    return LogHead(epoch, size, frontier_of(frontier), checkpoint)


def take_log(cursor: sqlite3.Cursor) -> LogHead:
    """Raise the epoch."""
    return log_head_of(cursor.execute(sql.TAKE_LOG).fetchone())


def place_leaves(cursor: sqlite3.Cursor, batch: PlacedBatch) -> None:
    """Write a sequencer step on top of the head that it was computed from."""
    refusals.require_newest(log_head_of(cursor.execute(sql.LOG_HEAD).fetchone()), batch)
    for first in range(0, len(batch.leaves), sql.MAX_ROWS):
        _place_some(cursor, batch.first_index + first, batch.leaves[first : first + sql.MAX_ROWS])
    for first in range(0, len(batch.nodes), sql.MAX_ROWS):
        nodes = batch.nodes[first : first + sql.MAX_ROWS]
        cursor.execute(sql.add_nodes(len(nodes)), [value for node in nodes for value in node])
    size = batch.first_index + len(batch.leaves)
    cursor.execute(sql.SET_LOG_HEAD, (size, frontier_text(batch.frontier), batch.checkpoint))


def _place_some(cursor: sqlite3.Cursor, first_index: int, leaves: Sequence[tuple[int, bytes]]) -> None:
    values: list[int | bytes] = []
    for offset, (leaf_id, leaf_hash) in enumerate(leaves):
        values += (leaf_id, first_index + offset, leaf_hash)
    cursor.execute(sql.place_leaves(len(leaves)), values)
    if cursor.rowcount != len(leaves):
        raise refusals.leaf_not_waiting(len(leaves), cursor.rowcount)


def boot(cursor: sqlite3.Cursor) -> bool:
    """Note a start; whether the note of the last one still stands."""
    row = cursor.execute(sql.FACT, ("running",)).fetchone()
    cursor.execute(sql.SET_FACT, ("running", "1"))
    return row is not None and row[0] == "1"


def stop(cursor: sqlite3.Cursor) -> None:
    """Note a clean stop."""
    cursor.execute(sql.SET_FACT, ("running", "0"))


def prune(cursor: sqlite3.Cursor, now: datetime) -> int:
    """Forget some of the calls whose time is over; 0 when none is left."""
    cursor.execute(sql.PRUNE_SEEN, (to_micros(now),))
    return cursor.rowcount
