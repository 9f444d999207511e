"""明白卡: all that an applicant in one situation needs to know, once and complete (一次性告知).

Rules:

1. It lists every material that either place requires in this situation, each once, in the order of the processing
   place and then what only the accepting place asks for. Which of them answer to one another says the mapping; where
   it says nothing, the same key is the same material, as when a case is opened.
2. It is made whole or not at all: while a question of either item is open, the list could still grow, and is refused.
   The accepting place's questions are the applicant's to answer; the processing place's, the mapping answers.
3. Of one place, a licence goes before shared data and these before a promise. Of two places that ask for the same
   material, the one that asks more of the applicant is right: telling them of a paper that one place could do without
   costs a copy, not telling them costs a journey. So also for the form, the copies and 容缺.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Final

from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import (
    ApplyWay,
    Catalogue,
    HandlingItem,
    Item,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    ResultWay,
    Window,
)
from gateway.domain.deadline import due
from gateway.domain.regions import find_region
from gateway.domain.scan_text import ScannedGuide, write_scan_text
from gateway.domain.situations import asked_questions, handling_item, required_materials
from gateway.domain.translation import Matched, Step
from trust.errors import Reason, WrongState


class MaterialWay(Enum):
    """How a material comes to the processing place."""

    HAND_IN = auto()
    """The applicant hands it in."""
    LICENCE = auto()
    """免提交: an electronic licence stands for it; paper only when there is none."""
    SHARED = auto()
    """免提交: shared data stand for it."""
    PROMISE = auto()
    """告知承诺: the applicant's written commitment may stand for it."""


@dataclass(frozen=True, slots=True)
class GuideAnswer:
    """One answer of the applicant's situation."""

    question: str
    answer: str
    asked_by: str
    """Region whose item asks."""
    by_mapping: bool
    """Whether the mapping answers it, so that nobody asks the applicant."""


@dataclass(frozen=True, slots=True)
class GuideMaterial:
    """One material and who does what with it."""

    key: str
    """Key in the accepting place's item; empty when only the processing place asks for it."""
    target_key: str
    """Key in the processing place's item; empty when only the accepting place asks for it."""
    name: str
    source: MaterialSource
    form: MaterialForm
    copies: int
    way: MaterialWay
    way_detail: str
    """For ``LICENCE`` the licence type's code, for ``SHARED`` the authority."""
    may_be_deferred: bool
    accepting_check: str
    """What the accepting place checks, in Chinese words for people."""
    processing_check: str
    """What the processing place checks."""
    note: str


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything, for one situation on one day. It holds no personal data."""

    source: Item
    target: Item
    handling_item: HandlingItem | None
    """业务办理项 that the answers choose at the processing place."""
    situation: tuple[GuideAnswer, ...]
    modes: tuple[Mode, ...]
    """Those that both places offer."""
    apply_ways: tuple[ApplyWay, ...]
    result_ways: tuple[ResultWay, ...]
    materials: tuple[GuideMaterial, ...]
    due_date: date
    """Day by which it is decided if it is accepted on the day of the guide."""
    due_date_provisional: bool
    """Whether the working days of that year are not published yet."""
    accepting_place: str
    """Name of the accepting place."""
    processing_place: str
    accepting_windows: tuple[Window, ...]
    processing_windows: tuple[Window, ...]
    on: date
    path: tuple[Step, ...]
    scan_text: str
    """What a window scans to open a case with these codes and answers (``gateway.domain.scan_text``); empty in the rare
    case that it would not fit."""


def make_guide(
    matched: Matched,
    answers: Mapping[str, str],
    *,
    accepting: Catalogue,
    processing: Catalogue,
    calendar: WorkingCalendar,
    on: date,
) -> Guide:
    """Make the guide for an applicant with these answers on a Beijing day.

    ``matched`` is the translation for the same answers and day; ``accepting`` and ``processing`` are the catalogues
    that its items stand in. Answers to questions that nobody asks are left out.

    Raises ``WrongState`` (ITEM_NEEDS_FACTS) that names every open question of both items, and ``Malformed`` for an
    answer that its question does not offer.
    """
    source, target, facts = matched.source, matched.target, matched.facts(answers)
    source.check_answers(answers)
    target.check_answers(facts)
    _require_answers(source, answers, target, facts)
    asked = (*asked_questions(source, answers), *asked_questions(target, facts))
    given = {question.key: answers[question.key] for question in asked if question.key in answers}
    deadline = due(on, target.promised_days, (), calendar)
    return Guide(
        source=source,
        target=target,
        handling_item=handling_item(target, facts),
        situation=(*_situation(source, answers, ()), *_situation(target, facts, matched.match.products)),
        modes=tuple(mode for mode in target.modes if mode in source.modes),
        apply_ways=target.apply_ways,
        result_ways=target.result_ways,
        materials=_materials(matched, answers),
        due_date=deadline.day,
        due_date_provisional=deadline.provisional,
        accepting_place=_place(accepting),
        processing_place=_place(processing),
        accepting_windows=accepting.windows,
        processing_windows=processing.windows,
        on=on,
        path=matched.match.path,
        scan_text=write_scan_text(
            ScannedGuide(
                source.catalogue, source.code, source.version, target.catalogue, target.code, target.version, on, given
            )
        ),
    )


def _place(catalogue: Catalogue) -> str:
    """Name a place; where the table of regions has not its name, its catalogue's stands for it."""
    region = find_region(catalogue.id)
    return region.name if region else catalogue.name


# the situation ------------------------------------------------------------------------------------------------------


