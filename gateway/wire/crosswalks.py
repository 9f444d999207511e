"""CrosswalkService: requests to commands, answers to responses, and a peer's journal read back."""

from __future__ import annotations

from typing import Final

from tongban.crosswalk.v1 import crosswalk_service_pb2, row_pb2

from gateway.domain import commands
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.commands import FileFormat
from gateway.domain.crosswalk import CrosswalkRow, record_of
from gateway.domain.crosswalk_cells import MAX_RECORD_BYTES
from gateway.exchange.crosswalks import MAX_CHANGES, MAX_PARTS, PIECE_BYTES
from gateway.ports import CrosswalkEntry
from gateway.wire import fields
from trust.review import MAX_REASON_CHARACTERS, MAX_REVIEW_CHARACTERS, MAX_ROWS, Verdict

MAX_LISTED_ROWS: Final = 500
_MAX_POSITION: Final = 2**62
_MAX_PAGE_CHARACTERS: Final = 200
_FORMATS: Final = {
    crosswalk_service_pb2.FILE_FORMAT_CSV: FileFormat.CSV,
    crosswalk_service_pb2.FILE_FORMAT_SSSOM: FileFormat.SSSOM,
}
_VERDICTS: Final = {
    crosswalk_service_pb2.VERDICT_APPROVE: Verdict.APPROVE,
    crosswalk_service_pb2.VERDICT_WITHDRAW: Verdict.WITHDRAW,
}


# read ---------------------------------------------------------------------------------------------------------------


def read_import(body: bytes) -> commands.ImportCrosswalk:
    """ImportCrosswalkRequest."""
    request = fields.parse(crosswalk_service_pb2.ImportCrosswalkRequest, body)
    parts = fields.number(request.parts, "parts", 1, MAX_PARTS)
    if len(request.content) > PIECE_BYTES:
        raise fields.invalid("content", f"{len(request.content)} bytes", f"at most {PIECE_BYTES}")
    return commands.ImportCrosswalk(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        upload=fields.text(request.upload, "upload", 64, shortest=1),
        part=fields.number(request.part, "part", 1, parts),
        parts=parts,
        content=request.content,
        format=_read_format(request.format),
        dry_run=request.dry_run,
    )


def read_export(body: bytes) -> commands.ExportCrosswalk:
    """ExportCrosswalkRequest."""
    request = fields.parse(crosswalk_service_pb2.ExportCrosswalkRequest, body)
    return commands.ExportCrosswalk(
        format=_read_format(request.format),
        page=fields.text(request.page, "page", _MAX_PAGE_CHARACTERS),
        regions=_read_regions(request.one_region, request.other_region),
    )


def read_list_rows(body: bytes) -> commands.ListRows:
    """ListRowsRequest."""
    request = fields.parse(crosswalk_service_pb2.ListRowsRequest, body)
    return commands.ListRows(
        regions=_read_regions(request.one_region, request.other_region),
        code=fields.text(request.code, "code", MAX_CODE_LENGTH),
        awaiting_us=request.awaiting_us,
        limit=fields.number(request.limit, "limit", 1, MAX_LISTED_ROWS),
        page=fields.text(request.page, "page", _MAX_PAGE_CHARACTERS),
    )


def read_review(body: bytes) -> commands.ReviewRows:
    """ReviewRowsRequest."""
    request = fields.parse(crosswalk_service_pb2.ReviewRowsRequest, body)
    verdict = _VERDICTS.get(request.verdict)
    if verdict is None:
        raise fields.invalid("verdict", str(request.verdict), "VERDICT_APPROVE or VERDICT_WITHDRAW")
    fields.number(len(request.rows), "rows", 1, MAX_ROWS)
    rows = tuple(fields.octets(row, f"rows[{index}]", 32) for index, row in enumerate(request.rows))
    if len(set(rows)) != len(rows):
        raise fields.invalid("rows", "a row that stands twice", "each row once")
    return commands.ReviewRows(
        idempotency_key=fields.idempotency_key(request.idempotency_key),
        rows=rows,
        verdict=verdict,
        reason=fields.text(
            request.reason, "reason", MAX_REASON_CHARACTERS, shortest=1 if verdict is Verdict.WITHDRAW else 0
        ),
    )


