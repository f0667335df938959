"""An organisation, or a sector through its convener, raises a proposal: one contact person, one evaluation (P14)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.actions import delegate
from members.choices import BodyKind, Role, System
from members.desk import Work
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Body, Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.actions.attaching import admit, attach
from proposals.handling.actions.replying import PointGiven
from proposals.handling.chase import Directory as Chase
from proposals.handling.chase import chased
from proposals.handling.clocks import open_for
from proposals.handling.menu import member_work
from proposals.handling.models import Assignment, Audience, Evaluation, Matter, Participant, Purpose, Stage
from proposals.handling.queries import evaluators
from proposals.models import CoSignature, Proposal
from tests.factories import PASSWORD, BodyFactory, appoint
from tests.handling.conftest import result_class
from tests.uploads import made

from .conftest import NOW, TEXT, House, category, reason
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import told


@dataclass
class Proposing:
    """An organisation with whoever acts for it."""

    body: Body
    acts: Person
    contact: Person
    drafter: Person


def proposing(kind: str, role: Role, name: str) -> Proposing:
    body = BodyFactory(name=name, kind=kind, system=System.CPPCC)
    acts = appoint(role, body, name=f"{name}负责人", password=PASSWORD)
    return Proposing(body, acts, appoint(Role.MEMBER, name=f"{name}联系人"), appoint(Role.MEMBER, name=f"{name}执笔人"))


PARTY = (BodyKind.DEMOCRATIC_PARTY, Role.ORGANISATION_SECRETARY, "民盟测试支部")
SECTOR = (BodyKind.SECTOR, Role.CONVENER, "教育界测试")
JOINT = (BodyKind.JOINT_GROUP, Role.CONVENER, "第一联组测试")


@pytest.fixture(params=[PARTY, SECTOR], ids=["organisation", "convener"])
def ours(request: pytest.FixtureRequest, house: House) -> Proposing:
    return proposing(*request.param)


@pytest.fixture
def theirs(house: House) -> Proposing:
    return proposing(BodyKind.ORGANISATION, Role.ORGANISATION_SECRETARY, "市工商联测试")


def draft_of(house: House, ours: Proposing) -> Proposal:
    behind = actions.Behind(body=ours.body, contact=ours.contact, drafters=[ours.drafter])
    proposal = actions.begin(behind, by=ours.acts, now=house.later())
    details = actions.Details(signer="负责人签发")
    return actions.save_text(proposal, TEXT, version=None, by=ours.acts, now=house.later(), details=details)


def signed_page(house: House, proposal: Proposal, by: Person) -> None:
    upload = SimpleUploadedFile("签章页.pdf", made.pdf(), "application/pdf")
    page = admit(upload, purpose=Purpose.SIGNATURES, by=by)
    attach(proposal.matter, page, purpose=Purpose.SIGNATURES, by=by, now=house.later())


def submitted(house: House, ours: Proposing) -> Proposal:
    proposal = draft_of(house, ours)
    signed_page(house, proposal, ours.acts)
    return actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())


def handed_over(house: House, proposal: Proposal, unit: Body) -> Assignment:
    actions.file(proposal, category=category(), by=house.staff, now=house.later())
    actions.allocate(proposal, [actions.Share(unit, "sole")], by=house.officer, now=house.later())
    _, refused = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    assert refused == []
    return Assignment.objects.get(matter=proposal.matter)


def answered(house: House, part: Assignment, clerk: Person) -> Assignment:
    if part.state == Assignment.State.PENDING:
        part = handling.sign_for(part, by=clerk, now=house.later())
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    values: dict[str, Any] = {"result": result_class(), "no_contact_reason": "已书面沟通。"}
    reply = handling.draft_reply(part, values, points, by=clerk, now=house.later())
    handling.deliver_reply(reply, by=clerk, now=house.later())
    return Assignment.objects.select_related("matter").get(pk=part.pk)


def test_from_a_draft_to_one_evaluation(house: House, ours: Proposing, theirs: Proposing, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    acts, contact = signed_in(ours.acts), signed_in(ours.contact)

    where = send(acts, "/proposals/new/", behind=str(ours.body.public_id))
    public_id = where.split("/")[2]
    where = send(
        acts,
        where,
        title=TEXT.title,
        situation=TEXT.situation,
        analysis="",
        suggestions=["增加床位"],
        pasted="",
        version="1",
    )
    names = {"contact": ours.contact.name, "drafters": ours.drafter.name, "signer": "负责人", "approval": "3月2日会议"}
    send(acts, f"/proposals/{public_id}/organisation/", **names)
    send(acts, f"/proposals/{public_id}/cosigners/", bodies=[str(theirs.body.public_id)])
    row = CoSignature.objects.get()
    answer = {"shown_hash": row.text_hash, "agrees": "yes", "note": ""}
    send(signed_in(theirs.acts), f"/proposals/invitations/{row.public_id}/", **answer)
    proposal = Proposal.objects.get()
    if ours.body.kind == BodyKind.DEMOCRATIC_PARTY:
        assert "签字盖章页" in page_of(acts, f"/proposals/{public_id}/check/")
        signed_page(house, proposal, ours.acts)
    send(acts, f"/proposals/{public_id}/check/", consents="yes", not_secret="on", wished_units="")
    proposal = Proposal.objects.get()
    assert [str(place) for place in evaluators(proposal.matter)] == [ours.body.name, theirs.body.name]
    assert proposal.form == Proposal.Form.COLLECTIVE

    part = handed_over(house, proposal, clerk_unit)
    part = handling.sign_for(part, by=clerk, now=house.later())
    said = handling.record_contact(
        part,
        when="before",
        mode="visit",
        held_on=house.now.date(),
        persons="沈青",
        text="当面沟通",
        by=clerk,
        now=house.later(),
    )
    assert "核对是否属实" in page_of(contact, f"/proposals/{public_id}/")
    assert "核对是否属实" not in page_of(signed_in(ours.drafter), f"/proposals/{public_id}/")
    send(contact, reverse("handling:confirm_contact", args=[said.public_id]), took_place="yes", note="")
    assert said.answers.get().participant.body == ours.body
    assert "核对是否属实" not in page_of(acts, f"/proposals/{public_id}/")

    answered(house, Assignment.objects.select_related("matter").get(pk=part.pk), clerk)
    assert told(ours.acts)[-1] == told(theirs.acts)[-1] == "replied"
    assert told(ours.contact)[-1] == "replied_to_contact"
    assert "replied" not in told(ours.drafter)
    url = reverse("handling:evaluate", args=[part.public_id, 1])
    assert url in page_of(acts, f"/proposals/{public_id}/") and url in page_of(acts, "/desk/")
    for person in (ours.contact, ours.drafter):
        assert url not in page_of(signed_in(person), f"/proposals/{public_id}/")
        assert signed_in(person).get(url).status_code == 404

    form = {"work": "satisfied", "result": "satisfied", "reason": "", "text": "", "password": PASSWORD}
    refused = acts.post(url, {**form, "place": ours.body.public_id})
    assert refused.status_code == 422 and "本组织如何审定" in refused.content.decode()
    send(acts, url, **form, approval="3月6日主委会议审定")
    given = Evaluation.objects.get()
    assert (given.participant.body, given.approval, given.by) == (ours.body, "3月6日主委会议审定", ours.acts)
    assert "3月6日主委会议审定" in page_of(signed_in(house.staff), f"/proposals/{public_id}/")
    assert told(ours.acts)[-1] == "evaluation_receipt" and "evaluation_receipt" not in told(ours.contact)

    send(signed_in(theirs.acts), url, **form, approval="主席会议审定")
    assert Matter.objects.get().stage == Stage.CLOSED


def test_an_organisation_evaluates_once_and_says_who_approved(house: House, ours: Proposing, clerk_unit: Body) -> None:
    colleague = appoint(Role.ORGANISATION_SECRETARY, ours.body) if ours.body.kind != BodyKind.SECTOR else ours.acts
    part = answered(house, handed_over(house, submitted(house, ours), clerk_unit), clerk_unit.appointments.get().person)
    row, place = part.evaluation_rounds.get(), evaluators(part.matter)[0]
    good: dict[str, Any] = {"work": "satisfied", "result": "satisfied"}

    with pytest.raises(Refused, match="审定"):
        handling.evaluate(row, place, **good, by=ours.acts, now=house.later())
    form = handling.evaluate(row, place, **good, approval="会议审定", by=ours.acts, now=house.later())

    assert Matter.objects.get().stage == Stage.CLOSED
    assert form.approval == "会议审定"
    with pytest.raises(WrongStep, match="已经提交过"):
        handling.evaluate(row, place, **good, approval="会议审定", by=colleague, now=house.later())


def test_only_the_leading_organisation_writes(house: House, ours: Proposing, theirs: Proposing) -> None:
    proposal = draft_of(house, ours)
    [row] = actions.invite(proposal, [], [theirs.body], by=ours.acts, now=house.later())
    actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=theirs.acts, now=house.later())
    signed_page(house, proposal, ours.acts)
    proposal = actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())
    leading, other = signed_in(ours.acts), signed_in(theirs.acts)
    where = f"/proposals/{proposal.public_id}/"

    assert "撤案" in page_of(leading, where) and "撤案" not in page_of(other, where)
    for part in ("withdraw/", "recall/"):
        assert (leading.get(where + part).status_code, other.get(where + part).status_code) == (200, 404)
    proposal = actions.recall(proposal, by=ours.acts, now=house.later())
    for part in ("write/", "check/", "cosigners/", "organisation/"):
        assert (leading.get(where + part).status_code, other.get(where + part).status_code) == (200, 404)


def test_a_co_signing_organisation_can_be_removed(house: House, ours: Proposing, theirs: Proposing) -> None:
    proposal = draft_of(house, ours)
    [row] = actions.invite(proposal, [], [theirs.body], by=ours.acts, now=house.later())
    actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=theirs.acts, now=house.later())
    signed_page(house, proposal, ours.acts)
    proposal = actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())
    proposal = actions.recall(proposal, by=ours.acts, now=house.later())

    actions.remove_cosigner(row, by=ours.acts, now=house.later())
    proposal = actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())

    assert [str(place) for place in evaluators(proposal.matter)] == [ours.body.name]
    assert not Matter.objects.visible_to(theirs.acts).filter(pk=proposal.matter_id).exists()
    assert told(theirs.acts)[-1] == "proposal_cosign_removed"


def test_the_organisation_page_keeps_those_who_co_sign(house: House, ours: Proposing, theirs: Proposing) -> None:
    proposal = draft_of(house, ours)
    [row] = actions.invite(proposal, [], [theirs.body], by=ours.acts, now=house.later())
    actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=theirs.acts, now=house.later())
    signed_page(house, proposal, ours.acts)
    proposal = actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())
    actions.recall(proposal, by=ours.acts, now=house.later())
    where, client = f"/proposals/{proposal.public_id}/organisation/", signed_in(ours.acts)
    assert ours.contact.name in page_of(client, where)
    assert signed_in(theirs.acts).get(where).status_code == 404

    send(client, where, contact=ours.acts.name, drafters="", signer="新的签发人", approval="")

    assert [str(place) for place in evaluators(proposal.matter)] == [ours.body.name, theirs.body.name]
    assert proposal.matter.participants.get(role=Participant.Role.CONTACT).person == ours.acts
    assert Proposal.objects.get().signer == "新的签发人"


def test_the_contact_person_is_a_member_or_works_there(house: House, ours: Proposing) -> None:
    proposal, stranger = draft_of(house, ours), appoint(Role.UNIT_CLERK, name="外单位人员")
    where = f"/proposals/{proposal.public_id}/organisation/"
    names = {"contact": stranger.name, "drafters": "", "signer": "负责人", "approval": ""}

    answer = signed_in(ours.acts).post(where, names)

    assert answer.status_code == 422
    assert "只能选择现任委员或本组织的工作人员" in answer.content.decode()
    four = "、".join(appoint(Role.MEMBER, name=f"执笔{n}").name for n in "甲乙丙丁")
    answer = signed_in(ours.acts).post(where, {**names, "contact": ours.contact.name, "drafters": four})
    assert answer.status_code == 422 and "执笔人最多3位" in answer.content.decode()


@pytest.mark.parametrize("kind", [SECTOR, JOINT], ids=["sector", "joint group"])
def test_a_convener_signs_himself_or_on_a_page(house: House, kind: tuple[str, Role, str]) -> None:
    ours = proposing(*kind)
    proposal = draft_of(house, ours)

    with pytest.raises(Refused, match="召集人本人"):
        actions.submit(proposal, not_secret=True, by=ours.contact, now=house.later())
    assert actions.missing(proposal, by=ours.acts, now=house.later()) == []
    signed_page(house, proposal, ours.contact)
    assert actions.submit(proposal, not_secret=True, by=ours.contact, now=house.later()).receipt == "收14-2-0001"


@pytest.mark.parametrize("kind", [SECTOR, JOINT, PARTY], ids=["sector", "joint group", "party"])
def test_whoever_speaks_for_it_finds_contacts_to_confirm_on_the_desk(
    house: House, clerk_unit: Body, kind: tuple[str, Role, str]
) -> None:
    ours = proposing(*kind)
    part = handed_over(house, submitted(house, ours), clerk_unit)
    clerk = clerk_unit.appointments.get().person
    part = handling.sign_for(part, by=clerk, now=house.later())
    contact = handling.record_contact(
        part, when="before", mode="phone", held_on=timezone.localdate(house.now), persons="联系人", text="已沟通",
        by=clerk, now=house.later(),
    )  # fmt: skip
    link = reverse("handling:confirm_contact", args=[contact.public_id])

    on = timezone.localdate()
    found = {person.pk: links_of(member_work(person, on)) for person in (ours.acts, ours.contact, ours.drafter, clerk)}
    assert found == {ours.acts.pk: [link], ours.contact.pk: [link], ours.drafter.pk: [], clerk.pk: []}

    send(signed_in(ours.acts), link, took_place="yes", note="")
    assert links_of(member_work(ours.acts, on)) == links_of(member_work(ours.contact, on)) == []


def links_of(work: Work) -> list[str]:
    return [todo.url for queue in work.queues for todo in queue.todos]


def test_who_leads_is_warned_before_invitations_end(house: House, ours: Proposing, theirs: Proposing) -> None:
    proposal = draft_of(house, ours)
    actions.invite(proposal, [], [theirs.body], by=ours.acts, now=house.later())
    clock = open_for(matter=proposal.matter, stage="cosign").get()
    directory = Chase.read([], matters=[proposal.matter_id], on=NOW.date())

    assert chased(clock, [Audience.FIRST_PROPOSER], directory).people == {ours.acts.pk}


def test_everybody_invited_is_told_when_it_is_handed_in_without_them(
    house: House, ours: Proposing, theirs: Proposing
) -> None:
    proposal = draft_of(house, ours)
    actions.invite(proposal, [], [theirs.body], by=ours.acts, now=house.later())
    signed_page(house, proposal, ours.acts)

    actions.submit(proposal, not_secret=True, by=ours.acts, now=house.later())

    assert told(theirs.acts)[-1] == "proposal_cosign_expired"


def test_a_wrong_file_is_taken_away_while_one_writes(house: House, ours: Proposing) -> None:
    proposal = draft_of(house, ours)
    signed_page(house, proposal, ours.acts)
    [file] = proposal.matter.attachments.all()
    where, client = f"/proposals/files/{file.public_id}/remove/", signed_in(ours.drafter)
    assert where in page_of(client, f"/proposals/{proposal.public_id}/cosigners/")
    for person in (house.member, house.staff):
        assert signed_in(person).get(where).status_code == 404

    send(client, where)

    assert not proposal.matter.attachments.kept().exists()
    assert client.get(where).status_code == 404


def test_later_the_office_takes_a_wrong_file_away_with_a_reason(house: House, ours: Proposing) -> None:
    proposal = submitted(house, ours)
    [file] = proposal.matter.attachments.all()
    where, staff = f"/proposals/files/{file.public_id}/remove/", signed_in(house.staff)
    assert where in page_of(staff, f"/proposals/{proposal.public_id}/")
    assert where not in page_of(signed_in(ours.acts), f"/proposals/{proposal.public_id}/")
    assert signed_in(ours.acts).get(where).status_code == 404
    assert staff.post(where, {"reason": ""}).status_code == 422

    send(staff, where, reason="误传了其他材料")

    assert not proposal.matter.attachments.kept().exists()
    assert proposal.matter.events.get(verb="file_removed").by == house.staff
    assert told(ours.acts)[-1] == "proposal_file_removed"
    assert "误传了其他材料" in page_of(signed_in(ours.acts), f"/proposals/{proposal.public_id}/")


def former(house: House, person: Person) -> Client:
    """His seat ended before today; the account stays."""
    person.appointments.update(ends_on=NOW.date() - timedelta(days=1))
    return signed_in(person)


def test_a_former_member_goes_on_with_what_is_open(house: House, draft, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    house.member.set_password(PASSWORD)
    house.member.save()
    proposal = actions.submit(draft(), not_secret=True, by=house.member, now=house.later())
    part = handling.sign_for(handed_over(house, proposal, clerk_unit), by=clerk, now=house.later())
    said = handling.record_contact(
        part,
        when="before",
        mode="visit",
        held_on=house.now.date(),
        persons="沈青",
        text="当面沟通",
        by=clerk,
        now=house.later(),
    )
    answered(house, part, clerk)
    client = former(house, house.member)
    where, url = f"/proposals/{proposal.public_id}/", reverse("handling:evaluate", args=[part.public_id, 1])
    page = page_of(client, where)
    assert url in page and "核对是否属实" in page
    assert where in page_of(client, "/proposals/mine/") and url in page_of(client, "/desk/")
    for closed in ("/proposals/new/", "/proposals/"):
        assert client.get(closed).status_code == 403
    send(client, reverse("handling:confirm_contact", args=[said.public_id]), took_place="yes", note="")
    form = {"work": "basic", "result": "dissatisfied", "reason": "", "text": "没有措施", "password": PASSWORD}
    send(client, url, **form)
    given = Evaluation.objects.get()
    send(client, reverse("handling:withdraw_evaluation", args=[given.public_id]))
    send(client, url, **{**form, "result": "satisfied"})

    assert Matter.objects.get().stage == Stage.CLOSED
    assert where not in page_of(client, "/proposals/mine/")
    assert client.get(url).status_code == 404
    assert client.get(reverse("handling:confirm_contact", args=[said.public_id])).status_code == 404


def test_a_former_member_revises_what_was_returned_and_takes_back_his_own(house: House, draft) -> None:
    first = actions.submit(draft(), not_secret=True, by=house.member, now=house.later())
    second = actions.submit(draft(), not_secret=True, by=house.member, now=house.later())
    for proposal in (first, second):
        actions.claim(proposal, by=house.staff, now=house.later())
        actions.send_back(
            proposal, reason=reason("return", "facts"), text="请补充。", by=house.staff, now=house.later()
        )
    client = former(house, house.member)
    where = f"/proposals/{first.public_id}/"
    page = page_of(client, where)
    assert f"{where}write/" in page and f"{where}withdraw/" in page

    words = {
        "title": TEXT.title,
        "situation": "补充了数据。",
        "analysis": "",
        "suggestions": ["增加床位"],
        "pasted": "",
    }
    send(client, f"{where}write/", **words, version=str(Proposal.objects.get(pk=first.pk).version))
    send(client, f"{where}check/", consents="yes", not_secret="on", wished_units="")
    send(client, f"/proposals/{second.public_id}/withdraw/", reason="不再任委员")

    assert [Proposal.objects.get(pk=row.pk).status for row in (first, second)] == ["submitted", "withdrawn"]
    assert client.get(f"{where}write/").status_code == 404
    assert client.get(f"{where}done/").status_code == 200
    kept = actions.begin(actions.Behind(person=house.member), by=house.member, now=house.later())
    assert client.get(f"/proposals/{kept.public_id}/write/").status_code == 404


def test_a_former_member_has_nothing_to_do_with_others(house: House, draft, clerk_unit: Body) -> None:
    other = appoint(Role.MEMBER, name="旧委员")
    proposal = actions.submit(draft(), not_secret=True, by=house.member, now=house.later())
    part = answered(house, handed_over(house, proposal, clerk_unit), clerk_unit.appointments.get().person)

    client = former(house, other)

    assert client.get(f"/proposals/{proposal.public_id}/").status_code == 404
    assert client.get(reverse("handling:evaluate", args=[part.public_id, 1])).status_code == 404
    assert Message.objects.filter(recipient=other).count() == 0


def test_who_stands_in_for_a_secretary_does_not_read_what_he_said_of_the_reply(
    house: House, ours: Proposing, clerk_unit: Body
) -> None:
    part = answered(house, handed_over(house, submitted(house, ours), clerk_unit), clerk_unit.appointments.get().person)
    handling.evaluate(
        part.evaluation_rounds.get(), evaluators(part.matter)[0], work="basic", result="dissatisfied",
        text="床位没有增加", approval="主委会议审定", by=ours.acts, now=house.later(),
    )  # fmt: skip
    stand_in = appoint(Role.LIAISON_OFFICER, ours.body, name="简宁")
    lent, today = ours.acts.appointments.get(), timezone.localdate()
    delegate(lent, stand_in, starts_on=today, ends_on=today + timedelta(9), by=ours.acts, now=timezone.now())
    page = f"/proposals/{part.matter.public_id}/"

    assert "床位没有增加" in page_of(signed_in(ours.acts), page)
    shown = page_of(signed_in(stand_in), page)

    assert "床位没有增加" not in shown and "由提案组织的秘书长或召集人评价" in shown
