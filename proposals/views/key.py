"""Key proposals (重点提案): the committee's list, the page of one, and a form for each step."""

from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.days import short_day
from members.models import Body, Session
from members.pages import Column, ConfirmPage, DetailPage, ListPage, Signed
from members.queries import holding
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact
from proposals import actions, keyed
from proposals.handling.actions import stricter
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, Matter
from proposals.handling.queries import proposal_office
from proposals.key_forms import (
    AskForm,
    ChooseForm,
    DropForm,
    InstructionForm,
    LeaderForm,
    NoticeForm,
    OpinionForm,
    PlanForm,
    ResultForm,
    ShortlistForm,
    VisitForm,
    WhyForm,
)
from proposals.models import Instruction, KeyOpinion, KeyProposal, Proposal
from proposals.naming import title_shown
from proposals.rights import is_held

from .base import OneProposal, ProposalPage, SaysTooLate, name_of, to
from .reading import PEOPLE

State = KeyProposal.State
WITH_MATTER = ("proposal__matter__session", "proposal__matter__leader")


class KeyFilter(django_filters.FilterSet):
    session = django_filters.ModelChoiceFilter(
        field_name="proposal__matter__session",
        queryset=Session.objects.newest_first(),
        to_field_name="code",
        label="届次",
        empty_label="全部届次",
    )
    state = django_filters.ChoiceFilter(choices=State.choices, label="状态", empty_label="全部状态")
    leader = django_filters.ModelChoiceFilter(
        field_name="proposal__matter__leader",
        queryset=lambda _: holding(Role.LEADER),  # type: ignore[arg-type]  # asked for with each request
        to_field_name="public_id",
        label="领办领导",
        empty_label="全部领导",
    )
    unit = django_filters.ModelChoiceFilter(
        queryset=Body.objects.units().order_by("pinyin", "pk"),
        to_field_name="public_id",
        label="承办单位",
        empty_label="全部单位",
        method="by_unit",
    )

    class Meta:
        model = KeyProposal
        fields: list[str] = []

    def by_unit(self, rows: QuerySet[KeyProposal], name: str, unit: Body) -> QuerySet[KeyProposal]:
        given = Assignment.objects.current().filter(unit=unit)
        return rows.filter(proposal__matter__in=given.values("matter"))


def units_in(key: KeyProposal) -> str:
    """The units that have it in hand now, the leading one first."""
    rows = [row for row in key.proposal.matter.assignments.all() if row.ended_at is None]
    return "、".join(str(row.unit) for row in sorted(rows, key=lambda row: row.pk))


def day_of(key: KeyProposal) -> Any:
    return keyed.next_day(key, on=timezone.localdate())


