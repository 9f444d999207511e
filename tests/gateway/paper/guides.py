"""Guides as a gateway answers them, for the tests of what is printed."""

from __future__ import annotations

from typing import Any

from tongban.catalogue.v1 import guide_pb2
from tongban.catalogue.v1.item_pb2 import HandlingItem, Window
from tongban.catalogue.v1.translation_pb2 import ItemSummary, PathStep

SCAN_TEXT = (
    "tongban:1/430600/12430600TB4306016C343209000100001/3"
    "/421000/12421000TB421001493422090002000/2/20261123?retired=approved#4a9b1259"
)


def a_material(key: str, name: str, way: guide_pb2.MaterialWay = guide_pb2.MATERIAL_WAY_HAND_IN, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "key": key,
        "target_key": key,
        "name": name,
        "source": "applicant",
        "form": "original",
        "copies": 1,
        "way": way,
        "accepting_check": "形式审查，核对原件",
        "processing_check": "实质审查",
    }
    return guide_pb2.GuideMaterial(**{**fields, **changes})


def a_guide(**changes: Any) -> guide_pb2.Guide:
    """A guide of ordinary size, of test data."""
    fields: dict[str, Any] = {
        "source": ItemSummary(
            catalogue="430600", code="12430600TB4306016C343209000100001", version="3", name="正常退休提取住房公积金"
        ),
        "target": ItemSummary(
            catalogue="421000", code="12421000TB421001493422090002000", version="2", name="离休、退休提取住房公积金"
        ),
        "department": "荆州市住房公积金中心",
        "handling_item": HandlingItem(code="12421000TB42100149342209000200001", name="凭退休证提取"),
        "situation": [
            guide_pb2.GuideAnswer(question="是否已办理退休手续？", answer="已办理退休手续", asked_by="430600"),
            guide_pb2.GuideAnswer(question="提取依据是什么？", answer="退休证明", asked_by="421000", by_mapping=True),
        ],
        "conditions": "在荆州市缴存住房公积金，达到法定退休年龄或已办理退休手续",
        "apply_ways": ["window", "online"],
        "modes": ["online", "remote"],
        "procedure": ["收件", "受理", "审核", "办结"],
        "materials": [
            a_material(
                "id_card",
                "居民身份证",
                guide_pb2.MATERIAL_WAY_LICENCE,
                source="government",
                form="original_and_copy",
                way_detail="11000000TB000001XLT01",
                accepting_check="电子证照核验，持证人身份核验",
                processing_check="实质审查，以电子证照为准",
            ),
            a_material("application", "申请表", copies=2, note="窗口可领取"),
            a_material(
                "marriage",
                "婚姻登记信息",
                guide_pb2.MATERIAL_WAY_SHARED,
                way_detail="民政部门",
                accepting_check="不收取",
                processing_check="数据共享核验（民政部门）",
            ),
            a_material(
                "not_employed", "未再就业承诺书", guide_pb2.MATERIAL_WAY_PROMISE, may_be_deferred=True, source="other"
            ),
        ],
        "statutory_days": 5,
        "promised_days": 3,
        "due_date": "2026-11-26",
        "result_name": "住房公积金提取凭证",
        "result_licence_type": "11000000TB000001XLT05",
        "result_ways": ["electronic", "post"],
        "accepting_windows": [
            Window(
                name="岳阳市政务服务中心“跨省通办”窗口",
                address="岳阳市测试路1号一楼",
                phone="0730-0000000",
                hours="工作日9:00—17:00",
            )
        ],
        "processing_windows": [Window(name="荆州市政务服务中心“跨省通办”窗口", phone="0716-0000000")],
        "as_of": "2026-11-23",
        "path": [PathStep(row="YJ-001", version=2, hash=bytes(range(32)))],
        "scan_text": SCAN_TEXT,
        "test_data": True,
        "accepting_place": "岳阳市",
        "processing_place": "荆州市",
    }
    return guide_pb2.Guide(**{**fields, **changes})


def named(name: str) -> ItemSummary:
    """The accepting place's item under another name."""
    return ItemSummary(catalogue="430600", code="S-1", version="1", name=name)
