"""JSON Web Signature, the compact serialisation, cut down to what signed calls need.

Rules:

- One text for one meaning: base64url is canonical, JSON objects have no duplicate keys, sizes are bounded.
- Parsing says nothing about trust. Whoever parses takes the key from the directory by ``kid``, compares ``alg`` with
  that key's algorithm, and calls ``VerifyingKey.verify(jws.signing_input, jws.signature)``.
- A header that brings its own key or changes the rules of verification is refused before anything is verified.

Written by hand, because every call between members passes here; the tests hold it to the same attacks as a general
library. Standards: RFC 7515 (JWS), RFC 8725 (best practices), RFC 8259 (JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn

from trust.errors import Reason, Unauthenticated
from trust.keys import Signer, decode_base64url, encode_base64url

MAX_NESTING = 32
"""Deepest JSON that is read: several times what any format of this program needs."""

MAX_JWS_CHARACTERS = 8 * 1024
"""Longest compact JWS that is read; one metadata value of a call, far above what its claims need."""

REFUSED_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "b64", "crit"})
"""Header parameters by which a sender brings its own key or asks for other rules."""


@dataclass(frozen=True, slots=True)
class ParsedJws:
    """A well-formed compact JWS. Nothing in it is trusted yet."""

    header: Mapping[str, object]
    """The protected header; read-only."""
    payload_bytes: bytes
    """The payload as carried; meaningless until the signature is verified."""
    signing_input: bytes
    """What the signature covers: both segments as carried, joined by a dot."""
    signature: bytes
    """The raw signature, of any length."""


def encode(header: Mapping[str, str], claims: Mapping[str, object], signer: Signer) -> str:
    """Sign ``claims`` as a compact JWS. ``alg`` and ``kid`` come from the signer, ``header`` gives the rest."""
    signing_input = f"{encode_header(header, signer)}.{encode_base64url(compact_json(claims))}"
    return f"{signing_input}.{encode_base64url(signer.sign(signing_input.encode('ascii')))}"


def encode_header(header: Mapping[str, str], signer: Signer) -> str:
    """Write the protected header as a base64url segment, completed with the signer's ``alg`` and ``kid``."""
    return encode_base64url(compact_json({**header, "alg": signer.algorithm.value, "kid": signer.kid}))


def parse(token: str, *, longest: int = MAX_JWS_CHARACTERS) -> ParsedJws:
    """Read a compact JWS strictly.

    1. Its length is bounded, to ``longest`` characters.
    2. It has exactly three segments of canonical base64url.
    3. The header is one JSON object without duplicate keys and without ``REFUSED_HEADERS``.

    Raises Unauthenticated(SIGNATURE_MALFORMED).
    """
    # 1. length
    if len(token) > longest:
        raise malformed(f"{len(token)} characters", f"at most {longest}")
    # 2. segments
    segments = token.split(".")
    if len(segments) != 3:
        raise malformed(f"{len(segments)} segments", "three segments: header, payload, signature")
    try:
        payload, signature = decode_base64url(segments[1]), decode_base64url(segments[2])
    except ValueError as error:
        raise malformed("a segment that isn't base64url", "canonical base64url without padding") from error
    # 3. header
    header = parse_header(segments[0])
    return ParsedJws(header, payload, token[: token.rindex(".")].encode("ascii"), signature)


@lru_cache(maxsize=256)
def parse_header(segment: str) -> Mapping[str, object]:
    """Read a protected header from its base64url segment.

    Cached, because a member sends the same header with every call; the bound keeps a flood of invented headers from
    holding memory. Failures aren't cached. Raises Unauthenticated(SIGNATURE_MALFORMED).
    """
    try:
        header = parse_object(decode_base64url(segment))
    except ValueError as error:
        raise malformed("a header that isn't a JSON object in base64url", "one JSON object, each key once") from error
    if not REFUSED_HEADERS.isdisjoint(header):
        raise malformed(
            "a header that brings a key or other rules", f"none of {', '.join(sorted(REFUSED_HEADERS))} in the header"
        )
    return MappingProxyType(header)


def parse_object(data: bytes) -> dict[str, object]:
    """Read one JSON object strictly: UTF-8, each key once, no NaN or Infinity, no lone surrogates, bounded nesting.

    Raises ValueError.
    """
    text = data.decode("utf-8")
    if _depth(text) > MAX_NESTING:
        message = f"JSON nested more than {MAX_NESTING} deep"
        raise ValueError(message)
    value = _STRICT_JSON.decode(text)
    if not isinstance(value, dict):
        message = "not a JSON object"
        raise ValueError(message)
    if "\\u" in text:
        # An escaped lone surrogate would pass here and break whoever encodes the text later.
        compact_json(value)
    return value


def _depth(text: str) -> int:
    """An upper bound of how deep a JSON text is nested; exact where it matters.

    Counted here, because how deep a parser goes before it gives up differs from one version of Python to the next,
    and two gateways must judge the same text alike.
    """
    opened = text.count("[") + text.count("{")
    if opened <= MAX_NESTING:
        return opened
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def compact_json(value: Mapping[str, object]) -> bytes:
    """JSON in UTF-8 without spaces, as it goes into a segment."""
    return _COMPACT_JSON.encode(value).encode("utf-8")


def malformed(got: str, expected: str) -> Unauthenticated:
    """Build the error for a signature that can't be read; ``got`` must never quote the sender's text."""
    return Unauthenticated(
        Reason.SIGNATURE_MALFORMED,
        "reading the signature",
        got=got,
        expected=expected,
        mend="sign the message as docs/protocol.md says",
    )


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        message = "a JSON object with a duplicate key"
        raise ValueError(message)
    return value


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON number"
    raise ValueError(message)


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")

# Made once: json.dumps makes an encoder for each call with options, which takes longer than the encoding.
_COMPACT_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_no_constant)
