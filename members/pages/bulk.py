"""One act on several rows: all that can be done is done, and every row that is not says why."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from members.errors import Refused, WrongStep
from members.pages.acts import FormPage
from members.pages.lists import ListPage
from members.pages.page import M

NOTHING_CHOSEN = "没有选中可以办理的内容。请回到列表，先勾选。"


class BulkPage(FormPage, Generic[M]):
    """Lists the chosen rows with what will happen to each, and acts on them when it is confirmed.

    Chosen are those that were ticked (`?row=…`), or with `?all=1` everything that the filter of `list_page` shows, as
    that page itself would show it to this person. What is confirmed are the rows of the preview, and no others.
    """

    template_name = "pages/bulk.html"
    list_page: ClassVar[type[ListPage[Any]] | None] = None
    most: ClassVar[int] = 100
    done_verb: ClassVar[str] = "办理"
    unit_word: ClassVar[str] = "件"
    id_path: ClassVar[str] = "public_id"

    def get_queryset(self) -> "models.QuerySet[M]":
        """The rows in this person's hands."""
        raise NotImplementedError

    def act(self, row: M, form: Any) -> None:
        """Make the one call for this row; what the domain refuses is reported beside it."""
        raise NotImplementedError

    def why_not(self, row: M) -> str:
        """Why this row would be skipped, as far as one can say before trying; empty if it would not."""
        return ""

    def name_of(self, row: M) -> str:
        return str(row)

    def what(self, row: M) -> str:
        """What happens to this row, where that differs from row to row."""
        return ""

    def lost(self, ids: list[str]) -> list[str]:
        """Why chosen rows that are in this person's hands no longer are not done; overridden where they can be named."""
        return [f"{len(ids)} {self.unit_word}已不在您可以办理的范围内，可能刚由他人办理。请回到列表查看。"]

    def wanted(self) -> list[str]:
        """The ids of the chosen rows; what is sent never grows by what has come under the filter since."""
        if self.request.method == "POST":
            return self.request.POST.getlist("row") or self.request.GET.getlist("row")
        if self.request.GET.get("all") and self.list_page:
            return self.list_page.shown_to(self.request)
        return self.request.GET.getlist("row")

    def prepare(self) -> None:
        wanted = list(dict.fromkeys(self.wanted()))
        chosen = wanted[: self.most]
        try:
            self.rows: Sequence[M] = list(self.get_queryset().filter(**{f"{self.id_path}__in": chosen}))
        except ValidationError as error:  # a forged id
            raise Http404 from error
        found = {str(row.public_id) for row in self.rows}  # type: ignore[attr-defined]  # what an address names has one
        gone = [key for key in chosen if key not in found]
        self.left = self.lost(gone) if gone else []
        if len(wanted) > self.most:
            beyond = len(wanted) - self.most
            self.left.append(f"一次最多办理 {self.most} {self.unit_word}，其余 {beyond} {self.unit_word}请分批再选。")

    def form_valid(self, form: Any) -> HttpResponseBase:
        refused: list[str] = []
        for row in self.rows:
            name = self.name_of(row)
            try:
                with transaction.atomic():
                    self.act(row, form)
            except (WrongStep, Refused) as error:
                refused.append(f"{name}：{error}")
        done = len(self.rows) - len(refused)
        if done:
            messages.success(self.request, f"已{self.done_verb} {done} {self.unit_word}。")
        for sentence in [*refused, *self.left]:
            messages.warning(self.request, f"未{self.done_verb}：{sentence}")
        if not (done or refused or self.left):
            messages.warning(self.request, NOTHING_CHOSEN)
        return HttpResponseRedirect(self.get_back_url() or self.request.path)

    def get_back_url(self) -> str:
        """The list as it was, filters and page included."""
        came_from = self.request.POST.get("back") or self.request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(came_from, {self.request.get_host()}):
            return came_from
        return super().get_back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [(row, self.name_of(row), self.why_not(row), self.what(row)) for row in self.rows]
        refused, doing = [one for one in rows if one[2]], [one for one in rows if not one[2]]
        return super().get_context_data(
            rows=rows,
            refused=refused,
            doing=doing,
            able=len(doing),
            skipped=len(refused),
            left=self.left,
            unit_word=self.unit_word,
            nothing=NOTHING_CHOSEN,
            **kwargs,
        )
