"""Licences: five questions, five answers. Every case changes one thing and says which answers change with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey

from trust import jws
from trust.directory import Directory, KeyEntry, Member, MemberStatus, Role
from trust.errors import Malformed, Reason
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey, encode_base64url
from trust.licence import (
    MAX_PRESENTATION_AGE,
    Authority,
    Holder,
    Integrity,
    Licence,
    LicenceReference,
    LicenceVerdict,
    Status,
    Validity,
    issue,
    peek,
    present,
    verify_presentation,
)
from trust.licence_id import LicenceId
from trust.sd_jwt import Disclosure, SdJwt, join
from trust.status_list import StatusList, StatusType, VerifiedStatusList

NOW = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
ISSUER, VERIFIER, NONCE = "430600.platform", "421000.gateway", "nonce-of-this-occasion"
URI = "tongban:430600.platform:status:1"
INDEX = 7
TYPE = "11100000000013338W001"
OTHER_TYPE = "11100000000013338W050"

LICENCE_SIGNER = SoftwareSigner.generate(Algorithm.ES256, "430600-licence")
MESSAGE_SIGNER = SoftwareSigner.generate(Algorithm.ES256, "430600-message")
FOREIGN_SIGNER = SoftwareSigner.generate(Algorithm.ED25519, "421000-licence")
STRANGER = SoftwareSigner.generate(Algorithm.ES256, "unlisted")
HOLDER_SIGNER = SoftwareSigner.generate(Algorithm.ES256, "holder")
OTHER_HOLDER = SoftwareSigner.generate(Algorithm.ES256, "holder")


def key_entry(signer: SoftwareSigner, purpose: KeyPurpose, *types: str) -> KeyEntry:
    return KeyEntry(
        key=VerifyingKey.from_jwk(signer.public_jwk(), signer.kid),
        purpose=purpose,
        valid_from=NOW - timedelta(days=400),
        valid_until=NOW + timedelta(days=400),
        licence_types=types,
    )


def member(region: str, role: Role, *keys: KeyEntry) -> Member:
    return Member(
        id=f"{region}.{role.value}",
        region=region,
        role=role,
        name="测试成员",
        spiffe_id=f"spiffe://tongban.test/{region}/{role.value}",
        endpoint="",
        versions=("v1",),
        status=MemberStatus.ACTIVE,
        valid_from=NOW - timedelta(days=400),
        valid_until=NOW + timedelta(days=400),
        keys=keys,
        rights=(),
    )


ISSUING_MEMBER = member(
    "430600",
    Role.PLATFORM,
    key_entry(LICENCE_SIGNER, KeyPurpose.LICENCE, TYPE),
    key_entry(MESSAGE_SIGNER, KeyPurpose.MESSAGE),
)
OTHER_MEMBER = member("421000", Role.PLATFORM, key_entry(FOREIGN_SIGNER, KeyPurpose.LICENCE, "*"))


def directory_with(issuing: Member) -> Directory:
    return Directory(1, "tongban.test", NOW - timedelta(days=1), NOW + timedelta(days=1), (issuing, OTHER_MEMBER))


DIRECTORY = directory_with(ISSUING_MEMBER)

LICENCE = Licence(
    issuer=ISSUER,
    licence_id=LicenceId.make(TYPE, "11430000006122244L", "202500000001", 1),
    name="二级建造师注册证书",
    region="430602",
    issuer_name="湖南省住房和城乡建设厅",
    issued_at=NOW - timedelta(days=30),
    valid_from=NOW - timedelta(days=30),
    valid_until=NOW + timedelta(days=335),
    status_uri=URI,
    status_index=INDEX,
    holder_name="测试持证人",
    holder_code="11010519491231002X",
    surface={"注册专业": "建筑工程", "聘用企业": "测试企业"},
    holder_key=HOLDER_SIGNER.public_jwk(),
)
BEARER = replace(LICENCE, holder_key=None)
ISSUED = issue(LICENCE, LICENCE_SIGNER)
PRESENTED = present(ISSUED, {"holder_name", "注册专业"}, audience=VERIFIER, nonce=NONCE, now=NOW, holder=HOLDER_SIGNER)


def statuses(value: int = StatusType.VALID, **changes: Any) -> VerifiedStatusList:
    listed = StatusList.blank(2, 100).set({INDEX: value})
    return replace(VerifiedStatusList(ISSUER, URI, NOW, NOW + timedelta(minutes=5), listed), **changes)


def judge(text: str, **changes: Any) -> LicenceVerdict:
    arguments: dict[str, Any] = {
        "directory": DIRECTORY, "audience": VERIFIER, "nonce": NONCE, "now": NOW, "status": statuses(),
    }  # fmt: skip
    return verify_presentation(text, **{**arguments, **changes})


def answers(verdict: LicenceVerdict) -> set[object]:
    """The answers that aren't the good ones; an acceptable licence has none."""
    found: set[object] = {
        verdict.integrity.value,
        verdict.authority.value,
        verdict.validity.value,
        verdict.status.value,
        verdict.holder.value,
    }
    good = {Integrity.INTACT, Authority.AUTHORISED, Validity.VALID, Status.GOOD, Holder.BOUND, Holder.NOT_REQUIRED}
    assert verdict.acceptable == (found <= good)
    return found - good


