"""What callers can ask about the trail of what was done, and of erasure: commands as in ``gateway.domain.commands``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trust.evidence import ProvedLeaf
from trust.leaf import LeafKind


@dataclass(frozen=True, slots=True)
class SearchTrail:
    """What was done? Empty fields don't narrow it, and at least one is not empty."""

    case: str
    """Case number or UUID."""
    officer: str
    """Pseudonymous id."""
    member: str
    holder: str = field(repr=False)
    """Number of the person concerned, as on the document."""
    kinds: tuple[LeafKind, ...]
    since: datetime | None
    """Not before."""
    until: datetime | None
    """Before."""
    after: int
    """Position that the previous page ended with; 0 for none."""
    limit: int


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """Something that was done. No names, no numbers of people."""

    position: int
    at: datetime
    kind: LeafKind
    member: str
    subject: str
    officer: str
    purpose: str
    case_number: str
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class FoundTrail:
    """A page of what was done, oldest first."""

    entries: tuple[FoundEntry, ...]
    next_after: int
    """Position that this page ends with when there are more; else 0."""


@dataclass(frozen=True, slots=True)
class GetCaseTrail:
    """The leaves of a case."""

    case_id: str


@dataclass(frozen=True, slots=True)
class CaseTrail:
    """They, with their proofs."""

    leaves: tuple[ProvedLeaf, ...]
    """By their place in the case; those that wait to be placed are absent."""
    checkpoint: str
    """The note that all the paths lead to."""
    count: int
    """How many leaves the case has, those that wait included."""


class Ground(StrEnum):
    """Why personal data are erased."""

    RETENTION = "retention"
    """Their time is over."""
    REQUEST = "request"
    """The person asked, and the law allows it."""


@dataclass(frozen=True, slots=True)
class EraseCase:
    """Erase the personal data of a case that is over."""

    idempotency_key: str
    case: str
    """Case number or UUID."""
    ground: Ground


@dataclass(frozen=True, slots=True)
class Erased:
    """They are gone."""

    at: datetime
