from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.trust.federation import DAY, NOW, Federation, entry
from trust.directory import Action, Directory, MemberStatus, Right, Role
from trust.directory_file import cosign, open_directory, read_content, seal, write_content
from trust.errors import Forbidden, Malformed, Misconfigured, NotFound, Reason, Unauthenticated
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey, encode_base64url

TRUSTEE_SIGNERS = [
    SoftwareSigner.generate(algorithm, f"trustee-{number}")
    for number, algorithm in enumerate([Algorithm.ES256, Algorithm.ED25519, Algorithm.ES256])
]
TRUSTEES = [VerifyingKey.from_jwk(signer.public_jwk(), signer.kid) for signer in TRUSTEE_SIGNERS]


def edited(envelope: bytes, edit: Callable[[Any], object]) -> bytes:
    value = json.loads(envelope)
    edit(value)
    return json.dumps(value).encode()


def payload_of(envelope: bytes) -> dict[str, Any]:
    segment = json.loads(envelope)["payload"]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return payload


def signed(payload: bytes, protected_typ: str = "tongban-directory+jws") -> bytes:
    """Any payload at all, honestly signed by two trustees."""
    segment = encode_base64url(payload)
    signatures = []
    for signer in TRUSTEE_SIGNERS[:2]:
        header = {"typ": protected_typ, "alg": signer.algorithm.value, "kid": signer.kid}
        protected = encode_base64url(json.dumps(header).encode())
        signature = signer.sign(f"{protected}.{segment}".encode())
        signatures.append({"protected": protected, "signature": encode_base64url(signature)})
    return json.dumps({"payload": segment, "signatures": signatures}).encode()


def refusal_of(envelope: bytes, *, threshold: int = 2, at_least_version: int = 0) -> Misconfigured:
    with pytest.raises(Misconfigured) as refusal:
        open_directory(envelope, TRUSTEES, threshold, now=NOW, at_least_version=at_least_version)
    return refusal.value


# The signed file


def test_a_sealed_directory_opens_equal(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS[:2])
    assert open_directory(envelope, TRUSTEES, 2, now=NOW, at_least_version=7) == federation.directory


def test_times_to_the_microsecond_and_revocations_survive(federation: Federation) -> None:
    directory = federation.with_yueyang_key(revoked_at=NOW + timedelta(microseconds=1))
    assert open_directory(seal(directory, TRUSTEE_SIGNERS), TRUSTEES, 3, now=NOW) == directory


def test_the_payload_is_json_that_a_person_can_read(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS[:2])
    member = payload_of(envelope)["members"][0]
    assert (member["name"], member["valid_from"]) == ("岳阳市", "2026-10-22T08:00:00Z")
    assert member["rights"][0] == {
        "action": "case.open",
        "items": ["1100*", "220001"],
        "licence_types": ["*"],
        "purposes": ["case-handling"],
    }


def test_fewer_trustees_than_the_threshold_are_not_enough(federation: Federation) -> None:
    assert refusal_of(seal(federation.directory, TRUSTEE_SIGNERS[:1])).reason is Reason.DIRECTORY_UNTRUSTED
    assert refusal_of(seal(federation.directory, [])).reason is Reason.DIRECTORY_UNTRUSTED


def test_a_trustee_who_signs_twice_counts_once(federation: Federation) -> None:
    envelope = seal(federation.directory, [TRUSTEE_SIGNERS[0], TRUSTEE_SIGNERS[0]])
    assert "1 of 3 trustees" in refusal_of(envelope).got


def test_strangers_and_broken_signatures_neither_count_nor_harm(federation: Federation) -> None:
    stranger = SoftwareSigner.generate(Algorithm.ES256, "stranger")
    impostor = SoftwareSigner.generate(Algorithm.ES256, "trustee-2")
    envelope = seal(federation.directory, [stranger, impostor, *TRUSTEE_SIGNERS[:2]])
    assert open_directory(envelope, TRUSTEES, 2, now=NOW).version == 7
    envelope = edited(envelope, lambda e: e["signatures"].append({"protected": "?", "signature": "?"}))
    assert open_directory(envelope, TRUSTEES, 2, now=NOW).version == 7
    assert refusal_of(envelope, threshold=3).reason is Reason.DIRECTORY_UNTRUSTED


def test_a_changed_payload_is_refused(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS)
    payload = payload_of(envelope)
    payload["members"][1]["rights"] = payload["members"][0]["rights"]
    changed = encode_base64url(json.dumps(payload).encode())
    assert refusal_of(edited(envelope, lambda e: e.update(payload=changed))).got.startswith("valid signatures of 0")


