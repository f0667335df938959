"""Every way by which words leave the house, read as words: pages, tables, documents, files."""

import io
import re
import zipfile
from typing import Any

from django.utils import timezone

from members.models import Person, Session
from proposals import papers
from proposals.handling import documents

WAYS = ("", "?print=1", "?export=xlsx")
"""A list on the screen, for the printer, and as a table."""
TAG = re.compile(r"<[^>]+>")


def words_of(answer: Any) -> str:
    """What an answer says, whatever it is."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return words_in(content)


def words_in(content: bytes) -> str:
    """The words of a page; of a table, a document or an archive those of everything in it."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        parts = [found.read(name) for name in found.namelist()]
    return "\n".join(TAG.sub("", words_in(part)) for part in parts)


def papers_of(person: Person, session: Session) -> str:
    """All that stands in the Word files this person can have made: units' packets, a session's catalogue and digest.

    Setting a file takes far longer than finding its words; `packet_of` sets one.
    """
    return repr([papers.packets(papers.visible_assignments(person)), papers.book_of(session, person)])


def packet_of(person: Person) -> str:
    """The words of a Word file with what a unit has in hand of all that this person sees."""
    packet = papers.packets(papers.visible_assignments(person))[0]
    return words_in(documents.packet_docx(documents.Batch("在办提案", [], timezone.localdate(), [packet]), packet))
