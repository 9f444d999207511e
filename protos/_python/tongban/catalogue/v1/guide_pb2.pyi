from tongban.catalogue.v1 import item_pb2 as _item_pb2
from tongban.catalogue.v1 import translation_pb2 as _translation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MaterialWay(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATERIAL_WAY_UNSPECIFIED: _ClassVar[MaterialWay]
    MATERIAL_WAY_HAND_IN: _ClassVar[MaterialWay]
    MATERIAL_WAY_LICENCE: _ClassVar[MaterialWay]
    MATERIAL_WAY_SHARED: _ClassVar[MaterialWay]
    MATERIAL_WAY_PROMISE: _ClassVar[MaterialWay]
MATERIAL_WAY_UNSPECIFIED: MaterialWay
MATERIAL_WAY_HAND_IN: MaterialWay
MATERIAL_WAY_LICENCE: MaterialWay
MATERIAL_WAY_SHARED: MaterialWay
MATERIAL_WAY_PROMISE: MaterialWay

class Guide(_message.Message):
    __slots__ = ("source", "target", "department", "handling_item", "situation", "conditions", "apply_ways", "modes", "procedure", "materials", "statutory_days", "promised_days", "due_date", "due_date_provisional", "fee", "result_name", "result_licence_type", "result_ways", "accepting_windows", "processing_windows", "as_of", "path", "scan_text", "test_data", "accepting_place", "processing_place")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    HANDLING_ITEM_FIELD_NUMBER: _ClassVar[int]
    SITUATION_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    APPLY_WAYS_FIELD_NUMBER: _ClassVar[int]
    MODES_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    STATUTORY_DAYS_FIELD_NUMBER: _ClassVar[int]
    PROMISED_DAYS_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    RESULT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESULT_WAYS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTING_WINDOWS_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_WINDOWS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SCAN_TEXT_FIELD_NUMBER: _ClassVar[int]
    TEST_DATA_FIELD_NUMBER: _ClassVar[int]
    ACCEPTING_PLACE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_PLACE_FIELD_NUMBER: _ClassVar[int]
    source: _translation_pb2.ItemSummary
    target: _translation_pb2.ItemSummary
    department: str
    handling_item: _item_pb2.HandlingItem
    situation: _containers.RepeatedCompositeFieldContainer[GuideAnswer]
    conditions: str
    apply_ways: _containers.RepeatedScalarFieldContainer[str]
    modes: _containers.RepeatedScalarFieldContainer[str]
    procedure: _containers.RepeatedScalarFieldContainer[str]
    materials: _containers.RepeatedCompositeFieldContainer[GuideMaterial]
    statutory_days: int
    promised_days: int
    due_date: str
    due_date_provisional: bool
    fee: str
    result_name: str
    result_licence_type: str
    result_ways: _containers.RepeatedScalarFieldContainer[str]
    accepting_windows: _containers.RepeatedCompositeFieldContainer[_item_pb2.Window]
    processing_windows: _containers.RepeatedCompositeFieldContainer[_item_pb2.Window]
    as_of: str
    path: _containers.RepeatedCompositeFieldContainer[_translation_pb2.PathStep]
    scan_text: str
    test_data: bool
    accepting_place: str
    processing_place: str
    def __init__(self, source: _Optional[_Union[_translation_pb2.ItemSummary, _Mapping]] = ..., target: _Optional[_Union[_translation_pb2.ItemSummary, _Mapping]] = ..., department: _Optional[str] = ..., handling_item: _Optional[_Union[_item_pb2.HandlingItem, _Mapping]] = ..., situation: _Optional[_Iterable[_Union[GuideAnswer, _Mapping]]] = ..., conditions: _Optional[str] = ..., apply_ways: _Optional[_Iterable[str]] = ..., modes: _Optional[_Iterable[str]] = ..., procedure: _Optional[_Iterable[str]] = ..., materials: _Optional[_Iterable[_Union[GuideMaterial, _Mapping]]] = ..., statutory_days: _Optional[int] = ..., promised_days: _Optional[int] = ..., due_date: _Optional[str] = ..., due_date_provisional: _Optional[bool] = ..., fee: _Optional[str] = ..., result_name: _Optional[str] = ..., result_licence_type: _Optional[str] = ..., result_ways: _Optional[_Iterable[str]] = ..., accepting_windows: _Optional[_Iterable[_Union[_item_pb2.Window, _Mapping]]] = ..., processing_windows: _Optional[_Iterable[_Union[_item_pb2.Window, _Mapping]]] = ..., as_of: _Optional[str] = ..., path: _Optional[_Iterable[_Union[_translation_pb2.PathStep, _Mapping]]] = ..., scan_text: _Optional[str] = ..., test_data: _Optional[bool] = ..., accepting_place: _Optional[str] = ..., processing_place: _Optional[str] = ...) -> None: ...

class GuideAnswer(_message.Message):
    __slots__ = ("question", "answer", "asked_by", "by_mapping")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    BY_MAPPING_FIELD_NUMBER: _ClassVar[int]
    question: str
    answer: str
    asked_by: str
    by_mapping: bool
    def __init__(self, question: _Optional[str] = ..., answer: _Optional[str] = ..., asked_by: _Optional[str] = ..., by_mapping: _Optional[bool] = ...) -> None: ...

class GuideMaterial(_message.Message):
    __slots__ = ("key", "target_key", "name", "source", "form", "copies", "way", "way_detail", "may_be_deferred", "accepting_check", "processing_check", "note")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TARGET_KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    WAY_DETAIL_FIELD_NUMBER: _ClassVar[int]
    MAY_BE_DEFERRED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTING_CHECK_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_CHECK_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    key: str
    target_key: str
    name: str
    source: str
    form: str
    copies: int
    way: MaterialWay
    way_detail: str
    may_be_deferred: bool
    accepting_check: str
    processing_check: str
    note: str
    def __init__(self, key: _Optional[str] = ..., target_key: _Optional[str] = ..., name: _Optional[str] = ..., source: _Optional[str] = ..., form: _Optional[str] = ..., copies: _Optional[int] = ..., way: _Optional[_Union[MaterialWay, str]] = ..., way_detail: _Optional[str] = ..., may_be_deferred: _Optional[bool] = ..., accepting_check: _Optional[str] = ..., processing_check: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...
