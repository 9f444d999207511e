"""The head of a kept catalogue."""

from __future__ import annotations

import json

from gateway.domain.catalogue import Catalogue, Window
from gateway.domain.catalogue_head import CatalogueHead, head_snapshot

WINDOW = Window("荆州市政务服务中心", "荆州市江津西路𠮷号", "0716-0000000", "周一至周五")


def test_a_head_is_read_back_as_it_was_written() -> None:
    head = CatalogueHead(7, "荆州市事项清单", (WINDOW,), bytes(range(32)), 195)
    assert CatalogueHead.from_bytes(head.to_bytes()) == head
    assert json.loads(head.to_bytes())["digest"] == bytes(range(32)).hex()


def test_the_head_of_a_catalogue_says_what_it_is_without_its_items() -> None:
    catalogue = Catalogue("421000", "荆州市事项清单", 3, (), (WINDOW,))
    assert CatalogueHead.of(catalogue, b"d" * 32) == CatalogueHead(3, catalogue.name, (WINDOW,), b"d" * 32, 0)
    assert head_snapshot(catalogue.id) == "catalogue:421000"
