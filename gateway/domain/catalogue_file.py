"""The file that a catalogue is kept in: JSON, UTF-8, one object, kept readable by hand.

A file with a fault is refused as a whole, and every fault is named by item and field. Values that many items share
(materials, questions, names of departments) are held once, so that a province's catalogue fits into memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Final, TypeVar

from gateway.domain.catalogue import (
    MAX_DAYS,
    MAX_OPTIONS,
    MAX_TEXT_LENGTH,
    Catalogue,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
)
from gateway.domain.codes import MAX_CODE_LENGTH, ItemCode, ItemType
from gateway.domain.people import ApplicantType
from trust.errors import Malformed, Reason

_KEY: Final = re.compile(r"[a-z0-9_]{1,64}")

_E = TypeVar("_E", bound=Enum)


def parse_catalogue(data: bytes) -> Catalogue:
    """Read a catalogue file. Raises ``Malformed`` with every fault, each named by item and field (rule 4)."""
    try:
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_field_once)
    except UnicodeDecodeError:
        raise _malformed(["the file is not UTF-8"]) from None
    except (ValueError, RecursionError) as error:
        raise _malformed([f"the file is not JSON: {error}"]) from None
    faults: list[str] = []
    reader = _Reader(content, "catalogue", faults)
    catalogue_id = reader.text("id")
    name = reader.text("name")
    version = reader.number("version", low=1)
    items = tuple(_read_item(entry, catalogue_id) for entry in reader.objects("items", named_by="code"))
    reader.finish()
    _note_repeats((f"{item.code} version {item.version}" for item in items), "catalogue, items:", faults)
    if faults:
        raise _malformed(faults)
    return Catalogue(catalogue_id, name, version, items)


def dump_catalogue(catalogue: Catalogue) -> bytes:
    """Write a catalogue file: the same catalogue gives the same bytes, and fields at their default are left out."""
    content = {
        "id": catalogue.id,
        "name": catalogue.name,
        "version": catalogue.version,
        "items": [_write_item(item) for item in catalogue.items],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _read_item(reader: _Reader, catalogue_id: str) -> Item:
    code = reader.text("code", longest=MAX_CODE_LENGTH)
    parsed = ItemCode.parse(code)
    item = Item(
        catalogue=catalogue_id,
        code=code,
        version=reader.number("version", low=1),
        name=reader.text("name"),
        basic_code=reader.text("basic_code", default=parsed.basic),
        implementation_code=reader.text("implementation_code", default=parsed.implementation),
        item_type=reader.choice("item_type", ItemType),
        handling_type=reader.choice("handling_type", HandlingType),
        applicant_types=reader.choices("applicant_types", ApplicantType),
        statutory_days=reader.number("statutory_days", high=MAX_DAYS),
        promised_days=reader.number("promised_days", high=MAX_DAYS),
        modes=reader.choices("modes", Mode),
        department=reader.text("department"),
        fee=reader.text("fee", default=""),
        result_name=reader.text("result_name", default=""),
        result_licence_type=reader.text("result_licence_type", default=""),
        state=reader.choice("state", ItemState),
        valid_from=reader.day("valid_from") or date.min,
        valid_until=reader.day("valid_until", optional=True),
        official=reader.flag("official", default=False),
        materials=tuple(_read_material(entry) for entry in reader.objects("materials", named_by="key", optional=True)),
        situations=tuple(
            _read_question(entry) for entry in reader.objects("situations", named_by="key", optional=True)
        ),
    )
    reader.finish()
    _check_item(item, parsed, reader)
    return item


def _read_material(reader: _Reader) -> MaterialRequirement:
    material = MaterialRequirement(
        key=reader.key("key"),
        name=reader.text("name"),
        required=reader.flag("required"),
        source=reader.choice("source", MaterialSource),
        form=reader.choice("form", MaterialForm),
        exempt_by_licence=reader.text("exempt_by_licence", default=""),
        may_be_deferred=reader.flag("may_be_deferred", default=False),
        by_promise=reader.flag("by_promise", default=False),
    )
    reader.finish()
    return material


def _read_question(reader: _Reader) -> Question:
    question = Question(
        key=reader.key("key"),
        text=reader.text("text"),
        options=tuple(_read_option(entry) for entry in reader.objects("options", named_by="key")),
    )
    reader.finish()
    if not 2 <= len(question.options) <= MAX_OPTIONS:
        reader.fault("options", f"a question offers 2 to {MAX_OPTIONS} answers")
    _note_repeats((option.key for option in question.options), f"{reader.where}, options: key", reader.faults)
    return question


def _read_option(reader: _Reader) -> Option:
    option = Option(reader.key("key"), reader.text("text"), reader.texts("adds"), reader.texts("waives"))
    reader.finish()
    return option


def _check_item(item: Item, parsed: ItemCode, reader: _Reader) -> None:
    """Note what is wrong between the fields of one item."""
    if item.valid_until is not None and item.valid_until < item.valid_from:
        reader.fault("valid_until", f"{item.valid_until} is before valid_from {item.valid_from}")
    if item.handling_type is HandlingType.COMMITTED and item.promised_days == 0:
        reader.fault("promised_days", "a 承诺件 (handling_type 2) promises at least one working day")
    if parsed.basic and (item.basic_code, item.implementation_code) != (parsed.basic, parsed.implementation):
        reader.fault("basic_code", "it or implementation_code contradicts the code's own segments")
    _note_repeats((material.key for material in item.materials), f"{reader.where}, materials: key", reader.faults)
    _note_repeats((question.key for question in item.situations), f"{reader.where}, situations: key", reader.faults)
    known = {material.key for material in item.materials}
    for question in item.situations:
        for option in question.options:
            for key in sorted({*option.adds, *option.waives} - known):
                reader.fault(
                    "situations", f"option {question.key}={option.key} names material {key!r}, not in the item"
                )


def _write_item(item: Item) -> dict[str, object]:
    parsed = item.parsed_code
    return {
        "code": item.code,
        "version": item.version,
        "name": item.name,
        **_unless_default("basic_code", item.basic_code, parsed.basic),
        **_unless_default("implementation_code", item.implementation_code, parsed.implementation),
        "item_type": item.item_type.value,
        "handling_type": item.handling_type.value,
        "applicant_types": [kind.value for kind in item.applicant_types],
        "statutory_days": item.statutory_days,
        "promised_days": item.promised_days,
        "modes": [mode.value for mode in item.modes],
        "department": item.department,
        **_unless_default("fee", item.fee, ""),
        **_unless_default("result_name", item.result_name, ""),
        **_unless_default("result_licence_type", item.result_licence_type, ""),
        "state": item.state.value,
        "valid_from": item.valid_from.isoformat(),
        **({"valid_until": item.valid_until.isoformat()} if item.valid_until else {}),
        **_unless_default("official", item.official, default=False),
        **_unless_default("materials", [_write_material(material) for material in item.materials], []),
        **_unless_default("situations", [_write_question(question) for question in item.situations], []),
    }


def _write_material(material: MaterialRequirement) -> dict[str, object]:
    return {
        "key": material.key,
        "name": material.name,
        "required": material.required,
        "source": material.source.value,
        "form": material.form.value,
        **_unless_default("exempt_by_licence", material.exempt_by_licence, ""),
        **_unless_default("may_be_deferred", material.may_be_deferred, default=False),
        **_unless_default("by_promise", material.by_promise, default=False),
    }


def _write_question(question: Question) -> dict[str, object]:
    options = [
        {
            "key": option.key,
            "text": option.text,
            **_unless_default("adds", list(option.adds), []),
            **_unless_default("waives", list(option.waives), []),
        }
        for option in question.options
    ]
    return {"key": question.key, "text": question.text, "options": options}


def _unless_default(name: str, value: object, default: object) -> dict[str, object]:
    return {} if value == default else {name: value}


class _Reader:
    """One JSON object of the file: gives out each field once, notes every fault, and lastly the fields nobody knows.

    A field with a fault yields a stand-in of the right type, so that reading goes on and finds the next fault; the
    stand-ins never leave, because any fault refuses the file.
    """

    def __init__(self, content: object, where: str, faults: list[str]) -> None:
        self.where = where
        self.faults = faults
        if isinstance(content, dict):
            self._left = dict(content)
        else:
            self._left = {}
            faults.append(f"{where}: not a JSON object")

    def fault(self, name: str, what: str) -> None:
        self.faults.append(f"{self.where}, {name}: {what}")

    def text(self, name: str, *, default: str | None = None, longest: int = MAX_TEXT_LENGTH) -> str:
        if default is not None and name not in self._left:
            return default
        value = self._left.pop(name, None)
        if not isinstance(value, str) or not value.strip() or value != value.strip():
            self.fault(name, "a text, neither empty nor with blanks around it, is wanted")
            return ""
        if len(value) > longest:
            self.fault(name, f"{len(value)} characters; {longest} are the most")
        return value

    def key(self, name: str) -> str:
        value = self._left.pop(name, None)
        if not isinstance(value, str) or _KEY.fullmatch(value) is None:
            self.fault(name, "1 to 64 lower-case letters, digits and underscores are wanted")
            return ""
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self.fault(name, "a list of texts is wanted")
            return ()
        return tuple(value)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            self.fault(name, "true or false is wanted")
            return False
        return value

    def number(self, name: str, *, low: int = 0, high: int = 2**31 - 1) -> int:
        value = self._left.pop(name, None)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fault(name, f"a whole number of {low} to {high} is wanted")
            return low
        return value

    def day(self, name: str, *, optional: bool = False) -> date | None:
        if optional and name not in self._left:
            return None
        try:
            return date.fromisoformat(self._left.pop(name, None))
        except (TypeError, ValueError):
            self.fault(name, "a day that exists, written yyyy-mm-dd, is wanted")
            return None

    def choice(self, name: str, kind: type[_E]) -> _E:
        return self._one_of(name, self._left.pop(name, None), kind)

    def choices(self, name: str, kind: type[_E]) -> tuple[_E, ...]:
        values = self._left.pop(name, None)
        if not isinstance(values, list):
            self.fault(name, "a list is wanted")
            return ()
        return tuple(self._one_of(name, value, kind) for value in values)

    def objects(self, name: str, *, named_by: str, optional: bool = False) -> list[_Reader]:
        """Give out a list of objects; faults name each by its position and by its own field ``named_by``."""
        values = self._left.pop(name, [] if optional else None)
        if not isinstance(values, list):
            self.fault(name, "a list of objects is wanted")
            return []
        readers = []
        for number, value in enumerate(values, start=1):
            own_name = value.get(named_by) if isinstance(value, dict) else None
            label = f"{name}[{number}]" + (f" {own_name}" if isinstance(own_name, str) else "")
            readers.append(_Reader(value, f"{self.where}, {label}", self.faults))
        return readers

    def finish(self) -> None:
        for name in self._left:
            self.fault(name, "there is no such field")

    def _one_of(self, name: str, value: object, kind: type[_E]) -> _E:
        try:
            if not isinstance(value, bool):
                return kind(value)
        except ValueError:
            pass
        self.fault(name, f"one of {', '.join(str(member.value) for member in kind)} is wanted")
        return next(iter(kind))


def _each_field_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that says a field twice; Python would silently keep the second."""
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"field {next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
    return content


def _note_repeats(keys: Iterable[str], where: str, faults: list[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen and key:
            faults.append(f"{where} {key!r} stands twice")
        seen.add(key)


def _malformed(faults: list[str]) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        "read a catalogue file",
        got=f"{len(faults)} fault(s): " + "; ".join(faults),
        expected="a file without any, since none is taken in part",
        mend="correct the fields named and load the file again",
    )
