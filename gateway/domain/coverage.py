"""How far one catalogue is mapped to another on one day, and where a case can't be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.catalogue import Item


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
    """Only rows that both sides did not sign for yet, or that one withdrew."""
    EXPIRED = "expired"
    """Only rows whose days are over."""
    TARGET_NOT_IN_FORCE = "target_not_in_force"
    """Rows that decide, to items that can't be applied for there."""
    UNMAPPED = "unmapped"
    """Nothing that decides."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An item that a case can't be sent for, or not always."""

    item: Item
    count: Count
    rows: tuple[str, ...]
    """Ids of the rows there are, in order."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The counts and the gaps."""

    source: str
    """The catalogue counted."""
    source_edition: int
    target: str
    """The catalogue mapped to."""
    target_edition: int
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
