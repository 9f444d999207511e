"""The little XML that the dialect needs: elements with text, no attributes, no namespaces.

Reading is for a stranger's bytes, so:

1. The size is bounded by the caller, the depth here.
2. A document type declaration is refused before anything in it is read: no entities, no external files.
3. The declared encoding is believed only as far as ``adapters.jingzhou.gb18030`` says; without one it is UTF-8.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, tostring
from xml.parsers import expat

from adapters.foreign import NotReadable
from adapters.jingzhou import gb18030

MAX_DEPTH: Final = 16
"""Deepest nesting; the dialect's own documents have five levels."""

Tree = dict[str, "str | Tree | list[str | Tree]"]
"""An element's children by name: texts, subtrees, or a list where a name repeats."""

_DECLARATION: Final = re.compile(
    rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]{0,100}?\?>"
)
_BOMS: Final = (b"\xef\xbb\xbf", b"\x84\x31\x95\x33")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parse(data: bytes, root: str) -> Element:
    """Read a document whose outermost element is ``root``. Raises NotReadable, which quotes nothing of the document."""
    text = _decode(data)
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        # 1
        if depth > MAX_DEPTH:
            raise NotReadable(f"the document nests deeper than {MAX_DEPTH} elements")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> int:
        raise NotReadable("the document declares a type (DTD), which may hide anything")

    parser = expat.ParserCreate(encoding="utf-8")
    # 2
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        raise NotReadable("the document is not well-formed XML") from None
    document = builder.close()
    if document.tag != root:
        raise NotReadable(f"the document is not a {root}")
    return document


def _decode(data: bytes) -> str:
    # 3
    for bom in _BOMS:
        data = data.removeprefix(bom)
    declared = _DECLARATION.match(data)
    name = declared[1].decode().upper() if declared else "UTF-8"
    try:
        if name in {"GBK", "GB2312", "GB18030"}:
            return gb18030.decode(data)
        if name in {"UTF-8", "UTF8", "US-ASCII"}:
            return data.decode()
    except UnicodeDecodeError:
        raise NotReadable(f"the document is not in the {name} that it declares") from None
    raise NotReadable("the document declares an encoding other than GBK, GB18030 and UTF-8")


def tree(element: Element) -> Tree:
    """An element's children as texts and mappings, the way ``adapters.foreign.Record`` reads them.

    Blanks between elements mean nothing. A name that repeats becomes a list.
    """
    children: Tree = {}
    for child in element:
        value = tree(child) if len(child) else (child.text or "").strip()
        if child.tag not in children:
            children[child.tag] = value
            continue
        existing = children[child.tag]
        if isinstance(existing, list):
            existing.append(value)
        else:
            children[child.tag] = [existing, value]
    return children


def write(root: str, content: Tree) -> bytes:
    """A document in GB 18030. Empty texts become empty elements; characters that XML can't carry are left out."""
    element = Element(root)
    _fill(element, content)
    return gb18030.encode('<?xml version="1.0" encoding="GB18030"?>\n' + tostring(element, encoding="unicode"))


def _fill(parent: Element, content: Tree) -> None:
    for name, value in content.items():
        for entry in value if isinstance(value, list) else [value]:
            child = SubElement(parent, name)
            if isinstance(entry, str):
                child.text = _FORBIDDEN.sub("", entry)
            else:
                _fill(child, entry)
