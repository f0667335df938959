"""Matters handed down: what handling asks of them, what happens to them in words, who has them in hand (P10)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from members import desk
from members.choices import Role
from members.desk import Waiting, Work
from members.inbox.registry import Pair, Rendered, register_templates
from members.models import Person
from members.rights import bodies_of, may, roles_of
from proposals.handling import events, owners
from proposals.handling.events import ALL, OWN_UNIT, Verb
from proposals.handling.models import Access, Assignment, Kind, Matter, Stage
from proposals.handling.reminders import name_of
from proposals.handling.workdays import working_calendar
from proposals.models import HandedDown

ERASED = "（已清除）"
State = HandedDown.State
STAFF = frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR})
COURSE = owners.Course(
    contact=False,
    evaluation=False,
    promises=False,
    disclosure=False,
    one_office=True,
    checked=True,
    answered=Stage.TO_PASS_UP,
    again=Stage.HANDLING,
)
"""Its proposers are not here: the answer goes to the office that assigned it, which passes it up."""

VERBS = {
    "handed_down_entered": Verb("登记{level}：{body}{number}，上级规定{due}前报送", ALL, "ok"),
    "handed_down_corrected": Verb("更正登记：{body}{number}，上级规定{due}前报送", ALL),
    "handed_down_later": Verb("{body}规定的期限改为{to}：{how}", ALL, "warn"),
    "handed_down_file_removed": Verb("删除误传的附件：{name}", ALL, "warn"),
    "handed_down_sent_back": Verb("{unit}的办理意见退回重新办理：{reason}", OWN_UNIT, "warn"),
    "handed_down_passed_up": Verb("{on}报送{to}，文号{number}", ALL, "ok"),
    "handed_down_passing_undone": Verb("撤销报送登记：{reason}", ALL, "warn"),
}
WORDS = {
    "handed_down_later": "上级规定的期限有变动，请按新的期限办理",
    "handed_down_sent_back": "办理意见退回，请重新办理",
}


class HandedDownOwner:
    def assigned(self, matters: Sequence[Matter]) -> None:
        HandedDown.objects.filter(matter__in=matters).update(state=State.ASSIGNED)

    def answered(self, matter: Matter, round: int) -> None:
        HandedDown.objects.filter(matter=matter).update(state=State.ANSWERED)

    def settled(self, matter: Matter) -> None:
        """It ends when it is passed up, which says so itself."""

    def reopened(self, matter: Matter) -> None:
        HandedDown.objects.filter(matter=matter).update(state=State.ASSIGNED)

    def readers(self, matters: Sequence[Matter]) -> Mapping[int, set[int]]:
        """Its units and offices, and nobody on this side."""
        return {matter.pk: set() for matter in matters}

    def erase(self, matter: Matter) -> None:
        rows = HandedDown.objects.using(matter._state.db).filter(matter=matter)
        rows.update(text=ERASED, proposers="", agreed_later="")

    def copies(self, matter: Matter) -> Collection[Matter]:
        return []

    def beside(self, matter: Matter) -> Collection[Matter]:
        return []

    def text(self, matter: Matter) -> str:
        return f"{matter.title}\n{matter.handed_down.text}"

    def source(self, matter: Matter) -> str:
        return ""

    def addressed(self, matter: Matter, units: Collection[int]) -> list[tuple[str, str]]:
        return []

    def limit(self, matter: Matter) -> date | None:
        day = HandedDown.objects.filter(matter=matter).values_list("due_on", flat=True).first()
        return last_workday(day) if day else None

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        """They are not sorted."""
        return Matter.objects.none().values_list("title", flat=True)

    def categories(self) -> Sequence[str]:
        return []


def last_workday(day: date) -> date:
    """That day, or the last working day before it: a day that was set above does not move on over a weekend."""
    return working_calendar().back(day + timedelta(days=1), 1)


def in_hands_of(user: Any) -> QuerySet[HandedDown]:
    """What this person's office received or assigned; the proposal office's people have all."""
    rows = HandedDown.objects.visible_to(user).select_related("matter__session", "matter__office")
    today = timezone.localdate()
    if STAFF & roles_of(user, today).keys():
        return rows
    return rows.filter(matter__office__in=bodies_of(user, "proposals.handed_down", today))


def is_held(user: Any, row: HandedDown) -> bool:
    """The same question about one row at hand, that this person sees already."""
    if not may(user, "proposals.handed_down"):
        return False
    today = timezone.localdate()
    mine = row.matter.office_id in bodies_of(user, "proposals.handed_down", today)
    return mine or bool(STAFF & roles_of(user, today).keys())


def parts_answering(row: HandedDown) -> QuerySet[Assignment]:
    """Whose answers may go back before it is passed up."""
    return row.matter.assignments.current().answering().select_related("unit", "office").order_by("pk")


NEAR = timedelta(days=7)


def near(rows: QuerySet[HandedDown], *, on: date) -> QuerySet[HandedDown]:
    """Not passed up yet, though the day from above is near or over."""
    return rows.exclude(state=State.PASSED_UP).filter(due_on__lte=on + NEAR)


def waiting(user: Any, on: date) -> Work:
    rows = in_hands_of(user)
    url = reverse("proposals:handed_down")
    return Work(
        counts=[
            Waiting("上级交办件待交办", rows.filter(state=State.RECEIVED), f"{url}?state=received", only_if_any=True),
            Waiting("上级交办件待报送", rows.filter(state=State.ANSWERED), f"{url}?state=answered", only_if_any=True),
            Waiting("上级期限临近", near(rows, on=on), f"{url}?due=near", warn=True, only_if_any=True),
        ]
    )


def register() -> None:
    """Called once at start-up, after the rights."""
    owners.register(Kind.HANDED_DOWN, HandedDownOwner(), COURSE)
    events.register(VERBS)
    register_templates(WORDS, _render)
    desk.register(waiting, action="proposals.handed_down", order=44)


def _render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    wanted = [subject["matter"] for _, subject in pairs]
    rows = {str(row.public_id): row for row in Matter.objects.visible_to(person).filter(public_id__in=wanted)}
    return [_words(WORDS[name], rows.get(subject["matter"])) for name, subject in pairs]


def _words(words: str, matter: Matter | None) -> Rendered | None:
    if matter is None:
        return None
    outside = f"{matter.label}：{words}" if matter.access == Access.OPEN else ""
    return Rendered(title=f"{words}：{name_of(matter)}", url=matter.get_absolute_url(), outside=outside)
