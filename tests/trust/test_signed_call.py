from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trust.federation import DAY, NOW, Federation, two_cities
from trust.directory import Directory, MemberStatus
from trust.errors import Fault, Reason, TongbanError, Unavailable
from trust.jws import parse
from trust.keys import SoftwareSigner, encode_base64url
from trust.signed_call import (
    CLOCK_SKEW,
    AuthenticCall,
    Officer,
    ReceivedCall,
    TlsIdentity,
    VerifiedCall,
    VerifiedResponse,
    authenticate_request,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)

YUEYANG, JINGZHOU = "430600.gateway", "421000.gateway"
METHOD = "/tongban.exchange.v1.ExchangeService/Deliver"
BODY = b"\x0a\x05bytes as carried"
TLS = TlsIdentity("spiffe://tongban.example/430600/gateway", "TLSv1.3")
SECOND = timedelta(seconds=1)


def request(federation: Federation, **changes: Any) -> str:
    arguments = {"issuer": YUEYANG, "audience": JINGZHOU, "method": METHOD, "body": BODY, "now": NOW, **changes}
    signer = arguments.pop("signer", federation.yueyang_signer)
    return sign_request(signer, **arguments)


def received(signature: str | None, **changes: Any) -> ReceivedCall:
    return replace(ReceivedCall(METHOD, BODY, signature, TLS), **changes)


def authenticate(call: ReceivedCall, federation: Federation, directory: Directory | None = None) -> AuthenticCall:
    return authenticate_request(call, directory or federation.directory, now=NOW)


def verify(call: AuthenticCall, **changes: Any) -> VerifiedCall:
    return verify_request(call, **{"audience": JINGZHOU, "now": NOW, **changes})


def unknown(call: ReceivedCall, federation: Federation, directory: Directory | None = None) -> Reason:
    """The reason why nobody can be named as the caller."""
    with pytest.raises(TongbanError) as refusal:
        authenticate(call, federation, directory)
    return refusal.value.reason


def refused(call: AuthenticCall, **changes: Any) -> Reason:
    """The reason that a known member is told."""
    with pytest.raises(TongbanError) as refusal:
        verify(call, **changes)
    return refusal.value.reason


def resigned(token: str, signer: SoftwareSigner, header: dict[str, object], claims: object) -> str:
    """Any header and claims at all, honestly signed."""
    protected = encode_base64url(json.dumps({**parse(token).header, **header}).encode())
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signing_input = f"{protected}.{encode_base64url(payload)}"
    return f"{signing_input}.{encode_base64url(signer.sign(signing_input.encode()))}"


def with_header(federation: Federation, **header: object) -> ReceivedCall:
    token = request(federation)
    return received(resigned(token, federation.yueyang_signer, header, claims_of(token)))


def with_claims(federation: Federation, edit: Callable[[dict[str, Any]], object]) -> AuthenticCall:
    token = request(federation, purpose="case-handling", officer=Officer("w-12", "window", "12 号窗口"))
    claims = claims_of(token)
    edit(claims)
    return authenticate(received(resigned(token, federation.yueyang_signer, {}, claims)), federation)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(parse(token).payload_bytes)
    return claims


# A good call


def test_a_good_request_is_verified_with_everything_it_says(federation: Federation) -> None:
    officer = Officer("w-12", "window", "岳阳市政务服务中心 12 号窗口")
    token = request(federation, purpose="case-handling", officer=officer, jti="A" * 22)
    authentic = authenticate(received(token), federation)
    assert (authentic.member, authentic.key.kid) == (federation.yueyang, "430600.gateway#m1")
    call = verify(authentic)
    assert call == VerifiedCall(
        member=federation.yueyang,
        key=federation.yueyang.keys[0],
        method=METHOD,
        body=BODY,
        digest=call.digest,
        purpose="case-handling",
        officer=officer,
        jti="A" * 22,
        issued_at=NOW,
        expires_at=NOW + 60 * SECOND,
        signature=token,
    )
    assert encode_base64url(call.digest) == claims_of(token)["digest"]["value"]
    assert call.replay_until == NOW + 90 * SECOND


def test_a_call_by_a_machine_names_no_officer_and_no_purpose(federation: Federation) -> None:
    token = request(federation)
    assert not {"purpose", "officer"} & set(claims_of(token))
    call = verify(authenticate(received(token), federation))
    assert (call.purpose, call.officer) == ("", None)


