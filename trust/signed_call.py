"""Signed calls: who says what to whom, when, and which answer belongs to it.

Rules:

- A signature covers the exact bytes that travelled. They are parsed after verification and never serialised again to be
  hashed.
- The TLS certificate says who is on the line, the signature says who answers for the message; both name one member.
- Nothing of a message is believed, not even its claims, before its signature is verified. So there are two steps, each
  with its own type: ``authenticate_request`` makes a ``ReceivedCall`` an ``AuthenticCall``, ``verify_request`` makes
  that a ``VerifiedCall``. A failure of the first is no one's word: at most the line says to whom it is answered
  (``Directory.on_the_line``), and a stranger learns nothing. A failure after it is the word of
  ``AuthenticCall.member``, who gets the exact reason in a signed refusal that is audited.
- Errors are answers too and are signed. An answer that doesn't verify is no answer: the outcome is unknown, not "no".

Replay and rights come after ``verify_request``, because they need the store and the content. Standards: RFC 7515 (JWS),
RFC 7519 (JWT claims), RFC 8725 (best practices); docs/protocol.md is the profile.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from trust.directory import Directory, KeyEntry, Member
from trust.errors import Forbidden, Reason, TongbanError, Unauthenticated, Unavailable
from trust.jws import ParsedJws, encode, malformed
from trust.keys import Signer, encode_base64url
from trust.signed_claims import MIN_JTI_BYTES as MIN_JTI_BYTES  # noqa: PLC0414 (part of what a call is, for its callers)
from trust.signed_claims import Officer as Officer  # noqa: PLC0414 (likewise)
from trust.signed_claims import (
    check_printable,
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

REQUEST_TYPE = "tongban-request+jwt"
"""``typ`` of a request's signature; a signature of another kind never passes for one."""

RESPONSE_TYPE = "tongban-response+jwt"
"""``typ`` of a response's signature."""

CLOCK_SKEW = timedelta(seconds=30)
"""How far two members' clocks may differ."""

MAX_LIFETIME = timedelta(seconds=60)
"""Longest time from ``iat`` to ``exp`` of a request; bounds how long a replay must be remembered."""

TLS_VERSION = "TLSv1.3"
"""The only TLS version, as the transport names it."""


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """What the transport found out about its other end."""

    spiffe_id: str | None
    """The one SPIFFE ID of the verified peer certificate; None if there is none, or not exactly one."""
    version: str | None
    """TLS version of the connection; None where there was no TLS."""


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """A request as it came off the wire. Nothing in it is trusted."""

    method: str
    """Full gRPC path, ``/package.Service/Method``."""
    body: bytes = field(repr=False)
    """The request message, exactly as carried."""
    signature: str | None = field(repr=False)
    """The ``tongban-signature`` metadata; None if absent."""
    tls: TlsIdentity
    """Who is on the line."""


@dataclass(frozen=True, slots=True)
class AuthenticCall:
    """A request whose signature is its member's. What it says is not yet checked."""

    received: ReceivedCall
    """The request as it came."""
    signature: str = field(repr=False)
    """The whole request JWS, to which the response refers."""
    member: Member
    """Who answers for the request."""
    key: KeyEntry
    """The key that signed it."""
    payload: bytes = field(repr=False)
    """The claims as JSON text, covered by the signature."""


@dataclass(frozen=True, slots=True)
class VerifiedCall:
    """A request for us, for this method, over these bytes and of this time. Replay and rights are still open."""

    member: Member
    """Who answers for the request."""
    key: KeyEntry
    """The key that signed it."""
    method: str
    """Full gRPC path, ``/package.Service/Method``."""
    body: bytes = field(repr=False)
    """The request message, exactly as carried."""
    digest: bytes
    """SHA-256 of ``body``."""
    purpose: str
    """Why personal data is asked for; empty if the call states none."""
    officer: Officer | None
    """On whose behalf the call is made; None for a call that a machine makes by itself."""
    jti: str
    """Unique name of this attempt, with which the member's id is the replay key."""
    issued_at: datetime
    """``iat``, UTC."""
    expires_at: datetime
    """``exp``, UTC."""
    signature: str = field(repr=False)
    """The whole request JWS: the evidence, and what the response refers to."""

    @property
    def replay_until(self) -> datetime:
        """First moment at which the clock refuses a replay by itself, UTC; until then the store must."""
        return self.expires_at + CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """An answer, or a refusal, that its member gave to exactly our request."""

    member: Member
    """Who answers for the response."""
    key: KeyEntry
    """The key that signed it."""
    issued_at: datetime
    """``iat``, UTC."""
    digest: bytes
    """SHA-256 of the response bytes, or of the serialised error status."""
    signature: str = field(repr=False)
    """The whole response JWS: the evidence."""


