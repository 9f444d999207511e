"""The leaves of one case in this gateway's log, each with its proof: what the other gateway puts into its evidence.

The case's row holds the hash of its last leaf, and each leaf that of the one before, so the whole chain is found from
its end, of an erased case too.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from gateway.domain import trail_commands
from gateway.exchange.audit import COSIGNED, prove
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CaseRow, Store
from trust.checkpoint import Checkpoint
from trust.errors import Internal, NotFound, Reason
from trust.evidence import ProvedLeaf
from trust.leaf import Leaf
from trust.merkle import leaf_hash, make_inclusion

_MANY_WAITING: Final = 100_000


async def show_case_trail(house: House, caller: Caller, asked: trail_commands.GetCaseTrail) -> Decided:
    """The trail of a case that the caller shares, or that is of its own region; else NotFound(CASE_UNKNOWN)."""
    record = await house.store.case(case_id=asked.case_id)
    if record is None or (caller.member.region != house.region and record.row.peer != caller.member.id):
        raise NotFound(
            Reason.CASE_UNKNOWN,
            "no such case is shared with the caller",
            expected="the UUID of a case between the caller and this gateway",
        )
    return Decided(await trail_of(house.store, record.row))


async def trail_of(store: Store, row: CaseRow) -> trail_commands.CaseTrail:
    """The leaves of a case up to the row's last one, under the newest cosigned checkpoint that has them all.

    Leaves that wait to be placed are absent, and counted. Without a cosigned checkpoint it is the newest.
    """
    placed = await _placed(store, row)
    note, size = await _checkpoint(store, placed[-1][0] if placed else -1)
    paths = await prove(store, [partial(make_inclusion, index, size) for index, _ in placed])
    leaves = tuple(ProvedLeaf(index, leaf, path) for (index, leaf), path in zip(placed, paths, strict=True))
    return trail_commands.CaseTrail(leaves, note, row.trail)


async def _placed(store: Store, row: CaseRow) -> list[tuple[int, bytes]]:
    """Index and bytes of the case's placed leaves, by their place."""
    # Read first: what waits now may be placed a moment later, and is then left out as waiting all the same.
    waiting = {leaf_hash(each.data): each.data for each in await store.waiting_leaves(_MANY_WAITING)}
    found: list[tuple[int, bytes]] = []
    wanted = row.trail_head
    for _ in range(row.trail):
        leaf = waiting.get(wanted)
        if leaf is None:
            index = await store.leaf_index(wanted)
            if index is None:
                raise Internal(Reason.LOG_INCONSISTENT, "a leaf that the case's chain names is not in the log")
            (leaf,) = await store.leaves(index, 1)
            found.append((index, leaf))
        wanted = Leaf.from_bytes(leaf).previous
    return found[::-1]


async def _checkpoint(store: Store, last: int) -> tuple[str, int]:
    """The checkpoint to prove under, and its size."""
    cosigned = (await store.snapshot(COSIGNED) or b"").decode()
    newest = (await store.log_head()).checkpoint
    for note in (cosigned, newest):
        if note and (size := size_of(note)) > last:
            return note, size
    return newest, 0


def size_of(note: str) -> int:
    """The size that a checkpoint of our own says."""
    return Checkpoint.from_text(note.rpartition("\n\n")[0] + "\n").size
