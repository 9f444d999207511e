"""The crosswalk is what the journal says, by the directory and the clock of the moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog.testing

from gateway import folding
from gateway.domain.crosswalk import CrosswalkRow, ReviewState, record_of
from gateway.folding import CrosswalkFolder
from gateway.ports import CrosswalkEntry, Recording
from gateway.store.memory import MemoryStore
from tests.gateway.exchange.world import JINGZHOU, YUEYANG, row
from tests.gateway.following_world import Place, place
from trust.errors import Reason, Unavailable
from trust.review import Verdict

FIRST, SECOND = row("S-1", "T-1"), row("S-2", "T-2")


class Journal:
    """岳阳's journal, who writes into it, and who folds it."""

    def __init__(self) -> None:
        self.there = place(JINGZHOU, catalogues=())
        self.here = place(YUEYANG, catalogues=(), federation=self.there.federation)
        self.awake = asyncio.Event()
        self.folder = CrosswalkFolder(self.here.store, self.here.knowledge, self.here.clock, self.awake)

    async def write(self, *entries: CrosswalkRow | str) -> None:
        made = tuple(
            CrosswalkEntry(review=entry) if isinstance(entry, str) else CrosswalkEntry(record=record_of(entry))
            for entry in entries
        )
        await self.here.store.record(Recording(crosswalk_entries=made))

    @property
    def rows(self) -> tuple[CrosswalkRow, ...]:
        return self.here.knowledge.atlas.crosswalk.rows

    def state(self, wanted: CrosswalkRow) -> ReviewState:
        (found,) = (each for each in self.rows if each.hash == wanted.hash)
        return found.standing.between(YUEYANG, JINGZHOU)


@pytest.fixture
def journal() -> Journal:
    return Journal()


async def test_rows_count_when_both_sides_have_signed(journal: Journal) -> None:
    await journal.write(FIRST, SECOND)
    await journal.folder.catch_up()
    assert [journal.state(each) for each in (FIRST, SECOND)] == [ReviewState.PROPOSED] * 2
    await journal.write(journal.here.review(FIRST.hash, SECOND.hash))
    await journal.folder.catch_up()
    assert [journal.state(each) for each in (FIRST, SECOND)] == [ReviewState.ONE_SIDE] * 2
    await journal.write(journal.there.review(FIRST.hash))
    await journal.folder.catch_up()
    assert [journal.state(each) for each in (FIRST, SECOND)] == [ReviewState.BOTH_SIDES, ReviewState.ONE_SIDE]


async def test_a_long_journal_is_read_piece_by_piece(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "PAGE", 2)
    rows = [row(f"S-{number}", "T-1") for number in range(5)]
    await journal.write(journal.there.review(*(each.hash for each in rows)), *rows)
    await journal.folder.catch_up()
    assert [journal.state(each) for each in rows] == [ReviewState.ONE_SIDE] * 5


async def test_nothing_new_changes_nothing(journal: Journal) -> None:
    await journal.write(FIRST)
    await journal.folder.catch_up()
    before = journal.here.knowledge.atlas.crosswalk
    await journal.folder.catch_up()
    assert journal.here.knowledge.atlas.crosswalk is before


async def test_entries_that_can_not_count_are_told_once_and_the_others_do(journal: Journal) -> None:
    stranger = place(JINGZHOU, catalogues=())  # another federation's 荆州: its key is not the listed one
    await journal.write(FIRST, stranger.review(FIRST.hash), "no review at all", journal.here.review(FIRST.hash))
    await journal.here.store.record(Recording(crosswalk_entries=(CrosswalkEntry(record=b"{}"),)))
    with structlog.testing.capture_logs() as logs:
        await journal.folder.catch_up()
        directory = journal.here.knowledge.directory
        journal.here.knowledge.renew_directory(replace(directory, version=directory.version + 1), b"envelope")
        await journal.folder.catch_up()
    (told,) = logs
    assert told["number"] == 3
    assert "SIGNATURE_WRONG" in told["first"][0][1]
    assert journal.state(FIRST) is ReviewState.ONE_SIDE


async def test_a_flood_of_entries_that_can_not_count_is_one_line_of_the_log(journal: Journal) -> None:
    flood = tuple(CrosswalkEntry(record=b"{%d" % number) for number in range(500))
    await journal.here.store.record(Recording(crosswalk_entries=flood))
    with structlog.testing.capture_logs() as logs:
        await journal.folder.catch_up()
        await journal.folder.catch_up()
    (told,) = logs
    assert (told["number"], len(told["first"])) == (500, folding.NAMED)
    assert len(str(told)) < 5_000
    await journal.write("no review")
    with structlog.testing.capture_logs() as logs:
        await journal.folder.catch_up()
    assert [told["number"] for told in logs] == [501]


