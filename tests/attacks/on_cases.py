"""Attacks on cases: their rows and their events."""

# ruff: noqa: S608 - the statements are the attacks

from __future__ import annotations

from hashlib import sha256

from tests.attacks.kinds import Attack, of_case
from tests.attacks.tampering import Tampering

_OVER = "WHERE case_id = ?"
_EVENT = "WHERE side = 'processing' AND seq = 3 AND case_id = ?"


def swap_numbers(hand: Tampering) -> None:
    one, other = (hand.one("SELECT number FROM cases WHERE case_id = ?", hand.case(name)) for name in ("over", "open"))
    hand.do("UPDATE cases SET number = 'x' WHERE number = ?", one)
    hand.do("UPDATE cases SET number = ? WHERE number = ?", one, other)
    hand.do("UPDATE cases SET number = ? WHERE number = 'x'", other)


def invent_case(hand: Tampering) -> None:
    names = (
        "number, side, peer, accepting_region, processing_region, source_code, target_code, item_name, state, "
        "opened_at, updated_at, local_number, peer_local_number, version, trail, trail_head"
    )
    hand.do(
        f"INSERT INTO cases (case_id, commitment, {names}) SELECT 'invented', zeroblob(32), 'x' || {names} "
        "FROM cases LIMIT 1"
    )


def swap_events(hand: Tampering) -> None:
    rows = [
        hand.one("SELECT rowid FROM events WHERE case_id = ? AND side = ? AND seq = 1", hand.case("over"), side)
        for side in ("accepting", "processing")
    ]
    hand.swap("events", "raw", "rowid", *rows)


def replace_event(hand: Tampering) -> None:
    hand.seal_event("over", "processing", 3, hand.event("over", "processing", 2))


def forge_event(hand: Tampering) -> None:
    """The decision turned, with the digest beside it."""
    forged = hand.event("over", "processing", 3).replace("准予".encode(), "不准".encode())
    hand.seal_event("over", "processing", 3, forged)
    hand.do(
        "UPDATE events SET digest = ? WHERE case_id = ? AND side = 'processing' AND seq = 3",
        sha256(forged).digest(),
        hand.case("over"),
    )


def invent_event(hand: Tampering) -> None:
    hand.do(
        "INSERT INTO events (case_id, side, seq, digest, leaf_hash, raw) SELECT case_id, side, 9, digest, leaf_hash, "
        "raw FROM events WHERE case_id = ? AND seq = 2 AND side = 'processing'",
        hand.case("over"),
    )


