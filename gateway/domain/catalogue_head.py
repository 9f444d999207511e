"""What a kept edition of a catalogue is beside its items' records: the head, as a small JSON object.

A store keeps the head as a snapshot and each version of each item as a record, so that a new edition writes what has
changed and no more, and a peer is given what it lacks without anything being computed anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from gateway.domain.catalogue import Catalogue, Window


@dataclass(frozen=True, slots=True)
class CatalogueHead:
    """One edition, without its items."""

    edition: int
    """Edition of the catalogue, 1 or more."""
    name: str
    """Name of the catalogue for people."""
    windows: tuple[Window, ...]
    """Where people apply and collect."""
    digest: bytes
    """``gateway.domain.editions.digest_of`` the records of the whole edition, 32 bytes."""
    count: int
    """How many records that are."""

    @classmethod
    def of(cls, catalogue: Catalogue, digest: bytes) -> CatalogueHead:
        """Make the head of a catalogue whose records have that digest."""
        return cls(catalogue.version, catalogue.name, catalogue.windows, digest, len(catalogue.items))

    def to_bytes(self) -> bytes:
        """Write it as JSON, the digest in hex."""
        content = {**asdict(self), "digest": self.digest.hex()}
        return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> CatalogueHead:
        """Read what ``to_bytes`` wrote."""
        fields = json.loads(content)
        windows = tuple(Window(**window) for window in fields["windows"])
        return cls(fields["edition"], fields["name"], windows, bytes.fromhex(fields["digest"]), fields["count"])


def head_snapshot(catalogue_id: str) -> str:
    """Name of the snapshot under which a store keeps a catalogue's head."""
    return f"catalogue:{catalogue_id}"
