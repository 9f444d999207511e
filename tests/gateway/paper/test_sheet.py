"""The printed guide: escaped, whole, every character or none, and one page where one is enough."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import unicodedata
import zlib
from typing import Any

import pytest
import segno
from tongban.catalogue.v1.translation_pb2 import ItemSummary

from gateway.paper.card import card_of
from gateway.paper.sheet import FONT_PACKAGES, SYSTEM_PACKAGES, page_of, print_guide
from tests.gateway.paper.guides import SCAN_TEXT, a_guide, a_material, named
from trust.errors import Misconfigured, Reason


@pytest.fixture(scope="module")
def printing() -> None:
    """Skips where nothing can be printed, unless TONGBAN_PAPER says that it must be."""
    if os.environ.get("TONGBAN_PAPER") == "required":
        return
    try:
        print_guide(a_guide())
    except Misconfigured as error:
        pytest.skip(f"nothing can be printed here: {error.got} (TONGBAN_PAPER=required makes that a failure)")


prints = pytest.mark.usefixtures("printing")


def page(**changes: Any) -> str:
    return page_of(card_of(a_guide(**changes)))


def text_of_page(html: str) -> str:
    body = re.sub(r"<(style|svg)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "", body)


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has, from its page tree, which may stand in a compressed stream."""
    parts = [pdf, *(zlib.decompress(each) for each in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", pdf, re.DOTALL))]
    (count,) = {int(found) for part in parts for found in re.findall(rb"/Type\s*/Pages[^>]*?/Count (\d+)", part)} or {
        int(found) for part in parts for found in re.findall(rb"/Count (\d+)[^>]*?/Type\s*/Pages", part)
    }
    return count


# the page


def test_everything_of_the_card_is_on_the_page() -> None:
    text = text_of_page(page())
    for wanted in (
        "正常退休提取住房公积金", "离休、退休提取住房公积金", "岳阳市收件 → 荆州市办理",
        "12430600TB4306016C343209000100001", "12421000TB421001493422090002000", "凭退休证提取",
        "是否已办理退休手续？", "已办理退休手续", "（按两地对应关系确定）",
        "请带来：2项", "1. 申请表", "窗口可领取", "原件2份", "2. 未再就业承诺书", "可容缺",
        "免提交：2项", "3. 居民身份证", "出示电子证照即可", "4. 婚姻登记信息", "由民政部门共享数据",
        "电子证照核验，持证人身份核验", "实质审查，以电子证照为准",
        "不晚于2026年11月26日（星期四）", "不收费", "岳阳市测试路1号一楼", "0716-0000000",
        "2026年11月23日（星期一）", "YJ-001 第2版", "测试数据",
    ):  # fmt: skip
        assert wanted in text, wanted


def test_only_test_data_are_marked() -> None:
    assert "测试数据" not in page(test_data=False)


def test_what_comes_from_a_catalogue_is_text() -> None:
    html = page(
        source=named("<script>alert(1)</script>{{ 7*7 }}"),
        materials=[a_material("a", "<img src=file:///etc/hostname>", note='"><style>*{display:none}</style>')],
        accepting_place="&lt;b&gt;",
    )
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<style") == 1
    text = text_of_page(html)
    for wanted in ("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}", "&lt;img", "&amp;lt;b&amp;gt;"):
        assert wanted in text


def test_what_would_steer_the_page_is_taken_out() -> None:
    text = text_of_page(page(source=named("甲\u202e乙\u2066丙\x00丁\x1b[31m戊\n己\ufeff")))
    assert "甲乙丙\ufffd丁\ufffd[31m戊 己" in text
    assert not {unicodedata.category(each) for each in text} & {"Cf", "Cs"}


def test_a_guide_without_a_code_has_no_picture() -> None:
    assert "<svg" in page()
    assert "<svg" not in page(scan_text="")


def test_the_code_is_the_scan_text_with_modules_wide_enough_to_read() -> None:
    assert segno.make(SCAN_TEXT, error="m", micro=False).svg_inline(omitsize=True) in page()
    widths = [
        float(found[1])
        for text in (SCAN_TEXT, "a" * 1000)
        if (found := re.search(r'style="width: ([0-9.]+)mm"', page(scan_text=text)))
    ]
    assert widths[0] == 30
    for width, text in zip(widths, (SCAN_TEXT, "a" * 1000), strict=True):
        assert width / segno.make(text, error="m", micro=False).symbol_size()[0] >= 0.4
    assert widths[1] < 80


def test_a_place_without_windows_or_materials_says_so() -> None:
    text = text_of_page(page(materials=[], accepting_windows=[], processing_windows=[]))
    assert "不需要提交材料。" in text
    assert text.count("未公布") == 2


# the PDF


@prints
def test_an_ordinary_guide_is_one_page() -> None:
    pdf = print_guide(a_guide())
    assert pdf.startswith(b"%PDF-")
    assert pages_of(pdf) == 1


@prints
def test_a_long_guide_has_more_pages() -> None:
    many = [a_material(f"m{number}", f"第{number}种材料" * 4) for number in range(40)]
    assert pages_of(print_guide(a_guide(materials=many))) == 3


@prints
@pytest.mark.parametrize(
    "text",
    [
        "㵲水 䶮 𠮷 𬱖 𫖯 𮧵",
        "\U00020000\U0002a6d6\U0002a700\U0002b734\U0002b740\U0002b81d\U0002b820\U0002cea1\U0002ceb0\U0002ebe0",
        "\U00030000\U00030edd\U00031350",
        "囧〇〔2026〕①②",
    ],
    ids=["in names", "extensions B to F", "extensions G and H", "signs"],
)
def test_rare_characters_are_printed(text: str) -> None:
    target = ItemSummary(catalogue="421000", code="T-1", version="1", name=text)
    assert print_guide(a_guide(source=named(text), target=target, materials=[a_material("a", text, note=text)]))


@prints
def test_a_character_that_no_font_has_is_refused_by_name() -> None:
    with pytest.raises(Misconfigured) as refused:
        print_guide(a_guide(source=named("某\U0003fffd村")))
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert refused.value.got == "\U0003fffd U+3FFFD"
    assert FONT_PACKAGES[0] in refused.value.mend


@prints
def test_a_character_for_private_use_is_refused_though_fonts_have_it() -> None:
    """Every font means another character by it: the name would be somebody else's."""
    with pytest.raises(Misconfigured) as refused:
        print_guide(a_guide(source=named("某\ue863村")))
    assert refused.value.got == "U+E863"


@prints
def test_hostile_names_are_printed_as_they_are() -> None:
    hostile = "<script>" + "很长的名称" * 38
    guide = a_guide(
        source=named(hostile), materials=[a_material("a", "W" * 200), a_material("b", "<!--"), a_material("c", "]]>")]
    )
    assert pages_of(print_guide(guide)) == 2


@prints
def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a page ever to name a picture, printing would stop rather than fetch it."""
    real = page_of

    def with_a_picture(card: Any, *, tight: bool = False) -> str:
        return real(card, tight=tight).replace("<body>", '<body><img src="file:///etc/hostname">')

    monkeypatch.setattr("gateway.paper.sheet.page_of", with_a_picture)
    with pytest.raises(BaseException, match="file:///etc/hostname"):
        print_guide(a_guide())


def test_a_machine_without_pango_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class NoPango:
        """Fails as WeasyPrint does: a page of advice on standard output, then an error."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                print("WeasyPrint could not import some external libraries.")  # noqa: T201
                raise OSError("cannot load library 'libpango-1.0-0'\nmore")

    assert importlib.util.find_spec("weasyprint")
    for name in [each for each in sys.modules if each.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(Misconfigured) as refused:
        print_guide(a_guide())
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert refused.value.got == "cannot load library 'libpango-1.0-0'"
    for package in SYSTEM_PACKAGES + FONT_PACKAGES:
        assert package in refused.value.mend
    assert capsys.readouterr().out == ""
