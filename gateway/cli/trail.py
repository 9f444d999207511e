"""``tongban audit search``: what was done at a gateway, and by whom."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from gateway.cli import output
from gateway.cli.options import AsJson, ClientFile, OfficerId, OfficerRole, OfficerWindow, Purpose
from trust.errors import Malformed, Reason
from trust.leaf import LeafKind

if TYPE_CHECKING:
    from tongban.audit.v1.audit_service_pb2 import SearchTrailRequest, TrailEntry

    from gateway.cli.calling import MemberClient
    from trust.signed_claims import Officer

_KINDS: Final[Mapping[str, str]] = {
    LeafKind.CASE_EVENT: "办件记录",
    LeafKind.RECEIPT: "送达回执",
    LeafKind.CALL_REFUSED: "拒绝请求",
    LeafKind.PLATFORM_PASSED: "转本地业务系统",
    LeafKind.PERSONAL_DATA_READ: "查看个人信息",
    LeafKind.ADMIN: "管理操作",
    LeafKind.HEAD_SEEN: "收到对方日志签名",
    LeafKind.TRAIL_READ: "查询存证",
    LeafKind.ERASED: "删除个人信息",
}
_EXPORT_PAGE: Final = 500

_Time: TypeAlias = datetime | None
_FORMATS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def search(
    client: ClientFile,
    by: OfficerId,
    role: OfficerRole,
    window: OfficerWindow = "",
    case: Annotated[str, typer.Option("--case", metavar="NUMBER", help="About this case: number or UUID.")] = "",
    officer: Annotated[str, typer.Option("--of-officer", metavar="ID", help="By this officer: the pseudonym.")] = "",
    member: Annotated[str, typer.Option("--member", metavar="ID", help="By or with this member.")] = "",
    holder: Annotated[
        Path | None,
        typer.Option(
            "--holder", metavar="FILE|-", help="About the person whose number is in this file. Wants --purpose."
        ),
    ] = None,
    kinds: Annotated[
        list[LeafKind] | None, typer.Option("--kind", metavar="KIND", help=f"Of this kind: {', '.join(LeafKind)}.")
    ] = None,
    since: Annotated[
        _Time,
        typer.Option(
            "--since", metavar="TIME", formats=_FORMATS, help="Not before: 2026-11-21, or 2026-11-21T08:00; Beijing."
        ),
    ] = None,
    until: Annotated[_Time, typer.Option("--until", metavar="TIME", formats=_FORMATS, help="Before.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many, oldest first.")] = 100,
    after: Annotated[int, typer.Option("--after", min=0, metavar="POSITION", help="Go on behind this entry.")] = 0,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write everything that is new behind the end of FILE, as JSON lines."
        ),
    ] = None,
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Search what was done: about a case, by an officer or a member, about a person (who looked at my data?).

    On behalf of an officer. The search is itself one of the things that are found from then on.
    """
    from tongban.audit.v1.audit_service_pb2 import SearchTrailRequest

    from gateway.cli.calling import MemberClient
    from gateway.cli.files import read_bytes
    from trust.signed_claims import Officer

    request = SearchTrailRequest(
        case=case,
        officer=officer,
        member=member,
        holder=read_bytes(holder).decode("utf-8-sig", "replace").strip() if holder else "",
        kinds=[kind.value for kind in kinds or ()],
        limit=limit,
        page=str(after) if after else "",
    )
    for name, time in (("since", since), ("until", until)):
        if time is not None:
            getattr(request, name).FromDatetime(_in_beijing(time))
    caller, signing = MemberClient.load(client), Officer(by, role, window)
    if export is not None:
        _export(export, caller, request, purpose, signing)
        return
    entries, following = _page(caller, request, purpose, signing)
    if as_json:
        output.print_json({"entries": [_for_programs(entry) for entry in entries], "next": following})
        return
    _print(entries)
    if following:
        output.remark(f"there are more: --after {following}")


def _in_beijing(time: datetime) -> datetime:
    from gateway.domain.calendar import BEIJING

    return time.replace(tzinfo=BEIJING)


def _page(
    caller: MemberClient, request: SearchTrailRequest, purpose: str, officer: Officer
) -> tuple[list[TrailEntry], str]:
    from tongban.audit.v1.audit_service_pb2 import SearchTrailResponse

    from gateway.wire import routes

    answer = caller.ask(routes.SEARCH_TRAIL, request, SearchTrailResponse, purpose=purpose, officer=officer)
    return list(answer.entries), answer.next_page


def _pages(
    caller: MemberClient, request: SearchTrailRequest, purpose: str, officer: Officer
) -> Iterator[list[TrailEntry]]:
    while True:
        entries, request.page = _page(caller, request, purpose, officer)
        yield entries
        if not request.page:
            return


def _export(path: Path, caller: MemberClient, request: SearchTrailRequest, purpose: str, officer: Officer) -> None:
    from gateway.cli.messages import as_json
    from gateway.cli.trail_file import TrailFile

    if request.holder:
        raise Malformed(
            Reason.FIELD_INVALID,
            "a search for a person is not exported",
            got="--export with --holder",
            expected="a file that names nobody",
            mend="leave --export out; --json prints what is found",
        )
    searched = as_json(request)
    for name in ("holder", "limit", "page"):
        del searched[name]
    request.limit, found = _EXPORT_PAGE, 0
    with TrailFile.opened(path, {"gateway": caller.config.gateway, **searched}) as file:
        request.page = str(file.position) if file.position else ""
        for entries in _pages(caller, request, purpose, officer):
            file.append([_for_programs(entry) for entry in entries])
            found += len(entries)
    output.remark(f"{path}: {found} new entries")


def _print(entries: list[TrailEntry]) -> None:
    from gateway.wire import fields

    output.print_table(
        "",
        ("时间", "事项", "成员", "内容", "经办人", "目的", "办件编号", "叶哈希"),
        (
            (
                output.moment(fields.moment(entry.at, "at")),
                f"{entry.kind} {_KINDS.get(entry.kind, '')}".strip(),
                entry.member,
                entry.subject,
                entry.officer,
                entry.purpose,
                entry.case_number,
                entry.leaf_hash.hex(),
            )
            for entry in entries
        ),
    )


def _for_programs(entry: TrailEntry) -> dict[str, Any]:
    from gateway.cli.messages import as_json

    return {**as_json(entry), "leaf_hash": entry.leaf_hash.hex(), "position": entry.position}