def sign_request(
    signer: Signer,
    *,
    issuer: str,
    audience: str,
    method: str,
    body: bytes,
    now: datetime,
    jti: str | None = None,
    lifetime: timedelta = MAX_LIFETIME,
    purpose: str = "",
    officer: Officer | None = None,
) -> str:
    """Sign one attempt of a request; the result travels as ``tongban-signature`` metadata.

    ``jti`` is 16 random bytes in base64url where none is given. Every attempt needs a new one.
    """
    issued_at = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "iat": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
        "jti": jti or encode_base64url(secrets.token_bytes(MIN_JTI_BYTES)),
        "method": method,
        "digest": _digest_claim(sha256(body).digest()),
    }
    if purpose:
        claims["purpose"] = purpose
    if officer is not None:
        claims["officer"] = {"id": officer.id, "role": officer.role, "window": officer.window}
    return encode({"typ": REQUEST_TYPE}, claims, signer)


def authenticate_request(received: ReceivedCall, directory: Directory, *, now: datetime) -> AuthenticCall:
    """Find out whose request this is. What fails here is held against nobody, and tells a stranger nothing.

    1. TLS identity: a verified peer with one SPIFFE ID, over TLS 1.3.
       TLS_IDENTITY_MISSING, TLS_VERSION_TOO_OLD
    2. Header form: a compact JWS of type ``REQUEST_TYPE`` with a ``kid``.
       SIGNATURE_MISSING, SIGNATURE_MALFORMED
    3. Member and key: listed, ``alg`` the key's own, a message key, in force, the member in force and active, and the
       same member on the line.
       KEY_UNKNOWN, SIGNATURE_MALFORMED, KEY_WRONG_PURPOSE, KEY_NOT_IN_FORCE, MEMBER_NOT_IN_FORCE, MEMBER_SUSPENDED,
       TLS_IDENTITY_MISMATCH
    4. Signature.
       SIGNATURE_WRONG

    Raises Unauthenticated or Forbidden with these reasons.
    """
    # 1. TLS identity
    if received.tls.spiffe_id is None or received.tls.version is None:
        raise Unauthenticated(
            Reason.TLS_IDENTITY_MISSING,
            "identifying the peer",
            got="no client certificate with exactly one SPIFFE ID",
            expected="mutual TLS with the member's certificate",
            mend="connect with the certificate that the directory names",
        )
    if received.tls.version != TLS_VERSION:
        raise Unauthenticated(
            Reason.TLS_VERSION_TOO_OLD,
            "identifying the peer",
            got="another TLS version",
            expected=TLS_VERSION,
            mend="allow TLS 1.3 on the calling side and on what stands between",
        )
    # 2. header form
    if received.signature is None:
        raise Unauthenticated(
            Reason.SIGNATURE_MISSING,
            "reading the signature",
            got="none",
            expected="one tongban-signature metadata entry",
            mend="sign the request as docs/protocol.md says",
        )
    jws, kid = parse_typed(received.signature, REQUEST_TYPE)
    # 3. member and key
    member, key = _signatory(directory, jws, kid, now)
    if received.tls.spiffe_id != member.spiffe_id:
        raise Unauthenticated(
            Reason.TLS_IDENTITY_MISMATCH,
            "comparing the TLS identity with the signature's member",
            got="a certificate of someone else",
            expected=f"the certificate of {member.id}",
            mend="let each member connect by itself",
        )
    # 4. signature
    require_signature(jws, member, key)
    return AuthenticCall(received, received.signature, member, key, jws.payload_bytes)


