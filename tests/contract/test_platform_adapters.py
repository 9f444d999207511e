"""The contract of every adapter, held against the platforms of the sandbox over HTTP on loopback.

A third adapter joins by its platform in the ``world`` fixture; the tests stay as they are.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from adapters import Credentials, PlatformSettings, build, build_callback_reader
from adapters.hunan.client import HunanPlatform
from adapters.jingzhou.client import JingzhouPlatform
from adapters.roles import PERTINENT
from gateway.domain.application import SupplementItem
from gateway.domain.case import (
    Accepted,
    Decided,
    EventKind,
    ProcessingBody,
    Refused,
    Resumed,
    Side,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    Withdrawn,
)
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import parse_catalogue
from gateway.domain.platform import Notice, PlatformMessage, UnreadableNotice
from gateway.ports import CallbackReader, Platform
from sandbox.platforms import hunan, jingzhou
from sandbox.platforms.tokens import Partner
from trust.errors import Fault, Internal, Reason, Unavailable, WrongState

DATA = Path(hunan.__file__).parent.parent / "data"
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
ACCOUNT, SECRET, CALLBACK_SECRET = "tongban", "s3cret", "shared"


@dataclass
class World:
    """One platform, the adapter to it, and the platform's own back office."""

    dialect: str
    settings: PlatformSettings
    adapter: Platform
    catalogue: Catalogue
    http: aiohttp.ClientSession
    make: Callable[..., PlatformMessage]
    told: list[Notice | UnreadableNotice] = field(default_factory=list)
    bookmark: str = ""

    def message(self, side: Side, kind: EventKind, **more: str) -> PlatformMessage:
        return self.make(side, kind, **{"item_code": self.catalogue.items[0].code, **more})

    async def desk(self, path: str, **fields: object) -> None:
        async with self.http.post(f"{self.settings.base_url}/desk/{path}", json=fields) as response:
            assert response.status == 200, await response.text()

    async def seen(self, message: PlatformMessage) -> dict[str, Any] | None:
        """What the platform's staff see of the message's case."""
        async with self.http.get(f"{self.settings.base_url}/desk/cases/{message.case_number}") as response:
            found: dict[str, Any] = await response.json()
            return found if response.status == 200 else None

    async def times_taken(self, message: PlatformMessage) -> int:
        seen = await self.seen(message)
        return 0 if seen is None else [arrival["key"] for arrival in seen["received"]].count(message.key)

    async def notices(self, count: int) -> list[Notice | UnreadableNotice]:
        """What the platform told since the start, once there is this much of it."""
        async with asyncio.timeout(3):
            while len(self.told) < count:
                page = await self.adapter.notices(self.bookmark)
                self.told.extend(page.notices)
                self.bookmark = page.bookmark
                await asyncio.sleep(0.005)
        return self.told

    async def handed_over(self) -> PlatformMessage:
        message = self.message(Side.PROCESSING, EventKind.SUBMITTED)
        await self.adapter.pass_on(message)
        return message


def callback_server(world_told: list[Notice | UnreadableNotice], reader: CallbackReader) -> web.Application:
    """The gateway's callback address, reduced to reading, keeping and answering."""

    async def take(request: web.Request) -> web.Response:
        world_told.extend(reader.read(request.headers, await request.read()))
        body, content_type = reader.answer()
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_post("/callbacks/local", take)
    return app


