"""What the database itself is told: which tables are written once, and what it is marked as."""

from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection, models

MARKS = ("demo", "test", "drill")
_PREFIX = "huiyin: "


def append_only_models() -> list[type[models.Model]]:
    """Return the models whose rows nobody may change: those that say `append_only = True`, and all history."""
    found = [model for model in apps.get_models() if getattr(model, "append_only", False) or _is_history(model)]
    return sorted(found, key=lambda model: model._meta.db_table)


def _is_history(model: type[models.Model]) -> bool:
    return issubclass(model, pghistory.models.Event)


def mark() -> str:
    """Return `demo`, `test` or `drill` if this database is marked so, else nothing.

    The mark is the comment on the schema: it stays when all tables are emptied, travels with a dump, and the
    runtime role cannot write it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('public'::regnamespace, 'pg_namespace')")
        row: tuple[Any, ...] = cursor.fetchone() or (None,)
    text = str(row[0] or "").removeprefix(_PREFIX)
    return text if text in MARKS else ""


def set_mark(name: str) -> None:
    """Mark this database; only the owner may."""
    if name not in MARKS:
        raise ValueError(name)
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON SCHEMA public IS '{_PREFIX}{name}'")
