"""A form that is sent after the sign-in has ended is kept until its writer has signed in again."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import reverse

from members.choices import Role
from members.keeping import SENTENCE
from members.models import Body, Person
from tests.factories import PASSWORD, appoint

pytestmark = pytest.mark.django_db
PAGE = "/members/bodies/new/"


@pytest.fixture
def staff() -> Person:
    return appoint(Role.PROPOSAL_STAFF, password=PASSWORD)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of the form, which stands below those of the frame."""
    found = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[-1]) if found else ""


def sent_too_late(person: Person) -> tuple[Client, str]:
    """A form of this person, sent when the session was over: the browser, and what it shows."""
    client = Client()
    client.force_login(person)
    form = client.get(PAGE).content.decode()
    typed = {
        "once": hidden(form, "once"),
        "writer": hidden(form, "writer"),
        "name": "市𠮷祥<b>局",
        "kind": "department",
    }
    client.logout()
    answer = client.post(PAGE, {**typed, "system": "government", "my_password": "s3cret"})
    assert answer.status_code == 401
    return client, answer.content.decode()


def sign_in(client: Client, page: str, person: Person, password: str = PASSWORD) -> Any:
    kept = {name: hidden(page, name) for name in ("kept", "next")}
    return client.post(reverse("account_login"), {"login": person.username, "password": password, **kept})


def test_what_was_typed_stands_in_the_form_again_and_nothing_was_done(staff: Person) -> None:
    client, page = sent_too_late(staff)
    assert "您填写的内容还在" in page
    assert "s3cret" not in page

    wrong = sign_in(client, page, staff, "wrong").content.decode()
    answer = sign_in(client, wrong, staff)
    form = client.get(answer.url).content.decode()

    assert answer.url == PAGE
    assert 'value="市𠮷祥&lt;b&gt;局"' in form
    assert SENTENCE in form
    assert not Body.objects.filter(name__contains="𠮷祥").exists()
    assert "𠮷祥" not in client.get(PAGE).content.decode(), "shown once"


def test_sent_again_it_is_done_once(staff: Person) -> None:
    client, page = sent_too_late(staff)
    form = client.get(sign_in(client, page, staff).url).content.decode()
    fields = {name: values[0] for name, values in parse_qs(hidden(page, "kept")).items()}
    assert hidden(form, "once") == fields["once"]

    for _ in range(2):
        assert client.post(PAGE, fields).status_code == 302

    assert Body.objects.filter(name__contains="𠮷祥").count() == 1


def test_another_person_at_the_same_browser_never_sees_it(staff: Person) -> None:
    client, page = sent_too_late(staff)
    other = appoint(Role.PROPOSAL_STAFF, password=PASSWORD)

    form = client.get(sign_in(client, page, other).url).content.decode()

    assert "𠮷祥" not in form


def test_what_a_script_sends_and_what_is_no_form_is_led_to_the_sign_in(client: Client) -> None:
    assert client.post(PAGE, {"once": "1", "name": "x"}, headers={"X-CSRFToken": "x"}).status_code == 302
    assert client.post(PAGE, {"name": "x"}).status_code == 302
    assert client.post("/accounts/password/change/", {"once": "1", "new_password": "x"}).status_code == 302
