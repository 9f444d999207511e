from tongban.crosswalk.v1 import row_pb2 as _row_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FileFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_FORMAT_UNSPECIFIED: _ClassVar[FileFormat]
    FILE_FORMAT_CSV: _ClassVar[FileFormat]
    FILE_FORMAT_SSSOM: _ClassVar[FileFormat]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_APPROVE: _ClassVar[Verdict]
    VERDICT_WITHDRAW: _ClassVar[Verdict]
FILE_FORMAT_UNSPECIFIED: FileFormat
FILE_FORMAT_CSV: FileFormat
FILE_FORMAT_SSSOM: FileFormat
VERDICT_UNSPECIFIED: Verdict
VERDICT_APPROVE: Verdict
VERDICT_WITHDRAW: Verdict

class ImportCrosswalkRequest(_message.Message):
    __slots__ = ("idempotency_key", "upload", "part", "parts", "content", "format", "dry_run")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    upload: str
    part: int
    parts: int
    content: bytes
    format: FileFormat
    dry_run: bool
    def __init__(self, idempotency_key: _Optional[str] = ..., upload: _Optional[str] = ..., part: _Optional[int] = ..., parts: _Optional[int] = ..., content: _Optional[bytes] = ..., format: _Optional[_Union[FileFormat, str]] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class ImportCrosswalkResponse(_message.Message):
    __slots__ = ("complete", "added", "changed", "unchanged", "changes", "remarks")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    added: int
    changed: int
    unchanged: int
    changes: _containers.RepeatedCompositeFieldContainer[RowChange]
    remarks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, complete: _Optional[bool] = ..., added: _Optional[int] = ..., changed: _Optional[int] = ..., unchanged: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[RowChange, _Mapping]]] = ..., remarks: _Optional[_Iterable[str]] = ...) -> None: ...

class RowChange(_message.Message):
    __slots__ = ("row", "version", "hash", "columns")
    ROW_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    row: str
    version: int
    hash: bytes
    columns: _containers.RepeatedCompositeFieldContainer[ColumnChange]
    def __init__(self, row: _Optional[str] = ..., version: _Optional[int] = ..., hash: _Optional[bytes] = ..., columns: _Optional[_Iterable[_Union[ColumnChange, _Mapping]]] = ...) -> None: ...

class ColumnChange(_message.Message):
    __slots__ = ("column", "before", "after")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    column: str
    before: str
    after: str
    def __init__(self, column: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class ExportCrosswalkRequest(_message.Message):
    __slots__ = ("format", "page", "one_region", "other_region")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    ONE_REGION_FIELD_NUMBER: _ClassVar[int]
    OTHER_REGION_FIELD_NUMBER: _ClassVar[int]
    format: FileFormat
    page: str
    one_region: str
    other_region: str
    def __init__(self, format: _Optional[_Union[FileFormat, str]] = ..., page: _Optional[str] = ..., one_region: _Optional[str] = ..., other_region: _Optional[str] = ...) -> None: ...

class ExportCrosswalkResponse(_message.Message):
    __slots__ = ("content", "next_page")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    next_page: str
    def __init__(self, content: _Optional[bytes] = ..., next_page: _Optional[str] = ...) -> None: ...

class ListRowsRequest(_message.Message):
    __slots__ = ("one_region", "other_region", "code", "awaiting_us", "limit", "page")
    ONE_REGION_FIELD_NUMBER: _ClassVar[int]
    OTHER_REGION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    AWAITING_US_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    one_region: str
    other_region: str
    code: str
    awaiting_us: bool
    limit: int
    page: str
    def __init__(self, one_region: _Optional[str] = ..., other_region: _Optional[str] = ..., code: _Optional[str] = ..., awaiting_us: _Optional[bool] = ..., limit: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class ListRowsResponse(_message.Message):
    __slots__ = ("rows", "next_page")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[_row_pb2.Row]
    next_page: str
    def __init__(self, rows: _Optional[_Iterable[_Union[_row_pb2.Row, _Mapping]]] = ..., next_page: _Optional[str] = ...) -> None: ...

class ReviewRowsRequest(_message.Message):
    __slots__ = ("idempotency_key", "rows", "verdict", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    rows: _containers.RepeatedScalarFieldContainer[bytes]
    verdict: Verdict
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., rows: _Optional[_Iterable[bytes]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ReviewRowsResponse(_message.Message):
    __slots__ = ("in_force", "awaiting_other_side", "review")
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    AWAITING_OTHER_SIDE_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    in_force: int
    awaiting_other_side: int
    review: str
    def __init__(self, in_force: _Optional[int] = ..., awaiting_other_side: _Optional[int] = ..., review: _Optional[str] = ...) -> None: ...

class ListChangesRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: int
    def __init__(self, after: _Optional[int] = ...) -> None: ...

class ListChangesResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_row_pb2.Change]
    def __init__(self, changes: _Optional[_Iterable[_Union[_row_pb2.Change, _Mapping]]] = ...) -> None: ...
