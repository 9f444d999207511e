"""Two real gateways in one process, with real listeners, mutual TLS and stores, and platforms that live in memory."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

import adapters
from gateway.app import Gateway, SystemClock
from gateway.config import load
from gateway.domain.case import ProcessingBody
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import parse_catalogue
from gateway.domain.platform import Notice, NoticePage, PlatformMessage, PlatformReceipt
from gateway.knowledge import StandingKnowledge
from gateway.rpc.client import SignedClient
from gateway.rpc.server import SIGNATURE, STATUS_DETAILS
from gateway.rpc.tls import CertificateFiles
from sandbox import configuration
from sandbox.authority import CertificatePaths
from sandbox.federation import CITIES, DATA, JINGZHOU, YUEYANG, City, Federation, found
from sandbox.processes import free_ports
from trust.directory import Member
from trust.leaf import Leaf
from trust.signed_call import sign_request, verify_response

PATIENCE_SECONDS: Final = 60.0

_LEFT_OUT: Final = frozenset(
    {
        "leaves",
        "trail",
        "seen_calls",
        "log_head",
        "log_nodes",
        "witnessed",
        "bookmarks",
        "snapshots",
        "store_facts",
        "sqlite_sequence",
    }
)
"""Tables in which a refused call may leave something, or in which a gateway writes by itself."""


@dataclass
class MemoryPlatform:
    """A city's platform: takes what it is given, once for each key, and tells what its staff did."""

    region: str
    taken: list[PlatformMessage] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)

    def do(self, case_number: str, progress: ProcessingBody) -> None:
        """The staff do something with a case."""
        notice_id = f"{self.region}-{len(self.told) + 1}"
        self.told.append(Notice(notice_id, case_number, datetime.now(UTC), progress))

    def steps(self, case_number: str) -> list[str]:
        """Kinds of the events that it was told of a case, in the order of arrival."""
        return [str(message.kind) for message in self.taken if message.case_number == case_number]

    async def catalogue(self) -> Catalogue:
        return parse_catalogue((DATA / f"catalogue-{self.region}.json").read_bytes())

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        if all(message.key != known.key for known in self.taken):
            self.taken.append(message)
        return PlatformReceipt(f"{self.region}-{message.case_number}")

    async def notices(self, bookmark: str) -> NoticePage:
        return NoticePage(tuple(self.told[int(bookmark or "0") :]), str(len(self.told)))

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Reply:
    """What came back over the wire, before anybody believes it."""

    code: grpc.StatusCode
    body: bytes
    """The response, or the serialised status of a refusal."""
    signature: str
    details: str

    @property
    def reason(self) -> str:
        for detail in status_pb2.Status.FromString(self.body).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                return str(info.reason)
        return ""


