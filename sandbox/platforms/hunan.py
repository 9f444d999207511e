"""The platform of 岳阳, speaking the Hunan dialect: one address, one JSON envelope, progress to be polled for.

Its habits, kept because real platforms have them:

- every failure is HTTP 200 with ``success: false``; ``error`` is sometimes a text and sometimes a number;
- ``totalPage`` is really the number of rows, and a page beyond the last is the last one again;
- the progress listing gives its pages newest first, each page backwards, and repeats an entry of the page before;
- a procedure's steps are listed last first, each with its number;
- codes are numbers on odd occasions and texts on even ones; "none" is null;
- what is sent twice is stored twice.

    python -m sandbox.platforms.hunan --port 8201 --data DIR --credentials FILE
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from sandbox.platforms.catalogue import present_items
from sandbox.platforms.desk import GARBLED, Desk
from sandbox.platforms.faults import Faults
from sandbox.platforms.serving import parse_arguments, run
from sandbox.platforms.storage import ACCEPTING, PROCESSING, SUBMITTED, Act, Arrival, Storage
from sandbox.platforms.tokens import Partner, Tokens

_BEIJING: Final = timezone(timedelta(hours=8))
_TIME: Final = "%Y-%m-%d %H:%M:%S"
_MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
_MAX_ROWS: Final = 100

_PARTS: Final = {"1": ACCEPTING, "2": PROCESSING}
_STEPS: Final = {
    "11": "supplemented",
    "12": "withdrawal_requested",
    "13": "rated",
    "21": "accepted",
    "22": "refused",
    "23": "supplement_requested",
    "24": "suspended",
    "25": "resumed",
    "26": "decided",
    "27": "withdrawn",
    "28": "withdrawal_refused",
    "99": GARBLED,
}
_STEP_CODES: Final = {step: code for code, step in _STEPS.items()}
_ITEM_TYPES: Final = {
    "01": "行政许可",
    "02": "行政处罚",
    "03": "行政强制",
    "04": "行政征收",
    "05": "行政给付",
    "06": "行政检查",
    "07": "行政确认",
    "08": "行政奖励",
    "09": "行政裁决",
    "10": "其他行政权力",
    "20": "公共服务",
}
_STATES: Final = {"draft": 0, "published": 1, "suspended": 2, "retired": 3}
_MODES: Final = {"online": "1", "remote": "2", "joint": "3"}
_SOURCES: Final = {"applicant": "10", "government": "20", "other": "99"}
_FORMS: Final = {"original": "1", "copy": "2", "original_and_copy": "3", "electronic": "4"}
_APPLY_WAYS: Final = {"window": "1", "online": "2", "self_service": "3", "post": "4"}
_RESULT_WAYS: Final = {"accepting_window": "1", "processing_window": "2", "post": "3", "electronic": "4"}

_Json = dict[str, Any]


class _Refusal(Exception):
    def __init__(self, error: object, words: str) -> None:
        self.error = error
        self.words = words
        super().__init__(words)


class _Platform:
    def __init__(self, storage: Storage, catalogue: _Json, partner: Partner, clock: Callable[[], datetime]) -> None:
        self.storage = storage
        self.clock = clock
        self.tokens = Tokens(partner)
        self.faults = Faults(
            busy=lambda _: _failure("SYSTEM_BUSY", "系统繁忙，请稍后重试"),
            refused=lambda _: _failure(4007, "数据校验失败"),
        )
        self.catalogue = catalogue
        self.codes = {item["code"] for item in catalogue["items"]}
        self._details: dict[str, _Json] = {}
        self._details_on = date.min

    @property
    def details(self) -> dict[str, _Json]:
        """The items of this day, by the platform's own id."""
        today = self.clock().astimezone(_BEIJING).date()
        if today != self._details_on:
            items = enumerate(present_items(self.catalogue, today))
            self._details = {f"u{place:05d}": _details(self.catalogue, item, place) for place, item in items}
            self._details_on = today
        return self._details

    async def sign_on(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        token = self.tokens.give(form.get("client_id", [""])[0], form.get("client_secret", [""])[0])
        if token is None:
            return web.json_response({"error": "invalid_client"}, status=400)
        return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": "7200"})

    async def dispatch(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        if (struck := await self.faults.before(request)) is not None:
            return struck
        if not self.tokens.knows(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            return _failure("invalid_token", "登录已失效，请重新登录")
        action, url = form.get("action", [""])[0], urlsplit(form.get("url", [""])[0])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            handler = _ROUTES.get((action, url.path))
            if handler is None:
                raise _Refusal(404, "接口不存在")
            data = handler(self, query, json.loads(form.get("data", ["{}"])[0]))
        except _Refusal as refusal:
            return _failure(refusal.error, refusal.words)
        except (KeyError, TypeError, ValueError, AttributeError):
            return _failure("PARAM_ERROR", "参数错误")
        if action == "toCatalogHttpPost" and (struck := await self.faults.after_taken(request)) is not None:
            return struck
        return web.json_response({"success": True, "error": None, "msg": "成功", "data": data})

    def list_items(self, query: Mapping[str, str], data: _Json) -> _Json:
        personal = str(data["type"]) == "1"
        entries = [
            {name: details[name] for name in ("unifyId", "unifyName", "rightsCode", "rightsId", "ywCode", "minSeq")}
            | {"isonline": 1, "transactLevel": "4"}
            for details in self.details.values()
            if any((kind == "1") == personal for kind in details["serveObject"].split(","))
        ]
        page, rows = max(1, int(query["page"])), min(_MAX_ROWS, int(query["rows"]))
        page = min(page, max(1, math.ceil(len(entries) / rows)))
        return {
            "total": len(entries),
            "totalPage": len(entries),
            "pageIndex": page,
            "directoryVersion": str(self.catalogue["version"]),
            "directoryName": self.catalogue["name"],
            "windowList": [_window(window) for window in self.catalogue.get("windows", [])] or None,
            "contents": entries[(page - 1) * rows : page * rows],
        }

    def show_item(self, query: Mapping[str, str], _: _Json) -> _Json:
        details = self.details.get(query["unifyId"])
        if details is None:
            raise _Refusal("4004", "事项不存在")
        return details

    def query_case(self, query: Mapping[str, str], _: _Json) -> _Json | None:
        copies = self.storage.copies(query["outerNo"], _PARTS[query["direction"]])
        if not copies:
            return None
        first, *steps = self.storage.arrivals(copies[0])
        return {
            "caseNo": copies[0].local_number,
            "outerNo": copies[0].number,
            "outerSeq": first.key,
            "steps": [{"outerSeq": step.key, "stepType": int(_STEP_CODES[step.step])} for step in steps],
        }

    def save_case(self, _: Mapping[str, str], data: _Json) -> _Json:
        if data["rightsCode"] not in self.codes:
            raise _Refusal(4004, "事项不存在")
        case = self.storage.open_case(
            data["outerNo"],
            _PARTS[str(data["direction"])],
            item_code=data["rightsCode"],
            item_name=data["unifyName"],
            applicant=data["applicant"]["name"],
            arrival=Arrival(data["outerSeq"], SUBMITTED, self._now_text(), data),
        )
        return {"caseNo": case.local_number}

    def save_step(self, _: Mapping[str, str], data: _Json) -> _Json:
        copies = self.storage.copies(data["outerNo"], _PARTS[str(data["direction"])])
        if not copies or copies[0].local_number != data["caseNo"]:
            raise _Refusal("4004", "办件不存在")
        step = _STEPS[str(data["stepType"])]
        self.storage.add_arrival(copies[0], Arrival(data["outerSeq"], step, self._now_text(), data))
        return {"caseNo": copies[0].local_number}

    def list_progress(self, query: Mapping[str, str], _: _Json) -> _Json:
        acts = self.storage.acts_after(int(query["startSeq"]))
        rows = min(_MAX_ROWS, int(query["rows"]))
        pages = [acts[start : start + rows] for start in range(0, len(acts), rows)][::-1]
        asked = max(1, int(query["page"]))
        number = min(asked, max(1, len(pages)))
        shown = [] if not pages else pages[number - 1][::-1] + (pages[number - 2][:1] if number > 1 else [])
        return {
            "total": str(len(acts)),
            "totalPage": len(acts),
            "pageIndex": number,
            "contents": [_progress_entry(act) for act in shown],
        }

    def _now_text(self) -> str:
        return self.clock().astimezone(_BEIJING).strftime(_TIME)


_ROUTES: Final = {
    ("toCatalogHttpGet", "/unifyTaskToWt/getUnifyTaskByPage"): _Platform.list_items,
    ("toCatalogHttpGet", "/unifyTaskToWt/getUnifyTaskInfo"): _Platform.show_item,
    ("toCatalogHttpGet", "/crossCase/queryCase"): _Platform.query_case,
    ("toCatalogHttpPost", "/crossCase/saveCase"): _Platform.save_case,
    ("toCatalogHttpPost", "/crossCase/saveStep"): _Platform.save_step,
    ("toCatalogHttpGet", "/crossCase/getProgress"): _Platform.list_progress,
}


def make_app(
    storage_file: Path,
    catalogue_file: Path,
    partner: Partner,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The platform as an application. Raises OSError, ValueError or KeyError when it can't read its files."""
    catalogue = json.loads(catalogue_file.read_bytes())
    storage = Storage(storage_file, prefix=f"YY{catalogue['id']}")
    platform = _Platform(storage, catalogue, partner, clock)
    desk = Desk(storage, platform.faults, clock=clock, expire_tokens=platform.tokens.expire)
    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app.add_routes([web.post("/oauth2/token", platform.sign_on), web.post("/dispatch", platform.dispatch)])
    app.add_routes(desk.routes())

    async def close(_: web.Application) -> None:
        storage.close()

    app.on_cleanup.append(close)
    return app


def _failure(error: object, words: str) -> web.Response:
    return web.json_response({"success": False, "error": error, "msg": words, "data": None})


def _details(catalogue: _Json, item: _Json, place: int) -> _Json:
    """An item of the catalogue file in the dialect."""
    steps = list(enumerate(item.get("procedure", []), start=1))
    result = {"resultName": item.get("result_name"), "licenceTypeCode": item.get("result_licence_type")}
    return {
        "unifyId": f"u{place:05d}",
        "unifyName": item["name"],
        "rightsCode": item["code"],
        "rightsId": item.get("basic_code"),
        "ywCode": item.get("implementation_code"),
        "minSeq": place,
        "version": item["version"],
        "areaCode": catalogue["id"] + "000000",
        "serveObject": ",".join(str(kind) for kind in item["applicant_types"]),
        "typeName": _ITEM_TYPES[item["item_type"]],
        "handleType": item["handling_type"] if place % 2 else str(item["handling_type"]),
        "legalDays": item["statutory_days"] if place % 2 else str(item["statutory_days"]),
        "promiseDays": item["promised_days"],
        "crossMode": ",".join(_MODES[mode] for mode in item["modes"]) or None,
        "orgName": catalogue["name"],
        "deptName": item["department"],
        "status": _STATES[item["state"]],
        "effectDate": f"{item['valid_from']} 00:00:00",
        "invalidDate": f"{item['valid_until']} 23:59:59" if "valid_until" in item else None,
        "feeInfo": item.get("fee"),
        "isOfficial": int(item.get("official", False)),
        "materialList": [_material(material) for material in item.get("materials", [])],
        "resultList": [result] if any(result.values()) else None,
        "situationList": [
            {
                "code": question["key"],
                "title": question["text"],
                "showWhen": [
                    {"code": key, "options": ",".join(options)}
                    for key, options in question.get("asked_when", {}).items()
                ]
                or None,
                "options": [
                    {
                        "code": option["key"],
                        "title": option["text"],
                        "addMaterials": ",".join(option.get("adds", [])) or None,
                        "waiveMaterials": ",".join(option.get("waives", [])) or None,
                        "businessItemCode": option.get("chooses"),
                    }
                    for option in question["options"]
                ],
            }
            for question in item.get("situations", [])
        ],
        "acceptanceCondition": item.get("conditions"),
        "applyType": ",".join(_APPLY_WAYS[way] for way in item.get("apply_ways", [])) or None,
        "resultGetType": ",".join(_RESULT_WAYS[way] for way in item.get("result_ways", [])) or None,
        "businessItemList": [
            {"businessItemCode": each["code"], "businessItemName": each["name"]}
            for each in item.get("handling_items", [])
        ],
        "according": None,
        "lctList": [{"stepNo": number, "stepName": step} for number, step in reversed(steps)],
    }


def _window(window: _Json) -> _Json:
    return {
        "windowName": window["name"],
        "address": window["address"],
        "linkPhone": window.get("phone"),
        "workTime": window.get("hours"),
    }


def _material(material: _Json) -> _Json:
    return {
        "materialCode": material["key"],
        "materialName": material["name"],
        "isMust": int(material["required"]),
        "sourceType": _SOURCES[material["source"]],
        "formType": _FORMS[material["form"]],
        "licenceTypeCode": material.get("exempt_by_licence"),
        "isDelay": str(int(material.get("may_be_deferred", False))),
        "isPromise": int(material.get("by_promise", False)),
        "shareDept": material.get("exempt_by_sharing"),
        "pageNum": material.get("copies", 1),
        "acceptStand": material.get("note"),
    }


def _progress_entry(act: Act) -> _Json:
    code = _STEP_CODES[act.step]
    return {
        "seq": act.seq,
        "stepId": f"{act.case.local_number}-{act.seq}",
        "caseNo": act.case.local_number,
        "outerNo": act.case.number,
        "stepType": int(code) if act.seq % 2 else code,
        "stepTime": act.done_at.astimezone(_BEIJING).strftime(_TIME),
        "content": _progress_content(act),
    }


def _progress_content(act: Act) -> _Json | None:
    fields = act.content
    match act.step:
        case "accepted":
            return {"promiseDays": str(fields["promised_days"])}
        case "supplement_requested":
            lacks: Any = fields["items"]
            return {"lackList": [{"materialCode": lack["material_key"], "reason": lack["flaw"]} for lack in lacks]}
        case "decided":
            approved = int(bool(fields["approved"]))
            return {"result": approved, "opinion": fields["explanation"], "certNo": fields["result_number"] or None}
        case "resumed" | "withdrawn" | "garbled":
            return None
        case _:
            return dict(fields)


def main(arguments: list[str]) -> int:
    """Run the platform as a program; the exit status."""
    options = parse_arguments("The sandbox's platform of 岳阳 (430600)", "430600", arguments, calls_back=False)
    return run(
        "platform 430600",
        options,
        lambda partner: make_app(options.data / "platform-430600.sqlite", options.catalogue, partner),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
