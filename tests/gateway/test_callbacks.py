"""The listener for callbacks, when its reader has a defect."""

from __future__ import annotations

import io
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
import pytest

from gateway.callbacks import MAX_BODY_BYTES, PATH, CallbackListener
from gateway.domain.platform import Notice, UnreadableNotice
from tests.gateway.exchange.world import build
from trust.errors import Reason


class DefectiveReader:
    """Stumbles over a body, and would quote it."""

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice | UnreadableNotice, ...]:  # noqa: ARG002
        raise ValueError(body.decode())

    def answer(self, error: str = "") -> tuple[bytes, str]:
        return f"answer {error}".encode(), "text/plain"


async def test_a_defect_is_reported_without_its_text_and_the_platform_calls_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    city = build().yueyang
    listener = CallbackListener(city.house, DefectiveReader())
    port = await listener.open("127.0.0.1:0")
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{port}{PATH}", data="张三") as response,
        ):
            assert await response.text() == f"answer {Reason.INTERNAL}"
    finally:
        await listener.close()
    assert [type(defect) for defect in city.defects] == [ValueError]
    assert "张三" not in caplog.text


async def test_a_body_that_is_too_large_is_refused_and_no_defect() -> None:
    city = build().yueyang
    listener = CallbackListener(city.house, DefectiveReader())
    port = await listener.open("127.0.0.1:0")
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{port}{PATH}", data=io.BytesIO(bytes(MAX_BODY_BYTES + 1))) as response,
        ):
            assert response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    finally:
        await listener.close()
    assert city.defects == []
