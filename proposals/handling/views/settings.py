"""Settings: rules, ladders and the working calendar, with what an edit would move shown before it is made."""

from typing import Any

from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.days import full_day, short_day
from members.inbox.actions import start_job
from members.inbox.models import LongJob
from members.pages import FormPage, Page, Signed
from members.shown import Act, Crumb
from proposals.handling import batches, clockface, foreseen, moving, workdays
from proposals.handling.actions import tuning
from proposals.handling.clockwork.calendar import WEEKDAYS, OutOfCalendar
from proposals.handling.clockwork.ladder import plan
from proposals.handling.clockwork.years import missing_year
from proposals.handling.forms.settings import LadderForm, LocalDayForm, PreviewForm, RuleForm, YearForm
from proposals.handling.models import CalendarDay, CalendarYear, Ladder, Obligation, TimeRule
from proposals.handling.models.clocks import mark_of


def _home(name: str, label: str) -> list[Crumb]:
    return [Crumb("设置", reverse("portal:settings")), Crumb(label, reverse(f"clock_settings:{name}"))]


class Rules(Signed, Page):
    action = "handling.settings"
    title = "时限规则"
    template_name = "handling/settings/rules.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("设置", reverse("portal:settings"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rules = TimeRule.objects.select_related("ladder").order_by("name", "valid", "pk")
        return super().get_context_data(rules=rules, today=timezone.localdate(), **kwargs)


class OneRule(Signed, FormPage):
    """A page about the rule for the step in its address: the one that has no last day yet."""

    action = "handling.settings"
    rule: TimeRule

    def prepare(self) -> None:
        self.rule = get_object_or_404(
            TimeRule.objects.select_related("ladder"), code=self.kwargs["code"], valid__upper_inf=True
        )

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
        return HttpResponseRedirect(reverse("clock_settings:apply_rule", args=[new.code]))


class ApplyRule(OneRule):
    """The running limits that a newer rule would move, and the button that lets them follow it."""

    title = "适用于进行中的期限"
    template_name = "handling/settings/apply_rule.html"
    submit_label = "适用新规则"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        effect = moving.effect_of_rule(self.rule, viewer=self.me, now=timezone.now())
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


class Ladders(Signed, Page):
    action = "handling.settings"
    title = "提醒与催办"
    template_name = "handling/settings/ladders.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("设置", reverse("portal:settings"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ladders = Ladder.objects.prefetch_related("steps", "rules").select_related("replaced_by").order_by("name", "pk")
        return super().get_context_data(ladders=ladders, **kwargs)


class OneLadder(Signed, Page):
    """A ladder's steps, and on which days they would fire for a limit that starts on a chosen day."""

    action = "handling.settings"
    template_name = "handling/settings/ladder.html"

    def get_title(self) -> str:
        return f"提醒与催办：{self.ladder.name}"

    def crumbs(self) -> list[Crumb]:
        return _home("ladders", "提醒与催办")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.ladder = get_object_or_404(Ladder.objects.select_related("replaced_by"), code=kwargs["code"])
        self.replaced = getattr(self.ladder, "replaced_by", None)
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
        due, mark = None, ""
        if rule:
            try:
                calendar = workdays.working_calendar()
                due = clockface.due_of(Obligation(rule=rule, anchor_on=start), [], calendar)
                firings = plan([clockface.step_of(step) for step in steps], start, due, calendar)
                mark = mark_of(provisional=calendar.is_provisional(start, due))
            except OutOfCalendar as error:  # no calendar reaches so far
                raise Http404 from error
            preview = foreseen.on_sample(firings, named, body, rule.code, now=timezone.now())
        rows = [{"step": step, "to": foreseen.audience_of(step)} for step in steps]
        if not form.is_bound:
            form = PreviewForm(initial={"start": start, "unit": body.public_id if body else None})
        return super().get_context_data(
            ladder=self.ladder, rule=rule, start=start, due=due, mark=mark, preview=preview, rows=rows, body=body, form=form,
            **kwargs,
        )  # fmt: skip

    def acts(self) -> list[Act]:
        if self.replaced:
            return []
        return [Act("改出新版本", reverse("clock_settings:replace_ladder", args=[self.ladder.code]), kind="primary")]


