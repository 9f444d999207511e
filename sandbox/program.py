"""Run an asynchronous program that must clean up after itself, whatever ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_program(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """The exit status of ``main``, or 128 and the signal's number when SIGINT, SIGTERM or SIGHUP ended it.

    A signal cancels ``main``, which stops what it started on its way out. A second one cuts that short.
    """
    received: list[signal.Signals] = []

    async def guarded() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task

        def end(number: signal.Signals) -> None:
            received.append(number)
            task.cancel()

        for number in _ENDING:
            loop.add_signal_handler(number, end, number)
        try:
            return await main()
        except asyncio.CancelledError:
            if not received:
                raise
            return 128 + received[0]

    return asyncio.run(guarded())
