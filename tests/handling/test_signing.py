"""A reply goes up through its unit for signature, comes back with a reason, goes out, or is checked first."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from members.actions import delegate, end_absence, note_absence
from members.choices import Role
from members.desk import work_of
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.models import Absence, AssigningOffice, Person
from members.shown import Count
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.attachments import attachments_of
from proposals.handling.classes import class_of
from proposals.handling.models import Assignment, Reply, ReplyVersion, SigningStep
from proposals.handling.panels import panels_of
from proposals.handling.versions import pieces
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of, result_class, signed
from tests.handling.test_acts import verbs
from tests.uploads import made
from tests.uploads.made import upload


@pytest.fixture
def deputy(house: House) -> Person:
    """Two steps: a named deputy, then whoever heads the unit."""
    house.now = timezone.now()
    deputy = appoint(Role.UNIT_DEPUTY, house.unit, name="安然")
    steps: list[dict[str, Any]] = [{"kind": "deputy", "person": deputy}, {"kind": "head", "role": "unit_head"}]
    for order, step in enumerate(steps, start=1):
        actions.add_step(house.unit, order=order, **step, by=house.clerk, now=house.now)
    return deputy


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def drafted(house: House, part: Assignment, text: str = "已办理。", **fields: Any) -> Reply:
    points = {row.pk: PointGiven(result_class(), text) for row in part.matter.suggestions.all()}
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。", **fields}
    return actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())


def sent_up(house: House, part: Assignment | None = None, **fields: Any) -> ReplyVersion:
    part = part or signed(house, give(house))
    return actions.send_up(drafted(house, part, **fields), by=house.clerk, now=timezone.now())


def told(template: str) -> set[str]:
    rows = Message.objects.filter(template=template, channel="inapp")
    return set(rows.values_list("recipient__name", flat=True))


def url(name: str, row: Any) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])


# the way up ----------------------------------------------------------------------------------------------------------


def test_a_reply_is_signed_step_by_step_and_goes_out_with_the_last_signature(house: House, deputy: Person) -> None:
    version = sent_up(house)
    matter, reply = version.reply.assignment.matter, version.reply
    assert (reply.state, told("reply_to_sign")) == (Reply.State.SIGNING, {"安然"})

    with pytest.raises(Refused, match="现在由安然签批"):
        actions.sign(version, agrees=True, by=house.head, now=timezone.now())
    actions.sign(version, agrees=True, text="可行", by=deputy, now=timezone.now())
    assert told("reply_to_sign") == {"安然", "方正"}
    actions.sign(version, agrees=True, by=house.head, now=timezone.now())

    reply.refresh_from_db()
    assert (reply.state, reply.delivered_by, reply.replied_on) == ("delivered", house.head, timezone.localdate())
    assert verbs(matter)[-5:] == ["reply_sent_up", "reply_signed", "reply_signed", "replied", "publication_opened"]
    assert list(version.signatures.values_list("name", "agrees")) == [("安然", True), ("方正", True)]
    assert {line.what for line in panels_of(house.member, matter).happenings} & {"分管领导审签：安然同意"} == set()


def test_what_is_frozen_never_changes_and_is_the_only_text_that_is_signed(house: House, deputy: Person) -> None:
    version = sent_up(house)
    with pytest.raises(WrongStep, match="请先撤回送签"):
        drafted(house, version.reply.assignment, "改了")
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        ReplyVersion.objects.filter(pk=version.pk).update(content={})

    version.reply.points.update(text="偷偷改的")

    with pytest.raises(Stale, match="重新送签"):
        actions.sign(version, agrees=True, by=deputy, now=timezone.now())


def test_a_reply_that_leaves_a_suggestion_unanswered_is_not_sent_up(house: House, deputy: Person) -> None:
    part = signed(house, give(house))
    first = part.matter.suggestions.order_by("number")[0]
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。"}
    points = {first.pk: PointGiven(result_class(), "已办。")}
    reply = actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())

    with pytest.raises(Refused, match="还有建议没有答复：第2条"):
        actions.send_up(reply, by=house.clerk, now=timezone.now())
    with pytest.raises(Refused, match="答复稿请先送签"):
        actions.deliver_reply(reply, by=house.clerk, now=timezone.now())


def test_the_class_of_the_whole_follows_from_its_answers_where_none_was_chosen(house: House) -> None:
    house.now = timezone.now()
    part = signed(house, give(house))
    first, second = part.matter.suggestions.order_by("number")
    values = {"no_contact_reason": "已书面沟通。"}
    for codes, whole in ((("A", "A"), "A"), (("A", "C"), "C"), (("B", "C"), "B")):
        points = {
            row.pk: PointGiven(result_class(code), "已办。") for row, code in zip((first, second), codes, strict=True)
        }
        reply = actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())
        assert str(class_of(reply)).startswith(whole), codes
    points = {first.pk: PointGiven(result_class("C"), "已办。"), second.pk: PointGiven(same_as=first)}
    reply = actions.draft_reply(part, values, points, by=house.clerk, now=timezone.now())
    page = browser(house.clerk).get(url("reply", part)).content.decode()
    assert "C类" in page and "按各条得出" in page

    actions.deliver_reply(reply, by=house.clerk, now=timezone.now())

    reply.refresh_from_db()
    assert reply.result == result_class("C")


def test_sent_back_it_is_a_draft_again_and_the_next_version_shows_what_changed(house: House, deputy: Person) -> None:
    first = sent_up(house, text="拟建三处中心，年内开工。")
    part = first.reply.assignment
    with pytest.raises(Refused, match="请写明原因"):
        actions.sign(first, agrees=False, by=deputy, now=timezone.now())
    actions.sign(first, agrees=False, text="没有写明责任单位", by=deputy, now=timezone.now())
    reply = part.replies.get()
    assert (reply.state, reply.return_reason, told("reply_sent_back")) == ("returned", "没有写明责任单位", {"沈青"})

    second = sent_up(house, part, text="拟建五处中心，年内开工。")

    assert (second.number, second.state) == (2, "signing")
    page = browser(house.clerk).get(url("reply_version", second)).content.decode()
    assert '<del><span class="unseen">［删去］</span>拟建三处中心，' in page
    assert '<ins><span class="unseen">［新增］</span>拟建五处中心，' in page
    old = browser(house.clerk).get(url("reply_version", first)).content.decode()
    assert "拟建三处中心" in old and "没有写明责任单位" in old
    officer = browser(house.officer).get(url("reply_version", first)).content.decode()
    assert "拟建三处中心" in officer and "没有写明责任单位" not in officer, "what was said inside stays inside"
    for person in (house.other_clerk, house.staff, house.member):
        assert browser(person).get(url("reply_version", first)).status_code in (403, 404)


def test_the_unit_takes_a_version_back_and_writes_on(house: House, deputy: Person) -> None:
    version = sent_up(house)
    part = version.reply.assignment
    page = browser(house.clerk)
    assert page.get(url("draft_reply", part)).status_code == 302
    assert page.post(url("take_back", version), {"reason": "数据有误"}).status_code == 302

    version.refresh_from_db()
    assert (version.state, part.replies.get().state) == ("dropped", "draft")
    assert page.get(url("draft_reply", part)).status_code == 200
    with pytest.raises(Stale, match="已撤回"):
        actions.sign(version, agrees=True, by=deputy, now=timezone.now())


# who signs -----------------------------------------------------------------------------------------------------------


def test_of_two_heads_at_once_the_second_reads_who_was_first(house: House, deputy: Person) -> None:
    other = appoint(Role.UNIT_HEAD, house.unit, name="齐副")
    version = sent_up(house)
    actions.sign(version, agrees=True, by=deputy, now=timezone.now())
    first, second = browser(house.head), browser(other)
    page = {name: first.get(url("sign_reply", version)).context["version"] for name in "v"}
    assert page == {"v": 2}

    assert first.post(url("sign_reply", version), {"version": "2", "text": ""}).status_code == 302
    answer = second.post(url("sign_reply", version), {"version": "2", "text": "同意，请落实"})

    assert answer.status_code == 409
    assert "方正" in answer.content.decode() and "同意，请落实" in answer.content.decode()
    assert version.signatures.get(order=2).by == house.head


def test_a_page_left_open_at_an_earlier_step_signs_no_other(house: House, deputy: Person) -> None:
    appoint(Role.UNIT_HEAD, house.unit, person=deputy)
    version = sent_up(house)
    actions.sign(version, agrees=True, by=deputy, now=timezone.now())

    answer = browser(deputy).post(url("sign_reply", version), {"version": "1"})

    assert (answer.status_code, "已由安然签批" in answer.content.decode()) == (409, True)
    assert version.signatures.get(order=2).agrees is None


def test_a_delegate_signs_and_both_names_are_kept(house: House, deputy: Person) -> None:
    today = timezone.localdate()
    appointment = deputy.appointments.get()
    Absence.objects.create(person=deputy, starts_on=today, ends_on=today, noted_at=timezone.now())
    delegate(appointment, house.handler, starts_on=today, ends_on=today, by=deputy, now=timezone.now())
    version = sent_up(house)
    assert (told("reply_to_sign"), told("signer_missing")) == ({"安然", "邹平"}, set())
    desk = browser(house.handler)
    assert version.reply.assignment.matter.label in desk.get(reverse("handling:replies_to_sign")).content.decode()

    assert desk.post(url("sign_reply", version), {"version": "1"}).status_code == 302

    assert version.signatures.get(order=1).name == "邹平（受安然委托）"
    event = version.reply.assignment.matter.events.get(verb="reply_signed")
    assert (event.by, event.payload.facts["acted_for"]) == (house.handler, "安然")


def test_where_nobody_is_at_the_post_the_clerk_hears_and_records_what_was_signed_on_paper(
    house: House, deputy: Person
) -> None:
    today = timezone.localdate()
    Absence.objects.create(person=deputy, starts_on=today, ends_on=today, noted_at=timezone.now())
    version = sent_up(house)
    assert told("signer_missing") == {"沈青"}
    desk = browser(house.clerk)
    assert "请填写签批人、日期和单据" in desk.get(url("sign_reply", version)).content.decode()
    assert desk.post(url("sign_reply", version), {"version": "1"}).status_code == 422
    sheet = {"paper_who": "安然", "paper_on": today.isoformat(), "paper_sheet": "发文稿纸"}

    answer = desk.post(
        url("sign_reply", version), {"version": "1", **sheet, "paper_scan": upload("稿纸.pdf", made.pdf())}
    )

    assert answer.status_code == 302, answer.context["form"].errors
    row = version.signatures.get(order=1)
    assert (row.name, row.by) == ("安然", house.clerk)
    line = panels_of(house.clerk, version.reply.assignment.matter).happenings[0]
    assert (line.what, "纸质办理·沈青代录" in line.note, bool(line.file_url)) == (
        "分管领导审签：安然同意", True, True,
    )  # fmt: skip


def test_the_sheet_of_a_signature_is_read_by_those_who_may_read_the_reply(
    house: House, deputy: Person, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    version = sent_up(house)
    sheet = {"paper_who": "安然", "paper_on": timezone.localdate(), "paper_sheet": "发文稿纸"}
    scan = {"paper_scan": upload("发文稿纸.pdf", made.pdf())}
    assert browser(house.clerk).post(url("sign_reply", version), {"version": "1", **sheet, **scan}).status_code == 302

    matter = version.reply.assignment.matter
    readers = {person.name: len(attachments_of(matter, person)) for person in (house.head, house.officer, house.staff)}
    assert readers == {"方正": 1, "严明": 1, "何晓": 0}
    file = matter.attachments.get()
    assert browser(house.staff).get(reverse("handling:attachment", args=[file.public_id])).status_code == 404


def test_a_head_on_leave_is_represented_by_whoever_stands_in(house: House) -> None:
    """The step asks for the role: its holder lends it when he goes, and nobody need change the unit's steps."""
    house.now = timezone.now()
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.now)
    deputy, today = appoint(Role.UNIT_DEPUTY, house.unit, name="安然"), timezone.localdate()
    note_absence(starts_on=today, ends_on=today, to=deputy, by=house.head, now=timezone.now())

    version = sent_up(house)

    assert (told("reply_to_sign"), told("signer_missing")) == ({"方正", "安然"}, set())
    assert browser(deputy).post(url("sign_reply", version), {"version": "1"}).status_code == 302
    assert version.signatures.get().name == "安然（受方正委托）"
    assert Reply.objects.get().state == "delivered"


