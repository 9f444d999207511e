"""Administrative regions (GB/T 2260): six digits, a name, and the days between which both were right.

Rules:

1. A region code has a period of validity. 监利 was 421023 until 11 June 2020 and is 421088 since, so "does this code
   exist" is always asked of a day.
2. Only the places this federation serves are listed in full; of all others the province is known from the first two
   digits, and no code is refused for being outside the table.
3. Platforms pad codes to twelve digits. The six further digits name a town and a village: they are dropped only when
   they are zeros, because dropping anything else would lose a place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from trust.errors import Malformed, NotFound, Reason

_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")
_PADDED: Final = re.compile(r"([0-9]{6})([0-9]{6})")

PROVINCES: Final = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "50": "重庆市",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
}
"""Names of the provincial regions by the first two digits of every code inside them."""


@dataclass(frozen=True, slots=True)
class Region:
    """One code with one name, and when they hold."""

    code: str
    """GB/T 2260, six digits."""
    name: str
    """Full name, in Chinese."""
    valid_from: date | None = None
    """First day on which the code is right; ``None`` when that is older than any case here."""
    valid_until: date | None = None
    """Last day on which the code is right; ``None`` while it still is."""
    successor: str = ""
    """The code that took its place; empty while it is valid."""

    def valid_on(self, day: date) -> bool:
        """Whether the code is right on that day (Beijing date)."""
        return not (
            (self.valid_from is not None and day < self.valid_from)
            or (self.valid_until is not None and day > self.valid_until)
        )

    @property
    def padded(self) -> str:
        """The code as twelve digits, the way platforms carry it."""
        return self.code + "000000"


_JIANLI_BECAME_A_CITY: Final = date(2020, 6, 12)  # the Ministry of Civil Affairs' approval

_REGIONS: Final = {
    region.code: region
    for region in (
        *(Region(prefix + "0000", name) for prefix, name in PROVINCES.items()),
        Region("430600", "岳阳市"),
        Region("430602", "岳阳楼区"),
        Region("430603", "云溪区"),
        Region("430611", "君山区"),
        Region("430621", "岳阳县"),
        Region("430623", "华容县"),
        Region("430624", "湘阴县"),
        Region("430626", "平江县"),
        Region("430681", "汨罗市"),
        Region("430682", "临湘市"),
        Region("421000", "荆州市"),
        Region("421002", "沙市区"),
        Region("421003", "荆州区"),
        Region("421022", "公安县"),
        Region("421023", "监利县", valid_until=date(2020, 6, 11), successor="421088"),
        Region("421024", "江陵县"),
        Region("421081", "石首市"),
        Region("421083", "洪湖市"),
        Region("421087", "松滋市"),
        Region("421088", "监利市", valid_from=_JIANLI_BECAME_A_CITY),
    )
}


def find_region(code: str) -> Region | None:
    """Look a six-digit code up, whether or not it is still valid; ``None`` when the table has no such place."""
    return _REGIONS.get(code)


def region_on(code: str, day: date) -> Region:
    """Return the region that ``code`` names on ``day`` (Beijing date).

    Raises ``Malformed`` when it is not six digits, ``NotFound`` when the table has no such code on that day; the
    error names the successor where there is one.
    """
    if _SIX_DIGITS.fullmatch(code) is None:
        raise Malformed(
            Reason.FIELD_INVALID,
            "read a region code",
            got=f"{len(code)} characters that are not six digits",
            expected="six digits as in GB/T 2260, for example 430600",
        )
    region = _REGIONS.get(code)
    if region is None:
        raise NotFound(
            Reason.FIELD_INVALID,
            "look a region code up",
            got=code,
            expected="a region in this federation's table",
            mend="correct the code, or have the region added to the table",
        )
    if not region.valid_on(day):
        raise NotFound(
            Reason.FIELD_INVALID,
            "look a region code up",
            got=f"{code} ({region.name}), which is not valid on {day}",
            expected="a code valid on that day",
            mend=f"use {region.successor}" if region.successor else "use the code valid on that day",
        )
    return region


def parts_of(code: str, day: date) -> tuple[Region, ...]:
    """List the regions directly or indirectly inside a province or city that are valid on ``day``, ordered by code."""
    prefix = code[:2] if code.endswith("0000") else code[:4]
    inside = (region for region in _REGIONS.values() if region.code.startswith(prefix) and region.code != code)
    return tuple(sorted((region for region in inside if region.valid_on(day)), key=lambda region: region.code))


def province_of(code: str) -> Region:
    """Return the province that any code of six or twelve digits lies in; it need not be in the table itself.

    Raises ``Malformed`` when the first two digits name no province.
    """
    name = PROVINCES.get(code[:2])
    if name is None:
        raise Malformed(
            Reason.FIELD_INVALID,
            "find the province of a region",
            got=f"a code that begins with {code[:2]!r}",
            expected="the two digits of a province, for example 43 (湖南省)",
        )
    return _REGIONS[code[:2] + "0000"]


def from_padded(code: str) -> str:
    """Turn a twelve-digit code into the six-digit one it was padded from.

    Raises ``Malformed`` when it is not twelve digits, or when the last six name a town or village (rule 3).
    """
    match = _PADDED.fullmatch(code)
    if match is None:
        raise Malformed(
            Reason.FIELD_INVALID,
            "read a padded region code",
            got=f"{len(code)} characters that are not twelve digits",
            expected="twelve digits, for example 430600000000",
        )
    if match[2] != "000000":
        raise Malformed(
            Reason.FIELD_INVALID,
            "read a padded region code",
            got=f"{code}, which names a town or village",
            expected="a region of county level or above, whose last six digits are zeros",
        )
    return match[1]
