"""Every kind of tampering with a stopped gateway's store that the checks must find, and what they must say of it.

Each has a name, why somebody would do it, the hand that does it, who finds it, and how the finding reads. Where the
tamperer holds the machine's keys as well, its own store can be made to look right again; then the other gateway's
store, which remembers what was signed, gives it away.
"""

from __future__ import annotations

from hashlib import sha256

from tests.attacks import on_cases, on_everything, on_knowledge, on_proofs, on_the_log
from tests.attacks.kinds import Attack, of_case, sql
from tests.attacks.tampering import Tampering


def rewrite_journal(hand: Tampering) -> None:
    """Another confidence, and the digest to it."""
    content = hand.one("SELECT content FROM crosswalk_journal WHERE position = 2").replace(b'"90"', b'"91"')
    hand.do(
        "UPDATE crosswalk_journal SET content = ?, digest = ? WHERE position = 2", content, sha256(content).digest()
    )


ATTACKS = (
    *on_the_log.ATTACKS,
    *on_cases.ATTACKS,
    *on_proofs.ATTACKS,
    *on_knowledge.ATTACKS,
    *on_everything.ATTACKS,
)

UNFOUND = (
    Attack(
        "officer of a trail entry",
        "the leaf must not name it; where the call is kept as evidence, its signature does",
        sql("UPDATE trail SET officer = 'o-8' WHERE position = 1"),
    ),
    Attack(
        "purpose of a trail entry",
        "likewise",
        sql("UPDATE trail SET purpose = 'x' WHERE position = 1"),
    ),
    Attack(
        "holder of an entry about no case",
        "the leaf must not name anybody; it is a keyed hash that the store alone can make",
        sql("UPDATE trail SET holder = zeroblob(32) WHERE kind = 'call.refused'"),
    ),
    Attack(
        "entry of an erased case deleted",
        "entries go with the case; the leaves stay, and say that something was done",
        of_case("erased", "DELETE FROM trail WHERE case_id = ?"),
    ),
    Attack(
        "timestamp deleted",
        "fewer timestamps prove less, and nothing says how many there were; bundles made before carry theirs",
        sql("DELETE FROM stamps WHERE size = (SELECT max(size) FROM stamps)"),
    ),
    Attack(
        "cosigned checkpoint deleted",
        "the witnesses' next round renews it, and they remember what they cosigned",
        sql("DELETE FROM snapshots WHERE name = 'log:cosigned'"),
    ),
    Attack(
        "platform's number of a case changed",
        "the peer and the platform know it; no event of this side carries it",
        of_case("open", "UPDATE cases SET local_number = 'x' WHERE case_id = ?"),
    ),
    Attack(
        "row's version changed",
        "it tells two writers apart, and nothing else",
        of_case("open", "UPDATE cases SET version = version + 1 WHERE case_id = ?"),
    ),
    Attack(
        "edition of a catalogue record changed",
        "it says only what a peer is given anew; the edition's digest does not cover it",
        sql("UPDATE catalogue_records SET edition = 9"),
    ),
    Attack(
        "crosswalk row changed with its digest",
        "no review names its hash any more, so that it is a proposal which nobody signed; peers hold the signed one",
        rewrite_journal,
    ),
    Attack(
        "log's epoch raised",
        "a running sequencer is fenced off and says so; no leaf is lost",
        sql("UPDATE log_head SET epoch = epoch + 5"),
    ),
)
"""What neither store can find, and why that is so.

Nor can any store find what both gateways and all witnesses rewrote together: timestamps, third-party witnesses and
bundles in other hands speak against that.
"""
