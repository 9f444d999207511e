from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from gateway.domain.catalogue import NATIONAL, ApplyWay, Catalogue, HandlingType, Item, ResultWay, Window
from gateway.domain.catalogue_file import dump_catalogue, parse_catalogue
from gateway.domain.situations import required_materials
from trust.errors import Malformed, NotFound, Reason, WrongState

TODAY = date(2026, 11, 21)
CODE = "370117002011"
AGENCY = "11370800MB28559184"


def content() -> dict[str, Any]:
    """A catalogue file with one item that uses every field."""

    def material(key: str, *, required: bool = True, **more: Any) -> dict[str, Any]:
        return {
            "key": key, "name": f"材料{key}", "required": required, "source": "applicant", "form": "original", **more
        }  # fmt: skip

    return {
        "id": "430600",
        "name": "测试目录",
        "version": 1,
        "windows": [
            {
                "name": "岳阳市民服务中心",
                "address": "岳阳大道1号",
                "phone": "0730-0000000",
                "hours": "工作日9:00-17:00",
            },
            {"name": "岳阳楼区政务大厅", "address": "东茅岭路1号"},
        ],
        "items": [
            {
                "code": CODE,
                "version": 2,
                "name": "购房提取住房公积金",
                "item_type": "20",
                "handling_type": 2,
                "applicant_types": [1],
                "statutory_days": 5,
                "promised_days": 3,
                "modes": ["online", "remote"],
                "department": "住房公积金中心",
                "fee": "80元/件",
                "conditions": "连续缴存满六个月",
                "apply_ways": ["window", "online"],
                "procedure": ["收件", "受理", "审核", "办结"],
                "result_ways": ["post", "electronic"],
                "handling_items": [
                    {"code": f"{AGENCY}3{CODE}01", "name": "提取（新房）"},
                    {"code": "TQ-2", "name": "提取（二手房）"},
                ],
                "result_name": "提取凭证",
                "result_licence_type": "11000000TB000001XLT05",
                "state": "published",
                "valid_from": "2026-01-01",
                "valid_until": "2026-12-31",
                "listed_from": "2026-01-15",
                "official": True,
                "materials": [
                    material("identity", exempt_by_licence="11000000TB000001XLT01"),
                    material("invoice", may_be_deferred=True, copies=2, note="购房一年内开具"),
                    material("marriage", required=False, exempt_by_sharing="民政局"),
                    material("promise", required=False, by_promise=True),
                ],
                "situations": [
                    {
                        "key": "spouse",
                        "text": "配偶是否一同提取？",
                        "options": [
                            {"key": "no", "text": "否"},
                            {"key": "yes", "text": "是", "adds": ["marriage"]},
                        ],
                    },
                    {
                        "key": "invoice",
                        "text": "发票是否已经开具？",
                        "options": [
                            {"key": "ready", "text": "已开具", "chooses": "TQ-2"},
                            {"key": "later", "text": "未开具", "adds": ["promise"], "waives": ["invoice"]},
                        ],
                    },
                    {
                        "key": "developer",
                        "text": "开发商是否备案？",
                        "asked_when": {"invoice": ["later"], "spouse": ["no", "yes"]},
                        "options": [
                            {"key": "no", "text": "否"},
                            {"key": "yes", "text": "是", "chooses": f"{AGENCY}3{CODE}01"},
                        ],
                    },
                ],
            }
        ],
    }


def encode(value: object) -> bytes:
    return json.dumps(value).encode()


def catalogue(**changes: Any) -> Catalogue:
    file = content()
    file["items"][0].update(changes)
    return parse_catalogue(encode(file))


def keys(item: Item, **answers: str) -> list[str]:
    return [material.key for material in required_materials(item, answers)]


def test_a_file_is_read_into_its_item() -> None:
    item = catalogue().items[0]
    assert (item.catalogue, item.code, item.version) == ("430600", CODE, 2)
    assert item.handling_type is HandlingType.COMMITTED
    assert item.valid_until == date(2026, 12, 31)
    assert item.materials[0].exempt_by_licence.endswith("T01")
    assert item.situations[1].options[1].waives == ("invoice",)
    assert item.official
    assert (item.apply_ways, item.result_ways) == (
        (ApplyWay.WINDOW, ApplyWay.ONLINE),
        (ResultWay.POST, ResultWay.ELECTRONIC),
    )
    assert item.procedure == ("收件", "受理", "审核", "办结")
    assert item.conditions == "连续缴存满六个月"
    assert item.listed_from == date(2026, 1, 15)
    assert [each.code for each in item.handling_items] == [f"{AGENCY}3{CODE}01", "TQ-2"]
    assert item.situations[2].asked_when == {"invoice": {"later"}, "spouse": {"no", "yes"}}
    assert item.situations[2].options[1].chooses == f"{AGENCY}3{CODE}01"
    assert (item.materials[1].copies, item.materials[1].note) == (2, "购房一年内开具")
    assert item.materials[2].exempt_by_sharing == "民政局"
    assert item.missing_elements == ()
    assert catalogue().windows[1] == Window("岳阳楼区政务大厅", "东茅岭路1号")


