"""Every method that a gateway answers: the right it takes, how it is read, how it is answered.

The table is the whole of the service: reflection describes it, the server serves it, docs/protocol.md lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.domain.commands import Command
from gateway.exchange.house import Route
from gateway.wire import audits, cases, catalogues, crosswalks, guides, licences, searches
from trust.directory import Action

_CASE: Final = "/tongban.case.v1.CaseService/"
_LICENCE: Final = "/tongban.licence.v1.LicenceService/"
_CATALOGUE: Final = "/tongban.catalogue.v1.CatalogueService/"
_CROSSWALK: Final = "/tongban.crosswalk.v1.CrosswalkService/"
_AUDIT: Final = "/tongban.audit.v1.AuditService/"

OPEN_CASE: Final = _CASE + "OpenCase"
SUPPLEMENT_CASE: Final = _CASE + "SupplementCase"
WITHDRAW_CASE: Final = _CASE + "WithdrawCase"
RATE_CASE: Final = _CASE + "RateCase"
REPORT_PROGRESS: Final = _CASE + "ReportProgress"
GET_CASE: Final = _CASE + "GetCase"
LIST_CASES: Final = _CASE + "ListCases"
ERASE_CASE: Final = _CASE + "EraseCase"
DELIVER_EVENTS: Final = "/tongban.exchange.v1.ExchangeService/DeliverEvents"
TRANSLATE: Final = _CATALOGUE + "Translate"
TRANSLATE_BATCH: Final = _CATALOGUE + "TranslateBatch"
GET_ITEM: Final = _CATALOGUE + "GetItem"
GET_COVERAGE: Final = _CATALOGUE + "GetCoverage"
GET_GUIDE: Final = _CATALOGUE + "GetGuide"
SYNC_CATALOGUE: Final = _CATALOGUE + "SyncCatalogue"
IMPORT_CROSSWALK: Final = _CROSSWALK + "ImportCrosswalk"
EXPORT_CROSSWALK: Final = _CROSSWALK + "ExportCrosswalk"
LIST_ROWS: Final = _CROSSWALK + "ListRows"
REVIEW_ROWS: Final = _CROSSWALK + "ReviewRows"
LIST_CHANGES: Final = _CROSSWALK + "ListChanges"
ISSUE_LICENCE: Final = _LICENCE + "IssueLicence"
SET_LICENCE_STATUS: Final = _LICENCE + "SetLicenceStatus"
VERIFY_LICENCE: Final = _LICENCE + "VerifyLicence"
GET_STATUS_LIST: Final = _LICENCE + "GetStatusList"
GET_CHECKPOINT: Final = _AUDIT + "GetCheckpoint"
PROVE_INCLUSION: Final = _AUDIT + "ProveInclusion"
PROVE_CONSISTENCY: Final = _AUDIT + "ProveConsistency"
LIST_LEAVES: Final = _AUDIT + "ListLeaves"
ADD_CHECKPOINT: Final = _AUDIT + "AddCheckpoint"
GET_CASE_TRAIL: Final = _AUDIT + "GetCaseTrail"
SEARCH_TRAIL: Final = _AUDIT + "SearchTrail"
LIST_ALARMS: Final = _AUDIT + "ListAlarms"
ACKNOWLEDGE_ALARM: Final = _AUDIT + "AcknowledgeAlarm"
GET_DIRECTORY: Final = "/tongban.directory.v1.DirectoryService/GetDirectory"

_Reader = Callable[[bytes], Command]
_Writer = Callable[[Any], bytes]


def _local(action: Action, understand: _Reader, express: _Writer) -> Route:
    return Route(action, True, understand, express)


def _open(action: Action, understand: _Reader, express: _Writer) -> Route:
    return Route(action, False, understand, express)


ROUTES: Final[Mapping[str, Route]] = {
    OPEN_CASE: _local(Action.CASE_OPEN, cases.read_open, cases.write_opened),
    SUPPLEMENT_CASE: _local(Action.CASE_OPEN, cases.read_supplement, cases.write_opened),
    WITHDRAW_CASE: _local(Action.CASE_OPEN, cases.read_withdraw, cases.write_opened),
    RATE_CASE: _local(Action.CASE_OPEN, cases.read_rate, cases.write_opened),
    REPORT_PROGRESS: _local(Action.CASE_PROGRESS, cases.read_progress, cases.write_opened),
    GET_CASE: _local(Action.CASE_READ, cases.read_get, cases.write_shown),
    LIST_CASES: _local(Action.CASE_READ, cases.read_list, cases.write_list),
    ERASE_CASE: _local(Action.CASE_ERASE, cases.read_erase, cases.write_erased),
    DELIVER_EVENTS: _open(Action.EXCHANGE_DELIVER, cases.read_deliver, cases.write_receipt),
    TRANSLATE: _open(Action.CATALOGUE_TRANSLATE, catalogues.read_translate, catalogues.write_translated),
    TRANSLATE_BATCH: _open(
        Action.CATALOGUE_TRANSLATE, catalogues.read_translate_batch, catalogues.write_translated_batch
    ),
    GET_ITEM: _open(Action.CATALOGUE_READ, catalogues.read_get_item, catalogues.write_shown_item),
    GET_COVERAGE: _open(Action.CATALOGUE_READ, catalogues.read_get_coverage, catalogues.write_coverage),
    GET_GUIDE: _open(Action.CATALOGUE_TRANSLATE, guides.read_get_guide, guides.write_shown_guide),
    SYNC_CATALOGUE: _open(Action.CATALOGUE_READ, catalogues.read_sync, catalogues.write_changes),
    IMPORT_CROSSWALK: _local(Action.CROSSWALK_PROPOSE, crosswalks.read_import, crosswalks.write_imported),
    EXPORT_CROSSWALK: _open(Action.CROSSWALK_READ, crosswalks.read_export, crosswalks.write_file_part),
    LIST_ROWS: _open(Action.CROSSWALK_READ, crosswalks.read_list_rows, crosswalks.write_rows),
    REVIEW_ROWS: _local(Action.CROSSWALK_REVIEW, crosswalks.read_review, crosswalks.write_reviewed),
    LIST_CHANGES: _open(Action.CROSSWALK_READ, crosswalks.read_list_changes, crosswalks.write_journal_piece),
    ISSUE_LICENCE: _local(Action.LICENCE_ISSUE, licences.read_issue, licences.write_issued),
    SET_LICENCE_STATUS: _local(Action.LICENCE_ISSUE, licences.read_set_status, licences.write_status_set),
    VERIFY_LICENCE: _local(Action.LICENCE_VERIFY, licences.read_verify, licences.write_verdict),
    GET_STATUS_LIST: _open(Action.LICENCE_STATUS, licences.read_get_status_list, licences.write_status_list),
    GET_CHECKPOINT: _open(Action.AUDIT_READ, audits.read_get_checkpoint, audits.write_checkpoint),
    PROVE_INCLUSION: _open(Action.AUDIT_READ, audits.read_prove_inclusion, audits.write_proved_leaf),
    PROVE_CONSISTENCY: _open(Action.AUDIT_READ, audits.read_prove_consistency, audits.write_path),
    LIST_LEAVES: _open(Action.AUDIT_READ, audits.read_list_leaves, audits.write_leaves),
    ADD_CHECKPOINT: _open(Action.AUDIT_WITNESS, audits.read_add_checkpoint, audits.write_cosignature),
    GET_CASE_TRAIL: _open(Action.AUDIT_READ, searches.read_get_case_trail, searches.write_case_trail),
    SEARCH_TRAIL: _local(Action.AUDIT_SEARCH, searches.read_search, searches.write_found),
    LIST_ALARMS: _local(Action.AUDIT_SEARCH, audits.read_list_alarms, audits.write_alarms),
    ACKNOWLEDGE_ALARM: _local(Action.AUDIT_SEARCH, audits.read_acknowledge, audits.write_acknowledged),
    GET_DIRECTORY: _open(Action.DIRECTORY_READ, audits.read_get_directory, audits.write_directory),
}
