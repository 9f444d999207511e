"""The ways a platform fails its adapter. Each is one of the two that the port knows, or is mended before it gets there.

No failure repeats the platform's own words: they may quote the applicant. Its error code is enough to look the rest up.
"""

from __future__ import annotations

import re
from typing import Final

from trust.errors import Fault, Reason, Unavailable, WrongState

_PLAIN_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}|-?[0-9]{1,5}")


class Overdue(Unavailable):
    """The platform took the request and has not answered in time: it may still be working on it."""


class TokenExpired(Exception):
    """The platform does not know the session token any more."""


def unavailable(failed: str, *, got: str) -> Unavailable:
    """The error for a platform that may do better later."""
    return Unavailable(
        Reason.PLATFORM_UNAVAILABLE,
        failed,
        got=got,
        expected="an answer",
        mend="nothing yet: it is tried again; if it lasts, ask the platform's operator",
        fault=Fault.PLATFORM,
    )


def refused(failed: str, *, got: str, mend: str = "", fault: Fault = Fault.PLATFORM) -> WrongState:
    """The error for a platform that answered and will answer the same again."""
    return WrongState(
        Reason.PLATFORM_REFUSED,
        failed,
        got=got,
        mend=mend or "look the error up with the platform's operator, correct the cause, then requeue the delivery",
        fault=fault,
    )


def shown_code(code: str) -> str:
    """An error code as an error may show it: withheld when it has the look of anything else, such as a sentence."""
    return f"error {code}" if _PLAIN_CODE.fullmatch(code) else "an error without a code"
