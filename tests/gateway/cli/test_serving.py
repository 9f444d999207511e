"""Looking whether a gateway could run, and trying to."""

from __future__ import annotations

import pytest

from tests.gateway.cli.installation import YUEYANG, Federation, Run
from trust.keys import KeyPurpose


def test_a_whole_configuration_is_fine(federation: Federation, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGBAN_CONFIG", "elsewhere")  # the commands' own variables are no settings
    answer = run("config", "check", federation.gateway_config(YUEYANG))
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "ok")
    assert "岳阳市" in answer.stdout
    assert not (federation.folder / f"{YUEYANG}.sqlite").exists()


def test_a_clients_configuration_is_checked_too(federation: Federation, run: Run) -> None:
    answer = run("config", "check", federation.client_config(), "--client")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "ok")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("430600.gateway-log.pem", "KEY_FILE_UNREADABLE"),
        ("at-rest.key", "KEY_FILE_UNREADABLE"),
        ("certificate.pem", "KEY_FILE_UNREADABLE"),
        ("directory.jws", "DIRECTORY_UNTRUSTED"),
        ("430600.gateway.toml", "CONFIG_INVALID"),
    ],
)
def test_whatever_is_wrong_is_named(federation: Federation, run: Run, spoil: str, reason: str) -> None:
    config = federation.gateway_config(YUEYANG)
    (federation.folder / spoil).write_bytes(b"spoilt")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"error: {reason}")
    assert "Traceback" not in answer.output


def test_a_misspelled_setting_is_named(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(YUEYANG)
    config.write_text(config.read_text("utf-8").replace("listen =", "lissen ="), "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "server.lissen" in answer.stderr


def test_serve_says_why_it_does_not_start(federation: Federation, run: Run, tmp_path: object) -> None:
    config = federation.gateway_config(YUEYANG)
    federation.key_file(YUEYANG, KeyPurpose.LOG).chmod(0o644)
    answer = run("serve", "--config", config)
    assert answer.exit_code == 2
    assert "error: KEY_FILE_EXPOSED" in answer.stderr


def test_serve_wants_a_configuration(run: Run) -> None:
    answer = run("serve")
    assert answer.exit_code == 2
    assert "--config" in answer.stderr
