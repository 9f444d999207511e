"""Translate an item of one catalogue into the item of another that answers to it, or say exactly why not.

A translation is one of these values, never a guess:

    Translation
    ├── Matched        this is the item there; materials and facts are carried over
    ├── NeedsFacts     it depends on answers that the applicant has not given yet
    ├── NoEquivalent   both sides assert that the other place has nothing of the kind
    ├── Unmapped       no row decides; what rows there are is shown to staff with the reason each was set aside
    ├── UnknownCode    the source catalogue has no such code, or the target catalogue no longer has the one agreed on
    ├── NotInForce     the source or the target item can't be applied for on that day
    ├── MapExpired     rows did decide, and their days are over
    └── LedFrom        asked against the direction of the rows: every item that leads to this one

Only ``Matched`` can route a case, and only when both sides signed for every row on its path.

The rows of a crosswalk that count and decide exclude one another (rule 4 of ``gateway.domain.crosswalk``), so at most
one of them can be met, and the answer does not depend on the order of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from gateway.domain.catalogue import Catalogue, Item, Option, Question
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import NOTHING, Crosswalk, CrosswalkRow, Relationship, ReviewState
from trust.errors import NotFound, Reason, TongbanError, WrongState


@dataclass(frozen=True, slots=True)
class Atlas:
    """Every catalogue that a gateway has, and the crosswalk between them: what translation goes by."""

    catalogues: Mapping[str, Catalogue]
    """By id."""
    crosswalk: Crosswalk

    def catalogue(self, region: str) -> Catalogue:
        """Return a region's catalogue. Raises ``NotFound`` (ITEM_UNKNOWN) when there is none."""
        known = self.catalogues.get(region)
        if known is None:
            raise NotFound(
                Reason.ITEM_UNKNOWN,
                f"no catalogue of region {region} is here",
                expected=f"one of {', '.join(sorted(self.catalogues)) or 'none yet'}",
                mend="wait until it is pulled, or add it to [catalogues] in the configuration",
            )
        return known


class Direction(StrEnum):
    """How the rows are read."""

    FORWARD = "forward"
    """From the source of a row to its target: which item of the other place answers to this one."""
    REVERSE = "reverse"
    """From the target of a row to its source: which items of the other place lead to this one. All of them."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked."""

    source: str
    """Catalogue of the code."""
    target: str
    """Catalogue wanted."""
    code: str
    """The code, letter for letter."""
    on: date
    """Beijing day for which the answer is to hold."""
    answers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """The applicant's answers so far, question of the source item → option."""
    version: int | None = None
    """Version of the source item; ``None`` for the one that speaks for the day."""
    direction: Direction = Direction.FORWARD
    minimum_review: ReviewState = ReviewState.BOTH_SIDES
    """Rows whose review has not come so far are set aside. Below both sides, the answer is for people only."""
    allow_chain: bool = False
    """Whether, where no row leads there directly, two rows through the national basic list may."""


class SetAside(StrEnum):
    """Why a row that leads from the item to the other catalogue did not decide."""

    AWAITING_REVIEW = "awaiting_review"
    """Its review has not come far enough."""
    WITHDRAWN = "withdrawn"
    """A side has withdrawn it."""
    SUPERSEDED = "superseded"
    """A higher version took its place."""
    NOT_BEGUN = "not_begun"
    """Its days have not begun."""
    OVER = "over"
    """Its days are over."""
    DOES_NOT_DECIDE = "does_not_decide"
    """Related, or narrower without conditions: for a person to look at."""
    OTHER_ANSWERS = "other_answers"
    """It is for applicants in another situation."""
    ASKS_UNKNOWN_QUESTION = "asks_unknown_question"
    """It depends on a question that the source item does not ask."""
    CONTRADICTED = "contradicted"
    """Another row decides otherwise for the same case; the two places must settle which."""
    COMPOSES_TO_NOTHING = "composes_to_nothing"
    """It is half of a chain whose two steps together say nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row on the way, and how it was read."""

    row: CrosswalkRow
    """The row as the reviewers signed it: never turned round, whatever the direction."""
    inverted: bool = False
    """Whether it was read from its target to its source."""


