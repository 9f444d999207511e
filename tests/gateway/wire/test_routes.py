"""The table of methods: every method of every service, nothing else, and who may call it."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import tongban
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire import routes
from gateway.wire.routes import ROUTES
from trust.directory import Action
from trust.errors import Malformed

OPEN_TO_PEERS = {
    routes.DELIVER_EVENTS,
    routes.TRANSLATE,
    routes.TRANSLATE_BATCH,
    routes.GET_ITEM,
    routes.GET_COVERAGE,
    routes.GET_GUIDE,
    routes.SYNC_CATALOGUE,
    routes.EXPORT_CROSSWALK,
    routes.LIST_ROWS,
    routes.LIST_CHANGES,
    routes.GET_STATUS_LIST,
    routes.GET_CHECKPOINT,
    routes.PROVE_INCLUSION,
    routes.PROVE_CONSISTENCY,
    routes.LIST_LEAVES,
    routes.GET_DIRECTORY,
    routes.ADD_CHECKPOINT,
    routes.GET_CASE_TRAIL,
}


def methods() -> Iterator[tuple[str, MethodDescriptor]]:
    """Every method of every service in the generated packages, by its full gRPC path."""
    pool = descriptor_pool.Default()
    for module in pkgutil.walk_packages(tongban.__path__, "tongban."):
        if not module.name.endswith("_pb2"):
            continue
        file = pool.FindFileByName(importlib.import_module(module.name).DESCRIPTOR.name)
        for service in file.services_by_name.values():
            for method in service.methods:
                yield f"/{service.full_name}/{method.name}", method


def test_the_table_is_the_whole_of_the_services() -> None:
    assert set(ROUTES) == {path for path, _ in methods()}


def test_no_method_streams() -> None:
    assert not any(method.client_streaming or method.server_streaming for _, method in methods())


def test_peers_may_call_exactly_what_is_meant_for_them() -> None:
    assert {path for path, route in ROUTES.items() if not route.local} == OPEN_TO_PEERS


def test_every_right_opens_a_method() -> None:
    assert {route.action for route in ROUTES.values()} == set(Action)


@pytest.mark.parametrize(
    ("path", "action"),
    [
        (routes.OPEN_CASE, Action.CASE_OPEN),
        (routes.REPORT_PROGRESS, Action.CASE_PROGRESS),
        (routes.GET_CASE, Action.CASE_READ),
        (routes.LIST_CASES, Action.CASE_READ),
        (routes.DELIVER_EVENTS, Action.EXCHANGE_DELIVER),
        (routes.SET_LICENCE_STATUS, Action.LICENCE_ISSUE),
        (routes.VERIFY_LICENCE, Action.LICENCE_VERIFY),
        (routes.LIST_LEAVES, Action.AUDIT_READ),
        (routes.SEARCH_TRAIL, Action.AUDIT_SEARCH),
        (routes.ERASE_CASE, Action.CASE_ERASE),
        (routes.ADD_CHECKPOINT, Action.AUDIT_WITNESS),
        (routes.LIST_ALARMS, Action.AUDIT_SEARCH),
        (routes.ACKNOWLEDGE_ALARM, Action.AUDIT_SEARCH),
    ],
)
def test_a_method_takes_its_right(path: str, action: Action) -> None:
    assert ROUTES[path].action is action


@pytest.mark.parametrize("path", ROUTES)
@given(body=st.binary(max_size=60))
@settings(max_examples=25, deadline=None)
def test_no_bytes_make_a_reader_fail_otherwise_than_by_refusing_them(path: str, body: bytes) -> None:
    with contextlib.suppress(Malformed):
        ROUTES[path].understand(body)


def test_every_answer_is_a_message_of_its_methods_type() -> None:
    """Methods that answer with a case share one writer, which is sound only while their messages have one form."""
    opened = message_factory.GetMessageClass(dict(methods())[routes.OPEN_CASE].output_type)
    for path, method in methods():
        if ROUTES[path].express is ROUTES[routes.OPEN_CASE].express:
            fields = [(field.number, field.name, field.message_type) for field in method.output_type.fields]
            assert fields == [(f.number, f.name, f.message_type) for f in opened.DESCRIPTOR.fields]
