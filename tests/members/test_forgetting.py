from datetime import timedelta

import pytest
from django.utils import timezone

from members.actions import change_password
from members.actions.codes import make_code
from members.actions.forgetting import forget
from members.models import Code, CodeUse, PasswordRecord, RosterDraft, SignInFailures
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def test_what_is_over_is_forgotten_and_the_rest_stays() -> None:
    now = timezone.now()
    person = PersonFactory(password="first-password")
    for hours in (1, 30):
        at = now - timedelta(hours=hours)
        facts = {"account": f"a{hours}", "address": "192.0.2.1", "count": 1}
        SignInFailures.objects.create(first_at=at, last_at=at, **facts)
        RosterDraft.objects.create(by=person, file_name=f"{hours}", rows="{}", made_at=at)
    make_code(person, CodeUse.SIGN_IN, now=now - timedelta(days=3))
    make_code(person, CodeUse.RESET, now=now)
    for number in range(8):
        change_password(person, f"password-{number}", by=person, now=now + timedelta(minutes=number))

    for _ in range(2):
        forget(now)

    assert [row.account for row in SignInFailures.objects.all()] == ["a1"]
    assert [row.file_name for row in RosterDraft.objects.all()] == ["1"]
    assert [row.use for row in Code.objects.all()] == [CodeUse.RESET]
    assert PasswordRecord.objects.filter(person=person).count() == 5
