"""``tongban translate``: one item code from one catalogue to another."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.failures import ExitStatus
from gateway.cli.options import AsJson, ClientFile

if TYPE_CHECKING:
    from tongban.catalogue.v1.translation_pb2 import Translation

_OUTCOME_PREFIX: Final = "TRANSLATION_OUTCOME_"
_MATCHED: Final = "MATCHED"
_OUTCOMES: Final[Mapping[str, str]] = {
    _MATCHED: "已对应",
    "NEEDS_FACTS": "须先回答情形问题",
    "NO_EQUIVALENT": "对方无此事项",
    "UNMAPPED": "尚未对应",
    "UNKNOWN_CODE": "无此编码",
    "NOT_IN_FORCE": "不在有效期",
    "MAP_EXPIRED": "对应关系已过期",
}


def translate(
    client: ClientFile,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The item's code, letter for letter.")],
    source: Annotated[str, typer.Option("--from", metavar="REGION", help="Whose code it is, six digits.")],
    target: Annotated[str, typer.Option("--to", metavar="REGION", help="Whose item is wanted, six digits.")],
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="KEY=VALUE", help="Answer to a question; may be given several times."),
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day in Beijing, yyyy-MM-dd; today.")] = "",
    as_json: AsJson = False,
) -> None:
    """Translate an item code to another region's catalogue. Exit status 0 when it matches, 3 when it does not."""
    from tongban.catalogue.v1.catalogue_service_pb2 import TranslateRequest, TranslateResponse
    from tongban.catalogue.v1.translation_pb2 import TranslationOutcome

    from gateway.cli.calling import MemberClient
    from gateway.cli.messages import as_json as for_programs
    from gateway.cli.messages import texts_of
    from gateway.wire import routes

    request = TranslateRequest(
        source_catalogue=source,
        target_catalogue=target,
        code=code,
        answers=texts_of(answer or [], "--answer"),
        as_of=as_of,
    )
    translation = MemberClient.load(client).ask(routes.TRANSLATE, request, TranslateResponse).translation
    outcome = TranslationOutcome.Name(translation.outcome).removeprefix(_OUTCOME_PREFIX)
    if as_json:
        output.print_json(for_programs(translation))
    else:
        output.print_line(f"{outcome} {_OUTCOMES.get(outcome, '')}".strip())
        _print(translation)
    if outcome != _MATCHED:
        raise typer.Exit(ExitStatus.NOT_SO)


def _print(translation: Translation) -> None:
    if translation.HasField("item"):
        item = translation.item
        output.print_facts(
            (
                ("item", f"{item.name} (version {item.version})"),
                ("code", item.code),
                ("department", item.department),
                ("promised", f"{item.promised_days} working days" if item.promised_days else "on the spot"),
                ("crosswalk row", translation.crosswalk_row),
                *(("material", f"{here} → {there}") for here, there in sorted(translation.material_keys.items())),
                *(("fact", f"{key}={value}") for key, value in sorted(translation.products.items())),
            )
        )
    for question in translation.questions:
        output.print_line(f"{question.key}: {question.text}")
        for option in question.options:
            output.print_line(f"  --answer {question.key}={option.key}  {option.text}")
