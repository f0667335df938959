"""Outstanding proposals and advanced units: computed from what happened, decided by people, known once announced."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import AuditEntry, Body, Person, Session
from proposals import actions, merits, public
from proposals.handling import actions as handling
from proposals.handling.models import Evaluation, Matter
from proposals.honour_forms import first_of
from proposals.models import Award, AwardEntry, Criterion, Honour, Proposal, Publication, Status
from tests.channels import words_of
from tests.factories import SessionFactory, appoint
from tests.handling.conftest import House, build_house, give, part_of, round_of, signed
from tests.handling.test_acts import answered, rated
from tests.html import assert_valid

LIST, UNITS = "/proposals/honours/", "/proposals/honours/units/"
OPEN = "/open/honours/"


@pytest.fixture
def house(db: None) -> House:
    house = build_house()
    house.now = timezone.now() - timedelta(hours=2)
    return house


def opened(person: Person | None = None) -> Client:
    client = Client()
    if person:
        client.force_login(person)
    return client


def page_of(person: Person | None, url: str) -> str:
    return opened(person).get(url).content.decode()


def closed(house: House, grade: str = "satisfied", unit: Body | None = None, clerk: Person | None = None) -> Matter:
    """A proposal that one unit has answered and its only proposer has evaluated so; `-` is not evaluated."""
    matter = give(house, (unit or house.unit, "sole"))
    part = signed(house, matter, unit, clerk)
    answered(house, part, by=clerk)
    if grade != "-":
        rated(house, round_of(part), house.member, grade)
    if grade == "dissatisfied":
        row = round_of(part)
        row.closed_at, row.outcome = house.later(), "dissatisfied"
        row.save(update_fields=["closed_at", "outcome"])
    Proposal.objects.filter(matter=matter).update(status=Status.CLOSED)
    matter.refresh_from_db()
    return matter


def session() -> Session:
    return SessionFactory()


def found(house: House, honour: Honour = Honour.PROPOSAL, by: Person | None = None) -> merits.Ranking:
    return merits.ranking(honour, session(), by=by or house.staff, on=timezone.localdate())


def only(honour: Honour, *rows: tuple[str, int | None, int]) -> None:
    """These criteria and no others; points None is a bar."""
    Criterion.objects.filter(honour=honour).delete()
    for measure, points, mark in rows:
        use = "points" if points else "bar"
        Criterion.objects.create(honour=honour, use=use, measure=measure, points=points, mark=mark)


def decide(house: House, *chosen: Any, honour: Honour = Honour.PROPOSAL, **kw: Any) -> Award:
    facts: dict[str, Any] = {"on": timezone.localdate(), "by": house.staff, "now": house.later(), **kw}
    return actions.decide_award(honour, session(), [str(one.public_id) for one in chosen], **facts)


def cosigned(matter: Matter, number: int) -> None:
    for order in range(1, number + 1):
        matter.participants.create(person=appoint(Role.MEMBER), role="cosigner", order=order)


# figures -------------------------------------------------------------------------------------------------------------


def test_places_follow_points_and_ties_share_one(house: House) -> None:
    only(Honour.PROPOSAL, ("cosigners", 20, 4))
    many, more, few, none = (closed(house) for _ in range(4))
    for matter, number in ((many, 6), (more, 4), (few, 1)):
        cosigned(matter, number)

    placed = found(house).placed

    assert [(one.number, one.place, one.points) for one in placed] == [
        (many.number, 1, Decimal("20.00")), (more.number, 1, Decimal("20.00")),
        (few.number, 3, Decimal("5.00")), (none.number, 4, Decimal("0.00")),
    ]  # fmt: skip
    assert [one.number for one in first_of(placed, 1)] == []  # the two share the place: nobody is picked by chance
    assert [one.number for one in first_of(placed, 2)] == [many.number, more.number]


def test_what_nobody_may_hear_of_takes_no_part(house: House) -> None:
    good, secret, gone, running, merged, own = (closed(house) for _ in range(6))
    Matter.objects.filter(pk=secret.pk).update(access="internal")
    Proposal.objects.filter(matter=gone).update(status=Status.WITHDRAWN)
    Proposal.objects.filter(matter=running).update(status=Status.ASSIGNED)
    Matter.objects.filter(pk=merged.pk).update(merged_into=good)
    own.participants.create(person=house.colleague, role="cosigner", order=1)

    assert {one.number for one in found(house).placed} == {good.number, own.number}
    assert {one.number for one in found(house, by=house.colleague).placed} == {good.number}  # P13
    assert merits.ranking(Honour.UNIT, SessionFactory(code="13-1"), by=house.staff, on=date(2026, 3, 4)).placed == []
    assert merits.ranking(Honour.PROPOSAL, None, by=house.staff, on=date(2026, 3, 4)).placed == []


def test_a_bar_keeps_out_and_says_why(house: House) -> None:
    good, bad = closed(house), closed(house, "dissatisfied")

    ranking = found(house)

    assert [one.number for one in ranking.placed] == [good.number]
    assert [(one.number, one.out) for one in ranking.out] == [(bad.number, "最终不满意：1 件")]
    page = page_of(house.staff, f"{LIST}?out=1")
    assert "最终不满意：1 件" in page
    with pytest.raises(Refused, match="不参评（最终不满意：1 件），不能入选"):
        decide(house, bad)


def test_satisfaction_is_of_what_came_back_and_few_forms_rank_nobody(house: House) -> None:
    only(Honour.UNIT, ("satisfaction", 10, 100), ("forms", None, 2), ("returned", None, 60))
    for _ in range(2):
        closed(house)
    one = closed(house, unit=house.other_unit, clerk=house.other_clerk)
    row = part_of(one, house.other_unit)

    ranking = found(house, Honour.UNIT)
    assert [(unit.name, unit.points) for unit in ranking.placed] == [(house.unit.name, Decimal("10.00"))]
    assert [(unit.name, unit.out) for unit in ranking.out] == [(house.other_unit.name, "评价回收份数：1 份，低于 2 份")]
    assert "（2/2，回收 2/2）" in ranking.placed[0].lines[0].figure.text
    # a form that looks forced is not one that came back until somebody has looked into it (S9)
    mine = Evaluation.objects.exclude(round_row__assignment=row).order_by("pk")[0]
    Evaluation.objects.filter(pk=mine.pk).update(flags=["本单位设备"])
    assert {unit.name: unit.out for unit in found(house, Honour.UNIT).out}[house.unit.name] == (
        "评价回收份数：1 份，低于 2 份；评价回收率：50.0%（1/2），低于 60%"
    )
    Evaluation.objects.filter(pk=mine.pk).update(checked_at=house.now, checked_by=house.staff, checked_note="属实")
    assert [unit.name for unit in found(house, Honour.UNIT).placed] == [house.unit.name]


def test_every_measure_is_computed_and_explained(house: House) -> None:
    matter = closed(house)
    for honour in Honour:
        rows = [(one.value, 5, 1) for one in Criterion.OF[honour, Criterion.Use.POINTS]]
        only(honour, *rows, *((one.value, None, 999) for one in Criterion.OF[honour, Criterion.Use.BAR]))
    only_above = Criterion.objects.filter(measure__in=merits.TOO_FEW)
    only_above.update(mark=0)

    proposal, unit = found(house).placed[0], found(house, Honour.UNIT).placed[0]

    said = {line.criterion.measure: line.figure.text for line in proposal.lines}
    assert said == {
        "solved": "100.0%（2/2）", "appraised": "—（没有可计的）", "cosigners": "0 人", "instructed": "0 次",
        "key": "0 件", "dissatisfied": "0 件", "missed": "0 项",
    }  # fmt: skip
    said = {line.criterion.measure: line.figure.text for line in unit.lines}
    assert said == {
        "on_time": "100.0%（1/1）", "satisfaction": "100.0%（1/1，回收 1/1）", "first": "100.0%（1/1，回收 1/1）",
        "solved": "100.0%（2/2）", "contact": "0.0%（0/1）", "promises": "—（没有可计的）",
        "opinions": "—（没有可计的）", "answered": "1 件", "overdue": "0 件", "dissatisfied": "0 件",
        "missed": "0 项", "returned": "100.0%（1/1）", "forms": "1 份",
    }  # fmt: skip
    assert set(merits.HOW) == {one.value for rows in Criterion.OF.values() for one in rows}
    page = page_of(house.staff, f"{LIST}why/{matter.public_id}/")
    assert_valid(page)
    assert "100.0%（2/2）" in page and "怎样计算" in page
    page = page_of(house.staff, f"{UNITS}why/{house.unit.public_id}/")
    assert_valid(page)
    assert "（1/1，回收 1/1）" in page


# decision ------------------------------------------------------------------------------------------------------------


def test_who_departs_from_the_list_says_why(house: House) -> None:
    only(Honour.PROPOSAL, ("cosigners", 20, 4))
    first, second = closed(house), closed(house)
    cosigned(first, 4)

    with pytest.raises(Refused, match=f"名次在前的第{first.number}号没有入选"):
        decide(house, second)
    award = decide(house, second, reason="前者另有表彰", number="政协办〔2026〕9号")
    rows = award.entries.order_by("place").values_list("proposal__matter", "chosen", "place", "points")
    assert list(rows) == [(first.pk, False, 1, Decimal("20.00")), (second.pk, True, 2, Decimal("0.00"))]
    assert award.reason == "前者另有表彰"
    award = decide(house, first, second, reason="不再需要", seen=award.version)

    assert (award.reason, award.version, award.entries.count()) == ("", 2, 2)
    assert AuditEntry.objects.filter(verb="proposals.decide_award", by=house.staff).count() == 2
    page = page_of(house.staff, LIST)
    assert_valid(page)
    assert "未公布" in page and house.staff.name in page


def test_a_decision_that_makes_no_sense_is_refused(house: House) -> None:
    matter = closed(house)
    with pytest.raises(Refused, match="请至少选择一个"):
        decide(house)
    with pytest.raises(Refused, match="不能晚于今天"):
        decide(house, matter, on=timezone.localdate() + timedelta(days=1))
    with pytest.raises(Refused, match="已不参加评选"):
        decide(house, house.unit)
    with pytest.raises(Stale, match="已被他人登记"):
        decide(house, matter, seen=3)
    matter.participants.create(person=house.colleague, role="cosigner", order=1)
    with pytest.raises(WrongStep, match="本届有您本人的提案"):
        decide(house, matter, by=house.colleague)
    client = opened(house.staff)
    answer = client.post(f"{LIST}decide/", {"others": "九千号", "on": "不是日期"})
    assert answer.status_code == 422
    assert "没有找到参评的“九千号”" in answer.content.decode() and "九千号" in answer.content.decode()
    title = client.post(f"{LIST}decide/", {"others": matter.title, "on": timezone.localdate().isoformat()})
    assert "提案请写案号" in title.content.decode(), "titles may be the same: a number says which"
    assert not Award.objects.exists()


def test_the_page_takes_the_result_and_refuses_strangers(house: House) -> None:
    matter = closed(house)
    client = opened(house.staff)
    page = client.get(f"{LIST}decide/?places=1&session={session().code}").content.decode()
    assert_valid(page)
    assert "checked" in page
    sent = {"others": matter.number, "on": timezone.localdate().isoformat()}
    assert client.post(f"{LIST}decide/?session={session().code}", sent).status_code == 302
    assert AwardEntry.objects.get().proposal == matter.proposal

    for person in (house.officer, house.clerk, house.member, appoint(Role.LEADER)):
        for url in (LIST, UNITS, f"{LIST}decide/", f"{LIST}why/{matter.public_id}/"):
            assert opened(person).get(url).status_code == 403
    words = words_of(opened(house.staff).get(f"{LIST}?export=xlsx"))
    assert matter.title in words and "建议落实率" in words
    empty = page_of(house.staff, f"{LIST}?session={SessionFactory(code='13-1').code}")
    assert "这一届还没有可以参评的" in empty
    assert opened(house.staff).get(f"{LIST}?session=99&page=x&out=2").status_code == 200
    assert opened(house.staff).get(f"{LIST}decide/?places=abc").status_code == 200


def test_who_writes_it_down_again_begins_with_what_was_chosen(house: House) -> None:
    only(Honour.PROPOSAL, ("cosigners", 20, 4))
    first, second, third = (closed(house) for _ in range(3))
    cosigned(first, 1)
    decide(house, second, third, reason="前者另有表彰", number="政协办〔2026〕9号")
    client, url = opened(house.staff), f"{LIST}decide/?session={session().code}"

    form, fewer = client.get(url).context["form"], client.get(f"{url}&places=1").context["form"]

    assert form["chosen"].value() == [str(second.public_id), str(third.public_id)]
    assert (form["others"].value(), form["number"].value()) == ("", "政协办〔2026〕9号")
    assert (fewer["chosen"].value(), fewer["number"].value()) == ([str(first.public_id)], "政协办〔2026〕9号")


def test_a_choice_far_down_the_list_is_written_out_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proposals.honour_forms.OFFERED", 1)
    only(Honour.PROPOSAL, ("cosigners", 20, 4))
    first, second = closed(house), closed(house)
    cosigned(first, 4)
    decide(house, first, second)

    form = opened(house.staff).get(f"{LIST}decide/?session={session().code}").context["form"]

    assert (form["chosen"].value(), form["others"].value()) == ([str(first.public_id)], f"第{second.number}号")


# announcement --------------------------------------------------------------------------------------------------------


def published(matter: Matter) -> None:
    facts = {"state": "released", "publish_on": date(2026, 1, 1), "title": f"{matter.title}（公开）"}
    facts |= {"decided_at": timezone.now(), "decided_by": appoint(Role.DISCLOSURE_REVIEWER)}
    Publication.objects.update_or_create(proposal=matter.proposal, defaults=facts)


def told(template: str) -> set[str]:
    rows = Message.objects.filter(template__endswith=template, channel="inapp")
    return set(rows.values_list("recipient__name", flat=True))


def test_nobody_outside_knows_before_it_is_announced_and_then_only_what_is_published(house: House) -> None:
    shown, hidden = closed(house), closed(house)
    published(shown)
    award = decide(house, shown, hidden)
    only(Honour.UNIT, ("answered", 10, 1))
    units = decide(house, house.unit, honour=Honour.UNIT)
    for person in (None, house.member, house.clerk):
        page = page_of(person, OPEN)
        assert "还没有公布的评选结果" in page and shown.title not in page
    assert "honoured" not in {event.verb for event in shown.events.all()}

    url, staff = f"/proposals/honours/{award.public_id}/announce/", opened(house.staff)
    page = staff.get(url).content.decode()
    assert_valid(page)
    assert "对外列出（1）" in page and "没有公开、对外不列出（1）" in page and hidden.title in page
    assert staff.post(url, {"version": award.version + 1}).status_code == 409
    with pytest.raises(Stale, match="已被他人登记或更改"):
        actions.announce_award(award, by=house.staff, now=house.later(), seen=award.version + 1)
    assert staff.post(url, {"version": award.version}).status_code == 302
    actions.announce_award(units, by=house.staff, now=house.later())

    for person in (None, house.member, house.clerk):
        page = page_of(person, OPEN)
        assert_valid(page)
        assert f"{shown.title}（公开）" in page and hidden.title not in page and house.unit.name in page
    assert told("proposal_honoured") == {"林溪"}
    assert told("unit_honoured") == {"沈青"}
    pairs = [(row.template, row.subject) for row in Message.objects.filter(template="unit_honoured", channel="inapp")]
    said = render(pairs, house.clerk)[0]
    assert isinstance(said, Rendered) and "先进承办单位" in said.title
    assert render(pairs, house.other_clerk) == [None]
    assert "评为" in page_of(house.member, f"/proposals/{hidden.public_id}/")
    assert "优秀提案" in page_of(None, reverse("portal:open_proposal", args=[shown.public_id]))
    for act in (lambda: decide(house, shown), lambda: actions.announce_award(award, by=house.staff, now=house.later())):
        with pytest.raises(WrongStep, match="已经公布"):
            act()


def test_outside_nobody_reads_a_place_from_the_order(house: House) -> None:
    only(Honour.PROPOSAL, ("cosigners", 20, 4))
    low, high = closed(house), closed(house)
    cosigned(high, 4)
    for one in (low, high):
        published(one)
    award = decide(house, high, low)
    assert list(award.entries.order_by("place").values_list("proposal__matter", flat=True)) == [high.pk, low.pk]

    actions.announce_award(award, by=house.staff, now=house.later())

    assert [line.number for line in public.honours()[0].lines] == [low.number, high.number]
    assert "排名不分先后" in page_of(None, OPEN)


def test_what_was_announced_can_be_taken_back(house: House) -> None:
    matter = closed(house)
    published(matter)
    award = decide(house, matter)
    with pytest.raises(WrongStep, match="还没有公布"):
        actions.take_back_award(award, reason="有误", by=house.staff, now=house.later())
    actions.announce_award(award, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="请写明撤回的原因"):
        actions.take_back_award(award, reason=" ", by=house.staff, now=house.later())

    url = f"/proposals/honours/{award.public_id}/take-back/"
    assert opened(house.member).get(url).status_code == 403
    assert opened(house.staff).post(url, {"reason": "名单有误"}).status_code == 302

    assert public.honours() == []
    assert told("honour_taken_back") == {"林溪"}
    assert [row.verb for row in matter.events.order_by("seq")][-2:] == ["honoured", "honour_taken_back"]
    decide(house, matter)


def test_a_suspended_proposal_is_not_announced_and_leaves_the_public_page(house: House) -> None:
    matter, other = closed(house), closed(house)
    for one in (matter, other):
        published(one)
    award = decide(house, matter, other)
    handling.suspend(matter, reason="疑似涉密", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="现在不能公布"):
        actions.announce_award(award, by=house.staff, now=house.later())
    assert matter.title not in page_of(house.staff, LIST)

    award = decide(house, other)
    actions.announce_award(award, by=house.staff, now=house.later())
    handling.suspend(other, reason="疑似涉密", by=house.staff, now=house.later())
    assert public.honours() == []


# rows and cost -------------------------------------------------------------------------------------------------------


def test_the_database_keeps_what_is_true(house: House) -> None:
    matter = closed(house)
    award = decide(house, matter)
    rows: list[dict[str, Any]] = [
        {"honour": "unit", "use": "points", "measure": "first", "mark": 1},
        {"honour": "unit", "use": "bar", "measure": "missed", "points": 3, "mark": 1},
        {"honour": "unit", "use": "bar", "measure": "overdue", "mark": 1},
        {"honour": "unit", "use": "bar", "measure": "unheard_of", "mark": 1},
    ]
    for facts in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            Criterion.objects.create(**facts)
    entries: list[dict[str, Any]] = [
        {},
        {"proposal": matter.proposal, "unit": house.unit, "unit_name": "某局"},
        {"unit": house.unit},
    ]
    for entry in entries:
        with pytest.raises(IntegrityError), transaction.atomic():
            AwardEntry.objects.create(award=award, chosen=True, place=2, points=1, **entry)
    with pytest.raises(IntegrityError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(state="announced")


@pytest.mark.parametrize("url", [LIST, UNITS, f"{LIST}decide/", f"{UNITS}decide/", OPEN])
def test_pages_cost_the_same_for_one_and_for_more(house: House, url: str) -> None:
    Criterion.objects.filter(honour="unit", use="bar", measure="forms").delete()

    def cost() -> int:
        client = opened(house.staff)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def add() -> Matter:
        matter = closed(house)
        published(matter)
        return matter

    award = decide(house, add())
    actions.announce_award(award, by=house.staff, now=house.later())
    one = cost()
    actions.take_back_award(award, reason="重评", by=house.staff, now=house.later())
    chosen = [add(), add(), closed(house, unit=house.other_unit, clerk=house.other_clerk)]
    actions.announce_award(decide(house, *chosen, reason="一并表彰"), by=house.staff, now=house.later())

    assert cost() == one <= 15
