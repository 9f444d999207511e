"""Signing for rows of the crosswalk, withdrawing them, and giving rows and journal out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest
from tongban.crosswalk.v1 import crosswalk_service_pb2 as messages
from tongban.crosswalk.v1 import row_pb2

from gateway.domain.catalogue import NATIONAL
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Relationship, Standing, record_of
from gateway.domain.crosswalk_cells import row_of
from gateway.domain.crosswalk_csv import write_csv
from gateway.domain.reviews import fold
from gateway.domain.sssom import write_sssom
from gateway.domain.translation import Matched, Query, SetAside, Unmapped, translate
from gateway.exchange import crosswalks
from gateway.ports import CrosswalkEntry, Recording
from gateway.wire import routes
from gateway.wire.crosswalks import read_changes
from tests.gateway.exchange.test_idempotency import Failing
from tests.gateway.exchange.world import BOTH_SIGNED, CHONGQING, JINGZHOU, NOW, YUEYANG, Answer, City, Federation, row
from trust.leaf import LeafKind
from trust.review import Verdict, open_review
from trust.signed_call import Officer

ZHANG = Officer("430600-clerk-7", "reviewer", "岳阳市政务服务中心")
LI = Officer("421000-clerk-3", "reviewer", "荆州市政务服务中心")
APPROVE, WITHDRAW = messages.VERDICT_APPROVE, messages.VERDICT_WITHDRAW
TODAY = date(2026, 11, 23)


def proposed(source: str, target: str = "T-1", **changes: Any) -> CrosswalkRow:
    return row(source, target, **{"standing": Standing(), **changes})


def signed_by(*regions: str, withdrawn: tuple[tuple[str, date], ...] = ()) -> Standing:
    return Standing(
        tuple(sorted(f"{region}.gateway" for region in regions)),
        tuple((f"{region}.gateway", day) for region, day in withdrawn),
    )


def know(federation: Federation, *rows: CrosswalkRow) -> None:
    """Every city goes by these rows from now on."""
    for city in federation.cities.values():
        city.known.crosswalk = Crosswalk(rows)


async def review(federation: Federation, city: City, *rows: CrosswalkRow | bytes, **changes: Any) -> Answer:
    """The city's platform reviews rows for its officer."""
    officer = changes.pop("officer", LI if city is federation.jingzhou else ZHANG)
    fields: dict[str, Any] = {
        "idempotency_key": "review-0001",
        "rows": [each if isinstance(each, bytes) else each.hash for each in rows],
        "verdict": APPROVE,
        **changes,
    }
    request = messages.ReviewRowsRequest(**fields)
    return await federation.call(city.platform, city, routes.REVIEW_ROWS, request, officer=officer)


def reviewed(answer: Answer) -> messages.ReviewRowsResponse:
    return messages.ReviewRowsResponse.FromString(answer.body)


async def journal(city: City) -> list[CrosswalkEntry]:
    return [entry for _, entry in await city.store.crosswalk_journal(0, 100_000)]


async def follow(federation: Federation, *rows: CrosswalkRow) -> None:
    """Every city learns of every review, and goes by the rows with what was said of them."""
    texts = [entry.review for city in federation.cities.values() for entry in await journal(city) if entry.review]
    know(federation, *fold(rows, [open_review(text, federation.directory) for text in texts]).rows)


# Signing


async def test_an_officer_signs_and_the_gateway_answers_for_it(federation: Federation) -> None:
    yueyang, one = federation.yueyang, proposed("S-1")
    know(federation, one)
    answer = reviewed(await review(federation, yueyang, one, reason="名称一致"))
    assert (answer.in_force, answer.awaiting_other_side) == (0, 1)
    opened = open_review(answer.review, federation.directory)
    assert (opened.member, opened.officer, opened.verdict) == ("430600.gateway", ZHANG, Verdict.APPROVE)
    assert (opened.rows, opened.at, opened.reason) == ({one.hash}, NOW, "名称一致")
    assert await journal(yueyang) == [CrosswalkEntry(review=answer.review)]
    (leaf,) = await yueyang.leaves()
    assert (leaf.kind, leaf.subject) == (LeafKind.ADMIN, hashlib.sha256(answer.review.encode()).hexdigest())
    assert leaf.member == "430600.platform"