def test_whose_turn_it_is_may_go_on_leave_later_and_the_clerk_hears_of_it_once(house: House, deputy: Person) -> None:
    sent_up(house)
    today = timezone.localdate()
    assert (actions.look_for_signers(now=timezone.now()), told("signer_missing")) == (0, set())
    absence = note_absence(starts_on=today, ends_on=today, by=deputy, now=timezone.now())

    found = [actions.look_for_signers(now=timezone.now()) for _ in range(2)]

    assert (found, told("signer_missing")) == ([1, 1], {"沈青"})
    assert Message.objects.filter(template="signer_missing", channel="inapp").count() == 1
    assert "签批人不在岗" in browser(house.clerk).get(reverse("inbox:list")).content.decode()
    end_absence(absence, by=deputy, now=timezone.now())
    assert actions.look_for_signers(now=timezone.now()) == 0


def test_a_signer_who_has_left_the_unit_holds_nothing_up(house: House, deputy: Person) -> None:
    version = sent_up(house)
    deputy.appointments.update(ends_on=timezone.localdate() - timedelta(days=1))

    assert actions.look_for_signers(now=timezone.now()) == 1

    assert told("signer_missing") == {"沈青"}
    browser(deputy).post(url("sign_reply", version), {"version": "1"})
    assert version.signatures.get(order=1).agrees is None
    paper = Paper("安然", timezone.localdate(), "发文稿纸")
    actions.sign(version, agrees=True, by=house.clerk, now=timezone.now(), paper=paper)
    assert version.signatures.get(order=1).name == "安然"


