import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from members import notices, post
from members.actions.sessions import end_sessions
from members.audit import record
from members.choices import SECOND_FACTOR_ROLES, Role
from members.crypto import blind_index
from members.errors import Refused
from members.models import Code, CodeUse, Person
from members.rights import roles_of, whole_standing

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1
LENGTH = 8
LASTING = {
    CodeUse.FIRST: timedelta(days=90),
    CodeUse.SIGN_IN: timedelta(hours=24),
    CodeUse.RESET: timedelta(minutes=30),
    CodeUse.MAIL: timedelta(hours=24),
}
BLOCK = timedelta(hours=24)


def _digest(person_id: int, use: str, code: str) -> str:
    plain = "".join(c for c in code.upper() if c in ALPHABET)
    return blind_index(f"{person_id}:{use}:{plain}", place="code")


@transaction.atomic
def make_code(
    person: Person, use: CodeUse, *, now: datetime, issued_by: Person | None = None, pending: str = ""
) -> str:
    """Return a fresh code, such as `ABCD-2345`; an earlier one for the same use no longer works."""
    Person.objects.select_for_update().get(pk=person.pk)
    Code.objects.filter(person=person, use=use, spent_at=None).update(spent_at=now)
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    Code.objects.create(
        person=person,
        use=use,
        digest=_digest(person.pk, use, text),
        pending=pending,
        issued_by=issued_by,
        issued_at=now,
        expires_at=now + LASTING[use],
    )
    return f"{text[:4]}-{text[4:]}"


@transaction.atomic
def issue_code(person: Person, *, by: Person, now: datetime) -> str:
    """Issue a sign-in code at the counter (P27); the person is told, the code is shown once.

    Raises Refused for oneself, for a closed account, and for one that only a security administrator may open.
    """
    if by.pk == person.pk:
        raise Refused("不能给自己开具登录码。")
    if not person.is_active:
        raise Refused("该账号已停用。")
    if not may_issue_code(by, person, now=now):
        raise Refused("该账号有机关或管理职务，登录码须由安全管理员开具。")
    code = make_code(person, CodeUse.SIGN_IN, now=now, issued_by=by)
    entry = record("code.issue", by=by, now=now, subject=str(person.public_id))
    notices.tell([person.pk], entry, "members.code_issued", now=now)
    return code


def may_issue_code(by: Person, person: Person, *, now: datetime) -> bool:
    """Whether `by` may open this account: who has more to lose than a member or a unit is for security administrators."""
    on = timezone.localdate(now)
    privileged = SECOND_FACTOR_ROLES & whole_standing(person, on).all().keys()
    return not privileged or Role.SECURITY_ADMINISTRATOR in roles_of(by, on)


@transaction.atomic
def send_reset_code(username: str, *, now: datetime) -> None:
    """Send a code to the verified mail of this account, if there is one; the caller learns nothing."""
    person = Person.objects.active().filter(username__iexact=username).first()
    if person is None or not person.mail or person.mail_verified_at is None:
        return
    code = make_code(person, CodeUse.RESET, now=now)
    record("code.reset", by=None, now=now, subject=str(person.public_id))
    text = f"您的一次性登录码是 {code}，30分钟内有效，只能使用一次。\n\n请不要告诉任何人。如不是本人操作，请联系工作人员。\n"
    post.post(person.mail, "一次性登录码", text, now=now)


@transaction.atomic
def spend_code(username: str, code: str, *, now: datetime, address: str | None = None) -> Person | None:
    """Return the person whose live sign-in code this is, and spend it; None if it is nobody's.

    A code that was sent or issued counts as a reset: the password must be set anew, every other session ends, and
    evaluating, co-signing and signing wait 24 hours. The first code of a new account blocks nothing.
    """
    person: Person | None = Person.objects.select_for_update().filter(username__iexact=username, is_active=True).first()
    live = Code.objects.filter(person=person, spent_at=None, expires_at__gt=now).exclude(use=CodeUse.MAIL)
    for row in live if person else ():
        if hmac.compare_digest(row.digest, _digest(row.person_id, row.use, code)):
            assert person is not None
            row.spent_at = now
            row.save(update_fields=["spent_at"])
            _begin_anew(person, CodeUse(row.use), now=now, address=address)
            return person
    return None


def _begin_anew(person: Person, use: CodeUse, *, now: datetime, address: str | None) -> None:

    person.must_change_password = True
    if use != CodeUse.FIRST:
        person.blocked_until = now + BLOCK
    person.save(update_fields=["must_change_password", "blocked_until"])
    end_sessions(person)
    entry = record("code.spend", by=person, now=now, subject=str(person.public_id), address=address, use=use)
    if use != CodeUse.FIRST:
        notices.tell([person.pk], entry, "members.password_reset", now=now)


@transaction.atomic
def send_mail_code(person: Person, mail: str, *, now: datetime) -> None:
    """Send a code to a mail address that this person wants to use."""
    code = make_code(person, CodeUse.MAIL, now=now, pending=mail)
    post.post(
        mail, "核实邮箱", f"您的邮箱验证码是 {code}，24小时内有效。请在“我的账号”的“核实新邮箱”中填写。\n", now=now
    )


@transaction.atomic
def prove_mail(person: Person, code: str, *, now: datetime) -> None:
    """Take over the mail address that the code was sent to. Raises Refused for a wrong or old code."""
    row = Code.objects.select_for_update().filter(person=person, use=CodeUse.MAIL, spent_at=None).first()
    good = (
        row is not None and row.expires_at > now and hmac.compare_digest(row.digest, _digest(person.pk, row.use, code))
    )
    if row is None or not good:
        raise Refused("验证码不正确或已过期，请重新发送。", field="code")
    old = person.mail
    row.spent_at = now
    row.save(update_fields=["spent_at"])
    person.mail, person.mail_verified_at = row.pending, now
    person.save(update_fields=["mail", "mail_verified_at"])
    person.channel_stops.filter(channel="email").delete()  # the code arrived, so the address works (again)
    entry = record("person.mail", by=person, now=now, subject=str(person.public_id))
    notices.tell([person.pk], entry, "members.contact_changed", now=now, what="电子邮箱")
    if old and old != person.mail:
        post.post(old, "您的邮箱已修改", "您在回音系统中的邮箱已修改。如不是本人操作，请马上联系工作人员。\n", now=now)
