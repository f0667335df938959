"""The office reads what came in and says which way it goes (筛选): one at a time, by whoever has claimed it."""

from datetime import date, datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.inbox.actions import drop_files
from members.models import Person
from proposals.handling import readers
from proposals.handling.models import Access, Exposure, Kind, Matter, Participant, Reason
from proposals.handling.queries import own_participants
from proposals.reports.models import TO_SCREEN, Referral, Report, Status
from proposals.reports.models.issue import LEVEL_NAMES, rank

from .base import SUSPENDED, authors, expect, in_no_units_hands, lock, move, must_follow, not_own, today, told
from .writing import end_screening, hand_in, must_suit_zone, start_screening

DECIDED_AGAIN = (Status.SUBMITTED, Status.KEPT)
"""From these it may still go one way or the other: what was kept for reference can be taken up later."""


@transaction.atomic
def claim(report: Report, *, by: Person, now: datetime, take_over: bool = False) -> Report:
    """Say that one is reading this report; colleagues see it. Claiming twice changes nothing.

    Raises WrongStep if a colleague has it, unless it is taken over on purpose.
    """
    report = lock(report)
    expect(report, *TO_SCREEN)
    not_own(report, by)
    if report.claimed_by_id == by.pk:
        return report
    earlier = report.claimed_by
    if earlier and not take_over:
        raise WrongStep(f"{earlier.name}正在筛选这篇信息。如需接手，请点“接手筛选”。")
    report.claimed_by, report.claimed_at = by, now
    report.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
    report.matter.record("report_claimed", by=by, now=now, earlier=earlier.name if earlier else "")
    return report


@transaction.atomic
def release(report: Report, *, by: Person, now: datetime) -> Report:
    """Put a claimed report back into the common pile."""
    report = lock(report)
    expect(report, *TO_SCREEN)
    if report.claimed_by_id != by.pk:
        raise WrongStep("这篇信息现在不是您在筛选。")
    _unclaim(report)
    report.matter.record("report_released", by=by, now=now)
    return report


@transaction.atomic
def give_back(report: Report, *, reason: Reason, text: str, by: Person, now: datetime) -> Report:
    """Return it to its writers (退回修改), with what is to be changed."""
    if not text.strip():
        raise Refused("请写明需要修改什么，反映人会看到这段话。", field="text")
    _of_use(reason, Reason.Use.REPORT_RETURN)
    report = _deciding(report, Status.SUBMITTED, by=by)
    not_followed(report)
    _decided(report, by=by, now=now, reason=reason, text=text)
    move(report, Status.RETURNED)
    event = report.matter.record("report_returned", by=by, now=now, reason=str(reason), text=text.strip())
    told(report, authors(report, on=today(now)), event, "returned", now=now)
    return report


@transaction.atomic
def keep(report: Report, *, reason: Reason, text: str, by: Person, now: datetime, sending: str = "") -> Report:
    """Keep it for reference (留存备查) on a coded ground: a named accusation, a case in court, nothing new."""
    if not text.strip():
        raise Refused("请写明留存的理由，反映人会看到这段话。", field="text")
    _of_use(reason, Reason.Use.REPORT_KEEP)
    report = _deciding(report, Status.SUBMITTED, Status.EDITING, by=by)
    not_followed(report)
    _decided(report, by=by, now=now, reason=reason, text=text)
    move(report, Status.KEPT, closed_at=now)
    event = report.matter.record("report_kept", by=by, now=now, reason=str(reason), text=text.strip())
    told(report, authors(report, on=today(now)), event, "kept", now=now, sending=sending)
    return report


@transaction.atomic
def refer_original(
    report: Report, *, to: str, by: Person, now: datetime, on: date | None = None, text: str = ""
) -> Report:
    """Pass the original on to whoever should look into it (原文转送), in words: the text goes without its author."""
    if not to.strip():
        raise Refused("请填写转送的单位。", field="to")
    if on and on > today(now):
        raise Refused("转送日期不能晚于今天。", field="on")
    report = _deciding(report, *DECIDED_AGAIN, by=by)
    not_followed(report)
    must_follow([report], on or today(now), field="on")
    report.referred_to, report.referred_on = to.strip(), on or today(now)
    report.save(update_fields=["referred_to", "referred_on", "updated_at"])
    _decided(report, by=by, now=now, text=text)
    move(report, Status.REFERRED, closed_at=now)
    event = report.matter.record("report_referred", by=by, now=now, to=report.referred_to, on=report.referred_on)
    told(report, authors(report, on=today(now)), event, "referred", now=now)
    return report