@pytest.fixture(params=["hunan", "jingzhou"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, make_message: Callable[..., PlatformMessage]
) -> AsyncIterator[World]:
    partner = Partner(ACCOUNT, SECRET, CALLBACK_SECRET)
    credentials = Credentials(ACCOUNT, SECRET, CALLBACK_SECRET)
    told: list[Notice | UnreadableNotice] = []
    region = {"hunan": "430600", "jingzhou": "421000"}[request.param]
    file, catalogue_file = tmp_path / "platform.sqlite", DATA / f"catalogue-{region}.json"
    reader = build_callback_reader(request.param, PlatformSettings("", region, credentials))
    gateway = None
    if reader is None:
        app = hunan.make_app(file, catalogue_file, partner, clock=lambda: NOW)
    else:
        gateway = TestServer(callback_server(told, reader))
        await gateway.start_server()
        callback = str(gateway.make_url("/callbacks/local"))
        app = jingzhou.make_app(
            file, catalogue_file, partner, callback=callback, repeat_seconds=0.02, clock=lambda: NOW
        )
    async with TestServer(app) as platform, aiohttp.ClientSession() as http:
        settings = PlatformSettings(str(platform.make_url("")).rstrip("/"), region, credentials)
        adapter = build(request.param, settings)
        catalogue = parse_catalogue(catalogue_file.read_bytes())
        yield World(request.param, settings, adapter, catalogue, http, make_message, told)
        await adapter.close()
    if gateway is not None:
        await gateway.close()


ROLES = [(side, kind) for side in Side for kind in EventKind if kind in PERTINENT[side]]
FIELDS_OF_ACTS: list[tuple[str, dict[str, object], ProcessingBody]] = [
    ("refuse", {"reason": "不符合条件"}, Refused("不符合条件")),
    ("suspend", {"procedure": "听证", "reason": "利害关系人申请听证"}, Suspended("听证", "利害关系人申请听证")),
    ("resume", {}, Resumed()),
    ("consent-withdrawal", {}, Withdrawn()),
    ("refuse-withdrawal", {"reason": "款项已划出"}, WithdrawalRefused("款项已划出")),
    (
        "decide",
        {"approved": True, "explanation": "准予", "result_number": "荆提1号"},
        Decided(True, "准予", "荆提1号"),
    ),
    ("decide", {"approved": False, "explanation": "不予", "result_number": ""}, Decided(False, "不予")),
]

# ---------------------------------------------------------------------------------------------------------- catalogue


async def test_the_catalogue_comes_through_the_dialect_unchanged(world: World) -> None:
    assert await world.adapter.catalogue() == world.catalogue


async def test_a_catalogue_is_pulled_across_errors_and_a_forgotten_token(world: World) -> None:
    await world.adapter.catalogue()
    await world.desk("tokens/expire")
    await world.desk("faults", kind="http_500")
    await world.desk("faults", kind="busy_inside")
    assert len((await world.adapter.catalogue()).items) == len(world.catalogue.items)


# ------------------------------------------------------------------------------------------------ every message, once


@pytest.mark.parametrize(("side", "kind"), ROLES)
async def test_every_message_arrives_once_however_often_it_is_passed_on(
    world: World, side: Side, kind: EventKind
) -> None:
    opening = world.message(side, EventKind.SUBMITTED)
    opened = await world.adapter.pass_on(opening)
    message = world.message(side, kind)

    first = await world.adapter.pass_on(message)
    again = await world.adapter.pass_on(message)

    assert first == again == opened
    seen = await world.seen(message)
    assert seen is not None
    assert seen["copies"] == 1
    assert seen["local_numbers"] == [first.local_number]
    assert await world.times_taken(message) == 1
    assert seen["received"][-1]["step"] == str(kind)


async def test_attempts_at_the_same_time_arrive_once(world: World) -> None:
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    receipts = await asyncio.gather(*(world.adapter.pass_on(message) for _ in range(5)))
    assert len(set(receipts)) == 1
    assert await world.times_taken(message) == 1


@pytest.mark.parametrize("kind", [EventKind.SUBMITTED, EventKind.SUPPLEMENTED])
@pytest.mark.parametrize("fault", ["reset", "http_500", "busy_inside", "nonsense"])
async def test_sent_but_the_answer_was_lost_arrives_once(world: World, kind: EventKind, fault: str) -> None:
    if kind is not EventKind.SUBMITTED:
        await world.handed_over()
    await world.desk("faults", kind=fault, after_taken=True)
    message = world.message(Side.PROCESSING, kind)

    receipt = await world.adapter.pass_on(message)

    seen = await world.seen(message)
    assert seen is not None
    assert seen["local_number"] == receipt.local_number
    assert await world.times_taken(message) == 1


async def test_a_lost_answer_found_by_a_later_attempt_of_a_new_process(world: World) -> None:
    await world.desk("faults", kind="refused_inside", after_taken=True)
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    with pytest.raises(WrongState):
        await world.adapter.pass_on(message)

    restarted = build(world.dialect, world.settings)
    await restarted.pass_on(message)
    await restarted.close()

    assert await world.times_taken(message) == 1


async def test_a_write_that_is_overdue_is_not_repeated_at_once(world: World) -> None:
    kinds: dict[str, type[HunanPlatform] | type[JingzhouPlatform]]
    kinds = {"hunan": HunanPlatform, "jingzhou": JingzhouPlatform}
    hasty = kinds[world.dialect](world.settings, answer_seconds=0.15)
    await world.desk("faults", kind="delay", after_taken=True, seconds=0.3)
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    with pytest.raises(Unavailable) as caught:
        await hasty.pass_on(message)
    assert caught.value.reason is Reason.PLATFORM_UNAVAILABLE
    assert await world.times_taken(message) == 1
    await hasty.pass_on(message)
    await hasty.close()
    assert await world.times_taken(message) == 1


async def test_each_platform_is_given_its_own_item_code(world: World) -> None:
    for side, number in ((Side.ACCEPTING, "case-1"), (Side.PROCESSING, "case-2")):
        message = world.message(side, EventKind.SUBMITTED, case_number=number)
        await world.adapter.pass_on(message)
        seen = await world.seen(message)
        assert seen is not None
        assert seen["item_code"] == world.catalogue.items[0].code
        assert seen["part"] == str(side)


async def test_files_and_licences_go_to_the_processing_place_only(world: World) -> None:
    contents = {}
    for side, number in ((Side.ACCEPTING, "case-1"), (Side.PROCESSING, "case-2")):
        message = world.message(side, EventKind.SUBMITTED, case_number=number)
        await world.adapter.pass_on(message)
        contents[side] = json.dumps(await world.seen(message))
    assert "JVBERiBpZGVudGl0eQ==" in contents[Side.PROCESSING]
    assert "eyJ0.e30.c2ln~a~b" in contents[Side.PROCESSING]
    assert "JVBERiBpZGVudGl0eQ==" not in contents[Side.ACCEPTING]
    assert "eyJ0.e30.c2ln~a~b" not in contents[Side.ACCEPTING]


async def test_the_result_licence_reaches_the_accepting_place(world: World) -> None:
    await world.adapter.pass_on(world.message(Side.ACCEPTING, EventKind.SUBMITTED))
    message = world.message(Side.ACCEPTING, EventKind.DECIDED)
    await world.adapter.pass_on(message)
    assert "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~" in json.dumps(await world.seen(message))


@pytest.mark.parametrize("name", ["陈𠮷安", "孙䶮", "刘㻏", "周𬱖", "阿依古丽·买买提", 'O\'Brien <&> "王"'])
async def test_names_arrive_character_by_character(world: World, name: str) -> None:
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED, name=name)
    await world.adapter.pass_on(message)
    seen = await world.seen(message)
    assert seen is not None
    assert seen["applicant"] == name


