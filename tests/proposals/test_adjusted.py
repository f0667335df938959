"""What a unit was told of stays in its inbox: where it leads once the matter has gone to another unit, or come back."""

import pytest
from django.test import Client
from django.urls import reverse

from members.choices import Role
from members.inbox.models import Message
from members.models import Body, Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, Reason
from proposals.models import Proposal
from tests.factories import BodyFactory, appoint

from .conftest import House
from .test_pages_thread import page_of, signed_in

pytestmark = pytest.mark.django_db
ADJUSTED, NOT_NOW = "这件交办已经调整", "这一步现在不需要办理"


@pytest.fixture
def clerk(clerk_unit: Body) -> Person:
    person: Person = clerk_unit.appointments.get().person
    return person


@pytest.fixture
def other(house: House) -> Body:
    unit: Body = BodyFactory(name="市财政局测试")
    appoint(Role.UNIT_CLERK, unit, name="温良")
    return unit


@pytest.fixture
def proposal(house: House, filed, clerk_unit: Body) -> Proposal:
    return handed_over(house, filed(), (clerk_unit, "sole"))


def handed_over(house: House, proposal: Proposal, *shares: tuple[Body, str]) -> Proposal:
    actions.allocate(proposal, [actions.Share(*share) for share in shares], by=house.officer, now=house.later())
    _, refused = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    assert refused == []
    return proposal


def part_of(proposal: Proposal, unit: Body) -> Assignment:
    parts = Assignment.objects.current().select_related("matter", "unit", "office")
    return parts.get(matter=proposal.matter, unit=unit)


def address(part: Assignment) -> str:
    return reverse("handling:part", args=[part.public_id])


def objected_to(house: House, part: Assignment, suggested: Body, *, by: Person):
    return handling.object_to(
        part, reason=Reason.objects.filter(use="objection")[0], text="不属本单位职责", approved_by="方正", suggested=suggested,
        by=by, now=house.later(),
    )  # fmt: skip


def every_way_from_the_inbox(client: Client, person: Person) -> dict[str, str]:
    """What each message of this person leads to: the page at the end of it, which there always is."""
    ends = {}
    for message in Message.objects.inbox_of(person):
        opened = client.get(reverse("inbox:message", args=[message.public_id]))
        assert opened.status_code == 200
        for line in opened.context["shown"].lines:
            if line.url:
                answer = client.get(line.url, follow=True)
                assert answer.status_code == 200, (line.title, line.url)
                ends[line.title] = answer.request["PATH_INFO"]
    return ends


def test_who_has_lost_a_matter_is_told_so_and_led_nowhere_else(
    house: House, proposal: Proposal, clerk: Person, clerk_unit: Body, other: Body
) -> None:
    part = handling.sign_for(part_of(proposal, clerk_unit), by=clerk, now=house.later())
    client = signed_in(clerk)
    assert address(part) in page_of(client, "/desk/")

    handling.transfer(part, other, reason="职责调整", by=house.officer, now=house.later())

    number = proposal.matter.label
    assert every_way_from_the_inbox(client, clerk) == {f"{number}已调整，不再由您单位办理": reverse("handling:queue")}
    assert address(part) not in page_of(client, "/desk/") + page_of(client, "/handling/") + page_of(client, "/inbox/")
    assert client.get(address(part)).status_code == 404
    assert proposal.matter.title not in page_of(client, "/inbox/")


def test_who_gets_it_back_is_led_from_the_old_part_to_the_new(
    house: House, proposal: Proposal, clerk: Person, clerk_unit: Body, other: Body
) -> None:
    old = part_of(proposal, clerk_unit)
    between = handling.transfer(old, other, reason="职责调整", by=house.officer, now=house.later())
    new = handling.transfer(between, clerk_unit, reason="职责调整", by=house.officer, now=house.later())

    client = signed_in(clerk)
    answer = client.get(address(old), follow=True)
    assert answer.redirect_chain == [(address(new), 302)]
    assert ADJUSTED in answer.content.decode()
    assert set(every_way_from_the_inbox(client, clerk).values()) == {address(new), reverse("handling:queue")}


def test_after_an_upheld_objection_every_message_about_it_leads_to_the_new_unit(
    house: House, proposal: Proposal, clerk: Person, clerk_unit: Body, other: Body
) -> None:
    old, taking_over = part_of(proposal, clerk_unit), other.appointments.get().person
    objection = objected_to(house, old, other, by=clerk)
    handling.answer_objection(objection, accepts=True, text="", by=taking_over, now=house.later())
    handling.uphold_objection(objection, unit=other, text="同意", by=house.officer, now=house.later())

    new = address(part_of(proposal, other))
    assert set(every_way_from_the_inbox(signed_in(house.officer), house.officer).values()) == {new}
    client = signed_in(taking_over)
    assert set(every_way_from_the_inbox(client, taking_over).values()) == {new}
    asked = client.get(reverse("handling:answer_objection", args=[objection.public_id]), follow=True)
    assert asked.redirect_chain == [(new, 302)]
    assert NOT_NOW in asked.content.decode()


def test_what_lead_and_co_handler_hear_of_each_other_leads_to_their_own_part(
    house: House, filed, clerk: Person, clerk_unit: Body, other: Body
) -> None:
    proposal = handed_over(house, filed(), (clerk_unit, "lead"), (other, "co"))
    helper = other.appointments.get().person
    handling.sign_for(part_of(proposal, clerk_unit), by=clerk, now=house.later())
    co = handling.sign_for(part_of(proposal, other), by=helper, now=house.later())

    handling.send_opinion(co, text="同意", by=helper, now=house.later())

    client = signed_in(clerk)
    assert set(every_way_from_the_inbox(client, clerk).values()) == {address(part_of(proposal, clerk_unit))}
    answer = client.get(address(co), follow=True)
    assert ADJUSTED not in answer.content.decode(), "it is another unit's, and was not adjusted"


def test_a_form_for_a_step_that_was_taken_leads_on_and_takes_nothing(
    house: House, proposal: Proposal, clerk: Person, clerk_unit: Body
) -> None:
    part = part_of(proposal, clerk_unit)
    sign_for = reverse("handling:sign_for", args=[part.public_id])
    handling.sign_for(part, by=clerk, now=house.later())
    client = signed_in(clerk)

    assert client.get(sign_for)["Location"] == address(part)
    assert client.post(sign_for).status_code == 409
    assert signed_in(appoint(Role.UNIT_CLERK)).get(sign_for).status_code == 404


def test_an_answer_to_an_invitation_leads_to_the_proposal_once_it_is_handed_in(house: House, draft) -> None:
    friend, proposal = appoint(Role.MEMBER, name="苏桥"), draft()
    [row] = actions.invite(proposal, [friend], by=house.member, now=house.later())
    actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=friend, now=house.later())
    client = signed_in(house.member)
    assert set(every_way_from_the_inbox(client, house.member).values()) == {f"{proposal.get_absolute_url()}cosigners/"}

    actions.submit(Proposal.objects.get(pk=proposal.pk), not_secret=True, by=house.member, now=house.later())

    assert set(every_way_from_the_inbox(client, house.member).values()) == {proposal.get_absolute_url()}
