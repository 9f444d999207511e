"""The sandbox's files keep every rule that sandbox/data/README.md states about them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.atlas import Atlas, Direction, Query
from gateway.domain.catalogue import Catalogue, HandlingItem, Item, ItemState
from gateway.domain.catalogue_file import dump_catalogue, parse_catalogue
from gateway.domain.codes import CodeForm, uscc_flaw
from gateway.domain.coverage import Count, coverage
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship, Standing, facts_of
from gateway.domain.crosswalk_csv import APPROVED_BY, read_claims
from gateway.domain.crosswalk_faults import faults_against
from gateway.domain.people import ApplicantType, id_number_flaw
from gateway.domain.regions import province_of, region_on
from gateway.domain.situations import asked_questions, handling_item, required_materials
from gateway.domain.translation import (
    LedFrom,
    MapExpired,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    Translation,
    UnknownCode,
    Unmapped,
    translate,
)
from gateway.domain.ways import SetAside

DATA = Path(__file__).parents[3] / "sandbox" / "data"
TODAY = date(2026, 11, 21)

YUEYANG, JINGZHOU, NATIONAL = (
    parse_catalogue((DATA / f"catalogue-{region}.json").read_bytes()) for region in ("430600", "421000", "000000")
)
DIRECT = read_claims((DATA / "crosswalk-430600-421000.csv").read_text(encoding="utf-8"))
THROUGH_THE_LIST = read_claims((DATA / "crosswalk-000000.csv").read_text(encoding="utf-8"))
CROSSWALK = Crosswalk(tuple(row.with_standing(Standing(by)) for row, by in (*DIRECT, *THROUGH_THE_LIST)))
ATLAS = Atlas({each.id: each for each in (YUEYANG, JINGZHOU, NATIONAL)}, CROSSWALK)
PEOPLE: dict[str, Any] = json.loads((DATA / "people.json").read_text(encoding="utf-8"))
LICENCE_TYPES: dict[str, Any] = json.loads((DATA / "licence-types.json").read_text(encoding="utf-8"))

both_catalogues = pytest.mark.parametrize("catalogue", [YUEYANG, JINGZHOU], ids=["岳阳", "荆州"])
every_catalogue = pytest.mark.parametrize("catalogue", [YUEYANG, JINGZHOU, NATIONAL], ids=["岳阳", "荆州", "国家"])

OPAQUE = {
    "㵲水乡便民服务事项代办",
    "老年人优待证办理",
    "𠮷家湖街道流动摊点临时经营登记",
    "㵲水流域禁渔期船只集中停靠登记",
    "荆楚优待证申领",
    "䶮山镇老年人助餐补贴申请",
    "䶮山镇集体土地临时用地意见",
    "𬱖河镇流动摊点临时经营备案",
    "单位公积金账户合并",
    "监利县跨江汽车轮渡月票办理",
    "监利市跨江汽车轮渡月票办理",
}
FAILS_ITS_CHECK = {"房屋租赁登记备案", "城市危旧房改造意愿登记"}
"""Of 房屋租赁登记备案 only that of 荆州."""


def items_called(catalogue: Catalogue, name: str) -> list[Item]:
    return [item for item in catalogue.items if item.name == name]


def the_item(catalogue: Catalogue, name: str) -> Item:
    """The item of that name, the newest version of it."""
    items = items_called(catalogue, name)
    assert len({item.code for item in items}) == 1, name
    return max(items, key=lambda item: item.version)


def across(
    source: Catalogue, name: str, answers: Mapping[str, str] | None = None, *, on: date = TODAY, chain: bool = False
) -> Translation:
    target = JINGZHOU if source is YUEYANG else YUEYANG
    code = the_item(source, name).code
    return translate(ATLAS, Query(source.id, target.id, code, on, answers or {}, allow_chain=chain))


def led_from(target: Catalogue, name: str) -> Translation:
    """All that leads to an item of ``target`` from the other city."""
    other = JINGZHOU if target is YUEYANG else YUEYANG
    return translate(ATLAS, Query(target.id, other.id, the_item(target, name).code, TODAY, direction=Direction.REVERSE))


def situations_of(item: Item) -> Iterator[dict[str, str]]:
    """Every full set of answers to the questions that an item comes to ask."""

    def on(answers: dict[str, str]) -> Iterator[dict[str, str]]:
        left = next((one for one in asked_questions(item, answers) if one.key not in answers), None)
        if left is None:
            yield answers
            return
        for option in left.options:
            yield from on({**answers, left.key: option.key})

    return on({})


# --------------------------------------------------------------------------------------------------------------------
# Catalogues
# --------------------------------------------------------------------------------------------------------------------


@every_catalogue
def test_a_catalogue_is_written_the_way_it_is_kept(catalogue: Catalogue) -> None:
    assert dump_catalogue(catalogue) == (DATA / f"catalogue-{catalogue.id}.json").read_bytes()


@both_catalogues
def test_a_catalogue_is_large_enough_and_real_enough(catalogue: Catalogue) -> None:
    assert len({item.code for item in catalogue.items}) >= 190
    assert len({item.name for item in catalogue.items}) >= 190
    assert len({item.department for item in catalogue.items}) >= 20
    assert sum(1 for item in catalogue.items if item.situations and item.materials) >= 40
    assert len({item.conditions for item in catalogue.items}) > len(catalogue.items) * 0.9


@every_catalogue
def test_an_item_that_may_cross_provinces_states_all_seven_elements(catalogue: Catalogue) -> None:
    assert {item.name: item.missing_elements for item in catalogue.items if item.missing_elements} == {}


def test_yueyang_takes_part_with_twenty_one_housing_fund_items() -> None:
    fund = [item for item in YUEYANG.items if item.department == "岳阳市住房公积金中心" and item.modes]
    assert sum(1 for item in fund if not item.why_not_in_force(TODAY)) == 21


@both_catalogues
def test_every_code_that_claims_a_layout_is_right_and_the_known_exceptions_are_flagged(catalogue: Catalogue) -> None:
    province = province_of(catalogue.id).code[:2]
    flawed = set()
    for item in catalogue.items:
        code = item.parsed_code
        if item.name in OPAQUE:
            assert code.form is CodeForm.LOCAL
            continue
        assert code.form is not CodeForm.LOCAL, item.name
        assert code.setting_region in {"00", province}
        assert code.item_type == item.item_type
        if code.flaw:
            assert "check character" in code.flaw
            flawed.add(item.name)
    assert len(flawed) == 1
    assert flawed <= FAILS_ITS_CHECK


@both_catalogues
def test_local_codes_have_letters_and_lengths_of_all_kinds(catalogue: Catalogue) -> None:
    local = [item.code for item in catalogue.items if item.parsed_code.form is CodeForm.LOCAL]
    assert len({len(code) for code in local}) >= 4
    assert any(not code.isdigit() for code in local)


def test_a_national_code_is_a_basic_code_and_two_places_share_it() -> None:
    for item in NATIONAL.items:
        assert (item.parsed_code.form, item.parsed_code.setting_region) == (CodeForm.BASIC, "00")
        assert item.parsed_code.conforms
    shared = {item.code for item in NATIONAL.items}
    assert len(shared & {item.basic_code for item in YUEYANG.items}) >= 40
    assert len(shared & {item.basic_code for item in JINGZHOU.items}) >= 40


@every_catalogue
def test_no_entry_passes_for_official(catalogue: Catalogue) -> None:
    assert "测试数据" in catalogue.name
    assert not any(item.official for item in catalogue.items)
    for item in catalogue.items:
        code = item.parsed_code
        assert code.form in {CodeForm.LOCAL, CodeForm.BASIC} or code.agency[8:10] == "TB"
        assert code.form is CodeForm.LOCAL or code.main_item >= "90001"
    assert all("测试地址" in window.address or "虚构" in window.address for window in catalogue.windows)
    assert all(window.phone.startswith("100") for window in catalogue.windows)


@both_catalogues
def test_windows_stand_in_several_places_and_say_when_they_are_open(catalogue: Catalogue) -> None:
    assert len(catalogue.windows) >= 3
    assert all(window.phone and window.hours for window in catalogue.windows)


@both_catalogues
def test_every_licence_type_named_is_one_of_the_listed_test_types(catalogue: Catalogue) -> None:
    known = {entry["type"] for entry in LICENCE_TYPES["types"]}
    for item in catalogue.items:
        named = {item.result_licence_type, *(material.exempt_by_licence for material in item.materials)} - {""}
        assert named <= known, item.name


@both_catalogues
def test_every_material_that_is_not_always_required_can_be_asked_for(catalogue: Catalogue) -> None:
    for item in catalogue.items:
        added = {key for question in item.situations for option in question.options for key in option.adds}
        optional = {material.key for material in item.materials if not material.required}
        assert optional <= added, item.name


@both_catalogues
def test_materials_are_dispensed_with_in_every_way_there_is(catalogue: Catalogue) -> None:
    materials = [material for item in catalogue.items for material in item.materials]
    assert any(material.may_be_deferred for material in materials)
    assert any(material.by_promise for material in materials)
    assert any(material.exempt_by_licence for material in materials)
    assert any(material.exempt_by_sharing for material in materials)
    assert any(material.copies > 1 for material in materials)
    assert any(material.note for material in materials)


@both_catalogues
def test_questions_form_trees_and_answers_choose_handling_items(catalogue: Catalogue) -> None:
    assert sum(1 for item in catalogue.items if any(question.asked_when for question in item.situations)) >= 2
    assert any(option.waives for item in catalogue.items for question in item.situations for option in question.options)
    assert sum(1 for item in catalogue.items if item.handling_items) >= 3
    for item in catalogue.items:
        chosen = {handling_item(item, answers) for answers in situations_of(item)}
        if item.handling_items:
            assert chosen == {HandlingItem(each.code, each.name) for each in item.handling_items}, item.name


@both_catalogues
def test_the_catalogue_holds_every_state_and_every_way_of_being_out_of_force(catalogue: Catalogue) -> None:
    assert {item.state for item in catalogue.items} == set(ItemState)
    assert any(item.valid_until and item.valid_until < TODAY for item in catalogue.items)
    assert any(item.valid_from > TODAY for item in catalogue.items)


@pytest.mark.parametrize(
    ("catalogue", "name", "day"),
    [
        (YUEYANG, "生育登记", date(2026, 5, 1)),
        (YUEYANG, "小餐饮经营许可", date(2026, 9, 1)),
        (JINGZHOU, "生育服务登记", date(2026, 7, 1)),
        (JINGZHOU, "道路运输从业人员从业资格证注册、变更", date(2026, 1, 1)),
    ],
)
def test_an_item_was_changed_on_a_day(catalogue: Catalogue, name: str, day: date) -> None:
    code = the_item(catalogue, name).code
    before, after = catalogue.find_on(code, date.fromordinal(day.toordinal() - 1)), catalogue.find_on(code, day)
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (1, 2)


@both_catalogues
@pytest.mark.parametrize("name", ["个人信息变更", "优待证信息核验"])
def test_one_name_stands_for_two_things(catalogue: Catalogue, name: str) -> None:
    first, second = items_called(catalogue, name)
    assert first.department != second.department
    assert first.code != second.code


@both_catalogues
def test_rare_characters_stand_in_names_of_items_departments_and_windows(catalogue: Catalogue) -> None:
    rare = set("㵲𠮷" if catalogue is YUEYANG else "䶮𬱖")
    assert rare <= set("".join(item.name for item in catalogue.items))
    assert rare <= set("".join(item.department for item in catalogue.items))
    assert rare & set("".join(window.name for window in catalogue.windows))


def test_licence_types_are_test_types_of_one_invented_ministry() -> None:
    types = [entry["type"] for entry in LICENCE_TYPES["types"]]
    assert len(set(types)) == len(types)
    for entry in LICENCE_TYPES["types"]:
        assert len(entry["type"]) == 21
        assert uscc_flaw(entry["type"][:18]) == ""
        assert entry["type"][18] == "T"
        assert entry["official"] is False


# --------------------------------------------------------------------------------------------------------------------
# Crosswalk
# --------------------------------------------------------------------------------------------------------------------


def test_the_crosswalk_agrees_with_the_catalogues() -> None:
    catalogues = {catalogue.id: catalogue for catalogue in (YUEYANG, JINGZHOU, NATIONAL)}
    shown_on_purpose = ("is retired", "was valid until", "is not handed in")  # what a window must be able to tell
    faults = faults_against(CROSSWALK.rows, catalogues)
    assert [fault for fault in faults if not any(words in fault for words in shown_on_purpose)] == []


@pytest.mark.parametrize("file", ["crosswalk-430600-421000.csv", "crosswalk-000000.csv"])
def test_a_crosswalk_file_is_kept_in_order_and_as_text_that_tools_can_compare(file: str) -> None:
    text = (DATA / file).read_text(encoding="utf-8")
    assert APPROVED_BY in text.splitlines()[0]
    assert "\r" not in (DATA / file).read_bytes().decode()
    claims = DIRECT if "430600" in file else THROUGH_THE_LIST
    groups = [(prefix, list(group)) for prefix, group in itertools.groupby((row for row, _ in claims), _prefix)]
    assert len({prefix for prefix, _ in groups}) == len(groups)
    for _, rows in groups:
        order = [(row.id, row.version) for row in rows]
        assert order == sorted(order)


def _prefix(row: CrosswalkRow) -> str:
    """What a row leads from and to, as its id begins."""
    return row.id.partition("-")[0]


def test_the_reviewers_named_are_gateways_of_the_two_cities() -> None:
    claimed = {by for _, by in (*DIRECT, *THROUGH_THE_LIST)}
    assert claimed == {("430600.gateway", "421000.gateway"), ("430600.gateway",), ("421000.gateway",)}


WAITING = {
    "YJ": {
        "残疾人证迁移",
        "门诊费用跨省报销",
        "婚姻状况公证",
        "居民用水过户",
        "企业年金方案备案",
    },
    "JY": {"残疾人证迁移", "门诊费用跨省报销", "荆楚优品认证申请"},
}


def test_both_sides_have_signed_for_every_row_but_those_that_wait() -> None:
    waiting = [(row.id[:2], row.source_name) for row, by in DIRECT if len(by) != 2]
    assert sorted(waiting) == sorted((prefix, name) for prefix, names in WAITING.items() for name in names)


def test_every_relationship_stands_in_the_crosswalk() -> None:
    assert {row.relationship for row, _ in DIRECT} == set(Relationship)
    narrower = [row for row, _ in DIRECT if row.relationship is Relationship.NARROWER]
    assert any(row.conditions for row in narrower)
    assert any(not row.conditions for row in narrower)


ASKS_ITS_OWN_QUESTION = {"YJ-008"}
"""夫妻投靠户口迁移 in 荆州 asks whether children come along, which nobody in 岳阳 asks: it is asked there."""


@pytest.mark.parametrize(
    "row", [row for row, _ in DIRECT if row.decides and row.target_code], ids=lambda row: f"{row.id}v{row.version}"
)
def test_a_row_carries_every_material_that_the_target_asks_for_in_each_situation(row: CrosswalkRow) -> None:
    source = ATLAS.catalogue(row.source_catalogue).find(row.source_code)
    target = ATLAS.catalogue(row.target_catalogue).find(row.target_code)
    assert source is not None
    assert target is not None
    required = {material.key for material in target.materials if material.required}
    assert required <= set(row.materials.values())
    if row.id in ASKS_ITS_OWN_QUESTION:
        return
    met = 0
    for answers in situations_of(source):
        if any(answers.get(question) not in allowed for question, allowed in row.conditions.items()):
            continue
        there = facts_of(row.products, answers)
        wanted = {material.key for material in required_materials(target, there)}
        brought = {material.key for material in required_materials(source, answers)}
        assert wanted <= {row.materials.get(key) for key in brought}, answers
        met += 1
    assert met


@pytest.mark.parametrize(("source", "target"), [("430600", "421000"), ("421000", "430600")])
def test_most_items_in_force_are_translated_and_every_gap_is_known(source: str, target: str) -> None:
    counted = coverage(ATLAS, source, target, TODAY)
    translated = counted.counts[Count.MAPPED] + counted.counts[Count.BY_SITUATION]
    assert translated >= 190
    assert translated > counted.in_force * 0.8
    for expected in (Count.ASSERTED_NONE, Count.AWAITING_REVIEW, Count.EXPIRED, Count.UNMAPPED):
        assert counted.counts[expected] >= 1, expected


@both_catalogues
def test_no_row_leads_to_a_code_that_is_gone(catalogue: Catalogue) -> None:
    target = JINGZHOU if catalogue is YUEYANG else YUEYANG
    for item in catalogue.items:
        assert not isinstance(translate(ATLAS, Query(catalogue.id, target.id, item.code, TODAY)), UnknownCode)


@pytest.mark.parametrize(
    ("name", "answers", "target"),
    [
        ("购房提取住房公积金", {"house": "new"}, "购买新建商品房提取住房公积金"),
        ("购房提取住房公积金", {"house": "used"}, "购买存量房提取住房公积金"),
        ("户口迁移", {"reason": "work"}, "工作调动户口迁移"),
        ("户口迁移", {"reason": "spouse"}, "夫妻投靠户口迁移"),
        ("户口迁移", {"reason": "parents"}, "子女投靠父母户口迁移"),
        ("失业登记", {}, "失业登记"),
        ("提前退休提取住房公积金", {}, "提前退休提取住房公积金"),
        ("个人住房公积金贷款", {"house": "new", "loan": "combined"}, "购买新建商品房公积金组合贷款"),
        ("个人住房公积金贷款", {"house": "used"}, "购买存量房个人住房公积金贷款"),
        ("食品经营许可", {"matter": "cancel"}, "食品经营许可证补办、注销"),
        ("机动车行驶证、号牌补换领", {"what": "licence"}, "机动车行驶证补换领"),
        ("机动车行驶证、号牌补换领", {"what": "plates", "which": "lost"}, "机动车号牌补换领"),
        ("小餐饮经营许可", {}, "食品小作坊、小餐饮登记"),
        ("居民用水过户", {}, "供水、供电、供气一体化过户"),
    ],
)
def test_one_item_of_yueyang_becomes_the_right_one_of_jingzhou(name: str, answers: dict[str, str], target: str) -> None:
    match = across(YUEYANG, name, answers)
    assert isinstance(match, Matched)
    assert match.target.name == target


@pytest.mark.parametrize(
    ("name", "answers", "target", "products"),
    [
        ("购买存量房提取住房公积金", {}, "购房提取住房公积金", {"house": "used"}),
        ("大中专学生毕业户口迁移", {}, "户口迁移", {"reason": "graduate"}),
        ("开具户籍变动证明", {}, "开具户籍类证明", {}),
        ("购买新建商品房公积金组合贷款", {}, "个人住房公积金贷款", {"house": "new", "loan": "combined"}),
        ("机动车号牌补换领", {"cause": "worn"}, "机动车行驶证、号牌补换领", {"what": "plates", "which": "damaged"}),
        ("社会保障卡补领、换领", {"why": "lost"}, "社会保障卡申领", {"purpose": "lost"}),
        ("普通护照换发", {}, "普通护照签发", {"why": "renew"}),
    ],
)
def test_several_items_of_jingzhou_become_one_of_yueyang_with_its_answer(
    name: str, answers: dict[str, str], target: str, products: dict[str, str]
) -> None:
    match = across(JINGZHOU, name, answers)
    assert isinstance(match, Matched)
    assert (match.target.name, match.match.products) == (target, products)


def test_in_reverse_all_items_that_lead_to_one_are_found() -> None:
    found = led_from(YUEYANG, "食品经营许可")
    assert isinstance(found, LedFrom)
    assert {match.item.name for match in found.matches} == {
        "食品经营许可证核发",
        "食品经营许可证变更",
        "食品经营许可证延续",
        "食品经营许可证补办、注销",
    }


@pytest.mark.parametrize(
    ("name", "answers", "outcome"),
    [
        ("购房提取住房公积金", {}, NeedsFacts),
        ("个人住房公积金贷款", {"house": "new"}, NeedsFacts),
        ("户口迁移", {"reason": "talent"}, NoEquivalent),
        ("医疗保险个人账户一次性支取", {"why": "army"}, NoEquivalent),
        ("洞庭湖湿地生态研学活动备案", {}, NoEquivalent),
        ("残疾人乘车优惠卡申领", {}, NoEquivalent),
        ("企业年金方案备案", {}, Unmapped),
        ("婚姻状况公证", {"status": "divorced"}, Unmapped),
        ("开具户籍类证明", {}, Unmapped),
        ("残疾人证迁移", {}, Unmapped),
        ("高龄津贴申领", {}, Unmapped),
        ("工业产品生产许可证", {}, MapExpired),
        ("内河船舶船员适任证书核发", {}, MapExpired),
        ("企业投资项目备案（旧版）", {}, NotInForce),
        ("木材运输证核发（旧版）", {}, NotInForce),
        ("渔业捕捞许可", {}, NotInForce),
        ("人才公寓入住资格变更", {}, NotInForce),
        ("老旧小区加装电梯提取住房公积金", {}, NotInForce),
        ("洞庭湖观鸟节志愿者登记（2027年度）", {}, NotInForce),
    ],
)
def test_what_cannot_be_routed_says_so(name: str, answers: dict[str, str], outcome: type) -> None:
    assert isinstance(across(YUEYANG, name, answers), outcome)


def test_a_row_may_lead_to_an_item_that_is_suspended() -> None:
    assert the_item(YUEYANG, "渔业捕捞许可").state is ItemState.SUSPENDED
    result = across(JINGZHOU, "长江流域以外内陆渔业捕捞许可")
    assert isinstance(result, NotInForce)
    assert result.item == the_item(YUEYANG, "渔业捕捞许可")


def test_answers_that_nobody_mapped_lead_nowhere() -> None:
    assert isinstance(across(JINGZHOU, "住房公积金异地转入", {"closed": "yes"}), Matched)
    assert isinstance(across(JINGZHOU, "住房公积金异地转入", {"closed": "no"}), Unmapped)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("跨省超限运输车辆行驶公路许可", SetAside.NOT_BEGUN),
        ("城市公共交通老年优待卡申领", SetAside.DOES_NOT_DECIDE),
        ("开具户籍类证明", SetAside.DOES_NOT_DECIDE),
        ("企业年金方案备案", SetAside.AWAITING_REVIEW),
    ],
)
def test_a_row_that_does_not_decide_is_set_aside_with_its_reason(name: str, reason: SetAside) -> None:
    result = across(YUEYANG, name)
    assert isinstance(result, Unmapped)
    assert [why for _, why in result.set_aside] == [reason]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2020, 6, 11), "监利县跨江汽车轮渡月票办理"),
        (date(2020, 6, 12), "监利市跨江汽车轮渡月票办理"),
        (TODAY, "监利市跨江汽车轮渡月票办理"),
    ],
)
def test_jianli_was_a_county_until_the_eleventh_of_june_2020(day: date, name: str) -> None:
    ferry = "跨江汽车轮渡月票办理（荆江渡口）"
    match = across(YUEYANG, ferry, on=day)
    assert isinstance(match, Matched)
    assert match.target.name == name
    assert match.target.code[:6] == region_on(match.target.code[:6], day).code
    back = across(JINGZHOU, name, on=day)
    assert isinstance(back, Matched)
    assert back.target.name == ferry
    over, begun = date(2020, 6, 11), date(2020, 6, 12)
    assert isinstance(across(JINGZHOU, "监利县跨江汽车轮渡月票办理", on=begun), NotInForce)
    assert isinstance(across(JINGZHOU, "监利市跨江汽车轮渡月票办理", on=over), NotInForce)


def test_a_second_version_of_a_row_takes_the_place_of_the_first_on_its_day() -> None:
    name = "小餐饮经营许可"
    before, after = across(YUEYANG, name, on=date(2026, 8, 31)), across(YUEYANG, name, on=date(2026, 9, 1))
    assert isinstance(before, Unmapped)
    assert isinstance(after, Matched)
    assert (after.match.path[0].row.version, after.match.relationship) == (2, Relationship.BROADER)


def test_a_second_version_that_only_one_side_signed_changes_nothing() -> None:
    match = across(YUEYANG, "居民用水过户", on=date(2027, 1, 2))
    assert isinstance(match, Matched)
    assert match.match.path[0].row.version == 1


@pytest.mark.parametrize(
    ("source", "name", "answers", "relationship", "target"),
    [
        (YUEYANG, "开具无犯罪记录证明", {}, Relationship.EQUIVALENT, "开具无犯罪记录证明"),
        (YUEYANG, "门诊慢特病待遇认定", {}, Relationship.BROADER, "门诊慢特病、特殊药品待遇认定"),
        (YUEYANG, "出生公证", {}, Relationship.BROADER, "出生、亲属关系公证"),
        (
            JINGZHOU,
            "门诊慢特病、特殊药品待遇认定",
            {"treatment": "chronic"},
            Relationship.NARROWER,
            "门诊慢特病待遇认定",
        ),
    ],
)
def test_a_chain_leads_through_the_national_list(
    source: Catalogue, name: str, answers: dict[str, str], relationship: Relationship, target: str
) -> None:
    assert isinstance(across(source, name, answers), Unmapped)
    match = across(source, name, answers, chain=True)
    assert isinstance(match, Matched)
    assert (match.match.relationship, match.target.name) == (relationship, target)
    assert len(match.match.path) == 2
    required = {material.key for material in match.target.materials if material.required}
    assert required <= set(match.match.materials.values())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("高龄津贴申领", SetAside.COMPOSES_TO_NOTHING),
        ("个体工商户设立登记", SetAside.AWAITING_REVIEW),
    ],
)
def test_a_chain_of_which_one_half_is_not_enough_leads_nowhere(name: str, reason: SetAside) -> None:
    result = across(YUEYANG, name, chain=True)
    assert isinstance(result, Unmapped)
    assert reason in {why for _, why in result.set_aside}


# --------------------------------------------------------------------------------------------------------------------
# The demo, and people
# --------------------------------------------------------------------------------------------------------------------


def test_the_demo_has_all_that_its_story_needs() -> None:
    """A retired resident of 荆州 applies at 岳阳's window for 荆州's 正常退休提取住房公积金."""
    name = "正常退休提取住房公积金"
    assert the_item(YUEYANG, name).code != the_item(JINGZHOU, name).code
    assert isinstance(across(YUEYANG, name), NeedsFacts)
    match = across(YUEYANG, name, {"retired": "approved"})
    assert isinstance(match, Matched)
    assert match.match.path[0].row.id == "YJ-001"
    materials = {material.key: material for material in required_materials(match.target, match.match.products)}
    assert set(materials) == {"identity", "application_form", "bank_account", "retirement_certificate"}
    names = {entry["type"]: entry["name"] for entry in LICENCE_TYPES["types"]}
    assert names[materials["retirement_certificate"].exempt_by_licence] == "退休证"
    assert not materials["bank_account"].exempt_by_licence
    assert names[match.target.result_licence_type] == "住房公积金提取凭证"
    assert match.match.materials["retirement"] == "retirement_certificate"
    by_age = across(YUEYANG, name, {"retired": "age_reached"})
    assert isinstance(by_age, Matched)
    without = required_materials(by_age.target, by_age.match.products)
    assert "retirement_certificate" not in [item.key for item in without]
    resident = next(person for person in PEOPLE["people"] if person["key"] == "resident")
    assert resident["region"].startswith("4210")


def test_people_are_invented_and_their_numbers_are_well_formed() -> None:
    assert len(PEOPLE["people"]) >= 12
    for person in PEOPLE["people"]:
        number = person["id_number"]
        assert id_number_flaw(number) == ""
        assert 996 <= int(number[14:17]) <= 999, "a serial that is not given out"
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        assert region_on(number[:6], max(born, date(2000, 1, 1))).name
        assert region_on(person["region"], TODAY).name
        assert person["phone"].startswith("100")


def test_rare_characters_stand_in_names_of_people() -> None:
    names = "".join(person["name"] for person in PEOPLE["people"])
    assert set("𠮷䶮㻏𬱖·") <= set(names)


def test_organisations_have_well_formed_credit_codes_that_nobody_has() -> None:
    keys = {person["key"] for person in PEOPLE["people"]}
    for organisation in PEOPLE["organisations"]:
        assert uscc_flaw(organisation["uscc"]) == ""
        assert organisation["uscc"][8:10] == "TB"
        assert ApplicantType(organisation["type"]) is not ApplicantType.NATURAL_PERSON
        assert organisation["representative"] in keys


@pytest.mark.parametrize("listed", [PEOPLE["people"], PEOPLE["organisations"]], ids=["people", "organisations"])
def test_each_key_and_number_stands_once(listed: list[dict[str, str]]) -> None:
    for field in ("key", "name", "id_number" if "id_number" in listed[0] else "uscc"):
        assert len({entry[field] for entry in listed}) == len(listed)
