"""The crosswalk as SSSOM/TSV, the Simple Standard for Sharing Ontological Mappings, which other tools read and write.

https://mapping-commons.github.io/sssom/: a block of metadata in YAML, every line behind a ``#``, then a table parted by
tabs, in which each line maps a subject (our source) to an object (our target). What stands where:

    subject_id, object_id         item:<catalogue>.<code>; sssom:NoTermFound where the relationship is none
    subject_label, object_label   the names
    subject_source, object_source the catalogues, catalogue:<region>
    predicate_id                  skos:exactMatch equivalent and none, skos:broadMatch broader, skos:narrowMatch
                                  narrower, skos:relatedMatch related; in SKOS too they say what the object is
    confidence                    the percentage as 0 to 1
    comment                       the justification in words; mapping_justification is its kind, a person's curation
    reviewer_id                   the gateways whose officers signed, for people; passed over when read
    tongban_…                     what SSSOM has no slot for, defined in extension_definitions

Rules:

1. Codes are percent-encoded where a CURIE can't hold a character, and come back letter for letter.
2. The heading is the same whatever the rows are, so that a file may be written and carried piece by piece. The
   standard would have columns without values left out, and values that all rows share in the metadata; both are
   read. It is a file for tools: unlike CSV, nothing is done to it for spreadsheets.
3. Files of other tools are read as far as they say enough. What is missing is a fault by row and nothing is made up,
   conditions least of all: a mapping that was for some applicants must not become one for all. So a file that lost
   our columns has faults in every row. A ``predicate_modifier`` (that something is *not* so) is a fault too.
4. All is refused together with every fault, as in ``gateway.domain.crosswalk_csv``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

import yaml

from gateway.domain.crosswalk import CrosswalkRow, Relationship, cells_of
from gateway.domain.crosswalk_cells import malformed
from gateway.domain.crosswalk_table import RowReader, records

MAX_METADATA_CHARACTERS: Final = 256 * 1024
"""Longest block of metadata that is read."""

_DOING: Final = "read an SSSOM file"

_ITEM: Final = "urn:tongban:item:"
_CATALOGUE: Final = "urn:tongban:catalogue:"
_MEMBER: Final = "urn:tongban:member:"
_EXTENSION: Final = "urn:tongban:crosswalk:"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_NO_TERM_FOUND: Final = "https://w3id.org/sssom/NoTermFound"

_PREFIXES: Final = {"catalogue": _CATALOGUE, "item": _ITEM, "member": _MEMBER, "tongban": _EXTENSION}
_BUILT_IN: Final = {
    "skos": _SKOS,
    "sssom": "https://w3id.org/sssom/",
    "semapv": "https://w3id.org/semapv/vocab/",
}
"""Prefixes that a file needn't declare, as far as they matter here."""

_PREDICATES: Final[Mapping[Relationship, str]] = MappingProxyType(
    {
        Relationship.EQUIVALENT: "exactMatch",
        Relationship.BROADER: "broadMatch",
        Relationship.NARROWER: "narrowMatch",
        Relationship.RELATED: "relatedMatch",
        Relationship.NONE: "exactMatch",
    }
)
_RELATIONSHIPS: Final = {
    f"{_SKOS}{name}": relationship
    for relationship, name in _PREDICATES.items()
    if relationship is not Relationship.NONE
}

_EXTENSIONS: Final = (
    ("conditions", "string"),
    ("id", "string"),
    ("materials", "string"),
    ("products", "string"),
    ("valid_from", "date"),
    ("valid_until", "date"),
    ("version", "integer"),
)
"""Columns of ours that SSSOM has no slot for, and their types in XML Schema."""

_SLOTS: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "reviewer_id",
    "subject_source",
    "object_source",
    "confidence",
    "comment",
)
_COLUMNS: Final = (*_SLOTS, *(f"tongban_{column}" for column, _ in _EXTENSIONS))

_TITLES: Final = MappingProxyType(
    {
        "source_catalogue": "subject_source",
        "source_code": "subject_id",
        "source_name": "subject_label",
        "target_catalogue": "object_source",
        "target_code": "object_id",
        "target_name": "object_label",
        "relationship": "predicate_id",
        "justification": "comment",
        **{column: f"tongban_{column}" for column, _ in _EXTENSIONS},
    }
)
"""What the file calls our columns, for whoever reads of a fault."""

_REQUIRED: Final = ("subject_id", "predicate_id", "object_id")
_PROPAGATED: Final = ("subject_source", "object_source")
_STAND_IN: Final = ("000000", "?")
_NEEDS_QUOTES: Final = re.compile('["\t\r\n]')
_CODE_IN_CATALOGUE: Final = re.compile(r"([0-9]{6})\.(.*)", re.DOTALL)
_REGION_AT_THE_END: Final = re.compile(r"(?:.*[^0-9])?([0-9]{6})", re.DOTALL)


