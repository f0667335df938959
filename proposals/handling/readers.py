"""Who may see a matter, as audience keys (`members.keys`)."""

from members import keys

from . import owners
from .models import Access, Exposure, Matter, Objection


def readers_of(matter: Matter) -> list[int]:
    """Derive the audience of `matter` from its access, exposure, owner and assignments."""
    if matter.access == Access.SUSPENDED:
        return [keys.SUSPENDED]
    audience = set(owners.of(matter).readers(matter))
    if matter.exposure == Exposure.DRAFT:
        return sorted(audience)
    audience.add(keys.PROPOSAL_OFFICE)
    if matter.office_id:
        audience.add(keys.body_key(matter.office_id))
    if matter.exposure in (Exposure.HANDLING, Exposure.PUBLISHED):
        for unit, office in matter.assignments.current().values_list("unit_id", "office_id"):
            audience |= {keys.body_key(unit), keys.body_key(office)}
        asked = Objection.objects.filter(assignment__matter=matter, state=Objection.State.OPEN)
        audience |= {keys.body_key(unit) for unit in asked.values_list("suggested_id", flat=True) if unit}
        if matter.leader_id:
            audience.add(keys.person_key(matter.leader_id))
    if matter.exposure == Exposure.PUBLISHED and matter.access == Access.OPEN:
        audience |= {keys.PUBLIC, keys.MEMBERS}
    return sorted(audience)


def refresh(matter: Matter) -> None:
    """Write the derived audience if it differs; called by the transaction that changed its grounds."""
    derived = readers_of(matter)
    if derived != matter.readers:
        matter.readers = derived
        matter.save(update_fields=["readers"])
