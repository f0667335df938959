import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_database_compares_chinese_characters_and_keeps_our_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower('ÄÖ'), now()::text LIKE '%+08', current_user")
        row = cursor.fetchone()

    assert row == ("äö", True, "huiyin_owner")
