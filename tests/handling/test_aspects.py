"""What nobody may read stays unread through every channel (S2): markers planted, every page searched."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.inbox.models import Message
from members.inbox.registry import render
from members.models import Person
from proposals.handling import actions, events
from proposals.handling.models import Assignment, Countersign, Reply, ReplyVersion
from proposals.handling.panels import panels_of
from tests.channels import WAYS, packet_of, papers_of, words_of
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of, reason, result_class, round_of, signed
from tests.handling.test_acts import answered

DETAILS, INSIDE, OBJECTION, EXTENSION, OPINION = "暗号电话", "暗号科室", "暗号退回", "暗号延期", "暗号会办"
DRAFT, FORM, CONTACT, APPRAISAL = "暗号草稿", "暗号评价", "暗号沟通", "暗号评议"
WHY = ("reply", "internal", "evaluation", "confirm_dissatisfaction")
MARKS = (DETAILS, INSIDE, OBJECTION, EXTENSION, OPINION, DRAFT, FORM, CONTACT, APPRAISAL)


pytestmark = pytest.mark.usefixtures("persons_read_once")


@pytest.fixture
def lead(house: House) -> Assignment:
    return planted(house)


def planted(house: House) -> Assignment:
    """A matter led by one unit and helped by another, with a mark in every part that not everybody reads."""
    house.now = timezone.now()
    house.member.address = DETAILS
    house.member.save()
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    part = signed(house, matter)
    co = signed(house, matter, house.other_unit, house.other_clerk)
    actions.pass_inside(part, by=house.head, now=house.later(), section=INSIDE, comment=INSIDE)
    actions.object_to(
        part,
        reason=reason("objection"),
        text=OBJECTION,
        approved_by=OBJECTION,
        suggested=house.third_unit,
        by=house.clerk,
        now=house.later(),
    )
    due = part.obligations.get(stage="reply").due_on
    actions.ask_extension(part, to=due + timedelta(days=5), reason=EXTENSION, by=house.clerk, now=house.later())
    actions.record_contact(
        part,
        when="before",
        mode="phone",
        held_on=timezone.localdate(house.now),
        persons=CONTACT,
        text=CONTACT,
        by=house.clerk,
        now=house.later(),
    )
    actions.send_opinion(co, text=OPINION, by=house.other_clerk, now=house.later())
    actions.draft_reply(part, {"opening": DRAFT}, {}, by=house.clerk, now=house.later())
    return part_of(matter, house.unit)


def delivered_and_rated(house: House, part: Assignment) -> Assignment:
    """Both sides have said what they think of the other: a proposer of the reply, the unit of the proposal."""
    objection = part.objections.get()
    actions.withdraw_objection(objection, by=house.clerk, now=house.later())
    reply = part.replies.get()
    actions.draft_reply(part, {"opening": "总体答复"}, {}, by=house.clerk, now=house.later())
    reply = answered(house, part)
    row = round_of(part, reply.round)
    actions.appraise(
        row, topic="good", research="fair", advice="plain", text=APPRAISAL, by=house.clerk, now=house.later()
    )
    place = part.matter.participants.get(person=house.cosigner)
    actions.evaluate(
        row,
        place,
        work="dissatisfied",
        result="dissatisfied",
        text=FORM,
        by=house.cosigner,
        now=house.later(),
    )
    return part_of(part.matter, house.unit)


def everything(person: Person, part: Assignment, ways: Iterable[str] = WAYS) -> str:
    """All that `person` can be shown of the matter: pages, exports, prints, files, panels, timeline, messages."""
    client = Client()
    client.force_login(person)
    matter = part.matter
    lists = ["/proposals/", *(reverse(f"handling:{name}") for name in ("queue", "ledger", "objections", "extensions"))]
    urls = [
        reverse("handling:part", args=[part.public_id]),
        reverse("handling:contact_details", args=[part.public_id]),
        reverse("handling:draft_reply", args=[part.public_id]),
        *(reverse("handling:countersign", args=[row.public_id]) for row in Countersign.objects.order_by("pk")),
        *(reverse("handling:reply_version", args=[row.public_id]) for row in ReplyVersion.objects.order_by("pk")),
        matter.get_absolute_url(),
        *(f"{path}{way}" for path in lists for way in ways),
        reverse("handling:evaluation_sheets", args=[part.public_id]),
        *(reverse("handling:why", args=[row.public_id]) for row in matter.obligations.filter(stage__in=WHY)),
        *(reverse("handling:attachment", args=[row.public_id]) for row in matter.attachments.all()),
        "/desk/",
        "/inbox/",
    ]
    shown = [words_of(client.get(url)) for url in urls]
    assert matter.session is not None
    shown.append(papers_of(person, matter.session))
    visible = type(matter).objects.visible_to(person).filter(pk=matter.pk).first()
    if visible:
        shown.append(repr(panels_of(person, visible)))
        shown += [sentence for _, sentence, _ in events.timeline(person, visible)]
    messages = list(Message.objects.filter(recipient=person))
    known = [(row.template, row.subject) for row in messages if row.template != "sending"]
    shown += [repr(one) for one in render(known, person)]
    return "\n".join(shown)


def marks_seen(person: Person, part: Assignment) -> set[str]:
    text = everything(person, part)
    return {mark for mark in MARKS if mark in text}


def people(house: House) -> dict[str, Person]:
    return {
        "unit": house.clerk,
        "co": house.other_clerk,
        "suggested": house.third_clerk,
        "stranger": appoint(Role.UNIT_CLERK),
        "office": house.officer,
        "other office": appoint(Role.ASSIGNING_OFFICER),
        "staff": house.staff,
        "member": house.member,
        "cosigner": house.cosigner,
        "other member": appoint(Role.MEMBER),
        "auditor": appoint(Role.AUDITOR),
        "leader": appoint(Role.LEADER),
    }


def near(house: House) -> dict[str, Person]:
    """Those of them who have to do with the matter."""
    everybody = people(house)
    return {name: everybody[name] for name in ("unit", "co", "suggested", "office", "staff", "member", "cosigner")}


def test_before_the_reply_each_reads_only_what_the_table_gives(house: House, lead: Assignment) -> None:
    seen = {name: marks_seen(person, lead) for name, person in people(house).items()}

    assert seen == {
        "unit": {DETAILS, INSIDE, OBJECTION, EXTENSION, OPINION, DRAFT, CONTACT},
        "co": {OPINION},
        "suggested": set(),
        "stranger": set(),
        "office": {OBJECTION, EXTENSION, OPINION, DRAFT, CONTACT},
        "other office": set(),
        "staff": {DETAILS, OBJECTION, EXTENSION, OPINION, CONTACT},
        "member": {CONTACT},
        "cosigner": {CONTACT},
        "other member": set(),
        "auditor": set(),
        "leader": set(),
    }


def test_a_co_handler_reads_the_version_that_it_was_asked_about_and_no_other(house: House, lead: Assignment) -> None:
    """Nor does one read it that joined later and was not asked."""
    matter = lead.matter
    actions.withdraw_objection(lead.objections.get(), by=house.clerk, now=house.later())
    for order, step in enumerate(({"kind": "countersign"}, {"kind": "head", "role": "unit_head"}), start=1):
        actions.add_step(house.unit, order=order, **step, by=house.clerk, now=house.now)  # type: ignore[arg-type]

    def sent_up(opening: str) -> ReplyVersion:
        reply = written(house, lead, opening)
        return actions.send_up(reply, by=house.clerk, now=house.later())

    version = sent_up(DRAFT)
    actions.add_unit(part_of(matter, house.unit), house.third_unit, reason="补充", by=house.officer, now=house.later())
    readers = {name: DRAFT in everything(person, lead, [""]) for name, person in near(house).items()}
    assert {name for name, reads in readers.items() if reads} == {"unit", "co", "office"}

    actions.take_back(version, by=house.clerk, now=house.later())
    written(house, lead, "暗号再稿")
    assert "暗号再稿" not in everything(house.other_clerk, lead, [""])
    sent_up("暗号再稿")
    assert "暗号再稿" in everything(house.other_clerk, lead, [""])
    assert "暗号再稿" in everything(house.third_clerk, lead, [""]), "asked this time"
    assert DRAFT not in everything(house.third_clerk, lead, [""])


def written(house: House, part: Assignment, opening: str) -> Reply:
    points = {row.pk: actions.PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    fields = {"result": result_class(), "opening": opening, "no_contact_reason": "已书面沟通。"}
    return actions.draft_reply(part, fields, points, by=house.clerk, now=house.later())


def test_before_the_round_closes_the_rater_and_the_office_read_an_evaluation_and_the_unit_its_appraisal(
    house: House, lead: Assignment
) -> None:
    part = delivered_and_rated(house, lead)

    said = {name: everything(person, part) for name, person in people(house).items()}

    assert {name for name, words in said.items() if FORM in words} == {"staff", "cosigner"}
    assert {name for name, words in said.items() if APPRAISAL in words} == {"unit"}
    assert {name for name, words in said.items() if "单位对提案的评议" in words} == {"unit"}
    for name in ("member", "cosigner", "office", "co"):
        assert "评议提案" not in said[name], name
    assert not [mark for mark in MARKS if mark in packet_of(house.clerk)]
    for name, words in said.items():
        assert ("不满意" in words) <= (name in {"staff", "cosigner"} or "待核实的不满意" in words), name


def test_after_it_closed_both_sides_read_the_outcome_and_what_was_cleared(house: House, lead: Assignment) -> None:
    part = delivered_and_rated(house, lead)
    row = round_of(part)
    actions.confirm_dissatisfaction(row, by=house.staff, now=house.later())
    part = part_of(part.matter, house.unit)

    said = {name: everything(person, part) for name, person in near(house).items()}

    assert {name for name, words in said.items() if FORM in words} == {"office", "staff", "cosigner"}
    assert {name for name, words in said.items() if APPRAISAL in words} == {
        "unit",
        "office",
        "staff",
        "member",
        "cosigner",
    }
    assert "不满意" in said["unit"]

    actions.clear_evaluation(row.evaluations.get(), cleared=True, by=house.staff, now=house.later())

    assert FORM in everything(house.clerk, part)
    assert house.cosigner.name not in "".join(
        "".join(shown.notes) for shown in panels_of(house.clerk, part.matter).rounds
    )
