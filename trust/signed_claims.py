"""What a member signs with its message key: the claims that calls and reviews share, and how each is read.

Rules:

- The algorithm is what the directory says for the kid, never what the header says.
- A claim that is missing, of another type or out of its bounds makes the whole unreadable; none is guessed.
- No error quotes the sender's text.

Standards: RFC 7515 (JWS), RFC 7519 (JWT claims).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trust.directory import Directory, KeyEntry, Member
from trust.errors import Forbidden, Reason, Unauthenticated
from trust.jws import MAX_JWS_CHARACTERS, ParsedJws, malformed, parse, parse_object
from trust.keys import KeyPurpose, decode_base64url

MIN_JTI_BYTES = 16
"""Fewest bytes of a ``jti``: 128 bits don't collide by chance."""

MAX_JTI_CHARACTERS = 64
"""Longest ``jti`` as text; bounds the replay store's key."""

MAX_TEXT_CHARACTERS = 128
"""Longest purpose, and longest field of an officer."""

MAX_NUMBER = 253_402_300_799
"""Largest number in a claim: the last second of the year 9999, so that every time fits a datetime."""


@dataclass(frozen=True, slots=True)
class Officer:
    """The civil servant on whose behalf a call is made. Pseudonymous: only the calling member knows who it is."""

    id: str
    """Pseudonym within the calling member."""
    role: str
    """What the officer acts as, for example ``window``."""
    window: str
    """The service window or office, for example ``岳阳市政务服务中心 12 号窗口``."""


def parse_typed(token: str, typ: str, *, longest: int = MAX_JWS_CHARACTERS) -> tuple[ParsedJws, str]:
    """Read a JWS of this type, at most ``longest`` characters, and the kid that it names: SIGNATURE_MALFORMED."""
    jws = parse(token, longest=longest)
    if jws.header.get("typ") != typ:
        raise malformed("another typ in the header", typ)
    kid = jws.header.get("kid")
    if not isinstance(kid, str):
        raise malformed("no kid in the header", "the kid of a key in the directory")
    return jws, kid


def message_key(directory: Directory, jws: ParsedJws, kid: str) -> tuple[Member, KeyEntry]:
    """Find the message key and its member, in force or not: KEY_UNKNOWN, SIGNATURE_MALFORMED, KEY_WRONG_PURPOSE."""
    member, key = directory.key(kid)
    # The directory alone says how a key verifies; a header that says otherwise is an attack or a mistake.
    if jws.header.get("alg") != key.algorithm.value:
        raise malformed("another alg in the header than the directory's for this kid", "the algorithm of the key")
    if key.purpose is not KeyPurpose.MESSAGE:
        raise Unauthenticated(
            Reason.KEY_WRONG_PURPOSE,
            "checking the signing key",
            got=f"a key of {member.id} for {key.purpose.value}",
            expected=f"a key for {KeyPurpose.MESSAGE.value}",
            mend="sign messages with the message key",
        )
    return member, key


def require_key_in_force(member: Member, key: KeyEntry, at: datetime) -> None:
    """Pass silently if a signature that the key made at this moment counts: KEY_NOT_IN_FORCE."""
    if not key.in_force(at):
        raise Forbidden(
            Reason.KEY_NOT_IN_FORCE,
            "checking the signing key",
            got=f"a key of {member.id} that is revoked, expired or not yet valid",
            expected="a key in force",
            mend="sign with the member's present key, and check both clocks",
        )


def require_signature(jws: ParsedJws, member: Member, key: KeyEntry) -> None:
    """Pass silently if the key made this signature: SIGNATURE_WRONG."""
    if not key.key.verify(jws.signing_input, jws.signature):
        raise Unauthenticated(
            Reason.SIGNATURE_WRONG,
            "verifying the signature",
            got="a signature that isn't the key's over these claims",
            expected=f"a signature by {key.kid} of {member.id}",
            mend="sign the bytes that are sent, with the key that the kid names",
        )


def read_claims(payload: bytes) -> dict[str, object]:
    """Read verified claims as JSON, strictly: SIGNATURE_MALFORMED, as for every claim below."""
    try:
        return parse_object(payload)
    except ValueError as error:
        raise malformed("claims that aren't a JSON object", "one JSON object, each key once") from error


def read_text(claims: Mapping[str, object], name: str) -> str:
    """Read a claim that must be there and be a text."""
    value = claims.get(name)
    if not isinstance(value, str):
        raise malformed(f"no {name}, or one that isn't a text", f"{name} as a text")
    return value


def read_number(claims: Mapping[str, object], name: str) -> int:
    """Read a claim that must be there and be a whole number of 0 to ``MAX_NUMBER``."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:  # isinstance would take a boolean for a number
        raise malformed(f"no {name}, or one that isn't a whole number in bounds", f"{name} from 0 to {MAX_NUMBER}")
    return value


def read_jti(claims: Mapping[str, object]) -> str:
    """Read the unique name of what was signed."""
    jti = read_text(claims, "jti")
    try:
        fits = len(jti) <= MAX_JTI_CHARACTERS and len(decode_base64url(jti)) >= MIN_JTI_BYTES
    except ValueError:
        fits = False
    if not fits:
        raise malformed(
            "a jti of another form or length",
            f"{MIN_JTI_BYTES} random bytes or more in base64url, at most {MAX_JTI_CHARACTERS} characters",
        )
    return jti


def read_officer(claims: Mapping[str, object]) -> Officer | None:
    """Read on whose behalf it was signed; ``None`` where it names nobody."""
    match claims.get("officer"):
        case None:
            return None
        case {"id": str(officer_id), "role": str(role), "window": str(window)}:
            for value in (officer_id, role, window):
                check_printable("officer", value)
            return Officer(officer_id, role, window)
        case _:
            raise malformed("an officer of another form", "id, role and window as texts")


def check_printable(name: str, value: str) -> None:
    """Pass silently if a text is at most ``MAX_TEXT_CHARACTERS`` printable characters."""
    if len(value) > MAX_TEXT_CHARACTERS or not value.isprintable():
        raise malformed(
            f"a {name} that is too long or holds control characters",
            f"at most {MAX_TEXT_CHARACTERS} printable characters",
        )


def not_the_issuer(got: str, expected: str) -> Unauthenticated:
    """Make the error for a claim or key of another member than the one expected."""
    return Unauthenticated(
        Reason.KEY_UNKNOWN,
        "comparing the issuer with the key's member",
        got=got,
        expected=f"a key and an iss of {expected}",
        mend="let each member sign for itself",
    )
