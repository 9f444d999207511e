"""Values to put into a store, and a codec that needs no wire."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from gateway.domain.case import CaseEvent, CaseState, RecordedEvent, Refused, Side, WithdrawalRequested
from gateway.ports import (
    CaseRow,
    CatalogueRecord,
    CrosswalkEntry,
    DeliveryKind,
    Evidence,
    NewDelivery,
    Recording,
    SeenCall,
    StoredReply,
)
from gateway.store.rows import from_micros, to_micros

NOW = datetime(2026, 3, 2, 1, 30, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
US, PEER = "430600", "421000"


class JsonCodec:
    """Events as JSON: enough for a store, which never looks inside."""

    def encode(self, event: CaseEvent) -> bytes:
        body = event.body
        assert isinstance(body, WithdrawalRequested | Refused)
        fields = [event.case_id, event.emitter, event.seq, event.seen, to_micros(event.occurred_at), body.reason]
        return json.dumps([*fields, event.side], ensure_ascii=False).encode()

    def decode(self, raw: bytes) -> CaseEvent:
        case_id, emitter, seq, seen, occurred_at, reason, side = json.loads(raw)
        body = WithdrawalRequested(reason) if side == Side.ACCEPTING else Refused(reason)
        return CaseEvent(case_id, emitter, seq, seen, b"", b"s" * 32, from_micros(occurred_at), "window-3", body)


def event(case_id: str, seq: int, side: Side = Side.ACCEPTING, reason: str = "搬家") -> RecordedEvent:
    body = WithdrawalRequested(reason) if side is Side.ACCEPTING else Refused(reason)
    made = CaseEvent(case_id, US, seq, 0, b"", b"s" * 32, NOW, "window-3", body)
    return RecordedEvent.of(made, JsonCodec().encode(made))


def case_row(case_id: str = "", **changes: object) -> CaseRow:
    row = CaseRow(
        case_id=case_id or str(uuid4()),
        number=f"KS{uuid4().hex}",
        side=Side.ACCEPTING,
        peer=PEER,
        accepting_region="430600",
        processing_region="421000",
        source_code="430600-001",
        target_code="421000-009",
        item_name="户口迁移",
        state=CaseState.SUBMITTED,
        opened_at=NOW,
        updated_at=NOW + SECOND,
        commitment=b"c" * 32,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def delivery(stream: str, subject: str = "1", **changes: object) -> NewDelivery:
    new = NewDelivery(str(uuid4()), DeliveryKind.PEER_EVENT, PEER, stream, subject)
    return replace(new, **changes)  # type: ignore[arg-type]


def seen(jti: str = "") -> SeenCall:
    return SeenCall(PEER, jti or str(uuid4()), NOW + 60 * SECOND)


def reply(key: str = "", body: bytes = b"answer", digest: bytes = b"d" * 32) -> StoredReply:
    return StoredReply(PEER, key or str(uuid4()), digest, body)


def evidence(case_id: str, number: int = 1) -> Evidence:
    return Evidence(bytes([number]) * 32, case_id, "/m", f"request {number}", b"body", "response", b"")


def record(code: str, version: int = 1, edition: int = 1, content: bytes = b"{}") -> CatalogueRecord:
    return CatalogueRecord(US, code, version, edition, content)


def whole(row: CaseRow | None = None) -> Recording:
    """A recording with something of everything, as a submission makes it."""
    row = row or case_row()
    return Recording(
        seen=seen(),
        reply=reply(),
        case=row,
        events=(replace(event(row.case_id, 1), leaf=b"l" * 32),),
        deliveries=(delivery(row.case_id),),
        leaves=(f"leaf of {row.case_id}".encode(),),
        evidence=(evidence(row.case_id),),
        bookmarks={"notices": row.case_id},
        snapshots={"catalogue": row.case_id.encode()},
        catalogue_records=(record(row.case_id),),
        crosswalk_entries=(CrosswalkEntry(record=row.case_id.encode()),),
    )