async def test_a_row_is_in_force_when_the_second_side_has_signed(federation: Federation) -> None:
    rows = (proposed("S-1"), proposed("S-MORE", "T-MORE"))
    know(federation, *rows)
    await review(federation, federation.yueyang, rows[0])
    await follow(federation, *rows)
    answer = reviewed(await review(federation, federation.jingzhou, *rows))
    assert (answer.in_force, answer.awaiting_other_side) == (1, 1)
    await follow(federation, *rows)
    for city in (federation.yueyang, federation.jingzhou):
        assert isinstance(translate(city.known.atlas, Query(YUEYANG, JINGZHOU, "S-1", TODAY)), Matched)
        assert isinstance(translate(city.known.atlas, Query(YUEYANG, JINGZHOU, "S-MORE", TODAY)), Unmapped)


async def test_nobody_signs_without_an_officer(federation: Federation) -> None:
    one = proposed("S-1")
    know(federation, one)
    answer = await review(federation, federation.yueyang, one, officer=None)
    assert answer.error.reason == "OFFICER_MISSING"
    assert await journal(federation.yueyang) == []


async def test_unknown_rows_are_counted_and_the_first_are_named(federation: Federation) -> None:
    one = proposed("S-1")
    know(federation, one)
    unknown = [bytes([number]) * 32 for number in range(7)]
    error = (await review(federation, federation.yueyang, one, *unknown)).error
    assert error.reason == "ROW_UNKNOWN"
    assert "7 unknown" in error.failed
    assert [digest.hex() in error.failed for digest in unknown] == [True] * 5 + [False] * 2
    assert await journal(federation.yueyang) == []


async def test_a_row_between_others_is_theirs(federation: Federation) -> None:
    ours, theirs = proposed("S-1"), proposed("S-1", id="theirs", source_catalogue=CHONGQING)
    know(federation, ours, theirs)
    error = (await review(federation, federation.yueyang, ours, theirs)).error
    assert error.reason == "RIGHT_MISSING"
    assert "1 row(s) between others: theirs" in error.failed
    assert await journal(federation.yueyang) == []


async def test_anybody_signs_for_rows_with_the_national_list(federation: Federation) -> None:
    basic = proposed("S-1", "000123000000", target_catalogue=NATIONAL)
    know(federation, basic)
    assert reviewed(await review(federation, federation.chongqing, basic)).awaiting_other_side == 1
    await follow(federation, basic)
    assert reviewed(await review(federation, federation.yueyang, basic)).in_force == 1
    await follow(federation, basic)
    assert reviewed(await review(federation, federation.jingzhou, basic)).in_force == 1


async def test_signing_again_is_harmless_and_signs_only_for_what_is_new(federation: Federation) -> None:
    yueyang, rows = federation.yueyang, (proposed("S-1"), proposed("S-MORE", "T-MORE"))
    know(federation, *rows)
    await review(federation, yueyang, rows[0])
    await follow(federation, *rows)
    again = reviewed(await review(federation, yueyang, rows[0], idempotency_key="review-0002"))
    assert (again.awaiting_other_side, again.review) == (1, "")
    assert len(await journal(yueyang)) == len(await yueyang.leaves()) == 1
    both = reviewed(await review(federation, yueyang, *rows, idempotency_key="review-0003"))
    assert both.awaiting_other_side == 2
    assert open_review(both.review, federation.directory).rows == {rows[1].hash}


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_lost_answer_signs_once(federation: Federation, fault: str) -> None:
    one = proposed("S-1")
    know(federation, one)
    store = Failing(federation.yueyang.store)
    failing = federation.yueyang.on(store)
    store.fails.append(fault)
    assert (await review(federation, failing, one)).error.reason == "STORE_UNAVAILABLE"
    answer = reviewed(await review(federation, failing, one))
    assert await journal(federation.yueyang) == [CrosswalkEntry(review=answer.review)]


# Withdrawing


