"""Signed notes: a text with signature lines below it, readable by any transparency tool (c2sp.org/signed-note).

    <text, ending in a newline>
    <empty line>
    — <key name> <base64 of key id and signature>

Rules of this module:

- One signature type is made and verified, Ed25519 (0x01). The others are carried along as signatures of unknown keys.
- The text means nothing until a known key's signature over it holds, so ``open_note`` is the only way to the text.
- A signature by an unknown key is ignored (keys rotate, witnesses come and go); a *wrong* one by a known key spoils
  the whole note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from trust.errors import Malformed, Misconfigured, Reason, Unauthenticated
from trust.keys import Algorithm, Signer, VerifyingKey, decode_base64url, encode_base64url

MAX_NOTE_BYTES: Final = 256 * 1024
"""Longest note that is read: room for a text and sixteen post-quantum signatures, which every verifier must take."""

MAX_SIGNATURES: Final = 64
"""Most signature lines that are read."""

KEY_ID_SIZE: Final = 4
"""Bytes of a key id, a shortened hash that names a key but does not prove it."""

_ED25519_TYPE: Final = b"\x01"
_SIGNATURE_START: Final = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]+")
_VERIFIER_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<key_id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that may sign notes, under the name that its signature lines carry."""

    name: str
    """Without spaces and plus signs, by custom a URL without its scheme, such as ``430600.gateway/log``."""
    key: VerifyingKey
    """An Ed25519 key."""

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                "A note key has no usable name",
                got=repr(self.name),
                expected="at least one character, no spaces, no plus sign",
                mend="choose a name such as 430600.gateway/log",
            )
        if self.key.algorithm is not Algorithm.ED25519:
            raise Misconfigured(
                Reason.CONFIG_INVALID,
                f"The key {self.key.kid} can't sign notes",
                got=self.key.algorithm,
                expected=Algorithm.ED25519,
                mend="give the log its own Ed25519 key",
            )

    @classmethod
    def of(cls, signer: Signer, name: str) -> Self:
        """Take the public half of ``signer`` under ``name``."""
        return cls(name, VerifyingKey.from_jwk(signer.public_jwk(), signer.kid))

    @classmethod
    def from_verifier_key(cls, text: str) -> Self:
        """Read ``<name>+<key id in hex>+<base64 of type and key>``; raises ``Malformed(FIELD_INVALID)``.

        The key's ``kid`` is ``<name>+<key id>``, which identifies it among notes.
        """
        matched = _VERIFIER_KEY.fullmatch(text)
        key = _decode_base64(matched["key"]) if matched else None
        if matched is None or key is None or len(key) != 33 or key[:1] != _ED25519_TYPE:
            raise _bad_verifier_key("another form", "<name>+<8 hex digits>+<base64 of 0x01 and 32 bytes>")
        kid = f"{matched['name']}+{matched['key_id']}"
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key[1:])}
        note_key = cls(matched["name"], VerifyingKey.from_jwk(jwk, kid))
        if note_key.key_id.hex() != matched["key_id"]:
            raise _bad_verifier_key(f"key id {matched['key_id']}", f"{note_key.key_id.hex()}, computed from the key")
        return note_key

    @property
    def verifier_key(self) -> str:
        """The text form that transparency tools take, read back by ``from_verifier_key``."""
        key = base64.b64encode(_ED25519_TYPE + self._public_bytes()).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, 0x0A, 0x01, public key)."""
        digest = sha256(self.name.encode() + b"\n" + _ED25519_TYPE + self._public_bytes()).digest()
        return digest[:KEY_ID_SIZE]

    def _public_bytes(self) -> bytes:
        return decode_base64url(self.key.to_jwk()["x"])


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose text a known key has signed."""

    text: str
    """The signed text, ending in a newline."""
    signed_by: tuple[NoteKey, ...]
    """The known keys whose signatures hold, in the order of their lines; at least one."""


@dataclass(frozen=True, slots=True)
class _SignatureLine:
    name: str
    key_id: bytes
    signature: bytes


