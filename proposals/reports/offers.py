"""What other rooms of reports put on the page of one: things to do, and cards with facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from members.shown import Act, Fact
from proposals.reports.models import Report


@dataclass(frozen=True)
class Panel:
    """A card on the page of a report."""

    title: str
    facts: Sequence[Fact] = field(default=())
    acts: Sequence[Act] = field(default=())


OFFERS: list[Callable[[Any, Report], Sequence[Act]]] = []
PANELS: list[Callable[[Any, Report], Sequence[Panel]]] = []


def acts_for(user: Any, report: Report) -> list[Act]:
    return [act for offer in OFFERS for act in offer(user, report)]


def panels_for(user: Any, report: Report) -> list[Panel]:
    return [panel for offer in PANELS for panel in offer(user, report)]
