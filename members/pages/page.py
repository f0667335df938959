from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.generic.base import ContextMixin, TemplateResponseMixin, View

from members.models import Person
from members.navigation import menu_of
from members.shown import Act, Crumb

M = TypeVar("M", bound=models.Model)

SIGNED_IN = "signed_in"  # the `action` of a page that is for everyone with an account


class Page(TemplateResponseMixin, ContextMixin, View):
    """A page with a title, a way back and the things that can be done from it."""

    action: ClassVar[str] = ""
    public: ClassVar[bool] = False
    title: str = ""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        view = super().as_view(**initkwargs)
        setattr(view, "login_required", not cls.public)  # noqa: B010  # what LoginRequiredMiddleware reads
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.public:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.may_open(request.user):
                raise PermissionDenied
            if isinstance(request.user, Person):
                request.user.action = self.action
        return super().dispatch(request, *args, **kwargs)

    def may_open(self, user: Any) -> bool:
        return self.action == SIGNED_IN or user.has_perm(self.action)

    @property
    def person(self) -> Person:
        """Who is signed in. Only for pages that are not public."""
        user = self.request.user
        assert isinstance(user, Person)
        return user

    def get_title(self) -> str:
        return self.title

    def crumbs(self) -> list[Crumb]:
        """The way back, from the outside in; this page itself is added."""
        return []

    def acts(self) -> list[Act]:
        """What can be done from here by this person."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        way = self.crumbs()
        crumbs = [*way, Crumb(self.get_title())] if way else []
        if way and self.request.user.is_authenticated:
            kwargs["menu"] = menu_of(self.request.user, self.request.path, [one.url for one in way])
        return super().get_context_data(title=self.get_title(), crumbs=crumbs, acts=self.acts(), **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render_to_response(self.get_context_data())


class Signed:
    """A page that only people with an account reach."""

    request: Any

    @property
    def me(self) -> Person:
        assert isinstance(self.request.user, Person)
        return self.request.user


class RowMixin(Generic[M]):
    """Takes the row of the address, by its public id, from those that this person may see or act on."""

    object: M
    kwargs: dict[str, Any]

    def get_queryset(self) -> "models.QuerySet[M]":
        """`visible_to(user)` for a page that shows, `in_hands_of(user, action)` for one that acts."""
        raise NotImplementedError

    def get_object(self) -> M:
        return get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])


class DetailPage(RowMixin[M], Page):
    """One row."""

    def note_view(self) -> None:
        """Write down that this row was looked at, where that matters (S23)."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        self.note_view()
        return self.render_to_response(self.get_context_data(object=self.object))