def test_nobody_signs_the_reply_to_the_own_proposal(house: House) -> None:
    house.now = timezone.now()
    appoint(Role.UNIT_HEAD, house.unit, person=house.member)
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.now)
    version = sent_up(house)

    with pytest.raises(Refused, match="您是本件的提案者"):
        actions.sign(version, agrees=True, by=house.member, now=timezone.now())
    assert browser(house.member).get(url("sign_reply", version)).status_code in (302, 404)
    assert not list(work_counts(house.member, "待您签批"))


def work_counts(person: Person, label: str) -> list[Any]:
    counts = work_of(person, timezone.localdate()).counts
    return [one.value for one in counts if isinstance(one, Count) and one.label == label]


def test_a_head_reads_signs_and_goes_on_to_the_next_in_pages(house: House, deputy: Person) -> None:
    version = sent_up(house, opening="总体情况如下。")
    assert (work_counts(deputy, "待您签批"), work_counts(house.head, "待您签批")) == ([1], [])
    page = browser(deputy).get(url("sign_reply", version)).content.decode()
    assert "总体情况如下。" in page and page.count("button--primary") == 1
    assert browser(house.other_clerk).get(url("sign_reply", version)).status_code == 404
    assert browser(house.staff).get(url("sign_reply", version)).status_code == 403

    answer = browser(deputy).post(url("sign_reply", version), {"version": "1", "back": "1"})
    assert (answer.status_code, "请写明原因" in answer.content.decode()) == (422, True)
    sent_up(house)
    signing = browser(deputy).post(url("sign_reply", version), {"version": "1"})
    assert signing["Location"] == reverse("handling:replies_to_sign"), "another one waits"

    assert work_counts(deputy, "待您签批") == [1]
    part = version.reply.assignment
    shown = browser(house.head).get(url("part", part)).content.decode()
    assert url("sign_reply", version) in shown and "安然" in shown
    assert url("sign_reply", version) not in browser(house.officer).get(url("part", part)).content.decode()


