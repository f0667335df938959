"""Numbers from locked sequences: unique, never reused, never changed."""

from django.db import connection

from members.models import Session

from .models import NumberSeries


def take(session: Session, kind: str, count: int = 1) -> int:
    """Take `count` numbers at once and return the first.

    The row stays locked until the transaction ends, so call it as late as possible; a transaction that
    rolls back gives its numbers back.
    """
    NumberSeries.objects.bulk_create([NumberSeries(session=session, kind=kind)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE handling_numberseries SET last = last + %s WHERE session_id = %s AND kind = %s RETURNING last",
            [count, session.pk, kind],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]) - count + 1


def written(number: int) -> str:
    """A number as it stands on paper and in the registers: at least four digits, 0127."""
    return f"{number:04d}"


def spellings(text: str) -> list[str]:
    """How a number that somebody typed may stand in the register: 第27号 is 27 and 0027.

    >>> spellings("第27号")
    ['27', '0027']
    >>> spellings("集27")
    ['集27', '集0027']
    """
    plain = text.strip().removeprefix("第").removesuffix("号")
    letter, number = (plain[:1], plain[1:]) if plain[:1] and not plain[0].isdecimal() else ("", plain)
    return [plain, letter + number.zfill(4)] if number.isdecimal() else [plain]


def at_least(session: Session, kind: str, last: int) -> None:
    """Let the sequence go on after `last`, for registers that come from elsewhere."""
    series, _ = NumberSeries.objects.select_for_update().get_or_create(session=session, kind=kind)
    if series.last < last:
        series.last = last
        series.save(update_fields=["last"])
