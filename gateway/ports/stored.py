"""What a store gives back: cases, deliveries and the audit log as they were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.case import RecordedEvent
from gateway.ports.recording import CaseRow, DeliveryKind, Lease


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as stored."""

    row: CaseRow
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as stored."""

    delivery_id: str
    kind: DeliveryKind
    destination: str
    stream: str
    subject: str
    payload: bytes = field(repr=False)
    attempts: int
    run_at: datetime
    last_error: str
    """One line, no personal data."""
    dead: bool
    lease: Lease | None = None
    """Set when this delivery was claimed by the reader."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the audit log stands."""

    epoch: int
    """Number of the sequencer that wrote last; a writer with a lower one is fenced off."""
    size: int
    frontier: tuple[tuple[int, bytes], ...]
    """(level, hash) of the complete subtrees that make up the tree, largest first."""
    checkpoint: str
    """The newest signed checkpoint; empty before the first."""


@dataclass(frozen=True, slots=True)
class WaitingLeaf:
    """A leaf that has no index yet."""

    leaf_id: int
    """The store's own order of insertion."""
    data: bytes


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """What one step of the sequencer writes, in one transaction."""

    epoch: int
    first_index: int
    leaves: tuple[tuple[int, bytes], ...]
    """(leaf_id, leaf hash) in order of index."""
    nodes: tuple[tuple[int, int, bytes], ...]
    """(level, index, hash) of subtrees that became complete; level 0 are the leaf hashes themselves."""
    frontier: tuple[tuple[int, bytes], ...]
    checkpoint: str
