"""Reports of the story that are edited: for the author's word, put together, to be signed, to be numbered, sent out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from members.choices import Role
from members.models import Person
from proposals.handling.models import Access
from proposals.reports.actions import accept, bulletins, delivering, editing
from proposals.reports.comparing import woven
from proposals.reports.models import Delivery, Edition, Issue, Recipient, Report, Series, Status, handed_in

from .people import People


def leave_bulletins(people: People, accepted: Sequence[Report], at: datetime) -> None:
    """What was accepted goes on as far as each has come; one that nobody has claimed is issued and shown to a leader."""
    editor = people.account(Role.REPORT_EDITOR)
    put_together, urgent, own, special = accepted
    for report in accepted:
        _edited(report, editor, at)
    bulletins.compose(_series("general"), [put_together], by=editor, now=at)
    waiting = bulletins.compose(_series("urgent"), [urgent], by=editor, now=at)
    bulletins.send_issue_up(waiting, by=editor, now=at)
    leader = Recipient.objects.create(kind=Recipient.Kind.LEADER, name="分管副市长", level=Access.SENSITIVE, order=9)
    brief = bulletins.compose(_series("special"), [special], addressee=leader, by=editor, now=at)
    _signed(brief, people, editor, at)
    first = own.editions.get()
    second = editing.save_edition(own, title=first.title, text=f"据反映，{first.text}", by=editor, now=at)
    editing.ask_authors(second, editing.authors_to_ask(second), by=editor, now=at)
    free = Report.objects.main().filter(status=Status.SUBMITTED, claimed_by=None, matter__access=Access.OPEN)
    _issued(free.exclude(author_text="").select_related("matter").order_by("pk").get(), leader, people, at)


def _series(code: str) -> Series:
    return Series.objects.get(code=code)


def _edited(report: Report, editor: Person, at: datetime) -> Edition:
    words = handed_in(report)
    text = woven([words.situation, words.cause, f"建议：{words.suggestion}"])
    return editing.save_edition(report, title=words.title, text=text, by=editor, now=at)


def _signed(issue: Issue, people: People, editor: Person, at: datetime) -> Issue:
    staff, head = people.account(Role.REPORT_STAFF), people.account(Role.SECRETARY_GENERAL)
    bulletins.send_issue_up(issue, by=editor, now=at)
    bulletins.sign_issue(issue, agrees=True, by=staff, now=at + timedelta(minutes=10))
    return bulletins.sign_issue(issue, agrees=True, by=head, now=at + timedelta(minutes=20))


def _issued(report: Report, leader: Recipient, people: People, at: datetime) -> None:
    editor, staff = people.account(Role.REPORT_EDITOR), people.account(Role.REPORT_STAFF)
    report = accept(report, by=staff, now=at)
    _edited(report, editor, at)
    issue = _signed(bulletins.compose(_series("general"), [report], by=editor, now=at), people, editor, at)
    issue = bulletins.issue_now(issue, by=staff, now=at + timedelta(minutes=30))
    on, sent = timezone.localdate(at), at + timedelta(minutes=40)
    delivering.deliver(issue, [*bulletins.fixed_recipients(issue), leader], on=on, how="paper", by=staff, now=sent)
    slip = Delivery.objects.get(issue=issue, recipient=leader)
    delivering.record_return(slip, kind=Delivery.Returned.INSTRUCTION, on=on, by=staff, now=sent)
    bulletins.open_to_members(issue, by=staff, now=sent)
