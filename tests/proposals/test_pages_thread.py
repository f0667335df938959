"""The thread through the pages, without a script."""

import re
from typing import Any

from django.test import Client

from members.models import Body, Person
from proposals.handling.models import Assignment
from proposals.models import Proposal, Status

from .conftest import House, category


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="members.backend.AppointmentBackend")
    return client


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def hidden(page: str) -> dict[str, str]:
    """What a form carries of the page that it stood on."""
    found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("once", "version", "place")}
    return {name: match[1] for name, match in found.items() if match}


def send(client: Client, url: str, **data: Any) -> str:
    """Send the form of a page as a browser would, and return where it led."""
    answer = client.post(url, {**hidden(page_of(client, url)), **data})
    assert answer.status_code == 302, answer.content.decode()[-4000:]
    return str(answer.headers["Location"])


def test_from_writing_to_the_units_desk(house: House, clerk_unit: Body) -> None:
    member, staff, officer = signed_in(house.member), signed_in(house.staff), signed_in(house.officer)

    where = send(member, "/proposals/new/", behind="me")
    where = send(
        member,
        where,
        title="关于增加社区养老床位的建议",
        situation="床位不足。",
        analysis="",
        suggestions=["增加床位"],
        pasted="一是给予补助；二是加强监管。",
        version="1",
    )
    assert where.endswith("/cosigners/")
    page_of(member, where)
    where = send(
        member, where.replace("cosigners", "check"), consents="yes", not_secret="on", wished_units=clerk_unit.name
    )
    page_of(member, where)
    proposal = Proposal.objects.get()
    public_id = proposal.matter.public_id
    assert [row.text for row in proposal.matter.suggestions.order_by("number")] == [
        "增加床位",
        "给予补助；",
        "加强监管。",
    ]

    page_of(staff, "/proposals/review/")
    send(staff, f"/proposals/{public_id}/review/")
    send(staff, f"/proposals/{public_id}/file/", category=str(category().public_id))
    page_of(officer, "/proposals/allocation/")
    where = send(officer, f"/proposals/{public_id}/allocation/", way="lead", lead=clerk_unit.name, others="")
    where = send(officer, f"/proposals/hand-over/?row={public_id}", row=str(public_id), name="", fixed_on="", notice="")
    page_of(officer, where)

    proposal = Proposal.objects.get()
    assert proposal.status == Status.ASSIGNED
    assert Assignment.objects.get(matter=proposal.matter).unit == clerk_unit
    for client in (member, staff, officer):
        page_of(client, f"/proposals/{public_id}/")
        page_of(client, "/proposals/")
