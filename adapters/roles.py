"""Which messages a platform is told, by the part that it plays in the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.case import EventKind, Side
from gateway.domain.platform import PlatformMessage
from trust.errors import Internal, Reason

PERTINENT: Final[Mapping[Side, frozenset[EventKind]]] = {
    Side.ACCEPTING: frozenset(EventKind),
    Side.PROCESSING: frozenset(kind for kind in EventKind if kind.side is Side.ACCEPTING),
}
"""The record at the accepting place follows every step; the processing place made the other steps itself."""


def require_pertinent(message: PlatformMessage) -> None:
    """Raise Internal for a message that this gateway should not have made."""
    if message.kind not in PERTINENT[message.side]:
        raise Internal(
            Reason.INTERNAL,
            f"pass {message.kind} on to the platform of the {message.side} place",
            expected="a step that the platform did not make itself",
        )
