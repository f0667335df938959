from datetime import datetime

from django.db import transaction

from members import notices, post
from members.actions.sessions import end_sessions
from members.audit import record
from members.errors import Refused, WrongStep
from members.models import PasswordRecord, Person


@transaction.atomic
def change_contact(person: Person, *, phone: str, address: str, by: Person, now: datetime) -> None:
    """Change phone and address; the person, and the mail that was known so far, are told. A new mail needs its code."""
    changed = [
        label
        for label, old, new in (("手机号", person.phone, phone), ("通讯地址", person.address, address))
        if old != new
    ]
    if not changed:
        return
    person.phone, person.address = phone, address
    person.save(update_fields=["phone", "address"])
    entry = record("person.contact", by=by, now=now, subject=str(person.public_id), fields=changed)
    notices.tell([person.pk], entry, "members.contact_changed", now=now, what="、".join(changed))
    if person.mail:
        post.post(
            person.mail,
            "您的联系方式已修改",
            f"您在回音系统中的{'、'.join(changed)}已修改。如不是本人操作，请马上联系工作人员。\n",
        )


@transaction.atomic
def change_password(person: Person, password: str, *, by: Person, now: datetime, address: str | None = None) -> None:
    """Set one's own new password, which ends every other session. Raises Refused for another's account (S6)."""
    if by.pk != person.pk:
        raise Refused("任何人都不能为他人设置密码。")
    if person.has_usable_password():
        PasswordRecord.objects.create(person=person, password=person.password, at=now)
    person.set_password(password)
    person.password_changed_at, person.must_change_password = now, False
    person.save(update_fields=["password", "password_changed_at", "must_change_password"])
    end_sessions(person)
    record("password.change", by=by, now=now, subject=str(person.public_id), address=address)


@transaction.atomic
def close_account(person: Person, *, by: Person, now: datetime, reason: str) -> None:
    """Close an account; its sessions end at once. Raises WrongStep if it is closed, Refused for one's own."""
    if by.pk == person.pk:
        raise Refused("不能停用自己的账号。")
    if not person.is_active:
        raise WrongStep("该账号已经停用。")
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)
    record("account.close", by=by, now=now, subject=str(person.public_id), reason=reason)


@transaction.atomic
def reopen_account(person: Person, *, by: Person, now: datetime, reason: str) -> None:
    """Open a closed account again. Raises WrongStep if it is open, Refused for one's own."""
    if by.pk == person.pk:
        raise Refused("不能启用自己的账号。")
    if person.is_active:
        raise WrongStep("该账号已在使用。")
    person.is_active = True
    person.save(update_fields=["is_active"])
    record("account.reopen", by=by, now=now, subject=str(person.public_id), reason=reason)


@transaction.atomic
def withdraw_name(person: Person, *, by: Person, now: datetime, reason: str) -> None:
    """Take the name off public pages, feeds and open data; what the person wrote stays (`practice.md` P13)."""
    if person.withdrawn_at is not None:
        raise WrongStep("该姓名已停止公开。")
    person.withdrawn_at = now
    person.save(update_fields=["withdrawn_at"])
    record("person.withdraw_name", by=by, now=now, subject=str(person.public_id), reason=reason)
