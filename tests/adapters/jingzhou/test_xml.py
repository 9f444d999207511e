"""The XML reader against hostile and careless documents."""

from __future__ import annotations

import pytest

from adapters.foreign import NotReadable
from adapters.jingzhou import xml

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE A [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<A><B>&b;&b;&b;</B></A>"
)


@pytest.mark.parametrize(
    ("document", "because"),
    [
        (BOMB, "DTD"),
        (b'<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>', "DTD"),
        (b'<!DOCTYPE A [<!ENTITY x SYSTEM "http://127.0.0.1/">]><A>&x;</A>', "DTD"),
        (b"<A>" * 17 + b"</A>" * 17, "deeper"),
        (b"<A><B></A>", "well-formed"),
        (b"<A>&nbsp;</A>", "well-formed"),
        (b"", "well-formed"),
        (b"<B/>", "not a A"),
        (b'<?xml version="1.0" encoding="UTF-16"?><A/>', "encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?><A>\xff</A>', "UTF-8"),
        (b'<?xml version="1.0" encoding="GBK"?><A>\xff\xff</A>', "GBK"),
    ],
)
def test_what_is_hostile_or_broken_is_refused_with_the_reason(document: bytes, because: str) -> None:
    with pytest.raises(NotReadable) as caught:
        xml.parse(document, "A")
    assert because in caught.value.because


@pytest.mark.parametrize("declared", ["GBK", "gb2312", "GB18030", "gb18030"])
def test_what_declares_gbk_is_read_as_gb18030(declared: str) -> None:
    document = f'<?xml version="1.0" encoding="{declared}"?><A><NAME>陈𠮷安𬱖</NAME></A>'.encode("gb18030")
    assert xml.tree(xml.parse(document, "A")) == {"NAME": "陈𠮷安𬱖"}


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"<?xml version='1.0'?>", b"\n<!-- x -->"])
def test_without_a_declared_encoding_it_is_utf8(start: bytes) -> None:
    assert xml.tree(xml.parse(start + "<A><N>孙䶮</N></A>".encode(), "A")) == {"N": "孙䶮"}


def test_names_that_repeat_become_a_list_and_blanks_between_elements_mean_nothing() -> None:
    document = b"<A>\n <N> 1 </N>\n <E> </E> <L><X>1</X></L><L><X>2</X></L><L><X>3</X></L></A>"
    assert xml.tree(xml.parse(document, "A")) == {"N": "1", "E": "", "L": [{"X": "1"}, {"X": "2"}, {"X": "3"}]}


def test_what_is_written_is_read_again_with_its_markup_and_without_what_xml_forbids() -> None:
    content: xml.Tree = {"N": 'a<b>&"c" 𠮷\x00\x0b', "L": [{"X": "1"}, {"X": "2"}], "E": ""}
    written = xml.write("A", content)
    assert written.startswith(b'<?xml version="1.0" encoding="GB18030"?>')
    assert xml.tree(xml.parse(written, "A")) == {**content, "N": 'a<b>&"c" 𠮷'}
