"""A place's catalogue of service items (政务服务事项实施清单), edition by edition.

The fields are those of the national exchange tables that a gateway needs to route a case and to tell an applicant what
it takes. 免提交 (a material that nobody hands in, because a licence or shared data replaces it) has no national field;
it is this program's own.

Rules:

1. A catalogue is a value: checked wholly when it is made, and never changed. A new edition is a new value.
2. A code is looked up letter for letter, as the platform writes it. Names are for people: two items may share one.
3. An item that is suspended, retired, draft or outside its dates stays in the catalogue, so that staff can be told why
   it can't be applied for, and not merely that it is unknown.
4. Of one code a catalogue keeps every version that was ever published, so that a case keeps the one that it started
   on, and a question about an earlier day is answered as on that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from gateway.domain.codes import MAX_CODE_LENGTH, ItemCode, ItemType
from gateway.domain.people import ApplicantType
from trust.errors import Malformed, NotFound, Reason, WrongState

MAX_TEXT_LENGTH: Final = 200
"""Longest text of one field, in characters."""

MAX_LONG_TEXT_LENGTH: Final = 1000
"""Longest text of a field that may need sentences: conditions, notes; in characters."""

MAX_DAYS: Final = 1000
"""Longest time limit, in working days."""

MAX_OPTIONS: Final = 50
"""Most answers that one question may offer."""

NATIONAL: Final = "000000"
"""Catalogue id of the national basic list 国家基本目录, whose items the places' own items implement. No place's own."""


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


class ApplyWay(StrEnum):
    """How one applies 申报方式."""

    WINDOW = "window"
    """窗口申报."""
    ONLINE = "online"
    """网上申报."""
    SELF_SERVICE = "self_service"
    """自助终端申报."""
    POST = "post"
    """邮寄申报."""


class ResultWay(StrEnum):
    """How the result reaches the applicant 发证方式."""

    ACCEPTING_WINDOW = "accepting_window"
    """收件地窗口领取."""
    PROCESSING_WINDOW = "processing_window"
    """业务属地窗口领取."""
    POST = "post"
    """邮寄送达."""
    ELECTRONIC = "electronic"
    """电子证照或电子文书, at once."""


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


_ALWAYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


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
    exempt_by_sharing: str = ""
    """免提交: the authority whose shared data replace it, so that nobody hands it in; empty when none do."""
    copies: int = 1
    """份数, 1 or more."""
    note: str = ""
    """受理标准或填报须知 in words; empty when there is nothing to say."""


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
    chooses: str = ""
    """Code of the handling item 业务办理项 that this answer chooses; empty when it chooses none."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question about the applicant's situation 情形引导."""

    key: str
    """Name inside the item, unique there."""
    text: str
    """The question as people read it."""
    options: tuple[Option, ...]
    """The possible answers, two or more."""
    asked_when: Mapping[str, frozenset[str]] = field(default_factory=lambda: _ALWAYS)
    """Earlier question → the answers under which this one is asked at all, every one of which must agree; so questions
    form a tree. Empty: always asked."""

    def option(self, key: str) -> Option | None:
        """Return the answer of that key; ``None`` when there is no such answer."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True, slots=True)
class HandlingItem:
    """A handling item 业务办理项: one of the ways in which an item is handled, chosen by the applicant's situation."""

    code: str
    """业务办理项编码, 33 characters in the national layout; at most ``MAX_CODE_LENGTH``."""
    name: str
    """What it is called."""


@dataclass(frozen=True, slots=True)
class Window:
    """A place where people apply and collect 跨省通办窗口."""

    name: str
    """What it is called."""
    address: str
    """Where it is."""
    phone: str = ""
    """Whom to ring; empty when not stated."""
    hours: str = ""
    """When it is open, in words; empty when not stated."""


