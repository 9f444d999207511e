"""The baseline: a server that gives back what it gets, over mutual TLS, as bytes.

It is the fastest call that this grpcio can serve here, so what a signed call costs is measured against it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import grpc
import grpc.aio

from tests.bench import children
from tests.bench.ground import certificates, read_config

METHOD = "/bench.Echo/Echo"


async def _echo(body: bytes, _: grpc.aio.ServicerContext) -> bytes:
    return body


class _Echo(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    def __init__(self) -> None:
        self._handler = grpc.unary_unary_rpc_method_handler(_echo)

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return self._handler


async def main() -> None:
    files = certificates(read_config(sys.argv[1])).read(datetime.now(UTC))
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_Echo(),))
    credentials = grpc.ssl_server_credentials([(files.key, files.chain)], files.roots, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    await children.answer_until_end({"port": port}, children.nothing_else)
    await server.stop(1)


if __name__ == "__main__":
    children.run(main)
