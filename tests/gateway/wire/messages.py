"""One valid message of every kind that has bounds, and the way to spoil one field of it."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_service_pb2, event_pb2, material_pb2, party_pb2
from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2
from tongban.exchange.v1 import exchange_service_pb2
from tongban.licence.v1 import licence_service_pb2

from gateway.wire.fields import stamp

CASE_ID = "6c84fb90-12c4-41e1-840d-725aa755c63d"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CONTENT = b"%PDF-1.7"
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


def party() -> party_pb2.Party:
    return party_pb2.Party(
        type=party_pb2.APPLICANT_TYPE_PERSON, name="张三", id_type="111", id_number="11010519491231002X", phone="+86-1"
    )


def file(key: str = "form") -> material_pb2.Material:
    return material_pb2.Material(
        key=key,
        name="申请表",
        carrier=material_pb2.MATERIAL_CARRIER_FILE,
        digest=hashlib.sha256(CONTENT).digest(),
        content=CONTENT,
        media_type="application/pdf",
    )


def parcel() -> material_pb2.Material:
    return material_pb2.Material(
        key="photo", name="照片", carrier=material_pb2.MATERIAL_CARRIER_PARCEL, tracking_number="SF1"
    )


def licence() -> material_pb2.Material:
    return material_pb2.Material(
        key="identity", name="身份证", carrier=material_pb2.MATERIAL_CARRIER_LICENCE, licence="e30.e30.e30~"
    )


def materials() -> list[material_pb2.Material]:
    return [file(), parcel(), licence()]


def item(catalogue: str) -> event_pb2.ItemReference:
    return event_pb2.ItemReference(catalogue=catalogue, code="S1", version="1", name="事项")


def open_request() -> case_service_pb2.OpenCaseRequest:
    return case_service_pb2.OpenCaseRequest(
        idempotency_key="key-00000001",
        item_code="S1",
        processing_region="421000",
        answers={"kind": "new"},
        applicant=party(),
        agent=party(),
        materials=materials(),
        presentation_nonce="n" * 16,
    )


def submitted() -> event_pb2.Submitted:
    return event_pb2.Submitted(
        case_number="430600-20261121-000001-P",
        accepting_region="430600",
        processing_region="421000",
        source_item=item("430600"),
        target_item=item("421000"),
        crosswalk_row="row-1",
        answers={"kind": "new"},
        products={"kind": "first"},
        applicant=party(),
        agent=party(),
        materials=materials(),
        presentation_nonce="n" * 16,
        case_salt=bytes(32),
    )


def event(**body: Message) -> event_pb2.CaseEvent:
    return event_pb2.CaseEvent(
        case_id=CASE_ID,
        emitter="430600.gateway",
        seq=1,
        seen=0,
        previous=b"",
        salt=bytes(16),
        occurred_at=stamp(NOW),
        actor="officer-7",
        **body,  # type: ignore[arg-type]  # one of the bodies by its name
    )


def supplement_requested() -> event_pb2.SupplementRequested:
    return event_pb2.SupplementRequested(
        request=1, items=[event_pb2.SupplementItem(material_key="identity", flaw="模糊")]
    )


def progress(**told: Message) -> case_service_pb2.ReportProgressRequest:
    return case_service_pb2.ReportProgressRequest(
        idempotency_key="key-00000001",
        case=CASE_ID,
        occurred_at=stamp(NOW),
        **(told or {"accepted": event_pb2.Accepted(local_number="JZ-1", promised_days=5)}),  # type: ignore[arg-type]
    )


def supplement() -> case_service_pb2.SupplementCaseRequest:
    return case_service_pb2.SupplementCaseRequest(
        idempotency_key="key-00000001", case=CASE_ID, materials=[file()], note="已补"
    )


def withdraw() -> case_service_pb2.WithdrawCaseRequest:
    return case_service_pb2.WithdrawCaseRequest(idempotency_key="key-00000001", case=CASE_ID, reason="搬家了")


def rate() -> case_service_pb2.RateCaseRequest:
    return case_service_pb2.RateCaseRequest(idempotency_key="key-00000001", case=CASE_ID, score=5, comment="好")


def deliver() -> exchange_service_pb2.DeliverEventsRequest:
    return exchange_service_pb2.DeliverEventsRequest(
        case_id=CASE_ID, events=[event(submitted=submitted()).SerializeToString()]
    )


def translate() -> catalogue_service_pb2.TranslateRequest:
    return catalogue_service_pb2.TranslateRequest(
        source_catalogue="430600", target_catalogue="421000", code="S1", answers={"kind": "new"}, as_of="2026-11-21"
    )


def batch_question() -> catalogue_service_pb2.BatchQuestion:
    return catalogue_service_pb2.BatchQuestion(code="S1", answers={"kind": "new"})


def translate_batch() -> catalogue_service_pb2.TranslateBatchRequest:
    return catalogue_service_pb2.TranslateBatchRequest(
        source_catalogue="430600", target_catalogue="421000", questions=[batch_question(), batch_question()]
    )


def sync_page() -> catalogue_service_pb2.SyncCatalogueResponse:
    return catalogue_service_pb2.SyncCatalogueResponse(
        edition=2,
        since_edition=1,
        name="荆州目录",
        windows=[item_pb2.Window(name="政务服务中心", address="江津西路", phone="0716", hours="工作日")],
        records=[b"{}"],
        next_page="next",
        digest=bytes(32),
        record_count=1,
    )


def issue() -> licence_service_pb2.IssueLicenceRequest:
    return licence_service_pb2.IssueLicenceRequest(
        idempotency_key="key-00000001",
        licence_type="11100000000013338W001",
        name="居住证",
        issuer_name="公安局",
        holder_name="张三",
        holder_id_number="11010519491231002X",
        surface={"住址": "岳阳楼区"},
        valid_from="2026-01-01",
        valid_until="2027-01-01",
    )


def set_status() -> licence_service_pb2.SetLicenceStatusRequest:
    return licence_service_pb2.SetLicenceStatusRequest(
        idempotency_key="key-00000001", licence_id="1.2.156", status=licence_service_pb2.LICENCE_STATUS_REVOKED
    )


def verify() -> licence_service_pb2.VerifyLicenceRequest:
    return licence_service_pb2.VerifyLicenceRequest(presentation="e30.e30.e30~", nonce="n" * 16)


def leaves() -> audit_service_pb2.ListLeavesRequest:
    return audit_service_pb2.ListLeavesRequest(start=0, limit=10)


def spoil(message: Message, path: str, value: Any) -> None:
    """Set the field at ``path`` (``materials[0].key``): a list, map or message is replaced as a whole."""
    *way, last = path.split(".")
    for step in way:
        message = _at(message, step)
    target = getattr(message, last)
    if isinstance(value, Message):
        target.CopyFrom(value)
    elif isinstance(value, list):
        del target[:]
        target.extend(value)
    elif isinstance(value, dict):
        target.clear()
        target.update(value)
    else:
        setattr(message, last, value)


def _at(message: Any, step: str) -> Any:
    found = _STEP.fullmatch(step)
    assert found is not None
    name, place = found.groups()
    inner = getattr(message, name)
    return inner if place is None else inner[int(place)]


NO_TIME = Timestamp()
BEYOND_TIME = Timestamp(seconds=400_000_000_000)
