"""Two of the report office at once: no number twice, and a sentence for whoever comes second."""

from datetime import date
from functools import partial

import pytest

from proposals.reports.actions import bulletins, quotas
from proposals.reports.models import Issue, Quota
from tests.handling.test_races import at_once
from tests.reports.test_bulletins import Office

pytestmark = pytest.mark.django_db(transaction=True)


def test_issues_numbered_at_once_follow_one_another_and_one_of_two_sets_a_quota() -> None:
    office = Office()
    signed = [office.signed(office.ready(title=title)) for title in ("通道", "路灯")]
    now = office.now()

    came = at_once(*(partial(bulletins.issue_now, issue, by=office.staff, now=now) for issue in (*signed, signed[0])))
    assert sorted(came) == ["WrongStep", "done", "done"]
    assert set(Issue.objects.values_list("number", flat=True)) == {1, 2}

    asked = {"per": "month", "amount": 2, "starts_on": date(2026, 3, 1), "now": now}
    both = (partial(quotas.set_quota, None, by=person, **asked) for person in (office.staff, office.colleague))
    assert sorted(at_once(*both)) in (["WrongStep", "done"], ["Refused", "done"])
    assert Quota.objects.count() == 1
