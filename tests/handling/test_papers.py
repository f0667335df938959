"""Official documents of a part: each reads what he may read of the thing itself, each is kept with its hash."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pytest_django.fixtures import Settings

from config.portal.actions.files import clear_orphans
from members.days import full_day
from members.errors import Refused, WrongStep
from members.inbox import work
from members.inbox.models import JobState, LongJob
from members.models import AuditEntry
from members.uploads import open_file
from proposals.handling import actions, official, pdf
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, DocNumber, IssuedPaper, NumberFormat, Reply
from proposals.handling.official import PDF
from tests.handling.conftest import House, give, result_class, signed
from tests.uploads.made import upload


@pytest.fixture(autouse=True)
def files(house: House, settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    house.now = timezone.now() - timedelta(days=20)
    yield


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def opened(person: Any, url: str) -> int:
    """What a download answers; read, it is closed."""
    answer: Any = signed_in(person).get(url)
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return int(answer.status_code)


def told_of(asked: CaptureQueriesContext) -> list[str]:
    """Without what a first visit of a session writes down, and the note of who had it before the eyes."""
    kept = (one["sql"] for one in asked.captured_queries)
    return [
        sql for sql in kept if not re.search("SAVEPOINT|usersession|UPDATE .django_session|INTO handling_sight", sql)
    ]


def drafted(house: House, part: Assignment, text: str = "年内增加床位。", **fields: Any) -> Reply:
    points = {row.pk: actions.PointGiven(result_class("A"), text) for row in part.matter.suggestions.all()}
    facts = {"result": result_class("A"), "no_contact_reason": "已书面征求", "signer": "方正", **fields}
    return actions.draft_reply(part, facts, points, by=house.clerk, now=house.later())


def delivered(house: House, part: Assignment) -> Reply:
    return actions.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())


def page_of(part: Assignment) -> str:
    return reverse("handling:papers", args=[part.public_id])


def words(content: bytes) -> str:
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    heads = [one.text for one in paper.sections[0].first_page_header.paragraphs]
    return "\n".join([*heads, *(one.text for one in paper.paragraphs), *cells])


def text_of(paper: IssuedPaper) -> str:
    with open_file(paper.stored) as file:
        return words(file.read())


def test_the_clerk_prints_the_letter_for_seal_and_nobody_else_reads_it_before_it_is_delivered(house: House) -> None:
    part = signed(house, give(house, cosigned=True))
    drafted(house, part, opening="来信收悉。", contact_name="沈青", contact_phone="88662417")

    answer = signed_in(house.clerk).post(page_of(part), {"of": "reply-1", "to": ""})

    assert answer.status_code == 302
    paper = IssuedPaper.objects.get()
    text = text_of(paper)
    number = part.matter.number
    for said in (
        "A类", f"第{number}号提案的答复", "林溪、白露委员：", "来信收悉。", "一、关于“第1条建议”的建议",
        "年内增加床位。", "市民政局测试", "联系人：沈青，联系电话：88662417", "抄送：市政协提案委测试、市政府督查室测试",
    ):  # fmt: skip
        assert said in text, said
    assert (paper.draft, len(paper.sha256), paper.by) == (True, 64, house.clerk)
    assert AuditEntry.objects.filter(verb="handling.make_paper").exists()
    url = reverse("handling:paper", args=[paper.public_id])
    assert opened(house.clerk, url) == 200
    assert url in signed_in(house.clerk).get(page_of(part)).content.decode()
    for other in (house.officer, house.staff, house.member, house.other_clerk):
        assert opened(other, url) == 404
        assert "reply-1" not in signed_in(other).get(page_of(part)).content.decode()


def test_after_delivery_each_proposer_may_have_his_own_letter(house: House) -> None:
    part = signed(house, give(house, cosigned=True))
    delivered(house, part)
    member = signed_in(house.member)
    assert page_of(part) in member.get(part.matter.get_absolute_url()).content.decode()

    assert member.post(page_of(part), {"of": "reply-1", "to": "each"}).status_code == 302

    rows = IssuedPaper.objects.order_by("pk")
    assert [one.participant.person for one in rows if one.participant] == [house.member, house.cosigner]
    assert ["林溪委员：" in text_of(rows[0]), "白露委员：" in text_of(rows[1])] == [True, True]
    for reader in (house.member, house.cosigner, house.officer, house.staff, house.clerk):
        assert opened(reader, reverse("handling:paper", args=[rows[0].public_id])) == 200
    assert opened(house.other_clerk, reverse("handling:paper", args=[rows[0].public_id])) == 404


def test_a_letter_made_of_a_draft_stays_its_units_after_delivery(house: House) -> None:
    part = signed(house, give(house))
    drafted(house, part, "初稿的话。")
    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})
    delivered(house, part)

    url = reverse("handling:paper", args=[IssuedPaper.objects.get().public_id])
    assert [opened(one, url) for one in (house.clerk, house.member, house.staff)] == [200, 404, 404]


def test_the_same_letter_made_twice_is_one(house: House) -> None:
    part = signed(house, give(house))
    delivered(house, part)

    for _ in range(2):
        signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})

    assert IssuedPaper.objects.count() == 1


def test_the_other_papers_of_a_part(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    part, other = signed(house, matter), signed(house, matter, house.other_unit, house.other_clerk)
    actions.send_opinion(other, text="同意牵头单位意见。", doc_no="财函1号", by=house.other_clerk, now=house.later())
    due = part.obligations.get(stage="reply").due_on
    request = actions.ask_extension(
        part, to=due + timedelta(days=9), reason="需要调研", by=house.clerk, now=house.later()
    )
    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    actions.decide_extension(
        request, office="proposal", agrees=True, reason="请一次办好。", by=house.staff, now=house.later()
    )
    actions.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())

    def made(person: Any, part: Assignment, kind: str) -> str:
        client = signed_in(person)
        view = eyes(person, part.matter)
        codes = [one.code for one in official.sources(official.parts().get(pk=part.pk), view)]
        code = next((one for one in codes if one.startswith(kind)), "")
        if not code:
            return ""
        assert client.post(page_of(part), {"of": code, "to": ""}).status_code == 302
        return text_of(IssuedPaper.objects.filter(kind=kind).latest("pk"))

    assert "财函1号" in made(house.other_clerk, other, "opinion") and "同意牵头单位意见。" in made(
        house.staff, other, "opinion"
    )
    assert "同意你单位延期答复" in (granted := made(house.officer, part, "extension"))
    assert "请一次办好。" in granted
    assert "分管领导、经办" in made(house.clerk, part, "register")
    assert "□ 满意" in made(house.staff, part, "form")
    assert made(house.clerk, part, "form") == made(house.member, part, "register") == ""
    assert made(house.member, part, "extension") == ""


def test_the_letter_says_what_is_promised_until_when_and_by_what_it_is_checked(house: House) -> None:
    part = signed(house, give(house))
    reply = drafted(house, part)
    first = reply.points.order_by("pk").first()
    assert first is not None
    due = timezone.localdate() + timedelta(days=60)
    for days, text in ((30, "增设夜间车位。"), (0, "开工建设停车楼")):
        actions.promise(
            first, text=text, measure="200个车位", due_on=due + timedelta(days=days), by=house.clerk, now=house.later()
        )

    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})

    text = text_of(IssuedPaper.objects.get())
    said = f"承诺事项一：开工建设停车楼。完成标志：200个车位。完成时间：{full_day(due)}前。"
    assert f"年内增加床位。\n{said}\n承诺事项二：增设夜间车位。" in text


def test_where_no_pdf_can_be_made_the_page_is_printed_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "CHILD", Path("/nowhere.py"))
    part = signed(house, give(house))
    delivered(house, part)
    client = signed_in(house.member)
    client.post(page_of(part), {"of": "reply-1", "pdf": "1"})

    work.work(now=timezone.now())

    job = LongJob.objects.get(kind=PDF)
    assert job.state == JobState.FAILED and "请下载 Word 版" in job.error
    page = client.get(reverse("handling:paper_page", args=[part.public_id]), {"of": "reply-1"})
    assert (page.status_code, "年内增加床位。" in page.content.decode()) == (200, True)


def test_the_printed_page_is_for_the_same_readers_and_costs_little(house: House) -> None:
    part = signed(house, give(house, cosigned=True))
    delivered(house, part)
    url = reverse("handling:paper_page", args=[part.public_id])

    client = signed_in(house.member)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(url, {"of": "reply-1", "to": "1"})
    with CaptureQueriesContext(connection) as listed:
        client.get(page_of(part))

    assert "白露委员：" in page.content.decode()
    assert (len(told_of(asked)) <= 15, len(told_of(listed)) <= 15) == (True, True)
    assert signed_in(house.member).get(url, {"of": "register-"}).status_code == 404
    assert signed_in(house.member).get(url, {"of": "form-1"}).status_code == 404
    assert signed_in(house.third_clerk).get(url, {"of": "reply-1"}).status_code == 404


def test_the_preview_is_made_by_the_worker_for_who_may_still_see_it(house: House) -> None:
    part = signed(house, give(house))
    delivered(house, part)
    signed_in(house.member).post(page_of(part), {"of": "reply-1", "pdf": "1"})
    job = LongJob.objects.get(kind=PDF)

    work.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.file_name.endswith("（预览）.pdf")
    actions.suspend(part.matter, reason="保密核查", by=house.staff, now=house.later())
    job.refresh_from_db()
    assert job.file == ""


def test_a_file_is_held_against_what_was_made(house: House) -> None:
    part = signed(house, give(house))
    delivered(house, part)
    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})
    with open_file(IssuedPaper.objects.get().stored) as file:
        content = file.read()
    url = reverse("handling:check_paper")

    def says(person: Any, content: bytes) -> str:
        sent = signed_in(person).post(url, {"file": upload("函.docx", content)}, follow=True)
        return str(sent.content.decode())

    assert "一致：" in says(house.member, content)
    assert "没有与它一致" in says(house.member, content + b" ")
    assert "没有与它一致" in says(house.third_clerk, content)


def test_suspended_it_is_out_of_sight_and_purged_it_is_gone(house: House, tmp_path: Path) -> None:
    part = signed(house, give(house))
    delivered(house, part)
    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})
    paper = IssuedPaper.objects.get()
    url = reverse("handling:paper", args=[paper.public_id])
    assert clear_orphans(now=timezone.now() + timedelta(days=9)) == 0
    assert opened(house.clerk, url) == 200

    row = actions.suspend(part.matter, reason="保密核查", by=house.staff, now=house.later())

    assert "沈青" in row.seen_by
    assert opened(house.clerk, url) == 404
    assert opened(house.staff, url) == 404


# numbers ---------------------------------------------------------------------------------------------------------------


def numbering(house: House, pattern: str = "民函〔{年}〕{序号}号", after: int = 11) -> NumberFormat:
    return actions.set_format(house.unit, "reply", pattern, after=after, by=house.clerk, now=house.later())


def test_the_unit_numbers_by_its_own_format_one_series_a_year(house: House) -> None:
    numbering(house)
    first, second = signed(house, give(house)), signed(house, give(house))
    drafted(house, first), drafted(house, second)
    year = timezone.localdate(house.now).year
    assert actions.next_number(first, on=timezone.localdate(house.now)) == f"民函〔{year}〕12号"

    given = [actions.give_number(one, by=house.clerk, now=house.later()) for one in (first, second)]

    assert given == [f"民函〔{year}〕12号", f"民函〔{year}〕13号"]
    assert [one.replies.get().doc_no for one in (first, second)] == given
    assert (
        actions.next_number(first, on=timezone.localdate(house.now).replace(year=year + 1)) == f"民函〔{year + 1}〕1号"
    )


def test_a_number_that_the_unit_has_used_is_refused_and_one_from_paper_taken(house: House) -> None:
    numbering(house)
    first, second = signed(house, give(house)), signed(house, give(house))
    year = timezone.localdate(house.now).year
    drafted(house, first, doc_no=f"民函〔{year}〕12号")
    drafted(house, second)
    url = reverse("handling:take_number", args=[second.public_id])

    refused = signed_in(house.clerk).post(url, {"typed": f"民函〔{year}〕12号"})
    assert refused.status_code == 422
    assert "已经用在另一份文上" in refused.content.decode()
    with pytest.raises(Refused, match="已经用在另一份文上"):
        drafted(house, second, doc_no=f"民函〔{year}〕12号")
    assert signed_in(house.clerk).post(url).status_code == 302

    assert second.replies.get().doc_no == f"民函〔{year}〕13号"
    signed_in(house.clerk).post(url, {"typed": "民办函77号"})
    assert second.replies.get().doc_no == "民办函77号"
    assert DocNumber.objects.count() == 2


def test_without_a_format_or_a_draft_there_is_no_number(house: House) -> None:
    part = signed(house, give(house))
    with pytest.raises(WrongStep, match="请先拟写答复"):
        actions.give_number(part, by=house.clerk, now=house.later())
    drafted(house, part)

    with pytest.raises(Refused, match="还没有设置文号格式"):
        actions.give_number(part, by=house.clerk, now=house.later())


@pytest.mark.parametrize("pattern", ["民函12号", "民函{序号}-{序号}号", "民函〔{yr}〕{序号}号", "{序号}"])
def test_a_format_without_a_place_for_the_number_is_refused(house: House, pattern: str) -> None:
    with pytest.raises(Refused, match="例如"):
        numbering(house, pattern)


def test_the_clerk_sets_the_format_on_its_page_and_a_handler_does_not(house: House) -> None:
    url = reverse("handling:number_formats")
    typed = {"body": house.unit.public_id, "kind": "reply", "pattern": "民函〔{年}〕{序号}号", "after": "3"}
    client = signed_in(house.clerk)

    assert client.post(url, typed).status_code == 302

    assert f"民函〔{timezone.localdate().year}〕4号" in client.get(url).content.decode()
    assert opened(house.handler, url) == 403
    assert client.post(url, {**typed, "body": house.other_unit.public_id}).status_code == 422


def decided(house: House, part: Assignment) -> str:
    """The code of an extension that both offices have granted."""
    due = part.obligations.get(stage="reply").due_on
    request = actions.ask_extension(
        part, to=due + timedelta(days=9), reason="需要调研", by=house.clerk, now=house.later()
    )
    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    actions.decide_extension(request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())
    return f"extension-{request.public_id}"


def test_an_office_numbers_its_decisions_by_its_own_format(house: House) -> None:
    parts = [signed(house, give(house)) for _ in range(2)]
    codes = [decided(house, part) for part in parts]
    urls = [reverse("handling:number_office_paper", args=[part.public_id]) for part in parts]
    officer, year = signed_in(house.officer), timezone.localdate().year
    refused = officer.post(urls[0], {"of": codes[0]})
    assert (refused.status_code, "还没有设置文号格式" in refused.content.decode()) == (422, True)
    typed = {"body": house.assigning.public_id, "kind": "extension", "pattern": "督函〔{年}〕{序号}号", "after": "4"}
    assert officer.post(reverse("handling:number_formats"), typed).status_code == 302
    refused = signed_in(house.staff).post(urls[0], {"of": codes[0]})
    assert (refused.status_code, "市政府督查室测试自己取用" in refused.content.decode()) == (422, True)

    assert officer.post(urls[0], {"of": codes[0]}).status_code == 302
    assert signed_in(house.staff).post(urls[1], {"of": codes[1], "typed": f"督函〔{year}〕6号"}).status_code == 302

    assert f"督函〔{year}〕5号" in officer.get(urls[0]).content.decode()
    again = officer.post(urls[0], {"of": codes[0]})
    assert (again.status_code, f"已编文号“督函〔{year}〕5号”" in again.content.decode()) == (422, True)
    taken = officer.post(urls[1], {"of": codes[1], "typed": f"督函〔{year}〕5号"})
    assert (taken.status_code, "已经用在另一份文上" in taken.content.decode()) == (422, True)
    officer.post(page_of(parts[0]), {"of": codes[0]})
    assert f"督函〔{year}〕5号" in text_of(IssuedPaper.objects.get())
    assert signed_in(house.clerk).get(urls[0]).status_code == 403


def test_only_an_assigning_office_numbers_what_offices_write(house: House) -> None:
    with pytest.raises(Refused, match="督办单由交办机构行文"):
        actions.set_format(house.unit, "chase", "民督〔{年}〕{序号}号", after=0, by=house.clerk, now=house.later())


def test_signs_that_no_word_file_may_hold_are_left_out_of_it(house: House) -> None:
    part = signed(house, give(house))
    actions.deliver_reply(drafted(house, part, "年内增加\uffff床位\x0b。"), by=house.clerk, now=house.later())

    answer = signed_in(house.clerk).post(page_of(part), {"of": "reply-1", "to": ""})

    assert answer.status_code == 302
    with open_file(IssuedPaper.objects.get().stored) as file:
        assert "年内增加床位" in words(file.read())