def show(credential: str, signer: SoftwareSigner | None = HOLDER_SIGNER, **changes: Any) -> str:
    arguments: dict[str, Any] = {"audience": VERIFIER, "nonce": NONCE, "now": NOW, "holder": signer}
    return present(credential, {"holder_name"}, **{**arguments, **changes})


def signed_claims(text: str = ISSUED) -> dict[str, object]:
    return jws.parse_object(SdJwt.parse(text).signed.payload_bytes)


def credential_with(claims: Mapping[str, object], *disclosures: str, typ: str = "dc+sd-jwt") -> str:
    return join(jws.encode({"typ": typ}, claims, LICENCE_SIGNER), disclosures)


# A good licence


def test_a_good_licence_shown_by_its_holder_is_acceptable() -> None:
    verdict = judge(PRESENTED)
    assert answers(verdict) == set()
    assert verdict.holder.value is Holder.BOUND
    assert verdict.reference == LicenceReference(ISSUER, TYPE, URI, INDEX) == peek(PRESENTED)
    assert verdict.licence_id.conforms


def test_only_what_the_holder_chose_is_disclosed() -> None:
    claims = judge(PRESENTED).claims
    assert claims["holder_name"] == "测试持证人"
    assert claims["surface"] == {"注册专业": "建筑工程"}
    assert "holder_code" not in claims
    assert "11010519491231002X" not in PRESENTED


def test_a_holder_may_disclose_nothing() -> None:
    text = present(ISSUED, (), audience=VERIFIER, nonce=NONCE, now=NOW, holder=HOLDER_SIGNER)
    verdict = judge(text)
    assert verdict.acceptable
    assert verdict.claims["surface"] == {}
    assert verdict.claims["name"] == "二级建造师注册证书"


def test_a_licence_bound_to_no_key_needs_no_holder() -> None:
    verdict = judge(show(issue(BEARER, LICENCE_SIGNER), None))
    assert verdict.acceptable
    assert verdict.holder.value is Holder.NOT_REQUIRED


def test_a_licence_without_end_is_valid() -> None:
    assert judge(show(issue(replace(LICENCE, valid_until=None), LICENCE_SIGNER))).acceptable


def test_salts_are_fresh_and_can_be_given() -> None:
    assert issue(LICENCE, LICENCE_SIGNER).split("~")[1] != ISSUED.split("~")[1]
    fixed = [issue(LICENCE, LICENCE_SIGNER, random_bytes=bytes).split("~")[1:] for _ in range(2)]
    assert fixed[0] == fixed[1]


