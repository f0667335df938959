"""What the parser is given: sheets of cells, without a file and without a library."""

from dataclasses import dataclass, field, replace

from .text import Cell


@dataclass(frozen=True)
class Area:
    """A merged range, counted from 0, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows from the very first, its merged ranges, the cells (row, column) that hold formulas."""

    name: str
    rows: list[list[Cell]]
    merged: tuple[Area, ...] = ()
    formulas: frozenset[tuple[int, int]] = frozenset()
    hidden: bool = False
    text: bool = False  # from a CSV file: a line longer than the header is out of joint
    width: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", max(map(len, self.rows), default=0))

    def cell(self, row: int, column: int) -> Cell:
        line = self.rows[row]
        return line[column] if column < len(line) else None


def filled_down(sheet: Sheet, below: int, but: frozenset[int]) -> Sheet:
    """Give every cell of a range merged downwards its value; rows up to `below` and the columns `but` stay."""
    rows = list(sheet.rows)
    for area in sheet.merged:
        if area.top > below and area.bottom > area.top and area.left not in but:
            value = sheet.cell(area.top, area.left)
            for row in range(area.top + 1, min(area.bottom + 1, len(rows))):
                line = rows[row] + [None] * (area.left + 1 - len(rows[row]))
                rows[row] = [*line[: area.left], value, *line[area.left + 1 :]]
    return replace(sheet, rows=rows)
