"""Hold a catalogue that comes over a dialect to the same rules as one that comes from a file."""

from __future__ import annotations

from typing import Final

from adapters.failures import refused
from gateway.domain.catalogue import Catalogue, Item, Window
from gateway.domain.catalogue_file import dump_catalogue, fault_of_size, parse_catalogue
from gateway.domain.catalogue_reader import Shared
from gateway.domain.editions import item_of, record_of
from trust.errors import Malformed

_MOST_NAMED: Final = 20


class Pull:
    """One pull of a catalogue. Items are taken one by one, so that what they have in common is held once."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._shared = Shared()
        self._faults: list[str] = []

    def take(self, item: Item) -> Item:
        """Return the item as the gateway holds it. A fault in it is kept for ``catalogue``, that all may be named."""
        try:
            taken = item_of(record_of(item), self._region, self._shared)
        except Malformed as error:
            self._faults.append(error.got)
            return item
        if fault := fault_of_size(taken):
            self._faults.append(fault)
        return taken

    def catalogue(self, name: str, version: int, items: list[Item], windows: tuple[Window, ...]) -> Catalogue:
        """The catalogue of the items taken, if a file of it could be loaded.

        Raises WrongState(PLATFORM_REFUSED) with the faults named. A platform that lists nothing is being filled or
        emptied: what was pulled before serves better. It tells the present only, thus one version of each code.
        """
        failed = f"take catalogue {self._region} over"
        if not items:
            raise refused(failed, got="a catalogue without a single item")
        try:
            heading = parse_catalogue(dump_catalogue(Catalogue(self._region, name, version, (), windows)))
        except Malformed as error:
            raise refused(failed, got=error.got) from None
        seen: set[str] = set()
        for item in items:
            if item.code in seen:
                self._faults.append(f"item {item.code}: it is listed twice")
            seen.add(item.code)
        if self._faults:
            raise refused(failed, got="; ".join(self._faults[:_MOST_NAMED]))
        return Catalogue(heading.id, heading.name, heading.version, tuple(items), heading.windows)
