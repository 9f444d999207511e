"""The dialect of Jingzhou's vendor, value by value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.failures import TokenExpired
from adapters.foreign import NotReadable
from adapters.jingzhou import mapping, xml
from gateway.domain.application import SupplementItem
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
from gateway.domain.catalogue import ApplyWay, HandlingItem, Item, ItemState, Mode, ResultWay, Window
from gateway.domain.codes import ItemType
from gateway.domain.platform import PlatformMessage
from trust.errors import Unavailable, WrongState

MessageOf = Callable[[Side, EventBody], PlatformMessage]


def read(document: bytes) -> xml.Tree:
    return xml.tree(xml.parse(document, "APPROVEDATAINFO"))


def test_a_case_is_handed_over_field_by_field(message_of: MessageOf, submitted: Submitted) -> None:
    document = mapping.exchange_document(message_of(Side.PROCESSING, submitted), "")
    assert read(document) == {
        "EXCHANGENO": "0123456789abcdef0123456789abcdef",
        "EXPRESSTYPE": "3",
        "STATE": "01",
        "FX": "BL",
        "SBLSH": "430600-20261121-000001-K",
        "BJBH": "",
        "DFBJBH": "YY-77",
        "SXBM": "J-9",
        "SXBBH": "2",
        "SXMC": "离休、退休提取住房公积金",
        "DFSXBM": "Y-1",
        "DFSXMC": "正常退休提取住房公积金",
        "SJXZQHDM": "430600",
        "XZQHDM": "421000",
        "SBSJ": "20261121003005",
        "SQRLX": "GR",
        "SQRMC": "陈𠮷安",
        "ZJLX": "111",
        "ZJHM": "421002196603129970",
        "LXDH": "10000000001",
        "YWXX": {
            "DLR": {"SQRLX": "GR", "SQRMC": "孙䶮", "ZJLX": "111", "ZJHM": "421003196511089998", "LXDH": ""},
            "QX": {"WTBM": "basis", "DABM": "retired"},
            "CL": [
                {
                    "CLBM": "form",
                    "CLMC": "申请表",
                    "TJFS": "DZ",
                    "WJZY": "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027",
                    "WJLX": "application/pdf",
                    "WJNR": "JVBERg==",
                    "KDDH": "",
                    "DZZZ": "",
                },
                {
                    "CLBM": "retired",
                    "CLMC": "退休证",
                    "TJFS": "ZZ",
                    "WJZY": "",
                    "WJLX": "",
                    "WJNR": "",
                    "KDDH": "",
                    "DZZZ": "eyJ0.e30.c2ln~d~kb",
                },
                {
                    "CLBM": "photo",
                    "CLMC": "照片",
                    "TJFS": "YJ",
                    "WJZY": "",
                    "WJLX": "",
                    "WJNR": "",
                    "KDDH": "SF0001",
                    "DZZZ": "",
                },
            ],
        },
    }


def test_a_case_is_registered_under_the_accepting_places_own_item(message_of: MessageOf, submitted: Submitted) -> None:
    tree: Any = read(mapping.exchange_document(message_of(Side.ACCEPTING, submitted), ""))
    assert (tree["FX"], tree["SXBM"], tree["DFSXBM"]) == ("SJ", "Y-1", "J-9")
    assert tree["YWXX"]["QX"] == [{"WTBM": "account", "DABM": "single"}, {"WTBM": "retired", "DABM": "approved"}]
    assert {material["WJNR"] + material["DZZZ"] for material in tree["YWXX"]["CL"]} == {""}


@pytest.mark.parametrize(
    ("event", "state", "express", "business"),
    [
        (Supplemented(2, (), "补"), "02", "1", {"BZXH": "2", "BZSM": "补"}),
        (WithdrawalRequested("不办了"), "03", "0", {"YY": "不办了"}),
        (Rated(5, "好"), "04", "0", {"MYD": "1", "PJNR": "好"}),
        (Rated(1), "04", "0", {"MYD": "5", "PJNR": ""}),
        (Accepted("HN-1", 3), "10", "0", {"DFBJBH": "HN-1", "CNQX": "3"}),
        (Refused("不符"), "11", "0", {"YY": "不符"}),
        (
            SupplementRequested(1, (SupplementItem("form", "未签名"),)),
            "12",
            "0",
            {"BZXH": "1", "BZCL": {"CLBM": "form", "QSSM": "未签名"}},
        ),
        (Suspended("听证", "申请"), "13", "0", {"TSCX": "听证", "YY": "申请"}),
        (Resumed(), "14", "0", ""),
        (Decided(True, "准予", "1号", "sd~"), "20", "0", {"BJYJ": "准予", "ZZBH": "1号", "ZZNR": "sd~"}),
        (Decided(False, "不予"), "21", "0", {"BJYJ": "不予", "ZZBH": "", "ZZNR": ""}),
        (Withdrawn(), "30", "0", ""),
        (WithdrawalRefused("已划款"), "31", "0", {"YY": "已划款"}),
    ],
)
def test_each_step_has_its_state_and_its_fields(
    message_of: MessageOf, event: EventBody, state: str, express: str, business: object
) -> None:
    tree = read(mapping.exchange_document(message_of(Side.ACCEPTING, event), "JZ1"))
    assert (tree["STATE"], tree["EXPRESSTYPE"], tree["BJBH"], tree["YWXX"]) == (state, express, "JZ1", business)


def test_every_kind_has_a_state_of_its_own() -> None:
    codes = [*mapping.STATES.values(), *mapping.DECISION_STATES.values()]
    assert set(mapping.STATES) == set(EventKind) - {EventKind.DECIDED}
    assert len(set(codes)) == len(codes)


def test_item_types_are_the_national_ones_but_for_the_gap() -> None:
    assert len(mapping.ITEM_TYPES) == len(ItemType)
    assert mapping.ITEM_TYPES["1"] is ItemType.LICENSING
    assert mapping.ITEM_TYPES["10"] is ItemType.OTHER_POWER
    assert mapping.ITEM_TYPES["11"] is ItemType.PUBLIC_SERVICE


# --------------------------------------------------------------------------------------------------------- envelopes


def job_reply(code: object, message: str = "", data: object = None) -> bytes:
    return json.dumps({"code": code, "message": message, "outData": data}).encode()


def result(status: str, description: str) -> bytes:
    return f"<RESULT><STATUS>{status}</STATUS><DESC>{description}</DESC></RESULT>".encode()


def test_success_may_be_a_number_or_a_text() -> None:
    assert mapping.open_job_reply(job_reply(200, data=[1]), "try") == [1]
    assert mapping.open_job_reply(job_reply("200", data=[2]), "try") == [2]
    assert mapping.open_exchange_reply(result("200", "成功"), "try").text("DESC", 10) == "成功"


def test_the_code_at_the_beginning_of_the_text_says_what_kind_of_failure_it_is() -> None:
    for description, expected in [
        ("E1001 令牌失效", TokenExpired),
        ("E9001 系统繁忙", Unavailable),
        ("E3004 事项不存在", WrongState),
        ("王小明的证件有误", WrongState),
        ("", WrongState),
    ]:
        with pytest.raises(expected) as from_job:
            mapping.open_job_reply(job_reply("300", description), "try")
        with pytest.raises(expected) as from_exchange:
            mapping.open_exchange_reply(result("300", description), "try")
        assert "王小明" not in str(from_job.value) + str(from_exchange.value)


@pytest.mark.parametrize("raw", [b"", b"<html><body>x</body></html>", b"{}", b"[]", b'{"code": null}', b"<RESULT/>"])
def test_nonsense_is_unavailability(raw: bytes) -> None:
    with pytest.raises(Unavailable):
        mapping.open_job_reply(raw, "try")
    with pytest.raises(Unavailable):
        mapping.open_exchange_reply(raw, "try")


@pytest.mark.parametrize("data", [None, {}, ""])
def test_a_case_that_the_platform_does_not_have(data: object) -> None:
    assert mapping.read_held(data) is None


@pytest.mark.parametrize(
    "wrong", [{"xzqhdm": "430600"}, {"total": "many"}, {"mlbb": 0}, {"list": [{}]}, {"ckxx": [{"ckmc": "大厅"}]}]
)
def test_a_catalogue_page_that_says_something_else_is_not_readable(wrong: dict[str, object]) -> None:
    page = {"xzqhdm": "421000", "total": "0", "mlbb": 1, "mlmc": "目录", "list": []}
    assert mapping.read_catalogue_page(page, "421000")[1] == mapping.Edition(1, "目录", ())
    with pytest.raises(NotReadable):
        mapping.read_catalogue_page({**page, **wrong}, "421000")


ROW: dict[str, Any] = {
    "sxbm": "511A0147300000-511602000000-000-11511300008778693M-1-00",
    "sxmc": "户口迁移审批",
    "bbh": "2",
    "jbbm": "",
    "ssbm": "",
    "sxlx": 11,
    "bjlx": "CNJ",
    "fwdx": "GR",
    "fdqx": 20,
    "cnqx": "5",
    "tbms": "DSDB,QCWB",
    "ssjg": "公安局",
    "sxzt": "ZT",
    "yxqq": "20240101",
    "yxqz": "",
    "sfgf": "0",
    "sltj": "一方落户",
    "sbfs": "WS,CK,YJ,ZZ",
    "fzfs": "DZ,YJ,YWCK,SJCK",
    "bllc": [{"xh": "10", "hjmc": "办结"}, {"xh": 9, "hjmc": "审核"}],
    "ywblx": [{"ywblxbm": "YW-1", "ywblxmc": "夫妻投靠"}],
    "clqd": [
        {
            "clbm": "form",
            "clmc": "申请表",
            "sfby": "1",
            "lyqd": "ZB",
            "clxs": "YJ",
            "gxbm": "民政局",
            "clfs": "2",
            "slbz": "签名",
        }
    ],
    "qxyd": [
        {
            "wtbm": "kind",
            "wtnr": "投靠谁？",
            "qztj": [],
            "daxx": [{"dabm": "spouse", "danr": "配偶", "ywblxbm": "YW-1"}, {"dabm": "parent", "danr": "父母"}],
        },
        {
            "wtbm": "age",
            "wtnr": "成年？",
            "qztj": [{"wtbm": "kind", "dabm": "parent"}],
            "daxx": [{"dabm": "yes", "danr": "是"}, {"dabm": "no", "danr": "否"}],
        },
    ],
}


def read_row(**changes: object) -> Item:
    window = {"ckmc": "大厅", "ckdz": "北京路1号", "lxdh": "", "bgsj": "工作日"}
    page = {"xzqhdm": "421000", "total": "1", "mlbb": "3", "mlmc": "目录", "ckxx": window, "list": {**ROW, **changes}}
    rows, edition = mapping.read_catalogue_page(page, "421000")
    assert edition == mapping.Edition(3, "目录", (Window("大厅", "北京路1号", hours="工作日"),))
    ((code, item),) = rows.rows
    assert code == item.code
    return item


def test_an_item_is_read_field_by_field() -> None:
    item = read_row()
    assert (item.code, item.parsed_code.conforms, item.basic_code) == (ROW["sxbm"], False, "")
    assert (item.item_type, item.state) == (ItemType.PUBLIC_SERVICE, ItemState.SUSPENDED)
    assert item.modes == (Mode.REMOTE, Mode.ONLINE)
    assert item.missing_elements == ()
    assert item.conditions == "一方落户"
    assert item.apply_ways == (ApplyWay.ONLINE, ApplyWay.WINDOW, ApplyWay.POST, ApplyWay.SELF_SERVICE)
    assert item.result_ways == tuple(reversed(ResultWay))
    assert item.procedure == ("审核", "办结")
    assert item.handling_items == (HandlingItem("YW-1", "夫妻投靠"),)
    (material,) = item.materials
    assert (material.copies, material.exempt_by_sharing, material.note) == (2, "民政局", "签名")
    kind, age = item.situations
    assert (kind.asked_when, age.asked_when) == ({}, {"kind": frozenset({"parent"})})
    assert [option.chooses for option in kind.options] == ["YW-1", ""]


def test_what_an_item_does_not_state_is_empty() -> None:
    item = read_row(sltj="", sbfs="", fzfs=None, bllc=[], ywblx=None, clqd=[{**ROW["clqd"][0], "clfs": ""}], qxyd="")
    assert item.missing_elements == ("申请条件", "申报方式", "审核程序", "发证方式")
    assert (item.handling_items, item.situations, item.materials[0].copies) == ((), (), 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sltj": "长" * 1001},
        {"sbfs": "CK;WS"},
        {"fzfs": "XX"},
        {"bllc": [{"xh": "1", "hjmc": ""}]},
        {"ywblx": [{"ywblxbm": "YW-1"}]},
        {"clqd": [{**ROW["clqd"][0], "clfs": "两份"}]},
        {"qxyd": [{**ROW["qxyd"][1], "qztj": ROW["qxyd"][1]["qztj"] * 2}]},
        {"sxzt": "YX"},
        {"sxlx": 14},
    ],
)
def test_an_item_with_a_field_that_says_nothing_is_not_readable(wrong: dict[str, object]) -> None:
    with pytest.raises(NotReadable):
        read_row(**wrong)
