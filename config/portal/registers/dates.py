"""Dates as clerks write them."""

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from .numbers import chinese_number
from .text import Cell, narrow, value_of

SERIAL_ZERO = date(1899, 12, 30)
SERIALS = range(32874, 73051)  # 1990-01-01 to 2100-01-01
LONGEST = 40  # letters in a cell that can still be a date
YEARS = range(1949, 2101)

BETWEEN = r"\s*[.,、。·/_年\-–—‐−月]\s*|\s+"
FULL = re.compile(rf"(\d{{4}}|\d{{2}})(?:{BETWEEN})(\d{{1,2}})(?:{BETWEEN})(\d{{1,2}})\s*[日号.]?")
WITHOUT_YEAR = re.compile(r"(\d{1,2})\s*[月./\-]\s*(\d{1,2})\s*[日号.]?")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
TIME_OF_DAY = re.compile(r"(?:[\sT]+|(?<=[日号]))(?:[上下中]午|晚上?)?\s*\d{1,2}\s*[:时点].*$")
HALF_A_DAY = re.compile(r"\s*(?:[上下]午|晚上?)$")
WEEKDAY = re.compile(r"\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")
CHINESE_DIGITS = re.compile("[〇○零一二三四五六七八九十廿卅]+")


class ReadDate(NamedTuple):
    on: date | None = None
    assumed: bool = False  # the century or the year is ours, not the clerk's
    wrong: bool = False  # something stands in the cell, but not a day that exists


def parse_date(cell: Cell, year: int | None = None) -> ReadDate:
    """Read a day; one without a year belongs to `year`, the year of the session.

    >>> parse_date("二〇二六年三月五日").on, parse_date("26.3.9").assumed, parse_date("2026年2月30日").wrong
    (datetime.date(2026, 3, 5), True, True)
    """
    if isinstance(cell, datetime):
        return checked(cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return checked(cell.year, cell.month, cell.day)
    text = value_of(cell)
    if not text or len(text) > LONGEST:
        return ReadDate(wrong=bool(text))
    text = plain(text)
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return from_serial(int(float(text)))
    if found := COMPACT.fullmatch(text) or FULL.fullmatch(text):
        return from_parts(*found.groups())
    if (found := WITHOUT_YEAR.fullmatch(text)) and not isinstance(cell, float):
        return checked(year, int(found[1]), int(found[2]), assumed=True) if year else ReadDate(wrong=True)
    return ReadDate(wrong=True)


def plain(text: str) -> str:
    """Narrow digits, no weekday, no time of day, Chinese numerals as figures."""
    text = WEEKDAY.sub("", narrow(text).strip(" '"))
    text = HALF_A_DAY.sub("", TIME_OF_DAY.sub("", text)).strip()
    if "年" in text or "月" in text:
        text = CHINESE_DIGITS.sub(figures, text)
    return text


def figures(found: re.Match[str]) -> str:
    number = chinese_number(found[0])
    return found[0] if number is None else str(number)


def from_serial(serial: int) -> ReadDate:
    """A day counted by spreadsheets from 1899-12-30."""
    if serial not in SERIALS:
        return ReadDate(wrong=True)
    return ReadDate(SERIAL_ZERO + timedelta(days=serial))


def from_parts(year: str, month: str, day: str) -> ReadDate:
    if len(year) == 4:
        return checked(int(year), int(month), int(day))
    century = 2000 if int(year) < 80 else 1900
    return checked(century + int(year), int(month), int(day), assumed=True)


def checked(year: int, month: int, day: int, *, assumed: bool = False) -> ReadDate:
    try:
        on = date(year, month, day)
    except ValueError:
        return ReadDate(wrong=True)
    return ReadDate(on, assumed=assumed) if on.year in YEARS else ReadDate(wrong=True)
