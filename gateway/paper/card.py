"""A guide in the words that an applicant reads: from the message to lines of Chinese, whoever shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from tongban.catalogue.v1 import guide_pb2
from tongban.catalogue.v1.guide_pb2 import Guide, GuideMaterial
from tongban.catalogue.v1.item_pb2 import Window
from tongban.catalogue.v1.translation_pb2 import ItemSummary

_MODES: Final[Mapping[str, str]] = {"online": "全程网办", "remote": "异地代收代办", "joint": "多地联办"}
_APPLY_WAYS: Final[Mapping[str, str]] = {
    "window": "窗口申报",
    "online": "网上申报",
    "self_service": "自助终端申报",
    "post": "邮寄申报",
}
_RESULT_WAYS: Final[Mapping[str, str]] = {
    "accepting_window": "收件地窗口领取",
    "processing_window": "业务属地窗口领取",
    "post": "邮寄送达",
    "electronic": "电子送达",
}
_SOURCES: Final[Mapping[str, str]] = {"applicant": "申请人自备", "government": "政府部门核发", "other": "其他单位出具"}
_FORMS: Final[Mapping[str, str]] = {
    "original": "原件",
    "copy": "复印件",
    "original_and_copy": "原件和复印件",
    "electronic": "电子材料",
}
_WEEKDAYS: Final = "一二三四五六日"
_HASH_BYTES_SHOWN: Final = 4
"""Of a row's hash: enough to tell by eye whether two cards rest on the same row."""


@dataclass(frozen=True, slots=True)
class CardPlace:
    """One of the two places, and its item."""

    role: str
    name: str
    item_name: str
    code: str
    version: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class CardMaterial:
    """One line of the list."""

    name: str
    form: str
    """Form and copies; empty for shared data, which nobody has in hand."""
    source: str
    way: str
    """How it comes, as a sentence for the applicant."""
    deferrable: bool
    accepting_check: str
    processing_check: str
    note: str


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """One line of the situation."""

    question: str
    answer: str
    by_mapping: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The guide as it is read. It holds no personal data."""

    accepting: CardPlace
    processing: CardPlace
    handling_item: str
    """业务办理项 at the processing place, name and code; empty when the item itself is handled."""
    bring: tuple[CardMaterial, ...]
    """What the applicant brings or signs."""
    spared: tuple[CardMaterial, ...]
    """免提交: what nobody hands in."""
    facts: tuple[tuple[str, str], ...]
    """How long, how much, what comes of it: label and text."""
    situation: tuple[CardAnswer, ...]
    day: str
    """Day that it was made for."""
    basis: tuple[str, ...]
    """The rows that it rests on, each with its version."""
    test_data: bool
    scan_text: str


def card_of(guide: Guide) -> Card:
    """Put a guide into words. A value that this version has no word for stands as it is."""
    shared = {guide_pb2.MATERIAL_WAY_LICENCE, guide_pb2.MATERIAL_WAY_SHARED}
    return Card(
        accepting=_place("收件地", guide.accepting_place, guide.source, guide.accepting_windows),
        processing=_place("业务属地", guide.processing_place, guide.target, guide.processing_windows),
        handling_item=f"{guide.handling_item.name} {guide.handling_item.code}".strip(),
        bring=tuple(_material(each) for each in guide.materials if each.way not in shared),
        spared=tuple(_material(each) for each in guide.materials if each.way in shared),
        facts=tuple((label, text) for label, text in _facts(guide) if text),
        situation=_situation(guide),
        day=chinese_day(guide.as_of),
        basis=tuple(f"{step.row} 第{step.version}版 {step.hash[:_HASH_BYTES_SHOWN].hex()}" for step in guide.path),
        test_data=guide.test_data,
        scan_text=guide.scan_text,
    )


def _situation(guide: Guide) -> tuple[CardAnswer, ...]:
    """List the answers, without those that the mapping passed on in the very words that the applicant gave them in."""
    given = {(each.question, each.answer) for each in guide.situation if not each.by_mapping}
    return tuple(
        CardAnswer(each.question, each.answer, each.by_mapping)
        for each in guide.situation
        if not (each.by_mapping and (each.question, each.answer) in given)
    )


def chinese_day(text: str) -> str:
    """A day, yyyy-MM-dd, as it is written in Chinese; what is none stands as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）"


def _place(
    role: str,
    name: str,
    item: ItemSummary,
    windows: Iterable[Window],
) -> CardPlace:
    return CardPlace(
        role=role,
        name=name,
        item_name=item.name,
        code=item.code,
        version=item.version,
        windows=tuple(windows),
    )


def _material(material: GuideMaterial) -> CardMaterial:
    form = _FORMS.get(material.form, material.form)
    each = "各" if material.form == "original_and_copy" else ""
    nowhere = material.way == guide_pb2.MATERIAL_WAY_SHARED  # in no form: nobody has it in hand
    return CardMaterial(
        name=material.name,
        form="" if nowhere else f"{form}{each}{material.copies}份",
        source=_SOURCES.get(material.source, material.source),
        way=_way(material, form),
        deferrable=material.may_be_deferred,
        accepting_check=material.accepting_check,
        processing_check=material.processing_check,
        note=material.note,
    )


def _way(material: GuideMaterial, form: str) -> str:
    match material.way:
        case guide_pb2.MATERIAL_WAY_LICENCE:
            return f"出示电子证照即可；没有电子证照的，带{form}"
        case guide_pb2.MATERIAL_WAY_SHARED:
            return f"由{material.way_detail}共享数据，不用带"
        case guide_pb2.MATERIAL_WAY_PROMISE:
            return "可在窗口签署书面承诺代替"
        case _:
            return ""


def _facts(guide: Guide) -> Iterable[tuple[str, str]]:
    yield "受理模式", _words(guide.modes, _MODES) or "两地尚无共同的通办模式"
    yield "申报方式", _words(guide.apply_ways, _APPLY_WAYS)
    yield "法定时限", f"{guide.statutory_days}个工作日" if guide.statutory_days else ""
    yield "承诺时限", f"{guide.promised_days}个工作日，受理当日不计" if guide.promised_days else "当场办结"
    yield "办结日期", _due(guide)
    yield "收费标准", guide.fee or "不收费"
    yield "办理结果", "、".join(filter(None, (guide.result_name, "电子证照" if guide.result_licence_type else "")))
    yield "送达方式", _words(guide.result_ways, _RESULT_WAYS)
    yield "实施部门", guide.department
    yield "申请条件", guide.conditions
    yield "审核程序", " → ".join(guide.procedure)


def _due(guide: Guide) -> str:
    if guide.due_date == guide.as_of:
        return ""
    provisional = "；该年度日历未发布，日期为暂定" if guide.due_date_provisional else ""
    return f"{chinese_day(guide.as_of)}受理的，不晚于{chinese_day(guide.due_date)}{provisional}"


def _words(keys: Iterable[str], words: Mapping[str, str]) -> str:
    return "、".join(words.get(key, key) for key in keys)
