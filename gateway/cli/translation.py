"""``tongban translate``: item codes from one catalogue to another, one by one or as a list."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.failures import ExitStatus
from gateway.cli.options import FLAG, AsJson, ClientFile

if TYPE_CHECKING:
    from tongban.catalogue.v1.item_pb2 import AskedWhen, Question
    from tongban.catalogue.v1.translation_pb2 import Match, QuestionOutlook, SetAsideRow, Suggestion, Translation

MATCHED: Final = "MATCHED"
OUTCOMES: Final[Mapping[str, str]] = {
    MATCHED: "已对应",
    "NEEDS_FACTS": "须先回答情形问题",
    "NO_EQUIVALENT": "对方无此事项",
    "UNMAPPED": "尚未对应",
    "UNKNOWN_CODE": "无此编码",
    "NOT_IN_FORCE": "目前不可办理",
    "MAP_EXPIRED": "对应关系已过期",
}
RELATIONSHIPS: Final[Mapping[str, str]] = {
    "EQUIVALENT": "相同",
    "BROADER": "对方事项更宽",
    "NARROWER": "对方事项更窄",
    "RELATED": "相关，供人工参考",
    "NONE": "对方无此事项",
}
REVIEWS: Final[Mapping[str, str]] = {
    "PROPOSED": "尚无人签署",
    "ONE_SIDE": "仅一方已签署",
    "BOTH_SIDES": "双方已签署",
}
_REASONS: Final[Mapping[str, str]] = {
    "AWAITING_REVIEW": "审核签署未完成",
    "WITHDRAWN": "一方已撤回",
    "SUPERSEDED": "已有更高版本",
    "NOT_BEGUN": "尚未生效",
    "OVER": "已过有效期",
    "DOES_NOT_DECIDE": "仅供人工参考，不作为对应依据",
    "OTHER_ANSWERS": "适用于其他情形",
    "ASKS_UNKNOWN_QUESTION": "所依据的情形问题不在本事项中",
    "CONTRADICTED": "与另一条对应关系相冲突",
    "COMPOSES_TO_NOTHING": "两步相接得不出结论",
    "UNSPECIFIED": "双方确认的结论",
}
_FOR_PEOPLE_ONLY: Final = "仅供参考，不能据此收件"


class MinimumReview(StrEnum):
    """How far the review of a row must have come."""

    PROPOSED = "proposed"
    ONE_SIDE = "one-side"
    BOTH_SIDES = "both-sides"


def translate(
    client: ClientFile,
    source: Annotated[str, typer.Option("--from", metavar="REGION", help="Whose code it is, six digits.")],
    target: Annotated[str, typer.Option("--to", metavar="REGION", help="Whose item is wanted, six digits.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The item's code, letter for letter.")] = "",
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE|-",
            help="Many codes instead of one: a line for each, or CSV with the columns code and answers (KEY=VALUE;…).",
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="KEY=VALUE", help="Answer to a question; may be given several times."),
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day in Beijing, yyyy-MM-dd; today.")] = "",
    version: Annotated[
        int, typer.Option("--version", metavar="N", min=0, help="Version of the item; the one that speaks for the day.")
    ] = 0,
    reverse: Annotated[
        bool, typer.Option("--reverse", metavar=FLAG, help="All items there that lead to this one, instead.")
    ] = False,
    minimum_review: Annotated[
        MinimumReview, typer.Option("--min-review", help="Rows that fewer sides have signed for are set aside.")
    ] = MinimumReview.BOTH_SIDES,
    allow_chain: Annotated[
        bool,
        typer.Option("--allow-chain", metavar=FLAG, help="Where no row leads there, go through the national list."),
    ] = False,
    suggest: Annotated[
        int, typer.Option("--suggest", metavar="N", min=0, max=20, help="Similar names to show when it is unmapped.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Translate item codes to another region's catalogue. Exit status 0 when all match, 3 when one does not."""
    from tongban.catalogue.v1.catalogue_service_pb2 import TranslateBatchRequest, TranslateRequest, TranslateResponse
    from tongban.catalogue.v1.translation_pb2 import DIRECTION_REVERSE, DIRECTION_UNSPECIFIED, ReviewState

    from gateway.cli.batches import translate_list
    from gateway.cli.calling import MemberClient
    from gateway.cli.messages import as_json as for_programs
    from gateway.cli.messages import hashes_in_hex, texts_of
    from gateway.wire import routes

    if bool(code) == bool(batch):
        raise typer.BadParameter("give a code, or a list of codes with --batch")
    if batch and (answer or version or reverse or suggest):
        raise typer.BadParameter("--answer, --version, --reverse and --suggest are for one code")
    review = ReviewState.Value(f"REVIEW_STATE_{minimum_review.name}")
    if batch:
        asked = TranslateBatchRequest(
            source_catalogue=source,
            target_catalogue=target,
            as_of=as_of,
            minimum_review=review,  # type: ignore[arg-type]  # Value() gives the number of the enum
            allow_chain=allow_chain,
        )
        all_match = translate_list(MemberClient.load(client), asked, batch, as_json=as_json)
    else:
        request = TranslateRequest(
            source_catalogue=source,
            target_catalogue=target,
            code=code,
            answers=texts_of(answer or [], "--answer"),
            as_of=as_of,
            version=version,
            direction=DIRECTION_REVERSE if reverse else DIRECTION_UNSPECIFIED,
            minimum_review=review,  # type: ignore[arg-type]  # Value() gives the number of the enum
            allow_chain=allow_chain,
            suggestions=suggest,
        )
        translation = MemberClient.load(client).ask(routes.TRANSLATE, request, TranslateResponse).translation
        all_match = outcome_of(translation.outcome) == MATCHED
        if as_json:
            output.print_json(hashes_in_hex(for_programs(translation)))
        else:
            _print(translation)
            _remark_on(translation, suggest=suggest, allow_chain=allow_chain)
    if not all_match:
        raise typer.Exit(ExitStatus.NOT_SO)


