"""Co-handlers give their word on the lead's frozen reply (会签), and the lead deals with it before it goes on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, queries
from proposals.handling.models import Countersign, Event, Reply, ReplyVersion, SigningKind

from .giving import subject_of
from .paper import Paper, acted_at, acts_for, paper_facts, sheet_needed
from .signing import fresh_version, go_on, must_be_shown

Answer = Countersign.Answer
State = ReplyVersion.State


@transaction.atomic
def countersign(
    row: Countersign, *, answer: str, text: str = "", by: Person, now: datetime, paper: Paper | None = None
) -> Countersign:
    """A co-handler agrees, amends or dissents, once for each version.

    A word that comes when the lead has gone on without it is recorded as late and changes nothing; none is taken once
    the version was taken back or the reply has gone out. When all agree the next step is asked.
    """
    sheet_needed(row.assignment.unit_id, by=by, now=now, paper=paper, since=row.version.at)
    version = fresh_version(row.version)
    row = Countersign.objects.select_for_update(of=("self",)).select_related("assignment__unit").get(pk=row.pk)
    row.assignment.matter = version.reply.assignment.matter
    if row.assignment.ended_at or version.reply.assignment.ended_at:
        raise WrongStep("承办单位已经调整，这一稿不再会签。")
    if version.reply.state == Reply.State.DELIVERED:
        raise WrongStep("主办单位已经答复，不再接收会签意见。")
    if version.state not in (State.SIGNING, State.SIGNED):
        raise Stale(f"{version}已经“{version.get_state_display()}”，不用再会签；有新的一稿时会另行通知。")
    if row.answer:
        raise WrongStep("本单位已经会签过这一稿。")
    if answer != Answer.AGREE and not text.strip():
        raise Refused("建议修改或不同意的，请写明内容和理由。", field="text")
    row.answer, row.text, row.by, row.at = answer, text.strip(), by, acted_at(paper, now=now)
    row.late = not at_countersigning(version) or row.settled_at is not None
    row.save(update_fields=["answer", "text", "by", "at", "late"])
    for clock in clocks.open_for(assignment=row.assignment, stage="countersign"):
        clocks.complete(clock, by=by, now=now, on=paper.on if paper else None)
    said = f"{row.get_answer_display()}：{row.text}" if row.text else row.get_answer_display()
    late = "（逾期提交，供参考）" if row.late else ""
    event = _record(row, "countersigned", by=by, now=now, answer=said, late=late, **paper_facts(paper))
    lead = version.reply.assignment
    people = {version.by_id, *queries.clerks_of([lead.unit_id], on=timezone.localdate(now))}
    tell(sorted(people), event_id=event.pk, template="countersigned", subject=subject_of(lead), now=now)
    if not row.late and all(one.answer == Answer.AGREE for one in current(version)):
        go_on(version, event, by=by, now=now, paper=None)
    return row


@transaction.atomic
def settle_countersigns(
    version: ReplyVersion, settled: Mapping[int, str], *, by: Person, now: datetime
) -> ReplyVersion:
    """The lead says what it did about each amendment and dissent, and goes on (处理情况).

    It may go on without a word that is late, with a note. `settled` goes by the countersigns' ids.
    """
    version = fresh_version(version)
    lead, today = version.reply.assignment, timezone.localdate(now)
    if not acts_for(by, lead.unit_id, on=today):
        raise Refused("会签意见由主办单位处理。")
    must_be_shown(version, None)
    if not at_countersigning(version):
        raise WrongStep("会签已经结束。请刷新页面。")
    event: Event | None = None
    for row in current(version):
        if row.answer == Answer.AGREE:
            continue
        words = settled.get(row.pk, "").strip()
        if not row.answer:
            for clock in clocks.open_for(assignment=row.assignment, stage="countersign"):
                if clock.due_on >= today:
                    day = short_day(clock.due_on)
                    raise Refused(f"{row.assignment.unit}的会签期限是{day}，还没有到期。请等会签意见，或撤回送签修改。")
                clocks.cancel(clock, by=by, now=now, reason="主办单位未等会签意见继续送签")
        if not words:
            need = "对会签意见的处理情况" if row.answer else "不再等会签意见的说明"
            raise Refused(f"请写明{need}（{row.assignment.unit}）。")
        row.settled, row.settled_by, row.settled_at = words, by, now
        row.save(update_fields=["settled", "settled_by", "settled_at"])
        event = _record(row, "countersign_settled", by=by, now=now, text=words)
    event = event or lead.matter.events.order_by("-seq")[0]
    go_on(version, event, by=by, now=now, paper=None)
    return version


def is_over(row: Countersign) -> bool:
    """Whether no word on this version is taken any more: it was given, the reply has gone out, or the version is gone."""
    gone = row.version.state not in (State.SIGNING, State.SIGNED)
    return bool(row.answer) or gone or row.version.reply.state == Reply.State.DELIVERED


def at_countersigning(version: ReplyVersion) -> bool:
    """Whether this version waits for its co-handlers now."""
    turn = version.signatures.filter(order=version.turn, kind=SigningKind.COUNTERSIGN)
    return version.state == State.SIGNING and turn.exists()


def current(version: ReplyVersion) -> list[Countersign]:
    """The words of those who still co-handle."""
    rows = version.countersigns.filter(assignment__ended_at=None).select_related("assignment__unit").order_by("pk")
    found = list(rows)
    for row in found:
        row.assignment.matter = version.reply.assignment.matter
    return found


def _record(row: Countersign, verb: str, *, by: Person, now: datetime, **facts: Any) -> Event:
    part = row.assignment
    return part.matter.record(verb, by=by, now=now, assignment=part, unit=str(part.unit), **facts)
