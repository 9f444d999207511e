"""The ways from an item to another catalogue: single rows, and chains of two through the national basic list.

Each way is weighed for one query. It may be met by the answers so far, or still be open, or its days are over, or it
is set aside with the reason. ``gateway.domain.translation`` makes the answer of them.

What a way needs is a set of answers for each of some questions: those of its conditions, and those that lead to them in
the item's tree. It is met by just the situations in the product of these sets, so that whether two ways can be met
together, or some answers lead nowhere, is seen without trying situations one by one.

A chain is one row to the national list and one from it, each read as it stands or backwards, when

1. each row was signed for by members of both *ends* and holds on the day, as a single row must;
2. the two relationships compose (``COMPOSITIONS``), and each row decides by itself;
3. the national item is in force, where the national list is here to ask;
4. the conditions of the second row hold: by the products of the first, which outweigh what the applicant says, or by
   answers to the national item's own questions. An answer under a key that the source item asks is an answer to the
   source item's question, and none to a national one of the same key.

A row read backwards decides only where its relationship does (equivalent, and narrower, which turns into broader) and
without conditions, which are facts about the item at its far end. Its products, on the other hand, say in which
situation its target is meant: backwards, they are conditions. What its materials serve as says nothing of the other
direction, so a chain with such a row carries no materials over; otherwise materials compose. The products of the
second row are those of the chain. An answer that a product passes on is none before it was given, and backwards no
condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.atlas import Atlas, Query
from gateway.domain.catalogue import NATIONAL, Item, Question
from gateway.domain.crosswalk import (
    ALWAYS,
    COMPOSITIONS,
    NOTHING,
    Crosswalk,
    CrosswalkRow,
    Relationship,
    ReviewState,
    facts_of,
)
from gateway.domain.situations import answers_needed


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
    """It depends on a question that the item does not ask, on answers that it does not offer, or on a national question
    that can't be put."""
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

    @property
    def relationship(self) -> Relationship:
        """What the end is to the beginning, as the row was read."""
        return self.row.relationship.inverse if self.inverted else self.row.relationship

    @property
    def end(self) -> str:
        """Code that the step leads to; empty when it asserts that there is none."""
        return self.row.source_code if self.inverted else self.row.target_code

    @property
    def decides(self) -> bool:
        """Whether the step, if it applies, is an answer."""
        if not self.inverted:
            return self.row.decides
        return not self.row.conditions and self.relationship in {Relationship.EQUIVALENT, Relationship.BROADER}

    @property
    def conditions(self) -> Mapping[str, frozenset[str]]:
        """Question of the item it begins at → the answers under which it applies."""
        if not self.inverted:
            return self.row.conditions
        return {question: frozenset((answer,)) for question, answer in facts_of(self.row.products, NOTHING).items()}


@dataclass(slots=True)  # not frozen, which would cost a tenth of every translation; it never leaves this room
class Way:
    """One way to the other catalogue that decides wherever it is met."""

    path: tuple[Step, ...]
    """The rows, in order; two for a chain."""
    relationship: Relationship
    """What its end is to its beginning."""
    code: str
    """Code that it leads to; empty when it asserts that there is none."""
    needs: Mapping[str, frozenset[str]]
    """Question → the answers that must have been given, with the questions that lead to one another."""
    conditions: Mapping[str, frozenset[str]]
    """Question → the answers that the rows name, where no product gives them."""
    materials: Mapping[str, str]
    """Material of the item → material of the item there."""
    products: Mapping[str, str]
    """Question of the item there → the answer that follows, for these answers."""
    review: ReviewState
    """How far the review has come; of a chain, the lower."""


@dataclass(slots=True)
class Ways:
    """Everything that there is between an item and a catalogue, weighed for one query."""

    met: list[Way]
    """Those that the answers meet."""
    open: list[Way]
    """Those that further answers may meet."""
    over: list[CrosswalkRow]
    """Rows without whose end there would be more of the above."""
    set_aside: list[tuple[CrosswalkRow, SetAside]]
    """Every other row with its reason."""
    interrupted_at: list[str] = field(default_factory=list)
    """National codes of chains whose rows decide, where that item is not in force."""
    national_questions: dict[str, Question] = field(default_factory=dict)
    """Questions of national items that ways need, by key, in the order to ask them."""

    @property
    def unsettled(self) -> bool:
        """Whether no row between the two places themselves has ever decided anything for this item by then.

        One that a side withdrew, or whose days are over, was settled: it is to be renewed, not got round.
        """
        return not (self.met or self.open or self.over) and all(
            reason in _NEVER_SETTLED or not row.decides for row, reason in self.set_aside
        )


_NEVER_SETTLED = frozenset(
    {SetAside.AWAITING_REVIEW, SetAside.SUPERSEDED, SetAside.DOES_NOT_DECIDE, SetAside.NOT_BEGUN}
)


def agreement(needs: Mapping[str, frozenset[str]], answers: Mapping[str, str]) -> bool | None:
    """Whether answers meet what a way needs; ``None`` when further answers decide that."""
    agreed: bool | None = True
    for question, allowed in needs.items():
        answer = answers.get(question)
        if answer is None:
            agreed = None
        elif answer not in allowed:
            return False
    return agreed


def why_not_standing(crosswalk: Crosswalk, row: CrosswalkRow, query: Query) -> SetAside | None:
    """Say why a row has no standing between the two ends on the day; ``None`` when it has."""
    if row.standing.between(query.source, query.target) < query.minimum_review:
        return SetAside.AWAITING_REVIEW
    if row.withdrawn_between(query.source, query.target, query.on):
        return SetAside.WITHDRAWN
    if crosswalk.superseded_by(row, query.source, query.target, query.on, query.minimum_review):
        return SetAside.SUPERSEDED
    return None


def why_not_in_force(crosswalk: Crosswalk, row: CrosswalkRow, query: Query) -> SetAside | None:
    """Say why a row between the two places decides nothing, whatever the situation; ``None`` when it may.

    That its days are over is not said here: it matters only where the row would have decided otherwise.
    """
    if reason := why_not_standing(crosswalk, row, query):
        return reason
    if not row.decides:
        return SetAside.DOES_NOT_DECIDE
    return None if row.begun_by(query.on) else SetAside.NOT_BEGUN


def direct_ways(crosswalk: Crosswalk, item: Item, query: Query, answers: Mapping[str, str]) -> Ways:
    """Weigh every row from an item straight to the other catalogue by these answers; the query's own don't matter."""
    ways = Ways([], [], [], [])
    for row in crosswalk.rows_from(query.source, item.code, query.target):
        reason = why_not_in_force(crosswalk, row, query)
        needs = ALWAYS
        agreed: bool | None = True
        if reason is None and row.conditions:
            needed = answers_needed(item, row.conditions)
            if needed is None:
                reason = SetAside.ASKS_UNKNOWN_QUESTION
            else:
                needs = needed
                agreed = agreement(needs, answers)
                reason = SetAside.OTHER_ANSWERS if agreed is False else None
        if reason is not None:
            ways.set_aside.append((row, reason))
        elif row.over_by(query.on):
            ways.over.append(row)
        else:
            (ways.open if agreed is None else ways.met).append(
                Way(
                    (Step(row),),
                    row.relationship,
                    row.target_code,
                    needs,
                    row.conditions,
                    row.materials,
                    facts_of(row.products, query.answers),
                    row.standing.between(query.source, query.target),
                )
            )
    return ways


def add_chains(ways: Ways, atlas: Atlas, item: Item, query: Query, answers: Mapping[str, str]) -> None:
    """Weigh every chain from an item to the other catalogue likewise, in order of the rows' ids."""
    crosswalk = atlas.crosswalk
    first_steps = _steps(
        crosswalk.rows_from(query.source, item.code, NATIONAL), crosswalk.rows_to(query.source, item.code, NATIONAL)
    )
    for first in first_steps:
        second_steps = _steps(
            crosswalk.rows_from(NATIONAL, first.end, query.target), crosswalk.rows_to(NATIONAL, first.end, query.target)
        )
        for second in second_steps:
            _weigh_chain(ways, atlas, item, query, answers, (first, second))


def _steps(onwards: Iterable[CrosswalkRow], backwards: Iterable[CrosswalkRow]) -> list[Step]:
    steps = [*(Step(row) for row in onwards), *(Step(row, inverted=True) for row in backwards)]
    return sorted(steps, key=lambda step: (step.row.id, step.row.version, step.row.hash))


