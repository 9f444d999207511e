"""Translating and showing over the whole sentence: what is asked for is what is answered by."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from tongban.catalogue.v1 import catalogue_service_pb2, item_pb2, translation_pb2

from gateway.domain.catalogue import Item, ItemState
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Standing, record_of
from gateway.exchange.catalogues import BATCH_SLICE
from gateway.wire import routes
from tests.gateway.exchange.world import CROSSWALK, JINGZHOU, SOURCE, TARGET, YUEYANG, Answer, Federation, item, row

P = translation_pb2


async def ask(federation: Federation, method: str, request: Any) -> Answer:
    yueyang = federation.yueyang
    return await federation.call(yueyang.gateway, yueyang, method, request)


async def translate(federation: Federation, code: str, **asked: Any) -> translation_pb2.Translation:
    request = catalogue_service_pb2.TranslateRequest(
        **{"source_catalogue": YUEYANG, "target_catalogue": JINGZHOU, "code": code, **asked}
    )
    answer = await ask(federation, routes.TRANSLATE, request)
    return catalogue_service_pb2.TranslateResponse.FromString(answer.body).translation


def add(federation: Federation, *rows: CrosswalkRow, items: Sequence[Item] = ()) -> None:
    """岳阳 learns of further rows, and of further items of either catalogue."""
    known = federation.yueyang.known
    known.crosswalk = Crosswalk((*CROSSWALK.rows, *rows))
    known.catalogues = {
        each.id: replace(each, items=(*each.items, *(item for item in items if item.catalogue == each.id)))
        for each in (SOURCE, TARGET)
    }


async def test_a_match_says_by_what_it_was_found(federation: Federation) -> None:
    found = await translate(federation, "S-1")
    (match,) = found.matches
    (step,) = match.path
    (agreed,) = CROSSWALK.rows_from(YUEYANG, "S-1", JINGZHOU)
    assert (found.outcome, found.as_of) == (P.TRANSLATION_OUTCOME_MATCHED, "2026-11-23")
    assert (found.source.code, found.source.version) == ("S-1", "1")
    assert (match.item.code, match.relationship) == ("T-1", P.RELATIONSHIP_EQUIVALENT)
    assert (match.review, match.confidence) == (P.REVIEW_STATE_BOTH_SIDES, 90)
    assert (match.valid_from, match.valid_until) == ("2026-01-01", "2026-12-31")
    assert (step.row, step.version, step.inverted) == ("row-S-1", 1, False)
    assert step.hash == hashlib.sha256(record_of(agreed)).digest()
    assert list(step.approved_by) == ["421000.gateway", "430600.gateway"]
    assert step.justification == "测试"
    assert (found.item.code, found.item.result_name) == ("T-1", "测试证")
    assert found.crosswalk_row == step.row
    assert dict(found.material_keys) == dict(match.material_keys) == {"form": "application"}


async def test_a_question_shows_what_each_answer_leaves(federation: Federation) -> None:
    found = await translate(federation, "S-QUESTION")
    assert found.outcome == P.TRANSLATION_OUTCOME_NEEDS_FACTS
    assert [question.key for question in found.questions] == ["kind"]
    (outlook,) = found.outlooks
    leaves = [(each.option, [match.item.code for match in each.matches]) for each in outlook.options]
    assert leaves == [("new", ["T-QUESTION"]), ("again", ["T-QUESTION"])]


async def test_rows_that_do_not_decide_are_shown_with_the_reason(federation: Federation) -> None:
    add(federation, row("S-UNMAPPED", "T-1", standing=Standing(("430600.gateway",))))
    found = await translate(federation, "S-UNMAPPED")
    (aside,) = found.set_aside
    assert found.outcome == P.TRANSLATION_OUTCOME_UNMAPPED
    assert (aside.row, aside.reason) == ("row-S-UNMAPPED", P.SET_ASIDE_REASON_AWAITING_REVIEW)
    assert (aside.target.catalogue, aside.target.code, aside.target.name) == (JINGZHOU, "T-1", "事项T-1")


async def test_rows_under_review_are_found_by_who_asks_for_them_and_say_so(federation: Federation) -> None:
    add(federation, row("S-UNMAPPED", "T-1", standing=Standing(("430600.gateway",))))
    found = await translate(federation, "S-UNMAPPED", minimum_review=P.REVIEW_STATE_ONE_SIDE)
    assert found.outcome == P.TRANSLATION_OUTCOME_MATCHED
    assert found.matches[0].review == P.REVIEW_STATE_ONE_SIDE


async def test_similar_names_are_suggested_only_when_asked_for_and_nothing_is_mapped(federation: Federation) -> None:
    add(federation, items=[item(JINGZHOU, "T-LIKE", name="事项S-UNMAPPED（荆州）")])
    found = await translate(federation, "S-UNMAPPED", suggestions=1)
    assert [each.item.code for each in found.suggestions] == ["T-LIKE"]
    assert (found.outcome, list(found.matches)) == (P.TRANSLATION_OUTCOME_UNMAPPED, [])
    assert not (await translate(federation, "S-UNMAPPED")).suggestions
    assert not (await translate(federation, "S-NONE", suggestions=20)).suggestions


async def test_every_item_that_leads_to_one_is_found_in_reverse(federation: Federation) -> None:
    add(federation, row("S-UNMAPPED", "T-1"))
    found = await translate(
        federation, "T-1", source_catalogue=JINGZHOU, target_catalogue=YUEYANG, direction=P.DIRECTION_REVERSE
    )
    assert found.outcome == P.TRANSLATION_OUTCOME_MATCHED
    assert [each.item.code for each in found.matches] == ["S-1", "S-UNMAPPED"]
    assert {(step.row, step.inverted) for each in found.matches for step in each.path} == {
        ("row-S-1", True),
        ("row-S-UNMAPPED", True),
    }


async def test_an_assertion_of_nothing_is_shown_as_the_row_that_asserts_it(federation: Federation) -> None:
    found = await translate(federation, "S-NONE")
    (asserted,) = found.set_aside
    assert found.outcome == P.TRANSLATION_OUTCOME_NO_EQUIVALENT
    assert (asserted.row, asserted.reason) == ("row-S-NONE", P.SET_ASIDE_REASON_UNSPECIFIED)
    assert (asserted.relationship, asserted.target.code) == (P.RELATIONSHIP_NONE, "")


async def test_a_map_whose_days_are_over_names_its_rows(federation: Federation) -> None:
    found = await translate(federation, "S-OVER")
    assert found.outcome == P.TRANSLATION_OUTCOME_MAP_EXPIRED
    assert [(each.row, each.reason) for each in found.set_aside] == [("row-S-OVER", P.SET_ASIDE_REASON_OVER)]
    assert (await translate(federation, "S-OVER", as_of="2026-06-30")).outcome == P.TRANSLATION_OUTCOME_MATCHED


async def test_what_is_unknown_or_not_in_force_is_told_in_words_for_staff(federation: Federation) -> None:
    unknown = await translate(federation, "S-ABSENT")
    assert unknown.outcome == P.TRANSLATION_OUTCOME_UNKNOWN_CODE
    assert unknown.explanation == "430600目录中没有编码为S-ABSENT的事项"
    assert not unknown.HasField("source")
    stopped = await translate(federation, "S-STOPPED")
    assert stopped.outcome == P.TRANSLATION_OUTCOME_NOT_IN_FORCE
    assert stopped.explanation == "421000目录的事项T-STOPPED（第1版）已暂停办理"
    assert stopped.source.code == "S-STOPPED"
    early = await translate(federation, "S-1", as_of="2025-12-31")
    assert early.explanation == "430600目录的事项S-1（第1版）自2026-01-01起方可办理"


async def test_a_version_that_another_one_replaced_is_not_in_force(federation: Federation) -> None:
    add(federation, items=[item(YUEYANG, "S-1", version=2, listed_from=date(2026, 11, 1))])
    assert (await translate(federation, "S-1")).source.version == "2"
    assert (await translate(federation, "S-1", as_of="2026-10-31")).source.version == "1"
    replaced = await translate(federation, "S-1", version=1)
    assert (replaced.outcome, replaced.source.version) == (P.TRANSLATION_OUTCOME_NOT_IN_FORCE, "1")
    assert replaced.explanation.endswith("已由更新的版本取代")
    unknown = await translate(federation, "S-1", version=3)
    assert unknown.explanation == "430600目录中没有编码为S-1的事项（第3版）"


async def test_a_list_is_answered_in_its_order_and_a_wrong_question_spoils_only_itself(federation: Federation) -> None:
    questions = [
        {"code": "S-1"},
        {"code": "S-QUESTION"},
        {"code": "S-QUESTION", "answers": {"kind": "other"}},
        {"code": ""},
        {"code": "S" * 101},
        {"code": "S-QUESTION", "answers": {"kind": "new"}},
        {"code": "S-NONE"},
        {"code": "S-ABSENT"},
    ]
    request = catalogue_service_pb2.TranslateBatchRequest(
        source_catalogue=YUEYANG,
        target_catalogue=JINGZHOU,
        questions=[catalogue_service_pb2.BatchQuestion(**each) for each in questions],  # type: ignore[arg-type]
    )
    answer = await ask(federation, routes.TRANSLATE_BATCH, request)
    told = catalogue_service_pb2.TranslateBatchResponse.FromString(answer.body)
    first = told.answers[0]
    assert told.as_of == "2026-11-23"
    assert [(each.target_code, list(each.questions), each.invalid) for each in told.answers] == [
        ("T-1", [], ""),
        ("", ["kind"], ""),
        ("", [], "answers"),
        ("", [], "code"),
        ("", [], "code"),
        ("T-QUESTION", [], ""),
        ("", [], ""),
        ("", [], ""),
    ]
    assert (first.row, first.target_version, first.review) == ("row-S-1", "1", P.REVIEW_STATE_BOTH_SIDES)
    assert first.row_hash == (await translate(federation, "S-1")).matches[0].path[0].hash
    assert [each.outcome for each in told.answers] == [
        P.TRANSLATION_OUTCOME_MATCHED,
        P.TRANSLATION_OUTCOME_NEEDS_FACTS,
        P.TRANSLATION_OUTCOME_UNSPECIFIED,
        P.TRANSLATION_OUTCOME_UNSPECIFIED,
        P.TRANSLATION_OUTCOME_UNSPECIFIED,
        P.TRANSLATION_OUTCOME_MATCHED,
        P.TRANSLATION_OUTCOME_NO_EQUIVALENT,
        P.TRANSLATION_OUTCOME_UNKNOWN_CODE,
    ]


async def test_a_long_list_lets_others_have_their_turn_and_goes_by_one_state_of_knowledge(
    federation: Federation,
) -> None:
    count, order = 2 * BATCH_SLICE + 1, []
    request = catalogue_service_pb2.TranslateBatchRequest(
        source_catalogue=YUEYANG,
        target_catalogue=JINGZHOU,
        questions=[catalogue_service_pb2.BatchQuestion(code="S-1")] * count,
    )

    async def answered() -> Answer:
        answer = await ask(federation, routes.TRANSLATE_BATCH, request)
        order.append("answered")
        return answer

    async def renewed() -> None:
        federation.yueyang.known.crosswalk = Crosswalk(())
        order.append("renewed")

    answer, _ = await asyncio.gather(answered(), renewed())
    told = catalogue_service_pb2.TranslateBatchResponse.FromString(answer.body)
    assert order == ["renewed", "answered"]
    assert [each.target_code for each in told.answers] == ["T-1"] * count


async def test_coverage_counts_every_item_in_force_once_and_names_those_that_lead_nowhere(
    federation: Federation,
) -> None:
    request = catalogue_service_pb2.GetCoverageRequest(source_catalogue=YUEYANG, target_catalogue=JINGZHOU)
    answer = await ask(federation, routes.GET_COVERAGE, request)
    told = catalogue_service_pb2.GetCoverageResponse.FromString(answer.body).coverage
    assert (told.source_catalogue, told.source_edition, told.target_edition, told.on) == (YUEYANG, 1, 1, "2026-11-23")
    counted = (
        told.mapped,
        told.by_situation,
        told.asserted_none,
        told.expired,
        told.target_not_in_force,
        told.unmapped,
    )
    assert counted == (4, 1, 1, 1, 1, 1)
    assert told.in_force == sum(counted) == len(SOURCE.items) - 1
    assert [(gap.item.code, gap.count, list(gap.rows)) for gap in told.gaps] == [
        ("S-OVER", "expired", ["row-S-OVER"]),
        ("S-STOPPED", "target_not_in_force", ["row-S-STOPPED"]),
        ("S-UNMAPPED", "unmapped", []),
    ]


async def test_coverage_of_a_catalogue_that_is_not_here_is_refused(federation: Federation) -> None:
    request = catalogue_service_pb2.GetCoverageRequest(source_catalogue=YUEYANG, target_catalogue="500000")
    assert (await ask(federation, routes.GET_COVERAGE, request)).error.reason == "ITEM_UNKNOWN"


async def test_an_item_is_shown_at_the_version_asked_for(federation: Federation) -> None:
    add(federation, items=[item(JINGZHOU, "T-1", version=2, state=ItemState.RETIRED, listed_from=date(2026, 11, 1))])

    async def shown(version: int) -> item_pb2.Item:
        request = catalogue_service_pb2.GetItemRequest(catalogue=JINGZHOU, code="T-1", version=version)
        answer = await ask(federation, routes.GET_ITEM, request)
        return catalogue_service_pb2.GetItemResponse.FromString(answer.body).item

    newest, first = await shown(0), await shown(1)
    assert (newest.version, newest.state, newest.listed_from) == ("2", "retired", "2026-11-01")
    assert (first.version, first.state, first.result_name) == ("1", "published", "测试证")
    request = catalogue_service_pb2.GetItemRequest(catalogue=JINGZHOU, code="T-1", version=3)
    assert (await ask(federation, routes.GET_ITEM, request)).error.reason == "ITEM_UNKNOWN"
