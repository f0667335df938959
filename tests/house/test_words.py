"""Words that the committee does not use stand nowhere on the screen (`practice.md` P28)."""

import pytest
from django.apps import apps

from config.mode import ROOT
from proposals.handling import events

BANNED = ("退回重办", "挂名委员预警", "红黄牌", "quarantine")
SHOWN = ("*.html", "*.py", "*.js", "*.json")


@pytest.mark.parametrize("word", BANNED)
def test_no_page_script_or_program_says_it(word: str) -> None:
    folders = [ROOT / name for name in ("templates", "static/js", "members", "proposals", "consultations", "config")]
    files = (file for folder in folders for pattern in SHOWN for file in folder.rglob(pattern))

    assert [str(file.relative_to(ROOT)) for file in files if word in file.read_text(encoding="utf-8").lower()] == []


@pytest.mark.parametrize("word", BANNED)
def test_no_choice_and_no_line_of_the_timeline_says_it(word: str) -> None:
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    labels = [str(label) for field in fields for _, label in getattr(field, "flatchoices", None) or ()]
    verbs = [verb.label for verb in events.VERBS.values()]

    assert [label for label in [*labels, *verbs] if word in label.lower()] == []
