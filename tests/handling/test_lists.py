"""Lists and pages cost the same for one row and for fifty, and what is hidden changes nothing (S11)."""

import re
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.inbox import engine as outbox
from members.models import Person, Session
from proposals.handling.models import Exposure, Matter
from tests.channels import WAYS, papers_of, words_of
from tests.factories import BodyFactory, MatterFactory, appoint
from tests.handling.conftest import House, give, part_of, round_of, signed
from tests.handling.test_acts import answered, objected, rated


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def queries_of(client: Client, url: str) -> int:
    client.get(url)  # what is kept for a process is kept now
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def fill(house: House, amount: int) -> None:
    for _ in range(amount):
        objected(house, signed(house, give(house)))


@pytest.mark.parametrize(
    ("who", "name"), [("clerk", "queue"), ("officer", "ledger"), ("officer", "objections"), ("staff", "ledger")]
)
def test_a_list_costs_the_same_for_one_row_and_for_many(house: House, who: str, name: str) -> None:
    house.now = timezone.now()
    client, url = signed_in(getattr(house, who)), reverse(f"handling:{name}")
    fill(house, 1)
    one = queries_of(client, url)

    fill(house, 11)

    assert queries_of(client, url) == one
    assert one <= 12


@pytest.mark.parametrize("who", ["clerk", "officer", "staff"])
def test_a_matter_that_has_been_through_everything_costs_fifteen_queries(house: House, who: str) -> None:
    house.now = timezone.now()
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    part = signed(house, matter)
    answered(house, part)
    rated(house, round_of(part), house.member)

    assert queries_of(signed_in(getattr(house, who)), reverse("handling:part", args=[part.public_id])) <= 15


WORD = "独一无二的暗语"


def snapshot(people: list[Person], session: Session) -> list[Any]:
    """Everything these people can list, count, print, export, have made, and be sent by mail."""
    lists = [*(reverse(f"handling:{name}") for name in ("queue", "ledger", "objections", "extensions", "dissatisfied"))]
    urls = [f"{path}{way}" for path in [*lists, "/proposals/"] for way in WAYS]
    urls += ["/desk/", "/inbox/", f"/proposals/?q={WORD}", f"{reverse('handling:queue')}?q={WORD}"]
    found: list[Any] = []
    for person in people:
        client = signed_in(person)
        for url in urls:
            answer = client.get(url)
            body = words_of(answer)
            for secret in ("csrfmiddlewaretoken", 'name="once"', 'name="upto"'):
                body = "\n".join(line for line in body.splitlines() if secret not in line)
            body = re.sub(r'data-session="\d+"|\d+:\d\d|\d{4}-\d\d-\d\dT[\d:]+Z?', "", body)  # what time changes
            found.append((person.name, url, answer.status_code, body if answer.status_code == 200 else ""))
        found.append((person.name, "papers", 200, papers_of(person, session)))
    return found


class Taken:
    """A line to the mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.to: list[str] = []

    def open(self) -> None:
        pass

    def deliver(self, mail: EmailMessage) -> None:
        self.to.append(mail["To"])

    def close(self) -> None:
        pass


def test_one_hidden_matter_changes_no_list_no_count_no_order_no_export_no_paper_and_no_mail(house: House) -> None:
    """The hidden one has clocks, events, an objection and messages of its own, in the hands of others."""
    house.now = timezone.now()
    office = BodyFactory(kind=BodyKind.OFFICE, system=System.PARTY)
    others = replace(
        house, unit=house.third_unit, clerk=house.third_clerk, head=house.third_clerk, member=house.cosigner,
        assigning=office, officer=appoint(Role.ASSIGNING_OFFICER, office),
    )  # fmt: skip
    people = [
        house.clerk, house.other_clerk, house.officer, house.member, appoint(Role.MEMBER), appoint(Role.UNIT_CLERK),
    ]  # fmt: skip
    for number, person in enumerate([*people, others.officer]):
        person.mail = f"p{number}@example.test"
        person.save()
    fill(house, 2)
    session = Matter.objects.all()[0].session
    assert session is not None
    line = Taken()
    outbox.send(now=house.later(days=4), transport=line)
    before, sent = snapshot(people, session), len(line.to)

    hidden = MatterFactory(by=house.cosigner, title=WORD, unit_title=WORD)
    objected(others, signed(others, give(others, matter=hidden)))
    suspended = MatterFactory(by=house.cosigner, title=WORD, exposure=Exposure.OFFICE)
    Matter.objects.filter(pk=suspended.pk).update(access="suspended", readers=[14])
    outbox.send(now=others.later(days=4), transport=line)

    assert hidden.obligations.count() > 3 and hidden.events.count() > 2
    assert sent and set(line.to[sent:]) == {others.officer.mail}, "its own office, and nobody else"
    assert snapshot(people, session) == before


def test_a_hidden_row_and_no_row_are_answered_alike(house: House) -> None:
    house.now = timezone.now()
    part = part_of(give(house), house.unit)
    stranger = signed_in(appoint(Role.UNIT_CLERK))

    for name in ("part", "sign_for", "object", "draft_reply", "reply", "record_contact"):
        real = stranger.get(reverse(f"handling:{name}", args=[part.public_id]))
        none = stranger.get(reverse(f"handling:{name}", args=["00000000-0000-4000-8000-000000000000"]))
        assert (real.status_code, none.status_code) == (404, 404), name
        same = [answer.content.decode().replace(str(part.public_id), "") for answer in (real, none)]
        assert len(same[0]) - len(same[1]) <= 40


@pytest.mark.parametrize(("who", "name"), [("officer", "ledger"), ("clerk", "queue"), ("officer", "objections")])
def test_lists_copy_as_text_for_a_group_chat_without_names_or_titles_that_are_held_back(
    house: House, who: str, name: str
) -> None:
    house.now = timezone.now()
    shown, hidden = (MatterFactory(by=house.member, title=title) for title in ("关于养老的建议", "关于某事的建议"))
    for matter in (shown, hidden):
        objected(house, signed(house, give(house, matter=matter)))
    Matter.objects.filter(pk=hidden.pk).update(access="internal")

    body = signed_in(getattr(house, who)).get(reverse(f"handling:{name}")).content.decode()

    text = body.split('id="copy-text"')[1].split("</textarea>")[0]
    assert shown.unit_title in text and "登录查看：" in text and house.unit.name in text
    assert hidden.unit_title not in text and house.member.name not in text and "不属本单位" not in text
