from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.world import World
from tests.faults.carrying import People
from tests.faults.trustees import Trustees


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Two cities with four processes, for all tests of a module."""
    async with World(tmp_path_factory.mktemp("world")) as booted:
        yield booted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(world: World) -> AsyncIterator[People]:
    at_work = People.of(world)
    yield at_work
    await at_work.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trustees(world: World) -> Trustees:
    return Trustees.of(world)
