"""Which reports are in whose hands, and which resemble one another (S1, S11)."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from members import keys
from members.choices import Role
from members.models import Body
from members.rights import keys_of, may, roles_of
from members.shown import Similar
from proposals.handling.likeness import having, pairs_of
from proposals.handling.models import Kind, Matter, Obligation, Participant, Stage
from proposals.reports.models import WRITTEN, AuthorWord, Edition, IssueItem, Report, Status

FOR_BODIES = (
    Role.ORGANISATION_SECRETARY,
    Role.CONVENER,
    Role.COMMITTEE_OFFICE,
    Role.LIAISON_OFFICER,
    Role.COUNTY_CPPCC,
)
"""Whoever holds one of these writes in the name of the body."""
SOURCES = {
    Role.COMMITTEE_OFFICE: Report.Source.BODY,
    Role.ORGANISATION_SECRETARY: Report.Source.BODY,
    Role.CONVENER: Report.Source.BODY,
    Role.LIAISON_OFFICER: Report.Source.LIAISON,
    Role.COUNTY_CPPCC: Report.Source.COUNTY,
    Role.INVITED_REPORTER: Report.Source.REPORTER,
    Role.MEMBER: Report.Source.MEMBER,
}
AUTHORS = (Participant.Role.AUTHOR, Participant.Role.CONTACT)
PUBLISHED: list[Callable[[list[str]], Sequence[tuple[int, int, Similar]]]] = []
"""What is published with these pairs in its title: how many, of which matter, and as the public reads it (registered above)."""
MOST = 3
LOOKED_AT = 5_000
NOT_OF_OTHERS = (Stage.DRAFT, Stage.COSIGNING, Stage.RETURNED, Stage.WITHDRAWN)


def my_bodies(user: Any) -> dict[int, str]:
    """The bodies in whose name this person reports, each with the kind of source that it is."""
    roles = roles_of(user, timezone.localdate())
    return {body: SOURCES[role] for role in FOR_BODIES for body in roles.get(role, ())}


def bodies_to_choose(user: Any) -> list[Body]:
    return list(Body.objects.filter(pk__in=my_bodies(user), ended_on=None).order_by("pinyin", "pk"))


def in_person(user: Any) -> str:
    """As what this person reports in his own name; empty if he may not."""
    roles = roles_of(user, timezone.localdate())
    return next((SOURCES[role] for role in (Role.MEMBER, Role.INVITED_REPORTER) if role in roles), "")


def behind(user: Any) -> QuerySet[Participant]:
    """The places that this person, or a body in whose name he reports, has behind matters."""
    mine = Q(person=user) | Q(body__in=my_bodies(user))
    return Participant.objects.filter(mine, role__in=AUTHORS, left_at=None)


def party(user: Any) -> QuerySet[Participant]:
    """Every place behind matters that is this person's, in whatever part: of these he is no office (P13)."""
    return Participant.objects.filter(Q(person=user) | Q(body__in=my_bodies(user)), left_at=None)


def is_party(user: Any, matter: Matter) -> bool:
    """Whether this person stands behind the matter, or behind one that was put into it."""
    return party(user).filter(Q(matter=matter) | Q(matter__merged_into=matter)).exists()


def stands_behind(user: Any) -> Exists:
    """The same of each report, or of what it went into: a page asks it with its row, as `party`."""
    main = Coalesce(OuterRef("matter__merged_into"), OuterRef("matter"))
    return Exists(party(user).filter(Q(matter=main) | Q(matter__merged_into=main)))


def is_party_to(user: Any, report: Report) -> bool:
    found: bool | None = getattr(report, "party", None)
    return is_party(user, report.matter.merged_into or report.matter) if found is None else found


def of_others(user: Any) -> QuerySet[Report]:
    """What this person may keep for the office: reports in sight behind which he stands in no part."""
    return Report.objects.visible_to(user).filter(~stands_behind(user))


def own(user: Any) -> QuerySet[Report]:
    """Reports behind which this person stands, himself or for a body."""
    return Report.objects.visible_to(user).filter(matter__in=behind(user).values("matter")).select_related("matter")


def writable(user: Any) -> QuerySet[Report]:
    """Reports whose text this person may write now: his own, and what the office entered and sent back."""
    rows = Report.objects.visible_to(user).filter(status__in=WRITTEN)
    mine = Q(matter__in=behind(user).values("matter")) if may(user, "reports.write") else Q(pk__in=[])
    if may(user, "reports.enter"):
        mine |= Q(entered_by__isnull=False, status=Status.RETURNED)
    return rows.filter(mine).select_related("matter__session")


