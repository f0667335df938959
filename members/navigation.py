"""What stands in the side menu. Each app registers its entries at start-up; who may open a page sees its entry.

Nothing here asks the database beyond the appointments that the rights have read for this request already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

SECTIONS = ("我的", "办理", "履职", "管理")


@dataclass(frozen=True)
class Entry:
    """A page in the menu: `url` names its address, `action` the right it asks for ("" for everyone signed in)."""

    section: str
    label: str
    icon: str
    url: str
    action: str = ""
    order: int = 50

    @cached_property
    def address(self) -> str:
        return reverse(self.url)


@dataclass(frozen=True)
class Link:
    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True)
class Section:
    label: str
    links: list[Link]


_entries: list[Entry] = []


def register(*entries: Entry) -> None:
    """Add entries; called from `AppConfig.ready`."""
    for entry in entries:
        if entry.section not in SECTIONS:
            raise ValueError(f"no such section: {entry.section}")
        if entry not in _entries:
            _entries.append(entry)


def menu_of(user: Any, path: str, way: Sequence[str] = ()) -> list[Section]:
    """Return the menu of this person, with the entry that `path` lies under marked as current.

    `way` are the addresses of the pages above it, from the outside in: they say more than what an address begins with.
    """
    mine = [entry for entry in sorted(_entries, key=_place) if not entry.action or user.has_perm(entry.action)]
    urls = {entry.address for entry in mine}
    above = (url for url in (path, *reversed(way)) if url in urls)
    here = next(above, None) or max((url for url in urls if path.startswith(url)), key=len, default="")
    sections = []
    for label in SECTIONS:
        links = [
            Link(entry.label, entry.icon, entry.address, entry.address == here)
            for entry in mine
            if entry.section == label
        ]
        if links:
            sections.append(Section(label, links))
    return sections


def _place(entry: Entry) -> tuple[int, int]:
    return SECTIONS.index(entry.section), entry.order
