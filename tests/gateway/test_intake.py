"""The platform's catalogue, taken in edition by edition; and how patient the gateway is with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date

import pytest
import structlog.testing

from gateway.domain.catalogue import Catalogue, ItemState
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot
from gateway.domain.editions import digest_of
from gateway.domain.platform import NoticePage, PlatformMessage, PlatformReceipt
from gateway.holdings import accepted_bookmark, held_catalogue, held_pull_snapshot
from gateway.intake import CATALOGUE_LONGEST_RETRY_SECONDS, Poller, catalogue_wait
from gateway.ports import Recording
from gateway.store.memory import MemoryStore
from tests.gateway.exchange.world import YUEYANG, item
from tests.gateway.following_world import Place, place
from trust.errors import Reason, TongbanError, Unavailable
from trust.leaf import Leaf, LeafKind

TODAY = date(2026, 11, 23)


def test_a_catalogue_that_never_comes_right_is_pulled_ever_more_seldom() -> None:
    waits = [catalogue_wait(failures, 3600.0) for failures in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, CATALOGUE_LONGEST_RETRY_SECONDS, CATALOGUE_LONGEST_RETRY_SECONDS]
    assert catalogue_wait(10**6, 3600.0) == CATALOGUE_LONGEST_RETRY_SECONDS


def test_a_catalogue_that_was_pulled_rests_as_long_as_it_is_told() -> None:
    assert catalogue_wait(0, 1234.5) == 1234.5


@dataclass
class Telling:
    """A platform that tells a catalogue."""

    told: Catalogue

    async def catalogue(self) -> Catalogue:
        return self.told

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        raise NotImplementedError

    async def notices(self, bookmark: str) -> NoticePage:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


def told(*codes: str, **changes: object) -> Catalogue:
    items = tuple(item(YUEYANG, code) for code in codes)
    return replace(Catalogue(YUEYANG, "岳阳目录", 1, items), **changes)  # type: ignore[arg-type]


MANY = tuple(f"S-{number:02}" for number in range(20))


@pytest.fixture
def here() -> Place:
    return place(YUEYANG, catalogues=())


def poller(here: Place, platform: Telling) -> Poller:
    return Poller(here.house, platform, here.knowledge, 5.0, 3600.0)


async def leaves(here: Place) -> list[str]:
    waiting = [Leaf.from_bytes(leaf.data) for leaf in await here.store.waiting_leaves(100)]
    assert all(leaf.kind is LeafKind.ADMIN and leaf.member == here.house.member_id for leaf in waiting)
    return [leaf.subject for leaf in waiting]


async def test_the_first_pull_is_the_first_edition(here: Place) -> None:
    assert await poller(here, Telling(told("S-2", "S-1"))).pull_catalogue()
    mine = here.knowledge.catalogue(YUEYANG)
    assert [one.code for one in mine.items] == ["S-1", "S-2"]
    assert await held_catalogue(here.store, YUEYANG) == mine
    content = await here.store.snapshot(head_snapshot(YUEYANG))
    assert content is not None
    assert CatalogueHead.from_bytes(content) == CatalogueHead.of(mine, digest_of(mine.items))
    assert await leaves(here) == ["catalogue.edition:430600:1"]


async def test_a_pull_that_tells_nothing_new_makes_no_edition(here: Place) -> None:
    pulls = poller(here, Telling(told("S-1")))
    await pulls.pull_catalogue()
    before = here.knowledge.catalogue(YUEYANG)
    here.clock.advance(days=1)
    assert await pulls.pull_catalogue()
    assert here.knowledge.catalogue(YUEYANG) is before
    assert await leaves(here) == ["catalogue.edition:430600:1"]


async def test_a_changed_item_becomes_a_version_of_the_next_edition_and_the_rest_stays_as_it_was(here: Place) -> None:
    platform = Telling(told("S-1", "S-2"))
    pulls = poller(here, platform)
    await pulls.pull_catalogue()
    platform.told = replace(platform.told, items=(item(YUEYANG, "S-1"), item(YUEYANG, "S-2", promised_days=3)))
    with structlog.testing.capture_logs() as logs:
        assert await pulls.pull_catalogue()
    mine = here.knowledge.catalogue(YUEYANG)
    assert mine.version == 2
    assert [(one.promised_days, one.listed_from) for one in mine.versions("S-2")] == [(3, TODAY), (5, None)]
    assert await held_catalogue(here.store, YUEYANG) == mine
    later = await here.store.catalogue_records(YUEYANG, since_edition=1, limit=10)
    assert [(record.code, record.version, record.edition) for record in later] == [("S-2", 2, 2)]
    assert await leaves(here) == ["catalogue.edition:430600:1", "catalogue.edition:430600:2"]
    (entry,) = logs
    assert (entry["edition"], entry["added"], entry["changed"], entry["retired"]) == (2, 0, 1, 0)
    assert entry["without_version"] == 1
    assert entry["digest"] == digest_of(mine.items).hex()


async def test_the_first_edition_is_not_below_the_file_that_stood_in_for_it() -> None:
    file = told("S-OLD", version=7)
    here = place(YUEYANG, catalogues=(file,))
    await poller(here, Telling(told("S-1"))).pull_catalogue()
    mine = here.knowledge.catalogue(YUEYANG)
    assert (mine.version, [one.code for one in mine.items]) == (7, ["S-1"])


async def test_a_pull_that_lacks_much_is_held_until_it_is_whole_again(here: Place) -> None:
    platform = Telling(told(*MANY))
    pulls = poller(here, platform)
    await pulls.pull_catalogue()
    before = here.knowledge.catalogue(YUEYANG)
    platform.told = told(*MANY[:3])
    with structlog.testing.capture_logs() as logs:
        assert not await pulls.pull_catalogue()
    (entry,) = logs
    digest = digest_of(platform.told.items).hex()
    assert (entry["log_level"], entry["in_force"], entry["vanished"], entry["digest"]) == ("error", 20, 17, digest)
    assert here.knowledge.catalogue(YUEYANG) is before
    assert await here.store.snapshot(held_pull_snapshot(YUEYANG)) == digest.encode()
    platform.told = told(*MANY, "S-NEW")
    assert await pulls.pull_catalogue()
    assert here.knowledge.catalogue(YUEYANG).version == 2
    assert await here.store.snapshot(held_pull_snapshot(YUEYANG)) is None


async def test_an_accepted_pull_comes_into_force_once(here: Place) -> None:
    platform = Telling(told(*MANY))
    pulls = poller(here, platform)
    await pulls.pull_catalogue()
    platform.told = told(*MANY[:3])
    assert not await pulls.pull_catalogue()
    here.clock.advance(days=3)  # the word is about what the platform tells, whatever the day
    held = await here.store.snapshot(held_pull_snapshot(YUEYANG))
    assert held is not None
    await here.store.record(Recording(bookmarks={accepted_bookmark(YUEYANG): held.decode()}))
    assert await pulls.pull_catalogue()
    mine = here.knowledge.catalogue(YUEYANG)
    assert mine.version == 2
    retired = [code for code in MANY if (newest := mine.find(code)) and newest.state is ItemState.RETIRED]
    assert len(retired) == 17
    assert await here.store.bookmark(accepted_bookmark(YUEYANG)) == ""
    platform.told = told(*MANY)
    await pulls.pull_catalogue()
    platform.told = told(*MANY[:3])
    assert not await pulls.pull_catalogue(), "the word was for one time"


async def test_another_pull_than_the_accepted_one_is_held(here: Place) -> None:
    platform = Telling(told(*MANY))
    pulls = poller(here, platform)
    await pulls.pull_catalogue()
    accepted = digest_of(told(*MANY[:4]).items).hex()
    await here.store.record(Recording(bookmarks={accepted_bookmark(YUEYANG): accepted}))
    platform.told = told(*MANY[:3])
    assert not await pulls.pull_catalogue()


class Unsteady(MemoryStore):
    """A store that fails once, before the recording or after it."""

    fails = ""

    async def record(self, recording: Recording) -> None:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the disk is gone")
        await super().record(recording)
        if fails == "after":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "nobody knows whether it was written")


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_an_edition_whose_recording_failed_is_made_by_the_next_pull(fails: str) -> None:
    store = Unsteady()
    here = place(YUEYANG, catalogues=(), store=store)
    platform = Telling(told("S-1"))
    pulls = poller(here, platform)
    await pulls.pull_catalogue()
    platform.told = told("S-1", "S-2")
    store.fails = fails
    with pytest.raises(TongbanError):
        await pulls.pull_catalogue()
    assert here.knowledge.catalogue(YUEYANG).version == 1
    assert await pulls.pull_catalogue()
    mine = here.knowledge.catalogue(YUEYANG)
    assert (mine.version, len(mine.items)) == (2, 2)
    assert await held_catalogue(store, YUEYANG) == mine


async def test_a_held_pull_is_asked_for_again_soon(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Telling(told(*MANY))
    pulls = poller(here, platform)
    waits: list[float] = []

    async def no_wait(seconds: float) -> None:
        waits.append(seconds)
        platform.told = told(*MANY[:3])
        if len(waits) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr("gateway.intake.asyncio.sleep", no_wait)
    with pytest.raises(asyncio.CancelledError):
        await pulls.run_catalogue()
    assert waits == [3600.0, 5.0, 10.0]
