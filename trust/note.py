"""Signed notes: a text with signature lines below it, readable by any transparency tool (c2sp.org/signed-note).

    <text, ending in a newline>
    <empty line>
    — <key name> <base64 of key id and signature>

Rules of this module:

- Two signature types are made and verified: Ed25519 (0x01), and the cosignature of a witness (0x04,
  c2sp.org/tlog-cosignature), which says at what time the witness had seen no other story. All others are carried along
  as signatures of unknown keys.
- The text means nothing until a known key's signature over it holds, so ``open_note`` is the only way to the text.
- A signature by an unknown key is ignored (keys rotate, witnesses come and go); a *wrong* one by a known key spoils
  the whole note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
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

_LATEST_SECONDS: Final = 253_402_300_799  # the last second of the year 9999, the latest that a datetime holds
_COSIGNED_AT_BYTES: Final = 8
_SIGNATURE_START: Final = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]+")
_VERIFIER_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<key_id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """What a key's signature is made over. One key has one type."""

    ED25519 = 1
    """The text: a log's own signature."""
    COSIGNATURE = 4
    """A time and the text: a witness's."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that may sign notes, under the name that its signature lines carry."""

    name: str
    """Without spaces and plus signs, by custom a URL without its scheme, such as ``430600.gateway/log``."""
    key: VerifyingKey
    """An Ed25519 key."""
    type: SignatureType = SignatureType.ED25519
    """What it signs."""

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
    def of(cls, signer: Signer, name: str, kind: SignatureType = SignatureType.ED25519) -> Self:
        """Take the public half of ``signer`` under ``name``."""
        return cls(name, VerifyingKey.from_jwk(signer.public_jwk(), signer.kid), kind)

    @classmethod
    def from_verifier_key(cls, text: str) -> Self:
        """Read ``<name>+<key id in hex>+<base64 of type and key>``; raises ``Malformed(FIELD_INVALID)``.

        The key's ``kid`` is ``<name>+<key id>``, which identifies it among notes.
        """
        matched = _VERIFIER_KEY.fullmatch(text)
        key = _decode_base64(matched["key"]) if matched else None
        if matched is None or key is None or len(key) != 33 or key[0] not in set(SignatureType):
            raise _bad_verifier_key("another form", "<name>+<8 hex digits>+<base64 of 0x01 or 0x04 and 32 bytes>")
        kid = f"{matched['name']}+{matched['key_id']}"
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key[1:])}
        note_key = cls(matched["name"], VerifyingKey.from_jwk(jwk, kid), SignatureType(key[0]))
        if note_key.key_id.hex() != matched["key_id"]:
            raise _bad_verifier_key(f"key id {matched['key_id']}", f"{note_key.key_id.hex()}, computed from the key")
        return note_key

    @property
    def verifier_key(self) -> str:
        """The text form that transparency tools take, read back by ``from_verifier_key``."""
        key = base64.b64encode(bytes([self.type]) + self._public_bytes()).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, 0x0A, type, public key)."""
        digest = sha256(self.name.encode() + b"\n" + bytes([self.type]) + self._public_bytes()).digest()
        return digest[:KEY_ID_SIZE]

    def verify(self, text: str, signature: bytes) -> datetime | None:
        """Check the key's signature over a note's text. Returns when a witness made it, ``None`` for a log's own.

        Raises ``ValueError`` when it doesn't hold.
        """
        at = None
        message = text.encode()
        if self.type is SignatureType.COSIGNATURE:
            seconds = int.from_bytes(signature[:_COSIGNED_AT_BYTES], "big")
            signature = signature[_COSIGNED_AT_BYTES:]
            if seconds > _LATEST_SECONDS:
                raise ValueError("a time that no calendar has")
            at = datetime.fromtimestamp(seconds, UTC)
            message = _cosigned(text, seconds)
        if not self.key.verify(message, signature):
            raise ValueError("not this key's signature over this text")
        return at

    def _public_bytes(self) -> bytes:
        return decode_base64url(self.key.to_jwk()["x"])


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose text a known key has signed."""

    text: str
    """The signed text, ending in a newline."""
    signed_by: tuple[NoteKey, ...]
    """The known keys whose signatures hold, in the order of their lines; at least one."""
    cosigned: Mapping[str, datetime] = field(default_factory=dict)
    """Name of each known witness among them → when it cosigned, by its own clock; the latest of several."""


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


def cosign(note: str, signer: Signer, name: str, at: datetime) -> str:
    """Make a witness's cosignature line for a note (tlog-cosignature, Ed25519), to be put behind its other lines.

    ``name`` is the witness's; ``at`` is kept to the second. The note is only checked for its form: a witness opens it,
    and asks for a consistency proof, before (``trust.witness``). Raises as ``sign_note``.
    """
    text, _ = _parse(note)
    seconds = int(at.timestamp())
    signature = seconds.to_bytes(_COSIGNED_AT_BYTES, "big") + signer.sign(_cosigned(text, seconds))
    return _line(NoteKey.of(signer, name, SignatureType.COSIGNATURE), signature)


def signature_lines(text: str) -> tuple[str, ...]:
    """Read signature lines that stand alone, as a witness answers; each with its newline.

    Raises ``Malformed(MESSAGE_MALFORMED)`` when there is none, or anything else.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise _bad_note("no signature lines", "lines, each ending in a newline")
    lines = text[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _bad_note(f"{len(lines)} signature lines", f"at most {MAX_SIGNATURES}")
    for line in lines:
        _parse_signature_line(line)
    return tuple(f"{line}\n" for line in lines)


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
    cosigned: dict[str, datetime] = {}
    for line in lines:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        # 3. each holds
        try:
            at = key.verify(text, line.signature)
        except ValueError as error:
            raise Unauthenticated(
                Reason.SIGNATURE_WRONG,
                "A note's signature does not verify (step 3)",
                got=f"a signature line of {line.name}, key id {line.key_id.hex()}",
                expected="that key's signature over the text as it stands",
                mend="fetch the note again; if it stays wrong, keep it as evidence and ask its signer",
            ) from error
        signed_by[line.name, line.key_id] = key
        if at is not None:
            cosigned[key.name] = max(at, cosigned.get(key.name, at))
    # 4. at least one
    if not signed_by:
        raise Unauthenticated(
            Reason.SIGNATURE_MISSING,
            "No known key signed the note (step 4)",
            got=", ".join(f"{line.name}+{line.key_id.hex()}" for line in lines[:4]),
            expected=" or ".join(f"{name}+{key_id.hex()}" for name, key_id in known) or "a known key",
            mend="update the directory of keys, or ask the signer which key is in use",
        )
    return OpenedNote(text, tuple(signed_by.values()), cosigned)


def _signature_line(text: str, signer: Signer, name: str) -> str:
    return _line(NoteKey.of(signer, name), signer.sign(text.encode()))


def _line(key: NoteKey, signature: bytes) -> str:
    return f"{_SIGNATURE_START}{key.name} {base64.b64encode(key.key_id + signature).decode('ascii')}\n"


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


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
