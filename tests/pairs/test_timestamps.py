"""Two real gateways and one time-stamping authority, which answers, falls silent, and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from gateway import stamping
from gateway.ports import Stamp
from sandbox.federation import CITIES, JINGZHOU, YUEYANG
from sandbox.window import Person, Window, sample_scan, scanned
from tests.gateway.tsa import Tsa, pem, root, serving
from tests.pairs.ground import Ground, two_gateways
from trust.errors import Reason, Unavailable
from trust.evidence_stamp import check_stamp
from trust.signed_call import Officer

PATIENCE_SECONDS: Final = 60.0
ITEM: Final = "12430600TB4306016C3432090011000"
ROOT = root()


class Moody:
    """An authority with moods: ``up``, ``down`` before it answers, ``cut`` after it made its answer."""

    def __init__(self, tsa: Tsa) -> None:
        self.tsa = tsa
        self.mood = "up"
        self._one = asyncio.Lock()

    async def answer(self, query: bytes) -> web.StreamResponse:
        if self.mood == "down":
            raise web.HTTPServiceUnavailable
        async with self._one:  # openssl keeps its serial in a file
            answer = await self.tsa.answer(query)
        if self.mood == "cut":
            raise web.HTTPBadGateway  # what stands in front of it lost the answer
        return answer


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
        await asyncio.sleep(0.05)


async def stamped_whole(ground: Ground) -> bool:
    """Whether timestamps reach every leaf that each gateway's log has now."""
    for city in CITIES:
        store = ground.gateways[city.gateway].house.store
        size, newest = (await store.log_head()).size, await store.newest_stamp()
        if not size or newest is None or newest.size < size:
            return False
    return True


async def test_both_logs_are_stamped_and_cases_stop_while_nobody_stamps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamping, "LONGEST_WAIT_SECONDS", 0.2)
    (tmp_path / "roots.pem").write_bytes(pem(ROOT.certificate))
    authority = Moody(Tsa(tmp_path / "tsa", ROOT.timestamping()))
    async with serving(authority.answer) as url:
        for name, value in (
            ("AUTHORITIES", f'["{url}"]'),
            ("ROOTS", tmp_path / "roots.pem"),
            ("EVERY_SECONDS", 0.2),
            ("CLOSED_AFTER_SECONDS", 2),
        ):
            monkeypatch.setenv(f"TONGBAN_AUDIT__TIMESTAMPS__{name}", str(value))
        async with two_gateways(tmp_path / "pair", sync_seconds=3600.0) as ground:
            client = ground.client(YUEYANG.platform)
            window = Window(client, YUEYANG, Officer("w1", "window", "1"))

            async def opened() -> bool:
                papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
                try:
                    await window.open_case(ITEM, JINGZHOU.region, Person.named("resident"), papers, answers={})
                except Unavailable as error:
                    if error.reason is not Reason.LOG_UNWITNESSED:
                        raise
                    return False
                return True

            async def refused() -> bool:
                return not await opened()

            try:
                assert await opened()
                await until(lambda: stamped_whole(ground), "timestamps over both logs")
                for mood in ("down", "cut"):
                    authority.mood = mood
                    await until(refused, f"cases to stop while the authority is {mood}")
                    before = await counts(ground)
                    authority.mood = "up"
                    await until(opened, "cases to go on")
                    await until(lambda: stamped_whole(ground), "timestamps over both logs again")
                    assert all(now > then for now, then in zip(await counts(ground), before, strict=True))
            finally:
                await client.close()
            for stamps in await stamps_of(ground):
                sizes = [stamp.size for stamp in stamps]
                assert sizes == sorted(set(sizes)), "each reaches further than the one before"
                for stamp in stamps:
                    assert check_stamp(stamp.token, stamp.note.encode(), [ROOT.certificate]).rooted


async def counts(ground: Ground) -> list[int]:
    return [len(stamps) for stamps in await stamps_of(ground)]


async def stamps_of(ground: Ground) -> list[list[Stamp]]:
    return [await ground.gateways[city.gateway].house.store.stamps(limit=1000) for city in CITIES]
