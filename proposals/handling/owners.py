"""How handling speaks to the rooms above without knowing them.

An owner is registered for each kind of matter at start-up. Its functions are called inside the acting
transaction with the matter locked, and never call back into handling.
"""

from typing import Protocol

from .models import Kind, Matter


class Owner(Protocol):
    def assigned(self, matter: Matter) -> None:
        """Units have been given the matter."""

    def answered(self, matter: Matter, round: int) -> None:
        """Every unit that must reply in `round` has replied."""

    def settled(self, matter: Matter) -> None:
        """Handling is over."""

    def reopened(self, matter: Matter) -> None:
        """Handling has begun again."""

    def readers(self, matter: Matter) -> set[int]:
        """Audience keys of those who may see the matter on the owner's side."""

    def erase(self, matter: Matter) -> None:
        """Purge every word on the owner's side, on the connection that `matter` was read by."""

    def text(self, matter: Matter) -> str:
        """What search may find, without authors or hidden aspects."""


_owners: dict[str, Owner] = {}


def register(kind: Kind, owner: Owner) -> None:
    _owners[kind] = owner


def of(matter: Matter) -> Owner:
    """The owner of `matter`; an unregistered kind is a fault of the house, not of the user."""
    return _owners[matter.kind]


def kinds() -> set[str]:
    return set(_owners)
