"""What handling asks of a proposal (`handling.owners`): called with the matter locked, never calls back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from members import keys
from proposals.handling import owners
from proposals.handling.actions.purging import erase_words
from proposals.handling.models import Assignment, Exposure, Matter, Participant, Suspension
from proposals.handling.readers import HANDLED
from proposals.models import (
    Award,
    Category,
    Fate,
    Instruction,
    KeyOpinion,
    KeyProposal,
    KeyVisit,
    PreConsultation,
    Proposal,
    Publication,
    PublicReply,
    SentUp,
    Status,
    become_all,
)
from proposals.reports.models import Opinion, Referral, Report

ERASED = "（已清除）"


@dataclass(frozen=True)
class ProposalOwner:
    """`replied` is what the floor does when every reply of a round is out: it opens the disclosure review."""

    replied: Callable[[Matter, int], None] = lambda _matter, _round: None

    def assigned(self, matters: Sequence[Matter]) -> None:
        _become(Proposal.objects.filter(matter__in=matters), Status.ASSIGNED)

    def answered(self, matter: Matter, round: int) -> None:
        """The proposal's status stays; what may be published is looked at."""
        self.replied(matter, round)

    def settled(self, matter: Matter) -> None:
        _become([matter.proposal], Status.CLOSED)
        take_along(matter, Status.CLOSED, matter.stage, "main_closed")

    def reopened(self, matter: Matter) -> None:
        _become([matter.proposal], Status.ASSIGNED)
        take_along(matter, Status.MERGED, Status.MERGED, "main_reopened")

    def readers(self, matters: Sequence[Matter]) -> Mapping[int, set[int]]:
        """The proposers; those merged into it and, for a follower, the units of the main one; units asked first.

        Disclosure reviewers read what was laid before them.
        """
        found: dict[int, set[int]] = {matter.pk: set() for matter in matters}
        drafts = {matter.pk for matter in matters if matter.exposure == Exposure.DRAFT}
        followers = dict(Matter.objects.filter(merged_into__in=found).values_list("pk", "merged_into_id"))
        for matter, key in _behind({*found, *followers}):
            if matter in found:
                found[matter].add(key)
            if followers.get(matter) in found.keys() - drafts:
                found[followers[matter]].add(key)
        for matter, key in _units_of_mains(matters) + _units_asked(found) + _around_key(matters):
            if matter not in drafts:
                found[matter].add(key)
        laid = Publication.objects.filter(proposal__matter__in=found.keys() - drafts)
        for pk in laid.values_list("proposal__matter", flat=True):
            found[pk].add(keys.DISCLOSURE)
        return found | {pk: set(owners.HIDDEN) for pk in _drafts_of_suspended(drafts)}

    def erase(self, matter: Matter) -> None:
        """A purge takes the words from the proposal, its frozen texts, its reviews and what others wrote on it; from what was made of it, too."""
        proposal = matter.proposal
        here = matter._state.db
        Proposal.objects.using(here).filter(pk=proposal.pk).update(
            draft_title=None,
            situation="",
            analysis="",
            consent_reason=ERASED,
            decided_text="",
            proposer_text="",
            units_text="",
            import_note="",
            signer="",
            approval="",
            text_confirmed_how="",
        )
        publications = Publication.objects.using(here).filter(proposal=proposal)
        publications.update(hidden=[], kept=[], title="", situation="", analysis="", suggestions=[], checked_mark="")
        publications.exclude(reason="").update(reason=ERASED)
        PublicReply.objects.using(here).filter(publication__in=publications).update(opening="", answers=[])
        proposal.revisions.update(title="", situation="", analysis="", suggestions=[])
        proposal.reviews.update(text="")
        proposal.cosignatures.update(note="")
        proposal.preconsultations.update(text="")
        erase_key(proposal, here)
        SentUp.objects.using(here).filter(proposal=proposal.pk).update(reason=ERASED, number="", note="")
        Fate.objects.using(here).filter(sent_up__proposal=proposal.pk).update(text=ERASED)
        awards = Award.objects.using(here).filter(entries__proposal=proposal.pk).exclude(reason="")
        Award.objects.using(here).filter(pk__in=awards.values("pk")).update(reason=ERASED)
        for copy in Opinion.objects.using(here).filter(origin=matter).select_related("matter"):
            owners.of(copy.matter).erase(copy.matter)
            erase_words(copy.matter)
        Referral.objects.using(here).filter(origin=matter).update(text=ERASED, consent=ERASED)
        for report in Report.objects.using(here).filter(origin=matter).select_related("matter"):
            owners.of(report.matter).erase(report.matter)
            erase_words(report.matter)

    def copies(self, matter: Matter) -> Collection[Matter]:
        """What it became instead."""
        return Matter.objects.filter(Q(opinion__origin=matter) | Q(report__origin=matter)).order_by("pk")

    def beside(self, matter: Matter) -> Collection[Matter]:
        """The report after which it was written."""
        return Matter.objects.filter(report__led_to=matter)

    def text(self, matter: Matter) -> str:
        if matter.placeholder:
            return ""
        text = matter.proposal.text()
        return "\n".join([text.title, text.situation, text.analysis, *text.suggestions])

    def source(self, matter: Matter) -> str:
        return ""

    def addressed(self, matter: Matter, units: Collection[int]) -> list[tuple[str, str]]:
        return []

    def limit(self, matter: Matter) -> date | None:
        return None

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        return Category.objects.filter(proposals__matter=matter).values_list("name", flat=True)

    def categories(self) -> Sequence[str]:
        rows = Category.objects.filter(ended_on=None).order_by("order", "pk")
        return list(rows.values_list("name", flat=True))


