"""Codes of government service items (政务服务事项编码) and of the organisations that handle them.

GB/T 39554.1-2020 lays an item code out in fixed segments:

    basic code 基本编码, 12            setting region 2 · item type 2 · main item 5 · sub-item 3
    implementation code 实施编码, 31   unified social credit code of the agency 18 · exercise level 1 · basic code 12
    handling-item code 业务办理项, 33  implementation code 31 · serial 2

Rules:

1. Reading never fails. A code that does not follow the layout is some platform's own (an opaque local code): it is
   kept letter for letter, marked as not conforming, and says why. Dropping it would drop somebody's case.
2. A code is never repaired. Two platforms must see the same text, so ``ItemCode.text`` is what the platform wrote.
3. A wrong check digit is a flaw, not a refusal: genuine agencies have such numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

MAX_CODE_LENGTH: Final = 64
"""Longest code a catalogue file may carry, in characters; the longest seen in practice has 53."""

_LAYOUT: Final = re.compile(
    r"(?:(?P<agency>[0-9A-Z]{18})(?P<level>[0-9]))?"
    r"(?P<setting_region>[0-9]{2})(?P<item_type>[0-9]{2})(?P<main_item>[0-9]{5})(?P<sub_item>[0-9]{3})"
    r"(?P<serial>[0-9]{2})?"
)


class ItemType(StrEnum):
    """Item type 事项类型, the national table. Platforms that number them differently are mapped by their adapter."""

    LICENSING = "01"
    """行政许可."""
    PENALTY = "02"
    """行政处罚."""
    COMPULSION = "03"
    """行政强制."""
    LEVY = "04"
    """行政征收."""
    PAYMENT = "05"
    """行政给付."""
    INSPECTION = "06"
    """行政检查."""
    CONFIRMATION = "07"
    """行政确认."""
    REWARD = "08"
    """行政奖励."""
    RULING = "09"
    """行政裁决."""
    OTHER_POWER = "10"
    """其他行政权力."""
    PUBLIC_SERVICE = "20"
    """公共服务."""


class ExerciseLevel(StrEnum):
    """Exercise level 行使层级. In a municipality under the central government a district is level 3."""

    NATIONAL = "1"
    """国家."""
    PROVINCE = "2"
    """省."""
    CITY = "3"
    """市."""
    COUNTY = "4"
    """县."""
    TOWNSHIP = "5"
    """乡镇."""
    VILLAGE = "6"
    """村."""


class CodeForm(StrEnum):
    """Which layout a code follows."""

    BASIC = "basic"
    """基本编码, 12 characters."""
    IMPLEMENTATION = "implementation"
    """实施编码, 31 characters."""
    HANDLING = "handling"
    """业务办理项编码, 33 characters."""
    LOCAL = "local"
    """None of them: a platform's own code, opaque here."""


_ITEM_TYPES: Final = frozenset(ItemType)
_LEVELS: Final = frozenset(ExerciseLevel)


@dataclass(frozen=True, slots=True)
class ItemCode:
    """An item code as a platform writes it, with its segments where it follows the national layout.

    Segments are empty strings where the form has none; all are empty for a local code.
    """

    text: str
    """The code letter for letter, without surrounding blanks."""
    form: CodeForm
    """The layout followed."""
    flaw: str = ""
    """One sentence on what departs from the standard; empty when nothing does."""
    agency: str = ""
    """Unified social credit code of the implementing agency, 18 characters."""
    level: str = ""
    """Exercise level, one digit (``ExerciseLevel`` unless flawed)."""
    setting_region: str = ""
    """Who set the item: 00 the state, otherwise the province's first two digits."""
    item_type: str = ""
    """Item type, two digits (``ItemType`` unless flawed)."""
    main_item: str = ""
    """Main item 主项, five digits."""
    sub_item: str = ""
    """Sub-item 子项, three digits; 000 when the main item has none."""
    serial: str = ""
    """Serial of the handling item, two digits."""

    @property
    def conforms(self) -> bool:
        """Whether the code follows the layout, uses the national tables and passes its check digit."""
        return not self.flaw

    @property
    def basic(self) -> str:
        """The basic code, 12 characters; empty for a local code."""
        return self.setting_region + self.item_type + self.main_item + self.sub_item

    @property
    def implementation(self) -> str:
        """The implementation code, 31 characters; empty where the code names no agency."""
        return self.agency + self.level + self.basic if self.agency else ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as a platform wrote it. Never raises: see rule 1 of the module."""
        text = text.strip()
        match = _LAYOUT.fullmatch(text)
        if match is None or (match["serial"] and not match["agency"]):
            return cls(text, CodeForm.LOCAL, _why_local(text))
        segments = {name: value or "" for name, value in match.groupdict().items()}
        form = CodeForm.BASIC
        if segments["agency"]:
            form = CodeForm.HANDLING if segments["serial"] else CodeForm.IMPLEMENTATION
        return cls(text, form, _flaw_in(segments), **segments)


def _why_local(text: str) -> str:
    """Say why a code follows none of the three layouts."""
    if not text:
        return "the code is empty"
    if len(text) not in {12, 31, 33}:
        return f"it has {len(text)} characters; the national layouts have 12, 31 or 33"
    return f"it has the length of a national code ({len(text)}) and other characters in it than the layout has"


def _flaw_in(segments: dict[str, str]) -> str:
    """Say what a code that follows a layout still gets wrong; the first thing found is enough to have it looked at."""
    if segments["agency"] and (flaw := uscc_flaw(segments["agency"])):
        return f"the agency's unified social credit code is wrong: {flaw}"
    if segments["level"] and segments["level"] not in _LEVELS:
        return f"exercise level {segments['level']} is not in the national table (1 to 6)"
    if segments["item_type"] not in _ITEM_TYPES:
        return f"item type {segments['item_type']} is not in the national table (01 to 10, 20)"
    return ""


@lru_cache(maxsize=4096)  # an agency has many items, and its number takes longer to check than the rest of a code
def uscc_flaw(text: str) -> str:
    """Say what is wrong with a unified social credit code 统一社会信用代码 (GB 32100-2015); empty when nothing is.

    For flagging only: some genuine codes fail their check, so nobody is turned away for one.
    """
    if len(text) != 18:
        return f"it has {len(text)} characters instead of 18"
    try:
        uscc.validate(text)
    except InvalidChecksum:
        return "its check character does not agree with the rest"
    except ValidationError:
        return "it has characters that such a code cannot have"
    return ""
