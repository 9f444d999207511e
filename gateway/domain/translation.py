"""Translate an item of one catalogue into the item of another that answers to it, or say exactly why not.

A translation is one of seven values, never a guess:

    Translation
    ├── Matched        this is the item there; materials and facts are carried over
    ├── NeedsFacts     it depends on answers that the applicant has not given yet
    ├── NoEquivalent   both sides assert that the other place has nothing of the kind
    ├── Unmapped       no row decides; what rows there are is shown to staff with the reason each was set aside
    ├── UnknownCode    the source catalogue has no such code, or the target catalogue no longer has the one agreed on
    ├── NotInForce     the source or the target item can't be applied for on that day
    └── MapExpired     rows did decide, and their days are over

The rows of a crosswalk that count and decide exclude one another (rule 3 of ``gateway.domain.crosswalk``), so at most
one of them can be met, and the answer does not depend on the order of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from gateway.domain.catalogue import Catalogue, Item, Option, Question
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship
from trust.errors import NotFound, Reason, TongbanError, WrongState


class SetAside(StrEnum):
    """Why a row that leads from the item to the other catalogue did not decide."""

    AWAITING_REVIEW = "awaiting_review"
    """Not both sides have signed for it."""
    NOT_BEGUN = "not_begun"
    """Its days have not begun."""
    OVER = "over"
    """Its days are over."""
    DOES_NOT_DECIDE = "does_not_decide"
    """Related, or narrower without conditions: for a person to look at."""
    OTHER_ANSWERS = "other_answers"
    """It is for applicants in another situation."""
    ASKS_UNKNOWN_QUESTION = "asks_unknown_question"
    """It depends on a question that the source item no longer asks."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The item there, and what is carried over."""

    target: Item
    """The item of the target catalogue, in force on the day."""
    path: tuple[CrosswalkRow, ...]
    """The rows that lead there, in order; one, unless catalogues are chained."""
    materials: Mapping[str, str]
    """Material of the source item → material of the target item."""
    products: Mapping[str, str]
    """Question of the target item → the answer that follows from the mapping."""

    @property
    def row(self) -> CrosswalkRow:
        """The row that names the target."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question still to be put to the applicant, and what each answer would leave."""

    question: Question
    """The question of the source item, with its options."""
    leaves: tuple[tuple[Option, tuple[CrosswalkRow, ...]], ...]
    """Each option with the rows that stay possible; none means that the answer ends without a match."""


@dataclass(frozen=True, slots=True)
class NeedsFacts:
    """The match depends on the applicant's situation."""

    questions: tuple[OpenQuestion, ...]
    """Every question that may matter, all at once, in the order of the item."""


@dataclass(frozen=True, slots=True)
class NoEquivalent:
    """Both sides assert that the other place has nothing of the kind."""

    row: CrosswalkRow
    """The assertion."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """No row decides this case."""

    set_aside: tuple[tuple[CrosswalkRow, SetAside], ...]
    """The rows that exist all the same, each with the reason it did not decide."""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A catalogue has no item of that code."""

    catalogue: str
    """Which catalogue: the source, or the target when a row points at an item that is gone."""
    code: str
    """The code looked for."""


@dataclass(frozen=True, slots=True)
class NotInForce:
    """An item exists and can't be applied for on that day."""

    item: Item
    """The item, of either catalogue."""
    why: str
    """Why not, as a clause."""


@dataclass(frozen=True, slots=True)
class MapExpired:
    """Rows did decide, and nobody has renewed them."""

    rows: tuple[CrosswalkRow, ...]
    """The rows whose days are over."""


Translation: TypeAlias = Matched | NeedsFacts | NoEquivalent | Unmapped | UnknownCode | NotInForce | MapExpired


def translate(
    source: Catalogue, target: Catalogue, crosswalk: Crosswalk, code: str, answers: Mapping[str, str], on: date
) -> Translation:
    """Translate ``code`` of ``source`` into ``target`` for an applicant with these answers on a Beijing day.

    Raises ``Malformed`` for an answer that the source item's own question does not offer. Everything else is a value:

    1. The code is in the source catalogue.
    2. Its item is in force on the day.
    3. Of the rows from the item to the target catalogue, those that both sides reviewed, that decide, whose days
       have begun and whose questions the item asks are weighed against the answers.
    4. A row in force that is met decides.
    5. Otherwise, if rows in force are still open, their questions are asked.
    6. Otherwise, if only rows whose days are over would have been met or open, the map has expired.
    7. Otherwise nothing decides.
    8. The target of a row that decides exists and is in force on the day.
    """
    item = source.find(code)
    if item is None:  # 1
        return UnknownCode(source.id, code)
    if why := item.why_not_in_force(on):  # 2
        return NotInForce(item, why)
    item.check_answers(answers)
    open_rows: list[CrosswalkRow] = []
    expired: list[CrosswalkRow] = []
    set_aside: list[tuple[CrosswalkRow, SetAside]] = []
    for row in crosswalk.rows_from(source.id, code, target.id):
        reason = _why_set_aside(row, item, answers, on)  # 3
        if reason is None:
            if all(question in answers for question in row.conditions):
                return _decided(row, target, on)  # 4
            open_rows.append(row)
        elif reason is SetAside.OVER:
            expired.append(row)
        else:
            set_aside.append((row, reason))
    if open_rows:
        return NeedsFacts(_open_questions(item, open_rows, answers))  # 5
    if expired:
        return MapExpired(tuple(expired))  # 6
    return Unmapped(tuple(set_aside))  # 7


