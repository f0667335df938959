"""Who gets an honour (表彰评选): people decide from the computed list, and what they decide is announced by an act of its own."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from members import audit
from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import tell
from members.models import AuditEntry, Person, Session
from proposals import merits
from proposals.handling.models import Access
from proposals.handling.queries import clerks_of
from proposals.merits import Candidate
from proposals.models import Award, AwardEntry, AwardFigure, Honour, Proposal

from .base import lock_many, not_later, proposers, today, told

CHANGED = "您打开本页之后，评选结果已被他人登记或更改。"


@transaction.atomic
def decide_award(
    honour: str,
    session: Session,
    chosen: Collection[str],
    *,
    on: date,
    number: str = "",
    reason: str = "",
    by: Person,
    now: datetime,
    seen: int | None = None,
) -> Award:
    """Keep who was chosen, by public id, with every figure as it stands now; once more until it is announced.

    Whoever stands higher and was not chosen is kept beside them, and then it must be said why.
    """
    _lock(session.pk)
    award = Award.objects.filter(honour=honour, session=session).first() or Award(honour=honour, session=session)
    if award.is_announced:
        raise WrongStep("评选结果已经公布，不能再改。要更改请先撤回公布。")
    if seen is not None and seen != (award.version if award.pk else 0):
        raise Stale(CHANGED)
    if merits.has_own(session, by):
        raise WrongStep("本届有您本人的提案，评选结果请由提案委其他同事登记。")
    not_later(on, now, "决定日期")
    picked, passed_over = _picked(merits.ranking(honour, session, by=by, on=today(now)), chosen)
    if passed_over and not reason.strip():
        names = "、".join(one.called for one in passed_over[:5])
        raise Refused(f"名次在前的{names}没有入选，请写明与名次不一致的理由。", field="reason")
    if award.pk:
        AwardFigure.objects.filter(entry__award=award).delete()
        award.entries.all().delete()
        award.version += 1
    award.decided_on, award.number, award.by, award.at = on, number.strip(), by, now
    award.reason = reason.strip() if passed_over else ""
    award.save()
    _keep(award, picked, chosen=True)
    _keep(award, passed_over, chosen=False)
    audit.record(
        "proposals.decide_award", by=by, now=now, subject=str(award.public_id), honour=honour, session=session.code,
        chosen=[str(one.public_id) for one in picked], departs=bool(passed_over),
    )  # fmt: skip
    return award


def _picked(found: merits.Ranking, chosen: Collection[str]) -> tuple[list[Candidate], list[Candidate]]:
    """The chosen ones, and those with more points who were not; whoever is kept out is never chosen."""
    if not chosen:
        raise Refused("请至少选择一个。", field="chosen")
    picked = []
    for public_id in dict.fromkeys(chosen):
        one = found.find(public_id)
        if one is None:
            raise Refused("所选的有一个已不参加评选，请重新打开名单选择。", field="chosen")
        if one.out:
            raise Refused(f"{one.called}不参评（{one.out}），不能入选。", field="chosen")
        picked.append(one)
    lowest = min(one.points for one in picked)
    return picked, [one for one in found.placed if one.points > lowest and one not in picked]


def _keep(award: Award, candidates: Iterable[Candidate], *, chosen: bool) -> None:
    of_units = award.honour == Honour.UNIT
    rows = []
    for one in candidates:
        who: dict[str, Any] = {"unit_id": one.pk, "unit_name": one.name} if of_units else {"proposal_id": one.pk}
        rows.append((one, AwardEntry(award=award, chosen=chosen, place=one.place, points=one.points, **who)))
    AwardEntry.objects.bulk_create(entry for _, entry in rows)
    AwardFigure.objects.bulk_create(
        AwardFigure(entry=entry, criterion=line.criterion, value=line.figure.text, points=line.points)
        for one, entry in rows
        for line in one.lines
    )


@transaction.atomic
def announce_award(award: Award, *, by: Person, now: datetime, seen: int | None = None) -> Award:
    """From now on everybody may know; the proposers, or the units' clerks, are told.

    Raises Stale if somebody wrote down another result after version `seen` was read.
    """
    award = _locked(award, seen)
    if award.is_announced:
        raise WrongStep("评选结果已经公布。")
    rows = _proposals(award)
    if hidden := [row for row in rows if row.matter.access != Access.OPEN or row.status not in merits.DONE]:
        names = "、".join(row.matter.label for row in hidden)
        raise WrongStep(f"{names}现在不能公布，请查看情况后重新登记评选结果。")
    award.state, award.announced_by, award.announced_at = Award.State.ANNOUNCED, by, now
    award.save(update_fields=["state", "announced_by", "announced_at"])
    entry = audit.record("proposals.announce_award", by=by, now=now, subject=str(award.public_id))
    for row in rows:
        event = row.matter.record("honoured", by=by, now=now, session=str(award.session))
        told(row, proposers(row.matter, on=today(now)), event, "honoured", now=now)
    _tell_units(award, entry, "unit_honoured", now=now)
    return award


@transaction.atomic
def take_back_award(award: Award, *, reason: str, by: Person, now: datetime, seen: int | None = None) -> Award:
    """What was announced by mistake is known to nobody outside from now on; whoever was told learns it."""
    award = _locked(award, seen)
    if not award.is_announced:
        raise WrongStep("评选结果还没有公布。")
    if not reason.strip():
        raise Refused("请写明撤回的原因。", field="reason")
    award.state, award.announced_by, award.announced_at = Award.State.DECIDED, None, None
    award.version += 1
    award.save(update_fields=["state", "announced_by", "announced_at", "version"])
    entry = audit.record("proposals.take_back_award", by=by, now=now, subject=str(award.public_id))
    for row in _proposals(award):
        if row.matter.access == Access.SUSPENDED:
            continue
        event = row.matter.record(
            "honour_taken_back", by=by, now=now, session=str(award.session), reason=reason.strip()
        )
        told(row, proposers(row.matter, on=today(now)), event, "honour_taken_back", now=now)
    _tell_units(award, entry, "unit_honour_taken_back", now=now)
    return award


def _lock(session: int) -> None:
    """One command at a time on the honours of a session; matters are locked after it, and go on in it meanwhile."""
    Session.objects.select_for_update(no_key=True).get(pk=session)


def _locked(award: Award, seen: int | None) -> Award:
    """The award as it is now. Raises Stale if it is not the one that was seen."""
    _lock(award.session_id)
    award = Award.objects.select_related("session").get(pk=award.pk)
    if seen is not None and seen != award.version:
        raise Stale(CHANGED)
    return award


def _proposals(award: Award) -> list[Proposal]:
    return lock_many(Proposal.objects.filter(honours__award=award, honours__chosen=True))


def _tell_units(award: Award, entry: AuditEntry, template: str, *, now: datetime) -> None:
    """Each unit's clerks; an audit row counts below zero, so that it never shares a key with a matter's event."""
    units = award.entries.filter(chosen=True, unit__isnull=False).values_list("unit", "unit__public_id")
    for unit, public_id in units.order_by("pk"):
        subject = {"award": str(award.public_id), "unit": str(public_id)}
        tell(clerks_of([unit], on=today(now)), event_id=-entry.pk, template=template, subject=subject, now=now)
