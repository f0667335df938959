"""Telling people, each once, and taking back what has not left the house."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from members import audit
from members.errors import WrongStep
from members.gateways import gateway_of, gateways
from members.inbox import registry
from members.inbox.doorbell import SEND, WORK, ring_after_commit
from members.inbox.models import Channel, ChannelStop, JobState, LongJob, Message, PhoneNotice, State
from members.inbox.reach import Reach, reach_of
from members.inbox.registry import SENDING, Subject
from members.models import Person
from members.transport import SECONDS
from members.uploads import delete

# the key of the sending that carries a fact to this person by this channel, and the moment before which it waits
Address = Callable[[int, Reach, Channel], tuple[str, datetime]]


@dataclass(frozen=True)
class Fact:
    """One thing to tell one person; `stem` is its key without person and channel, as in `o123:e2:s4:n1`."""

    stem: str
    recipient_id: int
    template: str
    subject: Subject
    about: int | None = None
    epoch: int | None = None


@transaction.atomic
def tell(
    recipients: Iterable[int],
    *,
    event_id: int,
    template: str,
    subject: Subject,
    now: datetime,
    proved_mail_only: bool = False,
) -> None:
    """Tell each person once what happened; in the inbox at once, by mail as soon as the sender comes round.

    Calling it again for the same event tells nobody twice. With `proved_mail_only` an address that nobody has proved
    to be the person's gets nothing.
    """
    messages = [
        _message(f"ev{event_id}:p{person_id}:{channel}", person_id, channel, template, subject, reach=reach, now=now)
        for person_id, reach in sorted(reach_of(recipients, proved_mail_only=proved_mail_only).items())
        for channel in reach.channels
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    ring_after_commit(SEND)


BULK = timedelta(minutes=1)
"""Mail about a bulk act waits so long for what its other rows have to say."""


@transaction.atomic
def tell_many(
    facts: Iterable[tuple[int, int, str, Subject]], *, sending: str, now: datetime, mail_at: datetime | None = None
) -> None:
    """Tell the many facts of one act, (recipient, event, template, subject) each, in one message per person (P3).

    `sending` names the act in the key, as in `handover:b12`; its first word names the heading. An act of many
    transactions gives `mail_at`, until which mail waits for the facts that are still to come.
    """
    told = [Fact(f"ev{event_id}", person_id, template, subject) for person_id, event_id, template, subject in facts]

    def address(person_id: int, reach: Reach, channel: Channel) -> tuple[str, datetime]:
        return f"{sending}:p{person_id}:{channel}", mail_at or now

    _post(told, address, name=sending.split(":", maxsplit=1)[0], now=now)


@transaction.atomic
def tell_inside(facts: Iterable[tuple[int, int, str, Subject]], *, sending: str, now: datetime) -> None:
    """The same in the inbox only, for what must never make mail, such as that mail comes back."""
    told = [Fact(f"ev{event_id}", person_id, template, subject) for person_id, event_id, template, subject in facts]

    def address(person_id: int, reach: Reach, channel: Channel) -> tuple[str, datetime]:
        return f"{sending}:p{person_id}:{channel}", now

    _post(told, address, name=sending.split(":", maxsplit=1)[0], channels=(Channel.INAPP,), now=now)


@transaction.atomic
def remind(facts: Iterable[Fact], *, now: datetime) -> None:
    """Post reminders: whatever falls into one hour for one person and channel is one message (P3).

    Nobody is mailed before the hour of the day that he chose; the inbox does not wait.
    """

    def address(person_id: int, reach: Reach, channel: Channel) -> tuple[str, datetime]:
        opens = _slot(now, reach, channel)
        return f"digest:p{person_id}:{channel}:{timezone.localtime(opens):%Y-%m-%dT%H}", max(opens, now)

    _post(list(facts), address, name="digest", now=now)


@transaction.atomic
def cancel(about: int | Collection[int], *, before_epoch: int | None = None, keep: Collection[str] = ()) -> int:
    """Take back what has not been handed off about these obligations, and return how many rows that were.

    It waits for a hand-off in flight; none begins after it has run. With `before_epoch` only what older
    epochs planned; templates in `keep` stay. To be called with the obligation locked, in the transaction that closes it.
    """
    obligations = [about] if isinstance(about, int) else list(about)
    pending = Message.objects.filter(about__in=obligations, state=State.PENDING).exclude(template__in=keep)
    if before_epoch is not None:
        pending = pending.filter(epoch__lt=before_epoch)
    _wait_for_hand_offs()
    locked = list(pending.order_by("id").select_for_update(no_key=True).values_list("pk", flat=True))
    return Message.objects.filter(pk__in=locked, state=State.PENDING).update(state=State.CANCELLED)


def sendings_of(names: Iterable[str]) -> "QuerySet[Message]":
    """What these acts told people in one message each: a row for each person and channel, by id."""
    wanted = Q(pk__in=[])
    for name in names:
        wanted |= Q(key__startswith=f"{name}:p")
    return Message.objects.filter(wanted, part_of=None).select_related("recipient").order_by("id")


def lock_sendings(names: Iterable[str]) -> list[Message]:
    """The same, locked: nothing of it is handed off meanwhile. It waits for a hand-off in flight."""
    _wait_for_hand_offs()
    return list(sendings_of(names).select_for_update(of=("self",), no_key=True))


@transaction.atomic
def take_back(sendings: Collection[Message]) -> None:
    """Take back locked sendings that have reached nobody: mail is cancelled, what stands unread in inboxes is gone."""
    inside = [row.pk for row in sendings if row.channel == Channel.INAPP]
    Message.objects.filter(part_of__in=inside).delete()
    Message.objects.filter(pk__in=inside).delete()
    outside = [row.pk for row in sendings if row.channel != Channel.INAPP]
    pending = Message.objects.filter(Q(pk__in=outside) | Q(part_of__in=outside), state=State.PENDING)
    pending.update(state=State.CANCELLED)


@transaction.atomic
def carry_over(about: int, part: str, *, epoch: int) -> bool:
    """Let the messages about this obligation that have `part` in their key stand for the epoch after `epoch`.

    False, and nothing is done, if one of them was taken back. It waits for a hand-off in flight.
    """
    found = Message.objects.filter(about=about, epoch=epoch, key__contains=part)
    _wait_for_hand_offs()
    locked = dict(found.order_by("id").select_for_update(no_key=True).values_list("pk", "state"))
    if State.CANCELLED in locked.values():
        return False
    Message.objects.filter(pk__in=locked).update(epoch=epoch + 1)
    return True


@transaction.atomic
def resend(message: Message, *, by: Person, now: datetime) -> bool:
    """Give a message that did not arrive another try, under the same key and Message-ID; tries are counted anew.

    What it says of time limits that have ended or moved since is left out; False if nothing else was in it.
    A gateway that is no longer named gives way to the one that the person has now. The token `attempts` only grows.
    Raises WrongStep if it is not one that waits for this decision, or if the person has no address any more.
    """
    facts = Message.objects.filter(Q(pk=message.pk) | Q(part_of=message))
    limits = {row.about for row in facts if row.about is not None}
    running = registry.running(limits)  # locked before the message, as whoever ends a limit does
    message = Message.objects.select_related("recipient").select_for_update(of=("self",)).get(pk=message.pk)
    inside = message.channel == Channel.INAPP
    if message.state not in (State.DEAD, State.UNKNOWN) or (message.part_of_id and not inside):
        raise WrongStep("这条通知不在未送达之列，不能重发。")
    gateway = "" if inside else _gateway_now(message)
    again = facts.filter(state=message.state)
    moot = [row.pk for row in again.filter(about__in=limits) if row.epoch != running.get(row.about or 0)]
    again.filter(pk__in=moot).update(state=State.CANCELLED)
    audit.record("inbox.resend", by=by, subject=str(message.public_id), now=now)
    if inside and not moot:
        _show_anew(message, now=now)
        return True
    if moot and not again.exclude(pk=message.pk, template=SENDING).exists():
        again.update(state=State.CANCELLED)
        return False
    again.update(
        state=State.PENDING,
        not_before=now,
        error="",
        gateway=gateway,
        sent_at=None,
        resent_at=now,
        resent_from=F("attempts"),
    )
    ChannelStop.objects.filter(person=message.recipient_id, channel=message.channel).delete()
    ring_after_commit(SEND)
    return True


def _show_anew(message: Message, *, now: datetime) -> None:
    """What could not be put into words stands in the inbox again, unread; the sender tries it once more."""
    if not message.recipient.is_active:
        raise WrongStep(f"{message.recipient.name}的账号已停用，不能重发。")
    again = {"state": State.SENT, "sent_at": now, "error": "", "to_try": True, "resent_at": now}
    Message.objects.filter(pk=message.pk).update(**again)
    _show_again([message.part_of_id or message.pk], now=now)
    ring_after_commit(SEND)


@transaction.atomic
def told_by_phone(person: Person, *, note: str = "", by: Person, now: datetime) -> PhoneNotice:
    """Record that this person was told by telephone of everything that stands in the inbox now (已电话通知)."""
    notice = PhoneNotice.objects.create(person=person, by=by, at=now, upto=now, note=note)
    audit.record("inbox.told_by_phone", by=by, subject=str(person.public_id), now=now)
    return notice


def _gateway_now(message: Message) -> str:
    """The gateway that a message sent again goes by, "" for a mail; refuse where nothing can be reached."""
    person = message.recipient
    if not person.is_active:
        raise WrongStep(f"{person.name}的账号已停用，不能重发。")
    if message.channel == Channel.EMAIL:
        if not person.mail:
            raise WrongStep(f"{person.name}没有登记邮箱，请先登记邮箱，或打电话通知。")
        return ""
    if message.gateway in gateways():
        return message.gateway
    if (gateway := gateway_of(person)) is None:
        raise WrongStep(f"{person.name}没有可用的短信等网关，请先登记手机号，或打电话通知。")
    return gateway.name


def mark_read(message: Message, *, now: datetime) -> None:
    """The second time changes nothing."""
    Message.objects.filter(pk=message.pk, channel=Channel.INAPP, read_at=None).update(read_at=now)


def mark_all_read(person: Person, *, upto: datetime, now: datetime) -> int:
    """Mark as read what the person had on the page; what came after `upto` stays unread."""
    return Message.objects.inbox_of(person).unread().filter(created_at__lte=upto).update(read_at=now)


@transaction.atomic
def start_job(kind: str, *, title: str, args: dict[str, Any], back: str = "", by: Person, now: datetime) -> LongJob:
    """Queue long work; its page shows how far it is."""
    job = LongJob.objects.create(kind=kind, title=title, args=args, back=back, by=by, created_at=now)
    ring_after_commit(WORK)
    return job


@transaction.atomic
def retry_job(job: LongJob, *, by: Person, now: datetime) -> None:
    """Run work that failed once more. Raises WrongStep if it did not fail."""
    job = LongJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.state != JobState.FAILED:
        raise WrongStep("只有未完成的任务可以重新开始。")
    LongJob.objects.filter(pk=job.pk).update(
        state=JobState.WAITING, attempts=0, leased_until=None, finished_at=None, error=""
    )
    ring_after_commit(WORK)


@transaction.atomic
def drop_files(kinds: str) -> None:
    """Take back every file that jobs of these kinds made, such as `proposals.`: it is made again in a minute.

    Nothing says what a file holds; so all go when one matter in them must not be seen any more (S5).
    """
    for job in LongJob.objects.exclude(file="").filter(kind__startswith=kinds):
        LongJob.objects.filter(pk=job.pk).update(file="")
        transaction.on_commit(partial(delete, job.file))


def _wait_for_hand_offs() -> None:
    """Let the locks of this transaction take as long as a mail server may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{int(SECONDS) + 3}s"])


