"""Taking the JSON objects of a catalogue apart, field by field, with every fault noted and none raised.

A field with a fault yields a stand-in of the right type, so that reading goes on and finds the next fault; stand-ins
never leave, because any fault refuses the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from gateway.domain.catalogue import MAX_TEXT_LENGTH

MAX_NAME_SHOWN: Final = 64
"""So many characters of a name that somebody else gave a thing are repeated in a fault."""

_KEY: Final = re.compile(r"[a-z0-9_]{1,64}")
_ALWAYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})

_E = TypeVar("_E", bound=Enum)
_T = TypeVar("_T")


class Shared:
    """Values that many items share, each held once, for as long as catalogues are being read.

    What was read is found again by its field and by what was written there, letter for letter: by its own value it
    could not be, since ``Mode.ONLINE`` equals ``ApplyWay.ONLINE``. It grows with all that differs; let it go after a
    load.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._read: dict[tuple[str, str], Any] = {}
        self._tuples: dict[tuple[int, ...], Any] = {}

    def text(self, text: str) -> str:
        """Return the text that came first of those equal to this one."""
        return self._texts.setdefault(text, text)

    def once(self, name: str, written: object, read: Callable[[], _T], faults: list[str]) -> _T:
        """Return what was read before from the same writing in a field of that name; else ``read`` it.

        What was read with faults isn't kept.
        """
        key = (name, repr(written))
        if key in self._read:
            held: _T = self._read[key]
            return held
        before = len(faults)
        value = read()
        if len(faults) == before:
            self._read[key] = value
        return value

    def tuple_of(self, members: tuple[_T, ...]) -> tuple[_T, ...]:
        """Return the tuple that came first of those with the very same members, all of them out of ``once``."""
        held: tuple[_T, ...] = self._tuples.setdefault(tuple(map(id, members)), members)
        return held


class Reader:
    """One JSON object: gives out each field once and is used up by it, notes every fault, and lastly unknown fields."""

    def __init__(self, content: object, where: str, faults: list[str], shared: Shared) -> None:
        self.where = where
        self.faults = faults
        self.shared = shared
        self._left: dict[str, Any] = {}
        if isinstance(content, dict):
            self._left = content
        else:
            faults.append(f"{where}: not a JSON object")

    def fault(self, name: str, what: str) -> None:
        """Note a fault of one field."""
        self.faults.append(f"{self.where}, {name[:MAX_NAME_SHOWN]}: {what}")

    def finish(self) -> None:
        """Note the fields that nobody asked for."""
        for name in self._left:
            self.fault(name, "there is no such field")

    def text(self, name: str, *, default: str | None = None, longest: int = MAX_TEXT_LENGTH) -> str:
        """Read a text of 1 to ``longest`` characters, without blanks around it."""
        if default is not None and name not in self._left:
            return self.shared.text(default)
        return self._text(name, self._left.pop(name, None), longest)

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts; an absent one is empty."""
        return self._list(name, [], lambda value: self._text(name, value, MAX_TEXT_LENGTH))

    def key(self, name: str) -> str:
        """Read a name that programs know something by."""
        value = self._left.pop(name, None)
        if not isinstance(value, str) or _KEY.fullmatch(value) is None:
            self.fault(name, "1 to 64 lower-case letters, digits and underscores are wanted")
            return ""
        return self.shared.text(value)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Read true or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            self.fault(name, "true or false is wanted")
            return False
        return value

    def number(self, name: str, *, low: int = 0, high: int = 2**31 - 1, default: int | None = None) -> int:
        """Read a whole number."""
        value = self._left.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fault(name, f"a whole number of {low} to {high} is wanted")
            return low
        return value

    def day(self, name: str, *, optional: bool = False) -> date | None:
        """Read a day; ``None`` for an optional one that is absent."""
        if optional and name not in self._left:
            return None
        value = self._left.pop(name, None)
        return self.shared.once("day", value, lambda: self._day(name, value), self.faults)

    def choice(self, name: str, kind: type[_E]) -> _E:
        """Read one value of a table."""
        return self._one_of(name, self._left.pop(name, None), kind)

    def choices(self, name: str, kind: type[_E], *, optional: bool = False) -> tuple[_E, ...]:
        """Read several values of a table; an optional list that is absent is empty."""
        return self._list(name, [] if optional else None, lambda value: self._one_of(name, value, kind))

    def answers(self, name: str) -> Mapping[str, frozenset[str]]:
        """Read question → its answers, one or more; an absent object is empty."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict) or not all(map(_are_texts, value.values())):
            self.fault(name, "an object of questions with one or more answers each is wanted")
            return _ALWAYS
        return MappingProxyType({key: frozenset(each) for key, each in value.items()}) if value else _ALWAYS

    def readers(self, name: str, *, named_by: str) -> Iterator[Reader]:
        """Give out a list of objects one by one; faults name each by its position and by its field ``named_by``."""
        for number, value in enumerate(self._values(name, None), start=1):
            yield self._within(name, number, value, named_by)

    def objects(
        self, name: str, read: Callable[[Reader], _T], *, named_by: str, optional: bool = False
    ) -> tuple[_T, ...]:
        """Read a list of objects that many items share, and the list itself; one that is absent may be empty."""

        def member(number: int, value: object) -> _T:
            return self.shared.once(name, value, lambda: read(self._within(name, number, value, named_by)), self.faults)

        before = len(self.faults)
        values = self._values(name, [] if optional else None)
        members = tuple(member(number, value) for number, value in enumerate(values, start=1))
        return self.shared.tuple_of(members) if len(self.faults) == before else members

    def _within(self, name: str, number: int, value: object, named_by: str) -> Reader:
        own_name = value.get(named_by) if isinstance(value, dict) else None
        label = f"{name}[{number}]" + (f" {own_name[:MAX_NAME_SHOWN]}" if isinstance(own_name, str) else "")
        return Reader(value, f"{self.where}, {label}", self.faults, self.shared)

    def _values(self, name: str, default: list[object] | None) -> list[object]:
        values = self._left.pop(name, default)
        if isinstance(values, list):
            return values
        self.fault(name, "a list is wanted")
        return []

    def _list(self, name: str, default: list[object] | None, read: Callable[[object], _T]) -> tuple[_T, ...]:
        values = self._values(name, default)
        return self.shared.once(name, values, lambda: tuple(map(read, values)), self.faults)

    def _text(self, name: str, value: object, longest: int) -> str:
        if not isinstance(value, str) or not value or value != value.strip():
            self.fault(name, "a text, neither empty nor with blanks around it, is wanted")
            return ""
        if len(value) > longest:
            self.fault(name, f"{len(value)} characters; {longest} are the most")
        elif _is_broken(value):
            self.fault(name, "it has half of a character in it (a lone surrogate)")
        return self.shared.text(value[:longest])

    def _day(self, name: str, value: Any) -> date | None:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.fault(name, "a day that exists, written yyyy-mm-dd, is wanted")
            return None

    def _one_of(self, name: str, value: object, kind: type[_E]) -> _E:
        try:
            if not isinstance(value, bool):
                return kind(value)
        except ValueError:
            pass
        self.fault(name, f"one of {', '.join(str(member.value) for member in kind)} is wanted")
        return next(iter(kind))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def note_repeats(keys: Iterable[str], where: str, faults: list[str]) -> None:
    """Note each key that stands twice; stand-ins for faulty keys pass."""
    seen: set[str] = set()
    for key in keys:
        if key in seen and key:
            faults.append(f"{where} {key!r} stands twice")
        seen.add(key)
