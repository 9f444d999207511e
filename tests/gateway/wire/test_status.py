"""Refusals on the wire: the right code, exactly one reason, and the same error at the other end."""

from __future__ import annotations

import re

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2

from gateway.wire.status import CODES, DOMAIN, read_status, write_status
from gateway.wire.wording import wording
from trust.errors import (
    Conflict,
    Fault,
    Forbidden,
    InFlight,
    Internal,
    Malformed,
    Misconfigured,
    NotFound,
    Reason,
    TongbanError,
    Unauthenticated,
    Unavailable,
    WrongState,
)

GRPC_CODE: dict[type[TongbanError], int] = {
    Unauthenticated: code_pb2.UNAUTHENTICATED,
    Forbidden: code_pb2.PERMISSION_DENIED,
    Malformed: code_pb2.INVALID_ARGUMENT,
    NotFound: code_pb2.NOT_FOUND,
    WrongState: code_pb2.FAILED_PRECONDITION,
    Conflict: code_pb2.ALREADY_EXISTS,
    InFlight: code_pb2.ABORTED,
    Unavailable: code_pb2.UNAVAILABLE,
    Misconfigured: code_pb2.INTERNAL,
    Internal: code_pb2.INTERNAL,
}
WITHHELD = [Internal, Misconfigured]
TOLD = [kind for kind in GRPC_CODE if kind not in WITHHELD]

OPERATORS_ONLY = {
    Reason.CONFIG_INVALID,
    Reason.KEY_FILE_UNREADABLE,
    Reason.KEY_FILE_EXPOSED,
    Reason.CERTIFICATE_EXPIRED,
    Reason.DIRECTORY_UNTRUSTED,
    Reason.DIRECTORY_EXPIRED,
    Reason.DIRECTORY_ROLLED_BACK,
    Reason.PORT_IN_USE,
    Reason.LOG_INCONSISTENT,
    Reason.INTERNAL,
}
"""Reasons that stop a gateway or are withheld; no caller is ever told one of them."""


def status_of(error: TongbanError | None) -> tuple[int, status_pb2.Status]:
    code, body = write_status(error)
    return code, status_pb2.Status.FromString(body)


def details(status: status_pb2.Status, kind: type) -> list[object]:
    found = []
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    return found


def test_every_kind_of_error_has_its_code() -> None:
    assert set(TongbanError.__subclasses__()) == set(GRPC_CODE) == set(CODES)
    for kind, wanted in GRPC_CODE.items():
        code, status = status_of(kind(Reason.FIELD_INVALID, "failed"))
        assert code == status.code == wanted


@pytest.mark.parametrize("kind", GRPC_CODE)
def test_a_refusal_has_exactly_one_reason_and_one_sentence_in_chinese(kind: type[TongbanError]) -> None:
    _, status = status_of(kind(Reason.EVENT_GAP, "failed", details={"wanted_seq": "3"}))
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert info.domain == DOMAIN  # type: ignore[attr-defined]
    (sentence,) = details(status, error_details_pb2.LocalizedMessage)
    assert sentence.locale == "zh-CN"  # type: ignore[attr-defined]
    assert len(details(status, error_details_pb2.RetryInfo)) == (kind in {InFlight, Unavailable})
    assert len(details(status, error_details_pb2.PreconditionFailure)) == (kind is WrongState)


def test_a_field_is_named_as_a_bad_request() -> None:
    error = Malformed(Reason.FIELD_INVALID, "failed", got="6", expected="1 to 5", details={"field": "score"})
    _, status = status_of(error)
    (bad,) = details(status, error_details_pb2.BadRequest)
    (violation,) = bad.field_violations  # type: ignore[attr-defined]
    assert (violation.field, violation.reason) == ("score", "FIELD_INVALID")
    assert violation.description == "got 6; expected 1 to 5"


