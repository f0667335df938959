"""Accounts change by a document and two persons (S6): one asks, another decides."""

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.utils import timezone

from members import notices, post
from members.actions.appointments import in_words, words_of
from members.actions.sessions import end_sessions
from members.audit import record
from members.errors import Refused, WrongStep
from members.models import AccountRequest, Appointment, Person

BLOCK = "本人、提出人都不能复核，请由另一位同事办理。"
Kind = AccountRequest.Kind


@transaction.atomic
def close_account(person: Person, *, document: str, reason: str, by: Person, now: datetime) -> AccountRequest:
    """Close an account (停用); its sessions end at once. Raises WrongStep if it is closed, Refused for one's own."""
    person = _locked(person)
    if not person.is_active:
        raise WrongStep("该账号已经停用。")
    row = _ask(Kind.CLOSE, person, document=document, reason=reason, by=by, now=now)
    _open_or_close(person, is_active=False)
    return row


@transaction.atomic
def ask_reopening(person: Person, *, document: str, reason: str, by: Person, now: datetime) -> AccountRequest:
    """Ask that a closed account be opened again (启用); it stays closed until another person agrees."""
    person = _locked(person)
    if person.is_active:
        raise WrongStep("该账号已在使用。")
    return _ask(Kind.REOPEN, person, document=document, reason=reason, by=by, now=now)


@transaction.atomic
def ask_second_factor_reset(person: Person, *, document: str, reason: str, by: Person, now: datetime) -> AccountRequest:
    """Ask that a lost second factor be taken away, recovery codes included; the owner is told at once."""
    person = _locked(person)
    if not is_mfa_enabled(person):
        raise WrongStep("该账号没有开启两步验证，不需要重置。")
    row = _ask(Kind.SECOND_FACTOR, person, document=document, reason=reason, by=by, now=now)
    entry = record("second_factor.ask_reset", by=by, now=now, subject=str(person.public_id))
    notices.tell([person.pk], entry, "members.second_factor_asked", now=now)
    return row


@transaction.atomic
def end_appointment(
    appointment: Appointment, *, on: date, document: str, by: Person, now: datetime, reason: str = ""
) -> AccountRequest:
    """End an appointment with `on` as its last day; a day before today ends it at once.

    If nothing else is in force any more, all sessions end. Raises WrongStep if it has ended, Refused for one's own.
    """
    appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
    today = timezone.localdate(now)
    if appointment.ends_on is not None and appointment.ends_on < today:
        raise WrongStep("这项任职已经结束。")
    if on < appointment.starts_on:
        raise Refused("结束日期不能早于开始日期。", field="on")
    row = _ask(Kind.END, appointment.person, document=document, reason=reason, by=by, now=now, appointment=appointment)
    appointment.ends_on = on
    appointment.save(update_fields=["ends_on"])
    entry = record("appointment.end", by=by, now=now, subject=str(appointment.public_id), on=on, reason=reason)
    notices.tell([appointment.person_id], entry, "members.appointment_ended", now=now, **words_of(appointment))
    if not Appointment.objects.in_force(today).filter(person=appointment.person_id).exists():
        end_sessions(appointment.person)
    return row


def _locked(person: Person) -> Person:
    found: Person = Person.objects.select_for_update().get(pk=person.pk)
    return found


def _ask(
    kind: Kind,
    person: Person,
    *,
    document: str,
    reason: str,
    by: Person,
    now: datetime,
    appointment: Appointment | None = None,
) -> AccountRequest:
    if by.pk == person.pk:
        raise Refused(f"不能为自己{kind.label}，请由另一位安全管理员办理。")
    if not document.strip():
        raise Refused("请填写依据文件。", field="document")
    waiting = AccountRequest.objects.waiting().filter(person=person)
    if waiting.filter(kind=kind, appointment=appointment).exists():
        raise WrongStep(f"已有一项“{kind.label}”等待复核。")
    if kind in (Kind.CLOSE, Kind.REOPEN) and waiting.filter(kind__in=(Kind.CLOSE, Kind.REOPEN)).exists():
        raise WrongStep("该账号的停用或启用还在等待复核，请先复核。")
    row = AccountRequest.objects.create(
        kind=kind,
        person=person,
        appointment=appointment,
        earlier_end=appointment.ends_on if appointment else None,
        document=document.strip(),
        reason=reason.strip(),
        asked_by=by,
        asked_at=now,
    )
    record(f"account.{kind}", by=by, now=now, subject=str(person.public_id), document=row.document, reason=row.reason)
    return row


@transaction.atomic
def decide_request(request: AccountRequest, *, agrees: bool, by: Person, now: datetime) -> None:
    """Agree or refuse, as the second person: what waited happens now, what was refused is taken back.

    Raises WrongStep if it was decided, Refused for who asked and for the person it is about.
    """
    row = AccountRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if row.decided_at is not None:
        raise WrongStep("这一项已经复核。")
    if by.pk in (row.asked_by_id, row.person_id):
        raise Refused(BLOCK)
    row.decided_by, row.decided_at, row.agreed = by, now, agrees
    row.save(update_fields=["decided_by", "decided_at", "agreed"])
    person = _locked(row.person)
    record(f"account.{row.kind}.decide", by=by, now=now, subject=str(person.public_id), agrees=agrees)
    if (row.kind == Kind.REOPEN and agrees) or (row.kind == Kind.CLOSE and not agrees):
        _open_or_close(person, is_active=True)
    elif row.kind == Kind.SECOND_FACTOR and agrees:
        _drop_second_factor(person, by=by, now=now)
    elif row.kind == Kind.END and not agrees and row.appointment:
        _restore(row.appointment, row.earlier_end, by=by, now=now)


def _open_or_close(person: Person, *, is_active: bool) -> None:
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    if not is_active:
        end_sessions(person)


def _restore(appointment: Appointment, ends_on: date | None, *, by: Person, now: datetime) -> None:
    appointment.ends_on = ends_on
    with in_words():
        appointment.save(update_fields=["ends_on"])
    entry = record("appointment.restore", by=by, now=now, subject=str(appointment.public_id))
    notices.tell([appointment.person_id], entry, "members.appointment_restored", now=now, **words_of(appointment))


def _drop_second_factor(person: Person, *, by: Person, now: datetime) -> None:
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person)
    entry = record("second_factor.reset", by=by, now=now, subject=str(person.public_id))
    notices.tell([person.pk], entry, "members.second_factor_reset", now=now)
    if person.mail and person.mail_verified_at:
        post.post(
            person.mail,
            "您的两步验证已重置",
            "您在回音系统中的两步验证已重置，所有登录已退出。如不是本人要求，请马上联系工作人员。\n",
            now=now,
        )
