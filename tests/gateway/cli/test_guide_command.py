"""``tongban guide``: what it asks, what it shows, and a PDF that is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tongban.catalogue.v1.catalogue_service_pb2 import GetGuideRequest, GetGuideResponse
from typer.testing import Result

from gateway.wire import routes
from tests.gateway.cli.installation import WINDOW, YUEYANG, AnsweringGateway, Run
from tests.gateway.paper.guides import SCAN_TEXT, a_guide, named
from trust.errors import Misconfigured, Reason, Unavailable, WrongState

ARGUMENTS = ("guide", "S-1", "--from", "430600", "--to", "421000")


def ask(run: Run, *more: object) -> Result:
    return run(*ARGUMENTS, *more)


@pytest.fixture
def answering(gateway: AnsweringGateway) -> AnsweringGateway:
    gateway.answers[routes.GET_GUIDE] = GetGuideResponse(guide=a_guide())
    return gateway


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What is printed, without printing it."""
    pdf = b"%PDF-1.7 of a guide"
    monkeypatch.setattr("gateway.paper.sheet.print_guide", lambda _: pdf)
    return pdf


def test_what_is_asked(answering: AnsweringGateway, run: Run) -> None:
    answer = ask(run, "--answer", "kind=new", "--answer", "spouse=no", "--as-of", "2026-11-23")
    assert answer.exit_code == 0
    assert (answering.call.caller, answering.call.member, answering.call.method) == (WINDOW, YUEYANG, routes.GET_GUIDE)
    assert GetGuideRequest.FromString(answering.call.body) == GetGuideRequest(
        source_catalogue="430600",
        target_catalogue="421000",
        code="S-1",
        answers={"kind": "new", "spouse": "no"},
        as_of="2026-11-23",
    )


def test_the_card_is_shown_whole(answering: AnsweringGateway, run: Run) -> None:
    shown = ask(run).stdout
    for wanted in (
        "跨省通办明白卡（测试数据）", "正常退休提取住房公积金（第3版）", "离休、退休提取住房公积金（第2版）",
        "凭退休证提取", "12430600TB4306016C343209000100001", "是否已办理退休手续？已办理退休手续",
        "退休证明（按两地对应关系确定）",
        "请带来：2项", "□ 1. 申请表（原件2份，申请人自备）", "窗口可领取", "可容缺", "可在窗口签署书面承诺代替",
        "免提交：2项", "免 3. 居民身份证（原件和复印件各1份，政府部门核发）", "免 4. 婚姻登记信息（申请人自备）",
        "收件地：不收取；业务属地：数据共享核验（民政部门）", "不晚于2026年11月26日（星期四）", "不收费",
        "岳阳市测试路1号一楼", "0716-0000000", "YJ-001 第2版", SCAN_TEXT,
    ):  # fmt: skip
        assert wanted in shown, wanted


def test_what_others_wrote_does_not_steer_the_terminal(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_GUIDE] = GetGuideResponse(guide=a_guide(source=named("\x1b[31m红")))
    assert "\x1b" not in ask(run).stdout


def test_json_is_for_programs(answering: AnsweringGateway, run: Run) -> None:
    shown = json.loads(ask(run, "--json").stdout)
    assert shown["materials"][0]["way"] == "MATERIAL_WAY_LICENCE"
    assert shown["scan_text"] == SCAN_TEXT


def test_a_pdf_is_written_instead_of_the_card(
    answering: AnsweringGateway, run: Run, tmp_path: Path, printed: bytes
) -> None:
    file = tmp_path / "guide.pdf"
    file.write_bytes(b"an older one")
    answer = ask(run, "--pdf", file)
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert str(file) in answer.stderr
    assert file.read_bytes() == printed


def test_a_pdf_that_can_not_be_made_leaves_the_older_one(
    answering: AnsweringGateway, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> bytes:
        raise Misconfigured(Reason.CONFIG_INVALID, "this machine can't print", mend="apt-get install libpango-1.0-0")

    monkeypatch.setattr("gateway.paper.sheet.print_guide", fails)
    file = tmp_path / "guide.pdf"
    file.write_bytes(b"an older one")
    answer = ask(run, "--pdf", file)
    assert answer.exit_code == 2
    assert "apt-get install libpango-1.0-0" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert file.read_bytes() == b"an older one"
    assert [each.name for each in tmp_path.glob("*guide*")] == ["guide.pdf"]


def test_a_place_that_can_not_be_written_is_a_misuse(
    answering: AnsweringGateway, run: Run, tmp_path: Path, printed: bytes
) -> None:
    assert ask(run, "--pdf", tmp_path / "nowhere" / "guide.pdf").exit_code == 2


def test_a_refusal_names_the_questions(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_GUIDE] = WrongState(
        Reason.ITEM_NEEDS_FACTS, "make a guide", details={"questions": "kind"}
    )
    answer = ask(run)
    assert answer.exit_code == 1
    assert "questions: kind" in answer.stderr
    assert "tongban catalogue show S-1 --in 430600 --as " in answer.stderr


def test_questions_of_the_other_place_stand_at_its_item(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_GUIDE] = WrongState(
        Reason.ITEM_NEEDS_FACTS, "make a guide", details={"target_questions": "kind"}
    )
    said = ask(run).stderr
    assert "--in 421000" in said
    assert "--in 430600" not in said


def test_nobody_answers(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.GET_GUIDE] = Unavailable(Reason.PEER_UNAVAILABLE, "nobody answered")
    assert ask(run).exit_code == 75
