"""Key files: their mode, their content, and that none is ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.store.vault import read_key_file
from tests.gateway.cli.installation import Run
from trust.keys import SoftwareSigner, VerifyingKey


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
def test_a_generated_key_is_private_and_its_public_half_is_printed(tmp_path: Path, run: Run, algorithm: str) -> None:
    file = tmp_path / "key.pem"
    answer = run("keys", "generate", "--kid", "430600.gateway#m1", "--algorithm", algorithm, "--out", file)
    assert answer.exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    printed = VerifyingKey.from_jwk(json.loads(answer.stdout), "430600.gateway#m1")
    signature = SoftwareSigner.from_pem(file.read_bytes(), "430600.gateway#m1").sign(b"words")
    assert printed.verify(b"words", signature)
    assert "PRIVATE" not in answer.output
    shown = run("keys", "show", file, "--kid", "430600.gateway#m1")
    assert json.loads(shown.stdout) == json.loads(answer.stdout)


@pytest.mark.parametrize("command", [("generate", "--kid", "k", "--algorithm", "ES256"), ("at-rest",)])
def test_a_key_is_never_overwritten(tmp_path: Path, run: Run, command: tuple[str, ...]) -> None:
    file = tmp_path / "key"
    file.write_text("precious")
    answer = run("keys", *command, "--out", file)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("error: KEY_FILE_UNREADABLE")
    assert file.read_text() == "precious"


def test_a_key_at_rest_is_one_that_a_store_takes(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "at-rest.key"
    assert run("keys", "at-rest", "--out", file).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(read_key_file(file)) == 32


def test_a_key_that_others_may_read_is_not_shown(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "key.pem"
    run("keys", "generate", "--kid", "k", "--algorithm", "ES256", "--out", file)
    file.chmod(0o644)
    answer = run("keys", "show", file, "--kid", "k")
    assert answer.exit_code == 2
    assert "chmod 600" in answer.stderr
