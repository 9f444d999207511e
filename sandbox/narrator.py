"""Tells a story in a terminal: numbered steps, each with the time of day and how long it took. Plain in a file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.domain.calendar import BEIJING

_INDENT: Final = 5
_WIDTH: Final = 110
"""Of lines where the terminal has no say."""

_PIECE: Final = re.compile(r"[“《（(]*(?:[!-~]+|\S)[，。；：！？、）》”]*|\s")
"""What is never broken: a word or a character, with what opens before and closes after it."""


class Narrator:
    """Says the texts of one language; a text that is missing is a KeyError."""

    def __init__(self, texts: Mapping[str, str], console: Console | None = None) -> None:
        self.texts = texts
        self._console = console or Console(highlight=False)
        self._plain = not self._console.is_terminal
        if self._plain:
            self._console.width = _WIDTH
        self._steps = 0

    def title(self, key: str) -> None:
        """The name of the story."""
        self.blank()
        self._show(Text(self.texts[key], style="bold"))

    def open(self, key: str, **blanks: object) -> None:
        """A line before the first step or after the last."""
        self._show(Text(self._fill(key, blanks)))

    def blank(self) -> None:
        """An empty line."""
        self._console.print()

    @contextmanager
    def step(self, key: str) -> Iterator[None]:
        """A step: its heading now, how long it took when it is over."""
        self._steps += 1
        self.blank()
        clock = datetime.now(UTC).astimezone(BEIJING).strftime("%H:%M:%S")
        heading = Text.assemble((f"{self._steps:2d}  ", "cyan"), (self.texts[key], "bold cyan"), (f"  {clock}", "dim"))
        self._show(heading)
        begun = time.monotonic()
        yield
        took = self._fill("seconds", {"seconds": time.monotonic() - begun})
        self._show(Text(took, style="dim"), _INDENT)

    def say(self, key: str, **blanks: object) -> None:
        """A line of a step."""
        self._show(Text(self._fill(key, blanks)), _INDENT)

    def good(self, key: str, **blanks: object) -> None:
        """A line of a step that says that something was found as it should be."""
        self._show(Text.assemble(("✓ ", "green"), self._fill(key, blanks)), _INDENT)

    def table(self, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A small table; headings are texts' keys."""
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
        for key in heading:
            table.add_column(self.texts[key], overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._show(table, _INDENT)

    def trouble(self, key: str, **blanks: object) -> None:
        """A line that says what went wrong."""
        self._show(Text(self._fill(key, blanks), style="red"))

    def _fill(self, key: str, blanks: Mapping[str, object]) -> str:
        return self.texts[key].format_map(dict(blanks))

    def _show(self, what: Text | Table, indent: int = 0) -> None:
        if isinstance(what, Text):
            what = Text("\n").join(_broken(what, self._console.width - indent))
        with self._console.capture() as said:
            self._console.print(Padding(what, (0, 0, 0, indent)))
        # Padding fills lines up to the width: nothing to see in a terminal, and noise in a file.
        lines = said.get().splitlines() if not self._plain else [line.rstrip() for line in said.get().splitlines()]
        self._console.out("\n".join(lines), highlight=False)


def _broken(text: Text, width: int) -> Iterator[Text]:
    """A text in lines of at most ``width`` columns, broken as Chinese is: anywhere but before what closes a phrase.

    Words of other scripts stay whole, and a blank at a break is left out.
    """
    begun = cut = 0
    for piece in _PIECE.finditer(text.plain):
        if begun < cut and cell_len(text.plain[begun : piece.end()].rstrip()) > width:
            yield text[begun:cut]
            begun = piece.start() if piece.group().strip() else piece.end()
        cut = piece.end()
    yield text[begun:]
