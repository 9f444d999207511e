"""Deciding about the audit log and the directory: what may be read of them. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.domain import commands
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import LogHead, Store
from trust.errors import Malformed, NotFound, Reason
from trust.merkle import CompactRange, NodeLookup, make_consistency, make_inclusion

COSIGNED: Final = "log:cosigned"
"""Snapshot: the newest checkpoint of our log that enough witnesses cosigned, with their lines."""

_BLANK: Final = bytes(32)


async def show_checkpoint(house: House, _: Caller, __: commands.GetCheckpoint) -> Decided:
    """The newest signed checkpoint, and the newest that enough witnesses cosigned."""
    # Read first: it must not be newer than the newest.
    cosigned = await newest_cosigned(house)
    return Decided(commands.Checkpoints((await _head(house)).checkpoint, cosigned))


async def newest_cosigned(house: House) -> str:
    """The newest checkpoint of our log that enough witnesses cosigned; empty while there is none."""
    return (await house.store.snapshot(COSIGNED) or b"").decode()


async def prove_inclusion(house: House, _: Caller, asked: commands.ProveInclusion) -> Decided:
    """A leaf's place, and its path to the newest checkpoint."""
    head = await _head(house)
    index = await house.store.leaf_index(asked.leaf_hash)
    if index is None or index >= head.size:
        raise _no_leaf("a leaf that is placed; a new one is within a second")
    (path,) = await prove(house.store, [lambda node: make_inclusion(index, head.size, node)])
    (leaf,) = await house.store.leaves(index, 1)
    return Decided(commands.ProvedLeaf(index, leaf, path, head.checkpoint))


async def prove_consistency(house: House, _: Caller, asked: commands.ProveConsistency) -> Decided:
    """That the log of the earlier size is the beginning of the log of the later size."""
    head = await _head(house)
    if not 0 <= asked.from_size <= asked.to_size <= head.size:
        raise Malformed(
            Reason.FIELD_INVALID,
            "the log never had these sizes",
            got=f"{asked.from_size} to {asked.to_size}",
            expected=f"0 to {head.size}, the earlier first",
            details={"field": "to_size"},
        )
    return Decided(commands.Path(await consistency(house, asked.from_size, asked.to_size)))


async def consistency(house: House, first: int, second: int) -> tuple[bytes, ...]:
    """The proof that our log of one size begins our log of another, both of them placed."""
    (path,) = await prove(house.store, [lambda node: make_consistency(first, second, node)])
    return path


async def root_at(house: House, size: int) -> bytes:
    """The root that our log had at a size that it has reached, from the nodes as they are stored now."""
    ((root,),) = await prove(house.store, [lambda node: (CompactRange.load(size, node).root(),)])
    return root


async def list_leaves(house: House, _: Caller, asked: commands.ListLeaves) -> Decided:
    """Exact bytes of leaves under the newest checkpoint."""
    head = await _head(house)
    limit = min(asked.limit, head.size - asked.start)
    return Decided(commands.Leaves(tuple(await house.store.leaves(asked.start, limit) if limit > 0 else ())))


async def show_directory(house: House, _: Caller, __: commands.GetDirectory) -> Decided:
    """The directory that this gateway goes by."""
    knowledge = house.knowledge
    return Decided(commands.SignedDirectory(knowledge.directory_envelope, knowledge.directory.version))


async def _head(house: House) -> LogHead:
    head = await house.store.log_head()
    if not head.checkpoint:
        raise _no_leaf("a log with at least one leaf")
    return head


def _no_leaf(expected: str) -> NotFound:
    return NotFound(Reason.LEAF_UNKNOWN, "the log has no such entry", expected=expected, mend="ask again in a moment")


async def prove(store: Store, makers: Sequence[Callable[[NodeLookup], tuple[bytes, ...]]]) -> list[tuple[bytes, ...]]:
    """Make proofs from stored nodes: first learn which nodes they all take, then fetch them together."""
    wanted: dict[tuple[int, int], None] = {}

    def want(level: int, index: int) -> bytes:
        wanted[level, index] = None
        return _BLANK

    for make in makers:
        make(want)
    nodes = await store.nodes(list(wanted))
    return [make(lambda level, index: nodes[level, index]) for make in makers]
