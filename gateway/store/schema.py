"""The store's tables, for SQLite and PostgreSQL alike. Read by migrations and their tests only.

Rules:

1. Portable: no triggers, no sequences, no types of one database only. What needs an order has an integer primary key
   (an identity column on PostgreSQL, the row id on SQLite).
2. Moments are whole microseconds since 1970 in UTC, as BIGINT: they compare and index as numbers, they need no time
   zone from the database, and they are exactly what a Python datetime holds. 0 stands for "at once".
3. Identities from outside (UUIDs, member ids, keys) are text.
4. Columns marked *sealed* hold what ``gateway.store.vault`` made; personal data stand in those alone.
5. Tables of short rows keyed by text are WITHOUT ROWID on SQLite: one tree to write instead of two. Rows with a sealed
   value stay in rowid tables, which keep up to 4 kB in one page where the other kind would spill after 1 kB.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# SQLite numbers rows by itself only in a column declared INTEGER; PostgreSQL needs BIGINT for the same room.
_Order = BigInteger().with_variant(Integer(), "sqlite")


def _required(name: str, kind: type[Text | BigInteger | Integer | LargeBinary]) -> Column[object]:
    return Column(name, kind(), nullable=False)


store_facts = Table(
    "store_facts",
    metadata,
    _required("name", Text),
    _required("value", Text),
    PrimaryKeyConstraint("name"),
    sqlite_with_rowid=False,
)
"""What the store knows of itself: ``key_check`` (see Vault), ``running`` (1 between boot and a clean close)."""

data_keys = Table(
    "data_keys",
    metadata,
    _required("owner", Text),  # a case id, or general:<two hex digits>
    _required("wrapped", LargeBinary),
    PrimaryKeyConstraint("owner"),
    sqlite_with_rowid=False,
)
"""Wrapped data keys. Deleting a row makes everything sealed for its owner unreadable for good."""

seen_calls = Table(
    "seen_calls",
    metadata,
    _required("issuer", Text),
    _required("jti", Text),
    _required("until", BigInteger),
    PrimaryKeyConstraint("issuer", "jti"),
    Index("ix_seen_calls_until", "until"),
    sqlite_with_rowid=False,
)

replies = Table(
    "replies",
    metadata,
    _required("member", Text),
    _required("key", Text),
    _required("request_digest", LargeBinary),
    _required("owner", Text),  # whose data key seals the body
    _required("body", LargeBinary),  # sealed
    PrimaryKeyConstraint("member", "key"),
)

cases = Table(
    "cases",
    metadata,
    _required("case_id", Text),
    _required("number", Text),
    _required("side", Text),
    _required("peer", Text),
    _required("accepting_region", Text),
    _required("processing_region", Text),
    _required("source_code", Text),
    _required("target_code", Text),
    _required("item_name", Text),
    _required("state", Text),
    _required("opened_at", BigInteger),
    _required("updated_at", BigInteger),
    _required("commitment", LargeBinary),
    _required("local_number", Text),
    _required("peer_local_number", Text),
    _required("version", Integer),
    Column("trail", BigInteger(), nullable=False, server_default="0"),
    Column("trail_head", LargeBinary(), nullable=False, server_default=text("x''")),
    Column("erased_at", BigInteger()),
    PrimaryKeyConstraint("case_id"),
    UniqueConstraint("number"),
    Index("ix_cases_newest", "state", "opened_at", "case_id"),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("case_id", Text(), ForeignKey("cases.case_id"), nullable=False),
    _required("side", Text),
    _required("seq", Integer),
    _required("digest", LargeBinary),
    _required("leaf_hash", LargeBinary),  # of the audit leaf that was recorded with it: what its receipt names
    _required("raw", LargeBinary),  # sealed
    PrimaryKeyConstraint("case_id", "side", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", _Order, primary_key=True),
    _required("call_digest", LargeBinary),
    _required("case_id", Text),  # empty for none; a call about an unknown case is evidence too, so no foreign key
    _required("method", Text),
    _required("content", LargeBinary),  # sealed: request, its body, response, its body
    Index("ix_evidence_case", "case_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("position", _Order, primary_key=True),
    _required("delivery_id", Text),
    _required("kind", Text),
    _required("destination", Text),
    _required("stream", Text),
    _required("subject", Text),
    _required("payload", LargeBinary),  # sealed, or empty
    _required("attempts", Integer),
    _required("run_at", BigInteger),
    _required("due_at", BigInteger),
    _required("last_error", Text),
    _required("dead", Integer),
    _required("head", Integer),
    _required("token", Text),
    UniqueConstraint("delivery_id"),
    UniqueConstraint("destination", "stream", "kind", "subject"),
    Index(
        "ix_deliveries_due",
        "due_at",
        "position",
        sqlite_where=text("head = 1 AND dead = 0"),
        postgresql_where=text("head = 1 AND dead = 0"),
    ),
)
"""The outbox. A delivery that is done is deleted.

``head``    1 for the first of its (destination, stream). Kept, not computed, so that a claim costs the same whether ten
            or a hundred thousand wait behind a peer that is down.
``due_at``  when it may be claimed: ``run_at``, or the end of the lease while ``token`` is not empty. So a lease that
            ran out needs nobody to notice it.