def write_sssom(rows: Iterable[CrosswalkRow]) -> str:
    """Write an SSSOM file: the same heading whatever the rows, then each row for itself."""
    lines = [_HEADING, "\t".join(_COLUMNS), "\n"]
    for row in rows:
        lines += ("\t".join(map(_quoted, _slots_of(row))), "\n")
    return "".join(lines)


def _slots_of(row: CrosswalkRow) -> tuple[str, ...]:
    """Write the slots of a row in the order of ``_COLUMNS``."""
    cells = cells_of(row)
    absent = row.relationship is Relationship.NONE
    return (
        _item(row.source_catalogue, row.source_code),
        row.source_name,
        f"skos:{_PREDICATES[row.relationship]}",
        "sssom:NoTermFound" if absent else _item(row.target_catalogue, row.target_code),
        row.target_name,
        "semapv:ManualMappingCuration",
        "|".join(f"member:{member}" for member in row.standing.approved_by),
        f"catalogue:{row.source_catalogue}",
        f"catalogue:{row.target_catalogue}",
        f"{Decimal(row.confidence) / 100}",
        row.justification,
        *(cells[column] for column, _ in _EXTENSIONS),
    )


def _item(catalogue: str, code: str) -> str:
    return f"item:{catalogue}.{quote(code, safe='')}"


def _quoted(value: str) -> str:
    """Write a value with quotes where the standard wants them."""
    # By hand: the csv module leaves a lone carriage return unquoted when lines end in a line feed.
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(value) else value


def decode_sssom(content: bytes) -> str:
    """Read the text of a file, which is UTF-8. Raises ``Malformed`` when it is not."""
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise malformed(_DOING, [f"row {row}: it is not UTF-8, in which SSSOM is written"]) from None


def parse_sssom(text: str) -> tuple[CrosswalkRow, ...]:
    """Read an SSSOM file: proposals, whatever the file says of reviews.

    Raises ``Malformed`` with every fault of the file at once; nothing is read in part.
    """
    block, table = _parted(text.removeprefix("\ufeff"))
    faults: list[str] = []
    metadata = _Metadata.read(block)
    reader = RowReader(faults, _TITLES)
    rows = tuple(
        reader.read(number, _Mapping(number, slots, metadata, faults).cells())
        for number, slots in _mappings(table, len(block) + 1, metadata, faults)
    )
    if faults:
        raise malformed(_DOING, faults)
    return rows


# metadata -----------------------------------------------------------------------------------------------------------


_HEADING: Final = "".join(
    f"#{line}\n"
    for line in (
        "curie_map:",
        *(f'  {prefix}: "{base}"' for prefix, base in _PREFIXES.items()),
        "mapping_set_id: tongban:crosswalk",  # a URI for the standard, and for tools that would have a CURIE one too
        "license: https://w3id.org/sssom/license/unspecified",
        "extension_definitions:",
        *(
            f"  {line}"
            for column, kind in _EXTENSIONS
            for line in (f"- slot_name: tongban_{column}", f"  property: tongban:{column}", f"  type_hint: xsd:{kind}")
        ),
    )
)


