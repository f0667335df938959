"""The catalogue of responsibilities is kept by the proposal office (职责清单)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from members import audit
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals.handling.models import Remit

SHORTEST = 2


@dataclass(frozen=True)
class RemitGiven:
    """One line as it was typed."""

    unit: Body
    subject: str
    words: str
    category: str = ""
    basis: str = ""


@transaction.atomic
def add_remits(given: Sequence[RemitGiven], *, starts_on: date, by: Person, now: datetime) -> list[Remit]:
    """Add all lines, or none: raises Refused with the first that cannot stand."""
    standing = Remit.objects.filter(ends_on=None, unit__in={one.unit.pk for one in given})
    taken = set(standing.values_list("unit_id", "subject"))
    rows = []
    for one in given:
        row = Remit(**vars(one), starts_on=starts_on)
        if not row.word_list() or any(len(word) < SHORTEST for word in row.word_list()):
            raise Refused(f"“{one.subject}”的主题词每个至少两个字，用顿号分开，例如：停车、泊位。", field="words")
        if (one.unit.pk, one.subject) in taken:
            raise Refused(f"{one.unit}已有“{one.subject}”这条职责。要修改，请先终止原来的一条。", field="subject")
        taken.add((one.unit.pk, one.subject))
        rows.append(row)
    try:
        with transaction.atomic():
            made = Remit.objects.bulk_create(rows)
    except IntegrityError as error:
        raise Refused("同样的职责刚由同事登记。请先在职责清单中核对，再重新提交。") from error
    for row in made:
        audit.record("handling.add_remit", by=by, now=now, subject=str(row.public_id), unit=str(row.unit))
    return made


@transaction.atomic
def end_remit(remit: Remit, *, by: Person, now: datetime) -> None:
    """From today on the unit is not responsible any more."""
    row = Remit.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=remit.pk, ends_on=None).first()
    if row is None:
        raise WrongStep("这条职责已经终止。")
    audit.record("handling.end_remit", by=by, now=now, subject=str(row.public_id), unit=str(row.unit))
    _end(Remit.objects.filter(pk=row.pk), on=timezone.localdate(now))


def hand_on_remits(old: Body, heirs: Sequence[Body], *, on: date) -> None:
    """The one heir of a body is responsible for what it was (P12); otherwise its lines end and are entered anew."""
    rows = Remit.objects.select_for_update(of=("self",)).filter(unit=old, ends_on=None)
    if len(heirs) == 1:
        Remit.objects.bulk_create(
            [
                Remit(
                    unit=heirs[0],
                    subject=row.subject,
                    words=row.words,
                    category=row.category,
                    basis=row.basis,
                    starts_on=max(on, row.starts_on),
                )
                for row in rows.order_by("pk")
            ],
            ignore_conflicts=True,  # what the heir is responsible for already
        )
    _end(rows, on=on)


def _end(rows: "QuerySet[Remit]", *, on: date) -> None:
    """They name nobody from that day on; what would have begun only then goes."""
    rows.filter(starts_on__gte=on).delete()
    rows.update(ends_on=on - timedelta(days=1))