# ------------------------------------------------------------------------------------------------------------ failure


@pytest.mark.parametrize("fault", ["http_500", "busy_inside", "nonsense", "reset"])
async def test_a_platform_that_stays_down_is_unavailable_and_took_nothing(world: World, fault: str) -> None:
    await world.desk("faults", kind=fault, times=3)
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    with pytest.raises(Unavailable) as caught:
        await world.adapter.pass_on(message)
    assert caught.value.reason is Reason.PLATFORM_UNAVAILABLE
    assert caught.value.fault is Fault.PLATFORM
    assert await world.seen(message) is None


async def test_a_platform_that_is_not_there_is_unavailable(world: World) -> None:
    nobody = PlatformSettings(f"http://127.0.0.1:{unused_port()}", "430600", world.settings.credentials)
    adapter = build(world.dialect, nobody)
    with pytest.raises(Unavailable):
        await adapter.pass_on(world.message(Side.PROCESSING, EventKind.SUBMITTED))
    await adapter.close()


async def test_an_error_inside_http_200_is_a_refusal_and_is_not_tried_again(world: World) -> None:
    await world.desk("faults", kind="refused_inside")
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    with pytest.raises(WrongState) as caught:
        await world.adapter.pass_on(message)
    assert caught.value.reason is Reason.PLATFORM_REFUSED
    await world.adapter.pass_on(message)  # the fault was for one call only, so exactly one was made


async def test_an_unknown_item_is_refused_without_a_word_about_the_applicant(world: World) -> None:
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED, item_code="NO-SUCH-ITEM")
    with pytest.raises(WrongState) as caught:
        await world.adapter.pass_on(message)
    assert caught.value.reason is Reason.PLATFORM_REFUSED
    for secret in ("陈𠮷安", "421002196603129970", "10000000001", SECRET):
        assert secret not in str(caught.value)


async def test_a_step_of_a_case_that_the_platform_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(WrongState) as caught:
        await world.adapter.pass_on(world.message(Side.PROCESSING, EventKind.SUPPLEMENTED))
    assert caught.value.reason is Reason.PLATFORM_REFUSED


async def test_the_processing_place_is_not_told_its_own_steps(world: World) -> None:
    await world.handed_over()
    with pytest.raises(Internal):
        await world.adapter.pass_on(world.message(Side.PROCESSING, EventKind.ACCEPTED))


