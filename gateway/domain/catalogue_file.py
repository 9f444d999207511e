"""The file that a catalogue is kept in: JSON, UTF-8, one object, kept readable by hand.

A file with a fault is refused as a whole, and every fault is named by item and field. Values that many items share
(materials, questions, names of departments) are held once, so that a province's catalogue fits into memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from gateway.domain.catalogue import (
    MAX_DAYS,
    MAX_LONG_TEXT_LENGTH,
    MAX_OPTIONS,
    ApplyWay,
    Catalogue,
    HandlingItem,
    HandlingType,
    Item,
    ItemState,
    MaterialForm,
    MaterialRequirement,
    MaterialSource,
    Mode,
    Option,
    Question,
    ResultWay,
    Window,
)
from gateway.domain.catalogue_reader import MAX_NAME_SHOWN, Reader, Shared, note_repeats
from gateway.domain.codes import MAX_CODE_LENGTH, CodeForm, ItemCode, ItemType
from gateway.domain.people import ApplicantType
from trust.errors import Malformed, Reason

MAX_RECORD_BYTES: Final = 64 * 1024
"""Longest record of an item (``gateway.domain.editions``) that one gateway takes from another."""

_MAX_TOLD_BYTES: Final = MAX_RECORD_BYTES - 1024
"""Longest that a file or platform may tell: the gateway adds a day to it, and other numbers and states."""

MAX_WINDOWS: Final = 200
"""Most windows of one place."""

MAX_FAULTS_NAMED: Final = 200
"""Of more faults than these only the number is told."""

_REGION: Final = re.compile(r"[0-9]{6}")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

# Fields that are left out at these values; reading puts them back.
_ITEM_DEFAULTS: Final[Mapping[str, object]] = {
    "fee": "",
    "conditions": "",
    "apply_ways": [],
    "procedure": [],
    "result_ways": [],
    "handling_items": [],
    "result_name": "",
    "result_licence_type": "",
    "valid_until": None,
    "listed_from": None,
    "official": False,
    "materials": [],
    "situations": [],
}
_MATERIAL_DEFAULTS: Final[Mapping[str, object]] = {
    "exempt_by_licence": "",
    "exempt_by_sharing": "",
    "may_be_deferred": False,
    "by_promise": False,
    "copies": 1,
    "note": "",
}
_QUESTION_DEFAULTS: Final[Mapping[str, object]] = {"asked_when": {}}
_OPTION_DEFAULTS: Final[Mapping[str, object]] = {"adds": [], "waives": [], "chooses": ""}
_WINDOW_DEFAULTS: Final[Mapping[str, object]] = {"phone": "", "hours": ""}


def parse_catalogue(data: bytes) -> Catalogue:
    """Read a catalogue file. Raises ``Malformed`` with every fault, each named by item and field (rule 4)."""
    try:
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_field_once)
    except UnicodeDecodeError:
        raise malformed("read a catalogue file", ["the file is not UTF-8"]) from None
    except (ValueError, RecursionError) as error:
        raise malformed("read a catalogue file", [f"the file is not JSON: {error}"]) from None
    faults: list[str] = []
    reader = Reader(content, "catalogue", faults, Shared())
    catalogue_id = reader.text("id")
    if catalogue_id and _REGION.fullmatch(catalogue_id) is None:
        reader.fault("id", "a region of six digits is wanted")
    name = reader.text("name")
    version = reader.number("version", low=1)
    windows = reader.objects("windows", _read_window, named_by="name", optional=True)
    items = tuple(read_item(entry, catalogue_id) for entry in reader.readers("items", named_by="code"))
    reader.finish()
    if len(windows) > MAX_WINDOWS:
        reader.fault("windows", f"{len(windows)} windows; {MAX_WINDOWS} are the most")
    if not faults:
        faults += filter(None, map(fault_of_size, items))
    note_repeats((f"{item.code} version {item.version}" for item in items), "catalogue, items:", faults)
    if faults:
        raise malformed("read a catalogue file", faults)
    return Catalogue(catalogue_id, name, version, items, windows)


def dump_catalogue(catalogue: Catalogue) -> bytes:
    """Write a catalogue file: the same catalogue gives the same bytes, and fields at their default are left out."""
    content = {
        "id": catalogue.id,
        "name": catalogue.name,
        "version": catalogue.version,
        "windows": [_content_of_window(window) for window in catalogue.windows],
        "items": [content_of(item) for item in catalogue.items],
    }
    content = _unless_default(content, {"windows": []})
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def record_of(item: Item) -> bytes:
    """Return the record of an item: the bytes that are hashed, kept and carried."""
    return _encode(content_of(item)).encode()


def fault_of_size(item: Item) -> str:
    """Say that an item is too long to be carried to other gateways, whose pulls it would stop; empty when it isn't."""
    size = len(record_of(item))
    if size <= _MAX_TOLD_BYTES:
        return ""
    return f"item {item.code}: {size} bytes as a record; {_MAX_TOLD_BYTES} are the most"


