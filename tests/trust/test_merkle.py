"""The tree against a second reading of the RFC, written as its recursive definitions, and against every mutation."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.errors import Conflict, NotFound, Reason
from trust.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Node,
    leaf_hash,
    make_consistency,
    make_inclusion,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 130
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(LARGEST)]


def rfc_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, literally."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(rfc_root(hashes[:split]), rfc_root(hashes[split:]))


class KeptTree:
    """A store of complete subtrees, filled through the frontier as the sequencer does it."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = CompactRange()
        self.looked_up = 0
        for each in hashes:
            self.frontier, finished = self.frontier.append(each)
            for node in finished:
                assert (node.level, node.index) not in self.nodes, "a complete subtree is finished once"
                self.nodes[node.level, node.index] = node.hash

    def node(self, level: int, index: int) -> bytes:
        self.looked_up += 1
        return self.nodes[level, index]


TREE = KeptTree(LEAVES)
sizes = st.integers(1, LARGEST)


@st.composite
def positions(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    second = draw(st.integers(2, LARGEST))
    return draw(st.integers(1, second - 1)), second


def test_the_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert CompactRange().root() == EMPTY_ROOT == rfc_root([])


def test_a_leaf_and_a_node_over_the_same_bytes_hash_differently() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, LARGEST])
def test_the_frontier_gives_the_root_of_the_recursive_definition(size: int) -> None:
    assert KeptTree(LEAVES[:size]).frontier.root() == rfc_root(LEAVES[:size])


def test_appending_names_the_subtrees_that_it_finishes() -> None:
    frontier, _ = KeptTree(LEAVES[:3]).frontier.append(LEAVES[3])
    _, finished = KeptTree(LEAVES[:3]).frontier.append(LEAVES[3])
    assert frontier.size == 4
    assert finished == (
        Node(0, 3, LEAVES[3]),
        Node(1, 1, node_hash(LEAVES[2], LEAVES[3])),
        Node(2, 0, rfc_root(LEAVES[:4])),
    )


@given(sizes)
def test_a_frontier_read_back_from_the_store_is_the_frontier_that_was_kept(size: int) -> None:
    assert CompactRange.load(size, TREE.node) == KeptTree(LEAVES[:size]).frontier


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(Conflict, match="1 hashes for 3 leaves") as caught:
        CompactRange(3, (LEAVES[0],))
    assert caught.value.reason is Reason.LOG_INCONSISTENT


@given(positions())
def test_every_inclusion_proof_verifies(position: tuple[int, int]) -> None:
    index, size = position
    path = make_inclusion(index, size, TREE.node)
    verify_inclusion(LEAVES[index], index, size, path, rfc_root(LEAVES[:size]))


@given(growths())
def test_every_consistency_proof_verifies(growth: tuple[int, int]) -> None:
    first, second = growth
    path = make_consistency(first, second, TREE.node)
    verify_consistency(first, rfc_root(LEAVES[:first]), second, rfc_root(LEAVES[:second]), path)


@given(positions(), st.data())
def test_an_inclusion_proof_with_anything_changed_fails(position: tuple[int, int], data: st.DataObject) -> None:
    index, size = position
    root = rfc_root(LEAVES[:size])
    path = make_inclusion(index, size, TREE.node)
    leaf, changed_path, changed_root, changed_index = LEAVES[index], path, root, index
    match data.draw(st.sampled_from(["leaf", "root", "index", "bit", "longer", "shorter", "short hash"])):
        case "leaf":
            leaf = flip(leaf, data)
        case "root":
            changed_root = flip(root, data)
        case "index":
            changed_index = data.draw(st.integers(-1, size + 1).filter(lambda other: other != index))
        case "longer":
            changed_path = insert(path, root, data)
        case "shorter" if path:
            changed_path = drop(path, data)
        case "short hash" if path:
            changed_path = (path[0][:-1], *path[1:])
        case _ if path:
            changed_path = flip_one(path, data)
        case _:
            changed_root = flip(root, data)
    with pytest.raises(Conflict, match=r"step \d"):
        verify_inclusion(leaf, changed_index, size, changed_path, changed_root)


