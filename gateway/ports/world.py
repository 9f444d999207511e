"""The rest of the world: the clock, the wire's codec, the local platform, the other gateways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.case import CaseEvent
from gateway.domain.catalogue import Catalogue, Window
from gateway.domain.platform import Notice, NoticePage, PlatformMessage, PlatformReceipt, UnreadableNotice
from gateway.ports.recording import CrosswalkEntry


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