async def test_what_is_withdrawn_is_over_from_the_day_and_for_good(federation: Federation) -> None:
    one = proposed("S-1", standing=BOTH_SIGNED)
    know(federation, one)
    answer = reviewed(await review(federation, federation.jingzhou, one, verdict=WITHDRAW, reason="事项已取消"))
    assert (answer.in_force, answer.awaiting_other_side) == (0, 0)
    text = (await journal(federation.jingzhou))[0].review
    know(federation, one.with_standing(signed_by(YUEYANG, JINGZHOU, withdrawn=((JINGZHOU, TODAY),))))
    assert open_review(text, federation.directory).verdict is Verdict.WITHDRAW
    again = reviewed(
        await review(federation, federation.jingzhou, one, verdict=WITHDRAW, reason="x", idempotency_key="review-0002")
    )
    assert again.review == ""
    for city in (federation.yueyang, federation.jingzhou):
        error = (await review(federation, city, one, idempotency_key="review-0003")).error
        assert error.reason == "ROW_WITHDRAWN"
        assert "row-S-1" in error.failed
    assert len(await journal(federation.jingzhou)) == 1
    assert await journal(federation.yueyang) == []


async def test_a_proposal_is_turned_down_by_withdrawing_it(federation: Federation) -> None:
    one = proposed("S-1")
    know(federation, one)
    reviewed(await review(federation, federation.jingzhou, one, verdict=WITHDRAW, reason="不是同一事项"))
    await follow(federation, one)
    assert (await review(federation, federation.yueyang, one)).error.reason == "ROW_WITHDRAWN"


async def test_a_third_places_withdrawal_of_a_national_row_binds_itself_alone(federation: Federation) -> None:
    basic = proposed("S-1", "000123000000", target_catalogue=NATIONAL, standing=signed_by(CHONGQING))
    know(federation, basic)
    reviewed(await review(federation, federation.chongqing, basic, verdict=WITHDRAW, reason="不再使用"))
    await follow(federation, basic)
    assert reviewed(await review(federation, federation.yueyang, basic)).awaiting_other_side == 1
    error = (await review(federation, federation.chongqing, basic, idempotency_key="review-0002")).error
    assert error.reason == "ROW_WITHDRAWN"


# Contradictions

OURS, BOTH, THEIRS = signed_by(YUEYANG), BOTH_SIGNED, signed_by(JINGZHOU)
SPRING, AUTUMN = date(2026, 3, 1), date(2026, 9, 1)


@pytest.mark.parametrize(
    ("there", "contradicts"),
    [
        pytest.param({"standing": BOTH}, True, id="one in force"),
        pytest.param({"standing": OURS}, True, id="one that this side has signed for"),
        pytest.param({"standing": THEIRS}, False, id="one that only the other side has signed for: they refuse ours"),
        pytest.param({"standing": Standing()}, False, id="a proposal"),
        pytest.param({"standing": BOTH, "valid_until": date(2026, 8, 31)}, False, id="other days"),
        pytest.param({"standing": BOTH, "source_code": "S-MORE"}, False, id="another item"),
        pytest.param({"standing": BOTH, "relationship": Relationship.RELATED}, False, id="one that does not decide"),
        pytest.param(
            {"standing": signed_by(YUEYANG, JINGZHOU, withdrawn=((JINGZHOU, AUTUMN),))}, False, id="over by then"
        ),
        pytest.param(
            {"standing": signed_by(YUEYANG, JINGZHOU, withdrawn=((JINGZHOU, date(2026, 9, 2)),))},
            True,
            id="earlier days keep their answers",
        ),
    ],
)
async def test_what_contradicts_is_not_signed(federation: Federation, there: dict[str, Any], contradicts: bool) -> None:
    new = proposed("S-1", "T-MORE", id="new", valid_from=AUTUMN)
    know(federation, proposed("S-1", id="old", **there), new)
    answer = await review(federation, federation.yueyang, new)
    if contradicts:
        assert answer.error.reason == "ROW_CONTRADICTS"
        assert "new and old" in answer.error.failed
    else:
        assert reviewed(answer).awaiting_other_side == 1
    assert len(await journal(federation.yueyang)) == (not contradicts)


