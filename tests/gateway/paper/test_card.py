"""A guide in words: nothing of it lost, and every value of the contract with a word of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tongban.catalogue.v1 import guide_pb2

from gateway.domain.catalogue import ApplyWay, MaterialForm, MaterialSource, Mode, ResultWay
from gateway.domain.guide import MaterialWay
from gateway.paper.card import CardMaterial, card_of, chinese_day
from tests.gateway.paper.guides import a_guide, a_material


def facts(**changes: Any) -> dict[str, str]:
    return dict(card_of(a_guide(**changes)).facts)


def the_material(**changes: Any) -> CardMaterial:
    card = card_of(a_guide(materials=[a_material("a", "材料", **changes)]))
    (material,) = (*card.bring, *card.spared)
    return material


def test_what_nobody_hands_in_stands_apart() -> None:
    card = card_of(a_guide())
    assert [each.name for each in card.bring] == ["申请表", "未再就业承诺书"]
    assert [each.name for each in card.spared] == ["居民身份证", "婚姻登记信息"]
    assert [each.deferrable for each in card.bring] == [False, True]


def test_an_answer_that_is_passed_on_in_the_same_words_stands_once() -> None:
    question = "是否由配偶一同提取？"
    passed_on = [
        guide_pb2.GuideAnswer(question=question, answer="是", asked_by="430600"),
        guide_pb2.GuideAnswer(question=question, answer="是", asked_by="421000", by_mapping=True),
        guide_pb2.GuideAnswer(question=question, answer="否", asked_by="421000", by_mapping=True),
        guide_pb2.GuideAnswer(question="另一问？", answer="是", asked_by="421000", by_mapping=True),
    ]
    shown = card_of(a_guide(situation=passed_on)).situation
    assert [(each.question, each.answer, each.by_mapping) for each in shown] == [
        ("是否由配偶一同提取？", "是", False),
        ("是否由配偶一同提取？", "否", True),
        ("另一问？", "是", True),
    ]


def test_facts_are_those_of_the_guide() -> None:
    assert facts() == {
        "受理模式": "全程网办、异地代收代办",
        "申报方式": "窗口申报、网上申报",
        "法定时限": "5个工作日",
        "承诺时限": "3个工作日，受理当日不计",
        "办结日期": "2026年11月23日（星期一）受理的，不晚于2026年11月26日（星期四）",
        "收费标准": "不收费",
        "办理结果": "住房公积金提取凭证、电子证照",
        "送达方式": "电子送达、邮寄送达",
        "实施部门": "荆州市住房公积金中心",
        "申请条件": "在荆州市缴存住房公积金，达到法定退休年龄或已办理退休手续",
        "审核程序": "收件 → 受理 → 审核 → 办结",
    }


def test_what_is_decided_on_the_spot_has_no_date() -> None:
    said = facts(promised_days=0, statutory_days=0, due_date="2026-11-23")
    assert said["承诺时限"] == "当场办结"
    assert not {"法定时限", "办结日期"} & said.keys()


def test_a_date_in_a_year_that_is_not_published_says_so() -> None:
    assert "日历未发布" in facts(due_date="2027-01-04", due_date_provisional=True)["办结日期"]
    assert "日历未发布" not in facts()["办结日期"]


def test_a_fee_is_told_and_places_without_a_common_mode_too() -> None:
    assert facts(fee="每证10元")["收费标准"] == "每证10元"
    assert facts(modes=[])["受理模式"] == "两地尚无共同的通办模式"


def test_each_material_says_how_it_comes() -> None:
    assert the_material(form="original_and_copy", copies=2).form == "原件和复印件各2份"
    assert the_material(copies=3).form == "原件3份"
    licence = the_material(way=guide_pb2.MATERIAL_WAY_LICENCE, form="copy")
    assert licence.way == "出示电子证照即可；没有电子证照的，带复印件"
    shared = the_material(way=guide_pb2.MATERIAL_WAY_SHARED, way_detail="民政部门")
    assert (shared.form, shared.way) == ("", "由民政部门共享数据，不用带")
    assert the_material(way=guide_pb2.MATERIAL_WAY_PROMISE).way == "可在窗口签署书面承诺代替"


def test_what_it_rests_on_is_named() -> None:
    card = card_of(a_guide())
    assert card.basis == ("YJ-001 第2版 00010203",)
    assert card.day == "2026年11月23日（星期一）"
    assert card.handling_item == "凭退休证提取 12421000TB42100149342209000200001"
    assert card_of(a_guide(handling_item=None)).handling_item == ""


LATIN = re.compile(r"[a-z]")


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_a_word(mode: Mode) -> None:
    assert not LATIN.search(facts(modes=[mode.value])["受理模式"])


@pytest.mark.parametrize("way", ApplyWay)
def test_every_way_to_apply_has_a_word(way: ApplyWay) -> None:
    assert not LATIN.search(facts(apply_ways=[way.value])["申报方式"])


@pytest.mark.parametrize("way", ResultWay)
def test_every_way_of_the_result_has_a_word(way: ResultWay) -> None:
    assert not LATIN.search(facts(result_ways=[way.value])["送达方式"])


@pytest.mark.parametrize("form", MaterialForm)
def test_every_form_has_a_word(form: MaterialForm) -> None:
    assert not LATIN.search(the_material(form=form.value).form)


@pytest.mark.parametrize("source", MaterialSource)
def test_every_source_has_a_word(source: MaterialSource) -> None:
    assert not LATIN.search(the_material(source=source.value).source)


@pytest.mark.parametrize("way", MaterialWay)
def test_every_way_but_handing_in_is_explained(way: MaterialWay) -> None:
    said = the_material(way=guide_pb2.MaterialWay.Value(f"MATERIAL_WAY_{way.name}")).way
    assert bool(said) is (way is not MaterialWay.HAND_IN)


def test_a_value_of_a_later_version_stands_as_it_is() -> None:
    assert facts(modes=["drone"])["受理模式"] == "drone"
    assert chinese_day("soon") == "soon"
