from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """A list's address that a person has given a name (我的视图)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField("页面", max_length=80)
    name = models.CharField("名称", max_length=20)
    query = models.CharField("条件", max_length=1000, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "page", "name"], name="portal_saved_view_name")]

    def __str__(self) -> str:
        return self.name