async def test_a_review_counts_from_the_day_on_which_its_key_is_listed(journal: Journal) -> None:
    directory = journal.here.knowledge.directory
    members = tuple(member for member in directory.members if member.id != journal.there.house.member_id)
    journal.here.knowledge.renew_directory(replace(directory, members=members), b"envelope")
    await journal.write(FIRST, journal.there.review(FIRST.hash))
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.PROPOSED
    journal.here.knowledge.renew_directory(directory, b"envelope")
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.ONE_SIDE


async def test_a_revoked_key_takes_its_later_reviews_along(journal: Journal) -> None:
    await journal.write(FIRST, journal.there.review(FIRST.hash))
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.ONE_SIDE
    directory = journal.here.knowledge.directory
    at = journal.here.clock.now() - timedelta(minutes=1)
    members = tuple(
        replace(member, keys=tuple(replace(key, revoked_at=at) for key in member.keys))
        if member.id == journal.there.house.member_id
        else member
        for member in directory.members
    )
    journal.here.knowledge.renew_directory(replace(directory, members=members), b"envelope")
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.PROPOSED


async def test_a_review_from_the_future_counts_when_its_time_has_come(journal: Journal) -> None:
    later = journal.here.clock.now() + timedelta(hours=1)
    await journal.write(FIRST, journal.there.review(FIRST.hash, at=later))
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.PROPOSED
    journal.here.clock.advance(hours=1)
    await journal.folder.catch_up()
    assert journal.state(FIRST) is ReviewState.ONE_SIDE


async def test_a_withdrawal_is_folded_in(journal: Journal) -> None:
    await journal.write(FIRST, journal.there.review(FIRST.hash), journal.here.review(FIRST.hash))
    await journal.write(journal.there.review(FIRST.hash, verdict=Verdict.WITHDRAW, reason="政策调整"))
    await journal.folder.catch_up()
    (folded,) = journal.rows
    assert folded.standing.withdrawn_by == (journal.there.house.member_id,)


class Failing(MemoryStore):
    """A store that fails to read the journal for a while."""

    fails_from: int | None = None

    async def crosswalk_journal(self, after: int, limit: int) -> list[tuple[int, CrosswalkEntry]]:
        if self.fails_from is not None and after >= self.fails_from:
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the disk is gone")
        return await super().crosswalk_journal(after, limit)


async def test_what_was_read_before_the_store_failed_is_folded_later() -> None:
    store = Failing()
    here = place(YUEYANG, catalogues=(), store=store)
    folder = CrosswalkFolder(store, here.knowledge, here.clock, asyncio.Event())
    await store.record(Recording(crosswalk_entries=(CrosswalkEntry(record=record_of(FIRST)),)))
    store.fails_from = 1
    with pytest.raises(Unavailable):
        await folder.catch_up()
    assert not here.knowledge.atlas.crosswalk.rows
    store.fails_from = None
    await folder.catch_up()
    assert [each.id for each in here.knowledge.atlas.crosswalk.rows] == [FIRST.id]


async def folded(here: Place, count: int) -> None:
    async with asyncio.timeout(5):
        while len(here.knowledge.atlas.crosswalk.rows) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("woken", [True, False])
async def test_the_journal_is_followed_whether_or_not_somebody_wakes(
    journal: Journal, woken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "REST_SECONDS", 0.0)
    monkeypatch.setattr(folding, "IDLE_SECONDS", 60.0 if woken else 0.005)
    task = asyncio.create_task(journal.folder.run())
    await journal.write(FIRST)
    await folded(journal.here, 1)
    await journal.write(SECOND)
    if woken:
        journal.awake.set()
    await folded(journal.here, 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_store_that_fails_for_a_while_is_told_and_followed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "REST_SECONDS", 0.0)
    monkeypatch.setattr(folding, "IDLE_SECONDS", 0.005)
    store = Failing()
    here = place(YUEYANG, catalogues=(), store=store)
    await store.record(Recording(crosswalk_entries=(CrosswalkEntry(record=record_of(FIRST)),)))
    store.fails_from = 0
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(CrosswalkFolder(store, here.knowledge, here.clock, asyncio.Event()).run())
        async with asyncio.timeout(5):
            while not logs:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        store.fails_from = None
        await folded(here, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
