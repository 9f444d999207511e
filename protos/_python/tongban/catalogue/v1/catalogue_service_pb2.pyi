from tongban.catalogue.v1 import coverage_pb2 as _coverage_pb2
from tongban.catalogue.v1 import guide_pb2 as _guide_pb2
from tongban.catalogue.v1 import item_pb2 as _item_pb2
from tongban.catalogue.v1 import translation_pb2 as _translation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TranslateRequest(_message.Message):
    __slots__ = ("source_catalogue", "target_catalogue", "code", "answers", "as_of", "version", "direction", "minimum_review", "allow_chain", "suggestions")
    class AnswersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SOURCE_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_REVIEW_FIELD_NUMBER: _ClassVar[int]
    ALLOW_CHAIN_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    source_catalogue: str
    target_catalogue: str
    code: str
    answers: _containers.ScalarMap[str, str]
    as_of: str
    version: int
    direction: _translation_pb2.Direction
    minimum_review: _translation_pb2.ReviewState
    allow_chain: bool
    suggestions: int
    def __init__(self, source_catalogue: _Optional[str] = ..., target_catalogue: _Optional[str] = ..., code: _Optional[str] = ..., answers: _Optional[_Mapping[str, str]] = ..., as_of: _Optional[str] = ..., version: _Optional[int] = ..., direction: _Optional[_Union[_translation_pb2.Direction, str]] = ..., minimum_review: _Optional[_Union[_translation_pb2.ReviewState, str]] = ..., allow_chain: _Optional[bool] = ..., suggestions: _Optional[int] = ...) -> None: ...

class TranslateResponse(_message.Message):
    __slots__ = ("translation",)
    TRANSLATION_FIELD_NUMBER: _ClassVar[int]
    translation: _translation_pb2.Translation
    def __init__(self, translation: _Optional[_Union[_translation_pb2.Translation, _Mapping]] = ...) -> None: ...

class TranslateBatchRequest(_message.Message):
    __slots__ = ("source_catalogue", "target_catalogue", "as_of", "minimum_review", "allow_chain", "questions")
    SOURCE_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_REVIEW_FIELD_NUMBER: _ClassVar[int]
    ALLOW_CHAIN_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    source_catalogue: str
    target_catalogue: str
    as_of: str
    minimum_review: _translation_pb2.ReviewState
    allow_chain: bool
    questions: _containers.RepeatedCompositeFieldContainer[BatchQuestion]
    def __init__(self, source_catalogue: _Optional[str] = ..., target_catalogue: _Optional[str] = ..., as_of: _Optional[str] = ..., minimum_review: _Optional[_Union[_translation_pb2.ReviewState, str]] = ..., allow_chain: _Optional[bool] = ..., questions: _Optional[_Iterable[_Union[BatchQuestion, _Mapping]]] = ...) -> None: ...

