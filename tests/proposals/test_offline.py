"""What is handled offline has a number, units, dates and a state, and no word (P19)."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Body
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.actions import Part
from proposals.handling.models import Assignment, Obligation, Reply
from proposals.models import Proposal
from proposals.queries import figures

from .conftest import House
from .test_merging import clerk_of
from .test_reviewing import fresh, running, told, verbs

pytestmark = pytest.mark.django_db
DUE = date(2026, 5, 29)


@pytest.fixture
def placed(house: House, clerk_unit: Body) -> Proposal:
    return actions.hold_place(
        house.session,
        [Part(clerk_unit, "sole", house.assigning)],
        form="individual",
        fixed_on=DUE,
        by=house.staff,
        now=house.later(),
    )


def test_the_desk_takes_a_number_and_hands_it_over_with_a_due_date(house: House, clerk_unit: Body) -> None:
    client = Client()
    client.force_login(house.staff)
    page = reverse("proposals:placeholder")
    assert page in client.get(reverse("proposals:list")).content.decode()
    due = timezone.localdate() + timedelta(days=60)
    form = {"session": house.session.code, "form": "individual", "lead": clerk_unit.name, "fixed_on": f"{due}"}

    sent = client.post(page, form)

    proposal = Proposal.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, proposal.get_absolute_url())
    assert Obligation.objects.get(stage="reply").due_on == due
    assert client.post(page, {**form, "fixed_on": "2020-01-01"}).status_code == 422
    assert "本件线下办理" in client.get(proposal.get_absolute_url()).content.decode()
    client.force_login(house.officer)
    assert client.get(page).status_code == 403


def test_its_clocks_are_true_and_messages_name_the_number_only(
    house: House, placed: Proposal, clerk_unit: Body
) -> None:
    assert running(placed) == ["objection_window", "reply", "sign_for"]
    assert Obligation.objects.get(stage="reply").due_on == DUE
    clerk = clerk_of(clerk_unit)
    [message] = Message.objects.filter(recipient=clerk, template="assigned", channel="inapp")
    [said] = render([(message.template, message.subject)], clerk)
    assert (
        isinstance(said, Rendered)
        and placed.matter.number
        and placed.matter.number in said.title
        and "《" not in said.title
    )
    assert said.outside == ""
    total = figures(house.session, house.staff).total
    assert (total["received"], total["filed"]) == (1, 1)


def test_nobody_writes_words_into_it(house: House, placed: Proposal, clerk_unit: Body) -> None:
    part = handling.sign_for(Assignment.objects.get(), by=clerk_of(clerk_unit), now=house.later())

    with pytest.raises(Refused, match="线下办理"):
        handling.draft_reply(part, {}, {}, by=clerk_of(clerk_unit), now=house.later())
    with pytest.raises(Refused, match="线下办理"):
        handling.record_contact(
            part, when="before", mode="phone", held_on=house.now.date(), persons="某人", text="谈了内容",
            by=clerk_of(clerk_unit), now=house.later(),
        )  # fmt: skip
    client = Client()
    client.force_login(clerk_of(clerk_unit))
    page = client.get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert reverse("handling:draft_reply", args=[part.public_id]) not in page


def test_answered_and_closed_by_dates(house: House, placed: Proposal, clerk_unit: Body) -> None:
    client = Client()
    client.force_login(house.staff)
    page = f"{placed.get_absolute_url()}offline/"
    assert page in client.get(placed.get_absolute_url()).content.decode()
    now = timezone.make_aware(datetime(2026, 6, 10, 9))
    for answered, closed, sentence in (
        (None, None, "请填写"),
        (date(2026, 3, 1), None, "早于交办"),
        (date(2026, 6, 11), None, "晚于今天"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.record_offline(placed, answered_on=answered, closed_on=closed, by=house.staff, now=now)
    with pytest.raises(WrongStep, match="还没有登记答复"):
        actions.record_offline(placed, answered_on=None, closed_on=date(2026, 6, 9), by=house.staff, now=now)

    actions.record_offline(placed, answered_on=date(2026, 6, 1), closed_on=None, by=house.staff, now=now)

    assert (fresh(placed).matter.stage, running(placed)) == ("answered", [])
    clock = Obligation.objects.get(stage="reply")
    assert (clock.status, clock.late_workdays, timezone.localdate(clock.done_at)) == ("done", 1, date(2026, 6, 1))
    handling.close_lapsed_rounds(now=now)
    assert fresh(placed).matter.stage == "answered"
    form = client.get(page).content.decode()
    assert "办结日期" in form and "承办单位线下答复的日期" not in form
    with pytest.raises(WrongStep, match="已经登记过答复"):
        actions.record_offline(placed, answered_on=date(2026, 6, 2), closed_on=None, by=house.staff, now=now)
    with pytest.raises(Refused, match="早于答复"):
        actions.record_offline(placed, answered_on=None, closed_on=date(2026, 5, 30), by=house.staff, now=now)

    actions.record_offline(placed, answered_on=None, closed_on=date(2026, 6, 9), by=house.staff, now=now)

    done = fresh(placed)
    assert (done.status, done.matter.stage, timezone.localdate(done.matter.closed_at)) == (
        "closed", "closed", date(2026, 6, 9),
    )  # fmt: skip
    assert verbs(placed) == ["placeholder_made", "assigned", "answered_offline", "closed"]
    assert told(clerk_of(clerk_unit))[-1] == "closed"
    assert not Reply.objects.exists()


def test_an_ordinary_proposal_is_not_recorded_like_that(house: House, filed) -> None:
    with pytest.raises(WrongStep, match="线下办理"):
        actions.record_offline(filed(), answered_on=house.now.date(), closed_on=None, by=house.staff, now=house.later())
