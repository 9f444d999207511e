"""Session tokens that live in memory: a restart, or a word from the desk, and they are gone without notice."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Partner:
    """The one partner that this platform knows, and the secret it signs callbacks to it with."""

    account: str = field(repr=False)
    secret: str = field(repr=False)
    callback_secret: str = field(default="", repr=False)

    @classmethod
    def load(cls, path: Path) -> Partner:
        """Read a JSON file with these fields. Raises OSError, ValueError or TypeError."""
        return cls(**json.loads(path.read_bytes()))


class Tokens:
    """Tokens given to the partner."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner
        self._known: set[str] = set()

    def give(self, account: str, secret: str) -> str | None:
        """A new token; None for wrong credentials."""
        right = hmac.compare_digest(account.encode(), self._partner.account.encode())
        right &= hmac.compare_digest(secret.encode(), self._partner.secret.encode())
        if not right:
            return None
        token = secrets.token_urlsafe(24)
        self._known.add(token)
        return token

    def knows(self, token: str) -> bool:
        """Whether a token is still good."""
        return token in self._known

    def expire(self) -> None:
        """Forget all."""
        self._known.clear()
