"""The case engine: what may follow what, what it comes to, and what is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.case import (
    MAX_EVENTS_PER_SIDE,
    TRANSITIONS,
    Accepted,
    CaseState,
    EventKind,
    History,
    Pause,
    Rated,
    Side,
    fold,
    illegal,
    receive,
)
from tests.gateway.domain.journal import (
    SUBMITTED,
    Journal,
    Place,
    altered,
    body_of,
)
from trust.errors import Conflict, Malformed, Reason, TongbanError, WrongState

S, K = CaseState, EventKind

# Every state, how a case gets there, and what may follow. Written out once more, beside the code's own table.
WAY_TO: dict[CaseState, tuple[EventKind, ...]] = {
    S.SUBMITTED: (),
    S.SUBMITTED_SUPPLEMENTING: (K.SUPPLEMENT_REQUESTED,),
    S.ACCEPTED: (K.ACCEPTED,),
    S.ACCEPTED_SUPPLEMENTING: (K.ACCEPTED, K.SUPPLEMENT_REQUESTED),
    S.SUSPENDED: (K.ACCEPTED, K.SUSPENDED),
    S.DECIDED: (K.ACCEPTED, K.DECIDED),
    S.REFUSED: (K.REFUSED,),
    S.WITHDRAWN: (K.WITHDRAWAL_REQUESTED, K.WITHDRAWN),
}
FOLLOWS: dict[CaseState, dict[EventKind, CaseState]] = {
    S.SUBMITTED: {
        K.ACCEPTED: S.ACCEPTED,
        K.REFUSED: S.REFUSED,
        K.SUPPLEMENT_REQUESTED: S.SUBMITTED_SUPPLEMENTING,
        K.WITHDRAWAL_REQUESTED: S.SUBMITTED,
        K.WITHDRAWN: S.WITHDRAWN,
    },
    S.SUBMITTED_SUPPLEMENTING: {
        K.SUPPLEMENTED: S.SUBMITTED,
        K.REFUSED: S.REFUSED,
        K.WITHDRAWAL_REQUESTED: S.SUBMITTED_SUPPLEMENTING,
        K.WITHDRAWN: S.WITHDRAWN,
    },
    S.ACCEPTED: {
        K.SUPPLEMENT_REQUESTED: S.ACCEPTED_SUPPLEMENTING,
        K.SUSPENDED: S.SUSPENDED,
        K.DECIDED: S.DECIDED,
        K.WITHDRAWAL_REQUESTED: S.ACCEPTED,
        K.WITHDRAWN: S.WITHDRAWN,
        K.WITHDRAWAL_REFUSED: S.ACCEPTED,
    },
    S.ACCEPTED_SUPPLEMENTING: {
        K.SUPPLEMENTED: S.ACCEPTED,
        K.DECIDED: S.DECIDED,
        K.WITHDRAWAL_REQUESTED: S.ACCEPTED_SUPPLEMENTING,
        K.WITHDRAWN: S.WITHDRAWN,
        K.WITHDRAWAL_REFUSED: S.ACCEPTED_SUPPLEMENTING,
    },
    S.SUSPENDED: {
        K.RESUMED: S.ACCEPTED,
        K.WITHDRAWAL_REQUESTED: S.SUSPENDED,
        K.WITHDRAWN: S.WITHDRAWN,
        K.WITHDRAWAL_REFUSED: S.SUSPENDED,
    },
    S.DECIDED: {K.RATED: S.DECIDED},
    S.REFUSED: {K.RATED: S.REFUSED},
    S.WITHDRAWN: {},
}
ANSWERS_A_WITHDRAWAL = {K.WITHDRAWN, K.WITHDRAWAL_REFUSED}


def standing_at(state: CaseState, *, for_event: EventKind) -> Journal:
    """A case in this state in which nothing but the state can stand in the event's way."""
    journal = Journal.opened().happens(*WAY_TO[state])
    if for_event in ANSWERS_A_WITHDRAWAL and not state.is_over:
        journal.happens(K.WITHDRAWAL_REQUESTED)
    return journal


