"""Translations as messages: what was found, by which rows, and what each further answer would leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from tongban.catalogue.v1 import translation_pb2

from gateway.domain import commands
from gateway.domain.catalogue import Item, ItemState
from gateway.domain.crosswalk import CrosswalkRow, Relationship, ReviewState
from gateway.domain.suggestions import Suggestion
from gateway.domain.translation import (
    LedFrom,
    MapExpired,
    Match,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    OpenQuestion,
    SetAside,
    Step,
    UnknownCode,
    Unmapped,
)
from gateway.wire.items import write_conditions, write_item, write_question, write_summary

OUTCOMES: Final[Mapping[type, translation_pb2.TranslationOutcome]] = {
    Matched: translation_pb2.TRANSLATION_OUTCOME_MATCHED,
    LedFrom: translation_pb2.TRANSLATION_OUTCOME_MATCHED,
    NeedsFacts: translation_pb2.TRANSLATION_OUTCOME_NEEDS_FACTS,
    NoEquivalent: translation_pb2.TRANSLATION_OUTCOME_NO_EQUIVALENT,
    Unmapped: translation_pb2.TRANSLATION_OUTCOME_UNMAPPED,
    UnknownCode: translation_pb2.TRANSLATION_OUTCOME_UNKNOWN_CODE,
    NotInForce: translation_pb2.TRANSLATION_OUTCOME_NOT_IN_FORCE,
    MapExpired: translation_pb2.TRANSLATION_OUTCOME_MAP_EXPIRED,
}
"""The outcome of each kind of translation."""

RELATIONSHIPS: Final[Mapping[Relationship, translation_pb2.Relationship]] = {
    Relationship.EQUIVALENT: translation_pb2.RELATIONSHIP_EQUIVALENT,
    Relationship.BROADER: translation_pb2.RELATIONSHIP_BROADER,
    Relationship.NARROWER: translation_pb2.RELATIONSHIP_NARROWER,
    Relationship.RELATED: translation_pb2.RELATIONSHIP_RELATED,
    Relationship.NONE: translation_pb2.RELATIONSHIP_NONE,
}
REVIEWS: Final[Mapping[ReviewState, translation_pb2.ReviewState]] = {
    ReviewState.PROPOSED: translation_pb2.REVIEW_STATE_PROPOSED,
    ReviewState.ONE_SIDE: translation_pb2.REVIEW_STATE_ONE_SIDE,
    ReviewState.BOTH_SIDES: translation_pb2.REVIEW_STATE_BOTH_SIDES,
}
_REASONS: Final[Mapping[SetAside, translation_pb2.SetAsideReason]] = {
    SetAside.AWAITING_REVIEW: translation_pb2.SET_ASIDE_REASON_AWAITING_REVIEW,
    SetAside.WITHDRAWN: translation_pb2.SET_ASIDE_REASON_WITHDRAWN,
    SetAside.SUPERSEDED: translation_pb2.SET_ASIDE_REASON_SUPERSEDED,
    SetAside.NOT_BEGUN: translation_pb2.SET_ASIDE_REASON_NOT_BEGUN,
    SetAside.OVER: translation_pb2.SET_ASIDE_REASON_OVER,
    SetAside.DOES_NOT_DECIDE: translation_pb2.SET_ASIDE_REASON_DOES_NOT_DECIDE,
    SetAside.OTHER_ANSWERS: translation_pb2.SET_ASIDE_REASON_OTHER_ANSWERS,
    SetAside.ASKS_UNKNOWN_QUESTION: translation_pb2.SET_ASIDE_REASON_ASKS_UNKNOWN_QUESTION,
    SetAside.CONTRADICTED: translation_pb2.SET_ASIDE_REASON_CONTRADICTED,
    SetAside.COMPOSES_TO_NOTHING: translation_pb2.SET_ASIDE_REASON_COMPOSES_TO_NOTHING,
}


def write_translation(answer: commands.Translated) -> translation_pb2.Translation:
    """A translation with everything that led to it."""
    translation = answer.translation
    written = translation_pb2.Translation(
        outcome=OUTCOMES[type(translation)],
        source=write_summary(answer.source) if answer.source else None,
        suggestions=[_write_suggestion(each) for each in answer.suggestions],
        as_of=answer.on.isoformat(),
    )
    match translation:
        case Matched(match=match):
            written.item.CopyFrom(write_item(match.item))
            written.crosswalk_row = match.path[-1].row.id
            written.material_keys.update(match.materials)
            written.products.update(match.products)
            written.matches.append(_write_match(match))
        case LedFrom(matches=matches):
            written.matches.extend(map(_write_match, matches))
        case NeedsFacts(questions=questions):
            written.questions.extend(write_question(asked.question) for asked in questions)
            written.outlooks.extend(map(_write_outlook, questions))
        case NoEquivalent(path=path):
            written.set_aside.extend(_write_set_aside(step.row, None) for step in path)
        case Unmapped(set_aside=set_aside):
            written.set_aside.extend(_write_set_aside(row, why) for row, why in set_aside)
        case MapExpired(rows=rows):
            written.set_aside.extend(_write_set_aside(row, SetAside.OVER) for row in rows)
        case UnknownCode():
            written.explanation = _why_unknown(translation)
        case NotInForce(item=item):
            written.explanation = _why_not_in_force(item, answer.on)
    return written


def write_path(path: Iterable[Step]) -> list[translation_pb2.PathStep]:
    """The rows on the way, each as its reviewers signed it."""
    return [
        translation_pb2.PathStep(
            row=step.row.id,
            version=step.row.version,
            hash=step.row.hash,
            inverted=step.inverted,
            approved_by=step.row.standing.approved_by,
            justification=step.row.justification,
        )
        for step in path
    ]


def _write_match(match: Match) -> translation_pb2.Match:
    return translation_pb2.Match(
        item=write_summary(match.item),
        relationship=RELATIONSHIPS[match.relationship],
        path=write_path(match.path),
        conditions=write_conditions(match.conditions),
        material_keys=match.materials,
        products=match.products,
        review=REVIEWS[match.review],
        valid_from=match.valid_from.isoformat(),
        valid_until=match.valid_until.isoformat() if match.valid_until else "",
        confidence=match.confidence,
    )


def _write_outlook(asked: OpenQuestion) -> translation_pb2.QuestionOutlook:
    return translation_pb2.QuestionOutlook(
        question=asked.question.key,
        options=[
            translation_pb2.OptionOutlook(option=option.key, matches=map(_write_match, matches))
            for option, matches in asked.leaves
        ],
    )


def _write_set_aside(row: CrosswalkRow, why: SetAside | None) -> translation_pb2.SetAsideRow:
    """A row that did not decide; ``None`` for one that asserts that there is nothing, which is an answer."""
    return translation_pb2.SetAsideRow(
        row=row.id,
        version=row.version,
        hash=row.hash,
        reason=translation_pb2.SET_ASIDE_REASON_UNSPECIFIED if why is None else _REASONS[why],
        relationship=RELATIONSHIPS[row.relationship],
        target=translation_pb2.ItemSummary(catalogue=row.target_catalogue, code=row.target_code, name=row.target_name),
        justification=row.justification,
        valid_from=row.valid_from.isoformat(),
        valid_until=row.valid_until.isoformat() if row.valid_until else "",
        approved_by=row.standing.approved_by,
    )


def _write_suggestion(suggestion: Suggestion) -> translation_pb2.Suggestion:
    return translation_pb2.Suggestion(item=write_summary(suggestion.item), similarity=suggestion.similarity)


_STATES: Final[Mapping[ItemState, str]] = {
    ItemState.DRAFT: "尚在拟订",
    ItemState.SUSPENDED: "已暂停办理",
    ItemState.RETIRED: "已取消",
}


def _why_unknown(unknown: UnknownCode) -> str:
    version = "" if unknown.version is None else f"（第{unknown.version}版）"
    return f"{unknown.catalogue}目录中没有编码为{unknown.code}的事项{version}"


def _why_not_in_force(item: Item, on: date) -> str:
    """The same as ``NotInForce.why``, in the words that staff read."""
    subject = f"{item.catalogue}目录的事项{item.code}（第{item.version}版）"
    if item.state in _STATES:
        return f"{subject}{_STATES[item.state]}"
    if on < item.begins:
        return f"{subject}自{item.begins}起方可办理"
    if item.valid_until is not None and on > item.valid_until:
        return f"{subject}只办理到{item.valid_until}为止"
    return f"{subject}已由更新的版本取代"
