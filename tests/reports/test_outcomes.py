"""What becomes of a report outside: adopted, instructed, given to a unit, answered, its authors told (P18, S20)."""

from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.keys import body_key
from members.models import Body, Person
from members.uploads import Use, check, open_file
from proposals.handling import actions as handling
from proposals.handling import events, owners, readers
from proposals.handling.attachments import attachment_for
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, Attachment, Matter, Stage
from proposals.reports.actions import adopting, assigning, combining
from proposals.reports.actions import quotas as rows
from proposals.reports.models import (
    Adoption,
    CreditRule,
    Delivery,
    Feedback,
    Instruction,
    Issue,
    Recipient,
    Report,
    Status,
)
from proposals.reports.outcomes import panels
from proposals.reports.owner import SORT
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import result_class
from tests.html import assert_valid
from tests.reports.factories import report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in, told
from tests.uploads.made import pdf, upload

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 10)


class Outside(Office):
    """The office a week after an issue with one report of two authors, and a unit with a clerk."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = appoint(Role.MEMBER, name="林溪"), appoint(Role.MEMBER, name="白露")
        self.main = self.ready(self.first, title="消防通道被占用")
        self.other = report(self.second)
        combining.combine(self.main, [self.other], by=self.editor, now=self.now())
        self.issue_made: Issue = self.issued(self.main)
        self.main = Report.objects.select_related("matter").get(pk=self.main.pk)
        self.other = Report.objects.select_related("matter").get(pk=self.other.pk)
        self.moment += timedelta(days=7)
        self.unit: Body = BodyFactory(name="市住建局测试")
        self.clerk: Person = appoint(Role.UNIT_CLERK, self.unit, name="沈青")

    def adopted(self, one: Report | None = None, **more: Any) -> Adoption:
        facts = {"level": "province", "adopter": "省政协办公厅", "form": "single", "on": ON, "journal": "第5期", **more}
        return adopting.record_adoption(one or self.main, **facts, by=self.staff, now=self.now())

    def instructed(self, **more: Any) -> Instruction:
        facts = {
            "kind": "instruction",
            "level": "city",
            "leader_name": "某市长",
            "on": ON,
            "text": "请住建局研办。",
            **more,
        }
        return adopting.record_instruction(self.main, **facts, by=self.staff, now=self.now())

    def given(self, **more: Any) -> Assignment:
        given = assigning.assign_report(self.main, lead=self.unit, **more, by=self.staff, now=self.now())
        return given.assignments[0]

    def answered(self, part: Assignment) -> None:
        if part.state == Assignment.State.PENDING:
            part = handling.sign_for(part, by=self.clerk, now=self.now())
        points = {row.pk: handling.PointGiven(result_class("A"), "已划线。") for row in part.matter.suggestions.all()}
        fields = {"result": result_class("A"), "opening": "来件收悉。"}
        reply = handling.draft_reply(part, fields, points, by=self.clerk, now=self.now())
        handling.approve_reply(
            handling.deliver_reply(reply, by=self.clerk, now=self.now()), by=self.staff, now=self.now()
        )


@pytest.fixture
def office() -> Outside:
    return Outside()


def lines(person: Person, matter: Matter) -> list[str]:
    fresh = Matter.objects.get(pk=matter.pk)
    return [words for _, words, _ in events.timeline(person, fresh, eyes(person, fresh))]


def test_each_author_of_a_combined_report_is_told_and_credited(office: Outside) -> None:
    row = office.adopted(office.other)
    assert (row.report, row.item.issue if row.item else None, row.points) == (
        office.main, office.issue_made, Decimal(15),
    )  # fmt: skip
    assert told(office.first)[-1] == told(office.second)[-1] == "report_adopted"
    assert "省政协办公厅采用（单篇采用）第5期，采用日期3月10日" in lines(office.second, office.other.matter)

    order = office.instructed()
    assert (order.points, told(office.second)[-1]) == (Decimal(15), "report_instructed")
    assert lines(office.first, office.main.matter)[0] == "市级领导批示"
    part = office.given(instruction=order)
    assert [told(one)[-1] for one in (office.first, office.second, office.clerk)] == [
        "report_given",
        "report_given",
        "assigned",
    ]
    assert part.office == office.staff.appointments.get().body
    office.answered(part)
    assert Matter.objects.get(pk=office.main.matter_id).stage == Stage.TO_TELL
    assigning.feed_back(office.other, text="通道已划线管理。", units="市住建局", by=office.staff, now=office.now())

    matter = Matter.objects.get(pk=office.main.matter_id)
    assert (matter.stage, matter.is_closed, matter.obligations.running().exists()) == (Stage.CLOSED, True, False)
    assert [told(one)[-1] for one in (office.first, office.second)] == ["report_answered", "report_answered"]
    assert not {"replied", "closed"} & {*told(office.first), *told(office.second)}
    with pytest.raises(WrongStep, match="已经反馈并办结"):
        assigning.feed_back(office.main, text="再次", by=office.staff, now=office.now())
    assert readers.audit()[1] == []


def test_what_was_told_is_put_right_beside_the_earlier_words_and_given_anew_when_a_leader_writes_again(
    office: Outside,
) -> None:
    def tell(report: Report, text: str) -> Feedback:
        return assigning.feed_back(report, text=text, units="市住建局", by=office.staff, now=office.now())

    first = office.given()
    office.answered(first)
    with pytest.raises(WrongStep, match="还没有反馈"):
        office.given()
    wrong = tell(office.main, "通道已全部划线。")
    author = signed_in(office.second)

    facts: dict[str, Any] = {"reason": "数字有误。", "by": office.staff}
    for more, sentence in (
        ({"text": " "}, "请填写更正后告知"),
        ({"text": wrong.text, "units": wrong.units}, "和原来的反馈一样"),
        ({"text": "新。", "reason": ""}, "请写明更正了什么"),
        ({"text": "新。", "on": wrong.on - timedelta(days=1)}, "那天才反馈"),
        ({"text": "新。", "on": date(2999, 1, 1)}, "不能晚于今天"),
    ):
        with pytest.raises(Refused, match=sentence):
            assigning.correct_feedback(wrong, **{**facts, **more}, now=office.now())
    right = assigning.correct_feedback(wrong, text="已划线六处，另一处下月完成。", **facts, now=office.now())
    with pytest.raises(WrongStep, match="请更正最新的一次"):
        assigning.correct_feedback(wrong, text="再改。", **facts, now=office.now())
    assert list(Feedback.objects.filter(corrected_by=None)) == [right]
    assert [told(one)[-1] for one in (office.first, office.second)] == ["report_answer_corrected"] * 2
    shown = author.get(office.other.get_absolute_url()).content.decode()
    assert (
        "通道已全部划线。" in shown and "已划线六处" in shown and "更正说明：数字有误。" in shown and "已更正" in shown
    )

    office.moment += timedelta(days=200)
    order = office.instructed(on=timezone.localdate(office.moment))
    part = office.given(instruction=order)
    assert (part.round, part.pk == first.pk, part.state) == (1, False, Assignment.State.PENDING)
    assert part.obligations.get(stage="reply").anchor_on == timezone.localdate(office.moment)
    assert [told(one)[-1] for one in (office.first, office.second, office.clerk)] == [
        "report_given_again", "report_given_again", "assigned",
    ]  # fmt: skip
    assert "再次交市住建局测试办理" in lines(office.second, office.other.matter)
    assert Matter.objects.get(pk=office.main.matter_id).stage == Stage.TO_SIGN
    staff = signed_in(office.staff).get(office.main.get_absolute_url()).content.decode()
    assert "已划线六处" in staff and "此前的办理答复" in staff
    office.answered(part)
    tell(office.other, "七处都已完成。")
    assert (
        Feedback.objects.filter(corrected_by=None).count(),
        Matter.objects.get(pk=office.main.matter_id).is_closed,
    ) == (2, True)
    assert readers.audit()[1] == []
    past = report(status=Status.ISSUED)
    Matter.objects.filter(pk=past.matter_id).update(closed_at=office.now(), stage=Stage.CLOSED)
    with pytest.raises(WrongStep, match="历史登记"):
        assigning.assign_report(past, lead=office.unit, by=office.staff, now=office.now())


def test_an_adoption_rests_on_an_issue(office: Outside) -> None:
    kept = report(status=Status.KEPT)
    with pytest.raises(Refused, match="还没有编入已编发的刊物"):
        office.adopted(kept)
    with pytest.raises(Refused, match="不能登记批示"):
        adopting.record_instruction(
            kept,
            kind="instruction",
            level="city",
            leader_name="某",
            on=ON,
            text="阅。",
            by=office.staff,
            now=office.now(),
        )
    passed_on = report(status=Status.REFERRED, referred_to="市交通局", referred_on=ON)
    with pytest.raises(Refused, match="原文转发"):
        office.adopted(passed_on)
    assert office.adopted(passed_on, form="original").item is None
    with pytest.raises(IntegrityError, match="adoption_rests_on_an_issue"), transaction.atomic():
        Adoption.objects.filter(report=passed_on).update(form="single")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"adopter": " "}, "请填写采用单位"),
        ({"on": date(2999, 1, 1)}, "不能晚于今天"),
        ({"on": date(2026, 3, 1)}, "当天才编发"),
    ],
)
def test_what_does_not_fit_an_adoption_is_refused(office: Outside, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        office.adopted(**more)


def test_an_adoption_is_entered_once_and_taken_back_with_a_reason(office: Outside) -> None:
    row = office.adopted()
    with pytest.raises(WrongStep, match="已经登记过了"):
        office.adopted()
    with pytest.raises(Refused, match="请写明撤销的原因"):
        adopting.drop_adoption(row, reason=" ", by=office.staff, now=office.now())
    adopting.drop_adoption(row, reason="重复", by=office.staff, now=office.now())
    assert not Adoption.objects.standing().exists()
    with pytest.raises(WrongStep, match="已经撤销"):
        adopting.drop_adoption(row, reason="重复", by=office.staff, now=office.now())
    office.adopted()


def test_points_follow_the_rule_of_the_day(office: Outside) -> None:
    before = office.adopted()
    rows.set_credit(
        "single", "province", points=Decimal(8), starts_on=date(2026, 3, 11), by=office.staff, now=office.now()
    )
    after = office.adopted(on=date(2026, 3, 11))
    assert (before.points, after.points) == (Decimal(15), Decimal(8))
    with pytest.raises(Refused, match="应晚于现行规则的开始日期"):
        rows.set_credit("single", "province", points=Decimal(9), starts_on=ON, by=office.staff, now=office.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditRule.objects.filter(pk=before.rule_id or 0).delete()


def test_having_read_is_no_instruction_and_words_are_for_few(office: Outside) -> None:
    office.instructed(kind="read", text="")
    assert (Instruction.objects.counted().count(), told(office.first)[-1]) == (0, "report_issued")
    assert "市级领导圈阅" in lines(office.staff, office.main.matter)
    assert "市级领导圈阅" not in lines(office.first, office.main.matter)
    leader = appoint(Role.LEADER, name="陆远")
    order = office.instructed(leader=leader)
    office.given(instruction=order)

    def read(person: Person) -> list[tuple[str, Any]]:
        """What stands on the report's card of instructions: who did what, and the words."""
        cards = panels(person, Report.objects.select_related("matter").get(pk=office.main.pk))
        return [
            (fact.label.split()[-1], fact.value) for card in cards if card.title == "领导批示" for fact in card.facts
        ]

    whole, hidden = ("市级领导批示", "陆远：请住建局研办。"), ("市级领导批示", "内容未转告")
    assert read(office.staff) == [whole, ("市级领导圈阅", "某市长")]
    assert owners.of(office.main.matter).addressed(office.main.matter, {office.unit.pk}) == [
        ("陆远批示（3月10日）", "请住建局研办。")
    ]
    assert read(office.first) == [hidden]
    adopting.release_instruction(order, by=office.staff, now=office.now())
    assert (read(office.first), told(office.second)[-1]) == ([whole], "report_instruction_released")
    with pytest.raises(WrongStep, match="已经同意转告"):
        adopting.release_instruction(order, by=office.staff, now=office.now())


