"""明白卡: complete at once, each material once, and never easier than the stricter place makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import (
    Catalogue,
    HandlingItem,
    Item,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
    Window,
)
from gateway.domain.crosswalk import Relationship, ReviewState
from gateway.domain.guide import Guide, GuideMaterial, MaterialWay, make_guide
from gateway.domain.scan_text import read_scan_text
from gateway.domain.translation import Match, Matched
from trust.errors import Malformed, Reason, WrongState

MONDAY = date(2026, 11, 23)
CALENDAR = WorkingCalendar.published()
LICENCE, OTHER_LICENCE = "11100000000013338W001", "11100000000013338W002"

MakeItem = Callable[..., Item]


def wanted(key: str, **changes: Any) -> MaterialRequirement:
    fields: dict[str, Any] = {
        "key": key,
        "name": f"材料{key}",
        "required": True,
        "source": MaterialSource.APPLICANT,
        "form": MaterialForm.ORIGINAL,
    }
    return MaterialRequirement(**{**fields, **changes})


def matched(
    source: Item,
    target: Item,
    materials: Mapping[str, str] | None = None,
    products: Mapping[str, str] | None = None,
) -> Matched:
    match = Match(target, Relationship.EQUIVALENT, (), {}, materials or {}, products or {}, ReviewState.BOTH_SIDES)
    return Matched(source, match)


def guide_for(found: Matched, answers: Mapping[str, str] | None = None, **changes: Any) -> Guide:
    given: dict[str, Any] = {
        "accepting": Catalogue("430600", "岳阳目录", 1, ()),
        "processing": Catalogue("421000", "荆州目录", 1, ()),
        "calendar": CALENDAR,
        "on": MONDAY,
        **changes,
    }
    return make_guide(found, answers or {}, **given)


@pytest.fixture
def joined(make_item: MakeItem) -> Callable[..., GuideMaterial]:
    """Join what both places say of one material."""

    def join(here: MaterialRequirement | None, there: MaterialRequirement | None) -> GuideMaterial:
        source = make_item("430600", "S", materials=(here,) if here else ())
        target = make_item("421000", "T", materials=(there,) if there else ())
        (material,) = guide_for(matched(source, target)).materials
        return material

    return join


# which materials


def test_what_either_place_requires_is_listed_once_in_the_order_of_the_processing_place(make_item: MakeItem) -> None:
    source = make_item("430600", "S", materials=(wanted("form"), wanted("only_here"), wanted("card"), wanted("same")))
    target = make_item(
        "421000", "T", materials=(wanted("same"), wanted("bank"), wanted("only_there"), wanted("application"))
    )
    made = guide_for(matched(source, target, {"form": "application", "card": "bank"}))
    assert [(each.key, each.target_key) for each in made.materials] == [
        ("same", "same"),
        ("card", "bank"),
        ("", "only_there"),
        ("form", "application"),
        ("only_here", ""),
    ]


def test_two_papers_that_serve_as_one_are_both_listed_and_told_apart(make_item: MakeItem) -> None:
    source = make_item("430600", "S", materials=(wanted("front"), wanted("back")))
    target = make_item("421000", "T", materials=(wanted("card"),))
    made = guide_for(matched(source, target, {"front": "card", "back": "card"}))
    assert [(each.key, each.target_key, each.name, each.note) for each in made.materials] == [
        ("front", "card", "材料card", "收件地称“材料front”"),
        ("back", "card", "材料card", "收件地称“材料back”"),
    ]


def test_a_paper_that_the_other_place_does_not_ask_for_now_is_the_accepting_places_alone(make_item: MakeItem) -> None:
    source = make_item("430600", "S", materials=(wanted("form"),))
    target = make_item("421000", "T", materials=(wanted("application", required=False),))
    (material,) = guide_for(matched(source, target, {"form": "application"})).materials
    assert (material.key, material.target_key, material.name) == ("form", "", "材料form")
    assert material.processing_check == "不要求此材料"


def test_the_situation_decides_at_both_places(make_item: MakeItem) -> None:
    kind = Question("kind", "新办还是换证？", (Option("new", "新办"), Option("again", "换证", adds=("old",))))
    basis = Question("basis", "依据？", (Option("age", "年龄", waives=("proof",)), Option("paper", "证明")))
    source = make_item("430600", "S", materials=(wanted("old", required=False),), situations=(kind,))
    target = make_item("421000", "T", materials=(wanted("proof"),), situations=(basis,))

    def keys(answer: str, product: str) -> set[tuple[str, str]]:
        made = guide_for(matched(source, target, products={"basis": product}), {"kind": answer})
        return {(each.key, each.target_key) for each in made.materials}

    assert keys("new", "age") == set()
    assert keys("again", "age") == {("old", "")}
    assert keys("new", "paper") == {("", "proof")}
    assert keys("again", "paper") == {("old", ""), ("", "proof")}


# how they come

LICENSED = {"exempt_by_licence": LICENCE}
SHARED = {"exempt_by_sharing": "民政部门"}
PROMISED = {"by_promise": True}


@pytest.mark.parametrize(
    ("says", "way", "detail"),
    [
        ({}, MaterialWay.HAND_IN, ""),
        (LICENSED, MaterialWay.LICENCE, LICENCE),
        (SHARED, MaterialWay.SHARED, "民政部门"),
        (PROMISED, MaterialWay.PROMISE, ""),
        (LICENSED | SHARED | PROMISED, MaterialWay.LICENCE, LICENCE),
        (SHARED | PROMISED, MaterialWay.SHARED, "民政部门"),
    ],
    ids=["paper", "licence", "shared", "promise", "licence before all", "shared before promise"],
)
def test_of_one_place_the_easiest_way_counts(
    joined: Callable[..., GuideMaterial], says: dict[str, Any], way: MaterialWay, detail: str
) -> None:
    for material in (
        joined(wanted("a", **says), None),
        joined(None, wanted("a", **says)),
        joined(wanted("a", **says), wanted("a", **says)),
    ):
        assert (material.way, material.way_detail) == (way, detail)


@pytest.mark.parametrize(
    ("one", "other", "way", "detail"),
    [
        (LICENSED, {}, MaterialWay.HAND_IN, ""),
        (SHARED, {}, MaterialWay.HAND_IN, ""),
        (PROMISED, {}, MaterialWay.HAND_IN, ""),
        (LICENSED, PROMISED, MaterialWay.PROMISE, ""),
        (LICENSED, SHARED, MaterialWay.LICENCE, LICENCE),
        (SHARED, PROMISED, MaterialWay.PROMISE, ""),
        (LICENSED, {"exempt_by_licence": OTHER_LICENCE}, MaterialWay.HAND_IN, ""),
    ],
    ids=[
        "licence-paper",
        "shared-paper",
        "promise-paper",
        "licence-promise",
        "licence-shared",
        "shared-promise",
        "two",
    ],
)
def test_of_two_places_the_one_that_asks_more_is_right_whichever_it_is(
    joined: Callable[..., GuideMaterial], one: dict[str, Any], other: dict[str, Any], way: MaterialWay, detail: str
) -> None:
    for here, there in ((one, other), (other, one)):
        material = joined(wanted("a", **here), wanted("a", **there))
        assert (material.way, material.way_detail) == (way, detail)


F = MaterialForm


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        (F.ORIGINAL, F.ORIGINAL, F.ORIGINAL),
        (F.COPY, F.COPY, F.COPY),
        (F.ELECTRONIC, F.ELECTRONIC, F.ELECTRONIC),
        (F.ORIGINAL, F.COPY, F.ORIGINAL_AND_COPY),
        (F.COPY, F.ORIGINAL_AND_COPY, F.ORIGINAL_AND_COPY),
        (F.ELECTRONIC, F.COPY, F.COPY),
        (F.ELECTRONIC, F.ORIGINAL, F.ORIGINAL),
    ],
)
def test_the_form_satisfies_both(
    joined: Callable[..., GuideMaterial], one: MaterialForm, other: MaterialForm, form: MaterialForm
) -> None:
    assert joined(wanted("a", form=one), wanted("a", form=other)).form is form
    assert joined(wanted("a", form=other), wanted("a", form=one)).form is form


def test_copies_deferral_and_notes_of_both(joined: Callable[..., GuideMaterial]) -> None:
    here = wanted("a", copies=1, may_be_deferred=True, note="须盖章", source=MaterialSource.OTHER)
    there = wanted("a", copies=3, may_be_deferred=False, note="须签名", source=MaterialSource.GOVERNMENT)
    both = joined(here, there)
    assert (both.copies, both.may_be_deferred, both.note) == (3, False, "须签名；须盖章")
    assert both.source is MaterialSource.GOVERNMENT
    assert joined(here, replace(there, may_be_deferred=True)).may_be_deferred
    assert joined(here, replace(there, note="须盖章")).note == "须盖章"


@pytest.mark.parametrize(
    ("says", "accepting", "processing"),
    [
        ({}, "形式审查，核对原件", "实质审查"),
        ({"form": F.COPY}, "形式审查，复印件完整清晰", "实质审查"),
        ({"form": F.ORIGINAL_AND_COPY}, "形式审查，核对复印件与原件一致", "实质审查"),
        ({"form": F.ELECTRONIC}, "形式审查，电子文件完整可读", "实质审查"),
        (LICENSED, "电子证照核验，持证人身份核验", "实质审查，以电子证照为准"),
        (SHARED, "不收取", "数据共享核验（民政部门）"),
        (PROMISED, "形式审查，承诺书由本人签署", "实质审查，事后核查承诺"),
    ],
)
def test_who_checks_what(
    joined: Callable[..., GuideMaterial], says: dict[str, Any], accepting: str, processing: str
) -> None:
    material = joined(wanted("a", **says), wanted("a", **says))
    assert (material.accepting_check, material.processing_check) == (accepting, processing)


# the situation


def test_open_questions_of_both_places_are_named_at_once(make_item: MakeItem) -> None:
    source = make_item("430600", "S", {"kind": ("new", "again"), "spouse": ("yes", "no")})
    target = make_item("421000", "T", {"basis": ("age", "paper")})
    with pytest.raises(WrongState) as refused:
        guide_for(matched(source, target), {"spouse": "no"})
    assert refused.value.reason is Reason.ITEM_NEEDS_FACTS
    assert refused.value.details == {"questions": "kind", "target_questions": "basis"}
    assert "kind of item S" in refused.value.got
    assert "basis of item T" in refused.value.got


def test_the_applicant_answers_the_processing_places_own_questions_under_their_keys(make_item: MakeItem) -> None:
    target = make_item("421000", "T", {"basis": ("age", "paper")})
    guide = guide_for(matched(make_item("430600", "S"), target), {"basis": "age"})
    assert [(each.question, each.by_mapping) for each in guide.situation] == [("basis？", False)]
    assert read_scan_text(guide.scan_text).answers == {"basis": "age"}
    with pytest.raises(Malformed):
        guide_for(matched(make_item("430600", "S"), target), {"basis": "hearsay"})


def test_an_answer_to_the_accepting_places_question_answers_no_other_of_the_same_key(make_item: MakeItem) -> None:
    source = make_item("430600", "S", {"basis": ("age", "paper")})
    target = make_item("421000", "T", {"basis": ("age", "paper")})
    with pytest.raises(WrongState) as refused:
        guide_for(matched(source, target), {"basis": "age"})
    assert refused.value.details == {"target_questions": "basis"}


def test_an_answer_that_is_not_offered_is_refused(make_item: MakeItem) -> None:
    source = make_item("430600", "S", {"kind": ("new", "again")})
    with pytest.raises(Malformed):
        guide_for(matched(source, make_item("421000", "T")), {"kind": "other"})


def test_the_situation_is_told_in_words_and_says_whose_answer_it_is(make_item: MakeItem) -> None:
    kind = Question("kind", "新办还是换证？", (Option("new", "新办"), Option("again", "换证")))
    why = Question("why", "为何换证？", (Option("lost", "遗失"), Option("old", "到期")), {"kind": frozenset({"again"})})
    basis = Question(
        "basis", "依据？", (Option("age", "年龄", chooses="T-01"), Option("paper", "证明", chooses="T-02"))
    )
    source = make_item("430600", "S", situations=(kind, why))
    target = make_item(
        "421000",
        "T",
        situations=(basis,),
        handling_items=(HandlingItem("T-01", "按年龄"), HandlingItem("T-02", "凭证明")),
    )
    made = guide_for(
        matched(source, target, products={"basis": "paper"}), {"kind": "new", "why": "lost", "name": "张三"}
    )
    assert [(each.question, each.answer, each.asked_by, each.by_mapping) for each in made.situation] == [
        ("新办还是换证？", "新办", "430600", False),
        ("依据？", "证明", "421000", True),
    ]
    assert made.handling_item == HandlingItem("T-02", "凭证明")
    assert read_scan_text(made.scan_text).answers == {"kind": "new"}, "what nobody asks may be about a person"


# days and places


@pytest.mark.parametrize(
    ("on", "days", "due", "provisional"),
    [
        (MONDAY, 3, date(2026, 11, 26), False),
        (date(2026, 11, 26), 3, date(2026, 12, 1), False),
        (MONDAY, 0, MONDAY, False),
        (date(2026, 12, 30), 3, date(2027, 1, 4), True),
    ],
    ids=["the day of acceptance does not count", "over a weekend", "on the spot", "into a year that is not published"],
)
def test_the_due_date_is_counted_in_working_days(
    make_item: MakeItem, on: date, days: int, due: date, provisional: bool
) -> None:
    target = make_item("421000", "T", promised_days=days)
    made = guide_for(matched(make_item("430600", "S"), target), on=on)
    assert (made.due_date, made.due_date_provisional) == (due, provisional)


def test_only_modes_that_both_offer_are_offered(make_item: MakeItem) -> None:
    source = make_item("430600", "S", modes=(Mode.JOINT, Mode.REMOTE))
    target = make_item("421000", "T", modes=(Mode.ONLINE, Mode.REMOTE, Mode.JOINT))
    assert guide_for(matched(source, target)).modes == (Mode.REMOTE, Mode.JOINT)


def test_places_have_their_names_and_windows(make_item: MakeItem) -> None:
    here, there = Window("岳阳窗口", "", "", ""), Window("外地窗口", "", "", "")
    made = guide_for(
        matched(make_item("430600", "S"), make_item("999999", "T")),
        accepting=Catalogue("430600", "岳阳目录", 1, (), (here,)),
        processing=Catalogue("999999", "某地目录", 1, (), (there,)),
    )
    assert (made.accepting_place, made.processing_place) == ("岳阳市", "某地目录")
    assert (made.accepting_windows, made.processing_windows) == ((here,), (there,))


def test_the_code_says_what_the_card_says(make_item: MakeItem) -> None:
    source, target = make_item("430600", "S/1", version=7), make_item("421000", "T", version=3)
    scanned = read_scan_text(guide_for(matched(source, target)).scan_text)
    assert (scanned.source, scanned.code, scanned.version) == ("430600", "S/1", 7)
    assert (scanned.target, scanned.target_code, scanned.target_version) == ("421000", "T", 3)
    assert scanned.on == MONDAY
