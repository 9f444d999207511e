"""A whole case between two gateways, from the window to the rating, carried by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tongban.case.v1 import case_pb2, case_service_pb2, event_pb2

from gateway.domain.case import CaseState, Submitted
from gateway.ports import DeliveryKind
from gateway.wire import routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    APPLICANT_NUMBER,
    DECIDED,
    JINGZHOU,
    SUPPLEMENT,
    Federation,
    application,
    parcel,
    receipt_of,
    shown,
)
from trust.leaf import LeafKind, commit_case
from trust.licence import peek
from trust.merkle import leaf_hash
from trust.signed_call import Officer


async def get(federation: Federation, case: str, *, at_jingzhou: bool = False) -> case_pb2.Case:
    city = federation.jingzhou if at_jingzhou else federation.yueyang
    return shown(
        await federation.call(city.platform, city, routes.GET_CASE, case_service_pb2.GetCaseRequest(case=case))
    )


async def test_a_case_goes_from_the_window_to_the_rating(federation: Federation) -> None:
    yueyang, jingzhou = federation.yueyang, federation.jingzhou
    case_id = await federation.opened()
    # 荆州 asks for a supplement before it accepts
    await federation.report(case_id, supplement_requested=SUPPLEMENT)
    assert receipt_of(await federation.deliver(case_id, jingzhou, yueyang)).accepted_through == 1
    asked = await get(federation, case_id)
    assert asked.state == case_pb2.CASE_STATE_SUPPLEMENTING
    assert [(each.material_key, each.flaw) for each in asked.supplement_items] == [("application", "未签字")]
    # 岳阳 hands it in
    supplement = case_service_pb2.SupplementCaseRequest(
        idempotency_key="supplement-1", case=asked.case_number, materials=[parcel("application")], note="已签字"
    )
    handed_in = shown(await federation.call(yueyang.platform, yueyang, routes.SUPPLEMENT_CASE, supplement))
    assert handed_in.state == case_pb2.CASE_STATE_SUBMITTED
    assert receipt_of(await federation.deliver(case_id, yueyang, jingzhou, first=2)).accepted_through == 2
    # 荆州 accepts and decides
    federation.clock.advance(days=1)
    accepted = shown(await federation.report(case_id, accepted=ACCEPTED))
    assert (accepted.local_number, accepted.due_date) == ("JZ-1", "2026-12-01")
    shown(await federation.report(case_id, decided=DECIDED))
    assert receipt_of(await federation.deliver(case_id, jingzhou, yueyang, first=2)).accepted_through == 3
    # the result is at the window, and the applicant rates it
    decided = await get(federation, case_id)
    assert decided.state == case_pb2.CASE_STATE_DECIDED
    assert decided.peer_local_number == "JZ-1"
    assert peek(decided.result_licence).issuer == "421000.gateway"
    rating = case_service_pb2.RateCaseRequest(idempotency_key="rating-1", case=case_id, score=5)
    assert shown(await federation.call(yueyang.platform, yueyang, routes.RATE_CASE, rating)).score == 5
    receipt_of(await federation.deliver(case_id, yueyang, jingzhou, first=3))
    # both hold the same
    here, there = await get(federation, case_id), await get(federation, case_id, at_jingzhou=True)
    assert list(here.steps) == list(there.steps)
    assert [step.event for step in here.steps] == [
        "submitted",
        "supplement_requested",
        "supplemented",
        "accepted",
        "decided",
        "rated",
    ]
    assert there.result_licence == ""
    assert there.score == 5


async def test_what_is_delivered_are_the_bytes_that_were_first_made(federation: Federation) -> None:
    case_id = await federation.opened()
    here = await federation.yueyang.store.case(case_id=case_id)
    there = await federation.jingzhou.store.case(case_id=case_id)
    assert here is not None
    assert there is not None
    assert [each.raw for each in here.events] == [each.raw for each in there.events]
    assert here.row.commitment == there.row.commitment
    assert (here.row.source_code, there.row.target_code) == ("S-1", "T-1")


async def test_the_application_speaks_the_processing_places_language(federation: Federation) -> None:
    case_id = await federation.opened()
    record = await federation.jingzhou.store.case(case_id=case_id)
    assert record is not None
    submitted = record.events[0].event.body
    assert isinstance(submitted, Submitted)
    assert submitted.target_item.code == "T-1"
    assert [material.key for material in submitted.materials] == ["application", "identity", "income"]
    assert submitted.crosswalk_row == "row-S-1"


async def test_both_logs_hold_a_leaf_for_each_event(federation: Federation) -> None:
    case_id = await federation.opened()
    record = await federation.jingzhou.store.case(case_id=case_id)
    assert record is not None
    (recorded,) = record.events
    submitted = recorded.event.body
    assert isinstance(submitted, Submitted)
    for city in (federation.yueyang, federation.jingzhou):
        (leaf,) = [leaf for leaf in await city.leaves() if leaf.kind is LeafKind.CASE_EVENT]
        assert leaf.subject == recorded.digest.hex()
        assert leaf.case == commit_case(submitted.case_salt, case_id)
        assert (leaf.emitter, leaf.seq) == ("430600.gateway", 1)
        assert len(leaf.call) == 64


async def test_a_receipt_names_the_leaves_of_exactly_the_events_that_were_sent(federation: Federation) -> None:
    case_id = await federation.opened()
    again = receipt_of(await federation.deliver(case_id, federation.yueyang, federation.jingzhou))
    (leaf,) = [leaf for leaf in await federation.jingzhou.leaves() if leaf.kind is LeafKind.CASE_EVENT]
    assert list(again.leaf_hashes) == [leaf_hash(leaf.to_bytes())]
    assert again.accepted_through == 1


async def test_the_signed_call_is_kept_as_evidence(federation: Federation) -> None:
    case_id = await federation.opened()
    (evidence,) = await federation.jingzhou.store.evidence(case_id)
    assert evidence.method == routes.DELIVER_EVENTS
    assert evidence.request.count(".") == 2
    (leaf,) = [leaf for leaf in await federation.jingzhou.leaves() if leaf.kind is LeafKind.CASE_EVENT]
    assert leaf.call == evidence.call_digest.hex()


async def test_each_event_waits_for_the_peer_and_for_the_platform_that_must_be_told(federation: Federation) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    await federation.deliver(case_id, federation.jingzhou, federation.yueyang)

    async def waiting(store_of: str) -> set[tuple[DeliveryKind, str, str]]:
        found = await federation.cities[store_of].store.deliveries(stream=case_id)
        return {(each.kind, each.destination, each.subject) for each in found}

    assert await waiting("430600") == {
        (DeliveryKind.PEER_EVENT, "421000.gateway", "1"),
        (DeliveryKind.PLATFORM_MESSAGE, "430600.platform", "accepting:1"),
        (DeliveryKind.PLATFORM_MESSAGE, "430600.platform", "processing:1"),
    }
    assert await waiting("421000") == {
        (DeliveryKind.PEER_EVENT, "430600.gateway", "1"),
        (DeliveryKind.PLATFORM_MESSAGE, "421000.platform", "accepting:1"),
    }


async def test_the_officer_at_the_window_is_in_the_event_by_pseudonym(federation: Federation) -> None:
    yueyang = federation.yueyang
    officer = Officer("window-12-officer-3", "window", "12 号窗口")
    answer = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application(), officer=officer)
    record = await yueyang.store.case(case_id=shown(answer).case_id)
    assert record is not None
    assert record.events[0].event.actor == "window-12-officer-3"


async def test_what_a_peer_could_not_read_is_refused_at_the_window(federation: Federation) -> None:
    """An officer's pseudonym may be longer in a call than in an event."""
    yueyang = federation.yueyang
    officer = Officer("o" * 65, "window", "12 号窗口")
    answer = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application(), officer=officer)
    assert (answer.error.reason, answer.error.details["field"]) == ("FIELD_INVALID", "actor")
    assert await yueyang.store.cases(states=tuple(CaseState), limit=10) == []


