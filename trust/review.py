"""A review: an officer of one side signs for rows of the crosswalk, or withdraws them. Compact JWS by the gateway.

Header: ``typ`` tongban-crosswalk-review+jwt, ``alg``, ``kid`` of the gateway's message key. Claims: ``iss`` gateway,
``iat`` seconds, ``jti`` 128 random bits, ``verdict``, ``officer`` {id, role, window} (pseudonymous), ``rows`` the
SHA-256 of each row's record in base64url, ``reason``.

A review is kept and passed on for years, so what counts is the moment at which it was signed: the key and the
membership must have been in force *then*. Hence:

- A key that has expired since, or a membership that has ended, changes nothing about what was signed before.
- Nor does a suspension. It says that the member is not dealt with at present, which every call to it and from it
  shows; were its reviews to fall too, the withdrawals it made would fall with them and rows come back into force.
- A key that was revoked signs for nothing from ``revoked_at`` on. A thief can write an earlier ``iat``, so trustees
  set ``revoked_at`` to the moment from which the key's signatures are no longer believed, which may lie in the past.
- ``iat`` is the signer's word. Whoever takes a review in from outside compares it with the clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from trust.directory import Directory, Role
from trust.errors import Forbidden, Malformed, Reason
from trust.jws import encode, malformed
from trust.keys import Signer, decode_base64url, encode_base64url
from trust.signed_claims import (
    MAX_TEXT_CHARACTERS,
    MIN_JTI_BYTES,
    Officer,
    message_key,
    not_the_issuer,
    parse_typed,
    read_claims,
    read_jti,
    read_number,
    read_officer,
    read_text,
    require_key_in_force,
    require_signature,
)

REVIEW_TYPE: Final = "tongban-crosswalk-review+jwt"
"""``typ`` of a review; a call's signature never passes for one."""

MAX_ROWS: Final = 5_000
"""Most rows of one review."""

MAX_REASON_CHARACTERS: Final = 200
"""Longest reason."""

MAX_REVIEW_CHARACTERS: Final = 320 * 1024
"""Longest review as text: ``MAX_ROWS`` hashes twice in base64url, and some room for the rest."""

_HASH_BYTES: Final = 32


class Verdict(StrEnum):
    """What a review says."""

    APPROVE = "approve"
    """The officer signs for the rows."""
    WITHDRAW = "withdraw"
    """The officer's region no longer stands by the rows, from the day of the review on and for good."""


@dataclass(frozen=True, slots=True)
class Review:
    """What an officer's gateway says of rows; verified when it comes from ``open_review``."""

    member: str
    """The gateway that signed."""
    officer: Officer
    """On whose behalf."""
    verdict: Verdict
    rows: frozenset[bytes]
    """Hashes of the rows."""
    at: datetime
    """When, UTC; a signed review keeps whole seconds."""
    reason: str
    """Why, in words; for a withdrawal not empty."""


