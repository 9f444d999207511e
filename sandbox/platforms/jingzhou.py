"""The platform of 荆州, by a vendor of its own: jobs in JSON, exchanges in XML declared GBK, progress by callback.

Its habits, kept because real platforms have them:

- every failure is code or STATUS 300 in an answer that HTTP calls 200; what kind is in the first word of the text;
- jobs and exchanges want different tokens, and forget them without notice;
- pages have 20 rows, whatever number was asked for;
- it declares GBK and writes GB 18030, as any name with a rare character forces it to; its replies are UTF-8;
- a callback is repeated until it is answered with STATUS 200 in the platform's own document;
- what is sent twice is stored twice.

    python -m sandbox.platforms.jingzhou --port 8202 --data DIR --credentials FILE --callback URL
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import aiohttp
from aiohttp import web

from sandbox.platforms.catalogue import present_items
from sandbox.platforms.desk import GARBLED, Desk
from sandbox.platforms.faults import Faults
from sandbox.platforms.serving import parse_arguments, run
from sandbox.platforms.storage import ACCEPTING, PROCESSING, SUBMITTED, Act, Arrival, Storage
from sandbox.platforms.tokens import Partner, Tokens

_BEIJING: Final = timezone(timedelta(hours=8))
_TIME: Final = "%Y%m%d%H%M%S"
_START_JOB: Final = "/open-platform/api/startJob"
_MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
_ROWS: Final = 20
_CALLBACK_SECONDS: Final = 5.0
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")

_PARTS: Final = {"SJ": ACCEPTING, "BL": PROCESSING}
_STEPS: Final = {
    "01": SUBMITTED,
    "02": "supplemented",
    "03": "withdrawal_requested",
    "04": "rated",
    "10": "accepted",
    "11": "refused",
    "12": "supplement_requested",
    "13": "suspended",
    "14": "resumed",
    "20": "decided",
    "21": "decided",
    "30": "withdrawn",
    "31": "withdrawal_refused",
    "99": GARBLED,
}
_STATES: Final = {step: code for code, step in _STEPS.items()}
_STATE_OF_DECISION: Final = {True: "20", False: "21"}
_ITEM_TYPES: Final = {"20": 11}
_HANDLING_TYPES: Final = {1: "JBJ", 2: "CNJ"}
_APPLICANTS: Final = {1: "GR", 2: "QYFR", 3: "SYFR", 4: "SHZZ", 5: "FFRQY", 6: "XZJG", 9: "QT"}
_MODES: Final = {"online": "QCWB", "remote": "DSDB", "joint": "DDLB"}
_ITEM_STATES: Final = {"draft": "CG", "published": "ZY", "suspended": "ZT", "retired": "QX"}
_SOURCES: Final = {"applicant": "ZB", "government": "ZF", "other": "QT"}
_FORMS: Final = {"original": "YJ", "copy": "FYJ", "original_and_copy": "YJFYJ", "electronic": "DZ"}
_APPLY_WAYS: Final = {"window": "CK", "online": "WS", "self_service": "ZZ", "post": "YJ"}
_RESULT_WAYS: Final = {"accepting_window": "SJCK", "processing_window": "YWCK", "post": "YJ", "electronic": "DZ"}

_Json = dict[str, Any]


class _Refusal(Exception):
    pass


class _Platform:
    def __init__(self, storage: Storage, catalogue: _Json, partner: Partner, clock: Callable[[], datetime]) -> None:
        self.storage = storage
        self.clock = clock
        self.job_tokens = Tokens(partner)
        self.exchange_tokens = Tokens(partner)
        self.faults = Faults(
            busy=lambda request: self._failure(request, "E9001 系统繁忙,请稍后再试"),
            refused=lambda request: self._failure(request, "E3007 数据不合法"),
        )
        self.catalogue = catalogue
        self.codes = {item["code"] for item in catalogue["items"]}

    def expire_tokens(self) -> None:
        self.job_tokens.expire()
        self.exchange_tokens.expire()

    # jobs

    async def start_job(self, request: web.Request) -> web.Response:
        try:
            call = json.loads(await request.read())
            job, data = call["job"], call["inData"]
            if job == "HUBEI_GET_TOKEN":
                token = self.job_tokens.give(data["appKey"], data["appSecret"])
                return _job_reply({"token": token}) if token else _job_failure("E1002 密钥错误")
            if (struck := await self.faults.before(request)) is not None:
                return struck
            if not self.job_tokens.knows(request.headers.get("token", "")):
                return _job_failure("E1001 令牌失效")
            handler = {"HUBEI_GET_CATALOG": self._list_items, "HUBEI_QUERY_CASE": self._query_case}.get(job)
            return _job_reply(handler(data)) if handler else _job_failure("E2001 任务不存在")
        except (KeyError, TypeError, ValueError):
            return _job_failure("E2002 参数错误")

    def _list_items(self, data: _Json) -> _Json:
        if data["xzqhdm"] != self.catalogue["id"]:
            return {"total": "0", "list": []}
        items = present_items(self.catalogue, self.clock().astimezone(_BEIJING).date())
        start = (int(data["pageNo"]) - 1) * _ROWS
        return {
            "xzqhdm": self.catalogue["id"],
            "mlbb": self.catalogue["version"],
            "mlmc": self.catalogue["name"],
            "ckxx": [_window(window) for window in self.catalogue.get("windows", [])],
            "total": str(len(items)),
            "list": [_item(item) for item in items[start : start + _ROWS]],
        }

    def _query_case(self, data: _Json) -> _Json:
        copies = self.storage.copies(data["SBLSH"], _PARTS[data["FX"]])
        if not copies:
            return {}
        arrivals = self.storage.arrivals(copies[0])
        return {"BJBH": copies[0].local_number, "JHLIST": [{"EXCHANGENO": arrival.key} for arrival in arrivals]}

    # exchanges

    async def get_xml_token(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        token = self.exchange_tokens.give(form.get("key", [""])[0], form.get("secret", [""])[0])
        return self._result("200", "成功", token=token) if token else self._failure_document("E1002 密钥错误")

    async def receive(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode("ascii"), encoding="gb18030")
        if (struck := await self.faults.before(request)) is not None:
            return struck
        if not self.exchange_tokens.knows(form.get("accessToken", [""])[0]):
            return self._failure_document("E1001 令牌失效")
        try:
            local_number = self._take(_read_document(form["xmlStr"][0]))
        except _Refusal as refusal:
            return self._failure_document(str(refusal))
        except (KeyError, ValueError, ElementTree.ParseError):
            return self._failure_document("E3001 报文格式错误")
        if (struck := await self.faults.after_taken(request)) is not None:
            return struck
        return self._result("200", "成功", bjbh=local_number)

    def _take(self, document: _Json) -> str:
        number, part, step = document["SBLSH"], _PARTS[document["FX"]], _STEPS[document["STATE"]]
        arrival = Arrival(document["EXCHANGENO"], step, self.clock().astimezone(_BEIJING).strftime(_TIME), document)
        if step == SUBMITTED:
            if document["SXBM"] not in self.codes:
                raise _Refusal("E3004 事项不存在")
            case = self.storage.open_case(
                number,
                part,
                item_code=document["SXBM"],
                item_name=document["SXMC"],
                applicant=document["SQRMC"],
                arrival=arrival,
            )
            return case.local_number
        copies = self.storage.copies(number, part)
        if not copies or copies[0].local_number != document["BJBH"]:
            raise _Refusal("E3005 办件不存在")
        self.storage.add_arrival(copies[0], arrival)
        return copies[0].local_number

    def _failure(self, request: web.Request, words: str) -> web.Response:
        return _job_failure(words) if request.path == _START_JOB else self._failure_document(words)

    def _failure_document(self, words: str) -> web.Response:
        return self._result("300", words)

    def _result(self, status: str, words: str, *, token: str = "", bjbh: str = "") -> web.Response:
        root = Element("RESULT")
        SubElement(root, "STATUS").text = status
        SubElement(root, "DESC").text = words
        SubElement(root, "TIME").text = self.clock().astimezone(_BEIJING).strftime(_TIME)
        SubElement(SubElement(root, "DATA"), "BJBH").text = bjbh
        SubElement(root, "TOKEN").text = token
        return web.Response(body=ElementTree.tostring(root, encoding="UTF-8"), content_type="text/xml")


class _Caller:
    """Tells the partner what the staff did, again and again until it answers; each case in its order."""

    def __init__(self, storage: Storage, url: str, secret: str, repeat_seconds: float) -> None:
        self._storage = storage
        self._url = url
        self._secret = secret.encode()
        self._repeat_seconds = repeat_seconds
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is something to tell."""
        self._news.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_CALLBACK_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                self._news.clear()
                told_all = await self._tell_all(session)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), None if told_all else self._repeat_seconds)

    async def _tell_all(self, session: aiohttp.ClientSession) -> bool:
        behind: set[int] = set()
        for act in self._storage.unacknowledged_acts():
            if act.case.id in behind:
                continue
            if await self._tell(session, act):
                self._storage.acknowledge(act.seq)
            else:
                behind.add(act.case.id)
        return not behind

    async def _tell(self, session: aiohttp.ClientSession, act: Act) -> bool:
        body = _progress_document(act)
        headers = {
            "X-Sign": hmac.new(self._secret, body, hashlib.sha256).hexdigest(),
            "Content-Type": "text/xml; charset=GBK",
        }
        try:
            async with session.post(self._url, data=body, headers=headers) as response:
                answer = ElementTree.fromstring(await response.read())  # noqa: S314 - its partner, on this machine
                return response.status == 200 and answer.findtext("STATUS") == "200"
        except (aiohttp.ClientError, OSError, TimeoutError, ElementTree.ParseError):
            return False


