"""Who vouches for a log, what was found wanting, and the log as files."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tongban.audit.v1 import audit_service_pb2

from gateway.exchange.alarms import AlarmKind
from gateway.exchange.audit import COSIGNED
from gateway.exchange.witnessing import origin, witness_name
from gateway.ports import Recording
from gateway.wire import routes
from tests.gateway.cli.installation import JINGZHOU, WINDOW, YUEYANG, AnsweringGateway, Federation, Run
from tests.gateway.cli.test_stored_logs import event
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.keys import KeyPurpose
from trust.merkle import CompactRange
from trust.note import cosign
from trust.tiles import node_lookup, tiles_of, unpack_entries, unpack_hashes

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def note(federation: Federation, member: str = YUEYANG, size: int = 2) -> str:
    signer = federation.signers[member, KeyPurpose.LOG]
    return sign_checkpoint(Checkpoint(origin(YUEYANG), size, bytes(32)), signer)


def line(federation: Federation, text: str) -> str:
    return cosign(text, federation.signers[JINGZHOU, KeyPurpose.WITNESS], witness_name(JINGZHOU), AT)


def answer(gateway: AnsweringGateway, cosigned: str, newest: str = "") -> None:
    gateway.answers[routes.GET_CHECKPOINT] = audit_service_pb2.GetCheckpointResponse(
        checkpoint=newest or cosigned, cosigned=cosigned
    )


def test_a_cosigned_checkpoint_is_printed_byte_for_byte_with_who_cosigned(
    federation: Federation, gateway: AnsweringGateway, run: Run
) -> None:
    signed = note(federation) + line(federation, note(federation))
    answer(gateway, signed)
    said = run("audit", "cosigned")
    assert (said.exit_code, said.stdout) == (0, signed)
    assert f"{witness_name(JINGZHOU)} cosigned at 2026-11-21 16:00:00 +08:00" in said.stderr
    assert list(json.loads(run("audit", "cosigned", "--json").stdout)["witnesses"]) == [witness_name(JINGZHOU)]


def test_it_is_told_how_many_leaves_wait_to_be_cosigned(
    federation: Federation, gateway: AnsweringGateway, run: Run
) -> None:
    signed = note(federation) + line(federation, note(federation))
    answer(gateway, signed, note(federation, size=5))
    assert "3 newer leaves wait to be cosigned" in run("audit", "cosigned").stderr
    answer(gateway, signed)
    assert "wait to be cosigned" not in run("audit", "cosigned").stderr


def test_what_nobody_cosigned_or_its_log_did_not_sign_is_not_printed(
    federation: Federation, gateway: AnsweringGateway, run: Run
) -> None:
    answer(gateway, "")
    assert run("audit", "cosigned").exit_code == 75
    other = note(federation, JINGZHOU)
    answer(gateway, other + line(federation, other))
    said = run("audit", "cosigned")
    assert (said.exit_code, said.stdout) == (1, "")


def test_alarms_are_listed_and_an_open_one_shows_in_the_exit_status(gateway: AnsweringGateway, run: Run) -> None:
    noted = audit_service_pb2.Alarm(alarm_id="a-1", kind="log_went_back", member=JINGZHOU, text="short", proof=b"{}",
                                    acknowledged_by="o-7")  # fmt: skip
    noted.at.FromDatetime(AT)
    gateway.answers[routes.LIST_ALARMS] = audit_service_pb2.ListAlarmsResponse(alarms=[noted])
    said = run("audit", "alarms", "--open")
    assert said.exit_code == 0
    assert "log_went_back 日志倒退" in said.stdout
    assert "2026-11-21 16:00:00 +08:00" in said.stdout
    assert audit_service_pb2.ListAlarmsRequest.FromString(gateway.call.body).open_only
    noted.acknowledged_by = ""
    gateway.answers[routes.LIST_ALARMS] = audit_service_pb2.ListAlarmsResponse(alarms=[noted])
    said = run("audit", "alarms", "--json")
    assert said.exit_code == 3
    assert json.loads(said.stdout)[0]["proof"] == "{}"


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_kind_of_alarm_has_its_name_in_chinese(gateway: AnsweringGateway, run: Run, kind: AlarmKind) -> None:
    found = audit_service_pb2.Alarm(alarm_id="a-1", kind=kind, member=JINGZHOU, text="short", proof=b"{}")
    found.at.FromDatetime(AT)
    gateway.answers[routes.LIST_ALARMS] = audit_service_pb2.ListAlarmsResponse(alarms=[found])
    said = run("audit", "alarms")
    assert re.search(rf"{kind} [\u4e00-\u9fff]+", said.stdout)
    assert "docs/audit.zh-CN.md" in said.stderr


def test_an_officer_takes_note_of_an_alarm(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.ACKNOWLEDGE_ALARM] = audit_service_pb2.AcknowledgeAlarmResponse()
    said = run("audit", "acknowledge", "a-1", "--officer", "o-7", "--role", "audit")
    assert said.exit_code == 0
    assert (gateway.call.caller, gateway.call.member) == (WINDOW, YUEYANG)
    assert audit_service_pb2.AcknowledgeAlarmRequest.FromString(gateway.call.body).alarm_id == "a-1"


def read(folder: Path) -> int:
    """What a reader of the files comes to; how many leaves."""
    checkpoint = Checkpoint.from_text((folder / "checkpoint").read_text().partition("\n\n")[0] + "\n")
    tiles = [tile for tile in tiles_of(checkpoint.size) if tile.level is not None]
    hashes = {(tile.level or 0, tile.index): unpack_hashes(tile, (folder / tile.path).read_bytes()) for tile in tiles}
    assert CompactRange.load(checkpoint.size, node_lookup(hashes)).root() == checkpoint.root
    bundles = [(folder / tile.path).read_bytes() for tile in tiles_of(checkpoint.size) if tile.level is None]
    leaves = [leaf for bundle in bundles for leaf in unpack_entries(bundle)]
    assert leaves == [event(YUEYANG, seq) for seq in range(1, checkpoint.size + 1)]
    return checkpoint.size


def test_the_log_as_files_is_read_by_any_client_and_grows_by_what_is_new(
    federation: Federation, run: Run, tmp_path: Path
) -> None:
    config, folder = federation.gateway_config(YUEYANG), tmp_path / "tiles"
    federation.fill_log(YUEYANG, [event(YUEYANG, seq) for seq in range(1, 301)])
    assert "300 leaves, 5 new files" in run("audit", "tiles", "--config", config, "--to", folder).stdout
    assert read(folder) == 300
    kept = (folder / "tile/0/000").stat().st_mtime_ns
    federation.fill_log(YUEYANG, [event(YUEYANG, seq) for seq in range(301, 304)])
    assert "303 leaves, 2 new files" in run("audit", "tiles", "--config", config, "--to", folder).stdout
    assert read(folder) == 303
    assert (folder / "tile/0/000").stat().st_mtime_ns == kept
    assert "0 new files" in run("audit", "tiles", "--config", config, "--to", folder).stdout


def test_a_cosigned_checkpoint_goes_before_a_newer_one(federation: Federation, run: Run, tmp_path: Path) -> None:
    federation.fill_log(YUEYANG, [event(YUEYANG, seq) for seq in range(1, 4)])

    async def cosigned() -> str:
        async with federation.store(YUEYANG) as store:
            newest = (await store.log_head()).checkpoint
            await store.record(Recording(snapshots={COSIGNED: (newest + line(federation, newest)).encode()}))
            return newest

    newest = asyncio.run(cosigned())
    federation.fill_log(YUEYANG, [event(YUEYANG, 4)])
    run("audit", "tiles", "--config", federation.gateway_config(YUEYANG), "--to", tmp_path / "tiles")
    assert (tmp_path / "tiles/checkpoint").read_text().startswith(newest)
    assert read(tmp_path / "tiles") == 3


def test_an_empty_log_makes_no_files(federation: Federation, run: Run, tmp_path: Path) -> None:
    federation.fill_log(YUEYANG, [])
    said = run("audit", "tiles", "--config", federation.gateway_config(YUEYANG), "--to", tmp_path / "tiles")
    assert "0 leaves, 0 new files" in said.stdout
    assert not (tmp_path / "tiles").exists()
