"""Review in passes: what one pass advises the next one begins with; categories have their readers; many at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.choices import Role
from members.errors import Refused, Stale
from members.inbox.models import Message
from members.models import AuditEntry, Body, Person
from proposals import actions
from proposals.models import CategoryReviewer, Claim, Proposal, Review, ReviewPass, Status
from tests.factories import appoint

from .conftest import House, category, reason
from .test_lists_cost import MOST, cost
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh, told, verbs

QUEUE = "/proposals/review/"


@pytest.fixture
def first_pass(db: None) -> ReviewPass:
    """A pass before the one that decides."""
    return ReviewPass.objects.create(order=0, name="初审")


@pytest.fixture
def reader(house: House) -> Person:
    """Of the session's staff: advises, decides nothing."""
    return appoint(Role.SESSION_STAFF, house.office, name="苏禾", starts_on=house.now.date() - timedelta(days=30))


def advise(house: House, proposal: Proposal, **said: object) -> Review:
    given = {"advice": "file", "text": "", "category": category(), **said}
    return actions.advise(proposal, by=house.staff, now=house.later(), **given)  # type: ignore[arg-type]


# what a pass says -----------------------------------------------------------------------------------------------------


def test_an_advice_sorts_the_proposal_for_those_who_come_after(
    house: House, submitted, clerk_unit: Body, first_pass: ReviewPass
) -> None:
    proposal = submitted()
    before = told(house.member)

    row = advise(house, proposal, category=category("文化建设"), units=[clerk_unit], key_candidate=True)

    now = fresh(proposal)
    assert (str(row.category), list(row.units.all()), row.key_candidate) == ("文化建设", [clerk_unit], True)
    assert (str(now.category), list(now.suggested_units.all()), now.key_candidate) == ("文化建设", [clerk_unit], True)
    assert now.matter.events.get(verb="advised").payload.facts["advice"] == "建议立案"
    assert told(house.member) == before  # an advice is the office's own

    actions.file(
        now, category=category(), units=[clerk_unit], key_candidate=True, by=house.staff, now=house.later()
    )  # fmt: skip
    assert fresh(proposal).key_candidate
    assert actions.proposed(fresh(proposal)) == [actions.Share(clerk_unit, "sole")]


@pytest.mark.parametrize("way", ["return", "decline", "turn", "lead", "higher"])
def test_what_is_not_to_be_filed_needs_a_coded_ground_of_the_right_list(
    house: House, submitted, first_pass: ReviewPass, way: str
) -> None:
    proposal = submitted()
    right, wrong = reason("return", "facts"), reason("decline", "empty")
    if way != "return":
        right, wrong = wrong, right

    for ground in (None, wrong):
        with pytest.raises(Refused, match="一类的理由"):
            advise(house, proposal, advice=way, reason=ground)
    row = advise(house, proposal, advice=way, reason=right)

    assert (row.reason, verbs(proposal)) == (right, ["submitted", "advised"])
    assert str(right) in fresh(proposal).matter.events.get(verb="advised").payload.facts["advice"]


def test_an_advice_that_lacks_something_says_what(house: House, submitted, first_pass: ReviewPass) -> None:
    proposal = submitted()

    with pytest.raises(Refused, match="请选择类别"):
        advise(house, proposal, category=None)
    with pytest.raises(Refused, match="不选理由"):
        advise(house, proposal, reason=reason("decline", "empty"))
    with pytest.raises(Refused, match="并入哪一件"):
        advise(house, proposal, advice="merge")
    with pytest.raises(Refused, match="重点提案候选"):
        advise(house, proposal, advice="merge", text="并入收14-2-0001", key_candidate=True)

    assert not Review.objects.exists()


def test_no_key_candidate_is_left_behind_by_a_refusal(house: House, submitted, first_pass: ReviewPass) -> None:
    proposal = submitted()
    advise(house, proposal, key_candidate=True)

    actions.decline(
        proposal, ground=reason("decline", "empty"), text="过于笼统。", by=house.staff, now=house.later()
    )  # fmt: skip

    assert not fresh(proposal).key_candidate


