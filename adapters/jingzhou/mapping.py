"""The dialect of Jingzhou's vendor (荆州, Hubei) as pure functions: our values to its JSON and XML and back. No IO.

What is peculiar:

- It reads by jobs (JSON, ``startJob``) and writes by exchange documents (XML in GB 18030, ``receive``), each with its
  own token and its own envelope. A failure is code 300 in an answer that HTTP calls 200.
- Field names are initials of the pinyin: SBLSH 申报流水号 (our case number), BJBH 办件编号 (its own number), SXBM
  事项编码, SQRMC 申请人名称, ZJHM 证件号码, FSSJ 发生时间.
- EXCHANGENO numbers an exchange: our message key.
- EXPRESSTYPE is the kind of exchange in the vendor's own list (0 业务受理, 1 补齐补正, 3 收件后待受理), STATE the step.
  A decision is two steps, 20 准予 and 21 不予.
- Times are ``yyyyMMddHHmmss`` in Beijing, without saying so. Satisfaction counts the other way: 1 is the best.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
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
from adapters.jingzhou import xml
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

Json = dict[str, object]

TIME: Final = "%Y%m%d%H%M%S"
"""How the dialect writes times."""

DAY: Final = "%Y%m%d"
"""How it writes days."""

DIRECTIONS: Final[Mapping[Side, str]] = {Side.ACCEPTING: "SJ", Side.PROCESSING: "BL"}
"""FX: 收件 registered here, 办理 handled here."""

STATES: Final[Mapping[EventKind, str]] = {
    EventKind.SUBMITTED: "01",
    EventKind.SUPPLEMENTED: "02",
    EventKind.WITHDRAWAL_REQUESTED: "03",
    EventKind.RATED: "04",
    EventKind.ACCEPTED: "10",
    EventKind.REFUSED: "11",
    EventKind.SUPPLEMENT_REQUESTED: "12",
    EventKind.SUSPENDED: "13",
    EventKind.RESUMED: "14",
    EventKind.WITHDRAWN: "30",
    EventKind.WITHDRAWAL_REFUSED: "31",
}
"""Steps of one meaning; a decision has two (``DECISION_STATES``)."""

DECISION_STATES: Final[Mapping[bool, str]] = {True: "20", False: "21"}
"""Approved or not."""

EXPRESS_TYPES: Final[Mapping[EventKind, str]] = {EventKind.SUBMITTED: "3", EventKind.SUPPLEMENTED: "1"}
"""Kinds of exchange that are not plain handling (0)."""

ITEM_TYPES: Final[Mapping[str, ItemType]] = {
    **{str(int(kind)): kind for kind in ItemType if kind is not ItemType.PUBLIC_SERVICE},
    "11": ItemType.PUBLIC_SERVICE,
}
"""Numbered as in the national table, but without its gap: public services are 11."""

HANDLING_TYPES: Final[Mapping[str, HandlingType]] = {"JBJ": HandlingType.IMMEDIATE, "CNJ": HandlingType.COMMITTED}
APPLICANTS: Final[Mapping[str, ApplicantType]] = {
    "GR": ApplicantType.NATURAL_PERSON,
    "QYFR": ApplicantType.ENTERPRISE,
    "SYFR": ApplicantType.PUBLIC_INSTITUTION,
    "SHZZ": ApplicantType.SOCIAL_ORGANISATION,
    "FFRQY": ApplicantType.UNINCORPORATED_ENTERPRISE,
    "XZJG": ApplicantType.GOVERNMENT_AGENCY,
    "QT": ApplicantType.OTHER,
}
MODES: Final[Mapping[str, Mode]] = {"QCWB": Mode.ONLINE, "DSDB": Mode.REMOTE, "DDLB": Mode.JOINT}
ITEM_STATES: Final[Mapping[str, ItemState]] = {
    "CG": ItemState.DRAFT,
    "ZY": ItemState.PUBLISHED,
    "ZT": ItemState.SUSPENDED,
    "QX": ItemState.RETIRED,
}
SOURCES: Final[Mapping[str, MaterialSource]] = {
    "ZB": MaterialSource.APPLICANT,
    "ZF": MaterialSource.GOVERNMENT,
    "QT": MaterialSource.OTHER,
}
FORMS: Final[Mapping[str, MaterialForm]] = {
    "YJ": MaterialForm.ORIGINAL,
    "FYJ": MaterialForm.COPY,
    "YJFYJ": MaterialForm.ORIGINAL_AND_COPY,
    "DZ": MaterialForm.ELECTRONIC,
}
APPLY_WAYS: Final[Mapping[str, ApplyWay]] = {
    "CK": ApplyWay.WINDOW,
    "WS": ApplyWay.ONLINE,
    "ZZ": ApplyWay.SELF_SERVICE,
    "YJ": ApplyWay.POST,
}
RESULT_WAYS: Final[Mapping[str, ResultWay]] = {
    "SJCK": ResultWay.ACCEPTING_WINDOW,
    "YWCK": ResultWay.PROCESSING_WINDOW,
    "YJ": ResultWay.POST,
    "DZ": ResultWay.ELECTRONIC,
}
CARRIERS: Final[Mapping[MaterialCarrier, str]] = {
    MaterialCarrier.FILE: "DZ",
    MaterialCarrier.PARCEL: "YJ",
    MaterialCarrier.LICENCE: "ZZ",
    MaterialCarrier.PROMISE: "CN",
}

_APPLICANT_CODES: Final = {kind: code for code, kind in APPLICANTS.items()}
_DESC_CODE: Final = re.compile(r"[A-Z][0-9]{4}")
_TOKEN_ERRORS: Final = frozenset({"E1001"})
_PASSING_ERRORS: Final = frozenset({"E9001", "E9002"})
_MOST: Final = 1_000  # entries of any list that one answer may hold


# --------------------------------------------------------------------------------------------------------------------
# The two envelopes
# --------------------------------------------------------------------------------------------------------------------


def open_job_reply(raw: bytes, doing: str) -> object:
    """What a job's answer holds: JSON ``{code, message, outData}``.

    Raises TokenExpired; Unavailable(PLATFORM_UNAVAILABLE) when the error is a passing one or the answer is no
    envelope at all (a maintenance page, mostly); WrongState(PLATFORM_REFUSED) for every other error.
    """
    try:
        reply = json.loads(raw)
        code = Record(reply, "reply").required("code", 10)
    except (ValueError, RecursionError, NotReadable):
        raise unavailable(doing, got="an answer without its envelope") from None
    if code == "200":
        return reply.get("outData")
    raise _failure(doing, str(reply.get("message") or ""))


def open_exchange_reply(raw: bytes, doing: str) -> Record:
    """An exchange's answer: XML ``RESULT`` with STATUS, DESC, TIME, DATA and TOKEN. Raises as ``open_job_reply``."""
    try:
        reply = Record(xml.tree(xml.parse(raw, "RESULT")), "RESULT")
        status = reply.required("STATUS", 10)
    except NotReadable:
        raise unavailable(doing, got="an answer without its envelope") from None
    if status == "200":
        return reply
    try:
        description = reply.text("DESC", 2_000)
    except NotReadable:
        description = ""
    raise _failure(doing, description)


