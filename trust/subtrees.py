"""Proofs about a part of a log: the subtree over the leaves ``start`` to ``end - 1``.

The rules are those of draft-ietf-plants-merkle-tree-certs, section 4. A witness may sign such a part alone, and a tool
that holds one can check it here. Beside the rules of ``trust.merkle``:

- A subtree is valid when ``start`` is a multiple of the smallest power of two that is not below its size; only then is
  it built of whole nodes of every later tree.
- The empty subtree is a part of everything, has the root of the empty tree, and needs no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

from trust.errors import Conflict, Fault, Reason
from trust.merkle import EMPTY_ROOT, HASH_SIZE, MAX_TREE_SIZE, node_hash, verify_inclusion

_INCLUSION: Final = "A subtree's inclusion proof does not hold"
_CONSISTENCY: Final = "A subtree's consistency proof does not hold"


def is_valid_subtree(start: int, end: int) -> bool:
    """Whether ``start`` to ``end`` are the bounds of a subtree; the empty one counts."""
    if not 0 <= start <= end <= MAX_TREE_SIZE:
        return False
    return start == end or start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_inclusion(leaf: bytes, index: int, start: int, end: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` is number ``index`` of its log, inside the subtree under ``root``.

    Raises ``Conflict(LOG_INCONSISTENT)``: the bounds are none of a subtree that holds the leaf, or as
    ``trust.merkle.verify_inclusion``, since a valid subtree has the shape of a tree of its size.
    """
    if not is_valid_subtree(start, end) or not start <= index < end:
        _inconsistent(f"{_INCLUSION} (bounds)", got=f"leaf {index} in {start} to {end}", expected="a subtree around it")
    verify_inclusion(leaf, index - start, end - start, path, root)


def verify_subtree_consistency(
    start: int, end: int, root: bytes, size: int, tree_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the subtree under ``root`` is part of the tree of ``size`` leaves under ``tree_root``.

    Steps:

    1. the bounds are those of a subtree within the tree;
    2. the empty subtree has the empty root, and needs no proof;
    3. climb to the highest node that the subtree's right edge shares with the path's beginning;
    4. fold the path over both roots, never past the tree's own, using all of it;
    5. it gives the subtree's root, 6. and the tree's.

    Raises ``Conflict(LOG_INCONSISTENT)`` naming the step.
    """
    # 1
    if not is_valid_subtree(start, end) or not end <= size <= MAX_TREE_SIZE:
        _inconsistent(f"{_CONSISTENCY} (step 1, bounds)", got=f"{start} to {end} of {size}", expected="a subtree")
    # 2
    if start == end:
        if root != EMPTY_ROOT or path:
            _inconsistent(f"{_CONSISTENCY} (step 2, empty subtree)", got=root.hex(), expected=EMPTY_ROOT.hex())
        return
    if any(len(each) != HASH_SIZE for each in path):
        _inconsistent(f"{_CONSISTENCY} (step 2, hash length)", got="another length", expected=f"{HASH_SIZE} bytes")
    from_subtree, from_tree = _fold(start, end, root, size, path)
    # 5, 6
    if from_subtree != root:
        _inconsistent(f"{_CONSISTENCY} (step 5, subtree's root)", got=from_subtree.hex(), expected=root.hex())
    if from_tree != tree_root:
        _inconsistent(f"{_CONSISTENCY} (step 6, tree's root)", got=from_tree.hex(), expected=tree_root.hex())


def _fold(start: int, end: int, root: bytes, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Fold the path into the roots of the subtree and of the tree (steps 3 and 4)."""
    # 3
    first, last, right = start, end - 1, size - 1
    while first != last and (last & 1 or last == right):
        first, last, right = first >> 1, last >> 1, right >> 1
    hashes = [root, *path] if first == last else list(path)
    if not hashes:
        _inconsistent(f"{_CONSISTENCY} (step 3, path length)", got="no hashes", expected="at least one")
    from_subtree = from_tree = hashes[0]
    # 4
    for sibling in hashes[1:]:
        if right == 0:
            _inconsistent(f"{_CONSISTENCY} (step 4, path length)", got=f"{len(path)} hashes", expected="fewer")
        if last & 1 or last == right:
            if first < last:
                from_subtree = node_hash(sibling, from_subtree)
            from_tree = node_hash(sibling, from_tree)
            while last and not last & 1:
                first, last, right = first >> 1, last >> 1, right >> 1
        else:
            from_tree = node_hash(from_tree, sibling)
        first, last, right = first >> 1, last >> 1, right >> 1
    if right != 0:
        _inconsistent(f"{_CONSISTENCY} (step 4, path length)", got=f"{len(path)} hashes", expected="more")
    return from_subtree, from_tree


def _inconsistent(failed: str, *, got: str, expected: str) -> NoReturn:
    raise Conflict(
        Reason.LOG_INCONSISTENT,
        failed,
        got=got,
        expected=expected,
        mend="keep the checkpoints and the proof as evidence and ask the log's operator; do not accept the proof",
        fault=Fault.PEER,
    )
