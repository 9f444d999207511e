"""``tongban audit``: asking a gateway about its audit log, and checking stored logs without asking anybody."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli import evidence, output, trail, witnesses
from gateway.cli.failures import ExitStatus
from gateway.cli.options import AsJson, ClientFile, ConfigFile, LogOf
from trust.errors import Conflict, Fault, Malformed, Misconfigured, Reason

if TYPE_CHECKING:
    from gateway.cli.calling import MemberClient
    from gateway.cli.logs import CheckedLog
    from trust.audit_check import LogFinding
    from trust.checkpoint import Checkpoint

commands = typer.Typer(
    no_args_is_help=True,
    help="The audit log: search, checkpoint, cosigned, prove, leaves, alarms (of a gateway that answers); "
    "verify, compare, stamps, tiles (of stores, offline); export (evidence of a case).",
)

commands.command()(evidence.export)
commands.command()(trail.search)

_HASH_HEX: Final = 64

commands.command()(witnesses.cosigned)
commands.command()(witnesses.alarms)
commands.command()(witnesses.acknowledge)
commands.command()(witnesses.tiles)


@commands.command()
def checkpoint(client: ClientFile, of: LogOf = "", as_json: AsJson = False) -> None:
    """Fetch the newest checkpoint, verify it under the log key that the directory lists, and print it."""
    from tongban.audit.v1.audit_service_pb2 import GetCheckpointRequest, GetCheckpointResponse

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes

    caller = MemberClient.load(client)
    note = caller.ask(routes.GET_CHECKPOINT, GetCheckpointRequest(), GetCheckpointResponse, member=of).checkpoint
    opened = _open_note(caller, of, note)
    if as_json:
        output.print_json({"origin": opened.origin, "size": opened.size, "root": opened.root.hex(), "checkpoint": note})
    else:
        typer.echo(note, nl=False)  # byte for byte, so that other tools verify what is piped to them


@commands.command()
def prove(
    client: ClientFile,
    leaf: Annotated[str, typer.Argument(metavar="HASH", help="RFC 6962 leaf hash, 64 hex digits.")],
    of: LogOf = "",
    as_json: AsJson = False,
) -> None:
    """Fetch and verify the proof that a leaf is in the log under its newest checkpoint."""
    from tongban.audit.v1.audit_service_pb2 import ProveInclusionRequest, ProveInclusionResponse

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes
    from trust.merkle import leaf_hash, verify_inclusion

    wanted = _hash(leaf)
    caller = MemberClient.load(client)
    request = ProveInclusionRequest(leaf_hash=wanted)
    proof = caller.ask(routes.PROVE_INCLUSION, request, ProveInclusionResponse, member=of).proof
    opened = _open_note(caller, of, proof.checkpoint)
    verify_inclusion(wanted, proof.index, opened.size, tuple(proof.path), opened.root)
    if leaf_hash(proof.leaf) != wanted:
        raise Conflict(
            Reason.LOG_INCONSISTENT,
            "the log gave another leaf than it proved",
            expected="bytes with the hash that was asked for",
            mend="keep the answer as evidence and ask the log's operator",
            fault=Fault.PEER,
        )
    shown = json.loads(proof.leaf)
    if as_json:
        output.print_json({"index": proof.index, "size": opened.size, "root": opened.root.hex(), "leaf": shown})
        return
    output.print_line(f"leaf {proof.index} of {opened.size}, proved under root {opened.root.hex()}")
    output.print_facts((name, str(value)) for name, value in shown.items())


@commands.command()
def leaves(
    client: ClientFile,
    start: Annotated[int, typer.Option("--start", min=0, help="First index.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    of: LogOf = "",
    as_json: AsJson = False,
) -> None:
    """List leaves in order. They hold no personal data."""
    from tongban.audit.v1.audit_service_pb2 import ListLeavesRequest, ListLeavesResponse

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes
    from trust.leaf import Leaf
    from trust.merkle import leaf_hash

    request = ListLeavesRequest(start=start, limit=limit)
    raw = MemberClient.load(client).ask(routes.LIST_LEAVES, request, ListLeavesResponse, member=of).leaves
    read = [(start + place, leaf_hash(each).hex(), Leaf.from_bytes(each), each) for place, each in enumerate(raw)]
    if as_json:
        output.print_json(
            [{"index": index, "hash": hashed, "leaf": json.loads(each)} for index, hashed, _, each in read]
        )
        return
    output.print_table(
        "",
        ("index", "when", "kind", "member", "subject", "case", "event", "hash"),
        (
            (
                str(index),
                output.moment(each.at),
                each.kind,
                each.member,
                each.subject,
                each.case.hex()[:16],
                f"{each.emitter} {each.seq}" if each.seq else "",
                hashed,
            )
            for index, hashed, each, _ in read
        ),
    )


@commands.command()
def verify(config: ConfigFile, as_json: AsJson = False) -> None:
    """Recompute a stored log from its leaves, and hold checkpoint and store against it. Exit status 1 on any fault.

    Works beside a running gateway, and without one. Names the first leaf that is wrong, as far as can be known, and
    every case, event, piece of evidence and other row that is not as the leaves say.
    """
    (log,) = _check_logs([config])
    if as_json:
        output.print_json(_report_for_programs(log))
    else:
        _print_report(log)
    if log.report.findings:
        raise typer.Exit(ExitStatus.REFUSED)


@commands.command()
def compare(
    configs: Annotated[
        list[Path],
        typer.Option("--config", "-c", metavar="FILE", help="A gateway's configuration; give exactly two."),
    ],
    as_json: AsJson = False,
) -> None:
    """Verify two gateways' stored logs, each also by what the other remembers, and compare the cases that they share.

    Every event of a shared case must stand in both logs with the same emitter, number and digest, and each emitter's
    numbers must count on without a gap. Exit status 1 on any difference. An event that is still on its way is one.
    """
    from trust.audit_check import compare as compare_trails

    if len(configs) != 2:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "a comparison takes two logs",
            got=f"{len(configs)} configurations",
            expected="--config A --config B",
            mend="name both gateways' configurations",
        )
    first, second = logs = _check_logs(configs)
    compared = compare_trails(first.trail, second.trail)
    if as_json:
        output.print_json(
            {
                "logs": [_report_for_programs(log) for log in logs],
                "shared_cases": compared.shared_cases,
                "agreed_events": compared.agreed_events,
                "unshared_cases": dict(zip((first.member, second.member), compared.unshared_cases, strict=True)),
                "differences": [
                    {
                        "log": difference.log,
                        "case": difference.case.hex(),
                        "emitter": difference.emitter,
                        "seq": difference.seq,
                        "what": difference.what,
                    }
                    for difference in compared.differences
                ],
            }
        )
    else:
        for log in logs:
            _print_report(log)
        output.print_line(f"{compared.shared_cases} shared cases, {compared.agreed_events} events stand alike in both")
        for log, count in zip(logs, compared.unshared_cases, strict=True):
            if count:
                output.print_line(f"{count} cases of {log.member} are not shared, or not delivered yet")
        for difference in compared.differences:
            output.print_line(
                f"DIFFERENCE in {difference.log}: case {difference.case.hex()[:16]}…, event {difference.seq} of "
                f"{difference.emitter}: {difference.what}"
            )
    if compared.differences or any(log.report.findings for log in logs):
        raise typer.Exit(ExitStatus.REFUSED)


@commands.command()
def stamps(config: ConfigFile, as_json: AsJson = False) -> None:
    """Verify every timestamp over a stored log, and say how far the newest reaches. Exit status 1 when one is wrong.

    Works beside a running gateway, and without one.
    """
    from gateway.app import SystemClock
    from gateway.cli.stamps import check_stored_stamps
    from gateway.config import load

    now = SystemClock().now()
    checked = asyncio.run(check_stored_stamps(load(config), now))
    newest = checked.newest
    if as_json:
        output.print_json(
            {
                "member": checked.member,
                "log_size": checked.log_size,
                "count": checked.count,
                "newest": {"size": newest.size, "at": newest.at.isoformat(), "authority": checked.authority}
                if newest
                else None,
                "wrong": [
                    {"size": each.stamp.size, "at": each.stamp.at.isoformat(), "what": each.what}
                    for each in checked.wrong
                ],
            }
        )
    else:
        verdict = f"{len(checked.wrong)} do NOT hold" if checked.wrong else "all hold"
        output.print_line(f"{checked.member}: {checked.count} timestamps, {verdict}")
        if newest:
            covers = f"over {newest.size} of {checked.log_size} leaves"
            age = f"{output.moment(newest.at)}, {(now - newest.at).total_seconds():.0f} s ago"
            output.print_line(f"newest: {covers}, {age}, {checked.authority or 'of nobody that can be told'}")
        for each in checked.wrong:
            output.print_line(f"FAULT over {each.stamp.size} leaves, {output.moment(each.stamp.at)}: {each.what}")
    if checked.wrong:
        raise typer.Exit(ExitStatus.REFUSED)


def _check_logs(configs: list[Path]) -> list[CheckedLog]:
    """Check stored logs; of several, each also against what the others' stores remember of it."""
    from gateway.app import SystemClock
    from gateway.cli.logs import check_stored_log, remembered
    from gateway.config import load

    async def check() -> list[CheckedLog]:
        now, loaded = SystemClock().now(), [load(config) for config in configs]
        memories = [await remembered(config) for config in loaded] if len(loaded) > 1 else []
        logs = []
        for config in loaded:
            others = [memory for memory in memories if memory.member != config.member.id]
            with output.progress(config.member.id) as progress:
                logs.append(await check_stored_log(config, now, others, progress))
        return logs

    return asyncio.run(check())


