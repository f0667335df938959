from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from members.models import Person
from members.rights import may


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
        if person is not None:
            person.standings = {}
        return person

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return may(user_obj, perm)

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
