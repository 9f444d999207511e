"""The audit log's tree: hashes, proofs and the frontier from which it grows (RFC 6962 section 2, RFC 9162 section 2.1).

Rules of this module:

- Bytes and numbers in, bytes out. Whoever keeps the tree passes ``node(level, index)``, which gives the hash of a
  *complete* subtree: level 0 are the leaves, and node (level, index) covers the leaves ``index * 2**level`` to
  ``(index + 1) * 2**level - 1``. Such a node never changes once its leaves are there, so a store can keep it for ever,
  and a proof out of a million leaves reads about twenty of them.
- Leaves and inner nodes are hashed with different prefixes, so that no inner node can be passed off as a leaf.
- A check raises ``Conflict(LOG_INCONSISTENT)`` and names the step that failed. It never answers with a boolean that
  somebody could forget to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NoReturn, Self

from trust.errors import Conflict, Fault, NotFound, Reason

HASH_SIZE: Final = 32
"""Bytes in a hash: SHA-256."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of the tree without leaves (RFC 9162 section 2.1.1)."""

MAX_TREE_SIZE: Final = 2**63 - 1
"""The largest tree that this version speaks of: what a signed 64-bit column and a protobuf int64 hold."""

NodeLookup = Callable[[int, int], bytes]
"""``node(level, index)``: the hash of a complete subtree that the caller's store keeps."""

