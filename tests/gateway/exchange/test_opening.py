"""Opening a case: the code must translate, the materials be there, the licences good; otherwise nothing is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tongban.case.v1 import case_pb2, case_service_pb2, party_pb2

from gateway.domain.case import CaseState
from gateway.ports import Recording
from gateway.wire import routes
from tests.gateway.exchange.world import (
    ACCEPTED,
    IDENTITY_TYPE,
    NONCE,
    OTHERS_NUMBER,
    RESULT_TYPE,
    SUPPLEMENT,
    Answer,
    Federation,
    Peers,
    application,
    identity_licence,
    licence,
    papers,
    parcel,
    promise,
    shown,
)
from trust.errors import Malformed, NotFound, Reason, TongbanError, Unavailable, WrongState
from trust.keys import Algorithm, SoftwareSigner
from trust.leaf import LeafKind
from trust.licence import HOLDER_CODE, present
from trust.licence_id import LicenceId

HOLDER = SoftwareSigner.generate(Algorithm.ES256, "holder")
VERIFIER = "430600.gateway"


@pytest.fixture
async def nothing_stored(federation: Federation) -> AsyncIterator[None]:
    """After the test there is no case, and nothing waits to be sent."""
    yield
    for city in federation.cities.values():
        assert await city.store.cases(states=tuple(CaseState), limit=10) == []
        assert await city.store.deliveries() == []
        assert [leaf for leaf in await city.leaves() if leaf.kind is LeafKind.CASE_EVENT] == []


async def apply(federation: Federation, **changes: Any) -> Answer:
    yueyang = federation.yueyang
    return await federation.call(yueyang.platform, yueyang, routes.OPEN_CASE, application(**changes))


# Translation


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        ("S-UNMAPPED", "ITEM_UNMAPPED", WrongState),
        ("S-NONE", "ITEM_NO_EQUIVALENT", WrongState),
        ("S-OVER", "MAP_EXPIRED", WrongState),
        ("S-STOPPED", "ITEM_NOT_IN_FORCE", WrongState),
        ("S-RETIRED", "ITEM_NOT_IN_FORCE", WrongState),
        ("S-QUESTION", "ITEM_NEEDS_FACTS", WrongState),
        ("S-ABSENT", "ITEM_UNKNOWN", NotFound),
    ],
)
async def test_a_code_that_does_not_translate_is_refused_by_its_outcome(
    federation: Federation, code: str, reason: str, kind: type[TongbanError]
) -> None:
    answer = await apply(federation, item_code=code, materials=[])
    assert answer.error.reason == reason
    assert isinstance(answer.error, kind)


@pytest.mark.usefixtures("nothing_stored")
async def test_the_questions_to_ask_are_in_the_refusal(federation: Federation) -> None:
    answer = await apply(federation, item_code="S-QUESTION", materials=[])
    assert answer.error.details["questions"] == "kind"


@pytest.mark.usefixtures("nothing_stored")
async def test_an_answer_that_is_not_offered_is_refused(federation: Federation) -> None:
    answer = await apply(federation, item_code="S-QUESTION", materials=[], answers={"kind": "other"})
    assert isinstance(answer.error, Malformed)


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("who", ["applicant", "agent"])
async def test_a_mistyped_identity_number_is_found_at_the_window(federation: Federation, who: str) -> None:
    mistyped = "110105194912310021"
    party = party_pb2.Party(type=party_pb2.APPLICANT_TYPE_PERSON, name="李四", id_type="111", id_number=mistyped)
    answer = await apply(federation, **{who: party})
    assert answer.error.details["field"] == f"{who}.id_number"
    assert mistyped.encode() not in answer.reply.body


async def test_a_document_of_another_kind_has_its_own_numbers(federation: Federation) -> None:
    party = party_pb2.Party(type=party_pb2.APPLICANT_TYPE_PERSON, name="李四", id_type="414", id_number="E12345678")
    assert shown(await apply(federation, applicant=party)).case_number


async def test_a_region_without_a_catalogue_here_is_refused(federation: Federation) -> None:
    assert (await apply(federation, processing_region="110000")).error.reason == "ITEM_UNKNOWN"


async def test_the_day_that_counts_is_the_day_in_beijing(federation: Federation) -> None:
    """The map holds until 2026-12-31, which in Beijing ends at 16:00 UTC."""
    federation.clock.time = federation.clock.time.replace(month=12, day=31, hour=15, minute=59)
    shown(await apply(federation))
    federation.clock.advance(minutes=1)
    late = await apply(federation, idempotency_key="open-000002")
    assert late.error.reason == "MAP_EXPIRED"


# Materials


@pytest.mark.usefixtures("nothing_stored")
async def test_everything_that_is_missing_is_told_at_once(federation: Federation) -> None:
    answer = await apply(federation, materials=[promise("income")])
    assert answer.error.reason == "MATERIAL_MISSING"
    assert answer.error.details["materials"] == "form,identity"


@pytest.mark.usefixtures("nothing_stored")
async def test_what_an_answer_adds_is_required_too(federation: Federation) -> None:
    answer = await apply(federation, item_code="S-QUESTION", materials=[], answers={"kind": "again"})
    assert answer.error.details["materials"] == "old_card"


async def test_what_no_answer_adds_is_not_required(federation: Federation) -> None:
    shown(await apply(federation, item_code="S-QUESTION", materials=[], answers={"kind": "new"}))


@pytest.mark.usefixtures("nothing_stored")
async def test_what_only_the_processing_place_requires_is_asked_for_too(federation: Federation) -> None:
    answer = await apply(federation, item_code="S-MORE", materials=[])
    assert (answer.error.reason, answer.error.details["materials"]) == ("MATERIAL_MISSING", "photo")


async def test_what_the_processing_place_requires_may_be_handed_in_under_its_own_key(federation: Federation) -> None:
    shown(await apply(federation, item_code="S-MORE", materials=[parcel("photo")]))


@pytest.mark.usefixtures("nothing_stored")
async def test_a_promise_stands_only_for_what_the_item_lets_it(federation: Federation) -> None:
    answer = await apply(federation, materials=[promise("form"), parcel("identity"), promise("income")])
    assert answer.error.reason == "MATERIAL_MISSING"
    assert answer.error.details["materials"] == "form"


# Licences


async def applied_with(federation: Federation, presentation: str, **changes: Any) -> Answer:
    materials = [parcel("form"), licence(presentation), promise("income")]
    return await apply(federation, presentation_nonce=NONCE, materials=materials, **changes)


def selected(federation: Federation, text: str, *names: str, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "audience": VERIFIER,
        "nonce": NONCE,
        "now": federation.clock.now(),
        "holder": HOLDER,
        **changes,
    }
    return present(text, names or (HOLDER_CODE,), **fields)


@pytest.mark.parametrize("region", ["430600", "421000"])
@pytest.mark.parametrize("key", [None, HOLDER.public_jwk()])
async def test_a_good_licence_of_the_applicant_stands_for_the_paper(
    federation: Federation, region: str, key: dict[str, str] | None
) -> None:
    text = await identity_licence(federation.cities[region], holder_key=key)
    case = shown(await applied_with(federation, selected(federation, text)))
    record = await federation.yueyang.store.case(case_id=case.case_id)
    assert record is not None


REFUSED = "LICENCE_REFUSED"


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"holder_code": OTHERS_NUMBER}, "a licence of somebody else"),
        ({"licence_type": RESULT_TYPE}, f"a licence of type {RESULT_TYPE}"),
        ({"valid_until": "over"}, "validity expired"),
        ({"region": "420000"}, "authority region_not_covered"),
    ],
)
async def test_a_licence_that_is_not_the_right_one_is_refused(
    federation: Federation, changes: dict[str, Any], got: str
) -> None:
    if "valid_until" in changes:
        changes = {"valid_until": federation.clock.now() - timedelta(seconds=1)}
    text = await identity_licence(federation.jingzhou, **changes)
    answer = await applied_with(federation, selected(federation, text))
    assert (answer.error.reason, answer.error.details["material"]) == (REFUSED, "identity")
    assert got.encode() in answer.reply.body


@pytest.mark.usefixtures("nothing_stored")
async def test_a_licence_that_hides_whose_it_is_is_refused(federation: Federation) -> None:
    text = await identity_licence(federation.jingzhou)
    answer = await applied_with(federation, selected(federation, text, "holder_name"))
    assert answer.error.reason == REFUSED


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("status", "got"), [(1, b"status revoked"), (2, b"status suspended")])
async def test_a_licence_that_no_longer_stands_is_refused(federation: Federation, status: int, got: bytes) -> None:
    jingzhou = federation.jingzhou
    text = await identity_licence(jingzhou)
    entry = await jingzhou.store.licence(LicenceId.make(IDENTITY_TYPE, "421000", "000000001", 1).text)
    assert entry is not None
    await jingzhou.store.record(Recording(licences=(replace(entry, status=status),)))
    answer = await applied_with(federation, selected(federation, text))
    assert answer.error.reason == REFUSED
    assert got in answer.reply.body


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("strip", "got"),
    [
        (lambda f, text: selected(f, text).rpartition("~")[0] + "~", b"holder missing"),
        (lambda f, text: selected(f, text, audience="421000.gateway"), b"holder wrong"),
        (lambda f, text: selected(f, text, nonce="nonce-of-another-time"), b"holder wrong"),
        (
            lambda f, text: selected(f, text, holder=SoftwareSigner.generate(Algorithm.ES256, "holder")),
            b"holder wrong",
        ),
        (lambda f, text: selected(f, text, now=f.clock.now() - timedelta(minutes=6)), b"holder wrong"),
    ],
    ids=["key binding stripped", "for another place", "for another occasion", "with another key", "long ago"],
)
async def test_a_bound_licence_needs_its_holders_signature_for_this_occasion(
    federation: Federation, strip: Any, got: bytes
) -> None:
    text = await identity_licence(federation.jingzhou, holder_key=HOLDER.public_jwk())
    answer = await applied_with(federation, strip(federation, text))
    assert answer.error.reason == REFUSED
    assert got in answer.reply.body


@pytest.mark.usefixtures("nothing_stored")
async def test_a_licence_stands_for_no_paper_that_the_item_wants_itself(federation: Federation) -> None:
    text = selected(federation, await identity_licence(federation.jingzhou))
    materials = [licence(text, "form"), parcel("identity"), promise("income")]
    answer = await apply(federation, presentation_nonce=NONCE, materials=materials)
    assert (answer.error.reason, answer.error.details["material"]) == (REFUSED, "form")


@pytest.mark.usefixtures("nothing_stored")
async def test_no_issuer_is_asked_about_a_licence_that_nobody_wants(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one application with a hundred licences would make a hundred calls to whomever they name."""
    asked: list[str] = []

    async def status_list(_: object, member: str, uri: str) -> str:
        asked.append(f"{member} {uri}")
        raise NotFound(Reason.LICENCE_UNKNOWN, "no such list")

    monkeypatch.setattr(Peers, "status_list", status_list)
    text = selected(federation, await identity_licence(federation.jingzhou))
    materials = [parcel("form"), parcel("identity"), promise("income"), licence(text, "unheard-of")]
    answer = await apply(federation, presentation_nonce=NONCE, materials=materials)
    assert (answer.error.reason, asked) == (REFUSED, [])


