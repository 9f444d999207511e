"""The contract of every adapter, held against the platforms of the sandbox over HTTP on loopback.

A third adapter joins by its platform in the ``world`` fixture; the tests stay as they are.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
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
from gateway.domain.catalogue import (
    ApplyWay,
    Catalogue,
    HandlingItem,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
    ResultWay,
    Window,
)
from gateway.domain.catalogue_file import dump_catalogue, parse_catalogue
from gateway.domain.codes import ItemType
from gateway.domain.people import ApplicantType
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


REGIONS = {"hunan": "430600", "jingzhou": "421000"}


@asynccontextmanager
async def platform_of(
    dialect: str, folder: Path, catalogue_file: Path, make_message: Callable[..., PlatformMessage]
) -> AsyncIterator[World]:
    """A platform of the dialect that serves a catalogue file, and the adapter to it."""
    partner = Partner(ACCOUNT, SECRET, CALLBACK_SECRET)
    credentials = Credentials(ACCOUNT, SECRET, CALLBACK_SECRET)
    told: list[Notice | UnreadableNotice] = []
    file, region = folder / "platform.sqlite", REGIONS[dialect]
    reader = build_callback_reader(dialect, PlatformSettings("", region, credentials))
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
        adapter = build(dialect, settings)
        catalogue = present(catalogue_file)
        yield World(dialect, settings, adapter, catalogue, http, make_message, told)
        await adapter.close()
    if gateway is not None:
        await gateway.close()


def present(file: Path) -> Catalogue:
    """What a platform tells of a catalogue file: the version of each code that speaks for the day, and no history."""
    catalogue = parse_catalogue(file.read_bytes())
    speaking = (catalogue.find_on(code, NOW.date()) for code in dict.fromkeys(item.code for item in catalogue.items))
    return replace(catalogue, items=tuple(replace(item, listed_from=None) for item in speaking if item is not None))


@pytest.fixture(params=list(REGIONS))
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def world(dialect: str, tmp_path: Path, make_message: Callable[..., PlatformMessage]) -> AsyncIterator[World]:
    catalogue_file = DATA / f"catalogue-{REGIONS[dialect]}.json"
    async with platform_of(dialect, tmp_path, catalogue_file, make_message) as world:
        yield world


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


def whole_item(region: str) -> Item:
    """An item with something in every field that a platform tells of."""
    code = "12430600TB4306016C343209000100001"
    return Item(
        catalogue=region,
        code=code,
        version=4,
        name="社会保障卡申领（䶮）",
        item_type=ItemType.CONFIRMATION,
        handling_type=HandlingType.COMMITTED,
        applicant_types=tuple(ApplicantType),
        statutory_days=20,
        promised_days=5,
        modes=tuple(Mode),
        department="人力资源和社会保障局",
        state=ItemState.SUSPENDED,
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 12, 31),
        basic_code=code[19:31],
        implementation_code=code[:31],
        materials=(
            MaterialRequirement(
                key="identity",
                name="居民身份证",
                required=True,
                source=MaterialSource.GOVERNMENT,
                form=MaterialForm.ORIGINAL_AND_COPY,
                exempt_by_licence="11000000TB000001XLT01",
                may_be_deferred=True,
                by_promise=True,
                exempt_by_sharing="岳阳市公安局",
                copies=3,
                note="正反面复印在一页上，\n姓名含生僻字𠮷的附户口簿",
            ),
            *(
                MaterialRequirement(f"extra_{number}", "其他材料", False, MaterialSource.OTHER, form)
                for number, form in enumerate(MaterialForm)
            ),
        ),
        situations=(
            Question(
                "kind",
                "首次申领还是补换？",
                (
                    Option("first", "首次", adds=("extra_0", "extra_1")),
                    Option("again", "补换", waives=("identity",), chooses=code[:31] + "02"),
                ),
            ),
            Question(
                "why", "为何？", (Option("lost", "遗失"), Option("damaged", "损坏")), {"kind": frozenset({"again"})}
            ),
            Question(
                "report",
                "是否报案？",
                (Option("yes", "是"), Option("no", "否")),
                {"kind": frozenset({"first", "again"}), "why": frozenset({"lost"})},
            ),
        ),
        fee="20元/张",
        conditions="一、在本地参保；\n二、" + "年满十六周岁。" * 100,
        apply_ways=tuple(ApplyWay),
        procedure=tuple(f"第{number}步" for number in range(1, 13)),
        result_ways=tuple(ResultWay),
        handling_items=(HandlingItem(code[:31] + "02", "补换"), HandlingItem("YWX-2", "挂失")),
        result_name="社会保障卡",
        result_licence_type="11000000TB000001XLT03",
        official=True,
    )


async def test_every_field_survives_the_way_through_the_dialect(
    dialect: str, tmp_path: Path, make_message: Callable[..., PlatformMessage]
) -> None:
    item = whole_item(REGIONS[dialect])
    untold = {field.name for field in fields(Item) if not getattr(item, field.name)}
    assert untold == {"listed_from"}  # which is the gateway's own; every other field is put to the test
    local = replace(
        item, code="511A0147300000-511602000000-000-11511300008778693M-1-00", basic_code="", implementation_code=""
    )
    plain = [
        replace(item, code=f"PLAIN-{number}", state=state, item_type=kind, basic_code="", implementation_code="")
        for number, (state, kind) in enumerate(zip([*ItemState] * 3, ItemType, strict=False))
    ]
    windows = (
        Window("跨省通办窗口", "岳阳大道1号", "0730-0000000", "工作日9:00至17:00"),
        Window("大厅", "东茅岭路1号"),
    )
    told = Catalogue(REGIONS[dialect], "目录", 7, (item, local, *plain), windows)
    file = tmp_path / "catalogue.json"
    file.write_bytes(dump_catalogue(told))
    async with platform_of(dialect, tmp_path, file, make_message) as world:
        pulled = await world.adapter.catalogue()
    assert pulled == told
    assert [each.parsed_code.conforms for each in pulled.items[:2]] == [True, False]


async def test_a_platform_tells_the_present_only(
    dialect: str, tmp_path: Path, make_message: Callable[..., PlatformMessage]
) -> None:
    newest = whole_item(REGIONS[dialect])
    versions = (
        replace(newest, version=4, listed_from=date(2026, 11, 24), fee="明日起"),
        replace(newest, version=3, listed_from=date(2026, 11, 23), fee="今日起"),
        replace(newest, version=2, listed_from=None, fee="从前"),
    )
    file = tmp_path / "catalogue.json"
    file.write_bytes(dump_catalogue(Catalogue(REGIONS[dialect], "目录", 7, versions)))
    async with platform_of(dialect, tmp_path, file, make_message) as world:
        (item,) = (await world.adapter.catalogue()).items
    assert (item.version, item.fee, item.listed_from) == (3, "今日起", None)


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
