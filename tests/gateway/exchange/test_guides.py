"""The guide over the whole sentence: who may ask, what it rests on, and what has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2, guide_pb2

from gateway.domain.catalogue import Window
from gateway.domain.crosswalk import Crosswalk
from gateway.wire import routes
from tests.gateway.exchange.world import (
    CROSSWALK,
    JINGZHOU,
    SOURCE,
    TARGET,
    YUEYANG,
    Answer,
    Federation,
    Signatory,
    item,
    requirement,
    row,
)
from trust.errors import Forbidden, NotFound, Reason, TongbanError, WrongState


async def ask(federation: Federation, code: str, who: Signatory | None = None, **asked: Any) -> Answer:
    request = catalogue_service_pb2.GetGuideRequest(
        **{"source_catalogue": YUEYANG, "target_catalogue": JINGZHOU, "code": code, **asked}
    )
    yueyang = federation.yueyang
    return await federation.call(who or yueyang.gateway, yueyang, routes.GET_GUIDE, request)


async def guide(federation: Federation, code: str, **asked: Any) -> guide_pb2.Guide:
    answer = await ask(federation, code, **asked)
    return catalogue_service_pb2.GetGuideResponse.FromString(answer.body).guide


async def refusal(federation: Federation, code: str, **asked: Any) -> TongbanError:
    return (await ask(federation, code, **asked)).error


async def test_a_guide_is_complete(federation: Federation) -> None:
    made = await guide(federation, "S-1")
    assert (made.source.code, made.target.code) == ("S-1", "T-1")
    assert [(each.key, each.target_key) for each in made.materials] == [
        ("form", "application"),
        ("identity", ""),
        ("income", ""),
    ]
    assert (made.as_of, made.due_date, made.due_date_provisional) == ("2026-11-23", "2026-11-30", False)
    assert (made.accepting_place, made.processing_place) == ("岳阳市", "荆州市")
    (step,) = made.path
    assert (step.row, step.hash) == ("row-S-1", CROSSWALK.rows_from(YUEYANG, "S-1", JINGZHOU)[0].hash)
    assert made.test_data


async def test_a_peers_gateway_may_ask_and_a_member_without_the_right_may_not(federation: Federation) -> None:
    assert (await ask(federation, "S-1", federation.jingzhou.gateway)).body
    refused = (await ask(federation, "S-1", federation.chongqing.gateway)).error
    assert isinstance(refused, Forbidden)
    assert refused.reason is Reason.RIGHT_MISSING


async def test_answers_and_day_are_gone_by(federation: Federation) -> None:
    assert [each.name for each in (await guide(federation, "S-QUESTION", answers={"kind": "again"})).materials] == [
        "材料old_card"
    ]
    made = await guide(federation, "S-QUESTION", answers={"kind": "new"}, as_of="2026-12-30")
    assert not made.materials
    assert (made.as_of, made.due_date_provisional) == ("2026-12-30", True)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("S-QUESTION", WrongState, Reason.ITEM_NEEDS_FACTS),
        ("S-NONE", WrongState, Reason.ITEM_NO_EQUIVALENT),
        ("S-OVER", WrongState, Reason.MAP_EXPIRED),
        ("S-STOPPED", WrongState, Reason.ITEM_NOT_IN_FORCE),
        ("S-RETIRED", WrongState, Reason.ITEM_NOT_IN_FORCE),
        ("S-UNMAPPED", WrongState, Reason.ITEM_UNMAPPED),
        ("nowhere", NotFound, Reason.ITEM_UNKNOWN),
    ],
)
async def test_what_does_not_translate_has_no_guide(
    federation: Federation, code: str, kind: type[TongbanError], reason: Reason
) -> None:
    refused = await refusal(federation, code)
    assert isinstance(refused, kind)
    assert refused.reason is reason


async def test_a_question_that_only_the_materials_depend_on_is_named(federation: Federation) -> None:
    """The row has no condition, so the code translates; but what to bring is open, and half a list is none."""
    asking = replace(SOURCE.find("S-QUESTION") or item(YUEYANG, ""), code="S-ASKS")
    known = federation.yueyang.known
    known.catalogues = {YUEYANG: replace(SOURCE, items=(*SOURCE.items, asking)), JINGZHOU: TARGET}
    known.crosswalk = Crosswalk((*CROSSWALK.rows, row("S-ASKS", "T-QUESTION")))
    refused = await refusal(federation, "S-ASKS")
    assert refused.reason is Reason.ITEM_NEEDS_FACTS
    assert refused.details["questions"] == "kind"
    assert await guide(federation, "S-ASKS", answers={"kind": "new"})


async def test_windows_and_marks_come_from_the_catalogues(federation: Federation) -> None:
    here, there = Window("岳阳窗口", "甲路1号", "1", "工作日"), Window("荆州窗口", "乙路2号", "2", "工作日")
    official = {"official": True}
    known = federation.yueyang.known
    known.catalogues = {
        YUEYANG: replace(SOURCE, items=(item(YUEYANG, "S-1", requirement("form"), **official),), windows=(here,)),
        JINGZHOU: replace(TARGET, items=(item(JINGZHOU, "T-1", **official),), windows=(there,)),
    }
    made = await guide(federation, "S-1")
    assert ([each.name for each in made.accepting_windows], [each.name for each in made.processing_windows]) == (
        ["岳阳窗口"],
        ["荆州窗口"],
    )
    assert not made.test_data
