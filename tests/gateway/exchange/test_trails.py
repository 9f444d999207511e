"""Every leaf comes with its entry, wherever in the gateway it is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import gateway

ROOT = Path(gateway.__path__[0])
PUT_TOGETHER = {"exchange/trails.py", "exchange/sentence.py"}
"""Where leaves are put into recordings with their entries, and where a recording is joined with another."""


def recordings_with_leaves() -> Iterator[str]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Recording" | "replace"), keywords=given) if any(
                    keyword.arg == "leaves" for keyword in given
                ):
                    yield str(path.relative_to(ROOT))


def test_no_leaf_goes_into_a_recording_but_with_its_entry() -> None:
    assert set(recordings_with_leaves()) == PUT_TOGETHER
