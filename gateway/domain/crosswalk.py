"""The crosswalk: which item of one catalogue answers to which item of another, as agreed by both places.

A row maps one source item, under conditions, to one target item. It is made by people, signed for by both sides, dated,
and kept in files that people read and correct. ``gateway.domain.translation`` applies it.

What the relationship says, always seen from the source and within the row's conditions:

    equivalent   the target does the same                                          may route a case
    broader      the target does all that the source does, and more                may route a case
    narrower     the target does only part of what the source does                 may route only under conditions
    related      something near it, for a person to look at                        never routes
    none         the other place asserts that it has nothing of the kind           never routes, and is an answer

Why so: a case may go only where everything that the applicant asks for is sure to be handled. That holds for
equivalent and broader targets. A narrower target leaves part of the source outside, and only conditions that the
applicant's own answers meet, signed for by both sides, show the case to be inside. Whatever does not route is shown to
staff and never guessed from.

Rules:

1. A row is its content: whoever changes a word of it makes another row, with another hash, that nobody has signed for.
   A changed row keeps its id and has a higher version.
2. A row counts between two places when a member of each has signed for its hash (``gateway.domain.reviews``); until
   then it is a proposal. Either side can withdraw, for good, from a day on; answers for earlier days stay as they were.
3. A row holds from ``valid_from`` to ``valid_until``, both included (Beijing days). From the day on which a higher
   version of it counts and has begun, it holds no more, even if that version is withdrawn later. A version of it is
   what has its id and leads from the same item to the same catalogue: nobody ends a mapping by using its id elsewhere.
4. Of the rows that count and decide, no two may ever apply to one case. They must differ in their days or in a
   question whose allowed answers don't overlap. Files and reviews that would break this are refused; should two sides'
   reviews cross and break it all the same, translation says so and chooses neither.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final, TypeVar


class Relationship(StrEnum):
    """What the target is to the source; the table in the module's docstring says what each may do."""

    EQUIVALENT = "equivalent"
    BROADER = "broader"
    NARROWER = "narrower"
    RELATED = "related"
    NONE = "none"

    @property
    def inverse(self) -> Relationship:
        """What the source is to the target. There is no source that ``NONE`` could be read backwards from."""
        return _INVERSES.get(self, self)


_INVERSES: Final = {
    Relationship.BROADER: Relationship.NARROWER,
    Relationship.NARROWER: Relationship.BROADER,
}

_R = Relationship
COMPOSITIONS: Final[Mapping[tuple[Relationship, Relationship], Relationship]] = MappingProxyType(
    {
        (_R.EQUIVALENT, _R.EQUIVALENT): _R.EQUIVALENT,
        (_R.EQUIVALENT, _R.BROADER): _R.BROADER,
        (_R.EQUIVALENT, _R.NARROWER): _R.NARROWER,
        (_R.EQUIVALENT, _R.RELATED): _R.RELATED,
        (_R.EQUIVALENT, _R.NONE): _R.NONE,
        (_R.BROADER, _R.EQUIVALENT): _R.BROADER,
        (_R.BROADER, _R.BROADER): _R.BROADER,
        (_R.NARROWER, _R.EQUIVALENT): _R.NARROWER,
        (_R.NARROWER, _R.NARROWER): _R.NARROWER,
        (_R.RELATED, _R.EQUIVALENT): _R.RELATED,
    }
)
"""What two steps of a chain make together: SSSOM's chaining rules T1 (equivalent, broader and narrower are transitive,
related is not), RCE1 and RCE2 (an equivalent step changes nothing), https://mapping-commons.github.io/sssom/chaining-rules/.

A pair that is not here makes *nothing*: of broader and then narrower, the two ends may have all or nothing in common.
That goes for broader and then none too: a place without anything for the wider item may have something for this one."""


