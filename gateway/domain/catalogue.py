"""A place's catalogue of service items (政务服务事项实施清单), and the file it is kept in.

The fields are those of the national exchange tables that a gateway needs to route a case. 免提交 (a material that an
electronic licence replaces) has no national field; it is this program's own.

Rules:

1. A catalogue is a value: it is read once from a file, checked wholly, and never changed. A new edition is a new value.
2. A code is looked up letter for letter, as the platform writes it. Names are for people: two items may share one.
3. An item that is suspended, retired, draft or outside its dates stays in the catalogue, so that staff can be told why
   it can't be applied for, and not merely that it is unknown.
4. A file with a fault is refused as a whole, and every fault is named by item and field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum, IntEnum, StrEnum
from typing import Final, TypeVar

from gateway.domain.codes import MAX_CODE_LENGTH, ItemCode, ItemType
from gateway.domain.people import ApplicantType
from trust.errors import Malformed, NotFound, Reason, WrongState

MAX_TEXT_LENGTH: Final = 200
"""Longest text of one field, in characters."""

MAX_DAYS: Final = 1000
"""Longest time limit, in working days."""

MAX_OPTIONS: Final = 50
"""Most answers that one question may offer."""

_KEY: Final = re.compile(r"[a-z0-9_]{1,64}")


class HandlingType(IntEnum):
    """Handling type 办件类型, the national table."""

    IMMEDIATE = 1
    """即办件: decided on the spot."""
    COMMITTED = 2
    """承诺件: decided by a promised day."""


class Mode(StrEnum):
    """How an item may cross provinces (国办发〔2020〕35号)."""

    ONLINE = "online"
    """全程网办: the applicant applies at the processing place from afar."""
    REMOTE = "remote"
    """异地代收代办: a window elsewhere receives, the processing place decides."""
    JOINT = "joint"
    """多地联办: one place accepts, the governments work together."""


class ItemState(StrEnum):
    """Where an item stands in its life."""

    DRAFT = "draft"
    """Being written; nobody applies for it yet."""
    PUBLISHED = "published"
    """May be applied for between its dates."""
    SUSPENDED = "suspended"
    """Stopped for a time."""
    RETIRED = "retired"
    """Abolished or replaced, for good."""


class MaterialSource(StrEnum):
    """Where a material comes from 来源渠道."""

    APPLICANT = "applicant"
    """申请人自备."""
    GOVERNMENT = "government"
    """政府部门核发."""
    OTHER = "other"
    """其他, for example an employer, a bank or a hospital."""


class MaterialForm(StrEnum):
    """In which form a material is wanted."""

    ORIGINAL = "original"
    """原件."""
    COPY = "copy"
    """复印件."""
    ORIGINAL_AND_COPY = "original_and_copy"
    """原件和复印件."""
    ELECTRONIC = "electronic"
    """电子材料."""


@dataclass(frozen=True, slots=True)
class MaterialRequirement:
    """One material 申请材料 that an item asks for."""

    key: str
    """Name inside the item, unique there: lower-case letters, digits, underscores."""
    name: str
    """What staff and applicants call it."""
    required: bool
    """Whether every applicant brings it (必要). Where not, an answer to a question may still ask for it."""
    source: MaterialSource
    """Where it comes from."""
    form: MaterialForm
    """In which form it is wanted."""
    exempt_by_licence: str = ""
    """免提交: type code of the electronic licence that replaces it, 21 characters; empty when none does."""
    may_be_deferred: bool = False
    """容缺: may be missing at acceptance against a signed promise with a date."""
    by_promise: bool = False
    """告知承诺: the applicant's written commitment replaces it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question, and what it changes."""

    key: str
    """Name inside the question, unique there."""
    text: str
    """The answer as people read it."""
    adds: tuple[str, ...] = ()
    """Keys of materials that this answer asks for."""
    waives: tuple[str, ...] = ()
    """Keys of materials that this answer makes unnecessary. An addition by another answer outweighs it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question about the applicant's situation 情形引导."""

    key: str
    """Name inside the item, unique there."""
    text: str
    """The question as people read it."""
    options: tuple[Option, ...]
    """The possible answers, two or more."""

    def option(self, key: str) -> Option | None:
        """Return the answer of that key; ``None`` when there is no such answer."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True, slots=True)
class Item:
    """One service item of one place."""

    catalogue: str
    """Id of the catalogue it stands in: the region, six digits."""
    code: str
    """The code as the platform writes it; at most ``MAX_CODE_LENGTH`` characters."""
    version: int
    """Version of the item, 1 or more."""
    name: str
    """Name 事项名称."""
    item_type: ItemType
    """Item type 事项类型."""
    handling_type: HandlingType
    """Handling type 办件类型."""
    applicant_types: tuple[ApplicantType, ...]
    """Who may apply 服务对象."""
    statutory_days: int
    """法定时限 in working days; 0 when the law sets none or the item is decided on the spot."""
    promised_days: int
    """承诺时限 in working days; 0 when it is decided on the spot."""
    modes: tuple[Mode, ...]
    """The ways it may cross provinces; empty when it may not."""
    department: str
    """Name of the implementing agency."""
    state: ItemState
    """Where it stands in its life."""
    valid_from: date
    """First Beijing day on which it may be applied for."""
    valid_until: date | None = None
    """Last Beijing day on which it may be applied for; ``None`` when open."""
    basic_code: str = ""
    """基本编码, 12 characters; empty where unknown."""
    implementation_code: str = ""
    """实施编码, 31 characters; empty where unknown."""
    materials: tuple[MaterialRequirement, ...] = ()
    """Every material that any applicant may be asked for."""
    situations: tuple[Question, ...] = ()
    """The questions that decide which of them."""
    fee: str = ""
    """收费标准 in words; empty when free of charge."""
    result_name: str = ""
    """Name of the result 办理结果; empty when it has none on paper."""
    result_licence_type: str = ""
    """Type code of the electronic licence issued as the result, 21 characters; empty when none is."""
    official: bool = False
    """Whether the entry is an official one. Test data say false, and pages mark them so."""

    @property
    def parsed_code(self) -> ItemCode:
        """The code by its segments."""
        return ItemCode.parse(self.code)

    def question(self, key: str) -> Question | None:
        """Return the question of that key; ``None`` when the item does not ask it."""
        return next((question for question in self.situations if question.key == key), None)

    def why_not_in_force(self, on: date) -> str:
        """Say why the item can't be applied for on a Beijing day; empty when it can."""
        if self.state is not ItemState.PUBLISHED:
            return f"it is {self.state}"
        if on < self.valid_from:
            return f"it is valid from {self.valid_from} only"
        if self.valid_until is not None and on > self.valid_until:
            return f"it was valid until {self.valid_until}"
        return ""

    def check_answers(self, answers: Mapping[str, str]) -> None:
        """Refuse an answer that the item's own question does not offer.

        Answers to questions that the item does not ask are facts of the case for somebody else, and pass. Raises
        ``Malformed``; the error names the options.
        """
        for question in self.situations:
            answer = answers.get(question.key)
            if answer is not None and question.option(answer) is None:
                raise Malformed(
                    Reason.FIELD_INVALID,
                    f"read the answer to question {question.key!r} of item {self.code}",
                    got="an answer that the question does not offer",
                    expected=" or ".join(option.key for option in question.options),
                )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items of one place, found by code in constant time."""

    id: str
    """The region whose catalogue it is, six digits."""
    name: str
    """Name for people."""
    version: int
    """Edition of the catalogue, 1 or more; each publication is higher than the one before."""
    items: tuple[Item, ...]
    """The items in the order of the file; codes are unique."""
    _by_code: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code = {item.code: item for item in self.items}
        if len(by_code) != len(self.items):
            raise Malformed(
                Reason.FIELD_INVALID,
                f"make catalogue {self.id}",
                got=f"{len(self.items) - len(by_code)} items whose code another item has",
                expected="each code once",
            )
        object.__setattr__(self, "_by_code", by_code)

    def find(self, code: str) -> Item | None:
        """Return the item of that code, in force or not; ``None`` when there is none."""
        return self._by_code.get(code)

    def item_in_force(self, code: str, on: date) -> Item:
        """Return the item that may be applied for under that code on a Beijing day.

        Raises ``NotFound`` (ITEM_UNKNOWN) or ``WrongState`` (ITEM_NOT_IN_FORCE), the latter saying why.
        """
        item = self._by_code.get(code)
        if item is None:
            raise NotFound(
                Reason.ITEM_UNKNOWN,
                f"look an item up in catalogue {self.id}",
                got=f"code {code[:MAX_CODE_LENGTH]!r}",
                expected="a code of that catalogue, letter for letter",
                mend="fetch the catalogue again, or correct the code",
            )
        if why := item.why_not_in_force(on):
            raise WrongState(
                Reason.ITEM_NOT_IN_FORCE,
                f"take item {item.code} of catalogue {self.id} on {on}",
                got=why,
                expected="a published item between its dates",
                mend="ask the place that publishes it which item took its place",
            )
        return item


def required_materials(item: Item, answers: Mapping[str, str]) -> tuple[MaterialRequirement, ...]:
    """List what this applicant brings, in the order of the item: once and complete (一次性告知).

    The required materials, less those an answer waives, plus those an answer adds; each is ``required`` in the list,
    because this applicant does bring it.

    Raises ``WrongState`` (ITEM_NEEDS_FACTS) when a question is unanswered, since a list that may still grow must not be
    handed out, and ``Malformed`` for an answer that is not offered.
    """
    item.check_answers(answers)
    if unanswered := [question.key for question in item.situations if question.key not in answers]:
        raise WrongState(
            Reason.ITEM_NEEDS_FACTS,
            f"list the materials of item {item.code}",
            got=f"no answer to {', '.join(unanswered)}",
            expected="an answer to every question of the item",
            mend="ask the applicant",
            details={"questions": ",".join(unanswered)},
        )
    chosen = [option for question in item.situations if (option := question.option(answers[question.key]))]
    added = {key for option in chosen for key in option.adds}
    waived = {key for option in chosen for key in option.waives}
    return tuple(
        material if material.required else replace(material, required=True)
        for material in item.materials
        if material.key in added or (material.required and material.key not in waived)
    )


# --- The file: JSON, UTF-8, one object, kept readable by hand -------------------------------------------------------

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
    _note_repeats((item.code for item in items), "catalogue, items: code", faults)
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