@pytest.mark.parametrize("typ", ["tongban-request+jwt", "", "JWT"])
def test_signatures_made_for_something_else_do_not_count(federation: Federation, typ: str) -> None:
    payload = json.dumps(payload_of(seal(federation.directory, []))).encode()
    assert open_directory(signed(payload), TRUSTEES, 2, now=NOW) == federation.directory
    assert refusal_of(signed(payload, typ)).reason is Reason.DIRECTORY_UNTRUSTED


@pytest.mark.parametrize(
    "edit",
    [
        lambda e: e.pop("payload"),
        lambda e: e.pop("signatures"),
        lambda e: e.update(header={}),
        lambda e: e.update(payload=5),
        lambda e: e.update(payload=e["payload"] + "=="),
        lambda e: e.update(signatures={}),
        lambda e: e.update(signatures=e["signatures"] * 40),
        lambda e: e["signatures"][0].update(header={"kid": "trustee-0"}),
        lambda e: e["signatures"][0].pop("protected"),
        lambda e: e["signatures"].append("x"),
    ],
)
def test_an_envelope_of_another_form_is_refused(federation: Federation, edit: Callable[[Any], object]) -> None:
    refusal = refusal_of(edited(seal(federation.directory, TRUSTEE_SIGNERS[:2]), edit))
    assert refusal.reason is Reason.DIRECTORY_UNTRUSTED
    assert "another form" in refusal.got


@pytest.mark.parametrize("envelope", [b"", b"null", b"[]", b"\xff", b'{"payload":"","payload":"","signatures":[]}'])
def test_bytes_that_are_no_envelope_are_refused(envelope: bytes) -> None:
    assert refusal_of(envelope).reason is Reason.DIRECTORY_UNTRUSTED


def test_an_older_version_than_seen_before_is_refused(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS)
    assert refusal_of(envelope, at_least_version=8).reason is Reason.DIRECTORY_ROLLED_BACK


def test_a_directory_expires_at_the_very_moment_it_names(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS)
    expires_at = federation.directory.expires_at
    assert open_directory(envelope, TRUSTEES, 3, now=expires_at - timedelta(microseconds=1)).version == 7
    with pytest.raises(Misconfigured) as refusal:
        open_directory(envelope, TRUSTEES, 3, now=expires_at)
    assert refusal.value.reason is Reason.DIRECTORY_EXPIRED


@pytest.mark.parametrize("threshold", [-1, 0, 4])
def test_a_threshold_that_no_one_or_anyone_meets_is_a_misconfiguration(federation: Federation, threshold: int) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS)
    assert refusal_of(envelope, threshold=threshold).reason is Reason.CONFIG_INVALID


def test_one_trustee_entered_under_two_names_is_a_misconfiguration(federation: Federation) -> None:
    envelope = seal(federation.directory, TRUSTEE_SIGNERS)
    for trustees in ([TRUSTEES[0], TRUSTEES[0]], [TRUSTEES[0], replace(TRUSTEES[0], kid="again")]):
        with pytest.raises(Misconfigured) as refusal:
            open_directory(envelope, trustees, 2, now=NOW)
        assert refusal.value.reason is Reason.CONFIG_INVALID


