"""Signed calls against bare echoes: both servers up at once, rounds interleaved, medians of the rounds.

Absolute figures drift with whatever else the machine does; the ratio of neighbouring rounds drifts much less.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.children import Child, Message
from tests.bench.ground import CALLEE, CALLER, Ground

ROUNDS = 5
ECHO_CALLS = 8_000
SIGNED_CALLS = 4_000
WARM_UP_CALLS = 500

SEQUENCED_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Measured:
    """One kind of call, over all rounds."""

    calls_per_second: float
    p50_ms: float
    p99_ms: float
    server_cores: float
    """Processor time of the server by wall time."""
    client_cores: float
    server_us_per_call: float
    """Processor time of the server for one call, microseconds."""


@dataclass(frozen=True)
class Comparison:
    """Signed calls and echoes of one run."""

    echo: Measured
    signed: Measured
    message_bytes: int
    signed_calls: int
    """Signed calls made, warm-up included; each is in the store."""
    verified: int
    """Answers whose signature was verified."""

    @property
    def ratio(self) -> float:
        """Signed calls for each echo."""
        return self.signed.calls_per_second / self.echo.calls_per_second


def measure(folder: Path, rounds: int = ROUNDS) -> Comparison:
    """Run all rounds. Raises ValueError when an answer or the store is not as it must be."""
    ground = Ground.lay(folder)
    callee, caller = str(ground.config(CALLEE)), str(ground.config(CALLER))
    with (
        Child("echo_server", callee) as echo,
        Child("gateway_server", callee) as gateway,
        Child("load", caller) as load,
    ):
        servers = {"echo": (echo, ECHO_CALLS), "signed": (gateway, SIGNED_CALLS)}
        measured: dict[str, list[Message]] = {kind: [] for kind in servers}
        for kind, (server, _) in servers.items():
            load.ask(do="connect", kind=kind, port=server.ready["port"])
            load.ask(do="run", kind=kind, calls=WARM_UP_CALLS)
        made = WARM_UP_CALLS
        for _ in range(rounds):
            for kind, (server, calls) in servers.items():
                before = server.cpu_seconds()
                done = load.ask(do="run", kind=kind, calls=calls)
                measured[kind].append(done | {"calls": calls, "server_cpu_seconds": server.cpu_seconds() - before})
            made += SIGNED_CALLS
            _require_recorded(folder / f"{CALLEE.gateway}.db", made)
    signed = measured["signed"]
    return Comparison(
        echo=_medians(measured["echo"]),
        signed=_medians(signed),
        message_bytes=signed[0]["bytes"],
        signed_calls=made,
        verified=sum(done["verified"] for done in signed),
    )


def _medians(rounds: list[Message]) -> Measured:
    return Measured(
        calls_per_second=median(done["calls"] / done["seconds"] for done in rounds),
        p50_ms=median(done["p50_ms"] for done in rounds),
        p99_ms=median(done["p99_ms"] for done in rounds),
        server_cores=median(done["server_cpu_seconds"] / done["seconds"] for done in rounds),
        client_cores=median(done["client_cpu_seconds"] / done["seconds"] for done in rounds),
        server_us_per_call=median(done["server_cpu_seconds"] / done["calls"] * 1e6 for done in rounds),
    )


def _require_recorded(store: Path, calls: int) -> None:
    """Every acknowledged call left its case, event, number, delivery and evidence, and its leaf gets a place."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        for table in ("cases", "events", "seen_calls", "deliveries", "evidence", "leaves"):
            _require(table, database, f"SELECT count(*) FROM {table}", calls)  # noqa: S608 - the names above
        deadline = time.monotonic() + SEQUENCED_WITHIN_SECONDS
        while time.monotonic() < deadline and _count(database, "SELECT size FROM log_head") < calls:
            time.sleep(0.1)
        _require("log_head", database, "SELECT size FROM log_head", calls)


def _require(table: str, database: sqlite3.Connection, statement: str, calls: int) -> None:
    found = _count(database, statement)
    if found != calls:
        message = f"{calls} calls were acknowledged, and {table} has {found}"
        raise ValueError(message)


def _count(database: sqlite3.Connection, statement: str) -> int:
    return int(database.execute(statement).fetchone()[0])