def erase_key(proposal: Proposal, here: str | None) -> None:
    """What was written of it as a key proposal, and what leaders wrote on it."""
    rows = KeyProposal.objects.using(here).filter(proposal=proposal.pk)
    for column in ("decision", "ended_reason", "plan", "result"):
        rows.exclude(**{column: ""}).update(**{column: ERASED})
    rows.update(reason=ERASED, decision_no="", notice_how="")
    KeyOpinion.objects.using(here).filter(key__proposal=proposal.pk).exclude(text="").update(text=ERASED)
    visits = KeyVisit.objects.using(here).filter(key__proposal=proposal.pk)
    visits.exclude(next_step="").update(next_step=ERASED)
    visits.update(place=ERASED, people=ERASED, notes=ERASED)
    written = Instruction.objects.using(here).filter(proposal=proposal.pk)
    written.exclude(text="").update(text=ERASED)
    written.update(leader_name=ERASED)


def take_along(main: Matter, status: Status, stage: str, verb: str) -> None:
    """Those merged into `main` go where it just went; who did it, and when, is said by its last event."""
    followers = Matter.objects.select_for_update(of=("self",)).filter(merged_into=main).order_by("pk")
    last = main.events.order_by("-seq").select_related("by").first()
    for follower in followers:
        _become([follower.proposal], status)
        follower.stage, follower.closed_at = stage, main.closed_at
        follower.save(update_fields=["stage", "closed_at"])
        if last:
            follower.record(verb, by=last.by, now=last.at, main=main.label)


def _drafts_of_suspended(drafts: Collection[int]) -> list[int]:
    """Drafts that were begun with the words of a report that is out of sight now, until it is shown again or erased."""
    if not drafts:
        return []
    rows = Suspension.objects.in_force().filter(matter__report__led_to__in=drafts)
    return list(rows.values_list("matter__report__led_to", flat=True))


def _behind(matters: Iterable[int]) -> list[tuple[int, int]]:
    """Keys of those who stand behind matters, each with its matter; who withdrew still reads the own proposal."""
    rows = Participant.objects.filter(Q(left_at=None) | Q(withdrew=True), matter__in=list(matters))
    return [
        (matter, keys.person_key(person) if person else keys.body_key(body))
        for matter, person, body in rows.values_list("matter_id", "person_id", "body_id")
    ]


def _units_of_mains(matters: Iterable[Matter]) -> list[tuple[int, int]]:
    """For each follower, the units that handle the main one."""
    followers = {matter.pk: matter.merged_into_id for matter in matters if matter.merged_into_id}
    if not followers:
        return []
    rows = Assignment.objects.current().filter(matter__in=set(followers.values())).values_list("matter_id", "unit_id")
    given = list(rows)
    return [(pk, keys.body_key(unit)) for pk, main in followers.items() for matter, unit in given if matter == main]


def _units_asked(matters: Iterable[int]) -> list[tuple[int, int]]:
    """Units asked before the hand-over."""
    rows = PreConsultation.objects.filter(proposal__matter__in=list(matters), proposal__status=Status.FILED)
    return [(matter, keys.body_key(unit)) for matter, unit in rows.values_list("proposal__matter_id", "unit_id")]


def _around_key(matters: Sequence[Matter]) -> list[tuple[int, int]]:
    """Of a candidate for the key proposals the offices asked what they think; of a key one the leader's secretary."""
    rows = KeyProposal.objects.filter(proposal__matter__in=matters).order_by()
    asked = rows.filter(state=KeyProposal.State.SHORTLISTED, opinions__isnull=False)
    handled = {matter.pk for matter in matters if matter.exposure in HANDLED}
    secretaries = rows.filter(state__in=KeyProposal.KEY, secretary__isnull=False, proposal__matter__in=handled)
    found = [
        (matter, keys.body_key(body)) for matter, body in asked.values_list("proposal__matter_id", "opinions__body_id")
    ]
    named = secretaries.values_list("proposal__matter_id", "secretary_id")
    return found + [(matter, keys.person_key(person)) for matter, person in named if person]


def _become(proposals: Iterable[Proposal], status: Status) -> None:
    become_all([row for row in proposals if row.status != status], status)
