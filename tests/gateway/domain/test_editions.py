from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.catalogue import (
    NATIONAL,
    ApplyWay,
    Catalogue,
    HandlingItem,
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
    Window,
)
from gateway.domain.catalogue_reader import Shared
from gateway.domain.codes import ItemType
from gateway.domain.editions import ColumnChange, digest_of, item_of, next_edition, record_of
from gateway.domain.people import ApplicantType
from trust.errors import Fault, Malformed
from trust.merkle import EMPTY_ROOT

MakeItem = Callable[..., Item]
MakeCatalogue = Callable[..., Catalogue]

DAY = date(2026, 3, 1)
NEXT = date(2026, 3, 2)
LATER = date(2026, 4, 1)


def whole_item(**changes: Any) -> Item:
    """An item that uses every field."""
    agency = "11430600MB1234567X"
    fields: dict[str, Any] = {
        "catalogue": "430600",
        "code": f"{agency}3430100001000",
        "version": 3,
        "name": "社会保障卡申领",
        "item_type": ItemType.LICENSING,
        "handling_type": HandlingType.COMMITTED,
        "applicant_types": (ApplicantType.NATURAL_PERSON,),
        "statutory_days": 20,
        "promised_days": 5,
        "modes": (Mode.ONLINE, Mode.REMOTE),
        "department": "人力资源和社会保障局",
        "state": ItemState.PUBLISHED,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 12, 31),
        "listed_from": DAY,
        "basic_code": "430100001000",
        "implementation_code": f"{agency}3430100001000",
        "materials": (
            MaterialRequirement(
                key="identity",
                name="身份证",
                required=True,
                source=MaterialSource.GOVERNMENT,
                form=MaterialForm.ORIGINAL_AND_COPY,
                exempt_by_licence="11000000TB000001XLT01",
                may_be_deferred=True,
                by_promise=True,
                copies=2,
                note="正反面，姓名含生僻字𠮷的附户口簿",
            ),
            MaterialRequirement(
                "household", "户口簿", False, MaterialSource.OTHER, MaterialForm.COPY, exempt_by_sharing="公安局"
            ),
        ),
        "situations": (
            Question("kind", "首次？", (Option("yes", "是", chooses=f"{agency}343010000100001"), Option("no", "否"))),
            Question(
                "why",
                "为何？",
                (Option("lost", "遗失", adds=("household",)), Option("damaged", "损坏", waives=("identity",))),
                asked_when={"kind": frozenset({"no", "yes"})},
            ),
        ),
        "fee": "20元/张",
        "conditions": "在本地参保",
        "apply_ways": (ApplyWay.WINDOW, ApplyWay.ONLINE),
        "procedure": ("收件", "受理", "办结"),
        "result_ways": (ResultWay.POST, ResultWay.ELECTRONIC),
        "handling_items": (HandlingItem(f"{agency}343010000100001", "首次申领"),),
        "result_name": "社会保障卡",
        "result_licence_type": "11000000TB000001XLT03",
        "official": True,
    }
    return Item(**{**fields, **changes})


_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
_keys = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
_materials = st.lists(
    st.builds(
        MaterialRequirement,
        key=_keys,
        name=_texts,
        required=st.booleans(),
        source=st.sampled_from(MaterialSource),
        form=st.sampled_from(MaterialForm),
        exempt_by_sharing=st.just("") | _texts,
        by_promise=st.booleans(),
        copies=st.integers(1, 9),
        note=st.just("") | _texts,
    ),
    max_size=3,
    unique_by=lambda material: material.key,
).map(tuple)
_items = st.builds(
    whole_item,
    code=_texts,
    basic_code=st.just(""),
    implementation_code=st.just(""),
    version=st.integers(1, 99),
    name=_texts,
    modes=st.lists(st.sampled_from(Mode), unique=True).map(tuple),
    apply_ways=st.lists(st.sampled_from(ApplyWay), unique=True).map(tuple),
    result_ways=st.lists(st.sampled_from(ResultWay), unique=True).map(tuple),
    conditions=st.just("") | _texts,
    procedure=st.lists(_texts, max_size=3).map(tuple),
    materials=_materials,
    situations=st.just(()),
    handling_items=st.just(()),
    listed_from=st.none() | st.dates(),
    valid_until=st.none(),
)


