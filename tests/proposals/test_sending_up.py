"""What lies outside the city's powers goes to a higher body with its proposer's consent, and its fate is kept (P10)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.desk import work_of
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Body, Person
from members.shown import Count
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.models import Assignment, Matter, Reply, ResultClass
from proposals.models import Fate, Proposal, SentUp
from proposals.owner import ProposalOwner
from proposals.sent_up import suggested
from tests.factories import appoint
from tests.uploads import made

from .conftest import House
from .test_key import told
from .test_pages_thread import page_of, send, signed_in
from .test_purging import MARK

Make = Callable[..., Proposal]
State = SentUp.State
TODAY = date(2026, 3, 4)
HIGHER = "省政协提案委员会"
LISTED, SUGGESTED = "/proposals/sent-up/", "/proposals/sent-up/suggested/"
PHONED = Paper(who="林溪", on=TODAY, sheet="3月4日电话记录")


def asked(house: House, proposal: Proposal, to: str = HIGHER, **more: Any) -> SentUp:
    return actions.ask_to_send_up(
        proposal, to=to, reason="补贴标准由省里确定", by=house.staff, now=house.later(), **more
    )


def sent(house: House, proposal: Proposal, **more: Any) -> SentUp:
    row = asked(house, proposal, paper=PHONED)
    return actions.record_sent(row, on=TODAY, **more, by=house.staff, now=house.later())


def verbs(proposal: Proposal) -> list[str]:
    events = proposal.matter.events.order_by("seq").values_list("verb", flat=True)
    return [verb for verb in events if verb.startswith(("up_", "sent_up"))]


def url(row: SentUp, name: str) -> str:
    return f"/proposals/sent-up/{row.public_id}/{name}/"


def page(proposal: Proposal) -> str:
    return f"/proposals/{proposal.matter.public_id}/"


def newest(person: Person, template: str) -> str:
    """What the newest message of this kind says on its page."""
    row = Message.objects.filter(recipient=person, template=f"proposal_{template}", channel="inapp").latest("pk")
    return page_of(signed_in(person), reverse("inbox:message", args=[row.public_id]))


def test_asked_agreed_with_one_tap_sent_and_its_fate_recorded_twice(house: House, handed: Make) -> None:
    proposal = handed()
    clerk, member, staff = Person.objects.get(name="沈青"), signed_in(house.member), signed_in(house.staff)
    assert "转报上级" in page_of(staff, page(proposal))

    send(staff, f"{page(proposal)}send-up/", to=HIGHER, reason="补贴标准由省里确定")
    row = SentUp.objects.get()
    assert (told("up_asked"), row.state) == ({"林溪"}, State.ASKED)
    assert url(row, "answer") in newest(house.member, "up_asked")
    assert url(row, "answer") in page_of(member, page(proposal))
    assert proposal.matter.title in page_of(member, url(row, "answer")), "nobody knows a proposal by its number"
    assert url(row, "answer") in page_of(member, reverse("portal:desk"))
    assert HIGHER not in page_of(signed_in(clerk), page(proposal)), "a unit learns of it when it has gone"
    send(member, url(row, "answer"), answer="yes")
    assert told("up_answered") == {"何晓"}
    today = timezone.localdate()
    send(staff, url(row, "sent"), on=today.isoformat(), number="政协提〔2026〕9号", note="一并寄去附件")
    assert told("sent_up") == {"林溪", "沈青", "严明"}
    for kind, text in (("taken_up", "已转省民政厅研究。"), ("answered", "省里已提高补贴标准。")):
        send(staff, url(row, "fate"), kind=kind, text=text, on=today.isoformat())

    row.refresh_from_db()
    assert (row.state, row.answered_by, row.sent_by, row.fates.count()) == (State.KNOWN, house.member, house.staff, 2)
    assert verbs(proposal) == ["up_asked", "up_agreed", "sent_up", "up_fate", "up_fate"]
    assert told("up_fate") == {"林溪"}
    assert "省里已提高补贴标准。" in newest(house.member, "up_fate")
    shown = {person: page_of(signed_in(person), page(proposal)) for person in (house.staff, house.member, clerk)}
    for text in shown.values():
        assert HIGHER in text and "政协提〔2026〕9号" in text and "已受理" in text
    assert ["一并寄去附件" in text for text in shown.values()] == [True, False, False]
    assert ["补贴标准由省里确定" in text for text in shown.values()] == [True, True, False]
    assert ["已转省民政厅研究。" in text for text in shown.values()] == [True, True, False]


def test_a_proposer_who_says_no_is_heard(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)

    send(signed_in(house.member), url(row, "answer"), answer="no")

    row.refresh_from_db()
    assert (row.state, verbs(proposal)[-1]) == (State.REFUSED, "up_refused")
    assert "不同意" in newest(house.staff, "up_answered")
    with pytest.raises(WrongStep, match="没有提案者同意"):
        actions.record_sent(row, on=TODAY, by=house.staff, now=house.later())
    assert "已经结束" in page_of(signed_in(house.member), url(row, "answer"))
    assert asked(house, proposal).state == State.ASKED, "he may be asked once more"


def test_what_he_said_on_paper_or_by_phone_is_entered_with_its_date(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)
    staff = signed_in(house.staff)

    said = {"agrees": "yes", "who": "林溪", "on": TODAY.isoformat(), "sheet": "3月4日电话记录"}
    send(staff, url(row, "record-answer"), **said)

    row.refresh_from_db()
    assert (row.state, row.answered_on, row.on_paper, row.answered_by) == (State.AGREED, TODAY, True, house.staff)
    event = proposal.matter.events.get(verb="up_agreed")
    assert (event.on_paper, event.payload.facts["paper_sheet"]) == (True, "3月4日电话记录")
    assert told("up_recorded") == {"林溪"}
    other = asked(house, proposal, to="省民政厅", paper=PHONED)
    assert (other.state, verbs(proposal)) == (State.AGREED, ["up_asked", "up_agreed", "up_agreed"])
    for on, sentence in (
        (TODAY + timedelta(days=1), "不能晚于今天"),
        (date(1926, 3, 4), "不能早于提交提案的日期"),
    ):
        said_on = Paper(who="林溪", on=on, sheet="电话记录")
        with pytest.raises(Refused, match=sentence):
            asked(house, proposal, to="省财政厅", paper=said_on)
        third = asked(house, proposal, to="省教育厅")
        with pytest.raises(Refused, match=sentence):
            actions.answer_sending(third, agrees=True, by=house.staff, now=house.later(), paper=said_on)
        actions.drop_sending(third, reason="另行转报", by=house.staff, now=house.later())


def test_only_the_first_proposer_answers(house: House, handed: Make, draft: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)
    cosigner = appoint(Role.MEMBER, name="白露")
    proposal.matter.participants.create(person=cosigner, role="cosigner", order=1)

    with pytest.raises(Refused, match="由第一提案者回答"):
        actions.answer_sending(row, agrees=True, by=cosigner, now=house.later())
    for person in (cosigner, appoint(Role.MEMBER, name="路人")):
        assert signed_in(person).get(url(row, "answer")).status_code == 404
    assert signed_in(house.staff).get(url(row, "answer")).status_code == 403
    answer = signed_in(house.member).post(url(row, "answer"), {})
    assert (answer.status_code, "请选择同意或者不同意" in answer.content.decode()) == (422, True)


def test_nothing_is_sent_without_consent_too_early_too_late_or_twice(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)
    with pytest.raises(WrongStep, match="请先取得提案者的答复"):
        actions.record_sent(row, on=TODAY, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="已经向省政协提案委员会转报过，现在是“待提案者答复”"):
        asked(house, proposal, to=" 省政协 提案委员会")
    actions.answer_sending(row, agrees=True, by=house.member, now=house.later())
    for on, sentence in (
        (TODAY + timedelta(days=1), "转报日期不能晚于今天"),
        (TODAY - timedelta(days=1), "不能早于立案日期"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.record_sent(row, on=on, by=house.staff, now=house.later())
    actions.record_sent(row, on=TODAY, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="有了去向才能再次转报"):
        asked(house, proposal)
    said: dict[str, Any] = {"kind": "not_taken", "by": house.staff}
    for on, text, sentence in (
        (TODAY + timedelta(days=1), "未采纳", "不能晚于今天"),
        (TODAY - timedelta(days=1), "未采纳", "不能早于转报日期"),
        (TODAY, " ", "请写明上级的处理情况"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.record_fate(row, on=on, text=text, now=house.later(), **said)
    actions.record_fate(row, on=TODAY, text="暂不采纳", now=house.later(), **said)

    assert asked(house, proposal).state == State.ASKED
    for missing, sentence in (({"to": " "}, "哪个上级机关"), ({"reason": " "}, "超出市里权限")):
        with pytest.raises(Refused, match=sentence):
            given: dict[str, Any] = {"to": "省财政厅", "reason": "权限在省里", **missing}
            actions.ask_to_send_up(proposal, **given, by=house.staff, now=house.later())


def test_a_day_before_the_consent_is_refused(house: House, handed: Make) -> None:
    row = asked(house, handed())
    house.now += timedelta(days=3)
    actions.answer_sending(row, agrees=True, by=house.member, now=house.later())

    with pytest.raises(Refused, match="不能早于提案者同意的日期"):
        actions.record_sent(row, on=TODAY, by=house.staff, now=house.later())


@pytest.mark.parametrize(
    ("columns", "of_matter", "sentence"),
    [
        ({"status": "withdrawn"}, {}, "已撤案"),
        ({"status": "submitted"}, {}, "立案编号以后"),
        ({"status": "archived"}, {}, "归档以前"),
        ({"internal": True}, {}, "不公开（内部）"),
        ({}, {"access": "internal"}, "不公开（内部）"),
        ({}, {"access": "suspended"}, "保密核查"),
        ({}, {"placeholder": True, "title": "", "unit_title": ""}, "涉密占位"),
    ],
)
def test_what_may_not_leave_the_house_this_way_stays(
    house: House, handed: Make, columns: dict[str, Any], of_matter: dict[str, Any], sentence: str
) -> None:
    proposal = handed()
    row = asked(house, proposal, paper=PHONED)
    Proposal.objects.filter(pk=proposal.pk).update(**columns)
    if of_matter:
        Matter.objects.filter(pk=proposal.matter_id).update(**of_matter)

    with pytest.raises(WrongStep, match=sentence):
        actions.record_sent(row, on=TODAY, by=house.staff, now=house.later())
    fresh = Proposal.objects.select_related("matter").get(pk=proposal.pk)
    with pytest.raises(WrongStep, match=sentence):
        asked(house, fresh, to="省民政厅")


def test_a_follower_goes_up_with_its_main_proposal_and_its_proposers_are_told(
    house: House, submitted: Make, filed: Make, draft: Make
) -> None:
    other = appoint(Role.MEMBER, name="白露")
    follower = actions.submit(draft(by=other), not_secret=True, by=other, now=house.later())
    main = filed()
    actions.merge(follower, main, text="同一事项", by=house.staff, now=house.later())
    follower.matter.refresh_from_db()
    follower.refresh_from_db()
    with pytest.raises(WrongStep, match="请在主案办理"):
        asked(house, follower)

    sent(house, main)

    assert told("up_recorded") == {"林溪"}
    assert told("sent_up") == {"林溪", "白露", "严明"}


def test_one_that_was_asked_by_mistake_is_dropped_with_a_reason(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)
    with pytest.raises(Refused, match="请写明不再转报的原因"):
        actions.drop_sending(row, reason=" ", by=house.staff, now=house.later())

    send(signed_in(house.staff), url(row, "drop"), reason="应当转报省民政厅")

    row.refresh_from_db()
    assert (row.state, told("up_dropped"), verbs(proposal)) == (State.DROPPED, {"林溪"}, ["up_asked", "up_dropped"])
    with pytest.raises(WrongStep, match="请重新征求提案者意见"):
        actions.answer_sending(row, agrees=True, by=house.member, now=house.later())
    assert row.answered_on is None


def test_what_was_entered_wrong_is_taken_back_and_entered_anew(house: House, handed: Make) -> None:
    proposal = handed()
    row, clerk, staff = sent(house, proposal, number="9号"), Person.objects.get(name="沈青"), signed_in(house.staff)
    send(staff, url(row, "fate"), kind="not_taken", text="误录", on=timezone.localdate().isoformat())
    fate = row.fates.get()
    undo = f"/proposals/sent-up/fates/{fate.public_id}/undo/"
    assert undo in page_of(staff, page(proposal)) and "未采纳" in page_of(staff, undo)
    assert "误录" in newest(house.member, "up_fate")
    with pytest.raises(WrongStep, match="请先撤销去向登记"):
        actions.undo_sent(row, reason="日期写错", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="请写明撤销去向登记的原因"):
        actions.undo_fate(fate, reason=" ", by=house.staff, now=house.later())

    send(staff, undo, reason="登记错了件")

    row.refresh_from_db()
    assert (row.state, row.fates.count(), told("up_fate_undone")) == (State.SENT, 0, {"林溪"})
    assert "误录" not in newest(house.member, "up_fate")
    assert staff.get(undo).status_code == 404
    with pytest.raises(WrongStep, match="登记去向"):
        actions.undo_fate(fate, reason="再撤一次", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="请写明撤销转报登记的原因"):
        actions.undo_sent(row, reason="", by=house.staff, now=house.later())

    send(staff, url(row, "undo-sent"), reason="日期写错")

    row.refresh_from_db()
    assert (row.state, row.sent_on, row.number) == (State.AGREED, None, "")
    assert told("up_undone") == told("sent_up") == {"林溪", "沈青", "严明"}
    assert "日期写错" in page_of(signed_in(clerk), page(proposal)), "who read of it reads this"
    assert verbs(proposal)[-2:] == ["up_fate_undone", "up_undone"]
    assert actions.record_sent(row, on=TODAY, number="10号", by=house.staff, now=house.later()).number == "10号"


def test_of_two_fates_the_one_that_was_named_is_taken_back(house: House, handed: Make) -> None:
    row = sent(house, handed())
    known: dict[str, Any] = {"on": TODAY, "by": house.staff}
    first, second = (
        actions.record_fate(row, kind=kind, text=kind, now=house.later(), **known) for kind in ("taken_up", "answered")
    )

    actions.undo_fate(first, reason="重复", by=house.staff, now=house.later())

    row.refresh_from_db()
    assert (row.state, list(row.fates.all())) == (State.KNOWN, [second])


def test_the_letter_up_and_the_answer_from_above_are_kept_as_scans(house: House, handed: Make) -> None:
    proposal = handed()
    row, staff, today = asked(house, proposal, paper=PHONED), signed_in(house.staff), timezone.localdate().isoformat()
    wrong = staff.post(url(row, "sent"), {"on": today, "scan": made.upload("函.pdf", b"not a pdf")})
    assert (wrong.status_code, "看不出这是什么文件" in wrong.content.decode()) == (422, True)

    send(staff, url(row, "sent"), on=today, scan=made.upload("转报函.pdf", made.pdf()))
    send(staff, url(row, "fate"), kind="answered", text="已答复", on=today, scan=made.upload("复函.pdf", made.pdf()))

    shown = {one: page_of(signed_in(one), page(proposal)) for one in (house.staff, house.member)}
    assert all("转报函.pdf" in text and "复函.pdf" in text for text in shown.values())
    assert "复函.pdf" not in page_of(signed_in(Person.objects.get(name="沈青")), page(proposal))


def test_the_fate_comes_even_after_the_archive(house: House, handed: Make) -> None:
    row = sent(house, handed())
    Proposal.objects.update(status="archived")

    fate = actions.record_fate(row, kind="answered", text="已答复", on=TODAY, by=house.staff, now=house.later())

    assert list(Fate.objects.all()) == [fate]


def test_whoever_is_no_staff_may_not_and_staff_leave_their_own_to_colleagues(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal)
    steps = [url(row, name) for name in ("record-answer", "sent", "undo-sent", "fate", "drop")]
    pages = [LISTED, SUGGESTED, f"{page(proposal)}send-up/", *steps]
    for person in (house.member, house.officer, Person.objects.get(name="沈青")):
        assert {signed_in(person).get(one).status_code for one in pages} == {403}
    assert {signed_in(house.colleague).get(one).status_code for one in pages} == {200}
    proposal.matter.participants.create(person=house.colleague, role="cosigner", order=1)

    assert [signed_in(house.colleague).get(one).status_code for one in pages] == [200, 200, *[404] * 6]


def test_the_list_finds_whose_fate_is_open_and_costs_the_same_for_one_and_for_three(house: House, handed: Make) -> None:
    rows = [sent(house, handed())]
    staff = signed_in(house.staff)
    page_of(staff, LISTED)

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            page_of(staff, LISTED)
        return len(found)

    one = cost()
    rows += [sent(house, handed()) for _ in range(2)]
    assert cost() == one <= 15
    actions.record_fate(rows[0], kind="taken_up", text="已立案", on=TODAY, by=house.staff, now=house.later())

    open_ones, known = (page_of(staff, f"{LISTED}?state={state}") for state in ("sent", "known"))
    links = [page(row.proposal) for row in rows]
    assert [link in open_ones for link in links] == [False, True, True]
    assert [link in known for link in links] == [True, False, False]
    assert [url(row, "fate") in open_ones for row in rows] == [False, True, True], "the next step is one tap away"
    rows[1].proposal.matter.participants.create(person=house.staff, role="cosigner", order=1)
    open_ones = page_of(staff, f"{LISTED}?state=sent")
    assert [url(row, "fate") in open_ones for row in rows] == [False, False, True], "of one's own it is a colleague's"


def test_a_purge_takes_every_word(house: House, handed: Make) -> None:
    proposal = handed()
    row = asked(house, proposal, paper=PHONED)
    SentUp.objects.update(reason=MARK)
    actions.record_sent(row, on=TODAY, number=MARK, note=MARK, by=house.staff, now=house.later())
    actions.record_fate(row, kind="answered", text=MARK, on=TODAY, by=house.staff, now=house.later())

    ProposalOwner().erase(proposal.matter)

    with connection.cursor() as cursor:
        for table in ("sentup", "fate"):
            cursor.execute(f"SELECT count(*) FROM proposals_{table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"},
        {"reason": ""},
        {"sent_on": TODAY},
        {"state": "agreed"},
        {"state": "sent"},
        {"answered_on": TODAY},
    ],
)
def test_the_database_keeps_a_way_up_whole(house: House, handed: Make, wrong: dict[str, Any]) -> None:
    row = asked(house, handed())

    with pytest.raises(IntegrityError), transaction.atomic():
        SentUp.objects.filter(pk=row.pk).update(**wrong)


# the class of a reply --------------------------------------------------------------------------------------------------


def replied(house: House, proposal: Proposal, opening: str = "补贴标准由省民政厅确定。") -> Reply:
    """The unit answers each suggestion with 权限在上级; the class of the whole follows."""
    part = Assignment.objects.get(matter=proposal.matter)
    clerk, beyond = Person.objects.get(name="沈青"), ResultClass.objects.get(beyond=True)
    handling.sign_for(part, by=clerk, now=house.later())
    points = {one.pk: PointGiven(beyond, "由省里决定。") for one in part.matter.suggestions.all()}
    fields = {"opening": opening, "no_contact_reason": "已书面沟通。"}
    return handling.draft_reply(part, fields, points, by=clerk, now=house.later())


def test_a_reply_of_this_class_names_who_has_the_power_and_promises_nothing(house: House, handed: Make) -> None:
    proposal = handed()
    clerk = Person.objects.get(name="沈青")
    reply = replied(house, proposal, opening=" ")
    with pytest.raises(Refused, match="请在总体说明中写明由哪一级、哪个机关决定"):
        handling.deliver_reply(reply, by=clerk, now=house.later())

    handling.draft_reply(reply.assignment, {"opening": "由省民政厅确定。"}, {}, by=clerk, now=house.later())
    delivered = handling.deliver_reply(reply, by=clerk, now=house.later())

    assert (str(delivered.result), reply.assignment.commitments.count()) == ("E类（权限在上级）", 0)


def test_then_the_office_finds_that_it_can_go_up_and_nothing_follows_by_itself(house: House, handed: Make) -> None:
    proposal, untouched = handed(), handed()
    clerk, staff = Person.objects.get(name="沈青"), signed_in(house.staff)
    reply = replied(house, proposal)
    assert not suggested(house.staff).exists(), "not before it is delivered"

    handling.deliver_reply(reply, by=clerk, now=house.later())

    assert list(suggested(house.staff)) == [proposal]
    assert not SentUp.objects.exists()
    found = page_of(staff, SUGGESTED)
    assert (f"{page(proposal)}send-up/" in found, f"{page(untouched)}send-up/" in found) == (True, False)
    counts = {
        one.label: one.value for one in work_of(house.staff, timezone.localdate()).counts if isinstance(one, Count)
    }
    assert str(counts["可转报上级"]) == "1"
    answered_too = replied(house, untouched)
    handling.deliver_reply(answered_too, by=clerk, now=house.later())
    assert send(staff, f"{page(untouched)}send-up/", to=HIGHER, reason="权限在省里") == SUGGESTED, "on to the next"
    row = asked(house, proposal, paper=PHONED)
    counts = {
        one.label: one.value for one in work_of(house.staff, timezone.localdate()).counts if isinstance(one, Count)
    }
    assert ("可转报上级" in counts, str(counts["待转报上级"])) == (False, "1")
    assert row.state == State.AGREED


def test_a_class_cannot_ask_for_promises_and_say_that_the_powers_lie_elsewhere(house: House, clerk_unit: Body) -> None:
    director = signed_in(house.director)
    values = {"code": "Q", "label": "两样都是", "promises": "on", "beyond": "on"}

    answer = director.post(reverse("proposal_settings:add_row", args=["results"]), values)

    assert "只能选一项" in answer.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        ResultClass.objects.filter(beyond=True).update(promises=True)
