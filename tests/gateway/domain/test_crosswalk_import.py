from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.catalogue import NATIONAL
from gateway.domain.crosswalk import ALWAYS, NOTHING, Crosswalk, CrosswalkRow, Relationship
from gateway.domain.crosswalk_csv import parse_csv, write_csv
from gateway.domain.crosswalk_import import Comparison, compare
from gateway.domain.reviews import fold
from trust.errors import Malformed, Reason
from trust.review import Review, Verdict
from trust.signed_call import Officer

YUEYANG, JINGZHOU = "430600", "421000"
NEW, USED = {"house": frozenset({"new"})}, {"house": frozenset({"used"})}


def row(row_id: str, version: int = 1, **changes: Any) -> CrosswalkRow:
    fields: dict[str, Any] = {
        "source_catalogue": YUEYANG,
        "source_code": "A",
        "source_name": "事项A",
        "target_catalogue": JINGZHOU,
        "target_code": "B",
        "target_name": "事项B",
        "relationship": Relationship.EQUIVALENT,
        "conditions": ALWAYS,
        "materials": NOTHING,
        "products": NOTHING,
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "confidence": 90,
        "justification": "测试",
    }
    return CrosswalkRow(id=row_id, version=version, **{**fields, **changes})


def review(region: str, verdict: Verdict, day: date, *rows: CrosswalkRow) -> Review:
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return Review(f"{region}.gateway", Officer("r", "c", ""), verdict, frozenset(r.hash for r in rows), at, "原因")


def signed(*rows: CrosswalkRow) -> list[Review]:
    return [review(region, Verdict.APPROVE, date(2026, 1, 1), *rows) for region in (YUEYANG, JINGZHOU)]


def faults(rows: list[CrosswalkRow], there: Crosswalk) -> str:
    with pytest.raises(Malformed) as caught:
        compare(rows, there)
    assert caught.value.reason is Reason.FIELD_INVALID
    return caught.value.got


NOTHING_THERE = Crosswalk(())
X1 = row("X")


def test_rows_are_new_changed_or_the_same() -> None:
    same, old = row("same", source_code="S"), row("old", source_code="O")
    new, changed = row("new"), row("old", 3, source_code="O", target_code="C", confidence=80)
    found = compare([changed, same, new], fold([same, old], []))
    assert [change.row for change in found.changes] == [changed, new]
    assert found.changes[0].columns == (
        ("target_code", "B", "C"),
        ("version", "1", "3"),
        ("confidence", "90", "80"),
    )
    assert found.changes[1].columns == ()
    assert (found.added, found.changed, found.unchanged) == (1, 1, 1)


def test_a_change_is_told_against_the_highest_version_there_was() -> None:
    there = fold([row("X", 2, confidence=50), row("X", 1)], [])
    assert compare([row("X", 5)], there).changes[0].columns == (("version", "2", "5"), ("confidence", "50", "90"))


def test_several_versions_in_a_file_follow_one_another() -> None:
    found = compare([row("X", 2, confidence=80), X1], NOTHING_THERE)
    assert [change.columns for change in found.changes] == [(("version", "1", "2"), ("confidence", "90", "80")), ()]


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_is_not_higher_does_not_change_a_row(version: int) -> None:
    there = fold([row("X", 2), row("Y", 1, source_code="Y")], [])
    assert f"row 'X', version {version}: version 2 is here and says something else; a row that is changed takes " in (
        faults([row("X", version, confidence=1)], there)
    )


def test_an_id_stays_with_its_item() -> None:
    said = "row 'X', version 2: the id is that of item A of 430600 towards 421000; another mapping takes another id"
    assert said in faults([row("X", 2, source_code="Z")], fold([X1], []))
    assert said in faults([row("X", 2, source_code="Z"), X1], NOTHING_THERE)
    assert compare([row("X", 2, target_code="Z")], fold([X1], [])).changed == 1


