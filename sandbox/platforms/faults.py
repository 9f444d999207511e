"""Faults that a test or a demo switches on, in the pairs that matter: it failed; it failed, but it happened.

A planned fault strikes the next calls that partners make (signing on is spared) as many times as it was planned for.
With ``after_taken`` it spares what only reads, and strikes after the write is in the file.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from aiohttp import web


class FaultKind(StrEnum):
    """What goes wrong."""

    HTTP_500 = "http_500"
    """The web server fails."""
    BUSY_INSIDE = "busy_inside"
    """HTTP 200 with "busy, try again" inside, in the dialect's own words."""
    REFUSED_INSIDE = "refused_inside"
    """HTTP 200 with a lasting error inside."""
    NONSENSE = "nonsense"
    """HTTP 200 with a maintenance page in HTML."""
    RESET = "reset"
    """The connection breaks without an answer."""
    DELAY = "delay"
    """The answer takes ``seconds`` longer."""
    GARBLE = "garble"
    """The next thing the staff do is told under a code that the dialect does not have."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault."""

    kind: FaultKind
    times: int = 1
    """Calls that it strikes."""
    after_taken: bool = False
    """Strike writes only, after they took effect."""
    seconds: float = 0.0
    """For a delay."""


class Faults:
    """The faults planned at one platform, struck in the order planned."""

    def __init__(
        self, busy: Callable[[web.Request], web.Response], refused: Callable[[web.Request], web.Response]
    ) -> None:
        self._busy = busy
        self._refused = refused
        self._planned: deque[Fault] = deque()

    def plan(self, fault: Fault) -> None:
        """Add a fault."""
        self._planned.append(fault)

    def clear(self) -> None:
        """Forget what is planned."""
        self._planned.clear()

    async def before(self, request: web.Request) -> web.Response | None:
        """What to answer instead of doing what was asked; None to go on."""
        return await self._strike(request, after_taken=False)

    async def after_taken(self, request: web.Request) -> web.Response | None:
        """What to answer although the write is done; None for the truth."""
        return await self._strike(request, after_taken=True)

    def garbles(self) -> bool:
        """Whether the staff's act is to be told in a code that nobody knows."""
        return self._take(lambda fault: fault.kind is FaultKind.GARBLE) is not None

    async def _strike(self, request: web.Request, *, after_taken: bool) -> web.Response | None:
        fault = self._take(lambda planned: planned.after_taken is after_taken and planned.kind is not FaultKind.GARBLE)
        match fault and fault.kind:
            case FaultKind.HTTP_500:
                return web.Response(status=500, text="Internal Server Error")
            case FaultKind.BUSY_INSIDE:
                return self._busy(request)
            case FaultKind.REFUSED_INSIDE:
                return self._refused(request)
            case FaultKind.NONSENSE:
                return web.Response(text="<html><body>系统维护中</body></html>", content_type="text/html")
            case FaultKind.RESET:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()  # goes nowhere
            case FaultKind.DELAY:
                await asyncio.sleep(fault.seconds if fault else 0.0)
        return None

    def _take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        fault = next(filter(wanted, self._planned), None)
        if fault is not None:
            place = self._planned.index(fault)
            if fault.times > 1:
                self._planned[place] = replace(fault, times=fault.times - 1)
            else:
                del self._planned[place]
        return fault
