"""Stories that don't hold, although both gateways signed them: the check believes no gateway, and not both either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from tongban.case.v1 import event_pb2
from tongban.exchange.v1 import delivery_pb2, exchange_service_pb2

from tests.trust.evidence_world import NOW, YUEYANG, Ground, build, played
from trust.evidence_calls import DELIVER_EVENTS, CarriedCall
from trust.evidence_check import Report, Verdict, check
from trust.evidence_words import WORDS, Outcome
from trust.leaf import LeafKind
from trust.merkle import leaf_hash

ACCEPTED = event_pb2.Accepted(local_number="JZ-1", promised_days=5)


def reported(ground: Ground, **claims: object) -> Report:
    return check(ground.seal(ground.files(ground.yueyang), ground.yueyang, **claims), ground.trust)


def wrongs(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is Outcome.FAILED}


def changed(ground: Ground, raw: bytes, **fields: object) -> bytes:
    """The event as its emitter might have made it instead, with its leaf, delivered."""
    event = event_pb2.CaseEvent.FromString(raw)
    for name, value in fields.items():
        setattr(event, name, value)
    made: bytes = event.SerializeToString()
    gateway = ground.gateways[event.emitter]
    gateway.events.append(made)
    ground.leave(gateway, LeafKind.CASE_EVENT, sha256(made).hexdigest(), emitter=event.emitter, seq=event.seq)
    ground.deliver(gateway, made)
    return made


def gap(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], seq=3)


def absurd_number(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], seq=2**31)


def unchained(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], seq=2, previous=bytes(32))


def first_with_a_previous(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], seq=2, previous=b"")


def saw_too_much(ground: Ground) -> None:
    ground.deliver(ground.jingzhou, ground.emit(ground.jingzhou, seen=9, resumed=event_pb2.Resumed()))


def saw_less_than_before(ground: Ground) -> None:
    ground.deliver(ground.jingzhou, ground.emit(ground.jingzhou, seen=0, resumed=event_pb2.Resumed()))


def another_version(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], actor="o-2")


def of_another_case(ground: Ground) -> None:
    changed(ground, ground.jingzhou.events[-1], case_id="11111111-89ab-7def-8123-456789abcdef", seq=2)


def of_the_other_gateway(ground: Ground) -> None:
    event = event_pb2.CaseEvent.FromString(ground.jingzhou.events[-1])
    event.emitter = YUEYANG
    ground.deliver(ground.jingzhou, event.SerializeToString())


def receipt_for_another_leaf(ground: Ground) -> None:
    receipted(ground, lambda receipt: receipt.leaf_hashes.__setitem__(0, leaf_hash(ground.jingzhou.log.leaves[1])))


def receipt_for_no_leaf(ground: Ground) -> None:
    receipted(ground, lambda receipt: receipt.leaf_hashes.pop())


def receipt_for_less(ground: Ground) -> None:
    receipted(ground, lambda receipt: setattr(receipt, "accepted_through", 0))


def receipt_for_another_case(ground: Ground) -> None:
    receipted(ground, lambda receipt: setattr(receipt, "case_id", "11111111-89ab-7def-8123-456789abcdef"))


def receipted(ground: Ground, change: Callable[[delivery_pb2.Receipt], object]) -> None:
    """荆州 signs another receipt for 岳阳's first call than it gave."""
    call = ground.yueyang.calls[0]
    answer = exchange_service_pb2.DeliverEventsResponse.FromString(call.response_body or b"")
    change(answer.receipt)
    body = answer.SerializeToString()
    response = ground.sign_response(ground.jingzhou, ground.yueyang, DELIVER_EVENTS, call.request, body)
    ground.yueyang.calls[0] = replace(call, response=response, response_body=body)


def unreadable_body(ground: Ground) -> None:
    call = ground.yueyang.calls[0]
    body = b"\xff\xff\xff"
    request = ground.sign_request(ground.yueyang, ground.jingzhou, DELIVER_EVENTS, body)
    response = ground.sign_response(ground.jingzhou, ground.yueyang, DELIVER_EVENTS, request, call.response_body or b"")
    ground.yueyang.calls[0] = CarriedCall(DELIVER_EVENTS, request, response, body, call.response_body)


def another_in_the_log(ground: Ground) -> None:
    """荆州 logs another event than it receipted."""
    raw = ground.emit(ground.yueyang, rated=event_pb2.Rated(score=5))
    call = ground.deliver(ground.yueyang, raw)
    assert call.response
    ground.jingzhou.places.pop()
    digest = sha256(b"another").hexdigest()
    ground.leave(ground.jingzhou, LeafKind.CASE_EVENT, digest, member=YUEYANG, emitter=YUEYANG, seq=2)


def only_in_one_log(ground: Ground) -> None:
    """荆州 receipts an event and has no leaf of it."""
    ground.step(ground.yueyang, rated=event_pb2.Rated(score=5))
    ground.jingzhou.places.pop()


