"""Both places of one case, each with its own history, for the tests of the case engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gateway.domain.application import ApplicantType, ItemReference, Party, SupplementItem
from gateway.domain.case import (
    Accepted,
    Case,
    CaseEvent,
    Decided,
    EventBody,
    EventKind,
    History,
    Rated,
    RecordedEvent,
    Refused,
    Resumed,
    Side,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
    emit,
    fold,
    receive,
)

START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
CASE_ID = "6c84fb90-12c4-41e1-840d-725aa755c63d"
EMITTERS = {Side.ACCEPTING: "430600.gateway", Side.PROCESSING: "421000.gateway"}

SUBMITTED = Submitted(
    case_number="430600-20261121-000001-P",
    accepting_region="430600",
    processing_region="421000",
    source_item=ItemReference("430600", "S1", "1", "事项"),
    target_item=ItemReference("421000", "T1", "1", "事项"),
    crosswalk_row="row-1",
    answers={},
    products={},
    applicant=Party(ApplicantType.NATURAL_PERSON, "张三", "111", "11010519491231002X"),
    agent=None,
    materials=(),
    presentation_nonce="",
    case_salt=bytes(32),
)


def body_of(kind: EventKind, request: int = 1) -> EventBody:
    """A body of this kind; ``request`` is the number of the supplement request that it makes or answers."""
    bodies: dict[EventKind, EventBody] = {
        EventKind.SUBMITTED: SUBMITTED,
        EventKind.SUPPLEMENTED: Supplemented(request, ()),
        EventKind.WITHDRAWAL_REQUESTED: WithdrawalRequested("搬家了"),
        EventKind.RATED: Rated(5),
        EventKind.ACCEPTED: Accepted("JZ-1", 5),
        EventKind.REFUSED: Refused("不属于本机关职权范围"),
        EventKind.SUPPLEMENT_REQUESTED: SupplementRequested(request, (SupplementItem("identity", "模糊"),)),
        EventKind.SUSPENDED: Suspended("听证", "需要听证"),
        EventKind.RESUMED: Resumed(),
        EventKind.DECIDED: Decided(approved=True, explanation="准予"),
        EventKind.WITHDRAWN: Withdrawn(),
        EventKind.WITHDRAWAL_REFUSED: WithdrawalRefused("已经制证"),
    }
    return bodies[kind]


def record(event: CaseEvent) -> RecordedEvent:
    """Stand in for the codec: equal events have equal bytes, and different ones different bytes."""
    return RecordedEvent.of(event, f"{event!r} {event.salt.hex()}".encode())


def altered(recorded: RecordedEvent, **changes: object) -> RecordedEvent:
    """The event as a peer with a defect would have made it."""
    return record(replace(recorded.event, **changes))  # type: ignore[arg-type]


@dataclass
class Place:
    """One side and what it holds."""

    side: Side
    history: History = field(default_factory=History)

    @property
    def case(self) -> Case:
        return fold(self.history)

    @property
    def own(self) -> tuple[RecordedEvent, ...]:
        return self.history.of_side(self.side)

    def emit(self, body: EventBody, *, after: timedelta = timedelta()) -> RecordedEvent:
        recorded = record(
            emit(
                self.history,
                CASE_ID,
                body,
                emitter=EMITTERS[self.side],
                occurred_at=START + after,
                actor="officer-7",
                salt=bytes(16),
            )
        )
        self.history = self.history.with_event(recorded)
        return recorded

    def receive(self, *incoming: RecordedEvent) -> tuple[RecordedEvent, ...]:
        new = receive(self.history, self.side.other, incoming)
        for recorded in new:
            self.history = self.history.with_event(recorded)
        return new


@dataclass
class Journal:
    """The two places of a case that was submitted and delivered."""

    accepting: Place = field(default_factory=lambda: Place(Side.ACCEPTING))
    processing: Place = field(default_factory=lambda: Place(Side.PROCESSING))

    @classmethod
    def opened(cls) -> Journal:
        journal = cls()
        journal.accepting.emit(SUBMITTED)
        return journal.synchronised()

    def place(self, side: Side) -> Place:
        return self.accepting if side is Side.ACCEPTING else self.processing

    def synchronised(self) -> Journal:
        self.processing.receive(*self.accepting.own)
        self.accepting.receive(*self.processing.own)
        return self

    def happens(self, *kinds: EventKind, request: int = 1) -> Journal:
        """Each event is delivered before the next one is made."""
        for kind in kinds:
            self.place(kind.side).emit(body_of(kind, request))
            self.synchronised()
        return self
