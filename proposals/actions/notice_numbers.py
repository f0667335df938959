"""The number of a joint notice of hand-over (交办通知文号), by the format of the office that issues it."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.errors import Refused
from members.models import Body, Person
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, NumberFormat
from proposals.models import Batch

NOTICE = NumberFormat.Kind.NOTICE


def issuer_of(batch: Batch) -> Body | None:
    """The main one of the offices that issue the notice: its head stands above."""
    rows = Assignment.objects.current().filter(matter__proposal__batches=batch)
    row = rows.select_related("office").order_by("office", "pk").first()
    return row.office if row else None


def next_notice_number(batch: Batch, *, by: Person, on: date) -> str:
    """What the notice would be numbered: for people of the issuing office, where it has set a format."""
    office = issuer_of(batch)
    if office is None or not handling.acts_for(by, office.pk, on=on):
        return ""
    return handling.next_of(office.pk, NOTICE, on=on)


@transaction.atomic
def number_notice(batch: Batch, number: str, *, by: Person, now: datetime) -> Batch:
    """Give the notice its number: the offered one is taken from the office's series, another one stands on the paper."""
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    number, on = number.strip(), timezone.localdate(now)
    if number == batch.doc_no:
        return batch
    office = issuer_of(batch)
    if number and office and number == next_notice_number(batch, by=by, on=on):
        number = handling.from_series(office.pk, NOTICE, on=on)
    batch.doc_no = number
    try:
        with transaction.atomic():
            batch.save(update_fields=["doc_no"])
    except IntegrityError as error:
        raise Refused(f"文号“{number}”已经用在另一份交办通知上。请核对后改用别的文号。", field="number") from error
    return batch
