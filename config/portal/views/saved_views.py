"""Giving a list's address a name, and forgetting it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from config.portal.models import SavedView
from members.models import Person
from members.pages import SIGNED_IN, Page

MOST_VIEWS = 20


def saved_views(request: HttpRequest, page: str) -> dict[str, Any]:
    """What every list shows of the person's saved views (one query)."""
    if not isinstance(request.user, Person):
        return {"saved_views": None}
    views = list(SavedView.objects.filter(person=request.user, page=page).order_by("name"))
    return {
        "saved_views": views,
        "view_page": page,
        "view_query": _without_page(request.GET.urlencode()),
        "view_path": request.get_full_path(),
    }


def _without_page(query: str) -> str:
    kept = QueryDict(query, mutable=True)
    for name in ("page", "print", "export"):
        kept.pop(name, None)
    return kept.urlencode()


class _SavedViewPage(Page):
    action = SIGNED_IN
    http_method_names = ["post"]  # as Django's View declares it

    def back(self) -> HttpResponseBase:
        wanted = self.request.POST.get("next", "")
        here = url_has_allowed_host_and_scheme(wanted, {self.request.get_host()})
        return HttpResponseRedirect(wanted if here else reverse("portal:desk"))

    def named(self) -> tuple[str, str]:
        """Name and list of the view, as far as both can be stored."""
        name, page = (self.request.POST.get(key, "").replace("\x00", "") for key in ("name", "page"))
        return name.strip()[:20], page[:80]


class SaveView(_SavedViewPage):
    """The same name again replaces the view."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        name, page = self.named()
        query = _without_page(request.POST.get("query", ""))
        if not name:
            messages.error(request, "请给视图起个名称。")
        elif len(query) > 1000:
            messages.error(request, "条件太长，不能保存为视图。")
        elif SavedView.objects.filter(person=self.person, page=page).exclude(name=name).count() >= MOST_VIEWS:
            messages.error(request, f"最多保存 {MOST_VIEWS} 个视图，请先删除不用的。")
        else:
            SavedView.objects.update_or_create(
                person=self.person, page=page, name=name, defaults={"query": query, "made_at": timezone.now()}
            )
            messages.success(request, f"已保存视图“{name}”。")
        return self.back()


class DropView(_SavedViewPage):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        name, page = self.named()
        SavedView.objects.filter(person=self.person, page=page, name=name).delete()
        return self.back()
