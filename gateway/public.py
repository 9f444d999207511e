"""What anybody may read and ask, over plain HTTP: our log as tiles, and our cosignature under others' checkpoints.

    GET  /checkpoint                      the newest checkpoint, cosigned where there is a cosigned one
    GET  /tile/…                          hashes and leaves
    POST /add-checkpoint                  ask this witness
    GET  /<sha-256 of origin>/checkpoint  what this witness cosigned last of a log

The forms are those of c2sp.org/tlog-tiles and c2sp.org/tlog-witness.

Nobody signs in here, and nothing here is personal: leaves hold no personal data, and checkpoints are meant to be known.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from gateway.exchange.audit import newest_cosigned
from gateway.exchange.house import House
from gateway.exchange.tile_files import tile_file
from gateway.exchange.witnessing import cosigned, newest_witnessed, origin
from trust.directory import Role
from trust.errors import Conflict, Malformed, Misconfigured, NotFound, Reason, TongbanError, Unavailable
from trust.tiles import CHECKPOINT_PATH, Tile
from trust.witness import MAX_REQUEST_BYTES, SIZE_CONTENT_TYPE, http_status

MAX_CONNECTIONS: Final = 256
"""Connections at the same time; who comes beyond is turned away at once. What else is to be bounded for strangers, as
how many connections one address may have, is for the reverse proxy before it."""

CONNECTION_SECONDS: Final = 60.0
"""How long a connection is taken requests from; whoever reads the whole log comes again."""

GRACE_SECONDS: Final = 30.0
"""How long the request that is then under way may take still."""

SWEEP_SECONDS: Final = 1.0
"""How often connections are looked at."""

STOP_SECONDS: Final = 2.0
"""How long requests under way have when the gateway stops."""

_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_MOMENT: Final = "public, max-age=2"
"""A checkpoint moves on."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
"""A tile never changes."""

_log = structlog.get_logger("gateway.public")

_strangers = logging.getLogger("gateway.public.strangers")
_strangers.setLevel(logging.CRITICAL)
"""For aiohttp, which would write a trace with their bytes for each request that is no HTTP; what fails in here is told
by ``_answered``."""


class PublicListener:
    """The gateway's one listener for everybody."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self, address: str) -> int:
        """Listen on ``host:port``; the port. Misconfigured(PORT_IN_USE)."""
        app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[self._answered])
        app.router.add_get(f"/{CHECKPOINT_PATH}", self._checkpoint)
        app.router.add_get("/{path:tile/.+}", self._tile)
        app.router.add_post("/add-checkpoint", self._add_checkpoint)
        app.router.add_get("/{origin_hash:[0-9a-f]{64}}/checkpoint", self._witnessed)
        runner = web.AppRunner(app, access_log=None, logger=_strangers, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        host, _, port = address.rpartition(":")
        try:
            server = await asyncio.get_running_loop().create_server(partial(_take, runner), host, int(port))
        except OSError as error:
            await runner.cleanup()
            raise Misconfigured(
                Reason.PORT_IN_USE,
                f"can't listen on {address} for readers of the log",
                got=error.strerror or "an error",
                mend="stop what listens there, or choose another address in [audit] listen",
            ) from error
        self._runner, self._server = runner, server
        self._sweeping = asyncio.create_task(_sweep(runner))
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Take no more."""
        if self._runner is None or self._server is None or self._sweeping is None:
            return
        self._server.close()
        self._sweeping.cancel()
        await self._runner.cleanup()

    @web.middleware
    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every failure as its status, with one line that names the reason and quotes nothing."""
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Unavailable as error:
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, error)
        except TongbanError as error:
            if isinstance(error, Conflict):
                _log.error("a reader could not be answered", path=request.path[:100], reason=error.reason)
                return _said(HTTPStatus.INTERNAL_SERVER_ERROR, error)
            return _said(http_status(error), error)
        except Exception as defect:  # noqa: BLE001 - left to aiohttp, its text would be logged
            self._house.report_defect(defect)
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    # the log --------------------------------------------------------------------------------------------------------

    async def _checkpoint(self, _: web.Request) -> web.Response:
        note = await newest_cosigned(self._house) or (await self._house.store.log_head()).checkpoint
        return _note(note) if note else web.Response(status=HTTPStatus.NOT_FOUND)

    async def _tile(self, request: web.Request) -> web.Response:
        tile = Tile.from_path(request.match_info["path"])
        tile.require_in((await self._house.store.log_head()).size)
        content = await tile_file(self._house.store, tile)
        headers = {"Content-Type": _BYTES, "Cache-Control": _FOR_EVER}
        if tile.level is None:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                # Beside the loop: strangers choose how often.
                content = await asyncio.to_thread(gzip.compress, content, mtime=0)
        return web.Response(body=content, headers=headers)

    # the witness ----------------------------------------------------------------------------------------------------

    async def _add_checkpoint(self, request: web.Request) -> web.Response:
        body = await request.read()  # too large, or broken off: answered by aiohttp
        try:
            asked = body.decode()
        except UnicodeDecodeError as error:
            raise Malformed(Reason.MESSAGE_MALFORMED, "the request is no text", expected="UTF-8") from error
        try:
            lines = await cosigned(self._house, asked, self._house.clock.now())
        except Conflict as error:
            if error.reason is Reason.CHECKPOINT_STALE:
                headers = {"Content-Type": SIZE_CONTENT_TYPE}
                return web.Response(status=HTTPStatus.CONFLICT, body=f"{error.details['size']}\n", headers=headers)
            return _said(http_status(error), error)
        return web.Response(text=lines, headers={"Content-Type": _TEXT})

    async def _witnessed(self, request: web.Request) -> web.Response:
        for member in self._house.knowledge.directory.members:
            name = origin(member.id)
            if member.role is Role.GATEWAY and sha256(name.encode()).hexdigest() == request.match_info["origin_hash"]:
                note = await newest_witnessed(self._house, name)
                if note:
                    return _note(note)
        raise NotFound(Reason.LOG_UNKNOWN, "nothing of this log was cosigned here")


class _TurnedAway(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


def _take(runner: web.AppRunner) -> asyncio.Protocol:
    server = runner.server
    return _TurnedAway() if server is None or len(server.connections) >= MAX_CONNECTIONS else server()


async def _sweep(runner: web.AppRunner) -> None:
    """Close connections whose time is over, however slowly something still comes in or goes out by them."""
    began: dict[RequestHandler, float] = {}
    while server := runner.server:
        now = asyncio.get_running_loop().time()
        began = {each: began.get(each, now) for each in server.connections}
        for each, at in began.items():
            if now - at >= CONNECTION_SECONDS + GRACE_SECONDS:
                each.force_close()
            elif now - at >= CONNECTION_SECONDS:
                each.close()
        await asyncio.sleep(SWEEP_SECONDS)


def _note(note: str) -> web.Response:
    return web.Response(body=note.encode(), headers={"Content-Type": _TEXT, "Cache-Control": _MOMENT})


def _said(status: int, error: TongbanError) -> web.Response:
    return web.Response(status=status, text=f"{error.reason}\n")
