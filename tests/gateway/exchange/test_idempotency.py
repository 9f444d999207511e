"""One effect however often it is asked for: keys, lost answers, a store that fails, others writing the same case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from tongban.case.v1 import case_service_pb2, event_pb2

from gateway.domain.case import CaseState
from gateway.domain.commands import AdvanceCase
from gateway.exchange.sentence import ATTEMPTS_AT_A_MOVING_CASE, exchange_notice
from gateway.ports import Recording, StaleCase, Store
from gateway.store.memory import MemoryStore
from gateway.wire import routes
from gateway.wire.cases import read_progress
from tests.gateway.exchange.world import (
    ACCEPTED,
    CROSSWALK,
    DECIDED,
    Federation,
    application,
    progress,
    receipt_of,
    shown,
)
from trust.errors import Conflict, Forbidden, InFlight, Reason, Unavailable
from trust.leaf import LeafKind


class Failing:
    """A store that fails when told to: before anything is written, or after everything was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fails: list[str] = []
        """What the next recordings meet: ``before``, ``after``, ``stale``; then all is well."""
        self.recordings = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def record(self, recording: Recording) -> None:
        self.recordings += 1
        fault = self.fails.pop(0) if self.fails else ""
        if fault == "before":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the store did not answer")
        if fault == "stale":
            raise StaleCase
        await self._store.record(recording)
        if fault == "after":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the store did not answer")


async def rows(store: Store) -> int:
    return len(await store.cases(states=tuple(CaseState), limit=100))


# Keys


async def test_the_same_key_and_bytes_give_the_same_reply_bytes(federation: Federation) -> None:
    yueyang = federation.yueyang
    first = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    federation.clock.advance(hours=5)
    again = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    assert again.body == first.body
    assert again.call.signature != first.call.signature
    assert await rows(yueyang.store) == 1
    assert len([leaf for leaf in await yueyang.leaves() if leaf.kind is LeafKind.CASE_EVENT]) == 1


async def test_the_same_key_with_other_bytes_is_a_conflict(federation: Federation) -> None:
    yueyang = federation.yueyang
    await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    other = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application(answers={"kind": "x"}))
    assert isinstance(other.error, Conflict)
    assert other.error.reason == "KEY_REUSED"
    assert await rows(yueyang.store) == 1


async def test_a_key_belongs_to_its_member(federation: Federation) -> None:
    yueyang, jingzhou = federation.yueyang, federation.jingzhou
    case_id = await federation.opened(idempotency_key="report-accepted")
    shown(await federation.report(case_id, "report-accepted", accepted=ACCEPTED))
    assert await yueyang.store.reply("430600.platform", "report-accepted") is not None
    assert await jingzhou.store.reply("421000.platform", "report-accepted") is not None


async def test_a_key_belongs_to_its_method(federation: Federation) -> None:
    """A rating's bytes read as a withdrawal without a reason; the rating's reply must not say that it was made."""
    yueyang = federation.yueyang
    case_id = await federation.opened()
    shown(await federation.report(case_id, refused=event_pb2.Refused(reason="不予受理")))
    receipt_of(await federation.deliver(case_id, federation.jingzhou, yueyang))
    rating = case_service_pb2.RateCaseRequest(idempotency_key="rate-0001", case=case_id, score=5)
    shown(await federation.call(yueyang.platform, yueyang, routes.RATE_CASE, rating))
    other = await federation.call(yueyang.platform, yueyang, routes.WITHDRAW_CASE, rating.SerializeToString())
    assert other.error.reason == "KEY_REUSED"


async def test_a_notices_key_is_no_calls_key(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    command, told = notice(case_id, accepted=ACCEPTED)
    await exchange_notice(jingzhou.house, command, told, Recording())
    answer = await federation.call(jingzhou.platform, jingzhou, routes.REPORT_PROGRESS, told)
    assert answer.error.reason == "KEY_REUSED"


async def test_a_replayed_call_is_a_replay_even_where_its_answer_is_stored(federation: Federation) -> None:
    yueyang = federation.yueyang
    first = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    again = await federation.send(first.call, yueyang, yueyang.platform)
    assert again.error.reason == "CALL_REPLAYED"


async def test_an_attempt_that_is_answered_from_the_store_consumes_its_number(federation: Federation) -> None:
    yueyang = federation.yueyang
    await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    second = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    assert second.reply.status == 0
    again = await federation.send(second.call, yueyang, yueyang.platform)
    assert again.error.reason == "CALL_REPLAYED"


async def test_an_attempt_that_failed_is_processed_again(federation: Federation) -> None:
    yueyang = federation.yueyang
    yueyang.known.crosswalk = replace(CROSSWALK, rows=())
    failed = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    assert failed.error.reason == "ITEM_UNMAPPED"
    yueyang.known.crosswalk = CROSSWALK
    assert shown(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())).case_id


