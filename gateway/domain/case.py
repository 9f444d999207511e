"""A case (办件): its events, its transition table, and the fold from one to the other.

Rules
-----
1. A case is two append-only sequences of events, one for each side. Each side numbers its own from 1 without gaps, and
   each event carries the hash of the same side's event before it.
2. Each event says how many events of the other side its emitter had seen (``seen``). From that follows one order that
   both sides compute alike, the *agreed order*: the processing place's events in their order, and each event of the
   accepting place before the first event of the processing place that has seen it, else at the end.
3. The state is a fold over the agreed order. Both sides that hold the same events hold the same state, whatever was
   dropped, repeated, delayed or crossed on the way.
4. An event must be legal *in its emitter's view*: after the events that the emitter had. Its *effect* is decided in the
   agreed order. The processing place's view is the agreed order itself, so its events always take effect. An event
   of the accepting place that crossed with one of the processing place may find its moment gone; then it is *moot*:
   kept, proved, and without effect. So a withdrawal that meets a decision loses: after acceptance the
   processing place decides, and a withdrawal is a request.

The table below is the only place that says what may follow what. The code, the picture in docs/protocol.md and the
conformance cases are drawn from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.domain.application import ItemReference, Material, Party, SupplementItem
from trust.errors import Conflict, Malformed, Reason, WrongState

# --------------------------------------------------------------------------------------------------------------------
# What can happen
# --------------------------------------------------------------------------------------------------------------------

MAX_EVENTS_PER_SIDE = 1_000
"""More than any real case has; a bound so that nobody's mistake, or malice, makes a case that is dear to fold."""


class Side(StrEnum):
    """Which of the two places."""

    ACCEPTING = "accepting"
    """收件地: the window where the applicant stands."""
    PROCESSING = "processing"
    """业务属地: the place that decides."""

    @property
    def other(self) -> Side:
        """The other place."""
        return Side.PROCESSING if self is Side.ACCEPTING else Side.ACCEPTING


class EventKind(StrEnum):
    """Kinds of event; values are the field names of tongban.case.v1.CaseEvent.body."""

    SUBMITTED = "submitted"
    SUPPLEMENTED = "supplemented"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    RATED = "rated"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    WITHDRAWAL_REFUSED = "withdrawal_refused"

    @property
    def side(self) -> Side:
        """Who may emit it."""
        return Side.ACCEPTING if self in _ACCEPTING_KINDS else Side.PROCESSING


