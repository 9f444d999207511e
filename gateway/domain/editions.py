"""Editions of a catalogue: what an item is hashed as, and what a pull makes of the catalogue that is held.

A platform only tells the present; the gateway remembers. Rules:

1. The record of an item is the canonical JSON of what a catalogue file holds for it: keys sorted, no blanks, UTF-8,
   fields at their default left out. One item has one record, and other bytes are refused, so that a hash stands for
   one item only.
2. The digest of an edition is the RFC 6962 root over the records of all its versions, by code and version.
3. What a platform tells differently, ``version`` and ``listed_from`` apart, becomes a new version from that day on, and
   the old version stays beside it. Its number is the platform's own where that is higher, else the next one.
4. What a platform tells no longer is retired by a new version, never deleted; and comes back by another.
5. The outcome doesn't depend on the order in which anything is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Final

from gateway.domain.catalogue import Catalogue, Item, ItemState
from gateway.domain.catalogue_file import content_of, malformed, read_item, record_of
from gateway.domain.catalogue_reader import MAX_NAME_SHOWN, Reader, Shared
from trust.errors import Fault, Malformed, Reason
from trust.merkle import CompactRange, leaf_hash

__all__ = [
    "CatalogueDiff",
    "ColumnChange",
    "ItemChange",
    "digest_of",
    "item_of",
    "next_edition",
    "record_of",
]

MANY_VANISHED: Final = 5
"""So many items may vanish between two pulls without a doubt about the pull."""

VANISHED_SHARE: Final = 5
"""One in so many items in force may."""

_TOLD_OTHERWISE: Final = ("version", "listed_from")
"""Columns that the gateway sets itself."""

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_in_order = attrgetter("code", "version")
_told = attrgetter(*(name for name in Item.__dataclass_fields__ if name not in _TOLD_OTHERWISE))


def item_of(record: bytes, catalogue: str, shared: Shared | None = None) -> Item:
    """Read the record of an item of a catalogue, as another gateway sent it or the store kept it.

    Whoever reads many passes the same ``shared``, so that what the items have in common is held once. Raises
    ``Malformed`` naming the faults, also when the bytes are not the item's own record.
    """
    failed = f"read the record of an item of catalogue {catalogue}"
    try:
        content = json.loads(record.decode())
    except (ValueError, RecursionError):
        raise malformed(failed, ["it is not JSON in UTF-8"]) from None
    faults: list[str] = []
    code = content.get("code") if isinstance(content, dict) else None
    where = f"item {code[:MAX_NAME_SHOWN]}" if isinstance(code, str) else "item"
    item = read_item(Reader(content, where, faults, shared or Shared()), catalogue)
    if not faults and record_of(item) != record:
        faults.append(f"{where}: the record is not in the one form that is hashed")
    if faults:
        raise malformed(failed, faults)
    return item


def digest_of(items: Iterable[Item]) -> bytes:
    """Return the digest of an edition, 32 bytes; without items it is ``trust.merkle.EMPTY_ROOT``."""
    tree = CompactRange()
    for item in sorted(items, key=_in_order):
        tree, _ = tree.append(leaf_hash(record_of(item)))
    return tree.root()


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column that a platform tells differently."""

    name: str
    """The field's name in a catalogue file."""
    before: str
    """What it held, as text; JSON where it is more than a text; empty when it was left out."""
    after: str
    """What it holds now, likewise."""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item that a platform tells differently."""

    before: Item
    """The newest version held before."""
    after: Item
    """The version that takes its place."""

    @property
    def columns(self) -> tuple[ColumnChange, ...]:
        """The columns that differ, by name."""
        before, after = content_of(self.before), content_of(self.after)
        return tuple(
            ColumnChange(name, _as_text(before.get(name)), _as_text(after.get(name)))
            for name in sorted({*before, *after} - {*_TOLD_OTHERWISE})
            if before.get(name) != after.get(name)
        )


@dataclass(frozen=True, slots=True)
class CatalogueDiff:
    """What a pull changes in the catalogue that is held; each list by code."""

    added: tuple[Item, ...] = ()
    """Items under a code that was never there before."""
    changed: tuple[ItemChange, ...] = ()
    """Items that are told differently, among them retired ones that come back."""
    retired: tuple[ItemChange, ...] = ()
    """Items that the pull lacks."""
    changed_without_version: tuple[str, ...] = ()
    """Codes of those ``changed`` whose version the platform did not raise above the one held."""
    heading_changed: bool = False
    """Whether the catalogue's name or windows are told differently."""
    in_force: int = 0
    """How many items could be applied for before, on the day of the pull."""
    vanished: int = 0
    """How many of them the pull lacks."""

    @property
    def is_empty(self) -> bool:
        """Whether the pull tells nothing new."""
        return not (self.added or self.changed or self.retired or self.heading_changed)

    @property
    def shrinks(self) -> bool:
        """Whether so much vanishes that the pull itself is in doubt.

        More than ``MANY_VANISHED`` items in force, and more than one in ``VANISHED_SHARE`` of them.
        """
        return self.vanished > MANY_VANISHED and self.vanished * VANISHED_SHARE > self.in_force

    @property
    def new_versions(self) -> tuple[Item, ...]:
        """The versions that the next edition has and the one before has not, by code."""
        taken = (change.after for change in (*self.changed, *self.retired))
        return tuple(sorted((*self.added, *taken), key=_in_order))


