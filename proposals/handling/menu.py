"""Where handling stands in the menu and on the desk."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Count as Number
from django.db.models import Q, QuerySet
from django.urls import reverse

from members import desk
from members.choices import Role
from members.desk import Queue, Work
from members.navigation import Entry, register
from members.rights import bodies_of, roles_of
from members.shown import Count, Todo

from .models import Evaluation, ExtensionRequest, Matter, Objection, Obligation, Reply
from .reminders import name_of
from .rights import in_hands_of

SHOWN = 5
SOON = timedelta(days=7)


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
    desk.register(office_work, action="handling.decide_objection", order=20)
    desk.register(member_work, action="handling.evaluate", order=30)


def unit_work(user: Any, on: date) -> Work:
    """A unit's figures, and what is due first, from the open clocks of its bodies."""
    units = bodies_of(user, "handling.read_unit", on)
    open_ones = Obligation.objects.open().held_by(*units).filter(matter__in=Matter.objects.visible_to(user))
    counts = open_ones.aggregate(
        sign=Number("pk", filter=Q(stage="sign_for")),
        reply=Number("pk", filter=Q(stage__in=["reply", "rehandle", "co_opinion"])),
        soon=Number("pk", filter=Q(due_on__gte=on, due_on__lte=on + SOON)),
        late=Number("pk", filter=Q(due_on__lt=on)),
    )
    queue = reverse("handling:queue")
    rows = open_ones.filter(assignment__isnull=False).select_related("matter", "assignment", "rule")
    todos = [
        Todo(
            name_of(row.matter),
            reverse("handling:part", args=[row.assignment.public_id]),
            when=f"{row.due_on.month}月{row.due_on.day}日",
            note=row.rule.name,
        )
        for row in rows.exclude(stage="objection_window").order_by("due_on", "pk")[:SHOWN]
        if row.assignment
    ]
    return Work(
        counts=[
            Count("待签收", counts["sign"], f"{queue}?tab=pending"),
            Count("待答复", counts["reply"], f"{queue}?tab=signed"),
            Count("7天内到期", counts["soon"], f"{queue}?tab=soon", tone="warn" if counts["soon"] else ""),
            Count("逾期", counts["late"], f"{queue}?tab=overdue", tone="danger" if counts["late"] else ""),
        ],
        queues=[Queue("最近到期", todos, queue, empty="没有正在计算的期限。")],
    )


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
        amount = Obligation.objects.running().filter(stage="confirm_dissatisfaction").count()
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
            when=f"{row.due_on.month}月{row.due_on.day}日前",
        )
        for row in clocks.filter(matter__in=Matter.objects.visible_to(user)).order_by("due_on", "pk")[:SHOWN]
        if row.assignment
    ]
    return Work(queues=[Queue("待您评价", todos, empty="没有待评价的答复。")] if todos else [])
