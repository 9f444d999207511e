"""The help lists every command, each says what it does, and it comes at once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from gateway.cli.app import build
from sandbox import cli as sandbox_cli
from tests.gateway.cli.installation import Run

TREE = {
    "serve": (),
    "translate": (),
    "guide": (),
    "catalogue": ("show", "coverage", "accept"),
    "config": ("check",),
    "keys": ("generate", "show", "at-rest"),
    "directory": ("show", "verify", "seal", "sign"),
    "case": ("open", "show", "list", "supplement", "withdraw", "rate", "progress", "erase"),
    "crosswalk": ("import", "export", "rows", "approve", "withdraw"),
    "licence": ("issue", "verify", "status"),
    "delivery": ("list", "requeue"),
    "audit": (
        "search",
        "export",
        "checkpoint",
        "prove",
        "leaves",
        "verify",
        "compare",
        "stamps",
        "cosigned",
        "alarms",
        "acknowledge",
        "tiles",
    ),
}
HEAVY = (
    "grpc", "aiohttp", "pydantic", "sqlalchemy", "cryptography", "google.protobuf", "weasyprint", "jinja2",
    "gateway.app", "sandbox.world",
)  # fmt: skip


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(child, (*path, name))


ALL = dict(_leaves(typer.main.get_command(build())))


def test_the_tree_of_commands_is_the_documented_one() -> None:
    assert set(ALL) == {(group, name) for group, names in TREE.items() for name in names} | {
        (name,) for name, below in TREE.items() if not below
    }


def test_the_help_lists_every_group_and_the_exit_statuses(run: Run) -> None:
    text = run("--help").stdout
    for group in TREE:
        assert f" {group} " in text
    assert "Exit status" in text


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_says_what_it_does_and_what_each_option_means(path: tuple[str, ...], run: Run) -> None:
    answer = run(*path, "--help")
    assert answer.exit_code == 0
    command = ALL[path]
    assert command.help
    assert not re.search(r"\[[a-z#/@]", command.help), "what looks like mark-up is not shown"
    for parameter in command.params:
        assert getattr(parameter, "help", None), parameter.name
        if getattr(parameter, "is_flag", False):
            assert parameter.metavar == "", f"{parameter.name} takes no value"


def test_a_group_without_a_command_shows_its_help(run: Run) -> None:
    assert "requeue" in run("delivery").output


def test_the_version_is_printed(run: Run) -> None:
    answer = run("--version")
    assert (answer.exit_code, answer.stdout.split()[0]) == (0, "tongban")


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    program = f"import sys, sandbox.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_entry_point_adds_the_sandbox(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["tongban", "--help"])
    with pytest.raises(SystemExit) as stopped:
        sandbox_cli.main()
    assert stopped.value.code == 0
    assert " sandbox " in capsys.readouterr().out
