"""CatalogueService: requests to commands, answers to responses."""

from __future__ import annotations

from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2, translation_pb2

from gateway.domain import commands
from gateway.domain.catalogue import Item, Question
from gateway.domain.translation import (
    MapExpired,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    Translation,
    UnknownCode,
    Unmapped,
)
from gateway.wire import fields


def read_translate(body: bytes) -> commands.Translate:
    """TranslateRequest."""
    request = fields.parse(catalogue_service_pb2.TranslateRequest, body)
    return commands.Translate(
        source=fields.region(request.source_catalogue, "source_catalogue"),
        target=fields.region(request.target_catalogue, "target_catalogue"),
        code=fields.text(request.code, "code", 100, shortest=1),
        answers=fields.answers(request.answers),
        as_of=fields.day(request.as_of, "as_of") if request.as_of else None,
    )


def read_get_item(body: bytes) -> commands.GetItem:
    """GetItemRequest."""
    request = fields.parse(catalogue_service_pb2.GetItemRequest, body)
    return commands.GetItem(
        catalogue=fields.region(request.catalogue, "catalogue"),
        code=fields.text(request.code, "code", 100, shortest=1),
    )


def write_translated(answer: commands.Translated) -> bytes:
    """TranslateResponse."""
    translation = _write_translation(answer.translation)
    return catalogue_service_pb2.TranslateResponse(translation=translation).SerializeToString()


def _write_translation(translation: Translation) -> translation_pb2.Translation:
    match translation:
        case Matched():
            return translation_pb2.Translation(
                outcome=translation_pb2.TRANSLATION_OUTCOME_MATCHED,
                item=write_item(translation.target),
                crosswalk_row=translation.match.path[-1].row.id,
                material_keys=dict(translation.match.materials),
                products=dict(translation.match.products),
            )
        case NeedsFacts(questions=questions):
            return translation_pb2.Translation(
                outcome=translation_pb2.TRANSLATION_OUTCOME_NEEDS_FACTS,
                questions=[_write_question(asked.question) for asked in questions],
            )
        case _:
            return translation_pb2.Translation(outcome=_OUTCOMES[type(translation)])


_OUTCOMES: dict[type, translation_pb2.TranslationOutcome] = {
    NoEquivalent: translation_pb2.TRANSLATION_OUTCOME_NO_EQUIVALENT,
    Unmapped: translation_pb2.TRANSLATION_OUTCOME_UNMAPPED,
    UnknownCode: translation_pb2.TRANSLATION_OUTCOME_UNKNOWN_CODE,
    NotInForce: translation_pb2.TRANSLATION_OUTCOME_NOT_IN_FORCE,
    MapExpired: translation_pb2.TRANSLATION_OUTCOME_MAP_EXPIRED,
}
"""The outcomes that carry nothing but themselves."""


def write_shown_item(answer: commands.ShownItem) -> bytes:
    """GetItemResponse."""
    return catalogue_service_pb2.GetItemResponse(item=write_item(answer.item)).SerializeToString()


def write_item(item: Item) -> item_pb2.Item:
    """An item as a message."""
    return item_pb2.Item(
        catalogue=item.catalogue,
        code=item.code,
        version=str(item.version),
        name=item.name,
        department=item.department,
        promised_days=item.promised_days,
        materials=[
            item_pb2.MaterialRequirement(
                key=material.key,
                name=material.name,
                required=material.required,
                licence_type=material.exempt_by_licence,
            )
            for material in item.materials
        ],
        questions=[_write_question(question) for question in item.situations],
    )


def _write_question(question: Question) -> item_pb2.Question:
    return item_pb2.Question(
        key=question.key,
        text=question.text,
        options=[item_pb2.QuestionOption(key=option.key, text=option.text) for option in question.options],
    )