@pytest.mark.usefixtures("nothing_stored")
async def test_a_licence_whose_status_cannot_be_had_is_not_taken_on_trust(federation: Federation) -> None:
    text = await identity_licence(federation.jingzhou, status_uri="urn:tongban:status:500000.gateway:1")
    answer = await applied_with(federation, selected(federation, text))
    assert isinstance(answer.error, Unavailable)
    assert (answer.error.reason, answer.error.details["material"]) == ("STATUS_LIST_REFUSED", "identity")


@pytest.mark.usefixtures("nothing_stored")
async def test_asking_again_for_the_status_mends_nothing_when_the_licence_is_bad(federation: Federation) -> None:
    text = await identity_licence(
        federation.jingzhou, status_uri="urn:tongban:status:500000.gateway:1", region="420000"
    )
    answer = await applied_with(federation, selected(federation, text))
    assert answer.error.reason == REFUSED


@pytest.mark.usefixtures("nothing_stored")
async def test_what_is_no_licence_at_all_is_refused(federation: Federation) -> None:
    assert (await applied_with(federation, "e30.e30.e30~")).error.reason == REFUSED


async def test_the_serial_counts_the_regions_cases_of_the_day(federation: Federation) -> None:
    numbers = [
        shown(await apply(federation, idempotency_key=f"open-00000{each}", materials=papers())).case_number
        for each in range(2)
    ]
    federation.clock.advance(days=1)
    numbers.append(shown(await apply(federation, idempotency_key="open-000009")).case_number)
    assert [number[:22] for number in numbers] == [
        "430600-20261123-000001",
        "430600-20261123-000002",
        "430600-20261124-000001",
    ]