def test_the_decision_begins_with_what_was_advised(
    house: House, submitted, clerk_unit: Body, first_pass: ReviewPass, reader: Person
) -> None:
    proposal = submitted()
    url = f"/proposals/{proposal.public_id}"
    page = page_of(signed_in(reader), f"{url}/advise/")
    assert "退回修改：" in page and "不予立案：" in page and clerk_unit.name in page
    send(
        signed_in(reader), f"{url}/advise/", advice="file", category=category().public_id, units=clerk_unit.name,
        key_candidate="on", text="事实清楚。",
    )  # fmt: skip

    assert cost(house.staff, f"{url}/review/") <= MOST
    page = page_of(signed_in(house.staff), f"{url}/review/")

    assert "初审：建议立案" in page and f"建议承办：{clerk_unit.name}" in page and "重点提案候选" in page
    assert f'value="{category().public_id}" selected' in page and f"{clerk_unit.name}</textarea>" in page
    assert 'id="file_key_candidate" checked' in page.replace(
        'checked id="file_key_candidate"', 'id="file_key_candidate" checked'
    )
    assert signed_in(reader).get(f"{url}/file/").status_code == 403
    send(
        signed_in(house.staff), f"{url}/file/", category=category().public_id, unit_title="", units=clerk_unit.name,
        key_candidate="on",
    )  # fmt: skip
    assert (fresh(proposal).status, fresh(proposal).key_candidate) == (Status.FILED, True)


def test_an_advised_ground_and_way_stand_in_the_form_of_the_decision(
    house: House, submitted, first_pass: ReviewPass
) -> None:
    client = signed_in(house.staff)
    declined, turned, ground = submitted(), submitted(), reason("decline", "litigation")
    advise(house, declined, advice="decline", reason=ground)
    advise(house, turned, advice="lead", reason=ground)

    assert f'value="{ground.public_id}" selected' in page_of(client, f"/proposals/{declined.public_id}/decline/")
    assert "selected>" not in page_of(client, f"/proposals/{declined.public_id}/return/").replace(
        'value="" selected>', ""
    )
    page = page_of(client, f"/proposals/{turned.public_id}/turn/")
    assert "checked" in page[page.index('value="lead"') :][:90]


def test_only_the_office_finds_key_candidates(house: House, filed) -> None:
    chosen, other = filed(), filed()
    Proposal.objects.filter(pk=chosen.pk).update(key_candidate=True)

    found = page_of(signed_in(house.staff), "/proposals/?key_candidate=yes")
    assert chosen.matter.number in found and f'"/proposals/{other.public_id}/"' not in found
    page = page_of(signed_in(house.member), "/proposals/?key_candidate=yes")
    assert "重点提案候选" not in page and f'"/proposals/{other.public_id}/"' in page


# groups ---------------------------------------------------------------------------------------------------------------


def test_the_office_says_who_reads_which_category(house: House, reader: Person) -> None:
    client, culture, url = signed_in(house.staff), category("文化建设"), "/proposals/review/groups/"
    assert "苏禾" in page_of(client, url)

    send(client, url, **{f"category_{culture.public_id}": [str(reader.public_id)]})

    assert [(row.category, row.person) for row in CategoryReviewer.objects.all()] == [(culture, reader)]
    assert AuditEntry.objects.get(verb="proposals.set_groups").subject == house.session.code
    for who in (reader, house.member, house.officer):
        assert signed_in(who).get(url).status_code == 403
    again = client.post(url, {f"category_{culture.public_id}": [str(reader.public_id)]})
    assert again.status_code == 422 and "没有变化" in again.content.decode()
    stranger = client.post(url, {f"category_{culture.public_id}": [str(house.member.public_id)]})
    assert (stranger.status_code, CategoryReviewer.objects.count()) == (422, 1)


