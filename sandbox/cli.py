"""The entry point of ``tongban``: the gateway's commands, and beside them those of the sandbox."""

# ruff: noqa: PLC0415 - the sandbox is heavy, and most commands never need it

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from gateway.cli.app import build

commands = typer.Typer(
    no_args_is_help=True, help="Two cities on this machine, with gateways and platforms: a demo, or to try things out."
)

_Folder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--folder", metavar="FOLDER", help="Keep everything there (demo: a temporary folder; up: build/sandbox)."
    ),
]


@commands.command()
def demo(
    lang: Annotated[Literal["zh", "en"], typer.Option("--lang", help="Language of the story.")] = "zh",
    folder: _Folder = None,
) -> None:
    """Tell one case from 岳阳 to 荆州 and back, over real gateways and platforms."""
    from sandbox.story import run_demo

    raise typer.Exit(run_demo(lang, folder))


@commands.command()
def up(folder: _Folder = None) -> None:
    """Start the same world, and keep it up until Ctrl-C."""
    from sandbox.world import run_sandbox

    raise typer.Exit(run_sandbox(folder))


def main() -> None:
    """Run ``tongban``."""
    app = build()
    app.add_typer(commands, name="sandbox")
    app()
