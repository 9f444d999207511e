"""``make bench``: measure, show a table, write build/bench.json. ``--only NAME`` measures one and keeps the others."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import grpc
from rich.console import Console
from rich.table import Table

from tests.bench import demo, idle, licences, signed_call, translation
from tests.bench.children import REPOSITORY

RESULTS: Final = REPOSITORY / "build" / "bench.json"

KEYS: Final = (
    "echo_mtls_rps",
    "signed_call_rps",
    "signed_call_ratio",
    "signed_call_p99_ms",
    "translate_per_s",
    "licence_verify_per_s",
    "demo_first_s",
    "demo_again_s",
    "gateway_idle_mb",
)
"""What the file holds, no more and no less; null for what could not be measured."""

Figures = dict[str, float | None]


class Report:
    """What was measured, as a table for people."""

    def __init__(self) -> None:
        self.table = Table("what", "result", "remarks", title="Tongban, measured", title_justify="left")

    def line(self, what: str, result: str, remarks: str = "") -> None:
        """Add a line."""
        self.table.add_row(what, result, remarks)


def _signed_call(report: Report) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        found = signed_call.measure(Path(folder))
    for name, measured in (("bare echo over mTLS", found.echo), ("signed call, the whole way", found.signed)):
        report.line(
            name,
            f"{measured.calls_per_second:,.0f}/s",
            f"p50 {measured.p50_ms:.1f} ms, p99 {measured.p99_ms:.1f} ms; CPU: server {measured.server_cores:.2f} "
            f"cores ({measured.server_us_per_call:.0f} µs a call), client {measured.client_cores:.2f}",
        )
    report.line(
        "signed call / echo",
        f"{found.ratio:.0%}",
        f"{found.message_bytes} bytes, medians of {signed_call.ROUNDS} interleaved rounds; "
        f"{found.signed_calls:,} calls, all in the store; {found.verified} answers' signatures verified",
    )
    return {
        "echo_mtls_rps": round(found.echo.calls_per_second, 1),
        "signed_call_rps": round(found.signed.calls_per_second, 1),
        "signed_call_ratio": round(found.ratio, 4),
        "signed_call_p99_ms": round(found.signed.p99_ms, 2),
    }


def _translate(report: Report) -> Figures:
    found = translation.measure(translation.SECONDS)
    report.line(
        "translation, in process",
        f"{found.per_second:,.0f}/s",
        f"{translation.INPUTS:,} random inputs, {found.kinds} kinds of outcome; {found.checked} rows checked first",
    )
    return {"translate_per_s": round(found.per_second, 1)}


def _licence_verify(report: Report) -> Figures:
    found = licences.measure(licences.SECONDS)
    report.line(
        "licence verification, in process",
        f"{found.per_second:,.0f}/s",
        f"{found.presentations} presentations, with status list and holder's signature; verdicts checked beforehand",
    )
    return {"licence_verify_per_s": round(found.per_second, 1)}


def _gateway_idle(report: Report) -> Figures:
    if not Path("/proc/self/status").exists():
        report.line("gateway at rest", "not measured", "needs /proc")
        return {"gateway_idle_mb": None}
    with tempfile.TemporaryDirectory() as folder:
        resident = idle.measure(Path(folder))
    report.line("gateway at rest", f"{resident:.0f} MB", f"resident, {idle.REST_SECONDS:.0f} s after it was ready")
    return {"gateway_idle_mb": round(resident, 1)}


def _demo(report: Report) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = demo.measure(Path(folder))
        except demo.NotPossibleHere as why:
            report.line("make demo", "not measured", str(why))
            return {"demo_first_s": None, "demo_again_s": None}
    report.line("make demo, first time", f"{found.first_s:.1f} s", "fresh clone, new environment")
    report.line("make demo, again", f"{found.again_s:.1f} s", "same clone")
    return {"demo_first_s": round(found.first_s, 2), "demo_again_s": round(found.again_s, 2)}


BENCHES: Final[Mapping[str, Callable[[Report], Figures]]] = {
    "signed_call": _signed_call,
    "translate": _translate,
    "licence_verify": _licence_verify,
    "gateway_idle": _gateway_idle,
    "demo": _demo,
}


def machine() -> str:
    """The machine and what runs on it, in one line."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, grpcio {grpc.__version__}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def merge(earlier: Mapping[str, object], figures: Figures) -> dict[str, object]:
    """Every key once, in order: the new figure, else the earlier one, else null."""
    return {key: figures[key] if key in figures else earlier.get(key) for key in KEYS}


def main(arguments: list[str]) -> int:
    """Run the benches that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHES, help="measure this one and keep the other figures")
    only = parser.parse_args(arguments).only
    console, report, figures = Console(), Report(), Figures()
    console.print(machine())
    for name, bench in BENCHES.items():
        if only in {None, name}:
            with console.status(f"measuring {name} …"):
                figures |= bench(report)
    console.print(report.table)
    if hasattr(os, "getloadavg"):
        console.print(f"load average of the machine in the last minute: {os.getloadavg()[0]:.2f}")
    earlier = json.loads(RESULTS.read_text("utf-8")) if only and RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(merge(earlier, figures), indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
