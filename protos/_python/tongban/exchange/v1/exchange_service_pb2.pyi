from tongban.exchange.v1 import delivery_pb2 as _delivery_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliverEventsRequest(_message.Message):
    __slots__ = ("case_id", "events")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    events: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, case_id: _Optional[str] = ..., events: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DeliverEventsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _delivery_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_delivery_pb2.Receipt, _Mapping]] = ...) -> None: ...
