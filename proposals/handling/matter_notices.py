"""Messages about matters are put into words together: one question for a whole page, whichever room they come from (S4)."""

from collections.abc import Callable, Iterable, Sequence

from django.db.models import QuerySet

from members.inbox.registry import Pair, Rendered, Subject, register_templates
from members.models import Person

from .models import Matter

Maker = Callable[[str, Subject, Matter], Rendered]
Narrowing = Callable[["QuerySet[Matter]"], "QuerySet[Matter]"]

_makers: dict[str, Maker] = {}
_related: list[str] = []
_narrowings: list[Narrowing] = []


def register(
    names: Iterable[str], maker: Maker, *, related: Iterable[str] = (), narrow: Narrowing | None = None
) -> None:
    """`maker` says what these templates say of a matter that the reader may see; `related` is read along with it.

    With `narrow` a room above leaves out what it hides besides.
    """
    wanted = list(names)
    _makers.update(dict.fromkeys(wanted, maker))
    _related.extend(related)
    if narrow:
        _narrowings.append(narrow)
    register_templates(wanted, render)


def render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    rows: QuerySet[Matter] = Matter.objects.visible_to(person)
    rows = rows.filter(public_id__in=[subject["matter"] for _, subject in pairs])
    for narrow in _narrowings:
        rows = narrow(rows)
    if _related:
        rows = rows.select_related(*_related)
    found = {str(row.public_id): row for row in rows}
    return [
        _makers[name](name, subject, matter) if (matter := found.get(subject["matter"])) else None
        for name, subject in pairs
    ]
