"""Following the other gateways: their catalogues and their journals of the crosswalk, pulled by signed calls.

Rules:

1. Every active gateway of the directory is asked in turns of its own, so that one that is down, slow or lying holds up
   nobody else. What is read in a turn is bounded in time, in pages and in bytes.
2. Nothing is believed in part. A catalogue is taken when all its records are right and together have the digest that
   its gateway named; when changes since the edition held don't come to that, the whole is pulled once more. Otherwise
   what is held stays in force.
3. Of a journal its gateway's own is taken: rows between its region and ours or the national list, and the reviews that
   it signed; of what it passes on, the reviews that we signed, which a restored backup may lack. All else its authors
   give out themselves, and so nobody fills our store, or takes a peer's room in it, through the journals of others.
   What is no row and no review is passed over and told, and what comes behind it is taken. A review that can't be
   verified yet, because its key or member is not in the directory here, is kept: it counts when it can be.
4. What is taken is recorded with the bookmark behind it in one transaction. A crash before it leaves the old bookmark,
   and the next turn asks again; a crash after it leaves everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from typing import Final

import structlog

from gateway.domain.catalogue import NATIONAL, Catalogue, Item
from gateway.domain.catalogue_reader import Shared
from gateway.domain.crosswalk_cells import row_of
from gateway.domain.editions import digest_of
from gateway.exchange.house import House
from gateway.holdings import held_catalogue, held_head, items_of, recording_of
from gateway.knowledge import StandingKnowledge
from gateway.ports import CataloguePage, CrosswalkEntry, Peer, Recording
from trust.directory import Directory, Member, MemberStatus, Role
from trust.errors import Fault, Malformed, Reason, TongbanError, Unavailable
from trust.review import issuer_of, open_review

CATALOGUES_AT_ONCE: Final = 4
"""Catalogues that are read at the same time: bounds what is held in memory for all of them."""

TURN_SECONDS: Final = 300.0
"""Longest time for one reading of a peer's catalogue or journal."""

FIRST_RETRY_SECONDS: Final = 2.0
"""How soon a peer is asked again after a turn that failed; each further wait doubles, up to the usual one."""

ATTEMPTS: Final = 3
"""How often a catalogue is begun in one turn: its changes, the whole, and once more for an edition made meanwhile."""

MAX_PAGES: Final = 2_000
"""Most pages of one catalogue, or of one reading of a journal; what is left of a journal waits for the next turn."""

MAX_RECORDS: Final = 500_000
"""Most records of one catalogue."""

MAX_CATALOGUE_BYTES: Final = 512 * 1024 * 1024
"""Longest that the records of one pull may be together."""

MAX_JOURNAL_BYTES: Final = 256 * 1024 * 1024
"""Most that is ever kept of one peer's journal, so that no member can fill the store."""

MAX_ERROR_TOLD: Final = 600
"""So many characters of what is wrong with a peer's word go into the log: a peer writes some of them."""

_MAY_COME_RIGHT: Final = frozenset({Reason.KEY_UNKNOWN, Reason.KEY_NOT_IN_FORCE, Reason.MEMBER_NOT_IN_FORCE})
"""What a newer directory may mend in a review."""

_log = structlog.get_logger("gateway.following")


def turn_wait(failures: int, every: float) -> float:
    """Seconds until a peer's next turn after so many failures in a row.

    Sooner at first, so that one that was just starting is not missed for long, and never later than without failures.
    """
    if not failures:
        return every
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 20), every)


class NewEdition(Exception):
    """The peer made a new edition while its pages were read."""


@dataclass(slots=True)
class _Pull:
    """What the pages of one edition say."""

    first: CataloguePage
    items: list[Item] = field(default_factory=list)
    total_bytes: int = 0

    def take(self, page: CataloguePage, items: Sequence[Item]) -> None:
        """One more page. NewEdition; Malformed when it can't be part of what the first one announced."""
        if (page.edition, page.digest) != (self.first.edition, self.first.digest):
            raise NewEdition
        self.items += items
        self.total_bytes += sum(map(len, page.records))
        bound = min(self.first.record_count, MAX_RECORDS)
        if len(self.items) > bound or self.total_bytes > MAX_CATALOGUE_BYTES:
            raise _not_as_said(
                "the pages of a catalogue",
                got=f"{len(self.items)} records of {self.total_bytes} bytes",
                expected=f"at most {bound} records and {MAX_CATALOGUE_BYTES} bytes",
            )


