"""What a person may not see is in no list, no count, no form and no answer to a forged request (S2, S5, S11)."""

import json
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members import audit
from members.choices import Role
from members.inbox import engine as inbox
from members.inbox.models import Channel, JobState, LongJob, Message, State
from proposals.handling import actions, engine, readers
from proposals.handling.actions.attaching import attach
from proposals.handling.models import Assignment, Ladder, Matter
from proposals.handling.queries import earlier_replies
from proposals.handling.rights import in_hands_of
from tests.factories import BodyFactory, MatterFactory, appoint
from tests.handling.conftest import House, build_house, give, part_of, reason, round_of, signed
from tests.handling.test_acts import answered
from tests.handling.test_attachments import clean


@pytest.fixture
def house(db: None) -> House:
    home = build_house()
    home.now = timezone.now()
    return home


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def suspended(house: House, matter: Matter) -> Matter:
    actions.suspend(matter, reason="核查", by=house.staff, now=house.later())
    return Matter.objects.get(pk=matter.pk)


def test_the_queue_of_a_suggested_unit_hides_what_is_suspended(house: House) -> None:
    matter = give(house)
    actions.object_to(
        part_of(matter, house.unit),
        reason=reason("objection"),
        text="非本单位职责",
        approved_by="方正",
        suggested=house.other_unit,
        by=house.clerk,
        now=house.later(),
    )
    client = signed_in(house.other_clerk)
    assert matter.title in client.get(reverse("handling:queue")).content.decode()

    suspended(house, matter)

    assert matter.title not in client.get(reverse("handling:queue")).content.decode()


def test_earlier_replies_are_those_that_the_reader_may_see(house: House) -> None:
    elsewhere = BodyFactory(name="市委督查室测试")
    mine, theirs = (MatterFactory(by=house.member, title="关于加快社区养老床位建设的建议") for _ in range(2))
    part = signed(house, give(house, matter=mine))
    actions.assign(
        theirs,
        [actions.Part(house.unit, "sole", elsewhere)],
        by=appoint(Role.ASSIGNING_OFFICER, elsewhere),
        now=house.later(),
    )
    reply = answered(house, signed(house, theirs))

    assert earlier_replies(part, house.clerk) == [reply]
    assert earlier_replies(part, house.officer) == []


def test_a_co_handler_who_sends_a_reply_is_told_why_not(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    part, client = signed(house, matter, house.other_unit, house.other_clerk), signed_in(house.other_clerk)

    page = client.post(reverse("handling:draft_reply", args=[part.public_id]), {"opening": "答复"})
    copy = client.post(reverse("handling:autosave_reply", args=[part.public_id]), {"opening": "答复"})

    assert (page.status_code, copy.status_code) == (409, 422)
    assert "会办单位只提交会办意见" in page.content.decode()
    assert "会办单位" in json.loads(copy.content)["sentence"]


def test_a_suspension_names_those_who_took_files_or_addresses(house: House) -> None:
    matter = give(house)
    file = attach(matter, clean(), purpose="text", by=house.member, now=house.later())
    answer = signed_in(house.clerk).get(reverse("handling:attachment", args=[file.public_id]))
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a download
    audit.record("view_contact_details", by=house.head, subject=str(matter.public_id), now=house.later())

    row = actions.suspend(matter, reason="核查", by=house.staff, now=house.later())

    assert row.seen_by == sorted([house.clerk.name, house.head.name])


def test_papers_made_before_a_suspension_are_gone(house: House) -> None:
    job = LongJob.objects.create(
        kind="proposals.unit_papers",
        title="在办提案",
        by=house.clerk,
        state=JobState.DONE,
        file="ab/papers.docx",
        file_name="在办提案.docx",
        created_at=house.now,
        finished_at=house.now,
    )

    suspended(house, give(house))

    job.refresh_from_db()
    assert job.file == ""
    assert signed_in(house.clerk).get(reverse("inbox:job_file", args=[job.public_id])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_lifting_and_purging_open_without_a_transaction_around_them() -> None:
    house = build_house()
    house.now = timezone.now()
    matter = suspended(house, give(house))
    client = signed_in(house.director)

    for name in ("handling:lift_suspension", "handling:purge"):
        assert client.get(reverse(name, args=[matter.public_id])).status_code == 200


def test_what_was_purged_meanwhile_is_not_found(house: House) -> None:
    matter = suspended(house, give(house))
    matter.suspensions.update(
        purge_asked_by=house.staff, purged_by=house.colleague, purge_asked_at=house.now, purged_at=house.now
    )

    for name in ("handling:lift_suspension", "handling:purge"):
        for send in (signed_in(house.director).get, signed_in(house.director).post):
            assert send(reverse(name, args=[matter.public_id])).status_code == 404


def test_a_proposer_of_a_merged_proposal_evaluates_the_main_one(house: House) -> None:
    main, follower = MatterFactory(by=house.member), MatterFactory(by=house.cosigner, suggestions=0)
    Matter.objects.filter(pk=follower.pk).update(merged_into=main)
    readers.refresh(main)
    part = signed(house, give(house, matter=main))
    answered(house, part)

    url = reverse("handling:evaluate", args=[part.public_id, round_of(part).round])
    assert signed_in(house.cosigner).get(url).status_code == 200
    follower.participants.update(left_at=house.now)
    assert not in_hands_of(Assignment.objects.all(), house.cosigner, "handling.evaluate").exists()


@pytest.mark.parametrize("year", ["0000", "9999", "٢٠٢٦", "2026' --"])
def test_a_forged_year_shows_this_year(house: House, year: str) -> None:
    assert signed_in(house.staff).get(reverse("clock_settings:calendar"), {"year": year}).status_code == 200


@pytest.mark.parametrize("day", ["9999-12-31", "9000-01-01", "0001-01-01", "nonsense"])
def test_a_forged_day_of_a_ladder_is_no_error(house: House, day: str) -> None:
    client = signed_in(house.staff)

    for code in Ladder.objects.values_list("code", flat=True):
        url = reverse("clock_settings:ladder", args=[code])
        assert client.get(url, {"start": day}).status_code in (200, 404)


def test_every_ladder_foretells_whom_it_reaches(house: House) -> None:
    give(house)
    client = signed_in(house.staff)

    for code in Ladder.objects.values_list("code", flat=True):
        url = reverse("clock_settings:ladder", args=[code])
        assert client.get(url, {"unit": str(house.unit.public_id)}).status_code == 200
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("meanwhile", ["transferred", "suspended"])
def test_what_is_no_longer_for_the_clerk_is_not_sent(house: House, meanwhile: str) -> None:
    """Transferred between the scan and the digest; suspended between the lease and the hand-off (S4)."""
    house.clerk.mail, house.clerk.mail_verified_at = "clerk@unit.example", house.now
    house.clerk.save()
    matter = give(house)
    mails = Message.objects.filter(recipient=house.clerk, channel=Channel.EMAIL, part_of=None)
    for days in range(1, 15):
        engine.scan(now=house.now + timedelta(days=days))
    assert {mail.state for mail in mails} == {State.PENDING}
    line = Mock()
    if meanwhile == "transferred":
        yesterday = timezone.localdate() - timedelta(days=1)
        house.clerk.appointments.update(ends_on=yesterday)
    else:
        line.open.side_effect = lambda: matter.suspensions.exists() or suspended(house, matter)

    inbox.send(now=house.now + timedelta(days=15), transport=line)

    assert set(mails.values_list("state", flat=True)) == {State.CANCELLED}
    assert [call[0] for call in line.method_calls if call[0] not in ("open", "close")] == []
