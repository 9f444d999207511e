"""The audit log's one writer: gives waiting leaves their places, grows the tree, signs the checkpoint.

Leaves are inserted without an index in the transaction of what they tell of; a lock on the log's head in each of those
would make every call wait for every other. One sequencer, fenced by its epoch, places them afterwards, in the order in
which they were inserted. A crash between leaves and checkpoint leaves them waiting; the next sequencer goes on there.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from gateway.exchange.house import House
from gateway.exchange.witnessing import origin
from gateway.ports import LogHead, PlacedBatch
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import TongbanError, WrongState
from trust.keys import Signer
from trust.merkle import CompactRange, leaf_hash

BATCH: Final = 500
"""Leaves placed in one step: a few milliseconds of the loop at most."""

EVERY_SECONDS: Final = 1.0
"""At most this long does a leaf wait for its place while the gateway runs, and so often is a checkpoint signed."""

AFTER_FAILURE_SECONDS: Final = 5.0
"""How long to leave a store alone that could not be written: a full disk stays full for longer than a moment."""

_log = structlog.get_logger("gateway.sequencer")


class Sequencer:
    """Places leaves, for as long as it is the log's newest sequencer."""

    def __init__(self, house: House, signer: Signer) -> None:
        self._house = house
        self._signer = signer
        self._head: LogHead | None = None

    async def run(self) -> None:
        """Place leaves until cancelled, or until a newer sequencer takes the log."""
        while True:
            try:
                await self.catch_up()
            except WrongState as error:
                _log.warning("another sequencer took the log; this one stops", error=str(error))
                return
            except TongbanError as error:
                _log.warning("sequencing failed", error=str(error))
                self._head = None  # look at the log again: the last step may have been written
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    async def catch_up(self) -> None:
        """Place all that waits, letting others have their turn between batches."""
        placed = BATCH
        while placed == BATCH:
            placed = await self.step()

    async def step(self) -> int:
        """Place up to ``BATCH`` leaves; how many. Nothing is written when none waits."""
        head = self._head or await self._house.store.take_log()
        self._head = head
        waiting = await self._house.store.waiting_leaves(BATCH)
        if not waiting:
            return 0
        tree = CompactRange(head.size, tuple(subtree for _, subtree in head.frontier))
        placed: list[tuple[int, bytes]] = []
        nodes: list[tuple[int, int, bytes]] = []
        for leaf in waiting:
            hashed = leaf_hash(leaf.data)
            tree, complete = tree.append(hashed)
            placed.append((leaf.leaf_id, hashed))
            nodes.extend((node.level, node.index, node.hash) for node in complete)
        frontier = tuple(zip(_levels(tree.size), tree.hashes, strict=True))
        checkpoint = sign_checkpoint(Checkpoint(origin(self._house.member_id), tree.size, tree.root()), self._signer)
        batch = PlacedBatch(head.epoch, head.size, tuple(placed), tuple(nodes), frontier, checkpoint)
        self._house.failpoint("sequencer.before_place")
        self._head = None  # until the store says that it is written
        await self._house.store.place(batch)
        self._house.failpoint("sequencer.after_place")
        self._head = LogHead(head.epoch, tree.size, frontier, checkpoint)
        return len(placed)


def _levels(size: int) -> list[int]:
    """Levels of the complete subtrees that make up a tree, largest first: the bits of its size."""
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]
