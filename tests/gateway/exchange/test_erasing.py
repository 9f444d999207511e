"""Erasing a case: when it may be, what it leaves, and what a store's file holds of it afterwards."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_service_pb2, party_pb2

from gateway.exchange import erasing
from gateway.ports import DeliveryKind, Lease, NewDelivery, Recording
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import KEY_BYTES, Vault
from gateway.wire import routes
from gateway.wire.events import ProtobufEventCodec
from tests.gateway.exchange.world import (
    ACCEPTED,
    APPLICANT_NUMBER,
    DECIDED,
    NOW,
    Answer,
    City,
    Federation,
    application,
    build,
    receipt_of,
    shown,
)
from trust.audit_check import CaseTrail, Comparison, LogCheck, LogReport, compare
from trust.checkpoint import Checkpoint
from trust.directory import Action, Right
from trust.errors import WrongState
from trust.leaf import Leaf, LeafKind
from trust.merkle import CompactRange, leaf_hash
from trust.signed_call import Officer

CLERK = Officer("o-7", "archive", "档案室")


async def erase(federation: Federation, case: str, city: City | None = None, **changes: Any) -> Answer:
    city = city or federation.yueyang
    message = case_service_pb2.EraseCaseRequest(
        idempotency_key=changes.pop("key", "erase-0001"), case=case, ground=changes.pop("ground", "request")
    )
    return await federation.call(city.platform, city, routes.ERASE_CASE, message, **{"officer": CLERK, **changes})


async def settle_all(city: City) -> None:
    """Everything that waits here has been delivered."""
    while True:
        claimed = await city.store.claim(now=NOW.replace(year=2030), limit=50, lease=NOW - NOW)
        leases = [each.lease for each in claimed if isinstance(each.lease, Lease)]
        if not leases:
            return
        for lease in leases:
            await city.store.record(Recording(settled=(lease,)))


@pytest.fixture
def federation() -> Federation:
    """As the others' one, with the right to erase."""
    built = build()
    grant_erasing(built)
    return built


def grant_erasing(built: Federation) -> None:
    for region in ("430600", "421000"):
        entry = built.directory.member(f"{region}.platform")
        built.publish(replace(entry, rights=(*entry.rights, Right(Action.CASE_ERASE, items=("S-*", "T-*")))))


async def over(federation: Federation, **changes: Any) -> str:
    """A case that was decided, and everything delivered."""
    case_id = await federation.opened(**changes)
    shown(await federation.report(case_id, key=f"a-{case_id}", accepted=ACCEPTED))
    shown(await federation.report(case_id, key=f"d-{case_id}", decided=DECIDED))
    receipt_of(await federation.deliver(case_id, federation.jingzhou, federation.yueyang))
    for city in (federation.yueyang, federation.jingzhou):
        await settle_all(city)
    return case_id


async def test_a_case_that_is_over_is_erased_with_a_leaf_at_its_place(federation: Federation) -> None:
    case_id = await over(federation)
    before = await federation.yueyang.leaves()
    answer = await erase(federation, case_id)
    assert case_service_pb2.EraseCaseResponse.FromString(answer.body).erased_at.ToDatetime(NOW.tzinfo) == NOW
    record = await federation.yueyang.store.case(case_id=case_id)
    assert record is not None
    assert (record.row.erased_at, record.events) == (NOW, ())
    *earlier, leaf = await federation.yueyang.leaves()
    assert earlier == before  # nothing of the log changed
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.ERASED, "430600.platform", "request")
    assert (leaf.case, leaf.place) == (record.row.commitment, record.row.trail)
    assert await federation.yueyang.store.evidence(case_id) == []


async def test_both_logs_verify_and_compare_as_before(federation: Federation) -> None:
    async def told() -> tuple[list[LogReport], Comparison]:
        reports, trails = [], []
        for city in (federation.yueyang, federation.jingzhou):
            check, trail, tree = LogCheck(), CaseTrail(city.house.member_id), CompactRange()
            for leaf in await city.store.waiting_leaves(1000):
                read = check.add(leaf.data)
                assert read is not None
                trail.add(read)
                tree, _ = tree.append(leaf_hash(leaf.data))
            reports.append(check.against(Checkpoint("log", tree.size, tree.root())))
            trails.append(trail)
        return reports, compare(*trails)

    case_id = await over(federation)
    _, before = await told()
    for city in (federation.yueyang, federation.jingzhou):
        assert (await erase(federation, case_id, city)).reply.status == 0
        reports, after = await told()
        assert [report.findings for report in reports] == [(), ()]
        assert after == before
        assert (after.shared_cases, after.agreed_events, after.differences) == (1, 3, ())


