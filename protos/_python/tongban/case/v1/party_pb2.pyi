from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApplicantType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPLICANT_TYPE_UNSPECIFIED: _ClassVar[ApplicantType]
    APPLICANT_TYPE_PERSON: _ClassVar[ApplicantType]
    APPLICANT_TYPE_ENTERPRISE: _ClassVar[ApplicantType]
    APPLICANT_TYPE_INSTITUTION: _ClassVar[ApplicantType]
    APPLICANT_TYPE_SOCIAL_ORGANISATION: _ClassVar[ApplicantType]
    APPLICANT_TYPE_UNINCORPORATED_ENTERPRISE: _ClassVar[ApplicantType]
    APPLICANT_TYPE_ADMINISTRATION: _ClassVar[ApplicantType]
    APPLICANT_TYPE_OTHER: _ClassVar[ApplicantType]
APPLICANT_TYPE_UNSPECIFIED: ApplicantType
APPLICANT_TYPE_PERSON: ApplicantType
APPLICANT_TYPE_ENTERPRISE: ApplicantType
APPLICANT_TYPE_INSTITUTION: ApplicantType
APPLICANT_TYPE_SOCIAL_ORGANISATION: ApplicantType
APPLICANT_TYPE_UNINCORPORATED_ENTERPRISE: ApplicantType
APPLICANT_TYPE_ADMINISTRATION: ApplicantType
APPLICANT_TYPE_OTHER: ApplicantType

class Party(_message.Message):
    __slots__ = ("type", "name", "id_type", "id_number", "phone")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ID_TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    type: ApplicantType
    name: str
    id_type: str
    id_number: str
    phone: str
    def __init__(self, type: _Optional[_Union[ApplicantType, str]] = ..., name: _Optional[str] = ..., id_type: _Optional[str] = ..., id_number: _Optional[str] = ..., phone: _Optional[str] = ...) -> None: ...
