"""The platforms as programs of their own: they start, say so, stop cleanly, and know nothing of the gateway."""

from __future__ import annotations

import ast
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import sandbox.platforms

FOLDER = Path(sandbox.platforms.__file__).parent
PROGRAMS = ["hunan", "jingzhou"]


def command(program: str, folder: Path, port: int) -> list[str]:
    credentials = folder / "credentials.json"
    credentials.write_text(json.dumps({"account": "a", "secret": "b", "callback_secret": "c"}))
    options = ["--port", str(port), "--data", str(folder / "data"), "--credentials", str(credentials)]
    return [sys.executable, "-m", f"sandbox.platforms.{program}", *options]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_platform_says_when_it_is_ready_and_stops_on_sigterm(program: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        command(program, tmp_path, 0), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as p:
        assert p.stdout is not None
        ready = p.stdout.readline()
        address = ready.rpartition(" ")[2].strip()
        with urllib.request.urlopen(f"{address}/desk/cases", timeout=5) as reply:  # noqa: S310 - our own program
            assert json.load(reply) == {"cases": []}
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=10)
    assert (p.returncode, out, err) == (0, "", "")
    assert "ready on http://127.0.0.1:" in ready


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_port_in_use_is_one_clear_line(program: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = subprocess.run(
            command(program, tmp_path, taken.getsockname()[1]), capture_output=True, text=True, timeout=10, check=False
        )
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert "address already in use" in run.stderr


def test_a_missing_credentials_file_is_one_clear_line(tmp_path: Path) -> None:
    arguments = command("hunan", tmp_path, 0)
    (tmp_path / "credentials.json").unlink()
    run = subprocess.run(arguments, capture_output=True, text=True, timeout=10, check=False)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert "credentials.json" in run.stderr


def test_a_platform_is_a_strangers_program() -> None:
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"gateway", "adapters", "trust"}, file.name
