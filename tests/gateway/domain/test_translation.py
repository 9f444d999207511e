from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catalogue import Catalogue, Item, ItemState
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship
from gateway.domain.translation import (
    MapExpired,
    Matched,
    NeedsFacts,
    NoEquivalent,
    NotInForce,
    SetAside,
    Translation,
    UnknownCode,
    Unmapped,
    require_match,
    translate,
)
from trust.errors import Malformed, Reason, TongbanError

TODAY = date(2026, 11, 21)
Make = Callable[..., CrosswalkRow]


@dataclass(frozen=True)
class Places:
    """Two catalogues: A in 430600 asks two questions, and 421000 has B, C and a suspended S."""

    source: Catalogue
    target: Catalogue

    def translate(self, *rows: CrosswalkRow, code: str = "A", on: date = TODAY, **answers: str) -> Translation:
        return translate(self.source, self.target, Crosswalk(rows), code, answers, on)


@pytest.fixture
def places(make_item: Callable[..., Item], make_catalogue: Callable[..., Catalogue]) -> Places:
    source = make_catalogue(
        "430600",
        make_item("430600", "A", {"house": ("new", "used", "other"), "spouse": ("no", "yes")}),
        make_item("430600", "R", state=ItemState.RETIRED),
    )
    target = make_catalogue(
        "421000",
        make_item("421000", "B"),
        make_item("421000", "C"),
        make_item("421000", "S", state=ItemState.SUSPENDED),
    )
    return Places(source, target)


def test_a_row_without_conditions_matches(places: Places, make_row: Make) -> None:
    row = make_row("1", "A", "B", materials={"identity": "identity"}, products={"kind": "new"})
    match = places.translate(row)
    assert isinstance(match, Matched)
    assert match.target is places.target.find("B")
    assert (match.row, match.path) == (row, (row,))
    assert (match.materials, match.products) == ({"identity": "identity"}, {"kind": "new"})


@pytest.mark.parametrize(("house", "target"), [("new", "B"), ("used", "C")])
def test_one_item_becomes_several_by_the_answer(places: Places, make_row: Make, house: str, target: str) -> None:
    match = places.translate(*by_house(make_row), house=house)
    assert isinstance(match, Matched)
    assert match.target.code == target


def by_house(make_row: Make) -> tuple[CrosswalkRow, CrosswalkRow]:
    return (
        make_row("new", "A", "B", relationship=Relationship.NARROWER, conditions={"house": {"new"}}),
        make_row("used", "A", "C", relationship=Relationship.NARROWER, conditions={"house": {"used"}}),
    )


def test_without_the_answer_the_question_is_asked_with_what_each_option_leaves(places: Places, make_row: Make) -> None:
    new, used = by_house(make_row)
    needs = places.translate(new, used)
    assert isinstance(needs, NeedsFacts)
    (question,) = needs.questions
    assert question.question.key == "house"
    assert [(option.key, rows) for option, rows in question.leaves] == [
        ("new", (new,)),
        ("used", (used,)),
        ("other", ()),
    ]


def test_only_questions_that_still_matter_are_asked(places: Places, make_row: Make) -> None:
    new, used = by_house(make_row)
    both = make_row("both", "A", "C", conditions={"house": {"other"}, "spouse": {"yes"}})
    everything = places.translate(new, used, both)
    assert isinstance(everything, NeedsFacts)
    assert [question.question.key for question in everything.questions] == ["house", "spouse"]
    rest = places.translate(new, used, both, house="other")
    assert isinstance(rest, NeedsFacts)
    assert [question.question.key for question in rest.questions] == ["spouse"]
    assert isinstance(places.translate(new, used, both, house="new"), Matched)


def test_an_answer_that_no_row_covers_is_unmapped_and_says_why(places: Places, make_row: Make) -> None:
    new, used = by_house(make_row)
    outcome = places.translate(new, used, house="other")
    assert outcome == Unmapped(((new, SetAside.OTHER_ANSWERS), (used, SetAside.OTHER_ANSWERS)))


def test_an_answer_that_the_question_does_not_offer_is_malformed(places: Places, make_row: Make) -> None:
    with pytest.raises(Malformed, match="new or used or other"):
        places.translate(*by_house(make_row), house="castle")


def test_no_row_at_all_is_unmapped(places: Places) -> None:
    assert places.translate() == Unmapped(())


def test_an_asserted_absence_is_an_answer(places: Places, make_row: Make) -> None:
    row = make_row("none", "A")
    assert places.translate(row) == NoEquivalent(row)


def test_an_absence_may_be_asserted_for_one_situation_only(places: Places, make_row: Make) -> None:
    row = make_row("none", "A", conditions={"house": {"other"}})
    new, used = by_house(make_row)
    assert places.translate(new, used, row, house="other") == NoEquivalent(row)
    assert isinstance(places.translate(new, used, row, house="new"), Matched)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reviewed_by": ("430600.gateway",)}, SetAside.AWAITING_REVIEW),
        ({"relationship": Relationship.RELATED}, SetAside.DOES_NOT_DECIDE),
        ({"relationship": Relationship.NARROWER}, SetAside.DOES_NOT_DECIDE),
        ({"valid_from": date(2026, 11, 22)}, SetAside.NOT_BEGUN),
        ({"conditions": {"age": {"old"}}}, SetAside.ASKS_UNKNOWN_QUESTION),
    ],
)
def test_a_row_that_may_not_decide_is_set_aside_and_shown(
    places: Places, make_row: Make, changes: dict[str, object], reason: SetAside
) -> None:
    row = make_row("1", "A", "B", **changes)
    assert places.translate(row) == Unmapped(((row, reason),))


