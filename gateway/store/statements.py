"""Every SQL statement of the SQLite store, by name.

Kept by hand: each runs thousands of times a second, and each plan is meant to be read. Constant texts, so that sqlite3
compiles each once for a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from gateway.ports import TrailSearch
from gateway.store.rows import to_micros

# what the store knows of itself
FACT: Final = "SELECT value FROM store_facts WHERE name = ?"
SET_FACT: Final = (
    "INSERT INTO store_facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)

# keys
DATA_KEY: Final = "SELECT wrapped FROM data_keys WHERE owner = ?"
DROP_DATA_KEY: Final = "DELETE FROM data_keys WHERE owner = ?"
ADD_DATA_KEY: Final = "INSERT INTO data_keys (owner, wrapped) VALUES (?, ?)"

# calls and replies
ADD_SEEN: Final = "INSERT INTO seen_calls (issuer, jti, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
PRUNE_SEEN: Final = (  # a slice at a time, so that calls don't wait long behind it
    "DELETE FROM seen_calls WHERE (issuer, jti) IN (SELECT issuer, jti FROM seen_calls WHERE until < ? LIMIT 2000)"
)
ADD_REPLY: Final = (
    "INSERT INTO replies (member, key, request_digest, owner, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
REPLY: Final = "SELECT request_digest, owner, body FROM replies WHERE member = ? AND key = ?"

# cases
CASE_COLUMNS: Final = (
    "case_id, number, side, peer, accepting_region, processing_region, source_code, target_code, item_name, state, "
    "opened_at, updated_at, commitment, local_number, peer_local_number, trail, trail_head, erased_at, version"
)
ADD_CASE: Final = (
    f"INSERT INTO cases ({CASE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
    "ON CONFLICT (case_id) DO NOTHING"
)
UPDATE_CASE: Final = (
    "UPDATE cases SET number = ?, side = ?, peer = ?, accepting_region = ?, processing_region = ?, source_code = ?, "
    "target_code = ?, item_name = ?, state = ?, opened_at = ?, updated_at = ?, commitment = ?, local_number = ?, "
    "peer_local_number = ?, trail = ?, trail_head = ?, erased_at = ?, version = ? WHERE case_id = ? AND version = ?"
)
CASE_BY_ID: Final = f"SELECT {CASE_COLUMNS} FROM cases WHERE case_id = ?"  # noqa: S608 - a constant
CASE_BY_NUMBER: Final = f"SELECT {CASE_COLUMNS} FROM cases WHERE number = ?"  # noqa: S608
CASES_NEWEST: Final = f"SELECT {CASE_COLUMNS} FROM cases WHERE state = ? ORDER BY opened_at DESC, case_id DESC LIMIT ?"  # noqa: S608
CASES_BEFORE: Final = (
    f"SELECT {CASE_COLUMNS} FROM cases WHERE state = ? AND (opened_at, case_id) < (?, ?) "  # noqa: S608
    "ORDER BY opened_at DESC, case_id DESC LIMIT ?"
)
CASES_OVER: Final = (
    f"SELECT {CASE_COLUMNS} FROM cases WHERE state IN ('decided', 'refused', 'withdrawn') AND updated_at < ? "  # noqa: S608
    "AND erased_at IS NULL AND (updated_at, case_id) > (?, ?) ORDER BY updated_at, case_id LIMIT ?"
)
ERASED: Final = "SELECT 1 FROM cases WHERE case_id = ? AND erased_at IS NOT NULL"
CASE_OPENED_AT: Final = "SELECT opened_at FROM cases WHERE case_id = ?"

# events
ADD_EVENT: Final = "INSERT INTO events (case_id, side, seq, digest, leaf_hash, raw) VALUES (?, ?, ?, ?, ?, ?)"
EVENTS: Final = "SELECT side, seq, digest, leaf_hash, raw FROM events WHERE case_id = ? ORDER BY side, seq"

# evidence
ADD_EVIDENCE: Final = "INSERT INTO evidence (call_digest, case_id, method, content) VALUES (?, ?, ?, ?)"
EVIDENCE: Final = "SELECT call_digest, method, content FROM evidence WHERE case_id = ? ORDER BY evidence_id"

# deliveries
DELIVERY_COLUMNS: Final = "delivery_id, kind, destination, stream, subject, payload, attempts, run_at, last_error, dead"
ADD_DELIVERY: Final = (
    "INSERT INTO deliveries (delivery_id, kind, destination, stream, subject, payload, attempts, run_at, due_at, "
    "last_error, dead, head, token) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?7, ?8, ?9, "
    "NOT EXISTS (SELECT 1 FROM deliveries WHERE destination = ?3 AND stream = ?4), '') "
    "ON CONFLICT (destination, stream, kind, subject) DO NOTHING"
)
SETTLE: Final = "DELETE FROM deliveries WHERE delivery_id = ? AND token = ? RETURNING destination, stream"
PROMOTE_NEXT: Final = (
    "UPDATE deliveries SET head = 1 "
    "WHERE position = (SELECT min(position) FROM deliveries WHERE destination = ? AND stream = ?)"
)
DUE: Final = (
    f"SELECT {DELIVERY_COLUMNS} FROM deliveries WHERE head = 1 AND dead = 0 AND due_at <= ? "  # noqa: S608
    "ORDER BY due_at, position LIMIT ?"
)
LEASE: Final = "UPDATE deliveries SET token = ?, due_at = ? WHERE delivery_id = ?"
POSTPONE: Final = (
    "UPDATE deliveries SET attempts = attempts + 1, run_at = ?1, due_at = ?1, last_error = ?2, dead = ?3, token = '' "
    "WHERE delivery_id = ?4 AND token = ?5"
)
REQUEUE: Final = (  # one that is being worked on keeps its lease; the worker's result decides
    "UPDATE deliveries SET dead = 0, attempts = 0, run_at = ?1, due_at = CASE token WHEN '' THEN ?1 ELSE due_at END "
    "WHERE delivery_id = ?2"
)
CLEAR_LEASES: Final = "UPDATE deliveries SET token = '', due_at = run_at WHERE token <> ''"
NEXT_DUE: Final = "SELECT min(due_at) FROM deliveries WHERE head = 1 AND dead = 0"
DELIVERIES: Final = (
    f"SELECT {DELIVERY_COLUMNS} FROM deliveries WHERE (?1 = '' OR stream = ?1) AND dead >= ?2 "  # noqa: S608
    "ORDER BY position LIMIT ?3"
)

# numbers, bookmarks, snapshots, licences
NEXT_SERIAL: Final = (
    "INSERT INTO serials (series, last) VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last"
)
SET_BOOKMARK: Final = (
    "INSERT INTO bookmarks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
BOOKMARK: Final = "SELECT value FROM bookmarks WHERE name = ?"
SET_SNAPSHOT: Final = (
    "INSERT INTO snapshots (name, content) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET content = excluded.content"
)
SNAPSHOT: Final = "SELECT content FROM snapshots WHERE name = ?"
DROP_SNAPSHOT: Final = "DELETE FROM snapshots WHERE name = ?"
SET_LICENCE: Final = (
    "INSERT INTO licences (licence_id, licence_type, list_uri, list_index, status) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (licence_id) DO UPDATE SET status = excluded.status WHERE status <> 1"  # revoked is for ever
)
LICENCE: Final = "SELECT licence_id, licence_type, list_uri, list_index, status FROM licences WHERE licence_id = ?"
NOT_VALID: Final = "SELECT list_index, status FROM licences WHERE list_uri = ? AND status <> 0"

# catalogues and crosswalk
DROP_CATALOGUE: Final = "DELETE FROM catalogue_records WHERE catalogue = ?"
CATALOGUE_RECORDS: Final = (  # by that index editions are compared without a look at the records
    "SELECT catalogue, code, version, edition, record FROM catalogue_records INDEXED BY ix_catalogue_records_walk "
    "WHERE catalogue = ? AND (code, version) > (?, ?) AND edition > ? ORDER BY code, version LIMIT ?"
)
CROSSWALK_JOURNAL: Final = (
    "SELECT position, kind, content FROM crosswalk_journal WHERE position > ? ORDER BY position LIMIT ?"
)

# audit log
ADD_LEAF: Final = "INSERT INTO leaves (data) VALUES (?)"
WAITING_LEAVES: Final = "SELECT leaf_id, data FROM leaves WHERE leaf_index IS NULL ORDER BY leaf_id LIMIT ?"
LEAVES: Final = "SELECT data FROM leaves WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index"
LEAF_INDEX: Final = "SELECT min(leaf_index) FROM leaves WHERE leaf_hash = ?"
NODE: Final = "SELECT hash FROM log_nodes WHERE level = ? AND node_index = ?"
TAKE_LOG: Final = (
    "INSERT INTO log_head (head_id, epoch, size, frontier, checkpoint) VALUES (1, 1, 0, '', '') "
    "ON CONFLICT (head_id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch, size, frontier, checkpoint"
)
LOG_HEAD: Final = "SELECT epoch, size, frontier, checkpoint FROM log_head WHERE head_id = 1"
SET_LOG_HEAD: Final = "UPDATE log_head SET size = ?, frontier = ?, checkpoint = ? WHERE head_id = 1"

# trail, witness, alarms, timestamps
TRAIL_COLUMNS: Final = "leaf_hash, at, kind, member, subject, officer, purpose, case_id, holder"
DROP_TRAIL: Final = (  # that it was erased stays; so no position is ever given twice either
    "DELETE FROM trail WHERE case_id = ? AND case_id <> '' AND kind <> 'case.erased'"
)
DROP_DELIVERIES: Final = (
    "DELETE FROM deliveries WHERE stream IN (SELECT ?1 UNION SELECT number FROM cases WHERE case_id = ?1) "
    "OR EXISTS (SELECT 1 FROM cases WHERE case_id = ?1 AND stream GLOB 'aside:' || number || ':*')"
)
FOLD_LOG: Final = "PRAGMA wal_checkpoint(TRUNCATE)"
WITNESSED: Final = "SELECT origin, size, root, note FROM witnessed WHERE origin = ?"
WITNESS: Final = (
    "INSERT INTO witnessed (origin, size, root, note) SELECT ?1, ?2, ?3, ?4 WHERE ?5 = 0 OR EXISTS "
    "(SELECT 1 FROM witnessed WHERE origin = ?1) "
    "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note "
    "WHERE witnessed.size = ?5"
)
ADD_ALARM: Final = (
    "INSERT INTO alarms (alarm_id, kind, member, at, text, proof, acknowledged_by) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (alarm_id) DO NOTHING"
)
ACKNOWLEDGE: Final = "UPDATE alarms SET acknowledged_by = ? WHERE alarm_id = ?"
ALARMS: Final = (
    "SELECT alarm_id, kind, member, at, text, proof, acknowledged_by FROM alarms "
    "WHERE NOT ?1 OR acknowledged_by = '' ORDER BY position DESC LIMIT ?2"
)
ADD_STAMP: Final = "INSERT INTO stamps (size, at, note, token) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
STAMP_OVER: Final = "SELECT size, note, token, at FROM stamps WHERE size >= ? ORDER BY at, size LIMIT 1"
STAMPS: Final = "SELECT size, note, token, at FROM stamps WHERE (size, at) > (?, ?) ORDER BY size, at LIMIT ?"
NEWEST_STAMP: Final = "SELECT size, note, token, at FROM stamps ORDER BY size DESC, at LIMIT 1"


def trail_search(search: TrailSearch) -> tuple[str, tuple[str | int | bytes, ...]]:
    """The statement for a search, and its values. Only what narrows it is in it, so that an index can serve it."""
    conditions: list[tuple[str, tuple[str | int | bytes, ...]]] = [("position > ?", (search.after,))]
    for column, value in (
        ("case_id", search.case_id),
        ("officer", search.officer),
        ("member", search.member),
        ("holder", search.holder),
    ):
        if value:  # said twice, so that the index of those that have one is seen to serve
            conditions.append((f"{column} = ? AND {column} <> {'x' if column == 'holder' else ''}''", (value,)))
    if search.kinds:
        conditions.append((f"kind IN ({', '.join('?' * len(search.kinds))})", search.kinds))
    if search.since is not None:
        conditions.append(("at >= ?", (to_micros(search.since),)))
    if search.until is not None:
        conditions.append(("at < ?", (to_micros(search.until),)))
    where = " AND ".join(condition for condition, _ in conditions)
    values = [value for _, some in conditions for value in some]
    statement = f"SELECT position, {TRAIL_COLUMNS} FROM trail WHERE {where} ORDER BY position LIMIT ?"  # noqa: S608
    return statement, (*values, search.limit)


# Many rows with one statement.
#
# Python's sqlite3 gives up the interpreter lock for each step of a statement and waits to get it back. While the event
# loop is busy that wait is the cost of a record, so that thirty rows in one step cost little more than one.

MAX_ROWS: Final = 64
"""Rows of one statement: enough to save what there is to save, few enough that texts and compiled statements of every
length stay small."""


def _of_rows(width: int, before: str, after: str = "") -> Callable[[int], str]:
    row = "(" + ", ".join("?" * width) + ")"

    @lru_cache(MAX_ROWS)
    def statement(rows: int) -> str:
        return f"{before} {', '.join([row] * rows)} {after}"

    return statement


@lru_cache(MAX_ROWS)
def case_numbers(cases: int) -> str:
    """The numbers of so many cases."""
    return f"SELECT case_id, number FROM cases WHERE case_id IN ({', '.join('?' * cases)})"  # noqa: S608


@lru_cache(MAX_ROWS)
def data_keys(owners: int) -> str:
    """The keys of so many owners."""
    return f"SELECT owner, wrapped FROM data_keys WHERE owner IN ({', '.join('?' * owners)})"  # noqa: S608


add_data_keys: Final = _of_rows(2, "INSERT INTO data_keys (owner, wrapped) VALUES")
add_seen: Final = _of_rows(3, "INSERT INTO seen_calls (issuer, jti, until) VALUES")
add_replies: Final = _of_rows(5, "INSERT INTO replies (member, key, request_digest, owner, body) VALUES")
put_cases: Final = _of_rows(
    19,
    f"INSERT INTO cases ({CASE_COLUMNS}) VALUES",
    "ON CONFLICT (case_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in CASE_COLUMNS.split(", ")[1:])
    + " WHERE cases.version = excluded.version - 1",
)
add_events: Final = _of_rows(6, "INSERT INTO events (case_id, side, seq, digest, leaf_hash, raw) VALUES")
add_deliveries: Final = _of_rows(  # of different streams: each row sees the table as it was before the first
    9,
    "INSERT INTO deliveries (delivery_id, kind, destination, stream, subject, payload, attempts, run_at, due_at, "
    "last_error, dead, head, token) SELECT column1, column2, column3, column4, column5, column6, 0, column7, column7, "
    "column8, column9, NOT EXISTS (SELECT 1 FROM deliveries WHERE destination = column3 AND stream = column4), '' "
    "FROM (VALUES",
    ") WHERE true ON CONFLICT (destination, stream, kind, subject) DO NOTHING",
)
add_leaves: Final = _of_rows(1, "INSERT INTO leaves (data) VALUES")
add_trail: Final = _of_rows(9, f"INSERT INTO trail ({TRAIL_COLUMNS}) VALUES")
add_evidence: Final = _of_rows(4, "INSERT INTO evidence (call_digest, case_id, method, content) VALUES")
place_leaves: Final = _of_rows(
    3,
    "UPDATE leaves SET leaf_index = column2, leaf_hash = column3 FROM (VALUES",
    ") WHERE leaf_id = column1 AND leaf_index IS NULL",
)
add_nodes: Final = _of_rows(3, "INSERT INTO log_nodes (level, node_index, hash) VALUES")
put_catalogue_records: Final = _of_rows(
    5,
    "INSERT INTO catalogue_records (catalogue, code, version, edition, record) VALUES",
    "ON CONFLICT (catalogue, code, version) DO UPDATE SET edition = excluded.edition, record = excluded.record",
)
add_crosswalk_entries: Final = _of_rows(
    3, "INSERT INTO crosswalk_journal (digest, kind, content) VALUES", "ON CONFLICT (digest) DO NOTHING"
)
