"""Settings: one's own, and the way to those of the house."""

from typing import Any

from config.portal.display import SIZES, THEMES
from members.pages import SIGNED_IN, Page


class Settings(Page):
    action = SIGNED_IN
    title = "设置"
    template_name = "portal/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sizes=SIZES, themes=THEMES, **kwargs)
