"""Pages for those who watch over the installation."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from config.portal import health, vitals


@method_decorator(login_not_required, name="dispatch")
class Healthz(View):
    """This process answers; nothing else is asked."""

    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        headers = {"X-Huiyin-Run": settings.RUN_TOKEN} if settings.RUN_TOKEN else {}
        return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers=headers)


@method_decorator(login_not_required, name="dispatch")
class Readyz(View):
    """Database, Redis and migrations are as they should be; which of them is not, this machine alone may know (S23)."""

    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        findings = health.examine(health.READY)
        ready = all(finding.level != "fail" for finding in findings)
        answer: dict[str, object] = {"ready": ready}
        if _may_see_details(request):
            answer |= {finding.name: {"level": finding.level, "text": finding.text} for finding in findings}
        return JsonResponse(answer, status=200 if ready else 503, json_dumps_params={"ensure_ascii": False})


@method_decorator(login_not_required, name="dispatch")
class Metrics(View):
    """Figures for Prometheus: for whoever has the token, and for this machine (S23)."""

    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        if not _may_see_details(request):
            return HttpResponse("需要 STATUS_TOKEN。\n", status=403, content_type="text/plain; charset=utf-8")
        return HttpResponse(vitals.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_see_details(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.STATUS_TOKEN and hmac.compare_digest(given.encode(), settings.STATUS_TOKEN.encode()):
        return True
    return not request.META.get("huiyin.forwarded") and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