def request_number(journal: Journal, kind: EventKind) -> int:
    requests = journal.processing.case.requests
    return requests + 1 if kind is K.SUPPLEMENT_REQUESTED else requests


def refusal(reason: Reason, error: pytest.ExceptionInfo[TongbanError]) -> TongbanError:
    assert error.value.reason is reason
    return error.value


# What may follow what


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("state", CaseState)
def test_an_event_may_follow_in_a_state_exactly_when_the_table_says_so(state: CaseState, kind: EventKind) -> None:
    journal = standing_at(state, for_event=kind)
    assert journal.processing.case.state is state
    body = body_of(kind, request_number(journal, kind))
    place = journal.place(kind.side)
    after = FOLLOWS[state].get(kind)
    assert TRANSITIONS.get((state, kind)) is after
    if after is None:
        with pytest.raises(WrongState) as error:
            place.emit(body)
        refusal(Reason.CASE_STATE_WRONG, error)
    else:
        place.emit(body)
        assert place.case.state is after
        assert place.case.steps[-1].moot is False


def test_only_the_submission_can_be_the_first_event() -> None:
    for kind in set(EventKind) - {K.SUBMITTED}:
        with pytest.raises(WrongState) as error:
            Place(kind.side).emit(body_of(kind))
        refusal(Reason.CASE_STATE_WRONG, error)


def test_a_history_without_its_submission_has_no_state() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    for history in (History(), replace(journal.processing.history, accepting=())):
        with pytest.raises(Malformed) as error:
            fold(history)
        refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_every_kind_belongs_to_one_side() -> None:
    accepting = {kind for kind in EventKind if kind.side is Side.ACCEPTING}
    assert accepting == {K.SUBMITTED, K.SUPPLEMENTED, K.WITHDRAWAL_REQUESTED, K.RATED}
    assert all(kind.side.other is not kind.side for kind in EventKind)


# Guards


@pytest.mark.parametrize("number", [0, 2])
def test_a_supplement_answers_the_open_request_and_no_other(number: int) -> None:
    journal = Journal.opened().happens(K.SUPPLEMENT_REQUESTED)
    with pytest.raises(WrongState) as error:
        journal.accepting.emit(body_of(K.SUPPLEMENTED, number))
    refusal(Reason.CASE_STATE_WRONG, error)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_supplement_requests_are_numbered_without_gaps(number: int) -> None:
    journal = Journal.opened().happens(K.SUPPLEMENT_REQUESTED, K.SUPPLEMENTED)
    with pytest.raises(WrongState):
        journal.processing.emit(body_of(K.SUPPLEMENT_REQUESTED, number))
    journal.happens(K.SUPPLEMENT_REQUESTED, K.SUPPLEMENTED, request=2)
    assert journal.processing.case.requests == 2
    assert journal.processing.case.supplement is None


def test_a_case_is_rated_once() -> None:
    journal = Journal.opened().happens(K.REFUSED, K.RATED)
    assert journal.accepting.case.rating == Rated(5)
    with pytest.raises(WrongState):
        journal.accepting.emit(Rated(1))


def test_a_withdrawal_is_asked_for_once_at_a_time() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.WITHDRAWAL_REQUESTED)
    with pytest.raises(WrongState):
        journal.accepting.emit(body_of(K.WITHDRAWAL_REQUESTED))
    journal.happens(K.WITHDRAWAL_REFUSED)
    assert not journal.accepting.case.withdrawal_pending
    journal.happens(K.WITHDRAWAL_REQUESTED)
    assert journal.processing.case.withdrawal_pending


@pytest.mark.parametrize("state", [S.SUBMITTED, S.ACCEPTED, S.SUSPENDED])
@pytest.mark.parametrize("kind", sorted(ANSWERS_A_WITHDRAWAL))
def test_nobody_answers_a_withdrawal_that_was_not_asked_for(state: CaseState, kind: EventKind) -> None:
    journal = Journal.opened().happens(*WAY_TO[state])
    assert illegal(journal.processing.case, body_of(kind)) is not None


# What it comes to


