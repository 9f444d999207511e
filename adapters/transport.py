"""HTTP to a platform, with every bound set, and its failures sorted by whether to try again.

Rules:

1. No answer, an answer too late, HTTP 5xx, 408 and 429: Unavailable(PLATFORM_UNAVAILABLE). The outcome is unknown.
2. Any other status than 200 and 401: WrongState(PLATFORM_REFUSED). It would say the same again.
3. 401 is ``TokenExpired``, which ``adapters.session_token`` mends once.
4. Redirects are not followed: a platform that moves tells its partners, and a credential must not follow it.
5. Nothing here repeats a request. Platforms take duplicates silently, so only whoever knows whether a request writes
   may repeat it (``adapters.once``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from adapters.failures import Overdue, TokenExpired, refused, unavailable
from trust.errors import Fault, Reason, Unavailable

MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Largest answer that is read: a page of a catalogue with all its materials stays well below."""

ANSWER_SECONDS: Final = 10.0
"""Longest time for one request, its answer included."""

_CONNECT_SECONDS: Final = 3.0
_CHUNK_BYTES: Final = 64 * 1024
_TRIES: Final = 3
_LONGEST_WAIT_SECONDS: Final = 2.0
_FIRST_WAIT_SECONDS: Final = 0.2

_T = TypeVar("_T")


class Transport:
    """A pool of connections to one platform. Made lazily, so that it may be constructed before a loop runs."""

    def __init__(self, base_url: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=answer_seconds, sock_connect=_CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> bytes:
        """Send one request; the body of the answer. Raises as the module's rules say."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(
                self._base_url + path,
                data=body,
                headers={**(headers or {}), "Content-Type": content_type},
                allow_redirects=False,
            ) as response:
                _check_status(response.status)
                return await _read_bounded(response)
        except TimeoutError:
            raise Overdue(
                Reason.PLATFORM_UNAVAILABLE,
                f"call the platform at {path}",
                got=f"no answer within {self._timeout.total:g} seconds",
                fault=Fault.PLATFORM,
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise unavailable(f"call the platform at {path}", got=type(error).__name__) from None

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def patiently(call: Callable[[], Awaitable[_T]], *, after_overdue: bool) -> _T:
    """Repeat something that is safe to repeat, three times at most within a few seconds; longer is the outbox's work.

    ``after_overdue`` is false for what writes: a platform still working on a request does not show it yet when asked,
    and the repetition would be a second one.
    """
    retrying = AsyncRetrying(
        stop=stop_after_attempt(_TRIES),
        wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
        retry=retry_if_exception(
            lambda error: isinstance(error, Unavailable) and (after_overdue or not isinstance(error, Overdue))
        ),
        reraise=True,
    )

    async def attempt() -> _T:
        return await call()

    return await retrying(attempt)


def _check_status(status: int) -> None:
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.UNAUTHORIZED:
        raise TokenExpired
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }:
        raise unavailable("call the platform", got=f"HTTP {status}")
    raise refused("call the platform", got=f"HTTP {status}")


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise refused("read the platform's answer", got=f"more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)
