"""Items with similar names, for a person who maps. A suggestion is no match: nothing can route a case by it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.catalogue import Item


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One item, and how similar its name is."""

    item: Item
    similarity: int
    """0 to 100, for people to sort by."""
