import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.passwords import PROFILES
from members import post, throttle
from members.actions import close_account, end_appointment, issue_code, send_reset_code, spend_code
from members.actions.codes import make_code
from members.choices import Role
from members.errors import Refused
from members.models import AuditEntry, Code, CodeUse, Person, SignInFailures
from tests.factories import PASSWORD, AppointmentFactory, PersonFactory, appoint
from tests.inbox.sink import Sink, running_sink

pytestmark = pytest.mark.django_db
NEW = "落霞与孤鹜齐飞-0715"


def sign_in(client: Any, person: Person | str, password: str = PASSWORD, **more: str) -> Any:
    name = person if isinstance(person, str) else person.username
    return client.post("/accounts/login/", {"login": name, "password": password, **more})


@pytest.fixture
def member() -> Person:
    return appoint(Role.MEMBER, password=PASSWORD)


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Any, member: Person) -> None:
    asked = client.get("/accounts/devices/")
    assert asked.url == "/accounts/login/?next=/accounts/devices/"

    page = client.get(asked.url)
    answer = client.post(asked.url, {"login": member.username, "password": PASSWORD, "next": "/accounts/devices/"})

    assert 'name="next" value="/accounts/devices/"' in page.content.decode()
    assert answer.url == "/accounts/devices/"
    assert AuditEntry.objects.get(verb="sign_in").by == member


def test_a_foreign_address_is_never_the_next_page(client: Any, member: Person) -> None:
    answer = client.post(
        "/accounts/login/", {"login": member.username, "password": PASSWORD, "next": "https://elsewhere.example/"}
    )

    assert answer.url == "/desk/"


def test_known_and_unknown_names_get_the_same_answer(client: Any, member: Person) -> None:
    known = sign_in(client, member, "wrong password").content.decode()
    unknown = sign_in(client, "nobody-at-all", "wrong password").content.decode()

    def plain(page: str) -> str:
        return re.sub(r'csrfmiddlewaretoken" value="[^"]*"|printed[^<]*', "", page)

    assert "用户名或密码不正确" in known
    assert plain(known).replace(member.username, "X") == plain(unknown).replace("nobody-at-all", "X")


@pytest.mark.parametrize("state", ["closed", "without appointment", "demo in production"])
def test_accounts_that_may_not_sign_in_answer_like_a_wrong_password(client: Any, state: str, settings: Any) -> None:
    person = {
        "closed": lambda: appoint(Role.MEMBER, password=PASSWORD, is_active=False),
        "without appointment": lambda: PersonFactory(password=PASSWORD),
        "demo in production": lambda: appoint(Role.MEMBER, password=PASSWORD, is_demo=True),
    }[state]()
    settings.PRODUCTION = state == "demo in production"

    answer = sign_in(client, person)

    assert answer.status_code == 422
    assert "用户名或密码不正确" in answer.content.decode()


def test_a_former_member_may_still_sign_in(client: Any) -> None:
    person = appoint(Role.MEMBER, password=PASSWORD, ends_on=timezone.localdate() - timedelta(days=30))

    assert sign_in(client, person).url == "/desk/"


def test_names_are_taken_in_any_case(client: Any) -> None:
    appoint(Role.MEMBER, username="Lin.An", password=PASSWORD)

    assert sign_in(client, "lin.an").url == "/desk/"


@pytest.mark.parametrize(
    ("ticked", "role", "seconds"),
    [
        ({}, Role.MEMBER, 12 * 3600),
        ({"remember": "on"}, Role.MEMBER, 30 * 24 * 3600),
        ({"remember": "on"}, Role.PROPOSAL_STAFF, 12 * 3600),
        ({"shared": "on"}, Role.MEMBER, 3600),
    ],
)
def test_how_long_a_sign_in_lasts(client: Any, ticked: dict[str, str], role: Role, seconds: int) -> None:
    sign_in(client, appoint(role, password=PASSWORD), **ticked)

    assert client.session.get_expiry_age() == pytest.approx(seconds, abs=5)
    assert client.session["shared"] is ("shared" in ticked)


def test_own_and_shared_together_are_refused(client: Any, member: Person) -> None:
    answer = sign_in(client, member, remember="on", shared="on")

    assert "只能选一个" in answer.content.decode()


def test_signing_out_clears_what_the_browser_kept(client: Any, member: Person) -> None:
    client.force_login(member)

    answer = client.post("/accounts/logout/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/accounts/").status_code == 302


def test_signing_out_is_never_a_get(client: Any, member: Person) -> None:
    client.force_login(member)

    client.get("/accounts/logout/")

    assert client.get("/accounts/").status_code == 200


