"""Timestamps over the audit log: a third party says that a checkpoint existed at a time (RFC 3161).

A checkpoint fixes every leaf before it, so one timestamp now and then is one over everything. They are fetched beside
the calls, never in a call's way. What an authority answers is kept only when it holds twice: by the library that speaks
the protocol, and by what ``tongban-verify`` will hold it against years later. A crash between the answer and its record
leaves nothing; the next round asks again, and two timestamps over one checkpoint do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import aiohttp
import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ObjectIdentifier
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gateway.exchange.audit import newest_cosigned
from gateway.exchange.house import House
from gateway.exchange.witnessing import split_note
from gateway.ports import Recording, Stamp
from trust.checkpoint import Checkpoint
from trust.errors import Fault, Reason, TongbanError, Unavailable
from trust.evidence_stamp import MAX_TOKEN_BYTES, certificates_in, check_stamp
from trust.leaf import Leaf

ANSWER_SECONDS: Final = 10.0
"""Longest wait for an authority."""

MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)
"""How far an authority's time may be from ours."""

FIRST_WAIT_SECONDS: Final = 5.0
LONGEST_WAIT_SECONDS: Final = 60.0
"""After a round in which no authority gave a timestamp, the wait doubles from the one to the other."""

QUERY_TYPE: Final = "application/timestamp-query"

_log = structlog.get_logger("gateway.stamping")


