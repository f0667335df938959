"""Settings: rules, ladders and the working calendar, with what an edit would move shown before it is made."""

from typing import Any

from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.inbox.actions import start_job
from members.inbox.models import LongJob
from members.pages import FormPage, Page
from members.shown import Act, Crumb
from proposals.handling import batches, foreseen, moving, workdays
from proposals.handling.actions import tuning
from proposals.handling.clockface import step_of
from proposals.handling.clocks import would_be_due
from proposals.handling.clockwork.calendar import OutOfCalendar
from proposals.handling.clockwork.ladder import plan
from proposals.handling.clockwork.years import missing_year
from proposals.handling.forms.settings import LadderForm, LocalDayForm, PreviewForm, RuleForm, YearForm
from proposals.handling.models import CalendarDay, CalendarYear, Ladder, TimeRule

from .base import Mine


def _home(name: str, label: str) -> list[Crumb]:
    return [Crumb("设置", reverse("portal:settings")), Crumb(label, reverse(f"clock_settings:{name}"))]


class Rules(Mine, Page):
    action = "handling.settings"
    title = "时限规则"
    template_name = "handling/settings/rules.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("设置", reverse("portal:settings"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rules = TimeRule.objects.select_related("ladder").order_by("name", "valid", "pk")
        return super().get_context_data(rules=rules, today=timezone.localdate(), **kwargs)


class OneRule(Mine, FormPage):
    """A page about the rule in its address: a small number that is no secret of anybody."""

    action = "handling.settings"
    rule: TimeRule

    def prepare(self) -> None:
        self.rule = get_object_or_404(TimeRule.objects.select_related("ladder"), pk=self.kwargs["pk"])

    def crumbs(self) -> list[Crumb]:
        return _home("rules", "时限规则")


class ReplaceRule(OneRule):
    title = "改用新规则"
    form_class = RuleForm
    submit_label = "保存新规则"
    done_sentence = "新规则已保存。进行中的期限不变，需要时请另行适用。"

    def get_title(self) -> str:
        return f"改用新规则：{self.rule.name}"

    def get_initial(self) -> dict[str, Any]:
        return {
            "amount": self.rule.amount,
            "unit": self.rule.unit,
            "ladder": self.rule.ladder.code if self.rule.ladder else None,
            "extend_amount": self.rule.extend_amount,
            "cap_months": self.rule.cap_months,
        }

    def form_valid(self, form: Any) -> HttpResponseBase:
        new = tuning.replace_rule(self.rule, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("clock_settings:apply_rule", args=[new.pk]))


class ApplyRule(OneRule):
    """The running limits that a newer rule would move, and the button that lets them follow it."""

    title = "适用于进行中的期限"
    template_name = "handling/settings/apply_rule.html"
    submit_label = "适用新规则"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        effect = moving.effect_of_rule(self.rule, now=timezone.now())
        return super().get_context_data(rule=self.rule, effect=effect, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        if len(moving.moved_by_rule(self.rule)) > batches.AT_ONCE:
            return HttpResponseRedirect(reverse("inbox:job", args=[self.later().public_id]))
        tuning.apply_rule(self.rule, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("clock_settings:rules"))

    def later(self) -> LongJob:
        """Hundreds go as a long job, whose page says how far it is."""
        return start_job(
            batches.APPLY_RULE,
            title=f"适用新规则：{self.rule.name}",
            args={"rule": self.rule.pk},
            back=reverse("clock_settings:rules"),
            by=self.me,
            now=timezone.now(),
        )


class Ladders(Mine, Page):
    action = "handling.settings"
    title = "提醒与催办"
    template_name = "handling/settings/ladders.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("设置", reverse("portal:settings"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ladders = Ladder.objects.prefetch_related("steps", "rules").select_related("replaced_by").order_by("name", "pk")
        return super().get_context_data(ladders=ladders, **kwargs)


class OneLadder(Mine, Page):
    """A ladder's steps, and on which days they would fire for a limit that starts on a chosen day."""

    action = "handling.settings"
    template_name = "handling/settings/ladder.html"

    def get_title(self) -> str:
        return f"提醒与催办：{self.ladder.name}"

    def crumbs(self) -> list[Crumb]:
        return _home("ladders", "提醒与催办")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.ladder = get_object_or_404(Ladder, code=kwargs["code"])
        self.replaced = Ladder.objects.filter(replaces=self.ladder).first()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = PreviewForm(self.request.GET or None)
        if form.is_bound and not form.is_valid():
            raise Http404
        chosen = form.cleaned_data if form.is_bound else {}
        start = chosen.get("start") or timezone.localdate()
        body = chosen.get("unit") or foreseen.sample_holder(self.ladder)
        rule = TimeRule.objects.in_force(start).filter(ladder=self.ladder).order_by("pk").first()
        steps = list(self.ladder.steps.order_by("severity", "pk"))
        named = {step.pk: step for step in steps}
        preview: list[foreseen.Foreseen] = []
        due = None
        if rule:
            try:
                due = would_be_due(rule.code, anchor_on=start)
                firings = plan([step_of(step) for step in steps], start, due, workdays.working_calendar())
            except OutOfCalendar as error:  # no calendar reaches so far
                raise Http404 from error
            preview = foreseen.on_sample(firings, named, body, now=timezone.now())
        rows = [{"step": step, "to": foreseen.audience_of(step)} for step in steps]
        if not form.is_bound:
            form = PreviewForm(initial={"start": start, "unit": body.public_id if body else None})
        return super().get_context_data(
            ladder=self.ladder, rule=rule, start=start, due=due, preview=preview, rows=rows, body=body, form=form,
            **kwargs,
        )  # fmt: skip

    def acts(self) -> list[Act]:
        if self.replaced:
            return []
        return [Act("改出新版本", reverse("clock_settings:replace_ladder", args=[self.ladder.code]), kind="primary")]


class ReplaceLadder(Mine, FormPage):
    """A ladder in use never changes; what is saved here is a new one for the rules made from then on."""

    action = "handling.settings"
    template_name = "handling/settings/replace_ladder.html"
    form_class = LadderForm
    submit_label = "保存新版本"
    done_sentence = "新版本已保存。现有规则不变；改用新规则时可以选它。"
    ladder: Ladder

    def prepare(self) -> None:
        self.ladder = get_object_or_404(Ladder, code=self.kwargs["code"])

    def get_title(self) -> str:
        return f"改出新版本：{self.ladder.name}"

    def crumbs(self) -> list[Crumb]:
        return _home("ladders", "提醒与催办")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.ladder.name}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "ladder": self.ladder}

    def form_valid(self, form: Any) -> HttpResponseBase:
        new = tuning.replace_ladder(self.ladder, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("clock_settings:ladder", args=[new.code]))


