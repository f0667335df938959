from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils import timezone

from members.models import Person
from members.rights import may, standing_of


class AppointmentBackend(ModelBackend):
    """Passwords as Django does them; permissions from the appointments in force today, nothing else."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        person = super().authenticate(request, username=username, password=password, **kwargs)
        return person if isinstance(person, Person) else None

    def get_user(self, user_id: Any) -> Person | None:
        """Load the person of a request; rights read during the request are kept on this object."""
        person = Person.objects.filter(pk=user_id, is_active=True).first()
        if person is None:
            return None
        person.standings = {}
        return person if self.user_can_authenticate(person) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Tell whether this account may be signed in at all: open, with an appointment in force or a seat once held."""
        if not isinstance(user, Person) or not user.is_active or (user.is_demo and settings.PRODUCTION):
            return False
        standing = standing_of(user, timezone.localdate())
        return bool(standing.own or standing.lent) or user.memberships.exists()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return may(user_obj, perm)

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
