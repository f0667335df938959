"""The auditor's page: who did what to which number, without texts; looking is itself written down (S23)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from members.audit import record
from members.filters import AuditFilter
from members.models import AuditEntry
from members.pages import ListPage


class Audit(ListPage[AuditEntry]):
    action = "members.audit"
    title = "审计记录"
    template_name = "members/audit.html"
    filterset_class = AuditFilter
    unit_word = "条"
    empty_sentence = "没有符合条件的记录。"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        record("audit.read", by=self.person, now=timezone.now(), query=request.META.get("QUERY_STRING", "")[:200])
        return response

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.select_related("by").order_by("-pk")
