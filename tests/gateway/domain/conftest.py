from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import CrosswalkRow
from tests.gateway.domain import made


@pytest.fixture
def make_item() -> Callable[..., Item]:
    """Make a published item; questions are given as key → answers."""
    return made.make_item


@pytest.fixture
def make_catalogue() -> Callable[..., Catalogue]:
    """Make a catalogue of given items."""
    return made.make_catalogue


@pytest.fixture
def make_row() -> Callable[..., CrosswalkRow]:
    """Make a row from 430600 to 421000 that both sides have signed."""
    return made.make_row
