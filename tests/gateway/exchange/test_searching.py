"""Searches of the trail: what they find, whom they are refused, and what they leave behind themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_service_pb2

from gateway.wire import fields, routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    APPLICANT_NUMBER,
    NOW,
    Answer,
    Federation,
    application,
    shown,
)
from trust.directory import Action, Right
from trust.leaf import Leaf, LeafKind
from trust.merkle import leaf_hash
from trust.signed_call import Officer

AUDITOR = Officer("o-audit", "auditor", "审计室")
CLERK = Officer("o-clerk", "window", "12 号窗口")


async def search(federation: Federation, **asked: Any) -> Answer:
    changes = {name: asked.pop(name) for name in ("officer_of_call", "purpose") if name in asked}
    return await federation.call(
        federation.yueyang.platform,
        federation.yueyang,
        routes.SEARCH_TRAIL,
        audit_service_pb2.SearchTrailRequest(**asked),
        officer=changes.get("officer_of_call", AUDITOR),
        purpose=changes.get("purpose", ""),
    )


async def found(federation: Federation, **asked: Any) -> list[audit_service_pb2.TrailEntry]:
    answer = await search(federation, **asked)
    return list(audit_service_pb2.SearchTrailResponse.FromString(answer.body).entries)


async def look_at(federation: Federation, case_id: str) -> None:
    message = case_service_pb2.GetCaseRequest(case=case_id)
    shown(
        await federation.call(federation.yueyang.platform, federation.yueyang, routes.GET_CASE, message, officer=CLERK)
    )


def kinds(entries: list[audit_service_pb2.TrailEntry]) -> list[str]:
    return [entry.kind for entry in entries]


async def test_a_person_learns_who_looked_at_their_data_and_so_does_the_next_who_asks(federation: Federation) -> None:
    case_id = await federation.opened()
    await look_at(federation, case_id)
    first = await found(federation, holder=APPLICANT_NUMBER.lower(), purpose="subject-access")
    assert kinds(first) == ["case.event", "data.read"]
    assert (first[1].officer, first[1].member) == ("o-clerk", "430600.platform")
    again = await found(federation, holder=f" {APPLICANT_NUMBER}", purpose="audit")
    assert kinds(again) == ["case.event", "data.read", "audit.read"]
    assert (again[2].officer, again[2].purpose, again[2].subject) == ("o-audit", "subject-access", "search:holder")


async def test_nothing_that_is_found_names_a_person(federation: Federation) -> None:
    case_id = await federation.opened()
    await look_at(federation, case_id)
    answer = await search(federation, holder=APPLICANT_NUMBER, purpose="audit")
    assert b"\xe5\xbc\xa0\xe4\xb8\x89" not in answer.body  # 张三
    assert APPLICANT_NUMBER.encode() not in answer.body
    leaves = [leaf.data for leaf in await federation.yueyang.store.waiting_leaves(100)]
    assert not [leaf for leaf in leaves if APPLICANT_NUMBER.encode() in leaf]


async def test_the_trail_of_a_case_is_its_chain_in_the_log(federation: Federation) -> None:
    case_id = await federation.opened()
    other = shown(
        await federation.call(
            federation.yueyang.platform,
            federation.yueyang,
            routes.OPEN_CASE,
            application(idempotency_key="open-other"),
        )
    )
    await look_at(federation, case_id)
    record = await federation.yueyang.store.case(case_id=case_id)
    assert record is not None
    for reference in (case_id, record.row.number, record.row.number.lower()):
        entries = await found(federation, case=reference)
        assert {entry.case_number for entry in entries} == {record.row.number}
    assert other.case_number not in {entry.case_number for entry in entries}
    entries = await found(federation, case=case_id)
    assert kinds(entries) == ["case.event", "data.read", "audit.read", "audit.read", "audit.read"]
    written = {leaf_hash(leaf.data): Leaf.from_bytes(leaf.data) for leaf in await _waiting(federation)}
    chain = [written[entry.leaf_hash] for entry in entries]
    assert [leaf.place for leaf in chain] == [1, 2, 3, 4, 5]
    assert [leaf.previous for leaf in chain[1:]] == [entry.leaf_hash for entry in entries[:-1]]


async def _waiting(federation: Federation) -> Any:
    return await federation.yueyang.store.waiting_leaves(1000)


async def test_every_leaf_is_found(federation: Federation) -> None:
    """Refusals too, and whatever else a gateway writes down."""
    case_id = await federation.opened()
    await look_at(federation, case_id)
    await look_at(federation, case_id)
    assert (await search(federation)).error.reason == "FIELD_INVALID"
    hashes = {leaf_hash(leaf.data) for leaf in await _waiting(federation)}
    since = fields.stamp(NOW - timedelta(days=1))
    entries = await found(federation, since=since)
    assert {entry.leaf_hash for entry in entries} == hashes
    refused = [entry for entry in entries if entry.kind == "call.refused"]
    assert [(entry.subject, entry.officer) for entry in refused] == [("FIELD_INVALID", "o-audit")]


@pytest.mark.parametrize(
    ("narrowed", "wanted"),
    [
        ({"officer": "o-clerk"}, ["data.read"]),
        ({"officer": "nobody"}, []),
        ({"member": "430600.platform", "kinds": ["data.read", "case.event"]}, ["case.event", "data.read"]),
        ({"kinds": ["data.read"]}, ["data.read"]),
        ({"since": fields.stamp(NOW + timedelta(hours=1))}, ["data.read"]),
        ({"until": fields.stamp(NOW + timedelta(hours=1))}, ["case.event"]),
        ({"since": fields.stamp(NOW), "until": fields.stamp(NOW + timedelta(hours=9))}, ["case.event", "data.read"]),
    ],
)
async def test_each_field_narrows(federation: Federation, narrowed: dict[str, Any], wanted: list[str]) -> None:
    case_id = await federation.opened()
    federation.clock.advance(hours=2)
    await look_at(federation, case_id)
    assert kinds(await found(federation, **narrowed)) == wanted


async def test_pages_hold_everything_once_while_the_trail_grows(federation: Federation) -> None:
    case_id = await federation.opened()
    for _ in range(5):
        await look_at(federation, case_id)
    seen: list[int] = []
    page = ""
    for _ in range(3):
        answer = await search(federation, kinds=["data.read"], limit=2, page=page)
        response = audit_service_pb2.SearchTrailResponse.FromString(answer.body)
        seen += [entry.position for entry in response.entries]
        page = response.next_page
        if len(seen) == 2:
            await look_at(federation, case_id)  # behind what is read so far
    assert len(set(seen)) == 6
    assert page == ""
    assert await found(federation, kinds=["data.read"], page=str(seen[-1])) == []
    await look_at(federation, case_id)
    (new,) = await found(federation, kinds=["data.read"], page=str(seen[-1]))
    assert new.position > seen[-1]


async def test_a_search_says_by_what_and_never_for_what(federation: Federation) -> None:
    case_id = await federation.opened()
    await found(federation, case=case_id, officer="o-7", kinds=["admin"], since=fields.stamp(NOW), purpose="audit")
    (leaf,) = [leaf for leaf in await federation.yueyang.leaves() if leaf.kind is LeafKind.TRAIL_READ]
    assert leaf.subject == "search:case.officer.kinds.since"
    assert leaf.at == NOW.astimezone(UTC).replace(microsecond=0)


async def test_a_search_takes_an_officer_and_one_for_a_person_a_purpose(federation: Federation) -> None:
    assert (await search(federation, officer="o-7", officer_of_call=None)).error.reason == "OFFICER_MISSING"
    assert (await search(federation, holder=APPLICANT_NUMBER)).error.reason == "PURPOSE_MISSING"
    assert (await search(federation, case="430600-20261121-000099-0")).error.reason in {"CASE_UNKNOWN", "FIELD_INVALID"}


async def test_the_directory_says_for_which_purposes(federation: Federation) -> None:
    entry = federation.directory.member("430600.platform")
    federation.publish(replace(entry, rights=(Right(Action.AUDIT_SEARCH, purposes=("audit",)),)))
    assert (await search(federation, officer="o-7")).error.reason == "PURPOSE_MISSING"
    assert (await search(federation, officer="o-7", purpose="curiosity")).error.reason == "PURPOSE_MISSING"
    assert kinds(await found(federation, officer="o-7", purpose="audit")) == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "case"),
        ({"limit": 5}, "case"),
        ({"officer": "o-7", "limit": 501}, "limit"),
        ({"officer": "o" * 65}, "officer"),
        ({"kinds": ["data.read", "data.write"]}, "kinds"),
        ({"kinds": ["data.read", "data.read"]}, "kinds"),
        ({"officer": "o-7", "page": "x"}, "page"),
        ({"officer": "o-7", "page": "-1"}, "page"),
        ({"officer": "o-7", "page": "9" * 19}, "page"),
        ({"since": fields.stamp(NOW), "until": fields.stamp(NOW)}, "until"),
    ],
)
async def test_a_search_out_of_bounds_names_the_field(federation: Federation, asked: Any, field: str) -> None:
    error = (await search(federation, **asked)).error
    assert (error.reason, error.details["field"]) == ("FIELD_INVALID", field)


async def test_what_a_case_did_is_found_by_a_case_of_another_place_too(federation: Federation) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    message = audit_service_pb2.SearchTrailRequest(case=case_id)
    jingzhou = federation.jingzhou
    answer = await federation.call(jingzhou.platform, jingzhou, routes.SEARCH_TRAIL, message, officer=AUDITOR)
    entries = audit_service_pb2.SearchTrailResponse.FromString(answer.body).entries
    assert [(entry.kind, entry.member) for entry in entries] == [
        ("case.event", "430600.gateway"),
        ("case.event", "421000.platform"),
    ]
