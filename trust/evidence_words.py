"""What the check of evidence can find, in words for people. A finding's code says what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from trust.errors import Reason, TongbanError


class Outcome(StrEnum):
    """What a finding comes to."""

    PROVED = "ok"
    """It was checked and holds."""
    FAILED = "failed"
    """It was checked and does not hold."""
    MISSING = "missing"
    """It can't be checked, since something is not there."""
    TOLD = "told"
    """Something to know, neither for nor against."""


@dataclass(frozen=True, slots=True)
class Word:
    """A finding's meaning."""

    outcome: Outcome
    zh: str
    en: str


_BEIJING: Final = timezone(timedelta(hours=8))


def moment(at: datetime) -> str:
    """A time to the second as people here read it, in Beijing, with its offset."""
    return f"{at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S +08:00}"


_OK, _NO, _GAP, _TELL = Outcome.PROVED, Outcome.FAILED, Outcome.MISSING, Outcome.TOLD

WORDS: Final[Mapping[str, Word]] = {
    # the file
    "zip_form": Word(_NO, "压缩包不是导出时的原样：{what}", "the zip is not as it was written: {what}"),
    "file_unlisted": Word(_NO, "清单里没有这个文件", "the manifest does not list this file"),
    "file_missing": Word(_NO, "清单列有此文件，证据包里却没有", "the manifest lists this file, and it is not there"),
    "file_changed": Word(_NO, "文件内容与清单的哈希不符", "the content is not what the manifest lists"),
    "file_unreadable": Word(_NO, "文件格式不对，无法读取", "the file can't be read: its form is wrong"),
    "file_misplaced": Word(_NO, "证据包里不应有这个文件", "no such file belongs into evidence"),
    "files_whole": Word(_OK, "全部 {count} 个文件与清单一致", "files as the manifest lists them: all {count}"),
    "manifest_unsigned": Word(
        _NO, "清单的签名不成立（{reason}）", "the signature over the manifest does not hold ({reason})"
    ),
    "manifest_signed": Word(_OK, "清单由 {member} 于 {at} 签名", "the manifest is signed by {member} at {at}"),
    # directories
    "directory_untrusted": Word(_NO, "名录未经足够多的受托人签名", "not enough of the trustees signed this directory"),
    "directory_misnamed": Word(_NO, "名录的版本号与文件名不符", "the directory has another version than its name says"),
    "directory_none": Word(
        _NO, "没有一份可用的名录，无法核验任何签名", "no directory can be used, so no signature can"
    ),
    "directory_late": Word(
        _GAP,
        "最早的名录签发于 {at}，办件已经开始；此前的签名按这份名录核验",
        "the oldest directory is of {at}, when the case had begun: signatures from before are judged by it",
    ),
    "keys_changed": Word(
        _NO, "密钥 {kid} 在不同版本的名录里不一样", "the key {kid} is another one in another directory"
    ),
    "directories_signed": Word(_OK, "{count} 份名录均经受托人签名", "directories signed by the trustees: {count}"),
    "trustees_own": Word(
        _GAP,
        "受托人公钥取自证据包本身；请与受托人另行核对指纹：{fingerprints}",
        "the trustees' keys are the bundle's own; compare their fingerprints with the trustees: {fingerprints}",
    ),
    "trustees_given": Word(_OK, "受托人公钥由核验人提供", "the trustees' keys were given by whoever checks"),
    # calls
    "request_unproved": Word(_NO, "请求的签名不成立（{reason}）", "the request's signature does not hold ({reason})"),
    "response_unproved": Word(_NO, "应答的签名不成立（{reason}）", "the response's signature does not hold ({reason})"),
    "call_parties": Word(_NO, "调用不是本案两家网关之间的", "the call is not between the two gateways of the case"),
    "call_method": Word(_NO, "签名对应的是另一种调用", "what was signed is another call"),
    "request_digest": Word(_NO, "请求内容与签名的摘要不符", "the request's content is not what was signed"),
    "response_digest": Word(_NO, "应答内容与签名的摘要不符", "the response's content is not what was signed"),
    "response_bound": Word(_NO, "应答不是对这次请求的应答", "the response answers another request"),
    "response_refused": Word(_NO, "应答是拒绝，不是回执", "the response is a refusal and no receipt"),
    "response_absent": Word(_NO, "己方发出的调用没有对方应答", "a call of the maker's has no answer"),
    "body_absent": Word(_NO, "调用内容缺失，而证据包并未说明已隐去", "the content is not there, and nobody said so"),
    "call_unleafed": Word(_NO, "日志里没有这次调用的记录", "no leaf in the log speaks of this call"),
    "call_twice": Word(_NO, "同一次调用出现了两次", "the same call stands here twice"),
    "calls_signed": Word(
        _OK,
        "{count} 次调用的签名按当时有效的密钥全部成立",
        "calls, each signed with a key that was in force then: {count}",
    ),
    # logs
    "log_unobtained": Word(
        _GAP,
        "缺少 {member} 的日志：导出时未能取得，对方是否收到只有其回执为证",
        "the log of {member} could not be had when the bundle was made: only its receipts speak for it",
    ),
    "log_absent": Word(_NO, "缺少 {member} 的日志，且未说明", "the log of {member} is not there, and nobody said so"),
    "log_unproved": Word(
        _NO, "日志检查点的签名不成立（{reason}）", "the checkpoint of the log is not its own ({reason})"
    ),
    "log_uncosigned": Word(
        _GAP,
        "检查点只有 {count} 家见证，应有 {wanted} 家",
        "witnesses that cosigned the checkpoint: {count}, and {wanted} wanted",
    ),
    "cosignature_wrong": Word(_NO, "{member} 的见证签名不成立", "the cosignature of {member} does not hold"),
    "leaf_unreadable": Word(_NO, "第 {place} 条不是审计记录", "leaf {place} is no audit leaf"),
    "leaf_unproved": Word(_NO, "第 {place} 条（{kind}）不在该日志里", "leaf {place} ({kind}) is not in that log"),
    "leaf_of_another_case": Word(_NO, "第 {place} 条属于另一个办件", "leaf {place} is of another case"),
    "leaf_out_of_place": Word(_NO, "第 {place} 条不接在前一条之后", "leaf {place} does not follow the one before"),
    "leaf_untimely": Word(
        _NO,
        "第 {place} 条的时间与前一条、所记的调用或见证的时间不符",
        "the time of leaf {place} is not that of the leaf before, of the call that it names, or of its cosignatures",
    ),
    "leaves_cut": Word(_NO, "应有 {count} 条，只有 {found} 条", "there were {count} leaves, and {found} are here"),
    "leaves_waiting": Word(
        _GAP,
        "应有 {count} 条，其中只有 {found} 条已入日志",
        "there were {count} leaves, of which {found} had been placed",
    ),
    "closing_absent": Word(
        _NO, "没有这次导出的收尾记录，无法确认记录齐全", "no leaf of this export says how many there were"
    ),
    "trail_unsigned": Word(
        _NO,
        "{member} 给出的记录没有其签名作证（{reason}）",
        "that {member} gave these leaves is not proved ({reason})",
    ),
    "answer_untimely": Word(
        _NO,
        "{member} 的记录不是这次导出时取得的，此后的记录可能缺失",
        "the leaves of {member} were not had when the bundle was made: what it recorded since may be missing",
    ),
    "trail_altered": Word(_NO, "与 {member} 签名给出的记录不一致", "the leaves are not those that {member} signed for"),
    "log_proved": Word(
        _OK,
        "{member} 的日志：{count} 条记录全部在检查点（共 {size} 条）之下，首尾相接，{witnesses} 家见证",
        "log of {member}: {count} leaves without a gap, all under its checkpoint of {size}; witnesses: {witnesses}",
    ),
    # events
    "event_foreign": Word(_NO, "事件不属于本案或不是该网关的", "the event is of another case or another gateway"),
    "event_two_versions": Word(_NO, "同一编号的事件有两个版本", "two different events have the same number"),
    "event_gap": Word(_NO, "缺少第 {seq} 号事件", "event {seq} is not there"),
    "event_unchained": Word(_NO, "第 {seq} 号事件不接在前一号之后", "event {seq} does not follow the one before"),
    "event_seen": Word(
        _NO, "第 {seq} 号事件声称见过对方 {seen} 件，并无此事", "event {seq} says it saw {seen} of the other's"
    ),
    "event_unlogged": Word(
        _NO, "第 {seq} 号事件在 {member} 的日志里没有记录", "event {seq} has no leaf in the log of {member}"
    ),
    "event_unlike_leaf": Word(
        _NO, "第 {seq} 号事件与 {member} 日志里的摘要不符", "event {seq} is another than the log of {member} has"
    ),
    "leaf_without_event": Word(
        _NO, "日志里有第 {seq} 号事件，证据包里却没有", "the log has event {seq}, and the bundle does not"
    ),
    "leaf_call": Word(
        _NO,
        "第 {seq} 号事件的记录指向另一次调用",
        "the leaf of event {seq} names a call that did not carry it",
    ),
    "leaf_numbering": Word(_NO, "日志里第 {seq} 号事件的编号不连续", "event {seq} is out of order in the log"),
    "logs_differ": Word(_NO, "两家日志里第 {seq} 号事件不一样", "event {seq} is another one in the other log"),
    "event_undelivered": Word(
        _GAP,
        "第 {seq} 号事件尚未送达 {member}，或尚无回执",
        "event {seq} has not reached {member} yet, or has no receipt yet",
    ),
    "receipt_leaf": Word(
        _NO, "回执所称的记录不在 {member} 的日志里", "the receipt names a leaf that the log of {member} does not have"
    ),
    "receipt_short": Word(_NO, "回执没有涵盖所发的事件", "the receipt is for less than was sent"),
    "receipt_absent": Word(
        _NO, "{member} 日志里的第 {seq} 号事件没有回执为证", "no receipt speaks for event {seq} in the log of {member}"
    ),
    "commitment_wrong": Word(
        _NO, "办件号与盐值算不出日志里的承诺值", "case and salt do not give the commitment in the logs"
    ),
    "submission_wrong": Word(
        _NO, "收件事件与清单所称的办件不符", "the submission is not of the case that the manifest names"
    ),
    "erasure_unlogged": Word(
        _NO, "清单称已删除，日志里却没有删除记录", "the manifest says it was erased, and no leaf does"
    ),
    "events_proved": Word(
        _OK,
        "{count} 个事件：编号连续、前后相接、内容与两家日志一致",
        "events numbered without a gap, chained, as both logs have them: {count}",
    ),
    "logs_agree": Word(_OK, "两家日志对 {count} 个事件的记载一致", "events of which both logs say the same: {count}"),
    "last_told": Word(
        _TELL,
        "最后的进展：{member} 的“{step}”（第 {seq} 号事件）",
        "the last that is told: event {seq} of {member}, {step}",
    ),
    "content_redacted": Word(
        _GAP,
        "内容已隐去：可证明谁在何时发出、对方何时收到，不能核对内容",
        "the content was left out: who sent it, when, and that it arrived is proved; what it said is not",
    ),
    "number_unproved": Word(
        _GAP,
        "办件编号只是导出方所称：写有编号的收件事件内容不在证据包内",
        "the case's number is what the maker says: the submission that names it is not in the bundle",
    ),
    "content_erased": Word(
        _GAP,
        "{member} 已于 {at} 删除本案个人信息；日志仍可核验，内容不再可得",
        "{member} erased the personal data of the case at {at}; the logs still hold, the content is gone",
    ),
    "erased_by": Word(
        _TELL,
        "{member} 已于 {at} 删除其所存的本案个人信息",
        "{member} erased what it had of the case's personal data at {at}",
    ),
    # timestamps
    "stamp_none": Word(_TELL, "没有第三方时间戳", "no third party's timestamp is here"),
    "stamp_wrong": Word(_NO, "时间戳不成立：{what}", "the timestamp does not hold: {what}"),
    "stamp_unrooted": Word(
        _TELL,
        "时间戳（{at}，{authority}）签名成立；未给出根证书，不能证明是谁的时间戳",
        "the timestamp ({at}, {authority}) is well signed; whose it is, is not proved without its root",
    ),
    "stamp_proved": Word(
        _OK, "时间戳证明：这些记录在 {at} 之前已存在（{authority}）", "these leaves existed at {at}, says {authority}"
    ),
}
"""Code → meaning. The words in braces are given with the finding."""

