"""Jingzhou's platform over HTTP: jobs to read (JSON), exchange documents to write (XML in a form), a token for each.

Progress comes by callback (``adapters.jingzhou.callback``); there is nothing to poll.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final
from urllib.parse import quote_plus, urlencode

from adapters.catalogue import Pull
from adapters.failures import TokenExpired, refused, unavailable
from adapters.foreign import NotReadable, Record
from adapters.jingzhou import mapping
from adapters.once import Held, OnceOnly
from adapters.paging import Page, read_all
from adapters.roles import require_pertinent
from adapters.session_token import SessionToken
from adapters.settings import PlatformSettings
from adapters.transport import ANSWER_SECONDS, Transport, patiently
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.platform import NoticePage, PlatformMessage, PlatformReceipt
from trust.errors import Fault, WrongState

_START_JOB: Final = "/open-platform/api/startJob"
_GET_XML_TOKEN: Final = "/open-platform/exchange/getXmlToken"  # noqa: S105 - an address
_RECEIVE: Final = "/open-platform/exchange/receive"
_JSON: Final = "application/json; charset=UTF-8"
_FORM_GB: Final = "application/x-www-form-urlencoded; charset=GB18030"
_ROWS: Final = 50


class JingzhouPlatform:
    """A ``gateway.ports.Platform`` that speaks the dialect of Jingzhou's vendor."""

    def __init__(self, settings: PlatformSettings, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._settings = settings
        self._transport = Transport(settings.base_url, answer_seconds=answer_seconds)
        self._job_token = SessionToken(self._sign_on_for_jobs)
        self._exchange_token = SessionToken(self._sign_on_for_exchange)
        self._once = OnceOnly()

    async def catalogue(self) -> Catalogue:
        """Pull the whole catalogue; every row is a whole item."""
        region = self._settings.region
        pull = Pull(region)
        edition: mapping.Edition | None = None

        async def fetch(number: int) -> Page[Item]:
            nonlocal edition
            parameters: mapping.Json = {"xzqhdm": region, "pageNo": number, "pageSize": _ROWS}
            data = await patiently(lambda: self._job("HUBEI_GET_CATALOG", parameters), after_overdue=True)
            try:
                page, edition = mapping.read_catalogue_page(data, region)
            except NotReadable as error:
                raise refused("read the platform's catalogue", got=error.because) from None
            return replace(page, rows=tuple((code, pull.take(item)) for code, item in page.rows))

        items = await read_all(fetch, "catalogue")
        if edition is None:
            raise unavailable("read the platform's catalogue", got="no page")
        return pull.catalogue(edition.name, edition.version, items, edition.windows)

    async def pass_on(self, message: PlatformMessage) -> PlatformReceipt:
        """Exchange one message; once."""
        require_pertinent(message)
        return await self._once.pass_on(message, lambda: self._ask(message), lambda held: self._write(message, held))

    async def notices(self, bookmark: str) -> NoticePage:
        """Nothing: this platform calls back."""
        return NoticePage((), bookmark)

    async def close(self) -> None:
        """Let connections go."""
        await self._transport.close()

    async def _ask(self, message: PlatformMessage) -> Held | None:
        data = await self._job("HUBEI_QUERY_CASE", mapping.case_question(message))
        try:
            return mapping.read_held(data)
        except NotReadable as error:
            raise refused("ask what the platform has of a case", got=error.because) from None

    async def _write(self, message: PlatformMessage, held: Held | None) -> str:
        document = mapping.exchange_document(message, held.local_number if held else "")
        doing = f"exchange {message.kind} of a case"

        async def call(token: str) -> Record:
            body = f"{urlencode({'accessToken': token})}&xmlStr={quote_plus(document)}".encode()
            return mapping.open_exchange_reply(await self._transport.post(_RECEIVE, body, _FORM_GB), doing)

        reply = await self._exchange_token.use(call)
        try:
            return held.local_number if held else mapping.read_case_number(reply)
        except NotReadable as error:
            raise refused(doing, got=error.because) from None

    async def _job(self, job: str, parameters: mapping.Json) -> object:
        body = json.dumps({"job": job, "inData": parameters}, ensure_ascii=False).encode()

        async def call(token: str) -> object:
            raw = await self._transport.post(_START_JOB, body, _JSON, {"token": token})
            return mapping.open_job_reply(raw, f"start job {job}")

        return await self._job_token.use(call)

    async def _sign_on_for_jobs(self) -> str:
        credentials = self._settings.credentials
        parameters = {"appKey": credentials.account, "appSecret": credentials.secret}
        body = json.dumps({"job": "HUBEI_GET_TOKEN", "inData": parameters}).encode()
        try:
            raw = await self._transport.post(_START_JOB, body, _JSON)
            return Record(mapping.open_job_reply(raw, "sign on at the platform"), "outData").required("token", 4096)
        except (TokenExpired, WrongState, NotReadable):
            raise _credentials_refused() from None

    async def _sign_on_for_exchange(self) -> str:
        credentials = self._settings.credentials
        body = urlencode({"key": credentials.account, "secret": credentials.secret}).encode()
        try:
            raw = await self._transport.post(_GET_XML_TOKEN, body, _FORM_GB)
            return mapping.open_exchange_reply(raw, "sign on at the platform").required("TOKEN", 4096)
        except (TokenExpired, WrongState, NotReadable):
            raise _credentials_refused() from None


def _credentials_refused() -> WrongState:
    return refused(
        "sign on at the platform",
        got="a refusal of the credentials",
        mend="ask the platform's operator for new ones and put them in the credentials file",
        fault=Fault.OPERATOR,
    )