def test_an_ed25519_member_calls_just_as_well(federation: Federation) -> None:
    token = request(federation, signer=federation.jingzhou_signer, issuer=JINGZHOU, audience=YUEYANG)
    tls = replace(TLS, spiffe_id="spiffe://tongban.example/421000/gateway")
    assert verify(authenticate(received(token, tls=tls), federation), audience=YUEYANG).member == federation.jingzhou


def test_every_attempt_has_a_new_jti_of_128_bits(federation: Federation) -> None:
    jtis = {claims_of(request(federation))["jti"] for _ in range(50)}
    assert len(jtis) == 50
    assert {len(jti) for jti in jtis} == {22}


def test_no_repr_shows_the_body_or_the_signature(federation: Federation) -> None:
    token = request(federation)
    authentic = authenticate(received(token), federation)
    for shown in (repr(received(token)), repr(authentic), repr(verify(authentic))):
        assert "bytes as carried" not in shown
        assert token.rpartition(".")[2] not in shown


# 1. TLS identity


@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        (TlsIdentity(None, None), Reason.TLS_IDENTITY_MISSING),
        (TlsIdentity(None, "TLSv1.3"), Reason.TLS_IDENTITY_MISSING),
        (TlsIdentity(TLS.spiffe_id, None), Reason.TLS_IDENTITY_MISSING),
        (TlsIdentity(TLS.spiffe_id, "TLSv1.2"), Reason.TLS_VERSION_TOO_OLD),
        (TlsIdentity(TLS.spiffe_id, ""), Reason.TLS_VERSION_TOO_OLD),
        (TlsIdentity("spiffe://tongban.example/421000/gateway", "TLSv1.3"), Reason.TLS_IDENTITY_MISMATCH),
        (TlsIdentity("spiffe://tongban.example/430600/gateway/", "TLSv1.3"), Reason.TLS_IDENTITY_MISMATCH),
        (TlsIdentity("", "TLSv1.3"), Reason.TLS_IDENTITY_MISMATCH),
    ],
)
def test_the_line_must_be_the_members_own_over_tls_1_3(
    federation: Federation, tls: TlsIdentity, reason: Reason
) -> None:
    assert unknown(received(request(federation), tls=tls), federation) is reason


# 2. header form


def test_a_call_without_a_signature_is_refused(federation: Federation) -> None:
    assert unknown(received(None), federation) is Reason.SIGNATURE_MISSING
    assert unknown(received(""), federation) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "tongban-response+jwt"},
        {"typ": "application/tongban-request+jwt"},
        {"typ": ["tongban-request+jwt"]},
        {"kid": None},
        {"kid": 1},
        {"kid": ["430600.gateway#m1"]},
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "Ed25519"},
        {"alg": None},
        {"jwk": {}},
        {"jku": "https://keys.example"},
        {"x5u": "https://keys.example"},
        {"x5c": []},
        {"b64": True},
        {"crit": ["exp"]},
    ],
    ids=str,
)
def test_a_header_of_another_form_is_refused(federation: Federation, header: dict[str, object]) -> None:
    assert unknown(with_header(federation, **header), federation) is Reason.SIGNATURE_MALFORMED


def test_a_response_does_not_pass_for_a_request(federation: Federation) -> None:
    assert unknown(received(response(federation)), federation) is Reason.SIGNATURE_MALFORMED


# 3. member and key


def test_a_kid_that_is_not_listed_is_refused(federation: Federation) -> None:
    assert unknown(with_header(federation, kid="430600.gateway#m2"), federation) is Reason.KEY_UNKNOWN


def test_a_kid_of_another_member_does_not_lend_its_name(federation: Federation) -> None:
    call = with_header(federation, kid="421000.gateway#m1", alg="Ed25519")
    assert unknown(call, federation) is Reason.TLS_IDENTITY_MISMATCH
    tls = replace(TLS, spiffe_id="spiffe://tongban.example/421000/gateway")
    assert unknown(replace(call, tls=tls), federation) is Reason.SIGNATURE_WRONG


def test_a_key_of_another_purpose_signs_no_messages(federation: Federation) -> None:
    call = received(request(federation, signer=federation.yueyang_licence_signer))
    assert unknown(call, federation) is Reason.KEY_WRONG_PURPOSE