def verify_request(call: AuthenticCall, *, audience: str, now: datetime, boot: datetime | None = None) -> VerifiedCall:
    """Check what an authentic request says of itself. Whoever fails here is a known member and is told exactly why.

    The numbers continue those of ``authenticate_request``:

    5. Audience, method, digest: the claims have their types, the issuer is the key's member, the audience is us alone,
       the method and the bytes are those received.
       SIGNATURE_MALFORMED, KEY_UNKNOWN, AUDIENCE_WRONG, METHOD_WRONG, DIGEST_WRONG
    6. Time: not from the future, at most ``MAX_LIFETIME`` long, not expired, not issued before ``boot``; clocks may
       differ by ``CLOCK_SKEW``.
       CALL_FROM_FUTURE, CALL_LIVES_TOO_LONG, CALL_EXPIRED, CALL_BEFORE_BOOT

    ``audience`` is our own member id. ``boot`` is given after an unclean restart, when the record of recent requests
    may have lost its last entries: what was issued before it is refused, and the caller signs a new attempt.
    Raises Unauthenticated with these reasons.
    """
    # 5. audience, method, digest
    claims = read_claims(call.payload)
    issued_at, expires_at = read_number(claims, "iat"), read_number(claims, "exp")
    jti = read_jti(claims)
    purpose = _read_purpose(claims)
    officer = read_officer(claims)
    digest = sha256(call.received.body).digest()
    _check_subject(claims, call.member, audience, call.received.method, digest)
    # 6. time
    at, skew = now.timestamp(), CLOCK_SKEW.total_seconds()
    _check_not_from_future(issued_at, at, skew)
    if not 0 < expires_at - issued_at <= MAX_LIFETIME.total_seconds():
        raise Unauthenticated(
            Reason.CALL_LIVES_TOO_LONG,
            "checking the time of the request",
            got=f"exp {expires_at - issued_at} s after iat",
            expected=f"1 to {MAX_LIFETIME.total_seconds():.0f} s",
            mend="sign each attempt with a short lifetime",
        )
    if at >= expires_at + skew:
        raise Unauthenticated(
            Reason.CALL_EXPIRED,
            "checking the time of the request",
            got=f"exp {at - expires_at:.0f} s ago",
            expected=f"less than {skew:.0f} s ago",
            mend="sign each attempt anew just before sending it, and check both clocks",
        )
    if boot is not None and issued_at < boot.timestamp():
        raise Unauthenticated(
            Reason.CALL_BEFORE_BOOT,
            "checking the time of the request",
            got="a request from before an unclean restart of this gateway",
            expected="a request signed after it",
            mend="send it again with a new jti and the same idempotency key",
        )
    return VerifiedCall(
        member=call.member,
        key=call.key,
        method=call.received.method,
        body=call.received.body,
        digest=digest,
        purpose=purpose,
        officer=officer,
        jti=jti,
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        signature=call.signature,
    )


def sign_response(
    signer: Signer,
    *,
    request: str,
    issuer: str,
    audience: str,
    method: str,
    status: int,
    body: bytes,
    now: datetime,
) -> str:
    """Sign the answer to a request; the result travels as ``tongban-signature`` trailing metadata.

    ``request`` is the whole request JWS, or whatever text stood in its place. ``status`` is the gRPC status code (0 to
    16). ``body`` is the response bytes, or the serialised ``google.rpc.Status`` where ``status`` isn't 0.
    """
    claims = {
        "iss": issuer,
        "aud": audience,
        "iat": int(now.timestamp()),
        "method": method,
        "status": status,
        "request": _request_hash(request),
        "digest": _digest_claim(sha256(body).digest()),
    }
    return encode({"typ": RESPONSE_TYPE}, claims, signer)