class Follower:
    """Follows the peers for as long as it runs."""

    def __init__(self, house: House, peer: Peer, knowledge: StandingKnowledge, every: float) -> None:
        """``every`` is the number of seconds between two turns of one peer."""
        self._house = house
        self._peer = peer
        self._knowledge = knowledge
        self._every = every
        self._room = asyncio.Semaphore(CATALOGUES_AT_ONCE)
        self._trouble: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Follow whoever the directory lists until cancelled."""
        followed: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                listed = {member.id: member for member in self._peers()}
                for gone in followed.keys() - listed.keys():
                    followed.pop(gone).cancel()
                for member_id in listed.keys() - followed.keys():
                    followed[member_id] = asyncio.create_task(self._follow(member_id))
                await asyncio.sleep(self._every)
        finally:
            for task in followed.values():
                task.cancel()
            await asyncio.gather(*followed.values(), return_exceptions=True)

    def _peers(self) -> Iterator[Member]:
        now = self._house.clock.now()
        for member in self._knowledge.directory.members:
            active = member.in_force(now) and member.status is MemberStatus.ACTIVE
            if member.role is Role.GATEWAY and member.id != self._house.member_id and active:
                yield member

    async def _follow(self, member_id: str) -> None:
        failures = 0
        while True:
            try:
                failures = 0 if await self.turn(member_id) else failures + 1
            except Exception as defect:  # noqa: BLE001 - one peer's answers must not end the following of it
                self._house.report_defect(defect)
                failures += 1
            await asyncio.sleep(turn_wait(failures, self._every))

    async def turn(self, member_id: str) -> bool:
        """Ask one peer for what is new; whether all went well.

        What fails is told in the log, once while it stays the same.
        """
        well = True
        for what, pull in (("catalogue", self.pull_catalogue), ("crosswalk", self.pull_crosswalk)):
            try:
                await pull(member_id)
            except TimeoutError:
                self._tell(member_id, what, _too_slow(member_id))
                well = False
            except TongbanError as error:
                self._tell(member_id, what, error)
                well = False
            else:
                self._trouble.pop((member_id, what), None)
        return well

    def _tell(self, member_id: str, what: str, error: TongbanError) -> None:
        if self._trouble.get((member_id, what)) == str(error):
            return
        self._trouble[member_id, what] = str(error)
        said = str(error)[:MAX_ERROR_TOLD]
        if isinstance(error, Malformed):
            _log.error("a peer's word is not taken; what is held stays", peer=member_id, what=what, error=said)
        else:
            _log.warning("following a peer failed", peer=member_id, what=what, error=said)

    # catalogue

    async def pull_catalogue(self, member_id: str) -> None:
        """Take over the peer's own catalogue when it has a new edition.

        Raises Malformed when what it says does not hold together, and the errors of ``Peer.catalogue_page``.
        """
        region = self._knowledge.directory.member(member_id).region
        if region == self._house.region:
            return None  # ours is our platform's to tell
        head = await held_head(self._house.store, region)
        held = self._knowledge.atlas.catalogues.get(region)
        if head is not None and (held is None or held.version != head.edition):
            # Recorded, and then broken off before it was gone by.
            held = await held_catalogue(self._house.store, region)
            if held is not None:
                self._knowledge.adopt(held)
        since = head.edition if head else 0
        for _ in range(ATTEMPTS):
            async with asyncio.timeout(TURN_SECONDS):
                first = await self._peer.catalogue_page(member_id, region, since, "")
            if head is not None and (first.edition, first.digest) == (head.edition, head.digest):
                return None
            base = held if first.since_edition else None
            try:
                if first.since_edition and (base is None or not base.version == first.since_edition == since):
                    raise _not_as_said(
                        f"what came since edition {since}", got=f"since {first.since_edition}", expected=str(since)
                    )
                async with self._room, asyncio.timeout(TURN_SECONDS):
                    pull = await self._gather(member_id, region, since, first)
                    catalogue = await asyncio.to_thread(_assembled, pull, region, base)
            except NewEdition:
                continue
            except Malformed:
                if not since:
                    raise
                since = 0  # the whole, once more
                continue
            return await self._adopt(catalogue, pull, anew=base is None)
        raise Unavailable(
            Reason.PEER_UNAVAILABLE,
            f"pulling the catalogue of {member_id}",
            got="a new edition each time before the last page",
            expected="an edition that stands for as long as it is read",
            mend="it is tried again at the next turn",
        )

    async def _gather(self, member_id: str, region: str, since: int, first: CataloguePage) -> _Pull:
        """Read on from the first page to the last. NewEdition; Malformed for pages that come to nothing."""
        pull, shared, page = _Pull(first), Shared(), first
        for _ in range(MAX_PAGES):
            pull.take(page, await asyncio.to_thread(items_of, region, page.records, shared))
            if not page.next_page:
                return pull
            page = await self._peer.catalogue_page(member_id, region, since, page.next_page)
        raise _not_as_said("the pages of a catalogue", got=f"more than {MAX_PAGES}", expected="a last one")

    async def _adopt(self, catalogue: Catalogue, pull: _Pull, *, anew: bool) -> None:
        """Record an edition and go by it. A crash in between leaves it recorded: the next start goes by it."""
        digest = pull.first.digest
        recording = await asyncio.to_thread(recording_of, catalogue, digest, pull.items, anew=anew)
        await self._house.store.record(recording)
        self._knowledge.adopt(catalogue)
        _log.info(
            "catalogue of a peer taken over",
            catalogue=catalogue.id,
            edition=catalogue.version,
            records=len(catalogue.items),
            new=len(pull.items),
            digest=digest.hex(),
        )

    # crosswalk

    async def pull_crosswalk(self, member_id: str) -> None:
        """Put what is new in the peer's journal into ours.

        Raises Malformed when its positions don't grow or it wants more room than a member has, and the errors of
        ``Peer.crosswalk_changes``.
        """
        name = f"crosswalk:{member_id}"
        mark = _Mark.read(await self._house.store.bookmark(name))
        async with asyncio.timeout(TURN_SECONDS):
            for _ in range(MAX_PAGES):
                # The last entry taken is asked for again: when it is not there any more, the journal has begun a new
                # life after a backup was restored, and is read from its beginning.
                changes = await self._peer.crosswalk_changes(member_id, max(mark.position - 1, 0))
                if mark.position:
                    if not changes or (changes[0][0], _digest(changes[0][1])) != (mark.position, mark.digest):
                        mark = replace(mark, position=0, digest="")
                        continue
                    changes = changes[1:]
                if not changes:
                    return
                mark = await self._take(member_id, name, mark, changes)

    async def _take(
        self, member_id: str, name: str, mark: _Mark, changes: Sequence[tuple[int, CrosswalkEntry]]
    ) -> _Mark:
        """Record what is the peer's own of these changes, with the bookmark behind all of them."""
        parties = _Parties(self._knowledge.directory, member_id, self._house.member_id)
        good, bad = await asyncio.to_thread(parties.sift, [entry for _, entry in changes])
        # What is wrong is this peer's own doing, since every gateway sifts what it takes; it uses up its room as well.
        mark = mark.behind(member_id, changes, [*good, *(entry for entry, _ in bad)])
        await self._house.store.record(Recording(crosswalk_entries=tuple(good), bookmarks={name: str(mark)}))
        self._house.wake()
        if bad:  # one line, so that no peer can fill the log
            entry, error = bad[0]
            _log.warning(
                "entries of a peer's journal are passed over",
                peer=member_id,
                number=len(bad),
                first=_digest(entry),
                error=str(error)[:MAX_ERROR_TOLD],
            )
        return mark


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a peer's journal was taken: what the bookmark says."""

    position: int = 0
    """Of the last entry taken; 0 for none."""
    digest: str = ""
    """SHA-256 of that entry, in hex."""
    taken_bytes: int = 0
    """Of all that was not others' own, from the first on."""

    @classmethod
    def read(cls, bookmark: str) -> _Mark:
        if not bookmark:
            return cls()
        position, digest, taken_bytes = bookmark.split(":")
        return cls(int(position), digest, int(taken_bytes))

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}:{self.taken_bytes}"

    def behind(
        self, member_id: str, changes: Sequence[tuple[int, CrosswalkEntry]], own: Iterable[CrosswalkEntry]
    ) -> _Mark:
        """The mark behind these changes. Malformed when they can't be the journal's next, or its own are too much."""
        positions = [self.position, *(position for position, _ in changes)]
        if any(one >= other for one, other in pairwise(positions)):
            raise _not_as_said(
                f"the journal of {member_id}",
                got="positions that don't grow",
                expected=f"positions behind {self.position}, each higher than the one before",
            )
        taken = self.taken_bytes + sum(len(entry.record) + len(entry.review) for entry in own)
        if taken > MAX_JOURNAL_BYTES:
            raise _not_as_said(
                f"the journal of {member_id}", got=f"{taken} bytes in all", expected=f"at most {MAX_JOURNAL_BYTES}"
            )
        return _Mark(positions[-1], _digest(changes[-1][1]), taken)


