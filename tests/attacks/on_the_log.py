"""Attacks on the log itself: leaves, the tree over them, its head."""

from __future__ import annotations

from tests.attacks.kinds import Attack, sql
from tests.attacks.tampering import Tampering, made_up
from tests.gateway.exchange.world import YUEYANG
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.keys import Algorithm, SoftwareSigner
from trust.merkle import leaf_hash

LOG = f"tongban/{YUEYANG}.gateway/log"


def change_leaf(hand: Tampering) -> None:
    hand.do("UPDATE leaves SET data = ? WHERE leaf_index = 3", hand.forged(3))


def change_leaf_and_its_hash(hand: Tampering) -> None:
    forged = hand.forged(3)
    hand.do("UPDATE leaves SET data = ?, leaf_hash = ? WHERE leaf_index = 3", forged, leaf_hash(forged))
    hand.do("UPDATE log_nodes SET hash = ? WHERE level = 0 AND node_index = 3", leaf_hash(forged))


def change_leaf_and_rebuild(hand: Tampering) -> None:
    change_leaf(hand)
    hand.rebuild(signed=False)


def older_checkpoint(hand: Tampering) -> None:
    note = hand.one("SELECT note FROM stamps ORDER BY size LIMIT 1")
    hand.do("UPDATE log_head SET checkpoint = ?", note)


def strangers_checkpoint(hand: Tampering) -> None:
    size, root = 3, bytes(32)
    stranger = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    hand.do("UPDATE log_head SET checkpoint = ?", sign_checkpoint(Checkpoint(LOG, size, root), stranger))


def another_root_signed(hand: Tampering) -> None:
    hand.do("UPDATE log_head SET checkpoint = ?", hand.checkpoint(hand.one("SELECT size FROM log_head"), bytes(32)))


def peers_checkpoint(hand: Tampering) -> None:
    note = hand.one("SELECT note FROM witnessed")
    hand.do("UPDATE log_head SET checkpoint = ?", note)