PROVES: Final = (
    (
        "“✓”各项证明：上列各事件由谁签名发出（以包内所含调用为限）、何时记入两家日志、对方是否收到；其后未被改动、删除或补造。",
        "What is marked ✓ proves who signed and sent the events above (as far as their calls are in the "
        "bundle), when both logs recorded them, and that the other side has them; "
        "nothing was changed, left out or added since.",
    ),
    (
        "不证明：所填内容是否属实、办理是否合法合规、证照本身是否有效；“发生”时间是发出方自己所称。",
        "It does not prove that what was stated is true, that the decision was lawful, or that a licence was valid; "
        'when something "happened" is what its sender said.',
    ),
    (
        "没有第三方时间戳时，各时间以两家网关的时钟为准；导出之后是否又有进展，不在证据之内。",
        "Without a third party's timestamp the times are those of both gateways' clocks. What came after the export "
        "is not in it.",
    ),
)
"""What a proved bundle is worth, and what it is not, in Chinese and English."""

STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "submitted": ("收件并转递", "application taken and sent on"),
    "supplemented": ("补正材料已补", "requested material handed in"),
    "withdrawal_requested": ("申请撤回", "withdrawal asked for"),
    "rated": ("好差评", "service rated"),
    "accepted": ("受理", "accepted"),
    "refused": ("不予受理", "not accepted"),
    "supplement_requested": ("一次性告知补正", "more material asked for"),
    "suspended": ("挂起", "clock stopped"),
    "resumed": ("恢复", "clock runs again"),
    "decided": ("办结", "decided"),
    "withdrawn": ("已撤回", "withdrawn"),
    "withdrawal_refused": ("不同意撤回", "withdrawal not agreed to"),
    "": ("（内容不在证据包内）", "(its content is not in the bundle)"),
}
"""Kind of an event → what people call it, in Chinese and English."""

