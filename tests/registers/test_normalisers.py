"""Numbers, dates, units, titles and marks, whatever a clerk makes of them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.portal.registers.dates import ReadDate, parse_date
from config.portal.registers.marks import clean_doc_no, parse_class
from config.portal.registers.numbers import chinese_number, parse_number
from config.portal.registers.text import Cell, clean_title, one_line, same_words, text_of
from config.portal.registers.units import read_units

from .books import MATCHER

DAYS = st.dates(date(1990, 1, 2), date(2099, 12, 31))
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
CHINESE = "〇一二三四五六七八九"


def in_chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else CHINESE[tens]) + ("十" if tens else "") + (CHINESE[ones] if ones or not tens else "")


@given(DAYS)
def test_every_way_to_write_a_day_gives_that_day(day: date) -> None:
    year, month, on = day.year, day.month, day.day
    written: list[Cell] = [
        f"{year}.{month}.{on}", f"{year}年{month}月{on}日", f"{year}/{month:02}/{on:02}", f"{year}-{month}-{on}",
        f"{year}{month:02}{on:02}", int(f"{year}{month:02}{on:02}"), f"{year}年{month}月{on}日".translate(WIDE),
        f"  {year}.{month:02}.{on:02} ", (day - date(1899, 12, 30)).days, str((day - date(1899, 12, 30)).days),
        (day - date(1899, 12, 30)).days + 0.75, day, datetime(year, month, on, 23, 59), f"{year}-{month:02}-{on:02} 14:30:00",
        f"{year}-{month:02}-{on:02}T08:00", f"{year}年{month}月{on}日上午9:30", f"{year} 年 {month} 月 {on} 日", f"{year}．{month}．{on}",
        "".join(CHINESE[int(digit)] for digit in str(year)) + f"年{in_chinese(month)}月{in_chinese(on)}日", f"{year}.{month}.{on}（周四）",
    ]  # fmt: skip

    assert {parse_date(cell) for cell in written} == {ReadDate(day)}


@given(st.dates(date(2000, 1, 1), date(2079, 12, 31)))
def test_a_missing_century_or_year_is_supplied_and_said(day: date) -> None:
    assert parse_date(f"{day:%y}.{day.month}.{day.day}") == ReadDate(day, assumed=True)
    assert parse_date(f"{day.month}月{day.day}日", day.year) == ReadDate(day, assumed=True)
    assert parse_date(f"{day.month}月{day.day}日") == ReadDate(wrong=True)


@pytest.mark.parametrize(
    "cell", ["2026年2月30日", "2026.13.1", "2026年3月", "三月中旬", "5/3/2026", 3.12, 12, True, "26-27"]
)
def test_what_is_no_day_is_said_to_be_wrong(cell: Cell) -> None:
    assert parse_date(cell, 2026) == ReadDate(wrong=True)


@pytest.mark.parametrize("cell", [None, "", "  ", "—", "/", "无", "待定", "未答复"])
def test_an_empty_date_is_no_fault(cell: Cell) -> None:
    assert parse_date(cell, 2026) == ReadDate()


@given(
    st.text(max_size=60) | st.floats() | st.integers() | st.booleans() | st.datetimes() | st.times() | st.timedeltas()
)
def test_no_cell_upsets_a_normaliser(cell: Cell) -> None:
    parse_date(cell, 2026)
    number = parse_number(cell)
    parse_class(cell)
    clean_doc_no(cell)
    assert number is None or number[-4:].isdigit()
    assert "\n" not in clean_title(cell)
    assert text_of(cell) == text_of(text_of(cell))
    read_units(cell, "lead", MATCHER)


@given(st.integers(1, 99_999))
def test_every_way_to_write_a_number_gives_that_number(number: int) -> None:
    written: list[Cell] = [
        number, float(number), str(number), f"{number:04}", f"{number}".translate(WIDE), f"第{number}号", f"第{number:03}号提案",
        f" {number} ", f"提案第 {number} 号", f"NO.{number}", f"{number}号", f"十四届二次第{number}号", f"{number}.0",
    ]  # fmt: skip

    assert {parse_number(cell) for cell in written} == {f"{number:04}"}


@given(st.integers(1, 98), st.sampled_from("-—~至、,/到"))
def test_a_range_is_no_number(first: int, between: str) -> None:
    assert parse_number(f"{first}{between}{first + 1}") is None
    assert parse_number(f"第{first}{between}{first + 1}号") is None


@pytest.mark.parametrize("cell", [None, "", "0", 0, -3, 12.5, "合计", "1 2", "无", "第3号、第4号", True])
def test_what_is_no_number_is_refused(cell: Cell) -> None:
    assert parse_number(cell) is None


def test_prefixes_years_and_chinese_numerals_are_read() -> None:
    cells = ["集12", "联-005", "2026-0012", "〔2026〕012号", "第十二号", "一百零五", "'0007", '="0007"']

    assert [parse_number(cell) for cell in cells] == [
        "集0012",
        "联0005",
        "0012",
        "0012",
        "0012",
        "0105",
        "0007",
        "0007",
    ]
    assert [chinese_number(text) for text in ("二十", "卅一", "一千零一", "百")] == [20, 31, 1001, None]


@given(
    st.lists(
        st.sampled_from(sorted(["市教育局", "市财政局", "市发展和改革委员会", "市文旅局", "某某和某某中心"])),
        min_size=1,
        max_size=5,
    )
)
def test_units_come_apart_at_every_separator_and_never_at_he(names: list[str]) -> None:
    for separator in ["、", "，", ",", "\n", "；", ";", "  ", "\u3000\u3000", " / ", "、\n"]:
        assert [named.raw for named in read_units(separator.join(names), "co", MATCHER)] == names


def test_a_single_space_parts_only_units_that_exist() -> None:
    assert [one.raw for one in read_units("市教育局 市财政局", "co", MATCHER)] == ["市教育局", "市财政局"]
    assert [one.raw for one in read_units("市 科 协", "co", MATCHER)] == ["市科协"]
    assert [one.raw for one in read_units("某某 中心", "co", MATCHER)] == ["某某 中心"]


def test_roles_written_inside_a_cell_count() -> None:
    one_column = "主办：市教育局；会办：市财政局、市文旅局"
    marked = "1.市教育局（牵头）2".removesuffix("2") + "\n2.市财政局（协办）"

    assert [(one.raw, one.role) for one in read_units(one_column, "lead", MATCHER)] == [
        ("市教育局", "lead"), ("市财政局", "co"), ("市文旅局", "co"),
    ]  # fmt: skip
    assert [(one.raw, one.role) for one in read_units(marked, "lead", MATCHER)] == [
        ("市教育局", "lead"),
        ("市财政局", "co"),
    ]


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("《关于修路的提案》", "关于修路的提案"),
        ("  \u00a0关于修路的提案\u3000", "关于修路的提案"),
        ("关于加强金融\n消费者权益保护的提案", "关于加强金融消费者权益保护的提案"),
        ("推进5G\nplus应用", "推进5G plus应用"),
        ("《《重名》》", "重名"),
        ("《甲》与《乙》", "《甲》与《乙》"),
        ("贯彻《条例》的建议", "贯彻《条例》的建议"),
        ("科学城 打造中心", "科学城 打造中心"),
        ("=1+1 的提案", "=1+1 的提案"),
        ("䶮𠮷路的建议🚌", "䶮𠮷路的建议🚌"),
        ("藏\u202e字\u200b的\x00提案", "藏字的提案"),
        ("《 》", ""),
        ("—", ""),
        (None, ""),
    ],
)
def test_titles_are_cleaned_and_kept_whole(cell: Cell, title: str) -> None:
    assert clean_title(cell) == title


def test_a_title_keeps_its_words_whatever_its_length() -> None:
    title = "关于" + "进一步" * 45 + "加强的建议"

    assert clean_title(f"《{title}》") == title
    assert same_words("关于“一件事”改革") == same_words("关于 一件事改革")


@pytest.mark.parametrize("cell", ["a", "Ａ", "A类", "（A）", "A ", "(ａ)类", "A类（已解决）", "已解决"])
def test_a_class_in_any_dress_is_its_letter(cell: str) -> None:
    assert parse_class(cell) == "A"


@pytest.mark.parametrize(
    ("cell", "result"),
    [("D类", None), ("AB", None), ("满意", None), ("1", None), ("", ""), ("—", ""), ("列入计划", "B")],
)
def test_a_class_that_does_not_exist_is_none(cell: str, result: str | None) -> None:
    assert parse_class(cell) == result


@pytest.mark.parametrize(
    "cell",
    [
        "商务函[2026]19号",
        "商务函（2026） 19号",
        "商务函【２０２６】19号",
        " 商务函〔2026〕19号\n",
        "商务函［2026］19号",
    ],
)
def test_a_reference_has_its_year_in_official_brackets(cell: str) -> None:
    assert clean_doc_no(cell) == "商务函〔2026〕19号"


def test_cells_that_are_no_text_read_as_people_see_them() -> None:
    cells: list[Cell] = [
        2.0,
        2.5,
        True,
        None,
        date(2026, 3, 5),
        datetime(2026, 3, 5),
        datetime(2026, 3, 5, 9, 30),
        timedelta(hours=1),
    ]

    assert [text_of(cell) for cell in cells] == [
        "2",
        "2.5",
        "是",
        "",
        "2026-03-05",
        "2026-03-05",
        "2026-03-05 09:30",
        "1:00:00",
    ]
    assert one_line("甲\r\n乙".replace("\r\n", "\n")) == "甲乙"
