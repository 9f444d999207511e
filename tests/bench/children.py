"""Child processes and how they are spoken to: one JSON object a line, in on stdin, out on stdout.

A child runs gRPC on uvloop as a batch process, as ``gateway.app.serve`` does, and answers ``cpu`` with its processor
time, threads included, so that a round knows who was busy. It ends when its stdin ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

Message = dict[str, Any]
Answerer = Callable[[Message], Awaitable[Message]]

REPOSITORY = Path(__file__).resolve().parents[2]


class Child:
    """A process of this benchmark, seen from the runner."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start ``python -m tests.bench.<module>``; it writes its first line when it is ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}", *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ready = self._read()

    def ask(self, **message: object) -> Message:
        """Send a message and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        return self._read()

    def cpu_seconds(self) -> float:
        """Processor time that the process has used."""
        return float(self.ask(do="cpu")["seconds"])

    def _read(self) -> Message:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            message = f"a process of the benchmark ended early, with status {self._process.wait()}"
            raise RuntimeError(message)
        answer: Message = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a child's main coroutine the way that a gateway runs."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

    async def started() -> None:
        await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(started())


async def answer_until_end(ready: Message, answerer: Answerer) -> None:
    """Say that this child is ready, then answer messages until stdin ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    _write(ready)
    while line := await lines.readline():
        message = json.loads(line)
        _write({"seconds": time.process_time()} if message["do"] == "cpu" else await answerer(message))


def _write(message: Message) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def nothing_else(message: Message) -> Message:
    """For children that answer ``cpu`` only."""
    raise NotImplementedError(message["do"])
