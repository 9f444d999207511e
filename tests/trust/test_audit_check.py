"""Checking logs: what holds, what is found, and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.trust.federation import DAY, NOW, entry, two_cities
from trust.audit_check import CaseTrail, LogCheck, LogReport, compare, open_log_checkpoint
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.errors import Reason, Unauthenticated
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.leaf import Leaf, LeafKind
from trust.merkle import CompactRange, leaf_hash

A, B, C = "430600.gateway", "421000.gateway", "110000.gateway"
ORIGIN = f"tongban/{A}/log"
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CASE, OTHER_CASE = sha256(b"case").digest(), sha256(b"other").digest()


def event(emitter: str, seq: int, *, case: bytes = CASE, content: str = "") -> Leaf:
    digest = sha256(f"{emitter}{seq}{content}".encode()).hexdigest()
    return Leaf(LeafKind.CASE_EVENT, emitter, digest, AT, case=case, seq=seq, emitter=emitter)


def receipt(member: str, emitter: str, seq: int, *, case: bytes = CASE) -> Leaf:
    return Leaf(LeafKind.RECEIPT, member, "0" * 64, AT, case=case, seq=seq, emitter=emitter)


LEAVES = [replace(event(A, number), at=AT + timedelta(seconds=number)).to_bytes() for number in range(1, 12)]


def built(leaves: list[bytes]) -> tuple[Checkpoint, dict[tuple[int, int], bytes]]:
    tree = CompactRange()
    kept: dict[tuple[int, int], bytes] = {}
    for leaf in leaves:
        tree, finished = tree.append(leaf_hash(leaf))
        kept |= {(node.level, node.index): node.hash for node in finished}
    return Checkpoint(ORIGIN, tree.size, tree.root()), kept


def checked(leaves: list[bytes], checkpoint: Checkpoint, kept: dict[tuple[int, int], bytes] | None = None) -> LogReport:
    check = LogCheck()
    for leaf in leaves:
        check.add(leaf, kept)
    return check.against(checkpoint)


def trail(member: str, *leaves: Leaf) -> CaseTrail:
    made = CaseTrail(member)
    for leaf in leaves:
        made.add(leaf)
    return made


# one log


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 11])
def test_a_log_holds_against_its_own_checkpoint(size: int) -> None:
    checkpoint, kept = built(LEAVES[:size])
    report = checked(LEAVES[:size], checkpoint, kept)
    assert (report.size, report.root, report.findings) == (size, checkpoint.root, ())


@pytest.mark.parametrize("size", [0, 1, 6, 11])
def test_a_head_that_the_log_once_had_fits_it(size: int) -> None:
    head, _ = built(LEAVES[:size])
    check = LogCheck([size])
    for leaf in LEAVES:
        check.add(leaf)
    assert check.differs(head) == ""


def test_heads_of_a_log_that_went_back_or_was_rewritten_do_not() -> None:
    longer, _ = built(LEAVES)
    other, _ = built([*LEAVES[:3], LEAVES[4]])
    empty = Checkpoint(ORIGIN, 0, bytes(32))
    check = LogCheck([longer.size, other.size, 0])
    for leaf in LEAVES[:6]:
        check.add(leaf)
    assert "signed 11 leaves once, and has 6" in check.differs(longer)
    assert "the first 4 leaves are not those" in check.differs(other)
    assert "the first 0 leaves are not those" in check.differs(empty)


def test_a_changed_leaf_is_named_by_its_index() -> None:
    checkpoint, kept = built(LEAVES)
    changed = [*LEAVES[:6], event(B, 9).to_bytes(), *LEAVES[7:]]
    located, whole = checked(changed, checkpoint, kept).findings
    assert (located.first, located.last) == (6, 6)
    assert whole.first is None
    assert "root" in whole.what


def test_a_removed_leaf_is_named_by_its_index() -> None:
    checkpoint, kept = built(LEAVES)
    located, count = checked([*LEAVES[:4], *LEAVES[5:]], checkpoint, kept).findings
    assert (located.first, located.last) == (4, 4)
    assert (count.first, count.last) == (10, 10)
    assert count.what == "10 leaves, and the checkpoint signs 11"


def test_a_leaf_changed_with_its_own_kept_hash_is_narrowed_down_by_the_subtree_above() -> None:
    checkpoint, kept = built(LEAVES)
    forged = event(B, 9).to_bytes()
    kept[0, 6] = leaf_hash(forged)
    located, _ = checked([*LEAVES[:6], forged, *LEAVES[7:]], checkpoint, kept).findings
    assert (located.first, located.last) == (6, 7)


def test_a_log_rewritten_with_all_its_kept_hashes_still_fails_against_the_checkpoint() -> None:
    checkpoint, _ = built(LEAVES)
    forged = [*LEAVES[:6], event(B, 9).to_bytes(), *LEAVES[7:]]
    (finding,) = checked(forged, checkpoint, built(forged)[1]).findings
    assert finding.first is None


def test_a_leaf_without_a_kept_hash_is_found() -> None:
    checkpoint, kept = built(LEAVES)
    del kept[0, 3]
    (finding,) = checked(LEAVES, checkpoint, kept).findings
    assert finding.first == 3


def test_bytes_that_are_no_leaf_are_found_even_under_the_right_root() -> None:
    leaves = [*LEAVES[:2], b'{"not":"a leaf"}', b"nor this"]
    checkpoint, kept = built(leaves)
    (finding,) = checked(leaves, checkpoint, kept).findings
    assert (finding.first, finding.last) == (2, 2)
    assert "no audit leaf" in finding.what


def test_a_copy_of_leaves_without_kept_hashes_is_checked_by_its_root() -> None:
    checkpoint, _ = built(LEAVES)
    assert checked(LEAVES, checkpoint).findings == ()
    (finding,) = checked([*LEAVES[:-1], LEAVES[0]], checkpoint).findings
    assert finding.first is None


def test_leaves_beyond_the_checkpoint_are_found() -> None:
    checkpoint, _ = built(LEAVES[:5])
    (finding,) = checked(LEAVES, checkpoint).findings
    assert (finding.first, finding.last) == (5, 10)


# whose checkpoint


def test_a_checkpoint_opens_under_any_log_key_of_the_member_that_is_not_revoked() -> None:
    federation = two_cities()
    old, new = (SoftwareSigner.generate(Algorithm.ED25519, f"{A}#{name}") for name in ("old", "new"))
    keys = (*federation.yueyang.keys, entry(new, KeyPurpose.LOG), entry(old, KeyPurpose.LOG))
    member = replace(federation.yueyang, keys=keys)
    checkpoint, _ = built(LEAVES)
    for signer in (old, new):
        assert open_log_checkpoint(sign_checkpoint(checkpoint, signer), ORIGIN, member, NOW) == checkpoint
    revoked = replace(member, keys=(keys[0], replace(keys[2], revoked_at=NOW), replace(keys[3], revoked_at=NOW + DAY)))
    assert open_log_checkpoint(sign_checkpoint(checkpoint, old), ORIGIN, revoked, NOW) == checkpoint
    with pytest.raises(Unauthenticated) as refused:
        open_log_checkpoint(sign_checkpoint(checkpoint, new), ORIGIN, revoked, NOW)
    assert refused.value.reason is Reason.SIGNATURE_MISSING


def test_a_checkpoint_changed_after_signing_does_not_open() -> None:
    federation = two_cities()
    signer = SoftwareSigner.generate(Algorithm.ED25519, f"{A}#log")
    member = replace(federation.yueyang, keys=(entry(signer, KeyPurpose.LOG),))
    note = sign_checkpoint(built(LEAVES)[0], signer).replace("\n11\n", "\n10\n")
    with pytest.raises(Unauthenticated) as refused:
        open_log_checkpoint(note, ORIGIN, member, NOW)
    assert refused.value.reason is Reason.SIGNATURE_WRONG


def test_a_member_without_a_log_key_has_no_checkpoint() -> None:
    federation = two_cities()
    with pytest.raises(Unauthenticated) as refused:
        open_log_checkpoint("whatever", ORIGIN, federation.yueyang, NOW)
    assert refused.value.reason is Reason.KEY_UNKNOWN


def chained(*cases: bytes) -> list[bytes]:
    """One leaf for each case named, each behind the leaf of its case before."""
    leaves: list[bytes] = []
    last: dict[bytes, tuple[int, bytes]] = {}
    for number, case in enumerate(cases):
        place, previous = last.get(case, (0, b""))
        leaf = replace(receipt(B, A, number, case=case), place=place + 1, previous=previous).to_bytes()
        last[case] = place + 1, leaf_hash(leaf)
        leaves.append(leaf)
    return leaves


def test_the_leaves_of_each_case_follow_one_another() -> None:
    leaves = chained(CASE, OTHER_CASE, CASE, CASE, OTHER_CASE)
    assert checked(leaves, built(leaves)[0]).findings == ()


@pytest.mark.parametrize(
    ("missing", "found"),
    [(0, 1), (2, 2), (1, 3)],
)
def test_a_leaf_that_a_case_lacks_is_named_even_when_the_log_was_signed_without_it(missing: int, found: int) -> None:
    leaves = chained(CASE, OTHER_CASE, CASE, CASE, OTHER_CASE)
    del leaves[missing]
    (finding,) = checked(leaves, built(leaves)[0]).findings
    assert "does not follow" in finding.what
    assert finding.first == finding.last == found


def test_a_case_without_its_first_leaf_or_with_one_exchanged_is_named() -> None:
    leaves = chained(CASE, CASE, CASE)
    for wrong in (leaves[1:], [leaves[0], chained(CASE, OTHER_CASE, CASE)[2], leaves[2]]):
        assert "does not follow" in checked(wrong, built(wrong)[0]).findings[0].what


# two logs


def test_logs_that_tell_the_same_in_another_order_agree() -> None:
    first = trail(A, event(A, 1), receipt(B, A, 1), event(B, 1), event(A, 2), event(C, 1, case=OTHER_CASE))
    second = trail(B, event(A, 1), event(A, 2), event(B, 1), receipt(A, B, 1))
    compared = compare(first, second)
    assert (compared.shared_cases, compared.agreed_events, compared.unshared_cases) == (1, 3, (1, 0))
    assert compared.differences == ()


def test_an_event_that_one_log_lacks_is_a_difference() -> None:
    (difference,) = compare(trail(A, event(A, 1), event(B, 1)), trail(B, event(A, 1))).differences
    assert (difference.log, difference.emitter, difference.seq) == (B, B, 1)
    (difference,) = compare(trail(A, event(A, 1)), trail(B, event(A, 1), event(B, 1))).differences
    assert (difference.log, difference.case, difference.emitter, difference.seq) == (A, CASE, B, 1)


def test_another_digest_under_the_same_number_is_a_difference() -> None:
    (difference,) = compare(trail(A, event(A, 1)), trail(B, event(A, 1, content="other"))).differences
    assert (difference.log, difference.seq) == (B, 1)
    assert difference.what.startswith("digest ")


@pytest.mark.parametrize("leaf", [receipt(B, A, 1), event(B, 1)])
def test_a_case_that_the_other_has_wiped_out_whole_is_still_missed(leaf: Leaf) -> None:
    events = [event(A, 1), leaf]
    compared = compare(trail(A, *events), trail(B))
    assert compared.shared_cases == 1
    assert {difference.log for difference in compared.differences} == {B}


def test_a_case_that_was_never_delivered_is_no_difference() -> None:
    compared = compare(trail(A, event(A, 1)), trail(B))
    assert (compared.shared_cases, compared.unshared_cases, compared.differences) == (0, (1, 0), ())


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 1), (2, 1)])
def test_events_that_do_not_count_on_in_the_order_of_the_log_are_found(numbers: tuple[int, ...]) -> None:
    events = [event(A, number) for number in numbers]
    differences = compare(trail(A, *events), trail(B, *events)).differences
    assert {difference.log for difference in differences} == {A, B}
    assert all("follows" in difference.what for difference in differences)
