"""Following the peers: what they say is taken when it holds together, and nobody holds up the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
import structlog.testing

from gateway import following
from gateway.domain.catalogue import NATIONAL, Catalogue, Window
from gateway.domain.crosswalk import CrosswalkRow, record_of
from gateway.domain.editions import digest_of, next_edition
from gateway.exchange import publishing
from gateway.following import Follower, turn_wait
from gateway.holdings import held_catalogue, recording_of
from gateway.ports import CataloguePage, CrosswalkEntry, Recording
from gateway.store.memory import MemoryStore
from tests.gateway.exchange.world import CHONGQING, DAY, JINGZHOU, NOW, YUEYANG, item, row
from tests.gateway.following_world import Line, place
from trust.directory import MemberStatus
from trust.errors import Malformed, Reason, TongbanError, Unavailable
from trust.review import Verdict

PEER, OTHER = f"{JINGZHOU}.gateway", f"{CHONGQING}.gateway"
WINDOW = Window("荆州市政务服务中心", "江津西路", "0716-0000000", "周一至周五")
DOWN = Unavailable(Reason.PEER_UNAVAILABLE, "calling")


class Pair:
    """岳阳 follows 荆州."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.there = place(JINGZHOU, catalogues=())
        self.here = place(YUEYANG, catalogues=(), store=store, federation=self.there.federation)
        self.line = Line(self.here, {PEER: self.there}, error=DOWN)
        self.follower = Follower(self.here.house, self.line, self.here.knowledge, 60.0)

    async def publish(self, *codes: str, **changes: object) -> Catalogue:
        """荆州 makes its next edition, as its own pull would."""
        items = tuple(item(JINGZHOU, code, **changes) for code in codes)
        pulled = Catalogue(JINGZHOU, "荆州目录", 1, items, (WINDOW,))
        held = self.there.knowledge.atlas.catalogues.get(JINGZHOU)
        edition, diff = next_edition(held, pulled, NOW.date())
        await self.there.store.record(recording_of(edition, digest_of(edition.items), diff.new_versions))
        self.there.knowledge.adopt(edition)
        return edition

    async def propose(self, *rows: CrosswalkRow) -> None:
        entries = tuple(CrosswalkEntry(record=record_of(each)) for each in rows)
        await self.there.store.record(Recording(crosswalk_entries=entries))

    @property
    def known(self) -> Catalogue | None:
        return self.here.knowledge.atlas.catalogues.get(JINGZHOU)

    def seen_pages(self) -> list[CataloguePage]:
        """The pages of catalogues that come from now on."""
        pages: list[CataloguePage] = []

        def see(page: CataloguePage) -> CataloguePage:
            pages.append(page)
            return page

        self.line.spoil_page = see
        return pages

    async def journal(self) -> list[CrosswalkEntry]:
        return [entry for _, entry in await self.here.store.crosswalk_journal(0, 10_000)]


@pytest.fixture
def pair() -> Pair:
    return Pair()


# catalogues


async def test_a_peers_catalogue_is_taken_whole_and_kept(pair: Pair) -> None:
    edition = await pair.publish("T-1", "T-2")
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == edition
    assert await held_catalogue(pair.here.store, JINGZHOU) == edition


async def test_what_has_not_changed_costs_one_question_and_no_record(pair: Pair) -> None:
    await pair.publish("T-1", "T-2")
    await pair.follower.pull_catalogue(PEER)
    pair.line.asked.clear()
    pages = pair.seen_pages()
    await pair.follower.pull_catalogue(PEER)
    assert pair.line.asked == [(PEER, "1/")]
    assert [len(page.records) for page in pages] == [0]


async def test_of_a_new_edition_only_what_is_new_is_carried(pair: Pair) -> None:
    await pair.publish("T-1", "T-2")
    await pair.follower.pull_catalogue(PEER)
    edition = await pair.publish("T-1", "T-2", "T-3")
    pages = pair.seen_pages()
    await pair.follower.pull_catalogue(PEER)
    assert [len(page.records) for page in pages] == [1]
    assert pair.known == edition
    assert await held_catalogue(pair.here.store, JINGZHOU) == edition


