"""Token Status List: whether a licence still stands, told for a whole list at once (draft-ietf-oauth-status-list).

Rules of this module:

- A list is an array of 1, 2, 4 or 8 bits for each licence, compressed with zlib. Whoever asks gets the whole list, so
  that the issuer never learns which licence somebody looked at.
- The list is signed with a key whose only purpose is status lists, so a stolen message or licence key can't revive a
  revoked licence.
- Decompression is bounded before it starts: a few kilobytes may otherwise unfold into gigabytes.
- A list has two ends: ``exp``, after which it may not be used at all, and ``ttl`` after it was fetched, after which a
  fresh one is due. ``fresh_until`` is the earlier one. Afterwards the status is *unknown*, never "still good".
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final, Self

import jwt
from jwt.algorithms import OKPAlgorithm

from trust.directory import Directory, KeyEntry, Member
from trust.errors import Forbidden, Malformed, NotFound, Reason, Unauthenticated
from trust.jws import encode, parse_object
from trust.keys import Algorithm, KeyPurpose, Signer, decode_base64url, encode_base64url

STATUS_LIST_TYPE: Final = "statuslist+jwt"
"""``typ`` of a Status List Token in JWT format."""

MAX_LIST_BYTES: Final = 2 * 1024 * 1024
"""Longest list after decompression: eight million licences with two bits each."""

MAX_TOKEN_CHARACTERS: Final = 4 * 1024 * 1024
"""Longest token that is read: a list of the greatest length that does not compress, in base64 twice over."""

MAX_CLOCK_SKEW: Final = timedelta(seconds=30)
"""How far another member's clock may run ahead of ours."""

_BITS: Final = frozenset({1, 2, 4, 8})

_JWS: Final = jwt.PyJWS(algorithms=[Algorithm.ES256.value])
_JWS.register_algorithm(Algorithm.ED25519.value, OKPAlgorithm())  # the name of RFC 9864, which PyJWT lacks


