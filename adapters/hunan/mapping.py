"""The Hunan dialect (一网通办) as pure functions: our values to its JSON and back. No IO.

What is peculiar:

- One envelope ``{success, error, msg, data}`` in HTTP 200, whatever happened. ``success`` is a boolean or its name,
  ``error`` a text or a number.
- Regions are padded to twelve digits; codes are numbers or texts; none is null.
- Times are ``yyyy-MM-dd HH:mm:ss`` in Beijing, without saying so.
- A case has a direction: 1 registered here and handled elsewhere (转出), 2 handed over to be handled here (转入).
- Steps are numbered 11 to 13 (what applicants do) and 21 to 28 (what the processing place does), the same in what it
  is told and in what it tells.
- ``outerNo`` is our case number, ``outerSeq`` our message key; the platform keeps both and looks at neither.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.failures import TokenExpired, refused, shown_code, unavailable
from adapters.foreign import (
    MAX_FLAW,
    MAX_KEY,
    MAX_LOCAL_NUMBER,
    MAX_NOTICE_ID,
    MAX_PROCEDURE,
    MAX_WORDS,
    NotReadable,
    Record,
    beijing_text,
)
from adapters.once import Held
from adapters.paging import Page
from gateway.domain.application import ApplicantType, Material, MaterialCarrier, Party, SupplementItem
from gateway.domain.case import (
    Accepted,
    Decided,
    EventBody,
    EventKind,
    ProcessingBody,
    Rated,
    Refused,
    Resumed,
    Side,
    Submitted,
    Supplemented,
    SupplementRequested,
    Suspended,
    WithdrawalRefused,
    WithdrawalRequested,
    Withdrawn,
)
from gateway.domain.catalogue import (
    MAX_DAYS,
    MAX_LONG_TEXT_LENGTH,
    MAX_TEXT_LENGTH,
    ApplyWay,
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
from gateway.domain.codes import MAX_CODE_LENGTH, ItemCode, ItemType
from gateway.domain.platform import Notice, PlatformMessage, UnreadableNotice
from gateway.domain.regions import from_padded
from trust.errors import Malformed

Json = dict[str, object]

TIME: Final = "%Y-%m-%d %H:%M:%S"
"""How the dialect writes times."""

DIRECTIONS: Final[Mapping[Side, str]] = {Side.ACCEPTING: "1", Side.PROCESSING: "2"}

STEP_TYPES: Final[Mapping[EventKind, str]] = {
    EventKind.SUPPLEMENTED: "11",
    EventKind.WITHDRAWAL_REQUESTED: "12",
    EventKind.RATED: "13",
    EventKind.ACCEPTED: "21",
    EventKind.REFUSED: "22",
    EventKind.SUPPLEMENT_REQUESTED: "23",
    EventKind.SUSPENDED: "24",
    EventKind.RESUMED: "25",
    EventKind.DECIDED: "26",
    EventKind.WITHDRAWN: "27",
    EventKind.WITHDRAWAL_REFUSED: "28",
}
"""Every event but the submission, which is a case of its own there and not a step."""

ITEM_TYPES: Final[Mapping[str, ItemType]] = {
    "行政许可": ItemType.LICENSING,
    "行政处罚": ItemType.PENALTY,
    "行政强制": ItemType.COMPULSION,
    "行政征收": ItemType.LEVY,
    "行政给付": ItemType.PAYMENT,
    "行政检查": ItemType.INSPECTION,
    "行政确认": ItemType.CONFIRMATION,
    "行政奖励": ItemType.REWARD,
    "行政裁决": ItemType.RULING,
    "其他行政权力": ItemType.OTHER_POWER,
    "公共服务": ItemType.PUBLIC_SERVICE,
}
"""Written as words here."""

HANDLING_TYPES: Final[Mapping[str, HandlingType]] = {"1": HandlingType.IMMEDIATE, "2": HandlingType.COMMITTED}
APPLICANTS: Final[Mapping[str, ApplicantType]] = {str(int(kind)): kind for kind in ApplicantType}
MODES: Final[Mapping[str, Mode]] = {"1": Mode.ONLINE, "2": Mode.REMOTE, "3": Mode.JOINT}
ITEM_STATES: Final[Mapping[str, ItemState]] = {
    "0": ItemState.DRAFT,
    "1": ItemState.PUBLISHED,
    "2": ItemState.SUSPENDED,
    "3": ItemState.RETIRED,
}
SOURCES: Final[Mapping[str, MaterialSource]] = {
    "10": MaterialSource.APPLICANT,
    "20": MaterialSource.GOVERNMENT,
    "99": MaterialSource.OTHER,
}
FORMS: Final[Mapping[str, MaterialForm]] = {
    "1": MaterialForm.ORIGINAL,
    "2": MaterialForm.COPY,
    "3": MaterialForm.ORIGINAL_AND_COPY,
    "4": MaterialForm.ELECTRONIC,
}
APPLY_WAYS: Final[Mapping[str, ApplyWay]] = {
    "1": ApplyWay.WINDOW,
    "2": ApplyWay.ONLINE,
    "3": ApplyWay.SELF_SERVICE,
    "4": ApplyWay.POST,
}
RESULT_WAYS: Final[Mapping[str, ResultWay]] = {
    "1": ResultWay.ACCEPTING_WINDOW,
    "2": ResultWay.PROCESSING_WINDOW,
    "3": ResultWay.POST,
    "4": ResultWay.ELECTRONIC,
}
CARRIERS: Final[Mapping[MaterialCarrier, str]] = {
    MaterialCarrier.FILE: "1",
    MaterialCarrier.PARCEL: "2",
    MaterialCarrier.LICENCE: "3",
    MaterialCarrier.PROMISE: "4",
}

_TOKEN_ERRORS: Final = frozenset({"invalid_token", "token_expired", "401"})
_PASSING_ERRORS: Final = frozenset({"SYSTEM_BUSY", "GATEWAY_TIMEOUT", "-1", "500", "502", "503", "504"})
_MOST: Final = 1_000  # entries of any list that one answer may hold


# --------------------------------------------------------------------------------------------------------------------
# The envelope
# --------------------------------------------------------------------------------------------------------------------


def open_reply(raw: bytes, doing: str) -> object:
    """What an answer's envelope holds.

    Raises TokenExpired; Unavailable(PLATFORM_UNAVAILABLE) when the error is a passing one or the answer is no
    envelope at all (a maintenance page, mostly); WrongState(PLATFORM_REFUSED) for every other error.
    """
    try:
        envelope = json.loads(raw)
    except (ValueError, RecursionError):
        raise unavailable(doing, got="an answer that is not JSON") from None
    if not isinstance(envelope, dict) or "success" not in envelope:
        raise unavailable(doing, got="an answer without its envelope")
    if envelope["success"] is True or str(envelope["success"]).lower() == "true":
        return envelope.get("data")
    error = str(envelope.get("error") or "").strip()
    if error in _TOKEN_ERRORS:
        raise TokenExpired
    if error in _PASSING_ERRORS:
        raise unavailable(doing, got=shown_code(error))
    raise refused(doing, got=shown_code(error))


def read_token(raw: bytes) -> str:
    """The session token from the answer to signing on, which alone has no envelope."""
    try:
        return Record(json.loads(raw), "token").required("access_token", 4096)
    except (ValueError, RecursionError, NotReadable):
        raise unavailable("sign on at the platform", got="an answer without a token") from None


# --------------------------------------------------------------------------------------------------------------------
# Catalogue
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edition:
    """What every page of the listing says of the whole."""

    version: int
    name: str
    windows: tuple[Window, ...]


def read_listing(data: object) -> tuple[Page[int], Edition]:
    """A page of the listing: ids of its items, with their places in the catalogue (minSeq). Raises NotReadable."""
    page = Record(data, "data")
    rows = page.records("contents", _MOST)
    return (
        Page(
            total=page.number("total", 0, 1_000_000),
            rows=tuple((row.required("unifyId", 100), row.number("minSeq", 0, 1_000_000)) for row in rows),
        ),
        Edition(
            version=page.number("directoryVersion", 1, 2**31 - 1),
            name=page.required("directoryName", MAX_TEXT_LENGTH),
            windows=tuple(_read_window(record) for record in page.records("windowList", _MOST)),
        ),
    )


def _read_window(record: Record) -> Window:
    return Window(
        name=record.required("windowName", MAX_TEXT_LENGTH),
        address=record.required("address", MAX_TEXT_LENGTH),
        phone=record.text("linkPhone", MAX_TEXT_LENGTH),
        hours=record.text("workTime", MAX_TEXT_LENGTH),
    )


def read_item(data: object, region: str) -> Item:
    """An item from its details. Raises NotReadable."""
    item = Record(data, "item")
    code = item.required("rightsCode", MAX_CODE_LENGTH)
    parsed = ItemCode.parse(code)
    result = next(iter(item.records("resultList", _MOST)), Record({}, "resultList"))
    try:
        area = from_padded(item.required("areaCode", 12))
    except Malformed:
        raise NotReadable("item.areaCode is not a region padded to twelve digits") from None
    if area != region:
        raise NotReadable(f"item.areaCode is {area}, in the catalogue of {region}")
    return Item(
        catalogue=region,
        code=code,
        version=item.number("version", 1, 2**31 - 1),
        name=item.required("unifyName", MAX_TEXT_LENGTH),
        item_type=item.code("typeName", ITEM_TYPES),
        handling_type=item.code("handleType", HANDLING_TYPES),
        applicant_types=item.codes("serveObject", APPLICANTS),
        statutory_days=item.number("legalDays", 0, MAX_DAYS),
        promised_days=item.number("promiseDays", 0, MAX_DAYS),
        modes=item.codes("crossMode", MODES),
        department=item.required("deptName", MAX_TEXT_LENGTH),
        state=item.code("status", ITEM_STATES),
        valid_from=item.day("effectDate", TIME) or date.min,
        valid_until=item.day("invalidDate", TIME),
        basic_code=item.text("rightsId", MAX_CODE_LENGTH) or parsed.basic,
        implementation_code=item.text("ywCode", MAX_CODE_LENGTH) or parsed.implementation,
        materials=tuple(_read_material(record) for record in item.records("materialList", _MOST)),
        situations=tuple(_read_question(record) for record in item.records("situationList", _MOST)),
        fee=item.text("feeInfo", MAX_TEXT_LENGTH),
        conditions=item.text("acceptanceCondition", MAX_LONG_TEXT_LENGTH),
        apply_ways=item.codes("applyType", APPLY_WAYS),
        procedure=_read_procedure(item),
        result_ways=item.codes("resultGetType", RESULT_WAYS),
        handling_items=tuple(
            HandlingItem(
                code=record.required("businessItemCode", MAX_CODE_LENGTH),
                name=record.required("businessItemName", MAX_TEXT_LENGTH),
            )
            for record in item.records("businessItemList", _MOST)
        ),
        result_name=result.text("resultName", MAX_TEXT_LENGTH),
        result_licence_type=result.text("licenceTypeCode", MAX_TEXT_LENGTH),
        official=item.flag("isOfficial"),
    )


def _read_material(record: Record) -> MaterialRequirement:
    return MaterialRequirement(
        key=record.required("materialCode", MAX_KEY),
        name=record.required("materialName", MAX_TEXT_LENGTH),
        required=record.flag("isMust"),
        source=record.code("sourceType", SOURCES),
        form=record.code("formType", FORMS),
        exempt_by_licence=record.text("licenceTypeCode", MAX_KEY),
        may_be_deferred=record.flag("isDelay"),
        by_promise=record.flag("isPromise"),
        exempt_by_sharing=record.text("shareDept", MAX_TEXT_LENGTH),
        copies=record.number("pageNum", 1, 2**31 - 1) if record.text("pageNum", 20) else 1,
        note=record.text("acceptStand", MAX_LONG_TEXT_LENGTH),
    )


def _read_procedure(item: Record) -> tuple[str, ...]:
    steps = [
        (step.number("stepNo", 1, _MOST), step.required("stepName", MAX_TEXT_LENGTH))
        for step in item.records("lctList", _MOST)
    ]
    return tuple(name for _, name in sorted(steps))


def _read_question(record: Record) -> Question:
    options = tuple(
        Option(
            key=option.required("code", MAX_KEY),
            text=option.required("title", MAX_TEXT_LENGTH),
            adds=option.words("addMaterials"),
            waives=option.words("waiveMaterials"),
            chooses=option.text("businessItemCode", MAX_CODE_LENGTH),
        )
        for option in record.records("options", _MOST)
    )
    return Question(
        key=record.required("code", MAX_KEY),
        text=record.required("title", MAX_TEXT_LENGTH),
        options=options,
        asked_when=record.conditions("showWhen", "code", "options", _MOST),
    )


# --------------------------------------------------------------------------------------------------------------------
# What it is told
# --------------------------------------------------------------------------------------------------------------------


def case_question(message: PlatformMessage) -> Json:
    """Parameters that ask what the platform has of a case."""
    return {"outerNo": message.case_number, "direction": DIRECTIONS[message.side]}


def read_held(data: object) -> Held | None:
    """The answer to ``case_question``: None when the platform does not have the case. Raises NotReadable."""
    if data is None:
        return None
    case = Record(data, "case")
    steps = case.records("steps", 100_000)
    keys = (case.text("outerSeq", 100), *(step.text("outerSeq", 100) for step in steps))
    return Held(case.required("caseNo", MAX_LOCAL_NUMBER), frozenset(key for key in keys if key))


def read_case_number(data: object) -> str:
    """The platform's number from the answer to a case form. Raises NotReadable."""
    return Record(data, "case").required("caseNo", MAX_LOCAL_NUMBER)


