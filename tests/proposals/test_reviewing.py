"""The office decides; the proposer is told in words; nobody decides under a colleague's hands."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.models import Person
from proposals import actions
from proposals.handling import clocks
from proposals.handling.actions import Paper
from proposals.handling.models import Matter, Policy
from proposals.handling.panels import panels_of
from proposals.models import Proposal, ReviewPass, Status
from proposals.reports.models import Opinion
from tests.factories import appoint

from .conftest import NOW, House, category, reason


def told(person: Person) -> list[str]:
    return list(
        Message.objects.filter(recipient=person, channel="inapp").order_by("pk").values_list("template", flat=True)
    )


def verbs(proposal: Proposal) -> list[str]:
    return list(proposal.matter.events.order_by("seq").values_list("verb", flat=True))


def running(proposal: Proposal) -> list[str]:
    return sorted(clocks.open_for(matter=proposal.matter).values_list("stage", flat=True))


def fresh(proposal: Proposal) -> Proposal:
    return Proposal.objects.select_related("matter").get(pk=proposal.pk)


def test_submission_gives_a_receipt_and_starts_the_review(house: House, submitted) -> None:
    first, second = submitted(), submitted()

    assert (first.receipt, second.receipt) == ("收14-2-0001", "收14-2-0002")
    assert (first.off_session, first.matter.stage, running(first)) == (True, "submitted", ["review"])
    assert told(house.member)[:1] == ["proposal_submitted"]
    assert Matter.objects.visible_to(house.staff).filter(pk=first.matter_id).exists()


def test_a_secret_is_not_submitted(house: House, draft) -> None:
    with pytest.raises(Refused, match="国家秘密"):
        actions.submit(draft(), not_secret=False, by=house.member, now=house.later())


def test_submitting_twice_makes_one(house: House, submitted) -> None:
    proposal = submitted()

    with pytest.raises(WrongStep):
        actions.submit(proposal, not_secret=True, by=house.member, now=house.later())

    assert verbs(proposal) == ["submitted"]


def test_colleagues_see_a_claim(house: House, submitted) -> None:
    proposal = submitted()
    actions.claim(proposal, by=house.staff, now=house.later())
    actions.claim(proposal, by=house.staff, now=house.later())

    with pytest.raises(WrongStep, match="何晓正在审查"):
        actions.claim(proposal, by=house.colleague, now=house.later())
    with pytest.raises(WrongStep, match="何晓正在审查"):
        actions.file(proposal, category=category(), by=house.colleague, now=house.later())
    actions.claim(proposal, by=house.colleague, now=house.later(), take_over=True)
    actions.file(proposal, category=category(), by=house.colleague, now=house.later())

    assert verbs(proposal) == ["submitted", "claimed", "claimed", "filed"]


def test_a_released_one_waits_again(house: House, submitted) -> None:
    proposal = submitted()
    actions.claim(proposal, by=house.staff, now=house.later())

    actions.release(proposal, by=house.staff, now=house.later())

    assert fresh(proposal).status == Status.SUBMITTED


def test_returned_and_handed_in_again_keeps_its_receipt(house: House, submitted) -> None:
    proposal = submitted()
    actions.send_back(proposal, reason=reason("return", "facts"), text="补充数据。", by=house.staff, now=house.later())
    assert (fresh(proposal).status, running(proposal)) == (Status.RETURNED, ["revision"])
    assert told(house.member)[-1] == "proposal_returned"

    again = actions.submit(proposal, not_secret=True, by=house.member, now=house.later())

    assert (again.receipt, again.submissions, running(proposal)) == ("收14-2-0001", 2, ["review"])
    assert verbs(proposal) == ["submitted", "returned", "resubmitted"]


def test_a_reason_is_always_given(house: House, submitted) -> None:
    proposal = submitted()

    with pytest.raises(Refused):
        actions.send_back(proposal, reason=reason("return", "facts"), text=" ", by=house.staff, now=house.later())
    with pytest.raises(Refused):
        actions.decline(proposal, ground=reason("decline", "empty"), text="", by=house.staff, now=house.later())
    with pytest.raises(Refused):
        actions.turn(proposal, consent="", text="", by=house.staff, now=house.later())

    assert fresh(proposal).status == Status.SUBMITTED


def test_filing_gives_a_number_that_never_changes(house: House, filed) -> None:
    first, second = filed(), filed()

    assert (first.matter.number, second.matter.number) == ("0001", "0002")
    assert (fresh(first).matter.stage, running(first)) == ("filed", ["assignment"])
    assert told(house.member).count("proposal_filed") == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.filter(pk=first.matter_id).update(number="9")


def test_declined_on_a_coded_ground(house: House, submitted) -> None:
    proposal = actions.decline(
        submitted(), ground=reason("decline", "litigation"), text="已进入诉讼。", by=house.staff, now=house.later()
    )

    assert (fresh(proposal).status, running(proposal)) == (Status.DECLINED, [])
    assert told(house.member)[-1] == "proposal_declined"
    with pytest.raises(WrongStep):
        actions.file(proposal, category=category(), by=house.staff, now=house.later())


def test_turned_into_an_opinion_with_a_clock_of_its_own(house: House, submitted) -> None:
    proposal = actions.turn(submitted(), consent="电话同意", text="", by=house.staff, now=house.later())

    opinion = Opinion.objects.get()
    [clock] = clocks.open_for(matter=opinion.matter)
    assert (opinion.origin_id, opinion.consent, clock.stage) == (proposal.matter_id, "电话同意", "opinion")
    assert Matter.objects.visible_to(house.member).filter(pk=opinion.matter_id).exists()
    assert fresh(proposal).status == Status.TURNED


def test_a_declined_one_can_still_be_turned(house: House, submitted) -> None:
    proposal = actions.decline(
        submitted(), ground=reason("decline", "empty"), text="过于笼统。", by=house.staff, now=house.later()
    )

    actions.turn(proposal, consent="书面同意", text="", by=house.staff, now=house.later())

    assert Opinion.objects.count() == 1


def test_three_passes_come_one_after_another(house: House, submitted) -> None:
    ReviewPass.objects.create(order=0, name="初审")
    proposal = submitted()

    with pytest.raises(WrongStep, match="初审"):
        actions.file(proposal, category=category(), by=house.staff, now=house.later())
    actions.claim(proposal, by=house.staff, now=house.later())
    actions.advise(proposal, advice="file", category=category(), text="可以立案", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="最后一次"):
        actions.advise(proposal, advice="file", category=category(), text="", by=house.colleague, now=house.later())
    actions.file(proposal, category=category(), by=house.colleague, now=house.later())

    assert fresh(proposal).status == Status.FILED


def test_withdrawn_with_its_clocks(house: House, filed) -> None:
    proposal = filed()

    actions.withdraw(
        proposal, reason="情况已变化", by=house.staff, now=house.later(), paper=Paper("林溪", NOW.date(), "撤案申请书")
    )

    assert (fresh(proposal).status, fresh(proposal).matter.number, running(proposal)) == (Status.WITHDRAWN, "0001", [])
    assert proposal.matter.events.get(verb="withdrawn").on_paper
    assert told(house.member)[-1] == "proposal_withdrawn"


def test_merged_ones_keep_their_record_and_their_proposers(house: House, submitted, filed, draft) -> None:
    other = appoint(Role.MEMBER)
    follower = actions.submit(draft(by=other), not_secret=True, by=other, now=house.later())
    main = filed()

    actions.merge(follower, main, text="内容相同", by=house.staff, now=house.later())

    assert (fresh(follower).status, running(follower)) == (Status.MERGED, [])
    assert Matter.objects.visible_to(other).filter(pk=main.matter_id).exists()
    assert told(other)[-1] == "proposal_merged" == told(house.member)[-1]
    assert verbs(main)[-1] == "took_in"

    actions.unmerge(follower, reason="并错了", by=house.staff, now=house.later())

    assert (fresh(follower).status, running(follower)) == (Status.REVIEWING, ["review"])
    assert not Matter.objects.visible_to(other).filter(pk=main.matter_id).exists()


def test_nobody_follows_a_follower_or_himself(house: House, submitted) -> None:
    first, second, third = submitted(), submitted(), submitted()
    actions.merge(first, second, text="", by=house.staff, now=house.later())

    with pytest.raises(WrongStep):
        actions.merge(third, first, text="", by=house.staff, now=house.later())
    with pytest.raises(Refused):
        actions.merge(third, third, text="", by=house.staff, now=house.later())
    actions.merge(second, third, text="", by=house.staff, now=house.later())

    assert {fresh(row).matter.merged_into_id for row in (first, second)} == {third.matter_id}


def test_one_run_numbers_what_waits_in_the_chosen_order(house: House, submitted) -> None:
    Policy.objects.create(code="number_at", value="run", starts_on=NOW.date() - timedelta(days=1))
    house.session.submissions_close_at = None
    house.session.save()
    names = ["社会建设", "经济建设", "文化建设"]
    rows = [actions.file(submitted(), category=category(name), by=house.staff, now=house.later()) for name in names]
    assert [fresh(row).matter.number for row in rows] == [None] * 3
    waiting = actions.waiting(house.session, actions.Order.CATEGORY)
    assert [str(row.category) for row in waiting] == ["经济建设", "文化建设", "社会建设"]

    with pytest.raises(Stale):
        actions.run(
            house.session, actions.Order.CATEGORY, actions.stamp_of_run(waiting[:1]), by=house.staff, now=house.later()
        )
    actions.run(house.session, actions.Order.CATEGORY, actions.stamp_of_run(waiting), by=house.staff, now=house.later())

    assert [fresh(row).matter.number for row in rows] == ["0003", "0001", "0002"]
    assert told(house.member)[-4:].count("proposal_numbered") == 3
    with pytest.raises(Refused):
        actions.run(house.session, actions.Order.CATEGORY, "", by=house.staff, now=house.later())


@pytest.mark.parametrize("number_at", ["filing", "run"])
def test_numbers_split_by_form_bear_its_letter(house: House, submitted, number_at: str) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    Policy.objects.create(code="number_split", value="form", starts_on=yesterday)
    Policy.objects.create(code="number_at", value=number_at, starts_on=yesterday)
    house.session.submissions_close_at = None
    house.session.save()
    rows = [submitted() for _ in range(3)]
    Proposal.objects.filter(pk=rows[1].pk).update(form="joint")
    rows = [actions.file(row, category=category(), by=house.staff, now=house.later()) for row in rows]
    if number_at == "run":
        waiting = actions.waiting(house.session, actions.Order.RECEIPT)
        previewed = [number for number, _ in actions.preview(house.session, waiting, now=house.later())]
        assert previewed == ["委0001", "联0001", "委0002"]
        seen = actions.stamp_of_run(waiting)
        actions.run(house.session, actions.Order.RECEIPT, seen, by=house.staff, now=house.later())

    assert [fresh(row).matter.number for row in rows] == ["委0001", "联0001", "委0002"]


def test_paper_has_its_receipt_at_once_and_is_submitted_when_confirmed(house: House) -> None:
    from .conftest import TEXT

    proposal = actions.register(actions.Behind(person=house.member), source="paper", by=house.staff, now=house.later())
    assert (proposal.receipt, proposal.status) == ("收14-2-0001", Status.DRAFT)
    assert Matter.objects.visible_to(house.colleague).filter(pk=proposal.matter_id).exists()
    actions.save_text(proposal, TEXT, version=None, by=house.staff, now=house.later())

    actions.ask_to_confirm(proposal, by=house.staff, now=house.later())
    assert told(house.member)[-1] == "proposal_confirm_text"
    actions.confirm_text(proposal, how="电话核对", by=house.staff, now=house.later())

    assert (fresh(proposal).status, fresh(proposal).receipt, running(proposal)) == (
        Status.SUBMITTED,
        "收14-2-0001",
        ["review"],
    )
    assert verbs(proposal) == ["registered", "confirmation_asked", "text_confirmed", "submitted"]
    on_paper = dict(proposal.matter.events.values_list("verb", "on_paper"))
    assert on_paper == {"registered": True, "confirmation_asked": False, "text_confirmed": True, "submitted": True}
    first = panels_of(house.member, proposal.matter).happenings[0]
    assert f"纸质办理·{house.staff.name}代录（{house.member.name}，" in first.note


def test_a_proposer_who_confirms_by_himself_does_so_on_screen(house: House) -> None:
    from .conftest import TEXT

    proposal = actions.register(actions.Behind(person=house.member), source="photo", by=house.staff, now=house.later())
    actions.save_text(proposal, TEXT, version=None, by=house.staff, now=house.later())
    actions.confirm_text(proposal, how="本人在线核对", by=house.member, now=house.later())

    on_paper = dict(proposal.matter.events.values_list("verb", "on_paper"))
    assert on_paper == {"registered": True, "text_confirmed": False, "submitted": False}


def test_constraints_hold_when_code_does_not(house: House, submitted) -> None:
    proposal = submitted()
    attacks: list[dict[str, Any]] = [
        {"status": "lost"},
        {"form": "secret"},
        {"source": "rumour"},
        {"receipt": None},
        {"consents": False, "consent_reason": ""},
    ]
    for attack in attacks:
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**attack)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=submitted().pk).update(receipt=proposal.receipt)
