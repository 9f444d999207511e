"""What a folder holds to prove who its members are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.federation import CITIES, JINGZHOU, THRESHOLD, YUEYANG, Federation, city_of, found
from trust.directory import Action
from trust.directory_file import open_directory
from trust.errors import Forbidden
from trust.keys import Algorithm, KeyPurpose, VerifyingKey

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
        wanted = Algorithm.ED25519 if purpose is KeyPurpose.LOG else Algorithm.ES256
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
        gateway.require(Action.CASE_OPEN, item="12421000TB421001493422090002000")


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
