"""A day that hangs on a year whose holidays are not known is marked 暂定 wherever it stands, until they are."""

from datetime import date

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.celery import app
from members import keys
from members.inbox.registry import Rendered, render
from proposals.handling import documents, engine, jobs, workdays
from proposals.handling.actions.issuing import prepared_text
from proposals.handling.clockwork.years import Year
from proposals.handling.menu import unit_work
from proposals.handling.models import Assignment, CalendarYear, Checkpoint, EngineClock, Obligation
from proposals.handling.panels import panels_of
from proposals.handling.standing import with_clock
from proposals.handling.views.queues import Queue
from proposals.models import Proposal
from proposals.papers import sheet
from tests.handling.factories import House, assignment, at, house, matter, reply_clock

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
NOVEMBER = date(2026, 11, 2)
NOTICE = Year(
    2027, published=True, notice="国办发明电〔2026〕8号", off={date(2027, 2, 2): "春节", date(2027, 2, 3): "春节"}
)


@pytest.fixture
def home() -> House:
    return house()


def clock_of(home: House) -> Obligation:
    unit = keys.body_key(home.unit.body.pk)
    case = matter(home, readers=[keys.PROPOSAL_OFFICE, unit, keys.ASSIGNING_GOVERNMENT])
    return reply_clock(home, on=NOVEMBER, matter=case, assignment=assignment(home, case))


def everywhere(home: House, clock: Obligation, client: Client) -> dict[str, str]:
    """What each place that prints the day says."""
    client.force_login(home.unit.clerk)
    part = clock.assignment
    assert part is not None
    [words] = render([("clock.soon", {"obligation": clock.pk})], home.unit.clerk)
    assert isinstance(words, Rendered)
    queue = reverse("handling:queue")
    row = with_clock(Assignment.objects.select_related("matter", "unit")).get()
    part.matter.placeholder = True  # a paper that needs no proposal
    return {
        "list": client.get(queue).content.decode(),
        "export": str([column.value(row) for column in Queue.columns]),
        "part": render_to_string("components/unit_table.html", {"units": panels_of(home.staff, clock.matter).units}),
        "why": client.get(reverse("handling:why", args=[clock.public_id])).content.decode(),
        "desk": str([todo.when for todo in unit_work(home.unit.clerk, timezone.localdate()).queues[0].todos]),
        "inbox": words.body,
        "mail": words.outside,
        "sheet": prepared_text(Checkpoint(obligation=clock)),
        "paper": sheet(part, Proposal(matter=part.matter), clock).due,
    }


def test_a_provisional_day_is_marked_on_every_page_mail_and_letter_and_counted_again_when_published(
    home: House, client: Client
) -> None:
    clock = clock_of(home)
    assert (clock.due_on, clock.provisional) == (date(2027, 2, 2), True)
    assert {row.provisional for row in panels_of(home.unit.clerk, clock.matter).units} == {True}
    assert [place for place, text in everywhere(home, clock, client).items() if "暂定" not in text] == []

    workdays.publish(NOTICE)
    engine.refold(now=at(date(2026, 11, 20)))

    clock.refresh_from_db()
    assert (clock.due_on, clock.provisional) == (date(2027, 2, 4), False)
    said = everywhere(home, clock, client)
    assert [place for place, text in said.items() if "暂定" in text] == []
    assert documents.Sheet("1", "", "", "", due_on=clock.due_on).due == "2027年2月4日"


def test_the_warning_of_a_missing_year_is_on_the_beat_and_stops_when_the_year_is_there(home: House) -> None:
    entries = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert jobs.warn_missing_year.name in entries

    offset = at(date(2026, 11, 3)) - timezone.now()
    EngineClock.objects.filter(pk=1).update(mark="test", offset=offset)
    for _ in range(2):
        jobs.warn_missing_year()
    assert home.staff.messages.filter(template="clock.calendar_missing").count() == 1

    workdays.publish(NOTICE)
    assert engine.warn_missing_year(now=at(date(2026, 11, 4))) is None
    assert CalendarYear.objects.get(year=2027).status == "published"
