"""What the report office does with many reports at once: take them up for the bulletin, or keep them for reference."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from members.inbox.many import Many, Preview, Whom
from members.inbox.many import register as offer
from proposals.handling.models import Reason
from proposals.reports import actions
from proposals.reports.credits import authors_of
from proposals.reports.hands import party, to_screen
from proposals.reports.models import Report


def register() -> None:
    offer(Accept)
    offer(Keep)


class Decide(Many[Report]):
    """One decision on several that wait to be screened, urgent ones first; those that a colleague reads are left to him."""

    action = "reports.screen"
    unit_word = "篇"
    id_path = "matter__public_id"
    followed: ClassVar[str] = ""  # why one that others went into is left out

    def rows(self) -> QuerySet[Report]:
        rows = to_screen(self.by).select_related("matter", "claimed_by").prefetch_related("matter__followers")
        return rows.order_by("-urgent", "submitted_at", "pk")

    def name_of(self, row: Report) -> str:
        return f"{row.matter.label}　{row.matter.title}"

    def reference(self, row: Report) -> str:
        return row.matter.label

    def look(self, rows: Sequence[Report]) -> Preview:
        people = authors_of([row.matter_id for row in rows])
        own = set(party(self.by).filter(matter__in=[row.matter_id for row in rows]).values_list("matter", flat=True))
        why_not = {}
        for row in rows:
            if row.matter_id in own:
                why_not[row.pk] = "您是本篇的反映人，请由其他同事办理。"
            elif row.claimed_by_id not in (None, self.by.pk):
                why_not[row.pk] = f"{row.claimed_by}正在筛选，请先商量或接手。"
            elif self.followed and row.matter.followers.all():
                why_not[row.pk] = self.followed
        same = Counter(
            to_screen(self.by)
            .filter(fingerprint__in=[row.fingerprint for row in rows])
            .values_list("fingerprint", flat=True)
        )
        what = {row.pk: said_of(row, same[row.fingerprint]) for row in rows}
        told = [row for row in rows if row.pk not in why_not]
        amounts = Counter(str(one) for row in told for one in people[row.matter_id])
        whom = [(name, f"{amount} 篇") for name, amount in sorted(amounts.items(), key=lambda one: (-one[1], one[0]))]
        return Preview(why_not, what, Whom("通知的反映人", ("反映人", "篇数"), whom) if whom else None)

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those that this person still sees are named, with what became of them."""
        rows = Report.objects.visible_to(self.by).filter(matter__public_id__in=ids).select_related("matter")
        named = [f"{row.matter.label}现在是“{row.get_status_display()}”，不能这样办理。" for row in rows.order_by("pk")]
        return named + (super().lost(ids[len(named) :]) if len(named) < len(ids) else [])


def said_of(row: Report, same: int) -> str:
    """What one should know of a row before it is decided with others."""
    twins = f"与另外 {same - 1} 篇待筛选信息内容相同，可以先合并" if same > 1 else ""
    return "；".join(said for said in ("急报" if row.urgent else "", twins) if said)


class Accept(Decide):
    kind = "reports.accept_many"
    verb = "采编"

    def act(self, row: Report, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        actions.accept(row, by=self.by, now=now, sending=sending)


class Keep(Decide):
    kind = "reports.keep_many"
    verb = "留存"
    followed = "有信息合并到本篇，请先取消合并。"

    def act(self, row: Report, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        reason = Reason.objects.get(use=Reason.Use.REPORT_KEEP, code=facts["reason"])
        actions.keep(row, reason=reason, text=facts["text"], by=self.by, now=now, sending=sending)