def test_another_library_verifies_what_we_sign() -> None:
    for token, signer in ((ISSUED.split("~")[0], LICENCE_SIGNER), (PRESENTED.split("~")[-1], HOLDER_SIGNER)):
        jwk: dict[str, str | list[str]] = {name: signer.public_jwk()[name] for name in ("kty", "crv", "x", "y")}
        joserfc_jws.deserialize_compact(token, ECKey.import_key(jwk), algorithms=["ES256"])


def test_nothing_personal_stands_in_a_repr() -> None:
    texts = f"{LICENCE!r} {judge(PRESENTED)!r} {SdJwt.parse(PRESENTED)!r}"
    assert "测试持证人" not in texts
    assert "11010519491231002X" not in texts


# Integrity


def flip(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


@pytest.mark.parametrize("part", range(len(PRESENTED.split("~")) - 1))
@pytest.mark.parametrize("where", ["first", "middle", "near the end"])
def test_a_changed_character_in_any_part_is_never_acceptable(part: int, where: str) -> None:
    parts = PRESENTED.split("~")
    at = {"first": 0, "middle": len(parts[part]) // 2, "near the end": len(parts[part]) - 3}[where]
    parts[part] = flip(parts[part], at)
    try:
        verdict = judge("~".join(parts))
    except Malformed:
        assert part == 0, "only the issuer's JWT can make it no licence at all"
        return
    assert verdict.integrity.value is Integrity.BROKEN
    assert verdict.claims == {}
    assert not verdict.acceptable


def test_a_changed_claim_breaks_the_integrity_and_nothing_else() -> None:
    head, _, signature = show(issue(BEARER, LICENCE_SIGNER), None).split("~")[0].split(".")
    claims = {**signed_claims(issue(BEARER, LICENCE_SIGNER)), "name": "一级建造师注册证书"}
    verdict = judge(f"{head}.{encode_base64url(jws.compact_json(claims))}.{signature}~")
    assert answers(verdict) == {Integrity.BROKEN}


@pytest.mark.parametrize("algorithm", ["none", "HS256", "Ed25519", "RS256", "ES384"])
def test_the_header_never_chooses_the_algorithm(algorithm: str) -> None:
    head = encode_base64url(jws.compact_json({"typ": "dc+sd-jwt", "alg": algorithm, "kid": LICENCE_SIGNER.kid}))
    payload = encode_base64url(jws.compact_json(signed_claims(issue(BEARER, LICENCE_SIGNER))))
    signature = encode_base64url(LICENCE_SIGNER.sign(f"{head}.{payload}".encode()))
    verdict = judge(f"{head}.{payload}.{signature}~")
    assert answers(verdict) == {Integrity.BROKEN}
    assert "algorithm" in verdict.integrity.reason


def test_a_forged_signature_breaks_the_integrity() -> None:
    forger = SoftwareSigner.generate(Algorithm.ES256, LICENCE_SIGNER.kid)
    assert answers(judge(show(issue(LICENCE, forger)))) == {Integrity.BROKEN}


def test_a_disclosure_that_is_repeated_or_foreign_breaks_the_integrity() -> None:
    bearer = issue(BEARER, LICENCE_SIGNER)
    own = bearer.split("~")[1]
    foreign = Disclosure.make("holder_name", "冒名者", bytes(16)).text
    assert answers(judge(f"{bearer}{own}~")) == {Integrity.BROKEN}
    assert answers(judge(f"{bearer}{foreign}~")) == {Integrity.BROKEN}


def test_an_issuer_who_hides_the_key_binding_is_not_believed() -> None:
    hidden = Disclosure.make("cnf", {"jwk": HOLDER_SIGNER.public_jwk()}, bytes(16))
    claims = {**signed_claims(issue(BEARER, LICENCE_SIGNER)), "_sd": [hidden.digest]}
    assert answers(judge(credential_with(claims, hidden.text))) == {Integrity.BROKEN}


# Authority


def key_changed(**changes: Any) -> Directory:
    licence_key, *others = ISSUING_MEMBER.keys
    return directory_with(replace(ISSUING_MEMBER, keys=(replace(licence_key, **changes), *others)))


@pytest.mark.parametrize(
    ("directory", "authority"),
    [
        (key_changed(valid_from=NOW - timedelta(days=29)), Authority.KEY_NOT_IN_FORCE),
        (key_changed(valid_until=NOW - timedelta(days=30)), Authority.KEY_NOT_IN_FORCE),
        (key_changed(revoked_at=NOW - timedelta(days=31)), Authority.KEY_NOT_IN_FORCE),
        (key_changed(revoked_at=NOW), Authority.KEY_NOT_IN_FORCE),
        (key_changed(purpose=KeyPurpose.MESSAGE), Authority.KEY_WRONG_PURPOSE),
        (key_changed(licence_types=(OTHER_TYPE,)), Authority.TYPE_NOT_GRANTED),
        (key_changed(licence_types=()), Authority.TYPE_NOT_GRANTED),
        (directory_with(replace(ISSUING_MEMBER, status=MemberStatus.SUSPENDED)), Authority.ISSUER_NOT_IN_FORCE),
        (
            directory_with(replace(ISSUING_MEMBER, valid_from=NOW - timedelta(days=29))),
            Authority.ISSUER_NOT_IN_FORCE,
        ),
    ],
)
def test_an_issuer_without_the_right_is_named_though_the_bytes_are_intact(
    directory: Directory, authority: Authority
) -> None:
    assert answers(judge(PRESENTED, directory=directory)) == {authority}


def test_a_key_that_ran_out_after_issuing_leaves_its_licences_standing() -> None:
    assert judge(PRESENTED, directory=key_changed(valid_until=NOW - timedelta(days=1))).acceptable


def test_a_key_outside_the_directory_makes_issuer_and_integrity_unknown() -> None:
    verdict = judge(show(issue(LICENCE, STRANGER)))
    assert answers(verdict) == {Integrity.UNVERIFIABLE, Authority.UNKNOWN_ISSUER}
    assert verdict.claims == {}


def test_a_member_can_not_issue_in_the_name_of_another() -> None:
    assert answers(judge(show(issue(LICENCE, FOREIGN_SIGNER)))) == {Authority.UNKNOWN_ISSUER}


def test_a_message_key_issues_no_licences() -> None:
    assert answers(judge(show(issue(LICENCE, MESSAGE_SIGNER)))) == {Authority.KEY_WRONG_PURPOSE}


def test_a_licence_of_a_foreign_type_is_not_authorised() -> None:
    foreign = replace(LICENCE, licence_id=LicenceId.make(OTHER_TYPE, "11430000006122244L", "202500000001", 1))
    assert answers(judge(show(issue(foreign, LICENCE_SIGNER)))) == {Authority.TYPE_NOT_GRANTED}


def test_an_identifier_of_another_type_than_the_credential_is_not_authorised() -> None:
    other = LicenceId.make(OTHER_TYPE, "11430000006122244L", "202500000001", 1)
    claims = {**signed_claims(issue(BEARER, LICENCE_SIGNER)), "licence_id": other.text}
    assert answers(judge(credential_with(claims))) == {Authority.TYPE_NOT_GRANTED}


@pytest.mark.parametrize("identifier", ["local-42", LICENCE.licence_id.text[:-1] + "*"])
def test_an_identifier_that_does_not_conform_is_flagged_and_refuses_nothing(identifier: str) -> None:
    claims = {**signed_claims(issue(BEARER, LICENCE_SIGNER)), "licence_id": identifier}
    verdict = judge(credential_with(claims))
    assert verdict.acceptable
    assert not verdict.licence_id.conforms


@pytest.mark.parametrize(
    ("issuer_region", "region", "covered"),
    [
        ("430600", "430600", True),
        ("430600", "430681", True),
        ("430600", "430000", False),
        ("430600", "430700", False),
        ("430600", "421000", False),
        ("430000", "430602", True),
        ("430602", "430600", False),
        ("421000", "421088", True),
        ("421000", "420000", False),
        ("000000", "421088", True),
    ],
)
def test_an_issuer_speaks_for_its_own_region_and_what_lies_within(
    issuer_region: str, region: str, covered: bool
) -> None:
    issuing = member(issuer_region, Role.GATEWAY, key_entry(LICENCE_SIGNER, KeyPurpose.LICENCE, TYPE))
    licence = replace(LICENCE, issuer=issuing.id, region=region)
    verdict = judge(
        show(issue(licence, LICENCE_SIGNER)), directory=directory_with(issuing), status=statuses(issuer=issuing.id)
    )
    assert answers(verdict) == (set() if covered else {Authority.REGION_NOT_COVERED})


# Validity


@pytest.mark.parametrize(
    ("changes", "validity"),
    [
        ({"valid_until": NOW}, Validity.EXPIRED),
        ({"valid_until": NOW - timedelta(days=1)}, Validity.EXPIRED),
        ({"valid_from": NOW + timedelta(seconds=1)}, Validity.NOT_YET),
        ({"issued_at": NOW + timedelta(seconds=31)}, Validity.NOT_YET),
    ],
)
def test_a_licence_outside_its_period_is_genuine_and_not_acceptable(
    changes: dict[str, Any], validity: Validity
) -> None:
    assert answers(judge(show(issue(replace(LICENCE, **changes), LICENCE_SIGNER)))) == {validity}


# Status


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (statuses(StatusType.INVALID), Status.REVOKED),
        (statuses(StatusType.SUSPENDED), Status.SUSPENDED),
        (statuses(3), Status.UNKNOWN),
        (None, Status.UNKNOWN),
        (statuses(fresh_until=NOW), Status.UNKNOWN),
        (statuses(uri=URI + "2"), Status.UNKNOWN),
        (statuses(issuer="421000.platform"), Status.UNKNOWN),
        (statuses(statuses=StatusList.blank(2, 4)), Status.UNKNOWN),
    ],
)
def test_the_status_is_what_the_named_fresh_list_says_or_unknown(
    status: VerifiedStatusList | None, answer: Status
) -> None:
    assert answers(judge(PRESENTED, status=status)) == {answer}


