"""Lists of reports and the page of one: where it is, in plain words."""

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.pages import Column, DetailPage, ListPage, Signed
from members.shown import Act, Fact, Mark, Tab
from members.tables import NEEDS_SECOND_PERSON
from proposals.handling import clocks
from proposals.handling.eyes import Eye
from proposals.handling.knowing import known_to
from proposals.handling.models import Access, Assignment, Matter, Obligation, Participant, Stage
from proposals.handling.panels import Panels, panels_of, suspend_act
from proposals.handling.panels.links import file_rows
from proposals.handling.rights import in_hands_of
from proposals.handling.sights import note, noted
from proposals.reports.actions import TO_TAKE_BACK
from proposals.reports.filters import OwnFilter, ReportFilter
from proposals.reports.hands import is_own, own, questions_to, stands_behind, writable
from proposals.reports.models import WRITTEN, Report, Status, Submission, Words
from proposals.reports.offers import acts_for, panels_for

from .base import OneReport, facts_of, list_crumbs, to

PEOPLE = Prefetch("matter__participants", Participant.objects.named())
PLAIN: dict[str, str] = {
    Stage.DRAFT: "还没有提交。",
    Stage.SCREENING: "已收到，正在等待工作人员筛选。",
    Stage.RETURNED: "已退回，请修改后重新提交。",
    Stage.KEPT: "已留存备查，不再往下办理。",
    Stage.REFERRED: "原文已转有关单位研究。",
    Stage.LED: "已转为提案线索，您可以据此写一件提案。",
    Stage.EDITING: "已采编，编辑正在整理文字。",
    Stage.SIGNING: "已编辑完成，等待签发。",
    Stage.ISSUED: "已经刊发。",
    Stage.COMBINED: "与同类信息合并整理，您的贡献同样记录。",
    Stage.RECALLED: "已撤回。",
    Stage.TO_SIGN: "已交有关部门，等待签收。",
    Stage.COORDINATING: "正在协调由哪个部门办理。",
    Stage.HANDLING: "有关部门正在办理。",
    Stage.TO_TELL: "部门已经答复，工作人员正在整理反馈。",
    Stage.CLOSED: "已经办结。",
    Stage.ARCHIVED: "已经办结归档。",
}


ASKED = "编辑改了文字，请您看看意思变了没有。"


def plain_of(matter: Matter) -> str:
    """Where it is, for who wrote it; what went into another goes on with that one."""
    said, main = PLAIN.get(matter.stage, matter.get_stage_display()), matter.merged_into
    if matter.stage != Stage.COMBINED or main is None or main.out_of_sight:
        return said
    return said + PLAIN.get(main.stage, "")


def authors_of(report: Report) -> str:
    """Everybody behind it by name, with who writes for a body; for its office and its authors alone (S20)."""
    rows = [row for row in report.matter.participants.all() if row.left_at is None]
    names = [str(row) for row in rows if row.role == Participant.Role.AUTHOR]
    names += [report.author_text] if report.author_text else []
    written = [str(row) for row in rows if row.role == Participant.Role.CONTACT]
    return "、".join(names) + (f"（执笔：{'、'.join(written)}）" if written else "")


def latest() -> Subquery:
    """What was handed in last, with the row itself."""
    rows = Submission.objects.filter(report=OuterRef("pk")).order_by("-number")
    parts = ("title", "situation", "cause", "suggestion")
    return Subquery(rows.values(said=JSONObject(**{part: part for part in parts}))[:1])


class Reports(Signed, ListPage[Report]):
    """Every report of the office, newest first."""

    action = "reports.list"
    title = "社情民意信息"
    template_name = "reports/list.html"
    filterset_class = ReportFilter
    id_path = "matter__public_id"
    unit_word = "篇"
    empty_sentence = "没有符合条件的信息。"
    personal = True
    sorts: ClassVar = {"submitted": ("submitted_at", "pk")}
    columns = (
        Column("届次", lambda row: row.matter.session.name if row.matter.session else ""),
        Column("编号", lambda row: row.matter.number or ""),
        Column("标题", lambda row: row.matter.title),
        Column("来源", lambda row: row.get_source_display()),
        Column("反映人", authors_of),
        Column("级别", lambda row: row.matter.get_access_display()),
        Column("急报", lambda row: "是" if row.urgent else ""),
        Column("状态", lambda row: row.matter.get_stage_display()),
        Column("提交日期", lambda row: timezone.localdate(row.submitted_at) if row.submitted_at else ""),
    )

    def get_queryset(self) -> QuerySet[Report]:
        rows = Report.objects.visible_to(self.me).filter(submissions__gt=0)
        rows = rows.select_related("matter__session").defer("situation", "cause", "suggestion")
        return rows.order_by("-submitted_at", "-pk")

    def export(self, rows: QuerySet[Report]) -> HttpResponseBase:
        """What is sensitive leaves in no table (S20)."""
        rows = rows.exclude(matter__access=Access.SENSITIVE).prefetch_related(PEOPLE)
        answer = super().export(rows)
        if answer.status_code == 200:
            note(self.me, rows.order_by().values_list("matter", flat=True)[:NEEDS_SECOND_PERSON])
        return answer

    def acts(self) -> list[Act]:
        return [Act("代录信息", reverse("reports:enter"), "clipboard-list", "primary")]


