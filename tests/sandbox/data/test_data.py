"""The sandbox's files keep every rule that sandbox/data/README.md states about them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.catalogue import Catalogue, Item, ItemState
from gateway.domain.catalogue_file import dump_catalogue, parse_catalogue
from gateway.domain.codes import CodeForm, uscc_flaw
from gateway.domain.crosswalk import CrosswalkRow, faults_against, parse_crosswalk
from gateway.domain.people import ApplicantType, id_number_flaw
from gateway.domain.regions import province_of, region_on
from gateway.domain.situations import required_materials
from gateway.domain.translation import (
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

DATA = Path(__file__).parents[3] / "sandbox" / "data"
TODAY = date(2026, 11, 21)

YUEYANG = parse_catalogue((DATA / "catalogue-430600.json").read_bytes())
JINGZHOU = parse_catalogue((DATA / "catalogue-421000.json").read_bytes())
CROSSWALK = parse_crosswalk((DATA / "crosswalk-430600-421000.csv").read_text(encoding="utf-8"))
PEOPLE: dict[str, Any] = json.loads((DATA / "people.json").read_text(encoding="utf-8"))
LICENCE_TYPES: dict[str, Any] = json.loads((DATA / "licence-types.json").read_text(encoding="utf-8"))

both_catalogues = pytest.mark.parametrize("catalogue", [YUEYANG, JINGZHOU], ids=["岳阳", "荆州"])

OPAQUE = {"㵲水乡便民服务事项代办", "老年人优待证办理", "荆楚优待证申领", "䶮山镇老年人助餐补贴申请"}
FAILS_ITS_CHECK = {("421000", "房屋租赁登记备案")}


def items_called(catalogue: Catalogue, name: str) -> list[Item]:
    return [item for item in catalogue.items if item.name == name]


def the_item(catalogue: Catalogue, name: str) -> Item:
    (item,) = items_called(catalogue, name)
    return item


def across(source: Catalogue, name: str, **answers: str) -> Translation:
    target = JINGZHOU if source is YUEYANG else YUEYANG
    return translate(source, target, CROSSWALK, the_item(source, name).code, answers, TODAY)


@both_catalogues
def test_a_catalogue_is_written_the_way_it_is_kept(catalogue: Catalogue) -> None:
    assert dump_catalogue(catalogue) == (DATA / f"catalogue-{catalogue.id}.json").read_bytes()


@both_catalogues
def test_a_catalogue_is_large_enough_and_real_enough(catalogue: Catalogue) -> None:
    assert len(catalogue.items) >= 60
    assert sum(1 for item in catalogue.items if item.situations and item.materials) >= 15


@both_catalogues
def test_every_code_that_claims_a_layout_is_right_and_the_known_exceptions_are_flagged(catalogue: Catalogue) -> None:
    province = province_of(catalogue.id).code[:2]
    for item in catalogue.items:
        code = item.parsed_code
        if item.name in OPAQUE:
            assert code.form is CodeForm.LOCAL
        elif (catalogue.id, item.name) in FAILS_ITS_CHECK:
            assert "check character" in code.flaw
        else:
            assert code.conforms, f"{item.name}: {code.flaw}"
        if code.form is not CodeForm.LOCAL:
            assert code.setting_region in {"00", province}
            assert code.item_type == item.item_type


@both_catalogues
def test_no_entry_passes_for_official(catalogue: Catalogue) -> None:
    assert "测试数据" in catalogue.name
    assert not any(item.official for item in catalogue.items)
    for item in catalogue.items:
        code = item.parsed_code
        assert code.form in {CodeForm.LOCAL, CodeForm.BASIC} or code.agency[8:10] == "TB"


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
def test_the_catalogue_holds_every_state_and_every_way_of_being_out_of_force(catalogue: Catalogue) -> None:
    assert {item.state for item in catalogue.items} == set(ItemState)
    assert any(item.valid_until and item.valid_until < TODAY for item in catalogue.items)


@both_catalogues
def test_one_name_stands_for_two_things(catalogue: Catalogue) -> None:
    first, second = items_called(catalogue, "个人信息变更")
    assert first.department != second.department


def test_rare_characters_stand_in_names_of_departments() -> None:
    assert "㵲" in the_item(YUEYANG, "㵲水乡便民服务事项代办").department
    assert "䶮" in the_item(JINGZHOU, "䶮山镇老年人助餐补贴申请").department


def test_an_item_that_begins_later_is_not_yet_in_force() -> None:
    assert "2027-07-01" in the_item(JINGZHOU, "高龄职工提取住房公积金").why_not_in_force(TODAY)


def test_licence_types_are_test_types_of_one_invented_ministry() -> None:
    types = [entry["type"] for entry in LICENCE_TYPES["types"]]
    assert len(set(types)) == len(types)
    for entry in LICENCE_TYPES["types"]:
        assert len(entry["type"]) == 21
        assert uscc_flaw(entry["type"][:18]) == ""
        assert entry["type"][18] == "T"
        assert entry["official"] is False


def test_the_crosswalk_agrees_with_both_catalogues() -> None:
    assert faults_against(CROSSWALK, YUEYANG, JINGZHOU) == ()
    assert faults_against(CROSSWALK, JINGZHOU, YUEYANG) == ()
    assert {(row.source_catalogue, row.target_catalogue) for row in CROSSWALK.rows} == {
        ("430600", "421000"),
        ("421000", "430600"),
    }


def test_both_sides_have_signed_for_every_row_but_those_that_wait() -> None:
    waiting = [row for row in CROSSWALK.rows if not row.reviewed_by_both]
    assert Counter(row.source_name for row in waiting) == {"残疾人证迁移": 2, "门诊费用跨省报销": 2}
    assert all(len(row.reviewed_by) == 1 for row in waiting)


@pytest.mark.parametrize("row", [row for row in CROSSWALK.rows if row.target_code], ids=lambda row: str(row.id))
def test_a_row_carries_every_material_that_the_target_always_requires(row: CrosswalkRow) -> None:
    source, target = (YUEYANG, JINGZHOU) if row.source_catalogue == "430600" else (JINGZHOU, YUEYANG)
    source_item, target_item = source.find(row.source_code), target.find(row.target_code)
    assert source_item is not None
    assert target_item is not None
    if row.relationship == "related":
        return
    required = {material.key for material in target_item.materials if material.required}
    assert required <= set(row.materials.values())


@both_catalogues
def test_most_items_in_force_are_translated(catalogue: Catalogue) -> None:
    target = JINGZHOU if catalogue is YUEYANG else YUEYANG
    in_force = [item for item in catalogue.items if not item.why_not_in_force(TODAY)]
    results = [translate(catalogue, target, CROSSWALK, item.code, {}, TODAY) for item in in_force]
    assert sum(isinstance(result, Matched | NeedsFacts) for result in results) > len(in_force) * 0.7
    assert not any(isinstance(result, UnknownCode) for result in results)


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
    ],
)
def test_one_item_of_yueyang_becomes_the_right_one_of_jingzhou(name: str, answers: dict[str, str], target: str) -> None:
    match = across(YUEYANG, name, **answers)
    assert isinstance(match, Matched)
    assert match.target.name == target


@pytest.mark.parametrize(
    ("name", "target", "products"),
    [
        ("购买存量房提取住房公积金", "购房提取住房公积金", {"house": "used"}),
        ("大中专学生毕业户口迁移", "户口迁移", {"reason": "graduate"}),
        ("开具户籍变动证明", "开具户籍类证明", {}),
    ],
)
def test_several_items_of_jingzhou_become_one_of_yueyang_with_its_answer(
    name: str, target: str, products: dict[str, str]
) -> None:
    match = across(JINGZHOU, name)
    assert isinstance(match, Matched)
    assert (match.target.name, match.products) == (target, products)


@pytest.mark.parametrize(
    ("name", "answers", "outcome"),
    [
        ("购房提取住房公积金", {}, NeedsFacts),
        ("户口迁移", {"reason": "talent"}, NoEquivalent),
        ("洞庭湖湿地生态研学活动备案", {}, NoEquivalent),
        ("开具户籍类证明", {}, Unmapped),
        ("残疾人证迁移", {}, Unmapped),
        ("高龄津贴申领", {}, Unmapped),
        ("工业产品生产许可证", {}, MapExpired),
        ("企业投资项目备案（旧版）", {}, NotInForce),
        ("老旧小区加装电梯提取住房公积金", {}, NotInForce),
    ],
)
def test_what_cannot_be_routed_says_so(name: str, answers: dict[str, str], outcome: type) -> None:
    assert isinstance(across(YUEYANG, name, **answers), outcome)


def test_the_demo_has_all_that_its_story_needs() -> None:
    """A retired resident of 荆州 applies at 岳阳's window for 荆州's 正常退休提取住房公积金."""
    name = "正常退休提取住房公积金"
    assert the_item(YUEYANG, name).code != the_item(JINGZHOU, name).code
    assert isinstance(across(YUEYANG, name), NeedsFacts)
    match = across(YUEYANG, name, retired="approved")
    assert isinstance(match, Matched)
    materials = {material.key: material for material in required_materials(match.target, match.products)}
    assert set(materials) == {"identity", "application_form", "bank_account", "retirement_certificate"}
    names = {entry["type"]: entry["name"] for entry in LICENCE_TYPES["types"]}
    assert names[materials["retirement_certificate"].exempt_by_licence] == "退休证"
    assert not materials["bank_account"].exempt_by_licence
    assert names[match.target.result_licence_type] == "住房公积金提取凭证"
    assert match.materials["retirement"] == "retirement_certificate"
    by_age = across(YUEYANG, name, retired="age_reached")
    assert isinstance(by_age, Matched)
    assert "retirement_certificate" not in [item.key for item in required_materials(by_age.target, by_age.products)]
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


def test_the_crosswalk_is_kept_in_the_order_of_its_ids() -> None:
    ids = [row.id for row in CROSSWALK.rows]
    assert ids == sorted(ids, key=lambda row_id: (not row_id.startswith("YJ"), row_id))
