"""Names of units in one cell: split, cleaned, matched with the bodies that exist."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from .text import Cell, narrow, value_of

Kind = Literal["name", "alias", "former"]
Role = Literal["lead", "co", "split"]


@dataclass(frozen=True)
class Match:
    """The body that bears a name today; `kind` says what the name is to it."""

    name: str
    kind: Kind = "name"


Matcher = Callable[[str], Match | None]

# Never 和, 与, 及: they stand inside names (市发展和改革委员会).
SEPARATORS = re.compile(r"[、，,;；\n\t|/／\\]+|[ \u00a0\u3000]{2,}")
ROLE_BEFORE = re.compile(r"(主办|牵头|独办|会办|协办|配合|分办)(?:单位|部门)?\s*[:：]")
ROLE_AFTER = re.compile(r"[(（\[【]\s*(主办|牵头|独办|会办|协办|配合|分办)(?:单位|部门)?\s*[)）\]】]$")
ROLES: dict[str, Role] = {
    "主办": "lead",
    "牵头": "lead",
    "独办": "lead",
    "会办": "co",
    "协办": "co",
    "配合": "co",
    "分办": "split",
}
COUNTED = re.compile(r"^(?:[(（]?\d{1,2}[)）.、．]|[①-⑳])\s*")


@dataclass(frozen=True)
class Named:
    """A name in a cell and the role it has there."""

    raw: str
    role: Role


def read_units(cell: Cell, role: Role, matcher: Matcher) -> list[Named]:
    """Split a cell; names marked 主办 or 会办 inside it have that role, the others the column's.

    >>> known = {"市教育局", "市财政局"}
    >>> cell = "市教育局 市财政局；市发展和改革委员会（会办）"
    >>> [(one.raw, one.role) for one in read_units(cell, "lead", lambda name: Match(name) if name in known else None)]
    [('市教育局', 'lead'), ('市财政局', 'lead'), ('市发展和改革委员会', 'co')]
    """
    named = []
    for part_role, part in parts(value_of(cell), role):
        pieces = [part] if look_up(part, matcher) else SEPARATORS.split(part)
        for piece in pieces:
            marked = ROLE_AFTER.search(piece)
            raw = COUNTED.sub("", ROLE_AFTER.sub("", piece)).strip(" \u00a0。.")
            piece_role = ROLES[marked[1]] if marked else part_role
            named += [Named(name, piece_role) for name in apart(raw, matcher) if value_of(name)]
    return named


def parts(text: str, role: Role) -> Iterator[tuple[Role, str]]:
    """The stretches of a cell such as 主办：市教育局 会办：市财政局."""
    start = 0
    for mark in ROLE_BEFORE.finditer(text):
        yield role, text[start : mark.start()]
        role, start = ROLES[mark[1]], mark.end()
    yield role, text[start:]


def apart(raw: str, matcher: Matcher) -> list[str]:
    """Split at single spaces only where every piece is a unit that exists."""
    pieces = raw.split()
    if len(pieces) < 2 or matcher(raw):
        return [raw]
    joined = "".join(pieces)
    if matcher(joined):
        return [joined]
    return pieces if all(look_up(piece, matcher) for piece in pieces) else [raw]


def look_up(raw: str, matcher: Matcher) -> Match | None:
    """Match as written, in narrow letters, without a remark in brackets, then with 市 before it."""
    plain = re.sub(r"\s+", "", narrow(raw))
    bare = re.sub(r"\([^()]*\)$", "", plain)
    for name in dict.fromkeys((raw, plain, bare, f"市{bare}")):
        if name and (match := matcher(name)):
            return match
    return None


def from_names(rows: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> Matcher:
    """A matcher over present name → (aliases, former names).

    A present name wins over an alias, and an alias over a former name.
    """
    table: dict[str, Match] = {}
    for kind, position in (("former", 1), ("alias", 0)):
        for name, others in rows.items():
            table |= {other: Match(name, "former" if kind == "former" else "alias") for other in others[position]}
    table |= {name: Match(name) for name in rows}
    return table.get
