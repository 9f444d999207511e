"""A case keeps the version of its items that it started on, whatever the catalogues become meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tongban.case.v1 import case_pb2, case_service_pb2

from gateway.domain.case import Submitted
from gateway.domain.catalogue import Item
from gateway.wire import routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    DECIDED,
    IDENTITY_TYPE,
    JINGZHOU,
    NONCE,
    RESULT_TYPE,
    SOURCE,
    SUPPLEMENT,
    TARGET,
    YUEYANG,
    Answer,
    Federation,
    application,
    identity_licence,
    item,
    licence,
    parcel,
    requirement,
    shown,
)
from trust.keys import Algorithm, SoftwareSigner
from trust.licence import HOLDER_CODE, present

HOLDER = SoftwareSigner.generate(Algorithm.ES256, "holder")


def renew(federation: Federation, newer: Item, *, keep: bool) -> None:
    """Both cities have the next edition of 荆州's catalogue, with the earlier version of the item or without it."""
    items = (*(each for each in TARGET.items if keep or each.code != newer.code), newer)
    for city in (federation.yueyang, federation.jingzhou):
        city.known.catalogues = {YUEYANG: SOURCE, JINGZHOU: replace(TARGET, version=2, items=items)}


def second_version(*materials: Any, **changes: Any) -> Item:
    return item(JINGZHOU, "T-1", *materials, version=2, listed_from=date(2026, 11, 23), **changes)


async def waiting_for_supplement(federation: Federation) -> str:
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    await federation.report(case_id, supplement_requested=SUPPLEMENT)
    await federation.deliver(case_id, federation.jingzhou, federation.yueyang)
    return case_id


async def supplemented(federation: Federation, case_id: str, key: str) -> Answer:
    """The applicant shows a licence for what is missing."""
    yueyang = federation.yueyang
    text = present(
        await identity_licence(federation.jingzhou),
        (HOLDER_CODE,),
        audience=yueyang.house.member_id,
        nonce=NONCE,
        now=federation.clock.now(),
        holder=HOLDER,
    )
    request = case_service_pb2.SupplementCaseRequest(
        idempotency_key="supplement-1", case=case_id, materials=[licence(text, key)], presentation_nonce=NONCE
    )
    return await federation.call(yueyang.platform, yueyang, routes.SUPPLEMENT_CASE, request)


async def test_the_application_names_the_versions_that_it_started_on(federation: Federation) -> None:
    renew(federation, second_version(requirement("application")), keep=True)
    case_id = await federation.opened()
    record = await federation.jingzhou.store.case(case_id=case_id)
    assert record is not None
    body = record.events[0].event.body
    assert isinstance(body, Submitted)
    assert (body.source_item.version, body.target_item.version) == ("1", "2")


async def test_a_supplement_is_held_to_the_version_that_the_case_started_on(federation: Federation) -> None:
    """The first version lets a licence stand for the residence, the second for the application."""
    case_id = await waiting_for_supplement(federation)
    renew(federation, second_version(requirement("application", exempt_by_licence=IDENTITY_TYPE)), keep=True)
    refused = await supplemented(federation, case_id, "application")
    assert (refused.error.reason, refused.error.details["material"]) == ("LICENCE_REFUSED", "application")
    taken = await supplemented(federation, case_id, "residence")
    assert shown(taken).state == case_pb2.CASE_STATE_ACCEPTED


async def test_where_that_version_is_gone_the_newest_is_gone_by(federation: Federation) -> None:
    case_id = await waiting_for_supplement(federation)
    renew(federation, second_version(requirement("application", exempt_by_licence=IDENTITY_TYPE)), keep=False)
    taken = await supplemented(federation, case_id, "application")
    assert shown(taken).state == case_pb2.CASE_STATE_ACCEPTED


@pytest.mark.parametrize(("keep", "issued"), [(True, 1), (False, 0)], ids=["kept", "gone"])
async def test_the_result_licence_is_that_of_the_version_that_the_case_started_on(
    federation: Federation, keep: bool, issued: int
) -> None:
    """The first version has a result licence, the second none."""
    assert {each.result_licence_type for each in TARGET.versions("T-1")} == {RESULT_TYPE}
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    renew(federation, second_version(requirement("application")), keep=keep)
    shown(await federation.report(case_id, decided=DECIDED))
    assert await federation.jingzhou.store.next_serial("licence") == issued + 1


@pytest.mark.parametrize("place", [YUEYANG, JINGZHOU])
async def test_what_shared_data_replace_is_never_missing(federation: Federation, place: str) -> None:
    shared = requirement("record", exempt_by_sharing="公安部")
    offers = {
        YUEYANG: item(YUEYANG, "S-MORE", requirement("photo"), *([shared] if place == YUEYANG else [])),
        JINGZHOU: item(JINGZHOU, "T-MORE", requirement("photo"), *([shared] if place == JINGZHOU else [])),
    }
    yueyang = federation.yueyang
    yueyang.known.catalogues = {
        each.id: replace(
            each, items=tuple(offers[each.id] if i.code == offers[each.id].code else i for i in each.items)
        )
        for each in (SOURCE, TARGET)
    }
    for materials, missing in (([], "photo"), ([parcel("photo")], "")):
        request = application(idempotency_key=f"open-{missing:>8}", item_code="S-MORE", materials=materials)
        answer = await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, request)
        if missing:
            assert answer.error.details["materials"] == missing
        else:
            assert shown(answer).state == case_pb2.CASE_STATE_SUBMITTED
