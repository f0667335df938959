"""Matters handed down (上级交办件): entered, given to units, sent back, passed up (P10)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.choices import Role
from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person, Session
from members.rights import roles_of
from members.uploads import Clean
from proposals.handed_down import last_workday, parts_answering
from proposals.handling import numbering, queries, readers
from proposals.handling.actions import Given, Part, announce, another_round, assign, due_anew
from proposals.handling.actions.attaching import attach, detach
from proposals.handling.actions.closing import settle
from proposals.handling.actions.giving import restage
from proposals.handling.models import Assignment, Attachment, Exposure, Kind, Matter, Purpose, Stage
from proposals.models import HandedDown
from proposals.splitting import split

from .allocating import LEADING, Share, office_of
from .base import SUSPENDED, not_later

State = HandedDown.State
MOST_YEARS = 2
AGAIN = "这个来文编号已经登记，还在办理。请在上级交办件列表中查找；列表中没有的，请联系提案委核对。"
PLAIN = ("level", "from_body", "their_number", "proposers", "text", "received_on", "due_on")
GIVEN = ("text", "received_on", "due_on")
"""What units that have it in hand answer to, and by when."""
NEXT_STEP: dict[str, str] = {
    State.RECEIVED: "下一步是交办给承办单位",
    State.ASSIGNED: "要等承办单位的办理意见审核通过",
    State.ANSWERED: "下一步是报送上级，或退回单位",
    State.PASSED_UP: "已经报送上级；报送登记错了的，请先撤销报送登记",
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
    """Correct what was entered (更正). What units have in hand is answered as it was given: its text and days stay."""
    row = _lock(row, State.RECEIVED, State.ASSIGNED, State.ANSWERED)
    changed = [name for name in GIVEN if name in facts and facts[name] != getattr(row, name)]
    if changed and row.state != State.RECEIVED:
        raise WrongStep("本件已经交办，内容和日期不能再改。要补充的，请上传来文附件；期限有变动的，请登记上级改期。")
    _write(row, {**{name: getattr(row, name) for name in GIVEN}, **facts}, title=title, now=now)
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
    _believable(row.due_on, row, field="due_on")
    if _in_hand_again(row):
        raise Refused(AGAIN, field="their_number")
    matter = row.matter
    matter.title = matter.unit_title = title.strip()
    matter.origin = row.get_level_display()
    matter.save()
    row.matter = matter
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # a colleague has just entered it
        raise Refused(AGAIN, field="their_number") from error
    if row.state != State.RECEIVED:
        return
    matter.suggestions.all().delete()
    for number, text in enumerate(split(row.text), start=1):
        matter.suggestions.create(number=number, text=text)


def _believable(day: date, row: HandedDown, *, field: str) -> None:
    """Refuse a last day that no letter sets: before the letter came, or in another year than was meant."""
    if day <= row.received_on:
        raise Refused(f"上级规定的期限应晚于收到日期（{short_day(row.received_on)}），请核对来文。", field=field)
    if day.year > row.received_on.year + MOST_YEARS:
        raise Refused(f"上级规定的期限在收到日期 {MOST_YEARS} 年以后，请核对两个日期的年份。", field=field)


def _in_hand_again(row: HandedDown) -> bool:
    """Whether another one with this number of this body is being handled."""
    same = HandedDown.objects.filter(from_body=row.from_body, their_number=row.their_number)
    return same.exclude(state=State.PASSED_UP).exclude(pk=row.pk).exists()


def _recorded(row: HandedDown, verb: str, *, by: Person, now: datetime) -> None:
    facts: dict[str, Any] = {"body": row.from_body, "number": row.their_number, "due": row.due_on}
    row.matter.record(verb, by=by, now=now, level=row.get_level_display(), **facts)


@transaction.atomic
def remove_handed_file(row: HandedDown, file: Attachment, *, by: Person, now: datetime) -> None:
    """A file that was brought in by mistake is taken away (删除附件)."""
    row = _lock(row, State.RECEIVED, State.ASSIGNED, State.ANSWERED)
    detach(file, by=by, now=now)
    row.matter.record("handed_down_file_removed", by=by, now=now, name=file.name)


@transaction.atomic
def give_out(
    row: HandedDown, shares: Sequence[Share], *, by: Person, now: datetime, due_on: date | None = None
) -> Given:
    """Give it to its units (交办): replies are due by the day that was set above, or earlier; co-handlers before the lead.

    The office that received it assigns every part; where none did, that of the leading unit. What comes when the day
    from above has passed is handled all the same: the office says until when.
    """
    row = _lock(row, State.RECEIVED)
    matter = row.matter
    due_on = _day_of_units(row, due_on, today=timezone.localdate(now))
    if ended := [share.unit.name for share in shares if share.unit.ended_on]:
        raise Refused(f"{'、'.join(ended)}已撤销，请选择承接其职责的单位。", field="lead")
    if matter.office is None:
        leading = [share for share in shares if share.role in LEADING]
        if not leading:
            raise Refused("请选择独办或主办单位。", field="lead")
        matter.office = office_of(leading[0].unit, now=now)
        matter.save(update_fields=["office"])
    parts = [Part(share.unit, share.role, matter.office) for share in shares]
    given = assign(matter, parts, by=by, now=now, fixed_on=due_on)
    announce([given], sending=f"handed_down:{matter.public_id}", now=now)
    return given


def _day_of_units(row: HandedDown, wanted: date | None, *, today: date) -> date:
    """Until when the units answer: the day that was set above, unless the office wants it earlier, or it has come."""
    limit = last_workday(row.due_on)
    if wanted is None:
        if limit <= today:
            raise Refused(
                f"上级规定的期限（{short_day(row.due_on)}）已到，请填写要求承办单位办结的日期。"
                "上级同意改期的，请先登记上级改期。",
                field="due_on",
            )
        return limit
    wanted = last_workday(wanted)
    if wanted <= today:
        raise Refused("要求承办单位办结的日期应是今天以后的工作日。", field="due_on")
    if today < limit < wanted:
        raise Refused(f"要求办结的日期不能晚于上级规定的期限（{short_day(limit)}）。", field="due_on")
    return wanted


@transaction.atomic
def change_due(row: HandedDown, *, to: date, how: str, by: Person, now: datetime) -> HandedDown:
    """The day from above is another one (上级改期), or was entered wrong: units that have not answered are due by it."""
    row = _lock(row, State.RECEIVED, State.ASSIGNED, State.ANSWERED)
    if not how.strip():
        raise Refused("请写明依据，例如：来文文号、电话记录；原来登记错了的，写明更正。", field="how")
    if to == row.due_on:
        raise Refused(f"现在登记的期限就是{short_day(to)}，请核对新期限。", field="to")
    _believable(to, row, field="to")
    day = last_workday(to)
    if day <= timezone.localdate(now):
        raise Refused("新期限应在今天以后，并且在它之前还有工作日。", field="to")
    row.due_on, row.agreed_later = to, how.strip()
    row.save(update_fields=["due_on", "agreed_later"])
    event = row.matter.record("handed_down_later", by=by, now=now, body=row.from_body, to=to, how=row.agreed_later)
    for part in parts_answering(row):
        part.matter = row.matter
        due_anew(part, to=day, by=by, now=now, reason=row.agreed_later)
    if row.state == State.ASSIGNED:
        _tell_units(row, event.pk, "handed_down_later", now=now)
    return row


@transaction.atomic
def send_back_answer(row: HandedDown, part: Assignment, *, reason: str, by: Person, now: datetime) -> HandedDown:
    """Before it is passed up, an answer goes back to its unit, which answers once more (退回单位)."""
    row = _lock(row, State.ANSWERED)
    found = parts_answering(row).filter(pk=part.pk).first()
    if found is None:
        raise WrongStep("这个单位已不再承办本件，请刷新页面重新选择。")
    part = found
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


@transaction.atomic
def undo_passing(row: HandedDown, *, reason: str, by: Person, now: datetime) -> HandedDown:
    """What was entered of the report upwards is wrong (撤销报送登记): it waits again to be passed up."""
    row = _lock(row, State.PASSED_UP)
    if not reason.strip():
        raise Refused("请写明撤销报送登记的原因，承办单位会看到。", field="reason")
    if _in_hand_again(row):
        raise Refused("同一来文编号已经重新登记，还在办理。请在那一件中办理，不用撤销本件。")
    row.state, row.passed_on, row.passed_no, row.passed_to, row.passed_by = State.ANSWERED, None, "", "", None
    row.save(update_fields=["state", "passed_on", "passed_no", "passed_to", "passed_by"])
    matter = row.matter
    matter.closed_at = None
    matter.save(update_fields=["closed_at"])
    matter.assignments.current().update(state=Assignment.State.ANSWERED)
    restage(matter)
    matter.record("handed_down_passing_undone", by=by, now=now, reason=reason.strip())
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
