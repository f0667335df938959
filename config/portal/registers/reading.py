"""From a file to sheets of cells: the parent's side of a child process that may die (S12, S13)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from .parser import NotARegister
from .sheets import Area, Sheet
from .text import Cell

CHILD = Path(__file__).with_name("child.py")
SECONDS = 30
LARGEST = 50 * 2**20
CUT_SHORT = "文件太大或结构异常，没有读完就停止了。请把提案登记表另存为一个新的 .xlsx 文件后重试。"


def read_sheets(path: Path) -> list[Sheet]:
    """Read an .xlsx, .xls or .csv file; what it is, its content says, not its name.

    Raises NotARegister with a sentence for the user.
    """
    if path.stat().st_size > LARGEST:
        raise NotARegister(f"文件超过 {LARGEST // 2**20} MB。")
    command = [sys.executable, "-I", str(CHILD), str(path.resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        try:
            sheets = list(received(child.stdout))
            ended = child.wait(timeout=SECONDS)
        except (ValueError, subprocess.TimeoutExpired) as error:
            child.kill()
            raise NotARegister(CUT_SHORT) from error
        except BaseException:
            child.kill()
            raise
    if ended != 0:
        raise NotARegister(CUT_SHORT)
    return sheets


def received(lines: IO[bytes]) -> Iterator[Sheet]:
    """Sheets from the child's lines: a head a sheet, then its rows."""
    head: dict[str, Any] | None = None
    rows: list[list[Cell]] = []
    for line in lines:
        value = json.loads(line)
        if isinstance(value, list):
            rows.append([cell_from(cell) for cell in value])
            continue
        if "refused" in value:
            raise NotARegister(value["refused"])
        if head is not None:
            yield sheet_from(head, rows)
        head, rows = value, []
    if head is not None:
        yield sheet_from(head, rows)


def sheet_from(head: dict[str, Any], rows: list[list[Cell]]) -> Sheet:
    return Sheet(
        head["name"],
        rows,
        merged=tuple(Area(*area) for area in head["merged"]),
        formulas=frozenset((row, column) for row, column in head["formulas"]),
        hidden=head["hidden"],
        text=head["text"],
    )


def cell_from(value: Any) -> Cell:
    if not isinstance(value, dict):
        return value if value != "" else None
    [(kind, text)] = value.items()
    return datetime.fromisoformat(text) if kind == "at" else date.fromisoformat(text) if kind == "on" else str(text)
