"""What people wrote down for this gateway to go by, read from the files that the configuration names.

Catalogues, rows of the crosswalk, signed reviews of them, working days. A fault in one is its operator's: it is told
with the file's name, before anything starts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gateway.config import CataloguesSection
from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import parse_catalogue
from gateway.domain.crosswalk import CrosswalkRow
from gateway.domain.crosswalk_csv import parse_csv
from gateway.domain.sssom import parse_sssom
from trust.errors import Malformed, Misconfigured, Reason


def read_file(path: Path, setting: str) -> bytes:
    """A file that the configuration names. Misconfigured(CONFIG_INVALID) when it can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID, f"{path} can't be read", got=error.strerror or "an error", mend=f"correct {setting}"
        ) from error


def read_catalogues(section: CataloguesSection) -> list[Catalogue]:
    """The catalogues that the configuration names. Misconfigured(CONFIG_INVALID) names the file and its faults."""
    catalogues = []
    for path in section.files:
        content = read_file(path, "[catalogues] files")
        with _faults_of(path):
            catalogues.append(parse_catalogue(content))
    return catalogues


def read_rows(section: CataloguesSection) -> list[CrosswalkRow]:
    """The rows of the crosswalk files, each a proposal. Misconfigured(CONFIG_INVALID) as above."""
    rows: list[CrosswalkRow] = []
    for path in section.crosswalks:
        content = read_file(path, "[catalogues] crosswalks")
        with _faults_of(path):
            parse = parse_sssom if path.suffix == ".tsv" else parse_csv
            rows += parse(content.decode("utf-8-sig"))
    return rows


def read_reviews(section: CataloguesSection) -> list[str]:
    """The signed reviews that the configuration names, not verified yet. Misconfigured(CONFIG_INVALID) as above."""
    reviews: list[str] = []
    for path in section.reviews:
        content = read_file(path, "[catalogues] reviews")
        with _faults_of(path):
            reviews += filter(None, map(str.strip, content.decode("utf-8-sig").splitlines()))
    return reviews


def read_calendar(section: CataloguesSection) -> WorkingCalendar:
    """The published working days, and the years that the configuration adds. Misconfigured(CONFIG_INVALID) as above."""
    calendar = WorkingCalendar.published()
    for path in section.calendars:
        content = read_file(path, "[catalogues] calendars")
        with _faults_of(path):
            calendar = calendar.with_year(content.decode("utf-8"))
    return calendar


@contextlib.contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """A fault in what the configuration names is its operator's, and is of no use without the file's name."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{path}: read the text",
            got=f"bytes that are no UTF-8, from byte {error.start}",
            expected="UTF-8",
            mend="save the file as UTF-8",
        ) from error
    except Malformed as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            f"{path}: {error.failed}",
            got=error.got,
            expected=error.expected,
            mend=error.mend,
        ) from error