@pytest.mark.parametrize(
    ("zone", "more", "sentence"),
    [
        ("government", {"kind": "read"}, "圈阅只表示已阅"),
        ("government", {"text": ""}, "请填写批示内容"),
        ("government", {"leader_name": ""}, "请选择领导"),
        ("internet", {}, "互联网区"),
    ],
)
def test_an_instruction_that_is_not_whole_is_refused(
    office: Outside, settings: Any, zone: str, more: dict[str, Any], sentence: str
) -> None:
    settings.ZONE = zone
    with pytest.raises(Refused, match=sentence):
        office.instructed(**more)


def test_what_is_not_out_yet_is_not_given_and_nothing_is_fed_back_before_the_answer(office: Outside) -> None:
    with pytest.raises(WrongStep, match="还不能交办"):
        assigning.assign_report(report(), lead=office.unit, by=office.staff, now=office.now())
    with pytest.raises(WrongStep, match="没有交办给承办单位"):
        assigning.feed_back(office.main, text="已办。", by=office.staff, now=office.now())
    due = timezone.localdate(office.now()) + timedelta(days=12)
    part = office.given(due_on=due)
    assert part.obligations.get(stage="reply").fixed_on == due
    with pytest.raises(WrongStep, match="还没有审核通过"):
        assigning.feed_back(office.main, text="已办。", by=office.staff, now=office.now())
    with pytest.raises(WrongStep, match="已经交办"):
        office.given()
    office.answered(part)
    with pytest.raises(Refused, match="请填写告知反映人的内容"):
        assigning.feed_back(office.main, text=" ", by=office.staff, now=office.now())


