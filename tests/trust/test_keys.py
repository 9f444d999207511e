from __future__ import annotations

import json
from collections.abc import Callable

import joserfc.jwk
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from trust.errors import Malformed, Misconfigured, Reason
from trust.keys import Algorithm, SoftwareSigner, VerifyingKey, decode_base64url, encode_base64url

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(request.param, "k1")


def verifying(signer: SoftwareSigner) -> VerifyingKey:
    return VerifyingKey.from_jwk(signer.public_jwk(), signer.kid)


def pem(key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey | rsa.RSAPrivateKey, passphrase: bytes = b"") -> bytes:
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_a_signature_is_64_raw_bytes_and_verifies_over_its_message_only(signer: SoftwareSigner) -> None:
    signature = signer.sign(b"message")
    assert len(signature) == 64
    assert verifying(signer).verify(b"message", signature)
    assert not verifying(signer).verify(b"massage", signature)
    assert not verifying(SoftwareSigner.generate(signer.algorithm, "k1")).verify(b"message", signature)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 72])
def test_a_signature_of_another_length_is_refused(signer: SoftwareSigner, length: int) -> None:
    signature = (signer.sign(b"message") + bytes(64))[:length]
    assert not verifying(signer).verify(b"message", signature)


def test_an_es256_signature_has_no_second_spelling_with_a_longer_s() -> None:
    signer = SoftwareSigner.generate(Algorithm.ES256, "k1")
    signature = signer.sign(b"message")
    assert not verifying(signer).verify(b"message", signature[:32] + b"\x00" + signature[32:])


@pytest.mark.parametrize("r", [0, 1, P256_ORDER - 1, P256_ORDER, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, P256_ORDER - 1, P256_ORDER, 2**256 - 1])
def test_es256_refuses_r_and_s_at_and_beyond_the_edges_without_raising(r: int, s: int) -> None:
    key = verifying(SoftwareSigner.generate(Algorithm.ES256, "k1"))
    assert not key.verify(b"message", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_a_signer_survives_pem_and_finds_its_algorithm_again(signer: SoftwareSigner) -> None:
    again = SoftwareSigner.from_pem(signer.to_pem(), "k1")
    assert again.algorithm is signer.algorithm
    assert again.public_jwk() == signer.public_jwk()
    assert verifying(signer).verify(b"message", again.sign(b"message"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        lambda: pem(ec.generate_private_key(ec.SECP256R1()), b"passphrase"),
        lambda: pem(ec.generate_private_key(ec.SECP384R1())),
        lambda: pem(ed448.Ed448PrivateKey.generate()),
        lambda: pem(rsa.generate_private_key(65537, 2048)),
        lambda: (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        ),
    ],
    ids=["empty", "garbage", "encrypted", "P-384", "Ed448", "RSA", "public"],
)
def test_an_unusable_key_file_is_the_operators_to_mend(make: Callable[[], bytes]) -> None:
    with pytest.raises(Misconfigured) as refusal:
        SoftwareSigner.from_pem(make(), "k1")
    assert refusal.value.reason is Reason.KEY_FILE_UNREADABLE


def test_no_text_form_shows_key_material(signer: SoftwareSigner) -> None:
    body = "".join(signer.to_pem().decode().splitlines()[1:-1])
    shown = repr(signer) + str(signer) + repr(verifying(signer)) + json.dumps(signer.public_jwk())
    assert body not in shown
    assert "d" not in signer.public_jwk()
    assert signer.public_jwk()["x"] not in repr(verifying(signer))


def test_a_public_jwk_is_read_back_equal_and_by_other_libraries(signer: SoftwareSigner) -> None:
    jwk = signer.public_jwk()
    assert VerifyingKey.from_jwk(jwk, "k1") == verifying(signer)
    assert verifying(signer).to_jwk() == jwk
    assert joserfc.jwk.import_key(dict(jwk)).kid == "k1"
    public = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.DER
    algorithm = jwt.algorithms.ECAlgorithm if signer.algorithm is Algorithm.ES256 else jwt.algorithms.OKPAlgorithm
    theirs = algorithm.from_jwk(jwk)
    assert isinstance(theirs, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey)
    assert theirs.public_bytes(public[1], public[0]) == verifying(signer).public_key.public_bytes(public[1], public[0])


@pytest.mark.parametrize(
    "change",
    [
        {"d": encode_base64url(bytes(32))},
        {"k": encode_base64url(bytes(32))},
        {"kty": "oct"},
        {"kty": "RSA"},
        {"kty": None},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": "Ed448"},
        {"crv": ["P-256"]},
        {"kid": "k2"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "HS256"},
        {"alg": "EdDSA"},
        {"alg": None},
        {"x": None},
        {"x": 5},
        {"x": ""},
        {"x": encode_base64url(bytes(31))},
        {"x": encode_base64url(bytes(33))},
        {"x": encode_base64url(bytes(32)) + "="},
        {"x": "é" * 43},
    ],
    ids=lambda change: f"{next(iter(change))}={next(iter(change.values()))!s:.12}",
)
def test_a_jwk_that_is_not_exactly_a_public_key_of_ours_is_refused(
    signer: SoftwareSigner, change: dict[str, object]
) -> None:
    with pytest.raises(Malformed) as refusal:
        VerifyingKey.from_jwk({**signer.public_jwk(), **change}, "k1")
    assert refusal.value.reason is Reason.FIELD_INVALID


def test_a_p256_jwk_whose_point_is_off_the_curve_is_refused() -> None:
    jwk = SoftwareSigner.generate(Algorithm.ES256, "k1").public_jwk()
    with pytest.raises(Malformed, match="off the curve"):
        VerifyingKey.from_jwk({**jwk, "y": jwk["x"]}, "k1")
    with pytest.raises(Malformed, match="y that isn't 32 bytes"):
        VerifyingKey.from_jwk({name: value for name, value in jwk.items() if name != "y"}, "k1")


SMALL_ORDER_POINTS = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("sign_bit", [0x00, 0x80])
@pytest.mark.parametrize("encoding", SMALL_ORDER_POINTS)
def test_an_ed25519_key_of_small_order_is_refused_because_anyone_can_sign_for_it(encoding: str, sign_bit: int) -> None:
    point = bytearray.fromhex(encoding)
    point[31] |= sign_bit
    with pytest.raises(Malformed, match="small order"):
        VerifyingKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(bytes(point))}, "k1")


@pytest.mark.parametrize("encoding", SMALL_ORDER_POINTS[:5])
def test_the_library_itself_takes_forgeries_under_each_small_order_key(encoding: str) -> None:
    # With S = 0 the equation asks for R = -kA, which runs through the same few points: guessing R soon succeeds.
    key = VerifyingKey("k1", Algorithm.ED25519, ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(encoding)))
    forged = [
        key.verify(b"message %d" % number, bytes.fromhex(point) + bytes(32))
        for number in range(40)
        for point in SMALL_ORDER_POINTS[:5]
    ]
    assert any(forged)


@pytest.mark.parametrize("text", ["A", "AA==", "AA\n", " AA", "A+", "A/", "AB", "AAB", "é", "AA.A", "QQ=Q", "AAAAA"])
def test_base64url_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        decode_base64url(text)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xfe", b"\xfb\xef\xbe", bytes(range(256))])
def test_base64url_reads_back_what_it_wrote(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data
