"""Tiles: the examples of c2sp.org/tlog-tiles, and trees of our own taken apart and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.errors import Malformed, NotFound
from trust.merkle import (
    CompactRange,
    leaf_hash,
    make_consistency,
    make_inclusion,
    verify_consistency,
    verify_inclusion,
)
from trust.tiles import (
    TILE_WIDTH,
    Tile,
    node_lookup,
    pack_entries,
    tiles_of,
    unpack_entries,
    unpack_hashes,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(2, 1000), "tile/2/x001/000"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_tile_has_one_name(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.from_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/8/000",
        "tile/64/000",
        "tile/0/1000",
        "tile/0/x1/000",
        "checkpoint",
        "tile/0/../000",
        "tile/entries/-01",
        "tile/0/٠٠١",
        "",
    ],
)
def test_any_other_name_is_none(path: str) -> None:
    with pytest.raises(NotFound):
        Tile.from_path(path)


def test_the_specifications_tree_of_70_000_leaves_has_the_tiles_it_names() -> None:
    tiles = list(tiles_of(70_000))
    assert [(tile.level, tile.index, tile.width) for tile in tiles if tile.width < TILE_WIDTH] == [
        (None, 273, 112),
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert sum(1 for tile in tiles if tile.level == 0 and tile.width == TILE_WIDTH) == 273
    assert [tile.path for tile in tiles_of(256) if tile.level == 1] == ["tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_a_grown_log_needs_only_the_files_that_the_smaller_one_has_not(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    before, after = {tile.path for tile in tiles_of(smaller)}, {tile.path for tile in tiles_of(larger)}
    assert {tile.path for tile in tiles_of(larger, smaller)} == after - before


def test_a_tile_beyond_the_checkpoint_is_not_there() -> None:
    for tile in tiles_of(600):
        tile.require_in(600)
    Tile(0, 2, 3).require_in(600)  # an earlier checkpoint's
    for tile in (Tile(0, 2, 89), Tile(0, 3, 1), Tile(1, 0, 3), Tile(None, 2, 89)):
        with pytest.raises(NotFound):
            tile.require_in(600)


@given(st.integers(1, 1500), st.data())
def test_proofs_made_from_tiles_hold(size: int, data: st.DataObject) -> None:
    tree, nodes = CompactRange(), {}
    roots = [tree.root()]
    for number in range(size):
        tree, finished = tree.append(leaf_hash(number.to_bytes(2, "big")))
        nodes.update({(node.level, node.index): node.hash for node in finished})
        roots.append(tree.root())
    files = {tile: b"".join(nodes[node] for node in tile.nodes()) for tile in tiles_of(size) if tile.level is not None}
    lookup = node_lookup({(tile.level or 0, tile.index): unpack_hashes(tile, body) for tile, body in files.items()})

    index = data.draw(st.integers(0, size - 1))
    path = make_inclusion(index, size, lookup)
    verify_inclusion(leaf_hash(index.to_bytes(2, "big")), index, size, path, roots[size])
    earlier = data.draw(st.integers(0, size))
    verify_consistency(earlier, roots[earlier], size, roots[size], make_consistency(earlier, size, lookup))


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_a_bundle_gives_back_the_leaves_that_went_in(leaves: list[bytes]) -> None:
    assert unpack_entries(pack_entries(leaves)) == leaves


def test_what_is_cut_short_is_refused() -> None:
    bundle = pack_entries([b"one", b"two"])
    for end in (1, 4, 6, len(bundle) - 1):
        with pytest.raises(Malformed):
            unpack_entries(bundle[:end])
    with pytest.raises(Malformed):
        unpack_hashes(Tile(0, 0, 2), bytes(63))
    with pytest.raises(Malformed):
        pack_entries([bytes(65_536)])


def test_a_missing_tile_is_named() -> None:
    with pytest.raises(NotFound, match="node 3 of level 8"):
        node_lookup({})(8, 3)
