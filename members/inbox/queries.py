"""What stands in an inbox, and whom nothing reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from members.choices import UNIT_ROLES, Role
from members.gateways import gateways
from members.inbox import registry
from members.inbox.models import Channel, Message, PhoneNotice
from members.inbox.reach import reach, stopped_channels
from members.inbox.registry import GONE, NEUTRAL, SENDING, Rendered
from members.inbox.rights import OFFICE
from members.models import Appointment, AssigningOffice, Person
from members.rights import roles_of

UNREAD_SHOWN = 100
UNREAD_WORKDAYS = 2


@dataclass(frozen=True)
class Shown:
    """A message as the inbox shows it: a heading and what it says, line by line."""

    message: Message
    title: str
    lines: Sequence[Rendered]

    @property
    def url(self) -> str:
        return self.lines[0].url if len(self.lines) == 1 else ""


def unread_count(person: Person) -> int:
    """How many unread messages the bell shows; counting stops at UNREAD_SHOWN. One query."""
    return Message.objects.inbox_of(person).unread()[:UNREAD_SHOWN].count()


def shown(messages: Sequence[Message], person: Person) -> list[Shown]:
    """Put messages of one inbox into words; what may no longer be seen is named as such, no more."""
    facts = Message.objects.filter(part_of__in=[m for m in messages if m.template == SENDING]).order_by("pk")
    parts: dict[int, list[Message]] = {}
    for fact in facts:
        assert fact.part_of_id is not None
        parts.setdefault(fact.part_of_id, []).append(fact)
    said = [(m.pk, part) for m in messages for part in (parts.get(m.pk, []) if m.template == SENDING else [m])]
    words = registry.render([(part.template, part.subject) for _, part in said], person)
    lines: dict[int, list[Rendered]] = {}
    for (pk, _), word in zip(said, words, strict=True):
        lines.setdefault(pk, []).extend([word] if isinstance(word, Rendered) else [])
    return [_shown(message, lines.get(message.pk, [])) for message in messages]


def _shown(message: Message, lines: list[Rendered]) -> Shown:
    if not lines:
        return Shown(message, GONE, [])
    if len(lines) == 1:
        return Shown(message, lines[0].title, lines)
    return Shown(message, registry.heading(message.subject["name"], len(lines)), lines)


@dataclass(frozen=True)
class Unreached:
    """Somebody whom what we wrote has not reached (未送达), and why."""

    person: Person
    why: str
    waiting: int
    since: datetime
    told_at: datetime | None


def unread_limit(now: datetime) -> datetime:
    """What was written before this moment and is still unread has stood for two working days."""
    local = timezone.localtime(now)
    day = registry.workdays_before(local.date(), UNREAD_WORKDAYS)
    return local.replace(year=day.year, month=day.month, day=day.day)


def within_call(user: Person, *, on: date) -> QuerySet[Person]:
    """Whom this person keeps the undelivered list of: an assigning office, the people of the units of its systems;
    the committee's own staff, everybody."""
    people: QuerySet[Person] = Person.objects.active()
    roles = roles_of(user, on)
    if OFFICE & roles.keys():
        return people
    systems = AssigningOffice.objects.filter(office__in=roles.get(Role.ASSIGNING_OFFICER, set())).values("system")
    seats = Appointment.objects.in_force(on).filter(role__in=UNIT_ROLES, body__system__in=systems)
    return people.filter(pk__in=seats.values("person"))


def unreached(*, now: datetime, among: QuerySet[Person] | None = None) -> list[Unreached]:
    """Active people with something unread that nobody told them by phone, longest waiting first (P26).

    They have no working mail or gateway, or have not read it within two working days. A constant number of queries.
    """
    told_upto = PhoneNotice.objects.filter(person=OuterRef("recipient")).order_by("-upto").values("upto")[:1]
    unread = (
        Message.objects.filter(channel=Channel.INAPP, part_of=None, read_at=None, recipient__is_active=True)
        .annotate(told_upto=Subquery(told_upto))
        .filter(Q(told_upto=None) | Q(created_at__gt=F("told_upto")))
        .filter(Q() if among is None else Q(recipient__in=among))
        .values("recipient")
        .annotate(waiting=Count("id"), since=Min("created_at"), told=Max("told_upto"))
        .order_by("since", "recipient")
    )
    rows = list(unread)
    people = Person.objects.in_bulk([row["recipient"] for row in rows])
    stopped, limit = stopped_channels(list(people.values())), unread_limit(now)
    return [
        Unreached(people[pk], why, row["waiting"], row["since"], row["told"])
        for row in rows
        if (pk := row["recipient"]) in people
        and (why := _why(people[pk], stopped.get(pk, set()), row["since"] <= limit))
    ]


def _why(person: Person, stopped: set[Channel], stale: bool) -> str:
    if len(reach(person, stopped).channels) == 1:
        if Channel.EMAIL in stopped:
            return "邮箱退信，请联系本人更正"
        if Channel.WEBHOOK in stopped:
            return "手机号收不到短信，请联系本人更正"
        return "没有可用的邮箱" if not gateways() else "没有可用的邮箱和手机号"
    return f"超过 {UNREAD_WORKDAYS} 个工作日未读" if stale else ""


def as_text(title: str, lines: Sequence[Rendered], *, url: str) -> str:
    """The same notice for a group chat (复制为文字): only what may leave the house, and a link behind sign-in."""
    if len(lines) == 1:
        return group_text(lines[0].outside or NEUTRAL, [], url=url)
    return group_text(title, [line.outside or NEUTRAL for line in lines], url=url)


def group_text(title: str, lines: Sequence[str], *, url: str) -> str:
    """A list for a group chat, its lines numbered."""
    listed = [f"{number}. {line}" for number, line in enumerate(lines, start=1)]
    return "\n".join([f"【{settings.COMMITTEE_NAME}】{title}", *listed, f"登录查看：{url}"])
