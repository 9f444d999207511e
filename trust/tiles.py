"""A log as static files that any client can read (c2sp.org/tlog-tiles): their names, and what is in them.

    checkpoint                     the newest checkpoint
    tile/<level>/<index>[.p/<w>]   256 hashes of a level, or the first ``w`` of them at the right edge
    tile/entries/<index>[.p/<w>]   the leaves themselves, each behind its length in two bytes

Rules of this module:

- A tile's level counts by eight levels of the tree: the hashes of tile level 1 are those of full tiles of level 0.
- A partial tile exists only for the size of a tree that a checkpoint was signed for; a full one never changes.
- A name is read only in the one way in which it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from trust.errors import Malformed, NotFound, Reason
from trust.merkle import HASH_SIZE, MAX_TREE_SIZE, NodeLookup, node_hash

TILE_HEIGHT: Final = 8
"""Levels of the tree that one tile spans."""

TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes or leaves in a full tile."""

MAX_LEVEL: Final = 7
"""Highest tile level of a log of ``trust.merkle.MAX_TREE_SIZE`` leaves."""

CHECKPOINT_PATH: Final = "checkpoint"
"""Where the newest checkpoint is."""

_ENTRIES: Final = "entries"
_LENGTH_BYTES: Final = 2
_NAME = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<high>(?:x[0-9]{3}/){0,6})(?P<low>[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of hashes or of leaves."""

    level: int | None
    """0 to ``MAX_LEVEL``; ``None`` for a bundle of leaves."""
    index: int
    """Position among the tiles of its level, from 0."""
    width: int = TILE_WIDTH
    """Hashes or leaves in it, 1 to ``TILE_WIDTH``."""

    @property
    def path(self) -> str:
        """Its name below the log's prefix."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{_ENTRIES if self.level is None else self.level}/{number}{partial}"

    @classmethod
    def from_path(cls, path: str) -> Self:
        """Read a name that ``path`` writes. Raises ``NotFound(LEAF_UNKNOWN)``: no log has another file."""
        matched = _NAME.fullmatch(path)
        if matched is not None:
            index = int(matched["high"].replace("x", "").replace("/", "") + matched["low"])
            level = None if matched["level"] == _ENTRIES else int(matched["level"])
            tile = cls(level, index, int(matched["width"] or TILE_WIDTH))
            if tile.path == path and (level or 0) <= MAX_LEVEL:
                return tile
        raise _no_tile("another name", "a name as c2sp.org/tlog-tiles makes it")

    @property
    def first(self) -> int:
        """Position of its first hash on its own level of the tree, or of its first leaf."""
        return self.index * TILE_WIDTH

    def require_in(self, size: int) -> None:
        """Refuse a tile that a tree of ``size`` leaves does not have. Raises ``NotFound(LEAF_UNKNOWN)``.

        A partial tile is there with any width up to the tree's: its checkpoint was signed once.
        """
        there = (size >> TILE_HEIGHT * (self.level or 0)) - self.first
        if self.width > there:
            raise _no_tile(f"{self.path}, for a tree of {size} leaves", "a tile under the newest checkpoint")

    def nodes(self) -> Iterator[tuple[int, int]]:
        """(level, index) in the tree of each of its hashes. Only for tiles of hashes."""
        level = TILE_HEIGHT * (self.level or 0)
        return ((level, self.first + place) for place in range(self.width))


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """List the files of a tree of ``size`` leaves that one of ``since`` leaves does not have: leaves, then hashes."""
    for level in (None, *range(MAX_LEVEL + 1)):
        shift = TILE_HEIGHT * (level or 0)
        count, before = size >> shift, since >> shift
        for index in range(before >> TILE_HEIGHT, -(-count // TILE_WIDTH)):
            width = min(TILE_WIDTH, count - index * TILE_WIDTH)
            if index * TILE_WIDTH + width > before:
                yield Tile(level, index, width)


def pack_entries(leaves: Sequence[bytes]) -> bytes:
    """Write a bundle of leaves. Raises ``Malformed(MESSAGE_TOO_LARGE)`` for one of more than 65,535 bytes."""
    if any(len(leaf) >= 1 << 8 * _LENGTH_BYTES for leaf in leaves):
        raise Malformed(Reason.MESSAGE_TOO_LARGE, "a leaf is too long for a bundle", expected="at most 65535 bytes")
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """Read a bundle of leaves. Raises ``Malformed(MESSAGE_MALFORMED)`` when it ends inside one."""
    leaves: list[bytes] = []
    at = 0
    while at < len(bundle):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if begin > len(bundle) or at > len(bundle):
            raise _cut_short(f"{len(bundle)} bytes that end inside a leaf")
        leaves.append(bundle[begin:at])
    return leaves


def unpack_hashes(tile: Tile, data: bytes) -> list[bytes]:
    """Read a tile of hashes. Raises ``Malformed(MESSAGE_MALFORMED)`` when it has not the length of its width."""
    if len(data) != tile.width * HASH_SIZE:
        raise _cut_short(f"{len(data)} bytes for a tile of {tile.width}")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def node_lookup(hashes: Mapping[tuple[int, int], Sequence[bytes]]) -> NodeLookup:
    """Give the tree's complete nodes out of tiles, keyed by (tile level, tile index), so that proofs can be made.

    The levels between those of the tiles are hashed together. Raises ``NotFound(LEAF_UNKNOWN)`` for a node whose tile
    is missing or too narrow.
    """

    def node(level: int, index: int) -> bytes:
        height = level % TILE_HEIGHT
        if height:
            return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
        tile = hashes.get((level // TILE_HEIGHT, index // TILE_WIDTH), ())
        place = index % TILE_WIDTH
        if not 0 <= place < len(tile) or index > MAX_TREE_SIZE:
            raise _no_tile(f"no tile with node {index} of level {level}", "every tile that the proof needs")
        return tile[place]

    return node


def _no_tile(got: str, expected: str) -> NotFound:
    return NotFound(
        Reason.LEAF_UNKNOWN,
        "the log has no such tile",
        got=got,
        expected=expected,
        mend="fetch the checkpoint first, and only what its size says is there",
    )


def _cut_short(got: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        "The bytes are no tile",
        got=got,
        expected="a whole file as the log serves it",
        mend="fetch the file again; if it stays so, ask the log's operator",
    )
