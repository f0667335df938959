"""Two database roles (S18): what the web may not do, whatever its code says."""

import pytest
from django.db import ProgrammingError, connection, transaction

from members.database import append_only_models, mark

TABLES = [model._meta.db_table for model in append_only_models()]


def test_events_clock_events_and_audit_are_written_once() -> None:
    assert {"handling_event", "handling_clockevent", "members_auditentry"} <= set(TABLES)


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {} = {}"])
def test_the_runtime_role_cannot_change_what_is_written_once(table: str, statement: str) -> None:
    column = connection.introspection.get_primary_key_column(connection.cursor(), table)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table, column, column))


@pytest.mark.django_db
def test_the_runtime_role_cannot_change_tables_or_the_mark() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("CREATE TABLE mine (id int)")
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("COMMENT ON SCHEMA public IS 'huiyin: demo'")
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("DELETE FROM django_migrations")


@pytest.mark.django_db
def test_a_database_made_in_test_mode_is_marked_so() -> None:
    assert mark() == "test"
