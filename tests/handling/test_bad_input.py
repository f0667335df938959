"""What comes too late, or is not what it says, is refused with a sentence, and nothing that was typed is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.models import Person
from proposals import actions as proposals
from proposals.handling import actions
from proposals.handling.models import Assignment, Attachment, Commitment, Countersign, Reply, ReplyVersion
from proposals.models import Publication
from tests.factories import appoint
from tests.handling.conftest import House, give, signed
from tests.handling.test_countersigning import let_pass
from tests.handling.test_signing import browser, drafted, url
from tests.uploads import made
from tests.uploads.made import upload

TYPED = {"result": "A", "opening": "总体已经落实。", "text_1": "第一条已经办理。", "class_1": "A", "no_contact_reason": "已书面沟通。"}  # fmt: skip


@pytest.fixture
def part(house: House) -> Assignment:
    house.now = timezone.now() - timedelta(days=1)
    return signed(house, give(house))


def sent(person: Person, name: str, row: Any, **fields: Any) -> tuple[int, str]:
    answer = browser(person).post(url(name, row), fields)
    return answer.status_code, answer.content.decode()


def keeps(page: str, *words: str) -> bool:
    return all(word in page for word in words)


def test_a_reply_to_a_matter_that_was_withdrawn_meanwhile(house: House, part: Assignment) -> None:
    proposals.withdraw(part.matter.proposal, reason="问题已经解决", by=house.member, now=house.later())

    status, page = sent(house.clerk, "draft_reply", part, **TYPED)

    assert (status, Reply.objects.count()) == (409, 0)
    assert keeps(page, "这一步现在不能办理", "总体已经落实。", "答复第1条", "第一条已经办理。")


def test_a_reply_to_a_matter_that_was_given_to_another_unit_meanwhile(house: House, part: Assignment) -> None:
    reply = drafted(house, part, "原来写的。")
    actions.transfer(part, house.third_unit, reason="职责调整", by=house.officer, now=timezone.now())

    for name, fields in (("draft_reply", TYPED), ("reply", {})):
        status, page = sent(house.clerk, name, part, **fields)
        assert status == 409
        assert keeps(page, "这一步现在不能办理", *(["第一条已经办理。"] if fields else []))
    reply.refresh_from_db()
    assert (reply.state, reply.points.first().text) == ("draft", "原来写的。")  # type: ignore[union-attr]


def test_words_typed_while_a_colleague_sent_the_draft_up(house: House, part: Assignment) -> None:
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.now)
    actions.send_up(drafted(house, part), by=house.clerk, now=timezone.now())

    status, page = sent(house.head, "draft_reply", part, **TYPED)

    assert status == 409
    assert keeps(page, "请先撤回送签", "总体已经落实。", "第一条已经办理。")


def test_a_number_that_another_letter_bears(house: House, part: Assignment) -> None:
    drafted(house, part, doc_no="民函〔2026〕12号")
    other = signed(house, give(house))

    status, page = sent(house.clerk, "draft_reply", other, **TYPED, doc_no="民函〔2026〕12号")

    assert (status, other.replies.count()) == (422, 0)
    assert keeps(page, "已经用在另一份文上", "第一条已经办理。")


def test_a_scan_that_is_none(house: House, part: Assignment) -> None:
    fake = {"letter": upload("盖章.pdf", "这不是扫描件".encode())}
    status, page = sent(house.clerk, "draft_reply", part, **TYPED, **fake)
    assert (status, Reply.objects.count()) == (422, 0)
    assert keeps(page, "文件", "第一条已经办理。")

    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.now)
    version = actions.send_up(drafted(house, part), by=house.clerk, now=timezone.now())
    sheet = {"paper_who": "方正", "paper_on": timezone.localdate(), "paper_sheet": "发文稿纸", "text": "同意印发。"}
    for scan in (upload("稿纸.jpg", made.docx()), upload("稿纸.pdf", b"%PDF-1.4")):
        status, page = sent(house.clerk, "sign_reply", version, version="1", **sheet, paper_scan=scan)
        assert (status, keeps(page, "发文稿纸", "同意印发。")) == (422, True)
    assert (Attachment.objects.count(), ReplyVersion.objects.get().state) == (0, "signing")


def test_a_promise_dated_in_the_past(house: House, part: Assignment) -> None:
    drafted(house, part)
    past = timezone.localdate() - timedelta(days=1)

    status, page = sent(
        house.clerk, "draft_promises", part, point="1", text="建成充电桩", measure="20个可用", due_on=past
    )

    assert (status, Commitment.objects.count()) == (422, 0)
    assert keeps(page, "承诺完成日期应晚于答复日期", "建成充电桩", "20个可用")


def test_a_countersign_that_comes_when_the_reply_has_gone_out(house: House) -> None:
    house.now = timezone.now()
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    part = signed(house, matter)
    actions.add_step(house.unit, kind="countersign", order=1, by=house.clerk, now=house.now)
    actions.add_step(house.unit, kind="head", order=2, role="unit_head", by=house.clerk, now=house.now)
    version = actions.send_up(drafted(house, part), why_now="已当面商定", by=house.clerk, now=timezone.now())
    row = version.countersigns.get()
    let_pass(version, house.other_unit)
    actions.settle_countersigns(version, {row.pk: "电话催了两次"}, by=house.clerk, now=timezone.now())
    actions.sign(version, agrees=True, by=house.head, now=timezone.now())

    status, page = sent(house.other_clerk, "countersign", row, answer="dissent", text="经费没有来源。")

    assert (status, keeps(page, "主办单位已经答复，不再接收会签意见", "经费没有来源。")) == (422, True)
    assert Countersign.objects.get().answer == ""


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("publish", {"checked": "on"}),
        ("refuse_publication", {"reason": "涉及商谈。"}),
        ("disclosure", {"hidden": "某甲"}),
    ],
)
def test_a_matter_that_was_suspended_while_its_publication_lay_open(
    house: House, part: Assignment, client: Client, name: str, fields: dict[str, str]
) -> None:
    reviewer = appoint(Role.DISCLOSURE_REVIEWER, house.office, name="柯平")
    actions.deliver_reply(drafted(house, part), by=house.clerk, now=timezone.now())
    before = Publication.objects.values().get()
    actions.suspend(part.matter, reason="疑似涉密", by=house.staff, now=timezone.now())
    key = [part.matter.public_id]

    data = {"publish_on": timezone.localdate(), **fields}
    answer = browser(reviewer).post(reverse(f"proposals:{name}", args=key), data)

    page = answer.content.decode()
    assert (answer.status_code, "这件提案现在不能办理公开" in page) == (409, True)
    assert keeps(page, *(words for words in fields.values() if words != "on")) and part.matter.title not in page
    assert Publication.objects.values().get() == before
    assert client.get(reverse("portal:open_proposal", args=key)).status_code == 404


def test_what_is_pasted_from_a_word_processor_keeps_its_lines_and_brings_no_odd_signs(
    house: House, part: Assignment
) -> None:
    typed = {**TYPED, "opening": "第一\u200b行\x0b第二行\x07\uffff\u202e"}

    assert sent(house.clerk, "draft_reply", part, **typed)[0] == 302

    assert Reply.objects.get().opening == "第一行\n第二行"
