"""What the core asks of the world, as protocols: store, platform, peer, clock, codec, licences' status.

Everything that crosses a port is a frozen value. Implementations raise the errors of ``trust.errors`` only.

The one rule of the store: **everything that one call changes is one ``Recording``**, written in one transaction,
durable when ``record`` returns, and wholly absent when it raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from gateway.domain.case import CaseEvent, CaseState, RecordedEvent, Side
from gateway.domain.catalogue import Catalogue, Window
from gateway.domain.platform import Notice, NoticePage, PlatformMessage, PlatformReceipt, UnreadableNotice
from trust.leaf import LeafKind

# --------------------------------------------------------------------------------------------------------------------
# Store: what one call changes
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeenCall:
    """A signed call's number, so that the same signature is never taken twice."""

    issuer: str
    jti: str
    until: datetime
    """Kept until then: the call's expiry plus the clock skew."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The answer to an idempotency key, given again to every later attempt."""

    member: str
    key: str
    request_digest: bytes
    """SHA-256 of the request bytes; the same key with another digest is KEY_REUSED."""
    body: bytes = field(repr=False)
    """The response bytes. May hold masked personal data, so encrypted at rest."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What is known of a case without reading its events: what lists, look-ups and routing need. No personal data."""

    case_id: str
    number: str
    side: Side
    """The part that this gateway plays."""
    peer: str
    """Member id of the other gateway."""
    accepting_region: str
    processing_region: str
    source_code: str
    target_code: str
    item_name: str
    state: CaseState
    opened_at: datetime
    updated_at: datetime
    commitment: bytes
    """Salted commitment of the case in both audit logs, 32 bytes."""
    local_number: str = ""
    peer_local_number: str = ""
    trail: int = 0
    """Audit leaves of the case in this gateway's log: the place of the last one."""
    trail_head: bytes = b""
    """RFC 6962 hash of that leaf, 32 bytes; empty while there is none."""
    erased_at: datetime | None = None
    """When the personal data of the case were erased here; None while they are there."""
    version: int = 0
    """Times the row was written. 0 means: not stored yet."""


class DeliveryKind(StrEnum):
    """What is waiting to be done outside the transaction that decided it."""

    PEER_EVENT = "peer.event"
    """An event of ours that the peer has not receipted. ``subject`` is its seq."""
    PLATFORM_MESSAGE = "platform.message"
    """An event to pass on to the local platform. ``subject`` is ``<side>:<seq>``."""
    PLATFORM_NOTICE = "platform.notice"
    """Something the local platform told, to be put through the door. ``subject`` is the notice id."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to make. Deliveries with the same destination and stream are made strictly in order."""

    delivery_id: str
    """UUID."""
    kind: DeliveryKind
    destination: str
    """Member id of the peer, or of the local platform."""
    stream: str
    """The case id, or the case number for notices: what order is kept within."""
    subject: str
    payload: bytes = field(default=b"", repr=False)
    """For notices, what was told. May hold personal data, so encrypted at rest."""
    run_at: datetime | None = None
    """Not before then; at once when None."""
    dead_because: str = ""
    """Not empty: born as a dead letter, for example an unreadable notice."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed call as carried, and its signed answer where we were the caller. Encrypted under the case's key."""

    call_digest: bytes
    """SHA-256 of the request JWS."""
    case_id: str
    """The case it is evidence for; empty for none."""
    method: str
    request: str = field(repr=False)
    """The request JWS."""
    request_body: bytes = field(repr=False)
    response: str = field(default="", repr=False)
    """The response JWS; empty when we were the callee."""
    response_body: bytes = field(default=b"", repr=False)


REVOKED: Final = 1
"""Status of a revoked licence in the Token Status List: for ever."""


@dataclass(frozen=True, slots=True)
class LicenceEntry:
    """A licence that this gateway issued: its place in the status list."""

    licence_id: str
    licence_type: str
    list_uri: str
    index: int
    status: int
    """As in the Token Status List: 0 valid, 1 invalid (revoked), 2 suspended."""


@dataclass(frozen=True, slots=True)
class CatalogueRecord:
    """One version of one item of a catalogue, as it is hashed and carried. No personal data."""

    catalogue: str
    code: str
    version: int
    edition: int
    """The edition of the catalogue that brought it."""
    record: bytes
    """``gateway.domain.editions.record_of`` the item."""