class ReviewState(IntEnum):
    """How far the review of a row between two places has come; a higher one includes the lower."""

    PROPOSED = 0
    """Nobody's member has signed for it."""
    ONE_SIDE = 1
    """One of the two sides has."""
    BOTH_SIDES = 2
    """Both have. Only such a row can route a case."""


_REVIEW_STATES: Final = tuple(ReviewState)  # by number: calling the enumeration takes longer than all else in a look


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has signed for a row and who has withdrawn: the outcome of ``gateway.domain.reviews``. Rows share it."""

    approved_by: tuple[str, ...] = ()
    """Ids of the gateways whose officers signed for the row, sorted, whether or not somebody withdrew it since."""
    withdrawals: tuple[tuple[str, date], ...] = ()
    """(gateway, first Beijing day on which the row no longer counts for its region), sorted."""
    _regions: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regions", frozenset(map(_region_of, self.approved_by)))

    def between(self, one: str, other: str) -> ReviewState:
        """Say how far the review between two regions has come, withdrawals apart."""
        return _REVIEW_STATES[(one in self._regions) + (other in self._regions)]

    def signed_by(self, region: str) -> bool:
        """Whether a region has signed for the row, withdrawals apart."""
        return region in self._regions

    def withdrawn_between(self, one: str, other: str, on: date) -> bool:
        """Whether one of two regions has withdrawn by then. What a third region withdraws says nothing about them."""
        return bool(self.withdrawals) and any(
            on >= day and _region_of(member) in {one, other} for member, day in self.withdrawals
        )

    @property
    def withdrawn_by(self) -> tuple[str, ...]:
        """Ids of the gateways that withdrew it, sorted."""
        return tuple(member for member, _ in self.withdrawals)

    @property
    def withdrawn_on(self) -> date | None:
        """First Beijing day on which it no longer counts for somebody; ``None`` when nobody withdrew it."""
        return min((day for _, day in self.withdrawals), default=None)


def _region_of(member: str) -> str:
    return member.partition(".")[0]


PASSED_ON: Final = "@"
"""What a product begins with that is an answer of the applicant's own."""

PROPOSED: Final = Standing()
"""Nobody has signed yet."""

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
ALWAYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})
"""Empty mappings that rows share."""


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """One mapping of a source item, under conditions, to a target item."""

    id: str
    """Name of the row, the same for all its versions; at most 64 characters."""
    source_catalogue: str
    """Region of the source catalogue, six digits; ``catalogue.NATIONAL`` for the national basic list."""
    source_code: str
    """Code of the source item, letter for letter."""
    source_name: str
    """Name of the source item as the reviewers saw it, so that a person can read the file."""
    target_catalogue: str
    """Region of the target catalogue, six digits; ``catalogue.NATIONAL`` for the national basic list."""
    target_code: str
    """Code of the target item, letter for letter; empty exactly when the relationship is none."""
    target_name: str
    """Name of the target item as the reviewers saw it; empty exactly when the relationship is none."""
    relationship: Relationship
    """What the target is to the source."""
    conditions: Mapping[str, frozenset[str]]
    """Question of the source item → the answers under which the row applies; every question must agree."""
    materials: Mapping[str, str]
    """Material of the source item → material of the target item that it serves as."""
    products: Mapping[str, str]
    """Facts that follow from the mapping: question of the target item → the answer this row gives to it, or ``@`` with
    a question of the source item, whose answer is passed on as the applicant gave it (``facts_of``)."""
    valid_from: date
    """First Beijing day on which the row holds."""
    valid_until: date | None
    """Last Beijing day on which it holds; ``None`` when open."""
    version: int
    """Version of the row, 1 or more; rises whenever it is changed."""
    confidence: int
    """How sure the reviewers are, in percent, 0 to 100. For people: it never decides."""
    justification: str
    """Why the two are taken as they are, in words."""
    standing: Standing = PROPOSED
    """Who has signed for it. Not part of the record."""
    hash: bytes = field(init=False, repr=False, compare=False)
    """SHA-256 of ``record_of`` the row, 32 bytes: what reviewers sign for."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(record_of(self)).digest())

    @property
    def decides(self) -> bool:
        """Whether the relationship, if the row applies, is an answer: where to route, or that there is nothing."""
        if self.relationship is Relationship.NARROWER:
            return bool(self.conditions)
        return self.relationship is not Relationship.RELATED

    def with_standing(self, standing: Standing) -> CrosswalkRow:
        """Return the same row with another standing."""
        # Field by field, because the record and its hash stay the same; dataclasses.replace would make both again.
        row = object.__new__(CrosswalkRow)
        for name in _ROW_FIELDS:
            object.__setattr__(row, name, getattr(self, name))
        object.__setattr__(row, "standing", standing)
        return row

    def begun_by(self, on: date) -> bool:
        """Whether the row's days have begun."""
        return self.valid_from <= on

    def over_by(self, on: date) -> bool:
        """Whether the row's days are over."""
        return self.valid_until is not None and on > self.valid_until

    def withdrawn_between(self, one: str, other: str, on: date) -> bool:
        """Whether one of two regions has withdrawn it by then (rule 2)."""
        return self.standing.withdrawn_between(one, other, on)

    def counts(self, one: str, other: str) -> bool:
        """Whether members of both regions signed for it (rule 2), withdrawals apart."""
        return self.standing.between(one, other) is ReviewState.BOTH_SIDES


