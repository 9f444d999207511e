"""The audit leaf: what one act at the gateway leaves in the log for ever, as exact bytes.

Rules of this module:

- A leaf holds no personal data, because a log can't forget. A case appears as a salted commitment: without the salt,
  which lives with the case and is erased with it, the leaf says nothing about anyone.
- The bytes are the leaf. They are JSON with sorted keys, no spaces and ASCII characters only, and ``from_bytes``
  accepts nothing that ``to_bytes`` would not write, so that one fact never has two hashes.
- A new field or kind of field means a new version; leaves are never rewritten, and every version stays readable.
- The leaves of one case form a chain in their log: each has its place in the case and the hash of the one before. So a
  log shows what a case lacks to whoever has the case's last leaf, without the rest of the log.

Versions: 1 had no ``place`` and no ``previous``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Self

from trust.errors import Malformed, Reason

VERSION: Final = 2
"""The leaf format that this module writes; it reads this and the earlier ones."""

MAX_LEAF_BYTES: Final = 2048
"""Longest leaf; the fields' own bounds stay below it."""

MIN_SALT_BYTES: Final = 16
"""Shortest salt of a commitment: 128 bits, so that case numbers can't be guessed through it."""

MAX_SEQ: Final = 2**63 - 1
"""Highest event number, as a protobuf int64 holds it."""

_CANONICAL_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))  # made once, as in trust.jws
_COMMITMENT_DOMAIN: Final = b"tongban/case-commitment/v1\x00"
_NAME = re.compile(r"[A-Za-z0-9._:/#-]{1,128}", re.ASCII)
_SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_IDENTITY_NUMBER = re.compile(r"(?=(\d{17}[\dXx]))", re.ASCII)


class LeafKind(StrEnum):
    """What happened. Closed: a kind is added with a version of the documentation that explains it."""

    CASE_EVENT = "case.event"
    """An event of a case was emitted by us or received from a peer."""
    RECEIPT = "receipt"
    """A signed receipt for case events was given by us or got from a peer."""
    CALL_REFUSED = "call.refused"
    """A call by a known member was refused."""
    PLATFORM_PASSED = "platform.passed"
    """The local platform took over what was passed to it."""
    PERSONAL_DATA_READ = "data.read"
    """Somebody was shown personal data."""
    ADMIN = "admin"
    """The operator changed something by hand: a key, a requeued delivery."""
    HEAD_SEEN = "log.head_seen"
    """A peer's head came with a message; ``subject`` is its root, ``seq`` its size. Since version 2."""
    TRAIL_READ = "audit.read"
    """Somebody searched the trail or exported evidence; ``subject`` says what for. Since version 2."""
    ERASED = "case.erased"
    """Personal data of the case were erased here. Since version 2."""


