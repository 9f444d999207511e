"""HTTP's own ways to fail, sorted by whether to try again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters import transport
from adapters.failures import TokenExpired, unavailable
from adapters.transport import Transport, patiently
from trust.errors import Unavailable, WrongState


async def answer(request: web.Request) -> web.Response:
    status = int(request.match_info["status"])
    return web.Response(status=status, body=b"x" * int(request.query.get("bytes", "0")), headers={"Location": "/200"})


@pytest.fixture
async def line() -> AsyncIterator[Transport]:
    app = web.Application()
    app.router.add_post("/{status}", answer)
    async with TestServer(app) as server:
        line = Transport(str(server.make_url("")))
        yield line
        await line.close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, Unavailable),
        (503, Unavailable),
        (408, Unavailable),
        (429, Unavailable),
        (401, TokenExpired),
        (302, WrongState),
        (204, WrongState),
        (400, WrongState),
        (404, WrongState),
    ],
)
async def test_a_status_says_whether_to_try_again(line: Transport, status: int, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await line.post(f"/{status}", b"", "text/plain")


async def test_an_answer_without_end_is_cut_off(line: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1000)
    assert len(await line.post("/200?bytes=1000", b"", "text/plain")) == 1000
    with pytest.raises(WrongState, match="more than 1000 bytes"):
        await line.post("/200?bytes=1001", b"", "text/plain")


async def test_three_tries_and_no_more() -> None:
    tries = 0

    async def fail() -> None:
        nonlocal tries
        tries += 1
        raise unavailable("try", got="nothing")

    with pytest.raises(Unavailable):
        await patiently(fail, after_overdue=True)
    assert tries == 3
