"""圈阅 is not 批示, and the words of an instruction reach nobody whom they are not for (P18, S2)."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import render
from members.models import Body, Person
from proposals import actions
from proposals.handling import readers
from proposals.handling.events import timeline
from proposals.models import Instruction, Proposal
from tests.channels import WAYS, words_of
from tests.factories import BodyFactory, appoint

from .conftest import House
from .test_key import Make, choose, lead, told
from .test_pages_thread import page_of, send, signed_in

MARKER = "麒麟密语请速办理"
TODAY = date(2026, 3, 4)


def write(house: House, proposal: Proposal, **facts: Any) -> Instruction:
    ordinary: dict[str, Any] = {"kind": "instruction", "level": "city_main", "leader": None, "leader_name": "某领导"}
    said = {**ordinary, "on": TODAY, "text": MARKER, "by": house.staff, **facts}
    return actions.record_instruction(proposal, **said, now=house.later())


@pytest.fixture
def two(house: House, filed: Make, clerk_unit: Body, other_unit: Body) -> Proposal:
    """A key proposal in the hands of a lead and a co-handler."""
    proposal = filed()
    shares = [actions.Share(clerk_unit, "lead"), actions.Share(other_unit, "co")]
    actions.allocate(proposal, shares, by=house.staff, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    choose(house, proposal)
    proposal.refresh_from_db()
    return proposal


def seen(person: Person, proposal: Proposal) -> str:
    """All that a person can read of a proposal, by every way that leads out of the house."""
    client: Client = signed_in(person)
    urls = [f"/proposals/{proposal.matter.public_id}/", f"/proposals/{proposal.matter.public_id}/key/"]
    urls += [f"/proposals/{way}" for way in WAYS] + [f"/proposals/key/{way}" for way in WAYS] + ["/proposals/led/", "/"]
    words = [words_of(client.get(url)) for url in urls]
    words += [sentence for _, sentence, _ in timeline(person, proposal.matter)]
    sent = Message.objects.filter(recipient=person).values_list("template", "subject")
    words.append(repr(render(list(sent), person)))
    return "\n".join(words)


def test_the_words_reach_the_keeping_office_the_addressed_unit_and_that_leader(
    house: House,
    two: Proposal,
    clerk_unit: Body,
    leader: Person,
) -> None:
    lead(house, two, leader)
    head = appoint(Role.UNIT_HEAD, clerk_unit, name="方正")
    row = write(house, two, units=[clerk_unit], leader=leader)

    clerk, other = Person.objects.get(name="沈青"), Person.objects.get(name="方舟")
    secretary = appoint(Role.LEADER_SECRETARY, name="简宁")
    for person in (house.staff, house.director, clerk, head, leader):
        assert MARKER in seen(person, two), person
    for person in (house.member, other, house.officer, secretary, appoint(Role.LEADER, name="时雨")):
        assert MARKER not in seen(person, two), person
    assert told("instructed") == {"林溪"}
    assert told("instruction_given") == {"沈青", "方正"}
    page = page_of(signed_in(house.member), f"/proposals/{two.matter.public_id}/key/")
    assert "市主要领导批示" in page
    assert "陆远" not in page.partition("领导圈阅、批示")[2]

    send(signed_in(house.staff), f"/proposals/key/instructions/{row.public_id}/release/")

    assert MARKER in seen(house.member, two)
    with pytest.raises(WrongStep, match="已经同意转告"):
        actions.release_instruction(row, by=house.staff, now=house.later())


def test_having_read_it_is_no_instruction(house: House, two: Proposal, clerk_unit: Body) -> None:
    with pytest.raises(Refused, match="圈阅只表示已阅"):
        write(house, two, kind="read")
    with pytest.raises(Refused, match="圈阅只表示已阅"):
        write(house, two, kind="read", text="", units=[clerk_unit])

    write(house, two, kind="read", text="")

    assert not told("instructed")
    assert not two.matter.events.filter(verb="instructed").exists()
    assert "圈阅" in page_of(signed_in(house.officer), f"/proposals/{two.matter.public_id}/key/")
    member = page_of(signed_in(house.member), f"/proposals/{two.matter.public_id}/key/")
    assert "领导圈阅、批示" not in member
    assert not Instruction.objects.filter(kind__in=Instruction.INSTRUCTING).exists()


def test_refused_with_what_to_do(house: House, two: Proposal, settings: Any) -> None:
    for facts, sentence in (
        ({"leader_name": " "}, "请选择领导"),
        ({"text": " "}, "只画圈、签名的请选“圈阅”"),
        ({"on": date(2026, 3, 5)}, "日期不能晚于今天"),
        ({"units": [house.assigning]}, "不是本件的承办单位"),
    ):
        with pytest.raises(Refused, match=sentence):
            write(house, two, **facts)

    settings.ZONE = "internet"
    with pytest.raises(Refused, match="不登记领导批示的内容"):
        write(house, two)
    assert write(house, two, text="").text == ""


def test_each_office_keeps_its_own_words(house: House, two: Proposal) -> None:
    row = write(house, two, by=house.officer)

    assert row.office == house.assigning
    assert MARKER in seen(house.officer, two)
    assert MARKER not in seen(house.staff, two)
    assert signed_in(house.staff).get(f"/proposals/key/instructions/{row.public_id}/release/").status_code == 404


def test_the_page_records_it(house: House, two: Proposal, clerk_unit: Body) -> None:
    url = f"/proposals/{two.matter.public_id}/key/instruct/"

    send(
        signed_in(house.officer), url, kind="passed_on", level="city", leader_name="某领导", on="2026-03-04",
        text=MARKER, units=[str(clerk_unit.public_id)],
    )  # fmt: skip

    assert list(Instruction.objects.get().units.all()) == [clerk_unit]
    assert signed_in(house.member).get(url).status_code == 403


def test_each_office_that_assigned_a_part_records_what_its_leader_wrote(
    house: House, two: Proposal, other_unit: Body
) -> None:
    """Of a proposal across systems the other offices keep their sheets as well (P9)."""
    party_office = BodyFactory(name="市委督查室测试", kind=BodyKind.OFFICE, system=System.PARTY)
    officer = appoint(Role.ASSIGNING_OFFICER, party_office, name="夏至")
    url = f"/proposals/{two.matter.public_id}/key/instruct/"
    assert signed_in(officer).get(url).status_code == 404
    two.matter.assignments.filter(unit=other_unit).update(office=party_office)
    readers.refresh(two.matter)

    assert "登记圈阅、批示" in page_of(signed_in(officer), f"/proposals/{two.matter.public_id}/key/")
    said = {"kind": "instruction", "level": "city", "leader_name": "某领导", "on": TODAY, "text": MARKER}
    assert signed_in(officer).post(url, said).status_code == 302

    assert Instruction.objects.get().office == party_office
    assert MARKER not in seen(house.staff, two) and MARKER in seen(officer, two)