def test_groups_are_for_reviewers_and_nobody_overwrites_a_colleague(house: House, reader: Person) -> None:
    groups = {category(): [reader]}
    with pytest.raises(Refused, match="工作人员"):
        actions.set_groups(house.session, {category(): [house.member]}, by=house.staff, now=house.later())
    seen = actions.stamp_of_groups(house.session)
    actions.set_groups(house.session, groups, by=house.staff, now=house.later(), seen=seen)

    with pytest.raises(Stale):
        actions.set_groups(house.session, {category(): []}, by=house.colleague, now=house.later(), seen=seen)

    assert actions.groups_of(house.session) == {category().pk: {reader.pk}}


def test_the_queue_opens_with_ones_own_categories(
    house: House, submitted, reader: Person, first_pass: ReviewPass
) -> None:
    mine, other = submitted(category=category("文化建设")), submitted(category=category())
    actions.set_groups(house.session, {category("文化建设"): [reader]}, by=house.staff, now=house.later())
    client = signed_in(reader)

    assert shown(client, QUEUE) == [mine.receipt]
    assert shown(client, f"{QUEUE}?group=all") == [mine.receipt, other.receipt]
    assert shown(signed_in(house.staff), QUEUE) == [mine.receipt, other.receipt]
    advise(house, mine)  # sorted anew, it goes to the other group
    assert shown(client, QUEUE) == []


def test_the_address_narrows_the_queue(house: House, submitted, first_pass: ReviewPass) -> None:
    last = ReviewPass.objects.get(order=1)
    advised, claimed, fresh_one = submitted(), submitted(category=category("文化建设")), submitted()
    advise(house, advised)
    actions.claim(claimed, by=house.staff, now=house.later())
    Proposal.objects.filter(pk=fresh_one.pk).update(form="joint")
    expected = {
        f"category={category('文化建设').public_id}": [claimed],
        "kind=joint": [fresh_one],
        f"review_pass={first_pass.public_id}": [claimed, fresh_one],
        f"review_pass={last.public_id}": [advised],
        "claimed=yes": [claimed],
        "claimed=no": [advised, fresh_one],
        "group=claimed": [claimed],
        f"claimed=no&review_pass={first_pass.public_id}": [fresh_one],
    }

    for query, rows in expected.items():
        assert shown(signed_in(house.staff), f"{QUEUE}?{query}") == [row.receipt for row in rows], query
    assert shown(signed_in(house.colleague), f"{QUEUE}?group=claimed") == []


def shown(client: Client, url: str) -> list[str]:
    """The receipts on a page of the queue."""
    return [row.receipt for row in client.get(url).context["page_obj"]]


def test_the_queue_and_the_bulk_pages_cost_the_same_for_one_and_for_thirty(
    house: House, submitted, first_pass: ReviewPass
) -> None:
    actions.set_groups(house.session, {category(): [house.staff]}, by=house.staff, now=house.later())
    client = signed_in(house.staff)

    def costs() -> list[int]:
        rows = "&".join(f"row={row.public_id}" for row in Proposal.objects.select_related("matter"))
        urls = [
            QUEUE,
            f"{QUEUE}?group=all",
            f"{QUEUE}?review_pass={first_pass.public_id}&category={category().public_id}&kind=individual",
        ]
        urls += [f"{QUEUE}claim/?{rows}", f"{QUEUE}file/?{rows}"]
        found = []
        for url in urls:
            page_of(client, url)
            with CaptureQueriesContext(connection) as queries:
                page_of(client, url)
            found.append(len(queries))
        return found

    def add() -> None:
        advise(house, submitted())
        submitted(category=category())

    add()
    few = costs()
    for _ in range(14):
        add()

    assert costs() == few and max(few) <= 15


# many at once ---------------------------------------------------------------------------------------------------------


def test_several_are_claimed_and_a_colleagues_stays_his(house: House, submitted) -> None:
    rows = [submitted(), submitted(), submitted()]
    actions.claim(rows[1], by=house.colleague, now=house.later())
    client, chosen = signed_in(house.staff), [str(row.public_id) for row in rows]
    page = page_of(client, f"{QUEUE}claim/?row=" + "&row=".join(chosen))
    assert "将办理 2 件，1 件不能办理" in page and "江南正在审查" in page

    send(client, f"{QUEUE}claim/", row=chosen)

    assert [claim.by for claim in Claim.objects.order_by("proposal_id")] == [house.staff, house.colleague, house.staff]
    assert "未开始审查：收14-2-0002" in page_of(client, QUEUE)
    assert signed_in(house.member).get(f"{QUEUE}claim/").status_code == 403


