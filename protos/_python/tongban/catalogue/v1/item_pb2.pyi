from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Item(_message.Message):
    __slots__ = ("catalogue", "code", "version", "name", "department", "promised_days", "materials", "questions", "state", "valid_from", "valid_until", "listed_from", "basic_code", "implementation_code", "code_form", "code_flaw", "item_type", "handling_type", "applicant_types", "statutory_days", "modes", "conditions", "apply_ways", "procedure", "result_ways", "fee", "result_name", "result_licence_type", "handling_items", "official")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    PROMISED_DAYS_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    LISTED_FROM_FIELD_NUMBER: _ClassVar[int]
    BASIC_CODE_FIELD_NUMBER: _ClassVar[int]
    IMPLEMENTATION_CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_FORM_FIELD_NUMBER: _ClassVar[int]
    CODE_FLAW_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    HANDLING_TYPE_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_TYPES_FIELD_NUMBER: _ClassVar[int]
    STATUTORY_DAYS_FIELD_NUMBER: _ClassVar[int]
    MODES_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    APPLY_WAYS_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    RESULT_WAYS_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    RESULT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    HANDLING_ITEMS_FIELD_NUMBER: _ClassVar[int]
    OFFICIAL_FIELD_NUMBER: _ClassVar[int]
    catalogue: str
    code: str
    version: str
    name: str
    department: str
    promised_days: int
    materials: _containers.RepeatedCompositeFieldContainer[MaterialRequirement]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    state: str
    valid_from: str
    valid_until: str
    listed_from: str
    basic_code: str
    implementation_code: str
    code_form: str
    code_flaw: str
    item_type: str
    handling_type: int
    applicant_types: _containers.RepeatedScalarFieldContainer[int]
    statutory_days: int
    modes: _containers.RepeatedScalarFieldContainer[str]
    conditions: str
    apply_ways: _containers.RepeatedScalarFieldContainer[str]
    procedure: _containers.RepeatedScalarFieldContainer[str]
    result_ways: _containers.RepeatedScalarFieldContainer[str]
    fee: str
    result_name: str
    result_licence_type: str
    handling_items: _containers.RepeatedCompositeFieldContainer[HandlingItem]
    official: bool
    def __init__(self, catalogue: _Optional[str] = ..., code: _Optional[str] = ..., version: _Optional[str] = ..., name: _Optional[str] = ..., department: _Optional[str] = ..., promised_days: _Optional[int] = ..., materials: _Optional[_Iterable[_Union[MaterialRequirement, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ..., state: _Optional[str] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., listed_from: _Optional[str] = ..., basic_code: _Optional[str] = ..., implementation_code: _Optional[str] = ..., code_form: _Optional[str] = ..., code_flaw: _Optional[str] = ..., item_type: _Optional[str] = ..., handling_type: _Optional[int] = ..., applicant_types: _Optional[_Iterable[int]] = ..., statutory_days: _Optional[int] = ..., modes: _Optional[_Iterable[str]] = ..., conditions: _Optional[str] = ..., apply_ways: _Optional[_Iterable[str]] = ..., procedure: _Optional[_Iterable[str]] = ..., result_ways: _Optional[_Iterable[str]] = ..., fee: _Optional[str] = ..., result_name: _Optional[str] = ..., result_licence_type: _Optional[str] = ..., handling_items: _Optional[_Iterable[_Union[HandlingItem, _Mapping]]] = ..., official: _Optional[bool] = ...) -> None: ...

class HandlingItem(_message.Message):
    __slots__ = ("code", "name")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class MaterialRequirement(_message.Message):
    __slots__ = ("key", "name", "required", "licence_type", "source", "form", "copies", "exempt_by_sharing", "may_be_deferred", "by_promise", "note")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    EXEMPT_BY_SHARING_FIELD_NUMBER: _ClassVar[int]
    MAY_BE_DEFERRED_FIELD_NUMBER: _ClassVar[int]
    BY_PROMISE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    required: bool
    licence_type: str
    source: str
    form: str
    copies: int
    exempt_by_sharing: str
    may_be_deferred: bool
    by_promise: bool
    note: str
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., required: _Optional[bool] = ..., licence_type: _Optional[str] = ..., source: _Optional[str] = ..., form: _Optional[str] = ..., copies: _Optional[int] = ..., exempt_by_sharing: _Optional[str] = ..., may_be_deferred: _Optional[bool] = ..., by_promise: _Optional[bool] = ..., note: _Optional[str] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("key", "text", "options", "asked_when")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ASKED_WHEN_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    options: _containers.RepeatedCompositeFieldContainer[QuestionOption]
    asked_when: _containers.RepeatedCompositeFieldContainer[AskedWhen]
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ..., options: _Optional[_Iterable[_Union[QuestionOption, _Mapping]]] = ..., asked_when: _Optional[_Iterable[_Union[AskedWhen, _Mapping]]] = ...) -> None: ...

class AskedWhen(_message.Message):
    __slots__ = ("question", "options")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    question: str
    options: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, question: _Optional[str] = ..., options: _Optional[_Iterable[str]] = ...) -> None: ...

class QuestionOption(_message.Message):
    __slots__ = ("key", "text", "adds", "waives", "chooses")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ADDS_FIELD_NUMBER: _ClassVar[int]
    WAIVES_FIELD_NUMBER: _ClassVar[int]
    CHOOSES_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    adds: _containers.RepeatedScalarFieldContainer[str]
    waives: _containers.RepeatedScalarFieldContainer[str]
    chooses: str
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ..., adds: _Optional[_Iterable[str]] = ..., waives: _Optional[_Iterable[str]] = ..., chooses: _Optional[str] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ("name", "address", "phone", "hours")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    name: str
    address: str
    phone: str
    hours: str
    def __init__(self, name: _Optional[str] = ..., address: _Optional[str] = ..., phone: _Optional[str] = ..., hours: _Optional[str] = ...) -> None: ...
