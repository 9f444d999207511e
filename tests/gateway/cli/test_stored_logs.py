"""Stored logs, sound and tampered with, checked and compared without anybody's help."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from typer.testing import Result

from tests.gateway.cli.installation import JINGZHOU, YUEYANG, Federation, Run
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.leaf import Leaf, LeafKind
from trust.merkle import leaf_hash

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CASE = sha256(b"case").digest()


def event(emitter: str, seq: int) -> bytes:
    digest = sha256(f"{emitter}{seq}".encode()).hexdigest()
    at = AT + timedelta(seconds=seq)
    return Leaf(LeafKind.CASE_EVENT, emitter, digest, at, case=CASE, seq=seq, emitter=emitter).to_bytes()


EVENTS = [event(YUEYANG, seq) for seq in range(1, 8)]


def alter(federation: Federation, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(federation.folder / f"{YUEYANG}.sqlite")
    with connection:
        connection.execute(statement, values)
    connection.close()


def verify(federation: Federation, run: Run, *options: str) -> Result:
    return run("audit", "verify", "--config", federation.gateway_config(YUEYANG), *options)


def test_a_sound_log_holds(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    answer = verify(federation, run)
    assert answer.exit_code == 0
    assert answer.stdout.startswith(f"{YUEYANG}: 7 leaves, root ")
    assert answer.stdout.endswith("holds\n")


def test_a_log_of_several_pages_holds(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, [event(YUEYANG, seq) for seq in range(1, 2300)])
    assert json.loads(verify(federation, run, "--json").stdout)["size"] == 2299


def test_an_empty_log_holds(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, [])
    assert verify(federation, run).exit_code == 0


def test_a_changed_leaf_is_named(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    alter(federation, "UPDATE leaves SET data = ? WHERE leaf_index = 3", event(JINGZHOU, 4))
    answer = verify(federation, run)
    assert answer.exit_code == 1
    assert "FAULT at leaf 3:" in answer.stdout
    assert "does NOT hold" in answer.stdout


def test_a_leaf_changed_together_with_its_hashes_is_narrowed_down(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    forged = event(JINGZHOU, 4)
    alter(federation, "UPDATE leaves SET data = ?, leaf_hash = ? WHERE leaf_index = 3", forged, leaf_hash(forged))
    alter(federation, "UPDATE log_nodes SET hash = ? WHERE level = 0 AND node_index = 3", leaf_hash(forged))
    answer = verify(federation, run)
    assert answer.exit_code == 1
    assert "FAULT between leaf 2 and leaf 3:" in answer.stdout


def test_a_removed_leaf_is_named(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    alter(federation, "DELETE FROM leaves WHERE leaf_index = 2")
    (finding, *_) = json.loads(verify(federation, run, "--json").stdout)["findings"]
    assert finding["first"] == 2


def test_a_leaf_that_is_none_is_named(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, [*EVENTS, b"not a leaf"])
    answer = verify(federation, run)
    assert answer.exit_code == 1
    assert "FAULT at leaf 7: the bytes are no audit leaf" in answer.stdout


def test_a_checkpoint_of_another_key_is_refused(federation: Federation, run: Run) -> None:
    federation.signers[YUEYANG, KeyPurpose.LOG] = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    federation.fill_log(YUEYANG, EVENTS)
    answer = verify(federation, run)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("error: SIGNATURE_MISSING")


def test_a_log_is_verified_beside_the_gateway_that_has_it_open(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    with_lock = sqlite3.connect(federation.folder / f"{YUEYANG}.sqlite")
    with_lock.execute("BEGIN IMMEDIATE")  # the gateway is in the middle of writing
    assert verify(federation, run).exit_code == 0
    with_lock.close()


def test_a_store_that_was_never_made_is_explained(federation: Federation, run: Run) -> None:
    answer = verify(federation, run)
    assert answer.exit_code == 2
    assert "there is no store" in answer.stderr


# two logs


def compare(federation: Federation, run: Run, *options: str) -> Result:
    configs = [word for member in (YUEYANG, JINGZHOU) for word in ("--config", federation.gateway_config(member))]
    return run("audit", "compare", *configs, *options)


def test_two_logs_that_tell_the_same_agree(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    federation.fill_log(JINGZHOU, EVENTS)
    answer = compare(federation, run)
    assert answer.exit_code == 0
    assert "1 shared cases, 7 events stand alike in both" in answer.stdout


def test_an_event_that_one_log_lacks_is_reported(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    federation.fill_log(JINGZHOU, EVENTS[:-1])
    answer = compare(federation, run)
    assert answer.exit_code == 1
    assert f"DIFFERENCE in {JINGZHOU}: case {CASE.hex()[:16]}…, event 7 of {YUEYANG}" in answer.stdout
    (difference,) = json.loads(compare(federation, run, "--json").stdout)["differences"]
    assert (difference["log"], difference["seq"]) == (JINGZHOU, 7)


def test_logs_that_agree_but_do_not_hold_are_refused(federation: Federation, run: Run) -> None:
    federation.fill_log(YUEYANG, EVENTS)
    federation.fill_log(JINGZHOU, EVENTS)
    alter(federation, "UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 0 AND node_index = 0")
    answer = compare(federation, run)
    assert answer.exit_code == 1
    assert "DIFFERENCE" not in answer.stdout


def test_a_comparison_takes_two_logs(federation: Federation, run: Run) -> None:
    answer = run("audit", "compare", "--config", federation.gateway_config(YUEYANG))
    assert answer.exit_code == 2
    assert "--config A --config B" in answer.stderr
