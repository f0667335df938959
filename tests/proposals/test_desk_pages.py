"""The desk's pages really send what they offer: decisions, claims, what units are asked."""

from datetime import timedelta

from members.models import Body
from proposals import actions
from proposals.handling.models import Matter, Policy
from proposals.models import AllocationPart, Batch, Claim, PreConsultation, Proposal, ReviewPass, Status
from tests.factories import BodyFactory, SessionFactory

from .conftest import NOW, House, category, reason
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh, told, verbs


def test_not_filing_tells_the_proposer_why(house: House, submitted) -> None:
    proposal, client = submitted(), signed_in(house.staff)
    ground = reason("decline", "personal")

    where = send(client, f"/proposals/{proposal.public_id}/decline/", reason=ground.public_id, text="属于个人诉求。")

    assert (where, fresh(proposal).status) == ("/proposals/review/", Status.DECLINED)
    assert "属于个人诉求。" in page_of(signed_in(house.member), f"/proposals/{proposal.public_id}/")
    assert told(house.member)[-1] == "proposal_declined"


def test_not_filing_needs_words(house: House, submitted) -> None:
    proposal = submitted()

    answer = signed_in(house.staff).post(
        f"/proposals/{proposal.public_id}/decline/",
        {"reason": str(reason("decline", "personal").public_id), "text": ""},
    )

    assert (answer.status_code, fresh(proposal).status) == (422, Status.SUBMITTED)


def test_a_proposal_becomes_an_opinion_with_its_proposers_consent(house: House, submitted) -> None:
    proposal, client = submitted(), signed_in(house.staff)
    url = f"/proposals/{proposal.public_id}/turn/"

    refused = client.post(url, {"consent": "", "text": ""})
    send(client, url, way="opinion", consent="3月6日电话征得本人同意。", text="转请有关方面研究。")

    assert (refused.status_code, fresh(proposal).status) == (422, Status.TURNED)
    assert signed_in(house.officer).get(url).status_code == 403


def test_a_merge_is_undone_from_its_page(house: House, filed, submitted) -> None:
    main, other, client = filed(), submitted(), signed_in(house.staff)
    send(client, f"/proposals/{other.public_id}/merge/", main=main.receipt, text="")

    send(client, f"/proposals/{other.public_id}/unmerge/", reason="内容不同。")

    assert (fresh(other).status, fresh(other).matter.merged_into_id) == (Status.REVIEWING, None)
    assert told(house.member)[-1] == "proposal_unmerged"


def test_a_unit_is_asked_and_answers(house: House, filed, clerk_unit: Body) -> None:
    proposal, clerk = filed(), clerk_unit.appointments.get().person
    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())

    url = f"/proposals/{proposal.public_id}/consult-units/"
    assert "checked" in page_of(signed_in(house.officer), url)
    send(signed_in(house.officer), url, units=[str(clerk_unit.public_id)])
    row = PreConsultation.objects.get()
    assert proposal.matter.title in page_of(signed_in(clerk), "/proposals/consultations/")
    refused = signed_in(clerk).post(f"/proposals/consultations/{row.public_id}/", {"accepts": "no", "text": ""})
    send(signed_in(clerk), f"/proposals/consultations/{row.public_id}/", accepts="yes", text="")

    row.refresh_from_db()
    assert (refused.status_code, row.accepts, row.answered_by) == (422, True, clerk)
    assert "同意承办" in page_of(signed_in(house.officer), f"/proposals/{proposal.public_id}/allocation/")


def test_the_first_pass_advises_and_the_last_decides(house: House, submitted) -> None:
    ReviewPass.objects.update(ended_on="2026-01-01")
    ReviewPass.objects.create(order=91, name="初审测试")
    ReviewPass.objects.create(order=92, name="终审测试", final=True)
    proposal, client = submitted(), signed_in(house.staff)
    assert "填写审查建议" in page_of(client, f"/proposals/{proposal.public_id}/review/")

    send(
        client,
        f"/proposals/{proposal.public_id}/advise/",
        advice="file",
        category=category().public_id,
        text="事实清楚。",
    )

    page = page_of(client, f"/proposals/{proposal.public_id}/review/")
    assert "初审测试：建议立案" in page and "事实清楚。" in page
    again = client.post(
        f"/proposals/{proposal.public_id}/advise/", {"advice": "file", "category": category().public_id, "text": ""}
    )
    assert (again.status_code, verbs(proposal)) == (422, ["submitted", "advised"])