_SINCE_2: Final = frozenset({LeafKind.HEAD_SEEN, LeafKind.TRAIL_READ, LeafKind.ERASED})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the audit log. Raises ``Malformed(FIELD_INVALID)`` for a field outside its bounds."""

    kind: LeafKind
    """What happened."""
    member: str
    """Id of the other party, or of whoever acted here: 1 to 128 characters of ``A-Za-z0-9._:/#-``, pseudonymous."""
    subject: str
    """What it was about: SHA-256 of an event's or receipt's exact bytes in hex, the reason of a refusal, the name of an
    administrative act; characters as in ``member``."""
    at: datetime
    """When, UTC, kept to the millisecond."""
    case: bytes = b""
    """Commitment to the case as ``commit_case`` makes it, 32 bytes; empty when no case is concerned."""
    seq: int = 0
    """The event's number by its emitter, from 1; 0 when there is none."""
    emitter: str = ""
    """Member who emitted the event, characters as in ``member``; empty when there is none."""
    call: str = ""
    """SHA-256 of the signed request that led to this, in hex; empty when no call did."""
    place: int = 0
    """Place among the leaves of the case in this log, from 1; 0 when no case is concerned."""
    previous: bytes = b""
    """RFC 6962 hash of the leaf at the place before, 32 bytes; empty at place 1 and when no case is concerned."""
    version: int = VERSION
    """The format that it was written in."""

    def __post_init__(self) -> None:
        for field, value in (("member", self.member), ("subject", self.subject), ("emitter", self.emitter)):
            if field == "emitter" and not value:
                continue
            if _NAME.fullmatch(value) is None:
                raise _bad_field(field, "1 to 128 characters of A-Za-z0-9._:/#-")
            # A hash may contain eighteen digits by chance; anything else that reads as an identity number is one.
            if _SHA256_HEX.fullmatch(value) is None and any(map(_has_check_digit, _IDENTITY_NUMBER.findall(value))):
                raise _bad_field(field, "a pseudonym, no identity number")
        if len(self.case) not in (0, 32):
            raise _bad_field("case", "32 bytes or none")
        if not 0 <= self.seq <= MAX_SEQ:
            raise _bad_field("seq", f"0 to {MAX_SEQ}")
        self._check_chain()
        if self.call and _SHA256_HEX.fullmatch(self.call) is None:
            raise _bad_field("call", "64 lower-case hex digits or nothing")
        if self.at.tzinfo is None:
            raise _bad_field("at", "a time with its zone")
        at = self.at.astimezone(UTC)
        object.__setattr__(self, "at", at.replace(microsecond=at.microsecond // 1000 * 1000))

    def _check_chain(self) -> None:
        if not 1 <= self.version <= VERSION or (self.version < 2 and self.kind in _SINCE_2):
            raise _bad_field("version", f"1 to {VERSION}, and one that has this kind")
        if not 0 <= self.place <= MAX_SEQ or (self.place and not self.case):
            raise _bad_field("place", f"0 to {MAX_SEQ}, and 0 without a case")
        if len(self.previous) != (32 if self.place > 1 else 0):
            raise _bad_field("previous", "32 bytes behind another leaf of the case, else none")

    def to_bytes(self) -> bytes:
        """Write the leaf's exact bytes, which ``trust.merkle.leaf_hash`` hashes."""
        at = self.at.isoformat(timespec="milliseconds")  # strftime takes ten times as long
        fields: dict[str, str | int] = {
            "at": at.removesuffix("+00:00") + "Z",
            "call": self.call,
            "case": self.case.hex(),
            "emitter": self.emitter,
            "kind": self.kind.value,
            "member": self.member,
            "seq": self.seq,
            "subject": self.subject,
            "v": self.version,
        }
        if self.version > 1:
            fields |= {"place": self.place, "previous": self.previous.hex()}
        return _CANONICAL_JSON.encode(fields).encode("ascii")

    @classmethod
    def from_bytes(cls, leaf: bytes) -> Self:
        """Read a leaf.

        Steps:

        1. the length is within bounds, and the bytes are a JSON object;
        2. the version is known;
        3. the fields are those of the version, each within its bounds;
        4. written again, they give the same bytes.

        Raises ``Malformed``: MESSAGE_MALFORMED at steps 1, 3 and 4, VERSION_NOT_SPOKEN at step 2, FIELD_INVALID for a
        field.
        """
        # 1. JSON
        if len(leaf) > MAX_LEAF_BYTES:
            raise _bad_leaf("step 1, length", f"{len(leaf)} bytes", f"at most {MAX_LEAF_BYTES}")
        try:
            fields: Any = json.loads(leaf.decode("ascii"))
        except (ValueError, RecursionError) as error:
            raise _bad_leaf("step 1, JSON", "other bytes", "a JSON object") from error
        if not isinstance(fields, dict):
            raise _bad_leaf("step 1, JSON", "another JSON value", "a JSON object")
        # 2. version
        version = fields.get("v")
        if type(version) is not int or not 1 <= version <= VERSION:
            raise Malformed(
                Reason.VERSION_NOT_SPOKEN,
                "The audit leaf has another version (step 2)",
                got="another v, or none",
                expected=f"1 to {VERSION}",
                mend="read it with the release of Tongban that wrote it, or a later one",
            )
        # 3. fields
        try:
            place = fields["place"] if version > 1 else 0
            # true and 7.0 are equal to integers, and would be written back alike
            if type(fields["seq"]) is not int or type(place) is not int:
                raise _bad_field("seq or place", f"a whole number, 0 to {MAX_SEQ}")
            if _TIME.fullmatch(fields["at"]) is None:
                raise _bad_field("at", "YYYY-MM-DDThh:mm:ss.mmmZ")
            parsed = cls(
                kind=LeafKind(fields["kind"]),
                member=fields["member"],
                subject=fields["subject"],
                at=datetime.fromisoformat(fields["at"]),
                case=bytes.fromhex(fields["case"]),
                seq=fields["seq"],
                emitter=fields["emitter"],
                call=fields["call"],
                place=place,
                previous=bytes.fromhex(fields["previous"]) if version > 1 else b"",
                version=version,
            )
            written = parsed.to_bytes()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _bad_leaf(
                "step 3, fields", "a missing field or another type", f"the fields of version {version}"
            ) from error
        # 4. the same bytes
        if written != leaf:
            raise _bad_leaf("step 4, canonical form", "other bytes for the same fields", "the bytes of to_bytes")
        return parsed


def commit_case(salt: bytes, case_id: str) -> bytes:
    """Commit to a case, for leaves: SHA-256 over a domain separator, the salt and the case's id.

    ``salt`` is random, at least 16 bytes, chosen once for each case and kept with it. Erasing it makes the leaves
    anonymous while the log stays valid. Raises ``Malformed(FIELD_INVALID)`` for a shorter salt.
    """
    if len(salt) < MIN_SALT_BYTES:
        raise _bad_field("salt", f"at least {MIN_SALT_BYTES} random bytes")
    # The salt's length is written before it, so that no salt and id can be moved against each other.
    return sha256(_COMMITMENT_DOMAIN + len(salt).to_bytes(2, "big") + salt + case_id.encode()).digest()


def _has_check_digit(number: str) -> bool:
    """Whether eighteen characters pass the check of a citizen's number (GB 11643: ISO 7064 MOD 11-2).

    Worked out here and not by a library, since the offline verifier of evidence reads leaves with nothing installed.
    """
    total = sum(int(digit) << (17 - place) for place, digit in enumerate(number[:17]))
    return (total + (10 if number[17] in "Xx" else int(number[17]))) % 11 == 1


def _bad_field(field: str, expected: str) -> Malformed:
    # What was got stays unsaid: it may be exactly the personal data that must not get out.
    return Malformed(
        Reason.FIELD_INVALID,
        f"The field {field} of an audit leaf is out of bounds",
        expected=expected,
        mend="use a pseudonymous id or a hash",
    )


def _bad_leaf(step: str, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        f"The bytes are no audit leaf ({step})",
        got=got,
        expected=expected,
        mend="take the leaf's bytes from the log, unchanged",
    )