@dataclass(frozen=True, slots=True)
class CrosswalkEntry:
    """One entry of the crosswalk journal: the record of a row, or a review. Exactly one of the two is not empty."""

    record: bytes = b""
    """``gateway.domain.crosswalk.record_of`` a row."""
    review: str = ""
    """A signed review as ``trust.review`` makes it."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An audit leaf as searches find it: what the leaf says, and what it must not say. Erased with its case."""

    leaf_hash: bytes
    """RFC 6962 hash of the leaf, 32 bytes."""
    at: datetime
    kind: LeafKind
    member: str
    subject: str
    officer: str = ""
    """Pseudonymous id of the officer who acted; empty for none."""
    purpose: str = ""
    """What personal data were asked for; empty for none."""
    case_id: str = ""
    """The case concerned; empty for none."""
    holder: bytes = b""
    """``Store.term`` of the number of the person concerned; empty for none."""


@dataclass(frozen=True, slots=True)
class TrailSearch:
    """Which entries of the trail. Empty fields don't narrow it."""

    case_id: str = ""
    officer: str = ""
    member: str = ""
    holder: bytes = b""
    kinds: tuple[LeafKind, ...] = ()
    since: datetime | None = None
    """Not before then."""
    until: datetime | None = None
    """Before then."""
    after: int = 0
    """Position that the previous page ended with."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The checkpoint of another log that this gateway cosigned last."""

    origin: str
    size: int
    root: bytes
    note: str
    """The log's note with our cosignature."""
    after_size: int = 0
    """Size of the one cosigned before it, 0 for none: what it was judged against."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that only a person can settle: a log that told two stories, one that went back, nobody to witness."""

    alarm_id: str
    """Made from what it is about, so that the same thing alarms once."""
    kind: str
    """Lower-case words joined by underscores, for example ``log_contradicts_itself``."""
    member: str
    """Whom it is about."""
    at: datetime
    text: str
    """One line for an operator, no personal data."""
    proof: bytes = b""
    """What proves it, JSON; empty when nothing can."""
    acknowledged_by: str = ""
    """Who has taken note of it; empty while nobody has."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """An RFC 3161 timestamp over one of our checkpoints."""

    size: int
    note: str
    token: bytes
    """TimeStampResp, DER."""
    at: datetime
    """The authority's time."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that one call changes.

    Written in one transaction, in this order of checks:

    1. ``seen``: already there → Unauthenticated(CALL_REPLAYED).
    2. ``reply``: key already there → Conflict(KEY_REUSED) when the digest differs, otherwise AlreadyRecorded.
    3. ``case``: stored version is not ``case.version`` → StaleCase (somebody else wrote it in between; decide anew).
       The row is stored with version + 1.
    4. ``settled``: a delivery that is gone or whose lease is not ours → StaleLease.
    5. ``witnessed``: the stored one has not size ``after_size`` → StaleWitness.
    6. Everything else is inserted. A delivery whose (kind, destination, stream, subject) exists is passed over.
    """

    seen: SeenCall | None = None
    reply: StoredReply | None = None
    case: CaseRow | None = None
    events: tuple[RecordedEvent, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    settled: tuple[Lease, ...] = ()
    """Deliveries that are done."""
    leaves: tuple[bytes, ...] = ()
    """Exact bytes of audit leaves, placed in the log later, in this order."""
    evidence: tuple[Evidence, ...] = ()
    licences: tuple[LicenceEntry, ...] = ()
    """Inserted, or their status replaced; a status that is REVOKED stays so."""
    bookmarks: Mapping[str, str] = field(default_factory=dict)
    """Name to value; replaced."""
    snapshots: Mapping[str, bytes] = field(default_factory=dict)
    """Name to content, for example the head of a catalogue; replaced."""
    dropped_snapshots: tuple[str, ...] = ()
    """Names of snapshots that are no longer wanted; whether or not they are there."""
    dropped_catalogues: tuple[str, ...] = ()
    """Ids of catalogues all of whose records are removed, before those below are inserted."""
    catalogue_records: tuple[CatalogueRecord, ...] = ()
    """Inserted, or replaced by (catalogue, code, version)."""
    trail: tuple[TrailEntry, ...] = ()
    """What searches are to find of ``leaves``."""
    witnessed: Witnessed | None = None
    """Replaces what was stored of the same origin."""
    alarms: tuple[Alarm, ...] = ()
    """Inserted; one whose id is there is passed over."""
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    """Alarm id → who has taken note of it."""
    stamps: tuple[Stamp, ...] = ()
    erased: tuple[str, ...] = ()
    """Case ids whose key, and so everything sealed with it, is destroyed: no copy of the key is left on the disk when
    ``record`` returns. Their deliveries go too, and their entries in the trail but those of kind ERASED. Their rows'
    ``erased_at`` comes with ``case``, and a ``reply`` that comes with it is kept."""
    crosswalk_entries: tuple[CrosswalkEntry, ...] = ()
    """Put behind the journal in this order; one whose very bytes are in it already is passed over."""


class AlreadyRecorded(Exception):
    """The idempotency key was used before with the same content; here is what was answered."""

    def __init__(self, reply: StoredReply) -> None:
        self.reply = reply
        super().__init__(f"key {reply.key} of {reply.member} has an answer")


class StaleCase(Exception):
    """Somebody else wrote the case since it was read."""


class StaleWitness(Exception):
    """Another checkpoint of the log was cosigned since it was judged."""


class StaleLease(Exception):
    """The delivery was settled, or claimed by somebody else after the lease ran out."""


# --------------------------------------------------------------------------------------------------------------------
# Store: what is read
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as stored."""

    row: CaseRow
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to work on one delivery until it runs out."""

    delivery_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as stored."""

    delivery_id: str
    kind: DeliveryKind
    destination: str
    stream: str
    subject: str
    payload: bytes = field(repr=False)
    attempts: int
    run_at: datetime
    last_error: str
    """One line, no personal data."""
    dead: bool
    lease: Lease | None = None
    """Set when this delivery was claimed by the reader."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the audit log stands."""

    epoch: int
    """Number of the sequencer that wrote last; a writer with a lower one is fenced off."""
    size: int
    frontier: tuple[tuple[int, bytes], ...]
    """(level, hash) of the complete subtrees that make up the tree, largest first."""
    checkpoint: str
    """The newest signed checkpoint; empty before the first."""


