"""A report is given to units, and its authors are told the result (交办、反馈)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from members.days import short_day
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals.handling.actions import Given, Part, announce, assign
from proposals.handling.actions.closing import settle
from proposals.handling.actions.reopening import make_room
from proposals.handling.models import Assignment, Exposure, Matter, Stage
from proposals.reports.models import Report, Status, handed_in
from proposals.reports.models.adoption import Feedback, Instruction, main_of
from proposals.reports.offices import office_of

from .adopting import issued_item, tell_all
from .base import lock, must_follow, not_own, today

READY = (Status.ISSUED, Status.REFERRED)


@transaction.atomic
def assign_report(
    report: Report,
    *,
    lead: Body,
    co: Sequence[Body] = (),
    due_on: date | None = None,
    instruction: Instruction | None = None,
    by: Person,
    now: datetime,
) -> Given:
    """Give a report to units that answer the report office (交办): by `due_on`, or by the rule for such answers.

    The units of an `instruction` read its words; who reported it they read only where the author agreed (S20). What was
    answered and told already is given anew, as when a leader writes on it later: with new parts and clocks of their own.
    """
    report = lock(main_of(report))
    not_own(report, by)
    if report.status not in READY:
        raise WrongStep(
            f"这篇信息现在是“{report.get_status_display()}”，还不能交办。请先编发，或原文转送后再交办承办单位。"
        )
    matter, day = report.matter, today(now)
    if matter.stage == Stage.CLOSED and matter.exposure != Exposure.HANDLING:
        raise WrongStep("这是历史登记的信息，没有正文可以交办。需要办理的，请代录全文，编发后再交办。")
    if waiting := _units_at_work(matter):
        raise WrongStep(f"这篇信息已经交办{waiting}，还没有反馈。请等答复审核通过、反馈反映人以后再次交办。")
    if due_on and due_on <= day:
        raise Refused("办理期限应晚于今天。", field="due_on")
    if ended := [unit.name for unit in (lead, *co) if unit.ended_on]:
        raise Refused(f"{'、'.join(ended)}已撤销，请选择承接其职责的单位。", field="lead")
    if instruction and instruction.report_id != report.pk:
        raise Refused("所选的批示不属于这篇信息。", field="instruction")
    item, words = issued_item(report), handed_in(report)
    matter.office, matter.unit_title = office_of(by, on=day), item.edition.title if item else matter.title
    matter.save(update_fields=["office", "unit_title"])
    asked = matter.unit_title if item else words.suggestion or words.title
    matter.suggestions.get_or_create(number=1, defaults={"text": asked})
    role = Assignment.Role
    parts = [Part(lead, role.LEAD if co else role.SOLE, matter.office)]
    parts += [Part(unit, role.CO, matter.office) for unit in co]
    again = matter.assignments.current().exists()
    make_room(matter, reason="再次交办", by=by, now=now)
    given = assign(matter, parts, by=by, now=now, fixed_on=due_on)
    if instruction:
        instruction.units.add(lead, *co)
    announce([given], sending=f"report:{matter.public_id}:e{given.event.pk}", now=now)
    named = {"units": "、".join(unit.name for unit in (lead, *co))}
    tell_all(report, "report_given_again" if again else "report_given", named, event=given.event, by=by, now=now)
    return given


def _units_at_work(matter: Matter) -> str:
    return "、".join(matter.assignments.current().unsettled().order_by("pk").values_list("unit__name", flat=True))


@transaction.atomic
def feed_back(
    report: Report, *, text: str, units: str = "", on: date | None = None, by: Person, now: datetime
) -> Feedback:
    """Tell all authors in plain words what units answered (反馈); with that the report is done."""
    report = lock(main_of(report))
    not_own(report, by)
    matter, day = report.matter, today(now)
    parts = matter.assignments.current().select_related("unit").order_by("pk")
    if not parts:
        raise WrongStep("这篇信息没有交办给承办单位，不需要反馈办理结果。")
    waiting = [part.unit.name for part in parts if part.answers and part.state != Assignment.State.ANSWERED]
    if matter.is_closed:
        raise WrongStep("这篇信息已经反馈并办结。")
    if waiting:
        raise WrongStep(f"{'、'.join(waiting)}的办理意见还没有审核通过，请等通过后再反馈。")
    if not text.strip():
        raise Refused("请填写告知反映人的内容。", field="text")
    on = on or day
    if on > day:
        raise Refused("日期不能晚于今天。", field="on")
    must_follow([report], on, field="on")
    row = Feedback.objects.create(report=report, text=text.strip(), units=units.strip(), on=on, by=by, at=now)
    tell_all(report, "report_answered", {"units": row.units or "承办单位", "on": on}, by=by, now=now)
    settle(matter, by=by, now=now)
    return row


@transaction.atomic
def correct_feedback(
    told: Feedback, *, text: str, units: str = "", on: date | None = None, reason: str, by: Person, now: datetime
) -> Feedback:
    """Tell all authors that what they were told was not right, and what is (更正); the earlier words stay beside it."""
    report = lock(told.report)
    not_own(report, by)
    told = Feedback.objects.select_for_update(of=("self",)).get(pk=told.pk)
    if Feedback.objects.filter(corrects=told).exists():
        raise WrongStep("这次反馈已经更正过了。还要修改的，请更正最新的一次。")
    text, units, on = text.strip(), units.strip(), on or today(now)
    if not text:
        raise Refused("请填写更正后告知反映人的内容。", field="text")
    if (text, units) == (told.text, told.units):
        raise Refused("内容和原来的反馈一样。请写明更正后的内容。", field="text")
    if not reason.strip():
        raise Refused("请写明更正了什么、为什么更正，反映人会看到。", field="reason")
    if on > today(now):
        raise Refused("日期不能晚于今天。", field="on")
    if on < told.on:
        raise Refused(f"更正日期不能早于{short_day(told.on)}，那天才反馈。", field="on")
    row = Feedback.objects.create(
        report=report, text=text, units=units, on=on, by=by, at=now, corrects=told, reason=reason.strip()
    )
    facts = {"on": on, "before": told.on, "reason": row.reason}
    tell_all(report, "report_answer_corrected", facts, by=by, now=now)
    return row
