"""Our log as the files that any client of tiled logs reads (c2sp.org/tlog-tiles), made from what is stored."""

from __future__ import annotations

from gateway.ports import Store
from trust.errors import Conflict, Reason
from trust.tiles import Tile, pack_entries


async def tile_file(store: Store, tile: Tile) -> bytes:
    """The content of one file, which the log must already be large enough for (``Tile.require_in``).

    Raises ``Conflict(LOG_INCONSISTENT)`` when the store has not all of it: something was taken out.
    """
    if tile.level is None:
        leaves = await store.leaves(tile.first, tile.width)
        if len(leaves) == tile.width:
            return pack_entries(leaves)
    else:
        wanted = list(tile.nodes())
        nodes = await store.nodes(wanted)
        if len(nodes) == tile.width:
            return b"".join(nodes[node] for node in wanted)
    raise Conflict(
        Reason.LOG_INCONSISTENT,
        f"the stored log has not all of {tile.path}",
        expected="every leaf and node under its newest checkpoint",
        mend="`tongban audit verify` says what is missing; restore the store from a backup",
    )
