"""``tongban directory``: looking at the signed directory of members, and signing one as its trustees."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gateway.cli import output
from gateway.cli.options import AsJson
from trust.errors import Malformed, Misconfigured, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from trust.directory import Directory
    from trust.keys import Signer

commands = typer.Typer(no_args_is_help=True, help="The signed directory of members: show, verify, seal, sign.")

_File: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="The signed directory.")]
_Trustees: TypeAlias = Annotated[
    Path, typer.Option("--trustees", metavar="FILE", help='JSON array of {"kid": …, "jwk": {…}}.')
]
_Threshold: TypeAlias = Annotated[int, typer.Option("--threshold", min=1, help="Trustees who must have signed.")]


@commands.command()
def show(file: _File, trustees: _Trustees, threshold: _Threshold, as_json: AsJson = False) -> None:
    """Verify a directory and print it. --json prints its content in the form that seal takes."""
    import json

    from trust.directory_file import write_content

    directory, _, now = _open(file, trustees, threshold)
    if as_json:
        output.print_json(json.loads(write_content(directory)))
        return
    output.print_line(_summary(directory))
    members = directory.members
    output.print_table(
        "\nMembers",
        ("id", "name", "role", "status", "valid", "endpoint", "versions"),
        (
            (
                member.id,
                member.name,
                member.role,
                member.status,
                _period(member.valid_from, member.valid_until),
                member.endpoint or "-",
                ", ".join(member.versions),
            )
            for member in members
        ),
    )
    output.print_table("\nKeys", ("member", "kid", "algorithm", "purpose", "valid", "now"), _keys(directory, now))
    output.print_table(
        "\nRights",
        ("member", "action", "items", "licence types", "purposes"),
        (
            (
                member.id,
                right.action,
                " ".join(right.items),
                " ".join(right.licence_types),
                " ".join(right.purposes) or "any",
            )
            for member in members
            for right in member.rights
        ),
    )


@commands.command()
def verify(file: _File, trustees: _Trustees, threshold: _Threshold) -> None:
    """Verify a directory as a gateway does, and print one line."""
    directory, _, _ = _open(file, trustees, threshold)
    output.print_line(_summary(directory))


@commands.command("seal")
def seal_content(
    content: Annotated[Path, typer.Argument(metavar="CONTENT.json", help="As `directory show --json` prints it.")],
    keys: Annotated[
        list[str], typer.Option("--key", metavar="KID=FILE", help="A trustee's key, PKCS #8; once for each trustee.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The signed directory; replaced as a whole.")],
) -> None:
    """Check a directory's content and sign it as its trustees. Raise "version" for every publication."""
    from gateway.app import SystemClock
    from gateway.cli.files import read_bytes, replace_file
    from trust.directory_file import open_directory, read_content, seal
    from trust.keys import VerifyingKey

    now = SystemClock().now()
    signers = [_trustee(key) for key in keys]
    try:
        directory = read_content(read_bytes(content))
    except Malformed as error:
        raise Misconfigured(
            Reason.DIRECTORY_UNTRUSTED, f"{content} is not a directory's content", got=error.sentence
        ) from error
    envelope = seal(directory, signers)
    # Opened again before it is written: different trustees, and every signature counts.
    trustees = [VerifyingKey.from_jwk(signer.public_jwk(), signer.kid) for signer in signers]
    directory = open_directory(envelope, trustees, len(trustees), now=now)
    replace_file(out, envelope, mode=0o644)
    output.print_line(f"{_summary(directory)}, signed by {', '.join(signer.kid for signer in signers)}")


@commands.command("sign")
def add_signature(
    file: _File,
    trustees: _Trustees,
    threshold: _Threshold,
    key: Annotated[str, typer.Option("--key", metavar="KID=FILE", help="The trustee's key, PKCS #8.")],
) -> None:
    """Add a trustee's signature to a signed directory. Give the threshold that it has reached; look at it first."""
    from gateway.cli.files import replace_file
    from trust.directory_file import cosign

    directory, envelope, _ = _open(file, trustees, threshold)
    signer = _trustee(key)
    replace_file(file, cosign(envelope, signer), mode=0o644)
    output.print_line(f"{_summary(directory)}, signed by {signer.kid} as well")


def _open(file: Path, trustees: Path, threshold: int) -> tuple[Directory, bytes, datetime]:
    from gateway.app import SystemClock, read_directory
    from gateway.config import DirectorySection

    now = SystemClock().now()
    section = DirectorySection(file=file, trustees=trustees, threshold=threshold)
    directory, envelope = read_directory(section, now)
    return directory, envelope, now


def _trustee(key: str) -> Signer:
    from gateway.app import read_signer
    from gateway.config import KeySection

    kid, equals, file = key.partition("=")
    if not kid or not equals or not file:
        raise Misconfigured(
            Reason.CONFIG_INVALID,
            "--key names no trustee's key",
            got=repr(key),
            expected="KID=FILE",
            mend="give the kid that gateways know the trustee by, an equals sign, and the key's file",
        )
    return read_signer(KeySection(kid=kid, file=Path(file)))


def _summary(directory: Directory) -> str:
    count = len(directory.members)
    return (
        f"directory version {directory.version} of {directory.trust_domain}: {count} members, "
        f"issued {output.moment(directory.issued_at)}, expires {output.moment(directory.expires_at)}"
    )


def _keys(directory: Directory, now: datetime) -> Iterator[tuple[str, ...]]:
    for member in directory.members:
        for entry in member.keys:
            if entry.revoked_at is not None and entry.revoked_at <= now:
                state = f"revoked {entry.revoked_at:%Y-%m-%d}"
            else:
                state = "in force" if entry.in_force(now) else "not in force"
            period = _period(entry.valid_from, entry.valid_until)
            yield member.id, entry.kid, entry.algorithm, entry.purpose, period, state


def _period(begin: datetime, end: datetime) -> str:
    return f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}"
