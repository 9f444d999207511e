import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tongban.case.v1 import material_pb2 as _material_pb2
from tongban.case.v1 import party_pb2 as _party_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CaseEvent(_message.Message):
    __slots__ = ("case_id", "emitter", "seq", "seen", "previous", "salt", "occurred_at", "actor", "submitted", "supplemented", "withdrawal_requested", "rated", "accepted", "refused", "supplement_requested", "suspended", "resumed", "decided", "withdrawn", "withdrawal_refused")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    EMITTER_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENTED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    RATED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENT_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_REFUSED_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    emitter: str
    seq: int
    seen: int
    previous: bytes
    salt: bytes
    occurred_at: _timestamp_pb2.Timestamp
    actor: str
    submitted: Submitted
    supplemented: Supplemented
    withdrawal_requested: WithdrawalRequested
    rated: Rated
    accepted: Accepted
    refused: Refused
    supplement_requested: SupplementRequested
    suspended: Suspended
    resumed: Resumed
    decided: Decided
    withdrawn: Withdrawn
    withdrawal_refused: WithdrawalRefused
    def __init__(self, case_id: _Optional[str] = ..., emitter: _Optional[str] = ..., seq: _Optional[int] = ..., seen: _Optional[int] = ..., previous: _Optional[bytes] = ..., salt: _Optional[bytes] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., submitted: _Optional[_Union[Submitted, _Mapping]] = ..., supplemented: _Optional[_Union[Supplemented, _Mapping]] = ..., withdrawal_requested: _Optional[_Union[WithdrawalRequested, _Mapping]] = ..., rated: _Optional[_Union[Rated, _Mapping]] = ..., accepted: _Optional[_Union[Accepted, _Mapping]] = ..., refused: _Optional[_Union[Refused, _Mapping]] = ..., supplement_requested: _Optional[_Union[SupplementRequested, _Mapping]] = ..., suspended: _Optional[_Union[Suspended, _Mapping]] = ..., resumed: _Optional[_Union[Resumed, _Mapping]] = ..., decided: _Optional[_Union[Decided, _Mapping]] = ..., withdrawn: _Optional[_Union[Withdrawn, _Mapping]] = ..., withdrawal_refused: _Optional[_Union[WithdrawalRefused, _Mapping]] = ...) -> None: ...

class ItemReference(_message.Message):
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

class Submitted(_message.Message):
    __slots__ = ("case_number", "accepting_region", "processing_region", "source_item", "target_item", "crosswalk_row", "answers", "applicant", "agent", "materials", "presentation_nonce", "case_salt", "products")
    class AnswersEntry(_message.Message):
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
    CASE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ACCEPTING_REGION_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_REGION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ITEM_FIELD_NUMBER: _ClassVar[int]
    TARGET_ITEM_FIELD_NUMBER: _ClassVar[int]
    CROSSWALK_ROW_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    PRESENTATION_NONCE_FIELD_NUMBER: _ClassVar[int]
    CASE_SALT_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    case_number: str
    accepting_region: str
    processing_region: str
    source_item: ItemReference
    target_item: ItemReference
    crosswalk_row: str
    answers: _containers.ScalarMap[str, str]
    applicant: _party_pb2.Party
    agent: _party_pb2.Party
    materials: _containers.RepeatedCompositeFieldContainer[_material_pb2.Material]
    presentation_nonce: str
    case_salt: bytes
    products: _containers.ScalarMap[str, str]
    def __init__(self, case_number: _Optional[str] = ..., accepting_region: _Optional[str] = ..., processing_region: _Optional[str] = ..., source_item: _Optional[_Union[ItemReference, _Mapping]] = ..., target_item: _Optional[_Union[ItemReference, _Mapping]] = ..., crosswalk_row: _Optional[str] = ..., answers: _Optional[_Mapping[str, str]] = ..., applicant: _Optional[_Union[_party_pb2.Party, _Mapping]] = ..., agent: _Optional[_Union[_party_pb2.Party, _Mapping]] = ..., materials: _Optional[_Iterable[_Union[_material_pb2.Material, _Mapping]]] = ..., presentation_nonce: _Optional[str] = ..., case_salt: _Optional[bytes] = ..., products: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Supplemented(_message.Message):
    __slots__ = ("request", "materials", "note")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    MATERIALS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    request: int
    materials: _containers.RepeatedCompositeFieldContainer[_material_pb2.Material]
    note: str
    def __init__(self, request: _Optional[int] = ..., materials: _Optional[_Iterable[_Union[_material_pb2.Material, _Mapping]]] = ..., note: _Optional[str] = ...) -> None: ...

class WithdrawalRequested(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Rated(_message.Message):
    __slots__ = ("score", "comment")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    score: int
    comment: str
    def __init__(self, score: _Optional[int] = ..., comment: _Optional[str] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("local_number", "promised_days")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PROMISED_DAYS_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    promised_days: int
    def __init__(self, local_number: _Optional[str] = ..., promised_days: _Optional[int] = ...) -> None: ...

class Refused(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class SupplementItem(_message.Message):
    __slots__ = ("material_key", "flaw")
    MATERIAL_KEY_FIELD_NUMBER: _ClassVar[int]
    FLAW_FIELD_NUMBER: _ClassVar[int]
    material_key: str
    flaw: str
    def __init__(self, material_key: _Optional[str] = ..., flaw: _Optional[str] = ...) -> None: ...

class SupplementRequested(_message.Message):
    __slots__ = ("request", "items")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    request: int
    items: _containers.RepeatedCompositeFieldContainer[SupplementItem]
    def __init__(self, request: _Optional[int] = ..., items: _Optional[_Iterable[_Union[SupplementItem, _Mapping]]] = ...) -> None: ...

class Suspended(_message.Message):
    __slots__ = ("procedure", "reason")
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    procedure: str
    reason: str
    def __init__(self, procedure: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Resumed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Decided(_message.Message):
    __slots__ = ("approved", "explanation", "result_number", "result_licence")
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    RESULT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RESULT_LICENCE_FIELD_NUMBER: _ClassVar[int]
    approved: bool
    explanation: str
    result_number: str
    result_licence: str
    def __init__(self, approved: _Optional[bool] = ..., explanation: _Optional[str] = ..., result_number: _Optional[str] = ..., result_licence: _Optional[str] = ...) -> None: ...

class Withdrawn(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WithdrawalRefused(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...