# Holder


def test_a_bound_licence_whose_holders_signature_was_stripped_is_not_acceptable() -> None:
    stripped = PRESENTED.rpartition("~")[0] + "~"
    assert answers(judge(stripped)) == {Holder.MISSING}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (show(ISSUED, nonce="of another occasion"), "nonce"),
        (show(ISSUED, audience="430600.gateway"), "aud"),
        (show(ISSUED, OTHER_HOLDER), "does not verify"),
        (show(ISSUED, now=NOW - MAX_PRESENTATION_AGE - timedelta(seconds=1)), "too long ago"),
        (show(ISSUED, now=NOW + timedelta(seconds=31)), "future"),
        (show(ISSUED).rpartition("~")[0] + "~" + PRESENTED.rpartition("~")[2], "sd_hash"),
        (show(ISSUED).rpartition("~")[0] + "~x", "can't be read"),
        (show(ISSUED).rpartition("~")[0] + "~" + jws.encode({"typ": "JWT"}, {}, HOLDER_SIGNER), "kb+jwt"),
        (
            show(ISSUED).rpartition("~")[0] + "~"
            + jws.encode(
                {"typ": "kb+jwt"},
                {"aud": VERIFIER, "nonce": NONCE, "sd_hash": SdJwt.parse(show(ISSUED)).sd_hash},
                HOLDER_SIGNER,
            ),
            "no time",
        ),
        (
            show(ISSUED).rpartition("~")[0] + "~"
            + jws.encode(
                {"typ": "kb+jwt"},
                {"aud": VERIFIER, "nonce": NONCE, "sd_hash": SdJwt.parse(show(ISSUED)).sd_hash, "iat": 10**400},
                HOLDER_SIGNER,
            ),
            "future",
        ),
    ],
    ids=["nonce", "audience", "key", "old", "future", "selection", "form", "typ", "no iat", "endless iat"],
)  # fmt: skip
def test_a_holders_signature_for_anything_else_is_wrong(text: str, said: str) -> None:
    verdict = judge(text)
    assert answers(verdict) == {Holder.WRONG}
    assert said in verdict.holder.reason


