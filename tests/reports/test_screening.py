"""The office screens in one queue with claims, each decision told and on record; both ways between report and proposal."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import AuditEntry, Person
from proposals import actions as proposing
from proposals.handling import clocks
from proposals.handling.actions import suspend
from proposals.handling.models import Access, Reason
from proposals.models import Proposal
from proposals.reports import actions
from proposals.reports.models import Referral, Report, Status, Words, handed_in
from tests.factories import appoint
from tests.proposals.conftest import House
from tests.proposals.test_reviewing import told
from tests.reports.factories import NOW, WORDS, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(house: House) -> Person:
    return appoint(Role.REPORT_STAFF, name="文竹")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def ground(code: str, use: str = "report_keep") -> Reason:
    return Reason.objects.get(use=use, code=code)


def at(name: str, one: Report) -> str:
    return reverse(f"reports:{name}", args=[one.public_id])


def with_clock(author: Person, staff: Person, **facts: Any) -> Report:
    one = report(author, **facts)
    body = staff.appointments.get().body
    clocks.start(one.matter, "report_screening", body=body, anchor_on=NOW.date(), by=author, now=NOW)
    return one


def test_claimed_decided_and_told(house: House, staff: Person) -> None:
    one, colleague = with_clock(house.member, staff), appoint(Role.REPORT_STAFF, name="白露")
    client, other = signed_in(staff), signed_in(colleague)
    page = client.get(reverse("reports:screening")).content.decode()
    assert WORDS.title in page and house.member.name in page

    assert client.post(at("screen", one), {}).status_code == 302
    assert "文竹正在筛选" in other.get(at("screen", one)).content.decode()
    held = other.post(at("keep", one), {"reason": "accusation", "text": "请向纪委反映。"})
    assert held.status_code == 422 and "请先接手再决定" in held.content.decode()
    assert other.post(at("screen", one), {"take_over": "1"}).status_code == 302
    assert all(WORDS.title in other.get(at(name, one)).content.decode() for name in ("keep", "accept", "give_back"))
    refused = other.post(at("keep", one), {"reason": "accusation", "text": ""})
    assert refused.status_code == 422 and "请填写告知反映人的话" in refused.content.decode()
    assert "指名举报" in refused.content.decode() and "诉讼" in refused.content.decode()
    assert other.post(at("keep", one), {"reason": "accusation", "text": "请向纪检监察机关反映。"}).status_code == 302

    one.refresh_from_db()
    one.matter.refresh_from_db()
    assert (one.status, one.matter.stage, one.matter.is_closed, one.claimed_by) == ("kept", "kept", True, None)
    assert not clocks.open_for(matter=one.matter).exists()
    assert told(house.member) == ["report_kept"]
    mine = signed_in(house.member).get(one.get_absolute_url()).content.decode()
    assert "请向纪检监察机关反映。" in mine and "开始筛选" not in mine
    assert "开始筛选" in client.get(one.get_absolute_url()).content.decode()
    [said] = render([("report_kept", {"matter": str(one.public_id)})], house.member)
    assert isinstance(said, Rendered) and "指名举报" in said.body and WORDS.title not in said.outside
    assert client.post(at("accept", one), {}).status_code == 302, "what was kept may be taken up later"
    assert Report.objects.get().status == Status.EDITING


def test_returned_written_again_and_read_anew(house: House, staff: Person) -> None:
    one = with_clock(house.member, staff)
    client, author = signed_in(staff), signed_in(house.member)
    seen: Any = client.get(at("screen", one)).context["version"]
    assert client.post(at("give_back", one), {"reason": "facts", "text": "请补充数据。"}).status_code == 302

    assert "请补充数据。" in author.get(at("write", one)).content.decode()
    typed = {"title": WORDS.title, "situation": "补充了数据。", "suggestion": "建议。", "access": "open"}
    assert author.post(at("write", one), {**typed, "later": "1"}).status_code == 302
    assert "补充了数据" not in client.get(one.get_absolute_url()).content.decode(), (
        "the office reads what was handed in"
    )
    assert author.post(at("write", one), {**typed, "not_secret": "on"}).status_code == 302

    one.refresh_from_db()
    assert (one.submissions, handed_in(one).situation, one.matter.number) == (2, "补充了数据。", one.matter.number)
    stale = client.post(at("accept", one), {"version": seen})
    assert stale.status_code == 409 and "补充了数据。" in stale.content.decode()
    assert [row.number for row in one.originals.order_by("number")] == [1, 2]
    assert told(house.member) == ["report_returned"]


def test_passed_on_in_original_and_nobody_decides_on_his_own(house: House, staff: Person) -> None:
    one = with_clock(house.member, staff)
    with pytest.raises(Refused, match="转送的单位"):
        actions.refer_original(one, to=" ", by=staff, now=house.later())
    actions.refer_original(one, to="市城管局", by=staff, now=house.later())
    assert "原文转市城管局研究" in signed_in(house.member).get(one.get_absolute_url()).content.decode()
    with pytest.raises(WrongStep):
        actions.give_back(one, reason=ground("facts", "report_back"), text="改", by=staff, now=house.later())

    appoint(Role.MEMBER, person=staff)
    own = report(staff)
    with pytest.raises(Refused, match="的反映人，请由其他同事办理"):
        actions.claim(own, by=staff, now=house.later())
    room = appoint(Role.LIAISON_OFFICER, person=staff).appointments.get(role=Role.LIAISON_OFFICER).body
    theirs = report()
    theirs.matter.participants.update(person=None, body=room)
    with pytest.raises(Refused, match="的反映人，请由其他同事办理"):
        actions.keep(theirs, reason=ground("accusation"), text="留存", by=staff, now=house.later())
    client = signed_in(staff)
    assert "您是本篇的反映人" in client.get(at("screen", theirs)).content.decode()
    several = client.get(reverse("reports:accept_many"), {"row": [str(theirs.public_id)]})
    assert "您是本篇的反映人" in several.content.decode()
    with pytest.raises(Refused, match="社情民意留存"):
        actions.keep(one, reason=ground("facts", "report_back"), text="留存", by=staff, now=house.later())


def test_the_same_text_stands_together_and_several_are_claimed(house: House, staff: Person) -> None:
    first = report(house.member)
    report(words=Words("夹在中间的另一件", "别的情况。", "", "建议。"), now=NOW + timedelta(hours=1))
    twin = report(
        appoint(Role.INVITED_REPORTER),
        now=NOW + timedelta(hours=2),
        words=Words("换了标题", *[said for _, said in WORDS.parts]),
    )
    client = signed_in(staff)

    page: Any = client.get(reverse("reports:screening"))
    assert [row.pk for row in page.context["page_obj"]][:2] == [first.pk, twin.pk]
    assert page.content.decode().count("同文 2 篇") == 2
    assert len(client.get(f"{reverse('reports:screening')}?group=same").context["page_obj"]) == 2
    assert "内容相同的信息" in client.get(at("screen", first)).content.decode()
    many = {"row": [str(first.public_id), str(twin.public_id)]}
    assert client.post(reverse("reports:claim_many"), many).status_code == 302
    assert Report.objects.filter(claimed_by=staff).count() == 2


def test_one_press_on_the_page_of_a_report_accepts_it_and_the_next_one_stands_there(
    house: House, staff: Person
) -> None:
    late, urgent, first = (
        report(),
        report(urgent=True, now=NOW + timedelta(days=1)),
        report(now=NOW - timedelta(days=1)),
    )
    client = signed_in(staff)
    page: Any = client.get(at("screen", urgent))
    assert f'action="{at("accept", urgent)}"' in page.content.decode()

    sent = client.post(
        at("accept", urgent), {"version": page.context["version"], "once": page.context["once"]}, follow=True
    )

    assert (sent.redirect_chain, Report.objects.get(pk=urgent.pk).status) == (
        [(at("screen", first), 302)],
        Status.EDITING,
    )
    assert f"{urgent.matter.label}已采编，转入编辑。" in sent.content.decode()
    actions.claim(late, by=appoint(Role.REPORT_STAFF, name="白露"), now=house.later())
    held = client.post(at("accept", late))
    assert held.status_code == 422 and "白露正在办理这篇信息，请先接手再决定" in held.content.decode()


def test_an_accusation_or_a_case_in_court_is_pointed_to_with_the_reason_for_keeping_it(
    house: House, staff: Person
) -> None:
    client = signed_in(staff)
    plain, case = report(), report(words=Words("业主维权", "双方已经向法院起诉，正在审理。", "", "建议尽快判决。"))
    assert client.get(at("screen", plain)).context["hint"] == {}

    page: Any = client.get(at("screen", case))
    hint = page.context["hint"]
    assert "文中有“起诉”，可能属于“已进入诉讼" in page.content.decode()
    form: Any = client.get(hint["url"]).context["form"]
    assert form["reason"].value() == "litigation" and 'value="litigation" selected' in str(form["reason"])
    assert "请向办案机关反映" in signed_in(house.member).get(reverse("reports:fresh")).content.decode()


def test_several_are_decided_at_once_each_refusal_with_its_reason_and_each_author_told_once(
    house: House, staff: Person
) -> None:
    author, client = house.member, signed_in(staff)
    urgent = report(author, now=NOW + timedelta(days=1), urgent=True)
    plain, twin = report(author, words=Words("甲", "情况甲。", "", "建议。")), report(author)
    held, own = report(), report(appoint(Role.MEMBER, person=staff))
    gone = report(status=Status.ISSUED)
    actions.claim(held, by=appoint(Role.REPORT_STAFF, name="白露"), now=house.later())
    several = {"row": [str(one.public_id) for one in (plain, urgent, held, own, gone)]}
    url = reverse("reports:accept_many")
    assert url in client.get(reverse("reports:screening")).content.decode()

    preview: Any = client.get(url, several)
    page = preview.content.decode()
    assert [row for row, *_ in preview.context["doing"]] == [urgent, plain]
    assert "白露正在筛选" in page and "您是本篇的反映人" in page and f"{gone.matter.label}现在是“已刊发”" in page
    assert "急报；与另外 3 篇待筛选信息内容相同" in page and preview.context["whom"].rows == [(author.name, "2 篇")]
    client.post(url, {**several, "once": preview.context["once"]})
    assert set(Report.objects.filter(status=Status.EDITING)) == {urgent, plain}
    assert told(author) == ["sending", "report_accepted", "report_accepted"], "one message with its list"

    kept = {"row": [str(twin.public_id)], "reason": "nothing_new", "text": "已有同类信息。"}
    assert client.post(reverse("reports:keep_many"), {**kept, "text": ""}).status_code == 422
    code = Reason.objects.filter(use="report_keep").exclude(code="accusation").first()
    assert code
    sent: Any = client.get(reverse("reports:keep_many"), kept)
    client.post(reverse("reports:keep_many"), {**kept, "reason": code.code, "once": sent.context["once"]})
    twin.refresh_from_db()
    assert (twin.status, twin.decided_reason, twin.decided_text) == (Status.KEPT, code, "已有同类信息。")


def test_a_lead_for_a_proposal_is_written_by_its_author(house: House, staff: Person) -> None:
    one = with_clock(house.member, staff)
    client, author = signed_in(staff), signed_in(house.member)
    assert client.post(at("lead", one), {"consent": ""}).status_code == 422
    assert client.post(at("lead", one), {"consent": "3月6日电话同意", "text": ""}).status_code == 302
    assert told(house.member) == ["report_led"]
    url = reverse("proposals:from_report", args=[one.public_id])
    assert url in author.get(one.get_absolute_url()).content.decode()
    assert signed_in(appoint(Role.MEMBER)).get(url).status_code == 404

    begun = author.post(url)

    proposal = Proposal.objects.select_related("matter").get()
    assert (begun.status_code, proposal.matter.title, proposal.situation) == (302, WORDS.title, WORDS.situation)
    assert one.matter.label in author.get(proposal.get_absolute_url()).content.decode()
    assert author.post(url).status_code == 404
    assert proposal.get_absolute_url() in author.get(one.get_absolute_url()).content.decode()
    late = client.post(at("withdraw_lead", one), {"reason": "事项已经办结"})
    assert late.status_code == 422 and "已经据此起草提案，不能撤销" in late.content.decode()
    assert "事项已经办结" in late.content.decode()
    proposing.discard(proposal, by=house.member, now=house.later())
    assert author.get(url).status_code == 200, "what was thrown away may be begun again"


def test_a_wrong_lead_is_taken_back_and_screened_anew_while_nothing_was_made_of_it(house: House, staff: Person) -> None:
    one = with_clock(house.member, staff)
    client, author = signed_in(staff), signed_in(house.member)
    actions.lead_to_proposal(one, consent="3月6日电话同意", by=staff, now=house.later())
    begin = reverse("proposals:from_report", args=[one.public_id])
    assert at("withdraw_lead", one) in client.get(one.get_absolute_url()).content.decode()

    assert client.post(at("withdraw_lead", one), {"reason": ""}).status_code == 422
    assert client.post(at("withdraw_lead", one), {"reason": "宜作为信息编发"}).status_code == 302

    one.refresh_from_db()
    clock = clocks.open_for(matter=one.matter).get()
    assert (one.status, one.consent, one.led_to, clock.stage) == (Status.SUBMITTED, "", None, "report_screening")
    assert told(house.member) == ["report_led", "report_lead_withdrawn"]
    page = author.get(one.get_absolute_url()).content.decode()
    assert "撤销转提案线索，重新筛选：宜作为信息编发" in page and begin not in page
    assert author.get(begin).status_code == 404
    [said] = render([("report_lead_withdrawn", {"matter": str(one.public_id)})], house.member)
    assert isinstance(said, Rendered) and "宜作为信息编发" in said.body
    assert signed_in(appoint(Role.REPORT_EDITOR)).post(at("withdraw_lead", one)).status_code == 403


def test_a_report_that_was_not_open_becomes_no_open_proposal(settings: Any) -> None:
    settings.ZONE = "government"
    author = appoint(Role.MEMBER)
    one = report(author, status=Status.TURNED, access=Access.SENSITIVE)
    begun = proposing.begin_from_report(one, by=author, now=NOW)
    assert (begun.internal, begun.matter.access) == (True, Access.INTERNAL)


def test_a_proposal_that_was_not_filed_becomes_a_report(house: House, staff: Person, submitted: Any) -> None:
    proposal = submitted()
    proposing.turn(proposal, consent="电话同意", text="", way="lead", by=house.staff, now=house.later())
    lead, client = Referral.objects.get(), signed_in(staff)
    url = reverse("reports:take_up", args=[lead.public_id])
    assert url in client.get(reverse("reports:leads")).content.decode()

    assert client.post(url).status_code == 302

    one = Report.objects.select_related("matter").get()
    assert (one.origin_id, one.consent, one.status) == (proposal.matter_id, "电话同意", Status.SUBMITTED)
    assert handed_in(one).situation == lead.text
    assert told(house.member)[-1] == "report_submitted"
    author = signed_in(house.member)
    assert proposal.get_absolute_url() in author.get(one.get_absolute_url()).content.decode()
    assert one.matter.label in author.get(proposal.get_absolute_url()).content.decode()
    again = client.post(url)
    assert again.status_code == 422 and "已经形成社情民意信息" in again.content.decode()
    undo = reverse("proposals:undo", args=[proposal.public_id])
    late = signed_in(house.staff).post(undo, {"reason": "转错了渠道"})
    assert late.status_code == 422 and f"已经据此形成社情民意信息（{one.matter.label}）" in late.content.decode()
    suspend(proposal.matter, reason="疑似涉密", by=house.staff, now=house.later())
    assert client.get(one.get_absolute_url()).status_code == 404


def test_a_wrong_lead_from_a_proposal_is_taken_back_while_no_report_was_made_of_it(
    house: House, staff: Person, submitted: Any
) -> None:
    proposal = submitted()
    proposing.turn(proposal, consent="电话同意", text="", way="lead", by=house.staff, now=house.later())
    lead = Referral.objects.get()
    came = Message.objects.get(recipient=staff, channel="inapp")
    assert came.template == "lead_came" and isinstance(render([(came.template, came.subject)], staff)[0], Rendered)

    undo = reverse("proposals:undo", args=[proposal.public_id])
    assert signed_in(house.staff).post(undo, {"reason": "应当立案"}).status_code == 302

    proposal.refresh_from_db()
    assert (proposal.status, Referral.objects.exists()) == ("reviewing", False)
    assert told(house.member)[-1] == "proposal_decision_undone"
    assert told(staff) == ["lead_came", "lead_taken_back"]
    [gone, said] = render([("lead_came", came.subject), ("lead_taken_back", {})], staff)
    assert gone is None and isinstance(said, Rendered) and "已由提案委撤回" in said.title
    page = signed_in(house.member).get(proposal.get_absolute_url()).content.decode()
    assert "撤销“转社情民意”，重新审查：应当立案" in page
    with pytest.raises(WrongStep, match="已由提案委撤回"):
        actions.take_up_proposal(lead, title="标题", named="一件提案", by=staff, now=house.later())


def test_a_level_is_raised_and_each_view_is_written_down(house: House, staff: Person) -> None:
    one, editor = report(house.member), appoint(Role.REPORT_EDITOR)
    client = signed_in(staff)
    assert signed_in(editor).get(one.get_absolute_url()).status_code == 200
    assert client.post(at("set_level", one), {"access": "open", "reason": "核定"}).status_code == 422
    assert client.post(at("set_level", one), {"access": "sensitive", "reason": "涉及维稳"}).status_code == 302

    one.matter.refresh_from_db()
    assert one.matter.access == Access.SENSITIVE
    assert signed_in(editor).get(one.get_absolute_url()).status_code == 404
    client.get(one.get_absolute_url())
    client.get(at("screen", one))
    seen = AuditEntry.objects.filter(verb="view_guarded", subject=str(one.public_id), by=staff)
    assert seen.count() == 2
    assert "级别由公开调整为敏感" not in signed_in(house.member).get(one.get_absolute_url()).content.decode()


def test_lists_and_pages_cost_the_same_for_one_and_for_many(house: House, staff: Person) -> None:
    client, author = signed_in(staff), signed_in(house.member)
    one = report(house.member)
    pages = [
        (client, reverse("reports:screening")),
        (client, reverse("reports:list")),
        (author, reverse("reports:mine")),
    ]

    def queries(who: Client, url: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert who.get(url).status_code == 200
        return len(caught)

    for who, url in pages:
        queries(who, url)
    before = [queries(who, url) for who, url in pages]
    for _ in range(3):
        report(house.member)
    assert [queries(who, url) for who, url in pages] == before
    assert max(before) <= 12
    assert queries(client, at("screen", one)) <= 15
    assert queries(client, one.get_absolute_url()) <= 15
    assert queries(author, one.get_absolute_url()) <= 15
