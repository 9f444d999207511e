from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Row(_message.Message):
    __slots__ = ("record", "hash", "approved_by", "withdrawn_by", "withdrawn_on")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_BY_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_ON_FIELD_NUMBER: _ClassVar[int]
    record: bytes
    hash: bytes
    approved_by: _containers.RepeatedScalarFieldContainer[str]
    withdrawn_by: _containers.RepeatedScalarFieldContainer[str]
    withdrawn_on: str
    def __init__(self, record: _Optional[bytes] = ..., hash: _Optional[bytes] = ..., approved_by: _Optional[_Iterable[str]] = ..., withdrawn_by: _Optional[_Iterable[str]] = ..., withdrawn_on: _Optional[str] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("position", "record", "review")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    position: int
    record: bytes
    review: str
    def __init__(self, position: _Optional[int] = ..., record: _Optional[bytes] = ..., review: _Optional[str] = ...) -> None: ...