def outcome_of(number: int) -> str:
    """Name of an outcome without its prefix."""
    from tongban.catalogue.v1.translation_pb2 import TranslationOutcome

    return TranslationOutcome.Name(number).removeprefix("TRANSLATION_OUTCOME_")


def relationship_of(number: int) -> str:
    """Name of a relationship, beside it what it says in Chinese."""
    from tongban.catalogue.v1.translation_pb2 import Relationship

    name = Relationship.Name(number).removeprefix("RELATIONSHIP_")
    return f"{name.lower()} {RELATIONSHIPS.get(name, '')}".strip()


def _print(translation: Translation) -> None:
    outcome = outcome_of(translation.outcome)
    output.print_line(f"{outcome} {OUTCOMES.get(outcome, '')}".strip())
    if translation.explanation:
        output.print_line(translation.explanation)
    if translation.HasField("item"):
        _print_match(translation)
    else:
        _print_matches(translation.matches)
    outlooks = {outlook.question: outlook for outlook in translation.outlooks}
    for question in translation.questions:
        _print_question(question, outlooks.get(question.key))
    _print_set_aside(translation.set_aside)
    _print_suggestions(translation.suggestions)


def _remark_on(translation: Translation, *, suggest: int, allow_chain: bool) -> None:
    """Say what to do next, where the outcome leaves it open."""
    match outcome_of(translation.outcome):
        case "NEEDS_FACTS":
            output.remark("提示：问清申请人后，每个问题加一个 --answer 再查。")
        case "UNMAPPED" | "MAP_EXPIRED":
            more = (
                "" if suggest else "；--suggest 5 列出名称相近的事项",
                "" if allow_chain else "；--allow-chain 借国家基本目录查找",
            )
            output.remark(f"提示：暂不能收件，请把事项编码报给对应关系的管理人员{''.join(more)}。")
        case "UNKNOWN_CODE":
            output.remark("提示：编码须与目录一字不差；--from 是编码所在的地区，请核对。")
        case _:
            pass


