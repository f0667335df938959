"""A unit keeps wording for its replies (答复模板)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from members import audit
from members.errors import Refused, Stale, WrongStep
from members.models import Body, Person
from proposals.handling.models import Wording


@transaction.atomic
def keep_wording(
    unit: Body,
    *,
    name: str,
    category: str,
    opening: str,
    answer: str,
    by: Person,
    now: datetime,
    change: Wording | None = None,
    version: int | None = None,
) -> Wording:
    """Keep one more template, or `change` one; replies that were begun with it stay as they are.

    Raises Stale if somebody else changed it after `version` was read.
    """
    if not (opening.strip() or answer.strip()):
        raise Refused("请填写总体说明，或每条建议的答复。", field="opening")
    row = _locked(change) if change else Wording(unit=unit, version=0)
    if version is not None and version != row.version:
        raise Stale("这个模板刚被别人改过。您写的内容已保留在下面，请对照最新内容后再保存。")
    row.name, row.category, row.opening, row.answer = name, category, opening, answer
    row.version += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(f"{unit}已有名称为“{name}”的模板。请换一个名称，或修改原来的模板。", field="name") from error
    audit.record("handling.keep_wording", by=by, now=now, subject=str(row.public_id), unit=str(unit))
    return row


@transaction.atomic
def drop_wording(template: Wording, *, by: Person, now: datetime) -> None:
    row = _locked(template)
    audit.record("handling.drop_wording", by=by, now=now, subject=str(row.public_id), unit=str(row.unit))
    row.delete()


def _locked(template: Wording) -> Wording:
    rows = Wording.objects.select_for_update(of=("self",)).select_related("unit")
    row = rows.filter(pk=template.pk).first()
    if row is None:
        raise WrongStep("这个模板已由同事删除。")
    return row


def hand_on_wordings(old: Body, heir: Body) -> None:
    """The heir of a unit writes with its wording, too (P12); of two templates of one name the heir's own stays."""
    taken = Wording.objects.filter(unit=heir).values("name")
    Wording.objects.filter(unit=old).exclude(name__in=taken).update(unit=heir)
