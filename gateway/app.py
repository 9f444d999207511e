"""Puts a gateway together from its configuration, runs it, and takes it apart. The only composition root.

Order of start: everything that can be wrong is checked before anything listens, and what others may see comes last.
Order of stop: first no new calls, then what is under way, then the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import aiohttp
import structlog
from cryptography.x509 import Certificate

import adapters
from gateway import failpoints
from gateway.callbacks import CallbackListener
from gateway.config import (
    AuditSection,
    Config,
    DirectorySection,
    KeySection,
    KeysSection,
    PlatformSection,
    TimestampsSection,
)
from gateway.cosigning import Cosigner
from gateway.dispatch import Dispatcher
from gateway.domain.crosswalk import Crosswalk, record_of
from gateway.evidence import KEPT_DIRECTORY
from gateway.exchange.house import House, Signers
from gateway.exchange.status_lists import StatusLists
from gateway.facts import read_calendar, read_catalogues, read_file, read_reviews, read_rows
from gateway.folding import CrosswalkFolder
from gateway.following import Follower
from gateway.holdings import held_catalogue
from gateway.http_witness import HttpWitness
from gateway.intake import Poller
from gateway.knowledge import StandingKnowledge
from gateway.ports import CallbackReader, CrosswalkEntry, Peer, Platform, Recording, Store
from gateway.public import PublicListener
from gateway.retention import Retention, Terms
from gateway.rpc.client import SignedClient
from gateway.rpc.peers import GrpcPeers
from gateway.rpc.server import Listener
from gateway.rpc.tls import CertificateFiles, Certificates
from gateway.sequencer import Sequencer
from gateway.store.migrate import upgrade_apart
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Cipher, Vault, read_key_file
from gateway.watching import Watcher
from gateway.wire.events import ProtobufEventCodec
from gateway.wire.routes import ROUTES
from gateway.wire.status import write_status
from trust import evidence_stamp
from trust.directory import Directory
from trust.directory_file import open_directory
from trust.errors import Misconfigured, NotFound, Reason, TongbanError
from trust.keys import KeyPurpose, Signer, SoftwareSigner, VerifyingKey

if TYPE_CHECKING:
    from gateway.stamping import Stamper

DIRECTORY_SECONDS: Final = 2.0
"""How often to look whether the signed directory was replaced: the longest that a suspension takes to act."""

PRUNE_SECONDS: Final = 60.0
WARN_BEFORE_EXPIRY: Final = timedelta(days=14)
WARN_EVERY_SECONDS: Final = 6 * 3600.0
GRACE_SECONDS: Final = 5.0
AFTER_DEFECT_SECONDS: Final = 5.0
"""How long background work rests after a defect before it begins again."""

_DIRECTORY_BOOKMARK: Final = "directory.version"

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Begins something that goes on in the background until it is cancelled."""

_log = structlog.get_logger("gateway")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, UTC."""
        return datetime.now(UTC)


# --------------------------------------------------------------------------------------------------------------------
# Reading what the configuration names
# --------------------------------------------------------------------------------------------------------------------


def read_signer(section: KeySection) -> Signer:
    """A signing key from its file. Misconfigured when it can't be read or others may read it."""
    try:
        if section.file.stat().st_mode & 0o077:
            raise Misconfigured(
                Reason.KEY_FILE_EXPOSED,
                f"{section.file} may be read by others than its owner",
                expected="mode 0600",
                mend=f"chmod 600 {section.file}; if somebody may have read it, make a new key",
            )
        pem = section.file.read_bytes()
    except OSError as error:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"{section.file} can't be read",
            got=error.strerror or "an error",
            mend="check the path in [keys] and the file's owner",
        ) from error
    try:
        return SoftwareSigner.from_pem(pem, section.kid)
    except Misconfigured as error:
        raise Misconfigured(
            error.reason,
            f"{section.file} holds no key that can be used for {section.kid}",
            got=error.got,
            expected=error.expected,
            mend=error.mend,
        ) from error


