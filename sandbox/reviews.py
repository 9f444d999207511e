"""The reviews of crosswalk rows that the files in ``data`` only tell of, signed for real.

Each gateway that a row's ``approved_by`` names signs for the row's hash with its message key of this folder, as it
would for an officer at its desk; one file for each gateway, one signed review a line. What an earlier founding signed
stays signed, and a row that was added or changed since gets one review more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.domain.crosswalk import CrosswalkRow
from gateway.domain.crosswalk_csv import read_claims
from sandbox.files import write_secret
from trust.directory import Directory
from trust.keys import SoftwareSigner
from trust.review import MAX_ROWS, Review, Verdict, open_review, sign_review
from trust.signed_call import Officer

Claim = tuple[CrosswalkRow, tuple[str, ...]]
"""A row, and the gateways that are said to have signed for it."""

_REASON: Final = "按对照表会商结果签认（测试数据）"


def claims_of(files: Iterable[Path]) -> list[Claim]:
    """Every row of the crosswalk files. Raises ``Malformed`` with every fault of a file."""
    return [claim for file in files for claim in read_claims(file.read_text(encoding="utf-8-sig"))]


def sign_reviews(
    folder: Path, gateway: str, claims: Sequence[Claim], directory: Directory, signer: SoftwareSigner, now: datetime
) -> Path:
    """Have a gateway sign for the rows that name it and that it has not signed for yet; the file with all its reviews.

    Raises ``Unauthenticated`` or ``Forbidden`` when a review of the file is not the gateway's own.
    """
    path = folder / "reviews" / f"{gateway}.jws"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    signed = {row for line in lines for row in open_review(line, directory).rows}
    wanted = [row.hash for row, members in claims if gateway in members and row.hash not in signed]
    officer = Officer(f"{gateway.partition('.')[0]}-xw1", "crosswalk", "事项对照专班（测试）")
    for start in range(0, len(wanted), MAX_ROWS):
        rows = frozenset(wanted[start : start + MAX_ROWS])
        lines.append(sign_review(Review(gateway, officer, Verdict.APPROVE, rows, now, _REASON), signer))
    write_secret(path, "".join(f"{line}\n" for line in lines).encode("ascii"))
    return path
