"""What the demo says, one table for each language, for a window clerk who has never heard of gRPC.

Both tables have the same keys and the same blanks (``tests/sandbox/test_story_texts.py``). The sandbox's own data stays
Chinese in English too, as it is in the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "title": "跨省通办 · 一件事从头到尾",
    "intro_1": "{applicant}是荆州人，退休后随子女住在岳阳。他想提取存在荆州的住房公积金。",
    "intro_2": "按老办法要回荆州跑一趟；今天，他在岳阳的窗口办完。",
    "invented": "（人物、证照、编码都是虚构的，仅供演示；两座城市、四套系统都真实运行在本机上。时刻为北京时间。）",
    "430600": "岳阳",
    "421000": "荆州",
    "seconds": "{seconds:.2f} 秒",
    # 1
    "boot": "两地就位",
    "boot_programs": "岳阳、荆州各自启动一个政务平台和一个通办网关，共四个独立程序，各存各的数据。",
    "boot_trust": "网关之间双向验证证书；谁能做什么，写在由两位受托人共同签名的成员名录里。",
    "boot_learned": "各从自己的平台取来事项目录，又从对方网关取来对方的目录，和对方签认过的对照表：两边都签的才作数。",
    # 2
    "issue": "荆州早先发的证",
    "issue_done": "荆州发给{applicant}一本电子《{licence}》，只有他手机里的密钥能出示它。",
    "licence_number": "证照标识 {number}",
    # 3
    "translate": "同一件事，两地两个编码",
    "translate_source": "岳阳窗口选的事项：{name}",
    "code": "{city}编码 {code}",
    "translate_asks": "网关说还不能确定，要先问一句：{question}",
    "translate_answer": "{applicant}答：{answer}",
    "translate_target": "于是对应到荆州的事项：{name}",
    "translate_why": "依据两地共同签认的对照表第 {row} 行；荆州自己要问的“{question}”，也一并答了：{answer}",
    "translate_material": "材料也对上了号：岳阳的“{source}”就是荆州的“{target}”",
    # 4
    "present": "出示电子证照，不交原件",
    "present_how": "窗口给一个一次性口令，{applicant}用手机签名出示；只亮出姓名和证件号，其余不亮。",
    "verdict_question": "核验什么",
    "verdict_answer": "结论",
    "integrity": "内容有没有被改过",
    "authority": "发证机关有没有权发这种证",
    "validity": "是不是在有效期内",
    "status": "有没有被吊销或暂停",
    "holder": "是不是持证人本人出示",
    "INTACT": "完好，与发证时一字不差",
    "AUTHORISED": "有权",
    "VALID": "有效",
    "GOOD": "正常（向发证方查询了状态）",
    "BOUND": "是本人，专为这一次签的名",
    "NOT_REQUIRED": "结果凭证，不要求本人密钥",
    "verdict_together": "五项都通过，才算数；窗口不收退休证原件。",
    # 5
    "open": "岳阳收件",
    "open_number": "办件编号 {number}",
    "open_materials": "三份材料当场扫描，一份由电子证照代替。",
    "open_once": "材料是否齐全，按两地的要求一次核对完。",
    # 6
    "deliver": "送到荆州",
    "deliver_done": "荆州的平台已经收到。同一个编号，两边各有自己的流水号：",
    "local_number": "{city}平台的办件号 {number}",
    # 7
    "accept": "荆州受理",
    "accept_done": "荆州工作人员在自己的系统里点了“受理”，承诺 {days} 个工作日，最晚 {due} 办结。",
    "accept_seen": "岳阳窗口随即看到：办理中，不用打电话问。",
    # 8
    "lack": "要补一样材料",
    "lack_flaw": "荆州指出：{flaw}",
    "lack_clock": "一次说清；等补正的时间不算在承诺期限里。",
    # 9
    "supplement": "就在岳阳补",
    "supplement_done": "{applicant}重新交了“{material}”，荆州的平台已经收到。",
    # 10
    "decide": "荆州办结",
    "decide_done": "准予提取，文号 {number}。",
    "decide_explanation": "荆州的答复：{explanation}",
    "decide_licence": "结果是一张电子《{licence}》，已经到了岳阳窗口。",
    # 11
    "result": "岳阳核验结果",
    "result_done": "凭证交给{applicant}之前，岳阳自己再验一遍：",
    # 12
    "rate": "好差评",
    "rate_done": "{applicant}评价：{score} 分，非常满意。荆州也收到了。",
    # 13
    "proof": "两地对账",
    "proof_logs": "岳阳日志 {ours} 条，荆州日志 {theirs} 条；逐条重算，与各自签名的检查点完全相符。",
    "proof_agreed": "两地日志对这件事各记了 {agreed} 个事件，逐条一致；任何一方改动一条都会被发现。",
    "proof_private": "日志里没有姓名和证件号，只有指纹（散列值）。",
    # 14
    "tamper": "试试篡改（改的是复印件）",
    "tamper_try": "有人把荆州日志里“办结”那一条（第 {number} 条）换掉：",
    "tamper_found": "当场发现：重算的结果与荆州自己签过名的检查点对不上。",
    "tamper_again": "他又拿荆州的私钥把检查点重签一遍，单看荆州的日志已经没有破绽：",
    "tamper_compared": "与岳阳的日志一对照就露馅：荆州的第 {seq} 个事件，两边不一样。",
    # end
    "end": "办完了",
    "end_hops": "各段",
    "end_seconds": "用时",
    "hop_deliver": "岳阳收件 → 荆州平台收到",
    "hop_accept": "荆州受理 → 岳阳看到",
    "hop_lack": "荆州要求补正 → 岳阳看到",
    "hop_supplement": "岳阳补正 → 荆州平台收到",
    "hop_decide": "荆州办结 → 岳阳拿到凭证",
    "hop_rate": "岳阳评价 → 荆州平台收到",
    "hop_boot": "启动四个程序",
    "end_total": "全程 {seconds:.1f} 秒，启动的程序已全部停止。",
    "end_next": "接着试试：make sandbox（同样的两座城市，一直开着，自己动手）",
    # trouble
    "failed": "演示没有走完：{reason}",
    "failed_logs": "各程序的日志留在：{folder}",
    "interrupted": "已中断，启动的程序已全部停止。",
}

ENGLISH: Final[Mapping[str, str]] = {
    "title": "Tongban · one matter across two provinces, from beginning to end",
    "intro_1": "{applicant} is from Jingzhou and lives with the children in Yueyang since retiring. The housing fund "
    "is in Jingzhou, and should be paid out.",
    "intro_2": "It used to take a journey to Jingzhou. Today it is done at a window in Yueyang.",
    "invented": "(People, licences and codes are invented. Both cities, four systems, really run on this machine. "
    "Beijing time.)",
    "430600": "Yueyang",
    "421000": "Jingzhou",
    "seconds": "{seconds:.2f} s",
    # 1
    "boot": "Two cities take their places",
    "boot_programs": "Yueyang and Jingzhou each start a government platform and a gateway: four programs, each with "
    "its own data.",
    "boot_trust": "The gateways check each other's certificates; who may do what stands in a directory that two "
    "trustees signed.",
    "boot_learned": "Each took its own platform's catalogue, and from the other gateway that city's catalogue and what "
    "it signed of the crosswalk: only what both signed counts.",
    # 2
    "issue": "A licence that Jingzhou issued earlier",
    "issue_done": "Jingzhou gives {applicant} an electronic {licence} (retirement certificate). Only the key in the "
    "holder's phone can show it.",
    "licence_number": "Licence identifier {number}",
    # 3
    "translate": "One matter, two codes",
    "translate_source": "What Yueyang's window chose: {name} (paying out the housing fund on retirement)",
    "code": "Code in {city}: {code}",
    "translate_asks": "The gateway can't tell yet and asks first: {question} (has the retirement been approved?)",
    "translate_answer": "{applicant} answers: {answer} (it has)",
    "translate_target": "So in Jingzhou it is: {name}",
    "translate_why": "By row {row} of the crosswalk that both cities signed; what Jingzhou would ask, “{question}”, is "
    "answered with it: {answer}",
    "translate_material": "Materials have found each other too: Yueyang's “{source}” is Jingzhou's “{target}”",
    # 4
    "present": "A licence is shown, no paper handed in",
    "present_how": "The window gives a one-time word, and {applicant} signs with the phone; name and number are "
    "disclosed, the rest is not.",
    "verdict_question": "What is verified",
    "verdict_answer": "Verdict",
    "integrity": "Was the content changed?",
    "authority": "May its issuer issue this type?",
    "validity": "Is it in its period?",
    "status": "Was it revoked or suspended?",
    "holder": "Is it shown by its holder?",
    "INTACT": "intact, as issued to the letter",
    "AUTHORISED": "it may",
    "VALID": "it is",
    "GOOD": "it stands (the issuer was asked)",
    "BOUND": "by its holder, signed for this occasion",
    "NOT_REQUIRED": "a result, which anybody may carry",
    "verdict_together": "It counts only because all five are good; the window takes no paper certificate.",
    # 5
    "open": "Yueyang takes the application",
    "open_number": "Case number {number}",
    "open_materials": "Three materials are scanned on the spot, and the licence stands for the fourth.",
    "open_once": "Completeness is checked once, against both cities' requirements.",
    # 6
    "deliver": "Sent to Jingzhou",
    "deliver_done": "Jingzhou's platform has it. One case number, and each platform's own:",
    "local_number": "{city}'s platform calls it {number}",
    # 7
    "accept": "Jingzhou accepts",
    "accept_done": "An officer in Jingzhou pressed “accept” in the system they always use, and promises {days} working "
    "days: {due} at the latest.",
    "accept_seen": "Yueyang's window sees it at once. Nobody has to telephone.",
    # 8
    "lack": "Something is missing",
    "lack_flaw": "Jingzhou says: {flaw} (the copy of the bank card does not name the branch)",
    "lack_clock": "Told once and completely; waiting for it does not count towards the time limit.",
    # 9
    "supplement": "Handed in at Yueyang",
    "supplement_done": "{applicant} hands in “{material}” again, and Jingzhou's platform has it.",
    # 10
    "decide": "Jingzhou decides",
    "decide_done": "Granted, document {number}.",
    "decide_explanation": "Jingzhou's words: {explanation} (granted in full)",
    "decide_licence": "The result is an electronic {licence}. It is at Yueyang's window already.",
    # 11
    "result": "Yueyang verifies the result",
    "result_done": "Before {applicant} gets it, Yueyang sees for itself:",
    # 12
    "rate": "The applicant's rating",
    "rate_done": "{applicant} gives {score} of 5. Jingzhou knows too.",
    # 13
    "proof": "Two logs are compared",
    "proof_logs": "Yueyang's log has {ours} entries, Jingzhou's {theirs}; recomputed from the first to the last, each "
    "fits the checkpoint that its gateway signed.",
    "proof_agreed": "Of this matter both logs have {agreed} events, and agree on every one. Whoever changes one will "
    "be found out.",
    "proof_private": "There are no names or identity numbers in the logs, only fingerprints (hashes).",
    # 14
    "tamper": "Somebody tries to tamper (with a copy)",
    "tamper_try": "The decision, entry {number} of Jingzhou's log, is replaced:",
    "tamper_found": "Found: recomputed, the log no longer fits the checkpoint that Jingzhou signed.",
    "tamper_again": "Then the checkpoint is signed again with Jingzhou's own key, and alone, Jingzhou's log looks "
    "perfect:",
    "tamper_compared": "Held against Yueyang's log it is found all the same: Jingzhou's event {seq} differs.",
    # end
    "end": "Done",
    "end_hops": "Each way",
    "end_seconds": "took",
    "hop_deliver": "Yueyang takes it → Jingzhou's platform has it",
    "hop_accept": "Jingzhou accepts → Yueyang sees it",
    "hop_lack": "Jingzhou asks for more → Yueyang sees it",
    "hop_supplement": "Yueyang hands it in → Jingzhou's platform has it",
    "hop_decide": "Jingzhou decides → Yueyang has the result",
    "hop_rate": "Yueyang rates → Jingzhou's platform has it",
    "hop_boot": "Starting four programs",
    "end_total": "{seconds:.1f} s in all. Every program that was started has stopped.",
    "end_next": "Try next: make sandbox (the same two cities, staying up, for your own hands)",
    # trouble
    "failed": "The demo could not finish: {reason}",
    "failed_logs": "What the programs said is kept in: {folder}",
    "interrupted": "Interrupted. Every program that was started has stopped.",
}

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {"zh": CHINESE, "en": ENGLISH}
"""By language."""
