from collections.abc import Iterator

import pytest

from members.inbox import registry
from members.inbox.registry import Rendered, Subject
from members.models import Person
from tests.inbox.sink import Sink, running_sink


def _words(subject: Subject, person: Person) -> Rendered | None:
    """A template for tests: what is written into the subject, unless it is hidden or broken."""
    if subject.get("broken"):
        raise ValueError("broken template")
    return None if subject.get("hidden") else Rendered(subject["text"], outside=subject.get("outside", ""))


@pytest.fixture(autouse=True)
def plain_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_templates", {})
    registry.register_template("plain", _words)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink
