"""What somebody sent after the sign-in had ended: carried over the sign-in page, shown in its form again, never sent by us.

It travels as a hidden field of the sign-in page, is put into the session once the password was right, and leaves it
when the form is shown. Another person than the one whose form it was never sees it.
"""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from members.sign_in_forms import SignInForm

FIELD = "kept"
LARGEST = 2**20  # of text; a longer one stays in the browser's page behind this one
SENTENCE = "登录曾经到期，刚才没有提交。内容还在，请核对后再提交一次；附件和密码须重新选择或填写。"


class SignInFirst(LoginRequiredMiddleware):
    """Leads to the sign-in; a form that came too late is answered by the sign-in page itself, which keeps it."""

    def handle_no_permission(  # type: ignore[override]  # Django asks for any response
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        kept = _typed(request)
        if not kept:
            answer: HttpResponseBase = super().handle_no_permission(request, view_func)
            return answer
        context = {
            "title": "登录已到期",
            "form": SignInForm(request=request),
            "redirect_field_name": "next",
            "redirect_field_value": request.get_full_path(),
            "kept": kept,
        }
        return TemplateResponse(request, "account/login.html", context, status=401)


def _typed(request: HttpRequest) -> str:
    """The fields of one of our forms, without passwords; nothing for what a script sends or for one's own account."""
    form = request.method == "POST" and "once" in request.POST and "X-CSRFToken" not in request.headers
    if not form or request.path.startswith(reverse("account_home")):
        return ""
    fields = request.POST.copy()
    for name in [name for name in fields if name == "csrfmiddlewaretoken" or "password" in name]:
        del fields[name]
    text = fields.urlencode()
    return text if len(text) <= LARGEST else ""


def keep(request: HttpRequest) -> None:
    """Take over what the sign-in page carried; called when the password was right."""
    text, path = request.POST.get(FIELD, ""), request.POST.get("next", "")
    if text and path and len(text) <= LARGEST:
        request.session[FIELD] = [path, text]


def take(request: HttpRequest) -> QueryDict | None:
    """Return what was kept for this page and this person, once."""
    path, text = request.session.get(FIELD, ("", ""))
    if path != request.get_full_path():
        return None
    del request.session[FIELD]
    fields = QueryDict(text, mutable=True)
    return fields if fields.get("writer") == str(getattr(request.user, "public_id", "")) else None
