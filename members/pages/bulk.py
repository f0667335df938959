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
from members.pages.page import M

MOST = 100  # as many public ids as an address can carry


class BulkPage(FormPage, Generic[M]):
    """Lists the chosen rows (`?row=…`) with what will happen to each, and acts on them when it is confirmed."""

    template_name = "pages/bulk.html"
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

    def lost(self, ids: list[str]) -> list[str]:
        """Why chosen rows that are in this person's hands no longer are not done; overridden where they can be named."""
        return [f"{len(ids)} {self.unit_word}已不在您可以办理的范围内，可能刚由他人办理。请回到列表查看。"]

    def prepare(self) -> None:
        wanted = list(dict.fromkeys(self.request.POST.getlist("row") or self.request.GET.getlist("row")))
        chosen = wanted[:MOST]
        try:
            self.rows: Sequence[M] = list(self.get_queryset().filter(**{f"{self.id_path}__in": chosen}))
        except ValidationError as error:  # a forged id
            raise Http404 from error
        found = {str(row.public_id) for row in self.rows}  # type: ignore[attr-defined]  # what an address names has one
        gone = [key for key in chosen if key not in found]
        self.left = self.lost(gone) if gone else []
        if len(wanted) > MOST:
            beyond = len(wanted) - MOST
            self.left.append(f"一次最多办理 {MOST} {self.unit_word}，其余 {beyond} {self.unit_word}请分批再选。")

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
        return HttpResponseRedirect(self.get_back_url() or self.request.path)

    def get_back_url(self) -> str:
        """The list as it was, filters and page included."""
        came_from = self.request.POST.get("back") or self.request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(came_from, {self.request.get_host()}):
            return came_from
        return super().get_back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [(row, self.name_of(row), self.why_not(row)) for row in self.rows]
        able = sum(1 for _, _, reason in rows if not reason)
        return super().get_context_data(
            rows=rows, able=able, skipped=len(rows) - able, left=self.left, unit_word=self.unit_word, **kwargs
        )
