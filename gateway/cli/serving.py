"""``tongban serve`` and ``tongban config``: running a gateway, and looking whether it could run."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.options import FLAG, ConfigFile

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
    client: Annotated[bool, typer.Option("--client", metavar=FLAG, help="It is a client's, as --as takes it.")] = False,
) -> None:
    """Check a configuration and every file that it names. Nothing is started, opened for writing or called."""
    output.print_facts(_check_client(file) if client else _check_gateway(file))
    output.print_line("ok")


def _check_gateway(file: Path) -> list[tuple[str, str]]:
    from gateway import app
    from gateway.config import load
    from gateway.rpc.tls import CertificateFiles
    from gateway.store.vault import read_key_file

    config, now = load(file), app.SystemClock().now()
    certificates = CertificateFiles(config.tls.certificate, config.tls.key, config.tls.roots).read(now)
    read_key_file(config.store.key)
    signers = app.read_signers(config.keys)
    directory, _ = app.read_directory(config.directory, now)
    app.require_listed(config, directory, signers, certificates)
    platform = config.platform
    if platform is not None:
        app.adapter_of(platform, config.member.region)
    member = directory.member(config.member.id)
    return [
        ("member", f"{member.id} {member.name}"),
        ("listens at", config.server.listen),
        ("keys", ", ".join(signer.kid for signer in signers.values())),
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


def _count(section: CataloguesSection) -> str:
    """What the files hold. Raises what is wrong with them, and remarks on rows that no longer fit their catalogues."""
    from gateway import app
    from gateway.domain.crosswalk_faults import faults_against

    catalogues, crosswalk = app.read_catalogues(section), app.read_crosswalk(section)
    app.read_calendar(section)
    for source, target in permutations(catalogues, 2):
        for fault in faults_against(crosswalk, source, target):
            output.remark(f"crosswalk {source.id} to {target.id}: {fault}")
    items, rows = sum(len(catalogue.items) for catalogue in catalogues), len(crosswalk.rows)
    return f"{items} items, {rows} crosswalk rows, {len(section.calendars)} further calendars"
