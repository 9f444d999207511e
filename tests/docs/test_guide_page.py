"""docs/guide.zh-CN.md and the section 明白卡 of docs/protocol.md: the words, packages and codes that are real."""

from __future__ import annotations

import re
from datetime import date

from gateway.domain.scan_text import ScannedGuide, read_scan_text
from gateway.paper import sheet
from tests.docs.pages import ROOT, block_after, text_of

PAGE = "guide.zh-CN.md"


def test_the_packages_are_those_that_errors_and_ci_name() -> None:
    named = re.findall(r"^apt-get install (.*)$", text_of(PAGE), re.MULTILINE)
    assert [tuple(line.split()) for line in named] == [sheet.SYSTEM_PACKAGES, sheet.FONT_PACKAGES]
    ci = re.search(r"^paper=\((.*)\)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert ci is not None
    assert tuple(ci[1].split()) == sheet.SYSTEM_PACKAGES + sheet.FONT_PACKAGES


def test_what_the_page_explains_stands_on_the_card() -> None:
    sources = [
        (ROOT / "gateway" / path).read_text("utf-8")
        for path in ("paper/guide.html", "paper/card.py", "domain/guide.py")
    ]
    section = text_of(PAGE).split("\n## 怎么看\n")[1].split("\n## ")[0]
    shown = [line[1:-1].split("|")[0].strip() for line in section.splitlines() if line.startswith("|")][2:]
    for words in shown:
        if words.startswith(("标题", "右上角", "页脚")):
            continue
        for part in words.replace("……", "").strip("“”").split("、"):
            assert any(part.strip("“”") in source for source in sources), words


def test_the_scan_text_shown_is_one() -> None:
    (text,) = block_after("protocol.md", "scan text: tests/docs reads it").split()
    assert read_scan_text(text) == ScannedGuide(
        "430600", "S-1", 1, "421000", "T 1/#", 2, date(2026, 11, 23), {"kind": "new", "spouse": "no"}
    )
    shown = text_of("protocol.md").split("\n## 明白卡\n")[1]
    for part in re.findall(r"^\| `([^`]+)` \|", shown, re.MULTILINE):
        assert part in text