def next_edition(held: Catalogue | None, pulled: Catalogue, on: date) -> tuple[Catalogue, CatalogueDiff]:
    """Work out the edition that a pull on a Beijing day makes of the catalogue held, and what it changes.

    ``held`` itself is returned when nothing changes; it is ``None`` at the first pull, which is taken as it is. Raises
    ``Malformed`` when the pull tells several versions of one code, or of another place's items.
    """
    if held is None:
        items = tuple(sorted(pulled.items, key=_in_order))
        return replace(pulled, version=max(1, pulled.version), items=items), CatalogueDiff(added=items)
    _check_pull(held, pulled)
    codes = {item.code for item in pulled.items}
    newest = {item.code: item for item in sorted(held.items, key=_in_order)}
    added, changed, without_version = [], [], []
    for told in sorted(pulled.items, key=_in_order):
        there = newest.get(told.code)
        if there is None:
            added.append(replace(told, listed_from=on))
        elif _told(told) != _told(there):
            changed.append(ItemChange(there, _successor(there, told, on)))
            if told.version <= there.version:
                without_version.append(told.code)
    gone = [item for code, item in newest.items() if code not in codes and item.state is not ItemState.RETIRED]
    diff = CatalogueDiff(
        added=tuple(added),
        changed=tuple(changed),
        retired=tuple(ItemChange(item, _retired(item, on)) for item in gone),
        changed_without_version=tuple(without_version),
        heading_changed=(held.name, held.windows) != (pulled.name, pulled.windows),
        in_force=sum(not item.why_not_in_force(on) for item in newest.values()),
        vanished=sum(not item.why_not_in_force(on) for item in gone),
    )
    if diff.is_empty:
        return held, diff
    items = tuple(sorted((*held.items, *diff.new_versions), key=_in_order))
    return Catalogue(held.id, pulled.name, held.version + 1, items, pulled.windows), diff


def _successor(before: Item, told: Item, on: date) -> Item:
    return replace(told, version=max(told.version, before.version + 1), listed_from=on)


def _retired(item: Item, on: date) -> Item:
    """Retire an item from a day on, also one that had not begun by then."""
    retired = replace(item, version=0, state=ItemState.RETIRED, valid_from=min(item.valid_from, on))
    return _successor(item, retired, on)


def _check_pull(held: Catalogue, pulled: Catalogue) -> None:
    failed = f"take a pull of catalogue {held.id} over"
    if pulled.id != held.id:
        raise Malformed(Reason.FIELD_INVALID, failed, got=f"catalogue {pulled.id}", fault=Fault.PLATFORM)
    several = sorted({item.code for item in pulled.items if len(pulled.versions(item.code)) > 1})
    if several:
        raise Malformed(
            Reason.FIELD_INVALID,
            failed,
            got=f"several versions of {', '.join(map(repr, several[:10]))}",
            expected="the present version of each code",
            fault=Fault.PLATFORM,
        )


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else _encode(value)
