"""The summary of a bundle: readable in both languages, escaped, and nothing in it that leads outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from gateway.paper.evidence import summary_of
from tests.trust.evidence_world import NUMBER, played
from trust.evidence_check import check

MALICIOUS = '<script src="https://evil.example/x.js"></script>\x1b[31m\u202e'


def page(first: str = "zh") -> str:
    ground = played()
    report = check(ground.made(ground.yueyang), ground.trust)
    return summary_of(report, item=MALICIOUS, applicant="张* 110105********002X", first=first)


@pytest.mark.parametrize(("first", "second"), [("zh", "en"), ("en", "zh")])
def test_it_begins_with_the_language_asked_for_and_has_both(first: str, second: str) -> None:
    written = page(first)
    assert written.index(f'<section lang="{first}">') < written.index(f'<section lang="{second}">')
    for words in (
        "谁在何时发出了什么",
        "Who sent what, and when",
        "收件并转递",
        "decided",
        NUMBER,
        "不证明：",
        "It does not prove",
        "UTC+8",
        "tongban-verify",
    ):
        assert words in written


def test_what_others_wrote_is_text() -> None:
    written = page()
    assert "<script" not in written
    assert not {"\x1b", "\u202e"} & set(written)
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert not {name for name, _ in attrs} & {"src", "href", "style", "onload"}

    Reader().feed(written)
    assert not tags & {"script", "img", "link", "a", "iframe", "object"}
    assert re.search(r"url\(|@import", written) is None
