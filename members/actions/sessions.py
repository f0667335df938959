from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F

from members.models import Person


@transaction.atomic
def end_sessions(person: Person) -> None:
    """End every session of this person at once, also those that no list knows."""
    Person.objects.filter(pk=person.pk).update(sessions_epoch=F("sessions_epoch") + 1)
    person.refresh_from_db(fields=["sessions_epoch"])
    for session in UserSession.objects.filter(user=person):
        session.end()