def in_member(**changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda payload: payload["members"][0].update(changes)


def in_key(**changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda payload: payload["members"][0]["keys"][0].update(changes)


def in_right(**changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda payload: payload["members"][0]["rights"][0].update(changes)


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p.update(version="7"),
        lambda p: p.update(version=True),
        lambda p: p.update(version=0),
        lambda p: p.pop("trust_domain"),
        lambda p: p.update(trust_domain="elsewhere.example"),
        lambda p: p.update(issued_at="2026-11-20 08:00:00Z"),
        lambda p: p.update(issued_at="2026-11-20T16:00:00+08:00"),
        lambda p: p.update(issued_at="2026-11-20T08:00:00"),
        lambda p: p.update(expires_at=p["issued_at"]),
        lambda p: p.update(members={}),
        lambda p: p["members"].append("x"),
        lambda p: p["members"].append(p["members"][0]),
        in_member(id="421000.gateway"),
        in_member(id="430600"),
        in_member(region="430601"),
        in_member(role="province"),
        in_member(status="unknown"),
        in_member(name=None),
        in_member(spiffe_id="spiffe://tongban.example/421000/gateway"),
        in_member(spiffe_id="spiffe://tongban.example/430600/"),
        in_member(endpoint="no port"),
        in_member(endpoint="https://gateway.example:443"),
        in_member(versions="v1"),
        in_member(versions=[1]),
        in_member(valid_until="2020-01-01T00:00:00Z"),
        in_key(purpose="everything"),
        in_key(jwk={}),
        in_key(jwk={"kty": "oct", "k": "AAAA", "kid": "k"}),
        in_key(revoked_at="soon"),
        in_key(valid_from="2036-01-01T00:00:00Z"),
        lambda p: p["members"][0]["keys"][0].pop("revoked_at"),
        in_right(action="case.delete"),
        in_right(items=["*1100"]),
        in_right(items=[""]),
        in_right(licence_types="*"),
        lambda p: p["members"][0]["rights"][0].pop("purposes"),
    ],
)
def test_a_payload_with_one_wrong_field_is_refused_though_trustees_signed_it(
    federation: Federation, edit: Callable[[Any], object]
) -> None:
    payload = payload_of(seal(federation.directory, []))
    edit(payload)
    refusal = refusal_of(signed(json.dumps(payload).encode()))
    assert refusal.reason is Reason.DIRECTORY_UNTRUSTED
    assert "can't be read" in refusal.got


# What holds across members


@pytest.mark.parametrize("purpose", [KeyPurpose.MESSAGE, KeyPurpose.LICENCE])
def test_one_kid_or_one_key_used_twice_can_not_be_built(federation: Federation, purpose: KeyPurpose) -> None:
    same_kid = entry(SoftwareSigner.generate(Algorithm.ES256, federation.jingzhou_signer.kid), purpose)
    same_key = entry(SoftwareSigner.from_pem(federation.jingzhou_signer.to_pem(), "other-kid"), purpose)
    with pytest.raises(Malformed, match=r"kid '421000\.gateway#m1' twice"):
        federation.with_yueyang(keys=(same_kid,))
    with pytest.raises(Malformed, match=r"public key .* twice"):
        federation.with_yueyang(keys=(same_key,))


def test_a_region_has_one_gateway_and_may_have_platforms(federation: Federation) -> None:
    second = replace(
        federation.yueyang,
        id="430600.second",
        spiffe_id="spiffe://tongban.example/430600/second",
        keys=(),
    )
    with pytest.raises(Malformed, match="gateway's region '430600' twice"):
        replace(federation.directory, members=(*federation.directory.members, second))
    platform = replace(second, role=Role.PLATFORM, endpoint="")
    directory = replace(federation.directory, members=(platform, *federation.directory.members))
    assert directory.gateway_of("430600") == federation.yueyang
    assert directory.member("430600.second") is platform


def test_times_outside_utc_can_not_be_built(federation: Federation) -> None:
    for time in (NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=8)))):
        with pytest.raises(Malformed, match="outside UTC"):
            replace(federation.directory, issued_at=time)
        with pytest.raises(Malformed, match="outside UTC"):
            federation.with_yueyang_key(revoked_at=time)


@pytest.mark.parametrize("kid", ["", "with space", "岳阳", "x" * 129])
def test_a_kid_is_short_visible_ascii(kid: str) -> None:
    with pytest.raises(Malformed, match="kid of other characters"):
        entry(SoftwareSigner.generate(Algorithm.ED25519, kid), KeyPurpose.MESSAGE)


# Looking up


def test_members_keys_and_gateways_are_found_by_name(federation: Federation) -> None:
    directory: Directory = federation.directory
    member, key = directory.key("430600.gateway#l1")
    assert (member, key.kid, key.purpose) == (federation.yueyang, "430600.gateway#l1", KeyPurpose.LICENCE)
    assert directory.gateway_of("421000") is federation.jingzhou


def test_the_line_names_the_member_that_an_answer_goes_to(federation: Federation) -> None:
    suspended = federation.with_yueyang(status=MemberStatus.SUSPENDED)
    assert suspended.on_the_line("spiffe://tongban.example/430600/gateway") is suspended.member("430600.gateway")
    assert suspended.on_the_line("spiffe://tongban.example/430600/gateway/") is None
    assert suspended.on_the_line("") is None


def test_what_is_not_listed_is_refused_by_name(federation: Federation) -> None:
    with pytest.raises(NotFound) as no_member:
        federation.directory.member("110000.gateway")
    with pytest.raises(NotFound) as no_gateway:
        federation.directory.gateway_of("110000")
    with pytest.raises(Unauthenticated) as no_key:
        federation.directory.key("430600.gateway#m2")
    reasons = [no_member.value.reason, no_gateway.value.reason, no_key.value.reason]
    assert reasons == [Reason.MEMBER_UNKNOWN, Reason.MEMBER_UNKNOWN, Reason.KEY_UNKNOWN]


