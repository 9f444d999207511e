"""A mapping between two places: proposed here, signed for here and there, in force at both, withdrawn there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

import pytest
import pytest_asyncio
from tongban.case.v1 import case_pb2
from tongban.catalogue.v1 import catalogue_service_pb2
from tongban.catalogue.v1 import translation_pb2 as outcome
from tongban.crosswalk.v1 import crosswalk_service_pb2 as service
from tongban.crosswalk.v1 import row_pb2

from gateway.domain.calendar import beijing_date
from gateway.domain.case import Accepted, Decided
from gateway.domain.crosswalk import CrosswalkRow, Relationship
from gateway.domain.crosswalk_csv import write_csv
from gateway.ports import Recording
from gateway.rpc.client import SignedClient
from gateway.wire import routes
from sandbox.federation import CITIES, JINGZHOU, YUEYANG, City
from sandbox.window import Person, Window, sample_scan, scanned
from tests.pairs.ground import Ground, two_gateways
from trust.errors import Malformed, Reason, Unavailable, WrongState
from trust.review import open_review
from trust.signed_call import Officer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS: Final = 60.0
"""Far longer than two readings of a journal."""

SOURCE: Final = "11430600TB4306024A300209002400001"
"""开具户籍类证明, which no row of the sandbox leads to 荆州 by."""
TARGET: Final = "11421000TB421002273002090025000"
OFFICERS: Final = {YUEYANG: Officer("yy-1", "reviewer", "岳阳"), JINGZHOU: Officer("jz-1", "reviewer", "荆州")}


@dataclass
class Desk:
    """The people who look after the crosswalk in one city."""

    city: City
    client: SignedClient

    async def call(self, method: str, request: Any, answer: Any) -> Any:
        verified = await self.client.call(
            self.city.gateway, method, request.SerializeToString(), officer=OFFICERS[self.city]
        )
        return answer.FromString(verified.body)

    async def propose(self, key: str, *rows: CrosswalkRow) -> service.ImportCrosswalkResponse:
        request = service.ImportCrosswalkRequest(
            idempotency_key=key,
            upload=key,
            part=1,
            parts=1,
            content=write_csv(rows).encode(),
            format=service.FILE_FORMAT_CSV,
        )
        return await self.call(routes.IMPORT_CROSSWALK, request, service.ImportCrosswalkResponse)

    async def review(self, key: str, row: CrosswalkRow, verdict: int, reason: str = "") -> service.ReviewRowsResponse:
        request = service.ReviewRowsRequest(idempotency_key=key, rows=[row.hash], verdict=verdict, reason=reason)
        return await self.call(routes.REVIEW_ROWS, request, service.ReviewRowsResponse)

    async def row(self, wanted: CrosswalkRow) -> row_pb2.Row | None:
        """The row as it stands here; None when it is not known yet."""
        request = service.ListRowsRequest(code=SOURCE, limit=500)
        listed = await self.call(routes.LIST_ROWS, request, service.ListRowsResponse)
        return next((each for each in listed.rows if each.hash == wanted.hash), None)

    async def translation(self, on: date | None = None, minimum: int = 0) -> outcome.Translation:
        request = catalogue_service_pb2.TranslateRequest(
            source_catalogue=YUEYANG.region,
            target_catalogue=JINGZHOU.region,
            code=SOURCE,
            as_of=on.isoformat() if on else "",
            minimum_review=minimum,
        )
        return (await self.call(routes.TRANSLATE, request, catalogue_service_pb2.TranslateResponse)).translation


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with two_gateways(tmp_path_factory.mktemp("review")) as up:
        yield up


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(ground: Ground) -> AsyncIterator[dict[City, Desk]]:
    clients = {city: ground.client(city.platform) for city in CITIES}
    made = {city: Desk(city, client) for city, client in clients.items()}

    async def all_have_all() -> bool:
        return all(
            {city.region for city in CITIES} <= ground.gateways[each.gateway].house.knowledge.atlas.catalogues.keys()
            for each in CITIES
        )

    await until(all_have_all, "both gateways to hold both catalogues")
    yield made
    for client in clients.values():
        await client.close()


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}"
        await asyncio.sleep(0.05)


def a_row(ground: Ground, row_id: str, valid_from: date) -> CrosswalkRow:
    """A row that nobody has proposed yet."""
    catalogues = ground.gateways[YUEYANG.gateway].house.knowledge.atlas
    source = catalogues.catalogue(YUEYANG.region).find(SOURCE)
    target = catalogues.catalogue(JINGZHOU.region).find(TARGET)
    assert source is not None
    assert target is not None
    return CrosswalkRow(
        id=row_id,
        source_catalogue=YUEYANG.region,
        source_code=SOURCE,
        source_name=source.name,
        target_catalogue=JINGZHOU.region,
        target_code=TARGET,
        target_name=target.name,
        relationship=Relationship.EQUIVALENT,
        conditions={},
        materials={"id_card": "identity"},
        products={},
        valid_from=valid_from,
        valid_until=None,
        version=1,
        confidence=90,
        justification="两地会商",
    )


@contextmanager
def failing_once(ground: Ground, city: City, when: str) -> Iterator[list[str]]:
    """The store of a city fails at the next change of the crosswalk: before anything is written, or after all was."""
    store = ground.gateways[city.gateway].house.store
    record, failed = store.record, list[str]()

    async def fail(recording: Recording) -> None:
        doomed = bool(recording.crosswalk_entries) and not failed
        if doomed and when == "before":
            failed.append(when)
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the store did not answer")
        await record(recording)
        if doomed:
            failed.append(when)
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the store did not answer")

    with patch.object(store, "record", fail):
        yield failed


async def stands(desks: dict[City, Desk], row: CrosswalkRow, *approved: City, withdrawn: tuple[City, ...] = ()) -> None:
    """Both gateways come to say the same of the row."""

    async def alike() -> bool:
        found = [await desk.row(row) for desk in desks.values()]
        return all(
            each is not None
            and set(each.approved_by) == {city.gateway for city in approved}
            and set(each.withdrawn_by) == {city.gateway for city in withdrawn}
            for each in found
        )

    await until(alike, f"both to see {row.id} signed by {len(approved)} and withdrawn by {len(withdrawn)}")


def reasons(translation: outcome.Translation, row: CrosswalkRow) -> list[int]:
    return [each.reason for each in translation.set_aside if each.hash == row.hash]


async def open_case(ground: Ground, desk: Desk) -> case_pb2.Case:
    window = Window(desk.client, desk.city, Officer("w1", "window", "1"))
    papers = [scanned("id_card", "居民身份证", sample_scan("identity card"))]
    return await window.open_case(SOURCE, JINGZHOU.region, Person.named("resident"), papers, answers={})


async def test_a_mapping_lives_from_proposal_to_withdrawal(ground: Ground, desks: dict[City, Desk]) -> None:
    here, there = desks[YUEYANG], desks[JINGZHOU]
    row = a_row(ground, "PAIR-1", date(2026, 1, 1))

    proposed = await here.propose("propose-0001", row)
    assert (proposed.complete, proposed.added, list(proposed.remarks)) == (True, 1, [])
    await stands(desks, row)
    for desk in desks.values():
        translation = await desk.translation()
        assert translation.outcome == outcome.TRANSLATION_OUTCOME_UNMAPPED
        assert reasons(translation, row) == [outcome.SET_ASIDE_REASON_AWAITING_REVIEW]
        for_people = await desk.translation(minimum=outcome.REVIEW_STATE_PROPOSED)
        assert for_people.matches[0].review == outcome.REVIEW_STATE_PROPOSED

    signed = await here.review("review-0001", row, service.VERDICT_APPROVE)
    assert (signed.in_force, signed.awaiting_other_side) == (0, 1)
    await stands(desks, row, YUEYANG)
    for desk in desks.values():
        translation = await desk.translation()
        assert translation.outcome == outcome.TRANSLATION_OUTCOME_UNMAPPED
        assert reasons(translation, row) == [outcome.SET_ASIDE_REASON_AWAITING_REVIEW]
        for_people = await desk.translation(minimum=outcome.REVIEW_STATE_ONE_SIDE)
        assert for_people.matches[0].review == outcome.REVIEW_STATE_ONE_SIDE
    with pytest.raises(WrongState) as refused:
        await open_case(ground, here)
    assert refused.value.reason is Reason.ITEM_UNMAPPED

    countersigned = await there.review("review-0001", row, service.VERDICT_APPROVE)
    assert (countersigned.in_force, countersigned.awaiting_other_side) == (1, 0)
    await stands(desks, row, YUEYANG, JINGZHOU)
    for desk in desks.values():
        translation = await desk.translation()
        assert translation.outcome == outcome.TRANSLATION_OUTCOME_MATCHED
        assert (translation.matches[0].review, translation.matches[0].item.code) == (
            outcome.REVIEW_STATE_BOTH_SIDES,
            TARGET,
        )
    case = await open_case(ground, here)

    withdrawn = await there.review("review-0002", row, service.VERDICT_WITHDRAW, "事项已取消")
    assert (withdrawn.in_force, withdrawn.awaiting_other_side) == (0, 0)
    await stands(desks, row, YUEYANG, JINGZHOU, withdrawn=(JINGZHOU,))
    day = beijing_date(open_review(withdrawn.review, ground.federation.directory).at)
    for desk in desks.values():
        for on in (day, day + timedelta(days=30)):
            translation = await desk.translation(on)
            assert translation.outcome == outcome.TRANSLATION_OUTCOME_UNMAPPED
            assert reasons(translation, row) == [outcome.SET_ASIDE_REASON_WITHDRAWN]
        assert (await desk.translation(day - timedelta(days=1))).outcome == outcome.TRANSLATION_OUTCOME_MATCHED
        with pytest.raises(WrongState) as refused:
            await desk.review("review-0003", row, service.VERDICT_APPROVE)
        assert refused.value.reason is Reason.ROW_WITHDRAWN
    with pytest.raises(WrongState) as refused:
        await open_case(ground, here)
    assert refused.value.reason is Reason.ITEM_UNMAPPED
    await a_case_goes_on(ground, desks, case.case_number)
    # Two people on two sides, each under the key of their own gateway.
    reviews = [open_review(each.review, ground.federation.directory) for each in (signed, countersigned, withdrawn)]
    assert [(each.member, each.officer) for each in reviews] == [
        (YUEYANG.gateway, OFFICERS[YUEYANG]),
        (JINGZHOU.gateway, OFFICERS[JINGZHOU]),
        (JINGZHOU.gateway, OFFICERS[JINGZHOU]),
    ]


async def a_case_goes_on(ground: Ground, desks: dict[City, Desk], number: str) -> None:
    """A case that was opened while the row was in force is handled to its end."""
    platform = ground.platforms[JINGZHOU.region]
    window = Window(desks[YUEYANG].client, YUEYANG, Officer("w1", "window", "1"))

    async def told() -> bool:
        return platform.steps(number) == ["submitted"]

    await until(told, "荆州's platform to get the case")
    platform.do(number, Accepted("荆-1", 3))
    platform.do(number, Decided(approved=True, explanation="准予", result_number="户〔2026〕1号", result_licence=""))

    async def decided() -> bool:
        return (await window.case(number)).state == case_pb2.CASE_STATE_DECIDED

    await until(decided, "岳阳's window to see the decision")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_lost_answers_change_nothing(ground: Ground, desks: dict[City, Desk], when: str) -> None:
    """Each step fails once, before it is recorded or after, and the client tries again under the same key."""
    here, there = desks[YUEYANG], desks[JINGZHOU]
    # Of the days after today, so that rows that others have withdrawn by then are in nobody's way.
    row = a_row(ground, f"PAIR-{when}", beijing_date(datetime.now(UTC)) + timedelta(days=1))
    with failing_once(ground, YUEYANG, when) as failed:
        assert (await here.propose(f"propose-{when}", row)).added == 1
    assert failed
    await stands(desks, row)
    for desk in (here, there):
        with failing_once(ground, desk.city, when) as failed:
            answer = await desk.review(f"approve-{when}", row, service.VERDICT_APPROVE)
        assert failed
        assert open_review(answer.review, ground.federation.directory).rows == {row.hash}
        await until(lambda desk=desk: _signed_here(desk, row), "the review to count where it was given")
    await stands(desks, row, YUEYANG, JINGZHOU)
    with failing_once(ground, YUEYANG, when) as failed:
        await here.review(f"withdraw-{when}", row, service.VERDICT_WITHDRAW, "重新会商")
    assert failed
    await stands(desks, row, YUEYANG, JINGZHOU, withdrawn=(YUEYANG,))
    for city in CITIES:
        store = ground.gateways[city.gateway].house.store
        reviews = [
            opened
            for _, entry in await store.crosswalk_journal(0, 100_000)
            if entry.review and row.hash in (opened := open_review(entry.review, ground.federation.directory)).rows
        ]
        assert sorted((each.member, each.verdict.value) for each in reviews) == [
            (JINGZHOU.gateway, "approve"),
            (YUEYANG.gateway, "approve"),
            (YUEYANG.gateway, "withdraw"),
        ]


async def _signed_here(desk: Desk, row: CrosswalkRow) -> bool:
    found = await desk.row(row)
    return found is not None and desk.city.gateway in found.approved_by


async def test_the_faults_of_a_long_file_reach_whoever_sent_it(ground: Ground, desks: dict[City, Desk]) -> None:
    """A refusal travels in headers, of which the transport takes 8 KiB."""
    rows = [replace(a_row(ground, f"FAULTY-{number}", date.max), confidence=101) for number in range(500)]
    with pytest.raises(Malformed) as refused:
        await desks[YUEYANG].propose("propose-faulty", *rows)
    assert "500 fault(s)" in refused.value.failed
    faults = refused.value.details["faults"]
    assert faults.startswith("500 fault(s): row 2, confidence: ")
    assert faults.endswith("; and more")
    assert faults.count("row ") > 20
