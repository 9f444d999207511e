"""What an attack is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.attacks.tampering import Tampering


class By(StrEnum):
    """Who finds it."""

    VERIFY = "verify"
    """``tongban audit verify`` of this store alone."""
    COMPARE = "compare"
    """``tongban audit compare`` with the other gateway's store, and not this store alone."""


@dataclass(frozen=True)
class Attack:
    """One kind of tampering."""

    name: str
    why: str
    do: Callable[[Tampering], None]
    found: str = ""
    """A regular expression for the line of the finding: where, a colon, what. Empty for what nothing finds."""
    by: By = By.VERIFY


def sql(statement: str, *values: object) -> Callable[[Tampering], None]:
    return lambda hand: hand.do(statement, *values)


def of_case(name: str, statement: str, *values: object) -> Callable[[Tampering], None]:
    """A statement whose last parameter is the case's id."""
    return lambda hand: hand.do(statement, *values, hand.case(name))
