from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.atlas import Atlas
from gateway.domain.catalogue import ItemState
from gateway.domain.suggestions import Suggestion, suggest
from gateway.domain.translation import Match, require_match
from tests.gateway.domain.made import TODAY, make_atlas, make_catalogue, make_item
from trust.errors import NotFound

THERE = "421000"
NAMES = (
    "正常退休提取住房公积金",
    "提前退休提取住房公积金",
    "购买新建商品房提取住房公积金",
    "购买存量房提取住房公积金",
    "夫妻投靠户口迁移",
    "父母投靠子女户口迁移",
    "子女投靠父母户口迁移",
    "大中专学生毕业户口迁移",
    "居民身份证换领",
    "居民身份证补领",
    "内资企业变更登记",
    "内资企业注销登记",
    "失业保险金申领",
    "领取养老金人员待遇资格认证",
    "基本医疗保险关系转移接续",
    "普通货运车辆年度审验",
    "结婚登记",
)


@pytest.fixture
def atlas() -> Atlas:
    return make_atlas(make_catalogue(THERE, *(make_item(THERE, f"B{n:02}", name=name) for n, name in enumerate(NAMES))))


def names(atlas: Atlas, name: str, limit: int = 5) -> list[str]:
    return [each.item.name for each in suggest(atlas, make_item("430600", "A", name=name), THERE, TODAY, limit)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("离退休提取公积金", "正常退休提取住房公积金"),
        ("公积金提取（购买新房）", "购买新建商品房提取住房公积金"),
        ("二手存量房购买公积金提取", "购买存量房提取住房公积金"),
        ("户口迁移（夫妻投靠）", "夫妻投靠户口迁移"),
        ("子女投靠父母落户", "子女投靠父母户口迁移"),
        ("父母投靠子女落户", "父母投靠子女户口迁移"),
        ("大学生毕业迁户口", "大中专学生毕业户口迁移"),
        ("身份证到期换领", "居民身份证换领"),
        ("企业（内资）注销", "内资企业注销登记"),
        ("申领失业金", "失业保险金申领"),
        ("养老金待遇领取资格认证", "领取养老金人员待遇资格认证"),
        ("医疗保险关系转移", "基本医疗保险关系转移接续"),
        ("道路货运车辆年审", "普通货运车辆年度审验"),
    ],
)
def test_what_another_place_calls_it_comes_first(atlas: Atlas, name: str, meant: str) -> None:
    assert names(atlas, name)[0] == meant


def test_the_same_name_is_wholly_similar_and_the_rest_follows_in_order(atlas: Atlas) -> None:
    found = suggest(atlas, make_item("430600", "A", name=NAMES[0]), THERE, TODAY, 4)
    assert (found[0].item.name, found[0].similarity) == (NAMES[0], 100)
    assert len(found) == 4
    assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)
    assert all(0 < each.similarity < 100 for each in found[1:])


def test_the_same_words_in_another_order_are_told_apart(atlas: Atlas) -> None:
    first, second = suggest(atlas, make_item("430600", "A", name="子女投靠父母户口迁移"), THERE, TODAY, 2)
    assert (first.similarity, second.item.name) == (100, "父母投靠子女户口迁移")
    assert second.similarity < 100


def test_a_name_like_none_is_like_none(atlas: Atlas) -> None:
    assert names(atlas, "洞庭湖湿地生态研学活动备案") == []
    assert names(atlas, "䶮山镇老年人助餐补贴") == []
    assert names(atlas, NAMES[0], limit=0) == []


def test_items_of_equal_names_come_in_order_of_their_codes() -> None:
    catalogue = make_catalogue(THERE, *(make_item(THERE, code, name="结婚登记") for code in ("C", "A", "B")))
    found = suggest(make_atlas(catalogue), make_item("430600", "A", name="结婚登记"), THERE, TODAY, 5)
    assert [each.item.code for each in found] == ["A", "B", "C"]


def test_only_what_may_be_applied_for_is_suggested() -> None:
    catalogue = make_catalogue(
        THERE,
        make_item(THERE, "suspended", name="结婚登记", state=ItemState.SUSPENDED),
        make_item(THERE, "future", name="结婚登记", valid_from=date(2027, 1, 1)),
        make_item(THERE, "versions", name="结婚登记"),
        make_item(THERE, "versions", version=2, name="补领婚姻登记证", listed_from=date(2026, 6, 1)),
        make_item(THERE, "right", name="结婚登记（内地居民）"),
    )
    atlas = make_atlas(catalogue)
    item = make_item("430600", "A", name="结婚登记")
    found = [(each.item.code, each.item.version) for each in suggest(atlas, item, THERE, TODAY, 5)]
    assert found[0] == ("right", 1)
    assert not set(found) & {("suspended", 1), ("future", 1), ("versions", 1)}
    assert suggest(atlas, item, THERE, date(2026, 5, 31), 1)[0].item.code == "versions"


def test_a_catalogue_that_is_not_here_suggests_nothing(atlas: Atlas) -> None:
    with pytest.raises(NotFound):
        suggest(atlas, make_item("430600", "A"), "440300", TODAY, 5)


def test_a_suggestion_is_no_match(atlas: Atlas) -> None:
    (suggestion,) = suggest(atlas, make_item("430600", "A", name=NAMES[0]), THERE, TODAY, 1)
    assert isinstance(suggestion, Suggestion)
    assert not isinstance(suggestion, Match)
    with pytest.raises(TypeError):
        require_match(suggestion)  # type: ignore[arg-type]
