"""Issues of bulletins are put together, signed, and issued under the next number of their series (组稿、签发、编发)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction

from members import audit
from members.choices import Role
from members.days import short_day
from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import tell
from members.models import Appointment, AuditEntry, Delegation, Person
from members.rights import acting_for
from members.uploads import Clean
from proposals.handling import queries
from proposals.handling.actions import Paper
from proposals.handling.models import Access, Participant, record_many
from proposals.reports.models import (
    Edition,
    Issue,
    IssueItem,
    IssueSignature,
    Recipient,
    Report,
    Series,
    SeriesYear,
    Status,
)
from proposals.reports.models.issue import LEVEL_NAMES, rank

from .base import authors, keep_sheet, lock_all, lock_many, move, must_follow, today, told

State = Issue.State
Step = IssueSignature.Step
MOST_ITEMS = 30
SPECIAL_OFF = "本系统在互联网区运行，不编发专报。请按保密规定在政务网办理。"


@transaction.atomic
def compose(
    series: Series, reports: Sequence[Report], *, addressee: Recipient | None = None, by: Person, now: datetime
) -> Issue:
    """Begin an issue with these reports in this order, each in its latest edited text."""
    issue = Issue(series=series, made_by=by, made_at=now)
    _fill(issue, reports, addressee, by=by)
    return issue


@transaction.atomic
def arrange(
    issue: Issue,
    reports: Sequence[Report],
    *,
    addressee: Recipient | None = None,
    by: Person,
    now: datetime,
    seen: int | None = None,
) -> Issue:
    """Say anew which reports stand in an issue, and in which order; the latest edited texts are taken again."""
    issue = lock_issue(issue, State.DRAFT, seen=seen)
    issue.version += 1
    _fill(issue, reports, addressee, by=by)
    return issue


def _fill(issue: Issue, reports: Sequence[Report], addressee: Recipient | None, *, by: Person) -> None:
    series = issue.series
    if series.ended_on:
        raise Refused(f"{series}已经停用，请选择别的刊物。", field="series")
    special = series.kind == Series.Kind.SPECIAL
    if special and settings.ZONE == "internet":
        raise Refused(SPECIAL_OFF, field="series")
    if special and addressee is None:
        raise Refused("专报请选择报送哪位领导。", field="addressee")
    if not reports:
        raise Refused("请至少选择一篇信息。", field="reports")
    if len(reports) > MOST_ITEMS:
        raise Refused(f"一期最多{MOST_ITEMS}篇，现在选了{len(reports)}篇。", field="reports")
    fresh = {row.pk: row for row in lock_many(reports)}
    rows = [fresh[one.pk] for one in dict.fromkeys(reports)]
    editions = _latest(rows)
    for report in rows:
        _fits(report, editions.get(report.pk), issue)
    issue.level = level_of(rows)
    issue.addressee = addressee if special else None
    if issue.addressee:
        may_have(issue.addressee, issue)
    issue.save()
    issue.items.all().delete()
    IssueItem.objects.bulk_create(
        IssueItem(issue=issue, report=report, edition=editions[report.pk], order=place)
        for place, report in enumerate(rows, start=1)
    )


def _latest(reports: Collection[Report]) -> dict[int, Edition]:
    rows = Edition.objects.filter(report__in=reports).order_by("report_id", "-number").distinct("report_id")
    return {row.report_id: row for row in rows}


def _fits(report: Report, edition: Edition | None, issue: Issue) -> None:
    """Whether a report may stand in an issue; a sentence that names it, if not."""
    matter, series = report.matter, issue.series
    name = edition.title if edition else matter.label
    if report.status != Status.EDITING or matter.merged_into_id:
        raise WrongStep(f"《{name}》现在是“{report.get_status_display()}”，不能编入。请刷新页面，重新选择。")
    if edition is None:
        raise Refused(f"{name}还没有编辑稿，请先编辑并保存。", field="reports")
    if edition.state == Edition.State.ASKED:
        raise Refused(f"《{name}》正在请反映人核对，答复以后才能编入。", field="reports")
    if edition.state == Edition.State.CHANGED:
        raise Refused(f"《{name}》的反映人要求修改，请改好并保存新的一稿。", field="reports")
    if rank(matter.access) > rank(series.level):
        raise Refused(
            f"《{name}》是“{matter.get_access_display()}”，{series}最高只能编发“{series.get_level_display()}”。请换一种刊物。",
            field="reports",
        )
    other = IssueItem.objects.filter(report=report, issue__state__in=Issue.OPEN).exclude(issue=issue.pk or 0).first()
    if other:
        raise Refused(f"《{name}》已经编入另一期，请先从那一期移出。", field="reports")


def may_have(recipient: Recipient, issue: Issue) -> None:
    """Raise Refused unless the recipient may see what is of the issue's level."""
    if rank(issue.level) > rank(recipient.level):
        raise Refused(
            f"本期是“{issue.get_level_display()}”，{recipient}最高只能看“{recipient.get_level_display()}”，不能发送。"
            "确需发送的，请先核定发送对象的级别。"
        )


