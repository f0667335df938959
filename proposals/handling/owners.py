"""How handling speaks to the rooms above without knowing them.

An owner is registered for each kind of matter at start-up. Its functions are called inside the acting
transaction with the matter locked, and never call back into handling.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import QuerySet

from members import keys
from members.choices import Role

from .models import Kind, Matter, Stage


@dataclass(frozen=True)
class Course:
    """What applies to the matters of a kind on their way through handling."""

    contact: bool = True  # the unit speaks with the proposers before it answers, or says why not
    evaluation: bool = True  # who gets the reply evaluates it; otherwise it stays with the office that assigned
    promises: bool = True  # answers carry promises
    disclosure: bool = True  # the unit proposes whether its reply is published
    one_office: bool = False  # the office that leads the matter assigns every part, whatever the unit's system
    checked: bool = False  # the office looks at every reply, whatever it has set for others
    office: int | None = (
        keys.PROPOSAL_OFFICE
    )  # whose audience everything out of draft is; none where the owner alone says
    oversee: str = "handling.oversee"  # the right of those who keep the matter: what they know, an author does not
    keepers: frozenset[Role] = frozenset(
        {Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR}
    )  # who hears where nobody else would
    reply_rule: str = "reply"  # by which rule the units' time to answer counts
    answered: Stage = Stage.ANSWERED  # where the matter stands when every reply is out
    again: Stage = Stage.REHANDLING  # and when a unit handles it in a further round

    @property
    def has_own_keepers(self) -> bool:
        """Whether others than the proposal office keep it."""
        return self.oversee != Course.oversee


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
        """Audience keys of those who may see each matter on the owner's side, by matter id.

        `HIDDEN` for one that is out of sight because another one is.
        """

    def erase(self, matter: Matter) -> None:
        """Purge every word on the owner's side, on the connection that `matter` was read by."""

    def copies(self, matter: Matter) -> Collection[Matter]:
        """Other matters that hold words of this one; their owners say how long they stay out of sight with it (S5)."""

    def beside(self, matter: Matter) -> Collection[Matter]:
        """Others that may hold words of it and stay in sight: whoever suspends it looks at these, too."""

    def text(self, matter: Matter) -> str:
        """What search may find, without authors or hidden aspects."""

    def source(self, matter: Matter) -> str:
        """Of whom units read that it comes; empty where other parts of their page say so."""

    def addressed(self, matter: Matter, units: Collection[int]) -> list[tuple[str, str]]:
        """What else was written to these units, as (who and when, the words): instructions of leaders."""

    def limit(self, matter: Matter) -> date | None:
        """A last day that nobody in this house may move; none where the rules alone say."""

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        """By what name the committee sorts it, as a question that another may hold; none where it is not sorted."""

    def categories(self) -> Sequence[str]:
        """The names that the owner sorts by today, in their order."""


HIDDEN = frozenset({keys.SUSPENDED})
_owners: dict[str, Owner] = {}
_courses: dict[str, Course] = {}


def register(kind: Kind, owner: Owner, course: Course | None = None) -> None:
    _owners[kind], _courses[kind] = owner, course or Course()


def of(matter: Matter) -> Owner:
    """The owner of `matter`; an unregistered kind is a fault of the house, not of the user."""
    return _owners[matter.kind]


def course_of(matter: Matter) -> Course:
    return _courses[matter.kind]


def kept_by_owner_alone(kind: str) -> bool:
    """Whether only those see it whom its owner names, and not everybody of an office."""
    return _courses[kind].office is None


def last_day(matter: Matter, *, after: date) -> date | None:
    """The last day that nobody in this house may move, unless it has come by `after`."""
    day = of(matter).limit(matter)
    return day if day and day > after else None


def contacting() -> list[str]:
    """The kinds of matter of which units speak with proposers."""
    return sorted(kind for kind, course in _courses.items() if course.contact)


def kept_with(actions: Collection[str]) -> list[str]:
    """The kinds of matter that are kept by whoever has one of these rights."""
    return sorted(kind for kind, course in _courses.items() if course.oversee in actions)


def kept_apart() -> list[str]:
    """The kinds of matter that an office of their own keeps."""
    return sorted(kind for kind, course in _courses.items() if course.has_own_keepers)


def keepers() -> set[Role]:
    """Everybody who keeps matters of some kind."""
    return set().union(*(course.keepers for course in _courses.values()))


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
