"""One definition of late: the desk, the queue's tab and the list say the same."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from members.desk import work_of
from members.shown import Count
from proposals.handling.models import Obligation
from tests.handling.conftest import House, give, part_of
from tests.handling.test_pages_thread import signed_in


def test_desk_tab_and_list_count_the_same_late_parts(house: House) -> None:
    late, passed = give(house), give(house)
    today = timezone.localdate()
    for matter, stages in ((late, ["sign_for"]), (passed, ["objection_window"])):
        clocks = Obligation.objects.filter(assignment=part_of(matter, house.unit))
        clocks.exclude(stage__in=stages).update(due_on=today + timedelta(days=30))
        clocks.filter(stage__in=stages).update(started_on=today - timedelta(days=9), due_on=today - timedelta(days=1))

    for person, list_of in ((house.clerk, "queue"), (house.officer, "ledger"), (house.staff, "ledger")):
        counts = {count.label: count for count in work_of(person, today).counts if isinstance(count, Count)}
        page = signed_in(person).get(reverse(f"handling:{list_of}"), {"tab": "overdue"})
        assert counts["已逾期"].value == 1
        assert counts["已逾期"].url.endswith("tab=overdue")
        assert [row.matter_id for row in page.context["page_obj"].rows] == [late.pk]
        assert "签收逾期" in page.content.decode()
        assert next(tab.amount for tab in page.context["tabs"] if tab.current) == 1

    todos = work_of(house.clerk, today).queues[0].todos
    assert todos[0].due_on == today - timedelta(days=1)
    assert all("退回" not in todo.note for todo in todos)
