"""``tongban catalogue``: what a catalogue says of an item, how far it is mapped to another, and accepting a pull."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.options import AsJson, ClientFile, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from tongban.catalogue.v1.coverage_pb2 import Coverage
    from tongban.catalogue.v1.item_pb2 import Item, MaterialRequirement, Question

    from gateway.config import Config

commands = typer.Typer(no_args_is_help=True, help="Catalogues of items, and how far they are mapped to each other.")

_STATES: Final[Mapping[str, str]] = {
    "draft": "拟订中",
    "published": "已发布",
    "suspended": "已暂停",
    "retired": "已取消",
}
_MODES: Final[Mapping[str, str]] = {"online": "全程网办", "remote": "异地代收代办", "joint": "多地联办"}
_APPLY_WAYS: Final[Mapping[str, str]] = {
    "window": "窗口申报",
    "online": "网上申报",
    "self_service": "自助终端申报",
    "post": "邮寄申报",
}
_RESULT_WAYS: Final[Mapping[str, str]] = {
    "accepting_window": "收件地窗口领取",
    "processing_window": "业务属地窗口领取",
    "post": "邮寄送达",
    "electronic": "电子证照或电子文书",
}
_COUNTS: Final[Mapping[str, str]] = {
    "mapped": "已对应",
    "by_situation": "按情形对应",
    "ambiguous": "对应不完整或有冲突",
    "asserted_none": "双方确认对方无此事项",
    "awaiting_review": "待签署",
    "expired": "对应关系已过期",
    "target_not_in_force": "对方事项不可办理",
    "unmapped": "尚未对应",
}


@commands.command()
def show(
    client: ClientFile,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The item's code, letter for letter.")],
    region: Annotated[str, typer.Option("--in", metavar="REGION", help="Whose catalogue, six digits.")],
    version: Annotated[int, typer.Option("--version", metavar="N", min=0, help="Version; the newest.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show one item as its catalogue has it, in force or not."""
    from tongban.catalogue.v1.catalogue_service_pb2 import GetItemRequest, GetItemResponse

    from gateway.cli.calling import MemberClient
    from gateway.cli.messages import as_json as for_programs
    from gateway.wire import routes

    request = GetItemRequest(catalogue=region, code=code, version=version)
    item = MemberClient.load(client).ask(routes.GET_ITEM, request, GetItemResponse).item
    if as_json:
        output.print_json(for_programs(item))
    else:
        _print_item(item)


@commands.command()
def coverage(
    client: ClientFile,
    source: Annotated[str, typer.Option("--from", metavar="REGION", help="Whose items are counted, six digits.")],
    target: Annotated[str, typer.Option("--to", metavar="REGION", help="Whose items they map to, six digits.")],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day in Beijing, yyyy-MM-dd; today.")] = "",
    as_json: AsJson = False,
) -> None:
    """Count how far one catalogue is mapped to another, and list the items that a case can't be sent for."""
    from tongban.catalogue.v1.catalogue_service_pb2 import GetCoverageRequest, GetCoverageResponse

    from gateway.cli.calling import MemberClient
    from gateway.cli.messages import as_json as for_programs
    from gateway.wire import routes

    request = GetCoverageRequest(source_catalogue=source, target_catalogue=target, as_of=as_of)
    counted = MemberClient.load(client).ask(routes.GET_COVERAGE, request, GetCoverageResponse).coverage
    if as_json:
        output.print_json(for_programs(counted))
    else:
        _print_coverage(counted)


@commands.command()
def accept(config: ConfigFile) -> None:
    """Let a pull that is held come into force. The audit log says that an operator did it."""
    from gateway.app import SystemClock
    from gateway.config import load

    digest = asyncio.run(_accept(load(config), SystemClock().now()))
    output.print_line(f"the pull with digest {digest} comes into force when the platform tells the same again")