@given(st.lists(_items, max_size=4))
def test_a_record_is_read_back_to_its_item_whatever_was_read_before(items: list[Item]) -> None:
    shared = Shared()
    for item in items:
        # A basic code that the code itself says is filled in by reading.
        whole = replace(item, basic_code=item.parsed_code.basic, implementation_code=item.parsed_code.implementation)
        assert item_of(record_of(whole), "430600", shared) == whole


def test_every_field_is_in_the_record() -> None:
    item = whole_item()
    assert item_of(record_of(item), "430600") == item
    changed = whole_item(materials=(), situations=(), handling_items=())
    assert record_of(changed) != record_of(item)
    columns = json.loads(record_of(item))
    left_out = set(Item.__dataclass_fields__) - set(columns)
    assert left_out == {"catalogue", "basic_code", "implementation_code"}  # the code says the latter two itself


def test_the_record_is_canonical_json() -> None:
    record = record_of(whole_item())
    canonical = json.dumps(json.loads(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert record == canonical.encode()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda record: b" " + record, "not in the one form"),
        (lambda record: record.replace(b",", b", ", 1), "not in the one form"),
        (lambda record: json.dumps(json.loads(record), sort_keys=True, separators=(",", ":")).encode(), "the one form"),
        (lambda record: record.replace(b'"by_promise":true', b'"by_promise":true,"by_promise":true'), "the one form"),
        (lambda record: record.replace(b',"copies":2', b',"copies":1'), "the one form"),
        (lambda record: record.replace(b'["no","yes"]', b'["yes","no"]'), "the one form"),
        (lambda record: b"\xef\xbb\xbf" + record, "it is not JSON in UTF-8"),
        (lambda record: record[:-1], "it is not JSON in UTF-8"),
        (lambda _: b"[" * 100_000, "it is not JSON in UTF-8"),
        (lambda _: b"[]", "item: not a JSON object"),
        (lambda record: record.replace(b'"version":3', b'"version":0'), "version: a whole number of 1"),
        (lambda record: record.replace("首次申领".encode(), b"\\ud800"), "half of a character"),
        (lambda record: record.replace(b'"official"', b'"\\ud800"'), "there is no such field"),
    ],
)
def test_other_bytes_than_the_record_are_refused(spoil: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(Malformed) as caught:
        item_of(spoil(record_of(whole_item())), "430600")
    assert message in str(caught.value)
    str(caught.value).encode()


def test_every_fault_of_a_record_is_named() -> None:
    content = json.loads(record_of(whole_item()))
    content["state"], content["materials"][0]["copies"] = "open", 0
    with pytest.raises(Malformed, match=r"2 fault\(s\)"):
        item_of(json.dumps(content).encode(), "430600")


def test_a_record_made_to_flood_the_log_is_refused_in_few_words() -> None:
    content = json.loads(record_of(whole_item()))
    content["code"] = content["handling_items"][0]["code"] = "c" * 100_000
    content["situations"][1]["asked_when"]["x" * 100_000] = ["y" * 100_000]
    content["z" * 100_000] = 1
    content["materials"] = [{"key": "K" * 100_000}] * 2_000
    with pytest.raises(Malformed) as caught:
        item_of(json.dumps(content).encode(), "430600")
    assert len(str(caught.value)) < 50_000


def test_a_faulty_record_leaves_nothing_behind_for_the_next() -> None:
    shared = Shared()
    good = record_of(whole_item())
    content = json.loads(good)
    content["materials"][1]["copies"] = True  # equals 1, and is not a number of copies
    bad = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    for _ in range(2):
        assert item_of(good, "430600", shared) == whole_item()
        with pytest.raises(Malformed, match="copies: a whole number"):
            item_of(bad, "430600", shared)


def test_what_items_share_is_held_once() -> None:
    shared = Shared()
    one = item_of(record_of(whole_item()), "430600", shared)
    other = item_of(record_of(whole_item(version=4)), "430600", shared)
    for name in ("name", "department", "modes", "apply_ways", "procedure", "materials", "situations", "valid_from"):
        assert getattr(one, name) is getattr(other, name), name
    assert one.code is one.implementation_code


def test_fields_that_are_written_alike_are_not_taken_for_each_other() -> None:
    item = item_of(record_of(whole_item(modes=(Mode.ONLINE,), apply_ways=(ApplyWay.ONLINE,))), "430600")
    assert (type(item.modes[0]), type(item.apply_ways[0])) == (Mode, ApplyWay)


def test_the_digest_is_the_merkle_root_over_records_by_code_and_version(make_item: MakeItem) -> None:
    items = [make_item("430600", "B"), make_item("430600", "A", version=2), make_item("430600", "A", version=1)]
    leaves = [sha256(b"\x00" + record_of(item)).digest() for item in (items[2], items[1], items[0])]
    first_two = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert digest_of(items) == sha256(b"\x01" + first_two + leaves[2]).digest()
    assert digest_of([]) == EMPTY_ROOT


@given(st.permutations(range(6)))
def test_the_digest_does_not_depend_on_the_order(order: list[int]) -> None:
    items = [
        whole_item(code=f"C{number % 3}", version=number + 1, basic_code="", implementation_code="")
        for number in range(6)
    ]
    assert digest_of([items[each] for each in order]) == digest_of(items)


def test_the_first_pull_is_taken_as_it_is(make_item: MakeItem) -> None:
    items = (make_item("430600", "B"), make_item("430600", "A", version=7))
    first, diff = next_edition(None, Catalogue("430600", "目录", 5, items), DAY)
    assert (first.version, [item.code for item in first.items]) == (5, ["A", "B"])
    assert first.find("A") == items[1]
    assert diff.added == first.items
    assert not diff.is_empty
    assert not diff.shrinks


def test_the_same_pull_again_gives_the_very_same_catalogue(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    items = (make_item("430600", "A"), make_item("430600", "B"))
    held, _ = next_edition(None, make_catalogue("430600", *items), DAY)
    again, diff = next_edition(held, make_catalogue("430600", *reversed(items)), NEXT)
    assert again is held
    assert diff.is_empty
    # A version raised without any change of content is no news either.
    raised, _ = next_edition(held, make_catalogue("430600", *(replace(item, version=9) for item in items)), NEXT)
    assert raised is held


def test_a_change_becomes_a_version_beside_the_old_one(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    old = make_item("430600", "A")
    held, _ = next_edition(None, make_catalogue("430600", old), DAY)
    told = replace(old, version=4, promised_days=2, fee="10元", modes=(Mode.REMOTE, Mode.ONLINE))
    new, diff = next_edition(held, make_catalogue("430600", told), LATER)
    assert new.version == held.version + 1
    assert new.versions("A") == (replace(told, listed_from=LATER), old)
    assert new.find_on("A", LATER - timedelta(days=1)) == old
    (change,) = diff.changed
    assert change.columns == (
        ColumnChange("fee", "", "10元"),
        ColumnChange("modes", '["remote"]', '["remote","online"]'),
        ColumnChange("promised_days", "3", "2"),
    )
    assert diff.changed_without_version == ()
    assert diff.new_versions == (change.after,)


@pytest.mark.parametrize("told_version", [1, 2])
def test_a_change_under_an_old_number_is_a_new_version_all_the_same(
    make_item: MakeItem, make_catalogue: MakeCatalogue, told_version: int
) -> None:
    old = make_item("430600", "A", version=2)
    held, _ = next_edition(None, make_catalogue("430600", old), DAY)
    new, diff = next_edition(held, make_catalogue("430600", replace(old, version=told_version, fee="10元")), NEXT)
    assert [item.version for item in new.versions("A")] == [3, 2]
    assert diff.changed_without_version == ("A",)


def test_what_a_pull_lacks_is_retired_and_may_come_back(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    a, b = make_item("430600", "A"), make_item("430600", "B")
    held, _ = next_edition(None, make_catalogue("430600", a, b), DAY)
    without, diff = next_edition(held, make_catalogue("430600", b), NEXT)
    assert [change.before for change in diff.retired] == [a]
    assert without.find("A") == replace(a, version=2, state=ItemState.RETIRED, listed_from=NEXT)
    still, diff = next_edition(without, make_catalogue("430600", b), LATER)
    assert still is without
    back, diff = next_edition(without, make_catalogue("430600", a, b), LATER)
    assert back.find("A") == replace(a, version=3, listed_from=LATER)
    assert diff.changed[0].columns == (ColumnChange("state", "retired", "published"),)
    for on, state in [(DAY, "published"), (NEXT, "retired"), (LATER, "published")]:
        found = back.find_on("A", on)
        assert found is not None
        assert found.state == state


def test_what_had_not_begun_is_retired_at_once(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    now, other = make_item("430600", "A"), make_item("430600", "B")
    held, _ = next_edition(None, make_catalogue("430600", now, other), DAY)
    announced = replace(now, fee="10元", valid_from=LATER)
    held, _ = next_edition(held, make_catalogue("430600", announced, other), DAY)
    held, _ = next_edition(held, make_catalogue("430600", other), NEXT)
    for on in (NEXT, LATER):
        found = held.find_on("A", on)
        assert found is not None
        assert found.state is ItemState.RETIRED


def test_of_two_changes_on_one_day_the_later_counts(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    old = make_item("430600", "A")
    held, _ = next_edition(None, make_catalogue("430600", old), DAY)
    for fee in ("10元", "20元"):
        held, _ = next_edition(held, make_catalogue("430600", replace(old, fee=fee)), NEXT)
    assert [item.fee for item in held.versions("A")] == ["20元", "10元", ""]
    found = held.find_on("A", NEXT)
    assert found is not None
    assert found.fee == "20元"


def test_windows_and_name_make_an_edition_too(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    held, _ = next_edition(None, make_catalogue("430600", make_item("430600", "A")), DAY)
    for change in ({"windows": (Window("跨省通办窗口", "岳阳大道1号"),)}, {"name": "新名"}):
        told = replace(held, **change)
        new, diff = next_edition(held, told, NEXT)
        assert diff.heading_changed
        assert (new.version, new.items) == (held.version + 1, held.items)
        assert (new.name, new.windows) == (told.name, told.windows)


@pytest.mark.parametrize(("before", "gone", "shrinks"), [(30, 6, False), (29, 6, True), (10, 5, False), (10, 6, True)])
def test_a_pull_that_lacks_much_is_in_doubt(
    make_item: MakeItem, make_catalogue: MakeCatalogue, before: int, gone: int, shrinks: bool
) -> None:
    items = [make_item("430600", f"A{number:02}") for number in range(before)]
    drafts = [make_item("430600", f"D{number:02}", state=ItemState.DRAFT) for number in range(20)]
    held, _ = next_edition(None, make_catalogue("430600", *items, *drafts), DAY)
    _, diff = next_edition(held, make_catalogue("430600", *items[gone:]), NEXT)
    assert (diff.in_force, diff.vanished, diff.shrinks) == (before, gone, shrinks)
    assert len(diff.retired) == gone + len(drafts)


def test_a_pull_tells_one_version_of_this_places_items(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    item = make_item("430600", "A")
    held, _ = next_edition(None, make_catalogue("430600", item), DAY)
    with pytest.raises(Malformed, match="several versions of 'A'") as caught:
        next_edition(held, make_catalogue("430600", item, replace(item, version=2)), NEXT)
    assert caught.value.fault is Fault.PLATFORM
    with pytest.raises(Malformed, match="catalogue 421000"):
        next_edition(held, make_catalogue("421000", make_item("421000", "A")), NEXT)


def test_the_national_list_has_editions_like_any_other(make_item: MakeItem, make_catalogue: MakeCatalogue) -> None:
    basic = make_item(NATIONAL, "000100001000", basic_code="000100001000")
    held, _ = next_edition(None, make_catalogue(NATIONAL, basic), DAY)
    assert item_of(record_of(held.items[0]), NATIONAL) == basic


_pulls = st.lists(
    st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from("ABC"), st.integers(1, 3), max_size=3)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=200)
@given(_pulls, st.randoms(use_true_random=False))
def test_every_day_is_answered_as_the_platform_told_it_that_day(
    pulls: list[tuple[int, dict[str, int]]], chance: random.Random
) -> None:
    plain = whole_item(
        basic_code="", implementation_code="", handling_items=(), situations=(), valid_until=None, listed_from=None
    )
    held: Catalogue | None = None
    day = DAY
    told_on: dict[date, dict[str, int]] = {}
    editions = []
    for days, told in pulls:
        day += timedelta(days=days)
        items = [replace(plain, code=code, promised_days=content, version=1) for code, content in told.items()]
        chance.shuffle(items)
        held, _ = next_edition(held, Catalogue("430600", "目录", 1, tuple(items)), day)
        again, nothing = next_edition(held, Catalogue("430600", "目录", 1, tuple(items)), day)
        assert again is held
        assert nothing.is_empty
        editions.append(held)
        told_on[day] = told
    assert held is not None
    for earlier, later in itertools.pairwise(editions):
        assert [item for item in earlier.items if item not in later.items] == []
        assert later.version - earlier.version == (later is not earlier)
    ever = set()
    for on, told in told_on.items():
        ever |= set(told)
        for code in ever:
            found = held.find_on(code, on)
            assert found is not None
            if code in told:
                assert (found.promised_days, found.state) == (told[code], ItemState.PUBLISHED)
            else:
                assert found.state is ItemState.RETIRED
