"""Translations over signed gRPC on loopback by one caller, from a gateway that holds the large catalogues."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tongban.catalogue.v1 import catalogue_service_pb2, translation_pb2

from gateway.wire import routes
from tests.bench.children import Child
from tests.bench.ground import CALLEE, CALLER, Ground
from tests.bench.large import FULL, Large, Size, make
from tests.bench.one_caller import OneCaller
from tests.bench.translation import BATCH, questions, reference

CALLS = 1_000
BATCHES = 20
CHECKED = 100

_OUTCOMES = {
    "Matched": translation_pb2.TRANSLATION_OUTCOME_MATCHED,
    "NeedsFacts": translation_pb2.TRANSLATION_OUTCOME_NEEDS_FACTS,
    "NoEquivalent": translation_pb2.TRANSLATION_OUTCOME_NO_EQUIVALENT,
    "Unmapped": translation_pb2.TRANSLATION_OUTCOME_UNMAPPED,
    "UnknownCode": translation_pb2.TRANSLATION_OUTCOME_UNKNOWN_CODE,
    "NotInForce": translation_pb2.TRANSLATION_OUTCOME_NOT_IN_FORCE,
    "MapExpired": translation_pb2.TRANSLATION_OUTCOME_MAP_EXPIRED,
}


@dataclass(frozen=True)
class Called:
    """What a caller waits for, its own signing and verifying included."""

    p50_ms: float
    batch_per_second: float
    """Codes, with each answer read."""
    checked: int
    """Answers compared with the reference."""


def measure(folder: Path, size: Size = FULL, calls: int = CALLS, batches: int = BATCHES) -> Called:
    """Call so often. Raises ValueError when an answer is not what the rows mean."""
    ground, large = Ground.lay(folder), make(size)
    with Child("gateway_server", str(ground.config(CALLEE)), str(size.items), str(size.rows)) as server:
        return asyncio.run(_measure(ground.config(CALLER), server.ready["port"], large, calls, batches))


async def _measure(config: Path, port: int, large: Large, calls: int, batches: int) -> Called:
    asked = questions(large, calls, CALLER.region, CALLEE.region)
    async with OneCaller(config, port) as caller:
        took = []
        for place, query in enumerate(asked):
            request = catalogue_service_pb2.TranslateRequest(
                source_catalogue=query.source,
                target_catalogue=query.target,
                code=query.code,
                answers=query.answers,
                as_of=query.on.isoformat(),
            )
            started = time.perf_counter()
            body = await caller.call(routes.TRANSLATE, request.SerializeToString())
            took.append(time.perf_counter() - started)
            if place < CHECKED:
                answer = catalogue_service_pb2.TranslateResponse.FromString(body).translation
                _require((answer.outcome, answer.item.code), reference(large, query))
        return Called(median(took) * 1000, await _batches(caller, large, batches), min(CHECKED, calls) * 2)


async def _batches(caller: OneCaller, large: Large, batches: int) -> float:
    asked = questions(large, BATCH, CALLER.region, CALLEE.region)
    request = catalogue_service_pb2.TranslateBatchRequest(
        source_catalogue=CALLER.region,
        target_catalogue=CALLEE.region,
        as_of=asked[0].on.isoformat(),
        questions=[catalogue_service_pb2.BatchQuestion(code=query.code, answers=query.answers) for query in asked],
    ).SerializeToString()
    started = time.perf_counter()
    for _ in range(batches):
        body = await caller.call(routes.TRANSLATE_BATCH, request)
        answers = catalogue_service_pb2.TranslateBatchResponse.FromString(body).answers
    seconds = time.perf_counter() - started
    if len(answers) != BATCH:
        raise ValueError("a batch has not an answer for each of its questions")
    for query, answer in zip(asked[:CHECKED], answers, strict=False):
        _require((answer.outcome, answer.target_code), reference(large, query))
    return batches * BATCH / seconds


def _require(found: tuple[int, str], wanted: tuple[str, str]) -> None:
    if found != (_OUTCOMES[wanted[0]], wanted[1]):
        message = f"a call came out as outcome {found[0]}, and {wanted[0]} is right"
        raise ValueError(message)
