"""How this gateway reaches its platform: the address, and the secrets from a file that nobody else may read."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trust.errors import Misconfigured, Reason

_MAX_FILE_BYTES: Final = 16 * 1024
_READABLE_BY_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the platform's operator gave this gateway. Never in logs: no field is shown by ``repr``."""

    account: str = field(repr=False)
    """Name under which the gateway signs on."""
    secret: str = field(repr=False)
    """Its secret."""
    callback_secret: str = field(default="", repr=False)
    """Shared secret that the platform signs its callbacks with; empty for a platform that is polled."""

    @classmethod
    def load(cls, path: Path) -> Credentials:
        """Read a JSON file with the fields of this class.

        Raises Misconfigured: KEY_FILE_UNREADABLE when it can't be read or says something else, KEY_FILE_EXPOSED when
        others than its owner may read or write it.
        """
        try:
            if path.stat().st_mode & _READABLE_BY_OTHERS:
                raise Misconfigured(
                    Reason.KEY_FILE_EXPOSED,
                    f"read the platform's credentials from {path}",
                    got="a file that its group or everybody may open",
                    expected="a file for its owner alone",
                    mend=f"chmod 600 {path}",
                )
            with path.open("rb") as file:
                content = json.loads(file.read(_MAX_FILE_BYTES))
            return cls(**{name: _text(value) for name, value in content.items()})
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise Misconfigured(
                Reason.KEY_FILE_UNREADABLE,
                f"read the platform's credentials from {path}",
                got=type(error).__name__,  # the error's own text may quote the file
                expected='a JSON object {"account": …, "secret": …, "callback_secret": …} of texts',
                mend="write the file anew with what the platform's operator gave you",
            ) from None


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """One platform, as its adapter needs to know it."""

    base_url: str
    """Where it listens, for example https://platform.example; without a slash at the end."""
    region: str
    """Region whose platform it is, six digits: the id of its catalogue."""
    credentials: Credentials
    """Secrets for signing on and for its callbacks."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a credential is a text")
    return value