def _message(
    key: str,
    person_id: int,
    channel: Channel,
    template: str,
    subject: Subject,
    *,
    reach: Reach,
    now: datetime,
    **more: Any,
) -> Message:
    """A message in the inbox is delivered by being there; what leaves the house waits for the sender."""
    inside = channel == Channel.INAPP
    return Message(
        key=key,
        recipient_id=person_id,
        channel=channel,
        gateway=reach.gateway if channel == Channel.WEBHOOK else "",
        template=template,
        subject=subject,
        state=State.SENT if inside else State.PENDING,
        sent_at=now if inside else None,
        to_try=inside and template != SENDING and reach.channels == (Channel.INAPP,),
        created_at=now,
        not_before=more.pop("not_before", now),
        **more,
    )


def _slot(now: datetime, reach: Reach, channel: Channel) -> datetime:
    """The full hour that a digest is named after."""
    hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    if channel != Channel.INAPP and hour.hour < reach.digest_hour:
        return hour.replace(hour=reach.digest_hour)
    return hour


def _post(
    facts: Sequence[Fact], address: Address, *, name: str, channels: Collection[Channel] = tuple(Channel), now: datetime
) -> None:
    """Write facts that are new, and the sendings that carry them, in a constant number of queries."""
    reaches = reach_of(fact.recipient_id for fact in facts)
    rows: dict[str, Message] = {}
    carrier: dict[str, str] = {}
    sendings: dict[str, Message] = {}
    for fact in facts:
        if (reach := reaches.get(fact.recipient_id)) is None:
            continue
        for channel in reach.channels:
            if channel not in channels:
                continue
            row = _fact_row(fact, channel, reach, now=now)
            row.to_try = row.to_try or tuple(channels) == (Channel.INAPP,)
            rows[row.key] = row
            key, opens = address(fact.recipient_id, reach, channel)
            carrier[row.key] = key
            sendings[key] = _message(
                key, fact.recipient_id, channel, SENDING, {"name": name}, reach=reach, now=now, not_before=opens
            )
    known = set(Message.objects.filter(key__in=rows).values_list("key", flat=True))
    fresh = {key: row for key, row in rows.items() if key not in known}
    carried_by = _open_sendings([sendings[key] for key in sorted({carrier[key] for key in fresh})])
    for key, row in fresh.items():
        row.part_of_id = carried_by[carrier[key]]
    Message.objects.bulk_create([fresh[key] for key in sorted(fresh)], ignore_conflicts=True)
    _show_again(carried_by.values(), now=now)
    ring_after_commit(SEND)


