"""Who asks, as every decision sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from trust.directory import Action, Member
from trust.errors import Forbidden, Reason
from trust.leaf import Leaf, LeafKind
from trust.signed_call import Officer, VerifiedCall


@dataclass(frozen=True, slots=True)
class Caller:
    """A member, the officer it acts for, and the signed call it made; no call when an adapter speaks for a platform."""

    member: Member
    officer: Officer | None
    purpose: str
    call: VerifiedCall | None
    now: datetime
    """The moment of the call, for every decision about it."""
    call_digest: bytes = field(init=False)
    """SHA-256 of the request JWS; empty without one."""

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.call.signature.encode()).digest() if self.call else b""
        object.__setattr__(self, "call_digest", digest)

    def require(self, action: Action, *, item: str | None = None, licence_type: str | None = None) -> None:
        """One right of the member covers this action, this content and the call's purpose together. Forbidden."""
        self.member.require(action, item=item, licence_type=licence_type, purpose=self.purpose or None)

    def may(self, action: Action, *, item: str) -> bool:
        """Whether ``require`` passes, where what may not be seen is left out instead of refused."""
        try:
            self.require(action, item=item)
        except Forbidden:
            return False
        return True

    def require_officer(self, act: str) -> Officer:
        """The officer who answers for the act, since no program may do it by itself. Forbidden(OFFICER_MISSING)."""
        if self.officer is None:
            raise Forbidden(
                Reason.OFFICER_MISSING,
                f"{act} takes an officer who answers for it",
                expected="the officer in the signed call",
                mend="sign the call with the officer on whose behalf it is made",
            )
        return self.officer

    @property
    def actor(self) -> str:
        """Who acts, for an event: the officer's pseudonym, else the member."""
        return self.officer.id if self.officer else self.member.id

    def act(self, kind: LeafKind, subject: str, *, emitter: str = "", seq: int = 0) -> Leaf:
        """What this caller did, as an audit leaf that is about no case yet (``gateway.exchange.trails``)."""
        return Leaf(
            kind=kind,
            member=self.member.id,
            subject=subject,
            at=self.now,
            seq=seq,
            emitter=emitter,
            call=self.call_digest.hex(),
        )
