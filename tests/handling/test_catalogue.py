"""The catalogue of responsibilities is read by offices and units, kept by the proposal office, and asked about a matter."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.models import AuditEntry, Body
from proposals.handling import actions
from proposals.handling.actions.catalogue import hand_on_remits
from proposals.handling.models import Matter, Remit
from proposals.handling.remits import remits_for
from proposals.models import Category
from tests.factories import MatterFactory
from tests.handling.conftest import NOW, House, give, part_of, reason


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def listed(house: House, unit: Any, words: str, subject: str = "", **more: str) -> Remit:
    given = actions.RemitGiven(unit, subject or f"管理{words}", words, **more)
    since = timezone.localdate() - timedelta(days=30)
    return actions.add_remits([given], starts_on=since, by=house.staff, now=house.later())[0]


def about(house: House, title: str, category: str = "") -> Matter:
    matter = MatterFactory(by=house.member, title=title, unit_title=title)
    if category:
        matter.proposal.category = Category.objects.get(name=category)
        matter.proposal.save()
    return matter


def named(matter: Matter) -> list[Body]:
    return [hit.remit.unit for hit in remits_for(matter, on=timezone.localdate())]


def test_units_are_named_by_the_words_that_stand_in_the_text_longest_first(house: House) -> None:
    listed(house, house.unit, "停车、公共停车场", basis="“三定”规定")
    listed(house, house.unit, "泊位", "泊位收费")
    listed(house, house.other_unit, "停车")
    listed(house, house.third_unit, "养老")

    found = remits_for(about(house, "关于增加公共停车场的建议"), on=timezone.localdate())

    assert [hit.remit.unit for hit in found] == [house.unit, house.other_unit]
    assert found[0].reason == "管理停车、公共停车场（“三定”规定），相同的词：停车、公共停车场"


def test_of_equal_lines_that_of_the_category_comes_first(house: House) -> None:
    listed(house, house.unit, "停车", category="经济建设")
    listed(house, house.other_unit, "停车", category="社会建设")

    assert named(about(house, "停车难", "社会建设")) == [house.other_unit, house.unit]
    assert named(about(house, "停车难", "经济建设")) == [house.unit, house.other_unit]


def test_a_line_that_has_ended_names_nobody_and_stays_on_record(house: House) -> None:
    row = listed(house, house.unit, "停车")

    actions.end_remit(row, by=house.staff, now=timezone.now())

    assert named(about(house, "停车难")) == []
    assert Remit.objects.get().ends_on == timezone.localdate() - timedelta(days=1)
    assert AuditEntry.objects.filter(verb="handling.end_remit").exists()
    with pytest.raises(WrongStep, match="已经终止"):
        actions.end_remit(row, by=house.staff, now=timezone.now())
    listed(house, house.unit, "停车")


def test_a_line_of_today_that_is_ended_today_goes_and_a_colleague_is_told_so(house: House) -> None:
    line = actions.RemitGiven(house.unit, "停车管理", "停车")
    row = actions.add_remits([line], starts_on=timezone.localdate(), by=house.staff, now=timezone.now())[0]
    client, end = signed_in(house.staff), reverse("handling:end_remit", args=[row.public_id])

    actions.end_remit(row, by=house.colleague, now=timezone.now())

    assert not Remit.objects.exists()
    with pytest.raises(WrongStep, match="已经终止"):
        actions.end_remit(row, by=house.staff, now=timezone.now())
    assert client.get(end).status_code == 404


def test_a_line_that_is_to_begin_stands_in_the_list_and_names_nobody_yet(house: House) -> None:
    soon = timezone.localdate() + timedelta(days=9)
    actions.add_remits([actions.RemitGiven(house.unit, "停车管理", "停车")], starts_on=soon, by=house.staff, now=NOW)

    assert "停车管理" in signed_in(house.staff).get(reverse("handling:catalogue")).content.decode()
    assert named(about(house, "停车难")) == []


def test_the_heir_of_a_unit_has_its_lines_and_after_a_split_they_are_entered_anew(house: House) -> None:
    listed(house, house.unit, "停车", "停车管理", category="社会建设")
    listed(house, house.unit, "泊位", "泊位收费")
    listed(house, house.other_unit, "泊位收费", "泊位收费")

    hand_on_remits(house.unit, [house.other_unit], on=timezone.localdate())

    today = timezone.localdate()
    standing = Remit.objects.in_force(today).order_by("subject")
    assert list(standing.values_list("unit", "subject", "words", "category")) == [
        (house.other_unit.pk, "停车管理", "停车", "社会建设"),
        (house.other_unit.pk, "泊位收费", "泊位收费", ""),
    ]
    assert set(house.unit.remits.values_list("ends_on", flat=True)) == {today - timedelta(days=1)}
    hand_on_remits(house.other_unit, [house.unit, house.third_unit], on=today)
    assert not Remit.objects.in_force(today).exists()


def test_the_same_line_twice_and_a_word_of_one_character_are_refused(house: House) -> None:
    listed(house, house.unit, "停车", "停车管理")

    with pytest.raises(Refused, match="已有“停车管理”这条职责"):
        listed(house, house.unit, "泊位", "停车管理")
    with pytest.raises(Refused, match="至少两个字"):
        listed(house, house.unit, "车、停车", "另一条")


def test_a_table_is_pasted_whole_or_every_faulty_line_is_named(house: House) -> None:
    client, url = signed_in(house.staff), reverse("handling:paste_remits")
    typed = {"starts_on": timezone.localdate().isoformat()}
    good = f"单位\t职责\t主题词\n{house.unit.name}\t停车管理\t停车、泊位\t社会建设\t规定\n{house.other_unit.name}\t补助\t补助资金"

    bad = ["市没有局\t甲\t乙乙", f"{house.unit.name}\t缺词", f"{house.unit.name}\t甲\t乙乙\t没有这类", "\t\t"]
    refused = client.post(url, {**typed, "pasted": "\n".join([good, *bad, f"{house.unit.name}\t甲\t乙乙\t\t\t多"])})
    assert refused.status_code == 422
    said = refused.content.decode()
    assert "第 4 行：没有找到单位“市没有局”" in said and "第 5 行：请填写职责和主题词" in said
    assert "第 6 行：没有“没有这类”这个提案类别" in said and "第 8 行：第五列以后还有内容" in said
    for nothing in ("单位\t职责\t主题词", f"{house.unit.name}\t甲\t乙", f"{good}\n{good}"):
        assert client.post(url, {**typed, "pasted": nothing}).status_code == 422
    assert not Remit.objects.exists()

    assert client.post(url, {**typed, "pasted": good}).status_code == 302
    assert list(Remit.objects.order_by("pk").values_list("subject", "category")) == [
        ("停车管理", "社会建设"),
        ("补助", ""),
    ]


def test_units_read_it_and_only_the_proposal_office_changes_it(house: House) -> None:
    row = listed(house, house.unit, "停车")
    url, end = reverse("handling:catalogue"), reverse("handling:end_remit", args=[row.public_id])

    for reader in (house.clerk, house.officer, house.staff):
        assert "管理停车" in signed_in(reader).get(url, {"q": "停车"}).content.decode()
    assert end not in signed_in(house.clerk).get(url).content.decode()
    assert signed_in(house.clerk).get(end).status_code == signed_in(house.officer).get(end).status_code == 403
    assert signed_in(house.member).get(url).status_code == 403
    assert signed_in(house.staff).post(end).status_code == 302
    assert "管理停车" not in signed_in(house.staff).get(url).content.decode()


def test_the_list_costs_the_same_for_one_line_and_for_three(house: House) -> None:
    client, url = signed_in(house.staff), reverse("handling:catalogue")
    listed(house, house.unit, "停车")
    client.get(url)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        return len(asked)

    one = cost()
    listed(house, house.other_unit, "停车")
    listed(house, house.third_unit, "停车")
    assert cost() == one <= 12


def test_the_office_sees_it_beside_an_objection(house: House) -> None:
    listed(house, house.other_unit, "停车", "停车管理")
    matter = MatterFactory(by=house.member, title="关于增加停车位的建议")
    part = part_of(give(house, matter=matter), house.unit)
    objection = actions.object_to(
        part,
        reason=reason("objection"),
        text="不是",
        approved_by="方正",
        suggested=house.other_unit,
        by=house.clerk,
        now=house.later(),
    )

    pages = [("decide_objection", objection), ("call_coordination", part), ("transfer", part)]
    for name, row in pages:
        said = signed_in(house.officer).get(reverse(f"handling:{name}", args=[row.public_id])).content.decode()
        assert "没有登记这个单位的职责" in said, name
        assert f"{house.other_unit}——停车管理，相同的词：停车" in said, name
