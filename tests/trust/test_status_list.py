"""Status lists: the draft's worked examples, and every way in which a token may fail to be one."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from trust import jws
from trust.directory import Directory, KeyEntry, Member, MemberStatus, Role
from trust.errors import Malformed, NotFound, Reason, TongbanError
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey, encode_base64url
from trust.status_list import (
    MAX_LIST_BYTES,
    MAX_TOKEN_CHARACTERS,
    STATUS_LIST_TYPE,
    StatusList,
    StatusType,
    issue_status_token,
    verify_status_token,
)

NOW = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
ISSUER = "430600.gateway"
URI = "tongban:430600.gateway:status:1"
STATUS_SIGNER = SoftwareSigner.generate(Algorithm.ES256, "430600-status")
MESSAGE_SIGNER = SoftwareSigner.generate(Algorithm.ES256, "430600-message")
STRANGER = SoftwareSigner.generate(Algorithm.ES256, "unlisted")
STATUSES = StatusList.blank(2, 100).set({3: StatusType.INVALID, 98: StatusType.SUSPENDED})


def key_entry(signer: SoftwareSigner, purpose: KeyPurpose) -> KeyEntry:
    return KeyEntry(
        key=VerifyingKey.from_jwk(signer.public_jwk(), signer.kid),
        purpose=purpose,
        valid_from=NOW - timedelta(days=10),
        valid_until=NOW + timedelta(days=10),
    )


MEMBER = Member(
    id=ISSUER,
    region="430600",
    role=Role.GATEWAY,
    name="岳阳市网关",
    spiffe_id="spiffe://tongban.test/430600/gateway",
    endpoint="",
    versions=("v1",),
    status=MemberStatus.ACTIVE,
    valid_from=NOW - timedelta(days=10),
    valid_until=NOW + timedelta(days=10),
    keys=(key_entry(STATUS_SIGNER, KeyPurpose.STATUS), key_entry(MESSAGE_SIGNER, KeyPurpose.MESSAGE)),
    rights=(),
)


def directory_of(member: Member) -> Directory:
    return Directory(1, "tongban.test", NOW - timedelta(days=1), NOW + timedelta(days=1), (member,))


DIRECTORY = directory_of(MEMBER)


def issue(**changes: object) -> str:
    arguments = {
        "statuses": STATUSES, "signer": STATUS_SIGNER, "issuer": ISSUER, "uri": URI, "now": NOW,
        "lifetime": timedelta(hours=1), "time_to_live": timedelta(minutes=5),
    }  # fmt: skip
    return issue_status_token(**{**arguments, **changes})  # type: ignore[arg-type]


def claims_with(**changes: object) -> str:
    claims = {"iss": ISSUER, "sub": URI, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60,
              "status_list": STATUSES.encode()}  # fmt: skip
    return jws.encode({"typ": STATUS_LIST_TYPE}, {**claims, **changes}, STATUS_SIGNER)


@pytest.mark.parametrize(
    ("bits", "statuses", "packed"),
    [
        (1, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], "b9a3"),
        (2, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], "c944f9"),
    ],
)
def test_the_drafts_worked_examples_are_packed_alike(bits: int, statuses: list[int], packed: str) -> None:
    assert StatusList.blank(bits, len(statuses)).set(dict(enumerate(statuses))).statuses.hex() == packed
    read = StatusList(bits, bytes.fromhex(packed))
    assert [read.get(index) for index in range(len(read))] == statuses


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_what_is_set_is_read_back_and_nothing_else_changes(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=40))
    statuses = StatusList.blank(bits, len(values)).set(dict(enumerate(values)))
    index, value = data.draw(st.integers(0, len(values) - 1)), data.draw(st.integers(0, 2**bits - 1))
    changed = StatusList.decode(statuses.set({index: value}).encode())
    values[index] = value
    assert [changed.get(each) for each in range(len(values))] == values


@pytest.mark.parametrize("index", [-1, 100])
def test_a_licence_outside_the_list_is_unknown(index: int) -> None:
    with pytest.raises(NotFound) as caught:
        STATUSES.get(index)
    assert caught.value.reason is Reason.LICENCE_UNKNOWN


def test_a_suspension_does_not_fit_into_one_bit() -> None:
    with pytest.raises(Malformed, match="fits into 1 bits"):
        StatusList.blank(1, 8).set({0: StatusType.SUSPENDED})


def zlib_of(data: bytes) -> str:
    return encode_base64url(zlib.compress(data))


@pytest.mark.parametrize(
    "encoded",
    [
        {},
        {"bits": 3, "lst": zlib_of(b"")},
        {"bits": True, "lst": zlib_of(b"")},
        {"bits": "1", "lst": zlib_of(b"")},
        {"bits": 1, "lst": 7},
        {"bits": 1, "lst": "eNrbuRgAAhcBXQ=="},
        {"bits": 1, "lst": "eNrbuRgAAhcBXR"},
        {"bits": 1, "lst": encode_base64url(b"not zlib")},
        {"bits": 1, "lst": encode_base64url(zlib.compress(b"cut off")[:-1])},
        {"bits": 1, "lst": encode_base64url(zlib.compress(b"followed") + b"x")},
        {"bits": 1, "lst": zlib_of(bytes(MAX_LIST_BYTES + 1))},
        {"bits": 1, "lst": ""},
    ],
)
def test_an_encoded_list_of_another_form_or_beyond_bounds_is_refused(encoded: dict[str, object]) -> None:
    with pytest.raises(Malformed) as caught:
        StatusList.decode(encoded)
    assert caught.value.reason is Reason.STATUS_LIST_REFUSED


def test_the_longest_list_is_read() -> None:
    assert len(StatusList.decode(StatusList.blank(2, MAX_LIST_BYTES * 4).encode())) == MAX_LIST_BYTES * 4


def test_a_token_gives_back_its_list() -> None:
    verified = verify_status_token(issue(), DIRECTORY, uri=URI, now=NOW)
    assert verified.statuses == STATUSES
    assert (verified.issuer, verified.uri, verified.issued_at) == (ISSUER, URI, NOW)
    assert verified.fresh_until == NOW + timedelta(minutes=5)


def test_a_list_stays_fresh_no_longer_than_it_lives() -> None:
    fetched = NOW + timedelta(minutes=58)
    assert verify_status_token(issue(), DIRECTORY, uri=URI, now=fetched).fresh_until == NOW + timedelta(hours=1)


def test_a_token_without_ttl_is_fresh_until_it_expires() -> None:
    verified = verify_status_token(claims_with(), DIRECTORY, uri=URI, now=NOW)
    assert verified.fresh_until == NOW + timedelta(seconds=60)


def test_another_library_reads_our_token() -> None:
    jwk: dict[str, str | list[str]] = {
        name: value for name, value in STATUS_SIGNER.public_jwk().items() if name in {"kty", "crv", "x", "y"}
    }
    decoded = jwt.decode(issue(), ECKey.import_key(jwk), algorithms=["ES256"])
    assert decoded.header["typ"] == "statuslist+jwt"
    assert decoded.claims["status_list"] == STATUSES.encode()


def with_key(change: Callable[[KeyEntry], KeyEntry]) -> Directory:
    return directory_of(replace(MEMBER, keys=(change(MEMBER.keys[0]),)))


@pytest.mark.parametrize(
    ("directory", "reason"),
    [
        (with_key(lambda entry: replace(entry, valid_until=NOW)), Reason.KEY_NOT_IN_FORCE),
        (with_key(lambda entry: replace(entry, valid_from=NOW + timedelta(seconds=1))), Reason.KEY_NOT_IN_FORCE),
        (with_key(lambda entry: replace(entry, revoked_at=NOW)), Reason.KEY_NOT_IN_FORCE),
        (with_key(lambda entry: replace(entry, purpose=KeyPurpose.LICENCE)), Reason.KEY_WRONG_PURPOSE),
        (directory_of(replace(MEMBER, valid_until=NOW)), Reason.MEMBER_NOT_IN_FORCE),
        (directory_of(replace(MEMBER, status=MemberStatus.SUSPENDED)), Reason.MEMBER_SUSPENDED),
    ],
)
def test_a_key_or_member_that_may_not_speak_now_is_refused(directory: Directory, reason: Reason) -> None:
    with pytest.raises(TongbanError) as caught:
        verify_status_token(issue(), directory, uri=URI, now=NOW)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("signer", "reason"), [(MESSAGE_SIGNER, Reason.KEY_WRONG_PURPOSE), (STRANGER, Reason.KEY_UNKNOWN)]
)
def test_another_key_may_not_sign_a_status_list(signer: SoftwareSigner, reason: Reason) -> None:
    with pytest.raises(TongbanError) as caught:
        verify_status_token(issue(signer=signer), DIRECTORY, uri=URI, now=NOW)
    assert caught.value.reason is reason


def test_a_forged_signature_is_refused() -> None:
    forger = SoftwareSigner.generate(Algorithm.ES256, STATUS_SIGNER.kid)
    with pytest.raises(TongbanError, match="step 3") as caught:
        verify_status_token(issue(signer=forger), DIRECTORY, uri=URI, now=NOW)
    assert caught.value.reason is Reason.SIGNATURE_WRONG


def test_the_headers_algorithm_must_be_the_keys() -> None:
    head = encode_base64url(jws.compact_json({"typ": STATUS_LIST_TYPE, "alg": "none", "kid": STATUS_SIGNER.kid}))
    payload = issue().split(".")[1]
    signature = encode_base64url(STATUS_SIGNER.sign(f"{head}.{payload}".encode()))
    with pytest.raises(TongbanError, match="step 3"):
        verify_status_token(f"{head}.{payload}.{signature}", DIRECTORY, uri=URI, now=NOW)


@pytest.mark.parametrize(
    ("token", "step"),
    [
        ("", "step 1"),
        ("a.b", "step 1"),
        (issue() + ".x", "step 1"),
        (issue() + "=", "step 1"),
        (jws.encode({"typ": "JWT"}, {}, STATUS_SIGNER), "typ"),
        (claims_with(iss="421000.gateway"), "step 4"),
        (claims_with(sub=URI + "x"), "step 4"),
        (claims_with(iat="now"), "step 4"),
        (claims_with(exp=10**18), "step 4"),
        (claims_with(ttl=10**30), "step 4"),
        (claims_with(status_list="x"), "step 4"),
        (claims_with(status_list={"bits": 3, "lst": ""}), "3|bits"),
        (claims_with(iat=int(NOW.timestamp()) + 31), "step 5"),
        (claims_with(exp=int(NOW.timestamp())), "step 5"),
        (claims_with(ttl=0), "step 5"),
        (claims_with(ttl="long"), "step 5"),
    ],
)
def test_a_token_that_can_not_be_used_names_the_step(token: str, step: str) -> None:
    with pytest.raises(TongbanError, match=step) as caught:
        verify_status_token(token, DIRECTORY, uri=URI, now=NOW)
    assert caught.value.reason is Reason.STATUS_LIST_REFUSED


def test_a_token_beyond_its_bounds_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Malformed, match=r"step 1.*at most"):
        verify_status_token("e" * MAX_TOKEN_CHARACTERS + ".e30.e30", DIRECTORY, uri=URI, now=NOW)
