"""Two real gateways: who looked at a case is found, and what one of them erases is gone there and nowhere else."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_service_pb2

from gateway.config import load
from gateway.domain.case import Refused
from gateway.wire import routes
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City
from sandbox.window import Person, Window, sample_scan, scanned
from tests.pairs.ground import Ground, two_gateways
from trust.audit_check import CaseTrail, compare
from trust.errors import WrongState
from trust.signed_call import Officer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS: Final = 60.0
ITEM: Final = "12430600TB4306016C3432090011000"
"""公积金缴存贷款信息查询, which wants nothing but an identity card."""
ARCHIVIST: Final = Officer("o-31", "archive", "档案室")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with two_gateways(tmp_path_factory.mktemp("pair"), sync_seconds=3600.0) as up:
        yield up


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
        await asyncio.sleep(0.02)


async def ask(ground: Ground, city: City, method: str, body: bytes, purpose: str = "") -> bytes:
    client = ground.client(city.platform)
    try:
        return (await client.call(city.gateway, method, body, purpose=purpose, officer=ARCHIVIST)).body
    finally:
        await client.close()


async def found(ground: Ground, city: City, purpose: str = "", **asked: Any) -> list[tuple[str, str]]:
    """Kind and officer of what a search finds."""
    request = audit_service_pb2.SearchTrailRequest(**asked)
    answer = await ask(ground, city, routes.SEARCH_TRAIL, request.SerializeToString(), purpose)
    return [(each.kind, each.officer) for each in audit_service_pb2.SearchTrailResponse.FromString(answer).entries]


def key_of(ground: Ground, city: City, case_id: str) -> bytes:
    with closing(sqlite3.connect(store_of(ground, city))) as connection:
        (key,) = connection.execute("SELECT wrapped FROM data_keys WHERE owner = ?", (case_id,)).fetchone()
        return bytes(key)


def store_of(ground: Ground, city: City) -> Path:
    return load(ground.folder / f"{city.gateway}.toml").store.path


def on_disk(ground: Ground, city: City) -> bytes:
    path = store_of(ground, city)
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def test_what_one_place_erases_is_gone_there_and_nowhere_else(ground: Ground) -> None:
    resident = Person.named("resident")
    clients = {city: ground.client(city.platform) for city in CITIES}
    windows = {city: Window(client, city, Officer("w1", "window", "1")) for city, client in clients.items()}
    papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
    case = await windows[YUEYANG].open_case(ITEM, JINGZHOU.region, resident, papers, answers={})
    number = case.case_number
    there = ground.platforms[JINGZHOU.region]

    async def told() -> bool:
        return there.steps(number) == ["submitted"]

    async def settled() -> bool:
        shown = [await windows[city].case(number) for city in CITIES]
        return all(len(each.steps) == 2 and not each.pending for each in shown)

    await until(told, "荆州's platform to get the case")
    there.do(number, Refused("不属于本地"))
    await until(settled, "both outboxes to be empty")

    # who looked
    looked = [kind for kind, officer in await found(ground, YUEYANG, case=number) if officer == "w1"]
    assert set(looked) == {"case.event", "data.read"}
    about = await found(ground, YUEYANG, "subject-access", holder=resident.id_number)
    assert ("data.read", "w1") in about

    # erased here
    keys = {city: key_of(ground, city, case.case_id) for city in CITIES}
    assert all(keys[city] in on_disk(ground, city) for city in CITIES)
    request = case_service_pb2.EraseCaseRequest(idempotency_key="erase-0001", case=number, ground="request")
    await ask(ground, YUEYANG, routes.ERASE_CASE, request.SerializeToString())
    assert keys[YUEYANG] not in on_disk(ground, YUEYANG)
    with pytest.raises(WrongState) as caught:
        await windows[YUEYANG].case(number)
    assert caught.value.reason == "CASE_ERASED"
    assert caught.value.details["erased_on"]
    kinds = [kind for kind, _ in await found(ground, YUEYANG, case=number)]
    assert kinds == ["case.erased"]

    # and nowhere else
    assert keys[JINGZHOU] in on_disk(ground, JINGZHOU)
    assert len((await windows[JINGZHOU].case(number)).steps) == 2
    trails = []
    for city in CITIES:
        trail = CaseTrail(city.gateway)
        for leaf in await ground.leaves(city):
            trail.add(leaf)
        trails.append(trail)
    compared = compare(*trails)
    assert (compared.shared_cases, compared.agreed_events, compared.differences) == (1, 2, ())
    for client in clients.values():
        await client.close()
