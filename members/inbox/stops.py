"""An address that was refused for good: nothing is sent there any more, and those who can mend it are told."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from members import audit
from members.choices import Role
from members.inbox import registry
from members.inbox.models import Channel, ChannelStop
from members.inbox.registry import Pair, Rendered
from members.models import Appointment, Person

TOLD = (Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.SYSTEM_ADMINISTRATOR)
Tell = Callable[..., None]  # `actions.tell_inside`: the sender must not import actions, so it is handed in at start-up
_tellers: list[Tell] = []
OWN, OTHERS = "inbox.own_channel_stopped", "inbox.channel_stopped"


def stop(person: Person, channel: str, mark: str, error: str, *, now: datetime) -> bool:
    """Write to this address no more until the person has another one or somebody resends.

    The first time the person and whoever keeps the addresses are told, in the inbox only: a bounce never makes mail.
    Returns whether it was the first time.
    """
    known = ChannelStop.objects.filter(person=person, channel=channel, mark=mark).exists()
    ChannelStop.objects.update_or_create(
        person=person, channel=channel, defaults={"mark": mark, "error": error[:500], "stopped_at": now}
    )
    if known:
        return False
    entry = audit.record("inbox.channel_stopped", by=None, subject=str(person.public_id), now=now, channel=channel)
    on = timezone.localdate(now)
    staff = Appointment.objects.in_force(on).filter(role__in=TOLD, person__is_active=True).exclude(person=person)
    keepers = sorted(set(staff.values_list("person_id", flat=True)))
    subject = {"person": str(person.public_id), "channel": str(channel)}
    facts = [(pk, -entry.pk, OTHERS, subject) for pk in keepers] + [(person.pk, -entry.pk, OWN, subject)]
    for tell_inside in _tellers:
        tell_inside(facts, sending=f"stopped:{on}", now=now)
    return True


def connect(tell_inside: Tell) -> None:
    if tell_inside not in _tellers:
        _tellers.append(tell_inside)
    registry.register_heading("stopped", "今天有 {n} 个地址退信，已停止向它们发送")
    registry.register_template(OWN, _own)
    registry.register_templates([OTHERS], _others)


def _own(subject: registry.Subject, person: Person) -> Rendered:
    if subject["channel"] == Channel.EMAIL:
        return Rendered(
            "您的邮箱退信，系统已停止向它发邮件。请更换邮箱，或重新核实一次现在的邮箱。", url=reverse("account_mail")
        )
    return Rendered(
        "您的手机号或账号收不到短信等通知，系统已停止发送。请核对手机号，或改用其他方式。",
        url=reverse("account_contact"),
    )


def _others(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    if not person.has_perm("inbox.ledger"):
        return [None] * len(pairs)
    wanted = {subject["person"] for _, subject in pairs}
    names = {str(one.public_id): one.name for one in Person.objects.filter(public_id__in=wanted)}
    return [_about(names.get(subject["person"]), subject["channel"]) for _, subject in pairs]


def _about(name: str | None, channel: str) -> Rendered | None:
    if name is None:
        return None
    what = "邮箱退信" if channel == Channel.EMAIL else "手机号或账号收不到短信等通知"
    return Rendered(
        f"{name}的{what}，已停止发送。请联系本人更正，或打电话通知。", url=f"{reverse('inbox:ledger')}?q={name}"
    )
