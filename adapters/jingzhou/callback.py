"""The platform's callbacks: authenticate, read, answer.

The platform signs the exact body with HMAC-SHA256 under the secret it shares with this gateway, in hexadecimal in the
header ``X-Sign``, and repeats a callback until it is answered with its own success document. There is no time in what
it signs; a replay is harmless, since every notice carries an id that is taken once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from adapters.jingzhou import mapping
from adapters.settings import PlatformSettings
from gateway.domain.platform import Notice, UnreadableNotice
from trust.errors import Fault, Misconfigured, Reason, Unauthenticated

SIGNATURE_HEADER: Final = "X-Sign"
"""Header that carries the signature; case does not matter."""

_CONTENT_TYPE: Final = "text/xml; charset=UTF-8"


class JingzhouCallbacks:
    """A ``gateway.ports.CallbackReader``."""

    def __init__(self, settings: PlatformSettings) -> None:
        if not settings.credentials.callback_secret:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                "make the reader of Jingzhou's callbacks",
                got="credentials without callback_secret",
                expected="the secret that the platform signs its callbacks with",
                mend="add callback_secret to the credentials file",
            )
        self._secret = settings.credentials.callback_secret.encode()

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice | UnreadableNotice, ...]:
        """Check the signature over the body, then read it.

        Raises Unauthenticated(SIGNATURE_MISSING or SIGNATURE_WRONG). Nothing of an unsigned body is looked at.
        """
        given = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), "")
        if not given:
            raise Unauthenticated(
                Reason.SIGNATURE_MISSING,
                "read a callback",
                got=f"no {SIGNATURE_HEADER} header",
                expected="the HMAC-SHA256 of the body under the shared secret",
                fault=Fault.PLATFORM,
            )
        expected = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.strip().lower().encode(), expected.encode()):
            raise Unauthenticated(
                Reason.SIGNATURE_WRONG,
                "read a callback",
                got=f"an {SIGNATURE_HEADER} that does not fit the body",
                expected="the HMAC-SHA256 of the exact body under the shared secret",
                mend="compare the secret at the platform with callback_secret in the credentials file",
                fault=Fault.PLATFORM,
            )
        return mapping.read_callback(body)

    def answer(self, error: str = "") -> tuple[bytes, str]:
        """The platform's own success document, or, for any ``error``, the one that makes it call again.

        The error itself stays here: the platform has no use for it.
        """
        if error:
            return mapping.result_document("300", "E9001 暂未记录，请重发"), _CONTENT_TYPE
        return mapping.result_document("200", "成功"), _CONTENT_TYPE
