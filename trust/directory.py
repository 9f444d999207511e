"""The directory: who the members are, with which keys they sign, and what each may do.

Rules:

- Deny by default. A member may do what one of its rights says, wholly: action, item, licence type and purpose must be
  covered by the same right.
- One kid is one key, one algorithm, one purpose and one member over the whole directory, and one key has one kid. A
  directory that breaks this can't be built.
- It is data that trustees sign, m of n, and it replaces itself as a whole: a newer version, never a patch.
- What this version doesn't understand (an action, a key type) makes the file unreadable instead of being skipped, so
  that two members never read different directories from the same bytes.

The signed file is the general JSON serialisation of a JWS (RFC 7515 section 7.2.1) over plain JSON that a person can
read. Another envelope, such as The Update Framework's, may replace it without touching the values: ``seal`` and
``open_directory`` are the only two functions that know it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from trust.errors import (
    Fault,
    Forbidden,
    Malformed,
    Misconfigured,
    NotFound,
    Reason,
    TongbanError,
    Unauthenticated,
    Unavailable,
)
from trust.jws import encode_header, parse_header, parse_object
from trust.keys import Algorithm, KeyPurpose, Signer, VerifyingKey, decode_base64url, encode_base64url

DIRECTORY_TYPE = "tongban-directory+jws"
"""``typ`` of every protected header in a signed directory."""

MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
"""Longest signed directory that is read: ten thousand members of 1.6 kB each."""

MAX_SIGNATURES = 64
"""Most signatures that are looked at in one signed directory."""

_MEMBER_ID = re.compile(r"(?P<region>[0-9]{6})\.[a-z][a-z0-9-]{0,31}", re.ASCII)
_KID = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_ENDPOINT = re.compile(r"[^\s/:]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}", re.ASCII)


class Action(StrEnum):
    """What a member may be allowed to do at another."""

    CASE_OPEN = "case.open"
    CASE_PROGRESS = "case.progress"
    CASE_READ = "case.read"
    EXCHANGE_DELIVER = "exchange.deliver"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_TRANSLATE = "catalogue.translate"
    LICENCE_ISSUE = "licence.issue"
    LICENCE_VERIFY = "licence.verify"
    LICENCE_STATUS = "licence.status"
    AUDIT_READ = "audit.read"
    DIRECTORY_READ = "directory.read"


class Role(StrEnum):
    """What kind of system a member is."""

    GATEWAY = "gateway"
    """Speaks for a region to the other regions. At most one in a region."""
    PLATFORM = "platform"
    """A government platform behind its region's gateway."""


class MemberStatus(StrEnum):
    """Whether the federation presently deals with a member."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Right:
    """Leave to do one action, within bounds. Patterns are an exact value or a prefix followed by one ``*``."""

    action: Action
    """What may be done."""
    items: tuple[str, ...] = ("*",)
    """Patterns of item codes that it may be done for."""
    licence_types: tuple[str, ...] = ("*",)
    """Patterns of licence type codes that it may be done with."""
    purposes: tuple[str, ...] = ()
    """Purposes of which the call must state one. Empty: no purpose needs stating."""

    def __post_init__(self) -> None:
        for pattern in (*self.items, *self.licence_types):
            if not pattern or "*" in pattern[:-1]:
                raise _invalid(
                    f"the right {self.action.value}", f"the pattern {pattern!r}", "a value, or a prefix and *"
                )


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A member's public key and the bounds of its use."""

    key: VerifyingKey
    """The key, which knows its kid and algorithm."""
    purpose: KeyPurpose
    """The only thing it signs."""
    valid_from: datetime
    """First moment of its use, UTC."""
    valid_until: datetime
    """First moment after its use, UTC."""
    revoked_at: datetime | None = None
    """Moment from which it no longer counts, UTC; None while it stands."""
    licence_types: tuple[str, ...] = ()
    """For a licence key: patterns of the licence types that it may sign. Empty: none."""

    def __post_init__(self) -> None:
        what = f"the key {self.kid!r}"
        if _KID.fullmatch(self.kid) is None:
            raise _invalid(what, "a kid of other characters or length", "1 to 128 visible ASCII characters")
        _check_period(what, self.valid_from, self.valid_until)
        if self.revoked_at is not None:
            _check_utc(what, self.revoked_at)

    @property
    def kid(self) -> str:
        """Identifier of the key, unique in the directory."""
        return self.key.kid

    @property
    def algorithm(self) -> Algorithm:
        """The only algorithm it verifies."""
        return self.key.algorithm

    def in_force(self, at: datetime) -> bool:
        """Whether a signature made at this moment counts."""
        return self.valid_from <= at < self.valid_until and (self.revoked_at is None or at < self.revoked_at)

    def signs_licence_type(self, licence_type: str) -> bool:
        """Whether this is a licence key that may sign licences of this type."""
        return self.purpose is KeyPurpose.LICENCE and _covers(self.licence_types, licence_type)


