from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.errors import Conflict, Reason
from trust.merkle import EMPTY_ROOT, leaf_hash, node_hash
from trust.subtrees import is_valid_subtree, verify_subtree_consistency, verify_subtree_inclusion

LEAVES = [leaf_hash(bytes([number])) for number in range(70)]


def root_of(start: int, end: int) -> bytes:
    """MTH of RFC 6962, written down as the RFC defines it."""
    if end == start:
        return EMPTY_ROOT
    if end - start == 1:
        return LEAVES[start]
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    return node_hash(root_of(start, middle), root_of(middle, end))


def part_proof(start: int, end: int, begin: int, size: int, *, known: bool) -> list[bytes]:
    """SUBTREE_SUBPROOF as the draft defines it, of the tree over ``begin`` to ``size``."""
    if (start, end) == (begin, size):
        return [] if known else [root_of(begin, size)]
    middle = begin + (1 << ((size - begin - 1).bit_length() - 1))
    if end <= middle:
        return [*part_proof(start, end, begin, middle, known=known), root_of(middle, size)]
    if middle <= start:
        return [*part_proof(start, end, middle, size, known=known), root_of(begin, middle)]
    return [*part_proof(middle, end, middle, size, known=False), root_of(begin, middle)]


def subtrees(size: int) -> Iterator[tuple[int, int]]:
    for start in range(size + 1):
        for end in range(start + 1, size + 1):
            if is_valid_subtree(start, end):
                yield start, end


@pytest.mark.parametrize("size", range(1, 35))
def test_every_part_of_a_tree_is_proved_to_be_part_of_it(size: int) -> None:
    for start, end in subtrees(size):
        path = part_proof(start, end, 0, size, known=True)
        verify_subtree_consistency(start, end, root_of(start, end), size, root_of(0, size), path)


@given(st.data())
def test_no_proof_holds_with_anything_changed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 66))
    start, end = data.draw(st.sampled_from(list(subtrees(size))))
    path = part_proof(start, end, 0, size, known=True)
    root, tree = root_of(start, end), root_of(0, size)
    changes = [
        (root[:-1] + bytes([root[-1] ^ 1]), tree, path),
        (root, tree[:-1] + bytes([tree[-1] ^ 1]), path),
        (root, tree, [*path, LEAVES[0]]),
    ]
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        changes.append((root, tree, path[:-1]))
        changes.append((root, tree, [*path[:place], LEAVES[69], *path[place + 1 :]]))
    for changed_root, changed_tree, changed_path in changes:
        with pytest.raises(Conflict) as caught:
            verify_subtree_consistency(start, end, changed_root, size, changed_tree, changed_path)
        assert caught.value.reason is Reason.LOG_INCONSISTENT


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 5), (2, 6), (1, 15), (3, 1), (-2, 0)])
def test_other_bounds_are_no_subtree(start: int, end: int) -> None:
    assert not is_valid_subtree(start, end)
    with pytest.raises(Conflict, match="bounds"):
        verify_subtree_consistency(start, end, EMPTY_ROOT, 15, EMPTY_ROOT, [])
    with pytest.raises(Conflict, match="bounds"):
        verify_subtree_inclusion(LEAVES[1], 1, start, end, [], LEAVES[1])


def test_the_empty_subtree_is_part_of_everything_and_has_one_root() -> None:
    verify_subtree_consistency(3, 3, EMPTY_ROOT, 7, root_of(0, 7), [])
    for root, path in ((LEAVES[0], []), (EMPTY_ROOT, [LEAVES[0]])):
        with pytest.raises(Conflict, match="empty subtree"):
            verify_subtree_consistency(3, 3, root, 7, root_of(0, 7), path)


def test_a_leaf_is_proved_inside_a_subtree_and_not_outside() -> None:
    verify_subtree_inclusion(LEAVES[5], 5, 4, 6, [LEAVES[4]], root_of(4, 6))
    with pytest.raises(Conflict):
        verify_subtree_inclusion(LEAVES[5], 4, 4, 6, [LEAVES[4]], root_of(4, 6))
    with pytest.raises(Conflict, match="bounds"):
        verify_subtree_inclusion(LEAVES[6], 6, 4, 6, [LEAVES[4]], root_of(4, 6))
