from tongban.catalogue.v1 import translation_pb2 as _translation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Coverage(_message.Message):
    __slots__ = ("source_catalogue", "source_edition", "target_catalogue", "target_edition", "on", "in_force", "mapped", "by_situation", "ambiguous", "asserted_none", "awaiting_review", "expired", "target_not_in_force", "unmapped", "gaps")
    SOURCE_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_EDITION_FIELD_NUMBER: _ClassVar[int]
    TARGET_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_EDITION_FIELD_NUMBER: _ClassVar[int]
    ON_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    MAPPED_FIELD_NUMBER: _ClassVar[int]
    BY_SITUATION_FIELD_NUMBER: _ClassVar[int]
    AMBIGUOUS_FIELD_NUMBER: _ClassVar[int]
    ASSERTED_NONE_FIELD_NUMBER: _ClassVar[int]
    AWAITING_REVIEW_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    TARGET_NOT_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    UNMAPPED_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    source_catalogue: str
    source_edition: int
    target_catalogue: str
    target_edition: int
    on: str
    in_force: int
    mapped: int
    by_situation: int
    ambiguous: int
    asserted_none: int
    awaiting_review: int
    expired: int
    target_not_in_force: int
    unmapped: int
    gaps: _containers.RepeatedCompositeFieldContainer[CoverageGap]
    def __init__(self, source_catalogue: _Optional[str] = ..., source_edition: _Optional[int] = ..., target_catalogue: _Optional[str] = ..., target_edition: _Optional[int] = ..., on: _Optional[str] = ..., in_force: _Optional[int] = ..., mapped: _Optional[int] = ..., by_situation: _Optional[int] = ..., ambiguous: _Optional[int] = ..., asserted_none: _Optional[int] = ..., awaiting_review: _Optional[int] = ..., expired: _Optional[int] = ..., target_not_in_force: _Optional[int] = ..., unmapped: _Optional[int] = ..., gaps: _Optional[_Iterable[_Union[CoverageGap, _Mapping]]] = ...) -> None: ...

class CoverageGap(_message.Message):
    __slots__ = ("item", "count", "rows")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    item: _translation_pb2.ItemSummary
    count: str
    rows: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, item: _Optional[_Union[_translation_pb2.ItemSummary, _Mapping]] = ..., count: _Optional[str] = ..., rows: _Optional[_Iterable[str]] = ...) -> None: ...
