"""Conditions of lists on the day of a moment, asked so that an index on the moment serves."""

from datetime import date
from typing import Any

import django_filters

from members.days import end_of, start_of
from members.widgets import Day


class Since(django_filters.DateFilter):
    """From the first moment of a local day."""

    def __init__(self, field_name: str, label: str) -> None:
        super().__init__(field_name, "gte", label=label, widget=Day)

    def filter(self, qs: Any, value: date | None) -> Any:
        return super().filter(qs, start_of(value) if value else None)


class Until(django_filters.DateFilter):
    """To the last moment of a local day."""

    def __init__(self, field_name: str, label: str) -> None:
        super().__init__(field_name, "lte", label=label, widget=Day)

    def filter(self, qs: Any, value: date | None) -> Any:
        return super().filter(qs, end_of(value) if value else None)
