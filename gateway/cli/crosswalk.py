"""``tongban crosswalk``: the rows that map one catalogue to another: proposing, listing, signing for, giving out."""

# ruff: noqa: PLC0415 - rule 2 of the package

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias
from uuid import uuid4

import typer

from gateway.cli import output
from gateway.cli.failures import ExitStatus
from gateway.cli.files import STANDARD_INPUT, read_bytes, replace_file
from gateway.cli.options import (
    FLAG,
    AsJson,
    ClientFile,
    IdempotencyKey,
    OfficerId,
    OfficerRole,
    OfficerWindow,
)

if TYPE_CHECKING:
    from tongban.crosswalk.v1.crosswalk_service_pb2 import ImportCrosswalkResponse, ReviewRowsResponse
    from tongban.crosswalk.v1.row_pb2 import Row

    from gateway.cli.calling import MemberClient
    from gateway.domain.crosswalk import CrosswalkRow
    from trust.signed_claims import Officer

commands = typer.Typer(no_args_is_help=True, help="Rows that map catalogues: import, export, rows, approve, withdraw.")

_IMPORT_SECONDS: Final = 300.0
"""How long the last part of a file may take: a hundred thousand rows are read and compared."""

_ROWS_A_PAGE: Final = 500

_BETWEEN_FAULTS: Final = re.compile(r"; (?=rows? ['0-9]|item |the metadata|and (?:[0-9]+ )?more)")
"""Where one fault of a file ends and the next begins; a semicolon may stand within one too."""


class Form(StrEnum):
    """What a crosswalk file is written in."""

    CSV = "csv"
    SSSOM = "sssom"


_SUFFIXES: Final[Mapping[str, Form]] = {".csv": Form.CSV, ".tsv": Form.SSSOM}

_Format: TypeAlias = Annotated[
    Form | None, typer.Option("--format", help="What FILE is written in; else .csv and .tsv (SSSOM) tell.")
]
_Between: TypeAlias = Annotated[
    tuple[str, str],
    typer.Option("--between", metavar="REGION REGION", help="Only rows between these two regions, either way."),
]
_Rows: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="ROW…", help="Ids of rows; ID@VERSION where an id has several versions.")
]


@commands.command("import")
def import_file(
    client: ClientFile,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The crosswalk file.")],
    form: _Format = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar=FLAG, help="Only tell what would change; nothing is taken in.")
    ] = False,
    idempotency_key: IdempotencyKey = "",
    as_json: AsJson = False,
) -> None:
    """Propose the rows of a file, all or none, and tell what changes. Both sides sign for them afterwards.

    Faults of the file are told before anything is sent, each with its row.
    """
    from tongban.crosswalk.v1 import crosswalk_service_pb2 as service

    from gateway.cli.calling import MemberClient, key_for
    from gateway.exchange.crosswalks import MAX_PARTS, PIECE_BYTES
    from gateway.wire import routes
    from trust.errors import Malformed, Reason

    form = _form_of(file, form)
    read = read_bytes(file)
    with _faults_line_by_line():
        content = _checked(read, form)
    parts = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]
    if len(parts) > MAX_PARTS:
        raise Malformed(
            Reason.MESSAGE_TOO_LARGE,
            "send a crosswalk file",
            got=f"{len(content)} bytes",
            expected=f"at most {MAX_PARTS * PIECE_BYTES}",
            mend="import it in several files",
        )
    member = MemberClient.load(client)
    # Nothing of a dry run is ever repeated.
    key = idempotency_key or uuid4().hex if dry_run else key_for(idempotency_key)
    answer = service.ImportCrosswalkResponse()
    for number, part in enumerate(parts, start=1):
        request = service.ImportCrosswalkRequest(
            idempotency_key=f"{key}-{number}",
            upload=key,
            part=number,
            parts=len(parts),
            content=part,
            format=f"FILE_FORMAT_{form.name}",
            dry_run=dry_run,
        )
        with _faults_line_by_line():
            answer = member.ask(
                routes.IMPORT_CROSSWALK, request, service.ImportCrosswalkResponse, deadline=_IMPORT_SECONDS
            )
    if not answer.complete:
        output.remark("another file came between, and nothing of this one was taken in; import it again")
        raise typer.Exit(ExitStatus.TRY_AGAIN)
    _print_imported(answer, as_json=as_json)
    if dry_run:
        output.remark("nothing was taken in, as --dry-run said")


