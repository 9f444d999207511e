"""What a store's file holds as it stands at one moment, for whoever holds it against its audit log.

Rules:

1. All reads of one ``Inspection`` see the same moment, whatever a running gateway writes meanwhile; it writes nothing.
2. Rows come as they are, by column. What is sealed comes sealed, and ``opened`` opens it: a row that was tampered with
   is what is looked for here, and must not end the look at all others. So bytes are cast to bytes: SQLite takes text in
   any column.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from gateway.ports import CaseRow, Evidence, Stamp, TrailEntry, Witnessed
from gateway.store import failures, units
from gateway.store import statements as sql
from gateway.store.rows import Row, case_row, from_micros, trail_entry
from gateway.store.vault import Vault, place

Value = TypeVar("Value")

_LEAVES: Final = (
    "SELECT leaf_index, leaf_hash, CAST(data AS BLOB) FROM leaves WHERE leaf_index IS NOT NULL ORDER BY leaf_index"
)
_WAITING: Final = "SELECT CAST(data AS BLOB) FROM leaves WHERE leaf_index IS NULL ORDER BY leaf_id"
_NODES: Final = "SELECT node_index, hash FROM log_nodes WHERE level = ? AND node_index >= ? AND node_index < ?"
_COUNT_NODES: Final = "SELECT count(*) FROM log_nodes"
_CASES: Final = f"SELECT {sql.CASE_COLUMNS} FROM cases ORDER BY case_id"  # noqa: S608 - a constant
_EVENTS: Final = (
    "SELECT side, seq, CAST(digest AS BLOB), leaf_hash, CAST(raw AS BLOB) FROM events WHERE case_id = ? "
    "ORDER BY side, seq"
)
_STRAYS: Final = (  # rows that no case leads to
    "SELECT 'events', case_id FROM events WHERE case_id NOT IN (SELECT case_id FROM cases) "
    "UNION SELECT 'trail', case_id FROM trail WHERE case_id <> '' AND case_id NOT IN (SELECT case_id FROM cases)"
)
_EVIDENCE: Final = (
    "SELECT CAST(call_digest AS BLOB), case_id, method, CAST(content AS BLOB) FROM evidence ORDER BY evidence_id"
)
_TRAIL: Final = (
    "SELECT position, (SELECT CAST(data AS BLOB) FROM leaves "  # noqa: S608 - a constant
    "WHERE leaves.leaf_hash = trail.leaf_hash LIMIT 1), "
    f"{sql.TRAIL_COLUMNS} FROM trail ORDER BY position"
)
_DOUBLED: Final = (
    "SELECT max(position) FROM trail GROUP BY leaf_hash "
    "HAVING count(*) > (SELECT max(1, count(*)) FROM leaves WHERE leaves.leaf_hash = trail.leaf_hash)"
)
_UNTOLD: Final = (
    "SELECT CAST(data AS BLOB) FROM leaves WHERE leaf_index IS NOT NULL "
    "AND leaf_hash NOT IN (SELECT leaf_hash FROM trail) ORDER BY leaf_index"
)
_HAS_KEY: Final = "SELECT 1 FROM data_keys WHERE owner = ?"
_WITNESSED: Final = "SELECT origin, size, root, note FROM witnessed ORDER BY origin"
_STAMPS: Final = "SELECT size, note, CAST(token AS BLOB), at FROM stamps ORDER BY size, at"
_SNAPSHOTS: Final = "SELECT name, CAST(content AS BLOB) FROM snapshots ORDER BY name"
_JOURNAL: Final = "SELECT position, digest, CAST(content AS BLOB) FROM crosswalk_journal ORDER BY position"
_CATALOGUES: Final = "SELECT DISTINCT catalogue FROM catalogue_records ORDER BY catalogue"
_RECORDS: Final = (
    "SELECT code, version, CAST(record AS BLOB) FROM catalogue_records WHERE catalogue = ? ORDER BY code, version"
)


class KeptHead(NamedTuple):
    """The row that says where the log stands."""

    size: int
    frontier: str
    checkpoint: str


class KeptEvent(NamedTuple):
    """A row of the table of events; its event sealed."""

    side: str
    seq: int
    digest: bytes
    leaf_hash: bytes
    raw: bytes


class KeptEvidence(NamedTuple):
    """A row of the table of evidence; its call sealed."""

    call_digest: bytes
    case_id: str
    method: str
    content: bytes


class JournalEntry(NamedTuple):
    """A row of the crosswalk's journal."""

    position: int
    digest: bytes
    content: bytes


