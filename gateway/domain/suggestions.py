"""Items with similar names, for a person who maps. A suggestion is no match: nothing can route a case by it.

Places put the same words in another order (购房提取住房公积金, 住房公积金提取（购房）), write them in full or in short,
and add words of their own. So names are compared in segments, without regard to their order, and by three views in
equal parts: single characters; the same, where it costs little that one name has more of them; and pairs of
neighbouring characters, which tell 购房 from 房购. Longer words, learnt from the catalogues, found fewer of the names
that people had paired: a word in short is another word.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from rapidfuzz import fuzz, process

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import Catalogue, Item

_CANDIDATES: Final = 60
"""So many of the names that share the most characters are compared closely."""

_LEAST: Final = 35
"""Similarity from which on a name is worth a look."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One item, and how similar its name is."""

    item: Item
    """The item, in force on the day."""
    similarity: int
    """0 to 100, for people to sort by."""


def suggest(atlas: Atlas, item: Item, target: str, on: date, limit: int) -> tuple[Suggestion, ...]:
    """List up to ``limit`` items of a catalogue that may be applied for on a Beijing day, the most similar name first.

    Raises ``NotFound`` (ITEM_UNKNOWN) when the catalogue is not here.
    """
    there = list(_in_force(atlas.catalogue(target), on))
    found = process.extract(
        _characters(item.name),
        [_characters(each.name) for each in there],
        scorer=fuzz.ratio,
        score_cutoff=_LEAST / 2,
        limit=max(_CANDIDATES, limit),
    )
    suggestions = []
    for _, alike, place in found:
        name = there[place].name
        with_more = fuzz.token_set_ratio(" ".join(item.name), " ".join(name))
        pairs = fuzz.token_sort_ratio(_pairs(item.name), _pairs(name))
        suggestions.append(Suggestion(there[place], round((alike + with_more + pairs) / 3)))
    suggestions.sort(key=lambda suggestion: (-suggestion.similarity, suggestion.item.code))
    return tuple(suggestion for suggestion in suggestions[:limit] if suggestion.similarity >= _LEAST)


def _in_force(catalogue: Catalogue, on: date) -> Iterator[Item]:
    return (each for each in catalogue.items if not catalogue.why_not_applicable(each, on))


def _characters(name: str) -> str:
    """Put the characters of a name in order, so that only which there are counts."""
    return "".join(sorted(name))


def _pairs(name: str) -> str:
    """Write the pairs of neighbouring characters of a name as words."""
    return " ".join(map("".join, itertools.pairwise(name))) or name
