"""Small atlases of every kind, each by its number, for properties of translation: question trees, rows that contradict,
chains. Made by lot and not by Hypothesis, which takes a hundred times as long over so many small choices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import NATIONAL, Item, ItemState
from gateway.domain.crosswalk import CrosswalkRow, Relationship, Standing
from gateway.domain.situations import asked_questions
from tests.gateway.domain.made import BOTH, make_atlas, make_catalogue, make_item, make_row

HERE, THERE = "430600", "421000"
CODES = ("A", "B", "C")
QUESTIONS = ("one", "two", "three")
OPTIONS = ("x", "y", "z")
DAYS = (date(2026, 1, 1), date(2026, 6, 1), date(2026, 11, 21), date(2027, 1, 1))
RELATIONSHIPS = (*Relationship, Relationship.EQUIVALENT, Relationship.EQUIVALENT)


@dataclass(frozen=True)
class Drawn:
    """One atlas, and the lot to go on with."""

    atlas: Atlas
    rows: tuple[CrosswalkRow, ...]
    lot: Random

    def some_answers(self) -> dict[str, str]:
        return {key: self.lot.choice(OPTIONS[:2]) for key in QUESTIONS if self.lot.random() < 0.4}


def draw(number: int, *, chains: bool = False, conditional: bool = True) -> Drawn:
    """Make the atlas of that number: two places' catalogues, sometimes the national list, and rows between them."""
    lot = Random(number)  # noqa: S311 - tests are to be the same every time
    routes = [(HERE, THERE)]
    if chains:
        routes += 2 * [(HERE, NATIONAL), (NATIONAL, THERE), (NATIONAL, HERE), (THERE, NATIONAL)]
    regions = [HERE, THERE, *([NATIONAL] if chains and lot.random() < 0.7 else [])]
    catalogues = [make_catalogue(region, *(_item(lot, region, code) for code in CODES)) for region in regions]
    asked = {
        (catalogue.id, item.code): tuple(question.key for question in item.situations)
        for catalogue in catalogues
        for item in catalogue.items
    }
    rows = []
    for number_of_row in range(lot.randint(1, 14 if chains else 6)):
        source, target = lot.choice(routes)
        code = lot.choice(CODES)
        usual = asked.get((source, code), ()) if lot.random() < 0.9 else QUESTIONS
        rows.append(_row(lot, number_of_row, (source, code), target, usual if conditional else ()))
    return Drawn(make_atlas(*catalogues, rows=rows), tuple(rows), lot)


def _some(lot: Random) -> list[str]:
    return lot.sample(OPTIONS, lot.randint(1, 2))


def _item(lot: Random, region: str, code: str) -> Item:
    keys = QUESTIONS[: lot.randint(0, 3)]
    asked_when = {
        key: {earlier: _some(lot) for earlier in keys[:place] if lot.random() < 0.5} for place, key in enumerate(keys)
    }
    offered = {key: OPTIONS[: lot.randint(2, 3)] for key in keys}
    state = ItemState.SUSPENDED if lot.random() < 0.1 else ItemState.PUBLISHED
    return make_item(region, code, offered, asked_when, state=state)


def _row(lot: Random, number: int, source: tuple[str, str], target: str, asked: tuple[str, ...]) -> CrosswalkRow:
    relationship = lot.choice(RELATIONSHIPS)
    valid_from = lot.choice(DAYS[:1] * 5 + DAYS)
    valid_until = lot.choice([None] * 5 + [date(2026, 11, 20), date(2027, 6, 30)])
    changes: dict[str, Any] = {
        "relationship": relationship,
        "source_catalogue": source[0],
        "target_catalogue": target,
        "valid_from": min(valid_from, valid_until or date.max),
        "valid_until": valid_until,
        "version": lot.randint(1, 2),
        "confidence": number,  # no two rows have one hash
        "standing": lot.choice(
            [BOTH] * 7
            + [Standing((f"{HERE}.gateway",)), Standing(BOTH.approved_by, ((f"{THERE}.gateway", lot.choice(DAYS)),))]
        ),
    }
    changes["conditions"] = {key: _some(lot) for key in asked if lot.random() < 0.4}
    if asked:
        changes["products"] = {key: lot.choice(OPTIONS) for key in QUESTIONS if lot.random() < 0.2}
    code = "" if relationship is Relationship.NONE else lot.choice(CODES)
    row_id = number if lot.random() < 0.8 else max(number - 1, 0)
    return make_row(f"r{row_id}", source[1], code, **changes)


def situations(item: Item) -> Iterator[dict[str, str]]:
    """Every situation that an applicant can be in: an answer to each question that the answers lead to."""

    def complete(answers: dict[str, str]) -> Iterator[dict[str, str]]:
        open_question = next((each for each in asked_questions(item, answers) if each.key not in answers), None)
        if open_question is None:
            yield answers
            return
        for option in open_question.options:
            yield from complete({**answers, open_question.key: option.key})

    return complete({})