class Inspection:
    """One moment of a store. Made by ``inspect``."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def damage(self) -> str:
        """What SQLite finds wrong with the file itself; empty when nothing is."""
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        return "" if found == "ok" else str(found)

    # the log

    def log_head(self) -> KeptHead:
        """Where the log stands; at nothing when there is no row."""
        row = self._connection.execute(sql.LOG_HEAD).fetchone()
        return KeptHead(*row[1:]) if row else KeptHead(0, "", "")

    def leaves(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Placed leaves by index: index, the hash that was kept, exact bytes."""
        return iter(self._connection.execute(_LEAVES))

    def waiting(self) -> Iterator[bytes]:
        """Leaves without an index, in order of insertion."""
        return (data for (data,) in self._connection.execute(_WAITING))

    def nodes(self, start: int, count: int) -> dict[tuple[int, int], bytes]:
        """Hashes that were kept of the subtrees which ``count`` leaves from index ``start`` complete."""
        found: dict[tuple[int, int], bytes] = {}
        for level in range((start + count).bit_length()):
            span = (level, start >> level, (start + count) >> level)
            found.update(((level, index), kept) for index, kept in self._connection.execute(_NODES, span))
        return found

    def node_count(self) -> int:
        """How many subtrees' hashes are kept."""
        return int(self._connection.execute(_COUNT_NODES).fetchone()[0])

    # cases

    def cases(self) -> Iterator[tuple[str, CaseRow | None]]:
        """Every case's id and row; None for one that doesn't read as a row."""
        return ((row[0], _read(case_row, row)) for row in self._connection.execute(_CASES))

    def events(self, case_id: str) -> list[KeptEvent]:
        """A case's events, each side's in order of seq."""
        return [KeptEvent(*row) for row in self._connection.execute(_EVENTS, (case_id,))]

    def strays(self) -> list[tuple[str, str]]:
        """(table, case id) of rows about cases that have no row of their own."""
        return self._connection.execute(_STRAYS).fetchall()

    def evidence(self) -> Iterator[KeptEvidence]:
        """Every piece of evidence."""
        return (KeptEvidence(*row) for row in self._connection.execute(_EVIDENCE))

    def trail(self) -> Iterator[tuple[int, TrailEntry | None, bytes | None]]:
        """Every entry of the trail: position, entry, and the placed leaf with its hash.

        None stands for an entry that doesn't read as one, and for a leaf that is not there.
        """
        rows = self._connection.execute(_TRAIL)
        return ((position, _read(trail_entry, entry), leaf) for position, leaf, *entry in rows)

    def doubled(self) -> list[int]:
        """Positions of trail entries about a leaf that has another one."""
        return [position for (position,) in self._connection.execute(_DOUBLED)]

    def untold(self) -> Iterator[bytes]:
        """Placed leaves without an entry in the trail."""
        return (data for (data,) in self._connection.execute(_UNTOLD))

    def has_key(self, case_id: str) -> bool:
        """Whether there is a key for what is sealed of a case."""
        return self._connection.execute(_HAS_KEY, (case_id,)).fetchone() is not None

    def open_event(self, case_id: str, event: KeptEvent) -> bytes:
        """The event's exact bytes. Misconfigured(STORE_CORRUPT) when they don't open."""
        key = units.Keys(self._connection.cursor(), self._vault).for_opening(case_id)
        return key.open(event.raw, place("events.raw", case_id, event.side, str(event.seq)))

    def open_evidence(self, kept: KeptEvidence) -> Evidence:
        """The signed call. Misconfigured(STORE_CORRUPT) when it does not open."""
        keys = units.Keys(self._connection.cursor(), self._vault)
        return units.evidence_of(keys, kept.case_id, (kept.call_digest, kept.method, kept.content))

    def term(self, text: str) -> bytes:
        """As ``gateway.ports.Store.term``."""
        return self._vault.term(text)

    # what is known of logs, catalogues and crosswalk

    def witnessed(self) -> list[Witnessed]:
        """The checkpoint of each other log that was cosigned last."""
        return [Witnessed(*row) for row in self._connection.execute(_WITNESSED)]

    def stamps(self) -> Iterator[Stamp]:
        """Timestamps over the log's checkpoints, by size."""
        rows = self._connection.execute(_STAMPS)
        return (Stamp(size, note, token, from_micros(at)) for size, note, token, at in rows)

    def snapshots(self) -> dict[str, bytes]:
        """Every snapshot by its name."""
        return dict(self._connection.execute(_SNAPSHOTS))

    def journal(self) -> Iterator[JournalEntry]:
        """The crosswalk's journal."""
        return (JournalEntry(*row) for row in self._connection.execute(_JOURNAL))

    def catalogues(self) -> list[str]:
        """Ids of the catalogues that there are records of."""
        return [catalogue for (catalogue,) in self._connection.execute(_CATALOGUES)]

    def catalogue_records(self, catalogue: str) -> Iterator[bytes]:
        """A catalogue's records, by code and version."""
        return (record for *_, record in self._connection.execute(_RECORDS, (catalogue,)))


def _read(read: Callable[[Row], Value], row: Row) -> Value | None:
    try:
        return read(row)
    except (ValueError, TypeError, OverflowError):
        return None


@contextmanager
def inspect(path: Path, vault: Vault) -> Iterator[Inspection]:
    """A store as it stands now, for as long as this lasts.

    The file must have been opened by ``SqliteStore`` before, which checks its schema and key. Raises as
    ``gateway.store.failures.of_transaction`` where the file can't be read, at the entrance and by every read inside.
    """
    connection: Any = None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        yield Inspection(connection, vault)
    except sqlite3.Error as error:
        raise failures.of_transaction(error, f"the store {path}") from error
    finally:
        if connection is not None:
            connection.close()
