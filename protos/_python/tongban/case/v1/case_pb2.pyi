import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tongban.case.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CaseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CASE_STATE_UNSPECIFIED: _ClassVar[CaseState]
    CASE_STATE_SUBMITTED: _ClassVar[CaseState]
    CASE_STATE_ACCEPTED: _ClassVar[CaseState]
    CASE_STATE_SUPPLEMENTING: _ClassVar[CaseState]
    CASE_STATE_SUSPENDED: _ClassVar[CaseState]
    CASE_STATE_DECIDED: _ClassVar[CaseState]
    CASE_STATE_REFUSED: _ClassVar[CaseState]
    CASE_STATE_WITHDRAWN: _ClassVar[CaseState]
CASE_STATE_UNSPECIFIED: CaseState
CASE_STATE_SUBMITTED: CaseState
CASE_STATE_ACCEPTED: CaseState
CASE_STATE_SUPPLEMENTING: CaseState
CASE_STATE_SUSPENDED: CaseState
CASE_STATE_DECIDED: CaseState
CASE_STATE_REFUSED: CaseState
CASE_STATE_WITHDRAWN: CaseState

class Case(_message.Message):
    __slots__ = ("case_id", "case_number", "accepting_region", "processing_region", "source_item", "target_item", "state", "withdrawal_pending", "applicant_masked", "local_number", "peer_local_number", "due_date", "due_date_provisional", "supplement_items", "supplement_request", "result_licence", "score", "steps", "pending")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    CASE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ACCEPTING_REGION_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_REGION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ITEM_FIELD_NUMBER: _ClassVar[int]
    TARGET_ITEM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_PENDING_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_MASKED_FIELD_NUMBER: _ClassVar[int]
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PEER_LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESULT_LICENCE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    case_number: str
    accepting_region: str
    processing_region: str
    source_item: _event_pb2.ItemReference
    target_item: _event_pb2.ItemReference
    state: CaseState
    withdrawal_pending: bool
    applicant_masked: str
    local_number: str
    peer_local_number: str
    due_date: str
    due_date_provisional: bool
    supplement_items: _containers.RepeatedCompositeFieldContainer[_event_pb2.SupplementItem]
    supplement_request: int
    result_licence: str
    score: int
    steps: _containers.RepeatedCompositeFieldContainer[CaseStep]
    pending: _containers.RepeatedCompositeFieldContainer[PendingDelivery]
    def __init__(self, case_id: _Optional[str] = ..., case_number: _Optional[str] = ..., accepting_region: _Optional[str] = ..., processing_region: _Optional[str] = ..., source_item: _Optional[_Union[_event_pb2.ItemReference, _Mapping]] = ..., target_item: _Optional[_Union[_event_pb2.ItemReference, _Mapping]] = ..., state: _Optional[_Union[CaseState, str]] = ..., withdrawal_pending: _Optional[bool] = ..., applicant_masked: _Optional[str] = ..., local_number: _Optional[str] = ..., peer_local_number: _Optional[str] = ..., due_date: _Optional[str] = ..., due_date_provisional: _Optional[bool] = ..., supplement_items: _Optional[_Iterable[_Union[_event_pb2.SupplementItem, _Mapping]]] = ..., supplement_request: _Optional[int] = ..., result_licence: _Optional[str] = ..., score: _Optional[int] = ..., steps: _Optional[_Iterable[_Union[CaseStep, _Mapping]]] = ..., pending: _Optional[_Iterable[_Union[PendingDelivery, _Mapping]]] = ...) -> None: ...

class CaseStep(_message.Message):
    __slots__ = ("emitter", "seq", "event", "occurred_at", "digest", "moot")
    EMITTER_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MOOT_FIELD_NUMBER: _ClassVar[int]
    emitter: str
    seq: int
    event: str
    occurred_at: _timestamp_pb2.Timestamp
    digest: bytes
    moot: bool
    def __init__(self, emitter: _Optional[str] = ..., seq: _Optional[int] = ..., event: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., digest: _Optional[bytes] = ..., moot: _Optional[bool] = ...) -> None: ...

class PendingDelivery(_message.Message):
    __slots__ = ("delivery_id", "destination", "attempts", "next_attempt_at", "last_error", "dead")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    DEAD_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    destination: str
    attempts: int
    next_attempt_at: _timestamp_pb2.Timestamp
    last_error: str
    dead: bool
    def __init__(self, delivery_id: _Optional[str] = ..., destination: _Optional[str] = ..., attempts: _Optional[int] = ..., next_attempt_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_error: _Optional[str] = ..., dead: _Optional[bool] = ...) -> None: ...
