"""The Hunan dialect, value by value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from adapters.failures import TokenExpired
from adapters.foreign import NotReadable
from adapters.hunan import mapping
from gateway.domain.application import ApplicantType, SupplementItem
from gateway.domain.case import (
    Accepted,
    Decided,
    EventBody,
    EventKind,
    Rated,
    Refused,
    Resumed,
    Side,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
)
from gateway.domain.case_number import CaseNumber
from gateway.domain.catalogue import (
    ApplyWay,
    HandlingItem,
    HandlingType,
    ItemState,
    MaterialForm,
    MaterialSource,
    Mode,
    ResultWay,
    Window,
)
from gateway.domain.codes import ItemType
from gateway.domain.platform import Notice, PlatformMessage, UnreadableNotice
from trust.errors import Unavailable, WrongState

MessageOf = Callable[[Side, EventBody], PlatformMessage]


def test_a_case_is_handed_over_field_by_field(message_of: MessageOf, submitted: Submitted) -> None:
    assert mapping.case_form(message_of(Side.PROCESSING, submitted)) == {
        "outerNo": "430600-20261121-000001-K",
        "outerSeq": "0123456789abcdef0123456789abcdef",
        "direction": "2",
        "rightsCode": "J-9",
        "rightsVersion": "2",
        "unifyName": "离休、退休提取住房公积金",
        "peerRightsCode": "Y-1",
        "peerUnifyName": "正常退休提取住房公积金",
        "peerCaseNo": "YY-77",
        "outAreaCode": "430600000000",
        "inAreaCode": "421000000000",
        "applyTime": "2026-11-21 00:30:05",
        "applicant": {
            "type": "1",
            "name": "陈𠮷安",
            "certType": "111",
            "certNo": "421002196603129970",
            "mobile": "10000000001",
        },
        "agent": {"type": "1", "name": "孙䶮", "certType": "111", "certNo": "421003196511089998", "mobile": None},
        "situations": [{"code": "basis", "option": "retired"}],
        "materials": [
            {
                "materialCode": "form",
                "materialName": "申请表",
                "submitType": "1",
                "sha256": "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027",
                "fileType": "application/pdf",
                "fileContent": "JVBERg==",
                "expressNo": None,
                "licence": None,
            },
            {
                "materialCode": "retired",
                "materialName": "退休证",
                "submitType": "3",
                "sha256": None,
                "fileType": None,
                "fileContent": None,
                "expressNo": None,
                "licence": "eyJ0.e30.c2ln~d~kb",
            },
            {
                "materialCode": "photo",
                "materialName": "照片",
                "submitType": "2",
                "sha256": None,
                "fileType": None,
                "fileContent": None,
                "expressNo": "SF0001",
                "licence": None,
            },
        ],
    }


def test_a_case_is_registered_under_the_accepting_places_own_item(message_of: MessageOf, submitted: Submitted) -> None:
    form: Any = mapping.case_form(message_of(Side.ACCEPTING, submitted))
    assert (form["direction"], form["rightsCode"], form["rightsVersion"]) == ("1", "Y-1", "3")
    assert form["peerRightsCode"] == "J-9"
    assert form["situations"] == [{"code": "account", "option": "single"}, {"code": "retired", "option": "approved"}]
    assert {material["fileContent"] for material in form["materials"]} == {None}
    assert {material["licence"] for material in form["materials"]} == {None}


@pytest.mark.parametrize(
    ("event", "code", "content"),
    [
        (Supplemented(2, (), "补"), "11", {"requestNo": 2, "note": "补", "materials": []}),
        (WithdrawalRequested("不办了"), "12", {"reason": "不办了"}),
        (Rated(5), "13", {"score": "5", "comment": None}),
        (Accepted("JZ-1", 3), "21", {"peerCaseNo": "JZ-1", "promiseDays": 3}),
        (Refused("不符"), "22", {"reason": "不符"}),
        (
            SupplementRequested(1, (SupplementItem("form", "未签名"),)),
            "23",
            {"requestNo": 1, "lackList": [{"materialCode": "form", "reason": "未签名"}]},
        ),
        (Suspended("听证", "申请"), "24", {"procedure": "听证", "reason": "申请"}),
        (Resumed(), "25", {}),
        (
            Decided(True, "准予", "1号", "sd~"),
            "26",
            {"result": "1", "opinion": "准予", "certNo": "1号", "certContent": "sd~"},
        ),
        (
            Decided(False, "不予"),
            "26",
            {"result": "0", "opinion": "不予", "certNo": None, "certContent": None},
        ),
        (Withdrawn(), "27", {}),
        (WithdrawalRefused("已划款"), "28", {"reason": "已划款"}),
    ],
)
def test_each_step_has_its_number_and_its_fields(
    message_of: MessageOf, event: EventBody, code: str, content: mapping.Json
) -> None:
    form = mapping.step_form(message_of(Side.ACCEPTING, event), "YY43060000000001")
    assert form == {
        "outerNo": "430600-20261121-000001-K",
        "direction": "1",
        "caseNo": "YY43060000000001",
        "outerSeq": "0123456789abcdef0123456789abcdef",
        "stepType": code,
        "stepTime": "2026-11-21 00:30:05",
        "content": content,
    }


def test_every_kind_but_the_submission_is_a_step_of_its_own() -> None:
    assert set(mapping.STEP_TYPES) == set(EventKind) - {EventKind.SUBMITTED}
    assert len(set(mapping.STEP_TYPES.values())) == len(mapping.STEP_TYPES)


# ---------------------------------------------------------------------------------------------------------- envelope


def envelope(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize("success", [True, "true", "True"])
def test_success_is_said_in_several_ways(success: object) -> None:
    assert mapping.open_reply(envelope(success=success, data=[1]), "try") == [1]


@pytest.mark.parametrize("error", ["invalid_token", "token_expired", 401])
def test_a_forgotten_token_is_told_apart(error: object) -> None:
    with pytest.raises(TokenExpired):
        mapping.open_reply(envelope(success=False, error=error), "try")


@pytest.mark.parametrize(
    "raw",
    [
        envelope(success=False, error="SYSTEM_BUSY"),
        envelope(success="false", error=503),
        envelope(success=False, error=-1),
        b"<html>",
        b"[]",
        b"{}",
        b"\xff",
        b"",
    ],
)
def test_passing_errors_and_nonsense_are_unavailability(raw: bytes) -> None:
    with pytest.raises(Unavailable):
        mapping.open_reply(raw, "try")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (4004, "error 4004"),
        ("PARAM_ERROR", "error PARAM_ERROR"),
        ("王小明的证件有误", "without a code"),
        (None, "without"),
    ],
)
def test_any_other_error_is_a_refusal_that_quotes_a_code_and_never_a_sentence(error: object, shown: str) -> None:
    with pytest.raises(WrongState) as caught:
        mapping.open_reply(envelope(success=False, error=error, msg="王小明的证件有误"), "try")
    assert shown in str(caught.value)
    assert "王小明" not in str(caught.value)


# --------------------------------------------------------------------------------------------------------- catalogue

DETAILS: dict[str, Any] = {
    "unifyId": "u1",
    "unifyName": "正常退休提取住房公积金",
    "rightsCode": "12430600TB4306016C343209000100001",
    "rightsId": None,
    "ywCode": None,
    "version": "3",
    "areaCode": "430600000000",
    "serveObject": "1,2",
    "typeName": "公共服务",
    "handleType": 2,
    "legalDays": "20",
    "promiseDays": 5,
    "crossMode": "2,3",
    "deptName": "岳阳市住房公积金中心",
    "status": 1,
    "effectDate": "2024-01-01 00:00:00",
    "invalidDate": "2027-06-30 23:59:59",
    "feeInfo": None,
    "isOfficial": 0,
    "materialList": [
        {
            "materialCode": "form",
            "materialName": "申请表",
            "isMust": 1,
            "sourceType": "10",
            "formType": 3,
            "licenceTypeCode": None,
            "isDelay": "1",
            "isPromise": None,
        }
    ],
    "resultList": None,
    "situationList": None,
    "acceptanceCondition": None,
    "applyType": None,
    "resultGetType": None,
    "businessItemList": None,
    "lctList": [],
}

STATED: dict[str, Any] = {
    **DETAILS,
    "acceptanceCondition": " 连续缴存满六个月 ",
    "applyType": "2,1,4,3",
    "resultGetType": "4,3,2,1",
    "businessItemList": [{"businessItemCode": "YW-1", "businessItemName": "提取（新房）"}],
    "lctList": [{"stepNo": "10", "stepName": "办结"}, {"stepNo": 2, "stepName": "受理"}],
    "materialList": [{**DETAILS["materialList"][0], "shareDept": "公安局", "pageNum": "2", "acceptStand": "原件"}],
    "situationList": [
        {
            "code": "house",
            "title": "新房？",
            "showWhen": None,
            "options": [{"code": "new", "title": "是", "businessItemCode": "YW-1"}, {"code": "used", "title": "否"}],
        },
        {
            "code": "loan",
            "title": "贷款？",
            "showWhen": [{"code": "house", "options": "new,used"}],
            "options": [{"code": "yes", "title": "是"}, {"code": "no", "title": "否"}],
        },
    ],
}
"""The same with everything that a rule for 跨省通办 states."""


def test_an_item_is_read_field_by_field() -> None:
    item = mapping.read_item(DETAILS, "430600")
    assert (item.catalogue, item.code, item.version) == ("430600", DETAILS["rightsCode"], 3)
    assert (item.item_type, item.handling_type) == (ItemType.PUBLIC_SERVICE, HandlingType.COMMITTED)
    assert item.applicant_types == (ApplicantType.NATURAL_PERSON, ApplicantType.ENTERPRISE)
    assert (item.statutory_days, item.promised_days) == (20, 5)
    assert item.modes == (Mode.REMOTE, Mode.JOINT)
    assert item.state is ItemState.PUBLISHED
    assert (item.valid_from, item.valid_until) == (date(2024, 1, 1), date(2027, 6, 30))
    assert (item.fee, item.result_name, item.result_licence_type) == ("", "", "")
    assert item.implementation_code == item.parsed_code.implementation != ""
    (material,) = item.materials
    assert (material.required, material.may_be_deferred, material.by_promise) == (True, True, False)
    assert (material.source, material.form) == (MaterialSource.APPLICANT, MaterialForm.ORIGINAL_AND_COPY)
    assert (material.copies, material.exempt_by_sharing, material.note) == (1, "", "")
    assert item.missing_elements == ("申请条件", "申报方式", "审核程序", "发证方式")


def test_a_rule_for_other_provinces_is_read_element_by_element() -> None:
    item = mapping.read_item(STATED, "430600")
    assert item.missing_elements == ()
    assert item.conditions == "连续缴存满六个月"
    assert item.apply_ways == (ApplyWay.ONLINE, ApplyWay.WINDOW, ApplyWay.POST, ApplyWay.SELF_SERVICE)
    assert item.result_ways == tuple(reversed(ResultWay))
    assert item.procedure == ("受理", "办结")
    assert item.handling_items == (HandlingItem("YW-1", "提取（新房）"),)
    (material,) = item.materials
    assert (material.copies, material.exempt_by_sharing, material.note) == (2, "公安局", "原件")
    house, loan = item.situations
    assert (house.asked_when, loan.asked_when) == ({}, {"house": frozenset({"new", "used"})})
    assert [option.chooses for option in house.options] == ["YW-1", ""]


def test_every_page_of_the_listing_names_the_windows() -> None:
    window = {"windowName": "跨省通办窗口", "address": "岳阳大道1号", "linkPhone": None, "workTime": "工作日"}
    listing = {"total": 0, "contents": [], "directoryVersion": "7", "directoryName": "目录", "windowList": [window]}
    assert mapping.read_listing(listing)[1] == mapping.Edition(
        7, "目录", (Window("跨省通办窗口", "岳阳大道1号", hours="工作日"),)
    )
    with pytest.raises(NotReadable):
        mapping.read_listing({**listing, "windowList": [{**window, "address": None}]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"typeName": "行政许可证"},
        {"handleType": 3},
        {"legalDays": "二十"},
        {"legalDays": -1},
        {"status": None},
        {"serveObject": "1,7"},
        {"effectDate": "2024/01/01"},
        {"areaCode": "421000000000"},
        {"areaCode": "430600"},
        {"areaCode": "430600001000"},
        {"rightsCode": ""},
        {"isOfficial": "yes"},
        {"materialList": "none"},
        {"materialList": [None]},
        {"unifyName": "长" * 501},
        {"acceptanceCondition": "长" * 1001},
        {"applyType": "5"},
        {"resultGetType": "窗口"},
        {"lctList": [{"stepName": "受理"}]},
        {"businessItemList": [{"businessItemName": "提取"}]},
        {"materialList": [{**DETAILS["materialList"][0], "pageNum": 0}]},
        {"situationList": [{**STATED["situationList"][1], "showWhen": STATED["situationList"][1]["showWhen"] * 2}]},
    ],
)
def test_an_item_with_a_field_that_says_nothing_is_not_readable(wrong: dict[str, object]) -> None:
    with pytest.raises(NotReadable):
        mapping.read_item({**DETAILS, **wrong}, "430600")


# ---------------------------------------------------------------------------------------------------------- progress

ENTRY: dict[str, Any] = {
    "seq": 12,
    "stepId": "YY1-12",
    "caseNo": "YY1",
    "outerNo": "430600-20261121-000001-K",
    "stepType": 21,
    "stepTime": "2026-11-21 00:30:05",
    "content": {"promiseDays": "5"},
}


CASE_NUMBER = str(CaseNumber.make("430600", date(2026, 11, 21), 1))


def test_an_entry_is_read_with_its_time_as_beijing_time() -> None:
    progress = mapping.read_progress({**ENTRY, "outerNo": CASE_NUMBER.lower().replace("-", "")})
    assert progress.seq == 12
    assert progress.notice == Notice(
        "YY1-12", CASE_NUMBER, datetime(2026, 11, 20, 16, 30, 5, tzinfo=UTC), Accepted("YY1", 5)
    )


@pytest.mark.parametrize(
    ("wrong", "notice_id"),
    [
        ({"stepType": 99}, "YY1-12"),
        ({"stepType": 11}, "YY1-12"),  # what applicants do is not the platform's to tell
        ({"stepTime": "2026-11-21T00:30:05Z"}, "YY1-12"),
        ({"outerNo": "430600-20261121-000001-0"}, "YY1-12"),
        ({"content": None}, "YY1-12"),
        ({"content": "5"}, "YY1-12"),
        ({"content": {"promiseDays": 5000}}, "YY1-12"),
        ({"stepId": None}, None),
        ({"stepId": "x" * 65}, None),
        ({"seq": None}, None),
    ],
)
def test_an_entry_that_cannot_be_read_keeps_the_platforms_id_or_gets_its_hash(
    wrong: dict[str, object], notice_id: str | None
) -> None:
    entry = {**ENTRY, "outerNo": CASE_NUMBER, **wrong}
    notice = mapping.read_progress(entry).notice
    assert isinstance(notice, UnreadableNotice)
    assert notice.notice_id == notice_id if notice_id else len(notice.notice_id) == 64
    assert notice == mapping.read_progress(dict(reversed(entry.items()))).notice
    assert notice.because


@pytest.mark.parametrize("entry", [None, 5, "x", [], {}])
def test_an_entry_that_is_no_entry_is_kept_too(entry: object) -> None:
    assert isinstance(mapping.read_progress(entry).notice, UnreadableNotice)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        (22, {"reason": ""}),
        (22, {"reason": "长" * 1001}),
        (23, {"lackList": []}),
        (23, {"lackList": [{"materialCode": "form", "reason": None}]}),
        (24, {"procedure": "长" * 51, "reason": "x"}),
        (26, {"result": 2, "opinion": "x"}),
        (26, {"result": 1, "opinion": None}),
        (28, {}),
    ],
)
def test_steps_beyond_the_bounds_of_the_federation_are_kept_unread(code: int, content: dict[str, object]) -> None:
    entry = {**ENTRY, "outerNo": CASE_NUMBER, "stepType": code, "content": content}
    assert isinstance(mapping.read_progress(entry).notice, UnreadableNotice)