async def test_delivering_again_is_harmless_and_gives_the_same_receipt(federation: Federation) -> None:
    case_id = await federation.opened()
    before = len(await federation.jingzhou.leaves())
    first = await federation.deliver(case_id, federation.yueyang, federation.jingzhou)
    again = await federation.deliver(case_id, federation.yueyang, federation.jingzhou)
    assert first.body == again.body
    assert receipt_of(again).accepted_through == 1
    assert len(await federation.jingzhou.leaves()) == before


# A store that fails

Prepare = Callable[[str], tuple[str, Message]]

EFFECTS: dict[str, Prepare] = {
    "accept": lambda case: (routes.REPORT_PROGRESS, progress(case, accepted=ACCEPTED)),
    "ask for a supplement": lambda case: (
        routes.REPORT_PROGRESS,
        progress(
            case,
            supplement_requested=event_pb2.SupplementRequested(
                items=[event_pb2.SupplementItem(material_key="application", flaw="未签字")]
            ),
        ),
    ),
}


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("effect", EFFECTS)
async def test_a_store_that_fails_leaves_the_outcome_open_and_a_retry_has_one_effect(
    federation: Federation, effect: str, fault: str
) -> None:
    case_id = await federation.opened()
    store = Failing(federation.jingzhou.store)
    jingzhou = federation.jingzhou.on(store)
    method, message = EFFECTS[effect](case_id)
    store.fails = [fault]
    failed = await federation.call(jingzhou.platform, jingzhou, method, message)
    assert isinstance(failed.error, Unavailable)
    assert failed.error.reason == "STORE_UNAVAILABLE"
    retried = shown(await federation.call(jingzhou.platform, jingzhou, method, message))
    assert len(retried.steps) == 2
    record = await jingzhou.store.case(case_id=case_id)
    assert record is not None
    assert len(record.events) == 2
    waiting = await jingzhou.store.deliveries(stream=case_id)
    assert len([each for each in waiting if each.destination == "430600.gateway"]) == 1


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_delivery_into_a_failing_store_is_made_again(federation: Federation, fault: str) -> None:
    yueyang = federation.yueyang
    case = shown(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application()))
    store = Failing(federation.jingzhou.store)
    jingzhou = federation.jingzhou.on(store)
    store.fails = [fault]
    failed = await federation.deliver(case.case_id, yueyang, jingzhou)
    assert failed.error.reason == "STORE_UNAVAILABLE"
    receipt = receipt_of(await federation.deliver(case.case_id, yueyang, jingzhou))
    assert receipt.accepted_through == 1
    assert len([leaf for leaf in await jingzhou.leaves() if leaf.kind is LeafKind.CASE_EVENT]) == 1
    assert len(await jingzhou.store.evidence(case.case_id)) == 1


async def test_a_store_that_is_down_cannot_even_log_the_refusal(federation: Federation) -> None:
    store = Failing(federation.jingzhou.store)
    jingzhou = federation.jingzhou.on(store)
    store.fails = ["before"]
    answer = await federation.call(jingzhou.platform, jingzhou, routes.OPEN_CASE, b"\xff")
    assert answer.error.reason == "STORE_UNAVAILABLE"
    assert await jingzhou.leaves() == []


# Others writing the same case


@pytest.mark.parametrize("times", [1, ATTEMPTS_AT_A_MOVING_CASE - 1])
async def test_a_decision_is_made_anew_when_somebody_else_wrote_the_case(federation: Federation, times: int) -> None:
    case_id = await federation.opened()
    store = Failing(federation.jingzhou.store)
    jingzhou = federation.jingzhou.on(store)
    store.fails = ["stale"] * times
    method, message = EFFECTS["accept"](case_id)
    shown(await federation.call(jingzhou.platform, jingzhou, method, message))
    assert store.recordings == times + 1


