"""Who is named to whom: outsiders read only names whose bearers agreed and did not withdraw (P13, S2)."""

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from members.actions import withdraw_name
from members.choices import Role
from members.models import Person
from proposals.handling.models import Exposure, Participant
from proposals.handling.readers import refresh
from proposals.models import Proposal
from tests.factories import appoint
from tests.handling.conftest import NOW, build_house, give

pytestmark = pytest.mark.django_db


def named(client: Client, person: Person, proposal: Proposal) -> str:
    """The names of the proposers that this person finds in the list and on the page, and only those."""
    client.force_login(person)
    pages = [client.get(reverse("proposals:list")), client.get(proposal.get_absolute_url())]
    assert [page.status_code for page in pages] == [200, 200]
    texts = [page.content.decode() for page in pages]
    found = [[name for name in ("林溪", "白露", "顾山", "原登记") if name in text] for text in texts]
    assert found[0] in ([], found[0][:1])  # a list names the first one
    return "、".join(found[1] or found[0])


def test_a_withdrawn_name_disappears_for_outsiders_and_the_proposal_stays(client: Client) -> None:
    house = build_house()
    matter = give(house)
    third = appoint(Role.MEMBER, name="顾山")
    for order, (person, public) in enumerate([(house.cosigner, True), (third, False)], start=1):
        matter.participants.create(person=person, role=Participant.Role.COSIGNER, order=order, name_public=public)
    matter.exposure = Exposure.PUBLISHED
    refresh(matter)
    matter.save()
    proposal = Proposal.objects.select_related("matter").get(matter=matter)
    Proposal.objects.update(consents=True, proposer_text="原登记：林溪、白露、顾山")
    outsider, staff = appoint(Role.MEMBER), house.staff

    assert named(client, outsider, proposal) == "林溪"
    withdraw_name(house.member, by=house.director, now=NOW, reason="本人申请")
    assert named(client, outsider, proposal) == "白露"
    assert named(client, staff, proposal) == "林溪" and named(client, house.clerk, proposal) == "林溪"
    withdraw_name(house.cosigner, by=house.director, now=NOW, reason="本人申请")
    assert named(client, outsider, proposal) == ""
    client.force_login(outsider)
    file = client.get(reverse("proposals:list"), {"export": "xlsx"})
    cells = [str(cell) for row in load_workbook(BytesIO(b"".join(file))).active.values for cell in row]
    assert matter.title in cells and not {"林溪", "白露", "顾山"} & set(cells)
    assert matter.title in client.get(proposal.get_absolute_url()).content.decode()
