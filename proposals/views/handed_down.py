"""Matters handed down (上级交办件): the office's list, the page of one, a form for each step."""

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.pages import ActionPage, Column, ConfirmPage, DetailPage, FormPage, ListPage, RowMixin, SeenMixin, Signed
from members.shown import Act, Crumb, Fact, FileRow, Mark
from proposals import actions, handed_down
from proposals.fields import unit_names
from proposals.handed_forms import CorrectForm, DueForm, EnterForm, GiveOutForm, PassUpForm, SendBackForm, UndoForm
from proposals.handling import word_list
from proposals.handling.attachments import OWNERS
from proposals.handling.models import Attachment
from proposals.handling.panels import panels_of, suspend_act
from proposals.handling.panels.links import file_rows, with_removal
from proposals.handling.sights import note
from proposals.models import HandedDown

State = HandedDown.State


class HandedDownFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="编号、案由或来文编号", method="find")
    level = django_filters.ChoiceFilter(label="级别", choices=HandedDown.Level.choices, empty_label="全部级别")
    state = django_filters.ChoiceFilter(label="状态", choices=State.choices, empty_label="全部状态")
    due = django_filters.ChoiceFilter(
        label="上级期限", choices=[("near", "7天内到期或已过")], empty_label="全部期限", method="falls_due"
    )

    class Meta:
        model = HandedDown
        fields: list[str] = []

    def falls_due(self, rows: QuerySet[HandedDown], name: str, value: str) -> QuerySet[HandedDown]:
        return handed_down.near(rows, on=timezone.localdate())

    def find(self, rows: QuerySet[HandedDown], name: str, text: str) -> QuerySet[HandedDown]:
        text = text.strip()
        own = Q(matter__number=text.removeprefix("第").removesuffix("号"))
        return rows.filter(own | Q(matter__title__icontains=text) | Q(their_number__icontains=text)) if text else rows


