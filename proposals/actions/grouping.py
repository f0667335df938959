"""Who reviews which category in a session (分类审查组, P15)."""

import zlib
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from members import audit
from members.choices import Role
from members.errors import Refused, Stale
from members.models import Person, Session
from proposals.handling.queries import people_in
from proposals.models import Category, CategoryReviewer

from .base import today

REVIEWERS = (Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.SESSION_STAFF)


def reviewers(*, now: datetime) -> QuerySet[Person]:
    """Everybody who may review on that day."""
    found: QuerySet[Person] = Person.objects.filter(pk__in=people_in(REVIEWERS, on=today(now)))
    return found.order_by("pinyin", "pk")


def groups_of(session: Session) -> dict[int, set[int]]:
    """The ids of the reviewers by the id of their category."""
    found: dict[int, set[int]] = {}
    for category, person in CategoryReviewer.objects.filter(session=session).values_list("category_id", "person_id"):
        found.setdefault(category, set()).add(person)
    return found


def stamp_of_groups(session: Session) -> int:
    """A number that changes with the groups: what a form that was opened earlier is compared with."""
    rows = sorted((category, sorted(people)) for category, people in groups_of(session).items())
    return zlib.crc32(repr((session.pk, rows)).encode()) % 10**9


@transaction.atomic
def set_groups(
    session: Session,
    groups: Mapping[Category, Collection[Person]],
    *,
    by: Person,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Say who reviews which of these categories in the session; a category that is not named keeps its group."""
    Session.objects.select_for_update().get(pk=session.pk)
    if seen is not None and seen != stamp_of_groups(session):
        raise Stale("您打开本页之后，分组已被他人修改。")
    before = groups_of(session)
    may = set(reviewers(now=now).values_list("pk", flat=True))
    changed = {}
    for category, people in groups.items():
        wanted, held = {person.pk for person in people}, before.get(category.pk, set())
        if wanted - may - held:
            raise Refused("只能选择现任的提案委工作人员和大会工作人员，请刷新后重新选择。")
        if wanted != held:
            changed[category.name] = sorted(str(person.public_id) for person in people)
        CategoryReviewer.objects.filter(session=session, category=category, person__in=held - wanted).delete()
        CategoryReviewer.objects.bulk_create(
            [CategoryReviewer(session=session, category=category, person_id=pk) for pk in sorted(wanted - held)]
        )
    if not changed:
        raise Refused("分组没有变化，请先修改再保存。")
    audit.record("proposals.set_groups", by=by, now=now, subject=session.code, groups=changed)
