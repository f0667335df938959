"""Settings of rules, ladders and calendar: what would move is shown first; nobody else gets in."""

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from members.choices import Role
from proposals.handling import clocks, workdays
from proposals.handling.models import CalendarDay, CalendarYear, ClockEvent, TimeRule
from tests.factories import appoint
from tests.handling.factories import MONDAY, House, at, house, matter, reply_clock

pytestmark = pytest.mark.django_db
PAGES = ("rules", "ladders", "calendar", "load_year", "local_day")


@pytest.fixture
def home() -> House:
    return house()


@pytest.fixture
def staff(home: House, client: Client) -> Client:
    client.force_login(home.staff)
    return client


def year_2027(**changes: object) -> str:
    plain = {
        "year": 2027,
        "notice": "国办发明电〔2026〕8号",
        "off": {"2027-01-01": "元旦"},
        "work": {"2027-01-02": "元旦"},
    }
    return json.dumps(plain | changes)


@pytest.mark.parametrize("page", PAGES)
def test_staff_opens_every_page_and_a_unit_none(staff: Client, home: House, page: str) -> None:
    address = reverse(f"clock_settings:{page}")
    assert staff.get(address).status_code == 200

    other = Client()
    assert other.get(address).status_code == 302
    other.force_login(appoint(Role.UNIT_CLERK))
    assert other.get(address).status_code == 403


def test_a_ladder_shows_on_which_days_it_would_fire(staff: Client) -> None:
    page = staff.get(reverse("clock_settings:ladder", args=["unit_reply"]), {"start": "2026-03-02"}).content.decode()

    assert "到期日为 6月2日（星期二）" in page
    assert "5月19日（星期二） 09:00" in page
    assert "督办单（第 12 次）：交办机构" in page
    assert staff.get(reverse("clock_settings:ladder", args=["unit_reply"]), {"start": "昨天"}).status_code == 404


def test_a_years_file_is_shown_before_it_is_loaded(staff: Client, home: House) -> None:
    obligation = clocks.start(
        matter(home), "sign_for", body=home.unit.body, anchor_on=date(2026, 12, 30), by=None, now=at(date(2026, 12, 30))
    )
    assert (obligation.due_on, obligation.provisional) == (date(2027, 1, 4), True)
    address = reverse("clock_settings:load_year")

    file = SimpleUploadedFile("2027.json", year_2027().encode())
    workdays.set_local_day(date(2027, 3, 1), is_workday=False, name="市民日")
    preview = staff.post(address, {"file": file})
    assert "本地调整的 1 天（2027年3月1日）保留不变" in preview.content.decode()
    assert "没有进行中的期限会变动" in preview.content.decode()
    assert CalendarYear.objects.get(year=2027).status == "provisional"

    done = staff.post(address, {**preview.context["fields"], "confirmed": "1"})
    assert done.status_code == 302
    obligation.refresh_from_db()
    assert (obligation.due_on, obligation.provisional) == (date(2027, 1, 4), False)


def test_loading_a_year_moves_what_it_touches(staff: Client, home: House) -> None:
    obligation = clocks.start(
        matter(home), "sign_for", body=home.unit.body, anchor_on=date(2026, 12, 30), by=None, now=at(date(2026, 12, 30))
    )
    text = year_2027(work={})

    staff.post(reverse("clock_settings:load_year"), {"text": text, "confirmed": "1"})

    obligation.refresh_from_db()
    assert obligation.due_on == date(2027, 1, 5)
    assert obligation.events.filter(kind=ClockEvent.Kind.CALENDAR).count() == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "请选择日历文件"),
        ("{", "不是有效的 JSON"),
        (year_2027(year=1066), "超出"),
        (year_2027(off={"2026-01-01": "元旦"}), "不在 2027 年"),
    ],
)
def test_a_faulty_file_is_refused_with_a_sentence(staff: Client, text: str, sentence: str) -> None:
    page = staff.post(reverse("clock_settings:load_year"), {"text": text, "confirmed": "1"})

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert CalendarYear.objects.get(year=2027).status == "provisional"


