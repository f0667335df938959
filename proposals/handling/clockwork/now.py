"""What time it is for the engine."""

from datetime import datetime

from django.db import connection

_NOW = "SELECT clock_timestamp() + COALESCE((SELECT \"offset\" FROM handling_engineclock), interval '0')"


def engine_now() -> datetime:
    """Return the database's clock, never this machine's.

    It is offset only in a database marked test or drill; a constraint refuses it elsewhere.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment
