from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.exchange.world import Federation, build


@pytest.fixture
def federation() -> Iterator[Federation]:
    """Three cities; whatever a test does to them, none of it may be a defect of the program."""
    built = build()
    yield built
    assert [defect for city in built.cities.values() for defect in city.defects] == []
