"""What one call changes: the values of a ``Recording``, written together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.domain.case import CaseState, RecordedEvent, Side
from trust.leaf import LeafKind


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
class Lease:
    """A right to work on one delivery until it runs out."""

    delivery_id: str
    token: str


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
