"""The few protobuf messages that evidence is checked by, read without generated code.

The bodies in a bundle are bytes that were signed long ago; what is read here are the fields that prove something
(protos/tongban/case/v1/event.proto, exchange/v1 and audit/v1), and everything else is passed over. A field that occurs
twice has its last value, as every protobuf reader has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from trust.errors import Malformed
from trust.evidence import ProvedLeaf, Trail, invalid

KINDS: Final[Mapping[int, str]] = {
    20: "submitted",
    21: "supplemented",
    22: "withdrawal_requested",
    23: "rated",
    30: "accepted",
    31: "refused",
    32: "supplement_requested",
    33: "suspended",
    34: "resumed",
    35: "decided",
    36: "withdrawn",
    37: "withdrawal_refused",
}
"""Number of a body's field in CaseEvent → its name."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTHS: Final = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2
_LONGEST_VARINT: Final = 10
_MAX_EVENTS: Final = 1_000
"""Highest number of an event: gateways take no more of one side."""


@dataclass(frozen=True, slots=True)
class EventFact:
    """What of a case event proves something, or is told."""

    digest: str
    """SHA-256 of the event's exact bytes, in hex."""
    case_id: str
    emitter: str
    seq: int
    seen: int
    previous: bytes
    occurred_at: datetime
    kind: str
    """Name of its body."""
    case_number: str = ""
    """Of a submission; empty otherwise."""
    regions: tuple[str, str] = ("", "")
    """Accepting and processing region of a submission."""
    case_salt: bytes = field(default=b"", repr=False)
    """Of a submission; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A DeliverEventsRequest."""

    case_id: str
    events: tuple[EventFact, ...]


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """The receipt in a DeliverEventsResponse."""

    case_id: str
    accepted_through: int
    leaf_hashes: tuple[bytes, ...]


def read_delivered(body: bytes) -> Delivered:
    """Read a DeliverEventsRequest. Malformed(EVIDENCE_INVALID)."""
    case_id, events = "", []
    for number, value in _fields(body):
        if number == 1:
            case_id = _text(value)
        elif number == 2:
            events.append(_read_event(_octets(value)))
    return Delivered(case_id, tuple(events))


def read_receipt(body: bytes) -> ReceiptFact:
    """Read a DeliverEventsResponse. Malformed(EVIDENCE_INVALID)."""
    case_id, through, hashes = "", 0, []
    for number, value in _fields(_last(body, 1)):
        if number == 1:
            case_id = _text(value)
        elif number == 2:
            through = _number(value)
        elif number == 3:
            hashes.append(_octets(value))
    return ReceiptFact(case_id, through, tuple(hashes))


def read_trail_request(body: bytes) -> str:
    """Read a GetCaseTrailRequest: the case's id. Malformed(EVIDENCE_INVALID)."""
    return _text(_last(body, 1))


def read_trail(body: bytes, member: str) -> Trail:
    """Read a GetCaseTrailResponse of a member. Malformed(EVIDENCE_INVALID)."""
    leaves, checkpoint, count = [], "", 0
    for number, value in _fields(body):
        if number == 1:
            leaves.append(_read_leaf(_octets(value)))
        elif number == 2:
            checkpoint = _text(value)
        elif number == 3:
            count = _number(value)
    return Trail(member, tuple(leaves), checkpoint, count)


def _read_leaf(body: bytes) -> ProvedLeaf:
    index, leaf, path = 0, b"", []
    for number, value in _fields(body):
        if number == 1:
            index = _number(value)
        elif number == 2:
            leaf = _octets(value)
        elif number == 3:
            path.append(_octets(value))
    return ProvedLeaf(index, leaf, tuple(path))


def _read_event(raw: bytes) -> EventFact:
    found: dict[int, int | bytes] = {}
    kind, body = "", b""
    for number, value in _fields(raw):
        found[number] = value
        if number in KINDS:
            kind, body = KINDS[number], _octets(value)
    if not 1 <= _number(found.get(3, 0)) <= _MAX_EVENTS:
        raise _bad("an event whose number no case has")
    submission: dict[int, int | bytes] = dict(_fields(body)) if kind == "submitted" else {}
    at = dict(_fields(_octets(found.get(7, b""))))
    try:
        occurred_at = _EPOCH + timedelta(seconds=_number(at.get(1, 0)), microseconds=_number(at.get(2, 0)) // 1000)
    except OverflowError as error:
        raise _bad("a time that no calendar has") from error
    return EventFact(
        digest=sha256(raw).hexdigest(),
        case_id=_text(found.get(1, b"")),
        emitter=_text(found.get(2, b"")),
        seq=_number(found.get(3, 0)),
        seen=_number(found.get(4, 0)),
        previous=_octets(found.get(5, b"")),
        occurred_at=occurred_at,
        kind=kind,
        case_number=_text(submission.get(1, b"")),
        regions=(_text(submission.get(2, b"")), _text(submission.get(3, b""))),
        case_salt=_octets(submission.get(12, b"")),
    )


def _last(body: bytes, wanted: int) -> bytes:
    return _octets(dict(_fields(body)).get(wanted, b""))


def _fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: numbers for varints, bytes for everything else."""
    at = 0
    while at < len(body):
        key, at = _varint(body, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(body, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(body, at)
        elif kind in _LENGTHS:
            length = _LENGTHS[kind]
        else:
            raise _bad("a field of a type that is not used")
        if not number or at + length > len(body):
            raise _bad("a field that is cut off")
        yield number, body[at : at + length]
        at += length


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(body[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise _bad("a number that is cut off")


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise _bad("bytes where a number stands")
    return value


def _octets(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise _bad("a number where bytes stand")
    return value


def _text(value: int | bytes) -> str:
    try:
        return _octets(value).decode()
    except UnicodeDecodeError as error:
        raise _bad("a text that is no UTF-8") from error


def _bad(got: str) -> Malformed:
    return invalid("a body", got, "a message of the protocol")
