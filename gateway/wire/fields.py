"""The rules for single fields: bounds as the .proto files state them, one error form for all.

The path of a field (``applicant.name``) goes into the error; what a text or bytes field holds never does, since it may
be personal. Numbers and enum values are the protocol's own and are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from trust.errors import Malformed, Reason

_M = TypeVar("_M", bound=Message)

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Bounds of every moment in a message: an unset field reads as 1970, and deadlines are reckoned from what is let in."""

EARLIEST_DAY: Final = date(1900, 1, 1)
LATEST_DAY: Final = date(2999, 12, 31)
"""Bounds of every day: licences are older than messages, and 9999-12-31 has no next day (长期 is an empty field)."""

_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_CERTIFICATE: Final = re.compile(r"[0-9]{3}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PHONE: Final = re.compile(r"[0-9+-]{0,20}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # C1 too: U+009B steers a terminal as ESC [ does
MAX_ANSWERS: Final = 50


def parse(message_type: type[_M], body: bytes) -> _M:
    """Read a message. Malformed(MESSAGE_MALFORMED) when the bytes are not one."""
    try:
        return message_type.FromString(body)
    except DecodeError as error:
        raise Malformed(
            Reason.MESSAGE_MALFORMED,
            f"the bytes are not a {message_type.DESCRIPTOR.full_name}",
            mend="serialise the message that the method takes; nothing may stand before or after it",
        ) from error


def invalid(path: str, got: str, expected: str) -> Malformed:
    """The error for a field outside its bounds."""
    return Malformed(
        Reason.FIELD_INVALID, f"field {path} is not valid", got=got, expected=expected, details={"field": path}
    )


def under(path: str, error: Malformed) -> Malformed:
    """The error of a part, with the path of the whole before its own.

    So that a path is put together only when something is wrong: reading composes none.
    """
    field = error.details.get("field")
    return error if field is None else invalid(f"{path}.{field}", error.got, error.expected)


def text(value: str, path: str, longest: int, *, shortest: int = 0) -> str:
    """A text of ``shortest`` to ``longest`` characters without control characters."""
    if not shortest <= len(value) <= longest:
        raise invalid(path, f"{len(value)} characters", f"{shortest} to {longest}")
    if not value.isprintable() and _CONTROL.search(value):
        raise invalid(path, "a control character", "printable text")
    return value


def octets(value: bytes, path: str, *lengths: int) -> bytes:
    """Bytes of one of the given lengths."""
    if len(value) not in lengths:
        raise invalid(path, f"{len(value)} bytes", " or ".join(map(str, lengths)))
    return value


def number(value: int, path: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    if not low <= value <= high:
        raise invalid(path, str(value), f"{low} to {high}")
    return value


def region(value: str, path: str) -> str:
    """A 6-digit region code (GB/T 2260)."""
    if _REGION.fullmatch(value) is None:
        raise invalid(path, f"{len(value)} characters", "a region code of 6 digits")
    return value


def certificate_code(value: str, path: str) -> str:
    """A national certificate code of 3 digits."""
    if _CERTIFICATE.fullmatch(value) is None:
        raise invalid(path, f"{len(value)} characters", "a certificate code of 3 digits")
    return value


def phone(value: str, path: str) -> str:
    """A telephone number, or nothing."""
    if _PHONE.fullmatch(value) is None:
        raise invalid(path, f"{len(value)} characters", "at most 20 of 0-9, + and -")
    return value


def nonce(value: str, path: str, *, wanted: bool) -> str:
    """What presentations are bound to; it may be missing where none is shown."""
    return text(value, path, 64, shortest=16 if value or wanted else 0)


def uuid(value: str, path: str) -> str:
    """A UUID in its 36-character lower-case form."""
    if _UUID.fullmatch(value) is None:
        raise invalid(path, f"{len(value)} characters", "a UUID in its 36-character lower-case form")
    return value


def idempotency_key(value: str) -> str:
    """The key that an application chooses for one effect."""
    return text(value, "idempotency_key", 64, shortest=8)


def answers(value: Mapping[str, str], path: str = "answers") -> dict[str, str]:
    """Answers to situation questions."""
    if len(value) > MAX_ANSWERS:
        raise invalid(path, f"{len(value)} entries", f"at most {MAX_ANSWERS}")
    for key, given in value.items():
        text(key, f"{path} key", 64, shortest=1)
        text(given, f"{path}.{key}", 64)
    return dict(value)


def moment(value: Timestamp, path: str) -> datetime:
    """A timestamp as an aware UTC time, to the microsecond."""
    try:
        given = value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(path, "a time that does not exist", "a time of the years 2000 to 2199") from error
    if not EARLIEST <= given < LATEST:
        raise invalid(path, "none, or one out of bounds", "a time of the years 2000 to 2199")
    return given


def stamp(value: datetime) -> Timestamp:
    """A time as a timestamp."""
    written = Timestamp()
    written.FromDatetime(value.astimezone(UTC))
    return written


def day(value: str, path: str) -> date:
    """A day as yyyy-MM-dd, in Beijing, within bounds that leave room to reckon from it."""
    try:
        given = date.fromisoformat(value)
    except ValueError:
        given = None
    if given is None or given.isoformat() != value:  # fromisoformat takes 20261121 and 2026-W47-6 too
        raise invalid(path, f"{len(value)} characters", "a day as yyyy-MM-dd")
    if not EARLIEST_DAY <= given <= LATEST_DAY:
        raise invalid(path, "a day out of bounds", "a day of the years 1900 to 2999")
    return given