@dataclass(frozen=True, slots=True)
class Item:
    """One service item of one place, at one version."""

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
    conditions: str = ""
    """申请条件 in words; empty when not stated."""
    apply_ways: tuple[ApplyWay, ...] = ()
    """申报方式; empty when not stated."""
    procedure: tuple[str, ...] = ()
    """审核程序: the steps in order, each in words; empty when not stated."""
    result_ways: tuple[ResultWay, ...] = ()
    """发证方式; empty when not stated."""
    handling_items: tuple[HandlingItem, ...] = ()
    """业务办理项 that answers choose between; empty when the item itself is handled."""
    listed_from: date | None = None
    """First Beijing day on which the catalogue had this version; ``None`` for one that it had from its beginning."""
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

    @property
    def begins(self) -> date:
        """First Beijing day for which this version speaks: it has begun, and the catalogue had it."""
        return self.valid_from if self.listed_from is None else max(self.valid_from, self.listed_from)

    @property
    def missing_elements(self) -> tuple[str, ...]:
        """Those of the seven elements of a 通办业务规则 that the item does not state, as they are called.

        An item that may not cross provinces needs none. Time limits and fees are always stated: 0 days means on the
        spot, an empty fee means none.
        """
        if not self.modes:
            return ()
        stated = {
            "申请条件": self.conditions,
            "申报方式": self.apply_ways,
            "审核程序": self.procedure,
            "发证方式": self.result_ways,
        }
        return tuple(name for name, value in stated.items() if not value)

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
    """All items of one place in all their versions, found by code in constant time."""

    id: str
    """The region whose catalogue it is, six digits; ``NATIONAL`` for the national basic list."""
    name: str
    """Name for people."""
    version: int
    """Edition of the catalogue, 1 or more; each publication is higher than the one before."""
    items: tuple[Item, ...]
    """The items in the order of the file; each version of a code stands once."""
    windows: tuple[Window, ...] = ()
    """Where people of other provinces apply and collect."""
    _by_code: Mapping[str, Item | tuple[Item, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code: dict[str, Item | tuple[Item, ...]] = {}
        for item in self.items:
            there = by_code.get(item.code)
            if there is None:
                by_code[item.code] = item  # nearly every code has one version, and a tuple for each would cost memory
                continue
            versions = (there,) if isinstance(there, Item) else there
            if any(other.version == item.version for other in versions):
                raise Malformed(
                    Reason.FIELD_INVALID,
                    f"make catalogue {self.id}",
                    got=f"version {item.version} of code {item.code!r} twice",
                    expected="each version of a code once",
                )
            by_code[item.code] = tuple(sorted((*versions, item), key=lambda each: -each.version))
        object.__setattr__(self, "_by_code", by_code)

    def versions(self, code: str) -> tuple[Item, ...]:
        """List the versions of a code, newest first; empty when the catalogue has never had it."""
        there = self._by_code.get(code, ())
        return (there,) if isinstance(there, Item) else there

    def find(self, code: str, version: int | None = None) -> Item | None:
        """Return one version of a code, in force or not, the newest when none is named; ``None`` when there is none."""
        there = self._by_code.get(code)
        if there is None or isinstance(there, Item):
            return there if there is None or version in {None, there.version} else None
        return there[0] if version is None else next((each for each in there if each.version == version), None)

    def find_on(self, code: str, on: date) -> Item | None:
        """Return the version of a code that speaks for a Beijing day, in force or not; ``None`` when there is none.

        The highest version that had begun by then, those apart that were replaced before they began; the lowest when
        there is none such.
        """
        there = self._by_code.get(code)
        if there is None or isinstance(there, Item):
            return there
        replaced_on = date.max
        for each in there:
            if each.begins <= min(on, replaced_on):
                return each
            replaced_on = each.listed_from or date.max
        return there[-1]

    def why_not_applicable(self, item: Item, on: date) -> str:
        """Say why one version of an item can't be applied for on a Beijing day; empty when it can.

        Beside the item's own state and dates: another version speaks for that day.
        """
        if why := item.why_not_in_force(on):
            return why
        speaking = self.find_on(item.code, on)
        if speaking is not None and speaking.version > item.version:
            return f"version {speaking.version} took its place on {speaking.begins}"
        if speaking is not None and speaking.version < item.version:
            if on < item.begins:
                return f"the catalogue has version {item.version} from {item.begins} only"
            return f"it was replaced before it began, on {item.begins}"
        return ""

    def item_in_force(self, code: str, on: date) -> Item:
        """Return the item that may be applied for under that code on a Beijing day.

        Raises ``NotFound`` (ITEM_UNKNOWN) or ``WrongState`` (ITEM_NOT_IN_FORCE), the latter saying why.
        """
        item = self.find_on(code, on)
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
