"""Catalogues in the store: a record for each version of each item, and the head that says what they make up.

A store that holds a head holds its records, since both are written at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot
from gateway.domain.catalogue_reader import Shared
from gateway.domain.editions import item_of, record_of
from gateway.ports import CatalogueRecord, Recording, Store

PAGE: Final = 1_000
"""Records that are read and taken apart at once: some ten milliseconds, beside the event loop."""


def held_pull_snapshot(catalogue_id: str) -> str:
    """Name of the snapshot that holds the digest, in hex, of a pull that waits for an operator's word."""
    return f"catalogue-held:{catalogue_id}"


def accepted_bookmark(catalogue_id: str) -> str:
    """Name of the bookmark that holds the digest, in hex, of the pull that an operator has accepted."""
    return f"catalogue-accepted:{catalogue_id}"


async def held_head(store: Store, catalogue_id: str) -> CatalogueHead | None:
    """The head of a catalogue that the store holds; None when it holds none."""
    content = await store.snapshot(head_snapshot(catalogue_id))
    return CatalogueHead.from_bytes(content) if content else None


async def held_catalogue(store: Store, catalogue_id: str) -> Catalogue | None:
    """A catalogue that the store holds; None when it holds none."""
    head = await held_head(store, catalogue_id)
    if head is None:
        return None
    items: list[Item] = []
    shared, after = Shared(), ("", 0)
    while page := await store.catalogue_records(catalogue_id, after=after, limit=PAGE):
        items += await asyncio.to_thread(items_of, catalogue_id, [one.record for one in page], shared)
        after = page[-1].code, page[-1].version
    return Catalogue(catalogue_id, head.name, head.edition, tuple(items), head.windows)


def items_of(catalogue_id: str, records: Iterable[bytes], shared: Shared) -> list[Item]:
    """The items of many records. Malformed when one is not an item's own record."""
    return [item_of(record, catalogue_id, shared) for record in records]


def recording_of(catalogue: Catalogue, digest: bytes, new: Sequence[Item], *, anew: bool = False) -> Recording:
    """What keeps an edition: its head, and the versions that are new in it; all of them when it is taken ``anew``."""
    return Recording(
        snapshots={head_snapshot(catalogue.id): CatalogueHead.of(catalogue, digest).to_bytes()},
        dropped_catalogues=(catalogue.id,) if anew else (),
        catalogue_records=tuple(
            CatalogueRecord(catalogue.id, item.code, item.version, catalogue.version, record_of(item)) for item in new
        ),
    )
