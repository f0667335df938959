"""How handling speaks to the rooms above without knowing them.

An owner is registered for each kind of matter at start-up. Its functions are called inside the acting
transaction with the matter locked, and never call back into handling.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from django.db.models import QuerySet

from .models import Kind, Matter


class Owner(Protocol):
    def assigned(self, matters: Sequence[Matter]) -> None:
        """Units have been given these matters."""

    def answered(self, matter: Matter, round: int) -> None:
        """Every unit that must reply in `round` has replied."""

    def settled(self, matter: Matter) -> None:
        """Handling is over."""

    def reopened(self, matter: Matter) -> None:
        """Handling has begun again."""

    def readers(self, matters: Sequence[Matter]) -> Mapping[int, set[int]]:
        """Audience keys of those who may see each matter on the owner's side, by matter id."""

    def erase(self, matter: Matter) -> None:
        """Purge every word on the owner's side, on the connection that `matter` was read by."""

    def text(self, matter: Matter) -> str:
        """What search may find, without authors or hidden aspects."""

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        """By what name the committee sorts it, as a question that another may hold; none where it is not sorted."""

    def categories(self) -> Sequence[str]:
        """The names that the owner sorts by today, in their order."""


_owners: dict[str, Owner] = {}


def register(kind: Kind, owner: Owner) -> None:
    _owners[kind] = owner


def of(matter: Matter) -> Owner:
    """The owner of `matter`; an unregistered kind is a fault of the house, not of the user."""
    return _owners[matter.kind]


def kinds() -> set[str]:
    return set(_owners)


def categories() -> list[str]:
    """Every name that some owner sorts by today."""
    return list(dict.fromkeys(name for owner in _owners.values() for name in owner.categories()))


def by_owner(matters: Iterable[Matter]) -> Iterator[tuple[Owner, list[Matter]]]:
    """The matters of each owner together."""
    found: dict[str, list[Matter]] = {}
    for matter in matters:
        found.setdefault(matter.kind, []).append(matter)
    for kind, rows in found.items():
        yield _owners[kind], rows