@dataclass(frozen=True, slots=True)
class Match:
    """One item of the wanted catalogue, and what ties it to the item asked about."""

    item: Item
    """The item there."""
    relationship: Relationship
    """What it is to the item asked about, in that direction."""
    path: tuple[Step, ...]
    """The rows that lead there, in order; two for a chain."""
    conditions: Mapping[str, frozenset[str]]
    """Question of the row's own source item → answers under which it holds. For a chain, those of both steps."""
    materials: Mapping[str, str]
    """Material of the item asked about → material of the item there. Empty in reverse: see ``path``."""
    products: Mapping[str, str]
    """Question of the item there → the answer that follows from the mapping. Empty in reverse: see ``path``."""
    review: ReviewState
    """How far the review between the two places has come; of a chain, the lower."""

    @property
    def valid_from(self) -> date:
        """First Beijing day on which the whole path holds."""
        return max(step.row.valid_from for step in self.path)

    @property
    def valid_until(self) -> date | None:
        """Last Beijing day on which the whole path holds; ``None`` when open."""
        return min((step.row.valid_until for step in self.path if step.row.valid_until), default=None)

    @property
    def confidence(self) -> int:
        """How sure the reviewers are, in percent: of a chain, the product, rounded down."""
        sure = 100
        for step in self.path:
            sure = sure * step.row.confidence // 100
        return sure


@dataclass(frozen=True, slots=True)
class Matched:
    """The item there, and what is carried over."""

    source: Item
    """The item asked about, at the version that was gone by."""
    match: Match

    @property
    def target(self) -> Item:
        """The item of the target catalogue, in force on the day."""
        return self.match.item


@dataclass(frozen=True, slots=True)
class LedFrom:
    """Every item of the wanted catalogue that leads to the item asked about. It never routes a case."""

    source: Item
    """The item asked about."""
    matches: tuple[Match, ...]
    """All of them, one or more, by code and id of the row."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question still to be put to the applicant, and what each answer would leave."""

    question: Question
    """The question of the source item, with its options."""
    leaves: tuple[tuple[Option, tuple[Match, ...]], ...]
    """Each option with the matches that stay possible; none means that the answer ends without a match. A row that
    asserts that there is nothing leaves none."""


@dataclass(frozen=True, slots=True)
class NeedsFacts:
    """The match depends on the applicant's situation."""

    source: Item
    """The item asked about."""
    questions: tuple[OpenQuestion, ...]
    """Every question that may matter, all at once, in the order of the item, with those that lead to them."""


@dataclass(frozen=True, slots=True)
class NoEquivalent:
    """Both sides assert that the other place has nothing of the kind."""

    source: Item
    """The item asked about."""
    path: tuple[Step, ...]
    """The assertion, and what leads to it."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """No row decides this case."""

    source: Item
    """The item asked about."""
    set_aside: tuple[tuple[CrosswalkRow, SetAside], ...]
    """The rows that exist all the same, each with the reason it did not decide."""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A catalogue has no item of that code, or not in that version."""

    catalogue: str
    """Which catalogue: the source, or the target when a row points at an item that is gone."""
    code: str
    """The code looked for."""
    version: int | None = None
    """The version looked for; ``None`` for any."""


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

    source: Item
    """The item asked about."""
    rows: tuple[CrosswalkRow, ...]
    """The rows whose days are over."""


Translation: TypeAlias = (
    Matched | LedFrom | NeedsFacts | NoEquivalent | Unmapped | UnknownCode | NotInForce | MapExpired
)


