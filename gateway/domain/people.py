"""What staff may see of a person, and the kinds of applicant.

Masks are for pages, notices and whatever else people read. They are not encryption: logs and audit leaves carry no
personal data at all, masked or not.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import Final

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from gateway.domain.regions import PROVINCES


class ApplicantType(IntEnum):
    """Kind of applicant 服务对象, the national table (7 and 8 are not assigned)."""

    NATURAL_PERSON = 1
    """自然人."""
    ENTERPRISE = 2
    """企业法人."""
    PUBLIC_INSTITUTION = 3
    """事业法人."""
    SOCIAL_ORGANISATION = 4
    """社会组织."""
    UNINCORPORATED_ENTERPRISE = 5
    """非法人企业."""
    GOVERNMENT_AGENCY = 6
    """行政机关."""
    OTHER = 9
    """其他."""


_RESIDENT_NUMBER: Final = re.compile(r"[0-9]{17}[0-9X]")

_COMPOUND_SURNAMES: Final = frozenset(
    """
    万俟 司马 上官 欧阳 夏侯 诸葛 闻人 东方 赫连 皇甫 尉迟 公羊 澹台 公冶 宗政 濮阳
    淳于 单于 太叔 申屠 公孙 仲孙 轩辕 令狐 钟离 宇文 长孙 慕容 鲜于 闾丘 司徒 司空
    亓官 司寇 子车 颛孙 端木 巫马 公西 漆雕 乐正 壤驷 公良 拓跋 夹谷 宰父 谷梁
    段干 百里 东郭 南门 呼延 羊舌 微生 梁丘 左丘 东门 西门 南宫 第五 独孤 达奚 纳兰
    """.split()  # noqa: SIM905 (a table for people to read)
)
_NAME_DOTS: Final = frozenset("·•‧・.．")


def mask_name(name: str) -> str:
    """Keep the surname and star the rest: 张三 → 张*, 欧阳小明 → 欧阳**.

    A two-character name keeps its first character even where both make a compound surname (欧阳 → 欧*), since
    otherwise nothing would be hidden. In a name with dots the dots stay (阿依古丽·买买提 → 阿***·***). One character
    is hidden whole. A character outside the basic plane counts as one, and so does one with a variation selector.
    """
    characters = _characters(name.strip())
    if len(characters) < 2:
        return "*" * len(characters)
    kept = 2 if len(characters) > 2 and "".join(characters[:2]) in _COMPOUND_SURNAMES else 1
    rest = (character if character in _NAME_DOTS else "*" for character in characters[kept:])
    return "".join(characters[:kept]) + "".join(rest)


def _characters(text: str) -> list[str]:
    """Split into what a reader counts as characters: combining marks and variation selectors join what they follow."""
    characters: list[str] = []
    for point in text:
        if characters and unicodedata.category(point) in {"Mn", "Me"}:
            characters[-1] += point
        else:
            characters.append(point)
    return characters


def mask_id_number(number: str) -> str:
    """Keep six digits and the last four of a resident's number: 110105********002X.

    That is the form offices print on public notices. The region tells the window which place to call, the last four
    tell two applicants of one name apart, and the birth date, which opens most doors, is hidden. Any other document
    number (passport, residence permit) has no such segments: only its first and last two characters stay, and one of
    six characters or fewer is hidden whole.
    """
    number = number.strip()
    if len(number) == 18:
        return number[:6] + "*" * 8 + number[-4:]
    if len(number) <= 6:
        return "*" * len(number)
    return number[0] + "*" * (len(number) - 3) + number[-2:]


def id_number_flaw(number: str) -> str:
    """Say what is wrong with a resident's number 公民身份号码 (GB 11643); empty when nothing is.

    Checked are the length, the characters, the check character, the birth date and the province. Not checked is
    whether the county code existed in the year of birth (as ``ric.validate`` would): numbers were first issued in the
    1980s, so everyone older carries a code that is younger than they are, and would be flagged wrongly.

    The sentence never repeats the number. For flagging: whether to go on is the business of whoever sees the document.
    """
    if len(number) != 18:
        return f"it has {len(number)} characters instead of 18"
    if _RESIDENT_NUMBER.fullmatch(number) is None:
        return "it has characters that such a number cannot have"
    if number[-1] != ric.calc_check_digit(number):
        return "its check character does not agree with the rest"
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        return "its birth date does not exist"
    if number[:2] not in PROVINCES:
        return "its first two digits name no province"
    return ""
