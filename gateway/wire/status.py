"""Errors on the wire: one table from error to gRPC code, one form for the details, and back again.

A refusal is a ``google.rpc.Status`` with exactly one ``ErrorInfo``. Beside it stand BadRequest for a field,
PreconditionFailure for a state, RetryInfo where asking again makes sense, and a LocalizedMessage in zh-CN for whoever
sits at the window. A caller who isn't known gets the bare code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

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

DOMAIN: Final = "tongban"
"""``ErrorInfo.domain`` of every reason in docs/errors.md."""

RETRY_AFTER_SECONDS: Final = 1

MAX_SAID_CHARACTERS: Final = 500
"""How much of what a peer says of its refusal is repeated to people here."""

UNAUTHENTICATED: Final = 16

CODES: Final[Mapping[type[TongbanError], int]] = {
    Malformed: 3,  # INVALID_ARGUMENT
    NotFound: 5,  # NOT_FOUND
    Conflict: 6,  # ALREADY_EXISTS
    Forbidden: 7,  # PERMISSION_DENIED
    WrongState: 9,  # FAILED_PRECONDITION
    InFlight: 10,  # ABORTED
    Misconfigured: 13,  # INTERNAL: the operator's business, not the caller's
    Internal: 13,
    Unavailable: 14,  # UNAVAILABLE
    Unauthenticated: UNAUTHENTICATED,
}
"""gRPC status code of each kind of error."""

_KINDS: Final = {code: kind for kind, code in CODES.items() if kind is not Misconfigured}
_WITHHELD: Final = (Internal, Misconfigured)
_RETRIED: Final = (InFlight, Unavailable)


def write_status(error: TongbanError | None) -> tuple[int, bytes]:
    """A refusal as gRPC code and serialised google.rpc.Status; None for a caller who must learn nothing."""
    if error is None:
        return UNAUTHENTICATED, status_pb2.Status(code=UNAUTHENTICATED).SerializeToString()
    code = CODES[type(error)]
    withheld = isinstance(error, _WITHHELD)
    reason = Reason.INTERNAL if withheld else error.reason
    status = status_pb2.Status(code=code, message="an error on our side" if withheld else error.sentence)
    metadata = {} if withheld else {**error.details, "fault": error.fault.value}
    _add(status, error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata))
    if isinstance(error, Malformed) and "field" in error.details:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.details["field"], description=f"got {error.got}; expected {error.expected}", reason=reason
        )
        _add(status, error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, WrongState):
        unmet = error_details_pb2.PreconditionFailure.Violation(
            type=reason, subject=error.failed, description=error.expected or error.mend
        )
        _add(status, error_details_pb2.PreconditionFailure(violations=[unmet]))
    if isinstance(error, _RETRIED):
        _add(status, error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_SECONDS)))
    _add(status, error_details_pb2.LocalizedMessage(locale="zh-CN", message=wording(reason)))
    return code, status.SerializeToString()


def _add(status: status_pb2.Status, detail: Message) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)


def read_status(code: int, body: bytes) -> TongbanError:
    """A member's signed refusal as the error it names.

    A reason that this version does not know keeps the kind of error that its code says, so that a newer peer's refusal
    is still acted on.
    """
    kind = _KINDS.get(code, Internal)
    reason, details, fault = Reason.INTERNAL, {"code": str(code)}, Fault.CALLER
    said = ""
    try:
        status = status_pb2.Status.FromString(body)
        said = status.message[:MAX_SAID_CHARACTERS]
        for packed in status.details:
            info = error_details_pb2.ErrorInfo()
            if packed.Unpack(info) and info.domain == DOMAIN:
                details = dict(info.metadata)
                told = details.pop("fault", Fault.CALLER)
                reason = Reason(info.reason)
                fault = Fault(told)
    except (DecodeError, ValueError):
        details["unknown"] = "the refusal is of a version that this gateway does not know"
    return kind(reason, said if said.isprintable() and said else "the peer refused", details=details, fault=fault)