async def _accept(config: Config, now: datetime) -> str:
    from gateway.cli.beside import store_of
    from gateway.exchange import trails
    from gateway.holdings import accepted_bookmark, held_pull_snapshot
    from gateway.ports import Recording
    from trust.errors import NotFound, Reason
    from trust.leaf import Leaf, LeafKind

    region = config.member.region
    async with store_of(config) as store:
        held = await store.snapshot(held_pull_snapshot(region))
        if held is None:
            raise NotFound(
                Reason.ITEM_UNKNOWN,
                f"no pull of catalogue {region} is held",
                expected="one that the log told of",
                mend="look at the log; a later pull that was whole has taken its place",
            )
        digest = held.decode()
        act = Leaf(LeafKind.ADMIN, config.member.id, f"catalogue.accept:{region}", now)
        accepted = Recording(bookmarks={accepted_bookmark(region): digest})
        await store.record(trails.traced(accepted, (trails.trace(act),)))
    return digest


def _print_item(item: Item) -> None:
    listed = f", in the catalogue from {item.listed_from}" if item.listed_from else ""
    output.print_facts(
        (
            ("item", f"{item.name} (version {item.version}{listed})"),
            ("code", item.code),
            ("code's form", f"{item.code_form}: {item.code_flaw}" if item.code_flaw else item.code_form),
            ("basic code", item.basic_code),
            ("state", f"{item.state} {_STATES.get(item.state, '')}".strip()),
            ("valid", f"{item.valid_from} – {item.valid_until or 'open'}"),
            ("department", item.department),
            ("crosses provinces", _words(item.modes, _MODES) or "no"),
            ("conditions", item.conditions),
            ("apply", _words(item.apply_ways, _APPLY_WAYS)),
            *((f"step {number}", step) for number, step in enumerate(item.procedure, start=1)),
            ("promised", f"{item.promised_days} working days" if item.promised_days else "on the spot"),
            ("by law", f"{item.statutory_days} working days" if item.statutory_days else ""),
            ("fee", item.fee or "none"),
            ("result", item.result_name),
            ("result licence", item.result_licence_type),
            ("result comes by", _words(item.result_ways, _RESULT_WAYS)),
            *(("handled as", f"{each.code} {each.name}") for each in item.handling_items),
            ("entry", "official" if item.official else "test data 测试数据"),
        )
    )
    if item.materials:
        output.print_line("")
        output.print_table("materials", ("key", "name", "required", "form", "instead"), map(_material, item.materials))
    for question in item.questions:
        output.print_line("")
        _print_question(question)


def _words(values: Iterable[str], chinese: Mapping[str, str]) -> str:
    return ", ".join(chinese.get(value, value) for value in values)


def _material(material: MaterialRequirement) -> tuple[str, ...]:
    instead = (
        material.licence_type and f"licence {material.licence_type}",
        material.exempt_by_sharing and f"data of {material.exempt_by_sharing}",
        "a promise 告知承诺" if material.by_promise else "",
        "may follow 容缺" if material.may_be_deferred else "",
    )
    form = f"{material.form} × {material.copies}" if material.copies > 1 else material.form
    return material.key, material.name, "yes" if material.required else "", form, ", ".join(filter(None, instead))


def _print_question(question: Question) -> None:
    only = ", ".join(f"{each.question}={'|'.join(each.options)}" for each in question.asked_when)
    output.print_line(f"{question.key}: {question.text}" + (f" (only when {only})" if only else ""))
    for option in question.options:
        changes = (
            f"adds {', '.join(option.adds)}" if option.adds else "",
            f"waives {', '.join(option.waives)}" if option.waives else "",
            f"handled as {option.chooses}" if option.chooses else "",
        )
        output.print_line(f"  {option.key}  {option.text}  {'; '.join(filter(None, changes))}".rstrip())


def _print_coverage(counted: Coverage) -> None:
    output.print_facts(
        (
            ("from", f"{counted.source_catalogue}, edition {counted.source_edition}"),
            ("to", f"{counted.target_catalogue}, edition {counted.target_edition}"),
            ("day", counted.on),
            ("in force", str(counted.in_force)),
            *((name, f"{getattr(counted, name)} {words}") for name, words in _COUNTS.items()),
        )
    )
    if counted.gaps:
        output.print_line("")
        rows = [
            (gap.item.code, gap.item.name, f"{gap.count} {_COUNTS.get(gap.count, '')}".strip(), ", ".join(gap.rows))
            for gap in counted.gaps
        ]
        output.print_table("不能送达，或不是都能送达的事项", ("code", "name", "count", "rows"), rows)
