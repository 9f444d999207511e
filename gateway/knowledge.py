"""What a gateway goes by, held in memory and replaced as a whole: directory, catalogues, crosswalk, calendar.

Who calls in the middle of a renewal sees the old or the new, never a mixture: each part is one immutable value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.calendar import WorkingCalendar
from gateway.domain.catalogue import Catalogue
from gateway.domain.crosswalk import Crosswalk
from gateway.domain.translation import Atlas
from trust.directory import Directory


class StandingKnowledge:
    """``gateway.exchange.house.Knowledge``, renewed by whoever pulls or reads the parts."""

    def __init__(
        self,
        directory: Directory,
        envelope: bytes,
        catalogues: Iterable[Catalogue],
        crosswalk: Crosswalk,
        calendar: WorkingCalendar,
    ) -> None:
        self._directory = directory
        self._envelope = envelope
        self._atlas = Atlas({catalogue.id: catalogue for catalogue in catalogues}, crosswalk)
        self._calendar = calendar

    @property
    def directory(self) -> Directory:
        """The member directory in force."""
        return self._directory

    @property
    def directory_envelope(self) -> bytes:
        """The directory as its trustees signed it."""
        return self._envelope

    @property
    def atlas(self) -> Atlas:
        """Every catalogue here, and the crosswalk between them."""
        return self._atlas

    @property
    def calendar(self) -> WorkingCalendar:
        """Working days."""
        return self._calendar

    def catalogue(self, region: str) -> Catalogue:
        """A region's catalogue."""
        return self._atlas.catalogue(region)

    def renew_directory(self, directory: Directory, envelope: bytes) -> None:
        """Go by this directory from now on."""
        self._directory, self._envelope = directory, envelope

    def adopt(self, catalogue: Catalogue) -> None:
        """Go by this catalogue from now on."""
        self._atlas = replace(self._atlas, catalogues={**self._atlas.catalogues, catalogue.id: catalogue})

    def renew_crosswalk(self, crosswalk: Crosswalk) -> None:
        """Go by this crosswalk from now on."""
        self._atlas = replace(self._atlas, crosswalk=crosswalk)
