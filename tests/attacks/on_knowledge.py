"""Attacks on what a gateway knows: heads, cosignatures, timestamps, catalogues, crosswalk."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.attacks.kinds import Attack, By, sql
from tests.attacks.tampering import Tampering
from tests.attacks.world import store_path
from tests.gateway.exchange.world import JINGZHOU, YUEYANG
from trust.checkpoint import Checkpoint, sign_checkpoint
from trust.keys import Algorithm, SoftwareSigner

PEERS_LOG = f"tongban/{JINGZHOU}.gateway/log"


def roll_witness_back(hand: Tampering) -> None:
    """To an earlier checkpoint that it did cosign."""
    with closing(sqlite3.connect(store_path(hand.world.earlier, YUEYANG))) as earlier:
        size, root, note = earlier.execute("SELECT size, root, note FROM witnessed").fetchone()
    hand.do("UPDATE witnessed SET size = ?, root = ?, note = ?", size, root, note)


def older_told_head(hand: Tampering) -> None:
    with closing(sqlite3.connect(store_path(hand.world.earlier, YUEYANG))) as earlier:
        (note,) = earlier.execute("SELECT note FROM witnessed").fetchone()
    assert hand.one("SELECT content FROM snapshots WHERE name LIKE 'head.told:%'") != note.encode()
    stranger = SoftwareSigner.generate(Algorithm.ED25519, "stranger")
    forged = sign_checkpoint(Checkpoint(PEERS_LOG, 1, bytes(32)), stranger)
    hand.do("UPDATE snapshots SET content = ? WHERE name LIKE 'head.told:%'", forged.encode())


def forge_journal(hand: Tampering) -> None:
    hand.do("UPDATE crosswalk_journal SET content = replace(CAST(content AS TEXT), '测试', '正式') WHERE position = 2")


ATTACKS = (
    Attack(
        "witness's size changed",
        "it would cosign another story",
        sql("UPDATE witnessed SET size = 3"),
        r"witnessed tongban/421000\.gateway/log: size and root are not",
    ),
    Attack(
        "witness's root changed",
        "likewise",
        sql("UPDATE witnessed SET root = zeroblob(32)"),
        r"witnessed .*: size and root are not",
    ),
    Attack(
        "witness's note changed",
        "a note that nobody signed",
        sql("UPDATE witnessed SET note = replace(note, char(10) || size, char(10) || (size + 1))"),
        r"witnessed .*: the note",
    ),
    Attack(
        "witness remembers another log",
        "the log itself is forgotten",
        sql("UPDATE witnessed SET origin = 'x/log'"),
        r"witnessed x/log: no member",
    ),
    Attack(
        "witness forgets",
        "anything can be cosigned again",
        sql("DELETE FROM witnessed"),
        r"witnessed tongban/421000\.gateway/log: it cosigned \d+ leaves, as 421000\.gateway can show",
        By.COMPARE,
    ),
    Attack(
        "witness rolled back",
        "a fork behind the older size",
        roll_witness_back,
        r"witnessed .*: it cosigned \d+ leaves, as 421000\.gateway can show, and remembers",
        By.COMPARE,
    ),
    Attack(
        "cosigned checkpoint garbled",
        "nobody witnessed",
        sql("UPDATE snapshots SET content = 'x' WHERE name = 'log:cosigned'"),
        r"snapshot log:cosigned: it is no checkpoint",
    ),
    Attack(
        "peer's told head deleted",
        "it never told one",
        sql("DELETE FROM snapshots WHERE name LIKE 'head.told:%'"),
        r"snapshot head\.told:421000\.gateway: it is gone",
    ),
    Attack(
        "peer's told head forged",
        "it told another one",
        older_told_head,
        r"snapshot head\.told:421000\.gateway: (it is no checkpoint|a head of 1)",
    ),
    Attack(
        "peer's proved head garbled",
        "nothing is known to continue",
        sql("UPDATE snapshots SET content = 'x' WHERE name LIKE 'head:%'"),
        r"snapshot head:421000\.gateway: it is no",
    ),
    Attack(
        "timestamp's token changed",
        "another time",
        sql("UPDATE stamps SET token = CAST(replace(token, x'0614', x'0615') || x'00' AS BLOB)"),
        r"timestamp over .*: the token",
    ),
    Attack(
        "timestamp's checkpoint changed",
        "another tree was stamped",
        lambda hand: hand.do("UPDATE stamps SET note = ?", hand.checkpoint(5, bytes(32))),
        r"timestamp over .*: the token is not",
    ),
    Attack(
        "timestamp's time changed",
        "searches go by the column",
        sql("UPDATE stamps SET at = at - 86400000000"),
        r"timestamp over .*: the authority says another time",
    ),
    Attack(
        "timestamp's size changed",
        "it seems to cover more",
        sql("UPDATE stamps SET size = size + 1000"),
        r"timestamp over .*: the checkpoint under it has another size",
    ),
    Attack(
        "catalogue record changed",
        "another fee",
        sql("UPDATE catalogue_records SET record = CAST(replace(CAST(record AS TEXT), '测试局', '别的局') AS BLOB)"),
        r"catalogue 421000: ",
    ),
    Attack(
        "catalogue record deleted",
        "the item is not known",
        sql("DELETE FROM catalogue_records WHERE code = 'T-1'"),
        r"catalogue 421000: ",
    ),
    Attack(
        "catalogue record added",
        "an item that the place never offered",
        sql(
            "INSERT INTO catalogue_records SELECT catalogue, 'T-0', version, edition, record "
            "FROM catalogue_records LIMIT 1"
        ),
        r"catalogue 4\d+: ",
    ),
    Attack(
        "catalogue records swapped",
        "one item's days under another's code",
        lambda hand: hand.swap("catalogue_records", "record", "code", "T-1", "T-MORE"),
        r"catalogue 421000: ",
    ),
    Attack(
        "catalogue's head deleted",
        "the edition is not known",
        sql("DELETE FROM snapshots WHERE name = 'catalogue:421000'"),
        r"catalogue 421000: there are records of it",
    ),
    Attack("crosswalk row changed", "another target", forge_journal, r"crosswalk journal, position 2: "),
    Attack(
        "crosswalk row deleted",
        "a mapping is to be forgotten",
        sql("DELETE FROM crosswalk_journal WHERE position = 4"),
        r"crosswalk journal, position 5: it follows position 3",
    ),
    Attack(
        "own review deleted",
        "we never signed for it",
        sql("DELETE FROM crosswalk_journal WHERE kind = 'review'"),
        r"crosswalk journal: review .*, of which a leaf tells",
    ),
    Attack("journal emptied", "no crosswalk", sql("DELETE FROM crosswalk_journal"), r"crosswalk journal: review"),
)
