"""What the gateway tells a local platform, and what a platform tells the gateway. No dialect here.

A platform plays one of two parts in a case, and the message says which (``side``):

- at the accepting place it is told of every step, so that its own record of the case (收件登记) stays true;
- at the processing place it is handed the case and told what the applicant does; it reports what it did as notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case import EventBody, EventKind, ProcessingBody, Side, Submitted


@dataclass(frozen=True, slots=True)
class PlatformMessage:
    """One event passed on to the local platform.

    Passing the same message on twice must have one effect: ``key`` is the same for every attempt, and an adapter whose
    platform does not know such keys asks the platform what it already has before it writes.
    """

    key: str
    """Stable for this message, 32 hexadecimal digits."""
    side: Side
    """The part that the local platform plays in this case."""
    case_number: str
    submitted: Submitted
    """The application; every message carries it, since some dialects repeat it in each call."""
    event: EventBody
    """What happened. ``Submitted`` itself means: register (accepting place) or take over (processing place)."""
    occurred_at: datetime
    local_number: str
    """The platform's own number of the case; empty until the first message was passed on."""
    peer_local_number: str
    """The other side's platform's number; empty until known."""

    @property
    def kind(self) -> EventKind:
        """Kind of the event."""
        return self.event.kind


@dataclass(frozen=True, slots=True)
class PlatformReceipt:
    """The platform has it."""

    local_number: str
    """The platform's own number of the case, at most 100 characters."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the processing platform did with a case, in the gateway's terms.

    ``SupplementRequested.request`` is 0 in a notice: the gateway numbers requests. ``Decided.result_licence`` is empty:
    the gateway issues it.
    """

    notice_id: str
    """The platform's stable id of this occurrence, at most 48 characters: the same however often it is told."""
    case_number: str
    """The case, by the number people use: adapters translate the platform's own."""
    occurred_at: datetime
    """When it happened at the platform, UTC."""
    progress: ProcessingBody


@dataclass(frozen=True, slots=True)
class UnreadableNotice:
    """Something that the platform told and its adapter can't make sense of: kept as a dead letter, never dropped."""

    notice_id: str
    """The platform's id of it, or the hash of its bytes."""
    because: str
    """What could not be read, without personal data."""


@dataclass(frozen=True, slots=True)
class NoticePage:
    """What a poll brought."""

    notices: tuple[Notice | UnreadableNotice, ...]
    bookmark: str
    """Where the next poll begins; opaque, at most 200 characters."""
