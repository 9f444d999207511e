"""The story is readable in a narrow terminal and in a file."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from sandbox.narrator import Narrator
from sandbox.story_texts import CHINESE

LONG = (
    "依据两地共同签认的对照表第 YJ-001 行；荆州自己要问的“提取依据是什么？”，也一并答了：已办理退休手续。Two words too."
)


def told(text: str, width: int) -> list[str]:
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    Narrator({"text": text}, console).say("text")
    return [line.strip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", range(30, 120, 7))
def test_a_line_fits_and_never_begins_with_what_closes_a_phrase(width: int) -> None:
    lines = told(LONG, width)
    assert max(map(cell_len, lines)) <= width - 5
    assert [line for line in lines if line[0] in "，。；：！？、）》”"] == []
    assert [line for line in lines if line[-1] in "“《（"] == []
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", LONG)


def test_words_stay_whole() -> None:
    assert "YJ-001" in " ".join(told(LONG, 40))


def test_a_file_gets_no_colours_and_no_blanks_at_line_ends() -> None:
    file = StringIO()
    narrator = Narrator(CHINESE, Console(file=file))
    with narrator.step("boot"):
        narrator.good("boot_programs")
        narrator.table(("verdict_question", "verdict_answer"), [("a", "b")])
    assert "\x1b" not in file.getvalue()
    assert [line for line in file.getvalue().splitlines() if line != line.rstrip()] == []
    assert re.search(r"^ 1  两地就位  \d\d:\d\d:\d\d$", file.getvalue(), re.MULTILINE)


def test_a_text_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        Narrator({}).say("nothing")
