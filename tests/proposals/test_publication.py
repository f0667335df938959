"""What is published, and what is not: review, masking, decision, withdrawal, and everything public (M16)."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.actions import withdraw_name
from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Person
from proposals import actions, public
from proposals.handling import actions as handling
from proposals.handling.models import Access, Assignment, Matter, Obligation, Participant, PublicWord, Reply, ReplyPoint
from proposals.handling.readers import audit
from proposals.models import Proposal, Publication
from proposals.owner import ProposalOwner
from proposals.reports.hands import similar_to as similar_reports
from proposals.reports.models import Status, Words
from proposals.similar import similar_to
from tests.factories import appoint
from tests.handling.conftest import House, build_house, give, result_class, signed
from tests.handling.test_acts import answered
from tests.reports.factories import report

pytestmark = pytest.mark.django_db
SECRET = "13912345678"
THIRD = "钱三平"
OUTPUTS = ("portal:home", "portal:open", "portal:open_feed", "portal:open_json", "portal:open_csv", "portal:sitemap")


@pytest.fixture
def house() -> House:
    found = build_house()
    found.now = timezone.now()
    return found


@pytest.fixture
def reviewer(house: House) -> Person:
    return appoint(Role.DISCLOSURE_REVIEWER, house.office, name="柯平")


def replied(house: House, *, attribute: str = "active", **facts: Any) -> Proposal:
    """A proposal whose unit has replied and said whether its reply may be published."""
    matter = give(house, cosigned=True)
    Matter.objects.filter(pk=matter.pk).update(**{"title": "关于社区养老床位的建议", **facts.pop("matter", {})})
    text = f"居民{THIRD}（电话{SECRET}）反映床位不足。"
    Proposal.objects.filter(matter=matter).update(situation=text, **facts)
    reply = answered(house, signed(house, matter), opening=f"{house.member.name}委员：您好。")
    if attribute:
        propose(house, reply, attribute)
    return Proposal.objects.select_related("matter").get(matter=matter)


def propose(house: House, reply: Reply, attribute: str) -> None:
    reason = "" if attribute == "active" else "涉及商业秘密。"
    handling.propose_disclosure(reply, attribute=attribute, reason=reason, by=house.clerk, now=house.later())


def publish(house: House, proposal: Proposal, by: Person, **more: Any) -> Publication:
    actions.set_masks(proposal, hidden=[THIRD], kept=[], by=by, now=house.later())
    return actions.publish(proposal, **{"on": timezone.localdate(), "checked": True, **more}, by=by, now=house.later())


def page_of(proposal: Proposal) -> str:
    return reverse("portal:open_proposal", args=[proposal.matter.public_id])


def everything_public(client: Client, proposal: Proposal) -> Iterator[str]:
    for name in OUTPUTS:
        yield client.get(reverse(name)).content.decode()
    yield client.get(page_of(proposal)).content.decode()


def seen(client: Client, path: str) -> tuple[int, str]:
    """What a stranger sees there, but for the address itself and the keys of the forms."""
    answer = client.get(path)
    page = answer.content.decode().replace(path, "")
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def told(template: str) -> set[str]:
    return set(Message.objects.filter(template=template, channel="inapp").values_list("recipient__name", flat=True))


def opened(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


# the review begins ---------------------------------------------------------------------------------------------------


def test_the_last_reply_opens_the_review_with_its_clock(house: House, reviewer: Person) -> None:
    proposal = replied(house, attribute="")

    row = Publication.objects.get(proposal=proposal)
    clock = Obligation.objects.get(matter=proposal.matter, stage="publication")
    assert (row.state, row.waiting_since is not None, clock.rule.amount, clock.rule.unit) == (
        "none",
        True,
        20,
        "workday",
    )
    assert told("proposal_publication_opened") == {"柯平"} and told("disclosure_asked") == {"沈青"}
    assert list(Publication.objects.waiting()) == [row]
    assert proposal.matter in Matter.objects.visible_to(reviewer) and audit()[1] == []


def test_a_reviewer_is_told_what_waits_and_led_to_his_queue(house: House, reviewer: Person) -> None:
    """The first word leads to the proposal, each reminder to the queue, where the day of each can be asked."""
    proposal = replied(house, attribute="")
    me, queue = opened(reviewer), reverse("proposals:disclosures")
    clock = Obligation.objects.get(matter=proposal.matter, stage="publication")
    first = Message.objects.filter(recipient=reviewer, channel="inapp").get()
    known = [(first.template, first.subject), ("clock.soon", {"obligation": clock.pk})]

    word, reminder = render(known, reviewer)

    assert isinstance(word, Rendered) and isinstance(reminder, Rendered)
    assert word.title == "提案和答复请公开审查"
    assert word.url == reverse("proposals:disclosure", args=[proposal.matter.public_id])
    assert (reminder.title.startswith("即将到期："), reminder.url) == (True, queue)
    assert [me.get(url).status_code for url in (word.url, reminder.url)] == [200, 200]
    assert queue in me.get(reverse("portal:desk")).content.decode()
    why = reverse("handling:why", args=[clock.public_id])
    assert why in me.get(queue).content.decode() and me.get(why).status_code == 200


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"consents": False, "consent_reason": "涉及商谈"}, "提案者不同意公开（涉及商谈）"),
        ({"internal": True}, "不公开（内部）提案"),
        ({"matter": {"access": "sensitive"}}, "不公开（内部）提案"),
    ],
)
def test_what_may_not_be_public_is_never_laid_before_anybody(
    house: House, reviewer: Person, facts: dict[str, Any], sentence: str
) -> None:
    proposal = replied(house, **facts)

    assert not Publication.objects.exists()
    assert not Obligation.objects.filter(stage="publication").exists()
    with pytest.raises(WrongStep, match=sentence):
        actions.open_publication(proposal, by=house.staff, now=house.later())


def test_the_clock_outlives_the_end_of_handling_and_ends_with_the_decision(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    part = proposal.matter.assignments.get()
    for person in (house.member, house.cosigner):
        place = proposal.matter.participants.get(person=person)
        row = part.evaluation_rounds.get()
        handling.evaluate(row, place, work="satisfied", result="satisfied", by=person, now=house.later())
    clock = Obligation.objects.get(matter=proposal.matter, stage="publication")
    assert Matter.objects.get(pk=proposal.matter_id).closed_at is not None and clock.is_running

    publish(house, proposal, reviewer)

    clock.refresh_from_db()
    assert (clock.status, clock.late_workdays) == ("done", 0)


# the unit's word -----------------------------------------------------------------------------------------------------


def test_a_unit_says_why_its_reply_is_not_public_and_the_reviewer_puts_it_back(
    house: House, reviewer: Person, client: Client
) -> None:
    proposal = replied(house, attribute="")
    reply = Reply.objects.get()
    url = reverse("handling:disclosure", args=[reply.public_id])
    clerk = opened(house.clerk)
    assert url in clerk.get(reverse("handling:part", args=[reply.assignment.public_id])).content.decode()
    assert "请写明理由" in clerk.post(url, {"attribute": "closed"}).content.decode()
    assert clerk.post(url, {"attribute": "closed", "reason": "涉及商业秘密"}).status_code == 302

    back = reverse("handling:return_disclosure", args=[reply.public_id])
    assert opened(reviewer).post(back, {"reason": "请写明依据"}).status_code == 302

    clock = Obligation.objects.get(matter=proposal.matter, stage="publication")
    assert clock.status == "paused" and told("disclosure_returned") == {"沈青"}
    assert "请写明依据" in clerk.get(url).content.decode()
    propose(house, reply, "active")
    clock.refresh_from_db()
    assert clock.status == "open" and told("disclosure_proposed") == {"柯平"}
    assert opened(house.other_clerk).get(url).status_code == 404
    assert opened(house.member).get(url).status_code == 403


def test_only_replies_that_their_units_propose_are_published(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house, attribute="on_request")

    publish(house, proposal, reviewer)

    page = client.get(page_of(proposal)).content.decode()
    assert "已办理。" not in page and "没有主动公开" in page


def test_a_reply_that_comes_later_waits_for_a_further_decision(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house, attribute="on_request")
    row = publish(house, proposal, reviewer)
    assert not Publication.objects.waiting().exists()

    propose(house, Reply.objects.get(), "active")

    assert list(Publication.objects.waiting()) == [row]
    assert "已办理。" not in client.get(page_of(proposal)).content.decode()
    publish(house, proposal, reviewer)
    assert "已办理。" in client.get(page_of(proposal)).content.decode()
    assert not Publication.objects.waiting().exists()


# the decision --------------------------------------------------------------------------------------------------------


def test_the_reviewer_masks_on_his_page_and_publishes(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    me, url = opened(reviewer), reverse("proposals:disclosure", args=[proposal.matter.public_id])
    assert url in me.get(reverse("proposals:disclosures")).content.decode()
    page = me.get(url).content.decode()
    assert f"<mark>{SECRET}</mark>" in page and "电话＊＊＊" in page

    assert "提案和答复中没有“孙某”" in me.post(url, {"hidden": "孙某"}).content.decode()
    assert me.post(url, {"hidden": THIRD}).status_code == 302
    sent = me.post(reverse("proposals:publish", args=[proposal.matter.public_id]), {"publish_on": timezone.localdate()})
    assert "没有涉密内容" in sent.content.decode()
    data = {"publish_on": timezone.localdate(), "checked": "on"}
    assert me.post(reverse("proposals:publish", args=[proposal.matter.public_id]), data).status_code == 302

    assert Proposal.objects.get(pk=proposal.pk).situation == f"居民{THIRD}（电话{SECRET}）反映床位不足。"
    shown = list(everything_public(client, proposal))
    assert all(SECRET not in text and THIRD not in text for text in shown)
    assert "居民＊＊＊（电话＊＊＊）反映床位不足。" in shown[-1] and "已办理。" in shown[-1]
    assert [("关于社区养老床位的建议" in text) for text in shown] == [False, True, True, True, True, False, True]
    assert told("proposal_published") == {"林溪", "白露", "沈青", "何晓", "江南", "高原"}
    assert proposal.matter.events.filter(verb="publication_decided").exists()
    assert "公开情况" in opened(house.member).get(proposal.get_absolute_url()).content.decode()


def test_the_office_records_the_decision_only_from_a_sheet(house: House, reviewer: Person) -> None:
    proposal = replied(house)

    with pytest.raises(Refused, match="由公开审查员决定"):
        actions.publish(proposal, on=timezone.localdate(), checked=True, by=house.staff, now=house.later())
    url = reverse("proposals:refuse_publication", args=[proposal.matter.public_id])
    staff = opened(house.staff)
    assert staff.post(url, {"reason": "涉及商谈"}).status_code == 422
    sheet = {"who": "柯平", "on": timezone.localdate(), "sheet": "公开审查表"}
    assert staff.post(url, {"reason": "涉及商谈", **sheet}).status_code == 302
    assert told("proposal_not_published") == {"林溪", "白露", "沈青", "江南", "高原"}
    assert proposal.matter.events.get(verb="publication_refused").on_paper


def test_whoever_proposed_it_does_not_decide_on_it(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    proposal.matter.participants.create(person=reviewer, role="cosigner", order=5)

    assert opened(reviewer).get(reverse("proposals:publish", args=[proposal.matter.public_id])).status_code == 404
    reply = Reply.objects.get(assignment__matter=proposal.matter)
    assert opened(reviewer).get(reverse("handling:return_disclosure", args=[reply.public_id])).status_code != 200


def test_a_day_to_come_publishes_by_itself(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    today = timezone.localdate()
    with pytest.raises(Refused, match="不能早于今天"):
        publish(house, proposal, reviewer, on=today - timedelta(days=1))

    publish(house, proposal, reviewer, on=today + timedelta(days=3))

    assert client.get(page_of(proposal)).status_code == 404
    assert not public.published(today + timedelta(days=2)).exists()
    assert public.published(today + timedelta(days=3)).exists()
    with pytest.raises(WrongStep, match="已经决定公开"):
        publish(house, proposal, reviewer)


# what becomes of it --------------------------------------------------------------------------------------------------


def test_a_withdrawal_leaves_number_and_date_and_nothing_else(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer)

    actions.withdraw_publication(proposal, reason="公布后发现涉及隐私", by=reviewer, now=house.later())

    answer = client.get(page_of(proposal))
    assert answer.status_code == 410
    assert f"第{proposal.matter.number}号" in answer.content.decode() and "撤回公开" in answer.content.decode()
    shown = list(everything_public(client, proposal))
    assert all("社区养老床位" not in text and "涉及隐私" not in text for text in shown)
    assert all(str(proposal.matter.public_id) not in text for text in shown[:-1])
    assert Publication.objects.get().situation == "" and told("proposal_publication_withdrawn") >= {"林溪", "沈青"}
    with pytest.raises(WrongStep, match="没有公开"):
        actions.withdraw_publication(proposal, reason="再撤", by=reviewer, now=house.later())


def test_what_was_taken_back_before_its_day_leaves_no_trace(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer, on=timezone.localdate() + timedelta(days=3))

    actions.withdraw_publication(proposal, reason="改期", by=reviewer, now=house.later())

    assert client.get(page_of(proposal)).status_code == 404
    actions.open_publication(proposal, by=house.staff, now=house.later())
    publish(house, proposal, reviewer)
    assert client.get(page_of(proposal)).status_code == 200


def test_a_suspended_matter_vanishes_at_once_like_one_that_never_was(
    house: House, reviewer: Person, client: Client
) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer)
    never = seen(client, "/open/00000000-0000-4000-8000-000000000000/")

    handling.suspend(proposal.matter, reason="核查", by=house.staff, now=house.later())

    assert never[0] == 404 and seen(client, page_of(proposal)) == never
    assert not any("社区养老床位" in text for text in everything_public(client, proposal))
    for act in (
        lambda: actions.publish(proposal, on=timezone.localdate(), checked=True, by=reviewer, now=house.later()),
        lambda: actions.open_publication(proposal, by=house.staff, now=house.later()),
    ):
        with pytest.raises(WrongStep, match="保密核查"):
            act()
    assert opened(reviewer).get(reverse("proposals:disclosure", args=[proposal.matter.public_id])).status_code == 404


def test_a_merged_or_withdrawn_proposal_is_not_published(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer)
    main = replied(house)

    Matter.objects.filter(pk=proposal.matter_id).update(merged_into=main.matter)
    assert client.get(page_of(proposal)).status_code == 404
    with pytest.raises(WrongStep, match="请在主案办理公开"):
        actions.open_publication(proposal, by=house.staff, now=house.later())
    Matter.objects.filter(pk=proposal.matter_id).update(merged_into=None)
    Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn")
    assert client.get(page_of(proposal)).status_code == 404
    with pytest.raises(WrongStep, match="已撤案"):
        actions.open_publication(proposal, by=house.staff, now=house.later())


def test_names_are_those_of_who_agreed_and_go_in_one_act(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer)
    page = client.get(page_of(proposal)).content.decode()
    assert "林溪等2位提案者" in page and "林溪委员：您好。" in page and "白露" not in page

    withdraw_name(house.member, by=house.director, now=house.later(), reason="本人申请")

    shown = list(everything_public(client, proposal))
    assert not any("林溪" in text for text in shown)
    assert "＊＊＊委员：您好。" in shown[-1]
    Participant.objects.filter(matter=proposal.matter, person=house.cosigner).update(name_public=True)
    assert "白露等2位提案者" in client.get(page_of(proposal)).content.decode()


def test_a_title_with_a_withdrawn_name_answers_to_no_words(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house, matter={})
    Matter.objects.filter(pk=proposal.matter_id).update(title="关于林溪所提养老床位的建议")
    publish(house, proposal, reviewer)
    asked = reverse("portal:open") + "?q=林溪"
    assert page_of(proposal) in client.get(asked).content.decode()

    withdraw_name(house.member, by=house.director, now=house.later(), reason="本人申请")

    assert page_of(proposal) not in client.get(asked).content.decode()


def test_writers_are_shown_what_is_published_as_everybody_reads_it(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    writer, title = appoint(Role.MEMBER), "关于增加社区养老床位的建议"
    assert similar_to(title, writer) == []

    publish(house, proposal, reviewer)

    assert [one.url for one in similar_to(title, writer)] == [page_of(proposal)]
    assert [one.url for one in similar_to(title, house.member)] == [proposal.get_absolute_url()]
    assert [one.url for one in similar_reports(title, writer)] == [page_of(proposal)]
    assert [one.url for one in similar_reports(title, house.member)] == [proposal.get_absolute_url()]
    assert similar_reports(title, appoint(Role.REPORT_STAFF)) == []


# all that is public --------------------------------------------------------------------------------------------------


def test_nothing_of_what_is_not_published_is_anywhere_public(house: House, reviewer: Person, client: Client) -> None:
    """The same answers with and without proposals that are not public, whatever keeps them (S11)."""
    out = replied(house)
    publish(house, out, reviewer)
    before, page_before = (
        [client.get(reverse(name)).content.decode() for name in OUTPUTS[2:]],
        seen(client, page_of(out)),
    )
    listed = client.get(reverse("portal:open")).content.decode().count("table__title")

    hidden = [replied(house, matter={"title": "暗记甲"}), replied(house, attribute="closed")]
    hidden += [replied(house, consents=False, consent_reason="暗记乙")]
    coming = replied(house)
    publish(house, coming, reviewer, on=timezone.localdate() + timedelta(days=1))
    words = Words("暗记标题", "暗记情况。", "", "暗记建议。")
    levels = (Access.OPEN, Access.INTERNAL, Access.SENSITIVE)
    facts: dict[str, Any] = {"words": words, "status": Status.ISSUED, "led_to": out.matter}
    reports = [report(house.member, access=level, **facts) for level in levels]
    Matter.objects.exclude(pk=out.matter_id).update(title="暗记标题")

    assert [client.get(reverse(name)).content.decode() for name in OUTPUTS[2:]] == before
    page = client.get(reverse("portal:open")).content.decode()
    assert page.count("table__title") == listed and "暗记" not in page
    assert seen(client, page_of(out)) == page_before
    for matter in [*(one.matter for one in (*hidden, coming)), *(one.matter for one in reports)]:
        assert client.get(reverse("portal:open_proposal", args=[matter.public_id])).status_code == 404
    for query in ("q=暗", f"unit={house.other_unit.public_id}", "session=14-2", "page=7"):
        assert "暗记" not in client.get(f"{reverse('portal:open')}?{query}").content.decode()


def test_the_list_asks_as_much_for_one_as_for_three(
    house: House, reviewer: Person, client: Client, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for _ in range(2):
        publish(house, replied(house), reviewer)
        for name in ("portal:open", "portal:open_json", "portal:open_feed"):
            with django_assert_max_num_queries(12) as asked:
                assert client.get(reverse(name)).status_code == 200
            counts.append(len(asked.captured_queries))
    assert counts[:3] == counts[3:]
    asked_for = f"{reverse('portal:open')}?unit={house.unit.public_id}"
    assert client.get(asked_for).content.decode().count("table__title") == 2


def test_feed_map_and_data_are_kept_only_if_they_are_asked_for_again(
    house: House, reviewer: Person, client: Client
) -> None:
    proposal = replied(house)
    publish(house, proposal, reviewer)
    for name in OUTPUTS[2:]:
        answer = client.get(reverse(name))
        assert {"public", "no-cache"} == set(answer["Cache-Control"].split(", ")), name
        assert client.get(reverse(name), headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert set(client.get(page_of(proposal))["Cache-Control"].split(", ")) == {"private", "no-cache"}
    assert client.get(reverse("portal:open_feed"))["Content-Type"].startswith("application/rss+xml")
    [row] = json.loads(client.get(reverse("portal:open_json")).content)["提案"]
    assert row["案由"] == "关于社区养老床位的建议" and row["网址"].endswith(page_of(proposal))
    assert 'rel="alternate"' in client.get(reverse("portal:open")).content.decode()
    robots = client.get("/robots.txt").content.decode()
    assert "Disallow: /\n" in robots and "/sitemap.xml" in robots
    assert "no-store" in opened(house.member).get(page_of(proposal))["Cache-Control"]


def test_an_evaluation_is_public_only_if_that_is_decided(house: House, reviewer: Person, client: Client) -> None:
    proposal = replied(house)
    row = proposal.matter.assignments.get().evaluation_rounds.get()
    for person in (house.member, house.cosigner):
        place = proposal.matter.participants.get(person=person)
        handling.evaluate(row, place, work="basic", result="basic", by=person, now=house.later())
    publish(house, proposal, reviewer)
    assert "基本满意" not in client.get(page_of(proposal)).content.decode()

    Publication.objects.update(with_evaluation=True)

    assert "基本满意" in client.get(page_of(proposal)).content.decode()


def test_a_purge_leaves_no_word_of_the_copies(house: House, reviewer: Person) -> None:
    proposal = replied(house)
    row = publish(house, proposal, reviewer)

    ProposalOwner().erase(proposal.matter)

    row.refresh_from_db()
    assert (row.title, row.situation, row.hidden, row.suggestions) == ("", "", [], [])
    assert list(row.replies.values_list("opening", "answers")) == [("", [])]


def test_signs_that_no_feed_may_hold_are_left_out_of_it(house: House, reviewer: Person, client: Client) -> None:
    """What was pasted from elsewhere may hold a vertical tab: one proposal of such would close the feed to all."""
    proposal = replied(house, matter={"title": "关于养老\x0b床位\uffff的建议"})
    publish(house, proposal, reviewer)

    answer = client.get(reverse("portal:open_feed"))

    assert (answer.status_code, "关于养老床位的建议" in answer.content.decode()) == (200, True)


def test_a_promise_is_public_only_with_the_reply_that_gave_it(house: House, reviewer: Person, client: Client) -> None:
    part = signed(house, give(house))
    reply = promising(house, part)
    propose(house, reply, "closed")
    handling.review_word(PublicWord.objects.get(), passed=True, text="新增床位", by=reviewer, now=house.later())
    proposal = Proposal.objects.select_related("matter").get(matter=part.matter)
    actions.publish(proposal, on=timezone.localdate(), checked=True, by=reviewer, now=house.later())
    assert "新增床位" not in client.get(page_of(proposal)).content.decode()

    propose(house, reply, "active")
    actions.publish(proposal, on=timezone.localdate(), checked=True, by=reviewer, now=house.later())

    assert "新增床位" in client.get(page_of(proposal)).content.decode()


def promising(house: House, part: Assignment) -> Reply:
    """A delivered reply with one promise."""
    points = {row.pk: handling.PointGiven(result_class("B"), "列入计划。") for row in part.matter.suggestions.all()}
    values = {"result": result_class("B"), "no_contact_reason": "已书面沟通。"}
    reply = handling.draft_reply(part, values, points, by=house.clerk, now=house.later())
    first, *others = reply.points.order_by("suggestion__number")
    ReplyPoint.objects.filter(pk__in=[one.pk for one in others]).update(result=result_class("A"))
    due_on = timezone.localdate() + timedelta(days=60)
    handling.promise(first, text="新增床位", measure="二十张", due_on=due_on, by=house.clerk, now=house.later())
    return handling.deliver_reply(reply, by=house.clerk, now=house.later())