@transaction.atomic
def accept(report: Report, *, by: Person, now: datetime, sending: str = "") -> Report:
    """Take it up for the bulletin (采编): it goes to the editors."""
    report = _deciding(report, *DECIDED_AGAIN, Status.REFERRED, by=by)
    in_no_units_hands(report)
    _decided(report, by=by, now=now)
    move(report, Status.EDITING, closed_at=None)
    event = report.matter.record("report_accepted", by=by, now=now)
    told(report, authors(report, on=today(now)), event, "accepted", now=now, sending=sending)
    return report


@transaction.atomic
def lead_to_proposal(report: Report, *, consent: str, by: Person, now: datetime, text: str = "") -> Report:
    """Turn it into a lead for a proposal (转提案线索), with its author's consent: he may write one of it."""
    if not consent.strip():
        raise Refused("请写明反映人何时、以何种方式同意转为提案线索。", field="consent")
    report = _deciding(report, *DECIDED_AGAIN, by=by)
    not_followed(report)
    report.consent = consent.strip()
    report.save(update_fields=["consent", "updated_at"])
    _decided(report, by=by, now=now, text=text)
    move(report, Status.TURNED, closed_at=now)
    event = report.matter.record("report_led", by=by, now=now, consent=report.consent)
    told(report, authors(report, on=today(now)), event, "led", now=now)
    return report


@transaction.atomic
def became_proposal(report: Report, proposal: Matter, *, by: Person, now: datetime) -> Report:
    """Its author has begun a proposal of it: both know of each other. Raises WrongStep the second time."""
    report = lock(report)
    expect(report, Status.TURNED)
    if report.became:
        raise WrongStep("已经据此起草了提案，请到“我的提案”继续写。")
    report.led_to = proposal
    report.save(update_fields=["led_to", "updated_at"])
    report.matter.record("report_became_proposal", by=by, now=now)
    return report


@transaction.atomic
def withdraw_lead(report: Report, *, reason: str, by: Person, now: datetime) -> Report:
    """It was no lead for a proposal (撤销转提案线索): it is screened anew, as long as its author has begun nothing of it."""
    if not reason.strip():
        raise Refused("请写明撤销的原因，反映人会看到这段话。", field="reason")
    report = lock(report)
    expect(report, Status.TURNED)
    not_own(report, by)
    if report.became:
        raise WrongStep(
            "反映人已经据此起草提案，不能撤销。请与反映人联系：提案还是草稿的，由本人删除后再撤销；已经提交的，按提案办理。"
        )
    report.led_to, report.consent = None, ""
    report.decided_reason, report.decided_text = None, reason.strip()
    report.save(update_fields=["led_to", "consent", "decided_reason", "decided_text", "updated_at"])
    move(report, Status.SUBMITTED, closed_at=None)
    start_screening(report, by=by, now=now)
    event = report.matter.record("report_lead_withdrawn", by=by, now=now, reason=reason.strip())
    told(report, authors(report, on=today(now)), event, "lead_withdrawn", now=now)
    return report


@transaction.atomic
def set_level(report: Report, access: str, *, reason: str, by: Person, now: datetime) -> Report:
    """Raise or lower the level of what was handed in (调整级别); who may no longer see it sees it no more, in no file."""
    report = lock(report)
    if report.status in (Status.DRAFT, Status.WITHDRAWN):
        expect(report, *TO_SCREEN)
    if access == report.matter.access:
        raise Refused("级别没有变化。", field="access")
    if not reason.strip():
        raise Refused("请写明调整的原因。", field="reason")
    must_suit_zone(report.matter, access)
    not_own(report, by)
    _fits_together(report, access)
    old, raised = report.matter.get_access_display(), rank(access) > rank(report.matter.access)
    report.matter.access = access
    report.matter.save(update_fields=["access"])
    readers.refresh(report.matter)
    if raised:
        drop_files("proposals.")
    new = report.matter.get_access_display()
    report.matter.record("report_level_set", by=by, now=now, old=old, new=new, reason=reason.strip())
    return report


