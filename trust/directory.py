"""The directory: who the members are, with which keys they sign, and what each may do.

Rules:

- Deny by default. A member may do what one of its rights says, wholly: action, item, licence type and purpose must be
  covered by the same right.
- One kid is one key, one algorithm, one purpose and one member over the whole directory, and one key has one kid. A
  directory that breaks this can't be built.
- It is data that trustees sign, m of n, and it replaces itself as a whole: a newer version, never a patch.
- What this version doesn't understand (an action, a key type) makes the file unreadable instead of being skipped, so
  that two members never read different directories from the same bytes.

How it is written and signed is the business of ``trust.directory_file``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from trust.errors import Fault, Forbidden, Malformed, NotFound, Reason, Unauthenticated, Unavailable
from trust.keys import Algorithm, KeyPurpose, VerifyingKey

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
    CROSSWALK_READ = "crosswalk.read"
    CROSSWALK_PROPOSE = "crosswalk.propose"
    CROSSWALK_REVIEW = "crosswalk.review"
    LICENCE_ISSUE = "licence.issue"
    LICENCE_VERIFY = "licence.verify"
    LICENCE_STATUS = "licence.status"
    CASE_ERASE = "case.erase"
    AUDIT_READ = "audit.read"
    AUDIT_WITNESS = "audit.witness"
    AUDIT_SEARCH = "audit.search"
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
                raise unfit(f"the right {self.action.value}", f"the pattern {pattern!r}", "a value, or a prefix and *")


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
            raise unfit(what, "a kid of other characters or length", "1 to 128 visible ASCII characters")
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
            raise unfit(what, f"this id in the region {self.region!r}", "<its region's six digits>.<name>")
        if self.endpoint and _ENDPOINT.fullmatch(self.endpoint) is None:
            raise unfit(what, f"the endpoint {self.endpoint!r}", "host:port, or empty")
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
            raise unfit("the directory", f"version {self.version}", "a version from 1")
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
                raise unfit(f"the member {member.id!r}", f"the SPIFFE ID {member.spiffe_id!r}", f"{prefix}<role>")
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
                got=f"version {self.version}, expired at {time_text(self.expires_at)}",
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


def time_text(time: datetime) -> str:
    """A time as the directory writes it: RFC 3339, UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def _covers(patterns: tuple[str, ...], value: str) -> bool:
    """Cached: a member's rights name many items, and it asks for the same few again and again."""
    return any(value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern for pattern in patterns)


def _check_utc(what: str, time: datetime) -> None:
    if time.utcoffset() != timedelta(0):
        raise unfit(what, "a time outside UTC", "aware times in UTC")


def _check_period(what: str, begin: datetime, end: datetime) -> None:
    _check_utc(what, begin)
    _check_utc(what, end)
    if begin >= end:
        raise unfit(what, "a period that ends before it begins", "an end after its beginning")


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise unfit("the directory", f"the {what} {value!r} twice", f"each {what} once")
        seen.add(value)


def unfit(what: str, got: str, expected: str) -> Malformed:
    """The error for a value that no directory may have."""
    return Malformed(
        Reason.FIELD_INVALID,
        f"building {what}",
        got=got,
        expected=expected,
        mend="correct the directory before the trustees sign it",
    )