def test_there_is_no_signing_up(client: Any) -> None:
    assert client.get("/accounts/signup/").status_code == 404


# slowing down and locking ---------------------------------------------------------------------------------------------


def fail(times: int, *, account: str = "a", address: str = "192.0.2.1", now: datetime) -> list[str]:
    answers = []
    for _ in range(times):
        try:
            throttle.attempt(account, address, now=now)
            answers.append("tried")
        except Refused as error:
            answers.append(str(error))
    return answers


def test_a_pair_slows_down_and_then_locks() -> None:
    now = timezone.now()

    assert fail(5, now=now) == ["tried"] * 4 + [throttle.SLOW.format(seconds=3)]
    for waited in (2, 4, 8, 16, 32, 60):
        now += timedelta(seconds=waited)
        assert fail(1, now=now) == ["tried"]
    now += timedelta(minutes=5)
    assert fail(1, now=now) == [throttle.LOCKED]


def test_another_address_is_not_touched() -> None:
    now = timezone.now()
    for _ in range(12):
        now += timedelta(minutes=2)
        fail(1, now=now)

    assert fail(1, address="192.0.2.2", now=now) == ["tried"]
    assert fail(1, account="b", now=now) == ["tried"]


def tried_from_everywhere(person: Person, *, now: datetime) -> list[str]:
    """Try an account once from each of many addresses."""
    answers = []
    for number in range(throttle.TRIED_AT + 3):
        try:
            throttle.attempt(
                throttle.account_key(person.username), f"198.51.100.{number + 1}", now=now, name=person.username
            )
            answers.append("tried")
        except Refused as error:
            answers.append(str(error))
    return answers


def test_an_account_that_is_tried_from_many_addresses_slows_down_but_never_locks(member: Person) -> None:
    now = timezone.now()
    slow = throttle.SLOW_ACCOUNT.format(seconds=throttle.TRIED_WAIT)

    assert tried_from_everywhere(member, now=now) == ["tried"] * throttle.TRIED_AT + [slow] * 3
    later = now + timedelta(seconds=throttle.TRIED_WAIT)
    assert tried_from_everywhere(member, now=later)[:3] == ["tried", slow, slow]
    other = appoint(Role.MEMBER)
    throttle.attempt(throttle.account_key(other.username), "198.51.100.1", now=now, name=other.username)


def test_the_owner_is_not_slowed_down_where_he_signed_in_before(client: Any, member: Person) -> None:
    sign_in(client, member)
    tried_from_everywhere(member, now=timezone.now())

    known = sign_in(Client(), member)
    elsewhere = Client(REMOTE_ADDR="203.0.113.9").post(
        "/accounts/login/", {"login": member.username, "password": PASSWORD}
    )

    assert known.url == "/desk/"
    assert "这个用户名尝试次数过多" in elsewhere.content.decode()


def test_failures_are_forgotten_after_a_day() -> None:
    now = timezone.now()
    for _ in range(12):
        now += timedelta(minutes=2)
        fail(1, now=now)

    assert fail(1, now=now + timedelta(hours=25)) == ["tried"]


def test_success_forgets_the_failures(client: Any, member: Person) -> None:
    sign_in(client, member, "wrong")
    assert SignInFailures.objects.get().count == 1

    sign_in(client, member)

    assert not SignInFailures.objects.exists()


def test_a_locked_pair_refuses_even_the_right_password(client: Any, member: Person) -> None:
    key, now = throttle.account_key(member.username), timezone.now()
    SignInFailures.objects.create(account=key, address="127.0.0.1", count=10, first_at=now, last_at=now)

    answer = sign_in(client, member)

    assert throttle.LOCKED in answer.content.decode()


def test_ones_own_code_opens_a_locked_pair(client: Any, member: Person) -> None:
    key, now = throttle.account_key(member.username), timezone.now()
    SignInFailures.objects.create(account=key, address="127.0.0.1", count=10, first_at=now, last_at=now)
    code = issue_code(member, by=appoint(Role.PROPOSAL_STAFF), now=now)

    client.post("/accounts/code/", {"username": member.username, "code": code.lower().replace("-", " ")})

    assert not SignInFailures.objects.filter(account=key).exists()


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_gain_nothing() -> None:
    now = timezone.now()

    def one(_: int) -> bool:
        try:
            throttle.attempt("race", "192.0.2.9", now=now)
        except Refused:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(one, range(40)))

    assert sum(tried) == throttle.FREE


