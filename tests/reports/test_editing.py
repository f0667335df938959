"""A report is edited beside its own words: versions, differences, its authors' word, several made into one."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import AuditEntry, Person
from proposals.handling import clocks, readers
from proposals.handling.models import Access
from proposals.reports.actions import combining, editing
from proposals.reports.credits import credits_of, sources_of
from proposals.reports.models import AuthorWord, Edition, Report, Status, handed_in
from tests.factories import appoint
from tests.reports.factories import NOW, WORDS, report

pytestmark = pytest.mark.django_db


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(person: Person) -> list[str]:
    return list(
        Message.objects.filter(recipient=person, channel="inapp").order_by("pk").values_list("template", flat=True)
    )


def verbs(one: Report) -> list[str]:
    return list(one.matter.events.order_by("seq").values_list("verb", flat=True))


@pytest.fixture
def editor() -> Person:
    return appoint(Role.REPORT_EDITOR, name="文心")


def edited(one: Report, by: Person, text: str = "消防通道长期被占用。\n建议划线并联合整治。") -> Edition:
    return editing.save_edition(one, title="消防通道被占用", text=text, by=by, now=NOW)


def test_every_saved_text_is_a_version_and_the_original_stays(editor: Person) -> None:
    one = report(status=Status.EDITING)

    first = edited(one, editor)
    again = edited(one, editor)
    second = edited(one, editor, "  消防通道被占用。\n\n　　建议联合整治。 ")

    assert (first.number, again, second.number, second.text) == (1, first, 2, "消防通道被占用。\n建议联合整治。")
    assert handed_in(one) == WORDS
    assert verbs(one) == ["report_edited", "report_edited"]
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Edition.objects.filter(pk=first.pk).update(text="别的")


def test_two_editors_on_one_text_see_both(editor: Person) -> None:
    one, colleague = report(status=Status.EDITING), appoint(Role.REPORT_EDITOR)
    url = reverse("reports:edit", args=[one.matter.public_id])
    client = signed_in(colleague)
    assert client.get(url).status_code == 200
    edited(one, editor)

    with pytest.raises(Stale, match="文心保存了第1稿"):
        editing.save_edition(one, title="另一稿", text="另一种写法。", seen=0, by=colleague, now=NOW)
    late = client.post(url, {"title": "另一稿", "text": "另一种写法。", "version": "0"})

    both = late.content.decode()
    assert (
        late.status_code == 409
        and "文心保存了第1稿" in both
        and '<input type="hidden" name="version" value="1">' in both
    )
    assert "另一种写法。" in both and "消防通道长期被占用。" in both
    assert one.editions.count() == 1
    assert client.post(url, {"title": "另一稿", "text": "另一种写法。", "version": "1"}).status_code == 302
    page = client.get(url).content.decode()
    assert "<ins>" in page and WORDS.situation in page


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"title": " "}, "请填写标题"),
        ({"text": "\n"}, "请填写正文"),
        ({"text": "长" * 1501}, "正文不能超过1500字，现在有1501字"),
    ],
)
def test_what_is_refused_is_said_and_the_words_stay(editor: Person, facts: dict[str, str], sentence: str) -> None:
    one = report(status=Status.EDITING)
    data = {"title": "标题", "text": "正文。", **facts}

    with pytest.raises(Refused, match=sentence):
        editing.save_edition(one, title=data["title"], text=data["text"], by=editor, now=NOW)
    assert signed_in(editor).post(reverse("reports:edit", args=[one.matter.public_id]), data).status_code == 422


def test_who_may_edit(editor: Person) -> None:
    author = appoint(Role.MEMBER)
    appoint(Role.REPORT_EDITOR, person=author)
    one, secret = report(author, status=Status.EDITING), report(status=Status.EDITING, access=Access.SENSITIVE)
    url = reverse("reports:edit", args=[one.matter.public_id])

    with pytest.raises(Refused, match="请由其他同事办理"):
        edited(one, author)
    with pytest.raises(WrongStep, match="待筛选"):
        edited(report(), editor)
    strangers = [appoint(role) for role in (Role.PROPOSAL_STAFF, Role.MEMBER, Role.UNIT_CLERK)]
    assert [signed_in(who).get(url).status_code for who in (editor, *strangers)] == [200, 403, 403, 403]
    guarded = reverse("reports:edit", args=[secret.matter.public_id])
    staff = appoint(Role.REPORT_STAFF)
    assert [signed_in(who).get(guarded).status_code for who in (editor, staff)] == [404, 200]
    seen = AuditEntry.objects.filter(verb="view_guarded", subject=str(secret.matter.public_id))
    assert seen.get().by == staff
    assert str(secret.matter.number) not in signed_in(editor).get(reverse("reports:editing")).content.decode()


def test_the_author_says_whether_the_meaning_is_the_same(editor: Person) -> None:
    author = appoint(Role.MEMBER, name="林溪")
    one = report(author, status=Status.EDITING)
    edition = edited(one, editor)
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=editor, now=NOW)
    edition.refresh_from_db()
    assert (edition.state, told(author)) == (Edition.State.ASKED, ["report_author_asked"])
    [said] = render(
        [("report_author_asked", {"matter": str(one.matter.public_id), "word": str(word.public_id)})], author
    )
    url = reverse("reports:confirm_edition", args=[word.public_id])
    assert isinstance(said, Rendered) and said.url == url
    with pytest.raises(Refused, match="已经征求过"):
        editing.ask_authors(edition, [word.participant], by=editor, now=NOW)

    client = signed_in(author)
    page = client.get(url).content.decode()
    assert "消防通道长期被占用。" in page and "<del>" in page
    assert url in client.get(reverse("portal:desk")).content.decode()
    for asking in (reverse("reports:mine"), one.get_absolute_url()):
        assert "意思变了没有" in client.get(asking).content.decode()
    assert signed_in(appoint(Role.MEMBER)).get(url).status_code == 404
    assert client.post(url, {"text": "", "change": "1"}).status_code == 422
    assert client.post(url, {"text": "车位不足要保留。", "change": "1"}).status_code == 302
    assert url not in client.get(reverse("portal:desk")).content.decode()

    edition.refresh_from_db()
    assert (edition.state, told(editor)[-1]) == (Edition.State.CHANGED, "report_author_answered")
    second = edited(one, editor, "车位不足，通道被占。")
    [again] = editing.ask_authors(second, editing.authors_to_ask(second), by=editor, now=NOW)
    with pytest.raises(Refused, match="答复方式和日期"):
        editing.answer_edition(again, same=True, by=editor, now=NOW)
    record = reverse("reports:record_word", args=[again.public_id])
    assert signed_in(editor).post(record, {"answer": "same", "text": "", "said": "3月5日电话"}).status_code == 302
    second.refresh_from_db()
    again.refresh_from_db()
    assert (second.state, again.said, again.answer) == (Edition.State.CONFIRMED, "3月5日电话", "same")
    assert "3月5日电话" in signed_in(editor).get(reverse("reports:edition", args=[second.public_id])).content.decode()
    with pytest.raises(WrongStep, match="已经答复过"):
        editing.answer_edition(again, same=False, text="又变了", by=author, now=NOW)
    assert "已经答复过" in client.get(reverse("reports:confirm_edition", args=[again.public_id])).content.decode()


def test_a_newer_version_ends_the_question(editor: Person) -> None:
    author = appoint(Role.MEMBER)
    one = report(author, status=Status.EDITING)
    edition = edited(one, editor)
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=editor, now=NOW)
    edited(one, editor, "又改了一稿。")

    with pytest.raises(WrongStep, match="新的编辑稿"):
        editing.answer_edition(word, same=True, by=author, now=NOW)
    assert (
        "不需要核对"
        in signed_in(author).get(reverse("reports:confirm_edition", args=[word.public_id])).content.decode()
    )


def test_several_become_one_and_everybody_is_credited_and_told(editor: Person) -> None:
    first, second, third = (appoint(Role.MEMBER, name=name) for name in ("林溪", "白露", "陈曦"))
    main = report(first, status=Status.EDITING, shows_name=True)
    other, earlier = report(second, status=Status.EDITING), report(third, status=Status.SUBMITTED, shows_name=True)
    clocks.start(
        earlier.matter,
        "report_screening",
        body=editor.appointments.get().body,
        anchor_on=NOW.date(),
        by=editor,
        now=NOW,
    )
    combining.combine(other, [earlier], by=editor, now=NOW)

    client = signed_in(editor)
    assert "待筛选" not in client.get(reverse("reports:combine", args=[main.matter.public_id])).content.decode()
    url = reverse("reports:combine", args=[main.matter.public_id])
    assert client.post(url, {"followers": [str(other.matter.public_id)]}).status_code == 302

    rows = Report.objects.filter(matter__merged_into=main.matter).order_by("pk")
    assert [(row.pk, row.status) for row in rows] == [(other.pk, Status.COMBINED), (earlier.pk, Status.COMBINED)]
    assert not clocks.open_for(matter=earlier.matter).exists()
    assert (told(second), told(third), told(first)) == (["report_combined"], ["report_combined"], [])
    assert credits_of(sources_of([main])) == {main.matter_id: "林溪、陈曦等反映"}
    page = client.get(reverse("reports:edit", args=[main.matter.public_id])).content.decode()
    assert "取消合并" in client.get(other.get_absolute_url()).content.decode()
    assert all(name in page for name in ("林溪", "白露", "陈曦", "原稿 3"))
    long = editing.save_edition(main, title="合并", text="长" * 2000, by=editor, now=NOW)
    [asked] = [row for row in editing.authors_to_ask(long) if row.person == second]
    [word] = editing.ask_authors(long, [asked], by=editor, now=NOW)
    page = signed_in(second).get(reverse("reports:confirm_edition", args=[word.public_id])).content.decode()
    assert "您的原稿" in page and "林溪" not in page
    assert signed_in(second).get(reverse("reports:edit", args=[main.matter.public_id])).status_code == 403

    part = reverse("reports:separate", args=[other.matter.public_id])
    assert client.post(part, {"reason": "事情不同"}).status_code == 302
    other = Report.objects.select_related("matter").get(pk=other.pk)
    assert (other.status, other.matter.merged_into, told(second)[-1]) == (Status.EDITING, None, "report_parted")


def test_what_cannot_be_combined(editor: Person) -> None:
    main, secret = report(status=Status.EDITING), report(status=Status.EDITING, access=Access.SENSITIVE)
    own = report(editor, status=Status.EDITING)

    with pytest.raises(Refused, match="不能并入自己"):
        combining.combine(main, [main], by=editor, now=NOW)
    with pytest.raises(Refused, match="是“敏感”，不能并入“公开”"):
        combining.combine(main, [secret], by=editor, now=NOW)
    with pytest.raises(WrongStep, match="现在是“已刊发”"):
        combining.combine(main, [report(status=Status.ISSUED)], by=editor, now=NOW)
    with pytest.raises(Refused, match="反映人，请由其他同事办理"):
        combining.combine(main, [own], by=editor, now=NOW)
    assert not Report.objects.filter(matter__merged_into__isnull=False).exists()
    lower = report(status=Status.EDITING)
    combining.combine(secret, [lower], by=editor, now=NOW)
    edition = editing.save_edition(secret, title="敏感", text="敏感内容。", by=editor, now=NOW)
    assert [row.matter_id for row in editing.authors_to_ask(edition)] == [secret.matter_id]


def test_the_same_text_through_two_channels_is_made_one_while_it_is_screened(editor: Person) -> None:
    staff, first, second = appoint(Role.REPORT_STAFF), appoint(Role.MEMBER), appoint(Role.MEMBER)
    one, other = report(first), report(second)
    client, url = signed_in(staff), reverse("reports:combine", args=[one.matter.public_id])
    assert client.get(url).content.decode().count(" checked") == 1
    Report.objects.filter(pk=other.pk).update(claimed_by=editor, claimed_at=NOW)
    sent = {"followers": [str(other.matter.public_id)]}
    refused = client.post(url, sent)
    assert refused.status_code == 422 and "文心正在筛选" in refused.content.decode()
    Report.objects.filter(pk=other.pk).update(claimed_by=None, claimed_at=None)

    assert client.post(url, sent).status_code == 302
    assert Report.objects.get(pk=other.pk).status == Status.COMBINED
    assert told(second) == ["report_combined"]

    third, late = report(), reverse("reports:combine", args=[other.matter.public_id])
    overtaken = client.post(late, {"followers": [str(third.matter.public_id)]})
    assert (client.get(late).status_code, overtaken.status_code) == (404, 422)
    assert f"已经并入{one.matter.label}" in overtaken.content.decode()
    assert overtaken.content.decode().count(" checked") == 1
    again = client.post(url, {"followers": [str(other.matter.public_id), "不是编号"]})
    assert again.status_code == 422 and "请刷新页面后重新选择" in again.content.decode()
    assert "现在是“已合并”，不能合并" in client.post(url, sent).content.decode()


def test_a_body_speaks_through_whoever_reports_in_its_name(editor: Person) -> None:
    officer = appoint(Role.LIAISON_OFFICER)
    one = report(status=Status.EDITING)
    body = officer.appointments.get().body
    one.matter.participants.all().delete()
    one.matter.participants.create(body=body, role="author")
    readers.refresh(one.matter)
    edition = edited(one, editor)
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=editor, now=NOW)

    assert told(officer) == ["report_author_asked"]
    assert "核对编辑稿" in signed_in(officer).get(one.get_absolute_url()).content.decode()
    editing.answer_edition(word, same=True, by=officer, now=NOW)
    edition.refresh_from_db()
    assert edition.state == Edition.State.CONFIRMED


def test_the_desk_of_editors_costs_the_same_for_one_and_for_many(editor: Person) -> None:
    client = signed_in(editor)
    report(status=Status.EDITING)

    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse("reports:editing")).status_code == 200
        return len(caught)

    cost()
    one = cost()
    for _ in range(3):
        combining.combine(report(status=Status.EDITING), [report()], by=editor, now=NOW)
    assert cost() == one <= 12


def test_nothing_is_asked_of_what_is_suspended(editor: Person) -> None:
    author = appoint(Role.MEMBER)
    one = report(author, status=Status.EDITING)
    edition = edited(one, editor)
    [word] = editing.ask_authors(edition, editing.authors_to_ask(edition), by=editor, now=timezone.now() - timedelta(1))
    one.matter.access = Access.SUSPENDED
    one.matter.save()

    with pytest.raises(WrongStep, match="保密核查"):
        editing.answer_edition(word, same=True, by=author, now=NOW)
    assert signed_in(author).get(reverse("reports:confirm_edition", args=[word.public_id])).status_code == 404
    assert AuthorWord.objects.get().answer == ""
