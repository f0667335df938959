"""The addresses of the house with refusals that render nothing: what those pages look like is tested elsewhere."""

from typing import Any

from django.http import HttpResponseForbidden, HttpResponseNotFound

from config.urls import urlpatterns

__all__ = ["handler403", "handler404", "urlpatterns"]


def handler403(request: Any, exception: Any) -> HttpResponseForbidden:
    return HttpResponseForbidden()


def handler404(request: Any, exception: Any) -> HttpResponseNotFound:
    return HttpResponseNotFound()
