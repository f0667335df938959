"""Which channels reach a person today."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from members.inbox.models import Channel, ChannelStop
from members.models import Person


@dataclass(frozen=True)
class Reach:
    channels: tuple[Channel, ...]
    digest_hour: int


def reach_of(person_ids: Iterable[int]) -> dict[int, Reach]:
    """The channels of those who have a working account, in two queries; the others are left out."""
    people = list(
        Person.objects.filter(pk__in=set(person_ids), is_active=True).only("mail_index", "mail_ok", "digest_hour")
    )
    mailed = mail_works(people)
    return {person.pk: Reach(_channels(person.pk in mailed), person.digest_hour) for person in people}


def mail_works(people: Iterable[Person]) -> set[int]:
    """Those who have an address, want mail, and whose address no server has refused for good. One query."""
    if not settings.EMAIL_URL:
        return set()
    wanted = {person.pk: person.mail_index for person in people if person.mail_index and person.mail_ok}
    stops = ChannelStop.objects.filter(person__in=wanted, channel=Channel.EMAIL)
    refused = set(stops.values_list("person_id", "mark"))
    return {pk for pk, mark in wanted.items() if (pk, mark) not in refused}


def _channels(mailed: bool) -> tuple[Channel, ...]:
    return (Channel.INAPP, Channel.EMAIL) if mailed else (Channel.INAPP,)
