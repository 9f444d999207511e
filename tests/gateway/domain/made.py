"""Items, catalogues and rows for tests: published, signed by both sides and in force unless said otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import (
    Catalogue,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
)
from gateway.domain.codes import ItemType
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship, Standing
from gateway.domain.people import ApplicantType

BOTH: Final = Standing(("421000.gateway", "430600.gateway"))
"""Signed by 430600 and 421000."""

FIRST_DAY: Final = date(2026, 1, 1)
TODAY: Final = date(2026, 11, 21)


def make_item(
    catalogue: str,
    code: str,
    questions: Mapping[str, Iterable[str]] | None = None,
    asked_when: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    **changes: Any,
) -> Item:
    """Make a published item; questions are given as key → answers."""
    identity = MaterialRequirement("identity", "身份证", True, MaterialSource.GOVERNMENT, MaterialForm.ORIGINAL)
    fields: dict[str, Any] = {
        "catalogue": catalogue,
        "code": code,
        "version": 1,
        "name": f"事项{code}",
        "item_type": ItemType.PUBLIC_SERVICE,
        "handling_type": HandlingType.COMMITTED,
        "applicant_types": (ApplicantType.NATURAL_PERSON,),
        "statutory_days": 5,
        "promised_days": 3,
        "modes": (Mode.REMOTE,),
        "department": "测试局",
        "state": ItemState.PUBLISHED,
        "valid_from": FIRST_DAY,
        "materials": (identity,),
        "situations": tuple(
            Question(
                key,
                f"{key}？",
                tuple(Option(answer, answer) for answer in answers),
                {earlier: frozenset(led) for earlier, led in (asked_when or {}).get(key, {}).items()},
            )
            for key, answers in (questions or {}).items()
        ),
    }
    return Item(**{**fields, **changes})


def make_catalogue(region: str, *items: Item) -> Catalogue:
    """Make a catalogue of given items."""
    return Catalogue(region, f"{region} 测试目录", 1, items)


def make_row(row_id: str, source: str, target: str = "", **changes: Any) -> CrosswalkRow:
    """Make a row from 430600 to 421000; without a target it asserts that there is none."""
    fields: dict[str, Any] = {
        "id": row_id,
        "source_catalogue": "430600",
        "source_code": source,
        "source_name": f"事项{source}",
        "target_catalogue": "421000",
        "target_code": target,
        "target_name": f"事项{target}" if target else "",
        "relationship": Relationship.EQUIVALENT if target else Relationship.NONE,
        "conditions": {},
        "materials": {},
        "products": {},
        "valid_from": FIRST_DAY,
        "valid_until": date(2026, 12, 31),
        "version": 1,
        "confidence": 90,
        "justification": "测试",
        "standing": BOTH,
    }
    changes["conditions"] = {key: frozenset(answers) for key, answers in changes.get("conditions", {}).items()}
    return CrosswalkRow(**{**fields, **changes})


def make_atlas(*catalogues: Catalogue, rows: Iterable[CrosswalkRow] = ()) -> Atlas:
    """Make an atlas of catalogues and rows."""
    return Atlas({catalogue.id: catalogue for catalogue in catalogues}, Crosswalk(tuple(rows)))