@dataclass(frozen=True, slots=True)
class Member:
    """A gateway or platform of the federation."""

    id: str
    """Six-digit region code, a dot, and a name: ``430600.gateway``."""
    region: str
    """GB/T 2260 code of the region that it speaks for, six digits."""
    role: Role
    """What kind of system it is."""
    name: str
    """What people call it, in Chinese."""
    spiffe_id: str
    """The one SPIFFE ID of its TLS certificates: ``spiffe://<trust domain>/<region>/<role>``."""
    endpoint: str
    """``host:port`` where it answers calls, or empty if it only makes them."""
    versions: tuple[str, ...]
    """Protocol versions that it speaks, for example ``v1``."""
    status: MemberStatus
    """Whether it is dealt with at present."""
    valid_from: datetime
    """First moment of its membership, UTC."""
    valid_until: datetime
    """First moment after its membership, UTC."""
    keys: tuple[KeyEntry, ...]
    """All its keys, past ones too, so that old signatures stay verifiable."""
    rights: tuple[Right, ...]
    """Everything it may do. What isn't here, it may not."""

    def __post_init__(self) -> None:
        what = f"the member {self.id!r}"
        form = _MEMBER_ID.fullmatch(self.id)
        if form is None or form["region"] != self.region:
            raise _invalid(what, f"this id in the region {self.region!r}", "<its region's six digits>.<name>")
        if self.endpoint and _ENDPOINT.fullmatch(self.endpoint) is None:
            raise _invalid(what, f"the endpoint {self.endpoint!r}", "host:port, or empty")
        _check_period(what, self.valid_from, self.valid_until)

    def in_force(self, at: datetime) -> bool:
        """Whether it is a member at this moment. Suspension is another question."""
        return self.valid_from <= at < self.valid_until

    def require_active(self, now: datetime) -> None:
        """Pass silently if it is a member at this moment and not suspended.

        Raises Forbidden: MEMBER_NOT_IN_FORCE, MEMBER_SUSPENDED. Neither its calls nor its answers count then, and
        nothing is sent to it.
        """
        if not self.in_force(now):
            raise Forbidden(
                Reason.MEMBER_NOT_IN_FORCE,
                "checking the member",
                got=f"{self.id}, outside the time of its membership",
                expected="a member in force",
                mend="ask the trustees of the directory to prolong the membership",
            )
        if self.status is not MemberStatus.ACTIVE:
            raise Forbidden(
                Reason.MEMBER_SUSPENDED,
                "checking the member",
                got=f"{self.id}, which is suspended",
                expected="an active member",
                mend="ask the trustees of the directory why",
            )

    def require(
        self,
        action: Action,
        *,
        item: str | None = None,
        licence_type: str | None = None,
        purpose: str | None = None,
    ) -> None:
        """Pass silently if one right of this member covers everything named.

        ``item`` and ``licence_type`` are None where the action isn't about one; ``purpose`` is None or empty where the
        call states none. The rights are narrowed in this order, and the first narrowing that leaves none is named:

        1. the action        → Forbidden(RIGHT_MISSING)
        2. the item          → Forbidden(ITEM_NOT_GRANTED)
        3. the licence type  → Forbidden(LICENCE_TYPE_NOT_GRANTED)
        4. the purpose       → Forbidden(PURPOSE_MISSING)
        """
        # 1. action
        rights = [right for right in self.rights if right.action is action]
        if not rights:
            raise self._refusal(Reason.RIGHT_MISSING, action, "no right to it", "a right in the directory")
        # 2. item
        if item is not None:
            rights = [right for right in rights if _covers(right.items, item)]
            if not rights:
                raise self._refusal(Reason.ITEM_NOT_GRANTED, action, f"the item {item}", "an item that a right names")
        # 3. licence type
        if licence_type is not None:
            rights = [right for right in rights if _covers(right.licence_types, licence_type)]
            if not rights:
                raise self._refusal(
                    Reason.LICENCE_TYPE_NOT_GRANTED,
                    action,
                    f"the licence type {licence_type}",
                    "a licence type that a right names",
                )
        # 4. purpose
        if not any(not right.purposes or purpose in right.purposes for right in rights):
            allowed = sorted({name for right in rights for name in right.purposes})
            raise self._refusal(
                Reason.PURPOSE_MISSING,
                action,
                "another purpose" if purpose else "no purpose",
                f"one of: {', '.join(allowed)}",
            )

    def _refusal(self, reason: Reason, action: Action, got: str, expected: str) -> Forbidden:
        return Forbidden(
            reason,
            f"checking whether {self.id} may do {action.value}",
            got=got,
            expected=expected,
            mend="ask the trustees of the directory to grant it, or don't ask for it",
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """All members at one version. Building it checks what must hold across members, and indexes them."""

    version: int
    """Counts up with every publication, from 1."""
    trust_domain: str
    """SPIFFE trust domain of every member."""
    issued_at: datetime
    """When the trustees issued it, UTC."""
    expires_at: datetime
    """From when it may no longer be used, UTC, so that a member cut off from news stops trusting old keys."""
    members: tuple[Member, ...]
    """Every member, suspended and former ones too."""
    _members: Mapping[str, Member] = field(init=False, repr=False, compare=False)
    _spiffe_ids: Mapping[str, Member] = field(init=False, repr=False, compare=False)
    _keys: Mapping[str, tuple[Member, KeyEntry]] = field(init=False, repr=False, compare=False)
    _gateways: Mapping[str, Member] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.version < 1:
            raise _invalid("the directory", f"version {self.version}", "a version from 1")
        _check_period("the directory", self.issued_at, self.expires_at)
        _refuse_repeats("member id", (member.id for member in self.members))
        _refuse_repeats("SPIFFE ID", (member.spiffe_id for member in self.members))
        _refuse_repeats("gateway's region", (m.region for m in self.members if m.role is Role.GATEWAY))
        entries = [(member, entry) for member in self.members for entry in member.keys]
        _refuse_repeats("kid", (entry.kid for _, entry in entries))
        _refuse_repeats("public key", (entry.key.to_jwk()["x"] for _, entry in entries))
        for member in self.members:
            prefix = f"spiffe://{self.trust_domain}/{member.region}/"
            if not member.spiffe_id.startswith(prefix) or member.spiffe_id == prefix:
                raise _invalid(f"the member {member.id!r}", f"the SPIFFE ID {member.spiffe_id!r}", f"{prefix}<role>")
        object.__setattr__(self, "_members", {member.id: member for member in self.members})
        object.__setattr__(self, "_spiffe_ids", {member.spiffe_id: member for member in self.members})
        object.__setattr__(self, "_keys", {entry.kid: (member, entry) for member, entry in entries})
        object.__setattr__(self, "_gateways", {m.region: m for m in self.members if m.role is Role.GATEWAY})

    def require_in_force(self, now: datetime) -> None:
        """An expired directory may no longer be used: who was expelled since would not be known. DIRECTORY_EXPIRED."""
        if now >= self.expires_at:
            raise Unavailable(
                Reason.DIRECTORY_EXPIRED,
                "going by the member directory",
                got=f"version {self.version}, expired at {_time_to_json(self.expires_at)}",
                expected="a directory in force",
                mend="install the newest directory that the trustees signed",
                fault=Fault.OPERATOR,
            )

    def member(self, member_id: str) -> Member:
        """Find the member of this id, whatever its status. Raises NotFound(MEMBER_UNKNOWN)."""
        try:
            return self._members[member_id]
        except KeyError:
            raise self._no_member(f"the member {member_id!r}") from None

    def on_the_line(self, spiffe_id: str) -> Member | None:
        """Find the member whose TLS certificates carry this SPIFFE ID, whatever its status; None for a stranger's.

        It says to whom an answer goes, never who answers for a message: that is the signature's to say.
        """
        return self._spiffe_ids.get(spiffe_id)

    def gateway_of(self, region: str) -> Member:
        """Find the gateway that speaks for a region, whatever its status. Raises NotFound(MEMBER_UNKNOWN)."""
        try:
            return self._gateways[region]
        except KeyError:
            raise self._no_member(f"the gateway of region {region!r}") from None

    def key(self, kid: str) -> tuple[Member, KeyEntry]:
        """Find the key of this kid and its member, in force or not. Raises Unauthenticated(KEY_UNKNOWN)."""
        try:
            return self._keys[kid]
        except KeyError:
            raise Unauthenticated(
                Reason.KEY_UNKNOWN,
                f"looking up a key in directory version {self.version}",
                got="a kid that isn't listed",
                expected="the kid of a member's key",
                mend="have the key entered in the directory, or fetch its newest version",
            ) from None

    def _no_member(self, wanted: str) -> NotFound:
        return NotFound(
            Reason.MEMBER_UNKNOWN,
            f"looking up {wanted} in directory version {self.version}",
            got="no such member",
            expected="the id or region of a member",
            mend="check the id, or fetch the newest directory",
        )


def write_content(directory: Directory) -> bytes:
    """The directory as the readable JSON that trustees sign."""
    return json.dumps(_directory_to_json(directory), ensure_ascii=False, indent=1).encode("utf-8")


def read_content(content: bytes) -> Directory:
    """A directory from its JSON, signed by nobody yet: for those who make one. Malformed(FIELD_INVALID)."""
    try:
        return _directory_from_json(parse_object(content))
    except ValueError as error:
        raise _invalid("the directory", str(error), "one JSON object") from error


def seal(directory: Directory, signers: Sequence[Signer]) -> bytes:
    """Write the signed file: the directory as readable JSON, signed by each of the trustees given."""
    payload = encode_base64url(write_content(directory))
    return _write_envelope(payload, [_signature_of(payload, signer) for signer in signers])


def cosign(envelope: bytes, signer: Signer) -> bytes:
    """Add one trustee's signature to a signed file, so that trustees need not meet; an earlier one of his is replaced.

    The caller has opened the envelope and read what it signs. Raises Misconfigured(DIRECTORY_UNTRUSTED) for a file of
    another form.
    """
    try:
        payload, signatures = _read_envelope(envelope)
    except ValueError as error:
        raise _untrusted("a file of another form", "a JWS in general JSON serialisation") from error
    mine = _signature_of(payload, signer)
    return _write_envelope(payload, [*(other for other in signatures if other[0] != mine[0]), mine])


def _signature_of(payload: str, signer: Signer) -> tuple[str, str]:
    protected = encode_header({"typ": DIRECTORY_TYPE}, signer)
    return protected, encode_base64url(signer.sign(f"{protected}.{payload}".encode("ascii")))


def _write_envelope(payload: str, signatures: Sequence[tuple[str, str]]) -> bytes:
    listed = [{"protected": protected, "signature": signature} for protected, signature in signatures]
    return json.dumps({"payload": payload, "signatures": listed}, indent=1).encode("ascii")


def open_directory(
    envelope: bytes,
    trustees: Sequence[VerifyingKey],
    threshold: int,
    *,
    now: datetime,
    at_least_version: int = 0,
) -> Directory:
    """Verify a signed file and read the directory in it.

    1. The trustees and the threshold make sense: distinct keys, at least one and at most all of them needed.
    2. The envelope has the form of a JWS in general JSON serialisation.
    3. At least ``threshold`` different trustees signed the payload. A trustee who signs twice counts once. Signatures
       of strangers, of another form or with a wrong value don't count and don't harm, so that trustees can change over.
    4. The payload is a directory (only now is it read).
    5. Its version isn't below ``at_least_version``, the newest one seen before.
    6. It hasn't expired.

    Raises Misconfigured: CONFIG_INVALID at step 1, DIRECTORY_UNTRUSTED at 2 to 4, DIRECTORY_ROLLED_BACK at 5,
    DIRECTORY_EXPIRED at 6.
    """
    # 1. trustees
    by_kid = {trustee.kid: trustee for trustee in trustees}
    distinct_keys = {trustee.to_jwk()["x"] for trustee in trustees}
    if not len(by_kid) == len(distinct_keys) == len(trustees) or not 1 <= threshold <= len(trustees):
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "opening the directory",
            got=f"{len(trustees)} trustees, {len(distinct_keys)} distinct keys, threshold {threshold}",
            expected="different trustees, and a threshold from 1 to their number",
            mend="correct the trustees in the configuration",
        )
    # 2. envelope
    try:
        payload_segment, signatures = _read_envelope(envelope)
        payload = decode_base64url(payload_segment)
    except ValueError as error:
        raise _untrusted("a file of another form", "a JWS in general JSON serialisation") from error
    # 3. signatures
    signed_by = {kid for s in signatures if (kid := _signed_by(s, payload_segment, by_kid)) is not None}
    if len(signed_by) < threshold:
        raise _untrusted(
            f"valid signatures of {len(signed_by)} of {len(trustees)} trustees", f"at least {threshold} of them"
        )
    # 4. payload
    try:
        directory = _directory_from_json(parse_object(payload))
    except (ValueError, Malformed) as error:
        got = f"{error.failed}: {error.got}" if isinstance(error, Malformed) else str(error)
        raise _untrusted(f"a signed payload that can't be read ({got})", "a directory of this version") from error
    # 5. rollback
    if directory.version < at_least_version:
        raise Misconfigured(
            Reason.DIRECTORY_ROLLED_BACK,
            "opening the directory",
            got=f"version {directory.version}",
            expected=f"version {at_least_version} or newer",
            mend="install the newest directory; find out who served the old one",
        )
    # 6. expiry
    if now >= directory.expires_at:
        raise Misconfigured(
            Reason.DIRECTORY_EXPIRED,
            "opening the directory",
            got=f"version {directory.version}, expired at {_time_to_json(directory.expires_at)}",
            expected=f"a directory in force at {_time_to_json(now)}",
            mend="fetch the newest directory, and check this machine's clock",
        )
    return directory


