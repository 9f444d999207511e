"""``tongban guide``: the 明白卡 for one situation, in the terminal or as a PDF to hand over the counter."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.options import AsJson, ClientFile

if TYPE_CHECKING:
    from gateway.paper.card import Card, CardMaterial, CardPlace

_PDF_MODE: Final = 0o644
"""A guide holds no personal data; whoever prints may read it."""


def guide(
    client: ClientFile,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The item's code at the accepting place.")],
    source: Annotated[str, typer.Option("--from", metavar="REGION", help="The accepting place, six digits.")],
    target: Annotated[str, typer.Option("--to", metavar="REGION", help="The processing place, six digits.")],
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="KEY=VALUE", help="Answer to a question; may be given several times."),
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day in Beijing, yyyy-MM-dd; today.")] = "",
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write it as a PDF for A4 instead of showing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the 明白卡: all that an applicant in this situation needs to know, once and complete (一次性告知)."""
    from tongban.catalogue.v1.catalogue_service_pb2 import GetGuideRequest, GetGuideResponse

    from gateway.cli.calling import MemberClient
    from gateway.cli.files import replace_file
    from gateway.cli.messages import as_json as for_programs
    from gateway.cli.messages import texts_of
    from gateway.paper.card import card_of
    from gateway.paper.sheet import print_guide
    from gateway.wire import routes
    from trust.errors import WrongState

    request = GetGuideRequest(
        source_catalogue=source,
        target_catalogue=target,
        code=code,
        answers=texts_of(answer or [], "--answer"),
        as_of=as_of,
    )
    try:
        made = MemberClient.load(client).ask(routes.GET_GUIDE, request, GetGuideResponse).guide
    except WrongState as error:
        if "questions" in error.details:
            output.remark(f"全部问题和选项见：tongban catalogue show {code} --in {source} --as {client}")
        elif "target_questions" in error.details:
            where = f"tongban catalogue show 编码 --in {target} --as {client}"
            output.remark(f"业务属地的问题也用 --answer 回答，选项见业务属地的事项：{where}")
        raise
    if pdf is not None:
        replace_file(pdf, print_guide(made), _PDF_MODE)
        output.remark(f"written: {pdf}")
    if as_json:
        output.print_json(for_programs(made))
    elif pdf is None:
        _show(card_of(made))


def _show(card: Card) -> None:
    output.print_line(f"跨省通办明白卡{'（测试数据）' if card.test_data else ''}")
    _section(card.accepting.item_name)
    output.print_facts(
        (
            *_of_place(card.accepting),
            *_of_place(card.processing),
            ("业务办理项", card.handling_item),
        )
    )
    if card.situation:
        _section("您的情形")
        for each in card.situation:
            output.print_line(f"{each.question}{each.answer}{'（按两地对应关系确定）' if each.by_mapping else ''}")
    _section(f"请带来：{len(card.bring)}项")
    _show_materials(card.bring, 1, "□")
    _section(f"免提交：{len(card.spared)}项")
    _show_materials(card.spared, len(card.bring) + 1, "免")
    _section("怎样办理")
    output.print_facts(card.facts)
    _section("窗口")
    for place in (card.accepting, card.processing):
        for window in place.windows:
            output.print_line(f"{place.name}　{window.name}")
            output.print_facts((("  地址", window.address), ("  电话", window.phone), ("  时间", window.hours)))
    _section("依据")
    output.print_facts((("制作日期", card.day), ("对应关系", "；".join(card.basis)), ("扫码内容", card.scan_text)))


def _section(title: str) -> None:
    output.print_line("")
    output.print_line(title)


def _of_place(place: CardPlace) -> Iterable[tuple[str, str]]:
    yield place.role, place.name
    yield "  事项", f"{place.item_name}（第{place.version}版）"
    yield "  编码", place.code


def _show_materials(materials: Sequence[CardMaterial], first: int, mark: str) -> None:
    for number, each in enumerate(materials, first):
        told = "，".join(filter(None, (each.form, each.source, "可容缺" if each.deferrable else "")))
        output.print_line(f"{mark} {number}. {each.name}（{told}）")
        for more in (each.way, each.note):
            if more:
                output.print_line(f"     {more}")
        output.print_line(f"     收件地：{each.accepting_check}；业务属地：{each.processing_check}")
