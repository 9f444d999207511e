"""``tongban audit cosigned``, ``alarms``, ``acknowledge``, ``tiles``: who vouches for a log, what is found wanting."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.files import replace_file
from gateway.cli.options import FLAG, AsJson, ClientFile, ConfigFile, IdempotencyKey, LogOf
from trust.errors import Reason, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from gateway.config import Config

_MODE: Final = 0o644
"""Of tiles: anybody may read them."""

_KINDS: Final[Mapping[str, str]] = {
    "log_contradicts_itself": "日志自相矛盾",
    "log_cannot_prove": "日志不能自证只增不改",
    "log_went_back": "日志倒退",
    "own_log_went_back": "本方日志倒退",
    "witness_went_back": "见证方倒退",
}


def cosigned(client: ClientFile, of: LogOf = "", as_json: AsJson = False) -> None:
    """Fetch the newest checkpoint that enough witnesses cosigned, verify every line that can be, and print it.

    Witnesses are verified with the keys that the directory lists; lines of third parties are printed as they stand.
    """
    from tongban.audit.v1.audit_service_pb2 import GetCheckpointRequest, GetCheckpointResponse

    from gateway.cli.calling import MemberClient
    from gateway.exchange.witnessing import log_keys, witness_keys
    from gateway.wire import routes
    from trust.checkpoint import Checkpoint
    from trust.note import open_note
    from trust.witness import enough_witnesses

    caller = MemberClient.load(client)
    member, now = caller.directory.member(of or caller.config.gateway), caller.clock.now()
    answer = caller.ask(routes.GET_CHECKPOINT, GetCheckpointRequest(), GetCheckpointResponse, member=of)
    note = answer.cosigned
    if not note:
        raise Unavailable(
            Reason.LOG_UNWITNESSED,
            f"nobody has cosigned the log of {member.id} yet, or not enough have",
            mend="its gateway's log says which witness does not cosign, and why",
        )
    gateways = [each for each in caller.directory.members if each.role == member.role]
    log = log_keys(member, now)
    opened = open_note(note, [*log, *(key for each in gateways for key in witness_keys(each, now))])
    if not set(log) & set(opened.signed_by):
        raise Unauthenticated(
            Reason.SIGNATURE_MISSING,
            f"the checkpoint is cosigned, and not signed by the log of {member.id}",
            expected="the signature of a log key that the directory lists",
            mend="keep the note as evidence and ask the log's operator",
        )
    checkpoint = Checkpoint.from_text(opened.text)
    if as_json:
        witnesses = {name: at.isoformat() for name, at in opened.cosigned.items()}
        output.print_json(
            {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(),
             "witnesses": witnesses, "checkpoint": note}
        )  # fmt: skip
        return
    typer.echo(note, nl=False)
    for name, at in opened.cosigned.items():
        output.remark(f"{name} cosigned at {output.moment(at)}")
    output.remark(
        f"cosigned by gateways: {len(opened.cosigned)}; enough are {enough_witnesses(len(gateways))} of the others"
    )
    waiting = _size_of(answer.checkpoint) - checkpoint.size
    if waiting > 0:
        output.remark(f"{waiting} newer leaves wait to be cosigned; the gateway's log says who does not, and why")


def alarms(
    client: ClientFile,
    open_only: Annotated[
        bool, typer.Option("--open", metavar=FLAG, help="Only those that nobody has taken note of.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what only a person can settle, newest first. With --json the proofs too. Exit status 3 when one is open."""
    from tongban.audit.v1.audit_service_pb2 import ListAlarmsRequest, ListAlarmsResponse

    from gateway.cli.calling import MemberClient
    from gateway.cli.failures import ExitStatus
    from gateway.wire import fields, routes

    caller = MemberClient.load(client)
    found = caller.ask(routes.LIST_ALARMS, ListAlarmsRequest(open_only=open_only), ListAlarmsResponse).alarms
    if as_json:
        output.print_json(
            [
                {
                    "alarm": each.alarm_id,
                    "kind": each.kind,
                    "member": each.member,
                    "at": each.at.ToJsonString(),
                    "text": each.text,
                    "proof": each.proof.decode("utf-8", "replace"),
                    "acknowledged_by": each.acknowledged_by,
                }
                for each in found
            ]
        )
    else:
        output.print_table(
            "",
            ("alarm", "when", "kind", "member", "what", "noted by"),
            (
                (
                    each.alarm_id,
                    output.moment(fields.moment(each.at, "at")),
                    f"{each.kind} {_KINDS.get(each.kind, '')}".strip(),
                    each.member,
                    each.text,
                    each.acknowledged_by,
                )
                for each in found
            ),
        )
    if any(not each.acknowledged_by for each in found):
        output.remark("what each means and what to do: docs/audit.md, 各种警报的含义和处理: docs/audit.zh-CN.md")
        raise typer.Exit(ExitStatus.NOT_SO)


def acknowledge(
    client: ClientFile,
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="Its id, from `tongban audit alarms`.")],
    officer: Annotated[str, typer.Option("--officer", metavar="ID", help="Who takes note: the officer's pseudonym.")],
    role: Annotated[str, typer.Option("--role", help="What the officer acts as, such as audit.")],
    window: Annotated[str, typer.Option("--window", help="The officer's window or office.")] = "",
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Take note of an alarm on behalf of an officer. Alarm and proof stay; it leaves a leaf in the log."""
    from tongban.audit.v1.audit_service_pb2 import AcknowledgeAlarmRequest, AcknowledgeAlarmResponse

    from gateway.cli.calling import MemberClient, key_for
    from gateway.wire import routes
    from trust.signed_claims import Officer

    request = AcknowledgeAlarmRequest(idempotency_key=key_for(idempotency_key), alarm_id=alarm)
    signer = Officer(officer, role, window)
    MemberClient.load(client).ask(routes.ACKNOWLEDGE_ALARM, request, AcknowledgeAlarmResponse, officer=signer)
    output.print_line(f"{alarm}: taken note of by {officer}")


def tiles(
    config: ConfigFile,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder of the files; made when it is not there.")],
) -> None:
    """Write the log as the static files of tlog-tiles, for any web server: what is new since the last time.

    Works beside a running gateway, and without one. The checkpoint is written last, so that a reader never finds one
    whose tiles are not there.
    """
    from gateway.config import load

    size, written = asyncio.run(_write_tiles(load(config), to))
    output.print_line(f"{size} leaves, {written} new files in {to}")


async def _write_tiles(config: Config, to: Path) -> tuple[int, int]:
    from gateway.cli.beside import store_of
    from gateway.exchange.audit import COSIGNED
    from gateway.exchange.tile_files import tile_file
    from trust.tiles import CHECKPOINT_PATH, tiles_of

    written = 0
    async with store_of(config) as store:
        note = (await store.snapshot(COSIGNED) or b"").decode() or (await store.log_head()).checkpoint
        size, since = _size_of(note), _size_of(_read(to / CHECKPOINT_PATH))
        for tile in tiles_of(size, min(since, size)):
            _write(to / tile.path, await tile_file(store, tile))
            written += 1
        if note:
            _write(to / CHECKPOINT_PATH, note.encode())
    return size, written


def _size_of(note: str) -> int:
    from gateway.exchange.witnessing import split_note
    from trust.checkpoint import Checkpoint

    return Checkpoint.from_text(split_note(note)[0]).size if note else 0


def _read(path: Path) -> str:
    from gateway.cli.files import read_bytes

    return read_bytes(path).decode() if path.exists() else ""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, _MODE)