@transaction.atomic
def drop_issue(issue: Issue, *, by: Person, now: datetime, seen: int | None = None) -> None:
    """Give up an issue that nobody was asked to sign; its reports stay in hand."""
    issue = lock_issue(issue, State.DRAFT, seen=seen)
    if issue.round:
        raise WrongStep("送签过的期次不能删除，请修改后再送签。")
    audit.record("reports.drop_issue", by=by, now=now, subject=str(issue.public_id))
    issue.items.all().delete()
    issue.delete()


# signing --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def send_issue_up(issue: Issue, *, by: Person, now: datetime, seen: int | None = None) -> Issue:
    """Ask for the signatures (送签): first whoever checks, where the series has it so, then the secretary general."""
    issue = lock_issue(issue, State.DRAFT, seen=seen)
    items = items_of(issue)
    reports = {row.pk: row for row in lock_many([item.report for item in items])}
    editions = _latest(list(reports.values()))
    for item in items:
        report = reports[item.report_id]
        _fits(report, editions.get(report.pk), issue)
        if editions[report.pk].pk != item.edition_id:
            last = editions[report.pk]
            raise WrongStep(f"《{last.title}》有了新的编辑稿（{last}），请在“调整稿件”中重新确认后再送签。")
    if issue.level != level_of(reports.values()):
        raise WrongStep("稿件的级别有变化，请在“调整稿件”中重新确认后再送签。")
    issue.state = State.CHECKING if issue.series.checked else State.SIGNING
    issue.round, issue.sent_by, issue.version = issue.round + 1, by, issue.version + 1
    issue.save(update_fields=["state", "round", "sent_by", "version"])
    for report in reports.values():
        move(report, Status.SIGNING)
    record_many(
        {row.matter: {"issue": str(issue.series)} for row in reports.values()}, "report_sent_to_sign", by=by, now=now
    )
    entry = audit.record("reports.send_issue_up", by=by, now=now, subject=str(issue.public_id))
    _ask_next(issue, entry, now=now)
    return issue


def signers_of(issue: Issue, *, on: date) -> list[int]:
    """Who may do the step that the issue waits for, those included to whom such an appointment is lent."""
    checking = issue.state == State.CHECKING
    role = Role.REPORT_STAFF if checking else Role.SECRETARY_GENERAL
    lent = Delegation.objects.in_force(on).filter(
        appointment__in=Appointment.objects.in_force(on).filter(role=role), to__is_active=True
    )
    people = {*queries.people_in([role], on=on), *lent.values_list("to", flat=True)}
    return sorted(people - {issue.sent_by_id} if checking else people)


