"""Attacks on the whole file, and those of somebody who holds the log's key and makes everything fit again."""

# ruff: noqa: S608 - the statements are the attacks

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.kinds import Attack, By
from tests.attacks.tampering import Tampering, made_up
from tests.attacks.world import store_path
from tests.gateway.exchange.world import JINGZHOU, YUEYANG
from trust.leaf import Leaf
from trust.merkle import leaf_hash


def change_refusal_and_sign(hand: Tampering) -> None:
    last = hand.one("SELECT max(leaf_index) FROM leaves")
    data = hand.one("SELECT data FROM leaves WHERE leaf_index = ?", last)
    forged = data.replace(Leaf.from_bytes(data).subject.encode(), b"CASE_UNKNOWN")
    hand.do("UPDATE leaves SET data = ? WHERE leaf_index = ?", forged, last)
    hand.do(
        "UPDATE trail SET leaf_hash = ?, subject = ? WHERE leaf_hash = ?",
        leaf_hash(forged),
        "CASE_UNKNOWN",
        leaf_hash(data),
    )
    _forget_own_heads(hand)
    hand.rebuild()


def drop_refusal_and_sign(hand: Tampering) -> None:
    last = hand.one("SELECT max(leaf_index) FROM leaves")
    hand.do("DELETE FROM trail WHERE leaf_hash = (SELECT leaf_hash FROM leaves WHERE leaf_index = ?)", last)
    hand.do("DELETE FROM leaves WHERE leaf_index = ?", last)
    _forget_own_heads(hand)
    hand.rebuild()


def drop_leaf_and_sign(hand: Tampering) -> None:
    hand.do("DELETE FROM leaves WHERE leaf_index = 8")
    _forget_own_heads(hand)
    hand.rebuild()


def reorder_and_sign(hand: Tampering) -> None:
    hand.swap("leaves", "data", "leaf_index", 4, 5)
    _forget_own_heads(hand)
    hand.rebuild()


def insert_and_sign(hand: Tampering) -> None:
    hand.do("INSERT INTO leaves (data, leaf_index) VALUES (?, -1)", made_up())
    _forget_own_heads(hand)
    hand.rebuild()


def forget_a_case(hand: Tampering) -> None:
    """Everything about one case, as if it had never come in, and the log made and signed anew."""
    case_id = hand.case("open")
    hand.do("DELETE FROM leaves WHERE leaf_hash IN (SELECT leaf_hash FROM trail WHERE case_id = ?)", case_id)
    for table in ("trail", "events", "evidence", "cases"):
        hand.do(f"DELETE FROM {table} WHERE case_id = ?", case_id)
    hand.do("DELETE FROM leaves WHERE leaf_hash IN (SELECT leaf_hash FROM trail WHERE kind = 'log.head_seen')")
    hand.do("DELETE FROM trail WHERE kind = 'log.head_seen'")
    _forget_own_heads(hand)
    hand.rebuild()


def _forget_own_heads(hand: Tampering) -> None:
    hand.do("DELETE FROM snapshots WHERE name = 'log:cosigned' OR name LIKE 'cosigned:%'")
    hand.do("DELETE FROM stamps")


def truncate(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(hand.path.read_bytes()[: hand.path.stat().st_size // 2])


def cut_last_page(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(hand.path.read_bytes()[:-4096])


def empty_file(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(b"")


def no_header(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(bytes(100) + hand.path.read_bytes()[100:])


def zero_page_of(table: str) -> Callable[[Tampering], None]:
    def zero(hand: Tampering) -> None:
        page, size = hand.one("SELECT rootpage FROM sqlite_master WHERE name = ?", table), 4096
        hand.db.close()
        content = bytearray(hand.path.read_bytes())
        content[(page - 1) * size : page * size] = bytes(size)
        hand.path.write_bytes(content)

    return zero


def roll_back(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(store_path(hand.world.earlier, YUEYANG).read_bytes())


def drop_journal(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(store_path(hand.world.earlier, YUEYANG).with_suffix(".crashed").read_bytes())


def peers_file(hand: Tampering) -> None:
    hand.db.close()
    hand.path.write_bytes(store_path(hand.folder, JINGZHOU).read_bytes())


ATTACKS = (
    Attack("file cut in half", "a disk that ran full", truncate, r"error STORE_CORRUPT"),
    Attack("last page cut off", "likewise", cut_last_page, r"(error STORE_CORRUPT|the store's file: )"),
    Attack("file emptied", "no store", empty_file, r"error CONFIG_INVALID"),
    Attack("file's header overwritten", "no database", no_header, r"error STORE_CORRUPT"),
    Attack("page of leaves zeroed", "a bad sector", zero_page_of("leaves"), r"error STORE_CORRUPT"),
    Attack("page of cases zeroed", "a bad sector", zero_page_of("cases"), r"error STORE_CORRUPT"),
    Attack(
        "page of an index zeroed",
        "a bad sector",
        zero_page_of("ix_trail_at"),
        r"(error STORE_CORRUPT|the store's file: )",
    ),
    Attack(
        "the other gateway's file", "everything in it holds, but is not ours", peers_file, r"error SIGNATURE_MISSING"
    ),
    Attack(
        "write-ahead log dropped after a crash",
        "what was acknowledged last is to be forgotten",
        drop_journal,
        r"cosigned by 421000\.gateway: the log signed \d+ leaves once, and has \d+",
        By.COMPARE,
    ),
    Attack(
        "store rolled back",
        "a backup from before the decision",
        roll_back,
        r"cosigned by 421000\.gateway: the log signed \d+ leaves once, and has \d+",
        By.COMPARE,
    ),
    Attack(
        "refusal rewritten, log signed anew",
        "a refusal that looks better",
        change_refusal_and_sign,
        r"cosigned by 421000\.gateway: the first \d+ leaves are not those",
        By.COMPARE,
    ),
    Attack(
        "refusal dropped, log signed anew",
        "nothing was refused",
        drop_refusal_and_sign,
        r"cosigned by 421000\.gateway: the log signed \d+ leaves once",
        By.COMPARE,
    ),
    Attack(
        "case forgotten, log signed anew",
        "the case never was",
        forget_a_case,
        r"cosigned by 421000\.gateway: ",
        By.COMPARE,
    ),
    Attack("leaf dropped, log signed anew", "a step of a case never was", drop_leaf_and_sign, r"does not follow leaf"),
    Attack("leaves reordered, log signed anew", "who came first", reorder_and_sign, r"does not follow leaf"),
    Attack(
        "leaf inserted, log signed anew", "an act that never was", insert_and_sign, r"trail, leaf .*: no entry tells"
    ),
)
