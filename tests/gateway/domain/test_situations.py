from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.domain.catalogue import (
    HandlingItem,
    Item,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Option,
    Question,
)
from gateway.domain.situations import asked_questions, chosen_options, handling_item, required_materials
from trust.errors import Malformed, Reason, WrongState

MakeItem = Callable[..., Item]

FIRST, REISSUE, LOST = "FIRST", "REISSUE", "LOST"


def material(key: str, *, required: bool = True) -> MaterialRequirement:
    return MaterialRequirement(key, f"材料{key}", required, MaterialSource.APPLICANT, MaterialForm.ORIGINAL)


@pytest.fixture
def item(make_item: MakeItem) -> Item:
    """A card: first issued or issued anew; if anew, lost or damaged; if lost, reported or not."""
    kind = Question(
        "kind",
        "首次申领还是补换？",
        (
            Option("first", "首次", adds=("photo",), chooses=FIRST),
            Option("again", "补换", chooses=REISSUE),
        ),
    )
    why = Question(
        "why",
        "为何补换？",
        (
            Option("lost", "遗失", waives=("old_card",), chooses=LOST),
            Option("damaged", "损坏", adds=("old_card",)),
            Option("expired", "过期"),
        ),
        asked_when={"kind": frozenset({"again"})},
    )
    reported = Question(
        "reported",
        "是否报案？",
        (Option("yes", "是", adds=("report",)), Option("no", "否", adds=("promise",), waives=("identity",))),
        asked_when={"kind": frozenset({"again"}), "why": frozenset({"lost", "expired"})},
    )
    return make_item(
        "430600",
        "430100001000",
        materials=(
            material("identity"),
            material("photo", required=False),
            material("old_card"),
            material("report", required=False),
            material("promise", required=False),
        ),
        situations=(kind, why, reported),
        handling_items=(HandlingItem(FIRST, "首次申领"), HandlingItem(REISSUE, "补换"), HandlingItem(LOST, "挂失补办")),
    )


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, ["kind"]),
        ({"kind": "first"}, ["kind"]),
        ({"kind": "again"}, ["kind", "why"]),
        ({"kind": "again", "why": "damaged"}, ["kind", "why"]),
        ({"kind": "again", "why": "lost"}, ["kind", "why", "reported"]),
        ({"kind": "again", "why": "expired", "reported": "no"}, ["kind", "why", "reported"]),
    ],
)
def test_answers_lead_to_the_next_questions(item: Item, answers: dict[str, str], asked: list[str]) -> None:
    assert [question.key for question in asked_questions(item, answers)] == asked


@pytest.mark.parametrize("answers", [{"why": "lost"}, {"kind": "first", "why": "lost"}])
def test_an_answer_to_a_question_that_is_not_asked_leads_nowhere(item: Item, answers: dict[str, str]) -> None:
    assert [question.key for question in asked_questions(item, answers)] == ["kind"]
    assert "lost" not in [option.key for option in chosen_options(item, answers)]


def test_an_answer_to_a_question_that_is_not_asked_changes_no_material(item: Item) -> None:
    plain = required_materials(item, {"kind": "first"})
    assert [each.key for each in plain] == ["identity", "photo", "old_card"]
    assert required_materials(item, {"kind": "first", "why": "lost", "reported": "no"}) == plain


def test_every_question_that_the_answers_lead_to_needs_an_answer(item: Item) -> None:
    for answers, open_question in [
        ({}, "kind"),
        ({"kind": "again"}, "why"),
        ({"kind": "again", "why": "lost"}, "reported"),
    ]:
        with pytest.raises(WrongState) as caught:
            required_materials(item, answers)
        assert caught.value.reason is Reason.ITEM_NEEDS_FACTS
        assert caught.value.details == {"questions": open_question}


@pytest.mark.parametrize(
    ("answers", "keys"),
    [
        ({"kind": "again", "why": "damaged"}, ["identity", "old_card"]),
        ({"kind": "again", "why": "lost", "reported": "yes"}, ["identity", "report"]),
        ({"kind": "again", "why": "lost", "reported": "no"}, ["promise"]),
        ({"kind": "again", "why": "expired", "reported": "yes"}, ["identity", "old_card", "report"]),
    ],
)
def test_the_path_through_the_tree_decides_the_materials(item: Item, answers: dict[str, str], keys: list[str]) -> None:
    assert [each.key for each in required_materials(item, answers)] == keys


def test_an_answer_that_is_not_offered_is_refused_even_off_the_path(item: Item) -> None:
    with pytest.raises(Malformed):
        required_materials(item, {"kind": "first", "why": "stolen"})


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, None),
        ({"kind": "first"}, FIRST),
        ({"kind": "first", "why": "lost"}, FIRST),
        ({"kind": "again"}, REISSUE),
        ({"kind": "again", "why": "damaged"}, REISSUE),
        ({"kind": "again", "why": "lost"}, LOST),
    ],
)
def test_the_last_answer_that_chooses_a_handling_item_decides(
    item: Item, answers: dict[str, str], code: str | None
) -> None:
    chosen = handling_item(item, answers)
    assert (chosen.code if chosen else None) == code