@commands.command("export")
def export_file(
    client: ClientFile,
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="Where to write it; - is standard output.")],
    form: _Format = None,
    between: _Between = ("", ""),
) -> None:
    """Write the crosswalk to a file: all versions of all rows, and who signed for them."""
    from tongban.crosswalk.v1 import crosswalk_service_pb2 as service

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes

    form, member, page = _form_of(file, form), MemberClient.load(client), ""
    pieces: list[bytes] = []
    while page or not pieces:
        request = service.ExportCrosswalkRequest(
            format=f"FILE_FORMAT_{form.name}", page=page, one_region=between[0], other_region=between[1]
        )
        piece = member.ask(routes.EXPORT_CROSSWALK, request, service.ExportCrosswalkResponse)
        pieces.append(piece.content)
        page = piece.next_page
    if file == STANDARD_INPUT:
        sys.stdout.buffer.write(b"".join(pieces))
        return
    replace_file(file, b"".join(pieces), mode=0o644)
    output.remark(f"{file} is written")


@commands.command("rows")
def list_rows(
    client: ClientFile,
    between: _Between = ("", ""),
    code: Annotated[str, typer.Option("--code", help="Only rows that lead from or to an item of this code.")] = "",
    awaiting_us: Annotated[
        bool,
        typer.Option("--awaiting-us", metavar=FLAG, help="Only rows that our region has neither signed nor withdrawn."),
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_ROWS_A_PAGE, help="At most so many.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="PAGE", help="Go on after this page.")] = "",
    as_json: AsJson = False,
) -> None:
    """List rows: all that an officer signs for, who signed for them, and who withdrew them."""
    from tongban.crosswalk.v1 import crosswalk_service_pb2 as service

    from gateway.cli.calling import MemberClient
    from gateway.wire import routes

    request = service.ListRowsRequest(
        one_region=between[0],
        other_region=between[1],
        code=code,
        awaiting_us=awaiting_us,
        limit=limit,
        page=after,
    )
    page = MemberClient.load(client).ask(routes.LIST_ROWS, request, service.ListRowsResponse)
    if as_json:
        output.print_json({"rows": [_for_programs(row) for row in page.rows], "next": page.next_page})
        return
    output.print_table(
        "",
        (
            "row",
            "from",
            "to",
            "relationship",
            "conditions",
            "materials",
            "products",
            "days",
            "confidence",
            "because",
            "signed by",
            "withdrawn by",
        ),
        map(_cells, page.rows),
    )
    if page.next_page:
        output.remark(f"there are more: --after {page.next_page}")


@commands.command()
def approve(
    client: ClientFile,
    officer: OfficerId,
    role: OfficerRole,
    rows: _Rows = None,
    all_awaiting: Annotated[
        bool,
        typer.Option("--all-awaiting", metavar=FLAG, help="Every row that our region has not signed or withdrawn yet."),
    ] = False,
    between: _Between = ("", ""),
    window: OfficerWindow = "",
    reason: Annotated[str, typer.Option("--reason", help="A word on why; may be left out.")] = "",
    idempotency_key: IdempotencyKey = "",
    as_json: AsJson = False,
) -> None:
    """Sign for rows on behalf of an officer. A row counts when both sides have signed for it."""
    from gateway.cli.calling import MemberClient
    from trust.signed_claims import Officer

    if bool(rows) is all_awaiting:
        raise typer.BadParameter("name rows, or give --all-awaiting")
    member = MemberClient.load(client)
    awaiting = [_row(each) for each in _listed(member, between, awaiting_us=True)]
    wanted = _resolve(rows, awaiting, "waits for our signature") if rows else [row.hash for row in awaiting]
    if not wanted:
        output.remark("none")
        return
    signed = _review(member, wanted, "VERDICT_APPROVE", reason, Officer(officer, role, window), idempotency_key)
    in_force, waiting = sum(each.in_force for each in signed), sum(each.awaiting_other_side for each in signed)
    if as_json:
        reviews = [each.review for each in signed]
        output.print_json({"in_force": in_force, "awaiting_other_side": waiting, "reviews": reviews})
        return
    output.print_facts(
        (
            ("signed for 已签署", str(len(wanted))),
            ("in force 双方已签署", str(in_force)),
            ("awaiting the other side 待对方签署", str(waiting)),
        )
    )


@commands.command()
def withdraw(
    client: ClientFile,
    officer: OfficerId,
    role: OfficerRole,
    rows: _Rows,
    reason: Annotated[str, typer.Option("--reason", help="Why our region no longer stands by them.")],
    between: _Between = ("", ""),
    window: OfficerWindow = "",
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Withdraw rows on behalf of an officer, from today on and for good. Earlier days keep their answers."""
    from gateway.cli.calling import MemberClient
    from trust.signed_claims import Officer

    member = MemberClient.load(client)
    ours = member.gateway.id
    standing = [
        (_row(each), ours in each.approved_by) for each in _listed(member, between) if ours not in each.withdrawn_by
    ]
    # Of an id with several versions those are meant that we signed for, and any where we signed for none.
    signed = {row.id for row, by_us in standing if by_us}
    meant = [row for row, by_us in standing if by_us or row.id not in signed]
    wanted = _resolve(rows or [], meant, "can be withdrawn")
    _review(member, wanted, "VERDICT_WITHDRAW", reason, Officer(officer, role, window), idempotency_key)
    output.print_facts([("withdrawn 已撤回", str(len(wanted)))])


def _form_of(file: Path, form: Form | None) -> Form:
    found = form or _SUFFIXES.get(file.suffix)
    if found is None:
        raise typer.BadParameter(f"say --format {' or '.join(Form)}: the name of {file} does not tell")
    return found


@contextmanager
def _faults_line_by_line() -> Iterator[None]:
    """Tell the faults of a file each on a line of its own, and in the error only how many there are."""
    from trust.errors import Malformed

    try:
        yield
    except Malformed as error:
        count, parted, faults = error.details.get("faults", error.got).partition(" fault(s): ")
        if not parted:
            raise
        for fault in _BETWEEN_FAULTS.split(faults):
            output.remark(fault)
        got = f"{count} fault(s)" if error.got else ""
        raise Malformed(error.reason, error.failed, got=got, expected=error.expected, mend=error.mend) from error


def _checked(content: bytes, form: Form) -> bytes:
    """The file in UTF-8, in which it travels. Malformed with every fault, of which a refusal could tell the first."""
    from gateway.domain.crosswalk_csv import decode_csv, parse_csv
    from gateway.domain.sssom import decode_sssom, parse_sssom

    text = decode_csv(content) if form is Form.CSV else decode_sssom(content)
    parse_csv(text) if form is Form.CSV else parse_sssom(text)
    return text.encode()


def _print_imported(answer: ImportCrosswalkResponse, *, as_json: bool) -> None:
    from gateway.cli.messages import as_json as json_of
    from gateway.cli.messages import hex_of

    if as_json:
        shown = json_of(answer)
        for change in shown["changes"]:
            change["hash"] = hex_of(change["hash"])
        output.print_json(shown)
    else:
        if answer.changes:
            output.print_table("", ("row", "version", "column", "before", "after"), _changes(answer))
        told = len(answer.changes)
        if told < answer.added + answer.changed:
            output.print_line(f"and {answer.added + answer.changed - told} more")
        output.print_facts(
            (
                ("added 新增", str(answer.added)),
                ("changed 变更", str(answer.changed)),
                ("unchanged 未变", str(answer.unchanged)),
            )
        )
    for text in answer.remarks:
        output.remark(text)


def _changes(answer: ImportCrosswalkResponse) -> Iterator[tuple[str, ...]]:
    for change in answer.changes:
        if not change.columns:
            yield change.row, str(change.version), "new 新增", "", ""
        for column in change.columns:
            yield change.row, str(change.version), column.column, column.before, column.after


def _listed(member: MemberClient, between: tuple[str, str], *, awaiting_us: bool = False) -> Iterator[Row]:
    """Every row that is listed, page by page."""
    from tongban.crosswalk.v1 import crosswalk_service_pb2 as service

    from gateway.wire import routes

    request = service.ListRowsRequest(
        one_region=between[0], other_region=between[1], awaiting_us=awaiting_us, limit=_ROWS_A_PAGE
    )
    while True:
        page = member.ask(routes.LIST_ROWS, request, service.ListRowsResponse)
        yield from page.rows
        if not page.next_page:
            return
        request.page = page.next_page


def _resolve(names: Sequence[str], rows: Iterable[CrosswalkRow], what: str) -> list[bytes]:
    """The hashes of the rows that are named, in the order of the names, each once.

    Raises NotFound (ROW_UNKNOWN) or Malformed with every name that is nobody's or several rows'.
    """
    from trust.errors import Malformed, NotFound, Reason

    named: dict[str, list[CrosswalkRow]] = {}
    for row in rows:
        named.setdefault(row.id, []).append(row)
        named.setdefault(f"{row.id}@{row.version}", []).append(row)
    unknown = [name for name in names if name not in named]
    if unknown:
        raise NotFound(
            Reason.ROW_UNKNOWN,
            f"no row of this id {what}",
            got=", ".join(unknown),
            expected="ids as `tongban crosswalk rows` lists them",
            mend="look at the rows of the item with --code: one may be signed for, or withdrawn; or import it first",
        )
    several = [
        f"{name} (version {', '.join(str(row.version) for row in named[name])})"
        for name in names
        if len(named[name]) > 1
    ]
    if several:
        raise Malformed(
            Reason.FIELD_INVALID,
            "several rows have this id",
            got="; ".join(several),
            expected="one row for each name",
            mend="name them as ID@VERSION",
        )
    return list(dict.fromkeys(named[name][0].hash for name in names))


def _review(
    member: MemberClient, rows: Sequence[bytes], verdict: str, reason: str, officer: Officer, idempotency_key: str
) -> list[ReviewRowsResponse]:
    """Sign for the rows, in as many reviews as it takes; each is wholly done or not at all."""
    from tongban.crosswalk.v1 import crosswalk_service_pb2 as service

    from gateway.cli.calling import key_for
    from gateway.wire import routes
    from trust.review import MAX_ROWS

    key, answers = key_for(idempotency_key), []
    for number, start in enumerate(range(0, len(rows), MAX_ROWS), start=1):
        request = service.ReviewRowsRequest(
            idempotency_key=f"{key}-{number}", rows=rows[start : start + MAX_ROWS], verdict=verdict, reason=reason
        )
        answers.append(member.ask(routes.REVIEW_ROWS, request, service.ReviewRowsResponse, officer=officer))
    return answers


def _row(row: Row) -> CrosswalkRow:
    from gateway.domain.crosswalk_cells import row_of

    return row_of(row.record)


def _cells(shown: Row) -> tuple[str, ...]:
    from gateway.cli.translation import RELATIONSHIPS
    from gateway.domain.crosswalk import cells_of

    row = _row(shown)
    cells = cells_of(row)
    return (
        f"{row.id}@{row.version}",
        f"{row.source_catalogue} {row.source_code} {row.source_name}",
        f"{row.target_catalogue} {row.target_code} {row.target_name}".rstrip(),
        f"{row.relationship} {RELATIONSHIPS[row.relationship.name]}",
        cells["conditions"],
        cells["materials"],
        cells["products"],
        f"{cells['valid_from']} – {cells['valid_until'] or 'open'}",
        f"{row.confidence}%",
        row.justification,
        ", ".join(shown.approved_by),
        ", ".join(shown.withdrawn_by) + (f" ({shown.withdrawn_on})" if shown.withdrawn_on else ""),
    )


def _for_programs(shown: Row) -> dict[str, object]:
    from gateway.domain.crosswalk import cells_of

    row = _row(shown)
    return {
        **cells_of(row),
        "hash": row.hash.hex(),
        "approved_by": list(shown.approved_by),
        "withdrawn_by": list(shown.withdrawn_by),
        "withdrawn_on": shown.withdrawn_on,
    }