def case_form(message: PlatformMessage) -> Json:
    """A case to register (accepting place) or to take over (processing place).

    Each platform is given its own item code and the answers to its own item's questions. Files and licences go to the
    processing place only: the accepting place keeps a record of what was handed in, not a second copy of it.
    """
    submitted = message.submitted
    own, other, answers = submitted.target_item, submitted.source_item, submitted.products
    if message.side is Side.ACCEPTING:
        own, other, answers = other, own, submitted.answers
    return {
        **case_question(message),
        "outerSeq": message.key,
        "rightsCode": own.code,
        "rightsVersion": own.version,
        "unifyName": own.name,
        "peerRightsCode": other.code,
        "peerUnifyName": other.name,
        "peerCaseNo": message.peer_local_number or None,
        "outAreaCode": submitted.accepting_region + "000000",
        "inAreaCode": submitted.processing_region + "000000",
        "applyTime": beijing_text(message.occurred_at, TIME),
        "applicant": _party(submitted.applicant),
        "agent": None if submitted.agent is None else _party(submitted.agent),
        "situations": [{"code": key, "option": value} for key, value in sorted(answers.items())],
        "materials": _materials(submitted.materials, message.side),
    }


def step_form(message: PlatformMessage, case_no: str) -> Json:
    """A later step of a case that the platform has under ``case_no``."""
    return {
        **case_question(message),
        "caseNo": case_no,
        "outerSeq": message.key,
        "stepType": STEP_TYPES[message.kind],
        "stepTime": beijing_text(message.occurred_at, TIME),
        "content": _step_content(message.event, message.side),
    }