async def test_afterwards_everything_about_it_says_when_it_was_erased(federation: Federation) -> None:
    case_id = await over(federation)
    await erase(federation, case_id)
    yueyang = federation.yueyang
    get = await federation.call(
        yueyang.platform, yueyang, routes.GET_CASE, case_service_pb2.GetCaseRequest(case=case_id)
    )
    rate = case_service_pb2.RateCaseRequest(idempotency_key="rating-1", case=case_id, score=5)
    rated = await federation.call(yueyang.platform, yueyang, routes.RATE_CASE, rate)
    again = await erase(federation, case_id, key="erase-0002")
    delivered = await federation.deliver(case_id, federation.jingzhou, yueyang)
    opened_again = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application())
    for answer in (get, rated, again, delivered):
        assert isinstance(answer.error, WrongState)
        assert (answer.error.reason, answer.error.details["erased_on"]) == ("CASE_ERASED", "2026-11-23")
        assert "erased on 2026-11-23" in str(answer.error)
    assert opened_again.error.reason == "CASE_ERASED"  # its reply went with the case
    listed = await federation.call(yueyang.platform, yueyang, routes.LIST_CASES, case_service_pb2.ListCasesRequest())
    assert [case.case_id for case in case_service_pb2.ListCasesResponse.FromString(listed.body).cases] == [case_id]


async def test_the_same_attempt_again_gets_the_same_answer(federation: Federation) -> None:
    case_id = await over(federation)
    first = await erase(federation, case_id)
    federation.clock.advance(hours=3)
    assert (await erase(federation, case_id)).body == first.body


async def test_the_other_place_keeps_its_own_until_it_erases_too(federation: Federation) -> None:
    case_id = await over(federation)
    await erase(federation, case_id)
    record = await federation.jingzhou.store.case(case_id=case_id)
    assert record is not None
    assert len(record.events) == 3
    assert (await erase(federation, case_id, federation.jingzhou)).reply.status == 0


async def test_what_was_done_about_it_is_forgotten_but_that_it_was_erased(federation: Federation) -> None:
    case_id = await over(federation)
    await erase(federation, case_id, purpose="archive")
    message = audit_service_pb2.SearchTrailRequest(case=case_id)
    yueyang = federation.yueyang
    answer = await federation.call(yueyang.platform, yueyang, routes.SEARCH_TRAIL, message, officer=CLERK)
    (entry,) = audit_service_pb2.SearchTrailResponse.FromString(answer.body).entries
    assert (entry.kind, entry.officer, entry.purpose) == ("case.erased", "o-7", "archive")
    message = audit_service_pb2.SearchTrailRequest(holder=APPLICANT_NUMBER)
    answer = await federation.call(
        yueyang.platform, yueyang, routes.SEARCH_TRAIL, message, officer=CLERK, purpose="subject-access"
    )
    assert not audit_service_pb2.SearchTrailResponse.FromString(answer.body).entries


async def test_a_case_that_goes_on_is_not_erased(federation: Federation) -> None:
    case_id = await federation.opened()
    await settle_all(federation.yueyang)
    error = (await erase(federation, case_id)).error
    assert error.reason == "CASE_STATE_WRONG"
    assert "submitted" in str(error)


async def test_a_case_with_something_on_its_way_is_not_erased(federation: Federation) -> None:
    case_id = await over(federation)
    number = await number_of(federation, case_id)
    for stream in (case_id, number):
        new = NewDelivery(f"d-{stream}", DeliveryKind.PLATFORM_NOTICE, "430600.platform", stream, "n-1")
        await federation.yueyang.store.record(Recording(deliveries=(new,)))
        error = (await erase(federation, case_id)).error
        assert (error.reason, error.details["delivery_id"]) == ("CASE_STATE_WRONG", f"d-{stream}")
        await settle_all(federation.yueyang)
    assert (await erase(federation, case_id)).reply.status == 0


async def number_of(federation: Federation, case_id: str) -> str:
    record = await federation.yueyang.store.case(case_id=case_id)
    assert record is not None
    return record.row.number


async def test_dead_letters_go_with_the_case(federation: Federation) -> None:
    case_id = await over(federation)
    store = federation.yueyang.store
    dead = NewDelivery(
        "d-1", DeliveryKind.PLATFORM_NOTICE, "430600.platform", case_id, "n-1", b"told", dead_because="refused"
    )
    aside = replace(dead, delivery_id="d-2", stream=f"aside:{await number_of(federation, case_id)}:n-2")
    others = replace(dead, delivery_id="d-3", stream="aside:n-3")
    await store.record(Recording(deliveries=(dead, aside, others)))
    assert (await erase(federation, case_id)).reply.status == 0
    assert [one.delivery_id for one in await store.deliveries()] == ["d-3"]


