"""Two at once: no number twice, a sentence for whoever comes second, and neither waits for the other for ever."""

from datetime import date
from functools import partial

import pytest

from members.choices import Role
from proposals.actions.from_report import begin_from_report
from proposals.handling.actions import suspend
from proposals.handling.models import Exposure, Matter, Stage, Suspension
from proposals.reports.actions import bulletins, quotas
from proposals.reports.models import Issue, Quota, Status
from tests.factories import appoint
from tests.handling.test_races import at_once
from tests.reports.factories import report
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


def test_a_report_and_the_proposal_made_of_it_are_suspended_at_once() -> None:
    office, author, keeper = Office(), appoint(Role.MEMBER), appoint(Role.PROPOSAL_STAFF)
    lead = report(author, status=Status.TURNED)
    draft = begin_from_report(lead, by=author, now=office.now()).matter
    Matter.objects.filter(pk=draft.pk).update(exposure=Exposure.OFFICE, stage=Stage.FILED, number="12")
    pair = [(Matter.objects.get(pk=lead.matter_id), office.staff), (Matter.objects.get(pk=draft.pk), keeper)]

    came = at_once(*(partial(suspend, one, reason="疑似涉密", by=by, now=office.now()) for one, by in pair))

    assert came == ["done", "done"]
    assert Suspension.objects.count() == 2
