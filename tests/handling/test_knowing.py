"""Who may know of a clock: one table, and the same answer through pages, messages, timelines and previews (S2)."""

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Body, Person
from proposals.handling import clocks, defaults, engine, events, knowing, moving, workdays
from proposals.handling.clockwork.years import Year
from proposals.handling.eyes import eyes
from proposals.handling.models import CalendarDay, Exposure, Matter, Obligation
from proposals.handling.readers import refresh
from tests.factories import BodyFactory, appoint
from tests.handling import factories
from tests.handling.conftest import House, give, part_of
from tests.handling.factories import MONDAY, at

pytestmark = pytest.mark.django_db
NOT_STAGES = {"cosign_session", "assignment_offsession", "reply_key", "report_feedback", "report_urgent"}
"""Rules of a stage that has another name."""
START = date(2026, 5, 18)


@pytest.fixture
def home() -> factories.House:
    return factories.house()


def test_every_stage_has_its_row_and_no_timeline_tells_more_people_than_it() -> None:
    assert set(knowing.STAGES) == {limit.code for limit in defaults.LIMITS} - NOT_STAGES
    told = {stage: knowing.verb_of(Obligation(stage=stage)) for stage in [*knowing.STAGES, "something new"]}
    for stage, verb in told.items():
        assert events.VERBS[verb].audience <= knowing.STAGES.get(stage, knowing.COMMITTEE)
    assert {told[stage] for stage in ("evaluation", "confirm_dissatisfaction", "something new")} == {
        "person_clock_changed"
    }
    assert (told["internal"], told["reply"]) == ("inside_clock_changed", "clock_changed")


def every_clock(house: House) -> Matter:
    """A matter in the hands of a lead and a co-handler, with a clock of every stage."""
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    lead = part_of(matter, house.unit)
    started = set(matter.obligations.values_list("stage", flat=True))
    for stage in sorted(set(knowing.STAGES) - started):
        before = stage in ("cosign", "revision", "review", "numbering", "assignment", "preconsultation", "opinion")
        body = house.third_unit if stage in ("preconsultation", "objection_opinion") else house.office
        holder: dict[str, Any] = {"body": house.unit if stage == "internal" else body}
        if stage in ("cosign", "evaluation"):
            holder = {"person": appoint(Role.MEMBER)}
        clocks.start(
            matter, stage, assignment=None if before else lead, anchor_on=MONDAY, by=None, now=house.now, **holder
        )
    return matter


def opened(matter: Matter, person: Person) -> set[str]:
    return set(knowing.known_to(matter.obligations.all(), person).values_list("stage", flat=True))


def test_each_knows_of_the_clocks_that_the_table_gives_him(house: House) -> None:
    matter = every_clock(house)
    work = {"sign_for", "first_contact", "co_opinion", "reply"} | {"rehandle", "commitment"}
    front = {"revision", "review", "numbering", "assignment", "opinion", "report_screening"}
    deciding = {"objection_decision", "extension_decision", "reply_check", "joint_consultation", "objection_opinion"}
    deciding |= {"promise_check", "coordination"}
    everything = set(knowing.STAGES)

    assert opened(matter, house.staff) == everything - {"internal"}
    assert opened(matter, house.officer) == work | deciding | {
        "objection_window", "assignment", "preconsultation", "opinion", "countersign",
    }  # fmt: skip
    assert opened(matter, house.clerk) == work | {"objection_window", "internal", "countersign"}
    assert opened(matter, house.other_clerk) == work | {"objection_window"}
    assert opened(matter, house.third_clerk) == {"preconsultation"}, "it was asked before, and sees no more"
    assert opened(matter, house.member) == work | front | {"cosign"}
    assert opened(matter, house.cosigner) == work | front
    for stranger in (appoint(Role.MEMBER), appoint(Role.UNIT_CLERK), appoint(Role.ASSIGNING_OFFICER)):
        assert opened(matter, stranger) == set()
    judged = matter.obligations.get(stage="evaluation").holder_person
    assert judged is not None and opened(matter, judged) == {"evaluation"}


def test_the_page_of_a_day_opens_to_whoever_may_know_and_links_are_shown_to_no_others(
    house: House, client: Client
) -> None:
    matter = every_clock(house)
    urls = {row.stage: reverse("handling:why", args=[row.public_id]) for row in matter.obligations.order_by("-pk")}

    def codes(person: Person) -> dict[str, int]:
        client.force_login(person)
        stages = ("reply", "internal", "preconsultation", "evaluation", "confirm_dissatisfaction")
        return {stage: client.get(urls[stage]).status_code for stage in stages}

    hidden = {"internal": 404, "preconsultation": 404, "evaluation": 404, "confirm_dissatisfaction": 404}
    assert codes(house.member) == {"reply": 200, **hidden}
    assert codes(house.clerk) == {"reply": 200, **hidden, "internal": 200}
    assert codes(house.officer) == {"reply": 200, **hidden, "preconsultation": 200}
    assert codes(house.staff) == {**dict.fromkeys(hidden, 200), "reply": 200, "internal": 404}
    reply = matter.obligations.get(stage="reply")
    assert knowing.knows(eyes(house.cosigner, matter), reply)
    assert not knowing.knows(eyes(appoint(Role.LEADER), matter), reply)


