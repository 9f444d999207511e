"""Where platforms call back: a small HTTP listener for the one platform behind this gateway's adapter."""

from __future__ import annotations

import structlog
from aiohttp import web

from gateway.exchange.house import House
from gateway.intake import take_notices
from gateway.ports import CallbackReader
from trust.errors import Misconfigured, Reason, TongbanError

MAX_BODY_BYTES = 1024 * 1024
PATH = "/callback"

_log = structlog.get_logger("gateway.callbacks")


class CallbackListener:
    """Takes the platform's callbacks: authenticates, records, and only then says that they arrived."""

    def __init__(self, house: House, reader: CallbackReader) -> None:
        self._house = house
        self._reader = reader
        self._runner: web.AppRunner | None = None

    async def open(self, address: str) -> int:
        """Listen on ``host:port``; the port. Misconfigured(PORT_IN_USE)."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post(PATH, self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        host, _, port = address.rpartition(":")
        try:
            await web.TCPSite(runner, host, int(port)).start()
        except OSError as error:
            await runner.cleanup()
            raise Misconfigured(
                Reason.PORT_IN_USE,
                f"can't listen on {address} for the platform's callbacks",
                got=error.strerror or "an error",
                mend="stop what listens there, or choose another address in [platform] callback_listen",
            ) from error
        self._runner = runner
        taken: int = runner.addresses[0][1]
        return taken

    async def _take(self, request: web.Request) -> web.Response:
        """A crash before the record leaves the platform without an answer, and it calls again."""
        body = await request.read()  # too large, or broken off: answered by aiohttp
        try:
            notices = self._reader.read(request.headers, body)
            await take_notices(self._house, notices)
        except TongbanError as error:
            _log.warning("callback refused", platform=self._house.platform, reason=error.reason)
            answer, content_type = self._reader.answer(error.reason)
        except Exception as defect:  # noqa: BLE001 - left to aiohttp, its text would be logged, and may name people
            self._house.report_defect(defect)
            answer, content_type = self._reader.answer(Reason.INTERNAL)
        else:
            answer, content_type = self._reader.answer()
        return web.Response(body=answer, headers={"Content-Type": content_type})

    async def close(self) -> None:
        """Take no more."""
        if self._runner is not None:
            await self._runner.cleanup()
