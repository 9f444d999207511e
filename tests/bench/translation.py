"""Translations over large catalogues, in process: one by one and in batches, random questions, every kind of outcome.

What must come out is said by a reference that knows nothing of the program: it looks through the plain meaning of every
row, one by one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from gateway.domain.atlas import Atlas, Query
from gateway.domain.catalogue import ItemState
from gateway.domain.translation import Matched, Translation, translate, translate_batch
from tests.bench.large import DAY, DECIDES, FULL, REGIONS, Large, Plain, Size, make

INPUTS = 20_000
SECONDS = 2.0
CHECKED = 300
TIMED = 5_000
BATCH = 10_000
"""Most codes of one call."""


@dataclass(frozen=True)
class Translated:
    """How fast, and over what."""

    per_second: float
    p50_ms: float
    """Of single translations, each with its query made."""
    batch_per_second: float
    kinds: int
    """Different kinds of outcome among the inputs."""
    checked: int
    """Answers compared with the reference beforehand."""


def measure(size: Size = FULL, seconds: float = SECONDS, inputs: int = INPUTS) -> Translated:
    """Translate for so long each way. Raises ValueError when an outcome is not what the rows mean."""
    large = make(size)
    asked = questions(large, inputs)
    kinds = {outcome_of(translate(large.atlas, query)) for query in asked}
    checked = check(large, asked[:CHECKED])
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for query in asked:
            translate(large.atlas, query)
        made += len(asked)
    return Translated(
        per_second=made / (time.perf_counter() - started),
        p50_ms=_median_ms(large.atlas, asked[:TIMED]),
        batch_per_second=_batches(large.atlas, asked, seconds),
        kinds=len(kinds),
        checked=checked,
    )


def questions(large: Large, count: int, source: str = "", target: str = "") -> list[Query]:
    """So many random questions, between two places where they are named."""
    lot = Random(2)  # noqa: S311 - the same in every run
    rows = [row for row in large.plain if source in {"", row.source} and target in {"", row.target}]
    asked = []
    for _ in range(count):
        row = lot.choice(rows)
        # One code in fifty is a stranger's, one in ten has no rows towards the other place, and one question in five
        # has no answer yet.
        code = row.code + "X" if lot.random() < 0.02 else row.code
        there = (
            row.target if target or lot.random() < 0.9 else lot.choice([each for each in REGIONS if each != row.source])
        )
        answers = {DECIDES: lot.choice(("new", "again"))} if lot.random() < 0.8 else {}
        asked.append(Query(row.source, there, code, DAY, answers))
    return asked


def check(large: Large, asked: Sequence[Query]) -> int:
    """Hold translations against the reference; how many."""
    for query in asked:
        outcome = translate(large.atlas, query)
        found = outcome_of(outcome), outcome.target.code if isinstance(outcome, Matched) else ""
        wanted = reference(large, query)
        if found != wanted:
            message = (
                f"{query.code} of {query.source} for {query.target} came out as {found[0]}, and {wanted[0]} is right"
            )
            raise ValueError(message)
    batch = list(translate_batch(large.atlas, asked[0], [(query.code, query.answers) for query in asked]))
    alike = [Query(asked[0].source, asked[0].target, query.code, DAY, query.answers) for query in asked]
    if [outcome_of(each) for each in batch if not isinstance(each, str)] != [
        reference(large, each)[0] for each in alike
    ]:
        raise ValueError("a batch came out other than its questions")
    return 2 * len(asked)


def outcome_of(translation: Translation) -> str:
    """The kind of outcome."""
    return type(translation).__name__


def reference(large: Large, query: Query) -> tuple[str, str]:
    """Kind of outcome, and the code that is matched: by looking through everything."""
    state = _state(large, query.source, query.code)
    if state is None:
        return "UnknownCode", ""
    if state is not ItemState.PUBLISHED:
        return "NotInForce", ""
    rows = [row for row in large.plain if row[:3] == (query.source, query.code, query.target)]
    counting = [row for row in rows if row.fate == "counts"]
    answer = query.answers.get(DECIDES, "")
    if any(row.when and not answer for row in counting):
        return "NeedsFacts", ""
    met = [row for row in counting if row.when in {"", answer}]
    if not met:
        return ("MapExpired" if any(row.fate == "over" for row in rows) else "Unmapped"), ""
    return _met(large, query, met)


def _met(large: Large, query: Query, met: Sequence[Plain]) -> tuple[str, str]:
    if len(met) > 1:
        return "Unmapped", ""
    if not met[0].leads_to:
        return "NoEquivalent", ""
    if _state(large, query.target, met[0].leads_to) is not ItemState.PUBLISHED:
        return "NotInForce", ""
    return "Matched", met[0].leads_to


def _state(large: Large, region: str, code: str) -> ItemState | None:
    return next((item.state for item in large.atlas.catalogues[region].items if item.code == code), None)


def _median_ms(atlas: Atlas, asked: Sequence[Query]) -> float:
    took = []
    for query in asked:
        started = time.perf_counter()
        translate(atlas, Query(query.source, query.target, query.code, query.on, query.answers))
        took.append(time.perf_counter() - started)
    return median(took) * 1000


def _batches(atlas: Atlas, asked: Sequence[Query], seconds: float) -> float:
    """Codes a second; each batch is between two places, as a call's is."""
    alike = asked[0]
    some = [(query.code, query.answers) for query in asked if query.source == alike.source]
    batch = (some * (BATCH // len(some) + 1))[:BATCH]
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        made += sum(1 for _ in translate_batch(atlas, alike, batch))
    return made / (time.perf_counter() - started)
