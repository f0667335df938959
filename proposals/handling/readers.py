"""Who may see a matter, as audience keys (`members.keys`)."""

from collections.abc import Sequence
from itertools import islice

from members import keys

from . import owners
from .models import Access, Assignment, Coordination, CoordinationOpinion, Exposure, Matter, Objection

BATCH = 500
HANDLED = (Exposure.HANDLING, Exposure.PUBLISHED)


def readers_of(matter: Matter) -> list[int]:
    """Derive the audience of `matter` from its access, exposure, owner and assignments."""
    return readers_of_many([matter])[matter.pk]


def readers_of_many(matters: Sequence[Matter]) -> dict[int, list[int]]:
    """The same for many, by matter id, in a constant number of queries."""
    known = {pk: found for owner, rows in owners.by_owner(matters) for pk, found in owner.readers(rows).items()}
    units = _units([matter.pk for matter in matters if matter.exposure in HANDLED])
    return {matter.pk: _derived(matter, known[matter.pk], units.get(matter.pk, set())) for matter in matters}


def _derived(matter: Matter, audience: set[int], units: set[int]) -> list[int]:
    if matter.access == Access.SUSPENDED or audience == owners.HIDDEN:
        return sorted(owners.HIDDEN)
    if matter.exposure == Exposure.DRAFT:
        return sorted(audience)
    audience = audience | units
    if office := owners.course_of(matter).office:
        audience.add(office)
        if matter.office_id:
            audience.add(keys.body_key(matter.office_id))
    if matter.exposure in HANDLED and matter.leader_id:
        audience.add(keys.person_key(matter.leader_id))
    if matter.exposure == Exposure.PUBLISHED and matter.access == Access.OPEN:
        audience |= {keys.PUBLIC, keys.MEMBERS}
    return sorted(audience)


def _units(matters: Sequence[int]) -> dict[int, set[int]]:
    """Keys of the units that handle each matter, of their offices, and of units asked to take it over or invited to a meeting."""
    found: dict[int, set[int]] = {}
    if not matters:
        return found
    given = Assignment.objects.current().filter(matter__in=matters)
    for matter, kind, unit, office in given.values_list("matter_id", "matter__kind", "unit_id", "office_id"):
        own = owners.kept_by_owner_alone(kind)  # whoever else sits in that office does not see it
        found.setdefault(matter, set()).update({keys.body_key(unit)} | (set() if own else {keys.body_key(office)}))
    asked = Objection.objects.filter(
        assignment__matter__in=matters, state=Objection.State.OPEN, suggested__isnull=False
    )
    for matter, unit in asked.values_list("assignment__matter_id", "suggested_id"):
        found.setdefault(matter, set()).add(keys.body_key(unit))
    invited = CoordinationOpinion.objects.filter(
        coordination__in=Coordination.objects.open().filter(assignment__matter__in=matters)
    )
    for matter, unit in invited.values_list("coordination__assignment__matter_id", "unit_id"):
        found.setdefault(matter, set()).add(keys.body_key(unit))
    return found


def refresh_with_copies(matter: Matter) -> None:
    """The same for what holds words of it (S5)."""
    refresh_many([matter, *owners.of(matter).copies(matter)])


def refresh(matter: Matter) -> None:
    """Write the derived audience if it differs; called by the transaction that changed its grounds."""
    refresh_many([matter])


def refresh_many(matters: Sequence[Matter]) -> None:
    derived = readers_of_many(matters)
    changed = [matter for matter in matters if derived[matter.pk] != matter.readers]
    for matter in changed:
        matter.readers = derived[matter.pk]
    Matter.objects.bulk_update(changed, ["readers"], batch_size=500)


def audit() -> tuple[int, list[tuple[str, list[int], list[int]]]]:
    """Derive every audience again: how many matters there are, and (public id, stored, derived) of those that differ."""
    checked, found = 0, []
    rows = Matter.objects.order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        derived = readers_of_many(batch)
        checked += len(batch)
        found += [(str(row.public_id), row.readers, derived[row.pk]) for row in batch if row.readers != derived[row.pk]]
    return checked, found