def verify_response(
    signature: str | None,
    body: bytes,
    *,
    directory: Directory,
    request: str,
    responder: str,
    audience: str,
    method: str,
    status: int,
    now: datetime,
) -> VerifiedResponse:
    """Check that an answer is ``responder``'s to exactly our request.

    1. There is a signature.                                                PEER_UNSIGNED
    2. Header form, as for a request, of type ``RESPONSE_TYPE``.
    3. Member and key: as for a request.
    4. Signature.
    5. The issuer is the key's member and the responder that was called; audience and method; the request it answers
       and the status that came with it; the digest of the bytes.           REQUEST_NOT_ANSWERED, DIGEST_WRONG, ...
    6. Not from the future. It needs no expiry: it answers one request, which has one.

    Raises Unavailable, whose fault is the peer's, with the reasons of a request and those above: the peer may have
    acted and nobody says so for certain, so that the outcome is unknown and the call is made again.
    """
    # 1. present
    if signature is None:
        raise Unavailable(
            Reason.PEER_UNSIGNED,
            f"calling {responder}",
            got="an answer without a signature",
            expected="tongban-signature in the trailing metadata",
            mend="send it again; if it stays so, look for what ends the connection before the member's gateway",
        )
    try:
        # 2. header form
        jws, kid = parse_typed(signature, RESPONSE_TYPE)
        # 3. member and key
        member, key = _signatory(directory, jws, kid, now)
        if member.id != responder:
            raise not_the_issuer(f"a key of {member.id}", responder)
        # 4. signature
        require_signature(jws, member, key)
        # 5. subject
        claims = read_claims(jws.payload_bytes)
        issued_at = read_number(claims, "iat")
        signed_status = read_number(claims, "status")
        digest = sha256(body).digest()
        if read_text(claims, "request") != _request_hash(request):
            raise Unauthenticated(
                Reason.REQUEST_NOT_ANSWERED,
                "comparing the answer with the request",
                got="an answer to another request",
                expected="the SHA-256 of the request's signature",
            )
        _check_subject(claims, member, audience, method, digest)
        if signed_status != status:
            raise Unauthenticated(
                Reason.DIGEST_WRONG,
                "comparing the answer's status with the signed one",
                got=f"status {status}",
                expected=f"status {signed_status}, as signed",
            )
        # 6. time
        _check_not_from_future(issued_at, now.timestamp(), CLOCK_SKEW.total_seconds())
    except (Unauthenticated, Forbidden) as error:
        raise _no_answer(error, responder) from error
    return VerifiedResponse(member, key, datetime.fromtimestamp(issued_at, UTC), digest, signature)


# What requests and responses share.


def _signatory(directory: Directory, jws: ParsedJws, kid: str, now: datetime) -> tuple[Member, KeyEntry]:
    """Find the key and its member, both fit to sign a message now."""
    member, key = message_key(directory, jws, kid)
    require_key_in_force(member, key, now)
    member.require_active(now)
    return member, key


def _check_subject(claims: Mapping[str, object], member: Member, audience: str, method: str, digest: bytes) -> None:
    """Check who says what to whom: issuer, audience, method, digest."""
    if read_text(claims, "iss") != member.id:
        raise not_the_issuer("another iss than the key's member", member.id)
    aud = claims.get("aud")
    if not isinstance(aud, str | list):
        raise malformed("no aud, or one of another type", "one member id as aud")
    # A list is refused even with one entry: one recipient answers for one message.
    if aud != audience:
        raise Unauthenticated(
            Reason.AUDIENCE_WRONG,
            "comparing the audience",
            got="several recipients" if isinstance(aud, list) else "another recipient",
            expected=audience,
            mend="sign one message for each recipient",
        )
    if read_text(claims, "method") != method:
        raise Unauthenticated(
            Reason.METHOD_WRONG,
            "comparing the method",
            got="a signature for another method",
            expected=method,
            mend="sign the full path of the method that is called",
        )
    match claims.get("digest"):
        case {"alg": str(digest_algorithm), "value": str(value)}:
            if digest_algorithm != "sha-256" or value != encode_base64url(digest):
                raise Unauthenticated(
                    Reason.DIGEST_WRONG,
                    "comparing the digest of the bytes",
                    got="other bytes, or another digest algorithm, than was signed",
                    expected="sha-256 over the bytes as carried",
                    mend="sign the serialised message, and send exactly these bytes",
                )
        case _:
            raise malformed("no digest, or one of another form", 'digest {"alg": "sha-256", "value": base64url}')


def _check_not_from_future(issued_at: int, at: float, skew: float) -> None:
    if issued_at > at + skew:
        raise Unauthenticated(
            Reason.CALL_FROM_FUTURE,
            "checking the time of the message",
            got=f"iat {issued_at - at:.0f} s ahead",
            expected=f"at most {skew:.0f} s ahead",
            mend="synchronise both clocks",
        )


def _read_purpose(claims: Mapping[str, object]) -> str:
    if "purpose" not in claims:
        return ""
    purpose = read_text(claims, "purpose")
    check_printable("purpose", purpose)
    return purpose


def _digest_claim(digest: bytes) -> dict[str, str]:
    return {"alg": "sha-256", "value": encode_base64url(digest)}


def _request_hash(request: str) -> str:
    return encode_base64url(sha256(request.encode("utf-8")).digest())


def _no_answer(error: TongbanError, responder: str) -> Unavailable:
    return Unavailable(
        error.reason,
        f"verifying the answer of {responder}, {error.failed}",
        got=error.got,
        expected=error.expected,
        mend="send it again; if it stays so, tell the member's operators",
    )