async def test_a_forgotten_token_is_fetched_anew(world: World) -> None:
    await world.handed_over()
    await world.desk("tokens/expire")
    message = world.message(Side.PROCESSING, EventKind.SUPPLEMENTED)
    await world.adapter.pass_on(message)
    assert await world.times_taken(message) == 1


async def test_wrong_credentials_are_the_operators_to_mend(world: World) -> None:
    settings = PlatformSettings(world.settings.base_url, world.settings.region, Credentials(ACCOUNT, "wrong", "x"))
    adapter = build(world.dialect, settings)
    with pytest.raises(WrongState) as caught:
        await adapter.catalogue()
    assert caught.value.reason is Reason.PLATFORM_REFUSED
    assert caught.value.fault is Fault.OPERATOR
    await adapter.close()


# ------------------------------------------------------------------------------------------------------------ notices


@pytest.mark.parametrize(("act", "fields", "progress"), FIELDS_OF_ACTS)
async def test_every_step_of_the_platform_becomes_a_notice(
    world: World, act: str, fields: dict[str, object], progress: ProcessingBody
) -> None:
    message = await world.handed_over()
    await world.desk(f"cases/{message.case_number}/{act}", **fields)
    (notice,) = await world.notices(1)
    assert isinstance(notice, Notice)
    assert notice.case_number == message.case_number
    assert notice.occurred_at == NOW
    assert notice.progress == progress
    assert 0 < len(notice.notice_id) <= 64


async def test_acceptance_tells_the_platforms_own_number(world: World) -> None:
    message = world.message(Side.PROCESSING, EventKind.SUBMITTED)
    receipt = await world.adapter.pass_on(message)
    await world.desk(f"cases/{message.case_number}/accept", promised_days=5)
    (notice,) = await world.notices(1)
    assert isinstance(notice, Notice)
    assert notice.progress == Accepted(receipt.local_number, 5)


async def test_one_and_several_materials_may_be_asked_for(world: World) -> None:
    message = await world.handed_over()
    lacks = [{"material_key": "bank_card", "flaw": "缺少𬱖支行"}, {"material_key": "photo", "flaw": "过期"}]
    await world.desk(f"cases/{message.case_number}/request-supplement", items=lacks[:1])
    await world.desk(f"cases/{message.case_number}/request-supplement", items=lacks)
    asked = [notice.progress for notice in await world.notices(2) if isinstance(notice, Notice)]
    bank_card, photo = SupplementItem("bank_card", "缺少𬱖支行"), SupplementItem("photo", "过期")
    # The gateway numbers requests, so a notice has none.
    assert asked == [SupplementRequested(0, (bank_card,)), SupplementRequested(0, (bank_card, photo))]


async def test_notices_come_in_order_with_ids_that_stay(world: World) -> None:
    message = await world.handed_over()
    await world.desk(f"cases/{message.case_number}/accept", promised_days=5)
    await world.desk(f"cases/{message.case_number}/suspend", procedure="听证", reason="听证")
    await world.desk(f"cases/{message.case_number}/resume")
    notices = await world.notices(3)
    kinds = [notice.progress.kind for notice in notices if isinstance(notice, Notice)]
    assert kinds == [EventKind.ACCEPTED, EventKind.SUSPENDED, EventKind.RESUMED]
    assert len({notice.notice_id for notice in notices}) == 3


async def test_what_cannot_be_read_is_kept_and_does_not_hide_the_rest(world: World) -> None:
    message = await world.handed_over()
    await world.desk(f"cases/{message.case_number}/accept", promised_days=5)
    await world.desk("faults", kind="garble")
    await world.desk(f"cases/{message.case_number}/suspend", procedure="听证", reason="听证")
    await world.desk(f"cases/{message.case_number}/resume")
    notices = await world.notices(3)
    assert [type(notice) for notice in notices] == [Notice, UnreadableNotice, Notice]
    assert isinstance(notices[1], UnreadableNotice)
    assert "code" in notices[1].because
    assert len({notice.notice_id for notice in notices}) == 3


async def test_nothing_new_is_an_empty_page_and_the_bookmark_stays(world: World) -> None:
    page = await world.adapter.notices("7")
    assert (page.notices, page.bookmark) == ((), "7")


def test_the_suite_covers_every_kind_on_both_sides() -> None:
    assert {kind for side, kind in ROLES if side is Side.ACCEPTING} == set(EventKind)
    assert len({act for act, _, _ in FIELDS_OF_ACTS} | {"accept", "request-supplement"}) == len(
        [kind for kind in EventKind if kind.side is Side.PROCESSING]
    )
    assert len(ROLES) == 16
