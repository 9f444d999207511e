"""What gateways have told of each other's logs since the start, kept in memory for the one who looks into it.

A head comes with a call and must not hold the call up: it is noted here, and ``gateway.watching`` asks for the proofs.
What must outlive a crash stands in the store.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from trust.checkpoint import Checkpoint

MAX_DOUBTS: Final = 16
"""Notes of one member that wait to be looked into; what comes then is like what is there."""


@dataclass(frozen=True, slots=True)
class ToldHead:
    """The newest head that a member told, its signature verified, nothing proved."""

    note: str
    checkpoint: Checkpoint
    call: str = ""
    """SHA-256 in hex of the call that told it first and leaves the leaf; empty when it is known from before."""


@dataclass(slots=True)
class HeadBook:
    """By member id."""

    told: dict[str, ToldHead | None] = field(default_factory=dict)
    """None for a member of which the store was asked and has nothing."""
    said_of_us: dict[str, str] = field(default_factory=dict)
    """The newest note of our own log that a member told; not verified."""
    doubts: dict[str, list[str]] = field(default_factory=dict)
    """Notes that a member told of its own log and that don't fit what it told before, or that nobody could open."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to look into."""
    changed: set[str] = field(default_factory=set)
    """Members of whom there is something new."""

    def note_change(self, member_id: str) -> None:
        """Have somebody look into what a member told."""
        self.changed.add(member_id)
        self.news.set()

    def doubt(self, member_id: str, note: str) -> None:
        """Keep a note that does not fit, to be looked into."""
        doubts = self.doubts.setdefault(member_id, [])
        if note not in doubts and len(doubts) < MAX_DOUBTS:
            doubts.append(note)
        self.note_change(member_id)
