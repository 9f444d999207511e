"""Giving out this gateway's own catalogue to the other gateways, page by page: whole, or what changed since an edition.

What is given out is what the store keeps of the newest edition: its head, and the record of each version of each item
with the edition that brought it. Pages are walked by code and version, so that one that is asked for again is the same.
"""

from __future__ import annotations

import asyncio
import base64
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

from gateway.domain import commands
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot
from gateway.domain.editions import digest_of, record_of
from gateway.exchange.caller import Caller
from gateway.exchange.decided import Decided
from gateway.exchange.house import House
from gateway.ports import CatalogueRecord
from trust.errors import Malformed, NotFound, Reason, Unavailable

PAGE_RECORDS: Final = 2_000
PAGE_BYTES: Final = 3 * 1024 * 1024
"""Bounds of the records on one page. A page has at least one, unless there are no more."""

_Place = tuple[str, int]
"""Code and version of the last record of a page."""

_FIRST: Final[_Place] = ("", 0)
_PLACE: Final = re.compile(r"(?P<version>[1-9][0-9]{0,9}):(?P<code>.+)", re.DOTALL)


async def sync_catalogue(house: House, _: Caller, asked: commands.SyncCatalogue) -> Decided:
    """One page of this gateway's own catalogue.

    An edition that is kept while the page is read makes the page its own; the caller sees that and begins again.
    """
    if asked.catalogue != house.region:
        raise NotFound(
            Reason.ITEM_UNKNOWN,
            "a gateway gives out its own catalogue only",
            got=f"catalogue {asked.catalogue}",
            expected=f"catalogue {house.region}",
            mend="ask the gateway of that region",
        )
    after = _read_page(asked.page)
    kept = await _kept_head(house)
    if kept is None:
        catalogue = house.knowledge.atlas.catalogues.get(house.region)
        if catalogue is None:
            raise Unavailable(
                Reason.CATALOGUE_NOT_HERE,
                f"the catalogue of region {house.region} has not been pulled from its platform yet",
                expected="a catalogue, soon after the start",
                mend="ask again later; if it stays so, have the gateway's operators look at its platform",
            )
        found = await asyncio.to_thread(_of_file, _ByIdentity(catalogue), asked.since_edition, after)
    else:
        found = await _of_store(house, kept, asked.since_edition, after)
    head, since, records = found
    page = records[: _fitting(records)]
    last = page[-1] if len(page) < len(records) else None
    return Decided(
        commands.CatalogueChanges(
            edition=head.edition,
            since_edition=since,
            name=head.name,
            windows=head.windows,
            records=tuple(record.record for record in page),
            next_page=_write_page((last.code, last.version)) if last else "",
            digest=head.digest,
            record_count=head.count,
        )
    )


_Found = tuple[CatalogueHead, int, list[CatalogueRecord]]
"""The edition, the edition that the records add to, and the records behind a place; one more than a page may have."""


async def _kept_head(house: House) -> CatalogueHead | None:
    """The head of the newest edition that is kept; ``None`` when the own catalogue comes from a file only."""
    content = await house.store.snapshot(head_snapshot(house.region))
    return None if content is None else CatalogueHead.from_bytes(content)


async def _of_store(house: House, head: CatalogueHead, since_edition: int, after: _Place) -> _Found:
    since = since_edition if since_edition <= head.edition else 0
    records = await house.store.catalogue_records(
        house.region, since_edition=since, after=after, limit=PAGE_RECORDS + 1
    )
    if any(record.edition > head.edition for record in records):
        head = await _kept_head(house) or head
    return head, since, records


@dataclass(frozen=True, slots=True, eq=False)
class _ByIdentity:
    """A catalogue that is the same as itself: to compare or hash its items would take as long as what is kept of it."""

    catalogue: Catalogue

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.catalogue is self.catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)


@lru_cache(maxsize=1)
def _edition_of(file: _ByIdentity) -> tuple[CatalogueHead, list[Item]]:
    """The head of a catalogue and its items in the order of pages: seconds of a province's, and once for all pages."""
    catalogue = file.catalogue
    return CatalogueHead.of(catalogue, digest_of(catalogue.items)), sorted(catalogue.items, key=_place)


def _place(item: Item) -> _Place:
    return item.code, item.version


def _of_file(file: _ByIdentity, since_edition: int, after: _Place) -> _Found:
    """All of one edition: what a file changed is not known."""
    head, items = _edition_of(file)
    if since_edition == head.edition:
        return head, since_edition, []
    first = bisect_right(items, after, key=_place)
    records = [
        CatalogueRecord(item.catalogue, item.code, item.version, head.edition, record_of(item))
        for item in items[first : first + PAGE_RECORDS + 1]
    ]
    return head, 0, records


def _fitting(records: Sequence[CatalogueRecord]) -> int:
    """How many of the records, from the first, fit on one page."""
    sizes = accumulate(len(record.record) for record in records[:PAGE_RECORDS])
    return max(1, sum(size <= PAGE_BYTES for size in sizes))


def _write_page(place: _Place) -> str:
    code, version = place
    return base64.urlsafe_b64encode(f"{version}:{code}".encode()).decode("ascii")


def _read_page(page: str) -> _Place:
    """Where the page before ended. Malformed(FIELD_INVALID) for anything but what ``_write_page`` wrote."""
    if not page:
        return _FIRST
    try:
        place = _PLACE.fullmatch(base64.b64decode(page, altchars=b"-_", validate=True).decode())
    except ValueError:
        place = None
    if place is None:
        raise Malformed(
            Reason.FIELD_INVALID,
            "field page is not valid",
            got=f"{len(page)} characters",
            expected="next_page of the page before, or nothing",
            details={"field": "page"},
        )
    return place["code"], int(place["version"])
