"""``tongban case``: cases as the window and the local platform work on them."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli import output
from gateway.cli.failures import ExitStatus
from gateway.cli.options import (
    AsJson,
    CaseReference,
    ClientFile,
    Content,
    IdempotencyKey,
    OfficerId,
    OfficerRole,
    OfficerWindow,
    Purpose,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from tongban.case.v1.case_pb2 import Case

commands = typer.Typer(
    no_args_is_help=True, help="Cases: open, show, list, supplement, withdraw, rate, progress, erase."
)

_STATE_PREFIX: Final = "CASE_STATE_"


class State(StrEnum):
    """States of a case as `--state` takes them: the names of tongban.case.v1.CaseState."""

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    SUPPLEMENTING = "SUPPLEMENTING"
    SUSPENDED = "SUSPENDED"
    DECIDED = "DECIDED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class Ground(StrEnum):
    """Why personal data are erased, as `--ground` takes it."""

    RETENTION = "retention"
    REQUEST = "request"


_STATES: Final[Mapping[str, str]] = {
    State.SUBMITTED: "待受理",
    State.ACCEPTED: "办理中",
    State.SUPPLEMENTING: "待补正",
    State.SUSPENDED: "挂起",
    State.DECIDED: "已办结",
    State.REFUSED: "不予受理",
    State.WITHDRAWN: "已撤回",
}
_EVENTS: Final[Mapping[str, str]] = {
    "submitted": "收件转递",
    "supplemented": "已补正",
    "withdrawal_requested": "申请撤回",
    "rated": "好差评",
    "accepted": "受理",
    "refused": "不予受理",
    "supplement_requested": "补正通知",
    "suspended": "挂起",
    "resumed": "恢复",
    "decided": "办结",
    "withdrawn": "已撤回",
    "withdrawal_refused": "不同意撤回",
}


@commands.command("open")
def open_case(
    client: ClientFile,
    file: Content,
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Take an application at the window, and send it to the place that handles it.

    The file is a tongban.case.v1.OpenCaseRequest as JSON:

    {"item_code": "…", "processing_region": "421000", "answers": {"retired": "approved"},
    "applicant": {"type": "PERSON", "name": "…", "id_type": "111", "id_number": "…", "phone": "…"},
    "materials": [{"key": "id_card", "name": "居民身份证", "file": "id-card.pdf"},
    {"key": "photo", "name": "照片", "carrier": "PARCEL", "tracking_number": "…"},
    {"key": "retirement", "name": "退休证", "carrier": "LICENCE", "licence": "…"},
    {"key": "promise", "name": "承诺书", "carrier": "PROMISE"}], "presentation_nonce": "…"}

    A "file" is read from beside the JSON file; "agent" is written as the applicant. The nonce is the one that licences
    are bound to, and only needed with them.
    """
    from tongban.case.v1.case_service_pb2 import OpenCaseRequest

    from gateway.cli.calling import key_for
    from gateway.cli.messages import read_request
    from gateway.wire import routes

    request = read_request(file, OpenCaseRequest, idempotency_key=idempotency_key)
    request.idempotency_key = key_for(request.idempotency_key)
    _print_case(_ask(client, routes.OPEN_CASE, request, purpose), as_json=as_json)