class ReplaceLadder(Signed, FormPage):
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


class Calendar(Signed, Page):
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


class Preview(Exception):
    """The form is right; what it would do is shown before it is done."""

    def __init__(self, form: Any) -> None:
        super().__init__()
        self.form = form


class EditCalendar(Signed, FormPage):
    """Two steps: what an edit of the calendar would move and who would be told, then the edit."""

    action = "handling.settings"
    template_name = "handling/settings/edit_calendar.html"
    submit_label = "查看影响"

    def crumbs(self) -> list[Crumb]:
        return _home("calendar", "工作日历")

    def check(self, form: Any) -> None:
        """Raise what `edit` would raise."""

    def edit(self, form: Any) -> int:
        """Do it, and return the year that is to be shown."""
        raise NotImplementedError

    def foreseen(self, form: Any) -> dict[str, Any]:
        """What the second step says: the edit in words, its effect, and the button."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        if "confirmed" not in self.request.POST:
            self.check(form)
            raise Preview(form)
        year = self.edit(form)
        tuning.recount_now(now=timezone.now())
        return HttpResponseRedirect(f"{reverse('clock_settings:calendar')}?year={year}")

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().post(request, *args, **kwargs)
        except Preview as preview:
            said = self.foreseen(preview.form)
            return self.render_to_response(self.get_context_data(form=preview.form, **said))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"effect": None, **kwargs})


class LoadYear(EditCalendar):
    title = "载入放假安排"
    form_class = YearForm

    def edit(self, form: Any) -> int:
        tuning.load_year(form.year, by=self.me, now=timezone.now())
        return int(form.year.number)

    def foreseen(self, form: Any) -> dict[str, Any]:
        year = form.year
        notice = f"（{year.notice}）" if year.notice else ""
        said = f"{year.number} 年{notice}：放假 {len(year.off)} 天，调休上班 {len(year.work)} 天。"
        if kept := workdays.local_days(year.number):
            said += f"本地调整的 {len(kept)} 天（{'、'.join(short_day(day) for day in kept)}）保留不变；要恢复全国安排，请用“本地调整一天”改回。"
        return {
            "said": said,
            "fields": {"text": form.cleaned_data["text"]},
            "effect": moving.effect_of(year, viewer=self.me, now=timezone.now()),
            "confirm": f"载入 {year.number} 年日历",
        }


class LocalDay(EditCalendar):
    title = "本地调整一天"
    form_class = LocalDayForm
    done_sentence = "已调整，进行中的期限随之重算。"

    def facts(self, form: Any) -> dict[str, Any]:
        return {**form.cleaned_data, "is_workday": form.cleaned_data["is_workday"] == "1"}

    def check(self, form: Any) -> None:
        tuning.check_local_day(**self.facts(form), now=timezone.now())

    def edit(self, form: Any) -> int:
        facts = self.facts(form)
        tuning.set_local_day(**facts, by=self.me, now=timezone.now())
        return int(facts["on"].year)

    def foreseen(self, form: Any) -> dict[str, Any]:
        on, is_workday, name = (self.facts(form)[key] for key in ("on", "is_workday", "name"))
        what = "上班" if is_workday else "休息"
        how = "按全国安排恢复为" if workdays.year_says(on).is_workday == is_workday else "调整为"
        return {
            "said": f"{full_day(on)}（星期{WEEKDAYS[on.weekday()]}）{how}{what}：{name}。",
            "fields": {"on": on.isoformat(), "is_workday": "1" if is_workday else "0", "name": name},
            "effect": moving.effect_of_local_day(on, is_workday=is_workday, viewer=self.me, now=timezone.now()),
            "confirm": f"{how}{what}",
        }
