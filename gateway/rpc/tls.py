"""Certificates on disk: read, checked before use, read again when they change, so that rotation needs no restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from trust.errors import Misconfigured, Reason


@dataclass(frozen=True, slots=True)
class Certificates:
    """What one side of a mutual TLS connection shows and accepts, as PEM."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    roots: bytes = field(repr=False)
    not_after: datetime
    """When the own certificate runs out, UTC."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where they are."""

    chain: Path
    key: Path
    roots: Path

    def read(self, now: datetime) -> Certificates:
        """Read and check. Misconfigured(KEY_FILE_UNREADABLE or CERTIFICATE_EXPIRED)."""
        chain, key, roots = (_read(path) for path in (self.chain, self.key, self.roots))
        try:
            leaf = x509.load_pem_x509_certificates(chain)[0]
        except (ValueError, IndexError) as error:
            raise Misconfigured(
                Reason.KEY_FILE_UNREADABLE,
                f"{self.chain} holds no certificate",
                expected="a PEM certificate chain, the member's own first",
                mend="put the certificate there and start again",
            ) from error
        if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
            raise Misconfigured(
                Reason.CERTIFICATE_EXPIRED,
                f"the certificate in {self.chain} is not in force",
                got=f"valid {leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}",
                expected=f"a certificate valid on {now:%Y-%m-%d}",
                mend="renew it with the trust domain's certificate authority, then start again",
            )
        return Certificates(chain, key, roots, leaf.not_valid_after_utc)

    def stamp(self) -> tuple[int, ...]:
        """Changes when any of the files is replaced. Misconfigured when one is gone."""
        try:
            return tuple(path.stat().st_mtime_ns for path in (self.chain, self.key, self.roots))
        except OSError as error:
            raise _unreadable(error) from error


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
