"""View suspended, shown again, erased (S5)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.models import Person
from members.pages import ConfirmPage, ListPage, Signed
from members.shown import Crumb, Fact
from proposals.handling import actions, forms, owners
from proposals.handling.models import Access, Matter, Suspension
from proposals.handling.rights import matters_for


def others_of(matter: Matter, user: Person) -> list[Fact]:
    """What else holds, or may hold, words of it: by number, with the way to it for whoever may see it."""
    found = [("随本件一起暂停", owners.of(matter).copies(matter)), ("请一并核对", actions.to_look_at(matter))]
    rows = {label: list(others) for label, others in found}
    everything = [other.pk for others in rows.values() for other in others]
    seen = set(Matter.objects.visible_to(user).filter(pk__in=everything).values_list("pk", flat=True))
    return [
        Fact(label, actions.by_number(other), url=other.get_absolute_url() if other.pk in seen else "")
        for label, others in rows.items()
        for other in others
    ]


class OneMatter(Signed, ConfirmPage[Matter]):
    template_name = "pages/confirm.html"

    def get_object(self) -> Matter:
        return get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])

    def get_queryset(self) -> QuerySet[Matter]:
        return matters_for(self.request.user, self.action)

    def version(self) -> int | None:
        return None

    def home(self) -> str:
        return reverse("handling:suspensions") if self.me.has_perm("handling.suspend") else reverse("portal:desk")

    def do(self, form: Any) -> None:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(self.home())


class Suspend(OneMatter):
    action = "handling.suspend"
    title = "暂停查看"
    form_class = forms.SecrecyForm
    submit_label = "暂停查看"
    danger = True
    done_sentence = "已暂停查看。"

    def get_question(self) -> str:
        return (
            f"暂停后，除提案委主任外任何人都不能再看到这件{self.object.get_kind_display()}，"
            "列表、检索、附件、消息同时停止。恢复须由主任决定。"
        )

    def facts(self) -> list[Fact]:
        return [
            Fact("编号", self.object.label),
            Fact("状态", self.object.get_stage_display()),
            *others_of(self.object, self.me),
        ]

    def do(self, form: Any) -> None:
        actions.suspend(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())


class Quiet(OneMatter):
    """One page for both ways: nobody is chased any more, or chased again."""

    action = "handling.quiet"
    form_class = forms.QuietForm

    def get_title(self) -> str:
        return "恢复自动催办" if self.object.quiet else "不自动催办"

    def prepare(self) -> None:
        super().prepare()
        self.submit_label = self.get_title()
        self.done_sentence = "已恢复自动催办。" if self.object.quiet else "已停止自动催办，督办单仍会拟好。"

    def get_question(self) -> str:
        if self.object.quiet:
            return "恢复后，各时限的提醒照常发出；已经过去的不补发。"
        return "期限照常计算，但不再自动提醒和催办任何人；逾期后仍为交办机构拟好督办单，由其决定是否印发。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.object.label, self.object.get_absolute_url())]

    def home(self) -> str:
        return self.object.get_absolute_url()

    def facts(self) -> list[Fact]:
        return [Fact("编号", self.object.label), Fact("状态", self.object.get_stage_display())]

    def do(self, form: Any) -> None:
        quiet = not self.object.quiet
        actions.set_quiet(self.object, quiet=quiet, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())


class Suspensions(Signed, ListPage[Suspension]):
    """Numbers and dates only: what is suspended shows nothing of itself."""

    action = "handling.suspend"
    title = "暂停查看（保密核查）"
    template_name = "handling/suspensions.html"
    empty_sentence = "没有暂停查看的提案。"

    def get_queryset(self) -> QuerySet[Suspension]:
        rows = Suspension.objects.filter(lifted_at=None, matter__access=Access.SUSPENDED)
        return rows.select_related("matter", "by", "purge_asked_by").order_by("-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = self.me.has_perm
        return super().get_context_data(
            perms_lift=may("handling.lift_suspension"), perms_purge=may("handling.purge"), **kwargs
        )


class OneSuspended(OneMatter):
    """A page about a suspension that is in force; a matter that was purged meanwhile has none."""

    def prepare(self) -> None:
        super().prepare()
        self.row: Suspension = get_object_or_404(self.object.suspensions.in_force().select_related("purge_asked_by"))
        actions.note_view(self.object, by=self.me, now=timezone.now())


class LiftSuspension(OneSuspended):
    action = "handling.lift_suspension"
    title = "恢复查看"
    question = "恢复后，原来可以查看的人都能再看到它。"
    submit_label = "恢复查看"
    done_sentence = "已恢复查看。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("暂停查看", self.home())]

    def facts(self) -> list[Fact]:
        return [
            Fact("编号", self.object.number or "未编号"),
            Fact("暂停原因", self.row.reason),
            Fact("此前打开、下载或查看联系方式的人", "、".join(self.row.seen_by) or "没有记录", wide=True),
            *others_of(self.object, self.me),
        ]

    def do(self, form: Any) -> None:
        actions.lift_suspension(self.object, by=self.me, now=timezone.now())


class Purge(OneSuspended):
    """One person asks, another confirms; then nothing of the text is left."""

    action = "handling.purge"
    title = "清除内容"
    submit_label = "清除"
    danger = True

    def crumbs(self) -> list[Crumb]:
        return [Crumb("暂停查看", self.home())]

    def prepare(self) -> None:
        super().prepare()
        self.submit_label = "确认清除" if self.row.purge_asked_by_id else "申请清除"

    def get_question(self) -> str:
        if self.row.purge_asked_by is None:
            return (
                "申请后须由另一位同事确认。清除后题目、正文、附件和办理记录中的文字都不能恢复，只保留编号、日期和单位。"
            )
        return f"{self.row.purge_asked_by}已申请清除。确认后立即清除，不能恢复。"

    def facts(self) -> list[Fact]:
        return [
            Fact("编号", self.object.number or "未编号"),
            Fact("暂停原因", self.row.reason),
            *others_of(self.object, self.me),
        ]

    def do(self, form: Any) -> None:
        if self.row.purge_asked_by is None:
            actions.ask_purge(self.object, by=self.me, now=timezone.now())
        else:
            actions.purge(self.object, by=self.me, now=timezone.now())
