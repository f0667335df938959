"""Small values that components print. A view fills them, a template shows them and decides nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from members.states import Tone


@dataclass(frozen=True)
class Crumb:
    """One step of the way back; the last one, without an address, is this page."""

    label: str
    url: str = ""


@dataclass(frozen=True)
class Count:
    """A figure that leads to the list behind it."""

    label: str
    value: int | str
    url: str = ""
    tone: Literal["", "warn", "danger"] = ""
    more: str = ""


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool = False
    amount: int | str | None = None


@dataclass(frozen=True)
class Chip:
    """A chosen condition; `url` is the list without it."""

    label: str
    url: str


@dataclass(frozen=True)
class Step:
    """One stage of the way a matter goes; exactly one of a list is `now`, unless all are done."""

    label: str
    state: Literal["done", "now", "todo"]
    note: str = ""


Went = Literal["", "ok", "warn", "danger", "now"]


@dataclass(frozen=True)
class Happening:
    """A line of the timeline, newest first; `file_url` is the scan of the sheet behind it."""

    what: str
    at: datetime | date
    note: str = ""
    tone: Went = ""
    url: str = ""
    file_url: str = ""


@dataclass(frozen=True)
class Fact:
    """A name and what it is; `wide` lets long text use the whole row."""

    label: str
    value: object
    wide: bool = False
    url: str = ""


@dataclass(frozen=True)
class Act:
    """Something that can be done from here: a link to its page. One per page is `primary`.

    `about` is read aloud after the label where the eyes see it from the place. What acts on ticked rows of a list can be
    done with the `whole` of its filter, too.
    """

    label: str
    url: str
    icon: str = ""
    kind: Literal["", "primary", "ghost", "danger"] = ""
    about: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Mark:
    """A word in a box beside a title."""

    label: str
    tone: Tone = "neutral"
    icon: str = ""


@dataclass(frozen=True)
class Todo:
    """A line of a short list: when or how many, what, and where it leads; `due_on` says how urgent it is."""

    what: str
    url: str
    when: str = ""
    note: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Bar:
    """A row of a bar table: `late` and `soon` of `most`, the longest bar."""

    label: str
    late: int
    soon: int
    most: int

    def late_share(self) -> float:
        return 100 * self.late / self.most if self.most else 0

    def soon_share(self) -> float:
        return 100 * self.soon / self.most if self.most else 0


@dataclass(frozen=True)
class UnitRow:
    """A unit in the table of those that handle a matter; `done` stops the countdown."""

    unit: str
    role: str
    state: str
    signed_on: date | datetime | None = None
    due_on: date | None = None
    started_on: date | None = None
    contact: str = ""
    why_url: str = ""
    done: bool = False
    provisional: bool = False


@dataclass(frozen=True)
class FileRow:
    name: str
    size: str
    url: str = ""
    state: str = ""
    key: str = ""  # the file's id, where its owner may take it away
    remove_url: str = ""


@dataclass(frozen=True)
class Similar:
    """A case that resembles what is being written."""

    what: str
    url: str
    when: str
    note: str = ""
    state: str = ""
