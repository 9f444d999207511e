from tongban.exchange.v1 import delivery_pb2 as _delivery_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliverEventsRequest(_message.Message):
    __slots__ = ("case_id", "events", "own_checkpoint", "your_checkpoint")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    OWN_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    YOUR_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    events: _containers.RepeatedScalarFieldContainer[bytes]
    own_checkpoint: str
    your_checkpoint: str
    def __init__(self, case_id: _Optional[str] = ..., events: _Optional[_Iterable[bytes]] = ..., own_checkpoint: _Optional[str] = ..., your_checkpoint: _Optional[str] = ...) -> None: ...

class DeliverEventsResponse(_message.Message):
    __slots__ = ("receipt", "own_checkpoint", "your_checkpoint")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    OWN_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    YOUR_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    receipt: _delivery_pb2.Receipt
    own_checkpoint: str
    your_checkpoint: str
    def __init__(self, receipt: _Optional[_Union[_delivery_pb2.Receipt, _Mapping]] = ..., own_checkpoint: _Optional[str] = ..., your_checkpoint: _Optional[str] = ...) -> None: ...
