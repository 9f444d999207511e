"""The demo runs in both languages, tells what it should, hides what it must, and stops what it started."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import story
from sandbox.window import Person

Look = Callable[[Path], list[str]]

UNTIL_BOTH_ARE_UP = ("following a peer failed", "a witness did not cosign", "watching a peer's log failed")

PROGRAM = "import sys; from pathlib import Path; from sandbox.story import run_demo; " \
    "sys.exit(run_demo(sys.argv[1], Path(sys.argv[2])))"  # fmt: skip

PHRASES = {
    "zh": (
        "陈**", "12430600TB4306016C343209000100001", "12421000TB421001493422090002000", "是否已办理退休手续？",
        "内容有没有被改过", "发证机关有没有权发这种证", "是不是在有效期内", "有没有被吊销或暂停",
        "是不是持证人本人出示", "430600-20", "YY430600", "JZ421000", "受理", "银行卡复印件没有写明开户行",
        "准予提取", "5 分", "逐条一致；任何一方改动一条都会被发现", "当场发现", "make sandbox", "已全部停止",
    ),
    "en": (
        "陈**", "12430600TB4306016C343209000100001", "12421000TB421001493422090002000", "Is it shown by its holder?",
        "430600-20", "YY430600", "JZ421000", "Jingzhou accepts", "Granted", "5 of 5", "agree on every one", "Found:",
        "make sandbox", "has stopped",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_demo_tells_its_story_and_nothing_about_anybody(tmp_path: Path, running_in: Look, lang: str) -> None:
    begun = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, lang, str(tmp_path)], capture_output=True, text=True, check=False, timeout=180
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert time.monotonic() - begun < 60
    flat = " ".join(told.stdout.split())
    assert [phrase for phrase in PHRASES[lang] if phrase not in flat] == []
    assert told.stderr == ""
    assert "\x1b" not in told.stdout
    assert [line for line in told.stdout.splitlines() if line != line.rstrip()] == []
    assert running_in(tmp_path) == []
    resident = Person.named("resident")
    logs = list((tmp_path / "logs").glob("*.log"))
    assert len(logs) == 4
    for said in (told.stdout, *(log.read_text("utf-8") for log in logs)):
        assert resident.name not in said
        assert resident.id_number not in said
        assert resident.phone not in said
    troubles = [line for log in logs for line in log.read_text("utf-8").splitlines() if '"error"' in line]
    # Two gateways that start at once ask each other before both are there, say so, and ask again.
    assert [line for line in troubles if not any(each in line for each in UNTIL_BOTH_ARE_UP)] == []


def test_a_story_that_breaks_off_says_so_keeps_its_logs_and_stops_everything(
    tmp_path: Path, running_in: Look, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(story, "PROMISED_DAYS", "three")
    assert story.run_demo("zh", tmp_path) == 1
    said = capsys.readouterr().out
    assert "演示没有走完" in said
    assert "promised_days" in said
    assert str(tmp_path / "logs") in said.replace("\n", "")
    assert (tmp_path / "logs" / "421000.gateway.log").exists()
    assert running_in(tmp_path) == []


def test_a_folder_in_use_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / ".lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert story.run_demo("en", tmp_path) == 1
    assert "The demo could not finish: a sandbox already runs in" in capsys.readouterr().out
