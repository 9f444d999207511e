"""One caller with one call under way, over signed gRPC on loopback: sign, call, verify the answer, again and again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
import grpc.aio

from gateway.app import read_directory, read_signer
from gateway.config import load
from gateway.rpc.server import SIGNATURE
from tests.bench.ground import CALLEE, CALLER, certificates
from trust.signed_call import sign_request, verify_response

_MESSAGE_BYTES = 16 * 1024 * 1024


class OneCaller:
    """The caller's gateway as a client of the callee's. Used in an event loop, as a context."""

    def __init__(self, config: Path, port: int) -> None:
        """``config`` is the caller's configuration, ``port`` where the callee listens."""
        loaded = load(config)
        self._signer = read_signer(loaded.keys.message)
        self._directory, _ = read_directory(loaded.directory, datetime.now(UTC))
        files = certificates(loaded).read(datetime.now(UTC))
        credentials = grpc.ssl_channel_credentials(files.roots, files.key, files.chain)
        options = (
            ("grpc.ssl_target_name_override", CALLEE.gateway),
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        )
        self._channel = grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options)

    async def call(self, method: str, body: bytes) -> bytes:
        """The answer to one call. Raises grpc's error for a refusal, Unauthenticated where it is not signed."""
        now = datetime.now(UTC)
        signature = sign_request(
            self._signer, issuer=CALLER.gateway, audience=CALLEE.gateway, method=method, body=body, now=now
        )
        call = self._channel.unary_unary(method)(body, metadata=((SIGNATURE, signature),), timeout=60.0)
        answer: bytes = await call
        trailing = dict(await call.trailing_metadata())
        verify_response(
            trailing[SIGNATURE],
            answer,
            directory=self._directory,
            request=signature,
            responder=CALLEE.gateway,
            audience=CALLER.gateway,
            method=method,
            status=0,
            now=datetime.now(UTC),
        )
        return answer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()