_INCONSISTENT: Final = "A consistency proof does not hold"
_LEAF_PREFIX: Final = b"\x00"
_NODE_PREFIX: Final = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf's exact bytes, as they enter the tree."""
    return sha256(_LEAF_PREFIX + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node over the hashes of its two children."""
    return sha256(_NODE_PREFIX + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """A complete subtree that has just come into being, for the store to keep."""

    level: int
    """Height above the leaves; the subtree covers ``2**level`` leaves."""
    index: int
    """Position among the nodes of its level, from the left, from 0."""
    hash: bytes
    """The subtree's root, 32 bytes."""


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The frontier of a tree: all that is needed to append to it and to name its root.

    It holds one hash for each bit set in ``size``, so at most 63.
    """

    size: int = 0
    """Number of leaves, 0 to ``MAX_TREE_SIZE``."""
    hashes: tuple[bytes, ...] = ()
    """Roots of the complete subtrees that the tree splits into, from the left, thus from the largest."""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.hashes) != self.size.bit_count():
            _inconsistent(
                "A tree's frontier does not fit its size",
                got=f"{len(self.hashes)} hashes for {self.size} leaves",
                expected="one hash for each bit set in the size",
            )
        _require_hashes("A tree's frontier is broken", self.hashes)

    @classmethod
    def load(cls, size: int, node: NodeLookup) -> Self:
        """Read the frontier of a kept tree of ``size`` leaves back through ``node`` (at most 63 look-ups)."""
        return cls(size, tuple(node(level, index) for level, index in _complete_subtrees(0, size)))

    def append(self, leaf: bytes) -> tuple[CompactRange, tuple[Node, ...]]:
        """Add the leaf whose *hash* is given.

        Returns the new frontier, and the complete subtrees that this leaf finishes: itself first, then upwards.
        """
        _require_hashes("A leaf can't be appended", (leaf,))
        finished = [Node(0, self.size, leaf)]
        hashes = list(self.hashes)
        # Like a carry in binary addition: each one-bit at the low end of the size is a left sibling that waited.
        while self.size >> (len(finished) - 1) & 1:
            left, right = hashes.pop(), finished[-1]
            finished.append(Node(right.level + 1, right.index >> 1, node_hash(left, right.hash)))
        return CompactRange(self.size + 1, (*hashes, finished[-1].hash)), tuple(finished)

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return _fold_right(self.hashes) if self.hashes else EMPTY_ROOT


def make_inclusion(index: int, size: int, node: NodeLookup) -> tuple[bytes, ...]:
    """Make the path that proves leaf ``index`` to be in the tree of ``size`` leaves, from the leaf upwards.

    Raises ``NotFound(LEAF_UNKNOWN)`` when that tree has no such leaf.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise NotFound(
            Reason.LEAF_UNKNOWN,
            "An inclusion proof was asked for a leaf that is not in the tree",
            got=f"index {index} in a tree of {size}",
            expected="0 <= index < size",
            mend="ask with the size of a checkpoint that covers the leaf",
        )
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(begin, middle, node))
            begin = middle
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` is number ``index`` of the tree of ``size`` leaves under ``root``.

    Steps (RFC 9162 section 2.1.3.2):

    1. the index lies within the tree;
    2. every hash has the length of a hash;
    3. the path has exactly as many hashes as this position needs;
    4. the leaf, folded with the path, gives the root.

    Raises ``Conflict(LOG_INCONSISTENT)`` naming the step.
    """
    failed = "An inclusion proof does not hold"
    # 1. the index lies within the tree
    if not 0 <= index < size <= MAX_TREE_SIZE:
        _inconsistent(f"{failed} (step 1, position)", got=f"index {index} of {size}", expected="0 <= index < size")
    # 2. every hash has the length of a hash
    _require_hashes(f"{failed} (step 2, hash length)", (leaf, root, *path))
    # 3. the path's length: below the node where this leaf's way and the last leaf's way part, every level gives a
    #    sibling, on either side; above it, only left siblings, where the tree's right edge has one
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(path) != inner + border:
        _inconsistent(f"{failed} (step 3, path length)", got=f"{len(path)} hashes", expected=str(inner + border))
    # 4. fold
    computed = leaf
    for level, sibling in enumerate(path):
        is_left_sibling = level >= inner or index >> level & 1
        computed = node_hash(sibling, computed) if is_left_sibling else node_hash(computed, sibling)
    if computed != root:
        _inconsistent(f"{failed} (step 4, root)", got=computed.hex(), expected=root.hex())


def make_consistency(first: int, second: int, node: NodeLookup) -> tuple[bytes, ...]:
    """Make the path that proves the tree of ``first`` leaves to be the beginning of the tree of ``second`` leaves.

    Empty when ``first`` is 0 or equals ``second``. Raises ``NotFound(LEAF_UNKNOWN)`` when the sizes are out of order.
    """
    if not 0 <= first <= second <= MAX_TREE_SIZE:
        raise NotFound(
            Reason.LEAF_UNKNOWN,
            "A consistency proof was asked for sizes that this log does not have",
            got=f"{first} to {second}",
            expected="0 <= first <= second",
            mend="ask with the sizes of two checkpoints of this log, the older first",
        )
    if first == 0:
        return ()
    path: list[bytes] = []
    begin, end = 0, second
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(begin, middle, node))
            begin = middle
    # When nothing lies to the left, the subtree is the first tree itself, whose root the verifier has.
    if begin > 0:
        path.append(_range_root(begin, end, node))
    return tuple(reversed(path))


def verify_consistency(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of ``second`` leaves only appended to the tree of ``first`` leaves.

    Steps (RFC 9162 section 2.1.4.2):

    1. the sizes are in order;
    2. the cases without a proof: the empty tree begins every tree, and a tree begins itself;
    3. every hash has the length of a hash;
    4. the path, folded, never climbs past the root and uses up the whole right edge;
    5. it gives the first root;
    6. it gives the second root.

    Raises ``Conflict(LOG_INCONSISTENT)`` naming the step.
    """
    failed = _INCONSISTENT
    # 1. the sizes are in order
    if not 0 <= first <= second <= MAX_TREE_SIZE:
        _inconsistent(f"{failed} (step 1, sizes)", got=f"{first} to {second}", expected="0 <= first <= second")
    # 2. without a proof
    if first in (0, second):
        _verify_trivial_consistency(failed, first, first_root, second, second_root, path)
        return
    # 3. every hash has the length of a hash
    _require_hashes(f"{failed} (step 3, hash length)", (first_root, second_root, *path))
    # 4. fold
    from_first, from_second = consistency_roots(first, second, first_root, path)
    # 5. the first root
    if from_first != first_root:
        _inconsistent(f"{failed} (step 5, first root)", got=from_first.hex(), expected=first_root.hex())
    # 6. the second root
    if from_second != second_root:
        _inconsistent(f"{failed} (step 6, second root)", got=from_second.hex(), expected=second_root.hex())


def consistency_roots(first: int, second: int, first_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Fold a consistency proof into the two roots that it leads to, for 0 < first < second.

    ``verify_consistency`` compares them with the roots that were signed. Where only the first differs, the proof shows
    what the log makes of its own beginning. ``first_root`` is where the path starts when ``first`` is a power of two.
    Raises ``Conflict(LOG_INCONSISTENT)`` when the path has another length than these sizes need.
    """
    # A first tree whose size is a power of two is itself the node that the path starts from.
    hashes = [first_root, *path] if first.bit_count() == 1 else list(path)
    if not hashes:
        _inconsistent(f"{_INCONSISTENT} (step 4, path length)", got="no hashes", expected="at least one")
    at_first, at_second = first - 1, second - 1
    shift = (~at_first & first).bit_length() - 1  # levels on which the first tree's last node is a right child
    at_first, at_second = at_first >> shift, at_second >> shift
    from_first = from_second = hashes[0]
    for sibling in hashes[1:]:
        if at_second == 0:
            _inconsistent(f"{_INCONSISTENT} (step 4, path length)", got=f"{len(path)} hashes", expected="fewer")
        if at_first & 1 or at_first == at_second:
            from_first = node_hash(sibling, from_first)
            from_second = node_hash(sibling, from_second)
            while at_first and not at_first & 1:
                at_first, at_second = at_first >> 1, at_second >> 1
        else:
            from_second = node_hash(from_second, sibling)
        at_first, at_second = at_first >> 1, at_second >> 1
    if at_second != 0:
        _inconsistent(f"{_INCONSISTENT} (step 4, path length)", got=f"{len(path)} hashes", expected="more")
    return from_first, from_second


def _verify_trivial_consistency(
    failed: str, first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> None:
    if path:
        _inconsistent(f"{failed} (step 2, no proof needed)", got=f"{len(path)} hashes", expected="none")
    if first == 0:
        _require_hashes(f"{failed} (step 3, hash length)", (second_root,))
    if first == 0 and first_root != EMPTY_ROOT:
        _inconsistent(f"{failed} (step 2, empty tree)", got=first_root.hex(), expected=EMPTY_ROOT.hex())
    if first == second and first_root != second_root:
        _inconsistent(f"{failed} (step 2, same size)", got=second_root.hex(), expected=first_root.hex())


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (RFC 9162's k), for size > 1."""
    return 1 << ((size - 1).bit_length() - 1)


def _complete_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """(level, index) of the complete subtrees that cover the leaves begin to end - 1, from the left.

    ``begin`` is a multiple of the largest power of two within the range, as every split of the RFC makes it.
    """
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def _range_root(begin: int, end: int, node: NodeLookup) -> bytes:
    return _fold_right([node(level, index) for level, index in _complete_subtrees(begin, end)])


def _fold_right(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees that grow smaller to the right; at least one."""
    *rest, root = hashes
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def _require_hashes(failed: str, hashes: Sequence[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_SIZE:
            _inconsistent(failed, got=f"{len(each)} bytes", expected=f"{HASH_SIZE} bytes")


def _inconsistent(failed: str, *, got: str, expected: str) -> NoReturn:
    raise Conflict(
        Reason.LOG_INCONSISTENT,
        failed,
        got=got,
        expected=expected,
        mend="keep both sides' checkpoints as evidence and ask the log's operator; do not accept the proof",
        fault=Fault.PEER,
    )