def _ask_next(issue: Issue, entry: AuditEntry, *, now: datetime) -> None:
    people = signers_of(issue, on=today(now))
    if not people:
        who = "另一位社情民意工作人员核稿" if issue.state == State.CHECKING else "秘书长签发"
        raise Refused(f"现在没有{who}。请先由安全管理员办理任职，或在刊物设置中取消核稿。")
    tell_of(issue, people, entry, "issue_to_check" if issue.state == State.CHECKING else "issue_to_sign", now=now)


@transaction.atomic
def sign_issue(
    issue: Issue,
    *,
    agrees: bool,
    text: str = "",
    by: Person,
    now: datetime,
    paper: Paper | None = None,
    scan: Clean | None = None,
    seen: int | None = None,
) -> Issue:
    """Check or sign an issue, whichever it waits for, or send it back with the reason.

    What was signed on paper is entered, with the `scan` of the sheet where there is one (P1).
    """
    issue = lock_issue(issue, State.CHECKING, State.SIGNING, seen=seen)
    items = items_of(issue)
    reports = lock_all([item.report for item in items])
    _may_go_on(issue, reports, "签批")
    step = Step.CHECK if issue.state == State.CHECKING else Step.SIGN
    if paper is not None and not by.has_perm("reports.issue"):
        raise Refused("纸质签批由社情民意工作人员登记。")
    if paper is None:
        _may_sign(issue, step, reports, by=by, on=today(now))
    elif paper.on > today(now):
        raise Refused("纸质签批的日期不能晚于今天。", field="paper_on")
    else:
        must_follow(reports, paper.on, field="paper_on")
    if not agrees and not text.strip():
        raise Refused("退回修改的，请写明意见。", field="text")
    IssueSignature.objects.create(
        issue=issue,
        round=issue.round,
        step=step,
        agrees=agrees,
        text=text.strip(),
        name=paper.who if paper else _named(by),
        on=paper.on if paper else today(now),
        sheet=paper.sheet if paper else "",
        scan=keep_sheet(reports, scan, by=by, now=now) if paper else None,
        by=by,
        at=now,
    )
    subject, on_paper = str(issue.public_id), paper is not None
    issue.version += 1
    if not agrees:
        entry = audit.record("reports.send_issue_back", by=by, now=now, subject=subject, on_paper=on_paper)
        _back(issue, reports, by=by, now=now)
        tell_of(
            issue, {issue.sent_by_id or issue.made_by_id, issue.made_by_id} - {by.pk}, entry, "issue_sent_back", now=now
        )
        return issue
    entry = audit.record(f"reports.{step}_issue", by=by, now=now, subject=subject, on_paper=on_paper)
    issue.state = State.SIGNING if step == Step.CHECK else State.SIGNED
    issue.save(update_fields=["state", "version"])
    if step == Step.CHECK:
        _ask_next(issue, entry, now=now)
        return issue
    Edition.objects.filter(issue_items__issue=issue).update(state=Edition.State.SIGNED)
    tell_of(issue, {issue.sent_by_id or issue.made_by_id, issue.made_by_id} - {by.pk}, entry, "issue_signed", now=now)
    return issue


def _named(by: Person) -> str:
    """Who signs on screen; whoever does it for another leaves both names (S2)."""
    lender = acting_for(by)
    return f"{by.name}（代{lender.name}）" if lender else by.name


def _may_sign(issue: Issue, step: str, reports: Sequence[Report], *, by: Person, on: date) -> None:
    if step == Step.CHECK and by.pk == issue.sent_by_id:
        raise Refused("送签人不能自己核稿，请由另一位同事核稿。")
    if step == Step.SIGN and not by.has_perm("reports.sign_issue"):
        raise Refused("本期等秘书长签发。已在纸上签发的，请登记签批人、日期和单据。")
    if step == Step.CHECK and not by.has_perm("reports.check_issue"):
        raise Refused("本期等社情民意工作人员核稿。")
    behind = Participant.objects.filter(person=by, left_at=None)
    matters = [row.matter_id for row in reports]
    if behind.filter(matter__in=matters).exists() or behind.filter(matter__merged_into__in=matters).exists():
        raise Refused("本期有您本人反映的信息，请由其他人签批。")


