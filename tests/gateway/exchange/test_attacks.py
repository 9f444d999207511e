"""Calls that must not pass: each is refused for its exact reason, signed, audited, and leaves nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from google.rpc import status_pb2
from tongban.case.v1 import event_pb2
from tongban.exchange.v1 import exchange_service_pb2

from gateway.domain.case_number import CaseNumber
from gateway.exchange.sentence import MAX_MESSAGE_BYTES, exchange
from gateway.ports import Store
from gateway.wire import routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    CHONGQING,
    City,
    Federation,
    Signatory,
    application,
    progress,
    receipt_of,
    shown,
)
from trust.directory import MemberStatus, Right
from trust.errors import Forbidden, Malformed, TongbanError, Unauthenticated, WrongState
from trust.keys import Algorithm, SoftwareSigner
from trust.leaf import LeafKind
from trust.signed_call import ReceivedCall, TlsIdentity


def contents(store: Store, *, but: tuple[str, ...] = ("_leaves", "_trail", "_seen")) -> dict[str, Any]:
    """Everything that a MemoryStore holds, if not said otherwise without leaves, their trail and numbers of calls."""
    left_out = {*but, "_tokens", "_positions"}
    return {name: copy.deepcopy(value) for name, value in vars(store).items() if name not in left_out}


@dataclass
class Attempt:
    """岳阳 is about to deliver a case's submission to 荆州; an attack spoils it."""

    federation: Federation
    case_id: str
    body: bytes

    @property
    def caller(self) -> Signatory:
        return self.federation.yueyang.gateway

    @property
    def target(self) -> City:
        return self.federation.jingzhou

    def genuine(self, **changes: Any) -> ReceivedCall:
        body = changes.pop("body", self.body)
        return self.federation.signed(self.caller, self.target, routes.DELIVER_EVENTS, body, **changes)

    def by(self, signer: SoftwareSigner) -> ReceivedCall:
        """The same call, signed with another key."""
        return replace(self.genuine(), signature=self.signed_with(signer))

    def signed_with(self, signer: SoftwareSigner) -> str:
        forger = Signatory(self.caller.member, signer)
        signature = self.federation.signed(forger, self.target, routes.DELIVER_EVENTS, self.body).signature
        assert signature is not None
        return signature

    def of_member(self, **changes: Any) -> ReceivedCall:
        """A genuine call after the caller's directory entry changed."""
        self.federation.publish(replace(self.federation.directory.member(self.caller.member), **changes))
        return self.genuine()

    def of_key(self, **changes: Any) -> ReceivedCall:
        first, *others = self.federation.directory.member(self.caller.member).keys
        return self.of_member(keys=(replace(first, **changes), *others))

    def events(self, *raw: bytes, case_id: str = "") -> ReceivedCall:
        message = exchange_service_pb2.DeliverEventsRequest(case_id=case_id or self.case_id, events=raw)
        return self.genuine(body=message.SerializeToString())

    def event(self) -> event_pb2.CaseEvent:
        """The submission, to be spoilt."""
        (raw,) = exchange_service_pb2.DeliverEventsRequest.FromString(self.body).events
        return event_pb2.CaseEvent.FromString(raw)

    def spoilt(self, spoil: Callable[[event_pb2.CaseEvent], None]) -> ReceivedCall:
        event = self.event()
        spoil(event)
        return self.events(event.SerializeToString())

    @property
    def licence_signer(self) -> SoftwareSigner:
        signer = self.federation.yueyang.house.signers.licence
        assert isinstance(signer, SoftwareSigner)
        return signer


@pytest.fixture
async def attempt(federation: Federation) -> Attempt:
    yueyang = federation.yueyang
    case = shown(await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application()))
    events = await yueyang.own_events(case.case_id)
    message = exchange_service_pb2.DeliverEventsRequest(case_id=case.case_id, events=events)
    return Attempt(federation, case.case_id, message.SerializeToString())


def rename(event: event_pb2.CaseEvent) -> None:
    event.emitter = "500000.gateway"


def set_to(path: str, value: object) -> Callable[[event_pb2.CaseEvent], None]:
    def spoil(event: event_pb2.CaseEvent) -> None:
        setattr(event.submitted, path, value)

    return spoil


def later_event(event: event_pb2.CaseEvent) -> None:
    event.seq = 2
    event.previous = bytes(32)


def unknown_item(event: event_pb2.CaseEvent) -> None:
    event.submitted.target_item.code = "T-UNKNOWN"


def item_without_right(event: event_pb2.CaseEvent) -> None:
    event.submitted.target_item.code = "X-1"


def item_stopped(event: event_pb2.CaseEvent) -> None:
    event.submitted.target_item.code = "T-STOPPED"


