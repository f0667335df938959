"""为什么是这一天: a due date, day by day."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from members.pages import DetailPage, Signed
from members.shown import Crumb
from proposals.handling import clocks
from proposals.handling.eyes import eyes
from proposals.handling.foreseen import coming
from proposals.handling.knowing import known_to
from proposals.handling.models import Matter, Obligation
from proposals.handling.reminders import name_of
from proposals.handling.workdays import working_calendar


class Why(Signed, DetailPage[Obligation]):
    """Each counted and each skipped day of a clock, for whoever may know of it."""

    action = "handling.explain"
    title = "为什么是这一天"
    template_name = "handling/why.html"

    def get_queryset(self) -> QuerySet[Obligation]:
        rows = Obligation.objects.select_related("matter", "rule", "holder_body", "holder_person", "assignment")
        seen = Matter.objects.visible_to(self.me).filter(pk=OuterRef("matter"))
        return known_to(rows, self.me).annotate(matter_seen=Exists(seen))

    def crumbs(self) -> list[Crumb]:
        """Who holds a clock may not see its matter: an invitation to co-sign opens nobody's draft."""
        if not self.object.matter_seen:  # type: ignore[attr-defined]  # annotated above
            return []
        return [Crumb(name_of(self.object.matter), self.object.matter.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, calendar = self.object, working_calendar()
        reminders = None
        if row.is_running:
            reminders = coming(row, eyes(self.me, row.matter), self.me, calendar, now=timezone.now())
        return super().get_context_data(lines=clocks.explain(row, calendar), reminders=reminders, **kwargs)