def _may_go_on(issue: Issue, reports: Sequence[Report], act: str) -> None:
    """Nothing goes on while an item is out of sight, or is not of the level that the issue was put together for."""
    if any(row.matter.out_of_sight for row in reports):
        raise WrongStep(f"本期有稿件正在保密核查，不能{act}。请先撤回送签，移出这篇稿件。")
    if issue.level != level_of(reports):
        raise WrongStep(f"本期稿件的级别有变化，不能{act}。请先撤回送签，在“调整稿件”中重新确认。")


def level_of(reports: Iterable[Report]) -> str:
    """The highest level among them; what is suspended counts for nothing here."""
    levels = [row.matter.access for row in reports if row.matter.access != Access.SUSPENDED]
    return max(levels, key=rank, default=Access.OPEN)


@transaction.atomic
def take_issue_back(issue: Issue, *, by: Person, now: datetime, seen: int | None = None) -> Issue:
    """Take an issue back from whoever was to sign it; a signed one too, as long as it has no number."""
    issue = lock_issue(issue, *Issue.ON_THE_WAY, seen=seen)
    reports = lock_all([item.report for item in items_of(issue)])
    issue.version += 1
    audit.record("reports.take_issue_back", by=by, now=now, subject=str(issue.public_id))
    _back(issue, reports, by=by, now=now)
    return issue


def _back(issue: Issue, reports: Sequence[Report], *, by: Person, now: datetime) -> None:
    issue.state = State.DRAFT
    issue.save(update_fields=["state", "version"])
    for report in reports:
        move(report, Status.EDITING)
    record_many({row.matter: {"issue": str(issue.series)} for row in reports}, "report_sent_back", by=by, now=now)
    signed = Edition.objects.filter(issue_items__issue=issue, state=Edition.State.SIGNED)
    signed.filter(words__isnull=False).update(state=Edition.State.CONFIRMED)
    signed.update(state=Edition.State.DRAFT)


# issuing --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def issue_now(issue: Issue, *, on: date | None = None, by: Person, now: datetime, seen: int | None = None) -> Issue:
    """Issue what was signed, under the next number of the series in that year; those behind every item are told."""
    issue = lock_issue(issue, State.SIGNED, seen=seen)
    on = on or today(now)
    signed = issue.signatures.get(round=issue.round, step=Step.SIGN)
    if on > today(now):
        raise Refused("编发日期不能晚于今天。", field="on")
    if on < signed.on:
        raise Refused("编发日期不能早于签发日期。", field="on")
    later = issue.series.issues.filter(year=on.year, issued_on__gt=on).order_by("-number").first()
    if later and later.issued_on:
        day = short_day(later.issued_on)
        raise Refused(f"本刊{later.mark}已于{day}编发，期号按日期先后排，编发日期不能早于{day}。", field="on")
    reports = lock_all([item.report for item in items_of(issue)])
    _may_go_on(issue, reports, "编发")
    issue.listed = "、".join(row.name for row in fixed_recipients(issue))[:500]
    issue.state, issue.year, issue.issued_on, issue.issued_by = State.ISSUED, on.year, on, by
    issue.version += 1
    for report in reports:
        move(report, Status.ISSUED)
    issue.number = take_number(issue.series, on.year)
    issue.save()
    audit.record("reports.issue", by=by, now=now, subject=str(issue.public_id), number=issue.number, year=issue.year)
    tell_authors(reports, "report_issued", "issued", by=by, now=now, issue=str(issue), on=on)
    return issue


def tell_authors(
    reports: Sequence[Report], verb: str, template: str, *, by: Person, now: datetime, **facts: object
) -> None:
    """One fact of each report and of each that went into it, told to those behind it: each learns of the own one (S20)."""
    followers = Report.objects.filter(matter__merged_into__in=[row.matter_id for row in reports]).order_by("matter_id")
    behind = [*reports, *lock_all(followers)]
    behind = [row for row in behind if not row.matter.out_of_sight]
    events = record_many({row.matter: facts for row in behind}, verb, by=by, now=now)
    for row in behind:
        told(row, authors(row, on=today(now)), events[row.matter_id], template, now=now)