def test_the_office_does_it_all_on_its_pages_and_units_learn_no_author(office: Outside) -> None:
    client, main = signed_in(office.staff), office.main
    at = [main.matter.public_id]

    def step(name: str, **data: Any) -> str:
        url = reverse(f"reports:{name}", args=at)
        assert_valid(client.get(url).content)
        answer = client.post(url, {key: str(value) for key, value in data.items()}, follow=True)
        assert answer.redirect_chain, answer.content.decode()
        return str(answer.content.decode())

    today = timezone.localdate()
    assert "省政协办公厅" in step("record_adoption", level="province", adopter="省政协办公厅", form="single", on=today)
    page = step("record_instruction", kind="instruction", level="city", leader_name="某市长", on=today, text="请研办。")
    assert "请研办。" in page and "同意转告某市长的批示" in page
    order, row = Instruction.objects.get(), Adoption.objects.get()
    own = signed_in(office.first).get(main.get_absolute_url()).content.decode()
    assert "内容未转告" in own and "请研办。" not in own and "某市长" not in own and "省政协办公厅" in own
    step("assign_report", instruction=order.public_id, lead=office.unit.public_id, co="", due_on="")
    part = Assignment.objects.current().select_related("matter", "unit", "office").get()
    clerk = signed_in(office.clerk)
    for url in (reverse("handling:part", args=[part.public_id]), main.get_absolute_url()):
        shown = clerk.get(url, follow=True).content.decode()
        assert "请研办。" in shown and "来自政协委员" in shown and "社情民意信息内容" in shown
        assert office.first.name not in shown and office.second.name not in shown and "省政协办公厅" not in shown
    office.moment = timezone.now()
    for name, category in (("给提案者的", ""), ("给工作机构的", SORT)):
        handling.keep_wording(
            office.unit, name=name, category=category, opening="收悉。", answer="", by=office.clerk, now=office.now()
        )
    part = handling.sign_for(part, by=office.clerk, now=office.now())
    page = clerk.get(reverse("handling:draft_reply", args=[part.public_id])).content.decode()
    assert "给工作机构的" in page and "给提案者的" not in page, "nobody spoke with the author"
    office.answered(part)
    assert "待反馈的信息" in client.get(reverse("portal:desk")).content.decode()
    form = client.get(reverse("reports:feed_back", args=at)).context["form"]
    assert (form["text"].value(), form["units"].value()) == ("来件收悉。\n已划线。", office.unit.name)
    assert "通道已划线。" in step("feed_back", text="通道已划线。", units=office.unit.name, on=today)
    assert "通道已划线。" in signed_in(office.second).get(office.other.get_absolute_url()).content.decode()

    with CaptureQueriesContext(connection) as caught:
        assert [panel.title for panel in panels(office.staff, main)] == ["采用", "领导批示", "反馈"]
    assert len([query for query in caught.captured_queries if "reports_adoption" in query["sql"]]) == 1
    for name, one in (("release_instruction", order), ("drop_adoption", row)):
        url = reverse(f"reports:{name}", args=[one.public_id])
        assert_valid(client.get(url).content)
        assert client.post(url, {"reason": "重复登记"}).status_code == 302
        for other in (office.first, office.clerk, appoint(Role.PROPOSAL_STAFF)):
            assert signed_in(other).get(url).status_code == 403
    assert "请研办。" in signed_in(office.second).get(office.other.get_absolute_url()).content.decode()