def test_the_list_of_what_waits_for_a_signature_costs_the_same_for_one_and_three(
    house: House, deputy: Person, client: Client
) -> None:
    client.force_login(deputy)
    client.get(reverse("handling:replies_to_sign"))
    cost = []
    for more in (1, 2):
        for _ in range(more):
            sent_up(house)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(reverse("handling:replies_to_sign")).content.decode()
        cost.append(len(asked))
    assert (cost[0], page.count("第1稿")) == (cost[1], 3)


# the matter changes under it -----------------------------------------------------------------------------------------


def test_a_part_that_is_given_to_another_unit_is_signed_by_nobody_and_nothing_is_lost(
    house: House, deputy: Person
) -> None:
    version = sent_up(house, part := signed(house, give(house)))
    actions.transfer(part, house.third_unit, reason="职责调整", by=house.officer, now=timezone.now())

    with pytest.raises(WrongStep, match="已经调整或撤案，不再签批"):
        actions.sign(version, agrees=True, by=deputy, now=timezone.now())

    version.refresh_from_db()
    assert (version.state, version.reply.versions.count(), part.replies.get().state) == ("dropped", 1, "draft")


def test_a_suspended_matter_waits_with_its_signature(house: House, deputy: Person) -> None:
    version = sent_up(house)
    actions.suspend(version.reply.assignment.matter, reason="疑似涉密", by=house.staff, now=timezone.now())

    with pytest.raises(WrongStep, match="正在保密核查"):
        actions.sign(version, agrees=True, by=deputy, now=timezone.now())
    assert ReplyVersion.objects.get(pk=version.pk).state == "signing"