def logged_twice(ground: Ground) -> None:
    digest = sha256(ground.jingzhou.events[0]).hexdigest()
    call = ground.jingzhou.calls[-1].digest
    about = {"emitter": ground.jingzhou.member, "seq": 1, "call": call}
    ground.leave(ground.jingzhou, LeafKind.CASE_EVENT, digest, **about)


STORIES: dict[str, tuple[Callable[[Ground], None], str]] = {
    "a number left out": (gap, "event_gap"),
    "a number that no case has": (absurd_number, "file_unreadable"),
    "an event that names another before it": (unchained, "event_unchained"),
    "an event that names none before it": (first_with_a_previous, "event_unchained"),
    "an event that saw what there is not": (saw_too_much, "event_seen"),
    "an event that saw less than the one before": (saw_less_than_before, "event_seen"),
    "two events of one number": (another_version, "event_two_versions"),
    "an event of another case": (of_another_case, "event_foreign"),
    "an event in the other's name": (of_the_other_gateway, "event_foreign"),
    "a receipt for another leaf": (receipt_for_another_leaf, "receipt_leaf"),
    "a receipt for no leaf": (receipt_for_no_leaf, "receipt_short"),
    "a receipt for less": (receipt_for_less, "receipt_short"),
    "a receipt for another case": (receipt_for_another_case, "receipt_short"),
    "a body that is no message": (unreadable_body, "file_unreadable"),
    "another event in the other log": (another_in_the_log, "logs_differ"),
    "an event in one log only": (only_in_one_log, "event_unlogged"),
    "an event twice in a log": (logged_twice, "leaf_numbering"),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_both_signed_is_held_against_itself(story: str) -> None:
    ground = build()
    ground.submit()
    ground.step(ground.jingzhou, accepted=ACCEPTED)
    act, code = STORIES[story]
    act(ground)
    report = reported(ground)
    assert report.verdict is Verdict.WRONG
    assert code in wrongs(report)


def test_an_event_that_is_on_its_way_is_a_gap_and_no_fault() -> None:
    for late in ("yueyang", "jingzhou"):
        ground = played()
        gateway = getattr(ground, late)
        ground.emit(gateway, resumed=event_pb2.Resumed())
        report = reported(ground)
        assert report.verdict is Verdict.INCOMPLETE, wrongs(report)
        assert "event_undelivered" in {finding.code for finding in report.findings}


def test_a_second_attempt_at_a_delivery_is_no_fault() -> None:
    """荆州 took the first attempt and its answer was lost; 岳阳 has the second one's receipt."""
    ground = build()
    ground.submit()
    call = ground.yueyang.calls.pop()
    ground.tick()
    request = ground.sign_request(ground.yueyang, ground.jingzhou, DELIVER_EVENTS, call.request_body or b"")
    response = ground.sign_response(ground.jingzhou, ground.yueyang, DELIVER_EVENTS, request, call.response_body or b"")
    again = replace(call, request=request, response=response)
    ground.yueyang.calls.append(again)
    ground.yueyang.places.pop()
    digest = sha256(call.response_body or b"").hexdigest()
    about = {"member": ground.jingzhou.member, "emitter": YUEYANG, "seq": 1, "call": again.digest}
    ground.leave(ground.yueyang, LeafKind.RECEIPT, digest, **about)
    report = reported(ground)
    assert report.verdict is Verdict.PROVED, wrongs(report)


def test_an_erased_case_says_since_when_and_its_logs_still_hold() -> None:
    ground = played()
    before = ground.made(ground.yueyang)
    ground.tick()
    ground.leave(ground.yueyang, LeafKind.ERASED, "request")
    ground.yueyang.calls.clear()
    report = reported(ground, erased_at=ground.now, salt=b"")
    assert report.verdict is Verdict.INCOMPLETE, wrongs(report)
    erased = next(finding for finding in report.findings if finding.code == "content_erased")
    assert "2026-11-21 16:00" in erased.zh
    assert check(before, ground.trust).verdict is Verdict.PROVED  # what was taken before proves as much as ever


def test_the_other_places_erasure_is_told() -> None:
    ground = played()
    ground.tick()
    ground.leave(ground.jingzhou, LeafKind.ERASED, "retention")
    report = reported(ground)
    assert report.verdict is Verdict.PROVED, wrongs(report)
    assert "erased_by" in {finding.code for finding in report.findings}


def test_every_finding_has_words_in_both_languages() -> None:
    for code, word in WORDS.items():
        assert word.zh, code
        assert word.en, code
        assert {part.partition("}")[0] for part in word.zh.split("{")[1:]} == {
            part.partition("}")[0] for part in word.en.split("{")[1:]
        }, code


def test_thirty_events_are_verified_within_a_second() -> None:
    """Under load of other tests; docs/evidence.md says what it takes alone."""
    ground = build()
    ground.submit()
    for _ in range(29):
        ground.step(ground.jingzhou, resumed=event_pb2.Resumed())
    data = ground.made(ground.yueyang)
    report = check(data, ground.trust)
    assert (report.verdict, len(report.story)) == (Verdict.PROVED, 30)
    assert report.manifest.made_at >= NOW