def take_number(series: Series, year: int) -> int:
    """The next number; the row stays locked until the transaction ends."""
    SeriesYear.objects.bulk_create([SeriesYear(series=series, year=year)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reports_seriesyear SET last = last + 1 WHERE series_id = %s AND year = %s RETURNING last",
            [series.pk, year],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def next_number(series: Series, year: int) -> int:
    """What `take_number` would give now."""
    last = SeriesYear.objects.filter(series=series, year=year).values_list("last", flat=True).first()
    return (last or 0) + 1


def fixed_recipients(issue: Issue) -> list[Recipient]:
    """Whom the series goes to by itself, as far as each may see this issue; of a special brief its addressee."""
    if issue.addressee:
        return [issue.addressee]
    levels = LEVEL_NAMES[rank(issue.level) :]
    return list(issue.series.recipients.current().filter(level__in=levels).in_order())


def items_of(issue: Issue) -> list[IssueItem]:
    return list(issue.items.select_related("report__matter", "edition").in_order())


def lock_issue(issue: Issue, *states: str, seen: int | None = None) -> Issue:
    """The issue as it is now, locked before any of its matters. Raises Stale if it is not the one that was seen."""
    fresh = Issue.objects.select_for_update(of=("self",)).select_related("series", "addressee").get(pk=issue.pk)
    if fresh.state not in states:
        if fresh.state == State.ISSUED and State.SIGNED in states:
            raise WrongStep(f"本期已经编发，期号是{fresh.mark}，不能重复编发。")
        raise WrongStep(f"本期现在是“{fresh.get_state_display()}”，不能这样做。请刷新页面查看最新情况。")
    if seen is not None and seen != fresh.version:
        raise Stale("您打开本页之后，本期已被他人修改。")
    return fresh


def tell_of(issue: Issue, people: Collection[int], entry: AuditEntry, template: str, *, now: datetime) -> None:
    """An audit row counts below zero, so that it never shares a key with a matter's event."""
    tell(people, event_id=-entry.pk, template=template, subject={"issue": str(issue.public_id)}, now=now)


# for members to read --------------------------------------------------------------------------------------------------


@transaction.atomic
def open_to_members(issue: Issue, *, by: Person, now: datetime) -> Issue:
    """Let members read what was issued (向委员开放, S11): the words alone; only what is public throughout."""
    issue = lock_issue(issue, State.ISSUED)
    if issue.opened_on:
        raise WrongStep("本期已经向委员开放。")
    if issue.addressee:
        raise Refused("专报只报送一位领导，不能向委员开放。")
    if issue.level != Access.OPEN:
        raise Refused(f"本期是“{issue.get_level_display()}”，只有公开级的刊物可以向委员开放。")
    issue.opened_on = today(now)
    issue.save(update_fields=["opened_on"])
    audit.record("reports.open_issue", by=by, now=now, subject=str(issue.public_id))
    return issue


@transaction.atomic
def close_to_members(issue: Issue, *, reason: str, by: Person, now: datetime) -> Issue:
    """Take that back; what was read stays written down. Why, each report says: there a purge reaches it (S5)."""
    if not reason.strip():
        raise Refused("请写明取消开放的原因。", field="reason")
    issue = lock_issue(issue, State.ISSUED)
    if not issue.opened_on:
        raise WrongStep("本期现在没有向委员开放。")
    issue.opened_on = None
    issue.save(update_fields=["opened_on"])
    facts = {"issue": str(issue), "reason": reason.strip()}
    reports = lock_all([item.report for item in items_of(issue)])
    record_many({row.matter: facts for row in reports}, "report_issue_closed", by=by, now=now)
    audit.record("reports.close_issue", by=by, now=now, subject=str(issue.public_id))
    return issue