ATTACKS = (
    Attack("leaf changed", "what was done is to read otherwise", change_leaf, r"leaf 3: .*hash"),
    Attack(
        "leaf changed with its hashes",
        "a clumsy check looks at the leaf's own hash only",
        change_leaf_and_its_hash,
        r"leaves 2 to 3: the leaves do not give the hash",
    ),
    Attack(
        "leaf changed, tree rebuilt",
        "all hashes fit again, the signature does not",
        change_leaf_and_rebuild,
        r"unknown leaf: the leaves do not give the root",
    ),
    Attack(
        "leaf's bytes cut",
        "half a leaf is left by a bad disk",
        sql("UPDATE leaves SET data = substr(data, 1, 40) WHERE leaf_index = 5"),
        r"leaf 5: the bytes are no audit leaf",
    ),
    Attack(
        "leaf's bytes respelled",
        "the same fields in other bytes",
        sql("UPDATE leaves SET data = CAST(replace(CAST(data AS TEXT), ',', ', ') AS BLOB) WHERE leaf_index = 5"),
        r"leaf 5: the bytes are no audit leaf",
    ),
    Attack(
        "leaf emptied", "nothing happened here", sql("UPDATE leaves SET data = x'' WHERE leaf_index = 5"), r"leaf 5: "
    ),
    Attack("first leaf deleted", "the case never came in", sql("DELETE FROM leaves WHERE leaf_index = 0"), r"leaf 0: "),
    Attack("leaf deleted", "a step is to be forgotten", sql("DELETE FROM leaves WHERE leaf_index = 12"), r"leaf 12: "),
    Attack(
        "last leaf deleted",
        "the newest act is to be forgotten",
        sql("DELETE FROM leaves WHERE leaf_index = (SELECT max(leaf_index) FROM leaves)"),
        r"\d+ leaves, and the checkpoint",
    ),
    Attack(
        "log's tail deleted",
        "the last hour is to be forgotten",
        sql("DELETE FROM leaves WHERE leaf_index > 15"),
        r"leaves 16 to \d+: 16 leaves, and the checkpoint signs",
    ),
    Attack("all leaves deleted", "no log, no proof", sql("DELETE FROM leaves"), r"0 leaves, and the checkpoint signs"),
    Attack(
        "leaf appended",
        "an act that never was",
        lambda hand: hand.do(
            "INSERT INTO leaves (data, leaf_index, leaf_hash) SELECT ?, max(leaf_index) + 1, ? FROM leaves",
            made_up(),
            leaf_hash(made_up()),
        ),
        r"leaves, and the checkpoint signs",
    ),
    Attack(
        "leaf put among those waiting",
        "the sequencer will place it by itself",
        lambda hand: hand.do("INSERT INTO leaves (data) VALUES (?)", made_up()),
        r"trail, leaf .*: no entry tells of it",
    ),
    Attack(
        "leaf taken out of the log",
        "back among those waiting",
        sql("UPDATE leaves SET leaf_index = NULL, leaf_hash = NULL WHERE leaf_index = 6"),
        r"leaf 6: ",
    ),
    Attack(
        "leaves swapped", "who came first", lambda hand: hand.swap("leaves", "data", "leaf_index", 4, 5), r"leaf 4: "
    ),
    Attack(
        "index moved", "a gap in the log", sql("UPDATE leaves SET leaf_index = 1000 WHERE leaf_index = 7"), r"leaf 7: "
    ),
    Attack(
        "kept hash of a leaf changed",
        "proofs are asked for by it",
        sql("UPDATE leaves SET leaf_hash = zeroblob(32) WHERE leaf_index = 9"),
        r"leaf 9: the row has",
    ),
    Attack(
        "node of a leaf changed",
        "proofs no longer verify",
        sql("UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 0 AND node_index = 9"),
        r"leaf 9: ",
    ),
    Attack(
        "upper node changed",
        "proofs of many leaves no longer verify",
        sql("UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 2 AND node_index = 1"),
        r"leaves 4 to 7: ",
    ),
    Attack(
        "node deleted",
        "proofs can't be made",
        sql("DELETE FROM log_nodes WHERE level = 1 AND node_index = 0"),
        r"leaves 0 to 1: ",
    ),
    Attack(
        "node added",
        "of a tree that is not there",
        sql("INSERT INTO log_nodes VALUES (0, 5000, zeroblob(32))"),
        r"log_nodes: ",
    ),
    Attack(
        "nodes swapped",
        "proofs lead elsewhere",
        lambda hand: hand.swap("log_nodes", "hash", "level = 0 AND node_index", 2, 3),
        r"leaf 2: ",
    ),
    Attack(
        "head's size lowered", "the next leaves would overwrite", sql("UPDATE log_head SET size = 5"), r"log_head: "
    ),
    Attack("head's size raised", "leaves that never were", sql("UPDATE log_head SET size = size + 1"), r"log_head: "),
    Attack(
        "frontier changed",
        "the log would go on from another tree",
        sql("UPDATE log_head SET frontier = replace(frontier, 'a', 'b')"),
        r"log_head: ",
    ),
    Attack("frontier emptied", "the log would begin anew", sql("UPDATE log_head SET frontier = ''"), r"log_head: "),
    Attack(
        "checkpoint older", "the newest leaves unsigned", older_checkpoint, r"\d+ leaves, and the checkpoint signs 2\d"
    ),
    Attack("checkpoint by a stranger", "somebody else's word for it", strangers_checkpoint, r"error SIGNATURE_MISSING"),
    Attack(
        "checkpoint over another root",
        "the log's key, another tree",
        another_root_signed,
        r"unknown leaf: the leaves do not give the root",
    ),
    Attack(
        "checkpoint of the peer's log",
        "a good signature in the wrong place",
        peers_checkpoint,
        r"error SIGNATURE_MISSING",
    ),
    Attack(
        "checkpoint garbled",
        "no signature at all",
        sql("UPDATE log_head SET checkpoint = substr(checkpoint, 1, 60)"),
        r"error MESSAGE_MALFORMED",
    ),
    Attack(
        "checkpoint's size rewritten",
        "text changed under its signature",
        sql("UPDATE log_head SET checkpoint = replace(checkpoint, char(10) || size, char(10) || (size - 1))"),
        r"error SIGNATURE_WRONG",
    ),
    Attack(
        "checkpoint emptied",
        "a log that never signed",
        sql("UPDATE log_head SET checkpoint = ''"),
        r"leaves, and the checkpoint signs 0",
    ),
    Attack(
        "head deleted", "as if the log were new", sql("DELETE FROM log_head"), r"leaves, and the checkpoint signs 0"
    ),
)
