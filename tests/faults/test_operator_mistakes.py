"""What operators get wrong: each mistake is one line on standard error that names it and says how to mend it.

Every test goes the same way: a gateway ran here before; then somebody made a mistake; ``tongban serve`` ends with a
status other than 0, one line and no traceback; then the mistake is taken back, and the gateway starts again with
everything that it had.
"""

from __future__ import annotations

import base64
import contextlib
import os
import resource
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.app import Gateway
from gateway.config import Config, load
from gateway.ports import Recording
from sandbox import configuration
from sandbox.authority import Authority
from sandbox.federation import CITIES, JINGZHOU, TRUSTEES, YUEYANG, Federation, found
from sandbox.files import write_secret
from trust.directory import Directory, Member
from trust.directory_file import seal
from trust.errors import Reason, Unavailable
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey

MEMBER: Final = YUEYANG.gateway
HOST: Final = configuration.HOST
SERVE: Final = "from gateway.cli.app import build; build()()"
BOUND_SECONDS: Final = 60.0


@dataclass
class Installation:
    """A gateway's files as its operator has them, after a first start that went well."""

    folder: Path
    federation: Federation

    @property
    def file(self) -> Path:
        return self.folder / f"{MEMBER}.toml"

    @property
    def config(self) -> Config:
        return load(self.file)

    def key(self, purpose: KeyPurpose = KeyPurpose.MESSAGE) -> Path:
        return self.federation.keys[MEMBER, purpose].path

    def rewrite(self, old: str, new: str) -> None:
        """Edit the configuration."""
        text = self.file.read_text("utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new, 1), "utf-8")

    def publish(self, directory: Directory, *trustees: str) -> None:
        """Replace the directory by one that these trustees signed."""
        keys = self.folder / "keys"
        signers = [SoftwareSigner.from_pem((keys / f"{name}.pem").read_bytes(), name) for name in trustees or TRUSTEES]
        write_secret(self.federation.directory_file, seal(directory, signers))

    def change_member(self, change: Callable[[Member], Member]) -> None:
        """Publish a newer directory in which this gateway's entry is another."""
        directory = self.federation.directory
        members = tuple(change(member) if member.id == MEMBER else member for member in directory.members)
        self.publish(replace(directory, version=directory.version + 1, members=members))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        gateway = await Gateway.start(self.config)
        try:
            yield gateway
        finally:
            await gateway.close()


def serve(file: Path, limits: Mapping[int, int] | None = None) -> subprocess.CompletedProcess[str]:
    """``tongban serve``, as a process of its own."""

    def limit() -> None:
        for kind, value in (limits or {}).items():
            resource.setrlimit(kind, (value, value))

    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")}
    return subprocess.run(
        [sys.executable, "-c", SERVE, "serve", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        env=inherited,
        preexec_fn=limit if limits else None,
        check=False,
    )


def assert_one_clear_line(ended: subprocess.CompletedProcess[str], reason: str, *names: str) -> None:
    """One line that begins with the reason, names the thing, and says how to mend it."""
    lines = ended.stderr.splitlines()
    assert ended.returncode not in {0, None}
    assert ended.returncode > 0  # it ended by itself
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith(f"error: {reason}: ")
    for name in names:
        assert name in lines[0]
    assert "to mend: " in lines[0]
    assert ended.stdout == ""


MARK: Final = "a bookmark of before"


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """A gateway that ran before, and that starts again with all it had once a test has mended its mistake."""
    now = datetime.now(UTC)
    federation = found(tmp_path, {city.gateway: f"{HOST}:1" for city in CITIES}, now)
    ports = {MEMBER: 0, YUEYANG.platform: 9, configuration.log_name(YUEYANG): 0}
    configuration.write_gateway(tmp_path, YUEYANG, federation, ports)
    installed = Installation(tmp_path, federation)
    (tmp_path / "data").mkdir()
    async with installed.running() as gateway:
        await gateway.house.store.record(Recording(bookmarks={"mark": MARK}))
    yield installed
    async with installed.running() as gateway:
        assert await gateway.house.store.bookmark("mark") == MARK


@contextlib.contextmanager
def replaced(path: Path, content: bytes) -> Iterator[None]:
    """Another content for as long as a mistake lasts; mode and the rest as they were."""
    before = path.read_bytes()
    path.write_bytes(content)
    yield
    path.write_bytes(before)


# keys ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [KeyPurpose.MESSAGE, KeyPurpose.LOG])
def test_a_key_file_that_is_not_there(installation: Installation, purpose: KeyPurpose) -> None:
    key = installation.key(purpose)
    hidden = key.rename(key.with_suffix(".gone"))
    assert_one_clear_line(serve(installation.file), "KEY_FILE_UNREADABLE", str(key), "No such file")
    hidden.rename(key)


def test_a_key_file_that_the_account_may_not_read(installation: Installation) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    key = installation.key()
    key.chmod(0o000)
    assert_one_clear_line(serve(installation.file), "KEY_FILE_UNREADABLE", str(key), "Permission denied")
    key.chmod(0o600)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_file_that_others_may_read(installation: Installation, mode: int) -> None:
    key = installation.key()
    key.chmod(mode)
    assert_one_clear_line(serve(installation.file), "KEY_FILE_EXPOSED", f"chmod 600 {key}")
    key.chmod(0o600)


def test_a_key_file_that_holds_no_key(installation: Installation) -> None:
    with replaced(installation.key(), b"not a key\n"):
        assert_one_clear_line(serve(installation.file), "KEY_FILE_UNREADABLE", str(installation.key()))


def test_a_key_at_rest_that_is_another(installation: Installation) -> None:
    key = installation.config.store.key
    with replaced(key, base64.b64encode(secrets.token_bytes(32))):
        assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "store")


def test_a_key_at_rest_that_others_may_read(installation: Installation) -> None:
    key = installation.config.store.key
    key.chmod(0o644)
    assert_one_clear_line(serve(installation.file), "KEY_FILE_EXPOSED", str(key))
    key.chmod(0o600)


def test_credentials_of_the_platform_that_are_not_there(installation: Installation) -> None:
    file = installation.federation.credentials[YUEYANG.platform]
    hidden = file.rename(file.with_suffix(".gone"))
    ended = serve(installation.file)
    hidden.rename(file)
    assert_one_clear_line(ended, "KEY_FILE_UNREADABLE", str(file))


# certificates -------------------------------------------------------------------------------------------------------


def test_a_certificate_that_has_expired(installation: Installation) -> None:
    paths = installation.federation.certificates[MEMBER]
    member = installation.federation.directory.member(MEMBER)
    now = datetime.now(UTC)
    Authority.of(installation.folder / "trust", now).certify(MEMBER, member.spiffe_id, now - timedelta(days=40))
    assert_one_clear_line(serve(installation.file), "CERTIFICATE_EXPIRED", str(paths.chain), "renew it")
    Authority.of(installation.folder / "trust", now).certify(MEMBER, member.spiffe_id, now)


def test_a_certificate_of_another_member(installation: Installation) -> None:
    own, other = (installation.federation.certificates[city.gateway] for city in (YUEYANG, JINGZHOU))
    with replaced(own.chain, other.chain.read_bytes()), replaced(own.key, other.key.read_bytes()):
        assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", str(own.chain), JINGZHOU.region, MEMBER)


def test_a_certificate_and_a_key_that_are_not_a_pair(installation: Installation) -> None:
    own = installation.federation.certificates[MEMBER]
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with replaced(own.key, other):
        assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", str(own.chain), str(own.key))


def test_a_certificate_file_that_holds_none(installation: Installation) -> None:
    own = installation.federation.certificates[MEMBER]
    with replaced(own.chain, b"nothing\n"):
        assert_one_clear_line(serve(installation.file), "KEY_FILE_UNREADABLE", str(own.chain))


def test_roots_that_are_none(installation: Installation) -> None:
    own = installation.federation.certificates[MEMBER]
    with replaced(own.roots, b"nothing\n"):
        assert_one_clear_line(serve(installation.file), "KEY_FILE_UNREADABLE", str(own.roots))


# the directory ------------------------------------------------------------------------------------------------------


def test_a_directory_that_too_few_trustees_signed(installation: Installation) -> None:
    installation.publish(installation.federation.directory, TRUSTEES[0])
    assert_one_clear_line(serve(installation.file), "DIRECTORY_UNTRUSTED", "1 of 2", "at least 2")
    installation.publish(installation.federation.directory)


def test_a_directory_that_has_expired(installation: Installation) -> None:
    directory, now = installation.federation.directory, datetime.now(UTC)
    installation.publish(replace(directory, issued_at=now - timedelta(days=40), expires_at=now - timedelta(days=1)))
    assert_one_clear_line(serve(installation.file), "DIRECTORY_EXPIRED", f"version {directory.version}")
    installation.publish(directory)


async def test_a_directory_that_was_rolled_back(installation: Installation) -> None:
    directory = installation.federation.directory
    installation.publish(replace(directory, version=directory.version + 7))
    async with installation.running():
        pass
    installation.publish(directory)
    assert_one_clear_line(
        serve(installation.file), "DIRECTORY_ROLLED_BACK", f"version {directory.version}", f"{directory.version + 7}"
    )
    installation.publish(replace(directory, version=directory.version + 8))


def test_a_directory_that_does_not_list_the_gateways_key(installation: Installation) -> None:
    stranger = SoftwareSigner.generate(Algorithm.ES256, f"{MEMBER}#message")

    def swap(member: Member) -> Member:
        key = VerifyingKey.from_jwk(stranger.public_jwk(), stranger.kid)
        entries = tuple(
            replace(entry, key=key) if entry.purpose is KeyPurpose.MESSAGE else entry for entry in member.keys
        )
        return replace(member, keys=entries)

    installation.change_member(swap)
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "message key", f"{MEMBER}#message")
    directory = installation.federation.directory
    installation.publish(replace(directory, version=directory.version + 2))


