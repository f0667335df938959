"""Acts on paper and the checks that every action shares (P1)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from members.errors import Refused, WrongStep
from members.rights import bodies_of
from proposals.handling.models import Assignment, Matter


@dataclass(frozen=True)
class Paper:
    """Who acted, when, and on which sheet; the scan is an attachment of the matter, named by its public id."""

    who: str
    on: date
    sheet: str
    scan: str = ""

    def facts(self) -> dict[str, Any]:
        return {"paper_who": self.who, "paper_on": self.on, "paper_sheet": self.sheet, "paper_scan": self.scan}


def paper_facts(paper: Paper | None) -> dict[str, Any]:
    return paper.facts() if paper else {}


def lock(assignment: Assignment) -> Assignment:
    """The assignment as it is now, its matter locked first; suspended and closed matters refuse."""
    matter = assignment.matter.locked()
    if matter.access == "suspended":
        raise WrongStep("该件正在保密核查，暂停办理。请联系提案委。")
    fresh = Assignment.objects.select_for_update(of=("self",)).select_related("unit", "office").get(pk=assignment.pk)
    fresh.matter = matter
    return fresh


def expect(assignment: Assignment, *states: str) -> None:
    """Raise WrongStep unless the assignment is in one of `states`."""
    if assignment.state not in states:
        raise WrongStep(
            f"{assignment.unit}的这项办理现在是“{assignment.get_state_display()}”，不能这样做。请刷新页面查看最新情况。"
        )


def sheet_needed(assignment: Assignment, by: Any, paper: Paper | None) -> None:
    """Whoever acts for a unit without an appointment to it must name the sheet."""
    if paper is None and assignment.unit_id not in bodies_of(by, "handling.read_unit"):
        raise Refused("代承办单位登记时，请填写纸质办理的经办人、日期和单据名称。")


def open_matter(matter: Matter) -> None:
    if matter.is_closed:
        raise WrongStep("该件已办结，不能再这样做。")
