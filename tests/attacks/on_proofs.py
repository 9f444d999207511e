"""Attacks on what proves and what is searched: evidence, keys, trail."""

# ruff: noqa: S608 - the statements are the attacks

from __future__ import annotations

from dataclasses import replace

from tests.attacks.kinds import Attack, of_case, sql
from tests.attacks.tampering import Tampering

_CALL = "WHERE evidence_id = (SELECT max(evidence_id) FROM evidence WHERE case_id = ?)"
_ENTRY = "WHERE position = (SELECT max(position) FROM trail WHERE case_id = ?)"


def swap_evidence(hand: Tampering) -> None:
    one, other = hand.db.execute(
        "SELECT evidence_id FROM evidence WHERE case_id = ? LIMIT 2", (hand.case("over"),)
    ).fetchall()
    hand.swap("evidence", "content", "evidence_id", one[0], other[0])


def recreate_key(hand: Tampering) -> None:
    hand.do("INSERT INTO data_keys SELECT ?, wrapped FROM data_keys LIMIT 1", hand.case("erased"))


def swap_keys(hand: Tampering) -> None:
    hand.swap("data_keys", "wrapped", "owner", hand.case("over"), hand.case("open"))


def other_trail_case(hand: Tampering) -> None:
    hand.do(
        "UPDATE trail SET case_id = ? WHERE position = (SELECT min(position) FROM trail WHERE case_id = ?)",
        hand.case("open"),
        hand.case("over"),
    )


def copy_entry(hand: Tampering) -> None:
    names = "leaf_hash, at, kind, member, subject, officer, purpose, case_id, holder"
    hand.do(f"INSERT INTO trail ({names}) SELECT {names} FROM trail WHERE case_id = ? LIMIT 1", hand.case("over"))


def invent_entry(hand: Tampering) -> None:
    hand.do(
        "INSERT INTO trail (leaf_hash, at, kind, member, subject, officer, purpose, case_id, holder) "
        "VALUES (zeroblob(32), 1, 'admin', 'x', 'y', '', '', '', x'')"
    )


ATTACKS = (
    Attack(
        "evidence garbled",
        "who signed what can't be shown",
        of_case("over", f"UPDATE evidence SET content = zeroblob(300) {_CALL}"),
        r"evidence .* of case .*: ",
    ),
    Attack("evidence swapped", "one call in another's place", swap_evidence, r"evidence .* of case .*: "),
    Attack(
        "evidence deleted",
        "the peer's signed word is gone",
        of_case("over", f"DELETE FROM evidence {_CALL}"),
        r"evidence of case .*: call .*, of which a leaf tells, is not there",
    ),
    Attack(
        "evidence given to another case",
        "found where nobody looks",
        lambda hand: hand.do(f"UPDATE evidence SET case_id = ? {_CALL}", hand.case("open"), hand.case("over")),
        r"evidence .* of case .*: no leaf tells of this call",
    ),
    Attack(
        "evidence's digest changed",
        "no leaf leads to it",
        of_case("over", f"UPDATE evidence SET call_digest = zeroblob(32) {_CALL}"),
        r"evidence .*: no leaf tells of this call",
    ),
    Attack(
        "evidence's method changed",
        "a delivery passes for something else",
        of_case("over", f"UPDATE evidence SET method = '/x/Y' {_CALL}"),
        r"evidence .*: the method is not the one",
    ),
    Attack(
        "request's body forged under the key",
        "another event under the peer's signature",
        lambda hand: hand.reseal_call("over", lambda call: replace(call, request_body=b"x"), answered=False),
        r"evidence .*: a body is not the one that was signed",
    ),
    Attack(
        "receipt forged under the key",
        "the peer never received it",
        lambda hand: hand.reseal_call("over", lambda call: replace(call, response_body=b"x"), answered=True),
        r"evidence .*: the answer is not the receipt",
    ),
    Attack(
        "receipt removed under the key",
        "likewise",
        lambda hand: hand.reseal_call(
            "over", lambda call: replace(call, response="", response_body=b""), answered=True
        ),
        r"evidence .*: the answer is not the receipt",
    ),
    Attack(
        "receipt's signature replaced under the key",
        "another one's word",
        lambda hand: hand.reseal_call("over", lambda call: replace(call, response=call.request), answered=True),
        r"evidence .*: a body is not the one that was signed",
    ),
    Attack(
        "request's signature replaced under the key",
        "another one's word",
        lambda hand: hand.reseal_call(
            "over", lambda call: replace(call, request=call.request[:-2] + "AA"), answered=True
        ),
        r"evidence .*: the signed request does not have the digest",
    ),
    Attack(
        "key deleted",
        "shredded without saying so",
        of_case("over", "DELETE FROM data_keys WHERE owner = ?"),
        r"event 1 of the accepting place: ",
    ),
    Attack("keys swapped", "nothing opens", swap_keys, r"event 1 of the accepting place: "),
    Attack("key put back", "erased, and not erased", recreate_key, r"case .*: it is erased, and its key is there"),
    Attack(
        "entry deleted",
        "who looked at my data is not found",
        of_case("open", "DELETE FROM trail WHERE kind = 'data.read' AND case_id = ?"),
        r"trail, leaf .*: no entry tells",
    ),
    Attack(
        "entry about no case deleted",
        "the refused call is not found",
        sql("DELETE FROM trail WHERE kind = 'call.refused'"),
        r"trail, leaf .*: no entry tells",
    ),
    Attack(
        "entry's time changed",
        "found in another month",
        of_case("over", f"UPDATE trail SET at = at + 1000000 {_ENTRY}"),
        r"trail entry \d+: it does not say what its leaf says",
    ),
    Attack(
        "entry's member changed",
        "somebody else did it",
        of_case("over", f"UPDATE trail SET member = 'x' {_ENTRY}"),
        r"trail entry \d+: it does not say",
    ),
    Attack(
        "entry's subject changed",
        "something else was done",
        of_case("over", f"UPDATE trail SET subject = 'x' {_ENTRY}"),
        r"trail entry \d+: it does not say",
    ),
    Attack(
        "entry's kind changed",
        "a read passes for a receipt",
        of_case("over", f"UPDATE trail SET kind = 'receipt' {_ENTRY}"),
        r"trail entry \d+: it does not say",
    ),
    Attack(
        "entry's kind garbled",
        "no search takes it",
        of_case("over", f"UPDATE trail SET kind = 'x' {_ENTRY}"),
        r"trail entry \d+: it does not read",
    ),
    Attack(
        "entry given to another case",
        "found under the wrong case",
        other_trail_case,
        r"trail entry \d+: it names another case",
    ),
    Attack(
        "entry's holder changed",
        "another citizen's data",
        of_case("over", f"UPDATE trail SET holder = zeroblob(32) {_ENTRY}"),
        r"trail entry \d+: it names another holder",
    ),
    Attack("entry doubled", "it happened twice", copy_entry, r"trail entry \d+: another entry is about the same leaf"),
    Attack("entry invented", "it happened, says nobody's leaf", invent_entry, r"trail entry \d+: no leaf of the log"),
)