SECOND = timedelta(seconds=1)
FRESH_KEY = SoftwareSigner.generate(Algorithm.ES256, "430600.gateway#m")
UNLISTED_KEY = SoftwareSigner.generate(Algorithm.ES256, "430600.gateway#unlisted")

ATTACKS: dict[str, tuple[Callable[[Attempt], ReceivedCall], str, type[TongbanError]]] = {
    "tampered bytes": (
        lambda a: replace(a.genuine(), body=a.body + b"\xc0\x3e\x01"),
        "DIGEST_WRONG",
        Unauthenticated,
    ),
    "another key under the same kid": (lambda a: a.by(FRESH_KEY), "SIGNATURE_WRONG", Unauthenticated),
    "a key that nobody listed": (lambda a: a.by(UNLISTED_KEY), "KEY_UNKNOWN", Unauthenticated),
    "a member's key in another's name": (
        lambda a: a.by(a.federation.chongqing.gateway.signer),
        "TLS_IDENTITY_MISMATCH",
        Unauthenticated,
    ),
    "the issuer's name is another's": (lambda a: a.genuine(issuer="500000.gateway"), "KEY_UNKNOWN", Unauthenticated),
    "a licence key": (lambda a: a.by(a.licence_signer), "KEY_WRONG_PURPOSE", Unauthenticated),
    "expired": (lambda a: a.genuine(now=a.federation.clock.now() - 91 * SECOND), "CALL_EXPIRED", Unauthenticated),
    "from the future": (
        lambda a: a.genuine(now=a.federation.clock.now() + 31 * SECOND),
        "CALL_FROM_FUTURE",
        Unauthenticated,
    ),
    "lives too long": (lambda a: a.genuine(lifetime=61 * SECOND), "CALL_LIVES_TOO_LONG", Unauthenticated),
    "misaddressed": (lambda a: a.genuine(audience="500000.gateway"), "AUDIENCE_WRONG", Unauthenticated),
    "signed for another method": (
        lambda a: replace(a.genuine(), method=routes.TRANSLATE),
        "METHOD_WRONG",
        Unauthenticated,
    ),
    "unsigned": (lambda a: replace(a.genuine(), signature=None), "SIGNATURE_MISSING", Unauthenticated),
    "no signature at all": (lambda a: replace(a.genuine(), signature="a.b"), "SIGNATURE_MALFORMED", Unauthenticated),
    "suspended member": (
        lambda a: a.of_member(status=MemberStatus.SUSPENDED),
        "MEMBER_SUSPENDED",
        Forbidden,
    ),
    "former member": (
        lambda a: a.of_member(valid_until=a.federation.clock.now()),
        "MEMBER_NOT_IN_FORCE",
        Forbidden,
    ),
    "revoked key": (lambda a: a.of_key(revoked_at=a.federation.clock.now()), "KEY_NOT_IN_FORCE", Forbidden),
    "member without any right": (lambda a: a.of_member(rights=()), "RIGHT_MISSING", Forbidden),
    "member without the right to this item": (lambda a: a.spoilt(item_without_right), "ITEM_NOT_GRANTED", Forbidden),
    "malformed": (lambda a: a.genuine(body=b"\xff"), "MESSAGE_MALFORMED", Malformed),
    "a malformed event": (lambda a: a.events(b"\xff"), "MESSAGE_MALFORMED", Malformed),
    "a field out of bounds": (lambda a: a.spoilt(set_to("case_salt", b"short")), "FIELD_INVALID", Malformed),
    "oversized": (lambda a: a.genuine(body=bytes(MAX_MESSAGE_BYTES + 1)), "MESSAGE_TOO_LARGE", Malformed),
    "another's event": (lambda a: a.spoilt(rename), "EVENT_CHAIN_BROKEN", Malformed),
    "an event of another case": (
        lambda a: a.events(a.event().SerializeToString(), case_id="6c84fb90-12c4-41e1-840d-725aa755c63d"),
        "EVENT_CHAIN_BROKEN",
        Malformed,
    ),
    "a case that begins in the middle": (lambda a: a.spoilt(later_event), "EVENT_GAP", WrongState),
    "a case between other regions": (
        lambda a: a.spoilt(set_to("processing_region", CHONGQING)),
        "NOT_YOUR_CASE",
        Forbidden,
    ),
    "a case accepted elsewhere": (
        lambda a: a.spoilt(set_to("accepting_region", CHONGQING)),
        "NOT_YOUR_CASE",
        Forbidden,
    ),
    "a case number of another region": (
        lambda a: a.spoilt(set_to("case_number", str(CaseNumber.make("421000", date(2026, 11, 21), 1)))),
        "FIELD_INVALID",
        Malformed,
    ),
    "a case number that nobody could look up": (
        lambda a: a.spoilt(set_to("case_number", a.event().submitted.case_number.replace("-", " "))),
        "FIELD_INVALID",
        Malformed,
    ),
    "an item that is stopped": (lambda a: a.spoilt(item_stopped), "ITEM_NOT_IN_FORCE", WrongState),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused_for_its_reason_and_leaves_only_that(attempt: Attempt, name: str) -> None:
    attack, reason, kind = ATTACKS[name]
    call = attack(attempt)
    before = contents(attempt.target.store)
    answer = await attempt.federation.send(call, attempt.target, attempt.caller)
    assert answer.error.reason == reason
    assert type(answer.error) is kind
    assert contents(attempt.target.store) == before
    (leaf,) = await attempt.target.leaves()
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.CALL_REFUSED, "430600.gateway", reason)
    assert bool(leaf.call) is (call.signature is not None)


