from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import joserfc.jwk
import joserfc.jws
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from trust.errors import Unauthenticated
from trust.jws import MAX_JWS_CHARACTERS, MAX_NESTING, encode, parse, parse_object
from trust.keys import Algorithm, SoftwareSigner, VerifyingKey, encode_base64url

CLAIMS = {"iss": "430600.gateway", "name": "岳阳"}


@pytest.fixture(scope="module")
def signer() -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm.ES256, "k1")


def we_accept(token: str, key: VerifyingKey) -> bool:
    """What every caller of ``parse`` does, at its shortest."""
    try:
        jws = parse(token)
    except Unauthenticated:
        return False
    return jws.header.get("alg") == key.algorithm.value and key.verify(jws.signing_input, jws.signature)


def pyjwt_accepts(token: str, key: VerifyingKey) -> bool:
    try:
        jwt.decode(token, key.public_key, algorithms=["ES256"], options={"verify_aud": False})
    except jwt.PyJWTError:
        return False
    return True


def with_header(token: str, signer: SoftwareSigner, **header: object) -> str:
    """The same claims, honestly signed under another header."""
    segment = encode_base64url(json.dumps({"alg": "ES256", "kid": "k1", **header}).encode())
    return resigned(segment, token.split(".")[1], signer)


def resigned(header: str, payload: str, signer: SoftwareSigner) -> str:
    signing_input = f"{header}.{payload}"
    return f"{signing_input}.{encode_base64url(signer.sign(signing_input.encode()))}"


def hmac_with_the_public_key(token: str, signer: SoftwareSigner) -> str:
    signing_input = encode_base64url(b'{"alg":"HS256","kid":"k1"}') + "." + token.split(".")[1]
    secret = base64.urlsafe_b64decode(signer.public_jwk()["x"] + "=")
    return f"{signing_input}.{encode_base64url(hmac.digest(secret, signing_input.encode(), hashlib.sha256))}"


