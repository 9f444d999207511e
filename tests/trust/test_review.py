from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.trust.federation import DAY, NOW, Federation
from trust.directory import Directory, MemberStatus, Role
from trust.errors import Malformed, Reason, TongbanError
from trust.jws import parse
from trust.keys import SoftwareSigner, encode_base64url
from trust.review import MAX_REASON_CHARACTERS, MAX_ROWS, Review, Verdict, open_review, sign_review
from trust.signed_call import Officer, sign_request

YUEYANG, JINGZHOU = "430600.gateway", "421000.gateway"
SECOND = timedelta(seconds=1)
HASHES = frozenset({b"\x01" * 32, b"\x02" * 32})
APPROVAL = Review(YUEYANG, Officer("r-3", "crosswalk", "岳阳市政务服务中心"), Verdict.APPROVE, HASHES, NOW, "")
WITHDRAWAL = replace(APPROVAL, verdict=Verdict.WITHDRAW, reason="事项已取消")


def signed(federation: Federation, review: Review = APPROVAL) -> str:
    return sign_review(review, federation.yueyang_signer)


def claims_of(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(parse(text, longest=10**6).payload_bytes)
    return claims


def resigned(text: str, signer: SoftwareSigner, header: dict[str, object], claims: object) -> str:
    """Any header and claims at all, honestly signed."""
    protected = encode_base64url(json.dumps({**parse(text).header, **header}).encode())
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signing_input = f"{protected}.{encode_base64url(payload)}"
    return f"{signing_input}.{encode_base64url(signer.sign(signing_input.encode()))}"


def with_claims(federation: Federation, edit: Callable[[dict[str, Any]], object]) -> str:
    text = signed(federation)
    claims = claims_of(text)
    edit(claims)
    return resigned(text, federation.yueyang_signer, {}, claims)


def refused(text: str, directory: Directory) -> Reason:
    with pytest.raises(TongbanError) as refusal:
        open_review(text, directory)
    return refusal.value.reason


# A good review


@pytest.mark.parametrize(
    "review",
    [APPROVAL, WITHDRAWAL, replace(APPROVAL, reason="已核对　无误" * 33)],
    ids=["approval", "withdrawal", "long reason"],
)
def test_a_review_is_read_back_as_it_was_signed(federation: Federation, review: Review) -> None:
    assert open_review(signed(federation, review), federation.directory) == review


def test_an_ed25519_gateway_reviews_just_as_well(federation: Federation) -> None:
    review = replace(APPROVAL, member=JINGZHOU)
    assert open_review(sign_review(review, federation.jingzhou_signer), federation.directory) == review


def test_the_largest_review_is_read(federation: Federation) -> None:
    widest = Officer("岳" * 128, "\U00020000" * 128, "窗" * 128)
    rows = frozenset(number.to_bytes(32) for number in range(MAX_ROWS))
    review = replace(WITHDRAWAL, officer=widest, rows=rows, reason="\U00020000" * MAX_REASON_CHARACTERS)
    assert open_review(signed(federation, review), federation.directory) == review


def test_the_same_review_is_signed_under_a_new_name_each_time(federation: Federation) -> None:
    text = sign_review(APPROVAL, federation.jingzhou_signer, random_bytes=lambda count: b"\x07" * count)
    assert claims_of(text)["jti"] == encode_base64url(b"\x07" * 16)
    assert text == sign_review(APPROVAL, federation.jingzhou_signer, random_bytes=lambda count: b"\x07" * count)
    assert len({claims_of(signed(federation))["jti"] for _ in range(20)}) == 20


def test_a_review_is_signed_to_the_second(federation: Federation) -> None:
    text = signed(federation, replace(APPROVAL, at=NOW + timedelta(milliseconds=900)))
    assert open_review(text, federation.directory).at == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": frozenset()},
        {"rows": frozenset({b"\x01" * 31})},
        {"rows": frozenset(number.to_bytes(32) for number in range(MAX_ROWS + 1))},
        {"reason": "长" * 201},
        {"reason": "两\n行"},
        {"verdict": Verdict.WITHDRAW},
        {"verdict": Verdict.WITHDRAW, "reason": " \u3000"},
        {"officer": Officer("", "crosswalk", "")},
        {"officer": Officer("r-3", "x" * 129, "")},
        {"officer": Officer("r-3", "crosswalk", "\u0000")},
    ],
    ids="+".join,
)
def test_what_nobody_would_read_is_not_signed(federation: Federation, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refusal:
        signed(federation, replace(APPROVAL, **changes))
    assert refusal.value.reason is Reason.FIELD_INVALID
    assert "两" not in str(refusal.value)


# 1. form


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "tongban-request+jwt"},
        {"typ": "tongban-crosswalk-review+JWT"},
        {"typ": "application/tongban-crosswalk-review+jwt"},
        {"kid": None},
        {"kid": ["430600.gateway#m1"]},
        {"alg": "none"},
        {"alg": "HS256"},
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
    text = signed(federation)
    changed = resigned(text, federation.yueyang_signer, header, claims_of(text))
    assert refused(changed, federation.directory) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("text", ["", "a.b", "....", "é.e.e", "A" * (320 * 1024 + 1)], ids=len)
def test_what_is_no_jws_is_refused(federation: Federation, text: str) -> None:
    assert refused(text, federation.directory) is Reason.SIGNATURE_MALFORMED


def test_the_signature_of_a_call_does_not_pass_for_a_review(federation: Federation) -> None:
    call = sign_request(
        federation.yueyang_signer, issuer=YUEYANG, audience=JINGZHOU, method="/a.B/C", body=b"", now=NOW
    )
    assert refused(call, federation.directory) is Reason.SIGNATURE_MALFORMED


