"""Opinions are received or entered, assigned or passed on, answered, and the member is told (意见建议, P11)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person, Session
from members.uploads import Clean
from proposals.handling import clocks, numbering, queries, readers
from proposals.handling.actions import Given, Part, announce, assign
from proposals.handling.actions.attaching import attach
from proposals.handling.actions.closing import settle
from proposals.handling.models import Access, Assignment, Event, Exposure, Kind, Matter, Participant, Purpose, Stage
from proposals.reports.models import Opinion
from proposals.reports.offices import office_of

from .base import not_own

A_YEAR = timedelta(days=366)
ANSWERED = (Assignment.State.ANSWERED, Assignment.State.SETTLED)


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
def enter_opinion(
    source: str,
    *,
    title: str,
    text: str,
    authors: Sequence[Person],
    body: Body | None = None,
    occasion: str = "",
    on: date,
    file: Clean | None = None,
    by: Person,
    now: datetime,
) -> Opinion:
    """Write down what members said in a letter, a group discussion or on a tour (登记); its clock runs from that day.

    Behind it stand the members who said it, or the group or committee where no one is named.
    """
    session = Session.objects.current(now)
    if session is None:
        raise Refused("还没有设置届次，不能登记。请先联系系统管理员。")
    if not title.strip():
        raise Refused("请填写标题。", field="title")
    if not text.strip():
        raise Refused("请填写内容。", field="text")
    if not authors and body is None:
        raise Refused("请填写反映的委员；没有具体委员的，填写小组或专委会。", field="authors")
    if source in (Opinion.Source.DISCUSSION, Opinion.Source.TOUR) and not occasion.strip():
        raise Refused("请写明是哪次讨论或哪次视察。", field="occasion")
    if on > timezone.localdate(now):
        raise Refused("日期不能晚于今天。", field="on")
    if on < timezone.localdate(now) - A_YEAR:
        raise Refused("日期在一年以前，请核对年份。", field="on")
    matter = Matter.objects.create(
        kind=Kind.OPINION,
        session=session,
        title=title.strip(),
        unit_title=title.strip(),
        exposure=Exposure.OFFICE,
        stage=Stage.REVIEWING,
    )
    behind = [Participant(matter=matter, person=person) for person in authors]
    behind += [Participant(matter=matter, body=body)] if body else []
    for order, row in enumerate(behind):
        row.role, row.order = Participant.Role.AUTHOR, order
    Participant.objects.bulk_create(behind)
    opinion = Opinion.objects.create(
        matter=matter, source=source, text=text.strip(), occasion=occasion.strip(), received_at=now
    )
    office = office_of(by, on=timezone.localdate(now))
    clocks.start(matter, "opinion", body=office, anchor_on=on, by=by, now=now)
    readers.refresh(matter)
    if file:
        attach(matter, file, purpose=Purpose.ORIGINAL, by=by, now=now)
    matter.number = f"意{numbering.take(session, 'opinion')}"
    matter.save(update_fields=["number"])
    label = opinion.get_source_display()
    event = matter.record("opinion_entered", by=by, now=now, source=label, occasion=opinion.occasion, on=on)
    _tell(opinion, event, now=now)
    return opinion


@transaction.atomic
def assign_opinion(
    opinion: Opinion, *, lead: Body, co: Sequence[Body] = (), due_on: date | None = None, by: Person, now: datetime
) -> Given:
    """Give an opinion to units that answer it (交办): by `due_on`, or by the rule for such answers.

    Units learn nothing of who said it.
    """
    opinion = _lock(opinion, by)
    matter, today = opinion.matter, timezone.localdate(now)
    if due_on and due_on <= today:
        raise Refused("办理期限应晚于今天。", field="due_on")
    if ended := [unit.name for unit in (lead, *co) if unit.ended_on]:
        raise Refused(f"{'、'.join(ended)}已撤销，请选择承接其职责的单位。", field="lead")
    matter.office = office_of(by, on=today)
    matter.save(update_fields=["office"])
    matter.suggestions.get_or_create(number=1, defaults={"text": opinion.text})
    role = Assignment.Role
    parts = [Part(lead, role.LEAD if co else role.SOLE, matter.office)]
    parts += [Part(unit, role.CO, matter.office) for unit in co]
    given = assign(matter, parts, by=by, now=now, fixed_on=due_on)
    announce([given], sending=f"opinion:{matter.public_id}", now=now)
    _tell(opinion, given.event, template="opinion_assigned", now=now)
    return given


def waiting_units(opinion: Opinion) -> list[str]:
    """Names of the units that have not answered yet."""
    parts = opinion.matter.assignments.current().answering().exclude(state__in=ANSWERED).select_related("unit")
    return [part.unit.name for part in parts.order_by("pk")]


@transaction.atomic
def pass_on(opinion: Opinion, *, to: str, by: Person, now: datetime, on: date | None = None) -> Opinion:
    """Pass an opinion to whoever should look into it, in words (转送); its clock goes on until it is answered."""
    if not to.strip():
        raise Refused("请填写转送的单位。", field="passed_to")
    opinion = _lock(opinion, by)
    if opinion.matter.assignments.current().exists():
        raise WrongStep("本件已经交办给承办单位，不再转送。需要换单位的，请在办理中调整。")
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

    What was given to units is answered when they have answered the office; that is the end of it for them, too.

    `from_whom` is who answered; without it, whoever it was passed to, or the office itself.
    """
    if not text.strip():
        raise Refused("请填写答复内容，反映人会看到这段话。", field="answer")
    opinion = _lock(opinion, by)
    if waiting := waiting_units(opinion):
        raise WrongStep(f"{'、'.join(waiting)}的办理意见还没有审核通过，请等通过后再告知反映人。")
    opinion.answer, opinion.answered_by = text.strip(), from_whom.strip() or opinion.passed_to
    opinion.answered_on = _on(opinion, on, now=now, field="answered_on")
    opinion.status = Opinion.Status.ANSWERED
    opinion.save(update_fields=["answer", "answered_by", "answered_on", "status"])
    matter = opinion.matter
    for obligation in clocks.open_for(matter=matter, stage="opinion"):
        clocks.complete(obligation, by=by, now=now, on=opinion.answered_on)
    event = matter.record("opinion_answered", by=by, now=now, on=opinion.answered_on, unit=opinion.answered_by)
    if matter.assignments.current().exists():
        settle(matter, by=by, now=now)
    else:
        matter.stage, matter.closed_at = Stage.CLOSED, now
        matter.save(update_fields=["stage", "closed_at"])
    _tell(opinion, event, now=now)
    return opinion