def test_while_it_is_being_signed_a_unit_does_not_give_the_matter_back(house: House, deputy: Person) -> None:
    from tests.handling.test_acts import objected

    version = sent_up(house)

    with pytest.raises(Refused, match="请先撤回送签"):
        objected(house, version.reply.assignment)


# the assigning office checks -----------------------------------------------------------------------------------------


def checked_by_the_office(house: House) -> None:
    AssigningOffice.objects.filter(office=house.assigning).update(checks_replies=True)


def test_an_office_that_checks_gets_the_signed_reply_first_and_the_clock_rests(house: House, deputy: Person) -> None:
    checked_by_the_office(house)
    version = sent_up(house)
    for person in (deputy, house.head):
        actions.sign(version, agrees=True, by=person, now=timezone.now())
    reply = part_of(version.reply.assignment.matter, house.unit).replies.get()
    part = reply.assignment
    assert (reply.state, reply.to_check, reply.date_to_confirm) == ("checking", True, False)
    assert clocks.open_for(assignment=part, stage="reply").get().status == "paused"
    assert (told("reply_check_asked"), verbs(part.matter)[-1]) == ({"严明"}, "reply_check_asked")
    queue = browser(house.officer).get(reverse("handling:reply_checks")).content.decode()
    assert "审核答复" in queue and url("check_reply", reply) in queue

    actions.return_reply(reply, reason="第2条没有责任单位", by=house.officer, now=timezone.now())

    reply.refresh_from_db()
    assert (reply.state, reply.to_check, reply.return_reason) == ("returned", False, "第2条没有责任单位")
    assert clocks.open_for(assignment=part, stage="reply").get().status == "open"
    assert sent_up(house, part).number == 2


def test_a_unit_without_steps_is_checked_too(house: House) -> None:
    house.now = timezone.now()
    checked_by_the_office(house)
    part = signed(house, give(house))

    reply = actions.deliver_reply(drafted(house, part), by=house.clerk, now=timezone.now())

    assert (reply.state, reply.letter_on) == ("checking", timezone.localdate())
    reply = actions.approve_reply(reply, by=house.officer, now=timezone.now())
    assert (reply.state, reply.replied_on, reply.to_check) == ("delivered", timezone.localdate(), False)


def test_the_office_corrects_the_class_of_the_whole_and_of_a_point_and_the_unit_is_told(house: House) -> None:
    house.now = timezone.now()
    checked_by_the_office(house)
    part = signed(house, give(house))
    reply = actions.deliver_reply(drafted(house, part, "拟于明年实施。"), by=house.clerk, now=timezone.now())
    desk, page = browser(house.officer), url("check_reply", reply)
    assert "拟于明年实施。" in desk.get(page).content.decode()
    assert "拟于明年实施。" not in browser(house.staff).get(page).content.decode(), "S2: not before it is delivered"
    corrected = {"result": "C", "class_1": "C", "class_2": "A"}
    under_way = desk.post(page, {**corrected, "class_1": "B", "reason": "尚未实施"})
    assert "请填写承诺事项" in under_way.content.decode(), "only the unit can promise"
    answer = desk.post(page, corrected)
    assert (answer.status_code, "请写明原因" in answer.content.decode()) == (422, True)

    assert desk.post(page, {**corrected, "reason": "尚未实施"}).status_code == 302

    reply.refresh_from_db()
    given = list(reply.points.order_by("suggestion__number").values_list("result__code", flat=True))
    assert (reply.state, str(reply.result)[0], given) == ("delivered", "C", ["C", "A"])
    facts = [one.payload.facts for one in part.matter.events.filter(verb="class_changed").order_by("seq")]
    assert [(one["what"], one["old"], one["new"]) for one in facts] == [
        ("办理结果", "A", "C"),
        ("第1条的办理结果", "A", "C"),
    ]
    assert told("class_changed") == {"沈青"}
    seen = {line.what for line in panels_of(house.clerk, part.matter).happenings}
    assert "审核时将第1条的办理结果由A类改为C类：尚未实施" in seen
    assert not [line for line in panels_of(house.member, part.matter).happenings if "审核时" in line.what]


