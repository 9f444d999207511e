"""``tongban delivery``: what waits to be sent, and giving dead letters another try."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.options import FLAG, AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.config import Config
    from gateway.ports import Delivery

commands = typer.Typer(
    no_args_is_help=True, help="The outbox: list what waits, requeue dead letters. Works beside a running gateway."
)


@commands.command("list")
def list_deliveries(
    config: ConfigFile,
    dead: Annotated[bool, typer.Option("--dead", metavar=FLAG, help="Only those that wait for an operator.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, oldest first.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List deliveries that are not made yet, oldest first. What they carry is not shown."""
    from gateway.config import load

    deliveries = asyncio.run(_list(load(config), limit, dead=dead))
    if as_json:
        output.print_json([_for_programs(delivery) for delivery in deliveries])
        return
    output.print_table(
        "",
        ("id", "kind", "to", "stream", "subject", "attempts", "next", "last error"),
        (
            (
                delivery.delivery_id,
                delivery.kind,
                delivery.destination,
                delivery.stream,
                delivery.subject,
                str(delivery.attempts),
                "dead letter" if delivery.dead else output.moment(delivery.run_at),
                delivery.last_error,
            )
            for delivery in deliveries
        ),
    )


@commands.command()
def requeue(
    config: ConfigFile,
    delivery_id: Annotated[str, typer.Argument(metavar="ID", help="The delivery's id, as list shows it.")],
) -> None:
    """Have a delivery tried again at once. The audit log says that an operator did it."""
    from gateway.app import SystemClock
    from gateway.config import load

    asyncio.run(_requeue(load(config), delivery_id, SystemClock().now()))
    output.print_line(f"{delivery_id} is due now; a running gateway takes it within a second")


async def _list(config: Config, limit: int, *, dead: bool) -> list[Delivery]:
    from gateway.cli.beside import store_of

    async with store_of(config) as store:
        return await store.deliveries(dead_only=dead, limit=limit)


async def _requeue(config: Config, delivery_id: str, now: datetime) -> None:
    from gateway.cli.beside import store_of
    from gateway.exchange import trails
    from gateway.ports import Recording
    from trust.leaf import Leaf, LeafKind

    async with store_of(config) as store:
        await store.requeue(delivery_id, now=now)
        # A crash here leaves the delivery due and no leaf. The operator has not been told that it is done and repeats
        # the command, which is harmless and writes the leaf.
        act = Leaf(LeafKind.ADMIN, config.member.id, f"delivery.requeue:{delivery_id}", now)
        await store.record(trails.traced(Recording(), (trails.trace(act),)))


def _for_programs(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "kind": delivery.kind,
        "destination": delivery.destination,
        "stream": delivery.stream,
        "subject": delivery.subject,
        "attempts": delivery.attempts,
        "next_attempt_at": None if delivery.dead else delivery.run_at.isoformat(),
        "last_error": delivery.last_error,
        "dead": delivery.dead,
    }
