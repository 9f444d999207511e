"""What the Hunan platform does to whoever polls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from adapters import Credentials, PlatformSettings
from adapters.hunan.client import HunanPlatform
from gateway.domain.case import Suspended
from gateway.domain.case_number import CaseNumber
from gateway.domain.platform import Notice
from sandbox.platforms import hunan
from sandbox.platforms.storage import PROCESSING, SUBMITTED, Arrival, Storage
from sandbox.platforms.tokens import Partner

CATALOGUE = Path(hunan.__file__).parent.parent / "data" / "catalogue-430600.json"
ACTS = 250


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[HunanPlatform]:
    """A platform whose staff did more than fits on two pages."""
    file = tmp_path / "platform.sqlite"
    storage = Storage(file, "YY")
    number = str(CaseNumber.make("421000", date(2026, 11, 21), 1))
    case = storage.open_case(
        number, PROCESSING, item_code="x", item_name="x", applicant="x", arrival=Arrival("k", SUBMITTED, "", {})
    )
    for count in range(ACTS):
        storage.add_act(
            case, "suspended", {"procedure": "听证", "reason": str(count)}, datetime(2026, 11, 23, tzinfo=UTC)
        )
    storage.close()
    app = hunan.make_app(file, CATALOGUE, Partner("tongban", "s3cret"))
    async with TestServer(app) as server:
        adapter = HunanPlatform(PlatformSettings(str(server.make_url("")), "430600", Credentials("tongban", "s3cret")))
        yield adapter
        await adapter.close()


def reasons(notices: tuple[object, ...]) -> list[str]:
    return [
        notice.progress.reason
        for notice in notices
        if isinstance(notice, Notice) and isinstance(notice.progress, Suspended)
    ]


async def test_pages_out_of_order_with_repeated_entries_become_one_ordered_list(platform: HunanPlatform) -> None:
    page = await platform.notices("")
    assert reasons(page.notices) == [str(count) for count in range(ACTS)]
    assert page.bookmark == str(ACTS)


async def test_a_poll_begins_after_the_bookmark(platform: HunanPlatform) -> None:
    page = await platform.notices("248")
    assert reasons(page.notices) == ["248", "249"]
    assert await platform.notices(page.bookmark) == type(page)((), page.bookmark)


async def test_the_same_poll_gives_the_same_ids(platform: HunanPlatform) -> None:
    first, again = await platform.notices("100"), await platform.notices("100")
    assert first == again
    assert len({notice.notice_id for notice in first.notices}) == ACTS - 100