@pytest.mark.parametrize(
    "changes",
    [{"revoked_at": NOW}, {"valid_until": NOW}, {"valid_from": NOW + SECOND}, {"revoked_at": NOW - DAY}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_key_that_is_not_in_force_is_refused(federation: Federation, changes: dict[str, Any]) -> None:
    directory = federation.with_yueyang_key(**changes)
    assert unknown(received(request(federation)), federation, directory) is Reason.KEY_NOT_IN_FORCE


def test_a_member_outside_its_time_or_suspended_is_refused(federation: Federation) -> None:
    call = received(request(federation))
    former = federation.with_yueyang(valid_until=NOW)
    future = federation.with_yueyang(valid_from=NOW + SECOND)
    suspended = federation.with_yueyang(status=MemberStatus.SUSPENDED)
    assert unknown(call, federation, former) is Reason.MEMBER_NOT_IN_FORCE
    assert unknown(call, federation, future) is Reason.MEMBER_NOT_IN_FORCE
    assert unknown(call, federation, suspended) is Reason.MEMBER_SUSPENDED


# 4. signature


def test_a_signature_of_an_impostor_or_over_other_claims_is_refused(federation: Federation) -> None:
    token = request(federation)
    impostor = SoftwareSigner.generate(federation.yueyang_signer.algorithm, federation.yueyang_signer.kid)
    assert unknown(received(request(federation, signer=impostor)), federation) is Reason.SIGNATURE_WRONG
    other = request(federation, body=b"other")
    mixed = f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"
    assert unknown(received(mixed), federation) is Reason.SIGNATURE_WRONG
    cut = f"{token.rpartition('.')[0]}."
    assert unknown(received(cut), federation) is Reason.SIGNATURE_WRONG


# 5. audience, method, digest


def test_a_request_for_someone_else_is_refused(federation: Federation) -> None:
    assert refused(authenticate(received(request(federation)), federation), audience=YUEYANG) is Reason.AUDIENCE_WRONG


@pytest.mark.parametrize(
    "aud", [[JINGZHOU, "110000.gateway"], [JINGZHOU], [], "", JINGZHOU + " ", JINGZHOU.upper()], ids=str
)
def test_an_audience_that_is_not_exactly_us_is_refused(federation: Federation, aud: object) -> None:
    assert refused(with_claims(federation, lambda claims: claims.update(aud=aud))) is Reason.AUDIENCE_WRONG


def test_a_signature_for_another_method_is_refused(federation: Federation) -> None:
    call = received(request(federation), method="/tongban.exchange.v1.ExchangeService/Withdraw")
    assert refused(authenticate(call, federation)) is Reason.METHOD_WRONG


def test_other_bytes_than_those_signed_are_refused(federation: Federation) -> None:
    for body in (b"", BODY + b"\x00", BODY[:-1]):
        call = authenticate(received(request(federation), body=body), federation)
        assert refused(call) is Reason.DIGEST_WRONG


@pytest.mark.parametrize("name", ["sha-1", "SHA-256", "sm3"])
def test_another_digest_algorithm_is_refused(federation: Federation, name: str) -> None:
    assert refused(with_claims(federation, lambda claims: claims["digest"].update(alg=name))) is Reason.DIGEST_WRONG


def test_a_member_that_signs_in_anothers_name_is_refused(federation: Federation) -> None:
    assert refused(with_claims(federation, lambda claims: claims.update(iss=JINGZHOU))) is Reason.KEY_UNKNOWN


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "exp", "jti", "method", "digest"])
@pytest.mark.parametrize("value", ["missing", None, True, 1.5, -1, 10**400, {}, {"alg": "sha-256"}, "\u0000"], ids=str)
def test_a_claim_that_is_missing_or_of_another_type_never_crashes(
    federation: Federation, name: str, value: object
) -> None:
    call = with_claims(federation, lambda c: c.pop(name) if value == "missing" else c.update({name: value}))
    a_text_is_what_it_should_be = value == "\u0000" and name in {"iss", "aud", "method"}
    reason = refused(call)
    if a_text_is_what_it_should_be:
        assert reason in {Reason.KEY_UNKNOWN, Reason.AUDIENCE_WRONG, Reason.METHOD_WRONG}
    else:
        assert reason is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": "1795248000"},
        {"iat": float(NOW.timestamp())},
        {"exp": 253_402_300_800},
        {"digest": {"alg": "sha-256", "value": None}},
        {"jti": encode_base64url(bytes(15))},
        {"jti": "A" * 65},
        {"jti": "A" * 21 + "B"},
        {"jti": "A" * 24 + "=="},
        {"purpose": None},
        {"purpose": 1},
        {"purpose": "x" * 129},
        {"purpose": "line\nbreak"},
        {"officer": "w-12"},
        {"officer": {"id": "w-12", "role": "window"}},
        {"officer": {"id": "w-12", "role": "window", "window": 12}},
        {"officer": {"id": "w-12\u0000", "role": "window", "window": ""}},
        {"officer": {"id": "w" * 129, "role": "window", "window": ""}},
    ],
    ids=str,
)
def test_a_claim_out_of_its_bounds_is_malformed(federation: Federation, changes: dict[str, object]) -> None:
    assert refused(with_claims(federation, lambda claims: claims.update(changes))) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff", b'{"iss":1,"iss":1}', b'{"iss":"\\ud800"}'])
