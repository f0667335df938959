"""An imported proposal keeps the words of its register for the office, and gets its proposer by hand."""

import pytest
from django.test import Client

from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.models import Person
from proposals import actions
from proposals.actions.importing import Row, import_proposals
from proposals.handling.models import Matter
from proposals.models import Proposal
from tests.factories import BodyFactory, appoint

from .conftest import House
from .test_reviewing import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(house: House) -> Proposal:
    row = Row("0007", "旧案", proposer="林奚等3人", units_text="市老龄局（已撤）", notes="备注：原件存档")
    import_proposals([row], house.session, by=house.staff, now=house.now)
    return Proposal.objects.select_related("matter").get()


def page_of(person: Person, url: str) -> str:
    client = Client()
    client.force_login(person)
    return client.get(url).content.decode()


def test_the_office_reads_what_the_register_said(house: House, imported: Proposal) -> None:
    page = page_of(house.staff, imported.get_absolute_url())
    assert "林奚等3人" in page and "市老龄局（已撤）" in page and "备注：原件存档" in page


def test_a_proposer_is_linked_and_sees_it_then(house: House, imported: Proposal) -> None:
    other = appoint(Role.MEMBER, name="白露")
    assert not Matter.objects.visible_to(house.member).exists()
    client = Client()
    client.force_login(house.staff)
    url = f"{imported.get_absolute_url()}link-proposer/"
    assert "林奚等3人" in client.get(url).content.decode()

    assert client.post(url, {"person": house.member.name}).status_code == 302
    actions.link_proposer(imported, person=other, by=house.staff, now=house.later())

    roles = imported.matter.participants.order_by("order").values_list("person", "role")
    assert list(roles) == [(house.member.pk, "first"), (other.pk, "cosigner")]
    assert told(house.member)[0] == "proposal_proposer_linked"
    assert "旧案" in page_of(house.member, "/proposals/mine/")
    page = page_of(house.member, imported.get_absolute_url())
    assert "历史提案关联提案者" in page and "备注：原件存档" not in page
    with pytest.raises(Refused, match="已经是"):
        actions.link_proposer(imported, person=other, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="请选择一位委员，或者一个组织"):
        actions.link_proposer(imported, by=house.staff, now=house.later())


def test_an_organisation_is_linked_as_such(house: House, imported: Proposal) -> None:
    party = BodyFactory(name="民盟测试支部", kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)

    assert actions.link_proposer(imported, body=party, by=house.staff, now=house.later()).role == "organisation"


def test_only_imported_ones(house: House, filed) -> None:
    proposal = filed()
    with pytest.raises(WrongStep, match="历史导入"):
        actions.link_proposer(proposal, person=house.colleague, by=house.staff, now=house.later())
    client = Client()
    client.force_login(house.staff)
    assert client.get(f"{proposal.get_absolute_url()}link-proposer/").status_code == 404
