"""``tongban audit stamps``: every timestamp that a store keeps, verified without asking anybody."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from typer.testing import Result

from gateway.ports import Recording, Stamp
from tests.gateway.cli.installation import YUEYANG, Federation, Run
from tests.gateway.tsa import Tsa, pem, root
from trust.evidence_stamp import check_stamp
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.leaf import Leaf, LeafKind

ROOT = root()
CERTIFIED = ROOT.timestamping("国家授时")
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def tsa(tmp_path: Path) -> Tsa:
    return Tsa(tmp_path / "tsa", CERTIFIED)


def config(federation: Federation, *, stamped: bool = True) -> Path:
    path = federation.gateway_config(YUEYANG)
    (federation.folder / "tsa-roots.pem").write_bytes(pem(ROOT.certificate))
    if stamped:
        section = '\n[audit.timestamps]\nauthorities = ["http://tsa.example/tsr"]\nroots = "tsa-roots.pem"\n'
        path.write_text(path.read_text("utf-8") + section, "utf-8")
    return path


def fill(federation: Federation, tsa: Tsa, *sizes: int) -> None:
    """A log that was stamped at those sizes."""
    leaf, size_before = Leaf(LeafKind.ADMIN, "o-7", "act", AT).to_bytes(), 0
    for size in sizes:
        federation.fill_log(YUEYANG, [leaf] * (size - size_before))
        asyncio.run(_stamp(federation, tsa))
        size_before = size


async def _stamp(federation: Federation, tsa: Tsa) -> None:
    async with federation.store(YUEYANG) as store:
        head = await store.log_head()
        text = head.checkpoint.encode()
        token = tsa.reply(TimestampRequestBuilder(data=text, hash_algorithm=HashAlgorithm.SHA256).build().as_bytes())
        at = check_stamp(token, text, [ROOT.certificate]).at
        await store.record(Recording(stamps=(Stamp(head.size, head.checkpoint, token, at),)))


def alter(federation: Federation, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(federation.folder / f"{YUEYANG}.sqlite")
    with connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def stamps(run: Run, file: Path, *options: str) -> Result:
    return run("audit", "stamps", "--config", file, *options)


def test_timestamps_that_hold_are_counted_and_the_newest_says_how_far_it_reaches(
    federation: Federation, run: Run, tsa: Tsa
) -> None:
    fill(federation, tsa, 2, 5)
    federation.fill_log(YUEYANG, [Leaf(LeafKind.ADMIN, "o-7", "later", AT).to_bytes()])
    answer = stamps(run, config(federation))
    assert answer.exit_code == 0
    first, second = answer.stdout.splitlines()
    assert first == f"{YUEYANG}: 2 timestamps, all hold"
    assert second.startswith("newest: over 5 of 6 leaves, ")
    assert second.endswith(" s ago, 国家授时")
    told = json.loads(stamps(run, config(federation), "--json").stdout)
    assert (told["count"], told["newest"]["size"], told["log_size"], told["wrong"]) == (2, 5, 6, [])


def test_a_log_that_nobody_stamped_has_nothing_wrong(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, [])
    answer = stamps(run, config(federation))
    assert (answer.exit_code, answer.stdout) == (0, f"{YUEYANG}: 0 timestamps, all hold\n")


@pytest.mark.parametrize(
    ("statement", "values", "what"),
    [
        ("UPDATE stamps SET note = replace(note, '/log', '/lag') WHERE size = 5", (), "it is over another text"),
        ("UPDATE stamps SET token = ? WHERE size = 5", (b"nothing",), "is cut off"),
        ("UPDATE stamps SET token = (SELECT token FROM stamps WHERE size = 2) WHERE size = 5", (), "another text"),
        ("UPDATE stamps SET size = 6 WHERE size = 5", (), "another size than its own, 5"),
        ("UPDATE stamps SET at = at - 3600000000 WHERE size = 5", (), "another time than its own"),
    ],
    ids=["note", "token", "another's token", "size", "time"],
)
def test_whatever_is_changed_is_named(
    federation: Federation, run: Run, tsa: Tsa, statement: str, values: tuple[bytes, ...], what: str
) -> None:
    fill(federation, tsa, 2, 5)
    alter(federation, statement, *values)
    answer = stamps(run, config(federation))
    assert answer.exit_code == 1
    assert answer.stdout.startswith(f"{YUEYANG}: 2 timestamps, 1 do NOT hold\n")
    (fault,) = (line for line in answer.stdout.splitlines() if line.startswith("FAULT over "))
    assert what in fault


def test_a_timestamp_of_another_root_does_not_hold(federation: Federation, run: Run, tsa: Tsa) -> None:
    fill(federation, tsa, 1)
    file = config(federation)
    (federation.folder / "tsa-roots.pem").write_bytes(pem(root().certificate))
    answer = stamps(run, file)
    assert answer.exit_code == 1
    assert "its authority leads to none of the configured roots" in answer.stdout


def test_a_timestamp_over_a_checkpoint_of_another_key_does_not_hold(federation: Federation, run: Run, tsa: Tsa) -> None:
    federation.signers[YUEYANG, KeyPurpose.LOG] = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    fill(federation, tsa, 1)
    assert stamps(run, config(federation)).exit_code == 1


def test_without_roots_nothing_can_be_verified(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, [])
    answer = stamps(run, config(federation, stamped=False))
    assert answer.exit_code == 2
    assert "no time-stamping authority is configured" in answer.stderr
    file = config(federation)
    (federation.folder / "tsa-roots.pem").write_text("nothing")
    answer = stamps(run, file)
    assert answer.exit_code == 2
    assert "holds no certificates" in answer.stderr
