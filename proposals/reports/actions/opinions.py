"""Opinions are received, passed on, answered, and the member is told (意见建议, P11)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person
from proposals.handling import clocks, numbering, queries, readers
from proposals.handling.models import Access, Event, Exposure, Kind, Matter, Participant, Stage
from proposals.reports.models import Opinion


@transaction.atomic
def receive(origin: Matter, *, named: str, text: str, office: Body, consent: str, by: Person, now: datetime) -> Opinion:
    """Make an opinion of a matter that was not filed; its proposers stay behind it and its clock starts.

    `consent` says when and how the proposer agreed; `named` is how the record names the origin: a number, never a title,
    which a purge of the origin would not reach here.
    """
    session = origin.session
    if session is None:
        raise Refused("原件没有届次，不能转为意见建议。")
    matter = Matter.objects.create(
        kind=Kind.OPINION,
        session=session,
        title=origin.title,
        unit_title=origin.unit_title or origin.title,
        access=origin.access,
        exposure=Exposure.OFFICE,
        stage="reviewing",
    )
    Participant.objects.bulk_create(
        Participant(
            matter=matter, person=row.person, body=row.body, role=row.role, order=row.order, name_public=row.name_public
        )
        for row in origin.participants.filter(left_at=None)
    )
    opinion = Opinion.objects.create(
        matter=matter, source=Opinion.Source.PROPOSAL, origin=origin, text=text, consent=consent, received_at=now
    )
    clocks.start(matter, "opinion", body=office, anchor_on=timezone.localdate(now), by=by, now=now)
    readers.refresh(matter)
    matter.number = f"意{numbering.take(session, 'opinion')}"
    matter.save(update_fields=["number"])
    matter.record("opinion_received", by=by, now=now, origin=named, consent=consent)
    return opinion


@transaction.atomic
def pass_on(opinion: Opinion, *, to: str, by: Person, now: datetime, on: date | None = None) -> Opinion:
    """Pass an opinion to whoever should look into it, in words (转送); its clock goes on until it is answered."""
    if not to.strip():
        raise Refused("请填写转送的单位。", field="passed_to")
    opinion = _lock(opinion)
    opinion.passed_to, opinion.passed_on = to.strip(), _on(opinion, on, now=now, field="passed_on")
    opinion.status = Opinion.Status.ASSIGNED
    opinion.save(update_fields=["passed_to", "passed_on", "status"])
    opinion.matter.stage = Stage.HANDLING
    opinion.matter.save(update_fields=["stage"])
    event = opinion.matter.record("opinion_passed", by=by, now=now, to=opinion.passed_to, on=opinion.passed_on)
    _tell(opinion, event, now=now)
    return opinion


@transaction.atomic
def answer(
    opinion: Opinion, *, text: str, by: Person, now: datetime, from_whom: str = "", on: date | None = None
) -> Opinion:
    """Write down the answer (答复): the clock ends on its day, and whoever raised the opinion is told.

    `from_whom` is who answered; without it, whoever it was passed to, or the office itself.
    """
    if not text.strip():
        raise Refused("请填写答复内容，反映人会看到这段话。", field="answer")
    opinion = _lock(opinion)
    opinion.answer, opinion.answered_by = text.strip(), from_whom.strip() or opinion.passed_to
    opinion.answered_on = _on(opinion, on, now=now, field="answered_on")
    opinion.status = Opinion.Status.ANSWERED
    opinion.save(update_fields=["answer", "answered_by", "answered_on", "status"])
    matter = opinion.matter
    for obligation in clocks.open_for(matter=matter, stage="opinion"):
        clocks.complete(obligation, by=by, now=now, on=opinion.answered_on)
    matter.stage, matter.closed_at = Stage.CLOSED, now
    matter.save(update_fields=["stage", "closed_at"])
    event = matter.record("opinion_answered", by=by, now=now, on=opinion.answered_on, unit=opinion.answered_by)
    _tell(opinion, event, now=now)
    return opinion


def _lock(opinion: Opinion) -> Opinion:
    """The opinion as it is now, its matter locked first; an answered or suspended one takes nothing more."""
    matter = opinion.matter.locked()
    if matter.access == Access.SUSPENDED:
        raise WrongStep("该件正在保密核查，暂停办理。请联系提案委。")
    fresh = Opinion.objects.select_for_update(of=("self",)).get(pk=opinion.pk)
    fresh.matter = matter
    if fresh.status == Opinion.Status.ANSWERED:
        raise WrongStep("这件意见建议已经答复。请刷新页面查看最新情况。")
    return fresh


def _on(opinion: Opinion, on: date | None, *, now: datetime, field: str) -> date:
    today = timezone.localdate(now)
    on = on or today
    if on > today:
        raise Refused("日期不能晚于今天。", field=field)
    if on < timezone.localdate(opinion.received_at):
        raise Refused("日期不能早于登记日期。", field=field)
    return on


def _tell(opinion: Opinion, event: Event, *, now: datetime) -> None:
    """Tell those who stand behind it, except the one who did it."""
    matter = opinion.matter
    people = queries.people_behind(queries.participants_of(matter), on=timezone.localdate(now))
    others = [person for person in people if person != event.by_id]
    tell(others, event_id=event.pk, template=event.verb, subject={"matter": str(matter.public_id)}, now=now)