def test_an_office_is_led_from_one_reply_to_the_next(house: House) -> None:
    house.now = timezone.now()
    checked_by_the_office(house)
    parts = [signed(house, give(house)) for _ in range(2)]
    replies = [actions.deliver_reply(drafted(house, one), by=house.clerk, now=timezone.now()) for one in parts]
    desk, classes = browser(house.officer), {"result": "A", "class_1": "A", "class_2": "A"}

    ways = [desk.post(url("check_reply", one), classes).headers["Location"] for one in replies]

    assert ways == [reverse("handling:reply_checks"), reverse("handling:part", args=[parts[1].public_id])]


def test_nobody_checks_the_reply_to_the_own_proposal(house: House) -> None:
    house.now = timezone.now()
    checked_by_the_office(house)
    appoint(Role.ASSIGNING_OFFICER, house.assigning, person=house.member)
    part = signed(house, give(house))
    reply = actions.deliver_reply(drafted(house, part), by=house.clerk, now=timezone.now())

    with pytest.raises(Refused, match="您是本件的提案者"):
        actions.approve_reply(reply, by=house.member, now=timezone.now())


def test_a_letter_signed_on_paper_days_ago_is_handed_in_with_its_scan_and_its_date(
    house: House, deputy: Person
) -> None:
    house.now = timezone.now() - timedelta(days=5)
    part = signed(house, give(house))
    day = timezone.localdate() - timedelta(days=1)
    reply = drafted(house, part, letter_on=day)
    with pytest.raises(Refused, match="请同时上传盖章扫描件"):
        actions.send_up(reply, by=house.clerk, now=timezone.now())
    typed = {"result": "A", "text_1": "已办", "class_1": "A", "same_2": "1", "no_contact_reason": "已书面征求"}
    typed |= {"letter_on": day.isoformat(), "version": str(reply.version)}
    desk = browser(house.clerk)
    answer = desk.post(url("draft_reply", part), {**typed, "letter": upload("盖章.pdf", made.pdf())})
    assert answer["Location"] == url("send_up", part)
    assert "分管领导审签（安然）　→　主要领导签发（任一主要负责人）" in desk.get(answer["Location"]).content.decode()
    assert desk.post(answer["Location"], {"why": "已盖章"}).status_code == 302
    version = ReplyVersion.objects.get()
    paper = Paper("安然", timezone.localdate(), "发文稿纸")
    actions.sign(version, agrees=True, by=house.clerk, now=timezone.now(), paper=paper)

    actions.sign(version, agrees=True, by=house.head, now=timezone.now())

    reply.refresh_from_db()
    assert (reply.state, reply.date_to_confirm, reply.letter_on) == ("checking", True, day)


def test_what_an_office_records_from_paper_needs_no_signature_on_screen(house: House, deputy: Person) -> None:
    part = signed(house, give(house))
    paper = Paper("方正", timezone.localdate(), "发文稿纸")

    reply = actions.deliver_reply(drafted(house, part), by=house.officer, now=timezone.now(), paper=paper)

    assert reply.state == "delivered"


# settings ------------------------------------------------------------------------------------------------------------