def test_the_fold_keeps_what_the_two_places_said() -> None:
    journal = Journal.opened().happens(
        K.ACCEPTED, K.SUPPLEMENT_REQUESTED, K.SUPPLEMENTED, K.WITHDRAWAL_REQUESTED, K.DECIDED, K.RATED
    )
    case = journal.accepting.case
    assert case == journal.processing.case
    assert case.submitted is SUBMITTED
    assert case.accepted == Accepted("JZ-1", 5)
    assert case.decision == body_of(K.DECIDED)
    assert case.rating == Rated(5)
    assert (case.supplement, case.withdrawal_pending, case.refusal) == (None, False, "")
    assert len(case.steps) == 7
    assert not any(step.moot for step in case.steps)


def test_a_refusal_closes_the_open_request_and_the_open_withdrawal() -> None:
    journal = Journal.opened().happens(K.SUPPLEMENT_REQUESTED, K.WITHDRAWAL_REQUESTED, K.REFUSED)
    case = journal.accepting.case
    assert case.refusal == "不属于本机关职权范围"
    assert (case.supplement, case.withdrawal_pending) == (None, False)


def test_a_refused_withdrawal_leaves_the_supplement_request_open() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.SUPPLEMENT_REQUESTED, K.WITHDRAWAL_REQUESTED, K.WITHDRAWAL_REFUSED)
    assert journal.accepting.case.supplement is not None
    journal.happens(K.WITHDRAWAL_REQUESTED, K.WITHDRAWN)
    assert journal.accepting.case.supplement is None


def test_the_clock_stands_while_a_supplement_is_awaited_and_while_suspended() -> None:
    journal = Journal.opened()
    place, other = journal.processing, journal.accepting
    times = [timedelta(days=day) for day in range(6)]
    place.emit(body_of(K.ACCEPTED), after=times[0])
    place.emit(body_of(K.SUPPLEMENT_REQUESTED), after=times[1])
    journal.synchronised()
    other.emit(body_of(K.SUPPLEMENTED), after=times[2])
    journal.synchronised()
    place.emit(body_of(K.SUSPENDED), after=times[3])
    place.emit(body_of(K.RESUMED), after=times[4])
    place.emit(body_of(K.SUSPENDED), after=times[5])
    opened = place.case.opened_at
    assert place.case.pauses == (
        Pause(opened + times[1], opened + times[2]),
        Pause(opened + times[3], opened + times[4]),
        Pause(opened + times[5], None),
    )
    assert place.case.accepted_at == opened


def test_a_supplement_before_acceptance_is_no_pause() -> None:
    journal = Journal.opened().happens(K.SUPPLEMENT_REQUESTED, K.SUPPLEMENTED, K.ACCEPTED)
    assert journal.processing.case.pauses == ()


def test_a_decision_or_a_withdrawal_ends_the_pause() -> None:
    for last in (K.DECIDED, K.WITHDRAWN):
        journal = Journal.opened().happens(K.ACCEPTED, K.SUPPLEMENT_REQUESTED, K.WITHDRAWAL_REQUESTED, last)
        (pause,) = journal.processing.case.pauses
        assert pause.until is not None


def test_a_pause_never_ends_before_it_begins_though_clocks_differ() -> None:
    journal = Journal.opened()
    journal.processing.emit(body_of(K.ACCEPTED))
    journal.processing.emit(body_of(K.SUSPENDED), after=timedelta(days=3))
    journal.processing.emit(body_of(K.RESUMED), after=timedelta(days=1))
    (pause,) = journal.processing.case.pauses
    assert pause.until == pause.since


# Crossing events


def test_a_withdrawal_that_crosses_a_decision_is_kept_without_effect() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    withdrawal = journal.accepting.emit(body_of(K.WITHDRAWAL_REQUESTED))
    journal.processing.emit(body_of(K.DECIDED))
    journal.synchronised()
    case = journal.accepting.case
    assert case == journal.processing.case
    assert case.state is S.DECIDED
    assert not case.withdrawal_pending
    assert [step.recorded for step in case.steps if step.moot] == [withdrawal]