def test_who_of_the_office_stands_behind_a_matter_learns_of_no_other_evaluation(house: House) -> None:
    matter = every_clock(house)
    matter.participants.create(person=house.staff, role="cosigner", order=5)

    assert {"evaluation", "confirm_dissatisfaction"} & opened(matter, house.staff) == set()
    assert {"evaluation", "confirm_dissatisfaction"} <= opened(matter, house.colleague)


# who is told -----------------------------------------------------------------------------------------------------------


def told(template: str = "", channel: str = "inapp") -> set[Person]:
    rows = Message.objects.filter(channel=channel).exclude(template="sending").select_related("recipient")
    return {
        row.recipient for row in rows if row.template == template or not (template or row.template == "clock.vacancy")
    }


def year_with(day: date) -> Year:
    days = CalendarDay.objects.filter(date__year=2026)
    off = {one.date: one.name for one in days if one.source == "statutory"}
    work = {one.date: one.name for one in days if one.source == "makeup"}
    return Year(2026, published=True, notice="国办发明电〔2026〕9号", off=off | {day: "增放假"}, work=work)


def move(clock: Obligation) -> None:
    workdays.publish(year_with(clock.due_on))
    engine.refold(now=at(START))
    old = clock.due_on
    clock.refresh_from_db()
    assert clock.due_on > old


def organisation(*, secretary: bool = True) -> tuple[Body, Person | None]:
    body = BodyFactory(kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)
    return body, appoint(Role.ORGANISATION_SECRETARY, body) if secretary else None


def late(clock: Obligation) -> None:
    engine.scan(now=at(clock.due_on + timedelta(days=1) * (7 - clock.due_on.weekday()), 9))


def confirming(home: factories.House) -> Obligation:
    case = factories.matter(home, readers=[3, 100_000 + home.office.pk, 100_000 + home.unit.body.pk])
    held = factories.assignment(home, case)
    return clocks.start(
        case, "confirm_dissatisfaction", assignment=held, body=home.proposal_office, anchor_on=START, by=None,
        now=at(START),
    )  # fmt: skip


def test_a_dissatisfaction_that_nobody_confirms_is_the_committees_alone_even_without_a_director(
    home: factories.House,
) -> None:
    clock = confirming(home)

    late(clock)

    assert told() == {home.staff}, "no director leads the office, and the assigning office hears nothing"


def test_a_moved_day_of_an_evaluation_reaches_no_assigning_office_and_no_unit(home: factories.House) -> None:
    clock = confirming(home)
    body, secretary = organisation()
    case = clock.matter
    clocks.start(
        case, "evaluation", assignment=clock.assignment, body=body, anchor_on=START, by=None, now=at(START),
        fixed_on=clock.due_on,
    )  # fmt: skip

    move(clock)

    assert told("clock.moved") == {home.staff, secretary}
    read = {name: len(events.timeline(getattr(home, name), case)) for name in ("staff", "officer")}
    assert read == {"staff": 2, "officer": 0}
    assert events.timeline(home.unit.clerk, case) == []


def test_what_a_unit_counts_inside_is_told_shown_and_escalated_inside_alone(home: factories.House) -> None:
    case = factories.matter(home, readers=[3, 100_000 + home.office.pk, 100_000 + home.unit.body.pk])
    held = factories.assignment(home, case)
    clock = clocks.start(
        case, "internal", assignment=held, body=home.unit.body, anchor_on=START, by=None, now=at(START)
    )

    for viewer in (home.staff, None):
        effect = moving.effect_of(year_with(clock.due_on), viewer=viewer, now=at(START))
        assert (effect.moved, effect.counted, effect.people) == ([], [], 0)
    move(clock)

    assert told("clock.moved") == {home.unit.clerk}
    assert events.timeline(home.staff, case) == events.timeline(home.officer, case) == []
    assert len(events.timeline(home.unit.clerk, case)) == 1
    home.unit.clerk.appointments.update(ends_on=START)
    home.unit.head.appointments.update(ends_on=START)
    late(clock)
    assert (told("clock.overdue"), told("clock.vacancy")) == (set(), {home.admin}), (
        "nobody outside hears of it; a post is empty"
    )