@dataclass(frozen=True, slots=True)
class WaitingLeaf:
    """A leaf that has no index yet."""

    leaf_id: int
    """The store's own order of insertion."""
    data: bytes


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """What one step of the sequencer writes, in one transaction."""

    epoch: int
    first_index: int
    leaves: tuple[tuple[int, bytes], ...]
    """(leaf_id, leaf hash) in order of index."""
    nodes: tuple[tuple[int, int, bytes], ...]
    """(level, index, hash) of subtrees that became complete; level 0 are the leaf hashes themselves."""
    frontier: tuple[tuple[int, bytes], ...]
    checkpoint: str


class Store(Protocol):
    """Durable memory of one gateway. Every method may raise Unavailable(STORE_UNAVAILABLE) or (STORE_FULL)."""

    async def record(self, recording: Recording) -> None:
        """Write everything or nothing; durable on return. Raises what ``Recording`` lists."""
        ...

    async def reply(self, member: str, key: str) -> StoredReply | None:
        """The stored answer to an idempotency key."""
        ...

    async def case(self, *, case_id: str = "", number: str = "") -> CaseRecord | None:
        """A case with its events, by id or by number. Of an erased one only the row is left."""
        ...

    async def cases(self, *, states: Sequence[CaseState], limit: int, before: str = "") -> list[CaseRow]:
        """Case rows, newest first; ``before`` is the case_id that the previous page ended with."""
        ...

    async def next_serial(self, series: str) -> int:
        """The next number of a series, from 1. Durable when returned; numbers may be lost, never given twice."""
        ...

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Take deliveries that are due, not dead, not leased, and first of their (destination, stream).

        Leases of a process that died run out; a store that serves a single process clears them when opened.
        """
        ...

    async def postpone(self, lease: Lease, *, run_at: datetime, error: str, dead: bool) -> None:
        """An attempt failed: count it, say why, set when to try again, or make it a dead letter. StaleLease."""
        ...

    async def requeue(self, delivery_id: str, *, now: datetime) -> None:
        """Bring a delivery back to be tried at once, with all its attempts before it. NotFound(DELIVERY_UNKNOWN)."""
        ...

    async def deliveries(self, *, stream: str = "", dead_only: bool = False, limit: int = 200) -> list[Delivery]:
        """What is waiting, oldest first."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next claimable delivery is due; None when nothing waits."""
        ...

    async def bookmark(self, name: str) -> str:
        """A bookmark; empty when never set."""
        ...

    async def snapshot(self, name: str) -> bytes | None:
        """A snapshot; None when never taken."""
        ...

    async def catalogue_records(
        self, catalogue: str, *, since_edition: int = 0, after: tuple[str, int] = ("", 0), limit: int
    ) -> list[CatalogueRecord]:
        """Records of a catalogue that later editions brought, by (code, version), behind the one named ``after``."""
        ...

    async def crosswalk_journal(self, after: int, limit: int) -> list[tuple[int, CrosswalkEntry]]:
        """Entries of the crosswalk journal behind a position, each with its own; positions grow from 1."""
        ...

    async def licence(self, licence_id: str) -> LicenceEntry | None:
        """An issued licence."""
        ...

    async def licence_statuses(self, list_uri: str) -> dict[int, int]:
        """Index to status of the entries of a status list that are not valid."""
        ...

    async def evidence(self, case_id: str) -> list[Evidence]:
        """The signed calls of a case, oldest first."""
        ...

    # audit log

    async def take_log(self) -> LogHead:
        """Become the log's only sequencer: raise the epoch and return the head. Earlier sequencers are fenced off."""
        ...

    async def log_head(self) -> LogHead:
        """The head, without becoming its sequencer."""
        ...

    async def waiting_leaves(self, limit: int) -> list[WaitingLeaf]:
        """Leaves without an index, in order of insertion."""
        ...

    async def place(self, batch: PlacedBatch) -> None:
        """Write a sequencer step. WrongState(LOG_INCONSISTENT) when the epoch is not the newest."""
        ...

    async def leaves(self, start: int, limit: int) -> list[bytes]:
        """Exact bytes of placed leaves from an index."""
        ...

    async def leaf_index(self, leaf_hash: bytes) -> int | None:
        """Index of the first placed leaf with this hash."""
        ...

    async def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Hashes of complete subtrees by (level, index)."""
        ...

    async def witnessed(self, origin: str) -> Witnessed | None:
        """The checkpoint of a log that was cosigned last; None when none was."""
        ...

    async def alarms(self, *, open_only: bool = False, limit: int = 200) -> list[Alarm]:
        """Alarms, newest first."""
        ...

    async def stamp_over(self, size: int) -> Stamp | None:
        """The earliest timestamp over a checkpoint of at least that size; None when there is none."""
        ...

    async def newest_stamp(self) -> Stamp | None:
        """The timestamp over the largest checkpoint; None when there is none."""
        ...

    async def stamps(self, *, after: Stamp | None = None, limit: int) -> list[Stamp]:
        """Timestamps by size and time, behind the one that the previous page ended with."""
        ...

    async def trail(self, search: TrailSearch) -> list[tuple[int, TrailEntry]]:
        """Entries of the trail, oldest first, each with its position."""
        ...

    async def cases_over(self, before: datetime, limit: int, behind: CaseRow | None = None) -> list[CaseRow]:
        """Cases that are over, last changed before then and not erased; the oldest first, from behind one of them."""
        ...

    async def case_numbers(self, case_ids: Sequence[str]) -> dict[str, str]:
        """The numbers of cases by their ids, erased or not; those that are not stored are left out."""
        ...

    def term(self, text: str) -> bytes:
        """A keyed hash under which a person's number is found again, 32 bytes; worthless without the store's key."""
        ...

    async def boot(self, now: datetime) -> bool:
        """Note that a process starts; True when the last one did not stop cleanly (``close``)."""
        ...

    async def prune(self, now: datetime) -> int:
        """Forget seen calls whose time is over; how many."""
        ...

    async def close(self, *, clean: bool = True) -> None:
        """Finish what is under way and stop.

        ``clean`` is False for a process that failed to start: after a crash, the last stop must not pass for a clean
        one.
        """
        ...


# --------------------------------------------------------------------------------------------------------------------
# The rest of the world
# --------------------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Time, injected."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class EventCodec(Protocol):
    """Case events as bytes. Only the wire knows how."""

    def encode(self, event: CaseEvent) -> bytes:
        """The exact bytes of a new event."""
        ...

    def decode(self, raw: bytes) -> CaseEvent:
        """Read and check an event. Malformed(MESSAGE_MALFORMED or FIELD_INVALID)."""
        ...


class Platform(Protocol):
    """The local government platform behind an adapter.

    Failures: Unavailable(PLATFORM_UNAVAILABLE) when it may work later (down, HTTP 5xx, an error that says so; outcome
    unknown), WrongState(PLATFORM_REFUSED) when it answered and will answer the same again.
    """

    async def catalogue(self) -> Catalogue:
        """Pull the whole item catalogue."""
        ...

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        """Pass one event on; once, however often it is called with the same message."""
        ...

    async def notices(self, bookmark: str) -> NoticePage:
        """What the platform did since the bookmark (empty: from the start). Platforms that call back give nothing."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