def test_a_withdrawal_that_the_decision_has_seen_has_its_place_before_it() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.WITHDRAWAL_REQUESTED, K.DECIDED)
    kinds = [step.recorded.event.body.kind for step in journal.accepting.case.steps]
    assert kinds == [K.SUBMITTED, K.ACCEPTED, K.WITHDRAWAL_REQUESTED, K.DECIDED]


def test_a_withdrawal_that_crosses_the_acceptance_becomes_a_request() -> None:
    journal = Journal.opened()
    journal.accepting.emit(body_of(K.WITHDRAWAL_REQUESTED))
    journal.processing.emit(body_of(K.ACCEPTED))
    journal.synchronised()
    case = journal.accepting.case
    assert case == journal.processing.case
    assert (case.state, case.withdrawal_pending) == (S.ACCEPTED, True)
    journal.happens(K.WITHDRAWAL_REFUSED)
    assert journal.accepting.case.state is S.ACCEPTED


def test_a_withdrawal_before_acceptance_cannot_be_refused() -> None:
    journal = Journal.opened().happens(K.WITHDRAWAL_REQUESTED)
    with pytest.raises(WrongState):
        journal.processing.emit(body_of(K.WITHDRAWAL_REFUSED))
    journal.happens(K.WITHDRAWN)
    assert journal.accepting.case.state is S.WITHDRAWN


def test_a_supplement_that_crosses_a_decision_is_moot() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.SUPPLEMENT_REQUESTED)
    journal.accepting.emit(body_of(K.SUPPLEMENTED))
    journal.processing.emit(body_of(K.DECIDED))
    journal.synchronised()
    assert [step.moot for step in journal.accepting.case.steps] == [False, False, False, False, True]


# Emitting


def test_an_event_carries_its_place_in_both_sequences() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.SUPPLEMENT_REQUESTED, K.SUPPLEMENTED)
    first, second = journal.accepting.own
    assert (first.event.seq, first.event.seen, first.event.previous) == (1, 0, b"")
    assert (second.event.seq, second.event.seen, second.event.previous) == (2, 2, first.digest)
    assert second.event.emitter == "430600.gateway"


def test_the_error_of_an_illegal_event_says_where_the_case_stands() -> None:
    with pytest.raises(WrongState, match="resumed can't follow in state submitted"):
        Journal.opened().processing.emit(body_of(K.RESUMED))


# Receiving


def test_what_is_held_already_is_passed_over() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.SUPPLEMENT_REQUESTED)
    before = journal.accepting.history
    assert journal.accepting.receive(*journal.processing.own) == ()
    assert journal.accepting.history == before


def test_new_events_after_held_ones_are_returned_alone() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    new = journal.processing.emit(body_of(K.SUSPENDED))
    assert journal.accepting.receive(*journal.processing.own) == (new,)