@dataclass
class Ground:
    """Both gateways, and what it takes to speak with them in anybody's name."""

    folder: Path
    federation: Federation
    ports: dict[str, int]
    platforms: dict[str, MemoryPlatform]
    gateways: dict[str, Gateway] = field(default_factory=dict)

    def know_each_other(self) -> bool:
        """Whether each gateway has learnt, by following the other, its catalogue and what it signed."""
        atlases = [gateway.house.knowledge.atlas for gateway in self.gateways.values()]
        signed = {member for row in atlases[0].crosswalk.rows for member in row.standing.approved_by}
        return (
            all(city.region in atlas.catalogues for city in CITIES for atlas in atlases)
            and signed == self.gateways.keys()
            and all(atlas.crosswalk.rows == atlases[0].crosswalk.rows for atlas in atlases)
        )

    def client(self, member: str) -> SignedClient:
        paths = self.federation.certificates[member]
        return SignedClient(
            member,
            self.federation.signer(member),
            lambda: self.federation.directory,
            CertificateFiles(paths.chain, paths.key, paths.roots),
            SystemClock(),
        )

    def channel(self, city: City, paths: CertificatePaths) -> grpc.aio.Channel:
        """A bare connection to a city's gateway with somebody's certificate."""
        credentials = grpc.ssl_channel_credentials(
            paths.roots.read_bytes(), paths.key.read_bytes(), paths.chain.read_bytes()
        )
        options = (
            ("grpc.ssl_target_name_override", city.gateway),
            ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1),
        )
        return grpc.aio.secure_channel(f"{configuration.HOST}:{self.ports[city.gateway]}", credentials, options=options)

    async def send(self, city: City, paths: CertificatePaths, method: str, body: bytes, *signatures: str) -> Reply:
        """Send bytes as they are; what came back."""
        async with self.channel(city, paths) as channel:
            metadata = tuple((SIGNATURE, signature) for signature in signatures)
            call = channel.unary_unary(method)(body, timeout=10.0, metadata=metadata)
            try:
                answer = await call
            except grpc.aio.AioRpcError as error:
                trailing: dict[str, Any] = dict(error.trailing_metadata() or ())
                status = trailing.get(STATUS_DETAILS, b"")
                return Reply(error.code(), status, trailing.get(SIGNATURE, ""), error.details() or "")
            trailing = dict(await call.trailing_metadata() or ())
            return Reply(grpc.StatusCode.OK, answer, trailing.get(SIGNATURE, ""), "")

    def sign(self, member: str, audience: str, method: str, body: bytes, **changes: Any) -> str:
        """A signature as the member's own program makes it, with changes."""
        signer = changes.pop("signer", self.federation.signer(member))
        fields: dict[str, Any] = {
            "issuer": member,
            "audience": audience,
            "method": method,
            "body": body,
            "now": datetime.now(UTC),
        }
        return sign_request(signer, **{**fields, **changes})

    def require_signed(self, reply: Reply, city: City, caller: str, method: str, request: str) -> None:
        """The reply is signed by the city's gateway, as the answer to exactly this request."""
        verify_response(
            reply.signature,
            reply.body,
            directory=self.federation.directory,
            request=request,
            responder=city.gateway,
            audience=caller,
            method=method,
            status=reply.code.value[0],
            now=datetime.now(UTC),
        )

    async def leaves(self, city: City) -> list[Leaf]:
        """All audit leaves of a gateway, placed or waiting for their place."""
        store = self.gateways[city.gateway].house.store
        waiting = [leaf.data for leaf in await store.waiting_leaves(10_000)]
        placed = await store.leaves(0, 10_000)  # read last: a leaf that moved meanwhile is in both, never in none
        return [Leaf.from_bytes(raw) for raw in dict.fromkeys([*placed, *waiting])]

    def stored(self, city: City) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that a gateway keeps, but for leaves and numbers of calls."""
        path = load(self.folder / f"{city.gateway}.toml").store.path
        with contextlib.closing(sqlite3.connect(path)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            assert {"cases", "events", "deliveries", "evidence"} <= set(tables)
            return {
                table: connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of its own tables
                for table in tables
                if table not in _LEFT_OUT
            }

    @contextlib.contextmanager
    def directory_with(self, city: City, member: Member) -> Iterator[None]:
        """Let a city's gateway go by a directory in which one member is another, for as long as this lasts."""
        knowledge = self.gateways[city.gateway].house.knowledge
        assert isinstance(knowledge, StandingKnowledge)
        before = knowledge.directory
        members = tuple(member if each.id == member.id else each for each in before.members)
        knowledge.renew_directory(replace(before, members=members), knowledge.directory_envelope)
        yield
        knowledge.renew_directory(before, knowledge.directory_envelope)


@contextlib.asynccontextmanager
async def two_gateways(folder: Path, *, sync_seconds: float = configuration.SYNC_SECONDS) -> AsyncIterator[Ground]:
    """岳阳 and 荆州, up until left; ``sync_seconds`` is how often they follow each other once they know all."""
    names = [name for city in CITIES for name in (city.gateway, city.platform)]
    any_port = dict.fromkeys([configuration.callback_name(JINGZHOU), *map(configuration.log_name, CITIES)], 0)
    ports = {**free_ports(names, {}), **any_port}
    federation = found(folder, {city.gateway: f"{configuration.HOST}:{ports[city.gateway]}" for city in CITIES},
                       datetime.now(UTC))  # fmt: skip
    (folder / "data").mkdir()
    platforms = {city.region: MemoryPlatform(city.region) for city in CITIES}
    ground = Ground(folder, federation, ports, platforms)
    async with contextlib.AsyncExitStack() as running:
        running.enter_context(patch.object(adapters, "build", lambda _, settings: platforms[settings.region]))
        running.enter_context(patch.object(adapters, "build_callback_reader", lambda *_: None))
        running.enter_context(patch.object(configuration, "SYNC_SECONDS", sync_seconds))
        for city in (YUEYANG, JINGZHOU):
            file = configuration.write_gateway(folder, city, federation, ports)
            gateway = await Gateway.start(load(file))
            running.push_async_callback(gateway.close)
            ground.gateways[city.gateway] = gateway
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not ground.know_each_other():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        yield ground