def _require_answers(source: Item, answers: Mapping[str, str], target: Item, products: Mapping[str, str]) -> None:
    """Refuse a situation in which a question of either item is open (rule 2)."""
    ours, theirs = _open_questions(source, answers), _open_questions(target, products)
    if not ours and not theirs:
        return
    got = [f"no answer to {', '.join(ours)} of item {source.code}"] if ours else []
    got += [f"no answer to {', '.join(theirs)} of item {target.code}"] if theirs else []
    raise WrongState(
        Reason.ITEM_NEEDS_FACTS,
        "make a guide",
        got="; ".join(got),
        expected="an answer to every question of both places that the answers so far lead to",
        mend="ask the applicant",
        details={name: ",".join(keys) for name, keys in (("questions", ours), ("target_questions", theirs)) if keys},
    )


def _open_questions(item: Item, answers: Mapping[str, str]) -> list[str]:
    return [question.key for question in asked_questions(item, answers) if question.key not in answers]


def _situation(item: Item, answers: Mapping[str, str], by_mapping: Collection[str]) -> list[GuideAnswer]:
    return [
        GuideAnswer(question.text, option.text, item.catalogue, question.key in by_mapping)
        for question in asked_questions(item, answers)
        if (option := question.option(answers[question.key])) is not None
    ]


# the materials ------------------------------------------------------------------------------------------------------


def _materials(matched: Matched, answers: Mapping[str, str]) -> tuple[GuideMaterial, ...]:
    """List what both places require, each material once (rule 1). Several of one place may serve as one of the other.

    Raises ``Malformed`` for an answer that its question does not offer.
    """
    here = required_materials(matched.source, answers)
    there = required_materials(matched.target, matched.facts(answers))
    serves = {material.key: matched.match.materials.get(material.key, material.key) for material in here}
    listed: list[GuideMaterial] = []
    for wanted in there:
        serving = [material for material in here if serves[material.key] == wanted.key]
        listed += [_material(material, wanted) for material in serving or (None,)]
    asked_there = {wanted.key for wanted in there}
    listed += [_material(material, None) for material in here if serves[material.key] not in asked_there]
    return tuple(listed)


def _material(here: MaterialRequirement | None, there: MaterialRequirement | None) -> GuideMaterial:
    """Join what the accepting and the processing place say of one material; one of the two asks at least."""
    asking = [each for each in (there, here) if each is not None]
    form = _form(asking)
    way, detail = _way(asking)
    notes = [each.note for each in asking if each.note]
    if here and there and here.name != there.name:
        notes.append(f"收件地称“{here.name}”")
    return GuideMaterial(
        key=here.key if here else "",
        target_key=there.key if there else "",
        name=asking[0].name,
        source=asking[0].source,
        form=form,
        copies=max(each.copies for each in asking),
        way=way,
        way_detail=detail,
        may_be_deferred=all(each.may_be_deferred for each in asking),
        accepting_check=_accepting_check(way, form),
        processing_check=_processing_check(way, detail) if there else "不要求此材料",
        note="；".join(dict.fromkeys(notes)),
    )


_BURDENS: Final = (MaterialWay.SHARED, MaterialWay.LICENCE, MaterialWay.PROMISE, MaterialWay.HAND_IN)
"""The ways by what they ask of the applicant: nothing, to show it, to write and sign, to bring it."""


def _way(asking: list[MaterialRequirement]) -> tuple[MaterialWay, str]:
    """How the material comes, with the licence type or the authority (rule 3)."""
    ways = [_way_of(each) for each in asking]
    if len({detail for way, detail in ways if way is MaterialWay.LICENCE}) > 1:
        return MaterialWay.HAND_IN, ""  # the licence that one place takes, the other does not
    return max(ways, key=lambda way: _BURDENS.index(way[0]))


def _way_of(material: MaterialRequirement) -> tuple[MaterialWay, str]:
    if material.exempt_by_licence:
        return MaterialWay.LICENCE, material.exempt_by_licence
    if material.exempt_by_sharing:
        return MaterialWay.SHARED, material.exempt_by_sharing
    return (MaterialWay.PROMISE if material.by_promise else MaterialWay.HAND_IN), ""


def _form(asking: list[MaterialRequirement]) -> MaterialForm:
    """The form that satisfies everybody who asks: paper before electronic, and an original does not copy itself."""
    wanted = {each.form for each in asking}
    paper = wanted - {MaterialForm.ELECTRONIC}
    return MaterialForm.ORIGINAL_AND_COPY if len(paper) > 1 else (paper or wanted).pop()


_FORMAL_CHECKS: Final = {
    MaterialForm.ORIGINAL: "形式审查，核对原件",
    MaterialForm.COPY: "形式审查，复印件完整清晰",
    MaterialForm.ORIGINAL_AND_COPY: "形式审查，核对复印件与原件一致",
    MaterialForm.ELECTRONIC: "形式审查，电子文件完整可读",
}


def _accepting_check(way: MaterialWay, form: MaterialForm) -> str:
    """What the accepting place checks: the form and the person, never the substance (国办发〔2020〕35号)."""
    match way:
        case MaterialWay.HAND_IN:
            return _FORMAL_CHECKS[form]
        case MaterialWay.LICENCE:
            return "电子证照核验，持证人身份核验"
        case MaterialWay.SHARED:
            return "不收取"
        case MaterialWay.PROMISE:
            return "形式审查，承诺书由本人签署"


def _processing_check(way: MaterialWay, detail: str) -> str:
    match way:
        case MaterialWay.HAND_IN:
            return "实质审查"
        case MaterialWay.LICENCE:
            return "实质审查，以电子证照为准"
        case MaterialWay.SHARED:
            return f"数据共享核验（{detail}）"
        case MaterialWay.PROMISE:
            return "实质审查，事后核查承诺"