def _failure(doing: str, description: str) -> Exception:
    """What an error means, by the vendor's code at the beginning of its description."""
    found = _DESC_CODE.match(description)
    code = found[0] if found else ""
    if code in _TOKEN_ERRORS:
        return TokenExpired()
    if code in _PASSING_ERRORS:
        return unavailable(doing, got=shown_code(code))
    return refused(doing, got=shown_code(code))


# --------------------------------------------------------------------------------------------------------------------
# Catalogue
# --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edition:
    """What every page says of the whole."""

    version: int
    name: str
    windows: tuple[Window, ...]


def read_catalogue_page(data: object, region: str) -> tuple[Page[Item], Edition]:
    """A page of whole items, with the catalogue's edition. Raises NotReadable."""
    page = Record(data, "outData")
    if page.required("xzqhdm", 6) != region:
        raise NotReadable(f"outData.xzqhdm is not {region}, whose catalogue was asked for")
    items = [_read_item(record, region) for record in page.records("list", _MOST)]
    rows = tuple((item.code, item) for item in items)
    total = page.number("total", 0, 1_000_000)
    edition = Edition(
        version=page.number("mlbb", 1, 2**31 - 1),
        name=page.required("mlmc", MAX_TEXT_LENGTH),
        windows=tuple(_read_window(record) for record in page.records("ckxx", _MOST)),
    )
    return Page(total, rows), edition


