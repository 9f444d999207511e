import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tongban.case.v1 import case_pb2 as _case_pb2
from tongban.case.v1 import event_pb2 as _event_pb2
from tongban.case.v1 import material_pb2 as _material_pb2
from tongban.case.v1 import party_pb2 as _party_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OpenCaseRequest(_message.Message):
    __slots__ = ("idempotency_key", "item_code", "processing_region", "answers", "applicant", "agent", "materials", "presentation_nonce")
    class AnswersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_REGION_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    PRESENTATION_NONCE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    item_code: str
    processing_region: str
    answers: _containers.ScalarMap[str, str]
    applicant: _party_pb2.Party
    agent: _party_pb2.Party
    materials: _containers.RepeatedCompositeFieldContainer[_material_pb2.Material]
    presentation_nonce: str
    def __init__(self, idempotency_key: _Optional[str] = ..., item_code: _Optional[str] = ..., processing_region: _Optional[str] = ..., answers: _Optional[_Mapping[str, str]] = ..., applicant: _Optional[_Union[_party_pb2.Party, _Mapping]] = ..., agent: _Optional[_Union[_party_pb2.Party, _Mapping]] = ..., materials: _Optional[_Iterable[_Union[_material_pb2.Material, _Mapping]]] = ..., presentation_nonce: _Optional[str] = ...) -> None: ...

class OpenCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class SupplementCaseRequest(_message.Message):
    __slots__ = ("idempotency_key", "case", "materials", "note", "presentation_nonce")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    PRESENTATION_NONCE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    case: str
    materials: _containers.RepeatedCompositeFieldContainer[_material_pb2.Material]
    note: str
    presentation_nonce: str
    def __init__(self, idempotency_key: _Optional[str] = ..., case: _Optional[str] = ..., materials: _Optional[_Iterable[_Union[_material_pb2.Material, _Mapping]]] = ..., note: _Optional[str] = ..., presentation_nonce: _Optional[str] = ...) -> None: ...

class SupplementCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class WithdrawCaseRequest(_message.Message):
    __slots__ = ("idempotency_key", "case", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    case: str
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., case: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class WithdrawCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class RateCaseRequest(_message.Message):
    __slots__ = ("idempotency_key", "case", "score", "comment")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    case: str
    score: int
    comment: str
    def __init__(self, idempotency_key: _Optional[str] = ..., case: _Optional[str] = ..., score: _Optional[int] = ..., comment: _Optional[str] = ...) -> None: ...

class RateCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class ReportProgressRequest(_message.Message):
    __slots__ = ("idempotency_key", "case", "occurred_at", "accepted", "refused", "supplement_requested", "suspended", "resumed", "decided", "withdrawn", "withdrawal_refused")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENT_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_REFUSED_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    case: str
    occurred_at: _timestamp_pb2.Timestamp
    accepted: _event_pb2.Accepted
    refused: _event_pb2.Refused
    supplement_requested: _event_pb2.SupplementRequested
    suspended: _event_pb2.Suspended
    resumed: _event_pb2.Resumed
    decided: _event_pb2.Decided
    withdrawn: _event_pb2.Withdrawn
    withdrawal_refused: _event_pb2.WithdrawalRefused
    def __init__(self, idempotency_key: _Optional[str] = ..., case: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., accepted: _Optional[_Union[_event_pb2.Accepted, _Mapping]] = ..., refused: _Optional[_Union[_event_pb2.Refused, _Mapping]] = ..., supplement_requested: _Optional[_Union[_event_pb2.SupplementRequested, _Mapping]] = ..., suspended: _Optional[_Union[_event_pb2.Suspended, _Mapping]] = ..., resumed: _Optional[_Union[_event_pb2.Resumed, _Mapping]] = ..., decided: _Optional[_Union[_event_pb2.Decided, _Mapping]] = ..., withdrawn: _Optional[_Union[_event_pb2.Withdrawn, _Mapping]] = ..., withdrawal_refused: _Optional[_Union[_event_pb2.WithdrawalRefused, _Mapping]] = ...) -> None: ...

class ReportProgressResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class GetCaseRequest(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: str
    def __init__(self, case: _Optional[str] = ...) -> None: ...

class GetCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: _case_pb2.Case
    def __init__(self, case: _Optional[_Union[_case_pb2.Case, _Mapping]] = ...) -> None: ...

class ListCasesRequest(_message.Message):
    __slots__ = ("states", "page_size", "page_token")
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[_case_pb2.CaseState]
    page_size: int
    page_token: str
    def __init__(self, states: _Optional[_Iterable[_Union[_case_pb2.CaseState, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCasesResponse(_message.Message):
    __slots__ = ("cases", "next_page_token")
    CASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cases: _containers.RepeatedCompositeFieldContainer[_case_pb2.Case]
    next_page_token: str
    def __init__(self, cases: _Optional[_Iterable[_Union[_case_pb2.Case, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class EraseCaseRequest(_message.Message):
    __slots__ = ("idempotency_key", "case", "ground")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    case: str
    ground: str
    def __init__(self, idempotency_key: _Optional[str] = ..., case: _Optional[str] = ..., ground: _Optional[str] = ...) -> None: ...

class EraseCaseResponse(_message.Message):
    __slots__ = ("erased_at",)
    ERASED_AT_FIELD_NUMBER: _ClassVar[int]
    erased_at: _timestamp_pb2.Timestamp
    def __init__(self, erased_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
