"""Where handling stands in the menu and on the desk."""

from datetime import date
from typing import Any

from django.db.models import Count as Number
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from members import desk
from members.desk import Queue, Waiting, Work
from members.navigation import Entry, register
from members.rights import bodies_of
from members.shown import Count, Todo

from .models import (
    Assignment,
    Commitment,
    CommitmentStep,
    Contact,
    ContactAnswer,
    Coordination,
    CoordinationOpinion,
    Countersign,
    Evaluation,
    ExtensionRequest,
    Matter,
    Objection,
    Obligation,
    Participant,
    Reply,
)
from .queries import (
    consultations_due,
    organisations_of,
    rounds_to_confirm,
    to_settle,
    waiting_for,
    waiting_sheets,
    words_to_review,
)
from .reminders import name_of
from .rights import LIVE, in_hands_of
from .standing import DUTIES, SOON, in_tab, of_unit

SHOWN = 5


def add() -> None:
    """Called once at start-up."""
    register(
        Entry("办理", "本单位办理", "inbox", "handling:queue", "handling.read_unit", order=10),
        Entry("办理", "办理台账", "list", "handling:ledger", "handling.ledger", order=30),
        Entry("办理", "退回申请", "shuffle", "handling:objections", "handling.decide_objection", order=40),
        Entry("办理", "满意度", "star", "handling:satisfaction", "handling.satisfaction", order=46),
        Entry("办理", "本单位满意度", "star", "handling:own_satisfaction", "handling.own_satisfaction", order=46),
        Entry("办理", "协调会", "users", "handling:coordinations", "handling.rule_coordination", order=40),
        Entry("办理", "延期申请", "clock", "handling:extensions", "handling.decide_extension", order=41),
        Entry("办理", "待签批答复", "pen-line", "handling:replies_to_sign", "handling.sign_reply", order=11),
        Entry("办理", "待会签答复", "users", "handling:countersigns", "handling.countersign", order=12),
        Entry("办理", "签批环节", "clipboard-list", "handling:signing_steps", "handling.signing_steps", order=13),
        Entry("办理", "答复审核", "file-text", "handling:reply_checks", "handling.check_reply", order=42),
        Entry("办理", "待核实的不满意", "star", "handling:dissatisfied", "handling.confirm_dissatisfaction", order=43),
        Entry(
            "办理",
            "待核对的纸质评价",
            "circle-check",
            "handling:paper_evaluations",
            "handling.confirm_evaluation",
            order=44,
        ),
        Entry("办理", "需核查的评价", "flag", "handling:flagged_evaluations", "handling.confirm_evaluation", order=44),
        Entry(
            "办理", "结束后收到的不满意", "star", "handling:late_dissatisfied", "handling.confirm_evaluation", order=44
        ),
        Entry("办理", "待联合会商", "users", "handling:consultations", "handling.consult_jointly", order=44),
        Entry("办理", "承诺台账", "flag", "handling:promises", "handling.read_promises", order=32),
        Entry(
            "办理", "待核实的承诺", "circle-check", "handling:promise_questions", "handling.decide_promise", order=44
        ),
        Entry("办理", "承诺公开审查", "file-text", "handling:public_words", "handling.review_word", order=46),
        Entry("办理", "职责清单", "landmark", "handling:catalogue", "handling.read_catalogue", order=78),
        Entry("办理", "答复模板", "file-text", "handling:wordings", "handling.wordings", order=79),
        Entry("办理", "文号格式", "hash", "handling:number_formats", "handling.number_formats", order=80),
        Entry("办理", "公文模板", "file-text", "handling:letter_templates", "handling.letter_templates", order=81),
        Entry("管理", "时限规则", "timer", "clock_settings:rules", "handling.settings", order=70),
        Entry("管理", "提醒与催办", "bell-ring", "clock_settings:ladders", "handling.settings", order=71),
        Entry("管理", "工作日历", "calendar-days", "clock_settings:calendar", "handling.settings", order=72),
        Entry("办理", "待审督办单", "gavel", "handling:sheets", "handling.issue_sheet", order=45),
        Entry("管理", "暂停查看", "lock", "handling:suspensions", "handling.suspend", order=60),
    )
    desk.register(unit_work, action="handling.read_unit", order=10)
    desk.register(ledger_work, action="handling.ledger", order=15)
    desk.register(office_work, action="handling.decide_objection", order=45)
    desk.register(promise_work, action="handling.see", order=46)
    desk.register(review_work, action="handling.review_word", order=46)
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
    units = bodies_of(user, "handling.answer_objection", on)
    asked = Objection.objects.filter(state=Objection.State.OPEN, suggested__in=units)
    asking = in_hands_of(asked, user, "handling.answer_objection", "assignment").count() if units else 0
    meetings = CoordinationOpinion.objects.filter(at=None, unit__in=units, coordination__in=Coordination.objects.open())
    invited = (
        in_hands_of(meetings, user, "handling.coordination_opinion", "coordination__assignment").count() if units else 0
    )
    figures = parts.aggregate(**{tab: Number("pk", filter=in_tab(tab, on)) for tab in ("pending", "signed")})
    return Work(
        counts=[
            *pressing(parts, queue, on),
            Count("待签收", figures["pending"], f"{queue}?tab=pending"),
            Count("办理中", figures["signed"], f"{queue}?tab=signed"),
            *([Count("待答复是否接办", asking, queue, tone="warn")] if asking else []),
            *unit_waiting(user, on),
            *([Count("待提交协调会意见", invited, queue, tone="warn")] if invited else []),
        ],
        queues=[Queue("最近到期", todos, queue, empty="现在没有需要办理的提案。新交办的提案会显示在这里。")],
    )


