"""The bar for what takes long: for people who look, and for nobody else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from gateway.cli import output


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    stream = io.StringIO()

    def console(**_: Any) -> Console:
        return Console(file=stream, force_terminal=terminal, width=100)

    monkeypatch.setattr(output, "Console", console)
    with output.progress("430600.gateway") as progress:
        progress(10, 40)
        progress(40, 40)
    return stream.getvalue()


def test_somebody_at_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "430600.gateway" in shown(monkeypatch, terminal=True)


def test_where_nobody_looks_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, terminal=False) == ""