async def test_a_catalogue_of_many_pages_is_put_together(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAGE_RECORDS", 3)
    edition = await pair.publish(*(f"T-{number:02}" for number in range(10)))
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == edition
    assert len(pair.line.asked) == 4


async def test_an_edition_made_between_two_pages_begins_the_pull_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PAGE_RECORDS", 3)
    await pair.publish(*(f"T-{number:02}" for number in range(5)))
    pages = 0

    async def asked(member: str, method: str, body: bytes, what: str) -> bytes:
        nonlocal pages
        pages += 1
        if pages == 2:
            await pair.publish(*(f"T-{number:02}" for number in range(6)))
        return await ask(member, method, body, what)

    ask = pair.line._ask
    monkeypatch.setattr(pair.line, "_ask", asked)
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == pair.there.knowledge.catalogue(JINGZHOU)
    assert pair.known.version == 2


def _other_digest(page: CataloguePage) -> CataloguePage:
    return replace(page, digest=bytes(32))


def _one_less(page: CataloguePage) -> CataloguePage:
    return replace(page, records=page.records[1:])


def _changed(page: CataloguePage) -> CataloguePage:
    content = json.loads(page.records[0])
    content["name"] = "另一事项"
    changed = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return replace(page, records=(changed, *page.records[1:]))


def _spaced(page: CataloguePage) -> CataloguePage:
    return replace(page, records=(page.records[0] + b" ", *page.records[1:]))


def _garbage(page: CataloguePage) -> CataloguePage:
    return replace(page, records=(b"[" * 10_000, *page.records[1:]))


def _endless(page: CataloguePage) -> CataloguePage:
    return replace(page, records=(), next_page="more")


def _counted_wrong(page: CataloguePage) -> CataloguePage:
    return replace(page, record_count=page.record_count + 1)


LIES: list[Callable[[CataloguePage], CataloguePage]] = [
    _other_digest,
    _one_less,
    _changed,
    _spaced,
    _garbage,
    _endless,
    _counted_wrong,
]


@pytest.mark.parametrize("lie", LIES)
async def test_a_catalogue_that_is_not_what_its_gateway_said_is_not_taken(
    pair: Pair, lie: Callable[[CataloguePage], CataloguePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_PAGES", 5)
    before = await pair.publish("T-1", "T-2")
    await pair.follower.pull_catalogue(PEER)
    await pair.publish("T-1", "T-2", "T-3", "T-4")
    # The first of its questions is about changes, the second about the whole; no page but the next says "more".
    pair.line.spoil_page = lie
    pair.line.asked.clear()
    if lie is _endless:
        monkeypatch.setattr(pair.line, "_ask", _without_page(pair.line._ask))
    with structlog.testing.capture_logs() as logs:
        await pair.follower.turn(PEER)
        await pair.follower.turn(PEER)
    assert pair.known == before
    assert await held_catalogue(pair.here.store, JINGZHOU) == before
    (told,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (told["peer"], told["what"]) == (PEER, "catalogue")
    assert (PEER, "0/") in pair.line.asked or lie is _endless, "the whole was asked for once more"
    pair.line.spoil_page = lambda page: page
    monkeypatch.undo()
    await pair.follower.turn(PEER)
    assert pair.known == pair.there.knowledge.catalogue(JINGZHOU)


def _without_page(ask: Callable[..., object]) -> Callable[..., object]:
    """Ask for the first page whatever page is wanted, since a made-up name of a page would be refused."""
    from tongban.catalogue.v1 import catalogue_service_pb2  # noqa: PLC0415

    async def asked(member: str, method: str, body: bytes, what: str) -> object:
        if "Sync" in method:
            request = catalogue_service_pb2.SyncCatalogueRequest.FromString(body)
            request.page = ""
            body = request.SerializeToString()
        return await ask(member, method, body, what)  # type: ignore[misc]

    return asked


async def test_changes_that_do_not_add_up_are_mended_by_the_whole(pair: Pair) -> None:
    await pair.publish("T-1", "T-2")
    await pair.follower.pull_catalogue(PEER)
    edition = await pair.publish("T-1", "T-2", "T-3")
    pair.line.spoil_page = lambda page: _one_less(page) if page.since_edition else page
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == edition


async def test_a_peer_that_lost_its_store_is_followed_from_its_new_beginning(pair: Pair) -> None:
    await pair.publish("T-1", "T-2")
    await pair.publish("T-1", "T-2", promised_days=3)
    await pair.follower.pull_catalogue(PEER)
    pair.there = place(JINGZHOU, catalogues=(), store=MemoryStore(), federation=pair.here.federation)
    pair.line.peers[PEER] = pair.there
    edition = await pair.publish("T-2", "T-9")
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == edition
    assert await held_catalogue(pair.here.store, JINGZHOU) == edition, "nothing of the earlier life is left"


async def test_a_catalogue_of_our_own_region_is_nobody_elses_to_tell() -> None:
    pair = Pair()
    line = Line(pair.there, {PEER: pair.there})
    await Follower(pair.there.house, line, pair.there.knowledge, 60.0).pull_catalogue(PEER)
    assert line.asked == []


# faults in pairs


class Unsteady(MemoryStore):
    """A store whose recordings fail, before the fact or after it."""

    fails = ""

    async def record(self, recording: Recording) -> None:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "the disk is gone")
        await super().record(recording)
        if fails == "after":
            raise Unavailable(Reason.STORE_UNAVAILABLE, "nobody knows whether it was written")


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_recording_that_failed_is_made_up_for_by_the_next_turn(fails: str) -> None:
    store = Unsteady()
    pair = Pair(store)
    await pair.publish("T-1")
    await pair.follower.pull_catalogue(PEER)
    edition = await pair.publish("T-1", "T-2")
    store.fails = fails
    with pytest.raises(TongbanError):
        await pair.follower.pull_catalogue(PEER)
    await pair.follower.pull_catalogue(PEER)
    assert pair.known == edition
    assert await held_catalogue(store, JINGZHOU) == edition


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_piece_of_a_journal_whose_recording_failed_is_taken_once(fails: str) -> None:
    store = Unsteady()
    pair = Pair(store)
    await pair.propose(row("S-1", "T-1"), row("S-2", "T-2"))
    store.fails = fails
    with pytest.raises(TongbanError):
        await pair.follower.pull_crosswalk(PEER)
    await pair.follower.pull_crosswalk(PEER)
    assert [entry.record for entry in await pair.journal()] == [
        record_of(row("S-1", "T-1")),
        record_of(row("S-2", "T-2")),
    ]


@pytest.mark.parametrize("answered", [False, True])
async def test_an_answer_that_was_lost_is_asked_for_again(pair: Pair, answered: bool) -> None:
    """Reading changes nothing at the peer, so that it makes no difference whether the question arrived."""
    edition = await pair.publish("T-1")
    await pair.propose(row("S-1", "T-1"))
    lost = True

    def lose(what: object) -> object:
        nonlocal lost
        if lost:
            lost = False
            raise DOWN
        return what

    if answered:
        pair.line.spoil_page = lose  # type: ignore[assignment]
    else:
        pair.line.down = {PEER}
    assert not await pair.follower.turn(PEER)
    pair.line.down = set()
    assert await pair.follower.turn(PEER)
    assert pair.known == edition
    assert len(await pair.journal()) == 1


# the journal


async def test_rows_and_reviews_of_a_peer_come_into_our_journal_in_their_order(pair: Pair) -> None:
    first, second = row("S-1", "T-1"), row("S-2", "T-2")
    await pair.propose(first)
    review = pair.there.review(first.hash)
    await pair.there.store.record(Recording(crosswalk_entries=(CrosswalkEntry(review=review),)))
    await pair.propose(second)
    await pair.follower.pull_crosswalk(PEER)
    assert await pair.journal() == [
        CrosswalkEntry(record=record_of(first)),
        CrosswalkEntry(review=review),
        CrosswalkEntry(record=record_of(second)),
    ]
    pair.line.asked.clear()
    await pair.follower.pull_crosswalk(PEER)
    assert pair.line.asked == [(PEER, "2")], "the last one taken is asked for again"


async def test_bad_entries_are_passed_over_and_told_and_what_follows_is_taken(pair: Pair) -> None:
    good, last = row("S-1", "T-1"), row("S-2", "T-2")
    review = pair.there.review(good.hash)
    bad = (
        CrosswalkEntry(record=b"{}"),
        CrosswalkEntry(record=record_of(good) + b" "),
        CrosswalkEntry(review="no review"),
        CrosswalkEntry(review=review[:-4] + "AAAA"),
    )
    entries = (CrosswalkEntry(record=record_of(good)), *bad, CrosswalkEntry(record=record_of(last)))
    await pair.there.store.record(Recording(crosswalk_entries=entries))
    with structlog.testing.capture_logs() as logs:
        await pair.follower.pull_crosswalk(PEER)
        await pair.follower.pull_crosswalk(PEER)
    assert [entry.record for entry in await pair.journal()] == [record_of(good), record_of(last)]
    (told,) = logs
    assert (told["number"], told["first"]) == (4, sha256(bad[0].record).hexdigest())


async def test_a_review_by_a_key_that_our_directory_does_not_list_yet_is_kept(pair: Pair) -> None:
    entry = CrosswalkEntry(review=pair.there.review(row("S-1", "T-1").hash))
    await pair.there.store.record(Recording(crosswalk_entries=(entry,)))
    directory = pair.here.knowledge.directory
    members = tuple(replace(member, keys=()) if member.id == PEER else member for member in directory.members)
    pair.here.knowledge.renew_directory(replace(directory, members=members), b"envelope")
    await pair.follower.pull_crosswalk(PEER)
    assert await pair.journal() == [entry]


async def others_of(pair: Pair) -> list[CrosswalkEntry]:
    """What 重庆 would have its peers pass on: rows of others and its own, a review, and one that nobody can check."""
    third = place(CHONGQING, catalogues=(), federation=pair.here.federation)
    ours = row("S-1", "T-1", id="squatted", version=2**31 - 1)
    rows = (
        replace(ours, target_catalogue=CHONGQING),
        replace(ours, source_catalogue=CHONGQING),
        replace(ours, target_catalogue=NATIONAL),
    )
    unheard_of = third.review(ours.hash, reason="为将来的钥匙")
    return [
        *(CrosswalkEntry(record=record_of(each)) for each in rows),
        CrosswalkEntry(review=third.review(ours.hash)),
        CrosswalkEntry(review=unheard_of.rpartition(".")[0] + "." + "A" * 86),
    ]


async def test_what_a_peer_passes_on_of_others_is_left_to_them_and_takes_no_room(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, national = row("S-1", "T-1"), row("S-2", "T-2", source_catalogue=NATIONAL)
    monkeypatch.setattr(following, "MAX_JOURNAL_BYTES", len(record_of(own)) + len(record_of(national)))
    kept = [CrosswalkEntry(record=record_of(each)) for each in (own, national)]
    passed_on = tuple(await others_of(pair))
    await pair.there.store.record(Recording(crosswalk_entries=(kept[0], *passed_on, kept[1])))
    with structlog.testing.capture_logs() as logs:
        await pair.follower.pull_crosswalk(PEER)
    assert await pair.journal() == kept
    assert logs == []


async def test_our_own_reviews_come_back_from_whoever_has_them(pair: Pair) -> None:
    """Our store was restored from a backup that is older than they are."""
    entry = CrosswalkEntry(review=pair.here.review(row("S-1", "T-1").hash, verdict=Verdict.WITHDRAW))
    await pair.there.store.record(Recording(crosswalk_entries=(entry,)))
    await pair.follower.pull_crosswalk(PEER)
    assert await pair.journal() == [entry]


async def test_what_is_wrong_takes_room_too(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_JOURNAL_BYTES", 10)
    await pair.there.store.record(Recording(crosswalk_entries=(CrosswalkEntry(record=b"{" * 11),)))
    with pytest.raises(Malformed):
        await pair.follower.pull_crosswalk(PEER)


@pytest.mark.parametrize("kept", [0, 1, 2])
async def test_a_peer_that_restored_a_backup_is_read_from_its_beginning(pair: Pair, kept: int) -> None:
    rows = [row(f"S-{number}", "T-1") for number in range(3)]
    await pair.propose(*rows)
    await pair.follower.pull_crosswalk(PEER)
    pair.there = place(JINGZHOU, catalogues=(), store=MemoryStore(), federation=pair.here.federation)
    pair.line.peers[PEER] = pair.there
    since = [row(f"S-NEW-{number}", "T-1") for number in range(3)]
    await pair.propose(*rows[:kept], *since[: 3 - kept])
    await pair.follower.pull_crosswalk(PEER)
    await pair.follower.pull_crosswalk(PEER)
    assert {entry.record for entry in await pair.journal()} == {record_of(each) for each in (*rows, *since[: 3 - kept])}


@pytest.mark.parametrize("positions", [(1, 1), (2, 1), (0, 1)])
async def test_positions_that_do_not_grow_are_refused_and_nothing_of_them_is_taken(
    pair: Pair, positions: tuple[int, int]
) -> None:
    await pair.propose(row("S-1", "T-1"), row("S-2", "T-2"))
    pair.line.spoil_changes = lambda some: [(place, entry) for place, (_, entry) in zip(positions, some, strict=True)]
    with pytest.raises(Malformed):
        await pair.follower.pull_crosswalk(PEER)
    assert await pair.journal() == []
    pair.line.spoil_changes = lambda some: some
    await pair.follower.pull_crosswalk(PEER)
    assert len(await pair.journal()) == 2


async def test_a_journal_without_end_is_left_for_the_next_turn(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_PAGES", 3)
    made = 0

    def endless(_: object) -> list[tuple[int, CrosswalkEntry]]:
        nonlocal made
        made += 1
        entries = (CrosswalkEntry(record=record_of(row(f"S-{number}", "T-1"))) for number in (made, made + 1))
        return list(enumerate(entries, start=made))

    pair.line.spoil_changes = endless
    await pair.follower.pull_crosswalk(PEER)
    assert made == 3
    assert len(await pair.journal()) == 4


async def test_no_member_fills_the_store(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_JOURNAL_BYTES", 3 * len(record_of(row("S-1", "T-1"))))
    await pair.propose(*(row(f"S-{number}", "T-1") for number in range(3)))
    await pair.follower.pull_crosswalk(PEER)
    await pair.propose(row("S-9", "T-1"))
    with pytest.raises(Malformed):
        await pair.follower.pull_crosswalk(PEER)
    assert len(await pair.journal()) == 3


# whom to follow, and how long


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not look():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_one_that_never_answers_holds_up_nobody(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await pair.publish("T-1")
    ask = pair.line._ask

    async def asked(member: str, method: str, body: bytes, what: str) -> bytes:
        if member == OTHER:
            pair.line.asked.append((member, what))
            await asyncio.Event().wait()
        return await ask(member, method, body, what)

    monkeypatch.setattr(pair.line, "_ask", asked)
    task = asyncio.create_task(pair.follower.run())
    await until(lambda: pair.known == edition and OTHER in [member for member, _ in pair.line.asked])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_turn_that_takes_too_long_is_broken_off_and_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "TURN_SECONDS", 0.01)

    async def never(*_: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(pair.line, "_ask", never)
    with structlog.testing.capture_logs() as logs:
        assert not await pair.follower.turn(PEER)
    assert [(entry["what"], entry["log_level"]) for entry in logs] == [
        ("catalogue", "warning"),
        ("crosswalk", "warning"),
    ]


async def test_a_defect_over_one_peers_answer_is_reported_and_the_peer_asked_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_RETRY_SECONDS", 0.0)
    edition = await pair.publish("T-1")
    defects: list[BaseException] = []
    house = replace(pair.here.house, report_defect=defects.append)
    failed = False

    def fail_once(page: CataloguePage) -> CataloguePage:
        nonlocal failed
        if not failed:
            failed = True
            raise KeyError(page.edition)
        return page

    pair.line.spoil_page = fail_once
    pair.line.peers[OTHER] = pair.there
    task = asyncio.create_task(Follower(house, pair.line, pair.here.knowledge, 60.0).run())
    await until(lambda: pair.known == edition)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [type(defect) for defect in defects] == [KeyError]


async def test_only_active_gateways_other_than_ourselves_are_followed(pair: Pair) -> None:
    def followed() -> list[str]:
        return sorted(member.id for member in pair.follower._peers())

    assert followed() == [PEER, OTHER]
    directory = pair.here.knowledge.directory
    for changes in ({"status": MemberStatus.SUSPENDED}, {"valid_until": NOW - DAY}):
        members = tuple(replace(member, **changes) if member.id == OTHER else member for member in directory.members)
        pair.here.knowledge.renew_directory(replace(directory, members=members), b"envelope")
        assert followed() == [PEER]


async def test_a_member_that_leaves_is_no_longer_asked(pair: Pair) -> None:
    follower = Follower(pair.here.house, pair.line, pair.here.knowledge, 0.001)
    pair.line.peers[OTHER] = pair.there
    task = asyncio.create_task(follower.run())
    await until(lambda: OTHER in [member for member, _ in pair.line.asked])
    directory = pair.here.knowledge.directory
    members = tuple(member for member in directory.members if member.id != OTHER)
    pair.here.knowledge.renew_directory(replace(directory, members=members), b"envelope")
    await asyncio.sleep(0.05)
    pair.line.asked.clear()
    await until(lambda: len(pair.line.asked) > 10)
    assert {member for member, _ in pair.line.asked} == {PEER}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_trouble_is_told_once_while_it_stays_the_same(pair: Pair) -> None:
    pair.line.down = {PEER}
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await pair.follower.turn(PEER)
        assert len(logs) == 2, "one for the catalogue, one for the journal"
        pair.line.down = set()
        await pair.publish("T-1")
        await pair.follower.turn(PEER)
        pair.line.down = {PEER}
        await pair.follower.turn(PEER)
    assert [entry["log_level"] for entry in logs].count("warning") == 4


def test_a_peer_that_was_down_is_asked_again_soon_and_never_later_than_usual() -> None:
    assert [turn_wait(failures, 60.0) for failures in range(8)] == [60, 2, 4, 8, 16, 32, 60, 60]
    assert turn_wait(10**6, 60.0) == 60.0
    assert turn_wait(1, 0.1) == 0.1