def test_a_holders_signature_on_a_licence_bound_to_no_key_is_wrong() -> None:
    bearer = show(issue(BEARER, LICENCE_SIGNER), None)
    assert answers(judge(bearer + PRESENTED.rpartition("~")[2])) == {Holder.WRONG}


@pytest.mark.parametrize("cnf", [None, {}, {"jwk": {}}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"kid": "x"}])
def test_a_binding_that_can_not_be_read_is_never_taken_for_none(cnf: object) -> None:
    text = credential_with({**signed_claims(), "cnf": cnf})
    assert answers(judge(text)) == {Holder.MISSING}
    assert answers(judge(text + PRESENTED.rpartition("~")[2])) == {Holder.WRONG}


def test_several_faults_are_all_told() -> None:
    expired = replace(LICENCE, valid_until=NOW, region="421000")
    verdict = judge(show(issue(expired, LICENCE_SIGNER), nonce="other"), status=statuses(StatusType.INVALID))
    assert answers(verdict) == {Authority.REGION_NOT_COVERED, Validity.EXPIRED, Status.REVOKED, Holder.WRONG}


# What is no licence at all, and what is not issued or presented


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": 5},
        {"vct": "urn:tongban:licence:short"},
        {"vct": f"urn:tongban:other:{TYPE}"},
        {"iat": "now"},
        {"nbf": None},
        {"exp": "never"},
        {"exp": 10**20},
        {"iat": 10**400},
        {"region": "43"},
        {"status": {}},
        {"status": {"status_list": {"idx": -1, "uri": URI}}},
        {"licence_id": None},
    ],
)
def test_a_credential_without_the_claims_of_a_licence_is_refused(changes: dict[str, object]) -> None:
    text = credential_with({**signed_claims(), **changes})
    with pytest.raises(Malformed) as caught:
        judge(text)
    assert caught.value.reason is Reason.LICENCE_REFUSED
    with pytest.raises(Malformed):
        peek(text)