def test_a_state_is_named_as_a_precondition() -> None:
    _, status = status_of(WrongState(Reason.MAP_EXPIRED, "translate", mend="renew the mapping"))
    (failure,) = details(status, error_details_pb2.PreconditionFailure)
    (violation,) = failure.violations  # type: ignore[attr-defined]
    assert (violation.type, violation.description) == ("MAP_EXPIRED", "renew the mapping")


@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("fault", Fault)
def test_what_is_written_is_read_as_the_same_error(kind: type[TongbanError], fault: Fault) -> None:
    for reason in Reason:
        error = kind(reason, "failed", details={"wanted_seq": "3", "field": "x"}, fault=fault)
        again = read_status(*write_status(error))
        assert type(again) is kind
        assert (again.reason, again.details, again.fault) == (reason, error.details, fault)


@pytest.mark.parametrize("kind", WITHHELD)
def test_our_own_defects_keep_their_text_at_home(kind: type[TongbanError]) -> None:
    error = kind(
        Reason.KEY_FILE_UNREADABLE, "机密 failed", got="机密 got", mend="机密 mend", details={"path": "机密 path"}
    )
    code, body = write_status(error)
    assert "机密".encode() not in body
    assert b"KEY_FILE" not in body
    again = read_status(code, body)
    assert isinstance(again, Internal)
    assert (again.reason, again.details) == (Reason.INTERNAL, {})


def test_whoever_is_not_known_learns_nothing() -> None:
    code, status = status_of(None)
    assert code == code_pb2.UNAUTHENTICATED
    assert status == status_pb2.Status(code=code_pb2.UNAUTHENTICATED)


def test_a_reason_of_a_later_version_keeps_its_kind() -> None:
    _, status = status_of(WrongState(Reason.EVENT_GAP, "failed", details={"wanted_seq": "3"}))
    body = status.SerializeToString().replace(b"EVENT_GAP", b"EVENT_NEW")
    error = read_status(code_pb2.FAILED_PRECONDITION, body)
    assert isinstance(error, WrongState)
    assert error.reason is Reason.INTERNAL
    assert error.details["wanted_seq"] == "3"
    assert "unknown" in error.details


def test_a_fault_of_a_later_version_keeps_its_reason() -> None:
    _, body = write_status(WrongState(Reason.EVENT_GAP, "failed", fault=Fault.PLATFORM))
    error = read_status(code_pb2.FAILED_PRECONDITION, body.replace(b"platform", b"somebody"))
    assert isinstance(error, WrongState)
    assert error.reason is Reason.EVENT_GAP


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b"\x1a\x02xx"])
def test_a_refusal_that_cannot_be_read_keeps_the_kind_of_its_code(body: bytes) -> None:
    error = read_status(code_pb2.UNAVAILABLE, body)
    assert isinstance(error, Unavailable)
    assert error.reason is Reason.INTERNAL


def test_a_reason_of_another_domain_is_not_ours() -> None:
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason="EVENT_GAP", domain="elsewhere.example"))
    error = read_status(9, status_pb2.Status(code=9, details=[packed]).SerializeToString())
    assert isinstance(error, WrongState)
    assert error.reason is Reason.INTERNAL


def test_a_code_that_no_error_has_is_a_defect() -> None:
    assert isinstance(read_status(2, b""), Internal)


def test_every_reason_that_a_caller_may_meet_has_its_own_sentence() -> None:
    shared = wording(Reason.INTERNAL)
    met = [reason for reason in Reason if reason not in OPERATORS_ONLY]
    sentences = [wording(reason) for reason in met]
    assert [reason for reason, sentence in zip(met, sentences, strict=True) if sentence == shared] == []
    assert len(set(sentences)) == len(sentences)
    for sentence in [*sentences, shared]:
        assert re.search(r"[一-鿿]", sentence)
        assert sentence.endswith("。")


def test_reasons_that_only_operators_meet_share_a_sentence() -> None:
    assert {wording(reason) for reason in OPERATORS_ONLY} == {wording(Reason.INTERNAL)}
