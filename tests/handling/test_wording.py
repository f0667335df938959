"""A unit keeps wording for its replies; a draft begins with it, and nothing goes out with a blank left in it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from members.errors import Refused, WrongStep
from members.models import AuditEntry, Body
from members.uploads import Use, check
from proposals.handling import actions
from proposals.handling.actions import PointGiven
from proposals.handling.actions.attaching import attach
from proposals.handling.actions.succeeding import follow_succession
from proposals.handling.blanks import blanks_of
from proposals.handling.models import Assignment, Commitment, Purpose, Reply, Sight, Suggestion, Wording
from proposals.models import Category
from tests.factories import MatterFactory
from tests.handling.conftest import House, give, result_class, signed
from tests.uploads.made import pdf, upload

OPENING = "您提出的《【案由】》收悉。由【责任科室】办理。"
ANSWER = "经研究，【采纳情况】。"


@pytest.fixture
def house(house: House) -> House:
    house.now = timezone.now()
    return house


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def kept(
    house: House, unit: Body | None = None, name: str = "一般答复", category: str = "", opening: str = OPENING
) -> Wording:
    return actions.keep_wording(
        unit or house.unit,
        name=name,
        category=category,
        opening=opening,
        answer=ANSWER,
        by=house.clerk,
        now=house.later(),
    )


def in_hand(house: House, category: str = "") -> Assignment:
    matter = MatterFactory(by=house.member)
    matter.proposal.category = Category.objects.get(name=category) if category else None
    matter.proposal.save()
    return signed(house, give(house, matter=matter))


def drafted(house: House, part: Assignment, opening: str, text: str) -> Reply:
    points = {row.pk: PointGiven(result_class(), text) for row in part.matter.suggestions.all()}
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。", "opening": opening}
    return actions.draft_reply(part, values, points, by=house.clerk, now=house.later())


def offered(page: Any) -> list[str]:
    return [row.name for row in page.context["offered"]]


def test_a_template_is_offered_for_its_category_and_fills_what_is_empty(house: House) -> None:
    general, social = kept(house), kept(house, name="社会类答复", category="社会建设")
    kept(house, name="经济类答复", category="经济建设")
    kept(house, house.other_unit, name="别的单位的")
    part = in_hand(house, "社会建设")
    first = part.matter.suggestions.get(number=1)
    actions.draft_reply(part, {}, {first.pk: PointGiven(None, "已建成两处。")}, by=house.clerk, now=house.later())
    desk, url = browser(house.clerk), reverse("handling:draft_reply", args=[part.public_id])

    plain = desk.get(url)
    page = desk.get(url, {"template": str(social.public_id)})

    assert offered(plain) == ["社会类答复", "一般答复"]
    assert plain.context["form"]["opening"].value() == ""
    form, title = page.context["form"], part.matter.title
    assert form["opening"].value() == f"您提出的《{title}》收悉。由【责任科室】办理。"
    assert (form["text_1"].value(), form["text_2"].value()) == ("已建成两处。", ANSWER)
    assert "已将模板填入 2 处，还没有保存" in page.content.decode()
    assert part.replies.get().opening == "", "nothing is kept by looking"
    drafted(house, part, "收悉。", "已办理。")
    again = desk.get(url, {"template": str(general.public_id)}).content.decode()
    assert "各栏都已有文字，没有填入模板" in again and "【责任科室】" not in again
    assert desk.get(url, {"template": "没有"}).status_code == 200


def test_only_those_of_the_unit_are_offered_its_wording(house: House) -> None:
    kept(house)
    part = in_hand(house)
    url = reverse("handling:draft_reply", args=[part.public_id])

    assert offered(browser(house.head).get(url)) == ["一般答复"]
    assert offered(browser(house.officer).get(url)) == []


def test_a_reply_with_a_blank_left_in_it_does_not_go_out_and_says_where(house: House) -> None:
    part = in_hand(house)
    reply = drafted(house, part, OPENING.replace("【案由】", "事项"), ANSWER)
    desk, send = browser(house.clerk), reverse("handling:reply", args=[part.public_id])

    shown = desk.get(send).content.decode()
    refused = desk.post(send)

    assert "总体说明：【责任科室】；第1条的答复：【采纳情况】；第2条的答复：【采纳情况】" in shown
    assert refused.status_code == 422
    assert "总体说明里的【责任科室】还没有改写，请填写或删去" in refused.content.decode()
    with pytest.raises(Refused, match="第2条的答复里的【采纳情况】还没有改写"):
        actions.deliver_reply(reply, by=house.clerk, now=house.later())
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.later())
    with pytest.raises(Refused, match="总体说明里的【责任科室】"):
        actions.send_up(reply, by=house.clerk, now=house.later())
    reply = drafted(house, part, "由养老科办理。", "经研究，予以采纳。")
    assert actions.send_up(reply, by=house.clerk, now=house.later()).number == 1


def test_a_blank_in_a_promise_or_in_a_second_reply_does_not_go_out_either(house: House) -> None:
    part = in_hand(house)
    reply = drafted(house, part, "收悉。", "予以采纳。")
    facts: dict[str, Any] = {"due_on": timezone.localdate() + timedelta(days=60), "by": house.clerk}
    point = reply.points.get(suggestion__number=1)
    row = actions.promise(point, text="新增【数量】个床位", measure="建成【数量】个", now=house.later(), **facts)
    desk, send = browser(house.clerk), reverse("handling:reply", args=[part.public_id])

    shown = desk.get(send).content.decode()
    assert "承诺事项：【数量】；承诺的可检验的结果：【数量】" in shown
    for says in ("承诺事项里的【数量】还没有改写", "承诺的可检验的结果里的【数量】还没有改写"):
        with pytest.raises(Refused, match=says):
            actions.deliver_reply(reply, by=house.clerk, now=house.later())
    actions.promise(point, text="新增5个床位", measure="建成5个", change=row, now=house.later(), **facts)
    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    kept = Commitment.objects.select_related("assignment__matter", "assignment__unit", "assignment__office", "clock")
    with pytest.raises(Refused, match="再次答复里的【附件】还没有改写"):
        actions.report_kept(
            kept.get(), text="已建成。", reply="已落实，见【附件】。", by=house.clerk, now=house.later()
        )


def test_a_blank_in_what_is_typed_for_the_whole_reply_is_found_too(house: House) -> None:
    reply = drafted(house, in_hand(house), "收悉。", "予以采纳。")
    reply.signer, reply.contact_name, reply.doc_no = "【签发人】", "【科室】张某", "民函【2026】1号"

    assert blanks_of(reply) == {"签发人": ["【签发人】"], "联系人": ["【科室】"]}


def test_clerk_and_head_keep_the_templates_of_their_unit(house: House) -> None:
    desk, add = browser(house.clerk), reverse("handling:add_wording")
    typed = {"name": "一般答复", "category": "社会建设", "opening": OPENING, "answer": ""}

    assert desk.post(add, {**typed, "opening": " "}).status_code == 422
    assert desk.post(add, {**typed, "category": "没有这类"}).status_code == 422
    assert desk.post(add, typed).status_code == 302
    twice = desk.post(add, typed)
    assert "已有名称为“一般答复”的模板" in twice.content.decode()

    row = Wording.objects.get()
    change = reverse("handling:change_wording", args=[row.public_id])
    drop = reverse("handling:drop_wording", args=[row.public_id])
    listed = reverse("handling:wordings")
    assert "一般答复" in browser(house.head).get(listed).content.decode()
    assert "一般答复" not in browser(house.other_clerk).get(listed).content.decode()
    assert [browser(house.other_clerk).get(url).status_code for url in (change, drop)] == [404, 404]
    for person in (house.handler, house.officer, house.staff, house.member):
        assert [browser(person).get(url).status_code for url in (listed, add, change)] == [403, 403, 403]
    assert desk.post(change, {**typed, "answer": ANSWER, "version": "1"}).status_code == 302
    late = browser(house.head).post(change, {**typed, "answer": "乙稿", "version": "1"})
    assert late.status_code == 409 and "乙稿" in late.content.decode()
    assert Wording.objects.get().answer == ANSWER
    assert desk.post(drop).status_code == 302
    with pytest.raises(WrongStep, match="已由同事删除"):
        actions.drop_wording(row, by=house.head, now=house.later())
    with pytest.raises(WrongStep, match="已由同事删除"):
        actions.keep_wording(
            house.unit, name="甲", category="", opening="乙", answer="", change=row, by=house.head, now=house.later()
        )
    said = AuditEntry.objects.filter(subject=str(row.public_id)).order_by("pk").values_list("verb", flat=True)
    assert list(said) == ["handling.keep_wording", "handling.keep_wording", "handling.drop_wording"]


def test_what_was_typed_for_a_template_that_a_colleague_deleted_comes_back(house: House) -> None:
    ours, theirs = kept(house), kept(house, house.other_unit, "他们的")
    clerk = browser(house.clerk)
    paths = [reverse("handling:change_wording", args=[row.public_id]) for row in (ours, theirs)]
    actions.drop_wording(ours, by=house.head, now=house.later())
    typed = {"name": "一般答复", "category": "", "opening": "写了很久的话", "answer": ""}

    deleted, not_ours = (clerk.post(path, typed) for path in paths)

    assert (deleted.status_code, not_ours.status_code) == (409, 409), "what is not his looks as if it were not there"
    for answer in (deleted, not_ours):
        assert "写了很久的话" in answer.content.decode() and "可能已由同事删除" in answer.content.decode()
        assert "他们的" not in answer.content.decode()
    assert [clerk.post(path, {}).status_code for path in paths] == [404, 404]
    assert [clerk.get(path).status_code for path in paths] == [404, 404]
    assert Wording.objects.get(pk=theirs.pk).opening == OPENING


def test_a_category_that_was_given_up_stays_with_its_template(house: House) -> None:
    row = kept(house, category="社会建设")
    Category.objects.filter(name="社会建设").update(ended_on=timezone.localdate())
    typed = {"name": "一般答复", "category": "社会建设", "opening": "收悉。", "answer": ""}

    page = browser(house.clerk).post(reverse("handling:change_wording", args=[row.public_id]), typed)

    assert (page.status_code, Wording.objects.get().opening) == (302, "收悉。")


def test_a_template_that_says_nothing_is_no_template(house: House) -> None:
    with pytest.raises(IntegrityError, match="wording_says_something"), transaction.atomic():
        Wording.objects.create(unit=house.unit, name="空")


def test_the_heir_of_a_unit_writes_with_its_wording(house: House) -> None:
    kept(house)
    kept(house, name="会办")
    own = kept(house, house.other_unit, opening="本单位自己的。")

    follow_succession(house.unit, [house.other_unit], timezone.localdate(), house.staff, house.later())

    rows = Wording.objects.filter(unit=house.other_unit).order_by("name")
    assert [(row.name, row == own) for row in rows] == [("一般答复", True), ("会办", False)]


def test_list_and_drafting_page_cost_the_same_for_one_and_for_three(house: House) -> None:
    part = in_hand(house, "社会建设")
    row = kept(house)
    desk = browser(house.clerk)
    draft, listed = reverse("handling:draft_reply", args=[part.public_id]), reverse("handling:wordings")

    def costs() -> list[int]:
        found = []
        for url, data in ((listed, {}), (draft, {"template": str(row.public_id)})):
            desk.get(url, data)
            with CaptureQueriesContext(connection) as asked:
                desk.get(url, data)
            found.append(len(asked))
        return found

    one = costs()
    kept(house, name="甲")
    kept(house, name="乙", category="社会建设")
    assert costs() == one
    assert max(one) <= 15


def test_the_fullest_drafting_page_stays_within_fifteen_queries(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    """Co-handlers, a merged proposal, a unit named for a suggestion, earlier replies, a letter, templates by category."""
    settings.MEDIA_ROOT = tmp_path
    row = kept(house, category="社会建设")
    kept(house, name="乙")
    earlier = in_hand(house, "社会建设")
    drafted(house, earlier, "以前的。", "已办理。")
    actions.deliver_reply(earlier.replies.get(), by=house.clerk, now=house.later())
    matter = MatterFactory(by=house.member, title=earlier.matter.title)
    MatterFactory(by=house.cosigner, merged_into=matter)
    matter.proposal.category = Category.objects.get(name="社会建设")
    matter.proposal.save()
    give(house, (house.unit, "lead"), (house.other_unit, "co"), (house.third_unit, "co"), matter=matter)
    part = signed(house, matter)
    reply = drafted(house, part, "收悉。", "已办理。")
    letter = check(upload("答复函.pdf", pdf()), use=Use.ATTACHMENT)
    attach(matter, letter, purpose=Purpose.LETTER, assignment=part, reply=reply, by=house.clerk, now=house.later())
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.later())
    desk, url = browser(house.clerk), reverse("handling:draft_reply", args=[part.public_id])

    Suggestion.objects.filter(matter=matter, number=2).update(unit=house.other_unit)

    for data in ({}, {"template": str(row.public_id)}):
        desk.get(url, data)
        Sight.objects.update(last_on=timezone.localdate() - timedelta(days=1))  # the first look of the day is kept, too
        with CaptureQueriesContext(connection) as asked:
            page = desk.get(url, data)
        assert [len(page.context[name]) for name in ("answers", "earlier", "letters", "offered")] == [4, 1, 1, 2]
        assert len(asked) <= 15
