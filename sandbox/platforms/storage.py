"""A platform's file of cases: SQLite, one file, durable after every call.

It takes whatever it is sent, twice if it is sent twice, as real platforms do. Nothing here de-duplicates: the tests
count copies to see whether an adapter does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS cases (
    id INTEGER PRIMARY KEY, local_number TEXT NOT NULL DEFAULT '', number TEXT NOT NULL, part TEXT NOT NULL,
    item_code TEXT NOT NULL, item_name TEXT NOT NULL, applicant TEXT NOT NULL, state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cases_by_number ON cases (number);
CREATE TABLE IF NOT EXISTS arrivals (
    id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (id), key TEXT NOT NULL, step TEXT NOT NULL,
    arrived_at TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS arrivals_by_case ON arrivals (case_id);
CREATE TABLE IF NOT EXISTS acts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER NOT NULL REFERENCES cases (id), step TEXT NOT NULL,
    done_at TEXT NOT NULL, content TEXT NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0
);
"""

_ACTS: Final = """
SELECT seq, step, done_at, content, acknowledged,
    cases.id, local_number, number, part, item_code, item_name, applicant, state
FROM acts JOIN cases ON cases.id = acts.case_id
"""

ACCEPTING: Final = "accepting"
"""The case was registered here and is handled elsewhere."""
PROCESSING: Final = "processing"
"""The case was handed over to be handled here."""
SUBMITTED: Final = "submitted"
"""Step with which a case arrives."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    """One copy of a case."""

    id: int
    local_number: str
    """This platform's number."""
    number: str
    """The sender's number."""
    part: str
    """``ACCEPTING`` or ``PROCESSING``."""
    item_code: str
    item_name: str
    applicant: str = field(repr=False)
    state: str
    """Step that happened last."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something a partner sent about a case."""

    key: str
    """The sender's number of it."""
    step: str
    """What it says happened, in the words of ``sandbox.platforms.desk``."""
    arrived_at: str
    content: dict[str, object] = field(repr=False)
    """As the dialect carried it."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something this platform's staff did."""

    seq: int
    """Running number over all cases, from 1."""
    case: StoredCase
    step: str
    done_at: datetime
    content: dict[str, object] = field(repr=False)
    acknowledged: bool
    """Whether the partner has answered its callback."""


class Storage:
    """The file. Local numbers begin with ``prefix``. For one event loop: calls are short and block it."""

    def __init__(self, file: Path, prefix: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._prefix = prefix
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def open_case(
        self, number: str, part: str, *, item_code: str, item_name: str, applicant: str, arrival: Arrival
    ) -> StoredCase:
        """Store a case that arrives, as a new copy even if its number is there already."""
        with self._transaction():
            cursor = self._database.execute(
                "INSERT INTO cases (number, part, item_code, item_name, applicant, state) VALUES (?, ?, ?, ?, ?, ?)",
                (number, part, item_code, item_name, applicant, SUBMITTED),
            )
            case_id = cursor.lastrowid or 0
            local_number = f"{self._prefix}{case_id:08d}"
            self._database.execute("UPDATE cases SET local_number = ? WHERE id = ?", (local_number, case_id))
            self._add_arrival(case_id, arrival)
        return StoredCase(case_id, local_number, number, part, item_code, item_name, applicant, SUBMITTED)

    def add_arrival(self, case: StoredCase, arrival: Arrival) -> None:
        """Store what a partner sent about a case that is there."""
        with self._transaction():
            self._add_arrival(case.id, arrival)
            self._database.execute("UPDATE cases SET state = ? WHERE id = ?", (arrival.step, case.id))

    def copies(self, number: str, part: str = "") -> list[StoredCase]:
        """Every copy of a case, first come first."""
        rows = self._database.execute(
            "SELECT id, local_number, number, part, item_code, item_name, applicant, state FROM cases"
            " WHERE number = ? AND (part = ? OR ? = '') ORDER BY id",
            (number, part, part),
        )
        return [StoredCase(*row) for row in rows]

    def newest_cases(self, limit: int) -> list[StoredCase]:
        """Cases, newest first."""
        rows = self._database.execute(
            "SELECT id, local_number, number, part, item_code, item_name, applicant, state FROM cases"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [StoredCase(*row) for row in rows]

    def arrivals(self, case: StoredCase) -> list[Arrival]:
        """Everything partners sent about one copy, in order."""
        rows = self._database.execute(
            "SELECT key, step, arrived_at, content FROM arrivals WHERE case_id = ? ORDER BY id", (case.id,)
        )
        return [Arrival(key, step, arrived_at, json.loads(content)) for key, step, arrived_at, content in rows]

    def add_act(self, case: StoredCase, step: str, content: Mapping[str, object], done_at: datetime) -> int:
        """Store what the staff did; its running number."""
        with self._transaction():
            cursor = self._database.execute(
                "INSERT INTO acts (case_id, step, done_at, content) VALUES (?, ?, ?, ?)",
                (case.id, step, done_at.isoformat(), json.dumps(content, ensure_ascii=False)),
            )
            self._database.execute("UPDATE cases SET state = ? WHERE id = ?", (step, case.id))
        return cursor.lastrowid or 0

    def acts_after(self, seq: int) -> list[Act]:
        """Everything the staff did after a running number."""
        return self._acts("acts.seq > ?", seq)

    def acts_of(self, case: StoredCase) -> list[Act]:
        """Everything the staff did with one copy."""
        return self._acts("acts.case_id = ?", case.id)

    def unacknowledged_acts(self) -> list[Act]:
        """Everything that the partner has not answered yet."""
        return self._acts("acts.acknowledged = ?", 0)

    def acknowledge(self, seq: int) -> None:
        """The partner answered."""
        self._database.execute("UPDATE acts SET acknowledged = 1 WHERE seq = ?", (seq,))

    def _acts(self, condition: str, value: int) -> list[Act]:
        rows = self._database.execute(f"{_ACTS} WHERE {condition} ORDER BY seq", (value,))
        return [
            Act(seq, StoredCase(*case), step, datetime.fromisoformat(done_at), json.loads(content), bool(acknowledged))
            for seq, step, done_at, content, acknowledged, *case in rows
        ]

    def _add_arrival(self, case_id: int, arrival: Arrival) -> None:
        self._database.execute(
            "INSERT INTO arrivals (case_id, key, step, arrived_at, content) VALUES (?, ?, ?, ?, ?)",
            (
                case_id,
                arrival.key,
                arrival.step,
                arrival.arrived_at,
                json.dumps(arrival.content, ensure_ascii=False),
            ),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