def test_a_broader_target_routes(places: Places, make_row: Make) -> None:
    assert isinstance(places.translate(make_row("1", "A", "B", relationship=Relationship.BROADER)), Matched)


@pytest.mark.parametrize("on", [date(2026, 1, 1), TODAY, date(2026, 12, 31)])
def test_a_row_holds_from_its_first_to_its_last_day(places: Places, make_row: Make, on: date) -> None:
    assert isinstance(places.translate(make_row("1", "A", "B"), on=on), Matched)


def test_the_day_after_the_last_the_map_has_expired(places: Places, make_row: Make) -> None:
    row = make_row("1", "A", "B")
    assert places.translate(row, on=date(2027, 1, 1)) == MapExpired((row,))


def test_an_expired_row_is_silent_where_another_decides(places: Places, make_row: Make) -> None:
    old = make_row("old", "A", "B", valid_until=date(2026, 6, 30))
    new = make_row("new", "A", "C", valid_from=date(2026, 7, 1))
    match = places.translate(old, new)
    assert isinstance(match, Matched)
    assert match.row is new


def test_an_expired_row_for_another_situation_is_no_expiry(places: Places, make_row: Make) -> None:
    old = make_row("old", "A", "B", conditions={"house": {"new"}}, valid_until=date(2026, 6, 30))
    assert isinstance(places.translate(old, house="used"), Unmapped)
    assert isinstance(places.translate(old, house="new"), MapExpired)
    assert isinstance(places.translate(old), MapExpired)


def test_an_unknown_code_names_the_catalogue_it_is_missing_from(places: Places, make_row: Make) -> None:
    assert places.translate(code="Z") == UnknownCode("430600", "Z")
    assert places.translate(make_row("1", "A", "Z")) == UnknownCode("421000", "Z")


def test_an_item_out_of_force_is_named_on_either_side(places: Places, make_row: Make) -> None:
    source = places.translate(make_row("1", "R", "B"), code="R")
    assert isinstance(source, NotInForce)
    assert (source.item.code, source.why) == ("R", "it is retired")
    target = places.translate(make_row("1", "A", "S"))
    assert isinstance(target, NotInForce)
    assert (target.item.code, target.why) == ("S", "it is suspended")


def outcomes(places: Places, make_row: Make) -> Mapping[Reason, Translation]:
    return {
        Reason.ITEM_NEEDS_FACTS: places.translate(*by_house(make_row)),
        Reason.ITEM_NO_EQUIVALENT: places.translate(make_row("1", "A")),
        Reason.ITEM_UNMAPPED: places.translate(make_row("1", "A", "B", reviewed_by=())),
        Reason.ITEM_UNKNOWN: places.translate(code="Z"),
        Reason.ITEM_NOT_IN_FORCE: places.translate(code="R"),
        Reason.MAP_EXPIRED: places.translate(make_row("1", "A", "B"), on=date(2027, 1, 1)),
    }


def test_every_outcome_but_a_match_is_an_error_with_its_own_reason(places: Places, make_row: Make) -> None:
    for reason, outcome in outcomes(places, make_row).items():
        with pytest.raises(TongbanError) as caught:
            require_match(outcome)
        assert caught.value.reason is reason
        assert caught.value.mend


def test_a_match_is_required_and_returned(places: Places, make_row: Make) -> None:
    match = places.translate(make_row("1", "A", "B"))
    assert require_match(match) is match


def test_the_error_for_missing_facts_names_the_questions(places: Places, make_row: Make) -> None:
    with pytest.raises(TongbanError) as caught:
        require_match(places.translate(*by_house(make_row)))
    assert caught.value.details == {"questions": "house"}


houses = st.sampled_from(["new", "used", "other"])
spouses = st.sampled_from(["no", "yes"])


def test_any_order_of_the_rows_gives_the_same_answer_and_more_answers_never_change_a_match(
    places: Places, make_row: Make
) -> None:
    rows = (
        *by_house(make_row),
        make_row("none", "A", conditions={"house": {"other"}, "spouse": {"no"}}),
        make_row("over", "A", "B", conditions={"house": {"other"}, "spouse": {"yes"}}, valid_until=date(2026, 6, 1)),
    )

    def translated(some: Sequence[CrosswalkRow], answers: dict[str, str]) -> Translation:
        return translate(places.source, places.target, Crosswalk(tuple(some)), "A", answers, TODAY)

    @given(st.permutations(rows), st.fixed_dictionaries({}, optional={"house": houses, "spouse": spouses}), spouses)
    def check(shuffled: list[CrosswalkRow], answers: dict[str, str], spouse: str) -> None:
        outcome = translated(rows, answers)
        other = translated(shuffled, answers)
        assert type(other) is type(outcome)
        if isinstance(outcome, Matched):
            assert other == outcome
            assert translated(rows, {"spouse": spouse, **answers}) == outcome

    check()
