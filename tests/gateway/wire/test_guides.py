"""GetGuide on the wire: bounds of the request, and nothing of a guide left unsaid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from google.protobuf.message import Message
from tongban.catalogue.v1 import guide_pb2
from tongban.catalogue.v1.catalogue_service_pb2 import GetGuideRequest, GetGuideResponse

from gateway.domain import commands
from gateway.domain.catalogue import (
    ApplyWay,
    HandlingItem,
    MaterialForm,
    MaterialSource,
    Mode,
    ResultWay,
    Window,
)
from gateway.domain.guide import Guide, GuideAnswer, GuideMaterial, MaterialWay
from gateway.domain.translation import Step
from gateway.wire.guides import read_get_guide, write_shown_guide
from tests.gateway.exchange.world import JINGZHOU, RESULT_TYPE, YUEYANG, item, row
from trust.errors import Malformed, Reason


def request(**changes: Any) -> bytes:
    fields = {"source_catalogue": "430600", "target_catalogue": "421000", "code": "S-1"}
    return GetGuideRequest(**{**fields, **changes}).SerializeToString()


def material(way: MaterialWay) -> GuideMaterial:
    return GuideMaterial(
        key="form",
        target_key="application",
        name="申请表",
        source=MaterialSource.OTHER,
        form=MaterialForm.ORIGINAL_AND_COPY,
        copies=2,
        way=way,
        way_detail="细节",
        may_be_deferred=True,
        accepting_check="形式审查",
        processing_check="实质审查",
        note="说明",
    )


def full_guide() -> Guide:
    """A guide in which nothing is empty."""
    target = item(
        JINGZHOU,
        "T-1",
        conditions="条件",
        procedure=("受理", "办结"),
        fee="10元",
        result_name="证",
        result_licence_type=RESULT_TYPE,
    )
    return Guide(
        source=item(YUEYANG, "S-1"),
        target=target,
        handling_item=HandlingItem("T-01", "业务项"),
        situation=(GuideAnswer("问？", "答", "421000", by_mapping=True),),
        modes=(Mode.REMOTE, Mode.JOINT),
        apply_ways=(ApplyWay.WINDOW,),
        result_ways=(ResultWay.POST,),
        materials=tuple(material(way) for way in MaterialWay),
        due_date=date(2027, 1, 4),
        due_date_provisional=True,
        accepting_place="岳阳市",
        processing_place="荆州市",
        accepting_windows=(Window("甲", "路", "1", "时"),),
        processing_windows=(Window("乙", "路", "2", "时"),),
        on=date(2026, 12, 30),
        path=(Step(row("S-1", "T-1"), inverted=True),),
        scan_text="tongban:1/",
    )


def empty_fields(message: Message, path: str = "") -> list[str]:
    """Every field of a message and of those inside it that holds nothing."""
    empty = []
    set_fields = {field.name: value for field, value in message.ListFields()}
    for field in message.DESCRIPTOR.fields:
        value = set_fields.get(field.name)
        if value is None:
            empty.append(f"{path}{field.name}")
        elif field.message_type is not None:
            for part in [value] if isinstance(value, Message) else value:
                empty += empty_fields(part, f"{path}{field.name}.")
    return empty


def test_a_request_is_read() -> None:
    asked = read_get_guide(request(answers={"kind": "new"}, as_of="2026-11-23"))
    assert asked == commands.GetGuide("430600", "421000", "S-1", {"kind": "new"}, date(2026, 11, 23))
    assert read_get_guide(request()).as_of is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source_catalogue", "43060"),
        ("target_catalogue", ""),
        ("code", ""),
        ("code", "长" * 101),
        ("code", "S\x9b"),
        ("as_of", "2026-02-30"),
        ("as_of", "20261123"),
        ("answers", {f"q{number}": "a" for number in range(51)}),
    ],
)
def test_a_field_out_of_bounds_is_named(field: str, value: Any) -> None:
    with pytest.raises(Malformed) as refused:
        read_get_guide(request(**{field: value}))
    assert refused.value.reason is Reason.FIELD_INVALID
    assert refused.value.details["field"] == field


def test_nothing_of_a_guide_is_left_unsaid() -> None:
    written = GetGuideResponse.FromString(write_shown_guide(commands.ShownGuide(full_guide())))
    assert empty_fields(written) == []
    guide = written.guide
    assert [each.way for each in guide.materials] == [
        guide_pb2.MATERIAL_WAY_HAND_IN,
        guide_pb2.MATERIAL_WAY_LICENCE,
        guide_pb2.MATERIAL_WAY_SHARED,
        guide_pb2.MATERIAL_WAY_PROMISE,
    ]
    assert (guide.materials[0].source, guide.materials[0].form) == ("other", "original_and_copy")
    assert (list(guide.modes), list(guide.apply_ways), list(guide.result_ways)) == (
        ["remote", "joint"],
        ["window"],
        ["post"],
    )
    assert (guide.as_of, guide.due_date) == ("2026-12-30", "2027-01-04")
    assert (guide.statutory_days, guide.promised_days, guide.department) == (20, 5, "测试局")
    assert (guide.accepting_windows[0].name, guide.processing_windows[0].name) == ("甲", "乙")