def test_claims_that_are_no_strict_json_object_are_malformed(federation: Federation, payload: bytes) -> None:
    token = resigned(request(federation), federation.yueyang_signer, {}, payload)
    assert refused(authenticate(received(token), federation)) is Reason.SIGNATURE_MALFORMED


def test_claims_that_this_version_does_not_know_are_let_pass(federation: Federation) -> None:
    def add(claims: dict[str, Any]) -> None:
        claims["later"] = {"version": 2}
        claims["officer"]["grade"] = "x"

    assert verify(with_claims(federation, add)).officer == Officer("w-12", "window", "12 号窗口")


@pytest.mark.parametrize("length", [22, 64])
def test_a_jti_from_128_bits_to_64_characters_is_accepted(federation: Federation, length: int) -> None:
    call = authenticate(received(request(federation, jti="A" * length)), federation)
    assert verify(call).jti == "A" * length


# 6. time


def test_clocks_may_differ_by_thirty_seconds_and_no_more(federation: Federation) -> None:
    call = authenticate(received(request(federation)), federation)
    assert verify(call, now=NOW - CLOCK_SKEW)
    assert refused(call, now=NOW - CLOCK_SKEW - SECOND) is Reason.CALL_FROM_FUTURE
    assert verify(call, now=NOW + 60 * SECOND + CLOCK_SKEW - SECOND)
    assert refused(call, now=NOW + 60 * SECOND + CLOCK_SKEW) is Reason.CALL_EXPIRED


def test_the_store_forgets_a_replay_no_sooner_than_the_clock_refuses_it(federation: Federation) -> None:
    call = authenticate(received(request(federation)), federation)
    until = verify(call).replay_until
    assert verify(call, now=until - timedelta(microseconds=1))
    assert refused(call, now=until) is Reason.CALL_EXPIRED


@pytest.mark.parametrize("lifetime", [-60, -1, 0, 61, 3600, 10**9])
def test_a_lifetime_outside_one_to_sixty_seconds_is_refused(federation: Federation, lifetime: int) -> None:
    call = with_claims(federation, lambda claims: claims.update(exp=claims["iat"] + lifetime))
    assert refused(call) is Reason.CALL_LIVES_TOO_LONG


def test_a_shorter_lifetime_is_honoured(federation: Federation) -> None:
    call = authenticate(received(request(federation, lifetime=SECOND)), federation)
    assert verify(call).expires_at == NOW + SECOND
    assert refused(call, now=NOW + SECOND + CLOCK_SKEW) is Reason.CALL_EXPIRED


def test_after_an_unclean_restart_only_what_was_signed_after_it_counts(federation: Federation) -> None:
    call = authenticate(received(request(federation)), federation)
    assert verify(call, boot=NOW)
    assert verify(call, boot=None)
    assert refused(call, boot=NOW + timedelta(microseconds=1)) is Reason.CALL_BEFORE_BOOT


# The answer


def response(federation: Federation, **changes: Any) -> str:
    arguments = {
        "request": "the.request.jws",
        "issuer": JINGZHOU,
        "audience": YUEYANG,
        "method": METHOD,
        "status": 0,
        "body": b"reply",
        "now": NOW,
        **changes,
    }
    signer = arguments.pop("signer", federation.jingzhou_signer)
    return sign_response(signer, **arguments)


def verify_answer(federation: Federation, signature: str | None, **changes: Any) -> VerifiedResponse:
    arguments: dict[str, Any] = {
        "body": b"reply",
        "directory": federation.directory,
        "request": "the.request.jws",
        "responder": JINGZHOU,
        "audience": YUEYANG,
        "method": METHOD,
        "status": 0,
        "now": NOW,
        **changes,
    }
    return verify_response(signature, arguments.pop("body"), **arguments)


def unanswered(federation: Federation, signature: str | None, **changes: Any) -> Reason:
    """The reason why the outcome is unknown."""
    with pytest.raises(Unavailable) as refusal:
        verify_answer(federation, signature, **changes)
    assert refusal.value.fault is Fault.PEER
    return refusal.value.reason


def test_a_good_answer_is_verified_and_bound_to_its_request(federation: Federation) -> None:
    answer = verify_answer(federation, response(federation))
    assert (answer.member, answer.key.kid, answer.issued_at) == (federation.jingzhou, "421000.gateway#m1", NOW)
    assert len(answer.digest) == 32