def test_an_organisation_without_a_secretary_is_the_offices_and_the_administrators_concern(
    home: factories.House,
) -> None:
    body, _ = organisation(secretary=False)
    case = factories.matter(home)
    held = factories.assignment(home, case)
    clock = clocks.start(case, "evaluation", assignment=held, body=body, anchor_on=START, by=None, now=at(START))

    engine.scan(now=at(clock.due_on, 9))

    assert (told(), told("clock.vacancy")) == ({home.staff}, {home.staff, home.admin})
    row = Message.objects.filter(template="clock.vacancy")[0]
    [words] = render([(row.template, row.subject)], home.staff)
    assert isinstance(words, Rendered) and words.title == f"{body}没有在岗的秘书长或召集人"


# invitations: what stands on a draft ----------------------------------------------------------------------------------


SECRET = "无人知晓的草稿题目"


def invitation(home: factories.House, **holder: Any) -> Obligation:
    """Somebody is asked to co-sign a draft."""
    case = factories.matter(home, exposure=Exposure.DRAFT, number=None, title=SECRET, unit_title=SECRET, office=None)
    case.participants.create(person=appoint(Role.MEMBER), role="first", order=0)
    refresh(case)
    return clocks.start(case, "cosign", anchor_on=START, by=None, now=at(START), **holder)


def test_a_secretary_is_reminded_to_co_sign_and_the_way_leads_there(home: factories.House, client: Client) -> None:
    body, secretary = organisation()
    assert secretary is not None
    member = appoint(Role.MEMBER)
    for clock, person in ((invitation(home, body=body), secretary), (invitation(home, person=member), member)):
        engine.scan(now=at(clock.due_on, 9))
        row = Message.objects.exclude(template="sending").get(recipient=person, about=clock.pk)
        [words] = render([(row.template, row.subject)], person)

        assert isinstance(words, Rendered), "the invited may know of it"
        assert "联名确认" in words.title and SECRET not in repr(words)
        assert words.url == reverse("proposals:invitations")
        client.force_login(person)
        assert client.get(words.url).status_code == 200
        why = client.get(reverse("handling:why", args=[clock.public_id]))
        assert why.status_code == 200 and SECRET not in why.content.decode()


def test_an_invitation_that_reaches_nobody_alarms_and_opens_no_draft_to_the_office(
    home: factories.House, client: Client
) -> None:
    body, _ = organisation(secretary=False)
    clock = invitation(home, body=body)
    first = clock.matter.participants.get(role="first").person

    engine.scan(now=at(clock.due_on, 9))

    assert (told(), told("clock.vacancy")) == ({first}, {home.staff, home.admin})
    client.force_login(home.staff)
    assert client.get(reverse("handling:why", args=[clock.public_id])).status_code == 404


def test_a_preview_counts_what_the_viewer_may_not_see_and_the_command_names_nothing(
    home: factories.House, client: Client, tmp_path: Path
) -> None:
    draft = invitation(home, person=appoint(Role.MEMBER))
    seen = factories.reply_clock(home, fixed_on=draft.due_on)
    year = year_with(draft.due_on)

    def preview(person: Person | None) -> tuple[list[str], list[tuple[str, int]]]:
        effect = moving.effect_of(year, viewer=person, now=at(START))
        return [one.label for one in effect.moved], [(one.stage, one.amount) for one in effect.counted]

    assert preview(home.staff) == ([seen.matter.label], [("联名确认", 1)])
    assert preview(home.admin) == preview(None) == ([], [("答复", 1), ("联名确认", 1)])

    file = tmp_path / "2026.json"
    off = {day.isoformat(): name for day, name in year.off.items()}
    work = {day.isoformat(): name for day, name in year.work.items()}
    file.write_text(json.dumps({"year": 2026, "notice": year.notice, "off": off, "work": work}), encoding="utf-8")
    for more in ([], ["--json"]):
        out = StringIO()
        call_command("calendar", "load", str(file), "--dry-run", *more, stdout=out)
        assert "联名确认" in out.getvalue() and SECRET not in out.getvalue()
        assert seen.matter.label not in out.getvalue()


def test_the_page_before_an_edit_names_no_draft(home: factories.House, client: Client) -> None:
    today = timezone.localdate()
    clock = invitation(home, person=appoint(Role.MEMBER))
    workday = workdays.working_calendar().add(today, 30)
    Obligation.objects.filter(pk=clock.pk).update(anchor_on=today, fixed_on=workday, due_on=workday)
    for person in (home.staff, home.admin):
        client.force_login(person)
        page = client.post(
            reverse("clock_settings:local_day"), {"on": workday.isoformat(), "is_workday": "0", "name": "本地休息"}
        ).content.decode()
        assert "将使 1 项进行中的期限变动" in page and "联名确认 1 项" in page
        assert SECRET not in page