def read_item(reader: Reader, catalogue_id: str) -> Item:
    """Read one item as ``content_of`` writes it; worth something only when the reader noted no fault."""
    code = reader.text("code", longest=MAX_CODE_LENGTH)
    parsed = ItemCode.parse(code)
    item = Item(
        catalogue=reader.shared.text(catalogue_id),
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
        conditions=reader.text("conditions", default="", longest=MAX_LONG_TEXT_LENGTH),
        apply_ways=reader.choices("apply_ways", ApplyWay, optional=True),
        procedure=reader.texts("procedure"),
        result_ways=reader.choices("result_ways", ResultWay, optional=True),
        handling_items=reader.objects("handling_items", _read_handling_item, named_by="code", optional=True),
        result_name=reader.text("result_name", default=""),
        result_licence_type=reader.text("result_licence_type", default=""),
        state=reader.choice("state", ItemState),
        valid_from=reader.day("valid_from") or date.min,
        valid_until=reader.day("valid_until", optional=True),
        listed_from=reader.day("listed_from", optional=True),
        official=reader.flag("official", default=False),
        materials=reader.objects("materials", _read_material, named_by="key", optional=True),
        situations=reader.objects("situations", _read_question, named_by="key", optional=True),
    )
    reader.finish()
    _check_item(item, parsed, reader)
    return item


def content_of(item: Item) -> dict[str, object]:
    """Return what the file holds for one item, as JSON values. The catalogue it stands in is not among them."""
    parsed = item.parsed_code
    content = {
        "code": item.code,
        "version": item.version,
        "name": item.name,
        "basic_code": item.basic_code,
        "implementation_code": item.implementation_code,
        "item_type": item.item_type,
        "handling_type": item.handling_type,
        "applicant_types": list(item.applicant_types),
        "statutory_days": item.statutory_days,
        "promised_days": item.promised_days,
        "modes": list(item.modes),
        "department": item.department,
        "fee": item.fee,
        "conditions": item.conditions,
        "apply_ways": list(item.apply_ways),
        "procedure": list(item.procedure),
        "result_ways": list(item.result_ways),
        "handling_items": [{"code": each.code, "name": each.name} for each in item.handling_items],
        "result_name": item.result_name,
        "result_licence_type": item.result_licence_type,
        "state": item.state,
        "valid_from": item.valid_from.isoformat(),
        "valid_until": item.valid_until and item.valid_until.isoformat(),
        "listed_from": item.listed_from and item.listed_from.isoformat(),
        "official": item.official,
        "materials": [_content_of_material(material) for material in item.materials],
        "situations": [_content_of_question(question) for question in item.situations],
    }
    defaults = {**_ITEM_DEFAULTS, "basic_code": parsed.basic, "implementation_code": parsed.implementation}
    return _unless_default(content, defaults)


def malformed(failed: str, faults: list[str]) -> Malformed:
    """Make the error that names the faults; ``failed`` says what was being read."""
    said = "; ".join(faults[:MAX_FAULTS_NAMED]).encode(errors="replace").decode()  # others write half characters
    return Malformed(
        Reason.FIELD_INVALID,
        failed,
        got=f"{len(faults)} fault(s): {said}",
        expected="none at all, since nothing is taken in part",
        mend="correct the fields named and load it again",
    )


def _read_window(reader: Reader) -> Window:
    window = Window(
        name=reader.text("name"),
        address=reader.text("address"),
        phone=reader.text("phone", default=""),
        hours=reader.text("hours", default=""),
    )
    reader.finish()
    return window


def _read_handling_item(reader: Reader) -> HandlingItem:
    handling_item = HandlingItem(reader.text("code", longest=MAX_CODE_LENGTH), reader.text("name"))
    reader.finish()
    return handling_item


def _read_material(reader: Reader) -> MaterialRequirement:
    material = MaterialRequirement(
        key=reader.key("key"),
        name=reader.text("name"),
        required=reader.flag("required"),
        source=reader.choice("source", MaterialSource),
        form=reader.choice("form", MaterialForm),
        exempt_by_licence=reader.text("exempt_by_licence", default=""),
        exempt_by_sharing=reader.text("exempt_by_sharing", default=""),
        may_be_deferred=reader.flag("may_be_deferred", default=False),
        by_promise=reader.flag("by_promise", default=False),
        copies=reader.number("copies", low=1, default=1),
        note=reader.text("note", default="", longest=MAX_LONG_TEXT_LENGTH),
    )
    reader.finish()
    return material