async def test_two_materials_cannot_become_one_on_the_way(federation: Federation) -> None:
    yueyang = federation.yueyang
    twice = application(item_code="S-TWICE", materials=[parcel("front"), parcel("back")])
    answer = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, twice)
    assert (answer.error.reason, answer.error.details["field"]) == ("FIELD_INVALID", "submitted.materials")


async def test_looking_at_a_case_goes_into_the_log(federation: Federation) -> None:
    case_id = await federation.opened()
    await get(federation, case_id)
    (leaf,) = [leaf for leaf in await federation.yueyang.leaves() if leaf.kind is LeafKind.PERSONAL_DATA_READ]
    assert leaf.member == "430600.platform"


async def test_nothing_personal_is_shown_or_logged(federation: Federation) -> None:
    case_id = await federation.opened()
    answer = await federation.call(
        federation.yueyang.platform,
        federation.yueyang,
        routes.GET_CASE,
        case_service_pb2.GetCaseRequest(case=case_id),
    )
    for city in (federation.yueyang, federation.jingzhou):
        for text in [answer.body, *(leaf.to_bytes() for leaf in await city.leaves())]:
            assert "张三".encode() not in text
            assert APPLICANT_NUMBER.encode() not in text


async def test_a_case_is_found_by_its_number_as_people_write_it(federation: Federation) -> None:
    case_id = await federation.opened()
    number = (await get(federation, case_id)).case_number
    assert number.startswith("430600-20261123-000001-")
    for spelling in (number, number.replace("-", ""), number.lower().replace("-", " ")):
        assert (await get(federation, spelling, at_jingzhou=True)).case_id == case_id


