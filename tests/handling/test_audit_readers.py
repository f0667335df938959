"""Who may see a matter can be derived again and compared with what is stored (H1)."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from members import keys
from proposals.handling.models import Matter
from tests.factories import MatterFactory
from tests.handling.conftest import House, give


def test_a_sound_database_has_no_differences(house: House) -> None:
    give(house)
    MatterFactory(by=house.member)
    out = StringIO()

    call_command("audit_readers", stdout=out)

    assert "核对 2 件，0 件不一致" in out.getvalue()


def test_an_audience_that_is_too_wide_is_found_and_left_as_it_is(house: House) -> None:
    matter = give(house)
    wrong = sorted([*matter.readers, keys.PUBLIC])
    Matter.objects.filter(pk=matter.pk).update(readers=wrong)
    out = StringIO()

    with pytest.raises(CommandError, match="有 1 件的可见范围不对"):
        call_command("audit_readers", "--json", stdout=out)

    told = json.loads(out.getvalue())
    assert told == {
        "checked": 1,
        "differences": [{"matter": str(matter.public_id), "stored": wrong, "derived": matter.readers}],
    }
    assert Matter.objects.get(pk=matter.pk).readers == wrong
