"""What sources are asked for and how far they have come; what adoptions count for (P30)."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.forms import PlainForm
from members.models import Body, Person
from members.page_forms import BodyByName
from members.pages import FormPage, Page, Signed
from members.rights import may
from members.shown import Act, Crumb
from members.widgets import Day
from proposals.reports.actions import quotas as actions
from proposals.reports.hands import my_bodies
from proposals.reports.models.adoption import CreditRule, Level
from proposals.reports.models.quota import Quota
from proposals.reports.quotas import Done, fulfilment


class Quotas(Signed, Page):
    """For the office every source; for whoever reports, the own ones."""

    action = "reports.quotas"
    title = "约稿任务"
    template_name = "reports/quotas.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render_to_response(self.get_context_data())

    def day(self) -> date:
        """A day of the month that the address names, or today."""
        try:
            asked = date.fromisoformat(f"{self.request.GET.get('month', '')}-01")
        except ValueError:
            return timezone.localdate()
        return min(asked, timezone.localdate()) if 1900 <= asked.year <= 2199 else timezone.localdate()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        on, keeps = self.day(), may(self.me, "reports.list")
        own = set(my_bodies(self.me))
        mine = None if keeps else Q(person=self.me) | Q(body__in=own)
        rows = [row for row in fulfilment(self.me, on=on, mine=mine) if keeps or self.is_own(row, own)]
        before = on.replace(day=1) - timedelta(days=1)
        return super().get_context_data(
            rows=[(row, self.way(row) if keeps else "") for row in rows],
            month=f"{on.year}年{on.month}月",
            before=f"?month={before:%Y-%m}",
            today="" if on >= timezone.localdate().replace(day=1) else self.request.path,
            **kwargs,
        )

    def is_own(self, row: Done, bodies: set[int]) -> bool:
        return row.source == self.me if isinstance(row.source, Person) else row.source.pk in bodies

    def way(self, row: Done) -> str:
        """The circular's list of what this source handed in in that period."""
        by = "member" if isinstance(row.source, Person) else "body"
        return f"{reverse('reports:circulars')}?period={row.period.code}&by={by}&key={row.source.public_id}#list"

    def acts(self) -> list[Act]:
        if not may(self.me, "reports.keep_quotas"):
            return []
        return [
            Act("设置约稿任务", reverse("reports:set_quota"), "clipboard-list", "primary"),
            Act("采用计分规则", reverse("reports:credits"), "star"),
        ]


class QuotaForm(PlainForm):
    body = BodyByName(label="来源单位", required=False, help_text="不填的是每一位特邀信息员。")
    per = forms.ChoiceField(label="周期", choices=Quota.Per.choices, widget=forms.RadioSelect, initial=Quota.Per.MONTH)
    amount = forms.IntegerField(label="篇数", min_value=0, max_value=999, help_text="填 0 表示从这一天起不再要求。")
    starts_on = forms.DateField(label="开始日期", widget=Day)


class SetQuota(Signed, FormPage):
    action = "reports.keep_quotas"
    title, submit_label, done_sentence, form_class = "设置约稿任务", "保存", "已保存，以前各期的任务不变。", QuotaForm

    def crumbs(self) -> list[Crumb]:
        return [Crumb("约稿任务", reverse("reports:quotas"))]

    def get_initial(self) -> dict[str, Any]:
        return {"per": Quota.Per.MONTH, "starts_on": timezone.localdate().replace(day=1)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        body: Body | None = facts.pop("body")
        actions.set_quota(body, **facts, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:quotas"))


class Credits(Signed, Page):
    """What an adoption or an instruction counts for, now and before."""

    action = "reports.keep_quotas"
    title = "采用计分规则"
    template_name = "reports/credits.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("约稿任务", reverse("reports:quotas"))]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render_to_response(self.get_context_data(rows=self.rows()))

    def rows(self) -> list[CreditRule]:
        merits, levels = list(CreditRule.Merit), list(Level)
        rows = CreditRule.objects.order_by("-starts_on", "pk")
        return sorted(rows, key=lambda row: (merits.index(row.merit), levels.index(row.level), row.ends_on is not None))  # type: ignore[arg-type]  # values are members

    def acts(self) -> list[Act]:
        return [Act("改用新分值", reverse("reports:set_credit"), "pen-line", "primary")]


class CreditForm(PlainForm):
    merit = forms.ChoiceField(label="事项", choices=CreditRule.Merit.choices)
    level = forms.ChoiceField(label="层级", choices=Level.choices)
    points = forms.DecimalField(label="分值", min_value=0, max_digits=5, decimal_places=1)
    starts_on = forms.DateField(label="开始日期", widget=Day, initial=timezone.localdate)


class SetCredit(Signed, FormPage):
    action = "reports.keep_quotas"
    title, submit_label, form_class = "改用新分值", "保存", CreditForm
    done_sentence = "已保存。以前登记的采用和批示分值不变。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("约稿任务", reverse("reports:quotas")), Crumb("采用计分规则", reverse("reports:credits"))]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.set_credit(**form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:credits"))
