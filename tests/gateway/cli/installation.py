"""Two gateways and a window as commands find them: a folder with everything that their configurations name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf.message import Message
from typer.testing import Result

from gateway.config import KeysSection
from gateway.ports import Recording
from gateway.rpc.client import VerifiedAnswer
from gateway.sequencer import Sequencer
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Vault, generate_key_file, read_key_file
from gateway.wire.events import ProtobufEventCodec
from trust.directory import Action, Directory, KeyEntry, Member, MemberStatus, Right, Role
from trust.directory_file import seal
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner, VerifyingKey
from trust.signed_claims import Officer

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
"""The commands go by the machine's clock, so what they read is in force for a century."""

YUEYANG, JINGZHOU = "430600.gateway", "421000.gateway"
WINDOW = "430600.platform"

Run = Callable[..., Result]


@dataclass(frozen=True)
class Federation:
    """Two gateways and a window, their keys, and the signed directory in a folder."""

    folder: Path
    signers: dict[tuple[str, KeyPurpose], SoftwareSigner]
    trustees: tuple[SoftwareSigner, ...]
    directory: Directory

    @property
    def directory_options(self) -> tuple[object, ...]:
        return self.folder / "directory.jws", "--trustees", self.folder / "trustees.json", "--threshold", "2"

    def key_file(self, member: str, purpose: KeyPurpose) -> Path:
        return self.folder / f"{member}-{purpose}.pem"

    def gateway_config(self, member: str) -> Path:
        keys = "".join(
            f'[keys.{purpose}]\nkid = "{member}#{purpose}"\nfile = "{member}-{purpose}.pem"\n'
            for purpose in KeyPurpose
            if purpose.value in KeysSection.model_fields
        )
        text = f"""
            [member]
            id = "{member}"
            region = "{member[:6]}"
            [server]
            listen = "127.0.0.1:0"
            {_TLS}
            {keys}
            {_DIRECTORY}
            [store]
            path = "{member}.sqlite"
            key = "at-rest.key"
        """
        return self._write(f"{member}.toml", text)

    def client_config(self) -> Path:
        text = f"""
            gateway = "{YUEYANG}"
            [member]
            id = "{WINDOW}"
            region = "430600"
            {_TLS}
            [key]
            kid = "{WINDOW}#message"
            file = "{WINDOW}-message.pem"
            {_DIRECTORY}
        """
        return self._write("client.toml", text)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text("\n".join(line.strip() for line in text.splitlines()), "utf-8")
        return path

    def fill_log(self, member: str, leaves: Sequence[bytes]) -> None:
        """Make the member's store, and place the leaves in its log."""

        async def fill() -> None:
            async with self.store(member) as store:
                await store.record(Recording(leaves=tuple(leaves)))
                house = SimpleNamespace(store=store, member_id=member, failpoint=lambda _: None)
                await Sequencer(cast("Any", house), self.signers[member, KeyPurpose.LOG]).catch_up()

        asyncio.run(fill())

    @asynccontextmanager
    async def store(self, member: str) -> AsyncIterator[SqliteStore]:
        """The member's store as its running gateway has it."""
        vault = Vault(read_key_file(self.folder / "at-rest.key"))
        store = await SqliteStore.open(self.folder / f"{member}.sqlite", vault, ProtobufEventCodec())
        try:
            yield store
        finally:
            await store.close()


_TLS = """[tls]
    certificate = "certificate.pem"
    key = "certificate.key"
    roots = "certificate.pem"
"""
_DIRECTORY = """[directory]
    file = "directory.jws"
    trustees = "trustees.json"
    threshold = 2
"""


def found(tmp_path: Path) -> Federation:
    """A federation in an empty folder."""
    purposes = [purpose for purpose in KeyPurpose if purpose is not KeyPurpose.DIRECTORY]
    signers: dict[tuple[str, KeyPurpose], SoftwareSigner] = {
        (member, purpose): SoftwareSigner.generate(
            Algorithm.ED25519 if purpose in {KeyPurpose.LOG, KeyPurpose.WITNESS} else Algorithm.ES256,
            f"{member}#{purpose}",
        )
        for member, purpose in [
            *((member, purpose) for member in (YUEYANG, JINGZHOU) for purpose in purposes),
            (WINDOW, KeyPurpose.MESSAGE),
        ]
    }
    members = tuple(_member(member, name, signers) for member, name in _MEMBERS.items())
    directory = Directory(7, "tongban.example", BEGIN, END, members)
    trustees = tuple(SoftwareSigner.generate(Algorithm.ED25519, f"trustee-{number}") for number in (1, 2))
    (tmp_path / "directory.jws").write_bytes(seal(directory, trustees))
    listed = [{"kid": trustee.kid, "jwk": trustee.public_jwk()} for trustee in trustees]
    (tmp_path / "trustees.json").write_text(json.dumps(listed), "utf-8")
    made = Federation(tmp_path, signers, trustees, directory)
    for (member, purpose), signer in signers.items():
        _write_secret(made.key_file(member, purpose), signer.to_pem())
    for trustee in trustees:
        _write_secret(tmp_path / f"{trustee.kid}.pem", trustee.to_pem())
    generate_key_file(tmp_path / "at-rest.key")
    _write_certificate(tmp_path)
    return made


_MEMBERS = {YUEYANG: "岳阳市", JINGZHOU: "荆州市", WINDOW: "岳阳市政务服务平台"}


def _member(member: str, name: str, signers: dict[tuple[str, KeyPurpose], SoftwareSigner]) -> Member:
    keys = tuple(
        KeyEntry(VerifyingKey.from_jwk(signer.public_jwk(), signer.kid), purpose, BEGIN, END)
        for (owner, purpose), signer in signers.items()
        if owner == member
    )
    region, _, role = member.partition(".")
    return Member(
        id=member,
        region=region,
        role=Role(role),
        name=name,
        spiffe_id=f"spiffe://tongban.example/{region}/{role}",
        endpoint="gateway.example:7430" if role == Role.GATEWAY else "",
        versions=("v1",),
        status=MemberStatus.ACTIVE,
        valid_from=BEGIN,
        valid_until=END,
        keys=keys,
        rights=(Right(Action.CASE_OPEN, items=("1100*",), purposes=("acceptance",)), Right(Action.AUDIT_READ)),
    )


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sample")])
    names = [x509.UniformResourceIdentifier("spiffe://tongban.example/430600/gateway"), x509.DNSName(YUEYANG)]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, END - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    (folder / "certificate.pem").write_bytes(certificate)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_secret(folder / "certificate.key", pem)


# a gateway that answers


@dataclass(frozen=True)
class Call:
    caller: str
    member: str
    method: str
    body: bytes
    purpose: str
    officer: Officer | None = None


class AnsweringGateway:
    """Takes the place of the signed client: answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Message | Exception | Callable[[bytes], Message]] = {}

    @property
    def call(self) -> Call:
        (only,) = self.calls
        return only

    def client(self, member_id: str, *_: object) -> _Client:
        return _Client(self, member_id)


@dataclass
class _Client:
    gateway: AnsweringGateway
    caller: str
    closed: bool = False

    async def call(
        self, member_id: str, method: str, body: bytes, *, purpose: str, officer: Officer | None = None, **_: object
    ) -> VerifiedAnswer:
        self.gateway.calls.append(Call(self.caller, member_id, method, body, purpose, officer))
        answer = self.gateway.answers[method]
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, Message):
            answer = answer(body)
        return VerifiedAnswer("request", body, "response", answer.SerializeToString())

    async def close(self) -> None:
        self.closed = True
