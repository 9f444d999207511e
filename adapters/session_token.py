"""A session token that its platform forgets whenever it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.failures import TokenExpired, unavailable

_T = TypeVar("_T")


class SessionToken:
    """Signs on when needed, and once more when the platform turns out to have forgotten.

    A call that is told ``TokenExpired`` had no effect, so making it again is safe even when it writes.
    """

    def __init__(self, sign_on: Callable[[], Awaitable[str]]) -> None:
        self._sign_on = sign_on
        self._token = ""
        self._signing_on: asyncio.Task[str] | None = None

    async def use(self, call: Callable[[str], Awaitable[_T]]) -> _T:
        """Make a call that needs a token; Unavailable(PLATFORM_UNAVAILABLE) when a fresh one isn't known either."""
        token = self._token or await self._renew("")
        try:
            return await call(token)
        except TokenExpired:
            token = await self._renew(token)
        try:
            return await call(token)
        except TokenExpired:
            raise unavailable("use a session token", got="a platform that forgot the token it just gave") from None

    async def _renew(self, stale: str) -> str:
        # Many calls find out at once that the token is gone. One sign-on serves them all, and so does its failure:
        # one after the other, they would each wait for a platform that doesn't answer.
        if self._token != stale:
            return self._token
        if self._signing_on is None:
            self._signing_on = asyncio.create_task(self._sign_on_for_all())
        return await asyncio.shield(self._signing_on)

    async def _sign_on_for_all(self) -> str:
        try:
            self._token = await self._sign_on()
        finally:
            self._signing_on = None
        return self._token