def test_clerk_and_head_keep_the_units_steps_and_what_is_being_signed_keeps_its_own(
    house: House, deputy: Person
) -> None:
    version = sent_up(house)
    desk, page = browser(house.clerk), reverse("handling:signing_steps")
    assert "主要领导签发" in desk.get(page).content.decode()
    assert browser(house.handler).get(page).status_code == 403
    answer = desk.post(page, {"order": "2", "kind": "section", "signer": str(house.handler.public_id)})
    assert "次序 2 已经是“主要领导签发”" in answer.content.decode()
    assert desk.post(page, {"order": "3", "kind": "office", "signer": ""}).status_code == 422
    assert desk.post(page, {"order": "3", "kind": "office", "signer": "unit_clerk"}).status_code == 302

    step = SigningStep.objects.get(kind="deputy")
    assert (
        browser(house.other_clerk).get(reverse("handling:end_signing_step", args=[step.public_id])).status_code == 404
    )
    assert desk.post(reverse("handling:end_signing_step", args=[step.public_id])).status_code == 302

    kinds = list(SigningStep.objects.current().order_by("order").values_list("kind", flat=True))
    assert (kinds, version.signatures.count()) == (["head", "office"], 2)
    with pytest.raises(WrongStep, match="已经停用"):
        actions.end_step(step, now=timezone.now())


def test_a_step_that_nobody_could_sign_is_found_before_it_is_sent_up(house: House, deputy: Person) -> None:
    deputy.appointments.update(ends_on=timezone.localdate() - timedelta(days=1))

    with pytest.raises(Refused, match="现在没有人可以签批"):
        sent_up(house)


def test_the_office_sets_that_it_checks_every_reply(house: House) -> None:
    page, desk = reverse("members:assigning_offices"), browser(house.director)
    before = desk.get(page).context["form"].initial
    names = {name: value for name, value in before.items() if name != "checking"}

    assert desk.post(page, {**names, "checking": ["government"]}).status_code == 302

    assert AssigningOffice.objects.get(system="government").checks_replies
    assert not AssigningOffice.objects.get(system="cppcc").checks_replies


def test_differences_are_told_clause_by_clause() -> None:
    woven = [(one.kind, one.text) for one in pieces("一是建，二是管。", "一是建，二是用。")]

    assert woven == [("", "一是建，"), ("del", "二是管。"), ("ins", "二是用。")]


def test_where_the_only_signer_raised_it_himself_the_clerk_hears_at_once(house: House) -> None:
    house.now = timezone.now()
    house.head.appointments.update(ends_on=timezone.localdate() - timedelta(days=1))
    appoint(Role.UNIT_HEAD, house.unit, person=house.member)
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=house.now)

    sent_up(house)

    assert (told("reply_to_sign"), told("signer_missing")) == (set(), {"沈青"})


def test_a_unit_without_steps_keeps_every_text_that_the_office_has_looked_at(house: House) -> None:
    AssigningOffice.objects.filter(office=house.assigning).update(checks_replies=True)
    house.now = timezone.now()
    part = signed(house, give(house))
    reply = actions.deliver_reply(drafted(house, part, "拟建三处。"), by=house.clerk, now=timezone.now())
    actions.return_reply(reply, reason="请写明时间", by=house.officer, now=timezone.now())

    again = actions.deliver_reply(drafted(house, part, "年内建三处。"), by=house.clerk, now=timezone.now())

    first, second = again.versions.order_by("number")
    assert [first.content["points"][0]["text"], second.content["points"][0]["text"]] == ["拟建三处。", "年内建三处。"]
    page = browser(house.officer).get(url("reply_version", second)).content.decode()
    assert "<del>" in page and "拟建三处。" in page
    assert "送交办机构审核" in browser(house.clerk).get(url("reply_version", first)).content.decode()
    shown = browser(house.clerk).get(url("part", part)).content.decode()
    assert all(url("reply_version", one) in shown for one in (first, second))
    assert url("reply_version", first) not in browser(house.staff).get(url("part", part)).content.decode()
    actions.approve_reply(again, by=house.officer, now=timezone.now())
    assert again.versions.count() == 2


def test_lists_of_units_say_the_title_that_units_may_read(house: House, deputy: Person) -> None:
    version = sent_up(house)
    matter = version.reply.assignment.matter
    matter.unit_title = "关于一处设施的建议"
    matter.save(update_fields=["unit_title"])

    page = browser(deputy).get(reverse("handling:replies_to_sign")).content.decode()

    assert "关于一处设施的建议" in page and matter.title not in page
    words = {"一处设施": 1, matter.title: 0}
    for text, found in words.items():
        listed = browser(house.clerk).get(reverse("handling:queue"), {"q": text}).content.decode()
        assert listed.count(url("part", version.reply.assignment)) == found, (
            "what a unit does not read answers to no words"
        )
