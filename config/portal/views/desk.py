"""My work: one page for every role, filled by what the floors below have registered."""

from typing import Any

from django.utils import timezone

from members.desk import work_of
from members.pages import SIGNED_IN, Page


class Desk(Page):
    action = SIGNED_IN
    title = "工作台"
    template_name = "portal/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        work = work_of(self.request.user, timezone.localdate())
        return super().get_context_data(work=work, today=timezone.localdate(), **kwargs)
