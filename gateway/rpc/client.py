"""Signed calls to a gateway: sign, send, verify the answer. Peers and local members' programs use the same client.

What the caller gets is the verified answer, or the refusal that the other side signed, or Unavailable, which means that
nobody knows whether it happened. Short retries are made here, each attempt signed anew; long ones are the outbox's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import grpc
import grpc.aio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from gateway.exchange.sentence import MAX_MESSAGE_BYTES
from gateway.ports import Clock
from gateway.rpc.server import SIGNATURE, STATUS_DETAILS
from gateway.rpc.tls import CertificateFiles
from gateway.wire.status import read_status
from trust.directory import Directory, Member
from trust.errors import Misconfigured, NotFound, Reason, TongbanError, Unavailable
from trust.keys import Signer
from trust.signed_call import Officer, sign_request, verify_response

DEADLINE_SECONDS: Final = 10.0
"""For one attempt, where the caller sets none."""

SHORT_ATTEMPTS: Final = 3
AFTER_RESTART_SECONDS: Final = 1.0
"""How long to wait when a gateway that restarted after a crash refuses calls of before."""

_MESSAGE_LIMIT: Final = 2 * MAX_MESSAGE_BYTES

_CHANNEL_OPTIONS: Final = (
    ("grpc.enable_retries", 0),  # a retry must be signed anew, so the transport makes none
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True)
class VerifiedAnswer:
    """An answer that its member signed, with the request it answers: evidence for both."""

    request: str
    request_body: bytes = field(repr=False)
    response: str
    body: bytes = field(repr=False)


class SignedClient:
    """Calls other members in the name of one member."""

    def __init__(
        self,
        member_id: str,
        signer: Signer,
        directory: Callable[[], Directory],
        files: CertificateFiles,
        clock: Clock,
    ) -> None:
        self._member_id = member_id
        self._signer = signer
        self._directory = directory
        self._files = files
        self._clock = clock
        self._channels: dict[tuple[str, str], tuple[tuple[int, ...], grpc.aio.Channel]] = {}
        """By member and endpoint: a channel to an address that was another's shakes hands with the other's name."""
        self._draining: set[asyncio.Future[None]] = set()

    async def call(
        self,
        member_id: str,
        method: str,
        body: bytes,
        *,
        purpose: str = "",
        officer: Officer | None = None,
        deadline: float = DEADLINE_SECONDS,
        attempts: int = SHORT_ATTEMPTS,
    ) -> VerifiedAnswer:
        """Call a method of a member.

        Raises the member's own signed refusal as the error that it names; Unavailable (PEER_UNAVAILABLE, PEER_UNSIGNED
        or why the answer does not verify) when the outcome is unknown after ``attempts``. Before anything is sent:
        NotFound (MEMBER_UNKNOWN, VERSION_NOT_SPOKEN), Forbidden (MEMBER_SUSPENDED, MEMBER_NOT_IN_FORCE), Unavailable
        (DIRECTORY_EXPIRED).
        """
        directory = self._directory()
        now = self._clock.now()
        directory.require_in_force(now)
        member = directory.member(member_id)
        member.require_active(now)
        require_version(member, method)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_is_worth_another),
            stop=stop_after_attempt(attempts),
            wait=_wait,
            reraise=True,
        ):
            with attempt:
                return await self._once(member, method, body, purpose, officer, deadline)
        raise AssertionError  # pragma: no cover - tenacity returns or raises

    async def _once(
        self, member: Member, method: str, body: bytes, purpose: str, officer: Officer | None, deadline: float
    ) -> VerifiedAnswer:
        now = self._clock.now()
        request = sign_request(
            self._signer,
            issuer=self._member_id,
            audience=member.id,
            method=method,
            body=body,
            now=now,
            purpose=purpose,
            officer=officer,
        )
        call = self._channel(member).unary_unary(method)(body, timeout=deadline, metadata=((SIGNATURE, request),))
        try:
            response_body = await call
        except grpc.aio.AioRpcError as error:
            raise self._refusal(error, member, method, request) from error
        signature = _text(await call.trailing_metadata(), SIGNATURE)
        self._verify(signature, response_body, member, method, request, status=0)
        return VerifiedAnswer(request, body, signature or "", response_body)

    def _refusal(self, error: grpc.aio.AioRpcError, member: Member, method: str, request: str) -> TongbanError:
        """The refusal that the member signed; Unavailable when nobody signed it."""
        code: int = error.code().value[0]
        trailing = error.trailing_metadata()
        signature = _text(trailing, SIGNATURE)
        if signature is None:
            return Unavailable(
                Reason.PEER_UNAVAILABLE,
                f"calling {member.id} at {member.endpoint}",
                got=f"{error.code().name}, unsigned",
                expected="an answer signed by the member",
                mend="it is tried again; if it stays so, look whether the member's gateway runs and can be reached",
            )
        status = next((value for key, value in trailing or () if key == STATUS_DETAILS), b"")
        status = status if isinstance(status, bytes) else status.encode()
        try:
            self._verify(signature, status, member, method, request, status=code)
        except Unavailable as unverified:
            return unverified
        return read_status(code, status)

    def _verify(
        self, signature: str | None, body: bytes, member: Member, method: str, request: str, status: int
    ) -> None:
        verify_response(
            signature,
            body,
            directory=self._directory(),
            request=request,
            responder=member.id,
            audience=self._member_id,
            method=method,
            status=status,
            now=self._clock.now(),
        )

    def _channel(self, member: Member) -> grpc.aio.Channel:
        """The connection to a member, made anew when the certificates on disk were replaced."""
        known = self._channels.get((member.id, member.endpoint))
        try:
            stamp = self._files.stamp()
            if known is not None and known[0] == stamp:
                return known[1]
            certificates = self._files.read(self._clock.now())
        except Misconfigured:
            if known is None:
                raise
            return known[1]  # half-written files are read again at the next call; until then the old connection serves
        credentials = grpc.ssl_channel_credentials(certificates.roots, certificates.key, certificates.chain)
        # The server's certificate must carry the member's id as its DNS name: an address alone names nobody.
        options = (*_CHANNEL_OPTIONS, ("grpc.ssl_target_name_override", member.id))
        channel = grpc.aio.secure_channel(member.endpoint, credentials, options=options)
        self._channels[member.id, member.endpoint] = (stamp, channel)
        if known is not None:
            # Calls under way on the old connection finish by themselves.
            draining = asyncio.ensure_future(known[1].close(grace=DEADLINE_SECONDS))
            self._draining.add(draining)
            draining.add_done_callback(self._draining.discard)
        return channel

    async def close(self) -> None:
        """Let all connections go."""
        for _, channel in self._channels.values():
            await channel.close()
        self._channels.clear()


def require_version(member: Member, method: str) -> None:
    """A member that does not speak the method's version is not called. NotFound(VERSION_NOT_SPOKEN)."""
    version = method.split("/")[1].split(".")[-2]
    if version not in member.versions:
        raise NotFound(
            Reason.VERSION_NOT_SPOKEN,
            f"{member.id} does not speak {version} of {method}",
            got=", ".join(member.versions) or "no version",
            expected=version,
            mend="upgrade the gateway that lags behind, then its entry in the directory",
        )


def _is_worth_another(error: BaseException) -> bool:
    """No outcome is known, or the gateway has just restarted and did nothing with a call that it can't date."""
    return isinstance(error, Unavailable) or _is_too_early(error)


def _is_too_early(error: BaseException | None) -> bool:
    return isinstance(error, TongbanError) and error.reason is Reason.CALL_BEFORE_BOOT


def _wait(state: RetryCallState) -> float:
    """A moment, each longer; after an unclean restart until the next second, since calls are dated in whole seconds."""
    too_early = state.outcome is not None and _is_too_early(state.outcome.exception())
    return AFTER_RESTART_SECONDS if too_early else _backoff(state)


_backoff: Final = wait_random_exponential(multiplier=0.1, max=1.0)


def _text(metadata: grpc.aio.Metadata | None, wanted: str) -> str | None:
    found = [value for key, value in metadata or () if key == wanted]
    return str(found[0]) if len(found) == 1 else None