@given(growths(), st.data())
def test_a_consistency_proof_with_anything_changed_fails(growth: tuple[int, int], data: st.DataObject) -> None:
    first, second = growth
    first_root, second_root = rfc_root(LEAVES[:first]), rfc_root(LEAVES[:second])
    path = make_consistency(first, second, TREE.node)
    match data.draw(st.sampled_from(["first root", "second root", "bit", "longer", "shorter", "short hash"])):
        case "first root":
            first_root = flip(first_root, data)
        case "second root":
            second_root = flip(second_root, data)
        case "longer":
            path = insert(path, second_root, data)
        case "shorter":
            path = drop(path, data)
        case "short hash":
            path = (path[0][:-1], *path[1:])
        case _:
            path = flip_one(path, data)
    with pytest.raises(Conflict, match=r"step \d"):
        verify_consistency(first, first_root, second, second_root, path)


@given(growths())
def test_a_log_that_rewrote_an_old_leaf_is_found_out(growth: tuple[int, int]) -> None:
    first, second = growth
    rewritten = KeptTree([leaf_hash(b"rewritten"), *LEAVES[1:second]])
    path = make_consistency(first, second, rewritten.node)
    with pytest.raises(Conflict, match=r"step 5, first root|step 6, second root"):
        verify_consistency(first, rfc_root(LEAVES[:first]), second, rewritten.frontier.root(), path)


def test_the_empty_tree_begins_every_tree_and_a_tree_begins_itself() -> None:
    root = rfc_root(LEAVES[:5])
    assert make_consistency(0, 5, TREE.node) == make_consistency(5, 5, TREE.node) == ()
    verify_consistency(0, EMPTY_ROOT, 5, root, ())
    verify_consistency(5, root, 5, root, ())
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())


@pytest.mark.parametrize(
    ("first", "first_root", "second", "path", "step"),
    [
        (6, LEAVES[0], 5, (), "step 1"),
        (-1, LEAVES[0], 5, (), "step 1"),
        (0, LEAVES[0], 5, (), "step 2, empty tree"),
        (0, EMPTY_ROOT, 5, (LEAVES[0],), "step 2, no proof needed"),
        (5, LEAVES[0], 5, (), "step 2, same size"),
        (3, LEAVES[0], 5, (), "step 4"),
    ],
)
def test_each_step_of_the_consistency_check_is_named(
    first: int, first_root: bytes, second: int, path: tuple[bytes, ...], step: str
) -> None:
    with pytest.raises(Conflict, match=step) as caught:
        verify_consistency(first, first_root, second, rfc_root(LEAVES[:5]), path)
    assert caught.value.reason is Reason.LOG_INCONSISTENT


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0)])
def test_no_proof_is_made_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(NotFound) as caught:
        make_inclusion(index, size, TREE.node)
    assert caught.value.reason is Reason.LEAF_UNKNOWN


def test_no_proof_is_made_from_a_larger_tree_to_a_smaller() -> None:
    with pytest.raises(NotFound):
        make_consistency(6, 5, TREE.node)


def test_a_proof_from_a_million_leaves_reads_a_few_dozen_nodes() -> None:
    looked_up = 0

    def node(level: int, index: int) -> bytes:
        nonlocal looked_up
        looked_up += 1
        return sha256(f"{level}/{index}".encode()).digest()

    make_inclusion(999_999, 1_048_575, node)
    make_consistency(700_001, 1_048_575, node)
    assert looked_up <= 4 * 20


def flip(value: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def flip_one(path: Sequence[bytes], data: st.DataObject) -> tuple[bytes, ...]:
    at = data.draw(st.integers(0, len(path) - 1))
    return (*path[:at], flip(path[at], data), *path[at + 1 :])


def insert(path: Sequence[bytes], value: bytes, data: st.DataObject) -> tuple[bytes, ...]:
    at = data.draw(st.integers(0, len(path)))
    return (*path[:at], value, *path[at:])


def drop(path: Sequence[bytes], data: st.DataObject) -> tuple[bytes, ...]:
    at = data.draw(st.integers(0, len(path) - 1))
    return (*path[:at], *path[at + 1 :])
