"""The applicant's situation 情形: which questions are asked, and what the answers ask for.

Questions form a tree: one is asked when the answers to earlier ones agree with its ``asked_when``. A question that is
not asked needs no answer, and an answer to it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.catalogue import HandlingItem, Item, MaterialRequirement, Option, Question
from trust.errors import Reason, WrongState


def is_asked(question: Question, answers: Mapping[str, str]) -> bool:
    """Whether the answers so far lead to a question. One whose earlier questions are still open is not asked yet."""
    return all(answers.get(key) in allowed for key, allowed in question.asked_when.items())


def asked_questions(item: Item, answers: Mapping[str, str]) -> tuple[Question, ...]:
    """List the questions that these answers lead to, answered or not, in the order of the item.

    An answer to a question that is not asked leads nowhere.
    """
    asked: list[Question] = []
    given: dict[str, str] = {}
    for question in item.situations:  # an earlier question stands before those that depend on it
        if is_asked(question, given):
            asked.append(question)
            if question.key in answers:
                given[question.key] = answers[question.key]
    return tuple(asked)


def answers_needed(item: Item, conditions: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]] | None:
    """Say which answers it takes for conditions to hold: question → the options of it that will do.

    Beside the questions of the conditions these are the earlier ones that lead to them. ``None`` when no answers will
    do: a question is not the item's, can't be reached, or doesn't offer any of the answers.
    """
    wanted = dict(conditions)
    needed: dict[str, frozenset[str]] = {}
    for question in reversed(item.situations):  # an earlier question stands before those that depend on it
        allowed = wanted.pop(question.key, None)
        if allowed is None:
            continue
        offered = frozenset(option.key for option in question.options if option.key in allowed)
        if not offered:
            return None
        needed[question.key] = offered
        for earlier, answers in question.asked_when.items():
            wanted[earlier] = wanted.get(earlier, answers) & answers
    return None if wanted else needed


def chosen_options(item: Item, answers: Mapping[str, str]) -> tuple[Option, ...]:
    """List the options that the answers choose of the questions that are asked, in the order of the item."""
    chosen = (question.option(answers.get(question.key, "")) for question in asked_questions(item, answers))
    return tuple(option for option in chosen if option is not None)


def handling_item(item: Item, answers: Mapping[str, str]) -> HandlingItem | None:
    """Return the handling item that the answers choose; ``None`` when the item itself is handled.

    Where several answers choose one, the last question's does: it is the most particular.
    """
    codes = [option.chooses for option in chosen_options(item, answers) if option.chooses]
    return next((each for each in item.handling_items if codes and each.code == codes[-1]), None)


def required_materials(item: Item, answers: Mapping[str, str]) -> tuple[MaterialRequirement, ...]:
    """List what this applicant brings, in the order of the item: once and complete (一次性告知).

    The required materials, less those an answer waives, plus those an answer adds; each is ``required`` in the list,
    because this applicant does bring it.

    Raises ``WrongState`` (ITEM_NEEDS_FACTS) when a question is unanswered, since a list that may still grow must not be
    handed out, and ``Malformed`` for an answer that is not offered.
    """
    item.check_answers(answers)
    unanswered = [question.key for question in asked_questions(item, answers) if question.key not in answers]
    if unanswered:
        raise WrongState(
            Reason.ITEM_NEEDS_FACTS,
            f"list the materials of item {item.code}",
            got=f"no answer to {', '.join(unanswered)}",
            expected="an answer to every question that the answers so far lead to",
            mend="ask the applicant",
            details={"questions": ",".join(unanswered)},
        )
    chosen = chosen_options(item, answers)
    added = {key for option in chosen for key in option.adds}
    waived = {key for option in chosen for key in option.waives}
    return tuple(
        material if material.required else replace(material, required=True)
        for material in item.materials
        if material.key in added or (material.required and material.key not in waived)
    )
