"""``tongban licence``: issuing electronic licences, changing their status, verifying presentations."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli import output
from gateway.cli.failures import ExitStatus
from gateway.cli.options import AsJson, ClientFile, Content, IdempotencyKey, Purpose

commands = typer.Typer(no_args_is_help=True, help="Electronic licences: issue, verify, status.")


@commands.command()
def issue(
    client: ClientFile,
    file: Content,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write the licence there, mode 0600.")],
    idempotency_key: IdempotencyKey = "",
    as_json: AsJson = False,
) -> None:
    """Issue a licence, and print its 电子证照标识.

    The file is a tongban.licence.v1.IssueLicenceRequest as JSON:

    {"licence_type": "…", "name": "退休证", "issuer_name": "…", "holder_name": "…", "holder_id_number": "…",
    "surface": {"工作单位": "…"}, "valid_from": "2026-11-21", "valid_until": "", "holder_jwk": ""}
    """
    from tongban.licence.v1.licence_service_pb2 import IssueLicenceRequest, IssueLicenceResponse

    from gateway.cli.calling import MemberClient, key_for
    from gateway.cli.files import replace_file
    from gateway.cli.messages import read_request
    from gateway.wire import routes

    request = read_request(file, IssueLicenceRequest, idempotency_key=idempotency_key)
    request.idempotency_key = key_for(request.idempotency_key)
    issued = MemberClient.load(client).ask(routes.ISSUE_LICENCE, request, IssueLicenceResponse)
    replace_file(out, issued.licence.encode("ascii"), mode=0o600)
    if as_json:
        output.print_json({"licence_id": issued.licence_id})
    else:
        output.print_line(issued.licence_id)


@commands.command()
def verify(
    client: ClientFile,
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="An SD-JWT presentation; - is standard input.")],
    purpose: Purpose,
    nonce: Annotated[str, typer.Option("--nonce", help="The nonce that the presentation must be bound to.")] = "",
    as_json: AsJson = False,
) -> None:
    """Verify a presentation. Exit status 0 when it is acceptable, 3 when it is not. The audit log says that you looked.

    A right to verify names the purposes that it is given for, so --purpose is required.
    """
    from tongban.licence.v1.licence_service_pb2 import VerifyLicenceRequest, VerifyLicenceResponse

    from gateway.cli.calling import MemberClient
    from gateway.cli.files import read_bytes
    from gateway.cli.messages import as_json as for_programs
    from gateway.wire import routes

    presentation = read_bytes(file).decode("ascii", "replace").strip()
    request = VerifyLicenceRequest(presentation=presentation, nonce=nonce)
    answer = MemberClient.load(client).ask(routes.VERIFY_LICENCE, request, VerifyLicenceResponse, purpose=purpose)
    verdict = answer.verdict
    if as_json:
        output.print_json(for_programs(verdict))
    else:
        output.print_line("ACCEPTABLE 可以采信" if verdict.acceptable else "NOT ACCEPTABLE 不予采信")
        findings = (
            ("integrity", verdict.integrity),
            ("authority", verdict.authority),
            ("validity", verdict.validity),
            ("status", verdict.status),
            ("holder", verdict.holder),
        )
        output.print_facts(
            (
                *((name, f"{finding.code}  {finding.because}".strip()) for name, finding in findings),
                ("licence", f"{verdict.name} {verdict.licence_id}".strip()),
                ("type", verdict.licence_type),
                ("issuer", verdict.issuer),
            )
        )
    if not verdict.acceptable:
        raise typer.Exit(ExitStatus.NOT_SO)


@commands.command()
def status(
    client: ClientFile,
    licence_id: Annotated[str, typer.Argument(metavar="LICENCE_ID", help="电子证照标识, as issue printed it.")],
    to: Annotated[
        Literal["VALID", "REVOKED", "SUSPENDED"],
        typer.Argument(metavar="STATUS", help="What it becomes."),
    ],
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Change the status of a licence that the gateway issued. A revoked licence stays revoked."""
    from tongban.licence.v1.licence_service_pb2 import (
        SetLicenceStatusRequest,
        SetLicenceStatusResponse,
    )

    from gateway.cli.calling import MemberClient, key_for
    from gateway.wire import routes

    request = SetLicenceStatusRequest(
        idempotency_key=key_for(idempotency_key),
        licence_id=licence_id,
        status=f"LICENCE_STATUS_{to}",
    )
    MemberClient.load(client).ask(routes.SET_LICENCE_STATUS, request, SetLicenceStatusResponse)
    output.print_line(f"{licence_id} {to}")
