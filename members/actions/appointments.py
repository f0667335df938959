from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from members import notices
from members.audit import record
from members.choices import COLLECTIVE_KINDS, CONVENED_KINDS, STAFF_ROLES, UNIT_KINDS, UNIT_ROLES, BodyKind, Role
from members.errors import Refused, WrongStep
from members.models import Appointment, AssigningOffice, Body, Delegation, Person

SUITABLE: dict[Role, frozenset[BodyKind]] = {
    **{role: UNIT_KINDS | {BodyKind.SECTION} for role in UNIT_ROLES},
    Role.ORGANISATION_SECRETARY: COLLECTIVE_KINDS - CONVENED_KINDS,
    Role.CONVENER: CONVENED_KINDS,
    Role.LIAISON_OFFICER: frozenset({BodyKind.LIAISON_OFFICE}),
}
CLASHES = {
    "never_staff_and_unit_at_once": "此人在这段时间已有另一类任职：同一人不能同时担任政协机关角色和承办单位角色。",
    "one_appointment_at_a_time": "此人在该单位已有同一角色的任职，时间重叠。",
    "nobody_appoints_himself": "不能给自己授予角色，请由另一位安全管理员办理。",
    "a_second_person_confirms": "须由授予人和本人以外的第二人复核。",
    "appointment_ends_after_start": "结束日期不能早于开始日期。",
}


@transaction.atomic
def appoint(
    person: Person,
    body: Body,
    role: Role,
    *,
    starts_on: date,
    document: str,
    by: Person | None,
    now: datetime,
    ends_on: date | None = None,
) -> Appointment:
    """Grant a role; it has no effect until a second person confirms it (S6).

    What is set up on the server (`by` None) counts at once and needs no document.

    Raises Refused for oneself, without a document, for a body that cannot have the role, and where dates clash.
    """
    if by and by.pk == person.pk:
        raise Refused(CLASHES["nobody_appoints_himself"], field="person")
    if by and not document.strip():
        raise Refused("请填写依据文件。", field="document")
    must_suit(body, role)
    must_end(role, ends_on)
    with in_words():
        appointment = Appointment.objects.create(
            person=person,
            body=body,
            role=role,
            starts_on=starts_on,
            ends_on=ends_on,
            document=document.strip(),
            granted_by=by,
        )
    record("appointment.grant", by=by, now=now, subject=str(appointment.public_id), person=person.public_id, role=role)
    return appointment


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a broken constraint of appointments into the sentence for it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        for name, sentence in CLASHES.items():
            if name in str(error):
                raise Refused(sentence) from error
        raise


def must_suit(body: Body, role: Role) -> None:
    if body.ended_on is not None:
        raise Refused("该单位已撤销。", field="body")
    if role in SUITABLE and BodyKind(body.kind) not in SUITABLE[role]:
        raise Refused(f"{body.get_kind_display()}不能设“{role.label}”。", field="body")
    if role == Role.ASSIGNING_OFFICER and not AssigningOffice.objects.filter(office=body).exists():
        raise Refused("该单位不是交办机构，不能设交办经办人。", field="body")


def must_end(role: Role, ends_on: date | None) -> None:
    """Temporary staff of a session (大会提案组) are appointed up to a day (P17)."""
    if role == Role.SESSION_STAFF and ends_on is None:
        raise Refused("大会提案组工作人员的任职随会议结束，请填写结束日期。", field="ends_on")


@transaction.atomic
def confirm(appointment: Appointment, *, by: Person, now: datetime) -> None:
    """Confirm what another granted; from now on it counts.

    Raises WrongStep if it does not wait for confirmation, Refused for the granter and for the person appointed.
    """
    appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
    if appointment.is_confirmed:
        raise WrongStep("这项任职已经复核。")
    if by.pk in (appointment.granted_by_id, appointment.person_id):
        raise Refused(CLASHES["a_second_person_confirms"])
    appointment.confirmed_by, appointment.confirmed_at = by, now
    with in_words():
        appointment.save(update_fields=["confirmed_by", "confirmed_at"])
    entry = record("appointment.confirm", by=by, now=now, subject=str(appointment.public_id))
    notices.tell([appointment.person_id], entry, "members.appointed", now=now, **words_of(appointment))


@transaction.atomic
def refuse_appointment(appointment: Appointment, *, reason: str, by: Person, now: datetime) -> None:
    """Send back what another granted; the row goes, the audit keeps it."""
    appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
    if appointment.is_confirmed:
        raise WrongStep("这项任职已经复核，只能结束，不能退回。")
    record(
        "appointment.refuse",
        by=by,
        now=now,
        subject=str(appointment.public_id),
        person=appointment.person.public_id,
        role=appointment.role,
        reason=reason,
    )
    appointment.delete()


def words_of(appointment: Appointment) -> dict[str, str]:
    """What a sentence about an appointment needs."""
    return {
        "body": appointment.body.name,
        "role": Role(appointment.role).label,
        "from_on": f"{appointment.starts_on:%Y年%m月%d日}",
        "to_on": f"{appointment.ends_on:%Y年%m月%d日}" if appointment.ends_on else "",
    }


@transaction.atomic
def delegate(
    appointment: Appointment, to: Person, *, starts_on: date, ends_on: date, by: Person, now: datetime
) -> Delegation:
    """Lend an appointment to a colleague of the same body for some days (委托).

    Raises Refused unless the holder lends it, to somebody appointed in that body, within its own dates.
    """
    today = timezone.localdate(now)
    if appointment.person_id != by.pk or not appointment.is_in_force(today):
        raise Refused("只能委托自己现有的任职。")
    if to.pk == by.pk or not Appointment.objects.in_force(today).filter(person=to, body=appointment.body_id).exists():
        raise Refused("只能委托给本单位已有任职的同事。", field="to")
    if not today <= starts_on <= ends_on or (appointment.ends_on and ends_on > appointment.ends_on):
        raise Refused("委托日期须从今天或以后开始，并且不超过自己的任职期限。", field="ends_on")
    if _crosses(to, Role(appointment.role), today):
        raise Refused(CLASHES["never_staff_and_unit_at_once"], field="to")
    delegation = Delegation.objects.create(appointment=appointment, to=to, starts_on=starts_on, ends_on=ends_on)
    entry = record("delegation.give", by=by, now=now, subject=str(delegation.public_id), to=to.public_id)
    words = {**words_of(appointment), "from_on": f"{starts_on:%Y年%m月%d日}", "to_on": f"{ends_on:%Y年%m月%d日}"}
    notices.tell([to.pk], entry, "members.delegated", now=now, holder=by.name, **words)
    return delegation


def _crosses(person: Person, role: Role, on: date) -> bool:
    other = UNIT_ROLES if role in STAFF_ROLES else STAFF_ROLES if role in UNIT_ROLES else frozenset[Role]()
    return Appointment.objects.in_force(on).filter(person=person, role__in=other).exists()


@transaction.atomic
def revoke_delegation(delegation: Delegation, *, by: Person, now: datetime) -> None:
    """Take back what was lent. Raises WrongStep if it was taken back before, Refused for others than the holder."""
    delegation = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation.pk)
    if delegation.revoked_at is not None:
        raise WrongStep("这项委托已经收回。")
    if delegation.appointment.person_id != by.pk:
        raise Refused("只有委托人可以收回委托。")
    delegation.revoke(now)
    record("delegation.revoke", by=by, now=now, subject=str(delegation.public_id))
