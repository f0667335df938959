"""What messages say, for a whole page of them at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.choices import Role
from members.inbox.registry import Broken, render
from proposals import notices
from proposals.handling import notices as handling
from tests.factories import MatterFactory, appoint

pytestmark = pytest.mark.django_db


def test_a_page_of_messages_of_every_kind_costs_no_more_than_one_of_each_family() -> None:
    staff = appoint(Role.PROPOSAL_STAFF)
    rows = [MatterFactory() for _ in range(3)]
    subjects = [{"matter": str(row.public_id), "assignment": str(row.public_id)} for row in rows]
    to_matters = [name for name, (_, where) in handling.WORDS.items() if where is handling.to_matter]
    ours = [f"{notices.PREFIX}{name}" for name in (*notices.TITLES, "cosign_expired")]
    pairs = [(name, subject) for name in (*ours, *to_matters) for subject in subjects]

    with CaptureQueriesContext(connection) as several:
        words = render(pairs, staff)

    assert None not in words
    assert not [word for word in words if isinstance(word, Broken)]
    assert len([query for query in several.captured_queries if "SAVEPOINT" not in query["sql"]]) <= 8


def test_a_message_of_no_known_kind_is_broken_and_spoils_no_other() -> None:
    staff = appoint(Role.PROPOSAL_STAFF)
    subject = {"matter": str(MatterFactory().public_id)}

    unknown, known = render([("nothing_such", subject), ("proposal_filed", subject)], staff)

    assert isinstance(unknown, Broken)
    assert known is not None