@commands.command()
def show(
    client: ClientFile,
    number: CaseReference,
    licence: Annotated[
        Path | None, typer.Option("--licence", metavar="FILE", help="Write the result licence there, mode 0600.")
    ] = None,
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Show one case with its history and what still waits to be sent. The audit log says that you looked."""
    from tongban.case.v1.case_service_pb2 import GetCaseRequest

    from gateway.wire import routes

    case = _ask(client, routes.GET_CASE, GetCaseRequest(case=number), purpose)
    _print_case(case, as_json=as_json)
    if licence is not None:
        _write_licence(case, licence)


@commands.command("list")
def list_cases(
    client: ClientFile,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", metavar="STATE", help=f"One of {', '.join(State)}; may be given several times."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many, newest first.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="UUID", help="Go on after this case.")] = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """List cases, newest first, without personal data."""
    from tongban.case.v1.case_service_pb2 import ListCasesRequest, ListCasesResponse

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes

    states = [_STATE_PREFIX + name for name in state or ()]
    request = ListCasesRequest(states=states, page_size=limit, page_token=after)
    page = MemberClient.load(client).ask(routes.LIST_CASES, request, ListCasesResponse, purpose=purpose)
    if as_json:
        output.print_json({"cases": [_for_programs(case) for case in page.cases], "next": page.next_page_token})
        return
    output.print_table(
        "",
        ("number", "state", "item", "from", "to", "local number", "peer's number"),
        (
            (
                case.case_number,
                _state(case.state),
                case.source_item.name,
                case.accepting_region,
                case.processing_region,
                case.local_number,
                case.peer_local_number,
            )
            for case in page.cases
        ),
    )
    if page.next_page_token:
        output.remark(f"there are more: --after {page.next_page_token}")


@commands.command()
def supplement(
    client: ClientFile,
    number: CaseReference,
    file: Content,
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Hand in what the processing place asked for.

    The file: {"materials": […], "note": "…"}, with materials as in `case open`, under the keys of the request.
    """
    from tongban.case.v1.case_service_pb2 import SupplementCaseRequest

    from gateway.cli.calling import key_for
    from gateway.cli.messages import read_request
    from gateway.wire import routes

    request = read_request(file, SupplementCaseRequest, case=number, idempotency_key=idempotency_key)
    request.idempotency_key = key_for(request.idempotency_key)
    _print_case(_ask(client, routes.SUPPLEMENT_CASE, request, purpose), as_json=as_json)


@commands.command()
def withdraw(
    client: ClientFile,
    number: CaseReference,
    reason: Annotated[str, typer.Option("--reason", help="Why, in the applicant's words.")] = "",
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Ask to withdraw a case. After acceptance the processing place decides about it."""
    from tongban.case.v1.case_service_pb2 import WithdrawCaseRequest

    from gateway.cli.calling import key_for
    from gateway.wire import routes

    request = WithdrawCaseRequest(idempotency_key=key_for(idempotency_key), case=number, reason=reason)
    _print_case(_ask(client, routes.WITHDRAW_CASE, request, purpose), as_json=as_json)


@commands.command()
def rate(
    client: ClientFile,
    number: CaseReference,
    score: Annotated[int, typer.Option("--score", min=1, max=5, help="5 非常满意 to 1 非常不满意.")],
    comment: Annotated[str, typer.Option("--comment", help="Words of the applicant.")] = "",
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Rate a decided case (好差评), once."""
    from tongban.case.v1.case_service_pb2 import RateCaseRequest

    from gateway.cli.calling import key_for
    from gateway.wire import routes

    request = RateCaseRequest(idempotency_key=key_for(idempotency_key), case=number, score=score, comment=comment)
    _print_case(_ask(client, routes.RATE_CASE, request, purpose), as_json=as_json)


@commands.command()
def progress(
    client: ClientFile,
    number: CaseReference,
    file: Content,
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Report what the processing platform did.

    The file has exactly one of these, and may have "occurred_at": "2026-11-21T08:00:00Z":

    {"accepted": {"local_number": "…", "promised_days": 3}},
    {"refused": {"reason": "…"}},
    {"supplement_requested": {"items": [{"material_key": "…", "flaw": "…"}]}},
    {"suspended": {"procedure": "专家评审", "reason": "…"}}, {"resumed": {}},
    {"decided": {"approved": true, "explanation": "…", "result_number": "…"}},
    {"withdrawn": {}}, {"withdrawal_refused": {"reason": "…"}}
    """
    from tongban.case.v1.case_service_pb2 import ReportProgressRequest

    from gateway.cli.calling import key_for
    from gateway.cli.messages import read_request
    from gateway.wire import routes

    request = read_request(file, ReportProgressRequest, case=number, idempotency_key=idempotency_key)
    request.idempotency_key = key_for(request.idempotency_key)
    _print_case(_ask(client, routes.REPORT_PROGRESS, request, purpose), as_json=as_json)


@commands.command()
def erase(
    client: ClientFile,
    number: CaseReference,
    ground: Annotated[
        Ground, typer.Option("--ground", metavar="GROUND", help=f"Why: {', '.join(Ground)} (the person asked).")
    ],
    officer: OfficerId,
    role: OfficerRole,
    window: OfficerWindow = "",
    idempotency_key: IdempotencyKey = "",
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    """Erase the personal data of a case that is over, at this gateway and for good. Nothing brings them back.

    The audit log keeps its leaves, which hold none. The other place's copy is the other place's to erase.
    """
    from tongban.case.v1.case_service_pb2 import EraseCaseRequest, EraseCaseResponse

    from gateway.cli.calling import MemberClient, key_for
    from gateway.wire import fields, routes
    from trust.signed_claims import Officer

    request = EraseCaseRequest(idempotency_key=key_for(idempotency_key), case=number, ground=ground.value)
    answer = MemberClient.load(client).ask(
        routes.ERASE_CASE, request, EraseCaseResponse, purpose=purpose, officer=Officer(officer, role, window)
    )
    erased_at = fields.moment(answer.erased_at, "erased_at")
    if as_json:
        output.print_json({"case": number, "erased_at": erased_at.isoformat()})
        return
    output.print_line(f"the personal data of {number} were erased here at {output.moment(erased_at)} 个人信息已删除")


def _ask(client: Path, method: str, request: Message, purpose: str) -> Case:
    """Every method about one case answers in the same form."""
    from tongban.case.v1.case_service_pb2 import OpenCaseResponse

    from gateway.cli.calling import MemberClient

    return MemberClient.load(client).ask(method, request, OpenCaseResponse, purpose=purpose).case


def _print_case(case: Case, *, as_json: bool) -> None:
    from gateway.wire import fields

    if as_json:
        output.print_json(_for_programs(case))
        return
    provisional = " (provisional 日历未发布)" if case.due_date_provisional else ""
    output.print_facts(
        (
            ("number", case.case_number),
            ("state", _state(case.state) + (" · withdrawal asked 申请撤回中" if case.withdrawal_pending else "")),
            ("applicant", case.applicant_masked),
            ("from", f"{case.accepting_region} {case.source_item.name} {case.source_item.code}"),
            ("to", f"{case.processing_region} {case.target_item.name} {case.target_item.code}"),
            ("local number", case.local_number),
            ("peer's number", case.peer_local_number),
            ("due", case.due_date + provisional if case.due_date else ""),
            *(("wanted", f"{item.material_key}: {item.flaw}") for item in case.supplement_items),
            ("result licence", "issued; --licence FILE of `case show` writes it" if case.result_licence else ""),
            ("score", str(case.score) if case.score else ""),
            ("uuid", case.case_id),
        )
    )
    if case.steps:
        output.print_table(
            "\nHistory",
            ("when", "event", "by", "no.", "digest"),
            (
                (
                    output.moment(fields.moment(step.occurred_at, "occurred_at")),
                    f"{step.event} {_EVENTS.get(step.event, '')}" + (" (moot)" if step.moot else ""),
                    step.emitter,
                    str(step.seq),
                    step.digest.hex(),
                )
                for step in case.steps
            ),
        )
    if case.pending:
        output.print_table(
            "\nWaiting to be sent",
            ("id", "to", "attempts", "next", "last error"),
            (
                (
                    waiting.delivery_id,
                    waiting.destination,
                    str(waiting.attempts),
                    "dead letter"
                    if waiting.dead
                    else output.moment(fields.moment(waiting.next_attempt_at, "next_attempt_at")),
                    waiting.last_error,
                )
                for waiting in case.pending
            ),
        )


def _for_programs(case: Case) -> dict[str, Any]:
    """The case without its result licence, which says in full whose it is; hashes as hex."""
    from gateway.cli.messages import as_json, hex_of

    shown = as_json(case)
    del shown["result_licence"]
    for step in shown["steps"]:
        step["digest"] = hex_of(step["digest"])
    return shown


def _write_licence(case: Case, path: Path) -> None:
    from gateway.cli.files import replace_file

    if not case.result_licence:
        output.remark("there is no result licence, so nothing is written")
        raise typer.Exit(ExitStatus.NOT_SO)
    replace_file(path, case.result_licence.encode("ascii"), mode=0o600)
    output.remark(f"{path} is written. It names its holder in full: hand it to the applicant, then delete it.")


def _state(state: int) -> str:
    from tongban.case.v1.case_pb2 import CaseState

    name = CaseState.Name(state).removeprefix(_STATE_PREFIX)
    return f"{name} {_STATES.get(name, '')}".strip()
