"""The disclosure review of a proposal and its replies, and what becomes of it (公开审查, M16)."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import transaction

from members.choices import Role
from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from members.rights import roles_of
from proposals import masking
from proposals.disclosure import delivered, points_of
from proposals.handling import clocks, readers
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.actions.giving import subject_of as part_of
from proposals.handling.models import Access, Event, Matter, Reply, ReplyDisclosure
from proposals.handling.queries import clerks_of, labels_of, proposal_office, proposal_staff, reviewers, suggestions_of
from proposals.models import Proposal, Publication, PublicReply, Status
from proposals.models.publication import OVER

from .base import SUSPENDED, end_clocks, proposers, today, told

STAGE = "publication"
State = Publication.State
LONGEST_WORDS = 100


def why_not_public(proposal: Proposal) -> str:
    """What keeps this proposal from the public, in a sentence that says what to do; empty if nothing does."""
    matter = proposal.matter
    if matter.access == Access.SUSPENDED:
        return SUSPENDED
    if matter.placeholder:
        return "涉密占位没有可以公开的内容。"
    if proposal.internal or matter.access != Access.OPEN:
        return "本件是不公开（内部）提案，不能公开。"
    if matter.merged_into_id:
        return f"本件已并入{matter.merged_into.label if matter.merged_into else '主案'}，请在主案办理公开。"
    if proposal.status == Status.WITHDRAWN:
        return "提案已撤案，不能公开。"
    if not proposal.consents:
        said = f"（{proposal.consent_reason}）" if proposal.consent_reason else ""
        return f"提案者不同意公开{said}。提案者改变意愿的，请提案委先在“更正”中登记。"
    if proposal.status not in OVER:
        return "提案还没有交办和答复，答复送达后再公开。"
    return ""


def must_be_free(proposal: Proposal) -> None:
    if sentence := why_not_public(proposal):
        raise WrongStep(sentence)
    if not delivered(proposal.matter):
        raise WrongStep("还没有送达的答复，提案和答复一并公开审查。")


@transaction.atomic
def open_publication(proposal: Proposal, *, by: Person | None, now: datetime, round: int = 1) -> Publication:
    """Lay the proposal and its replies before the disclosure reviewers (送公开审查): their days begin.

    They are told; so are units that have not said yet whether their reply may be published.
    """
    proposal = lock_any(proposal)
    must_be_free(proposal)
    return _lay(proposal, by=by, now=now, round=round)


def _lay(proposal: Proposal, *, by: Person | None, now: datetime, round: int) -> Publication:
    """The proposal is locked, and nothing keeps it from the public."""
    row, _ = Publication.objects.get_or_create(proposal=proposal)
    row = Publication.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.waiting_since:
        raise WrongStep("这件提案已经在公开审查中。")
    row.waiting_since = now
    row.save(update_fields=["waiting_since"])
    matter = proposal.matter
    readers.refresh(matter)
    if not clocks.open_for(matter=matter, stage=STAGE).exists():
        clocks.start(
            matter, STAGE, round=round, body=proposal_office(on=today(now)), anchor_on=today(now), by=by, now=now
        )
    event = matter.record("publication_opened", by=by, now=now)
    told(proposal, reviewers(on=today(now)), event, "publication_opened", now=now)
    ask_units(proposal, event_id=event.pk, now=now)
    return row


def open_after_replies(matter: Matter, round: int) -> None:
    """Every reply of a round is out: the review begins, unless something keeps the proposal from the public.

    Who sent the last one, and when, is said by the last event.
    """
    proposal = lock_any(matter.proposal)
    last = matter.events.order_by("-seq").select_related("by").first()
    waits = Publication.objects.filter(proposal=proposal, waiting_since__isnull=False).exists()
    if last is None or waits or why_not_public(proposal) or not delivered(matter):
        return
    _lay(proposal, by=last.by, now=last.at, round=round)


def ask_units(proposal: Proposal, *, event_id: int, now: datetime) -> None:
    """Each unit whose reply came without a word on its publication is asked for it."""
    for reply in delivered(proposal.matter):
        if getattr(reply, "disclosure", None) is None:
            clerks = clerks_of([reply.assignment.unit_id], on=today(now))
            subject = {**part_of(reply.assignment), "reply": str(reply.public_id)}
            tell(clerks, event_id=event_id, template="disclosure_asked", subject=subject, now=now)


def lock_any(proposal: Proposal) -> Proposal:
    """The proposal as it is now, its matter locked first; what may not be done with it is said by `why_not_public`."""
    matter = Matter.objects.select_for_update(of=("self",)).select_related("merged_into").get(pk=proposal.matter_id)
    fresh = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    fresh.matter = matter
    return fresh


def lock_publication(proposal: Proposal) -> Publication:
    """The publication as it is now, with its locked proposal. Raises WrongStep if there is none."""
    fresh = lock_any(proposal)
    row = Publication.objects.select_for_update(of=("self",)).filter(proposal=fresh).first()
    if row is None:
        raise WrongStep("这件提案还没有送公开审查。")
    row.proposal = fresh
    return row


@transaction.atomic
def set_masks(
    proposal: Proposal, *, hidden: Collection[str], kept: Collection[str], by: Person, now: datetime
) -> Publication:
    """Keep which words are hidden by hand, and what was found and may stand; what is public already stays as it is.

    Raises Refused for words that stand nowhere in what is to be published.
    """
    row = lock_publication(proposal)
    must_be_free(row.proposal)
    words = list(dict.fromkeys(word.strip() for word in hidden if word.strip()))
    texts = "\n".join(texts_of(row.proposal))
    if masking.MARK[0] in "".join(words):
        raise Refused("要遮盖的文字中不能有“＊”，请只写原文。", field="hidden")
    if len(words) > LONGEST_WORDS:
        raise Refused(f"手工遮盖的文字最多{LONGEST_WORDS}处。", field="hidden")
    if missing := [word for word in words if word not in texts]:
        raise Refused(f"提案和答复中没有“{'”“'.join(missing)}”，请照原文填写，一行一处。", field="hidden")
    found = {one.text for one in masking.find(texts)}
    row.hidden, row.kept = words, [word for word in kept if word in found]
    row.save(update_fields=["hidden", "kept"])
    row.proposal.matter.record("publication_masked", by=by, now=now, n=len(words))
    return row


def texts_of(proposal: Proposal, replies: Sequence[Reply] | None = None) -> list[str]:
    """Every text that is to be published as it stands now, proposal and replies."""
    text = proposal.text()
    said = [text.title, text.situation, text.analysis, *text.suggestions]
    for reply in delivered(proposal.matter) if replies is None else replies:
        said += [reply.opening, *(point.text for point in reply.points.all())]
    return said


def mark_of(row: Publication, replies: Sequence[Reply]) -> str:
    """The digest of what a decision would publish now: the words, the masks, and which replies are proposed for it."""
    public = [reply.pk for reply in replies if to_be_public(reply)]
    words = [texts_of(row.proposal, replies), row.hidden, row.kept, public]
    return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()


def why_not_checked(row: Publication, replies: Sequence[Reply]) -> str:
    """Why this copy is not one that a reviewer has looked at as it would be made now; empty if it is."""
    if not row.checked_mark:
        return "还没有核对公开文本，请打开本件核对。"
    return "" if row.checked_mark == mark_of(row, replies) else "核对以后文字、遮盖或答复有变化，请打开本件重新核对。"


@transaction.atomic
def check_copy(proposal: Proposal, *, by: Person, now: datetime) -> Publication:
    """Say that the public copy, as it would be made now, has been looked at: it may be published with others at once."""
    if Role.DISCLOSURE_REVIEWER not in roles_of(by, today(now)):
        raise Refused("公开文本由公开审查员核对。", field="checked")
    row = lock_publication(proposal)
    must_be_free(row.proposal)
    row.checked_by, row.checked_at, row.checked_mark = by, now, mark_of(row, delivered(row.proposal.matter))
    row.save(update_fields=["checked_by", "checked_at", "checked_mark"])
    row.proposal.matter.record("publication_checked", by=by, now=now)
    return row


@transaction.atomic
def publish(
    proposal: Proposal,
    *,
    on: date,
    with_evaluation: bool = False,
    checked: bool,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
    only_checked: bool = False,
    sending: str = "",
) -> Publication:
    """Decide that the proposal is published on that day (决定公开), with the replies whose units propose it.

    The public copies are made now, from the words as they stand and what was masked; those of an earlier decision are
    replaced. Proposers, units and the proposal office are told; of those decided in one `sending` in one message a
    person. With `only_checked` a copy that nobody has looked at as it is now is refused.
    """
    reviewer_needed(by=by, now=now, paper=paper)
    row = lock_publication(proposal)
    proposal = row.proposal
    must_be_free(proposal)
    if row.waiting_since is None and not (row.state == State.RELEASED and added(row)):
        if row.state == State.RELEASED:
            raise WrongStep("这件提案已经决定公开。要改变，请先撤回公开。")
        raise WrongStep("这件提案不在公开审查中，请先送公开审查。")
    if only_checked and (sentence := why_not_checked(row, delivered(proposal.matter))):
        raise WrongStep(sentence)
    if not checked:
        raise Refused("请确认已核对：没有涉密内容，个人信息已经遮盖。", field="checked")
    again = row.state == State.RELEASED and row.publish_on is not None and row.publish_on <= today(now)
    if on < today(now) and not again:
        raise Refused("公布日期不能早于今天。", field="publish_on")
    copy(row)
    row.state, row.with_evaluation, row.reason, row.ended_on = State.RELEASED, with_evaluation, "", None
    row.publish_on = row.publish_on if again else on
    decide(row, by=by, now=now)
    event = proposal.matter.record("publication_decided", by=by, now=now, on=row.publish_on, **paper_facts(paper))
    tell_all(proposal, event, "published", now=now, sending=sending)
    return row


def reviewer_needed(*, by: Person, now: datetime, paper: Paper | None) -> None:
    """Reviewers decide; the proposal office may record their decision from the sheet (P1)."""
    if paper is None and Role.DISCLOSURE_REVIEWER not in roles_of(by, today(now)):
        raise Refused("是否公开由公开审查员决定。代为登记的，请填写审查表的签批人、日期和单据名称。", field="who")
    if paper is not None and paper.on > today(now):
        raise Refused("纸质办理的日期不能晚于今天。", field="on")


def added(row: Publication) -> bool:
    """Whether a unit proposes to publish a reply that is not yet among the copies."""
    copies = set(row.replies.values_list("reply_id", flat=True))
    return any(to_be_public(reply) and reply.pk not in copies for reply in delivered(row.proposal.matter))


def to_be_public(reply: Reply) -> bool:
    said: ReplyDisclosure | None = getattr(reply, "disclosure", None)
    return said is not None and said.is_public


def copy(row: Publication) -> None:
    """Make the public copies from the words as they stand now."""

    def masked(text: str) -> str:
        return masking.mask(text, row.hidden, row.kept)

    matter = row.proposal.matter
    text = row.proposal.text()
    row.title, row.situation, row.analysis = masked(text.title), masked(text.situation), masked(text.analysis)
    row.suggestions = [masked(one) for one in text.suggestions]
    suggestions = suggestions_of(matter, merged=False)
    labels = labels_of(suggestions)
    row.replies.all().delete()
    PublicReply.objects.bulk_create(
        PublicReply(
            publication=row,
            reply=reply,
            opening=masked(reply.opening),
            answers=[
                {"suggestion": labels[one.pk], "text": masked(text), "result": result}
                for one, text, result in points_of(reply, suggestions, labels)
            ],
        )
        for reply in delivered(matter)
        if to_be_public(reply)
    )


def decide(row: Publication, *, by: Person, now: datetime) -> None:
    row.waiting_since, row.decided_by, row.decided_at = None, by, now
    row.save()
    end_clocks(row.proposal.matter, STAGE, by=by, now=now)


@transaction.atomic
def refuse_publication(
    proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Publication:
    """Decide that the proposal is not published (不予公开), with a reason that proposers and units read."""
    reviewer_needed(by=by, now=now, paper=paper)
    row = lock_publication(proposal)
    if row.proposal.matter.access == Access.SUSPENDED:
        raise WrongStep(SUSPENDED)
    if row.waiting_since is None:
        raise WrongStep("这件提案不在公开审查中。已经公开的，请办理撤回公开。")
    if row.state == State.RELEASED:
        raise WrongStep(
            "这件提案已经决定公开。新增的答复不宜公开的，请把公开属性退回单位；整件不宜公开的，请撤回公开。"
        )
    if not reason.strip():
        raise Refused("不予公开的，请写明理由。", field="reason")
    if row.state != State.WITHDRAWN:  # what was public once keeps telling where it stood
        row.state, row.reason = State.REFUSED, reason.strip()
    decide(row, by=by, now=now)
    event = row.proposal.matter.record(
        "publication_refused", by=by, now=now, reason=reason.strip(), **paper_facts(paper)
    )
    tell_all(row.proposal, event, "not_published", now=now)
    return row


@transaction.atomic
def withdraw_publication(
    proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Publication:
    """Take the proposal back from the public (撤回公开): at once, everywhere; its address says so with number and date.

    What had not yet been public disappears without a trace.
    """
    reviewer_needed(by=by, now=now, paper=paper)
    row = lock_publication(proposal)
    if row.state != State.RELEASED or row.publish_on is None:
        raise WrongStep("这件提案没有公开，不需要撤回。")
    if not reason.strip():
        raise Refused("请写明撤回公开的原因。", field="reason")
    row.state, row.reason, row.ended_on = State.WITHDRAWN, reason.strip(), today(now)
    row.title, row.situation, row.analysis, row.suggestions = "", "", "", []
    row.replies.all().delete()
    decide(row, by=by, now=now)
    event = row.proposal.matter.record(
        "publication_withdrawn", by=by, now=now, reason=reason.strip(), **paper_facts(paper)
    )
    tell_all(row.proposal, event, "publication_withdrawn", now=now)
    return row


def tell_all(proposal: Proposal, event: Event, template: str, *, now: datetime, sending: str = "") -> None:
    """Proposers, units that answered, and the proposal office."""
    units: Sequence[int] = [reply.assignment.unit_id for reply in delivered(proposal.matter)]
    on = today(now)
    people = {*proposers(proposal.matter, on=on), *clerks_of(units, on=on), *proposal_staff(on=on)}
    told(proposal, sorted(people), event, template, now=now, sending=sending)


def said_of(row: Publication | None, proposal: Proposal) -> str:
    """The state of publication in words, for whoever may know of its decision."""
    if row is None or (row.state == State.NONE and row.waiting_since is None):
        return "提案者不同意公开" if not proposal.consents else "未公开"
    words = {
        State.NONE: "公开审查中",
        State.RELEASED: f"{short_day(row.publish_on)}{'公布' if not row.was_public else '已公布'}"
        if row.publish_on
        else "",
        State.REFUSED: f"不予公开：{row.reason}",
        State.WITHDRAWN: f"已撤回公开：{row.reason}",
    }[State(row.state)]
    return f"{words}（补充审查中）" if row.waiting_since and row.state != State.NONE else words
