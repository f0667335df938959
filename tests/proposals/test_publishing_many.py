"""Several proposals are published at once: those of which a reviewer has looked at the copy as it is now."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox import many as inbox_many
from members.inbox import work
from members.inbox.models import LongJob, Message
from members.models import Person
from proposals import actions
from proposals.handling.models import Matter, ReplyDisclosure
from proposals.models import Proposal, Publication
from tests.factories import appoint
from tests.handling.conftest import House, build_house
from tests.html import assert_valid

from .test_publication import THIRD, opened, replied

pytestmark = pytest.mark.django_db
URL, LIST = reverse("proposals:publish_many"), reverse("proposals:disclosures")


@pytest.fixture
def house() -> House:
    found = build_house()
    found.now = timezone.now()
    return found


@pytest.fixture
def reviewer(house: House) -> Person:
    return appoint(Role.DISCLOSURE_REVIEWER, house.office, name="柯平")


def checked(house: House, reviewer: Person, **facts: Any) -> Proposal:
    proposal = replied(house, **facts)
    actions.set_masks(proposal, hidden=[THIRD], kept=[], by=reviewer, now=house.later())
    actions.check_copy(proposal, by=reviewer, now=house.later())
    return proposal


def state_of(proposal: Proposal) -> str:
    return str(Publication.objects.get(proposal=proposal).state)


def rows_in(page: str) -> list[str]:
    return re.findall(r'name="row" value="([0-9a-f-]{36})"', page)


def sent(client: Client, rows: list[str], **data: Any) -> str:
    on = {"publish_on": timezone.localdate().isoformat()}
    return str(client.post(URL, {"row": rows, "once": str(uuid.uuid4()), **on, **data}, follow=True).content.decode())


def test_what_was_looked_at_is_published_and_the_rest_says_why(house: House, reviewer: Person) -> None:
    ready, bare = checked(house, reviewer), replied(house)
    changed, refused = checked(house, reviewer), checked(house, reviewer)
    Proposal.objects.filter(pk=changed.pk).update(situation="另外的情况")
    Proposal.objects.filter(pk=refused.pk).update(consents=False, consent_reason="涉及商谈")
    client = opened(reviewer)
    assert f"{URL}?all=1" in client.get(LIST).content.decode()

    page = client.get(f"{URL}?all=1").content.decode()
    assert "将办理 1 件，3 件不能办理" in page and "连同答复 1 份" in page and "沈青，提案者" in page
    reasons = ("还没有核对公开文本", "核对以后文字、遮盖或答复有变化", "提案者不同意公开（涉及商谈）")
    assert [words for words in reasons if words not in page] == []
    after = sent(client, rows_in(page))

    assert "已公开 1 件" in after and [words for words in reasons if words not in after] == []
    assert [state_of(row) for row in (ready, bare, changed, refused)] == ["released", "none", "none", "none"]
    assert THIRD not in Publication.objects.get(proposal=ready).situation


def test_only_reviewers_check_and_publish_many(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    with pytest.raises(Refused, match="由公开审查员核对"):
        actions.check_copy(proposal, by=house.staff, now=house.later())
    staff = opened(house.staff)
    where = reverse("proposals:disclosure", args=[proposal.public_id])
    assert (staff.get(URL).status_code, URL in staff.get(LIST).content.decode()) == (403, False)
    assert "公开文本已核对，可以公开" not in staff.get(where).content.decode()
    assert "公开文本已核对，可以公开" in opened(reviewer).get(where).content.decode()


def test_looked_at_is_the_copy_that_the_page_showed(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    where, client = reverse("proposals:disclosure", args=[proposal.public_id]), opened(reviewer)

    page = client.post(where, {"hidden": THIRD, "checked": "on"}, follow=True).content.decode()
    assert "请看过新的公开文本" in page and "还没有核对公开文本" in page
    page = client.post(where, {"hidden": THIRD, "checked": "on"}, follow=True).content.decode()

    assert "柯平" in page and "已核对" in page
    row = Publication.objects.get(proposal=proposal)
    assert (row.checked_by, proposal.matter.events.latest("seq").verb) == (reviewer, "publication_checked")
    assert "已核对" in client.get(f"{LIST}?tab=checked").content.decode()
    ReplyDisclosure.objects.update(attribute="on_request", reason="涉及商业秘密")
    assert "请重新核对" in client.get(where).content.decode()


def test_what_moved_between_preview_and_confirm_stays_behind(house: House, reviewer: Person) -> None:
    stays, decided, hidden = (checked(house, reviewer) for _ in range(3))
    client = opened(reviewer)
    rows = rows_in(client.get(f"{URL}?all=1").content.decode())
    actions.refuse_publication(decided, reason="涉及协商", by=reviewer, now=house.later())
    Matter.objects.filter(pk=hidden.matter_id).update(access="suspended", readers=[])

    page = sent(client, rows)

    assert "不予公开：涉及协商，不能这样办理" in page and "1 件已不在您可以办理的范围内" in page
    assert [state_of(row) for row in (stays, decided, hidden)] == ["released", "refused", "none"]
    with pytest.raises(WrongStep):
        actions.publish(
            hidden, on=timezone.localdate(), checked=True, only_checked=True, by=reviewer, now=house.later()
        )


def test_bad_days_and_forged_rows(house: House, reviewer: Person) -> None:
    proposal, client = checked(house, reviewer), opened(reviewer)
    key = str(proposal.public_id)
    for day in ("", "31.2.", (timezone.localdate() - timedelta(days=1)).isoformat()):
        answer = client.post(URL, {"row": [key], "publish_on": day})
        assert (answer.status_code, key in answer.content.decode()) == (422, True)
    assert client.get(f"{URL}?row=x").status_code == 404
    assert "没有选中" in client.get(f"{URL}?row={uuid.uuid4()}").content.decode()
    assert state_of(proposal) == "none"


def test_a_reviewer_leaves_his_own_proposal_to_colleagues(house: House, reviewer: Person) -> None:
    own = checked(house, appoint(Role.DISCLOSURE_REVIEWER, house.office))
    own.matter.participants.create(person=reviewer, role="cosigner", order=9)

    page = opened(reviewer).get(f"{URL}?all=1").content.decode()

    assert rows_in(page) == [] and state_of(own) == "none"


def test_many_are_a_job_and_one_message_a_person(
    house: House, reviewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_many, "AT_ONCE", 1)
    rows = [checked(house, reviewer) for _ in range(2)]

    sent(opened(reviewer), [str(row.public_id) for row in rows], with_evaluation="on")
    work.work(now=timezone.now())

    assert LongJob.objects.get().result == {"sentence": "已公开 2 件。", "refused": [], "verb": "公开"}
    assert {(state_of(row), row.publication.with_evaluation) for row in Proposal.objects.all()} == {("released", True)}
    heads = Message.objects.filter(key__startswith="published:", channel="inapp")
    assert heads.filter(recipient=house.member).count() == 1


def test_a_preview_costs_the_same_for_one_and_for_three(house: House, reviewer: Person) -> None:
    client = opened(reviewer)

    def cost() -> int:
        client.get(f"{URL}?all=1")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{URL}?all=1").status_code == 200
        return len(captured)

    checked(house, reviewer)
    one = cost()
    for _ in range(2):
        checked(house, reviewer)
    assert cost() == one <= 15


def test_the_page_of_a_review_that_was_looked_at_reads_its_texts_once(house: House, reviewer: Person) -> None:
    page, client = reverse("proposals:disclosure", args=[checked(house, reviewer).public_id]), opened(reviewer)
    client.get(page)

    with CaptureQueriesContext(connection) as asked:
        assert "已核对" in client.get(page).content.decode()

    assert len(asked) <= 10


def test_where_none_can_be_done_the_preview_says_why_and_offers_no_button(house: House, reviewer: Person) -> None:
    replied(house)

    page = opened(reviewer).get(f"{URL}?all=1").content.decode()

    assert_valid(page)
    assert "不能办理的（1）" in page and "还没有核对公开文本" in page
    assert "所选的都不能办理，原因见上。" in page and "决定公开</button>" not in page
