"""Which channels reach a person today."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from members.inbox.models import Channel, ChannelStop
from members.models import Person


@dataclass(frozen=True)
class Reach:
    channels: tuple[Channel, ...]
    digest_hour: int


def mark_of(address: str) -> str:
    """A keyed hash: tells whether it is still the refused address without keeping the address."""
    return hmac.new(settings.SECRET_KEY.encode(), address.lower().encode(), hashlib.sha256).hexdigest()


def reach_of(person_ids: Iterable[int]) -> dict[int, Reach]:
    """The channels of those who have a working account, in two queries; the others are left out."""
    people = list(Person.objects.filter(pk__in=set(person_ids), is_active=True))
    stopped = _stopped(people)
    return {person.pk: _reach(person, stopped) for person in people}


def mail_works(person: Person, stopped: set[tuple[int, str]]) -> bool:
    address = person.email
    return bool(address and person.mail_ok and (person.pk, mark_of(address)) not in stopped)


def _stopped(people: Iterable[Person]) -> set[tuple[int, str]]:
    stops = ChannelStop.objects.filter(person__in=people, channel=Channel.EMAIL)
    return set(stops.values_list("person_id", "mark"))


def _reach(person: Person, stopped: set[tuple[int, str]]) -> Reach:
    channels = (Channel.INAPP, Channel.EMAIL) if mail_works(person, stopped) else (Channel.INAPP,)
    return Reach(channels, person.digest_hour)
