"""The server copy of a draft (S16): a form names it with `data-autosave`, app.js sends what is typed after a while."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from members.pages.acts import ActionPage
from members.pages.page import M


class AutosavePage(ActionPage[M]):
    """Takes a half-written form and keeps it, whatever is still missing in it.

    Answers `{"saved_at", "version"}`; 409 when somebody else changed the draft, 422 when it can no longer be written.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.http_method_not_allowed(request)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        try:
            self.check_version()
            version = self.save(request.POST)
        except Stale as error:
            return JsonResponse({"sentence": str(error)}, status=409)
        except (WrongStep, Refused) as error:
            return JsonResponse({"sentence": str(error)}, status=422)
        return JsonResponse({"saved_at": timezone.now().isoformat(), "version": version})

    def save(self, fields: QueryDict) -> int | None:
        """Keep what was typed and return the draft's new version."""
        raise NotImplementedError
