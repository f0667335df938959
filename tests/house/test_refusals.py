"""What a page refuses is written down, and what cannot be read is answered in Chinese (S23, H4)."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from members.choices import Role
from members.models import AuditEntry, Person
from tests.factories import PASSWORD, appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Person:
    return appoint(Role.MEMBER, password=PASSWORD)


def test_a_refusal_is_an_audit_row_with_the_page_and_not_with_what_was_typed(client: Client, member: Person) -> None:
    client.force_login(member)
    other = appoint(Role.MEMBER)

    answer = client.post(f"/members/people/{other.public_id}/code/", {"reason": "某某事"})

    row = AuditEntry.objects.get(verb="refused")
    assert (answer.status_code, row.by, row.subject, row.outcome) == (403, member, "members:issue_code", "refused")
    assert row.facts.facts == {"method": "POST", "ids": {"public_id": str(other.public_id)}}


def test_what_is_open_and_what_a_guest_asks_for_is_no_refusal(client: Client, member: Person) -> None:
    client.get("/members/people/")
    client.force_login(member)
    client.get("/accounts/")

    assert not AuditEntry.objects.filter(verb="refused").exists()


@pytest.mark.parametrize("fields", [{"name": "好" * 5_000_000}, {f"f{n}": "" for n in range(5_001)}])
def test_too_much_is_answered_in_chinese(client: Client, member: Person, fields: dict[str, Any]) -> None:
    client.force_login(member)

    as_text = client.post("/accounts/preferences/", urlencode(fields), content_type="application/x-www-form-urlencoded")
    bodies = [as_text.content.decode(), client.post("/accounts/preferences/", fields).content.decode()]

    assert all("提交的内容无法读取" in body and "Bad Request" not in body for body in bodies)


def test_a_nul_is_dropped_wherever_it_comes_from(client: Client, member: Person) -> None:
    client.force_login(appoint(Role.PROPOSAL_STAFF))
    found = client.get("/members/?q=%00" + member.name)
    sent = client.post("/members/terms/new/", {"number": "1\x005", "starts_on": "x"})
    client.cookies["session"] = '"12345678\\000"'
    led = client.get("/members/")

    assert member.name in found.content.decode()
    assert 'value="15"' in sent.content.decode()
    assert (found.status_code, sent.status_code, led.status_code) == (200, 422, 302)
