"""The sandbox's world: two cities with gateway and platform each, four processes on this machine, in one folder.

    async with World(folder) as world:
        await world.client("430600.platform").call(...)
        await world.desk("421000").act(number, "accept", promised_days=3)

Everything that is secret is made in the folder. A second start there goes on with its keys, stores and, where they are
free, its ports. On leaving, by whatever way, nothing is left running.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
import grpc
import grpc.aio
from grpc_health.v1 import health_pb2
from rich.console import Console
from rich.text import Text
from tongban.catalogue.v1 import translation_pb2

from gateway.rpc.client import SignedClient
from gateway.rpc.tls import CertificateFiles
from sandbox import configuration, guide
from sandbox.configuration import HOST
from sandbox.desk import Desk
from sandbox.federation import CITIES, City, Federation, city_of, found
from sandbox.files import write_secret
from sandbox.processes import NotRunning, Process, failing, free_ports, stop_all
from sandbox.program import run_program
from sandbox.window import Window
from trust.errors import TongbanError
from trust.signed_call import Officer

START_SECONDS: Final = 30.0
"""How long a program may take until it is healthy, on a slow machine."""

_LOOK_SECONDS: Final = 0.03
_ANSWER_SECONDS: Final = 1.0
_TRANSLATED: Final = (
    translation_pb2.TRANSLATION_OUTCOME_MATCHED,
    translation_pb2.TRANSLATION_OUTCOME_NEEDS_FACTS,
)
_HEALTH: Final = "/grpc.health.v1.Health/Check"
_TONGBAN: Final = "sandbox.cli:main"
"""What the command ``tongban`` runs."""

_Check = Callable[[], Awaitable[bool]]


class _MachineClock:
    """``gateway.ports.Clock``; that of ``gateway.app`` would bring a whole gateway along."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FolderInUse(Exception):
    """Another world runs in the folder."""


