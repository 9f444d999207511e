"""Watching a peer's log: an honest one passes, and what is told otherwise than before is found, with its proof."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.exchange.alarms import AlarmKind
from gateway.exchange.heads import PROVED, heard, told_to
from gateway.exchange.witnessing import cosigned
from gateway.ports import Heads, Recording
from gateway.store.memory import MemoryStore
from gateway.watching import Watcher
from tests.gateway.exchange.world import City, Federation, build
from tests.gateway.log_world import (
    Line,
    another,
    grow,
    numbered,
    peers,
    require_conviction,
    tell,
    watched,
)
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.leaf import Leaf, LeafKind
from trust.witness import AddCheckpoint


@pytest.fixture
def federation() -> Iterator[Federation]:
    built = build()
    yield built
    assert [defect for city in built.cities.values() for defect in city.defects] == []


async def heads_seen(city: City) -> list[int]:
    return [leaf.seq for leaf in await city.leaves() if leaf.kind is LeafKind.HEAD_SEEN]


async def proved(city: City, of: City) -> bytes | None:
    return await city.store.snapshot(PROVED + of.house.member_id)


def swap(federation: Federation, old: City, new: City) -> None:
    """From now on, whoever calls the city reaches the other one."""
    federation.cities[old.house.region] = new


# what is told -------------------------------------------------------------------------------------------------------


async def test_each_new_head_of_a_peer_leaves_one_leaf_and_is_told_back(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    assert await tell(theirs, ours) == Recording()  # it has none yet
    await grow(theirs, *numbered(3))
    await tell(theirs, ours)
    await tell(theirs, ours, "b" * 64)
    await grow(theirs, *numbered(2, 3))
    await tell(theirs, ours, "c" * 64)
    assert await heads_seen(ours) == [3, 5]
    (seen, _) = [leaf for leaf in await ours.leaves() if leaf.kind is LeafKind.HEAD_SEEN]
    assert (seen.member, seen.call) == (theirs.house.member_id, "a" * 64)
    head = await theirs.store.log_head()
    # What was told last is what is told back, before and after a restart.
    assert theirs.house.heads.said_of_us == {}
    await tell(ours, theirs)
    assert theirs.house.heads.said_of_us == {ours.house.member_id: head.checkpoint}


async def test_a_decision_that_is_made_anew_still_leaves_its_leaf_and_another_call_leaves_none(
    federation: Federation,
) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, "one")
    told = Heads(own=(await theirs.store.log_head()).checkpoint)
    first = await heard(ours.house, theirs.house.member_id, told, "a" * 64)
    again = await heard(ours.house, theirs.house.member_id, told, "a" * 64)
    other = await heard(ours.house, theirs.house.member_id, told, "b" * 64)
    assert [len(each.traces) for each in (first, again, other)] == [1, 1, 0]
    assert Leaf.from_bytes(first.traces[0].leaf).seq == 1


async def test_of_a_peer_that_tells_no_head_the_store_is_asked_once(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    asked, snapshot = [], ours.store.snapshot

    async def noted(name: str) -> bytes | None:
        asked.append(name)
        return await snapshot(name)

    monkeypatch.setattr(ours.store, "snapshot", noted)
    for _ in range(3):
        assert (await told_to(ours.house, theirs.house.member_id)).yours == ""
        await heard(ours.house, theirs.house.member_id, Heads(), "a" * 64)
    assert len(asked) == 1
    await grow(theirs, "one")
    await tell(theirs, ours)
    head = (await theirs.store.log_head()).checkpoint
    assert (await told_to(ours.house, theirs.house.member_id)).yours == head


async def test_a_delivery_that_was_overtaken_alarms_nobody(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(3))
    early = Heads(own=(await theirs.store.log_head()).checkpoint)
    await grow(theirs, *numbered(4, 3))
    await tell(theirs, ours)
    await ours.store.record((await heard(ours.house, theirs.house.member_id, early, "b" * 64)).with_it(Recording()))
    assert await watched(federation, ours, theirs) == []
    assert await heads_seen(ours) == [7]
    assert ours.house.heads.doubts == {}


async def test_a_head_that_its_log_did_not_sign_is_not_taken_and_holds_up_nothing(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, "one")
    forged = sign_checkpoint(
        Checkpoint(f"tongban/{theirs.house.member_id}/log", 9, bytes(32)), federation.chongqing.log_signer
    )
    for note in (forged, "no note"):
        found = await heard(ours.house, theirs.house.member_id, Heads(own=note), "b" * 64)
        assert found.with_it(Recording()) == Recording()
    assert await watched(federation, ours, theirs) == []
    assert await heads_seen(ours) == []


# what is proved -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1, 2), (4, 9), (3, 8), (7, 7), (8, 8), (1, 300)])
async def test_a_log_that_only_grows_is_taken(federation: Federation, sizes: tuple[int, int]) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    before, after = sizes
    await grow(theirs, *numbered(before))
    await tell(theirs, ours)
    assert await watched(federation, ours, theirs) == []
    await grow(theirs, *numbered(after - before, before))
    await tell(theirs, ours, "b" * 64)
    assert await watched(federation, ours, theirs) == []
    assert await proved(ours, theirs) == (await theirs.store.log_head()).checkpoint.encode()


@pytest.mark.parametrize("before", [2, 3, 4, 5, 7, 8, 16, 21])
@pytest.mark.parametrize("more", [1, 4, 30])
async def test_a_leaf_that_was_rewritten_convicts_the_log_by_its_own_proofs(
    federation: Federation, before: int, more: int
) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(before))
    await tell(theirs, ours)
    assert await watched(federation, ours, theirs) == []
    good = await proved(ours, theirs)
    rewritten = await another(theirs, "another", *numbered(before + more - 1, 1))
    swap(federation, theirs, rewritten)
    await tell(rewritten, ours, "b" * 64)
    (alarm,) = await watched(federation, ours, rewritten)
    assert (alarm.kind, alarm.member) == (AlarmKind.LOG_CONTRADICTS_ITSELF, theirs.house.member_id)
    require_conviction(federation, alarm, theirs)
    # The head that was proved stays, and the same finding alarms once, however the log grows.
    await grow(rewritten, "more")
    await tell(rewritten, ours, "c" * 64)
    assert await watched(federation, ours, rewritten) == [alarm]
    assert await proved(ours, theirs) == good


async def test_another_root_for_the_same_size_alarms_with_the_message_itself(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(3))
    await tell(theirs, ours)
    fork = await another(theirs, "another", *numbered(2, 1))
    recording = await tell(fork, ours, "b" * 64)
    (alarm,) = recording.alarms
    require_conviction(federation, alarm, theirs)
    assert await watched(federation, ours, theirs) == [alarm]


async def test_a_fork_that_is_shown_to_the_witness_only_is_found(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(5))
    await tell(theirs, ours)
    fork = await another(theirs, "another", *numbered(6, 1))
    asked = AddCheckpoint(0, (), (await fork.store.log_head()).checkpoint).to_text()
    await cosigned(ours.house, asked, federation.clock.now())
    await grow(theirs, *numbered(2, 5))  # to seven leaves, as the fork has
    (alarm,) = await watched(federation, ours, theirs)
    assert alarm.kind == AlarmKind.LOG_CONTRADICTS_ITSELF
    require_conviction(federation, alarm, theirs)


async def test_a_log_that_went_back_is_found_with_both_notes(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(6))
    await tell(theirs, ours)
    restored = await another(theirs, *numbered(4))
    swap(federation, theirs, restored)
    (alarm,) = await watched(federation, ours, restored)
    assert (alarm.kind, alarm.member) == (AlarmKind.LOG_WENT_BACK, theirs.house.member_id)
    assert (await theirs.store.log_head()).checkpoint.encode() in alarm.proof.replace(b"\\n", b"\n")
    assert (await restored.store.log_head()).checkpoint.encode() in alarm.proof.replace(b"\\n", b"\n")
    assert await watched(federation, ours, restored) == [alarm]


async def test_a_log_that_is_gone_went_back_and_one_that_never_was_is_not_asked_for(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    line = Line(federation, ours)
    await Watcher(ours.house, peers(line)).turn(theirs.house.member_id)
    assert line.asked == []
    await grow(theirs, *numbered(2))
    await tell(theirs, ours)
    swap(federation, theirs, theirs.on(MemoryStore()))
    (alarm,) = await watched(federation, ours, theirs)
    assert (alarm.kind, alarm.member) == (AlarmKind.LOG_WENT_BACK, theirs.house.member_id)


async def test_a_log_whose_proofs_are_no_good_is_told_of_and_not_convicted(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(theirs, *numbered(5))
    await tell(theirs, ours)
    await grow(theirs, *numbered(5, 5))
    line = peers(Line(federation, ours))

    async def bad(*_: object) -> tuple[bytes, ...]:
        return (bytes(32), bytes(32))

    monkeypatch.setattr(line, "consistency", bad)
    await Watcher(ours.house, line).turn(theirs.house.member_id)
    (alarm,) = await ours.store.alarms()
    assert alarm.kind == AlarmKind.LOG_CANNOT_PROVE


# our own ------------------------------------------------------------------------------------------------------------


async def test_a_gateway_that_was_restored_hears_of_it_from_its_peer(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(ours, *numbered(6))
    await tell(ours, theirs)
    await grow(theirs, "something")
    restored = await another(ours, *numbered(4))
    swap(federation, ours, restored)
    await tell(theirs, restored)
    (alarm,) = await watched(federation, restored, theirs)
    assert (alarm.kind, alarm.member) == (AlarmKind.OWN_LOG_WENT_BACK, ours.house.member_id)
    # Grown past it, it is still not the log that its key signed for.
    await grow(restored, "x", "y", "z")
    restored.house.heads.said_of_us.clear()
    await tell(theirs, restored)
    assert await watched(federation, restored, theirs) == [alarm]


async def test_what_a_peer_says_of_us_that_we_did_not_sign_alarms_nobody(federation: Federation) -> None:
    ours, theirs = federation.yueyang, federation.jingzhou
    await grow(ours, *numbered(2))
    await grow(theirs, "one")
    name = f"tongban/{ours.house.member_id}/log"
    ours.house.heads.said_of_us[theirs.house.member_id] = sign_checkpoint(
        Checkpoint(name, 99, bytes(32)), theirs.log_signer
    )
    assert await watched(federation, ours, theirs) == []
