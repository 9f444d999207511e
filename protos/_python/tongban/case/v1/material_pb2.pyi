from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MaterialCarrier(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATERIAL_CARRIER_UNSPECIFIED: _ClassVar[MaterialCarrier]
    MATERIAL_CARRIER_FILE: _ClassVar[MaterialCarrier]
    MATERIAL_CARRIER_PARCEL: _ClassVar[MaterialCarrier]
    MATERIAL_CARRIER_LICENCE: _ClassVar[MaterialCarrier]
    MATERIAL_CARRIER_PROMISE: _ClassVar[MaterialCarrier]
MATERIAL_CARRIER_UNSPECIFIED: MaterialCarrier
MATERIAL_CARRIER_FILE: MaterialCarrier
MATERIAL_CARRIER_PARCEL: MaterialCarrier
MATERIAL_CARRIER_LICENCE: MaterialCarrier
MATERIAL_CARRIER_PROMISE: MaterialCarrier

class Material(_message.Message):
    __slots__ = ("key", "name", "carrier", "digest", "content", "media_type", "tracking_number", "licence")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CARRIER_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRACKING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    carrier: MaterialCarrier
    digest: bytes
    content: bytes
    media_type: str
    tracking_number: str
    licence: str
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., carrier: _Optional[_Union[MaterialCarrier, str]] = ..., digest: _Optional[bytes] = ..., content: _Optional[bytes] = ..., media_type: _Optional[str] = ..., tracking_number: _Optional[str] = ..., licence: _Optional[str] = ...) -> None: ...
