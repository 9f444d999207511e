"""A process that holds catalogues and crosswalk and nothing else: ``python -m tests.bench.holding <folder>``.

It reads records as a gateway reads them from its store at a start, one by one, and folds the rows with the reviews that
both places signed. What the catalogues and rows are made of stays in the process that made them.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_reader import Shared
from gateway.domain.crosswalk import Crosswalk, record_of
from gateway.domain.crosswalk_cells import row_of
from gateway.domain.editions import item_of
from gateway.domain.editions import record_of as record_of_item
from gateway.domain.reviews import fold
from tests.bench.large import FULL, Size, make
from tests.bench.memory import resident_megabytes
from trust.review import Review, Verdict
from trust.signed_call import Officer


def measure(folder: Path, size: Size = FULL) -> float:
    """Resident megabytes (10^6 bytes) of the process. Raises ValueError when something is missing in it."""
    large = make(size)
    for catalogue in large.atlas.catalogues.values():
        with (folder / f"{catalogue.id}.items").open("wb") as file:
            file.writelines(record_of_item(item) + b"\n" for item in catalogue.items)
    with (folder / "rows").open("wb") as file:
        file.writelines(record_of(row) + b"\n" for row in large.atlas.crosswalk.rows)
    items, rows = sum(len(each.items) for each in large.atlas.catalogues.values()), len(large.atlas.crosswalk.rows)
    from tests.bench.children import Child  # noqa: PLC0415 - the process that holds has nothing to do with it

    with Child("holding", str(folder)) as child:
        held = child.ready
        if (held["items"], held["rows"]) != (items, rows):
            raise ValueError("the process does not hold everything")
        return float(held["megabytes"])


def _load(folder: Path) -> Atlas:
    catalogues = {}
    for path in sorted(folder.glob("*.items")):
        shared = Shared()
        with path.open("rb") as file:
            items = tuple(item_of(line[:-1], path.stem, shared) for line in file)
        catalogues[path.stem] = Catalogue(path.stem, path.stem, 1, items)
    with (folder / "rows").open("rb") as file:
        rows = [row_of(line[:-1]) for line in file]
    hashes, officer, at = frozenset(row.hash for row in rows), Officer("o-1", "crosswalk", ""), datetime.now(UTC)
    reviews = [Review(f"{region}.gateway", officer, Verdict.APPROVE, hashes, at, "") for region in catalogues]
    crosswalk: Crosswalk = fold(rows, reviews)
    return Atlas(catalogues, crosswalk)


def main() -> None:
    """Load, say what is held and how large the process is, end when stdin ends. Nothing is served, so no event loop."""
    atlas = _load(Path(sys.argv[1]))
    gc.collect()
    items = sum(len(each.items) for each in atlas.catalogues.values())
    held = {"items": items, "rows": len(atlas.crosswalk.rows), "megabytes": resident_megabytes("self")}
    sys.stdout.write(json.dumps(held) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