class BatchQuestion(_message.Message):
    __slots__ = ("code", "answers")
    class AnswersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    code: str
    answers: _containers.ScalarMap[str, str]
    def __init__(self, code: _Optional[str] = ..., answers: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TranslateBatchResponse(_message.Message):
    __slots__ = ("as_of", "answers")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    as_of: str
    answers: _containers.RepeatedCompositeFieldContainer[BatchAnswer]
    def __init__(self, as_of: _Optional[str] = ..., answers: _Optional[_Iterable[_Union[BatchAnswer, _Mapping]]] = ...) -> None: ...

class BatchAnswer(_message.Message):
    __slots__ = ("outcome", "target_code", "target_version", "row", "row_hash", "relationship", "review", "questions", "invalid")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    TARGET_CODE_FIELD_NUMBER: _ClassVar[int]
    TARGET_VERSION_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    ROW_HASH_FIELD_NUMBER: _ClassVar[int]
    RELATIONSHIP_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    INVALID_FIELD_NUMBER: _ClassVar[int]
    outcome: _translation_pb2.TranslationOutcome
    target_code: str
    target_version: str
    row: str
    row_hash: bytes
    relationship: _translation_pb2.Relationship
    review: _translation_pb2.ReviewState
    questions: _containers.RepeatedScalarFieldContainer[str]
    invalid: str
    def __init__(self, outcome: _Optional[_Union[_translation_pb2.TranslationOutcome, str]] = ..., target_code: _Optional[str] = ..., target_version: _Optional[str] = ..., row: _Optional[str] = ..., row_hash: _Optional[bytes] = ..., relationship: _Optional[_Union[_translation_pb2.Relationship, str]] = ..., review: _Optional[_Union[_translation_pb2.ReviewState, str]] = ..., questions: _Optional[_Iterable[str]] = ..., invalid: _Optional[str] = ...) -> None: ...

class GetItemRequest(_message.Message):
    __slots__ = ("catalogue", "code", "version")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    code: str
    version: int
    def __init__(self, catalogue: _Optional[str] = ..., code: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class GetItemResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: _item_pb2.Item
    def __init__(self, item: _Optional[_Union[_item_pb2.Item, _Mapping]] = ...) -> None: ...

class GetCoverageRequest(_message.Message):
    __slots__ = ("source_catalogue", "target_catalogue", "as_of")
    SOURCE_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    source_catalogue: str
    target_catalogue: str
    as_of: str
    def __init__(self, source_catalogue: _Optional[str] = ..., target_catalogue: _Optional[str] = ..., as_of: _Optional[str] = ...) -> None: ...

class GetCoverageResponse(_message.Message):
    __slots__ = ("coverage",)
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    coverage: _coverage_pb2.Coverage
    def __init__(self, coverage: _Optional[_Union[_coverage_pb2.Coverage, _Mapping]] = ...) -> None: ...

class GetGuideRequest(_message.Message):
    __slots__ = ("source_catalogue", "target_catalogue", "code", "answers", "as_of")
    class AnswersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SOURCE_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    source_catalogue: str
    target_catalogue: str
    code: str
    answers: _containers.ScalarMap[str, str]
    as_of: str
    def __init__(self, source_catalogue: _Optional[str] = ..., target_catalogue: _Optional[str] = ..., code: _Optional[str] = ..., answers: _Optional[_Mapping[str, str]] = ..., as_of: _Optional[str] = ...) -> None: ...

class GetGuideResponse(_message.Message):
    __slots__ = ("guide",)
    GUIDE_FIELD_NUMBER: _ClassVar[int]
    guide: _guide_pb2.Guide
    def __init__(self, guide: _Optional[_Union[_guide_pb2.Guide, _Mapping]] = ...) -> None: ...

class SyncCatalogueRequest(_message.Message):
    __slots__ = ("catalogue", "since_edition", "page")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    SINCE_EDITION_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    since_edition: int
    page: str
    def __init__(self, catalogue: _Optional[str] = ..., since_edition: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class SyncCatalogueResponse(_message.Message):
    __slots__ = ("edition", "since_edition", "name", "windows", "records", "next_page", "digest", "record_count")
    EDITION_FIELD_NUMBER: _ClassVar[int]
    SINCE_EDITION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RECORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    edition: int
    since_edition: int
    name: str
    windows: _containers.RepeatedCompositeFieldContainer[_item_pb2.Window]
    records: _containers.RepeatedScalarFieldContainer[bytes]
    next_page: str
    digest: bytes
    record_count: int
    def __init__(self, edition: _Optional[int] = ..., since_edition: _Optional[int] = ..., name: _Optional[str] = ..., windows: _Optional[_Iterable[_Union[_item_pb2.Window, _Mapping]]] = ..., records: _Optional[_Iterable[bytes]] = ..., next_page: _Optional[str] = ..., digest: _Optional[bytes] = ..., record_count: _Optional[int] = ...) -> None: ...
