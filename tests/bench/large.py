"""Catalogues and a crosswalk as large as a region of the country needs, made by lot, the same in every run.

Four provinces' items with names, materials, questions and words out of pools, as real ones share them; rows between
them: plain ones, ones that depend on the applicant's situation, assertions that there is nothing, ones whose days are
over, ones that one side alone signed for. ``Plain`` says of each row what it means, apart from the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final, NamedTuple

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import (
    ApplyWay,
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
    ResultWay,
)
from gateway.domain.codes import ItemType
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship, Standing
from gateway.domain.people import ApplicantType

REGIONS: Final = ("430600", "421000", "500000", "510100")
DAY: Final = date(2026, 11, 21)
"""Day of all questions."""

DECIDES: Final = "kind"
"""The question that conditions are on."""

_KINDS: Final = ("new", "again")
_VERBS: Final = ("申领", "变更", "注销", "补办", "提取", "转移", "核定", "备案", "年审", "认定")
_THINGS: Final = (
    "住房公积金",
    "社会保障卡",
    "养老保险待遇",
    "医疗机构执业登记",
    "机动车驾驶证",
    "不动产登记",
    "户口迁移",
)
_FOR: Final = ("（个人）", "（单位）", "（跨省）", "（退休人员）", "（灵活就业人员）", "（外省户籍）", "")


@dataclass(frozen=True)
class Size:
    """How large."""

    items: int
    rows: int


FULL: Final = Size(200_000, 100_000)
SMALL: Final = Size(800, 400)
"""To see whether it runs."""


class Plain(NamedTuple):
    """What a row means."""

    source: str
    code: str
    target: str
    when: str
    """The answer to ``DECIDES`` under which it holds; empty for any."""
    leads_to: str
    """Empty for an assertion that there is nothing."""
    fate: str
    """``counts``, ``over`` or ``one side``."""


@dataclass(frozen=True)
class Large:
    """Everything of one size."""

    atlas: Atlas
    plain: Sequence[Plain]
    """One for each row."""


def make(size: Size) -> Large:
    """Make it."""
    lot = Random(1)  # noqa: S311 - the same in every run
    pools = _Pools(lot)
    catalogues = [
        Catalogue(region, f"{region}事项目录", 7, tuple(_items(pools, lot, region, size.items // len(REGIONS))))
        for region in REGIONS
    ]
    rows, plain = _rows(catalogues, size.rows, lot)
    return Large(Atlas({catalogue.id: catalogue for catalogue in catalogues}, Crosswalk(tuple(rows))), plain)


class _Pools:
    """What many items have in common."""

    def __init__(self, lot: Random) -> None:
        self.materials = [
            MaterialRequirement(
                key=f"material_{number % 400}",
                name=f"{lot.choice(_THINGS)}{lot.choice(('申请表', '证明', '合同', '身份证件', '承诺书'))}",
                required=lot.random() < 0.8,
                source=lot.choice(tuple(MaterialSource)),
                form=lot.choice(tuple(MaterialForm)),
                by_promise=lot.random() < 0.2,
                note=lot.choice(("", "原件核验后退还", "加盖单位公章")),
            )
            for number in range(2_000)
        ]
        options = tuple(Option(key, {"new": "新办", "again": "再次办理"}[key]) for key in _KINDS)
        self.deciding = Question(DECIDES, "属于哪种情形？", options)
        self.others = [
            Question(
                f"other_{number}", f"是否{lot.choice(_VERBS)}{number}？", (Option("yes", "是"), Option("no", "否"))
            )
            for number in range(300)
        ]
        self.departments = [
            f"{lot.choice('岳荆渝蓉')}某区{lot.choice(_THINGS)}管理中心{number}" for number in range(400)
        ]
        self.conditions = [
            f"符合{lot.choice(_THINGS)}{lot.choice(_VERBS)}规定的条件（{number}）" for number in range(2_000)
        ]


def _items(pools: _Pools, lot: Random, region: str, count: int) -> Iterator[Item]:
    for number in range(count):
        asked = (pools.deciding,) if number % 10 in {6, 7} else ()
        if lot.random() < 0.3:
            asked = (*asked, lot.choice(pools.others))
        handling = lot.choice(tuple(HandlingType))
        yield Item(
            catalogue=region,
            code=f"11{region}TB{number % 4000:07d}A3{number:011d}01",
            version=1,
            name=f"{lot.choice(_THINGS)}{lot.choice(_VERBS)}{lot.choice(_FOR)}",
            item_type=ItemType.PUBLIC_SERVICE,
            handling_type=handling,
            applicant_types=(ApplicantType.NATURAL_PERSON,),
            statutory_days=0 if handling is HandlingType.IMMEDIATE else 20,
            promised_days=0 if handling is HandlingType.IMMEDIATE else lot.choice((1, 3, 5, 10)),
            modes=(Mode.REMOTE,),
            department=lot.choice(pools.departments),
            state=ItemState.SUSPENDED if number % 50 == 49 else ItemState.PUBLISHED,
            valid_from=date(2026, 1, 1),
            materials=_some(pools.materials, lot),
            situations=asked,
            conditions=lot.choice(pools.conditions),
            apply_ways=(ApplyWay.WINDOW, ApplyWay.ONLINE),
            procedure=("受理", "审核", "办结"),
            result_ways=(ResultWay.POST,),
        )


def _some(materials: Sequence[MaterialRequirement], lot: Random) -> tuple[MaterialRequirement, ...]:
    by_key = {each.key: each for each in lot.sample(materials, lot.randint(3, 8))}
    return tuple(by_key.values())


def _rows(catalogues: Sequence[Catalogue], count: int, lot: Random) -> tuple[list[CrosswalkRow], list[Plain]]:
    rows: list[CrosswalkRow] = []
    plain: list[Plain] = []
    number = 0
    while len(rows) < count:
        catalogue = catalogues[number % len(catalogues)]
        target = lot.choice([each for each in catalogues if each is not catalogue])
        place = number // len(catalogues)
        item = catalogue.items[place % len(catalogue.items)]
        number += 1
        kind = place % 10
        fate = {4: "over", 5: "one side"}.get(kind, "counts")
        for when in _KINDS if kind in {6, 7} else ("",):
            there = None if kind == 8 else lot.choice(target.items)
            told = Plain(catalogue.id, item.code, target.id, when, there.code if there else "", fate)
            plain.append(told)
            rows.append(_row(len(rows), told, item, there))
    return rows, plain


def _row(number: int, plain: Plain, item: Item, there: Item | None) -> CrosswalkRow:
    signed = (plain.source, plain.target) if plain.fate != "one side" else (plain.source,)
    materials = {
        one.key: other.key for one, other in zip(item.materials, there.materials if there else (), strict=False)
    }
    return CrosswalkRow(
        id=f"L-{number:06d}",
        source_catalogue=plain.source,
        source_code=plain.code,
        source_name=item.name,
        target_catalogue=plain.target,
        target_code=plain.leads_to,
        target_name=there.name if there else "",
        relationship=Relationship.EQUIVALENT if there else Relationship.NONE,
        conditions={DECIDES: frozenset((plain.when,))} if plain.when else {},
        materials=materials,
        products={},
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 6, 30) if plain.fate == "over" else date(2028, 12, 31),
        version=1,
        confidence=95,
        justification="两地材料与结果一致",
        standing=Standing(tuple(sorted(f"{region}.gateway" for region in signed))),
    )
