"""The back office of a sandbox platform, as a caller sees it: what its staff look at and do, over its desk API."""

from __future__ import annotations

from typing import Any

import aiohttp


class DeskRefused(Exception):
    """The desk answered that it can't be done."""


class Desk:
    """One platform's desk. Addresses and acts are in ``sandbox.platforms.desk``."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self.base_url = base_url

    async def cases(self) -> list[dict[str, Any]]:
        """Newest cases."""
        found: list[dict[str, Any]] = (await self._reply("GET", "/desk/cases", None))["cases"]
        return found

    async def case(self, number: str) -> dict[str, Any] | None:
        """One case by the federation's number, with what arrived and what was done; None when it is not there."""
        try:
            return await self._reply("GET", f"/desk/cases/{number}", None)
        except DeskRefused:
            return None

    async def act(self, number: str, act: str, **fields: object) -> None:
        """Do something with a case. Raises DeskRefused."""
        await self._reply("POST", f"/desk/cases/{number}/{act}", fields)

    async def plan_fault(self, kind: str, **fields: object) -> None:
        """Let the platform fail soon (``sandbox.platforms.faults``). Raises DeskRefused."""
        await self._reply("POST", "/desk/faults", {"kind": kind, **fields})

    async def expire_tokens(self) -> None:
        """Let the platform forget who has signed on."""
        await self._reply("POST", "/desk/tokens/expire", {})

    async def _reply(self, method: str, path: str, content: dict[str, object] | None) -> dict[str, Any]:
        async with self._session.request(method, self.base_url + path, json=content) as response:
            reply: dict[str, Any] = await response.json()
            if response.status != 200:
                raise DeskRefused(f"{method} {path}: {reply.get('error', response.status)}")
            return reply
