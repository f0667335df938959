"""What lies outside the city's powers goes to a higher body (转报上级, P10): only with its first proposer's consent."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.models import Access, Assignment, Event, Matter
from proposals.models import Fate, Proposal, SentUp, Status

from .base import SUSPENDED, first_proposer, handling_it, lock, not_later, proposers_by_matter, today, told

State = SentUp.State
GOING = (Status.FILED, Status.ASSIGNED, Status.CLOSED)
NEXT_STEP: dict[str, str] = {
    State.ASKED: "请先取得提案者的答复",
    State.AGREED: "下一步是登记转报",
    State.REFUSED: "没有提案者同意，不能转报",
    State.SENT: "下一步是登记去向",
    State.KNOWN: "还有新的去向，请继续登记去向；登记错了的，请先撤销去向登记",
    State.DROPPED: "要再次转报，请重新征求提案者意见",
}


def why_not_sent_up(proposal: Proposal) -> str:
    """What keeps this proposal from going up, in a sentence that says what to do; empty if nothing does."""
    matter = proposal.matter
    if matter.access == Access.SUSPENDED:
        return SUSPENDED
    if matter.placeholder:
        return "涉密占位没有内容可以转报，请按保密规定线下办理。"
    if proposal.internal or matter.access != Access.OPEN:
        return "本件是不公开（内部）提案，不能在本系统转报，请按公文程序线下办理。"
    if matter.merged_into_id:
        return "本件已并入主案，请在主案办理转报。"
    if proposal.status == Status.WITHDRAWN:
        return "提案已撤案，不能转报。"
    if proposal.status not in GOING:
        return "立案编号以后、归档以前的提案才能转报上级。"
    return ""


def must_go(proposal: Proposal) -> None:
    if sentence := why_not_sent_up(proposal):
        raise WrongStep(sentence)


@transaction.atomic
def ask_to_send_up(
    proposal: Proposal, *, to: str, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> SentUp:
    """Ask the first proposer whether it may go to that body; a consent that came on paper or by phone is kept at once."""
    proposal = lock(proposal)
    must_go(proposal)
    to = "".join(to.split())
    if not to:
        raise Refused("请填写转报给哪个上级机关，例如：省政协提案委员会。", field="to")
    if not reason.strip():
        raise Refused("请写明哪些事项超出市里权限、由谁决定，提案者会看到这段话。", field="reason")
    if before := proposal.sent_up.filter(to=to, state__in=SentUp.OPEN).first():
        raise Refused(
            f"已经向{to}转报过，现在是“{before.get_state_display()}”，有了去向才能再次转报。{NEXT_STEP[before.state]}。",
            field="to",
        )
    row = SentUp(proposal=proposal, to=to, reason=reason.strip(), asked_by=by, asked_at=now)
    _check_day(row, paper, now=now, field="paper_on")
    row.save()
    if paper:
        return _answered(row, agrees=True, by=by, now=now, paper=paper)
    event = proposal.matter.record("up_asked", by=by, now=now, to=to)
    _tell(row, first_proposer(proposal.matter, on=today(now)), event, "up_asked", now=now)
    return row


@transaction.atomic
def answer_sending(row: SentUp, *, agrees: bool, by: Person, now: datetime, paper: Paper | None = None) -> SentUp:
    """The first proposer says yes or no; what he said on paper or by phone is entered by the office."""
    row = lock_sending(row, State.ASKED)
    if paper is None and by.pk not in first_proposer(row.proposal.matter, on=today(now)):
        raise Refused("是否同意转报，由第一提案者回答。以纸质或电话答复的，请由提案委登记。")
    _check_day(row, paper, now=now)
    return _answered(row, agrees=agrees, by=by, now=now, paper=paper)


def _check_day(row: SentUp, paper: Paper | None, *, now: datetime, field: str = "on") -> None:
    """He said so on a day that has come, of a proposal that was there."""
    if paper is None:
        return
    if paper.on > today(now):
        raise Refused("提案者答复的日期不能晚于今天。", field=field)
    begun = row.proposal.submitted_at or row.proposal.filed_at
    if begun and paper.on < (first := timezone.localdate(begun)):
        raise Refused(f"提案者答复的日期不能早于提交提案的日期（{short_day(first)}）。", field=field)


def _answered(row: SentUp, *, agrees: bool, by: Person, now: datetime, paper: Paper | None) -> SentUp:
    row.state = State.AGREED if agrees else State.REFUSED
    row.answered_by, row.answered_on = by, paper.on if paper else today(now)
    row.on_paper = paper is not None
    row.save(update_fields=["state", "answered_by", "answered_on", "on_paper"])
    matter = row.proposal.matter
    verb = "up_agreed" if agrees else "up_refused"
    event = matter.record(verb, by=by, now=now, to=row.to, **paper_facts(paper))
    if paper:
        _tell(row, first_proposer(matter, on=today(now)), event, "up_recorded", now=now)
    else:
        _tell(row, [row.asked_by_id], event, "up_answered", now=now)
    return row


@transaction.atomic
def record_sent(row: SentUp, *, on: date, number: str = "", note: str = "", by: Person, now: datetime) -> SentUp:
    """It has gone up; the proposers, the units and the offices that assigned it learn whither."""
    row = lock_sending(row, State.AGREED)
    proposal, matter = row.proposal, row.proposal.matter
    assert row.answered_on is not None
    not_later(on, now, "转报日期")
    if proposal.filed_at and on < (filed := timezone.localdate(proposal.filed_at)):
        raise Refused(f"转报日期不能早于立案日期（{short_day(filed)}）。", field="on")
    if on < row.answered_on:
        raise Refused(f"转报日期不能早于提案者同意的日期（{short_day(row.answered_on)}）。", field="on")
    row.state, row.sent_by, row.sent_on = State.SENT, by, on
    row.number, row.note = number.strip(), note.strip()
    row.save(update_fields=["state", "sent_by", "sent_on", "number", "note"])
    event = matter.record("sent_up", by=by, now=now, on=on, to=row.to)
    _tell(row, _hearing(matter, on=today(now)), event, "sent_up", now=now)
    return row


def _hearing(matter: Matter, *, on: date) -> set[int]:
    """The proposers, the units and the offices that assigned it."""
    units = Assignment.objects.current().filter(matter=matter).select_related("office")
    return {*behind_it(matter, on=on), *handling_it(matter, units, on=on)}


@transaction.atomic
def undo_sent(row: SentUp, *, reason: str, by: Person, now: datetime) -> SentUp:
    """What was entered of its sending is wrong (撤销转报登记): it waits to be sent; whoever heard of it hears this."""
    row = lock_sending(row, State.SENT, whenever=True)
    if not reason.strip():
        raise Refused("请写明撤销转报登记的原因，提案者和承办单位会看到。", field="reason")
    row.state, row.sent_by, row.sent_on, row.number, row.note = State.AGREED, None, None, "", ""
    row.save(update_fields=["state", "sent_by", "sent_on", "number", "note"])
    matter = row.proposal.matter
    event = matter.record("up_undone", by=by, now=now, to=row.to, reason=reason.strip())
    _tell(row, _hearing(matter, on=today(now)), event, "up_undone", now=now)
    return row


@transaction.atomic
def record_fate(row: SentUp, *, kind: str, text: str, on: date, by: Person, now: datetime) -> Fate:
    """What has become of it up there: taken up, answered, not taken up; there may be more to come.

    Whatever has become of the proposal here meanwhile, unless it is suspended.
    """
    row = lock_sending(row, *SentUp.GONE, whenever=True)
    assert row.sent_on is not None
    not_later(on, now, "日期")
    if on < row.sent_on:
        raise Refused(f"日期不能早于转报日期（{short_day(row.sent_on)}）。", field="on")
    if not text.strip():
        raise Refused("请写明上级的处理情况，提案者会看到。", field="text")
    fate = Fate.objects.create(sent_up=row, kind=kind, text=text.strip(), on=on, by=by, at=now)
    row.state = State.KNOWN
    row.save(update_fields=["state"])
    matter = row.proposal.matter
    event = matter.record("up_fate", by=by, now=now, on=on, to=row.to, kind=fate.get_kind_display())
    _tell(row, behind_it(matter, on=today(now)), event, "up_fate", now=now, fate=str(fate.public_id))
    return fate


@transaction.atomic
def undo_fate(fate: Fate, *, reason: str, by: Person, now: datetime) -> SentUp:
    """What was entered as its fate is wrong (撤销去向登记); the proposers, who heard of it, hear this."""
    row = lock_sending(fate.sent_up, State.KNOWN, whenever=True)
    if not reason.strip():
        raise Refused("请写明撤销去向登记的原因，提案者会看到。", field="reason")
    gone = row.fates.filter(pk=fate.pk).first()
    if gone is None:
        raise WrongStep("这条去向登记已经撤销。请刷新页面查看。")
    gone.delete()
    row.state = State.KNOWN if row.fates.exists() else State.SENT
    row.save(update_fields=["state"])
    matter = row.proposal.matter
    facts: dict[str, Any] = {"kind": fate.get_kind_display(), "on": fate.on, "reason": reason.strip()}
    event = matter.record("up_fate_undone", by=by, now=now, to=row.to, **facts)
    _tell(row, behind_it(matter, on=today(now)), event, "up_fate_undone", now=now)
    return row


@transaction.atomic
def drop_sending(row: SentUp, *, reason: str, by: Person, now: datetime) -> SentUp:
    """It does not go there after all: asked by mistake, or the proposal was taken back meanwhile."""
    row = lock_sending(row, State.ASKED, State.AGREED, whenever=True)
    if not reason.strip():
        raise Refused("请写明不再转报的原因，提案者会看到。", field="reason")
    row.state = State.DROPPED
    row.save(update_fields=["state"])
    matter = row.proposal.matter
    event = matter.record("up_dropped", by=by, now=now, to=row.to, reason=reason.strip())
    _tell(row, first_proposer(matter, on=today(now)), event, "up_dropped", now=now)
    return row


def lock_sending(row: SentUp, *states: str, whenever: bool = False) -> SentUp:
    """The row as it is now, its matter locked first, in one of `states`; `whenever` asks nothing of the proposal."""
    proposal = lock(row.proposal)
    if not whenever:
        must_go(proposal)
    fresh = SentUp.objects.select_for_update(of=("self",)).get(pk=row.pk)
    fresh.proposal = proposal
    if fresh.state not in states:
        raise WrongStep(f"这次转报现在是“{fresh.get_state_display()}”，不能这样做：{NEXT_STEP[fresh.state]}。")
    return fresh


def behind_it(matter: Matter, *, on: date) -> set[int]:
    """The proposers, those of what was merged into it, too."""
    followers = Matter.objects.filter(merged_into=matter)
    return {person for people in proposers_by_matter([matter, *followers], on=on).values() for person in people}


def _tell(row: SentUp, people: Iterable[int], event: Event, template: str, *, now: datetime, **more: Any) -> None:
    told(row.proposal, sorted(people), event, template, now=now, sent_up=str(row.public_id), **more)
