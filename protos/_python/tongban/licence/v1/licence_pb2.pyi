from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LicenceVerdict(_message.Message):
    __slots__ = ("acceptable", "integrity", "authority", "validity", "status", "holder", "licence_id", "licence_type", "name", "issuer")
    ACCEPTABLE_FIELD_NUMBER: _ClassVar[int]
    INTEGRITY_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    LICENCE_ID_FIELD_NUMBER: _ClassVar[int]
    LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    acceptable: bool
    integrity: Verdict
    authority: Verdict
    validity: Verdict
    status: Verdict
    holder: Verdict
    licence_id: str
    licence_type: str
    name: str
    issuer: str
    def __init__(self, acceptable: _Optional[bool] = ..., integrity: _Optional[_Union[Verdict, _Mapping]] = ..., authority: _Optional[_Union[Verdict, _Mapping]] = ..., validity: _Optional[_Union[Verdict, _Mapping]] = ..., status: _Optional[_Union[Verdict, _Mapping]] = ..., holder: _Optional[_Union[Verdict, _Mapping]] = ..., licence_id: _Optional[str] = ..., licence_type: _Optional[str] = ..., name: _Optional[str] = ..., issuer: _Optional[str] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("code", "because")
    CODE_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    code: str
    because: str
    def __init__(self, code: _Optional[str] = ..., because: _Optional[str] = ...) -> None: ...