def _read_window(record: Record) -> Window:
    return Window(
        name=record.required("ckmc", MAX_TEXT_LENGTH),
        address=record.required("ckdz", MAX_TEXT_LENGTH),
        phone=record.text("lxdh", MAX_TEXT_LENGTH),
        hours=record.text("bgsj", MAX_TEXT_LENGTH),
    )


def _read_item(item: Record, region: str) -> Item:
    code = item.required("sxbm", MAX_CODE_LENGTH)
    parsed = ItemCode.parse(code)
    return Item(
        catalogue=region,
        code=code,
        version=item.number("bbh", 1, 2**31 - 1),
        name=item.required("sxmc", MAX_TEXT_LENGTH),
        item_type=item.code("sxlx", ITEM_TYPES),
        handling_type=item.code("bjlx", HANDLING_TYPES),
        applicant_types=item.codes("fwdx", APPLICANTS),
        statutory_days=item.number("fdqx", 0, MAX_DAYS),
        promised_days=item.number("cnqx", 0, MAX_DAYS),
        modes=item.codes("tbms", MODES),
        department=item.required("ssjg", MAX_TEXT_LENGTH),
        state=item.code("sxzt", ITEM_STATES),
        valid_from=item.day("yxqq", DAY) or date.min,
        valid_until=item.day("yxqz", DAY),
        basic_code=item.text("jbbm", MAX_CODE_LENGTH) or parsed.basic,
        implementation_code=item.text("ssbm", MAX_CODE_LENGTH) or parsed.implementation,
        materials=tuple(_read_material(record) for record in item.records("clqd", _MOST)),
        situations=tuple(_read_question(record) for record in item.records("qxyd", _MOST)),
        fee=item.text("sfbz", MAX_TEXT_LENGTH),
        conditions=item.text("sltj", MAX_LONG_TEXT_LENGTH),
        apply_ways=item.codes("sbfs", APPLY_WAYS),
        procedure=_read_procedure(item),
        result_ways=item.codes("fzfs", RESULT_WAYS),
        handling_items=tuple(
            HandlingItem(record.required("ywblxbm", MAX_CODE_LENGTH), record.required("ywblxmc", MAX_TEXT_LENGTH))
            for record in item.records("ywblx", _MOST)
        ),
        result_name=item.text("jgmc", MAX_TEXT_LENGTH),
        result_licence_type=item.text("jgzzlx", MAX_TEXT_LENGTH),
        official=item.flag("sfgf"),
    )


def _read_material(record: Record) -> MaterialRequirement:
    return MaterialRequirement(
        key=record.required("clbm", MAX_KEY),
        name=record.required("clmc", MAX_TEXT_LENGTH),
        required=record.flag("sfby"),
        source=record.code("lyqd", SOURCES),
        form=record.code("clxs", FORMS),
        exempt_by_licence=record.text("mtjzz", MAX_KEY),
        may_be_deferred=record.flag("sfrq"),
        by_promise=record.flag("sfcn"),
        exempt_by_sharing=record.text("gxbm", MAX_TEXT_LENGTH),
        copies=record.number("clfs", 1, 2**31 - 1) if record.text("clfs", 20) else 1,
        note=record.text("slbz", MAX_LONG_TEXT_LENGTH),
    )


def _read_procedure(item: Record) -> tuple[str, ...]:
    steps = [
        (step.number("xh", 1, _MOST), step.required("hjmc", MAX_TEXT_LENGTH)) for step in item.records("bllc", _MOST)
    ]
    return tuple(name for _, name in sorted(steps))


