"""A time-stamping authority for tests: certificates made here, timestamps by ``openssl ts``, HTTP on loopback."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
POLICY = "1.2.3.4.1"
Answer = Callable[[bytes], Awaitable[web.StreamResponse]]
"""Query to HTTP answer."""


@dataclass(frozen=True)
class Certified:
    """A key with its certificate, and the chain to show with it."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    def authority(self, name: str) -> Certified:
        """A certificate authority below this one."""
        return certify(name, self, ec.generate_private_key(ec.SECP256R1()), authority=True)

    def timestamping(self, name: str = "时间戳", *, use_rsa: bool = False, until: timedelta = DAY) -> Certified:
        """A certificate for timestamps below this one."""
        key = rsa.generate_private_key(65537, 2048) if use_rsa else ec.generate_private_key(ec.SECP256R1())
        return certify(name, self, key, authority=False, until=until)


def certify(
    name: str,
    issuer: Certified | None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    *,
    authority: bool,
    until: timedelta = DAY,
) -> Certified:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Certified(key, signed, (issuer.certificate, *issuer.above) if issuer else ())


def root(name: str = "根") -> Certified:
    return certify(name, None, ec.generate_private_key(ec.SECP256R1()), authority=True)


@dataclass
class Tsa:
    """Answers queries as ``openssl ts -reply`` does."""

    folder: Path
    certified: Certified
    digests: str = "sha256"
    queries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.certified.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "key.pem").write_bytes(key)
        (self.folder / "certificate.pem").write_bytes(pem(self.certified.certificate))
        (self.folder / "chain.pem").write_bytes(pem(*self.certified.above))
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(
            f"""
            [tsa]
            default_tsa = here
            [here]
            serial = {self.folder}/serial
            signer_cert = {self.folder}/certificate.pem
            certs = {self.folder}/chain.pem
            signer_key = {self.folder}/key.pem
            signer_digest = sha256
            default_policy = {POLICY}
            digests = {self.digests}
            accuracy = secs:1
            ess_cert_id_alg = sha256
            """
        )

    def reply(self, query: bytes) -> bytes:
        """TimeStampResp, DER."""
        self.queries.append(query)
        (self.folder / "query").write_bytes(query)
        command = ("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "response")
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=20)
        return (self.folder / "response").read_bytes()

    async def answer(self, query: bytes) -> web.Response:
        """As an authority does over HTTP."""
        token = await asyncio.to_thread(self.reply, query)
        return web.Response(body=token, content_type="application/timestamp-reply")


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """The URL at which queries are answered so."""

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.content_type == "application/timestamp-query"
        return await answer(await request.read())

    app = web.Application()
    app.router.add_post("/tsr", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        (address,) = runner.addresses
        yield f"http://127.0.0.1:{address[1]}/tsr"
    finally:
        await runner.cleanup()
