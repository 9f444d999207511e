"""``tongban serve`` and ``tongban config``: running a gateway, and looking whether it could run."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.options import FLAG, ConfigFile

if TYPE_CHECKING:
    from gateway.config import CataloguesSection
    from trust.directory import Directory

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
    timestamps = config.audit.timestamps
    if timestamps is not None:
        app.read_roots_of_time(timestamps)
    member = directory.member(config.member.id)
    return [
        ("member", f"{member.id} {member.name}"),
        ("listens at", config.server.listen),
        ("keys", ", ".join(signer.kid for signer in signers.values())),
        ("certificate until", output.moment(certificates.not_after)),
        ("directory", f"version {directory.version}, until {output.moment(directory.expires_at)}"),
        ("catalogues", _count(config.catalogues, directory)),
        ("platform", f"{platform.member} ({platform.dialect})" if platform else ""),
        ("timestamps", ", ".join(timestamps.authorities) if timestamps else ""),
        ("personal data kept", config.retention.in_words()),
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


def _count(section: CataloguesSection, directory: Directory) -> str:
    """What the files hold. Raises what is wrong with them, and remarks on what is not as it should be between them."""
    from gateway import facts
    from gateway.domain.crosswalk import contradictions
    from gateway.domain.crosswalk_faults import faults_against
    from gateway.domain.reviews import fold
    from trust.errors import TongbanError
    from trust.review import open_review

    catalogues, rows = facts.read_catalogues(section), facts.read_rows(section)
    facts.read_calendar(section)
    reviews = []
    for number, text in enumerate(facts.read_reviews(section), start=1):
        try:
            reviews.append(open_review(text, directory))
        except TongbanError as error:
            output.remark(f"review {number} does not count: {error.reason}: {error.sentence}")
    crosswalk = fold(rows, reviews)
    for fault in faults_against(crosswalk.rows, {catalogue.id: catalogue for catalogue in catalogues}):
        output.remark(f"crosswalk: {fault}")
    for one, other in contradictions(crosswalk.rows):
        output.remark(f"crosswalk: rows {one.id} and {other.id} could both apply to one case")
    for catalogue in catalogues:
        lacking = Counter(name for item in catalogue.items for name in item.missing_elements)
        for name, count in lacking.items():
            output.remark(f"catalogue {catalogue.id}: {count} items that may cross provinces don't state {name}")
    items = sum(len(catalogue.items) for catalogue in catalogues)
    signed = sum(row.counts(row.source_catalogue, row.target_catalogue) for row in crosswalk.rows)
    return (
        f"{items} items, {len(crosswalk.rows)} crosswalk rows, {signed} of them signed for by both ends, "
        f"{len(section.calendars)} further calendars"
    )
