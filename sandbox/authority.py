"""The sandbox's certificate authority: one root, and a certificate for each member, made anew at every start.

Rules, the ones that a real trust domain follows too:

- A certificate carries exactly one URI name, the member's SPIFFE ID, by which gateways know who is on the line, and
  one DNS name, its member id, by which callers know that they reached the member they meant.
- The same certificate serves and calls, so it is good for both.
- The root signs members only (path length 0), and its key never leaves the sandbox's folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.files import write_secret

ROOT_LIFETIME: Final = timedelta(days=3650)
MEMBER_LIFETIME: Final = timedelta(days=30)
"""Short, since every start makes new ones; longer than anybody leaves a sandbox running."""

_BACKDATED: Final = timedelta(minutes=5)
"""Certificates begin this long ago, so that clocks that differ a little don't matter."""


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where a member's certificate, its key and the root are."""

    chain: Path
    key: Path
    roots: Path


class Authority:
    """The root certificate and its key, kept in a folder."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._folder = folder
        self._key = key
        self._certificate = certificate

    @classmethod
    def of(cls, folder: Path, now: datetime) -> Authority:
        """The authority of this folder; founded when there is none, or when its root runs out within the year."""
        key_file, certificate_file = folder / "root.key", folder / "root.pem"
        if key_file.exists() and certificate_file.exists():
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc > now + timedelta(365):
                return cls(folder, key, certificate)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _root(key, now)
        write_secret(key_file, _key_pem(key))
        write_secret(certificate_file, _pem(certificate))
        return cls(folder, key, certificate)

    def certify(self, member_id: str, spiffe_id: str, now: datetime) -> CertificatePaths:
        """Make a member a key and a certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(member_id))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + MEMBER_LIFETIME)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.DNSName(member_id), x509.UniformResourceIdentifier(spiffe_id)],
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        paths = CertificatePaths(
            chain=self._folder / f"{member_id}.pem",
            key=self._folder / f"{member_id}.key",
            roots=self._folder / "root.pem",
        )
        write_secret(paths.key, _key_pem(key))
        write_secret(paths.chain, _pem(certificate))
        return paths


def _root(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name("Tongban sandbox")
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