def unit_waiting(user: Any, on: date) -> list[Waiting]:
    """What waits for this person's word inside the unit."""
    to_sign = in_hands_of(waiting_for(user, on=on), user, "handling.sign_reply", "reply__assignment")
    asked = in_hands_of(Countersign.objects.waiting(), user, "handling.countersign", "assignment")
    stuck = in_hands_of(to_settle(on=on), user, "handling.settle_countersigns", "reply__assignment")
    return [
        Waiting("待您签批", to_sign, reverse("handling:replies_to_sign"), warn=True, only_if_any=True),
        Waiting("待会签", asked, reverse("handling:countersigns"), warn=True, only_if_any=True),
        Waiting("会签意见待处理", stuck, reverse("handling:countersigns_to_settle"), warn=True, only_if_any=True),
    ]


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
    ("退回申请", "handling.decide_objection", "assignment", "objections", Objection.objects.undecided()),
    ("待裁定的协调会", "handling.rule_coordination", "assignment", "coordinations", Coordination.objects.open()),
    ("延期申请", "handling.decide_extension", "obligation__assignment", "extensions", ExtensionRequest.objects.asked()),
    ("答复审核", "handling.check_reply", "assignment", "reply_checks", Reply.objects.checking()),
    ("待审督办单", "handling.issue_sheet", "obligation__assignment", "sheets", waiting_sheets()),
    ("待联合会商", "handling.consult_jointly", "assignment", "consultations", consultations_due()),
    ("待核实的承诺", "handling.decide_promise", "commitment__assignment", "promise_questions", CommitmentStep.objects.asked()),
    ("待核实的不满意", "handling.confirm_dissatisfaction", "assignment", "dissatisfied", rounds_to_confirm()),
    ("待核对纸质评价", "handling.confirm_evaluation", "round_row__assignment", "paper_evaluations", Evaluation.objects.to_confirm()),
    ("需核查的评价", "handling.confirm_evaluation", "round_row__assignment", "flagged_evaluations", Evaluation.objects.to_check()),
    ("结束后的不满意", "handling.confirm_evaluation", "round_row__assignment", "late_dissatisfied", Evaluation.objects.late_against()),
)  # fmt: skip
ALWAYS = ("objections", "extensions", "reply_checks", "sheets", "dissatisfied", "paper_evaluations")
"""Counts that stand on the desk even where nothing waits; the others come up when there is something."""
URGENT = ("dissatisfied", "late_dissatisfied", "consultations", "flagged_evaluations")


