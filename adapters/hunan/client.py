"""The Hunan platform over HTTP: everything is POSTed to one address, and progress is learnt by asking for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlencode

from adapters.catalogue import Pull
from adapters.failures import TokenExpired, refused, unavailable
from adapters.foreign import NotReadable
from adapters.hunan import mapping
from adapters.once import Held, OnceOnly
from adapters.paging import Page, read_all
from adapters.roles import require_pertinent
from adapters.session_token import SessionToken
from adapters.settings import PlatformSettings
from adapters.transport import ANSWER_SECONDS, Transport, patiently
from gateway.domain.case import EventKind
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.platform import NoticePage, PlatformMessage, PlatformReceipt
from trust.errors import Fault, WrongState

_FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"
_ROWS: Final = 100
_READERS: Final = ("1", "2")  # the listing is asked for natural persons and for organisations separately

_T = TypeVar("_T")


class HunanPlatform:
    """A ``gateway.ports.Platform`` that speaks the Hunan dialect."""

    def __init__(self, settings: PlatformSettings, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._settings = settings
        self._transport = Transport(settings.base_url, answer_seconds=answer_seconds)
        self._token = SessionToken(self._sign_on)
        self._once = OnceOnly()

    async def catalogue(self) -> Catalogue:
        """Pull the whole catalogue: the listing, then the details of every item in it."""
        places: dict[str, int] = {}
        edition: mapping.Edition | None = None

        for reader in _READERS:

            async def fetch(number: int, reader: str = reader) -> Page[int]:
                nonlocal edition
                data = await self._get(
                    f"/unifyTaskToWt/getUnifyTaskByPage?page={number}&rows={_ROWS}", {"type": reader}
                )
                page, edition = _read(mapping.read_listing, data, "read the catalogue's listing")
                places.update(page.rows)
                return page

            await read_all(fetch, "catalogue")
        if edition is None:
            raise unavailable("read the catalogue's listing", got="no page")
        pull = Pull(self._settings.region)
        in_order = sorted(places, key=lambda identity: places[identity])
        items = [pull.take(await self._item(identity)) for identity in in_order]
        return pull.catalogue(edition.name, edition.version, items, edition.windows)

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        """Register or hand over a case, or add a step to it; once."""
        require_pertinent(message)
        return await self._once.pass_on(message, lambda: self._ask(message), lambda held: self._write(message, held))

    async def notices(self, bookmark: str) -> NoticePage:
        """What happened after the bookmark, which is the platform's own running number.

        The pages come in any order and repeat entries; all are read before any is given, sorted, each once.
        """
        since = int(bookmark or "0")

        async def fetch(number: int) -> Page[mapping.Progress]:
            data = await self._get(f"/crossCase/getProgress?startSeq={since}&page={number}&rows={_ROWS}", {})
            return _read(mapping.read_progress_page, data, "read the progress of cases")

        entries = sorted(await read_all(fetch, "progress of cases"), key=lambda entry: entry.seq)
        last = max((entry.seq for entry in entries), default=since)
        return NoticePage(tuple(entry.notice for entry in entries), str(max(last, since)))

    async def close(self) -> None:
        """Let connections go."""
        await self._transport.close()

    async def _item(self, identity: str) -> Item:
        data = await self._get(f"/unifyTaskToWt/getUnifyTaskInfo?{urlencode({'unifyId': identity})}", {})
        return _read(lambda found: mapping.read_item(found, self._settings.region), data, "read an item's details")

    async def _ask(self, message: PlatformMessage) -> Held | None:
        query = urlencode({key: str(value) for key, value in mapping.case_question(message).items()})
        data = await self._call("toCatalogHttpGet", f"/crossCase/queryCase?{query}", {})
        return _read(mapping.read_held, data, "ask what the platform has of a case")

    async def _write(self, message: PlatformMessage, held: Held | None) -> str:
        if held is None or message.kind is EventKind.SUBMITTED:
            data = await self._call("toCatalogHttpPost", "/crossCase/saveCase", mapping.case_form(message))
            return _read(mapping.read_case_number, data, "hand a case over")
        form = mapping.step_form(message, held.local_number)
        await self._call("toCatalogHttpPost", "/crossCase/saveStep", form)
        return held.local_number

    async def _get(self, url: str, data: mapping.Json) -> object:
        """A call that only reads, so that it may be repeated."""
        return await patiently(lambda: self._call("toCatalogHttpGet", url, data), after_overdue=True)

    async def _call(self, action: str, url: str, data: mapping.Json) -> object:
        body = urlencode({"action": action, "url": url, "data": json.dumps(data, ensure_ascii=False)}).encode()
        doing = f"call {url.partition('?')[0]}"

        async def call(token: str) -> object:
            raw = await self._transport.post("/dispatch", body, _FORM, {"Authorization": f"Bearer {token}"})
            return mapping.open_reply(raw, doing)

        return await self._token.use(call)

    async def _sign_on(self) -> str:
        credentials = self._settings.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.account,
            "client_secret": credentials.secret,
        }
        try:
            return mapping.read_token(await self._transport.post("/oauth2/token", urlencode(form).encode(), _FORM))
        except (TokenExpired, WrongState):
            raise refused(
                "sign on at the platform",
                got="a refusal of the credentials",
                mend="ask the platform's operator for new ones and put them in the credentials file",
                fault=Fault.OPERATOR,
            ) from None


def _read(reader: Callable[[object], _T], data: object, doing: str) -> _T:
    """Read what an envelope held; what can't be read won't be readable next time either."""
    try:
        return reader(data)
    except NotReadable as error:
        raise refused(doing, got=error.because) from None
