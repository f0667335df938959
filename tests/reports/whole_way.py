"""Reports that went the whole way, with a mark in every word that anybody typed of them."""

from typing import Any

from django.utils import timezone

from members.choices import Role
from members.uploads import Use, check
from proposals.actions import begin_from_report
from proposals.handling import actions as handling
from proposals.handling.models import Access, Matter, Reason
from proposals.reports import actions
from proposals.reports.actions import adopting, assigning, bulletins, combining, delivering, editing
from proposals.reports.models import Recipient, Report, Series, Words
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import result_class
from tests.reports.test_bulletins import Office
from tests.uploads.made import pdf, upload


def reports_of_every_kind(mark: str) -> list[Matter]:
    """One that was issued, adopted, instructed, answered twice and told; one that went into it; one that led to a draft."""
    office = Office()
    author = appoint(Role.MEMBER, name="方舟")
    said = Words(f"关于{mark}的情况", f"情况{mark}", f"原因{mark}", f"建议{mark}")

    def written(number: int) -> Report:
        report = actions.begin(actions.Behind(people=[author], author_text=mark), by=author, now=office.now())
        words = Words(said.title, f"{said.situation}{number}", said.cause, said.suggestion)
        report = actions.save(report, words, details=actions.Details(), version=None, by=author, now=office.now())
        actions.bring(report, [picture(mark)], by=author, now=office.now())
        return actions.submit(report, not_secret=True, by=author, now=office.now())

    one, two, lead = (written(number) for number in range(3))
    ground = Reason.objects.filter(use=Reason.Use.REPORT_RETURN).order_by("pk")[0]
    one = actions.give_back(one, reason=ground, text=mark, by=office.staff, now=office.now())
    one = actions.submit(one, not_secret=True, by=author, now=office.now())
    actions.set_level(one, Access.INTERNAL, reason=mark, by=office.staff, now=office.now())
    one = actions.accept(one, by=office.staff, now=office.now())
    combining.combine(one, [two], by=office.editor, now=office.now())
    two = combining.separate(Report.objects.get(pk=two.pk), reason=mark, by=office.editor, now=office.now())
    combining.combine(one, [two], by=office.editor, now=office.now())
    for same in (False, True):
        edition = editing.save_edition(one, title=mark, text=f"{mark}{same}", by=office.editor, now=office.now())
        places = editing.authors_to_ask(edition)
        word = editing.ask_authors(edition, places, by=office.editor, now=office.now())[0]
        editing.answer_edition(word, same=same, text=mark, said=mark, by=office.staff, now=office.now())
    issue = bulletins.compose(Series.objects.get(code="general"), [one], by=office.editor, now=office.now())
    issue = bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    issue = bulletins.sign_issue(issue, agrees=False, text=mark, by=office.colleague, now=office.now())
    issue = bulletins.send_issue_up(issue, by=office.staff, now=office.now())
    issue = bulletins.sign_issue(issue, agrees=True, text=mark, by=office.colleague, now=office.now())
    issue = bulletins.sign_issue(issue, agrees=True, text=mark, by=office.head, now=office.now())
    issue = bulletins.issue_now(issue, by=office.staff, now=office.now())
    on = timezone.localdate(office.moment)
    to = Recipient.objects.create(kind="leader", name="某市长")
    act: dict[str, Any] = {"by": office.staff}
    for again in (True, False):
        [sent] = delivering.deliver(issue, [to], on=on, how="paper", now=office.now(), **act)
        if again:
            delivering.drop_delivery(sent, reason=mark, now=office.now(), **act)
    one = Report.objects.select_related("matter").get(pk=one.pk)
    facts: dict[str, Any] = {"level": "city", "on": on, **act}
    row = adopting.record_adoption(one, adopter="市委办", form="single", journal=mark, now=office.now(), **facts)
    adopting.drop_adoption(row, reason=mark, now=office.now(), **act)
    adopting.record_adoption(one, adopter="市委办", form="single", journal=mark, now=office.now(), **facts)
    ordered = {**facts, "kind": "instruction", "leader_name": mark, "delivery": sent}
    wrong = adopting.record_instruction(one, text=f"{mark}一", file=picture(mark), now=office.now(), **ordered)
    adopting.drop_instruction(wrong, reason=mark, now=office.now(), **act)
    order = adopting.record_instruction(one, text=mark, file=picture(mark), now=office.now(), **ordered)
    unit = BodyFactory()
    clerk = appoint(Role.UNIT_CLERK, unit)
    for turn in range(2):
        given = assigning.assign_report(one, lead=unit, instruction=order, now=office.now(), **act)
        part = handling.sign_for(given.assignments[0], by=clerk, now=office.now())
        points = {point.pk: handling.PointGiven(result_class("A"), mark) for point in part.matter.suggestions.all()}
        fields = {"result": result_class("A"), "opening": mark, "doc_no": f"{mark}{turn}", "signer": mark}
        reply = handling.draft_reply(part, fields, points, by=clerk, now=office.now())
        handling.approve_reply(handling.deliver_reply(reply, by=clerk, now=office.now()), now=office.now(), **act)
        told = assigning.feed_back(one, text=mark, units=mark, now=office.now(), **act)
        assigning.correct_feedback(told, text=f"{mark}更正", units=mark, reason=mark, now=office.now(), **act)
    lead = actions.lead_to_proposal(lead, consent=mark, text=mark, by=office.staff, now=office.now())
    begin_from_report(lead, by=author, now=office.now())
    return [report.matter for report in (one, two, lead)]


def picture(mark: str) -> Any:
    return check(upload(f"{mark}.pdf", pdf(f"批示{mark}".encode())), use=Use.SCAN)