def test_what_was_typed_as_a_name_is_not_kept(client: Any) -> None:
    sign_in(client, "my-secret-password", "x")

    assert "my-secret" not in str(list(SignInFailures.objects.values())) + str(list(AuditEntry.objects.values()))


# ends of sessions -----------------------------------------------------------------------------------------------------


def test_closing_an_account_ends_its_sessions_at_once(client: Any, member: Person) -> None:
    client.force_login(member)
    assert client.get("/accounts/").status_code == 200

    admin = appoint(Role.SECURITY_ADMINISTRATOR)
    close_account(member, document="市协办〔2026〕1号", reason="离职", by=admin, now=timezone.now())

    assert client.get("/accounts/").status_code == 302


def test_the_end_of_the_last_appointment_ends_sessions_at_once(client: Any) -> None:
    clerk = appoint(Role.UNIT_CLERK)
    client.force_login(clerk)
    assert client.get("/accounts/").status_code == 200

    yesterday = timezone.localdate() - timedelta(days=1)
    admin = appoint(Role.SECURITY_ADMINISTRATOR)
    end_appointment(clerk.appointments.get(), on=yesterday, document="x", by=admin, now=timezone.now(), reason="调离")

    assert client.get("/accounts/").status_code == 302


def test_an_appointment_that_runs_out_by_its_date_ends_the_session_too(client: Any) -> None:
    clerk = appoint(Role.UNIT_CLERK)
    client.force_login(clerk)
    clerk.appointments.update(ends_on=timezone.localdate() - timedelta(days=1))

    assert client.get("/accounts/").status_code == 302


def test_other_devices_can_be_ended(client: Any, member: Person) -> None:
    other = Client(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 12) Mobile MicroMessenger/8.0")
    for one in (client, other):
        sign_in(one, member)
        one.get("/desk/")
    assert "手机 · 微信" in client.get("/accounts/devices/").content.decode()

    client.post("/accounts/devices/end/")

    assert client.get("/accounts/devices/").status_code == 200
    assert other.get("/accounts/devices/").status_code == 302
    assert UserSession.objects.filter(user=member).count() == 1


# codes ----------------------------------------------------------------------------------------------------------------


def test_a_slip_signs_in_once_and_asks_for_a_new_password(client: Any, member: Person) -> None:
    now = timezone.now()
    code = issue_code(member, by=appoint(Role.PROPOSAL_STAFF), now=now)

    answer = client.post("/accounts/code/?next=/accounts/devices/", {"username": member.username, "code": code})

    assert answer.url == "/accounts/devices/"
    assert client.get("/desk/").url == "/accounts/password/change/"
    member.refresh_from_db()
    assert member.blocked_until is not None and member.blocked_until > now + timedelta(hours=23)
    again = Client().post("/accounts/code/", {"username": member.username, "code": code})
    assert again.status_code == 422


def test_after_a_code_the_old_password_is_not_asked(client: Any, member: Person) -> None:
    code = make_code(member, CodeUse.FIRST, now=timezone.now())
    client.post("/accounts/code/", {"username": member.username, "code": code})

    answer = client.post("/accounts/password/change/", {"new_password": NEW, "again": NEW})

    assert answer.url == "/desk/"
    member.refresh_from_db()
    assert member.check_password(NEW)
    assert not member.must_change_password
    assert member.blocked_until is None
    assert client.get("/accounts/").status_code == 200


def test_an_old_code_is_worth_nothing(member: Person) -> None:
    now = timezone.now()
    code = make_code(member, CodeUse.SIGN_IN, now=now)

    assert spend_code(member.username, code, now=now + timedelta(hours=25)) is None


def test_a_second_code_replaces_the_first(member: Person) -> None:
    now = timezone.now()
    first = make_code(member, CodeUse.SIGN_IN, now=now)
    make_code(member, CodeUse.SIGN_IN, now=now)

    assert spend_code(member.username, first, now=now) is None
    assert Code.objects.filter(person=member, spent_at=None).count() == 1


