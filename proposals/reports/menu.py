"""What the side menu and the desk offer of opinions and leads."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.desk import Queue, Waiting, Work
from members.desk import register as put
from members.navigation import Entry
from members.navigation import register as offer
from members.rights import may
from members.shown import Act, Todo
from proposals.handling.models import Stage
from proposals.reports.hands import due_to_screen, own, questions_to, to_screen
from proposals.reports.models import WRITTEN, Delivery, Issue, Opinion, Recipient, Report, Series
from proposals.reports.queries import in_editing

FEW = 5


def register() -> None:
    offer(
        Entry("我的", "报社情民意", "pen-line", "reports:fresh", "reports.write", order=24),
        Entry("我的", "我的社情民意", "inbox", "reports:mine", "reports.own", order=25),
        Entry("我的", "已开放的刊物", "file-text", "reports:opened", "reports.opened", order=26),
        Entry("办理", "社情民意信息", "list", "reports:list", "reports.list", order=80),
        Entry("办理", "信息筛选", "gavel", "reports:screening", "reports.screen", order=81),
        Entry("办理", "代录信息", "clipboard-list", "reports:enter", "reports.enter", order=82),
        Entry("办理", "意见建议", "message-square-reply", "reports:opinions", "reports.opinions", order=90),
        Entry("办理", "编辑中的信息", "pen-line", "reports:editing", "reports.edit", order=88),
        Entry("办理", "社情民意刊物", "file-text", "reports:issues", "reports.read_issue", order=89),
        Entry("办理", "信息通报", "chart-column", "reports:circulars", "reports.circulars", order=92),
        Entry("办理", "约稿任务", "clipboard-list", "reports:quotas", "reports.quotas", order=93),
        Entry("办理", "社情民意线索", "inbox", "reports:leads", "reports.leads", order=91),
    )
    put(waiting, action="reports.handle_opinion", order=45)
    put(to_edit, action="reports.edit", order=43)
    put(to_sign, action="reports.sign_or_check", order=44)
    put(writing, action="reports.own", order=12)
    put(screening, action="reports.screen", order=31)
    put(to_tell, action="reports.record_outcome", order=46)
    put(out_with_leaders, action="reports.issue", order=47)


def waiting(user: Any, on: date) -> Work:
    rows = Opinion.objects.visible_to(user).filter(status=Opinion.Status.RECEIVED)
    url = f"{reverse('reports:opinions')}?status=received"
    return Work(counts=[Waiting("待办意见建议", rows, url, only_if_any=True)])


def to_edit(user: Any, on: date) -> Work:
    return Work(counts=[Waiting("编辑中的信息", in_editing(user), reverse("reports:editing"), only_if_any=True)])


def to_sign(user: Any, on: date) -> Work:
    """What waits for this person's word: to be signed, or to be checked by another than who sent it up."""
    rows = Issue.objects.visible_to(user)
    way, state = reverse("reports:issues"), Issue.State
    counts = []
    if user.has_perm("reports.check_issue"):
        mine = rows.filter(state=state.CHECKING).exclude(sent_by=user)
        counts.append(Waiting("待核稿的刊物", mine, f"{way}?state={state.CHECKING}", only_if_any=True))
    if user.has_perm("reports.sign_issue"):
        signing, there = rows.filter(state=state.SIGNING), f"{way}?state={state.SIGNING}"
        urgent = signing.filter(series__kind=Series.Kind.URGENT)
        counts.append(Waiting("待签发的刊物", signing, there))
        counts.append(Waiting("急报待签发", urgent, there, warn=True, only_if_any=True))
    if user.has_perm("reports.issue"):
        signed = rows.filter(state=state.SIGNED)
        counts.append(Waiting("待编发的刊物", signed, f"{way}?state={state.SIGNED}", only_if_any=True))
    return Work(counts=counts)


def writing(user: Any, on: date) -> Work:
    """The way to the one screen, what an editor asks, and what was sent back or is half written."""
    asked = [
        Todo(
            word.participant.matter.title,
            reverse("reports:confirm_edition", args=[word.public_id]),
            short_day(timezone.localdate(word.asked_at)),
            "编辑改了文字，请看看意思变了没有。",
        )
        for word in questions_to(user).select_related("participant__matter")[:FEW]
    ]
    rows = own(user).filter(status__in=WRITTEN).order_by("-updated_at", "-pk")[:FEW]
    todos = [
        Todo(row.title or "未命名草稿", reverse("reports:write", args=[row.public_id]), note=row.get_status_display())
        for row in rows
    ]
    entries = [Act("我的社情民意", reverse("reports:mine"), "inbox")]
    if may(user, "reports.write"):
        entries.insert(0, Act("报社情民意", reverse("reports:fresh"), "pen-line"))
    drafts = Queue("社情民意：草稿与退回修改", todos, f"{reverse('reports:mine')}?drafts=1")
    questions = Queue("请您核对编辑稿", asked)
    return Work(entries=entries, queues=[queue for queue in (questions, drafts) if queue.todos])


def screening(user: Any, on: date) -> Work:
    rows, url = to_screen(user), reverse("reports:screening")
    return Work(
        counts=[
            Waiting("待筛选信息", rows, url),
            Waiting("筛选今天到期或已过期", due_to_screen(user), f"{url}?group=due", warn=True, only_if_any=True),
            Waiting("急报待筛选", rows.filter(urgent=True), f"{url}?group=urgent", warn=True, only_if_any=True),
            Waiting("我正在筛选", rows.filter(claimed_by=user), f"{url}?group=mine", only_if_any=True),
        ]
    )


def to_tell(user: Any, on: date) -> Work:
    """What units have answered, and the authors do not know yet."""
    rows = Report.objects.visible_to(user).filter(matter__stage=Stage.TO_TELL)
    return Work(counts=[Waiting("待反馈的信息", rows, f"{reverse('reports:list')}?stage=to_tell", only_if_any=True)])


def out_with_leaders(user: Any, on: date) -> Work:
    """Slips that went with an issue to a leader and have not come back (P18)."""
    rows = Delivery.objects.visible_to(user).filter(recipient__kind=Recipient.Kind.LEADER, returned="")
    url = f"{reverse('reports:deliveries')}?kind={Recipient.Kind.LEADER}&returned=no"
    return Work(counts=[Waiting("送阅单未退回", rows, url, only_if_any=True)])
