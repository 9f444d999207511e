"""``tongban keys``: making key files and showing their public halves."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli import output
from trust.errors import Misconfigured, Reason

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
    from trust.keys import Algorithm, SoftwareSigner

    signer = SoftwareSigner.generate(Algorithm(algorithm), kid)
    _write_new(out, signer.to_pem())
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


def _write_new(path: Path, content: bytes) -> None:
    """Write a secret with mode 0600, durably. Misconfigured(KEY_FILE_UNREADABLE) when it exists or can't be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Misconfigured(
            Reason.KEY_FILE_UNREADABLE,
            f"the key file {path} can't be written",
            got=error.strerror or type(error).__name__,
            expected="a new file in a writable folder",
            mend="choose another place; an existing key is never overwritten",
        ) from error
