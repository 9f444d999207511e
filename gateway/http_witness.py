"""A third party that witnesses our log: asked over plain HTTP, as c2sp.org/tlog-witness says."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import aiohttp

from trust.errors import Conflict, Fault, Misconfigured, Reason, TongbanError, Unavailable
from trust.note import NoteKey, SignatureType

MAX_ANSWER_BYTES: Final = 16 * 1024
"""Longest answer that is read: some lines, or a size."""


class HttpWitness:
    """One witness, by its submission prefix and verifier key."""

    def __init__(self, url: str, verifier_key: str, session: aiohttp.ClientSession) -> None:
        """Raises ``Misconfigured(CONFIG_INVALID)`` for a key that makes no cosignatures."""
        try:
            key = NoteKey.from_verifier_key(verifier_key)
        except TongbanError as error:
            raise _no_witness(url, error.got) from error
        if key.type is not SignatureType.COSIGNATURE:
            raise _no_witness(url, "a log's key")
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._session = session
        self.name = key.name
        self.keys: Sequence[NoteKey] = (key,)

    async def add_checkpoint(self, request: str) -> str:
        """Its signature lines. Conflict as it says, with ``size``; Unavailable when nothing usable came."""
        try:
            async with self._session.post(self._url, data=request.encode()) as response:
                received = b""
                # To its end: half a size is a size too.
                while chunk := await response.content.read(MAX_ANSWER_BYTES + 1 - len(received)):
                    received += chunk
                if len(received) > MAX_ANSWER_BYTES:
                    raise self._unavailable(f"more than {MAX_ANSWER_BYTES} bytes")
                answer, status = received.decode(), response.status
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
            raise self._unavailable(type(error).__name__) from error
        match status:
            case HTTPStatus.OK:
                return answer
            case HTTPStatus.CONFLICT:
                raise self._stale(answer)
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise Conflict(
                    Reason.LOG_INCONSISTENT,
                    f"{self.name} does not find our log to continue what it cosigned",
                    mend="keep both notes as evidence; docs/audit.md says what to do",
                    fault=Fault.OPERATOR,
                )
            case _:
                raise self._unavailable(f"status {status}")

    def _stale(self, answer: str) -> TongbanError:
        size = answer.removesuffix("\n")
        if not (size.isascii() and size.isdecimal() and len(size) < 20):
            return self._unavailable("status 409 without a size")
        return Conflict(
            Reason.CHECKPOINT_STALE,
            f"{self.name} cosigned another size last",
            expected=f"old {size}",
            details={"size": size},
            fault=Fault.PEER,
        )

    def _unavailable(self, got: str) -> Unavailable:
        return Unavailable(
            Reason.PEER_UNAVAILABLE,
            f"asking the witness {self.name}",
            got=got,
            expected="a cosignature",
            mend="it is asked again; if it stays so, ask its operator",
        )


def _no_witness(url: str, got: str) -> Misconfigured:
    return Misconfigured(
        Reason.CONFIG_INVALID,
        f"the key of the witness at {url} is none",
        got=got,
        expected="<name>+<8 hex digits>+<base64 of 0x04 and an Ed25519 key>",
        mend="copy the verifier key (vkey) that the witness's operator gives",
    )
