"""The summary of an evidence bundle: what was found in it, for people to read and to print."""

# ruff: noqa: PLC0415 - rule 4 of the package

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.domain.calendar import BEIJING
from trust.evidence_check import Report
from trust.evidence_words import PROVES, STEPS, Outcome

LANGUAGES: Final = ("zh", "en")
"""A summary has all of them, the one that is asked for first."""

_MARKS: Final = {Outcome.PROVED: "√", Outcome.FAILED: "×", Outcome.MISSING: "?", Outcome.TOLD: "·"}


def summary_of(report: Report, *, item: str, applicant: str, first: str = "zh") -> str:
    """Write the summary as HTML, everything in it escaped, and nothing in it that leads outside.

    ``applicant`` is who applied as staff may see it, masked; empty when the bundle does not have it. ``first`` is the
    language that it begins with.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from gateway.paper.sheet import cleaned

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, finalize=cleaned
    )
    return pages.get_template("evidence.html").render(
        manifest=report.manifest,
        story=report.story,
        findings=report.findings,
        languages=sorted(LANGUAGES, key=lambda language: language != first),
        item=item,
        applicant=applicant,
        steps=STEPS,
        proves=PROVES,
        marks=_MARKS,
        moment=_moment,
    )


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if at else ""
