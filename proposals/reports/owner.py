"""What handling asks of an opinion or a report (`handling.owners`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import pgtrigger
from django.db.models import Case, Prefetch, Q, QuerySet, Value, When, prefetch_related_objects

from members import keys
from members.choices import Role
from members.days import short_day
from proposals.handling import owners
from proposals.handling.actions.purging import erase_words
from proposals.handling.models import Access, Exposure, Kind, Matter, Participant, Stage, Suggestion, Suspension
from proposals.reports.models import (
    Adoption,
    AuthorWord,
    Edition,
    Feedback,
    Instruction,
    IssueSignature,
    Opinion,
    Report,
    Submission,
    handed_in,
)

ERASED = "（已清除）"
FROM_MEMBERS = "来自政协委员"
SORT = "社情民意和意见建议"
PEOPLE = Prefetch("participants", Participant.objects.select_related("person", "body").order_by("order", "pk"))
REPORTS = owners.Course(
    contact=False,
    evaluation=False,
    promises=False,
    disclosure=False,
    one_office=True,
    checked=True,
    office=None,
    oversee="reports.oversee",
    keepers=frozenset({Role.REPORT_STAFF}),
    reply_rule="report_feedback",
    answered=Stage.TO_TELL,
    again=Stage.HANDLING,
)
"""Its authors are hidden: nobody speaks with them, the answer goes to the report office, which tells them (S20)."""

OPINIONS = owners.Course(
    contact=False,
    evaluation=False,
    promises=False,
    disclosure=False,
    one_office=True,
    checked=True,
    oversee="reports.handle_opinion",
    keepers=frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.REPORT_STAFF}),
    reply_rule="report_feedback",
    answered=Stage.TO_TELL,
    again=Stage.HANDLING,
)
"""Units answer the office that gave it to them and do not learn who said it; the office tells the members."""


class OpinionOwner:
    def assigned(self, matters: Sequence[Matter]) -> None:
        Opinion.objects.filter(matter__in=matters).update(status=Opinion.Status.ASSIGNED)

    def answered(self, matter: Matter, round: int) -> None:
        """Whether it is over is said by `settled`."""

    def settled(self, matter: Matter) -> None:
        _become(matter.opinion, Opinion.Status.ANSWERED)

    def reopened(self, matter: Matter) -> None:
        _become(matter.opinion, Opinion.Status.ASSIGNED)

    def readers(self, matters: Sequence[Matter]) -> Mapping[int, set[int]]:
        """Who raised it, and the office; nobody while the proposal that it came from is out of sight (S5)."""
        found: dict[int, set[int]] = {matter.pk: {keys.REPORT_OFFICE} for matter in matters}
        rows = Participant.objects.filter(matter__in=matters, left_at=None)
        for matter, person, body in rows.values_list("matter_id", "person_id", "body_id"):
            found[matter].add(keys.person_key(person) if person else keys.body_key(body))
        hidden = Opinion.objects.filter(matter__in=matters, origin__access=Access.SUSPENDED)
        return found | {pk: set(owners.HIDDEN) for pk in hidden.values_list("matter_id", flat=True)}

    def erase(self, matter: Matter) -> None:
        Opinion.objects.using(matter._state.db).filter(matter=matter).update(
            text="（已清除）",
            consent=Case(When(consent="", then=Value("")), default=Value("（已清除）")),
            occasion=Case(When(occasion="", then=Value("")), default=Value("（已清除）")),
            passed_to="",
            answered_by="",
            answer=Case(When(answer="", then=Value("")), default=Value("（已清除）")),
        )

    def copies(self, matter: Matter) -> Collection[Matter]:
        return []

    def beside(self, matter: Matter) -> Collection[Matter]:
        """The proposal that it came from."""
        return Matter.objects.filter(opinions__matter=matter)

    def text(self, matter: Matter) -> str:
        return f"{matter.title}\n{matter.opinion.text}"

    def source(self, matter: Matter) -> str:
        return FROM_MEMBERS

    def addressed(self, matter: Matter, units: Collection[int]) -> list[tuple[str, str]]:
        return []

    def limit(self, matter: Matter) -> date | None:
        return None

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        return of_one_sort(matter)

    def categories(self) -> Sequence[str]:
        return [SORT]


def _become(opinion: Opinion, status: Opinion.Status) -> None:
    opinion.status = status
    opinion.save(update_fields=["status"])


ERASERS: list[Callable[[Report, str | None], None]] = []
"""What else was written of a report is taken away by these, on the connection of the purge."""


def erase_editions(report: Report, here: str | None) -> None:
    """The edited texts, and what was said about them."""
    with pgtrigger.ignore("reports.Edition:frozen"):
        Edition.objects.using(here).filter(report=report).update(title=ERASED, text=ERASED)
    said = Case(When(text="", then=Value("")), default=Value(ERASED))
    of_it = Q(edition__report=report) | Q(participant__matter=report.matter_id)
    AuthorWord.objects.using(here).filter(of_it).update(text=said, said="")
    IssueSignature.objects.using(here).filter(issue__items__report=report).update(text=said)


ERASERS.append(erase_editions)


def erase_in_main(report: Report, here: str | None) -> None:
    """What was edited of the main one since this one went into it holds its words (S5)."""
    matter = Matter.objects.using(here).get(pk=report.matter_id)
    if matter.merged_into_id is None:
        return
    since = matter.events.filter(verb="report_combined").order_by("-seq").values_list("at", flat=True).first()
    rows = Edition.objects.using(here).filter(report__matter=matter.merged_into_id)
    rows = rows.filter(at__gte=since) if since else rows
    asked = Suggestion.objects.using(here).filter(matter=matter.merged_into_id, text__in=rows.values("title"))
    asked.update(text=ERASED)
    with pgtrigger.ignore("reports.Edition:frozen"):
        rows.update(title=ERASED, text=ERASED)
    AuthorWord.objects.using(here).filter(edition__in=rows).exclude(text="").update(text=ERASED)


ERASERS.append(erase_in_main)


def erase_outcomes(report: Report, here: str | None) -> None:
    """What leaders wrote on it, what its authors were told."""
    told = Instruction.objects.using(here).filter(report=report)
    told.exclude(text="").update(text=ERASED)
    told.update(leader_name=ERASED)
    answers = Feedback.objects.using(here).filter(report=report)
    answers.exclude(reason="").update(reason=ERASED)
    answers.update(text=ERASED, units="")
    adopted = Adoption.objects.using(here).filter(report=report)
    adopted.exclude(dropped_at=None).update(dropped_reason=ERASED)
    adopted.update(journal="")


ERASERS.append(erase_outcomes)


def erase_draft(report: Report, here: str | None) -> None:
    """The proposal that its author has begun with its words, as long as that is a draft (S5)."""
    for draft in Matter.objects.using(here).filter(pk=report.led_to_id or 0, exposure=Exposure.DRAFT):
        owners.of(draft).erase(draft)
        erase_words(draft)


ERASERS.append(erase_draft)


class ReportOwner:
    """The report office keeps it; a sensitive one those of it alone who may see such (S3)."""

    def assigned(self, matters: Sequence[Matter]) -> None:
        """What it has become says the matter's stage."""

    def answered(self, matter: Matter, round: int) -> None:
        """Whether it is over is said by `settled`."""

    def settled(self, matter: Matter) -> None:
        """Its own steps lie behind it."""

    def reopened(self, matter: Matter) -> None:
        """The same."""

    def readers(self, matters: Sequence[Matter]) -> Mapping[int, set[int]]:
        """Its authors, those of what was put into it, and the office once it was handed in; units are added by handling."""
        found: dict[int, set[int]] = {matter.pk: set() for matter in matters}
        for matter in matters:
            if matter.exposure != Exposure.DRAFT:
                sensitive = matter.access == Access.SENSITIVE
                found[matter.pk].add(keys.SENSITIVE_REPORTS if sensitive else keys.REPORT_OFFICE)
        rows = Participant.objects.filter(matter__in=found, left_at=None)
        for pk, person, body in rows.values_list("matter_id", "person_id", "body_id"):
            found[pk].add(keys.person_key(person) if person else keys.body_key(body))
        return found | {pk: set(owners.HIDDEN) for pk in hidden_with_others(found)}

    def erase(self, matter: Matter) -> None:
        here = matter._state.db
        report = Report.objects.using(here).get(matter=matter)
        Report.objects.using(here).filter(pk=report.pk).update(
            title="",
            situation="",
            cause="",
            suggestion="",
            author_text="",
            fingerprint="",
            decided_text="",
            referred_to="",
            consent="",
        )
        rows = Submission.objects.using(here).filter(report=report)
        rows.update(title=ERASED, situation=ERASED, cause="", suggestion="")
        for erase in ERASERS:
            erase(report, here)

    def copies(self, matter: Matter) -> Collection[Matter]:
        """What it went into: the text edited there holds its words; and a proposal drafted with them that is a draft yet."""
        led_to = Report.objects.filter(matter=matter).values("led_to")
        draft = Q(pk__in=led_to, exposure=Exposure.DRAFT)
        return Matter.objects.filter(Q(followers=matter) | draft).order_by("pk")

    def beside(self, matter: Matter) -> Collection[Matter]:
        """The proposal that it came from, and the one that was written after it and handed in."""
        near = Report.objects.filter(matter=matter).values_list("origin", "led_to")
        wanted = [pk for row in near for pk in row if pk]
        return Matter.objects.filter(pk__in=wanted).exclude(exposure=Exposure.DRAFT).order_by("pk")

    def text(self, matter: Matter) -> str:
        """What was signed, and before that what was handed in."""
        signed = matter.report.editions.filter(state=Edition.State.SIGNED).newest_first().first()
        if signed:
            return f"{signed.title}\n{signed.text}"
        words = handed_in(matter.report)
        return f"{matter.title_for_units}\n{words.body}"

    def source(self, matter: Matter) -> str:
        """The authors' names only where they agreed (S20)."""
        return names_of(matter) if matter.report.shows_name else FROM_MEMBERS

    def addressed(self, matter: Matter, units: Collection[int]) -> list[tuple[str, str]]:
        """What leaders wrote to them (P18)."""
        rows = Instruction.objects.filter(report__matter=matter, units__in=units).distinct().order_by("-on", "-pk")
        return [(f"{row.leader_name}{row.get_kind_display()}（{short_day(row.on)}）", row.text) for row in rows]

    def limit(self, matter: Matter) -> date | None:
        return None

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        return of_one_sort(matter)

    def categories(self) -> Sequence[str]:
        return [SORT]


def of_one_sort(matter: Matter) -> QuerySet[Any, str]:
    """Neither reports nor opinions are sorted among themselves: units keep wording for all of them together."""
    return Matter.objects.filter(pk=matter.pk).annotate(sort=Value(SORT)).values_list("sort", flat=True)


def hidden_with_others(matters: Collection[int]) -> set[int]:
    """Those out of sight because the proposal that they came from is, or one that went into them, until that is erased."""
    rows = Report.objects.filter(matter__in=matters)
    origins = rows.filter(origin__access=Access.SUSPENDED).values_list("matter_id", flat=True)
    going = Suspension.objects.in_force().filter(matter__merged_into__in=matters)
    return set(origins.union(going.values_list("matter__merged_into_id", flat=True), all=True))


def names_of(matter: Matter) -> str:
    """Who is behind it, in the order of the record."""
    prefetch_related_objects([matter], PEOPLE)
    return "、".join(str(row) for row in matter.participants.all() if row.left_at is None)


def register() -> None:
    owners.register(Kind.OPINION, OpinionOwner(), OPINIONS)
    owners.register(Kind.REPORT, ReportOwner(), REPORTS)
