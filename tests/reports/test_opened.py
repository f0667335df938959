"""Issues that the committee opens to members: their words to read, in the panel of whoever writes, and nobody's name (S11, S20)."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import AuditEntry, AuditFacts
from proposals.handling.actions import suspend
from proposals.handling.models import Access, Matter
from proposals.reports import actions
from proposals.reports.actions import bulletins
from proposals.reports.hands import similar_to
from proposals.reports.models import Issue, Words
from tests.factories import appoint
from tests.html import assert_valid
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in

pytestmark = pytest.mark.django_db
LIST = "reports:opened"


def test_an_issue_is_opened_read_by_members_offered_to_writers_and_closed_again() -> None:
    office = Office()
    author, member = appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")
    words = Words("夜间施工噪声扰民", "情况。", "", "建议。")
    own = office.ready(author, title=words.title, words=words, shows_name=True)
    issue = office.issued(own, office.ready(title="路灯"))
    reader, staff = signed_in(member), signed_in(office.staff)
    page, way = (
        reverse("reports:opened_issue", args=[issue.public_id]),
        reverse("reports:open_issue", args=[issue.public_id]),
    )
    assert reader.get(page).status_code == 404 and similar_to("夜间施工噪声", member) == []
    assert way in staff.get(issue.get_absolute_url()).content.decode()
    assert staff.get(way).status_code == 200 and signed_in(office.editor).get(way).status_code == 403

    assert staff.post(way).status_code == 302

    assert staff.post(way).status_code == 422
    assert str(issue) in reader.get(reverse(LIST)).content.decode()
    shown = reader.get(page).content.decode()
    assert_valid(shown)
    assert "夜间施工噪声扰民的情况" in shown and "林溪" not in shown and office.editor.name not in shown
    [found] = similar_to("夜间施工噪声", member)
    assert (found.what, found.url, found.state) == ("夜间施工噪声扰民", page, "已向委员开放")
    assert [one.url for one in similar_to("夜间施工噪声", author)] == [own.get_absolute_url()]
    assert issue.items.get(order=1).report.matter.sights.filter(person=member).exists()
    assert signed_in(appoint(Role.UNIT_CLERK)).get(page).status_code == 403

    close = reverse("reports:close_issue", args=[issue.public_id])
    assert staff.post(close, {"reason": ""}).status_code == 422
    assert staff.post(close, {"reason": "内容有变化"}).status_code == 302
    assert reader.get(page).status_code == 404 and similar_to("夜间施工噪声", member) == []
    acts = AuditEntry.objects.filter(subject=str(issue.public_id), verb__endswith="_issue").order_by("pk")
    assert [row.verb for row in acts][-2:] == ["reports.open_issue", "reports.close_issue"]
    kept = AuditFacts.objects.filter(entry__in=acts).values_list("facts", flat=True)
    assert "内容有变化" not in str(list(kept)), "why stands where a purge reaches it"
    assert "不再向委员开放：内容有变化" in staff.get(own.get_absolute_url()).content.decode()


def test_what_is_not_public_or_out_of_sight_is_not_there_for_members() -> None:
    office = Office()
    inside, draft = office.issued(office.ready(access=Access.INTERNAL)), office.issue()
    with pytest.raises(Refused, match="只有公开级的刊物"):
        bulletins.open_to_members(inside, by=office.staff, now=office.now())
    with pytest.raises(WrongStep, match="现在是“组稿中”"):
        bulletins.open_to_members(draft, by=office.staff, now=office.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Issue.objects.filter(pk=inside.pk).update(opened_on=office.moment.date())
    raised, hidden, left = (office.ready(title=title) for title in ("电梯困人", "井盖丢失", "路灯不亮"))
    issue = bulletins.open_to_members(office.issued(raised, hidden, left), by=office.staff, now=office.now())
    reader, page = signed_in(appoint(Role.MEMBER)), reverse("reports:opened_issue", args=[issue.public_id])

    actions.set_level(raised, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    suspend(Matter.objects.get(pk=hidden.matter_id), reason="疑似涉密", by=office.staff, now=office.now())

    shown = reader.get(page).content.decode()
    assert "路灯不亮" in shown and "电梯困人" not in shown and "井盖丢失" not in shown
    member = appoint(Role.MEMBER)
    assert [similar_to(title, member) for title in ("电梯困人", "井盖丢失")] == [[], []]
    actions.set_level(left, Access.INTERNAL, reason="不宜公开", by=office.staff, now=office.now())
    assert reader.get(page).status_code == 404 and str(issue) not in reader.get(reverse(LIST)).content.decode()


def test_the_list_asks_as_much_for_one_as_for_three() -> None:
    office, costs = Office(), []
    client = signed_in(appoint(Role.MEMBER))
    for amount in (1, 1, 2):
        for _ in range(amount):
            bulletins.open_to_members(office.issued(office.ready()), by=office.staff, now=office.now())
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(LIST)).status_code == 200
        costs.append(len(asked))
    assert costs[1] == costs[2] <= 12
