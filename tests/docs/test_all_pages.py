"""What every page may say: only files, targets, commands and pages that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from gateway.cli.app import build
from sandbox.cli import commands as sandbox_commands
from tests.docs.pages import PAGES, ROOT, prose_of

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
ROOMS = "adapters|docs|gateway|protos|requirements|sandbox|tests|trust"
MACHINE = re.compile(r"/(?:home|root|Users|work|tmp)/|[A-Z]:\\\\|pypi|index-url", re.IGNORECASE)


def text(page: Path) -> str:
    return page.read_text("utf-8")


@EACH_PAGE
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose_of(text(page))):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@EACH_PAGE
def test_every_path_of_the_project_exists(page: Path) -> None:
    for path in re.findall(rf"(?<![\w./-])((?:{ROOMS})/[\w./-]*\w(?:/|\.\w+)?)", text(page)):
        if "<" not in path:
            assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), path


@EACH_PAGE
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", text(page), re.MULTILINE))
    assert named <= targets


@EACH_PAGE
def test_every_command_exists(page: Path) -> None:
    root = build()
    root.add_typer(sandbox_commands, name="sandbox")
    for line in re.findall(r"(?:`|^)tongban ((?:[a-z][a-z-]*(?: |$|`))+)", text(page), re.MULTILINE):
        known: Any = typer.main.get_command(root)
        for word in line.strip("` \n").split():
            if not hasattr(known, "commands"):
                break  # what follows are arguments
            assert word in known.commands, f"tongban {line}"
            known = known.commands[word]


@EACH_PAGE
def test_every_python_block_compiles(page: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE):
        ast.parse(block)


@EACH_PAGE
def test_no_page_names_a_developers_machine_or_a_registry(page: Path) -> None:
    assert MACHINE.search(text(page)) is None


FOR_STAFF = {"window.zh-CN.md", "guide.zh-CN.md"}
TWINS = [page for page in PAGES if page.name.endswith(".zh-CN.md") and page.name not in FOR_STAFF]
"""Chinese pages that have an English one; those for the staff at a window are in Chinese only."""


def test_there_are_twins() -> None:
    assert {"operating.zh-CN.md", "integrating.zh-CN.md"} <= {page.name for page in TWINS}


@pytest.mark.parametrize("chinese", TWINS, ids=lambda page: page.name)
def test_twins_have_the_same_headings_tables_and_blocks(chinese: Path) -> None:
    assert shape(chinese) == shape(chinese.with_name(chinese.name.replace(".zh-CN", "")))


def shape(page: Path) -> tuple[list[int], int, int]:
    """Levels of the headings, number of table rows, number of code blocks."""
    prose = prose_of(text(page))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
    return levels, len(re.findall(r"^\|", prose, re.MULTILINE)), text(page).count("\n```")