def test_a_new_rule_has_its_date_and_is_applied_after_a_preview(staff: Client, home: House) -> None:
    obligation = reply_clock(home, on=MONDAY)
    old = TimeRule.objects.get(code="reply")
    wanted = {
        "amount": 2,
        "unit": "month",
        "ladder": "unit_reply",
        "starts_on": "2026-04-01",
        "basis": "市政协办〔2026〕1号",
    }

    saved = staff.post(reverse("clock_settings:replace_rule", args=[old.code]), wanted)
    new = TimeRule.objects.get(code="reply", amount=2)
    assert saved.headers["Location"] == reverse("clock_settings:apply_rule", args=[new.code])
    preview = staff.get(saved.headers["Location"]).content.decode()
    assert "将使 1 项进行中的期限变动" in preview
    obligation.refresh_from_db()
    assert obligation.rule == old

    staff.post(saved.headers["Location"], {})
    obligation.refresh_from_db()
    assert (obligation.rule, obligation.due_on) == (new, date(2026, 5, 6))


def test_a_new_rule_cannot_begin_before_the_old_one(staff: Client) -> None:
    old = TimeRule.objects.get(code="reply")

    page = staff.post(
        reverse("clock_settings:replace_rule", args=[old.code]),
        {"amount": 2, "unit": "month", "starts_on": "1999-04-01", "basis": "x"},
    )

    assert page.status_code == 422
    assert "应晚于现行规则" in page.content.decode()


def test_a_local_day_moves_running_limits(staff: Client, home: House) -> None:
    obligation = reply_clock(home, on=date(2026, 9, 1))
    assert obligation.due_on == date(2026, 12, 1)

    address, wanted = reverse("clock_settings:local_day"), {"on": "2026-12-01", "is_workday": "0", "name": "市民日"}
    preview = staff.post(address, wanted)
    text = preview.content.decode()
    assert "12月1日（星期二）调整为休息：市民日。" in text
    assert "将使 1 项进行中的期限变动，告知 2 人" in text
    assert home.unit.clerk.name in text
    assert not CalendarDay.objects.filter(source="local").exists(), "nothing is written by looking"
    done = staff.post(address, {**preview.context["fields"], "confirmed": "1"})

    assert done.status_code == 302
    assert CalendarDay.objects.get(date=date(2026, 12, 1)).source == "local"
    obligation.refresh_from_db()
    assert obligation.due_on == date(2026, 12, 2)


def test_an_adjustment_that_changes_nothing_is_refused_before_it_is_previewed(staff: Client) -> None:
    wanted = {"on": "2026-12-01", "is_workday": "1", "name": "市民日"}

    page = staff.post(reverse("clock_settings:local_day"), wanted)

    assert page.status_code == 422
    assert "这一天本来就是这样" in page.content.decode()


def test_a_preview_and_a_trial_mark_days_that_hang_on_an_unpublished_year(staff: Client, home: House) -> None:
    obligation = clocks.start(
        matter(home), "sign_for", body=home.unit.body, anchor_on=date(2026, 12, 30), by=None, now=at(date(2026, 12, 30))
    )
    assert obligation.due_on == date(2027, 1, 4)
    wanted = {"on": "2026-12-31", "is_workday": "0", "name": "市民日"}

    assert "2027年1月5日（星期二）（暂定）" in staff.post(reverse("clock_settings:local_day"), wanted).content.decode()
    ladder = reverse("clock_settings:ladder", args=["unit_reply"])
    assert "到期日为 2027年2月2日（星期二）（暂定）" in staff.get(ladder, {"start": "2026-11-02"}).content.decode()


def test_pages_cost_the_same_queries_for_one_rule_and_for_many(
    staff: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for page in PAGES:
        with django_assert_max_num_queries(15):  # type: ignore[operator]  # a fixture that is called
            staff.get(reverse(f"clock_settings:{page}"))


def test_a_local_day_is_taken_back_to_what_the_year_says(staff: Client) -> None:
    """A holiday made a working day by this city is, once set back, the holiday that it was."""
    holiday = CalendarDay.objects.filter(source="statutory", date__year=2026).exclude(date__week_day__in=[1, 7]).first()
    assert holiday is not None
    before = (holiday.is_workday, holiday.name, holiday.source)
    workdays.set_local_day(holiday.date, is_workday=True, name="防汛值班")
    wanted = {"on": holiday.date.isoformat(), "is_workday": "0", "name": "恢复"}

    preview = staff.post(reverse("clock_settings:local_day"), wanted)
    assert "按全国安排恢复为休息" in preview.content.decode()
    staff.post(reverse("clock_settings:local_day"), {**preview.context["fields"], "confirmed": "1"})

    holiday.refresh_from_db()
    assert (holiday.is_workday, holiday.name, holiday.source) == before
