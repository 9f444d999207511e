"""Proposing rows from a file that comes in parts: nothing is taken in part, whatever happens to the parts."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tongban.crosswalk.v1 import crosswalk_service_pb2 as messages

from gateway.domain.crosswalk import record_of
from gateway.domain.crosswalk_csv import write_csv
from gateway.domain.sssom import write_sssom
from gateway.exchange import crosswalks
from gateway.exchange.sentence import exchange
from gateway.ports import CrosswalkEntry
from gateway.wire import routes
from tests.gateway.exchange.test_crosswalks import BOTH_SIGNED, journal, know, proposed
from tests.gateway.exchange.test_idempotency import Failing
from tests.gateway.exchange.world import Answer, City, Federation, Signatory
from trust.leaf import LeafKind

ROWS = tuple(proposed(f"S-{number:02}", id=f"行-{number:02}") for number in range(12))
FILE = write_csv(ROWS).encode()
ENTRIES = [CrosswalkEntry(record_of(row)) for row in ROWS]


def cut(content: bytes, *places: int) -> list[bytes]:
    """Cut a file into parts, in the middle of characters too."""
    return [content[a:b] for a, b in itertools.pairwise((0, *places, len(content)))]


def part(parts: Sequence[bytes], number: int, **changes: Any) -> messages.ImportCrosswalkRequest:
    fields: dict[str, Any] = {
        "idempotency_key": f"import-{number:04}",
        "upload": "u1",
        "part": number,
        "parts": len(parts),
        "content": parts[number - 1],
        "format": messages.FILE_FORMAT_CSV,
        **changes,
    }
    return messages.ImportCrosswalkRequest(**fields)


async def put(
    federation: Federation, city: City, request: messages.ImportCrosswalkRequest, who: Signatory | None = None
) -> Answer:
    return await federation.call(who or city.platform, city, routes.IMPORT_CROSSWALK, request)


def imported(answer: Answer) -> messages.ImportCrosswalkResponse:
    return messages.ImportCrosswalkResponse.FromString(answer.body)


async def waiting(city: City, member: str = "430600.platform") -> list[int]:
    """Numbers of the parts that wait."""
    return [number for number in range(1, 33) if await city.store.snapshot(f"upload:{member}:{number}") is not None]


@pytest.fixture
def empty(federation: Federation) -> Federation:
    """A federation whose crosswalk is empty."""
    know(federation)
    return federation


PARTS = cut(FILE, 100, FILE.index("行-05".encode()) + 1, FILE.index("行-09".encode()) + 2)
"""Two of them begin in the middle of a character."""


async def test_a_file_in_one_part_is_proposed_at_once(empty: Federation) -> None:
    answer = imported(await put(empty, empty.yueyang, part([FILE], 1)))
    assert (answer.complete, answer.added, answer.changed, answer.unchanged) == (True, 12, 0, 0)
    assert [change.row for change in answer.changes] == [row.id for row in ROWS]
    assert [change.hash for change in answer.changes] == [row.hash for row in ROWS]
    assert await journal(empty.yueyang) == ENTRIES
    (leaf,) = await empty.yueyang.leaves()
    assert (leaf.kind, leaf.member, leaf.subject) == (LeafKind.ADMIN, "430600.platform", "crosswalk.import:12")


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3, 4)))[::5])
async def test_the_last_part_that_was_missing_completes_the_file(empty: Federation, order: tuple[int, ...]) -> None:
    city = empty.yueyang
    for number in order[:-1]:
        answer = imported(await put(empty, city, part(PARTS, number)))
        assert answer == messages.ImportCrosswalkResponse()
        assert await journal(city) == await city.leaves() == []
    assert await waiting(city) == sorted(order[:-1])
    answer = imported(await put(empty, city, part(PARTS, order[-1])))
    assert (answer.complete, answer.added) == (True, 12)
    assert await journal(city) == ENTRIES
    assert await waiting(city) == []


async def test_a_part_that_comes_twice_is_one_part(empty: Federation) -> None:
    city = empty.yueyang
    for number in (1, 2, 2, 1, 3, 1):
        assert not imported(await put(empty, city, part(PARTS, number))).complete
    again = part(PARTS, 2, idempotency_key="import-again")
    assert not imported(await put(empty, city, again)).complete
    first = await put(empty, city, part(PARTS, 4))
    assert imported(first).complete
    assert (await put(empty, city, part(PARTS, 4))).body == first.body
    assert await journal(city) == ENTRIES
    assert len(await city.leaves()) == 1


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_lost_answer_to_the_last_part_proposes_once(empty: Federation, fault: str) -> None:
    store = Failing(empty.yueyang.store)
    city = empty.yueyang.on(store)
    for number in (1, 2, 3):
        await put(empty, city, part(PARTS, number))
    store.fails.append(fault)
    assert (await put(empty, city, part(PARTS, 4))).error.reason == "STORE_UNAVAILABLE"
    assert await waiting(empty.yueyang) == ([1, 2, 3] if fault == "before" else [])
    assert imported(await put(empty, city, part(PARTS, 4))).added == 12
    assert await journal(empty.yueyang) == ENTRIES


async def test_another_upload_ends_the_one_before(empty: Federation) -> None:
    city = empty.yueyang
    other = cut(write_csv(ROWS[:1]).encode(), 30, 60, 90)
    for number in (1, 2, 3):
        await put(empty, city, part(PARTS, number))
    for number in (1, 2):
        request = part(other, number, upload="u2", idempotency_key=f"other-{number:04}")
        assert not imported(await put(empty, city, request)).complete
    assert not imported(await put(empty, city, part(PARTS, 4))).complete
    assert await journal(city) == []
    for number in (3, 4):
        request = part(other, number, upload="u2", idempotency_key=f"other-{number:04}")
        done = imported(await put(empty, city, request))
    assert (done.complete, done.added) == (True, 1)
    assert await waiting(city) == []


@pytest.mark.parametrize(
    "changes", [{"upload": "u2"}, {"format": messages.FILE_FORMAT_SSSOM}, {"dry_run": True}], ids=str
)
async def test_parts_of_two_files_are_never_put_together(empty: Federation, changes: dict[str, Any]) -> None:
    city = empty.yueyang
    parts = cut(FILE, 100)
    await put(empty, city, part(parts, 1, **changes))
    assert not imported(await put(empty, city, part(parts, 2))).complete
    assert imported(await put(empty, city, part(parts, 1, idempotency_key="import-again"))).added == 12


async def test_members_have_their_uploads_to_themselves(empty: Federation) -> None:
    city = empty.yueyang
    other = Signatory("430600.gateway", city.gateway.signer)
    gateway, platform = (empty.directory.member(f"430600.{role}") for role in ("gateway", "platform"))
    empty.publish(type(gateway)(**{**_fields(gateway), "rights": platform.rights}))
    theirs = cut(write_csv(ROWS[6:]).encode(), 99)
    ours = cut(write_csv(ROWS[:8]).encode(), 101)
    await put(empty, city, part(ours, 1))
    await put(empty, city, part(theirs, 1), other)
    done = await asyncio.gather(put(empty, city, part(ours, 2)), put(empty, city, part(theirs, 2), other))
    assert [imported(answer).complete for answer in done] == [True, True]
    assert sorted(entry.record for entry in await journal(city)) == sorted(entry.record for entry in ENTRIES)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


async def test_parts_that_arrive_at_once_wait_for_one_that_is_sent_again(empty: Federation) -> None:
    city = empty.yueyang
    answers = await asyncio.gather(*(put(empty, city, part(PARTS, number)) for number in (1, 2, 3, 4)))
    if not any(imported(answer).complete for answer in answers):
        again = part(PARTS, 2, idempotency_key="import-again")
        assert imported(await put(empty, city, again)).complete
    assert await journal(city) == ENTRIES


async def test_a_file_of_the_standard_form_is_read_too(empty: Federation) -> None:
    parts = cut(write_sssom(ROWS).encode(), 500)
    for number in (2, 1):
        request = part(parts, number, format=messages.FILE_FORMAT_SSSOM)
        answer = imported(await put(empty, empty.yueyang, request))
    assert (answer.complete, answer.added) == (True, 12)
    assert await journal(empty.yueyang) == ENTRIES
    other = part(
        [FILE[:200] + "行".encode("gb18030")], 1, format=messages.FILE_FORMAT_SSSOM, idempotency_key="other-0001"
    )
    assert "row 2: it is not UTF-8" in (await put(empty, empty.yueyang, other)).error.details["faults"]


async def test_a_dry_run_tells_and_leaves_nothing(empty: Federation) -> None:
    city = empty.yueyang
    for number in (1, 2, 3):
        await put(empty, city, part(PARTS, number, dry_run=True))
    answer = imported(await put(empty, city, part(PARTS, 4, dry_run=True)))
    assert (answer.complete, answer.added, len(answer.changes)) == (True, 12, 12)
    assert await journal(city) == await city.leaves() == await waiting(city) == []


async def test_what_differs_is_told_by_column(federation: Federation) -> None:
    city = federation.yueyang
    before = proposed("S-1", id="moved", standing=BOTH_SIGNED)
    know(federation, before, ROWS[0])
    after = proposed("S-1", "T-2", id="moved", version=2)
    answer = imported(await put(federation, city, part([write_csv((after, ROWS[0], ROWS[1])).encode()], 1)))
    assert (answer.added, answer.changed, answer.unchanged) == (1, 1, 1)
    moved, new = answer.changes
    assert (moved.row, moved.version, moved.hash, new.row, len(new.columns)) == ("moved", 2, after.hash, "行-01", 0)
    assert {column.column: (column.before, column.after) for column in moved.columns} == {
        "version": ("1", "2"),
        "target_code": ("T-1", "T-2"),
        "target_name": ("事项T-1", "事项T-2"),
    }


async def test_the_catalogues_remark_and_do_not_refuse(empty: Federation) -> None:
    rows = (proposed("S-1"), proposed("S-GONE", "T-GONE"))
    answer = imported(await put(empty, empty.yueyang, part([write_csv(rows).encode()], 1)))
    assert answer.added == 2
    assert [remark.partition(":")[0] for remark in answer.remarks] == ["row-S-GONE", "row-S-GONE"]


async def test_a_withdrawn_row_and_a_region_without_catalogue_are_told(federation: Federation) -> None:
    gone = proposed(
        "S-1", id="gone", standing=replace(BOTH_SIGNED, withdrawals=(("421000.gateway", date(2026, 3, 1)),))
    )
    know(federation, gone, proposed("S-2", id="other", standing=BOTH_SIGNED))
    rows = (proposed("S-1", id="gone"), proposed("S-2", id="other"), proposed("S-3", source_catalogue="110000"))
    answer = imported(await put(federation, federation.yueyang, part([write_csv(rows).encode()], 1)))
    assert (answer.unchanged, answer.added) == (2, 1)
    first, second, *_ = answer.remarks
    assert first.startswith("no catalogue of region 110000 is here")
    assert second.startswith("gone: version 1 was withdrawn by 421000.gateway, for good")
    assert not any("other: version" in remark for remark in answer.remarks)


async def test_rows_that_no_other_gateway_takes_from_here_are_told(federation: Federation) -> None:
    said = "rows from 110000 to 421000: no other gateway takes them from this one"
    for rows, told in ((ROWS[:1], False), ((ROWS[0], proposed("S-3", source_catalogue="110000")), True)):
        request = part([write_csv(rows).encode()], 1, dry_run=True, idempotency_key=f"import-{told}")
        answer = imported(await put(federation, federation.yueyang, request))
        assert any(remark.startswith(said) for remark in answer.remarks) == told


async def test_changes_and_remarks_are_bounded(empty: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosswalks, "MAX_TOLD", 5)
    answer = imported(await put(empty, empty.yueyang, part([FILE], 1)))
    assert (answer.added, len(answer.changes), len(answer.remarks)) == (12, 5, 5)
    assert await journal(empty.yueyang) == ENTRIES


# Faults


async def test_a_file_with_faults_is_refused_as_a_whole(empty: Federation) -> None:
    city = empty.yueyang
    spoiled = FILE.replace(b"equivalent", b"same", 2).replace(b"2026-12-31", b"31.12.2026", 1)
    parts = cut(spoiled, 100)
    await put(empty, city, part(parts, 1))
    error = (await put(empty, city, part(parts, 2))).error
    assert error.reason == "FIELD_INVALID"
    assert error.details["faults"].startswith("3 fault(s): ")
    for fault in ("row 2, valid_until: ", "row 2, relationship: ", "row 3, relationship: "):
        assert fault in error.details["faults"]
    assert await journal(city) == []
    (leaf,) = await city.leaves()
    assert leaf.kind is LeafKind.CALL_REFUSED
    # The corrected file is another upload.
    assert imported(await put(empty, city, part([FILE], 1, upload="u2", idempotency_key="import-again"))).added == 12
    assert await waiting(city) == []


async def test_a_refusal_goes_into_the_headers_of_an_answer(empty: Federation) -> None:
    """Of the faults of any file as many are named as fit: a transport gives up on headers over 8 KiB."""
    city = empty.yueyang
    rows = tuple(proposed(f"S-{number}", id=f"行-{number}" + "长" * 50) for number in range(500))
    spoiled = write_csv(rows).replace("equivalent", "等同" * 300).encode()
    answer = await put(empty, city, part([spoiled], 1))
    assert answer.error.reason == "FIELD_INVALID"
    in_base64 = (len(answer.reply.body) + 2) // 3 * 4
    assert in_base64 + len(answer.reply.signature) + 500 < 8 * 1024
    assert "500 fault" in answer.error.failed
    assert "row 2, relationship" in answer.error.details["faults"]
    assert "more" in answer.error.details["faults"]


async def test_a_file_as_a_chinese_spreadsheet_saves_it_is_read(empty: Federation) -> None:
    content = write_csv(ROWS).removeprefix("\ufeff").encode("gb18030")
    assert imported(await put(empty, empty.yueyang, part([content], 1))).added == 12
    assert await journal(empty.yueyang) == ENTRIES


async def test_a_row_that_no_peer_would_read_is_refused(empty: Federation) -> None:
    """A peer that follows the journal reads records of 16 KiB, and one longer would stop it for good."""
    row = proposed("S-1", justification="长" * 6_000)
    error = (await put(empty, empty.yueyang, part([write_csv((row,)).encode()], 1))).error
    assert error.reason == "FIELD_INVALID"
    assert "row 2, justification" in error.details["faults"]
    assert await journal(empty.yueyang) == []


async def test_what_contradicts_what_is_there_is_refused_and_named(federation: Federation) -> None:
    know(federation, proposed("S-1", id="old", standing=BOTH_SIGNED))
    new = (proposed("S-1", "T-MORE", id="new"), proposed("S-1", id="old", justification="另一种说法"))
    error = (await put(federation, federation.yueyang, part([write_csv(new).encode()], 1))).error
    assert error.reason == "FIELD_INVALID"
    assert "'new'" in error.details["faults"]
    assert "'old', version 1" in error.details["faults"]
    assert await journal(federation.yueyang) == []


async def test_the_message_stays_within_its_bytes(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [proposed(f"S-{number}", id=f"r{number}") for number in range(9)]
    know(federation, *before)
    after = [proposed(f"S-{number}", id=f"r{number}", version=2) for number in range(9)]
    monkeypatch.setattr(crosswalks, "PIECE_BYTES", len("version12") * 4)
    answer = imported(await put(federation, federation.yueyang, part([write_csv(after).encode()], 1)))
    assert (answer.changed, len(answer.changes)) == (9, 4)


# At the same time


async def test_a_large_file_does_not_stop_others_from_being_answered(empty: Federation) -> None:
    city = empty.yueyang
    rows = tuple(proposed(f"S-{number}", id=f"行-{number}") for number in range(3_000))
    call = empty.signed(city.platform, city, routes.IMPORT_CROSSWALK, part([write_csv(rows).encode()], 1))
    importing = asyncio.ensure_future(exchange(city.house, call))
    await asyncio.sleep(0)
    answered = 0
    while not importing.done():
        await empty.call(city.platform, city, routes.LIST_CHANGES, messages.ListChangesRequest())
        answered += 1
        await asyncio.sleep(0)
    assert (await importing).status == 0
    assert answered > 1
    assert len(await journal(city)) == 3_000


async def test_what_was_proposed_a_moment_ago_is_passed_over_in_the_journal(empty: Federation) -> None:
    """The crosswalk that translation goes by is not folded anew yet."""
    city = empty.yueyang
    await put(empty, city, part([write_csv(ROWS[:6]).encode()], 1))
    answer = imported(await put(empty, city, part([FILE], 1, upload="u2", idempotency_key="import-again")))
    assert answer.added == 12
    assert await journal(city) == ENTRIES


async def test_any_cut_of_a_file_is_the_file(empty: Federation) -> None:
    city, chance = empty.yueyang, random.Random(7)  # noqa: S311 - the same in every run
    for number in range(6):
        content = write_csv(ROWS[: number + 1]).encode()
        parts = cut(content, *sorted(chance.sample(range(len(content)), 3)))
        order = chance.sample(range(1, 5), 4)
        answers = [
            imported(await put(empty, city, part(parts, k, upload=f"u{number}", idempotency_key=f"i{number}-{k:05}")))
            for k in order
        ]
        assert [answer.complete for answer in answers] == [False, False, False, True]
        assert answers[-1].added == number + 1
