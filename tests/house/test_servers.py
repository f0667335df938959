import pytest
from django.db import connection


def ask(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


@pytest.mark.django_db
def test_the_database_folds_case() -> None:
    assert ask("SELECT lower('ÄÖ')") == ("äö",)


@pytest.mark.django_db
def test_what_rolls_back_runs_as_the_role_of_the_web() -> None:
    assert ask("SELECT current_user") == ("huiyin_app",)


@pytest.mark.django_db
@pytest.mark.owner
def test_a_test_may_ask_for_the_owner() -> None:
    assert ask("SELECT current_user") == ("huiyin_owner",)
