"""CatalogueService.GetGuide: the request as a command, the guide as a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tongban.catalogue.v1 import catalogue_service_pb2, guide_pb2

from gateway.domain import commands
from gateway.domain.guide import Guide, GuideAnswer, GuideMaterial, MaterialWay
from gateway.wire import fields
from gateway.wire.items import write_handling_item, write_summary, write_window
from gateway.wire.translations import write_path

_WAYS: Final[Mapping[MaterialWay, guide_pb2.MaterialWay]] = {
    MaterialWay.HAND_IN: guide_pb2.MATERIAL_WAY_HAND_IN,
    MaterialWay.LICENCE: guide_pb2.MATERIAL_WAY_LICENCE,
    MaterialWay.SHARED: guide_pb2.MATERIAL_WAY_SHARED,
    MaterialWay.PROMISE: guide_pb2.MATERIAL_WAY_PROMISE,
}


def read_get_guide(body: bytes) -> commands.GetGuide:
    """GetGuideRequest."""
    request = fields.parse(catalogue_service_pb2.GetGuideRequest, body)
    return commands.GetGuide(
        source=fields.region(request.source_catalogue, "source_catalogue"),
        target=fields.region(request.target_catalogue, "target_catalogue"),
        code=fields.text(request.code, "code", 100, shortest=1),
        answers=fields.answers(request.answers),
        as_of=fields.day(request.as_of, "as_of") if request.as_of else None,
    )


def write_shown_guide(answer: commands.ShownGuide) -> bytes:
    """GetGuideResponse."""
    return catalogue_service_pb2.GetGuideResponse(guide=write_guide(answer.guide)).SerializeToString()


def write_guide(guide: Guide) -> guide_pb2.Guide:
    """A guide as a message: of the two items, what an applicant needs to know."""
    target = guide.target
    return guide_pb2.Guide(
        source=write_summary(guide.source),
        target=write_summary(target),
        department=target.department,
        handling_item=write_handling_item(guide.handling_item) if guide.handling_item else None,
        situation=[_write_answer(answer) for answer in guide.situation],
        conditions=target.conditions,
        apply_ways=guide.apply_ways,
        modes=guide.modes,
        procedure=target.procedure,
        materials=[_write_material(material) for material in guide.materials],
        statutory_days=target.statutory_days,
        promised_days=target.promised_days,
        due_date=guide.due_date.isoformat(),
        due_date_provisional=guide.due_date_provisional,
        fee=target.fee,
        result_name=target.result_name,
        result_licence_type=target.result_licence_type,
        result_ways=guide.result_ways,
        accepting_windows=[write_window(window) for window in guide.accepting_windows],
        processing_windows=[write_window(window) for window in guide.processing_windows],
        as_of=guide.on.isoformat(),
        path=write_path(guide.path),
        scan_text=guide.scan_text,
        test_data=not (guide.source.official and target.official),
        accepting_place=guide.accepting_place,
        processing_place=guide.processing_place,
    )


def _write_answer(answer: GuideAnswer) -> guide_pb2.GuideAnswer:
    return guide_pb2.GuideAnswer(
        question=answer.question, answer=answer.answer, asked_by=answer.asked_by, by_mapping=answer.by_mapping
    )


def _write_material(material: GuideMaterial) -> guide_pb2.GuideMaterial:
    return guide_pb2.GuideMaterial(
        key=material.key,
        target_key=material.target_key,
        name=material.name,
        source=material.source.value,
        form=material.form.value,
        copies=material.copies,
        way=_WAYS[material.way],
        way_detail=material.way_detail,
        may_be_deferred=material.may_be_deferred,
        accepting_check=material.accepting_check,
        processing_check=material.processing_check,
        note=material.note,
    )
