"""Envelope encryption of what the store keeps at rest.

Rules:

1. The key-encryption key (KEK) comes from a file that only the gateway's account may read. It wraps data keys and
   nothing else.
2. Each owner, a case above all, has a data key of its own: 32 random bytes, stored wrapped beside the data. Forgetting
   the wrapped key forgets everything that was sealed with it (crypto-shredding); a backup forgets when it goes itself.
3. Every value is sealed by an AEAD with a fresh random 96-bit nonce, and bound to its place (table, column and row) by
   the associated data, so that a value moved to another row no longer opens.
4. A sealed value is ``version (1 byte) | nonce (12) | ciphertext | tag (16)``. The version names the cipher, so that
   values written before a change of cipher stay readable.
5. Random nonces bound one key to 2^32 values (NIST SP 800-38D section 8.3). A case has thousands. What belongs to no
   case is spread over the 256 owners of ``general_owner``.

Standards: AES-256-GCM (NIST SP 800-38D), SM4 (GB/T 32907-2016) in GCM mode (GB/T 36624-2018), HKDF (RFC 5869) with
SM3 (GB/T 32905-2016).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import ciphers, hashes
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trust.errors import Misconfigured, Reason

KEY_BYTES: Final = 32
"""Length of the KEK and of each data key, whatever the cipher."""

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_CACHED_KEYS: Final = 4096  # about 1 MB
_KEY_CHECK: Final = b"tongban store, key check 1"


class Cipher(StrEnum):
    """How new values are sealed. Values sealed by the other cipher stay readable."""

    AES_256_GCM = "aes-256-gcm"
    """The default."""
    SM4_GCM = "sm4-gcm"
    """The commercial-cryptography profile. A 16-byte SM4 key is derived from each 32-byte key by HKDF with SM3."""


_VERSION_OF: Final = {Cipher.AES_256_GCM: b"\x01", Cipher.SM4_GCM: b"\x02"}
_CIPHER_OF: Final = {version[0]: cipher for cipher, version in _VERSION_OF.items()}


def place(column: str, *row: str) -> bytes:
    """Name a value's place for the associated data: ``table.column`` and what identifies the row.

    Parts are joined by NUL, which no text column can hold, so that two places never share a name.
    """
    return "\0".join((column, *row)).encode()


def general_owner(row: str) -> str:
    """Owner of the data key for a value that belongs to no case, chosen by a hash of what identifies its row."""
    return f"general:{hashlib.sha256(row.encode()).hexdigest()[:2]}"


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


class _Sm4Gcm:
    """SM4-GCM in the shape of the library's AEAD classes, which have none for SM4."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        derived = HKDF(hashes.SM3(), 16, salt=None, info=b"tongban sm4-gcm").derive(key)
        self._key = algorithms.SM4(derived)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        encryptor = ciphers.Cipher(self._key, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        mode = modes.GCM(nonce, data[-_TAG_BYTES:])
        decryptor = ciphers.Cipher(self._key, mode).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        return decryptor.update(data[:-_TAG_BYTES]) + decryptor.finalize()


def _aead(cipher: Cipher, key: bytes) -> _Aead:
    if cipher is Cipher.AES_256_GCM:
        return AESGCM(key)
    return _Sm4Gcm(key)


class SealingKey:
    """One symmetric key that seals values and opens them again. Its bytes appear in no repr."""

    __slots__ = ("_aead", "_cipher", "_key", "_version")

    def __init__(self, key: bytes, cipher: Cipher) -> None:
        self._key = key
        self._cipher = cipher
        self._version = _VERSION_OF[cipher]
        self._aead = _aead(cipher, key)

    def seal(self, value: bytes, where: bytes) -> bytes:
        """Encrypt a value for the place ``where`` (see ``place``); 29 bytes longer than the value."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._version + nonce + self._aead.encrypt(nonce, value, where)

    def open(self, sealed: bytes, where: bytes) -> bytes:
        """Decrypt a value of that place. Misconfigured(STORE_CORRUPT) when it is not what was sealed there."""
        cipher = _CIPHER_OF.get(sealed[0]) if sealed else None
        if cipher is None or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise _unopened(where, "bytes that were not sealed by this program")
        aead = self._aead if cipher is self._cipher else _aead(cipher, self._key)
        try:
            return aead.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], where)
        except InvalidTag:
            raise _unopened(where, "a value that was changed, moved, or sealed with another key") from None


class Vault:
    """Makes and unwraps the data keys of one store. Safe to use from several threads."""

    def __init__(self, kek: bytes, cipher: Cipher = Cipher.AES_256_GCM) -> None:
        """``kek`` has ``KEY_BYTES``. Misconfigured(CONFIG_INVALID) for another length, or a cipher this build lacks."""
        if len(kek) != KEY_BYTES:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                "the store's key has the wrong length",
                got=f"{len(kek)} bytes",
                expected=f"{KEY_BYTES} bytes",
                mend="name the key file that this store was made with",
            )
        self._cipher = cipher
        self._kek = SealingKey(kek, cipher)
        self._term_key = hmac.digest(kek, b"tongban/trail-terms/v1", "sha256")
        try:
            self._kek.seal(b"", b"")
        except UnsupportedAlgorithm as error:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                "this build of the cryptography library lacks the store's cipher",
                got=str(cipher),
                expected="an OpenSSL 3 with SM3 and SM4-GCM",
                mend="install such a build, or choose aes-256-gcm",
            ) from error
        # Keyed by the wrapped bytes as they stand in the store, so that a key that was rolled back or erased is
        # never found here again.
        self._unwrapped = lru_cache(maxsize=_CACHED_KEYS)(self._unwrap)

    def new_key(self, owner: str) -> tuple[bytes, SealingKey]:
        """A fresh data key for an owner: wrapped for storing, and ready for use."""
        key = secrets.token_bytes(KEY_BYTES)
        return self._kek.seal(key, place("data_keys.wrapped", owner)), SealingKey(key, self._cipher)

    def data_key(self, owner: str, wrapped: bytes) -> SealingKey:
        """The data key of an owner. Misconfigured(STORE_CORRUPT) when the wrapping is not this owner's."""
        return self._unwrapped(owner, wrapped)

    def _unwrap(self, owner: str, wrapped: bytes) -> SealingKey:
        return SealingKey(self._kek.open(wrapped, place("data_keys.wrapped", owner)), self._cipher)

    def term(self, text: str) -> bytes:
        """A keyed hash of a text, 32 bytes, by which it can be looked for without being kept."""
        return hmac.digest(self._term_key, text.encode(), "sha256")

    def key_check(self) -> str:
        """A value to store when the store is made, so that ``require_key`` can tell a wrong key from a damaged file."""
        return self._kek.seal(_KEY_CHECK, b"key_check").hex()

    def require_key(self, stored: str) -> None:
        """Check that the store was made with this KEK. Misconfigured(CONFIG_INVALID) otherwise."""
        try:
            right = self._kek.open(bytes.fromhex(stored), b"key_check") == _KEY_CHECK
        except (Misconfigured, ValueError):
            right = False
        if not right:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                "the key file does not belong to this store",
                got="a key that does not open the store's key check",
                expected="the key that the store was made with",
                mend="name the right key file, or restore the store that belongs to this one",
            )


