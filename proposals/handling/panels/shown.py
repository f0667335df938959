"""What stands in the panels of a matter, as their templates print it."""

from dataclasses import dataclass, field
from typing import Any

from members.shown import Act, Fact, FileRow, Happening, Mark, UnitRow
from proposals.handling.blocks import ReplyShown, RequestShown
from proposals.handling.eyes import Eyes
from proposals.handling.models import Assignment, Suggestion
from proposals.handling.promises import PromiseShown


@dataclass(frozen=True)
class ContactShown:
    what: str
    note: str
    state: str
    acts: list[Act] = field(default_factory=list)
    confirm_url: str = ""


@dataclass(frozen=True)
class OpinionShown:
    title: str
    text: str
    note: str


@dataclass(frozen=True)
class RoundShown:
    """A round of evaluation as far as this person may know it."""

    title: str
    ratings: list[Fact]
    notes: list[str]
    sentence: str = ""
    acts: list[Act] = field(default_factory=list)
    appraisal: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class SheetShown:
    """A letter of supervision that the unit has got."""

    title: str
    text: str
    url: str


@dataclass
class Panels:
    """Everything about the handling of one matter that this person may read now."""

    view: Eyes
    assignments: list[Assignment]
    units: list[UnitRow] = field(default_factory=list)
    inside: list[Fact] = field(default_factory=list)
    requests: list[RequestShown] = field(default_factory=list)
    contacts: list[ContactShown] = field(default_factory=list)
    opinions: list[OpinionShown] = field(default_factory=list)
    sheets: list[SheetShown] = field(default_factory=list)
    replies: list[ReplyShown] = field(default_factory=list)
    promises: list[PromiseShown] = field(default_factory=list)
    rounds: list[RoundShown] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    by_unit: list[tuple[str, list[Act]]] = field(default_factory=list)
    recorded: list[tuple[str, list[Act]]] = field(default_factory=list)
    obligations: list[Any] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    to_consult: set[int] = field(default_factory=set)
    under_way: set[int] = field(default_factory=set)
    merged: bool = True
    offline: bool = False
    suggestions: list[Suggestion] = field(default_factory=list)