async def test_rows_of_one_call_may_not_contradict_each_other(federation: Federation) -> None:
    rows = (proposed("S-1"), proposed("S-1", "T-MORE", id="other"))
    know(federation, *rows)
    error = (await review(federation, federation.yueyang, *rows)).error
    assert error.reason == "ROW_CONTRADICTS"
    assert "1 pair(s)" in error.failed
    assert await journal(federation.yueyang) == []
    assert reviewed(await review(federation, federation.yueyang, rows[0])).awaiting_other_side == 1


async def test_rows_that_conditions_keep_apart_are_signed_together(federation: Federation) -> None:
    rows = [
        proposed("S-QUESTION", "T-QUESTION", id=answer, conditions={"kind": frozenset({answer})})
        for answer in ("new", "again")
    ]
    know(federation, *rows)
    assert reviewed(await review(federation, federation.yueyang, *rows)).awaiting_other_side == 2


@pytest.mark.parametrize(("from_when", "contradicts"), [(AUTUMN, False), (SPRING, True)])
async def test_a_row_whose_newer_version_has_begun_is_in_nobodys_way(
    federation: Federation, from_when: date, contradicts: bool
) -> None:
    old = proposed("S-1", id="old", standing=BOTH)
    newer = proposed("S-1", id="old", version=2, standing=BOTH, valid_from=AUTUMN, valid_until=AUTUMN)
    new = proposed("S-1", "T-MORE", id="new", valid_from=from_when)
    later = proposed("S-1", "T-MORE", id="later", valid_from=date(2026, 9, 2))
    know(federation, old, newer, new, later)
    assert reviewed(await review(federation, federation.yueyang, later)).awaiting_other_side == 1
    error = (await review(federation, federation.yueyang, new, idempotency_key="review-0002")).error
    assert error.reason == "ROW_CONTRADICTS"
    assert ("2 pair(s)" in error.failed) is contradicts


async def test_of_one_version_in_two_wordings_only_one_is_signed(federation: Federation) -> None:
    rows = (proposed("S-1", standing=OURS), proposed("S-1", justification="另一种说法"))
    know(federation, *rows)
    assert (await review(federation, federation.yueyang, rows[1])).error.reason == "ROW_CONTRADICTS"


async def test_a_new_version_is_signed_beside_the_old(federation: Federation) -> None:
    rows = (proposed("S-1", standing=BOTH), proposed("S-1", version=2))
    know(federation, *rows)
    assert reviewed(await review(federation, federation.yueyang, rows[1])).awaiting_other_side == 1


async def test_reviews_that_cross_route_nothing(federation: Federation) -> None:
    """Each is decided before the crosswalk is folded anew with the other."""
    rows = (proposed("S-1"), proposed("S-1", "T-MORE", id="other"))
    know(federation, *rows)
    for number, one in enumerate(rows):
        for city in (federation.yueyang, federation.jingzhou):
            reviewed(await review(federation, city, one, idempotency_key=f"review-000{number}"))
    await follow(federation, *rows)
    found = translate(federation.yueyang.known.atlas, Query(YUEYANG, JINGZHOU, "S-1", TODAY))
    assert isinstance(found, Unmapped)
    assert [reason for _, reason in found.set_aside] == [SetAside.CONTRADICTED] * 2


# Listing


async def listed(federation: Federation, **fields: Any) -> messages.ListRowsResponse:
    request = messages.ListRowsRequest(**{"limit": 500, **fields})
    answer = await federation.call(federation.yueyang.platform, federation.yueyang, routes.LIST_ROWS, request)
    return messages.ListRowsResponse.FromString(answer.body)


def ids(response: messages.ListRowsResponse) -> list[tuple[str, int]]:
    rows = [row_of(each.record) for each in response.rows]
    assert [each.hash for each in response.rows] == [each.hash for each in rows]
    return [(each.id, each.version) for each in rows]


