"""What an application is made of: parties, materials, items, licences. Values only, checked where they are made.

Personal data lives in ``Party``, in ``Material.content`` and in ``Material.licence``. Their ``repr`` shows none of it,
so that a value that slips into a log line gives nothing away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from gateway.domain.people import ApplicantType, mask_id_number, mask_name

__all__ = [
    "ApplicantType",
    "ItemReference",
    "Material",
    "MaterialCarrier",
    "Party",
    "SupplementItem",
]


class MaterialCarrier(IntEnum):
    """How a material reaches the processing place. Numbers as in tongban.case.v1.MaterialCarrier."""

    FILE = 1
    PARCEL = 2
    LICENCE = 3
    PROMISE = 4


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """A person or organisation that applies, or acts for one who does (代理人)."""

    type: ApplicantType
    name: str
    id_type: str
    """National certificate code, 3 digits; 111 is 居民身份证."""
    id_number: str
    phone: str = ""

    def __repr__(self) -> str:
        return f"Party({mask_name(self.name)}, {mask_id_number(self.id_number)})"


@dataclass(frozen=True, slots=True)
class ItemReference:
    """An item in one catalogue at one version: a case keeps the version it started on."""

    catalogue: str
    code: str
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class Material:
    """One material handed in, under the key of the catalogue that its reader uses."""

    key: str
    name: str
    carrier: MaterialCarrier
    digest: bytes = b""
    content: bytes = field(default=b"", repr=False)
    media_type: str = ""
    tracking_number: str = ""
    licence: str = field(default="", repr=False)
    """SD-JWT presentation, for carrier LICENCE."""


@dataclass(frozen=True, slots=True)
class SupplementItem:
    """One material that must be supplied or corrected, and what is wrong with it."""

    material_key: str
    flaw: str
