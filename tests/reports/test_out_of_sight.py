"""What must not be seen, or not be kept, takes with it whatever holds its words (S5); levels hold for what was put together."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import LongJob
from members.inbox.registry import render
from members.models import AuditEntry, Person
from proposals.actions import begin_from_report
from proposals.handling import owners, readers
from proposals.handling.actions import lift_suspension, suspend
from proposals.handling.actions.attaching import erase
from proposals.handling.events import timeline
from proposals.handling.models import Access, Attachment, Exposure, Kind, Matter, Stage
from proposals.handling.panels import panels_of
from proposals.reports import actions, bulletin_files
from proposals.reports.actions import adopting, bulletins, combining, editing
from proposals.reports.circulars import COLUMNS, Circular, Line, period_of
from proposals.reports.models import Edition, Report, Status, Words
from proposals.reports.outcomes import panels
from proposals.reports.views.circulars import outside_rows
from tests.channels import words_of
from tests.factories import MatterFactory, appoint
from tests.reports.factories import NOW, report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in, told
from tests.reports.test_outcomes import Outside
from tests.uploads import made
from tests.uploads.made import upload

pytestmark = pytest.mark.django_db
MARK = "独一无二的暗语"
SECRET = Words(f"关于{MARK}的情况反映", f"{MARK}的情况。", "", f"{MARK}的建议。")


def fresh(one: Report) -> Report:
    return Report.objects.select_related("matter__merged_into").get(pk=one.pk)


class Together(Office):
    """Two reports made one; the edited text holds words of both."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")
        self.main, self.other = self.ready(self.first), report(self.second, words=SECRET)
        combining.combine(self.main, [self.other], by=self.editor, now=self.now())
        self.edition = editing.save_edition(
            self.main, title=f"{MARK}等问题", text=f"{MARK}的情况。", by=self.editor, now=self.now()
        )
        self.main, self.other = fresh(self.main), fresh(self.other)


def test_with_what_went_into_it_a_main_report_goes_out_of_sight_and_comes_back() -> None:
    office = Together()
    people = editing.authors_to_ask(office.edition)
    word = editing.ask_authors(office.edition, people[:1], by=office.editor, now=office.now())[0]
    confirm = reverse("reports:confirm_edition", args=[word.public_id])
    urls = [
        reverse("reports:edit", args=[office.main.public_id]),
        reverse("reports:combine", args=[office.main.public_id]),
        reverse("reports:edition", args=[office.edition.public_id]),
    ]
    editor, author = signed_in(office.editor), signed_in(office.first)
    assert [editor.get(url).status_code for url in urls] == [200, 200, 200]
    assert author.get(confirm).status_code == 200

    suspend(office.other.matter, reason="疑似涉密", by=office.staff, now=office.now())

    assert [editor.get(url).status_code for url in urls] == [404, 404, 404]
    assert author.get(confirm).status_code == 404
    assert MARK not in words_of(editor.get(reverse("reports:editing")))
    with pytest.raises(WrongStep):
        editing.save_edition(office.main, title="新", text="新", by=office.editor, now=office.now())
    lift_suspension(Matter.objects.get(pk=office.other.matter_id), by=office.staff, now=office.now())
    assert editor.get(urls[0]).status_code == 200


def test_no_issue_is_signed_or_printed_with_words_of_a_suspended_one() -> None:
    office = Together()
    issue = bulletins.send_issue_up(office.issue(office.main), by=office.staff, now=office.now())
    suspend(office.other.matter, reason="疑似涉密", by=office.staff, now=office.now())
    with pytest.raises(WrongStep):
        bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    for person in (office.editor, office.head):
        page = signed_in(person).get(reverse("reports:issue_print", args=[issue.public_id]))
        assert MARK not in words_of(page)


