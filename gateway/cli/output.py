"""Printing: tables for people, JSON for programs, remarks beside the answer.

Nothing is ever cut off, since half a code is worth nothing: a table that is wider than the terminal becomes records,
one line for each column.
"""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

_WIDTH_WHEN_PIPED: Final = 240
_UNBOUNDED: Final = 100_000
"""More columns than any table has: to ask how wide one would like to be."""


def print_json(value: Any) -> None:
    """One JSON value, Chinese left readable."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_line(text: str) -> None:
    """One line of the answer."""
    typer.echo(printable(text))


def remark(text: str) -> None:
    """Something to know beside the answer, on standard error."""
    typer.echo(printable(text), err=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for what takes long, told how much is done of how much; none where nobody looks."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings, or as records where they are too wide. Without rows, a remark."""
    cleaned = [[printable(cell) for cell in row] for row in rows]
    if not cleaned:
        remark("none")
        return
    console = _console()
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in cleaned:
        table.add_row(*row)
    if Measurement.get(console, console.options.update(max_width=_UNBOUNDED), table).maximum <= console.width:
        _print(console, table)
        return
    if title:
        typer.echo(title)
    for number, row in enumerate(cleaned):
        if number:
            typer.echo()
        print_facts(zip(columns, row, strict=True))


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Name and value line by line; what is empty is left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value:
            table.add_row(name, printable(value))
    _print(_console(), table)


def printable(text: str) -> str:
    """The text with control characters replaced: what others wrote must not steer this terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) == "Cc" else each for each in text)


def moment(at: datetime | None) -> str:
    """A time to the second as people here read it, in Beijing, with its offset; empty for none."""
    from gateway.domain.calendar import BEIJING

    return "" if at is None else f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S +08:00}"


def _console() -> Console:
    # Nothing in an answer is mark-up. In a pipe there is no width to fit into.
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED)


def _print(console: Console, table: Table) -> None:
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())
