from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catalogue import NATIONAL
from gateway.domain.crosswalk import ALWAYS, NOTHING, CrosswalkRow, Relationship, ReviewState, Standing
from gateway.domain.reviews import fold
from trust.review import Review, Verdict
from trust.signed_call import Officer

YUEYANG, JINGZHOU, SHENZHEN = "430600", "421000", "440300"
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def row(row_id: str, version: int = 1, source: str = YUEYANG, target: str = JINGZHOU) -> CrosswalkRow:
    return CrosswalkRow(
        row_id, source, "A", "事项A", target, "B", "事项B", Relationship.EQUIVALENT, ALWAYS, NOTHING, NOTHING,
        date(2026, 1, 1), None, version, 90, "测试",
    )  # fmt: skip


def review(region: str, *rows: CrosswalkRow, verdict: Verdict = Verdict.APPROVE, at: datetime = NOON) -> Review:
    hashes = frozenset(each.hash for each in rows)
    return Review(f"{region}.gateway", Officer("r-3", "crosswalk", ""), verdict, hashes, at, "原因")


def withdrawal(region: str, *rows: CrosswalkRow, at: datetime = NOON) -> Review:
    return review(region, *rows, verdict=Verdict.WITHDRAW, at=at)


def standing(of: CrosswalkRow, *reviews: Review) -> Standing:
    return fold([of], reviews).rows[0].standing


ONE, OTHER, NEWER = row("1"), row("2"), row("1", version=2)
TO_NATIONAL = row("3", target=NATIONAL)


def test_a_row_that_nobody_reviewed_is_a_proposal() -> None:
    assert fold([ONE], []).rows == (ONE,)
    assert standing(ONE, review(YUEYANG, OTHER)) == Standing()


def test_both_sides_sign_and_the_row_counts_between_them() -> None:
    assert standing(ONE, review(YUEYANG, ONE)).between(YUEYANG, JINGZHOU) is ReviewState.ONE_SIDE
    both = standing(ONE, review(YUEYANG, ONE, OTHER), review(JINGZHOU, ONE))
    assert both == Standing(("421000.gateway", "430600.gateway"))
    assert both.between(YUEYANG, JINGZHOU) is ReviewState.BOTH_SIDES


def test_another_version_is_another_row_that_nobody_has_signed_for() -> None:
    old, new = fold([NEWER, ONE], [review(YUEYANG, ONE), review(JINGZHOU, ONE)]).rows
    assert (old.version, new.version) == (1, 2)
    assert old.counts(YUEYANG, JINGZHOU)
    assert new.standing == Standing()


def test_a_standing_that_a_row_came_with_is_not_believed() -> None:
    signed = ONE.with_standing(Standing(("421000.gateway", "430600.gateway")))
    assert standing(signed) == Standing()


@pytest.mark.parametrize("region", [YUEYANG, JINGZHOU])
def test_either_side_withdraws_from_the_day_of_signing_on_and_for_good(region: str) -> None:
    signed = [review(YUEYANG, ONE), review(JINGZHOU, ONE)]
    late = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # midnight in Beijing
    for again in ([], [review(region, ONE, at=late + 9 * DAY)], [withdrawal(region, ONE, at=late + DAY)]):
        after = fold([ONE], [*signed, withdrawal(region, ONE, at=late), *again]).rows[0]
        assert after.standing.withdrawals == ((f"{region}.gateway", date(2026, 11, 22)),)
        assert not after.withdrawn_between(YUEYANG, JINGZHOU, date(2026, 11, 21))
        assert after.withdrawn_between(YUEYANG, JINGZHOU, date(2026, 11, 22))
        assert after.withdrawn_between(JINGZHOU, YUEYANG, date(2036, 1, 1))
        assert after.counts(YUEYANG, JINGZHOU)


def test_a_third_place_says_nothing_about_a_row_between_two() -> None:
    assert standing(ONE, review(SHENZHEN, ONE), withdrawal(SHENZHEN, ONE), review(YUEYANG, ONE)) == Standing(
        ("430600.gateway",)
    )


def test_everybodys_word_about_a_national_row_holds_for_the_pairs_that_they_are_of() -> None:
    said = standing(
        TO_NATIONAL,
        review(SHENZHEN, TO_NATIONAL),
        review(JINGZHOU, TO_NATIONAL),
        review(YUEYANG, TO_NATIONAL),
        withdrawal(SHENZHEN, TO_NATIONAL),
    )
    today = date(2026, 11, 21)
    assert said.between(YUEYANG, SHENZHEN) is ReviewState.BOTH_SIDES
    assert said.withdrawn_between(YUEYANG, SHENZHEN, today)
    assert said.between(YUEYANG, JINGZHOU) is ReviewState.BOTH_SIDES
    assert not said.withdrawn_between(YUEYANG, JINGZHOU, today)
    assert (said.withdrawn_by, said.withdrawn_on) == (("440300.gateway",), today)


def test_rows_of_equal_standing_share_it() -> None:
    rows = [row(str(number)) for number in range(50)]
    folded = fold(rows, [review(YUEYANG, *rows), withdrawal(JINGZHOU, *rows[:25])]).rows
    assert len({id(each.standing) for each in folded}) == 2


ROWS = [ONE, NEWER, OTHER, TO_NATIONAL, row("4", source=NATIONAL, target=SHENZHEN)]
REVIEWS = st.lists(
    st.builds(
        lambda region, rows, verdict, hours: review(region, *rows, verdict=verdict, at=NOON + timedelta(hours=hours)),
        st.sampled_from([YUEYANG, JINGZHOU, SHENZHEN]),
        st.lists(st.sampled_from(ROWS), min_size=1, max_size=4),
        st.sampled_from(Verdict),
        st.integers(0, 100),
    ),
    max_size=12,
)


@given(REVIEWS, st.lists(st.sampled_from(ROWS)), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_makes_a_difference(
    reviews: list[Review], repeated: list[CrosswalkRow], order: random.Random
) -> None:
    rows, again = [*ROWS, *repeated], [*reviews, *reviews[:3]]
    order.shuffle(rows)
    order.shuffle(again)
    assert fold(rows, again).rows == fold(ROWS, reviews).rows


@given(REVIEWS, REVIEWS)
def test_what_was_withdrawn_stays_withdrawn_and_what_was_signed_stays_signed(
    before: list[Review], after: list[Review]
) -> None:
    for old, new in zip(fold(ROWS, before).rows, fold(ROWS, [*before, *after]).rows, strict=True):
        assert set(old.standing.approved_by) <= set(new.standing.approved_by)
        for day in (date(2026, 11, 21), date(2026, 11, 26)):
            if old.withdrawn_between(YUEYANG, SHENZHEN, day):
                assert new.withdrawn_between(YUEYANG, SHENZHEN, day)