def _fact_row(fact: Fact, channel: Channel, reach: Reach, *, now: datetime) -> Message:
    return _message(
        f"{fact.stem}:p{fact.recipient_id}:{channel}",
        fact.recipient_id,
        channel,
        fact.template,
        fact.subject,
        about=fact.about,
        epoch=fact.epoch,
        reach=reach,
        now=now,
    )


def _open_sendings(wanted: Sequence[Message]) -> dict[str, int]:
    """Return for each wanted sending, by key, the id of one that still takes facts; it is made if need be.

    A sending that has gone out, or is going out now, is followed by another with `#2` behind its key.
    """
    found: dict[str, int] = {}
    for number in count(1):
        missing = {f"{sending.key}#{number}" if number > 1 else sending.key: sending for sending in wanted}
        missing = {key: sending for key, sending in missing.items() if sending.key not in found}
        if not missing:
            break
        rows = [_numbered(missing[key], key) for key in sorted(missing)]
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {missing[key].key: pk for key, pk in _lock_open(list(missing))}
    return found


def _numbered(sending: Message, key: str) -> Message:
    row = copy(sending)
    row.key, row.public_id = key, uuid.uuid4()
    return row


def _lock_open(keys: Sequence[str]) -> list[tuple[str, int]]:
    """Lock those that still take facts. The lock is shared by all who post and keeps the sender away."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, id FROM inbox_message WHERE key = ANY(%s) AND (channel = %s OR state = %s)"
            " ORDER BY id FOR SHARE SKIP LOCKED",
            [list(keys), Channel.INAPP, State.PENDING],
        )
        return list(cursor.fetchall())


def _show_again(sendings: Collection[int], *, now: datetime) -> None:
    """A sending in the inbox that was read and has now grown is unread again."""
    Message.objects.filter(pk__in=sendings, channel=Channel.INAPP, read_at__isnull=False).update(
        read_at=None, created_at=now
    )