def test_a_directory_that_does_not_list_the_gateway(installation: Installation) -> None:
    directory = installation.federation.directory
    others = tuple(member for member in directory.members if member.id != MEMBER)
    installation.publish(replace(directory, version=directory.version + 1, members=others))
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", MEMBER, "[member] id")
    installation.publish(replace(directory, version=directory.version + 2))


def test_a_file_of_trustees_that_lists_none(installation: Installation) -> None:
    with replaced(installation.federation.trustees_file, b'{"kid": "trustee-1"}'):
        assert_one_clear_line(
            serve(installation.file), "CONFIG_INVALID", str(installation.federation.trustees_file), "trustees"
        )


# the configuration --------------------------------------------------------------------------------------------------


def test_a_configuration_that_is_not_there(installation: Installation) -> None:
    nowhere = installation.folder / "nowhere.toml"
    assert_one_clear_line(serve(nowhere), "CONFIG_INVALID", str(nowhere), "--config")


def test_a_configuration_that_is_not_toml(installation: Installation) -> None:
    installation.rewrite("[server]", "[server")
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", str(installation.file), "line ")
    installation.rewrite("[server", "[server]")


def test_a_setting_that_does_not_exist(installation: Installation) -> None:
    installation.rewrite("[server]", "[server]\nlissten = 1")
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "server.lissten", "docs/operating.md")
    installation.rewrite("\nlissten = 1", "")


