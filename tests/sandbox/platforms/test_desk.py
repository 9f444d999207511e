"""The back office, and the habits that tests rely on: doubles are kept, callbacks are repeated."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.platforms import jingzhou
from sandbox.platforms.storage import ACCEPTING, PROCESSING, SUBMITTED, Arrival, Storage
from sandbox.platforms.tokens import Partner

CATALOGUE = Path(jingzhou.__file__).parent.parent / "data" / "catalogue-421000.json"
Client = TestClient[web.Request, web.Application]


class Gateway:
    """Whoever is called back: fails a few times, then answers as it must."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self._satisfied = asyncio.Event()
        self.answers = [
            web.Response(status=500),
            web.Response(text="<html/>"),
            web.Response(text="<RESULT><STATUS>300</STATUS></RESULT>"),
        ]

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["X-Sign"])
        if self.answers:
            return self.answers.pop(0)
        self._satisfied.set()
        return web.Response(text="<RESULT><STATUS>200</STATUS></RESULT>")

    async def satisfied(self) -> None:
        """Wait for the success answer, and a little for a repetition that must not come."""
        await asyncio.wait_for(self._satisfied.wait(), 3)
        await asyncio.sleep(0.05)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def desk(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Client]:
    file = tmp_path / "platform.sqlite"
    storage = Storage(file, "JZ")
    arrival = Arrival("key", SUBMITTED, "20261121", {})
    for number, part in (("N-1", PROCESSING), ("N-1", PROCESSING), ("N-2", ACCEPTING)):
        storage.open_case(number, part, item_code="x", item_name="事项", applicant="陈𠮷安", arrival=arrival)
    storage.close()
    calling = web.Application()
    calling.router.add_post("/", gateway.take)
    async with TestServer(calling) as callback:
        app = jingzhou.make_app(
            file,
            CATALOGUE,
            Partner("a", "b", "shared"),
            callback=str(callback.make_url("/")),
            repeat_seconds=0.01,
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
        )
        async with TestClient(TestServer(app)) as client:
            yield client


async def test_what_was_sent_twice_is_there_twice(desk: Client) -> None:
    case = await (await desk.get("/desk/cases/N-1")).json()
    assert case["copies"] == 2
    assert case["local_numbers"] == ["JZ00000001", "JZ00000002"]
    assert [arrival["key"] for arrival in case["received"]] == ["key", "key"]
    listed = await (await desk.get("/desk/cases")).json()
    assert [(entry["number"], entry["part"]) for entry in listed["cases"]] == [
        ("N-2", ACCEPTING),
        ("N-1", PROCESSING),
        ("N-1", PROCESSING),
    ]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("N-9/accept", {"promised_days": 5}, 404),
        ("N-1/applaud", {}, 404),
        ("N-2/accept", {"promised_days": 5}, 404),  # registered here, handled elsewhere
        ("N-1/accept", {}, 400),
        ("N-1/accept", {"promised_days": "5"}, 400),
        ("N-1/accept", {"promised_days": 5, "more": 1}, 400),
        ("N-1/accept", {"promised_days": 5}, 200),
    ],
)
async def test_the_desk_takes_what_fits_and_nothing_else(
    desk: Client, path: str, fields: dict[str, object], status: int
) -> None:
    reply = await desk.post(f"/desk/cases/{path}", json=fields)
    assert reply.status == status, await reply.text()


async def test_a_case_that_is_over_stays_over(desk: Client) -> None:
    assert (await desk.post("/desk/cases/N-1/refuse", json={"reason": "x"})).status == 200
    assert (await desk.post("/desk/cases/N-1/accept", json={"promised_days": 5})).status == 409


@pytest.mark.parametrize("fault", [{}, {"kind": "earthquake"}, {"kind": "reset", "where": "x"}])
async def test_an_unknown_fault_is_refused(desk: Client, fault: dict[str, object]) -> None:
    assert (await desk.post("/desk/faults", json=fault)).status == 400


async def test_a_callback_is_repeated_unchanged_until_it_is_answered(desk: Client, gateway: Gateway) -> None:
    await desk.post("/desk/cases/N-1/accept", json={"promised_days": 5})
    await gateway.satisfied()
    assert len(gateway.bodies) == 4
    assert len(set(gateway.bodies)) == 1
    case = await (await desk.get("/desk/cases/N-1")).json()
    assert [act["told"] for act in case["done"]] == [True]
    assert set(gateway.signatures) == {hmac.new(b"shared", gateway.bodies[0], hashlib.sha256).hexdigest()}


async def test_what_was_not_answered_is_told_after_a_restart(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "platform.sqlite"
    storage = Storage(file, "JZ")
    case = storage.open_case(
        "N-1", PROCESSING, item_code="x", item_name="x", applicant="x", arrival=Arrival("k", SUBMITTED, "", {})
    )
    storage.add_act(case, "resumed", {}, datetime(2026, 11, 23, tzinfo=UTC))
    storage.close()
    calling = web.Application()
    calling.router.add_post("/", gateway.take)
    async with TestServer(calling) as callback:
        url = str(callback.make_url("/"))
        app = jingzhou.make_app(file, CATALOGUE, Partner("a", "b", "s"), callback=url, repeat_seconds=0.01)
        async with TestServer(app):
            await gateway.satisfied()
