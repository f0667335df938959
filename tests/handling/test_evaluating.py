"""What proposers say of a reply, under every rule and by every way it can come in (P8, S2, S9)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import AuditEntry, SignInFailures
from members.templatetags.pieces import qr_code
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper
from proposals.handling.models import Assignment, Evaluation, EvaluationRound, Obligation, Participant, Policy, Stage
from proposals.handling.panels import panels_of
from tests.factories import PASSWORD, appoint
from tests.handling.conftest import House, give, part_of, reason, round_of, signed
from tests.handling.test_acts import answered, objected, rated, sheet, stages, verbs
from tests.html import assert_valid

Outcome = EvaluationRound.Outcome


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def replied(house: House, *, cosigners: int = 0) -> Assignment:
    """A reply that waits for the first proposer's form and those of so many co-signers."""
    matter = give(house)
    for number in range(cosigners):
        person = house.cosigner if number == 0 else appoint(Role.MEMBER, name=f"联名{number}")
        matter.participants.create(person=person, role=Participant.Role.COSIGNER, order=number + 1)
    part = signed(house, matter)
    answered(house, part)
    return part


def decide_by(rule: str) -> None:
    Policy.objects.create(code="evaluation_decides", value=rule, starts_on=date(2026, 1, 1))


def cosigner(part: Assignment, number: int) -> Any:
    return part.matter.participants.get(order=number).person


def lapse(house: House, part: Assignment) -> int:
    """Every proposer's clock and its reminders are over."""
    running = Obligation.objects.running().filter(assignment=part, stage="evaluation")
    running.update(next_at=None, next_step=None, next_n=None)
    return actions.close_lapsed_rounds(now=house.later(days=90))


def told(template: str) -> list[str]:
    rows = Message.objects.filter(template=template, channel="inapp").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


def on_paper(house: House, part: Assignment, grade: str = "dissatisfied", **kw: Any) -> Evaluation:
    place = part.matter.participants.get(person=house.member)
    fields = {"work": grade, "result": grade, "text": "没有具体措施。", "by": house.staff, "now": house.later(), **kw}
    return actions.evaluate(round_of(part), place, paper=sheet(house, "林溪"), **fields)


# who decides ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "against", "confirming"),
    [("any", "co", True), ("first", "co", False), ("first", "main", True), ("majority", "co", False)],
)
def test_only_a_form_that_decides_puts_the_office_on_the_clock(
    house: House, rule: str, against: str, confirming: bool
) -> None:
    decide_by(rule)
    part = replied(house, cosigners=2)

    rated(house, round_of(part), house.cosigner if against == "co" else house.member, "dissatisfied")

    assert ("confirm_dissatisfaction" in stages(part)) is confirming
    page = signed_in(house.staff).get(reverse("handling:dissatisfied")).content.decode()
    assert (part.matter.title in page) is confirming
    assert told("dissatisfied" if confirming else "dissatisfied_noted") == ["何晓", "江南", "高原"]


def test_two_of_three_are_a_majority_and_taking_one_back_ends_it(house: House) -> None:
    decide_by("majority")
    part = replied(house, cosigners=2)
    rated(house, round_of(part), house.member, "dissatisfied")
    assert "confirm_dissatisfaction" not in stages(part)

    form = rated(house, round_of(part), house.cosigner, "dissatisfied")
    assert "confirm_dissatisfaction" in stages(part)
    actions.withdraw_evaluation(form, by=house.cosigner, now=house.later())

    assert "confirm_dissatisfaction" not in stages(part)
    assert told("evaluation_withdrawn") == ["白露"]


@pytest.mark.parametrize(
    ("rule", "outcome", "stage"),
    [("first", Outcome.SATISFIED, Stage.CLOSED), ("majority", Outcome.SATISFIED, Stage.CLOSED)],
)
def test_a_dissatisfaction_that_does_not_decide_lets_the_matter_close(
    house: House, rule: str, outcome: str, stage: str
) -> None:
    """One of three is against it, one for it, one is silent."""
    decide_by(rule)
    part = replied(house, cosigners=2)
    rated(house, round_of(part), house.member)
    rated(house, round_of(part), house.cosigner, "dissatisfied")

    assert lapse(house, part) == 1

    part.matter.refresh_from_db()
    row = round_of(part)
    assert (row.outcome, row.missing, part.matter.stage) == (outcome, 1, stage)
    unit = signed_in(house.clerk).get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert "最低评价" in unit and "不满意" in unit  # S2: a unit learns the worst grade
    assert "没有具体措施" not in unit and "白露" not in unit.split("委员评价")[1]


