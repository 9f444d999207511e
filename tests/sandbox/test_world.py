"""The world boots, survives what is done to it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.federation import JINGZHOU, YUEYANG, Federation
from sandbox.processes import NotRunning, free_ports
from sandbox.story import ITEM
from sandbox.window import Window
from sandbox.world import FolderInUse, World, port_names

Look = Callable[[Path], list[str]]
Stand = Callable[[World], Window]
Take = Callable[..., Awaitable[str]]

SECONDS = 60.0


async def arrived(world: World, case: str) -> int:
    """Copies of a case at 荆州's platform, once there is one."""
    deadline = time.monotonic() + SECONDS
    while (known := await world.desk(JINGZHOU.region).case(case)) is None:
        assert time.monotonic() < deadline, "the case never arrived"
        await asyncio.sleep(0.05)
    copies: int = known["copies"]
    return copies


async def test_a_world_answers_and_leaves_nothing_running(tmp_path: Path, running_in: Look, yueyang: Stand) -> None:
    async with World(tmp_path) as world:
        assert len(running_in(tmp_path)) == 4
        assert await yueyang(world).cases() == []
        assert await world.desk(JINGZHOU.region).cases() == []
        with pytest.raises(FolderInUse):
            await World(tmp_path).__aenter__()
        assert len(running_in(tmp_path)) == 4
    assert running_in(tmp_path) == []


async def test_each_gateway_starts_with_its_own_word_and_learns_the_other_ones(tmp_path: Path, yueyang: Stand) -> None:
    async with World(tmp_path) as world:
        for city, other in ((YUEYANG, JINGZHOU), (JINGZHOU, YUEYANG)):
            settings = tomllib.loads(world.config(city.gateway).read_text())["catalogues"]
            assert [Path(file).name for file in settings["files"]] == ["catalogue-000000.json"]
            assert [Path(file).name for file in settings["reviews"]] == [f"{city.gateway}.jws"]
            told = [json.loads(line) for line in world.log(city.gateway).read_text().splitlines()]
            taken = [line for line in told if line["message"] == "catalogue of a peer taken over"]
            assert [line["catalogue"] for line in taken] == [other.region]
        translated = await yueyang(world).translate(JINGZHOU.region, ITEM, {"retired": "approved"})
        (match,) = translated.matches
        assert list(match.path[0].approved_by) == [JINGZHOU.gateway, YUEYANG.gateway]


async def test_a_second_start_goes_on_with_keys_and_cases(
    tmp_path: Path, yueyang: Stand, take_application: Take
) -> None:
    async with World(tmp_path) as world:
        case = await take_application(yueyang(world))
        first, ports = world.federation, world.ports
    async with World(tmp_path) as world:
        assert [known.case_number for known in await yueyang(world).cases()] == [case]
        assert world.federation.directory.version == first.directory.version + 1
        assert world.federation.trustees_file.read_bytes() == first.trustees_file.read_bytes()
        assert _public_keys(world.federation) == _public_keys(first)
        assert world.ports == ports


async def test_a_killed_gateway_and_a_stopped_platform_take_up_where_they_were(
    tmp_path: Path, yueyang: Stand, take_application: Take, running_in: Look
) -> None:
    async with World(tmp_path) as world:
        await world.kill(JINGZHOU.gateway)
        await world.stop_platform(JINGZHOU.region)
        assert len(running_in(tmp_path)) == 2
        case = await take_application(yueyang(world))
        await world.start_platform(JINGZHOU.region)
        await world.start(JINGZHOU.gateway)
        assert await arrived(world, case) == 1
    assert running_in(tmp_path) == []


async def test_a_gateway_that_crashes_after_sending_sends_again_and_has_one_effect(
    tmp_path: Path, yueyang: Stand, take_application: Take
) -> None:
    async with World(tmp_path, failpoints={YUEYANG.region: "dispatch.after_send"}) as world:
        case = await take_application(yueyang(world))
        assert await world.ended(YUEYANG.gateway) == -signal.SIGKILL
        await world.start(YUEYANG.gateway)
        assert await arrived(world, case) == 1
        await world.desk(JINGZHOU.region).act(case, "accept", promised_days=3)
        deadline = time.monotonic() + SECONDS
        while not (shown := await yueyang(world).case(case)).due_date:
            assert time.monotonic() < deadline, "the acceptance never arrived"
            await asyncio.sleep(0.1)
        assert [step.event for step in shown.steps] == ["submitted", "accepted"]


@pytest.mark.parametrize("name", [YUEYANG.gateway, JINGZHOU.platform])
async def test_a_port_that_is_taken_is_named_and_nothing_stays_behind(
    tmp_path: Path, running_in: Look, name: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # the kernel's choice: a port that is free when asked may be taken a moment later
        taken.listen()
        ports = {**free_ports(port_names(), {}), name: taken.getsockname()[1]}
        with pytest.raises(NotRunning, match=name):
            await World(tmp_path, ports=ports).__aenter__()
    assert running_in(tmp_path) == []


async def test_ports_are_free_different_and_as_preferred() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        used = taken.getsockname()[1]
        ports = free_ports(("a", "b", "c"), {"a": used, "b": 31_999})
    assert used not in ports.values()
    assert len(set(ports.values())) == 3
    assert free_ports(("b",), {"b": ports["b"]}) == {"b": ports["b"]}


PROGRAM = """
import asyncio, sys
from pathlib import Path
from sandbox.program import run_program
from sandbox.world import World

async def main():
    async with World(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.sleep(600)
    return 0

sys.exit(run_program(main))
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_outlives_the_program_however_it_ends(
    tmp_path: Path, running_in: Look, number: signal.Signals, status: int
) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "up\n"
        assert len(running_in(tmp_path)) == 4
        program.send_signal(number)
        assert program.wait(SECONDS) == status
    deadline = time.monotonic() + SECONDS  # nobody waits for orphans: they notice by themselves
    while running_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running_in(tmp_path) == []


def _public_keys(federation: Federation) -> dict[str, dict[str, str]]:
    return {entry.kid: entry.key.to_jwk() for member in federation.directory.members for entry in member.keys}
