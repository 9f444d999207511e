"""What the catalogues say against the rows of a crosswalk.

Nothing of it stands in the way of a row, and none of it changes a match: a row whose item or question is gone never
matches, and the rest is for the two places to settle. Operators and reviewers are shown it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from gateway.domain.catalogue import Catalogue, Item, ItemState
from gateway.domain.crosswalk import PASSED_ON, CrosswalkRow, Relationship
from gateway.domain.situations import answers_needed


def faults_against(rows: Iterable[CrosswalkRow], catalogues: Mapping[str, Catalogue]) -> Iterator[str]:
    """Compare rows with the newest versions of their items, as far as the catalogues, by id, are here.

    Each sentence begins with the row's id. Named are items, questions, answers and materials that don't exist, names
    that have changed since the reviewers saw them, items that are retired or past their days, conditions that nobody
    can ever meet, and materials that the source no longer collects while the target wants them. Of several versions of
    a row only the highest is looked at, and none that a side has withdrawn.
    """
    newest: dict[tuple[str, str, str], CrosswalkRow] = {}
    for row in rows:
        name = row.id, row.source_catalogue, row.target_catalogue
        if newest.setdefault(name, row).version < row.version:
            newest[name] = row
    for row in newest.values():
        if not row.withdrawn_between(row.source_catalogue, row.target_catalogue, date.max):
            yield from (f"{row.id}: {fault}" for fault in _faults(row, catalogues))


def _faults(row: CrosswalkRow, catalogues: Mapping[str, Catalogue]) -> Iterator[str]:
    source, target = catalogues.get(row.source_catalogue), catalogues.get(row.target_catalogue)
    source_item = source.find(row.source_code) if source else None
    if source:
        yield from _side_faults(row, "source", source_item, row.source_name)
    if source_item:
        yield from _answer_faults("conditions", source_item, row.conditions)
        yield from _material_faults("source", source_item, row.materials.keys())
        yield from _passing_faults(row, source_item)
        if row.conditions and answers_needed(source_item, row.conditions) is None:
            yield f"no answers to the questions of {source_item.name} meet its conditions"
    if row.relationship is Relationship.NONE:
        return
    target_item = target.find(row.target_code) if target else None
    if target:
        yield from _side_faults(row, "target", target_item, row.target_name)
    if target_item:
        yield from _answer_faults("products", target_item, _possible_products(row, source_item))
        yield from _material_faults("target", target_item, row.materials.values())
    if source_item and target_item:
        yield from _sharing_faults(row, source_item, target_item)


def _side_faults(row: CrosswalkRow, side: str, item: Item | None, name_seen: str) -> Iterator[str]:
    if item is None:
        yield f"the {side} item is not in its catalogue"
        return
    if item.name != name_seen:
        yield f"the {side} item is now called {item.name}, and the reviewers saw {name_seen}"
    if item.state is ItemState.RETIRED:
        yield f"the {side} item is retired"
    elif item.valid_until is not None and item.valid_until < row.valid_from:
        yield f"the {side} item was valid until {item.valid_until}, before the row begins"


def _answer_faults(column: str, item: Item, answers: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for key, allowed in answers.items():
        question = item.question(key)
        if question is None:
            yield f"{column} name question {key!r}, which {item.name} does not ask"
            continue
        for answer in sorted(allowed):
            if question.option(answer) is None:
                yield f"{column} name answer {key}={answer}, which {item.name} does not offer"


def _possible_products(row: CrosswalkRow, source: Item | None) -> Mapping[str, frozenset[str]]:
    """List the answers that the row may give to each question of the target: of one passed on, all that are offered."""
    possible: dict[str, frozenset[str]] = {}
    for key, value in row.products.items():
        if not value.startswith(PASSED_ON):
            possible[key] = frozenset({value})
            continue
        asked = source.question(value.removeprefix(PASSED_ON)) if source else None
        possible[key] = frozenset(option.key for option in asked.options) if asked else frozenset()
    return possible


def _passing_faults(row: CrosswalkRow, source: Item) -> Iterator[str]:
    for value in row.products.values():
        if value.startswith(PASSED_ON) and source.question(value.removeprefix(PASSED_ON)) is None:
            yield f"products pass on the answer to {value.removeprefix(PASSED_ON)!r}, which {source.name} does not ask"


def _material_faults(side: str, item: Item, keys: Iterable[str]) -> Iterator[str]:
    known = {material.key for material in item.materials}
    return (f"material {key!r} is not one of the {side} item" for key in keys if key not in known)


def _sharing_faults(row: CrosswalkRow, source: Item, target: Item) -> Iterator[str]:
    """Yield the materials that nobody hands in at the source, since shared data replace them, and the target wants."""
    shared = {material.key: material.exempt_by_sharing for material in source.materials if material.exempt_by_sharing}
    wanted = {
        material.key
        for material in target.materials
        if not (material.exempt_by_sharing or material.exempt_by_licence or material.by_promise)
    }
    for here, there in row.materials.items():
        if here in shared and there in wanted:
            yield f"material {here!r} is not handed in, data of {shared[here]} replace it; the target wants {there!r}"