async def test_after_every_attack_the_genuine_call_still_passes(attempt: Attempt) -> None:
    for name, (attack, _, _) in ATTACKS.items():
        if "member" not in name and name != "revoked key":
            await attempt.federation.send(attack(attempt), attempt.target, attempt.caller)
    answer = await attempt.federation.send(attempt.genuine(), attempt.target, attempt.caller)
    assert receipt_of(answer).accepted_through == 1


async def test_a_call_is_taken_once(attempt: Attempt) -> None:
    federation, call = attempt.federation, attempt.genuine()
    receipt_of(await federation.send(call, attempt.target, attempt.caller))
    before = contents(attempt.target.store)
    for _ in range(2):
        replay = await federation.send(call, attempt.target, attempt.caller)
        assert replay.error.reason == "CALL_REPLAYED"
    assert contents(attempt.target.store) == before
    refused = [leaf for leaf in await attempt.target.leaves() if leaf.kind is LeafKind.CALL_REFUSED]
    assert [leaf.subject for leaf in refused] == ["CALL_REPLAYED", "CALL_REPLAYED"]


async def test_a_refused_call_is_taken_once_too(attempt: Attempt) -> None:
    call = attempt.spoilt(item_stopped)
    first = await attempt.federation.send(call, attempt.target, attempt.caller)
    again = await attempt.federation.send(call, attempt.target, attempt.caller)
    assert (first.error.reason, again.error.reason) == ("ITEM_NOT_IN_FORCE", "CALL_REPLAYED")


async def test_a_replay_is_refused_by_the_clock_once_its_number_is_forgotten(attempt: Attempt) -> None:
    federation, call = attempt.federation, attempt.genuine()
    await federation.send(call, attempt.target, attempt.caller)
    for seconds, reason in ((89.0, "CALL_REPLAYED"), (2.0, "CALL_EXPIRED")):
        federation.clock.advance(seconds=seconds)
        await attempt.target.store.prune(federation.clock.now())
        assert (await federation.send(call, attempt.target, attempt.caller)).error.reason == reason


async def test_after_an_unclean_stop_calls_from_before_are_refused(attempt: Attempt) -> None:
    call = attempt.genuine()
    attempt.federation.clock.advance(seconds=5)
    house = replace(attempt.target.house, boot=attempt.federation.clock.now())
    target = replace(attempt.target, house=house)
    assert (await attempt.federation.send(call, target, attempt.caller)).error.reason == "CALL_BEFORE_BOOT"
    assert receipt_of(await attempt.federation.send(attempt.genuine(), target, attempt.caller)).accepted_through == 1


async def test_a_method_that_does_not_exist_is_unknown(attempt: Attempt) -> None:
    federation = attempt.federation
    answer = await federation.call(attempt.caller, attempt.target, "/tongban.case.v2.CaseService/OpenCase", b"")
    assert answer.error.reason == "METHOD_UNKNOWN"


@pytest.mark.parametrize(
    "tls",
    [
        TlsIdentity(None, "TLSv1.3"),
        TlsIdentity("spiffe://tongban.test/430600/gateway", None),
        TlsIdentity("spiffe://tongban.test/430600/gateway", "TLSv1.2"),
        TlsIdentity("spiffe://tongban.test/110000/gateway", "TLSv1.3"),
        TlsIdentity("spiffe://elsewhere.test/430600/gateway", "TLSv1.3"),
    ],
)
async def test_whoever_is_not_known_learns_nothing_and_leaves_nothing(attempt: Attempt, tls: TlsIdentity) -> None:
    for call in (attempt.genuine(), attempt.by(FRESH_KEY), replace(attempt.genuine(), signature=None)):
        before = contents(attempt.target.store, but=())
        reply = await exchange(attempt.target.house, replace(call, tls=tls))
        assert (reply.status, reply.signature) == (16, "")
        assert status_pb2.Status.FromString(reply.body) == status_pb2.Status(code=16)
        assert contents(attempt.target.store, but=()) == before