class KeyList(Signed, ListPage[KeyProposal]):
    """The shortlist and the key proposals, those in hand first."""

    action = "proposals.key_list"
    title = "重点提案"
    template_name = "proposals/key_list.html"
    filterset_class = KeyFilter
    empty_sentence = "没有符合条件的重点提案。"
    columns = (
        Column("届次", lambda row: row.proposal.matter.session.name if row.proposal.matter.session else ""),
        Column("案号", lambda row: row.proposal.matter.number or ""),
        Column("案由", lambda row: row.title_shown),
        Column("状态", lambda row: row.get_state_display()),
        Column("领办领导", lambda row: str(row.proposal.matter.leader or "")),
        Column("承办单位", units_in),
        Column("主席会议日期", lambda row: row.decided_on),
        Column("下一个日期", lambda row: day_of(row)[0]),
        Column("下一个日期是", lambda row: day_of(row)[1]),
    )

    def get_queryset(self) -> QuerySet[KeyProposal]:
        rows = keyed.with_next(keyed.keys_of_list(self.me), on=timezone.localdate())
        rows = rows.annotate(title_shown=title_shown(self.me, "proposal__matter"))
        rows = rows.select_related(*WITH_MATTER).prefetch_related("proposal__matter__assignments__unit")
        return rows.order_by(F("decided_on").desc(nulls_first=True), "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.units_shown = units_in(row)
            row.day, row.day_is = day_of(row)
        return super().get_context_data(**kwargs)


class Led(Signed, ListPage[KeyProposal]):
    """What a leader leads, for himself or his secretary: where each stands, and what is expected of him now."""

    action = "proposals.led"
    title = "我领办的重点提案"
    template_name = "proposals/led.html"
    empty_sentence = "目前没有由您领办的重点提案。"

    def get_queryset(self) -> QuerySet[KeyProposal]:
        rows = keyed.with_next(keyed.led_by(self.me), on=timezone.localdate())
        rows = rows.select_related(*WITH_MATTER).prefetch_related("proposal__matter__assignments__unit")
        return rows.order_by(F("result_on").asc(nulls_first=True), "plan_due_on", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.units_shown = units_in(row)
            row.expected = keyed.expected_of_leader(row)
            row.day, row.day_is = day_of(row)
        return super().get_context_data(instructions=self.instructions(), **kwargs)

    def instructions(self) -> list[Instruction]:
        """What this leader himself wrote on proposals that he still sees."""
        rows = Instruction.objects.filter(leader=self.me, proposal__matter__in=Matter.objects.visible_to(self.me))
        return list(rows.select_related("proposal__matter").order_by("-on", "-pk")[:20])


class Key(OneProposal, DetailPage[Proposal]):
    """One key proposal as this person may see it, and what leaders wrote on it."""

    action = "proposals.list"
    title = "督办与批示"
    template_name = "proposals/key.html"

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = Proposal.objects.visible_to(self.me).annotate(title_shown=title_shown(self.me))
        return rows.select_related("matter__leader", "matter__session", "key__secretary").prefetch_related(PEOPLE[0])

    def get_object(self) -> Proposal:
        proposal = super().get_object()
        self.key: KeyProposal | None = getattr(proposal, "key", None)
        self.view = eyes(self.me, proposal.matter)
        self.stands = keyed.view_of(self.me, proposal, self.view, self.key)
        self.asked = self.key is not None and not self.stands.office and keyed.is_asked(self.me, self.key)
        shown = self.key is not None and (self.key.state in KeyProposal.KEY or self.stands.office)
        self.instructions = keyed.instructions_for(self.me, proposal, self.stands)
        if not (shown and self.stands.concerned) and not (self.asked or self.instructions or self.stands.works):
            raise Http404
        self.shows_key = shown and self.stands.concerned
        return proposal

    def get_title(self) -> str:
        return f"{name_of(self.object)}　督办与批示"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = self.key if self.shows_key or self.asked else None
        return super().get_context_data(
            proposal=self.object,
            key=key,
            facts=self.facts(key) if key else [],
            opinions=self.opinions(key) if key else [],
            plan=key.plan if key and self.shows_key and self.stands.inside else "",
            visits=list(key.visits.order_by("-on", "-pk")) if key and self.shows_key else [],
            inside=self.stands.inside,
            instructions=self.instructions,
            **kwargs,
        )

    def facts(self, key: KeyProposal) -> list[Fact]:
        facts = [Fact("案由", self.object.title_shown, wide=True), Fact("状态", key.get_state_display())]  # type: ignore[attr-defined]  # annotated
        if self.stands.office or self.asked:
            facts.append(Fact("入围理由", key.reason, wide=True))
        if not self.shows_key:
            return facts
        if key.decided_on:
            number = f"（{key.decision_no}）" if key.decision_no else ""
            facts.append(Fact("主席会议决定", f"{short_day(key.decided_on)}{number}　{key.decision}", wide=True))
        if key.state in KeyProposal.KEY:
            facts.append(Fact("领办领导", str(self.object.matter.leader or "待定")))
        if key.secretary and self.stands.inside:
            facts.append(Fact("联系秘书", str(key.secretary)))
        if key.notice_on and self.stands.inside:
            facts.append(Fact("领办通知", f"{short_day(key.notice_on)}{key.notice_how}"))
        if key.plan_due_on:
            facts.append(Fact("督办方案完成日期", key.plan_due_on))
        if key.ended_reason and self.stands.office:
            facts.append(Fact("理由", key.ended_reason, wide=True))
        if key.result_on:
            facts.append(Fact("督办成效", f"{short_day(key.result_on)}　{key.result}", wide=True))
        return facts

    def opinions(self, key: KeyProposal) -> list[dict[str, Any]]:
        """The office reads them all, an office that was asked its own."""
        mine = set(bodies_of(self.me, "proposals.give_key_opinion", timezone.localdate()))
        rows = key.opinions.select_related("body").order_by("pk")
        return [
            {"row": row, "may_answer": key.state == State.SHORTLISTED and row.answered_at is None}
            for row in rows
            if self.stands.office or row.body_id in mine
        ]

    def acts(self) -> list[Act]:
        """What this person may do now: the next step of the way first."""
        found: list[Act] = []
        state = self.key.state if self.key else ""
        for action, name, label, icon, states in ACTS:
            handed = name == "key_notice" and self.key is not None and self.key.notice_on is not None
            if state in states and not handed and self.me.has_perm(action) and is_held(self.me, self.object, action):
                found.append(Act(label, to(self.object, name), icon, "" if found else "primary"))
        if self.key and state == State.LED and self.stands.office and self.key.notice_on is None:
            found.insert(0, Act("打印领办通知", to(self.object, "key_letter"), "printer"))
        if self.me.has_perm("proposals.instruct") and is_held(self.me, self.object, "proposals.instruct"):
            found.append(Act("登记圈阅、批示", to(self.object, "key_instruct"), "pen-line"))
        return found


NO_KEY = ("", State.NOT_CHOSEN, State.CEASED)
LED = (State.LED, State.RUNNING)
ACTS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("proposals.shortlist", "key_shortlist", "列入重点提案候选", "flag", NO_KEY),
    ("proposals.choose_key", "key_choose", "登记主席会议决定", "gavel", (State.SHORTLISTED,)),
    ("proposals.choose_key", "key_ask", "征求意见", "message-square-reply", (State.SHORTLISTED,)),
    ("proposals.choose_key", "key_drop", "未列入", "undo-2", (State.SHORTLISTED,)),
    ("proposals.lead_key", "key_leader", "确定领办领导", "user-round", (State.CHOSEN,)),
    ("proposals.lead_key", "key_visit", "登记督办活动", "users", (State.RUNNING,)),
    ("proposals.lead_key", "key_plan", "督办方案", "file-text", LED),
    ("proposals.lead_key", "key_notice", "登记领办通知送达", "send", LED),
    ("proposals.lead_key", "key_finish", "登记督办成效", "circle-check", (State.RUNNING,)),
    ("proposals.lead_key", "key_leader", "更换领办领导", "user-round", LED),
    ("proposals.lead_key", "key_cease", "不再列为重点", "undo-2", KeyProposal.IN_HAND),
)


class KeyAct(SaysTooLate):
    """One step; it leads back to the page of the key proposal."""

    submit_label = "登记"

    def crumbs(self) -> list[Crumb]:
        return [*super().crumbs(), Crumb("督办与批示", to(self.object, "key"))]

    def do(self, form: Any) -> None:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(to(self.object, "key"))

    @property
    def known(self) -> KeyProposal | None:
        return getattr(self.object, "key", None)


class PlainAct(KeyAct):
    """A step that is taken in the house, without a sheet."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return ProposalPage.get_form_kwargs(self)


class Shortlist(PlainAct):
    action = "proposals.shortlist"
    form_class = ShortlistForm
    title = "列入重点提案候选"
    submit_label = "列入候选"
    done_sentence = "已列入重点提案候选，只有提案委能看到。"

    def do(self, form: Any) -> None:
        actions.shortlist(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class Ask(PlainAct):
    action = "proposals.choose_key"
    form_class = AskForm
    title = "就候选征求意见"
    submit_label = "征求意见"
    done_sentence = "已征求意见。"

    def do(self, form: Any) -> None:
        actions.ask_opinions(self.object, form.cleaned_data["bodies"], by=self.me, now=timezone.now())


class GiveOpinion(KeyAct):
    """An office answers; the proposal office records what came in on paper."""

    action = "proposals.give_key_opinion"
    form_class = OpinionForm
    title = "对重点提案候选的意见"
    submit_label = "提交意见"
    done_sentence = "意见已提交。"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever was asked sees the candidate no more once the council has decided."""
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            if not self.asked().filter(public_id=kwargs["public_id"]).exists():
                raise
        return self.too_late("这件候选已有决定，或已不再征求意见，刚才的意见没有提交。", reverse("portal:desk"))

    def asked(self) -> QuerySet[KeyOpinion]:
        rows = KeyOpinion.objects.select_related("key__proposal__matter", "body")
        if self.me.has_perm("proposals.choose_key"):
            return rows
        return rows.filter(body__in=bodies_of(self.me, self.action, timezone.localdate()))

    def get_object(self) -> Proposal:
        rows = self.asked().filter(key__proposal__matter__in=Matter.objects.visible_to(self.me))
        self.row = get_object_or_404(rows, public_id=self.kwargs["public_id"])
        return self.row.key.proposal

    def get_title(self) -> str:
        return f"{self.row.body}的意见：{name_of(self.object)}"

    def do(self, form: Any) -> None:
        text, paper = form.cleaned_data["text"], self.paper_of(form)
        actions.give_opinion(self.row, text=text, by=self.me, now=timezone.now(), paper=paper)


class Choose(KeyAct):
    action = "proposals.choose_key"
    form_class = ChooseForm
    title = "登记主席会议决定：列为重点"
    submit_label = "列为重点提案"
    done_sentence = "已列为重点提案，请在期限内确定领办领导并送达通知。"
    template_name = "proposals/key_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(notes=self.notes(), **kwargs)

    def notes(self) -> list[str]:
        """Beforehand: what the stricter ladder will do to the units' answers."""
        lines = []
        for one in stricter(self.object.matter):
            old, new = short_day(one.obligation.due_on), short_day(one.due_on)
            day = f"期限由{old}改为{new}" if one.moves else f"期限{old}不变"
            unit = one.obligation.assignment.unit if one.obligation.assignment else ""
            steps = (
                "、".join(step.name for step in one.rule.ladder.steps.order_by("offset_workdays"))
                if one.rule.ladder
                else ""
            )
            lines.append(f"{unit}：{day}，提醒改为{steps}。")
        return ["列为重点后，承办单位的答复按“重点提案答复”提醒：", *lines] if lines else []

    def do(self, form: Any) -> None:
        data = {name: form.cleaned_data[name] for name in ("on", "number", "text")}
        actions.choose_key(self.object, **data, by=self.me, now=timezone.now(), paper=self.paper_of(form))


class Drop(KeyAct):
    action = "proposals.choose_key"
    form_class = DropForm
    title = "未列入重点提案"
    done_sentence = "已登记未列入重点提案。"

    def do(self, form: Any) -> None:
        paper = self.paper_of(form)
        actions.drop_candidate(
            self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now(), paper=paper
        )


class Cease(KeyAct):
    action = "proposals.lead_key"
    form_class = WhyForm
    title = "不再列为重点提案"
    done_sentence = "已不再列为重点提案，承办单位的提醒恢复为普通安排。"

    def do(self, form: Any) -> None:
        paper = self.paper_of(form)
        actions.cease_key(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now(), paper=paper)


class Leader(PlainAct):
    action = "proposals.lead_key"
    form_class = LeaderForm
    title = "确定领办领导"
    submit_label = "确定"
    done_sentence = "已确定领办领导，请打印领办通知并送达；系统不会自行通知领导。"

    def get_initial(self) -> dict[str, Any]:
        key = self.known
        if key is None:
            return {}
        leader, secretary = self.object.matter.leader, key.secretary
        return {"leader": leader and leader.public_id, "secretary": secretary and secretary.public_id}

    def do(self, form: Any) -> None:
        actions.name_leader(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class Letter(OneProposal, DetailPage[Proposal]):
    """The notice to the leader, to be printed and handed over by a person (P2)."""

    action = "proposals.lead_key"
    title = "重点提案领办通知"
    template_name = "proposals/key_letter.html"

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = super().get_queryset().filter(key__state__in=LED, matter__leader__isnull=False)
        return rows.select_related("key", "matter__leader").prefetch_related("matter__assignments__unit")

    def crumbs(self) -> list[Crumb]:
        return [*super().crumbs(), Crumb("督办与批示", to(self.object, "key"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            key=self.object.key,
            units=units_in(self.object.key),
            issuer=proposal_office(on=timezone.localdate()),
            today=timezone.localdate(),
            **kwargs,
        )


class Notice(PlainAct):
    action = "proposals.lead_key"
    form_class = NoticeForm
    title = "登记领办通知送达"
    done_sentence = "已登记领办通知送达。"

    def do(self, form: Any) -> None:
        actions.hand_notice(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class Plan(KeyAct):
    action = "proposals.lead_key"
    form_class = PlanForm
    title = "督办方案"
    submit_label = "保存方案"
    done_sentence = "已登记督办方案。"

    def get_initial(self) -> dict[str, Any]:
        return {"text": self.known.plan, "due_on": self.known.plan_due_on} if self.known else {}

    def do(self, form: Any) -> None:
        data = {name: form.cleaned_data[name] for name in ("text", "due_on")}
        actions.plan_key(self.object, **data, by=self.me, now=timezone.now(), paper=self.paper_of(form))


class RecordVisit(KeyAct):
    action = "proposals.lead_key"
    form_class = VisitForm
    title = "登记督办活动"
    done_sentence = "已登记督办活动。"

    def do(self, form: Any) -> None:
        actions.record_visit(self.object, form.visit(), by=self.me, now=timezone.now(), paper=self.paper_of(form))


class Finish(KeyAct):
    action = "proposals.lead_key"
    form_class = ResultForm
    title = "登记督办成效"
    submit_label = "督办办结"
    done_sentence = "已登记督办成效，督办办结。"

    def do(self, form: Any) -> None:
        data = {name: form.cleaned_data[name] for name in ("result", "on")}
        actions.finish_key(self.object, **data, by=self.me, now=timezone.now(), paper=self.paper_of(form))


class Instruct(PlainAct):
    """The office that keeps the sheet records what came back from a leader (P18)."""

    action = "proposals.instruct"
    form_class = InstructionForm
    title = "登记圈阅、批示、转办"
    done_sentence = "已登记。"

    def get_form_kwargs(self) -> dict[str, Any]:
        given = Assignment.objects.current().filter(matter=self.object.matter)
        units = Body.objects.filter(pk__in=given.values("unit")).order_by("pinyin", "pk")
        return {**super().get_form_kwargs(), "units": units}

    def do(self, form: Any) -> None:
        actions.record_instruction(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class Release(Signed, ConfirmPage[Instruction]):
    """Lets the proposers and the units read what a leader wrote."""

    action = "proposals.instruct"
    title = "同意转告批示内容"
    question = "同意后，提案者和各承办单位都能看到这份批示的内容，不能收回。"
    submit_label = "同意转告"
    done_sentence = "已同意转告。"

    def get_queryset(self) -> QuerySet[Instruction]:
        keeping = bodies_of(self.me, self.action, timezone.localdate())
        rows = Instruction.objects.filter(office__in=keeping, proposal__matter__in=Matter.objects.visible_to(self.me))
        return rows.exclude(text="").select_related("proposal__matter")

    def version(self) -> None:
        return None

    def crumbs(self) -> list[Crumb]:
        return [Crumb("督办与批示", to(self.object.proposal, "key"))]

    def facts(self) -> list[Fact]:
        row = self.object
        return [
            Fact("提案", name_of(row.proposal)),
            Fact("类别", str(row)),
            Fact("日期", row.on),
            Fact("内容", row.text, wide=True),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.release_instruction(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object.proposal, "key"))