def sign_review(review: Review, signer: Signer, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Sign a review with the message key of the gateway that it names; ``open_review`` reads it back.

    Raises ``Malformed(FIELD_INVALID)`` for a review that ``open_review`` would refuse: nobody signs what nobody reads.
    """
    fault = _fault(review)
    if fault:
        raise Malformed(
            Reason.FIELD_INVALID,
            "signing a review",
            got=fault[0],
            expected=fault[1],
            mend="correct the review and sign it again",
        )
    claims: dict[str, object] = {
        "iss": review.member,
        "iat": int(review.at.timestamp()),
        "jti": encode_base64url(random_bytes(MIN_JTI_BYTES)),
        "verdict": review.verdict.value,
        "officer": {"id": review.officer.id, "role": review.officer.role, "window": review.officer.window},
        "rows": [encode_base64url(row) for row in sorted(review.rows)],
        "reason": review.reason,
    }
    return encode({"typ": REVIEW_TYPE}, claims, signer)


def open_review(text: str, directory: Directory) -> Review:
    """Verify a review and read it.

    1. Form: a compact JWS of at most ``MAX_REVIEW_CHARACTERS``, of type ``REVIEW_TYPE``, with a ``kid``.
       SIGNATURE_MALFORMED
    2. Key: listed, ``alg`` the key's own, a message key, of a gateway.
       KEY_UNKNOWN, SIGNATURE_MALFORMED, KEY_WRONG_PURPOSE, RIGHT_MISSING
    3. Signature.
       SIGNATURE_WRONG
    4. Claims: each there, of its type and in its bounds; the issuer is the key's member.
       SIGNATURE_MALFORMED, KEY_UNKNOWN
    5. Time: the key and the membership were in force at ``iat``.
       KEY_NOT_IN_FORCE, MEMBER_NOT_IN_FORCE

    Raises Unauthenticated or Forbidden with these reasons.
    """
    # 1. form
    jws, kid = parse_typed(text, REVIEW_TYPE, longest=MAX_REVIEW_CHARACTERS)
    # 2. key
    member, key = message_key(directory, jws, kid)
    if member.role is not Role.GATEWAY:
        raise Forbidden(
            Reason.RIGHT_MISSING,
            "checking who signed a review",
            got=f"{member.id}, which is no gateway",
            expected="the gateway of a region",
            mend="let the region's gateway sign on behalf of the officer",
        )
    # 3. signature
    require_signature(jws, member, key)
    # 4. claims
    claims = read_claims(jws.payload_bytes)
    read_jti(claims)
    if read_text(claims, "iss") != member.id:
        raise not_the_issuer("another iss than the key's member", member.id)
    officer = read_officer(claims)
    if officer is None:
        raise malformed("no officer", "the officer on whose behalf it is signed")
    review = Review(
        member=member.id,
        officer=officer,
        verdict=_read_verdict(read_text(claims, "verdict")),
        rows=_read_rows(claims.get("rows")),
        at=datetime.fromtimestamp(read_number(claims, "iat"), UTC),
        reason=read_text(claims, "reason"),
    )
    fault = _fault(review)
    if fault:
        raise malformed(*fault)
    # 5. time
    require_key_in_force(member, key, review.at)
    if not member.in_force(review.at):
        raise Forbidden(
            Reason.MEMBER_NOT_IN_FORCE,
            "checking who signed a review",
            got=f"{member.id}, outside the time of its membership",
            expected="a member in force when it was signed",
            mend="ask the trustees of the directory to correct the membership",
        )
    return review


def issuer_of(text: str) -> str:
    """Return the gateway that a review names as its own, unverified: SIGNATURE_MALFORMED as ``open_review``."""
    jws, _ = parse_typed(text, REVIEW_TYPE, longest=MAX_REVIEW_CHARACTERS)
    return read_text(read_claims(jws.payload_bytes), "iss")


def _read_verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise malformed("another verdict", " or ".join(Verdict)) from None


def _read_rows(claim: object) -> frozenset[bytes]:
    if not isinstance(claim, list) or len(claim) > MAX_ROWS:
        raise malformed("rows of another type or number", f"1 to {MAX_ROWS} hashes")
    try:
        rows = frozenset(map(decode_base64url, claim))
    except (ValueError, TypeError, AttributeError):
        raise malformed("a row that isn't base64url", "the SHA-256 of each row's record in base64url") from None
    if len(rows) != len(claim):
        raise malformed("a row that stands twice", "each row once")
    return rows


def _fault(review: Review) -> tuple[str, str] | None:
    """What is out of bounds in a review, and the bounds; never the review's own words."""
    officer = (review.officer.id, review.officer.role, review.officer.window)
    # The ideographic space of Chinese typing is no control character, although Python does not call it printable.
    reason = review.reason.replace("\u3000", " ")
    checks = (
        (
            bool(officer[0]) and all(len(text) <= MAX_TEXT_CHARACTERS and text.isprintable() for text in officer),
            ("an officer out of bounds", f"an id, and at most {MAX_TEXT_CHARACTERS} printable characters a field"),
        ),
        (
            len(reason) <= MAX_REASON_CHARACTERS and reason.isprintable(),
            ("a reason out of bounds", f"at most {MAX_REASON_CHARACTERS} printable characters"),
        ),
        (
            review.verdict is not Verdict.WITHDRAW or bool(reason.strip()),
            ("a withdrawal without a reason", "why the region no longer stands by the rows"),
        ),
        (1 <= len(review.rows) <= MAX_ROWS, (f"{len(review.rows)} rows", f"1 to {MAX_ROWS}")),
        (
            all(len(row) == _HASH_BYTES for row in review.rows),
            ("a row's hash of another length", f"{_HASH_BYTES} bytes each"),
        ),
    )
    return next((fault for holds, fault in checks if not holds), None)
