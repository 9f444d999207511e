"""A line between two gateways that can be cut: a TCP proxy on the loopback, which sees nothing but sealed bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_CHUNK = 64 * 1024


@dataclass
class Line:
    """Carries every connection to one address. ``hold`` and ``cut`` make the failure that is worst to judge."""

    host: str
    port: int
    """Where it leads."""
    address: str = ""
    """Where it begins."""
    _answers_pass: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def hold(self) -> None:
        """Requests pass from now on, answers don't."""
        self._answers_pass.clear()

    async def cut(self) -> None:
        """Break all connections, with the answers that were held, and let new ones pass both ways."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._answers_pass.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self.host, self.port)
        tasks = {
            asyncio.create_task(self._pump(reader, there_writer, held=False)),
            asyncio.create_task(self._pump(there_reader, writer, held=True)),
        }
        self._open |= tasks
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open -= tasks
        for each in (writer, there_writer):
            each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, held: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if held:
                    await self._answers_pass.wait()
                writer.write(data)
                await writer.drain()


@contextlib.asynccontextmanager
async def line_to(host: str, port: int) -> AsyncIterator[Line]:
    """A line that leads there, open until left."""
    line = Line(host, port)
    line._answers_pass.set()
    server = await asyncio.start_server(line.carry, host, 0)
    line.address = f"{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        await line.cut()
        await server.wait_closed()