async def test_a_case_that_is_not_there_is_unknown(federation: Federation) -> None:
    yueyang = federation.yueyang
    for reference in ("6c84fb90-12c4-41e1-840d-725aa755c63d", "430600-20261121-000001-P"):
        request = case_service_pb2.GetCaseRequest(case=reference)
        answer = await federation.call(yueyang.platform, yueyang, routes.GET_CASE, request)
        assert answer.error.reason == "CASE_UNKNOWN"


async def test_cases_are_listed_newest_first_in_pages(federation: Federation) -> None:
    yueyang = federation.yueyang
    opened = []
    for number in range(3):
        opened.append(await federation.opened(idempotency_key=f"open-00000{number}"))
        federation.clock.advance(seconds=1)

    async def page(token: str) -> case_service_pb2.ListCasesResponse:
        request = case_service_pb2.ListCasesRequest(page_size=2, page_token=token)
        answer = await federation.call(yueyang.platform, yueyang, routes.LIST_CASES, request)
        return case_service_pb2.ListCasesResponse.FromString(answer.body)

    first = await page("")
    last = await page(first.next_page_token)
    assert [case.case_id for case in [*first.cases, *last.cases]] == opened[::-1]
    assert last.next_page_token == ""
    assert all(case.applicant_masked == "" for case in first.cases)


async def test_a_report_from_the_future_is_refused(federation: Federation) -> None:
    case_id = await federation.opened()
    request = case_service_pb2.ReportProgressRequest(idempotency_key="report-1", case=case_id, accepted=ACCEPTED)
    request.occurred_at.FromSeconds(int(federation.clock.now().timestamp()) + 31)
    answer = await federation.call(federation.jingzhou.platform, federation.jingzhou, routes.REPORT_PROGRESS, request)
    assert answer.error.details["field"] == "occurred_at"


async def test_the_deadline_survives_a_pause_whose_ends_are_told_the_wrong_way_round(federation: Federation) -> None:
    jingzhou = federation.jingzhou
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    suspended = event_pb2.Suspended(procedure="听证", reason="需要听证")
    federation.clock.advance(days=3)
    await federation.report(case_id, suspended=suspended)
    request = case_service_pb2.ReportProgressRequest(
        idempotency_key="report-resumed", case=case_id, resumed=event_pb2.Resumed()
    )
    request.occurred_at.FromSeconds(int(federation.clock.now().timestamp()) - 2 * 86_400)
    case = shown(await federation.call(jingzhou.platform, jingzhou, routes.REPORT_PROGRESS, request))
    assert case.state == case_pb2.CASE_STATE_ACCEPTED
    assert date.fromisoformat(case.due_date) > date(2026, 11, 26)


