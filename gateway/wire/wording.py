"""What the person at the window reads for each reason: one sentence in Chinese that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trust.errors import Reason

_WORDING: Final[Mapping[Reason, str]] = {
    Reason.TLS_IDENTITY_MISSING: "连接没有出示成员证书，请联系系统管理员。",
    Reason.TLS_VERSION_TOO_OLD: "连接的加密版本过低，请联系系统管理员启用 TLS 1.3。",
    Reason.TLS_IDENTITY_MISMATCH: "连接证书与签名不是同一成员，请联系系统管理员。",
    Reason.SIGNATURE_MISSING: "请求没有签名，未被受理。",
    Reason.SIGNATURE_MALFORMED: "请求的签名格式不正确，未被受理。",
    Reason.SIGNATURE_WRONG: "请求的签名核验不通过，未被受理。",
    Reason.KEY_UNKNOWN: "签名密钥不在成员名录中，请联系系统管理员。",
    Reason.KEY_NOT_IN_FORCE: "签名密钥已停用或尚未启用，请联系系统管理员。",
    Reason.KEY_WRONG_PURPOSE: "签名密钥用途不符，请联系系统管理员。",
    Reason.MEMBER_UNKNOWN: "成员名录中没有该单位。",
    Reason.MEMBER_SUSPENDED: "该单位已被暂停接入。",
    Reason.MEMBER_NOT_IN_FORCE: "该单位不在接入有效期内。",
    Reason.AUDIENCE_WRONG: "请求发错了单位，未被受理。",
    Reason.METHOD_WRONG: "签名与所调用的接口不符，未被受理。",
    Reason.DIGEST_WRONG: "内容在途中被改动，未被受理。",
    Reason.CALL_EXPIRED: "请求已过期，请重新提交；若反复出现，请校准系统时间。",
    Reason.CALL_FROM_FUTURE: "请求时间晚于当前时间，请校准系统时间。",
    Reason.CALL_LIVES_TOO_LONG: "请求的有效期过长，未被受理。",
    Reason.CALL_BEFORE_BOOT: "对方系统刚刚恢复，请重新提交。",
    Reason.CALL_REPLAYED: "该请求已经提交过，未重复受理。",
    Reason.REQUEST_NOT_ANSWERED: "收到的答复与请求不符，系统将自动重试。",
    Reason.RIGHT_MISSING: "本单位没有办理此项操作的权限。",
    Reason.ITEM_NOT_GRANTED: "本单位没有办理该事项的权限。",
    Reason.LICENCE_TYPE_NOT_GRANTED: "本单位没有使用该类电子证照的权限。",
    Reason.PURPOSE_MISSING: "未说明使用目的，不能查询个人信息。",
    Reason.OFFICER_MISSING: "此项操作须由经办人员本人签署，请登录后重试。",
    Reason.NOT_YOUR_CASE: "该办件不属于本单位办理范围。",
    Reason.MESSAGE_MALFORMED: "数据格式不正确，请联系系统管理员。",
    Reason.MESSAGE_TOO_LARGE: "提交的材料过大，请压缩后重新提交，或改用邮寄。",
    Reason.FIELD_INVALID: "有一项内容填写不正确，请检查后重新提交。",
    Reason.METHOD_UNKNOWN: "对方系统没有该接口。",
    Reason.VERSION_NOT_SPOKEN: "对方系统不支持该版本。",
    Reason.CASE_UNKNOWN: "没有找到该办件，请核对办件编号。",
    Reason.CASE_STATE_WRONG: "办件当前状态不能进行此项操作。",
    Reason.CASE_ERASED: "该办件的个人信息已在本地依规删除，不能再查看或办理。",
    Reason.EVENT_GAP: "办件进度缺少前序记录，系统将自动补传。",
    Reason.EVENT_CONFLICT: "同一条办件记录前后内容不一致，请联系系统管理员。",
    Reason.EVENT_CHAIN_BROKEN: "办件记录前后不衔接，请联系系统管理员。",
    Reason.CATALOGUE_NOT_HERE: "对方系统的事项目录尚未就绪，系统将自动重试。",
    Reason.ITEM_UNKNOWN: "目录中没有该事项，请核对事项编码。",
    Reason.ITEM_NOT_IN_FORCE: "该事项目前不可办理。",
    Reason.ITEM_UNMAPPED: "该事项尚未与对方目录对应，暂不能跨省通办。",
    Reason.ITEM_NO_EQUIVALENT: "对方没有相应事项，不能跨省通办。",
    Reason.ITEM_NEEDS_FACTS: "请先回答情形问题，才能确定对方的办理事项。",
    Reason.MAP_EXPIRED: "该事项的对应关系已过期，暂不能跨省通办。",
    Reason.ROW_UNKNOWN: "没有找到该条事项对应关系，请刷新后重试。",
    Reason.ROW_CONTRADICTS: "该条对应关系与已生效的对应关系相冲突，请先与对方商定。",
    Reason.ROW_WITHDRAWN: "该条对应关系已被撤回，不能再签署，请提出新版本。",
    Reason.MATERIAL_MISSING: "必要材料不齐，请一次性补齐。",
    Reason.LICENCE_REFUSED: "电子证照核验不通过，不能免提交，请提交原件。",
    Reason.LICENCE_UNKNOWN: "没有找到该电子证照。",
    Reason.STATUS_LIST_REFUSED: "电子证照状态暂时无法核验，请稍后再试。",
    Reason.CALENDAR_UNPUBLISHED: "该年度工作日历未发布，期限为暂定。",
    Reason.KEY_REUSED: "同一提交编号前后内容不一致，未被受理。",
    Reason.CALL_IN_FLIGHT: "该办件正在处理中，请稍后再试。",
    Reason.DELIVERY_UNKNOWN: "没有找到该投递记录。",
    Reason.LEAF_UNKNOWN: "存证日志中暂无该记录，请稍后再试。",
    Reason.LOG_UNKNOWN: "该存证日志不在见证范围内，请核对成员名录。",
    Reason.CHECKPOINT_STALE: "见证方上次联署的不是这一检查点，系统将自动补齐。",
    Reason.LOG_UNWITNESSED: "存证日志长时间未获见证，暂停受理，请稍后再来。",
    Reason.EVIDENCE_INVALID: "证据包格式不正确或内容不全，请重新导出。",
    Reason.STORE_UNAVAILABLE: "系统暂时无法保存，请稍后再试。",
    Reason.STORE_FULL: "系统存储空间已满，请联系系统管理员。",
    Reason.STORE_CORRUPT: "系统数据异常，请联系系统管理员。",
    Reason.PEER_UNAVAILABLE: "对方系统暂时无法连接，系统将自动重试。",
    Reason.PEER_UNSIGNED: "对方答复没有签名，系统将自动重试。",
    Reason.PLATFORM_UNAVAILABLE: "本地业务系统暂时无法连接，系统将自动重试。",
    Reason.PLATFORM_REFUSED: "本地业务系统未接收该办件，请联系系统管理员。",
}

_ANY_OTHER: Final = "系统出现问题，请联系系统管理员。"


def wording(reason: Reason) -> str:
    """The sentence for a reason. Reasons that only an operator meets share one."""
    return _WORDING.get(reason, _ANY_OTHER)
