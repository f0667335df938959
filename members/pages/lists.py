"""Lists whose state is their address."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Generic
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django_filters import FilterSet

from members import tables
from members.errors import Refused
from members.forms import in_plain_words
from members.pages.page import M, Page
from members.shown import Act, Chip

COUNT_LIMIT = 1_000
PRINT_LIMIT = 1_000
OF_ONE_PAGE = ("page", "row", "all", "export", "print")
"""What of an address is not the state of its list."""


class BoundedPaginator:
    """Counts no further than a thousand, yet every page can be reached: a page looks one row ahead."""

    def __init__(self, rows: "models.QuerySet[Any]", per_page: int) -> None:
        self.rows = rows
        self.per_page = per_page

    @cached_property
    def keys(self) -> list[Any]:
        """The keys of the rows in their order, at most `COUNT_LIMIT + 1`: what was found once is not searched for again."""
        return list(self.rows.values_list("pk", flat=True)[: COUNT_LIMIT + 1])

    @property
    def count(self) -> int:
        """How many rows there are, at most `COUNT_LIMIT + 1`."""
        return len(self.keys)

    @property
    def amount(self) -> str:
        """The count in words: 13, or 1000+."""
        return f"{COUNT_LIMIT}+" if self.count > COUNT_LIMIT else str(self.count)

    @property
    def last_page(self) -> int | None:
        """The number of the last page, or None where nobody has counted that far."""
        return max(1, -(-self.count // self.per_page)) if self.count <= COUNT_LIMIT else None

    def page(self, wanted: str) -> "Rows":
        """Return the page of that number; what is not a number is the first page, beyond the end is the last one."""
        number = max(int(wanted), 1) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
        if self.last_page:
            number = min(number, self.last_page)
        start = (number - 1) * self.per_page
        found = self.part(start, start + self.per_page + 1)
        return Rows(found[: self.per_page], number, len(found) > self.per_page, self)

    def part(self, start: int, end: int) -> list[Any]:
        if end > COUNT_LIMIT + 1:
            return list(self.rows[start:end])
        keys = self.keys[start:end]
        return list(self.rows.filter(pk__in=keys)) if keys else []


@dataclass(frozen=True)
class Rows:
    """One page of a list."""

    rows: list[Any]
    number: int
    more: bool
    paginator: BoundedPaginator

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def first(self) -> int:
        return (self.number - 1) * self.paginator.per_page + 1

    def last(self) -> int:
        return self.first() + len(self.rows) - 1

    def numbers(self) -> list[int]:
        """The page numbers to offer around this one."""
        known = self.paginator.last_page or self.number + self.more
        return [n for n in range(self.number - 2, self.number + 3) if 1 <= n <= known]


@dataclass(frozen=True)
class Column:
    """A column of an export: its heading, and how to read it from a row."""

    label: str
    value: Callable[[Any], str | int | float | date | datetime | None]


class TablePage(Page):
    """A page whose table may leave the house, with the reason that it needs (S22)."""

    personal: ClassVar[bool] = False  # the columns hold personal data, so an export needs a reason

    @property
    def saved_key(self) -> str:
        """Under what name this page's exports are written down, and a list's saved views are kept."""
        return str(self.request.resolver_match.view_name) if self.request.resolver_match else self.action

    def send_table(self, table: tables.Table, *, count: int) -> HttpResponseBase:
        """Answer with the table as a file; without the reason it needs, ask for one."""
        reason = self.request.POST.get("reason", "")
        try:
            return tables.export(
                self.request,
                table,
                count=count,
                name=self.saved_key,
                personal=self.personal,
                reason=reason,
                now=timezone.now(),
            )
        except Refused as error:
            context = Page.get_context_data(self, sentence=str(error), count=count, reason=reason)
            context["can_go_on"] = count <= tables.NEEDS_SECOND_PERSON
            return TemplateResponse(self.request, "pages/export_reason.html", context, status=422)


class ListPage(TablePage, Generic[M]):
    """A list whose state is its address: filters, order, page.

    `?print=1` shows up to a thousand rows for the printer, `?export=xlsx` sends what the filter shows through the one
    table writer (S13), with `&row=…` only what was ticked. `sorts` maps a key of `?sort=` to columns; each order must end in a unique one.
    """

    template_name = "pages/list.html"
    filterset_class: ClassVar[type[FilterSet] | None] = None
    columns: ClassVar[Sequence[Column]] = ()
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {}
    per_page: ClassVar[int] = 25
    unit_word: ClassVar[str] = "件"
    id_path: ClassVar[str] = "public_id"
    empty_sentence: ClassVar[str] = "没有符合条件的内容。"
    extras: ClassVar[list[Callable[[HttpRequest, str], dict[str, Any]]]] = []

    def get_queryset(self) -> "models.QuerySet[M]":
        """The rows this person may see, in the order of the list."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows, filterset = self.filtered(self.get_queryset())
        if request.GET.get("export") == "xlsx" and self.columns:
            return self.export(self.ticked(rows))
        for_print = "print" in request.GET
        paginator = BoundedPaginator(rows, PRINT_LIMIT if for_print else self.per_page)
        context = self.get_context_data(
            page_obj=paginator.page(request.GET.get("page", "1")),
            filterset=filterset,
            chips=chips_of(filterset, request.GET) if filterset else [],
            sort=request.GET.get("sort", ""),
            for_print=for_print,
        )
        return self.render_to_response(context)

    def filtered(self, rows: "models.QuerySet[M]") -> tuple["models.QuerySet[M]", FilterSet | None]:
        filterset = None
        if self.filterset_class:
            filterset = self.filterset_class(self.request.GET, queryset=rows, request=self.request)
            in_plain_words(filterset.form)
            rows = filterset.qs
        return self.sorted(rows), filterset

    def sorted(self, rows: "models.QuerySet[M]") -> "models.QuerySet[M]":
        wanted = self.request.GET.get("sort", "")
        order = self.sorts.get(wanted.removeprefix("-"))
        if not order:
            return rows
        if wanted.startswith("-"):
            order = tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)
        return rows.order_by(*order)

    def bulk_acts(self) -> list[Act]:
        """What can be done with several rows at once: pages (`BulkPage`) that get them as `?row=…`.

        One that is `whole` takes everything under the filter as well, as `?all=1` with the filter of this address.
        """
        return []

    def export_columns(self) -> Sequence[Column]:
        """The columns of the table for this person."""
        return self.columns

    def exports_ticked(self) -> bool:
        """Whether rows can be ticked for an export of these alone."""
        return False

    def export(self, rows: "models.QuerySet[M]") -> HttpResponseBase:
        """Answer with the table of all rows that the filter shows."""
        count = rows.order_by().values("pk")[: tables.NEEDS_SECOND_PERSON + 1].count()
        columns = self.export_columns()
        lines = ([column.value(row) for column in columns] for row in rows.iterator(chunk_size=500))
        return self.send_table(tables.Table(self.get_title(), [column.label for column in columns], lines), count=count)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take the reason for a large export."""
        if request.GET.get("export") != "xlsx" or not self.columns:
            return self.http_method_not_allowed(request)
        rows, _ = self.filtered(self.get_queryset())
        return self.export(self.ticked(rows))

    def ticked(self, rows: "models.QuerySet[M]") -> "models.QuerySet[M]":
        """Those of the rows that were ticked, or all where none was. Raises 404 for a forged id."""
        ids = self.request.GET.getlist("row")
        try:
            return rows.filter(**{f"{self.id_path}__in": ids}) if ids else rows
        except ValidationError as error:
            raise Http404 from error

    @classmethod
    def shown_to(cls, request: HttpRequest) -> list[str]:
        """The ids of all rows that this list shows with the filter of the request's address, whatever page it is on.

        None, where the filter says nonsense: a list then shows more than was meant.
        """
        page = cls()
        page.setup(request)
        rows, filterset = page.filtered(page.get_queryset())
        if filterset and not filterset.form.is_valid():
            return []
        return [str(one) for one in rows.values_list(cls.id_path, flat=True)[: tables.NEEDS_SECOND_PERSON]]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bulk_acts, ticks = self.bulk_acts(), bool(self.columns) and self.exports_ticked()
        given = ((name, value) for name, values in self.request.GET.lists() for value in values)
        query = [(name, value) for name, value in given if value and name not in OF_ONE_PAGE]
        context = super().get_context_data(
            bulk_acts=bulk_acts,
            export_ticked=ticks,
            may_tick=bool(bulk_acts or ticks),
            query=query,
            whole_query=urlencode([("all", "1"), *query]) if any(act.whole for act in bulk_acts) else "",
            unit_word=self.unit_word,
            empty_sentence=self.empty_sentence,
            can_export=bool(self.columns),
            **kwargs,
        )
        for extra in self.extras:
            context.update(extra(self.request, self.saved_key))
        return context


def chips_of(filterset: FilterSet, query: QueryDict) -> list[Chip]:
    """Return one chip for each chosen value of the filters, with the address that leaves it out."""
    form = filterset.form
    if not form.is_valid():
        return []
    chips = []
    for name, field in form.fields.items():
        for raw, words in _chosen(field, form.cleaned_data.get(name), query.getlist(name)):
            left = query.copy()
            left.pop("page", None)
            left.setlist(name, [value for value in query.getlist(name) if value != raw])
            label = field.label or name
            text = label if isinstance(field, forms.NullBooleanField | forms.BooleanField) else f"{label}：{words}"
            chips.append(Chip(str(text), f"?{left.urlencode()}"))
    return chips


def _chosen(field: forms.Field, cleaned: Any, raws: list[str]) -> Iterable[tuple[str, str]]:
    """Pair each value of the address with the words a person would read for it."""
    if cleaned in (None, "", [], ()) or (hasattr(cleaned, "exists") and not raws):
        return []
    choices = getattr(field, "choices", None)
    if choices:
        words = {str(value): str(label) for value, label in choices}
        return [(raw, words[raw]) for raw in raws if raw in words and raw]
    return [(raw, raw) for raw in raws if raw]
