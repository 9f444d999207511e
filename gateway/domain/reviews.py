"""What rows and reviews make together: the crosswalk, each row with its standing.

Rules:

1. The outcome depends on which rows and reviews there are, never on their order or on how often one comes: two
   gateways that hold the same journal entries have the same crosswalk.
2. A row between two regions is theirs alone, and what others sign about it says nothing. A row from or to the
   national list may be half of a chain between any two regions, so that everybody's word about it is kept; between
   two regions ``Standing`` goes by what those two say.
3. A withdrawal holds from the Beijing day on which it was signed, the earliest if there are several, and for good:
   signing again takes nothing back.
4. A review may come before the row that it is about, and of rows that contradict one another all may be signed.
   Neither is a fault here: what contradicts is refused before it is signed, and translation chooses none of such rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache

from gateway.domain.calendar import beijing_date
from gateway.domain.catalogue import NATIONAL
from gateway.domain.crosswalk import Crosswalk, CrosswalkRow, Standing
from trust.review import Review, Verdict


def fold(rows: Iterable[CrosswalkRow], reviews: Iterable[Review]) -> Crosswalk:
    """Make the crosswalk of all rows, each once, in order of id, version and hash.

    The reviews are verified ones. Whatever standing the rows came with is not looked at. Rows of equal standing share
    one ``Standing``.
    """
    approvals: defaultdict[bytes, set[str]] = defaultdict(set)
    withdrawals: defaultdict[bytes, dict[str, date]] = defaultdict(dict)
    for review in reviews:
        if review.verdict is Verdict.APPROVE:
            for reviewed in review.rows:
                approvals[reviewed].add(review.member)
        else:
            day = beijing_date(review.at)
            for reviewed in review.rows:
                days = withdrawals[reviewed]
                days[review.member] = min(day, days.get(review.member, day))
    shared = cache(Standing)
    each_once = {row.hash: row for row in rows}.values()
    return Crosswalk(
        tuple(
            row.with_standing(
                shared(
                    tuple(_heard(row, approvals.get(row.hash, ()))),
                    tuple(
                        (member, withdrawals[row.hash][member]) for member in _heard(row, withdrawals.get(row.hash, ()))
                    ),
                )
            )
            for row in sorted(each_once, key=lambda row: (row.id, row.version, row.hash))
        )
    )


def _heard(row: CrosswalkRow, members: Iterable[str]) -> list[str]:
    """Those of the gateways whose word about a row counts (rule 2), sorted."""
    ends = (row.source_catalogue, row.target_catalogue)
    return sorted(member for member in members if NATIONAL in ends or member.startswith(ends))
