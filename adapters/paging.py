"""Read all pages of a listing whose page count can't be believed.

Platforms say a number of pages that is really the number of rows, give the last page again when asked for one beyond
it, serve fewer rows than asked for, repeat rows, and mix up the order. The one figure that holds is ``total``, the
number of different rows. So: read on until that many different rows are there; if they never come, take nothing,
since a listing with holes in it is worse than yesterday's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from adapters.failures import unavailable

MAX_PAGES: Final = 2_000
"""Pages read at most for one listing."""

_IDLE_PAGES: Final = 3

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page as it came."""

    total: int
    """Number of different rows in the whole listing, as the platform says."""
    rows: tuple[tuple[str, _T], ...]
    """Identity and content of each row; repeated rows have one identity."""


async def read_all(fetch: Callable[[int], Awaitable[Page[_T]]], what: str) -> list[_T]:
    """Every different row, first seen first. ``fetch`` gets page numbers from 1.

    Raises Unavailable(PLATFORM_UNAVAILABLE) when rows are missing at the end.
    """
    rows: dict[str, _T] = {}
    idle = 0
    for number in range(1, MAX_PAGES + 1):
        page = await fetch(number)
        before = len(rows)
        for identity, row in page.rows:
            rows.setdefault(identity, row)
        if len(rows) >= page.total:
            return list(rows.values())
        # One page may bring nothing new because it repeats another; several in a row are the end.
        idle = idle + 1 if len(rows) == before else 0
        if not page.rows or idle == _IDLE_PAGES:
            break
    raise unavailable(f"read the platform's {what}", got=f"{len(rows)} of {page.total} rows")
