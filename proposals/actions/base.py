"""What every act on a proposal begins and ends with: locks, steps, who is told."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.actions import BULK, tell, tell_many
from members.models import Appointment, Body, Person
from proposals.handling import clocks, readers
from proposals.handling.models import Assignment, Event, Matter, Obligation, Participant
from proposals.handling.queries import STAFF_ROLES, clerks_of, officers_of, people_by_body, people_in, proposal_staff
from proposals.models import Claim, Proposal, Status

SUSPENDED = "该件正在保密核查，暂停办理。请联系提案委。"
SECRETARIES = (Role.ORGANISATION_SECRETARY, Role.CONVENER)


def lock(proposal: Proposal) -> Proposal:
    """The proposal as it is now, its matter locked first; a suspended one refuses every act."""
    matter = proposal.matter.locked()
    if matter.out_of_sight:
        raise WrongStep(SUSPENDED)
    fresh = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    fresh.matter = matter
    return fresh


def lock_many(proposals: Iterable[Proposal]) -> list[Proposal]:
    """The same for many, in one order, so that two sittings never wait for each other crosswise."""
    ids = [proposal.pk for proposal in proposals]
    matters = {
        matter.pk: matter
        for matter in Matter.objects.select_for_update(of=("self",)).filter(proposal__in=ids).order_by("pk")
    }
    fresh = list(Proposal.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    for proposal in fresh:
        proposal.matter = matters[proposal.matter_id]
    return fresh


def move(proposal: Proposal, status: Status, **facts: Any) -> None:
    """Take one step; the matter's stage follows. `facts` are further columns of the matter."""
    proposal.become(status)
    matter = proposal.matter
    matter.stage = status.value
    for name, value in facts.items():
        setattr(matter, name, value)
    matter.save(update_fields=["stage", *facts])
    readers.refresh(matter)


def expect(proposal: Proposal, *statuses: str) -> None:
    if proposal.status not in statuses:
        raise WrongStep(f"这件提案现在是“{proposal.get_status_display()}”，不能这样做。请刷新页面查看最新情况。")


def subject_of(proposal: Proposal, **more: Any) -> dict[str, Any]:
    """What a message refers to; its words are made when it is shown (S4)."""
    return {"matter": str(proposal.matter.public_id), **more}


def proposers(matter: Matter, *, on: date) -> list[int]:
    """Persons who are told for the proposers: themselves, or an organisation's secretaries and contact person."""
    return proposers_by_matter([matter], on=on)[matter.pk]


def proposers_by_matter(matters: Iterable[Matter], *, on: date) -> dict[int, list[int]]:
    """The same for many, by matter id."""
    found: dict[int, set[int]] = {matter.pk: set() for matter in matters}
    rows = list(Participant.objects.filter(matter__in=found, left_at=None).exclude(role=Participant.Role.DRAFTER))
    acting = people_by_body(SECRETARIES, {row.body_id for row in rows if row.body_id}, on=on)
    for row in rows:
        found[row.matter_id] |= {row.person_id} if row.person_id else acting.get(row.body_id or 0, set())
    return {matter: sorted(people) for matter, people in found.items()}


def first_proposer(matter: Matter, *, on: date) -> list[int]:
    """Who leads the proposal: the first proposer, or those who act for the leading organisation."""
    leading = matter.participants.leading().values_list("person", "body")
    contacts = matter.participants.filter(left_at=None, role=Participant.Role.CONTACT).values_list("person", flat=True)
    people = {person for person, _ in leading if person} | {*contacts}
    bodies = [body for _, body in leading if body]
    return sorted({*filter(None, people), *people_in(SECRETARIES, on=on, bodies=bodies)})


def concerned(proposal: Proposal, *, on: date) -> set[int]:
    """Proposers, and of the proposal office whoever has had to do with it: they must know that it is gone."""
    office = proposal_staff(on=on) if proposal.receipt else []
    claims = Claim.objects.filter(proposal=proposal).values_list("by", flat=True)
    return {*proposers(proposal.matter, on=on), *office, *claims}


def handling_it(matter: Matter, units: Iterable[Assignment], *, on: date) -> set[int]:
    """The offices that assign a proposal, and the units that hold it."""
    offices = {row.office for row in units} | ({matter.office} if matter.office else set())
    officers = {person for office in offices for person in officers_of(office, on=on)}
    return officers | {*clerks_of([row.unit_id for row in units], on=on)}


def holder(matter: Matter) -> dict[str, Any]:
    """Who holds the proposer's own clocks: `person=` or `body=` for `clocks.start`."""
    row = matter.participants.leading().select_related("person", "body").order_by("order", "pk").first()
    if row is None:
        raise Refused("这件提案没有提案者，请先补上。")
    return {"person": row.person} if row.person_id else {"body": row.body}


def told(
    proposal: Proposal,
    people: Iterable[int],
    event: Event,
    template: str,
    *,
    now: datetime,
    sending: str = "",
    **more: Any,
) -> None:
    """Tell everyone but the one who did it; what is told in one `sending` is one message a person (P3)."""
    others = [person for person in people if person != event.by_id]
    subject = subject_of(proposal, **more)
    if sending:
        facts = [(person, event.pk, f"proposal_{template}", subject) for person in others]
        tell_many(facts, sending=f"{template}:{sending}", now=now, mail_at=now + BULK)
        return
    tell(others, event_id=event.pk, template=f"proposal_{template}", subject=subject, now=now)


def proposal_office(*, on: date) -> Body:
    """The body that reviews: the one whose staff hold the proposal office's roles (提案委)."""
    row = (
        Appointment.objects.in_force(on)
        .filter(role__in=STAFF_ROLES, body__ended_on=None)
        .select_related("body")
        .order_by("role", "body_id")
        .first()
    )
    if row is None:
        raise Refused("还没有设置提案委的工作人员，请联系系统管理员。")
    return row.body


def end_clocks(matter: Matter, *stages: str, by: Person | None, now: datetime) -> None:
    """What these stages waited for has been done."""
    end_clocks_of([matter], *stages, by=by, now=now)


def end_clocks_of(
    matters: Iterable[Matter], *stages: str, by: Person | None, now: datetime, on: date | None = None
) -> None:
    """The same for many matters, on an earlier day if it happened on paper."""
    rows = Obligation.objects.running().filter(matter__in=matters, stage__in=stages)
    clocks.complete_many(rows, by=by, now=now, on=on)


def drop_clocks(matter: Matter, *stages: str, by: Person | None, now: datetime, reason: str) -> None:
    for obligation in clocks.open_for(matter=matter).filter(stage__in=stages):
        clocks.cancel(obligation, by=by, now=now, reason=reason)


def today(now: datetime) -> date:
    return timezone.localdate(now)


def not_later(on: date, now: datetime, what: str) -> None:
    """Refuse a day that is yet to come; `what` names it."""
    if on > today(now):
        raise Refused(f"{what}不能晚于今天。", field="on")