def _assembled(pull: _Pull, region: str, held: Catalogue | None) -> Catalogue:
    """The edition that the pages make, on top of the one held. Malformed when it is not what was announced."""
    new = {(item.code, item.version): item for item in pull.items}
    kept = (item for item in held.items if (item.code, item.version) not in new) if held else ()
    items = tuple(sorted((*kept, *new.values()), key=lambda item: (item.code, item.version)))
    first = pull.first
    digest = digest_of(items)
    if (len(items), digest) != (first.record_count, first.digest):
        raise _not_as_said(
            f"edition {first.edition} of catalogue {region}",
            got=f"{len(items)} records with digest {digest.hex()}",
            expected=f"{first.record_count} with {first.digest.hex()}, as its gateway said",
        )
    return Catalogue(region, first.name, first.edition, items, first.windows)


@dataclass(frozen=True, slots=True)
class _Parties:
    """Whose journal is read by whom."""

    directory: Directory
    peer: str
    """The gateway whose journal it is."""
    us: str
    """The gateway that reads it."""

    def sift(
        self, entries: Iterable[CrosswalkEntry]
    ) -> tuple[list[CrosswalkEntry], list[tuple[CrosswalkEntry, TongbanError]]]:
        """Those to keep; and what is no row and no review, with what is wrong with it."""
        good: list[CrosswalkEntry] = []
        bad: list[tuple[CrosswalkEntry, TongbanError]] = []
        for entry in entries:
            try:
                if self._is_review_to_keep(entry.review) if entry.review else self._is_row_to_keep(entry.record):
                    good.append(entry)
            except TongbanError as error:
                bad.append((entry, error))
        return good, bad

    def _is_row_to_keep(self, record: bytes) -> bool:
        row = row_of(record)
        region, ours = self.peer.partition(".")[0], self.us.partition(".")[0]
        ends = {row.source_catalogue, row.target_catalogue}
        return region in ends and not ends.isdisjoint({ours, NATIONAL})

    def _is_review_to_keep(self, review: str) -> bool:
        # Said of itself, and no more than a reason not to look closer: who signed it is known below.
        if issuer_of(review) not in {self.peer, self.us}:
            return False
        try:
            open_review(review, self.directory)
        except TongbanError as error:
            if error.reason not in _MAY_COME_RIGHT:
                raise
        return True


def _digest(entry: CrosswalkEntry) -> str:
    return sha256(entry.record or entry.review.encode()).hexdigest()


def _not_as_said(what: str, *, got: str, expected: str) -> Malformed:
    return Malformed(
        Reason.FIELD_INVALID,
        f"reading {what}",
        got=got,
        expected=expected,
        mend="tell the member's operators; it is asked again at the next turn",
        fault=Fault.PEER,
    )


def _too_slow(member_id: str) -> Unavailable:
    return Unavailable(
        Reason.PEER_UNAVAILABLE,
        f"reading on at {member_id}",
        got=f"no end after {TURN_SECONDS:.0f} s",
        expected="an answer of a few seconds",
        mend="it is tried again at the next turn; if it stays so, ask the member's operators",
    )
