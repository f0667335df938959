"""What was decided at a meeting or signed on a sheet counts, with its scan, and stands so on the timeline (P1)."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.models import Body
from proposals import actions
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import admit, attach
from proposals.handling.models import Attachment
from proposals.models import CoSignature, Proposal, Status
from tests.factories import BodyFactory, appoint
from tests.uploads.made import pdf

from .conftest import TEXT, House, category, reason
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh, told, verbs

MEETING = {"paper_who": "提案审查委员会", "paper_on": "2026-03-05", "paper_sheet": "第二次会议纪要"}
SHEET = Paper(who="林溪", on=date(2026, 3, 3), sheet="联名签名页")


def scan() -> SimpleUploadedFile:
    return SimpleUploadedFile("minutes.pdf", pdf(), content_type="application/pdf")


def kept(proposal: Proposal) -> list[str]:
    return list(Attachment.objects.filter(matter=proposal.matter).values_list("purpose", flat=True))


@pytest.mark.parametrize(
    ("part", "data", "status", "verb"),
    [
        ("file", {"unit_title": ""}, Status.FILED, "filed"),
        ("return", {"text": "请补充数据。"}, Status.RETURNED, "returned"),
        ("decline", {"text": "不属于提案范围。"}, Status.DECLINED, "declined"),
        ("turn", {"way": "opinion", "consent": "3月6日电话征得本人同意。", "text": ""}, Status.TURNED, "turned"),
    ],
)
def test_what_a_meeting_decided_is_recorded_with_its_minutes(
    house: House, submitted, part: str, data: dict[str, Any], status: str, verb: str
) -> None:
    proposal, client = submitted(), signed_in(house.staff)
    chosen = {
        "file": lambda: {"category": str(category().public_id)},
        "return": lambda: {"reason": str(reason("return", "facts").public_id)},
        "decline": lambda: {"reason": str(reason("decline", "personal").public_id)},
    }.get(part, dict)()

    send(client, f"/proposals/{proposal.public_id}/{part}/", **data, **chosen, **MEETING, paper_scan=scan())

    proposal = fresh(proposal)
    event = proposal.matter.events.get(verb=verb)
    assert (proposal.status, event.on_paper, kept(proposal)) == (status, True, ["minutes"])
    assert event.payload.facts["paper_scan"] == str(Attachment.objects.get().public_id)
    assert f"纸质办理·{house.staff.name}代录（提案审查委员会，3月5日，第二次会议纪要）" in page_of(
        client, f"/proposals/{proposal.public_id}/"
    )


def test_a_decision_at_the_desk_names_no_sheet_and_half_a_sheet_is_refused(house: House, submitted) -> None:
    first, second, client = submitted(), submitted(), signed_in(house.staff)

    answer = client.post(
        f"/proposals/{first.public_id}/file/",
        {
            "category": str(category().public_id),
            "unit_title": "",
            "paper_who": "提案审查委员会",
            "paper_on": "2126-01-01",
        },
    )
    send(client, f"/proposals/{second.public_id}/file/", category=str(category().public_id), unit_title="")

    words = answer.content.decode()
    assert answer.status_code == 422 and "日期不能晚于今天" in words and "请填写会议纪要或单据名称" in words
    assert (fresh(first).status, fresh(second).status) == (Status.SUBMITTED, Status.FILED)
    assert not fresh(second).matter.events.get(verb="filed").on_paper


def test_merging_and_withdrawing_name_their_sheets(house: House, submitted) -> None:
    main, other, client = submitted(), submitted(), signed_in(house.staff)

    send(client, f"/proposals/{other.public_id}/merge/", main=main.receipt, text="", **MEETING)

    assert fresh(other).matter.events.get(verb="merged").on_paper


def test_a_written_request_for_withdrawal_is_kept_with_its_scan(house: House, submitted) -> None:
    proposal, client = submitted(), signed_in(house.staff)
    request = {"reason": "情况有变", "who": "林溪", "on": "2026-03-05", "sheet": "撤案申请书"}

    send(client, f"/proposals/{proposal.public_id}/withdraw/", **request, scan=scan())

    assert (fresh(proposal).status, kept(proposal)) == (Status.WITHDRAWN, ["signatures"])
    file = Attachment.objects.get()
    assert str(file.public_id) in page_of(signed_in(house.member), f"/proposals/{proposal.public_id}/")


def test_a_sheet_that_comes_in_later_joins_the_proposal(house: House, filed) -> None:
    proposal, client = filed(), signed_in(house.staff)
    url = f"/proposals/{proposal.public_id}/keep-paper/"
    sheet = {"who": "林溪", "on": "2026-03-03", "sheet": "联名签名页"}

    refused = client.post(url, {**sheet, "what": "signatures"})
    send(client, url, **sheet, what="signatures", scan=scan())
    send(client, url, **{**sheet, "sheet": "会议纪要"}, what="minutes", scan=scan())

    assert refused.status_code == 422
    assert (kept(proposal), verbs(proposal)[-2:]) == (["signatures", "minutes"], ["paper_kept", "minutes_kept"])
    member = page_of(signed_in(house.member), f"/proposals/{proposal.public_id}/")
    assert "补存纸质材料" in member and "补存审查会议纪要" not in member
    assert "补存审查会议纪要" in page_of(client, f"/proposals/{proposal.public_id}/")
    assert signed_in(house.member).get(url).status_code == 403


def test_only_what_was_received_takes_sheets(house: House, draft) -> None:
    assert signed_in(house.staff).get(f"/proposals/{draft().public_id}/keep-paper/").status_code == 404


def test_a_decline_on_paper_ends_the_invitation(house: House, draft) -> None:
    proposal, friend = draft(), appoint(Role.MEMBER)
    with pytest.raises(Refused, match="没有等待"):
        actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later(), agrees=False)
    actions.invite(proposal, [friend], by=house.member, now=house.later())

    row = actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later(), agrees=False)

    assert (row.state, row.on_paper, verbs(proposal)[-1]) == (CoSignature.State.DECLINED, True, "cosign_declined")
    assert not proposal.matter.obligations.running().filter(stage="cosign").exists()
    assert told(house.member)[-1] == "proposal_cosign_declined"


def test_an_organisation_signs_with_its_seal(house: House) -> None:
    party, other = (
        BodyFactory(name=f"民主党派{n}测试", kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC) for n in (1, 2)
    )
    proposal = collective(house, party)

    send(
        signed_in(house.staff),
        f"/proposals/{proposal.public_id}/cosign-on-paper/",
        person="",
        body=str(other.public_id),
        agrees="yes",
        who="办公室",
        on="2026-03-03",
        sheet="盖章页",
        scan=scan(),
    )

    row = CoSignature.objects.get(proposal=proposal)
    assert (row.body, row.state, row.on_paper, kept(proposal)) == (other, "agreed", True, ["signatures"] * 2)
    assert proposal.matter.participants.filter(body=other, left_at=None).exists()


def test_an_organisation_signs_no_members_proposal(house: House, submitted) -> None:
    body = BodyFactory(kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)

    with pytest.raises(Refused, match="只有集体提案"):
        actions.cosign_on_paper(submitted(), body, SHEET, by=house.staff, now=house.later())


def collective(house: House, party: Body) -> Proposal:
    secretary = appoint(Role.ORGANISATION_SECRETARY, party)
    behind = actions.Behind(body=party, contact=house.member)
    proposal = actions.begin(behind, by=secretary, now=house.later())
    details = actions.Details(signer="主委", approval="常委会讨论通过")
    proposal = actions.save_text(proposal, TEXT, version=None, by=secretary, now=house.later(), details=details)
    seal = admit(scan(), purpose="signatures", by=secretary)
    attach(proposal.matter, seal, purpose="signatures", by=secretary, now=house.later())
    return actions.submit(proposal, not_secret=True, by=secretary, now=house.later())


def test_a_wrong_proposer_at_the_desk_is_put_right_and_both_are_told(house: House) -> None:
    meant = appoint(Role.MEMBER, name="苏桥")
    behind = actions.Behind(person=house.member)
    proposal = actions.register(behind, source="paper", by=house.staff, now=house.later())
    url = f"/proposals/{proposal.public_id}/correct-proposer/"
    client = signed_in(house.staff)

    assert "更改提案者" in page_of(client, f"/proposals/{proposal.public_id}/")
    assert f"现在登记的是：{house.member.name}。" in page_of(client, url)
    same = client.post(url, {"proposer": house.member.name, "body": "", "contact": ""})
    send(client, url, proposer="苏桥", body="", contact="")

    assert same.status_code == 422 and "提案者没有变化" in same.content.decode()
    assert [str(row) for row in proposal.matter.participants.leading()] == ["苏桥"]
    assert (verbs(proposal)[-1], told(meant)[-1], told(house.member)[-1]) == (
        "proposer_changed",
        "proposal_registered",
        "proposal_not_yours",
    )
    assert f"提案者由{house.member.name}更正为苏桥" in page_of(signed_in(meant), f"/proposals/{proposal.public_id}/")
    assert signed_in(house.member).get(f"/proposals/{proposal.public_id}/").status_code == 404
    assert f"收件号{proposal.receipt}的提案登记错了提案者" in page_of(signed_in(house.member), "/inbox/")
    assert signed_in(meant).get(url).status_code == 403


def test_only_what_the_desk_entered_and_is_still_typed_changes_hands(house: House, draft) -> None:
    other, now = appoint(Role.MEMBER, name="苏桥"), house.later()
    entered = actions.register(actions.Behind(person=house.member), source="photo", by=house.staff, now=now)
    actions.cosign_on_paper(entered, other, SHEET, by=house.staff, now=house.later())

    assert signed_in(house.staff).get(f"/proposals/{draft().public_id}/correct-proposer/").status_code == 404
    with pytest.raises(Refused, match="已在联名人之中"):
        actions.correct_proposer(entered, actions.Behind(person=other), by=house.staff, now=house.later())
    with pytest.raises(WrongStep):
        actions.correct_proposer(draft(), actions.Behind(person=other), by=house.staff, now=house.later())
