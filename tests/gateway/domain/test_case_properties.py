"""Two places and a bad network: whatever is dropped, repeated, delayed or crossed, both come to the same case."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.case import (
    Case,
    EventBody,
    EventKind,
    RecordedEvent,
    Side,
    fold,
    illegal,
)
from tests.gateway.domain.journal import Journal, Place, altered, body_of
from trust.errors import Reason, TongbanError, WrongState

CHOICES = 1 << 16
_steps = st.lists(
    st.tuples(
        st.sampled_from(["act", "act", "send", "deliver", "deliver", "repeat", "drop"]),
        st.sampled_from(Side),
        st.integers(0, CHOICES - 1),
    ),
    min_size=15,  # hypothesis would else try mostly five
    max_size=50,
)


def possible(place: Place) -> list[EventBody]:
    """What this side can do now."""
    case = place.case
    kinds = [kind for kind in EventKind if kind.side is place.side]
    return [body for kind in kinds if illegal(case, body := body_of(kind, number(case, kind))) is None]


def number(case: Case, kind: EventKind) -> int:
    return case.requests + 1 if kind is EventKind.SUPPLEMENT_REQUESTED else case.requests


@dataclass
class Network:
    """Batches of consecutive events under way to each side, in no order."""

    journal: Journal = field(default_factory=Journal.opened)
    under_way: dict[Side, list[tuple[RecordedEvent, ...]]] = field(
        default_factory=lambda: {Side.ACCEPTING: [], Side.PROCESSING: []}
    )

    def run(self, steps: list[tuple[str, Side, int]]) -> None:
        for step, side, choice in steps:
            place, batches = self.journal.place(side), self.under_way[side.other]
            match step:
                case "act":
                    if bodies := possible(place):
                        place.emit(bodies[choice % len(bodies)])
                case "send" if place.own:
                    first, length = choice % len(place.own), 1 + choice % 3
                    batches.append(place.own[first : first + length])
                case "deliver" if batches:
                    self.deliver(side.other, batches.pop(choice % len(batches)))
                case "repeat" if batches:
                    self.deliver(side.other, batches[choice % len(batches)])
                case "drop" if batches:
                    batches.pop(choice % len(batches))

    def deliver(self, side: Side, batch: tuple[RecordedEvent, ...]) -> None:
        """A gap is the only thing that can be wrong with an honest peer's events."""
        place = self.journal.place(side)
        held = len(place.history.of_side(side.other))
        if batch[0].event.seq <= held + 1:
            place.receive(*batch)
            return
        with pytest.raises(WrongState) as error:
            place.receive(*batch)
        assert error.value.reason is Reason.EVENT_GAP
        assert error.value.details["wanted_seq"] == str(held + 1)


@given(steps=_steps)
@settings(max_examples=200, deadline=None)
def test_both_places_come_to_the_same_case_once_everything_is_delivered(steps: list[tuple[str, Side, int]]) -> None:
    network = Network()
    network.run(steps)
    journal = network.journal.synchronised()
    assert journal.accepting.history == journal.processing.history
    case = journal.accepting.case
    assert case == journal.processing.case
    assert len(case.steps) == len(journal.accepting.own) + len(journal.processing.own)
    assert all(step.recorded.event.side is Side.ACCEPTING for step in case.steps if step.moot)


@given(steps=_steps)
@settings(max_examples=100, deadline=None)
def test_what_the_processing_place_did_keeps_its_effect_whatever_arrives_later(
    steps: list[tuple[str, Side, int]],
) -> None:
    network = Network()
    network.run(steps)
    journal = network.journal
    before = journal.processing.case
    last = journal.processing.own[-1:]
    journal.processing.receive(*journal.accepting.own)
    after = journal.processing.case
    if last:
        settled = [step.recorded for step in before.steps].index(last[0]) + 1
        assert after.steps[:settled] == before.steps[:settled]
    if before.state.is_over:
        assert after.state is before.state
    assert (after.accepted, after.decision, after.refusal) == (before.accepted, before.decision, before.refusal)


@given(steps=_steps, side=st.sampled_from(Side), kind=st.sampled_from(EventKind), request=st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_an_event_is_taken_exactly_when_its_emitters_view_allows_it(
    steps: list[tuple[str, Side, int]], side: Side, kind: EventKind, request: int
) -> None:
    """A peer without the checks of ``emit`` sends anything at all as its next event."""
    network = Network()
    network.run(steps)
    sender, receiver = network.journal.place(side), network.journal.place(side.other)
    receiver.receive(*sender.own)
    body = body_of(kind, request)
    legal = kind.side is side and illegal(sender.case, body) is None
    template = sender.own[-1] if sender.own else network.journal.place(side.other).own[0]
    forged = altered(
        template,
        seq=len(sender.own) + 1,
        seen=len(sender.history.of_side(side.other)),
        previous=sender.own[-1].digest if sender.own else b"",
        body=body,
    )
    before = receiver.history
    if legal:
        assert receiver.receive(forged) == (forged,)
        fold(receiver.history)
    else:
        with pytest.raises(TongbanError) as error:
            receiver.receive(forged)
        wrong_side = kind.side is not side
        assert error.value.reason is (Reason.EVENT_CHAIN_BROKEN if wrong_side else Reason.CASE_STATE_WRONG)
        assert receiver.history == before