class World:
    """Boots on entering, stops on leaving. One world at a time in a folder."""

    def __init__(
        self, folder: Path, *, failpoints: Mapping[str, str] | None = None, ports: Mapping[str, int] | None = None
    ) -> None:
        """``failpoints`` by region make that gateway crash there; ``ports`` by name are taken instead of free ones."""
        self.folder = folder.resolve()
        self._failpoints = dict(failpoints or {})
        self._wanted_ports = ports
        self._processes: dict[str, Process] = {}
        self._clients: dict[str, SignedClient] = {}
        self._left = contextlib.AsyncExitStack()
        self._session: aiohttp.ClientSession
        self.federation: Federation
        self.ports: dict[str, int]

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as entered:
            self._lock(entered)
            entered.push_async_callback(self._stop)
            await self._start(entered)
            self._left = entered.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._left.aclose()

    # what tests and stories use -------------------------------------------------------------------------------------

    def client(self, member: str) -> SignedClient:
        """Calls gateways in the name of a member, for example 430600.platform."""
        if member not in self._clients:
            self._clients[member] = SignedClient(
                member,
                self.federation.signer(member),
                lambda: self.federation.directory,
                self._certificates(member),
                _MachineClock(),
            )
        return self._clients[member]

    def desk(self, region: str) -> Desk:
        """The back office of a city's platform."""
        return Desk(self._session, f"http://{HOST}:{self.ports[city_of(region).platform]}")

    async def kill(self, gateway: str) -> None:
        """End a gateway with SIGKILL, and wait until it is gone. ``gateway`` is its region or member id."""
        self._processes[city_of(gateway).gateway].kill()

    async def ended(self, member: str) -> int:
        """Wait until a program has ended by itself, for example at its failpoint; its exit status."""
        return await self._processes[member].ended()

    async def start(self, gateway: str, failpoint: str = "") -> None:
        """Start a gateway again that was killed or crashed; returns when it is healthy."""
        city = city_of(gateway)
        self._launch_gateway(city, failpoint)
        await self._gateway_healthy(city)

    async def stop_platform(self, region: str) -> None:
        """Stop a city's platform."""
        await stop_all([self._processes[city_of(region).platform]])

    async def start_platform(self, region: str) -> None:
        """Start a city's platform again; returns when it answers."""
        city = city_of(region)
        self._launch_platform(city)
        await self._platform_healthy(city)

    @property
    def members(self) -> tuple[str, ...]:
        """Member ids of all gateways and platforms."""
        return tuple(self._processes)

    def pid(self, member: str) -> int:
        """Process id of a gateway or platform, by its member id."""
        return self._processes[member].pid

    def log(self, member: str) -> Path:
        """Where a gateway or platform says what it does, by its member id."""
        return self.folder / "logs" / f"{member}.log"

    def config(self, member: str) -> Path:
        """A gateway's configuration, or, for a platform, that with which its windows call their gateway."""
        return self.folder / f"{member}.toml"

    # starting and stopping ------------------------------------------------------------------------------------------

    def _lock(self, entered: contextlib.ExitStack | contextlib.AsyncExitStack) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = entered.enter_context((self.folder / ".lock").open("wb"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"a sandbox already runs in {self.folder}") from None

    async def _start(self, entered: contextlib.AsyncExitStack) -> None:
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
        self.ports = self._choose_ports()
        endpoints = {city.gateway: f"{HOST}:{self.ports[city.gateway]}" for city in CITIES}
        self.federation = found(self.folder, endpoints, datetime.now(UTC))
        for city in CITIES:
            configuration.write_gateway(self.folder, city, self.federation, self.ports)
            configuration.write_client(self.folder, city, self.federation)
        self._session = await entered.enter_async_context(aiohttp.ClientSession())
        entered.push_async_callback(self._close_clients)
        for city in CITIES:
            self._launch_platform(city)
        await _all(self._platform_healthy(city) for city in CITIES)
        for city in CITIES:  # they find their platforms there, and don't have to ask for the catalogue again
            self._launch_gateway(city, self._failpoints.get(city.region, ""))
        await _all(self._gateway_healthy(city) for city in CITIES)
        await _all(self._in_agreement(city) for city in CITIES)

    def _choose_ports(self) -> dict[str, int]:
        if self._wanted_ports is not None:
            return dict(self._wanted_ports)
        remembered = self.folder / "ports.json"
        last = json.loads(remembered.read_bytes()) if remembered.exists() else {}
        ports = free_ports(port_names(), last)
        write_secret(remembered, json.dumps(ports).encode())
        return ports

    def _launch_gateway(self, city: City, failpoint: str) -> None:
        config = str(self.config(city.gateway))
        self._launch(city.gateway, _TONGBAN, ["serve", "--config", config], failing(failpoint))

    def _launch_platform(self, city: City) -> None:
        arguments = {
            "--port": str(self.ports[city.platform]),
            "--data": str(self.folder / "data"),
            "--credentials": str(self.federation.credentials[city.platform]),
        }
        if not city.polls:
            arguments["--callback"] = configuration.callback_url(city, self.ports)
        flat = [text for pair in arguments.items() for text in pair]
        self._launch(city.platform, f"sandbox.platforms.{city.dialect}", flat, {})

    def _launch(self, name: str, program: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        if name in self._processes and self._processes[name].running:
            raise RuntimeError(f"{name} runs already")  # a second one could not be stopped by its name
        self._processes[name] = Process.start(name, program, arguments, self.log(name), environment)

    async def _gateway_healthy(self, city: City) -> None:
        """Ask for its health as any operator's tool would: over mutual TLS."""
        certificates = self._certificates(city.platform).read(datetime.now(UTC))
        credentials = grpc.ssl_channel_credentials(certificates.roots, certificates.key, certificates.chain)
        options = (("grpc.ssl_target_name_override", city.gateway), ("grpc.initial_reconnect_backoff_ms", 50),
                   ("grpc.min_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 50))  # fmt: skip
        address = f"{HOST}:{self.ports[city.gateway]}"
        async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
            check = channel.unary_unary(_HEALTH, response_deserializer=health_pb2.HealthCheckResponse.FromString)

            async def healthy() -> bool:
                try:
                    reply = await check(health_pb2.HealthCheckRequest().SerializeToString(), timeout=_ANSWER_SECONDS)
                except grpc.aio.AioRpcError:
                    return False
                return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

            await self._until(healthy, self._processes[city.gateway])

    async def _platform_healthy(self, city: City) -> None:
        desk = self.desk(city.region)

        async def answers() -> bool:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await desk.cases()
            except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
                return False
            return True

        await self._until(answers, self._processes[city.platform])

    async def _in_agreement(self, city: City) -> None:
        """Wait until a gateway has both catalogues, and what its peer signed of the crosswalk.

        Whether it has the catalogues is read in its log: a call that comes too early is refused, and the refusal stands
        in the audit log for ever.
        """
        window = Window(self.client(city.platform), city, Officer(f"{city.region}-start", "sandbox", "start"))
        (other,) = (each for each in CITIES if each is not city)
        code = self.federation.agreed[city.region][0]

        async def translates() -> bool:
            if not _catalogues_told(self.log(city.gateway)) >= {each.region for each in CITIES}:
                return False
            return (await window.translate(other.region, code, {})).outcome in _TRANSLATED

        await self._until(translates, self._processes[city.gateway])

    async def _until(self, healthy: _Check, process: Process) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await healthy():
                    process.require_running()
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise NotRunning(process.name, f"is not healthy after {START_SECONDS:.0f} s", process.log) from None
        process.require_running()  # not somebody else who answers on its port

    async def _stop(self) -> None:
        await stop_all(self._processes.values())

    async def _close_clients(self) -> None:
        for client in self._clients.values():
            await client.close()

    def _certificates(self, member: str) -> CertificateFiles:
        paths = self.federation.certificates[member]
        return CertificateFiles(paths.chain, paths.key, paths.roots)


def _catalogues_told(log: Path) -> set[str]:
    """Ids of the catalogues of which a gateway's log says that it has an edition."""
    lines = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}"))
    return {line["catalogue"] for line in lines if "edition" in line}


async def _all(conditions: Iterable[Coroutine[None, None, None]]) -> None:
    """Wait for all of them. Raises what the first that fails raises; the others are cancelled for it."""
    try:
        async with asyncio.TaskGroup() as waiting:
            for condition in conditions:
                waiting.create_task(condition)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def port_names() -> tuple[str, ...]:
    """Names of the ports that a world listens on."""
    members = [member for city in CITIES for member in (city.gateway, city.platform)]
    callbacks = [configuration.callback_name(city) for city in CITIES if not city.polls]
    return (*members, *callbacks, *map(configuration.log_name, CITIES))


# --------------------------------------------------------------------------------------------------------------------
# Staying up
# --------------------------------------------------------------------------------------------------------------------

DEFAULT_FOLDER: Final = Path("build/sandbox")
"""Where a world that stays up is kept."""


def run_sandbox(folder: Path | None) -> int:
    """Keep a world up until it is told to stop, and say what can be done with it; the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    status = run_program(lambda: _stay_up(console, folder or DEFAULT_FOLDER))
    # To stop by Ctrl-C is the way it is meant.
    return 0 if status > 128 else status


async def _stay_up(console: Console, folder: Path) -> int:
    try:
        async with World(folder) as world:
            application, verifier = guide.write_application(world.folder), guide.write_verifier(world.folder)
            to_try = guide.commands(world.folder, world.ports, application, verifier)
            guide.show(console, world.folder, world.ports, to_try)
            async with asyncio.TaskGroup() as watching:
                for name in world.members:
                    watching.create_task(_tell_end(console, world, name))
            return 1
    except (NotRunning, FolderInUse, TongbanError, OSError) as error:
        console.print(Text(str(error), style="red"))
        return 1


async def _tell_end(console: Console, world: World, member: str) -> None:
    """Say when a program ends by itself: somebody tries what happens then, or it is a fault."""
    status = await world.ended(member)
    console.print(Text(f"{member} 已结束 · ended with status {status}; {world.log(member)}", style="yellow"))
