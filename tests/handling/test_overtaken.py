"""A form that was overtaken while it lay open does nothing to the wrong proposer, suggestion or request."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused
from proposals.handling import actions, clocks
from proposals.handling.actions.extending import ask_extension, decide_extension
from proposals.handling.actions.paper import Paper
from proposals.handling.actions.replying import PointGiven, drop_answers
from proposals.handling.models import Assignment, Evaluation, Matter, Objection, Participant, Reply, Stage, Suggestion
from tests.factories import MatterFactory, appoint
from tests.handling.conftest import House, give, part_of, result_class, signed
from tests.handling.test_acts import answered, objected, sheet
from tests.uploads import made
from tests.uploads.made import upload

UNDECIDED = Objection.UNDECIDED


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def waiting(house: House) -> list[Objection]:
    return list(Objection.objects.filter(state__in=UNDECIDED))


@pytest.fixture(autouse=True)
def today(house: House) -> None:
    house.now = timezone.now() - timedelta(days=1)


# proposers -----------------------------------------------------------------------------------------------------------


def paper_form(house: House, person: Any, **fields: Any) -> dict[str, Any]:
    written = {"paper_who": "林溪", "paper_on": timezone.localdate(), "paper_sheet": "征询意见表"}
    ratings = {"work": "satisfied", "result": "satisfied"}
    return {"place": person.public_id, **ratings, **written, "paper_scan": upload("表.pdf", made.pdf()), **fields}


def test_two_colleagues_with_the_same_paper_forms_open_record_each_for_whom_they_chose(house: House) -> None:
    matter = give(house, cosigned=True)
    matter.participants.create(person=appoint("member", name="联名二"), role=Participant.Role.COSIGNER, order=2)
    part = signed(house, matter)
    answered(house, part)
    url = reverse("handling:record_evaluation", args=[part.public_id])

    assert signed_in(house.staff).post(url, paper_form(house, house.member)).status_code == 302
    assert signed_in(house.colleague).post(url, paper_form(house, house.cosigner)).status_code == 302
    again = signed_in(house.colleague).post(url, paper_form(house, house.member))

    assert again.status_code == 422
    assert "这位提案者已经登记过" in again.content.decode()
    assert set(Evaluation.objects.values_list("participant__person__name", flat=True)) == {"林溪", "白露"}
    last = matter.participants.get(order=2).person
    once_more = signed_in(house.colleague).post(url, paper_form(house, house.cosigner))
    assert once_more.status_code == 422  # only one is left, and it is another
    assert "这位提案者已经登记过" in once_more.content.decode()
    assert not Evaluation.objects.filter(participant__person=last).exists()


# suggestions ---------------------------------------------------------------------------------------------------------


def drafted(house: House, part: Assignment) -> dict[str, str]:
    """What a clerk has typed in the form as it is open now."""
    page = signed_in(house.clerk).get(reverse("handling:draft_reply", args=[part.public_id]))
    names = [name for name in page.context["form"].fields if name.startswith("text_")]
    version = str(page.context["version"])
    return {"version": version, "result": "A"} | {name: f"答{n}" for n, name in enumerate(names, start=1)}


def test_answers_typed_before_a_suggestion_went_to_another_unit_stay_with_their_own(house: House) -> None:
    matter = give(house, (house.unit, "split"), (house.other_unit, "split"))
    part = signed(house, matter)
    typed = drafted(house, part)
    Suggestion.objects.filter(matter=matter, number=1).update(unit=house.other_unit)
    url = reverse("handling:draft_reply", args=[part.public_id])

    overtaken = signed_in(house.clerk).post(url, typed)

    assert overtaken.status_code == 409
    assert "答1" in overtaken.content.decode()  # nothing that was typed is lost
    assert not Reply.objects.exists()
    del typed["text_1"]
    assert signed_in(house.clerk).post(url, typed).status_code == 302
    assert list(Reply.objects.get().points.values_list("suggestion__number", "text")) == [(2, "答2")]


def test_a_proposal_taken_out_of_a_merger_makes_an_open_reply_form_stale(house: House) -> None:
    matter = give(house)
    follower = MatterFactory(by=house.cosigner, merged_into=matter, suggestions=1)
    part = signed(house, matter)
    own, theirs = [*matter.suggestions.all()], follower.suggestions.get()
    points = {one.pk: PointGiven(result_class(), "原来的") for one in [*own, theirs]}
    actions.draft_reply(part, {"result": result_class()}, points, by=house.clerk, now=house.later())
    typed = drafted(house, part)
    assert f"text_1_{follower.public_id.hex}" in typed

    drop_answers(follower)
    follower.merged_into = None
    follower.save(update_fields=["merged_into"])
    answer = signed_in(house.clerk).post(reverse("handling:draft_reply", args=[part.public_id]), typed)

    assert answer.status_code == 409
    assert all(text in answer.content.decode() for text in ("答1", "答2", "答3"))
    assert {point.text for point in Reply.objects.get().points.all()} == {"原来的"}


# requests that become moot -------------------------------------------------------------------------------------------


def test_a_co_handler_decides_for_itself_whether_it_gives_back_or_gives_an_opinion(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    signed(house, matter)
    other = signed(house, matter, house.other_unit, house.other_clerk)
    objection = objected(house, other, by=house.other_clerk)

    with pytest.raises(Refused, match="请先撤回退回申请"):
        actions.send_opinion(other, text="同意。", by=house.other_clerk, now=house.later())

    actions.withdraw_objection(objection, by=house.other_clerk, now=house.later())
    actions.send_opinion(other, text="同意。", by=house.other_clerk, now=house.later())
    assert part_of(matter, house.other_unit).state == Assignment.State.ANSWERED


def test_when_the_lead_has_answered_nobody_is_asked_any_more_whether_he_takes_over(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    lead = signed(house, matter)
    objected(house, part_of(matter, house.other_unit), suggested=house.third_unit, by=house.other_clerk)
    assert _sees(house.third_clerk, matter)

    answered(house, lead)

    matter.refresh_from_db()
    assert (waiting(house), matter.stage) == ([], Stage.ANSWERED)
    assert not _sees(house.third_clerk, matter)
    assert matter.events.filter(verb="objection_lapsed").count() == 1
    call_command("audit_readers")


def test_a_letter_that_waits_for_its_date_is_not_also_given_back(house: House) -> None:
    house.now = timezone.now() - timedelta(days=10)
    part = signed(house, give(house))
    dated = {"letter_on": timezone.localdate(house.now), "no_contact_reason": "已书面沟通。", "result": result_class()}
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    reply = actions.draft_reply(part, dated, points, by=house.clerk, now=house.later())
    reply = actions.deliver_reply(reply, by=house.clerk, now=house.later(days=1), scan="x")
    assert reply.state == Reply.State.CHECKING

    with pytest.raises(Refused, match="请先联系交办机构退回答复函"):
        objected(house, part)


def test_a_unit_that_is_merged_away_leaves_no_request_behind(house: House) -> None:
    """The heir leads already: the part of the merged co-handler ends, and what it asked for with it."""
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    objected(house, part_of(matter, house.other_unit), suggested=house.third_unit, by=house.other_clerk)

    actions.succeed(house.other_unit, house.unit, by=house.staff, now=house.later())

    assert waiting(house) == []
    assert (
        not clocks.open_for(matter=matter)
        .filter(stage__startswith="objection_")
        .exclude(stage="objection_window")
        .exists()
    )
    assert not _sees(house.third_clerk, matter)


def _sees(person: Any, matter: Matter) -> bool:
    return Matter.objects.visible_to(person).filter(pk=matter.pk).exists()


# one typist ----------------------------------------------------------------------------------------------------------


def test_who_records_the_units_request_from_paper_may_decide_it_but_who_asks_may_not(house: House) -> None:
    part = signed(house, give(house))
    later = clocks.open_for(assignment=part, stage="reply").get().due_on + timedelta(days=20)
    asked: dict[str, Any] = {"to": later, "reason": "资金正在审批。"}
    own = ask_extension(part, **asked, by=house.clerk, now=house.later())
    with pytest.raises(Refused, match="申请人不能审批"):
        decide_extension(own, office="assigning", agrees=True, reason="", by=house.clerk, now=house.later())
    actions.withdraw_extension(own, by=house.clerk, now=house.later())

    request = ask_extension(part, **asked, by=house.staff, now=house.later(), paper=sheet(house))
    decide_extension(request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())
    decided = Paper("严明", timezone.localdate(house.now), "审批单")
    request = decide_extension(
        request, office="assigning", agrees=True, reason="", by=house.staff, now=house.later(), paper=decided
    )

    assert (request.state, request.on_paper) == ("granted", True)


# what is hidden in a form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("once", ["", "x" * 400, "不是编号", "\x00", "5d2ba2f8-5b5c-4d52-9d6f-9d6c7ab0f3c1"])
def test_a_forged_key_of_a_form_is_refused_with_a_sentence(house: House, once: str) -> None:
    part = signed(house, give(house))
    typed = {"row": part.public_id, "once": once, "section": "办公室", "text": "请抓紧办理。"}

    answers = [
        signed_in(house.clerk).post(reverse("handling:pass_many"), typed),
        signed_in(house.officer).post(reverse("handling:chase_many"), typed),
    ]

    assert all(answer.status_code in (302, 422) for answer in answers)