def test_under_any_the_silent_do_not_close_what_one_was_dissatisfied_with(house: House) -> None:
    part = replied(house, cosigners=2)
    rated(house, round_of(part), house.cosigner, "dissatisfied")

    assert lapse(house, part) == 0
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())

    assert (round_of(part, 1).outcome, round_of(part, 1).missing) == (Outcome.DISSATISFIED, 2)


def test_the_end_of_a_round_does_not_name_who_rated_last(house: House) -> None:
    part = replied(house, cosigners=1)
    rated(house, round_of(part), house.member)
    rated(house, round_of(part), house.cosigner)

    read = {line.what: line.note for line in panels_of(house.clerk, part.matter).happenings}

    assert read["办结"] == read[f"{part.unit}第1轮评价结束"] == "系统"


def test_whose_leaving_makes_a_majority_puts_it_before_the_office(house: House) -> None:
    decide_by("majority")
    part = replied(house, cosigners=1)
    rated(house, round_of(part), house.cosigner, "dissatisfied")
    part.matter.participants.filter(person=house.member).update(left_at=house.later())

    assert lapse(house, part) == 0

    assert "confirm_dissatisfaction" in stages(part)
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())


# a dissatisfaction that is explained ---------------------------------------------------------------------------------


def explained(house: House, form: Evaluation, **kw: Any) -> Any:
    fields = {"mode": "phone", "held_on": timezone.localdate(house.now), "persons": "何晓、林溪", "text": "表示理解。"}
    return actions.explain_dissatisfaction(form, **{**fields, "by": house.staff, "now": house.later(), **kw})


def test_who_accepts_an_explanation_keeps_the_form_and_asks_for_nothing_more(house: House) -> None:
    part = replied(house)
    form = rated(house, round_of(part), house.member, "dissatisfied")

    with pytest.raises(Refused, match="请写明参加人员"):
        explained(house, form, text=" ")
    with pytest.raises(Refused, match="不能早于收到评价"):
        explained(house, form, held_on=timezone.localdate(house.now) - timedelta(days=3))
    explained(house, form)

    form.refresh_from_db()
    part.matter.refresh_from_db()
    assert (form.work, form.withdrawn_at, round_of(part).outcome) == ("dissatisfied", None, Outcome.EXPLAINED)
    assert (part.matter.stage, stages(part)) == (Stage.CLOSED, [])
    assert told("dissatisfaction_explained") == ["林溪"]
    with pytest.raises(WrongStep, match="已经登记过说明"):
        explained(house, form)


def test_an_explanation_is_for_the_office_alone_and_only_of_a_dissatisfaction(house: House) -> None:
    part = replied(house, cosigners=1)
    kept = rated(house, round_of(part), house.cosigner)
    with pytest.raises(WrongStep, match="只有已经生效的“不满意”"):
        explained(house, kept)
    form = rated(house, round_of(part), house.member, "dissatisfied")
    url = reverse("handling:explain_dissatisfaction", args=[form.public_id])
    assert signed_in(house.officer).get(url).status_code == 403
    assert signed_in(house.member).get(url).status_code == 403

    client = signed_in(house.staff)
    assert (
        "林溪接受说明"
        in client.get(reverse("handling:confirm_dissatisfaction", args=[part.public_id])).content.decode()
    )
    typed = {
        "mode": "phone",
        "held_on": timezone.localdate(),
        "persons": "何晓、林溪",
        "text": "已逐条说明，表示理解。",
    }
    Evaluation.objects.filter(pk=form.pk).update(at=timezone.now())
    assert client.post(url, typed).status_code == 302

    own = signed_in(house.member).get(part.matter.get_absolute_url()).content.decode()
    assert "经说明接受" not in own and "已逐条说明" not in own
    assert "已逐条说明" in client.get(part.matter.get_absolute_url()).content.decode()
    assert "dissatisfaction_explained" in verbs(part.matter)


# paper ---------------------------------------------------------------------------------------------------------------


