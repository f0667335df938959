"""Letters, group discussions and tours: entered by staff, given to a unit that does not learn who said it, told back (P11)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Person
from proposals.handling import actions as handling
from proposals.handling import readers
from proposals.handling.models import Assignment, Matter, Reply, Stage
from proposals.reports import actions
from proposals.reports.models import Opinion
from tests.factories import BodyFactory, SessionFactory, appoint
from tests.handling.conftest import House, build_house, part_of, result_class, signed
from tests.html import assert_valid
from tests.uploads import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db: None) -> House:
    SessionFactory()
    house = build_house()
    house.now = timezone.now()
    return house


@pytest.fixture
def keeper(house: House) -> Person:
    return appoint(Role.REPORT_STAFF, BodyFactory(name="市政协社情民意室测试", kind=BodyKind.OFFICE), name="顾问渠")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(person: Person) -> list[str]:
    rows = Message.objects.filter(recipient=person, channel="inapp")
    return list(rows.order_by("pk").values_list("template", flat=True))


def entered(house: House, by: Person, **more: Any) -> Opinion:
    facts: dict[str, Any] = {
        "source": "letter",
        "title": "关于增设老年食堂的建议",
        "text": "东街三个小区没有老年食堂，请研究增设。",
        "authors": [house.member, house.cosigner],
        "on": timezone.localdate(house.now) - timedelta(days=2),
        **more,
    }
    return actions.enter_opinion(facts.pop("source"), **facts, by=by, now=house.later())


def replied(house: House, part: Assignment) -> Reply:
    points = {
        row.pk: handling.PointGiven(result_class("A"), "东街食堂九月开业。") for row in part.matter.suggestions.all()
    }
    fields = {"result": result_class("A"), "opening": "来件收悉。"}
    reply = handling.draft_reply(part, fields, points, by=house.clerk, now=house.later())
    return handling.deliver_reply(reply, by=house.clerk, now=house.later())


def test_from_the_letter_to_the_members_who_wrote_it(house: House, keeper: Person) -> None:
    opinion = entered(house, keeper)
    matter = opinion.matter
    clock = matter.obligations.get(stage="opinion")
    assert (clock.anchor_on, clock.holder_body) == (
        timezone.localdate(house.now) - timedelta(days=2),
        keeper.appointments.get().body,
    )
    assert told(house.member) == told(house.cosigner) == ["opinion_entered"]

    actions.assign_opinion(opinion, lead=house.unit, by=keeper, now=house.later())

    part = part_of(matter, house.unit)
    assert part.office == keeper.appointments.get().body
    assert sorted(part.obligations.values_list("rule__code", flat=True)) == [
        "objection_window",
        "report_feedback",
        "sign_for",
    ]
    assert (told(house.member)[-1], told(house.clerk)[-1]) == ("opinion_assigned", "assigned")
    clerk = signed_in(house.clerk)
    for url in (reverse("handling:part", args=[part.public_id]), opinion.get_absolute_url()):
        page = clerk.get(url).content.decode()
        assert "请研究增设" in page and "来自政协委员" in page
        assert not any(person.name in page for person in (house.member, house.cosigner))
    assert clerk.get(reverse("handling:contact_details", args=[part.public_id])).status_code == 404

    reply = replied(house, signed(house, matter))
    assert (reply.state, told(keeper)[-1]) == ("checking", "reply_check_asked")
    with pytest.raises(WrongStep, match="还没有审核通过"):
        actions.answer(opinion, text="已答。", by=keeper, now=house.later())
    assert (
        reverse("handling:check_reply", args=[reply.public_id])
        in signed_in(keeper).get(reverse("handling:reply_checks")).content.decode()
    )
    handling.approve_reply(reply, by=keeper, now=house.later())
    matter.refresh_from_db()
    assert (matter.stage, matter.get_stage_display()) == (Stage.TO_TELL, "待反馈")
    assert not {"replied", "closed"} & set(told(house.member))

    office = signed_in(keeper)
    form = office.get(reverse("reports:answer_opinion", args=[matter.public_id]))
    assert form.context["form"]["answer"].value() == "来件收悉。\n东街食堂九月开业。"
    assert form.context["form"]["answered_by"].value() == house.unit.name
    actions.answer(opinion, text="东街食堂九月开业。", from_whom=house.unit.name, by=keeper, now=house.later())

    matter = Matter.objects.get(pk=matter.pk)
    opinion.refresh_from_db()
    assert (opinion.status, matter.stage, matter.is_closed) == ("answered", "closed", True)
    assert not matter.obligations.running().exists()
    assert told(house.member)[-1] == told(house.cosigner)[-1] == "opinion_answered"
    assert told(house.clerk)[-1] == "closed"
    page = signed_in(house.member).get(opinion.get_absolute_url()).content.decode()
    assert "东街食堂九月开业。" in page and f"交办给{house.unit.name}" in page
    assert readers.audit()[1] == []


def test_what_a_group_said_is_its_own_and_its_convener_hears(house: House, keeper: Person) -> None:
    group = BodyFactory(name="经济界测试", kind=BodyKind.SECTOR)
    convener = appoint(Role.CONVENER, group)
    opinion = entered(house, house.staff, source="discussion", authors=[], body=group, occasion="全会第三组讨论")

    assert opinion.matter.obligations.get(stage="opinion").holder_body == house.office
    assert told(convener) == ["opinion_entered"]
    page = signed_in(convener).get(opinion.get_absolute_url()).content.decode()
    assert "全会第三组讨论" in page and "经济界测试" in page
    assert signed_in(appoint(Role.CONVENER)).get(opinion.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"title": " "}, "请填写标题"),
        ({"text": " "}, "请填写内容"),
        ({"authors": []}, "请填写反映的委员"),
        ({"source": "tour"}, "哪次讨论或哪次视察"),
        ({"on": date(2999, 1, 1)}, "不能晚于今天"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(house: House, facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        entered(house, house.staff, **facts)


def test_what_units_have_is_not_passed_on_and_an_ended_unit_gets_nothing(house: House, keeper: Person) -> None:
    opinion = entered(house, keeper)
    house.third_unit.ended_on = date(2026, 1, 1)
    with pytest.raises(Refused, match="已撤销"):
        actions.assign_opinion(opinion, lead=house.third_unit, by=keeper, now=house.later())
    with pytest.raises(Refused, match="办理期限应晚于今天"):
        actions.assign_opinion(
            opinion, lead=house.unit, due_on=timezone.localdate(house.now), by=keeper, now=house.later()
        )
    due = timezone.localdate(house.now) + timedelta(days=20)
    actions.assign_opinion(opinion, lead=house.unit, co=[house.other_unit], due_on=due, by=keeper, now=house.later())
    assert part_of(opinion.matter, house.unit).obligations.get(stage="reply").fixed_on == due
    assert part_of(opinion.matter, house.other_unit).role == "co"
    with pytest.raises(WrongStep, match="已经交办"):
        actions.pass_on(opinion, to="市民政局", by=keeper, now=house.later())
    with pytest.raises(WrongStep, match="已经交办"):
        actions.assign_opinion(opinion, lead=house.unit, by=keeper, now=house.later())


def test_more_time_is_for_the_office_that_assigned_and_others_have_no_part_in_it(house: House, keeper: Person) -> None:
    opinion = entered(house, keeper)
    actions.assign_opinion(opinion, lead=house.unit, by=keeper, now=house.later())
    part = signed(house, opinion.matter)
    clock = part.obligations.get(stage="reply")
    asked = handling.ask_extension(
        part, to=clock.due_on + timedelta(days=1), reason="需现场核实", by=house.clerk, now=house.later()
    )
    assert told(keeper)[-1] == "extension_asked"
    asked = handling.decide_extension(asked, office="assigning", agrees=True, reason="", by=keeper, now=house.later())
    assert asked.state == "granted"
    stranger = appoint(Role.REPORT_STAFF, BodyFactory(kind=BodyKind.OFFICE))
    for person, code in ((keeper, 200), (stranger, 404), (house.officer, 404)):
        url = reverse("handling:transfer", args=[part.public_id])
        assert signed_in(person).get(url).status_code == code


def test_the_pages_of_the_office(house: House, keeper: Person) -> None:
    client = signed_in(keeper)
    url = reverse("reports:enter_opinion")
    assert_valid(client.get(url).content)
    data = {
        "source": "letter",
        "authors": f"{house.member.name}、{house.cosigner.name}",
        "on": str(timezone.localdate()),
        "title": "关于增设老年食堂的建议",
        "text": "请研究增设。",
        "file": SimpleUploadedFile("来信.pdf", made.pdf()),
    }
    assert "没有找到委员“无名氏”" in client.post(url, {**data, "authors": "无名氏"}).content.decode()
    data["file"] = SimpleUploadedFile("来信.pdf", made.pdf())
    assert client.post(url, data).status_code == 302
    opinion = Opinion.objects.get()
    page = client.get(opinion.get_absolute_url())
    assert_valid(page.content)
    assert "来信.pdf" in page.content.decode() and "交办承办单位" in page.content.decode()
    assign = reverse("reports:assign_opinion", args=[opinion.matter.public_id])
    assert_valid(client.get(assign).content)
    assert client.post(assign, {"lead": str(house.unit.public_id), "co": "", "due_on": ""}).status_code == 302
    assert "来信.pdf" not in signed_in(house.clerk).get(opinion.get_absolute_url()).content.decode()
    with CaptureQueriesContext(connection) as caught:
        client.get(opinion.get_absolute_url())
    assert len(caught) <= 15, [q["sql"][:200] for q in caught.captured_queries]
    listed = client.get(reverse("reports:opinions"), {"q": "老年食堂", "source": "letter"}).content.decode()
    assert house.unit.name in listed and "待签收" in listed
    assert signed_in(house.member).get(url).status_code == 403
    assert signed_in(house.member).get(assign).status_code == 403