async def test_erasing_takes_an_officer_the_right_to_the_item_and_a_ground(federation: Federation) -> None:
    case_id = await over(federation)
    assert (await erase(federation, case_id, officer=None)).error.reason == "OFFICER_MISSING"
    assert (await erase(federation, case_id, ground="")).error.reason == "FIELD_INVALID"
    assert (await erase(federation, case_id, ground="whim")).error.reason == "FIELD_INVALID"
    assert (await erase(federation, "430600-20261121-000099-0")).error.reason in {"CASE_UNKNOWN", "FIELD_INVALID"}
    entry = federation.directory.member("430600.platform")
    federation.publish(replace(entry, rights=(Right(Action.CASE_ERASE, items=("S-OTHER",)),)))
    assert (await erase(federation, case_id)).error.reason == "ITEM_NOT_GRANTED"


# --- what the file holds --------------------------------------------------------------------------------------------

_words = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=8, max_size=20)
_numbers = st.text("0123456789ABCDEF", min_size=14, max_size=14)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_words, number=_numbers, comment=_words, told=_words)
async def test_after_erasing_no_byte_of_it_is_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, name: str, number: str, comment: str, told: str
) -> None:
    """Neither what was told of the person, nor, for that, the key under which it was sealed."""
    federation = build()
    grant_erasing(federation)
    path = tmp_path_factory.mktemp("store") / "store.db"
    kek = os.urandom(KEY_BYTES)
    store = await SqliteStore.open(path, Vault(kek), ProtobufEventCodec())
    federation.cities["430600"] = federation.yueyang.on(store)
    applicant = party_pb2.Party(type=party_pb2.APPLICANT_TYPE_PERSON, name=name, id_type="414", id_number=number)
    cases = [await over(federation, applicant=applicant, idempotency_key=f"open-{turn:06}") for turn in range(3)]
    erased, *kept = cases
    rating = case_service_pb2.RateCaseRequest(idempotency_key="rating-1", case=erased, score=5, comment=comment)
    shown(await federation.call(federation.yueyang.platform, federation.yueyang, routes.RATE_CASE, rating))
    await settle_all(federation.yueyang)
    notice = NewDelivery(
        "d-1", DeliveryKind.PLATFORM_NOTICE, "430600.platform", erased, "n-1", told.encode(), dead_because="refused"
    )
    await store.record(Recording(deliveries=(notice,)))
    keys = {case_id: _wrapped(path, case_id) for case_id in cases}
    sealed_notice = _sealed_notice(path)
    assert sealed_notice in _on_disk(path)  # as what follows would find it

    assert (await erase(federation, erased)).reply.status == 0

    disk = _on_disk(path)
    assert keys[erased] not in disk
    assert not any(keys[erased][start : start + 16] in disk for start in range(len(keys[erased]) - 16))
    assert sealed_notice not in disk
    for text in (name, number, comment, told):
        assert text.encode() not in disk
    assert store.term(number) in disk  # of the cases that stay
    for case_id in kept:
        assert keys[case_id] in disk
        record = await store.case(case_id=case_id)
        assert record is not None
        assert len(record.events) == 3
    await store.close()
    reopened = await SqliteStore.open(path, Vault(kek), ProtobufEventCodec())
    record = await reopened.case(case_id=erased)
    assert record is not None
    assert record.events == ()
    await reopened.close()


def _on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def _wrapped(path: Path, owner: str) -> bytes:
    return _value(path, "SELECT wrapped FROM data_keys WHERE owner = ?", owner)


def _sealed_notice(path: Path) -> bytes:
    return _value(path, "SELECT payload FROM deliveries WHERE delivery_id = ?", "d-1")


def _value(path: Path, statement: str, key: str) -> bytes:
    import sqlite3  # noqa: PLC0415 - looks at the file behind the store's back

    connection = sqlite3.connect(path)
    try:
        (value,) = connection.execute(statement, (key,)).fetchone()
        return bytes(value)
    finally:
        connection.close()


async def test_retention_erases_in_the_gateways_own_name(federation: Federation) -> None:
    case_id = await over(federation)
    house = federation.yueyang.house
    record = await house.store.case(case_id=case_id)
    assert record is not None
    await erasing.erase_by_retention(house, record.row, NOW)
    leaf = (await federation.yueyang.leaves())[-1]
    assert (leaf.kind, leaf.member, leaf.subject, leaf.call) == (LeafKind.ERASED, "430600.gateway", "retention", "")


def test_leaves_hold_nothing_that_an_erasure_would_have_to_reach() -> None:
    """What a leaf may say is bounded by its fields; the only one that is about a person is the salted commitment."""
    assert set(Leaf.__dataclass_fields__) - {"case"} == {
        "kind", "member", "subject", "at", "seq", "emitter", "call", "place", "previous", "version",
    }  # fmt: skip
