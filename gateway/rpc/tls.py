"""Certificates on disk: read, checked before use, read again when they change, so that rotation needs no restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from trust.errors import Misconfigured, Reason


@dataclass(frozen=True, slots=True)
class Certificates:
    """What one side of a mutual TLS connection shows and accepts, as PEM."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    roots: bytes = field(repr=False)
    not_after: datetime
    """When the own certificate runs out, UTC."""
    spiffe_ids: tuple[str, ...]
    """URIs that the own certificate carries."""
    dns_names: tuple[str, ...]
    """DNS names that it carries."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where they are."""

    chain: Path
    key: Path
    roots: Path

    def read(self, now: datetime) -> Certificates:
        """Read and check.

        1. Every file can be read, and holds what it is for. KEY_FILE_UNREADABLE
        2. The private key is the certificate's. CONFIG_INVALID
        3. The certificate is in force. CERTIFICATE_EXPIRED

        Raises Misconfigured with these reasons.
        """
        # 1
        chain, key, roots = (_read(path) for path in (self.chain, self.key, self.roots))
        leaf = _load(self.chain, chain, "the member's own first")[0]
        _load(self.roots, roots, "those of the trust domain's authority")
        # 2
        self._require_pair(leaf, key)
        # 3
        if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
            raise Misconfigured(
                Reason.CERTIFICATE_EXPIRED,
                f"the certificate in {self.chain} is not in force",
                got=f"valid {leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}",
                expected=f"a certificate valid on {now:%Y-%m-%d}",
                mend="renew it with the trust domain's certificate authority, then start again",
            )
        try:
            names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            names = x509.SubjectAlternativeName([])
        return Certificates(
            chain,
            key,
            roots,
            leaf.not_valid_after_utc,
            spiffe_ids=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
            dns_names=tuple(names.get_values_for_type(x509.DNSName)),
        )

    def _require_pair(self, leaf: x509.Certificate, key: bytes) -> None:
        try:
            private = serialization.load_pem_private_key(key, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Misconfigured(
                Reason.KEY_FILE_UNREADABLE,
                f"{self.key} holds no private key",
                expected="an unencrypted private key in PEM",
                mend="put the certificate's key there and start again",
            ) from error
        if private.public_key() != leaf.public_key():
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"the certificate in {self.chain} and the key in {self.key} are not a pair",
                expected="the private key that the certificate was made for",
                mend="install both from the same issue",
            )

    def stamp(self) -> tuple[int, ...]:
        """Changes when any of the files is replaced. Misconfigured when one is gone."""
        try:
            return tuple(path.stat().st_mtime_ns for path in (self.chain, self.key, self.roots))
        except OSError as error:
            raise _unreadable(error) from error


def _load(path: Path, content: bytes, which: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"{path} holds no certificate",
            expected=f"PEM certificates, {which}",
            mend="put the certificates there and start again",
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> Misconfigured:
    return Misconfigured(
        Reason.KEY_FILE_UNREADABLE,
        f"{error.filename} can't be read",
        got=error.strerror or "an error",
        mend="check the path in the configuration and the file's owner and mode",
    )