class CallbackReader(Protocol):
    """A platform that calls back: how its calls are read and answered."""

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice | UnreadableNotice, ...]:
        """Authenticate and read a callback. Unauthenticated(SIGNATURE_WRONG) when it isn't the platform's."""
        ...

    def answer(self, error: str = "") -> tuple[bytes, str]:
        """Body and content type that tell the platform it was recorded, or that it must call again."""
        ...


@dataclass(frozen=True, slots=True)
class Heads:
    """What one gateway tells another about both their logs, with each delivery and each receipt."""

    own: str = ""
    """The teller's newest checkpoint; empty while it has none."""
    yours: str = ""
    """The newest checkpoint of the other that the teller knows; empty for none."""


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A peer's verified answer, kept as evidence."""

    request: str = field(repr=False)
    request_body: bytes = field(repr=False)
    response: str = field(repr=False)
    response_body: bytes = field(repr=False)
    accepted_through: int
    leaf_hashes: tuple[bytes, ...]
    heads: Heads = Heads()
    """What the peer tells of both logs; nothing of it is verified yet."""


@dataclass(frozen=True, slots=True)
class LeafProof:
    """A peer's proof that a leaf is in its log; not verified yet."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    """The note that the path leads to."""


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """A page of a peer's catalogue, from its verified answer. Field by field as SyncCatalogueResponse."""

    edition: int
    since_edition: int
    name: str
    windows: tuple[Window, ...]
    records: tuple[bytes, ...]
    next_page: str
    digest: bytes
    record_count: int


