"""What a ladder is going to say, to whom and when, is told beforehand: by name to those who may know."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members import keys
from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import AssigningOffice, Person
from proposals.handling import clocks, engine, reminders
from proposals.handling.actions import tuning
from proposals.handling.actions.tuning import StepFacts
from proposals.handling.eyes import eyes
from proposals.handling.foreseen import coming
from proposals.handling.models import Ladder, Matter, Obligation, TimeRule
from proposals.handling.workdays import working_calendar
from tests.factories import appoint
from tests.handling.factories import MONDAY, House, assignment, at, house, matter, reply_clock, unit

pytestmark = pytest.mark.django_db
LADDER = "clock_settings:ladder"


@pytest.fixture
def home() -> House:
    found = house()
    AssigningOffice.objects.update_or_create(system=found.unit.body.system, defaults={"office": found.office})
    return found


def seen(obligation: Obligation, person: Person, now: date = MONDAY) -> list[str] | None:
    view = eyes(person, obligation.matter)
    told = coming(obligation, view, person, working_calendar(), now=at(now))
    return None if told is None else [one.words for one in told]


def everybody(home: House, **fields: Any) -> Matter:
    return matter(home, readers=[keys.PUBLIC], **fields)


def test_staff_see_every_name_a_unit_its_own_and_others_only_the_roles(home: House) -> None:
    case = everybody(home)
    obligation = reply_clock(home, matter=case, assignment=assignment(home, case))
    clerk, head, officer = home.unit.clerk.name, home.unit.head.name, home.officer.name

    assert seen(obligation, home.staff) == seen(obligation, home.officer)
    assert (seen(obligation, home.staff) or [])[2:5] == [
        f"到期当日：经办人、单位负责人（{clerk}、{head}）",
        f"逾期第 1 个工作日：单位负责人、交办机构（{officer}、{head}）",
        f"督办单：交办机构（{officer}）",
    ]
    assert (seen(obligation, home.unit.clerk) or [])[2:5] == [
        f"到期当日：经办人、单位负责人（{clerk}、{head}）",
        f"逾期第 1 个工作日：单位负责人、交办机构（{head}）",
        "督办单：交办机构",
    ]
    for other in (unit().clerk, appoint(Role.MEMBER)):
        assert (seen(obligation, other) or [])[2:4] == [
            "到期当日：经办人、单位负责人",
            "逾期第 1 个工作日：单位负责人、交办机构",
        ]


def test_what_is_foreseen_is_what_is_still_to_come(home: House) -> None:
    obligation = reply_clock(home)
    engine.scan(now=at(date(2026, 5, 19), 9))

    assert (seen(obligation, home.staff, date(2026, 5, 20)) or [])[0].startswith("到期前 3 个工作日")
    paused = clocks.pause(obligation, by=None, now=at(date(2026, 5, 21)), reason="送审")
    assert seen(paused, home.staff, date(2026, 5, 21)) == []

    loud = matter(home)
    Matter.objects.filter(pk=loud.pk).update(quiet=True)
    loud.refresh_from_db()
    quiet = reply_clock(home, matter=loud, assignment=assignment(home, loud))
    assert {one.split("（")[0].split("：")[0] for one in seen(quiet, home.staff) or []} == {"督办单"}


def test_a_persons_own_limit_is_foreseen_by_that_person_and_the_office_alone(home: House) -> None:
    member, case = appoint(Role.MEMBER), everybody(home)
    held = assignment(home, case)
    clock = clocks.start(case, "evaluation", assignment=held, person=member, anchor_on=MONDAY, by=None, now=at(MONDAY))

    assert (seen(clock, member) or [])[0] == f"到期前 5 个工作日：本人（{member.name}）"
    assert seen(clock, member) == seen(clock, home.staff)
    for other in (home.unit.clerk, home.officer, appoint(Role.MEMBER)):
        assert seen(clock, other) is None


def test_the_why_page_shows_it_and_the_ladder_page_names_the_people_of_a_chosen_unit(
    home: House, client: Client
) -> None:
    other = unit("市示范局")
    AssigningOffice.objects.update_or_create(system=other.body.system, defaults={"office": home.office})
    obligation = reply_clock(home, on=timezone.localdate())
    client.force_login(home.staff)

    why = client.get(reverse("handling:why", args=[obligation.public_id])).content.decode()
    assert "接下来的提醒" in why
    assert f"督办单：交办机构（{home.officer.name}）" in why

    sample = client.get(reverse(LADDER, args=["unit_reply"]), {"start": "2026-03-02"}).content.decode()
    assert f"到期当日：经办人、单位负责人（{home.unit.clerk.name}、{home.unit.head.name}）" in sample
    chosen = client.get(
        reverse(LADDER, args=["unit_reply"]), {"start": "2026-03-02", "unit": str(other.body.public_id)}
    ).content.decode()
    assert f"到期当日：经办人、单位负责人（{other.clerk.name}、{other.head.name}）" in chosen
    other.clerk.appointments.update(ends_on=date(2026, 1, 1))
    vacant = client.get(
        reverse(LADDER, args=["unit_reply"]), {"start": "2026-03-02", "unit": str(other.body.public_id)}
    ).content.decode()
    assert f"到期前 10 个工作日：经办人（{other.head.name}），承办单位无人在岗，已升级" in vacant


STEP = StepFacts("到期前 5 个工作日", "due", -5, time(9), 10, ("handler",), "clock.soon")


def changed(**facts: Any) -> StepFacts:
    return StepFacts(**{**STEP.__dict__, **facts})


def test_a_new_version_of_a_ladder_is_for_rules_made_from_then_on(home: House, client: Client) -> None:
    obligation = reply_clock(home)
    old = Ladder.objects.get(code="unit_reply")
    client.force_login(home.staff)
    page = client.get(reverse("clock_settings:replace_ladder", args=[old.code]))
    assert page.status_code == 200
    form = page.context["form"].steps
    data: dict[str, Any] = {
        "name": "答复（新）",
        **{f"{form.prefix}-{key}": value for key, value in form.management_form.initial.items()},
    }
    for number, one in enumerate(form.initial):
        data |= {f"step-{number}-{key}": value for key, value in one.items() if value is not None}
    data["step-0-name"] = ""

    saved = client.post(reverse("clock_settings:replace_ladder", args=[old.code]), data)

    new = Ladder.objects.get(replaces=old)
    assert saved.headers["Location"] == reverse(LADDER, args=[new.code])
    assert (new.code, new.steps.count(), old.steps.count()) == ("unit_reply-v2", 4, 5)
    obligation.refresh_from_db()
    assert obligation.rule.ladder == old
    choices = client.get(reverse("clock_settings:replace_rule", args=[obligation.rule.code])).content.decode()
    assert 'value="unit_reply-v2"' in choices and 'value="unit_reply"' not in choices
    with pytest.raises(WrongStep, match="已经有了新版本"):
        tuning.replace_ladder(old, name="", steps=[STEP], by=home.staff, now=at(MONDAY))
    third = tuning.replace_ladder(new, name="", steps=[STEP], by=home.staff, now=at(MONDAY))
    assert (third.code, third.name) == ("unit_reply-v3", "答复（新）")


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([], "至少要有一个节点"),
        ([changed(template="clock.none")], "没有“clock.none”这个通知模板"),
        ([changed(template="clock.broken")], "通知模板“clock.broken”不能生成文字"),
        ([changed(offset=-900)], "偏移不能超过 250 个工作日"),
        ([changed(anchor="start")], "不能早于起算日"),
        ([changed(at=time(23))], "时刻应在 9:00 至 17:30 之间"),
        ([changed(every=5)], "重复提醒须写明最多次数"),
        ([changed(times=5)], "还须写明每隔几个工作日"),
        ([STEP, changed(name="又一次")], "第 2 个节点：与前面的节点完全相同"),
        ([changed(audience=("leader",))], "没有“leader”这类提醒对象"),
        ([changed(audience=())], "请选择提醒对象"),
    ],
)
def test_a_ladder_that_could_not_run_is_refused_with_a_sentence(
    steps: list[StepFacts], sentence: str, home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: Callable[..., tuple[str, str]] = lambda *_: ("", str(1 / 0))  # noqa: E731  a template that raises
    monkeypatch.setitem(reminders.TEMPLATES, "clock.broken", broken)

    with pytest.raises(Refused, match=sentence):
        tuning.replace_ladder(
            Ladder.objects.get(code="unit_reply"), name="x", steps=steps, by=home.staff, now=at(MONDAY)
        )
    assert not Ladder.objects.exclude(replaces=None).exists()


def test_a_faulty_step_comes_back_with_its_sentence_and_nothing_is_made(home: House, client: Client) -> None:
    client.force_login(home.staff)
    data = {"name": "x", "step-TOTAL_FORMS": "1", "step-INITIAL_FORMS": "0", "step-0-name": "第一步",
            "step-0-anchor": "due", "step-0-offset": "-5", "step-0-template": "clock.soon", "step-0-every": "2",
            "step-0-audience": ["handler"]}  # fmt: skip

    page = client.post(reverse("clock_settings:replace_ladder", args=["unit_reply"]), data)

    assert page.status_code == 422
    assert "重复提醒须写明最多次数" in page.content.decode()
    assert 'value="第一步"' in page.content.decode()
    assert not Ladder.objects.exclude(replaces=None).exists()
    assert TimeRule.objects.get(code="objection_window").ladder is None, "a rule without a ladder stays fine"
