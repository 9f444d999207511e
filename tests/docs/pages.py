"""Reading the pages: blocks, tables, headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "adapters" / "README.md"])
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def prose_of(text: str) -> str:
    """The page without its code blocks."""
    return _FENCED.sub("", text)


def block_after(name: str, marker: str, language: str = "") -> str:
    """The code block that follows ``<!-- marker -->`` in a page."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```{language}\n(.*?)```", text_of(name), re.DOTALL)
    assert found is not None, f"{name} has no {language} block after <!-- {marker} -->"
    return found[1]


def rows_after(name: str, marker: str) -> list[list[str]]:
    """The rows, without the heading, of the table that follows ``<!-- marker… -->`` in a page."""
    found = re.search(rf"<!-- {re.escape(marker)}[^\n]*-->\n((?:\|[^\n]*\n)+)", text_of(name))
    assert found is not None, f"{name} has no table after <!-- {marker} -->"
    return [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line[1:-1])]
        for line in found[1].splitlines()[2:]
    ]


def plain(cell: str) -> str:
    return cell.strip("`")