def test_a_paper_form_stops_the_chasing_on_the_day_it_came(house: House) -> None:
    part = replied(house)
    clock = clocks.open_for(assignment=part, stage="evaluation").get()
    house.later(days=60)

    actions.evaluate(
        round_of(part),
        part.matter.participants.get(),
        work="satisfied",
        result="satisfied",
        by=house.staff,
        now=house.later(),
        paper=Paper("林溪", timezone.localdate(house.now) - timedelta(days=55), "征询意见表"),
    )

    clock.refresh_from_db()
    assert (clock.status, clock.late_workdays) == ("done", 0)
    assert lapse(house, part) == 0  # it waits for the colleague who checks it
    assert round_of(part).closed_at is None


def test_a_paper_form_that_disagrees_with_its_scan_is_rejected_and_the_proposer_asked_again(house: House) -> None:
    part = replied(house)
    form = on_paper(house, part)
    with pytest.raises(Refused, match="请写明退回的原因"):
        actions.reject_evaluation(form, reason=" ", by=house.colleague, now=house.later())

    actions.reject_evaluation(form, reason="办理结果一栏录错。", by=house.colleague, now=house.later())

    assert stages(part) == ["evaluation"]
    assert told("evaluation_rejected") == ["林溪"]
    with pytest.raises(WrongStep, match="不需要核对"):
        actions.confirm_evaluation(form, by=house.colleague, now=house.later())
    rated(house, round_of(part), house.member)
    part.matter.refresh_from_db()
    assert part.matter.stage == Stage.CLOSED


def test_a_paper_form_of_a_round_that_closed_meanwhile_counts_as_late(house: House) -> None:
    part = replied(house, cosigners=1)
    form = on_paper(house, part)
    rated(house, round_of(part), house.cosigner, "dissatisfied")
    actions.confirm_dissatisfaction(round_of(part), by=house.director, now=house.later())

    actions.confirm_evaluation(form, by=house.colleague, now=house.later())

    form.refresh_from_db()
    row = round_of(part, 1)
    assert (form.late, row.outcome, row.missing) == (True, Outcome.DISSATISFIED, 1)
    assert told("dissatisfied_late") == ["何晓", "江南", "高原"]
    with pytest.raises(WrongStep, match="不需要核对"):
        actions.reject_evaluation(form, reason="录错", by=house.colleague, now=house.later())


def test_a_rejection_after_the_end_asks_nobody_again(house: House) -> None:
    part = replied(house, cosigners=1)
    form = on_paper(house, part)
    rated(house, round_of(part), house.cosigner, "dissatisfied")
    actions.confirm_dissatisfaction(round_of(part), by=house.director, now=house.later())

    actions.reject_evaluation(form, reason="不是本人签名。", by=house.colleague, now=house.later())

    assert stages(part) == ["rehandle"]
    with pytest.raises(IntegrityError, match="rejected_form_says_why"), transaction.atomic():
        Evaluation.objects.filter(pk=form.pk).update(rejected_reason="")


def test_paper_forms_are_checked_rejected_and_taken_back_in_pages(house: House) -> None:
    house.now = timezone.now()
    part = replied(house)
    form = on_paper(house, part)
    confirm = reverse("handling:confirm_evaluation", args=[form.public_id])
    url = reverse("handling:reject_evaluation", args=[form.public_id])
    colleague = signed_in(house.colleague)
    assert url in colleague.get(confirm).content.decode()
    assert signed_in(house.officer).get(url).status_code == 403
    assert colleague.post(url, {"reason": "录错一栏"}).status_code == 302
    assert colleague.get(url).status_code == 404

    again = on_paper(house, part)
    page = signed_in(house.member)
    url = reverse("handling:withdraw_evaluation", args=[again.public_id])
    assert url in page.get(part.matter.get_absolute_url()).content.decode()
    assert signed_in(house.cosigner).get(url).status_code == 404
    assert page.get(url).status_code == 200
    assert page.post(url).status_code == 302
    again.refresh_from_db()
    assert again.withdrawn_at is not None


# afterwards ----------------------------------------------------------------------------------------------------------


def second_dissatisfaction(house: House) -> Assignment:
    part = signed(house, give(house))
    for _ in range(2):
        part.refresh_from_db()
        answered(house, part)
        rated(house, round_of(part), house.member, "dissatisfied")
        actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())
    part.refresh_from_db()
    return part


