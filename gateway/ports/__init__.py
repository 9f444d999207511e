"""What the core asks of the world, as protocols: store, platform, peer, clock, codec, licences' status.

Everything that crosses a port is a frozen value. Implementations raise the errors of ``trust.errors`` only.

The one rule of the store: **everything that one call changes is one ``Recording``**, written in one transaction,
durable when ``record`` returns, and wholly absent when it raises.
"""

from __future__ import annotations

from gateway.ports.recording import (
    REVOKED,
    Alarm,
    AlreadyRecorded,
    CaseRow,
    CatalogueRecord,
    CrosswalkEntry,
    DeliveryKind,
    Evidence,
    Lease,
    LicenceEntry,
    NewDelivery,
    Recording,
    SeenCall,
    StaleCase,
    StaleLease,
    StaleWitness,
    Stamp,
    StoredReply,
    TrailEntry,
    TrailSearch,
    Witnessed,
)
from gateway.ports.store import Store
from gateway.ports.stored import (
    CaseRecord,
    Delivery,
    LogHead,
    PlacedBatch,
    WaitingLeaf,
)
from gateway.ports.world import (
    CallbackReader,
    CataloguePage,
    Clock,
    EventCodec,
    Heads,
    LeafProof,
    Peer,
    Platform,
    SignedAnswer,
)

__all__ = [
    "REVOKED",
    "Alarm",
    "AlreadyRecorded",
    "CallbackReader",
    "CaseRecord",
    "CaseRow",
    "CataloguePage",
    "CatalogueRecord",
    "Clock",
    "CrosswalkEntry",
    "Delivery",
    "DeliveryKind",
    "EventCodec",
    "Evidence",
    "Heads",
    "LeafProof",
    "Lease",
    "LicenceEntry",
    "LogHead",
    "NewDelivery",
    "Peer",
    "PlacedBatch",
    "Platform",
    "Recording",
    "SeenCall",
    "SignedAnswer",
    "StaleCase",
    "StaleLease",
    "StaleWitness",
    "Stamp",
    "Store",
    "StoredReply",
    "TrailEntry",
    "TrailSearch",
    "WaitingLeaf",
    "Witnessed",
]
