"""What reminders say, in words, when they are shown or sent (S4)."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Value
from django.urls import reverse
from django.utils import timezone

from members.inbox import registry
from members.inbox.registry import Pair, Rendered, Subject
from members.models import Body, Person

from .clockwork import engine_now
from .clockwork.calendar import WEEKDAYS, WorkCalendar
from .knowing import known_to
from .models import Access, ClockEvent, Matter, Obligation
from .models.clocks import ObligationQuerySet
from .workdays import working_calendar

logger = logging.getLogger(__name__)

Words = Callable[[Obligation, date, WorkCalendar], tuple[str, str]]


def register() -> None:
    """Called once at start-up: templates, the calendar, and the clock that the sender asks too."""
    registry.register_templates(TEMPLATES, _render, readerless=_try)
    registry.register_templates(["clock.moved"], _render_moved)
    registry.register_heading("clocks", "期限变动 {n} 项")
    registry.register_templates(["clock.vacancy"], _vacancies)
    registry.register_template("clock.office_vacancy", _office_vacancy)
    registry.register_template("clock.calendar_missing", _calendar_missing)
    registry.register_template("clock.audit", _audit)
    registry.register_calendar(lambda day, count: working_calendar().back(day, count) if count else day)
    registry.register_clock(engine_now)


_ways: dict[str, tuple[str, bool]] = {}


def register_way(stage: str, page: str, *, always: bool = False) -> None:
    """Where a room above answers such a clock: `always`, or its holder if he does not see the matter itself."""
    _ways[stage] = page, always


def spoken(day: date) -> str:
    """Return a date as a letter says it: 5月22日（星期五）."""
    return f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def _soon(row: Obligation, today: date, calendar: WorkCalendar) -> tuple[str, str]:
    left = calendar.count(today, row.due_on)
    if not left:  # read later than it was sent
        return "到期提醒", f"期限为{spoken(row.due_on)}{row.mark}。"
    return "即将到期", f"期限为{spoken(row.due_on)}{row.mark}，还有 {left} 个工作日。"


def _today(row: Obligation, today: date, calendar: WorkCalendar) -> tuple[str, str]:
    if row.due_on == today:
        return "今日到期", f"今天{spoken(row.due_on)}是最后一天，当日 24 时前均为按时。"
    return "到期提醒", f"期限为{spoken(row.due_on)}{row.mark}。"


def _overdue(row: Obligation, today: date, calendar: WorkCalendar) -> tuple[str, str]:
    return "已逾期", f"期限为{spoken(row.due_on)}{row.mark}，已逾期 {calendar.count(row.due_on, today)} 个工作日。"


def _sheet(row: Obligation, today: date, calendar: WorkCalendar) -> tuple[str, str]:
    late = calendar.count(row.due_on, today)
    text = f"期限为{spoken(row.due_on)}{row.mark}，已逾期 {late} 个工作日。督办单已拟好，请审核后印发；系统不会自行发给领导。"
    return "督办单待审核", text


TEMPLATES: dict[str, Words] = {
    "clock.soon": _soon,
    "clock.today": _today,
    "clock.overdue": _overdue,
    "clock.chase_sheet": _sheet,
}


LABELS = {
    "clock.soon": "即将到期",
    "clock.today": "今日到期",
    "clock.overdue": "已逾期",
    "clock.chase_sheet": "拟督办单，待交办机构审核",
}


def faults_of(template: str) -> Iterator[str]:
    """Say in a sentence why a step could not use this template, if it could not: it is tried on a sample."""
    if template not in TEMPLATES:
        yield f"没有“{template}”这个通知模板。"
        return
    today, calendar = timezone.localdate(engine_now()), working_calendar()
    for due in (calendar.back(today, 3), today, calendar.add(today, 3)):
        try:
            title, body = TEMPLATES[template](
                Obligation(due_on=due, started_on=today, anchor_on=today), today, calendar
            )
        except Exception:  # whatever a template raises
            logger.exception("template %s", template)
            yield f"通知模板“{LABELS.get(template, template)}”不能生成文字。"
            return
        if not (title and body):
            yield f"通知模板“{LABELS.get(template, template)}”没有文字。"
            return


def _render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    return _in_words(pairs, _visible(_ids(pairs), person))


def _try(pairs: Sequence[Pair]) -> list[Rendered | None]:
    return _in_words(pairs, _spoken_of().annotate(seen=Value(value=True)).in_bulk(_ids(pairs)))


def _in_words(pairs: Sequence[Pair], rows: Mapping[int, Any]) -> list[Rendered | None]:
    today, calendar = timezone.localdate(engine_now()), working_calendar()
    return [_rendered(rows.get(int(about["obligation"])), TEMPLATES[name], today, calendar) for name, about in pairs]


def _ids(pairs: Sequence[Pair]) -> set[int]:
    return {int(subject["obligation"]) for _, subject in pairs}


def _spoken_of() -> ObligationQuerySet:
    return Obligation.objects.select_related("matter", "rule", "holder_body")


def _visible(ids: Collection[int], person: Person) -> dict[int, Any]:
    """Obligations that this person may know of now, each with whether he sees its matter, too."""
    seen = Matter.objects.visible_to(person).filter(pk=OuterRef("matter"))
    return known_to(_spoken_of(), person).annotate(seen=Exists(seen)).in_bulk(ids)


def _limit(row: Any) -> str:
    """The name of the limit; of several promises in one matter, which one."""
    return f"{row.rule.name}（第{row.round}项）" if row.stage == "commitment" else str(row.rule.name)


def _named(row: Any) -> str:
    """The matter's name behind that of the limit: nothing of an invitation's draft, which has its own page."""
    return f"{_limit(row)}，{name_of(row.matter)}" if row.seen else _limit(row)


def _way_to(row: Any) -> str:
    page, always = _ways.get(row.stage, ("", False))
    if page and (always or not row.seen):
        return reverse(page)
    return reverse("handling:why", args=[row.public_id])


def _rendered(row: Any, words: Words, today: date, calendar: WorkCalendar) -> Rendered | None:
    if row is None:
        return None
    state, text = (
        words(row, today, calendar)
        if row.is_running
        else ("已结束", f"期限为{spoken(row.due_on)}{row.mark}，该环节已经结束。")
    )
    number = f"第{row.matter.number}号" if row.matter.number else ""
    outside = f"{state}：{number}{_limit(row)}，{spoken(row.due_on)}{row.mark}到期"
    return Rendered(
        title=f"{state}：{_named(row)}",
        body=f"{row.holder_body}：{text}" if row.holder_body else text,
        url=_way_to(row),
        outside=outside if row.matter.access == Access.OPEN else "",
    )


def _render_moved(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    rows = _visible(_ids(pairs), person)
    events = ClockEvent.objects.in_bulk([int(subject["event"]) for _, subject in pairs])
    return [_moved(rows.get(int(about["obligation"])), events.get(int(about["event"]))) for _, about in pairs]


def _moved(row: Any, event: ClockEvent | None) -> Rendered | None:
    if row is None or event is None or event.old_due is None:
        return None
    number = f"第{row.matter.number}号" if row.matter.number else ""
    mark = row.mark if event.new_due == row.due_on else ""
    text = f"因{event.reason}，期限由{spoken(event.old_due)}改为{spoken(event.new_due)}{mark}。"
    return Rendered(
        title=f"期限变动：{_named(row)}",
        body=f"{row.holder_body}：{text}" if row.holder_body else text,
        url=_way_to(row),
        outside=f"期限变动：{number}{row.rule.name}，改为{spoken(event.new_due)}{mark}"
        if row.matter.access == Access.OPEN
        else "",
    )


def name_of(matter: Matter) -> str:
    """Number and title, as far as there are any."""
    title = matter.unit_title or matter.title
    if not matter.number:
        return f"《{title}》"
    return f"{matter.label}《{title}》" if title else matter.label


def _vacancies(pairs: Sequence[tuple[str, Subject]], person: Person) -> list[Rendered | None]:
    bodies = Body.objects.in_bulk([subject["body"] for _, subject in pairs])
    return [_vacancy(bodies.get(subject["body"]), unsigned="unsigned" in subject) for _, subject in pairs]


def _vacancy(body: Body | None, *, unsigned: bool) -> Rendered | None:
    if body is None:
        return None
    if unsigned:
        text = "该组织没有在岗的秘书长或召集人（无人任职、账号停用或不在岗又未委托），提醒无人可发。请尽快补充任命，或由提案委电话联系。"
        return Rendered(title=f"{body}没有在岗的秘书长或召集人", body=text)
    text = "该单位没有在岗的联络员（无人任职、账号停用或不在岗又未委托），提醒已转给单位负责人或交办机构。请尽快补充任命或安排代办。"
    return Rendered(title=f"{body}没有在岗的联络员", body=text)


def _office_vacancy(subject: Subject, person: Person) -> Rendered:
    text = "提案委没有在岗的工作人员（无人任职、账号停用或不在岗又未委托），有提醒无人可发。请尽快补充任命或安排代办。"
    return Rendered(title="提案委没有在岗的工作人员", body=text)


def _calendar_missing(subject: Subject, person: Person) -> Rendered:
    year = subject["year"]
    return Rendered(
        title=f"{year} 年放假安排尚未载入",
        body=f"涉及 {year} 年的期限目前只按周末推算，标为“暂定”。国务院办公厅通知发布后请及时载入日历。",
        url=reverse("clock_settings:calendar"),
        outside=f"{year} 年放假安排尚未载入",
    )


def _audit(subject: Subject, person: Person) -> Rendered:
    return Rendered(
        title=f"有 {subject['found']} 处时限与记录不一致",
        body="夜间核对发现存储的日期或下次提醒与时限记录推算的结果不同。请系统管理员运行 audit_clocks 查看明细并处理。",
        outside=f"有 {subject['found']} 处时限与记录不一致",
    )
