"""Pages that were overtaken, days that cannot be, the same thing twice: a sentence, and nothing that was typed is lost."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.days import start_of
from members.errors import Refused, WrongStep
from members.uploads import Use, check
from proposals.handling import clocks
from proposals.handling.actions import Paper
from proposals.handling.models import EventPayload, Reason
from proposals.reports.actions import (
    adopting,
    assigning,
    bulletins,
    combining,
    delivering,
    editing,
    opinions,
    screening,
)
from proposals.reports.models import Adoption, Instruction, Recipient, Report, Series, Status
from tests.factories import SessionFactory, appoint
from tests.reports.factories import NOW, report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in, told, verbs
from tests.reports.test_outcomes import Outside
from tests.uploads.made import pdf, upload

pytestmark = pytest.mark.django_db


def test_what_a_member_typed_into_a_report_that_was_handed_in_meanwhile_stays() -> None:
    member = appoint(Role.MEMBER)
    client, one = signed_in(member), report(member)
    said = {"title": "标题", "situation": "又想起的情况𠮷䶮😀", "suggestion": "建议", "access": "open"}

    answer = client.post(reverse("reports:write", args=[one.public_id]), said)
    kept = client.post(reverse("reports:autosave", args=[one.public_id]), said)

    assert answer.status_code == kept.status_code == 422
    assert "又想起的情况𠮷䶮😀" in answer.content.decode() and "现在是“待筛选”，不能再改" in answer.content.decode()
    assert "不能再改" in kept.json()["sentence"]
    assert client.get(reverse("reports:write", args=[one.public_id])).status_code == 404
    assert signed_in(appoint(Role.MEMBER)).post(reverse("reports:write", args=[one.public_id]), said).status_code == 404
    url, reason = reverse("reports:withdraw", args=[one.public_id]), {"reason": "写错了"}
    assert [client.post(url, reason).status_code for _ in range(2)] == [302, 422]


def test_what_was_typed_about_a_report_that_a_colleague_decided_stays() -> None:
    office = Office()
    gone, moved = report(status=Status.WITHDRAWN), office.ready(title="通道")
    other, issue = office.ready(title="路灯"), office.signed(office.ready(title="井盖"))
    Report.objects.filter(pk=moved.pk).update(status=Status.SIGNING)
    staff, editor = signed_in(office.staff), signed_in(office.editor)
    cases: list[tuple[Any, str, Any, dict[str, str]]] = [
        (staff, "screen", gone, {}),
        (staff, "accept", gone, {}),
        (staff, "refer", gone, {"to": "市城管局转送", "on": "2026-03-05"}),
        (staff, "lead", gone, {"consent": "电话同意转送"}),
        (staff, "set_level", gone, {"access": "internal", "reason": "不宜公开转送"}),
        (editor, "edit", moved, {"title": "标题", "text": "写了一半的转送稿"}),
        (editor, "arrange", issue, {f"place_{other.public_id}": "1"}),
    ]
    for client, name, row, data in cases:
        url = reverse(f"reports:{name}", args=[row.public_id])
        answer = client.post(url, data)
        body = answer.content.decode()
        assert (answer.status_code, "现在是“" in body) == (422, True), name
        assert all(said in body for said in data.values()), name
        assert client.get(url).status_code == 404, name


def test_an_adoption_that_was_taken_back_is_not_taken_back_again() -> None:
    outside = Outside()
    url = reverse("reports:drop_adoption", args=[outside.adopted().public_id])
    client = signed_in(outside.staff)

    assert [client.post(url, {"reason": "登记错了"}).status_code for _ in range(2)] == [302, 422]
    assert Adoption.objects.standing().count() == 0
    outside.instructed()
    with pytest.raises(WrongStep, match="已经登记过了"):
        outside.instructed()
    outside.instructed(text="另一份批示。")
    assert Instruction.objects.count() == 2


def test_nothing_happened_before_a_report_came_in() -> None:
    office = Office()
    wrong = date(1901, 1, 1)
    with pytest.raises(Refused, match="日期不能早于2026-03-04，那时信息还没有提交"):
        screening.refer_original(report(), to="市城管局", on=wrong, by=office.staff, now=office.now())
    entered = report(entered_by=office.staff)
    screening.refer_original(entered, to="市城管局", on=date(2026, 1, 9), by=office.colleague, now=office.now())
    issue = bulletins.send_issue_up(office.issue(), by=office.staff, now=office.now())
    sheet = Paper("某主任", wrong, "签发稿纸")
    with pytest.raises(Refused, match="请核对年份") as refused:
        bulletins.sign_issue(issue, agrees=True, paper=sheet, by=office.colleague, now=NOW)
    assert refused.value.field == "paper_on"


def test_a_wrong_instruction_is_taken_back(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.ZONE = tmp_path, "government"
    outside = Outside()
    scan = check(upload("批示.pdf", pdf()), use=Use.ATTACHMENT)
    order, seen = outside.instructed(file=scan), outside.instructed(kind="read", text="")
    client = signed_in(outside.staff)
    page = client.get(outside.main.get_absolute_url()).content.decode()
    urls = [reverse("reports:drop_instruction", args=[row.public_id]) for row in (order, seen)]
    assert all(url in page for url in urls) and "撤销某市长的登记" in page
    assert urls[0] not in signed_in(outside.first).get(outside.main.get_absolute_url()).content.decode()

    assert client.post(urls[0], {"reason": " "}).status_code == 422
    assert [client.post(url, {"reason": "登记到别人名下"}).status_code for url in urls] == [302, 302]
    assert client.post(urls[0], {"reason": "再撤"}).status_code == 404
    assert not Instruction.objects.exists() and not outside.main.matter.attachments.kept().exists()
    assert told(outside.first)[-1] == told(outside.second)[-1] == "report_instruction_dropped"
    assert verbs(outside.main)[-2:] == ["report_instruction_dropped", "report_read_dropped"]
    with pytest.raises(WrongStep, match="已经撤销"):
        adopting.drop_instruction(order, reason="再撤", by=outside.staff, now=outside.now())


def test_what_units_have_in_hand_or_others_went_into_goes_no_other_way() -> None:
    outside = Outside()
    passed_on = report()
    screening.refer_original(passed_on, to="市住建局", by=outside.staff, now=outside.now())
    passed_on.refresh_from_db()
    part = assigning.assign_report(passed_on, lead=outside.unit, by=outside.staff, now=outside.now()).assignments[0]
    main, asked = outside.ready(), {"by": outside.staff, "now": outside.now()}
    with pytest.raises(WrongStep, match="已交承办单位办理"):
        screening.accept(passed_on, **asked)
    with pytest.raises(WrongStep, match="已交承办单位办理"):
        combining.combine(main, [passed_on], **asked)
    outside.answered(part)
    assigning.feed_back(passed_on, text="已划线。", **asked)
    assert screening.accept(passed_on, **asked).status == Status.EDITING
    second = report(status=Status.EDITING)
    combining.combine(passed_on, [second], **asked)
    editing.save_edition(passed_on, title="通道", text="通道的情况。", by=outside.editor, now=outside.now())
    outside.issued(passed_on)
    anew = assigning.assign_report(passed_on, lead=outside.unit, by=outside.staff, now=outside.now()).assignments[0]
    assert (anew.pk == part.pk, told(outside.clerk)[-1]) == (False, "assigned")
    assert Report.objects.get(pk=passed_on.pk).matter.closed_at is None

    first = report()
    combining.combine(first, [report()], **asked)
    ground = Reason.objects.filter(use="report_back")[0]
    with pytest.raises(Refused, match="请先取消合并"):
        screening.give_back(first, reason=ground, text="请补充", **asked)


def test_who_only_signs_enters_nobody_elses_paper() -> None:
    office = Office()
    issue = office.signed()
    bulletins.take_issue_back(issue, by=office.staff, now=office.now())
    issue = bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    paper = Paper("闻达", NOW.date(), "核稿单")
    with pytest.raises(Refused, match="由社情民意工作人员登记"):
        bulletins.sign_issue(issue, agrees=True, paper=paper, by=office.head, now=office.now())


def test_what_was_entered_wrong_of_a_sending_is_put_right() -> None:
    outside = Outside()
    issue, day = outside.issue_made, NOW.date()
    first, second = Recipient.objects.current()[:2]
    facts: Any = {"on": day, "how": "paper", "by": outside.staff, "now": outside.now()}
    slip, wrong = delivering.deliver(issue, [first, second], **facts)
    client = signed_in(outside.staff)
    back = reverse("reports:record_return", args=[slip.public_id])
    drop = reverse("reports:drop_delivery", args=[wrong.public_id])

    assert client.post(back, {"kind": "read", "on": day, "version": "0"}).status_code == 302
    assert client.post(back, {"kind": "transfer", "on": day, "version": "0"}).status_code == 409
    page = client.get(issue.get_absolute_url()).content.decode()
    assert "更正退回" in page and drop in page and reverse("reports:drop_delivery", args=[slip.public_id]) not in page
    assert client.post(back, {"kind": "instruction", "on": day, "version": "1"}).status_code == 302
    slip.refresh_from_db()
    assert slip.returned == "instruction"
    order = outside.instructed(delivery=slip)
    answer = client.post(back, {"kind": "read", "on": day, "version": "1"})
    assert (answer.status_code, "请先在信息页撤销" in answer.content.decode()) == (422, True)
    with pytest.raises(WrongStep, match="不能撤销发送记录"):
        delivering.drop_delivery(slip, reason="错", by=outside.staff, now=outside.now())

    assert client.post(drop, {"reason": "选错了单位"}).status_code == 302
    assert (order.delivery, list(issue.deliveries.all())) == (slip, [slip])
    assert verbs(outside.main)[-1] == "report_delivery_dropped"
    assert len(delivering.deliver(issue, [second], **facts)) == 1


def test_the_desks_of_editors_say_what_waits_and_find_it() -> None:
    office = Office()
    mine, asked, bare = office.ready(title="通道"), office.ready(title="路灯"), report(status=Status.EDITING)
    editing.save_edition(asked, title="路灯", text="路灯不亮。", by=office.staff, now=office.now())
    asked.editions.filter(number=2).update(state="asked")
    office.signed(office.ready(title="井盖"))
    editor, url = signed_in(office.editor), reverse("reports:editing")

    def found(query: str) -> list[int]:
        return sorted(row.pk for row in editor.get(f"{url}?{query}").context["page_obj"])

    assert found("who=me") == [mine.pk]
    assert (found("who=other"), found("edition=none")) == ([asked.pk], [bare.pk])
    assert (found("edition=asked"), found("access=internal")) == ([asked.pk], [])
    assert found(f"q={bare.matter.number}") == [bare.pk]
    assert "待编发的刊物" in signed_in(office.staff).get(reverse("portal:desk")).content.decode()
    assert "待编发的刊物" not in editor.get(reverse("portal:desk")).content.decode()
    first = start_of(date(2026, 3, 5))
    Report.objects.filter(pk=mine.pk).update(submitted_at=first)
    Report.objects.filter(pk=asked.pk).update(submitted_at=first - timedelta(seconds=1))

    def handed_in(query: str) -> list[int]:
        page = signed_in(office.staff).get(f"{reverse('reports:list')}?{query}").context["page_obj"]
        return [row.pk for row in page]

    assert handed_in("since=2026-03-05") == [mine.pk]
    assert (len(handed_in("until=2026-03-04")), handed_in("since=2026-03-05&until=2026-03-04")) == (3, [])
    assert len(handed_in("since=0001-01-01&until=9999-12-31")) == 4


def test_the_office_writes_and_takes_back_for_somebody_on_the_telephone() -> None:
    author, staff = appoint(Role.MEMBER), appoint(Role.REPORT_STAFF)
    client, one = signed_in(staff), report(author)
    url = reverse("reports:withdraw", args=[one.public_id])
    assert url in client.get(one.get_absolute_url()).content.decode()
    assert client.get(url).status_code == 200

    assert client.post(url, {"reason": "情况已经解决"}).status_code == 422
    assert client.post(url, {"reason": "情况已经解决", "said": "3月6日电话"}).status_code == 302

    facts = EventPayload.objects.filter(event__matter=one.matter).order_by("-pk").values_list("facts", flat=True)
    assert facts[0]["reason"] == "情况已经解决（反映人3月6日电话要求，代录）"
    assert told(author)[-1] == "report_withdrawn"
    back = report(author, status=Status.RETURNED, entered_by=staff)
    page = client.get(back.get_absolute_url()).content.decode()
    assert reverse("reports:write", args=[back.public_id]) in page
    assert client.get(reverse("reports:write", args=[back.public_id])).status_code == 200


def test_a_member_finds_his_own_reports_and_numbers_out_of_reach_are_named() -> None:
    member = appoint(Role.MEMBER)
    first, second = report(member), report(member, status=Status.KEPT)
    client, url = signed_in(member), reverse("reports:mine")

    assert [row.pk for row in client.get(f"{url}?stage=kept").context["page_obj"]] == [second.pk]
    wide = str(first.matter.number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for number in (first.matter.number, wide):
        assert [row.pk for row in client.get(f"{url}?q={number}").context["page_obj"]] == [first.pk]
    outside = Outside()
    deliver = reverse("reports:deliver", args=[outside.issue_made.public_id])
    data = {"recipients": ["zz"], "on": "2026-03-05", "how": "paper", "copies": "99999"}
    assert "每处份数不能大于 999。" in signed_in(outside.staff).post(deliver, data).content.decode()
    Series.objects.filter(code="general").update(ended_on=NOW.date())
    ended = {"series": Series.objects.get(code="general").public_id}
    answer = signed_in(outside.editor).post(reverse("reports:compose"), ended)
    assert "所选的刊物已不能选择，请刷新页面后重新选择。" in answer.content.decode()


def test_an_opinion_is_not_dated_into_another_time() -> None:
    staff, member = appoint(Role.REPORT_STAFF), appoint(Role.MEMBER)
    SessionFactory()
    said: Any = {"title": "路灯", "text": "路灯不亮。", "authors": [member], "by": staff, "now": NOW}
    with pytest.raises(Refused, match="请核对年份") as refused:
        opinions.enter_opinion("letter", on=date(2016, 3, 4), **said)
    assert refused.value.field == "on"


def test_whose_report_went_into_another_reads_how_far_that_one_is() -> None:
    outside = Outside()
    client = signed_in(outside.second)
    page = client.get(reverse("reports:mine")).content.decode()

    assert "您的贡献同样记录。已经刊发。" in page
    assert "您的贡献同样记录。已经刊发。" in client.get(outside.other.get_absolute_url()).content.decode()


def test_what_must_be_screened_today_is_counted_and_listed() -> None:
    office = Office()
    late, free = report(), report()
    body, today = office.staff.appointments.get().body, timezone.localdate()
    for one, day in ((late, NOW.date()), (free, today)):
        facts: Any = {"stage": "report_screening", "body": body, "by": None, "now": NOW}
        clocks.start(one.matter, "report_screening", anchor_on=day, **facts)
    client = signed_in(office.staff)

    found = client.get(reverse("reports:screening") + "?group=due").context["page_obj"]
    assert [row.pk for row in found] == [late.pk]
    assert "筛选今天到期或已过期" in client.get(reverse("portal:desk")).content.decode()
