"""A list of codes translated at once: the file, the calls, the table."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from gateway.cli import output
from gateway.cli.files import STANDARD_INPUT, read_bytes
from gateway.cli.messages import as_json as for_programs
from gateway.cli.messages import hashes_in_hex, texts_of
from gateway.cli.translation import MATCHED, OUTCOMES, outcome_of, relationship_of
from gateway.domain.crosswalk_csv import decode_csv
from trust.errors import Malformed, Reason

if TYPE_CHECKING:
    from tongban.catalogue.v1.catalogue_service_pb2 import BatchAnswer, BatchQuestion, TranslateBatchRequest

    from gateway.cli.calling import MemberClient

CODES_IN_A_CALL: Final = 5_000
"""Half of what a call may ask, so that long codes and answers fit into a message too."""

_INVALID: Final[Mapping[str, str]] = {
    "code": "编码过长",
    "answers": "回答不是问题的选项",
}

_COLUMNS: Final = ("code", "answers")


def translate_list(client: MemberClient, asked: TranslateBatchRequest, file: Path, *, as_json: bool) -> bool:
    """Translate the codes of a file, a row of a table or a line of JSON for each; whether all of them match.

    ``asked`` is the request without its questions. The whole file is read before anything is asked.
    """
    from tongban.catalogue.v1.catalogue_service_pb2 import TranslateBatchRequest, TranslateBatchResponse

    from gateway.wire import routes

    questions = read_questions(file)
    answers: list[BatchAnswer] = []
    rest = iter(questions)
    while some := list(islice(rest, CODES_IN_A_CALL)):
        request = TranslateBatchRequest(questions=some)
        request.MergeFrom(asked)
        answers += client.ask(routes.TRANSLATE_BATCH, request, TranslateBatchResponse).answers
    (_print_lines if as_json else _print_table)(questions, answers)
    return all(outcome_of(answer.outcome) == MATCHED for answer in answers)


def read_questions(file: Path) -> list[BatchQuestion]:
    """The codes of a file with their answers. Malformed(FIELD_INVALID) names the line."""
    from tongban.catalogue.v1.catalogue_service_pb2 import BatchQuestion

    where = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        text = decode_csv(read_bytes(file))
    except Malformed:
        raise _unreadable(where, "bytes that are neither UTF-8 nor GB18030", "a text file in UTF-8") from None
    lines = csv.reader(io.StringIO(text, newline=""))
    questions = []
    for cells in lines:
        given = [cell.strip() for cell in cells]
        if not any(given) or tuple(given) == _COLUMNS[: len(given)]:
            continue
        if len(given) > len(_COLUMNS) or not given[0]:
            raise _unreadable(f"{where}, line {lines.line_num}", f"{len(given)} cells", "a code, and answers or none")
        pairs = [pair for pair in "".join(given[1:]).split(";") if pair]
        questions.append(
            BatchQuestion(code=given[0], answers=texts_of(pairs, f"the cell of answers in line {lines.line_num}"))
        )
    if not questions:
        raise _unreadable(where, "no code", "a code on each line")
    return questions


def _unreadable(where: str, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        f"{where} is no list of codes",
        got=got,
        expected=expected,
        mend="write one code on each line, or CSV with the columns code and answers (KEY=VALUE;KEY=VALUE)",
    )


def _print_table(questions: Sequence[BatchQuestion], answers: Sequence[BatchAnswer]) -> None:
    rows = []
    for question, answer in zip(questions, answers, strict=True):
        outcome = outcome_of(answer.outcome)
        said = f"{outcome} {OUTCOMES.get(outcome, '')}"
        if answer.invalid:
            said = f"INVALID {answer.invalid} {_INVALID.get(answer.invalid, '')}"
        rows.append(
            (
                question.code,
                said.strip(),
                answer.target_code or ", ".join(answer.questions),
                answer.target_version,
                relationship_of(answer.relationship) if answer.relationship else "",
                answer.row,
            )
        )
    output.print_table("", ("code", "outcome", "target or questions", "version", "relationship", "row"), rows)


def _print_lines(questions: Sequence[BatchQuestion], answers: Sequence[BatchAnswer]) -> None:
    for question, answer in zip(questions, answers, strict=True):
        line = {"code": question.code, **hashes_in_hex(for_programs(answer))}
        typer.echo(json.dumps(line, ensure_ascii=False))
