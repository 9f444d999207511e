"""Evidence bundles: what one gateway can prove of a case, in one file that is checked without asking anybody.

    manifest.json, manifest.jws      what is in the bundle, and the making gateway's signature over it
    directory/<version>.json         the signed directories that were in force over the case's life
    trustees.json                    the trustees that the making gateway goes by: for information
    calls/<nnn>.json                 a signed call: method, request JWS, response JWS or nothing
    calls/<nnn>.request.bin          its request as carried; absent when redacted
    calls/<nnn>.response.bin         its response as carried; absent when redacted or not known
    logs/<member>/trail.json         the case's leaves in that log, each with its proof
    logs/<member>/answer.json, …     the signed call by which another gateway gave them, with both bodies
    stamps/<member>.json, .tsr       an RFC 3161 timestamp over a checkpoint of that log
    summary.html, summary.pdf        the story for people; proves nothing

Rules of this module:

- A bundle is a zip whose bytes follow from its files: stored and not compressed, in the order of their names, without
  times, attributes or comments. So two zip readers can't see different files in it, and nothing unpacks to more than
  its own size.
- What is read here is read strictly and believed by nobody: ``trust.evidence_check`` judges.
"""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self, TypeVar

from trust.errors import Malformed, Reason
from trust.jws import encode, parse_object
from trust.keys import Signer, encode_base64url

FORMAT: Final = "tongban-evidence/1"
"""The only format that is written and read here."""

MANIFEST_TYPE: Final = "tongban-evidence+jwt"
"""``typ`` of the signature over the manifest."""

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.jws"
TRUSTEES: Final = "trustees.json"

MAX_BUNDLE_BYTES: Final = 1024 * 1024 * 1024
"""Longest bundle that is read."""

MAX_FILES: Final = 20_000
"""Most files in a bundle: two thousand events have at most eight thousand files of calls."""

MAX_LEAVES: Final = 100_000
"""Most leaves of one case in one log that are read."""

_SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NAME = re.compile(
    r"manifest\.(json|jws)|trustees\.json|summary\.(html|pdf)|directory/[1-9][0-9]{0,9}\.json"
    r"|calls/[0-9]{3,5}\.(json|request\.bin|response\.bin)"
    r"|logs/[0-9]{6}\.[a-z][a-z0-9-]{0,31}/(trail|answer)\.json"
    r"|logs/[0-9]{6}\.[a-z][a-z0-9-]{0,31}/answer\.(request|response)\.bin"
    r"|stamps/[0-9]{6}\.[a-z][a-z0-9-]{0,31}\.(json|tsr)",
    re.ASCII,
)
"""Every name that a file of a bundle may have."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself."""

    case_id: str
    number: str
    """The number that people use."""
    commitment: bytes
    """As the leaves have it, 32 bytes."""
    salt: bytes = field(repr=False)
    """Salt of the commitment; empty when redacted or erased."""
    accepting: str
    """Member id of the accepting place's gateway."""
    processing: str
    """Member id of the processing place's gateway."""
    made_by: str
    """Member id of the gateway that made the bundle, one of the two."""
    made_at: datetime
    """UTC, to the second."""
    redacted: bool
    """The bodies were left out."""
    erased_at: datetime | None
    """When the making gateway erased what it had of the case; None while it has it."""
    without: tuple[str, ...]
    """Members whose log could not be had."""
    files: Mapping[str, str]
    """Name of every other file but the signature → SHA-256 in hex."""

    @property
    def parties(self) -> tuple[str, str]:
        """Both gateways, the accepting one first."""
        return self.accepting, self.processing

    def other(self, member: str) -> str:
        """The gateway on the other side."""
        return self.processing if member == self.accepting else self.accepting

    def to_bytes(self) -> bytes:
        """Write the file."""
        return write_json(
            {
                "format": FORMAT,
                "case": {
                    "id": self.case_id,
                    "number": self.number,
                    "commitment": self.commitment.hex(),
                    "salt": _base64(self.salt),
                    "accepting": self.accepting,
                    "processing": self.processing,
                },
                "made_by": self.made_by,
                "made_at": write_time(self.made_at),
                "redacted": self.redacted,
                "erased_at": write_time(self.erased_at) if self.erased_at else "",
                "without": list(self.without),
                "files": dict(sorted(self.files.items())),
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read the file. Malformed(EVIDENCE_INVALID)."""
        what = MANIFEST
        value = _object(raw, what)
        if value.get("format") != FORMAT:
            raise invalid(what, "another format", FORMAT)
        case, files = _read(value, "case", dict, what), _read(value, "files", dict, what)
        if not all(isinstance(digest, str) and _SHA256_HEX.fullmatch(digest) for digest in files.values()):
            raise invalid(what, "a file without its SHA-256", "64 hex digits")
        without = _read(value, "without", list, what)
        if not all(isinstance(member, str) for member in without):
            raise invalid(what, "something else in without", "member ids")
        erased_at = _read(value, "erased_at", str, what)
        manifest = cls(
            case_id=_read(case, "id", str, what),
            number=_read(case, "number", str, what),
            commitment=_unhex(_read(case, "commitment", str, what), what),
            salt=_unbase64(_read(case, "salt", str, what), what),
            accepting=_read(case, "accepting", str, what),
            processing=_read(case, "processing", str, what),
            made_by=_read(value, "made_by", str, what),
            made_at=_time(_read(value, "made_at", str, what), what),
            redacted=_read(value, "redacted", bool, what),
            erased_at=_time(erased_at, what) if erased_at else None,
            without=tuple(without),
            files=files,
        )
        if manifest.accepting == manifest.processing or manifest.made_by not in manifest.parties:
            raise invalid(what, "other gateways", "two different ones, one of which made the bundle")
        return manifest

    def sign(self, signer: Signer) -> str:
        """Sign the file with the making gateway's message key; the content of ``manifest.jws``."""
        claims: dict[str, object] = {
            "iss": self.made_by,
            "iat": int(self.made_at.timestamp()),
            "sha256": encode_base64url(sha256(self.to_bytes()).digest()),
        }
        return encode({"typ": MANIFEST_TYPE}, claims, signer)


@dataclass(frozen=True, slots=True)
class CarriedCall:
    """A signed call as it was carried."""

    method: str
    """Full gRPC path."""
    request: str
    """The request JWS."""
    response: str
    """The response JWS; empty when the making gateway gave the answer."""
    request_body: bytes | None = field(default=None, repr=False)
    """None when redacted."""
    response_body: bytes | None = field(default=None, repr=False)
    """None when redacted, or when there is no response."""

    @property
    def digest(self) -> str:
        """SHA-256 of the request JWS in hex: what leaves name the call by."""
        return sha256(self.request.encode()).hexdigest()

    def to_files(self, name: str) -> dict[str, bytes]:
        """Write the call under a name such as ``calls/001``."""
        head = write_json({"method": self.method, "request": self.request, "response": self.response})
        bodies = {f"{name}.request.bin": self.request_body, f"{name}.response.bin": self.response_body}
        return {f"{name}.json": head} | {key: body for key, body in bodies.items() if body is not None}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], name: str) -> Self:
        """Read the call of that name. Malformed(EVIDENCE_INVALID)."""
        what = f"{name}.json"
        value = _object(files[what], what)
        return cls(
            method=_read(value, "method", str, what),
            request=_read(value, "request", str, what),
            response=_read(value, "response", str, what),
            request_body=files.get(f"{name}.request.bin"),
            response_body=files.get(f"{name}.response.bin"),
        )


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A leaf with its proof."""

    index: int
    leaf: bytes
    """Its exact bytes."""
    path: tuple[bytes, ...]
    """RFC 6962 audit path to the trail's checkpoint."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The leaves of a case in one log."""

    member: str
    """Whose log it is."""
    leaves: tuple[ProvedLeaf, ...]
    """By their place in the case."""
    checkpoint: str
    """The note that all paths lead to, with the cosignatures it has."""
    count: int
    """How many leaves the case had in this log when they were asked for."""

    def to_bytes(self) -> bytes:
        """Write the file. Malformed(EVIDENCE_INVALID) for a leaf that is no ASCII."""
        try:
            leaves = [
                {"index": each.index, "leaf": each.leaf.decode("ascii"), "path": [_base64(step) for step in each.path]}
                for each in self.leaves
            ]
        except UnicodeDecodeError as error:
            raise invalid(f"the trail of {self.member}", "a leaf of other characters", "ASCII") from error
        return write_json({"member": self.member, "count": self.count, "checkpoint": self.checkpoint, "leaves": leaves})

    @classmethod
    def from_bytes(cls, raw: bytes, what: str) -> Self:
        """Read the file called ``what``. Malformed(EVIDENCE_INVALID)."""
        value = _object(raw, what)
        listed = _read(value, "leaves", list, what)
        if len(listed) > MAX_LEAVES:
            raise invalid(what, f"{len(listed)} leaves", f"at most {MAX_LEAVES}")
        leaves = []
        for entry in listed:
            match entry:
                case {"index": int(index), "leaf": str(leaf), "path": list(path)} if index >= 0 and leaf.isascii():
                    steps = tuple(_unbase64(step, what) for step in path)
                    leaves.append(ProvedLeaf(index, leaf.encode("ascii"), steps))
                case _:
                    raise invalid(what, "a leaf of another form", "index, leaf and path")
        return cls(
            member=_read(value, "member", str, what),
            leaves=tuple(leaves),
            checkpoint=_read(value, "checkpoint", str, what),
            count=_read(value, "count", int, what),
        )


@dataclass(frozen=True, slots=True)
class StampedCheckpoint:
    """A checkpoint over which there is an RFC 3161 timestamp, and how the trail's own checkpoint agrees with it."""

    note: str
    """The checkpoint that was stamped: what the token's imprint is over, in UTF-8."""
    path: tuple[bytes, ...]
    """Consistency proof between it and the trail's checkpoint, from the smaller to the larger."""

    def to_bytes(self) -> bytes:
        """Write the file."""
        return write_json({"note": self.note, "path": [_base64(step) for step in self.path]})

    @classmethod
    def from_bytes(cls, raw: bytes, what: str) -> Self:
        """Read the file called ``what``. Malformed(EVIDENCE_INVALID)."""
        value = _object(raw, what)
        path = tuple(_unbase64(step, what) for step in _read(value, "path", list, what))
        return cls(_read(value, "note", str, what), path)


