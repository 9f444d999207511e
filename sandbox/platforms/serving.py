"""Run a platform as a program: its command line, its one ready line, its clean end."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.platforms.tokens import Partner

DATA: Final = Path(__file__).resolve().parent.parent / "data"
"""The sandbox's own catalogues."""

_CLOSING_SECONDS: Final = 3.0


def parse_arguments(description: str, region: str, arguments: list[str], *, calls_back: bool) -> argparse.Namespace:
    """The options that every platform has. Raises SystemExit(2) as argparse does."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 for any free one")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the file of cases is kept")
    parser.add_argument("--credentials", type=Path, required=True, metavar="FILE", help="JSON: the partner's account")
    parser.add_argument(
        "--catalogue",
        type=Path,
        default=DATA / f"catalogue-{region}.json",
        metavar="FILE",
        help="catalogue of service items to serve (default: the sandbox's own)",
    )
    if calls_back:
        parser.add_argument("--callback", default="", metavar="URL", help="where progress is told")
    return parser.parse_args(arguments)


def run(name: str, options: argparse.Namespace, make: Callable[[Partner], web.Application]) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. What keeps it from starting is one line on standard error."""
    try:
        app = make(Partner.load(options.credentials))
        return asyncio.run(_serve(name, app, options.host, options.port))
    except (OSError, ValueError, TypeError, KeyError) as error:
        sys.stderr.write(f"{name}: cannot start: {error}\n")
        return 1


async def _serve(name: str, app: web.Application, host: str, port: int) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        sys.stdout.write(f"{name}: ready on http://{host}:{bound}\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        await runner.cleanup()
    return 0
