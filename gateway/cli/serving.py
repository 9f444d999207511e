"""``tongban serve`` and ``tongban config``: running a gateway, and looking whether it could run."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.options import ConfigFile

if TYPE_CHECKING:
    from gateway.config import CataloguesSection

commands = typer.Typer(no_args_is_help=True, help="Look at configurations.")


def serve(config: ConfigFile) -> None:
    """Run a gateway until SIGTERM or Ctrl-C. Logs are JSON lines on standard error."""
    from gateway.app import serve as run
    from gateway.config import load

    run(load(config))


@commands.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A configuration, TOML.")],
    client: Annotated[bool, typer.Option("--client", help="It is a client's, as --as takes it.")] = False,
) -> None:
    """Check a configuration and every file that it names. Nothing is started, opened for writing or called."""
    output.print_facts(_check_client(file) if client else _check_gateway(file))
    output.print_line("ok")


def _check_gateway(file: Path) -> list[tuple[str, str]]:
    import adapters
    from gateway.app import SystemClock, read_directory, read_signer
    from gateway.config import load
    from gateway.rpc.tls import CertificateFiles
    from gateway.store.vault import read_key_file

    config, now = load(file), SystemClock().now()
    certificates = CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots).read(now)
    read_key_file(config.store.key)
    keys = config.keys
    kids = [read_signer(section).kid for section in (keys.message, keys.licence, keys.status, keys.log)]
    directory, _ = read_directory(config.directory, now)
    platform = config.platform
    if platform is not None:
        adapters.Credentials.load(platform.credentials)
    member = directory.member(config.member.id)
    return [
        ("member", f"{member.id} {member.name}"),
        ("listens at", config.server.listen),
        ("keys", ", ".join(kids)),
        ("certificate until", output.moment(certificates.not_after)),
        ("directory", f"version {directory.version}, until {output.moment(directory.expires_at)}"),
        ("catalogues", _count(config.catalogues)),
        ("platform", f"{platform.member} ({platform.dialect})" if platform else ""),
        ("store", f"{config.store.path}{'' if config.store.path.exists() else ' (not there yet)'}"),
    ]


def _check_client(file: Path) -> list[tuple[str, str]]:
    from gateway.cli.calling import MemberClient

    client = MemberClient.load(file)
    certificates = client.files.read(client.clock.now())
    return [
        ("member", client.config.member.id),
        ("calls", f"{client.gateway.id} at {client.gateway.endpoint}"),
        ("key", client.signer.kid),
        ("certificate until", output.moment(certificates.not_after)),
        ("directory", f"version {client.directory.version}, until {output.moment(client.directory.expires_at)}"),
    ]


def _count(catalogues: CataloguesSection) -> str:
    """What the files hold. Raises what is wrong with the first that is wrong."""
    from gateway.cli.files import read_bytes
    from gateway.domain.calendar import WorkingCalendar
    from gateway.domain.catalogue import parse_catalogue
    from gateway.domain.crosswalk import parse_crosswalk

    items = sum(len(parse_catalogue(read_bytes(path)).items) for path in catalogues.files)
    rows = sum(len(parse_crosswalk(read_bytes(path).decode("utf-8-sig")).rows) for path in catalogues.crosswalks)
    calendar = WorkingCalendar.published()
    for path in catalogues.calendars:
        calendar = calendar.with_year(read_bytes(path).decode("utf-8"))
    return f"{items} items, {rows} crosswalk rows, {len(catalogues.calendars)} further calendars"
