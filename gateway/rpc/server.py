"""The listener: wire bytes in, signed wire bytes out.

Handlers take and give bytes, because a message is verified before it is parsed. Every path under ``/tongban.`` ends in
the exchange, known method or not, so that even a wrong method gets a signed answer. Health and reflection are served
as every gRPC tool expects them; they say nothing about cases or members.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from gateway.exchange.house import House
from gateway.exchange.sentence import MAX_MESSAGE_BYTES, exchange
from gateway.ports import Clock
from gateway.rpc.tls import CertificateFiles
from gateway.wire import routes
from trust.errors import Misconfigured, Reason
from trust.signed_call import ReceivedCall, TlsIdentity

SIGNATURE: Final = "tongban-signature"
"""Metadata key of request and response signatures."""

STATUS_DETAILS: Final = "grpc-status-details-bin"
"""Metadata key of a serialised google.rpc.Status, by gRPC's own convention."""

_OURS: Final = "/tongban."

# Above MAX_MESSAGE_BYTES, so that a message that is too large still gets a signed refusal that names the limit.
_TRANSPORT_LIMIT_BYTES: Final = 2 * MAX_MESSAGE_BYTES

MAX_CALLS_PER_CONNECTION: Final = 256
"""Calls under way on one connection; more wait at the caller's side, so that nobody holds memory here without end."""

OPTIONS: Final = (
    ("grpc.max_receive_message_length", _TRANSPORT_LIMIT_BYTES),
    ("grpc.max_send_message_length", _TRANSPORT_LIMIT_BYTES),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", MAX_CALLS_PER_CONNECTION),
    ("grpc.so_reuseport", 0),  # a second gateway on the same port is a mistake, not a replica
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_time_ms", 60_000),
)

_log = structlog.get_logger("gateway.rpc")

_Handler = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[bytes]]


class _SignedCalls(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    """Every method of this program."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._handlers: dict[str, grpc.RpcMethodHandler] = {
            method: grpc.unary_unary_rpc_method_handler(self._handler(method)) for method in house.routes
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = details.method
        known = self._handlers.get(method)
        if known is not None or not method.startswith(_OURS):
            return known
        return grpc.unary_unary_rpc_method_handler(self._handler(method))

    def _handler(self, method: str) -> _Handler:
        house = self._house

        async def handle(body: bytes, context: grpc.aio.ServicerContext) -> bytes:
            reply = await exchange(house, ReceivedCall(method, body, _signature(context), _line(context)))
            if reply.status == 0:
                context.set_trailing_metadata(((SIGNATURE, reply.signature),))
                return reply.body
            context.set_code(_CODES[reply.status])
            if not reply.signature:
                _log.warning("a caller who is no member was refused", method=method[:100], reason=reply.reason)
            else:
                context.set_details(str(reply.reason))
                context.set_trailing_metadata(((SIGNATURE, reply.signature), (STATUS_DETAILS, reply.body)))
            return b""

        return handle


_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def _signature(context: grpc.aio.ServicerContext) -> str | None:
    """The request's signature; None when there is none, or more than one, since then neither is *the* signature."""
    found = [value for key, value in context.invocation_metadata() or () if key == SIGNATURE]
    return str(found[0]) if len(found) == 1 else None


def _line(context: grpc.aio.ServicerContext) -> TlsIdentity:
    """Who is on the line, by the certificate that the handshake verified."""
    auth = context.auth_context()
    return TlsIdentity(_only(auth.get("peer_spiffe_id")), _only(auth.get("ssl_tls_version")))


def _only(values: Iterable[bytes] | None) -> str | None:
    """The single value of an auth context entry; None when there is none or a choice."""
    found = list(values or ())
    return found[0].decode("ascii", "replace") if len(found) == 1 else None


class Listener:
    """The gateway's one listener."""

    def __init__(self, server: grpc.aio.Server, port: int, served: health.aio.HealthServicer) -> None:
        self._server = server
        self._health = served
        self.port = port

    @classmethod
    async def open(cls, house: House, address: str, files: CertificateFiles, clock: Clock) -> Listener:
        """Listen on ``host:port`` (port 0 takes any). Misconfigured(PORT_IN_USE, CERTIFICATE_EXPIRED, …)."""
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((_SignedCalls(house),))
        served = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(served, server)
        services = sorted({method.split("/")[1] for method in routes.ROUTES})
        reflection.enable_server_reflection([*services, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
        try:
            port = server.add_secure_port(address, _credentials(files, clock))
        except RuntimeError as error:
            raise Misconfigured(
                Reason.PORT_IN_USE,
                f"can't listen on {address}",
                mend="stop what listens there, or choose another address in [server] listen",
            ) from error
        await server.start()
        await served.set("", health_pb2.HealthCheckResponse.SERVING)
        return cls(server, port, served)

    async def close(self, grace: float) -> None:
        """Take no new calls; finish those under way within ``grace`` seconds."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)


def _credentials(files: CertificateFiles, clock: Clock) -> grpc.ServerCredentials:
    """Server credentials that follow the files: each handshake looks whether they were replaced."""
    stamp = files.stamp()  # before reading: what is replaced meanwhile is read again
    current = files.read(clock.now())

    def configuration() -> grpc.ServerCertificateConfiguration | None:
        nonlocal stamp
        try:
            newest = files.stamp()
            if newest == stamp:
                return None
            renewed = files.read(clock.now())
            stamp = newest
        except Misconfigured as error:
            # The old certificate serves on; half-written files are read again at the next handshake.
            _log.warning("certificate on disk is not usable; the old one serves on", error=str(error))
            return None
        return grpc.ssl_server_certificate_configuration([(renewed.key, renewed.chain)], renewed.roots)

    initial = grpc.ssl_server_certificate_configuration([(current.key, current.chain)], current.roots)
    return grpc.dynamic_ssl_server_credentials(initial, configuration, require_client_authentication=True)
