"""``make bench``: measure, show a table, write build/bench.json. ``--only NAME`` measures one and keeps the others.

``--small`` takes what is large in a small size: to see whether everything runs, not how fast. Its figures are shown and
not kept.
"""

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

from tests.bench import (
    bundles,
    called,
    cosigning,
    demo,
    holding,
    idle,
    imports,
    leaves,
    licences,
    signed_call,
    translation,
    whole_log,
)
from tests.bench.children import REPOSITORY
from tests.bench.large import FULL, SMALL, Size

RESULTS: Final = REPOSITORY / "build" / "bench.json"

KEYS: Final = (
    "echo_mtls_rps",
    "signed_call_rps",
    "signed_call_ratio",
    "signed_call_p99_ms",
    "translate_per_s",
    "translate_p50_ms",
    "translate_call_p50_ms",
    "translate_batch_per_s",
    "translate_batch_wire_per_s",
    "crosswalk_import_rows_per_s",
    "catalogue_mb",
    "licence_verify_per_s",
    "demo_first_s",
    "demo_again_s",
    "gateway_idle_mb",
    "audit_leaves_per_s",
    "audit_single_commit_per_s",
    "audit_prove_ms",
    "audit_verify_ms",
    "audit_full_verify_leaves_per_s",
    "audit_cosign_round_ms",
    "audit_bundle_verify_ms",
)
"""What the file holds, no more and no less; null for what could not be measured."""

Figures = dict[str, float | None]


class Report:
    """What was measured, as a table for people; and how large what is measured is to be."""

    def __init__(self, *, small: bool = False) -> None:
        self.small = small
        self.table = Table("what", "result", "remarks", title="Tongban, measured", title_justify="left")

    @property
    def size(self) -> Size:
        """Of catalogues and crosswalk."""
        return SMALL if self.small else FULL

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
    found = translation.measure(report.size)
    remarks = (
        f"{report.size.items:,} items, {report.size.rows:,} rows; {found.kinds} kinds of outcome; "
        f"{found.checked} answers checked first"
    )
    report.line("translation, in process", f"{found.per_second:,.0f}/s, p50 {found.p50_ms:.4f} ms", remarks)
    report.line("translation in batches, in process", f"{found.batch_per_second:,.0f}/s", f"{translation.BATCH:,} each")
    return {
        "translate_per_s": round(found.per_second, 1),
        "translate_p50_ms": round(found.p50_ms, 5),
        "translate_batch_per_s": round(found.batch_per_second, 1),
    }


def _translate_call(report: Report) -> Figures:
    calls, batches = (50, 2) if report.small else (called.CALLS, called.BATCHES)
    with tempfile.TemporaryDirectory() as folder:
        found = called.measure(Path(folder), report.size, calls, batches)
    remarks = f"one caller, signing and verifying included; {found.checked} answers checked"
    report.line("translation, signed gRPC", f"p50 {found.p50_ms:.2f} ms", remarks)
    report.line("translation in batches, signed gRPC", f"{found.batch_per_second:,.0f}/s")
    return {
        "translate_call_p50_ms": round(found.p50_ms, 3),
        "translate_batch_wire_per_s": round(found.batch_per_second, 1),
    }


def _crosswalk_import(report: Report) -> Figures:
    found = imports.measure(report.size)
    report.line(
        "crosswalk from CSV", f"{found.per_second:,.0f} rows/s", f"{found.rows:,} rows in {found.seconds:.1f} s"
    )
    return {"crosswalk_import_rows_per_s": round(found.per_second, 1)}


def _catalogue_memory(report: Report) -> Figures:
    if not Path("/proc/self/status").exists():
        report.line("catalogues in memory", "not measured", "needs /proc")
        return {"catalogue_mb": None}
    with tempfile.TemporaryDirectory() as folder:
        held = holding.measure(Path(folder), report.size)
    report.line("catalogues and crosswalk in memory", f"{held:.0f} MB", "resident, a process that holds nothing else")
    return {"catalogue_mb": round(held, 1)}


def _audit_leaves(report: Report) -> Figures:
    sizes = (2, 2_000, 200) if report.small else (leaves.ROUNDS, leaves.TOGETHER, leaves.ALONE)
    with tempfile.TemporaryDirectory() as folder:
        found = leaves.measure(Path(folder), *sizes)
    remarks = f"{leaves.IN_FLIGHT} in flight; {found.leaves:,} leaves, all in the store"
    report.line("durable leaves", f"{found.together_per_second:,.0f}/s", remarks)
    ratio = found.together_per_second / found.alone_per_second
    report.line("durable leaves, a commit each", f"{found.alone_per_second:,.0f}/s", f"the ratio is {ratio:.1f}")
    return {
        "audit_leaves_per_s": round(found.together_per_second, 1),
        "audit_single_commit_per_s": round(found.alone_per_second, 1),
    }


def _audit_log(report: Report) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        found = whole_log.measure(Path(folder), *((2_000, 50) if report.small else ()))
    report.line("inclusion proof made", f"{found.prove_ms:.3f} ms", f"from the store; a log of {found.leaves:,} leaves")
    report.line("inclusion proof verified", f"{found.verify_ms:.3f} ms")
    rate = found.leaves / found.full_verify_seconds
    report.line("whole log verified", f"{rate:,.0f} leaves/s", f"{found.full_verify_seconds:.1f} s in all")
    return {
        "audit_prove_ms": round(found.prove_ms, 4),
        "audit_verify_ms": round(found.verify_ms, 4),
        "audit_full_verify_leaves_per_s": round(rate, 1),
    }


def _audit_cosign(report: Report) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        found = cosigning.measure(Path(folder), 20 if report.small else cosigning.ROUNDS)
    report.line("cosigning round", f"p50 {found.p50_ms:.2f} ms", f"one witness over signed gRPC, {found.rounds} rounds")
    return {"audit_cosign_round_ms": round(found.p50_ms, 3)}


def _audit_bundle(report: Report) -> Figures:
    found = bundles.measure()
    remarks = f"{found.events} events, {found.bundle_bytes / 1000:,.0f} kB; a forged one is refused"
    report.line("evidence bundle verified", f"{found.ms:.0f} ms", remarks)
    return {"audit_bundle_verify_ms": round(found.ms, 2)}


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
    "translate_call": _translate_call,
    "crosswalk_import": _crosswalk_import,
    "catalogue_memory": _catalogue_memory,
    "licence_verify": _licence_verify,
    "gateway_idle": _gateway_idle,
    "audit_leaves": _audit_leaves,
    "audit_log": _audit_log,
    "audit_cosign": _audit_cosign,
    "audit_bundle": _audit_bundle,
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
    parser.add_argument("--small", action="store_true", help="small sizes, and nothing is written")
    asked = parser.parse_args(arguments)
    only = asked.only
    console, report, figures = Console(), Report(small=asked.small), Figures()
    console.print(machine())
    for name, bench in BENCHES.items():
        if only in {None, name}:
            with console.status(f"measuring {name} …"):
                figures |= bench(report)
    console.print(report.table)
    if hasattr(os, "getloadavg"):
        console.print(f"load average of the machine in the last minute: {os.getloadavg()[0]:.2f}")
    if asked.small:
        return 0
    earlier = json.loads(RESULTS.read_text("utf-8")) if only and RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(merge(earlier, figures), indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