def _step_content(event: EventBody, side: Side) -> Json:  # noqa: PLR0911 - one line per kind of event is the table
    match event:
        case Supplemented():
            return {
                "requestNo": event.request,
                "note": event.note or None,
                "materials": _materials(event.materials, side),
            }
        case WithdrawalRequested() | Refused() | WithdrawalRefused():
            return {"reason": event.reason}
        case Rated():
            return {"score": str(event.score), "comment": event.comment or None}
        case Accepted():
            return {"peerCaseNo": event.local_number, "promiseDays": event.promised_days}
        case SupplementRequested():
            lacks = [{"materialCode": item.material_key, "reason": item.flaw} for item in event.items]
            return {"requestNo": event.request, "lackList": lacks}
        case Suspended():
            return {"procedure": event.procedure, "reason": event.reason}
        case Decided():
            return {
                "result": "1" if event.approved else "0",
                "opinion": event.explanation,
                "certNo": event.result_number or None,
                "certContent": event.result_licence or None,
            }
        case Resumed() | Withdrawn() | Submitted():
            return {}


def _party(party: Party) -> Json:
    return {
        "type": str(int(party.type)),
        "name": party.name,
        "certType": party.id_type,
        "certNo": party.id_number,
        "mobile": party.phone or None,
    }


def _materials(materials: tuple[Material, ...], side: Side) -> list[Json]:
    handled_here = side is Side.PROCESSING
    return [
        {
            "materialCode": material.key,
            "materialName": material.name,
            "submitType": CARRIERS[material.carrier],
            "sha256": material.digest.hex() or None,
            "fileType": material.media_type or None,
            "fileContent": (base64.b64encode(material.content).decode() or None) if handled_here else None,
            "expressNo": material.tracking_number or None,
            "licence": (material.licence or None) if handled_here else None,
        }
        for material in materials
    ]


