"""Status lists: this gateway's own as tokens, other issuers' fetched, verified and kept while fresh."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from gateway.ports import Peer, Store
from trust.directory import Directory
from trust.errors import NotFound, Reason, TongbanError
from trust.keys import Signer
from trust.status_list import StatusList, VerifiedStatusList, issue_status_token, verify_status_token

ENTRIES_PER_LIST: Final = 65_536
"""Licences in one list: many enough that fetching it tells nobody which licence is asked about."""

BITS: Final = 2
"""Valid, revoked, suspended, and one value in reserve."""

TOKEN_LIFETIME: Final = timedelta(hours=12)
TIME_TO_LIVE: Final = timedelta(minutes=5)
"""How long a verifier may rely on a list before it asks again: the longest that a revocation goes unnoticed."""

_LIST_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)

LISTS_KEPT: Final = 256
"""Other issuers' lists held in memory; the oldest goes first."""


def list_uri(member_id: str, serial: int) -> tuple[str, int]:
    """The list, and the place in it, of an issuer's licence number ``serial`` (from 1)."""
    number, index = divmod(serial - 1, ENTRIES_PER_LIST)
    return f"urn:tongban:status:{member_id}:{number + 1}", index


class StatusLists:
    """What is known of the status of licences."""

    def __init__(self, member_id: str, signer: Signer, store: Store, peer: Peer) -> None:
        self._member_id = member_id
        self._signer = signer
        self._store = store
        self._peer = peer
        self._kept: dict[str, VerifiedStatusList] = {}

    async def own_token(self, uri: str, now: datetime) -> str:
        """This gateway's own list, signed now. NotFound(LICENCE_UNKNOWN) for a list that is not its own."""
        prefix = f"urn:tongban:status:{self._member_id}:"
        # One spelling for one list: under another it would be signed as one in which every licence stands.
        if not uri.startswith(prefix) or _LIST_NUMBER.fullmatch(uri.removeprefix(prefix)) is None:
            raise NotFound(
                Reason.LICENCE_UNKNOWN,
                "no such status list here",
                expected=f"a list that licences of {self._member_id} name",
            )
        changes = await self._store.licence_statuses(uri)
        return issue_status_token(
            StatusList.blank(BITS, ENTRIES_PER_LIST).set(changes),
            self._signer,
            issuer=self._member_id,
            uri=uri,
            now=now,
            lifetime=TOKEN_LIFETIME,
            time_to_live=TIME_TO_LIVE,
        )

    async def of(self, issuer: str, uri: str, directory: Directory, now: datetime) -> VerifiedStatusList | None:
        """An issuer's list, fresh; None when it can't be had, for which the verdict is UNKNOWN and never good."""
        kept = self._kept.get(uri)
        if kept is not None and kept.issuer == issuer and now < kept.fresh_until:
            return kept
        try:
            own = issuer == self._member_id
            token = await (self.own_token(uri, now) if own else self._peer.status_list(issuer, uri))
            verified = verify_status_token(token, directory, uri=uri, now=now)
        except TongbanError:
            return None
        if verified.issuer != issuer:
            return None
        if not own:
            while len(self._kept) >= LISTS_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[uri] = verified
        return verified
