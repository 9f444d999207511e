"""The store in one SQLite file.

Rules:

1. Everything written goes through one thread and its connection (``gateway.store.writer``): WAL, ``synchronous=FULL``.
2. Look-ups by key, which every call needs, run on the event loop: a hop to a thread and back costs more than they do.
   Reads that may touch many rows run on a thread of their own. WAL lets both go on while the writer writes.
3. One gateway owns the file (``gateway.store.process_lock``). Commands beside it open with ``exclusive=False``: they
   see and write through the same statements, but neither migrate, nor clear leases, nor note a start.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from gateway.domain.case import CaseState, RecordedEvent
from gateway.ports import (
    Alarm,
    CaseRecord,
    CaseRow,
    CatalogueRecord,
    CrosswalkEntry,
    Delivery,
    EventCodec,
    Evidence,
    Lease,
    LicenceEntry,
    LogHead,
    PlacedBatch,
    Recording,
    Stamp,
    StoredReply,
    TrailEntry,
    TrailSearch,
    WaitingLeaf,
    Witnessed,
)
from gateway.store import failures, migrate, units
from gateway.store import statements as sql
from gateway.store.process_lock import ProcessLock
from gateway.store.rows import alarm_of, case_row, from_micros, journal_entry, stamp_of, to_micros, trail_entry
from gateway.store.together import RecordUnit, may_go_together
from gateway.store.vault import Vault, place
from gateway.store.writer import Failpoint, Writer
from trust.errors import Misconfigured, Reason

Result = TypeVar("Result")

_BUSY_TIMEOUT_S: Final = 5.0
_NODES_OF_A_PROOF: Final = 128  # more than any proof in a log of 2**63 leaves takes
_FOLD_ATTEMPTS: Final = 20
_FOLD_AGAIN_S: Final = 0.05
_FOLD_BUSY_MS: Final = 50  # while it waits for readers, nobody can write
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # in WAL mode: the log is flushed at each COMMIT
    "PRAGMA secure_delete = ON",  # what is deleted, or moved away, is overwritten: erased keys
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",  # savepoints' journals; as files they took half of all system time
    "PRAGMA cache_size = -16000",  # kB, and no more than is touched
    "PRAGMA wal_autocheckpoint = 1000",  # pages of 4 kB; fewer, longer checkpoints cost less in all
)


def _never_fails(_name: str) -> None:
    """The failpoint of a store that nobody tests."""


class SqliteStore:
    """``gateway.ports.Store`` in a SQLite file. Made by ``open``; used from the event loop it was opened in."""

    def __init__(
        self,
        *,
        writer: Writer,
        near: sqlite3.Connection,
        far: sqlite3.Connection,
        vault: Vault,
        codec: EventCodec,
        lock: ProcessLock | None,
    ) -> None:
        self._writer = writer
        self._near = near.cursor()
        self._far = far.cursor()
        self._connections = (near, far)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")
        self._vault = vault
        self._codec = codec
        self._lock = lock
        self._booted = False
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        vault: Vault,
        codec: EventCodec,
        *,
        exclusive: bool = True,
        failpoint: Failpoint = _never_fails,
        upgrade: Callable[[Path], None] = migrate.upgrade,
    ) -> SqliteStore:
        """Open the store; when ``exclusive``, own it: make or migrate the file and clear a dead process's leases.

        Blocks the loop while it migrates, which happens before anything is served. Raises Misconfigured for a file
        that can't be written, is damaged, is another program's or a newer one's, is in use, or has another key.
        """
        lock = ProcessLock(path) if exclusive else None
        opened: list[sqlite3.Connection] = []
        try:
            _prepare(path, vault, upgrade, exclusive=exclusive)
            opened.extend(_connect(path) for _ in range(3))
        except BaseException:
            for connection in opened:
                connection.close()
            if lock is not None:
                lock.release()
            raise
        writing, near, far = opened
        if exclusive:
            writing.execute(sql.FOLD_LOG)
        near.execute("PRAGMA query_only = ON")
        far.execute("PRAGMA query_only = ON")
        return cls(writer=Writer(writing, failpoint), near=near, far=far, vault=vault, codec=codec, lock=lock)

    # writing

    async def record(self, recording: Recording) -> None:
        """See ``gateway.ports.Store``; so below."""
        if may_go_together(recording):
            await self._writer.run(RecordUnit(self._vault, recording))
        else:
            await self._writer.run(lambda cursor: units.record(cursor, self._vault, recording))
        if recording.erased:
            await self._fold_log()

    async def _fold_log(self) -> None:
        """Fold the write-ahead log into the file and empty it: an erased key stands in earlier pages there.

        A crash before it, or a command beside the gateway that reads for long, leaves that to the next erasure, stop
        or start.
        """
        for _ in range(_FOLD_ATTEMPTS):
            if await self._read(_fold_log):
                return
            await asyncio.sleep(_FOLD_AGAIN_S)

    async def next_serial(self, series: str) -> int:
        """Waits for the commit."""
        return await self._writer.run(lambda cursor: units.next_serial(cursor, series))

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Oldest due first."""
        return await self._writer.run(lambda cursor: units.claim(cursor, self._vault, now, limit, lease))

    async def postpone(self, lease: Lease, *, run_at: datetime, error: str, dead: bool) -> None:
        """Gives the lease back."""
        await self._writer.run(lambda cursor: units.postpone(cursor, lease, run_at, error, dead=dead))

    async def requeue(self, delivery_id: str, *, now: datetime) -> None:
        """A delivery that is leased keeps its lease."""
        await self._writer.run(lambda cursor: units.requeue(cursor, delivery_id, now))

    async def take_log(self) -> LogHead:
        """Epochs count from 1."""
        return await self._writer.run(units.take_log)

    async def place(self, batch: PlacedBatch) -> None:
        """Also refuses a batch that does not start at the log's size, or a leaf that does not wait."""
        await self._writer.run(lambda cursor: units.place_leaves(cursor, batch))

    async def boot(self, now: datetime) -> bool:  # noqa: ARG002 - the protocol's; a file needs no time to know
        """The note is in the file, so it outlives the process."""
        unclean = await self._writer.run(units.boot)
        self._booted = True
        return unclean

    async def prune(self, now: datetime) -> int:
        """Calls whose ``until`` is before now."""
        pruned = 0
        while some := await self._writer.run(lambda cursor: units.prune(cursor, now)):
            pruned += some
        return pruned

    async def close(self, *, clean: bool = True) -> None:
        """Idempotent. Only a process that called ``boot`` notes a clean stop."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._booted and clean:
                await self._writer.run(units.stop)
        finally:
            # The writer's connection goes last: closing the last one folds the write-ahead log into the file.
            await asyncio.to_thread(self._reader.shutdown)
            for connection in self._connections:
                connection.close()
            await self._writer.stop()
            if self._lock is not None:
                self._lock.release()

    # look-ups by key, on the event loop

    async def reply(self, member: str, key: str) -> StoredReply | None:
        """Two look-ups and a decryption."""
        return self._look_up(lambda cursor: units.read_reply(cursor, units.Keys(cursor, self._vault), member, key))

    async def case(self, *, case_id: str = "", number: str = "") -> CaseRecord | None:
        """Events of the accepting place first, each side's in order of seq."""

        def read(cursor: sqlite3.Cursor) -> CaseRecord | None:
            statement, wanted = (sql.CASE_BY_ID, case_id) if case_id else (sql.CASE_BY_NUMBER, number)
            found = cursor.execute(statement, (wanted,)).fetchone()
            if found is None:
                return None
            row = case_row(found)
            if row.erased_at is not None:
                return CaseRecord(row, ())
            return CaseRecord(row, tuple(self._events(cursor, row.case_id)))

        return self._look_up(read)

    def _events(self, cursor: sqlite3.Cursor, case_id: str) -> list[RecordedEvent]:
        rows = cursor.execute(sql.EVENTS, (case_id,)).fetchall()
        if not rows:
            return []
        key = units.Keys(cursor, self._vault).for_opening(case_id)
        events = []
        for side, seq, digest, leaf, sealed in rows:
            raw = key.open(sealed, place("events.raw", case_id, side, str(seq)))
            events.append(RecordedEvent(self._codec.decode(raw), raw, digest, leaf))
        return events

    async def next_due(self) -> datetime | None:
        """The first entry of an index."""
        (due_at,) = self._look_up(lambda cursor: cursor.execute(sql.NEXT_DUE).fetchone())
        return None if due_at is None else from_micros(due_at)

    async def bookmark(self, name: str) -> str:
        """One look-up."""
        row = self._look_up(lambda cursor: cursor.execute(sql.BOOKMARK, (name,)).fetchone())
        return str(row[0]) if row else ""

    async def licence(self, licence_id: str) -> LicenceEntry | None:
        """One look-up."""
        row = self._look_up(lambda cursor: cursor.execute(sql.LICENCE, (licence_id,)).fetchone())
        return LicenceEntry(*row) if row else None

    async def log_head(self) -> LogHead:
        """One row."""
        return units.log_head_of(self._look_up(lambda cursor: cursor.execute(sql.LOG_HEAD).fetchone()))

    async def leaf_index(self, leaf_hash: bytes) -> int | None:
        """One look-up."""
        (index,) = self._look_up(lambda cursor: cursor.execute(sql.LEAF_INDEX, (leaf_hash,)).fetchone())
        return None if index is None else int(index)

    async def witnessed(self, origin: str) -> Witnessed | None:
        """One look-up."""
        row = self._look_up(lambda cursor: cursor.execute(sql.WITNESSED, (origin,)).fetchone())
        return Witnessed(*row) if row else None

    async def stamp_over(self, size: int) -> Stamp | None:
        """A walk over the stamps from there on."""
        return stamp_of(self._look_up(lambda cursor: cursor.execute(sql.STAMP_OVER, (size,)).fetchone()))

    async def newest_stamp(self) -> Stamp | None:
        """The last of them."""
        return stamp_of(self._look_up(lambda cursor: cursor.execute(sql.NEWEST_STAMP).fetchone()))

    def term(self, text: str) -> bytes:
        """Keyed by the vault."""
        return self._vault.term(text)

    # reads of many rows, on the reader's thread

    async def stamps(self, *, after: Stamp | None = None, limit: int) -> list[Stamp]:
        """By the primary key."""
        behind = (after.size, to_micros(after.at)) if after else (-1, 0)
        rows = await self._read(lambda cursor: cursor.execute(sql.STAMPS, (*behind, limit)).fetchall())
        return [Stamp(size, note, token, from_micros(at)) for size, note, token, at in rows]

    async def alarms(self, *, open_only: bool = False, limit: int = 200) -> list[Alarm]:
        """By position."""
        rows = await self._read(lambda cursor: cursor.execute(sql.ALARMS, (int(open_only), limit)).fetchall())
        return [alarm_of(row) for row in rows]

    async def trail(self, search: TrailSearch) -> list[tuple[int, TrailEntry]]:
        """By the narrowest index that the search allows."""
        statement, values = sql.trail_search(search)
        rows = await self._read(lambda cursor: cursor.execute(statement, values).fetchall())
        return [(position, trail_entry(row)) for position, *row in rows]

    async def cases_over(self, before: datetime, limit: int, behind: CaseRow | None = None) -> list[CaseRow]:
        """A walk over the cases."""
        last = (to_micros(behind.updated_at), behind.case_id) if behind is not None else (0, "")
        wanted = (to_micros(before), *last, limit)
        rows = await self._read(lambda cursor: cursor.execute(sql.CASES_OVER, wanted).fetchall())
        return [case_row(row) for row in rows]

    async def case_numbers(self, case_ids: Sequence[str]) -> dict[str, str]:
        """Look-ups by key, many to a statement."""

        def read(cursor: sqlite3.Cursor) -> dict[str, str]:
            numbers: dict[str, str] = {}
            for first in range(0, len(case_ids), sql.MAX_ROWS):
                some = tuple(case_ids[first : first + sql.MAX_ROWS])
                numbers.update(cursor.execute(sql.case_numbers(len(some)), some).fetchall())
            return numbers

        return await self._read(read)

    async def cases(self, *, states: Sequence[CaseState], limit: int, before: str = "") -> list[CaseRow]:
        """No states, no rows; so is an unknown ``before``."""

        def read(cursor: sqlite3.Cursor) -> list[CaseRow]:
            position = None
            if before:
                position = cursor.execute(sql.CASE_OPENED_AT, (before,)).fetchone()
                if position is None:
                    return []
            pages = []
            for state in dict.fromkeys(states):  # each state is one walk along the index, newest first
                if position is None:
                    page = cursor.execute(sql.CASES_NEWEST, (state, limit))
                else:
                    page = cursor.execute(sql.CASES_BEFORE, (state, position[0], before, limit))
                pages.append([case_row(row) for row in page.fetchall()])
            newest = heapq.merge(*pages, key=lambda row: (row.opened_at, row.case_id), reverse=True)
            return list(newest)[:limit]

        return await self._read(read)

    async def deliveries(self, *, stream: str = "", dead_only: bool = False, limit: int = 200) -> list[Delivery]:
        """Leases stay with their holders: ``lease`` is None."""

        def read(cursor: sqlite3.Cursor) -> list[Delivery]:
            rows = cursor.execute(sql.DELIVERIES, (stream, int(dead_only), limit)).fetchall()
            keys = units.Keys(cursor, self._vault)
            return [units.delivery_of(keys, row) for row in rows]

        return await self._read(read)

    async def snapshot(self, name: str) -> bytes | None:
        """May be megabytes."""
        row = await self._read(lambda cursor: cursor.execute(sql.SNAPSHOT, (name,)).fetchone())
        return bytes(row[0]) if row else None

    async def catalogue_records(
        self, catalogue: str, *, since_edition: int = 0, after: tuple[str, int] = ("", 0), limit: int
    ) -> list[CatalogueRecord]:
        """One walk along an index, from where the last page ended."""
        wanted = (catalogue, *after, since_edition, limit)
        rows = await self._read(lambda cursor: cursor.execute(sql.CATALOGUE_RECORDS, wanted).fetchall())
        return [CatalogueRecord(*row) for row in rows]

    async def crosswalk_journal(self, after: int, limit: int) -> list[tuple[int, CrosswalkEntry]]:
        """The journal is its table in order."""
        rows = await self._read(lambda cursor: cursor.execute(sql.CROSSWALK_JOURNAL, (after, limit)).fetchall())
        return [journal_entry(row) for row in rows]

    async def licence_statuses(self, list_uri: str) -> dict[int, int]:
        """Read from an index of those that are not valid."""
        return await self._read(lambda cursor: dict(cursor.execute(sql.NOT_VALID, (list_uri,)).fetchall()))

    async def evidence(self, case_id: str) -> list[Evidence]:
        """In the order of recording; none of an erased case."""

        def read(cursor: sqlite3.Cursor) -> list[Evidence]:
            if cursor.execute(sql.ERASED, (case_id,)).fetchone():
                return []
            keys = units.Keys(cursor, self._vault)
            rows = cursor.execute(sql.EVIDENCE, (case_id,)).fetchall()
            return [units.evidence_of(keys, case_id, row) for row in rows]

        return await self._read(read)

    async def waiting_leaves(self, limit: int) -> list[WaitingLeaf]:
        """Read from an index of those that wait."""
        rows = await self._read(lambda cursor: cursor.execute(sql.WAITING_LEAVES, (limit,)).fetchall())
        return [WaitingLeaf(leaf_id, data) for leaf_id, data in rows]

    async def leaves(self, start: int, limit: int) -> list[bytes]:
        """Fewer than ``limit`` at the end of the log. A single one is a look-up by key."""

        def read(cursor: sqlite3.Cursor) -> list[bytes]:
            return [data for (data,) in cursor.execute(sql.LEAVES, (start, start + limit)).fetchall()]

        return self._look_up(read) if limit == 1 else await self._read(read)

    async def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Those that are not stored are left out. What one proof takes are look-ups by key."""

        def read(cursor: sqlite3.Cursor) -> dict[tuple[int, int], bytes]:
            found = {node: cursor.execute(sql.NODE, node).fetchone() for node in wanted}
            return {node: row[0] for node, row in found.items() if row is not None}

        return self._look_up(read) if len(wanted) <= _NODES_OF_A_PROOF else await self._read(read)

    def _look_up(self, read: Callable[[sqlite3.Cursor], Result]) -> Result:
        if self._closed:
            raise failures.closed()
        try:
            return read(self._near)
        except sqlite3.Error as error:
            raise failures.of_transaction(error) from error

    async def _read(self, read: Callable[[sqlite3.Cursor], Result]) -> Result:
        if self._closed:
            raise failures.closed()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, read, self._far)
        except sqlite3.Error as error:
            raise failures.of_transaction(error) from error


def _connect(path: Path) -> sqlite3.Connection:
    # Each connection has one thread at a time, but not the one that opened it.
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error as error:
        connection.close()
        raise failures.of_opening(error, str(path)) from error
    return connection


def _fold_log(cursor: sqlite3.Cursor) -> bool:
    """Fold the write-ahead log into the file and empty it; False when somebody was in the way."""
    cursor.execute(f"PRAGMA busy_timeout = {_FOLD_BUSY_MS}")
    try:
        busy, _, _ = cursor.execute(sql.FOLD_LOG).fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}")
    return not busy


def _prepare(path: Path, vault: Vault, upgrade: Callable[[Path], None], *, exclusive: bool) -> None:
    """Bring the file to where this program can use it, and check its key."""
    if not exclusive and not path.is_file():
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"there is no store at {path}",
            expected="the store of a gateway that was started at least once",
            mend="name the store's file as the gateway's configuration does",
        )
    if not path.exists():
        path.touch(mode=0o600)  # SQLite gives the files beside it the same mode
    connection = _connect(path)
    try:
        if migrate.revision_of(connection) != migrate.REVISIONS[-1]:
            if not exclusive:
                raise Misconfigured(
                    Reason.CONFIG_INVALID,
                    f"the store {path} has an older schema than this program",
                    mend="start the gateway of this version once; it migrates the store",
                )
            upgrade(path)
        check = connection.execute(sql.FACT, ("key_check",)).fetchone()
        if check is not None:
            vault.require_key(check[0])
        elif exclusive:
            connection.execute(sql.SET_FACT, ("key_check", vault.key_check()))
        if exclusive:
            connection.execute(sql.CLEAR_LEASES)
    except sqlite3.Error as error:
        raise failures.of_opening(error, str(path)) from error
    finally:
        connection.close()
