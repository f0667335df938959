"""Which channels reach a person today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from members.gateways import gateway_of
from members.inbox.models import Channel, ChannelStop
from members.models import Person

WANTED = ("username", "phone", "phone_index", "mail_index", "mail_ok", "mail_verified_at", "gateway", "digest_hour")


@dataclass(frozen=True)
class Reach:
    channels: tuple[Channel, ...]
    digest_hour: int
    gateway: str = ""


def reach_of(person_ids: Iterable[int], *, proved_mail_only: bool = False) -> dict[int, Reach]:
    """The channels of those who have a working account, in two queries; the others are left out."""
    people = list(Person.objects.filter(pk__in=set(person_ids), is_active=True).only(*WANTED))
    stopped = stopped_channels(people)
    for person in people if proved_mail_only else ():
        if not person.mail_verified_at:
            stopped.setdefault(person.pk, set()).add(Channel.EMAIL)
    return {person.pk: reach(person, stopped.get(person.pk, set())) for person in people}


def stopped_channels(people: Sequence[Person]) -> dict[int, set[Channel]]:
    """The channels that refused the address which the person has today. One query."""
    known = {person.pk: person for person in people}
    stopped: dict[int, set[Channel]] = {}
    for stop in ChannelStop.objects.filter(person__in=known):
        channel = Channel(stop.channel)
        if stop.mark == mark_of(known[stop.person_id], channel):
            stopped.setdefault(stop.person_id, set()).add(channel)
    return stopped


def mark_of(person: Person, channel: str) -> str:
    """What stands for the address that the person has on this channel today; "" if there is none."""
    if channel == Channel.EMAIL:
        return person.mail_index
    gateway = gateway_of(person) if channel == Channel.WEBHOOK else None
    return gateway.mark_of(person) if gateway else ""


def reach(person: Person, stopped: set[Channel]) -> Reach:
    """The inbox always; mail and gateway if the person has an address there that was not refused for good."""
    gateway = gateway_of(person)
    works = {
        Channel.EMAIL: bool(settings.EMAIL_URL and person.mail_index and person.mail_ok),
        Channel.WEBHOOK: gateway is not None,
    }
    outgoing = [channel for channel, well in works.items() if well and channel not in stopped]
    name = gateway.name if gateway and Channel.WEBHOOK in outgoing else ""
    return Reach((Channel.INAPP, *outgoing), person.digest_hour, name)
