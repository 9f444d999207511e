"""The hands of somebody who has a stopped gateway's files, and every key on the machine if need be."""

# ruff: noqa: S608 - the statements are the attacks

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.ports import Evidence
from gateway.store import units
from gateway.store.rows import frontier_text
from gateway.store.vault import SealingKey, place
from tests.attacks.world import World, store_path, vault_of
from tests.gateway.exchange.world import JINGZHOU, NOW, YUEYANG
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.leaf import Leaf, LeafKind
from trust.merkle import CompactRange, leaf_hash


@dataclass
class Tampering:
    """One attack on a copy of the world: 岳阳's store is open for writing, without any of the store's own checks."""

    world: World
    folder: Path
    db: sqlite3.Connection

    @property
    def path(self) -> Path:
        return store_path(self.folder, YUEYANG)

    def do(self, statement: str, *values: object) -> None:
        """Change something; an attack that changes nothing is none."""
        changed = self.db.execute(statement, values).rowcount
        assert changed > 0, f"nothing was changed by {statement}"

    def one(self, statement: str, *values: object) -> Any:
        row = self.db.execute(statement, values).fetchone()
        assert row is not None, statement
        return row[0] if len(row) == 1 else row

    def case(self, name: str) -> str:
        return self.world.cases[name]

    def swap(self, table: str, column: str, key: str, one: object, other: object) -> None:
        """Swap a column's values between two rows."""
        first, second = (self.one(f"SELECT {column} FROM {table} WHERE {key} = ?", each) for each in (one, other))
        assert first != second
        self.do(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", second, one)
        self.do(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", first, other)

    # with the keys of the machine

    def forged(self, index: int) -> bytes:
        """The leaf of an index as somebody would rather have it: another subject."""
        leaf = Leaf.from_bytes(self.one("SELECT data FROM leaves WHERE leaf_index = ?", index))
        return leaf.to_bytes().replace(leaf.subject.encode(), b"0" * len(leaf.subject))

    def rebuild(self, *, signed: bool = True) -> None:
        """The tree anew over whatever leaves there are now, in order of index, signed with the log's own key."""
        self.do("DELETE FROM log_nodes")
        tree, rows = CompactRange(), self.db.execute("SELECT leaf_id, data FROM leaves ORDER BY leaf_index").fetchall()
        self.db.execute("UPDATE leaves SET leaf_index = NULL")
        for index, (leaf_id, data) in enumerate(rows):
            hashed = leaf_hash(data)
            self.do("UPDATE leaves SET leaf_index = ?, leaf_hash = ? WHERE leaf_id = ?", index, hashed, leaf_id)
            tree, finished = tree.append(hashed)
            for node in finished:
                self.do("INSERT INTO log_nodes VALUES (?, ?, ?)", node.level, node.index, node.hash)
        levels = [level for level in reversed(range(tree.size.bit_length())) if tree.size >> level & 1]
        frontier = frontier_text(list(zip(levels, tree.hashes, strict=True)))
        self.do("UPDATE log_head SET size = ?, frontier = ?", tree.size, frontier)
        if signed:
            self.do("UPDATE log_head SET checkpoint = ?", self.checkpoint(tree.size, tree.root()))

    def checkpoint(self, size: int, root: bytes) -> str:
        origin = f"tongban/{YUEYANG}.gateway/log"
        return sign_checkpoint(Checkpoint(origin, size, root), self.world.log_signers[YUEYANG])

    def event(self, name: str, side: str, seq: int) -> bytes:
        """Exact bytes of an event, opened with the store's key."""
        raw = self.one("SELECT raw FROM events WHERE case_id = ? AND side = ? AND seq = ?", self.case(name), side, seq)
        return self._key(name).open(raw, place("events.raw", self.case(name), side, str(seq)))

    def seal_event(self, name: str, side: str, seq: int, content: bytes) -> None:
        """Other bytes in an event's place, sealed as the gateway would."""
        case_id = self.case(name)
        sealed = self._key(name).seal(content, place("events.raw", case_id, side, str(seq)))
        self.do("UPDATE events SET raw = ? WHERE case_id = ? AND side = ? AND seq = ?", sealed, case_id, side, seq)

    def reseal_call(self, name: str, change: Callable[[Evidence], Evidence], *, answered: bool) -> None:
        """A call of a case's evidence changed, sealed as the gateway would."""
        keys = units.Keys(self.db.cursor(), vault_of(self.folder))
        for number, *row in self.db.execute(
            "SELECT evidence_id, call_digest, method, content FROM evidence WHERE case_id = ?", (self.case(name),)
        ).fetchall():
            call = units.evidence_of(keys, self.case(name), tuple(row))
            if bool(call.response) is answered:
                digest, _, method, content = units.evidence_values(keys, change(call))
                self.do(
                    "UPDATE evidence SET call_digest = ?, method = ?, content = ? WHERE evidence_id = ?",
                    digest, method, content, number,
                )  # fmt: skip
                return
        raise AssertionError(name)

    def _key(self, name: str) -> SealingKey:
        return units.Keys(self.db.cursor(), vault_of(self.folder)).for_opening(self.case(name))


def made_up(subject: str = "1" * 64) -> bytes:
    """A leaf about no case that nobody ever recorded."""
    return Leaf(LeafKind.CALL_REFUSED, f"{JINGZHOU}.gateway", subject, at=NOW).to_bytes()