def test_the_basic_code_is_taken_from_a_code_that_conforms() -> None:
    assert catalogue().items[0].basic_code == CODE
    assert catalogue().items[0].implementation_code == ""
    assert catalogue(code="LOCAL-7").items[0].basic_code == ""
    assert catalogue(code="LOCAL-7", basic_code=CODE).items[0].basic_code == CODE


def test_what_is_written_is_read_back_and_written_the_same_again() -> None:
    first = catalogue()
    data = dump_catalogue(first)
    assert parse_catalogue(data) == first
    assert dump_catalogue(parse_catalogue(data)) == data
    assert json.loads(data) == content()


def test_a_byte_order_mark_is_no_fault() -> None:
    assert parse_catalogue(b"\xef\xbb\xbf" + encode(content())) == catalogue()


def test_an_item_is_found_letter_for_letter() -> None:
    assert catalogue().find(CODE) == catalogue().items[0]
    assert catalogue().find(CODE + " ") is None


def test_an_unknown_code_is_not_found() -> None:
    with pytest.raises(NotFound, match="LOCAL-9") as caught:
        catalogue().item_in_force("LOCAL-9", TODAY)
    assert caught.value.reason is Reason.ITEM_UNKNOWN


@pytest.mark.parametrize("on", [date(2026, 1, 1), TODAY, date(2026, 12, 31)])
def test_a_published_item_is_in_force_from_its_first_to_its_last_day(on: date) -> None:
    assert catalogue().item_in_force(CODE, on).code == CODE


@pytest.mark.parametrize(
    ("changes", "on", "why"),
    [
        ({"state": "draft"}, TODAY, "it is draft"),
        ({"state": "suspended"}, TODAY, "it is suspended"),
        ({"state": "retired"}, TODAY, "it is retired"),
        ({}, date(2025, 12, 31), "valid from 2026-01-01"),
        ({}, date(2027, 1, 1), "valid until 2026-12-31"),
    ],
)
def test_an_item_out_of_force_says_why(changes: dict[str, str], on: date, why: str) -> None:
    with pytest.raises(WrongState, match=why) as caught:
        catalogue(**changes).item_in_force(CODE, on)
    assert caught.value.reason is Reason.ITEM_NOT_IN_FORCE


def test_materials_follow_the_answers() -> None:
    item = catalogue().items[0]
    assert keys(item, spouse="no", invoice="ready") == ["identity", "invoice"]
    assert keys(item, spouse="yes", invoice="ready") == ["identity", "invoice", "marriage"]
    assert keys(item, spouse="yes", invoice="later", developer="no") == ["identity", "marriage", "promise"]


def test_what_an_answer_adds_is_required_of_this_applicant() -> None:
    materials = required_materials(catalogue().items[0], {"spouse": "yes", "invoice": "later", "developer": "yes"})
    assert all(material.required for material in materials)


def test_what_one_answer_adds_no_other_answer_waives() -> None:
    file = content()
    file["items"][0]["situations"][0]["options"][1]["adds"].append("invoice")
    item = parse_catalogue(encode(file)).items[0]
    assert "invoice" in keys(item, spouse="yes", invoice="later", developer="no")


def test_answers_to_somebody_elses_questions_pass() -> None:
    assert keys(catalogue().items[0], spouse="no", invoice="ready", house="new") == ["identity", "invoice"]


def test_the_national_list_is_a_catalogue_of_basic_codes() -> None:
    file = content()
    file["id"] = NATIONAL
    assert parse_catalogue(encode(file)).items[0].basic_code == CODE


def test_a_handling_item_that_no_answer_chooses_is_no_fault() -> None:
    assert len(catalogue(situations=[]).items[0].handling_items) == 2


