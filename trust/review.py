"""A review: an officer of one side signs for rows of the crosswalk, or withdraws them. Compact JWS by the gateway.

Header: ``typ`` tongban-crosswalk-review+jwt, ``alg``, ``kid`` of the gateway's message key. Claims: ``iss`` gateway,
``iat`` seconds, ``jti`` 128 random bits, ``verdict``, ``officer`` {id, role, window} (pseudonymous), ``rows`` the
SHA-256 of each row's record in base64url, ``reason``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trust.signed_call import Officer


class Verdict(StrEnum):
    """What a review says."""

    APPROVE = "approve"
    """The officer signs for the rows."""
    WITHDRAW = "withdraw"
    """The officer's region no longer stands by the rows, from the day of the review on and for good."""


@dataclass(frozen=True, slots=True)
class Review:
    """A verified review."""

    member: str
    """The gateway that signed."""
    officer: Officer
    """On whose behalf."""
    verdict: Verdict
    rows: frozenset[bytes]
    """Hashes of the rows."""
    at: datetime
    """When, UTC."""
    reason: str
    """Why, in words; for a withdrawal not empty."""
