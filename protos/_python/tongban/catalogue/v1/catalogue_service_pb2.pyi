from tongban.catalogue.v1 import item_pb2 as _item_pb2
from tongban.catalogue.v1 import translation_pb2 as _translation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TranslateRequest(_message.Message):
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

class TranslateResponse(_message.Message):
    __slots__ = ("translation",)
    TRANSLATION_FIELD_NUMBER: _ClassVar[int]
    translation: _translation_pb2.Translation
    def __init__(self, translation: _Optional[_Union[_translation_pb2.Translation, _Mapping]] = ...) -> None: ...

class GetItemRequest(_message.Message):
    __slots__ = ("catalogue", "code")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    code: str
    def __init__(self, catalogue: _Optional[str] = ..., code: _Optional[str] = ...) -> None: ...

class GetItemResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: _item_pb2.Item
    def __init__(self, item: _Optional[_Union[_item_pb2.Item, _Mapping]] = ...) -> None: ...
