"""Whose signature it was, then: the directories of a case's time, and what they say of a key at a moment.

Rules of this module:

- A directory is judged by its trustees alone; that its time is over by now says nothing about then.
- A key's bounds are taken from the newest directory that lists it, since a revocation is told later than it counts.
- Whether a member was suspended is taken from the directory in force at the moment of the signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from trust.checkpoint import Checkpoint
from trust.directory import Directory, KeyEntry, Member, MemberStatus, Role
from trust.directory_file import open_directory
from trust.errors import Reason, TongbanError, Unauthenticated
from trust.evidence import invalid, write_json
from trust.jws import compact_json, parse_object
from trust.keys import Algorithm, KeyPurpose, VerifyingKey
from trust.note import NoteKey, SignatureType, open_note
from trust.signed_claims import message_key, parse_typed, read_claims, read_number, read_text, require_signature

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trustees:
    """Who signs the directory, and how many of them must."""

    keys: tuple[VerifyingKey, ...]
    threshold: int

    def to_bytes(self) -> bytes:
        """Write a trustees' file."""
        listed = [{"kid": key.kid, "jwk": key.to_jwk()} for key in self.keys]
        return write_json({"threshold": self.threshold, "trustees": listed})

    @classmethod
    def from_bytes(cls, raw: bytes, what: str, threshold: int = 0) -> Trustees:
        """Read a trustees' file, or with a threshold the JSON array of them that gateways have.

        Raises Malformed(EVIDENCE_INVALID).
        """
        if threshold:
            raw = b'{"trustees": %b, "threshold": %d}' % (raw, threshold)
        try:
            value = parse_object(raw)
            wanted, listed = value["threshold"], value["trustees"]
            if type(wanted) is not int or not isinstance(listed, list) or not 1 <= wanted <= len(listed):
                raise ValueError
            keys = tuple(VerifyingKey.from_jwk(entry["jwk"], entry["kid"]) for entry in listed)
        except (ValueError, KeyError, TypeError, AttributeError, TongbanError) as error:
            expected = (
                'the trustees\' keys, JSON {"threshold": …, "trustees": [{"kid": …, "jwk": {…}}, …]}; or such an '
                "array, and how many must sign, as many as it lists at most (--threshold)"
            )
            raise invalid(what, "other content", expected) from error
        return cls(keys, wanted)

    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """Each trustee's kid with what to compare over another channel: SHA-256 of its public key as a JWK, in hex."""
        return tuple(
            (key.kid, sha256(compact_json(dict(sorted(key.to_jwk().items())))).hexdigest()) for key in self.keys
        )


@dataclass(frozen=True, slots=True)
class SignedWord:
    """What a member signed, and when it says it did."""

    member: str
    at: datetime
    claims: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A log's checkpoint and who stands for it."""

    checkpoint: Checkpoint
    witnesses: tuple[str, ...]
    """Other gateways that cosigned it with a key in force."""
    wrong: tuple[str, ...]
    """Gateways under whose name a line stands that is not theirs, or that was made with a key not in force."""
    at: datetime | None
    """When the last of them cosigned it."""