def read_directory(section: DirectorySection, now: datetime, at_least_version: int = 0) -> tuple[Directory, bytes]:
    """The signed directory and its envelope. Misconfigured when a file can't be read, or the directory's own errors."""
    envelope = read_file(section.file, "[directory] file")
    trustees = read_trustees(section)
    directory = open_directory(envelope, trustees, section.threshold, now=now, at_least_version=at_least_version)
    return directory, envelope


def read_trustees(section: DirectorySection) -> list[VerifyingKey]:
    """The keys of the directory's trustees. Misconfigured when the file can't be read."""
    try:
        listed = json.loads(read_file(section.trustees, "[directory] trustees"))
        return [VerifyingKey.from_jwk(entry["jwk"], entry["kid"]) for entry in listed]
    except (ValueError, KeyError, TypeError, TongbanError) as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{section.trustees} does not list trustees",
            got=type(error).__name__,
            expected='a JSON array of {"kid": …, "jwk": {…}}',
            mend="take the file from the federation's trustees, over a channel that you trust",
        ) from error


def read_signers(keys: KeysSection) -> dict[KeyPurpose, Signer]:
    """The gateway's signing keys. Raises as ``read_signer``."""
    return {
        KeyPurpose.MESSAGE: read_signer(keys.message),
        KeyPurpose.LICENCE: read_signer(keys.licence),
        KeyPurpose.STATUS: read_signer(keys.status),
        KeyPurpose.LOG: read_signer(keys.log),
        KeyPurpose.WITNESS: read_signer(keys.witness),
    }


def require_listed(
    config: Config, directory: Directory, signers: dict[KeyPurpose, Signer], certificates: Certificates
) -> None:
    """This gateway is in the directory, with the keys that it holds, and its certificate names it.

    Otherwise nobody could verify a word of it, or reach it. Misconfigured(CONFIG_INVALID).
    """
    try:
        member = directory.member(config.member.id)
    except NotFound as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "the directory does not list this gateway",
            got=f"version {directory.version} of the directory, without {config.member.id}",
            expected="an entry with the id in [member]",
            mend="correct [member] id, or have the trustees sign a directory with this member",
        ) from error
    if certificates.spiffe_ids != (member.spiffe_id,) or member.id not in certificates.dns_names:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"the certificate in {config.tls.certificate} is not this gateway's",
            got=f"a certificate for {', '.join((*certificates.spiffe_ids, *certificates.dns_names)) or 'nobody'}",
            expected=f"the one URI {member.spiffe_id} and the DNS name {member.id}, as the directory has them",
            mend="install the certificate that was issued to this member",
        )
    listed = {(entry.kid, entry.purpose): entry.key.to_jwk() for entry in member.keys}
    for purpose, signer in signers.items():
        if listed.get((signer.kid, purpose)) != signer.public_jwk():
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"the directory does not list this gateway's {purpose.value} key",
                got=f"kid {signer.kid}",
                expected=f"an entry of {member.id} with this kid, purpose and public key",
                mend="have the trustees sign a directory with the key, or configure the key that it lists",
            )


async def _learn(config: Config, store: Store, clock: SystemClock) -> StandingKnowledge:
    """Everything that the gateway goes by, from files and from what was pulled before; the crosswalk apart."""
    version = int(await store.bookmark(_DIRECTORY_BOOKMARK) or "0")
    directory, envelope = read_directory(config.directory, clock.now(), version)
    catalogues = {catalogue.id: catalogue for catalogue in read_catalogues(config.catalogues)}
    regions = {member.region for member in directory.members}
    for region in sorted(regions | catalogues.keys()):
        held = await held_catalogue(store, region)
        own, listed = region == config.member.region, catalogues.get(region)
        if held is not None and (own or listed is None or held.version >= listed.version):
            catalogues[region] = held
    entries = [CrosswalkEntry(record=record_of(row)) for row in read_rows(config.catalogues)]
    entries += [CrosswalkEntry(review=review) for review in read_reviews(config.catalogues)]
    calendar = read_calendar(config.catalogues)
    await store.record(Recording(crosswalk_entries=tuple(entries)))  # those that are there already are passed over
    return StandingKnowledge(directory, envelope, catalogues.values(), Crosswalk(()), calendar)


