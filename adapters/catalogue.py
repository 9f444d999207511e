"""Hold a catalogue that came over a dialect to the same rules as one that comes from a file."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.failures import refused
from gateway.domain.catalogue import Catalogue, Item
from gateway.domain.catalogue_file import dump_catalogue, parse_catalogue
from trust.errors import Malformed


def checked(region: str, name: str, version: int, items: Sequence[Item]) -> Catalogue:
    """The catalogue, if a file of it could be loaded; otherwise WrongState(PLATFORM_REFUSED) with every fault named.

    A platform that lists nothing is being filled or emptied: what was pulled before serves better.
    """
    if not items:
        raise refused(f"take catalogue {region} over", got="a catalogue without a single item")
    try:
        return parse_catalogue(dump_catalogue(Catalogue(region, name, version, tuple(items))))
    except Malformed as error:
        raise refused(f"take catalogue {region} over", got=error.got) from None