def test_a_claim_is_taken_put_back_and_taken_over(house: House, submitted) -> None:
    proposal = submitted()
    url = f"/proposals/{proposal.public_id}/review/"
    staff, colleague = signed_in(house.staff), signed_in(house.colleague)

    send(staff, url)
    assert Claim.objects.get().by == house.staff
    assert colleague.post(url).status_code == 422
    send(colleague, url, take_over="1")
    assert Claim.objects.get().by == house.colleague
    assert staff.post(url, {"release": "1"}).status_code == 422
    send(colleague, url, release="1")

    assert (Claim.objects.count(), fresh(proposal).status) == (0, Status.SUBMITTED)


def test_a_saved_draft_opens_the_next_one_without(house: House, filed, clerk_unit: Body) -> None:
    first, second, third = filed(), filed(), filed()
    client, shares = signed_in(house.officer), {"way": "lead", "lead": clerk_unit.name, "others": ""}

    def page(proposal: Proposal) -> str:
        return f"/proposals/{proposal.public_id}/allocation/"

    assert f'href="{page(second)}" data-key="n"' in page_of(client, page(first))
    assert send(client, page(second), **shares) == page(third)
    assert send(client, page(third), **shares) == page(first)
    assert send(client, page(first), **shares) == "/proposals/allocation/"


def test_several_proposals_get_the_same_units_and_a_draft_is_kept(house: House, filed, clerk_unit: Body) -> None:
    rows, other = [filed(), filed(), filed()], BodyFactory(name="市财政局测试")
    actions.allocate(rows[0], [actions.Share(other, "sole")], by=house.officer, now=house.later())
    client = signed_in(house.officer)
    chosen = [str(row.public_id) for row in rows]
    assert "将办理 2 件，1 件不能办理" in page_of(client, "/proposals/allocation/many/?row=" + "&row=".join(chosen))

    send(client, "/proposals/allocation/many/", row=chosen, way="lead", lead=clerk_unit.name, others="")

    units = AllocationPart.objects.order_by("proposal_id").values_list("unit__name", flat=True)
    assert list(units) == [other.name, clerk_unit.name, clerk_unit.name]
    page = page_of(client, "/proposals/allocation/")
    assert "已拟办 2 件" in page and "第0001号　关于增加社区养老床位的建议：已有拟办单位" in page
    assert signed_in(house.member).get("/proposals/allocation/many/").status_code == 403


def test_a_choice_across_sessions_becomes_a_batch_each_and_says_what_stayed(
    house: House, filed, clerk_unit: Body
) -> None:
    older, newer, bare = filed(), filed(), filed()
    Matter.objects.filter(pk=older.matter_id).update(session=SessionFactory(code="14-1"))
    for row in (older, newer):
        actions.allocate(row, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    client, chosen = signed_in(house.officer), [str(row.public_id) for row in (older, newer, bare)]

    where = send(client, "/proposals/hand-over/?row=" + "&row=".join(chosen), row=chosen, name="", notice="")

    assert where == "/proposals/batches/"
    assert sorted(Batch.objects.values_list("session__code", "total")) == [("14-1", 1), ("14-2", 1)]
    page = page_of(client, where)
    assert "14届2次会议 1 件" in page and "未交办 1 件：第0003号" in page and "还没有拟定承办单位" in page


def test_nothing_that_can_go_is_said_with_the_reason(house: House, filed) -> None:
    answer = signed_in(house.officer).post("/proposals/hand-over/", {"row": str(filed().public_id)})

    assert answer.status_code == 422 and "还没有拟定承办单位" in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_numbering_run_is_confirmed_by_the_stamp_of_its_preview(house: House, submitted) -> None:
    Policy.objects.create(code="number_at", value="run", starts_on=NOW.date() - timedelta(days=1))
    house.session.submissions_close_at = None
    house.session.save()
    first, second = (
        actions.file(submitted(), category=category(), by=house.staff, now=house.later()) for _ in range(2)
    )
    client, waiting = signed_in(house.staff), actions.waiting(house.session, "receipt")
    run = {"session": house.session.code, "order": "receipt"}

    assert f'value="{actions.stamp_of_run(waiting)}"' in page_of(client, "/proposals/numbering/?order=receipt")
    stale = client.post("/proposals/numbering/", {**run, "expected": actions.stamp_of_run(waiting[:1])})
    send(client, "/proposals/numbering/", **run, expected=actions.stamp_of_run(waiting))

    assert stale.status_code in (409, 422)
    assert [fresh(row).matter.number for row in (first, second)] == ["0001", "0002"]