# --------------------------------------------------------------------------------------------------------------------
# The zip
# --------------------------------------------------------------------------------------------------------------------

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_NEEDS: Final = 20
_DATE: Final = 0x21
"""1980-01-01, the first day that a zip can tell."""
_READABLE: Final = 0o100600 << 16


def bundle(manifest: Manifest, files: Mapping[str, bytes], signer: Signer) -> bytes:
    """Make a bundle of these files; the manifest's own list of them is made here."""
    listed = {name: sha256(content).hexdigest() for name, content in files.items()}
    whole = Manifest(**{name: getattr(manifest, name) for name in manifest.__slots__ if name != "files"}, files=listed)
    return pack({**files, MANIFEST: whole.to_bytes(), SIGNATURE: whole.sign(signer).encode("ascii")})


def pack(files: Mapping[str, bytes]) -> bytes:
    """Write files as the one zip that stands for them. Malformed(EVIDENCE_INVALID) for too many, or too large ones."""
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BUNDLE_BYTES:
        raise invalid("the bundle", f"{len(files)} files", f"at most {MAX_FILES}, and {MAX_BUNDLE_BYTES} bytes")
    body, index = bytearray(), bytearray()
    for name, content in sorted(files.items()):
        encoded = name.encode("ascii")
        common = (_NEEDS, 0, 0, 0, _DATE, zlib.crc32(content), len(content), len(content), len(encoded), 0)
        index += _CENTRAL.pack(b"PK\x01\x02", 3 << 8 | _NEEDS, *common, 0, 0, 0, _READABLE, len(body)) + encoded
        body += _LOCAL.pack(b"PK\x03\x04", *common) + encoded + content
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(index), len(body), 0)
    return bytes(body + index + end)


def unpack(data: bytes) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Read a bundle's files, and say what is wrong with the zip around them; nothing is, when ``pack`` wrote it.

    Raises Malformed(EVIDENCE_INVALID) for what is no zip, or more than may be read.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise invalid("the bundle", f"{len(data)} bytes", f"at most {MAX_BUNDLE_BYTES}")
    files: dict[str, bytes] = {}
    faults: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise invalid("the bundle", f"{len(entries)} files", f"at most {MAX_FILES}")
            for entry in entries:
                # The name as the zip has it: the library cuts it at a NUL.
                name = entry.orig_filename
                if name in files:
                    faults.append(name)
                if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
                    faults.append(name)
                    continue
                try:
                    files[name] = archive.read(entry)
                except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError):
                    faults.append(name)
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, OverflowError, NotImplementedError) as error:
        raise invalid("the bundle", "no zip", "a zip as `tongban audit export` writes it") from error
    if not faults and (not all(name.isascii() for name in files) or pack(files) != data):
        faults.append("")
    return files, tuple(dict.fromkeys(faults))


def is_name(name: str) -> bool:
    """Whether a file of a bundle may have this name."""
    return _NAME.fullmatch(name) is not None


# --------------------------------------------------------------------------------------------------------------------
# Parts
# --------------------------------------------------------------------------------------------------------------------


def write_time(at: datetime) -> str:
    """A time to the second, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def invalid(what: str, got: str, expected: str) -> Malformed:
    """The error for what is no evidence; never with content in it."""
    return Malformed(
        Reason.EVIDENCE_INVALID,
        f"{what} can't be read as evidence",
        got=got,
        expected=expected,
        mend="name the right file, or take it again, unchanged, from whoever made it",
    )


def write_json(value: Mapping[str, object]) -> bytes:
    """Write a JSON file that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def _object(raw: bytes, what: str) -> dict[str, object]:
    try:
        return parse_object(raw)
    except ValueError as error:
        raise invalid(what, "other bytes", "one JSON object, each key once") from error


_T = TypeVar("_T")


def _read(value: Mapping[str, object], name: str, kind: type[_T], what: str) -> _T:
    found = value.get(name)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise invalid(what, f"no {name}, or one of another type", kind.__name__)
    return found


def _time(text: str, what: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise invalid(what, "another form of time", "YYYY-MM-DDThh:mm:ssZ")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: object, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        data = None
    if data is None or _base64(data) != text:
        raise invalid(what, "no base64", "standard base64 with padding")
    return data


def _unhex(text: str, what: str) -> bytes:
    if _SHA256_HEX.fullmatch(text) is None:
        raise invalid(what, "no hash", "64 lower-case hex digits")
    return bytes.fromhex(text)


def numbered(names: Sequence[str], folder: str) -> tuple[str, ...]:
    """Names without their endings of what a folder holds, by name: ``calls/001`` for ``calls/001.json``."""
    start = f"{folder}/"
    return tuple(sorted({name.partition(".")[0] for name in names if name.startswith(start)}))
