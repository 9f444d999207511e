"""Recordings that wait together: the same outcome as one by one, whatever is wrong with one of them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.ports import AlreadyRecorded, Recording, StaleCase
from gateway.store import together
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault
from tests.contract.store_samples import NOW, SECOND, JsonCodec, case_row, delivery, event, reply, seen, whole
from trust.errors import Conflict, Internal, Misconfigured, Reason, Unauthenticated


class Gate:
    """Holds the writer before its first commit, so that what is given meanwhile waits together."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, place: str) -> None:
        if place == "store.before_commit":
            assert self.open.wait(10)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def store(tmp_path: Path, gate: Gate) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "store.db", Vault(bytes(32)), JsonCodec(), failpoint=gate)
    yield store
    gate.open.set()
    await store.close()


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many recordings were tried together, each time."""
    sizes: list[int] = []
    write = together.record_together

    def counted(cursor: object, vault: object, recordings: Sequence[Recording]) -> None:
        sizes.append(len(recordings))
        write(cursor, vault, recordings)  # type: ignore[arg-type]

    monkeypatch.setattr(together, "record_together", counted)
    return sizes


async def at_once(store: SqliteStore, gate: Gate, recordings: Sequence[Recording]) -> list[BaseException | None]:
    """Record while the writer is held with something else; every outcome."""
    held = asyncio.create_task(store.record(Recording(seen=seen())))
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(store.record(recording)) for recording in recordings]
    await asyncio.sleep(0)
    gate.open.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


def usual() -> Recording:
    """What a submission records."""
    return replace(whole(), bookmarks={}, snapshots={}, catalogue_records=(), crosswalk_entries=())


async def test_what_is_written_together_is_what_is_written_alone(
    store: SqliteStore, gate: Gate, groups: list[int]
) -> None:
    recordings = [usual() for _ in range(150)]  # more than one statement takes
    assert await at_once(store, gate, recordings) == [None] * len(recordings)
    assert groups == [len(recordings)]
    alone = MemoryStore()
    for recording in recordings:
        await alone.record(recording)
    for recording in recordings:
        assert recording.case is not None
        assert recording.reply is not None
        case_id = recording.case.case_id
        assert await store.case(case_id=case_id) == await alone.case(case_id=case_id)
        assert await store.reply(recording.reply.member, recording.reply.key) == recording.reply
        assert await store.evidence(case_id) == list(recording.evidence)
    assert await store.deliveries(limit=1000) == await alone.deliveries(limit=1000)
    assert [leaf.data for leaf in await store.waiting_leaves(1000)] == [
        leaf.data for leaf in await alone.waiting_leaves(1000)
    ]


async def test_one_that_was_seen_before_fails_alone(store: SqliteStore, gate: Gate, groups: list[int]) -> None:
    twice = seen()
    recordings = [usual(), replace(usual(), seen=twice), usual(), replace(usual(), seen=twice), usual()]
    outcomes = await at_once(store, gate, recordings)
    assert groups == [5]
    assert [outcome is None for outcome in outcomes] == [True, True, True, False, True]
    assert isinstance(outcomes[3], Unauthenticated)
    assert outcomes[3].reason is Reason.CALL_REPLAYED
    refused = recordings[3].case
    assert refused is not None
    assert await store.case(case_id=refused.case_id) is None
    assert len(await store.waiting_leaves(10)) == 4


async def test_of_two_writers_of_a_case_one_decides_anew(store: SqliteStore, gate: Gate, groups: list[int]) -> None:
    row = case_row()
    outcomes = await at_once(store, gate, [Recording(case=row), Recording(case=replace(row, item_name="other"))])
    assert groups == [2]
    assert outcomes[0] is None
    assert isinstance(outcomes[1], StaleCase)
    record = await store.case(case_id=row.case_id)
    assert record is not None
    assert record.row == replace(row, version=1)


async def test_a_case_that_is_there_is_written_again_among_others(
    store: SqliteStore, gate: Gate, groups: list[int]
) -> None:
    first, second = replace(case_row(), version=0), replace(case_row(), version=0)
    gate.open.set()
    await store.record(Recording(case=first))
    again = replace(first, version=1, item_name="renamed")
    outcomes = await asyncio.gather(
        store.record(Recording(case=again, events=(event(first.case_id, 1),))), store.record(Recording(case=second))
    )
    assert list(outcomes) == [None, None]
    record = await store.case(case_id=first.case_id)
    assert record is not None
    assert record.row == replace(again, version=2)


@pytest.mark.parametrize(("digest", "error"), [(b"d" * 32, AlreadyRecorded), (b"e" * 32, Conflict)])
async def test_a_key_used_twice_gives_its_answer_to_the_second(
    store: SqliteStore, gate: Gate, groups: list[int], digest: bytes, error: type[Exception]
) -> None:
    key = "the-same-key"
    recordings = [Recording(reply=reply(key)), Recording(reply=reply(key, digest=digest)), usual()]
    outcomes = await at_once(store, gate, recordings)
    assert groups == [3]
    assert outcomes[0] is None
    assert isinstance(outcomes[1], error)
    assert outcomes[2] is None


async def test_only_the_first_delivery_of_a_stream_is_its_head(
    store: SqliteStore, gate: Gate, groups: list[int]
) -> None:
    row = case_row()
    mine = [delivery(row.case_id, subject=str(number)) for number in (1, 2)]
    other = delivery("another stream")
    recordings = [Recording(deliveries=(mine[0],)), Recording(deliveries=(other,)), Recording(deliveries=(mine[1],))]
    assert await at_once(store, gate, recordings) == [None, None, None]
    assert groups == [3]
    assert {each.subject for each in await store.deliveries(stream=row.case_id)} == {"1", "2"}
    claimed = await store.claim(now=NOW, limit=10, lease=SECOND)
    assert {(each.stream, each.subject) for each in claimed} == {(row.case_id, "1"), ("another stream", other.subject)}


async def test_one_whose_key_is_damaged_or_whose_value_can_not_be_kept_fails_alone(
    tmp_path: Path, store: SqliteStore, gate: Gate, groups: list[int]
) -> None:
    damaged = case_row()
    gate.open.set()
    await store.record(Recording(case=damaged, events=(event(damaged.case_id, 1),)))
    gate.open.clear()
    beside = sqlite3.connect(tmp_path / "store.db")
    with beside:
        beside.execute("UPDATE data_keys SET wrapped = x'00' WHERE owner = ?", (damaged.case_id,))
    beside.close()
    recordings = [
        usual(),
        Recording(events=(event(damaged.case_id, 2),)),
        usual(),
        Recording(case=case_row(item_name="\udc80")),  # no text that UTF-8 can write
        usual(),
    ]
    outcomes = await at_once(store, gate, recordings)
    assert groups == [5]
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Misconfigured, Internal]
    assert [outcome is None for outcome in outcomes] == [True, False, True, False, True]
