"""What ``tongban sandbox up`` says can be tried works, word for word."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
import urllib.request
from io import StringIO
from pathlib import Path

from rich.console import Console

from sandbox import guide
from sandbox.world import World, port_names

NEEDS_AN_ANSWER = 3
"""Exit status of a translation that isn't there yet."""


async def test_every_command_works_as_printed_one_after_the_other(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        to_try = guide.commands(
            tmp_path, world.ports, guide.write_application(tmp_path), guide.write_verifier(tmp_path)
        )
        printed = StringIO()
        guide.show(Console(file=printed, width=80), tmp_path, world.ports, to_try)
        lines = printed.getvalue().splitlines()
        case = ""
        statuses: list[int] = []
        for command in to_try:
            assert command.text in lines
            status, said = await run(command.text.replace(guide.CASE, case))
            statuses.append(status)
            found = re.search(r"430600-[0-9]{8}-[0-9]{6}-[0-9A-Z]", said)
            case = case or (found.group() if found else "")
    assert statuses == [NEEDS_AN_ANSWER, *[0] * (len(to_try) - 1)]
    assert case


async def run(command: str) -> tuple[int, str]:
    """Do what a shell would, also where neither ``tongban`` nor ``curl`` is installed."""
    program, *arguments = shlex.split(command)
    if program == "curl":
        return 0, await asyncio.to_thread(curl, arguments)
    if program.endswith("tongban"):
        arguments = ["-c", "from sandbox.cli import main; main()", *arguments]
    else:
        assert is_this_python(program)
    started = [sys.executable, *arguments]
    done = await asyncio.to_thread(subprocess.run, started, capture_output=True, text=True, check=False, timeout=180)
    return done.returncode, done.stdout + done.stderr


def is_this_python(program: str) -> bool:
    return Path(program).absolute() == Path(sys.executable)


def curl(arguments: list[str]) -> str:
    """``curl -s [-X POST] URL [-d DATA]``; raises HTTPError for a refusal."""
    (url,) = (argument for argument in arguments if argument.startswith("http"))
    data = arguments[arguments.index("-d") + 1].encode() if "-d" in arguments else None
    with urllib.request.urlopen(url, data) as response:  # noqa: S310 - http, as the assignment above makes sure
        return str(response.read().decode())


async def test_everything_that_listens_is_named(tmp_path: Path) -> None:
    printed = StringIO()
    ports = {name: number for number, name in enumerate(port_names(), start=1)}
    guide.show(Console(file=printed, width=80), tmp_path, ports, ())
    for port in ports.values():
        assert re.search(rf"127\.0\.0\.1:{port}\b", printed.getvalue())
