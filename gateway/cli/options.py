"""Options that several commands share, so that they are spelled and explained alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

FLAG: Final = ""
"""What stands for the value of an option that takes none; otherwise the help would show a type there."""

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", metavar=FLAG, help="Print JSON, for programs.")]

ConfigFile: TypeAlias = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="TONGBAN_CONFIG", metavar="FILE", help="The gateway's configuration, TOML."),
]

ClientFile: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--as", envvar="TONGBAN_CLIENT", metavar="CLIENT.toml", help="Who calls, with which key, and which gateway."
    ),
]

LogOf: TypeAlias = Annotated[
    str, typer.Option("--of", metavar="MEMBER", help="Whose log; the client's own gateway when absent.")
]

Purpose: TypeAlias = Annotated[
    str,
    typer.Option(
        "--purpose", envvar="TONGBAN_PURPOSE", help="Why personal data is asked for, where the right names purposes."
    ),
]

IdempotencyKey: TypeAlias = Annotated[
    str,
    typer.Option(
        "--idempotency-key",
        metavar="KEY",
        help="The same for every attempt at this act, 8 to 64 characters. Made and printed when absent.",
    ),
]

OfficerId: TypeAlias = Annotated[
    str, typer.Option("--officer", metavar="ID", help="Who answers for it: the officer's pseudonym.")
]
OfficerRole: TypeAlias = Annotated[str, typer.Option("--role", help="What the officer acts as, such as crosswalk.")]
OfficerWindow: TypeAlias = Annotated[str, typer.Option("--window", help="The officer's window or office.")]

CaseReference: TypeAlias = Annotated[str, typer.Argument(metavar="NUMBER", help="Case number or UUID.")]

Content: TypeAlias = Annotated[
    Path, typer.Option("--file", "-f", metavar="FILE|-", help="JSON in the form shown above; - is standard input.")
]
