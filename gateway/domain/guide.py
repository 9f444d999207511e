"""明白卡: all that an applicant in one situation needs to know, once and complete (一次性告知)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from gateway.domain.catalogue import ApplyWay, HandlingItem, Item, MaterialForm, MaterialSource, Mode, ResultWay, Window
from gateway.domain.translation import Step


class MaterialWay(Enum):
    """How a material comes to the processing place."""

    HAND_IN = auto()
    """The applicant hands it in."""
    LICENCE = auto()
    """免提交: an electronic licence stands for it; paper only when there is none."""
    SHARED = auto()
    """免提交: shared data stand for it."""
    PROMISE = auto()
    """告知承诺: the applicant's written commitment may stand for it."""


@dataclass(frozen=True, slots=True)
class GuideAnswer:
    """One answer of the applicant's situation."""

    question: str
    answer: str
    asked_by: str
    """Region whose item asks."""
    by_mapping: bool
    """Whether the mapping answers it, so that nobody asks the applicant."""


@dataclass(frozen=True, slots=True)
class GuideMaterial:
    """One material and who does what with it."""

    key: str
    """Key in the accepting place's item; empty when only the processing place asks for it."""
    target_key: str
    """Key in the processing place's item; empty when only the accepting place asks for it."""
    name: str
    source: MaterialSource
    form: MaterialForm
    copies: int
    way: MaterialWay
    way_detail: str
    """For ``LICENCE`` the licence type's code, for ``SHARED`` the authority."""
    may_be_deferred: bool
    accepting_check: str
    """What the accepting place checks, in Chinese words for people."""
    processing_check: str
    """What the processing place checks."""
    note: str


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything, for one situation on one day. It holds no personal data."""

    source: Item
    target: Item
    handling_item: HandlingItem | None
    """业务办理项 that the answers choose at the processing place."""
    situation: tuple[GuideAnswer, ...]
    modes: tuple[Mode, ...]
    """Those that both places offer."""
    apply_ways: tuple[ApplyWay, ...]
    result_ways: tuple[ResultWay, ...]
    materials: tuple[GuideMaterial, ...]
    due_date: date
    """Day by which it is decided if it is accepted on the day of the guide."""
    due_date_provisional: bool
    """Whether the working days of that year are not published yet."""
    accepting_place: str
    """Name of the accepting place."""
    processing_place: str
    accepting_windows: tuple[Window, ...]
    processing_windows: tuple[Window, ...]
    on: date
    path: tuple[Step, ...]
    scan_text: str
    """What a window scans to open a case with these codes and answers."""
