"""Keys: what signs, what verifies, and the one way each is written down.

Rules:

- A key has one identifier (``kid``), one algorithm and one purpose. The algorithm belongs to the key, so a message can
  never choose how it is verified.
- A ``Signer`` gives raw signatures and its public half, nothing else. A hardware module fits the same Protocol, and so
  does another algorithm: it adds a member to ``Algorithm`` and a branch to ``VerifyingKey``.
- Building a ``VerifyingKey`` checks everything about the key once; ``verify`` then only verifies, and answers with a
  boolean whatever bytes it is given.
- Private key material appears in ``to_pem`` alone: never in a repr, an error or a public JWK.

Standards: RFC 7517 and RFC 7518 (JWK), RFC 8037 (OKP), RFC 9864 (the name ``Ed25519``), FIPS 186-5 (both algorithms).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from trust.errors import Malformed, Misconfigured, Reason


class Algorithm(StrEnum):
    """How a key signs; the values are the registered JOSE names."""

    ES256 = "ES256"
    """ECDSA on P-256 with SHA-256, signature r‖s (RFC 7518 section 3.4). The default."""
    ED25519 = "Ed25519"
    """EdDSA on edwards25519 (RFC 8032), by its fully specified name (RFC 9864)."""


class KeyPurpose(StrEnum):
    """What a key may sign. A key serves exactly one, so a signature never means something in another context."""

    MESSAGE = "message"
    """Requests and responses between members."""
    LICENCE = "licence"
    """Electronic licences."""
    STATUS = "status"
    """Status lists of licences."""
    LOG = "log"
    """Checkpoints of an audit log."""
    WITNESS = "witness"
    """Cosignatures under the checkpoints of others' logs."""
    DIRECTORY = "directory"
    """The directory of members; held by trustees."""


SIGNATURE_BYTES = 64
"""Length of a raw signature under every algorithm here: r‖s or R‖S, 32 bytes each."""

_COORDINATE_BYTES = 32
_ECDSA_SHA256 = ec.ECDSA(hashes.SHA256())

# The encodings of edwards25519 points whose order divides 8, sign bit cleared. Under such a key one signature fits many
# messages, so that its owner could later deny any of them; the library accepts them, evidence may not rest on them.
_P25519 = 2**255 - 19
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        _P25519,  # 0, not reduced
        _P25519 + 1,  # 1, not reduced
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


