"""The directory as its trustees sign it: a file that a person can read, and that nobody believes unsigned.

The file is the general JSON serialisation of a JWS (RFC 7515 section 7.2.1) over plain JSON. Another envelope, such as
The Update Framework's, may replace it without touching the values: ``seal``, ``cosign`` and ``open_directory`` are the
only functions that know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from trust.directory import Action, Directory, KeyEntry, Member, MemberStatus, Right, Role, time_text, unfit
from trust.errors import Malformed, Misconfigured, Reason, TongbanError, Unauthenticated
from trust.jws import encode_header, parse_header, parse_object
from trust.keys import KeyPurpose, Signer, VerifyingKey, decode_base64url, encode_base64url

DIRECTORY_TYPE = "tongban-directory+jws"
"""``typ`` of every protected header in a signed directory."""

MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
"""Longest signed directory that is read: ten thousand members of 1.6 kB each."""

MAX_SIGNATURES = 64
"""Most signatures that are looked at in one signed directory."""


def write_content(directory: Directory) -> bytes:
    """The directory as the readable JSON that trustees sign."""
    return json.dumps(_directory_to_json(directory), ensure_ascii=False, indent=1).encode("utf-8")


def read_content(content: bytes) -> Directory:
    """A directory from its JSON, signed by nobody yet: for those who make one. Malformed(FIELD_INVALID)."""
    try:
        return _directory_from_json(parse_object(content))
    except ValueError as error:
        raise unfit("the directory", str(error), "one JSON object") from error


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
            got=f"version {directory.version}, expired at {time_text(directory.expires_at)}",
            expected=f"a directory in force at {time_text(now)}",
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
        "issued_at": time_text(directory.issued_at),
        "expires_at": time_text(directory.expires_at),
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
                "valid_from": time_text(member.valid_from),
                "valid_until": time_text(member.valid_until),
                "keys": [
                    {
                        "jwk": entry.key.to_jwk(),
                        "purpose": entry.purpose.value,
                        "valid_from": time_text(entry.valid_from),
                        "valid_until": time_text(entry.valid_until),
                        "revoked_at": None if entry.revoked_at is None else time_text(entry.revoked_at),
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
        raise unfit(f"the field {name}", "nothing, or another type", kind.__name__)
    return found


def _read_objects(value: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = _read(value, name, list)
    if not all(isinstance(entry, dict) for entry in found):
        raise unfit(f"the field {name}", "an entry of another type", "a list of objects")
    return found


def _read_texts(value: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = _read(value, name, list)
    if not all(isinstance(entry, str) for entry in found):
        raise unfit(f"the field {name}", "an entry of another type", "a list of texts")
    return tuple(found)


def _read_time(value: Mapping[str, object], name: str) -> datetime:
    text = _read(value, name, str)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time_text(time) != text:
        raise unfit(f"the field {name}", "another form of time", "RFC 3339 in UTC: 2026-01-02T03:04:05Z")
    return time


def _untrusted(got: str, expected: str) -> TongbanError:
    return Misconfigured(
        Reason.DIRECTORY_UNTRUSTED,
        "opening the directory",
        got=got,
        expected=expected,
        mend="fetch the directory again from a member you trust, and compare the trustees' keys with theirs",
    )
