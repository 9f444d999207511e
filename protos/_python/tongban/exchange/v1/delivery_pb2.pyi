from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Receipt(_message.Message):
    __slots__ = ("case_id", "accepted_through", "leaf_hashes")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    LEAF_HASHES_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    accepted_through: int
    leaf_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, case_id: _Optional[str] = ..., accepted_through: _Optional[int] = ..., leaf_hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...
