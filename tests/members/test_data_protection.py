import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from members import crypto
from members.fields import EncryptedTextField
from members.models import Person
from tests.factories import PersonFactory

LISTED = Path(settings.BASE_DIR) / "docs" / "data.md"


def listed() -> dict[str, int]:
    """Every column named in docs/data.md, with how often."""
    found: dict[str, int] = {}
    for line in LISTED.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"\w+\.\w+\.\w+", cells[0]):
            names = [cells[0]]
        elif re.fullmatch(r"\w+\.\w+", cells[0]) and len(cells) == 2:
            names = [f"{cells[0]}.{column.strip()}" for column in cells[1].split(",")]
        else:
            continue
        for name in names:
            found[name] = found.get(name, 0) + 1
    return found


def columns() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {f"{model._meta.label}.{field.name}" for model in models for field in model._meta.concrete_fields}


def test_every_column_stands_once_in_the_list_of_data() -> None:
    names = listed()

    assert (columns() - names.keys(), names.keys() - columns()) == (set(), set())
    assert [name for name, times in names.items() if times > 1] == []


def test_every_sealed_column_is_said_to_be_sealed() -> None:
    text = LISTED.read_text(encoding="utf-8")
    sealed = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]

    assert [name for name in sealed if not re.search(rf"\| {re.escape(name)} \| \w+ \| [^|]*sealed", text)] == []


@pytest.mark.django_db
def test_the_database_never_sees_phone_mail_or_address() -> None:
    person = PersonFactory(phone="13800001234", mail="a@example.org", address="某路1号")

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM members_person p WHERE id = %s", [person.pk])
        [row] = cursor.fetchone()
    assert not [text for text in ("1380000", "example.org", "某路") if text in row]
    person.refresh_from_db()
    assert (person.phone, person.mail, person.address) == ("13800001234", "a@example.org", "某路1号")


@pytest.mark.django_db
def test_a_phone_is_found_however_it_is_written() -> None:
    person = PersonFactory(phone="138-0000 1234")

    assert Person.objects.with_phone("13800001234").get() == person
    assert not Person.objects.with_phone("").exists()


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert crypto.encrypt("x", place="a") != crypto.encrypt("x", place="a")


@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_both_ciphers_open_what_they_sealed(cipher: str, settings: object) -> None:
    settings.FIELD_CIPHER = cipher  # type: ignore[attr-defined]  # pytest-django's fixture

    value = crypto.encrypt("𠮷䶮", place="a")

    assert value.startswith(f"{cipher}:")
    assert crypto.decrypt(value, place="a") == "𠮷䶮"


def test_a_value_from_another_column_or_damaged_is_not_opened() -> None:
    value = crypto.encrypt("x", place="a")

    for bad, place in ((value, "b"), (value[:-6] + "AAAAAA", "a"), ("aes:lost:AAAA", "a"), ("plain", "a")):
        with pytest.raises(crypto.Unreadable):
            crypto.decrypt(bad, place=place)


def test_values_of_an_older_key_stay_readable(settings: object) -> None:
    old = crypto.encrypt("x", place="a")
    keys = settings.FIELD_KEYS  # type: ignore[attr-defined]  # pytest-django's fixture
    settings.FIELD_KEYS = f"new:{'A' * 43}=,{keys}"  # type: ignore[attr-defined]  # pytest-django's fixture

    assert crypto.decrypt(old, place="a") == "x"
    assert crypto.encrypt("x", place="a").startswith("aes:new:")


@pytest.mark.django_db(transaction=False)
def test_audit_rows_are_never_changed_or_deleted() -> None:
    from django.db import DatabaseError, transaction
    from django.utils import timezone

    from members.audit import record
    from members.models import AuditEntry

    entry = record("test", by=None, now=timezone.now())

    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(verb="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.delete()
