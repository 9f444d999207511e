"""``tongban keys``: making key files and showing their public halves."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli import output

commands = typer.Typer(no_args_is_help=True, help="Make key files; show their public halves.")


@commands.command()
def generate(
    kid: Annotated[str, typer.Option("--kid", help="Its id in the directory, for example 430600.gateway#log-1.")],
    algorithm: Annotated[
        Literal["ES256", "Ed25519"],
        typer.Option("--algorithm", help="ES256, or Ed25519 as logs need it."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New PKCS #8 file, mode 0600.")],
) -> None:
    """Make a signing key, and print its public half for the directory. Never overwrites a file."""
    from gateway.store.vault import write_key_file
    from trust.keys import Algorithm, SoftwareSigner

    signer = SoftwareSigner.generate(Algorithm(algorithm), kid)
    write_key_file(out, signer.to_pem())
    output.print_json(signer.public_jwk())


@commands.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A signing key, PKCS #8 PEM.")],
    kid: Annotated[str, typer.Option("--kid", help="Its id in the directory.")],
) -> None:
    """Print the public half of a signing key as a JWK (RFC 7517)."""
    from gateway.app import read_signer
    from gateway.config import KeySection

    output.print_json(read_signer(KeySection(kid=kid, file=file)).public_jwk())


@commands.command("at-rest")
def at_rest(out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New key file, mode 0600.")]) -> None:
    """Make the key that encrypts a store's personal data. Never overwrites a file; keep a copy elsewhere."""
    from gateway.store.vault import generate_key_file

    generate_key_file(out)
    output.remark(f"{out} is written. Whoever loses it loses the store: keep a copy in another place.")
