"""Checking an RFC 3161 timestamp with ``cryptography`` alone: was this text there at that time, and who says so.

Only what a token needs of DER, CMS (RFC 5652) and TSTInfo is read, strictly, and what is not understood does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MAX_TOKEN_BYTES: Final = 64 * 1024
"""Longest response that is read."""

MAX_CHAIN: Final = 8
"""Most certificates from a timestamp to its root."""

_INTEGER, _OCTETS, _OID, _TIME, _SEQUENCE, _SET = 0x02, 0x04, 0x06, 0x18, 0x30, 0x31
_IN_0: Final = 0xA0
_SKI: Final = 0x80

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_SIGNING_CERTIFICATE: Final = bytes.fromhex("2a864886f70d010910020c")
_SIGNING_CERTIFICATE_2: Final = bytes.fromhex("2a864886f70d010910022f")

_HASHES: Final[Mapping[bytes, type[hashes.HashAlgorithm]]] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256,
    bytes.fromhex("608648016503040202"): hashes.SHA384,
    bytes.fromhex("608648016503040203"): hashes.SHA512,
}
_RSA: Final = bytes.fromhex("2a864886f70d010101")
_SIGNATURE_HASHES: Final[Mapping[bytes, type[hashes.HashAlgorithm]]] = {
    bytes.fromhex("2a864886f70d01010b"): hashes.SHA256,
    bytes.fromhex("2a864886f70d01010c"): hashes.SHA384,
    bytes.fromhex("2a864886f70d01010d"): hashes.SHA512,
    bytes.fromhex("2a8648ce3d040302"): hashes.SHA256,
    bytes.fromhex("2a8648ce3d040303"): hashes.SHA384,
    bytes.fromhex("2a8648ce3d040304"): hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class TimestampFact:
    """What a timestamp proves."""

    at: datetime
    """The authority's time, UTC."""
    authority: str
    """Common name in the authority's certificate, as far as it can be shown."""
    rooted: bool
    """Whether its certificate leads to one of the roots given."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One DER value."""

    tag: int
    content: bytes
    whole: bytes
    """With its tag and length."""

    def parts(self) -> list[_Value]:
        return _values(self.content)


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Certificates from a PEM file. Raises ValueError."""
    return tuple(x509.load_pem_x509_certificates(pem))


def check_stamp(response: bytes, text: bytes, roots: Sequence[x509.Certificate]) -> TimestampFact:
    """Check a TimeStampResp over a text.

    1. It is a granted response with a signed TSTInfo, whose imprint is the text's.
    2. A certificate in it, meant for timestamps alone, was in force then and signed exactly this TSTInfo.
    3. Whether that certificate leads to one of the roots.

    Raises ValueError that says what does not hold at 1 and 2.
    """
    try:
        # 1
        info, certificates, signer = _open(response)
        at = _check_info(info, text)
        # 2
        certificate = _signing_certificate(signer, certificates)
        _check_certificate(certificate, at)
        _check_signature(info, signer, certificate)
        # 3
        rooted = _leads_to(certificate, certificates, roots, at)
    except (
        IndexError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
    ) as error:
        raise ValueError("a form that is not understood") from error
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    shown = str(names[0].value) if names else certificate.subject.rfc4514_string()
    return TimestampFact(at, shown[:100], rooted)


def certificates_in(response: bytes) -> list[x509.Certificate]:
    """The certificates that come with a response that ``check_stamp`` took, as they stand in it."""
    return _open(response)[1]


def _open(response: bytes) -> tuple[bytes, list[x509.Certificate], list[_Value]]:
    """TSTInfo, certificates, and the one SignerInfo's parts."""
    if len(response) > MAX_TOKEN_BYTES:
        raise ValueError("it is too long")
    status, *token = _one(response, _SEQUENCE).parts()
    if status.parts()[0].content not in {b"\x00", b"\x01"} or len(token) != 1:
        raise ValueError("the authority did not grant it")
    kind, explicit = token[0].parts()
    if kind.content != _SIGNED_DATA or explicit.tag != _IN_0:
        raise ValueError("it is not signed")
    parts = _one(explicit.content, _SEQUENCE).parts()
    content_type, content = parts[2].parts()
    if content_type.content != _TST_INFO or content.tag != _IN_0:
        raise ValueError("it is no timestamp")
    info = _one(content.content, _OCTETS).content
    certificates = [
        x509.load_der_x509_certificate(each.whole) for part in parts[3:] if part.tag == _IN_0 for each in part.parts()
    ]
    signers = parts[-1]
    if signers.tag != _SET or len(signers.parts()) != 1:
        raise ValueError("it has not exactly one signature")
    return info, certificates, signers.parts()[0].parts()