def test_a_slip_that_came_back_leads_to_its_instruction(office: Outside) -> None:
    leader = appoint(Role.LEADER, name="陆远")
    to = Recipient.objects.create(kind="leader", name="陆远", person=leader)
    slip = Delivery.objects.create(
        issue=office.issue_made, recipient=to, level="open", sent_on=ON, by=office.staff, at=office.now(),
        returned="transfer", returned_on=ON,
    )  # fmt: skip
    url = reverse("reports:record_instruction", args=[office.main.matter.public_id])
    client = signed_in(office.staff)

    form = client.get(f"{url}?delivery={slip.public_id}").context["form"]
    assert (form["kind"].value(), form["leader"].value(), form["on"].value()) == ("transfer", leader.public_id, ON)
    data = {"kind": "transfer", "level": "city", "leader": str(leader.public_id), "on": str(ON), "text": "请研究。"}
    assert client.post(f"{url}?delivery={slip.public_id}", data).status_code == 302
    assert Instruction.objects.get().delivery == slip


def test_what_was_stored_earlier_is_carried_over(office: Outside) -> None:
    """Scans become sheets of the office with every report that they speak of; no key of an office stays on a report."""
    order, part = office.instructed(file=check(upload("批示.pdf", pdf()), use=Use.SCAN)), office.given()
    kept, scan = Matter.objects.get(pk=office.main.matter_id), order.scan
    assert scan
    Attachment.objects.filter(matter=office.other.matter_id).delete()
    Attachment.objects.filter(pk=scan.pk).update(purpose="sheet")
    Instruction.objects.update(scan=None)
    Matter.objects.filter(pk=kept.pk).update(readers=sorted([*kept.readers, body_key(part.office_id)]))
    assert len(readers.audit()[1]) == 1

    moved = import_module("proposals.reports.migrations.0008_what_was_stored")
    for _ in range(2):
        moved.scans(apps, None)
        moved.audiences(apps, None)

    rows = Attachment.objects.filter(stored=scan.stored)
    assert sorted(rows.values_list("matter", "purpose")) == [
        (pk, "office") for pk in sorted([office.main.matter_id, office.other.matter_id])
    ]
    assert Instruction.objects.get().scan == scan and readers.audit()[1] == []


