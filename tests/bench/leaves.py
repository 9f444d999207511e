"""Leaves made durable: 128 callers at once, whose records share commits, and one whose each leaf has its own commit.

Rounds of both alternate, in one store, with ``synchronous=FULL`` as in service.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import median

import uvloop

from gateway.ports import Recording
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import KEY_BYTES, Vault
from gateway.wire.events import ProtobufEventCodec
from trust.leaf import Leaf, LeafKind

IN_FLIGHT = 128
ROUNDS = 5
TOGETHER = 30_000
ALONE = 2_000


@dataclass(frozen=True)
class Written:
    """Durable leaves a second, medians of the rounds."""

    together_per_second: float
    alone_per_second: float
    leaves: int
    """Written in all; each is in the store."""


def measure(folder: Path, rounds: int = ROUNDS, together: int = TOGETHER, alone: int = ALONE) -> Written:
    """Write them. Raises ValueError when a leaf that was acknowledged is not in the store."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(folder / "leaves.sqlite", rounds, together, alone))


async def _measure(path: Path, rounds: int, together: int, alone: int) -> Written:
    store = await SqliteStore.open(path, Vault(bytes(KEY_BYTES)), ProtobufEventCodec())
    leaves = list(islice(_leaves(), rounds * (together + alone)))
    rest, shared, single = iter(leaves), [], []
    for _ in range(rounds):
        shared.append(await _rate(store, rest, together, IN_FLIGHT))
        single.append(await _rate(store, rest, alone, 1))
    kept = {leaf.data for leaf in await store.waiting_leaves(len(leaves) + 1)}
    await store.close()
    if kept != set(leaves):
        raise ValueError("leaves that were acknowledged are not in the store")
    return Written(median(shared), median(single), len(leaves))


async def _rate(store: SqliteStore, leaves: Iterator[bytes], count: int, in_flight: int) -> float:
    some = islice(leaves, count)

    async def write() -> None:
        for leaf in some:
            await store.record(Recording(leaves=(leaf,)))

    started = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(in_flight)))
    return count / (time.perf_counter() - started)


def _leaves() -> Iterator[bytes]:
    at, number = datetime(2026, 11, 21, tzinfo=UTC), 0
    while True:
        number += 1
        digest = sha256(number.to_bytes(8, "big"))
        yield Leaf(
            LeafKind.CASE_EVENT, "430600.gateway", digest.hexdigest(), at, digest.digest(), 1, "430600.gateway",
            digest.hexdigest(), 1,
        ).to_bytes()  # fmt: skip