def _read_envelope(envelope: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Payload segment and (protected, signature) segments. Raises ValueError."""
    if len(envelope) > MAX_DIRECTORY_BYTES:
        message = "the file is too long"
        raise ValueError(message)
    match parse_object(envelope):
        case {"payload": str(payload), "signatures": list(entries), **rest} if (
            not rest and len(entries) <= MAX_SIGNATURES
        ):
            signatures = []
            for entry in entries:
                match entry:
                    # An unprotected header isn't signed, so nothing may stand in it.
                    case {"protected": str(protected), "signature": str(signature), **more} if not more:
                        signatures.append((protected, signature))
                    case _:
                        message = "a signature of another form"
                        raise ValueError(message)
            return payload, signatures
        case _:
            message = "members other than payload and signatures"
            raise ValueError(message)


def _signed_by(signature: tuple[str, str], payload_segment: str, trustees: Mapping[str, VerifyingKey]) -> str | None:
    """Name the trustee (by kid) whose valid signature this is; None if it is nobody's."""
    protected, value = signature
    try:
        header = parse_header(protected)
        raw = decode_base64url(value)
    except (Unauthenticated, ValueError):
        return None
    kid = header.get("kid")
    trustee = trustees.get(kid) if isinstance(kid, str) else None
    if trustee is None or header.get("typ") != DIRECTORY_TYPE or header.get("alg") != trustee.algorithm.value:
        return None
    return trustee.kid if trustee.verify(f"{protected}.{payload_segment}".encode("ascii"), raw) else None


def _directory_to_json(directory: Directory) -> dict[str, object]:
    return {
        "version": directory.version,
        "trust_domain": directory.trust_domain,
        "issued_at": _time_to_json(directory.issued_at),
        "expires_at": _time_to_json(directory.expires_at),
        "members": [
            {
                "id": member.id,
                "region": member.region,
                "role": member.role.value,
                "name": member.name,
                "spiffe_id": member.spiffe_id,
                "endpoint": member.endpoint,
                "versions": list(member.versions),
                "status": member.status.value,
                "valid_from": _time_to_json(member.valid_from),
                "valid_until": _time_to_json(member.valid_until),
                "keys": [
                    {
                        "jwk": entry.key.to_jwk(),
                        "purpose": entry.purpose.value,
                        "valid_from": _time_to_json(entry.valid_from),
                        "valid_until": _time_to_json(entry.valid_until),
                        "revoked_at": None if entry.revoked_at is None else _time_to_json(entry.revoked_at),
                        "licence_types": list(entry.licence_types),
                    }
                    for entry in member.keys
                ],
                "rights": [
                    {
                        "action": right.action.value,
                        "items": list(right.items),
                        "licence_types": list(right.licence_types),
                        "purposes": list(right.purposes),
                    }
                    for right in member.rights
                ],
            }
            for member in directory.members
        ],
    }


def _directory_from_json(value: Mapping[str, object]) -> Directory:
    """Build the directory. Raises Malformed, or ValueError for an unknown word."""
    return Directory(
        version=_read(value, "version", int),
        trust_domain=_read(value, "trust_domain", str),
        issued_at=_read_time(value, "issued_at"),
        expires_at=_read_time(value, "expires_at"),
        members=tuple(_member_from_json(member) for member in _read_objects(value, "members")),
    )


def _member_from_json(value: Mapping[str, object]) -> Member:
    return Member(
        id=_read(value, "id", str),
        region=_read(value, "region", str),
        role=Role(_read(value, "role", str)),
        name=_read(value, "name", str),
        spiffe_id=_read(value, "spiffe_id", str),
        endpoint=_read(value, "endpoint", str),
        versions=_read_texts(value, "versions"),
        status=MemberStatus(_read(value, "status", str)),
        valid_from=_read_time(value, "valid_from"),
        valid_until=_read_time(value, "valid_until"),
        keys=tuple(_key_from_json(entry) for entry in _read_objects(value, "keys")),
        rights=tuple(
            Right(
                action=Action(_read(right, "action", str)),
                items=_read_texts(right, "items"),
                licence_types=_read_texts(right, "licence_types"),
                purposes=_read_texts(right, "purposes"),
            )
            for right in _read_objects(value, "rights")
        ),
    )


def _key_from_json(value: Mapping[str, object]) -> KeyEntry:
    jwk = _read(value, "jwk", dict)
    return KeyEntry(
        key=VerifyingKey.from_jwk(jwk, _read(jwk, "kid", str)),
        purpose=KeyPurpose(_read(value, "purpose", str)),
        valid_from=_read_time(value, "valid_from"),
        valid_until=_read_time(value, "valid_until"),
        revoked_at=None if value.get("revoked_at", "") is None else _read_time(value, "revoked_at"),
        licence_types=_read_texts(value, "licence_types"),
    )


_T = TypeVar("_T")


def _read(value: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    found = value.get(name)
    if not isinstance(found, kind) or isinstance(found, bool):
        raise _invalid(f"the field {name}", "nothing, or another type", kind.__name__)
    return found


def _read_objects(value: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = _read(value, name, list)
    if not all(isinstance(entry, dict) for entry in found):
        raise _invalid(f"the field {name}", "an entry of another type", "a list of objects")
    return found


def _read_texts(value: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = _read(value, name, list)
    if not all(isinstance(entry, str) for entry in found):
        raise _invalid(f"the field {name}", "an entry of another type", "a list of texts")
    return tuple(found)


def _read_time(value: Mapping[str, object], name: str) -> datetime:
    text = _read(value, name, str)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or _time_to_json(time) != text:
        raise _invalid(f"the field {name}", "another form of time", "RFC 3339 in UTC: 2026-01-02T03:04:05Z")
    return time


def _time_to_json(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def _covers(patterns: tuple[str, ...], value: str) -> bool:
    """Cached: a member's rights name many items, and it asks for the same few again and again."""
    return any(value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern for pattern in patterns)


def _check_utc(what: str, time: datetime) -> None:
    if time.utcoffset() != timedelta(0):
        raise _invalid(what, "a time outside UTC", "aware times in UTC")


def _check_period(what: str, begin: datetime, end: datetime) -> None:
    _check_utc(what, begin)
    _check_utc(what, end)
    if begin >= end:
        raise _invalid(what, "a period that ends before it begins", "an end after its beginning")


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise _invalid("the directory", f"the {what} {value!r} twice", f"each {what} once")
        seen.add(value)


def _invalid(what: str, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        f"building {what}",
        got=got,
        expected=expected,
        mend="correct the directory before the trustees sign it",
    )


def _untrusted(got: str, expected: str) -> TongbanError:
    return Misconfigured(
        Reason.DIRECTORY_UNTRUSTED,
        "opening the directory",
        got=got,
        expected=expected,
        mend="fetch the directory again from a member you trust, and compare the trustees' keys with theirs",
    )
