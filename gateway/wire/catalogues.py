"""CatalogueService: requests to commands, answers to responses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Final

from tongban.catalogue.v1 import catalogue_service_pb2, coverage_pb2, translation_pb2

from gateway.domain import commands
from gateway.domain.atlas import Direction
from gateway.domain.catalogue import MAX_TEXT_LENGTH
from gateway.domain.catalogue_file import MAX_RECORD_BYTES, MAX_WINDOWS
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.coverage import Gap
from gateway.domain.crosswalk import ReviewState
from gateway.domain.translation import Matched, NeedsFacts, Translation
from gateway.exchange.sentence import MAX_MESSAGE_BYTES
from gateway.ports import CataloguePage
from gateway.wire import fields, items, translations
from trust.errors import Malformed, Reason
from trust.merkle import HASH_SIZE

MAX_BATCH: Final = 10_000
"""Most codes in one call."""
MAX_SUGGESTIONS: Final = 20
MAX_GAPS: Final = 10_000
MAX_GAPS_BYTES: Final = 3 * 1024 * 1024
"""Bounds of the items that an answer about coverage names; the counts are of all."""
MAX_PAGE_RECORDS: Final = 2_000
MAX_PAGE_TOKEN: Final = 1_000
"""Bounds of one page of a catalogue."""

_NOT_NEGATIVE: Final = 2**31 - 1
"""Largest number of an edition or version."""

_DIRECTIONS: Final = {
    translation_pb2.DIRECTION_UNSPECIFIED: Direction.FORWARD,
    translation_pb2.DIRECTION_FORWARD: Direction.FORWARD,
    translation_pb2.DIRECTION_REVERSE: Direction.REVERSE,
}
_REVIEWS: Final = {
    translation_pb2.REVIEW_STATE_UNSPECIFIED: ReviewState.BOTH_SIDES,
    **{written: state for state, written in translations.REVIEWS.items()},
}


# Asked --------------------------------------------------------------------------------------------------------------


def read_translate(body: bytes) -> commands.Translate:
    """TranslateRequest."""
    request = fields.parse(catalogue_service_pb2.TranslateRequest, body)
    direction = _DIRECTIONS.get(request.direction)
    if direction is None:
        raise fields.invalid("direction", str(request.direction), "a direction of the contract")
    return commands.Translate(
        source=fields.region(request.source_catalogue, "source_catalogue"),
        target=fields.region(request.target_catalogue, "target_catalogue"),
        code=fields.text(request.code, "code", MAX_CODE_LENGTH, shortest=1),
        answers=fields.answers(request.answers),
        as_of=_as_of(request.as_of),
        version=_version(request.version),
        direction=direction,
        minimum_review=_minimum_review(request.minimum_review),
        allow_chain=request.allow_chain,
        suggestions=fields.number(request.suggestions, "suggestions", 0, MAX_SUGGESTIONS),
    )


def read_translate_batch(body: bytes) -> commands.TranslateBatch:
    """TranslateBatchRequest. What is wrong in a single question is that question's answer."""
    request = fields.parse(catalogue_service_pb2.TranslateBatchRequest, body)
    if not 1 <= len(request.questions) <= MAX_BATCH:
        raise fields.invalid("questions", f"{len(request.questions)} questions", f"1 to {MAX_BATCH}")
    return commands.TranslateBatch(
        source=fields.region(request.source_catalogue, "source_catalogue"),
        target=fields.region(request.target_catalogue, "target_catalogue"),
        as_of=_as_of(request.as_of),
        minimum_review=_minimum_review(request.minimum_review),
        allow_chain=request.allow_chain,
        questions=tuple(_read_question(place, question) for place, question in enumerate(request.questions)),
    )


def read_get_item(body: bytes) -> commands.GetItem:
    """GetItemRequest."""
    request = fields.parse(catalogue_service_pb2.GetItemRequest, body)
    return commands.GetItem(
        catalogue=fields.region(request.catalogue, "catalogue"),
        code=fields.text(request.code, "code", MAX_CODE_LENGTH, shortest=1),
        version=_version(request.version),
    )


def read_get_coverage(body: bytes) -> commands.GetCoverage:
    """GetCoverageRequest."""
    request = fields.parse(catalogue_service_pb2.GetCoverageRequest, body)
    return commands.GetCoverage(
        source=fields.region(request.source_catalogue, "source_catalogue"),
        target=fields.region(request.target_catalogue, "target_catalogue"),
        as_of=_as_of(request.as_of),
    )


def read_sync(body: bytes) -> commands.SyncCatalogue:
    """SyncCatalogueRequest."""
    request = fields.parse(catalogue_service_pb2.SyncCatalogueRequest, body)
    return commands.SyncCatalogue(
        catalogue=fields.region(request.catalogue, "catalogue"),
        since_edition=fields.number(request.since_edition, "since_edition", 0, _NOT_NEGATIVE),
        page=fields.text(request.page, "page", MAX_PAGE_TOKEN),
    )


def _read_question(place: int, question: catalogue_service_pb2.BatchQuestion) -> tuple[str, dict[str, str]]:
    answers = dict(question.answers)
    if len(answers) > fields.MAX_ANSWERS:
        raise fields.invalid(f"questions[{place}].answers", f"{len(answers)} entries", f"at most {fields.MAX_ANSWERS}")
    return question.code, answers


def _as_of(value: str) -> date | None:
    return fields.day(value, "as_of") if value else None


def _version(value: int) -> int | None:
    return fields.number(value, "version", 0, _NOT_NEGATIVE) or None