def _unopened(where: bytes, got: str) -> Misconfigured:
    column = where.split(b"\0", 1)[0].decode()  # the row's identity stays out of logs
    return Misconfigured(
        Reason.STORE_CORRUPT,
        f"a stored value of {column} does not open",
        got=got,
        expected="the value as it was sealed there",
        mend="restore the store from a backup, and find out who wrote to the file",
    )


# --------------------------------------------------------------------------------------------------------------------
# The key file
# --------------------------------------------------------------------------------------------------------------------


def read_key_file(path: Path) -> bytes:
    """Read the KEK: base64 of 32 bytes, one line, in a file that only its owner may read.

    Raises Misconfigured(KEY_FILE_UNREADABLE) when it is missing or holds something else, and
    Misconfigured(KEY_FILE_EXPOSED) when its group or others have any right to it. Its content is never repeated.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(1024)
    except OSError as error:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"the store's key file {path} can't be read",
            got=error.strerror or type(error).__name__,
            expected="a readable file",
            mend="name the right file, or generate one for a new store",
        ) from error
    if mode & 0o077:
        raise Misconfigured(
            Reason.KEY_FILE_EXPOSED,
            f"the store's key file {path} is open to others",
            got=f"mode {mode:04o}",
            expected="mode 0600 or 0400",
            mend="chmod 600 the file; if others could have read it, move the store to a new key",
        )
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"the store's key file {path} holds no key",
            got=f"{len(text)} bytes of something else",
            expected=f"base64 of {KEY_BYTES} bytes on one line",
            mend="restore the file from its backup",
        )
    return key


def generate_key_file(path: Path) -> None:
    """Write a new random KEK. Misconfigured as ``write_key_file``."""
    write_key_file(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def write_key_file(path: Path, content: bytes) -> None:
    """Write a secret with mode 0600, durably. Misconfigured(KEY_FILE_UNREADABLE) when it exists or can't be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"the key file {path} can't be written",
            got=error.strerror or type(error).__name__,
            expected="a new file in a writable folder",
            mend="choose another place; an existing key is never overwritten",
        ) from error
