"""Columns that hold sealed text."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

from members import crypto

if TYPE_CHECKING:
    Text = models.TextField[str, str]
else:
    Text = models.TextField


class EncryptedTextField(Text):
    """Text that the database sees only sealed (S17); empty stays empty, and no look-up but isnull/exact "" works."""

    @property
    def place(self) -> str:
        return f"{self.model._meta.label}.{self.attname}"

    def get_prep_value(self, value: Any) -> str:
        text = str(value or "")
        return crypto.encrypt(text, place=self.place) if text else ""

    def from_db_value(self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper) -> str:
        return crypto.decrypt(value, place=self.place) if value else ""
