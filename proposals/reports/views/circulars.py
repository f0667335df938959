"""Circulars: the figures of a period with the reports behind each, and the table that may leave the office (S20)."""

import io
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase
from django.utils import timezone

from members import audit, tables
from members.pages import ListPage, Signed, TablePage
from members.shown import Act, Crumb, Tab
from proposals.handling.documents import table_docx
from proposals.reports.circulars import (
    COLUMNS,
    CUTS,
    FEW,
    HIDDEN_TOTAL,
    Circular,
    Line,
    Period,
    circular,
    period_of,
    recent,
)
from proposals.reports.models import Report

from .report import PEOPLE, authors_of

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class _Chosen(Signed):
    """Which period and which cut the address asks for; what it does not say is this month by members."""

    def chosen(self) -> tuple[Period, str]:
        today = timezone.localdate()
        asked = period_of(self.request.GET.get("period", "")) or period_of(f"{today.year}-{today.month:02d}")
        assert asked is not None
        cut = self.request.GET.get("by", "")
        return asked, cut if cut in CUTS else "member"


class Circulars(_Chosen, ListPage[Report]):
    """For the report office alone: exact figures, each with its reports below."""

    action = "reports.circulars"
    title = "社情民意信息通报"
    template_name = "reports/circular.html"
    unit_word = "篇"
    empty_sentence = "这里没有信息。"

    def get_queryset(self) -> QuerySet[Report]:
        self.period, self.cut = self.chosen()
        self.made = circular(self.period, self.cut, self.me)
        column = self.request.GET.get("of", "")
        self.column = column if column in COLUMNS else "submitted"
        key = self.request.GET.get("key", "")
        self.line = next((line for line in self.made.lines if line.key == key), self.made.total)
        rows = Report.objects.visible_to(self.me).filter(pk__in=self.line.found[self.column])
        return rows.select_related("matter").prefetch_related(PEOPLE).order_by("-submitted_at", "-pk")

    def way(self, **values: str) -> str:
        """The address with these values in place of its own."""
        here = {"period": self.period.code, "by": self.cut}
        return "?" + urlencode({name: value for name, value in {**here, **values}.items() if value})

    def cells(self, line: Line) -> list[tuple[int, str]]:
        return [(len(line.found[name]), self.way(key=line.key, of=name)) for name in COLUMNS]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.authors_shown = authors_of(row)
        lines = [(line.label, self.cells(line)) for line in (*self.made.lines, self.made.total)]
        return super().get_context_data(
            period=self.period,
            periods=recent(timezone.localdate()),
            cut=self.cut,
            cut_label=CUTS[self.cut],
            heads=list(COLUMNS.values()),
            lines=lines,
            few=FEW,
            tabs=[Tab(f"按{label}", self.way(by=cut), cut == self.cut) for cut, label in CUTS.items()],
            behind=f"{self.line.label}：{COLUMNS[self.column]}",
            **kwargs,
        )

    def acts(self) -> list[Act]:
        return [
            Act("通报（Word）", f"file/{self.way(format='docx')}", "download"),
            Act("通报（Excel）", f"file/{self.way(format='xlsx')}", "download"),
        ]


class CircularFile(_Chosen, TablePage):
    """The table that leaves the office: no sensitive report in it, and no figure that could point to a person."""

    action = "reports.circulars"
    title = "社情民意信息通报"

    def crumbs(self) -> list[Crumb]:
        return []

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        period, cut = self.chosen()
        made = circular(period, cut, self.me, outside=True)
        title = f"{period.name}社情民意信息通报（按{CUTS[cut]}）"
        heads, rows = [CUTS[cut], *COLUMNS.values()], outside_rows(made)
        if request.GET.get("format") == "xlsx":
            return self.send_table(tables.Table(title, heads, rows), count=len(rows))
        note = f"多人联名的各计一篇，合计按篇数；少于{FEW}篇的不单列数字，据此能推算出来的数字也不列（—）。被几个层级采用、批示的，各层级各计一篇。敏感信息不计入。"
        subject = self.saved_key
        audit.record("export", by=self.me, subject=subject, now=timezone.now(), rows=len(rows), format="docx")
        paper = table_docx(title, heads, rows, [48, *[15] * len(COLUMNS)], note=note)
        return FileResponse(io.BytesIO(paper), as_attachment=True, filename=f"{title}.docx", content_type=WORD)


def outside_rows(made: Circular) -> list[list[str]]:
    """The lines whose figures point to nobody; all others together in one."""
    named = [line for line in made.lines if max(map(len, line.found.values())) >= FEW]
    rest = [line for line in made.lines if line not in named]
    if rest:
        together = Line("", f"其余{len(rest)}个")
        for line in rest:
            for name, found in line.found.items():
                together.found[name] |= found
        named.append(together)
    rows = [[line.label, *line.figures()] for line in named]
    return [*rows, [made.total.label, *_totals(made, named)]]


def _totals(made: Circular, lines: list[Line]) -> list[str]:
    """The last line; a total from which few reports could be reckoned that stand hidden above it is hidden as well."""
    shown = made.total.figures()
    for place, name in enumerate(COLUMNS):
        told = [line.found[name] for line in lines if line.told(name)]
        left = made.total.found[name].difference(*told)
        if 0 < len(left) < FEW or any(name in line.telling() for line in lines):
            shown[place] = HIDDEN_TOTAL
    return shown