def _read_question(reader: Reader) -> Question:
    question = Question(
        key=reader.key("key"),
        text=reader.text("text"),
        options=reader.objects("options", _read_option, named_by="key"),
        asked_when=reader.answers("asked_when"),
    )
    reader.finish()
    if not 2 <= len(question.options) <= MAX_OPTIONS:
        reader.fault("options", f"a question offers 2 to {MAX_OPTIONS} answers")
    note_repeats((option.key for option in question.options), f"{reader.where}, options: key", reader.faults)
    return question


def _read_option(reader: Reader) -> Option:
    option = Option(
        key=reader.key("key"),
        text=reader.text("text"),
        adds=reader.texts("adds"),
        waives=reader.texts("waives"),
        chooses=reader.text("chooses", default="", longest=MAX_CODE_LENGTH),
    )
    reader.finish()
    return option


def _check_item(item: Item, parsed: ItemCode, reader: Reader) -> None:
    """Note what is wrong between the fields of one item.

    A handling item that no answer chooses is no fault: many platforms list them without the questions that lead there.
    """
    if item.valid_until is not None and item.valid_until < item.valid_from:
        reader.fault("valid_until", f"{item.valid_until} is before valid_from {item.valid_from}")
    if item.handling_type is HandlingType.COMMITTED and item.promised_days == 0:
        reader.fault("promised_days", "a 承诺件 (handling_type 2) promises at least one working day")
    if parsed.basic and (item.basic_code, item.implementation_code) != (parsed.basic, parsed.implementation):
        reader.fault("basic_code", "it or implementation_code contradicts the code's own segments")
    note_repeats((material.key for material in item.materials), f"{reader.where}, materials: key", reader.faults)
    note_repeats((question.key for question in item.situations), f"{reader.where}, situations: key", reader.faults)
    note_repeats((each.code for each in item.handling_items), f"{reader.where}, handling_items: code", reader.faults)
    for handling_item in item.handling_items:
        code = ItemCode.parse(handling_item.code)
        if code.form is CodeForm.HANDLING and not code.text.startswith(item.implementation_code):
            reader.fault("handling_items", f"{code.text} does not begin with implementation_code")
    _check_situations(item, reader)


def _check_situations(item: Item, reader: Reader) -> None:
    """Note what the questions name and the item does not have."""
    materials = {material.key for material in item.materials}
    handling_items = {each.code for each in item.handling_items}
    earlier: dict[str, set[str]] = {}
    for question in item.situations:
        for key, answers in question.asked_when.items():
            if key not in earlier:
                reader.fault(
                    "situations",
                    f"{question.key} is asked after {key[:MAX_NAME_SHOWN]!r}, which is no earlier question",
                )
            for answer in sorted(answers - earlier.get(key, answers)):
                reader.fault(
                    "situations",
                    f"{question.key} is asked after {key}={answer[:MAX_NAME_SHOWN]!r}, which is not offered",
                )
        for option in question.options:
            place = f"option {question.key}={option.key}"
            for key in sorted({*option.adds, *option.waives} - materials):
                reader.fault("situations", f"{place} names material {key!r}, not in the item")
            if option.chooses and option.chooses not in handling_items:
                reader.fault("situations", f"{place} chooses handling item {option.chooses!r}, not in the item")
        earlier[question.key] = {option.key for option in question.options}


def _content_of_window(window: Window) -> dict[str, object]:
    content = {"name": window.name, "address": window.address, "phone": window.phone, "hours": window.hours}
    return _unless_default(content, _WINDOW_DEFAULTS)


def _content_of_material(material: MaterialRequirement) -> dict[str, object]:
    content = {
        "key": material.key,
        "name": material.name,
        "required": material.required,
        "source": material.source,
        "form": material.form,
        "exempt_by_licence": material.exempt_by_licence,
        "exempt_by_sharing": material.exempt_by_sharing,
        "may_be_deferred": material.may_be_deferred,
        "by_promise": material.by_promise,
        "copies": material.copies,
        "note": material.note,
    }
    return _unless_default(content, _MATERIAL_DEFAULTS)


def _content_of_question(question: Question) -> dict[str, object]:
    content = {
        "key": question.key,
        "text": question.text,
        "asked_when": {key: sorted(question.asked_when[key]) for key in sorted(question.asked_when)},
        "options": [_content_of_option(option) for option in question.options],
    }
    return _unless_default(content, _QUESTION_DEFAULTS)


def _content_of_option(option: Option) -> dict[str, object]:
    content = {
        "key": option.key,
        "text": option.text,
        "adds": list(option.adds),
        "waives": list(option.waives),
        "chooses": option.chooses,
    }
    return _unless_default(content, _OPTION_DEFAULTS)


def _unless_default(content: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in content.items() if name not in defaults or value != defaults[name]}


def _each_field_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that says a field twice; Python would silently keep the second."""
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"field {next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
    return content
