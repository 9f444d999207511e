"""What the tests of a running sandbox share: a window that takes an application, and a look at what still runs."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tongban.case.v1 import material_pb2

from sandbox.federation import JINGZHOU, YUEYANG
from sandbox.story import ITEM
from sandbox.window import Person, Window, sample_scan, scanned
from sandbox.world import World
from trust.signed_call import Officer

OFFICER = Officer("430600-w1", "window", "test")


@pytest.fixture
def running_in() -> Callable[[Path], list[str]]:
    """Command lines of sandbox programs that mention a folder, as every program of a world in it does."""

    def look(folder: Path) -> list[str]:
        if Path("/proc/self/cmdline").exists():
            lines = [_command_line(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        else:
            ps = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True)
            lines = ps.stdout.splitlines()
        return [line for line in lines if str(folder) in line and "sandbox.tethered" in line]

    return look


def _command_line(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""  # it ended meanwhile


@pytest.fixture
def yueyang() -> Callable[[World], Window]:
    """岳阳's window in a world."""
    return lambda world: Window(world.client(YUEYANG.platform), YUEYANG, OFFICER)


@pytest.fixture
def take_application() -> Callable[..., Awaitable[str]]:
    """A window takes an application that needs no licence; the case number."""

    async def take(window: Window, idempotency_key: str = "") -> str:
        scans = [scanned(key, key, sample_scan(key)) for key in ("id_card", "application", "bank_card")]
        promise = material_pb2.Material(
            key="not_employed", name="未再就业承诺书", carrier=material_pb2.MATERIAL_CARRIER_PROMISE
        )
        case = await window.open_case(
            ITEM,
            JINGZHOU.region,
            Person.named("retiree_by_age"),
            [*scans, promise],
            answers={"retired": "age_reached"},
            idempotency_key=idempotency_key,
        )
        return case.case_number

    return take