def _read_question(record: Record) -> Question:
    options = tuple(
        Option(
            key=option.required("dabm", MAX_KEY),
            text=option.required("danr", MAX_TEXT_LENGTH),
            adds=option.words("zjcl"),
            waives=option.words("jmcl"),
            chooses=option.text("ywblxbm", MAX_CODE_LENGTH),
        )
        for option in record.records("daxx", _MOST)
    )
    return Question(
        key=record.required("wtbm", MAX_KEY),
        text=record.required("wtnr", MAX_TEXT_LENGTH),
        options=options,
        asked_when=record.conditions("qztj", "wtbm", "dabm", _MOST),
    )


# --------------------------------------------------------------------------------------------------------------------
# What it is told
# --------------------------------------------------------------------------------------------------------------------


def case_question(message: PlatformMessage) -> Json:
    """The job's parameters that ask what the platform has of a case."""
    return {"SBLSH": message.case_number, "FX": DIRECTIONS[message.side]}


def read_held(data: object) -> Held | None:
    """The answer to ``case_question``: None when the platform does not have the case. Raises NotReadable."""
    if not data:
        return None
    case = Record(data, "outData")
    keys = (exchange.text("EXCHANGENO", 100) for exchange in case.records("JHLIST", 100_000))
    return Held(case.required("BJBH", MAX_LOCAL_NUMBER), frozenset(key for key in keys if key))


def read_case_number(reply: Record) -> str:
    """The platform's number from the answer to a case handed over. Raises NotReadable."""
    return reply.record("DATA").required("BJBH", MAX_LOCAL_NUMBER)


def exchange_document(message: PlatformMessage, bjbh: str) -> bytes:
    """One message as an exchange document. ``bjbh`` is the platform's number, empty when it is to give one."""
    return xml.write("APPROVEDATAINFO", _exchange(message, bjbh))


def _exchange(message: PlatformMessage, bjbh: str) -> xml.Tree:
    """Every exchange carries the item and the applicant again; what is new stands in YWXX."""
    submitted = message.submitted
    own, other = submitted.target_item, submitted.source_item
    if message.side is Side.ACCEPTING:
        own, other = other, own
    event = message.event
    state = DECISION_STATES[event.approved] if isinstance(event, Decided) else STATES[message.kind]
    return {
        "EXCHANGENO": message.key,
        "EXPRESSTYPE": EXPRESS_TYPES.get(message.kind, "0"),
        "STATE": state,
        "FX": DIRECTIONS[message.side],
        "SBLSH": message.case_number,
        "BJBH": bjbh,
        "DFBJBH": message.peer_local_number,
        "SXBM": own.code,
        "SXBBH": own.version,
        "SXMC": own.name,
        "DFSXBM": other.code,
        "DFSXMC": other.name,
        "SJXZQHDM": submitted.accepting_region,
        "XZQHDM": submitted.processing_region,
        "SBSJ": beijing_text(message.occurred_at, TIME),
        **_party(submitted.applicant),
        "YWXX": _business(event, message.side),
    }


def _business(event: EventBody, side: Side) -> xml.Tree:  # noqa: PLR0911 - one line per kind of event is the table
    match event:
        case Submitted():
            own_answers = event.answers if side is Side.ACCEPTING else event.products
            answers: list[str | xml.Tree] = [{"WTBM": key, "DABM": own_answers[key]} for key in sorted(own_answers)]
            agent: xml.Tree = {} if event.agent is None else {"DLR": _party(event.agent)}
            return {**agent, "QX": answers, "CL": _materials(event.materials, side)}
        case Supplemented():
            return {"BZXH": str(event.request), "BZSM": event.note, "CL": _materials(event.materials, side)}
        case WithdrawalRequested() | Refused() | WithdrawalRefused():
            return {"YY": event.reason}
        case Rated():
            return {"MYD": str(6 - event.score), "PJNR": event.comment}
        case Accepted():
            return {"DFBJBH": event.local_number, "CNQX": str(event.promised_days)}
        case SupplementRequested():
            items: list[str | xml.Tree] = [{"CLBM": item.material_key, "QSSM": item.flaw} for item in event.items]
            return {"BZXH": str(event.request), "BZCL": items}
        case Suspended():
            return {"TSCX": event.procedure, "YY": event.reason}
        case Decided():
            return {"BJYJ": event.explanation, "ZZBH": event.result_number, "ZZNR": event.result_licence}
        case Resumed() | Withdrawn():
            return {}


