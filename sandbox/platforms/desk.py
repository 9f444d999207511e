"""The back office of a platform, in plain JSON: what its own staff see and do. The same for every dialect.

    GET  /desk/cases                     newest cases
    GET  /desk/cases/{number}            one case by the sender's number: every copy, what arrived, what was done
    POST /desk/cases/{number}/{act}      do something with it; the acts and their fields are in ``ACTS``
    POST /desk/faults                    plan a fault (``sandbox.platforms.faults``)
    POST /desk/tokens/expire             forget all session tokens

There is no sign-on: a sandbox listens on this machine only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from sandbox.platforms.faults import Fault, FaultKind, Faults
from sandbox.platforms.storage import PROCESSING, Storage, StoredCase

GARBLED: Final = "garbled"
"""Step that no dialect has a code for."""

_OVER: Final = frozenset({"decided", "refused", "withdrawn", "rated"})
_NEWEST: Final = 200


@dataclass(frozen=True, slots=True)
class ActForm:
    """What the staff fill in for one act."""

    step: str
    """What happens to the case."""
    fields: Mapping[str, type]
    """Fields, all required, and their JSON types."""


ACTS: Final[Mapping[str, ActForm]] = {
    "accept": ActForm("accepted", {"promised_days": int}),
    "refuse": ActForm("refused", {"reason": str}),
    "request-supplement": ActForm("supplement_requested", {"items": list}),
    "suspend": ActForm("suspended", {"procedure": str, "reason": str}),
    "resume": ActForm("resumed", {}),
    "decide": ActForm("decided", {"approved": bool, "explanation": str, "result_number": str}),
    "consent-withdrawal": ActForm("withdrawn", {}),
    "refuse-withdrawal": ActForm("withdrawal_refused", {"reason": str}),
}
"""Acts by the last part of their address. ``items`` is a list of ``{"material_key": …, "flaw": …}``."""


class Desk:
    """The handlers, bound to one platform."""

    def __init__(
        self,
        storage: Storage,
        faults: Faults,
        *,
        clock: Callable[[], datetime],
        expire_tokens: Callable[[], None],
        acted: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._faults = faults
        self._clock = clock
        self._expire_tokens = expire_tokens
        self._acted = acted

    def routes(self) -> list[web.RouteDef]:
        """The addresses above."""
        return [
            web.get("/desk/cases", self._list),
            web.get("/desk/cases/{number}", self._show),
            web.post("/desk/cases/{number}/{act}", self._act),
            web.post("/desk/faults", self._plan),
            web.post("/desk/tokens/expire", self._expire),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return _reply({"cases": [_summary(case) for case in self._storage.newest_cases(_NEWEST)]})

    async def _show(self, request: web.Request) -> web.Response:
        copies = self._storage.copies(request.match_info["number"])
        if not copies:
            return _reply({"error": "no case of that number"}, status=404)
        return _reply(
            {
                **_summary(copies[0]),
                "copies": len(copies),
                "local_numbers": [case.local_number for case in copies],
                "received": [
                    {"key": arrival.key, "step": arrival.step, "at": arrival.arrived_at, "content": arrival.content}
                    for case in copies
                    for arrival in self._storage.arrivals(case)
                ],
                "done": [
                    {"seq": act.seq, "step": act.step, "at": act.done_at.isoformat(), "told": act.acknowledged}
                    for case in copies
                    for act in self._storage.acts_of(case)
                ],
            }
        )

    async def _act(self, request: web.Request) -> web.Response:
        form = ACTS.get(request.match_info["act"])
        copies = self._storage.copies(request.match_info["number"], PROCESSING)
        if form is None or not copies:
            return _reply({"error": "no such act" if form is None else "no case of that number to handle"}, status=404)
        fields = await _json_object(request)
        wrong = [name for name, kind in form.fields.items() if not isinstance(fields.get(name), kind)]
        if wrong or set(fields) - set(form.fields):
            return _reply({"error": f"the fields of this act are {sorted(form.fields)}"}, status=400)
        if copies[0].state in _OVER:
            return _reply({"error": f"the case is over: {copies[0].state}"}, status=409)
        step = GARBLED if self._faults.garbles() else form.step
        seq = self._storage.add_act(copies[0], step, fields, self._clock())
        self._acted()
        return _reply({"seq": seq, "state": step})

    async def _plan(self, request: web.Request) -> web.Response:
        fields = await _json_object(request)
        try:
            self._faults.plan(Fault(**{**fields, "kind": FaultKind(str(fields.get("kind")))}))  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            return _reply({"error": str(error)}, status=400)
        return _reply({"planned": fields})

    async def _expire(self, _: web.Request) -> web.Response:
        self._expire_tokens()
        return _reply({"expired": True})


def _summary(case: StoredCase) -> dict[str, object]:
    return {
        "number": case.number,
        "local_number": case.local_number,
        "part": case.part,
        "item_code": case.item_code,
        "item_name": case.item_name,
        "applicant": case.applicant,
        "state": case.state,
    }


async def _json_object(request: web.Request) -> dict[str, object]:
    raw = await request.read()
    try:
        content = json.loads(raw or b"{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise web.HTTPBadRequest(text="a JSON object is wanted")
    return content


def _reply(content: Mapping[str, object], status: int = 200) -> web.Response:
    return web.json_response(content, status=status, dumps=lambda value: json.dumps(value, ensure_ascii=False))
