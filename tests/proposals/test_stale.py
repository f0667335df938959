"""What was filled in upon something that has changed meanwhile is refused (409), with what changed beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals import actions
from proposals.handling.actions import secrecy
from proposals.handling.models import Assignment, Matter
from proposals.models import Proposal, Status
from proposals.queries import figures
from tests.factories import appoint

from .conftest import TEXT, House, category, reason
from .test_handing_over import shares
from .test_pages_thread import hidden, page_of, signed_in
from .test_reviewing import fresh

NEW = "改过以后的情况"


def opened(client: Client, url: str) -> Callable[..., Any]:
    """Open a page now; the form is sent later, with what the page was about."""
    kept = hidden(page_of(client, url))
    return lambda **data: client.post(url, {**kept, **data})


def rewritten(house: House, proposal: Proposal) -> None:
    """Another writer saves other words."""
    text = replace(TEXT, situation=NEW)
    actions.save_text(proposal, text, version=None, by=house.member, now=house.later())


def refused(answer: Any, *words: str) -> bool:
    page = answer.content.decode()
    assert answer.status_code == 409, (answer.status_code, page[-1500:])
    assert [word for word in words if word not in page] == []
    return True


def test_what_is_handed_over_is_what_was_previewed(house: House, filed, clerk_unit: Body) -> None:
    seen, later = filed(), filed()
    actions.allocate(seen, shares(clerk_unit), by=house.staff, now=house.later())
    client, url = signed_in(house.staff), reverse("proposals:hand_over") + "?all=1"
    send = opened(client, url)

    actions.allocate(later, shares(clerk_unit), by=house.colleague, now=house.later())

    assert refused(send(all="1"), later.matter.label, "重新预览")
    assert refused(client.post(url, {"all": "1"}), "请先预览")
    assert not Assignment.objects.exists()
    assert opened(client, url)(all="1").status_code == 302
    assert Assignment.objects.count() == 2


def test_rows_of_a_hand_over_with_other_units_are_previewed_again(
    house: House, filed, clerk_unit: Body, other_unit: Body
) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.staff, now=house.later())
    key = str(proposal.public_id)
    send = opened(signed_in(house.staff), f"{reverse('proposals:hand_over')}?row={key}")

    actions.allocate(proposal, shares(other_unit), by=house.colleague, now=house.later())

    assert refused(send(row=key), proposal.matter.label)
    assert not Assignment.objects.exists()


def test_nobody_submits_words_that_he_has_not_seen(house: House, draft) -> None:
    proposal = draft()
    url = f"/proposals/{proposal.public_id}/check/"
    send = opened(signed_in(house.member), url)
    data = {"consents": "yes", "wished_units": "", "consent_reason": "", "not_secret": "on"}
    rewritten(house, proposal)

    assert refused(send(**data), "有改动：情况与问题", NEW)
    assert fresh(proposal).status == Status.DRAFT
    assert opened(signed_in(house.member), url)(**data).status_code == 302


def test_two_who_fill_in_one_draft_do_not_overwrite_each_other(house: House, draft) -> None:
    proposal = draft()
    url = f"/proposals/{proposal.public_id}/check/"
    first, second = (opened(signed_in(house.member), url) for _ in range(2))
    data = {"wished_units": "", "later": "1"}
    assert first(**data, consents="no", consent_reason="涉及个人").status_code == 302

    assert refused(second(**data, consents="yes", consent_reason=""), "有改动：公开意愿", "不同意公开：涉及个人")
    assert fresh(proposal).consent_reason == "涉及个人"


def test_a_text_is_confirmed_only_as_it_was_shown(house: House) -> None:
    behind = actions.Behind(person=house.member)
    proposal = actions.register(behind, source="paper", by=house.staff, now=house.later())
    actions.save_text(proposal, TEXT, version=None, by=house.staff, now=house.later())
    url = f"/proposals/{proposal.public_id}/confirm-text/"
    client = signed_in(house.member)
    send = opened(client, url)
    rewritten(house, proposal)

    assert refused(send(how="本人在线核对"), "情况与问题", NEW)
    assert refused(client.post(url, {"how": "本人在线核对"}), "请先看过录入的文字")
    assert fresh(proposal).text_confirmed_at is None
    assert opened(client, url)(how="本人在线核对").status_code == 302


def test_a_refusal_opened_before_the_text_was_recalled_and_changed_is_not_made(house: House, submitted) -> None:
    proposal = submitted()
    client = signed_in(house.staff)
    read = hidden(page_of(client, f"/proposals/{proposal.public_id}/review/"))["version"]
    url = f"/proposals/{proposal.public_id}/decline/"
    send = opened(client, url)
    actions.recall(proposal, by=house.member, now=house.later())
    rewritten(house, proposal)
    actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
    words = {"reason": reason("decline", "empty").public_id, "text": "过于笼统。"}

    assert refused(send(**words), "过于笼统。", "提交情况、情况与问题")
    assert refused(opened(client, f"{url}?seen={read}")(**words), "提交情况、情况与问题")
    assert fresh(proposal).status == Status.SUBMITTED


def test_the_second_of_two_clerks_does_not_overwrite_the_firsts_units(
    house: House, filed, clerk_unit: Body, other_unit: Body
) -> None:
    proposal = filed()
    url = f"/proposals/{proposal.public_id}/allocation/"
    first, second = opened(signed_in(house.staff), url), opened(signed_in(house.officer), url)
    assert first(way="lead", lead=clerk_unit.name, others="").status_code == 302

    assert refused(second(way="lead", lead=other_unit.name, others=""), clerk_unit.name, other_unit.name)
    assert proposal.allocation.get().unit == clerk_unit


def test_the_second_of_two_corrections_is_refused(house: House, filed) -> None:
    proposal = filed()
    url = f"/proposals/{proposal.public_id}/correct/"
    first, second = opened(signed_in(house.staff), url), opened(signed_in(house.colleague), url)
    data = {
        "category": category().public_id,
        "priority": "",
        "consents": "yes",
        "consent_reason": "",
        "reason": "写错了",
    }
    assert first(**data, unit_title="关于养老的建议").status_code == 302

    assert refused(second(**data, unit_title="关于床位的建议"), "有改动：单位所见案由", "关于养老的建议")


def test_a_unit_answers_for_the_role_that_it_was_shown(house: House, filed, clerk_unit: Body, other_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    [asked] = actions.consult_units(proposal, by=house.officer, now=house.later())
    clerk = clerk_unit.appointments.get().person
    send = opened(signed_in(clerk), reverse("proposals:consultation", args=[asked.public_id]))
    actions.allocate(proposal, shares(other_unit, clerk_unit), by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())

    assert refused(send(accepts="yes", text=""), "拟定职责")
    asked.refresh_from_db()
    assert asked.answered_at is None


def test_merging_leaves_alone_what_a_colleague_reads_what_is_suspended_and_what_is_ones_own(
    house: House, submitted, filed
) -> None:
    main, claimed, own = filed(), submitted(), submitted()
    actions.claim(claimed, by=house.colleague, now=house.later())
    own.matter.participants.update(person=house.staff)

    with pytest.raises(WrongStep, match="江南正在审查"):
        actions.merge(claimed, main, text="", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="自己的提案"):
        actions.merge(own, main, text="", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="自己的提案"):
        actions.merge(main, own, text="", by=house.staff, now=house.later())
    Matter.objects.filter(pk=main.matter_id).update(access="suspended")
    with pytest.raises(WrongStep, match="保密核查"):
        actions.merge(claimed, main, text="", by=house.colleague, now=house.later())


def test_an_unknown_unit_of_a_suggestion_is_refused_and_stays_in_its_line(
    house: House, filed, clerk_unit: Body
) -> None:
    proposal = filed()
    client, url = signed_in(house.staff), f"/proposals/{proposal.public_id}/allocation/"
    data = {"way": "lead", "lead": clerk_unit.name, "others": "", "unit_1": clerk_unit.name, "unit_2": "没有这个局"}

    answer = client.post(url, data)
    page = answer.content.decode()

    assert answer.status_code == 422 and "建议 2：没有找到单位“没有这个局”" in page
    assert 'value="没有这个局"' in page and page.count(f'value="{clerk_unit.name}"') >= 2
    assert not proposal.allocation.exists()
    assert client.post(url, {**data, "unit_2": ""}).status_code == 302
    assert [row.unit for row in proposal.matter.suggestions.order_by("number")] == [clerk_unit, None]


def test_the_plenarys_figures_count_what_their_reader_may_see(house: House, submitted) -> None:
    seen, hidden_one = submitted(), submitted()
    helper: Person = appoint(Role.SESSION_STAFF, house.office)
    assert figures(house.session, helper).total["received"] == 2

    secrecy.suspend(hidden_one.matter, reason="核查", by=house.staff, now=house.later())

    assert figures(house.session, helper).total["received"] == Proposal.objects.visible_to(helper).count() == 1
    assert seen.receipt


def test_every_chosen_row_that_is_not_done_says_why(house: House, submitted) -> None:
    ready, gone = submitted(), submitted()
    actions.decline(gone, ground=reason("decline", "empty"), text="笼统", by=house.colleague, now=house.later())
    client, url = signed_in(house.staff), reverse("proposals:claim_many")
    unknown = "00000000-0000-4000-8000-000000000000"
    rows = [str(ready.public_id), str(gone.public_id), unknown]

    page = client.get(url, {"row": rows}).content.decode()
    done = client.post(url, {"row": rows}, follow=True).content.decode()

    for words in (f"{gone.receipt}现在是“不予立案”", "1 件已不在您可以办理的范围内"):
        assert words in page and words in done
    many = [f"00000000-0000-4000-8000-{n:012d}" for n in range(101)]
    assert "一次最多办理 100 件，其余 1 件" in client.get(url, {"row": many}).content.decode()