def _weigh_chain(
    ways: Ways, atlas: Atlas, item: Item, query: Query, answers: Mapping[str, str], path: tuple[Step, Step]
) -> None:
    first, second = path
    relationship = COMPOSITIONS.get((first.relationship, second.relationship))
    reasons = list(_why_no_chain(atlas.crosswalk, query, path, relationship))
    if reasons or relationship is None:
        ways.set_aside += reasons
        return
    there = None
    if NATIONAL in atlas.catalogues:
        there = atlas.catalogues[NATIONAL].find_on(first.end, query.on)
        if there is None or there.why_not_in_force(query.on):
            ways.interrupted_at.append(first.end)
            return
    needs = answers_needed(item, first.conditions)
    if needs is None:
        ways.set_aside.append((first.row, SetAside.ASKS_UNKNOWN_QUESTION))
        return
    given = NOTHING if first.inverted else facts_of(first.row.products, query.answers)
    needs_there = _needs_there(ways, item, there, second, given, answers)
    if isinstance(needs_there, SetAside):
        ways.set_aside.append((second.row, needs_there))
        return
    agreed = agreement(needs, answers)
    agreed_there = agreement(needs_there, answers)
    if False in {agreed, agreed_there}:
        ways.set_aside.append((first.row if agreed is False else second.row, SetAside.OTHER_ANSWERS))
        return
    over = [step.row for step in path if step.row.over_by(query.on)]
    if over:
        ways.over += over
        return
    (ways.open if None in {agreed, agreed_there} else ways.met).append(
        Way(
            path,
            relationship,
            second.end,
            {**needs, **needs_there},
            {**first.conditions, **{key: allowed for key, allowed in second.conditions.items() if key not in given}},
            _composed_materials(path),
            NOTHING if second.inverted else facts_of(second.row.products, _said_of(item, query.answers, given)),
            min(step.row.standing.between(query.source, query.target) for step in path),
        )
    )


def _why_no_chain(
    crosswalk: Crosswalk, query: Query, path: Sequence[Step], relationship: Relationship | None
) -> Iterator[tuple[CrosswalkRow, SetAside]]:
    """Name the rows because of which a chain decides nothing, whatever the situation."""
    standing = [(step.row, why_not_standing(crosswalk, step.row, query)) for step in path]
    if any(reason for _, reason in standing):
        yield from ((row, reason) for row, reason in standing if reason)
    elif relationship is None:
        yield from ((step.row, SetAside.COMPOSES_TO_NOTHING) for step in path)
    elif not all(step.decides for step in path):
        yield from ((step.row, SetAside.DOES_NOT_DECIDE) for step in path if not step.decides)
    else:
        yield from ((step.row, SetAside.NOT_BEGUN) for step in path if not step.row.begun_by(query.on))


def _needs_there(
    ways: Ways, item: Item, there: Item | None, second: Step, given: Mapping[str, str], answers: Mapping[str, str]
) -> Mapping[str, frozenset[str]] | SetAside:
    """Say which answers to national questions the second step of a chain needs, or why nobody can give them."""
    wanted = {key: allowed for key, allowed in second.conditions.items() if key not in given}
    if agreement(second.conditions, given) is False:
        return SetAside.OTHER_ANSWERS
    if there is None:
        # Without the national list only what was answered unasked can be gone by: there is nothing to ask with.
        needs: Mapping[str, frozenset[str]] | None = wanted if wanted.keys() <= answers.keys() else None
    else:
        needs = answers_needed(there, wanted)
    if needs is None:
        return SetAside.ASKS_UNKNOWN_QUESTION
    if agreement(needs, given) is False:
        return SetAside.OTHER_ANSWERS
    needs = {key: allowed for key, allowed in needs.items() if key not in given}
    if any(item.question(key) is not None for key in needs):
        return SetAside.ASKS_UNKNOWN_QUESTION
    for question in there.situations if there is not None else ():
        if question.key in needs and ways.national_questions.setdefault(question.key, question) != question:
            return SetAside.ASKS_UNKNOWN_QUESTION  # one key for two questions: an answer could be to either
    return needs


def _said_of(item: Item, answers: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """Say what is known of a national item: what the first step gives, and answers to no question of the source's."""
    return {**{key: answer for key, answer in answers.items() if item.question(key) is None}, **given}


def _composed_materials(path: tuple[Step, Step]) -> Mapping[str, str]:
    first, second = path
    if first.inverted or second.inverted:
        return NOTHING
    return {
        key: second.row.materials[between]
        for key, between in first.row.materials.items()
        if between in second.row.materials
    }
