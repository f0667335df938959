"""Which units the catalogue of responsibilities names for a matter (职责清单): by the words of its lines that stand in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from members.models import Body
from members.shown import Fact

from . import owners
from .models import Matter, Remit

MOST = 5


@dataclass(frozen=True)
class Hit:
    """A line of the catalogue, and which of its words stand in the text."""

    remit: Remit
    words: tuple[str, ...]

    @property
    def reason(self) -> str:
        basis = f"（{self.remit.basis}）" if self.remit.basis else ""
        return f"{self.remit.subject}{basis}" + (f"，相同的词：{'、'.join(self.words)}" if self.words else "")

    @property
    def weight(self) -> int:
        """Longer words say more than short ones."""
        return sum(len(word) for word in self.words)


def remits_for(matter: Matter, *, on: date) -> list[Hit]:
    """The best line of each unit, those first that share most; of equal lines that of the matter's category."""
    return _best(_hits(matter, on=on))


def remit_facts(matter: Matter, unit: Body, *, on: date) -> list[Fact]:
    """What the catalogue says of the unit that has the matter, and of others: for whoever decides where it belongs."""
    hits = _hits(matter, on=on)
    own = [hit.reason for hit in hits if hit.remit.unit_id == unit.pk][:MOST]
    others = _best([hit for hit in hits if hit.remit.unit_id != unit.pk])
    return [
        Fact("职责清单：现承办单位", "；".join(own) or "没有登记这个单位的职责", wide=True),
        Fact(
            "职责清单：其他单位",
            "；".join(f"{hit.remit.unit}——{hit.reason}" for hit in others) or "没有相近的职责",
            wide=True,
        ),
    ]


def _hits(matter: Matter, *, on: date) -> list[Hit]:
    """Every line in force of a unit that can act, those first that fit best; one query for the lines."""
    owner = owners.of(matter)
    text, category = owner.text(matter), owner.category(matter).first()
    rows = Remit.objects.in_force(on).filter(unit__ended_on=None).select_related("unit")
    hits = [Hit(row, tuple(word for word in row.word_list() if word in text)) for row in rows]
    return sorted(hits, key=lambda hit: (-hit.weight, hit.remit.category != category, hit.remit.pk))


def _best(hits: Iterable[Hit]) -> list[Hit]:
    found: dict[int, Hit] = {}
    for hit in hits:
        if hit.words:
            found.setdefault(hit.remit.unit_id, hit)
    return list(found.values())[:MOST]