def read_list_changes(body: bytes) -> commands.ListChanges:
    """ListChangesRequest."""
    request = fields.parse(crosswalk_service_pb2.ListChangesRequest, body)
    return commands.ListChanges(fields.number(request.after, "after", 0, _MAX_POSITION))


def read_changes(body: bytes) -> list[tuple[int, CrosswalkEntry]]:
    """ListChangesResponse, as a peer gave it: entries with their positions, which grow.

    That a record is a row's and a review its signer's is for others to verify. Raises ``Malformed``
    (MESSAGE_MALFORMED, FIELD_INVALID).
    """
    response = fields.parse(crosswalk_service_pb2.ListChangesResponse, body)
    fields.number(len(response.changes), "changes", 0, MAX_CHANGES)
    entries: list[tuple[int, CrosswalkEntry]] = []
    before = 0
    for index, change in enumerate(response.changes):
        before = fields.number(change.position, f"changes[{index}].position", before + 1, _MAX_POSITION)
        if len(change.record) > MAX_RECORD_BYTES:
            raise fields.invalid(
                f"changes[{index}].record", f"{len(change.record)} bytes", f"at most {MAX_RECORD_BYTES}"
            )
        review = fields.text(change.review, f"changes[{index}].review", MAX_REVIEW_CHARACTERS)
        if not change.record and not review:
            raise fields.invalid(f"changes[{index}].entry", "none", "a record or a review")
        entries.append((change.position, CrosswalkEntry(change.record, review)))
    return entries


def _read_format(value: crosswalk_service_pb2.FileFormat) -> FileFormat:
    known = _FORMATS.get(value)
    if known is None:
        raise fields.invalid("format", str(value), "FILE_FORMAT_CSV or FILE_FORMAT_SSSOM")
    return known


def _read_regions(one: str, other: str) -> tuple[str, str] | None:
    if not one and not other:
        return None
    return fields.region(one, "one_region"), fields.region(other, "other_region")


# write --------------------------------------------------------------------------------------------------------------


def write_imported(answer: commands.Imported) -> bytes:
    """ImportCrosswalkResponse."""
    return crosswalk_service_pb2.ImportCrosswalkResponse(
        complete=answer.complete,
        added=answer.added,
        changed=answer.changed,
        unchanged=answer.unchanged,
        changes=[_write_row_change(change) for change in answer.changes],
        remarks=answer.remarks,
    ).SerializeToString()


def _write_row_change(change: commands.RowChange) -> crosswalk_service_pb2.RowChange:
    return crosswalk_service_pb2.RowChange(
        row=change.row.id,
        version=change.row.version,
        hash=change.row.hash,
        columns=[
            crosswalk_service_pb2.ColumnChange(column=column, before=before, after=after)
            for column, before, after in change.columns
        ],
    )


def write_file_part(answer: commands.FilePart) -> bytes:
    """ExportCrosswalkResponse."""
    return crosswalk_service_pb2.ExportCrosswalkResponse(
        content=answer.content, next_page=answer.next_page
    ).SerializeToString()


def write_rows(answer: commands.Rows) -> bytes:
    """ListRowsResponse."""
    return crosswalk_service_pb2.ListRowsResponse(
        rows=[write_row(row) for row in answer.rows], next_page=answer.next_page
    ).SerializeToString()


def write_row(row: CrosswalkRow) -> row_pb2.Row:
    """A row with its standing as a message."""
    withdrawn_on = row.standing.withdrawn_on
    return row_pb2.Row(
        record=record_of(row),
        hash=row.hash,
        approved_by=row.standing.approved_by,
        withdrawn_by=row.standing.withdrawn_by,
        withdrawn_on=withdrawn_on.isoformat() if withdrawn_on else "",
    )


def write_reviewed(answer: commands.Reviewed) -> bytes:
    """ReviewRowsResponse."""
    return crosswalk_service_pb2.ReviewRowsResponse(
        in_force=answer.in_force, awaiting_other_side=answer.awaiting_other_side, review=answer.review
    ).SerializeToString()


def write_journal_piece(answer: commands.JournalPiece) -> bytes:
    """ListChangesResponse."""
    return crosswalk_service_pb2.ListChangesResponse(
        changes=[
            row_pb2.Change(position=position, record=record)
            if record
            else row_pb2.Change(position=position, review=review)
            for position, record, review in answer.entries
        ]
    ).SerializeToString()