def encode_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Read base64url strictly: no padding, no whitespace, no foreign characters, no stray trailing bits.

    Each byte string has exactly one accepted text, so that a signed text can't be varied without notice.
    Raises ValueError.
    """
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_base64url(data) != text:
        message = "not canonical base64url without padding"
        raise ValueError(message)
    return data


class Signer(Protocol):
    """Whatever holds a private key: this process, or a hardware module."""

    @property
    def kid(self) -> str:
        """Identifier under which the directory lists the public half."""

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""

    def sign(self, message: bytes) -> bytes:
        """Sign the message itself (not its hash); a raw signature of ``SIGNATURE_BYTES``."""

    def public_jwk(self) -> dict[str, str]:
        """Give the public half as a JWK (RFC 7517), ready for the directory."""


class SoftwareSigner:
    """A signer whose private key lives in this process's memory."""

    __slots__ = ("_private_key", "algorithm", "kid")

    def __init__(
        self, private_key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, algorithm: Algorithm, kid: str
    ) -> None:
        self._private_key = private_key
        self.algorithm = algorithm
        self.kid = kid

    @classmethod
    def generate(cls, algorithm: Algorithm, kid: str) -> SoftwareSigner:
        """Make a new key from the operating system's randomness."""
        match algorithm:
            case Algorithm.ES256:
                return cls(ec.generate_private_key(ec.SECP256R1()), algorithm, kid)
            case Algorithm.ED25519:
                return cls(ed25519.Ed25519PrivateKey.generate(), algorithm, kid)

    @classmethod
    def from_pem(cls, pem: bytes, kid: str) -> SoftwareSigner:
        """Read an unencrypted private key; its type (P-256 or Ed25519) decides the algorithm.

        Raises Misconfigured(KEY_FILE_UNREADABLE) for anything else.
        """
        try:
            private_key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: the key is encrypted
            raise Misconfigured(
                Reason.KEY_FILE_UNREADABLE,
                f"reading the private key {kid!r}",
                got="bytes that are no unencrypted PEM private key",
                expected="PKCS #8 PEM of a P-256 or Ed25519 key, without a passphrase",
                mend="write the key again as unencrypted PKCS #8",
            ) from error
        if isinstance(private_key, ec.EllipticCurvePrivateKey) and isinstance(private_key.curve, ec.SECP256R1):
            return cls(private_key, Algorithm.ES256, kid)
        if isinstance(private_key, ed25519.Ed25519PrivateKey):
            return cls(private_key, Algorithm.ED25519, kid)
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"reading the private key {kid!r}",
            got="a key of another type or curve",
            expected="a P-256 or Ed25519 key",
            mend="make a new key of one of these types and enter its public half in the directory",
        )

    def to_pem(self) -> bytes:
        """Give the private key as unencrypted PKCS #8 PEM. Whoever writes it guards the file."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """Sign the message itself (not its hash); a raw signature of ``SIGNATURE_BYTES``."""
        if isinstance(self._private_key, ed25519.Ed25519PrivateKey):
            return self._private_key.sign(message)
        r, s = decode_dss_signature(self._private_key.sign(message, _ECDSA_SHA256))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

    def public_jwk(self) -> dict[str, str]:
        """Give the public half as a JWK (RFC 7517), ready for the directory."""
        return VerifyingKey(self.kid, self.algorithm, self._private_key.public_key()).to_jwk()

    def __repr__(self) -> str:
        return f"SoftwareSigner(kid={self.kid!r}, algorithm={self.algorithm.value!r})"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that has been checked once and verifies many times. Build it with ``from_jwk``."""

    kid: str
    """Identifier of the key."""
    algorithm: Algorithm
    """The only algorithm this key verifies."""
    public_key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey = field(repr=False, hash=False)
    """The library's key, of the type that ``algorithm`` says."""

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object], kid: str) -> VerifyingKey:
        """Read a public JWK: EC P-256 or OKP Ed25519, nothing else.

        1. No private part (``d``) and no symmetric one (``k``): a secret that was published is refused, not used.
        2. ``kid``, ``use``, ``key_ops`` and ``alg`` agree with a verifying key of this name, where present.
        3. ``kty`` and ``crv`` name a known curve; coordinates have their exact length and lie on the curve.
        4. An Ed25519 key isn't of small order.

        Raises Malformed(FIELD_INVALID).
        """
        # 1. no secrets
        if "d" in jwk or "k" in jwk:
            raise _bad_jwk(kid, "private or symmetric key material", "the public half only")
        # 2. what the key says of itself
        if jwk.get("kid", kid) != kid:
            raise _bad_jwk(kid, "another kid inside the JWK", "the same kid, or none")
        key_ops = jwk.get("key_ops", ["verify"])
        if jwk.get("use", "sig") != "sig" or not isinstance(key_ops, list) or "verify" not in key_ops:
            raise _bad_jwk(kid, "a key that isn't for signatures", 'use "sig" and key_ops with "verify", or neither')
        match jwk.get("kty"), jwk.get("crv"):
            case "EC", "P-256":
                algorithm = Algorithm.ES256
            case "OKP", "Ed25519":
                algorithm = Algorithm.ED25519
            case _:
                raise _bad_jwk(kid, "another key type or curve", "EC with P-256, or OKP with Ed25519")
        if jwk.get("alg", algorithm.value) != algorithm.value:
            raise _bad_jwk(kid, "another alg than the curve's", f'alg "{algorithm.value}", or none')
        # 3. the point
        x = _coordinate(jwk, "x", kid)
        if algorithm is Algorithm.ES256:
            y = _coordinate(jwk, "y", kid)
            try:
                point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
            except ValueError as error:
                raise _bad_jwk(kid, "coordinates off the curve", "a point of P-256") from error
            return cls(kid, algorithm, point)
        # 4. small order: the top bit is the sign of x, the rest is y
        if int.from_bytes(x, "little") & (2**255 - 1) in _SMALL_ORDER_Y:
            raise _bad_jwk(kid, "a point of small order", "a key made by an Ed25519 key generator")
        return cls(kid, algorithm, ed25519.Ed25519PublicKey.from_public_bytes(x))

    def to_jwk(self) -> dict[str, str]:
        """Give the key as a public JWK; ``from_jwk`` reads it back equal."""
        common = {"kid": self.kid, "use": "sig", "alg": self.algorithm.value}
        if isinstance(self.public_key, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(self.public_key.public_bytes_raw()), **common}
        numbers = self.public_key.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": encode_base64url(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
            "y": encode_base64url(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
            **common,
        }

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (raw) is this key's over ``message``. Never raises for a bad signature."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            if isinstance(self.public_key, ed25519.Ed25519PublicKey):
                self.public_key.verify(signature, message)
            else:
                r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
                s = int.from_bytes(signature[_COORDINATE_BYTES:], "big")
                # r or s outside 1..n-1 is refused by the library.
                self.public_key.verify(encode_dss_signature(r, s), message, _ECDSA_SHA256)
        except InvalidSignature:
            return False
        return True


def _coordinate(jwk: Mapping[str, object], name: str, kid: str) -> bytes:
    text = jwk.get(name)
    try:
        data = decode_base64url(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != _COORDINATE_BYTES:
        raise _bad_jwk(kid, f"{name} that isn't {_COORDINATE_BYTES} bytes", f"{name} as base64url without padding")
    return data


def _bad_jwk(kid: str, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        f"reading the public key {kid!r}",
        got=got,
        expected=expected,
        mend="export the public JWK again from the key's owner",
    )
