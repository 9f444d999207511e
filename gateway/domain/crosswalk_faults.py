"""What the two catalogues say against the rows of a crosswalk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship


def faults_against(crosswalk: Crosswalk, source: Catalogue, target: Catalogue) -> tuple[str, ...]:
    """Compare the rows from one catalogue to the other with what the two catalogues say; empty when all agrees.

    Each sentence begins with the row's id. Named are items, questions, answers and materials that don't exist, and
    names that have changed since the reviewers saw them. ``tongban config check`` shows these to the operator. A row
    whose item or question is gone never matches; the other faults change no match, and the two places settle them.
    """
    faults: list[str] = []
    for row in crosswalk.rows:
        if (row.source_catalogue, row.target_catalogue) != (source.id, target.id):
            continue
        source_item = source.find(row.source_code)
        faults += _side_faults(row, "source", source_item, row.source_name)
        if source_item:
            faults += _answer_faults(row, "conditions", source_item, row.conditions)
            faults += _material_faults(row, "source", source_item, row.materials.keys())
        if row.relationship is Relationship.NONE:
            continue
        target_item = target.find(row.target_code)
        faults += _side_faults(row, "target", target_item, row.target_name)
        if target_item:
            products = {question: frozenset({answer}) for question, answer in row.products.items()}
            faults += _answer_faults(row, "products", target_item, products)
            faults += _material_faults(row, "target", target_item, row.materials.values())
    return tuple(faults)


def _side_faults(row: CrosswalkRow, side: str, item: Item | None, name_seen: str) -> list[str]:
    if item is None:
        return [f"{row.id}: the {side} item is not in its catalogue"]
    if item.name != name_seen:
        return [f"{row.id}: the {side} item is now called {item.name}, and the reviewers saw {name_seen}"]
    return []


def _answer_faults(row: CrosswalkRow, column: str, item: Item, answers: Mapping[str, frozenset[str]]) -> list[str]:
    faults = []
    for key, allowed in answers.items():
        question = item.question(key)
        if question is None:
            faults.append(f"{row.id}: {column} name question {key!r}, which {item.name} does not ask")
            continue
        faults += [
            f"{row.id}: {column} name answer {key}={answer}, which {item.name} does not offer"
            for answer in sorted(allowed)
            if question.option(answer) is None
        ]
    return faults


def _material_faults(row: CrosswalkRow, side: str, item: Item, keys: Iterable[str]) -> list[str]:
    known = {material.key for material in item.materials}
    return [f"{row.id}: material {key!r} is not one of the {side} item" for key in keys if key not in known]
