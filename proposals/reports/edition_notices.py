"""What messages about edited reports and bulletins say, for whoever may see them then (S4).

Authors read of their own report alone, whatever it went into; of a sensitive one no word leaves the house (S20).
"""

from collections.abc import Sequence

from django.urls import reverse

from members.inbox.registry import Pair, Rendered, Subject, register_templates
from members.models import Person
from proposals.handling import matter_notices
from proposals.handling.models import Access, Matter
from proposals.handling.reminders import name_of
from proposals.reports.models import AuthorWord, Edition, Issue, Report

OF_REPORTS = {
    "report_combined": "您反映的信息已与同类信息合并编辑",
    "report_parted": "您反映的信息改为单独编辑",
    "report_issued": "您反映的信息已刊发",
    "report_sent_up": "您反映的信息已报送上级",
}
ASKING = {"report_author_asked": "请核对编辑稿：意思变了没有", "report_author_answered": "反映人已答复编辑稿"}
OF_ISSUES = {
    "issue_to_check": "请核稿",
    "issue_to_sign": "请签发",
    "issue_sent_back": "退回修改",
    "issue_signed": "已签发，可以编发",
}


def register() -> None:
    matter_notices.register(OF_REPORTS, _of_report)
    register_templates(ASKING, _of_reports)
    register_templates(OF_ISSUES, _of_issues)


def _of_reports(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    wanted = [subject["matter"] for _, subject in pairs]
    rows = Report.objects.visible_to(person).filter(matter__public_id__in=wanted).select_related("matter__session")
    reports = {str(row.matter.public_id): row for row in rows}
    asked = _asked([subject["word"] for _, subject in pairs if "word" in subject])
    answered = _answered([subject["edition"] for _, subject in pairs if "edition" in subject])
    return [
        _words(
            name,
            reports.get(subject["matter"]),
            asked.get(subject.get("word", "")) or answered.get(subject.get("edition", "")),
        )
        for name, subject in pairs
    ]


def _asked(ids: Sequence[str]) -> dict[str, str]:
    """Where a question is answered, as long as it waits and nothing newer was written."""
    if not ids:
        return {}
    rows = AuthorWord.objects.in_sight().filter(public_id__in=ids, answer="").values_list("public_id", flat=True)
    return {str(one): reverse("reports:confirm_edition", args=[one]) for one in rows}


def _answered(ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = Edition.objects.filter(public_id__in=ids).values_list("public_id", flat=True)
    return {str(one): reverse("reports:edition", args=[one]) for one in rows}


def _of_report(name: str, subject: Subject, matter: Matter) -> Rendered:
    return _said(OF_REPORTS[name], matter, matter.get_absolute_url())


def _words(name: str, report: Report | None, way: str | None) -> Rendered | None:
    return _said(ASKING[name], report.matter, way or report.get_absolute_url()) if report else None


def _said(words: str, matter: Matter, url: str) -> Rendered:
    outside = words if matter.access == Access.OPEN else ""
    return Rendered(title=f"{words}：{name_of(matter)}", url=url, outside=outside)


def _of_issues(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    """No title of a report stands in them."""
    wanted = [subject["issue"] for _, subject in pairs]
    rows = Issue.objects.visible_to(person).filter(public_id__in=wanted).select_related("series")
    issues = {str(row.public_id): row for row in rows}
    return [_of_issue(name, issues.get(subject["issue"])) for name, subject in pairs]


def _of_issue(name: str, issue: Issue | None) -> Rendered | None:
    if issue is None:
        return None
    waits = {"issue_to_check": Issue.State.CHECKING, "issue_to_sign": Issue.State.SIGNING}.get(name)
    way = reverse("reports:sign_issue", args=[issue.public_id]) if issue.state == waits else issue.get_absolute_url()
    return Rendered(
        title=f"{issue.series}{OF_ISSUES[name]}",
        url=way,
        outside=f"刊物{OF_ISSUES[name]}" if issue.level == Access.OPEN else "",
    )
