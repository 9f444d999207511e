"""One gRPC call by hand over a TLS connection whose version the caller chooses, as no gRPC client allows it.

Just enough of HTTP/2 (RFC 9113) and HPACK (RFC 7541, literals without index or Huffman code) for one request. Answers
are not decoded: gRPC servers write the names of their trailers as plain text, which is all that is looked for.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Mapping
from typing import Final

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0x0, 0x1, 0x4
_END_STREAM, _END_HEADERS = 0x1, 0x4
_STREAM: Final = 1
_HEAD_BYTES: Final = 9


def call(
    address: tuple[str, int], context: ssl.SSLContext, name: str, method: str, headers: Mapping[str, str]
) -> bytes:
    """Call a method with an empty message; everything that comes back in header frames until the stream ends."""
    fields = {
        ":method": "POST",
        ":scheme": "https",
        ":path": method,
        ":authority": name,
        "te": "trailers",
        "content-type": "application/grpc",
        **headers,
    }
    block = b"".join(_literal(field, value) for field, value in fields.items())
    request = (
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, _STREAM, block)
        + _frame(_DATA, _END_STREAM, _STREAM, struct.pack(">BI", 0, 0))
    )
    with (
        socket.create_connection(address, timeout=5.0) as plain,
        context.wrap_socket(plain, server_hostname=name) as line,
        line.makefile("rb") as answers,
    ):
        line.sendall(request)
        seen = b""
        while True:
            head = answers.read(_HEAD_BYTES)
            assert len(head) == _HEAD_BYTES, "the connection ended before the stream"
            kind, flags = head[3], head[4]
            payload = answers.read(int.from_bytes(head[:3]))
            if kind == _HEADERS:
                seen += payload
            if kind in {_HEADERS, _DATA} and flags & _END_STREAM:
                return seen


def status_is(seen: bytes, code: int) -> bool:
    """Whether header frames say that the call ended with this gRPC status."""
    return b"grpc-status" + bytes([len(str(code))]) + str(code).encode() in seen


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _literal(name: str, value: str) -> bytes:
    """Literal header field without indexing, new name (RFC 7541, 6.2.2)."""
    return b"\x00" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    """String literal, not Huffman coded (5.2), with its length as an integer of a 7-bit prefix (5.1)."""
    raw = text.encode("ascii")
    left = len(raw) - 127
    if left < 0:
        return bytes([len(raw)]) + raw
    length = b"\x7f"
    while left >= 128:
        length += bytes([left % 128 + 128])
        left //= 128
    return length + bytes([left]) + raw