def test_a_scan_goes_with_its_instruction_and_of_the_own_report_nobody_is_the_office(
    office: Outside, django_capture_on_commit_callbacks: Any
) -> None:
    scan = check(upload("批示.pdf", pdf()), use=Use.SCAN)
    order = office.instructed(file=scan)
    kept = order.scan
    assert kept is not None
    appoint(Role.REPORT_STAFF, office.staff.appointments.get().body, person=office.second)
    mine, other, page = signed_in(office.second), signed_in(office.staff), office.main.get_absolute_url()
    assert attachment_for(office.staff, kept.public_id) == kept
    assert attachment_for(office.second, kept.public_id) is None
    assert kept.matter_id == office.main.matter_id and Attachment.objects.filter(stored=kept.stored).count() == 2
    assert reverse("handling:attachment", args=[kept.public_id]) in other.get(page).content.decode()
    own, seen = mine.get(page).content.decode(), other.get(page).content.decode()
    assert "请住建局研办。" in seen and "登记采用" in seen and "市级领导批示" in own and "内容未转告" in own
    assert not [word for word in ("请住建局研办。", "某市长", "登记采用", "交办承办单位", "扫描件") if word in own]
    drop = reverse("reports:drop_instruction", args=[order.public_id])
    for address in (
        reverse("reports:release_instruction", args=[order.public_id]),
        drop,
        reverse("reports:assign_report", args=[office.main.public_id]),
    ):
        assert [client.get(address).status_code for client in (other, mine)] == [200, 404]
    beside = report(office.first)  # went into the same one: one's own has to do with that as well
    Matter.objects.filter(pk=beside.matter_id).update(merged_into=office.main.matter)
    address = reverse("reports:record_instruction", args=[beside.public_id])
    assert [client.get(address).status_code for client in (other, mine)] == [200, 404]

    with django_capture_on_commit_callbacks(execute=True):
        assert other.post(drop, {"reason": "登记错了篇目"}).status_code == 302
    assert attachment_for(office.staff, kept.public_id) is None
    with pytest.raises(FileNotFoundError):
        open_file(kept.stored)
