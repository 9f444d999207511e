"""docs/window.zh-CN.md: the states and sentences that staff really see, and a case number that is one."""

from __future__ import annotations

import re

from tongban.case.v1 import case_pb2

from gateway.domain.case_number import CaseNumber
from gateway.wire.wording import wording
from tests.docs.pages import ROOT, text_of
from trust.errors import Reason

PAGE = "window.zh-CN.md"


def table(heading: str) -> list[list[str]]:
    section = text_of(PAGE).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in rows[2:]]


def test_every_sentence_shown_is_one_that_the_gateway_says() -> None:
    said = {wording(reason) for reason in Reason}
    shown = [row[0] for row in table("提示语怎么办")]
    assert set(shown) <= said
    assert len(shown) == len(set(shown))
    assert len(shown) >= 25


def test_the_states_are_those_of_the_contract() -> None:
    proto = (ROOT / "protos/tongban/case/v1/case.proto").read_text("utf-8")
    words = re.findall(r"// (\S+?)[:.].*\n  CASE_STATE_(?!UNSPECIFIED)\w+ =", proto)
    assert len(words) == len(case_pb2.CaseState.keys()) - 1
    shown = [row[0] for row in table("办件状态")]
    assert sorted(shown) == sorted(words)


def test_the_case_number_shown_passes_its_check_character() -> None:
    numbers = re.findall(r"`(\d{6}-\d{8}-\d{6}-\w)`", text_of(PAGE))
    assert numbers
    for number in numbers:
        assert str(CaseNumber.parse(number)) == number