def _minimum_review(value: translation_pb2.ReviewState) -> ReviewState:
    state = _REVIEWS.get(value)
    if state is None:
        raise fields.invalid("minimum_review", str(value), "a state of the contract")
    return state


# Answered -----------------------------------------------------------------------------------------------------------


def write_translated(answer: commands.Translated) -> bytes:
    """TranslateResponse."""
    translation = translations.write_translation(answer)
    return catalogue_service_pb2.TranslateResponse(translation=translation).SerializeToString()


def write_translated_batch(answer: commands.TranslatedBatch) -> bytes:
    """TranslateBatchResponse. Malformed(MESSAGE_TOO_LARGE) when the answers don't fit into one message."""
    response = catalogue_service_pb2.TranslateBatchResponse(as_of=answer.on.isoformat())
    add = response.answers.add
    for outcome in answer.outcomes:
        if isinstance(outcome, Matched):
            match = outcome.match
            row = match.path[-1].row
            add(
                outcome=translation_pb2.TRANSLATION_OUTCOME_MATCHED,
                target_code=match.item.code,
                target_version=str(match.item.version),
                row=row.id,
                row_hash=row.hash,
                relationship=translations.RELATIONSHIPS[match.relationship],
                review=translations.REVIEWS[match.review],
            )
        else:
            add(**_brief(outcome))
    body = response.SerializeToString()
    if len(body) > MAX_MESSAGE_BYTES:
        raise Malformed(
            Reason.MESSAGE_TOO_LARGE,
            "the answers don't fit into one message",
            got=f"{len(body)} bytes",
            expected=f"at most {MAX_MESSAGE_BYTES}",
            mend="ask for fewer codes in one call",
        )
    return body


def write_shown_item(answer: commands.ShownItem) -> bytes:
    """GetItemResponse."""
    return catalogue_service_pb2.GetItemResponse(item=items.write_item(answer.item)).SerializeToString()


def write_coverage(answer: commands.ShownCoverage) -> bytes:
    """GetCoverageResponse."""
    coverage = answer.coverage
    return catalogue_service_pb2.GetCoverageResponse(
        coverage=coverage_pb2.Coverage(
            source_catalogue=coverage.source,
            source_edition=coverage.source_edition,
            target_catalogue=coverage.target,
            target_edition=coverage.target_edition,
            on=coverage.on.isoformat(),
            in_force=coverage.in_force,
            gaps=_write_gaps(coverage.gaps[:MAX_GAPS]),
            **{count.value: number for count, number in coverage.counts.items()},
        )
    ).SerializeToString()


def write_changes(answer: commands.CatalogueChanges) -> bytes:
    """SyncCatalogueResponse."""
    return catalogue_service_pb2.SyncCatalogueResponse(
        edition=answer.edition,
        since_edition=answer.since_edition,
        name=answer.name,
        windows=map(items.write_window, answer.windows),
        records=answer.records,
        next_page=answer.next_page,
        digest=answer.digest,
        record_count=answer.record_count,
    ).SerializeToString()


def read_sync_page(body: bytes) -> CataloguePage:
    """SyncCatalogueResponse of a peer. Malformed when it is none, or when a field is out of bounds.

    The records are read and checked by whoever takes them.
    """
    page = fields.parse(catalogue_service_pb2.SyncCatalogueResponse, body)
    if len(page.records) > MAX_PAGE_RECORDS:
        raise fields.invalid("records", f"{len(page.records)} records", f"at most {MAX_PAGE_RECORDS}")
    if len(page.windows) > MAX_WINDOWS:
        raise fields.invalid("windows", f"{len(page.windows)} windows", f"at most {MAX_WINDOWS}")
    for place, record in enumerate(page.records):
        if not 1 <= len(record) <= MAX_RECORD_BYTES:
            raise fields.invalid(f"records[{place}]", f"{len(record)} bytes", f"1 to {MAX_RECORD_BYTES}")
    edition = fields.number(page.edition, "edition", 1, _NOT_NEGATIVE)
    return CataloguePage(
        edition=edition,
        since_edition=fields.number(page.since_edition, "since_edition", 0, edition),
        name=fields.text(page.name, "name", MAX_TEXT_LENGTH),
        windows=tuple(items.read_window(window, f"windows[{place}]") for place, window in enumerate(page.windows)),
        records=tuple(page.records),
        next_page=fields.text(page.next_page, "next_page", MAX_PAGE_TOKEN),
        digest=fields.octets(page.digest, "digest", HASH_SIZE),
        record_count=fields.number(page.record_count, "record_count", 0, _NOT_NEGATIVE),
    )


def _brief(outcome: Translation | str) -> dict[str, object]:
    """What a batch says of anything but a match."""
    match outcome:
        case str():
            return {"invalid": outcome}
        case NeedsFacts(questions=questions):
            keys = [asked.question.key for asked in questions]
            return {"outcome": translations.OUTCOMES[NeedsFacts], "questions": keys}
        case _:
            return {"outcome": translations.OUTCOMES[type(outcome)]}


def _write_gaps(gaps: Sequence[Gap]) -> list[coverage_pb2.CoverageGap]:
    """The gaps, from the first, that fit into an answer."""
    written = [
        coverage_pb2.CoverageGap(item=items.write_summary(gap.item), count=gap.count.value, rows=gap.rows)
        for gap in gaps
    ]
    sizes = accumulate(gap.ByteSize() for gap in written)
    return written[: sum(size <= MAX_GAPS_BYTES for size in sizes)]