@pytest.mark.parametrize("end", ["source_catalogue", "target_catalogue"])
def test_nobody_takes_the_ids_of_others(end: str) -> None:
    """A third place proposes rows of its own under our ids, in the highest version there can be."""
    there = fold([X1, row("X", 2**31 - 1, **{end: "440300"})], [])
    assert compare([row("X", 2)], there).changed == 1
    assert compare([row("X", 1, **{end: "440300"}), X1], fold([], [])).added == 2


def test_proposals_that_contradict_one_another_are_refused_all_at_once() -> None:
    said = faults([X1, row("Y"), row("Z", 1, conditions=NEW)], NOTHING_THERE)
    assert said.startswith("3 fault(s)")
    assert "rows 'X' and 'Y' could both apply to one case of item A" in said
    assert compare([row("X", conditions=NEW), row("Y", conditions=USED)], NOTHING_THERE).added == 2
    assert compare([X1, row("Y", relationship=Relationship.RELATED)], NOTHING_THERE).added == 2


def test_a_version_that_the_file_itself_replaces_contradicts_nothing() -> None:
    assert compare([X1, row("X", 2, conditions=NEW), row("Y", conditions=USED)], NOTHING_THERE).added == 2


def test_a_proposal_must_leave_room_for_what_is_signed_for() -> None:
    there = fold([X1], signed(X1))
    assert "rows 'Y' and 'X' could both apply to one case of item A, which is signed for" in faults([row("Y")], there)
    assert compare([row("Y", relationship=Relationship.RELATED)], there).added == 1
    assert compare([row("X", 2, conditions=NEW)], there).changed == 1
    assert compare([row("Y")], fold([X1], signed(X1)[:1])).added == 1  # one side alone has not settled anything
    hint = row("H", relationship=Relationship.RELATED)
    assert compare([row("Y")], fold([hint], signed(hint))).added == 1


def test_what_was_withdrawn_or_superseded_is_in_the_way_of_earlier_days_only() -> None:
    withdrawn = fold([X1], [*signed(X1), review(JINGZHOU, Verdict.WITHDRAW, date(2026, 6, 1), X1)])
    later = row("X", 2, conditions=NEW, valid_from=date(2026, 6, 1))
    superseded = fold([X1, later], signed(X1, later))
    for there in (withdrawn, superseded):
        assert "which is signed for" in faults([row("Y", conditions=USED, valid_from=date(2026, 5, 31))], there)
        assert compare([row("Y", conditions=USED, valid_from=date(2026, 6, 1))], there).added == 1


@pytest.mark.parametrize("ends", [(YUEYANG, NATIONAL), (NATIONAL, YUEYANG)])
def test_a_row_with_the_national_list_is_in_the_way_when_its_place_signed(ends: tuple[str, str]) -> None:
    source, target = ends
    known, other = (row(each, source_catalogue=source, target_catalogue=target) for each in "XY")
    assert "which is signed for" in faults([other], fold([known], signed(known)[:1]))
    assert compare([other], fold([known], signed(known)[1:])).added == 1


def test_what_was_given_out_can_be_read_in_again_with_all_its_history() -> None:
    history = [X1, row("X", 2, conditions=NEW), row("Y"), row("Y", 2, conditions=NEW, confidence=1)]
    there = fold(history, [*signed(*history), review(YUEYANG, Verdict.WITHDRAW, date(2026, 6, 1), history[1])])
    assert compare(parse_csv(write_csv(there.rows)), there) == Comparison((), 4)


def test_what_was_given_out_can_be_read_in_again_though_others_use_the_same_ids() -> None:
    there = fold([X1, row("X", 1, target_catalogue="440300")], [])
    compared = compare(parse_csv(write_csv(there.rows)), there)
    assert (compared.changes, compared.unchanged) == ((), 2)


def test_an_item_with_more_rows_than_anybody_could_review_is_refused_at_once() -> None:
    crowd = [row(str(number)) for number in range(501)]
    assert faults(crowd, NOTHING_THERE) == "1 fault(s): item A of 430600 has more than 500 rows towards 421000"
