"""``tongban audit export``: the evidence of a case in one file, made beside the gateway by its operator."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import files, output
from gateway.cli.failures import ExitStatus
from gateway.cli.options import FLAG, AsJson, CaseReference, ConfigFile
from trust.errors import Misconfigured, Reason, Unavailable

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.evidence import Collected
    from gateway.ports import Clock
    from trust.evidence_check import Report
    from trust.evidence_keys import Trustees
    from trust.keys import Signer

_MODE = 0o600
"""Of the bundle: it holds personal data unless it is redacted, and is nobody's business even then."""


def export(
    config: ConfigFile,
    case: CaseReference,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it; evidence-<number>.zip here.")
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", metavar=FLAG, help="Leave out what the calls said: no personal data then.")
    ] = False,
    without_peer: Annotated[
        bool,
        typer.Option("--without-peer", metavar=FLAG, help="Do without the other gateway's log; the bundle says so."),
    ] = False,
    lang: Annotated[str, typer.Option("--lang", metavar="zh|en", help="Language that the summary begins with.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """Write the evidence of a case: one file that proves to anybody who sent what, when, and that it arrived.

    `tongban-verify` checks it offline. Works beside a running gateway, in its name, and leaves a leaf in its log. The
    other gateway is asked for its leaves; exit status 75 when it does not answer, 1 when what was kept does not hold.
    """
    from gateway.app import SystemClock
    from gateway.config import load
    from trust.evidence import bundle
    from trust.evidence_check import Verdict, check
    from trust.evidence_words import Outcome

    if lang not in {"zh", "en"}:
        raise Misconfigured(
            Reason.CONFIG_INVALID, "there is no summary in this language", got=lang, expected="zh or en"
        )
    loaded = load(config)
    collected, signer, trustees = asyncio.run(_collect(loaded, SystemClock(), case, redact, without_peer))
    unread = bundle(collected.manifest, collected.files, signer)
    report = check(unread, trustees)
    pages, remarks = _summary(report, collected, lang)
    whole = bundle(collected.manifest, {**collected.files, **pages}, signer)
    into = out or Path(f"evidence-{collected.manifest.number}.zip")
    files.replace_file(into, whole, _MODE)
    for remark in (*collected.remarks, *remarks):
        output.remark(remark)
    for finding in report.findings:
        if finding.outcome is Outcome.FAILED:
            output.remark(f"FAULT {finding.code}: {finding.en} {finding.where}".rstrip())
        elif finding.outcome is Outcome.MISSING:
            output.remark(f"not proved: {finding.en} {finding.where} {finding.zh}".replace("  ", " "))
    verdict = report.verdict.name.lower()
    if as_json:
        output.print_json({"file": str(into), "bytes": len(whole), "verdict": verdict, "events": len(report.story)})
    else:
        output.print_line(f"{into}: {len(whole)} bytes, {len(report.story)} events, checked: {verdict}")
    if report.verdict is Verdict.WRONG:
        raise typer.Exit(ExitStatus.REFUSED)


async def _collect(
    config: Config, clock: Clock, case: str, redacted: bool, without_peer: bool
) -> tuple[Collected, Signer, Trustees]:
    """Collect beside the gateway, which is also who signs the calls to the other one and the bundle."""
    from gateway.app import read_directory, read_signer, read_trustees
    from gateway.cli.beside import store_of
    from gateway.evidence import Desk, collect
    from gateway.rpc.client import SignedClient
    from gateway.rpc.tls import CertificateFiles
    from trust.evidence import CarriedCall
    from trust.evidence_keys import Trustees

    directory, envelope = read_directory(config.directory, clock.now())
    trustees = Trustees(tuple(read_trustees(config.directory)), config.directory.threshold)
    signer = read_signer(config.keys.message)
    certificates = CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots)
    client = SignedClient(config.member.id, signer, lambda: directory, certificates, clock)

    async def ask(member: str, method: str, body: bytes) -> CarriedCall:
        try:
            answer = await client.call(member, method, body)
        except Unavailable as error:
            raise Unavailable(
                error.reason,
                f"{member} does not give its leaves of the case",
                got=error.sentence,
                expected="its signed answer",
                mend="export again when it answers, or with --without-peer: the bundle then lacks its log, and says so",
            ) from error
        return CarriedCall(method, answer.request, answer.response, answer.request_body, answer.body)

    try:
        async with store_of(config) as store:
            desk = Desk(config.member.id, store, directory, envelope, trustees, clock, ask)
            collected = await collect(desk, case, redacted=redacted, without_peer=without_peer)
    finally:
        await client.close()
    return collected, signer, trustees


def _summary(report: Report, collected: Collected, lang: str) -> tuple[dict[str, bytes], list[str]]:
    """The summary as HTML, and as PDF where this machine can print; else a remark that says why not."""
    from gateway.domain.case import Submitted
    from gateway.domain.people import mask_id_number, mask_name
    from gateway.paper.evidence import summary_of
    from gateway.paper.sheet import print_page

    applicant = ""
    if not collected.manifest.redacted:
        for each in collected.record.events:
            if isinstance(each.event.body, Submitted):
                party = each.event.body.applicant
                applicant = f"{mask_name(party.name)} {mask_id_number(party.id_number)}"
    page = summary_of(report, item=collected.record.row.item_name, applicant=applicant, first=lang)
    pages = {"summary.html": page.encode()}
    try:
        pages["summary.pdf"] = print_page(page)
    except Misconfigured as error:
        return pages, [f"without summary.pdf: {error.sentence}"]
    return pages, []