class Peer(Protocol):
    """The other gateways."""

    async def deliver(self, member: str, case_id: str, events: Sequence[bytes], heads: Heads) -> SignedAnswer:
        """Deliver events to a member, with what is known of both logs.

        Raises the peer's own refusal as the error it names (WrongState(EVENT_GAP) with ``wanted_seq`` among them), and
        Unavailable(PEER_UNAVAILABLE or PEER_UNSIGNED) when the outcome is unknown.
        """
        ...

    async def status_list(self, member: str, uri: str) -> str:
        """An issuer's status list token. Unavailable when it can't be had."""
        ...

    async def catalogue_page(self, member: str, catalogue: str, since_edition: int, page: str) -> CataloguePage:
        """A page of a member's own catalogue. Unavailable, or the peer's own refusal."""
        ...

    async def crosswalk_changes(self, member: str, after: int) -> list[tuple[int, CrosswalkEntry]]:
        """What a member's crosswalk journal has behind a position. Unavailable, or the peer's own refusal."""
        ...

    # Its audit log. All raise Unavailable, or the peer's own refusal; nothing that they give is verified.

    async def checkpoint(self, member: str) -> str:
        """A member's newest checkpoint."""
        ...

    async def consistency(self, member: str, from_size: int, to_size: int) -> tuple[bytes, ...]:
        """A member's proof that its log of one size begins its log of another."""
        ...

    async def leaf(self, member: str, index: int) -> bytes:
        """Exact bytes of one leaf of a member's log. NotFound(LEAF_UNKNOWN) when it gives none."""
        ...

    async def inclusion(self, member: str, leaf_hash: bytes) -> LeafProof:
        """A member's proof that a leaf is in its log."""
        ...

    async def cosign(self, member: str, request: str) -> str:
        """A member's cosignature, as a witness, for our checkpoint; Conflict(CHECKPOINT_STALE) with ``size``."""
        ...
