"""What must not be here: suspension by anyone of the staff, purge by two persons (S5)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.audit import record
from members.errors import Refused, WrongStep
from members.inbox.actions import drop_files, tell
from members.models import AuditEntry, Person
from proposals.handling import owners, queries, readers
from proposals.handling.models import Access, Matter, Suspension

SEEN = ("download", "view_contact_details", "view_guarded")


def note_view(matter: Matter, *, by: Person, now: datetime) -> None:
    """Write down who dealt with a suspended matter without reading it (S23); whoever reads one is noted by `sights`."""
    record("view_guarded", by=by, now=now, subject=str(matter.public_id), access=matter.access)


def open_suspension(matter: Matter) -> Suspension:
    """The suspension in force, locked."""
    row = matter.suspensions.in_force().select_for_update(of=("self",)).first()
    if row is None:
        raise WrongStep("该件没有处于暂停查看状态。")
    return row


def seen_by(matter: Matter) -> list[str]:
    """Names of those who opened the matter, took a file or a list with it away, or looked up its proposers."""
    kept = matter.attachments.whole().values_list("public_id").union(matter.papers.values_list("public_id"))
    files = [str(public_id) for (public_id,) in kept]
    rows = AuditEntry.objects.filter(verb__in=SEEN, subject__in=[str(matter.public_id), *files])
    took = rows.exclude(by=None).values_list("by__name", flat=True)
    return sorted({*took, *matter.sights.values_list("person__name", flat=True)})


@transaction.atomic
def suspend(matter: Matter, *, reason: str, by: Person, now: datetime) -> Suspension:
    """Take the matter out of everyone's sight at once (暂停查看); who had seen it is written down.

    Those who keep a matter that may hold its words and stays in sight are told to look at that.
    """
    beside = [other.pk for other in to_look_at(matter)]
    rows = Matter.objects.select_for_update(of=("self",)).filter(pk__in=[matter.pk, *beside]).order_by("pk")
    locked = rows.in_bulk()  # in one order, whichever of them somebody else suspends just now
    matter = locked.pop(matter.pk)
    if matter.access == Access.SUSPENDED:
        raise WrongStep("该件已经暂停查看。")
    if not reason.strip():
        raise Refused("请写明暂停查看的原因，不要写出涉密内容。")
    row = Suspension.objects.create(
        matter=matter,
        access_before=matter.access,
        reason=reason,
        by=by,
        at=now,
        seen_by=seen_by(matter),
    )
    matter.access = Access.SUSPENDED
    matter.save(update_fields=["access"])
    matter.record("suspended", by=by, now=now)
    readers.refresh_with_copies(matter)
    drop_files("proposals.")
    for other in locked.values():
        event = other.record("other_suspended", by=by, now=now, other=by_number(matter))
        people = set(queries.people_in(owners.course_of(other).keepers, on=timezone.localdate(now))) - {by.pk}
        subject = {"matter": str(other.public_id)}
        tell(sorted(people), event_id=event.pk, template="other_suspended", subject=subject, now=now)
    return row


def by_number(matter: Matter) -> str:
    """What it is called where its title must not stand."""
    return f"{matter.get_kind_display()}{matter.numbered or '（还没有编号）'}"


def to_look_at(matter: Matter) -> list[Matter]:
    """What may hold words of it and is in sight."""
    return [other for other in owners.of(matter).beside(matter) if not other.out_of_sight]


@transaction.atomic
def lift_suspension(matter: Matter, *, by: Person, now: datetime) -> Suspension:
    """Show the matter again; a director's decision."""
    matter = matter.locked()
    row = open_suspension(matter)
    row.lifted_by, row.lifted_at = by, now
    row.save(update_fields=["lifted_by", "lifted_at"])
    matter.access = row.access_before
    matter.save(update_fields=["access"])
    matter.record("suspension_lifted", by=by, now=now)
    readers.refresh_with_copies(matter)
    return row