def _print_match(translation: Translation) -> None:
    item = translation.item
    match = next(iter(translation.matches), None)
    output.print_facts(
        (
            ("item", f"{item.name} (version {item.version})"),
            ("code", item.code),
            ("department", item.department),
            ("promised", f"{item.promised_days} working days" if item.promised_days else "on the spot"),
            *(_facts(match) if match else (("crosswalk row", translation.crosswalk_row),)),
            *(("material", f"{here} → {there}") for here, there in sorted(translation.material_keys.items())),
            *(("fact", f"{key}={value}") for key, value in sorted(translation.products.items())),
        )
    )
    if match and _review_of(match) != "BOTH_SIDES":
        output.print_line(_FOR_PEOPLE_ONLY)


def _facts(match: Match) -> list[tuple[str, str]]:
    """What ties the item found to the one asked about."""
    review = _review_of(match)
    facts = [("relationship", relationship_of(match.relationship))]
    for step in match.path:
        signed = f"signed by {', '.join(step.approved_by)}" if step.approved_by else "signed by nobody"
        backwards = ", read backwards" if step.inverted else ""
        facts.append(("crosswalk row", f"{step.row} version {step.version}, {signed}{backwards}"))
        facts.append(("because", step.justification))
    return [
        *facts,
        ("review", f"{review} {REVIEWS.get(review, '')}".strip()),
        ("valid", f"{match.valid_from} – {match.valid_until or 'open'}"),
        ("confidence", f"{match.confidence}%"),
    ]


def _print_matches(matches: Iterable[Match]) -> None:
    for match in matches:
        output.print_line("")
        output.print_facts(
            (
                ("item", f"{match.item.name} (version {match.item.version})"),
                ("code", match.item.code),
                ("only when", _conditions(match.conditions)),
                *_facts(match),
            )
        )


def _print_question(question: Question, outlook: QuestionOutlook | None) -> None:
    only = _conditions(question.asked_when)
    output.print_line(f"{question.key}: {question.text}" + (f" (only when {only})" if only else ""))
    leaves = {each.option: each.matches for each in outlook.options} if outlook else {}
    for option in question.options:
        output.print_line(f"  --answer {question.key}={option.key}  {option.text}")
        for match in leaves.get(option.key, ()):
            row = match.path[-1].row if match.path else ""
            output.print_line(f"      → {match.item.code} {match.item.name} ({row})")
        if outlook and not leaves.get(option.key):
            output.print_line("      → 无对应事项")


def _print_set_aside(rows: Iterable[SetAsideRow]) -> None:
    from tongban.catalogue.v1.translation_pb2 import SetAsideReason

    for row in rows:
        reason = SetAsideReason.Name(row.reason).removeprefix("SET_ASIDE_REASON_")
        name = "" if reason == "UNSPECIFIED" else reason.lower()
        output.print_line("")
        output.print_facts(
            (
                ("crosswalk row", f"{row.row} version {row.version}"),
                ("set aside" if name else "asserts", f"{name} {_REASONS.get(reason, '')}".strip()),
                ("relationship", relationship_of(row.relationship)),
                ("target", f"{row.target.code} {row.target.name}".strip()),
                ("valid", f"{row.valid_from} – {row.valid_until or 'open'}"),
                ("signed by", ", ".join(row.approved_by) or "nobody"),
                ("because", row.justification),
            )
        )


def _print_suggestions(suggestions: Iterable[Suggestion]) -> None:
    similar = [(each.item.code, each.item.name, f"{each.similarity}%") for each in suggestions]
    if similar:
        output.print_line("")
        output.print_table(f"名称相近的事项（{_FOR_PEOPLE_ONLY}）", ("code", "name", "similarity"), similar)


def _conditions(conditions: Iterable[AskedWhen]) -> str:
    return ", ".join(f"{each.question}={'|'.join(each.options)}" for each in conditions)


def _review_of(match: Match) -> str:
    from tongban.catalogue.v1.translation_pb2 import ReviewState

    return ReviewState.Name(match.review).removeprefix("REVIEW_STATE_")