def test_what_the_office_keeps_on_paper_goes_with_any_report_that_it_speaks_of(
    settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    office = Together()
    more, staff = office.ready(title="路灯"), signed_in(office.staff)
    [word, *_] = editing.ask_authors(
        office.edition, editing.authors_to_ask(office.edition)[:1], by=office.editor, now=office.now()
    )
    said = {"answer": "same", "text": "", "said": "3月5日电话"}
    record = reverse("reports:record_word", args=[word.public_id])
    assert staff.post(record, {**said, "file": upload("通话.docx", made.docx())}).status_code == 422
    assert staff.post(record, {**said, "file": upload("消息截图.jpg", made.picture())}).status_code == 302
    issue = bulletins.send_issue_up(office.issue(more, office.main), by=office.editor, now=office.now())
    bulletins.sign_issue(issue, agrees=True, by=office.colleague, now=office.now())
    sheet = {"paper_who": "周正", "paper_on": "2026-03-04", "paper_sheet": "签发稿纸", "text": ""}
    sign = reverse("reports:sign_issue", args=[issue.public_id])
    assert staff.post(sign, {**sheet, "file": upload("签发稿纸.pdf", made.pdf())}).status_code == 302
    word.refresh_from_db()
    scan = issue.signatures.get(step="sign").scan
    assert scan and word.proof
    files = [reverse("handling:attachment", args=[one.public_id]) for one in (scan, word.proof)]
    edition = reverse("reports:edition", args=[office.edition.public_id])

    def opened(person: Person) -> list[int]:
        answers = [signed_in(person).get(url) for url in files]
        for answer in answers:
            assert b"".join(answer)  # read to its end, so that the file is closed
        return [answer.status_code for answer in answers]

    def stands(url: str, person: Person, page: str) -> bool:
        return url in signed_in(person).get(page).content.decode()

    page = issue.get_absolute_url()
    assert stands(files[0], office.staff, page) and stands(files[1], office.editor, edition)
    assert opened(office.staff) == opened(office.editor) == [200, 200]
    assert opened(office.head) == opened(office.first) == opened(appoint(Role.UNIT_CLERK)) == [404, 404]
    assert not stands(files[0], office.head, page)

    row = suspend(office.other.matter, reason="疑似涉密", by=office.staff, now=office.now())

    assert {"言成", "文心"} <= set(row.seen_by) and opened(office.staff) == [404, 404]
    assert not stands(files[0], office.staff, page)
    with django_capture_on_commit_callbacks(execute=True):
        erase(Matter.objects.get(pk=office.other.matter_id), by=office.staff, now=office.now())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert set(Attachment.objects.values_list("name", flat=True)) == {"已清除"}


def test_purging_what_went_in_erases_what_was_edited_since_and_frees_the_main_one() -> None:
    office = Together()
    issue = office.issued(office.main)
    matter = Matter.objects.get(pk=office.other.matter_id)

    owners.of(matter).erase(matter)

    before, since = Edition.objects.order_by("number")
    assert (before.title, since.title, since.text) == ("消防通道被占用", "（已清除）", "（已清除）")
    with connection.cursor() as cursor:
        for table in ("reports_edition", "reports_submission", "reports_report"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), table
    assert signed_in(office.staff).get(issue.get_absolute_url()).status_code == 200


def test_levels_hold_for_what_was_put_together_and_against_its_writers() -> None:
    office = Together()
    with pytest.raises(Refused, match="不能高于主篇"):
        actions.set_level(office.other, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    actions.set_level(office.main, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    actions.set_level(fresh(office.other), Access.INTERNAL, reason="涉及企业", by=office.staff, now=office.now())
    with pytest.raises(Refused, match="级别更高"):
        actions.set_level(fresh(office.main), Access.OPEN, reason="可以公开", by=office.staff, now=office.now())

    mine = report(office.staff)
    with pytest.raises(Refused, match="由其他同事"):
        actions.set_level(mine, Access.INTERNAL, reason="内部", by=office.staff, now=office.now())

    one = report(office.first, status=Status.RETURNED)
    actions.set_level(one, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    facts: dict[str, Any] = {"version": None, "by": office.first, "now": office.now()}
    with pytest.raises(Refused, match="不能自行调低"):
        actions.save(one, SECRET, details=actions.Details(access=Access.OPEN), **facts)
    actions.save(one, SECRET, details=actions.Details(access=Access.SENSITIVE), **facts)


def test_the_page_of_a_follower_says_nothing_of_a_main_one_that_its_reader_may_not_see() -> None:
    office = Outside()
    order = office.instructed(text=MARK)
    adopting.release_instruction(order, by=office.staff, now=office.now())
    assert MARK in str(panels(office.editor, fresh(office.other))) and MARK in str(
        panels(office.second, fresh(office.other))
    )

    actions.set_level(office.main, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    assert panels(office.editor, fresh(office.other)) == []
    assert panels(office.staff, fresh(office.other)) and panels(office.second, fresh(office.other))

    suspend(Matter.objects.get(pk=office.main.matter_id), reason="疑似涉密", by=office.staff, now=office.now())
    assert panels(office.staff, fresh(office.other)) == panels(office.second, fresh(office.other)) == []


def test_nobody_records_what_became_of_the_own_report() -> None:
    office = Outside()
    own = office.ready(office.staff)
    Report.objects.filter(pk=own.pk).update(status=Status.REFERRED)
    facts: dict[str, Any] = {
        "level": "city",
        "on": timezone.localdate(office.moment),
        "by": office.staff,
        "now": office.now(),
    }
    with pytest.raises(Refused, match="由其他同事"):
        adopting.record_adoption(own, adopter="市政府办", form="original", **facts)
    with pytest.raises(Refused, match="由其他同事"):
        adopting.record_instruction(own, kind="instruction", leader_name="某市长", text="请研办。", **facts)


def test_a_sensitive_part_stands_in_no_table_of_its_unit_and_each_view_of_an_author_is_audited() -> None:
    office = Outside()
    office.given()
    actions.set_level(office.main, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())
    clerk = signed_in(office.clerk)
    title = fresh(office.main).matter.title_for_units
    assert title in words_of(clerk.get(reverse("handling:queue")))
    assert title not in words_of(clerk.post(f"{reverse('handling:queue')}?export=xlsx", {"reason": "核对"}))

    secret = report(office.first, status=Status.EDITING, access=Access.SENSITIVE)
    edition = editing.save_edition(secret, title="稿", text="稿。", by=office.staff, now=office.now())
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=office.staff, now=office.now())
    signed_in(office.first).get(reverse("reports:confirm_edition", args=[word.public_id]))
    assert AuditEntry.objects.filter(verb="view_guarded", by=office.first, subject=str(secret.public_id)).exists()


def test_what_was_made_of_a_suspended_proposal_is_nowhere_in_sight() -> None:
    office = Outside()
    part = office.given()
    origin = MatterFactory(kind=Kind.PROPOSAL)
    Report.objects.filter(pk=office.main.pk).update(origin=origin)
    clerk, page = signed_in(office.clerk), reverse("handling:part", args=[part.public_id])
    assert clerk.get(page).status_code == 200

    suspend(origin, reason="疑似涉密", by=office.staff, now=office.now())

    assert clerk.get(page).status_code == 404
    said = {"matter": str(office.main.public_id)}
    assert render([("report_given", said)], office.first) == [None]


def test_a_purge_takes_the_leaders_name_along() -> None:
    office = Outside()
    office.instructed(leader_name=MARK, text=MARK)
    office.adopted(journal=MARK)
    matter = Matter.objects.get(pk=office.main.matter_id)
    owners.of(matter).erase(matter)
    with connection.cursor() as cursor:
        for table in ("reports_adoption", "reports_instruction"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), table


def test_a_total_does_not_give_away_the_figures_that_are_hidden_above_it() -> None:
    period = period_of("2026-03")
    assert period

    def line(label: str, *reports: int) -> Line:
        made = Line(label, label)
        made.found["submitted"] = set(reports)
        return made

    lines = [line("甲", *range(9)), line("乙", 9, 10)]
    few, place = Circular(period, "source", lines, line("合计", *range(11))), 1 + list(COLUMNS).index("adopted")
    enough = Circular(period, "source", [*lines, line("丙", 11, 12, 13)], line("合计", *range(14)))
    assert [row[1] for row in outside_rows(few)] == ["9", "不足5", "—"]
    assert [row[1] for row in outside_rows(enough)] == ["9", "5", "14"]

    # six adopted, five of them by the province: the sixth one's level could be reckoned in its line, and from the total
    high, other, total = line("甲"), line("乙"), line("合计")
    high.found |= {"adopted": set(range(6)), "adopted_province": set(range(5)), "adopted_city": {5}}
    other.found |= {"adopted": set(range(6, 13)), "adopted_province": set(range(6, 13))}
    for name in ("adopted", "adopted_province", "adopted_city"):
        total.found[name] = high.found[name] | other.found[name]
    rows = outside_rows(Circular(period, "source", [high, other], total))
    assert [row[place : place + 4] for row in rows] == [
        ["6", "0", "—", "不足5"], ["7", "0", "7", "0"], ["13", "0", "—", "—"],
    ]  # fmt: skip

    # a line with many in one column and few in another, beside a rest that is told
    lines[0].found["adopted"] = {0, 1}
    rest = [line("丁", *range(20, 24)), line("戊", *range(30, 34))]
    for one in rest:
        one.found["adopted"] = set(one.found["submitted"])
    total = line("合计", *range(9), *range(20, 24), *range(30, 34))
    total.found["adopted"] = {0, 1, *range(20, 24), *range(30, 34)}
    beside = outside_rows(Circular(period, "source", [lines[0], *rest], total))
    place = 1 + list(COLUMNS).index("adopted")
    assert [row[place] for row in beside] == ["不足5", "8", "—"]


def test_of_the_same_text_that_came_before_the_number_is_named_to_whoever_may_see_it() -> None:
    office = Office()
    author = appoint(Role.MEMBER)
    first = report(author, words=SECRET, access=Access.SENSITIVE)
    facts: dict[str, Any] = {"details": actions.Details(), "now": timezone.now()}
    for person, named in ((office.editor, False), (office.staff, True), (author, True)):
        with pytest.raises(Refused, match="已经提交过") as refused:
            actions.enter(actions.Behind(people=[author]), SECRET, by=person, **facts)
        assert (str(first.matter.number) in str(refused.value)) is named


def test_who_suspends_learns_what_else_may_hold_its_words_and_a_draft_of_it_goes_out_of_sight_with_it() -> None:
    office, author, keeper = Office(), appoint(Role.MEMBER, name="林溪"), appoint(Role.PROPOSAL_STAFF)
    lead = report(author, words=SECRET, status=Status.TURNED)
    proposal = begin_from_report(lead, by=author, now=office.now())
    draft, staff, own = proposal.matter, signed_in(office.staff), signed_in(author)
    writing, form = (
        reverse("proposals:write", args=[draft.public_id]),
        reverse("handling:suspend", args=[lead.public_id]),
    )

    assert ("随本件一起暂停", "提案（还没有编号）", "") in facts_of(staff.get(form))
    assert own.get(writing).status_code == 200
    suspend(lead.matter, reason="疑似涉密", by=office.staff, now=office.now())
    assert own.get(writing).status_code == 404 and MARK not in words_of(own.get(reverse("proposals:mine")))
    lift_suspension(Matter.objects.get(pk=lead.matter_id), by=office.staff, now=office.now())
    assert own.get(writing).status_code == 200

    Matter.objects.filter(pk=draft.pk).update(exposure=Exposure.OFFICE, stage=Stage.FILED, number="12")
    draft.refresh_from_db()
    readers.refresh(draft)
    assert ("请一并核对", "提案第12号", "") in facts_of(staff.get(form))
    suspend(fresh(lead).matter, reason="疑似涉密", by=office.staff, now=office.now())
    assert told(keeper)[-1] == "other_suspended"
    assert f"内容相关的社情民意信息{lead.matter.number}号暂停查看" in str(panels_of(keeper, draft).happenings)
    assert "other_suspended" not in {event.verb for event, _, _ in timeline(author, draft)}
    matter = Matter.objects.get(pk=lead.matter_id)
    assert list(owners.of(draft).beside(draft)) == [matter]


def facts_of(page: Any) -> list[tuple[str, Any, str]]:
    return [(fact.label, fact.value, fact.url) for fact in page.context["facts"]]


def test_no_form_about_what_went_into_a_main_one_out_of_sight_says_what_became_of_that() -> None:
    office = Outside()
    order = office.instructed(text=MARK, leader_name=f"{MARK}市长")
    office.answered(office.given(instruction=order))
    ways = [reverse(f"reports:{name}", args=[office.other.public_id]) for name in ("feed_back", "assign_report")]
    client = signed_in(office.staff)
    assert "已划线。" in words_of(client.get(ways[0])) and MARK in words_of(client.get(ways[1]))

    suspend(Matter.objects.get(pk=office.main.matter_id), reason="疑似涉密", by=office.staff, now=office.now())

    assert [client.get(way).status_code for way in ways] == [404, 404]


def test_who_was_asked_reads_no_text_whose_level_was_raised_above_the_own_report() -> None:
    office = Together()
    asked = editing.ask_authors(
        office.edition, editing.authors_to_ask(office.edition), by=office.editor, now=office.now()
    )
    first, second = (reverse("reports:confirm_edition", args=[word.public_id]) for word in asked)
    assert signed_in(office.second).get(second).status_code == 200

    actions.set_level(office.main, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())

    assert signed_in(office.second).get(second).status_code == 404
    assert signed_in(office.first).get(first).status_code == 200


def test_levels_stand_still_while_the_main_one_is_out_of_sight() -> None:
    office = Together()
    suspend(office.main.matter, reason="疑似涉密", by=office.staff, now=office.now())
    with pytest.raises(WrongStep, match="保密核查"):
        actions.set_level(fresh(office.other), Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())


def test_a_raised_level_marks_later_copies_and_takes_earlier_ones_back() -> None:
    office = Outside()
    job = LongJob.objects.create(
        by=office.editor, kind=bulletin_files.PDF, state="done", file="a.pdf", created_at=NOW, finished_at=NOW
    )
    actions.set_level(office.main, Access.SENSITIVE, reason="涉及企业", by=office.staff, now=office.now())

    job.refresh_from_db()
    assert job.file == ""
    read = bulletin_files.reading(office.issue_made, office.staff)
    assert bulletin_files.bulletin_of(read, office.staff, now=office.now()).mark.startswith(office.staff.name)


def test_whoever_else_sits_in_the_report_office_sees_no_report() -> None:
    office = Outside()
    part = office.given()
    others = [appoint(role, part.office) for role in (Role.ASSIGNING_OFFICER, Role.COMMITTEE_OFFICE)]
    assert [Matter.objects.visible_to(one).filter(pk=part.matter_id).exists() for one in others] == [False, False]
    assert [signed_in(one).get(reverse("handling:part", args=[part.public_id])).status_code for one in others] == [
        404,
        403,
    ]
