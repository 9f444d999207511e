"""What ``gateway.ports.Store`` promises of the trail, witnesses, alarms, timestamps and erasures, over every
implementation."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.case import CaseState
from gateway.ports import Alarm, Recording, StaleWitness, Stamp, Store, TrailEntry, TrailSearch, Witnessed
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import KEY_BYTES, Vault
from tests.contract.store_samples import NOW, SECOND, JsonCodec, case_row, delivery, event, evidence, reply, seen
from trust.errors import Reason, WrongState
from trust.leaf import LeafKind

Reopen = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["memory", "sqlite"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    kek = os.urandom(KEY_BYTES)
    memory = MemoryStore()
    held: list[Store] = []

    async def opened() -> Store:
        if held:
            await held.pop().close()
        if request.param == "memory":
            held.append(memory)
        else:
            held.append(await SqliteStore.open(tmp_path / "store.db", Vault(kek), JsonCodec()))
        return held[0]

    yield opened
    if held:
        await held[0].close()


@pytest.fixture
async def store(reopen: Reopen) -> Store:
    return await reopen()


# --- the trail ------------------------------------------------------------------------------------------------------


def entry(number: int, **changes: object) -> TrailEntry:
    made = TrailEntry(bytes([number]) * 32, NOW + number * SECOND, LeafKind.CASE_EVENT, "430600.platform", "subject")
    return replace(made, **changes)  # type: ignore[arg-type]


ENTRIES = (
    entry(1, case_id="case-1", officer="o-7"),
    entry(2, case_id="case-1", kind=LeafKind.PERSONAL_DATA_READ, purpose="case", holder=b"h" * 32),
    entry(3, kind=LeafKind.ADMIN, member="430600.gateway"),
    entry(4, case_id="case-2", officer="o-7", holder=b"h" * 32),
    entry(5, case_id="case-2", officer="o-8"),
)

SEARCHES = [
    (TrailSearch(), [1, 2, 3, 4, 5]),
    (TrailSearch(case_id="case-1"), [1, 2]),
    (TrailSearch(officer="o-7"), [1, 4]),
    (TrailSearch(officer="o-7", case_id="case-2"), [4]),
    (TrailSearch(member="430600.gateway"), [3]),
    (TrailSearch(holder=b"h" * 32), [2, 4]),
    (TrailSearch(kinds=(LeafKind.ADMIN, LeafKind.PERSONAL_DATA_READ)), [2, 3]),
    (TrailSearch(since=NOW + 2 * SECOND, until=NOW + 4 * SECOND), [2, 3]),
    (TrailSearch(after=2, limit=2), [3, 4]),
    (TrailSearch(officer="nobody"), []),
]


@pytest.mark.parametrize(("search", "wanted"), SEARCHES)
async def test_the_trail_is_searched_by_every_field(store: Store, search: TrailSearch, wanted: list[int]) -> None:
    await store.record(Recording(trail=ENTRIES[:2]))
    await store.record(Recording(trail=ENTRIES[2:]))
    assert await store.trail(search) == [(number, ENTRIES[number - 1]) for number in wanted]


async def test_entries_written_together_are_all_there(store: Store) -> None:
    for each in ENTRIES:
        await store.record(Recording(trail=(each,), leaves=(each.leaf_hash,)))
    assert [found for _, found in await store.trail(TrailSearch())] == list(ENTRIES)


async def test_a_term_is_the_same_after_a_restart_and_tells_nothing_of_its_text(reopen: Reopen) -> None:
    term = (await reopen()).term("11010519491231002X")
    assert term == (await reopen()).term("11010519491231002X")
    assert term != (await reopen()).term("110105194912310021")
    assert len(term) == 32
    assert b"1101" not in term


# --- witnessing -----------------------------------------------------------------------------------------------------


def witnessed(size: int, after_size: int, origin: str = "log-1") -> Witnessed:
    return Witnessed(origin, size, bytes([size]) * 32, f"note {size}", after_size)


async def test_a_witness_remembers_what_it_cosigned_last(reopen: Reopen) -> None:
    store = await reopen()
    assert await store.witnessed("log-1") is None
    for size, after in ((3, 0), (3, 3), (9, 3)):
        await store.record(Recording(witnessed=witnessed(size, after)))
    assert await (await reopen()).witnessed("log-1") == witnessed(9, 0)
    assert await (await reopen()).witnessed("log-2") is None


async def test_what_was_judged_against_another_size_is_refused_whole(store: Store) -> None:
    await store.record(Recording(witnessed=witnessed(3, 0)))
    for stale in (witnessed(9, 0), witnessed(9, 2), witnessed(9, 4), witnessed(9, 5, "log-2")):
        with pytest.raises(StaleWitness):
            await store.record(Recording(witnessed=stale, bookmarks={"written": "too"}))
    assert await store.witnessed("log-1") == witnessed(3, 0)
    assert await store.bookmark("written") == ""


# --- alarms and timestamps ------------------------------------------------------------------------------------------


async def test_the_same_thing_alarms_once_until_somebody_takes_note_and_after(reopen: Reopen) -> None:
    store = await reopen()
    first = Alarm("a-1", "log_went_back", "421000.gateway", NOW, "it went back", b"{}")
    second = replace(first, alarm_id="a-2", at=NOW + SECOND)
    await store.record(Recording(alarms=(first, second)))
    await store.record(Recording(alarms=(replace(first, text="again"),)))
    assert await store.alarms() == [second, first]
    assert await store.alarms(limit=1) == [second]
    await store.record(Recording(acknowledged={"a-1": "o-7", "a-9": "o-7"}))
    store = await reopen()
    assert await store.alarms(open_only=True) == [second]
    assert (await store.alarms())[1].acknowledged_by == "o-7"


async def test_a_timestamp_is_found_for_every_size_that_it_covers(reopen: Reopen) -> None:
    store = await reopen()
    assert await store.newest_stamp() is None
    stamps = [Stamp(size, f"note {size}", b"token", NOW + number * SECOND) for number, size in enumerate((5, 9, 9, 40))]
    for stamp in stamps:
        await store.record(Recording(stamps=(stamp,)))
    store = await reopen()
    assert await store.newest_stamp() == stamps[3]
    assert [await store.stamp_over(size) for size in (0, 5, 6, 9, 10, 41)] == [
        stamps[0],
        stamps[0],
        stamps[1],
        stamps[1],
        stamps[3],
        None,
    ]
    assert await store.stamps(limit=2) == stamps[:2]
    assert await store.stamps(after=stamps[1], limit=9) == stamps[2:]
    assert await store.stamps(after=stamps[3], limit=9) == []


# --- erasing --------------------------------------------------------------------------------------------------------


async def test_an_erased_case_leaves_its_row_and_nothing_that_was_sealed(reopen: Reopen) -> None:
    store = await reopen()
    row, other = case_row(state=CaseState.DECIDED), case_row()
    for each in (row, other):
        await store.record(
            Recording(
                seen=seen(),
                reply=reply(f"key-{each.case_id}"),
                case=each,
                events=(replace(event(each.case_id, 1), leaf=b"l" * 32),),
                leaves=(b"leaf",),
                evidence=(evidence(each.case_id),),
                trail=(entry(1, case_id=each.case_id),),
                deliveries=tuple(
                    delivery(stream=stream, subject=each.case_id)
                    for stream in (each.case_id, each.number, f"aside:{each.number}:n-1")
                ),
            )
        )
    gone = replace(row, version=1, erased_at=NOW + SECOND)
    erasing = entry(2, case_id=row.case_id, kind=LeafKind.ERASED)
    await store.record(
        Recording(case=gone, erased=(row.case_id,), leaves=(b"erased",), trail=(erasing,), reply=reply("erase"))
    )

    store = await reopen()
    record = await store.case(number=row.number)
    assert record is not None
    assert (record.row, record.events) == (replace(gone, version=2), ())
    assert await store.evidence(row.case_id) == []
    assert [found for _, found in await store.trail(TrailSearch())] == [entry(1, case_id=other.case_id), erasing]
    assert {waiting.subject for waiting in await store.deliveries()} == {other.case_id}
    assert len(await store.deliveries()) == 3
    assert await store.reply(reply().member, "erase") == reply("erase")
    assert await store.case_numbers([row.case_id, other.case_id, "case-x"]) == {
        row.case_id: row.number,
        other.case_id: other.number,
    }
    with pytest.raises(WrongState) as caught:
        await store.reply(reply().member, f"key-{row.case_id}")
    assert caught.value.reason is Reason.CASE_ERASED
    with pytest.raises(WrongState):
        await store.record(Recording(reply=reply(f"key-{row.case_id}")))

    kept = await store.case(case_id=other.case_id)
    assert kept is not None
    assert len(kept.events) == 1
    assert len(await store.evidence(other.case_id)) == 1
    assert await store.reply(reply().member, f"key-{other.case_id}") is not None


async def test_cases_that_are_over_are_listed_for_erasing_the_oldest_first(store: Store) -> None:
    day = timedelta(days=1)
    rows = [
        case_row("case-1", state=CaseState.DECIDED, updated_at=NOW - 2 * day),
        case_row("case-2", state=CaseState.WITHDRAWN, updated_at=NOW - 3 * day),
        case_row("case-3", state=CaseState.ACCEPTED, updated_at=NOW - 9 * day),
        case_row("case-4", state=CaseState.REFUSED, updated_at=NOW - 9 * day, erased_at=NOW),
        case_row("case-5", state=CaseState.REFUSED, updated_at=NOW),
    ]
    for row in rows:
        await store.record(Recording(case=row))
    assert [row.case_id for row in await store.cases_over(NOW - day, 10)] == ["case-2", "case-1"]
    (first,) = await store.cases_over(NOW - day, 1)
    assert first.case_id == "case-2"
    assert [row.case_id for row in await store.cases_over(NOW - day, 10, first)] == ["case-1"]


async def test_positions_in_the_trail_are_never_given_twice(store: Store) -> None:
    """Whoever reads on behind a position must miss nothing, whatever was erased meanwhile."""
    row = case_row(state=CaseState.DECIDED)
    await store.record(Recording(case=row, trail=(entry(1, case_id=row.case_id), entry(2, case_id=row.case_id))))
    last, _ = (await store.trail(TrailSearch()))[-1]
    erasing = entry(3, case_id=row.case_id, kind=LeafKind.ERASED)
    erased = replace(row, version=1, erased_at=NOW)
    await store.record(Recording(case=erased, erased=(row.case_id,), trail=(erasing,)))
    await store.record(Recording(trail=(entry(4),)))
    assert [found for _, found in await store.trail(TrailSearch(after=last))] == [erasing, entry(4)]


async def test_a_case_keeps_the_place_of_its_last_leaf(reopen: Reopen) -> None:
    store = await reopen()
    await store.record(Recording(case=case_row("case-1", trail=7, trail_head=b"h" * 32)))
    record = await (await reopen()).case(case_id="case-1")
    assert record is not None
    assert (record.row.trail, record.row.trail_head, record.row.erased_at) == (7, b"h" * 32, None)
