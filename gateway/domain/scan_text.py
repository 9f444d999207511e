"""The text of the QR code on a 明白卡: what a window scans to open a case with the same codes and answers.

One line of printable ASCII, at most ``MAX_LENGTH`` characters, in the form of a URI (RFC 3986):

    tongban:1/430600/<code>/<version>/421000/<code>/<version>/20261123?retired=approved#5f1c09ab
            │ └ accepting place, item  └ processing place, item  └ day   └ answers        └ check
            └ version of this form

Rules:

1. Codes are percent-encoded, since a place's own codes may hold anything. Answers stand in order of their questions'
   keys, so that one card has one text.
2. The check is the first 32 bits of the SHA-256 of everything before ``#``, in lower-case hex. A QR code corrects
   itself, but a scanner that types like a keyboard does not: set to capitals, to another layout or to a Chinese input
   method, it changes characters, and a case would be opened with other answers.
3. It holds codes, options and a day: nothing about a person. Whoever reads it trusts none of it; the case is opened by
   the same checks as any other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, unquote

from gateway.domain.codes import MAX_CODE_LENGTH
from trust.errors import Malformed, Reason

MAX_LENGTH: Final = 1000
"""Longest text, in characters. A code of that length still prints at a size that a window's scanner reads."""

_CHECK_DIGITS: Final = 8
_FORM: Final = re.compile(
    r"tongban:1/(?P<source>[0-9]{6})/(?P<code>[^/?#]+)/(?P<version>[1-9][0-9]{0,9})"
    r"/(?P<target>[0-9]{6})/(?P<target_code>[^/?#]+)/(?P<target_version>[1-9][0-9]{0,9})"
    r"/(?P<on>[0-9]{8})(?:\?(?P<answers>[^/?#]+))?#(?P<check>[0-9a-f]{8})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ScannedGuide:
    """What the text says."""

    source: str
    """The accepting place's catalogue, six digits."""
    code: str
    """The item's code there, letter for letter."""
    version: int
    """The item's version there, 1 or more."""
    target: str
    """The processing place's catalogue, six digits."""
    target_code: str
    """The code that it was translated to; another one today means that the card is out of date."""
    target_version: int
    """The version of the item there, 1 or more."""
    on: date
    """Beijing day that the card was made for."""
    answers: Mapping[str, str]
    """Answers to the accepting place's questions, question → option; options' keys only, never free text."""


def write_scan_text(guide: ScannedGuide) -> str:
    """Write the text; empty when it would be longer than ``MAX_LENGTH``, which takes dozens of long answers."""
    answers = "&".join(f"{_quoted(key)}={_quoted(guide.answers[key])}" for key in sorted(guide.answers))
    said = (
        f"tongban:1/{guide.source}/{_quoted(guide.code)}/{guide.version}"
        f"/{guide.target}/{_quoted(guide.target_code)}/{guide.target_version}"
        f"/{guide.on:%Y%m%d}{'?' if answers else ''}{answers}"
    )
    text = f"{said}#{_check_of(said)}"
    return text if len(text) <= MAX_LENGTH else ""


def read_scan_text(text: str) -> ScannedGuide:
    """Read a scanned text. Raises ``Malformed`` (FIELD_INVALID) when it is none, was misread, or is of another form.

    The error does not repeat the text: nobody knows what was scanned.
    """
    found = _FORM.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise _malformed("a text of another form")
    if _check_of(text.rpartition("#")[0]) != found["check"]:
        raise _malformed("a text that does not fit its check")
    guide = ScannedGuide(
        source=found["source"],
        code=unquote(found["code"]),
        version=int(found["version"]),
        target=found["target"],
        target_code=unquote(found["target_code"]),
        target_version=int(found["target_version"]),
        on=_day(found["on"]),
        answers=_answers(found["answers"] or ""),
    )
    # Written again it is the same text, so nothing in it was passed over: no second answer to one question.
    if max(len(guide.code), len(guide.target_code)) > MAX_CODE_LENGTH or write_scan_text(guide) != text:
        raise _malformed("a text that no gateway writes")
    return guide


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _check_of(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_CHECK_DIGITS]


def _day(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise _malformed("a day that does not exist") from None


def _answers(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {unquote(key): unquote(answer) for key, _, answer in pairs}


def _malformed(got: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "read the code of a 明白卡",
        got=got,
        expected="the text of its QR code as printed, form tongban:1",
        mend="scan it again with the scanner set to plain text, or choose the item and its situation by hand",
    )