@pytest.mark.parametrize(
    "text", ["", "~", "licence", ISSUED.split("~")[0], credential_with(signed_claims(), typ="JWT")]
)
def test_bytes_that_are_no_credential_are_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        judge(text)
    assert caught.value.reason is Reason.LICENCE_REFUSED


@pytest.mark.parametrize(
    "changes",
    [
        {"licence_id": LicenceId.parse("local-42")},
        {"region": "岳阳"},
        {"valid_until": LICENCE.valid_from},
        {"surface": {"holder_name": "x"}},
        {"surface": {"_sd": "x"}},
    ],
)
def test_a_licence_out_of_form_is_not_issued(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        issue(replace(LICENCE, **changes), LICENCE_SIGNER)
    assert caught.value.reason is Reason.FIELD_INVALID


def test_a_licence_that_nobody_could_read_is_not_issued() -> None:
    with pytest.raises(Malformed) as caught:
        issue(replace(LICENCE, surface={f"字段{number}": "x" for number in range(300)}), LICENCE_SIGNER)
    assert caught.value.reason is Reason.LICENCE_REFUSED


def test_a_bound_licence_is_not_presented_without_its_holder() -> None:
    with pytest.raises(Malformed) as caught:
        show(ISSUED, None)
    assert caught.value.reason is Reason.FIELD_INVALID


def test_a_claim_that_the_licence_does_not_have_is_not_presented() -> None:
    with pytest.raises(Malformed, match="no claim named 照片"):
        present(ISSUED, {"照片"}, audience=VERIFIER, nonce=NONCE, now=NOW, holder=HOLDER_SIGNER)