def adapter_of(section: PlatformSection, region: str) -> tuple[Platform, tuple[CallbackReader, str] | None]:
    """The platform's adapter, and who reads its callbacks at which address if it calls back.

    Nothing is opened or called. Misconfigured: the dialect, the credentials, or that nothing would listen.
    """
    settings = adapters.PlatformSettings(
        base_url=section.base_url, region=region, credentials=adapters.Credentials.load(section.credentials)
    )
    platform = adapters.build(section.dialect, settings)
    reader = adapters.build_callback_reader(section.dialect, settings)
    if reader is None:
        return platform, None
    if section.callback_listen is None:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"platforms of dialect {section.dialect} call back, and nothing would listen",
            mend="set [platform] callback_listen to host:port",
        )
    return platform, (reader, section.callback_listen)


def read_roots_of_time(section: TimestampsSection) -> tuple[Certificate, ...]:
    """What the certificates of time-stamping authorities lead to. Misconfigured(CONFIG_INVALID)."""
    try:
        return evidence_stamp.read_roots(read_file(section.roots, "[audit.timestamps] roots"))
    except ValueError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{section.roots} holds no certificates",
            expected="one or more certificates, PEM",
            mend="take the root certificates from the authorities' operators, over a channel that you trust",
        ) from error


def _cosigner(section: AuditSection, house: House, peers: Peer, opened: contextlib.AsyncExitStack) -> Cosigner:
    third_parties: list[HttpWitness] = []
    if section.witnesses:
        session = aiohttp.ClientSession()
        opened.push_async_callback(session.close)
        third_parties = [HttpWitness(each.url, each.key, session) for each in section.witnesses]
    closed_after = timedelta(seconds=section.closed_after_seconds) if section.closed_after_seconds else None
    return Cosigner(house, peers, third_parties, every=section.cosign_seconds, closed_after=closed_after)


async def _stamper(section: TimestampsSection, house: House) -> Stamper:
    from gateway.stamping import Authority, Stamper  # noqa: PLC0415 - its library is for those who have it stamped

    roots = read_roots_of_time(section)
    stamper = Stamper(
        house,
        [Authority(url, roots, section.policy) for url in section.authorities],
        section.every_seconds,
        timedelta(seconds=section.closed_after_seconds) if section.closed_after_seconds else None,
    )
    await stamper.look()
    return stamper


# --------------------------------------------------------------------------------------------------------------------
# Running
# --------------------------------------------------------------------------------------------------------------------


def _closing(store: Store) -> Callable[..., Awaitable[None]]:
    """Closes the store; a start that failed leaves the note of the last stop as it is."""

    async def close(kind: type[BaseException] | None, *_: object) -> None:
        await store.close(clean=kind is None)

    return close