def _lock(opinion: Opinion, by: Person) -> Opinion:
    """The opinion as it is now, its matter locked first; an answered or suspended one takes nothing more, nor one's own."""
    matter = opinion.matter.locked()
    if matter.access == Access.SUSPENDED:
        raise WrongStep("该件正在保密核查，暂停办理。请联系提案委。")
    fresh = Opinion.objects.select_for_update(of=("self",)).get(pk=opinion.pk)
    fresh.matter = matter
    if fresh.status == Opinion.Status.ANSWERED:
        raise WrongStep("这件意见建议已经答复。请刷新页面查看最新情况。")
    not_own(fresh, by)
    return fresh


def _on(opinion: Opinion, on: date | None, *, now: datetime, field: str) -> date:
    today = timezone.localdate(now)
    on = on or today
    if on > today:
        raise Refused("日期不能晚于今天。", field=field)
    if on < timezone.localdate(opinion.received_at):
        raise Refused("日期不能早于登记日期。", field=field)
    return on


def _tell(opinion: Opinion, event: Event, *, template: str = "", now: datetime) -> None:
    """Tell those who stand behind it, except the one who did it."""
    matter = opinion.matter
    people = queries.people_behind(queries.participants_of(matter), on=timezone.localdate(now))
    others = [person for person in people if person != event.by_id]
    tell(others, event_id=event.pk, template=template or event.verb, subject={"matter": str(matter.public_id)}, now=now)
