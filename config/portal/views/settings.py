"""Settings: one's own, and the way to those of the house."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from config.portal.display import SIZES, THEMES
from members.choices import Hat
from members.middleware import HAT
from members.pages import SIGNED_IN, Page
from members.rights import whole_standing


class Settings(Page):
    action = SIGNED_IN
    title = "设置"
    template_name = "portal/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        two_hats = whole_standing(self.person, timezone.localdate()).has_two_hats()
        return super().get_context_data(
            sizes=SIZES, themes=THEMES, hats=Hat.choices if two_hats else [], hat=self.person.hat, **kwargs
        )


class ChooseHat(Page):
    """Takes the capacity in which somebody with two goes on (P13); it holds until another is chosen or the session ends."""

    action = SIGNED_IN
    http_method_names = ["post"]  # as Django's View declares it

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.POST.get("hat", "")
        if wanted in Hat.values:
            request.session[HAT] = wanted
        return HttpResponseRedirect(reverse("portal:desk"))