def office_work(user: Any, on: date) -> Work:
    """What waits for a decision of this person's office."""
    counts = []
    for label, action, path, url, rows in WAITING:
        if user.has_perm(action):
            rows = in_hands_of(rows.all(), user, action, path)
            way = reverse(f"handling:{url}")
            counts.append(Waiting(label, rows, way, warn=url in URGENT, only_if_any=url not in ALWAYS))
    return Work(counts=counts)


def promise_work(user: Any, on: date) -> Work:
    """Promises that are late or soon due, for units and offices: the proposers are not told so (P25)."""
    rows = in_hands_of(Commitment.objects.running(), user, "handling.see", "assignment")
    late = in_hands_of(Commitment.objects.overdue(on=on), user, "handling.see", "assignment")
    soon = rows.filter(clock__status=Obligation.Status.OPEN, clock__due_on__gte=on, clock__due_on__lte=on + SOON)
    ledger = reverse("handling:promises")
    return Work(
        counts=[
            Waiting("承诺逾期", late, f"{ledger}?overdue=on", warn=True, only_if_any=True),
            Waiting("承诺7天内到期", soon, f"{ledger}?state=running", only_if_any=True),
        ]
    )


def review_work(user: Any, on: date) -> Work:
    """What the disclosure reviewer has not looked at yet (P25)."""
    return Work(counts=[Waiting("承诺待公开审查", words_to_review(user), reverse("handling:public_words"))])


def member_work(user: Any, on: date) -> Work:
    """Replies to evaluate and contacts to confirm."""
    queues = [*_to_evaluate(user, on), *_contacts_to_confirm(user, on)]
    return Work(queues=queues)


def _to_evaluate(user: Any, on: date) -> list[Queue]:
    mine = Q(holder_person=user) | Q(holder_body__in=organisations_of(user, on=on))
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
    return [Queue("待您评价", todos, empty="没有待评价的答复。")] if todos else []


def _contacts_to_confirm(user: Any, on: date) -> list[Queue]:
    """What units say of their contacts with this person, until he has said whether it is so (P29)."""
    contact_in = Participant.objects.filter(person=user, role=Participant.Role.CONTACT, left_at=None).values("matter")
    spoken_for = Q(role=Participant.Role.ORGANISATION, order=0, matter__in=contact_in)
    mine = places_of(user, on) & Q(role__in=Participant.EVALUATING)
    behind = Participant.objects.filter(mine | spoken_for, left_at=None)
    matters = Matter.objects.filter(pk__in=behind.values("matter")) | Matter.objects.filter(
        pk__in=behind.values("matter__merged_into")
    )
    said = ContactAnswer.objects.filter(contact=OuterRef("pk"), participant__in=behind)
    rows = Contact.objects.filter(~Exists(said), assignment__matter__in=matters, assignment__state__in=LIVE)
    rows = rows.filter(assignment__matter__in=Matter.objects.visible_to(user))
    rows = rows.select_related("assignment__matter", "assignment__unit").order_by("-held_on", "-pk")[:SHOWN]
    todos = [
        Todo(
            f"{row.assignment.unit}{row.get_mode_display()}是否属实：{name_of(row.assignment.matter)}",
            reverse("handling:confirm_contact", args=[row.public_id]),
            when=spoken_day(row.held_on),
        )
        for row in rows
    ]
    return [Queue("待您核对的沟通", todos)] if todos else []


def places_of(user: Any, on: date) -> Q:
    """The condition that a participant is this person, or an organisation for which he acts."""
    return Q(person=user) | Q(body__in=organisations_of(user, on=on))