class Mine(Signed, ListPage[Report]):
    """One's own reports, and those of the bodies in whose name one writes."""

    action = "reports.own"
    title = "我的社情民意"
    template_name = "reports/mine.html"
    unit_word = "篇"
    filterset_class = OwnFilter
    empty_sentence = "没有信息。"

    def get_queryset(self) -> QuerySet[Report]:
        rows = own(self.me).select_related("matter__merged_into").exclude(status=Status.WITHDRAWN, submissions=0)
        if self.request.GET.get("drafts"):
            rows = rows.filter(status__in=WRITTEN)
        return rows.order_by("-updated_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path, drafts = self.request.path, bool(self.request.GET.get("drafts"))
        tabs = [Tab("全部", path, not drafts), Tab("草稿和退回修改", f"{path}?drafts=1", drafts)]
        asked = set(questions_to(self.me).values_list("participant__matter", flat=True))
        for row in kwargs["page_obj"]:
            row.plain = ASKED if row.matter_id in asked else plain_of(row.matter)
        return super().get_context_data(tabs=tabs, **kwargs)

    def acts(self) -> list[Act]:
        if self.me.has_perm("reports.write"):
            return [Act("报社情民意", reverse("reports:fresh"), "pen-line", "primary")]
        return []


class ReportPage(OneReport, DetailPage[Report]):
    """One report for its authors and its office: whose it is, where it is, what became of it (S20)."""

    action = "reports.list"
    template_name = "reports/report.html"
    panels: Panels
    own: bool

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Its office and its authors read it here; whoever handles a part of it is led to that part (S20)."""
        self.object = self.get_object()
        self.panels = panels_of(self.me, self.object.matter)
        self.own = is_own(self.me, self.object)
        if not self.own and not self.panels.view.general & {Eye.STAFF, Eye.PROPOSER}:
            parts = Assignment.objects.current().filter(matter=self.object.matter)
            part = in_hands_of(parts, self.me, "handling.see").order_by("pk").first()
            if part is None:
                raise Http404
            return HttpResponseRedirect(reverse("handling:part", args=[part.public_id]))
        return self.render_to_response(self.get_context_data(object=self.object))

    def get_queryset(self) -> QuerySet[Report]:
        asked = questions_to(self.me).filter(participant__matter=OuterRef("matter")).order_by("asked_at", "pk")
        rows = super().get_queryset().select_related("decided_reason", "origin", "led_to", "matter__merged_into")
        return rows.annotate(
            noted=noted(self.me),
            party=stands_behind(self.me),
            main_seen=Exists(Matter.objects.visible_to(self.me).filter(pk=OuterRef("matter__merged_into"))),
            asked=Subquery(asked.values("public_id")[:1]),
            latest=latest(),
        ).prefetch_related(PEOPLE)

    def get_title(self) -> str:
        written = self.own and self.object.written
        return (self.object.title if written else self.object.matter.title) or "未命名草稿"

    def crumbs(self) -> list[Any]:
        return list_crumbs(self.me)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report, matter = self.object, self.object.matter
        return super().get_context_data(
            matter=matter,
            kicker=f"社情民意信息 · {matter.label}" if matter.number else "社情民意信息 · 草稿",
            state=matter.get_stage_display(),
            people=authors_of(report),
            marks=self.marks(),
            due=self.due(),
            where=self.where() if self.own else "",
            said=self.said(),
            text=self.text(),
            files=self.panels.files if self.panels.assignments else file_rows(matter, self.me),
            cards=panels_for(self.me, report),
            panels=self.panels,
            facts=self.facts(),
            **kwargs,
        )

    def marks(self) -> list[Mark]:
        report = self.object
        marks = [Mark("急报", "danger", "triangle-alert")] if report.urgent else []
        if report.matter.access in (Access.INTERNAL, Access.SENSITIVE):
            marks.append(Mark(report.matter.get_access_display(), "warn", "lock"))
        if report.entered_by_id:
            marks.append(Mark("工作人员代录"))
        return [*marks, *self.panels.marks]

    def where(self) -> str:
        matter = self.object.matter
        waits = matter.stage in (Stage.EDITING, Stage.COMBINED) and getattr(self.object, "asked", None)
        return ASKED if waits else plain_of(matter)

    def due(self) -> Obligation | None:
        if self.panels.assignments:
            running = [row for row in self.panels.obligations if row.is_running and row.stage != "objection_window"]
            return min(running, key=lambda row: (row.due_on, row.pk), default=None)
        rows = clocks.open_for(matter=self.object.matter).exclude(stage="objection_window")
        return known_to(rows, self.me).order_by("due_on").first()

    def said(self) -> str:
        """What the office wrote for the author with its decision."""
        report = self.object
        if not (report.decided_text or report.decided_reason):
            return ""
        reason = f"{report.decided_reason}。" if report.decided_reason else ""
        return f"{report.get_status_display()}：{reason}{report.decided_text}"

    def text(self) -> list[Fact]:
        """The writers read what they write; the office what was handed in."""
        report = self.object
        if self.own and report.written:
            return facts_of(report.words, title=False)
        said: dict[str, str] | None = getattr(report, "latest", None)
        return facts_of(Words(**said) if said else Words(), title=False)

    def facts(self) -> list[Fact]:
        report, matter = self.object, self.object.matter
        facts = [Fact("届次", str(matter.session or ""))]
        if report.submitted_at:
            facts.append(Fact("提交时间", report.submitted_at))
        facts += [
            Fact("来源", report.get_source_display()),
            Fact("姓名", "有关部门可以看到" if report.shows_name else "对有关部门不公开"),
            Fact("原文转送", report.referred_to),
            Fact("转送日期", report.referred_on),
            *self.links(),
        ]
        return [fact for fact in facts if fact.value]

    def links(self) -> list[Fact]:
        """Where it came from, where it went; a link for whoever may open that."""
        report = self.object
        wanted = {"原提案": report.origin, "据此形成的提案": report.led_to, "合并到": report.matter.merged_into}
        there = [row.pk for row in wanted.values() if row]
        if not there:
            return []
        seen = set(Matter.objects.visible_to(self.me).filter(pk__in=there).values_list("pk", flat=True))
        return [
            Fact(
                label,
                row.title if row.pk in seen else "已登记",
                wide=True,
                url=row.get_absolute_url() if row.pk in seen else "",
            )
            for label, row in wanted.items()
            if row
        ]

    def acts(self) -> list[Act]:
        report, me = self.object, self.me
        found = []
        if (
            report.written
            and (self.own or writable(me).filter(pk=report.pk).exists())
            and (me.has_perm("reports.own") or me.has_perm("reports.enter"))
        ):
            found.append(Act("继续写", to(report, "write"), "pen-line", "primary"))
        colleague = not self.own and not self.panels.view.participants  # nobody keeps his own for the office (P13)
        if report.status == Status.SUBMITTED and me.has_perm("reports.screen") and colleague:
            found.append(Act("筛选", to(report, "screen"), "gavel", "primary"))
        found += acts_for(me, report)
        found += self.panels.acts
        if self.own and me.has_perm("reports.own"):
            found += self.own_acts()
        if colleague and me.has_perm("reports.screen"):
            found += self.office_acts()
        return [*found, *suspend_act(me, report.matter)] if report.status != Status.DRAFT else found

    def own_acts(self) -> list[Act]:
        report = self.object
        if report.status == Status.DRAFT:
            return [Act("删除草稿", to(report, "discard"), "trash-2")]
        if report.status == Status.TURNED and not report.became and self.me.has_perm("proposals.write"):
            return [Act("据此写提案", reverse("proposals:from_report", args=[report.public_id]), "pen-line", "primary")]
        return [Act("撤回", to(report, "withdraw"), "undo-2")] if report.status in TO_TAKE_BACK else []

    def office_acts(self) -> list[Act]:
        report = self.object
        found = []
        if report.status in TO_TAKE_BACK:
            found.append(Act("代反映人撤回", to(report, "withdraw"), "undo-2"))
        if report.status in (Status.KEPT, Status.REFERRED):
            found.append(Act("采编", to(report, "accept"), "circle-check"))
        if report.status == Status.KEPT:
            found.append(Act("原文转送", to(report, "refer"), "send"))
            found.append(Act("转提案线索", to(report, "lead"), "shuffle"))
        if report.status == Status.TURNED and not report.became:
            found.append(Act("撤销转提案线索", to(report, "withdraw_lead"), "undo-2"))
        if report.status == Status.EDITING:
            found.append(Act("留存备查", to(report, "keep"), "bookmark"))
        if report.status != Status.WITHDRAWN:
            found.append(Act("调整级别", to(report, "set_level"), "lock", "ghost"))
        return found
