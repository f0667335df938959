"""The audit finds every planted fault, and nothing in a sound database; the commands say what they did."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from members.models import AuditEntry
from proposals.handling import audit, clocks, engine, workdays
from proposals.handling.clockwork.years import Year
from proposals.handling.models import CalendarYear, EngineClock, Obligation
from tests.handling.factories import House, at, house, matter, reply_clock, rule

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
NOW = at(date(2026, 5, 25))
NOTHING_NEXT: dict[str, Any] = {"next_at": None, "next_step": None, "next_n": None}


@pytest.fixture
def home() -> House:
    return house()


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def found(now: datetime = NOW) -> list[str]:
    return [difference.what for difference in audit.differences(now=now)]


def test_i1_a_sound_database_has_no_difference(home: House) -> None:
    obligation = reply_clock(home)
    paused = reply_clock(home)
    clocks.extend(obligation, amount=1, by=None, now=at(date(2026, 5, 6)), reason="x")
    clocks.pause(paused, by=None, now=at(date(2026, 5, 6)), reason="x")
    clocks.complete(reply_clock(home), by=None, now=at(date(2026, 5, 6)))
    engine.scan(now=NOW)

    assert found() == []


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ({"due_on": date(2026, 6, 3)}, {"到期日", "末条记录的到期日"}),
        ({"anchor_on": date(2026, 3, 9)}, {"到期日"}),
        ({"fixed_on": date(2026, 8, 3)}, {"到期日"}),
        ({"next_at": at(date(2026, 8, 3))}, {"下次提醒"}),
        (NOTHING_NEXT, {"下次提醒"}),
        ({"status": "paused", **NOTHING_NEXT}, {"状态"}),
        ({"epoch": 2}, {"下次提醒"}),
        ({"due_on": date(2060, 12, 31)}, {"到期日", "末条记录的到期日", "下次提醒"}),
        ({"anchor_on": date(2060, 11, 30)}, {"到期日"}),
        ({"status": "done", "done_at": NOW, "late_workdays": 0, **NOTHING_NEXT}, {"状态"}),
        ({"status": "cancelled", **NOTHING_NEXT}, {"状态"}),
        ({"calendar_version": 99}, {"日历版本"}),
        ({"provisional": True}, {"暂定"}),
        ({"next_n": 2}, {"下次提醒的节点"}),
        ({"error": "KeyError: 'x'", "next_at": at(date(2026, 8, 3))}, {"下次提醒"}),
        ({"error": "KeyError: 'x'", "next_n": 2}, {"下次提醒的节点"}),
    ],
)
def test_i1_a_planted_fault_is_found(home: House, fault: dict[str, Any], names: set[str]) -> None:
    sound, faulty = reply_clock(home), reply_clock(home)
    engine.scan(now=NOW)
    Obligation.objects.filter(pk=faulty.pk).update(**fault)

    differences = list(audit.differences(now=NOW - timedelta(days=9)))

    assert names <= {difference.what for difference in differences}
    assert {difference.obligation for difference in differences} == {faulty.pk} != {sound.pk}


def test_i1_another_rule_than_the_last_that_was_applied_is_found(home: House) -> None:
    obligation = reply_clock(home)
    old = obligation.rule
    old.valid = (date(2000, 1, 1), date(2026, 4, 1))
    old.save()
    new = rule("reply", 3, "month", valid=(date(2026, 4, 1), None))
    clocks.apply_rule(obligation, new, by=None, now=at(date(2026, 4, 2)), reason="x")
    assert found(at(date(2026, 4, 3))) == []

    Obligation.objects.filter(pk=obligation.pk).update(rule=old)

    assert "适用规则" in found(at(date(2026, 4, 3)))


def test_i15_an_event_that_does_not_go_on_from_the_last_is_found(home: House) -> None:
    obligation = reply_clock(home)
    clocks.extend(obligation, amount=1, by=None, now=at(date(2026, 5, 6)), reason="x")
    planted = {"kind": "move", "on_date": date(2026, 5, 7), "at": NOW}
    obligation.events.create(seq=3, old_due=date(2026, 6, 2), new_due=date(2026, 7, 2), **planted)

    assert found() == ["第 3 条记录的原到期日"]


def test_what_was_set_aside_is_no_difference(home: House) -> None:
    obligation = reply_clock(home)
    assert obligation.next_at == at(date(2026, 5, 19), 9)
    Obligation.objects.filter(pk=obligation.pk).update(error="KeyError: 'x'", next_at=at(date(2026, 5, 19), 10))

    assert found(at(date(2026, 5, 19), 9, 30)) == []
    Obligation.objects.filter(pk=obligation.pk).update(next_at=at(date(2026, 5, 19), 11))
    assert found(at(date(2026, 5, 19), 9, 30)) == ["下次提醒"]


def test_the_audit_command_fails_when_something_differs(home: House) -> None:
    obligation = reply_clock(home)
    assert json.loads(run("audit_clocks", "--json")) == {"checked": 1, "differences": []}

    Obligation.objects.filter(pk=obligation.pk).update(due_on=date(2026, 6, 3))
    with pytest.raises(CommandError, match="与时限记录不一致"):
        run("audit_clocks")


def test_a_calendar_is_loaded_from_a_file_after_a_dry_run(home: House, tmp_path: Path) -> None:
    clocks.start(
        matter(home), "sign_for", body=home.unit.body, anchor_on=date(2026, 12, 30), by=None, now=at(date(2026, 12, 30))
    )
    file = tmp_path / "2027.json"
    file.write_text(
        json.dumps({"year": 2027, "notice": "国办发明电〔2026〕8号", "off": {"2027-01-01": "元旦"}, "work": {}})
    )

    dry = json.loads(run("calendar", "load", str(file), "--dry-run", "--json"))
    assert (dry["moved"], dry["changed"]) == (1, False)
    assert dry["deadlines"][0]["new"] == "2027-01-05"
    assert CalendarYear.objects.get(year=2027).status == "provisional"
    loaded = json.loads(run("calendar", "load", str(file), "--json"))

    assert (loaded["moved"], loaded["changed"]) == (1, True)
    assert Obligation.objects.get().due_on == date(2027, 1, 5)
    assert "没有变动" in run("calendar", "load", str(file))


def test_loading_goes_on_past_a_clock_that_cannot_be_recounted_and_is_audited(home: House, tmp_path: Path) -> None:
    bad, good = (
        clocks.start(
            matter(home),
            "sign_for",
            body=home.unit.body,
            anchor_on=date(2026, 12, 30),
            by=None,
            now=at(date(2026, 12, 30)),
        )
        for _ in range(2)
    )
    Obligation.objects.filter(pk=bad.pk).update(anchor_on=date(2060, 12, 31))
    file = tmp_path / "2027.json"
    file.write_text(json.dumps({"year": 2027, "notice": "国办发明电〔2026〕8号", "off": {"2027-01-01": "元旦"}}))

    said = run("calendar", "load", str(file))

    assert "有 1 项没有算成" in said
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.due_on, bad.error[:7]) == (date(2027, 1, 5), "Refused")
    entry = AuditEntry.objects.get(verb="handling.load_year")
    assert (entry.subject, entry.by) == ("2027", None)


def test_a_provisional_file_for_a_published_year_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "2026.json"
    file.write_text(json.dumps({"year": 2026, "status": "provisional"}))

    with pytest.raises(CommandError, match="不能改回暂定"):
        run("calendar", "load", str(file), "--dry-run")


@pytest.mark.parametrize(
    ("day", "loaded", "sentence"),
    [
        (date(2026, 10, 31), (), ""),
        (date(2026, 11, 1), (), "2027 年的放假安排还没有载入"),
        (date(2027, 1, 4), (), "2027 年的放假安排没有载入，期限只按周末推算"),
        (date(2027, 1, 4), (2027,), ""),
    ],
)
def test_calendar_check_says_which_year_is_missing(day: date, loaded: tuple[int, ...], sentence: str) -> None:
    EngineClock.objects.filter(pk=1).update(mark="test", offset=at(day) - timezone.now())
    for year in loaded:
        workdays.publish(Year(year, published=True, notice="国办发明电〔2026〕8号", off={date(year, 1, 1): "元旦"}))

    if sentence:
        with pytest.raises(CommandError, match=sentence):
            run("calendar", "check")
        with pytest.raises(CommandError, match=sentence):
            run("calendar", "check", "--json")
    else:
        assert "2026 年：已公布，国办发明电〔2025〕7号" in run("calendar", "check")
        assert json.loads(run("calendar", "check", "--json"))["ok"] is True


def test_a_faulty_calendar_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="无法读取"):
        run("calendar", "load", str(tmp_path / "none.json"))


def test_a_shipped_year_loads_without_effect() -> None:
    path = Path(engine.__file__).parent / "calendars" / "2026.json"

    assert "完全相同" in run("calendar", "load", str(path))
