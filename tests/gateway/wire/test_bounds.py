"""Every bound that the .proto files state: one step beyond it is FIELD_INVALID, and the error names the field only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tongban.audit.v1 import audit_service_pb2
from tongban.case.v1 import case_service_pb2, event_pb2
from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2
from tongban.licence.v1 import licence_service_pb2

from gateway.domain.commands import AdvanceCase
from gateway.wire import audits, cases, catalogues, licences
from gateway.wire.events import MAX_CONTENT_BYTES, MAX_LICENCE_CHARACTERS, ProtobufEventCodec
from tests.gateway.wire import messages
from trust.errors import Malformed, Reason

Read = Callable[[bytes], object]
Make = Callable[[], Message]
Row = tuple[str, Any]

SECRET = "机密"
BELL = "\x07"
C1 = "\x9b2J"
"""What an eight-bit terminal takes for ESC [2J."""


def long(length: int) -> str:
    """One character more than may be."""
    return SECRET + "长" * (length - 1)


def party(path: str) -> list[Row]:
    return [
        (f"{path}.type", 0),
        (f"{path}.type", 7),
        (f"{path}.name", ""),
        (f"{path}.name", long(100)),
        (f"{path}.name", SECRET + BELL),
        (f"{path}.name", SECRET + C1),
        (f"{path}.id_type", ""),
        (f"{path}.id_type", "11A"),
        (f"{path}.id_type", "1111"),
        (f"{path}.id_number", ""),
        (f"{path}.id_number", long(50)),
        (f"{path}.phone", "1" * 21),
        (f"{path}.phone", SECRET),
    ]


def material(path: str) -> list[Row]:
    """Number 0 is a file, 1 a parcel, 2 a licence."""
    return [
        (f"{path}[0].key", ""),
        (f"{path}[0].key", long(64)),
        (f"{path}[0].name", ""),
        (f"{path}[0].name", long(200)),
        (f"{path}[0].carrier", 0),
        (f"{path}[0].carrier", 5),
        (f"{path}[0].digest", bytes(32)),
        (f"{path}[0].digest", b""),
        (f"{path}[0].content", b""),
        (f"{path}[0].content", bytes(MAX_CONTENT_BYTES + 1)),
        (f"{path}[0].media_type", long(100)),
        (f"{path}[0].licence", SECRET),
        (f"{path}[1].content", b"x"),
        (f"{path}[1].digest", bytes(31)),
        (f"{path}[1].tracking_number", ""),
        (f"{path}[1].tracking_number", long(40)),
        (f"{path}[2].licence", ""),
        (f"{path}[2].licence", long(MAX_LICENCE_CHARACTERS)),
        (path, [messages.file(), messages.file()]),
        (path, [messages.file(str(number)) for number in range(101)]),
    ]


def item(path: str) -> list[Row]:
    return [
        (f"{path}.catalogue", "43060"),
        (f"{path}.code", ""),
        (f"{path}.code", long(100)),
        (f"{path}.version", ""),
        (f"{path}.version", long(20)),
        (f"{path}.name", long(200)),
    ]


KEY: list[Row] = [("idempotency_key", SECRET * 3), ("idempotency_key", long(64))]
CASE: list[Row] = [("case", ""), ("case", long(64))]
TOO_MANY_FACTS = {str(number): "x" for number in range(51)}

TABLE: list[tuple[Read, Make, list[Row]]] = [
    (
        cases.read_open,
        messages.open_request,
        [
            *KEY,
            ("item_code", ""),
            ("item_code", long(100)),
            ("processing_region", "４３０６００"),
            ("processing_region", "4306"),
            ("answers", TOO_MANY_FACTS),
            *party("applicant"),
            *party("agent"),
            *material("materials"),
            ("presentation_nonce", ""),
            ("presentation_nonce", SECRET),
            ("presentation_nonce", long(64)),
        ],
    ),
    (
        cases.read_supplement,
        messages.supplement,
        [*KEY, *CASE, ("materials", []), ("materials[0].key", ""), ("note", long(1000))],
    ),
    (cases.read_withdraw, messages.withdraw, [*KEY, *CASE, ("reason", long(1000))]),
    (cases.read_rate, messages.rate, [*KEY, *CASE, ("score", 0), ("score", 6), ("comment", long(500))]),
    (
        cases.read_progress,
        messages.progress,
        [
            *KEY,
            *CASE,
            ("occurred_at", messages.BEYOND_TIME),
            ("occurred_at", Timestamp(seconds=946_684_799)),
            ("occurred_at", Timestamp(seconds=7_258_118_400)),
            ("accepted.local_number", long(100)),
            ("accepted.promised_days", 1001),
        ],
    ),
    (cases.read_get, lambda: case_service_pb2.GetCaseRequest(case=messages.CASE_ID), CASE),
    (
        cases.read_list,
        case_service_pb2.ListCasesRequest,
        [("page_size", 201), ("page_token", SECRET), ("page_token", messages.CASE_ID.upper())],
    ),
    (
        cases.read_deliver,
        messages.deliver,
        [("case_id", ""), ("case_id", "{" + messages.CASE_ID + "}"), ("events", []), ("events", [b"x"] * 51)],
    ),
    (
        catalogues.read_translate,
        messages.translate,
        [
            ("source_catalogue", "1"),
            ("target_catalogue", "1234567"),
            ("code", ""),
            ("code", long(100)),
            ("answers", TOO_MANY_FACTS),
            ("as_of", "20261121"),
            ("as_of", "2026-W47-6"),
            ("as_of", "2026-02-30"),
            ("version", 2**31),
            ("direction", 3),
            ("minimum_review", 4),
            ("suggestions", 21),
        ],
    ),
    (
        catalogues.read_translate_batch,
        messages.translate_batch,
        [
            ("source_catalogue", "1"),
            ("target_catalogue", "1234567"),
            ("as_of", "20261121"),
            ("minimum_review", 4),
            ("questions", []),
            ("questions", [messages.batch_question()] * 10_001),
            ("questions[1].answers", TOO_MANY_FACTS),
        ],
    ),
    (
        catalogues.read_get_item,
        lambda: catalogue_service_pb2.GetItemRequest(catalogue="430600", code="S1"),
        [("catalogue", ""), ("code", ""), ("code", long(100)), ("version", 2**31)],
    ),
    (
        catalogues.read_get_coverage,
        lambda: catalogue_service_pb2.GetCoverageRequest(source_catalogue="430600", target_catalogue="421000"),
        [("source_catalogue", ""), ("target_catalogue", "4306000"), ("as_of", "2026-13-01")],
    ),
    (
        catalogues.read_sync,
        lambda: catalogue_service_pb2.SyncCatalogueRequest(catalogue="430600"),
        [("catalogue", "43060"), ("since_edition", 2**31), ("page", long(1000))],
    ),
    (
        catalogues.read_sync_page,
        messages.sync_page,
        [
            ("edition", 0),
            ("edition", 2**31),
            ("since_edition", 3),
            ("name", long(200)),
            ("windows", [item_pb2.Window()] * 201),
            ("windows[0].name", long(200)),
            ("windows[0].address", SECRET + BELL),
            ("windows[0].phone", long(200)),
            ("windows[0].hours", long(200)),
            ("records", [b"{}"] * 2_001),
            ("next_page", long(1000)),
            ("digest", bytes(31)),
            ("digest", b""),
            ("record_count", 2**31),
        ],
    ),
    (
        licences.read_issue,
        messages.issue,
        [
            *KEY,
            ("licence_type", "1110000000001333W001"),
            ("name", ""),
            ("name", long(100)),
            ("issuer_name", ""),
            ("issuer_name", long(200)),
            ("holder_name", ""),
            ("holder_name", long(100)),
            ("holder_id_number", ""),
            ("holder_id_number", long(50)),
            ("surface", TOO_MANY_FACTS),
            ("valid_from", ""),
            ("valid_from", "2026/01/01"),
            ("valid_until", "20270101"),
            ("valid_from", "1899-12-31"),
            ("valid_until", "9999-12-31"),
            ("holder_jwk", SECRET),
            ("holder_jwk", "[" * 1000),
            ("holder_jwk", '{"kty":"oct","k":"c2VjcmV0"}'),
        ],
    ),
    (
        licences.read_set_status,
        messages.set_status,
        [*KEY, ("licence_id", ""), ("licence_id", long(200)), ("status", 0), ("status", 4)],
    ),
    (
        licences.read_verify,
        messages.verify,
        [
            ("presentation", ""),
            ("presentation", long(MAX_LICENCE_CHARACTERS)),
            ("nonce", SECRET),
            ("nonce", long(64)),
        ],
    ),
    (
        licences.read_get_status_list,
        lambda: licence_service_pb2.GetStatusListRequest(uri="urn:x"),
        [("uri", ""), ("uri", long(200))],
    ),
    (
        audits.read_prove_inclusion,
        lambda: audit_service_pb2.ProveInclusionRequest(leaf_hash=bytes(32)),
        [("leaf_hash", bytes(31)), ("leaf_hash", b"")],
    ),
    (
        audits.read_prove_consistency,
        audit_service_pb2.ProveConsistencyRequest,
        [("from_size", 2**63), ("to_size", 2**63)],
    ),
    (audits.read_list_leaves, messages.leaves, [("start", 2**63), ("limit", 1001)]),
]

ENVELOPE: list[Row] = [
    ("case_id", "x"),
    ("case_id", messages.CASE_ID.upper()),
    ("emitter", ""),
    ("emitter", long(64)),
    ("seq", 0),
    ("seq", 10_001),
    ("seen", 10_001),
    ("previous", bytes(31)),
    ("salt", b""),
    ("salt", bytes(17)),
    ("occurred_at", messages.NO_TIME),
    ("occurred_at", messages.BEYOND_TIME),
    ("actor", long(64)),
]
EVENTS: list[tuple[Make, list[Row]]] = [
    (
        lambda: messages.event(submitted=messages.submitted()),
        [
            *ENVELOPE,
            ("submitted.case_number", ""),
            ("submitted.case_number", long(32)),
            ("submitted.accepting_region", "43060"),
            ("submitted.processing_region", ""),
            *item("submitted.source_item"),
            *item("submitted.target_item"),
            ("submitted.crosswalk_row", long(64)),
            ("submitted.answers", TOO_MANY_FACTS),
            ("submitted.products", TOO_MANY_FACTS),
            *party("submitted.applicant"),
            *party("submitted.agent"),
            *material("submitted.materials"),
            ("submitted.presentation_nonce", ""),
            ("submitted.presentation_nonce", SECRET),
            ("submitted.presentation_nonce", long(64)),
            ("submitted.case_salt", bytes(31)),
        ],
    ),
    (
        lambda: messages.event(supplemented=event_pb2.Supplemented(request=1, materials=messages.materials())),
        [
            ("supplemented.request", 0),
            ("supplemented.materials", []),
            *material("supplemented.materials"),
            ("supplemented.note", long(1000)),
        ],
    ),
    (
        lambda: messages.event(withdrawal_requested=event_pb2.WithdrawalRequested()),
        [("withdrawal_requested.reason", long(1000))],
    ),
    (
        lambda: messages.event(rated=event_pb2.Rated(score=1)),
        [("rated.score", 0), ("rated.score", 6), ("rated.comment", long(500))],
    ),
    (
        lambda: messages.event(accepted=event_pb2.Accepted()),
        [("accepted.local_number", long(100)), ("accepted.promised_days", 1001)],
    ),
    (
        lambda: messages.event(refused=event_pb2.Refused(reason="不符")),
        [("refused.reason", ""), ("refused.reason", long(1000))],
    ),
    (
        lambda: messages.event(supplement_requested=messages.supplement_requested()),
        [
            ("supplement_requested.request", 0),
            ("supplement_requested.items", []),
            ("supplement_requested.items", [event_pb2.SupplementItem(material_key="k", flaw="f")] * 101),
            ("supplement_requested.items[0].material_key", ""),
            ("supplement_requested.items[0].material_key", long(64)),
            ("supplement_requested.items[0].flaw", ""),
            ("supplement_requested.items[0].flaw", long(500)),
        ],
    ),
    (
        lambda: messages.event(suspended=event_pb2.Suspended(reason="听证")),
        [("suspended.procedure", long(50)), ("suspended.reason", ""), ("suspended.reason", long(1000))],
    ),
    (
        lambda: messages.event(decided=event_pb2.Decided(explanation="准予")),
        [
            ("decided.explanation", ""),
            ("decided.explanation", long(1000)),
            ("decided.result_number", long(100)),
            ("decided.result_licence", long(MAX_LICENCE_CHARACTERS)),
        ],
    ),
    (
        lambda: messages.event(withdrawal_refused=event_pb2.WithdrawalRefused(reason="已制证")),
        [("withdrawal_refused.reason", ""), ("withdrawal_refused.reason", long(1000))],
    ),
]
ROWS: list[tuple[Read, Make, str, Any]] = [
    (read, make, path, value) for read, make, rows in TABLE for path, value in rows
]
EVENT_ROWS: list[tuple[Read, Make, str, Any]] = [
    (ProtobufEventCodec().decode, make, path, value) for make, rows in EVENTS for path, value in rows
]


def name(value: object) -> str:
    return value if isinstance(value, str) and "." in value else ""


@pytest.mark.parametrize(("read", "make", "path", "value"), ROWS + EVENT_ROWS, ids=name)
def test_a_field_out_of_bounds_is_refused_by_its_path(read: Read, make: Make, path: str, value: object) -> None:
    message = make()
    read(message.SerializeToString())
    messages.spoil(message, path, value)
    with pytest.raises(Malformed) as error:
        read(message.SerializeToString())
    assert error.value.reason is Reason.FIELD_INVALID
    assert error.value.details["field"] == path
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("read", [read for read, _, _ in TABLE] + [ProtobufEventCodec().decode])
def test_bytes_that_are_no_message_are_malformed(read: Read) -> None:
    with pytest.raises(Malformed) as error:
        read(b"\xff\xff\xff")
    assert error.value.reason is Reason.MESSAGE_MALFORMED


def test_a_fact_out_of_bounds_is_named_without_its_answer() -> None:
    for facts in ({"kind": long(64)}, {long(64): "x"}, {"": "x"}):
        message = messages.open_request()
        messages.spoil(message, "answers", facts)
        with pytest.raises(Malformed) as error:
            cases.read_open(message.SerializeToString())
        assert error.value.details["field"].startswith("answers")
        assert SECRET not in str(error.value)


def test_a_nonce_is_wanted_only_where_a_licence_is_shown() -> None:
    message = messages.open_request()
    messages.spoil(message, "materials", [messages.file()])
    messages.spoil(message, "presentation_nonce", "")
    assert cases.read_open(message.SerializeToString()).presentation_nonce == ""


def test_a_report_that_says_nothing_is_refused() -> None:
    message = messages.progress()
    message.ClearField("progress")
    with pytest.raises(Malformed) as error:
        cases.read_progress(message.SerializeToString())
    assert error.value.details["field"] == "progress"


def test_a_platform_may_leave_the_numbering_of_requests_to_the_gateway() -> None:
    told = messages.supplement_requested()
    told.request = 0
    command = cases.read_progress(messages.progress(supplement_requested=told).SerializeToString())
    assert isinstance(command, AdvanceCase)
    assert command.body.kind == "supplement_requested"


def test_a_hundred_items_are_not_too_many() -> None:
    message = messages.event(supplement_requested=messages.supplement_requested())
    items = [event_pb2.SupplementItem(material_key="k", flaw="f")] * 100
    messages.spoil(message, "supplement_requested.items", items)
    ProtobufEventCodec().decode(message.SerializeToString())


def test_what_there_is_too_much_of_is_counted_before_it_is_read() -> None:
    """The first of them is out of bounds by itself, which nobody learns."""
    materials = messages.open_request()
    messages.spoil(materials, "materials", [messages.file("")] * 101)
    items = event_pb2.SupplementRequested(items=[event_pb2.SupplementItem()] * 101)
    progress = case_service_pb2.ReportProgressRequest(
        idempotency_key="report-0001", case="c", supplement_requested=items
    )
    for read, message in ((cases.read_open, materials), (cases.read_progress, progress)):
        with pytest.raises(Malformed) as error:
            read(message.SerializeToString())
        assert error.value.got.startswith("101 ")
