"""Where handling stands in the menu and on the desk."""

from datetime import date
from typing import Any

from django.db.models import Count as Number
from django.db.models import Q, QuerySet
from django.urls import reverse

from members import desk
from members.choices import Role
from members.desk import Queue, Work
from members.navigation import Entry, register
from members.rights import roles_of
from members.shown import Count, Todo

from .models import Assignment, Evaluation, ExtensionRequest, Matter, Objection, Obligation, Reply
from .reminders import name_of
from .rights import in_hands_of
from .standing import DUTIES, in_tab, of_unit

SHOWN = 5


def add() -> None:
    """Called once at start-up."""
    register(
        Entry("办理", "本单位办理", "inbox", "handling:queue", "handling.read_unit", order=10),
        Entry("办理", "办理台账", "list", "handling:ledger", "handling.ledger", order=30),
        Entry("办理", "退回申请", "shuffle", "handling:objections", "handling.decide_objection", order=40),
        Entry("办理", "延期申请", "clock", "handling:extensions", "handling.decide_extension", order=41),
        Entry("办理", "待确认落款日期", "file-text", "handling:letter_dates", "handling.confirm_reply_date", order=42),
        Entry("办理", "待核实的不满意", "star", "handling:dissatisfied", "handling.confirm_dissatisfaction", order=43),
        Entry(
            "办理",
            "待核对的纸质评价",
            "circle-check",
            "handling:paper_evaluations",
            "handling.confirm_evaluation",
            order=44,
        ),
        Entry("管理", "时限规则", "timer", "clock_settings:rules", "handling.settings", order=70),
        Entry("管理", "提醒与催办", "bell-ring", "clock_settings:ladders", "handling.settings", order=71),
        Entry("管理", "工作日历", "calendar-days", "clock_settings:calendar", "handling.settings", order=72),
        Entry("办理", "待审督办单", "gavel", "handling:sheets", "handling.issue_sheet", order=45),
        Entry("管理", "暂停查看", "lock", "handling:suspensions", "handling.suspend", order=60),
    )
    desk.register(unit_work, action="handling.read_unit", order=10)
    desk.register(ledger_work, action="handling.ledger", order=15)
    desk.register(office_work, action="handling.decide_objection", order=45)
    desk.register(member_work, action="handling.evaluate", order=5)


def unit_work(user: Any, on: date) -> Work:
    """A unit's figures, those of its queue's tabs, and what is due first."""
    parts = of_unit(user, on)
    queue = reverse("handling:queue")
    todos = [
        Todo(
            name_of(row.matter),
            reverse("handling:part", args=[row.assignment.public_id]),
            when=spoken_day(row.due_on) + row.mark,
            note=row.rule.name,
            due_on=row.due_on,
        )
        for row in due_first(parts)
        if row.assignment
    ]
    figures = parts.aggregate(**{tab: Number("pk", filter=in_tab(tab, on)) for tab in ("pending", "signed")})
    return Work(
        counts=[
            *pressing(parts, queue, on),
            Count("待签收", figures["pending"], f"{queue}?tab=pending"),
            Count("办理中", figures["signed"], f"{queue}?tab=signed"),
        ],
        queues=[Queue("最近到期", todos, queue, empty="现在没有需要办理的提案。新交办的提案会显示在这里。")],
    )


def pressing(parts: QuerySet[Assignment], url: str, on: date) -> list[Count]:
    """How many parts are late, and how many will be within a week."""
    found = parts.aggregate(
        late=Number("pk", filter=in_tab("overdue", on)), soon=Number("pk", filter=in_tab("soon", on))
    )
    return [
        Count("已逾期", found["late"], f"{url}?tab=overdue", tone="danger" if found["late"] else ""),
        Count("7天内到期", found["soon"], f"{url}?tab=soon", tone="warn" if found["soon"] else ""),
    ]


def due_first(parts: QuerySet[Assignment]) -> QuerySet[Obligation]:
    """The duties of these parts that come first."""
    rows = Obligation.objects.open().filter(assignment__in=parts, stage__in=DUTIES)
    return rows.select_related("matter", "assignment__unit", "rule").order_by("due_on", "pk")[:SHOWN]


def spoken_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def ledger_work(user: Any, on: date) -> Work:
    """What is late or nearly so among all that this person's office has given out, and what is due first."""
    parts = in_hands_of(Assignment.objects.current().exclude(state=Assignment.State.SETTLED), user, "handling.ledger")
    ledger = reverse("handling:ledger")
    todos = [
        Todo(
            name_of(row.matter),
            row.matter.get_absolute_url(),
            when=spoken_day(row.due_on) + row.mark,
            note=f"{row.assignment.unit}　{row.rule.name}",
            due_on=row.due_on,
        )
        for row in due_first(parts)
        if row.assignment
    ]
    return Work(counts=pressing(parts, ledger, on), queues=[Queue("最近到期", todos, ledger)] if todos else [])


WAITING: tuple[tuple[str, str, str, str, QuerySet[Any]], ...] = (
    ("退回申请", "handling.decide_objection", "assignment", "objections", Objection.objects.filter(state__in=Objection.UNDECIDED)),
    ("延期申请", "handling.decide_extension", "obligation__assignment", "extensions", ExtensionRequest.objects.filter(state="asked")),
    ("待确认落款日期", "handling.confirm_reply_date", "assignment", "letter_dates", Reply.objects.filter(state="dated")),
    (
        "待核对纸质评价", "handling.confirm_evaluation", "round_row__assignment", "paper_evaluations",
        Evaluation.objects.filter(on_paper=True, confirmed_at=None, withdrawn_at=None),
    ),
)  # fmt: skip


def office_work(user: Any, on: date) -> Work:
    """What waits for a decision of this person's office."""
    work = Work()
    for label, action, path, url, rows in WAITING:
        if user.has_perm(action):
            amount = in_hands_of(rows.all(), user, action, path).count()
            work.counts.append(Count(label, amount, reverse(f"handling:{url}")))
    if user.has_perm("handling.confirm_dissatisfaction"):
        waiting = Obligation.objects.running().filter(stage="confirm_dissatisfaction")
        amount = waiting.filter(matter__in=Matter.objects.visible_to(user)).count()
        work.counts.append(
            Count("待核实的不满意", amount, reverse("handling:dissatisfied"), tone="warn" if amount else "")
        )
    return work


def member_work(user: Any, on: date) -> Work:
    """Replies to evaluate and contacts to confirm."""
    roles = roles_of(user, on)
    bodies = roles.get(Role.ORGANISATION_SECRETARY, set())
    mine = Q(holder_person=user) | Q(holder_body__in=bodies)
    clocks = Obligation.objects.open().filter(mine, stage="evaluation").select_related("matter", "assignment__unit")
    todos = [
        Todo(
            f"评价{row.assignment.unit}对{name_of(row.matter)}的答复",
            reverse("handling:evaluate", args=[row.assignment.public_id, row.round]),
            when=f"{spoken_day(row.due_on)}前{row.mark}",
            due_on=row.due_on,
        )
        for row in clocks.filter(matter__in=Matter.objects.visible_to(user)).order_by("due_on", "pk")[:SHOWN]
        if row.assignment
    ]
    return Work(queues=[Queue("待您评价", todos, empty="没有待评价的答复。")] if todos else [])