def test_a_joint_consultation_that_is_due_stands_on_the_desk_with_a_clock_until_it_is_recorded(house: House) -> None:
    house.now = timezone.now()
    part = second_dissatisfaction(house)
    officer, queue = signed_in(house.officer), reverse("handling:consultations")
    clock = clocks.open_for(assignment=part, stage="joint_consultation").get()
    assert (clock.rule.amount, clock.holder_body) == (10, house.assigning)
    assert part.matter.title in officer.get(queue).content.decode()
    assert "待联合会商" in officer.get(reverse("portal:desk")).content.decode()
    stranger = appoint(Role.ASSIGNING_OFFICER)
    assert part.matter.title not in signed_in(stranger).get(queue).content.decode()

    url = reverse("handling:consult_jointly", args=[part.public_id])
    assert (signed_in(stranger).get(url).status_code, officer.get(url).status_code) == (404, 200)
    typed = {"held_on": timezone.localdate(), "present": "林溪、方正", "minutes": "已作说明，达成一致。"}
    assert officer.post(url, typed).status_code == 302

    clock.refresh_from_db()
    part.matter.refresh_from_db()
    assert (clock.status, part.matter.stage) == ("done", Stage.CLOSED)
    assert part.matter.title not in officer.get(queue).content.decode()


def late_form(house: House) -> Evaluation:
    part = replied(house)
    assert lapse(house, part) == 1
    form: Evaluation = rated(house, round_of(part), house.member, "dissatisfied")
    return form


def test_a_late_dissatisfaction_waits_on_a_list_until_it_is_reopened_or_explained(house: House) -> None:
    form = late_form(house)
    part = form.round_row.assignment
    client, url = signed_in(house.staff), reverse("handling:late_dissatisfied")
    assert part.matter.title in client.get(url).content.decode()
    assert "结束后的不满意" in client.get(reverse("portal:desk")).content.decode()
    assert told("dissatisfied_late") == ["何晓", "江南", "高原"]

    explained(house, form)
    assert part.matter.title not in client.get(url).content.decode()
    assert round_of(part).outcome == Outcome.NOT_RETURNED


def test_an_officer_reopens_a_closed_matter_on_the_page(house: House) -> None:
    form = late_form(house)
    part = form.round_row.assignment
    url = reverse("handling:reopen", args=[part.public_id])
    officer = signed_in(house.officer)
    assert signed_in(house.clerk).get(url).status_code == 403
    assert signed_in(appoint(Role.ASSIGNING_OFFICER)).get(url).status_code == 404
    assert url in officer.get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert officer.get(url).status_code == 200
    assert officer.post(url, {"reason": ""}).status_code == 422

    assert officer.post(url, {"reason": "提案者补交不满意"}).status_code == 302

    part.matter.refresh_from_db()
    assert part.matter.stage == Stage.REHANDLING
    assert part.matter.title not in signed_in(house.staff).get(reverse("handling:late_dissatisfied")).content.decode()
    assert officer.get(url)["Location"] == reverse("handling:part", args=[part.public_id])


def test_the_unit_reads_what_the_office_passes_on_and_no_more(house: House) -> None:
    house.now = timezone.now()
    part = replied(house)
    form = rated(house, round_of(part), house.member, "basic", text="希望加快进度。")
    url, page = (
        reverse("handling:clear_evaluation", args=[form.public_id]),
        reverse("handling:part", args=[part.public_id]),
    )
    clerk, staff = signed_in(house.clerk), signed_in(house.staff)
    assert "希望加快进度" not in clerk.get(page).content.decode()
    assert signed_in(house.officer).get(url).status_code == 403
    assert staff.get(url).status_code == 200

    assert staff.post(url).status_code == 302
    assert "希望加快进度" in clerk.get(page).content.decode()
    assert "林溪——" not in clerk.get(page).content.decode()
    assert staff.post(url).status_code == 302
    assert "希望加快进度" not in clerk.get(page).content.decode()


def test_a_proposer_learns_that_a_unit_objected_and_not_why(house: House) -> None:
    part = part_of(give(house), house.unit)
    objected(house, part)
    why = str(reason("objection"))

    assert why not in signed_in(house.member).get(part.matter.get_absolute_url()).content.decode()
    assert "申请退回" in signed_in(house.member).get(part.matter.get_absolute_url()).content.decode()
    assert why in signed_in(house.staff).get(part.matter.get_absolute_url()).content.decode()
    assert why in signed_in(house.clerk).get(reverse("handling:part", args=[part.public_id])).content.decode()


