"""Every mark in the programs, such as the one of paper (P1), stands in the key to them."""

import re

from config.mode import ROOT

MARK = re.compile(r"[(,#] ?([PSIH]\d{1,2})(?=[),:; ])")
LINE = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)


def test_every_mark_in_the_programs_is_explained_once() -> None:
    folders = [ROOT / name for name in ("config", "members", "proposals", "consultations", "tests")]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    used = {mark for file in files for mark in MARK.findall(file.read_text(encoding="utf-8"))}
    explained = LINE.findall((ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))

    assert len(used) > 40
    assert used - set(explained) == set()
    assert len(explained) == len(set(explained))