def _print_report(log: CheckedLog) -> None:
    report = log.report
    verdict = "does NOT hold" if report.findings else "holds"
    output.print_line(f"{log.member}: {report.size} leaves, root {report.root.hex()}, {verdict}")
    for finding in report.findings:
        output.print_line(f"FAULT {_where(finding)}: {finding.what}")
    if log.waiting:
        output.remark(f"{log.member}: {log.waiting} leaves wait to be placed; a running gateway does that at once")


def _where(finding: LogFinding) -> str:
    if finding.where:
        return f"in {finding.where}"
    if finding.first is None:
        return "at a leaf that can't be known"
    if finding.first == finding.last:
        return f"at leaf {finding.first}"
    return f"between leaf {finding.first} and leaf {finding.last}"


def _report_for_programs(log: CheckedLog) -> dict[str, Any]:
    report = log.report
    return {
        "member": log.member,
        "size": report.size,
        "root": report.root.hex(),
        "waiting": log.waiting,
        "findings": [
            {"what": finding.what, "first": finding.first, "last": finding.last, "where": finding.where}
            for finding in report.findings
        ],
    }


def _open_note(caller: MemberClient, of: str, note: str) -> Checkpoint:
    from gateway.exchange.witnessing import origin
    from trust.audit_check import open_log_checkpoint

    member = caller.directory.member(of or caller.config.gateway)
    return open_log_checkpoint(note, origin(member.id), member, caller.clock.now())


def _hash(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text) if len(text) == _HASH_HEX else b""
    except ValueError:
        digest = b""
    if not digest:
        raise Malformed(
            Reason.FIELD_INVALID,
            "this is no leaf hash",
            got=f"{len(text)} characters",
            expected=f"{_HASH_HEX} hex digits",
            mend="take the hash from `tongban audit leaves`",
        )
    return digest