def translate(atlas: Atlas, query: Query) -> Translation:  # noqa: PLR0911 - one exit for each answer
    """Translate a code for an applicant with these answers on a Beijing day.

    Raises ``Malformed`` for an answer that the source item's own question does not offer, and ``NotFound``
    (ITEM_UNKNOWN) when one of the catalogues is not here. Everything else is a value:

    1. The code, in the version asked for, is in the source catalogue.
    2. Its item is in force on the day.
    3. Of the rows from the item to the target catalogue, those that were reviewed far enough, that nobody withdrew or
       superseded, that decide, whose days have begun and whose questions the item asks are weighed against the answers.
    4. A row in force that is met decides. Two that are met contradict each other, and neither decides.
    5. Otherwise, if rows in force are still open, their questions are asked.
    6. Otherwise, if only rows whose days are over would have been met or open, the map has expired.
    7. Otherwise nothing decides.
    8. The target of a row that decides exists and is in force on the day.
    """
    source = atlas.catalogue(query.source)
    target = atlas.catalogue(query.target)
    item = source.find_on(query.code, query.on) if query.version is None else source.find(query.code, query.version)
    if item is None:  # 1
        return UnknownCode(source.id, query.code, query.version)
    if why := source.why_not_applicable(item, query.on):  # 2
        return NotInForce(item, why)
    item.check_answers(query.answers)
    open_rows: list[CrosswalkRow] = []
    met: list[CrosswalkRow] = []
    expired: list[CrosswalkRow] = []
    set_aside: list[tuple[CrosswalkRow, SetAside]] = []
    for row in atlas.crosswalk.rows_from(source.id, query.code, target.id):
        reason = _why_set_aside(atlas.crosswalk, row, item, query)  # 3
        if reason is None:
            (met if all(question in query.answers for question in row.conditions) else open_rows).append(row)
        elif reason is SetAside.OVER:
            expired.append(row)
        else:
            set_aside.append((row, reason))
    if len(met) == 1:
        return _decided(item, met[0], target, query)  # 4
    if met:
        return Unmapped(item, (*set_aside, *((row, SetAside.CONTRADICTED) for row in met)))
    if open_rows:
        return NeedsFacts(item, _open_questions(item, open_rows, target, query))  # 5
    if expired:
        return MapExpired(item, tuple(expired))  # 6
    return Unmapped(item, tuple(set_aside))  # 7


def _why_set_aside(  # noqa: PLR0911 - one exit for each answer
    crosswalk: Crosswalk, row: CrosswalkRow, item: Item, query: Query
) -> SetAside | None:
    """Say why a row can't decide; ``None`` when it can, now or after further answers.

    That its days are over comes last: it is said only of a row that would otherwise have decided.
    """
    if row.standing.between(query.source, query.target) < query.minimum_review:
        return SetAside.AWAITING_REVIEW
    if row.withdrawn_between(query.source, query.target, query.on):
        return SetAside.WITHDRAWN
    if crosswalk.superseded_by(row, query.source, query.target, query.on):
        return SetAside.SUPERSEDED
    if not row.decides:
        return SetAside.DOES_NOT_DECIDE
    if not row.begun_by(query.on):
        return SetAside.NOT_BEGUN
    for question, allowed in row.conditions.items():
        if item.question(question) is None:
            return SetAside.ASKS_UNKNOWN_QUESTION
        if question in query.answers and query.answers[question] not in allowed:
            return SetAside.OTHER_ANSWERS
    return SetAside.OVER if row.over_by(query.on) else None


def _decided(item: Item, row: CrosswalkRow, target: Catalogue, query: Query) -> Translation:
    """Turn the row that is met into the outcome (step 8)."""
    if row.relationship is Relationship.NONE:
        return NoEquivalent(item, (Step(row),))
    there = target.find_on(row.target_code, query.on)
    if there is None:
        return UnknownCode(target.id, row.target_code)
    if why := there.why_not_in_force(query.on):
        return NotInForce(there, why)
    return Matched(item, _match(row, there, query))


