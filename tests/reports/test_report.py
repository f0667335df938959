"""What a report is: whose it is, who sees it, which steps it may take (P18, S3)."""

import pytest
from django.db import IntegrityError, transaction

from members import keys
from members.choices import Role
from members.errors import WrongStep
from proposals.handling import clocks, knowing, readers
from proposals.handling.eyes import Eye, eyes
from proposals.handling.models import Access, Exposure, Matter
from proposals.reports.models import Report, Status, Words, handed_in
from tests.factories import appoint
from tests.reports.factories import NOW, WORDS, report

pytestmark = pytest.mark.django_db


def test_its_authors_and_the_report_office_see_it_and_nobody_else() -> None:
    author, office, editor = appoint(Role.MEMBER), appoint(Role.REPORT_STAFF), appoint(Role.REPORT_EDITOR)
    strangers = [appoint(role) for role in (Role.MEMBER, Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.UNIT_CLERK)]
    one = report(author)

    assert one.matter.readers == sorted([keys.REPORT_OFFICE, keys.person_key(author.pk)])
    assert [Report.objects.visible_to(who).count() for who in (author, office, editor)] == [1, 1, 1]
    assert [Report.objects.visible_to(who).count() for who in strangers] == [0, 0, 0, 0]
    assert (Eye.STAFF in eyes(office, one.matter).general, Eye.STAFF in eyes(author, one.matter).general) == (
        True,
        False,
    )

    secret = report(author, access=Access.SENSITIVE)
    assert [Report.objects.visible_to(who).count() for who in (author, office, editor)] == [2, 2, 1]
    secret.matter.access = Access.SUSPENDED
    assert readers.readers_of(secret.matter) == [keys.SUSPENDED]


def test_a_draft_is_its_writers_alone() -> None:
    author, office = appoint(Role.MEMBER), appoint(Role.REPORT_STAFF)
    draft = report(author, status=Status.DRAFT)

    assert draft.matter.exposure == Exposure.DRAFT
    assert Matter.objects.visible_to(author).get() == draft.matter
    assert not Matter.objects.visible_to(office).exists()


def test_its_clock_is_known_to_the_office_and_the_author_not_to_the_proposal_office() -> None:
    author, office, other = appoint(Role.MEMBER), appoint(Role.REPORT_STAFF), appoint(Role.PROPOSAL_STAFF)
    one = report(author)
    body = office.appointments.get().body
    clock = clocks.start(one.matter, "report_screening", body=body, anchor_on=NOW.date(), by=author, now=NOW)
    urgent = clocks.would_be_due("report_urgent", anchor_on=NOW.date())

    rows = type(clock).objects.all()
    assert [knowing.known_to(rows, who).count() for who in (author, office, other)] == [1, 1, 0]
    assert (f"{clock.due_on}", urgent, clock.stage) == ("2026-03-11", NOW.date(), "report_screening")


def test_the_steps_and_the_text() -> None:
    one = report()

    with pytest.raises(WrongStep, match="待筛选的信息不能变为“已刊发”"):
        one.become(Status.ISSUED)
    one.become(Status.EDITING)

    assert handed_in(one) == WORDS and one.words == WORDS
    spaced = Words("另一个标题", WORDS.situation.replace("，", " ,"), f" {WORDS.cause}\n", WORDS.suggestion)
    assert spaced.fingerprint == WORDS.fingerprint != Words(situation="别的").fingerprint
    assert Words().fingerprint == ""


@pytest.mark.parametrize("wrong", [{"status": "lost"}, {"source": "nobody"}, {"claimed_at": NOW}, {"submissions": 0}])
def test_the_database_keeps_it_true(wrong: dict[str, object]) -> None:
    one = report()
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=one.pk).update(**wrong)
