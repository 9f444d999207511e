"""Evidence of a case of thirty events, checked as ``tongban-verify`` checks it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from tongban.case.v1 import event_pb2

from tests.trust.evidence_world import Ground, build
from trust.evidence_check import Verdict, check

EVENTS = 30
TIMES = 5


@dataclass(frozen=True)
class Checked:
    """How long one check takes."""

    ms: float
    """Median."""
    events: int
    bundle_bytes: int


def measure(events: int = EVENTS, times: int = TIMES) -> Checked:
    """Check a bundle so often. Raises ValueError when it does not hold, or a forged one does."""
    ground = _case(events)
    bundle = ground.made(ground.yueyang)
    took = []
    for _ in range(times):
        started = time.perf_counter()
        report = check(bundle, ground.trust)
        took.append(time.perf_counter() - started)
        if report.verdict is not Verdict.PROVED or len(report.story) != events:
            message = f"the bundle came out as {report.verdict.name}, with {len(report.story)} events"
            raise ValueError(message)
    files = ground.files(ground.yueyang)
    body = next(name for name in files if name.startswith("calls/") and not name.endswith(".json"))
    forged = ground.seal({**files, body: files[body][:-1] + bytes([files[body][-1] ^ 1])}, ground.yueyang)
    if check(forged, ground.trust).verdict is Verdict.PROVED:
        raise ValueError("a forged bundle was accepted")
    return Checked(median(took) * 1000, events, len(bundle))


def _case(events: int) -> Ground:
    """Submitted, accepted, supplemented again and again, decided."""
    ground = build()
    ground.submit()
    ground.step(ground.jingzhou, accepted=event_pb2.Accepted(local_number="JZ-1", promised_days=5))
    for request in range(1, (events - 3) // 2 + 1):
        ground.step(ground.jingzhou, supplement_requested=event_pb2.SupplementRequested(request=request))
        ground.step(ground.yueyang, supplemented=event_pb2.Supplemented(request=request))
    if events % 2 == 0:
        ground.step(ground.jingzhou, suspended=event_pb2.Suspended(procedure="听证", reason="x"))
    ground.step(ground.jingzhou, decided=event_pb2.Decided(approved=True, explanation="准予"))
    return ground