ATTACKS = (
    Attack(
        "case state changed",
        "decided looks better",
        of_case("open", f"UPDATE cases SET state = 'decided' {_OVER}"),
        r"case .*: the row says decided, and the events come to accepted",
    ),
    Attack(
        "case state garbled",
        "a state that there is none of",
        of_case("open", f"UPDATE cases SET state = 'x' {_OVER}"),
        r"case .*: the row does not read",
    ),
    Attack(
        "trail shortened",
        "the next leaf takes a place again",
        of_case("over", f"UPDATE cases SET trail = 3 {_OVER}"),
        r"case .*: the row ends with leaf 3",
    ),
    Attack(
        "trail head changed",
        "the next leaf hangs in the air",
        of_case("over", f"UPDATE cases SET trail_head = zeroblob(32) {_OVER}"),
        r"case .*: the row ends with leaf",
    ),
    Attack(
        "case number changed",
        "looked up, it is not found",
        of_case("over", f"UPDATE cases SET number = '430600-20261123-000077-0' {_OVER}"),
        r"case .*: the column number",
    ),
    Attack(
        "case numbers swapped",
        "one citizen's decision under another's number",
        swap_numbers,
        r"case .*: the column number",
    ),
    Attack(
        "commitment changed",
        "the leaves are nobody's",
        of_case("over", f"UPDATE cases SET commitment = zeroblob(32) {_OVER}"),
        r"case with commitment .*: the log has leaves",
    ),
    Attack(
        "commitments swapped",
        "one case's leaves for another's",
        lambda hand: hand.swap("cases", "commitment", "case_id", hand.case("over"), hand.case("open")),
        r"case .*: the row ends with leaf",
    ),
    Attack(
        "peer changed",
        "another gateway was told",
        of_case("over", f"UPDATE cases SET peer = 'x.gateway' {_OVER}"),
        r"event 1 of the processing place: no leaf tells",
    ),
    Attack(
        "side changed",
        "who decides",
        of_case("over", f"UPDATE cases SET side = 'processing' {_OVER}"),
        r"event 1 of the accepting place: no leaf tells",
    ),
    Attack(
        "target item changed",
        "another item was applied for",
        of_case("over", f"UPDATE cases SET target_code = 'T-MORE' {_OVER}"),
        r"case .*: the column target_code",
    ),
    Attack(
        "source item changed",
        "likewise at the window",
        of_case("over", f"UPDATE cases SET source_code = 'S-MORE' {_OVER}"),
        r"case .*: the column source_code",
    ),
    Attack(
        "item renamed",
        "lists show another name",
        of_case("over", f"UPDATE cases SET item_name = 'x' {_OVER}"),
        r"case .*: the column item_name",
    ),
    Attack(
        "region changed",
        "another city is answerable",
        of_case("over", f"UPDATE cases SET processing_region = '500000' {_OVER}"),
        r"case .*: the column processing_region",
    ),
    Attack(
        "opening backdated",
        "the days run from it",
        of_case("over", f"UPDATE cases SET opened_at = opened_at - 86400000000 {_OVER}"),
        r"case .*: it was opened",
    ),
    Attack(
        "last move postdated",
        "the time to keep runs from it",
        of_case("over", f"UPDATE cases SET updated_at = updated_at + 86400000000 {_OVER}"),
        r"case .*: it was opened or last",
    ),
    Attack(
        "case called erased",
        "so that nobody asks",
        of_case("over", f"UPDATE cases SET erased_at = 1 {_OVER}"),
        r"case .*: it is erased by the log and not",
    ),
    Attack(
        "erased case called kept",
        "erasure denied",
        of_case("erased", f"UPDATE cases SET erased_at = NULL {_OVER}"),
        r"case .*: it is erased by the log and not",
    ),
    Attack(
        "case row deleted",
        "the case is not known",
        of_case("open", f"DELETE FROM cases {_OVER}"),
        r"case with commitment .*: the log has leaves of it, and the store no row",
    ),
    Attack("case invented", "a case that nobody opened", invent_case, r"case invented: no leaf tells of it"),
    Attack(
        "event's bytes garbled",
        "nobody can read the decision",
        of_case("over", f"UPDATE events SET raw = zeroblob(200) {_EVENT}"),
        r"event 3 of the processing place: ",
    ),
    Attack("events swapped", "sealed bytes in each other's place", swap_events, r"event 1 of the accepting place: "),
    Attack(
        "event replaced under the key",
        "another event, properly sealed",
        replace_event,
        r"event 3 of the processing place: the event does not have the digest",
    ),
    Attack(
        "event forged under the key",
        "a decision turned, its digest with it",
        forge_event,
        r"event 3 of the processing place: no leaf tells of an event with this number and digest",
    ),
    Attack(
        "event's digest changed",
        "retries of the peer are refused",
        of_case("over", f"UPDATE events SET digest = zeroblob(32) {_EVENT}"),
        r"event 3 of the processing place: no leaf",
    ),
    Attack(
        "event's leaf changed",
        "receipts would name another leaf",
        of_case("over", f"UPDATE events SET leaf_hash = zeroblob(32) {_EVENT}"),
        r"event 3 of the processing place: it names",
    ),
    Attack(
        "event renumbered",
        "a gap before it",
        of_case("over", f"UPDATE events SET seq = 7 {_EVENT}"),
        r"event 7 of the processing place: no leaf",
    ),
    Attack(
        "event given to the other side",
        "who said it",
        of_case("over", f"UPDATE events SET side = 'accepting' {_EVENT}"),
        r"event 3 of the accepting place: no leaf",
    ),
    Attack(
        "last event deleted",
        "not decided yet",
        of_case("over", f"DELETE FROM events {_EVENT}"),
        r"event 3 of 421000\.gateway: a leaf tells of it, and it is not there",
    ),
    Attack(
        "first event deleted",
        "who applied",
        of_case("over", "DELETE FROM events WHERE side = 'accepting' AND seq = 1 AND case_id = ?"),
        r"event 1 of 430600\.gateway: a leaf tells",
    ),
    Attack(
        "event of an erased case deleted",
        "even what can't be read is proof",
        of_case("erased", "DELETE FROM events WHERE side = 'processing' AND seq = 2 AND case_id = ?"),
        r"event 2 of 421000\.gateway: a leaf tells",
    ),
    Attack(
        "event invented", "one more that the peer never sent", invent_event, r"event 9 of the processing place: no leaf"
    ),
)
