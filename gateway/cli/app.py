"""The command tree of a gateway. What stands above the gateway adds its own commands to it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from gateway.cli import (
    audit,
    cases,
    catalogues,
    crosswalk,
    deliveries,
    directory,
    guide,
    keys,
    licences,
    serving,
    translation,
)
from gateway.cli.failures import Commands
from gateway.cli.options import FLAG


def build() -> typer.Typer:
    """A new command tree with every command of the gateway."""
    app = typer.Typer(
        name="tongban",
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        # A traceback with the values of variables would print personal data.
        pretty_exceptions_enable=False,
        help="Tongban 通办: the gateway through which a province's government business crosses to another.",
        epilog="Exit status: 0 done, 1 refused or found wrong, 2 misused or misconfigured, 3 the answer is no, "
        "75 nobody answered, try again.",
    )
    app.callback()(_top)
    app.command()(serving.serve)
    app.add_typer(serving.commands, name="config")
    app.add_typer(keys.commands, name="keys")
    app.add_typer(directory.commands, name="directory")
    app.add_typer(cases.commands, name="case")
    app.command()(translation.translate)
    app.command()(guide.guide)
    app.add_typer(catalogues.commands, name="catalogue")
    app.add_typer(crosswalk.commands, name="crosswalk")
    app.add_typer(licences.commands, name="licence")
    app.add_typer(deliveries.commands, name="delivery")
    app.add_typer(audit.commands, name="audit")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tongban {version('tongban')}")
        raise typer.Exit


def _top(
    _version: Annotated[
        bool, typer.Option("--version", metavar=FLAG, callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