_ROW_FIELDS: Final = tuple(each.name for each in fields(CrosswalkRow))


def cells_of(row: CrosswalkRow) -> dict[str, str]:
    """Write the content of a row as texts by column: what files hold and what the record is made of.

    In ``conditions``, ``materials`` and ``products`` entries are ``key=value`` joined by ``;`` in order of key, and
    several allowed answers are joined by ``|`` in order.
    """
    return {
        "id": row.id,
        "source_catalogue": row.source_catalogue,
        "source_code": row.source_code,
        "source_name": row.source_name,
        "target_catalogue": row.target_catalogue,
        "target_code": row.target_code,
        "target_name": row.target_name,
        "relationship": row.relationship.value,
        "conditions": ";".join(f"{key}={'|'.join(sorted(row.conditions[key]))}" for key in sorted(row.conditions)),
        "materials": ";".join(f"{key}={row.materials[key]}" for key in sorted(row.materials)),
        "products": ";".join(f"{key}={row.products[key]}" for key in sorted(row.products)),
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else "",
        "version": str(row.version),
        "confidence": str(row.confidence),
        "justification": row.justification,
    }


def record_of(row: CrosswalkRow) -> bytes:
    """Write the record of a row: canonical JSON (sorted keys, no blanks, UTF-8) of its cells, without the standing."""
    return json.dumps(cells_of(row), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def facts_of(products: Mapping[str, str], answers: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the products of a row come to for these answers.

    An answer that is passed on and was not given is no fact yet.
    """
    if not any(value.startswith(PASSED_ON) for value in products.values()):
        return products
    facts: dict[str, str] = {}
    for question, value in products.items():
        if not value.startswith(PASSED_ON):
            facts[question] = value
        elif (answer := answers.get(value.removeprefix(PASSED_ON))) is not None:
            facts[question] = answer
    return facts


def may_coincide(one: CrosswalkRow, other: CrosswalkRow) -> bool:
    """Whether some case on some day could meet both rows (rule 4). Versions of one row follow one another."""
    if one.id == other.id or one.over_by(other.valid_from) or other.over_by(one.valid_from):
        return False
    shared = one.conditions.keys() & other.conditions.keys()
    return all(one.conditions[question] & other.conditions[question] for question in shared)


Route = tuple[str, str, str]
"""Source catalogue, source code, target catalogue."""


def route_of(row: CrosswalkRow) -> Route:
    """Return what a row leads from and to."""
    return row.source_catalogue, row.source_code, row.target_catalogue


def contradictions(rows: Sequence[CrosswalkRow]) -> list[tuple[CrosswalkRow, CrosswalkRow]]:
    """List the pairs that would break rule 4 if all these rows counted."""
    deciding = sorted((row for row in rows if row.decides), key=route_of)
    return [
        (one, other)
        for _, group in itertools.groupby(deciding, key=route_of)
        for one, other in itertools.combinations(group, 2)
        if may_coincide(one, other)
    ]


_K = TypeVar("_K")
_Rows = CrosswalkRow | tuple[CrosswalkRow, ...]


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """All rows with their standing, found from either end in constant time."""

    rows: tuple[CrosswalkRow, ...]
    """All versions of all rows, each once."""
    _forward: Mapping[tuple[str, str], Mapping[str, _Rows]] = field(init=False, repr=False, compare=False)
    _backward: Mapping[tuple[str, str], Mapping[str, _Rows]] = field(init=False, repr=False, compare=False)
    _newer: Mapping[bytes, tuple[CrosswalkRow, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Keyed by the pair of catalogues and then by code, and without a tuple for a single row: a hundred thousand
        # rows then cost two dictionaries and no more.
        forward: defaultdict[tuple[str, str], dict[str, _Rows]] = defaultdict(dict)
        backward: defaultdict[tuple[str, str], dict[str, _Rows]] = defaultdict(dict)
        by_id: dict[tuple[str, Route], _Rows] = {}  # by what they lead from and to as well: an id is anybody's to use
        for row in self.rows:
            _add(forward[row.source_catalogue, row.target_catalogue], row.source_code, row)
            if row.target_code:
                _add(backward[row.target_catalogue, row.source_catalogue], row.target_code, row)
            _add(by_id, (row.id, route_of(row)), row)
        newer = {
            row.hash: tuple(other for other in versions if other.version > row.version)
            for versions in by_id.values()
            if isinstance(versions, tuple)
            for row in versions
        }
        object.__setattr__(self, "_forward", dict(forward))
        object.__setattr__(self, "_backward", dict(backward))
        object.__setattr__(self, "_newer", newer)

    def rows_from(self, source_catalogue: str, source_code: str, target_catalogue: str) -> tuple[CrosswalkRow, ...]:
        """Return every row that leads from one item to one catalogue, whatever its state."""
        return _found(self._forward, (source_catalogue, target_catalogue), source_code)

    def rows_to(self, target_catalogue: str, target_code: str, source_catalogue: str) -> tuple[CrosswalkRow, ...]:
        """Return every row that leads to one item from one catalogue, whatever its state."""
        return _found(self._backward, (target_catalogue, source_catalogue), target_code)

    def superseded_by(
        self, row: CrosswalkRow, one: str, other: str, on: date, minimum: ReviewState = ReviewState.BOTH_SIDES
    ) -> CrosswalkRow | None:
        """Return the higher version that took a row's place by then between two regions (rule 3); usually ``None``.

        One that was withdrawn before its first day never took it. With a lower ``minimum``, proposals count as if they
        were signed for, unless they are withdrawn.
        """
        newer = self._newer.get(row.hash)
        if newer is None:
            return None
        return next(
            (
                each
                for each in newer
                if each.begun_by(on)
                and each.standing.between(one, other) >= minimum
                and not each.withdrawn_between(one, other, each.valid_from if each.counts(one, other) else on)
            ),
            None,
        )


def _add(into: dict[_K, _Rows], key: _K, row: CrosswalkRow) -> None:
    there = into.get(key)
    if there is None:
        into[key] = row
    else:
        into[key] = (*there, row) if isinstance(there, tuple) else (there, row)


def _found(
    index: Mapping[tuple[str, str], Mapping[str, _Rows]], catalogues: tuple[str, str], code: str
) -> tuple[CrosswalkRow, ...]:
    by_code = index.get(catalogues)
    there = by_code.get(code) if by_code else None
    if there is None:
        return ()
    return there if isinstance(there, tuple) else (there,)
