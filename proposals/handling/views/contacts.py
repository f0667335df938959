"""Which replies were preceded by a talk with the proposers (面商情况, P29)."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import FilterSet

from members.pages import Column, ListPage, Signed
from proposals.handling import owners
from proposals.handling.contacted import State, by_contact, figures_by_unit
from proposals.handling.filters import ContactFilter
from proposals.handling.models import Reply
from proposals.handling.rights import in_hands_of

LABELS: dict[str, str] = dict(State.choices)


class Contacts(Signed, ListPage[Reply]):
    """Delivered replies with their contact, and the figures of each unit above: so many of so many replies."""

    action = "handling.ledger"
    title = "沟通情况"
    template_name = "handling/contact_ledger.html"
    filterset_class = ContactFilter
    unit_word = "份答复"
    empty_sentence = "没有符合条件的答复。"
    columns = (
        Column("编号", lambda row: row.assignment.matter.number or ""),
        Column("案由", lambda row: row.assignment.matter.title_for_units),
        Column("承办单位", lambda row: row.assignment.unit.name),
        Column("答复日期", lambda row: row.replied_on),
        Column("沟通情况", lambda row: LABELS[row.contact]),
        Column("未沟通的原因", lambda row: row.no_contact_reason if row.contact == State.NONE else ""),
    )

    def get_queryset(self) -> QuerySet[Reply]:
        delivered = Reply.objects.filter(state=Reply.State.DELIVERED, imported=False)
        delivered = delivered.filter(assignment__matter__kind__in=owners.contacting())
        rows = in_hands_of(delivered, self.me, self.action, "assignment")
        rows = rows.select_related("assignment__matter__session", "assignment__unit")
        return by_contact(rows, on=timezone.localdate()).order_by("-replied_on", "-pk")

    def filtered(self, rows: QuerySet[Reply]) -> tuple[QuerySet[Reply], FilterSet | None]:
        found, filterset = super().filtered(rows)
        self.found = found
        return found, filterset

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.contact_label = LABELS[row.contact]
        return super().get_context_data(units=figures_by_unit(self.found), **kwargs)
