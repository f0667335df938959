"""Reading and checking one year's file of holidays, reviewed by hand against the State Council's notice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from .calendar import FIRST, LAST, SATURDAY, Day, weekday

SHIPPED = Path(__file__).parent.parent / "calendars"


class BadYear(ValueError):
    """The file cannot be used; each line says what is wrong and where, for people."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Year:
    """A year's notice (放假安排): days off and make-up workdays, by name of the holiday."""

    number: int
    published: bool
    notice: str = ""
    published_on: date | None = None
    off: Mapping[date, str] = field(default_factory=dict)
    work: Mapping[date, str] = field(default_factory=dict)

    def days(self) -> list[Day]:
        """Return every day of the year, one each."""
        first, last = date(self.number, 1, 1), date(self.number, 12, 31)
        return [self._day(first + timedelta(days=n)) for n in range((last - first).days + 1)]

    def _day(self, on: date) -> Day:
        if on in self.off:
            return Day(on, is_workday=False, name=self.off[on], source="statutory")
        if on in self.work:
            return Day(on, is_workday=True, name=self.work[on], source="makeup")
        return weekday(on)


def shipped_years() -> list[Year]:
    return [read_year(path) for path in sorted(SHIPPED.glob("*.json"))]


def read_year(path: Path) -> Year:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadYear("文件无法读取，请确认它是 UTF-8 编码的 JSON 文件。") from error
    return parse_year(text)


def parse_year(text: str) -> Year:
    """Return the year that `text` describes.

    Raises BadYear with every fault found: not JSON, a day named twice, both off and worked, outside
    the year, impossible, or a make-up day that is no weekend.
    """
    twice: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice))
    except (ValueError, RecursionError) as error:
        raise BadYear("文件不是有效的 JSON。") from error
    if not isinstance(data, dict) or type(data.get("year")) is not int:
        raise BadYear("缺少“year”（年份）。")
    year = data["year"]
    if not FIRST.year <= year <= LAST.year:
        raise BadYear(f"年份 {year} 超出 {FIRST.year}—{LAST.year}。")
    faults = [f"{key} 出现了两次。" for key in twice]
    off, work = (_days(data.get(key, {}), key, year, faults) for key in ("off", "work"))
    faults += [f"{day} 既放假又上班。" for day in sorted(off.keys() & work.keys())]
    faults += [f"{day} 不是周末，不能作为调休上班日。" for day in sorted(work) if day.weekday() < SATURDAY]
    status = data.get("status", "published")
    if status not in ("published", "provisional"):
        faults.append(f"status 只能是 published（已公布）或 provisional（暂定），不能是“{status}”。")
    published = status == "published"
    notice = str(data.get("notice", "")).strip()
    if published and not (notice and off):
        faults.append("正式公布的年份须写明通知文号（notice）和放假日期（off）；尚未公布的请写 status 为 provisional。")
    on = _date(data["published_on"], faults) if data.get("published_on") else None
    if faults:
        raise BadYear(*faults)
    return Year(year, published, notice, on, off, work)


def missing_year(today: date, published: frozenset[int]) -> int | None:
    """Return the year whose notice is missing: this one, or the next from 1 November on. Staff are reminded daily."""
    if today.year not in published:
        return today.year
    following = today.year + 1
    return following if today.month >= 11 and following not in published else None


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice.extend(sorted({key for key in keys if keys.count(key) > 1}))
    return dict(pairs)


def _days(found: object, key: str, year: int, faults: list[str]) -> dict[date, str]:
    if not isinstance(found, dict):
        faults.append(f"“{key}”应为日期到名称的对照。")
        return {}
    days: dict[date, str] = {}
    for text, name in found.items():
        day = _date(text, faults)
        if day and day.year != year:
            faults.append(f"{text} 不在 {year} 年。")
        elif day:
            days[day] = str(name).strip()[:40]
    return days


def _date(text: object, faults: list[str]) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        faults.append(f"“{text}”不是有效日期。")
        return None