def test_a_setting_that_is_missing(installation: Installation) -> None:
    installation.rewrite("\nlisten = ", "\n# listen = ")
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "server.listen")
    installation.rewrite("\n# listen = ", "\nlisten = ")


def test_an_address_that_is_none(installation: Installation) -> None:
    installation.rewrite(f'listen = "{HOST}:0"', 'listen = "7430"')
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "server.listen", "host:port")
    installation.rewrite('listen = "7430"', f'listen = "{HOST}:0"')


def test_a_dialect_that_nobody_speaks(installation: Installation) -> None:
    installation.rewrite('dialect = "hunan"', 'dialect = "hunann"')
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "hunann", "jingzhou")
    installation.rewrite('dialect = "hunann"', 'dialect = "hunan"')


def test_a_catalogue_that_is_not_there(installation: Installation) -> None:
    installation.rewrite("catalogue-000000.json", "catalogue-nowhere.json")
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", "catalogue-nowhere.json", "[catalogues] files")
    installation.rewrite("catalogue-nowhere.json", "catalogue-000000.json")


# what else runs there -----------------------------------------------------------------------------------------------


def test_a_port_that_is_in_use(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        address = f"{HOST}:{taken.getsockname()[1]}"
        installation.rewrite(f'listen = "{HOST}:0"', f'listen = "{address}"')
        assert_one_clear_line(serve(installation.file), "PORT_IN_USE", address, "[server] listen")
    installation.rewrite(f'listen = "{address}"', f'listen = "{HOST}:0"')


async def test_a_second_gateway_on_the_same_store(installation: Installation) -> None:
    async with installation.running() as first:
        ended = serve(installation.file)
        assert_one_clear_line(ended, "CONFIG_INVALID", str(installation.config.store.path), str(os.getpid()))
        assert await first.house.store.bookmark("mark") == MARK  # the first was not disturbed


# the store ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 100], ids=["header", "schema"])
def test_a_store_that_is_damaged(installation: Installation, start: int) -> None:
    store = installation.config.store.path
    content = store.read_bytes()
    with replaced(store, content[:start] + b"\xa5" * 900 + content[start + 900 :]):
        ended = serve(installation.file)
    assert_one_clear_line(ended, "STORE_CORRUPT", str(store), "restore", "backup")


def test_a_store_in_a_folder_that_is_not_there(installation: Installation) -> None:
    installation.rewrite(f"/data/{MEMBER}", f"/nowhere/{MEMBER}")
    assert_one_clear_line(serve(installation.file), "CONFIG_INVALID", str(installation.folder / "nowhere"))
    installation.rewrite(f"/nowhere/{MEMBER}", f"/data/{MEMBER}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, 4 MiB: a tmpfs, for which one must be root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("a disk of its own can't be mounted here; a limit on the size of files stands in for it below")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """The file that takes all the room that is left."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def test_a_disk_that_is_full_before_the_start(installation: Installation, small_disk: Path) -> None:
    fill(small_disk)
    own, theirs = (f"{folder}/{MEMBER}.sqlite" for folder in (installation.folder / "data", small_disk))
    installation.rewrite(own, theirs)
    assert_one_clear_line(serve(installation.file), "STORE_FULL", str(small_disk), "make room")
    installation.rewrite(theirs, own)


async def test_a_disk_that_runs_full_refuses_whole_and_goes_on_once_there_is_room(
    installation: Installation, small_disk: Path
) -> None:
    own, theirs = (f"{folder}/{MEMBER}.sqlite" for folder in (installation.folder / "data", small_disk))
    installation.rewrite(own, theirs)
    async with installation.running() as gateway:
        store = gateway.house.store
        ballast = fill(small_disk)
        large = Recording(bookmarks={"large": "x"}, snapshots={"large": secrets.token_bytes(512 * 1024)})
        with pytest.raises(Unavailable) as refused:
            await store.record(large)
        assert refused.value.reason is Reason.STORE_FULL
        assert await store.bookmark("large") == ""
        ballast.unlink()
        await store.record(large)
    async with installation.running() as again:
        assert await again.house.store.bookmark("large") == "x"
    installation.rewrite(theirs, own)


def test_a_file_that_may_not_grow(installation: Installation) -> None:
    """A limit on the size of files, which SQLite can't tell from a failing disk."""
    installation.config.store.path.with_name("other").mkdir()
    installation.rewrite(f"/data/{MEMBER}", f"/data/other/{MEMBER}")
    ended = serve(installation.file, {resource.RLIMIT_FSIZE: 16 * 1024})
    assert_one_clear_line(ended, "STORE_UNAVAILABLE", "/data/other/", "look at the disk")
    installation.rewrite(f"/data/other/{MEMBER}", f"/data/{MEMBER}")
