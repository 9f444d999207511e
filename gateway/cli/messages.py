"""Messages of the protocol as JSON, by the protobuf JSON mapping, with what makes it bearable to write by hand.

In requests:

1. Fields have their names of the .proto files; enumerations may leave out their prefix (``"carrier": "FILE"``).
2. A material may name a ``file``, relative to the JSON file: its bytes become ``content``, and ``carrier`` and
   ``media_type`` follow from it unless they are given.
3. A material with ``content`` (base64) gets its ``digest``.

In answers all fields are there, and hashes are hex.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from gateway.cli.files import STANDARD_INPUT, read_bytes
from trust.errors import Malformed, Reason

Request = TypeVar("Request", bound=Message)

_ANY_MEDIA: Final = "application/octet-stream"
_PARSED_FIELD: Final = re.compile(r"Failed to parse ([a-z_]+) field")
_UNKNOWN_FIELD: Final = re.compile(r'has no field named "([A-Za-z_]{1,64})"')


def read_request(path: Path, request: type[Request], **options: str) -> Request:
    """A request from a JSON file or standard input; ``options`` from the command line stand above the file's fields.

    Raises Malformed(MESSAGE_MALFORMED) that names the field, and never repeats a value.
    """
    try:
        content = json.loads(read_bytes(path))
    except ValueError as error:
        raise _malformed(path, request, f"bytes that are no JSON{_where(error)}") from error
    if not isinstance(content, dict):
        raise _malformed(path, request, "another JSON value than an object")
    content |= {name: value for name, value in options.items() if value}
    folder = Path() if path == STANDARD_INPUT else path.parent
    for party in ("applicant", "agent"):
        _complete_enumeration(content.get(party), "type", "APPLICANT_TYPE_")
    materials = content.get("materials")
    for material in materials if isinstance(materials, list) else ():
        if isinstance(material, dict):
            _complete_material(material, folder)
            if not _is_base64(material.get("content", "")):
                raise _malformed(path, request, "a material's content that is no base64")
    try:
        return ParseDict(content, request())
    except ParseError as error:
        raise _malformed(path, request, _place_of(error)) from None


def _complete_enumeration(content: object, name: str, prefix: str) -> None:
    if isinstance(content, dict) and isinstance(value := content.get(name), str) and not value.startswith(prefix):
        content[name] = prefix + value


def _complete_material(material: dict[str, Any], folder: Path) -> None:
    file = material.pop("file", None)
    if isinstance(file, str):
        material.setdefault("carrier", "FILE")
        material.setdefault("media_type", mimetypes.guess_type(file)[0] or _ANY_MEDIA)
        material["content"] = base64.b64encode(read_bytes(folder / file)).decode("ascii")
    _complete_enumeration(material, "carrier", "MATERIAL_CARRIER_")
    content = material.get("content")
    if content and "digest" not in material and _is_base64(content):
        digest = hashlib.sha256(base64.b64decode(content)).digest()
        material["digest"] = base64.b64encode(digest).decode("ascii")


def _is_base64(content: object) -> bool:
    """The parser would pass over foreign characters, and a document would be cut."""
    try:
        return isinstance(content, str) and base64.b64decode(content, validate=True) is not None
    except ValueError:
        return False


def _where(error: ValueError) -> str:
    return f", at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""


def _place_of(error: ParseError) -> str:
    """Where the parser stopped, without the values that its words may quote."""
    fields = [*_PARSED_FIELD.findall(str(error)), *_UNKNOWN_FIELD.findall(str(error))]
    return f"a wrong field {'.'.join(fields)}"


def _malformed(path: Path, request: type[Message], got: str) -> Malformed:
    return Malformed(
        Reason.MESSAGE_MALFORMED,
        f"{'standard input' if path == STANDARD_INPUT else path} is no {request.DESCRIPTOR.name}",
        got=got,
        expected=f"a JSON object of {request.DESCRIPTOR.full_name}",
        mend="see the command's --help and protos/tongban",
    )


def as_json(message: Message) -> dict[str, Any]:
    """A message for programs."""
    shown: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return shown


def hex_of(encoded: str) -> str:
    """Base64, as protobuf's JSON writes bytes, as hex."""
    return base64.b64decode(encoded).hex()


def hashes_in_hex(shown: dict[str, Any]) -> dict[str, Any]:
    """What ``as_json`` gave, with every ``hash`` and ``row_hash`` in hex, however deep it stands."""

    def mended(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return hashes_in_hex(value)
        if isinstance(value, list):
            return [mended(name, each) for each in value]
        return hex_of(value) if name in {"hash", "row_hash"} else value

    return {name: mended(name, value) for name, value in shown.items()}


def texts_of(pairs: list[str], option: str) -> Mapping[str, str]:
    """``key=value`` options as a mapping. Malformed(FIELD_INVALID) for one without its equals sign."""
    texts: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise Malformed(
                Reason.FIELD_INVALID,
                f"{option} is not understood",
                got=repr(pair),
                expected="key=value",
                mend=f"write {option} key=value, once for each",
            )
        texts[key] = value
    return texts