def _why_set_aside(row: CrosswalkRow, item: Item, answers: Mapping[str, str], on: date) -> SetAside | None:
    """Say why a row can't decide; ``None`` when it can, now or after further answers.

    That its days are over comes last: it is said only of a row that would otherwise have decided.
    """
    if not row.reviewed_by_both:
        return SetAside.AWAITING_REVIEW
    if not row.decides:
        return SetAside.DOES_NOT_DECIDE
    if not row.begun_by(on):
        return SetAside.NOT_BEGUN
    for question, allowed in row.conditions.items():
        if item.question(question) is None:
            return SetAside.ASKS_UNKNOWN_QUESTION
        if question in answers and answers[question] not in allowed:
            return SetAside.OTHER_ANSWERS
    return SetAside.OVER if row.over_by(on) else None


def _decided(row: CrosswalkRow, target: Catalogue, on: date) -> Translation:
    """Turn the row that is met into the outcome (step 8)."""
    if row.relationship is Relationship.NONE:
        return NoEquivalent(row)
    item = target.find(row.target_code)
    if item is None:
        return UnknownCode(target.id, row.target_code)
    if why := item.why_not_in_force(on):
        return NotInForce(item, why)
    return Matched(item, (row,), row.materials, row.products)


def _open_questions(item: Item, rows: Sequence[CrosswalkRow], answers: Mapping[str, str]) -> tuple[OpenQuestion, ...]:
    """List the unanswered questions of the open rows, with what each option would leave of those rows."""
    wanted = {question for row in rows for question in row.conditions if question not in answers}
    return tuple(
        OpenQuestion(
            question,
            tuple(
                (option, tuple(row for row in rows if _allows(row, question.key, option.key)))
                for option in question.options
            ),
        )
        for question in item.situations
        if question.key in wanted
    )


def _allows(row: CrosswalkRow, question: str, answer: str) -> bool:
    allowed = row.conditions.get(question)
    return allowed is None or answer in allowed


def require_match(translation: Translation) -> Matched:
    """Return the match, or raise the error that names why there is none.

    Raises ``NotFound`` (ITEM_UNKNOWN), or ``WrongState`` with ITEM_NEEDS_FACTS, ITEM_NO_EQUIVALENT, ITEM_UNMAPPED,
    ITEM_NOT_IN_FORCE or MAP_EXPIRED.
    """
    if isinstance(translation, Matched):
        return translation
    raise _refusal(translation)


def _refusal(
    translation: NeedsFacts | NoEquivalent | Unmapped | UnknownCode | NotInForce | MapExpired,
) -> TongbanError:
    failed = "translate an item code"
    match translation:
        case NeedsFacts(questions):
            keys = ", ".join(question.question.key for question in questions)
            return WrongState(
                Reason.ITEM_NEEDS_FACTS,
                failed,
                got=f"no answer to {keys}",
                expected="the answers that the match depends on",
                mend="ask the applicant and send the answers along",
                details={"questions": keys.replace(" ", "")},
            )
        case NoEquivalent(row):
            return WrongState(
                Reason.ITEM_NO_EQUIVALENT,
                failed,
                got=f"crosswalk row {row.id}, which asserts that {row.target_catalogue} has no such item",
                expected="an item that the other place offers",
                mend="tell the applicant to apply where the item exists",
            )
        case Unmapped(set_aside):
            rows = "; ".join(f"row {row.id} set aside: {reason}" for row, reason in set_aside)
            return WrongState(
                Reason.ITEM_UNMAPPED,
                failed,
                got=rows or "no row for the item",
                expected="a row that both sides reviewed, in force, for this situation",
                mend="have both places agree on a mapping for the item",
            )
        case UnknownCode(catalogue, code):
            return NotFound(
                Reason.ITEM_UNKNOWN,
                failed,
                got=f"code {code[:MAX_CODE_LENGTH]!r}",
                expected=f"a code of catalogue {catalogue}, letter for letter",
                mend="fetch the catalogue again, or correct the code",
            )
        case NotInForce(item, why):
            return WrongState(
                Reason.ITEM_NOT_IN_FORCE,
                failed,
                got=f"item {item.code} of catalogue {item.catalogue}: {why}",
                expected="a published item between its dates",
                mend="ask the place that publishes it which item took its place",
            )
        case MapExpired(expired):
            return WrongState(
                Reason.MAP_EXPIRED,
                failed,
                got="only rows that are over: " + ", ".join(row.id for row in expired),
                expected="a row in force",
                mend="have both places renew the mapping",
            )