class HandedDownList(Signed, ListPage[HandedDown]):
    """What came from above, the next due first; what was passed up stands last."""

    action = "proposals.handed_down"
    title = "上级交办件"
    template_name = "proposals/handed_down_list.html"
    filterset_class = HandedDownFilter
    empty_sentence = "没有符合条件的上级交办件。"
    columns = (
        Column("编号", lambda row: row.matter.number or ""),
        Column("案由", lambda row: row.matter.title),
        Column("级别", lambda row: row.get_level_display()),
        Column("交办的上级机构", lambda row: row.from_body),
        Column("来文编号", lambda row: row.their_number),
        Column("状态", lambda row: row.matter.get_stage_display()),
        Column("承办单位", lambda row: units_in(row)),
        Column("收到日期", lambda row: row.received_on),
        Column("上级期限", lambda row: row.due_on),
        Column("报送日期", lambda row: row.passed_on or ""),
        Column("报送文号", lambda row: row.passed_no),
    )

    def get_queryset(self) -> QuerySet[HandedDown]:
        rows = handed_down.in_hands_of(self.me).prefetch_related("matter__assignments__unit")
        return rows.order_by(F("passed_on").desc(nulls_first=True), "due_on", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.units_shown = units_in(row)
        return super().get_context_data(**kwargs)

    def acts(self) -> list[Act]:
        return [Act("登记上级交办件", reverse("proposals:enter_handed_down"), "clipboard-list", "primary")]


def units_in(row: HandedDown) -> str:
    """The units that have it in hand now, the leading one first."""
    parts = [one for one in row.matter.assignments.all() if one.ended_at is None]
    return "、".join(one.unit.name for one in sorted(parts, key=lambda one: one.pk))


class Enter(Signed, FormPage):
    """Staff and assigning officers write down what came from above."""

    action = "proposals.handed_down"
    title = "登记上级交办件"
    form_class = EnterForm
    submit_label = "登记"
    done_sentence = "已登记，请交办给承办单位。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("上级交办件", reverse("proposals:handed_down"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def form_valid(self, form: Any) -> HttpResponseBase:
        offices = actions.receiving(self.me, on=timezone.localdate())
        row = actions.enter_handed_down(
            form.facts(),
            title=form.cleaned_data["title"],
            office=offices[0] if offices else None,
            file=form.cleaned_data["file"],
            by=self.me,
            now=timezone.now(),
        )
        warn(self.request, row)
        return HttpResponseRedirect(row.get_absolute_url())


def warn(request: Any, row: HandedDown) -> None:
    """Say so where a word of the list that points to secrets has been entered (S5)."""
    if words := word_list.warning([("案由", row.matter.title), ("内容", row.text)], office="提案委"):
        messages.warning(request, words)


class OneHandedDown(Signed, RowMixin[HandedDown]):
    """Takes the row of the address from those in this person's hands."""

    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[HandedDown]:
        return handed_down.in_hands_of(self.me)

    def get_object(self) -> HandedDown:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def crumbs(self) -> list[Crumb]:
        return [Crumb("上级交办件", reverse("proposals:handed_down"))]


class HandedDownPage(OneHandedDown, DetailPage[HandedDown]):
    """One of them: what came, who handles it, what was answered; for its units as well."""

    action = "proposals.handed_down"
    template_name = "proposals/handed_down.html"

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def get_queryset(self) -> QuerySet[HandedDown]:
        return HandedDown.objects.visible_to(self.me).select_related("matter__session", "matter__office")

    def note_view(self) -> None:
        note(self.me, [self.object.matter_id])

    def get_title(self) -> str:
        return self.object.matter.title

    def crumbs(self) -> list[Crumb]:
        return super().crumbs() if self.me.has_perm(self.action) else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, matter = self.object, self.object.matter
        self.held = handed_down.is_held(self.me, row)
        self.panels = panels_of(self.me, matter)
        return super().get_context_data(
            matter=matter,
            panels=self.panels,
            files=self.files(),
            kicker=f"{matter.session or ''} · {matter.label}",
            marks=[Mark(matter.origin, "info"), *self.panels.marks],
            text=row.text,
            facts=self.facts(),
            due_on=None if row.state == State.PASSED_UP else row.due_on,
            **kwargs,
        )

    def files(self) -> list[FileRow]:
        """Those of the text may be taken away again by the office, until it was passed up."""
        rows = self.panels.files if self.panels.assignments else file_rows(self.object.matter, self.me)
        if not self.held or self.object.state == State.PASSED_UP:
            return rows
        return with_removal(rows, "proposals:remove_handed_file")

    def facts(self) -> list[Fact]:
        row = self.object
        facts = [
            Fact("交办的上级机构", row.from_body),
            Fact("来文编号或原案号", row.their_number),
            Fact("原提案者", row.proposers),
            Fact("收到日期", row.received_on),
            Fact("上级规定的期限", row.due_on),
            Fact("改期的依据", row.agreed_later),
            Fact("受理的交办机构", row.matter.office or "交办时确定"),
            Fact("报送日期", row.passed_on),
            Fact("报送文号", row.passed_no),
            Fact("报送机构", row.passed_to),
        ]
        return [fact for fact in facts if fact.value]

    def acts(self) -> list[Act]:
        return [*(self.own_acts() if self.held else []), *self.panels.acts, *suspend_act(self.me, self.object.matter)]

    def own_acts(self) -> list[Act]:
        """What the office can do next, the first of them in colour."""
        offered = {
            State.RECEIVED: ["give_out", "change_due", "correct"],
            State.ASSIGNED: ["change_due", "correct"],
            State.ANSWERED: ["pass_up", "send_back", "change_due", "correct"],
            State.PASSED_UP: ["undo_passing"],
        }.get(State(self.object.state), [])
        at = [self.object.matter.public_id]
        return [
            Act(ACTS[name], reverse(f"proposals:{name}_handed_down", args=at), kind="primary" if name in FIRST else "")
            for name in offered
        ]


ACTS = {
    "give_out": "交办",
    "correct": "更正登记",
    "change_due": "登记上级改期",
    "pass_up": "登记报送",
    "send_back": "退回单位",
    "undo_passing": "撤销报送登记",
}
FIRST = ("give_out", "pass_up")


class Step(OneHandedDown, ActionPage[HandedDown]):
    """A form of the office about one of them."""

    action = "proposals.handed_down"

    def crumbs(self) -> list[Crumb]:
        return [*super().crumbs(), Crumb(self.object.matter.label, self.object.get_absolute_url())]

    def version(self) -> int | str | None:
        """The actions lock the row and look at its state themselves."""
        return None

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form.cleaned_data, form)
        return HttpResponseRedirect(self.object.get_absolute_url())

    def do(self, data: dict[str, Any], form: Any) -> None:
        raise NotImplementedError


