from __future__ import annotations

import uuid

from django.db import models

from members.fields import EncryptedTextField
from members.models.person import Person


class RosterDraft(models.Model):
    """A roster that somebody has uploaded and not yet confirmed; its rows are sealed and go after a day."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(Person, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = EncryptedTextField()
    made_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name