@dataclass(slots=True)
class Gateway:
    """A running gateway."""

    house: House
    listener: Listener
    callback_port: int
    """0 when no platform calls back."""
    public_port: int
    """0 when the log is not served over plain HTTP."""
    _tasks: list[asyncio.Task[None]]
    _opened: contextlib.AsyncExitStack

    @classmethod
    async def start(cls, config: Config) -> Gateway:
        """Start a gateway. What was opened is closed again when a later step fails."""
        clock = SystemClock()
        reach = failpoints.from_environment(os.environ)
        signers = read_signers(config.keys)
        files = CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots)
        certificates = files.read(clock.now())
        async with contextlib.AsyncExitStack() as opened:
            vault = Vault(read_key_file(config.store.key), Cipher(config.store.cipher))
            store = await SqliteStore.open(
                config.store.path, vault, ProtobufEventCodec(), failpoint=reach, upgrade=upgrade_apart
            )
            opened.push_async_exit(_closing(store))
            knowledge = await _learn(config, store, clock)
            # What was learned stays: the collector need not walk through a province's catalogues again and again, each
            # time holding up everybody's calls for as long.
            gc.collect()
            gc.freeze()
            require_listed(config, knowledge.directory, signers, certificates)
            work_waits, journal_grows = asyncio.Event(), asyncio.Event()
            folder = CrosswalkFolder(store, knowledge, clock, journal_grows)
            await folder.catch_up()

            def wake() -> None:
                work_waits.set()
                journal_grows.set()

            vouching: list[Callable[[], None]] = []

            def require_witnessed() -> None:
                for require in vouching:
                    require()

            client = SignedClient(
                config.member.id, signers[KeyPurpose.MESSAGE], lambda: knowledge.directory, files, clock
            )
            opened.push_async_callback(client.close)
            peers = GrpcPeers(client)
            house = House(
                member_id=config.member.id,
                region=config.member.region,
                platform=config.platform.member if config.platform else "",
                signers=Signers(signers[KeyPurpose.MESSAGE], signers[KeyPurpose.LICENCE], signers[KeyPurpose.WITNESS]),
                knowledge=knowledge,
                store=store,
                clock=clock,
                codec=ProtobufEventCodec(),
                status_lists=StatusLists(config.member.id, signers[KeyPurpose.STATUS], store, peers),
                routes=ROUTES,
                write_status=write_status,
                random=secrets.token_bytes,
                report_defect=_report_defect,
                boot=clock.now() if await store.boot(clock.now()) else None,
                wake=wake,
                require_witnessed=require_witnessed,
                failpoint=reach,
            )
            stamper = await _stamper(config.audit.timestamps, house) if config.audit.timestamps else None
            if stamper is not None:
                vouching.append(stamper.require_stamped)
            cosigner = _cosigner(config.audit, house, peers, opened)
            vouching.append(cosigner.require_witnessed)
            platform = await _PlatformSide.open(config, house, knowledge, opened)
            dispatcher = Dispatcher(house, peers, platform.platform, work_waits)
            opened.push_async_callback(dispatcher.close)
            listener = await Listener.open(house, config.server.listen, files, clock)
            public_port = await _open_to_all(config.audit, house, opened)
            work: list[Work] = [
                *platform.work,
                dispatcher.run,
                Sequencer(house, signers[KeyPurpose.LOG]).run,
                cosigner.run,
                Watcher(house, peers).run,
                folder.run,
                Follower(house, peers, knowledge, config.catalogues.sync_seconds).run,
                lambda: _follow_directory(config.directory, knowledge, store, clock),
                lambda: _prune(store, clock),
                Retention(house, Terms(config.retention.months, config.retention.regions)).run,
                lambda: _warn_of_expiry(files, knowledge, clock),
            ]
            if stamper is not None:
                work.append(stamper.run)
            _log.info(
                "ready",
                member=config.member.id,
                port=listener.port,
                callback_port=platform.callback_port,
                public_port=public_port,
            )
            tasks = [asyncio.create_task(_keep_running(job, _report_defect)) for job in work]
            return cls(house, listener, platform.callback_port, public_port, tasks, opened.pop_all())

    async def close(self) -> None:
        """Stop: no new calls, then what is under way, then the store."""
        await self.listener.close(GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._opened.aclose()
        _log.info("stopped", member=self.house.member_id)


@dataclass(frozen=True, slots=True)
class _PlatformSide:
    """What a gateway runs for its local platform; all of it empty when it has none."""

    platform: Platform | None = None
    callback_port: int = 0
    work: tuple[Work, ...] = ()
    """Not begun yet, since what comes after may fail."""

    @classmethod
    async def open(
        cls, config: Config, house: House, knowledge: StandingKnowledge, opened: contextlib.AsyncExitStack
    ) -> _PlatformSide:
        section = config.platform
        if section is None:
            return cls()
        platform, callback = adapter_of(section, config.member.region)
        opened.push_async_callback(platform.close)
        poller = Poller(house, platform, knowledge, section.poll_seconds, section.catalogue_seconds)
        if callback is None:
            return cls(platform, 0, (poller.run_catalogue, poller.run_notices))
        reader, address = callback
        callbacks = CallbackListener(house, reader)
        port = await callbacks.open(address)
        opened.push_async_callback(callbacks.close)
        return cls(platform, port, (poller.run_catalogue,))


async def _open_to_all(section: AuditSection, house: House, opened: contextlib.AsyncExitStack) -> int:
    if section.listen is None:
        return 0
    public = PublicListener(house)
    port = await public.open(section.listen)
    opened.push_async_callback(public.close)
    return port


async def _keep_running(work: Work, report_defect: Callable[[BaseException], None]) -> None:
    """Begin work again that ended by a defect: a gateway that only looks alive helps nobody."""
    while True:
        try:
            await work()
        except Exception as defect:  # noqa: BLE001 - whatever it is, it must be seen and the work go on
            report_defect(defect)
            await asyncio.sleep(AFTER_DEFECT_SECONDS)
        else:
            return


async def _follow_directory(
    section: DirectorySection, knowledge: StandingKnowledge, store: Store, clock: SystemClock
) -> None:
    """Go by a newer signed directory once its file is replaced; keep the old one when the new one is not right.

    A file that was not right is read again each time, since what stood in the way may pass without a new file: a
    trustees' file, a file mode, a clock, a full disk.
    """
    stamp, last_trouble = 0, ""
    while True:
        try:
            modified = section.file.stat().st_mtime_ns
            if modified != stamp:
                directory, envelope = read_directory(section, clock.now(), knowledge.directory.version)
                knowledge.renew_directory(directory, envelope)
                kept = {f"{KEPT_DIRECTORY}{directory.version}": envelope}  # signatures are judged by it for years
                await store.record(Recording(bookmarks={_DIRECTORY_BOOKMARK: str(directory.version)}, snapshots=kept))
                stamp, last_trouble = modified, ""
                _log.info("directory in force", version=directory.version)
        except (TongbanError, OSError) as error:
            if str(error) != last_trouble:
                last_trouble = str(error)
                _log.error("the directory on disk is not usable; the last good one stays in force", error=last_trouble)
        await asyncio.sleep(DIRECTORY_SECONDS)


async def _warn_of_expiry(files: CertificateFiles, knowledge: StandingKnowledge, clock: SystemClock) -> None:
    """Say in time that the certificate or the directory runs out: both stop everything when they do."""
    while True:
        now = clock.now()
        try:
            for what, ends in (
                ("directory", knowledge.directory.expires_at),
                ("certificate", files.read(now).not_after),
            ):
                if ends - now < WARN_BEFORE_EXPIRY:
                    _log.warning("expires soon", what=what, at=ends.isoformat(timespec="seconds"))
        except TongbanError as error:
            _log.error("the certificate on disk is not usable", error=str(error))
        await asyncio.sleep(WARN_EVERY_SECONDS)


async def _prune(store: Store, clock: SystemClock) -> None:
    """Forget the numbers of signed calls whose time is over."""
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        try:
            await store.prune(clock.now())
        except TongbanError as error:
            _log.warning("pruning failed", error=str(error))


def _report_defect(defect: BaseException) -> None:
    """Where it happened and what kind it is; never its text, which may quote personal data."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(defect.__traceback__)]
    _log.error("defect", kind=type(defect).__name__, frames=frames[-5:])


def configure_logging() -> None:
    """One JSON line for each log entry on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(open(2, "w", encoding="utf-8", closefd=False)),  # noqa: SIM115
    )


def serve(config: Config) -> None:
    """Run a gateway until SIGTERM or SIGINT. Raises TongbanError when it can't start."""
    configure_logging()
    # The kernel lets a batch process work through its queue instead of waking it for each packet: measured +11 to +23%.
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config))


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = await Gateway.start(config)
    await stop.wait()
    await gateway.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - absent on platforms that it does not support
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