def _fits_together(report: Report, access: str) -> None:
    """What was put together is edited as one text: the main report is of the highest level of all."""
    main, joined = report.matter.merged_into, report.matter.followers.values_list("access", flat=True)
    if main and main.out_of_sight:
        raise WrongStep(SUSPENDED)
    if main and rank(access) > rank(main.access):
        raise Refused(
            f"本篇已并入{main.label}，级别不能高于主篇的“{main.get_access_display()}”。请先调整主篇的级别。",
            field="access",
        )
    if any(level in LEVEL_NAMES and rank(level) > rank(access) for level in joined):
        raise Refused("并入本篇的信息中有级别更高的，请先调整那一篇的级别，或取消合并。", field="access")


@transaction.atomic
def take_up_proposal(referral: Referral, *, title: str, named: str, by: Person, now: datetime) -> Report:
    """Make a report of a proposal that was not filed (提案转社情民意): its proposers stand behind it, it is screened.

    `named` is how the record names the origin: never by a title, which a purge of the origin would not reach here.
    """
    origin = Matter.objects.select_for_update(of=("self",)).get(pk=referral.origin_id)
    if Report.objects.filter(origin=origin).exists():
        raise WrongStep("这条线索已经形成社情民意信息。请刷新页面查看最新情况。")
    if origin.access == Access.SUSPENDED:
        raise WrongStep(SUSPENDED)
    if not Referral.objects.filter(pk=referral.pk).exists():
        raise WrongStep("这条线索已由提案委撤回，提案正在重新审查。请到“社情民意线索”查看最新情况。")
    matter = Matter.objects.create(
        kind=Kind.REPORT,
        session=origin.session,
        title=title,
        access=origin.access,
        exposure=Exposure.DRAFT,
        stage=Status.DRAFT.value,
    )
    seats = [row for row in own_participants(origin) if row.role != Participant.Role.DRAFTER]
    Participant.objects.bulk_create(
        Participant(
            matter=matter,
            person=row.person,
            body=row.body,
            role=row.role if row.role == Participant.Role.CONTACT else Participant.Role.AUTHOR,
            order=order,
        )
        for order, row in enumerate(seats)
    )
    report = Report.objects.create(
        matter=matter,
        source=Report.Source.BODY if any(row.body_id for row in seats) else Report.Source.MEMBER,
        title=title,
        situation=referral.text,
        origin=origin,
        consent=referral.consent,
        entered_by=by,
    )
    return hand_in(report, "report_from_proposal", by=by, now=now, origin=named)


def not_followed(report: Report) -> None:
    """Nobody is left behind by a main report that goes no further."""
    if report.matter.followers.exists():
        raise Refused("有信息合并到本篇，请先取消合并。")


def _of_use(reason: Reason, use: str) -> None:
    if reason.use != use:
        raise Refused(f"请选择{Reason.Use(use).label}一类的理由。", field="reason")


def _deciding(report: Report, *statuses: str, by: Person) -> Report:
    """The report, locked; nobody decides under a colleague's hands."""
    report = lock(report)
    expect(report, *statuses)
    not_own(report, by)
    if report.claimed_by_id not in (None, by.pk):
        raise WrongStep(f"{report.claimed_by}正在办理这篇信息，请先接手再决定。")
    return report


def _decided(report: Report, *, by: Person, now: datetime, reason: Reason | None = None, text: str = "") -> None:
    report.decided_reason, report.decided_text = reason, text.strip()
    report.claimed_by, report.claimed_at = None, None
    report.save(update_fields=["decided_reason", "decided_text", "claimed_by", "claimed_at", "updated_at"])
    end_screening(report, by=by, now=now)


def _unclaim(report: Report) -> None:
    report.claimed_by, report.claimed_at = None, None
    report.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