# Licences in a supplement


async def supplemented_with(federation: Federation, presentation: str, key: str) -> tuple[str, Answer]:
    """A supplement that shows a licence; the case's id and the answer."""
    case_id = await federation.opened()
    await federation.report(case_id, accepted=ACCEPTED)
    await federation.report(case_id, supplement_requested=SUPPLEMENT)
    await federation.deliver(case_id, federation.jingzhou, federation.yueyang)
    request = case_service_pb2.SupplementCaseRequest(
        idempotency_key="supplement-1", case=case_id, materials=[licence(presentation, key)], presentation_nonce=NONCE
    )
    yueyang = federation.yueyang
    return case_id, await federation.call(yueyang.platform, yueyang, routes.SUPPLEMENT_CASE, request)


async def test_a_good_licence_may_stand_for_a_supplement(federation: Federation) -> None:
    text = selected(federation, await identity_licence(federation.jingzhou))
    _, answer = await supplemented_with(federation, text, "residence")
    assert shown(answer).state == case_pb2.CASE_STATE_ACCEPTED


@pytest.mark.parametrize(
    ("key", "changes"),
    [("application", {}), ("residence", {"holder_code": OTHERS_NUMBER}), ("residence", {"licence_type": RESULT_TYPE})],
    ids=["the item wants the paper", "somebody else's", "another type"],
)
async def test_a_licence_in_a_supplement_is_held_to_the_same_rules(
    federation: Federation, key: str, changes: dict[str, Any]
) -> None:
    text = selected(federation, await identity_licence(federation.jingzhou, **changes))
    case_id, answer = await supplemented_with(federation, text, key)
    assert (answer.error.reason, answer.error.details["material"]) == (REFUSED, key)
    record = await federation.yueyang.store.case(case_id=case_id)
    assert record is not None
    assert record.row.state is CaseState.ACCEPTED_SUPPLEMENTING