SOME = (
    proposed("S-1", "T-2", id="c"),
    proposed("S-1", "T-1", id="a", version=10),
    proposed("S-2", "S-1", id="a", version=2, standing=OURS),
    proposed("S-3", "T-3", id="b", standing=signed_by(JINGZHOU, withdrawn=((YUEYANG, TODAY),))),
    proposed("T-3", "S-3", id="d", source_catalogue=JINGZHOU, target_catalogue=YUEYANG, standing=THEIRS),
    proposed("T-3", "", id="e", source_catalogue=JINGZHOU, target_catalogue=CHONGQING),
    proposed("S-3", "000", id="f", target_catalogue=NATIONAL),
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [("a", 2), ("a", 10), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("f", 1)]),
        ({"code": "S-1"}, [("a", 2), ("a", 10), ("c", 1)]),
        ({"code": "S-"}, []),
        ({"awaiting_us": True}, [("a", 10), ("c", 1), ("d", 1), ("f", 1)]),
        (
            {"one_region": JINGZHOU, "other_region": YUEYANG},
            [("a", 2), ("a", 10), ("b", 1), ("c", 1), ("d", 1)],
        ),
        ({"one_region": CHONGQING, "other_region": JINGZHOU}, [("e", 1)]),
        ({"one_region": JINGZHOU, "other_region": YUEYANG, "code": "S-3", "awaiting_us": True}, [("d", 1)]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 500])
