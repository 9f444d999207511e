from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Item(_message.Message):
    __slots__ = ("catalogue", "code", "version", "name", "department", "promised_days", "materials", "questions")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    PROMISED_DAYS_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    code: str
    version: str
    name: str
    department: str
    promised_days: int
    materials: _containers.RepeatedCompositeFieldContainer[MaterialRequirement]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    def __init__(self, catalogue: _Optional[str] = ..., code: _Optional[str] = ..., version: _Optional[str] = ..., name: _Optional[str] = ..., department: _Optional[str] = ..., promised_days: _Optional[int] = ..., materials: _Optional[_Iterable[_Union[MaterialRequirement, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ...) -> None: ...

class MaterialRequirement(_message.Message):
    __slots__ = ("key", "name", "required", "licence_type")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    required: bool
    licence_type: str
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., required: _Optional[bool] = ..., licence_type: _Optional[str] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("key", "text", "options")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    options: _containers.RepeatedCompositeFieldContainer[QuestionOption]
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ..., options: _Optional[_Iterable[_Union[QuestionOption, _Mapping]]] = ...) -> None: ...

class QuestionOption(_message.Message):
    __slots__ = ("key", "text")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...