# 2. key


def test_a_key_that_is_not_listed_of_another_purpose_or_of_a_platform_is_refused(federation: Federation) -> None:
    text = signed(federation)
    unlisted = resigned(text, federation.yueyang_signer, {"kid": "430600.gateway#m2"}, claims_of(text))
    assert refused(unlisted, federation.directory) is Reason.KEY_UNKNOWN
    by_licence_key = sign_review(APPROVAL, federation.yueyang_licence_signer)
    assert refused(by_licence_key, federation.directory) is Reason.KEY_WRONG_PURPOSE
    assert refused(text, federation.with_yueyang(role=Role.PLATFORM)) is Reason.RIGHT_MISSING


# 3. signature


def test_an_impostor_or_other_claims_are_refused(federation: Federation) -> None:
    text = signed(federation)
    impostor = SoftwareSigner.generate(federation.yueyang_signer.algorithm, federation.yueyang_signer.kid)
    assert refused(sign_review(APPROVAL, impostor), federation.directory) is Reason.SIGNATURE_WRONG
    other = signed(federation, WITHDRAWAL)
    mixed = f"{text.rpartition('.')[0]}.{other.rpartition('.')[2]}"
    assert refused(mixed, federation.directory) is Reason.SIGNATURE_WRONG
    assert refused(f"{text.rpartition('.')[0]}.", federation.directory) is Reason.SIGNATURE_WRONG
    borrowed = resigned(text, federation.yueyang_signer, {"kid": "421000.gateway#m1", "alg": "Ed25519"}, b"{}")
    assert refused(borrowed, federation.directory) is Reason.SIGNATURE_WRONG


# 4. claims


def test_a_gateway_does_not_sign_in_anothers_name(federation: Federation) -> None:
    for_jingzhou = sign_review(replace(APPROVAL, member=JINGZHOU), federation.yueyang_signer)
    assert refused(for_jingzhou, federation.directory) is Reason.KEY_UNKNOWN


@pytest.mark.parametrize("name", ["iss", "iat", "jti", "verdict", "officer", "rows", "reason"])
@pytest.mark.parametrize("value", ["missing", None, True, 1.5, -1, 10**400, {}, [], [1], [[]]], ids=str)
def test_a_claim_that_is_missing_or_of_another_type_is_refused(
    federation: Federation, name: str, value: object
) -> None:
    text = with_claims(federation, lambda c: c.pop(name) if value == "missing" else c.update({name: value}))
    assert refused(text, federation.directory) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": "1795248000"},
        {"iat": float(NOW.timestamp())},
        {"iat": 253_402_300_800},
        {"jti": encode_base64url(bytes(15))},
        {"jti": "A" * 65},
        {"jti": "A" * 21 + "B"},
        {"verdict": "APPROVE"},
        {"verdict": "reject"},
        {"verdict": "withdraw"},
        {"reason": "x" * 201},
        {"reason": "line\nbreak"},
        {"officer": {"id": "", "role": "crosswalk", "window": ""}},
        {"officer": {"id": "r-3", "role": "crosswalk"}},
        {"officer": {"id": "r" * 129, "role": "crosswalk", "window": ""}},
        {"rows": [encode_base64url(bytes(31))]},
        {"rows": [encode_base64url(bytes(33))]},
        {"rows": [encode_base64url(bytes(32))] * 2},
        {"rows": [encode_base64url(bytes(32)) + "="]},
        {"rows": [bytes(32).hex()]},
        {"rows": ["行"]},
        {"rows": [encode_base64url(number.to_bytes(32)) for number in range(MAX_ROWS + 1)]},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_claim_out_of_its_bounds_is_refused(federation: Federation, changes: dict[str, object]) -> None:
    text = with_claims(federation, lambda claims: claims.update(changes))
    assert refused(text, federation.directory) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff", b'{"iss":1,"iss":1}'])
def test_claims_that_are_no_strict_json_object_are_refused(federation: Federation, payload: bytes) -> None:
    text = resigned(signed(federation), federation.yueyang_signer, {}, payload)
    assert refused(text, federation.directory) is Reason.SIGNATURE_MALFORMED


def test_claims_that_this_version_does_not_know_are_let_pass(federation: Federation) -> None:
    text = with_claims(federation, lambda claims: claims.update(later={"version": 2}))
    assert open_review(text, federation.directory) == APPROVAL


# 5. time: what counts is when it was signed


def test_what_was_signed_in_time_stays_signed(federation: Federation) -> None:
    text = signed(federation)
    for later in (
        federation.with_yueyang_key(valid_until=NOW + SECOND),
        federation.with_yueyang_key(revoked_at=NOW + SECOND),
        federation.with_yueyang(valid_until=NOW + SECOND),
        federation.with_yueyang(status=MemberStatus.SUSPENDED),
        replace(federation.directory, expires_at=NOW),
    ):
        assert open_review(text, later) == APPROVAL


@pytest.mark.parametrize(
    "changes",
    [{"revoked_at": NOW}, {"revoked_at": NOW - DAY}, {"valid_until": NOW}, {"valid_from": NOW + SECOND}],
    ids=str,
)
def test_a_key_not_in_force_when_it_was_signed_is_refused(federation: Federation, changes: dict[str, Any]) -> None:
    assert refused(signed(federation), federation.with_yueyang_key(**changes)) is Reason.KEY_NOT_IN_FORCE


def test_a_member_outside_its_time_when_it_was_signed_is_refused(federation: Federation) -> None:
    for changes in ({"valid_until": NOW}, {"valid_from": NOW + SECOND}):
        assert refused(signed(federation), federation.with_yueyang(**changes)) is Reason.MEMBER_NOT_IN_FORCE