"""

leaves = Table(
    "leaves",
    metadata,
    Column("leaf_id", _Order, primary_key=True),
    _required("data", LargeBinary),
    Column("leaf_index", BigInteger()),
    Column("leaf_hash", LargeBinary()),
    Index(
        "ix_leaves_waiting",
        "leaf_id",
        sqlite_where=text("leaf_index IS NULL"),
        postgresql_where=text("leaf_index IS NULL"),
    ),
    Index(
        "ix_leaves_index",
        "leaf_index",
        unique=True,
        sqlite_where=text("leaf_index IS NOT NULL"),
        postgresql_where=text("leaf_index IS NOT NULL"),
    ),
    Index(
        "ix_leaves_hash",
        "leaf_hash",
        sqlite_where=text("leaf_hash IS NOT NULL"),
        postgresql_where=text("leaf_hash IS NOT NULL"),
    ),
)
"""Audit leaves. Index and hash are empty until the sequencer places them; the business transaction pays for neither."""

log_nodes = Table(
    "log_nodes",
    metadata,
    _required("level", Integer),
    _required("node_index", BigInteger),
    _required("hash", LargeBinary),
    PrimaryKeyConstraint("level", "node_index"),
    sqlite_with_rowid=False,
)

log_head = Table(
    "log_head",
    metadata,
    Column("head_id", Integer(), primary_key=True, autoincrement=False),  # always 1: there is one log
    _required("epoch", BigInteger),
    _required("size", BigInteger),
    _required("frontier", Text),  # level:hex of each subtree, largest first, separated by spaces
    _required("checkpoint", Text),
)

serials = Table(
    "serials",
    metadata,
    _required("series", Text),
    _required("last", BigInteger),
    PrimaryKeyConstraint("series"),
    sqlite_with_rowid=False,
)

bookmarks = Table(
    "bookmarks",
    metadata,
    _required("name", Text),
    _required("value", Text),
    PrimaryKeyConstraint("name"),
    sqlite_with_rowid=False,
)

snapshots = Table(
    "snapshots",
    metadata,
    _required("name", Text),
    _required("content", LargeBinary),
    PrimaryKeyConstraint("name"),
)

catalogue_records = Table(
    "catalogue_records",
    metadata,
    _required("catalogue", Text),
    _required("code", Text),
    _required("version", Integer),
    _required("edition", Integer),
    _required("record", LargeBinary),
    PrimaryKeyConstraint("catalogue", "code", "version"),
    Index("ix_catalogue_records_walk", "catalogue", "code", "version", "edition"),
)
"""Every version of every item, of this region's catalogue and of the peers'. No personal data.

The index answers "what came since an edition" in the order of codes: a page reads on where the last one ended and
leaves the records alone that it does not give.
"""

crosswalk_journal = Table(
    "crosswalk_journal",
    metadata,
    Column("position", _Order, primary_key=True),
    _required("digest", LargeBinary),  # SHA-256 of the content
    _required("kind", Text),  # row or review
    _required("content", LargeBinary),
    UniqueConstraint("digest"),
)
"""Rows of the crosswalk and reviews of them, in the order in which they came. Nothing is ever changed or deleted, so
that positions grow and never repeat.

Readers go by position, so that none may appear behind one that was read. With one writer, which gives positions in the
order of commits, that is so by itself. On PostgreSQL an identity is given before its commit: the transaction that
appends must take an advisory lock first, and hold it until it is committed.
"""

licences = Table(
    "licences",
    metadata,
    _required("licence_id", Text),
    _required("licence_type", Text),
    _required("list_uri", Text),
    _required("list_index", Integer),
    _required("status", Integer),
    PrimaryKeyConstraint("licence_id"),
    UniqueConstraint("list_uri", "list_index"),
    Index(
        "ix_licences_not_valid",
        "list_uri",
        sqlite_where=text("status <> 0"),
        postgresql_where=text("status <> 0"),
    ),
    sqlite_with_rowid=False,
)
"""Licences that this gateway issued. Two never share a place in a status list."""

trail = Table(
    "trail",
    metadata,
    Column("position", _Order, primary_key=True),
    _required("leaf_hash", LargeBinary),
    _required("at", BigInteger),
    _required("kind", Text),
    _required("member", Text),
    _required("subject", Text),
    _required("officer", Text),
    _required("purpose", Text),
    _required("case_id", Text),
    _required("holder", LargeBinary),
    Index("ix_trail_case", "case_id", sqlite_where=text("case_id <> ''"), postgresql_where=text("case_id <> ''")),
    Index("ix_trail_officer", "officer", sqlite_where=text("officer <> ''"), postgresql_where=text("officer <> ''")),
    Index("ix_trail_holder", "holder", sqlite_where=text("holder <> x''"), postgresql_where=text("holder <> ''")),
    Index("ix_trail_at", "at"),
)
"""What searches find of the audit leaves. Derived, and no part of the log: an erased case leaves nothing here."""

witnessed = Table(
    "witnessed",
    metadata,
    _required("origin", Text),
    _required("size", BigInteger),
    _required("root", LargeBinary),
    _required("note", Text),
    PrimaryKeyConstraint("origin"),
    sqlite_with_rowid=False,
)
"""The checkpoint of each other log that was cosigned last."""

alarms = Table(
    "alarms",
    metadata,
    Column("position", _Order, primary_key=True),
    _required("alarm_id", Text),
    _required("kind", Text),
    _required("member", Text),
    _required("at", BigInteger),
    _required("text", Text),
    _required("proof", LargeBinary),
    _required("acknowledged_by", Text),
    UniqueConstraint("alarm_id"),
)

stamps = Table(
    "stamps",
    metadata,
    _required("size", BigInteger),
    _required("at", BigInteger),
    _required("note", Text),
    _required("token", LargeBinary),
    PrimaryKeyConstraint("size", "at"),
)
"""RFC 3161 timestamps over our checkpoints."""
