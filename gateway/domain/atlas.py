"""What translation goes by, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.domain.catalogue import Catalogue
from gateway.domain.crosswalk import NOTHING, Crosswalk, ReviewState
from trust.errors import NotFound, Reason


@dataclass(frozen=True, slots=True)
class Atlas:
    """Every catalogue that a gateway has, and the crosswalk between them."""

    catalogues: Mapping[str, Catalogue]
    """By id."""
    crosswalk: Crosswalk

    def catalogue(self, region: str) -> Catalogue:
        """Return a region's catalogue. Raises ``NotFound`` (ITEM_UNKNOWN) when there is none."""
        known = self.catalogues.get(region)
        if known is None:
            raise NotFound(
                Reason.ITEM_UNKNOWN,
                f"no catalogue of region {region} is here",
                expected=f"one of {', '.join(sorted(self.catalogues)) or 'none yet'}",
                mend="wait until it is pulled, or add it to [catalogues] in the configuration",
            )
        return known


class Direction(StrEnum):
    """How the rows are read."""

    FORWARD = "forward"
    """From the source of a row to its target: which item of the other place answers to this one."""
    REVERSE = "reverse"
    """From the target of a row to its source: which items of the other place lead to this one. All of them."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked."""

    source: str
    """Catalogue of the code."""
    target: str
    """Catalogue wanted."""
    code: str
    """The code, letter for letter."""
    on: date
    """Beijing day for which the answer is to hold."""
    answers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """The applicant's answers so far, question of the source item → option; for a chain also those to questions of the
    national item that the source item does not ask itself. In reverse they change nothing."""
    version: int | None = None
    """Version of the source item; ``None`` for the one that speaks for the day."""
    direction: Direction = Direction.FORWARD
    minimum_review: ReviewState = ReviewState.BOTH_SIDES
    """Rows whose review has not come so far are set aside. Below both sides, the answer is for people only."""
    allow_chain: bool = False
    """Whether, where the two places have settled nothing between themselves, two rows through the national basic list
    may lead there. Forward only."""