class Authority:
    """One time-stamping authority, reached over HTTP (RFC 3161, section 3.4)."""

    def __init__(self, url: str, roots: Sequence[Certificate], policy: str = "") -> None:
        """``roots`` are what its certificate must lead to; ``policy`` the only policy that is taken, as dotted OID."""
        self.url = url
        self._roots = tuple(roots)
        self._policy = ObjectIdentifier(policy) if policy else None

    async def stamp(self, size: int, note: str, now: datetime) -> Stamp:
        """Ask for a timestamp over the exact bytes of a checkpoint of that size, and check the answer.

        1. It answers HTTP 200 within ``ANSWER_SECONDS`` and ``MAX_TOKEN_BYTES``, and is not redirected.
        2. What checks evidence offline finds it granted, over the note, signed by a certificate for timestamps that
           leads to a root.
        3. The library that speaks the protocol says the same, and that it answers this very request (nonce) under the
           policy.
        4. Its time is ours, within ``MAX_CLOCK_DIFFERENCE``.

        Raises Unavailable(LOG_UNWITNESSED) that says which did not hold.
        """
        text = note.encode()
        request = TimestampRequestBuilder(data=text, hash_algorithm=HashAlgorithm.SHA256).build()
        # 1
        token = await self._ask(request.as_bytes())
        # 2
        try:
            fact = check_stamp(token, text, self._roots)
        except ValueError as error:
            raise _refused("the answer does not hold", str(error)) from error
        if not fact.rooted:
            raise _refused("the answer does not hold", "a certificate that leads to none of the roots")
        # 3
        verifier = VerifierBuilder(policy_id=self._policy, roots=list(self._roots), nonce=request.nonce).build()
        try:
            response = decode_timestamp_response(_in_order(token))
            verifier.verify(response, request.message_imprint.message)
        except (ValueError, VerificationError) as error:
            raise _refused("the answer does not hold", str(error)) from error
        # 4
        if abs(fact.at - now) > MAX_CLOCK_DIFFERENCE:
            raise _refused("the authority's time is not ours", fact.at.isoformat(), "look at both clocks")
        return Stamp(size, note, token, fact.at)

    async def _ask(self, query: bytes) -> bytes:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.post(
                    self.url, data=query, headers={"Content-Type": QUERY_TYPE}, allow_redirects=False
                ) as response,
            ):
                if response.status != HTTPStatus.OK:
                    raise _refused("the authority does not answer", f"HTTP {response.status}")
                token = b""
                async for chunk in response.content.iter_chunked(MAX_TOKEN_BYTES):
                    token += chunk
                    if len(token) > MAX_TOKEN_BYTES:
                        raise _refused("the answer is too long", f"more than {MAX_TOKEN_BYTES} bytes")
                return token
        except TimeoutError:
            raise _refused("the authority does not answer", f"nothing within {ANSWER_SECONDS:g} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _refused("the authority does not answer", type(error).__name__) from error


def _in_order(response: bytes) -> bytes:
    """The same response with its set of certificates in the order of DER.

    Nothing signs the order, OpenSSL and who builds on it send them as they come, and the library takes no other.
    """
    certificates = [each.public_bytes(Encoding.DER) for each in certificates_in(response)]
    return response.replace(b"".join(certificates), b"".join(sorted(certificates)), 1)


class Stamper:
    """Has the log stamped, for as long as it runs."""

    def __init__(
        self, house: House, authorities: Sequence[Authority], every_seconds: float, closed_after: timedelta | None
    ) -> None:
        """``closed_after`` is how long a leaf may wait for its timestamp before cases stop; None for ever."""
        self._house = house
        self._authorities = tuple(authorities)
        self._every_seconds = every_seconds
        self._closed_after = closed_after
        self._oldest: datetime | None = None
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Have it stamped until cancelled, at most once in ``every_seconds``, and only when it grew."""
        fruitless = 0
        while True:
            try:
                fruitless = 0 if await self.step() else fruitless + 1
            except TongbanError as error:
                fruitless += 1
                _log.warning("stamping failed", error=str(error))
            await asyncio.sleep(wait_after(fruitless, self._every_seconds))

    async def step(self) -> bool:
        """One round: ask the authorities in turn until one gave a timestamp. False when none did.

        Raises what the store raises.
        """
        await self.look()
        newest = await self._house.store.newest_stamp()
        due = await self._due(newest.size if newest else 0)
        if due is None:
            return True
        for authority in self._authorities:
            try:
                stamp = await authority.stamp(*due, self._house.clock.now())
            except Unavailable as error:
                self._tell(authority.url, error)
                continue
            await self._house.store.record(Recording(stamps=(stamp,)))
            if self._troubles.pop(authority.url, ""):
                _log.info("an authority gives timestamps again", url=authority.url)
            await self.look()
            return True
        return False

    async def look(self) -> None:
        """Find the oldest leaf that no timestamp is over. Raises what the store raises."""
        if self._closed_after is None:
            return
        newest = await self._house.store.newest_stamp()
        leaves = await self._house.store.leaves(newest.size if newest else 0, 1)
        leaves = leaves or [each.data for each in await self._house.store.waiting_leaves(1)]
        self._oldest = Leaf.from_bytes(leaves[0]).at if leaves else None

    def require_stamped(self) -> None:
        """Raise Unavailable(LOG_UNWITNESSED) while a leaf has waited for its timestamp longer than it may."""
        if self._closed_after is None or self._oldest is None:
            return
        waited = self._house.clock.now() - self._oldest
        if waited > self._closed_after:
            raise Unavailable(
                Reason.LOG_UNWITNESSED,
                "this gateway's audit log has not been timestamped for too long",
                got=f"a leaf that has waited {waited // timedelta(seconds=1)} seconds",
                expected=f"at most {self._closed_after.total_seconds():g}",
                mend="send it again later; the gateway's operator finds why in its log",
                fault=Fault.OPERATOR,
            )

    async def _due(self, stamped: int) -> tuple[int, str] | None:
        """Size and note of what to stamp: the newest cosigned checkpoint if it is news, else the newest at all."""
        head = await self._house.store.log_head()
        for note in (await newest_cosigned(self._house), head.checkpoint):
            size = Checkpoint.from_text(split_note(note)[0]).size if note else 0
            if size > stamped:
                return size, note
        return None

    def _tell(self, url: str, error: Unavailable) -> None:
        """Say once what is wrong with an authority, and again when something else is."""
        if self._troubles.get(url) != error.failed:
            self._troubles[url] = error.failed
            _log.warning("an authority gave no timestamp that can be taken", url=url, error=error.sentence)


def wait_after(fruitless: int, every_seconds: float) -> float:
    """Seconds until the next round, after so many in a row without a timestamp that was due."""
    if not fruitless:
        return every_seconds
    return min(FIRST_WAIT_SECONDS * (1 << min(fruitless - 1, 10)), LONGEST_WAIT_SECONDS)


def _refused(failed: str, got: str, mend: str = "another authority is tried, then this one again") -> Unavailable:
    return Unavailable(Reason.LOG_UNWITNESSED, failed, got=got, mend=mend)
