"""``tongban translate`` and ``tongban catalogue``: what a person at the window, and one who maps, is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2 as catalogue
from tongban.catalogue.v1 import coverage_pb2, item_pb2, translation_pb2

from gateway.cli import batches
from gateway.wire import routes
from tests.gateway.cli.installation import AnsweringGateway, Run

P = translation_pb2
ITEM = item_pb2.Item(
    catalogue="421000",
    code="T-1",
    name="离休、退休提取住房公积金",
    version="2",
    department="荆州市住房公积金中心",
    code_form="local",
    code_flaw="it has 3 characters",
    state="suspended",
    valid_from="2026-01-01",
    listed_from="2026-11-01",
    modes=["remote"],
    apply_ways=["window"],
    result_ways=["post"],
    procedure=["受理", "审核"],
    handling_items=[item_pb2.HandlingItem(code="H1", name="甲类")],
    materials=[
        item_pb2.MaterialRequirement(
            key="card", name="银行卡", required=True, form="copy", copies=2, exempt_by_sharing="公安部", by_promise=True
        )
    ],
)
QUESTION = item_pb2.Question(
    key="retired",
    text="是否已办理退休手续",
    options=[
        item_pb2.QuestionOption(key="approved", text="已办理", adds=["card"], chooses="H1"),
        item_pb2.QuestionOption(key="not_yet", text="尚未办理", waives=["card"]),
    ],
    asked_when=[item_pb2.AskedWhen(question="kind", options=["a", "b"])],
)
SUMMARY = P.ItemSummary(catalogue="421000", code="T-1", version="2", name=ITEM.name)


def match(**changes: Any) -> translation_pb2.Match:
    step = P.PathStep(
        row="YJ-001",
        version=3,
        hash=bytes(range(32)),
        approved_by=["421000.gateway", "430600.gateway"],
        justification="名称与材料一致",
    )
    content: dict[str, Any] = {
        "item": SUMMARY,
        "relationship": P.RELATIONSHIP_BROADER,
        "path": [step],
        "review": P.REVIEW_STATE_BOTH_SIDES,
        "valid_from": "2026-01-01",
        "confidence": 90,
        **changes,
    }
    return P.Match(**content)


MATCHED = P.Translation(
    outcome=P.TRANSLATION_OUTCOME_MATCHED,
    item=ITEM,
    crosswalk_row="YJ-001",
    material_keys={"card": "bank_card"},
    products={"kind": "a"},
    matches=[match()],
)
ASIDE = P.SetAsideRow(
    row="YJ-009",
    version=1,
    hash=bytes(32),
    reason=P.SET_ASIDE_REASON_WITHDRAWN,
    relationship=P.RELATIONSHIP_EQUIVALENT,
    target=SUMMARY,
    justification="同名",
    valid_from="2026-01-01",
    valid_until="2026-06-30",
    approved_by=["421000.gateway"],
)


def translated(
    gateway: AnsweringGateway, run: Run, translation: translation_pb2.Translation, *options: object
) -> tuple[int, str]:
    gateway.answers[routes.TRANSLATE] = catalogue.TranslateResponse(translation=translation)
    answer = run("translate", "S-1", "--from", "430600", "--to", "421000", *options)
    return answer.exit_code, answer.stdout


def asked_of(gateway: AnsweringGateway) -> catalogue.TranslateRequest:
    return catalogue.TranslateRequest.FromString(gateway.call.body)


# One code


def test_a_match_is_shown_with_what_it_rests_on(gateway: AnsweringGateway, run: Run) -> None:
    status, shown = translated(gateway, run, MATCHED)
    assert status == 0
    for wanted in (
        "MATCHED 已对应\n",
        "离休、退休提取住房公积金 (version 2)",
        "on the spot",
        "broader 对方事项更宽",
        "YJ-001 version 3, signed by 421000.gateway, 430600.gateway\n",
        "名称与材料一致",
        "BOTH_SIDES 双方已签署",
        "2026-01-01 – open",
        "90%",
        "card → bank_card",
        "kind=a",
    ):
        assert wanted in shown
    assert "仅供参考" not in shown


def test_a_match_that_one_side_signed_for_is_no_ground_for_a_case(gateway: AnsweringGateway, run: Run) -> None:
    review = match(review=P.REVIEW_STATE_ONE_SIDE)
    _, shown = translated(gateway, run, P.Translation(outcome=MATCHED.outcome, item=ITEM, matches=[review]))
    assert "ONE_SIDE 仅一方已签署" in shown
    assert shown.endswith("仅供参考，不能据此收件\n")


def test_a_chain_shows_both_rows_and_how_each_was_read(gateway: AnsweringGateway, run: Run) -> None:
    steps = [P.PathStep(row="NY-1", version=1), P.PathStep(row="NJ-1", version=2, inverted=True)]
    _, shown = translated(gateway, run, P.Translation(outcome=MATCHED.outcome, item=ITEM, matches=[match(path=steps)]))
    assert "NY-1 version 1, signed by nobody\n" in shown
    assert "NJ-1 version 2, signed by nobody, read backwards\n" in shown


def test_reverse_lists_every_hit(gateway: AnsweringGateway, run: Run) -> None:
    found = [
        match(item=P.ItemSummary(code=f"S-{number}", name="某事项", version="1"), conditions=QUESTION.asked_when)
        for number in range(3)
    ]
    status, shown = translated(gateway, run, P.Translation(outcome=MATCHED.outcome, matches=found), "--reverse")
    assert status == 0
    assert [f"S-{number}" in shown for number in range(3)] == [True] * 3
    assert "kind=a|b" in shown
    assert asked_of(gateway).direction == P.DIRECTION_REVERSE


def test_an_open_question_shows_what_each_answer_leaves(gateway: AnsweringGateway, run: Run) -> None:
    options = [P.OptionOutlook(option="approved", matches=[match()]), P.OptionOutlook(option="not_yet")]
    needs = P.Translation(
        outcome=P.TRANSLATION_OUTCOME_NEEDS_FACTS,
        questions=[QUESTION],
        outlooks=[P.QuestionOutlook(question="retired", options=options)],
    )
    status, shown = translated(gateway, run, needs)
    assert status == 3
    assert shown.splitlines() == [
        "NEEDS_FACTS 须先回答情形问题",
        "retired: 是否已办理退休手续 (only when kind=a|b)",
        "  --answer retired=approved  已办理",
        "      → T-1 离休、退休提取住房公积金 (YJ-001)",
        "  --answer retired=not_yet  尚未办理",
        "      → 无对应事项",
    ]


def test_rows_that_did_not_decide_and_similar_names_are_kept_apart(gateway: AnsweringGateway, run: Run) -> None:
    unmapped = P.Translation(
        outcome=P.TRANSLATION_OUTCOME_UNMAPPED,
        set_aside=[ASIDE],
        suggestions=[P.Suggestion(item=SUMMARY, similarity=87)],
    )
    status, shown = translated(gateway, run, unmapped, "--suggest", 5)
    aside, suggested = shown.split("名称相近的事项（仅供参考，不能据此收件）")
    assert status == 3
    assert aside.startswith("UNMAPPED 尚未对应\n")
    assert "withdrawn 一方已撤回" in aside
    assert "2026-01-01 – 2026-06-30" in aside
    assert "signed by      421000.gateway" in aside
    assert "equivalent 相同" in aside
    assert "87%" in suggested
    assert asked_of(gateway).suggestions == 5


def test_an_assertion_is_shown_as_one(gateway: AnsweringGateway, run: Run) -> None:
    row = P.SetAsideRow(row="YJ-5", version=1, relationship=P.RELATIONSHIP_NONE, justification="湖北未设此事项")
    status, shown = translated(
        gateway, run, P.Translation(outcome=P.TRANSLATION_OUTCOME_NO_EQUIVALENT, set_aside=[row])
    )
    assert status == 3
    assert "asserts        双方确认的结论" in shown
    assert "set aside" not in shown
    assert "signed by      nobody" in shown


def test_why_a_code_does_not_do_is_told(gateway: AnsweringGateway, run: Run) -> None:
    why = P.Translation(outcome=P.TRANSLATION_OUTCOME_NOT_IN_FORCE, explanation="421000目录的事项T-1已取消")
    assert translated(gateway, run, why) == (3, "NOT_IN_FORCE 目前不可办理\n421000目录的事项T-1已取消\n")


@pytest.mark.parametrize("name", [name for name in P.TranslationOutcome.keys() if not name.endswith("UNSPECIFIED")])  # noqa: SIM118 - no mapping
def test_every_outcome_has_its_chinese(gateway: AnsweringGateway, run: Run, name: str) -> None:
    outcome = P.TranslationOutcome.Value(name)
    _, shown = translated(gateway, run, P.Translation(outcome=outcome))  # type: ignore[arg-type]
    key, _, chinese = shown.splitlines()[0].partition(" ")
    assert key == name.removeprefix("TRANSLATION_OUTCOME_")
    assert chinese


@pytest.mark.parametrize("name", [name for name in P.SetAsideReason.keys() if not name.endswith("UNSPECIFIED")])  # noqa: SIM118 - no mapping
def test_every_reason_has_its_chinese(gateway: AnsweringGateway, run: Run, name: str) -> None:
    row = P.SetAsideRow(row="r", reason=P.SetAsideReason.Value(name))  # type: ignore[arg-type]
    _, shown = translated(gateway, run, P.Translation(outcome=P.TRANSLATION_OUTCOME_UNMAPPED, set_aside=[row]))
    line = next(line for line in shown.splitlines() if line.startswith("set aside"))
    key, _, chinese = line.removeprefix("set aside").strip().partition(" ")
    assert key == name.removeprefix("SET_ASIDE_REASON_").lower()
    assert chinese


def test_every_option_is_asked_with(gateway: AnsweringGateway, run: Run) -> None:
    options = ("--answer", "a=b", "--as-of", "2026-11-21", "--version", 2, "--min-review", "one-side", "--allow-chain")
    translated(gateway, run, MATCHED, *options)
    assert asked_of(gateway) == catalogue.TranslateRequest(
        code="S-1",
        source_catalogue="430600",
        target_catalogue="421000",
        answers={"a": "b"},
        as_of="2026-11-21",
        version=2,
        minimum_review=P.REVIEW_STATE_ONE_SIDE,
        allow_chain=True,
    )


def test_what_is_not_said_is_asked_as_a_case_is_routed(gateway: AnsweringGateway, run: Run) -> None:
    translated(gateway, run, MATCHED)
    asked = asked_of(gateway)
    assert (asked.minimum_review, asked.allow_chain, asked.as_of) == (P.REVIEW_STATE_BOTH_SIDES, False, "")


def test_programs_get_the_whole_answer_with_hashes_in_hex(gateway: AnsweringGateway, run: Run) -> None:
    shown = P.Translation(outcome=P.TRANSLATION_OUTCOME_UNMAPPED, set_aside=[ASIDE], matches=[match()])
    status, text = translated(gateway, run, shown, "--json")
    told = json.loads(text)
    assert status == 3
    assert told["matches"][0]["path"][0]["hash"] == bytes(range(32)).hex()
    assert told["set_aside"][0]["hash"] == bytes(32).hex()
    assert told["outcome"] == "TRANSLATION_OUTCOME_UNMAPPED"


# A list


BATCH = catalogue.TranslateBatchResponse(
    as_of="2026-11-21",
    answers=[
        catalogue.BatchAnswer(
            outcome=P.TRANSLATION_OUTCOME_MATCHED,
            target_code="T-1",
            target_version="2",
            row="YJ-001",
            row_hash=bytes(range(32)),
            relationship=P.RELATIONSHIP_EQUIVALENT,
        ),
        catalogue.BatchAnswer(outcome=P.TRANSLATION_OUTCOME_NEEDS_FACTS, questions=["kind", "retired"]),
        catalogue.BatchAnswer(invalid="answers"),
    ],
)
LIST = "﻿code,answers\nS-1,kind=a;retired=approved\n\nS-2\n S-3 ,\n"
BETWEEN = ("--from", "430600", "--to", "421000")


def test_a_list_is_asked_at_once_and_shown_as_a_table(gateway: AnsweringGateway, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(LIST, "utf-8")
    gateway.answers[routes.TRANSLATE_BATCH] = BATCH
    answer = run("translate", "--batch", file, *BETWEEN, "--as-of", "2026-11-21", "--allow-chain")
    assert answer.exit_code == 3
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert lines[1:] == [
        ["S-1", "MATCHED", "已对应", "T-1", "2", "equivalent", "相同", "YJ-001"],
        ["S-2", "NEEDS_FACTS", "须先回答情形问题", "kind,", "retired"],
        ["S-3", "INVALID", "answers", "回答不是问题的选项"],
    ]
    assert catalogue.TranslateBatchRequest.FromString(gateway.call.body) == catalogue.TranslateBatchRequest(
        source_catalogue="430600",
        target_catalogue="421000",
        as_of="2026-11-21",
        minimum_review=P.REVIEW_STATE_BOTH_SIDES,
        allow_chain=True,
        questions=[
            catalogue.BatchQuestion(code="S-1", answers={"kind": "a", "retired": "approved"}),
            catalogue.BatchQuestion(code="S-2"),
            catalogue.BatchQuestion(code="S-3"),
        ],
    )


def test_a_list_is_read_as_a_chinese_spreadsheet_saves_it(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.TRANSLATE_BATCH] = BATCH
    run("translate", "--batch", "-", *BETWEEN, input="编码甲\n编码乙\n编码丙".encode("gb18030"))
    asked = catalogue.TranslateBatchRequest.FromString(gateway.call.body)
    assert [question.code for question in asked.questions] == ["编码甲", "编码乙", "编码丙"]


@pytest.mark.parametrize(
    ("outcome", "options", "wanted", "unwanted"),
    [
        (P.TRANSLATION_OUTCOME_NEEDS_FACTS, (), "--answer", "--suggest"),
        (P.TRANSLATION_OUTCOME_UNMAPPED, (), "--suggest 5", "--answer"),
        (P.TRANSLATION_OUTCOME_UNMAPPED, ("--suggest", 3), "--allow-chain", "--suggest"),
        (P.TRANSLATION_OUTCOME_MAP_EXPIRED, ("--allow-chain",), "--suggest 5", "--allow-chain"),
        (P.TRANSLATION_OUTCOME_UNKNOWN_CODE, (), "--from", "--answer"),
    ],
)
def test_what_to_do_next_is_said_beside_the_answer(
    gateway: AnsweringGateway,
    run: Run,
    outcome: P.TranslationOutcome,
    options: tuple[object, ...],
    wanted: str,
    unwanted: str,
) -> None:
    gateway.answers[routes.TRANSLATE] = catalogue.TranslateResponse(translation=P.Translation(outcome=outcome))
    answer = run("translate", "S-1", *BETWEEN, *options)
    assert wanted in answer.stderr
    assert unwanted not in answer.stderr
    assert "提示" not in answer.stdout


def test_where_nothing_is_left_open_nothing_is_said(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.TRANSLATE] = catalogue.TranslateResponse(translation=MATCHED)
    assert run("translate", "S-1", *BETWEEN).stderr == ""


def test_a_list_is_shown_to_programs_line_by_line(gateway: AnsweringGateway, run: Run) -> None:
    gateway.answers[routes.TRANSLATE_BATCH] = BATCH
    answer = run("translate", "--batch", "-", *BETWEEN, "--json", input="S-1\nS-2\nS-3")
    first, second, _ = map(json.loads, answer.stdout.splitlines())
    assert (first["code"], first["target_code"], first["row_hash"]) == ("S-1", "T-1", bytes(range(32)).hex())
    assert (second["code"], second["questions"]) == ("S-2", ["kind", "retired"])


def test_a_long_list_is_asked_in_several_calls(
    gateway: AnsweringGateway, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CODES_IN_A_CALL", 2)
    matched = BATCH.answers[0]
    gateway.answers[routes.TRANSLATE_BATCH] = catalogue.TranslateBatchResponse(answers=[matched, matched])
    answer = run("translate", "--batch", "-", *BETWEEN, input="S-1\nS-2\nS-3\nS-4")
    assert answer.exit_code == 0
    asked = [catalogue.TranslateBatchRequest.FromString(call.body).questions for call in gateway.calls]
    assert [[question.code for question in questions] for questions in asked] == [["S-1", "S-2"], ["S-3", "S-4"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no code"),
        ("code,answers\n", "no code"),
        ("S-1\nS-2,a=b,c=d\n", "line 2"),
        ("S-1\n,a=b\n", "line 2"),
        ("S-1\nS-2,a\n", "line 2"),
        (b"\xff\xfe", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_list_with_a_fault_is_refused_before_anything_is_asked(
    gateway: AnsweringGateway, run: Run, content: str | bytes, words: str
) -> None:
    answer = run("translate", "--batch", "-", *BETWEEN, input=content)
    assert answer.exit_code == 1
    assert words in answer.stderr
    assert gateway.calls == []


@pytest.mark.parametrize(
    "arguments",
    [(), ("S-1", "--batch", "-"), ("--batch", "-", "--reverse"), ("--batch", "-", "--answer", "a=b")],
    ids=["neither", "both", "reverse", "answer"],
)
def test_a_code_or_a_list_is_wanted_and_what_is_for_one_code_is_not_for_a_list(
    gateway: AnsweringGateway, run: Run, arguments: tuple[str, ...]
) -> None:
    assert run("translate", *arguments, *BETWEEN, input="S-1").exit_code == 2
    assert gateway.calls == []


# Catalogues


def test_an_item_is_shown_with_its_materials_and_questions(gateway: AnsweringGateway, run: Run) -> None:
    item = item_pb2.Item()
    item.CopyFrom(ITEM)
    item.questions.append(QUESTION)
    gateway.answers[routes.GET_ITEM] = catalogue.GetItemResponse(item=item)
    answer = run("catalogue", "show", "T-1", "--in", "421000", "--version", 2)
    assert answer.exit_code == 0
    for wanted in (
        "(version 2, in the catalogue from 2026-11-01)",
        "local: it has 3 characters",
        "suspended 已暂停",
        "异地代收代办",
        "窗口申报",
        "邮寄送达",
        "step 2",
        "H1 甲类",
        "test data 测试数据",
        "copy × 2",
        "data of 公安部, a promise 告知承诺",
        "retired: 是否已办理退休手续 (only when kind=a|b)",
        "approved  已办理  adds card; handled as H1",
        "not_yet  尚未办理  waives card",
    ):
        assert wanted in answer.stdout
    asked = catalogue.GetItemRequest.FromString(gateway.call.body)
    assert (asked.catalogue, asked.code, asked.version) == ("421000", "T-1", 2)
    told = json.loads(run("catalogue", "show", "T-1", "--in", "421000", "--json").stdout)
    assert (told["code"], told["materials"][0]["key"]) == ("T-1", "card")


def test_coverage_is_shown_count_by_count_with_the_gaps(gateway: AnsweringGateway, run: Run) -> None:
    counted = coverage_pb2.Coverage(
        source_catalogue="430600",
        source_edition=4,
        target_catalogue="421000",
        target_edition=5,
        on="2026-11-21",
        in_force=190,
        mapped=170,
        expired=20,
        gaps=[coverage_pb2.CoverageGap(item=SUMMARY, count="expired", rows=["YJ-1", "YJ-2"])],
    )
    gateway.answers[routes.GET_COVERAGE] = catalogue.GetCoverageResponse(coverage=counted)
    answer = run("catalogue", "coverage", *BETWEEN, "--as-of", "2026-11-21")
    assert answer.exit_code == 0
    for wanted in ("430600, edition 4", "190", "170 已对应", "20 对应关系已过期", "0 尚未对应", "T-1", "YJ-1, YJ-2"):
        assert wanted in answer.stdout
    asked = catalogue.GetCoverageRequest.FromString(gateway.call.body)
    assert (asked.source_catalogue, asked.target_catalogue, asked.as_of) == ("430600", "421000", "2026-11-21")
    assert json.loads(run("catalogue", "coverage", *BETWEEN, "--json").stdout)["mapped"] == 170