async def test_a_case_that_never_stands_still_is_in_flight_and_can_be_tried_again(federation: Federation) -> None:
    case_id = await federation.opened()
    store = Failing(federation.jingzhou.store)
    jingzhou = federation.jingzhou.on(store)
    store.fails = ["stale"] * ATTEMPTS_AT_A_MOVING_CASE
    method, message = EFFECTS["accept"](case_id)
    answer = await federation.call(jingzhou.platform, jingzhou, method, message)
    assert isinstance(answer.error, InFlight)
    shown(await federation.call(jingzhou.platform, jingzhou, method, message))


class Overtaken(MemoryStore):
    """Somebody else writes the case between its being read and its being written."""

    overtake: Callable[[], Any] | None = None

    async def record(self, recording: Recording) -> None:
        if recording.case is not None and self.overtake is not None:
            overtake, self.overtake = self.overtake, None
            await overtake()
        await super().record(recording)


async def test_what_the_other_wrote_in_between_decides(federation: Federation) -> None:
    store = Overtaken()
    federation.cities["421000"] = federation.jingzhou.on(store)
    case_id = await federation.opened()
    store.overtake = lambda: federation.report(case_id, refused=event_pb2.Refused(reason="不予受理"))
    late = await federation.report(case_id, accepted=ACCEPTED)
    assert late.error.reason == "CASE_STATE_WRONG"
    record = await store.case(case_id=case_id)
    assert record is not None
    assert record.row.state is CaseState.REFUSED


async def test_two_attempts_under_one_key_at_once_have_one_effect(federation: Federation) -> None:
    store = Overtaken()
    yueyang = federation.yueyang.on(store)
    answers = []

    async def twin() -> None:
        answers.append(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application()))

    store.overtake = twin
    await twin()
    first, second = answers
    assert first.body == second.body
    assert await rows(store) == 1


# What the local platform told its adapter


def notice(case: str, key: str = "notice:n-1", **told: Message) -> tuple[AdvanceCase, bytes]:
    payload = progress(case, key, **told).SerializeToString()
    return read_progress(payload), payload


async def test_a_notice_goes_through_the_same_door_once(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    for _ in range(2):
        await exchange_notice(jingzhou.house, *notice(case_id, accepted=ACCEPTED), Recording())
    record = await jingzhou.store.case(case_id=case_id)
    assert record is not None
    assert record.row.state is CaseState.ACCEPTED
    assert len(record.events) == 2
    leaf = (await jingzhou.leaves())[-1]
    assert (leaf.member, leaf.call) == ("421000.platform", "")


async def test_a_notice_told_again_with_other_content_is_a_conflict(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    await exchange_notice(jingzhou.house, *notice(case_id, accepted=ACCEPTED), Recording())
    with pytest.raises(Conflict) as error:
        await exchange_notice(jingzhou.house, *notice(case_id, decided=DECIDED), Recording())
    assert error.value.reason is Reason.KEY_REUSED


async def test_a_notice_takes_the_platforms_own_rights(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    entry = federation.directory.member("421000.platform")
    federation.publish(replace(entry, rights=()))
    with pytest.raises(Forbidden) as error:
        await exchange_notice(jingzhou.house, *notice(case_id, accepted=ACCEPTED), Recording())
    assert error.value.reason is Reason.RIGHT_MISSING


async def test_a_notice_and_what_it_settles_are_one_recording(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    store = Failing(jingzhou.store)
    store.fails = ["before"]
    leaf = (await jingzhou.leaves())[0].to_bytes()
    house = jingzhou.on(store).house
    with pytest.raises(Unavailable):
        await exchange_notice(house, *notice(case_id, accepted=ACCEPTED), Recording(leaves=(leaf,)))
    assert len(await jingzhou.leaves()) == 1
    await exchange_notice(house, *notice(case_id, accepted=ACCEPTED), Recording(leaves=(leaf,)))
    assert len(await jingzhou.leaves()) == 3


async def test_only_what_is_recorded_is_answered(federation: Federation) -> None:
    """The reply that a retry gets is the one of the recording, not of the moment."""
    yueyang = federation.yueyang
    first = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    case = shown(first)
    withdraw = case_service_pb2.WithdrawCaseRequest(idempotency_key="withdraw-1", case=case.case_id)
    assert shown(await federation.call(yueyang.platform, yueyang, routes.WITHDRAW_CASE, withdraw)).withdrawal_pending
    again = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    assert not shown(again).withdrawal_pending
