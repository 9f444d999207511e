"""Read a record that a stranger wrote: field by field, each with a bound, and say what can't be read.

Platforms write null, an empty text or nothing for "none"; numbers as numbers or as texts; and times without a zone,
meaning Beijing. ``because`` names the field and what is wrong with it, and never its value, which may name a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, TypeVar

from gateway.domain.calendar import BEIJING
from gateway.domain.case_number import CaseNumber
from trust.errors import Malformed

MAX_NOTICE_ID: Final = 64
"""Longest id of a notice, as ``gateway.domain.platform`` bounds it."""
MAX_LOCAL_NUMBER: Final = 100
"""Longest number that a platform gives a case."""
MAX_WORDS: Final = 1000
"""Longest reason or explanation, as tongban.case.v1 bounds it."""
MAX_FLAW: Final = 500
"""Longest words on what is wrong with one material."""
MAX_PROCEDURE: Final = 50
"""Longest name of a special procedure."""
MAX_KEY: Final = 64
"""Longest key of a material, question or answer."""

_T = TypeVar("_T")


class NotReadable(Exception):
    """A record, or a field of it, says nothing that the dialect knows."""

    def __init__(self, because: str) -> None:
        self.because = because
        super().__init__(because)


class Record:
    """One foreign record. Every method raises ``NotReadable``."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, Mapping):
            raise NotReadable(f"{where} is not a record")
        self._content = content
        self._where = where

    def text(self, name: str, longest: int) -> str:
        """A text without blanks around it; empty when there is none."""
        value = self._content.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._fault(name, "is not a text")
        text = str(value).strip()
        if len(text) > longest:
            raise self._fault(name, f"has {len(text)} characters, {longest} are the most")
        return text

    def required(self, name: str, longest: int) -> str:
        """A text that must be there."""
        text = self.text(name, longest)
        if not text:
            raise self._fault(name, "is empty")
        return text

    def number(self, name: str, low: int, high: int) -> int:
        """A whole number, written as a number or as a text."""
        text = self.required(name, 20)
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise self._fault(name, f"is not a whole number of {low} to {high}")
        return int(text)

    def code(self, name: str, meanings: Mapping[str, _T]) -> _T:
        """The meaning of a code, which may be a number or a text."""
        text = self.required(name, 50)
        if text not in meanings:
            raise self._fault(name, "is a code that the dialect does not have")
        return meanings[text]

    def codes(self, name: str, meanings: Mapping[str, _T]) -> tuple[_T, ...]:
        """The meanings of codes separated by commas."""
        texts = [text.strip() for text in self.text(name, 200).split(",") if text.strip()]
        if unknown := [text for text in texts if text not in meanings]:
            raise self._fault(name, f"has {len(unknown)} codes that the dialect does not have")
        return tuple(meanings[text] for text in texts)

    def flag(self, name: str) -> bool:
        """A yes or no, written 1 or 0; empty is no."""
        text = self.text(name, 5)
        if text not in {"", "0", "1"}:
            raise self._fault(name, "is neither 0 nor 1")
        return text == "1"

    def moment(self, name: str, pattern: str) -> datetime:
        """A Beijing time without a zone, as UTC."""
        try:
            local = datetime.strptime(self.required(name, 30), pattern)  # noqa: DTZ007 - the dialect has no zone
        except ValueError:
            raise self._fault(name, f"is not a time written {pattern}") from None
        return local.replace(tzinfo=BEIJING).astimezone(UTC)

    def day(self, name: str, pattern: str) -> date | None:
        """A Beijing day; None when there is none."""
        return self.moment(name, pattern).astimezone(BEIJING).date() if self.text(name, 30) else None

    def case_number(self, name: str) -> str:
        """A case number of the federation, in its one canonical form."""
        try:
            return str(CaseNumber.parse(self.required(name, 40)))
        except Malformed:
            raise self._fault(name, "is not a case number") from None

    def record(self, name: str) -> Record:
        """A record inside; an empty one when there is none."""
        return Record(self._content.get(name) or {}, f"{self._where}.{name}")

    def records(self, name: str, most: int) -> tuple[Record, ...]:
        """A list of records inside; a single record is a list of one, since XML can't tell them apart."""
        values = self._content.get(name)
        if values is None or values == "":
            return ()
        if isinstance(values, Mapping):
            values = [values]
        if not isinstance(values, list) or len(values) > most:
            raise self._fault(name, f"is not a list of at most {most} records")
        return tuple(Record(value, f"{self._where}.{name}[{index}]") for index, value in enumerate(values))

    def conditions(self, name: str, question: str, answers: str, most: int) -> dict[str, frozenset[str]]:
        """A list of records that each name a question and, separated by commas, answers to it; each question once."""
        records = self.records(name, most)
        conditions = {record.required(question, MAX_KEY): frozenset(record.words(answers)) for record in records}
        if len(conditions) < len(records):
            raise self._fault(name, "names a question twice")
        return conditions

    def words(self, name: str) -> tuple[str, ...]:
        """Texts separated by commas."""
        return tuple(text.strip() for text in self.text(name, 5000).split(",") if text.strip())

    def _fault(self, name: str, what: str) -> NotReadable:
        return NotReadable(f"{self._where}.{name} {what}")


def beijing_text(moment: datetime, pattern: str) -> str:
    """A UTC time as platforms write it: Beijing, without a zone."""
    return moment.astimezone(BEIJING).strftime(pattern)