# --------------------------------------------------------------------------------------------------------------------
# What it tells
# --------------------------------------------------------------------------------------------------------------------

_KINDS: Final = {code: kind for kind, code in STEP_TYPES.items() if kind.side is Side.PROCESSING}


@dataclass(frozen=True, slots=True)
class Progress:
    """One entry of the incremental listing."""

    seq: int
    """Its place in what the platform did, from 1; 0 when it can't be read."""
    notice: Notice | UnreadableNotice


def read_progress_page(data: object) -> Page[Progress]:
    """A page of what happened, each entry read as far as it can be. Raises NotReadable for the page itself."""
    page = Record(data, "data")
    content = data.get("contents") if isinstance(data, dict) else None
    entries = content if isinstance(content, list) else []
    progress = [read_progress(entry) for entry in entries]
    return Page(page.number("total", 0, 10_000_000), tuple((entry.notice.notice_id, entry) for entry in progress))


def read_progress(entry: object) -> Progress:
    """One entry; never raises: what can't be read becomes an UnreadableNotice under the platform's id or its hash."""
    seq, notice_id = 0, hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()
    try:
        record = Record(entry, "entry")
        seq = record.number("seq", 1, 2**53)
        notice_id = record.required("stepId", MAX_NOTICE_ID)
        kind = record.code("stepType", _KINDS)
        notice = Notice(
            notice_id=notice_id,
            case_number=record.case_number("outerNo"),
            occurred_at=record.moment("stepTime", TIME),
            progress=_read_step(kind, record, record.record("content")),
        )
    except NotReadable as error:
        return Progress(seq, UnreadableNotice(notice_id, error.because))
    return Progress(seq, notice)