def _parted(text: str) -> tuple[list[str], str]:
    """Part the lines of the metadata, without their ``#``, from the table."""
    block: list[str] = []
    start = 0
    while text.startswith("#", start):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        block.append(text[start + 1 : end].rstrip("\r"))
        start = end + 1
    return block, text[start:]


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the metadata say that the rows need."""

    prefixes: Mapping[str, str]
    shared: Mapping[str, str]
    """What the metadata say of every row, where the table does not."""
    slots: Mapping[str, str]
    """Name of a column of the file → our column that it holds."""

    @classmethod
    def read(cls, block: list[str]) -> _Metadata:
        content = "\n".join(block)
        if len(content) > MAX_METADATA_CHARACTERS:
            raise malformed(_DOING, [f"{len(content)} characters of metadata; {MAX_METADATA_CHARACTERS} are the most"])
        try:
            loaded = yaml.safe_load(content) if content.strip() else {}
        except (yaml.YAMLError, ValueError, RecursionError):
            raise malformed(_DOING, ["the metadata are not YAML"]) from None
        if not isinstance(loaded, dict) or not isinstance(loaded.get("curie_map", {}), dict):
            raise malformed(_DOING, ["the metadata, or their curie_map, are no mapping"])
        prefixes = {key: value for key, value in loaded.get("curie_map", {}).items() if isinstance(value, str)}
        shared = {slot: loaded[slot] for slot in _PROPAGATED if isinstance(loaded.get(slot), str)}
        metadata = cls({**_BUILT_IN, **prefixes}, shared, {})
        # A tool may have lost the definitions and kept the columns; by their own names they are ours all the same.
        slots = {f"tongban_{column}": column for column, _ in _EXTENSIONS}
        definitions = loaded.get("extension_definitions")
        for definition in definitions if isinstance(definitions, list) else ():
            match definition:
                case {"slot_name": str(name), "property": str(curie)}:
                    column = metadata.expand(curie).removeprefix(_EXTENSION)
                    if column in dict(_EXTENSIONS):
                        slots[name] = column
        return cls(metadata.prefixes, shared, slots)

    def expand(self, curie: str) -> str:
        """Return what a CURIE stands for; empty when its prefix is not declared."""
        prefix, _, reference = curie.partition(":")
        base = self.prefixes.get(prefix)
        return base + reference if base is not None else ""


# mappings -----------------------------------------------------------------------------------------------------------


def _mappings(
    table: str, first: int, metadata: _Metadata, faults: list[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each line of the table by slot, ours under our own names, with its number in the file."""
    lines = records(table, "\t", faults, first)
    number, heading = next(lines, (first, []))
    names = [name.strip() for name in heading]
    wrong = [f"row {number}: column {name!r} stands twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    wrong += [f"row {number}: column {name!r} is missing" for name in _REQUIRED if name not in names]
    if wrong:
        raise malformed(_DOING, faults + wrong)
    slots = [metadata.slots.get(name, name) for name in names]
    shared = {slot: value for slot, value in metadata.shared.items() if slot not in slots}
    for number, record in lines:
        if len(record) == len(slots):
            yield number, {**shared, **dict(zip(slots, record, strict=True))}
        else:
            faults.append(f"row {number}: {len(record)} cells; {len(slots)} are wanted")


class _Mapping:
    """One line of the table: turns its slots into the cells of a row."""

    def __init__(self, number: int, slots: Mapping[str, str], metadata: _Metadata, faults: list[str]) -> None:
        self._number = number
        self._slots = slots
        self._metadata = metadata
        self._faults = faults

    def cells(self) -> dict[str, str]:
        """Return the cells, empty where the file says nothing; ``CellReader`` then tells what is wanted."""
        slot = self._slot
        if slot("predicate_modifier"):
            self._fault("predicate_modifier", "it says that something is not so, which a row can't")
        source_catalogue, source_code = self._end("subject")
        absent = self._metadata.expand(slot("object_id")) == _NO_TERM_FOUND
        target_catalogue, target_code = (self._source("object"), "") if absent else self._end("object")
        return {
            "id": slot("id"),
            "source_catalogue": source_catalogue,
            "source_code": source_code,
            "source_name": slot("subject_label"),
            "target_catalogue": target_catalogue,
            "target_code": target_code,
            "target_name": slot("object_label"),
            "relationship": self._relationship(absent=absent),
            "conditions": slot("conditions"),
            "materials": slot("materials"),
            "products": slot("products"),
            "valid_from": slot("valid_from"),
            "valid_until": slot("valid_until"),
            "version": slot("version"),
            "confidence": self._percent(),
            "justification": slot("comment"),
        }

    def _slot(self, name: str) -> str:
        return self._slots.get(name, "").strip()

    def _fault(self, slot: str, what: str) -> None:
        self._faults.append(f"row {self._number}, {slot}: {what}")

    def _end(self, side: str) -> tuple[str, str]:
        """Return the catalogue and the code of the subject or the object."""
        slot = f"{side}_id"
        expanded = self._metadata.expand(self._slot(slot))
        if not expanded:
            self._fault(slot, "it is no CURIE of a prefix that curie_map declares")
            return _STAND_IN
        ours = _CODE_IN_CATALOGUE.fullmatch(expanded.removeprefix(_ITEM)) if expanded.startswith(_ITEM) else None
        catalogue, code = ours.groups() if ours else (self._source(side), self._slot(slot).partition(":")[2])
        if ours and self._slot(f"{side}_source") and self._source(side) != catalogue:
            self._fault(f"{side}_source", f"it is not the catalogue of {slot}")
        try:
            return catalogue, unquote(code, errors="strict")
        except UnicodeDecodeError:
            self._fault(slot, "it is percent-encoded, and not in UTF-8")
            return _STAND_IN

    def _source(self, side: str) -> str:
        """Return the region with which the subject's or the object's source ends; empty when it ends with none."""
        region = _REGION_AT_THE_END.fullmatch(self._metadata.expand(self._slot(f"{side}_source")))
        return region[1] if region else ""

    def _relationship(self, *, absent: bool) -> str:
        relationship = _RELATIONSHIPS.get(self._metadata.expand(self._slot("predicate_id")))
        if absent and relationship is Relationship.EQUIVALENT:
            return Relationship.NONE
        if absent:  # that nothing broader was found does not say that there is nothing
            self._fault("predicate_id", "where no term was found, skos:exactMatch is wanted")
        elif relationship is None:
            self._fault("predicate_id", "skos:exactMatch, broadMatch, narrowMatch or relatedMatch is wanted")
        return Relationship.NONE if absent else relationship or Relationship.RELATED

    def _percent(self) -> str:
        text = self._slot("confidence")
        with suppress(InvalidOperation):
            confidence = Decimal(text)
            if 0 <= confidence <= 1:
                return str(int((confidence * 100).to_integral_value()))
        self._fault("confidence", f"{text[:20]!r} is not a number of 0 to 1")
        return "0"