def _party(party: Party) -> xml.Tree:
    return {
        "SQRLX": _APPLICANT_CODES[party.type],
        "SQRMC": party.name,
        "ZJLX": party.id_type,
        "ZJHM": party.id_number,
        "LXDH": party.phone,
    }


def _materials(materials: tuple[Material, ...], side: Side) -> list[str | xml.Tree]:
    """Files and licences go to the processing place only: the accepting place keeps a record, not a second copy."""
    handled_here = side is Side.PROCESSING
    return [
        {
            "CLBM": material.key,
            "CLMC": material.name,
            "TJFS": CARRIERS[material.carrier],
            "WJZY": material.digest.hex(),
            "WJLX": material.media_type,
            "WJNR": base64.b64encode(material.content).decode() if handled_here else "",
            "KDDH": material.tracking_number,
            "DZZZ": material.licence if handled_here else "",
        }
        for material in materials
    ]


# --------------------------------------------------------------------------------------------------------------------
# What it tells
# --------------------------------------------------------------------------------------------------------------------

_STEPS: Final[Mapping[str, tuple[EventKind, bool]]] = {
    **{code: (kind, False) for kind, code in STATES.items() if kind.side is Side.PROCESSING},
    **{code: (EventKind.DECIDED, approved) for approved, code in DECISION_STATES.items()},
}


def read_callback(body: bytes) -> tuple[Notice | UnreadableNotice, ...]:
    """The notices in a callback's PACKAGE; never raises. A body that is no PACKAGE is one UnreadableNotice."""
    try:
        package = xml.parse(body, "PACKAGE")
    except NotReadable as error:
        return (UnreadableNotice(hashlib.sha256(body).hexdigest(), error.because),)
    return tuple(_read_notice(xml.tree(record)) for record in package.iterfind("RECORD"))


def _read_notice(content: xml.Tree) -> Notice | UnreadableNotice:
    notice_id = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    try:
        record = Record(content, "RECORD")
        notice_id = record.required("LSH", MAX_NOTICE_ID)
        kind, approved = record.code("STATE", _STEPS)
        return Notice(
            notice_id=notice_id,
            case_number=record.case_number("SBLSH"),
            occurred_at=record.moment("FSSJ", TIME),
            progress=_read_step(kind, approved, record, record.record("YWXX")),
        )
    except NotReadable as error:
        return UnreadableNotice(notice_id, error.because)


def _read_step(kind: EventKind, approved: bool, record: Record, business: Record) -> ProcessingBody:  # noqa: PLR0911
    match kind:
        case EventKind.ACCEPTED:
            return Accepted(record.required("BJBH", MAX_LOCAL_NUMBER), business.number("CNQX", 0, MAX_DAYS))
        case EventKind.REFUSED:
            return Refused(business.required("YY", MAX_WORDS))
        case EventKind.SUPPLEMENT_REQUESTED:
            items = tuple(
                SupplementItem(item.required("CLBM", MAX_KEY), item.required("QSSM", MAX_FLAW))
                for item in business.records("BZCL", 100)
            )
            if not items:
                raise NotReadable("RECORD.YWXX.BZCL is empty")
            return SupplementRequested(request=0, items=items)
        case EventKind.SUSPENDED:
            return Suspended(business.required("TSCX", MAX_PROCEDURE), business.required("YY", MAX_WORDS))
        case EventKind.RESUMED:
            return Resumed()
        case EventKind.DECIDED:
            return Decided(
                approved=approved,
                explanation=business.required("BJYJ", MAX_WORDS),
                result_number=business.text("ZZBH", 100),
            )
        case EventKind.WITHDRAWN:
            return Withdrawn()
        case _:
            return WithdrawalRefused(business.required("YY", MAX_WORDS))


def result_document(status: str, description: str) -> bytes:
    """The envelope in which a callback is answered, UTF-8 as all the vendor's replies are."""
    reply = f"<RESULT><STATUS>{status}</STATUS><DESC>{description}</DESC></RESULT>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{reply}'.encode()