def test_a_contact_that_nobody_confirmed_reads_so_after_ten_working_days(house: House) -> None:
    house.now = timezone.now() - timedelta(days=30)
    part = signed(house, give(house))
    for days, words in ((0, "早先的沟通"), (29, "最近的沟通")):
        actions.record_contact(
            part,
            when="before",
            mode="phone",
            held_on=timezone.localdate(house.now),
            persons="林溪",
            text=words,
            by=house.clerk,
            now=house.later(days=days),
        )
    member = signed_in(house.member)
    page = member.get(part.matter.get_absolute_url()).content.decode().split("沟通情况")[1]
    assert (page.count("未确认"), page.count("待确认")) == (1, 1)
    assert "待您核对的沟通" in member.get(reverse("portal:desk")).content.decode()

    for contact in part.contacts.all():
        url = reverse("handling:confirm_contact", args=[contact.public_id])
        assert member.post(url, {"place": house.member.public_id, "took_place": "yes"}).status_code == 302

    assert "待您核对的沟通" not in member.get(reverse("portal:desk")).content.decode()
    page = member.get(part.matter.get_absolute_url()).content.decode().split("沟通情况")[1]
    assert (page.count("未确认"), page.count("已确认")) == (0, 2)


def test_a_password_that_is_guessed_while_evaluating_is_slowed_down_and_written_down(house: House) -> None:
    house.now = timezone.now()
    part = replied(house)
    house.member.set_password(PASSWORD)
    house.member.save()
    client = signed_in(house.member)
    url = reverse("handling:evaluate", args=[part.public_id, 1])
    ratings = {"place": house.member.public_id, "work": "satisfied", "result": "satisfied"}

    said = [client.post(url, {**ratings, "password": f"wrong-{n}"}).content.decode() for n in range(6)]

    assert "密码不正确" in said[0] and "尝试次数过多" in said[-1]
    assert not Evaluation.objects.exists()
    assert AuditEntry.objects.filter(verb="sign_in", outcome="refused").count() >= 4
    SignInFailures.objects.all().delete()
    assert client.post(url, {**ratings, "password": PASSWORD}).status_code == 302


# on paper ------------------------------------------------------------------------------------------------------------


def test_a_form_is_printed_for_every_proposer_who_has_not_answered(house: House, client: Client) -> None:
    part = replied(house, cosigners=1)
    rated(house, round_of(part), house.member)
    url = reverse("handling:evaluation_sheets", args=[part.public_id])
    form = reverse("handling:evaluate", args=[part.public_id, 1])
    client.force_login(house.staff)

    page = client.get(url).content.decode()

    assert [name for name in ("林溪", "白露") if f"征询意见表：{name}" in page] == ["白露"]
    assert qr_code(form, "在线评价的网页") in page  # the address alone: no name, no key
    assert f"/accounts/login/?next={form}" == Client().get(form)["Location"]
    assert_valid(page)
    assert url in client.get(reverse("handling:record_evaluation", args=[part.public_id])).content.decode()
    assert [signed_in(person).get(url).status_code for person in (house.clerk, house.member)] == [403, 403]


def test_when_everybody_has_answered_there_is_nothing_to_print(house: House) -> None:
    part = replied(house)
    rated(house, round_of(part), house.member, "dissatisfied")

    page = signed_in(house.staff).get(reverse("handling:evaluation_sheets", args=[part.public_id])).content.decode()

    assert "所有提案者都已评价。" in page and 'class="qr"' not in page


def test_what_lapses_together_is_told_in_one_message_a_person(house: House) -> None:
    """Three matters of one member, one unit: one sending each, with three facts (P3)."""
    parts = [replied(house) for _ in range(3)]
    Obligation.objects.running().filter(stage="evaluation").update(next_at=None, next_step=None, next_n=None)

    assert actions.close_lapsed_rounds(now=house.later(days=90)) == len(parts)

    facts = Message.objects.filter(template="closed", channel="inapp")
    assert facts.filter(recipient=house.member).count() == len(parts)
    assert facts.filter(recipient=house.member).values("part_of").distinct().count() == 1
    assert facts.filter(recipient=house.clerk).values("part_of").distinct().count() == 1
