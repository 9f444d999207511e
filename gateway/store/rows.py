"""Between rows and values: moments, case rows, frontiers. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.case import CaseState, Side
from gateway.ports import Alarm, CaseRow, CatalogueRecord, CrosswalkEntry, LicenceEntry, Stamp, TrailEntry
from trust.leaf import LeafKind

Row = tuple[Any, ...]
"""A row as sqlite3 gives it."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970, exactly. TypeError for a datetime without a zone."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment, in UTC."""
    return EPOCH + timedelta(microseconds=micros)


def case_values(row: CaseRow) -> Row:
    """The columns ``statements.CASE_COLUMNS`` after ``case_id``, with the next version."""
    return (
        row.number,
        row.side,
        row.peer,
        row.accepting_region,
        row.processing_region,
        row.source_code,
        row.target_code,
        row.item_name,
        row.state,
        to_micros(row.opened_at),
        to_micros(row.updated_at),
        row.commitment,
        row.local_number,
        row.peer_local_number,
        row.trail,
        row.trail_head,
        None if row.erased_at is None else to_micros(row.erased_at),
        row.version + 1,
    )


def case_row(row: Row) -> CaseRow:
    """A case row from the columns ``statements.CASE_COLUMNS``."""
    (
        case_id,
        number,
        side,
        peer,
        accepting_region,
        processing_region,
        source_code,
        target_code,
        item_name,
        state,
        opened_at,
        updated_at,
        commitment,
        local_number,
        peer_local_number,
        trail,
        trail_head,
        erased_at,
        version,
    ) = row
    return CaseRow(
        case_id=case_id,
        number=number,
        side=Side(side),
        peer=peer,
        accepting_region=accepting_region,
        processing_region=processing_region,
        source_code=source_code,
        target_code=target_code,
        item_name=item_name,
        state=CaseState(state),
        opened_at=from_micros(opened_at),
        updated_at=from_micros(updated_at),
        commitment=commitment,
        local_number=local_number,
        peer_local_number=peer_local_number,
        trail=trail,
        trail_head=trail_head,
        erased_at=None if erased_at is None else from_micros(erased_at),
        version=version,
    )


def licence_values(entry: LicenceEntry) -> Row:
    """The columns of ``licences``."""
    return entry.licence_id, entry.licence_type, entry.list_uri, entry.index, entry.status


def catalogue_values(record: CatalogueRecord) -> Row:
    """The columns of ``catalogue_records``."""
    return record.catalogue, record.code, record.version, record.edition, record.record


def entry_values(entry: CrosswalkEntry) -> Row:
    """The columns of ``crosswalk_journal`` after ``position``. ValueError unless it is a row or a review."""
    if bool(entry.record) == bool(entry.review):
        message = "an entry of the crosswalk journal is either a row or a review"
        raise ValueError(message)
    content = entry.record or entry.review.encode()
    return hashlib.sha256(content).digest(), "row" if entry.record else "review", content


def journal_entry(row: Row) -> tuple[int, CrosswalkEntry]:
    """An entry with its position, from the columns ``position, kind, content``."""
    position, kind, content = row
    return position, CrosswalkEntry(record=content) if kind == "row" else CrosswalkEntry(review=content.decode())


def trail_values(entry: TrailEntry) -> Row:
    """The columns ``statements.TRAIL_COLUMNS``."""
    return (
        entry.leaf_hash,
        to_micros(entry.at),
        entry.kind,
        entry.member,
        entry.subject,
        entry.officer,
        entry.purpose,
        entry.case_id,
        entry.holder,
    )


def trail_entry(row: Row) -> TrailEntry:
    """An entry of the trail from the columns ``statements.TRAIL_COLUMNS``."""
    leaf_hash, at, kind, member, subject, officer, purpose, case_id, holder = row
    return TrailEntry(leaf_hash, from_micros(at), LeafKind(kind), member, subject, officer, purpose, case_id, holder)


def alarm_values(alarm: Alarm) -> Row:
    """The columns of ``alarms`` after ``position``."""
    at = to_micros(alarm.at)
    return alarm.alarm_id, alarm.kind, alarm.member, at, alarm.text, alarm.proof, alarm.acknowledged_by


def alarm_of(row: Row) -> Alarm:
    """An alarm from the columns of ``alarm_values``."""
    alarm_id, kind, member, at, text, proof, acknowledged_by = row
    return Alarm(alarm_id, kind, member, from_micros(at), text, proof, acknowledged_by)


def stamp_of(row: Row | None) -> Stamp | None:
    """A timestamp from the columns ``size, note, token, at``; None when there is no row."""
    return Stamp(row[0], row[1], row[2], from_micros(row[3])) if row else None


def frontier_text(frontier: Sequence[tuple[int, bytes]]) -> str:
    """A frontier as the column keeps it: ``level:hex`` separated by spaces."""
    return " ".join(f"{level}:{subtree.hex()}" for level, subtree in frontier)


def frontier_of(text: str) -> tuple[tuple[int, bytes], ...]:
    """The frontier that ``frontier_text`` wrote."""
    parts = (part.split(":") for part in text.split())
    return tuple((int(level), bytes.fromhex(subtree)) for level, subtree in parts)


def pack(parts: Sequence[bytes]) -> bytes:
    """Several byte strings as one, each after its length in 4 bytes: sealed once instead of one by one."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def unpack(packed: bytes) -> list[bytes]:
    """The byte strings that ``pack`` joined."""
    parts, start = [], 0
    while start < len(packed):
        end = start + 4 + int.from_bytes(packed[start : start + 4], "big")
        parts.append(packed[start + 4 : end])
        start = end
    return parts
