"""A sensitive report is not there for whoever may not see it, by list, search, count, table, mail and guessed address (S3, S11, S20)."""

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.inbox import engine as outbox
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Person
from members.uploads import Use, check
from proposals.handling import owners
from proposals.handling.actions import suspend
from proposals.handling.models import Access, Attachment, Matter, Reason
from proposals.reports import actions
from proposals.reports.hands import similar_to
from proposals.reports.models import Report, Words
from tests.channels import WAYS, words_of
from tests.factories import SessionFactory, appoint
from tests.handling.test_lists import Taken
from tests.once import read_once
from tests.reports.factories import report
from tests.rights.table import TABLE
from tests.rights.test_walk import ROUTES
from tests.uploads.made import pdf, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("persons_read_once")]
MARK = "独一无二的暗语"
SECRET = Words(f"关于{MARK}的情况反映", f"{MARK}的情况。", f"{MARK}的原因。", f"{MARK}的建议。")
ROLES = (Role.REPORT_EDITOR, Role.MEMBER, Role.PROPOSAL_DIRECTOR, Role.SECRETARY_GENERAL, Role.UNIT_CLERK)
"""Who is asked for every list; all others for the row itself."""
LISTS = (
    "reports:list",
    "reports:mine",
    "reports:leads",
    "reports:opinions",
    "reports:editing",
    "reports:issues",
    "proposals:list",
)


@pytest.fixture
def people(settings: Any, tmp_path: Path) -> dict[str, Person]:
    settings.MEDIA_ROOT = tmp_path
    SessionFactory()
    found: dict[str, Person] = {role.value: appoint(role, name=f"甲{role.value}") for role in ROLES}
    found |= {"author": appoint(Role.MEMBER, name="林溪"), "staff": appoint(Role.REPORT_STAFF, name="文竹")}
    for name, person in found.items():
        person.mail = f"{name}@example.test"
        person.save()
    return found


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def snapshot(person: Person, role: Role) -> list[Any]:
    """Everything this person can list, count, search, print and export, and what the inbox says."""
    client, found = signed_in(person), []
    named = [reverse(name) for name in LISTS if role in TABLE[name].roles]
    urls = [f"{path}{way}" for path in named for way in WAYS] + [f"{path}?q={MARK}" for path in named]
    urls += ["/desk/", "/inbox/"]
    if role in TABLE["reports:similar"].roles:
        urls.append(f"{reverse('reports:similar')}?title={SECRET.title}")
    for url in urls:
        answer = client.get(url)
        body = words_of(answer)
        for varies in ("csrfmiddlewaretoken", 'name="once"', 'name="upto"'):
            body = "\n".join(line for line in body.splitlines() if varies not in line)
        body = re.sub(r'data-session="\d+"|\d+:\d\d|\d{4}-\d\d-\d\dT[\d:]+Z?', "", body)
        found.append((url, answer.status_code, body if answer.status_code == 200 else ""))
    return found


def secret_of(people: dict[str, Person]) -> Report:
    """A sensitive, urgent report with a file, handed in and claimed: with number, clock, events and messages."""
    now, author = timezone.now(), people["author"]
    one = actions.begin(actions.Behind(people=[author]), by=author, now=now)
    details = actions.Details(urgent=True, access=Access.SENSITIVE)
    one = actions.save(one, SECRET, details=details, version=None, by=author, now=now)
    actions.bring(one, [check(upload(f"{MARK}.pdf", pdf()), use=Use.ATTACHMENT)], by=author, now=now)
    one = actions.submit(one, not_secret=True, by=author, now=now)
    return actions.claim(one, by=people["staff"], now=now)


def test_one_sensitive_report_changes_nothing_for_anybody_else(people: dict[str, Person]) -> None:
    report(people["author"])
    line = Taken()
    outbox.send(now=timezone.now(), transport=line)
    before, sent = {role: snapshot(people[role.value], role) for role in ROLES}, len(line.to)

    one = secret_of(people)
    outbox.send(now=timezone.now(), transport=line)

    assert one.matter.obligations.exists() and Message.objects.filter(subject__matter=str(one.public_id)).exists()
    assert {role: snapshot(people[role.value], role) for role in ROLES} == before
    assert set(line.to[sent:]) <= {people["staff"].mail}
    assert similar_to(SECRET.title, people["report_editor"]) == similar_to(SECRET.title, people["member"]) == []
    assert len(similar_to(SECRET.title, people["author"])) == 1
    eyes = {role: Matter.objects.visible_to(appoint(role)).filter(pk=one.matter_id).exists() for role in Role}
    assert {role for role, sees in eyes.items() if sees} == {Role.REPORT_STAFF}