class StatusType(IntEnum):
    """The values of the draft's registry that licences use."""

    VALID = 0
    """Stands."""
    INVALID = 1
    """Revoked, for good."""
    SUSPENDED = 2
    """Suspended, may come back; needs at least two bits."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """The statuses of a list's licences. Raises ``Malformed(STATUS_LIST_REFUSED)`` when out of bounds."""

    bits: int
    """Bits for each licence: 1, 2, 4 or 8."""
    statuses: bytes
    """The packed statuses, the lowest index in a byte's lowest bits; at most ``MAX_LIST_BYTES``."""

    def __post_init__(self) -> None:
        if self.bits not in _BITS or type(self.bits) is not int:
            raise _refused("another number of bits", "1, 2, 4 or 8")
        if len(self.statuses) > MAX_LIST_BYTES:
            raise _refused(f"{len(self.statuses)} bytes", f"at most {MAX_LIST_BYTES}")

    @classmethod
    def blank(cls, bits: int, length: int) -> Self:
        """Make a list of at least ``length`` licences that are all valid, filled up to whole bytes."""
        return cls(bits, bytes((length * bits + 7) // 8))

    @classmethod
    def decode(cls, encoded: Mapping[str, object]) -> Self:
        """Read the ``status_list`` claim: ``{"bits": …, "lst": base64url of zlib}``.

        Steps:

        1. both members have their type;
        2. ``lst`` is canonical base64url;
        3. it decompresses within ``MAX_LIST_BYTES``, wholly and with nothing after it.

        Raises ``Malformed(STATUS_LIST_REFUSED)``.
        """
        # 1. types
        bits, lst = encoded.get("bits"), encoded.get("lst")
        if not isinstance(bits, int) or not isinstance(lst, str):
            raise _refused("members of another type (step 1)", "bits as a number and lst as a text")
        # 2. base64url
        try:
            compressed = decode_base64url(lst)
        except ValueError as error:
            raise _refused("an lst that isn't base64url (step 2)", "base64url without padding") from error
        # 3. zlib, asking for one byte more than is allowed
        stream = zlib.decompressobj()
        try:
            statuses = stream.decompress(compressed, MAX_LIST_BYTES + 1)
        except zlib.error as error:
            raise _refused("an lst that isn't zlib (step 3)", "a zlib stream (RFC 1950)") from error
        if len(statuses) > MAX_LIST_BYTES or not stream.eof or stream.unused_data:
            raise _refused(
                "a stream that is too long, cut off or followed by other bytes (step 3)",
                f"one zlib stream of at most {MAX_LIST_BYTES} bytes",
            )
        return cls(bits, statuses)

    def encode(self) -> dict[str, object]:
        """Write the ``status_list`` claim, read back by ``decode``."""
        return {"bits": self.bits, "lst": encode_base64url(zlib.compress(self.statuses, 9))}

    def __len__(self) -> int:
        return len(self.statuses) * 8 // self.bits

    def get(self, index: int) -> int:
        """Return the status of licence ``index``, a ``StatusType`` or another value of the draft's registry.

        Raises ``NotFound(LICENCE_UNKNOWN)`` outside the list.
        """
        byte, shift = self._place(index)
        return self.statuses[byte] >> shift & self._mask

    def set(self, changes: Mapping[int, int]) -> Self:
        """Return a list in which the licences at the given indices have the given statuses.

        Raises ``NotFound(LICENCE_UNKNOWN)`` outside the list, ``Malformed(STATUS_LIST_REFUSED)`` for a status that
        does not fit into ``bits``.
        """
        statuses = bytearray(self.statuses)
        for index, status in changes.items():
            byte, shift = self._place(index)
            if not 0 <= status <= self._mask:
                raise _refused(f"status {int(status)}", f"0 to {self._mask}, which fits into {self.bits} bits")
            statuses[byte] = statuses[byte] & ~(self._mask << shift) | status << shift
        return type(self)(self.bits, bytes(statuses))

    @property
    def _mask(self) -> int:
        return (1 << self.bits) - 1

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise NotFound(
                Reason.LICENCE_UNKNOWN,
                "A licence is not in its status list",
                got=f"index {index}",
                expected=f"0 to {len(self) - 1}",
                mend="ask the licence's issuer which list it is in",
            )
        byte, bit = divmod(index * self.bits, 8)
        return byte, bit


@dataclass(frozen=True, slots=True)
class VerifiedStatusList:
    """A status list whose token was verified. Only ``verify_status_token`` makes one."""

    issuer: str
    """Id of the member that answers for it."""
    uri: str
    """Which list it is; licences refer to it by this URI."""
    issued_at: datetime
    """When it was signed, UTC."""
    fresh_until: datetime
    """First moment at which it may no longer be relied on, UTC: the earlier of expiry and time to live."""
    statuses: StatusList
    """The list."""


def issue_status_token(
    statuses: StatusList,
    signer: Signer,
    *,
    issuer: str,
    uri: str,
    now: datetime,
    lifetime: timedelta,
    time_to_live: timedelta,
) -> str:
    """Sign a status list as a Status List Token.

    ``signer`` holds the issuing member's status key; the token expires ``lifetime`` after ``now`` and may be cached for
    ``time_to_live`` after it was fetched. Both are whole seconds, at least one.
    """
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "sub": uri,
        "iat": issued_at,
        "exp": issued_at + max(1, int(lifetime.total_seconds())),
        "ttl": max(1, int(time_to_live.total_seconds())),
        "status_list": statuses.encode(),
    }
    return encode({"typ": STATUS_LIST_TYPE}, claims, signer)


def verify_status_token(token: str, directory: Directory, *, uri: str, now: datetime) -> VerifiedStatusList:
    """Verify a Status List Token that was just fetched from ``uri``.

    Steps:

    1. the token is within bounds, a compact JWS, and says that it is a status list;
    2. its key is in the directory, is a status key in force now, and its member is active and in force;
    3. the header's algorithm is the key's, and the signature holds;
    4. the claims have their types, ``iss`` is the key's member and ``sub`` is ``uri``;
    5. it isn't from the future and hasn't expired;
    6. the list decodes within bounds.

    Raises ``Malformed(STATUS_LIST_REFUSED)`` at steps 1, 4 and 6, ``Unauthenticated`` or ``Forbidden`` with the reason
    of the key or member at steps 2 and 3, ``Unauthenticated(STATUS_LIST_REFUSED)`` at step 5.
    """
    # 1. form, 2. key and member
    member, entry = directory.key(_kid(token))
    _require_status_key(member, entry, now)
    # 3. signature
    payload = _signed_payload(token, entry)
    # 4. claims
    try:
        claims = parse_object(payload)
    except ValueError as error:
        raise _refused("a payload that isn't a JSON object (step 4)", "the claims of a status list") from error
    match claims:
        case {"iss": member.id, "sub": str(sub), "iat": int(iat), "exp": int(exp), "status_list": dict(encoded)} if (
            sub == uri
        ):
            time_to_live = claims.get("ttl", exp - iat)
        case _:
            raise _refused(
                "claims of another issuer, list or type (step 4)", f"iss {member.id}, sub {uri}, iat, exp, status_list"
            )
    try:
        issued_at, expires_at = datetime.fromtimestamp(iat, UTC), datetime.fromtimestamp(exp, UTC)
        stale_at = now + timedelta(seconds=time_to_live if isinstance(time_to_live, int) else -1)
    except (ValueError, OverflowError, OSError) as error:
        raise _refused("times out of bounds (step 4)", "seconds since 1970") from error
    # 5. time
    if issued_at > now + MAX_CLOCK_SKEW or not now < min(expires_at, stale_at):
        raise Unauthenticated(
            Reason.STATUS_LIST_REFUSED,
            "A status list is not of this time (step 5)",
            got=f"iat {iat}, exp {exp}",
            expected=f"iat at most {int(now.timestamp())} and exp after it",
            mend="fetch the list again; check both clocks",
        )
    # 6. list
    return VerifiedStatusList(member.id, uri, issued_at, min(expires_at, stale_at), StatusList.decode(encoded))


def _kid(token: str) -> str:
    """The key that an unverified token names; empty for none."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise _refused(f"{len(token)} characters (step 1)", f"at most {MAX_TOKEN_CHARACTERS}")
    try:
        header = _JWS.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise _refused("a text that isn't a compact JWS (step 1)", "header, payload and signature") from error
    if header.get("typ") != STATUS_LIST_TYPE:
        raise _refused("another typ (step 1)", STATUS_LIST_TYPE)
    kid = header.get("kid")
    return kid if isinstance(kid, str) else ""


def _signed_payload(token: str, entry: KeyEntry) -> bytes:
    """The payload, once the signature holds by the algorithm that the directory names for the key."""
    try:
        payload: bytes = _JWS.decode(token, entry.key.public_key, algorithms=[entry.algorithm.value])
    except jwt.InvalidTokenError as error:
        raise Unauthenticated(
            Reason.SIGNATURE_WRONG,
            "A status list's signature does not verify (step 3)",
            got=f"a signature in the name of key {entry.kid}",
            expected=f"{entry.algorithm.value} by that key over the token as it stands",
            mend="fetch the list again; if it stays wrong, ask its issuer",
        ) from error
    return payload


def _require_status_key(member: Member, entry: KeyEntry, now: datetime) -> None:
    failed = f"A status list is signed with the key {entry.kid} of {member.id} (step 2)"
    if entry.purpose is not KeyPurpose.STATUS:
        raise Unauthenticated(
            Reason.KEY_WRONG_PURPOSE,
            failed,
            got=f"a {entry.purpose.value} key",
            expected="a status key",
            mend="sign status lists with the key that the directory lists for them",
        )
    if not entry.in_force(now):
        raise Forbidden(
            Reason.KEY_NOT_IN_FORCE,
            failed,
            got="a key outside its period, or revoked",
            expected="a key in force now",
            mend="sign with the present key and enter it in the directory",
        )
    member.require_active(now)


def _refused(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.STATUS_LIST_REFUSED,
        "A status list can't be used",
        got=got,
        expected=expected,
        mend="fetch the list again; if it stays so, ask its issuer",
    )
