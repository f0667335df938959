"""Official documents are made, kept with their hash, and erased with their matter (公文)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from members import audit
from members.models import Person
from members.uploads import delete, save
from proposals.handling.letters import TEMPLATE_VERSION, letter_docx
from proposals.handling.models import Assignment, IssuedPaper, LetterTemplate, Matter, Participant
from proposals.handling.official import Source, by_template, people_of, title_of

from .paper import lock


@transaction.atomic
def make_papers(
    part: Assignment, source: Source, to: Sequence[Participant | None], *, by: Person, now: datetime
) -> list[IssuedPaper]:
    """Make the document for each of `to`, None standing for all together; the same once more is the one that is there.

    Where its issuer has a template of its own in use, that one makes it.
    """
    part.matter = lock(part).matter
    people = people_of(part)
    letters = [source.write(one, people) for one in to]
    template = LetterTemplate.objects.in_use(source.issuer, source.kind)
    if template:
        contents = [one.content for one in by_template(template, letters)]
    else:
        contents = [letter_docx(letter) for letter in letters]
    return [
        _made(part, source, one, content, template, by=by, now=now) for one, content in zip(to, contents, strict=True)
    ]


def _made(
    part: Assignment,
    source: Source,
    to: Participant | None,
    content: bytes,
    template: LetterTemplate | None,
    *,
    by: Person,
    now: datetime,
) -> IssuedPaper:
    digest = hashlib.sha256(content).hexdigest()
    same = {"assignment": part, "kind": source.kind, "key": source.key, "draft": source.draft, "sha256": digest}
    if kept := IssuedPaper.objects.kept().filter(**same).first():
        return kept
    row = IssuedPaper.objects.create(
        **same,
        matter=part.matter,
        participant=to,
        name=f"{title_of(part, source, to)}.docx",
        stored=save(content, "docx"),
        size=len(content),
        template_version=TEMPLATE_VERSION,
        template=template,
        by=by,
        at=now,
    )
    audit.record("handling.make_paper", by=by, now=now, subject=str(row.public_id), kind=row.kind, sha256=digest)
    return row


def erase_papers(matter: Matter, *, now: datetime) -> None:
    """Purge the documents of a matter (S5): contents and names; the rows stay, without either."""
    database = matter._state.db
    for row in IssuedPaper.objects.using(database).filter(matter=matter.pk):
        row.name, row.sha256, row.removed_at = "已清除", "", row.removed_at or now
        row.save(update_fields=["name", "sha256", "removed_at"])
        transaction.on_commit(partial(delete, row.stored), using=database)