def test_a_key_is_in_force_from_its_first_moment_until_its_end_or_revocation(federation: Federation) -> None:
    moment = timedelta(microseconds=1)
    key = replace(federation.yueyang.keys[0], valid_from=NOW, valid_until=NOW + DAY)
    assert [key.in_force(at) for at in (NOW - moment, NOW, NOW + DAY - moment, NOW + DAY)] == [False, True, True, False]
    revoked = replace(key, revoked_at=NOW + moment)
    assert (revoked.in_force(NOW), revoked.in_force(NOW + moment)) == (True, False)


def test_a_licence_key_signs_only_its_licence_types(federation: Federation) -> None:
    message, licence = federation.yueyang.keys
    assert licence.signs_licence_type("11100000")
    assert not licence.signs_licence_type("11200000")
    assert not replace(licence, licence_types=()).signs_licence_type("11100000")
    assert not replace(message, licence_types=("*",)).signs_licence_type("11100000")


# Rights


def refused_right(federation: Federation, action: Action, **named: str) -> Reason:
    with pytest.raises(Forbidden) as refusal:
        federation.yueyang.require(action, **named)
    return refusal.value.reason


def test_a_right_that_covers_everything_named_lets_pass(federation: Federation) -> None:
    federation.yueyang.require(Action.CASE_OPEN, item="11000007", purpose="case-handling")
    federation.yueyang.require(Action.CASE_OPEN, item="220001", purpose="case-handling")
    federation.yueyang.require(Action.LICENCE_VERIFY, licence_type="residence-permit", purpose="audit")
    federation.yueyang.require(Action.CATALOGUE_READ, item="anything", licence_type="anything", purpose="anything")
    federation.yueyang.require(Action.CATALOGUE_READ)


@pytest.mark.parametrize(
    "action", [a for a in Action if a.value not in {"case.open", "licence.verify", "catalogue.read"}]
)
def test_an_action_that_no_right_names_is_denied(federation: Federation, action: Action) -> None:
    assert refused_right(federation, action) is Reason.RIGHT_MISSING


def test_a_member_without_rights_may_do_nothing(federation: Federation) -> None:
    nobody = replace(federation.yueyang, rights=())
    for action in Action:
        with pytest.raises(Forbidden):
            nobody.require(action)


@pytest.mark.parametrize("item", ["1200", "110", "2200011", "22000", "", "*"])
def test_an_item_outside_the_patterns_is_denied(federation: Federation, item: str) -> None:
    assert refused_right(federation, Action.CASE_OPEN, item=item, purpose="case-handling") is Reason.ITEM_NOT_GRANTED


def test_a_licence_type_outside_the_patterns_is_denied(federation: Federation) -> None:
    reason = refused_right(federation, Action.LICENCE_VERIFY, licence_type="marriage", purpose="audit")
    assert reason is Reason.LICENCE_TYPE_NOT_GRANTED


def test_a_purpose_that_is_missing_or_another_is_denied(federation: Federation) -> None:
    assert refused_right(federation, Action.CASE_OPEN, item="220001") is Reason.PURPOSE_MISSING
    for purpose in ("", "audit"):
        assert refused_right(federation, Action.CASE_OPEN, item="220001", purpose=purpose) is Reason.PURPOSE_MISSING


def test_two_rights_do_not_add_up_to_a_third(federation: Federation) -> None:
    rights = (
        Right(Action.CASE_OPEN, items=("1*",), purposes=("a",)),
        Right(Action.CASE_OPEN, items=("2*",), purposes=("b",)),
    )
    member = replace(federation.yueyang, rights=rights)
    member.require(Action.CASE_OPEN, item="1", purpose="a")
    with pytest.raises(Forbidden) as refusal:
        member.require(Action.CASE_OPEN, item="1", purpose="b")
    assert refusal.value.reason is Reason.PURPOSE_MISSING


def test_suspension_does_not_change_what_the_directory_lists(federation: Federation) -> None:
    directory = federation.with_yueyang(status=MemberStatus.SUSPENDED)
    assert directory.gateway_of("430600").status is MemberStatus.SUSPENDED


def test_the_content_that_trustees_edit_reads_back_as_it_was_written(federation: Federation) -> None:
    assert read_content(write_content(federation.directory)) == federation.directory


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 1}', b'{"version": 1, "version": 2}', b"\xff"])
def test_content_that_is_no_directory_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        read_content(content)


def test_trustees_sign_one_after_the_other_and_one_who_signs_again_counts_once(federation: Federation) -> None:
    first, second = TRUSTEE_SIGNERS[:2]
    again = cosign(seal(federation.directory, [first]), first)
    assert len(json.loads(again)["signatures"]) == 1
    assert refusal_of(again).reason is Reason.DIRECTORY_UNTRUSTED
    assert open_directory(cosign(again, second), TRUSTEES, 2, now=NOW) == federation.directory
