"""What is taken over as a platform's catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.catalogue import Pull
from gateway.domain.catalogue import (
    Catalogue,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Window,
)
from gateway.domain.catalogue_file import MAX_RECORD_BYTES
from gateway.domain.codes import ItemType
from gateway.domain.editions import next_edition, record_of
from gateway.domain.people import ApplicantType
from trust.errors import Fault, Reason, WrongState

ITEM = Item(
    catalogue="430600",
    code="LOCAL 7/甲",
    version=1,
    name="城乡居民养老保险登记",
    item_type=ItemType.PUBLIC_SERVICE,
    handling_type=HandlingType.IMMEDIATE,
    applicant_types=(ApplicantType.NATURAL_PERSON,),
    statutory_days=0,
    promised_days=0,
    modes=(),
    department="人社局",
    state=ItemState.PUBLISHED,
    valid_from=date(2026, 1, 1),
    materials=(MaterialRequirement("form", "申请表", True, MaterialSource.APPLICANT, MaterialForm.ORIGINAL),),
)


def take(*items: Item, name: str = "岳阳市事项", windows: tuple[Window, ...] = ()) -> Catalogue:
    pull = Pull("430600")
    return pull.catalogue(name, 3, [pull.take(item) for item in items], windows)


def test_a_code_that_does_not_conform_is_kept_letter_for_letter_and_flagged() -> None:
    (item,) = take(ITEM).items
    assert item == ITEM
    assert item.parsed_code.flaw


def test_what_items_have_in_common_is_held_once() -> None:
    form = replace(ITEM.materials[0])
    one, other = take(ITEM, replace(ITEM, code="LOCAL 8", materials=(form,))).items
    assert one.materials is other.materials


@pytest.mark.parametrize(
    ("items", "more", "got"),
    [
        ((), {}, "without a single item"),
        ((ITEM, replace(ITEM, version=2)), {}, "item LOCAL 7/甲: it is listed twice"),
        ((ITEM,), {"name": ""}, "catalogue, name: a text"),
        ((ITEM,), {"windows": (Window("窗口", ""),)}, "windows[1] 窗口, address: a text"),
    ],
)
def test_a_catalogue_that_no_file_could_hold_is_not_taken_over(
    items: tuple[Item, ...], more: dict[str, str], got: str
) -> None:
    with pytest.raises(WrongState) as caught:
        take(*items, **more)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.PLATFORM_REFUSED
    assert caught.value.fault is Fault.PLATFORM
    assert got in caught.value.got


def test_every_faulty_item_is_named() -> None:
    late = replace(ITEM, code="LATE", valid_until=date(2025, 1, 1))
    idle = replace(ITEM, code="IDLE", handling_type=HandlingType.COMMITTED)
    with pytest.raises(WrongState) as caught:
        take(late, ITEM, idle)
    assert "item LATE, valid_until" in caught.value.got
    assert "item IDLE, promised_days" in caught.value.got


def long(item: Item, notes: int) -> Item:
    """An item with so many sheets of notes, 3,000 bytes and some each."""
    (form,) = item.materials
    sheets = (replace(form, key=f"note_{number}", note="注" * 1000) for number in range(notes))
    return replace(item, code="LONG", materials=(form, *sheets))


def test_an_item_that_no_other_gateway_would_take_is_not_taken_over_here() -> None:
    (taken,) = take(long(ITEM, 19)).items
    assert taken.code == "LONG"
    with pytest.raises(WrongState) as caught:
        take(ITEM, long(ITEM, 21))
    assert "item LONG: " in caught.value.got
    assert "64512 are the most" in caught.value.got


def test_there_is_always_room_for_what_the_gateway_adds() -> None:
    """The longest item that may be told, in its highest version, with a day, and retired."""
    (taken,) = take(long(ITEM, 19)).items
    left = 64512 - len(record_of(taken))
    names = tuple(replace(taken.materials[0], name="名" * 100, key=f"k{n}") for n in range(left // 450))
    (taken,) = take(replace(taken, materials=(*taken.materials, *names))).items
    held, _ = next_edition(None, Catalogue("430600", "岳阳市事项", 1, (taken,)), date(2026, 1, 1))
    listed = replace(taken, version=2**31 - 2, listed_from=date(2026, 1, 1), valid_until=date(2099, 1, 1))
    others = Catalogue("430600", "岳阳市事项", 1, (ITEM,))
    retired, _ = next_edition(replace(held, items=(listed,)), others, date(2026, 1, 2))
    newest = retired.find("LONG")
    assert newest is not None
    assert newest.state is ItemState.RETIRED
    assert 63_000 < len(record_of(newest)) <= MAX_RECORD_BYTES