async def test_a_case_is_nobody_elses(attempt: Attempt) -> None:
    """重庆 may deliver cases, and knows the id of one that isn't its own."""
    federation, chongqing = attempt.federation, attempt.federation.chongqing
    await federation.send(attempt.genuine(), attempt.target, attempt.caller)
    entry = federation.directory.member("500000.gateway")
    federation.publish(replace(entry, rights=tuple(Right(right.action) for right in entry.rights)))
    event = attempt.event()
    event.emitter = "500000.gateway"
    message = exchange_service_pb2.DeliverEventsRequest(case_id=attempt.case_id, events=[event.SerializeToString()])
    answer = await federation.call(chongqing.gateway, attempt.target, routes.DELIVER_EVENTS, message)
    assert answer.error.reason == "NOT_YOUR_CASE"


async def test_a_platform_delivers_no_events(attempt: Attempt) -> None:
    federation, platform = attempt.federation, attempt.federation.yueyang.platform
    entry = federation.directory.member(platform.member)
    gateway = federation.directory.member(attempt.caller.member)
    federation.publish(replace(entry, rights=gateway.rights))
    answer = await federation.call(platform, attempt.target, routes.DELIVER_EVENTS, attempt.body)
    assert answer.error.reason == "RIGHT_MISSING"


async def test_one_case_number_names_one_case(attempt: Attempt) -> None:
    await attempt.federation.send(attempt.genuine(), attempt.target, attempt.caller)
    event = attempt.event()
    event.case_id = "6c84fb90-12c4-41e1-840d-725aa755c63d"
    call = attempt.events(event.SerializeToString(), case_id=event.case_id)
    answer = await attempt.federation.send(call, attempt.target, attempt.caller)
    assert answer.error.reason == "EVENT_CONFLICT"
    assert await attempt.target.store.case(case_id=event.case_id) is None


async def test_a_held_event_never_changes(attempt: Attempt) -> None:
    await attempt.federation.send(attempt.genuine(), attempt.target, attempt.caller)
    call = attempt.spoilt(set_to("presentation_nonce", "n" * 16))
    answer = await attempt.federation.send(call, attempt.target, attempt.caller)
    assert answer.error.reason == "EVENT_CONFLICT"


async def test_a_gap_is_refused_with_the_number_to_send_from(attempt: Attempt) -> None:
    federation = attempt.federation
    await federation.send(attempt.genuine(), attempt.target, attempt.caller)
    await federation.report(attempt.case_id, accepted=ACCEPTED)
    await federation.report(attempt.case_id, suspended=event_pb2.Suspended(reason="听证"))
    answer = await federation.deliver(attempt.case_id, federation.jingzhou, federation.yueyang, first=2)
    assert (answer.error.reason, answer.error.details["wanted_seq"]) == ("EVENT_GAP", "1")


async def test_nothing_of_a_spoilt_batch_is_taken(attempt: Attempt) -> None:
    federation = attempt.federation
    await federation.send(attempt.genuine(), attempt.target, attempt.caller)
    await federation.report(attempt.case_id, accepted=ACCEPTED)
    await federation.report(attempt.case_id, suspended=event_pb2.Suspended(reason="听证"))
    first, second = await federation.jingzhou.own_events(attempt.case_id)
    spoilt = event_pb2.CaseEvent.FromString(second)
    spoilt.previous = bytes(32)
    message = exchange_service_pb2.DeliverEventsRequest(
        case_id=attempt.case_id, events=[first, spoilt.SerializeToString()]
    )
    before = contents(federation.yueyang.store)
    answer = await federation.call(federation.jingzhou.gateway, federation.yueyang, routes.DELIVER_EVENTS, message)
    assert answer.error.reason == "EVENT_CHAIN_BROKEN"
    assert contents(federation.yueyang.store) == before


async def test_our_own_defect_is_reported_at_home_and_answered_without_its_text(attempt: Attempt) -> None:
    def fail(_: str) -> None:
        message = "机密"
        raise ZeroDivisionError(message)

    house = replace(attempt.target.house, failpoint=fail)
    target = replace(attempt.target, house=house)
    answer = await attempt.federation.send(attempt.genuine(), target, attempt.caller)
    assert (answer.error.reason, answer.reply.status) == ("INTERNAL", 13)
    assert "机密".encode() not in answer.reply.body
    (defect,) = attempt.target.defects
    assert isinstance(defect, ZeroDivisionError)
    attempt.target.defects.clear()


async def test_the_accepting_place_does_not_speak_for_the_processing_place(attempt: Attempt) -> None:
    yueyang = attempt.federation.yueyang
    report = progress(attempt.case_id, accepted=ACCEPTED)
    answer = await attempt.federation.call(yueyang.platform, yueyang, routes.REPORT_PROGRESS, report)
    assert answer.error.reason == "NOT_YOUR_CASE"
