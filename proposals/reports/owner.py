"""What handling asks of an opinion (`handling.owners`)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from members import keys
from proposals.handling.models import Matter, Participant
from proposals.reports.models import Opinion


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
        found: dict[int, set[int]] = {matter.pk: {keys.REPORT_OFFICE} for matter in matters}
        rows = Participant.objects.filter(matter__in=matters, left_at=None)
        for matter, person, body in rows.values_list("matter_id", "person_id", "body_id"):
            found[matter].add(keys.person_key(person) if person else keys.body_key(body))
        return found

    def erase(self, matter: Matter) -> None:
        Opinion.objects.using(matter._state.db).filter(matter=matter).update(
            text="（已清除）",
            consent="（已清除）",
            passed_to="",
            answered_by="",
            answer=Case(When(answer="", then=Value("")), default=Value("（已清除）")),
        )

    def text(self, matter: Matter) -> str:
        return f"{matter.title}\n{matter.opinion.text}"

    def limit(self, matter: Matter) -> date | None:
        return None

    def category(self, matter: Matter) -> "QuerySet[Any, str]":
        """Opinions are not sorted."""
        return Matter.objects.none().values_list("title", flat=True)

    def categories(self) -> Sequence[str]:
        return []


def _become(opinion: Opinion, status: Opinion.Status) -> None:
    opinion.status = status
    opinion.save(update_fields=["status"])