_ACCEPTING_KINDS = frozenset(
    {EventKind.SUBMITTED, EventKind.SUPPLEMENTED, EventKind.WITHDRAWAL_REQUESTED, EventKind.RATED}
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """收件并转递: the application as taken at the window, translated to the processing place's catalogue."""

    kind: ClassVar[EventKind] = EventKind.SUBMITTED
    case_number: str
    accepting_region: str
    processing_region: str
    source_item: ItemReference
    target_item: ItemReference
    crosswalk_row: str
    answers: Mapping[str, str]
    """Answers to the source item's questions."""
    products: Mapping[str, str]
    """Facts that the mapping sets, in the target item's terms."""
    applicant: Party
    agent: Party | None
    materials: tuple[Material, ...]
    presentation_nonce: str
    case_salt: bytes = field(repr=False)
    """32 random bytes: salt of the case's commitment in both audit logs."""


@dataclass(frozen=True, slots=True)
class Supplemented:
    """补正材料已补: answers the request of that number."""

    kind: ClassVar[EventKind] = EventKind.SUPPLEMENTED
    request: int
    materials: tuple[Material, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalRequested:
    """申请撤回."""

    kind: ClassVar[EventKind] = EventKind.WITHDRAWAL_REQUESTED
    reason: str


@dataclass(frozen=True, slots=True)
class Rated:
    """好差评: 5 非常满意 to 1 非常不满意."""

    kind: ClassVar[EventKind] = EventKind.RATED
    score: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """受理: the clock starts. ``promised_days`` are working days, 0 when decided on the spot."""

    kind: ClassVar[EventKind] = EventKind.ACCEPTED
    local_number: str
    promised_days: int


@dataclass(frozen=True, slots=True)
class Refused:
    """不予受理."""

    kind: ClassVar[EventKind] = EventKind.REFUSED
    reason: str


@dataclass(frozen=True, slots=True)
class SupplementRequested:
    """一次性告知补正: everything that is missing, told once. ``request`` counts from 1."""

    kind: ClassVar[EventKind] = EventKind.SUPPLEMENT_REQUESTED
    request: int
    items: tuple[SupplementItem, ...]


@dataclass(frozen=True, slots=True)
class Suspended:
    """挂起: a special procedure that does not count towards the time limit."""

    kind: ClassVar[EventKind] = EventKind.SUSPENDED
    procedure: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """恢复."""

    kind: ClassVar[EventKind] = EventKind.RESUMED


@dataclass(frozen=True, slots=True)
class Decided:
    """办结."""

    kind: ClassVar[EventKind] = EventKind.DECIDED
    approved: bool
    explanation: str
    result_number: str = ""
    result_licence: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """已撤回."""

    kind: ClassVar[EventKind] = EventKind.WITHDRAWN


@dataclass(frozen=True, slots=True)
class WithdrawalRefused:
    """不同意撤回."""

    kind: ClassVar[EventKind] = EventKind.WITHDRAWAL_REFUSED
    reason: str


AcceptingBody = Submitted | Supplemented | WithdrawalRequested | Rated
ProcessingBody = (
    Accepted | Refused | SupplementRequested | Suspended | Resumed | Decided | Withdrawn | WithdrawalRefused
)
EventBody = AcceptingBody | ProcessingBody


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One thing that one side did. Field by field as tongban.case.v1.CaseEvent."""

    case_id: str
    emitter: str
    seq: int
    seen: int
    previous: bytes
    salt: bytes = field(repr=False)
    occurred_at: datetime
    actor: str
    body: EventBody

    @property
    def side(self) -> Side:
        """The side that emitted it."""
        return self.body.kind.side


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event together with its exact bytes, which are what is signed, hashed and kept."""

    event: CaseEvent
    raw: bytes = field(repr=False)
    digest: bytes
    """SHA-256 of ``raw``."""
    leaf: bytes = b""
    """RFC 6962 hash of the audit leaf that this gateway made for it, 32 bytes; empty until it is recorded."""

    @classmethod
    def of(cls, event: CaseEvent, raw: bytes) -> RecordedEvent:
        """Pair an event with its bytes. The caller vouches that ``event`` was read from, or written to, ``raw``."""
        return cls(event, raw, hashlib.sha256(raw).digest())


# --------------------------------------------------------------------------------------------------------------------
# What may follow what
# --------------------------------------------------------------------------------------------------------------------


class CaseState(StrEnum):
    """Where a case stands."""

    SUBMITTED = "submitted"
    """待受理."""
    SUBMITTED_SUPPLEMENTING = "submitted_supplementing"
    """待补正, before acceptance."""
    ACCEPTED = "accepted"
    """办理中."""
    ACCEPTED_SUPPLEMENTING = "accepted_supplementing"
    """待补正, after acceptance: the clock stands."""
    SUSPENDED = "suspended"
    """挂起: the clock stands."""
    DECIDED = "decided"
    """已办结."""
    REFUSED = "refused"
    """不予受理."""
    WITHDRAWN = "withdrawn"
    """已撤回."""

    @property
    def is_over(self) -> bool:
        """True when only a rating can follow."""
        return self in {CaseState.DECIDED, CaseState.REFUSED, CaseState.WITHDRAWN}

    @property
    def clock_stands(self) -> bool:
        """True while time does not count towards the time limit."""
        return self in {CaseState.ACCEPTED_SUPPLEMENTING, CaseState.SUSPENDED}


_S, _K = CaseState, EventKind

TRANSITIONS: Mapping[tuple[CaseState, EventKind], CaseState] = {
    # before acceptance
    (_S.SUBMITTED, _K.ACCEPTED): _S.ACCEPTED,
    (_S.SUBMITTED, _K.REFUSED): _S.REFUSED,
    (_S.SUBMITTED, _K.SUPPLEMENT_REQUESTED): _S.SUBMITTED_SUPPLEMENTING,
    (_S.SUBMITTED_SUPPLEMENTING, _K.SUPPLEMENTED): _S.SUBMITTED,
    (_S.SUBMITTED_SUPPLEMENTING, _K.REFUSED): _S.REFUSED,
    # after acceptance
    (_S.ACCEPTED, _K.SUPPLEMENT_REQUESTED): _S.ACCEPTED_SUPPLEMENTING,
    (_S.ACCEPTED_SUPPLEMENTING, _K.SUPPLEMENTED): _S.ACCEPTED,
    (_S.ACCEPTED_SUPPLEMENTING, _K.DECIDED): _S.DECIDED,
    (_S.ACCEPTED, _K.SUSPENDED): _S.SUSPENDED,
    (_S.SUSPENDED, _K.RESUMED): _S.ACCEPTED,
    (_S.ACCEPTED, _K.DECIDED): _S.DECIDED,
    # withdrawal: before acceptance it can't be refused
    (_S.SUBMITTED, _K.WITHDRAWAL_REQUESTED): _S.SUBMITTED,
    (_S.SUBMITTED_SUPPLEMENTING, _K.WITHDRAWAL_REQUESTED): _S.SUBMITTED_SUPPLEMENTING,
    (_S.ACCEPTED, _K.WITHDRAWAL_REQUESTED): _S.ACCEPTED,
    (_S.ACCEPTED_SUPPLEMENTING, _K.WITHDRAWAL_REQUESTED): _S.ACCEPTED_SUPPLEMENTING,
    (_S.SUSPENDED, _K.WITHDRAWAL_REQUESTED): _S.SUSPENDED,
    (_S.SUBMITTED, _K.WITHDRAWN): _S.WITHDRAWN,
    (_S.SUBMITTED_SUPPLEMENTING, _K.WITHDRAWN): _S.WITHDRAWN,
    (_S.ACCEPTED, _K.WITHDRAWN): _S.WITHDRAWN,
    (_S.ACCEPTED_SUPPLEMENTING, _K.WITHDRAWN): _S.WITHDRAWN,
    (_S.SUSPENDED, _K.WITHDRAWN): _S.WITHDRAWN,
    (_S.ACCEPTED, _K.WITHDRAWAL_REFUSED): _S.ACCEPTED,
    (_S.ACCEPTED_SUPPLEMENTING, _K.WITHDRAWAL_REFUSED): _S.ACCEPTED_SUPPLEMENTING,
    (_S.SUSPENDED, _K.WITHDRAWAL_REFUSED): _S.SUSPENDED,
    # when it is over
    (_S.DECIDED, _K.RATED): _S.DECIDED,
    (_S.REFUSED, _K.RATED): _S.REFUSED,
}
"""(state, event) to the next state; what is not here is not legal. ``_guard`` adds the rules that depend on more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event in the agreed order, and whether it had an effect."""

    recorded: RecordedEvent
    moot: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """An interval in which the clock stood; ``until`` is None while it still does, and never before ``since``."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the fold of its events. Never stored: derived whenever it is needed."""

    case_id: str
    submitted: Submitted
    opened_at: datetime
    state: CaseState
    steps: tuple[Step, ...]
    accepted: Accepted | None = None
    accepted_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    supplement: SupplementRequested | None = None
    """The open request; None when nothing is asked of the applicant."""
    requests: int = 0
    """Supplement requests so far."""
    withdrawal_pending: bool = False
    decision: Decided | None = None
    refusal: str = ""
    rating: Rated | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All events of a case that a gateway holds, each side's in order of seq."""

    accepting: tuple[RecordedEvent, ...] = ()
    processing: tuple[RecordedEvent, ...] = ()

    @classmethod
    def of(cls, events: Sequence[RecordedEvent]) -> History:
        """Sort any collection of a case's events into the two sequences."""
        ordered = sorted(events, key=lambda recorded: recorded.event.seq)
        return cls(
            tuple(recorded for recorded in ordered if recorded.event.side is Side.ACCEPTING),
            tuple(recorded for recorded in ordered if recorded.event.side is Side.PROCESSING),
        )

    def of_side(self, side: Side) -> tuple[RecordedEvent, ...]:
        """The events of one side."""
        return self.accepting if side is Side.ACCEPTING else self.processing

    def with_event(self, recorded: RecordedEvent) -> History:
        """The history with one more event at the end of its side."""
        if recorded.event.side is Side.ACCEPTING:
            return replace(self, accepting=(*self.accepting, recorded))
        return replace(self, processing=(*self.processing, recorded))

    def agreed_order(self) -> Iterator[RecordedEvent]:
        """Rule 2: the one order that both sides compute alike."""
        placed = 0
        for decided in self.processing:
            while placed < min(decided.event.seen, len(self.accepting)):
                yield self.accepting[placed]
                placed += 1
            yield decided
        yield from self.accepting[placed:]

    def view_of(self, event: CaseEvent) -> History:
        """Rule 4: what the emitter of ``event`` had before it."""
        own, other = event.seq - 1, event.seen
        if event.side is Side.ACCEPTING:
            return History(self.accepting[:own], self.processing[:other])
        return History(self.accepting[:other], self.processing[:own])


# --------------------------------------------------------------------------------------------------------------------
# The fold
# --------------------------------------------------------------------------------------------------------------------


def fold(history: History) -> Case:
    """The state of a case from its events. Raises Malformed for a history that does not begin with ``submitted``."""
    order = history.agreed_order()
    first = next(order, None)
    if first is None or not isinstance(first.event.body, Submitted):
        raise Malformed(
            Reason.EVENT_CHAIN_BROKEN,
            "the events of a case do not begin with its submission",
            got="no event" if first is None else str(first.event.body.kind),
            expected="submitted",
            mend="deliver the accepting place's events from seq 1",
        )
    case = Case(
        case_id=first.event.case_id,
        submitted=first.event.body,
        opened_at=first.event.occurred_at,
        state=CaseState.SUBMITTED,
        steps=(),
    )
    # Beside the case until the end: a tuple that grows by one is copied by every step, and a peer decides how many.
    steps = [Step(first, moot=False)]
    for recorded in order:
        moot = illegal(case, recorded.event.body) is not None
        case = case if moot else _apply(case, recorded.event)
        steps.append(Step(recorded, moot))
    return replace(case, steps=tuple(steps))


def illegal(case: Case, body: EventBody) -> str | None:
    """Why ``body`` can't follow in this state, in a short clause; None when it can."""
    if (case.state, body.kind) not in TRANSITIONS:
        return f"{body.kind} can't follow in state {case.state}"
    return _guard(case, body)


def _guard(case: Case, body: EventBody) -> str | None:
    """The rules that depend on more than the state."""
    match body:
        case Supplemented(request=request) if case.supplement is None or request != case.supplement.request:
            return f"it answers supplement request {request}, and the open one is {case.requests}"
        case SupplementRequested(request=request) if request != case.requests + 1:
            return f"supplement request {request} is not the next one, {case.requests + 1}"
        case WithdrawalRequested() if case.withdrawal_pending:
            return "a withdrawal already waits for an answer"
        case Withdrawn() | WithdrawalRefused() if not case.withdrawal_pending:
            return "no withdrawal waits for an answer"
        case Rated() if case.rating is not None:
            return "it is rated already"
        case _:
            return None


def _apply(case: Case, event: CaseEvent) -> Case:
    """The case after a legal event."""
    after = replace(case, state=TRANSITIONS[case.state, event.body.kind])
    match event.body:
        case Accepted() as accepted:
            after = replace(after, accepted=accepted, accepted_at=event.occurred_at)
        case SupplementRequested() as supplement:
            after = replace(after, supplement=supplement, requests=supplement.request)
        case Supplemented():
            after = replace(after, supplement=None)
        case WithdrawalRequested():
            after = replace(after, withdrawal_pending=True)
        case WithdrawalRefused() | Withdrawn():
            after = replace(after, withdrawal_pending=False, supplement=_still_open(after))
        case Refused(reason=reason):
            after = replace(after, refusal=reason, supplement=None, withdrawal_pending=False)
        case Decided() as decision:
            after = replace(after, decision=decision, supplement=None, withdrawal_pending=False)
        case Rated() as rating:
            after = replace(after, rating=rating)
        case _:
            pass
    return replace(after, pauses=_pauses(case, after, event.occurred_at))


def _still_open(case: Case) -> SupplementRequested | None:
    return None if case.state.is_over else case.supplement


def _pauses(before: Case, after: Case, at: datetime) -> tuple[Pause, ...]:
    if before.state.clock_stands == after.state.clock_stands:
        return before.pauses
    if after.state.clock_stands:
        return (*before.pauses, Pause(at, None))
    # The two ends may be told by two places whose clocks differ, or by a platform that reports late.
    *earlier, last = before.pauses
    return (*earlier, replace(last, until=max(last.since, at)))


# --------------------------------------------------------------------------------------------------------------------
# Emitting and receiving
# --------------------------------------------------------------------------------------------------------------------


def emit(
    history: History, case_id: str, body: EventBody, *, emitter: str, occurred_at: datetime, actor: str, salt: bytes
) -> CaseEvent:
    """The next event of this side. Raises WrongState(CASE_STATE_WRONG) when it can't follow here."""
    side = body.kind.side
    own, other = history.of_side(side), history.of_side(side.other)
    event = CaseEvent(
        case_id=case_id,
        emitter=emitter,
        seq=len(own) + 1,
        seen=len(other),
        previous=own[-1].digest if own else b"",
        salt=salt,
        occurred_at=occurred_at,
        actor=actor,
        body=body,
    )
    _require_legal(history, event)
    return event


def receive(history: History, sender: Side, incoming: Sequence[RecordedEvent]) -> tuple[RecordedEvent, ...]:
    """Check a peer's consecutive events against what is held; return those that are new, in order.

    The caller has checked who the sender is. Steps, for each event:

    1. It is of the sender's side.
    2. Held already: the same bytes are passed over, other bytes are EVENT_CONFLICT.
    3. It is the next one, otherwise EVENT_GAP with ``wanted_seq``.
    4. It carries the hash of the one before it, and ``seen`` neither shrinks nor exceeds what this side emitted,
       otherwise EVENT_CHAIN_BROKEN.
    5. It is legal in its emitter's view, otherwise CASE_STATE_WRONG.

    Nothing is half taken: the first event that fails refuses all.
    """
    new: list[RecordedEvent] = []
    for recorded in incoming:
        event = recorded.event
        held = history.of_side(sender)
        # 1
        if event.side is not sender:
            raise Malformed(
                Reason.EVENT_CHAIN_BROKEN,
                f"event {event.seq} is one that only the {event.side} place emits",
                got=str(event.body.kind),
                expected=f"an event of the {sender} place",
            )
        # 2
        if 1 <= event.seq <= len(held):
            if held[event.seq - 1].digest != recorded.digest:
                raise Conflict(
                    Reason.EVENT_CONFLICT,
                    f"event {event.seq} was received before with other bytes",
                    got=recorded.digest.hex(),
                    expected=held[event.seq - 1].digest.hex(),
                    mend="send the bytes that were first made; an event never changes",
                )
            continue
        # 3
        if event.seq != len(held) + 1 or event.seq > MAX_EVENTS_PER_SIDE:
            raise WrongState(
                Reason.EVENT_GAP,
                "events are missing before this one",
                got=f"seq {event.seq}",
                expected=f"seq {len(held) + 1}",
                mend="send from the wanted one",
                details={"wanted_seq": str(len(held) + 1)},
            )
        # 4
        previous = held[-1].digest if held else b""
        seen_before = held[-1].event.seen if held else 0
        seen_at_most = len(history.of_side(sender.other))
        if event.previous != previous or not seen_before <= event.seen <= seen_at_most:
            raise WrongState(
                Reason.EVENT_CHAIN_BROKEN,
                f"event {event.seq} does not follow the one before it",
                got=f"previous {event.previous.hex()[:16] or 'none'}, seen {event.seen}",
                expected=f"previous {previous.hex()[:16] or 'none'}, seen {seen_before} to {seen_at_most}",
            )
        # 5
        _require_legal(history, event)
        history = history.with_event(recorded)
        new.append(recorded)
    return tuple(new)


def _require_legal(history: History, event: CaseEvent) -> None:
    view = history.view_of(event)
    if not view.accepting and not view.processing:
        why = None if isinstance(event.body, Submitted) else f"{event.body.kind} can't be the first event of a case"
    else:
        why = illegal(fold(view), event.body)
    if why is not None:
        raise WrongState(
            Reason.CASE_STATE_WRONG,
            f"the case is not where it could be {event.body.kind}: {why}",
            mend="look at the case and do what its state allows",
        )
