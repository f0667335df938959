"""Who has had the text of a matter before the eyes (S5): one statement a page, one row for a person and a matter.

Of what is guarded every single time is an audit row besides (S20, S23): whatever shows words of a matter calls `note`.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from members import audit
from members.models import Person

from .models import Access, Sight

GUARDED = (Access.SENSITIVE, Access.SUSPENDED)

NOTE = """
WITH noted AS (
    INSERT INTO handling_sight (matter_id, person_id, first_on, last_on)
    SELECT matter, %(person)s, %(on)s, %(on)s FROM unnest(%(matters)s::bigint[]) AS matter
    ON CONFLICT (matter_id, person_id) DO UPDATE SET last_on = EXCLUDED.last_on
    WHERE handling_sight.last_on < EXCLUDED.last_on
)
SELECT public_id, access FROM handling_matter WHERE id = ANY(%(matters)s::bigint[]) AND access = ANY(%(guarded)s) ORDER BY id
"""


def noted(person: Person, matter: str = "matter") -> Exists:
    """Whether nothing is to be written down of this person's look: he looked today, and it is not guarded."""
    today = Sight.objects.filter(matter=OuterRef(matter), person=person, last_on=timezone.localdate())
    return Exists(today.exclude(matter__access__in=GUARDED))


def note(person: Person, matters: Iterable[int], *, on: date | None = None) -> None:
    """Write down that this person has opened, or taken away, these matters.

    The second time of a day writes nothing more, unless a matter is sensitive or suspended.
    """
    facts: dict[str, Any] = {"person": person.pk, "on": on or timezone.localdate(), "matters": sorted(set(matters))}
    facts["guarded"] = [access.value for access in GUARDED]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, facts)
        guarded = cursor.fetchall()
    for public_id, access in guarded:
        audit.record("view_guarded", by=person, now=timezone.now(), subject=str(public_id), access=access)