class Calendar(Mine, Page):
    action = "handling.settings"
    title = "工作日历"
    template_name = "handling/settings/calendar.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("设置", reverse("portal:settings"))]

    def acts(self) -> list[Act]:
        return [
            Act("载入放假安排", reverse("clock_settings:load_year"), icon="upload", kind="primary"),
            Act("本地调整一天", reverse("clock_settings:local_day")),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        years = list(CalendarYear.objects.order_by("-year"))
        wanted = self.request.GET.get("year", "")
        today = timezone.localdate()
        year = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else 0
        year = year or today.year
        days = CalendarDay.objects.filter(date__year=year).exclude(source=CalendarDay.Source.WEEKEND).order_by("date")
        missing = missing_year(today, workdays.working_calendar().published)
        return super().get_context_data(years=years, year=year, days=days, missing=missing, **kwargs)


class LoadYear(Mine, FormPage):
    """Two steps: what loading the file would move, then loading it."""

    action = "handling.settings"
    title = "载入放假安排"
    template_name = "handling/settings/load_year.html"
    form_class = YearForm
    submit_label = "查看影响"

    def crumbs(self) -> list[Crumb]:
        return _home("calendar", "工作日历")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"year": None, "effect": None, **kwargs})

    def form_valid(self, form: Any) -> HttpResponseBase:
        if "confirmed" not in self.request.POST:
            raise Preview(form)
        tuning.load_year(form.year, by=self.me, now=timezone.now())
        tuning.recount_now(now=timezone.now())
        return HttpResponseRedirect(f"{reverse('clock_settings:calendar')}?year={form.year.number}")

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().post(request, *args, **kwargs)
        except Preview as preview:
            return self.show_effect(preview.form)

    def show_effect(self, form: YearForm) -> HttpResponseBase:
        effect = moving.effect_of(form.year, now=timezone.now())
        text = form.cleaned_data["text"]
        context = self.get_context_data(form=form, year=form.year, text=text, effect=effect)
        return self.render_to_response(context)


class Preview(Exception):
    """The form is right; what it would do is shown before it is done."""

    def __init__(self, form: YearForm) -> None:
        super().__init__()
        self.form = form


class LocalDay(Mine, FormPage):
    action = "handling.settings"
    title = "本地调整一天"
    form_class = LocalDayForm
    submit_label = "保存"
    done_sentence = "已调整，进行中的期限随之重算。"

    def crumbs(self) -> list[Crumb]:
        return _home("calendar", "工作日历")

    def form_valid(self, form: Any) -> HttpResponseBase:
        facts = form.cleaned_data
        tuning.set_local_day(
            facts["on"], is_workday=facts["is_workday"] == "1", name=facts["name"], by=self.me, now=timezone.now()
        )
        tuning.recount_now(now=timezone.now())
        return HttpResponseRedirect(f"{reverse('clock_settings:calendar')}?year={facts['on'].year}")