def version(number: int, **changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {**content()["items"][0], "version": number}
    return {name: value for name, value in {**item, **changes}.items() if value is not None}


def of_versions(*items: dict[str, Any]) -> Catalogue:
    return parse_catalogue(encode({**content(), "items": list(items)}))


def speaking(catalogue: Catalogue, on: str) -> int | None:
    item = catalogue.find_on(CODE, date.fromisoformat(on))
    return item.version if item else None


def test_the_highest_version_that_had_begun_speaks_for_a_day() -> None:
    several = of_versions(
        version(2, listed_from="2026-03-01"),
        version(1, listed_from=None),
        version(3, listed_from="2026-05-01", valid_from="2026-06-01"),
    )
    assert [item.version for item in several.versions(CODE)] == [3, 2, 1]
    assert [several.find(CODE, number) for number in (3, None)] == [several.items[2]] * 2
    assert several.find(CODE, 4) is None
    assert [speaking(several, on) for on in ("2025-01-01", "2026-02-28", "2026-03-01", "2026-05-31", "2026-06-01")] == [
        1,
        1,
        2,
        2,
        3,
    ]
    why = several.why_not_applicable
    assert why(several.items[1], date(2026, 3, 1)) == "version 2 took its place on 2026-03-01"
    assert why(several.items[0], date(2026, 2, 28)) == "the catalogue has version 2 from 2026-03-01 only"
    assert why(several.items[0], date(2026, 3, 1)) == ""
    assert why(several.items[2], date(2026, 5, 31)) == "it is valid from 2026-06-01 only"


def test_a_version_that_was_replaced_before_it_began_never_speaks() -> None:
    several = of_versions(
        version(1, listed_from=None),
        version(2, listed_from="2026-02-01", valid_from="2026-06-01"),
        version(3, listed_from="2026-03-01", valid_from="2026-09-01"),
    )
    assert [speaking(several, on) for on in ("2026-06-01", "2026-08-31", "2026-09-01")] == [1, 1, 3]
    why = several.why_not_applicable(several.items[1], date(2026, 6, 1))
    assert why == "it was replaced before it began, on 2026-06-01"


def test_a_list_that_may_still_grow_is_not_handed_out() -> None:
    with pytest.raises(WrongState, match="no answer to spouse") as caught:
        required_materials(catalogue().items[0], {"invoice": "ready"})
    assert caught.value.reason is Reason.ITEM_NEEDS_FACTS
    assert caught.value.details == {"questions": "spouse"}


def test_an_answer_that_is_not_offered_is_malformed_and_not_repeated() -> None:
    with pytest.raises(Malformed, match="no or yes") as caught:
        required_materials(catalogue().items[0], {"spouse": "孙䶮", "invoice": "ready"})
    assert "孙䶮" not in str(caught.value)


def test_the_same_code_twice_is_refused_by_the_file_and_by_the_value() -> None:
    file = content()
    file["items"].append(file["items"][0])
    with pytest.raises(Malformed, match=f"'{CODE} version 2' stands twice"):
        parse_catalogue(encode(file))
    item = catalogue().items[0]
    with pytest.raises(Malformed, match="each version of a code once"):
        Catalogue("430600", "测试", 1, (item, item))


def set_item(field: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda file: file["items"][0].__setitem__(field, value)


def drop_item(field: str) -> Callable[[dict[str, Any]], None]:
    return lambda file: file["items"][0].__delitem__(field)


def spoil_question(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda file: file["items"][0]["situations"][2].update(changes)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (drop_item("name"), f"items[1] {CODE}, name: a text"),
        (set_item("name", " 甲"), "name: a text, neither empty nor with blanks"),
        (set_item("name", "甲" * 201), "name: 201 characters"),
        (set_item("code", "9" * 65), "code: 65 characters"),
        (set_item("version", "2"), "version: a whole number"),
        (set_item("version", True), "version: a whole number"),
        (set_item("version", 0), "version: a whole number of 1"),
        (set_item("item_type", "30"), "item_type: one of 01,"),
        (set_item("handling_type", True), "handling_type: one of 1, 2"),
        (set_item("handling_type", []), "handling_type: one of 1, 2"),
        (set_item("applicant_types", [1, 7]), "applicant_types: one of 1, 2, 3, 4, 5, 6, 9"),
        (set_item("applicant_types", 1), "applicant_types: a list is wanted"),
        (set_item("statutory_days", -1), "statutory_days: a whole number of 0 to 1000"),
        (set_item("promised_days", 0), "promised_days: a 承诺件"),
        (set_item("modes", ["fax"]), "modes: one of online, remote, joint"),
        (set_item("state", "Published"), "state: one of draft"),
        (set_item("valid_from", "2026-13-01"), "valid_from: a day"),
        (set_item("valid_until", None), "valid_until: a day"),
        (set_item("valid_until", "2025-01-01"), "2025-01-01 is before valid_from"),
        (set_item("official", "yes"), "official: true or false"),
        (set_item("basic_code", "000000000000"), "contradicts the code's own segments"),
        (set_item("colour", "red"), "colour: there is no such field"),
        (set_item("materials", [1]), "materials[1]: not a JSON object"),
        (set_item("materials", {}), "materials: a list is wanted"),
        (
            lambda file: file["items"][0]["materials"].append(file["items"][0]["materials"][0]),
            "'identity' stands twice",
        ),
        (lambda file: file["items"][0]["materials"][0].update(key="ID-1"), "key: 1 to 64 lower-case"),
        (lambda file: file["items"][0]["materials"][0].pop("required"), "materials[1] identity, required: true or"),
        (lambda file: file["items"][0]["situations"][0]["options"].pop(), "options: a question offers 2 to 50"),
        (
            lambda file: file["items"][0]["situations"][0]["options"][0].update(adds=["nothing"]),
            "spouse=no names material 'nothing'",
        ),
        (
            lambda file: file["items"][0]["situations"][0]["options"][0].update(adds="marriage"),
            "adds: a list is wanted",
        ),
        (lambda file: file["items"][0]["situations"][0]["options"][0].update(key="yes"), "'yes' stands twice"),
        (set_item("conditions", "甲" * 1001), "conditions: 1001 characters"),
        (set_item("fee", "\ud800"), "fee: it has half of a character"),
        (set_item("apply_ways", ["fax"]), "apply_ways: one of window, online, self_service, post"),
        (set_item("result_ways", "post"), "result_ways: a list is wanted"),
        (set_item("procedure", ["收件", ""]), "procedure: a text"),
        (set_item("listed_from", ""), "listed_from: a day"),
        (set_item("materials", None), "materials: a list is wanted"),
        (set_item("handling_items", [{"code": "TQ-2"}]), "handling_items[1] TQ-2, name: a text"),
        (lambda file: file["items"][0]["handling_items"][1].update(code=f"{AGENCY}3{CODE}01"), "01' stands twice"),
        (
            lambda file: file["items"][0].update(implementation_code=f"{AGENCY}2{CODE}", code="LOCAL-7"),
            f"handling_items: {AGENCY}3{CODE}01 does not begin with implementation_code",
        ),
        (lambda file: file["items"][0]["materials"][1].update(copies=0), "copies: a whole number of 1"),
        (lambda file: file["items"][0]["materials"][1].update(copies=True), "copies: a whole number of 1"),
        (lambda file: file["items"][0]["materials"][1].update(note="甲" * 1001), "note: 1001 characters"),
        (
            spoil_question(asked_when={"house": ["new"]}),
            "developer is asked after 'house', which is no earlier question",
        ),
        (spoil_question(asked_when={"developer": ["no"]}), "after 'developer', which is no earlier question"),
        (spoil_question(asked_when={"invoice": ["never"]}), "developer is asked after invoice='never', which is not"),
        (spoil_question(asked_when={"invoice": []}), "asked_when: an object of questions with one or more answers"),
        (spoil_question(asked_when=["invoice"]), "asked_when: an object of questions"),
        (
            lambda file: file["items"][0]["situations"][0]["options"][0].update(chooses="TQ-9"),
            "spouse=no chooses handling item 'TQ-9', not in the item",
        ),
        (lambda file: file["windows"][1].pop("address"), "windows[2] 岳阳楼区政务大厅, address: a text"),
        (lambda file: file.update(id="4306"), "catalogue, id: a region of six digits"),
        (lambda file: file.pop("items"), "catalogue, items: a list is wanted"),
        (lambda file: file.update(version=None), "catalogue, version: a whole number"),
    ],
)
def test_a_fault_is_named_by_item_and_field(spoil: Callable[[dict[str, Any]], None], message: str) -> None:
    file = content()
    spoil(file)
    with pytest.raises(Malformed) as caught:
        parse_catalogue(encode(file))
    assert message in str(caught.value)
    assert caught.value.reason is Reason.FIELD_INVALID


def test_what_no_other_gateway_would_take_is_refused_in_a_file_too() -> None:
    file = content()
    file["windows"] = [{"name": f"窗口{number}", "address": "某路"} for number in range(201)]
    with pytest.raises(Malformed, match="windows: 201 windows; 200 are the most"):
        parse_catalogue(encode(file))
    file["windows"].pop()
    assert len(parse_catalogue(encode(file)).windows) == 200
    file["items"][0]["procedure"] = ["步骤" * 100 for _ in range(110)]
    with pytest.raises(Malformed, match=r"item .*: \d{5} bytes as a record"):
        parse_catalogue(encode(file))


def test_all_faults_are_named_at_once() -> None:
    file = content()
    file["items"][0].update(name="", state="open")
    file["name"] = 7
    with pytest.raises(Malformed, match=r"3 fault\(s\)"):
        parse_catalogue(encode(file))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"id": "430600", "id": "421000"}', "'id' stands twice"),
    ],
)
def test_what_is_not_a_json_object_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_catalogue(data)
    assert message in str(caught.value)
