"""Units get what is theirs, many at a press; what stays behind says why."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import System
from members.errors import Refused, WrongStep
from members.inbox import work
from members.inbox.actions import start_job
from members.inbox.models import JobState, Message
from members.models import AssigningOffice, Body
from members.uploads import open_file, stored_before
from proposals import actions
from proposals.batches import HAND_OVER, run
from proposals.handling import clocks, engine
from proposals.handling.actions import Paper, RemitGiven, add_remits
from proposals.handling.actions.attaching import erase, quota_of
from proposals.handling.models import Assignment, Attachment, Matter
from proposals.models import Batch, Category, PreConsultation, Proposal, Status
from tests.factories import BodyFactory
from tests.uploads import made

from .conftest import NOW, House
from .test_pages_thread import hidden
from .test_reviewing import fresh, running, told, verbs


def shares(lead: Body, *others: Body) -> list[actions.Share]:
    return [actions.Share(lead, "lead" if others else "sole"), *(actions.Share(unit, "co") for unit in others)]


def test_the_wished_units_are_proposed(house: House, draft, clerk_unit: Body, other_unit: Body) -> None:
    one = draft(wished_units=[clerk_unit])
    two = draft(wished_units=[clerk_unit, other_unit])

    assert actions.proposed(one) == [actions.Share(clerk_unit, "sole")]
    assert actions.proposed(two) == [actions.Share(clerk_unit, "lead"), actions.Share(other_unit, "co")]


@pytest.mark.parametrize("roles", [["lead", "lead"], ["co", "co"], ["sole", "co"], ["split", "co"], ["split"], []])
def test_a_draft_has_one_lead_or_splits(
    house: House, filed, clerk_unit: Body, other_unit: Body, roles: list[str]
) -> None:
    units = [clerk_unit, other_unit]

    with pytest.raises(Refused):
        actions.allocate(
            filed(),
            [actions.Share(unit, role) for unit, role in zip(units, roles, strict=False)],
            by=house.officer,
            now=house.later(),
        )


def test_the_leading_units_system_says_which_office_leads(house: House, filed, clerk_unit: Body) -> None:
    party_office = BodyFactory(name="市委督查室测试", system=System.PARTY)
    AssigningOffice.objects.update_or_create(system=System.PARTY, defaults={"office": party_office})
    party_unit = BodyFactory(name="市委宣传部测试", system=System.PARTY)
    proposal = filed()
    assert fresh(proposal).matter.office == house.assigning

    actions.allocate(proposal, shares(party_unit, clerk_unit), by=house.staff, now=house.later())

    [clock] = clocks.open_for(matter=proposal.matter, stage="assignment")
    assert (fresh(proposal).matter.office, clock.holder_body) == (party_office, party_office)
    actions.hand_over([proposal], session=house.session, by=house.staff, now=house.later())
    offices = Assignment.objects.filter(matter=proposal.matter).order_by("pk").values_list("office__name", flat=True)
    assert list(offices) == ["市委督查室测试", "市政府督查室测试"]


def test_units_learn_nothing_before_the_hand_over(house: House, filed, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    assert not Matter.objects.visible_to(clerk).exists()

    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    assert list(Matter.objects.visible_to(clerk)) == [proposal.matter]


def test_one_message_a_clerk_however_many_proposals(house: House, filed, clerk_unit: Body, other_unit: Body) -> None:
    rows = [filed() for _ in range(3)]
    for row in rows:
        actions.allocate(row, shares(clerk_unit, other_unit), by=house.officer, now=house.later())

    batch, refused = actions.hand_over(
        rows, session=house.session, by=house.officer, now=house.later(), fixed_on=date(2026, 6, 30)
    )

    assert (batch.total, refused) == (3, [])
    clerk = clerk_unit.appointments.get().person
    sendings = Message.objects.filter(recipient=clerk, channel="inapp", part_of=None)
    assert sendings.count() == 1
    assert Message.objects.filter(part_of__in=sendings).count() == 3
    due = clocks.open_for(matter=rows[0].matter, stage="reply").get().due_on
    assert due == date(2026, 6, 30)
    assert told(house.member).count("proposal_handed_over") == 3


def test_a_hand_over_costs_the_same_queries_for_two_proposals_and_for_many(
    house: House, filed, clerk_unit: Body, other_unit: Body
) -> None:
    def handed_over(amount: int) -> int:
        rows = [filed() for _ in range(amount)]
        for row in rows:
            actions.allocate(row, shares(clerk_unit, other_unit), by=house.officer, now=house.later())
        with CaptureQueriesContext(connection) as queries:
            actions.hand_over(rows, session=house.session, by=house.officer, now=house.later())
        return len(queries)

    assert handed_over(2) == handed_over(9)


def test_all_that_can_go_goes_and_the_rest_says_why(house: House, filed, submitted, clerk_unit: Body) -> None:
    ready, bare, waiting = filed(), filed(), submitted()
    actions.allocate(ready, shares(clerk_unit), by=house.officer, now=house.later())

    plan = actions.plan([ready, bare, waiting], now=house.later())
    _, refused = actions.hand_over([ready, bare, waiting], session=house.session, by=house.officer, now=house.later())

    assert [row.proposal for row in plan.refused] == [bare, waiting]
    assert {row.proposal.pk: row.reason for row in refused} == {
        bare.pk: "还没有拟定承办单位。",
        waiting.pk: "现在是“待审查”，不是待交办。",
    }
    assert [fresh(row).status for row in (ready, bare, waiting)] == [Status.ASSIGNED, Status.FILED, Status.SUBMITTED]
    assert running(bare) == ["assignment"]


def test_a_unit_that_ended_gets_nothing(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    clerk_unit.ended_on = NOW.date()
    clerk_unit.save()

    with pytest.raises(Refused, match="已撤销"):
        actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())


def test_handing_over_twice_hands_over_once(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    with pytest.raises(Refused):
        actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    assert Assignment.objects.count() == 1


def test_i17_a_fixed_date_lies_after_the_first_contact(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    first = clocks.would_be_due("first_contact", anchor_on=NOW.date())

    for early in (NOW.date(), NOW.date() + timedelta(days=1), first):
        with pytest.raises(Refused, match="应晚于签收和首次沟通的期限"):
            actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later(), fixed_on=early)
    later = first + timedelta(days=1)
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later(), fixed_on=later)

    dues = {row.stage: row.due_on for row in clocks.open_for(matter=proposal.matter)}
    assert dues["sign_for"] <= dues["first_contact"] < dues["reply"] == later


def test_a_hand_over_at_a_meeting_counts_from_its_day(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    Proposal.objects.update(filed_at=house.now)
    actions.allocate(proposal, shares(clerk_unit), by=house.staff, now=house.later())
    on, now = NOW.date() + timedelta(days=1), house.later() + timedelta(days=3)

    with pytest.raises(Refused, match="不能晚于今天"):
        later = Paper("严明", now.date() + timedelta(days=1), "交办会会议纪要")
        actions.hand_over([proposal], session=house.session, by=house.staff, now=now, paper=later)
    with pytest.raises(Refused, match="不能早于这一天交办"):
        early = Paper("严明", NOW.date() - timedelta(days=1), "交办会会议纪要")
        actions.hand_over([proposal], session=house.session, by=house.staff, now=now, paper=early)
    actions.hand_over(
        [proposal], session=house.session, by=house.staff, now=now, paper=Paper("严明", on, "交办会会议纪要")
    )

    part = Assignment.objects.get()
    anchors = set(part.obligations.values_list("anchor_on", flat=True))
    event = proposal.matter.events.get(verb="assigned")
    assert (timezone.localdate(part.given_at), anchors, event.on_paper) == (on, {on}, True)


def test_staff_hand_over_from_the_minutes_on_the_page(house: House, filed, clerk_unit: Body, client: Client) -> None:
    proposal = filed()
    Proposal.objects.update(filed_at=timezone.now() - timedelta(days=5))
    actions.allocate(proposal, shares(clerk_unit), by=house.staff, now=house.later())
    client.force_login(house.staff)
    url, on = reverse("proposals:hand_over"), timezone.localdate() - timedelta(days=1)
    data = {"row": str(proposal.matter.public_id), "paper_sheet": "交办会会议纪要", "paper_on": on.isoformat()}
    half = client.post(url, data)
    assert (half.status_code, "请填写主持人或签批人" in half.content.decode()) == (422, True)

    scan = SimpleUploadedFile("纪要.pdf", made.pdf(), "application/pdf")
    assert client.post(url, {**data, "paper_who": "严明", "paper_scan": scan}).status_code == 302

    event = proposal.matter.events.get(verb="assigned")
    scans = proposal.matter.attachments.filter(name="纪要.pdf")
    assert event.payload.facts["paper_scan"] == str(scans.get().public_id)
    assert timezone.localdate(Assignment.objects.get().given_at) == on


def test_minutes_of_many_are_stored_once_and_only_with_those_that_went(
    house: House, filed, clerk_unit: Body, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    went, also, bare = filed(), filed(), filed()
    Proposal.objects.update(filed_at=timezone.now() - timedelta(days=5))
    for row in (went, also):
        actions.allocate(row, shares(clerk_unit), by=house.staff, now=house.later())
    client.force_login(house.staff)
    on = (timezone.localdate() - timedelta(days=1)).isoformat()
    data = {"paper_sheet": "交办会会议纪要", "paper_on": on, "paper_who": "严明"}
    url, before = reverse("proposals:hand_over"), set(stored_before(timezone.now() + timedelta(days=1)))
    lone = {"row": [str(bare.public_id)], "paper_scan": SimpleUploadedFile("纪要.pdf", made.pdf(), "application/pdf")}
    assert client.post(url, {**data, **lone}).status_code == 422
    assert set(stored_before(timezone.now() + timedelta(days=1))) == before

    many = {"row": [str(row.public_id) for row in (went, also, bare)]}
    scan = SimpleUploadedFile("纪要.pdf", made.pdf(), "application/pdf")
    assert client.post(url, {**data, **many, "paper_scan": scan}).status_code == 302

    files = list(Attachment.objects.order_by("matter"))
    assert [file.matter_id for file in files] == [went.matter_id, also.matter_id]
    assert len({file.stored for file in files}) == 1
    assert Attachment.objects.used_by(house.staff) == files[0].size
    for row, file in zip((went, also), files, strict=True):
        assert row.matter.events.get(verb="assigned").payload.facts["paper_scan"] == str(file.public_id)
    with django_capture_on_commit_callbacks(execute=True):
        erase(went.matter, by=house.staff, now=house.later())
    with open_file(files[1].stored) as kept:  # the other matter's minutes stay
        assert kept.read(4) == b"%PDF"


def test_an_office_may_store_more_than_a_member(house: House, settings: Any) -> None:
    settings.PERSON_QUOTA, settings.OFFICE_QUOTA = 1, 2

    assert (quota_of(house.member), quota_of(house.staff), quota_of(house.officer)) == (2**20, 2**21, 2**21)


def test_a_units_answer_on_paper_is_recorded_by_whoever_keeps_the_file(
    house: House, filed, clerk_unit: Body, client: Client
) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    [asked] = actions.consult_units(proposal, by=house.officer, now=house.later())
    with pytest.raises(Refused, match="纸质办理"):
        actions.answer_consultation(asked, accepts=True, text="", by=house.staff, now=house.later())
    url = reverse("proposals:record_consultation", args=[asked.public_id])
    client.force_login(clerk_unit.appointments.get().person)
    assert client.get(url).status_code == 403
    client.force_login(house.staff)
    page = client.get(reverse("proposals:allocation_of", args=[proposal.matter.public_id]))
    assert url in page.content.decode()

    sheet = {"who": "方舟", "on": timezone.localdate().isoformat(), "sheet": "复函"}
    assert client.post(url, {"accepts": "yes", **sheet}).status_code == 302

    event = proposal.matter.events.get(verb="unit_answered")
    assert (PreConsultation.objects.get().accepts, event.payload.facts["paper_sheet"]) == (True, "复函")


def test_a_unit_asked_beforehand_sees_the_text_and_answers_once(house: House, filed, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    [asked] = actions.consult_units(proposal, by=house.officer, now=house.later())
    assert list(Matter.objects.visible_to(clerk)) == [proposal.matter]
    assert told(clerk) == ["proposal_unit_asked"]

    with pytest.raises(Refused):
        actions.answer_consultation(asked, accepts=False, text="", by=clerk, now=house.later())
    actions.answer_consultation(asked, accepts=False, text="建议由财政局承办", by=clerk, now=house.later())

    assert PreConsultation.objects.get().accepts is False
    assert told(house.officer)[-1] == "proposal_unit_answered"
    with pytest.raises(WrongStep):
        actions.answer_consultation(asked, accepts=True, text="", by=clerk, now=house.later())
    with pytest.raises(WrongStep):
        actions.consult_units(proposal, by=house.officer, now=house.later())


def question_clocks(proposal: Proposal) -> list[str]:
    rows = proposal.matter.obligations.filter(stage="preconsultation").order_by("pk")
    return list(rows.values_list("status", flat=True))


def test_a_question_has_a_clock_that_the_unit_holds_until_it_answers(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())

    [asked] = actions.consult_units(proposal, by=house.officer, now=house.later())

    [clock] = clocks.open_for(matter=proposal.matter, stage="preconsultation")
    assert (clock.holder_body, clock.due_on, asked.due_on) == (clerk_unit, date(2026, 3, 9), date(2026, 3, 9))
    clerk = clerk_unit.appointments.get().person
    actions.answer_consultation(asked, accepts=True, text="", by=clerk, now=house.later())
    assert question_clocks(proposal) == ["done"]


def test_a_silent_unit_is_chased_on_the_last_day_and_after(house: House, filed, clerk_unit: Body) -> None:
    proposal, clerk = filed(), clerk_unit.appointments.get().person
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())

    for days in (5, 6):
        engine.scan(now=NOW + timedelta(days=days))

    assert [name for name in told(clerk) if name.startswith("clock.")] == ["clock.today", "clock.overdue"]
    assert "clock.overdue" in told(house.officer)


def test_a_unit_is_asked_again_for_another_role_or_after_its_answer(
    house: House, filed, clerk_unit: Body, other_unit: Body
) -> None:
    proposal, clerk = filed(), clerk_unit.appointments.get().person
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())
    with pytest.raises(WrongStep):
        actions.consult_units(proposal, units=[clerk_unit], by=house.officer, now=house.later())
    actions.allocate(proposal, shares(other_unit, clerk_unit), by=house.officer, now=house.later())

    actions.consult_units(proposal, by=house.officer, now=house.later())
    mine = PreConsultation.objects.get(unit=clerk_unit)
    assert (mine.role, question_clocks(proposal)) == ("co", ["cancelled", "open", "open"])
    actions.answer_consultation(mine, accepts=True, text="", by=clerk, now=house.later())
    actions.consult_units(proposal, units=[clerk_unit], by=house.officer, now=house.later())

    assert PreConsultation.objects.filter(unit=clerk_unit).count() == 2
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    assert question_clocks(proposal) == ["cancelled", "cancelled", "done", "cancelled"]


def test_a_suggestion_may_name_its_unit(house: House, filed, clerk_unit: Body, other_unit: Body) -> None:
    proposal = filed()

    actions.allocate(
        proposal, shares(clerk_unit, other_unit), by=house.officer, now=house.later(), suggestions={2: other_unit}
    )

    assert list(proposal.matter.suggestions.order_by("number").values_list("unit", flat=True)) == [None, other_unit.pk]


def test_a_secret_matter_has_number_units_and_clocks_but_no_words(house: House, clerk_unit: Body) -> None:
    from proposals.handling.actions import Part

    proposal = actions.hold_place(
        house.session, [Part(clerk_unit, "sole", house.assigning)], form="individual", by=house.staff, now=house.later()
    )

    assert (proposal.matter.number, proposal.matter.title, proposal.status) == ("0001", "", Status.ASSIGNED)
    assert running(proposal) == ["objection_window", "reply", "sign_for"]
    assert verbs(proposal) == ["placeholder_made", "assigned"]


def test_withdrawn_from_the_units_hands(house: House, filed, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    actions.withdraw(proposal, reason="情况已变化", by=house.staff, now=house.later() + timedelta(days=1))

    assert (Proposal.objects.get().status, running(proposal)) == (Status.WITHDRAWN, [])
    assert told(clerk)[-1] == "proposal_withdrawn"
    assert Assignment.objects.get().state == "ended"


def test_a_large_hand_over_is_a_long_job_that_does_it_once(house: House, filed, clerk_unit: Body) -> None:

    ready, bare = filed(), filed()
    actions.allocate(ready, shares(clerk_unit), by=house.officer, now=house.later())
    args = {
        "batch": str(uuid.uuid4()),
        "rows": [str(row.public_id) for row in (ready, bare)],
        "name": "",
        "fixed_on": "",
        "notice": "",
    }
    job = start_job(HAND_OVER, title="交办", args=args, by=house.officer, now=house.later())

    work.work(now=house.later())

    job.refresh_from_db()
    assert (job.state, job.result) == (
        JobState.DONE,
        {"sentence": f"已交办 1 件。未交办 1 件：{bare.matter.label}：还没有拟定承办单位。"},
    )
    assert run(job, lambda done, total: None).result == {"sentence": "已交办 1 件。"}  # type: ignore[arg-type]  # progress
    assert Batch.objects.count() == 1


def test_the_allocation_page_names_units_of_the_catalogue_with_the_line_that_fits(
    house: House, filed, clerk_unit: Body
) -> None:
    proposal = filed()
    line = RemitGiven(clerk_unit, "养老服务体系建设", "养老床位、托老", basis="“三定”规定")
    add_remits([line], starts_on=timezone.localdate(house.now), by=house.staff, now=house.later())
    client = Client()
    client.force_login(house.staff)

    page = client.get(reverse("proposals:allocation_of", args=[proposal.public_id])).content.decode()

    assert "养老服务体系建设（“三定”规定），相同的词：养老床位" in page


def test_everything_under_the_desks_filter_is_handed_over_and_nothing_else(
    house: House, filed, clerk_unit: Body, client: Client
) -> None:
    inside, bare, outside = filed(), filed(), filed()
    for row in (inside, outside):
        actions.allocate(row, shares(clerk_unit), by=house.staff, now=house.later())
    other = Category.objects.exclude(pk=inside.category_id).order_by("pk")[0]
    Proposal.objects.filter(pk=outside.pk).update(category=other)
    assert inside.category is not None
    client.force_login(house.staff)
    where = f"category={inside.category.public_id}"
    url = f"{reverse('proposals:hand_over')}?all=1&{where}"
    desk = client.get(f"{reverse('proposals:allocation')}?{where}").content.decode()
    assert url.replace("&", "&amp;") in desk and "符合条件的全部 2 件" in desk

    page = client.get(url).content.decode()
    assert "将交办 1 件给 1 个单位" in page
    assert client.post(url, {"all": "1", "version": hidden(page)["version"]}).status_code == 302

    assert [fresh(row).status for row in (inside, bare, outside)] == [Status.ASSIGNED, Status.FILED, Status.FILED]
