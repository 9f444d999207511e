"""Calling a gateway in the name of a local member: what a client command does between its options and its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from gateway.app import SystemClock, read_directory, read_signer
from gateway.cli import output
from gateway.config import ClientConfig, load_client
from gateway.ports import Clock
from gateway.rpc import client as rpc
from gateway.rpc.tls import CertificateFiles
from gateway.wire import fields
from trust.directory import Directory, Member
from trust.keys import Signer
from trust.signed_claims import Officer

Answer = TypeVar("Answer", bound=Message)

_DEADLINE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class MemberClient:
    """A member with its key, its certificates and the directory that it goes by."""

    config: ClientConfig
    signer: Signer
    directory: Directory
    files: CertificateFiles
    clock: Clock

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a client's configuration and what it names. Misconfigured, or the directory's own errors."""
        config, clock = load_client(file), SystemClock()
        directory, _ = read_directory(config.directory, clock.now())
        files = CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots)
        return cls(config, read_signer(config.key), directory, files, clock)

    @property
    def gateway(self) -> Member:
        """The gateway that it calls. NotFound(MEMBER_UNKNOWN) when the directory has none of this id."""
        return self.directory.member(self.config.gateway)

    def ask(
        self,
        method: str,
        request: Message,
        answer: type[Answer],
        *,
        purpose: str = "",
        member: str = "",
        officer: Officer | None = None,
        deadline: float = _DEADLINE_SECONDS,
    ) -> Answer:
        """Make one signed call, to the own gateway unless another member is named; the verified answer.

        Raises as ``gateway.rpc.client.SignedClient.call``.
        """
        body = request.SerializeToString()
        call = self._call(member or self.config.gateway, method, body, purpose, officer, deadline)
        return fields.parse(answer, asyncio.run(call))

    async def _call(
        self, member: str, method: str, body: bytes, purpose: str, officer: Officer | None, deadline: float
    ) -> bytes:
        client = rpc.SignedClient(self.config.member.id, self.signer, lambda: self.directory, self.files, self.clock)
        try:
            answer = await client.call(member, method, body, purpose=purpose, officer=officer, deadline=deadline)
        finally:
            await client.close()
        return answer.body


def key_for(given: str) -> str:
    """The idempotency key given, or a new one, told before the call: whoever never hears an answer must know it."""
    if given:
        return given
    made = uuid4().hex
    output.remark(f"idempotency key {made} (give it again with --idempotency-key to repeat this very act)")
    return made
