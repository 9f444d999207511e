"""The rules for single fields: bounds as the .proto files state them, one error form for all.

The path of a field (``applicant.name``) goes into the error; its value never does, since it may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, TypeVar
from uuid import UUID

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from trust.errors import Malformed, Reason

_M = TypeVar("_M", bound=Message)

_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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


def uuid(value: str, path: str) -> str:
    """A UUID in its 36-character lower-case form."""
    try:
        if str(UUID(value)) == value:
            return value
    except ValueError:
        pass
    raise invalid(path, f"{len(value)} characters", "a UUID in its 36-character lower-case form")


def idempotency_key(value: str) -> str:
    """The key that an application chooses for one effect."""
    return text(value, "idempotency_key", 64, shortest=8)


def answers(value: Mapping[str, str], path: str = "answers") -> dict[str, str]:
    """Answers to situation questions."""
    if len(value) > MAX_ANSWERS:
        raise invalid(path, f"{len(value)} entries", f"at most {MAX_ANSWERS}")
    return {text(key, f"{path} key", 64, shortest=1): text(given, f"{path}.{key}", 64) for key, given in value.items()}


def moment(value: Timestamp, path: str) -> datetime:
    """A timestamp as an aware UTC time, to the microsecond."""
    try:
        return value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(path, "a time that does not exist", "a time between year 1 and 9999") from error


def stamp(value: datetime) -> Timestamp:
    """A time as a timestamp."""
    written = Timestamp()
    written.FromDatetime(value.astimezone(UTC))
    return written


def day(value: str, path: str) -> date:
    """A day as yyyy-MM-dd, in Beijing."""
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise invalid(path, f"{len(value)} characters", "a day as yyyy-MM-dd") from error
