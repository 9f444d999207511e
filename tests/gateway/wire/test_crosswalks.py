"""CrosswalkService on the wire: every bound of the .proto file, and a peer's journal read with suspicion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from tongban.crosswalk.v1 import crosswalk_service_pb2 as service
from tongban.crosswalk.v1 import row_pb2

from gateway.domain import commands
from gateway.domain.commands import FileFormat
from gateway.domain.crosswalk import CrosswalkRow
from gateway.domain.crosswalk_cells import MAX_RECORD_BYTES
from gateway.ports import CrosswalkEntry
from gateway.wire import crosswalks
from gateway.wire.crosswalks import read_changes
from tests.gateway.exchange.world import row
from trust.errors import Malformed, Reason
from trust.review import MAX_REVIEW_CHARACTERS, Verdict

SECRET = "机密"
DIGEST = bytes(range(32))
MIB = 1024 * 1024


def of_import(**changes: Any) -> service.ImportCrosswalkRequest:
    fields: dict[str, Any] = {
        "idempotency_key": "key-00000001",
        "upload": "u1",
        "part": 2,
        "parts": 3,
        "content": b"id,",
        "format": service.FILE_FORMAT_SSSOM,
        "dry_run": True,
        **changes,
    }
    return service.ImportCrosswalkRequest(**fields)


def of_export(**changes: Any) -> service.ExportCrosswalkRequest:
    fields: dict[str, Any] = {"format": service.FILE_FORMAT_CSV, "page": "p", **changes}
    return service.ExportCrosswalkRequest(**fields)


def of_rows(**changes: Any) -> service.ListRowsRequest:
    fields: dict[str, Any] = {"one_region": "430600", "other_region": "421000", "code": "S-1", "limit": 500, **changes}
    return service.ListRowsRequest(**fields)


def of_review(**changes: Any) -> service.ReviewRowsRequest:
    fields: dict[str, Any] = {
        "idempotency_key": "key-00000001",
        "rows": [DIGEST],
        "verdict": service.VERDICT_WITHDRAW,
        "reason": "事项已取消",
        **changes,
    }
    return service.ReviewRowsRequest(**fields)


def test_requests_are_read() -> None:
    assert crosswalks.read_import(of_import().SerializeToString()) == commands.ImportCrosswalk(
        "key-00000001", "u1", 2, 3, b"id,", FileFormat.SSSOM, dry_run=True
    )
    assert crosswalks.read_export(of_export().SerializeToString()) == commands.ExportCrosswalk(
        FileFormat.CSV, "p", None
    )
    assert crosswalks.read_list_rows(of_rows(awaiting_us=True).SerializeToString()) == commands.ListRows(
        ("430600", "421000"), "S-1", awaiting_us=True, limit=500, page=""
    )
    assert crosswalks.read_review(of_review().SerializeToString()) == commands.ReviewRows(
        "key-00000001", (DIGEST,), Verdict.WITHDRAW, "事项已取消"
    )
    assert crosswalks.read_list_changes(service.ListChangesRequest(after=7).SerializeToString()) == (
        commands.ListChanges(7)
    )


AT_THE_BOUND: list[tuple[Callable[[bytes], object], Message]] = [
    (crosswalks.read_import, of_import(content=bytes(3 * MIB), part=32, parts=32, upload="u" * 64)),
    (crosswalks.read_import, of_import(content=b"", part=1, parts=1)),
    (crosswalks.read_export, of_export(page="p" * 200, one_region="000000", other_region="421000")),
    (crosswalks.read_list_rows, of_rows(one_region="", other_region="", code="码" * 64, limit=1)),
    (crosswalks.read_review, of_review(rows=[n.to_bytes(32, "big") for n in range(5_000)], reason="理" * 200)),
    (crosswalks.read_review, of_review(verdict=service.VERDICT_APPROVE, reason="")),
    (crosswalks.read_list_changes, service.ListChangesRequest(after=2**62)),
]


@pytest.mark.parametrize(("read", "message"), AT_THE_BOUND)
def test_what_lies_at_a_bound_is_taken(read: Callable[[bytes], object], message: Message) -> None:
    assert read(message.SerializeToString())


BEYOND: list[tuple[Callable[[bytes], object], Message, str]] = [
    (crosswalks.read_import, of_import(idempotency_key="key"), "idempotency_key"),
    (crosswalks.read_import, of_import(upload=""), "upload"),
    (crosswalks.read_import, of_import(upload=SECRET + "u" * 63), "upload"),
    (crosswalks.read_import, of_import(upload=SECRET + "\x07"), "upload"),
    (crosswalks.read_import, of_import(part=0), "part"),
    (crosswalks.read_import, of_import(part=4), "part"),
    (crosswalks.read_import, of_import(parts=0), "parts"),
    (crosswalks.read_import, of_import(parts=33), "parts"),
    (crosswalks.read_import, of_import(content=bytes(3 * MIB + 1)), "content"),
    (crosswalks.read_import, of_import(format=0), "format"),
    (crosswalks.read_import, of_import(format=3), "format"),
    (crosswalks.read_export, of_export(format=0), "format"),
    (crosswalks.read_export, of_export(page="p" * 201), "page"),
    (crosswalks.read_export, of_export(one_region="430600"), "other_region"),
    (crosswalks.read_export, of_export(other_region="430600"), "one_region"),
    (crosswalks.read_export, of_export(one_region="430600", other_region=SECRET), "other_region"),
    (crosswalks.read_list_rows, of_rows(one_region=SECRET), "one_region"),
    (crosswalks.read_list_rows, of_rows(code=SECRET + "S" * 63), "code"),
    (crosswalks.read_list_rows, of_rows(limit=0), "limit"),
    (crosswalks.read_list_rows, of_rows(limit=501), "limit"),
    (crosswalks.read_list_rows, of_rows(page=SECRET + "\x9b"), "page"),
    (crosswalks.read_review, of_review(idempotency_key=""), "idempotency_key"),
    (crosswalks.read_review, of_review(rows=[]), "rows"),
    (crosswalks.read_review, of_review(rows=[n.to_bytes(32, "big") for n in range(5_001)]), "rows"),
    (crosswalks.read_review, of_review(rows=[DIGEST, DIGEST]), "rows"),
    (crosswalks.read_review, of_review(rows=[DIGEST, DIGEST[1:]]), "rows[1]"),
    (crosswalks.read_review, of_review(verdict=0), "verdict"),
    (crosswalks.read_review, of_review(verdict=3), "verdict"),
    (crosswalks.read_review, of_review(reason=""), "reason"),
    (crosswalks.read_review, of_review(reason=SECRET + "理" * 199), "reason"),
    (crosswalks.read_review, of_review(reason=SECRET + "\x1b"), "reason"),
    (crosswalks.read_list_changes, service.ListChangesRequest(after=2**62 + 1), "after"),
]


@pytest.mark.parametrize(("read", "message", "field"), BEYOND)
def test_what_lies_beyond_a_bound_is_refused(read: Callable[[bytes], object], message: Message, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(message.SerializeToString())
    assert (refused.value.reason, refused.value.details["field"]) == (Reason.FIELD_INVALID, field)
    assert SECRET not in str(refused.value)


# Answers


def test_what_an_import_changed_is_told_by_column() -> None:
    changed: CrosswalkRow = row("S-1", "T-1", version=2)
    told = commands.Imported(
        True, 1, 2, 3, (commands.RowChange(changed, (("version", "1", "2"), ("source_name", "前", "后"))),), ("注意",)
    )
    assert service.ImportCrosswalkResponse.FromString(crosswalks.write_imported(told)) == (
        service.ImportCrosswalkResponse(
            complete=True,
            added=1,
            changed=2,
            unchanged=3,
            changes=[
                service.RowChange(
                    row="row-S-1",
                    version=2,
                    hash=changed.hash,
                    columns=[
                        service.ColumnChange(column="version", before="1", after="2"),
                        service.ColumnChange(column="source_name", before="前", after="后"),
                    ],
                )
            ],
            remarks=["注意"],
        )
    )


def test_a_row_that_nobody_withdrew_says_no_day() -> None:
    written = crosswalks.write_row(row("S-1", "T-1", valid_from=date(2026, 2, 1)))
    assert (written.withdrawn_on, list(written.approved_by)) == ("", ["421000.gateway", "430600.gateway"])


# A peer's journal


def change(position: int, **entry: Any) -> row_pb2.Change:
    return row_pb2.Change(position=position, **(entry or {"record": b"{}"}))


def response(*entries: row_pb2.Change) -> bytes:
    return service.ListChangesResponse(changes=entries).SerializeToString()


records = st.builds(CrosswalkEntry, record=st.binary(min_size=1, max_size=20))
reviews = st.builds(CrosswalkEntry, review=st.text("AZaz09_.-", min_size=1, max_size=20))


@given(st.dictionaries(st.integers(1, 2**62), records | reviews, max_size=5))
def test_a_journal_is_read_as_it_was_written(kept: dict[int, CrosswalkEntry]) -> None:
    entries = sorted(kept.items())
    piece = commands.JournalPiece(tuple((position, entry.record, entry.review) for position, entry in entries))
    assert read_changes(crosswalks.write_journal_piece(piece)) == entries


def test_a_piece_at_its_bounds_is_read() -> None:
    longest = [change(1, record=bytes(MAX_RECORD_BYTES)), change(2, review="r" * MAX_REVIEW_CHARACTERS)]
    assert len(read_changes(response(*longest, *map(change, range(3, 1_001))))) == 1_000


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([change(0)], "changes[0].position"),
        ([change(2**62 + 1)], "changes[0].position"),
        ([change(5), change(5)], "changes[1].position"),
        ([change(5), change(6), change(4)], "changes[2].position"),
        ([row_pb2.Change(position=1)], "changes[0].entry"),
        ([change(1, record=b"")], "changes[0].entry"),
        ([change(1), change(2, review="")], "changes[1].entry"),
        ([change(1, record=bytes(MAX_RECORD_BYTES + 1))], "changes[0].record"),
        ([change(1, review="r" * (MAX_REVIEW_CHARACTERS + 1))], "changes[0].review"),
        ([change(1, review=SECRET + "\x00")], "changes[0].review"),
        (list(map(change, range(1, 1_002))), "changes"),
    ],
)
def test_a_piece_out_of_bounds_is_refused(entries: list[row_pb2.Change], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_changes(response(*entries))
    assert (refused.value.reason, refused.value.details["field"]) == (Reason.FIELD_INVALID, field)
    assert SECRET not in str(refused.value)


def test_other_bytes_are_no_journal() -> None:
    with pytest.raises(Malformed) as refused:
        read_changes(b"\xff\xff")
    assert refused.value.reason is Reason.MESSAGE_MALFORMED
