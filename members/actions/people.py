from datetime import date, datetime
from itertools import count

from django.db import IntegrityError, transaction

from members import notices, post
from members.actions.appointments import appoint
from members.actions.sessions import end_sessions
from members.audit import record
from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Body, PasswordRecord, Person
from members.names import person_name, sound

CONTACT = {"phone": "手机号", "mail": "电子邮箱", "address": "通讯地址"}


@transaction.atomic
def new_person(
    name: str,
    *,
    by: Person | None,
    now: datetime,
    username: str = "",
    phone: str = "",
    mail: str = "",
    address: str = "",
) -> Person:
    """Make an account that nobody can sign in to before a code was issued; the username may be left to us."""
    person = Person(
        name=person_name(name), username=username or free_username(name), phone=phone, mail=mail, address=address
    )
    person.set_unusable_password()
    person.must_change_password = True
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise Refused(f"用户名“{person.username}”已被使用。", field="username") from error
    record("account.open", by=by, now=now, subject=str(person.public_id))
    return person


def free_username(name: str) -> str:
    """Return the name in pinyin, with a number behind it where others bear it: zhangsan, zhangsan2."""
    whole = sound(name, person=True).split(" ")[0]
    stem = "".join(c for c in whole if c.isascii() and c.isalnum())[:48] or "user"
    taken = {
        text.casefold() for text in Person.objects.filter(username__istartswith=stem).values_list("username", flat=True)
    }
    return next(text for number in count(1) if (text := f"{stem}{number if number > 1 else ''}") not in taken)


@transaction.atomic
def change_contact(
    person: Person,
    *,
    phone: str,
    address: str,
    by: Person | None,
    now: datetime,
    mail: str | None = None,
    document: str = "",
) -> None:
    """Change phone and address; the person, and the mail that was known so far, are told.

    A new `mail` comes from a roster or from staff, with a `document`, and is not verified; one's own needs its code.
    """
    known, mail = person.mail, person.mail if mail is None else mail
    new = {"phone": phone, "mail": mail, "address": address}
    changed = [name for name in new if getattr(person, name) != new[name]]
    if not changed:
        return
    for name in changed:
        setattr(person, name, new[name])
    if "mail" in changed:
        person.mail_verified_at = None
    person.save(update_fields=["phone", "mail", "address", "mail_verified_at"])
    labels = [CONTACT[name] for name in changed]
    facts = {"document": document} if document else {}
    entry = record("person.contact", by=by, now=now, subject=str(person.public_id), fields=labels, **facts)
    notices.tell([person.pk], entry, "members.contact_changed", now=now, what="、".join(labels))
    if known:
        post.post(
            known,
            "您的联系方式已修改",
            f"您在回音系统中的{'、'.join(labels)}已修改。如不是本人操作，请马上联系工作人员。\n",
            now=now,
        )


@transaction.atomic
def add_person(
    name: str,
    body: Body,
    role: Role,
    *,
    starts_on: date,
    document: str,
    by: Person,
    now: datetime,
    ends_on: date | None = None,
    namesake: bool = False,
    **contact: str,
) -> Person:
    """Make one account with its first role, which a second person must confirm before anybody can sign in (S6).

    Raises Refused where somebody of that name is there already, unless `namesake` says that this is another one.
    """
    if not namesake and Person.objects.filter(name=person_name(name)).exists():
        raise Refused(f"已有名为“{name}”的人员。确是另一人的，请勾选“与已有人员同名”。", field="namesake")
    person = new_person(name, by=by, now=now, **contact)
    appoint(person, body, role, starts_on=starts_on, ends_on=ends_on, document=document, by=by, now=now)
    return person


@transaction.atomic
def correct_name(person: Person, name: str, *, document: str, by: Person, now: datetime) -> None:
    """Put a name right that was written wrongly, or has changed; the person is told, earlier records keep the old one."""
    if by.pk == person.pk:
        raise Refused("不能更正自己的姓名，请由另一位同事办理。")
    person = Person.objects.select_for_update().get(pk=person.pk)
    old, person.name = person.name, person_name(name)
    if not person.name:
        raise Refused("请填写姓名。", field="name")
    if person.name == old:
        raise Refused("姓名没有改动。", field="name")
    person.save(update_fields=["name"])
    entry = record("person.name", by=by, now=now, subject=str(person.public_id), old=old, document=document.strip())
    notices.tell([person.pk], entry, "members.name_corrected", now=now, old=old, name=person.name)


@transaction.atomic
def record_contact(
    person: Person, *, phone: str, mail: str, address: str, document: str, by: Person, now: datetime
) -> None:
    """Staff write down what somebody told them. Raises Refused for the own data, which need the password."""
    if by.pk == person.pk:
        raise Refused("本人的联系方式请在“我的账号”中修改。")
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    new = {"phone": phone.strip(), "mail": mail.strip(), "address": address.strip()}
    if all(getattr(person, name) == value for name, value in new.items()):
        raise Refused("联系方式没有改动。")
    change_contact(person, **new, by=by, now=now, document=document.strip())


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
def tell_leader(person: Person, *, wanted: bool, by: Person, now: datetime) -> None:
    """Let reminders go to a leader, or no more: by itself nothing does (P2). Written down."""
    if person.told_as_leader == wanted:
        raise WrongStep("已经是这样设置的。请刷新页面。")
    person.told_as_leader = wanted
    person.save(update_fields=["told_as_leader"])
    record("person.tell_leader", by=by, now=now, subject=str(person.public_id), wanted=wanted)


@transaction.atomic
def withdraw_name(person: Person, *, by: Person, now: datetime, reason: str) -> None:
    """Take the name off public pages, feeds and open data; what the person wrote stays (P13)."""
    if person.withdrawn_at is not None:
        raise WrongStep("该姓名已停止公开。")
    person.withdrawn_at = now
    person.save(update_fields=["withdrawn_at"])
    record("person.withdraw_name", by=by, now=now, subject=str(person.public_id), reason=reason)
