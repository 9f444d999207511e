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
one of them can be met, and the answer depends neither on the order of the file nor, once there is a match, on answers
that are added. ``gateway.domain.ways`` weighs the rows, alone and in chains; this module makes the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from gateway.domain.atlas import Atlas, Direction, Query
from gateway.domain.catalogue import NATIONAL, Catalogue, Item, Option, Question
from gateway.domain.codes import MAX_CODE_LENGTH
from gateway.domain.crosswalk import ALWAYS, NOTHING, CrosswalkRow, Relationship, ReviewState
from gateway.domain.situations import answers_needed
from gateway.domain.ways import SetAside, Step, Way, Ways, add_chains, agreement, direct_ways, why_not_in_force
from trust.errors import Malformed, NotFound, Reason, TongbanError, WrongState

__all__ = [
    "Atlas",
    "Direction",
    "LedFrom",
    "MapExpired",
    "Match",
    "Matched",
    "NeedsFacts",
    "NoEquivalent",
    "NotInForce",
    "OpenQuestion",
    "Query",
    "SetAside",
    "Step",
    "Translation",
    "UnknownCode",
    "Unmapped",
    "require_match",
    "translate",
    "translate_batch",
]


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
    """Question of the row's own source item → answers under which it holds. For a chain, those of both steps that no
    product gives, the second step's being questions of the national item."""
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

    def facts(self, answers: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is known of the applicant's situation in the target item's terms: question → answer.

        The products of the mapping, and what the applicant answered to the target's own questions. An answer under a
        key that the source item asks too is an answer to the source's question, and passed on only by a product.
        """
        own = {
            question.key: answers[question.key]
            for question in self.target.situations
            if question.key in answers and self.source.question(question.key) is None
        }
        return {**own, **self.match.products}


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
    """The question of the source item, or for a chain of the national item, with its options."""
    leaves: tuple[tuple[Option, tuple[Match, ...]], ...]
    """Each option with the matches that stay possible; none means that the answer ends without a match, as where the
    other place has nothing, or its item is not in force. Of the last open question, each leaves the match itself."""


@dataclass(frozen=True, slots=True)
class NeedsFacts:
    """The match depends on the applicant's situation."""

    source: Item
    """The item asked about."""
    questions: tuple[OpenQuestion, ...]
    """Every question that may matter, all at once, in the order of the item, with those that lead to them. National
    questions follow."""


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
    """The rows that exist all the same, each with the reason it did not decide, by id and version."""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A catalogue has no item of that code, or not in that version."""

    catalogue: str
    """Which catalogue: the source, or the target or national one when a row points at an item that is gone."""
    code: str
    """The code looked for."""
    version: int | None = None
    """The version looked for; ``None`` for any."""


@dataclass(frozen=True, slots=True)
class NotInForce:
    """An item exists and can't be applied for on that day."""

    item: Item
    """The item, of either catalogue, or the national one between them."""
    why: str
    """Why not, as a clause."""


@dataclass(frozen=True, slots=True)
class MapExpired:
    """Rows did decide, and nobody has renewed them."""

    source: Item
    """The item asked about."""
    rows: tuple[CrosswalkRow, ...]
    """The rows whose days are over, by id and version."""


Translation: TypeAlias = (
    Matched | LedFrom | NeedsFacts | NoEquivalent | Unmapped | UnknownCode | NotInForce | MapExpired
)


_PREFERENCE: Final = (Relationship.EQUIVALENT, Relationship.BROADER, Relationship.NARROWER, Relationship.NONE)
"""Which of several chains to one item is gone by: the one that says most."""


def translate(atlas: Atlas, query: Query) -> Translation:
    """Translate a code for an applicant with these answers on a Beijing day.

    Raises ``Malformed`` for an answer that the source item's own question does not offer, and ``NotFound``
    (ITEM_UNKNOWN) when one of the catalogues is not here. Everything else is a value:

    1. The code, in the version asked for, is in the source catalogue.
    2. Its item is in force on the day.
    3. Of the rows from the item to the target catalogue, those that were reviewed far enough, that nobody withdrew or
       superseded, that decide, whose days have begun and whose questions the item asks are weighed against the answers.
       A condition on a question that the answers lead past is not met.
    4. Where the two places have settled nothing between themselves (no row that both signed for and that decides has
       begun, superseded ones apart) and chains are allowed, pairs of rows through the national list are weighed
       likewise. So a row between the two places that decides, or asserts that there is nothing, always wins.
    5. As long as some way may still be met, its questions are asked.
    6. Otherwise a way that is met decides. Rows that are met together contradict each other, and none decides. Chains
       that are met together agree when they lead to the same item with the same products; then the one with the
       strongest relationship, the furthest review, the fewest rows read backwards and the lowest row ids is gone by.
    7. Otherwise, if the national item of a chain is not in force, that is why not.
    8. Otherwise, if rows whose days are over would have been met or open, the map has expired.
    9. Otherwise nothing decides.
    10. The target of what decides exists and is in force on the day.

    In reverse, of every row to the item from the wanted catalogue that would decide for an applicant there, the item at
    its far end is found. A row is not, where another one contradicts it in every situation that it is for. Where none
    is found, what interrupts the rows answers (7, 8, 9).
    """
    return _translate(atlas, query, query.code, query.answers)


def _translate(  # noqa: PLR0911 - one exit for each answer
    atlas: Atlas, query: Query, code: str, answers: Mapping[str, str]
) -> Translation:
    """Translate a code with its answers; all else is as the query has it."""
    source = atlas.catalogue(query.source)
    target = atlas.catalogue(query.target)
    item = source.find_on(code, query.on) if query.version is None else source.find(code, query.version)
    if item is None:  # 1
        return UnknownCode(source.id, code, query.version)
    why = item.why_not_in_force(query.on) if query.version is None else source.why_not_applicable(item, query.on)
    if why:  # 2
        return NotInForce(item, why)
    item.check_answers(answers)
    if query.direction is Direction.REVERSE:
        return _led_from(atlas, item, target, query)
    ways = direct_ways(atlas.crosswalk, item, query, answers)  # 3
    if query.allow_chain and ways.unsettled:
        add_chains(ways, atlas, item, query, answers)  # 4
    if ways.open:
        return NeedsFacts(item, _open_questions(item, ways, target, query.on, answers))  # 5
    if ways.met:  # 6
        way = _agreed(ways.met)
        if way is not None:
            return _decided(item, way, target, query)
        contradicted = [(step.row, SetAside.CONTRADICTED) for way in ways.met for step in way.path]
        return Unmapped(item, _each_once([*ways.set_aside, *contradicted]))
    if ways.interrupted_at:
        return _why_interrupted(atlas.catalogue(NATIONAL), min(ways.interrupted_at), query.on)  # 7
    return _undecided(item, ways.over, ways.set_aside)


def translate_batch(
    atlas: Atlas, alike: Query, questions: Iterable[tuple[str, Mapping[str, str]]]
) -> Iterator[Translation | str]:
    """Translate codes, each with its answers, one by one, as they are taken from the iterator.

    All are asked as ``alike`` is, whose own code and answers don't matter. A question that is not right spoils its own
    answer only: in its place comes the name of the field at fault, "code" for one that is empty or longer than
    ``MAX_CODE_LENGTH``, "answers" for an answer that the item's own question does not offer.

    Raises ``NotFound`` (ITEM_UNKNOWN) with the first of them when one of the catalogues is not here.
    """
    for code, answers in questions:
        if not 1 <= len(code) <= MAX_CODE_LENGTH:
            yield "code"
            continue
        try:
            yield _translate(atlas, alike, code, answers)
        except Malformed:
            yield "answers"


def _agreed(met: Sequence[Way]) -> Way | None:
    """Return the way to go by of those that are met; ``None`` when they contradict one another (6)."""
    if len(met) == 1:
        return met[0]
    first = met[0]
    if any(len(way.path) == 1 or (way.code, way.products) != (first.code, first.products) for way in met):
        return None
    return min(
        met,
        key=lambda way: (
            _PREFERENCE.index(way.relationship),
            -way.review,
            sum(step.inverted for step in way.path),
            [(step.row.id, step.row.version) for step in way.path],
        ),
    )


def _decided(item: Item, way: Way, target: Catalogue, query: Query) -> Translation:
    """Turn the way that is met into the outcome (10)."""
    if way.relationship is Relationship.NONE:
        return NoEquivalent(item, way.path)
    there = target.find_on(way.code, query.on)
    if there is None or there.why_not_in_force(query.on):
        return _why_interrupted(target, way.code, query.on)
    return Matched(item, _match(way, there))


def _match(way: Way, there: Item) -> Match:
    return Match(there, way.relationship, way.path, way.conditions, way.materials, way.products, way.review)


def _why_interrupted(catalogue: Catalogue, code: str, on: date) -> UnknownCode | NotInForce:
    there = catalogue.find_on(code, on)
    return UnknownCode(catalogue.id, code) if there is None else NotInForce(there, there.why_not_in_force(on))


def _undecided(
    item: Item, over: Sequence[CrosswalkRow], set_aside: Sequence[tuple[CrosswalkRow, SetAside]]
) -> MapExpired | Unmapped:
    if over:
        return MapExpired(item, tuple(row for row, _ in _each_once([(row, SetAside.OVER) for row in over])))  # 8
    return Unmapped(item, _each_once(set_aside))  # 9


def _each_once(reasons: Sequence[tuple[CrosswalkRow, SetAside]]) -> tuple[tuple[CrosswalkRow, SetAside], ...]:
    """Put rows and reasons in order, each once: a row may be half of several chains."""
    if not reasons:
        return ()
    each = {(row.id, row.version, row.hash, reason): (row, reason) for row, reason in reasons}
    return tuple(each[key] for key in sorted(each))


def _open_questions(
    item: Item, ways: Ways, target: Catalogue, on: date, answers: Mapping[str, str]
) -> tuple[OpenQuestion, ...]:
    """List the unanswered questions of the open ways, with what each option would leave of all that are possible."""
    wanted = {key for way in ways.open for key in way.needs if key not in answers}
    questions = (*item.situations, *ways.national_questions.values())
    possible: list[tuple[Way, Match | None]] = []
    for way in sorted((*ways.met, *ways.open), key=lambda way: (way.code, [step.row.id for step in way.path])):
        there = target.find_on(way.code, on)
        in_force = there is not None and not there.why_not_in_force(on)
        possible.append((way, _match(way, there) if there is not None and in_force else None))
    return tuple(
        OpenQuestion(
            question,
            tuple((option, _left(possible, {**answers, question.key: option.key})) for option in question.options),
        )
        for question in questions
        if question.key in wanted
    )


def _left(possible: Sequence[tuple[Way, Match | None]], answers: Mapping[str, str]) -> tuple[Match, ...]:
    """List the matches that stay possible with these answers: what is met, and else what may still be."""
    met = [(way, match) for way, match in possible if agreement(way.needs, answers)]
    if met:
        agreed = _agreed([way for way, _ in met])
        left = [match for way, match in met if way is agreed]
    else:
        left = [match for way, match in possible if agreement(way.needs, answers) is None]
    return tuple(match for match in left if match is not None)


def _led_from(atlas: Atlas, item: Item, wanted: Catalogue, query: Query) -> Translation:
    """Find every item of a catalogue that leads to this one."""
    found: list[Match] = []
    interrupted: list[str] = []
    over: list[CrosswalkRow] = []
    set_aside: list[tuple[CrosswalkRow, SetAside]] = []
    for row in atlas.crosswalk.rows_to(query.source, item.code, wanted.id):
        reason = why_not_in_force(atlas.crosswalk, row, query)
        if reason is not None:
            set_aside.append((row, reason))
            continue
        there = wanted.find_on(row.source_code, query.on)
        if there is None or there.why_not_in_force(query.on):
            interrupted.append(row.source_code)
        elif (needs := _needs(there, row)) is None:
            set_aside.append((row, SetAside.ASKS_UNKNOWN_QUESTION))
        elif row.over_by(query.on):
            over.append(row)
        elif _contradicted(atlas, there, row, needs, query):
            set_aside.append((row, SetAside.CONTRADICTED))
        else:
            review = row.standing.between(query.source, query.target)
            step = Step(row, inverted=True)
            found.append(Match(there, step.relationship, (step,), row.conditions, NOTHING, NOTHING, review))
    if found:
        return LedFrom(item, tuple(sorted(found, key=lambda match: (match.item.code, match.path[0].row.id))))
    if interrupted:
        return _why_interrupted(wanted, min(interrupted), query.on)
    return _undecided(item, over, set_aside)


def _needs(there: Item, row: CrosswalkRow) -> Mapping[str, frozenset[str]] | None:
    return answers_needed(there, row.conditions) if row.conditions else ALWAYS


def _contradicted(
    atlas: Atlas, there: Item, row: CrosswalkRow, needs: Mapping[str, frozenset[str]], query: Query
) -> bool:
    """Whether another row from the same item is met in every situation that a row is for."""
    for other in atlas.crosswalk.rows_from(there.catalogue, there.code, query.source):
        if (
            other is row
            or other.hash == row.hash
            or other.over_by(query.on)
            or why_not_in_force(atlas.crosswalk, other, query)
        ):
            continue
        others = _needs(there, other)
        if others is not None and all(question in needs and needs[question] <= others[question] for question in others):
            return True
    return False


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
