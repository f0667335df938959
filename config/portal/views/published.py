"""Published proposals, without an account: list, page, feed, site map and open data (M16).

Everything is asked of today's rows each time; caches may keep it, but ask again before they show it (S19).
"""

import json
from datetime import datetime, time
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.forms import TextInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.feedgenerator import Rss201rev2Feed
from django.views.decorators.http import conditional_page

from members import tables
from members.models import Body
from members.pages import DetailPage, ListPage, Page
from members.shown import Act, Crumb
from proposals import public
from proposals.filters import CATEGORIES, SESSIONS
from proposals.handling.documents import said
from proposals.handling.models import Assignment
from proposals.models import Publication

FEED = 50
SITEMAP = 50_000
COLUMNS = ("届次", "案号", "案由", "提案者", "类别", "承办单位", "公布日期", "网址")


class Revalidated(Page):
    """A page that a browser may keep if it asks each time whether it is still so; it belongs to its reader's settings."""

    public = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        return response


@method_decorator(conditional_page, name="dispatch")
class Published(Page):
    """What is the same for everybody: shared caches may keep it, asking each time whether it is still so."""

    public = True
    content_type = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = HttpResponse(self.content(), content_type=f"{self.content_type}; charset=utf-8")
        patch_cache_control(response, public=True, no_cache=True)
        return response

    def content(self) -> str:
        raise NotImplementedError

    def absolute(self, path: str) -> str:
        return self.request.build_absolute_uri(path)


def published_units(request: Any) -> QuerySet[Body]:
    """Units of which something is published."""
    out = Publication.objects.public(timezone.localdate()).values("proposal__matter")
    parts = Assignment.objects.current().filter(matter__in=out)
    return Body.objects.filter(pk__in=parts.values("unit")).order_by("pinyin", "pk")


class PublicFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="案由", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    session = django_filters.ModelChoiceFilter(
        field_name="proposal__matter__session", queryset=SESSIONS, to_field_name="code", label="届次",
        empty_label="全部届次",
    )  # fmt: skip
    category = django_filters.ModelChoiceFilter(
        field_name="proposal__category", queryset=CATEGORIES, to_field_name="public_id", label="类别",
        empty_label="全部类别",
    )  # fmt: skip
    unit = django_filters.ModelChoiceFilter(
        queryset=published_units,  # type: ignore[arg-type]  # asked for each request
        to_field_name="public_id", label="承办单位", empty_label="全部单位",
        method="by_unit",
    )  # fmt: skip

    class Meta:
        model = Publication
        fields: list[str] = []

    def search(self, rows: QuerySet[Publication], name: str, text: str) -> QuerySet[Publication]:
        return public.called(rows, text.strip()[:60])

    def by_unit(self, rows: QuerySet[Publication], name: str, unit: Body) -> QuerySet[Publication]:
        held = Assignment.objects.current().filter(unit=unit)
        return rows.filter(proposal__matter__in=held.values("matter"))


class OpenList(Revalidated, ListPage[Publication]):
    title = "提案公开"
    template_name = "portal/open.html"
    filterset_class = PublicFilter
    extras: ClassVar[list[Any]] = []  # nobody keeps a view of his own here
    empty_sentence = "还没有公布的提案。提案办复并经公开审查后，在这里公布提案和答复全文。"

    def get_queryset(self) -> QuerySet[Publication]:
        return public.published()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "lines": public.lines_of(context["page_obj"])}


class OpenProposal(Revalidated, DetailPage[Publication]):
    """One published proposal with its replies; where one was taken back, that it was."""

    template_name = "portal/open_proposal.html"

    def get_object(self) -> Publication:
        return get_object_or_404(public.published(), proposal__matter__public_id=self.kwargs["public_id"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            rows = Publication.objects.taken_back().select_related("proposal__matter__session")
            row = rows.filter(proposal__matter__public_id=kwargs["public_id"]).first()
            if row is None:
                raise
        return render(request, "portal/open_gone.html", {"title": "已撤回公开", "row": row}, status=410)

    def get_title(self) -> str:
        return public.line_of(self.object).title

    def crumbs(self) -> list[Crumb]:
        return [Crumb("提案公开", reverse("portal:open"))]

    def acts(self) -> list[Act]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.object
        return super().get_context_data(
            facts=public.facts_of(row),
            text=public.text_of(row),
            replies=public.replies_of(row),
            promises=public.promises_of(row),
            evaluation=public.evaluation_of(row),
            **kwargs,
        )


class OpenHonours(Revalidated):
    """Outstanding proposals and advanced units that were announced; of proposals those that are published (M13)."""

    title = "优秀提案和先进承办单位"
    template_name = "portal/open_honours.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("提案公开", reverse("portal:open"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(awards=public.honours(), **kwargs)


class Feed(Published):
    """The newest published proposals as RSS."""

    content_type = "application/rss+xml"

    def content(self) -> str:
        feed = Rss201rev2Feed(
            title="提案公开",
            link=self.absolute(reverse("portal:open")),
            description="新公布的提案和答复",
            language="zh-CN",
            feed_url=self.absolute(self.request.path),
        )
        for line in public.lines_of(public.published()[:FEED]):
            feed.add_item(
                title=said(line.title),
                link=self.absolute(line.url),
                description=said(line.gist),
                categories=[said(line.category)] if line.category else [],
                unique_id=self.absolute(line.url),
                pubdate=timezone.make_aware(datetime.combine(line.published_on, time())),
            )
        return feed.writeString("utf-8")


class SiteMap(Published):
    """Addresses for search engines: the public pages and nothing else."""

    content_type = "application/xml"

    def content(self) -> str:
        rows = public.published().values_list("proposal__matter__public_id", "publish_on")[:SITEMAP]
        pages = "".join(
            f"<url><loc>{self.absolute(reverse('portal:open_proposal', args=[public_id]))}</loc>"
            f"<lastmod>{on}</lastmod></url>\n"
            for public_id, on in rows
        )
        first = "".join(
            f"<url><loc>{self.absolute(reverse(name))}</loc></url>\n"
            for name in ("portal:home", "portal:open", "portal:open_honours")
        )
        head = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        return f"{head}{first}{pages}</urlset>\n"


class Robots(Published):
    """Search engines read what is public and ask for nothing else."""

    content_type = "text/plain"

    def content(self) -> str:
        lines = ("User-agent: *", "Allow: /$", "Allow: /open/", "Allow: /static/", "Disallow: /")
        return "\n".join([*lines, f"Sitemap: {self.absolute(reverse('portal:sitemap'))}", ""])


class OpenJson(Published):
    """The list of everything published, for whoever works with it."""

    content_type = "application/json"

    def content(self) -> str:
        rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in table_of(self)]
        return json.dumps({"提案": rows}, ensure_ascii=False, indent=1)


class OpenCsv(Published):
    """The same for a spreadsheet, through the one writer of tables (S13)."""

    content_type = "text/csv"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        response["Content-Disposition"] = 'attachment; filename="open-proposals.csv"'
        return response

    def content(self) -> str:
        return "".join(tables.csv_lines(tables.Table("提案公开", COLUMNS, table_of(self))))


def table_of(page: Published) -> list[list[str]]:
    return [
        [
            line.session, line.number, line.title, line.proposers, line.category, line.units,
            line.published_on.isoformat(), page.absolute(line.url),
        ]
        for line in public.lines_of(public.published())
    ]  # fmt: skip
