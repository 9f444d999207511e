"""What a decision comes to: what will be recorded, and what the caller will be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.ports import Recording


@dataclass(frozen=True, slots=True)
class Decided:
    """Nothing has happened yet: the recording makes it so, and the answer is only given once it is durable."""

    answer: Any
    """One of the answers of ``gateway.domain.commands``, for the route to express."""
    recording: Recording = field(default_factory=Recording)