REASONS: Final[Mapping[Reason, str]] = {
    Reason.SIGNATURE_MISSING: "没有签名",
    Reason.SIGNATURE_MALFORMED: "签名格式不对",
    Reason.SIGNATURE_WRONG: "签名有误",
    Reason.KEY_UNKNOWN: "密钥不在名录里",
    Reason.KEY_WRONG_PURPOSE: "密钥用途不符",
    Reason.KEY_NOT_IN_FORCE: "当时密钥无效",
    Reason.MEMBER_UNKNOWN: "名录里没有这家成员",
    Reason.MEMBER_NOT_IN_FORCE: "当时不是成员",
    Reason.MEMBER_SUSPENDED: "当时成员已停用",
    Reason.DIRECTORY_EXPIRED: "当时名录已过期",
    Reason.MESSAGE_MALFORMED: "格式不对",
    Reason.FIELD_INVALID: "字段不对",
}
"""Reasons that a signature fails by, in Chinese; any other keeps its name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the check found."""

    code: str
    """A key of ``WORDS``."""
    where: str
    """The file that it is about, with the member where an event is meant; empty for the bundle as a whole."""
    zh: str
    """One sentence in Chinese."""
    en: str
    """The same in English."""

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return WORDS[self.code].outcome


def _shown(fact: object, language: int) -> object:
    if isinstance(fact, datetime):
        return moment(fact)
    return fact[language] if isinstance(fact, tuple) else fact


class Findings:
    """Collects findings; a check goes on after each."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def add(self, code: str, where: str = "", **facts: object) -> None:
        """Note a finding with the facts that its words name; a pair is a fact's name in Chinese and in English."""
        word = WORDS[code]
        zh, en = ({name: _shown(fact, language) for name, fact in facts.items()} for language in (0, 1))
        self._found.append(Finding(code, where, word.zh.format(**zh), word.en.format(**en)))

    def add_reason(self, code: str, where: str, error: TongbanError) -> None:
        """Note a finding whose cause is a reason."""
        self.add(code, where, reason=(REASONS.get(error.reason, str(error.reason)), error.reason))

    def count(self, outcome: Outcome) -> int:
        """How many findings come to this."""
        return sum(finding.outcome is outcome for finding in self._found)

    def all(self) -> tuple[Finding, ...]:
        """What was found, in the order of the check."""
        return tuple(self._found)