class KeyHistory:
    """Every directory of the case's time, by version."""

    def __init__(self, directories: Sequence[Directory]) -> None:
        """At least one, each opened."""
        self._directories = sorted(directories, key=lambda each: each.version)

    @property
    def since(self) -> datetime:
        """When the oldest directory was issued."""
        return self._directories[0].issued_at

    def at(self, moment: datetime) -> Directory:
        """The directory in force then: the newest that was issued by then, or else the oldest there is."""
        issued = [each for each in self._directories if each.issued_at <= moment]
        return issued[-1] if issued else self._directories[0]

    def gateways(self, moment: datetime) -> tuple[str, ...]:
        """Ids of the gateways that were dealt with then."""
        members = self.at(moment).members
        return tuple(
            each.id
            for each in members
            if each.role is Role.GATEWAY and each.in_force(moment) and each.status is MemberStatus.ACTIVE
        )

    def is_gateway(self, member: str) -> bool:
        """Whether any of the directories lists it as a gateway."""
        return any(each.id == member and each.role is Role.GATEWAY for d in self._directories for each in d.members)

    def changed_keys(self) -> tuple[str, ...]:
        """Kids that one directory gives to another key or member than another directory does."""
        known: dict[str, tuple[str, dict[str, str], KeyPurpose]] = {}
        changed = []
        for member, entry in self._entries():
            fact = (member.id, entry.key.to_jwk(), entry.purpose)
            if known.setdefault(entry.kid, fact) != fact:
                changed.append(entry.kid)
        return tuple(dict.fromkeys(changed))

    def signed(self, token: str, typ: str) -> SignedWord:
        """Who signed a JWS of this type, with which claims.

        1. A member's message key signed it, whose kid and algorithm the header names.
        2. ``iss`` is that member.
        3. At ``iat`` the key was in force, the member a member and not suspended, the directory not expired.

        Raises Unauthenticated or Forbidden with the reasons of a signed call; KEY_NOT_IN_FORCE and the like at 3.
        """
        # 1
        jws, kid = parse_typed(token, typ)
        directory = next((each for each in reversed(self._directories) if _lists(each, kid)), self._directories[-1])
        member, key = message_key(directory, jws, kid)
        require_signature(jws, member, key)
        # 2
        claims = read_claims(jws.payload_bytes)
        if read_text(claims, "iss") != member.id:
            raise _not_in_force(Reason.KEY_UNKNOWN, "another iss than the key's member")
        # 3
        at = datetime.fromtimestamp(read_number(claims, "iat"), UTC)
        if not key.in_force(at):
            raise _not_in_force(Reason.KEY_NOT_IN_FORCE, f"a key of {member.id} that did not count at that time")
        then = self.at(at)
        if at >= then.expires_at:
            raise _not_in_force(Reason.DIRECTORY_EXPIRED, f"version {then.version}, which had expired")
        then.member(member.id).require_active(at)
        return SignedWord(member.id, at, claims)

    def open_log(self, note: str, member: str, latest: datetime) -> Cosigned:
        """Open the checkpoint of a member's log, and see which other gateways cosigned it.

        A log key that was revoked counts when a witness cosigned before that; without witnesses, ``latest`` is when it
        was signed at the latest. Raises Malformed or Unauthenticated when it is not that log's checkpoint.
        """
        keys = [(key, entry) for owner, key, entry in self._note_keys(KeyPurpose.LOG) if owner == member]
        opened = open_note(note, [key for key, _ in keys])
        checkpoint = Checkpoint.from_text(opened.text)
        if checkpoint.origin != f"tongban/{member}/log":
            raise _not_in_force(Reason.SIGNATURE_WRONG, "the checkpoint of another log")
        witnesses: dict[str, datetime] = {}
        wrong = []
        for other, key, entry in self._note_keys(KeyPurpose.WITNESS):
            if other == member:
                continue
            try:
                at = open_note(note, [key]).cosigned[key.name]
            except Unauthenticated as error:
                if error.reason is not Reason.SIGNATURE_MISSING:
                    wrong.append(other)
                continue
            if entry.in_force(at) and other in self.gateways(at):
                witnesses[other] = at
            else:
                wrong.append(other)
        first = min(witnesses.values(), default=None)
        signed_by = {key.key.kid for key in opened.signed_by}
        if not any(
            key.key.kid in signed_by and (entry.revoked_at is None or (first or latest) < entry.revoked_at)
            for key, entry in keys
        ):
            raise _not_in_force(Reason.KEY_NOT_IN_FORCE, "a log key that was revoked before")
        return Cosigned(checkpoint, tuple(witnesses), tuple(wrong), max(witnesses.values(), default=None))

    def log_keys(self, member: str) -> tuple[NoteKey, ...]:
        """Every key that a member's log ever had."""
        return tuple(key for owner, key, _ in self._note_keys(KeyPurpose.LOG) if owner == member)

    def _note_keys(self, purpose: KeyPurpose) -> list[tuple[str, NoteKey, KeyEntry]]:
        """Member, key and entry of all keys that sign notes for a purpose, each as the newest directory has it."""
        found = {
            entry.kid: (member.id, entry)
            for member, entry in self._entries()
            if entry.purpose is purpose and entry.algorithm is Algorithm.ED25519
        }
        kind = SignatureType.COSIGNATURE if purpose is KeyPurpose.WITNESS else SignatureType.ED25519
        return [
            (owner, NoteKey(f"tongban/{owner}/{purpose.value}", entry.key, kind), entry)
            for owner, entry in found.values()
        ]

    def _entries(self) -> Iterator[tuple[Member, KeyEntry]]:
        """Every key, those of the oldest directory first."""
        for directory in self._directories:
            for member in directory.members:
                for entry in member.keys:
                    yield member, entry


def open_then(envelope: bytes, trustees: Trustees) -> Directory:
    """Open a signed directory whose time may be over. Misconfigured(DIRECTORY_UNTRUSTED)."""
    return open_directory(envelope, trustees.keys, trustees.threshold, now=_LONG_AGO)


def _lists(directory: Directory, kid: str) -> bool:
    try:
        directory.key(kid)
    except Unauthenticated:
        return False
    return True


def _not_in_force(reason: Reason, got: str) -> Unauthenticated:
    return Unauthenticated(reason, "judging a signature by the directories of its time", got=got)
