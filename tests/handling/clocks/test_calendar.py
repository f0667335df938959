"""The calendar that is shipped, and counting on it."""

import json
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.handling.clockwork.calendar import LAST, OutOfCalendar, WorkCalendar
from proposals.handling.clockwork.rules import months_after
from proposals.handling.clockwork.years import BadYear, missing_year, parse_year, read_year, shipped_years

from .strategies import Pair, calendars, dates


@pytest.fixture(scope="module")
def shipped() -> WorkCalendar:
    years = shipped_years()
    days = {day.on: day for year in years for day in year.days()}
    return WorkCalendar(days, [year.number for year in years if year.published])


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
        (date(2025, 9, 26), 5, date(2025, 10, 10)),
        (date(2024, 2, 2), 10, date(2024, 2, 21)),
    ],
)
def test_make_up_workdays_are_counted(shipped: WorkCalendar, start: date, count: int, expected: date) -> None:
    assert shipped.add(start, count) == expected
    assert shipped.count(start, expected) == count


def test_every_shipped_day_agrees_with_an_independent_calendar(shipped: WorkCalendar) -> None:
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(1461)]

    differing = [day for day in days if shipped.is_workday(day) != chinese_calendar.is_workday(day)]

    assert differing == []


def test_next_year_is_provisional_until_its_notice(shipped: WorkCalendar) -> None:
    assert not shipped.is_provisional(date(2026, 11, 1), date(2026, 12, 31))
    assert shipped.is_provisional(date(2026, 11, 1), date(2027, 1, 4))
    assert shipped.is_provisional(date(2028, 1, 1), date(2028, 1, 2))


def test_every_published_year_names_its_notice() -> None:
    notices = {year.number: year.notice for year in shipped_years()}

    assert notices == {
        2023: "国办发明电〔2022〕16号",
        2024: "国办发明电〔2023〕7号",
        2025: "国办发明电〔2024〕12号",
        2026: "国办发明电〔2025〕7号",
        2027: "",
    }


@given(calendars(), dates, st.integers(1, 200))
def test_i2_counting_to_the_nth_workday_gives_n(pair: Pair, start: date, n: int) -> None:
    end = pair.engine.add(start, n)

    assert pair.engine.is_workday(end)
    assert pair.engine.count(start, end) == n
    assert pair.engine.add(start, n + 1) > end
    assert end == pair.slow.later(start, n)
    assert pair.engine.back(start, n) == pair.slow.earlier(start, n)


@given(st.dates(date(2001, 1, 1), date(2050, 1, 1)), st.integers(0, 60))
def test_months_end_on_the_same_day_or_on_the_months_last(start: date, months: int) -> None:
    end = months_after(start, months)

    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


def test_a_count_beyond_the_calendar_is_a_sentence(shipped: WorkCalendar) -> None:
    with pytest.raises(OutOfCalendar, match="超出日历范围"):
        shipped.add(LAST, 1)


def year_file(**changes: object) -> str:
    plain: dict[str, object] = {
        "year": 2027,
        "notice": "国办发明电〔2026〕1号",
        "off": {"2027-01-01": "元旦"},
        "work": {},
    }
    return json.dumps(plain | changes)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "不是有效的 JSON"),
        ("[]", "缺少"),
        ("[" * 100_000, "不是有效的 JSON"),
        (year_file(year="2027"), "缺少"),
        (year_file(year=1999), "超出"),
        (year_file(off={"2026-12-31": "元旦"}), "不在 2027 年"),
        (year_file(off={"2027-02-30": "春节"}), "不是有效日期"),
        (year_file(off={"2027-01-02": "元旦"}, work={"2027-01-02": "元旦"}), "既放假又上班"),
        (year_file(work={"2027-01-04": "元旦"}), "不是周末"),
        (year_file(off=["2027-01-01"]), "对照"),
        (year_file(notice=""), "通知文号"),
        (year_file(status="publishd"), "status 只能是"),
        (year_file(status=None), "status 只能是"),
        ('{"year": 2027, "notice": "x", "off": {"2027-01-01": "a", "2027-01-01": "b"}}', "出现了两次"),
    ],
)
def test_an_impossible_year_is_refused_with_a_sentence(text: str, fault: str) -> None:
    with pytest.raises(BadYear, match=fault):
        parse_year(text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "2027.json"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadYear, match="UTF-8"):
        read_year(path)


def test_from_november_on_until_it_is_there_a_missing_year_is_noticed() -> None:
    published = frozenset({2026})

    assert missing_year(date(2026, 10, 31), published) is None
    assert missing_year(date(2026, 11, 1), published) == 2027
    assert missing_year(date(2026, 12, 31), published) == 2027
    assert missing_year(date(2027, 1, 1), published) == 2027, "it matters most when the year has begun"
    assert missing_year(date(2027, 6, 1), published) == 2027
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 10, 31)):
        assert missing_year(day, frozenset({2026, 2027})) is None