def test_several_are_filed_where_nothing_is_contested(
    house: House, submitted, clerk_unit: Body, first_pass: ReviewPass, reader: Person
) -> None:
    plain, early, disputed, held, withdrawn = [submitted(category=category()) for _ in range(5)]
    for row in (plain, held, withdrawn):
        advise(house, row, units=[clerk_unit], key_candidate=True)
    advise(house, disputed, advice="decline", reason=reason("decline", "empty"))
    actions.claim(held, by=house.colleague, now=house.later())
    rows = [plain, early, disputed, held]
    client, chosen = signed_in(house.staff), [str(row.public_id) for row in rows]
    page = page_of(client, f"{QUEUE}file/?row=" + "&row=".join(chosen))
    assert "将办理 1 件，3 件不能办理" in page
    for words in (
        "类别：社会建设",
        f"建议承办：{clerk_unit.name}",
        "提案者：林溪",
        "还没有完成初审",
        "不是立案",
        "江南正在审查",
    ):
        assert words in page

    send(client, f"{QUEUE}file/?row=" + "&row=".join(chosen), row=chosen)

    assert [fresh(row).status for row in rows] == [Status.FILED, Status.SUBMITTED, Status.REVIEWING, Status.REVIEWING]
    assert (fresh(plain).key_candidate, told(house.member).count("proposal_filed")) == (True, 1)
    page = page_of(client, QUEUE)
    assert "已立案 1 件" in page and page.count("未立案：") == 3
    assert signed_in(reader).get(f"{QUEUE}file/").status_code == 403


def test_filing_several_of_one_member_tells_him_once(house: House, submitted) -> None:
    rows = [submitted(category=category()) for _ in range(3)]

    chosen = [str(row.public_id) for row in rows]
    send(signed_in(house.staff), f"{QUEUE}file/?row=" + "&row=".join(chosen), row=chosen)

    facts = Message.objects.filter(recipient=house.member, template="proposal_filed", channel="inapp")
    assert (facts.count(), facts.values("part_of").distinct().count()) == (3, 1)


def test_a_single_pass_files_what_has_a_category(house: House, submitted) -> None:
    sorted_one, unsorted = submitted(category=category()), submitted()

    actions.file_uncontested(sorted_one, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="还没有确定类别"):
        actions.file_uncontested(unsorted, by=house.staff, now=house.later())

    assert (fresh(sorted_one).status, fresh(unsorted).status) == (Status.FILED, Status.SUBMITTED)


# the next one ---------------------------------------------------------------------------------------------------------


def test_n_leads_on_after_every_act(house: House, submitted, reader: Person, first_pass: ReviewPass) -> None:
    first, own, third = submitted(), submitted(category=category("文化建设")), submitted()
    actions.set_groups(house.session, {category("文化建设"): [reader]}, by=house.staff, now=house.later())
    client, given = signed_in(reader), {"advice": "file", "category": category("文化建设").public_id, "text": ""}

    def page(proposal: Proposal) -> str:
        return f"/proposals/{proposal.public_id}/review/"

    def leads(where: str) -> str:
        return page_of(client, where).split('" data-key="n"')[0].rsplit('href="', 1)[1]

    assert leads(page(first)) == page(own)
    assert leads(send(client, page(first))) == page(own)  # claimed: n still leads on
    assert send(client, f"/proposals/{own.public_id}/advise/", **given) == page(third)
    assert leads(page(third)) == page(first)  # what waits for the decision is not the reader's
    assert send(client, f"/proposals/{third.public_id}/advise/", **given) == page(first)
    assert send(client, f"/proposals/{first.public_id}/advise/", **given) == QUEUE
