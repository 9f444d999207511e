from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

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
from gateway.domain.crosswalk import CrosswalkRow, Relationship
from gateway.domain.people import ApplicantType


@pytest.fixture
def make_item() -> Callable[..., Item]:
    """Make a published item; questions are given as key → answers."""

    def make(catalogue: str, code: str, questions: dict[str, tuple[str, ...]] | None = None, **changes: Any) -> Item:
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
            "valid_from": date(2026, 1, 1),
            "materials": (identity,),
            "situations": tuple(
                Question(key, f"{key}？", tuple(Option(answer, answer) for answer in answers))
                for key, answers in (questions or {}).items()
            ),
        }
        return Item(**{**fields, **changes})

    return make


@pytest.fixture
def make_catalogue(make_item: Callable[..., Item]) -> Callable[..., Catalogue]:
    """Make a catalogue of given items."""

    def make(region: str, *items: Item) -> Catalogue:
        return Catalogue(region, f"{region} 测试目录", 1, items)

    return make


@pytest.fixture
def make_row() -> Callable[..., CrosswalkRow]:
    """Make a row from 430600 to 421000 that both sides have reviewed."""

    def make(row_id: str, source: str, target: str = "", **changes: Any) -> CrosswalkRow:
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
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "version": 1,
            "confidence": 90,
            "justification": "测试",
            "reviewed_by": ("430600.gateway", "421000.gateway"),
        }
        changes["conditions"] = {key: frozenset(answers) for key, answers in changes.get("conditions", {}).items()}
        return CrosswalkRow(**{**fields, **changes})

    return make