async def test_rows_are_listed_by_id_and_version_page_by_page(
    federation: Federation, fields: dict[str, Any], expected: list[tuple[str, int]], limit: int
) -> None:
    know(federation, *SOME)
    found: list[tuple[str, int]] = []
    page, pages = "", 0
    while pages == 0 or page:
        response = await listed(federation, **fields, limit=limit, page=page)
        found += ids(response)
        page, pages = response.next_page, pages + 1
    assert found == expected
    assert pages == max(1, -(-len(expected) // limit))


async def test_a_listed_row_says_who_stands_by_it(federation: Federation) -> None:
    standing = signed_by(YUEYANG, JINGZHOU, withdrawn=((JINGZHOU, TODAY),))
    one = proposed("S-1", standing=standing)
    know(federation, one)
    assert list((await listed(federation)).rows) == [
        row_pb2.Row(
            record=record_of(one),
            hash=one.hash,
            approved_by=["421000.gateway", "430600.gateway"],
            withdrawn_by=["421000.gateway"],
            withdrawn_on="2026-11-23",
        )
    ]


async def test_a_page_ends_before_the_message_is_too_large(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(federation, *SOME)
    monkeypatch.setattr(crosswalks, "PIECE_BYTES", 2 * max(len(record_of(each)) for each in SOME))
    response = await listed(federation)
    assert ids(response) == [("a", 2), ("a", 10)]
    assert ids(await listed(federation, page=response.next_page)) == [("b", 1), ("c", 1)]
    monkeypatch.setattr(crosswalks, "PIECE_BYTES", 1)  # never an empty page
    assert ids(await listed(federation)) == [("a", 2)]


async def test_rows_that_come_in_between_shift_no_page(federation: Federation) -> None:
    know(federation, *SOME)
    first = await listed(federation, limit=3)
    know(federation, *SOME, proposed("S-9", id="A"), proposed("S-9", id="bb"))
    assert ids(await listed(federation, limit=2, page=first.next_page)) == [("bb", 1), ("c", 1)]


@pytest.mark.parametrize("page", ["x", "1.zz.a", "."])
async def test_a_page_that_nobody_gave_is_refused(federation: Federation, page: str) -> None:
    request = messages.ListRowsRequest(limit=1, page=page)
    yueyang = federation.yueyang
    error = (await federation.call(yueyang.platform, yueyang, routes.LIST_ROWS, request)).error
    assert (error.reason, error.details.get("field")) == ("FIELD_INVALID", "page")


# Files


async def exported(federation: Federation, city: City, **fields: Any) -> Answer:
    request = messages.ExportCrosswalkRequest(**{"format": messages.FILE_FORMAT_CSV, **fields})
    return await federation.call(city.platform, city, routes.EXPORT_CROSSWALK, request)


def part_of(answer: Answer) -> messages.ExportCrosswalkResponse:
    return messages.ExportCrosswalkResponse.FromString(answer.body)


def make_pieces_small(patch: pytest.MonkeyPatch, write: Callable[[Iterable[CrosswalkRow]], str]) -> int:
    """Let two rows go at once, and hardly more into a piece; how many bytes."""
    longest = len(write(sorted(SOME, key=lambda each: len(record_of(each)))[-3:]).encode())
    patch.setattr(crosswalks, "_ROWS_AT_ONCE", 2)
    patch.setattr(crosswalks, "PIECE_BYTES", longest)
    return longest


@pytest.mark.parametrize("regions", [("", ""), (JINGZHOU, YUEYANG)])
@pytest.mark.parametrize(
    ("form", "write"), [(messages.FILE_FORMAT_CSV, write_csv), (messages.FILE_FORMAT_SSSOM, write_sssom)]
)
async def test_the_pieces_make_the_file(
    federation: Federation,
    regions: tuple[str, str],
    form: messages.FileFormat,
    write: Callable[[Iterable[CrosswalkRow]], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longest = make_pieces_small(monkeypatch, write)
    know(federation, *SOME)
    pieces: list[bytes] = []
    fields: dict[str, Any] = {"format": form, "one_region": regions[0], "other_region": regions[1]}
    page = ""
    while not pieces or page:
        part = part_of(await exported(federation, federation.yueyang, page=page, **fields))
        pieces.append(part.content)
        page = part.next_page
    ordered = sorted(SOME, key=lambda each: (each.id, each.version))
    assert b"".join(pieces).decode() == write(ordered[:5] if regions[0] else ordered)
    assert len(pieces) > 1
    assert all(len(piece) <= longest for piece in pieces)


async def test_an_empty_crosswalk_is_a_file_with_a_heading(federation: Federation) -> None:
    know(federation)
    part = part_of(await exported(federation, federation.yueyang))
    assert (part.content.decode(), part.next_page) == (write_csv(()), "")


async def test_pieces_of_two_states_are_never_put_together(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pieces_small(monkeypatch, write_csv)
    know(federation, *SOME)
    page = part_of(await exported(federation, federation.yueyang)).next_page
    know(federation, *SOME[:-1], SOME[-1].with_standing(OURS))
    error = (await exported(federation, federation.yueyang, page=page)).error
    assert (error.reason, error.details.get("field")) == ("FIELD_INVALID", "page")
    know(federation, *SOME)
    assert part_of(await exported(federation, federation.yueyang, page=page)).content
    other = await exported(federation, federation.yueyang, page=page, one_region=JINGZHOU, other_region=YUEYANG)
    assert other.error.reason == "FIELD_INVALID"


# The journal


async def changes(federation: Federation, after: int) -> list[tuple[int, CrosswalkEntry]]:
    request = messages.ListChangesRequest(after=after)
    city = federation.yueyang
    return read_changes((await federation.call(federation.jingzhou.gateway, city, routes.LIST_CHANGES, request)).body)


async def test_a_peer_reads_the_journal_as_it_is_kept(federation: Federation) -> None:
    store = federation.yueyang.store
    entries = (*(CrosswalkEntry(record_of(each)) for each in SOME), CrosswalkEntry(review="a.b.c"))
    await store.record(Recording(crosswalk_entries=entries))
    kept = await store.crosswalk_journal(0, 100)
    assert [entry for _, entry in kept] == list(entries)
    assert await changes(federation, 0) == kept
    assert await changes(federation, kept[4][0]) == kept[5:]
    assert await changes(federation, kept[-1][0]) == []


@pytest.mark.parametrize("at_once", [1, 3, 4, 100])
async def test_a_piece_of_the_journal_is_bounded_in_number_and_bytes(
    federation: Federation, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    store = federation.yueyang.store
    await store.record(Recording(crosswalk_entries=tuple(CrosswalkEntry(b"%03d" % number) for number in range(20))))
    kept = await store.crosswalk_journal(0, 100)
    monkeypatch.setattr(crosswalks, "_ENTRIES_AT_ONCE", at_once)
    monkeypatch.setattr(crosswalks, "PIECE_BYTES", 17)
    assert await changes(federation, 0) == kept[:5]
    assert await changes(federation, kept[4][0]) == kept[5:10]
    monkeypatch.setattr(crosswalks, "PIECE_BYTES", 1_000)
    monkeypatch.setattr(crosswalks, "MAX_CHANGES", 12)
    assert await changes(federation, 0) == kept[:12]
