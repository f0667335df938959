"""Words that the committee does not use stand nowhere on the screen (P28)."""

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps

from config.mode import ROOT
from members.audit_words import WORDS
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


def audited() -> Iterator[str]:
    """The verbs of audit rows as the programs name them; where one is put together, its beginning."""
    for folder in ("members", "proposals", "consultations", "config"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            direct = "from members.audit import record" in text or file.name == "audit.py"
            for node in ast.walk(ast.parse(text)):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                called = ast.unparse(node.func)
                if called == "audit.record" or (direct and called == "record"):
                    verb = node.args[0]
                    yield str(ast.literal_eval(verb)) if isinstance(verb, ast.Constant) else ast.unparse(verb)


def test_the_auditor_reads_every_verb_in_chinese() -> None:
    whole = {verb for verb in audited() if not verb.startswith("f'")}
    begun = {verb.removeprefix("f'").partition("{")[0] for verb in audited() if verb.startswith("f'")}

    assert len(whole) > 50
    assert whole - set(WORDS) == set()
    assert [start for start in begun if not any(verb.startswith(start) for verb in WORDS)] == []
    assert [verb for verb, words in WORDS.items() if not words.strip() or words.isascii()] == []
