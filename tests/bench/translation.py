"""Translations in process: items of both cities, random answers, every kind of outcome."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from gateway.domain.calendar import beijing_date
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import Crosswalk
from gateway.domain.translation import Matched, NoEquivalent, NotInForce, Translation, UnknownCode, translate
from tests.bench.ground import CROSSWALK, catalogues, crosswalk

INPUTS = 2_000
SECONDS = 2.0


class Question(NamedTuple):
    """What is asked: a code of one catalogue in another, for an applicant with these answers."""

    source: Catalogue
    target: Catalogue
    code: str
    answers: dict[str, str]


@dataclass(frozen=True)
class Translated:
    """How fast, and over what."""

    per_second: float
    kinds: int
    """Different kinds of outcome among the inputs."""
    checked: int
    """Rows of the crosswalk whose outcome was checked beforehand."""


def measure(seconds: float = SECONDS, inputs: int = INPUTS) -> Translated:
    """Translate for so long. Raises ValueError when an outcome is not what the crosswalk's file says."""
    known, rows, today = catalogues(), crosswalk(), beijing_date(datetime.now(UTC))
    checked = _check(known, rows, today)
    asked = _questions(list(known.values()), random.Random(1), inputs)  # noqa: S311 - the same questions in every run
    kinds = {type(_ask(question, rows, today)) for question in asked}
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for question in asked:
            _ask(question, rows, today)
        made += len(asked)
    return Translated(made / (time.perf_counter() - started), len(kinds), checked)


def _ask(question: Question, rows: Crosswalk, today: date) -> Translation:
    return translate(question.source, question.target, rows, question.code, question.answers, today)


def _questions(known: Sequence[Catalogue], chance: random.Random, count: int) -> list[Question]:
    questions = []
    for _ in range(count):
        source, target = chance.sample(known, 2)
        item = chance.choice(source.items)
        # One code in fifty is a stranger's, and one question in five has no answer yet.
        code = item.code if chance.random() < 0.98 else item.code + "X"
        questions.append(Question(source, target, code, _answers(item, chance)))
    return questions


def _answers(item: Item, chance: random.Random) -> dict[str, str]:
    return {question.key: chance.choice(question.options).key for question in item.situations if chance.random() < 0.8}


def _check(known: dict[str, Catalogue], rows: Crosswalk, today: date) -> int:
    """Hold translations against the file itself, read apart from the program's reader."""
    checked = 0
    with CROSSWALK.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            agreed = len(row["reviewed_by"].split(";")) == 2
            in_force = row["valid_from"] <= today.isoformat() and not "" < row["valid_until"] < today.isoformat()
            if not (agreed and in_force and row["relationship"] in {"equivalent", "none"}):
                continue
            source, target = known[row["source_catalogue"]], known[row["target_catalogue"]]
            answers = {
                question: accepted.split("|")[0]
                for question, accepted in (pair.split("=") for pair in row["conditions"].split(";") if pair)
            }
            match translate(source, target, rows, row["source_code"], answers, today):
                case Matched(target=item) if item.code == row["target_code"]:
                    checked += 1
                case NoEquivalent() if row["relationship"] == "none":
                    checked += 1
                case NotInForce() | UnknownCode():
                    pass  # the row is right, and an item that it names can't be applied for
                case outcome:
                    message = f"row {row['id']} of the crosswalk came out as {type(outcome).__name__}"
                    raise ValueError(message)
    one, other = known.values()
    if not isinstance(translate(one, other, rows, "no such code", {}, today), UnknownCode):
        raise ValueError("a code that no catalogue has was translated")
    return checked