def sign_note(text: str, signer: Signer, name: str) -> str:
    """Sign ``text`` (one or more lines, ending in a newline) as ``name``.

    Raises ``Malformed(MESSAGE_MALFORMED)`` for a text that no note can carry, ``Misconfigured`` for a key that can't
    sign notes.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise _bad_note("a text with control characters or without a final newline", "lines of text")
    return f"{text}\n{_signature_line(text, signer, name)}"


def add_signature(note: str, signer: Signer, name: str) -> str:
    """Add a signature line to a note, as another key of a log or a witness does.

    The note is only checked for its form: whoever signs has opened it before. Raises as ``sign_note``.
    """
    text, _ = _parse(note)
    return note + _signature_line(text, signer, name)


def open_note(note: str, keys: Iterable[NoteKey]) -> OpenedNote:
    """Verify a note with the keys that are known and return its text.

    Steps:

    1. the note is within bounds, and has its form: lines, the last empty line, signature lines;
    2. signatures are matched to known keys by name *and* key id; all others are ignored;
    3. each signature by a known key verifies over the text;
    4. there is at least one.

    Raises ``Malformed(MESSAGE_MALFORMED)`` at step 1, ``Unauthenticated(SIGNATURE_WRONG)`` at step 3 and
    ``Unauthenticated(SIGNATURE_MISSING)`` at step 4.
    """
    # 1. form
    text, lines = _parse(note)
    # 2. known keys
    known = {(key.name, key.key_id): key for key in keys}
    signed_by: dict[tuple[str, bytes], NoteKey] = {}
    for line in lines:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        # 3. each holds
        if not key.key.verify(text.encode(), line.signature):
            raise Unauthenticated(
                Reason.SIGNATURE_WRONG,
                "A note's signature does not verify (step 3)",
                got=f"a signature line of {line.name}, key id {line.key_id.hex()}",
                expected="that key's signature over the text as it stands",
                mend="fetch the note again; if it stays wrong, keep it as evidence and ask its signer",
            )
        signed_by[line.name, line.key_id] = key
    # 4. at least one
    if not signed_by:
        raise Unauthenticated(
            Reason.SIGNATURE_MISSING,
            "No known key signed the note (step 4)",
            got=", ".join(f"{line.name}+{line.key_id.hex()}" for line in lines[:4]),
            expected=" or ".join(f"{name}+{key_id.hex()}" for name, key_id in known) or "a known key",
            mend="update the directory of keys, or ask the signer which key is in use",
        )
    return OpenedNote(text, tuple(signed_by.values()))


def _signature_line(text: str, signer: Signer, name: str) -> str:
    key_id = NoteKey.of(signer, name).key_id
    encoded = base64.b64encode(key_id + signer.sign(text.encode())).decode("ascii")
    return f"{_SIGNATURE_START}{name} {encoded}\n"


def _parse(note: str) -> tuple[str, tuple[_SignatureLine, ...]]:
    try:
        size = len(note.encode())
    except UnicodeEncodeError as error:
        raise _bad_note("lone surrogates", "text that UTF-8 can carry") from error
    if size > MAX_NOTE_BYTES:
        raise _bad_note(f"{size} bytes", f"at most {MAX_NOTE_BYTES}")
    if _CONTROL.search(note):
        raise _bad_note("control characters", "none but newline")
    # The text may itself hold empty lines, so the last one is the border.
    head, border, tail = note.rpartition("\n\n")
    if not border or not head or not tail.endswith("\n"):
        raise _bad_note("no empty line before the signatures, or no newline at the end", "text, empty line, signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _bad_note(f"{len(lines)} signature lines", f"at most {MAX_SIGNATURES}")
    return head + "\n", tuple(_parse_signature_line(line) for line in lines)


def _parse_signature_line(line: str) -> _SignatureLine:
    name, space, encoded = line.removeprefix(_SIGNATURE_START).partition(" ")
    signature = _decode_base64(encoded)
    if (
        not line.startswith(_SIGNATURE_START)
        or not space
        or _NAME.fullmatch(name) is None
        or signature is None
        or len(signature) <= KEY_ID_SIZE
    ):
        raise _bad_note("a signature line of another form", "em dash, key name, base64 of key id and signature")
    return _SignatureLine(name, signature[:KEY_ID_SIZE], signature[KEY_ID_SIZE:])


def _decode_base64(text: str) -> bytes | None:
    """Decode standard base64 with padding; None for anything that is not written in the one canonical way."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode("ascii") == text else None


def _bad_note(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        "The bytes are no signed note (step 1)",
        got=got,
        expected=expected,
        mend="send the note exactly as its signer wrote it (c2sp.org/signed-note)",
    )


def _bad_verifier_key(got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "The text is no verifier key of a note",
        got=got,
        expected=expected,
        mend="copy the whole key from the log's operator",
    )
