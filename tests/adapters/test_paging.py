"""Pages that lie, one lie at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.paging import Page, read_all
from trust.errors import Unavailable


async def read(pages: Sequence[Sequence[str]], total: int) -> tuple[list[str], list[int]]:
    asked: list[int] = []

    async def fetch(number: int) -> Page[str]:
        asked.append(number)
        shown = pages[min(number, len(pages)) - 1]
        return Page(total, tuple((row, row) for row in shown))

    return await read_all(fetch, "rows"), asked


async def test_reading_stops_when_every_different_row_is_there() -> None:
    assert await read(["ab", "cd", "e"], 5) == (list("abcde"), [1, 2, 3])


async def test_an_empty_listing_takes_one_look() -> None:
    assert await read([""], 0) == ([], [1])


async def test_rows_that_repeat_do_not_count_twice() -> None:
    assert await read(["ab", "ba", "bc", "cd"], 4) == (list("abcd"), [1, 2, 3, 4])


async def test_rows_in_any_order_are_all_found() -> None:
    rows, _ = await read(["ed", "cb", "ba"], 5)
    assert sorted(rows) == list("abcde")


async def test_a_last_page_given_again_and_again_ends_the_reading() -> None:
    with pytest.raises(Unavailable, match="got 3 of 9 rows"):
        await read(["ab", "c"], 9)


async def test_an_empty_page_before_the_end_takes_nothing() -> None:
    with pytest.raises(Unavailable, match="got 2 of 3 rows"):
        await read(["ab", "", "c"], 3)
