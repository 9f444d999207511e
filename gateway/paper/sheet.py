"""A guide as a PDF for A4, black on white, with the code that a window scans."""

# ruff: noqa: PLC0415 - rule 4 of the package

from __future__ import annotations

import contextlib
import io
import logging
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tongban.catalogue.v1.guide_pb2 import Guide

from gateway.paper.card import Card, card_of
from trust.errors import Misconfigured, Reason

if TYPE_CHECKING:
    from types import ModuleType

SYSTEM_PACKAGES: Final = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
"""What WeasyPrint loads, as Debian calls it."""

FONT_PACKAGES: Final = ("fonts-noto-cjk", "fonts-hanazono", "fonts-babelstone-han")
"""Fonts that together have every character up to extension F and most of G and H, as Debian calls them."""

_HERE: Final = Path(__file__).parent
_QR_SMALLEST_MM: Final = 30.0
_QR_MODULE_MM: Final = 0.42
"""Width of one module, so that an ordinary scanner reads an ordinary printer's page."""
_SHORT_FACT: Final = 20
"""Characters that fit into half a line."""
_RUNNING_TITLE: Final = 40
"""Characters of a name that are repeated at the foot of each page."""
_LONG_TITLE: Final = 24
"""Characters of a name beyond which it is set smaller."""


def print_guide(guide: Guide) -> bytes:
    """Set a guide as a PDF.

    Raises ``Misconfigured`` (CONFIG_INVALID): what sets pages is not installed, or no font here has a character of the
    guide. Both name the packages to install.
    """
    weasyprint = _weasyprint()
    card = card_of(guide)
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=(), fail_on_errors=True)  # rule 2 of the package

    def laid_out(*, tight: bool) -> Any:
        return weasyprint.HTML(string=page_of(card, tight=tight), url_fetcher=fetcher).render()

    pages = laid_out(tight=False)
    if len(pages.pages) > 1:  # a size smaller may save a sheet; where it doesn't, the larger letters stay
        pages = min(pages, laid_out(tight=True), key=lambda each: len(each.pages))
    return _written(pages, page_of(card))


def print_page(page: str) -> bytes:
    """Set any page of this package as a PDF. Raises as ``print_guide``."""
    weasyprint = _weasyprint()
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=(), fail_on_errors=True)  # rule 2 of the package
    return _written(weasyprint.HTML(string=page, url_fetcher=fetcher).render(), page)


def _written(pages: Any, page: str) -> bytes:
    with _noting_missing_characters() as missing:
        written: bytes = pages.write_pdf()
    # A character for private use is another one in every font: an old system's own would print as somebody else's.
    missing |= {each for each in page if _is_private(each)}
    if missing:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "no font on this machine has a character of the page",
            got=", ".join(f"{'' if _is_private(each) else each} U+{ord(each):04X}".strip() for each in sorted(missing)),
            expected="a font for every character",
            mend=f"apt-get install {' '.join(FONT_PACKAGES)}; a character that none of these has is to be corrected "
            "in the catalogue",
        )
    return written


def page_of(card: Card, *, tight: bool = False) -> str:
    """Write the HTML of a card: everything in it escaped, and nothing in it that leads outside."""
    import segno
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    pages = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, finalize=cleaned, trim_blocks=True
    )
    code, width = "", _QR_SMALLEST_MM
    if card.scan_text:
        made = segno.make(card.scan_text, error="m", micro=False)
        width = max(width, made.symbol_size()[0] * _QR_MODULE_MM)
        code = made.svg_inline(omitsize=True)
    return pages.get_template(
        "guide.html"
    ).render(
        card=card,
        tight=tight,
        fact_rows=list(_fact_rows(card.facts)),
        style=Markup((_HERE / "guide.css").read_text("utf-8")),  # noqa: S704 - our own file
        qr=Markup(code),  # noqa: S704 - drawn by the library from a text that it does not repeat
        qr_millimetres=round(width, 1),
        long_title=len(card.accepting.item_name) > _LONG_TITLE,
        short_title=card.accepting.item_name[:_RUNNING_TITLE],
    )


def _fact_rows(facts: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Set short facts two to a line and long ones alone, in their order: that keeps most guides on one page."""
    waiting: list[tuple[str, str]] = []
    for fact in facts:
        if len(fact[1]) > _SHORT_FACT:
            if waiting:
                yield waiting
            waiting = []
            yield [fact]
        else:
            waiting.append(fact)
            if len(waiting) == 2:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def cleaned(value: object) -> object:
    """A text without what would steer the page: marks of direction and joining go, control characters show as such."""
    from markupsafe import Markup

    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(_character(each) for each in value)


def _character(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return " " if character in "\t\n\r" else "\N{REPLACEMENT CHARACTER}"
        case "Cf" | "Zl" | "Zp":
            return ""
        case _:  # also what this Python's tables don't know yet: newer ideographs are somebody's name
            return character


def _is_private(character: str) -> bool:
    return unicodedata.category(character) == "Co"


def _weasyprint() -> ModuleType:
    """Import WeasyPrint, which loads Pango of the system and tells its own tale on standard output when it can't."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint
    except (ImportError, OSError) as error:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "this machine can't print: WeasyPrint does not find Pango",
            got=str(error).splitlines()[0][:200],
            expected="WeasyPrint, Pango and HarfBuzz",
            mend=f"apt-get install {' '.join(SYSTEM_PACKAGES + FONT_PACKAGES)}; without --pdf the guide is shown here",
        ) from error
    module: ModuleType = weasyprint
    return module


@contextlib.contextmanager
def _noting_missing_characters() -> Iterator[set[str]]:
    """Collect the characters that were set without a glyph: the library says them in its log, and nowhere else."""
    missing: set[str] = set()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if ".notdef" in str(record.msg) and isinstance(record.args, tuple):
                missing.add(str(record.args[0]))

    log, collector = logging.getLogger("weasyprint"), Collector(logging.WARNING)
    level, spreads = log.level, log.propagate
    log.addHandler(collector)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        yield missing
    finally:
        log.removeHandler(collector)
        log.setLevel(level)
        log.propagate = spreads
