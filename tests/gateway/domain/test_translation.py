"""Properties of translation in any atlas. What it comes to in each single case is ``translate_cases.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product

import pytest

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import NATIONAL, Item, ItemState
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import COMPOSITIONS, Crosswalk, CrosswalkRow, Relationship, route_of
from gateway.domain.situations import asked_questions
from gateway.domain.translation import (
    Direction,
    LedFrom,
    MapExpired,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    Query,
    SetAside,
    Step,
    Translation,
    UnknownCode,
    Unmapped,
    require_match,
    translate,
    translate_batch,
)
from tests.gateway.domain.made import TODAY, make_atlas, make_catalogue, make_item, make_row
from tests.gateway.domain.random_atlas import CODES, HERE, THERE, Drawn, draw, situations
from trust.errors import NotFound, Reason, TongbanError

WORLDS = range(600)


def ask(atlas: Atlas, code: str, answers: Mapping[str, str], *, chain: bool = False) -> Translation:
    return translate(atlas, Query(HERE, THERE, code, TODAY, answers, allow_chain=chain))


def test_the_order_of_the_rows_does_not_matter() -> None:
    for number in WORLDS:
        drawn = draw(number, chains=True)
        shuffled = Atlas(drawn.atlas.catalogues, Crosswalk(tuple(drawn.lot.sample(drawn.rows, len(drawn.rows)))))
        for code in CODES:
            answers = valid(drawn, code)
            assert ask(shuffled, code, answers, chain=True) == ask(drawn.atlas, code, answers, chain=True), number


def valid(drawn: Drawn, code: str) -> dict[str, str]:
    """Some answers, none of them to a question of the item that does not offer it."""
    item = drawn.atlas.catalogue(HERE).find(code)
    assert item is not None
    answers = drawn.some_answers()
    item.check_answers(answers)
    return answers


def test_added_answers_never_change_a_match() -> None:
    tried = 0
    for number in WORLDS:
        drawn = draw(number, chains=True)
        for code in CODES:
            answers = valid(drawn, code)
            outcome = ask(drawn.atlas, code, answers, chain=True)
            if isinstance(outcome, Matched | NoEquivalent):
                added = {**valid(drawn, code), **answers}
                assert ask(drawn.atlas, code, added, chain=True) == outcome, number
                tried += added != answers
    assert tried > 20


def test_in_every_situation_it_comes_to_what_the_rows_say() -> None:
    outcomes: Counter[type] = Counter()
    for number in WORLDS:
        drawn = draw(number)
        for item in drawn.atlas.catalogue(HERE).items:
            for answers in situations(item):
                outcome = ask(drawn.atlas, item.code, answers)
                assert fits(drawn, item, answers, outcome), number
                outcomes[type(outcome)] += 1
    assert min(outcomes[each] for each in (Matched, NoEquivalent, Unmapped, MapExpired, NotInForce)) > 20
    assert NeedsFacts not in outcomes


def fits(  # noqa: PLR0911 - one exit for each outcome
    drawn: Drawn, item: Item, answers: Mapping[str, str], outcome: Translation
) -> bool:
    """By the plain reading of the rules: a row is met when each question of its conditions is asked and agrees."""
    asked = {question.key for question in asked_questions(item, answers)}
    met = [
        row
        for row in drawn.rows
        if row.source_code == item.code
        and row.decides
        and row.counts(HERE, THERE)
        and not row.withdrawn_between(HERE, THERE, TODAY)
        and not any(took_its_place(other, row) for other in drawn.rows)
        and row.begun_by(TODAY)
        and all(key in asked and answers[key] in allowed for key, allowed in row.conditions.items())
    ]
    in_force = [row for row in met if not row.over_by(TODAY)]
    match outcome:
        case _ if item.state is not ItemState.PUBLISHED:
            return outcome == NotInForce(item, "it is suspended")
        case Matched(match=match):
            return [Step(row) for row in in_force] == [*match.path] and match.item.code == in_force[0].target_code
        case NoEquivalent(path=path):
            return [Step(row) for row in in_force] == [*path] and in_force[0].relationship is Relationship.NONE
        case NotInForce(item=target):
            return [row.target_code for row in in_force] == [target.code] and target.state is not ItemState.PUBLISHED
        case Unmapped(set_aside=set_aside):
            contradicted = {row.hash for row, reason in set_aside if reason is SetAside.CONTRADICTED}
            return contradicted == {row.hash for row in in_force} and (len(in_force) > 1 or not met)
        case MapExpired(rows=rows):
            return not in_force and {row.hash for row in rows} == {row.hash for row in met}
        case _:
            return False


def took_its_place(other: CrosswalkRow, row: CrosswalkRow) -> bool:
    return (
        (other.id, route_of(other), other.version > row.version) == (row.id, route_of(row), True)
        and other.counts(HERE, THERE)
        and other.begun_by(TODAY)
        and not other.withdrawn_between(HERE, THERE, other.valid_from)
    )


def test_questions_lead_on_and_their_options_leave_what_can_be_reached() -> None:
    tried = single = 0
    for number in WORLDS:
        drawn = draw(number, chains=True)
        for code in CODES:
            answers = valid(drawn, code)
            needs = ask(drawn.atlas, code, answers, chain=True)
            if isinstance(needs, NeedsFacts):
                tried += 1
                single += len(needs.questions) == 1
                check_questions(drawn, code, answers, needs)
    assert tried > single > 30


def check_questions(drawn: Drawn, code: str, answers: dict[str, str], needs: NeedsFacts) -> None:
    keys = [question.question.key for question in needs.questions]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & answers.keys()
    left = {(each.question.key, option.key): matches for each in needs.questions for option, matches in each.leaves}
    for chosen in product(*([option.key for option, _ in each.leaves] for each in needs.questions)):
        now = dict(zip(keys, chosen, strict=True))
        outcome = ask(drawn.atlas, code, {**answers, **now}, chain=True)
        assert not isinstance(outcome, NeedsFacts), drawn.rows  # all that matters was asked at once
        if isinstance(outcome, Matched):
            assert all(outcome.target in [match.item for match in left[each]] for each in now.items())
        if len(keys) == 1:
            assert left[keys[0], chosen[0]] == ((outcome.match,) if isinstance(outcome, Matched) else ())


def test_reverse_is_the_transpose_of_forward() -> None:
    total = 0
    for number in WORLDS:
        atlas = draw(number, conditional=False).atlas
        applicable = {item.code for item in atlas.catalogue(THERE).items if item.state is ItemState.PUBLISHED}
        forward = {
            (code, outcome.target.code, outcome.match.path[0].row.hash)
            for code in CODES
            if isinstance(outcome := ask(atlas, code, {}), Matched)
        }
        backward = [
            (match.item.code, code, match.path[0].row.hash)
            for code in applicable
            if isinstance(
                outcome := translate(atlas, Query(THERE, HERE, code, TODAY, direction=Direction.REVERSE)), LedFrom
            )
            for match in outcome.matches
            if match.path[0].inverted and match.relationship is match.path[0].row.relationship.inverse
        ]
        assert len(set(backward)) == len(backward)
        assert set(backward) == forward, number
        total += len(forward)
    assert total > 200


def test_a_chain_is_the_composition_of_its_steps() -> None:
    tried = 0
    for number in WORLDS:
        drawn = draw(number, chains=True)
        for code in CODES:
            outcome = ask(drawn.atlas, code, valid(drawn, code), chain=True)
            if isinstance(outcome, Matched) and len(outcome.match.path) == 2:
                tried += 1
                check_chain(drawn, code, outcome)
    assert tried > 20


def check_chain(drawn: Drawn, code: str, outcome: Matched) -> None:
    first, second = outcome.match.path
    assert NATIONAL in {first.row.source_catalogue, first.row.target_catalogue}
    assert (first.row.target_code if first.inverted else first.row.source_code) == code
    assert first.end == (second.row.target_code if second.inverted else second.row.source_code)
    assert second.end == outcome.target.code
    assert COMPOSITIONS[first.relationship, second.relationship] is outcome.match.relationship
    assert outcome.match.products == ({} if second.inverted else second.row.products)
    crosswalk = drawn.atlas.crosswalk
    for step in outcome.match.path:
        assert step.row.counts(HERE, THERE)
        assert not step.row.withdrawn_between(HERE, THERE, TODAY)
        assert step.row.begun_by(TODAY) > step.row.over_by(TODAY)
    for row in crosswalk.rows_from(HERE, code, THERE):  # nothing was settled between the two places themselves
        settled = row.decides and row.counts(HERE, THERE) and row.begun_by(TODAY)
        assert not settled or crosswalk.superseded_by(row, HERE, THERE, TODAY)


def test_a_batch_says_what_single_questions_say() -> None:
    for number in WORLDS[:300]:
        drawn = draw(number, chains=True)
        questions = [(code, valid(drawn, code)) for code in CODES]
        for chain in (False, True):
            single = [ask(drawn.atlas, code, answers, chain=chain) for code, answers in questions]
            alike = Query(HERE, THERE, "", TODAY, allow_chain=chain)
            assert list(translate_batch(drawn.atlas, alike, questions)) == single


def small(*rows: CrosswalkRow) -> Atlas:
    here = make_catalogue(HERE, make_item(HERE, "A", {"house": ("new", "used")}))
    return make_atlas(here, make_catalogue(THERE, make_item(THERE, "B")), rows=rows)


def test_a_question_of_a_batch_that_is_not_right_spoils_its_own_answer_only() -> None:
    found = translate_batch(
        small(make_row("1", "A", "B")),
        Query(HERE, THERE, "", TODAY),
        [("A", {}), ("", {}), ("A" * (MAX_CODE_LENGTH + 1), {}), ("A", {"house": "castle"}), ("Z" * 64, {}), ("A", {})],
    )
    first, empty, long, answers, unknown, last = found
    assert isinstance(first, Matched)
    assert (empty, long, answers) == ("code", "code", "answers")
    assert unknown == UnknownCode(HERE, "Z" * 64)
    assert last == first


def test_a_missing_catalogue_is_the_fault_of_the_whole_batch() -> None:
    with pytest.raises(NotFound) as caught:
        list(translate_batch(small(), Query(HERE, "440300", "", TODAY), [("A", {})]))
    assert caught.value.reason is Reason.ITEM_UNKNOWN


def test_a_match_is_required_and_returned() -> None:
    match = ask(small(make_row("1", "A", "B")), "A", {})
    assert require_match(match) is match


def test_the_error_for_missing_facts_names_the_questions() -> None:
    needs = ask(small(make_row("1", "A", "B", conditions={"house": {"new"}})), "A", {})
    with pytest.raises(TongbanError) as caught:
        require_match(needs)
    assert caught.value.details == {"questions": "house"}
