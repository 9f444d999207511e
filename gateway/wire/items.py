"""Items of a catalogue and windows as messages."""

from __future__ import annotations

from collections.abc import Mapping

from tongban.catalogue.v1 import item_pb2, translation_pb2

from gateway.domain.catalogue import MAX_TEXT_LENGTH, HandlingItem, Item, MaterialRequirement, Question, Window
from gateway.wire import fields


def write_item(item: Item) -> item_pb2.Item:
    """An item with everything that its catalogue says of it."""
    code = item.parsed_code
    return item_pb2.Item(
        catalogue=item.catalogue,
        code=item.code,
        version=str(item.version),
        name=item.name,
        department=item.department,
        promised_days=item.promised_days,
        materials=[_write_material(material) for material in item.materials],
        questions=[write_question(question) for question in item.situations],
        state=item.state.value,
        valid_from=item.valid_from.isoformat(),
        valid_until=item.valid_until.isoformat() if item.valid_until else "",
        listed_from=item.listed_from.isoformat() if item.listed_from else "",
        basic_code=item.basic_code,
        implementation_code=item.implementation_code,
        code_form=code.form.value,
        code_flaw=code.flaw,
        item_type=item.item_type.value,
        handling_type=item.handling_type,
        applicant_types=item.applicant_types,
        statutory_days=item.statutory_days,
        modes=item.modes,
        conditions=item.conditions,
        apply_ways=item.apply_ways,
        procedure=item.procedure,
        result_ways=item.result_ways,
        fee=item.fee,
        result_name=item.result_name,
        result_licence_type=item.result_licence_type,
        handling_items=[write_handling_item(each) for each in item.handling_items],
        official=item.official,
    )


def write_summary(item: Item) -> translation_pb2.ItemSummary:
    """An item as lists show it."""
    return translation_pb2.ItemSummary(
        catalogue=item.catalogue, code=item.code, version=str(item.version), name=item.name
    )


def write_handling_item(handling: HandlingItem) -> item_pb2.HandlingItem:
    """业务办理项."""
    return item_pb2.HandlingItem(code=handling.code, name=handling.name)


def write_question(question: Question) -> item_pb2.Question:
    """A question with its answers and what each changes."""
    return item_pb2.Question(
        key=question.key,
        text=question.text,
        options=[
            item_pb2.QuestionOption(
                key=option.key, text=option.text, adds=option.adds, waives=option.waives, chooses=option.chooses
            )
            for option in question.options
        ],
        asked_when=write_conditions(question.asked_when),
    )


def write_conditions(conditions: Mapping[str, frozenset[str]]) -> list[item_pb2.AskedWhen]:
    """Questions with the answers that agree, both in order."""
    return [item_pb2.AskedWhen(question=key, options=sorted(conditions[key])) for key in sorted(conditions)]


def write_window(window: Window) -> item_pb2.Window:
    """A place where people apply and collect."""
    return item_pb2.Window(name=window.name, address=window.address, phone=window.phone, hours=window.hours)


def read_window(window: item_pb2.Window, path: str) -> Window:
    """A window of a peer's catalogue, within bounds."""
    return Window(
        name=fields.text(window.name, f"{path}.name", MAX_TEXT_LENGTH),
        address=fields.text(window.address, f"{path}.address", MAX_TEXT_LENGTH),
        phone=fields.text(window.phone, f"{path}.phone", MAX_TEXT_LENGTH),
        hours=fields.text(window.hours, f"{path}.hours", MAX_TEXT_LENGTH),
    )


def _write_material(material: MaterialRequirement) -> item_pb2.MaterialRequirement:
    return item_pb2.MaterialRequirement(
        key=material.key,
        name=material.name,
        required=material.required,
        licence_type=material.exempt_by_licence,
        source=material.source.value,
        form=material.form.value,
        copies=material.copies,
        exempt_by_sharing=material.exempt_by_sharing,
        may_be_deferred=material.may_be_deferred,
        by_promise=material.by_promise,
        note=material.note,
    )
