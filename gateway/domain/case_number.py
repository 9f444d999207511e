"""The one number of a case that a person can read over the telephone.

    430600-20261121-000001-P
    region  day      serial  check

The accepting region (GB/T 2260, six digits), the Beijing day of acceptance, a serial of that region and day, and a
check character (ISO 7064 MOD 37,36 over the twenty digits before it), which catches every single wrong character and
nearly every swap of two neighbours. Each side of a case keeps its own platform's number too; this one ties them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from stdnum.iso7064 import mod_37_36

from trust.errors import Malformed, Reason

MAX_SERIAL: Final = 999_999
"""Most cases that one region can accept in one day."""

_SEPARATORS: Final = re.compile(r"[\s\-‐‑‒–—―−﹣_.·]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_CHECK: Final = re.compile(r"[0-9A-Z]")


@dataclass(frozen=True, slots=True, order=True)
class CaseNumber:
    """A case number whose check character agrees; ``str`` writes it in its one canonical form."""

    region: str
    """Accepting region, six digits."""
    accepted_on: date
    """Beijing day of acceptance."""
    serial: int
    """1 to 999 999, counted per region and day."""
    check: str
    """ISO 7064 MOD 37,36 check character, 0-9 or A-Z."""

    @classmethod
    def make(cls, region: str, accepted_on: date, serial: int) -> Self:
        """Make the number of a new case.

        Raises ``Malformed`` when the region is not six digits or the serial is out of bounds.
        """
        if len(region) != 6 or _DIGITS.fullmatch(region) is None:
            raise _malformed("make", f"region {region!r}", "a region of six digits, for example 430600")
        if not 1 <= serial <= MAX_SERIAL:
            raise _malformed("make", f"serial {serial}", f"a serial of 1 to {MAX_SERIAL}")
        check = mod_37_36.calc_check_digit(_payload(region, accepted_on, serial))
        return cls(region, accepted_on, serial, check)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as a person typed it: blanks, hyphens of any kind or none, lower case, full-width digits.

        Raises ``Malformed``, which says what is wrong: the length, a letter among the digits, a day that does not
        exist, serial zero, or a check character that does not agree.
        """
        compact = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
        if len(compact) != 21:
            raise _malformed("read", f"{len(compact)} characters", "20 digits and a check character")
        region, day, serial, check = compact[:6], compact[6:14], compact[14:20], compact[20]
        for name, part in (("region", region), ("day", day), ("serial", serial)):
            if _DIGITS.fullmatch(part) is None:
                raise _malformed("read", f"{name} {part!r}", f"a {name} of digits only")
        if _CHECK.fullmatch(check) is None:
            raise _malformed("read", f"check character {check!r}", "a digit or a letter A to Z")
        try:
            accepted_on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        except ValueError:
            raise _malformed("read", f"day {day}", "a day that exists, written yyyyMMdd") from None
        number = cls.make(region, accepted_on, int(serial))
        if number.check != check:
            # The right character is not named: whoever mistyped a digit would only make the wrong number pass.
            raise _malformed(
                "read", f"check character {check!r}, which does not agree with the digits", "one that does"
            )
        return number

    def __str__(self) -> str:
        return f"{self.region}-{_compact_day(self.accepted_on)}-{self.serial:06d}-{self.check}"


def _payload(region: str, accepted_on: date, serial: int) -> str:
    return f"{region}{_compact_day(accepted_on)}{serial:06d}"


def _compact_day(day: date) -> str:
    # Not strftime: that pads years before 1000 differently from one platform to the next.
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _malformed(verb: str, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        f"{verb} a case number",
        got=got,
        expected=expected,
        mend="read the number again from the receipt, for example 430600-20261121-000001-P",
    )
