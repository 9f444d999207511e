"""What a folder holds to prove who its members are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.federation import CITIES, CROSSWALKS, JINGZHOU, THRESHOLD, YUEYANG, Federation, city_of, found
from sandbox.reviews import claims_of, sign_reviews
from trust.directory import Action
from trust.directory_file import open_directory
from trust.errors import Forbidden
from trust.keys import Algorithm, KeyPurpose, VerifyingKey
from trust.review import Review, Verdict, open_review

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ENDPOINTS = {YUEYANG.gateway: "127.0.0.1:7430", JINGZHOU.gateway: "127.0.0.1:7421"}


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return found(tmp_path, ENDPOINTS, NOW)


def trustees(federation: Federation) -> list[VerifyingKey]:
    listed = json.loads(federation.trustees_file.read_bytes())
    return [VerifyingKey.from_jwk(entry["jwk"], entry["kid"]) for entry in listed]


def test_the_directory_opens_under_both_trustees(federation: Federation) -> None:
    envelope = federation.directory_file.read_bytes()
    assert open_directory(envelope, trustees(federation), THRESHOLD, now=NOW) == federation.directory
    assert {member.id for member in federation.directory.members} == {
        "430600.gateway", "430600.platform", "421000.gateway", "421000.platform"
    }  # fmt: skip


def test_a_certificate_carries_one_spiffe_id_and_the_member_id(federation: Federation, tmp_path: Path) -> None:
    root = x509.load_pem_x509_certificate((tmp_path / "trust" / "root.pem").read_bytes())
    for member in federation.directory.members:
        paths = federation.certificates[member.id]
        certificate = x509.load_pem_x509_certificate(paths.chain.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == [member.spiffe_id]
        assert names.get_values_for_type(x509.DNSName) == [member.id]
        certificate.verify_directly_issued_by(root)


def test_every_file_is_for_its_owner_alone(federation: Federation, tmp_path: Path) -> None:
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_keys_are_of_the_algorithm_that_their_purpose_wants(federation: Federation) -> None:
    for (_, purpose), key in federation.keys.items():
        wanted = Algorithm.ED25519 if purpose in {KeyPurpose.LOG, KeyPurpose.WITNESS} else Algorithm.ES256
        assert key.signer.algorithm is wanted


def test_a_second_founding_keeps_keys_and_counts_the_directory_on(tmp_path: Path, federation: Federation) -> None:
    later = NOW + timedelta(days=40)
    again = found(tmp_path, ENDPOINTS, later)
    assert again.directory.version == federation.directory.version + 1
    assert trustees(again) == trustees(federation)
    assert {kid: key.signer.public_jwk() for kid, key in again.keys.items()} == {
        kid: key.signer.public_jwk() for kid, key in federation.keys.items()
    }
    assert again.credentials == federation.credentials
    since = [entry.valid_from for member in again.directory.members for entry in member.keys]
    assert set(since) == {NOW - timedelta(minutes=5)}
    assert again.directory.expires_at > later


def test_a_root_that_runs_out_soon_is_replaced(tmp_path: Path, federation: Federation) -> None:
    root = tmp_path / "trust" / "root.pem"
    before = x509.load_pem_x509_certificate(root.read_bytes())
    found(tmp_path, ENDPOINTS, NOW + timedelta(days=3500))
    after = x509.load_pem_x509_certificate(root.read_bytes())
    assert isinstance(after.public_key(), ec.EllipticCurvePublicKey)
    assert after.not_valid_after_utc > before.not_valid_after_utc


def test_gateways_may_deliver_what_the_crosswalk_joins_and_nothing_else(federation: Federation) -> None:
    gateway = federation.directory.member(YUEYANG.gateway)
    gateway.require(Action.EXCHANGE_DELIVER, item="12421000TB421001493422090002000")
    with pytest.raises(Forbidden):
        gateway.require(Action.EXCHANGE_DELIVER, item="12430600TB4306016C343209000100001")
    with pytest.raises(Forbidden):
        gateway.require(Action.EXCHANGE_DELIVER, item="002090033000")  # the national list's, which nobody handles
    with pytest.raises(Forbidden):
        gateway.require(Action.CASE_OPEN, item="12421000TB421001493422090002000")


def test_a_platform_keeps_the_crosswalk_and_a_peer_reads_it(federation: Federation) -> None:
    platform, gateway = (federation.directory.member(member) for member in (YUEYANG.platform, YUEYANG.gateway))
    for action in (Action.CROSSWALK_READ, Action.CROSSWALK_PROPOSE, Action.CROSSWALK_REVIEW):
        platform.require(action)
    gateway.require(Action.CATALOGUE_READ)
    gateway.require(Action.CROSSWALK_READ)
    for action in (Action.CROSSWALK_PROPOSE, Action.CROSSWALK_REVIEW):
        with pytest.raises(Forbidden):
            gateway.require(action)


def reviews(federation: Federation, gateway: str) -> list[Review]:
    lines = federation.reviews[gateway].read_text().splitlines()
    return [open_review(line, federation.directory) for line in lines]


def test_each_gateway_signs_for_the_rows_that_name_it_and_for_no_other(federation: Federation) -> None:
    claims = claims_of(CROSSWALKS)
    for city in CITIES:
        (review,) = reviews(federation, city.gateway)
        assert (review.member, review.verdict, review.at) == (city.gateway, Verdict.APPROVE, NOW)
        assert review.rows == {row.hash for row, signed_by in claims if city.gateway in signed_by}
    only_here = {row.id for row, signed_by in claims if signed_by == (YUEYANG.gateway,)}
    assert "YJ-062" in only_here


def test_what_was_signed_stays_signed_and_a_new_row_gets_a_review_more(tmp_path: Path, federation: Federation) -> None:
    before = federation.reviews[YUEYANG.gateway].read_bytes()
    later = NOW + timedelta(days=1)
    again = found(tmp_path, ENDPOINTS, later)
    assert again.reviews[YUEYANG.gateway].read_bytes() == before
    ((row, _), *_) = claims_of(CROSSWALKS)
    changed = replace(row, version=row.version + 1)
    signer = again.signer(YUEYANG.gateway)
    sign_reviews(tmp_path, YUEYANG.gateway, [(changed, (YUEYANG.gateway,))], again.directory, signer, later)
    first, second = reviews(again, YUEYANG.gateway)
    assert first == reviews(federation, YUEYANG.gateway)[0]
    assert (second.rows, second.at) == (frozenset({changed.hash}), later)


def test_a_code_that_translates_both_ways_is_known_of_each_city(federation: Federation) -> None:
    assert federation.agreed[YUEYANG.region][0] == "12430600TB4306016C343209000100001"
    assert federation.agreed[JINGZHOU.region][0] == "12421000TB421001493422090002000"


def test_a_platform_must_say_why_it_looks_at_a_licence(federation: Federation) -> None:
    platform = federation.directory.member(JINGZHOU.platform)
    platform.require(Action.LICENCE_VERIFY, licence_type="11000000TB000001XLT04", purpose="acceptance")
    with pytest.raises(Forbidden):
        platform.require(Action.LICENCE_VERIFY, licence_type="11000000TB000001XLT04")


def test_a_city_is_found_by_its_region_and_its_members() -> None:
    for city in CITIES:
        assert city_of(city.region) == city_of(city.gateway) == city_of(city.platform) == city
    with pytest.raises(KeyError):
        city_of("110000")
