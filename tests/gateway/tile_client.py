"""A client of tiled logs (c2sp.org/tlog-tiles) that trusts a log key and nothing else, and reads by HTTP alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp

from trust.checkpoint import Checkpoint, open_checkpoint
from trust.merkle import (
    CompactRange,
    leaf_hash,
    make_consistency,
    make_inclusion,
    verify_consistency,
    verify_inclusion,
)
from trust.note import NoteKey
from trust.tiles import node_lookup, tiles_of, unpack_entries, unpack_hashes


@dataclass
class TileClient:
    """What one reader has read."""

    session: aiohttp.ClientSession
    prefix: str
    key: NoteKey
    hashes: dict[tuple[int, int], list[bytes]] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    before: Checkpoint | None = None

    async def get(self, path: str) -> bytes:
        async with self.session.get(f"{self.prefix}/{path}") as response:
            response.raise_for_status()
            return await response.read()

    async def read(self) -> Checkpoint:
        """Read all that is new, verify all of it: root, every leaf, and that the log only grew."""
        checkpoint = open_checkpoint((await self.get("checkpoint")).decode(), self.key)
        since = self.before.size if self.before else 0
        for tile in tiles_of(checkpoint.size, since):
            content = await self.get(tile.path)
            if tile.level is None:
                self.leaves[tile.first :] = unpack_entries(content)
            else:
                self.hashes[tile.level, tile.index] = unpack_hashes(tile, content)
        node = node_lookup(self.hashes)
        assert CompactRange.load(checkpoint.size, node).root() == checkpoint.root
        assert len(self.leaves) == checkpoint.size
        for index, leaf in enumerate(self.leaves):
            assert self.hashes[0, index // 256][index % 256] == leaf_hash(leaf)
        for index in {0, checkpoint.size // 2, checkpoint.size - 1}:
            path = make_inclusion(index, checkpoint.size, node)
            verify_inclusion(leaf_hash(self.leaves[index]), index, checkpoint.size, path, checkpoint.root)
        if self.before:
            path = make_consistency(self.before.size, checkpoint.size, node)
            verify_consistency(self.before.size, self.before.root, checkpoint.size, checkpoint.root, path)
        self.before = checkpoint
        return checkpoint
