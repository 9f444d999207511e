"""Who may do what: deny by default, local methods for local members, and content checked where it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from tongban.case.v1 import case_service_pb2
from tongban.catalogue.v1 import catalogue_service_pb2, translation_pb2
from tongban.directory.v1 import directory_service_pb2
from tongban.licence.v1 import licence_service_pb2

from gateway.exchange import sentence
from gateway.wire import routes
from gateway.wire.routes import ROUTES
from tests.gateway.exchange.world import (
    ACCEPTED,
    DECIDED,
    IDENTITY_TYPE,
    Federation,
    application,
    identity_licence,
    parcel,
    progress,
    shown,
)
from trust.directory import Action, Right
from trust.errors import Forbidden

LOCAL = [method for method, route in ROUTES.items() if route.local]


def grant(federation: Federation, member: str, *rights: Right) -> None:
    federation.publish(replace(federation.directory.member(member), rights=rights))


@pytest.mark.parametrize("method", LOCAL)
async def test_a_local_method_is_closed_to_members_of_other_regions(federation: Federation, method: str) -> None:
    """Even to one that has the right: it is a right at its own gateway."""
    grant(federation, "421000.platform", *(Right(action) for action in Action))
    answer = await federation.call(federation.jingzhou.platform, federation.yueyang, method, b"")
    assert isinstance(answer.error, Forbidden)
    assert answer.error.reason == "RIGHT_MISSING"


@pytest.mark.parametrize("method", ROUTES)
async def test_whoever_has_no_right_does_nothing(federation: Federation, method: str) -> None:
    grant(federation, "430600.platform")
    answer = await federation.call(federation.yueyang.platform, federation.yueyang, method, b"")
    assert answer.error.reason == "RIGHT_MISSING"


async def test_every_command_has_somebody_who_decides_about_it() -> None:
    read = {route.understand.__annotations__["return"] for route in ROUTES.values()}
    decided = {f"{command.__module__.rpartition('.')[2]}.{command.__name__}" for command in sentence._DECIDERS}
    assert read == decided


async def test_an_item_takes_its_own_right_to_be_opened(federation: Federation) -> None:
    answer = await federation.call(
        federation.yueyang.platform, federation.yueyang, routes.OPEN_CASE, application(item_code="X-1", materials=[])
    )
    assert answer.error.reason == "ITEM_NOT_GRANTED"


def of_item(method: str, case: str) -> Message:
    messages: dict[str, Any] = {
        routes.GET_CASE: case_service_pb2.GetCaseRequest(case=case),
        routes.WITHDRAW_CASE: case_service_pb2.WithdrawCaseRequest(idempotency_key="withdraw-1", case=case),
        routes.SUPPLEMENT_CASE: case_service_pb2.SupplementCaseRequest(
            idempotency_key="supplement-1", case=case, materials=[parcel("form")]
        ),
        routes.RATE_CASE: case_service_pb2.RateCaseRequest(idempotency_key="rating-01", case=case, score=1),
    }
    message: Message = messages[method]
    return message


@pytest.mark.parametrize("method", [routes.GET_CASE, routes.WITHDRAW_CASE, routes.SUPPLEMENT_CASE, routes.RATE_CASE])
async def test_a_case_takes_the_right_to_its_item(federation: Federation, method: str) -> None:
    case_id = await federation.opened()
    grant(federation, "430600.platform", *(Right(action, items=("S-OTHER",)) for action in Action))
    answer = await federation.call(federation.yueyang.platform, federation.yueyang, method, of_item(method, case_id))
    assert answer.error.reason == "ITEM_NOT_GRANTED"


async def test_a_report_takes_the_right_to_the_item_in_the_processing_places_catalogue(
    federation: Federation,
) -> None:
    case_id = await federation.opened()
    grant(federation, "421000.platform", Right(Action.CASE_PROGRESS, items=("S-1",)))
    assert (await federation.report(case_id, accepted=ACCEPTED)).error.reason == "ITEM_NOT_GRANTED"
    grant(federation, "421000.platform", Right(Action.CASE_PROGRESS, items=("T-1",)))
    shown(await federation.report(case_id, accepted=ACCEPTED))


async def test_the_processing_place_answers_under_its_right_to_the_accepting_places_item(
    federation: Federation,
) -> None:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    grant(federation, "421000.gateway", Right(Action.EXCHANGE_DELIVER, items=("T-1",)))
    refused = await federation.deliver(case_id, federation.jingzhou, federation.yueyang)
    assert refused.error.reason == "ITEM_NOT_GRANTED"


async def test_personal_data_is_shown_for_a_stated_purpose_only(federation: Federation) -> None:
    yueyang = federation.yueyang
    presented = await identity_licence(federation.jingzhou)
    request = licence_service_pb2.VerifyLicenceRequest(presentation=presented)
    for purpose in ("", "curiosity"):
        answer = await federation.call(yueyang.platform, yueyang, routes.VERIFY_LICENCE, request, purpose=purpose)
        assert answer.error.reason == "PURPOSE_MISSING"
    answer = await federation.call(yueyang.platform, yueyang, routes.VERIFY_LICENCE, request, purpose="case-handling")
    verdict = licence_service_pb2.VerifyLicenceResponse.FromString(answer.body).verdict
    assert (verdict.acceptable, verdict.licence_type) == (True, IDENTITY_TYPE)


async def test_a_licence_type_takes_its_own_right(federation: Federation) -> None:
    yueyang = federation.yueyang
    grant(federation, "430600.platform", Right(Action.LICENCE_VERIFY, licence_types=("other-*",)))
    request = licence_service_pb2.VerifyLicenceRequest(presentation=await identity_licence(federation.jingzhou))
    answer = await federation.call(yueyang.platform, yueyang, routes.VERIFY_LICENCE, request)
    assert answer.error.reason == "LICENCE_TYPE_NOT_GRANTED"


async def test_a_peer_translates_and_reads_the_directory(federation: Federation) -> None:
    """What does not translate is an outcome here, and no error."""
    translate = catalogue_service_pb2.TranslateRequest(
        source_catalogue="430600", target_catalogue="421000", code="S-NONE"
    )
    peer, yueyang = federation.jingzhou.gateway, federation.yueyang
    answer = await federation.call(peer, yueyang, routes.TRANSLATE, translate)
    translation = catalogue_service_pb2.TranslateResponse.FromString(answer.body).translation
    assert translation.outcome == translation_pb2.TRANSLATION_OUTCOME_NO_EQUIVALENT
    answer = await federation.call(peer, yueyang, routes.GET_DIRECTORY, b"")
    assert directory_service_pb2.GetDirectoryResponse.FromString(answer.body).version == 1


# Issued licences


def issue_request(**changes: Any) -> licence_service_pb2.IssueLicenceRequest:
    fields: dict[str, Any] = {
        "idempotency_key": "issue-0001",
        "licence_type": IDENTITY_TYPE,
        "name": "居住证",
        "issuer_name": "公安局",
        "holder_name": "张三",
        "holder_id_number": "11010519491231002X",
        "surface": {"住址": "岳阳楼区"},
        "valid_from": "2026-11-23",
        **changes,
    }
    return licence_service_pb2.IssueLicenceRequest(**fields)


def change(licence_id: str, status: int, key: str) -> licence_service_pb2.SetLicenceStatusRequest:
    return licence_service_pb2.SetLicenceStatusRequest(
        idempotency_key=key,
        licence_id=licence_id,
        status=status,  # type: ignore[arg-type]  # the enum's numbers
    )


async def test_a_licence_is_issued_suspended_restored_and_revoked_for_good(federation: Federation) -> None:
    jingzhou, yueyang = federation.jingzhou, federation.yueyang
    answer = await federation.call(jingzhou.platform, jingzhou, routes.ISSUE_LICENCE, issue_request())
    issued = licence_service_pb2.IssueLicenceResponse.FromString(answer.body)

    async def status() -> str:
        federation.clock.advance(minutes=6)  # past the time for which a list may be relied on
        request = licence_service_pb2.VerifyLicenceRequest(presentation=issued.licence)
        told = await federation.call(yueyang.platform, yueyang, routes.VERIFY_LICENCE, request, purpose="case-handling")
        return licence_service_pb2.VerifyLicenceResponse.FromString(told.body).verdict.status.code

    async def becomes(status: int) -> Any:
        request = change(issued.licence_id, status, f"status-{federation.clock.now():%H%M%S}-{status}")
        return await federation.call(jingzhou.platform, jingzhou, routes.SET_LICENCE_STATUS, request)

    assert await status() == "GOOD"
    for wanted, verdict in ((3, "SUSPENDED"), (1, "GOOD"), (2, "REVOKED")):
        assert (await becomes(wanted)).reply.status == 0
        assert await status() == verdict
    for wanted in (1, 3):
        assert (await becomes(wanted)).error.reason == "LICENCE_REFUSED"
    assert (await becomes(2)).reply.status == 0
    assert await status() == "REVOKED"


async def test_a_licence_of_another_gateway_is_unknown_here(federation: Federation) -> None:
    yueyang = federation.yueyang
    answer = await federation.call(
        yueyang.platform, yueyang, routes.SET_LICENCE_STATUS, change("1.2.156.3005.2.x", 2, "status-01")
    )
    assert answer.error.reason == "LICENCE_UNKNOWN"


async def test_a_status_list_is_shown_by_its_issuer_only(federation: Federation) -> None:
    for uri, known in (("urn:tongban:status:430600.gateway:1", True), ("urn:tongban:status:421000.gateway:1", False)):
        request = licence_service_pb2.GetStatusListRequest(uri=uri)
        answer = await federation.call(federation.jingzhou.gateway, federation.yueyang, routes.GET_STATUS_LIST, request)
        assert (answer.reply.status == 0) is known


@pytest.mark.parametrize("number", ["0", "01", "+1", "１", "1" * 11, ""])
async def test_a_status_list_has_one_name(federation: Federation, number: str) -> None:
    request = licence_service_pb2.GetStatusListRequest(uri=f"urn:tongban:status:430600.gateway:{number}")
    answer = await federation.call(federation.jingzhou.gateway, federation.yueyang, routes.GET_STATUS_LIST, request)
    assert answer.error.reason == "LICENCE_UNKNOWN"


async def test_a_right_to_write_shows_no_result_licence(federation: Federation) -> None:
    """Whoever rates a case is told how it stands; the licence takes the right to read, and leaves a leaf."""
    yueyang = federation.yueyang
    case_id = await federation.opened()
    shown(await federation.report(case_id, accepted=ACCEPTED))
    shown(await federation.report(case_id, decided=DECIDED))
    await federation.deliver(case_id, federation.jingzhou, yueyang)
    grant(federation, "430600.platform", Right(Action.CASE_OPEN))
    rating = case_service_pb2.RateCaseRequest(idempotency_key="rate-0001", case=case_id, score=5)
    rated = shown(await federation.call(yueyang.platform, yueyang, routes.RATE_CASE, rating))
    assert (rated.score, rated.result_licence) == (5, "")


async def test_a_platform_cannot_report_for_another_region(federation: Federation) -> None:
    case_id = await federation.opened()
    answer = await federation.call(
        federation.yueyang.platform, federation.jingzhou, routes.REPORT_PROGRESS, progress(case_id, accepted=ACCEPTED)
    )
    assert answer.error.reason == "RIGHT_MISSING"


async def test_a_list_leaves_out_cases_of_items_that_the_caller_may_not_read(federation: Federation) -> None:
    await federation.opened()
    yueyang = federation.yueyang
    request = case_service_pb2.ListCasesRequest()

    async def listed() -> int:
        answer = await federation.call(yueyang.platform, yueyang, routes.LIST_CASES, request)
        return len(case_service_pb2.ListCasesResponse.FromString(answer.body).cases)

    assert await listed() == 1
    member = federation.directory.member("430600.platform")
    others = tuple(right for right in member.rights if right.action is not Action.CASE_READ)
    federation.publish(replace(member, rights=(*others, Right(Action.CASE_READ, items=("S-2",)))))
    assert await listed() == 0
