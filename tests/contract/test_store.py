"""What ``gateway.ports.Store`` promises, over every implementation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.case import CaseState, Side
from gateway.ports import (
    REVOKED,
    AlreadyRecorded,
    CaseRecord,
    CatalogueRecord,
    CrosswalkEntry,
    DeliveryKind,
    Lease,
    LicenceEntry,
    LogHead,
    PlacedBatch,
    Recording,
    SeenCall,
    StaleCase,
    StaleLease,
    Store,
)
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import KEY_BYTES, Vault
from tests.contract.store_samples import (
    NOW,
    PEER,
    SECOND,
    US,
    JsonCodec,
    case_row,
    delivery,
    event,
    evidence,
    record,
    reply,
    seen,
    whole,
)
from trust.errors import Conflict, Internal, NotFound, Reason, TongbanError, Unauthenticated, WrongState

LEASE = timedelta(seconds=30)
Reopen = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["memory", "sqlite"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    """Opens the store; called again, closes it and opens it with what it held."""
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


async def claim(store: Store, *, after: timedelta = SECOND * 0, limit: int = 10) -> list[str]:
    """Subjects of what can be claimed."""
    return [taken.subject for taken in await store.claim(now=NOW + after, limit=limit, lease=LEASE)]


async def lease_one(store: Store) -> Lease:
    (taken,) = await store.claim(now=NOW, limit=1, lease=LEASE)
    assert taken.lease is not None
    return taken.lease


async def holds_nothing_of(store: Store, recording: Recording) -> bool:
    """Whether nothing at all of a ``whole`` recording is there."""
    assert recording.case is not None
    assert recording.reply is not None
    leaves = [leaf.data for leaf in await store.waiting_leaves(100)]
    return (
        await store.case(case_id=recording.case.case_id) is None
        and await store.reply(PEER, recording.reply.key) is None
        and not await store.deliveries(stream=recording.case.case_id)
        and not await store.evidence(recording.case.case_id)
        and recording.leaves[0] not in leaves
        and await store.bookmark("notices") != recording.case.case_id
        and await store.snapshot("catalogue") != recording.snapshots["catalogue"]
        and recording.catalogue_records[0] not in await store.catalogue_records(US, limit=100)
        and recording.crosswalk_entries[0] not in [entry for _, entry in await store.crosswalk_journal(0, 100)]
    )


# recordings


async def test_everything_of_a_recording_is_read_back_as_it_was(store: Store) -> None:
    recording = whole()
    await store.record(recording)
    assert recording.case is not None
    assert recording.reply is not None
    row = replace(recording.case, version=1)
    assert await store.case(case_id=row.case_id) == CaseRecord(row, recording.events)
    assert await store.case(number=row.number) == CaseRecord(row, recording.events)
    assert await store.reply(PEER, recording.reply.key) == recording.reply
    assert await store.evidence(row.case_id) == list(recording.evidence)
    assert [leaf.data for leaf in await store.waiting_leaves(10)] == list(recording.leaves)
    assert await store.bookmark("notices") == row.case_id
    assert await store.snapshot("catalogue") == row.case_id.encode()
    assert await store.catalogue_records(US, limit=10) == list(recording.catalogue_records)
    assert await store.crosswalk_journal(0, 10) == [(1, recording.crosswalk_entries[0])]
    (waiting,) = await store.deliveries()
    assert (waiting.kind, waiting.stream, waiting.attempts, waiting.dead) == (
        DeliveryKind.PEER_EVENT,
        row.case_id,
        0,
        False,
    )


async def test_what_was_recorded_is_there_after_closing_and_opening(reopen: Reopen) -> None:
    recording = whole()
    store = await reopen()
    await store.record(recording)
    await store.next_serial("KS")
    store = await reopen()
    assert recording.case is not None
    found = await store.case(case_id=recording.case.case_id)
    assert found is not None
    assert found.events == recording.events
    assert await store.next_serial("KS") == 2


async def test_what_was_never_recorded_is_not_found(store: Store) -> None:
    assert await store.case(case_id="no") is None
    assert await store.case(number="no") is None
    assert await store.reply(PEER, "no") is None
    assert await store.bookmark("no") == ""
    assert await store.snapshot("no") is None
    assert await store.licence("no") is None
    assert await store.evidence("no") == []
    assert await store.next_due() is None
    assert await store.leaf_index(b"no") is None
    assert await store.catalogue_records("no", limit=10) == []
    assert await store.crosswalk_journal(0, 10) == []


async def test_the_same_signed_call_is_taken_once(store: Store) -> None:
    await store.record(Recording(seen=seen("j-1")))
    again = replace(whole(), seen=seen("j-1"))
    with pytest.raises(Unauthenticated) as caught:
        await store.record(again)
    assert caught.value.reason is Reason.CALL_REPLAYED
    assert await holds_nothing_of(store, again)
    await store.record(Recording(seen=SeenCall("another member", "j-1", NOW)))


async def test_the_same_key_with_the_same_content_gives_the_first_answer(store: Store) -> None:
    first = reply("k-1", b"first answer")
    await store.record(Recording(reply=first))
    again = replace(whole(), reply=reply("k-1", b"second answer"))
    with pytest.raises(AlreadyRecorded) as caught:
        await store.record(again)
    assert caught.value.reply == first
    assert again.case is not None
    assert await store.case(case_id=again.case.case_id) is None
    await store.record(Recording(seen=again.seen))  # the refused recording left no trace of its call either


async def test_the_same_key_with_other_content_is_refused(store: Store) -> None:
    await store.record(Recording(reply=reply("k-1")))
    with pytest.raises(Conflict) as caught:
        await store.record(Recording(reply=reply("k-1", digest=b"e" * 32)))
    assert caught.value.reason is Reason.KEY_REUSED


async def test_checks_are_made_in_their_order(store: Store) -> None:
    row = case_row()
    await store.record(Recording(seen=seen("j"), reply=reply("k"), case=row))
    wrong = Recording(seen=seen("j"), reply=reply("k"), case=row, settled=(Lease("none", "none"),))
    for expected, cured in (
        (Unauthenticated, {"seen": None}),
        (AlreadyRecorded, {"reply": None}),
        (StaleCase, {"case": None}),
    ):
        with pytest.raises(expected):
            await store.record(wrong)
        wrong = replace(wrong, **cured)  # type: ignore[arg-type]
    with pytest.raises(StaleLease):
        await store.record(wrong)


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_a_case_that_somebody_else_wrote_is_stale(store: Store, version: int) -> None:
    row = case_row()
    await store.record(Recording(case=row))
    await store.record(Recording(case=replace(row, version=1, state=CaseState.ACCEPTED)))
    stale = whole(replace(row, version=version, state=CaseState.REFUSED))
    with pytest.raises(StaleCase):
        await store.record(stale)
    found = await store.case(case_id=row.case_id)
    assert found is not None
    assert (found.row.state, found.row.version, found.events) == (CaseState.ACCEPTED, 2, ())


async def test_a_case_is_not_updated_before_it_is_stored(store: Store) -> None:
    with pytest.raises(StaleCase):
        await store.record(Recording(case=case_row(version=1)))


async def test_of_two_writers_of_one_version_one_is_stale(store: Store) -> None:
    row = case_row()
    await store.record(Recording(case=row))
    tries = [store.record(Recording(case=replace(row, version=1, local_number=str(n)))) for n in range(5)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", *["StaleCase"] * 4]


async def test_a_case_number_belongs_to_one_case(store: Store) -> None:
    await store.record(Recording(case=case_row(number="KS-1")))
    second = whole(case_row(number="KS-1"))
    with pytest.raises(Conflict):
        await store.record(second)
    assert await holds_nothing_of(store, second)


async def test_an_event_is_never_written_over(store: Store) -> None:
    row = case_row()
    await store.record(Recording(case=row, events=(event(row.case_id, 1),)))
    with pytest.raises(Conflict):
        await store.record(Recording(events=(event(row.case_id, 1, reason="other"),)))
    found = await store.case(case_id=row.case_id)
    assert found is not None
    assert found.events == (event(row.case_id, 1),)


async def test_events_of_an_unknown_case_are_our_own_defect(store: Store) -> None:
    with pytest.raises(Internal):
        await store.record(Recording(events=(event("unknown", 1),), leaves=(b"leaf",)))
    assert await store.waiting_leaves(10) == []


async def test_events_are_given_by_side_in_order_of_seq(store: Store) -> None:
    row = case_row()
    mixed = [event(row.case_id, seq, side) for seq in (2, 10, 1) for side in (Side.PROCESSING, Side.ACCEPTING)]
    await store.record(Recording(case=row, events=tuple(mixed)))
    found = await store.case(case_id=row.case_id)
    assert found is not None
    order = [(recorded.event.side, recorded.event.seq) for recorded in found.events]
    assert order == [(side, seq) for side in (Side.ACCEPTING, Side.PROCESSING) for seq in (1, 2, 10)]


async def test_evidence_is_given_oldest_first_and_may_belong_to_no_known_case(store: Store) -> None:
    calls = [evidence("case-9", number) for number in (3, 1, 2)]
    for call in calls:
        await store.record(Recording(evidence=(call, evidence("", 7))))
    assert await store.evidence("case-9") == calls
    assert len(await store.evidence("")) == 3


async def test_bookmarks_and_snapshots_are_replaced(store: Store) -> None:
    await store.record(Recording(bookmarks={"a": "1", "b": "1"}, snapshots={"s": b"1"}))
    await store.record(Recording(bookmarks={"a": "2"}, snapshots={"s": b"2"}))
    assert (await store.bookmark("a"), await store.bookmark("b"), await store.snapshot("s")) == ("2", "1", b"2")


# lists


async def test_cases_are_paged_newest_first(store: Store) -> None:
    rows = [case_row(f"case-{n:02}", opened_at=NOW + SECOND * (n // 2)) for n in range(9)]
    rows = [replace(row, state=CaseState.ACCEPTED if n % 3 else CaseState.SUBMITTED) for n, row in enumerate(rows)]
    rows.append(case_row("case-over", opened_at=NOW + SECOND * 2, state=CaseState.DECIDED))
    for row in rows:
        await store.record(Recording(case=row))
    wanted = (CaseState.SUBMITTED, CaseState.ACCEPTED)
    seen_ids: list[str] = []
    while page := await store.cases(states=wanted, limit=2, before=seen_ids[-1] if seen_ids else ""):
        assert len(page) <= 2
        seen_ids += [row.case_id for row in page]
    assert seen_ids == [f"case-{n:02}" for n in reversed(range(9))]
    assert [row.case_id for row in await store.cases(states=[CaseState.DECIDED], limit=5)] == ["case-over"]


async def test_no_states_and_unknown_positions_give_no_cases(store: Store) -> None:
    await store.record(Recording(case=case_row()))
    assert await store.cases(states=[], limit=5) == []
    assert await store.cases(states=list(CaseState), limit=5, before="unknown") == []


async def test_serials_count_from_one_in_each_series(store: Store) -> None:
    assert [await store.next_serial("a"), await store.next_serial("a"), await store.next_serial("b")] == [1, 2, 1]


async def test_serials_asked_for_at_once_are_all_different(store: Store) -> None:
    numbers = await asyncio.gather(*(store.next_serial("a") for _ in range(50)))
    assert sorted(numbers) == list(range(1, 51))


async def test_licences_keep_their_place_and_change_their_status(store: Store) -> None:
    entries = [LicenceEntry(f"l-{n}", "type", "uri", n, 0) for n in range(3)]
    await store.record(Recording(licences=tuple(entries)))
    await store.record(Recording(licences=(replace(entries[1], status=1), replace(entries[2], status=2))))
    assert await store.licence("l-1") == replace(entries[1], status=1)
    assert await store.licence_statuses("uri") == {1: 1, 2: 2}
    await store.record(Recording(licences=(entries[2],)))
    assert await store.licence_statuses("uri") == {1: 1}
    assert await store.licence_statuses("other") == {}


async def test_a_revoked_licence_stays_revoked_whoever_writes_later(store: Store) -> None:
    entry = LicenceEntry("l-1", "type", "uri", 0, 0)
    await store.record(Recording(licences=(entry,)))
    await store.record(Recording(licences=(replace(entry, status=REVOKED),)))
    for status in (0, 2):
        await store.record(Recording(licences=(replace(entry, status=status),)))
    assert await store.licence_statuses("uri") == {0: REVOKED}


async def test_two_licences_never_share_a_place(store: Store) -> None:
    await store.record(Recording(licences=(LicenceEntry("l-1", "type", "uri", 7, 0),)))
    with pytest.raises(Conflict):
        await store.record(Recording(licences=(LicenceEntry("l-2", "type", "uri", 7, 0),)))


# catalogues and crosswalk


async def test_records_of_a_catalogue_come_by_code_and_version_a_page_at_a_time(store: Store) -> None:
    records = [record(code, version) for code in ("乙", "b", "a") for version in (10, 2)]
    await store.record(Recording(catalogue_records=(*records, replace(records[0], catalogue="another"))))
    expected = sorted(records, key=lambda one: (one.code, one.version))
    assert await store.catalogue_records(US, limit=10) == expected
    read: list[CatalogueRecord] = []
    while page := await store.catalogue_records(
        US, after=(read[-1].code, read[-1].version) if read else ("", 0), limit=2
    ):
        assert len(page) <= 2
        read += page
    assert read == expected


async def test_a_record_is_replaced_by_its_code_and_version(store: Store) -> None:
    kept, first = record("a"), record("b", content=b"first")
    await store.record(Recording(catalogue_records=(kept, first)))
    second = replace(first, edition=2, record=b"second")
    await store.record(Recording(catalogue_records=(second,)))
    assert await store.catalogue_records(US, limit=10) == [kept, second]


async def test_records_since_an_edition_are_those_that_later_ones_brought(store: Store) -> None:
    records = [record(f"code-{n}", edition=n % 3 + 1) for n in range(9)]
    await store.record(Recording(catalogue_records=tuple(records)))
    later = [one for one in records if one.edition > 2]
    assert await store.catalogue_records(US, since_edition=2, limit=10) == later
    assert await store.catalogue_records(US, since_edition=2, after=(later[0].code, 1), limit=1) == [later[1]]
    assert await store.catalogue_records(US, since_edition=3, limit=10) == []


async def test_a_catalogue_is_dropped_before_its_new_records_are_inserted(store: Store) -> None:
    other = replace(record("a"), catalogue="another")
    await store.record(Recording(catalogue_records=(record("a"), record("b"), other)))
    again = record("b", content=b"again")
    await store.record(Recording(dropped_catalogues=(US,), catalogue_records=(again,)))
    assert await store.catalogue_records(US, limit=10) == [again]
    assert await store.catalogue_records("another", limit=10) == [other]


async def test_the_journal_keeps_its_order_and_takes_the_same_bytes_once(store: Store) -> None:
    entries = [CrosswalkEntry(record=b"row %d" % n) for n in range(150)]  # more than one statement takes
    entries[70] = CrosswalkEntry(review="eyJ.eyJ.sig")
    await store.record(Recording(crosswalk_entries=(*entries[:100], entries[3], entries[99])))
    await store.record(Recording(crosswalk_entries=(entries[5], *entries[90:])))
    journal = await store.crosswalk_journal(0, 1000)
    assert [entry for _, entry in journal] == entries
    positions = [position for position, _ in journal]
    assert positions[0] == 1
    assert positions == sorted(set(positions))


async def test_the_journal_is_read_on_from_a_position(store: Store) -> None:
    entries = tuple(CrosswalkEntry(record=b"%d" % n) for n in range(5))
    await store.record(Recording(crosswalk_entries=entries[:3]))
    head = await store.crosswalk_journal(0, 2)
    assert [entry for _, entry in head] == list(entries[:2])
    await store.record(Recording(crosswalk_entries=entries))
    rest = await store.crosswalk_journal(head[-1][0], 10)
    assert [entry for _, entry in rest] == list(entries[2:])
    assert await store.crosswalk_journal(rest[-1][0], 10) == []


@pytest.mark.parametrize("entry", [CrosswalkEntry(), CrosswalkEntry(record=b"row", review="review")])
async def test_an_entry_that_is_no_row_and_no_review_is_refused_whole(store: Store, entry: CrosswalkEntry) -> None:
    recording = whole()
    with pytest.raises(Internal):
        await store.record(replace(recording, crosswalk_entries=(*recording.crosswalk_entries, entry)))
    assert await holds_nothing_of(store, recording)


async def test_snapshots_are_dropped_whether_or_not_they_are_there(store: Store) -> None:
    await store.record(Recording(snapshots={"a": b"1", "b": b"2"}))
    await store.record(Recording(dropped_snapshots=("a", "never taken")))
    assert (await store.snapshot("a"), await store.snapshot("b")) == (None, b"2")


# deliveries


async def test_deliveries_of_one_stream_are_made_in_order(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", "1"), delivery("s", "2"), delivery("other", "a"))))
    assert await claim(store) == ["1", "a"]
    assert await claim(store) == []  # 2 waits for 1, and 1 is leased


async def test_the_next_of_a_stream_follows_when_the_first_is_settled(store: Store) -> None:
    await store.record(Recording(deliveries=tuple(delivery("s", str(n)) for n in range(3))))
    for n in range(3):
        (taken,) = await store.claim(now=NOW, limit=10, lease=LEASE)
        assert taken.subject == str(n)
        assert taken.lease is not None
        await store.record(Recording(settled=(taken.lease,)))
    assert await store.deliveries() == []
    assert await store.next_due() is None


async def test_the_same_stream_at_another_destination_is_another_stream(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", "1"), delivery("s", "2", destination="platform"))))
    assert await claim(store) == ["1", "2"]


async def test_a_later_delivery_of_a_settled_stream_is_claimable(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", "1"),)))
    await store.record(Recording(settled=(await lease_one(store),), deliveries=(delivery("s", "2"),)))
    assert await claim(store) == ["2"]


async def test_a_delivery_that_exists_is_passed_over(store: Store) -> None:
    new = delivery("s", "1")
    await store.record(Recording(deliveries=(new, new, replace(new, delivery_id="another"))))
    await store.record(Recording(deliveries=(new, delivery("s", "1", payload=b"other"))))
    (waiting,) = await store.deliveries()
    assert (waiting.delivery_id, waiting.payload) == (new.delivery_id, b"")
    await store.record(Recording(deliveries=(delivery("s", "1", kind=DeliveryKind.PLATFORM_MESSAGE),)))
    assert len(await store.deliveries()) == 2


async def test_a_delivery_id_is_never_used_for_two_deliveries(store: Store) -> None:
    new = delivery("s", "1")
    await store.record(Recording(deliveries=(new,)))
    with pytest.raises(Conflict):
        await store.record(Recording(deliveries=(replace(new, subject="2"),)))


async def test_payloads_come_back(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", payload="张三".encode()),)))
    (taken,) = await store.claim(now=NOW, limit=1, lease=LEASE)
    assert taken.payload.decode() == "张三"
    assert (await store.deliveries())[0].payload == taken.payload


async def test_a_delivery_is_not_claimed_before_its_time(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", run_at=NOW + 5 * SECOND),)))
    assert await store.next_due() == NOW + 5 * SECOND
    assert await claim(store, after=4 * SECOND) == []
    assert await claim(store, after=5 * SECOND) == ["1"]


async def test_claims_are_limited_and_oldest_due_come_first(store: Store) -> None:
    waiting = tuple(delivery(f"s-{n}", str(n), run_at=NOW - n * SECOND) for n in range(4))
    await store.record(Recording(deliveries=waiting))
    assert await claim(store, limit=3) == ["3", "2", "1"]


async def test_a_lease_that_ran_out_is_somebody_elses(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s"),)))
    first = await lease_one(store)
    assert await store.next_due() == NOW + LEASE
    assert await claim(store, after=LEASE - SECOND) == []
    (again,) = await store.claim(now=NOW + LEASE, limit=1, lease=LEASE)
    assert again.attempts == 0
    with pytest.raises(StaleLease):
        await store.record(Recording(settled=(first,), bookmarks={"b": "written"}))
    assert await store.bookmark("b") == ""
    with pytest.raises(StaleLease):
        await store.postpone(first, run_at=NOW, error="late", dead=False)
    assert again.lease is not None
    await store.record(Recording(settled=(again.lease,)))


async def test_a_lease_that_ran_out_still_settles_when_nobody_else_claimed(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s"),)))
    await store.record(Recording(settled=(await lease_one(store),)))
    assert await store.deliveries() == []


async def test_a_delivery_is_settled_once_and_only_under_its_lease(store: Store) -> None:
    new = delivery("s")
    await store.record(Recording(deliveries=(new,)))
    for token in ("", "guess"):
        with pytest.raises(StaleLease):
            await store.record(Recording(settled=(Lease(new.delivery_id, token),)))
        with pytest.raises(StaleLease):
            await store.postpone(Lease(new.delivery_id, token), run_at=NOW, error="", dead=True)
    lease = await lease_one(store)
    with pytest.raises(StaleLease):
        await store.record(Recording(settled=(lease, lease)))
    await store.record(Recording(settled=(lease,)))
    with pytest.raises(StaleLease):
        await store.record(Recording(settled=(lease,)))


async def test_a_failed_attempt_is_counted_and_waits(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", "1"), delivery("s", "2"))))
    await store.postpone(await lease_one(store), run_at=NOW + 10 * SECOND, error="no route", dead=False)
    first, _ = await store.deliveries()
    assert (first.attempts, first.run_at, first.last_error, first.dead) == (1, NOW + 10 * SECOND, "no route", False)
    assert await store.next_due() == NOW + 10 * SECOND
    assert await claim(store, after=9 * SECOND) == []
    assert await claim(store, after=10 * SECOND) == ["1"]


async def test_a_dead_letter_holds_back_those_behind_it(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", "1"), delivery("s", "2"), delivery("t", "3"))))
    await store.postpone(await lease_one(store), run_at=NOW, error="refused", dead=True)
    assert await claim(store) == ["3"]
    assert [one.subject for one in await store.deliveries(dead_only=True)] == ["1"]


async def test_a_dead_letter_is_tried_again_when_requeued(store: Store) -> None:
    new = delivery("s", "1")
    await store.record(Recording(deliveries=(new,)))
    await store.postpone(await lease_one(store), run_at=NOW + 99 * SECOND, error="refused", dead=True)
    assert await store.next_due() is None
    await store.requeue(new.delivery_id, now=NOW)
    assert await store.next_due() == NOW
    (taken,) = await store.claim(now=NOW, limit=1, lease=LEASE)
    assert (taken.subject, taken.attempts, taken.dead) == ("1", 0, False)


async def test_a_requeued_delivery_that_is_being_made_keeps_its_lease(store: Store) -> None:
    new = delivery("s", "1")
    await store.record(Recording(deliveries=(new,)))
    lease = await lease_one(store)
    await store.requeue(new.delivery_id, now=NOW)
    assert await claim(store) == []
    await store.record(Recording(settled=(lease,)))


async def test_requeueing_what_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        await store.requeue("unknown", now=NOW)
    assert caught.value.reason is Reason.DELIVERY_UNKNOWN


async def test_a_delivery_may_be_born_dead(store: Store) -> None:
    await store.record(Recording(deliveries=(delivery("s", dead_because="unreadable"), delivery("s", "2"))))
    assert await claim(store) == []
    (dead,) = await store.deliveries(dead_only=True)
    assert (dead.last_error, dead.attempts) == ("unreadable", 0)


async def test_deliveries_are_listed_oldest_first_by_stream_and_limit(store: Store) -> None:
    await store.record(Recording(deliveries=tuple(delivery("ab"[n % 2], str(n)) for n in range(6))))
    assert [one.subject for one in await store.deliveries()] == list("012345")
    assert [one.subject for one in await store.deliveries(stream="b")] == list("135")
    assert [one.subject for one in await store.deliveries(limit=2)] == list("01")


async def test_leases_of_a_process_that_is_gone_are_cleared(reopen: Reopen) -> None:
    store = await reopen()
    await store.boot(NOW)
    await store.record(Recording(deliveries=(delivery("s", run_at=NOW),)))
    lease = await lease_one(store)
    store = await reopen()
    await store.boot(NOW)
    assert await store.next_due() == NOW
    assert await claim(store) == ["1"]
    with pytest.raises(StaleLease):
        await store.record(Recording(settled=(lease,)))


# audit log


def step(head: LogHead, leaf_ids: list[int], nodes: tuple[tuple[int, int, bytes], ...] = ()) -> PlacedBatch:
    """A sequencer step with made-up hashes."""
    leaves = tuple((leaf_id, b"hash %d" % leaf_id) for leaf_id in leaf_ids)
    return PlacedBatch(head.epoch, head.size, leaves, nodes, ((1, b"\x01" * 32), (0, b"\x02" * 32)), "checkpoint\n")


async def test_leaves_wait_in_order_until_they_are_placed(store: Store) -> None:
    await store.record(Recording(leaves=(b"a", b"b")))
    await store.record(Recording(leaves=(b"c",)))
    assert await store.log_head() == LogHead(0, 0, (), "")
    waiting = await store.waiting_leaves(10)
    assert [leaf.data for leaf in waiting] == [b"a", b"b", b"c"]
    assert await store.waiting_leaves(2) == waiting[:2]
    head = await store.take_log()
    batch = step(head, [leaf.leaf_id for leaf in waiting[:2]], ((0, 0, b"n00"), (0, 1, b"n01"), (1, 0, b"n10")))
    await store.place(batch)
    assert await store.waiting_leaves(10) == waiting[2:]
    assert await store.log_head() == LogHead(head.epoch, 2, batch.frontier, "checkpoint\n")
    assert await store.leaves(0, 10) == [b"a", b"b"]
    assert await store.leaves(1, 1) == [b"b"]
    assert await store.leaf_index(b"hash %d" % waiting[1].leaf_id) == 1
    assert await store.nodes([(1, 0), (0, 1), (2, 0)]) == {(1, 0): b"n10", (0, 1): b"n01"}


async def test_the_first_of_two_equal_leaves_is_found(store: Store) -> None:
    await store.record(Recording(leaves=(b"same", b"same")))
    first, second = await store.waiting_leaves(2)
    head = await store.take_log()
    await store.place(replace(step(head, []), leaves=((first.leaf_id, b"h"), (second.leaf_id, b"h"))))
    assert await store.leaf_index(b"h") == 0


async def test_an_earlier_sequencer_is_fenced_off(store: Store) -> None:
    await store.record(Recording(leaves=(b"a",)))
    (leaf,) = await store.waiting_leaves(1)
    old = await store.take_log()
    new = await store.take_log()
    assert new.epoch > old.epoch
    with pytest.raises(WrongState) as caught:
        await store.place(step(old, [leaf.leaf_id]))
    assert caught.value.reason is Reason.LOG_INCONSISTENT
    assert (await store.log_head(), await store.waiting_leaves(1)) == (new, [leaf])
    await store.place(step(new, [leaf.leaf_id]))


@pytest.mark.parametrize("wrong", ["not at the end", "placed already", "unknown leaf", "leaf twice"])
async def test_a_step_that_does_not_continue_the_log_is_refused_whole(store: Store, wrong: str) -> None:
    await store.record(Recording(leaves=(b"a", b"b")))
    first, second = await store.waiting_leaves(2)
    await store.place(step(await store.take_log(), [first.leaf_id], ((0, 0, b"n"),)))
    head = await store.log_head()
    batch = {
        "not at the end": step(replace(head, size=5), [second.leaf_id]),
        "placed already": step(head, [second.leaf_id, first.leaf_id]),
        "unknown leaf": step(head, [second.leaf_id, 999]),
        "leaf twice": step(head, [second.leaf_id, second.leaf_id]),
    }[wrong]
    with pytest.raises(WrongState) as caught:
        await store.place(batch)
    assert caught.value.reason is Reason.LOG_INCONSISTENT
    assert (await store.log_head(), await store.waiting_leaves(5)) == (head, [second])


async def test_a_node_of_the_tree_never_changes(store: Store) -> None:
    head = await store.take_log()
    await store.place(step(head, [], ((0, 0, b"n"),)))
    with pytest.raises(TongbanError):
        await store.place(step(head, [], ((0, 0, b"other"),)))
    assert await store.nodes([(0, 0)]) == {(0, 0): b"n"}


# life of the process


async def test_a_stop_that_was_not_clean_is_known_at_the_next_start(reopen: Reopen) -> None:
    store = await reopen()
    assert await store.boot(NOW) is False
    assert await store.boot(NOW) is True
    store = await reopen()
    assert await store.boot(NOW) is False


async def test_a_start_that_failed_does_not_pass_for_a_clean_stop(reopen: Reopen) -> None:
    store = await reopen()
    await store.boot(NOW)
    await store.close(clean=False)
    store = await reopen()
    assert await store.boot(NOW) is True


async def test_seen_calls_are_forgotten_when_their_time_is_over(store: Store) -> None:
    for number, until in enumerate((NOW - SECOND, NOW, NOW + SECOND)):
        await store.record(Recording(seen=SeenCall(PEER, str(number), until)))
    assert await store.prune(NOW) == 1
    assert await store.prune(NOW) == 0
    await store.record(Recording(seen=SeenCall(PEER, "0", NOW)))
    with pytest.raises(Unauthenticated):
        await store.record(Recording(seen=SeenCall(PEER, "1", NOW)))


async def test_closing_twice_is_closing_once(store: Store) -> None:
    await store.close()
    await store.close()
