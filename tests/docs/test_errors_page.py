"""docs/errors.md against the reasons, the places that raise them, the codes and the sentences."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import grpc
import pytest

from gateway.wire.status import CODES
from gateway.wire.wording import wording
from tests.docs.pages import ROOT, text_of
from trust.errors import Fault, Reason

NAME_OF_CODE = {code.value[0]: code.name for code in grpc.StatusCode}
CODE_OF_CLASS = {kind.__name__: NAME_OF_CODE[number] for kind, number in CODES.items()}

# What takes a reason and raises nothing, or what the offline verifier finds, which travels nowhere.
NO_ERRORS = {"wording", "answer", "_not_in_force"}
# Names under which the code raises an error other than by its class.
CODE_OF_CLASS |= {"Overdue": CODE_OF_CLASS["Unavailable"], "_refusal": CODE_OF_CLASS["Forbidden"]}


@dataclass(frozen=True)
class Section:
    reason: str
    codes: set[str]
    faults: set[str]
    sentence: str
    text: str


def sections() -> list[Section]:
    found = []
    for part in text_of("errors.md").split("\n## ")[1:]:
        reason, _, line, *rest = part.split("\n")
        codes, faults, sentence = line.split(" · ")
        text = "\n".join(rest)
        found.append(Section(reason, set(re.findall(r"`([A-Z_]+)`", codes)), set(faults.split(", ")), sentence, text))
    return found


@cache
def raised() -> dict[str, set[str]]:
    """Reason to gRPC codes, from every call in the code whose first argument is a reason."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ("trust", "gateway", "adapters"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name(id=name) | ast.Attribute(attr=name),
                        args=[ast.Attribute(value=ast.Name(id="Reason"), attr=reason), *_],
                    ) if name not in NO_ERRORS:
                        found[reason].add(CODE_OF_CLASS[name])
    return found


def test_there_is_a_section_for_each_reason_in_the_order_of_the_enum() -> None:
    assert [section.reason for section in sections()] == [reason.value for reason in Reason]


def test_every_reason_is_raised_somewhere() -> None:
    assert set(raised()) == {reason.value for reason in Reason}


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.reason)
def test_a_section_has_the_codes_faults_and_sentence_of_the_code(section: Section) -> None:
    assert section.codes == raised()[section.reason]
    assert section.faults <= {fault.value for fault in Fault}
    assert section.sentence == wording(Reason[section.reason])
    assert "\nTo mend: " in section.text


def test_every_code_of_a_refusal_has_its_advice() -> None:
    advised = set(re.findall(r"`([A-Z_]+)`", text_of("errors.md").split("| Code | Do |")[1].split("\n\n")[0]))
    assert advised == {code for section in sections() for code in section.codes}
