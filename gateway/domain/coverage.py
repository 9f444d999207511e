"""How far one catalogue is mapped to another on one day, and where a case can't be sent.

Rows between the two places are counted, and no chains: those are for what the two have not settled yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import prod

from gateway.domain.atlas import Atlas, Query
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import NOTHING, Relationship
from gateway.domain.ways import SetAside, Way, direct_ways


class Count(StrEnum):
    """What an item in force comes to; each is in exactly one count. Names as in tongban.catalogue.v1.Coverage."""

    MAPPED = "mapped"
    """A row that both sides signed for decides without a question."""
    BY_SITUATION = "by_situation"
    """Rows that both sides signed for decide by the applicant's answers, whatever they are."""
    AMBIGUOUS = "ambiguous"
    """As before, but some answers lead nowhere, or rows contradict each other."""
    ASSERTED_NONE = "asserted_none"
    """Both sides assert that the other place has nothing of the kind."""
    AWAITING_REVIEW = "awaiting_review"
    """No row in force, and some that both sides did not sign for yet, or that one withdrew."""
    EXPIRED = "expired"
    """No row in force, and some whose days are over."""
    TARGET_NOT_IN_FORCE = "target_not_in_force"
    """Rows that decide, all to items that can't be applied for there."""
    UNMAPPED = "unmapped"
    """Nothing that decides."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An item that a case can't be sent for, or not always."""

    item: Item
    """The item of the catalogue counted."""
    count: Count
    """The count that it is in."""
    rows: tuple[str, ...]
    """Ids of the rows there are, in order, each once."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The counts and the gaps."""

    source: str
    """The catalogue counted."""
    source_edition: int
    """Its edition."""
    target: str
    """The catalogue mapped to."""
    target_edition: int
    """Its edition."""
    on: date
    """The Beijing day."""
    counts: dict[Count, int]
    """Of every count."""
    gaps: tuple[Gap, ...]
    """Every item of another count than ``MAPPED``, ``BY_SITUATION`` and ``ASSERTED_NONE``, by code."""

    @property
    def in_force(self) -> int:
        """Items of the catalogue that may be applied for on the day."""
        return sum(self.counts.values())


_GAPS = frozenset(Count) - {Count.MAPPED, Count.BY_SITUATION, Count.ASSERTED_NONE}


def coverage(atlas: Atlas, source: str, target: str, on: date) -> Coverage:
    """Count every item of a catalogue that may be applied for on a Beijing day.

    Raises ``NotFound`` (ITEM_UNKNOWN) when one of the catalogues is not here.
    """
    counted, wanted = atlas.catalogue(source), atlas.catalogue(target)
    query = Query(source, target, "", on)
    counts = dict.fromkeys(Count, 0)
    gaps: list[Gap] = []
    for item in _in_force(counted, on):
        count = _count(atlas, wanted, item, query)
        counts[count] += 1
        if count in _GAPS:
            rows = sorted({row.id for row in atlas.crosswalk.rows_from(source, item.code, target)})
            gaps.append(Gap(item, count, tuple(rows)))
    gaps.sort(key=lambda gap: gap.item.code)
    return Coverage(source, counted.version, target, wanted.version, on, counts, tuple(gaps))


def _in_force(catalogue: Catalogue, on: date) -> Iterator[Item]:
    """Of each code the version that speaks for the day, where it may be applied for."""
    for item in catalogue.items:
        if not item.why_not_in_force(on) and catalogue.find_on(item.code, on) is item:
            yield item


def _count(atlas: Atlas, wanted: Catalogue, item: Item, query: Query) -> Count:
    ways = direct_ways(atlas.crosswalk, item, query, NOTHING)
    deciding = [*ways.met, *ways.open]
    if deciding:
        return _count_deciding(wanted, item, deciding, query.on)
    if ways.over:
        return Count.EXPIRED
    awaiting = any(
        row.decides and reason in {SetAside.AWAITING_REVIEW, SetAside.WITHDRAWN} for row, reason in ways.set_aside
    )
    return Count.AWAITING_REVIEW if awaiting else Count.UNMAPPED


def _count_deciding(wanted: Catalogue, item: Item, ways: Sequence[Way], on: date) -> Count:
    """Count an item by the ways that decide for it in some situation."""
    leads = [way.relationship is Relationship.NONE or _leads(wanted, way.code, on) for way in ways]
    if not any(leads):
        return Count.TARGET_NOT_IN_FORCE
    if not all(leads) or not _decide_always(item, ways):
        return Count.AMBIGUOUS
    if all(way.relationship is Relationship.NONE for way in ways):
        return Count.ASSERTED_NONE
    return Count.BY_SITUATION if any(way.needs for way in ways) else Count.MAPPED


def _leads(wanted: Catalogue, code: str, on: date) -> bool:
    there = wanted.find_on(code, on)
    return there is not None and not there.why_not_in_force(on)


def _decide_always(item: Item, ways: Sequence[Way]) -> bool:
    """Whether in every situation exactly one of the ways is met.

    Each is met by a product of sets of answers, so that no situations need be walked through: where no two ways
    overlap, they are met always when they have between them as many combinations of answers as there are. Combinations
    that differ only in answers to questions that are not asked do no harm: a way that needs such an answer needs what
    leads to the question too, so that it is met by all of them or by none.
    """
    if any(
        all(one.needs[key] & other.needs[key] for key in one.needs.keys() & other.needs.keys())
        for one, other in itertools.combinations(ways, 2)
    ):
        return False
    offered = {question.key: len(question.options) for question in item.situations}
    met = sum(prod(len(way.needs.get(key, ())) or options for key, options in offered.items()) for way in ways)
    return met == prod(offered.values())