def test_a_signed_refusal_is_an_answer_too(federation: Federation) -> None:
    refusal = response(federation, status=7, body=b"serialised status")
    assert verify_answer(federation, refusal, status=7, body=b"serialised status").member == federation.jingzhou


def test_a_refusal_can_be_signed_whatever_stood_in_the_place_of_the_request(federation: Federation) -> None:
    for instead in ("", "签名", "not a JWS"):
        refusal = response(federation, request=instead, status=16)
        assert verify_answer(federation, refusal, request=instead, status=16).member == federation.jingzhou


def test_an_unsigned_answer_means_that_the_outcome_is_unknown(federation: Federation) -> None:
    assert unanswered(federation, None) is Reason.PEER_UNSIGNED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request": "another.request.jws"}, Reason.REQUEST_NOT_ANSWERED),
        ({"body": b"another reply"}, Reason.DIGEST_WRONG),
        ({"status": 14}, Reason.DIGEST_WRONG),
        ({"method": "/another.Service/Method"}, Reason.METHOD_WRONG),
        ({"audience": "110000.gateway"}, Reason.AUDIENCE_WRONG),
        ({"responder": "110000.gateway"}, Reason.KEY_UNKNOWN),
        ({"now": NOW - CLOCK_SKEW - SECOND}, Reason.CALL_FROM_FUTURE),
    ],
)
def test_an_answer_to_anything_else_is_no_answer(
    federation: Federation, changes: dict[str, Any], reason: Reason
) -> None:
    assert unanswered(federation, response(federation), **changes) is reason


def test_an_answer_by_anyone_else_is_no_answer(federation: Federation) -> None:
    ours = response(federation, signer=federation.yueyang_signer)
    assert unanswered(federation, ours) is Reason.KEY_UNKNOWN
    impostor = SoftwareSigner.generate(federation.jingzhou_signer.algorithm, federation.jingzhou_signer.kid)
    assert unanswered(federation, response(federation, signer=impostor)) is Reason.SIGNATURE_WRONG
    assert unanswered(federation, response(federation, issuer=YUEYANG)) is Reason.KEY_UNKNOWN
    revoked = replace(federation.jingzhou.keys[0], revoked_at=NOW)
    directory = replace(
        federation.directory, members=(federation.yueyang, replace(federation.jingzhou, keys=(revoked,)))
    )
    assert unanswered(federation, response(federation), directory=directory) is Reason.KEY_NOT_IN_FORCE


def test_a_request_does_not_pass_for_an_answer(federation: Federation) -> None:
    token = request(federation, signer=federation.jingzhou_signer, issuer=JINGZHOU, audience=YUEYANG)
    assert unanswered(federation, token) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "method", "status", "request", "digest"])
@pytest.mark.parametrize("value", [None, True, -1, [1], {}], ids=str)
def test_an_answer_with_a_claim_of_another_type_never_crashes(federation: Federation, name: str, value: object) -> None:
    token = response(federation)
    token = resigned(token, federation.jingzhou_signer, {}, {**claims_of(token), name: value})
    expected = Reason.AUDIENCE_WRONG if (name, value) == ("aud", [1]) else Reason.SIGNATURE_MALFORMED
    assert unanswered(federation, token) is expected


# Any change at all

CITIES = two_cities()
TOKEN = request(CITIES, purpose="case-handling", officer=Officer("w-12", "window", "12 号窗口"))
ANSWER = response(CITIES)


@given(position=st.integers(0, len(TOKEN) - 1), character=st.characters())
def test_a_request_with_any_character_changed_is_refused(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed != TOKEN:
        with pytest.raises(TongbanError):
            authenticate(received(changed), CITIES)


@given(position=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_a_request_whose_body_has_any_byte_changed_is_refused(position: int, flip: int) -> None:
    body = bytearray(BODY)
    body[position] ^= flip
    assert refused(authenticate(received(TOKEN, body=bytes(body)), CITIES)) is Reason.DIGEST_WRONG


@given(position=st.integers(0, len(ANSWER) - 1), character=st.characters())
def test_an_answer_with_any_character_changed_is_no_answer(position: int, character: str) -> None:
    changed = ANSWER[:position] + character + ANSWER[position + 1 :]
    if changed != ANSWER:
        with pytest.raises(Unavailable):
            verify_answer(CITIES, changed)


@given(st.text(max_size=200))
def test_any_text_at_all_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(TongbanError):
        authenticate(received(text), CITIES)
