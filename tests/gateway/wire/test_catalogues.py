"""Catalogues and translations as messages: nothing that the domain says is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import date
from typing import Any

import pytest
from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2, translation_pb2

from gateway.domain import commands
from gateway.domain.atlas import Direction
from gateway.domain.catalogue import (
    ApplyWay,
    HandlingItem,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
    ResultWay,
    Window,
)
from gateway.domain.codes import ItemType
from gateway.domain.coverage import Count, Coverage, Gap
from gateway.domain.crosswalk import CrosswalkRow, Relationship, ReviewState, Standing
from gateway.domain.people import ApplicantType
from gateway.domain.suggestions import Suggestion
from gateway.domain.translation import (
    LedFrom,
    MapExpired,
    Match,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    OpenQuestion,
    UnknownCode,
    Unmapped,
)
from gateway.domain.ways import SetAside, Step
from gateway.ports import CataloguePage
from gateway.wire import catalogues, items, translations
from tests.gateway.wire import messages
from trust.errors import Malformed, Reason

P = translation_pb2
DAY = date(2026, 11, 21)
BOTH = Standing(("421000.gateway", "430600.gateway"))

ITEM = Item(
    catalogue="421000",
    code="12421000TB421001493422090002000",
    version=2,
    name="离休、退休提取住房公积金",
    item_type=ItemType.PUBLIC_SERVICE,
    handling_type=HandlingType.IMMEDIATE,
    applicant_types=(ApplicantType.NATURAL_PERSON,),
    statutory_days=20,
    promised_days=3,
    modes=(Mode.ONLINE, Mode.REMOTE),
    department="荆州市住房公积金中心",
    state=ItemState.SUSPENDED,
    valid_from=date(2026, 1, 1),
    valid_until=date(2027, 1, 1),
    basic_code="422090002000",
    implementation_code="12421000TB421001493422090002000",
    materials=(
        MaterialRequirement(
            key="bank_card",
            name="银行卡",
            required=True,
            source=MaterialSource.OTHER,
            form=MaterialForm.ORIGINAL_AND_COPY,
            exempt_by_licence="11100000000013338W001",
            may_be_deferred=True,
            by_promise=True,
            exempt_by_sharing="公安部",
            copies=2,
            note="写明开户行",
        ),
    ),
    situations=(
        Question(
            "kind", "哪一种？", (Option("a", "甲", ("bank_card",), (), "H1"), Option("b", "乙", (), ("bank_card",)))
        ),
        Question("why", "为什么？", (Option("c", "丙"), Option("d", "丁")), {"kind": frozenset({"b", "a"})}),
    ),
    fee="十元",
    conditions="已退休",
    apply_ways=(ApplyWay.WINDOW, ApplyWay.POST),
    procedure=("受理", "审核"),
    result_ways=(ResultWay.POST,),
    handling_items=(HandlingItem("H1", "甲类"),),
    listed_from=date(2026, 11, 1),
    result_name="提取通知书",
    result_licence_type="11100000000013338W050",
    official=True,
)


def row(**changes: Any) -> CrosswalkRow:
    content: dict[str, Any] = {
        "id": "YJ-001",
        "source_catalogue": "430600",
        "source_code": "S-1",
        "source_name": "正常退休提取住房公积金",
        "target_catalogue": "421000",
        "target_code": ITEM.code,
        "target_name": ITEM.name,
        "relationship": Relationship.NARROWER,
        "conditions": {"kind": frozenset({"b", "a"})},
        "materials": {"card": "bank_card"},
        "products": {"why": "c"},
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "version": 3,
        "confidence": 80,
        "justification": "名称与材料一致",
        "standing": BOTH,
    }
    return CrosswalkRow(**{**content, **changes})


def match(*steps: Step, **changes: Any) -> Match:
    path = steps or (Step(row()),)
    content: dict[str, Any] = {
        "item": ITEM,
        "relationship": Relationship.NARROWER,
        "path": path,
        "conditions": path[0].row.conditions,
        "materials": path[0].row.materials,
        "products": path[0].row.products,
        "review": ReviewState.BOTH_SIDES,
    }
    return Match(**{**content, **changes})


def written(translation: Any, **told: Any) -> translation_pb2.Translation:
    body = catalogues.write_translated(commands.Translated(translation, DAY, **told))
    return catalogue_service_pb2.TranslateResponse.FromString(body).translation


# Items


def test_an_item_is_written_whole() -> None:
    assert items.write_item(ITEM) == item_pb2.Item(
        catalogue="421000",
        code=ITEM.code,
        version="2",
        name=ITEM.name,
        department=ITEM.department,
        promised_days=3,
        materials=[
            item_pb2.MaterialRequirement(
                key="bank_card",
                name="银行卡",
                required=True,
                licence_type="11100000000013338W001",
                source="other",
                form="original_and_copy",
                copies=2,
                exempt_by_sharing="公安部",
                may_be_deferred=True,
                by_promise=True,
                note="写明开户行",
            )
        ],
        questions=[
            item_pb2.Question(
                key="kind",
                text="哪一种？",
                options=[
                    item_pb2.QuestionOption(key="a", text="甲", adds=["bank_card"], chooses="H1"),
                    item_pb2.QuestionOption(key="b", text="乙", waives=["bank_card"]),
                ],
            ),
            item_pb2.Question(
                key="why",
                text="为什么？",
                options=[item_pb2.QuestionOption(key="c", text="丙"), item_pb2.QuestionOption(key="d", text="丁")],
                asked_when=[item_pb2.AskedWhen(question="kind", options=["a", "b"])],
            ),
        ],
        state="suspended",
        valid_from="2026-01-01",
        valid_until="2027-01-01",
        listed_from="2026-11-01",
        basic_code="422090002000",
        implementation_code=ITEM.implementation_code,
        code_form="implementation",
        code_flaw=ITEM.parsed_code.flaw,
        item_type="20",
        handling_type=1,
        applicant_types=[int(ApplicantType.NATURAL_PERSON)],
        statutory_days=20,
        modes=["online", "remote"],
        conditions="已退休",
        apply_ways=["window", "post"],
        procedure=["受理", "审核"],
        result_ways=["post"],
        fee="十元",
        result_name="提取通知书",
        result_licence_type="11100000000013338W050",
        handling_items=[item_pb2.HandlingItem(code="H1", name="甲类")],
        official=True,
    )


def test_every_field_of_an_item_has_its_place_in_the_message() -> None:
    """A field that the domain gains must not be forgotten here: each is set in the sample, and none stays empty."""
    assert not [field.name for field in fields_of(ITEM) if getattr(ITEM, field.name) in (None, (), "", 0)]
    shown = items.write_item(ITEM)
    assert {field.name for field, _ in shown.ListFields()} >= {field.name for field in shown.DESCRIPTOR.fields} - {
        "code_flaw"
    }


def test_a_code_of_ones_own_is_shown_as_such_with_its_flaw() -> None:
    shown = items.write_item(
        Item(**{each.name: getattr(ITEM, each.name) for each in fields_of(ITEM)} | {"code": "X-1"})
    )
    assert (shown.code_form, shown.code_flaw) == (
        "local",
        "it has 3 characters; the national layouts have 12, 31 or 33",
    )


def test_a_window_is_read_as_it_was_written() -> None:
    window = Window("岳阳市政务服务中心", "金鹗中路", "0730-1", "工作日")
    assert items.read_window(items.write_window(window), "windows[0]") == window


# Translations


def test_a_match_is_written_with_its_whole_path_and_the_flat_fields_of_before() -> None:
    shown = written(Matched(ITEM, match()), source=ITEM)
    (found,) = shown.matches
    assert found == P.Match(
        item=items.write_summary(ITEM),
        relationship=P.RELATIONSHIP_NARROWER,
        path=[
            P.PathStep(
                row="YJ-001",
                version=3,
                hash=row().hash,
                inverted=False,
                approved_by=["421000.gateway", "430600.gateway"],
                justification="名称与材料一致",
            )
        ],
        conditions=[item_pb2.AskedWhen(question="kind", options=["a", "b"])],
        material_keys={"card": "bank_card"},
        products={"why": "c"},
        review=P.REVIEW_STATE_BOTH_SIDES,
        valid_from="2026-01-01",
        valid_until="",
        confidence=80,
    )
    assert shown.item == items.write_item(ITEM)
    assert (shown.crosswalk_row, dict(shown.material_keys), dict(shown.products)) == (
        "YJ-001",
        {"card": "bank_card"},
        {"why": "c"},
    )
    assert shown.source == items.write_summary(ITEM)


def test_a_chain_is_written_step_by_step_and_each_as_it_was_read() -> None:
    second = row(id="NJ-7", valid_from=date(2026, 5, 1), valid_until=date(2026, 12, 31), confidence=50)
    shown = written(Matched(ITEM, match(Step(row()), Step(second, inverted=True))))
    (found,) = shown.matches
    assert [(step.row, step.inverted) for step in found.path] == [("YJ-001", False), ("NJ-7", True)]
    assert (found.valid_from, found.valid_until, found.confidence) == ("2026-05-01", "2026-12-31", 40)
    assert shown.crosswalk_row == "NJ-7"


def test_reverse_writes_every_hit_and_none_as_the_item() -> None:
    other = match(Step(row(id="YJ-002")), relationship=Relationship.BROADER, review=ReviewState.ONE_SIDE)
    shown = written(LedFrom(ITEM, (match(), other)))
    assert shown.outcome == P.TRANSLATION_OUTCOME_MATCHED
    assert [found.path[0].row for found in shown.matches] == ["YJ-001", "YJ-002"]
    assert [found.relationship for found in shown.matches] == [P.RELATIONSHIP_NARROWER, P.RELATIONSHIP_BROADER]
    assert [found.review for found in shown.matches] == [P.REVIEW_STATE_BOTH_SIDES, P.REVIEW_STATE_ONE_SIDE]
    assert not shown.HasField("item")
    assert shown.crosswalk_row == ""


def test_open_questions_are_written_with_what_each_answer_leaves() -> None:
    kind = ITEM.situations[0]
    shown = written(NeedsFacts(ITEM, (OpenQuestion(kind, ((kind.options[0], (match(),)), (kind.options[1], ()))),)))
    assert shown.outcome == P.TRANSLATION_OUTCOME_NEEDS_FACTS
    assert list(shown.questions) == [items.write_question(kind)]
    (outlook,) = shown.outlooks
    assert outlook.question == "kind"
    assert [(each.option, len(each.matches)) for each in outlook.options] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize("why", SetAside)
def test_every_reason_why_a_row_did_not_decide_has_its_value(why: SetAside) -> None:
    (shown,) = written(Unmapped(ITEM, ((row(), why),))).set_aside
    assert P.SetAsideReason.Name(shown.reason) == f"SET_ASIDE_REASON_{why.name}"
    assert (shown.row, shown.version, shown.hash) == ("YJ-001", 3, row().hash)
    assert shown.target == P.ItemSummary(catalogue="421000", code=ITEM.code, name=ITEM.name)
    assert (shown.relationship, shown.justification) == (P.RELATIONSHIP_NARROWER, "名称与材料一致")
    assert (shown.valid_from, shown.valid_until) == ("2026-01-01", "")
    assert tuple(shown.approved_by) == BOTH.approved_by
    (ended,) = written(Unmapped(ITEM, ((row(valid_until=date(2026, 6, 30)), why),))).set_aside
    assert ended.valid_until == "2026-06-30"


def test_an_assertion_and_rows_that_are_over_are_shown_as_what_they_are() -> None:
    nothing = row(relationship=Relationship.NONE, target_code="", target_name="")
    (asserted,) = written(NoEquivalent(ITEM, (Step(nothing),))).set_aside
    assert (asserted.reason, asserted.relationship) == (P.SET_ASIDE_REASON_UNSPECIFIED, P.RELATIONSHIP_NONE)
    (over,) = written(MapExpired(ITEM, (row(),))).set_aside
    assert over.reason == P.SET_ASIDE_REASON_OVER


def test_suggestions_are_kept_apart_from_matches() -> None:
    shown = written(Unmapped(ITEM, ()), suggestions=(Suggestion(ITEM, 87),))
    assert [(each.item.code, each.similarity) for each in shown.suggestions] == [(ITEM.code, 87)]
    assert not shown.matches
    assert not shown.HasField("item")


@pytest.mark.parametrize(
    ("changes", "on", "words"),
    [
        ({"state": ItemState.DRAFT}, DAY, "尚在拟订"),
        ({"state": ItemState.RETIRED}, DAY, "已取消"),
        ({"state": ItemState.PUBLISHED}, date(2026, 10, 31), "自2026-11-01起方可办理"),
        ({"state": ItemState.PUBLISHED}, date(2027, 1, 2), "只办理到2027-01-01为止"),
        ({"state": ItemState.PUBLISHED}, DAY, "已由更新的版本取代"),
    ],
)
def test_staff_are_told_why_an_item_cannot_be_applied_for(changes: dict[str, Any], on: date, words: str) -> None:
    item = Item(**{each.name: getattr(ITEM, each.name) for each in fields_of(ITEM)} | changes)
    answer = commands.Translated(NotInForce(item, "because"), on)
    assert translations.write_translation(answer).explanation == f"421000目录的事项{item.code}（第2版）{words}"


@pytest.mark.parametrize("relationship", Relationship)
def test_every_relationship_has_its_value(relationship: Relationship) -> None:
    shown = written(Matched(ITEM, match(relationship=relationship))).matches[0].relationship
    assert P.Relationship.Name(shown) == f"RELATIONSHIP_{relationship.name}"


@pytest.mark.parametrize("review", ReviewState)
def test_a_review_state_is_read_as_it_is_written(review: ReviewState) -> None:
    request = messages.translate()
    request.minimum_review = translations.REVIEWS[review]
    assert catalogues.read_translate(request.SerializeToString()).minimum_review is review
    assert P.ReviewState.Name(translations.REVIEWS[review]) == f"REVIEW_STATE_{review.name}"


# Requests


def test_what_a_request_leaves_out_is_what_a_case_would_be_routed_by() -> None:
    asked = catalogues.read_translate(messages.translate().SerializeToString())
    assert (asked.version, asked.direction, asked.minimum_review) == (None, Direction.FORWARD, ReviewState.BOTH_SIDES)
    assert (asked.allow_chain, asked.suggestions) == (False, 0)
    batch = catalogues.read_translate_batch(messages.translate_batch().SerializeToString())
    assert (batch.as_of, batch.minimum_review, batch.allow_chain) == (None, ReviewState.BOTH_SIDES, False)


def test_everything_that_a_request_asks_for_is_read() -> None:
    request = messages.translate()
    request.version, request.direction, request.allow_chain, request.suggestions = 4, P.DIRECTION_REVERSE, True, 20
    request.minimum_review = P.REVIEW_STATE_PROPOSED
    assert catalogues.read_translate(request.SerializeToString()) == commands.Translate(
        source="430600",
        target="421000",
        code="S1",
        answers={"kind": "new"},
        as_of=DAY,
        version=4,
        direction=Direction.REVERSE,
        minimum_review=ReviewState.PROPOSED,
        allow_chain=True,
        suggestions=20,
    )


def test_what_is_wrong_in_one_question_of_a_list_does_not_refuse_the_list() -> None:
    request = messages.translate_batch()
    request.questions[0].code = "长" * 101
    assert catalogues.read_translate_batch(request.SerializeToString()).questions[0] == ("长" * 101, {"kind": "new"})


# Lists


def test_a_list_says_of_each_code_what_it_came_to() -> None:
    kind = OpenQuestion(ITEM.situations[0], ())
    outcomes = (Matched(ITEM, match()), NeedsFacts(ITEM, (kind,)), "answers", UnknownCode("430600", "X"))
    body = catalogues.write_translated_batch(commands.TranslatedBatch(DAY, outcomes))
    told = catalogue_service_pb2.TranslateBatchResponse.FromString(body)
    assert told.as_of == "2026-11-21"
    assert list(told.answers) == [
        catalogue_service_pb2.BatchAnswer(
            outcome=P.TRANSLATION_OUTCOME_MATCHED,
            target_code=ITEM.code,
            target_version="2",
            row="YJ-001",
            row_hash=row().hash,
            relationship=P.RELATIONSHIP_NARROWER,
            review=P.REVIEW_STATE_BOTH_SIDES,
        ),
        catalogue_service_pb2.BatchAnswer(outcome=P.TRANSLATION_OUTCOME_NEEDS_FACTS, questions=["kind"]),
        catalogue_service_pb2.BatchAnswer(invalid="answers"),
        catalogue_service_pb2.BatchAnswer(outcome=P.TRANSLATION_OUTCOME_UNKNOWN_CODE),
    ]


def test_ten_thousand_answers_fit_into_a_message_and_what_does_not_fit_is_refused() -> None:
    ordinary = commands.TranslatedBatch(DAY, (Matched(ITEM, match()),) * 10_000)
    assert len(catalogues.write_translated_batch(ordinary)) < 1_500_000
    names = tuple(OpenQuestion(Question(f"{number:064}", "问", ITEM.situations[0].options), ()) for number in range(10))
    with pytest.raises(Malformed) as error:
        catalogues.write_translated_batch(commands.TranslatedBatch(DAY, (NeedsFacts(ITEM, names),) * 10_000))
    assert error.value.reason is Reason.MESSAGE_TOO_LARGE
    assert "fewer codes" in error.value.mend


def test_coverage_is_written_count_by_count_and_its_gaps_up_to_a_bound() -> None:
    counts = {count: number for number, count in enumerate(Count)}
    gaps = (Gap(ITEM, Count.EXPIRED, ("YJ-001", "YJ-002")),) * (catalogues.MAX_GAPS + 1)
    body = catalogues.write_coverage(commands.ShownCoverage(Coverage("430600", 4, "421000", 5, DAY, counts, gaps)))
    told = catalogue_service_pb2.GetCoverageResponse.FromString(body).coverage
    assert [getattr(told, count.value) for count in Count] == list(range(len(Count)))
    assert (told.source_edition, told.target_edition, told.on) == (4, 5, "2026-11-21")
    assert told.in_force == sum(range(len(Count)))
    assert len(told.gaps) == catalogues.MAX_GAPS
    assert (told.gaps[0].item, told.gaps[0].count) == (items.write_summary(ITEM), "expired")
    assert list(told.gaps[0].rows) == ["YJ-001", "YJ-002"]


def test_gaps_with_long_rows_leave_room_for_the_rest_of_the_answer() -> None:
    gaps = (Gap(ITEM, Count.AMBIGUOUS, tuple(f"{number:064}" for number in range(10))),) * catalogues.MAX_GAPS
    counts = dict.fromkeys(Count, 0)
    body = catalogues.write_coverage(commands.ShownCoverage(Coverage("430600", 4, "421000", 5, DAY, counts, gaps)))
    assert 0.99 * catalogues.MAX_GAPS_BYTES < len(body) < 1.02 * catalogues.MAX_GAPS_BYTES


# Pages of a catalogue


def test_a_page_is_read_as_it_was_written() -> None:
    content: dict[str, Any] = {
        "edition": 7,
        "since_edition": 3,
        "name": "荆州目录",
        "windows": (Window("大厅", "路", "1", "时"),),
        "records": (b"{}", b"[]"),
        "next_page": "x",
        "digest": bytes(range(32)),
        "record_count": 9,
    }
    body = catalogues.write_changes(commands.CatalogueChanges(**content))
    assert catalogues.read_sync_page(body) == CataloguePage(**content)


@pytest.mark.parametrize(
    "spoil", [lambda page: page.records.append(b""), lambda page: page.records.append(b" " * 65537)]
)
def test_a_record_out_of_bounds_is_named_by_its_place(
    spoil: Callable[[catalogue_service_pb2.SyncCatalogueResponse], None],
) -> None:
    page = messages.sync_page()
    spoil(page)
    with pytest.raises(Malformed) as error:
        catalogues.read_sync_page(page.SerializeToString())
    assert error.value.details["field"] == "records[1]"