def _check_info(info: bytes, text: bytes) -> datetime:
    parts = _one(info, _SEQUENCE).parts()
    algorithm, imprint = parts[2].parts()
    if imprint.content != _digest(_HASHES.get(algorithm.parts()[0].content), text):
        raise ValueError("it is over another text")
    if parts[4].tag != _TIME:
        raise ValueError("it has no time")
    stated = parts[4].content.decode("ascii").removesuffix("Z").partition(".")[0]
    return datetime.strptime(stated, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _signing_certificate(signer: list[_Value], certificates: list[x509.Certificate]) -> x509.Certificate:
    who = signer[1]
    for certificate in certificates:
        if who.tag == _SKI:
            identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
            if identifier == who.content:
                return certificate
        else:
            issuer, serial = who.parts()
            if certificate.issuer.public_bytes() == issuer.whole and certificate.serial_number == int.from_bytes(
                serial.content, "big", signed=True
            ):
                return certificate
    raise ValueError("the certificate that signed it is not in it")


def _check_certificate(certificate: x509.Certificate, at: datetime) -> None:
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not meant for timestamps alone")
    if not _in_force(certificate, at):
        raise ValueError("its certificate was not in force then")


def _check_signature(info: bytes, signer: list[_Value], certificate: x509.Certificate) -> None:
    digest_algorithm = _HASHES.get(signer[2].parts()[0].content)
    signed, algorithm, signature = signer[3], signer[4].parts()[0].content, signer[5]
    if signed.tag != _IN_0 or signature.tag != _OCTETS:
        raise ValueError("its signature has no signed attributes")
    attributes: dict[bytes, _Value] = {}
    for attribute in signed.parts():
        kind, values = attribute.parts()
        (value,) = values.parts()
        if kind.content in attributes:
            raise ValueError("an attribute twice")
        attributes[kind.content] = value
    if attributes[_CONTENT_TYPE].content != _TST_INFO if _CONTENT_TYPE in attributes else True:
        raise ValueError("its signature is over something else")
    digest = attributes.get(_MESSAGE_DIGEST)
    if digest is None or digest.content != _digest(digest_algorithm, info):
        raise ValueError("its signature is over another timestamp")
    _check_named(attributes, certificate)
    message = bytes([_SET]) + signed.whole[1:]
    hashing = _SIGNATURE_HASHES.get(algorithm, digest_algorithm if algorithm == _RSA else None)
    key = certificate.public_key()
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature.content, message)
        elif hashing is None:
            raise ValueError("its signature is of a kind that is not understood")
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.content, message, padding.PKCS1v15(), hashing())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.content, message, ec.ECDSA(hashing()))
        else:
            raise ValueError("its key is of a kind that is not understood")
    except InvalidSignature as error:
        raise ValueError("its signature is wrong") from error


def _check_named(attributes: Mapping[bytes, _Value], certificate: x509.Certificate) -> None:
    """The signature names its certificate by hash (RFC 5035, RFC 2634), so that no other can be put in its place."""
    if _SIGNING_CERTIFICATE_2 in attributes:
        first = attributes[_SIGNING_CERTIFICATE_2].parts()[0].parts()[0].parts()
        hashing: type[hashes.HashAlgorithm] | None = hashes.SHA256
        if first[0].tag == _SEQUENCE:
            hashing = _HASHES.get(first.pop(0).parts()[0].content)
        named = first[0].content
        expected = certificate.fingerprint(hashing()) if hashing else b""
    elif _SIGNING_CERTIFICATE in attributes:
        named = attributes[_SIGNING_CERTIFICATE].parts()[0].parts()[0].parts()[0].content
        expected = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - what RFC 2634 prescribes; not relied on alone
    else:
        raise ValueError("its signature names no certificate")
    if named != expected:
        raise ValueError("its signature names another certificate")


def _leads_to(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> bool:
    """Whether issuers that were in force then lead from a certificate to a root."""
    current = certificate
    for _ in range(MAX_CHAIN):
        if current in roots or any(_issued(root, current) and _in_force(root, at) for root in roots):
            return True
        above = next((each for each in others if each != current and _issued(each, current)), None)
        if above is None or not _in_force(above, at):
            return False
        current = above
    return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _in_force(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _digest(algorithm: type[hashes.HashAlgorithm] | None, data: bytes) -> bytes:
    if algorithm is None:
        raise ValueError("it uses a hash that is not trusted")
    digest = hashes.Hash(algorithm())
    digest.update(data)
    return digest.finalize()


def _one(data: bytes, tag: int) -> _Value:
    values = _values(data)
    if len(values) != 1 or values[0].tag != tag:
        raise ValueError("a form that is not understood")
    return values[0]


def _values(data: bytes) -> list[_Value]:
    """Read DER values that stand one behind another."""
    values, at = [], 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[start : start + count], "big")
            start += count
            if not 1 <= count <= 4 or length < 0x80:
                raise ValueError("a length that is not DER")
        if start + length > len(data) or tag & 0x1F == 0x1F:
            raise ValueError("a value that is cut off")
        values.append(_Value(tag, data[start : start + length], data[at : start + length]))
        at = start + length
    return values
