"""The order of the floors, in what the import linter does not see (`config` on top, people at the bottom)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader

from config.mode import ROOT

# From the ground up: a row may point at its own app or at one before it.
ORDER = ["members", "inbox", "handling", "reports", "proposals", "duty", "consultations", "portal"]
# Rows that mean nothing without the one they point at, and go with it.
GO_TOGETHER = {
    "handling.Participant.matter",
    "handling.ReplyPoint.reply",
    "handling.Suggestion.matter",
    "inbox.ChannelStop.person",
    "members.BodyName.body",
    "members.Code.person",
    "members.Once.person",
    "members.PasswordRecord.person",
    "members.RosterDraft.by",
    "portal.SavedView.person",
    "proposals.AllocationPart.proposal",
    "proposals.Claim.proposal",
}
OURS = [model for model in apps.get_models() if model._meta.app_label in ORDER and not model.__name__.startswith("Pgh")]


def foreign_keys() -> list[models.ForeignKey[models.Model, models.Model]]:
    fields = [field for model in OURS for field in model._meta.get_fields()]
    return [field for field in fields if isinstance(field, models.ForeignKey)]


def test_foreign_keys_point_downwards() -> None:
    upward = [
        f"{field.model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for field in foreign_keys()
        if (target := field.related_model._meta.app_label) in ORDER
        and ORDER.index(target) > ORDER.index(field.model._meta.app_label)
    ]

    assert upward == []


def test_migrations_depend_downwards() -> None:
    loader = MigrationLoader(None)
    upward = [
        f"{label}.{name} -> {needed}"
        for (label, name), migration in loader.disk_migrations.items()
        for needed, _ in migration.dependencies
        if label in ORDER and needed in ORDER and ORDER.index(needed) > ORDER.index(label)
    ]

    assert upward == []


def test_nothing_vanishes_because_something_else_does() -> None:
    loose = [
        f"{field.model._meta.label}.{field.name}"
        for field in foreign_keys()
        if field.remote_field.on_delete not in {models.PROTECT, models.DO_NOTHING}
    ]

    assert sorted(set(loose) - GO_TOGETHER) == []


def test_no_model_orders_itself() -> None:
    assert [model._meta.label for model in OURS if model._meta.ordering] == []


def test_imports_keep_to_their_floor() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_consultations_use_actions_and_queries_of_the_floors_below() -> None:
    pattern = re.compile(r"^\s*(?:from|import) (?:proposals|members)\S*\.(?:views|forms|filters)\b", re.MULTILINE)
    breaches = [path.name for path in (ROOT / "consultations").rglob("*.py") if pattern.search(path.read_text())]

    assert breaches == []


@pytest.mark.parametrize("word", ["/home/", "/root/", "/work/"])
def test_no_path_of_one_machine_is_written_down(word: str) -> None:
    listed = subprocess.run(
        ["git", "grep", "-lF", word, "--", "*.py", "*.md", "Makefile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = set(listed.stdout.split()) - {Path(__file__).relative_to(ROOT).as_posix()}

    assert found == set()
