"""Who has had the text of a matter before the eyes (S5): one statement a page, one row for a person and a matter."""

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from members.models import Person

from .models import Sight

NOTE = """
INSERT INTO handling_sight (matter_id, person_id, first_on, last_on)
SELECT matter, %(person)s, %(on)s, %(on)s FROM unnest(%(matters)s::bigint[]) AS matter
ON CONFLICT (matter_id, person_id) DO UPDATE SET last_on = EXCLUDED.last_on
WHERE handling_sight.last_on < EXCLUDED.last_on
"""


def noted(person: Person, matter: str = "matter") -> Exists:
    """Whether it is written down already that this person looked today: then a page need not write it again."""
    return Exists(Sight.objects.filter(matter=OuterRef(matter), person=person, last_on=timezone.localdate()))


def note(person: Person, matters: Iterable[int], *, on: date | None = None) -> None:
    """Write down that this person has opened, or taken away, these matters; the second time of a day writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"person": person.pk, "on": on or timezone.localdate(), "matters": sorted(set(matters))})
