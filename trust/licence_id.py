"""The electronic licence identifier 电子证照标识 (GB/T 36904).

    1.2.156.3005.2.{type code}.{issuer code}.{serial}.{version}.{check}

Rules of this module:

- The check character is ISO 7064 MOD 37,36 over type code, issuer code, serial and version joined, without dots and
  without the root OID.
- Genuine licences exist whose identifier fails its check or does not follow the layout. Reading therefore never fails:
  the text is kept, and ``defect`` says what does not conform. What *we* write always conforms.
- A type code is the 18-character USCC of the ministry that defined the type and 3 characters of serial. Which types
  exist is data, not code; types invented for tests are marked ``TEST`` in that data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from stdnum.iso7064 import mod_37_36

from trust.errors import Malformed, Reason

ROOT_OID: Final = "1.2.156.3005.2"
"""The arc of electronic licences, before the type code."""

TYPE_CODE_LENGTH: Final = 21
"""USCC of the defining ministry (18) and the type's serial (3)."""

_SEGMENTS: Final = (
    ("type code", re.compile(r"[0-9A-Z]{21}", re.ASCII), "21 characters of 0-9A-Z"),
    (
        "issuer code",
        re.compile(r"[0-9A-Z]{18}|[0-9]{6}", re.ASCII),
        "a USCC of 18 characters or a region code of 6 digits",
    ),
    ("serial", re.compile(r"[0-9A-Z]{9,32}", re.ASCII), "9 to 32 characters of 0-9A-Z"),
    ("version", re.compile(r"[0-9]{3}", re.ASCII), "3 digits"),
    ("check character", re.compile(r"[0-9A-Z]", re.ASCII), "1 character of 0-9A-Z"),
)


@dataclass(frozen=True, slots=True)
class LicenceId:
    """An identifier as found on a licence. Build it with ``parse`` or ``make``."""

    text: str
    """The identifier exactly as it was written."""
    type_code: str = ""
    """Licence type 证照类型代码, 21 characters; empty when the text does not follow the layout."""
    issuer_code: str = ""
    """Issuing authority 颁证机构代码, normally a USCC, sometimes a 6-digit region code; empty as above."""
    serial: str = ""
    """Serial 流水号, 9 to 32 characters; empty as above."""
    version: str = ""
    """Version 版本号, 3 digits; empty as above."""
    check: str = ""
    """Check character 校验位; empty as above."""
    defect: str = ""
    """What does not conform, one line; empty when all does."""

    @property
    def conforms(self) -> bool:
        """Whether layout and check character are those of the standard."""
        return not self.defect

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read any text as an identifier; never raises, see ``defect``."""
        if not text.startswith(f"{ROOT_OID}."):
            return cls(text, defect=f"does not begin with {ROOT_OID}")
        segments = text.removeprefix(f"{ROOT_OID}.").split(".")
        if len(segments) != len(_SEGMENTS):
            return cls(text, defect=f"{len(segments)} segments after the root, not {len(_SEGMENTS)}")
        for segment, (name, form, expected) in zip(segments, _SEGMENTS, strict=True):
            if form.fullmatch(segment) is None:
                return cls(text, defect=f"the {name} is not {expected}")
        type_code, issuer_code, serial, version, check = segments
        wanted = mod_37_36.calc_check_digit(type_code + issuer_code + serial + version)
        defect = "" if check == wanted else f"the check character is {check}, not {wanted}"
        return cls(text, type_code, issuer_code, serial, version, check, defect)

    @classmethod
    def make(cls, type_code: str, issuer_code: str, serial: str, version: int) -> Self:
        """Write an identifier with its check character.

        Raises ``Malformed(FIELD_INVALID)`` when a part does not follow the layout; ``version`` is 0 to 999.
        """
        body = (type_code, issuer_code, serial, f"{version:03d}")
        for part, (name, form, expected) in zip(body, _SEGMENTS, strict=False):  # all but the check character
            if form.fullmatch(part) is None:
                raise Malformed(
                    Reason.FIELD_INVALID,
                    f"A licence identifier can't be written: the {name} is out of form",
                    got=repr(part),
                    expected=expected,
                    mend="take the codes from the licence catalogue",
                )
        return cls.parse(".".join((ROOT_OID, *body, mod_37_36.calc_check_digit("".join(body)))))
