"""Pass a message on once, to a platform that silently takes the same thing twice.

Such a platform can't be told "only if you don't have it". So every attempt asks first and writes only what is missing:

1. Ask for the case by its number, and which message keys came with it.
2. The key is there: a former attempt arrived although its answer was lost. Done.
3. Otherwise write.
4. The platform is down or the connection broke at any of these: from 1 again, a few times. It asks again, so a write
   whose answer was lost is found at 2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from adapters.failures import refused
from adapters.transport import patiently
from gateway.domain.case import EventKind
from gateway.domain.platform import PlatformMessage, PlatformReceipt


@dataclass(frozen=True, slots=True)
class Held:
    """What the platform has of a case."""

    local_number: str
    """Its own number of the case."""
    keys: frozenset[str]
    """Keys of the messages that it took."""


class OnceOnly:
    """The steps above. One per adapter: it keeps two attempts on the same case from overtaking each other."""

    def __init__(self) -> None:
        self._busy: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def pass_on(
        self,
        message: PlatformMessage,
        ask: Callable[[], Awaitable[Held | None]],
        write: Callable[[Held | None], Awaitable[str]],
    ) -> PlatformReceipt:
        """Pass ``message`` on. ``write`` gets what the platform has and gives the platform's number of the case.

        Raises Unavailable(PLATFORM_UNAVAILABLE), and WrongState(PLATFORM_REFUSED), also when a later step is passed on
        of a case that the platform does not have.
        """

        async def attempt() -> PlatformReceipt:
            # 1
            held = await ask()
            # 2. A case that is there under its number was handed over, whatever key the platform kept.
            if held is not None and (message.key in held.keys or message.kind is EventKind.SUBMITTED):
                return PlatformReceipt(held.local_number)
            if held is None and message.kind is not EventKind.SUBMITTED:
                raise refused(
                    f"pass {message.kind} of case {message.case_number} on",
                    got="a platform that does not have the case",
                    mend="requeue the delivery that hands the case over, then this one",
                )
            # 3
            return PlatformReceipt(await write(held))

        async with self._busy.setdefault(message.case_number, asyncio.Lock()):
            # 4
            return await patiently(attempt, after_overdue=False)
