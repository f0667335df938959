"""Acts on paper and the checks that every action shares (P1)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.models import Person
from members.rights import roles_of
from proposals.handling.models import Assignment, Participant


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
    """What `Matter.record` is told of an act on paper; nothing for one on screen."""
    return {"on_paper": True, **paper.facts()} if paper else {}


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


def in_the_open(assignment: Assignment) -> None:
    """What is handled offline takes no words here: only its dates are recorded (P19)."""
    if assignment.matter.placeholder:
        raise Refused("本件线下办理，系统内不填写内容。答复后请告知提案委，由提案委登记答复日期。")


def acted_on(paper: Paper | None, *, now: datetime) -> date:
    """The day on which somebody acted: the sheet's, or today."""
    return paper.on if paper else timezone.localdate(now)


def acted_at(paper: Paper | None, *, now: datetime) -> datetime:
    """The moment to keep: of a sheet of an earlier day one knows no hour, so its noon."""
    if paper is None or paper.on >= timezone.localdate(now):
        return now
    return datetime.combine(paper.on, time(12), timezone.get_current_timezone())


def sheet_needed(
    unit_id: int, *, by: Person, now: datetime, paper: Paper | None, since: datetime | None = None
) -> None:
    """Whoever acts for a body without an appointment to it must name the sheet (P1).

    A sheet is not of a later day than today, nor of an earlier one than `since`, when what it acts upon began.
    """
    if paper is not None:
        if paper.on > timezone.localdate(now):
            raise Refused("纸质办理的日期不能晚于今天。", field="paper_on")
        if since and paper.on < (began := timezone.localdate(since)):
            raise Refused(f"纸质办理的日期不能早于{short_day(began)}，当时还没有这件事。请核对单据。", field="paper_on")
        return
    if not acts_for(by, unit_id, on=timezone.localdate(now)):
        raise Refused("代其他单位登记时，请填写纸质办理的经办人、日期和单据名称。", field="paper_who")


def unit_sheet_needed(assignment: Assignment, *, by: Person, now: datetime, paper: Paper | None) -> None:
    """The unit acts on what it was given; the offices may record that from its sheet."""
    sheet_needed(assignment.unit_id, by=by, now=now, paper=paper, since=assignment.given_at)


def office_sheet_needed(
    assignment: Assignment, *, by: Person, now: datetime, paper: Paper | None, since: datetime | None = None
) -> None:
    """The assigning office decides; the proposal committee may record its decision from the sheet."""
    sheet_needed(assignment.office_id, by=by, now=now, paper=paper, since=since or assignment.given_at)


def acts_for(person: Person, body_id: int, *, on: date) -> bool:
    return any(body_id in bodies for bodies in roles_of(person, on).values())


def not_blocked(by: Person, *, now: datetime) -> None:
    """An account that was reset less than a day ago does not sign for or evaluate (S6)."""
    if by.blocked_until and by.blocked_until > now:
        raise Refused("账号刚重置过密码，24小时内不能签收或评价，以防他人冒用。请稍后再来。")


def not_own_proposal(assignment: Assignment, *, by: Person, paper: Paper | None) -> None:
    """A member who works in the handling unit does not answer the own proposal (P13)."""
    if paper is None and stands_behind(assignment, by):
        raise Refused("您是本件的提案者，不能以承办单位的身份签发答复。请由本单位其他同事办理。")


def not_in_judgement(assignment: Assignment, *, by: Person) -> None:
    """Nor does somebody of an office check the reply to it, or what the proposers said of that (P13)."""
    if stands_behind(assignment, by):
        raise Refused("您是本件的提案者，不能以工作身份核对答复或评价。请由其他同事办理。")


def stands_behind(assignment: Assignment, person: Person) -> bool:
    matters = Q(matter=assignment.matter_id) | Q(matter__merged_into=assignment.matter_id)
    return Participant.objects.filter(matters, person=person, left_at=None).exists()
