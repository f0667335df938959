"""What people are told about their own account and appointments, put into the inbox."""

from collections.abc import Iterable
from datetime import datetime

from members import notices
from members.inbox.actions import tell
from members.inbox.registry import Rendered, RenderOne, Subject, register_template
from members.models import AuditEntry, Person


def connect() -> None:
    notices.connect(_tell)
    for name, (title, outside) in notices.SENTENCES.items():
        register_template(name, _sentence(title, outside))


def _tell(people: Iterable[int], entry: AuditEntry, template: str, subject: Subject, now: datetime) -> None:
    # audit rows count below zero, so that they never share a key with an event of a matter
    tell(people, event_id=-entry.pk, template=template, subject=subject, now=now)


def _sentence(title: str, outside: str) -> RenderOne:
    def render(subject: Subject, person: Person) -> Rendered:
        return Rendered(title=title.format(**subject), outside=outside)

    return render
