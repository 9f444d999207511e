"""The sandbox's programs as processes of their own: started, watched, stopped. Each is known by its process id only.

Each has a log file for all that it says, its own session, so that a Ctrl-C at the terminal reaches this program alone
and it decides in which order things end, and a tether (``sandbox.tethered``), so that nothing outlives this program.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway import failpoints
from sandbox.configuration import HOST

STOP_SECONDS: Final = 8.0
"""How long a program may take to stop before it is killed."""

_LOOK_SECONDS: Final = 0.02
_LOG_TAIL_BYTES: Final = 2_000

# Below the ports from which operating systems serve outgoing connections (Linux from 32768, macOS from 49152): no
# connection of our own can take one between the moment it is chosen and the moment its program listens on it.
_FIRST_PORT: Final = 20_000
_PORTS: Final = 12_000


class NotRunning(Exception):
    """A program of the sandbox did not start, or ended by itself."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        self.log = log
        super().__init__(f"{name}: {what}; its log is {log}")


class Process:
    """One running program."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @classmethod
    def start(
        cls, name: str, program: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Process:
        """Start a program of ours, as ``sandbox.tethered`` takes it; what it says is appended to ``log``."""
        log.parent.mkdir(parents=True, exist_ok=True)
        # The operator's own settings would override the sandbox's files.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("TONGBAN_")}
        with log.open("ab") as output:
            popen = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", "sandbox.tethered", program, *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=inherited | dict(environment),
            )
        return cls(name, popen, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def require_running(self) -> None:
        """Raises NotRunning, with the last that it said, if it ended."""
        status = self._popen.poll()
        if status is not None:
            raise NotRunning(self.name, f"ended with status {status}: {self._last_line()}", self.log)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        self._popen.send_signal(number)

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        while self.running:  # noqa: ASYNC110 - a process tells its end only to who asks
            await asyncio.sleep(_LOOK_SECONDS)
        self._forget()
        return self._popen.returncode

    def kill(self) -> None:
        """End it at once, as a power failure would, and wait for that."""
        self._popen.kill()
        self._popen.wait()
        self._forget()

    def _forget(self) -> None:
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def _last_line(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


async def stop_all(processes: Iterable[Process]) -> None:
    """Stop programs: ask all, wait for all, kill the rest. Nothing is left, even when this is cancelled."""
    running = list(processes)
    try:
        for process in running:
            process.send(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(each.running for each in running) and time.monotonic() < until:  # noqa: ASYNC110 - as above
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        for process in running:
            process.kill()


def failing(failpoint: str) -> dict[str, str]:
    """The environment of a gateway that crashes at a failpoint of ``gateway.failpoints``; of a sound one when empty."""
    return {failpoints.VARIABLE: failpoint} if failpoint else {}


def free_ports(names: Iterable[str], preferred: Mapping[str, int]) -> dict[str, int]:
    """A free loopback port for each name: the preferred one while nobody else has it."""
    chosen: dict[str, int] = {}
    for name in names:
        wanted = preferred.get(name, 0)
        while wanted in {0, *chosen.values()} or not _is_free(wanted):
            wanted = _FIRST_PORT + secrets.randbelow(_PORTS)
        chosen[name] = wanted
    return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only cooling down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
