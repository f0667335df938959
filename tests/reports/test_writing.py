"""A report is written on one screen, kept on the server alone, handed in once, taken back (M4, S16, S20)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role
from members.errors import Refused, Stale, WrongStep
from members.models import Body, Person
from proposals.handling import clocks
from proposals.handling.models import Access, Attachment, Exposure
from proposals.reports import actions
from proposals.reports.hands import similar_to
from proposals.reports.models import Report, Status, Words, handed_in
from tests.factories import BodyFactory, SessionFactory, appoint
from tests.proposals.test_reviewing import told
from tests.reports.factories import NOW, WORDS, report
from tests.uploads.made import pdf, picture, upload

pytestmark = pytest.mark.django_db
CHOSEN = {"access": "open", "not_secret": "on"}
TYPED = {"title": WORDS.title, "situation": WORDS.situation, "cause": WORDS.cause, "suggestion": WORDS.suggestion}


@pytest.fixture
def staff() -> Person:
    SessionFactory()
    return appoint(Role.REPORT_STAFF, name="文竹")


@pytest.fixture
def member(staff: Person, settings: Any, tmp_path: Path) -> Person:
    settings.MEDIA_ROOT = tmp_path
    return appoint(Role.MEMBER, name="林溪")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def fresh_of(client: Client) -> dict[str, str]:
    """The hidden fields of an empty screen."""
    context: Any = client.get(reverse("reports:fresh")).context
    return {"fresh": context["fresh"], "version": "1", "once": str(context["once"])}


def test_one_screen_with_a_photo_is_kept_while_one_writes_and_handed_in_once(member: Person, staff: Person) -> None:
    client, url = signed_in(member), reverse("reports:fresh")
    hidden = fresh_of(client)
    begun = client.post(reverse("reports:autosave_fresh"), {**hidden, "title": "消防通道", "access": "open"})
    assert (begun.status_code, json.loads(begun.content)) == (200, {"version": 2})
    draft = Report.objects.get()
    assert (draft.title, draft.status, draft.matter.exposure) == ("消防通道", Status.DRAFT, Exposure.DRAFT)
    sent = {**hidden, **TYPED, **CHOSEN, "version": "2", "urgent": "on", "attached": upload("通道.png", picture("PNG"))}

    first = client.post(url, sent)
    again = client.post(url, {**sent, "attached": upload("通道.png", picture("PNG"))})

    one = Report.objects.select_related("matter").get()
    assert (first.status_code, first["Location"], again["Location"]) == (302, one.get_absolute_url(), first["Location"])
    assert (one.status, one.matter.number, one.urgent, one.matter.stage) == ("screening", "信0001", True, "screening")
    assert (handed_in(one), Attachment.objects.get().purpose) == (WORDS, "report")
    clock = clocks.open_for(matter=one.matter).get()
    assert (clock.stage, clock.rule.code, clock.due_on) == ("report_screening", "report_urgent", timezone.localdate())
    assert (told(staff), told(member)) == (["report_urgent"], [])
    page = client.get(one.get_absolute_url()).content.decode()
    assert "正在等待工作人员筛选" in page and WORDS.situation in page and "通道.png" in page
    late = client.post(reverse("reports:autosave_fresh"), {**hidden, "title": "再写"})
    assert (late.status_code, "已经提交" in json.loads(late.content)["sentence"]) == (422, True)
    assert one.title in client.get(reverse("reports:mine")).content.decode()
    twice = client.post(url, {**fresh_of(client), **TYPED, **CHOSEN})
    assert twice.status_code == 422 and "已经提交过，编号信0001" in twice.content.decode()


def test_what_is_wrong_is_said_and_neither_words_nor_files_are_lost(member: Person, staff: Person) -> None:
    client = signed_in(member)
    hidden = fresh_of(client)
    long = {**TYPED, "situation": "长" * 1600, "attached": [upload("图.png", picture("PNG")), upload("坏.exe", b"MZ")]}
    refused = client.post(reverse("reports:fresh"), {**hidden, **CHOSEN, **long})
    page = refused.content.decode()
    assert refused.status_code == 422 and "坏.exe" in page and "长" * 1600 in page and "图.png" in page

    kept = Report.objects.get()
    assert (kept.status, len(kept.situation), Attachment.objects.get().name) == ("draft", 1600, "图.png")
    url = reverse("reports:write", args=[kept.public_id])
    refused = client.post(url, {**TYPED, **CHOSEN, "situation": "长" * 1600})
    assert refused.status_code == 422 and "最多1500字，现在有" in refused.content.decode()
    refused = client.post(url, {**TYPED, "access": "open"})
    assert refused.status_code == 422 and "不涉及国家秘密" in refused.content.decode()
    bare = client.post(url, {"title": "只写了标题", "access": "open", "attached": upload("二.png", picture("PNG"))})
    page = bare.content.decode()
    assert all(said in page for said in ("请写明情况", "请写出建议", "不涉及国家秘密", "二.png"))  # all at once
    assert "附件没有保留" not in page
    assert client.post(url, {**TYPED, **CHOSEN, "later": "1"}).status_code == 302
    assert Report.objects.get().words == WORDS


def test_no_copy_of_it_stays_in_the_browser(member: Person) -> None:
    page = signed_in(member).get(reverse("reports:fresh")).content.decode()
    assert 'data-local="no"' in page and "涉密事项不得在本系统填写" in page


def test_two_windows_do_not_overwrite_each_other(member: Person, staff: Person) -> None:
    client = signed_in(member)
    draft = report(member, status=Status.DRAFT)
    url = reverse("reports:write", args=[draft.public_id])

    stale = client.post(url, {**TYPED, **CHOSEN, "title": "另一个标题", "version": "7"})
    page = stale.content.decode()
    assert stale.status_code == 409 and "另一个标题" in page and WORDS.title in page and "用我填写的内容保存" in page
    typed = {**TYPED, "title": "另一个标题", "access": "open", "version": "7"}
    answer = client.post(reverse("reports:autosave", args=[draft.public_id]), typed)
    assert answer.status_code == 409
    with pytest.raises(Stale):
        actions.save(draft, Words(title="甲"), details=actions.Details(), version=9, by=member, now=NOW)


def test_a_body_a_liaison_office_and_a_reporter_write_too(member: Person, staff: Person) -> None:
    office = BodyFactory(name="城东委员联络室", kind=BodyKind.LIAISON_OFFICE)
    officer, reporter = appoint(Role.LIAISON_OFFICER, office), appoint(Role.INVITED_REPORTER)
    both = appoint(Role.MEMBER, name="白露")
    party: Body = BodyFactory(name="民盟测试支部", kind=BodyKind.DEMOCRATIC_PARTY)
    appoint(Role.ORGANISATION_SECRETARY, party, person=both)
    for who, chosen in ((officer, {}), (reporter, {}), (both, {"behind": str(party.public_id)})):
        client = signed_in(who)
        answer = client.post(reverse("reports:fresh"), {**fresh_of(client), **TYPED, **CHOSEN, **chosen})
        assert answer.status_code == 302

    rows = Report.objects.order_by("pk")
    assert [row.source for row in rows] == ["liaison", "reporter", "body"]
    first = [str(row.matter.participants.filter(role="author").get()) for row in rows]
    assert first == ["城东委员联络室", reporter.name, "民盟测试支部"]
    colleague = appoint(Role.LIAISON_OFFICER, office)
    assert signed_in(colleague).get(rows[0].get_absolute_url()).status_code == 200
    assert signed_in(member).get(rows[0].get_absolute_url()).status_code == 404


def test_the_office_enters_for_somebody_and_he_is_told(member: Person, staff: Person) -> None:
    client, url = signed_in(staff), reverse("reports:enter")
    typed = {**TYPED, **CHOSEN, "source": "member", "people": "", "body": "", "author_text": ""}
    refused = client.post(url, typed)
    assert refused.status_code == 422 and "请填写反映人" in refused.content.decode()

    sent = client.post(url, {**typed, "people": member.name, "attached": upload("原件.pdf", pdf())})

    one = Report.objects.get()
    assert (sent.status_code, one.entered_by, one.status) == (302, staff, Status.SUBMITTED)
    assert told(member) == ["report_submitted"]
    page = signed_in(member).get(one.get_absolute_url()).content.decode()
    assert "工作人员代录" in page and "原件.pdf" in page
    outside = client.post(url, {**typed, "source": "branch", "author_text": "某党支部 甲"})
    assert outside.status_code == 302
    assert "某党支部 甲" in client.get(outside["Location"]).content.decode()


def test_taken_back_and_thrown_away(member: Person, staff: Person) -> None:
    client, one = signed_in(member), report(member)
    clocks.start(
        one.matter, "report_screening", body=staff.appointments.get().body, anchor_on=NOW.date(), by=None, now=NOW
    )
    url = reverse("reports:withdraw", args=[one.public_id])
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "情况有变"}).status_code == 302

    one.refresh_from_db()
    assert (one.status, clocks.open_for(matter=one.matter).exists()) == ("recalled", False)
    assert client.post(url, {"reason": "再撤"}).status_code == 422  # the words stay, nothing is done
    draft = report(member, status=Status.DRAFT)
    assert client.post(reverse("reports:discard", args=[draft.public_id])).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.situation, draft.status) == ("", "", "recalled")
    with pytest.raises(WrongStep):
        actions.discard(one, by=member, now=NOW)


def test_nothing_above_public_on_the_internet(member: Person, settings: Any) -> None:
    draft = report(member, status=Status.DRAFT)
    settings.ZONE = "internet"
    assert "敏感" not in signed_in(member).get(reverse("reports:write", args=[draft.public_id])).content.decode()
    with pytest.raises(Refused, match="互联网"):
        secret = actions.Details(access=Access.SENSITIVE)
        actions.save(draft, WORDS, details=secret, version=None, by=member, now=NOW)


def test_similar_ones_are_the_own_and_no_others(member: Person, staff: Person) -> None:
    own, other = report(member), report(words=Words("老旧小区消防通道整治", "情况。", "", "建议。"))

    assert [row.url for row in similar_to("老旧小区消防通道被占", member)] == [own.get_absolute_url()]
    assert {row.url for row in similar_to("老旧小区消防通道被占", staff)} == {
        own.get_absolute_url(),
        other.get_absolute_url(),
    }
    fragment = signed_in(member).get(
        reverse("reports:similar"), {"title": "老旧小区消防通道"}, headers={"HX-Request": "true"}
    )
    assert own.get_absolute_url() in fragment.content.decode()


def test_a_listed_word_warns_once_and_does_not_block(
    member: Person, staff: Person, settings: Any, tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("消防通道\n", "utf-8")
    settings.WORD_LIST = str(words)
    client, draft = signed_in(member), report(member, status=Status.DRAFT)
    url = reverse("reports:write", args=[draft.public_id])

    warned = client.post(url, {**TYPED, **CHOSEN})
    assert warned.status_code == 422 and "保密词表" in warned.content.decode()
    answer: Any = warned.context["alarm"]
    assert client.post(url, {**TYPED, **CHOSEN, "alarm": answer}).status_code == 302

    office, url = signed_in(staff), reverse("reports:enter")
    said = {**TYPED, **CHOSEN, "source": "other", "author_text": "某居民", "suggestion": "请消防救援部门检查。"}
    warned = office.post(url, said)
    assert warned.status_code == 422 and "保密词表" in warned.content.decode()
    assert "再点一次“录入并提交”" in warned.content.decode() and Report.objects.count() == 1
    assert office.post(url, {**said, "alarm": warned.context["alarm"]}).status_code == 302


def test_the_day_of_an_ordinary_one_counts_working_days(member: Person, staff: Person) -> None:
    draft = actions.begin(actions.Behind(people=[member]), by=member, now=NOW)
    actions.save(draft, WORDS, details=actions.Details(), version=None, by=member, now=NOW)
    with pytest.raises(Refused, match="国家秘密"):
        actions.submit(draft, not_secret=False, by=member, now=NOW)
    done = actions.submit(draft, not_secret=True, by=member, now=NOW + timedelta(minutes=1))

    assert str(clocks.open_for(matter=done.matter).get().due_on) == "2026-03-11"
    with pytest.raises(WrongStep):
        actions.submit(draft, not_secret=True, by=member, now=NOW)
