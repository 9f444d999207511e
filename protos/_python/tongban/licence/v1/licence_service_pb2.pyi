from tongban.licence.v1 import licence_pb2 as _licence_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LicenceStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LICENCE_STATUS_UNSPECIFIED: _ClassVar[LicenceStatus]
    LICENCE_STATUS_VALID: _ClassVar[LicenceStatus]
    LICENCE_STATUS_REVOKED: _ClassVar[LicenceStatus]
    LICENCE_STATUS_SUSPENDED: _ClassVar[LicenceStatus]
LICENCE_STATUS_UNSPECIFIED: LicenceStatus
LICENCE_STATUS_VALID: LicenceStatus
LICENCE_STATUS_REVOKED: LicenceStatus
LICENCE_STATUS_SUSPENDED: LicenceStatus

class IssueLicenceRequest(_message.Message):
    __slots__ = ("idempotency_key", "licence_type", "name", "issuer_name", "holder_name", "holder_id_number", "surface", "valid_from", "valid_until", "holder_jwk")
    class SurfaceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LICENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ISSUER_NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    HOLDER_JWK_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    licence_type: str
    name: str
    issuer_name: str
    holder_name: str
    holder_id_number: str
    surface: _containers.ScalarMap[str, str]
    valid_from: str
    valid_until: str
    holder_jwk: str
    def __init__(self, idempotency_key: _Optional[str] = ..., licence_type: _Optional[str] = ..., name: _Optional[str] = ..., issuer_name: _Optional[str] = ..., holder_name: _Optional[str] = ..., holder_id_number: _Optional[str] = ..., surface: _Optional[_Mapping[str, str]] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., holder_jwk: _Optional[str] = ...) -> None: ...

class IssueLicenceResponse(_message.Message):
    __slots__ = ("licence", "licence_id")
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    LICENCE_ID_FIELD_NUMBER: _ClassVar[int]
    licence: str
    licence_id: str
    def __init__(self, licence: _Optional[str] = ..., licence_id: _Optional[str] = ...) -> None: ...

class SetLicenceStatusRequest(_message.Message):
    __slots__ = ("idempotency_key", "licence_id", "status")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LICENCE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    licence_id: str
    status: LicenceStatus
    def __init__(self, idempotency_key: _Optional[str] = ..., licence_id: _Optional[str] = ..., status: _Optional[_Union[LicenceStatus, str]] = ...) -> None: ...

class SetLicenceStatusResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VerifyLicenceRequest(_message.Message):
    __slots__ = ("presentation", "nonce")
    PRESENTATION_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    presentation: str
    nonce: str
    def __init__(self, presentation: _Optional[str] = ..., nonce: _Optional[str] = ...) -> None: ...

class VerifyLicenceResponse(_message.Message):
    __slots__ = ("verdict",)
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    verdict: _licence_pb2.LicenceVerdict
    def __init__(self, verdict: _Optional[_Union[_licence_pb2.LicenceVerdict, _Mapping]] = ...) -> None: ...

class GetStatusListRequest(_message.Message):
    __slots__ = ("uri",)
    URI_FIELD_NUMBER: _ClassVar[int]
    uri: str
    def __init__(self, uri: _Optional[str] = ...) -> None: ...

class GetStatusListResponse(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...