async def test_a_case_is_shown_though_the_clock_was_set_back_behind_a_pause(federation: Federation) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    await federation.report(case_id, suspended=event_pb2.Suspended(procedure="听证", reason="需要听证"))
    federation.clock.advance(days=-2)
    assert (await get(federation, case_id, at_jingzhou=True)).state == case_pb2.CASE_STATE_SUSPENDED


async def test_a_case_of_ones_own_region_belongs_at_the_local_platform(federation: Federation) -> None:
    yueyang = federation.yueyang
    answer = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application(processing_region="430600"))
    assert answer.error.details["field"] == "processing_region"


async def test_a_withdrawal_that_crosses_the_decision_loses_on_both_sides(federation: Federation) -> None:
    yueyang, jingzhou = federation.yueyang, federation.jingzhou
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    await federation.deliver(case_id, jingzhou, yueyang)
    # both speak before either hears the other
    withdraw = case_service_pb2.WithdrawCaseRequest(idempotency_key="withdraw-1", case=case_id, reason="搬家了")
    asked = shown(await federation.call(yueyang.platform, yueyang, routes.WITHDRAW_CASE, withdraw))
    assert asked.withdrawal_pending
    await federation.report(case_id, decided=DECIDED)
    receipt_of(await federation.deliver(case_id, yueyang, jingzhou, first=2))
    receipt_of(await federation.deliver(case_id, jingzhou, yueyang, first=2))
    for at_jingzhou in (False, True):
        case = await get(federation, case_id, at_jingzhou=at_jingzhou)
        assert case.state == case_pb2.CASE_STATE_DECIDED
        assert not case.withdrawal_pending
        assert [step.event for step in case.steps if step.moot] == ["withdrawal_requested"]
    # a moot event is not passed on to the platform
    told = {each.subject for each in await jingzhou.store.deliveries(stream=case_id)}
    assert "accepting:2" not in told


async def test_a_decision_of_an_item_with_a_result_licence_issues_it_once(federation: Federation) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    first = await federation.report(case_id, decided=DECIDED)
    again = await federation.report(case_id, decided=DECIDED)
    assert first.body == again.body
    assert await federation.jingzhou.store.next_serial("licence") == 2


async def test_a_refused_application_gets_no_licence(federation: Federation) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    refused = event_pb2.Decided(approved=False, explanation="不符合条件")
    await federation.report(case_id, decided=refused)
    await federation.deliver(case_id, federation.jingzhou, federation.yueyang)
    assert (await get(federation, case_id)).result_licence == ""
    assert await federation.jingzhou.store.next_serial("licence") == 1


@pytest.mark.parametrize("told", ["resumed", "withdrawal_refused", "decided"])
async def test_what_cannot_follow_is_refused_and_changes_nothing(federation: Federation, told: str) -> None:
    case_id = await federation.opened()
    before = await federation.jingzhou.store.case(case_id=case_id)
    messages: dict[str, Any] = {
        "resumed": event_pb2.Resumed(),
        "withdrawal_refused": event_pb2.WithdrawalRefused(reason="已制证"),
        "decided": event_pb2.Decided(explanation="准予"),
    }
    answer = await federation.report(case_id, **{told: messages[told]})
    assert answer.error.reason == "CASE_STATE_WRONG"
    assert await federation.jingzhou.store.case(case_id=case_id) == before


async def test_a_gateway_without_a_platform_has_nobody_to_tell(federation: Federation) -> None:
    yueyang = federation.yueyang
    bare = replace(yueyang, house=replace(yueyang.house, platform=""))
    case = shown(await federation.call(yueyang.platform, bare, routes.OPEN_CASE, application()))
    (waiting,) = await yueyang.store.deliveries(stream=case.case_id)
    assert (waiting.kind, waiting.destination) == (DeliveryKind.PEER_EVENT, f"{JINGZHOU}.gateway")
