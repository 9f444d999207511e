"""What a platform told, as the bytes in which a delivery keeps it until it goes through the door."""

from __future__ import annotations

from typing import Final

from tongban.case.v1 import case_service_pb2

from gateway.domain.commands import AdvanceCase
from gateway.domain.platform import Notice
from gateway.wire import fields
from gateway.wire.cases import read_progress
from gateway.wire.events import write_body

_PREFIX: Final = "notice:"
"""So that a platform's notice ids, however short, are keys of their own kind."""


def write_notice(notice: Notice) -> bytes:
    """A notice as a ReportProgressRequest: what the platform would have sent, had it spoken gRPC."""
    return case_service_pb2.ReportProgressRequest(
        idempotency_key=_PREFIX + notice.notice_id,
        case=notice.case_number,
        occurred_at=fields.stamp(notice.occurred_at),
        **write_body(notice.progress),
    ).SerializeToString()


def read_notice(payload: bytes) -> AdvanceCase:
    """A kept notice as the command it asks for. Malformed when the platform told something out of bounds."""
    return read_progress(payload)