def _match(row: CrosswalkRow, there: Item, query: Query) -> Match:
    review = row.standing.between(query.source, query.target)
    return Match(there, row.relationship, (Step(row),), row.conditions, row.materials, row.products, review)


def _open_questions(
    item: Item, rows: Sequence[CrosswalkRow], target: Catalogue, query: Query
) -> tuple[OpenQuestion, ...]:
    """List the unanswered questions of the open rows, with what each option would leave of those rows."""
    wanted = {question for row in rows for question in row.conditions if question not in query.answers}
    found = [(row, there) for row in rows if (there := target.find_on(row.target_code, query.on)) is not None]
    return tuple(
        OpenQuestion(
            question,
            tuple(
                (
                    option,
                    tuple(_match(row, there, query) for row, there in found if _allows(row, question.key, option.key)),
                )
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
    """Return the match by which a case may be routed, or raise the error that names why there is none.

    Raises ``NotFound`` (ITEM_UNKNOWN), or ``WrongState`` with ITEM_NEEDS_FACTS, ITEM_NO_EQUIVALENT, ITEM_UNMAPPED,
    ITEM_NOT_IN_FORCE or MAP_EXPIRED.
    """
    if isinstance(translation, Matched) and translation.match.review is ReviewState.BOTH_SIDES:
        return translation
    raise _refusal(translation)


def _refusal(translation: Translation) -> TongbanError:  # noqa: PLR0911 - one exit for each answer
    failed = "translate an item code"
    match translation:
        case NeedsFacts(questions=questions):
            keys = ", ".join(question.question.key for question in questions)
            return WrongState(
                Reason.ITEM_NEEDS_FACTS,
                failed,
                got=f"no answer to {keys}",
                expected="the answers that the match depends on",
                mend="ask the applicant and send the answers along",
                details={"questions": keys.replace(" ", "")},
            )
        case NoEquivalent(path=path):
            row = path[-1].row
            return WrongState(
                Reason.ITEM_NO_EQUIVALENT,
                failed,
                got=f"crosswalk row {row.id}, which asserts that {row.target_catalogue} has no such item",
                expected="an item that the other place offers",
                mend="tell the applicant to apply where the item exists",
            )
        case Unmapped(set_aside=set_aside):
            rows = "; ".join(f"row {row.id} set aside: {reason}" for row, reason in set_aside)
            return WrongState(
                Reason.ITEM_UNMAPPED,
                failed,
                got=rows or "no row for the item",
                expected="a row that both sides reviewed, in force, for this situation",
                mend="have both places agree on a mapping for the item",
            )
        case UnknownCode(catalogue=catalogue, code=code):
            return NotFound(
                Reason.ITEM_UNKNOWN,
                failed,
                got=f"code {code[:MAX_CODE_LENGTH]!r}",
                expected=f"a code of catalogue {catalogue}, letter for letter",
                mend="fetch the catalogue again, or correct the code",
            )
        case NotInForce(item=item, why=why):
            return WrongState(
                Reason.ITEM_NOT_IN_FORCE,
                failed,
                got=f"item {item.code} of catalogue {item.catalogue}: {why}",
                expected="a published item between its dates",
                mend="ask the place that publishes it which item took its place",
            )
        case MapExpired(rows=expired):
            return WrongState(
                Reason.MAP_EXPIRED,
                failed,
                got="only rows that are over: " + ", ".join(row.id for row in expired),
                expected="a row in force",
                mend="have both places renew the mapping",
            )
        case Matched(match=match):
            return WrongState(
                Reason.ITEM_UNMAPPED,
                failed,
                got=f"a row that awaits review: {', '.join(step.row.id for step in match.path)}",
                expected="rows that both sides signed for",
                mend="have both places review the mapping",
            )
        case LedFrom():
            return WrongState(
                Reason.ITEM_UNMAPPED,
                failed,
                got="the items that lead here, read against the direction of the rows",
                expected="a translation in the direction in which the case goes",
                mend="translate from the accepting place's catalogue to the processing place's",
            )