def test_guessing_its_address_is_answered_as_that_of_nothing(people: dict[str, Person]) -> None:
    one = secret_of(people)
    file, nothing = Attachment.objects.get(), uuid.uuid4()
    for role in (Role.REPORT_EDITOR, Role.MEMBER, Role.PROPOSAL_DIRECTOR):
        client = signed_in(people[role.value])
        for name, route in ROUTES.items():
            if route.startswith("/reports/<uuid:public_id>/") and role in TABLE[name].roles:
                answers = [client.get(route.replace("<uuid:public_id>", str(key))) for key in (one.public_id, nothing)]
                codes = [answer.status_code for answer in answers]
                assert (codes[0], 200 in codes) == (codes[1], False), name
        assert client.get(reverse("handling:attachment", args=[file.public_id])).status_code == 404
        assert client.get(reverse("handling:why", args=[one.matter.obligations.get().public_id])).status_code in (
            403,
            404,
        )


def test_no_title_leaves_the_house_and_no_table_holds_it(people: dict[str, Person]) -> None:
    one = secret_of(people)
    [said] = render([("report_urgent", {"matter": str(one.public_id)})], people["staff"])
    assert isinstance(said, Rendered) and (said.outside, MARK in said.body) == ("", True)
    client = signed_in(people["staff"])
    assert MARK in client.get(reverse("reports:list")).content.decode()
    table = words_of(client.post(f"{reverse('reports:list')}?export=xlsx", {"reason": "月度核对"}))
    assert MARK not in table and people["author"].name not in table


def test_a_saved_view_of_who_left_the_office_opens_nothing_and_says_why(people: dict[str, Person]) -> None:
    secret_of(people)
    staff = people["staff"]
    client, view = signed_in(staff), f"{reverse('reports:list')}?q={MARK}"
    client.post(reverse("portal:save_view"), {"page": "reports:list", "name": "敏感", "query": f"q={MARK}"})
    assert f"关于{MARK}" in client.get(view).content.decode()

    staff.appointments.update(ends_on=timezone.localdate() - timedelta(days=1))
    appoint(Role.MEMBER, person=staff)

    read_once.cache_clear()
    for way in WAYS:
        answer = client.get(view + way.replace("?", "&"))
        page = answer.content.decode()
        assert (answer.status_code, f"关于{MARK}" in page) == (403, False)
        assert "您目前的职务不包括这项工作" in page
    assert MARK not in client.get(reverse("reports:mine")).content.decode()


def test_names_reach_no_unit_and_a_suspended_one_nobody(people: dict[str, Person]) -> None:
    one = secret_of(people)
    suspend(one.matter, reason="疑似涉密", by=people["staff"], now=timezone.now())

    assert signed_in(people["author"]).get(one.get_absolute_url()).status_code == 404
    assert MARK not in signed_in(people["staff"]).get(reverse("reports:screening")).content.decode()
    assert MARK not in signed_in(people["author"]).get(reverse("reports:mine")).content.decode()
    assert render([("report_urgent", {"matter": str(one.public_id)})], people["staff"]) == [None]


def test_a_purge_leaves_no_word_of_it(people: dict[str, Person]) -> None:
    one, now = secret_of(people), timezone.now()
    ground = Reason.objects.get(use="report_keep", code="secret")
    actions.keep(one, reason=ground, text=MARK, by=people["staff"], now=now)
    Report.objects.filter(pk=one.pk).update(author_text=MARK, referred_to=MARK, consent=MARK)

    matter = Matter.objects.get(pk=one.matter_id)
    owners.of(matter).erase(matter)

    with connection.cursor() as cursor:
        for model in apps.get_app_config("reports").get_models():
            cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), model
