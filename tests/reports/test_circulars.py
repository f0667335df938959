"""A circular equals a table made by hand; what leaves the office points to nobody; quotas and their fulfilment (P30, S20)."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document

from members.choices import BodyKind, Role
from members.errors import Refused
from members.models import Membership, Person
from proposals.handling.models import Access, Participant
from proposals.reports.actions import adopting, combining
from proposals.reports.actions.quotas import set_quota
from proposals.reports.circulars import COLUMNS, Line, circular, period_of, recent, shown
from proposals.reports.models import Quota, Report, Status
from proposals.reports.quotas import fulfilment
from tests.factories import BodyFactory, appoint
from tests.html import assert_valid
from tests.reports.factories import NOW, report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in

pytestmark = pytest.mark.django_db
MARCH, YEAR = period_of("2026-03"), period_of("2026")


def figures(line: Line) -> tuple[int, ...]:
    return tuple(len(line.found[name]) for name in COLUMNS)


def member(name: str, sector: Any) -> Person:
    person = appoint(Role.MEMBER, name=name)
    Membership.objects.filter(person=person).update(sector=sector)
    return person


def test_a_circular_equals_the_table_made_by_hand() -> None:
    """Lin: one issued with Bai's put into it, adopted by the province and instructed; one kept. Fang: one of February."""
    office = Office()
    economy, law = (BodyFactory(name=name, kind=BodyKind.SECTOR) for name in ("经济界测试", "社会法制界测试"))
    lin, bai, fang = member("林溪", economy), member("白露", law), member("方舟", law)
    main = office.ready(lin, title="通道")
    main.matter.record("report_accepted", by=office.staff, now=office.now())
    combining.combine(main, [report(bai)], by=office.editor, now=office.now())
    report(lin, status=Status.KEPT)
    report(fang, bai, now=NOW - timedelta(days=20), access=Access.INTERNAL)
    secret = report(fang, access=Access.SENSITIVE)
    office.issued(main)
    main = Report.objects.get(pk=main.pk)
    outside: dict[str, Any] = {"by": office.staff, "now": office.now() + timedelta(days=9)}
    day = date(2026, 3, 9)
    adopting.record_adoption(main, level="province", adopter="省政协", form="combined", on=day, **outside)
    adopting.record_adoption(main, level="city", adopter="市委办公室", form="single", on=day, **outside)
    order: dict[str, Any] = {"level": "city", "leader_name": "某", "on": day}
    adopting.record_instruction(main, kind="instruction", text="请研办。", **order, **outside)
    adopting.record_instruction(main, kind="read", **order, **outside)
    assert MARCH and YEAR

    by_member = circular(MARCH, "member", office.staff)

    # submitted, accepted, issued | adopted: nation, province, city, county | instructed: nation, province, city, county
    assert {line.label: figures(line) for line in by_member.lines} == {
        "林溪": (2, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0),
        "白露": (1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0),
        "方舟": (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    assert figures(by_member.total) == (4, 2, 2, 2, 0, 2, 2, 0, 2, 0, 0, 2, 0)
    assert by_member.total.found["adopted_province"] == {
        main.pk,
        *Report.objects.filter(status="combined").values_list("pk", flat=True),
    }
    assert {line.label: figures(line) for line in circular(MARCH, "sector", office.staff).lines} == {
        "经济界测试": (2, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0),
        "社会法制界测试": (2, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0),
    }  # fmt: skip
    assert {line.label: figures(line)[0] for line in circular(YEAR, "level", office.staff).lines} == {
        "公开": 3, "内部": 1, "敏感": 1,
    }  # fmt: skip
    assert figures(circular(YEAR, "source", office.staff).total)[0] == 5
    assert secret.pk in by_member.total.found["submitted"]
    assert secret.pk not in circular(MARCH, "member", office.staff, outside=True).total.found["submitted"]
    assert figures(circular(MARCH, "member", appoint(Role.PROPOSAL_STAFF)).total) == (0,) * len(COLUMNS)


def test_periods_and_small_figures() -> None:
    assert [period_of(code) for code in ("", "26", "2026-13", "2026-Q5", "2026-3", "x-Q1")] == [None] * 6
    codes = [period.code for period in recent(date(2026, 2, 3))]
    assert codes[:3] == ["2026-02", "2026-01", "2025-12"] and codes[-3:] == ["2026-Q1", "2026", "2025"]
    assert [shown(amount) for amount in (0, 1, 4, 5)] == ["0", "不足5", "不足5", "5"]


def test_sources_and_what_they_were_asked_for() -> None:
    office, on = Office(), date(2026, 3, 20)
    committee = BodyFactory(name="教科文卫委测试", kind=BodyKind.CPPCC_COMMITTEE)
    reporter = appoint(Role.INVITED_REPORTER, name="邱实")
    start = {"starts_on": date(2026, 1, 1), "by": office.staff, "now": timezone.now()}
    set_quota(committee, per="month", amount=2, **start)  # type: ignore[arg-type]  # keywords
    set_quota(None, per="quarter", amount=1, **start)  # type: ignore[arg-type]  # keywords
    of_body = report(appoint(Role.MEMBER))
    of_body.matter.participants.create(body=committee, role=Participant.Role.AUTHOR, order=1)
    report(reporter, now=NOW - timedelta(days=40))

    rows = fulfilment(office.staff, on=on)

    assert [(str(row.source), row.period.code, len(row.reports), row.missing) for row in rows] == [
        ("教科文卫委测试", "2026-03", 1, 1), ("邱实", "2026-Q1", 1, 0),
    ]  # fmt: skip
    april = {**start, "starts_on": date(2026, 4, 1)}
    set_quota(committee, per="month", amount=3, **april)  # type: ignore[arg-type]  # keywords
    assert [row.amount for row in Quota.objects.in_force(on).filter(body=committee)] == [2]
    with pytest.raises(Refused, match="应晚于现行任务的开始日期"):
        set_quota(committee, per="month", amount=4, **april)  # type: ignore[arg-type]  # keywords
    set_quota(committee, per="month", amount=0, **{**start, "starts_on": date(2026, 5, 1)})  # type: ignore[arg-type]  # keywords
    assert not Quota.objects.in_force(date(2026, 5, 2)).filter(body=committee).exists()
    with pytest.raises(Refused, match="不需要停止"):
        set_quota(committee, per="month", amount=0, **{**start, "starts_on": date(2026, 6, 1)})  # type: ignore[arg-type]  # keywords


def test_figures_lead_to_their_reports_and_a_table_may_leave() -> None:
    office = Office()
    authors = [appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")]
    for _ in range(5):
        report(authors[0])
    few = report(authors[1])
    client = signed_in(office.staff)
    where = {"period": "2026-03", "by": "member"}

    page = client.get(reverse("reports:circulars"), where)
    assert_valid(page.content)
    [(_, cells)] = [line for line in page.context["lines"] if line[0] == "白露"]
    listed = client.get(f"{reverse('reports:circulars')}{cells[0][1]}").content.decode()
    assert str(few.matter.number) in listed and page.context["lines"][0][1][0][0] == 5

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("reports:circulars"), where)
        return len(caught)

    one = queries()
    report(authors[1])
    assert queries() == one <= 12
    file = client.get(reverse("reports:circular_file"), {**where, "format": "docx"})
    table = Document(io.BytesIO(b"".join(file.streaming_content))).tables[0]  # type: ignore[attr-defined]  # a file
    rows = [[cell.text for cell in row.cells][:2] for row in table.rows]
    assert rows == [["委员", "提交"], ["林溪", "5"], ["其余1个", "不足5"], ["合计", "—"]]
    file = client.get(reverse("reports:circular_file"), {**where, "format": "xlsx"})
    assert b"".join(file.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]  # a file
    assert signed_in(authors[0]).get(reverse("reports:circulars")).status_code == 403


def test_the_pages_of_quotas_and_points() -> None:
    office, reporter = Office(), appoint(Role.INVITED_REPORTER, name="邱实")
    client = signed_in(office.staff)
    first = str(timezone.localdate().replace(day=1))

    assert_valid(client.get(reverse("reports:set_quota")).content)
    answer = client.post(
        reverse("reports:set_quota"), {"body": "", "per": "month", "amount": "2", "starts_on": first}, follow=True
    )
    assert "还差 2 篇" in answer.content.decode()
    assert_valid(answer.content)
    assert "邱实" in signed_in(reporter).get(reverse("reports:quotas")).content.decode()
    assert "邱实" not in signed_in(appoint(Role.MEMBER)).get(reverse("reports:quotas")).content.decode()
    assert client.get(reverse("reports:quotas"), {"month": "0000-99"}).status_code == 200
    assert signed_in(reporter).get(reverse("reports:set_quota")).status_code == 403
    day = str(timezone.localdate())
    data = {"merit": "single", "level": "nation", "points": "25", "starts_on": day}
    answer = client.post(reverse("reports:set_credit"), data, follow=True)
    assert_valid(answer.content)
    assert "25.0" in answer.content.decode()