def _read_step(kind: EventKind, entry: Record, content: Record) -> ProcessingBody:  # noqa: PLR0911 - a table
    match kind:
        case EventKind.ACCEPTED:
            return Accepted(entry.required("caseNo", MAX_LOCAL_NUMBER), content.number("promiseDays", 0, MAX_DAYS))
        case EventKind.REFUSED:
            return Refused(content.required("reason", MAX_WORDS))
        case EventKind.SUPPLEMENT_REQUESTED:
            items = tuple(
                SupplementItem(lack.required("materialCode", MAX_KEY), lack.required("reason", MAX_FLAW))
                for lack in content.records("lackList", 100)
            )
            if not items:
                raise NotReadable("entry.content.lackList is empty")
            return SupplementRequested(request=0, items=items)
        case EventKind.SUSPENDED:
            return Suspended(content.required("procedure", MAX_PROCEDURE), content.required("reason", MAX_WORDS))
        case EventKind.RESUMED:
            return Resumed()
        case EventKind.DECIDED:
            return Decided(
                approved=content.code("result", {"1": True, "0": False}),
                explanation=content.required("opinion", MAX_WORDS),
                result_number=content.text("certNo", 100),
            )
        case EventKind.WITHDRAWN:
            return Withdrawn()
        case _:
            return WithdrawalRefused(content.required("reason", MAX_WORDS))
