"""A session token that its platform forgets whenever it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.failures import TokenExpired, unavailable
from trust.errors import TongbanError

_T = TypeVar("_T")


class SessionToken:
    """Signs on when needed, and once more when the platform turns out to have forgotten.

    A call that is told ``TokenExpired`` had no effect, so making it again is safe even when it writes.
    """

    def __init__(self, sign_on: Callable[[], Awaitable[str]]) -> None:
        self._sign_on = sign_on
        self._token = ""
        self._signing_on = asyncio.Lock()
        self._failure: TongbanError | None = None  # the last

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
        known = self._failure
        async with self._signing_on:
            if self._token != stale:
                return self._token
            if self._failure is not None and self._failure is not known:
                raise self._failure
            try:
                self._token = await self._sign_on()
            except TongbanError as error:
                self._failure = error
                raise
            return self._token