def der_signature(token: str) -> str:
    signing_input, _, segment = token.rpartition(".")
    raw = base64.urlsafe_b64decode(segment + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return f"{signing_input}.{encode_base64url(der)}"


def replaced(token: str, index: int, change: Callable[[str], str]) -> str:
    segments = token.split(".")
    segments[index] = change(segments[index])
    return ".".join(segments)


def other_payload(_: str) -> str:
    return encode_base64url(b'{"iss":"421000.gateway"}')


def stray_bits(segment: str) -> str:
    """Another spelling of the same bytes: the last character's unused bits are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) | 1]


Attack = Callable[[str, SoftwareSigner], str]

ATTACKS: dict[str, Attack] = {
    "empty": lambda _t, _s: "",
    "two segments": lambda t, _s: t.rpartition(".")[0],
    "four segments": lambda t, _s: t + ".",
    "five segments": lambda t, _s: t + "..",
    "no signature": lambda t, _s: replaced(t, 2, lambda _: ""),
    "no payload": lambda t, _s: replaced(t, 1, lambda _: ""),
    "no header": lambda t, _s: replaced(t, 0, lambda _: ""),
    "alg none": lambda t, s: replaced(with_header(t, s, alg="none"), 2, lambda _: ""),
    "alg None, still signed": lambda t, s: with_header(t, s, alg="None"),
    "alg HS256 with the public key": hmac_with_the_public_key,
    "alg ES384 over an ES256 signature": lambda t, s: with_header(t, s, alg="ES384"),
    "alg EdDSA over an ES256 signature": lambda t, s: with_header(t, s, alg="EdDSA"),
    "alg null": lambda t, s: with_header(t, s, alg=None),
    "alg a list": lambda t, s: with_header(t, s, alg=["ES256"]),
    "crit of the unknown": lambda t, s: with_header(t, s, crit=["x"], x=1),
    "crit without a list": lambda t, s: with_header(t, s, crit="x"),
    "b64 false": lambda t, s: with_header(t, s, b64=False, crit=["b64"]),
    "header not JSON": lambda t, s: resigned(encode_base64url(b"alg=ES256"), t.split(".")[1], s),
    "header a list": lambda t, s: resigned(encode_base64url(b'["ES256"]'), t.split(".")[1], s),
    "header not UTF-8": lambda t, s: resigned(encode_base64url(b'{"alg":"ES256","x":"\xff"}'), t.split(".")[1], s),
    "other payload": lambda t, _s: replaced(t, 1, other_payload),
    "other key": lambda t, _s: with_header(t, SoftwareSigner.generate(Algorithm.ES256, "k1")),
    "signature of another header": lambda t, s: with_header(t, s, typ="x").rpartition(".")[0] + "." + t.split(".")[2],
    "signature cut": lambda t, _s: t[:-4],
    "signature longer": lambda t, _s: t + "AAAA",
    "signature in DER": lambda t, _s: der_signature(t),
    "signature all zero": lambda t, _s: replaced(t, 2, lambda _: encode_base64url(bytes(64))),
    "foreign letters": lambda t, _s: replaced(t, 1, lambda p: "é" + p[1:]),
}

STRICTER: dict[str, Attack] = {
    "jwk": lambda t, s: with_header(t, s, jwk=s.public_jwk()),
    "jku": lambda t, s: with_header(t, s, jku="https://keys.example"),
    "x5u": lambda t, s: with_header(t, s, x5u="https://keys.example"),
    "x5c": lambda t, s: with_header(t, s, x5c=["AAAA"]),
    "b64 true": lambda t, s: with_header(t, s, b64=True),
    "crit empty": lambda t, s: with_header(t, s, crit=[]),
    "duplicate key in the header": lambda t, s: resigned(
        encode_base64url(b'{"alg":"none","alg":"ES256","kid":"k1"}'), t.split(".")[1], s
    ),
    "NaN in the header": lambda t, s: resigned(encode_base64url(b'{"alg":"ES256","n":NaN}'), t.split(".")[1], s),
    "surrogate in the header": lambda t, s: resigned(
        encode_base64url(b'{"alg":"ES256","kid":"\\ud800"}'), t.split(".")[1], s
    ),
    "header nested beyond reason": lambda t, s: resigned(
        encode_base64url(b'{"alg":"ES256","n":' + b"[" * 2000 + b"]" * 2000 + b"}"), t.split(".")[1], s
    ),
    "header in UTF-16": lambda t, s: resigned(encode_base64url('{"alg":"ES256"}'.encode("utf-16")), t.split(".")[1], s),
    "signature padded": lambda t, _s: t + "==",
    "signature with stray bits": lambda t, _s: replaced(t, 2, stray_bits),
    "line break at the end": lambda t, _s: t + "\n",
    "space before": lambda t, _s: " " + t,
    "too long": lambda t, s: with_header(t, s, padding="x" * MAX_JWS_CHARACTERS),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_refused_here_and_by_pyjwt(attack: Attack, signer: SoftwareSigner) -> None:
    key = VerifyingKey.from_jwk(signer.public_jwk(), "k1")
    token = attack(encode({"typ": "t"}, CLAIMS, signer), signer)
    assert not pyjwt_accepts(token, key)
    assert not we_accept(token, key)


@pytest.mark.parametrize("attack", STRICTER.values(), ids=STRICTER.keys())
def test_what_a_general_library_may_let_pass_is_refused_here(attack: Attack, signer: SoftwareSigner) -> None:
    key = VerifyingKey.from_jwk(signer.public_jwk(), "k1")
    assert not we_accept(attack(encode({"typ": "t"}, CLAIMS, signer), signer), key)


def test_the_attacks_start_from_a_token_that_is_accepted(signer: SoftwareSigner) -> None:
    key = VerifyingKey.from_jwk(signer.public_jwk(), "k1")
    token = encode({"typ": "t"}, CLAIMS, signer)
    assert we_accept(token, key)
    assert pyjwt_accepts(token, key)
    assert we_accept(with_header(token, signer, typ="x"), key)


def test_a_parsed_token_gives_back_what_was_signed(signer: SoftwareSigner) -> None:
    token = encode({"typ": "t"}, CLAIMS, signer)
    jws = parse(token)
    assert jws.header == {"typ": "t", "alg": "ES256", "kid": "k1"}
    assert json.loads(jws.payload_bytes) == CLAIMS
    assert token.startswith(jws.signing_input.decode() + ".")


def test_the_header_cannot_speak_for_another_key_than_the_signers(signer: SoftwareSigner) -> None:
    header = parse(encode({"alg": "none", "kid": "k2"}, CLAIMS, signer)).header
    assert header == {"alg": "ES256", "kid": "k1"}


def test_a_parsed_header_cannot_be_changed_for_the_next_call(signer: SoftwareSigner) -> None:
    header = parse(encode({}, CLAIMS, signer)).header
    with pytest.raises(TypeError):
        header["alg"] = "none"  # type: ignore[index]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_pyjwt_and_joserfc_verify_ours(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm, "k1")
    token = encode({"typ": "t"}, CLAIMS, signer)
    key = VerifyingKey.from_jwk(signer.public_jwk(), "k1")
    pyjwt = jwt.PyJWT()
    if algorithm is Algorithm.ED25519:  # by its name of RFC 9864, which PyJWT doesn't know by itself
        pyjwt._jws.register_algorithm("Ed25519", jwt.algorithms.OKPAlgorithm())
    assert pyjwt.decode(token, key.public_key, algorithms=[algorithm.value], options={"verify_iss": False}) == CLAIMS
    theirs = joserfc.jws.deserialize_compact(
        token, joserfc.jwk.import_key(dict(signer.public_jwk())), algorithms=[algorithm.value]
    )
    assert json.loads(theirs.payload) == CLAIMS


def test_we_verify_pyjwts_and_joserfcs(signer: SoftwareSigner) -> None:
    key = VerifyingKey.from_jwk(signer.public_jwk(), "k1")
    pyjwts = jwt.encode(CLAIMS, signer.to_pem().decode(), algorithm="ES256", headers={"kid": "k1"})
    assert we_accept(pyjwts, key)
    private = joserfc.jwk.ECKey.import_key(signer.to_pem())
    joserfcs = joserfc.jws.serialize_compact({"alg": "ES256", "kid": "k1"}, json.dumps(CLAIMS), private)
    assert we_accept(joserfcs, key)


def test_we_verify_joserfcs_ed25519() -> None:
    signer = SoftwareSigner.generate(Algorithm.ED25519, "k1")
    private = joserfc.jwk.OKPKey.import_key(signer.to_pem())
    header = {"alg": "Ed25519", "kid": "k1"}
    token = joserfc.jws.serialize_compact(header, json.dumps(CLAIMS), private, algorithms=["Ed25519"])
    assert we_accept(token, VerifyingKey.from_jwk(signer.public_jwk(), "k1"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b'{"a":1,"a":1}',
        b'{"o":{"a":1,"a":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\\udc00"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}{"b":2}',
        b'{"a":1,}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' * 3000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_json_that_means_more_or_less_than_one_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_object(data)


def test_json_with_escapes_of_whole_characters_is_read() -> None:
    assert parse_object(b'{"a":"\\u5cb3\\u9633 \\ud83d\\ude00"}') == {"a": "岳阳 😀"}


def nested(depth: int, inner: str = "") -> bytes:
    return ('{"a":' + "[" * (depth - 1) + inner + "]" * (depth - 1) + "}").encode()


def test_json_is_read_as_deep_as_the_bound_and_no_deeper() -> None:
    parse_object(nested(MAX_NESTING))
    with pytest.raises(ValueError, match="nested"):
        parse_object(nested(MAX_NESTING + 1))


def test_neither_width_nor_brackets_in_strings_count_as_depth() -> None:
    wide = ",".join(["[]"] * 100)
    quoted = json.dumps("[{" * 100 + '"' + "\\" + "[" * 100)
    value = parse_object(nested(MAX_NESTING - 1, f"{wide},{quoted}"))
    assert list(value) == ["a"]
    with pytest.raises(ValueError, match="nested"):
        parse_object(nested(MAX_NESTING, f"{wide},{quoted}"))