class Correct(SeenMixin, Step):
    """What a colleague has corrected meanwhile is not written over."""

    title, submit_label, done_sentence, form_class = "更正登记", "保存更正", "已更正。", CorrectForm
    stale_sentence = "您打开本页之后，同事更正过：{changed}。请打开最新内容，再填写您的更正。"

    def shown(self) -> dict[str, str]:
        labels = {name: str(field.label) for name, field in EnterForm.base_fields.items()}
        return {labels[name]: str(value) for name, value in self.get_initial().items()}

    def check_locked(self) -> None:
        self.object.matter.locked()
        self.object = self.get_object()
        self.check_seen()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me, "given": self.object.state != State.RECEIVED}

    def get_initial(self) -> dict[str, Any]:
        row = self.object
        return {"title": row.matter.title, **{name: getattr(row, name) for name in actions.PLAIN}}

    def do(self, data: dict[str, Any], form: Any) -> None:
        row = actions.correct_entry(
            self.object, form.facts(), title=data["title"], file=data["file"], by=self.me, now=timezone.now()
        )
        warn(self.request, row)


class GiveOut(Step):
    title, submit_label, form_class = "交办上级交办件", "交办", GiveOutForm
    template_name = "proposals/with_units.html"
    done_sentence = "已交办，承办单位会收到通知。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "limit": handed_down.last_workday(self.object.due_on)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(units=unit_names(), **kwargs)

    def do(self, data: dict[str, Any], form: Any) -> None:
        actions.give_out(self.object, form.shares(), due_on=data["due_on"], by=self.me, now=timezone.now())


class ChangeDue(Step):
    title, submit_label, form_class = "登记上级改期", "登记", DueForm
    done_sentence = "已登记。还没有答复的承办单位按新的期限办理，会收到通知。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "now": self.object.due_on}

    def do(self, data: dict[str, Any], form: Any) -> None:
        actions.change_due(self.object, to=data["to"], how=data["how"], by=self.me, now=timezone.now())


class SendBack(Step):
    title, submit_label, form_class = "办理意见退回单位", "退回单位", SendBackForm
    done_sentence = "已退回，单位会收到通知。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "parts": handed_down.parts_answering(self.object)}

    def do(self, data: dict[str, Any], form: Any) -> None:
        actions.send_back_answer(self.object, data["part"], reason=data["reason"], by=self.me, now=timezone.now())


class PassUp(Step):
    title, submit_label, form_class = "登记报送上级", "登记报送", PassUpForm
    done_sentence = "已登记报送，本件办结。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def get_initial(self) -> dict[str, Any]:
        return {"to": self.object.from_body}

    def do(self, data: dict[str, Any], form: Any) -> None:
        facts = {name: data[name] for name in ("on", "number", "to", "file")}
        actions.pass_up(self.object, **facts, by=self.me, now=timezone.now())


class UndoPassing(Step):
    title, submit_label, form_class = "撤销报送登记", "撤销报送登记", UndoForm
    done_sentence = "已撤销，本件恢复为待报送。请重新登记报送。"

    def do(self, data: dict[str, Any], form: Any) -> None:
        actions.undo_passing(self.object, reason=data["reason"], by=self.me, now=timezone.now())


class RemoveHandedFile(OneHandedDown, ConfirmPage[HandedDown]):
    """Takes away a file that was brought in by mistake."""

    action = "proposals.handed_down"
    title, submit_label, done_sentence, danger = "删除附件", "删除附件", "附件已删除。", True

    def get_object(self) -> HandedDown:
        rows = Attachment.objects.kept().filter(purpose__in=OWNERS, assignment=None, event=None, released_at=None)
        held = rows.filter(matter__handed_down__in=self.get_queryset()).select_related("matter__handed_down")
        self.file = get_object_or_404(held, public_id=self.kwargs["public_id"])
        return self.get_queryset().get(matter=self.file.matter_id)

    def get_question(self) -> str:
        return f"将删除附件“{self.file.name}”，删除后不能恢复。"

    def crumbs(self) -> list[Crumb]:
        return [*super().crumbs(), Crumb(self.object.matter.label, self.object.get_absolute_url())]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.remove_handed_file(self.object, self.file, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.get_absolute_url())
