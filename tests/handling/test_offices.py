"""The offices' own steps: each has its days, each can be done from a sheet, and what was granted can be taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import AssigningOffice, Body, Person
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.actions.succeeding import follow_succession
from proposals.handling.models import Assignment, Attachment, Checkpoint, Obligation, Reply, TimeRule
from proposals.handling.models.clocks import LadderStep
from proposals.handling.panels import panels_of
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import House, give, part_of, result_class, signed
from tests.handling.test_acts import answered, stages, verbs
from tests.uploads import made

State, Share = Assignment.State, Assignment.Role


@pytest.fixture
def house(house: House) -> House:
    house.now = timezone.now() - timedelta(days=4)
    return house


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(template: str) -> set[str]:
    rows = Message.objects.filter(template=template, channel="inapp")
    return set(rows.values_list("recipient__name", flat=True))


def sheet(days: int = 0, name: str = "批办单", **more: Any) -> dict[str, Any]:
    on = timezone.localdate() - timedelta(days=days)
    return {"paper_who": "严明", "paper_on": on.isoformat(), "paper_sheet": name, **more}


def open_at_office(part: Assignment, stage: str) -> list[Body]:
    return [row.holder_body for row in clocks.open_for(assignment=part, stage=stage) if row.holder_body]


# letters -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dated(house: House) -> Reply:
    """A letter of yesterday that waits for the office."""
    part = signed(house, give(house))
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    house.now = timezone.now()
    letter_on = timezone.localdate() - timedelta(days=1)
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。", "letter_on": letter_on}
    reply = actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())
    return actions.deliver_reply(reply, by=house.clerk, now=timezone.now(), scan="x")


def test_the_office_has_its_own_days_to_check_a_letter(house: House, dated: Reply) -> None:
    part = dated.assignment
    assert open_at_office(part, "reply_check") == [house.assigning]

    actions.return_reply(dated, reason="请盖章", by=house.officer, now=timezone.now())

    check = part.obligations.get(stage="reply_check")
    assert (check.status, part.obligations.get(stage="reply").status) == ("done", "open")


def test_a_confirmed_letter_ends_the_offices_days_too(house: House, dated: Reply) -> None:
    actions.approve_reply(dated, by=house.officer, now=timezone.now())

    assert dated.assignment.obligations.get(stage="reply_check").status == "done"


def test_staff_record_from_the_offices_sheet_that_a_letter_goes_back(house: House, dated: Reply) -> None:
    url = reverse("handling:return_reply", args=[dated.public_id])
    assert signed_in(house.clerk).get(url).status_code == 403
    desk = signed_in(house.staff)
    assert "纸质办理" in desk.get(url).content.decode()
    assert desk.post(url, {"reason": "请盖章"}).status_code == 422

    assert desk.post(url, {"reason": "请盖章", **sheet()}).status_code == 302

    dated.refresh_from_db()
    event = dated.assignment.matter.events.get(verb="reply_returned")
    assert (dated.state, event.on_paper, event.payload.facts["paper_who"]) == ("returned", True, "严明")


def test_a_lead_that_does_not_wait_for_opinions_says_why(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    part = signed(house, matter)
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in matter.suggestions.all()}
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。"}
    actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())
    url, desk = reverse("handling:reply", args=[part.public_id]), signed_in(house.clerk)
    page = desk.get(url).content.decode()
    assert ("还没有收到市财政局测试的会办意见" in page, desk.post(url, {}).status_code) == (True, 422)

    assert desk.post(url, {"why_now": "会办单位已电话答复"}).status_code == 302

    assert verbs(matter)[-3:] == ["replied_without", "replied", "publication_opened"]


# opinions ------------------------------------------------------------------------------------------------------------


def test_a_second_opinion_is_given_until_the_lead_answers_and_brings_its_letter(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    lead = signed(house, matter)
    co = part_of(matter, house.other_unit)
    url, desk = reverse("handling:send_opinion", args=[co.public_id]), signed_in(house.other_clerk)
    assert desk.get(url)["Location"] == reverse("handling:part", args=[co.public_id]), "it is signed for first"
    signed(house, matter, house.other_unit, house.other_clerk)

    letter = SimpleUploadedFile("会办意见.pdf", made.pdf(), "application/pdf")
    assert desk.post(url, {"text": "同意。", "letter": letter}).status_code == 302
    assert "提交会办意见" in [act.label for act in panels_of(house.other_clerk, matter).acts]
    assert desk.post(url, {"text": "补充一条。"}).status_code == 302

    assert list(co.opinions.order_by("version").values_list("version", "text")) == [(1, "同意。"), (2, "补充一条。")]
    assert [one.name for one in panels_of(house.clerk, matter).files] == ["会办意见.pdf"]
    answered(house, lead)
    with pytest.raises(WrongStep, match="已经答复"):
        actions.send_opinion(co, text="再补充", by=house.other_clerk, now=house.later())


# extensions ----------------------------------------------------------------------------------------------------------


def asked(house: House, part: Assignment) -> Any:
    to = part.obligations.get(stage="reply").due_on + timedelta(days=7)
    return actions.ask_extension(part, to=to, reason="调研", by=house.clerk, now=house.later())


def test_each_office_is_chased_for_its_own_word(house: House) -> None:
    part = signed(house, give(house))
    request = asked(house, part)
    assert set(open_at_office(part, "extension_decision")) == {house.assigning, house.office}

    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    assert open_at_office(part, "extension_decision") == [house.office]
    actions.decide_extension(request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())

    assert open_at_office(part, "extension_decision") == []


def granted(house: House, part: Assignment) -> Any:
    request = asked(house, part)
    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    return actions.decide_extension(
        request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later()
    )


def test_an_extension_is_taken_back_on_the_page_and_the_date_is_what_it_was(house: House) -> None:
    part = signed(house, give(house))
    before = part.obligations.get(stage="reply").due_on
    request = granted(house, part)
    clock = part.obligations.get(stage="reply")
    assert (clock.due_on > before, request.new_due) == (True, clock.due_on)
    assert "撤销延期" in [act.label for act in panels_of(house.officer, part.matter).acts]
    url = reverse("handling:revoke_extension", args=[part.public_id])
    assert signed_in(house.clerk).get(url).status_code == 403

    assert signed_in(house.officer).post(url, {"reason": "情况已变"}).status_code == 302

    request.refresh_from_db()
    assert (part.obligations.get(stage="reply").due_on, request.state) == (before, "revoked")
    assert (told("extension_revoked"), told("extension_taken_back")) == ({"沈青"}, {"林溪"})
    assert "撤销延期" not in [act.label for act in panels_of(house.officer, part.matter).acts]
    with pytest.raises(WrongStep, match="没有批准过延期"):
        actions.revoke_extension(part, reason="再撤", by=house.officer, now=house.later())


def test_proposers_do_not_hear_of_a_co_handlers_extension(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    co = signed(house, matter, house.other_unit, house.other_clerk)
    to = co.obligations.get(stage="co_opinion").due_on + timedelta(days=5)
    request = actions.ask_extension(co, to=to, reason="会审", by=house.other_clerk, now=house.later())

    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    actions.decide_extension(request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())

    assert (told("extension_granted"), told("extension_told")) == ({"温良"}, set())


# sheets and many at once ---------------------------------------------------------------------------------------------


def test_staff_issue_a_chase_sheet_from_the_offices_paper_only(house: House) -> None:
    clock = signed(house, give(house)).obligations.get(stage="reply")
    step = LadderStep.objects.filter(ladder=clock.rule.ladder, template="clock.chase_sheet").first()
    assert step is not None
    Checkpoint.objects.create(
        obligation=clock, epoch=clock.epoch, step=step, n=1, fired_at=house.later(), outcome="fired"
    )
    url, desk = reverse("handling:issue_sheet", args=[clock.public_id]), signed_in(house.staff)

    assert desk.post(url, {"text": "请办理。", "how": "sent"}).status_code == 422
    assert desk.post(url, {"text": "请办理。", "how": "sent", **sheet()}).status_code == 302

    assert clock.matter.events.get(verb="sheet_issued").payload.facts["paper_sheet"] == "批办单"


def test_many_are_signed_for_from_one_sheet(house: House) -> None:
    parts = [part_of(give(house), house.unit) for _ in range(2)]
    url, desk = reverse("handling:sign_for_many"), signed_in(house.officer)
    rows = [str(part.public_id) for part in parts]
    ledger = desk.get(reverse("handling:ledger")).content.decode()
    assert "登记签收（纸质）" in ledger
    assert "代其他单位登记" in desk.get(url, {"row": rows}).content.decode()
    assert desk.post(url, {"row": rows}).status_code == 422

    scan = SimpleUploadedFile("签收单.pdf", made.pdf(), "application/pdf")
    desk.post(url, {"row": rows, **sheet(days=2, name="签收单", paper_scan=scan)})

    on = timezone.localdate() - timedelta(days=2)
    for part in parts:
        part.refresh_from_db()
        assert part.signed_at is not None
        assert (part.state, timezone.localdate(part.signed_at)) == (State.SIGNED, on)
    assert Attachment.objects.filter(name="签收单.pdf").count() == 2


def test_a_sheet_older_than_the_hand_over_is_refused(house: House) -> None:
    part = part_of(give(house), house.unit)
    early = Paper("方正", timezone.localdate(house.now) - timedelta(days=1), "签收单")

    with pytest.raises(Refused, match="纸质办理的日期不能早于"):
        actions.sign_for(part, by=house.staff, now=house.later(), paper=early)


def test_many_are_passed_on_inside_in_one_message_a_person(house: House) -> None:
    deputy = appoint(Role.UNIT_DEPUTY, house.unit, name="安然")
    parts = [signed(house, give(house)) for _ in range(2)]
    url, desk = reverse("handling:pass_many"), signed_in(house.head)
    data = {"row": [str(part.public_id) for part in parts], "once": "8d6f0c1e-6f3c-4d6a-9f57-1f0b2f6c2a11"}
    assert signed_in(house.member).get(url).status_code == 403

    desk.post(url, {**data, "handler": house.handler.public_id, "deputy": deputy.public_id})

    for person, template in ((house.handler, "passed_inside"), (deputy, "passed_to_deputy")):
        mine = Message.objects.filter(recipient=person, channel="inapp")
        assert (mine.filter(key__startswith="inside:").count(), mine.filter(template=template).count()) == (1, 2)
    assert [part_of(part.matter, house.unit).handler for part in parts] == [house.handler] * 2


def test_the_slip_inside_a_unit_is_recorded_by_whoever_keeps_the_file(house: House) -> None:
    part = signed(house, give(house))
    url, desk = reverse("handling:pass_inside", args=[part.public_id]), signed_in(house.staff)
    assert desk.post(url, {"section": "养老处"}).status_code == 422

    desk.post(url, {"section": "养老处", "handler": house.handler.public_id, **sheet()})

    part.refresh_from_db()
    event = part.matter.events.get(verb="passed_inside")
    assert (part.section, part.handler, event.on_paper) == ("养老处", house.handler, True)
    page = desk.get(url).content.decode()
    assert "养老处" not in page, "what is inside a unit is not read outside"


def test_the_internal_date_has_a_clock_of_the_handlers(house: House) -> None:
    part = signed(house, give(house))
    due = part.obligations.get(stage="reply").due_on
    first, second = due - timedelta(days=30), due - timedelta(days=20)
    actions.pass_inside(part, handler=house.handler, internal_due_on=first, by=house.head, now=house.later())

    actions.pass_inside(part, handler=house.handler, internal_due_on=second, by=house.head, now=house.later())

    clock = clocks.open_for(assignment=part, stage="internal").get()
    assert (clock.fixed_on, clock.holder_body, clock.next_at is not None) == (second, house.unit, True)
    queue = reverse("handling:queue")
    desk = signed_in(house.clerk)
    assert "内部时限" in desk.get(queue).content.decode()
    later = desk.get(queue, {"inside_before": (first).isoformat()}).content.decode()
    assert part.matter.title not in later
    ledger = signed_in(house.officer).get(reverse("handling:ledger")).content.decode()
    assert ("经办：" in ledger, part.matter.title in ledger) == (False, True)
    answered(house, part)
    assert not Obligation.objects.running().filter(stage="internal").exists()


def test_chasing_on_the_pages_one_and_many(house: House) -> None:
    parts = [part_of(give(house), house.unit) for _ in range(2)]
    desk = signed_in(house.officer)
    one, many = reverse("handling:chase", args=[parts[0].public_id]), reverse("handling:chase_many")
    assert [signed_in(house.clerk).get(url).status_code for url in (one, many)] == [403, 403]

    assert desk.post(one, {"text": "请抓紧"}).status_code == 302
    rows = [str(part.public_id) for part in parts]
    assert desk.get(many, {"row": rows}).status_code == 200
    desk.post(many, {"row": rows, "once": "8d6f0c1e-6f3c-4d6a-9f57-1f0b2f6c2a12"})

    assert [part.matter.events.filter(verb="chased").count() for part in parts] == [2, 1]
    assert Message.objects.filter(recipient=house.clerk, channel="inapp", key__startswith="chase:").count() == 1


# units without anybody, and units that end ---------------------------------------------------------------------------


def test_a_unit_without_anybody_alarms_its_office_and_the_administrator_at_once(house: House) -> None:
    empty = BodyFactory(name="市空缺局测试")
    appoint(Role.SYSTEM_ADMINISTRATOR, name="管理")
    matter = give(house, (empty, "sole"))
    event = matter.events.get(verb="assigned")

    actions.announce(
        [actions.Given(event, list(matter.assignments.select_related("matter", "unit", "office")))],
        sending="handover:t", now=house.later(),
    )  # fmt: skip

    people = Message.objects.filter(channel="inapp", recipient__name__in=["严明", "管理"])
    assert set(people.values_list("recipient__name", flat=True)) == {"严明", "管理"}


def ended(house: House) -> None:
    house.unit.ended_on = timezone.localdate()
    house.unit.save()


def test_after_a_split_the_offices_are_asked_and_find_the_parts_in_the_ledger(house: House) -> None:
    part = signed(house, give(house))
    other = signed(house, give(house, (house.other_unit, "sole")), house.other_unit, house.other_clerk)
    ended(house)

    follow_succession(
        house.unit, [house.other_unit, house.third_unit], timezone.localdate(), house.staff, house.later()
    )

    people = set(Message.objects.filter(channel="inapp").values_list("recipient__name", flat=True))
    assert {"严明", "何晓", "江南", "高原"} <= people
    page = signed_in(house.officer).get(reverse("handling:ledger"), {"ended": "on"}).content.decode()
    shown = [reverse("handling:part", args=[row.public_id]) in page for row in (part, other)]
    assert shown == [True, False]
    before = part.obligations.get(stage="reply").due_on
    url = reverse("handling:name_successor", args=[part.public_id])
    assert signed_in(house.other_clerk).get(url).status_code == 403
    assert signed_in(house.officer).post(url, {"unit": house.third_unit.public_id}).status_code == 302
    part.refresh_from_db()
    assert (part.unit, part.obligations.get(stage="reply").due_on) == (house.third_unit, before)
    assert "succeeded" in set(Message.objects.filter(recipient=house.third_clerk).values_list("template", flat=True))


@pytest.mark.parametrize(("ends", "role"), [("lead", "sole"), ("co", "sole")])
def test_an_heir_that_handles_the_matter_already_goes_on_with_one_part(house: House, ends: str, role: str) -> None:
    other = "co" if ends == "lead" else "lead"
    matter = give(house, (house.unit, ends), (house.other_unit, other))
    lead = matter.assignments.get(role="lead")
    before = lead.obligations.get(stage="reply").due_on
    ended(house)

    left = actions.succeed(house.unit, house.other_unit, by=house.staff, now=house.later())

    part = matter.assignments.current().get()
    assert (left, part.unit, part.role, part.pk) == ([], house.other_unit, role, lead.pk)
    assert (part.obligations.get(stage="reply").due_on, "reply" in stages(part)) == (before, True)


def test_an_answer_that_is_being_evaluated_is_left_for_a_decision(house: House) -> None:
    matter = give(house, (house.unit, "split"), (house.other_unit, "split"))
    part = signed(house, matter)
    answered(house, part)
    ended(house)

    left = actions.succeed(house.unit, house.other_unit, by=house.staff, now=house.later())

    assert left == [part]
    assert verbs(matter)[-1] == "successor_needed"


# dates in order ------------------------------------------------------------------------------------------------------


def test_i17_a_rule_never_lets_an_answer_fall_due_before_the_contact(house: House) -> None:
    from proposals.handling.actions.tuning import replace_rule

    rule = TimeRule.objects.get(code="reply")
    tomorrow = timezone.localdate() + timedelta(days=1)
    more: dict[str, Any] = {
        "ladder": rule.ladder, "extend_amount": 1, "cap_months": 6, "starts_on": tomorrow, "basis": "会议", "by": house.staff,
    }  # fmt: skip

    with pytest.raises(Refused, match="答复的期限不能早于首次沟通的期限"):
        replace_rule(rule, amount=5, unit="workday", now=timezone.now(), **more)

    assert replace_rule(rule, amount=2, unit="month", now=timezone.now(), **more).amount == 2


def test_an_office_that_has_nobody_is_told_to_the_administrator(house: House) -> None:
    from proposals.handling.chase import Directory, chased

    party = BodyFactory(name="市委督查室测试", kind=BodyKind.OFFICE, system=System.PARTY)
    AssigningOffice.objects.update_or_create(system=System.PARTY, defaults={"office": party})
    part = signed(house, give(house))
    clock = part.obligations.get(stage="reply")
    Assignment.objects.filter(pk=part.pk).update(office=party)
    clock.refresh_from_db()

    found = chased(clock, ["assigning_office"], Directory.read([party.pk], on=timezone.localdate()))

    assert (found.vacant, set(found.people)) == (party.pk, {house.staff.pk, house.colleague.pk, house.director.pk})
