from tongban.catalogue.v1 import item_pb2 as _item_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TranslationOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSLATION_OUTCOME_UNSPECIFIED: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_MATCHED: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_NEEDS_FACTS: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_NO_EQUIVALENT: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_UNMAPPED: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_UNKNOWN_CODE: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_NOT_IN_FORCE: _ClassVar[TranslationOutcome]
    TRANSLATION_OUTCOME_MAP_EXPIRED: _ClassVar[TranslationOutcome]

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_FORWARD: _ClassVar[Direction]
    DIRECTION_REVERSE: _ClassVar[Direction]

class ReviewState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVIEW_STATE_UNSPECIFIED: _ClassVar[ReviewState]
    REVIEW_STATE_PROPOSED: _ClassVar[ReviewState]
    REVIEW_STATE_ONE_SIDE: _ClassVar[ReviewState]
    REVIEW_STATE_BOTH_SIDES: _ClassVar[ReviewState]

class Relationship(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELATIONSHIP_UNSPECIFIED: _ClassVar[Relationship]
    RELATIONSHIP_EQUIVALENT: _ClassVar[Relationship]
    RELATIONSHIP_BROADER: _ClassVar[Relationship]
    RELATIONSHIP_NARROWER: _ClassVar[Relationship]
    RELATIONSHIP_RELATED: _ClassVar[Relationship]
    RELATIONSHIP_NONE: _ClassVar[Relationship]

class SetAsideReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SET_ASIDE_REASON_UNSPECIFIED: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_AWAITING_REVIEW: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_WITHDRAWN: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_SUPERSEDED: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_NOT_BEGUN: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_OVER: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_DOES_NOT_DECIDE: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_OTHER_ANSWERS: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_ASKS_UNKNOWN_QUESTION: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_CONTRADICTED: _ClassVar[SetAsideReason]
    SET_ASIDE_REASON_COMPOSES_TO_NOTHING: _ClassVar[SetAsideReason]
TRANSLATION_OUTCOME_UNSPECIFIED: TranslationOutcome
TRANSLATION_OUTCOME_MATCHED: TranslationOutcome
TRANSLATION_OUTCOME_NEEDS_FACTS: TranslationOutcome
TRANSLATION_OUTCOME_NO_EQUIVALENT: TranslationOutcome
TRANSLATION_OUTCOME_UNMAPPED: TranslationOutcome
TRANSLATION_OUTCOME_UNKNOWN_CODE: TranslationOutcome
TRANSLATION_OUTCOME_NOT_IN_FORCE: TranslationOutcome
TRANSLATION_OUTCOME_MAP_EXPIRED: TranslationOutcome
DIRECTION_UNSPECIFIED: Direction
DIRECTION_FORWARD: Direction
DIRECTION_REVERSE: Direction
REVIEW_STATE_UNSPECIFIED: ReviewState
REVIEW_STATE_PROPOSED: ReviewState
REVIEW_STATE_ONE_SIDE: ReviewState
REVIEW_STATE_BOTH_SIDES: ReviewState
RELATIONSHIP_UNSPECIFIED: Relationship
RELATIONSHIP_EQUIVALENT: Relationship
RELATIONSHIP_BROADER: Relationship
RELATIONSHIP_NARROWER: Relationship
RELATIONSHIP_RELATED: Relationship
RELATIONSHIP_NONE: Relationship
SET_ASIDE_REASON_UNSPECIFIED: SetAsideReason
SET_ASIDE_REASON_AWAITING_REVIEW: SetAsideReason
SET_ASIDE_REASON_WITHDRAWN: SetAsideReason
SET_ASIDE_REASON_SUPERSEDED: SetAsideReason
SET_ASIDE_REASON_NOT_BEGUN: SetAsideReason
SET_ASIDE_REASON_OVER: SetAsideReason
SET_ASIDE_REASON_DOES_NOT_DECIDE: SetAsideReason
SET_ASIDE_REASON_OTHER_ANSWERS: SetAsideReason
SET_ASIDE_REASON_ASKS_UNKNOWN_QUESTION: SetAsideReason
SET_ASIDE_REASON_CONTRADICTED: SetAsideReason
SET_ASIDE_REASON_COMPOSES_TO_NOTHING: SetAsideReason

class Translation(_message.Message):
    __slots__ = ("outcome", "item", "crosswalk_row", "questions", "material_keys", "products", "matches", "outlooks", "set_aside", "source", "explanation", "suggestions", "as_of")
    class MaterialKeysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ProductsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    CROSSWALK_ROW_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    MATERIAL_KEYS_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    OUTLOOKS_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    outcome: TranslationOutcome
    item: _item_pb2.Item
    crosswalk_row: str
    questions: _containers.RepeatedCompositeFieldContainer[_item_pb2.Question]
    material_keys: _containers.ScalarMap[str, str]
    products: _containers.ScalarMap[str, str]
    matches: _containers.RepeatedCompositeFieldContainer[Match]
    outlooks: _containers.RepeatedCompositeFieldContainer[QuestionOutlook]
    set_aside: _containers.RepeatedCompositeFieldContainer[SetAsideRow]
    source: ItemSummary
    explanation: str
    suggestions: _containers.RepeatedCompositeFieldContainer[Suggestion]
    as_of: str
    def __init__(self, outcome: _Optional[_Union[TranslationOutcome, str]] = ..., item: _Optional[_Union[_item_pb2.Item, _Mapping]] = ..., crosswalk_row: _Optional[str] = ..., questions: _Optional[_Iterable[_Union[_item_pb2.Question, _Mapping]]] = ..., material_keys: _Optional[_Mapping[str, str]] = ..., products: _Optional[_Mapping[str, str]] = ..., matches: _Optional[_Iterable[_Union[Match, _Mapping]]] = ..., outlooks: _Optional[_Iterable[_Union[QuestionOutlook, _Mapping]]] = ..., set_aside: _Optional[_Iterable[_Union[SetAsideRow, _Mapping]]] = ..., source: _Optional[_Union[ItemSummary, _Mapping]] = ..., explanation: _Optional[str] = ..., suggestions: _Optional[_Iterable[_Union[Suggestion, _Mapping]]] = ..., as_of: _Optional[str] = ...) -> None: ...

class ItemSummary(_message.Message):
    __slots__ = ("catalogue", "code", "version", "name")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    code: str
    version: str
    name: str
    def __init__(self, catalogue: _Optional[str] = ..., code: _Optional[str] = ..., version: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("item", "relationship", "path", "conditions", "material_keys", "products", "review", "valid_from", "valid_until", "confidence")
    class MaterialKeysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ProductsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ITEM_FIELD_NUMBER: _ClassVar[int]
    RELATIONSHIP_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    MATERIAL_KEYS_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    item: ItemSummary
    relationship: Relationship
    path: _containers.RepeatedCompositeFieldContainer[PathStep]
    conditions: _containers.RepeatedCompositeFieldContainer[_item_pb2.AskedWhen]
    material_keys: _containers.ScalarMap[str, str]
    products: _containers.ScalarMap[str, str]
    review: ReviewState
    valid_from: str
    valid_until: str
    confidence: int
    def __init__(self, item: _Optional[_Union[ItemSummary, _Mapping]] = ..., relationship: _Optional[_Union[Relationship, str]] = ..., path: _Optional[_Iterable[_Union[PathStep, _Mapping]]] = ..., conditions: _Optional[_Iterable[_Union[_item_pb2.AskedWhen, _Mapping]]] = ..., material_keys: _Optional[_Mapping[str, str]] = ..., products: _Optional[_Mapping[str, str]] = ..., review: _Optional[_Union[ReviewState, str]] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., confidence: _Optional[int] = ...) -> None: ...

class PathStep(_message.Message):
    __slots__ = ("row", "version", "hash", "inverted", "approved_by", "justification")
    ROW_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    INVERTED_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    JUSTIFICATION_FIELD_NUMBER: _ClassVar[int]
    row: str
    version: int
    hash: bytes
    inverted: bool
    approved_by: _containers.RepeatedScalarFieldContainer[str]
    justification: str
    def __init__(self, row: _Optional[str] = ..., version: _Optional[int] = ..., hash: _Optional[bytes] = ..., inverted: _Optional[bool] = ..., approved_by: _Optional[_Iterable[str]] = ..., justification: _Optional[str] = ...) -> None: ...

class QuestionOutlook(_message.Message):
    __slots__ = ("question", "options")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    question: str
    options: _containers.RepeatedCompositeFieldContainer[OptionOutlook]
    def __init__(self, question: _Optional[str] = ..., options: _Optional[_Iterable[_Union[OptionOutlook, _Mapping]]] = ...) -> None: ...

class OptionOutlook(_message.Message):
    __slots__ = ("option", "matches")
    OPTION_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    option: str
    matches: _containers.RepeatedCompositeFieldContainer[Match]
    def __init__(self, option: _Optional[str] = ..., matches: _Optional[_Iterable[_Union[Match, _Mapping]]] = ...) -> None: ...

class SetAsideRow(_message.Message):
    __slots__ = ("row", "version", "hash", "reason", "relationship", "target", "justification", "valid_from", "valid_until", "approved_by")
    ROW_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RELATIONSHIP_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    JUSTIFICATION_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    row: str
    version: int
    hash: bytes
    reason: SetAsideReason
    relationship: Relationship
    target: ItemSummary
    justification: str
    valid_from: str
    valid_until: str
    approved_by: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, row: _Optional[str] = ..., version: _Optional[int] = ..., hash: _Optional[bytes] = ..., reason: _Optional[_Union[SetAsideReason, str]] = ..., relationship: _Optional[_Union[Relationship, str]] = ..., target: _Optional[_Union[ItemSummary, _Mapping]] = ..., justification: _Optional[str] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., approved_by: _Optional[_Iterable[str]] = ...) -> None: ...

class Suggestion(_message.Message):
    __slots__ = ("item", "similarity")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    item: ItemSummary
    similarity: int
    def __init__(self, item: _Optional[_Union[ItemSummary, _Mapping]] = ..., similarity: _Optional[int] = ...) -> None: ...
