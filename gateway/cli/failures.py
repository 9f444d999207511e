"""How a command fails: the words on standard error and the exit status."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import typer
from typer.core import TyperGroup

from trust.errors import Fault, Misconfigured, Reason, TongbanError, Unavailable


class ExitStatus(IntEnum):
    """What a command tells its caller; 130 after Ctrl-C."""

    DONE = 0
    REFUSED = 1
    """It was refused, or a check found something wrong."""
    MISUSED = 2
    """The command line or this installation is wrong."""
    NOT_SO = 3
    """It was answered, and the answer is no: a code without a match, a licence that is not acceptable."""
    TRY_AGAIN = 75
    """Nobody answered; whether it happened is unknown (EX_TEMPFAIL of sysexits.h)."""


_WHEN_NOBODY_ANSWERED: Final = "网关没有应答，请稍后再试；命令不会自动重试。"
"""Unlike the gateway, a command tries nothing again by itself."""


class Commands(TyperGroup):
    """The top of the command tree: named failures end here."""

    def invoke(self, ctx: Any) -> Any:  # the context's class belongs to a private module of the library
        """Run the command. A named failure becomes its line and its exit status."""
        try:
            return super().invoke(ctx)
        except TongbanError as error:
            typer.echo(describe(error), err=True)
            raise typer.Exit(status_of(error)) from error


def status_of(error: TongbanError) -> ExitStatus:
    """The exit status that a failure has."""
    match error:
        case Misconfigured():
            return ExitStatus.MISUSED
        case Unavailable():
            return ExitStatus.TRY_AGAIN
        case _:
            return ExitStatus.REFUSED


def describe(error: TongbanError) -> str:
    """The failure in English, with the facts that came with it; below it the sentence for the window, if it has one.

    What only this installation's operator can mend is no window's business.
    """
    from gateway.wire.wording import wording

    facts = "".join(f"; {name}: {value}" for name, value in sorted(error.details.items()))
    lines = [f"error: {error}{facts}"]
    sentence = _WHEN_NOBODY_ANSWERED if error.reason is Reason.PEER_UNAVAILABLE else wording(error.reason)
    # INTERNAL has the sentence for every reason that has none of its own.
    if error.fault is not Fault.OPERATOR and sentence != wording(Reason.INTERNAL):
        lines.append(f"提示：{sentence}")
    return "\n".join(lines)
