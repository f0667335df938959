"""Matters handed down (上级交办件): entered, given to units, sent back, passed up (P10)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.choices import Role
from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person, Session
from members.rights import roles_of
from members.uploads import Clean
from proposals.handed_down import last_workday
from proposals.handling import numbering, queries, readers
from proposals.handling.actions import Given, Part, announce, another_round, assign
from proposals.handling.actions.attaching import attach
from proposals.handling.actions.closing import settle
from proposals.handling.models import Assignment, Exposure, Kind, Matter, Purpose, Stage
from proposals.models import HandedDown
from proposals.splitting import split

from .allocating import LEADING, Share, office_of
from .base import SUSPENDED, not_later

State = HandedDown.State
PLAIN = ("level", "from_body", "their_number", "proposers", "text", "received_on", "due_on")
NEXT_STEP: dict[str, str] = {
    State.RECEIVED: "下一步是交办给承办单位",
    State.ASSIGNED: "要等承办单位的办理意见审核通过",
    State.ANSWERED: "下一步是报送上级，或退回单位",
    State.PASSED_UP: "已经报送上级，不再改动",
}


def receiving(person: Person, *, on: date) -> list[Body]:
    """The assigning offices for which this person receives from above; of the proposal staff none."""
    return list(Body.objects.filter(pk__in=roles_of(person, on).get(Role.ASSIGNING_OFFICER, ())).order_by("pk"))


@transaction.atomic
def enter_handed_down(
    facts: Mapping[str, Any], *, title: str, office: Body | None, file: Clean | None = None, by: Person, now: datetime
) -> HandedDown:
    """Write down what came from above (登记). `facts` are its own columns; `office` is the one that received it.

    What the proposal staff enters for whichever office has none until its leading unit is named. Nobody stands behind
    it here: its suggestions are those that its text counts.
    """
    session = Session.objects.current(now)
    if session is None:
        raise Refused("还没有设置届次，不能登记。请先联系系统管理员。")
    matter = Matter(kind=Kind.HANDED_DOWN, session=session, office=office)
    matter.exposure, matter.stage = Exposure.OFFICE, Stage.FILED
    row = HandedDown(matter=matter, entered_by=by, entered_at=now)
    _write(row, facts, title=title, now=now)
    readers.refresh(matter)
    matter.number = f"交{numbering.take(session, Kind.HANDED_DOWN)}"
    matter.save(update_fields=["number"])
    if file:
        attach(matter, file, purpose=Purpose.TEXT, by=by, now=now)
    _recorded(row, "handed_down_entered", by=by, now=now)
    return row


@transaction.atomic
def correct_entry(
    row: HandedDown, facts: Mapping[str, Any], *, title: str, file: Clean | None = None, by: Person, now: datetime
) -> HandedDown:
    """Correct what was entered, as long as no unit has it (更正)."""
    row = _lock(row, State.RECEIVED)
    _write(row, facts, title=title, now=now)
    if file:
        attach(row.matter, file, purpose=Purpose.TEXT, by=by, now=now)
    _recorded(row, "handed_down_corrected", by=by, now=now)
    return row


def _write(row: HandedDown, facts: Mapping[str, Any], *, title: str, now: datetime) -> None:
    for name in PLAIN:
        value = facts[name]
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    for name, label in (("text", "内容"), ("from_body", "交办的上级机构"), ("their_number", "来文编号或原案号")):
        if not getattr(row, name):
            raise Refused(f"请填写{label}。", field=name)
    if not title.strip():
        raise Refused("请填写案由。", field="title")
    if row.received_on > timezone.localdate(now):
        raise Refused("收到日期不能晚于今天。", field="received_on")
    if row.due_on <= row.received_on:
        raise Refused("上级规定的期限应晚于收到日期，请核对来文。", field="due_on")
    same = HandedDown.objects.filter(from_body=row.from_body, their_number=row.their_number)
    if same.exclude(state=State.PASSED_UP).exclude(pk=row.pk).exists():
        raise Refused("这个来文编号已经登记，还在办理。请在上级交办件列表中查找。", field="their_number")
    matter = row.matter
    matter.title = matter.unit_title = title.strip()
    matter.origin = row.get_level_display()
    matter.save()
    row.matter = matter
    row.save()
    matter.suggestions.all().delete()
    for number, text in enumerate(split(row.text), start=1):
        matter.suggestions.create(number=number, text=text)


def _recorded(row: HandedDown, verb: str, *, by: Person, now: datetime) -> None:
    facts: dict[str, Any] = {"body": row.from_body, "number": row.their_number, "due": row.due_on}
    row.matter.record(verb, by=by, now=now, level=row.get_level_display(), **facts)


@transaction.atomic
def give_out(row: HandedDown, shares: Sequence[Share], *, by: Person, now: datetime) -> Given:
    """Give it to its units (交办): their replies are due by the day that was set above, co-handlers before the lead.

    The office that received it assigns every part; where none did, that of the leading unit.
    """
    row = _lock(row, State.RECEIVED)
    matter = row.matter
    if row.due_on <= timezone.localdate(now):
        raise Refused(
            f"上级规定的期限（{short_day(row.due_on)}）已到，不能按这一天交办。请先登记上级同意的新期限。", field="lead"
        )
    if ended := [share.unit.name for share in shares if share.unit.ended_on]:
        raise Refused(f"{'、'.join(ended)}已撤销，请选择承接其职责的单位。", field="lead")
    if matter.office is None:
        leading = [share for share in shares if share.role in LEADING]
        if not leading:
            raise Refused("请选择独办或主办单位。", field="lead")
        matter.office = office_of(leading[0].unit, now=now)
        matter.save(update_fields=["office"])
    parts = [Part(share.unit, share.role, matter.office) for share in shares]
    given = assign(matter, parts, by=by, now=now, fixed_on=last_workday(row.due_on))
    announce([given], sending=f"handed_down:{matter.public_id}", now=now)
    return given


@transaction.atomic
def agree_later(row: HandedDown, *, to: date, how: str, by: Person, now: datetime) -> HandedDown:
    """The higher body agreed to a later day (上级同意推迟): units may now ask for that much; it moves no clock itself."""
    row = _lock(row, State.RECEIVED, State.ASSIGNED)
    if not how.strip():
        raise Refused("请写明上级怎样同意的，例如：来文文号、电话记录。", field="how")
    if to <= max(row.due_on, timezone.localdate(now)):
        raise Refused(f"新期限应晚于今天和原期限（{short_day(row.due_on)}）。", field="to")
    row.due_on, row.agreed_later = to, how.strip()
    row.save(update_fields=["due_on", "agreed_later"])
    event = row.matter.record("handed_down_later", by=by, now=now, body=row.from_body, to=to, how=row.agreed_later)
    _tell_units(row, event.pk, "handed_down_later", now=now)
    return row


@transaction.atomic
def send_back_answer(row: HandedDown, part: Assignment, *, reason: str, by: Person, now: datetime) -> HandedDown:
    """Before it is passed up, an answer goes back to its unit, which answers once more (退回单位)."""
    row = _lock(row, State.ANSWERED)
    part = row.matter.assignments.current().answering().select_related("unit", "office").get(pk=part.pk)
    part.matter = row.matter
    if not reason.strip():
        raise Refused("请写明退回的原因，承办单位会看到。", field="reason")
    row.state = State.ASSIGNED
    row.save(update_fields=["state"])
    facts: dict[str, Any] = {"unit": str(part.unit), "reason": reason.strip()}
    event = row.matter.record("handed_down_sent_back", by=by, now=now, assignment=part, **facts)
    another_round(part, event, by=by, now=now)
    return row


@transaction.atomic
def pass_up(
    row: HandedDown, *, on: date, number: str, to: str, by: Person, now: datetime, file: Clean | None = None
) -> HandedDown:
    """The answer went to the higher body (报送): the matter is over, its units are told."""
    row = _lock(row, State.ANSWERED)
    if not to.strip():
        raise Refused("请填写报送给哪个机构。", field="to")
    if not number.strip():
        raise Refused("请填写报送文号；没有文号的写“无”。", field="number")
    not_later(on, now, "报送日期")
    first = min(timezone.localdate(one.given_at) for one in row.matter.assignments.current())
    if on < first:
        raise Refused(f"报送日期不能早于交办日期（{short_day(first)}）。", field="on")
    row.state, row.passed_on, row.passed_no, row.passed_to = State.PASSED_UP, on, number.strip(), to.strip()
    row.passed_by = by
    row.save(update_fields=["state", "passed_on", "passed_no", "passed_to", "passed_by"])
    if file:
        attach(row.matter, file, purpose=Purpose.SHEET, by=by, now=now)
    facts: dict[str, Any] = {"on": on, "number": row.passed_no, "to": row.passed_to}
    row.matter.record("handed_down_passed_up", by=by, now=now, **facts)
    settle(row.matter, by=by, now=now)
    return row


def _lock(row: HandedDown, *states: str) -> HandedDown:
    """The row as it is now, its matter locked first, in one of `states`; else WrongStep says what comes next."""
    matter = row.matter.locked()
    if matter.access == "suspended":
        raise WrongStep(SUSPENDED)
    fresh = HandedDown.objects.select_for_update(of=("self",)).get(pk=row.pk)
    fresh.matter = matter
    if fresh.state not in states:
        raise WrongStep(f"本件现在是“{fresh.get_state_display()}”，不能这样做：{NEXT_STEP[fresh.state]}。")
    return fresh


def _tell_units(row: HandedDown, event: int, template: str, *, now: datetime) -> None:
    units = row.matter.assignments.current().values_list("unit_id", flat=True)
    clerks = queries.clerks_of(units, on=timezone.localdate(now))
    tell(clerks, event_id=event, template=template, subject={"matter": str(row.matter.public_id)}, now=now)