def is_own(user: Any, report: Report) -> bool:
    """The same for one report that this person sees; asks nothing where its participants are prefetched."""
    bodies = my_bodies(user)
    rows = [row for row in report.matter.participants.all() if row.left_at is None and row.role in AUTHORS]
    return any(row.person_id == user.pk or row.body_id in bodies for row in rows)


def questions_to(user: Any) -> QuerySet[AuthorWord]:
    """Edited texts, each the last of its report, that wait for this person's word on their meaning."""
    newer = Edition.objects.filter(report=OuterRef("edition__report"), number__gt=OuterRef("edition__number"))
    rows = AuthorWord.objects.in_sight().filter(participant__in=behind(user), answer="")
    rows = rows.filter(~Exists(newer), edition__report__status=Status.EDITING)
    return rows.filter(participant__matter__in=Matter.objects.visible_to(user)).order_by("asked_at", "pk")


def main_hidden(user: Any, report: Report) -> bool:
    """Whether the one that it went into is out of sight: of everybody, or of a colleague who may not see its level."""
    main = report.matter.merged_into
    if main is None or not may(user, "reports.oversee"):
        return main is not None and main.out_of_sight
    seen: bool | None = getattr(report, "main_seen", None)  # where a page asked it with its row
    return not (Matter.objects.visible_to(user).filter(pk=main.pk).exists() if seen is None else seen)


def to_screen(user: Any) -> QuerySet[Report]:
    """What came in and waits for the office's word."""
    return Report.objects.visible_to(user).filter(status=Status.SUBMITTED)


def due_to_screen(user: Any) -> QuerySet[Report]:
    """Those of them whose day is today or over."""
    due = Obligation.objects.running().filter(stage="report_screening", due_on__lte=timezone.localdate())
    return to_screen(user).filter(matter__in=due.values("matter"))


def same_text(report: Report, user: Any) -> QuerySet[Report]:
    """Others with the very same text, however it came (P30), that this person sees; what was combined already is left out."""
    if not report.fingerprint:
        return Report.objects.none()
    rows = Report.objects.visible_to(user).filter(fingerprint=report.fingerprint).main().exclude(pk=report.pk)
    gone = (Status.DRAFT, Status.WITHDRAWN)
    return rows.exclude(status__in=gone).exclude(submissions=0).select_related("matter").order_by("submitted_at", "pk")


def similar_to(title: str, user: Any, *, besides: Report | None = None) -> list[Similar]:
    """At most three that have a third of the title's pairs in common, the nearest first.

    Whoever writes is shown his own, the published and what the committee has opened to members (S11); the office its own rows.
    """
    pairs = pairs_of(title)
    if len(pairs) < 2:
        return []
    readers = keys_of(user)
    office = may(user, "reports.list")
    if not office:
        readers = [key for key in readers if key == keys.MEMBERS or key >= keys.BODY]
    rows = Matter.objects.visible_to(user).filter(readers__overlap=readers, placeholder=False)
    rows = rows.filter(kind__in=[Kind.REPORT] if office else [Kind.REPORT, Kind.PROPOSAL])
    rows = rows.exclude(stage__in=[*NOT_OF_OTHERS, Stage.RECALLED])
    if besides:
        rows = rows.exclude(pk=besides.matter_id)
    newest = Matter.objects.filter(pk__in=rows.order_by("-pk").values("pk")[:LOOKED_AT])
    near: Any = having(newest, pairs, "title").annotate(handed_in_at=F("report__submitted_at"))
    found = {
        row.pk: (
            row.common,
            Similar(
                row.title,
                row.get_absolute_url(),
                f"{timezone.localtime(row.handed_in_at or row.created_at).year}年",
                row.get_kind_display(),
                row.get_stage_display(),
            ),
        )
        for row in near.order_by("-common", "-pk")[:MOST]
    }
    for others in () if office else (opened_like, *PUBLISHED):
        for common, matter, words in others(pairs):
            found.setdefault(matter, (common, words))
    return [found[pk][1] for pk in sorted(found, key=lambda pk: (-found[pk][0], -pk))[:MOST]]


def opened_like(pairs: list[str]) -> list[tuple[int, int, Similar]]:
    """What stands in issues that are opened to members and has these pairs in its title; at most three."""
    near: Any = having(IssueItem.objects.opened(), pairs, "edition__title").order_by("-common", "-pk")
    return [
        (
            row.common,
            row.report.matter_id,
            Similar(
                row.edition.title,
                reverse("reports:opened_issue", args=[row.issue.public_id]),
                f"{row.issue.issued_on.year}年",
                str(row.issue),
                "已向委员开放",
            ),
        )
        for row in near.select_related("report", "edition", "issue__series")[:MOST]
    ]