def test_nobody_issues_a_code_to_himself() -> None:
    staff = appoint(Role.PROPOSAL_STAFF)

    with pytest.raises(Refused):
        issue_code(staff, by=staff, now=timezone.now())


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A real mail server, the one that EMAIL_URL names."""
    with running_sink() as sink:
        settings.EMAIL_URL = sink.url
        yield sink


def test_a_reset_code_goes_to_the_verified_mail_only(django_capture_on_commit_callbacks: Any, sink: Sink) -> None:
    good = appoint(Role.MEMBER, mail="good@example.org", mail_verified_at=timezone.now())
    unproved = appoint(Role.MEMBER, mail="unproved@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        for name in (good.username, unproved.username, "nobody"):
            send_reset_code(name, now=timezone.now())
    post.finish()

    [sent] = sink.mails
    assert (sent["To"], sent["Subject"]) == ("good@example.org", "一次性登录码")
    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", sent.get_content())
    assert code is not None
    assert spend_code(good.username, code[0], now=timezone.now()) == good


def test_a_mail_that_a_server_refuses_is_no_error_and_names_nobody_in_the_log(
    django_capture_on_commit_callbacks: Any, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    person = appoint(Role.MEMBER, mail="refuse@example.org", mail_verified_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        send_reset_code(person.username, now=timezone.now())
    post.finish()

    assert sink.mails == []
    assert "a mail could not be sent: Refused" in caplog.text
    assert "refuse@" not in caplog.text


def test_without_a_server_the_demonstration_shows_the_code_on_a_page(
    client: Any, django_capture_on_commit_callbacks: Any, settings: Any, tmp_path: Any
) -> None:
    settings.EMAIL_URL = f"file://{tmp_path}"
    person = appoint(Role.MEMBER, mail="good@example.org", mail_verified_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        send_reset_code(person.username, now=timezone.now())
    post.finish()

    assert "一次性登录码" in client.get("/inbox/sent-mail/").content.decode()


def test_asking_for_a_code_answers_alike_for_every_name(client: Any) -> None:
    person = appoint(Role.MEMBER, mail="good@example.org", mail_verified_at=timezone.now())

    pages = [client.post("/accounts/password/reset/", {"username": name}) for name in (person.username, "nobody")]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("如果这个用户名已登记并核实过邮箱" in page.content.decode() for page in pages)
    post.finish()


# second factor --------------------------------------------------------------------------------------------------------


def test_staff_must_set_up_a_second_factor_where_it_is_required(client: Any, settings: Any) -> None:
    settings.REQUIRE_MFA = True
    client.force_login(appoint(Role.PROPOSAL_STAFF))

    assert client.get("/desk/").url == "/accounts/2fa/totp/activate/"


@pytest.mark.parametrize("role", [Role.MEMBER, Role.UNIT_CLERK])
def test_members_and_clerks_are_not_asked_for_one(client: Any, settings: Any, role: Role) -> None:
    settings.REQUIRE_MFA = True
    client.force_login(appoint(role))

    assert client.get("/accounts/").status_code == 200
    assert client.get("/desk/").status_code == 200


def test_setting_up_and_using_a_second_factor(client: Any, settings: Any) -> None:
    settings.REQUIRE_MFA = True
    staff = appoint(Role.PROPOSAL_STAFF, password=PASSWORD)
    sign_in(client, staff)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"密钥：<code>(\w+)</code>", page)
    assert secret is not None

    now = totp.hotp_value(secret[1], next(iter(totp.yield_hotp_counters_from_time())))
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp.format_hotp_value(now)})

    assert answer.status_code == 302
    assert client.get("/desk/").status_code == 200
    assert secret[1] not in str(Authenticator.objects.filter(type="totp").values_list("data", flat=True))
    other = Client()
    assert sign_in(other, staff).url == "/accounts/2fa/authenticate/"
    assert other.get("/desk/").status_code == 302
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "验证码不正确" in wrong.content.decode()


# password, contact ----------------------------------------------------------------------------------------------------


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(client: Any, member: Person) -> None:
    other = Client()
    sign_in(client, member)
    sign_in(other, member)

    wrong = client.post("/accounts/password/change/", {"password": "x", "new_password": NEW, "again": NEW})
    right = client.post("/accounts/password/change/", {"password": PASSWORD, "new_password": NEW, "again": NEW})

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert client.get("/accounts/").status_code == 200
    assert other.get("/accounts/").status_code == 302


@pytest.mark.parametrize("password", ["短", "password1234", "x" * 129])
def test_poor_passwords_are_refused(client: Any, member: Person, password: str) -> None:
    client.force_login(member)

    answer = client.post(
        "/accounts/password/change/", {"password": PASSWORD, "new_password": password, "again": password}
    )

    assert answer.status_code == 422


@pytest.fixture
def dengbao(settings: Any) -> None:
    settings.PASSWORD_PROFILE = "dengbao"
    settings.AUTH_PASSWORD_VALIDATORS = PROFILES["dengbao"]


def change(client: Any, old: str, new: str) -> Any:
    return client.post("/accounts/password/change/", {"password": old, "new_password": new, "again": new})


@pytest.mark.parametrize(("password", "good"), [("qwzx7788mnbv", False), ("Qwzx-7788", True), ("Qw-78", False)])
def test_dengbao_wants_three_kinds_of_characters(
    client: Any, member: Person, dengbao: None, password: str, *, good: bool
) -> None:
    client.force_login(member)

    answer = change(client, PASSWORD, password)

    assert answer.status_code == (302 if good else 422)


def test_dengbao_does_not_take_back_one_of_the_last_five(client: Any, member: Person, dengbao: None) -> None:
    client.force_login(member)
    names = [f"Qwzx-778{number}" for number in range(6)]
    for old, new in zip([PASSWORD, *names], names, strict=False):
        assert change(client, old, new).status_code == 302

    recent, longer_ago = change(client, names[-1], names[1]), change(client, names[-1], names[0])

    assert "不能使用最近5次用过的密码" in recent.content.decode()
    assert longer_ago.status_code == 302


@pytest.mark.parametrize(("days", "page"), [(89, None), (91, "/accounts/password/change/")])
def test_dengbao_asks_for_a_new_password_after_ninety_days(
    client: Any, member: Person, dengbao: None, settings: Any, days: int, page: str | None
) -> None:
    member.password_changed_at = timezone.now() - timedelta(days=days)
    member.save()
    client.force_login(member)

    answers = [client.get("/desk/")]
    settings.PASSWORD_PROFILE = "asvs"
    answers.append(client.get("/desk/"))

    assert [answer.headers.get("Location") for answer in answers] == [page, None]


@pytest.mark.parametrize("profile", ["asvs", "dengbao"])
def test_the_name_is_no_password(profile: str, member: Person, settings: Any) -> None:
    validators = get_password_validators(PROFILES[profile])
    with pytest.raises(ValidationError):
        validate_password(f"Abc-{member.username}-99", member, validators)


def test_a_new_mail_needs_password_and_code_and_tells_the_old_one(
    client: Any, django_capture_on_commit_callbacks: Any, sink: Sink
) -> None:
    person = appoint(Role.MEMBER, password=PASSWORD, mail="old@example.org", mail_verified_at=timezone.now())
    client.force_login(person)

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/mail/", {"mail": "new@example.org", "password": PASSWORD})
    post.finish()
    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", sink.mails[0].get_content())
    assert code is not None and sink.mails[0]["To"] == "new@example.org"
    person.refresh_from_db()
    assert person.mail == "old@example.org"
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/mail/prove/", {"code": code[0]})
    post.finish()

    person.refresh_from_db()
    assert person.mail == "new@example.org"
    assert person.mail_verified_at is not None
    assert [sent["To"] for sent in sink.mails] == ["new@example.org", "old@example.org"]


@pytest.mark.parametrize("address", ["a@b.cn\r\nBcc: all@b.cn", "not mail", "a@" + "b" * 300 + ".cn"])
def test_no_header_can_be_smuggled_into_a_mail(client: Any, member: Person, address: str) -> None:
    client.force_login(member)

    answer = client.post("/accounts/mail/", {"mail": address, "password": PASSWORD})

    assert answer.status_code == 422
    assert not Code.objects.exists()


def test_a_second_factor_is_not_set_up_without_a_fresh_password(client: Any, member: Person) -> None:
    client.force_login(member)

    asked = client.get("/accounts/2fa/totp/activate/")
    client.post(asked.url, {"password": PASSWORD})

    assert asked.url == "/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_changing_the_phone_needs_the_password(client: Any, member: Person) -> None:
    client.force_login(member)

    wrong = client.post("/accounts/contact/", {"phone": "13800000000", "address": "", "password": "x"})
    assert wrong.status_code == 422
    client.post("/accounts/contact/", {"phone": "13800000000", "address": "", "password": PASSWORD})

    assert Person.objects.with_phone("138 0000 0000").get() == member


def test_a_page_of_the_account_needs_signing_in(client: Any) -> None:
    for path in ("", "preferences/", "contact/", "mail/", "devices/", "password/change/", "2fa/"):
        assert client.get(f"/accounts/{path}").status_code == 302


def test_ten_megabytes_of_name_are_refused_politely(client: Any) -> None:
    answer = client.post("/accounts/login/", {"login": "好" * 700_000, "password": "x"})

    assert answer.status_code in (400, 422)


def test_a_granted_role_is_no_ground_before_it_is_confirmed(client: Any) -> None:
    person = PersonFactory(password=PASSWORD)
    AppointmentFactory(person=person, granted_by=appoint(Role.SECURITY_ADMINISTRATOR))

    assert sign_in(client, person).status_code == 422