def make_app(
    storage_file: Path,
    catalogue_file: Path,
    partner: Partner,
    *,
    callback: str = "",
    repeat_seconds: float = 5.0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The platform as an application; without ``callback`` it keeps its progress to itself.

    Raises OSError, ValueError or KeyError when it can't read its files.
    """
    catalogue = json.loads(catalogue_file.read_bytes())
    storage = Storage(storage_file, prefix=f"JZ{catalogue['id']}")
    platform = _Platform(storage, catalogue, partner, clock)
    caller = _Caller(storage, callback, partner.callback_secret, repeat_seconds)
    desk = Desk(storage, platform.faults, clock=clock, expire_tokens=platform.expire_tokens, acted=caller.wake)
    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app.add_routes(
        [
            web.post(_START_JOB, platform.start_job),
            web.post("/open-platform/exchange/getXmlToken", platform.get_xml_token),
            web.post("/open-platform/exchange/receive", platform.receive),
            *desk.routes(),
        ]
    )

    async def live(_: web.Application) -> AsyncIterator[None]:
        telling = asyncio.create_task(caller.run()) if callback else None
        yield
        if telling is not None:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
        storage.close()

    app.cleanup_ctx.append(live)
    return app


def _job_reply(data: Mapping[str, object]) -> web.Response:
    return web.json_response({"code": 200, "message": "成功", "outData": data})


def _job_failure(words: str) -> web.Response:
    return web.json_response({"code": "300", "message": words, "outData": None})


def _item(item: _Json) -> _Json:
    """An item of the catalogue file in the dialect."""
    return {
        "sxbm": item["code"],
        "sxmc": item["name"],
        "bbh": str(item["version"]),
        "jbbm": item.get("basic_code", ""),
        "ssbm": item.get("implementation_code", ""),
        "sxlx": _ITEM_TYPES.get(item["item_type"], int(item["item_type"])),
        "bjlx": _HANDLING_TYPES[item["handling_type"]],
        "fwdx": ",".join(_APPLICANTS[kind] for kind in item["applicant_types"]),
        "fdqx": item["statutory_days"],
        "cnqx": str(item["promised_days"]),
        "tbms": ",".join(_MODES[mode] for mode in item["modes"]),
        "ssjg": item["department"],
        "sxzt": _ITEM_STATES[item["state"]],
        "yxqq": item["valid_from"].replace("-", ""),
        "yxqz": item.get("valid_until", "").replace("-", ""),
        "sfbz": item.get("fee", ""),
        "jgmc": item.get("result_name", ""),
        "jgzzlx": item.get("result_licence_type", ""),
        "sfgf": str(int(item.get("official", False))),
        "sltj": item.get("conditions", ""),
        "sbfs": ",".join(_APPLY_WAYS[way] for way in item.get("apply_ways", [])),
        "fzfs": ",".join(_RESULT_WAYS[way] for way in item.get("result_ways", [])),
        "bllc": [{"xh": str(number), "hjmc": step} for number, step in enumerate(item.get("procedure", []), start=1)],
        "ywblx": [{"ywblxbm": each["code"], "ywblxmc": each["name"]} for each in item.get("handling_items", [])],
        "clqd": [
            {
                "clbm": material["key"],
                "clmc": material["name"],
                "sfby": str(int(material["required"])),
                "lyqd": _SOURCES[material["source"]],
                "clxs": _FORMS[material["form"]],
                "mtjzz": material.get("exempt_by_licence", ""),
                "sfrq": str(int(material.get("may_be_deferred", False))),
                "sfcn": str(int(material.get("by_promise", False))),
                "gxbm": material.get("exempt_by_sharing", ""),
                "clfs": str(material.get("copies", 1)),
                "slbz": material.get("note", ""),
            }
            for material in item.get("materials", [])
        ],
        "qxyd": [
            {
                "wtbm": question["key"],
                "wtnr": question["text"],
                "qztj": [
                    {"wtbm": key, "dabm": ",".join(options)} for key, options in question.get("asked_when", {}).items()
                ],
                "daxx": [
                    {
                        "dabm": option["key"],
                        "danr": option["text"],
                        "zjcl": ",".join(option.get("adds", [])),
                        "jmcl": ",".join(option.get("waives", [])),
                        "ywblxbm": option.get("chooses", ""),
                    }
                    for option in question["options"]
                ],
            }
            for question in item.get("situations", [])
        ],
    }


def _window(window: _Json) -> _Json:
    return {
        "ckmc": window["name"],
        "ckdz": window["address"],
        "lxdh": window.get("phone", ""),
        "bgsj": window.get("hours", ""),
    }


def _read_document(text: str) -> _Json:
    """An exchange document as nested mappings; elements that repeat become lists."""
    root = ElementTree.fromstring(_DECLARATION.sub("", text))  # noqa: S314 - its partner, on this machine
    if root.tag != "APPROVEDATAINFO":
        raise ValueError("not an exchange document")
    return _children(root)


def _children(element: Element) -> _Json:
    children: _Json = {}
    for child in element:
        value = _children(child) if len(child) else (child.text or "")
        if child.tag in {"CL", "BZCL", "QX"}:
            children.setdefault(child.tag, []).append(value)
        else:
            children[child.tag] = value
    return children


def _progress_document(act: Act) -> bytes:
    """A callback's body: declared GBK, written in GB 18030."""
    state = _STATE_OF_DECISION[bool(act.content["approved"])] if act.step == "decided" else _STATES[act.step]
    root = Element("PACKAGE")
    record = SubElement(root, "RECORD")
    for name, text in {
        "LSH": f"{act.case.local_number}{act.seq:08d}",
        "SBLSH": act.case.number,
        "BJBH": act.case.local_number,
        "STATE": state,
        "FSSJ": act.done_at.astimezone(_BEIJING).strftime(_TIME),
    }.items():
        SubElement(record, name).text = text
    business = SubElement(record, "YWXX")
    for name, field in {
        "CNQX": "promised_days",
        "YY": "reason",
        "TSCX": "procedure",
        "BJYJ": "explanation",
        "ZZBH": "result_number",
    }.items():
        if field in act.content:
            SubElement(business, name).text = str(act.content[field])
    lacks: Any = act.content.get("items", [])
    for lack in lacks:
        entry = SubElement(business, "BZCL")
        SubElement(entry, "CLBM").text = lack["material_key"]
        SubElement(entry, "QSSM").text = lack["flaw"]
    document = '<?xml version="1.0" encoding="GBK"?>' + ElementTree.tostring(root, encoding="unicode")
    return document.encode("gb18030")


def main(arguments: list[str]) -> int:
    """Run the platform as a program; the exit status."""
    options = parse_arguments("The sandbox's platform of 荆州 (421000)", "421000", arguments, calls_back=True)
    return run(
        "platform 421000",
        options,
        lambda partner: make_app(
            options.data / "platform-421000.sqlite", options.catalogue, partner, callback=options.callback
        ),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
