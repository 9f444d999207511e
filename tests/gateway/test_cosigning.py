"""Having our log witnessed, by peers that answer, lag, forget, refuse or lie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from gateway import cosigning
from gateway.cosigning import Cosigner
from gateway.exchange.alarms import AlarmKind
from gateway.exchange.audit import COSIGNED, newest_cosigned
from gateway.exchange.witnessing import origin, split_note, witness_keys, witness_name
from gateway.ports import Recording
from gateway.store.memory import MemoryStore
from gateway.wire import routes
from tests.gateway.exchange.world import City, Federation, application, build
from tests.gateway.log_world import Line, another, grow, numbered, peers, round_of
from trust.checkpoint import Checkpoint
from trust.errors import Conflict, Reason, Unavailable
from trust.leaf import LeafKind
from trust.note import NoteKey, open_note


@pytest.fixture
def federation() -> Iterator[Federation]:
    built = build()
    yield built
    assert [defect for city in built.cities.values() for defect in city.defects] == []


@pytest.fixture
def line(federation: Federation) -> Line:
    return Line(federation, federation.yueyang)


@pytest.fixture
def cosigner(federation: Federation, line: Line) -> Cosigner:
    return Cosigner(federation.yueyang.house, peers(line), every=5.0)


async def cosigned(federation: Federation, city: City) -> tuple[int, set[str]]:
    """Size of the newest cosigned checkpoint, and whose lines under it hold."""
    note = await newest_cosigned(city.house)
    if not note:
        return 0, set()
    now = federation.clock.now()
    keys = [key for member in federation.directory.members for key in witness_keys(member, now)]
    opened = open_note(note, keys)
    return Checkpoint.from_text(opened.text).size, set(opened.cosigned)


def names(*cities: City) -> set[str]:
    return {witness_name(city.house.member_id) for city in cities}


async def test_both_others_cosign_and_their_own_logs_stay_as_they_were(
    federation: Federation, cosigner: Cosigner
) -> None:
    ours, *others = federation.yueyang, federation.jingzhou, federation.chongqing
    await round_of(cosigner)
    assert await cosigned(federation, ours) == (0, set())  # nothing to cosign yet
    for size in (5, 9):
        await grow(ours, *numbered(size))
        await round_of(cosigner)
    assert await cosigned(federation, ours) == (14, names(*others))
    for city in others:
        assert await city.leaves() == []
        witnessed = await city.store.witnessed(origin(ours.house.member_id))
        assert witnessed is not None
        assert witnessed.size == 14
    assert await ours.store.alarms() == []


async def test_only_what_is_new_or_a_minute_old_is_asked_for(
    federation: Federation, cosigner: Cosigner, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grow(federation.yueyang, "one")
    await round_of(cosigner)
    line.asked.clear()
    await round_of(cosigner)
    assert line.asked == []
    first = await newest_cosigned(federation.yueyang.house)
    federation.clock.advance(seconds=61)
    monkeypatch.setattr(cosigning, "HEARTBEAT_SECONDS", 0.0)
    await round_of(cosigner)
    assert len(line.asked) == 2
    again = await newest_cosigned(federation.yueyang.house)
    assert again != first
    assert split_note(again)[0] == split_note(first)[0]


async def test_one_witness_of_two_is_not_enough_and_a_slow_one_holds_up_nobody(
    federation: Federation, line: Line, cosigner: Cosigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, call = asyncio.Event(), line.call

    async def slow(member: str, *args: object, **more: object) -> object:
        if member == federation.chongqing.house.member_id:
            await release.wait()
        return await call(member, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(line, "call", slow)
    await grow(federation.yueyang, "one")
    tasks = await cosigner.begin_round()
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    assert await cosigned(federation, federation.yueyang) == (0, set())
    assert await cosigner.begin_round() == []  # the one is done, the other still being asked
    release.set()
    await asyncio.gather(*waiting)
    assert await cosigned(federation, federation.yueyang) == (1, names(federation.jingzhou, federation.chongqing))


async def test_after_a_restart_a_witness_says_itself_where_it_stands(federation: Federation, line: Line) -> None:
    ours = federation.yueyang
    await grow(ours, *numbered(5))
    await round_of(Cosigner(ours.house, peers(line), every=5.0))
    held = {name: await ours.store.snapshot(name) for name in map(cosigning.KEPT.__add__, names(federation.jingzhou))}
    assert all(held.values())
    for city in (federation.jingzhou, federation.chongqing):  # each answer was lost, but it happened
        await ours.store.record(Recording(dropped_snapshots=(cosigning.KEPT + witness_name(city.house.member_id),)))
    await grow(ours, *numbered(3, 5))
    line.asked.clear()
    await round_of(Cosigner(ours.house, peers(line), every=5.0))
    assert (await cosigned(federation, ours))[0] == 8
    assert len(line.asked) == 4  # twice each: 409, then from there
    assert await ours.store.alarms() == []
    assert [leaf.kind for leaf in await federation.jingzhou.leaves()] == []  # being asked from elsewhere is no refusal


async def test_a_witness_that_was_restored_is_told_of_and_brought_back(
    federation: Federation, cosigner: Cosigner
) -> None:
    ours, witness = federation.yueyang, federation.jingzhou
    await grow(ours, *numbered(5))
    await round_of(cosigner)
    restored = witness.on(MemoryStore())
    kept = await witness.store.witnessed(origin(ours.house.member_id))
    assert kept is not None
    await grow(ours, *numbered(4, 5))
    await round_of(cosigner)
    await restored.store.record(Recording(witnessed=kept))
    federation.cities[witness.house.region] = restored
    await grow(ours, *numbered(2, 9))
    await round_of(cosigner)
    (alarm,) = await ours.store.alarms()
    assert (alarm.kind, alarm.member) == (AlarmKind.WITNESS_WENT_BACK, witness.house.member_id)
    assert witness_name(witness.house.member_id).encode() in alarm.proof
    assert await cosigned(federation, ours) == (11, names(restored, federation.chongqing))


class Liar:
    """A witness that names another size, larger than the log ever was, whenever it is asked."""

    name = "liar.example/witness"
    keys: Sequence[NoteKey] = ()
    size = 1000

    async def add_checkpoint(self, request: str) -> str:
        assert request.startswith("old ")
        self.size += 1
        raise Conflict(Reason.CHECKPOINT_STALE, "another size", details={"size": str(self.size)})


async def test_a_witness_that_lies_each_time_otherwise_alarms_once_a_day(federation: Federation, line: Line) -> None:
    ours = federation.yueyang
    await grow(ours, *numbered(3))
    lied_to = Cosigner(ours.house, peers(line), [Liar()], every=0.0)
    for days in (1, 2):
        for _ in range(3):
            await round_of(lied_to)
        assert len(await ours.store.alarms()) == days
        federation.clock.advance(days=1)


async def test_our_own_log_restored_or_rewritten_is_not_cosigned_and_told_of(federation: Federation) -> None:
    ours = federation.yueyang
    await grow(ours, *numbered(6))
    await round_of(Cosigner(ours.house, peers(Line(federation, ours)), every=5.0))
    for texts in (tuple(numbered(4)), ("another", *numbered(7, 1))):
        restored = await another(ours, *texts)
        await round_of(Cosigner(restored.house, peers(Line(federation, restored)), every=5.0))
        alarms = await restored.store.alarms()
        assert {alarm.kind for alarm in alarms} == {AlarmKind.OWN_LOG_WENT_BACK}
        assert {alarm.member for alarm in alarms} == {ours.house.member_id}
        assert await newest_cosigned(restored.house) == ""


async def test_a_line_by_another_key_counts_for_nobody(
    federation: Federation, cosigner: Cosigner, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = federation.chongqing

    async def answered_by_another(_: str, request: str) -> str:
        return await peers(line).cosign(other.house.member_id, request)

    monkeypatch.setattr(cosigner._peer, "cosign", answered_by_another)
    await grow(federation.yueyang, "one")
    await round_of(cosigner)
    assert await cosigned(federation, federation.yueyang) == (0, set())
    assert (
        await federation.yueyang.store.snapshot(cosigning.KEPT + witness_name(federation.jingzhou.house.member_id))
        is None
    )


async def test_a_witness_that_refuses_is_asked_ever_more_seldom(federation: Federation) -> None:
    ours, line = federation.yueyang, Line(federation, federation.chongqing)  # whom nobody has to cosign
    cosigner = Cosigner(ours.house, peers(line), every=0.05)
    await grow(ours, "one")
    for _ in range(20):
        await round_of(cosigner)
        await asyncio.sleep(0.01)
    assert 2 <= line.asked.count(f"{federation.jingzhou.house.member_id} AddCheckpoint") < 10


# how old it may become ----------------------------------------------------------------------------------------------


async def test_cases_are_refused_while_the_log_goes_unwitnessed_and_reading_goes_on(federation: Federation) -> None:
    ours = federation.yueyang
    cosigner = Cosigner(ours.house, peers(Line(federation, ours)), every=0.0, closed_after=timedelta(minutes=5))
    object.__setattr__(ours.house, "require_witnessed", cosigner.require_witnessed)

    async def opening(key: str) -> Reason | None:
        request = application(idempotency_key=key)
        answer = await federation.call(ours.platform, ours, routes.OPEN_CASE, request)
        return answer.reply.reason

    federation.clock.advance(hours=1)
    assert await opening("open-000001") is None  # nothing to witness yet
    await grow(ours, *numbered(2))
    await round_of(cosigner)
    federation.clock.advance(minutes=4)
    await grow(ours, "more")
    cosigner._peer = peers(Line(federation, federation.chongqing))
    await round_of(cosigner)
    assert await opening("open-000002") is None
    federation.clock.advance(minutes=2)
    assert await opening("open-000003") is Reason.LOG_UNWITNESSED
    assert await opening("open-000002") is None  # what was answered is answered again
    with pytest.raises(Unavailable):
        cosigner.require_witnessed()
    cosigner._peer = peers(Line(federation, ours))
    await round_of(cosigner)
    assert await opening("open-000003") is None
    assert LeafKind.CALL_REFUSED in {leaf.kind for leaf in await ours.leaves()}


async def test_who_is_alone_needs_nobody(federation: Federation) -> None:
    ours = federation.yueyang
    ours.known.directory = federation.directory.__class__(
        2, "tongban.test", federation.directory.issued_at, federation.directory.expires_at,
        tuple(member for member in federation.directory.members if member.region == ours.house.region),
    )  # fmt: skip
    cosigner = Cosigner(ours.house, peers(Line(federation, ours)), every=5.0, closed_after=timedelta(minutes=5))
    await grow(ours, "one")
    await round_of(cosigner)
    federation.clock.advance(days=1)
    cosigner.require_witnessed()
    assert await ours.store.snapshot(COSIGNED) == (await ours.store.log_head()).checkpoint.encode()
