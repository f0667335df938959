from django.db import models


class Milestone(models.Model):
    """Something that an installation does once, such as being filled with demonstration data."""

    name = models.CharField(max_length=40, primary_key=True)
    reached_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
