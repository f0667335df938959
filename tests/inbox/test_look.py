"""The pages of the inbox are for everyone: strict HTML, axe, narrow and large."""

from datetime import timedelta
from pathlib import Path

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.fixtures import Settings

from members.choices import Role
from members.inbox import actions, engine
from members.inbox.models import Channel, JobState, LongJob, Message, State
from members.models import Person
from tests.browser import unfit
from tests.factories import PersonFactory, appoint
from tests.html import assert_valid


def addresses(staff: Person, folder: Path) -> list[str]:
    """Every page of the inbox with something on it."""
    now = timezone.now() - timedelta(days=10)
    other = PersonFactory(mail="a@example.com", phone="13800000000")
    for person in (staff, other):
        facts = [
            (person.pk, n, "plain", {"text": f"第{n}号提案已交办", "outside": f"第{n}号 已交办"}) for n in range(3)
        ]
        actions.tell_many(facts, sending="handover:1", now=now)
    engine.send(now=timezone.now())
    Message.objects.filter(channel=Channel.EMAIL, part_of=None).update(state=State.DEAD, error="550 no such mailbox")
    job = actions.start_job("papers", title="生成交办件", args={}, by=staff, now=now)
    failed = actions.start_job("papers", title="生成交办件", args={}, by=staff, now=now)
    LongJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, done=3, total=9)
    LongJob.objects.filter(pk=failed.pk).update(state=JobState.FAILED, error="这一批已撤回。", finished_at=now)
    mail = Message.objects.undeliverable().get()
    return [
        reverse("inbox:list"),
        reverse("inbox:message", args=[Message.objects.inbox_of(staff).get().public_id]),
        reverse("inbox:mark_all_read"),
        reverse("inbox:undelivered"),
        reverse("inbox:told_by_phone", args=[other.public_id]),
        reverse("inbox:undelivered_mail"),
        reverse("inbox:ledger"),
        reverse("inbox:resend", args=[mail.public_id]),
        reverse("inbox:jobs"),
        reverse("inbox:job", args=[job.public_id]),
        reverse("inbox:job", args=[failed.public_id]),
        reverse("inbox:retry_job", args=[failed.public_id]),
        reverse("inbox:sent_mail"),
        reverse("inbox:sent_mail_page", args=[next(folder.glob("*.eml")).stem]),
    ]


def test_the_pages_of_the_inbox_are_for_everyone(
    db: None, client: Client, browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_URL = f"file://{tmp_path}"
    staff = appoint(Role.PROPOSAL_STAFF)
    pages = addresses(staff, tmp_path)
    client.force_login(staff)

    read = {}
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert_valid(answer.content)
        read[page] = answer.content.decode()
    assert unfit(browser, read) == []
