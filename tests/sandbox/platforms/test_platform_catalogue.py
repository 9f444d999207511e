"""What a platform tells of its catalogue: the present."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sandbox.platforms.catalogue import present_items


def version(number: int, **more: str) -> dict[str, Any]:
    return {"code": "A", "version": number, "valid_from": "2026-01-01", **more}


CATALOGUE: dict[str, Any] = {
    "items": [
        version(1),
        {"code": "B", "version": 9, "valid_from": "2030-01-01"},
        version(3, valid_from="2026-06-01", listed_from="2026-05-01"),
        version(2, listed_from="2026-03-01"),
    ]
}


@pytest.mark.parametrize(
    ("on", "present"),
    [
        (date(2025, 12, 31), 1),
        (date(2026, 2, 28), 1),
        (date(2026, 3, 1), 2),
        (date(2026, 5, 31), 2),
        (date(2026, 6, 1), 3),
    ],
)
def test_of_each_code_the_highest_version_that_had_begun_is_told(on: date, present: int) -> None:
    told = [(item["code"], item["version"]) for item in present_items(CATALOGUE, on)]
    assert told == [("A", present), ("B", 9)]
