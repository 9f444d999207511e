"""Gateways of the exchange's test world that go by what their stores hold, and a line between them.

Every question goes through the asked gateway's own sentence, signed and verified; only the network is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tongban.catalogue.v1 import catalogue_service_pb2
from tongban.crosswalk.v1 import crosswalk_service_pb2

from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import Catalogue
from gateway.domain.crosswalk import Crosswalk
from gateway.exchange.house import House
from gateway.knowledge import StandingKnowledge
from gateway.ports import CataloguePage, CrosswalkEntry, SignedAnswer, Store
from gateway.wire import catalogues as wire_catalogues
from gateway.wire import crosswalks as wire_crosswalks
from gateway.wire import routes
from tests.gateway.exchange.world import City, Clock, Federation, build
from trust.errors import TongbanError
from trust.review import Review, Verdict, sign_review
from trust.signed_call import Officer


@dataclass
class Place:
    """One gateway with knowledge that it may renew."""

    federation: Federation
    city: City
    house: House
    knowledge: StandingKnowledge

    @property
    def store(self) -> Store:
        return self.house.store

    @property
    def clock(self) -> Clock:
        return self.federation.clock

    def review(self, *rows: bytes, verdict: Verdict = Verdict.APPROVE, **changes: object) -> str:
        """A review that this gateway signs for an officer of its own."""
        review = Review(
            member=self.house.member_id,
            officer=Officer("w1", "reviewer", "1"),
            verdict=verdict,
            rows=frozenset(rows),
            at=self.clock.now(),
            reason="核对无误",
        )
        return sign_review(replace(review, **changes), self.house.signers.message)  # type: ignore[arg-type]


def place(
    region: str, *, catalogues: Iterable[Catalogue], store: Store | None = None, federation: Federation | None = None
) -> Place:
    federation = federation or build()
    city = federation.cities[region]
    knowledge = StandingKnowledge(
        federation.directory, b"envelope", catalogues, Crosswalk(()), WorkingCalendar.published()
    )
    house = replace(city.house, knowledge=knowledge, store=store or city.house.store)
    return Place(federation, replace(city, house=house), house, knowledge)


@dataclass
class Line:
    """``gateway.ports.Peer``: asks other places, and lets a test spoil or count what comes back."""

    caller: Place
    peers: dict[str, Place]
    """By member id."""
    spoil_page: Callable[[CataloguePage], CataloguePage] = lambda page: page
    spoil_changes: Callable[[list[tuple[int, CrosswalkEntry]]], list[tuple[int, CrosswalkEntry]]] = lambda some: some
    down: set[str] = field(default_factory=set)
    error: TongbanError | None = None
    """What whoever is down answers."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(member, page or position), in order."""

    async def deliver(self, member: str, case_id: str, events: object, heads: object) -> SignedAnswer:
        raise NotImplementedError

    async def status_list(self, member: str, uri: str) -> str:
        raise NotImplementedError

    async def catalogue_page(self, member: str, catalogue: str, since_edition: int, page: str) -> CataloguePage:
        request = catalogue_service_pb2.SyncCatalogueRequest(
            catalogue=catalogue, since_edition=since_edition, page=page
        )
        body = await self._ask(member, routes.SYNC_CATALOGUE, request.SerializeToString(), f"{since_edition}/{page}")
        return self.spoil_page(wire_catalogues.read_sync_page(body))

    async def crosswalk_changes(self, member: str, after: int) -> list[tuple[int, CrosswalkEntry]]:
        request = crosswalk_service_pb2.ListChangesRequest(after=after)
        body = await self._ask(member, routes.LIST_CHANGES, request.SerializeToString(), str(after))
        return self.spoil_changes(wire_crosswalks.read_changes(body))

    async def _ask(self, member: str, method: str, body: bytes, what: str) -> bytes:
        self.asked.append((member, what))
        if member in self.down and self.error:
            raise self.error
        answer = await self.caller.federation.call(self.caller.city.gateway, self.peers[member].city, method, body)
        if answer.reply.status:
            raise answer.error
        return answer.body
