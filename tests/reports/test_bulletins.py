"""Issues of bulletins: put together, checked and signed, issued once under the next number, laid out, sent and kept."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import LongJob
from members.inbox.registry import Rendered, render
from members.models import AuditEntry, Delegation, Person
from proposals.handling import owners
from proposals.handling.actions import suspend
from proposals.handling.models import Access
from proposals.handling.pdf import missing
from proposals.reports import bulletin_files
from proposals.reports.actions import bulletins, combining, delivering, editing
from proposals.reports.actions import series as rows
from proposals.reports.models import Delivery, Edition, Issue, Recipient, Report, Series, Status
from tests.factories import appoint
from tests.reports.factories import NOW, report
from tests.reports.test_editing import signed_in, told, verbs

pytestmark = pytest.mark.django_db


class Office:
    """Who works on bulletins, and reports that are ready for one."""

    def __init__(self) -> None:
        self.editor = appoint(Role.REPORT_EDITOR, name="文心")
        self.staff = appoint(Role.REPORT_STAFF, name="言成")
        self.colleague = appoint(Role.REPORT_STAFF, name="闻达")
        self.head = appoint(Role.SECRETARY_GENERAL, name="周正")
        self.moment = NOW

    def now(self) -> Any:
        self.moment += timedelta(minutes=1)
        return self.moment

    def ready(self, *authors: Person, title: str = "消防通道被占用", **facts: Any) -> Report:
        one = report(*authors, status=Status.EDITING, **facts)
        editing.save_edition(one, title=title, text=f"{title}的情况。\n建议整治。", by=self.editor, now=self.now())
        return one

    def issue(self, *reports: Report, code: str = "general", **facts: Any) -> Issue:
        series = Series.objects.get(code=code)
        return bulletins.compose(series, reports or [self.ready()], by=self.editor, now=self.now(), **facts)

    def signed(self, *reports: Report, **facts: Any) -> Issue:
        issue = bulletins.send_issue_up(self.issue(*reports, **facts), by=self.staff, now=self.now())
        if issue.series.checked:
            issue = bulletins.sign_issue(issue, agrees=True, by=self.colleague, now=self.now())
        return bulletins.sign_issue(issue, agrees=True, by=self.head, now=self.now())

    def issued(self, *reports: Report, **facts: Any) -> Issue:
        return bulletins.issue_now(self.signed(*reports, **facts), by=self.staff, now=self.now())


@pytest.fixture
def office() -> Office:
    return Office()


def recipient(name: str = "省政协办公厅") -> Recipient:
    return Recipient.objects.get(name=name)


def status(one: Report) -> str:
    return Report.objects.get(pk=one.pk).status


def test_from_the_editors_to_a_number(office: Office) -> None:
    first, second = appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")
    main, other = office.ready(first, title="通道"), office.ready(title="路灯")
    combining.combine(main, [report(second)], by=office.editor, now=office.now())

    issue = office.issue(other, main)
    bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    assert (status(main), told(office.colleague)[-1], told(office.head)) == (Status.SIGNING, "issue_to_check", [])
    with pytest.raises(Refused, match="送签人不能自己核稿"):
        bulletins.sign_issue(issue, agrees=True, by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    assert told(office.head) == ["issue_to_sign"]
    [said] = render([("issue_to_sign", {"issue": str(issue.public_id)})], office.head)
    assert isinstance(said, Rendered) and said.url == reverse("reports:sign_issue", args=[issue.public_id])
    with pytest.raises(Refused, match="等秘书长签发"):
        bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.head, now=office.now())
    assert told(office.staff)[-1] == "issue_signed"
    issue = bulletins.issue_now(issue, by=office.staff, now=office.now())

    assert (issue.mark, issue.level, issue.listed) == ("2026年第1期", "open", "市委办公室、市政府办公室、省政协办公厅")
    assert [item.edition.title for item in bulletins.items_of(issue)] == ["路灯", "通道"]
    assert (status(main), status(other)) == (Status.ISSUED, Status.ISSUED)
    assert set(Edition.objects.values_list("state", flat=True)) == {Edition.State.SIGNED}
    assert (told(first)[-1], told(second)[-1]) == ("report_issued", "report_issued")
    assert verbs(main)[-2:] == ["report_sent_to_sign", "report_issued"]
    assert [row.verb for row in AuditEntry.objects.order_by("pk") if row.subject == str(issue.public_id)] == [
        "reports.send_issue_up", "reports.check_issue", "reports.sign_issue", "reports.issue",
    ]  # fmt: skip


def test_an_issue_is_issued_once_and_numbers_follow_one_another(office: Office) -> None:
    waits = office.signed()
    office.moment += timedelta(days=3)
    issue = office.issued()

    with pytest.raises(Refused, match="本刊2026年第1期已于3月7日编发"):
        bulletins.issue_now(waits, on=NOW.date(), by=office.staff, now=office.now())
    twice = reverse("reports:issue_now", args=[issue.public_id])
    answer = signed_in(office.staff).post(twice, {"on": "2026-03-07", "version": "1"})
    assert answer.status_code == 422 and "已经编发，期号是2026年第1期，不能重复编发" in answer.content.decode()
    assert signed_in(office.staff).get(twice).status_code == 404
    rows.set_series(
        issue.series, name="社情民意信息", kind="ordinary", publisher="市政协办公室", level="internal", checked=True, last=7,
        ended=False, by=office.staff, now=timezone.now(),
    )  # fmt: skip
    year = timezone.localdate().year
    assert bulletins.next_number(issue.series, year) == 8
    urgent = office.issued(code="urgent")
    later = bulletins.issue_now(office.signed(), by=office.staff, now=timezone.now())
    assert (urgent.mark, later.mark) == ("2026年第1期", f"{year}年第8期")
    with pytest.raises(Refused, match="不能改小"):
        rows.set_series(
            issue.series, name="社情民意信息", kind="ordinary", publisher="市政协", level="internal", checked=True, last=3,
            ended=False, by=office.staff, now=timezone.now(),
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Issue.objects.filter(pk=issue.pk).update(number=99)


def test_what_does_not_fit_is_named(office: Office) -> None:
    series, author = Series.objects.get(code="general"), appoint(Role.MEMBER)
    asked = office.ready(author, title="待核对")
    edition = asked.editions.get()
    editing.ask_authors(edition, editing.authors_to_ask(edition), by=office.editor, now=office.now())
    taken = office.ready(title="在别期")
    office.issue(taken)
    cases: list[tuple[Report, str]] = [
        (asked, "《待核对》正在请反映人核对"),
        (office.ready(title="敏感件", access=Access.SENSITIVE), "《敏感件》是“敏感”，社情民意信息最高只能编发“内部”"),
        (taken, "《在别期》已经编入另一期"),
        (report(status=Status.EDITING), "还没有编辑稿"),
        (report(), "现在是“待筛选”，不能编入"),
    ]
    for one, sentence in cases:
        with pytest.raises((Refused, WrongStep), match=sentence):
            bulletins.compose(series, [one], by=office.editor, now=office.now())
    with pytest.raises(Refused, match="至少选择一篇"):
        bulletins.compose(series, [], by=office.editor, now=office.now())
    assert Issue.objects.count() == 1


def test_a_special_brief_goes_to_one_leader_who_may_see_it(office: Office, settings: Any) -> None:
    secret = office.ready(title="敏感件", access=Access.SENSITIVE)
    low, high = (
        Recipient.objects.create(kind="leader", name=name, level=level)
        for name, level in (("陆远副市长", "internal"), ("高山市长", "sensitive"))
    )
    with pytest.raises(Refused, match="选择报送哪位领导"):
        office.issue(secret, code="special")
    with pytest.raises(Refused, match="本期是“敏感”，陆远副市长最高只能看“内部”，不能发送"):
        office.issue(secret, code="special", addressee=low)
    settings.ZONE = "internet"
    with pytest.raises(Refused, match="不编发专报"):
        office.issue(secret, code="special", addressee=high)
    settings.ZONE = "government"

    issue = office.issued(secret, code="special", addressee=high)

    assert (issue.level, issue.listed) == ("sensitive", "高山市长")
    url = issue.get_absolute_url()
    assert [signed_in(who).get(url).status_code for who in (office.staff, office.editor, office.head)] == [
        200,
        404,
        200,
    ]
    for who in (office.editor, appoint(Role.SECRETARY_GENERAL)):
        assert "专报" not in "".join(f"{row}" for row in Issue.objects.visible_to(who))
    copy = signed_in(office.staff).get(reverse("reports:issue_file", args=[issue.public_id]))
    paper = Document(io.BytesIO(b"".join(copy)))
    assert "言成" in "".join(part.text for part in paper.sections[0].footer.paragraphs)
    assert AuditEntry.objects.filter(verb="download", subject=str(issue.public_id), by=office.staff).exists()
    assert AuditEntry.objects.filter(verb="view_guarded", subject=str(secret.matter.public_id), by=office.head).exists()
    with pytest.raises(Refused, match="不能向委员开放"):
        bulletins.open_to_members(issue, by=office.staff, now=office.now())
    deliver = reverse("reports:deliver", args=[issue.public_id])
    assert "省政协办公厅" not in signed_in(office.staff).get(deliver).content.decode()
    sending: dict[str, Any] = {"on": NOW.date(), "how": "secure", "by": office.staff}
    with pytest.raises(Refused, match="报送高山市长的专报，不能发送其他对象"):
        delivering.deliver(issue, [high, recipient()], **sending, now=office.now())
    assert not Delivery.objects.exists()
    delivering.deliver(issue, [high], **sending, now=office.now())
    assert "专报只报送一位领导，已经登记发送。" in signed_in(office.staff).get(deliver).content.decode()
    sent = signed_in(office.staff).get(f"{reverse('reports:issues')}?export=xlsx")
    assert (
        sent.getvalue()
        and sent.status_code == 200
        and AuditEntry.objects.filter(verb="export").get().facts.facts["rows"] == 0
    )


def test_an_urgent_issue_goes_straight_to_the_secretary_general_under_numbers_of_its_own(office: Office) -> None:
    office.issued()
    issue = bulletins.send_issue_up(office.issue(code="urgent"), by=office.staff, now=office.now())

    assert (issue.state, told(office.head)[-1], told(office.colleague)) == (
        Issue.State.SIGNING,
        "issue_to_sign",
        ["issue_to_check"],
    )
    assert "急报待签发" in signed_in(office.head).get(reverse("portal:desk")).content.decode()
    bulletins.sign_issue(issue, agrees=True, by=office.head, now=office.now())
    assert bulletins.issue_now(issue, by=office.staff, now=office.now()).mark == "2026年第1期"


def test_sent_back_taken_back_and_signed_on_paper(office: Office) -> None:
    one = office.ready()
    issue = bulletins.send_issue_up(office.issue(one), by=office.staff, now=office.now())

    with pytest.raises(Refused, match="请写明意见"):
        bulletins.sign_issue(issue, agrees=False, by=office.colleague, now=office.now())
    bulletins.sign_issue(issue, agrees=False, text="数字再核实。", by=office.colleague, now=office.now())
    assert (status(one), told(office.staff)[-1]) == (Status.EDITING, "issue_sent_back")
    editing.save_edition(one, title="通道", text="改过的。", by=office.editor, now=office.now())
    with pytest.raises(WrongStep, match="有了新的编辑稿（第2稿）"):
        bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    bulletins.arrange(issue, [one], by=office.editor, now=office.now())
    bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    with pytest.raises(WrongStep, match="现在是“待核稿”"):
        bulletins.drop_issue(issue, by=office.staff, now=office.now())
    bulletins.take_issue_back(issue, by=office.staff, now=office.now())
    bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())

    page = reverse("reports:sign_issue", args=[issue.public_id])
    client = signed_in(office.staff)
    data = {"text": "", "paper_who": "周正", "paper_on": "2026-03-04", "paper_sheet": "签发稿纸"}
    assert client.post(page, {**data, "paper_who": ""}).status_code == 422
    assert client.post(page, data).status_code == 302
    issue.refresh_from_db()
    assert (issue.state, issue.round) == (Issue.State.SIGNED, 3)
    last = issue.signatures.get(round=3, step="sign")
    assert (last.name, f"{last.on}", last.sheet, last.by) == ("周正", "2026-03-04", "签发稿纸", office.staff)
    with pytest.raises(Refused, match="早于签发日期"):
        bulletins.issue_now(issue, on=NOW.date() - timedelta(days=1), by=office.staff, now=office.now())


def test_whoever_reported_it_does_not_sign_it(office: Office) -> None:
    appoint(Role.MEMBER, person=office.head)
    issue = bulletins.send_issue_up(office.issue(office.ready(office.head)), by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())

    with pytest.raises(Refused, match="您本人反映的信息"):
        bulletins.sign_issue(issue, agrees=True, by=office.head, now=office.now())


def test_one_tap_on_the_telephone(office: Office) -> None:
    issue = bulletins.send_issue_up(office.issue(), by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    client = signed_in(office.head)
    url = reverse("reports:sign_issue", args=[issue.public_id])
    page = client.get(url).content.decode()
    assert "消防通道被占用的情况。" in page and "退回修改" in page
    assert "待签发的刊物" in client.get(reverse("portal:desk")).content.decode()

    assert client.post(url, {"text": "", "version": f"{issue.version}"}).status_code == 409
    issue.refresh_from_db()
    assert client.post(url, {"text": "", "version": f"{issue.version}"}).status_code == 302
    issue.refresh_from_db()
    assert issue.state == Issue.State.SIGNED
    assert client.get(url).status_code == 404
    bulletins.take_issue_back(issue, by=office.staff, now=office.now())
    other = bulletins.send_issue_up(
        office.issue(office.ready(title="路灯"), code="urgent"), by=office.staff, now=office.now()
    )
    bulletins.take_issue_back(other, by=office.staff, now=office.now())
    late = client.post(reverse("reports:sign_issue", args=[other.public_id]), {"text": "请核实数字。"})
    assert late.status_code == 409 and "请核实数字。" in late.content.decode() and "撤回" in late.content.decode()
    assert signed_in(appoint(Role.PROPOSAL_DIRECTOR)).get(issue.get_absolute_url()).status_code == 403


def test_whoever_stands_in_for_the_secretary_general_signs_with_both_names(office: Office) -> None:
    deputy = appoint(Role.RESEARCH_OFFICE, name="代行")
    today = timezone.localdate()
    Delegation.objects.create(
        appointment=office.head.appointments.get(), to=deputy, starts_on=today, ends_on=today + timedelta(days=3)
    )
    office.moment = timezone.now()
    issue = bulletins.send_issue_up(office.issue(), by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    assert told(deputy) == ["issue_to_sign"]

    sent = signed_in(deputy).post(reverse("reports:sign_issue", args=[issue.public_id]), {"text": ""})

    assert sent.status_code == 302
    assert issue.signatures.get(step="sign").name == "代行（代周正）"


def test_two_people_on_one_issue(office: Office) -> None:
    issue, more = office.issue(), office.ready(title="路灯")
    bulletins.arrange(issue, [more], seen=1, by=office.editor, now=office.now())

    with pytest.raises(Stale, match="已被他人修改"):
        bulletins.arrange(issue, [more], seen=1, by=office.staff, now=office.now())
    late = {"version": "1", f"place_{more.public_id}": "2"}
    answer = signed_in(office.staff).post(reverse("reports:arrange", args=[issue.public_id]), late)
    both = answer.content.decode()
    assert answer.status_code == 409 and "1. 路灯" in both and "系统中现在的内容" in both


def test_the_pages_of_putting_an_issue_together(office: Office) -> None:
    one, other = office.ready(title="通道"), office.ready(title="路灯")
    client = signed_in(office.editor)
    series = Series.objects.get(code="general")

    def place(report: Report) -> str:
        return f"place_{report.matter.public_id}"

    new = reverse("reports:compose")
    edit = reverse("reports:edit", args=[one.matter.public_id])
    assert f"{new}?report={one.matter.public_id}" in client.get(edit).content.decode()
    form: Any = client.get(new, {"report": str(one.matter.public_id)}).context["form"]
    assert (form[place(one)].value(), form[place(other)].value()) == (1, None)
    assert client.post(new, {"series": str(series.public_id)}).status_code == 422
    made = client.post(new, {"series": str(series.public_id), place(one): "2", place(other): "1"})
    issue = Issue.objects.get()
    assert made["Location"] == issue.get_absolute_url()
    assert issue.get_absolute_url() in client.get(edit).content.decode()
    assert f"已编入{issue}" in client.get(reverse("reports:editing")).content.decode()
    page = client.get(issue.get_absolute_url()).content.decode()
    assert page.index("路灯的情况") < page.index("通道的情况") and "来自政协委员" in page
    arrange = reverse("reports:arrange", args=[issue.public_id])
    assert client.post(arrange, {place(one): "1", "version": "1"}).status_code == 302
    assert [item.report for item in bulletins.items_of(issue)] == [one]
    assert client.post(reverse("reports:drop_issue", args=[issue.public_id]), {"version": "2"}).status_code == 302
    assert not Issue.objects.exists() and status(one) == Status.EDITING


def test_the_paper_names_nobody_who_did_not_agree(office: Office) -> None:
    hidden, named = appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")
    issue = office.issued(office.ready(hidden, title="通道"), office.ready(named, title="路灯", shows_name=True))
    answer = signed_in(office.staff).get(reverse("reports:issue_file", args=[issue.public_id]))
    made = b"".join(answer)

    paper = Document(io.BytesIO(made))
    text = "\n".join(part.text for part in paper.paragraphs)
    assert text.count("社情民意信息") == 1 and "2026年第1期" in text and "本期要目" in text and "签发：周正" in text
    assert "白露反映" in text and "来自政协委员" in text and "林溪" not in text
    facts = paper.core_properties
    assert (facts.author, facts.title, facts.last_modified_by) == ("", "社情民意信息2026年第1期", "")
    assert (
        "%E6%9E%97%E6%BA%AA" not in answer["Content-Disposition"] and "1%E6%9C%9F.docx" in answer["Content-Disposition"]
    )
    assert b"".join(signed_in(office.staff).get(reverse("reports:issue_file", args=[issue.public_id]))) == made
    printed = signed_in(office.staff).get(reverse("reports:issue_print", args=[issue.public_id])).content.decode()
    assert "白露反映" in printed and "林溪" not in printed


def test_what_is_suspended_stands_in_no_copy_and_nothing_goes_on(office: Office) -> None:
    one, other = office.ready(title="通道"), office.ready(title="路灯")
    issue = office.signed(one, other)
    suspend(one.matter, reason="疑似涉密", by=office.staff, now=office.now())

    for who in (office.staff, office.head):
        made = bulletin_files.bulletin_of(bulletin_files.reading(issue, who), who, now=NOW)
        assert [item.title for item in made.items] == ["（本条正在保密核查）", "路灯"]
        assert "通道" not in signed_in(who).get(issue.get_absolute_url()).content.decode()
    with pytest.raises(WrongStep, match="有稿件正在保密核查，不能编发"):
        bulletins.issue_now(issue, by=office.staff, now=office.now())
    bulletins.take_issue_back(issue, by=office.staff, now=office.now())
    bulletins.arrange(issue, [other], by=office.staff, now=office.now())
    assert office_signs(office, issue).mark == "2026年第1期"


def office_signs(office: Office, issue: Issue) -> Issue:
    bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.head, now=office.now())
    return bulletins.issue_now(issue, by=office.staff, now=office.now())


def test_a_level_that_is_raised_afterwards_holds_for_the_issue(office: Office) -> None:
    one, other = office.ready(), office.ready(title="路灯")
    waiting, sent = office.signed(one), office.issued(other)
    for row in (one, other):
        row.matter.access = Access.SENSITIVE
        row.matter.save()

    with pytest.raises(WrongStep, match="级别有变化，不能编发"):
        bulletins.issue_now(waiting, by=office.staff, now=office.now())
    with pytest.raises(Refused, match="本期是“敏感”，省政协办公厅最高只能看“内部”"):
        delivering.deliver(sent, [recipient()], on=NOW.date(), how="paper", by=office.staff, now=office.now())
    assert not Issue.objects.visible_to(office.editor).exists()
    assert Issue.objects.visible_to(office.staff).count() == 2


def test_a_purge_leaves_no_word_of_it(office: Office) -> None:
    one = office.ready(appoint(Role.MEMBER), title="只此一处的标题")
    edition = one.editions.get()
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=office.editor, now=office.now())
    editing.answer_edition(word, same=False, text="只此一处的话", said="电话", by=office.editor, now=office.now())
    owner = owners.of(one.matter)
    assert "只此一处" not in owner.text(one.matter)
    Edition.objects.update(state=Edition.State.SIGNED)
    assert "只此一处" in owner.text(one.matter)

    owner.erase(one.matter)

    edition.refresh_from_db()
    word.refresh_from_db()
    assert (edition.title, edition.text, word.text, word.said) == ("（已清除）", "（已清除）", "（已清除）", "")


def test_sent_up_and_who_hears_of_it(office: Office) -> None:
    author = appoint(Role.MEMBER)
    one = office.ready(author)
    leader = Recipient.objects.create(kind="leader", name="陆远副市长", level="internal")
    issue = office.issued(one)
    client, url = signed_in(office.staff), reverse("reports:deliver", args=[issue.public_id])
    assert client.get(url).content.decode().count(" checked") >= 3
    data = {"on": f"{issue.issued_on}", "how": "upward", "copies": "1", "recipients": [str(recipient().public_id)]}
    assert client.post(url, {**data, "on": "2026-03-01"}).status_code == 422

    assert client.post(url, data).status_code == 302
    assert told(author)[-1] == "report_sent_up"
    before = len(told(author))
    delivering.deliver(issue, [leader], on=NOW.date(), how="paper", by=office.staff, now=office.now())
    assert len(told(author)) == before and verbs(one)[-1] == "report_delivered"
    with pytest.raises(Refused, match="已于2026-03-04发送省政协办公厅"):
        delivering.deliver(issue, [recipient()], on=NOW.date(), how="paper", by=office.staff, now=office.now())
    assert "陆远副市长" in client.get(one.get_absolute_url()).content.decode()
    own = signed_in(author).get(one.get_absolute_url()).content.decode()
    assert "社情民意信息2026年第1期" in own and "省政协办公厅" in own and "陆远副市长" not in own
    slip = Delivery.objects.get(recipient=leader)
    sheet = Document(io.BytesIO(client.get(reverse("reports:slip", args=[slip.public_id])).content))
    cells = [cell.text for row in sheet.tables[0].rows for cell in row.cells]
    assert "陆远副市长" in cells and "领导批示" in cells and "社情民意信息2026年第1期" in cells
    other = Delivery.objects.get(recipient=recipient())
    assert client.get(reverse("reports:slip", args=[other.public_id])).status_code == 404
    back = reverse("reports:record_return", args=[slip.public_id])
    assert "送阅单未退回" in client.get(reverse("portal:desk")).content.decode()
    assert client.post(back, {"kind": "read", "on": "2026-03-05"}).status_code == 302
    with pytest.raises(WrongStep, match="已经登记为“圈阅”"):
        delivering.record_return(slip, kind="instruction", on=NOW.date(), by=office.staff, now=office.now())
    page = client.get(issue.get_absolute_url()).content.decode()
    assert "登记陆远副市长的批示" not in page
    Delivery.objects.filter(pk=slip.pk).update(returned="instruction")
    way = f"{reverse('reports:record_instruction', args=[one.matter.public_id])}?delivery={slip.public_id}"
    assert way in client.get(issue.get_absolute_url()).content.decode()
    assert client.get(way).status_code == 200
    Delivery.objects.filter(pk=slip.pk).update(returned="read")
    listed = client.get(f"{reverse('reports:deliveries')}?kind=leader&returned=read").content.decode()
    assert "陆远副市长" in listed and listed.count("2026年第1期") == 1
    with pytest.raises(WrongStep, match="现在是“组稿中”"):
        delivering.deliver(office.issue(), [leader], on=NOW.date(), how="paper", by=office.staff, now=office.now())


def cost(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len([row for row in caught if "handling_sight" not in row["sql"] and "SAVEPOINT" not in row["sql"]])


def test_lists_and_pages_cost_the_same_for_one_and_for_many(office: Office) -> None:
    staff, head = signed_in(office.staff), signed_in(office.head)
    issue = office.issued(office.ready(), office.ready())
    delivering.deliver(issue, [recipient()], on=NOW.date(), how="paper", by=office.staff, now=office.now())
    main = office.ready()
    combining.combine(main, [report()], by=office.editor, now=office.now())
    edition = main.editions.get()
    editing.ask_authors(edition, editing.authors_to_ask(edition), by=office.editor, now=office.now())
    waiting, draft = office.issue(office.ready(), office.ready()), office.issue()
    bulletins.send_issue_up(waiting, by=office.editor, now=office.now())
    bulletins.sign_issue(waiting, agrees=True, by=office.staff, now=office.now())
    pages = [
        *((staff, reverse(f"reports:{name}")) for name in ("issues", "deliveries", "series", "compose")),
        (staff, issue.get_absolute_url()),
        *((staff, reverse(f"reports:{name}", args=[issue.public_id])) for name in ("issue_print", "deliver")),
        (staff, reverse("reports:arrange", args=[draft.public_id])),
        *((staff, reverse(f"reports:{name}", args=[main.matter.public_id])) for name in ("edit", "combine")),
        (staff, reverse("reports:edition", args=[edition.public_id])),
        (head, reverse("reports:sign_issue", args=[waiting.public_id])),
    ]
    for client, url in pages:
        cost(client, url)
    few = [cost(client, url) for client, url in pages]

    others = [recipient(name) for name in ("市委办公室", "市政府办公室")]
    delivering.deliver(issue, others, on=NOW.date(), how="paper", by=office.staff, now=office.now())
    combining.combine(main, [report(), report()], by=office.editor, now=office.now())
    office.issued()
    office.issue()
    office.ready()

    assert [cost(client, url) for client, url in pages] == few
    assert max(few[:3]) <= 12 and max(few) <= 15


def test_settings_of_series_and_recipients(office: Office) -> None:
    client = signed_in(office.staff)
    series = Series.objects.get(code="general")
    data = {"name": "资政建言要报", "kind": "ordinary", "publisher": "市政协研究室", "level": "internal", "last": "3"}
    assert client.post(reverse("reports:add_series"), data).status_code == 302
    made = Series.objects.get(name="资政建言要报")
    assert (made.checked, bulletins.next_number(made, timezone.localdate().year)) == (False, 4)
    again = client.post(reverse("reports:add_series"), data)
    assert again.status_code == 422 and "已经有刊物" in again.content.decode()
    url = reverse("reports:change_series", args=[series.public_id])
    assert "社情民意信息" in client.get(url).content.decode()
    who = {"name": "市信访局", "kind": "unit", "level": "open", "order": "9", "series": [str(made.public_id)]}
    assert client.post(reverse("reports:add_recipient"), who).status_code == 302
    row = Recipient.objects.get(name="市信访局")
    change = reverse("reports:change_recipient", args=[row.public_id])
    leader = appoint(Role.LEADER, name="陆远")
    his = client.post(change, {**who, "person": str(leader.public_id)})
    assert his.status_code == 422 and "只有类别是“领导”的" in his.content.decode()
    assert client.post(change, {**who, "kind": "leader", "person": str(leader.public_id)}).status_code == 302
    assert Recipient.objects.get(pk=row.pk).person == leader
    assert f'value="{leader.public_id}" selected' in client.get(change).content.decode()
    assert client.post(change, {**who, "ended": "on"}).status_code == 302
    assert not Recipient.objects.current().filter(pk=row.pk).exists()
    assert signed_in(office.editor).get(reverse("reports:series")).status_code == 403


@pytest.mark.skipif(bool(missing()), reason="no Pango or no Chinese font here")
def test_the_pdf_is_made_by_the_worker_for_who_may_see_it(office: Office) -> None:
    issue = office.issued()
    client = signed_in(office.staff)
    assert client.post(reverse("reports:issue_pdf", args=[issue.public_id])).status_code == 302
    job = LongJob.objects.get()

    made = bulletin_files.preview(job, lambda done, total: None)  # type: ignore[arg-type]  # nobody waits for it here

    assert made.content.startswith(b"%PDF-") and made.name == "社情民意信息2026年第1期（预览）.pdf"
    job.by = appoint(Role.MEMBER)
    with pytest.raises(WrongStep, match="不能查看"):
        bulletin_files.preview(job, lambda done, total: None)  # type: ignore[arg-type]  # nobody waits for it here
