"""A log of a million leaves: proofs out of it, and its full verification as ``tongban audit verify`` does it.

The log is that of a gateway in its tenth year: cases of ten leaves each, over and erased, whose leaves stay for ever.
It is written into the store's file at once, since only reading it is measured.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

from gateway.cli.logs import check_stored_log
from gateway.config import Config, load
from gateway.domain import commands
from gateway.exchange.audit import prove_inclusion
from gateway.exchange.witnessing import origin
from gateway.store.rows import frontier_text, to_micros
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault, read_key_file
from gateway.wire.events import ProtobufEventCodec
from tests.bench.ground import CALLEE, CALLER, Ground
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Conflict
from trust.keys import KeyPurpose
from trust.leaf import Leaf, LeafKind
from trust.merkle import CompactRange, leaf_hash, verify_inclusion

LEAVES = 1_000_000
OF_A_CASE = 10
PROOFS = 2_000
_AT = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Whole:
    """How long each takes."""

    leaves: int
    prove_ms: float
    """Median, of a proof made from the store."""
    verify_ms: float
    """Median, of a proof verified by who asked for it."""
    full_verify_seconds: float


def measure(folder: Path, leaves: int = LEAVES, proofs: int = PROOFS) -> Whole:
    """Make the log, of so many leaves in whole cases, and read it.

    Raises ValueError when a proof or the log does not hold, or a wrong proof does.
    """
    ground = Ground.lay(folder)
    config = load(ground.config(CALLEE))
    asyncio.run(_make_store(config))
    root = _fill(ground, config, leaves)
    made, verified = asyncio.run(_proofs(config, leaves, root, proofs))
    started = time.perf_counter()
    checked = asyncio.run(check_stored_log(config, datetime.now(UTC)))
    seconds = time.perf_counter() - started
    if checked.report.findings or checked.report.size != leaves:
        message = f"the log does not hold: {checked.report.findings[:2]}"
        raise ValueError(message)
    return Whole(leaves, made, verified, seconds)


def _vault(config: Config) -> Vault:
    return Vault(read_key_file(config.store.key))


async def _make_store(config: Config) -> None:
    await (await SqliteStore.open(config.store.path, _vault(config), ProtobufEventCodec())).close()


async def _proofs(config: Config, leaves: int, root: bytes, proofs: int) -> tuple[float, float]:
    """Medians in milliseconds of making and of verifying a proof of a leaf chosen by lot."""
    lot, made, verified = Random(3), [], []  # noqa: S311 - the same in every run
    store = await SqliteStore.open(config.store.path, _vault(config), ProtobufEventCodec())
    house, nobody = cast("Any", SimpleNamespace(store=store)), cast("Any", None)
    for _ in range(proofs):
        (leaf,) = await store.leaves(lot.randrange(leaves), 1)
        asked = commands.ProveInclusion(leaf_hash(leaf))
        started = time.perf_counter()
        proof = (await prove_inclusion(house, nobody, asked)).answer
        between = time.perf_counter()
        verify_inclusion(asked.leaf_hash, proof.index, leaves, proof.path, root)
        verified.append(time.perf_counter() - between)
        made.append(between - started)
    try:
        verify_inclusion(bytes(32), proof.index, leaves, proof.path, root)
    except Conflict:
        await store.close()
        return median(made) * 1000, median(verified) * 1000
    raise ValueError("a proof of another leaf was accepted")


# the log ------------------------------------------------------------------------------------------------------------


def _fill(ground: Ground, config: Config, count: int) -> bytes:
    """Write the log with its cases; its root."""
    tree = CompactRange()
    with closing(sqlite3.connect(config.store.path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        for number in range(0, count, OF_A_CASE):
            case, placed, nodes = _case(number // OF_A_CASE), [], []
            for leaf in case.leaves:
                hashed = leaf_hash(leaf)
                placed.append((leaf, tree.size, hashed))
                tree, finished = tree.append(hashed)
                nodes += [(node.level, node.index, node.hash) for node in finished]
            database.executemany("INSERT INTO leaves (data, leaf_index, leaf_hash) VALUES (?, ?, ?)", placed)
            database.executemany("INSERT INTO log_nodes VALUES (?, ?, ?)", nodes)
            case.write(database, len(placed), placed[0][2], placed[-1][2])
        levels = [level for level in reversed(range(count.bit_length())) if count >> level & 1]
        signer = ground.federation.signer(CALLEE.gateway, KeyPurpose.LOG)
        note = sign_checkpoint(Checkpoint(origin(CALLEE.gateway), count, tree.root()), signer)
        frontier = frontier_text(list(zip(levels, tree.hashes, strict=True)))
        database.execute("INSERT INTO log_head VALUES (1, 1, ?, ?, ?)", (count, frontier, note))
        database.execute("COMMIT")
    return tree.root()


@dataclass(frozen=True)
class _Case:
    """One erased case."""

    number: int
    commitment: bytes
    digest: bytes
    opened_at: datetime
    leaves: tuple[bytes, ...]

    def write(self, database: sqlite3.Connection, trail: int, first: bytes, last: bytes) -> None:
        """Its row and what is left of its event."""
        case_id, opened = f"case-{self.number}", to_micros(self.opened_at)
        database.execute(
            "INSERT INTO cases (case_id, number, side, peer, accepting_region, processing_region, source_code, "
            "target_code, item_name, state, opened_at, updated_at, commitment, local_number, peer_local_number, "
            "version, trail, trail_head, erased_at) "
            "VALUES (?, ?, 'accepting', ?, ?, ?, 'S', 'T', '', 'withdrawn', ?, ?, ?, '', '', 1, ?, ?, ?)",
            (case_id, case_id, CALLER.gateway, CALLEE.region, CALLER.region, opened, opened, self.commitment,
             trail, last, opened),
        )  # fmt: skip
        database.execute(
            "INSERT INTO events (case_id, side, seq, digest, leaf_hash, raw) VALUES (?, 'accepting', 1, ?, ?, x'')",
            (case_id, self.digest, first),
        )


def _case(number: int) -> _Case:
    at = _AT + timedelta(seconds=number)
    commitment, digest = (sha256(f"{what} {number}".encode()).digest() for what in ("case", "event"))
    kinds = [LeafKind.CASE_EVENT, *[LeafKind.PERSONAL_DATA_READ] * (OF_A_CASE - 2), LeafKind.ERASED]
    return _Case(number, commitment, digest, at, tuple(_leaves(kinds, commitment, digest, at)))


def _leaves(kinds: list[LeafKind], commitment: bytes, digest: bytes, at: datetime) -> Iterator[bytes]:
    previous = b""
    for place, kind in enumerate(kinds, start=1):
        is_event = kind is LeafKind.CASE_EVENT
        leaf = Leaf(
            kind=kind,
            member=CALLEE.platform,
            subject=digest.hex() if is_event else "case",
            at=at,
            case=commitment,
            seq=int(is_event),
            emitter=CALLEE.gateway if is_event else "",
            call=digest.hex(),
            place=place,
            previous=previous,
        ).to_bytes()
        previous = leaf_hash(leaf)
        yield leaf
