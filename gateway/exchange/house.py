"""What a gateway is made of, as the exchange sees it: who it is, what it trusts, what it can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakValueDictionary

from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import Catalogue
from gateway.domain.commands import Command
from gateway.domain.ids import RANDOM_BYTES, ordered_id
from gateway.domain.translation import Atlas
from gateway.exchange.head_book import HeadBook
from gateway.exchange.status_lists import StatusLists
from gateway.ports import Clock, EventCodec, Store
from trust.directory import Action, Directory
from trust.errors import TongbanError
from trust.keys import Signer


@dataclass(frozen=True, slots=True)
class Route:
    """How the calls of one method are read, who may make them, and how they are answered."""

    action: Action
    """The right that the caller needs; the item or licence type is checked where the content is known."""
    local: bool
    """True when only members of this gateway's own region may call."""
    understand: Callable[[bytes], Command]
    """Request bytes to command. Malformed when they are not one."""
    express: Callable[[Any], bytes]
    """The answer as response bytes."""


class Knowledge(Protocol):
    """What a gateway goes by and what may be renewed while it runs: the directory, catalogues, crosswalk, calendar."""

    @property
    def directory(self) -> Directory:
        """The member directory in force."""
        ...

    @property
    def directory_envelope(self) -> bytes:
        """The directory as its trustees signed it."""
        ...

    def catalogue(self, region: str) -> Catalogue:
        """A region's catalogue. NotFound(ITEM_UNKNOWN) when this gateway has none."""
        ...

    @property
    def atlas(self) -> Atlas:
        """Every catalogue here, and the crosswalk between them."""
        ...

    @property
    def calendar(self) -> WorkingCalendar:
        """Working days."""
        ...


@dataclass(frozen=True, slots=True)
class Signers:
    """The keys that decisions and answers are signed with."""

    message: Signer
    licence: Signer
    witness: Signer


class Turns:
    """Who writes a case while others want to: the next in line, so that many who read it at once all get their turn."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def at(self, case_id: str) -> asyncio.Lock:
        """The line at a case, for as long as somebody stands in it."""
        return self._locks.setdefault(case_id, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class House:
    """One gateway. Built once, in ``gateway.app``."""

    member_id: str
    region: str
    platform: str
    """Member id of the local platform that the adapter speaks for; empty when there is none."""
    signers: Signers
    knowledge: Knowledge
    store: Store
    clock: Clock
    codec: EventCodec
    status_lists: StatusLists
    routes: Mapping[str, Route]
    """Full gRPC method path to route."""
    write_status: Callable[[TongbanError | None], tuple[int, bytes]]
    """A refusal as gRPC status code and serialised google.rpc.Status; None for a caller who must learn nothing."""
    random: Callable[[int], bytes]
    """So many random bytes."""
    report_defect: Callable[[BaseException], None]
    """Tells the operator of a defect of this program, without personal data."""
    boot: datetime | None = None
    """Set after an unclean stop: signed calls issued before are refused."""
    turns: Turns = field(default_factory=Turns)
    """For those who found a case written by somebody else since they read it."""
    wake: Callable[[], None] = field(default=lambda: None)
    """Called when something was recorded that others act on: deliveries, leaves."""
    heads: HeadBook = field(default_factory=HeadBook)
    """What peers tell of logs, on its way to whoever looks into it."""
    require_witnessed: Callable[[], None] = field(default=lambda: None)
    """Raises Unavailable(LOG_UNWITNESSED) while our log has not been witnessed for longer than is allowed."""
    failpoint: Callable[[str], None] = field(default=lambda _: None)
    """Called with a step's name where a crash is worth trying; does nothing outside tests."""

    def new_id(self) -> str:
        """An id for a case or a delivery, growing with time."""
        return ordered_id(self.clock.now(), self.random(RANDOM_BYTES))
