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
TRANSLATION_OUTCOME_UNSPECIFIED: TranslationOutcome
TRANSLATION_OUTCOME_MATCHED: TranslationOutcome
TRANSLATION_OUTCOME_NEEDS_FACTS: TranslationOutcome
TRANSLATION_OUTCOME_NO_EQUIVALENT: TranslationOutcome
TRANSLATION_OUTCOME_UNMAPPED: TranslationOutcome
TRANSLATION_OUTCOME_UNKNOWN_CODE: TranslationOutcome
TRANSLATION_OUTCOME_NOT_IN_FORCE: TranslationOutcome
TRANSLATION_OUTCOME_MAP_EXPIRED: TranslationOutcome

class Translation(_message.Message):
    __slots__ = ("outcome", "item", "crosswalk_row", "questions", "material_keys", "products")
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
    outcome: TranslationOutcome
    item: _item_pb2.Item
    crosswalk_row: str
    questions: _containers.RepeatedCompositeFieldContainer[_item_pb2.Question]
    material_keys: _containers.ScalarMap[str, str]
    products: _containers.ScalarMap[str, str]
    def __init__(self, outcome: _Optional[_Union[TranslationOutcome, str]] = ..., item: _Optional[_Union[_item_pb2.Item, _Mapping]] = ..., crosswalk_row: _Optional[str] = ..., questions: _Optional[_Iterable[_Union[_item_pb2.Question, _Mapping]]] = ..., material_keys: _Optional[_Mapping[str, str]] = ..., products: _Optional[_Mapping[str, str]] = ...) -> None: ...
