"""Bulletins: the issues, putting one together, having it signed, issuing it, and its files."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Count, F, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.days import moment, short_day
from members.inbox.models import Message
from members.pages import ActionPage, Column, ConfirmPage, DetailPage, FormPage, ListPage, Signed
from members.shown import Act, Crumb, Fact, Tab
from proposals.handling.models import Access
from proposals.reports import bulletin_files
from proposals.reports.actions import bulletins
from proposals.reports.bulletin_forms import ComposeForm, IssueForm, SignForm
from proposals.reports.credits import credits_of
from proposals.reports.delivery_offers import instructions_on, ways_of
from proposals.reports.models import Issue, IssueSignature, Series
from proposals.reports.queries import ready_for

from .base import in_step, way_to_sheet

State = Issue.State
OVERTAKEN = "本期已按纸质签批登记，或已由工作人员撤回，刚才的签批没有生效。"


class IssueFilter(django_filters.FilterSet):
    series = django_filters.ModelChoiceFilter(
        queryset=Series.objects.order_by("pk"), to_field_name="public_id", label="刊物", empty_label="全部刊物"
    )
    year = django_filters.NumberFilter(label="年份")
    level = django_filters.ChoiceFilter(
        choices=[(one.value, one.label) for one in (Access.OPEN, Access.INTERNAL, Access.SENSITIVE)],
        label="级别",
        empty_label="不限",
    )

    class Meta:
        model = Issue
        fields: list[str] = []


class Issues(Signed, ListPage[Issue]):
    """What is on its way and what was issued; whoever signs sees what waits for him, and what he signed."""

    action = "reports.read_issue"
    title = "社情民意刊物"
    template_name = "reports/issues.html"
    filterset_class = IssueFilter
    unit_word = "期"
    empty_sentence = "没有符合条件的期次。"
    columns = (
        Column("刊物", lambda row: row.series.name),
        Column("期号", lambda row: row.mark),
        Column("级别", lambda row: row.get_level_display()),
        Column("状态", lambda row: row.get_state_display()),
        Column("编发日期", lambda row: row.issued_on or ""),
        Column("篇数", lambda row: row.amount),
    )

    def get_queryset(self) -> QuerySet[Issue]:
        rows = Issue.objects.visible_to(self.me).select_related("series")
        if self.wanted in State.values:
            rows = rows.filter(state=self.wanted)
        rows = rows.annotate(amount=Count("items"))
        return rows.order_by(F("issued_on").desc(nulls_first=True), "-pk")

    @property
    def wanted(self) -> str:
        return str(self.request.GET.get("state", ""))

    def export(self, rows: QuerySet[Issue]) -> HttpResponseBase:
        """Sensitive ones leave the house in no table (S20)."""
        return super().export(rows.exclude(level=Access.SENSITIVE))

    def acts(self) -> list[Act]:
        acts = []
        if self.me.has_perm("reports.issues"):
            acts.append(Act("组稿", reverse("reports:compose"), "plus", "primary"))
            acts.append(Act("发送登记", reverse("reports:deliveries"), "send"))
        if self.me.has_perm("reports.series"):
            acts.append(Act("刊物和发送对象", reverse("reports:series"), "sliders-horizontal"))
        return acts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path = self.request.path
        tabs = [Tab("全部", path, not self.wanted)]
        tabs += [Tab(one.label, f"{path}?state={one.value}", self.wanted == one.value) for one in State]
        return super().get_context_data(tabs=tabs, **kwargs)


class Compose(Signed, FormPage):
    """A new issue: which series, and which reports in which order."""

    action = "reports.issues"
    title = "组稿"
    template_name = "reports/compose.html"
    form_class = ComposeForm
    submit_label = "组成一期"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("社情民意刊物", reverse("reports:issues"))]

    @cached_property
    def ready(self) -> list[Any]:
        return ready_for(self.me)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "ready": self.ready}

    def get_initial(self) -> dict[str, Any]:
        """The one that somebody comes from stands first."""
        return {f"place_{self.request.GET.get('report', '')}": 1}

    def form_valid(self, form: Any) -> HttpResponseBase:
        made = bulletins.compose(
            form.cleaned_data["series"],
            form.reports(),
            addressee=form.cleaned_data["addressee"],
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(made.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(any=bool(self.ready), **kwargs)


def issue_crumbs(issue: Issue) -> list[Crumb]:
    return [Crumb("社情民意刊物", reverse("reports:issues")), Crumb(str(issue), issue.get_absolute_url())]


class OneIssue(Signed):
    """Takes the issue of the address from those that this person may see."""

    object: Any

    @cached_property
    def read(self) -> bulletin_files.Reading:
        return bulletin_files.reading(self.object, self.me)

    def get_queryset(self) -> QuerySet[Issue]:
        return Issue.objects.visible_to(self.me).select_related(
            "series", "addressee", "sent_by", "made_by", "issued_by"
        )

    def signatures(self) -> list[tuple[IssueSignature, str]]:
        """Who checked and signed, the newest first, each with the way to the scan of the sheet, for the office that keeps it."""
        rows = self.object.signatures.select_related("scan").order_by("-pk")
        keeps = self.me.has_perm("reports.oversee") and len(self.read.seen) == len(self.read.items)
        return [(row, way_to_sheet(row.scan) if keeps else "") for row in rows]

    def crumbs(self) -> list[Crumb]:
        way = issue_crumbs(self.object)
        return way[:-1] if isinstance(self, IssuePage) else way


class IssuePage(OneIssue, DetailPage[Issue]):
    """One issue: what stands in it, who signed it, whom it went to."""

    action = "reports.read_issue"
    template_name = "reports/issue.html"

    def get_title(self) -> str:
        return str(self.object)

    def note_view(self) -> None:
        bulletin_files.note_reading(self.read, self.me)

    def acts(self) -> list[Act]:
        issue, at = self.object, [self.object.public_id]
        may = self.me.has_perm

        def way(name: str) -> str:
            return reverse(f"reports:{name}", args=at)

        acts = []
        if may("reports.issues") and issue.state == State.DRAFT:
            acts += [
                Act("送签", way("send_issue_up"), "send", "primary"),
                Act("调整稿件", way("arrange"), "pen-line"),
            ]
            if not issue.round:
                acts.append(Act("删除本期", way("drop_issue"), "x", "danger"))
        if may("reports.sign_or_check") and issue.state in (State.CHECKING, State.SIGNING):
            mine = self.me.pk in bulletins.signers_of(issue, on=timezone.localdate())
            word = "核稿" if issue.state == State.CHECKING else "签发"
            if mine or may("reports.issue"):
                acts.append(Act(word if mine else f"登记纸质{word}", way("sign_issue"), "pen-line", "primary"))
        if may("reports.issue") and issue.state == State.SIGNED:
            acts.append(Act("编发", way("issue_now"), "hash", "primary"))
        if may("reports.issues") and issue.state in Issue.ON_THE_WAY:
            acts.append(Act("撤回送签", way("take_issue_back"), "undo-2"))
        if may("reports.issue") and issue.state == State.ISSUED:
            acts.append(Act("登记发送", way("deliver"), "send", "primary"))
            if issue.opened_on:
                acts.append(Act("取消向委员开放", way("close_issue"), "undo-2"))
            elif issue.level == Access.OPEN and not issue.addressee:
                acts.append(Act("向委员开放", way("open_issue"), "users"))
        return [
            *acts,
            Act("打印页", way("issue_print"), "printer"),
            Act("下载 Word", way("issue_file"), "download"),
            Act("生成 PDF", way("issue_pdf"), "file-text"),
        ]

    def facts(self) -> list[Fact]:
        issue = self.object
        facts = [
            Fact("刊物", f"{issue.series}（{issue.series.get_kind_display()}）"),
            Fact("级别", issue.get_level_display()),
            Fact("专报对象", str(issue.addressee or "")),
            Fact("组稿", f"{issue.made_by}　{moment(issue.made_at)}"),
            Fact("送签", str(issue.sent_by or "")),
            Fact("编发", f"{issue.issued_by}　{short_day(issue.issued_on)}" if issue.issued_on else ""),
            Fact("向委员开放", short_day(issue.opened_on) if issue.opened_on else ""),
            Fact("报送和发送", issue.listed, wide=True),
        ]
        return [fact for fact in facts if fact.value]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        issue = self.object
        items = self.read.items
        lines = credits_of(self.read.behind)
        office = self.me.has_perm("reports.issues")
        deliveries = list(issue.deliveries.select_related("recipient").order_by("sent_on", "pk"))
        returning = self.me.has_perm("reports.issue")
        shown = [
            {
                "ways": instructions_on(one, deliveries) if seen and returning else [],
                "title": one.edition.title if seen else bulletin_files.OUT_OF_SIGHT,
                "text": one.edition.text if seen else "",
                "credit": lines[one.report.matter_id] if seen else "",
                "url": reverse("reports:edition", args=[one.edition.public_id]) if seen and office else "",
            }
            for one, seen in items
        ]
        sent = [(row, ways_of(row) if returning else []) for row in deliveries]
        return super().get_context_data(
            issue=issue,
            facts=self.facts(),
            items=shown,
            sent=sent if office else [],
            signatures=self.signatures(),
            **kwargs,
        )


class ActOnIssue(OneIssue):
    """A step of one issue, asked for and confirmed; offered while the issue is in one of these states."""

    states: ClassVar[tuple[str, ...]]

    def get_queryset(self) -> QuerySet[Issue]:
        return in_step(self.request, super().get_queryset(), state__in=self.states)

    def check_version(self) -> None:
        """The action looks under its lock at how far the issue is, and says that before it says who changed it."""

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(self.object.get_absolute_url())

    def do(self, form: Any) -> None:
        raise NotImplementedError

    @property
    def seen(self) -> int | None:
        found: int | None = self.opened_version()  # type: ignore[attr-defined]  # of the form page beside it
        return found

    def facts(self) -> list[Fact]:
        issue = self.object
        titles = [one.edition.title if seen else bulletin_files.OUT_OF_SIGHT for one, seen in self.read.items]
        facts = [
            Fact("刊物", issue.series.name),
            Fact("级别", issue.get_level_display()),
            Fact("专报对象", str(issue.addressee or "")),
            Fact("稿件", "\n".join(f"{place}. {title}" for place, title in enumerate(titles, start=1)), wide=True),
        ]
        return [fact for fact in facts if fact.value]


class Arrange(ActOnIssue, ActionPage[Issue]):
    """Which reports stand in an issue that nobody signs yet, and in which order."""

    action = "reports.issues"
    states = (State.DRAFT,)
    title = "调整稿件"
    template_name = "reports/compose.html"
    form_class = ComposeForm
    submit_label = "保存"
    done_sentence = "已保存，采用的是每篇最新的编辑稿。"

    @cached_property
    def ready(self) -> list[Any]:
        return ready_for(self.me, self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "ready": self.ready, "issue": self.object}

    def stands(self) -> list[Fact]:
        return self.facts()

    def get_initial(self) -> dict[str, Any]:
        items = self.object.items.select_related("report__matter")
        places = {f"place_{one.report.matter.public_id}": one.order for one in items}
        return {**places, "addressee": self.object.addressee and self.object.addressee.public_id}

    def do(self, form: Any) -> None:
        bulletins.arrange(
            self.object,
            form.reports(),
            addressee=form.cleaned_data.get("addressee"),
            seen=self.seen,
            by=self.me,
            now=timezone.now(),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(any=bool(self.ready), **kwargs)


class SendUp(ActOnIssue, ConfirmPage[Issue]):
    action = "reports.issues"
    states = (State.DRAFT,)
    title = "送签"
    submit_label = "送签"
    done_sentence = "已送签，签批人会收到通知。"

    def get_question(self) -> str:
        if self.object.series.checked:
            return "送签后先由另一位同事核稿，再请秘书长签发。签批期间稿件不能再改；需要改的可以撤回。"
        return "送签后请秘书长签发。签批期间稿件不能再改；需要改的可以撤回。"

    def do(self, form: Any) -> None:
        bulletins.send_issue_up(self.object, seen=self.seen, by=self.me, now=timezone.now())


class TakeBack(ActOnIssue, ConfirmPage[Issue]):
    action = "reports.issues"
    states = Issue.ON_THE_WAY
    title = "撤回送签"
    submit_label = "撤回"
    done_sentence = "已撤回，可以继续修改。"
    question = "撤回后稿件可以再改，改好后要重新送签。已有的签批不再有效，记录保留。"

    def do(self, form: Any) -> None:
        bulletins.take_issue_back(self.object, seen=self.seen, by=self.me, now=timezone.now())


class Drop(ActOnIssue, ConfirmPage[Issue]):
    action = "reports.issues"
    states = (State.DRAFT,)
    title = "删除本期"
    submit_label = "删除"
    done_sentence = "已删除，稿件仍在编辑中。"
    question = "只删除这一期的组稿，稿件仍在编辑中，可以编入别的期次。"
    danger = True

    def form_valid(self, form: Any) -> HttpResponseBase:
        bulletins.drop_issue(self.object, seen=self.seen, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:issues"))


class Sign(ActOnIssue, ActionPage[Issue]):
    """The whole issue, one field, two buttons: for the secretary general with a phone."""

    action = "reports.sign_or_check"
    states = (State.CHECKING, State.SIGNING)
    template_name = "reports/sign_issue.html"
    form_class = SignForm
    submit_label = "同意"

    def get_title(self) -> str:
        return f"{'核稿' if self.object.state == State.CHECKING else '签发'}：{self.object.series}"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The signature; where the issue was signed on paper or taken back meanwhile, a sentence, and what was typed."""
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            about = {"issue": str(kwargs["public_id"])}
            if not Message.objects.filter(recipient=self.me, template="issue_to_sign", subject=about).exists():
                raise
        said = request.POST.get("text", "")
        typed = [Fact("意见", said, wide=True)] if said else []
        return self.both_texts(OVERTAKEN, typed, [], reload_url=reverse("reports:issues"), reload_label="回到刊物列表")

    @cached_property
    def mine(self) -> bool:
        """Whether the step is this person's own; otherwise what was signed on paper is entered."""
        return self.me.pk in bulletins.signers_of(self.object, on=timezone.localdate())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "on_paper": not self.mine, "by": self.me}

    def do(self, form: Any) -> None:
        back = "back" in self.request.POST
        self.done_sentence = "已退回修改。" if back else "已同意。"
        bulletins.sign_issue(
            self.object,
            agrees=not back,
            text=form.cleaned_data["text"],
            paper=form.paper(),
            scan=form.cleaned_data.get("file"),
            seen=self.seen,
            by=self.me,
            now=timezone.now(),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bulletin_files.note_reading(self.read, self.me)
        made = bulletin_files.bulletin_of(self.read, self.me, now=timezone.now())
        facts, signatures = self.facts(), self.signatures()
        return super().get_context_data(bulletin=made, facts=facts, signatures=signatures, mine=self.mine, **kwargs)


class IssueNow(ActOnIssue, ConfirmPage[Issue]):
    """Gives the next number; nothing takes it back."""

    action = "reports.issue"
    states = (State.SIGNED,)
    title = "编发"
    form_class = IssueForm
    submit_label = "编发"
    question = "编发后给出期号，不能再改；每位反映人会收到通知。"

    def facts(self) -> list[Fact]:
        if self.object.number:
            return [*super().facts(), Fact("期号", self.object.mark)]
        year = timezone.localdate().year
        number = bulletins.next_number(self.object.series, year)
        listed = "、".join(one.name for one in bulletins.fixed_recipients(self.object))
        return [*super().facts(), Fact("期号", f"{year}年第{number}期"), Fact("文末印", listed or "没有固定发送对象")]

    def do(self, form: Any) -> None:
        made = bulletins.issue_now(
            self.object, on=form.cleaned_data["on"], seen=self.seen, by=self.me, now=timezone.now()
        )
        self.done_sentence = f"已编发：{made}。"