def test_a_gap_is_refused_with_the_wanted_number() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    journal.processing.emit(body_of(K.SUSPENDED))
    late = journal.processing.emit(body_of(K.RESUMED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(late)
    assert refusal(Reason.EVENT_GAP, error).details == {"wanted_seq": "2"}


def test_an_event_number_zero_is_no_number() -> None:
    journal = Journal.opened()
    first = journal.processing.emit(body_of(K.ACCEPTED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(altered(first, seq=0))
    refusal(Reason.EVENT_GAP, error)


def test_the_number_of_events_is_bounded() -> None:
    journal = Journal.opened()
    accepted = journal.processing.emit(body_of(K.ACCEPTED))
    place = journal.accepting
    place.history = replace(place.history, processing=(accepted,) * MAX_EVENTS_PER_SIDE)
    with pytest.raises(WrongState) as error:
        place.receive(altered(accepted, seq=MAX_EVENTS_PER_SIDE + 1, previous=accepted.digest))
    refusal(Reason.EVENT_GAP, error)


def test_other_bytes_under_a_held_number_are_a_conflict() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    other = altered(journal.processing.own[0], body=Accepted("JZ-1", 50))
    with pytest.raises(Conflict) as error:
        journal.accepting.receive(other)
    refusal(Reason.EVENT_CONFLICT, error)


def test_an_event_that_does_not_carry_the_hash_of_the_one_before_breaks_the_chain() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    second = journal.processing.emit(body_of(K.SUSPENDED))
    for previous in (b"", bytes(32)):
        with pytest.raises(WrongState) as error:
            journal.accepting.receive(altered(second, previous=previous))
        refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_the_first_event_carries_no_hash() -> None:
    journal = Journal.opened()
    first = journal.processing.emit(body_of(K.ACCEPTED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(altered(first, previous=bytes(32)))
    refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_nobody_has_seen_more_than_was_emitted() -> None:
    journal = Journal.opened()
    first = journal.processing.emit(body_of(K.ACCEPTED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(altered(first, seen=2))
    refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_nobody_forgets_what_was_seen() -> None:
    journal = Journal.opened().happens(K.ACCEPTED, K.WITHDRAWAL_REQUESTED, K.WITHDRAWAL_REFUSED)
    third = journal.processing.emit(body_of(K.DECIDED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(altered(third, seen=1))
    refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_a_side_cannot_speak_for_the_other() -> None:
    journal = Journal.opened()
    first = journal.processing.emit(body_of(K.ACCEPTED))
    with pytest.raises(Malformed) as error:
        journal.accepting.receive(altered(first, body=body_of(K.WITHDRAWAL_REQUESTED)))
    refusal(Reason.EVENT_CHAIN_BROKEN, error)


def test_what_was_illegal_in_its_emitters_view_is_refused() -> None:
    journal = Journal.opened()
    first = journal.processing.emit(body_of(K.ACCEPTED))
    with pytest.raises(WrongState) as error:
        journal.accepting.receive(altered(first, body=body_of(K.DECIDED)))
    refusal(Reason.CASE_STATE_WRONG, error)


def test_legality_is_judged_in_the_emitters_view_and_not_in_the_receivers() -> None:
    journal = Journal.opened().happens(K.ACCEPTED)
    withdrawal = journal.accepting.emit(body_of(K.WITHDRAWAL_REQUESTED))
    journal.processing.emit(body_of(K.DECIDED))
    assert illegal(journal.processing.case, withdrawal.event.body) is not None
    assert journal.processing.receive(withdrawal) == (withdrawal,)


@pytest.mark.parametrize("spoilt", [1, 2])
def test_nothing_of_a_batch_is_taken_when_one_event_of_it_fails(spoilt: int) -> None:
    journal = Journal.opened()
    for kind in (K.ACCEPTED, K.SUSPENDED, K.RESUMED):
        journal.processing.emit(body_of(kind))
    batch = list(journal.processing.own)
    batch[spoilt] = altered(batch[spoilt], previous=bytes(32))
    before = journal.accepting.history
    with pytest.raises(WrongState):
        journal.accepting.receive(*batch)
    assert journal.accepting.history == before
    assert journal.accepting.case.state is S.SUBMITTED


def test_personal_data_stays_out_of_reprs() -> None:
    recorded = Journal.opened().accepting.own[0]
    for text in (repr(recorded), repr(recorded.event), repr(Journal.opened().accepting.case)):
        assert "张三" not in text
        assert "11010519491231002X" not in text


def test_the_longest_case_is_not_dear_to_receive() -> None:
    """What a peer may make of a case must not hold up everybody else's: 50 events are one delivery."""
    journal = Journal.opened().happens(EventKind.ACCEPTED)
    chain = list(journal.processing.own)
    for number in range(2, MAX_EVENTS_PER_SIDE + 1):
        kind = EventKind.RESUMED if number % 2 else EventKind.SUSPENDED
        chain.append(altered(chain[0], seq=number, previous=chain[-1].digest, body=body_of(kind)))
    held = History(journal.accepting.own, tuple(chain[:-50]))
    began = time.process_time()
    new = receive(held, Side.PROCESSING, chain[-50:])
    assert len(new) == 50
    assert time.process_time() - began < 5
