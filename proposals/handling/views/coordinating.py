"""The coordination meeting: called by the office, answered by the units invited, ended by a ruling (P9)."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.rights import bodies_of
from members.shown import Act, Fact
from proposals.handling import actions, forms, owners
from proposals.handling.actions import Paper
from proposals.handling.actions.sharing import returns_of
from proposals.handling.models import Assignment, Coordination, CoordinationOpinion, Objection
from proposals.handling.panels import coordination_facts, objection_facts
from proposals.handling.rights import in_hands_of
from proposals.handling.sights import note

from .base import AssignmentForm, PartForm
from .deciding import by_catalogue, home_of
from .queues import Waiting


def whole(rows: QuerySet[Coordination]) -> QuerySet[Coordination]:
    """Meetings with what their pages say of them."""
    asked = CoordinationOpinion.objects.select_related("unit").order_by("pk")
    rows = rows.select_related("assignment__matter", "assignment__unit", "assignment__office", "assignment__ruling")
    return rows.prefetch_related(Prefetch("opinions", asked))


class Coordinations(Waiting):
    """Meetings that have been called and not ruled upon."""

    action = "handling.rule_coordination"
    title = "协调会"
    empty_sentence = "没有待裁定的协调会。"
    act_word = "登记裁定"

    def rows(self) -> QuerySet[Coordination]:
        return whole(Coordination.objects.open())

    def line(self, row: Coordination) -> dict[str, Any]:
        opinions = list(row.opinions.all())
        given = sum(one.at is not None for one in opinions)
        what = f"{short_day(row.meets_on)}　{row.place}；邀请{len(opinions)}个单位，已提交意见{given}个"
        url = reverse("handling:rule_coordination", args=[row.public_id])
        return {"part": row.assignment, "what": what, "state": "协调中", "at": row.called_at, "url": url}


class CallCoordination(AssignmentForm):
    action = "handling.call_coordination"
    title = "召开协调会"
    form_class = forms.CallCoordinationForm
    submit_label = "召集，并通知有关单位"
    done_sentence = "已召集，有关单位会收到通知，并请被邀请单位书面答复是否接办。"

    def rows(self) -> QuerySet[Assignment]:
        return super().rows().select_related("ruling")

    def actor(self) -> int:
        return self.part.office_id

    def prepare(self) -> None:
        super().prepare()
        rows = Objection.objects.undecided().filter(assignment=self.object).select_related("reason", "suggested")
        self.objection = rows.first()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "why": self.objection is None}

    def get_initial(self) -> dict[str, Any]:
        suggested = self.objection and self.objection.suggested
        return {"units": [suggested] if suggested else []}

    def facts(self) -> list[Fact]:
        asked = objection_facts(self.objection) if self.objection else []
        times = Fact("该件已调整", f"{returns_of(self.object)}次")
        ruled = Fact("原裁定", self.object.ruling.text if self.object.ruling else "", wide=True)
        said = by_catalogue(self.part)
        return [fact for fact in (*super().facts(), times, *asked, ruled, *said) if fact.value]

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        said = {name: data[name] for name in ("meets_on", "place", "units", "reason") if name in data}
        actions.call_coordination(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class RuleCoordination(PartForm[Coordination]):
    """The meeting as it was held, and what it ruled."""

    action = "handling.rule_coordination"
    path = "assignment"
    title = "登记协调会和裁定"
    form_class = forms.RulingForm
    submit_label = "作出裁定，并通知有关单位"
    done_sentence = "已裁定，并通知有关单位；对裁定不再受理退回申请。"

    def rows(self) -> QuerySet[Coordination]:
        """On the way to the form those that are open; what is sent too late is answered with a sentence."""
        rows = Coordination.objects.all() if self.request.method == "POST" else Coordination.objects.open()
        return whole(rows)

    def actor(self) -> int:
        return self.part.office_id

    def acts(self) -> list[Act]:
        return [
            Act(f"代录{one.unit}的意见", reverse("handling:coordination_opinion", args=[one.public_id]))
            for one in self.object.opinions.all()
            if one.at is None
        ]

    def facts(self) -> list[Fact]:
        times = Fact("该件已调整", f"{returns_of(self.part)}次")
        said = coordination_facts(self.object, opinions=True)
        return [*super().facts(), times, *said, *by_catalogue(self.part)]

    def get_initial(self) -> dict[str, Any]:
        return {"held_on": min(self.object.meets_on, timezone.localdate())}

    def do(self, form: Any, paper: Paper | None) -> None:
        names = ("held_on", "chair", "present", "minutes", "ruling", "unit", "helpers", "text")
        self.ruled = actions.rule(
            self.object,
            **{name: form.cleaned_data[name] for name in names},
            scanned=bool(form.cleaned_data.get("file")),
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )

    def home(self) -> str:
        ruled: Assignment | None = getattr(self, "ruled", None)
        return home_of(ruled) if ruled else super().home()


class GiveOpinion(PartForm[CoordinationOpinion]):
    """An invited unit answers whether it takes the matter over; the offices record it from its paper."""

    action = "handling.coordination_opinion"
    path = "coordination__assignment"
    title = "协调会意见"
    form_class = forms.AnswerObjectionForm
    submit_label = "提交意见"
    done_sentence = "意见已提交交办机构，请按时参加协调会。"

    def rows(self) -> QuerySet[CoordinationOpinion]:
        rows = CoordinationOpinion.objects.select_related("unit", "coordination__assignment__unit")
        rows = rows.select_related(
            "coordination__assignment__matter", "coordination__assignment__office", "coordination__objection"
        )
        return rows if self.request.method == "POST" else rows.filter(at=None)

    def get_queryset(self) -> QuerySet[CoordinationOpinion]:
        """A unit gives its own, whoever keeps the file any."""
        rows = in_hands_of(self.rows(), self.me, self.action, self.path)
        if self.me.has_perm("handling.rule_coordination"):
            return rows
        return rows.filter(unit__in=bodies_of(self.me, self.action, timezone.localdate()))

    def his(self) -> QuerySet[CoordinationOpinion]:
        return CoordinationOpinion.objects.filter(unit__in=bodies_of(self.me, self.action, timezone.localdate()))

    def actor(self) -> int:
        return int(self.object.unit_id)

    def facts(self) -> list[Fact]:
        row = self.object.coordination
        note(self.me, [self.matter.pk])
        why = row.reason or (row.objection.text if row.objection else "")
        return [
            *super().facts(),
            Fact("会议", f"{short_day(row.meets_on)}　{row.place}"),
            Fact("召开原因", why, wide=True),
            Fact("提案内容", owners.of(self.matter).text(self.matter), wide=True),
        ]

    def home(self) -> str:
        return reverse("handling:queue" if self.me.has_perm("handling.read_unit") else "handling:coordinations")

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {name: form.cleaned_data[name] for name in ("accepts", "text")}
        actions.give_coordination_opinion(self.object, **said, by=self.me, now=timezone.now(), paper=paper)
